//! Urgent publication ("break-glass"): a post goes live before its review, and is reviewed afterwards.
//!
//! Nothing but the review is skipped. A draft is submitted as any other, with the same checks (R10), rules and
//! pins (R12); a workflow must match. Words that are under review are asked about once more, as an approval
//! would, which a recheck may refuse, and what they pin must not have been stopped. That a stage has too few
//! reviewers refuses nothing, as that may be why it is urgent: the review opens, or goes on, and says that it is
//! stuck.
//!
//! The review is never cancelled by this. Whoever wrote the words, or published them, does not decide in it, nor
//! does anybody for them; what they decided before stands, and somebody else still has to pass what is left.
//! Until it ends no newer revision is submitted (R4), and [`crate::domain::urgent`] says what its outcome, or the
//! lack of one, makes of the post. The publication stands as the approval (R21) whatever comes of it; a
//! recall, a retirement or the end of the window ends the review without an outcome.
//!
//! Two things are stricter than the lifecycle says of what is approved. Editing words that no review has
//! approved yet keeps their authors: R3 starts afresh with an approval because others looked at the words, and
//! nobody has. And after a refusal the same words are not submitted again: an edit goes on from there. Nor are
//! words published urgently that were stopped before ([`super::stopped_words`]). What lapsed meanwhile is extended as
//! any other (R11), for a review first.
//!
//! Lists and reports of it are no audit data of other persons (R24): they tell what the organisation published,
//! as posts themselves do, so they ask for no purpose; the report names nobody.

use std::collections::BTreeMap;

use serde_json::json;

use super::actor::Actor;
use super::announcements;
use super::authentication;
use super::availability::Histories;
use super::context::Context;
use super::decisions::{Asked, ask, lapsed};
use super::due::{self, Tally};
use super::idempotency::{Done, Once};
use super::items::{find, revision_facts, working_revision};
use super::journal::{self, By};
use super::lapses;
use super::pools::Pools;
use super::review_runs::ReviewRun;
use super::snapshots::Snapshots;
use super::stages;
use super::stopped_words;
use super::submission::{Submit, item_submit};
use crate::domain::announcement::Subject;
use crate::domain::content::Content;
use crate::domain::ids::{Digest, ItemId, Kind, ReviewId};
use crate::domain::lifecycle::{Blocker, RevisionState};
use crate::domain::review::ReviewState;
use crate::domain::revision::Pin;
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::domain::urgent::{UrgentCounts, UrgentOutcome, UrgentState};
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::items::ItemRow;
use crate::store::revisions::RevisionRow;
use crate::store::urgent_publications::{self, Reviewed, UrgentRow};
use crate::store::write::WriteTx;
use crate::store::{Db, Lane, items as item_rows, reviews, revisions};

/// How often the rules are asked anew before the publication gives way.
const ROUNDS: u32 = 5;
/// Publications that one read counts at most.
const COUNTED: usize = 1000;

/// A post that somebody wants to publish without its review first.
#[derive(Debug, Clone)]
pub struct PublishUrgently {
    /// The post.
    pub id: ItemId,
    /// The digest that was seen: the draft's, or the frozen one of what is under review.
    pub digest: Digest,
    /// Why it cannot wait.
    pub reason: String,
}

/// Publishes a post urgently, and answers its review. It blocks: call it off the event loop.
pub fn post_publish_urgently(
    db: &Db,
    context: &Context,
    snapshots: &Snapshots,
    actor: &Actor,
    once: &Once,
    command: &PublishUrgently,
    now: Time,
) -> Result<Done<ReviewId>> {
    for _ in 0..ROUNDS {
        if let Some(resource) = db.read_now(|conn| once.known(conn, &context.keys, actor))? {
            return Ok(Done { resource, replayed: true });
        }
        let Some(revision) = db.read_now(|conn| under_review(conn, command.id))? else {
            let (id, digest) = (command.id, command.digest.clone());
            let urgent = Some(command.reason.clone());
            let submit = Submit { kind: Kind::Post, id, digest, extended_to: None, urgent };
            return item_submit(db, context, snapshots, actor, once, &submit, now);
        };
        let asked = ask(db, snapshots, (Kind::Post, command.id, revision))?;
        let done = db.write_now(Lane::Urgent, |tx| {
            let has_moved = match &asked {
                Some(asked) => asked.has_moved(tx)?,
                None => true,
            };
            if has_moved || under_review(tx.conn(), command.id)? != Some(revision) {
                return Ok(Round::Moved);
            }
            if let Some(review) = lapses::lapse_if_outlived(tx, context, command.id, revision)? {
                return Ok(Round::Lapsed(review));
            }
            let asked = asked.as_ref();
            let publish = |tx: &mut WriteTx<'_>| publish_under_review(tx, context, actor, command, asked);
            once.run(tx, &context.keys, actor, publish).map(Round::Done)
        })?;
        if done.moved {
            snapshots.follow();
        }
        match done.value {
            Round::Moved => {}
            Round::Lapsed(review) => return Err(lapsed(review)),
            Round::Done(done) => return Ok(done),
        }
    }
    Err(Error::unavailable("The rules, or the post, keep changing: try again."))
}

/// What one transaction came to.
enum Round {
    /// Other rules are in force by now, other rechecks hold, or the review has ended.
    Moved,
    /// The revision's window had closed, so its review lapsed (R11).
    Lapsed(ReviewId),
    /// It was published.
    Done(Done<ReviewId>),
}

/// The revision of a post that is under review.
fn under_review(conn: &mut Conn, id: ItemId) -> Result<Option<i64>> {
    let item = find(conn, Kind::Post, id)?;
    let working = working_revision(conn, &item)?;
    Ok((working.state == RevisionState::InReview).then_some(working.revision))
}

/// Publishes what is under review, whose review goes on.
fn publish_under_review(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &PublishUrgently,
    asked: Option<&Asked>,
) -> Result<ReviewId> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    let item = find(tx.conn(), Kind::Post, command.id)?;
    let working = working_revision(tx.conn(), &item)?;
    if working.digest != command.digest {
        let detail = "This is not the digest of the revision under review.";
        return Err(Error::new(Code::RevisionChanged, detail)
            .with("revision", working.revision)
            .with("digest", working.digest.as_str())
            .with("state", working.state.as_str()));
    }
    asked.map_or(Ok(()), |asked| asked.rechecks.check())?;
    let content = working.content.as_deref().map(|json| Content::from_json(Kind::Post, json)).transpose()?;
    stopped_words::refuse(tx.conn(), item.id, working.revision, content.as_ref())?;
    check_pins(tx, &working)?;
    asked.map_or(Ok(()), |asked| asked.verdict.check())?;
    let review = reviews::find_of(tx.conn(), item.id, working.revision)?
        .ok_or_else(|| Error::internal("a revision under review without its review"))?;
    publish(tx, context, actor, &item, (working.revision, &working.digest, review.id), &command.reason)?;
    item_rows::claim(tx, item.id, item.version)?;
    see_to_review(tx, review.id)?;
    Ok(review.id)
}

/// Refuses words of which something that they pin was stopped since they were submitted (R12).
fn check_pins(tx: &mut WriteTx<'_>, working: &RevisionRow) -> Result<()> {
    let now = tx.now();
    let pins = working.pins()?;
    let ids: Vec<ItemId> = pins.iter().map(|pin| pin.id).collect();
    let histories = Histories::read(tx.conn(), &ids)?;
    let blocks =
        |pin: &Pin| histories.get(pin.id).and_then(|history| history.blocks(pin.id, pin.revision, now));
    let blockers: Vec<Blocker> = pins.iter().filter_map(blocks).collect();
    if blockers.is_empty() {
        return Ok(());
    }
    let detail = "Something that the post relies on may not be used any more.";
    Err(Error::new(Code::Blocked, detail).with("blocked_by", json!(blockers)))
}

/// Approves a frozen revision whose review is open by the decision of one person, who answers for it.
pub(super) fn publish(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    item: &ItemRow,
    (revision, digest, review): (i64, &Digest, ReviewId),
    reason: &str,
) -> Result<()> {
    let (person_id, now) = (Some(actor.person()?), tx.now());
    let review_by = now.after(context.urgent_review);
    let facts = revision_facts(item, revision, digest)
        .with("review_id", review.to_string())
        .with("reason", reason)
        .with("review_by", review_by.to_string());
    let event = Event::PostPublishedUrgently;
    let idx = journal::enter(tx, &context.keys, By::Actor(actor), event, facts)?.index;
    let row = UrgentRow {
        item_id: item.id,
        revision,
        digest: digest.clone(),
        person_id,
        reason: reason.to_owned(),
        idx,
        published_at: now,
        review_by,
        review_id: review,
        outcome: None,
        outcome_at: None,
        outcome_idx: None,
    };
    urgent_publications::insert(tx, &row)?;
    revisions::approve(tx, item.id, revision, idx)?;
    item_rows::mark_changed(tx, item.id)
}

/// Says at once whether the review afterwards can end, and tells who is concerned.
pub(super) fn see_to_review(tx: &mut WriteTx<'_>, review: ReviewId) -> Result<()> {
    let run = stages::reread(tx.conn(), review)?;
    let mut pools = Pools::of(tx)?;
    stages::keep_stuck(tx, &run, &mut pools)?;
    announcements::urgent_published(tx, &run)
}

/// What a review afterwards led to, by the decision at `idx`: it confirms what was published, or refuses it, and
/// every node follows.
pub(super) fn concluded(tx: &mut WriteTx<'_>, run: &ReviewRun, state: ReviewState, idx: i64) -> Result<()> {
    let outcome = match state {
        ReviewState::Approved => UrgentOutcome::Confirmed,
        ReviewState::ChangesRequested | ReviewState::Rejected => UrgentOutcome::Refused,
        ReviewState::Open | ReviewState::Withdrawn | ReviewState::Lapsed => return Ok(()),
    };
    urgent_publications::set_outcome(tx, run.row.id, outcome, idx)?;
    announcements::urgent_closed(tx, run)?;
    item_rows::mark_changed(tx, run.row.item_id)
}

/// Tells people of what was published urgently, was not reviewed in time and is blocked by that, and counts it.
/// It is blocked without this, from that moment on.
pub(super) fn tell_overdue(db: &Db, now: Time) -> Tally {
    due::each(
        "tell of what was published urgently and is unreviewed",
        |row: &UrgentRow| format!("review {}", row.review_id),
        |after| db.read_now(|conn| urgent_publications::overdue(conn, now, after, due::LIMIT)),
        |row| Ok(db.write_now(Lane::Ordinary, |tx| tell(tx, row))?.value),
    )
}

fn tell(tx: &mut WriteTx<'_>, row: &UrgentRow) -> Result<bool> {
    if !urgent_publications::set_overdue(tx, row)? {
        return Ok(false);
    }
    // What was recalled or retired meanwhile waits for nobody.
    let review = reviews::find(tx.conn(), row.review_id)?;
    if review.is_some_and(|review| review.state == ReviewState::Open) {
        let subject = Subject { item: row.item_id, kind: Kind::Post, revision: row.revision };
        let code = crate::domain::urgent::URGENT_UNREVIEWED;
        let by = Blocker { code, item: None, since: row.review_by };
        announcements::item_blocked(tx, subject, &[by])?;
    }
    Ok(true)
}

/// Whether a revision was published urgently and no review has approved it since.
pub(super) fn is_unreviewed(conn: &mut Conn, item: ItemId, revision: i64) -> Result<bool> {
    Ok(of_revision(conn, item, revision)?.is_some_and(|row| !row.urgent().is_confirmed()))
}

/// The urgent publication of a revision, if it was published so.
pub(super) fn of_revision(conn: &mut Conn, item: ItemId, revision: i64) -> Result<Option<UrgentRow>> {
    let rows = urgent_publications::of_items(conn, &[item])?;
    Ok(rows.into_iter().find(|row| row.revision == revision))
}

/// One page of urgent publications, newest first, below an index of the record.
pub fn urgent_publication_list(
    conn: &mut Conn,
    state: Option<UrgentState>,
    below: Option<i64>,
    limit: usize,
    now: Time,
) -> Result<Vec<Reviewed>> {
    urgent_publications::list(conn, state, below, i64::try_from(limit).unwrap_or(i64::MAX), now)
}

/// How many posts were published urgently in a span of time, and what came of them.
#[derive(Debug, Clone, Default)]
pub struct UrgentReport {
    /// In all.
    pub whole: UrgentCounts,
    /// By month in UTC, such as `2026-11`; months without any are left out.
    pub by_month: BTreeMap<String, UrgentCounts>,
}

/// Counts the urgent publications from one time to before another. It blocks: call it off the event loop.
pub fn urgent_publication_report(db: &Db, from: Time, to: Time, now: Time) -> Result<UrgentReport> {
    if to <= from {
        let detail = "The span must end after it begins.";
        let fault = Fault::parameter("to", "contradiction", detail);
        return Err(Error::new(Code::InvalidRequest, detail).fault(fault));
    }
    let mut report = UrgentReport::default();
    let limit = i64::try_from(COUNTED).unwrap_or(i64::MAX);
    let mut after = None;
    loop {
        let rows = db.read_now(|conn| urgent_publications::between(conn, (from, to), after, limit))?;
        for found in &rows {
            let urgent = found.row.urgent();
            report.whole.add(&urgent, found.is_open(), now);
            let month = report.by_month.entry(found.row.published_at.month()).or_default();
            month.add(&urgent, found.is_open(), now);
        }
        after = rows.last().map(|found| found.row.idx);
        if rows.len() < COUNTED {
            return Ok(report);
        }
    }
}
