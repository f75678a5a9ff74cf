//! Doing a request once, however often it is sent.
//!
//! A key is looked up and kept in the transaction of the effect, under the lock, so that two requests
//! with one key cannot both act. What is kept is which resource answered; a retry is answered from that
//! resource as it is now.

use std::fmt::Display;
use std::str::FromStr;

use subtle::ConstantTimeEq;

use super::actor::Actor;
use super::journal::subject_keys_of;
use crate::error::{Code, Error, Result};
use crate::keys::Keys;
use crate::record::crypto::hex;
use crate::store::connection::Conn;
use crate::store::idempotency::{self, Scope, Use, Used};
use crate::store::write::WriteTx;

/// A request that may be sent again.
#[derive(Debug, Clone)]
pub struct Once {
    /// The operation.
    pub operation: &'static str,
    /// The key it came with, if any.
    pub key: Option<String>,
    /// The canonical body, so that another one is noticed.
    pub body: Vec<u8>,
}

/// What doing it once led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done<T> {
    /// The resource.
    pub resource: T,
    /// Whether an earlier request had made it.
    pub replayed: bool,
}

impl Once {
    /// The scope of the key for this actor, if the request came with one.
    pub fn scope(&self, actor: &Actor) -> Option<Scope> {
        let key = self.key.clone()?;
        Some(Scope { client: actor.client, person: actor.person, operation: self.operation, key })
    }

    /// What an earlier request with the key made, if there was one.
    pub fn known<T>(&self, conn: &mut Conn, keys: &Keys, actor: &Actor) -> Result<Option<T>>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        let Some(scope) = self.scope(actor) else { return Ok(None) };
        let used = idempotency::find_all(conn, std::slice::from_ref(&scope))?;
        let Some(used) = used.get(&scope) else { return Ok(None) };
        check_same_body(used, &body_hmac(conn, keys, actor, &self.body)?)?;
        used.resource_id.parse().map(Some).map_err(Error::internal)
    }

    /// Does `work`, or answers what an earlier request with the key made.
    pub fn run<T>(
        &self,
        tx: &mut WriteTx<'_>,
        keys: &Keys,
        actor: &Actor,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T>,
    ) -> Result<Done<T>>
    where
        T: Display + FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        if let Some(resource) = self.known(tx.conn(), keys, actor)? {
            return Ok(Done { resource, replayed: true });
        }
        let resource = work(tx)?;
        if let Some(scope) = self.scope(actor) {
            let body_hmac = body_hmac(tx.conn(), keys, actor, &self.body)?;
            let used = Use { scope, status: 201, resource_id: resource.to_string(), body_hmac };
            idempotency::insert_all(tx, &[used])?;
        }
        Ok(Done { resource, replayed: false })
    }
}

/// The keyed hash of a body: under the person's key, so that an erasure makes it unguessable, or under
/// the server's where no person acts.
pub fn body_hmac(conn: &mut Conn, keys: &Keys, actor: &Actor, body: &[u8]) -> Result<String> {
    let mac = match actor.person {
        None => keys.request_hmac(body),
        Some(person) => subject_keys_of(conn, keys, &[person])?
            .get(&person)
            .ok_or_else(|| Error::new(Code::PersonNotFound, "This person is not active."))?
            .request_hmac(body),
    };
    Ok(hex(&mac))
}

/// Refuses another body under a key that was used.
pub fn check_same_body(used: &Used, body_hmac: &str) -> Result<()> {
    if bool::from(used.body_hmac.as_bytes().ct_eq(body_hmac.as_bytes())) {
        return Ok(());
    }
    Err(Error::new(
        Code::IdempotencyKeyReused,
        "This Idempotency-Key came with another body before: use a fresh key for a new request.",
    ))
}
