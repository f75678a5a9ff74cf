//! Announcements: what is to be told to people, from when it happened until it was spread to them.

use diesel::prelude::*;

use super::backend::{self, NewAnnouncementRow};
use super::connection::Conn;
use super::schema::announcements;
use super::write::WriteTx;
use crate::domain::announcement::{Detail, Recipients, Subject, Topic, id_of_part};
use crate::domain::ids::{AnnouncementId, ItemId, Kind, ReviewId};
use crate::domain::time::Time;
use crate::error::{Error, Result};

/// Rows that one sweep takes.
const A_SWEEP: i64 = 500;

/// Something to be told.
#[derive(Debug, Clone)]
pub struct NewAnnouncement {
    /// What it is about.
    pub topic: Topic,
    /// The revision that it is about, if it is about one.
    pub subject: Option<Subject>,
    /// The review that it is about.
    pub review: Option<ReviewId>,
    /// The stage of the review, from 0.
    pub stage: Option<usize>,
    /// Who is told.
    pub recipients: Recipients,
    /// What else it says.
    pub detail: Detail,
}

/// An announcement that was made.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = announcements)]
pub struct AnnouncementRow {
    /// Its id.
    pub id: AnnouncementId,
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
    /// Who is told, as JSON.
    pub recipients: String,
    /// What else it says, as JSON.
    pub detail: Option<String>,
    /// When it happened.
    pub created_at: Time,
}

impl AnnouncementRow {
    /// Who is told, parsed.
    pub fn recipients(&self) -> Result<Recipients> {
        serde_json::from_str(&self.recipients).map_err(Error::internal)
    }
}

/// Announces something, in the transaction in which it happens. It is told when that has committed.
pub fn announce(tx: &mut WriteTx<'_>, new: &NewAnnouncement) -> Result<()> {
    let detail = if new.detail.is_empty() { None } else { Some(json(&new.detail)?) };
    let row = (
        announcements::id.eq(AnnouncementId::generate().to_string()),
        announcements::topic.eq(new.topic.as_str()),
        announcements::item_id.eq(new.subject.map(|subject| subject.item.to_string())),
        announcements::kind.eq(new.subject.map(|subject| subject.kind.as_str())),
        announcements::revision.eq(new.subject.map(|subject| subject.revision)),
        announcements::review_id.eq(new.review.map(|review| review.to_string())),
        announcements::stage.eq(new.stage.map(|stage| i64::try_from(stage).unwrap_or(i64::MAX))),
        announcements::recipients.eq(json(&new.recipients)?),
        announcements::detail.eq(detail),
        announcements::created_at.eq(tx.now().micros()),
    );
    diesel::insert_into(announcements::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// What is announced about one of many posts.
#[derive(Debug, Clone)]
pub struct Part {
    /// The post.
    pub post: ItemId,
    /// The revision of it.
    pub revision: i64,
    /// Who is told.
    pub recipients: Recipients,
}

/// Announces about each of these posts what was announced about all of them; what was announced before is not announced
/// again. It is written without the record's lock.
pub fn announce_parts(conn: &mut Conn, whole: &AnnouncementRow, parts: &[Part]) -> Result<()> {
    let row = |part: &Part| {
        Ok(NewAnnouncementRow {
            id: id_of_part(whole.id, part.post).to_string(),
            topic: whole.topic.as_str(),
            item_id: part.post.to_string(),
            kind: Kind::Post.as_str(),
            revision: part.revision,
            recipients: json(&part.recipients)?,
            detail: whole.detail.as_deref(),
            created_at: whole.created_at.micros(),
        })
    };
    backend::insert_announcements(conn, &parts.iter().map(row).collect::<Result<Vec<_>>>()?)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// The announcements that are not spread yet, oldest first, after `after`.
pub fn waiting(conn: &mut Conn, after: Option<AnnouncementId>, limit: i64) -> Result<Vec<AnnouncementRow>> {
    let mut query = announcements::table
        .filter(announcements::spread_at.is_null())
        .select(AnnouncementRow::as_select())
        .order(announcements::id.asc())
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(announcements::id.gt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// Whether an announcement is not spread yet.
pub fn is_waiting(conn: &mut Conn, id: AnnouncementId) -> Result<bool> {
    let row = announcements::table.find(id.to_string()).filter(announcements::spread_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(row)).get_result(conn)?)
}

/// Says that everybody whom an announcement is for was told; whoever says it first is believed.
pub fn mark_spread(conn: &mut Conn, id: AnnouncementId, now: Time) -> Result<()> {
    let row = announcements::table.find(id.to_string()).filter(announcements::spread_at.is_null());
    diesel::update(row).set(announcements::spread_at.eq(now.micros())).execute(conn)?;
    Ok(())
}

/// Forgets up to 500 announcements from before `before` that were spread; answers how many. The
/// notifications of that time go before them.
pub fn sweep(conn: &mut Conn, before: Time) -> Result<usize> {
    let ids: Vec<String> = announcements::table
        .filter(announcements::spread_at.is_not_null())
        .filter(announcements::created_at.lt(before.micros()))
        .select(announcements::id)
        .limit(A_SWEEP)
        .load(conn)?;
    Ok(diesel::delete(announcements::table.filter(announcements::id.eq_any(&ids))).execute(conn)?)
}
