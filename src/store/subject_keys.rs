//! The wrapped key of each person, under which everything personal about them is sealed.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::subject_keys;
use super::write::WriteTx;
use crate::domain::ids::PersonId;
use crate::error::Result;

/// Keeps a person's wrapped key.
pub fn insert(tx: &mut WriteTx<'_>, person: PersonId, wrapped: &[u8], kek_id: &str) -> Result<()> {
    let row = (
        subject_keys::person_id.eq(person.to_string()),
        subject_keys::wrapped.eq(wrapped),
        subject_keys::kek_id.eq(kek_id),
        subject_keys::created_at.eq(tx.now().micros()),
    );
    diesel::insert_into(subject_keys::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// The wrapped keys of these persons; who was erased is missing from the answer.
pub fn find_all(conn: &mut Conn, persons: &[PersonId]) -> Result<HashMap<PersonId, Vec<u8>>> {
    let rows: Vec<(PersonId, Option<Vec<u8>>)> = subject_keys::table
        .filter(subject_keys::person_id.eq_any(persons.iter().map(ToString::to_string)))
        .select((subject_keys::person_id, subject_keys::wrapped))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(person, wrapped)| Some((person, wrapped?))).collect())
}
