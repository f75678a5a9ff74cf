//! Reviews with their decisions, and the workflows that they are runs of.

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::{decisions, items, reviews, workflows};
use super::write::WriteTx;
use crate::domain::ids::{ClientId, Digest, ItemId, Kind, PersonId, ReviewId, WorkflowId};
use crate::domain::review::{Decision, DecisionKind, Review, ReviewState, Stage};
use crate::domain::time::Time;
use crate::error::{Error, Result};

/// One run of a workflow over one revision.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = reviews)]
pub struct ReviewRow {
    /// Its id.
    pub id: ReviewId,
    /// The item under review.
    pub item_id: ItemId,
    /// What the item is.
    pub kind: Kind,
    /// The revision under review.
    pub revision: i64,
    /// Its frozen digest.
    pub digest: Digest,
    /// Open, or the outcome.
    pub state: ReviewState,
    /// The stages as they stood when it opened, as JSON.
    pub stages: String,
    /// The room that each combination leaves for a comment, as JSON.
    pub comment_room: String,
    /// When it opened.
    pub opened_at: Time,
    /// Who submitted; `None` once erased.
    pub opened_by: Option<PersonId>,
    /// When it got its outcome.
    pub closed_at: Option<Time>,
}

/// A decision that was cast.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = decisions)]
pub struct DecisionRow {
    /// Its index in the record.
    pub idx: i64,
    /// The review.
    pub review_id: ReviewId,
    /// The stage it counts in, from 0.
    pub stage: i64,
    /// The item.
    pub item_id: ItemId,
    /// The revision decided on.
    pub revision: i64,
    /// The digest decided on.
    pub digest: Digest,
    /// Who decided; `None` once erased.
    pub person_id: Option<PersonId>,
    /// The client through which it was decided.
    pub client_id: Option<ClientId>,
    /// What was decided.
    pub decision: DecisionKind,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub decided_at: Time,
}

impl ReviewRow {
    /// The review as the machine sees it, with these of its decisions.
    pub fn machine(&self, decisions: &[DecisionRow]) -> Result<Review> {
        let stages: Vec<Stage> = serde_json::from_str(&self.stages).map_err(Error::internal)?;
        let of_this = decisions.iter().filter(|row| row.review_id == self.id);
        Ok(Review { state: self.state, stages, decisions: of_this.map(DecisionRow::cast).collect() })
    }
}

impl DecisionRow {
    /// The decision as the machine sees it.
    pub fn cast(&self) -> Decision {
        Decision {
            stage: usize::try_from(self.stage).unwrap_or(usize::MAX),
            person: self.person_id,
            decision: self.decision,
        }
    }
}

/// What a new review starts with.
#[derive(Debug)]
pub struct NewReview<'a> {
    /// Its id.
    pub id: ReviewId,
    /// The item under review.
    pub item: ItemId,
    /// What the item is.
    pub kind: Kind,
    /// The frozen revision.
    pub revision: i64,
    /// Its digest.
    pub digest: &'a Digest,
    /// The workflow it is a run of.
    pub workflow: WorkflowId,
    /// The stages as JSON.
    pub stages: &'a str,
    /// The comment room as JSON.
    pub comment_room: &'a str,
    /// Who submitted.
    pub opened_by: PersonId,
}

/// Opens a review.
pub fn insert(tx: &mut WriteTx<'_>, review: &NewReview<'_>) -> Result<()> {
    let row = (
        reviews::id.eq(review.id.to_string()),
        reviews::item_id.eq(review.item.to_string()),
        reviews::kind.eq(review.kind.as_str()),
        reviews::revision.eq(review.revision),
        reviews::digest.eq(review.digest.as_str()),
        reviews::state.eq(ReviewState::Open.as_str()),
        reviews::workflow_id.eq(review.workflow.to_string()),
        reviews::stages.eq(review.stages),
        reviews::comment_room.eq(review.comment_room),
        reviews::opened_at.eq(tx.now().micros()),
        reviews::opened_by.eq(review.opened_by.to_string()),
    );
    diesel::insert_into(reviews::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Gives a review its outcome.
pub fn close(tx: &mut WriteTx<'_>, id: ReviewId, outcome: ReviewState) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(reviews::table.find(id.to_string()))
        .set((reviews::state.eq(outcome.as_str()), reviews::closed_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// One review.
pub fn find(conn: &mut Conn, id: ReviewId) -> Result<Option<ReviewRow>> {
    Ok(reviews::table.find(id.to_string()).select(ReviewRow::as_select()).first(conn).optional()?)
}

/// The review of a revision.
pub fn find_of(conn: &mut Conn, item: ItemId, revision: i64) -> Result<Option<ReviewRow>> {
    Ok(reviews::table
        .filter(reviews::item_id.eq(item.to_string()))
        .filter(reviews::revision.eq(revision))
        .select(ReviewRow::as_select())
        .first(conn)
        .optional()?)
}

/// The review of the newest revision of each of these items, where there is one.
pub fn working_of(conn: &mut Conn, ids: &[ItemId]) -> Result<Vec<ReviewRow>> {
    Ok(reviews::table
        .inner_join(
            items::table
                .on(items::id.eq(reviews::item_id).and(items::working_revision.eq(reviews::revision))),
        )
        .filter(reviews::item_id.eq_any(ids.iter().map(ToString::to_string)))
        .select(ReviewRow::as_select())
        .load(conn)?)
}

/// Reviews, oldest first, after `after`: the queue in the order in which it was asked for.
pub fn list(
    conn: &mut Conn,
    state: Option<ReviewState>,
    after: Option<ReviewId>,
    limit: i64,
) -> Result<Vec<ReviewRow>> {
    let mut query =
        reviews::table.select(ReviewRow::as_select()).order(reviews::id.asc()).limit(limit).into_boxed();
    if let Some(state) = state {
        query = query.filter(reviews::state.eq(state.as_str()));
    }
    if let Some(after) = after {
        query = query.filter(reviews::id.gt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// Writes a decision that stands at its index in the record.
pub fn insert_decision(tx: &mut WriteTx<'_>, row: &DecisionRow) -> Result<()> {
    let values = (
        decisions::idx.eq(row.idx),
        decisions::review_id.eq(row.review_id.to_string()),
        decisions::stage.eq(row.stage),
        decisions::item_id.eq(row.item_id.to_string()),
        decisions::revision.eq(row.revision),
        decisions::digest.eq(row.digest.as_str()),
        decisions::person_id.eq(row.person_id.map(|id| id.to_string())),
        decisions::client_id.eq(row.client_id.map(|id| id.to_string())),
        decisions::decision.eq(row.decision.as_str()),
        decisions::reason.eq(row.reason.as_deref()),
        decisions::decided_at.eq(row.decided_at.micros()),
    );
    diesel::insert_into(decisions::table).values(values).execute(tx.conn())?;
    Ok(())
}

/// The decisions of these reviews, in the order in which they were cast.
pub fn decisions_of(conn: &mut Conn, ids: &[ReviewId]) -> Result<Vec<DecisionRow>> {
    Ok(decisions::table
        .filter(decisions::review_id.eq_any(ids.iter().map(ToString::to_string)))
        .order(decisions::idx.asc())
        .select(DecisionRow::as_select())
        .load(conn)?)
}

/// What a list of decisions is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct DecisionFilter {
    /// Who decided.
    pub person: Option<PersonId>,
    /// On which item.
    pub item: Option<ItemId>,
    /// Not before.
    pub from: Option<Time>,
    /// Before.
    pub to: Option<Time>,
}

/// Decisions, newest first, below index `below`.
pub fn list_decisions(
    conn: &mut Conn,
    filter: &DecisionFilter,
    below: Option<i64>,
    limit: i64,
) -> Result<Vec<DecisionRow>> {
    let mut query = decisions::table
        .select(DecisionRow::as_select())
        .order(decisions::idx.desc())
        .limit(limit)
        .into_boxed();
    if let Some(person) = filter.person {
        query = query.filter(decisions::person_id.eq(person.to_string()));
    }
    if let Some(item) = filter.item {
        query = query.filter(decisions::item_id.eq(item.to_string()));
    }
    if let Some(from) = filter.from {
        query = query.filter(decisions::decided_at.ge(from.micros()));
    }
    if let Some(to) = filter.to {
        query = query.filter(decisions::decided_at.lt(to.micros()));
    }
    if let Some(below) = below {
        query = query.filter(decisions::idx.lt(below));
    }
    Ok(query.load(conn)?)
}

/// One version of a workflow.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = workflows)]
pub struct WorkflowRow {
    /// Its id.
    pub id: WorkflowId,
    /// The kind whose revisions must pass it.
    pub kind: Kind,
    /// The stages as JSON.
    pub stages: String,
    /// Since when it is in force.
    pub from_at: Time,
    /// Until when it was in force.
    pub until_at: Option<Time>,
}

impl WorkflowRow {
    /// The stages, parsed.
    pub fn stages(&self) -> Result<Vec<Stage>> {
        serde_json::from_str(&self.stages).map_err(Error::internal)
    }
}

/// The workflow in force for a kind.
pub fn workflow_of(conn: &mut Conn, kind: Kind) -> Result<Option<WorkflowRow>> {
    Ok(workflows::table
        .filter(workflows::kind.eq(kind.as_str()))
        .filter(workflows::until_at.is_null())
        .select(WorkflowRow::as_select())
        .first(conn)
        .optional()?)
}

/// One version of a workflow.
pub fn find_workflow(conn: &mut Conn, id: WorkflowId) -> Result<Option<WorkflowRow>> {
    Ok(workflows::table.find(id.to_string()).select(WorkflowRow::as_select()).first(conn).optional()?)
}

/// The workflows in force, by kind.
pub fn workflows_in_force(conn: &mut Conn) -> Result<Vec<WorkflowRow>> {
    Ok(workflows::table
        .filter(workflows::until_at.is_null())
        .order(workflows::kind.asc())
        .select(WorkflowRow::as_select())
        .load(conn)?)
}

/// Puts a workflow in force for its kind; the one before ends at the same moment.
pub fn replace_workflow(
    tx: &mut WriteTx<'_>,
    id: WorkflowId,
    kind: Kind,
    stages: &str,
    created_by: Option<PersonId>,
) -> Result<()> {
    let now = tx.now().micros();
    let in_force =
        workflows::table.filter(workflows::kind.eq(kind.as_str())).filter(workflows::until_at.is_null());
    diesel::update(in_force).set(workflows::until_at.eq(now)).execute(tx.conn())?;
    let row = (
        workflows::id.eq(id.to_string()),
        workflows::kind.eq(kind.as_str()),
        workflows::stages.eq(stages),
        workflows::from_at.eq(now),
        workflows::created_by.eq(created_by.map(|person| person.to_string())),
    );
    diesel::insert_into(workflows::table).values(row).execute(tx.conn())?;
    Ok(())
}
