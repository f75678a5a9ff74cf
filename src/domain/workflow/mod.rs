//! Workflows: the ordered stages that a revision must pass, and for which content.
//!
//! Of the workflows of a kind whose conditions hold for the content, the one that names most of them
//! applies ([`select`]). Two that name as many and hold for the same content would be a tie; one that can
//! be foreseen is refused when a workflow is saved ([`ties`]).

pub mod facets;
mod ties;
pub mod when;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::ids::{GroupId, Key, PersonId, ResponsibilityId};
use super::roles::{Role, UnknownName};

pub use self::facets::Facets;
pub use self::ties::ties;
pub use self::when::{Selection, When, select};

/// The most approvals that a stage can ask for, also where it asks for those of its whole pool.
pub const QUORUM_MAX: u32 = 50;

/// One step of a workflow: who may decide, how many of them must approve, and by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What the stage is called.
    pub name: String,
    /// The pool of those who may decide.
    pub reviewers: Reviewers,
    /// How many approvals pass the stage.
    pub quorum: Quorum,
    /// Hours after which a decision is overdue, from when the stage opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_in_hours: Option<u32>,
    /// Hours after which those who are waited for are reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_after_hours: Option<u32>,
    /// Who may decide as well once the stage is overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_to: Option<Reviewers>,
}

/// A pool of reviewers, by reference: who is in it is read when somebody decides (R8).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reviewers {
    /// Everybody who holds the role.
    Role(Role),
    /// Everybody in the group, with the name it had when the workflow was saved.
    Group {
        /// The group.
        id: GroupId,
        /// Its name at that time.
        name: String,
    },
    /// Whoever holds the responsibility, and their deputies.
    Responsibility {
        /// The responsibility.
        id: ResponsibilityId,
        /// Its key, which never changes.
        key: Key,
        /// Its name at that time.
        name: String,
    },
    /// One person.
    Person(PersonId),
}

/// How many approvals pass a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quorum {
    /// That of any one in the pool.
    Any,
    /// Those of all who are in the pool when the stage opens, are not authors, and have not decided in an earlier
    /// stage.
    All,
    /// Those of so many; 1 to [`QUORUM_MAX`].
    Count(u32),
}

impl Quorum {
    /// The number of approvals, where it does not depend on the pool.
    pub const fn count(self) -> Option<u32> {
        match self {
            Quorum::Any => Some(1),
            Quorum::Count(count) => Some(count),
            Quorum::All => None,
        }
    }
}

impl Serialize for Quorum {
    /// A word or a number.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Quorum::Any => serializer.serialize_str("any"),
            Quorum::All => serializer.serialize_str("all"),
            Quorum::Count(count) => serializer.serialize_u32(*count),
        }
    }
}

impl<'de> Deserialize<'de> for Quorum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuorumVisitor)
    }
}

struct QuorumVisitor;

impl de::Visitor<'_> for QuorumVisitor {
    type Value = Quorum;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "any, all or a number from 1 to {QUORUM_MAX}")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Quorum, E> {
        match word {
            "any" => Ok(Quorum::Any),
            "all" => Ok(Quorum::All),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Quorum, E> {
        match u32::try_from(number) {
            Ok(count) if (1..=QUORUM_MAX).contains(&count) => Ok(Quorum::Count(count)),
            _ => Err(E::invalid_value(de::Unexpected::Unsigned(number), &self)),
        }
    }
}

/// Where the review of the next revision begins after a stage asked for changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// With the first stage.
    #[default]
    Start,
    /// With the stage that asked, if only what its comments point at was changed.
    AskingStage,
}

impl Resume {
    /// Both.
    pub const ALL: [Resume; 2] = [Resume::Start, Resume::AskingStage];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Resume::Start => "start",
            Resume::AskingStage => "asking_stage",
        }
    }
}

impl FromStr for Resume {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|resume| resume.as_str() == text).ok_or(UnknownName)
    }
}

/// What a version of a workflow says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What it is called.
    pub name: String,
    /// For which content.
    pub when: When,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
    /// Where the review of what comes back begins.
    pub resume: Resume,
    /// Whether one person may decide in several stages of a review.
    pub same_person_twice: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stage_that_was_stored_before_there_were_deadlines_is_read_as_it_was() {
        let stored = json!({ "name": "review", "quorum": 2, "reviewers": { "role": "reviewer" } });
        let stage: Stage = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(stage.quorum, Quorum::Count(2));
        assert_eq!(serde_json::to_value(&stage).unwrap(), stored);
    }

    #[test]
    fn a_quorum_is_a_word_or_a_number() {
        for (quorum, form) in
            [(Quorum::Any, json!("any")), (Quorum::All, json!("all")), (Quorum::Count(3), json!(3))]
        {
            assert_eq!(serde_json::to_value(quorum).unwrap(), form);
            assert_eq!(serde_json::from_value::<Quorum>(form).unwrap(), quorum);
        }
        assert!(serde_json::from_value::<Quorum>(json!("some")).is_err());
        for odd in [json!(-1), json!(0), json!(51), json!(1.5), json!(null)] {
            assert!(serde_json::from_value::<Quorum>(odd.clone()).is_err(), "{odd}");
        }
    }
}
