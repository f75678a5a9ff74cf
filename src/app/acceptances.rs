//! Accepting a guideline: an employee says of one exact revision that they keep to it (R1, R13).

use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::items::{find, revision_facts};
use super::journal::{self, By};
use crate::domain::content::Content;
use crate::domain::content::guideline::Requirement;
use crate::domain::ids::{Digest, ItemId, Kind, PersonId};
use crate::domain::lifecycle::{Approved, History};
use crate::domain::obligations::{Done, Obliged, binds};
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::record::Event;
use crate::store::acceptances::{self, AcceptanceRow};
use crate::store::connection::Conn;
use crate::store::people;
use crate::store::revisions::{self, RevisionRow};
use crate::store::write::WriteTx;

/// A revision of a guideline that somebody accepts.
#[derive(Debug, Clone)]
pub struct Accept {
    /// The guideline.
    pub id: ItemId,
    /// The revision.
    pub revision: i64,
    /// Its digest.
    pub digest: Digest,
}

/// Accepts a revision that is in force or will be. Accepting it again changes nothing and answers the first
/// acceptance.
///
/// 404 for a guideline that is not for this person, 409 `revision_changed` for a revision or digest that is not
/// one to accept now, and 409 `conflict` for one that asks for no acceptance.
pub fn guideline_accept(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &Accept,
) -> Result<AcceptanceRow> {
    let person = actor.person()?;
    authentication::confirm(tx, actor)?;
    let item = find(tx.conn(), Kind::Guideline, command.id)?;
    let before = acceptances::find(tx.conn(), person, command.id, command.revision)?;
    if let Some(accepted) = before.filter(|accepted| accepted.digest == command.digest) {
        return Ok(accepted);
    }
    let now = tx.now();
    let approved = acceptable(tx.conn(), person, command, now)?;
    let facts = revision_facts(&item, command.revision, &command.digest)
        .with("approval_index", approved.approved_idx);
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::GuidelineAccepted, facts)?;
    let row = AcceptanceRow {
        idx: receipt.index,
        item_id: command.id,
        revision: command.revision,
        digest: command.digest.clone(),
        approved_idx: approved.approved_idx,
        accepted_at: now,
    };
    acceptances::insert(tx, person, &row)?;
    people::mark_access(tx, &[person])?;
    Ok(row)
}

/// The acceptance at this index.
pub fn acceptance_made(conn: &mut Conn, idx: i64) -> Result<AcceptanceRow> {
    acceptances::made(conn, idx)?.ok_or_else(|| Error::not_found("acceptance"))
}

/// The approved revision that is accepted.
fn acceptable(conn: &mut Conn, person: PersonId, command: &Accept, now: Time) -> Result<Approved> {
    let history = revisions::histories(conn, &[command.id])?.remove(&command.id).unwrap_or_default();
    // Those of a kind whose words cannot be read were redacted, and are in force no more.
    let mut open = Vec::new();
    for approved in to_accept(&history, now) {
        let Some(row) = revisions::find(conn, command.id, approved.revision)? else { continue };
        let Some(json) = row.content.as_deref() else { continue };
        if let Content::Guideline(guideline) = Content::from_json(Kind::Guideline, json)?
            && is_for(conn, person, &guideline.audience)?
        {
            open.push((approved.clone(), row, guideline.requires));
        }
    }
    let Some(first) = open.first() else { return Err(Error::not_found(Kind::Guideline.as_str())) };
    let named = |row: &RevisionRow| row.revision == command.revision && row.digest == command.digest;
    match open.iter().find(|(_, row, _)| named(row)) {
        Some((approved, _, Requirement::Acceptance)) => Ok(approved.clone()),
        Some(_) => Err(Error::new(Code::Conflict, "This revision asks for no acceptance.")),
        None => {
            let detail = "This is not the revision that is in force or will be: show the present one, and let \
                          them accept that.";
            Err(Error::new(Code::RevisionChanged, detail)
                .with("revision", first.1.revision)
                .with("digest", first.1.digest.as_str()))
        }
    }
}

/// The revisions that are in force or will be, in the order in which they are.
fn to_accept(history: &History, now: Time) -> impl Iterator<Item = &Approved> {
    let mut terms: Vec<_> = history.terms().collect();
    terms.retain(|(_, term)| term.until.is_none_or(|until| now < until));
    terms.sort_by_key(|(_, term)| term.from);
    terms.into_iter().map(|(approved, _)| approved)
}

fn is_for(conn: &mut Conn, person: PersonId, audience: &crate::domain::content::Audience) -> Result<bool> {
    let standing = people::standing(conn, person)?;
    let done = Done::default();
    let person = Obliged { groups: &standing.groups, country: standing.country.as_deref(), done: &done };
    Ok(binds(audience, person))
}
