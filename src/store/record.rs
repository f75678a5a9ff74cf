//! Reading the record: its state, entries, and the sealed values that belong to them.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::{record_entries, record_personal, record_state};
use super::write::Versions;
use crate::domain::ids::PersonId;
use crate::domain::time::Time;
use crate::error::Result;

/// The present state of the record, read without its lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// How many entries there are.
    pub size: i64,
    /// What snapshots compare themselves with.
    pub versions: Versions,
    /// The digest of the configuration in force.
    pub config_digest: Option<String>,
    /// The time of the last entry.
    pub updated_at: Time,
}

/// The present state.
pub fn state(conn: &mut Conn) -> Result<State> {
    let (size, content, access, config_digest, updated_at): (i64, i64, i64, Option<String>, Time) =
        record_state::table
            .select((
                record_state::size,
                record_state::content_version,
                record_state::access_version,
                record_state::config_digest,
                record_state::updated_at,
            ))
            .first(conn)?;
    Ok(State { size, versions: Versions { content, access }, config_digest, updated_at })
}

/// A personal value as it is stored, with what is needed to open it.
#[derive(Debug, Clone)]
pub struct SealedValue {
    /// The entry's index.
    pub idx: i64,
    /// The entry's identity, which the value is bound to.
    pub event_id: String,
    /// The field's name.
    pub field: String,
    /// The person under whose key it is sealed.
    pub person: PersonId,
    /// The sealed value.
    pub ciphertext: Vec<u8>,
}

/// The personal values of these entries with one of these names; erased ones are missing.
pub fn personal_of(conn: &mut Conn, indexes: &[i64], fields: &[&str]) -> Result<Vec<SealedValue>> {
    type Row = (i64, String, String, Option<PersonId>, Option<Vec<u8>>);
    let rows: Vec<Row> = record_personal::table
        .inner_join(record_entries::table.on(record_entries::idx.eq(record_personal::idx)))
        .filter(record_personal::idx.eq_any(indexes))
        .filter(record_personal::field.eq_any(fields))
        .select((
            record_personal::idx,
            record_entries::event_id,
            record_personal::field,
            record_personal::person_id,
            record_personal::ciphertext,
        ))
        .load(conn)?;
    let value = |(idx, event_id, field, person, ciphertext): Row| {
        Some(SealedValue { idx, event_id, field, person: person?, ciphertext: ciphertext? })
    };
    Ok(rows.into_iter().filter_map(value).collect())
}

/// The leaf hashes of these entries.
pub fn leaf_hashes(conn: &mut Conn, indexes: &[i64]) -> Result<HashMap<i64, Vec<u8>>> {
    let rows: Vec<(i64, Vec<u8>)> = record_entries::table
        .filter(record_entries::idx.eq_any(indexes))
        .select((record_entries::idx, record_entries::leaf_hash))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
