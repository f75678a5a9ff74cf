//! People: their sealed profile, and what holds for them from when until when.
//!
//! Names, addresses, external ids and accounts elsewhere stand here only sealed under the person's key; a
//! person is found by the HMAC of an e-mail address or external id (R22). Activity, roles and country are histories: a row
//! ends and another begins, none is overwritten.

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::connection::Conn;
use super::schema::{group_members, people, person_activities, person_countries, person_roles};
use super::write::WriteTx;
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::roles::Role;
use crate::domain::time::Time;
use crate::error::Result;

#[cfg(test)]
mod tests;

/// One person's profile, as it is sealed.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = people)]
pub struct PersonRow {
    /// Their id.
    pub id: PersonId,
    /// Their e-mail address, sealed; none once erased.
    pub email: Option<Vec<u8>>,
    /// Their id in another system, sealed.
    pub external_id: Option<Vec<u8>>,
    /// Their name, sealed; none once erased.
    pub display_name: Option<Vec<u8>>,
    /// Their account on Mastodon, sealed.
    pub mastodon: Option<Vec<u8>>,
    /// The language they read.
    pub language: Option<String>,
    /// Counts the changes of what is shown of them; the `ETag`.
    pub version: i64,
    /// When they were made.
    pub created_at: Time,
}

/// What every node keeps of a person in memory, besides their [`Standing`].
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = people)]
pub struct AccessRow {
    /// Their id.
    pub id: PersonId,
    /// The `access_version` at which their access last changed.
    pub access_version: i64,
    /// The HMAC of their external id.
    pub external_id_hmac: Option<String>,
    /// Their name, sealed.
    pub display_name: Option<Vec<u8>>,
    /// Their account on Mastodon, sealed.
    pub mastodon: Option<Vec<u8>>,
    /// The language they read.
    pub language: Option<String>,
}

/// What holds for a person at present.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether they may act at all.
    pub active: bool,
    /// Their roles, sorted.
    pub roles: Vec<Role>,
    /// Their country, if it is known.
    pub country: Option<String>,
    /// Their groups, sorted.
    pub groups: Vec<GroupId>,
}

/// An e-mail address or external id: what it is found by, and the sealed value.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The HMAC of the normalised value.
    pub hmac: String,
    /// The value, sealed under the person's key.
    pub sealed: Vec<u8>,
}

/// A person to be written.
#[derive(Debug)]
pub struct NewPerson {
    /// Their id.
    pub id: PersonId,
    /// Their e-mail address.
    pub email: Identity,
    /// Their id in another system.
    pub external_id: Option<Identity>,
    /// Their name, sealed.
    pub display_name: Vec<u8>,
    /// Their password as a PHC string; who has none cannot sign in with a password.
    pub password_hash: Option<String>,
    /// The language they read.
    pub language: Option<String>,
}

/// What changes of a profile. The outer `None` leaves a value as it is, the inner one removes it.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = people)]
pub struct ProfileChange {
    /// Another e-mail address: the HMAC.
    pub email_hmac: Option<String>,
    /// Another e-mail address: the sealed value.
    pub email: Option<Vec<u8>>,
    /// Another external id, or none: the HMAC.
    pub external_id_hmac: Option<Option<String>>,
    /// Another external id, or none: the sealed value.
    pub external_id: Option<Option<Vec<u8>>>,
    /// Another name, sealed.
    pub display_name: Option<Vec<u8>>,
    /// Another password, or none.
    pub password_hash: Option<Option<String>>,
    /// Another language, or none.
    pub language: Option<Option<String>>,
    /// Another account on Mastodon, or none: the sealed value.
    pub mastodon: Option<Option<Vec<u8>>>,
}

/// Writes a new person, whose access has just begun to be known.
pub fn insert(tx: &mut WriteTx<'_>, person: NewPerson) -> Result<()> {
    let (external_id_hmac, external_id) =
        person.external_id.map_or((None, None), |identity| (Some(identity.hmac), Some(identity.sealed)));
    let row = (
        people::id.eq(person.id.to_string()),
        people::email_hmac.eq(person.email.hmac),
        people::email.eq(person.email.sealed),
        people::external_id_hmac.eq(external_id_hmac),
        people::external_id.eq(external_id),
        people::display_name.eq(person.display_name),
        people::password_hash.eq(person.password_hash),
        people::language.eq(person.language),
        people::version.eq(1),
        people::access_version.eq(tx.move_access()),
        people::created_at.eq(tx.now().micros()),
    );
    diesel::insert_into(people::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// One person.
pub fn find(conn: &mut Conn, id: PersonId) -> Result<Option<PersonRow>> {
    Ok(people::table.find(id.to_string()).select(PersonRow::as_select()).first(conn).optional()?)
}

/// A person's name, sealed; none once erased.
pub fn display_name(conn: &mut Conn, id: PersonId) -> Result<Option<Vec<u8>>> {
    let name = people::table.find(id.to_string()).select(people::display_name);
    Ok(name.first::<Option<Vec<u8>>>(conn).optional()?.flatten())
}

/// The names of these persons, sealed; who was erased is missing from the answer.
pub fn display_names(conn: &mut Conn, ids: &[PersonId]) -> Result<Vec<(PersonId, Vec<u8>)>> {
    let rows: Vec<(PersonId, Option<Vec<u8>>)> = people::table
        .filter(people::id.eq_any(ids.iter().map(ToString::to_string)))
        .select((people::id, people::display_name))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(person, name)| Some((person, name?))).collect())
}

/// Who has this e-mail address.
pub fn find_by_email(conn: &mut Conn, hmac: &str) -> Result<Option<PersonId>> {
    Ok(people::table.filter(people::email_hmac.eq(hmac)).select(people::id).first(conn).optional()?)
}

/// Who has this external id.
pub fn find_by_external_id(conn: &mut Conn, hmac: &str) -> Result<Option<PersonId>> {
    Ok(people::table.filter(people::external_id_hmac.eq(hmac)).select(people::id).first(conn).optional()?)
}

/// Who has which of these external ids, by HMAC.
pub fn find_by_external_ids(conn: &mut Conn, hmacs: &[&str]) -> Result<HashMap<String, PersonId>> {
    let found = people::table
        .filter(people::external_id_hmac.eq_any(hmacs))
        .select((people::external_id_hmac.assume_not_null(), people::id));
    Ok(found.load::<(String, PersonId)>(conn)?.into_iter().collect())
}

/// Who has which of these e-mail addresses, by HMAC.
pub fn find_by_emails(conn: &mut Conn, hmacs: &[&str]) -> Result<HashMap<String, PersonId>> {
    let found = people::table
        .filter(people::email_hmac.eq_any(hmacs))
        .select((people::email_hmac.assume_not_null(), people::id));
    Ok(found.load::<(String, PersonId)>(conn)?.into_iter().collect())
}

/// Who signs in with this e-mail address, and their password as a PHC string. Whoever is not active or
/// has no password is missing.
pub fn password_of(conn: &mut Conn, email_hmac: &str) -> Result<Option<(PersonId, String)>> {
    let found: Option<(PersonId, Option<String>)> = people::table
        .inner_join(person_activities::table.on(person_activities::person_id.eq(people::id)))
        .filter(person_activities::until_at.is_null())
        .filter(people::email_hmac.eq(email_hmac))
        .select((people::id, people::password_hash))
        .first(conn)
        .optional()?;
    Ok(found.and_then(|(person, hash)| Some((person, hash?))))
}

/// Replaces a password's hash by one of the same password with present parameters, if it is still that
/// hash: nothing that is shown changes.
pub fn rehash_password(tx: &mut WriteTx<'_>, person: PersonId, from: &str, to: &str) -> Result<()> {
    diesel::update(people::table.find(person.to_string()).filter(people::password_hash.eq(from)))
        .set(people::password_hash.eq(to))
        .execute(tx.conn())?;
    Ok(())
}

/// People, newest first, after `after`.
pub fn list(conn: &mut Conn, after: Option<PersonId>, limit: i64) -> Result<Vec<PersonRow>> {
    let mut query =
        people::table.select(PersonRow::as_select()).order(people::id.desc()).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(people::id.lt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// The members of a group, the newest person first, after `after`.
pub fn list_members(
    conn: &mut Conn,
    group: GroupId,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<PersonRow>> {
    let members = group_members::table
        .filter(group_members::group_id.eq(group.to_string()))
        .filter(group_members::until_at.is_null())
        .select(group_members::person_id);
    let mut query = people::table
        .filter(people::id.eq_any(members))
        .select(PersonRow::as_select())
        .order(people::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(people::id.lt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// Counts one more change of the person, and writes it. The caller compared the version, under the lock
/// that this transaction holds.
pub fn update(tx: &mut WriteTx<'_>, id: PersonId, change: &ProfileChange) -> Result<()> {
    let access_version = tx.move_access();
    diesel::update(people::table.find(id.to_string()))
        .set((change, people::version.eq(people::version + 1), people::access_version.eq(access_version)))
        .execute(tx.conn())?;
    Ok(())
}

/// Says that the person's groups changed: every node loads them anew, and what is shown of the person
/// is another version.
pub fn mark_changed(tx: &mut WriteTx<'_>, id: PersonId) -> Result<()> {
    let access_version = tx.move_access();
    diesel::update(people::table.find(id.to_string()))
        .set((people::version.eq(people::version + 1), people::access_version.eq(access_version)))
        .execute(tx.conn())?;
    Ok(())
}

/// Says that what these people may do changed, though nothing that is shown of them did.
pub fn mark_access(tx: &mut WriteTx<'_>, ids: &[PersonId]) -> Result<()> {
    let access_version = tx.move_access();
    diesel::update(people::table.filter(people::id.eq_any(ids.iter().map(ToString::to_string))))
        .set(people::access_version.eq(access_version))
        .execute(tx.conn())?;
    Ok(())
}

/// The people whose access changed after `version`, by id, after `after`.
pub fn changed_since(
    conn: &mut Conn,
    version: i64,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<AccessRow>> {
    let mut query = people::table
        .filter(people::access_version.gt(version))
        .select(AccessRow::as_select())
        .order(people::id.asc())
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(people::id.gt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// One person, as far as the access snapshot needs them.
pub fn access_row(conn: &mut Conn, id: PersonId) -> Result<Option<AccessRow>> {
    Ok(people::table.find(id.to_string()).select(AccessRow::as_select()).first(conn).optional()?)
}

/// The `access_version` of each of these people.
pub fn access_versions(conn: &mut Conn, ids: &[PersonId]) -> Result<HashMap<PersonId, i64>> {
    let rows: Vec<(PersonId, i64)> = people::table
        .filter(people::id.eq_any(ids.iter().map(ToString::to_string)))
        .select((people::id, people::access_version))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// What holds for these people; each of them is in the answer.
pub fn standings(conn: &mut Conn, ids: &[PersonId]) -> Result<HashMap<PersonId, Standing>> {
    let mut standings: HashMap<PersonId, Standing> =
        ids.iter().map(|id| (*id, Standing::default())).collect();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();

    let active: Vec<PersonId> = person_activities::table
        .filter(person_activities::person_id.eq_any(&ids))
        .filter(person_activities::until_at.is_null())
        .select(person_activities::person_id)
        .load(conn)?;
    for person in active {
        standings.entry(person).or_default().active = true;
    }
    let roles: Vec<(PersonId, Role)> = person_roles::table
        .filter(person_roles::person_id.eq_any(&ids))
        .filter(person_roles::until_at.is_null())
        .order(person_roles::role.asc())
        .select((person_roles::person_id, person_roles::role))
        .load(conn)?;
    for (person, role) in roles {
        standings.entry(person).or_default().roles.push(role);
    }
    let countries: Vec<(PersonId, String)> = person_countries::table
        .filter(person_countries::person_id.eq_any(&ids))
        .filter(person_countries::until_at.is_null())
        .select((person_countries::person_id, person_countries::country))
        .load(conn)?;
    for (person, country) in countries {
        standings.entry(person).or_default().country = Some(country);
    }
    let groups: Vec<(PersonId, GroupId)> = group_members::table
        .filter(group_members::person_id.eq_any(&ids))
        .filter(group_members::until_at.is_null())
        .order(group_members::group_id.asc())
        .select((group_members::person_id, group_members::group_id))
        .load(conn)?;
    for (person, group) in groups {
        standings.entry(person).or_default().groups.push(group);
    }
    Ok(standings)
}

/// What holds for one person; nothing, when there is no such person.
pub fn standing(conn: &mut Conn, id: PersonId) -> Result<Standing> {
    Ok(standings(conn, &[id])?.remove(&id).unwrap_or_default())
}

/// The active people who hold a role.
pub fn active_with_role(conn: &mut Conn, role: Role) -> Result<Vec<PersonId>> {
    Ok(person_roles::table
        .inner_join(person_activities::table.on(person_activities::person_id.eq(person_roles::person_id)))
        .filter(person_roles::role.eq(role.as_str()))
        .filter(person_roles::until_at.is_null())
        .filter(person_activities::until_at.is_null())
        .order(person_roles::person_id.asc())
        .select(person_roles::person_id)
        .load(conn)?)
}

/// Lets a person act from now on.
pub fn begin_activity(tx: &mut WriteTx<'_>, person: PersonId) -> Result<()> {
    let row = (
        person_activities::id.eq(Uuid::now_v7().to_string()),
        person_activities::person_id.eq(person.to_string()),
        person_activities::from_at.eq(tx.now().micros()),
    );
    diesel::insert_into(person_activities::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Lets a person act no more.
pub fn end_activity(tx: &mut WriteTx<'_>, person: PersonId) -> Result<()> {
    let now = tx.now().micros();
    let open = person_activities::table
        .filter(person_activities::person_id.eq(person.to_string()))
        .filter(person_activities::until_at.is_null());
    diesel::update(open).set(person_activities::until_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

/// Gives a person a role.
pub fn begin_role(tx: &mut WriteTx<'_>, person: PersonId, role: Role) -> Result<()> {
    let row = (
        person_roles::id.eq(Uuid::now_v7().to_string()),
        person_roles::person_id.eq(person.to_string()),
        person_roles::role.eq(role.as_str()),
        person_roles::from_at.eq(tx.now().micros()),
    );
    diesel::insert_into(person_roles::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Takes a role from a person.
pub fn end_role(tx: &mut WriteTx<'_>, person: PersonId, role: Role) -> Result<()> {
    let now = tx.now().micros();
    let open = person_roles::table
        .filter(person_roles::person_id.eq(person.to_string()))
        .filter(person_roles::role.eq(role.as_str()))
        .filter(person_roles::until_at.is_null());
    diesel::update(open).set(person_roles::until_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

/// Says in which country a person is from now on; with none, it is unknown.
pub fn set_country(tx: &mut WriteTx<'_>, person: PersonId, country: Option<&str>) -> Result<()> {
    let now = tx.now().micros();
    let open = person_countries::table
        .filter(person_countries::person_id.eq(person.to_string()))
        .filter(person_countries::until_at.is_null());
    diesel::update(open).set(person_countries::until_at.eq(now)).execute(tx.conn())?;
    if let Some(country) = country {
        let row = (
            person_countries::id.eq(Uuid::now_v7().to_string()),
            person_countries::person_id.eq(person.to_string()),
            person_countries::country.eq(country),
            person_countries::from_at.eq(now),
        );
        diesel::insert_into(person_countries::table).values(row).execute(tx.conn())?;
    }
    Ok(())
}
