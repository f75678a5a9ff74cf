//! Idempotency keys: which resource answered a request, never the answer itself.
//!
//! Keys are looked up and written under the lock of the record, so two requests with one key cannot pass
//! each other.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use uuid::Uuid;

use super::backend;
use super::connection::Conn;
use super::schema::idempotency_keys;
use super::write::WriteTx;
use crate::domain::ids::{ClientId, PersonId};
use crate::domain::time::Time;
use crate::error::Result;

/// Who used which key for what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The client, if any.
    pub client: Option<ClientId>,
    /// The person, if any.
    pub person: Option<PersonId>,
    /// The operation.
    pub operation: &'static str,
    /// The key.
    pub key: String,
}

/// What a key was used for.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
pub struct Used {
    /// The resource that answered.
    pub resource_id: String,
    /// The keyed hash of the body it came with.
    pub body_hmac: String,
}

/// What these keys of one operation were used for; keys that were not used are missing.
pub fn find_all(conn: &mut Conn, scopes: &[Scope]) -> Result<HashMap<Scope, Used>> {
    let wanted: HashMap<(String, String, &str, &str), &Scope> = scopes
        .iter()
        .map(|scope| ((client(scope), person(scope), scope.operation, scope.key.as_str()), scope))
        .collect();
    type Row = (String, String, String, String, Used);
    let mut found = HashMap::new();
    for part in scopes.chunks(SCOPES_A_QUERY) {
        let rows: Vec<Row> = idempotency_keys::table
            .filter(idempotency_keys::client_id.eq_any(part.iter().map(client)))
            .filter(idempotency_keys::person_id.eq_any(part.iter().map(person)))
            .filter(idempotency_keys::operation.eq_any(part.iter().map(|scope| scope.operation)))
            .filter(idempotency_keys::key.eq_any(part.iter().map(|scope| scope.key.as_str())))
            .select((
                idempotency_keys::client_id,
                idempotency_keys::person_id,
                idempotency_keys::operation,
                idempotency_keys::key,
                Used::as_select(),
            ))
            .load(conn)?;
        for (client, person, operation, key, used) in rows {
            if let Some(scope) = wanted.get(&(client, person, operation.as_str(), key.as_str())) {
                found.insert((*scope).clone(), used);
            }
        }
    }
    Ok(found)
}

/// Scopes looked up by one query: four bound values each.
const SCOPES_A_QUERY: usize = 200;

/// A key that was used just now.
#[derive(Debug, Clone)]
pub struct Use {
    /// Who used which key for what.
    pub scope: Scope,
    /// The status that was answered.
    pub status: u16,
    /// The resource that answered.
    pub resource_id: String,
    /// The keyed hash of the body.
    pub body_hmac: String,
}

/// Remembers what keys were used for.
pub fn insert_all(tx: &mut WriteTx<'_>, uses: &[Use]) -> Result<()> {
    let created_at = tx.now().micros();
    let new: Vec<backend::NewKey<'_>> = uses
        .iter()
        .map(|used| backend::NewKey {
            client_id: client(&used.scope),
            person_id: person(&used.scope),
            operation: used.scope.operation,
            key: &used.scope.key,
            status: i64::from(used.status),
            resource_id: used.resource_id.clone(),
            body_hmac: &used.body_hmac,
            created_at,
        })
        .collect();
    backend::insert_keys(tx.conn(), &new)
}

/// Keys that one sweep takes, so that it holds the lock for a moment only.
const KEYS_A_SWEEP: i64 = 500;

/// Forgets the oldest 500 keys of those older than `before`, but none of a share; answers how many they
/// were, which is 0 once there are no more.
pub fn sweep(tx: &mut WriteTx<'_>, before: Time) -> Result<usize> {
    let old: Vec<(String, String, String, String)> = idempotency_keys::table
        // Written out, because no bound value would lead SQLite to the partial index.
        .filter(sql::<Bool>("operation <> 'share_create'"))
        .filter(idempotency_keys::created_at.lt(before.micros()))
        .order(idempotency_keys::created_at.asc())
        .limit(KEYS_A_SWEEP)
        .select((
            idempotency_keys::client_id,
            idempotency_keys::person_id,
            idempotency_keys::operation,
            idempotency_keys::key,
        ))
        .load(tx.conn())?;
    // What mixes the parts of several of these and is as old may go as well.
    let found = idempotency_keys::table
        .filter(idempotency_keys::created_at.lt(before.micros()))
        .filter(idempotency_keys::client_id.eq_any(old.iter().map(|(client, ..)| client)))
        .filter(idempotency_keys::person_id.eq_any(old.iter().map(|(_, person, ..)| person)))
        .filter(idempotency_keys::operation.eq_any(old.iter().map(|(_, _, operation, _)| operation)))
        .filter(idempotency_keys::key.eq_any(old.iter().map(|(.., key)| key)));
    Ok(diesel::delete(found).execute(tx.conn())?)
}

fn client(scope: &Scope) -> String {
    scope.client.map_or(Uuid::nil(), ClientId::uuid).to_string()
}

fn person(scope: &Scope) -> String {
    scope.person.map_or(Uuid::nil(), PersonId::uuid).to_string()
}
