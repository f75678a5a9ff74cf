//! Who may decide, asked of the rows as they stand: active persons in a pool who hold a role that decides.
//!
//! A pool may be a group of the whole company, so it is never read whole: either one person is looked up,
//! or as many are taken as a matching can need (`domain::staffing`).

use diesel::dsl::exists;
use diesel::prelude::*;

use super::connection::Conn;
use super::schema::{group_members, person_activities, person_roles};
use crate::domain::ids::PersonId;
use crate::domain::review::Reviewers;
use crate::domain::roles::{Role, Scope, Scopes};
use crate::error::Result;

/// The names of the roles that hold the scope to decide.
pub(super) fn deciding() -> Vec<&'static str> {
    let decides = |role: &Role| Scopes::of_roles([*role]).contains(Scope::Review);
    Role::ALL.into_iter().filter(decides).map(Role::as_str).collect()
}

/// Whether this person is in the pool now.
pub fn is_in(conn: &mut Conn, reviewers: &Reviewers, person: PersonId) -> Result<bool> {
    let id = person.to_string();
    let held =
        person_roles::table.filter(person_roles::person_id.eq(&id)).filter(person_roles::until_at.is_null());
    let may_decide = person_activities::table
        .filter(person_activities::person_id.eq(&id))
        .filter(person_activities::until_at.is_null())
        .filter(exists(held.filter(person_roles::role.eq_any(deciding()))));
    if !diesel::select(exists(may_decide)).get_result::<bool>(conn)? {
        return Ok(false);
    }
    Ok(match reviewers {
        Reviewers::Role(role) => {
            diesel::select(exists(held.filter(person_roles::role.eq(role.as_str())))).get_result(conn)?
        }
        Reviewers::Group { id: group, .. } => {
            let belongs = group_members::table
                .filter(group_members::group_id.eq(group.to_string()))
                .filter(group_members::person_id.eq(&id))
                .filter(group_members::until_at.is_null());
            diesel::select(exists(belongs)).get_result(conn)?
        }
    })
}

/// At most `limit` persons of the pool as it is now, none of the `excluded`: whichever are found first.
pub fn some_of(
    conn: &mut Conn,
    reviewers: &Reviewers,
    excluded: &[PersonId],
    limit: usize,
) -> Result<Vec<PersonId>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let excluded = excluded.iter().map(ToString::to_string);
    let deciders = diesel::alias!(person_roles as deciders);
    let decides = person_activities::table
        .filter(person_activities::until_at.is_null())
        .inner_join(deciders.on(deciders.field(person_roles::person_id).eq(person_activities::person_id)))
        .filter(deciders.field(person_roles::role).eq_any(deciding()))
        .filter(deciders.field(person_roles::until_at).is_null());
    Ok(match reviewers {
        Reviewers::Role(role) => person_roles::table
            .filter(person_roles::role.eq(role.as_str()))
            .filter(person_roles::until_at.is_null())
            .filter(person_roles::person_id.ne_all(excluded))
            .filter(exists(decides.filter(person_activities::person_id.eq(person_roles::person_id))))
            .limit(limit)
            .select(person_roles::person_id)
            .load(conn)?,
        Reviewers::Group { id, .. } => group_members::table
            .filter(group_members::group_id.eq(id.to_string()))
            .filter(group_members::until_at.is_null())
            .filter(group_members::person_id.ne_all(excluded))
            .filter(exists(decides.filter(person_activities::person_id.eq(group_members::person_id))))
            .limit(limit)
            .select(group_members::person_id)
            .load(conn)?,
    })
}
