//! People: who there is, what they may do, and where they are.
//!
//! Personal values are sealed under the person's key before they are stored (R22). Whoever changes
//! people needs the scope `people`; nobody gives themselves a role, and the last active administrator
//! stays one.

mod sealed;
#[cfg(test)]
mod tests;
mod update;

use std::collections::BTreeSet;

use super::actor::Actor;
use super::authentication;
use super::identity;
use super::journal::{By, Facts, enter, subject_keys_of};
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::mastodon::MastodonAccount;
use crate::domain::roles::{Role, Scope};
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::keys::{self, Identifier, Keys};
use crate::record::{Event, SubjectKey};
use crate::store::connection::Conn;
use crate::store::groups;
use crate::store::people::{self, NewPerson, PersonRow, Standing};
use crate::store::subject_keys;
use crate::store::write::WriteTx;

use sealed::{DISPLAY_NAME, Sealer, context_of, open_text};
pub(super) use sealed::{OfProposal, open_display_name, open_mastodon, open_of_proposal, seal_of_proposal};
pub use update::{MeUpdate, PersonUpdate, me_update, person_update};

/// A person to be made.
#[derive(Debug, Clone, Default)]
pub struct PersonCreate {
    /// Their e-mail address.
    pub email: String,
    /// Their id in another system.
    pub external_id: Option<String>,
    /// Their name.
    pub display_name: String,
    /// Their password as a PHC string, hashed before the transaction.
    pub password_hash: Option<String>,
    /// Their roles; `employee` when nothing is said.
    pub roles: Option<BTreeSet<Role>>,
    /// The language they read.
    pub language: Option<String>,
    /// The country they are in.
    pub country: Option<String>,
}

/// A person as they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonView {
    /// Their id.
    pub id: PersonId,
    /// Their e-mail address; none once erased.
    pub email: Option<String>,
    /// Their id in another system.
    pub external_id: Option<String>,
    /// Their name; none once erased.
    pub display_name: Option<String>,
    /// Their account on Mastodon, if they told of one.
    pub mastodon: Option<MastodonAccount>,
    /// Their roles, sorted.
    pub roles: Vec<Role>,
    /// The language they read.
    pub language: Option<String>,
    /// The country they are in.
    pub country: Option<String>,
    /// Their groups, sorted.
    pub groups: Vec<GroupId>,
    /// Whether they may act at all.
    pub active: bool,
    /// Counts their changes; the `ETag`.
    pub version: i64,
    /// When they were made.
    pub created_at: Time,
}

/// Makes a person.
pub fn person_create(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    command: &PersonCreate,
) -> Result<PersonId> {
    authentication::authorise(tx, actor, Scope::People)?;
    create(tx, keys, By::Actor(actor), command)
}

/// Makes an administrator from the command line, where nobody has signed in.
pub fn admin_create(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    email: &str,
    display_name: &str,
    password_hash: String,
) -> Result<PersonId> {
    let command = PersonCreate {
        email: email.to_owned(),
        display_name: display_name.to_owned(),
        password_hash: Some(password_hash),
        roles: Some([Role::Admin].into()),
        ..PersonCreate::default()
    };
    create(tx, keys, By::System, &command)
}

fn create(tx: &mut WriteTx<'_>, keys: &Keys, by: By<'_>, command: &PersonCreate) -> Result<PersonId> {
    let mut faults = Vec::new();
    let email = checked(&mut faults, identity::email(&command.email));
    let name = checked(&mut faults, identity::display_name(&command.display_name));
    let external_id = checked_some(&mut faults, command.external_id.as_deref(), identity::external_id);
    let language = checked_some(&mut faults, command.language.as_deref(), identity::language);
    let country = checked_some(&mut faults, command.country.as_deref(), identity::country);
    let (Some(email), Some(name), true) = (email, name, faults.is_empty()) else {
        return Err(Error::invalid_content(faults));
    };

    let id = PersonId::generate();
    let key = SubjectKey::generate(keys::seed().map_err(Error::internal)?);
    let sealer = Sealer { keys, key: &key };
    let person = NewPerson {
        id,
        email: sealer.identity(Identifier::Email, &email)?,
        external_id: external_id
            .as_deref()
            .map(|value| sealer.identity(Identifier::ExternalId, value))
            .transpose()?,
        display_name: sealer.seal(DISPLAY_NAME, &name)?,
        password_hash: command.password_hash.clone(),
        language,
    };
    refuse_taken(
        tx.conn(),
        id,
        Some(&person.email.hmac),
        person.external_id.as_ref().map(|it| it.hmac.as_str()),
    )?;
    people::insert(tx, person)?;
    let wrapped = keys.wrap(&key, id.uuid()).map_err(Error::internal)?;
    subject_keys::insert(tx, id, &wrapped, &keys.kek_id())?;

    people::begin_activity(tx, id)?;
    let roles = command.roles.clone().unwrap_or_else(|| [Role::Employee].into());
    for role in &roles {
        people::begin_role(tx, id, *role)?;
    }
    let facts = Facts::new().with("roles", names(&roles)).about(id, "person_id", id.to_string()).about(
        id,
        "display_name",
        name,
    );
    enter(tx, keys, by, Event::PersonCreated, facts)?;
    if country.is_some() {
        change_country(tx, keys, by, id, country.as_deref())?;
    }
    Ok(id)
}

/// One person, for whoever administers people.
pub fn person_get(conn: &mut Conn, keys: &Keys, actor: &Actor, id: PersonId) -> Result<PersonView> {
    actor.require(Scope::People)?;
    person_view(conn, keys, id)
}

/// People, newest first, after `after`.
pub fn person_list(
    conn: &mut Conn,
    keys: &Keys,
    actor: &Actor,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<PersonView>> {
    actor.require(Scope::People)?;
    let rows = people::list(conn, after, limit)?;
    views(conn, keys, rows)
}

/// The members of a group, the newest person first, after `after`; 404 when there is no such group.
pub fn group_member_list(
    conn: &mut Conn,
    keys: &Keys,
    actor: &Actor,
    group: GroupId,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<PersonView>> {
    actor.require(Scope::People)?;
    groups::find(conn, group)?.ok_or_else(|| Error::not_found("group"))?;
    let rows = people::list_members(conn, group, after, limit)?;
    views(conn, keys, rows)
}

/// The person who asks.
pub fn me_get(conn: &mut Conn, keys: &Keys, actor: &Actor) -> Result<PersonView> {
    person_view(conn, keys, actor.person()?)
}

/// One person as they are shown, whoever asks.
pub fn person_view(conn: &mut Conn, keys: &Keys, id: PersonId) -> Result<PersonView> {
    let row = people::find(conn, id)?.ok_or_else(|| Error::not_found("person"))?;
    views(conn, keys, vec![row])?.pop().ok_or_else(|| Error::not_found("person"))
}

/// Six queries, however many people these are.
fn views(conn: &mut Conn, keys: &Keys, rows: Vec<PersonRow>) -> Result<Vec<PersonView>> {
    let ids: Vec<PersonId> = rows.iter().map(|row| row.id).collect();
    let mut standings = people::standings(conn, &ids)?;
    let subject_keys = subject_keys_of(conn, keys, &ids)?;
    rows.into_iter()
        .map(|row| {
            let standing = standings.remove(&row.id).unwrap_or_default();
            let key = subject_keys.get(&row.id);
            view(row, standing, key)
        })
        .collect()
}

fn view(row: PersonRow, standing: Standing, key: Option<&SubjectKey>) -> Result<PersonView> {
    let open = |context: &str, sealed: Option<Vec<u8>>| -> Result<Option<String>> {
        let (Some(key), Some(sealed)) = (key, sealed) else { return Ok(None) };
        open_text(key, context, &sealed).map(Some)
    };
    let mastodon = key.zip(row.mastodon).map(|(key, sealed)| open_mastodon(key, &sealed)).transpose()?;
    Ok(PersonView {
        id: row.id,
        email: open(context_of(Identifier::Email), row.email)?,
        external_id: open(context_of(Identifier::ExternalId), row.external_id)?,
        display_name: open(DISPLAY_NAME, row.display_name)?,
        mastodon,
        roles: standing.roles,
        language: row.language,
        country: standing.country,
        groups: standing.groups,
        active: standing.active,
        version: row.version,
        created_at: row.created_at,
    })
}

fn change_country(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    by: By<'_>,
    id: PersonId,
    country: Option<&str>,
) -> Result<()> {
    people::set_country(tx, id, country)?;
    let mut facts = Facts::new().about(id, "person_id", id.to_string());
    if let Some(country) = country {
        facts = facts.about(id, "country", country);
    }
    enter(tx, keys, by, Event::PersonCountryChanged, facts)?;
    Ok(())
}

/// Looked up under the lock, so nobody takes an address in between.
fn refuse_taken(
    conn: &mut Conn,
    id: PersonId,
    email_hmac: Option<&str>,
    external_id_hmac: Option<&str>,
) -> Result<()> {
    let mut faults = Vec::new();
    if let Some(hmac) = email_hmac
        && people::find_by_email(conn, hmac)?.is_some_and(|owner| owner != id)
    {
        faults.push(Fault::body("/email", "taken", "Somebody has this e-mail address already."));
    }
    if let Some(hmac) = external_id_hmac
        && people::find_by_external_id(conn, hmac)?.is_some_and(|owner| owner != id)
    {
        faults.push(Fault::body("/external_id", "taken", "Somebody has this external id already."));
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::new(Code::AlreadyExists, "Somebody is known by this already.").faults(faults))
}

fn names(roles: &BTreeSet<Role>) -> Vec<&'static str> {
    roles.iter().map(|role| role.as_str()).collect()
}

/// Keeps the fault, if there is one, and goes on with the rest.
fn checked<T>(faults: &mut Vec<Fault>, result: Result<T, Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

fn checked_some(
    faults: &mut Vec<Fault>,
    value: Option<&str>,
    check: fn(&str) -> Result<String, Fault>,
) -> Option<String> {
    value.and_then(|value| checked(faults, check(value)))
}
