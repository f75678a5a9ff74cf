//! What authors and reviewers say about a revision.

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::review_comments;
use super::write::WriteTx;
use crate::domain::ids::{CommentId, PersonId, ReviewId};
use crate::domain::time::Time;
use crate::error::Result;

/// One comment.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = review_comments)]
pub struct CommentRow {
    /// Its id.
    pub id: CommentId,
    /// The review.
    pub review_id: ReviewId,
    /// The stage that it was made in, from 0.
    pub stage: i64,
    /// The place in the revision's content; `None` is about all of it.
    pub pointer: Option<String>,
    /// What was said.
    pub text: String,
    /// The comment that it answers.
    pub reply_to: Option<CommentId>,
    /// Who said it; `None` once erased.
    pub person_id: Option<PersonId>,
    /// When.
    pub created_at: Time,
    /// Its index in the record.
    pub idx: i64,
}

/// Writes a comment that stands at its index in the record.
pub fn insert(tx: &mut WriteTx<'_>, row: &CommentRow) -> Result<()> {
    let values = (
        review_comments::id.eq(row.id.to_string()),
        review_comments::review_id.eq(row.review_id.to_string()),
        review_comments::stage.eq(row.stage),
        review_comments::pointer.eq(row.pointer.as_deref()),
        review_comments::text.eq(&row.text),
        review_comments::reply_to.eq(row.reply_to.map(|id| id.to_string())),
        review_comments::person_id.eq(row.person_id.map(|id| id.to_string())),
        review_comments::created_at.eq(row.created_at.micros()),
        review_comments::idx.eq(row.idx),
    );
    diesel::insert_into(review_comments::table).values(values).execute(tx.conn())?;
    Ok(())
}

/// One comment.
pub fn find(conn: &mut Conn, id: CommentId) -> Result<Option<CommentRow>> {
    Ok(review_comments::table.find(id.to_string()).select(CommentRow::as_select()).first(conn).optional()?)
}

/// The comments of a review in the order of the record, above index `above`.
pub fn list(conn: &mut Conn, review: ReviewId, above: Option<i64>, limit: i64) -> Result<Vec<CommentRow>> {
    let mut query = review_comments::table
        .filter(review_comments::review_id.eq(review.to_string()))
        .select(CommentRow::as_select())
        .order(review_comments::idx.asc())
        .limit(limit)
        .into_boxed();
    if let Some(above) = above {
        query = query.filter(review_comments::idx.gt(above));
    }
    Ok(query.load(conn)?)
}

/// The places that comments of a stage point at, each with who said so.
pub fn pointers(conn: &mut Conn, review: ReviewId, stage: usize) -> Result<Vec<(String, Option<PersonId>)>> {
    Ok(review_comments::table
        .filter(review_comments::review_id.eq(review.to_string()))
        .filter(review_comments::stage.eq(i64::try_from(stage).unwrap_or(i64::MAX)))
        .filter(review_comments::pointer.is_not_null())
        .select((review_comments::pointer.assume_not_null(), review_comments::person_id))
        .load(conn)?)
}
