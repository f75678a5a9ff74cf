//! Changes that reviewers suggest to authors, and which of them were taken.

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::review_suggestions;
use super::write::WriteTx;
use crate::domain::ids::{PersonId, ReviewId, SuggestionId};
use crate::domain::suggestion::Edit;
use crate::domain::time::Time;
use crate::error::{Error, Result};

/// One suggestion.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = review_suggestions)]
pub struct SuggestionRow {
    /// Its id.
    pub id: SuggestionId,
    /// The review.
    pub review_id: ReviewId,
    /// What is to change, as JSON.
    pub changes: String,
    /// Why.
    pub reason: String,
    /// Who suggests it; `None` once erased.
    pub person_id: Option<PersonId>,
    /// When.
    pub created_at: Time,
    /// Its index in the record.
    pub idx: i64,
    /// Who took it; `None` once erased, or while nobody has.
    pub accepted_by: Option<PersonId>,
    /// When somebody took it.
    pub accepted_at: Option<Time>,
    /// The index of that in the record.
    pub accepted_idx: Option<i64>,
    /// The draft that it went into.
    pub accepted_revision: Option<i64>,
}

impl SuggestionRow {
    /// What is to change, parsed.
    pub fn edits(&self) -> Result<Vec<Edit>> {
        serde_json::from_str(&self.changes).map_err(Error::internal)
    }
}

/// A suggestion that was not taken yet.
#[derive(Debug)]
pub struct NewSuggestion<'a> {
    /// Its id.
    pub id: SuggestionId,
    /// The review.
    pub review: ReviewId,
    /// What is to change, as JSON.
    pub changes: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Who suggests it.
    pub person: PersonId,
    /// Its index in the record.
    pub idx: i64,
}

/// Writes a suggestion that stands at its index in the record.
pub fn insert(tx: &mut WriteTx<'_>, suggestion: &NewSuggestion<'_>) -> Result<()> {
    let values = (
        review_suggestions::id.eq(suggestion.id.to_string()),
        review_suggestions::review_id.eq(suggestion.review.to_string()),
        review_suggestions::changes.eq(suggestion.changes),
        review_suggestions::reason.eq(suggestion.reason),
        review_suggestions::person_id.eq(suggestion.person.to_string()),
        review_suggestions::created_at.eq(tx.now().micros()),
        review_suggestions::idx.eq(suggestion.idx),
    );
    diesel::insert_into(review_suggestions::table).values(values).execute(tx.conn())?;
    Ok(())
}

/// Says who took a suggestion, into which draft, by the entry at `idx`.
pub fn accept(
    tx: &mut WriteTx<'_>,
    id: SuggestionId,
    person: PersonId,
    revision: i64,
    idx: i64,
) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(review_suggestions::table.find(id.to_string()))
        .set((
            review_suggestions::accepted_by.eq(person.to_string()),
            review_suggestions::accepted_at.eq(now),
            review_suggestions::accepted_idx.eq(idx),
            review_suggestions::accepted_revision.eq(revision),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// One suggestion.
pub fn find(conn: &mut Conn, id: SuggestionId) -> Result<Option<SuggestionRow>> {
    Ok(review_suggestions::table
        .find(id.to_string())
        .select(SuggestionRow::as_select())
        .first(conn)
        .optional()?)
}

/// The suggestions of a review in the order of the record, above index `above`.
pub fn list(conn: &mut Conn, review: ReviewId, above: Option<i64>, limit: i64) -> Result<Vec<SuggestionRow>> {
    let mut query = review_suggestions::table
        .filter(review_suggestions::review_id.eq(review.to_string()))
        .select(SuggestionRow::as_select())
        .order(review_suggestions::idx.asc())
        .limit(limit)
        .into_boxed();
    if let Some(above) = above {
        query = query.filter(review_suggestions::idx.gt(above));
    }
    Ok(query.load(conn)?)
}
