//! Idempotency keys: which resource answered a request, never the answer itself.
//!
//! Keys are looked up and written under the lock of the record, so two requests with one key cannot pass
//! each other.

use diesel::prelude::*;
use uuid::Uuid;

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

/// What the key was used for, if it was.
pub fn find(conn: &mut Conn, scope: &Scope) -> Result<Option<Used>> {
    Ok(idempotency_keys::table
        .find((client(scope), person(scope), scope.operation, &scope.key))
        .select(Used::as_select())
        .first(conn)
        .optional()?)
}

/// Remembers what the key was used for.
pub fn insert(
    tx: &mut WriteTx<'_>,
    scope: &Scope,
    status: u16,
    resource_id: &str,
    body_hmac: &str,
) -> Result<()> {
    let row = (
        idempotency_keys::client_id.eq(client(scope)),
        idempotency_keys::person_id.eq(person(scope)),
        idempotency_keys::operation.eq(scope.operation),
        idempotency_keys::key.eq(&scope.key),
        idempotency_keys::status.eq(i64::from(status)),
        idempotency_keys::resource_id.eq(resource_id),
        idempotency_keys::body_hmac.eq(body_hmac),
        idempotency_keys::created_at.eq(tx.now().micros()),
    );
    diesel::insert_into(idempotency_keys::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Forgets the keys of everything but shares that are older than `before`; answers how many.
pub fn sweep(tx: &mut WriteTx<'_>, before: Time) -> Result<usize> {
    let old = idempotency_keys::table
        .filter(idempotency_keys::operation.ne("share_create"))
        .filter(idempotency_keys::created_at.lt(before.micros()));
    Ok(diesel::delete(old).execute(tx.conn())?)
}

fn client(scope: &Scope) -> String {
    scope.client.map_or(Uuid::nil(), ClientId::uuid).to_string()
}

fn person(scope: &Scope) -> String {
    scope.person.map_or(Uuid::nil(), PersonId::uuid).to_string()
}
