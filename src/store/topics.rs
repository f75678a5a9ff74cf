//! Topics: what posts are about, by key.

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::topics;
use super::types::unique_violation;
use super::write::WriteTx;
use crate::domain::ids::Key;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};

/// One topic.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = topics)]
pub struct TopicRow {
    /// What content refers to it by; it is used once.
    pub key: Key,
    /// Its name.
    pub name: String,
    /// For whom posts about it are, in a note to authors.
    pub audience_note: Option<String>,
    /// Counts its changes; the `ETag`.
    pub version: i64,
    /// When it was registered.
    pub created_at: Time,
    /// When it was ended.
    pub ended_at: Option<Time>,
    /// The index of the entry that registered it; none between an upgrade and the start after it.
    pub created_idx: Option<i64>,
}

/// Writes a new topic whose entry is at `idx`; a key that was used before is refused as `already_exists`.
pub fn insert(
    tx: &mut WriteTx<'_>,
    key: &Key,
    name: &str,
    audience_note: Option<&str>,
    idx: i64,
) -> Result<()> {
    let row = (
        topics::key.eq(key.as_str()),
        topics::name.eq(name),
        topics::audience_note.eq(audience_note),
        topics::version.eq(1),
        topics::created_at.eq(tx.now().micros()),
        topics::created_idx.eq(idx),
    );
    diesel::insert_into(topics::table).values(row).execute(tx.conn()).map_err(|error| {
        unique_violation(error, || {
            let detail =
                format!("There is a topic with the key {key}, or there was one: keys are never used again.");
            Error::new(Code::AlreadyExists, detail)
        })
    })?;
    Ok(())
}

/// Gives a topic this name and note. The caller compared the version, under the lock that this transaction
/// holds.
pub fn update(tx: &mut WriteTx<'_>, key: &Key, name: &str, audience_note: Option<&str>) -> Result<()> {
    diesel::update(topics::table.find(key.as_str()))
        .set((
            topics::name.eq(name),
            topics::audience_note.eq(audience_note),
            topics::version.eq(topics::version + 1),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Ends a topic now.
pub fn end(tx: &mut WriteTx<'_>, key: &Key) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(topics::table.find(key.as_str()))
        .set((topics::ended_at.eq(now), topics::version.eq(topics::version + 1)))
        .execute(tx.conn())?;
    Ok(())
}

/// One topic, ended or not.
pub fn find(conn: &mut Conn, key: &Key) -> Result<Option<TopicRow>> {
    Ok(topics::table.find(key.as_str()).select(TopicRow::as_select()).first(conn).optional()?)
}

/// The keys among these that name topics which have not ended.
pub fn known(conn: &mut Conn, keys: &[String]) -> Result<Vec<String>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let query = topics::table.filter(topics::key.eq_any(keys)).filter(topics::ended_at.is_null());
    Ok(query.select(topics::key).load(conn)?)
}

/// The topics that have not ended, newest first, whose entries are below `below`.
pub fn list(conn: &mut Conn, below: Option<i64>, limit: i64) -> Result<Vec<TopicRow>> {
    let mut query = topics::table
        .filter(topics::ended_at.is_null())
        .filter(topics::created_idx.is_not_null())
        .select(TopicRow::as_select())
        .order(topics::created_idx.desc())
        .limit(limit)
        .into_boxed();
    if let Some(below) = below {
        query = query.filter(topics::created_idx.lt(below));
    }
    Ok(query.load(conn)?)
}

/// The topics that an upgrade found in content, and that no entry tells of yet.
pub fn without_entry(conn: &mut Conn) -> Result<Vec<TopicRow>> {
    let query = topics::table.filter(topics::created_idx.is_null());
    Ok(query.order(topics::key.asc()).select(TopicRow::as_select()).load(conn)?)
}

/// Says which entry tells of a topic.
pub fn set_entry(tx: &mut WriteTx<'_>, key: &Key, idx: i64) -> Result<()> {
    diesel::update(topics::table.find(key.as_str())).set(topics::created_idx.eq(idx)).execute(tx.conn())?;
    Ok(())
}
