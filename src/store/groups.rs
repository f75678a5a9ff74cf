//! Groups, and who was a member from when until when.

use diesel::prelude::*;
use uuid::Uuid;

use super::connection::Conn;
use super::schema::{group_members, groups};
use super::types::unique_violation;
use super::write::WriteTx;
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = groups)]
pub struct GroupRow {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Time,
}

/// Writes a new group; one whose name is the same when folded is refused as `already_exists`.
pub fn insert(tx: &mut WriteTx<'_>, id: GroupId, name: &str, name_folded: &str) -> Result<()> {
    let row = (
        groups::id.eq(id.to_string()),
        groups::name.eq(name),
        groups::name_folded.eq(name_folded),
        groups::created_at.eq(tx.now().micros()),
    );
    diesel::insert_into(groups::table).values(row).execute(tx.conn()).map_err(|error| {
        unique_violation(error, || {
            Error::new(Code::AlreadyExists, format!("There is a group with the name {name} already."))
        })
    })?;
    Ok(())
}

/// One group.
pub fn find(conn: &mut Conn, id: GroupId) -> Result<Option<GroupRow>> {
    Ok(groups::table.find(id.to_string()).select(GroupRow::as_select()).first(conn).optional()?)
}

/// The groups among these ids that exist.
pub fn find_all(conn: &mut Conn, ids: &[GroupId]) -> Result<Vec<GroupRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = ids.iter().map(ToString::to_string);
    Ok(groups::table.filter(groups::id.eq_any(ids)).select(GroupRow::as_select()).load(conn)?)
}

/// Groups, newest first, after `after`.
pub fn list(conn: &mut Conn, after: Option<GroupId>, limit: i64) -> Result<Vec<GroupRow>> {
    let mut query =
        groups::table.select(GroupRow::as_select()).order(groups::id.desc()).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(groups::id.lt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// Whether a person is a member now.
pub fn is_member(conn: &mut Conn, group: GroupId, person: PersonId) -> Result<bool> {
    let open = group_members::table
        .filter(group_members::group_id.eq(group.to_string()))
        .filter(group_members::person_id.eq(person.to_string()))
        .filter(group_members::until_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(open)).get_result(conn)?)
}

/// The groups of which a person is a member now.
pub fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<GroupId>> {
    Ok(group_members::table
        .filter(group_members::person_id.eq(person.to_string()))
        .filter(group_members::until_at.is_null())
        .select(group_members::group_id)
        .load(conn)?)
}

/// Makes a person a member from now on.
pub fn begin_membership(tx: &mut WriteTx<'_>, group: GroupId, person: PersonId) -> Result<()> {
    let row = (
        group_members::id.eq(Uuid::now_v7().to_string()),
        group_members::group_id.eq(group.to_string()),
        group_members::person_id.eq(person.to_string()),
        group_members::from_at.eq(tx.now().micros()),
    );
    diesel::insert_into(group_members::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Ends a person's membership now.
pub fn end_membership(tx: &mut WriteTx<'_>, group: GroupId, person: PersonId) -> Result<()> {
    let now = tx.now().micros();
    let open = group_members::table
        .filter(group_members::group_id.eq(group.to_string()))
        .filter(group_members::person_id.eq(person.to_string()))
        .filter(group_members::until_at.is_null());
    diesel::update(open).set(group_members::until_at.eq(now)).execute(tx.conn())?;
    Ok(())
}
