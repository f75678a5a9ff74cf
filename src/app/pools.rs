//! Who may decide as things stand at one moment: pools of reviewers, and the deputies of who is away.
//!
//! A person of a pool is a seat. Whoever is active and may decide sits on their own; the seat of somebody
//! who is deactivated is their deputy's while a delegation holds. A deputy may also act for somebody who is
//! there, which adds no seat.

use std::collections::HashMap;

use crate::domain::delegation::Delegation;
use crate::domain::ids::{Kind, PersonId};
use crate::domain::responsibility::Bearer;
use crate::domain::time::Time;
use crate::domain::workflow::{QUORUM_MAX, Reviewers};
use crate::error::{Error, Result};
use crate::store::connection::Conn;
use crate::store::reviewers::Part;
use crate::store::write::WriteTx;
use crate::store::{delegations, responsibilities, reviewers};

/// Persons of a pool that are read beyond those that are needed, so that the next question finds them.
const SPARE: usize = 100;

/// Pools as they stand at one moment. It remembers what it read, so that a queue of reviews asks for each
/// pool once.
#[derive(Debug)]
pub struct Pools {
    delegations: Vec<Delegation>,
    parts: HashMap<String, Vec<Part>>,
    known: HashMap<String, Known>,
    away: HashMap<(String, Kind), Vec<Delegation>>,
    seats: HashMap<(String, Kind, PersonId), Vec<PersonId>>,
    members: HashMap<(String, PersonId), bool>,
    now: Time,
}

/// A seat in a pool, and who can take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// Whose it is.
    pub of: PersonId,
    /// They themselves, or their deputy while they are deactivated.
    pub taken_by: PersonId,
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
        Ok(Self {
            delegations,
            parts: HashMap::new(),
            known: HashMap::new(),
            away: HashMap::new(),
            seats: HashMap::new(),
            members: HashMap::new(),
            now,
        })
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
        let seats = self.seats(conn, pools, kind, excluded, enough)?;
        let mut able: Vec<PersonId> = seats.into_iter().map(|seat| seat.taken_by).collect();
        able.sort_unstable();
        Ok(able)
    }

    /// The seats of these persons. Nobody takes two: a deputy of several is waited for once.
    fn seats(
        &mut self,
        conn: &mut Conn,
        pools: &[Reviewers],
        kind: Kind,
        excluded: &[PersonId],
        enough: usize,
    ) -> Result<Vec<Seat>> {
        let key = name(pools)?;
        let known = self.known.get(&key).cloned().unwrap_or_default();
        let mut present = without(&known.persons, excluded);
        if !known.is_whole && present.len() < enough {
            let read = self.read_pool(conn, pools, enough.saturating_add(excluded.len()))?;
            present = without(&read.persons, excluded);
            self.known.insert(key, read);
        }
        let mut seats: Vec<Seat> = present.into_iter().map(|of| Seat { of, taken_by: of }).collect();
        for (of, taken_by) in self.deputies_of_the_away(conn, pools, kind, excluded)? {
            if !excluded.contains(&taken_by) && seats.iter().all(|seat| seat.taken_by != taken_by) {
                seats.push(Seat { of, taken_by });
            }
        }
        Ok(seats)
    }

    fn read_pool(&mut self, conn: &mut Conn, pools: &[Reviewers], most: usize) -> Result<Known> {
        let limit = most.saturating_add(SPARE);
        let parts = self.parts(conn, pools)?;
        let persons = reviewers::some_of(conn, &parts, &[], limit)?;
        Ok(Known { is_whole: persons.len() < limit, persons })
    }

    /// Whom a stage asks that asks everybody: the seats of all who may decide on items of a kind, none of them
    /// `excluded`, or at least one more than it can ask. Of a responsibility that is who holds it; its deputies
    /// only where none of those can.
    pub fn asked(
        &mut self,
        conn: &mut Conn,
        pools: &[Reviewers],
        kind: Kind,
        excluded: &[PersonId],
    ) -> Result<Vec<Seat>> {
        let most = QUORUM_MAX as usize + 1;
        let mut holding = Vec::with_capacity(pools.len());
        for pool in pools {
            match pool {
                Reviewers::Responsibility { id, .. } => {
                    let held = responsibilities::holders_of(conn, *id)?;
                    let bearers = held.iter().filter(|holder| !holder.deputy).map(|holder| holder.bearer);
                    holding.extend(bearers.map(|bearer| match bearer {
                        Bearer::Person(person) => Reviewers::Person(person),
                        Bearer::Group(id) => Reviewers::Group { id, name: String::new() },
                    }));
                }
                other => holding.push(other.clone()),
            }
        }
        match self.seats(conn, &holding, kind, excluded, most)? {
            none if none.is_empty() => self.seats(conn, pools, kind, excluded, most),
            asked => Ok(asked),
        }
    }

    /// Those of these persons who belong to any of these pools, whether or not they may decide.
    pub fn members(
        &mut self,
        conn: &mut Conn,
        pools: &[Reviewers],
        persons: &[PersonId],
    ) -> Result<Vec<PersonId>> {
        let (key, parts) = (name(pools)?, self.parts(conn, pools)?);
        let mut members = Vec::with_capacity(persons.len());
        for person in persons {
            let is_member = match self.members.get(&(key.clone(), *person)) {
                Some(known) => *known,
                None => reviewers::is_in(conn, &parts, *person)?,
            };
            self.members.insert((key.clone(), *person), is_member);
            members.extend(is_member.then_some(*person));
        }
        Ok(members)
    }

    /// Those who belong to these pools and are deactivated, none of them `excluded`, each with their deputy.
    fn deputies_of_the_away(
        &mut self,
        conn: &mut Conn,
        pools: &[Reviewers],
        kind: Kind,
        excluded: &[PersonId],
    ) -> Result<Vec<(PersonId, PersonId)>> {
        let key = (name(pools)?, kind);
        if !self.away.contains_key(&key) {
            let away = self.read_away(conn, pools, kind)?;
            self.away.insert(key.clone(), away);
        }
        let away = self.away.get(&key).into_iter().flatten();
        Ok(away.filter(|it| !excluded.contains(&it.from)).map(|it| (it.from, it.to)).collect())
    }

    fn read_away(&mut self, conn: &mut Conn, pools: &[Reviewers], kind: Kind) -> Result<Vec<Delegation>> {
        let holding: Vec<Delegation> =
            self.delegations.iter().filter(|it| it.holds(kind, self.now)).cloned().collect();
        let mut away = Vec::new();
        for delegation in holding {
            let (from, to) = (delegation.from, delegation.to);
            let is_away = !reviewers::may_decide(conn, from)? && reviewers::has_deciding_role(conn, from)?;
            let parts = self.parts(conn, pools)?;
            if is_away && reviewers::is_in(conn, &parts, from)? && reviewers::may_decide(conn, to)? {
                away.push(delegation);
            }
        }
        Ok(away)
    }

    /// On whose seats in these pools a person may decide: their own first, then those whose deputy they are.
    pub fn seats_of(
        &mut self,
        conn: &mut Conn,
        pools: &[Reviewers],
        kind: Kind,
        person: PersonId,
    ) -> Result<Vec<PersonId>> {
        let key = (name(pools)?, kind, person);
        if let Some(known) = self.seats.get(&key) {
            return Ok(known.clone());
        }
        let seats = self.read_seats(conn, pools, kind, person)?;
        self.seats.insert(key, seats.clone());
        Ok(seats)
    }

    fn read_seats(
        &mut self,
        conn: &mut Conn,
        pools: &[Reviewers],
        kind: Kind,
        person: PersonId,
    ) -> Result<Vec<PersonId>> {
        let mut seats = Vec::new();
        if !reviewers::may_decide(conn, person)? {
            return Ok(seats);
        }
        let parts = self.parts(conn, pools)?;
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
