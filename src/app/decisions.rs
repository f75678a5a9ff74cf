//! Deciding on revisions, and reading decisions.
//!
//! What the rules in force say to words is slow to tell, so it is asked before the lock is taken; under the
//! lock only whether other rules are in force by now. Nobody approves what breaks a rule, whenever the rule
//! came; a rejection and a request for changes need no rule's consent.

use super::actor::Actor;
use super::announcements;
use super::authentication;
use super::context::Context;
use super::idempotency::{Done, Once};
use super::items::{find, revision_facts};
use super::journal::{self, By};
use super::rules::{RulesRead, may_rule};
use super::snapshots::Snapshots;
use super::verdict::Verdict;
use super::words::{self, Words};
use crate::domain::ids::{Digest, ItemId, Kind, PersonId, ReviewId};
use crate::domain::lifecycle::RevisionState;
use crate::domain::review::{Action, DecisionKind, Refusal, Review, ReviewState, step};
use crate::domain::roles::Scope;
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::reviews::{self, DecisionFilter, DecisionRow, ReviewRow};
use crate::store::write::WriteTx;
use crate::store::{Db, Lane, items as item_rows, record, reviewers, revisions};

/// How often the rules are asked anew before a decision gives way.
const ROUNDS: u32 = 5;

/// A decision that somebody wants to cast.
#[derive(Debug, Clone)]
pub struct Decide {
    /// The kind of item.
    pub kind: Kind,
    /// The item.
    pub id: ItemId,
    /// The revision decided on.
    pub revision: i64,
    /// Its frozen digest.
    pub digest: Digest,
    /// What is decided.
    pub decision: DecisionKind,
    /// Why.
    pub reason: Option<String>,
}

/// Casts a decision on one exact revision, and answers its review. It blocks: call it off the event loop.
pub fn item_decide(
    db: &Db,
    context: &Context,
    snapshots: &Snapshots,
    actor: &Actor,
    once: &Once,
    command: &Decide,
) -> Result<Done<ReviewId>> {
    for _ in 0..ROUNDS {
        let asked = match command.decision {
            DecisionKind::Approve => ask_rules(db, snapshots, command)?,
            _ => None,
        };
        let done = db.write_now(Lane::Ordinary, |tx| {
            if let Some((_, version)) = &asked
                && have_rules_moved(tx, *version)?
            {
                return Ok(None);
            }
            let verdict = asked.as_ref().map(|(verdict, _)| verdict);
            once.run(tx, &context.keys, actor, |tx| decide(tx, context, actor, command, verdict)).map(Some)
        })?;
        if done.moved {
            snapshots.follow();
        }
        if let Some(done) = done.value {
            return Ok(done);
        }
    }
    Err(Error::unavailable("The rules keep changing: try again."))
}

/// What the rules say to the revision, and the version of the content at which they were in force. Nothing
/// where there is no such revision: then the decision is refused under the lock.
fn ask_rules(db: &Db, snapshots: &Snapshots, command: &Decide) -> Result<Option<(Verdict, i64)>> {
    let (present, now) = (snapshots.content(), snapshots.now());
    let (version, words, rules) = db.read_now(|conn| {
        let version = record::state(conn)?.versions.content;
        let rules = RulesRead::read(conn, &present, now)?;
        Ok((version, words_of(conn, command)?, rules))
    })?;
    let Some(words) = words else { return Ok(None) };
    let rules = rules.ready(&present)?;
    Ok(Some((Verdict::new(rules, &words, now), version)))
}

fn words_of(conn: &mut Conn, command: &Decide) -> Result<Option<Words>> {
    if item_rows::find(conn, command.kind, command.id)?.is_none() {
        return Ok(None);
    }
    let row = revisions::find(conn, command.id, command.revision)?;
    Ok(words::of_rows(conn, row.into_iter().map(|row| (command.kind, row)).collect())?.pop())
}

fn have_rules_moved(tx: &mut WriteTx<'_>, since: i64) -> Result<bool> {
    if tx.versions().content == since {
        return Ok(false);
    }
    Ok(item_rows::changed_since(tx.conn(), since)?.iter().any(|item| may_rule(item.kind)))
}

/// Casts a decision under the lock.
fn decide(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &Decide,
    verdict: Option<&Verdict>,
) -> Result<ReviewId> {
    let (kind, id) = (command.kind, command.id);
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::Review)?;
    let item = find(tx.conn(), kind, id)?;
    let Some(row) = reviews::find_of(tx.conn(), id, command.revision)? else {
        let detail = format!("Revision {} has never been submitted for review.", command.revision);
        return Err(Error::new(Code::NotInReview, detail).with("working_revision", item.working_revision));
    };
    if row.digest != command.digest {
        return Err(Error::new(
            Code::RevisionChanged,
            "This is not the digest of the revision under review.",
        )
        .with("revision", row.revision)
        .with("digest", row.digest.as_str()));
    }
    let cast = reviews::decisions_of(tx.conn(), &[row.id])?;
    let review = row.machine(&cast)?;
    let action = Action::Decide {
        person,
        decision: command.decision,
        has_reason: command.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty()),
        in_pool: is_in_open_pool(tx.conn(), &review, person)?,
        is_author: revisions::authors(tx.conn(), id, command.revision)?.contains(&person),
    };
    let step = step(&review, &action).map_err(|refusal| refused(refusal, &row))?;
    verdict.map_or(Ok(()), Verdict::check)?;
    let stage_name = review.stages.get(step.stage).map(|stage| stage.name.clone()).unwrap_or_default();
    let facts = revision_facts(&item, row.revision, &row.digest)
        .with("review_id", row.id.to_string())
        .with("stage", stage_name)
        .with("decision", command.decision.as_str())
        .with_some("reason", command.reason.clone())
        .with("review_state", step.state.as_str());
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::DecisionMade, facts)?;
    let decision = DecisionRow {
        idx: receipt.index,
        review_id: row.id,
        stage: i64::try_from(step.stage).unwrap_or(i64::MAX),
        item_id: id,
        revision: row.revision,
        digest: row.digest.clone(),
        person_id: Some(person),
        client_id: actor.client,
        decision: command.decision,
        reason: command.reason.clone(),
        decided_at: tx.now(),
    };
    reviews::insert_decision(tx, &decision)?;
    conclude(tx, &row, step.state, receipt.index)?;
    announcements::decided(tx, &row, review, decision.cast(), step)?;
    item_rows::claim(tx, id, item.version).map(|()| row.id)
}

/// Gives review and revision the outcome that a decision led to, if it led to one.
fn conclude(tx: &mut WriteTx<'_>, row: &ReviewRow, outcome: ReviewState, idx: i64) -> Result<()> {
    let state = match outcome {
        ReviewState::Open => return Ok(()),
        ReviewState::Approved => {
            reviews::close(tx, row.id, outcome)?;
            revisions::approve(tx, row.item_id, row.revision, idx)?;
            return item_rows::mark_changed(tx, row.item_id);
        }
        ReviewState::ChangesRequested => RevisionState::ChangesRequested,
        ReviewState::Rejected => RevisionState::Rejected,
        ReviewState::Withdrawn => RevisionState::Withdrawn,
        ReviewState::Lapsed => RevisionState::Lapsed,
    };
    reviews::close(tx, row.id, outcome)?;
    revisions::set_state(tx, row.item_id, row.revision, state)
}

fn refused(refusal: Refusal, row: &ReviewRow) -> Error {
    let error = match refusal {
        Refusal::Closed => {
            let detail = format!("The review has ended: {}.", row.state);
            Error::new(Code::StageClosed, detail)
        }
        Refusal::Author => Error::new(
            Code::AuthorCannotDecide,
            "You wrote some of these words; somebody else of the reviewers decides.",
        ),
        Refusal::NotInPool => {
            Error::new(Code::NotAReviewer, "You are not among the reviewers of the stage that is open.")
        }
        Refusal::DecidedBefore => {
            Error::new(Code::AlreadyDecided, "You have decided in this review before; a person counts once.")
        }
        Refusal::ReasonMissing => Error::invalid_content(vec![Fault::body(
            "/reason",
            "required",
            "Say why: a request for changes and a rejection need a reason.",
        )]),
    };
    error.with("review_id", row.id.to_string()).with("state", row.state.as_str())
}

/// Whether a person may decide in the stage that is open, as pools stand right now (R8).
fn is_in_open_pool(conn: &mut Conn, review: &Review, person: PersonId) -> Result<bool> {
    let Some(stage) = review.open_stage().and_then(|stage| review.stages.get(stage)) else {
        return Ok(false);
    };
    reviewers::is_in(conn, &stage.reviewers, person)
}

/// One page of decisions, newest first, below an index of the record.
pub fn decision_list(
    conn: &mut Conn,
    filter: &DecisionFilter,
    below: Option<i64>,
    limit: usize,
) -> Result<Vec<DecisionRow>> {
    reviews::list_decisions(conn, filter, below, i64::try_from(limit).unwrap_or(i64::MAX))
}
