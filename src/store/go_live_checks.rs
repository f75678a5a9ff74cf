//! Scheduled revisions whose time has come, and which of them were looked at once more.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::connection::Conn;
use super::schema::{go_live_checks, items, revisions};
use super::write::WriteTx;
use crate::domain::ids::{ItemId, Kind};
use crate::domain::lifecycle::RevisionState;
use crate::domain::time::Time;
use crate::error::Result;

/// A scheduled revision whose time has come.
#[derive(Debug, Clone, Queryable)]
pub struct Begun {
    /// The item.
    pub item: ItemId,
    /// What it is.
    pub kind: Kind,
    /// The revision.
    pub revision: i64,
    /// When its time came.
    pub publish_at: Option<Time>,
}

/// Revisions that were approved before their time, whose time came between these moments, and that were not
/// looked at since; the first of them first, after `last`.
pub fn waiting(
    conn: &mut Conn,
    (after, until): (Time, Time),
    last: Option<&Begun>,
    limit: i64,
) -> Result<Vec<Begun>> {
    let at = last.and_then(|last| last.publish_at).map_or(0, Time::micros);
    // No item has an empty id.
    let item = last.map(|last| last.item.to_string()).unwrap_or_default();
    let revision = last.map_or(0, |last| last.revision);
    let later = revisions::item_id
        .gt(item.clone())
        .or(revisions::item_id.eq(item).and(revisions::revision.gt(revision)));
    let checked = go_live_checks::table
        .filter(go_live_checks::item_id.eq(revisions::item_id))
        .filter(go_live_checks::revision.eq(revisions::revision));
    Ok(revisions::table
        .inner_join(items::table.on(items::id.eq(revisions::item_id)))
        .filter(revisions::publish_at.gt(after.micros()))
        .filter(revisions::publish_at.le(until.micros()))
        .filter(revisions::publish_at.ge(at))
        .filter(revisions::publish_at.gt(at).or(later))
        .filter(revisions::state.eq(RevisionState::Approved.as_str()))
        .filter(revisions::approved_at.lt(revisions::publish_at))
        .filter(not(exists(checked)))
        .order((revisions::publish_at.asc(), revisions::item_id.asc(), revisions::revision.asc()))
        .limit(limit)
        .select((revisions::item_id, items::kind, revisions::revision, revisions::publish_at))
        .load(conn)?)
}

/// Whether a revision was looked at.
pub fn is_checked(conn: &mut Conn, item: ItemId, revision: i64) -> Result<bool> {
    let row = go_live_checks::table.find((item.to_string(), revision));
    Ok(diesel::select(exists(row)).get_result(conn)?)
}

/// Keeps that a revision was looked at, and how it was blocked, if it was.
pub fn insert(tx: &mut WriteTx<'_>, item: ItemId, revision: i64, blocked_by: Option<&str>) -> Result<()> {
    let row = (
        go_live_checks::item_id.eq(item.to_string()),
        go_live_checks::revision.eq(revision),
        go_live_checks::checked_at.eq(tx.now().micros()),
        go_live_checks::blocked_by.eq(blocked_by),
    );
    diesel::insert_into(go_live_checks::table).values(row).execute(tx.conn())?;
    Ok(())
}
