//! Reading reviews: the queue, and each run of a workflow.

use std::collections::HashMap;

use super::items::BATCH;
use super::pools::Pools;
use super::review_runs::{self, ReviewRun, StagePool};
use crate::domain::ids::{ItemId, Kind, PersonId, ReviewId, WorkflowId, WorkflowVersionId};
use crate::domain::review::{ReviewState, StageState};
use crate::domain::time::Time;
use crate::domain::workflow::{Quorum, Reviewers};
use crate::error::{Code, Error, Fault, Result};
use crate::store::connection::Conn;
use crate::store::reviews::{self, DecisionRow, ReviewFilter, ReviewRow};
use crate::store::workflows;

/// Persons whom a stage waits for that are told; there may be more.
const WAITED_FOR: usize = 20;
/// Stuck reviews that are named at most.
const STUCK_MOST: i64 = 10_000;

/// A review as it is read.
#[derive(Debug, Clone)]
pub struct ReviewView {
    /// The review.
    pub row: ReviewRow,
    /// The workflow that it is a run of.
    pub workflow: WorkflowNamed,
    /// Whether the words were published urgently, so that it comes after.
    pub urgent: bool,
    /// Its stages with their states and decisions.
    pub stages: Vec<StageView>,
}

/// The version of a workflow that governs a review.
#[derive(Debug, Clone)]
pub struct WorkflowNamed {
    /// The workflow.
    pub id: WorkflowId,
    /// The version.
    pub version: i64,
    /// What that version is called.
    pub name: String,
}

/// A stage of a review as it is read.
#[derive(Debug, Clone)]
pub struct StageView {
    /// What the stage is called.
    pub name: String,
    /// Who may decide, by reference, as the review opened.
    pub reviewers: Reviewers,
    /// Who may decide instead or as well, since it was given to others or is overdue.
    pub given_to: Vec<Reviewers>,
    /// How many approvals pass it.
    pub quorum: Quorum,
    /// Its state.
    pub state: StageState,
    /// Why it cannot end, if it cannot.
    pub stuck: Option<String>,
    /// When it opened.
    pub since: Option<Time>,
    /// When it is overdue.
    pub due_at: Option<Time>,
    /// Approvals that are missing while it is open.
    pub lacks: Option<u32>,
    /// Who can give one, while it is open: at most twenty of them.
    pub waits_for: Vec<PersonId>,
    /// What was decided in it.
    pub decisions: Vec<DecisionRow>,
}

/// What the queue is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReviewQuery {
    /// Only those that wait for this person.
    pub mine: Option<PersonId>,
    /// Only those in this state.
    pub state: Option<ReviewState>,
    /// Only those of this kind.
    pub kind: Option<Kind>,
    /// Only those with a stage that is overdue.
    pub overdue: bool,
    /// Only those that cannot end.
    pub stuck: bool,
}

impl ReviewQuery {
    /// What the rows are asked for: what waits, is overdue or stuck is open.
    fn filter(&self, now: Time) -> Result<ReviewFilter> {
        let is_open_only = self.mine.is_some() || self.overdue || self.stuck;
        let state = match (is_open_only, self.state) {
            (true, None | Some(ReviewState::Open)) => Some(ReviewState::Open),
            (true, Some(_)) => return Err(only_open_waits()),
            (false, state) => state,
        };
        let due_before = self.overdue.then_some(now);
        Ok(ReviewFilter { state, kind: self.kind, due_before, stuck: self.stuck })
    }
}

/// One review.
pub fn review_get(conn: &mut Conn, id: ReviewId, now: Time) -> Result<ReviewView> {
    let row = reviews::find(conn, id)?.ok_or_else(|| Error::not_found("review"))?;
    let runs = review_runs::load(conn, vec![row])?;
    views(conn, runs, now)?.pop().ok_or_else(|| Error::not_found("review"))
}

/// One page of reviews in the order in which they were asked for; with `mine` only those that wait for
/// the person right now, as a reviewer or as a deputy. The id to go on after is answered while there may be
/// more.
pub fn review_list(
    conn: &mut Conn,
    query: &ReviewQuery,
    after: Option<ReviewId>,
    limit: usize,
    now: Time,
) -> Result<(Vec<ReviewView>, Option<ReviewId>)> {
    /// Reviews that one page may look at.
    const LOOKED_AT: usize = 1000;
    let filter = query.filter(now)?;
    let batch = if query.mine.is_some() { limit.max(BATCH) } else { limit };
    let want = i64::try_from(batch).unwrap_or(i64::MAX);
    let mut pools = Pools::read(conn, now)?;
    let (mut found, mut position, mut looked_at, mut has_more) = (Vec::new(), after, 0, true);
    while looked_at < LOOKED_AT && has_more && found.len() < limit {
        let rows = reviews::list(conn, &filter, position, want)?;
        has_more = rows.len() == batch;
        looked_at += rows.len();
        for run in review_runs::load(conn, rows)? {
            if found.len() == limit {
                has_more = true;
                break;
            }
            position = Some(run.row.id);
            let waits = match query.mine {
                Some(person) => waits_for(conn, &mut pools, &run, person)?,
                None => true,
            };
            if waits {
                found.push(run);
            }
        }
    }
    Ok((views(conn, found, now)?, position.filter(|_| has_more)))
}

fn only_open_waits() -> Error {
    let detail = "Only open reviews wait for somebody, are overdue or stuck: leave out state, or those.";
    Error::new(Code::InvalidRequest, detail).fault(Fault::parameter("state", "contradiction", detail))
}

/// Whether an open review waits for this person: they may decide, for themselves or for somebody whose deputy
/// they are, and neither has decided or is barred.
fn waits_for(conn: &mut Conn, pools: &mut Pools, run: &ReviewRun, person: PersonId) -> Result<bool> {
    let Some(stage) = run.open_stage() else { return Ok(false) };
    let excluded = run.excluded(stage);
    if excluded.contains(&person) {
        return Ok(false);
    }
    let of = run.pools_of(conn, pools, stage)?;
    let seats = pools.seats_of(conn, &of, run.row.kind, person)?;
    Ok(seats.iter().any(|seat| !excluded.contains(seat)))
}

/// Every open review that is known to be stuck, or the oldest [`STUCK_MOST`] of them.
pub fn stuck_reviews(conn: &mut Conn) -> Result<Vec<ReviewId>> {
    let filter = ReviewFilter { stuck: true, state: Some(ReviewState::Open), ..ReviewFilter::default() };
    Ok(reviews::list(conn, &filter, None, STUCK_MOST)?.into_iter().map(|row| row.id).collect())
}

/// The reviews of the newest revisions of these items.
pub(super) fn of_working_revisions(
    conn: &mut Conn,
    ids: &[ItemId],
    now: Time,
) -> Result<HashMap<ItemId, ReviewView>> {
    let rows = reviews::working_of(conn, ids)?;
    let runs = review_runs::load(conn, rows)?;
    Ok(views(conn, runs, now)?.into_iter().map(|view| (view.row.item_id, view)).collect())
}

fn views(conn: &mut Conn, runs: Vec<ReviewRun>, now: Time) -> Result<Vec<ReviewView>> {
    let versions: Vec<WorkflowVersionId> = runs.iter().map(|run| run.row.workflow_id).collect();
    let named: HashMap<_, WorkflowNamed> = workflows::find_all(conn, &versions)?
        .into_iter()
        .map(|row| (row.id, WorkflowNamed { id: row.workflow_id, version: row.version, name: row.name }))
        .collect();
    let mut pools = Pools::read(conn, now)?;
    let mut views = Vec::with_capacity(runs.len());
    for run in runs {
        let workflow = named.get(&run.row.workflow_id).cloned();
        let workflow = workflow.ok_or_else(|| Error::internal("a review without its workflow"))?;
        let waits_for = run.waited_for(conn, &mut pools, WAITED_FOR)?;
        views.push(view(run, workflow, waits_for));
    }
    Ok(views)
}

fn view(run: ReviewRun, workflow: WorkflowNamed, waits_for: Vec<PersonId>) -> ReviewView {
    let stages = (0..run.stages.len()).filter_map(|at| stage_view(&run, at, &waits_for)).collect();
    ReviewView { urgent: run.urgent.is_some(), row: run.row, workflow, stages }
}

fn stage_view(run: &ReviewRun, at: usize, waits_for: &[PersonId]) -> Option<StageView> {
    let stage = run.stages.get(at)?;
    let is_open = run.open_stage() == Some(at);
    let times = run.times.get(at).and_then(Option::as_ref);
    let is_stuck = run.row.stuck_stage.is_some_and(|stuck| usize::try_from(stuck).is_ok_and(|it| it == at));
    let pool = run.pools.get(at);
    let invited = pool.map(StagePool::invited).unwrap_or_default();
    let given_at = pool.and_then(|pool| pool.given_at);
    let given_to = invited.into_iter().filter(|pool| *pool != stage.reviewers).collect();
    Some(StageView {
        name: stage.name.clone(),
        reviewers: stage.reviewers.clone(),
        given_to,
        quorum: stage.quorum,
        state: if is_stuck { StageState::Stuck } else { run.machine.stage_state(at) },
        stuck: run.row.stuck_reason.clone().filter(|_| is_stuck),
        since: match times {
            Some(times) => given_at.max(Some(times.opened_at)),
            None => is_open.then_some(run.row.opened_at),
        },
        due_at: times.and_then(|times| times.due_at),
        lacks: is_open.then(|| run.machine.lacks(at)).flatten(),
        waits_for: if is_open { waits_for.to_vec() } else { Vec::new() },
        decisions: run.decisions.iter().filter(|cast| cast.stage() == at).cloned().collect(),
    })
}
