//! The register of responsibilities, and who held each from when until when.

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::backend::{self, NewHolder};
use super::connection::Conn;
use super::schema::{responsibilities, responsibility_holders};
use super::types::unique_violation;
use super::write::WriteTx;
use crate::domain::ids::{GroupId, Key, PersonId, ResponsibilityId};
use crate::domain::responsibility::{Bearer, Holder};
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};

/// One responsibility.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = responsibilities)]
pub struct ResponsibilityRow {
    /// Its id.
    pub id: ResponsibilityId,
    /// The short name that others refer to it by; it is used once.
    pub key: Key,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Counts its changes, those of its holders too; the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was ended.
    pub ended_at: Option<Time>,
}

/// Writes a new responsibility; a key that was used before is refused as `already_exists`.
pub fn insert(
    tx: &mut WriteTx<'_>,
    id: ResponsibilityId,
    key: &Key,
    name: &str,
    description: Option<&str>,
) -> Result<()> {
    let row = (
        responsibilities::id.eq(id.to_string()),
        responsibilities::key.eq(key.as_str()),
        responsibilities::name.eq(name),
        responsibilities::description.eq(description),
        responsibilities::version.eq(1),
        responsibilities::created_at.eq(tx.now().micros()),
    );
    diesel::insert_into(responsibilities::table).values(row).execute(tx.conn()).map_err(|error| {
        unique_violation(error, || {
            let detail = format!(
                "There is a responsibility with the key {key}, or there was one: keys are never used again."
            );
            Error::new(Code::AlreadyExists, detail)
        })
    })?;
    Ok(())
}

/// Gives a responsibility this name and description, and counts one more change. The caller compared the
/// version, under the lock that this transaction holds.
pub fn update(
    tx: &mut WriteTx<'_>,
    id: ResponsibilityId,
    name: &str,
    description: Option<&str>,
) -> Result<()> {
    diesel::update(responsibilities::table.find(id.to_string()))
        .set((
            responsibilities::name.eq(name),
            responsibilities::description.eq(description),
            responsibilities::version.eq(responsibilities::version + 1),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Ends a responsibility now. Whoever holds it is released apart.
pub fn end(tx: &mut WriteTx<'_>, id: ResponsibilityId) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(responsibilities::table.find(id.to_string()))
        .set((
            responsibilities::ended_at.eq(now),
            responsibilities::version.eq(responsibilities::version + 1),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// One responsibility, ended or not.
pub fn find(conn: &mut Conn, id: ResponsibilityId) -> Result<Option<ResponsibilityRow>> {
    Ok(responsibilities::table
        .find(id.to_string())
        .select(ResponsibilityRow::as_select())
        .first(conn)
        .optional()?)
}

/// The responsibility that has this key and has not ended.
pub fn find_by_key(conn: &mut Conn, key: &Key) -> Result<Option<ResponsibilityRow>> {
    Ok(find_ever(conn, key)?.filter(|row| row.ended_at.is_none()))
}

/// The names of the responsibilities that have these keys, but for those that have ended.
pub fn names_of<'a>(
    conn: &mut Conn,
    keys: impl IntoIterator<Item = &'a Key>,
) -> Result<HashMap<Key, String>> {
    let keys: Vec<&str> = keys.into_iter().map(Key::as_str).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Key, String)> = responsibilities::table
        .filter(responsibilities::key.eq_any(keys))
        .filter(responsibilities::ended_at.is_null())
        .select((responsibilities::key, responsibilities::name))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The responsibility that has this key, ended or not: keys are used once.
pub fn find_ever(conn: &mut Conn, key: &Key) -> Result<Option<ResponsibilityRow>> {
    Ok(responsibilities::table
        .filter(responsibilities::key.eq(key.as_str()))
        .select(ResponsibilityRow::as_select())
        .first(conn)
        .optional()?)
}

/// The responsibilities that have not ended, newest first, after `after`.
pub fn list(conn: &mut Conn, after: Option<ResponsibilityId>, limit: i64) -> Result<Vec<ResponsibilityRow>> {
    let mut query = responsibilities::table
        .filter(responsibilities::ended_at.is_null())
        .select(ResponsibilityRow::as_select())
        .order(responsibilities::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(responsibilities::id.lt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// Who holds a responsibility now, in the order in which they began to; nobody, when it has ended.
pub fn holders_of(conn: &mut Conn, id: ResponsibilityId) -> Result<Vec<Holder>> {
    Ok(holders_of_all(conn, &[id])?.remove(&id).unwrap_or_default())
}

/// The same of several responsibilities.
pub fn holders_of_all(
    conn: &mut Conn,
    ids: &[ResponsibilityId],
) -> Result<HashMap<ResponsibilityId, Vec<Holder>>> {
    let rows: Vec<(ResponsibilityId, Option<PersonId>, Option<GroupId>, bool)> =
        responsibility_holders::table
            .filter(responsibility_holders::responsibility_id.eq_any(ids.iter().map(ToString::to_string)))
            .filter(responsibility_holders::until_at.is_null())
            .order(responsibility_holders::id.asc())
            .select((
                responsibility_holders::responsibility_id,
                responsibility_holders::person_id,
                responsibility_holders::group_id,
                responsibility_holders::deputy,
            ))
            .load(conn)?;
    let mut holders: HashMap<ResponsibilityId, Vec<Holder>> = HashMap::new();
    for (id, person, group, deputy) in rows {
        // Neither: a person who was erased.
        let Some(bearer) = person.map(Bearer::Person).or(group.map(Bearer::Group)) else { continue };
        holders.entry(id).or_default().push(Holder { bearer, deputy });
    }
    Ok(holders)
}

/// Lets these hold a responsibility from now on.
pub fn begin_holding(tx: &mut WriteTx<'_>, id: ResponsibilityId, holders: &[Holder]) -> Result<()> {
    let from_at = tx.now().micros();
    let row = |holder: &Holder| NewHolder {
        id: Uuid::now_v7().to_string(),
        responsibility_id: id.to_string(),
        person_id: holder.bearer.person().map(|person| person.to_string()),
        group_id: holder.bearer.group().map(|group| group.to_string()),
        deputy: holder.deputy,
        from_at,
    };
    backend::insert_holders(tx.conn(), &holders.iter().map(row).collect::<Vec<_>>())
}

/// Lets these hold a responsibility no more.
pub fn end_holding(tx: &mut WriteTx<'_>, id: ResponsibilityId, holders: &[Holder]) -> Result<()> {
    let now = tx.now().micros();
    let persons = holders.iter().filter_map(|holder| holder.bearer.person()).map(|id| id.to_string());
    let groups = holders.iter().filter_map(|holder| holder.bearer.group()).map(|id| id.to_string());
    let named =
        responsibility_holders::person_id.eq_any(persons).or(responsibility_holders::group_id.eq_any(groups));
    let open = responsibility_holders::table
        .filter(responsibility_holders::responsibility_id.eq(id.to_string()))
        .filter(responsibility_holders::until_at.is_null())
        .filter(named);
    diesel::update(open).set(responsibility_holders::until_at.eq(now)).execute(tx.conn())?;
    Ok(())
}
