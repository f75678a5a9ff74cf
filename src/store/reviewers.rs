//! Who may decide, asked of the rows as they stand: active persons in a pool who hold a role that decides.
//!
//! A pool may be a group of the whole company, so it is never read whole: either one person is looked up,
//! or as many are taken as a matching can need (`domain::staffing`).

use std::collections::HashSet;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::connection::Conn;
use super::responsibilities;
use super::schema::{group_members, person_activities, person_roles};
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::responsibility::Bearer;
use crate::domain::roles::{Role, Scope, Scopes};
use crate::domain::workflow::Reviewers;
use crate::error::Result;

/// A part of a pool, down to what rows know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Everybody who holds the role.
    Role(Role),
    /// Everybody in the group.
    Group(GroupId),
    /// One person.
    Person(PersonId),
}

impl From<Bearer> for Part {
    fn from(bearer: Bearer) -> Self {
        match bearer {
            Bearer::Person(person) => Self::Person(person),
            Bearer::Group(group) => Self::Group(group),
        }
    }
}

/// The parts of these pools: a responsibility is whoever holds it now, and their deputies.
pub fn parts(conn: &mut Conn, pools: &[Reviewers]) -> Result<Vec<Part>> {
    let mut parts = Vec::with_capacity(pools.len());
    for pool in pools {
        match pool {
            Reviewers::Role(role) => parts.push(Part::Role(*role)),
            Reviewers::Group { id, .. } => parts.push(Part::Group(*id)),
            Reviewers::Person(person) => parts.push(Part::Person(*person)),
            Reviewers::Responsibility { id, .. } => {
                let held = responsibilities::holders_of(conn, *id)?;
                parts.extend(held.into_iter().map(|holder| Part::from(holder.bearer)));
            }
        }
    }
    Ok(parts)
}

/// The names of the roles that hold the scope to decide.
pub(super) fn deciding() -> Vec<&'static str> {
    let decides = |role: &Role| Scopes::of_roles([*role]).contains(Scope::Review);
    Role::ALL.into_iter().filter(decides).map(Role::as_str).collect()
}

/// Whether this person is active and holds a role that decides.
pub fn may_decide(conn: &mut Conn, person: PersonId) -> Result<bool> {
    let active = person_activities::table
        .filter(person_activities::person_id.eq(person.to_string()))
        .filter(person_activities::until_at.is_null());
    Ok(has_deciding_role(conn, person)? && diesel::select(exists(active)).get_result::<bool>(conn)?)
}

/// Whether this person holds a role that decides, active or not.
pub fn has_deciding_role(conn: &mut Conn, person: PersonId) -> Result<bool> {
    let held = person_roles::table
        .filter(person_roles::person_id.eq(person.to_string()))
        .filter(person_roles::until_at.is_null())
        .filter(person_roles::role.eq_any(deciding()));
    Ok(diesel::select(exists(held)).get_result(conn)?)
}

/// Whether this person belongs to any of the parts, whether or not they may decide.
pub fn is_in(conn: &mut Conn, parts: &[Part], person: PersonId) -> Result<bool> {
    let id = person.to_string();
    for part in parts {
        let belongs = match part {
            Part::Role(role) => {
                let held = person_roles::table
                    .filter(person_roles::person_id.eq(&id))
                    .filter(person_roles::until_at.is_null())
                    .filter(person_roles::role.eq(role.as_str()));
                diesel::select(exists(held)).get_result(conn)?
            }
            Part::Group(group) => {
                let member = group_members::table
                    .filter(group_members::group_id.eq(group.to_string()))
                    .filter(group_members::person_id.eq(&id))
                    .filter(group_members::until_at.is_null());
                diesel::select(exists(member)).get_result(conn)?
            }
            Part::Person(named) => *named == person,
        };
        if belongs {
            return Ok(true);
        }
    }
    Ok(false)
}

/// At most `limit` persons of the parts who may decide now, none of the `excluded`: whichever are found first.
pub fn some_of(
    conn: &mut Conn,
    parts: &[Part],
    excluded: &[PersonId],
    limit: usize,
) -> Result<Vec<PersonId>> {
    let mut found: Vec<PersonId> = Vec::new();
    let mut known: HashSet<PersonId> = excluded.iter().copied().collect();
    for part in parts {
        // Those found in other parts count towards the limit, and must not hide others here.
        let more = limit.saturating_sub(found.len());
        if more == 0 {
            break;
        }
        let persons = some_of_part(conn, *part, &known, more)?;
        known.extend(&persons);
        found.extend(persons);
    }
    Ok(found)
}

fn some_of_part(
    conn: &mut Conn,
    part: Part,
    excluded: &HashSet<PersonId>,
    limit: usize,
) -> Result<Vec<PersonId>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let others = excluded.iter().map(ToString::to_string);
    let deciders = diesel::alias!(person_roles as deciders);
    let decides = person_activities::table
        .filter(person_activities::until_at.is_null())
        .inner_join(deciders.on(deciders.field(person_roles::person_id).eq(person_activities::person_id)))
        .filter(deciders.field(person_roles::role).eq_any(deciding()))
        .filter(deciders.field(person_roles::until_at).is_null());
    Ok(match part {
        Part::Role(role) => person_roles::table
            .filter(person_roles::role.eq(role.as_str()))
            .filter(person_roles::until_at.is_null())
            .filter(person_roles::person_id.ne_all(others))
            .filter(exists(decides.filter(person_activities::person_id.eq(person_roles::person_id))))
            .limit(limit)
            .select(person_roles::person_id)
            .load(conn)?,
        Part::Group(id) => group_members::table
            .filter(group_members::group_id.eq(id.to_string()))
            .filter(group_members::until_at.is_null())
            .filter(group_members::person_id.ne_all(others))
            .filter(exists(decides.filter(person_activities::person_id.eq(group_members::person_id))))
            .limit(limit)
            .select(group_members::person_id)
            .load(conn)?,
        Part::Person(person) => {
            let is_one = !excluded.contains(&person) && may_decide(conn, person)?;
            is_one.then_some(person).into_iter().collect()
        }
    })
}
