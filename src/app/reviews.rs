//! Reading reviews and decisions, and deciding.

use std::collections::HashMap;

use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::items::{BATCH, find, revision_facts};
use super::journal::{self, By};
use crate::domain::ids::{Digest, ItemId, Kind, PersonId, ReviewId};
use crate::domain::lifecycle::RevisionState;
use crate::domain::review::{
    Action, DecisionKind, Refusal, Review, ReviewState, Reviewers, StageState, step,
};
use crate::domain::roles::Scope;
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::reviews::{self, DecisionFilter, DecisionRow, ReviewRow};
use crate::store::write::WriteTx;
use crate::store::{items as item_rows, reviewers, revisions};

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

/// A decision that somebody wants to cast.
#[derive(Debug, Clone)]
pub struct Decide {
    /// The revision decided on.
    pub revision: i64,
    /// Its frozen digest.
    pub digest: Digest,
    /// What is decided.
    pub decision: DecisionKind,
    /// Why.
    pub reason: Option<String>,
}

/// Casts a decision on one exact revision, and answers its review.
pub fn item_decide(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    kind: Kind,
    id: ItemId,
    command: &Decide,
) -> Result<ReviewId> {
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
    item_rows::claim(tx, id, item.version)?;
    Ok(row.id)
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

/// One page of decisions, newest first, below an index of the record.
pub fn decision_list(
    conn: &mut Conn,
    filter: &DecisionFilter,
    below: Option<i64>,
    limit: usize,
) -> Result<Vec<DecisionRow>> {
    reviews::list_decisions(conn, filter, below, i64::try_from(limit).unwrap_or(i64::MAX))
}
