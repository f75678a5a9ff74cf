//! API keys: how apps and systems identify themselves.
//!
//! A key is `glk_`, 8 characters by which it is looked up, `_`, 32 secret characters (190 bits), and 6
//! that are a checksum, all of base62. The checksum turns typing errors away before any look-up, and the
//! fixed beginning lets scanners of leaked secrets find keys. Only the SHA-256 of a key is stored: with
//! that many random bits, a slow hash adds nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use super::actor::Actor;
use super::authentication;
use super::journal::{By, Facts, enter};
use crate::domain::ids::{ClientId, PersonId};
use crate::domain::roles::{Scope, Scopes};
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::keys::Keys;
use crate::record::Event;
use crate::record::crypto::{hex, sha256};
use crate::store::Db;
use crate::store::api_keys::{self, ApiKeyRow, NewApiKey};
use crate::store::connection::Conn;
use crate::store::write::WriteTx;

#[cfg(test)]
mod tests;

/// What every key begins with.
pub const BEGINNING: &str = "glk_";

/// The longest time that a key may be good for.
const MAX_LIFETIME: Duration = Duration::from_hours(2 * 365 * 24);

/// The longest name of a key, in characters.
const MAX_NAME: usize = 200;

const PREFIX: usize = 8;
const SECRET: usize = 32;
const CHECKSUM: usize = 6;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A freshly made key. The text is shown once and wiped from memory when dropped.
pub struct ApiKey {
    text: Zeroizing<String>,
    prefix: String,
}

/// A key as a request presents it: well-formed, and not yet known to be one of ours.
#[derive(Debug, PartialEq, Eq)]
pub struct Presented<'a> {
    /// The part that it is looked up by.
    pub prefix: &'a str,
    /// The SHA-256 of the whole key, in hexadecimal.
    pub hash: String,
}

impl ApiKey {
    /// A fresh key.
    pub fn generate() -> Result<Self> {
        let prefix = random_base62(PREFIX)?;
        let secret = random_base62(SECRET)?;
        let mut text = Zeroizing::new(format!("{BEGINNING}{}_{}", *prefix, *secret));
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Ok(Self { text, prefix: prefix.to_string() })
    }

    /// The whole key, to be shown once.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads a presented key; `None` when it cannot be one, its checksum included.
    pub fn parse(text: &str) -> Option<Presented<'_>> {
        let (prefix, rest) = text.strip_prefix(BEGINNING)?.split_once('_')?;
        let base62 = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if prefix.len() != PREFIX || rest.len() != SECRET + CHECKSUM || !base62(prefix) || !base62(rest) {
            return None;
        }
        let (covered, sum) = text.split_at_checked(text.len() - CHECKSUM)?;
        (checksum(covered) == sum).then(|| Presented { prefix, hash: hash(text) })
    }
}

fn hash(text: &str) -> String {
    hex(&sha256(&[text.as_bytes()]))
}

/// The CRC-32 of a text as 6 base62 digits, the most significant first.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [0; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = rest % 62;
        rest /= 62;
    }
    digits.iter().filter_map(|digit| BASE62.get(*digit as usize)).map(|byte| char::from(*byte)).collect()
}

/// Random digits, each equally likely: bytes from 248 on, which 62 does not divide, are thrown again.
fn random_base62(length: usize) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut bytes = Zeroizing::new([0; 64]);
    while text.len() < length {
        getrandom::fill(bytes.as_mut()).map_err(Error::internal)?;
        let fair = bytes.iter().filter(|byte| **byte < 248);
        let digits = fair.filter_map(|byte| BASE62.get(usize::from(byte % 62)));
        let missing = length - text.len();
        text.extend(digits.take(missing).map(|byte| char::from(*byte)));
    }
    Ok(text)
}

/// An API key to be made.
#[derive(Debug, Clone)]
pub struct ApiKeyCreate {
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends.
    pub expires_at: Time,
}

/// An API key as it is shown: without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyView {
    /// Its id.
    pub id: ClientId,
    /// The part of the key by which it is recognised.
    pub prefix: String,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Time,
    /// When it ends by itself.
    pub expires_at: Time,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
}

impl ApiKeyView {
    fn of(row: ApiKeyRow) -> Result<Self> {
        Ok(Self {
            scopes: row.scopes()?,
            id: row.id,
            prefix: row.prefix,
            name: row.name,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        })
    }
}

/// The scopes that work without a person, and so give a key a power of its own. The others do what the
/// key and the person it acts for both may, so that a key with them can do no more than its users.
const ALONE: [Scope; 6] =
    [Scope::ContentRead, Scope::Audit, Scope::People, Scope::ApiKeys, Scope::Workflows, Scope::Completions];

/// Makes an API key known. `key` is made before the transaction; its text is shown by the caller, once.
///
/// Any key may have the scopes `content_write`, `review`, `publish`, `share` and `on_behalf`; 403
/// `forbidden` for one that works without a person and that the maker does not hold.
pub fn api_key_create(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    key: &ApiKey,
    command: &ApiKeyCreate,
) -> Result<ApiKeyView> {
    let maker = authentication::confirm(tx, actor)?;
    maker.require(Scope::ApiKeys)?;
    refuse_more_than_held(maker.scopes, command.scopes)?;
    let name = command.name.trim();
    let faults = faults(name, command, tx.now());
    if !faults.is_empty() {
        return Err(Error::invalid_content(faults));
    }
    let id = ClientId::generate();
    let row = NewApiKey {
        id,
        prefix: &key.prefix,
        hash: &hash(&key.text),
        name,
        scopes: command.scopes,
        created_by: behind(tx.conn(), actor)?,
        expires_at: command.expires_at,
    };
    api_keys::insert(tx, &row)?;
    let scopes: Vec<&str> = command.scopes.iter().map(|scope| scope.as_str()).collect();
    let facts = Facts::new()
        .with("key_id", id.to_string())
        .with("name", name)
        .with("scopes", scopes)
        .with("expires_at", command.expires_at.to_string());
    enter(tx, keys, By::Actor(actor), Event::ApiKeyCreated, facts)?;
    find(tx.conn(), id)
}

/// API keys, newest first, after `after`.
pub fn api_key_list(
    conn: &mut Conn,
    actor: &Actor,
    after: Option<ClientId>,
    limit: i64,
) -> Result<Vec<ApiKeyView>> {
    actor.require(Scope::ApiKeys)?;
    api_keys::list(conn, after, limit)?.into_iter().map(ApiKeyView::of).collect()
}

/// Revokes an API key; one that was revoked stays as it is.
pub fn api_key_revoke(tx: &mut WriteTx<'_>, keys: &Keys, actor: &Actor, id: ClientId) -> Result<()> {
    authentication::authorise(tx, actor, Scope::ApiKeys)?;
    if find(tx.conn(), id)?.revoked_at.is_some() {
        return Ok(());
    }
    api_keys::revoke(tx, id)?;
    let facts = Facts::new().with("key_id", id.to_string());
    enter(tx, keys, By::Actor(actor), Event::ApiKeyRevoked, facts)?;
    Ok(())
}

/// The person behind a caller: themselves, or whoever made the key.
pub fn behind(conn: &mut Conn, actor: &Actor) -> Result<Option<PersonId>> {
    match (actor.person, actor.client) {
        (None, Some(client)) => Ok(api_keys::find(conn, client)?.and_then(|row| row.created_by)),
        (person, _) => Ok(person),
    }
}

fn refuse_more_than_held(held: Scopes, asked: Scopes) -> Result<()> {
    match ALONE.into_iter().find(|scope| asked.contains(*scope) && !held.contains(*scope)) {
        None => Ok(()),
        Some(scope) => {
            let detail =
                format!("The scope {scope} works without a person: only who holds it makes a key with it.");
            Err(Error::new(Code::Forbidden, detail).with("scope", scope.as_str()))
        }
    }
}

fn find(conn: &mut Conn, id: ClientId) -> Result<ApiKeyView> {
    let row = api_keys::find(conn, id)?.ok_or_else(|| Error::not_found("API key"))?;
    ApiKeyView::of(row)
}

fn faults(name: &str, command: &ApiKeyCreate, now: Time) -> Vec<Fault> {
    let mut faults = Vec::new();
    let length = name.chars().count();
    if !(1..=MAX_NAME).contains(&length) || name.chars().any(char::is_control) {
        faults.push(Fault::body(
            "/name",
            "invalid_name",
            "A name has 1 to 200 characters, and no control characters.",
        ));
    }
    if command.scopes.iter().next().is_none() {
        faults.push(Fault::body("/scopes", "no_scope", "A key needs at least one scope."));
    }
    if command.expires_at <= now || command.expires_at > now.after(MAX_LIFETIME) {
        faults.push(Fault::body(
            "/expires_at",
            "invalid_expiry",
            "A key ends in the future, within two years.",
        ));
    }
    faults
}

/// Which keys were used since this was last written down. A request only notes it here; a job writes it
/// once a minute, so that a busy key costs one small write and not one for each request.
#[derive(Debug, Default)]
pub struct LastUses {
    seen: Mutex<HashMap<ClientId, Time>>,
}

impl LastUses {
    /// Notes a use.
    pub fn note(&self, client: ClientId, now: Time) {
        const MINUTE: i64 = 60_000_000;
        let minute = Time::from_micros(now.micros().div_euclid(MINUTE) * MINUTE);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(client, minute);
    }

    /// Writes down what was noted.
    pub async fn flush(&self, db: &Db) -> Result<()> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        if seen.is_empty() {
            return Ok(());
        }
        let write = move |conn: &mut Conn| {
            seen.into_iter().try_for_each(|(client, minute)| api_keys::touch(conn, client, minute))
        };
        db.write_unlocked(write).await
    }
}
