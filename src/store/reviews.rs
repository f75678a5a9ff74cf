//! Reviews with their decisions.

use diesel::prelude::*;

use super::connection::Conn;
use super::revisions::RevisionRow;
use super::schema::{decisions, items, review_stages, reviews, revisions};
use super::write::WriteTx;
use crate::domain::ids::{ClientId, Digest, ItemId, Kind, PersonId, ReviewId, WorkflowVersionId};
use crate::domain::lifecycle::RevisionState;
use crate::domain::review::{Decision, DecisionKind, ReviewState};
use crate::domain::time::Time;
use crate::domain::workflow::Stage;
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
    /// The version of the workflow that it is a run of.
    pub workflow_id: WorkflowVersionId,
    /// The stage that it began with, from 0.
    pub first_stage: i64,
    /// The review whose approvals stand for the stages before that.
    pub resumed_from: Option<ReviewId>,
    /// The stage that cannot end as things stand.
    pub stuck_stage: Option<i64>,
    /// Why it cannot.
    pub stuck_reason: Option<String>,
    /// Since when that is known.
    pub stuck_since: Option<Time>,
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
    /// On whose behalf; `None` where it was the person's own work, or once erased.
    pub on_behalf_of: Option<PersonId>,
}

impl ReviewRow {
    /// The stages as they stood when it opened, parsed.
    pub fn stages(&self) -> Result<Vec<Stage>> {
        serde_json::from_str(&self.stages).map_err(Error::internal)
    }

    /// The stage that it began with.
    pub fn first_stage(&self) -> usize {
        usize::try_from(self.first_stage).unwrap_or(0)
    }
}

impl DecisionRow {
    /// The stage it counts in.
    pub fn stage(&self) -> usize {
        usize::try_from(self.stage).unwrap_or(usize::MAX)
    }

    /// The decision as the machine sees it.
    pub fn decision(&self) -> Decision {
        Decision {
            stage: self.stage(),
            person: self.person_id,
            on_behalf_of: self.on_behalf_of,
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
    /// The version of the workflow it is a run of.
    pub workflow: WorkflowVersionId,
    /// The stage it begins with, from 0.
    pub first_stage: usize,
    /// The review whose approvals stand for the stages before that.
    pub resumed_from: Option<ReviewId>,
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
        reviews::first_stage.eq(i64::try_from(review.first_stage).unwrap_or(0)),
        reviews::resumed_from.eq(review.resumed_from.map(|id| id.to_string())),
    );
    diesel::insert_into(reviews::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Gives a review its outcome.
pub fn close(tx: &mut WriteTx<'_>, id: ReviewId, outcome: ReviewState) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(reviews::table.find(id.to_string()))
        .set((
            reviews::state.eq(outcome.as_str()),
            reviews::closed_at.eq(now),
            reviews::stuck_stage.eq(None::<i64>),
            reviews::stuck_reason.eq(None::<String>),
            reviews::stuck_since.eq(None::<i64>),
        ))
        .execute(tx.conn())?;
    let open = review_stages::table
        .filter(review_stages::review_id.eq(id.to_string()))
        .filter(review_stages::closed_at.is_null());
    diesel::update(open).set(review_stages::closed_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

/// Says which stage of an open review cannot end, and why; or that all can.
pub fn set_stuck(tx: &mut WriteTx<'_>, id: ReviewId, stuck: Option<(usize, &str)>) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(reviews::table.find(id.to_string()))
        .set((
            reviews::stuck_stage.eq(stuck.map(|(stage, _)| i64::try_from(stage).unwrap_or(i64::MAX))),
            reviews::stuck_reason.eq(stuck.map(|(_, reason)| reason.to_owned())),
            reviews::stuck_since.eq(stuck.map(|_| now)),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Open reviews whose revision's window has closed, oldest first, after `after`.
pub fn outlived(conn: &mut Conn, now: Time, after: Option<ReviewId>, limit: i64) -> Result<Vec<ReviewRow>> {
    // No review has an empty id, so this is before the first.
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    Ok(reviews::table
        .inner_join(
            revisions::table
                .on(revisions::item_id.eq(reviews::item_id).and(revisions::revision.eq(reviews::revision))),
        )
        .filter(reviews::state.eq(ReviewState::Open.as_str()))
        .filter(revisions::expires_at.le(now.micros()))
        .filter(reviews::id.gt(after))
        .order(reviews::id.asc())
        .limit(limit)
        .select(ReviewRow::as_select())
        .load(conn)?)
}

/// The revisions of one kind that are under review, by review, after `after`. What was published urgently is approved
/// already, so it is none of them.
pub fn under_review(
    conn: &mut Conn,
    kind: Kind,
    after: Option<ReviewId>,
    limit: i64,
) -> Result<Vec<(ReviewId, RevisionRow)>> {
    // No review has an empty id, so this is before the first.
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    Ok(reviews::table
        .inner_join(
            revisions::table
                .on(revisions::item_id.eq(reviews::item_id).and(revisions::revision.eq(reviews::revision))),
        )
        .filter(reviews::state.eq(ReviewState::Open.as_str()))
        .filter(reviews::kind.eq(kind.as_str()))
        .filter(reviews::id.gt(after))
        .filter(revisions::state.eq(RevisionState::InReview.as_str()))
        .order(reviews::id.asc())
        .limit(limit)
        .select((reviews::id, RevisionRow::as_select()))
        .load(conn)?)
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

/// The open review of an item, of whichever revision.
pub fn open_of(conn: &mut Conn, item: ItemId) -> Result<Option<ReviewRow>> {
    Ok(reviews::table
        .filter(reviews::item_id.eq(item.to_string()))
        .filter(reviews::state.eq(ReviewState::Open.as_str()))
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

/// The reviews with these ids.
pub fn find_all(conn: &mut Conn, ids: &[ReviewId]) -> Result<Vec<ReviewRow>> {
    Ok(reviews::table
        .filter(reviews::id.eq_any(ids.iter().map(ToString::to_string)))
        .select(ReviewRow::as_select())
        .load(conn)?)
}

/// What a list of reviews is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReviewFilter {
    /// Only those in this state.
    pub state: Option<ReviewState>,
    /// Only those of items of this kind.
    pub kind: Option<Kind>,
    /// Only open ones with a stage that was due before this moment.
    pub due_before: Option<Time>,
    /// Only those that cannot end.
    pub stuck: bool,
}

/// Reviews, oldest first, after `after`: the queue in the order in which it was asked for.
pub fn list(
    conn: &mut Conn,
    filter: &ReviewFilter,
    after: Option<ReviewId>,
    limit: i64,
) -> Result<Vec<ReviewRow>> {
    let mut query =
        reviews::table.select(ReviewRow::as_select()).order(reviews::id.asc()).limit(limit).into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(reviews::state.eq(state.as_str()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(reviews::kind.eq(kind.as_str()));
    }
    if let Some(due_before) = filter.due_before {
        query = query.filter(diesel::dsl::exists(
            review_stages::table
                .filter(review_stages::review_id.eq(reviews::id))
                .filter(review_stages::closed_at.is_null())
                .filter(review_stages::due_at.is_not_null())
                .filter(review_stages::due_at.le(due_before.micros())),
        ));
    }
    if filter.stuck {
        query = query.filter(reviews::stuck_since.is_not_null());
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
        decisions::on_behalf_of.eq(row.on_behalf_of.map(|id| id.to_string())),
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
