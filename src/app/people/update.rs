//! Changing a person: a patch of the profile, roles, country and activity, or of what is one's own.

use std::collections::BTreeSet;

use super::{
    DISPLAY_NAME, PersonView, Sealer, change_country, checked_some, names, person_view, refuse_taken,
};
use crate::app::actor::Actor;
use crate::app::api_keys;
use crate::app::authentication;
use crate::app::identity;
use crate::app::journal::{By, Facts, enter, subject_keys_of};
use crate::domain::ids::PersonId;
use crate::domain::mastodon::MastodonPatch;
use crate::domain::roles::{Role, Scope};
use crate::error::{Code, Error, Fault, Result};
use crate::keys::{Identifier, Keys};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::people::{self, ProfileChange};
use crate::store::sessions;
use crate::store::write::WriteTx;

/// What changes of a person. The outer `None` leaves a value as it is, the inner one removes it.
#[derive(Debug, Clone, Default)]
pub struct PersonUpdate {
    /// Their e-mail address.
    pub email: Option<String>,
    /// Their id in another system.
    pub external_id: Option<Option<String>>,
    /// Their name.
    pub display_name: Option<String>,
    /// Their account on Mastodon.
    pub mastodon: Option<Option<MastodonPatch>>,
    /// Their password as a PHC string, hashed before the transaction.
    pub password_hash: Option<Option<String>>,
    /// All of their roles.
    pub roles: Option<BTreeSet<Role>>,
    /// The language they read.
    pub language: Option<Option<String>>,
    /// The country they are in.
    pub country: Option<Option<String>>,
    /// Whether they may act at all.
    pub active: Option<bool>,
}

/// What somebody may change of themselves: where and how they share, and nothing that decides what they
/// may do, or by which others know them.
#[derive(Debug, Clone, Default)]
pub struct MeUpdate {
    /// Their account on Mastodon.
    pub mastodon: Option<Option<MastodonPatch>>,
    /// The language they read.
    pub language: Option<Option<String>>,
}

/// Changes the person who asks, or for whom a key asks, if they are still at `version`; 412 when not.
pub fn me_update(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    version: i64,
    command: &MeUpdate,
) -> Result<()> {
    authentication::confirm(tx, actor)?;
    let MeUpdate { mastodon, language } = command.clone();
    let command = PersonUpdate { mastodon, language, ..PersonUpdate::default() };
    change(tx, keys, actor, actor.person()?, version, &command)
}

/// Changes a person who is still at `version`; what is the same already changes nothing.
///
/// 403 for giving oneself a role, and for a key that changes those of the person who made it; 409
/// `last_administrator` and `already_exists`, 412 when stale. Whoever is deactivated is signed out
/// everywhere; a new password signs out everywhere else.
pub fn person_update(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    id: PersonId,
    version: i64,
    command: &PersonUpdate,
) -> Result<()> {
    authentication::authorise(tx, actor, Scope::People)?;
    change(tx, keys, actor, id, version, command)
}

fn change(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    id: PersonId,
    version: i64,
    command: &PersonUpdate,
) -> Result<()> {
    let before = person_view(tx.conn(), keys, id)?;
    if before.version != version {
        return Err(Error::new(
            Code::PreconditionFailed,
            "The person has changed since they were read: read them again.",
        ));
    }
    let key = subject_keys_of(tx.conn(), keys, &[id])?.remove(&id);
    let key =
        key.ok_or_else(|| Error::new(Code::Conflict, "This person was erased and cannot be changed."))?;
    let profile = profile_change(&Sealer { keys, key: &key }, &before, command)?;
    let country = command.country.as_ref().filter(|country| **country != before.country);
    let roles = command.roles.as_ref().filter(|roles| !roles.iter().eq(&before.roles));
    let active = command.active.filter(|active| *active != before.active);
    if profile.changed.is_empty() && country.is_none() && roles.is_none() && active.is_none() {
        return Ok(());
    }

    if let Some(roles) = roles {
        refuse_own_roles(tx.conn(), actor, &before, roles)?;
    }
    keep_an_administrator(tx.conn(), &before, command)?;
    let external_id_hmac = profile.change.external_id_hmac.as_ref().and_then(Option::as_deref);
    refuse_taken(tx.conn(), id, profile.change.email_hmac.as_deref(), external_id_hmac)?;
    people::update(tx, id, &profile.change)?;

    let by = By::Actor(actor);
    if !profile.changed.is_empty() {
        enter_profile(tx, keys, actor, id, profile)?;
    }
    if let Some(country) = country {
        change_country(tx, keys, by, id, country.as_deref())?;
    }
    if let Some(roles) = roles {
        change_roles(tx, keys, by, &before, roles)?;
    }
    if let Some(active) = active {
        change_activity(tx, keys, by, id, active)?;
    }
    Ok(())
}

fn enter_profile(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    id: PersonId,
    profile: Profile,
) -> Result<()> {
    if profile.change.password_hash.is_some() {
        let now = tx.now();
        sessions::revoke_all(tx.conn(), id, actor.session, now)?;
    }
    let facts = Facts::new().with("changed", profile.changed).about(id, "person_id", id.to_string());
    enter(tx, keys, By::Actor(actor), Event::PersonChanged, facts)?;
    Ok(())
}

/// What of a profile is another value than before, and the names of those values.
struct Profile {
    change: ProfileChange,
    changed: Vec<&'static str>,
}

fn profile_change(sealer: &Sealer<'_>, before: &PersonView, command: &PersonUpdate) -> Result<Profile> {
    let mut faults = Vec::new();
    let email = checked_some(&mut faults, command.email.as_deref(), identity::email);
    let name = checked_some(&mut faults, command.display_name.as_deref(), identity::display_name);
    let external_id = checked_patch(&mut faults, command.external_id.as_ref(), identity::external_id);
    let language = checked_patch(&mut faults, command.language.as_ref(), identity::language);
    checked_patch(&mut faults, command.country.as_ref(), identity::country);
    let mastodon = command
        .mastodon
        .as_ref()
        .map(|patch| patch.as_ref().map(|patch| patch.applied_to(before.mastodon.as_ref())));
    if let Some(Some(account)) = &mastodon {
        faults.extend(account.faults("/mastodon"));
    }
    if !faults.is_empty() {
        return Err(Error::invalid_content(faults));
    }

    let mut change = ProfileChange::default();
    let mut changed = Vec::new();
    if let Some(email) = email.filter(|email| before.email.as_ref() != Some(email)) {
        let identity = sealer.identity(Identifier::Email, &email)?;
        (change.email_hmac, change.email) = (Some(identity.hmac), Some(identity.sealed));
        changed.push("email");
    }
    if let Some(external_id) = external_id.filter(|external_id| before.external_id != *external_id) {
        let identity =
            external_id.map(|value| sealer.identity(Identifier::ExternalId, &value)).transpose()?;
        let (hmac, sealed) = identity.map_or((None, None), |it| (Some(it.hmac), Some(it.sealed)));
        (change.external_id_hmac, change.external_id) = (Some(hmac), Some(sealed));
        changed.push("external_id");
    }
    if let Some(name) = name.filter(|name| before.display_name.as_ref() != Some(name)) {
        change.display_name = Some(sealer.seal(DISPLAY_NAME, &name)?);
        changed.push("display_name");
    }
    if let Some(language) = language.filter(|language| before.language != *language) {
        change.language = Some(language);
        changed.push("language");
    }
    if let Some(account) = mastodon.filter(|account| before.mastodon != *account) {
        change.mastodon = Some(account.map(|account| sealer.mastodon(&account)).transpose()?);
        changed.push("mastodon");
    }
    if command.password_hash.is_some() {
        change.password_hash.clone_from(&command.password_hash);
        changed.push("password");
    }
    Ok(Profile { change, changed })
}

fn change_roles(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    by: By<'_>,
    before: &PersonView,
    roles: &BTreeSet<Role>,
) -> Result<()> {
    let held: BTreeSet<Role> = before.roles.iter().copied().collect();
    for role in held.difference(roles) {
        people::end_role(tx, before.id, *role)?;
    }
    for role in roles.difference(&held) {
        people::begin_role(tx, before.id, *role)?;
    }
    let facts = Facts::new().with("roles", names(roles)).about(before.id, "person_id", before.id.to_string());
    enter(tx, keys, by, Event::PersonRolesChanged, facts)?;
    Ok(())
}

/// Sessions end with a reactivation too: one may have begun in the very moment of the deactivation.
fn change_activity(tx: &mut WriteTx<'_>, keys: &Keys, by: By<'_>, id: PersonId, active: bool) -> Result<()> {
    let event = if active {
        people::begin_activity(tx, id)?;
        Event::PersonReactivated
    } else {
        people::end_activity(tx, id)?;
        Event::PersonDeactivated
    };
    let now = tx.now();
    sessions::revoke_all(tx.conn(), id, None, now)?;
    enter(tx, keys, by, event, Facts::new().about(id, "person_id", id.to_string()))?;
    Ok(())
}

fn refuse_own_roles(
    conn: &mut Conn,
    actor: &Actor,
    before: &PersonView,
    roles: &BTreeSet<Role>,
) -> Result<()> {
    if actor.client.is_some() && api_keys::behind(conn, actor)? == Some(before.id) {
        return Err(Error::new(
            Code::Forbidden,
            "A key does not change the roles of the person who made it: ask another administrator.",
        ));
    }
    let gains = roles.iter().any(|role| !before.roles.contains(role));
    if gains && actor.person == Some(before.id) {
        return Err(Error::new(
            Code::Forbidden,
            "Nobody gives themselves a role: ask another administrator.",
        ));
    }
    Ok(())
}

fn keep_an_administrator(conn: &mut Conn, before: &PersonView, command: &PersonUpdate) -> Result<()> {
    let stays = command.active.unwrap_or(before.active)
        && command
            .roles
            .as_ref()
            .map_or(before.roles.contains(&Role::Admin), |roles| roles.contains(&Role::Admin));
    if stays || people::active_with_role(conn, Role::Admin)? != [before.id] {
        return Ok(());
    }
    Err(Error::new(
        Code::LastAdministrator,
        "This is the last active administrator: make somebody else one first.",
    ))
}

fn checked_patch(
    faults: &mut Vec<Fault>,
    patch: Option<&Option<String>>,
    check: fn(&str) -> Result<String, Fault>,
) -> Option<Option<String>> {
    patch.map(|value| checked_some(faults, value.as_deref(), check))
}
