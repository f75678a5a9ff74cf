//! Submitting a draft: everything it refers to is pinned, every way to share it is tried, and its review
//! opens.
//!
//! The trying is slow and happens before the lock is taken, as a [`Plan`]. Under the lock the plan is
//! only compared with what it rests on; when that moved, a new plan is made.

mod planning;

use self::planning::{Plan, read_draft};
use super::actor::Actor;
use super::authentication;
use super::availability::Histories;
use super::context::Context;
use super::idempotency::{Done, Once};
use super::items::{find, open_next, revision_facts, working_revision};
use super::journal::{self, By};
use super::pools::Pools;
use super::post_proposals::tell_submitted;
use super::resumption::{self, Resumed};
use super::review_runs::{not_enough_reviewers, short_stage};
use super::rules::RulesRead;
use super::snapshots::Snapshots;
use super::stages;
use super::stopped_words;
use super::urgent;
use super::workflows::workflow_for;
use crate::domain::announcement::Subject;
use crate::domain::ids::{Digest, ItemId, Kind, PersonId, ReviewId};
use crate::domain::lifecycle::{EndingKind, Submission, submission};
use crate::domain::review::ReviewState;
use crate::domain::revision::document;
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::domain::urgent::UrgentOutcome;
use crate::error::{Code, Error, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::items::{self as item_rows, ItemRow};
use crate::store::reviews::{self, NewReview, ReviewRow};
use crate::store::revisions::{self, Frozen, RevisionRow};
use crate::store::workflows::WorkflowRow;
use crate::store::write::WriteTx;
use crate::store::{Db, Lane};

/// How often a plan is made anew before the submission gives way.
const ROUNDS: u32 = 5;

/// A draft that somebody wants to submit.
#[derive(Debug, Clone)]
pub struct Submit {
    /// The kind of item.
    pub kind: Kind,
    /// The item.
    pub id: ItemId,
    /// The digest of the draft that was seen.
    pub digest: Digest,
    /// A later end of the window of a post that lapsed, which goes with the submission.
    pub extended_to: Option<Time>,
    /// Why it is published at once, before its review.
    pub urgent: Option<String>,
}

/// Submits a draft, and answers its review. It blocks: call it off the event loop.
pub fn item_submit(
    db: &Db,
    context: &Context,
    snapshots: &Snapshots,
    actor: &Actor,
    once: &Once,
    command: &Submit,
    now: Time,
) -> Result<Done<ReviewId>> {
    let known = || db.read_now(|conn| once.known(conn, &context.keys, actor));
    for _ in 0..ROUNDS {
        if let Some(review) = known()? {
            return Ok(Done { resource: review, replayed: true });
        }
        match submit_once(db, context, snapshots, actor, once, command, now) {
            Ok(Some(done)) => return Ok(done),
            Ok(None) => {}
            // A request with the same key may have been quicker: then its answer is the answer.
            Err(refusal) => {
                let done = known()?.map(|review| Done { resource: review, replayed: true });
                return done.ok_or(refusal);
            }
        }
    }
    Err(Error::unavailable("Approvals keep moving what this submission rests on: try again."))
}

/// Plans and submits; answers nothing when what the plan rests on moved meanwhile.
fn submit_once(
    db: &Db,
    context: &Context,
    snapshots: &Snapshots,
    actor: &Actor,
    once: &Once,
    command: &Submit,
    now: Time,
) -> Result<Option<Done<ReviewId>>> {
    let present = snapshots.content();
    let (draft, rules) = db.read_now(|conn| {
        let draft = read_draft(conn, context, command, now)?;
        Ok((draft, RulesRead::read(conn, &present, now)?))
    })?;
    // Compiling rules and composing take their time, so they hold neither a connection nor the lock.
    let plan = draft.plan(context, rules.ready(&present)?, now)?;
    let lane = if command.urgent.is_some() { Lane::Urgent } else { Lane::Ordinary };
    let submitted = db.write_now(lane, |tx| {
        if tx.versions().content != plan.content_version {
            return Ok(None);
        }
        once.run(tx, &context.keys, actor, |tx| submit(tx, context, actor, command, &plan)).map(Some)
    })?;
    if submitted.moved {
        snapshots.follow();
    }
    Ok(submitted.value)
}

/// Refuses what cannot be submitted, or is not what was seen.
fn check_submittable(
    conn: &mut Conn,
    item: &ItemRow,
    working: &RevisionRow,
    command: &Submit,
    now: Time,
) -> Result<Submission> {
    let urgent = urgent::of_revision(conn, item.id, working.revision)?;
    if urgent.as_ref().is_some_and(|urgent| urgent.outcome == Some(UrgentOutcome::Refused)) {
        return Err(nothing_to_submit(
            "The review of what was published urgently refused it: edit it first.",
        ));
    }
    let has_lapsed = match urgent.filter(|urgent| urgent.outcome.is_none()) {
        Some(urgent) => {
            reviews::find(conn, urgent.review_id)?.is_some_and(|it| it.state == ReviewState::Lapsed)
        }
        None => false,
    };
    let step = submission(working.state, has_lapsed || is_stopped(conn, item, working, now)?);
    if step == Submission::RefusedInReview {
        let review = reviews::find_of(conn, item.id, working.revision)?;
        return Err(review_open("This item is under review already.", review));
    }
    if working.digest != command.digest {
        return Err(Error::new(Code::RevisionChanged, "The draft has changed since you read it.")
            .with("revision", working.revision)
            .with("digest", working.digest.as_str())
            .with("state", working.state.as_str()));
    }
    if step == Submission::RefusedNothingNew {
        let detail = format!("Revision {} is {}: edit it first.", working.revision, working.state);
        return Err(nothing_to_submit(&detail));
    }
    if let Some(review) = reviews::open_of(conn, item.id)? {
        let detail = format!(
            "Revision {} of this post was published urgently, and its review comes first.",
            review.revision
        );
        return Err(review_open(&detail, Some(review)));
    }
    Ok(step)
}

fn review_open(detail: &str, review: Option<ReviewRow>) -> Error {
    let error = Error::new(Code::ReviewOpen, detail);
    match review {
        Some(review) => error
            .with("review_id", review.id.to_string())
            .with("revision", review.revision)
            .with("digest", review.digest.as_str()),
        None => error,
    }
}

/// Whether a recall, retirement or recheck holds for the working revision, or something that it pins blocks it.
fn is_stopped(conn: &mut Conn, item: &ItemRow, working: &RevisionRow, now: Time) -> Result<bool> {
    let Some(approved) = working.approved()? else { return Ok(false) };
    let histories = Histories::read(conn, &[item.id])?;
    let own = histories.get(item.id);
    let ended = |ending| own.is_some_and(|found| found.ended(&approved, ending).is_some());
    let rechecked = own.is_some_and(|found| found.is_rechecked(&approved));
    let blocks = |(pinned, revision): &(ItemId, i64)| match histories.get(*pinned) {
        Some(history) => history.blocks(*pinned, *revision, now).is_some(),
        None => true,
    };
    let blocked = approved.pins.iter().any(blocks);
    Ok(blocked || rechecked || ended(EndingKind::Recall) || ended(EndingKind::Retirement))
}

fn nothing_to_submit(detail: &str) -> Error {
    Error::new(Code::NothingToSubmit, detail)
}

/// Freezes what was planned and opens its review, under the lock.
fn submit(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &Submit,
    plan: &Plan,
) -> Result<ReviewId> {
    let scope = if command.urgent.is_some() { Scope::Publish } else { Scope::ContentWrite };
    authentication::authorise(tx, actor, scope)?;
    let item = find(tx.conn(), command.kind, command.id)?;
    let revision = revision_to_freeze(tx, actor, &item, command, plan)?;
    if command.urgent.is_some() {
        stopped_words::refuse(tx.conn(), item.id, revision, Some(&plan.content))?;
    }
    let opening = opening(tx, &item, revision, command, plan)?;
    let (_, digest) = document(item.id, item.key.as_ref(), revision, &plan.content, &plan.pins)?;
    let id = ReviewId::generate();
    let facts = revision_facts(&item, revision, &digest)
        .with("draft_digest", command.digest.as_str())
        .with("review_id", id.to_string())
        .with("workflow_id", opening.workflow.workflow_id.to_string())
        .with("workflow_version", opening.workflow.version)
        .with_some("first_stage", opening.resumed.as_ref().map(|resumed| resumed.stage))
        .with_some("resumed_from", opening.resumed.as_ref().map(|resumed| resumed.from.to_string()));
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::RevisionSubmitted, facts)?;
    let pins = json(&plan.pins)?;
    revisions::freeze(tx, item.id, revision, &Frozen { pins: &pins, digest: &digest, idx: receipt.index })?;
    let first_stage = opening.first_stage();
    let review = NewReview {
        id,
        item: item.id,
        kind: item.kind,
        revision,
        digest: &digest,
        workflow: opening.workflow.id,
        first_stage,
        resumed_from: opening.resumed.map(|resumed| resumed.from),
        stages: &opening.workflow.stages,
        comment_room: &json(&plan.comment_room)?,
        opened_by: actor.person()?,
    };
    reviews::insert(tx, &review)?;
    if let Some(reason) = &command.urgent {
        urgent::publish(tx, context, actor, &item, (revision, &digest, id), reason)?;
    }
    let run = stages::reread(tx.conn(), id)?;
    stages::open(tx, &run, first_stage)?;
    if item.kind == Kind::Post {
        let subject = Subject { item: item.id, kind: item.kind, revision };
        let authors = revisions::authors(tx.conn(), item.id, revision)?;
        tell_submitted(tx, subject, review.opened_by, &authors)?;
    }
    if command.urgent.is_some() {
        urgent::see_to_review(tx, id)?;
    }
    item_rows::claim(tx, item.id, item.version)?;
    Ok(id)
}

/// The revision that is frozen: the draft, or a new one with the words of one that came to an end.
fn revision_to_freeze(
    tx: &mut WriteTx<'_>,
    actor: &Actor,
    item: &ItemRow,
    command: &Submit,
    plan: &Plan,
) -> Result<i64> {
    let working = working_revision(tx.conn(), item)?;
    let now = tx.now();
    match check_submittable(tx.conn(), item, &working, command, now)? {
        Submission::RepeatsAsNext => {
            let submitter = [actor.person()?];
            // Whoever extends a window edits the post (R3).
            let editors: &[PersonId] = if command.extended_to.is_some() { &submitter } else { &[] };
            open_next(tx, item, &working, &plan.content, editors)?;
            Ok(working.revision + 1)
        }
        _ => Ok(working.revision),
    }
}

/// How a review begins.
struct Opening {
    workflow: WorkflowRow,
    resumed: Option<Resumed>,
}

impl Opening {
    fn first_stage(&self) -> usize {
        self.resumed.as_ref().map_or(0, |resumed| resumed.stage)
    }
}

/// The workflow that applies, and where its review begins; refuses one that could not end (R9).
fn opening(
    tx: &mut WriteTx<'_>,
    item: &ItemRow,
    revision: i64,
    command: &Submit,
    plan: &Plan,
) -> Result<Opening> {
    let workflow = workflow_for(tx.conn(), &plan.content)?;
    let authors = revisions::authors(tx.conn(), item.id, revision)?;
    let stages = workflow.stages()?;
    let resumed = resumption::resumed(tx.conn(), item, plan.changed.as_ref(), &workflow, &authors)?;
    let excluded = resumed.as_ref().map_or(authors.clone(), |resumed| resumed.excluded(&authors));
    let opening = Opening { workflow, resumed };
    // Where it is urgent, the review opens all the same, and says that it is stuck.
    if command.urgent.is_none() {
        let mut pools = Pools::of(tx)?;
        let staffed = (stages.as_slice(), opening.workflow.same_person_twice);
        let first = opening.first_stage();
        if let Some(short) = short_stage(tx.conn(), &mut pools, item.kind, staffed, first, &excluded)? {
            return Err(not_enough_reviewers(&stages, short));
        }
    }
    Ok(opening)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json_canonicalizer::to_string(value).map_err(Error::internal)
}
