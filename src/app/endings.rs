//! Stopping an item: a recall at once and with a reason, a retirement without haste.

use super::actor::Actor;
use super::announcements;
use super::authentication;
use super::context::Context;
use super::items::{find, revision_facts, withdraw_review, working_revision};
use super::journal::{self, By, Facts};
use crate::domain::announcement::Subject;
use crate::domain::content::Content;
use crate::domain::ids::{ItemId, Key, Kind};
use crate::domain::lifecycle::EndingKind;
use crate::domain::roles::Scope;
use crate::error::{Code, Error, Result};
use crate::record::Event;
use crate::store::items::ItemRow;
use crate::store::write::WriteTx;
use crate::store::{items as item_rows, reviews, revisions};

/// Ends an item for every revision submitted so far. The same again changes nothing.
///
/// Either holds for the revision under review too, so its review is withdrawn (R7): what it could approve
/// would not be live.
pub fn item_end(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    kind: Kind,
    id: ItemId,
    ending: EndingKind,
    reason: &str,
) -> Result<()> {
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::Publish)?;
    let item = find(tx.conn(), kind, id)?;
    let working = working_revision(tx.conn(), &item)?;
    if ending == EndingKind::Retirement {
        check_not_required(tx, &item)?;
    }
    // Of the newest revision, or of an older one that was published urgently.
    let open = reviews::open_of(tx.conn(), id)?;
    let history = revisions::histories(tx.conn(), &[id])?.remove(&id).unwrap_or_default();
    let goes_on = history.approved.iter().any(|approved| history.ended(approved, ending).is_none());
    let ended_before = history.endings.iter().any(|end| end.ending == ending);
    if history.approved.is_empty() && open.is_none() && !ended_before {
        let detail = "Nothing of this item was approved, so there is nothing to end.";
        return Err(Error::new(Code::NotApproved, detail));
    }
    if !goes_on && open.is_none() {
        return Ok(());
    }
    if let Some(review) = open {
        let why = match ending {
            EndingKind::Recall => "recalled",
            EndingKind::Retirement => "retired",
        };
        withdraw_review(tx, context, actor, &item, review.revision, why)?;
    }
    let present = history.present(tx.now()).map(|present| present.revision);
    let facts = match present {
        Some(revision) => {
            let digest = revisions::find(tx.conn(), id, revision)?.map(|row| row.digest);
            revision_facts(&item, revision, digest.as_ref().unwrap_or(&working.digest))
        }
        None => Facts::new()
            .with("kind", kind.as_str())
            .with("item_id", id.to_string())
            .with_some("key", item.key.as_ref().map(Key::as_str)),
    };
    let event = match ending {
        EndingKind::Recall => Event::ItemRecalled,
        EndingKind::Retirement => Event::ItemRetired,
    };
    if ending == EndingKind::Recall {
        let revision = present.unwrap_or(working.revision);
        announcements::item_recalled(tx, Subject { item: id, kind, revision })?;
    }
    let facts = facts.with("reason", reason);
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), event, facts)?;
    item_rows::insert_ending(tx, id, ending, reason, person, receipt.index)?;
    item_rows::claim(tx, id, item.version)?;
    item_rows::mark_changed(tx, id)
}

/// Refuses to retire a disclaimer that is required: that posts need it no more is decided in a review of
/// its `required_when`, and not by one person (R14).
fn check_not_required(tx: &mut WriteTx<'_>, item: &ItemRow) -> Result<()> {
    let now = tx.now();
    let history = revisions::histories(tx.conn(), &[item.id])?.remove(&item.id).unwrap_or_default();
    let Some(present) = history.present(now).map(|present| present.revision) else { return Ok(()) };
    let content = revisions::find(tx.conn(), item.id, present)?.and_then(|row| row.content);
    let content = content.map(|json| Content::from_json(item.kind, &json)).transpose()?;
    match content {
        Some(Content::Disclaimer(disclaimer)) if disclaimer.required_when.is_some() => {
            let detail = "Posts are required to carry this disclaimer: take required_when out of it, through a \
                          review, and retire it then.";
            Err(Error::new(Code::Conflict, detail))
        }
        _ => Ok(()),
    }
}
