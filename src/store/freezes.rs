//! Freezes: stopping all sharing, or that of one channel, for a while.

use std::time::Duration;

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::freezes;
use super::write::WriteTx;
use crate::domain::ids::{FreezeId, PersonId};
use crate::domain::time::Time;
use crate::error::Result;

/// One freeze.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = freezes)]
pub struct FreezeRow {
    /// Its id.
    pub id: FreezeId,
    /// The channel that it stops; all of them when absent.
    pub channel: Option<String>,
    /// Why.
    pub reason: String,
    /// Who began it; `None` once erased.
    pub person_id: Option<PersonId>,
    /// When it began.
    pub from_at: Time,
    /// When it ends by itself.
    pub until_at: Time,
    /// When somebody ended it before that.
    pub ended_at: Option<Time>,
    /// The index of its beginning.
    pub idx: i64,
}

impl FreezeRow {
    /// Whether it stops shares on `channel` at `now`.
    pub fn stops(&self, channel: &str, now: Time) -> bool {
        self.holds(now) && self.concerns(channel)
    }

    /// Whether it is in force at `now`. A freeze begins with its entry and not by a clock: a node whose
    /// clock is behind that of the node which began it must not wait for it (R17).
    pub fn holds(&self, now: Time) -> bool {
        now < self.end()
    }

    /// Whether it is about `channel`.
    pub fn concerns(&self, channel: &str) -> bool {
        self.channel.as_deref().is_none_or(|frozen| frozen == channel)
    }

    /// When it ended or will end.
    pub fn end(&self) -> Time {
        self.ended_at.map_or(self.until_at, |ended| ended.min(self.until_at))
    }
}

/// Begins a freeze that stands at `idx` in the record.
pub fn insert(
    tx: &mut WriteTx<'_>,
    id: FreezeId,
    channel: Option<&str>,
    reason: &str,
    until: Time,
    person: PersonId,
    idx: i64,
) -> Result<()> {
    let row = (
        freezes::id.eq(id.to_string()),
        freezes::channel.eq(channel),
        freezes::reason.eq(reason),
        freezes::person_id.eq(person.to_string()),
        freezes::from_at.eq(tx.now().micros()),
        freezes::until_at.eq(until.micros()),
        freezes::idx.eq(idx),
    );
    diesel::insert_into(freezes::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Ends a freeze by the entry at `idx`.
pub fn end(tx: &mut WriteTx<'_>, id: FreezeId, idx: i64) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(freezes::table.find(id.to_string()))
        .set((freezes::ended_at.eq(now), freezes::ended_idx.eq(idx)))
        .execute(tx.conn())?;
    Ok(())
}

/// One freeze.
pub fn find(conn: &mut Conn, id: FreezeId) -> Result<Option<FreezeRow>> {
    Ok(freezes::table.find(id.to_string()).select(FreezeRow::as_select()).first(conn).optional()?)
}

/// The freezes that may hold at `now` or later, and those that ended by themselves within the hour before:
/// a clock that is set back must find them again.
pub fn open(conn: &mut Conn, now: Time) -> Result<Vec<FreezeRow>> {
    let recent = now.before(Duration::from_secs(3600));
    Ok(freezes::table
        .filter(freezes::until_at.gt(recent.micros()))
        .filter(freezes::ended_at.is_null())
        .order(freezes::id.asc())
        .select(FreezeRow::as_select())
        .load(conn)?)
}

/// The freezes that held at some moment between the two.
pub fn between(conn: &mut Conn, from: Time, to: Time) -> Result<Vec<FreezeRow>> {
    Ok(freezes::table
        .filter(freezes::until_at.gt(from.micros()))
        .filter(freezes::from_at.lt(to.micros()))
        .order(freezes::from_at.asc())
        .select(FreezeRow::as_select())
        .load(conn)?)
}

/// Freezes, newest first, after `after`.
pub fn list(conn: &mut Conn, after: Option<FreezeId>, limit: i64) -> Result<Vec<FreezeRow>> {
    let mut query =
        freezes::table.select(FreezeRow::as_select()).order(freezes::id.desc()).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(freezes::id.lt(after.to_string()));
    }
    Ok(query.load(conn)?)
}
