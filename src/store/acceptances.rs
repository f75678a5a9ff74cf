//! Acceptances: which revision of a guideline somebody accepted.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::acceptances;
use super::write::WriteTx;
use crate::domain::ids::{Digest, ItemId, PersonId};
use crate::domain::time::Time;
use crate::error::Result;

/// One acceptance.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = acceptances)]
pub struct AcceptanceRow {
    /// The index of its entry.
    pub idx: i64,
    /// The guideline.
    pub item_id: ItemId,
    /// The revision.
    pub revision: i64,
    /// The revision's digest.
    pub digest: Digest,
    /// The index of the revision's approval.
    pub approved_idx: i64,
    /// When it was accepted.
    pub accepted_at: Time,
}

/// Writes an acceptance that stands at its index in the record.
pub fn insert(tx: &mut WriteTx<'_>, person: PersonId, row: &AcceptanceRow) -> Result<()> {
    let row = (
        acceptances::idx.eq(row.idx),
        acceptances::person_id.eq(person.to_string()),
        acceptances::item_id.eq(row.item_id.to_string()),
        acceptances::revision.eq(row.revision),
        acceptances::digest.eq(row.digest.as_str()),
        acceptances::approved_idx.eq(row.approved_idx),
        acceptances::accepted_at.eq(row.accepted_at.micros()),
    );
    diesel::insert_into(acceptances::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// What a person accepted of one revision of a guideline.
pub fn find(conn: &mut Conn, person: PersonId, item: ItemId, revision: i64) -> Result<Option<AcceptanceRow>> {
    Ok(acceptances::table
        .filter(acceptances::person_id.eq(person.to_string()))
        .filter(acceptances::item_id.eq(item.to_string()))
        .filter(acceptances::revision.eq(revision))
        .select(AcceptanceRow::as_select())
        .first(conn)
        .optional()?)
}

/// The acceptance whose entry stands at this index.
pub fn made(conn: &mut Conn, idx: i64) -> Result<Option<AcceptanceRow>> {
    Ok(acceptances::table.find(idx).select(AcceptanceRow::as_select()).first(conn).optional()?)
}

/// Everything that a person accepted, by index.
pub fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<AcceptanceRow>> {
    Ok(acceptances::table
        .filter(acceptances::person_id.eq(person.to_string()))
        .order(acceptances::idx.asc())
        .select(AcceptanceRow::as_select())
        .load(conn)?)
}

/// The approvals, by index, of what these persons accepted.
pub fn approvals_of_all(conn: &mut Conn, persons: &[String]) -> Result<HashMap<PersonId, Vec<i64>>> {
    let rows: Vec<(Option<PersonId>, i64)> = acceptances::table
        .filter(acceptances::person_id.eq_any(persons))
        .select((acceptances::person_id, acceptances::approved_idx))
        .load(conn)?;
    let mut found: HashMap<PersonId, Vec<i64>> = HashMap::new();
    for (person, approved_idx) in rows {
        let Some(person) = person else { continue };
        found.entry(person).or_default().push(approved_idx);
    }
    Ok(found)
}
