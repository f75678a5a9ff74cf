//! Pools of reviewers, as requests name them and answers show them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::pool_names::PoolNamed;
use crate::domain::ids::{GroupId, Key, PersonId};
use crate::domain::roles::Role;
use crate::domain::workflow::Reviewers;

/// A pool of reviewers: a role, a group, a responsibility or one person. Who is in it is read when somebody
/// decides.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewPool {
    /// Everybody who holds the role.
    Role(Role),
    /// Everybody in the group.
    Group(GroupId),
    /// Whoever holds the responsibility with this key, and their deputies.
    Responsibility(Key),
    /// One person.
    Person(PersonId),
}

impl From<NewPool> for PoolNamed {
    fn from(pool: NewPool) -> Self {
        match pool {
            NewPool::Role(role) => Self::Role(role),
            NewPool::Group(id) => Self::Group(id),
            NewPool::Responsibility(key) => Self::Responsibility(key),
            NewPool::Person(person) => Self::Person(person),
        }
    }
}

/// A pool of reviewers: it has one of `role`, `group`, `responsibility` and `person`.
#[derive(Default, Serialize, ToSchema)]
pub struct Pool {
    /// Everybody who holds the role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<Role>,
    /// Everybody in the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    group: Option<GroupId>,
    /// The name that the group had when it was named here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    group_name: Option<String>,
    /// Whoever holds the responsibility with this key, and their deputies.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    responsibility: Option<Key>,
    /// The name that the responsibility had when it was named here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    responsibility_name: Option<String>,
    /// One person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person: Option<PersonId>,
}

impl From<Reviewers> for Pool {
    fn from(reviewers: Reviewers) -> Self {
        match reviewers {
            Reviewers::Role(role) => Self { role: Some(role), ..Self::default() },
            Reviewers::Group { id, name } => {
                Self { group: Some(id), group_name: Some(name), ..Self::default() }
            }
            Reviewers::Responsibility { key, name, .. } => {
                Self { responsibility: Some(key), responsibility_name: Some(name), ..Self::default() }
            }
            Reviewers::Person(person) => Self { person: Some(person), ..Self::default() },
        }
    }
}
