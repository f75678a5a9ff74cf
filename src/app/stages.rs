//! Stages of reviews as they open, and as it shows that they cannot end.

use std::time::Duration;

use super::announcements;
use super::pools::Pools;
use super::review_runs::{self, ReviewRun, StagePool, not_enough_reviewers};
use crate::domain::ids::{PersonId, ReviewId};
use crate::domain::time::Time;
use crate::domain::workflow::{QUORUM_MAX, Quorum, Stage};
use crate::error::{Error, Result};
use crate::store::connection::Conn;
use crate::store::write::WriteTx;
use crate::store::{review_stages, reviews};

const HOUR: Duration = Duration::from_hours(1);

/// Why a stage cannot end, as a stable word.
pub const NOT_ENOUGH_REVIEWERS: &str = "not_enough_reviewers";
/// The same of a stage that asks everybody: somebody who was asked can no longer decide.
pub const ASKED_REVIEWER_LEFT: &str = "asked_reviewer_left";

/// Opens a stage of a review: from now on it is waited for. Where it asks everybody, that is whoever may
/// decide now; whoever has decided in this review has done so already. Nobody is asked where that are more than
/// a quorum can ask for: then the stage is stuck until it is given or escalated to others.
pub(super) fn open(tx: &mut WriteTx<'_>, run: &ReviewRun, at: usize) -> Result<()> {
    let stage = run.stages.get(at).ok_or_else(|| Error::internal("a stage that is not there"))?;
    let asked = match stage.quorum {
        Quorum::All => everybody(tx, run, at)?,
        Quorum::Any | Quorum::Count(_) => Vec::new(),
    };
    let dates = dates(tx, stage);
    review_stages::open(tx, run.row.id, at, dates, &asked)?;
    announcements::stage_opened(tx, run, at)
}

/// Gives an open stage to others, by the entry at `idx` of the record: its time begins anew, and where it asks
/// everybody, whoever may decide now is asked. Whoever has approved in it stays asked, so that their approval
/// counts.
pub(super) fn reopen(tx: &mut WriteTx<'_>, run: &ReviewRun, at: usize, idx: i64) -> Result<()> {
    let stage = run.stages.get(at).ok_or_else(|| Error::internal("a stage that is not there"))?;
    let dates = dates(tx, stage);
    review_stages::restart(tx, run.row.id, at, dates, idx)?;
    if stage.quorum != Quorum::All {
        return Ok(());
    }
    let asked = everybody(tx, run, at)?;
    // With nobody new, the approvals so far would pass it by themselves.
    if asked.is_empty() {
        return Err(not_enough_reviewers(&run.stages, at));
    }
    let approved = run.decisions.iter().filter(|cast| cast.stage() == at && cast.review_id == run.row.id);
    let asked: Vec<Option<PersonId>> =
        approved.map(|cast| cast.on_behalf_of.or(cast.person_id)).chain(asked).collect();
    review_stages::ask_instead(tx, run.row.id, at, &asked)
}

/// Whom a stage asks that asks everybody.
fn everybody(tx: &mut WriteTx<'_>, run: &ReviewRun, at: usize) -> Result<Vec<Option<PersonId>>> {
    let mut pools = Pools::of(tx)?;
    let of = run.pools.get(at).map(StagePool::whole).unwrap_or_default();
    let seats = pools.asked(tx.conn(), &of, run.row.kind, &run.excluded(at))?;
    let seats = Some(seats).filter(|seats| seats.len() <= QUORUM_MAX as usize).unwrap_or_default();
    Ok(seats.into_iter().map(|seat| Some(seat.of)).collect())
}

/// When those who are waited for are reminded, and when the stage is overdue.
fn dates(tx: &WriteTx<'_>, stage: &Stage) -> (Option<Time>, Option<Time>) {
    let after = |hours: Option<u32>| hours.map(|hours| tx.now().after(HOUR * hours));
    (after(stage.remind_after_hours), after(stage.due_in_hours))
}

/// A review as it stands in this transaction.
pub(super) fn reread(conn: &mut Conn, id: ReviewId) -> Result<ReviewRun> {
    let row = reviews::find(conn, id)?.ok_or_else(|| Error::internal("a review that is not there"))?;
    review_runs::load_one(conn, row)?.ok_or_else(|| Error::internal("a review that was not loaded"))
}

/// Keeps whether a review can end as things stand, and says so when it cannot any more.
pub(super) fn keep_stuck(tx: &mut WriteTx<'_>, run: &ReviewRun, pools: &mut Pools) -> Result<bool> {
    let stuck = run.stuck_stage(tx.conn(), pools)?;
    let reason = stuck.map(|stage| (stage, reason(run, stage)));
    let known = run.row.stuck_stage.and_then(|stage| usize::try_from(stage).ok());
    if (known, run.row.stuck_reason.as_deref()) == (stuck, reason.map(|(_, reason)| reason)) {
        return Ok(false);
    }
    reviews::set_stuck(tx, run.row.id, reason)?;
    if let Some((stage, reason)) = reason {
        announcements::stage_stuck(tx, run, stage, reason)?;
    }
    Ok(stuck.is_some())
}

fn reason(run: &ReviewRun, stage: usize) -> &'static str {
    let has_asked =
        run.machine.stages.get(stage).is_some_and(|stage| stage.asked.is_some_and(|asked| asked > 0));
    if has_asked { ASKED_REVIEWER_LEFT } else { NOT_ENOUGH_REVIEWERS }
}
