//! Suggestions in a review: a reviewer proposes changes of the words, and an author takes them with one call.
//!
//! A reviewer who edited would be an author, and could not decide any more (R3). One who suggests stays a
//! reviewer until an author takes it: then both are authors of the words that come of it.

use serde_json::Value;

use super::actor::Actor;
use super::announcements;
use super::authentication;
use super::context::Context;
use super::items::{self, Saved, check_content, find, revision_facts, working_revision};
use super::journal::{self, By, Facts};
use super::review_participants;
use super::stages;
use crate::domain::announcement::Subject;
use crate::domain::content::Content;
use crate::domain::difference::is_within;
use crate::domain::ids::{Digest, ItemId, Kind, PersonId, ReviewId, SuggestionId};
use crate::domain::review::ReviewState;
use crate::domain::roles::Scope;
use crate::domain::suggestion::{self, Edit};
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::items::ItemRow;
use crate::store::review_suggestions::{self as rows, NewSuggestion, SuggestionRow};
use crate::store::reviews::{self, ReviewRow};
use crate::store::revisions::{self, RevisionRow};
use crate::store::write::WriteTx;

/// What of an image is made by the server, or has it make files anew.
const FILES_OF_IMAGES: [&str; 3] = ["/content/picture", "/content/renditions", "/content/focal_point"];

/// A suggestion that somebody wants to make.
#[derive(Debug, Clone)]
pub struct SuggestionCreate {
    /// The review.
    pub review: ReviewId,
    /// What is to change in the content under review.
    pub edits: Vec<Edit>,
    /// Why.
    pub reason: String,
}

/// Suggests a change, which must lead to what could be a draft.
pub fn review_suggestion_create(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &SuggestionCreate,
) -> Result<SuggestionId> {
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::Review)?;
    let now = tx.now();
    let (run, participant) = review_participants::check(tx.conn(), command.review, person, now)?;
    let review = run.row;
    if participant.is_author {
        let detail = "You wrote some of these words: edit the draft instead.";
        return Err(Error::new(Code::AuthorCannotSuggest, detail));
    }
    if !matches!(review.state, ReviewState::Open | ReviewState::ChangesRequested) {
        let detail = format!("The review has ended: {}.", review.state);
        return Err(Error::new(Code::StageClosed, detail).with("state", review.state.as_str()));
    }
    check(tx.conn(), context, &review, &command.edits)?;
    let changes = serde_json_canonicalizer::to_string(&command.edits).map_err(Error::internal)?;
    let id = SuggestionId::generate();
    let facts = suggestion_facts(Facts::new(), review.id, id, &changes);
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::SuggestionMade, facts)?;
    let suggestion = NewSuggestion {
        id,
        review: review.id,
        changes: &changes,
        reason: &command.reason,
        person,
        idx: receipt.index,
    };
    rows::insert(tx, &suggestion)?;
    let run = stages::reread(tx.conn(), review.id)?;
    announcements::suggested(tx, &run)?;
    Ok(id)
}

fn suggestion_facts(facts: Facts, review: ReviewId, id: SuggestionId, changes: &str) -> Facts {
    facts
        .with("review_id", review.to_string())
        .with("suggestion_id", id.to_string())
        .with("changes_digest", Digest::of(changes.as_bytes()).as_str())
}

/// Refuses edits that lead nowhere, change nothing, or make of the content what no draft may be.
fn check(conn: &mut Conn, context: &Context, review: &ReviewRow, edits: &[Edit]) -> Result<()> {
    let reviewed = reviewed(conn, review)?;
    let suggested = suggestion::apply(&reviewed, edits).map_err(Error::invalid_content)?;
    let files = if review.kind == Kind::Image { files_of_image(edits) } else { Vec::new() };
    if !files.is_empty() {
        return Err(Error::invalid_content(files));
    }
    let at_change = |fault| suggestion::at_change(fault, &suggested, edits);
    let content = Content::parse(review.kind, &suggested.content)
        .map_err(|fault| Error::invalid_content(vec![at_change(fault)]))?;
    if content == Content::from_json(review.kind, &reviewed.to_string())? {
        let fault = Fault::body("/changes", "changes_nothing", "The content says all of this already.");
        return Err(Error::invalid_content(vec![fault]));
    }
    check_content(conn, context, Some(review.item_id), &content).map_err(|mut error| {
        error.errors = error.errors.into_iter().map(at_change).collect();
        error
    })
}

/// The faults of edits that touch the files of an image, which are made by its draft being saved.
fn files_of_image(edits: &[Edit]) -> Vec<Fault> {
    let touches = |edit: &Edit| FILES_OF_IMAGES.iter().any(|place| is_within(&edit.pointer, place));
    let fault = |nth: usize| {
        let detail = "The files of an image, and what they are cut around, change only in its draft.";
        Fault::body(format!("/changes/{nth}/pointer"), "made_by_server", detail)
    };
    edits.iter().enumerate().filter(|(_, edit)| touches(edit)).map(|(nth, _)| fault(nth)).collect()
}

/// The content under review.
fn reviewed(conn: &mut Conn, review: &ReviewRow) -> Result<Value> {
    let revision = revisions::find(conn, review.item_id, review.revision)?;
    present_content(&revision.ok_or_else(|| Error::not_found("revision"))?)
}

/// The content of a revision, unless it was redacted.
fn present_content(revision: &RevisionRow) -> Result<Value> {
    let json = revision.content.as_deref().ok_or_else(|| {
        let detail = format!("The content of revision {} was redacted.", revision.revision);
        Error::new(Code::Conflict, detail).with("revision", revision.revision)
    })?;
    serde_json::from_str(json).map_err(Error::internal)
}

/// Takes a suggestion into the working revision, as a save by the caller and its proposer would, and
/// answers what that did.
pub fn review_suggestion_accept(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    review: ReviewId,
    id: SuggestionId,
) -> Result<Saved> {
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::ContentWrite)?;
    let (review, suggestion) = find_suggestion(tx.conn(), review, id)?;
    let item = find(tx.conn(), review.kind, review.item_id)?;
    check_author(tx.conn(), &item, &review, person)?;
    if suggestion.accepted_at.is_some() {
        let detail = "This suggestion was taken already.";
        return Err(Error::new(Code::Conflict, detail).with("revision", suggestion.accepted_revision));
    }
    let content = taken(tx.conn(), &item, &review, &suggestion.edits()?)?;
    let mut editors: Vec<PersonId> = [Some(person), suggestion.person_id].into_iter().flatten().collect();
    editors.dedup();
    let saved = items::save(tx, context, actor, &item, &content, &editors)?;
    let item = find(tx.conn(), review.kind, review.item_id)?;
    let draft = working_revision(tx.conn(), &item)?;
    let facts = revision_facts(&item, draft.revision, &draft.digest);
    let facts = suggestion_facts(facts, review.id, id, &suggestion.changes);
    let facts = match suggestion.person_id {
        Some(proposer) => facts.about(proposer, "proposer_id", proposer.to_string()),
        None => facts,
    };
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::SuggestionAccepted, facts)?;
    rows::accept(tx, id, person, draft.revision, receipt.index)?;
    if let Some(proposer) = suggestion.person_id {
        let subject = Subject { item: item.id, kind: item.kind, revision: draft.revision };
        announcements::suggestion_taken(tx, subject, proposer)?;
    }
    Ok(saved)
}

/// Refuses who wrote neither the words under review nor those of the working revision.
fn check_author(conn: &mut Conn, item: &ItemRow, review: &ReviewRow, person: PersonId) -> Result<()> {
    for revision in [review.revision, item.working_revision] {
        if revisions::authors(conn, item.id, revision)?.contains(&person) {
            return Ok(());
        }
    }
    Err(Error::new(Code::NotAnAuthor, "A suggestion is taken by an author of the words it is about."))
}

/// The content of the working revision with these edits, if nobody has edited their places since the review.
fn taken(conn: &mut Conn, item: &ItemRow, review: &ReviewRow, edits: &[Edit]) -> Result<Content> {
    let reviewed = reviewed(conn, review)?;
    let working = working_revision(conn, item)?;
    let present = present_content(&working)?;
    let overtaken = || {
        let detail = "Somebody has edited what this suggestion changes since it was reviewed.";
        Error::new(Code::RevisionChanged, detail)
            .with("revision", working.revision)
            .with("digest", working.digest.as_str())
    };
    if suggestion::overtaken(&reviewed, &present, edits) {
        return Err(overtaken());
    }
    let suggested = suggestion::apply(&present, edits).map_err(|_| overtaken())?;
    Content::parse(item.kind, &suggested.content).map_err(|fault| Error::invalid_content(vec![fault]))
}

/// The item that a suggestion is about.
pub fn review_suggestion_item(conn: &mut Conn, id: SuggestionId) -> Result<(Kind, ItemId)> {
    let suggestion = review_suggestion_get(conn, id)?;
    let review = find_review(conn, suggestion.review_id)?;
    Ok((review.kind, review.item_id))
}

/// The review, or 404.
fn find_review(conn: &mut Conn, id: ReviewId) -> Result<ReviewRow> {
    reviews::find(conn, id)?.ok_or_else(|| Error::not_found("review"))
}

/// A suggestion of a review, with the review, or 404.
fn find_suggestion(
    conn: &mut Conn,
    review: ReviewId,
    id: SuggestionId,
) -> Result<(ReviewRow, SuggestionRow)> {
    let review = find_review(conn, review)?;
    let suggestion = review_suggestion_get(conn, id)?;
    if suggestion.review_id != review.id {
        return Err(Error::not_found("suggestion"));
    }
    Ok((review, suggestion))
}

/// One suggestion.
pub fn review_suggestion_get(conn: &mut Conn, id: SuggestionId) -> Result<SuggestionRow> {
    rows::find(conn, id)?.ok_or_else(|| Error::not_found("suggestion"))
}

/// One page of a review's suggestions, the oldest first, above an index of the record.
pub fn review_suggestion_list(
    conn: &mut Conn,
    actor: &Actor,
    review: ReviewId,
    above: Option<i64>,
    limit: usize,
    now: Time,
) -> Result<Vec<SuggestionRow>> {
    review_participants::check(conn, review, actor.person()?, now)?;
    rows::list(conn, review, above, i64::try_from(limit).unwrap_or(i64::MAX))
}
