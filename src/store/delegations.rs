//! Delegations: a person's own work, handed to a deputy for some days.

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::delegations;
use super::write::WriteTx;
use crate::domain::delegation::Delegation;
use crate::domain::ids::{DelegationId, Kind, PersonId};
use crate::domain::time::Time;
use crate::error::{Error, Result};

/// One delegation. `kinds` is JSON; the persons are `None` once erased.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = delegations)]
pub struct DelegationRow {
    /// Its id.
    pub id: DelegationId,
    /// Whose work it is.
    pub person_id: Option<PersonId>,
    /// Who does it.
    pub deputy_id: Option<PersonId>,
    /// Of which kinds; `[]` = of all.
    pub kinds: String,
    /// From when on.
    pub from_at: Time,
    /// Until when.
    pub until_at: Time,
    /// When somebody ended it before that.
    pub ended_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
}

impl DelegationRow {
    /// The kinds, parsed.
    pub fn kinds(&self) -> Result<Vec<Kind>> {
        serde_json::from_str(&self.kinds).map_err(Error::internal)
    }

    /// What the rules see of it: nothing where somebody was erased.
    pub fn delegation(&self) -> Result<Option<Delegation>> {
        let (Some(from), Some(to)) = (self.person_id, self.deputy_id) else { return Ok(None) };
        let until_at = self.ended_at.map_or(self.until_at, |ended| ended.min(self.until_at));
        Ok(Some(Delegation { from, to, kinds: self.kinds()?, from_at: self.from_at, until_at }))
    }
}

/// Writes a delegation that stands at `idx` in the record.
pub fn insert(tx: &mut WriteTx<'_>, id: DelegationId, delegation: &Delegation, idx: i64) -> Result<()> {
    let row = (
        delegations::id.eq(id.to_string()),
        delegations::person_id.eq(delegation.from.to_string()),
        delegations::deputy_id.eq(delegation.to.to_string()),
        delegations::kinds.eq(serde_json::to_string(&delegation.kinds).map_err(Error::internal)?),
        delegations::from_at.eq(delegation.from_at.micros()),
        delegations::until_at.eq(delegation.until_at.micros()),
        delegations::created_at.eq(tx.now().micros()),
        delegations::idx.eq(idx),
    );
    diesel::insert_into(delegations::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Ends a delegation, by the entry that stands at `idx` in the record.
pub fn end(tx: &mut WriteTx<'_>, id: DelegationId, idx: i64) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(delegations::table.find(id.to_string()))
        .set((delegations::ended_at.eq(now), delegations::ended_idx.eq(idx)))
        .execute(tx.conn())?;
    Ok(())
}

/// One delegation.
pub fn find(conn: &mut Conn, id: DelegationId) -> Result<Option<DelegationRow>> {
    Ok(delegations::table.find(id.to_string()).select(DelegationRow::as_select()).first(conn).optional()?)
}

/// The delegations that a person gave or got, or everybody's, newest first, after `after`.
pub fn list(
    conn: &mut Conn,
    person: Option<PersonId>,
    after: Option<DelegationId>,
    limit: i64,
) -> Result<Vec<DelegationRow>> {
    let mut query = delegations::table
        .select(DelegationRow::as_select())
        .order(delegations::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(person) = person {
        let person = person.to_string();
        query = query.filter(delegations::person_id.eq(person.clone()).or(delegations::deputy_id.eq(person)));
    }
    if let Some(after) = after {
        query = query.filter(delegations::id.lt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// Everything that holds at `now`, of every kind; only what this person gave or got, where one is named.
pub fn in_force(conn: &mut Conn, person: Option<PersonId>, now: Time) -> Result<Vec<Delegation>> {
    let mut query = delegations::table
        .filter(delegations::until_at.gt(now.micros()))
        .filter(delegations::from_at.le(now.micros()))
        .filter(delegations::ended_at.is_null())
        .select(DelegationRow::as_select())
        .into_boxed();
    if let Some(person) = person {
        let person = person.to_string();
        query = query.filter(delegations::person_id.eq(person.clone()).or(delegations::deputy_id.eq(person)));
    }
    let rows: Vec<DelegationRow> = query.load(conn)?;
    rows.iter().filter_map(|row| row.delegation().transpose()).collect()
}

/// What a person gave and what is not over yet.
pub fn given(conn: &mut Conn, person: PersonId, now: Time) -> Result<Vec<(DelegationId, Delegation)>> {
    let rows: Vec<DelegationRow> = delegations::table
        .filter(delegations::person_id.eq(person.to_string()))
        .filter(delegations::until_at.gt(now.micros()))
        .filter(delegations::ended_at.is_null())
        .select(DelegationRow::as_select())
        .load(conn)?;
    let held = |row: &DelegationRow| Ok(row.delegation()?.map(|it| (row.id, it)));
    rows.iter().filter_map(|row| held(row).transpose()).collect()
}
