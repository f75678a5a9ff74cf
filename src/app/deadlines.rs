//! What time does to reviews: reminders, stages that are overdue and escalate, windows that close, and
//! reviews that cannot end any more.
//!
//! It runs on every node, and by hand (`greenlight jobs run`). What is due is read without the lock; each thing is
//! then done in a transaction of its own that looks once more under the lock, so that it happens once, however
//! many run it, and what cannot be done keeps nothing else waiting ([`due`]). An escalation adds reviewers.
//! Nothing is ever approved by silence.

use super::announcements;
use super::context::Context;
use super::due::{self, Tally};
use super::go_live;
use super::journal::{self, By, Facts};
use super::lapses;
use super::pools::Pools;
use super::reassignment::pool_fact;
use super::review_runs;
use super::rules::Rules;
use super::stages;
use super::urgent;
use crate::domain::ids::{PersonId, ReviewId};
use crate::domain::review::ReviewState;
use crate::domain::time::Time;
use crate::error::Result;
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::review_stages::{self, StageRow};
use crate::store::reviews::{self, ReviewFilter, ReviewRow};
use crate::store::write::WriteTx;
use crate::store::{Db, Lane, reviewers};

/// The part of a run that looks for reviews that cannot end, as the log names it.
const STUCK: &str = "look for what is stuck";

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ran {
    /// Stages whose reviewers were reminded.
    pub reminded: usize,
    /// Stages that were found overdue; each escalated where it says to whom.
    pub overdue: usize,
    /// Reviews that lapsed.
    pub lapsed: usize,
    /// Reviews of which it showed that they cannot end.
    pub stuck: usize,
    /// Scheduled revisions whose time came and that are blocked, and urgent publications that nobody reviewed in
    /// time.
    pub blocked: usize,
}

/// A run that did what it could, and could not do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{failed} of what is due could not be done: the log says what and why; the next run tries again")]
pub struct Unfinished {
    /// What it did all the same.
    pub ran: Ran,
    /// Things that could not be done; each is in the log.
    pub failed: usize,
}

/// Does all that is due. It blocks: call it off the event loop.
///
/// What fails keeps nothing else waiting, neither of its own sort nor of another: it is logged, and answered
/// by their number once the rest is done.
pub fn run(db: &Db, context: &Context, rules: &Rules, now: Time) -> Result<Ran, Unfinished> {
    let lapsed = lapse(db, context, now);
    let reminded = each_stage(db, "remind", now, review_stages::to_remind, remind);
    let escalate = |tx: &mut WriteTx<'_>, row: &StageRow| overdue(tx, context, row);
    let overdue = each_stage(db, "escalate", now, review_stages::to_escalate, escalate);
    let mut stuck = Tally::default();
    if let Err(error) = look_at_all(db, now, &mut stuck) {
        stuck.fail(STUCK, "all open reviews", &error);
    }
    let (go_live, urgent) = (go_live::check(db, rules, now), urgent::tell_overdue(db, now));
    let ran = Ran {
        reminded: reminded.done,
        overdue: overdue.done,
        lapsed: lapsed.done,
        stuck: stuck.done,
        blocked: go_live.done + urgent.done,
    };
    let failed = [lapsed, reminded, overdue, stuck, go_live, urgent].iter().map(|part| part.failed).sum();
    if failed == 0 { Ok(ran) } else { Err(Unfinished { ran, failed }) }
}

fn lapse(db: &Db, context: &Context, now: Time) -> Tally {
    due::each(
        "lapse",
        |row: &ReviewRow| about(row.id),
        |after| {
            let after = after.map(|row| row.id);
            db.read_now(|conn| reviews::outlived(conn, now, after, due::LIMIT))
        },
        |row| {
            let lapse =
                |tx: &mut WriteTx<'_>| lapses::lapse_if_outlived(tx, context, row.item_id, row.revision);
            Ok(db.write_now(Lane::Ordinary, lapse)?.value.is_some())
        },
    )
}

/// Does something with each stage that is found.
fn each_stage(
    db: &Db,
    part: &str,
    now: Time,
    find: impl Fn(&mut Conn, Time, Option<&StageRow>, i64) -> Result<Vec<StageRow>>,
    act: impl Fn(&mut WriteTx<'_>, &StageRow) -> Result<bool>,
) -> Tally {
    due::each(
        part,
        |row: &StageRow| about(row.review_id),
        |after| db.read_now(|conn| find(conn, now, after, due::LIMIT)),
        |row| Ok(db.write_now(Lane::Ordinary, |tx| act(tx, row))?.value),
    )
}

fn about(review: ReviewId) -> String {
    format!("review {review}")
}

/// The stage as it stands under the lock, while it is open. It may have been given to others meanwhile, so that
/// nothing is due yet.
fn still_open(tx: &mut WriteTx<'_>, row: &StageRow) -> Result<Option<StageRow>> {
    let present = review_stages::of(tx.conn(), &[row.review_id])?;
    Ok(present.into_iter().find(|it| it.stage == row.stage && it.closed_at.is_none()))
}

fn remind(tx: &mut WriteTx<'_>, row: &StageRow) -> Result<bool> {
    let now = tx.now();
    let is_due = |row: &StageRow| row.reminded_at.is_none() && row.remind_at.is_some_and(|at| at <= now);
    let Some(row) = still_open(tx, row)?.filter(is_due) else { return Ok(false) };
    let stage = usize::try_from(row.stage).unwrap_or(usize::MAX);
    review_stages::set_reminded(tx, row.review_id, stage)?;
    let run = stages::reread(tx.conn(), row.review_id)?;
    announcements::stage_due_soon(tx, &run, stage)?;
    Ok(true)
}

fn overdue(tx: &mut WriteTx<'_>, context: &Context, row: &StageRow) -> Result<bool> {
    let now = tx.now();
    let is_due = |row: &StageRow| row.overdue_at.is_none() && row.due_at.is_some_and(|at| at <= now);
    let Some(row) = still_open(tx, row)?.filter(is_due) else { return Ok(false) };
    let at = usize::try_from(row.stage).unwrap_or(usize::MAX);
    review_stages::set_overdue(tx, row.review_id, at)?;
    let run = stages::reread(tx.conn(), row.review_id)?;
    announcements::stage_overdue(tx, &run, at)?;
    let stage = run.stages.get(at);
    let Some((name, to)) = stage.and_then(|stage| Some((&stage.name, stage.escalate_to.as_ref()?))) else {
        return Ok(true);
    };
    let facts = Facts::new()
        .with("review_id", row.review_id.to_string())
        .with("stage", name.as_str())
        .with("reviewers", pool_fact(to));
    let receipt = journal::enter(tx, &context.keys, By::System, Event::StageEscalated, facts)?;
    review_stages::insert_pool(tx, (row.review_id, at), to, None, receipt.index)?;
    let run = stages::reread(tx.conn(), row.review_id)?;
    let mut pools = Pools::of(tx)?;
    stages::keep_stuck(tx, &run, &mut pools)?;
    announcements::stage_escalated(tx, &run, at, to)?;
    Ok(true)
}

/// Looks at every open review, and keeps which cannot end as things stand. Whoever changes who may decide calls
/// it after their change, which a review that cannot be looked at does not make fail: it is logged, and the job
/// looks again.
pub fn mark_stuck(db: &Db, now: Time) -> Result<()> {
    look_at_all(db, now, &mut Tally::default())
}

/// The same, and counts how it went.
fn look_at_all(db: &Db, now: Time, tally: &mut Tally) -> Result<()> {
    let filter = ReviewFilter { state: Some(ReviewState::Open), ..ReviewFilter::default() };
    let mut after = None;
    loop {
        let rows = db.read_now(|conn| reviews::list(conn, &filter, after, due::LIMIT))?;
        after = rows.last().map(|row| row.id).filter(|_| rows.len() == due::PAGE);
        for id in changed_of(db, rows, now, tally) {
            let kept = db.write_now(Lane::Ordinary, |tx| keep_stuck(tx, id));
            tally.count(STUCK, || about(id), kept.map(|kept| kept.value));
        }
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Of which of these reviews something else is kept than what is so. They are looked at together, and one by one
/// where one of them cannot be.
fn changed_of(db: &Db, rows: Vec<ReviewRow>, now: Time, tally: &mut Tally) -> Vec<ReviewId> {
    if let Ok(changed) = db.read_now(|conn| look(conn, rows.clone(), now)) {
        return changed;
    }
    let mut changed = Vec::new();
    for row in rows {
        let id = row.id;
        match db.read_now(|conn| look(conn, vec![row], now)) {
            Ok(found) => changed.extend(found),
            Err(error) => tally.fail(STUCK, &about(id), &error),
        }
    }
    changed
}

fn look(conn: &mut Conn, rows: Vec<ReviewRow>, now: Time) -> Result<Vec<ReviewId>> {
    let mut pools = Pools::read(conn, now)?;
    let mut changed = Vec::new();
    for run in review_runs::load(conn, rows)? {
        let stuck = run.stuck_stage(conn, &mut pools)?.and_then(|at| i64::try_from(at).ok());
        if stuck != run.row.stuck_stage {
            changed.push(run.row.id);
        }
    }
    Ok(changed)
}

/// The same after a change of what this person belongs to: where they hold no role that decides, no review can
/// have waited for them.
pub fn mark_stuck_without(db: &Db, person: PersonId, now: Time) -> Result<()> {
    match db.read_now(|conn| reviewers::has_deciding_role(conn, person))? {
        true => mark_stuck(db, now),
        false => Ok(()),
    }
}

fn keep_stuck(tx: &mut WriteTx<'_>, id: ReviewId) -> Result<bool> {
    let mut pools = Pools::of(tx)?;
    let run = stages::reread(tx.conn(), id)?;
    Ok(run.row.state == ReviewState::Open && stages::keep_stuck(tx, &run, &mut pools)?)
}
