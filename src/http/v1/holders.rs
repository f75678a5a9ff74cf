//! How those who hold a responsibility are named: in requests by their ids, in answers with their names too.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::holder_names::NamedHolder;
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::responsibility::Bearer;

/// Who is to hold a responsibility: a person, or everybody in a group.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ResponsibilityBearer {
    /// The person.
    Person(PersonId),
    /// Everybody in the group, whoever that is at the time.
    Group(GroupId),
}

/// Who holds a responsibility: either a person or everybody in a group.
#[derive(Serialize, ToSchema)]
pub(super) struct ResponsibilityHolder {
    /// The person; absent of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person: Option<PersonId>,
    /// The group, of which everybody holds it, whoever that is at the time; absent of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    group: Option<GroupId>,
    /// The name that the person or the group has now; absent once the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    name: Option<String>,
}

/// Those who hold a responsibility, and those who stand in for them.
pub(super) struct Holders {
    pub(super) holders: Vec<ResponsibilityHolder>,
    pub(super) deputies: Vec<ResponsibilityHolder>,
}

impl From<ResponsibilityBearer> for Bearer {
    fn from(bearer: ResponsibilityBearer) -> Self {
        match bearer {
            ResponsibilityBearer::Person(id) => Bearer::Person(id),
            ResponsibilityBearer::Group(id) => Bearer::Group(id),
        }
    }
}

impl From<NamedHolder> for ResponsibilityHolder {
    fn from(NamedHolder { holder, name }: NamedHolder) -> Self {
        Self { person: holder.bearer.person(), group: holder.bearer.group(), name }
    }
}

impl From<Vec<NamedHolder>> for Holders {
    fn from(named: Vec<NamedHolder>) -> Self {
        let (deputies, holders): (Vec<NamedHolder>, Vec<NamedHolder>) =
            named.into_iter().partition(|named| named.holder.deputy);
        let told = |named: Vec<NamedHolder>| named.into_iter().map(ResponsibilityHolder::from).collect();
        Self { holders: told(holders), deputies: told(deputies) }
    }
}
