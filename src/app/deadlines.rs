//! What time does to reviews: reminders, stages that are overdue and escalate, windows that close, and
//! reviews that cannot end any more.
//!
//! It runs on every node, and by hand (`greenlight jobs run`). What is due is read without the lock; each thing is
//! then done in a transaction that looks once more under the lock, so that it happens once, however many run
//! it. An escalation adds reviewers. Nothing is ever approved by silence.

use super::announcements;
use super::context::Context;
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
use crate::store::reviews::{self, ReviewFilter};
use crate::store::write::WriteTx;
use crate::store::{Db, Lane, reviewers};

/// Things done in one transaction: few, so that it holds the lock for a moment only.
const AT_ONCE: usize = 10;
/// Reviews that are looked at together for whether they can end.
const PAGE: usize = 200;

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

/// Does all that is due. It blocks: call it off the event loop.
pub fn run(db: &Db, context: &Context, rules: &Rules, now: Time) -> Result<Ran> {
    let lapsed = lapse(db, context, now)?;
    let reminded = each_stage(db, now, review_stages::to_remind, remind)?;
    let overdue = each_stage(db, now, review_stages::to_escalate, |tx, row| overdue(tx, context, row))?;
    let stuck = mark_stuck(db, now)?.len();
    let blocked = go_live::check(db, rules, now)? + urgent::tell_overdue(db, now)?;
    Ok(Ran { reminded, overdue, lapsed, stuck, blocked })
}

fn lapse(db: &Db, context: &Context, now: Time) -> Result<usize> {
    let mut lapsed = 0;
    loop {
        let rows = db.read_now(|conn| reviews::outlived(conn, now, limit(AT_ONCE)))?;
        if rows.is_empty() {
            return Ok(lapsed);
        }
        let done = db.write_now(Lane::Ordinary, |tx| {
            let mut done = 0;
            for row in &rows {
                done +=
                    usize::from(lapses::lapse_if_outlived(tx, context, row.item_id, row.revision)?.is_some());
            }
            Ok(done)
        })?;
        lapsed += done.value;
        // Somebody else was quicker with all of them, or the clock under the lock is behind: next time.
        if done.value == 0 {
            return Ok(lapsed);
        }
    }
}

/// Does something with each stage that is found, a few to a transaction.
fn each_stage(
    db: &Db,
    now: Time,
    find: impl Fn(&mut Conn, Time, i64) -> Result<Vec<StageRow>>,
    act: impl Fn(&mut WriteTx<'_>, &StageRow) -> Result<bool>,
) -> Result<usize> {
    let mut acted = 0;
    loop {
        let rows = db.read_now(|conn| find(conn, now, limit(AT_ONCE)))?;
        let done = match rows.is_empty() {
            true => 0,
            false => {
                let all = |tx: &mut WriteTx<'_>| {
                    let mut done = 0;
                    for row in &rows {
                        done += usize::from(act(tx, row)?);
                    }
                    Ok(done)
                };
                db.write_now(Lane::Ordinary, all)?.value
            }
        };
        acted += done;
        if done == 0 {
            return Ok(acted);
        }
    }
}

/// The stage as it stands under the lock, while it is open.
fn still_open(tx: &mut WriteTx<'_>, row: &StageRow) -> Result<Option<StageRow>> {
    let present = review_stages::of(tx.conn(), &[row.review_id])?;
    Ok(present.into_iter().find(|it| it.stage == row.stage && it.closed_at.is_none()))
}

fn remind(tx: &mut WriteTx<'_>, row: &StageRow) -> Result<bool> {
    let Some(row) = still_open(tx, row)?.filter(|row| row.reminded_at.is_none()) else { return Ok(false) };
    let stage = usize::try_from(row.stage).unwrap_or(usize::MAX);
    review_stages::set_reminded(tx, row.review_id, stage)?;
    let run = stages::reread(tx.conn(), row.review_id)?;
    announcements::stage_due_soon(tx, &run, stage)?;
    Ok(true)
}

fn overdue(tx: &mut WriteTx<'_>, context: &Context, row: &StageRow) -> Result<bool> {
    let Some(row) = still_open(tx, row)?.filter(|row| row.overdue_at.is_none()) else { return Ok(false) };
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

/// Looks at every open review, keeps which cannot end as things stand, and answers those of which that was
/// not known. Whoever changes who may decide calls it after their change.
pub fn mark_stuck(db: &Db, now: Time) -> Result<Vec<ReviewId>> {
    let filter = ReviewFilter { state: Some(ReviewState::Open), ..ReviewFilter::default() };
    let (mut after, mut newly) = (None, Vec::new());
    loop {
        let (changed, last) = db.read_now(|conn| {
            let rows = reviews::list(conn, &filter, after, limit(PAGE))?;
            let last = rows.last().map(|row| row.id).filter(|_| rows.len() == PAGE);
            let mut pools = Pools::read(conn, now)?;
            let mut changed = Vec::new();
            for run in review_runs::load(conn, rows)? {
                let stuck = run.stuck_stage(conn, &mut pools)?.and_then(|at| i64::try_from(at).ok());
                if stuck != run.row.stuck_stage {
                    changed.push(run.row.id);
                }
            }
            Ok((changed, last))
        })?;
        for part in changed.chunks(AT_ONCE) {
            newly.extend(db.write_now(Lane::Ordinary, |tx| keep_stuck(tx, part))?.value);
        }
        match last {
            Some(last) => after = Some(last),
            None => return Ok(newly),
        }
    }
}

/// The same after a change of what this person belongs to: where they hold no role that decides, no review can
/// have waited for them.
pub fn mark_stuck_without(db: &Db, person: PersonId, now: Time) -> Result<Vec<ReviewId>> {
    match db.read_now(|conn| reviewers::has_deciding_role(conn, person))? {
        true => mark_stuck(db, now),
        false => Ok(Vec::new()),
    }
}

fn keep_stuck(tx: &mut WriteTx<'_>, ids: &[ReviewId]) -> Result<Vec<ReviewId>> {
    let mut pools = Pools::of(tx)?;
    let mut newly = Vec::new();
    for id in ids {
        let run = stages::reread(tx.conn(), *id)?;
        if run.row.state == ReviewState::Open && stages::keep_stuck(tx, &run, &mut pools)? {
            newly.push(*id);
        }
    }
    Ok(newly)
}

fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
