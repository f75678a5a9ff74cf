//! Accepting a guideline: an employee says of one exact revision that they keep to it (R1, R13).

use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::items::{find, revision_facts};
use super::journal::{self, By};
use crate::domain::content::guideline::Requirement;
use crate::domain::content::{Audience, Content, Guideline};
use crate::domain::ids::{Digest, ItemId, Kind, PersonId};
use crate::domain::lifecycle::{Approved, History, RevisionState};
use crate::domain::obligations::{Done, Obliged, binds};
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::acceptances::{self, AcceptanceRow};
use crate::store::connection::Conn;
use crate::store::people::{self, Standing};
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
    /// The language of the text that was shown.
    pub language: Option<String>,
}

/// Accepts a revision that is in force or will be. Accepting it again changes nothing and answers the first
/// acceptance.
///
/// 404 for a guideline that is not for this person, 409 `revision_changed` with the one to accept for a revision or
/// digest that is not one to accept now, and 409 `conflict` for one that asks for no acceptance or was taken out of
/// use, and where no revision asks for any.
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
    let (approved, language) = acceptable(tx.conn(), person, command, now)?;
    let facts = revision_facts(&item, command.revision, &command.digest)
        .with("approval_index", approved.approved_idx)
        .with_some("language", language);
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

/// The approved revision that is accepted, and the language of the text that was shown as the guideline writes it.
fn acceptable(
    conn: &mut Conn,
    person: PersonId,
    command: &Accept,
    now: Time,
) -> Result<(Approved, Option<String>)> {
    let history = revisions::histories(conn, &[command.id])?.remove(&command.id).unwrap_or_default();
    let standing = people::standing(conn, person)?;
    let mut open = Vec::new();
    for approved in to_accept(&history, now) {
        if let Some((row, guideline)) = for_person(conn, &standing, command.id, approved.revision)? {
            open.push((approved.clone(), row, guideline));
        }
    }
    if open.is_empty() {
        return Err(nothing_to_accept(conn, &standing, command)?);
    }
    let named = |row: &RevisionRow| row.revision == command.revision && row.digest == command.digest;
    let Some((approved, _, guideline)) = open.iter().find(|(_, row, _)| named(row)) else {
        let asks =
            |(.., guideline): &&(_, RevisionRow, Guideline)| guideline.requires == Requirement::Acceptance;
        return Err(another_revision(open.iter().find(asks).map(|(_, row, _)| row)));
    };
    if guideline.requires == Requirement::None {
        return Err(Error::new(Code::Conflict, "This revision asks for no acceptance."));
    }
    let Some(wanted) = &command.language else { return Ok((approved.clone(), None)) };
    // Tags are the same in whatever case they are written (RFC 5646, section 2.1.1).
    match guideline.body.keys().find(|tag| tag.eq_ignore_ascii_case(wanted)) {
        Some(tag) => Ok((approved.clone(), Some(tag.clone()))),
        None => {
            let detail = "The guideline has no text in this language: name that of the text that was shown.";
            Err(Error::invalid_content(vec![Fault::body("/language", "unknown_language", detail)]))
        }
    }
}

/// What was named is not in force and will not be: the one to accept instead is this, if any.
fn another_revision(to_accept: Option<&RevisionRow>) -> Error {
    match to_accept {
        Some(row) => {
            let detail = "This is not a revision to accept: show the one that revision names, and let them accept that.";
            Error::new(Code::RevisionChanged, detail)
                .with("revision", row.revision)
                .with("digest", row.digest.as_str())
        }
        None => {
            let detail = "This revision is not in force, and the one that is asks for no acceptance: there is nothing to \
                          accept.";
            Error::new(Code::Conflict, detail)
        }
    }
}

/// Why there is nothing to accept: what somebody was shown a moment ago may be out of use by now.
fn nothing_to_accept(conn: &mut Conn, person: &Standing, command: &Accept) -> Result<Error> {
    let shown = for_person(conn, person, command.id, command.revision)?;
    Ok(match shown.filter(|(row, _)| row.digest == command.digest && row.state == RevisionState::Approved) {
        Some(_) => {
            Error::new(Code::Conflict, "This guideline was taken out of use: nothing is to be accepted.")
        }
        None => Error::not_found(Kind::Guideline.as_str()),
    })
}

/// A revision of a guideline, if it is for a person and its words were not redacted.
fn for_person(
    conn: &mut Conn,
    person: &Standing,
    id: ItemId,
    revision: i64,
) -> Result<Option<(RevisionRow, Guideline)>> {
    let Some(row) = revisions::find(conn, id, revision)? else { return Ok(None) };
    let Some(json) = row.content.as_deref() else { return Ok(None) };
    match Content::from_json(Kind::Guideline, json)? {
        Content::Guideline(guideline) if is_for(person, &guideline.audience) => Ok(Some((row, guideline))),
        _ => Ok(None),
    }
}

/// The revisions that are in force or will be, in the order in which they are.
fn to_accept(history: &History, now: Time) -> impl Iterator<Item = &Approved> {
    let mut terms: Vec<_> = history.terms().collect();
    terms.retain(|(_, term)| !term.is_over(now));
    terms.sort_by_key(|(_, term)| term.from);
    terms.into_iter().map(|(approved, _)| approved)
}

fn is_for(person: &Standing, audience: &Audience) -> bool {
    let done = Done::default();
    binds(audience, Obliged { groups: &person.groups, country: person.country.as_deref(), done: &done })
}
