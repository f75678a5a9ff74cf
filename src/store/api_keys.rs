//! API keys: the clients that use greenlight, each by the hash of its key.

use std::collections::HashSet;

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::api_keys;
use super::write::WriteTx;
use crate::domain::ids::{ClientId, PersonId};
use crate::domain::roles::Scopes;
use crate::domain::time::Time;
use crate::error::{Error, Result};

/// One API key, without the key.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = api_keys)]
pub struct ApiKeyRow {
    /// Its id, by which the record names the client.
    pub id: ClientId,
    /// The part of the key that may be shown and looked up.
    pub prefix: String,
    /// The SHA-256 of the whole key, in hexadecimal.
    pub hash: String,
    /// What it is called.
    pub name: String,
    scopes: String,
    /// When it was made.
    pub created_at: Time,
    /// Who made it, if a person did, or a key that they made.
    pub created_by: Option<PersonId>,
    /// When it ends by itself.
    pub expires_at: Time,
    /// When it was ended before that.
    pub revoked_at: Option<Time>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
}

impl ApiKeyRow {
    /// What the key may do.
    pub fn scopes(&self) -> Result<Scopes> {
        self.scopes.split(' ').map(|name| name.parse().map_err(Error::internal)).collect()
    }

    /// Whether the key is good at `now`.
    pub fn holds(&self, now: Time) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// An API key to be written.
#[derive(Debug)]
pub struct NewApiKey<'a> {
    /// Its id.
    pub id: ClientId,
    /// The part of the key that may be shown and looked up.
    pub prefix: &'a str,
    /// The SHA-256 of the whole key, in hexadecimal.
    pub hash: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// What it may do; at least one scope.
    pub scopes: Scopes,
    /// Who made it, if a person did, or a key that they made.
    pub created_by: Option<PersonId>,
    /// When it ends.
    pub expires_at: Time,
}

/// Writes a new API key.
pub fn insert(tx: &mut WriteTx<'_>, key: &NewApiKey<'_>) -> Result<()> {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let row = (
        api_keys::id.eq(key.id.to_string()),
        api_keys::prefix.eq(key.prefix),
        api_keys::hash.eq(key.hash),
        api_keys::name.eq(key.name),
        api_keys::scopes.eq(scopes.join(" ")),
        api_keys::created_at.eq(tx.now().micros()),
        api_keys::created_by.eq(key.created_by.map(|person| person.to_string())),
        api_keys::expires_at.eq(key.expires_at.micros()),
    );
    diesel::insert_into(api_keys::table).values(row).execute(tx.conn())?;
    tx.move_access();
    Ok(())
}

/// One API key.
pub fn find(conn: &mut Conn, id: ClientId) -> Result<Option<ApiKeyRow>> {
    Ok(api_keys::table.find(id.to_string()).select(ApiKeyRow::as_select()).first(conn).optional()?)
}

/// The clients of these whose keys have ended.
pub fn ended_of(conn: &mut Conn, ids: HashSet<ClientId>, now: Time) -> Result<HashSet<ClientId>> {
    let rows: Vec<ApiKeyRow> = api_keys::table
        .filter(api_keys::id.eq_any(ids.iter().map(ToString::to_string)))
        .select(ApiKeyRow::as_select())
        .load(conn)?;
    let holding: HashSet<ClientId> = rows.iter().filter(|row| row.holds(now)).map(|row| row.id).collect();
    Ok(ids.difference(&holding).copied().collect())
}

/// API keys, newest first, after `after`.
pub fn list(conn: &mut Conn, after: Option<ClientId>, limit: i64) -> Result<Vec<ApiKeyRow>> {
    let mut query =
        api_keys::table.select(ApiKeyRow::as_select()).order(api_keys::id.desc()).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(api_keys::id.lt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// The API keys that were not revoked.
pub fn all(conn: &mut Conn) -> Result<Vec<ApiKeyRow>> {
    Ok(api_keys::table.filter(api_keys::revoked_at.is_null()).select(ApiKeyRow::as_select()).load(conn)?)
}

/// Ends an API key.
pub fn revoke(tx: &mut WriteTx<'_>, id: ClientId) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(api_keys::table.find(id.to_string()).filter(api_keys::revoked_at.is_null()))
        .set(api_keys::revoked_at.eq(now))
        .execute(tx.conn())?;
    tx.move_access();
    Ok(())
}

/// Notes that a key was used in this minute; written without the record's lock.
pub fn touch(conn: &mut Conn, id: ClientId, minute: Time) -> Result<()> {
    diesel::update(api_keys::table.find(id.to_string()))
        .set(api_keys::last_used_at.eq(minute.micros()))
        .execute(conn)?;
    Ok(())
}
