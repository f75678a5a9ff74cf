//! The stages of reviews as they ran: when each opened and is due, who was asked, and to whom it was given.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::{review_asked, review_pools, review_stages};
use super::write::WriteTx;
use crate::domain::ids::{PersonId, ReviewId};
use crate::domain::time::Time;
use crate::domain::workflow::Reviewers;
use crate::error::{Error, Result};

/// A stage that opened.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = review_stages)]
pub struct StageRow {
    /// The review.
    pub review_id: ReviewId,
    /// The stage, from 0.
    pub stage: i64,
    /// When it opened.
    pub opened_at: Time,
    /// When those who are waited for are reminded.
    pub remind_at: Option<Time>,
    /// When it is overdue.
    pub due_at: Option<Time>,
    /// When they were reminded.
    pub reminded_at: Option<Time>,
    /// When it was noticed that it is overdue.
    pub overdue_at: Option<Time>,
    /// When it passed, or the review ended.
    pub closed_at: Option<Time>,
}

/// Opens a stage, and keeps who is asked, where everybody is.
pub fn open(
    tx: &mut WriteTx<'_>,
    review: ReviewId,
    stage: usize,
    (remind_at, due_at): (Option<Time>, Option<Time>),
    asked: &[Option<PersonId>],
) -> Result<()> {
    let row = (
        review_stages::review_id.eq(review.to_string()),
        review_stages::stage.eq(number(stage)),
        review_stages::opened_at.eq(tx.now().micros()),
        review_stages::remind_at.eq(remind_at.map(Time::micros)),
        review_stages::due_at.eq(due_at.map(Time::micros)),
    );
    diesel::insert_into(review_stages::table).values(row).execute(tx.conn())?;
    ask(tx, review, stage, asked)
}

/// Keeps that these persons are asked.
fn ask(tx: &mut WriteTx<'_>, review: ReviewId, stage: usize, asked: &[Option<PersonId>]) -> Result<()> {
    for person in asked {
        let row = (
            review_asked::id.eq(uuid::Uuid::now_v7().to_string()),
            review_asked::review_id.eq(review.to_string()),
            review_asked::stage.eq(number(stage)),
            review_asked::person_id.eq(person.map(|person| person.to_string())),
        );
        diesel::insert_into(review_asked::table).values(row).execute(tx.conn())?;
    }
    Ok(())
}

/// Asks these persons instead of those who were asked so far; `None` stands for somebody who was erased.
pub fn ask_instead(
    tx: &mut WriteTx<'_>,
    review: ReviewId,
    stage: usize,
    asked: &[Option<PersonId>],
) -> Result<()> {
    let now = tx.now().micros();
    let present = review_asked::table
        .filter(review_asked::review_id.eq(review.to_string()))
        .filter(review_asked::stage.eq(number(stage)))
        .filter(review_asked::until_at.is_null());
    diesel::update(present).set(review_asked::until_at.eq(now)).execute(tx.conn())?;
    ask(tx, review, stage, asked)
}

/// Begins the time of an open stage anew, by the reassignment at `idx` of the record.
pub fn restart(
    tx: &mut WriteTx<'_>,
    review: ReviewId,
    stage: usize,
    (remind_at, due_at): (Option<Time>, Option<Time>),
    idx: i64,
) -> Result<()> {
    diesel::update(review_stages::table.find((review.to_string(), number(stage))))
        .set((
            review_stages::remind_at.eq(remind_at.map(Time::micros)),
            review_stages::due_at.eq(due_at.map(Time::micros)),
            review_stages::reminded_at.eq(None::<i64>),
            review_stages::overdue_at.eq(None::<i64>),
            review_stages::restarted_idx.eq(idx),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Closes a stage that passed.
pub fn close(tx: &mut WriteTx<'_>, review: ReviewId, stage: usize) -> Result<()> {
    let now = tx.now().micros();
    let open = review_stages::table
        .find((review.to_string(), number(stage)))
        .filter(review_stages::closed_at.is_null());
    diesel::update(open).set(review_stages::closed_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

/// Says that those who are waited for were reminded.
pub fn set_reminded(tx: &mut WriteTx<'_>, review: ReviewId, stage: usize) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(review_stages::table.find((review.to_string(), number(stage))))
        .set(review_stages::reminded_at.eq(now))
        .execute(tx.conn())?;
    Ok(())
}

/// Says that it was noticed that the stage is overdue.
pub fn set_overdue(tx: &mut WriteTx<'_>, review: ReviewId, stage: usize) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(review_stages::table.find((review.to_string(), number(stage))))
        .set(review_stages::overdue_at.eq(now))
        .execute(tx.conn())?;
    Ok(())
}

/// Stages of open reviews whose persons are to be reminded by now, after `after`; the first of them first.
pub fn to_remind(conn: &mut Conn, now: Time, after: Option<&StageRow>, limit: i64) -> Result<Vec<StageRow>> {
    let (at, review, stage) = place(after, |row| row.remind_at);
    let later = review_stages::review_id
        .gt(review.clone())
        .or(review_stages::review_id.eq(review).and(review_stages::stage.gt(stage)));
    Ok(review_stages::table
        .filter(review_stages::remind_at.is_not_null())
        .filter(review_stages::remind_at.le(now.micros()))
        .filter(review_stages::remind_at.ge(at))
        .filter(review_stages::remind_at.gt(at).or(later))
        .filter(review_stages::reminded_at.is_null())
        .filter(review_stages::closed_at.is_null())
        .order((review_stages::remind_at.asc(), review_stages::review_id.asc(), review_stages::stage.asc()))
        .limit(limit)
        .select(StageRow::as_select())
        .load(conn)?)
}

/// Stages of open reviews that are overdue by now and were not noticed yet, after `after`; the first of them
/// first.
pub fn to_escalate(
    conn: &mut Conn,
    now: Time,
    after: Option<&StageRow>,
    limit: i64,
) -> Result<Vec<StageRow>> {
    let (at, review, stage) = place(after, |row| row.due_at);
    let later = review_stages::review_id
        .gt(review.clone())
        .or(review_stages::review_id.eq(review).and(review_stages::stage.gt(stage)));
    Ok(review_stages::table
        .filter(review_stages::due_at.is_not_null())
        .filter(review_stages::due_at.le(now.micros()))
        .filter(review_stages::due_at.ge(at))
        .filter(review_stages::due_at.gt(at).or(later))
        .filter(review_stages::overdue_at.is_null())
        .filter(review_stages::closed_at.is_null())
        .order((review_stages::due_at.asc(), review_stages::review_id.asc(), review_stages::stage.asc()))
        .limit(limit)
        .select(StageRow::as_select())
        .load(conn)?)
}

/// Where a list of stages goes on, by a date of theirs: before the first, where there was no page yet.
fn place(after: Option<&StageRow>, date: impl Fn(&StageRow) -> Option<Time>) -> (i64, String, i64) {
    let at = after.and_then(date).map_or(0, Time::micros);
    // No review has an empty id.
    let review = after.map(|row| row.review_id.to_string()).unwrap_or_default();
    (at, review, after.map_or(0, |row| row.stage))
}

/// The stages of these reviews that opened, in their order.
pub fn of(conn: &mut Conn, reviews: &[ReviewId]) -> Result<Vec<StageRow>> {
    Ok(review_stages::table
        .filter(review_stages::review_id.eq_any(reviews.iter().map(ToString::to_string)))
        .order((review_stages::review_id.asc(), review_stages::stage.asc()))
        .select(StageRow::as_select())
        .load(conn)?)
}

/// Who is asked, by review and stage.
pub type Asked = HashMap<(ReviewId, i64), Vec<Option<PersonId>>>;

/// Who is asked in the stages of these reviews that ask everybody: those who were erased since count with
/// `None`.
pub fn asked(conn: &mut Conn, reviews: &[ReviewId]) -> Result<Asked> {
    let rows: Vec<(ReviewId, i64, Option<PersonId>)> = review_asked::table
        .filter(review_asked::review_id.eq_any(reviews.iter().map(ToString::to_string)))
        .filter(review_asked::until_at.is_null())
        .order(review_asked::id.asc())
        .select((review_asked::review_id, review_asked::stage, review_asked::person_id))
        .load(conn)?;
    let mut asked = Asked::new();
    for (review, stage, person) in rows {
        asked.entry((review, stage)).or_default().push(person);
    }
    Ok(asked)
}

/// A pool that a stage got after the review opened. `reviewers` is JSON.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = review_pools)]
pub struct PoolRow {
    /// The review.
    pub review_id: ReviewId,
    /// The stage, from 0.
    pub stage: i64,
    /// Who may decide.
    pub reviewers: String,
    /// `reassignment`, which replaces every pool before, or `escalation`, which adds to them.
    pub cause: String,
    /// Why it was given to others.
    pub reason: Option<String>,
    /// Who did so; `None` for an escalation, or once erased.
    pub person_id: Option<PersonId>,
    /// Since when.
    pub from_at: Time,
    /// Its index in the record.
    pub idx: i64,
}

/// That stages were given to others, as `cause` says it.
pub const REASSIGNMENT: &str = "reassignment";
/// That others were added to a stage that was overdue.
pub const ESCALATION: &str = "escalation";

impl PoolRow {
    /// The pool, parsed.
    pub fn reviewers(&self) -> Result<Reviewers> {
        serde_json::from_str(&self.reviewers).map_err(Error::internal)
    }

    /// Whether it replaces the pools before it.
    pub fn replaces(&self) -> bool {
        self.cause == REASSIGNMENT
    }
}

/// Gives a stage to others: with a reason and who did so, or as an escalation without either.
pub fn insert_pool(
    tx: &mut WriteTx<'_>,
    (review, stage): (ReviewId, usize),
    reviewers: &Reviewers,
    because: Option<(&str, Option<PersonId>)>,
    idx: i64,
) -> Result<()> {
    let (reason, person) = because.map_or((None, None), |(reason, person)| (Some(reason), person));
    let row = (
        review_pools::id.eq(uuid::Uuid::now_v7().to_string()),
        review_pools::review_id.eq(review.to_string()),
        review_pools::stage.eq(number(stage)),
        review_pools::reviewers.eq(serde_json_canonicalizer::to_string(reviewers).map_err(Error::internal)?),
        review_pools::cause.eq(if reason.is_some() { REASSIGNMENT } else { ESCALATION }),
        review_pools::reason.eq(reason),
        review_pools::person_id.eq(person.map(|person| person.to_string())),
        review_pools::from_at.eq(tx.now().micros()),
        review_pools::idx.eq(idx),
    );
    diesel::insert_into(review_pools::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// The pools that stages of these reviews got since they opened, in the order of the record.
pub fn pools(conn: &mut Conn, reviews: &[ReviewId]) -> Result<Vec<PoolRow>> {
    Ok(review_pools::table
        .filter(review_pools::review_id.eq_any(reviews.iter().map(ToString::to_string)))
        .order(review_pools::idx.asc())
        .select(PoolRow::as_select())
        .load(conn)?)
}

fn number(stage: usize) -> i64 {
    i64::try_from(stage).unwrap_or(i64::MAX)
}
