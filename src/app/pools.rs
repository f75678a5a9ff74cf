//! Who may decide as things stand at one moment: pools of reviewers, and the deputies of who is away.
//!
//! A person of a pool is a seat. Whoever is active and may decide sits on their own; the seat of somebody
//! who is deactivated is their deputy's while a delegation holds. A deputy may also act for somebody who is
//! there, which adds no seat.

use std::collections::HashMap;

use crate::domain::delegation::Delegation;
use crate::domain::ids::{Kind, PersonId};
use crate::domain::time::Time;
use crate::domain::workflow::Reviewers;
use crate::error::{Error, Result};
use crate::store::connection::Conn;
use crate::store::reviewers::Part;
use crate::store::write::WriteTx;
use crate::store::{delegations, reviewers};

/// Persons of a pool that are read beyond those that are needed, so that the next question finds them.
const SPARE: usize = 100;

/// Pools as they stand at one moment. It remembers what it read, so that a queue of reviews asks for each
/// pool once.
#[derive(Debug)]
pub struct Pools {
    delegations: Vec<Delegation>,
    parts: HashMap<String, Vec<Part>>,
    known: HashMap<String, Known>,
    now: Time,
}

/// What is known of who may decide in a pool.
#[derive(Debug, Clone, Default)]
struct Known {
    persons: Vec<PersonId>,
    is_whole: bool,
}

impl Pools {
    /// The pools as they stand now.
    pub fn read(conn: &mut Conn, now: Time) -> Result<Self> {
        let delegations = delegations::in_force(conn, None, now)?;
        Ok(Self { delegations, parts: HashMap::new(), known: HashMap::new(), now })
    }

    /// The pools as a transaction finds them.
    pub fn of(tx: &mut WriteTx<'_>) -> Result<Self> {
        let now = tx.now();
        Self::read(tx.conn(), now)
    }

    /// Persons who may decide in any of these pools on items of a kind, none of the `excluded`: all of them,
    /// or at least `enough`. A deputy stands for whom they decide for; somebody `excluded` has no deputy here.
    pub fn able(
        &mut self,
        conn: &mut Conn,
        pools: &[Reviewers],
        kind: Kind,
        excluded: &[PersonId],
        enough: usize,
    ) -> Result<Vec<PersonId>> {
        let key = name(pools)?;
        let known = self.known.get(&key).cloned().unwrap_or_default();
        let mut others = without(&known.persons, excluded);
        if !known.is_whole && others.len() < enough {
            let read = self.read_pool(conn, pools, enough.saturating_add(excluded.len()))?;
            others = without(&read.persons, excluded);
            self.known.insert(key, read);
        }
        let away = self.deputies_of_the_away(conn, pools, kind, excluded)?;
        others.extend(away.into_iter().filter(|deputy| !excluded.contains(deputy)));
        others.sort_unstable();
        others.dedup();
        Ok(others)
    }

    fn read_pool(&mut self, conn: &mut Conn, pools: &[Reviewers], most: usize) -> Result<Known> {
        let limit = most.saturating_add(SPARE);
        let parts = self.parts(conn, pools)?;
        let persons = reviewers::some_of(conn, &parts, &[], limit)?;
        Ok(Known { is_whole: persons.len() < limit, persons })
    }

    /// The deputies of those who belong to these pools and are deactivated.
    fn deputies_of_the_away(
        &mut self,
        conn: &mut Conn,
        pools: &[Reviewers],
        kind: Kind,
        excluded: &[PersonId],
    ) -> Result<Vec<PersonId>> {
        let holding: Vec<Delegation> = self
            .delegations
            .iter()
            .filter(|it| it.is_for(kind) && !excluded.contains(&it.from))
            .cloned()
            .collect();
        if holding.is_empty() {
            return Ok(Vec::new());
        }
        let parts = self.parts(conn, pools)?;
        let mut deputies = Vec::new();
        for Delegation { from, to, .. } in holding {
            let is_away = !reviewers::may_decide(conn, from)? && reviewers::has_deciding_role(conn, from)?;
            if is_away && reviewers::is_in(conn, &parts, from)? && reviewers::may_decide(conn, to)? {
                deputies.push(to);
            }
        }
        Ok(deputies)
    }

    /// On whose seats in these pools a person may decide: their own first, then those whose deputy they are.
    pub fn seats_of(
        &mut self,
        conn: &mut Conn,
        pools: &[Reviewers],
        kind: Kind,
        person: PersonId,
    ) -> Result<Vec<PersonId>> {
        if !reviewers::may_decide(conn, person)? {
            return Ok(Vec::new());
        }
        let parts = self.parts(conn, pools)?;
        let mut seats = Vec::new();
        if reviewers::is_in(conn, &parts, person)? {
            seats.push(person);
        }
        let givers = self.delegations.iter().filter(|it| it.to == person && it.holds(kind, self.now));
        for from in givers.map(|it| it.from).collect::<Vec<_>>() {
            if reviewers::has_deciding_role(conn, from)? && reviewers::is_in(conn, &parts, from)? {
                seats.push(from);
            }
        }
        Ok(seats)
    }

    fn parts(&mut self, conn: &mut Conn, pools: &[Reviewers]) -> Result<Vec<Part>> {
        let name = name(pools)?;
        if let Some(parts) = self.parts.get(&name) {
            return Ok(parts.clone());
        }
        let parts = reviewers::parts(conn, pools)?;
        self.parts.insert(name, parts.clone());
        Ok(parts)
    }
}

fn without(persons: &[PersonId], excluded: &[PersonId]) -> Vec<PersonId> {
    persons.iter().filter(|person| !excluded.contains(person)).copied().collect()
}

fn name(pools: &[Reviewers]) -> Result<String> {
    serde_json::to_string(pools).map_err(Error::internal)
}
