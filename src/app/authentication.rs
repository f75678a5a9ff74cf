//! Who a request comes from, and whether they may ask for what it asks.
//!
//! [`authenticate`] reads only the snapshot, so it costs no query. [`confirm`] reads rows, inside the
//! transaction that writes: whoever was deactivated, or whose key or session has ended, writes nothing
//! more from that moment, however old a node's snapshot is.

use subtle::ConstantTimeEq;

use super::access::{Access, ClientAccess, PersonAccess};
use super::actor::{Actor, Permission};
use super::api_keys::{self, ApiKey};
use super::identity;
use super::tokens::Tokens;
use crate::domain::ids::PersonId;
use crate::domain::roles::{Scope, Scopes};
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::keys::{Identifier, Keys};
use crate::store::write::WriteTx;
use crate::store::{api_keys as key_rows, people, sessions};

/// The header by which a client names the person it acts for.
pub const PERSON_HEADER: &str = "Greenlight-Person";

/// What a request says about who it comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// What follows `Bearer` in `Authorization`: an access token or an API key.
    pub bearer: Option<&'a str>,
    /// The value of `Greenlight-Person`: a person's id or external id.
    pub person: Option<&'a str>,
}

/// Who a request comes from, if it may ask for this; nobody, where anybody may.
///
/// 401 `unauthenticated` without good credentials. 403 `person_required` for a key without `on_behalf`
/// where a person acts, 403 `forbidden` without the scope. 400 `person_header` where the header is
/// missing or not expected, 404 `person_not_found` for somebody unknown or inactive.
pub fn authenticate(
    access: &Access,
    keys: &Keys,
    tokens: &Tokens,
    credentials: Credentials<'_>,
    permission: Permission,
    now: Time,
) -> Result<Option<Actor>> {
    if permission == Permission::Public {
        return match credentials.person {
            Some(_) => Err(header_not_expected()),
            None => Ok(None),
        };
    }
    let bearer = credentials.bearer.ok_or_else(|| {
        Error::new(
            Code::Unauthenticated,
            "This needs an access token or an API key: Authorization: Bearer ..",
        )
    })?;
    let actor = if bearer.starts_with(api_keys::BEGINNING) {
        let client = client(access, bearer, now)?;
        client_actor(access, keys, client, credentials.person, permission)?
    } else {
        session_actor(access, tokens, bearer, credentials.person, now)?
    };
    if let Some(scope) = permission.scope() {
        actor.require(scope)?;
    }
    Ok(Some(actor))
}

fn session_actor(
    access: &Access,
    tokens: &Tokens,
    token: &str,
    header: Option<&str>,
    now: Time,
) -> Result<Actor> {
    let claims = tokens.verify(token, now)?;
    let person = access.person(claims.sub).filter(|person| person.active);
    let Some(person) = person.filter(|_| !access.is_revoked(claims.sid)) else {
        return Err(session_ended());
    };
    if header.is_some() {
        return Err(header_not_expected());
    }
    Ok(Actor { person: Some(person.id), client: None, session: Some(claims.sid), scopes: person.scopes })
}

fn client<'a>(access: &'a Access, key: &str, now: Time) -> Result<&'a ClientAccess> {
    let presented = ApiKey::parse(key).ok_or_else(key_ended)?;
    let client = access.client(presented.prefix).ok_or_else(key_ended)?;
    let same: bool = client.hash.as_bytes().ct_eq(presented.hash.as_bytes()).into();
    if same && now < client.expires_at { Ok(client) } else { Err(key_ended()) }
}

/// What the key may not do is refused before the person is looked up, so that a key without the right
/// learns nothing about people.
fn client_actor(
    access: &Access,
    keys: &Keys,
    client: &ClientAccess,
    header: Option<&str>,
    permission: Permission,
) -> Result<Actor> {
    let mut actor = Actor { person: None, client: Some(client.id), session: None, scopes: client.scopes };
    let names_nobody = header.is_none() && !permission.acts_as_person();
    if !permission.takes_person() || names_nobody {
        return if header.is_some() { Err(header_not_expected()) } else { Ok(actor) };
    }
    if !client.scopes.contains(Scope::OnBehalf) {
        actor.person()?;
    }
    if let Some(scope) = permission.scope() {
        actor.require(scope)?;
    }
    let header =
        header.ok_or_else(|| header_fault("The request acts as a person: name them in the header."))?;
    let person = named(access, keys, header).filter(|person| person.active).ok_or_else(person_not_found)?;
    actor.person = Some(person.id);
    actor.scopes = client.scopes.intersection(person.scopes);
    Ok(actor)
}

/// Whom the header names: what has the form of an id is one, as no external id may have it.
fn named<'a>(access: &'a Access, keys: &Keys, header: &str) -> Option<&'a PersonAccess> {
    // Other systems write ids in capitals too; here, unlike in an address, that names nothing else.
    if let Ok(id) = header.to_ascii_lowercase().parse::<PersonId>() {
        return access.person(id).map(AsRef::as_ref);
    }
    let hmac = keys.identity_hmac(Identifier::ExternalId, &identity::normal_external_id(header));
    access.person_by_external_id(&hmac).map(AsRef::as_ref)
}

/// The caller as they stand in this transaction, with the scopes that they hold now.
///
/// Each write that somebody asked for begins with this. Refused like [`authenticate`]: 401 when the
/// session or key has ended, 404 `person_not_found` when a client acts for somebody inactive.
pub fn confirm(tx: &mut WriteTx<'_>, actor: &Actor) -> Result<Actor> {
    let now = tx.now();
    let mut granted: Option<Scopes> = None;
    if let Some(client) = actor.client {
        let row = key_rows::find(tx.conn(), client)?.filter(|row| row.holds(now)).ok_or_else(key_ended)?;
        granted = Some(row.scopes()?);
    }
    if let Some(session) = actor.session {
        let row = sessions::find(tx.conn(), session)?;
        row.filter(|row| row.holds(now)).ok_or_else(session_ended)?;
    }
    if let Some(person) = actor.person {
        let standing = people::standing(tx.conn(), person)?;
        if !standing.active {
            return Err(if actor.client.is_some() { person_not_found() } else { session_ended() });
        }
        let scopes = Scopes::of_roles(standing.roles);
        granted = Some(granted.map_or(scopes, |of_key| of_key.intersection(scopes)));
    }
    Ok(Actor { scopes: granted.unwrap_or_default(), ..actor.clone() })
}

/// Refuses a caller who, as they stand in this transaction, lacks the scope.
pub fn authorise(tx: &mut WriteTx<'_>, actor: &Actor, scope: Scope) -> Result<()> {
    confirm(tx, actor)?.require(scope)
}

fn session_ended() -> Error {
    Error::new(Code::Unauthenticated, "The session has ended: sign in again.")
}

fn key_ended() -> Error {
    Error::new(Code::Unauthenticated, "The API key is not valid, has expired or was revoked.")
}

fn person_not_found() -> Error {
    Error::new(Code::PersonNotFound, "Nobody who is active has the id or external id in Greenlight-Person.")
}

fn header_not_expected() -> Error {
    header_fault(
        "The header is for API keys that act on behalf of a person, where a person acts: leave it out.",
    )
}

fn header_fault(detail: &str) -> Error {
    Error::new(Code::PersonHeader, detail).fault(Fault::header(PERSON_HEADER, "person_header", detail))
}

#[cfg(test)]
mod tests;
