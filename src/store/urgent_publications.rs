//! Urgent publications, and what their reviews led to.

use diesel::prelude::*;

use super::connection::Conn;
use super::items::IDS_A_QUERY;
use super::schema::{reviews, urgent_publications};
use super::write::WriteTx;
use crate::domain::ids::{Digest, ItemId, PersonId, ReviewId};
use crate::domain::review::ReviewState;
use crate::domain::time::Time;
use crate::domain::urgent::{Urgent, UrgentOutcome, UrgentState};
use crate::error::Result;

/// One urgent publication.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = urgent_publications)]
pub struct UrgentRow {
    /// The post.
    pub item_id: ItemId,
    /// The revision that was published.
    pub revision: i64,
    /// Its frozen digest.
    pub digest: Digest,
    /// Who published it; `None` once erased.
    pub person_id: Option<PersonId>,
    /// Why.
    pub reason: String,
    /// The index of its entry, which is the revision's approval.
    pub idx: i64,
    /// When.
    pub published_at: Time,
    /// When its review must have ended.
    pub review_by: Time,
    /// Its review.
    pub review_id: ReviewId,
    /// What that led to.
    pub outcome: Option<UrgentOutcome>,
    /// When it did.
    pub outcome_at: Option<Time>,
    /// The index of the decision by which it did.
    pub outcome_idx: Option<i64>,
}

impl UrgentRow {
    /// What availability needs of it.
    pub fn urgent(&self) -> Urgent {
        Urgent { review_by: self.review_by, outcome: self.outcome.zip(self.outcome_at) }
    }

    /// Whether its review had approved it before the entry at `idx`.
    pub fn was_confirmed_before(&self, idx: i64) -> bool {
        self.outcome == Some(UrgentOutcome::Confirmed) && self.outcome_idx.is_some_and(|at| at < idx)
    }
}

/// An urgent publication together with the state of its review.
#[derive(Debug, Clone)]
pub struct Reviewed {
    /// The publication.
    pub row: UrgentRow,
    /// What its review is in.
    pub review: ReviewState,
}

impl Reviewed {
    /// Whether its review is still open.
    pub fn is_open(&self) -> bool {
        self.review == ReviewState::Open
    }

    /// What it waits for, or came to.
    pub fn state(&self, now: Time) -> UrgentState {
        self.row.urgent().state(self.is_open(), now)
    }
}

/// Writes an urgent publication that stands at its index in the record.
pub fn insert(tx: &mut WriteTx<'_>, row: &UrgentRow) -> Result<()> {
    let values = (
        urgent_publications::item_id.eq(row.item_id.to_string()),
        urgent_publications::revision.eq(row.revision),
        urgent_publications::digest.eq(row.digest.as_str()),
        urgent_publications::person_id.eq(row.person_id.map(|id| id.to_string())),
        urgent_publications::reason.eq(row.reason.as_str()),
        urgent_publications::idx.eq(row.idx),
        urgent_publications::published_at.eq(row.published_at.micros()),
        urgent_publications::review_by.eq(row.review_by.micros()),
        urgent_publications::review_id.eq(row.review_id.to_string()),
    );
    diesel::insert_into(urgent_publications::table).values(values).execute(tx.conn())?;
    Ok(())
}

/// Says what a review led to, by the decision that stands at `idx` in the record.
pub fn set_outcome(tx: &mut WriteTx<'_>, review: ReviewId, outcome: UrgentOutcome, idx: i64) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(urgent_publications::table.filter(urgent_publications::review_id.eq(review.to_string())))
        .set((
            urgent_publications::outcome.eq(outcome.as_str()),
            urgent_publications::outcome_at.eq(now),
            urgent_publications::outcome_idx.eq(idx),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The urgent publications of these items.
pub fn of_items(conn: &mut Conn, ids: &[ItemId]) -> Result<Vec<UrgentRow>> {
    let mut found = Vec::new();
    for part in ids.chunks(IDS_A_QUERY) {
        let rows = urgent_publications::table
            .filter(urgent_publications::item_id.eq_any(part.iter().map(ToString::to_string)))
            .select(UrgentRow::as_select())
            .load::<UrgentRow>(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The urgent publications that these reviews follow.
pub fn of_reviews(conn: &mut Conn, ids: &[ReviewId]) -> Result<Vec<UrgentRow>> {
    Ok(urgent_publications::table
        .filter(urgent_publications::review_id.eq_any(ids.iter().map(ToString::to_string)))
        .select(UrgentRow::as_select())
        .load(conn)?)
}

/// Urgent publications, newest first, below an index of the record; only those in a state, if one is named.
pub fn list(
    conn: &mut Conn,
    state: Option<UrgentState>,
    below: Option<i64>,
    limit: i64,
    now: Time,
) -> Result<Vec<Reviewed>> {
    let mut query = urgent_publications::table
        .inner_join(reviews::table.on(reviews::id.eq(urgent_publications::review_id)))
        .select((UrgentRow::as_select(), reviews::state))
        .order(urgent_publications::idx.desc())
        .limit(limit)
        .into_boxed();
    let open = ReviewState::Open.as_str();
    query = match state {
        None => query,
        Some(UrgentState::Confirmed) => {
            query.filter(urgent_publications::outcome.eq(UrgentOutcome::Confirmed.as_str()))
        }
        Some(UrgentState::Refused) => {
            query.filter(urgent_publications::outcome.eq(UrgentOutcome::Refused.as_str()))
        }
        Some(UrgentState::Ended) => {
            query.filter(urgent_publications::outcome.is_null()).filter(reviews::state.ne(open))
        }
        Some(UrgentState::Awaiting) => query
            .filter(urgent_publications::outcome.is_null())
            .filter(reviews::state.eq(open))
            .filter(urgent_publications::review_by.gt(now.micros())),
        Some(UrgentState::Overdue) => query
            .filter(urgent_publications::outcome.is_null())
            .filter(reviews::state.eq(open))
            .filter(urgent_publications::review_by.le(now.micros())),
    };
    if let Some(below) = below {
        query = query.filter(urgent_publications::idx.lt(below));
    }
    let rows: Vec<(UrgentRow, ReviewState)> = query.load(conn)?;
    Ok(rows.into_iter().map(reviewed).collect())
}

/// The urgent publications of a span of time, in their order, after an index of the record.
pub fn between(
    conn: &mut Conn,
    (from, to): (Time, Time),
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Reviewed>> {
    let rows: Vec<(UrgentRow, ReviewState)> = urgent_publications::table
        .inner_join(reviews::table.on(reviews::id.eq(urgent_publications::review_id)))
        .filter(urgent_publications::published_at.ge(from.micros()))
        .filter(urgent_publications::published_at.lt(to.micros()))
        .filter(urgent_publications::idx.gt(after.unwrap_or(-1)))
        .order(urgent_publications::idx.asc())
        .limit(limit)
        .select((UrgentRow::as_select(), reviews::state))
        .load(conn)?;
    Ok(rows.into_iter().map(reviewed).collect())
}

fn reviewed((row, review): (UrgentRow, ReviewState)) -> Reviewed {
    Reviewed { row, review }
}

/// Publications that nobody has reviewed in time, and of which that was not noticed yet; the first of them
/// first, after `after`.
pub fn overdue(conn: &mut Conn, now: Time, after: Option<&UrgentRow>, limit: i64) -> Result<Vec<UrgentRow>> {
    let by = after.map_or(0, |row| row.review_by.micros());
    // No entry of the record has an index below 0.
    let idx = after.map_or(-1, |row| row.idx);
    let later = urgent_publications::review_by.eq(by).and(urgent_publications::idx.gt(idx));
    Ok(urgent_publications::table
        .filter(urgent_publications::review_by.le(now.micros()))
        .filter(urgent_publications::review_by.ge(by))
        .filter(urgent_publications::review_by.gt(by).or(later))
        .filter(urgent_publications::outcome.is_null())
        .filter(urgent_publications::overdue_at.is_null())
        .order((urgent_publications::review_by.asc(), urgent_publications::idx.asc()))
        .limit(limit)
        .select(UrgentRow::as_select())
        .load(conn)?)
}

/// Keeps that it was noticed that nobody had reviewed a publication in time; `false` where somebody was
/// quicker, or it has been reviewed since.
pub fn set_overdue(tx: &mut WriteTx<'_>, row: &UrgentRow) -> Result<bool> {
    let now = tx.now().micros();
    let waiting = urgent_publications::table
        .find((row.item_id.to_string(), row.revision))
        .filter(urgent_publications::outcome.is_null())
        .filter(urgent_publications::overdue_at.is_null());
    let hit = diesel::update(waiting).set(urgent_publications::overdue_at.eq(now)).execute(tx.conn())?;
    Ok(hit == 1)
}
