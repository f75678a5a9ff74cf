//! Who may do what: roles are fixed sets of scopes.
//!
//! An administrator has no right to decide, and an auditor changes nothing. A person gets no role by
//! default except `employee`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One right. Every route of the API asks for at most one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Read items, revisions, reviews, workflows and freezes.
    ContentRead,
    /// Write drafts and submit them.
    ContentWrite,
    /// Decide in reviews.
    Review,
    /// Recall, retire, freeze.
    Publish,
    /// Read the feed, make kits, share, report outcomes.
    Share,
    /// Read audit data: other persons' shares and decisions.
    Audit,
    /// Read and write people and groups.
    People,
    /// Make and revoke API keys.
    ApiKeys,
    /// Write workflows.
    Workflows,
    /// Record who completed which training. For the API key of a learning system.
    Completions,
    /// Name the person one acts for. For API keys only.
    OnBehalf,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 11] = [
        Scope::ContentRead,
        Scope::ContentWrite,
        Scope::Review,
        Scope::Publish,
        Scope::Share,
        Scope::Audit,
        Scope::People,
        Scope::ApiKeys,
        Scope::Workflows,
        Scope::Completions,
        Scope::OnBehalf,
    ];

    /// The scope's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::ContentRead => "content_read",
            Scope::ContentWrite => "content_write",
            Scope::Review => "review",
            Scope::Publish => "publish",
            Scope::Share => "share",
            Scope::Audit => "audit",
            Scope::People => "people",
            Scope::ApiKeys => "api_keys",
            Scope::Workflows => "workflows",
            Scope::Completions => "completions",
            Scope::OnBehalf => "on_behalf",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownName)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A named set of scopes that a person can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Administers people, groups, keys and workflows; decides on nothing.
    Admin,
    /// Reads everything in the record; changes nothing.
    Auditor,
    /// Writes content and submits it.
    Author,
    /// Shares what is approved for them.
    Employee,
    /// Recalls, retires and freezes.
    Publisher,
    /// Decides in reviews.
    Reviewer,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] =
        [Role::Admin, Role::Auditor, Role::Author, Role::Employee, Role::Publisher, Role::Reviewer];

    /// The role's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Auditor => "auditor",
            Role::Author => "author",
            Role::Employee => "employee",
            Role::Publisher => "publisher",
            Role::Reviewer => "reviewer",
        }
    }

    /// What the role grants.
    pub const fn scopes(self) -> &'static [Scope] {
        match self {
            Role::Admin => {
                &[Scope::ContentRead, Scope::People, Scope::ApiKeys, Scope::Workflows, Scope::Completions]
            }
            Role::Auditor => &[Scope::ContentRead, Scope::Audit],
            Role::Author => &[Scope::ContentRead, Scope::ContentWrite],
            Role::Employee => &[Scope::Share],
            Role::Publisher => &[Scope::ContentRead, Scope::Publish],
            Role::Reviewer => &[Scope::ContentRead, Scope::Review],
        }
    }
}

impl FromStr for Role {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownName)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no role or scope of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such name")]
pub struct UnknownName;

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// What these roles grant together.
    pub fn of_roles(roles: impl IntoIterator<Item = Role>) -> Self {
        roles.into_iter().flat_map(|role| role.scopes().iter().copied()).collect()
    }

    /// Whether the set holds `scope`.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & Self::bit(scope) != 0
    }

    /// What both sets hold.
    pub const fn intersection(self, other: Scopes) -> Scopes {
        Scopes(self.0 & other.0)
    }

    /// The scopes of the set, in their order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    const fn bit(scope: Scope) -> u16 {
        1 << scope as u16
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | Self::bit(scope)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_decides_nothing_and_an_auditor_changes_nothing() {
        let admin = Scopes::of_roles([Role::Admin]);
        assert!(!admin.contains(Scope::Review) && !admin.contains(Scope::Audit));
        let auditor = Scopes::of_roles([Role::Auditor]);
        assert_eq!(auditor.iter().collect::<Vec<_>>(), [Scope::ContentRead, Scope::Audit]);
        assert!(Role::ALL.iter().all(|role| !role.scopes().contains(&Scope::OnBehalf)));
    }
}
