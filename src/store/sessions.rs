//! Sessions and their refresh tokens.
//!
//! These are written without the record's lock, so they take the connection and the time. A refresh
//! token stands here only as its SHA-256; a session's tokens are one family, which ends as a whole.

use std::collections::HashSet;

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::{refresh_tokens, sessions};
use crate::domain::ids::{PersonId, SessionId};
use crate::domain::time::Time;
use crate::error::Result;

/// One session.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub person_id: PersonId,
    /// When it ends, whatever is refreshed until then.
    pub expires_at: Time,
    /// When it was ended before that.
    pub revoked_at: Option<Time>,
}

impl SessionRow {
    /// Whether the session is open at `now`.
    pub fn holds(&self, now: Time) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// Begins a session.
pub fn insert(conn: &mut Conn, id: SessionId, person: PersonId, now: Time, expires_at: Time) -> Result<()> {
    let row = (
        sessions::id.eq(id.to_string()),
        sessions::person_id.eq(person.to_string()),
        sessions::created_at.eq(now.micros()),
        sessions::expires_at.eq(expires_at.micros()),
    );
    diesel::insert_into(sessions::table).values(row).execute(conn)?;
    Ok(())
}

/// One session.
pub fn find(conn: &mut Conn, id: SessionId) -> Result<Option<SessionRow>> {
    Ok(sessions::table.find(id.to_string()).select(SessionRow::as_select()).first(conn).optional()?)
}

/// Those of these sessions that have ended.
pub fn ended_of(conn: &mut Conn, ids: HashSet<SessionId>, now: Time) -> Result<HashSet<SessionId>> {
    let rows: Vec<SessionRow> = sessions::table
        .filter(sessions::id.eq_any(ids.iter().map(ToString::to_string)))
        .select(SessionRow::as_select())
        .load(conn)?;
    let holding: HashSet<SessionId> = rows.iter().filter(|row| row.holds(now)).map(|row| row.id).collect();
    Ok(ids.difference(&holding).copied().collect())
}

/// Ends a session; one that has ended stays as it is.
pub fn revoke(conn: &mut Conn, id: SessionId, now: Time) -> Result<()> {
    diesel::update(sessions::table.find(id.to_string()).filter(sessions::revoked_at.is_null()))
        .set(sessions::revoked_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Ends every session of a person, but for `except`.
pub fn revoke_all(conn: &mut Conn, person: PersonId, except: Option<SessionId>, now: Time) -> Result<()> {
    // No session has an empty id, so without an exception this excepts none.
    let except = except.map(|id| id.to_string()).unwrap_or_default();
    let open = sessions::table
        .filter(sessions::person_id.eq(person.to_string()))
        .filter(sessions::id.ne(except))
        .filter(sessions::revoked_at.is_null());
    diesel::update(open).set(sessions::revoked_at.eq(now.micros())).execute(conn)?;
    Ok(())
}

/// The sessions that were ended at `since` or later.
pub fn revoked_since(conn: &mut Conn, since: Time) -> Result<Vec<SessionId>> {
    Ok(sessions::table.filter(sessions::revoked_at.ge(since.micros())).select(sessions::id).load(conn)?)
}

/// Sessions that one sweep takes.
const SESSIONS_A_SWEEP: i64 = 500;

/// Forgets up to 500 sessions that were ended or expired before `before`, with their refresh tokens;
/// answers how many.
pub fn sweep(conn: &mut Conn, before: Time) -> Result<usize> {
    let ids: Vec<String> = sessions::table
        .filter(sessions::expires_at.lt(before.micros()))
        .or_filter(sessions::revoked_at.lt(before.micros()))
        .select(sessions::id)
        .limit(SESSIONS_A_SWEEP)
        .load(conn)?;
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::session_id.eq_any(&ids))).execute(conn)?;
    Ok(diesel::delete(sessions::table.filter(sessions::id.eq_any(&ids))).execute(conn)?)
}

/// Keeps the hash of a refresh token of a session.
pub fn insert_refresh(conn: &mut Conn, hash: &str, session: SessionId, now: Time) -> Result<()> {
    let row = (
        refresh_tokens::hash.eq(hash),
        refresh_tokens::session_id.eq(session.to_string()),
        refresh_tokens::created_at.eq(now.micros()),
    );
    diesel::insert_into(refresh_tokens::table).values(row).execute(conn)?;
    Ok(())
}

/// The session of the refresh token with this hash, used or not.
pub fn find_refreshed(conn: &mut Conn, hash: &str) -> Result<Option<SessionRow>> {
    Ok(refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .filter(refresh_tokens::hash.eq(hash))
        .select(SessionRow::as_select())
        .first(conn)
        .optional()?)
}

/// Uses a refresh token up; false when it was used before, by whoever came first.
pub fn use_refresh(conn: &mut Conn, hash: &str, now: Time) -> Result<bool> {
    let unused = refresh_tokens::table.find(hash).filter(refresh_tokens::used_at.is_null());
    let hit = diesel::update(unused).set(refresh_tokens::used_at.eq(now.micros())).execute(conn)?;
    Ok(hit == 1)
}
