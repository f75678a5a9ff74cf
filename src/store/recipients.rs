//! The persons of a pool, page by page: it may be the whole company, so it is never read whole.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::connection::Conn;
use super::reviewers::deciding;
use super::schema::{group_members, person_activities, person_roles};
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::roles::Role;
use crate::error::Result;

/// Where persons are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// These.
    Persons(Vec<PersonId>),
    /// The members of the group.
    Group(GroupId),
    /// Everybody who holds the role.
    Role(Role),
}

/// The active persons of a source in the order of their ids, after `after`; with `may_decide` only those
/// who hold a role that decides.
pub fn page(
    conn: &mut Conn,
    source: &Source,
    may_decide: bool,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<PersonId>> {
    // No person has an empty id, so this is before the first.
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let deciders = diesel::alias!(person_roles as deciders);
    let decider = deciders
        .filter(deciders.field(person_roles::role).eq_any(deciding()))
        .filter(deciders.field(person_roles::until_at).is_null());
    let active = person_activities::table.filter(person_activities::until_at.is_null());
    Ok(match source {
        Source::Persons(ids) => named(conn, ids, may_decide, after, limit)?,
        Source::Group(id) => {
            let mut query = group_members::table
                .filter(group_members::group_id.eq(id.to_string()))
                .filter(group_members::until_at.is_null())
                .filter(group_members::person_id.gt(after))
                .filter(exists(active.filter(person_activities::person_id.eq(group_members::person_id))))
                .order(group_members::person_id.asc())
                .limit(limit)
                .select(group_members::person_id)
                .into_boxed();
            if may_decide {
                let same = deciders.field(person_roles::person_id).eq(group_members::person_id);
                query = query.filter(exists(decider.filter(same)));
            }
            query.load(conn)?
        }
        Source::Role(role) => {
            let mut query = person_roles::table
                .filter(person_roles::role.eq(role.as_str()))
                .filter(person_roles::until_at.is_null())
                .filter(person_roles::person_id.gt(after))
                .filter(exists(active.filter(person_activities::person_id.eq(person_roles::person_id))))
                .order(person_roles::person_id.asc())
                .limit(limit)
                .select(person_roles::person_id)
                .into_boxed();
            if may_decide {
                let same = deciders.field(person_roles::person_id).eq(person_roles::person_id);
                query = query.filter(exists(decider.filter(same)));
            }
            query.load(conn)?
        }
    })
}

/// The same of persons who are named one by one.
fn named(
    conn: &mut Conn,
    ids: &[PersonId],
    may_decide: bool,
    after: String,
    limit: i64,
) -> Result<Vec<PersonId>> {
    let mut query = person_activities::table
        .filter(person_activities::until_at.is_null())
        .filter(person_activities::person_id.eq_any(ids.iter().map(ToString::to_string)))
        .filter(person_activities::person_id.gt(after))
        .order(person_activities::person_id.asc())
        .limit(limit)
        .select(person_activities::person_id)
        .into_boxed();
    if may_decide {
        let decider = person_roles::table
            .filter(person_roles::person_id.eq(person_activities::person_id))
            .filter(person_roles::role.eq_any(deciding()))
            .filter(person_roles::until_at.is_null());
        query = query.filter(exists(decider));
    }
    Ok(query.load(conn)?)
}
