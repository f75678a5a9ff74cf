//! Notifications: what each person was told, and whether they have read it.
//!
//! These are written without the record's lock, so they take the connection and the time.

use diesel::prelude::*;
use uuid::Uuid;

use super::announcements::AnnouncementRow;
use super::backend::{self, NewNotification};
use super::connection::Conn;
use super::schema::notifications;
use crate::domain::announcement::{Detail, Topic};
use crate::domain::ids::{ItemId, Kind, NotificationId, PersonId, ReviewId};
use crate::domain::time::Time;
use crate::error::{Error, Result};

/// Rows that one sweep takes.
const A_SWEEP: i64 = 500;

/// Something that a person was told.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = notifications)]
pub struct NotificationRow {
    /// Its id.
    pub id: NotificationId,
    /// What it is about.
    pub topic: Topic,
    /// The item that it is about.
    pub item_id: Option<ItemId>,
    /// What the item is.
    pub kind: Option<Kind>,
    /// The revision.
    pub revision: Option<i64>,
    /// The review that it is about.
    pub review_id: Option<ReviewId>,
    /// The stage of the review, from 0.
    pub stage: Option<i64>,
    /// What else it says, as JSON.
    pub detail: Option<String>,
    /// When it happened.
    pub created_at: Time,
    /// When the person read it.
    pub read_at: Option<Time>,
}

impl NotificationRow {
    /// What else it says, parsed.
    pub fn detail(&self) -> Result<Detail> {
        let detail = self.detail.as_deref().map(serde_json::from_str).transpose();
        Ok(detail.map_err(Error::internal)?.unwrap_or_default())
    }
}

/// Tells these persons; whoever was told of this announcement before is not told again.
pub fn insert_all(conn: &mut Conn, announcement: &AnnouncementRow, persons: &[PersonId]) -> Result<()> {
    let announcement_id = announcement.id.to_string();
    let item_id = announcement.item_id.map(|id| id.to_string());
    let review_id = announcement.review_id.map(|id| id.to_string());
    let row = |person: &PersonId| NewNotification {
        id: Uuid::now_v7().to_string(),
        person_id: person.to_string(),
        announcement_id: &announcement_id,
        topic: announcement.topic.as_str(),
        item_id: item_id.as_deref(),
        kind: announcement.kind.map(Kind::as_str),
        revision: announcement.revision,
        review_id: review_id.as_deref(),
        stage: announcement.stage,
        detail: announcement.detail.as_deref(),
        created_at: announcement.created_at.micros(),
    };
    backend::insert_notifications(conn, &persons.iter().map(row).collect::<Vec<_>>())
}

/// What a person was told, newest first, after `after`; with `unread` only what they have not read.
pub fn list(
    conn: &mut Conn,
    person: PersonId,
    unread: bool,
    after: Option<NotificationId>,
    limit: i64,
) -> Result<Vec<NotificationRow>> {
    let mut query = notifications::table
        .filter(notifications::person_id.eq(person.to_string()))
        .select(NotificationRow::as_select())
        .order(notifications::id.desc())
        .limit(limit)
        .into_boxed();
    if unread {
        query = query.filter(notifications::read_at.is_null());
    }
    if let Some(after) = after {
        query = query.filter(notifications::id.lt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// One thing that this person was told.
pub fn find(conn: &mut Conn, person: PersonId, id: NotificationId) -> Result<Option<NotificationRow>> {
    Ok(notifications::table
        .find(id.to_string())
        .filter(notifications::person_id.eq(person.to_string()))
        .select(NotificationRow::as_select())
        .first(conn)
        .optional()?)
}

/// Says that this person read it now; what was read before stays as it is.
pub fn mark_read(conn: &mut Conn, person: PersonId, id: NotificationId, now: Time) -> Result<()> {
    let unread = notifications::table
        .find(id.to_string())
        .filter(notifications::person_id.eq(person.to_string()))
        .filter(notifications::read_at.is_null());
    diesel::update(unread).set(notifications::read_at.eq(now.micros())).execute(conn)?;
    Ok(())
}

/// Forgets up to 500 notifications of what happened before `before`, and answers how many; with
/// `only_read` those that were not read stay.
pub fn sweep(conn: &mut Conn, before: Time, only_read: bool) -> Result<usize> {
    let mut query = notifications::table
        .filter(notifications::created_at.lt(before.micros()))
        .select(notifications::id)
        .limit(A_SWEEP)
        .into_boxed();
    if only_read {
        query = query.filter(notifications::read_at.is_not_null());
    }
    let ids: Vec<String> = query.load(conn)?;
    Ok(diesel::delete(notifications::table.filter(notifications::id.eq_any(&ids))).execute(conn)?)
}
