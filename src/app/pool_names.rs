//! Pools of reviewers as somebody names them, and what they are called now.

use crate::domain::ids::{GroupId, Key, PersonId};
use crate::domain::roles::Role;
use crate::domain::workflow::Reviewers;
use crate::error::{Fault, Result};
use crate::store::connection::Conn;
use crate::store::{groups, people, responsibilities};

/// A pool of reviewers, as it is asked for.
#[derive(Debug, Clone)]
pub enum PoolNamed {
    /// Everybody who holds the role.
    Role(Role),
    /// Everybody in the group.
    Group(GroupId),
    /// Whoever holds the responsibility, and their deputies.
    Responsibility(Key),
    /// One person.
    Person(PersonId),
}

impl PoolNamed {
    /// The pool with the name it has now; nothing, and a fault under `pointer`, where it does not exist.
    pub(super) fn named(
        &self,
        conn: &mut Conn,
        pointer: &str,
        faults: &mut Vec<Fault>,
    ) -> Result<Option<Reviewers>> {
        let mut missing = |member: &str, code, detail: String| {
            faults.push(Fault::body(format!("{pointer}/{member}"), code, detail));
        };
        Ok(match self {
            Self::Role(role) => Some(Reviewers::Role(*role)),
            Self::Group(id) => match groups::find(conn, *id)? {
                Some(group) => Some(Reviewers::Group { id: *id, name: group.name }),
                None => {
                    missing("group", "unknown_group", format!("There is no group {id}."));
                    None
                }
            },
            Self::Responsibility(key) => match responsibilities::find_by_key(conn, key)? {
                Some(found) => {
                    Some(Reviewers::Responsibility { id: found.id, key: key.clone(), name: found.name })
                }
                None => {
                    let detail = format!("There is no responsibility with the key {key}.");
                    missing("responsibility", "unknown_responsibility", detail);
                    None
                }
            },
            Self::Person(person) => match people::find(conn, *person)? {
                Some(_) => Some(Reviewers::Person(*person)),
                None => {
                    missing("person", "unknown_person", format!("There is no person {person}."));
                    None
                }
            },
        })
    }
}
