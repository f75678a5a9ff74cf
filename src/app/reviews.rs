//! Reading reviews.

use std::collections::HashMap;

use super::items::BATCH;
use crate::domain::ids::{ItemId, PersonId, ReviewId};
use crate::domain::review::{ReviewState, Reviewers, StageState};
use crate::error::{Code, Error, Fault, Result};
use crate::store::connection::Conn;
use crate::store::reviews::{self, DecisionRow, ReviewRow};
use crate::store::{reviewers, revisions};

/// A review as it is read.
#[derive(Debug, Clone)]
pub struct ReviewView {
    /// The review.
    pub row: ReviewRow,
    /// Its stages with their states and decisions.
    pub stages: Vec<StageView>,
}

/// A stage of a review as it is read.
#[derive(Debug, Clone)]
pub struct StageView {
    /// What the stage is called.
    pub name: String,
    /// Who may decide, by reference.
    pub reviewers: Reviewers,
    /// How many approvals pass it.
    pub quorum: u32,
    /// Its state.
    pub state: StageState,
    /// What was decided in it.
    pub decisions: Vec<DecisionRow>,
}

/// One review.
pub fn review_get(conn: &mut Conn, id: ReviewId) -> Result<ReviewView> {
    let row = reviews::find(conn, id)?.ok_or_else(|| Error::not_found("review"))?;
    views(conn, vec![row])?.pop().ok_or_else(|| Error::not_found("review"))
}

/// One page of reviews in the order in which they were asked for; with `mine` only those that wait for
/// the person right now. The id to go on after is answered while there may be more.
pub fn review_list(
    conn: &mut Conn,
    state: Option<ReviewState>,
    mine: Option<PersonId>,
    after: Option<ReviewId>,
    limit: usize,
) -> Result<(Vec<ReviewView>, Option<ReviewId>)> {
    /// Reviews that one page may look at.
    const LOOKED_AT: usize = 1000;
    let batch = if mine.is_some() { limit.max(BATCH) } else { limit };
    let want = i64::try_from(batch).unwrap_or(i64::MAX);
    let state = match (mine, state) {
        (Some(_), None | Some(ReviewState::Open)) => Some(ReviewState::Open),
        (Some(_), Some(_)) => return Err(only_open_waits()),
        (None, state) => state,
    };
    let (mut found, mut position, mut looked_at) = (Vec::new(), after, 0);
    while looked_at < LOOKED_AT {
        let rows = reviews::list(conn, state, position, want)?;
        let is_last = rows.len() < batch;
        looked_at += rows.len();
        let views = views(conn, rows)?;
        let waiting = match mine {
            Some(person) => waiting_for(conn, &views, person)?,
            None => vec![true; views.len()],
        };
        for (view, wanted) in views.into_iter().zip(waiting) {
            position = Some(view.row.id);
            if wanted {
                found.push(view);
            }
            if found.len() == limit {
                return Ok((found, position));
            }
        }
        if is_last {
            return Ok((found, None));
        }
    }
    Ok((found, position))
}

fn only_open_waits() -> Error {
    let detail = "Only open reviews wait for somebody: leave out state, or mine.";
    Error::new(Code::InvalidRequest, detail).fault(Fault::parameter("state", "contradiction", detail))
}

/// For each open review, whether it waits for this person: they may decide, and have not.
fn waiting_for(conn: &mut Conn, views: &[ReviewView], person: PersonId) -> Result<Vec<bool>> {
    let items: Vec<ItemId> = views.iter().map(|view| view.row.item_id).collect();
    let authors = revisions::working_authors_of(conn, &items)?;
    let mut pools: Vec<(&Reviewers, bool)> = Vec::new();
    let mut waiting = Vec::with_capacity(views.len());
    for view in views {
        let decided = |stage: &StageView| stage.decisions.iter().any(|cast| cast.person_id == Some(person));
        let is_author = authors.get(&view.row.item_id).is_some_and(|authors| authors.contains(&person));
        let open = view.stages.iter().find(|stage| stage.state == StageState::Open);
        let Some(open) = open.filter(|_| !is_author && !view.stages.iter().any(decided)) else {
            waiting.push(false);
            continue;
        };
        let known =
            pools.iter().find(|(reviewers, _)| *reviewers == &open.reviewers).map(|(_, is_in)| *is_in);
        let is_in = match known {
            Some(is_in) => is_in,
            None => {
                let is_in = reviewers::is_in(conn, &open.reviewers, person)?;
                pools.push((&open.reviewers, is_in));
                is_in
            }
        };
        waiting.push(is_in);
    }
    Ok(waiting)
}

/// The reviews of the newest revisions of these items.
pub(super) fn of_working_revisions(conn: &mut Conn, ids: &[ItemId]) -> Result<HashMap<ItemId, ReviewView>> {
    let rows = reviews::working_of(conn, ids)?;
    Ok(views(conn, rows)?.into_iter().map(|view| (view.row.item_id, view)).collect())
}

fn views(conn: &mut Conn, rows: Vec<ReviewRow>) -> Result<Vec<ReviewView>> {
    let ids: Vec<ReviewId> = rows.iter().map(|row| row.id).collect();
    let decisions = reviews::decisions_of(conn, &ids)?;
    rows.into_iter().map(|row| view(row, &decisions)).collect()
}

fn view(row: ReviewRow, decisions: &[DecisionRow]) -> Result<ReviewView> {
    let review = row.machine(decisions)?;
    let in_stage = |at: usize| {
        let of_stage = |cast: &&DecisionRow| {
            cast.review_id == row.id && usize::try_from(cast.stage).is_ok_and(|stage| stage == at)
        };
        decisions.iter().filter(of_stage).cloned().collect()
    };
    let stages = review
        .stages
        .iter()
        .enumerate()
        .map(|(at, stage)| StageView {
            name: stage.name.clone(),
            reviewers: stage.reviewers.clone(),
            quorum: stage.quorum,
            state: review.stage_state(at),
            decisions: in_stage(at),
        })
        .collect();
    Ok(ReviewView { row, stages })
}
