//! Deciding on revisions, and reading decisions.
//!
//! What the rules in force say to words is slow to tell, so it is asked before the lock is taken; under the
//! lock only whether other rules are in force by now. Nobody approves what breaks a rule, whenever the rule
//! came; a rejection and a request for changes need no rule's consent. Nor does anybody approve a post whose
//! campaign came to its end while the post was under review, as nobody could share it. And the approval that ends a
//! review is refused while a recheck holds that touches the words and came after their submission
//! ([`super::rechecks`]). What was published urgently was shared before its review, which says whether that was right:
//! there the campaign is not asked, and a recheck has blocked the post itself.

use super::actor::Actor;
use super::announcements;
use super::authentication;
use super::campaigns::check_approvable;
use super::context::Context;
use super::idempotency::{Done, Once};
use super::items::{find, revision_facts};
use super::journal::{self, By};
use super::lapses;
use super::pools::Pools;
use super::rechecks::RechecksSince;
use super::review_runs::{self, ReviewRun};
use super::rules::{RulesRead, may_rule};
use super::snapshots::Snapshots;
use super::stages;
use super::urgent;
use super::verdict::Verdict;
use super::words::{self, Words};
use crate::domain::ids::{Digest, ItemId, Kind, PersonId, ReviewId};
use crate::domain::lifecycle::RevisionState;
use crate::domain::review::{Action, Bar, DecisionKind, Refusal, ReviewState, Step, Voter, step};
use crate::domain::roles::Scope;
use crate::domain::staffing;
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::items::ItemRow;
use crate::store::reviews::{self, DecisionFilter, DecisionRow};
use crate::store::write::WriteTx;
use crate::store::{Db, Lane, items as item_rows, record, review_stages, revisions};

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
    /// For whom a deputy decides; absent = for themselves, or for the one whose deputy they are.
    pub on_behalf_of: Option<PersonId>,
    /// The stage that whoever decides means, from 0; absent = the one that is open.
    pub stage: Option<usize>,
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
            DecisionKind::Approve => ask(db, snapshots, (command.kind, command.id, command.revision))?,
            _ => None,
        };
        let done = db.write_now(Lane::Ordinary, |tx| {
            if let Some(asked) = &asked
                && asked.has_moved(tx)?
            {
                return Ok(Round::Moved);
            }
            if once.known::<ReviewId>(tx.conn(), &context.keys, actor)?.is_none()
                && let Some(review) = lapses::lapse_if_outlived(tx, context, command.id, command.revision)?
            {
                return Ok(Round::Lapsed(review));
            }
            let decide = |tx: &mut WriteTx<'_>| decide(tx, context, actor, command, asked.as_ref());
            once.run(tx, &context.keys, actor, decide).map(Round::Done)
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
    Err(Error::unavailable("The rules, or what is rechecked, keep changing: try again."))
}

/// What one transaction came to.
enum Round {
    /// Other rules are in force by now, or other rechecks hold: they must be asked first.
    Moved,
    /// The revision's window had closed, so its review lapsed (R11).
    Lapsed(ReviewId),
    /// It was decided.
    Done(Done<ReviewId>),
}

/// That a review has lapsed, to whoever comes after.
pub(super) fn lapsed(review: ReviewId) -> Error {
    let detail = "The window of this revision closed while it was under review, so the review has lapsed: an \
                  author can extend it, which submits it again.";
    Error::new(Code::StageClosed, detail).with("review_id", review.to_string()).with("state", "lapsed")
}

/// What was asked about a revision before the lock was taken.
pub(super) struct Asked {
    /// What the rules say to its words.
    pub(super) verdict: Verdict,
    /// The version of the content at which these rules were in force.
    version: i64,
    /// The rechecks since it was submitted.
    pub(super) rechecks: RechecksSince,
}

impl Asked {
    /// Whether other rules may be in force by now, or other rechecks hold.
    pub(super) fn has_moved(&self, tx: &mut WriteTx<'_>) -> Result<bool> {
        Ok(have_rules_moved(tx, self.version)? || self.rechecks.have_moved(tx)?)
    }
}

/// Asks the rules and the rechecks about a revision. Nothing where there is no such revision: then the decision is
/// refused under the lock.
pub(super) fn ask(db: &Db, snapshots: &Snapshots, named: (Kind, ItemId, i64)) -> Result<Option<Asked>> {
    let (present, now) = (snapshots.content(), snapshots.now());
    let (version, words, rules) = db.read_now(|conn| {
        let version = record::state(conn)?.versions.content;
        let rules = RulesRead::read(conn, &present, now)?;
        Ok((version, words_of(conn, named)?, rules))
    })?;
    let Some(words) = words else { return Ok(None) };
    let rules = rules.ready(&present)?;
    let rechecks = RechecksSince::ask(db, snapshots, named)?;
    Ok(Some(Asked { verdict: Verdict::new(rules, &words, now), version, rechecks }))
}

fn words_of(conn: &mut Conn, (kind, id, revision): (Kind, ItemId, i64)) -> Result<Option<Words>> {
    if item_rows::find(conn, kind, id)?.is_none() {
        return Ok(None);
    }
    let row = revisions::find(conn, id, revision)?;
    Ok(words::of_rows(conn, row.into_iter().map(|row| (kind, row)).collect())?.pop())
}

/// Whether other rules may be in force than at this version of the content.
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
    asked: Option<&Asked>,
) -> Result<ReviewId> {
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::Review)?;
    let item = find(tx.conn(), command.kind, command.id)?;
    let run = named_review(tx.conn(), &item, command)?;
    let mut pools = Pools::of(tx)?;
    let (voter, in_pool) = voter(tx.conn(), &mut pools, &run, person, command.on_behalf_of)?;
    let voters: Vec<PersonId> = std::iter::once(voter.person).chain(voter.on_behalf_of).collect();
    let demands = run.demands(tx.conn(), &mut pools)?;
    let needed = staffing::needed_in(&demands, run.machine.same_person_twice, &voters);
    let action = Action::Decide {
        voter,
        decision: command.decision,
        stage: command.stage,
        has_reason: command.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty()),
        in_pool,
        bar: run.bar_of(&voters),
        needed_in: needed.zip(run.open_stage()).map(|(at, open)| open + at),
    };
    let step = step(&run.machine, &action).map_err(|refusal| refused(refusal, &run))?;
    asked.map_or(Ok(()), |asked| asked.verdict.check())?;
    if command.decision == DecisionKind::Approve && run.urgent.is_none() {
        let now = tx.now();
        check_approvable(tx.conn(), item.id, run.row.revision, now)?;
        if step.state == ReviewState::Approved {
            let refused = |error: Error| about_review(error, &run);
            asked.map_or(Ok(()), |asked| asked.rechecks.check()).map_err(refused)?;
        }
    }
    let idx = enter(tx, context, actor, &item, &run, command, (voter, step))?;
    conclude(tx, &run, step.state, idx)?;
    let run = stages::reread(tx.conn(), run.row.id)?;
    if let Some(next) = step.opens {
        review_stages::close(tx, run.row.id, step.stage)?;
        stages::open(tx, &run, next)?;
    }
    if step.state == ReviewState::Open {
        let run = stages::reread(tx.conn(), run.row.id)?;
        stages::keep_stuck(tx, &run, &mut pools)?;
    } else {
        announcements::review_closed(tx, &run)?;
    }
    item_rows::claim(tx, item.id, item.version)?;
    Ok(run.row.id)
}

/// The review of the revision that is named; refused where there is none, or the digest is another.
fn named_review(conn: &mut Conn, item: &ItemRow, command: &Decide) -> Result<ReviewRun> {
    let Some(row) = reviews::find_of(conn, item.id, command.revision)? else {
        let detail = format!("Revision {} has never been submitted for review.", command.revision);
        return Err(Error::new(Code::NotInReview, detail).with("working_revision", item.working_revision));
    };
    if row.digest != command.digest {
        let detail = "This is not the digest of the revision under review.";
        return Err(Error::new(Code::RevisionChanged, detail)
            .with("revision", row.revision)
            .with("digest", row.digest.as_str()));
    }
    review_runs::load_one(conn, row)?.ok_or_else(|| Error::internal("a review that was not loaded"))
}

/// For whom a person decides in the stage that is open, and whether they may there as pools stand right now
/// (R8). Who is in the pool decides for themselves; a deputy for the one whose seat they can take, and of
/// several says for whom.
fn voter(
    conn: &mut Conn,
    pools: &mut Pools,
    run: &ReviewRun,
    person: PersonId,
    on_behalf_of: Option<PersonId>,
) -> Result<(Voter, bool)> {
    let themselves = Voter { person, on_behalf_of: None };
    let Some(stage) = run.open_stage() else { return Ok((themselves, false)) };
    let of = run.pools_of(conn, pools, stage)?;
    let seats = pools.seats_of(conn, &of, run.row.kind, person)?;
    if let Some(named) = on_behalf_of.filter(|named| *named != person) {
        return Ok((Voter { person, on_behalf_of: Some(named) }, seats.contains(&named)));
    }
    if seats.contains(&person) || on_behalf_of.is_some() {
        return Ok((themselves, seats.contains(&person)));
    }
    let excluded = run.excluded(stage);
    let free: Vec<PersonId> = seats.iter().filter(|seat| !excluded.contains(seat)).copied().collect();
    match (free.as_slice(), seats.first()) {
        ([one], _) => Ok((Voter { person, on_behalf_of: Some(*one) }, true)),
        // Told why they cannot, and not that they are nobody's deputy.
        ([], Some(seat)) => Ok((Voter { person, on_behalf_of: Some(*seat) }, true)),
        ([], None) => Ok((themselves, false)),
        (several, _) => {
            let detail = "You are the deputy of several reviewers of this stage: say for whom you decide.";
            let persons: Vec<String> = several.iter().map(ToString::to_string).collect();
            let fault = Fault::body("/on_behalf_of", "required", detail).with("persons", persons);
            Err(Error::invalid_content(vec![fault]))
        }
    }
}

/// Puts a decision on record, and answers its index.
fn enter(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    item: &ItemRow,
    run: &ReviewRun,
    command: &Decide,
    (voter, step): (Voter, Step),
) -> Result<i64> {
    let row = &run.row;
    let stage_name = run.stages.get(step.stage).map(|stage| stage.name.clone()).unwrap_or_default();
    let mut facts = revision_facts(item, row.revision, &row.digest)
        .with("review_id", row.id.to_string())
        .with("stage", stage_name)
        .with("decision", command.decision.as_str())
        .with_some("reason", command.reason.clone())
        .with("review_state", step.state.as_str());
    if let Some(owner) = voter.on_behalf_of {
        facts = facts.about(owner, "on_behalf_of", owner.to_string());
    }
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::DecisionMade, facts)?;
    let decision = DecisionRow {
        idx: receipt.index,
        review_id: row.id,
        stage: i64::try_from(step.stage).unwrap_or(i64::MAX),
        item_id: item.id,
        revision: row.revision,
        digest: row.digest.clone(),
        person_id: Some(voter.person),
        client_id: actor.client,
        decision: command.decision,
        reason: command.reason.clone(),
        decided_at: tx.now(),
        on_behalf_of: voter.on_behalf_of,
    };
    reviews::insert_decision(tx, &decision)?;
    Ok(receipt.index)
}

/// Gives review and revision the outcome that a decision led to, if it led to one.
fn conclude(tx: &mut WriteTx<'_>, run: &ReviewRun, outcome: ReviewState, idx: i64) -> Result<()> {
    let row = &run.row;
    if run.urgent.is_some() && outcome != ReviewState::Open {
        reviews::close(tx, row.id, outcome)?;
        return urgent::concluded(tx, run, outcome, idx);
    }
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

fn refused(refusal: Refusal, run: &ReviewRun) -> Error {
    let error = match refusal {
        Refusal::Closed => closed(run),
        Refusal::Barred(Bar::Author) => Error::new(
            Code::AuthorCannotDecide,
            "You, or whom you decide for, wrote some of these words; somebody else of the reviewers decides.",
        ),
        Refusal::Barred(Bar::Publisher) => Error::new(
            Code::PublisherCannotDecide,
            "You, or whom you decide for, published this without a review; somebody else reviews it.",
        ),
        Refusal::NotInPool => Error::new(
            Code::NotAReviewer,
            "You are not among the reviewers of the stage that is open, nor the deputy of one of them.",
        ),
        Refusal::DecidedBefore => Error::new(
            Code::AlreadyDecided,
            "You, or whom you decide for, have decided in this review before; a person counts once.",
        ),
        Refusal::ReasonMissing => Error::invalid_content(vec![Fault::body(
            "/reason",
            "required",
            "Say why: a request for changes and a rejection need a reason.",
        )]),
        Refusal::NeededIn(stage) if run.open_stage() == Some(stage) => Error::new(
            Code::NeededLater,
            "You, or somebody whose place you take, are waited for in this stage as well, and a person counts once: \
             decide there. Here they decide themselves, or somebody else whom the stage is given to.",
        )
        .with("stage", stage),
        Refusal::NeededIn(stage) => {
            let name = run.stages.get(stage).map(|stage| stage.name.as_str()).unwrap_or_default();
            let detail = format!(
                "Without you stage {name} could not end, and a person counts once in a review: somebody else \
                 approves here. You can still ask for changes or reject."
            );
            Error::new(Code::NeededLater, detail).with("stage", stage)
        }
    };
    about_review(error, run)
}

/// An error, with the review that it is about and its state.
fn about_review(error: Error, run: &ReviewRun) -> Error {
    error.with("review_id", run.row.id.to_string()).with("state", run.row.state.as_str())
}

/// That the review has ended, or which stage of it is open.
fn closed(run: &ReviewRun) -> Error {
    let Some(open) = run.open_stage() else {
        return Error::new(Code::StageClosed, format!("The review has ended: {}.", run.row.state));
    };
    let name = run.stages.get(open).map(|stage| stage.name.as_str()).unwrap_or_default();
    let detail = format!("The stage that you mean is not open: stage {open}, {name}, is.");
    Error::new(Code::StageClosed, detail).with("open_stage", open)
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
