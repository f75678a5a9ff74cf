//! Comments in a review: what authors and reviewers say about the revision, each at its place.
//!
//! They may be made at any time, after the review got its outcome too: a reviewer who asked for changes and
//! the author who makes them go on talking, and a question about what was approved has its answer here. A
//! comment never changes and is never deleted.

use serde_json::{Value, json};

use super::actor::Actor;
use super::announcements;
use super::authentication;
use super::context::Context;
use super::journal::{self, By, Facts};
use super::review_participants;
use crate::domain::difference::is_within;
use crate::domain::ids::{CommentId, Digest, ReviewId};
use crate::domain::review::Review;
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::review_comments::{self, CommentRow};
use crate::store::reviews::ReviewRow;
use crate::store::revisions;
use crate::store::write::WriteTx;

/// A comment that somebody wants to make.
#[derive(Debug, Clone)]
pub struct CommentCreate {
    /// The review.
    pub review: ReviewId,
    /// The place in the content that it is about; all of it when absent.
    pub pointer: Option<String>,
    /// What is said.
    pub text: String,
    /// The comment of the same review that it answers.
    pub reply_to: Option<CommentId>,
}

/// Makes a comment.
pub fn review_comment_create(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &CommentCreate,
) -> Result<CommentId> {
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::ContentRead)?;
    let now = tx.now();
    let (run, _) = review_participants::check(tx.conn(), command.review, person, now)?;
    let row = &run.row;
    check(tx.conn(), row, command)?;
    let stage = stage_of(&run.machine);
    let id = CommentId::generate();
    let facts = Facts::new()
        .with("review_id", row.id.to_string())
        .with("comment_id", id.to_string())
        .with_some("stage", run.stages.get(stage).map(|stage| stage.name.clone()))
        .with_some("pointer", command.pointer.clone())
        .with("text_digest", Digest::of(command.text.as_bytes()).as_str());
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::CommentMade, facts)?;
    let comment = CommentRow {
        id,
        review_id: row.id,
        stage: i64::try_from(stage).unwrap_or(i64::MAX),
        pointer: command.pointer.clone(),
        text: command.text.clone(),
        reply_to: command.reply_to,
        person_id: Some(person),
        created_at: tx.now(),
        idx: receipt.index,
    };
    review_comments::insert(tx, &comment)?;
    let answered = command.reply_to.map(|id| review_comments::find(tx.conn(), id)).transpose()?.flatten();
    announcements::commented(tx, &run, person, answered.and_then(|comment| comment.person_id))?;
    Ok(id)
}

/// The stage that is open, else the last one in which somebody decided, from 0.
fn stage_of(review: &Review) -> usize {
    let decided = || review.decisions.last().map(|cast| cast.stage);
    review.open_stage().or_else(decided).unwrap_or_default()
}

/// Refuses what is about no place of the content, or answers nothing that was said here.
fn check(conn: &mut Conn, review: &ReviewRow, command: &CommentCreate) -> Result<()> {
    let mut faults = Vec::new();
    if let Some(pointer) = &command.pointer
        && !exists(conn, review, pointer)?
    {
        let detail = "There is no such place in the content under review.";
        faults.push(Fault::body("/pointer", "no_such_place", detail));
    }
    if let Some(reply_to) = command.reply_to {
        let answered = review_comments::find(conn, reply_to)?;
        if answered.is_none_or(|answered| answered.review_id != review.id) {
            let detail = "There is no such comment in this review.";
            faults.push(Fault::body("/reply_to", "unknown_comment", detail));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid_content(faults)) }
}

/// Whether a JSON pointer leads somewhere in the content under review.
fn exists(conn: &mut Conn, review: &ReviewRow, pointer: &str) -> Result<bool> {
    let revision = revisions::find(conn, review.item_id, review.revision)?;
    let Some(json) = revision.and_then(|revision| revision.content) else { return Ok(false) };
    let content: Value = serde_json::from_str(&json).map_err(Error::internal)?;
    Ok(is_within(pointer, "/content") && json!({ "content": content }).pointer(pointer).is_some())
}

/// One comment.
pub fn review_comment_get(conn: &mut Conn, id: CommentId) -> Result<CommentRow> {
    review_comments::find(conn, id)?.ok_or_else(|| Error::not_found("comment"))
}

/// One page of a review's comments, the oldest first, above an index of the record.
pub fn review_comment_list(
    conn: &mut Conn,
    actor: &Actor,
    review: ReviewId,
    above: Option<i64>,
    limit: usize,
    now: Time,
) -> Result<Vec<CommentRow>> {
    review_participants::check(conn, review, actor.person()?, now)?;
    review_comments::list(conn, review, above, i64::try_from(limit).unwrap_or(i64::MAX))
}
