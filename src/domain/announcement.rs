//! Announcements: what people are to be told, and which people.
//!
//! Whatever happens is announced once, in the transaction in which it happens. Who is told is said in
//! words, such as "the reviewers of this stage", and is resolved to persons afterwards: a pool may hold
//! thousands.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use sha2::{Digest as _, Sha256};
use uuid::Builder;

use super::ids::{AnnouncementId, ItemId, Kind, PersonId, RecheckId};
use super::roles::{Role, UnknownName};
use super::workflow::Reviewers;

/// What an announcement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// A stage of a review is open, and the reader may decide in it. Detail: `stage_name`.
    AskedToReview,
    /// A decision that the reader may take is due soon.
    DueSoon,
    /// A decision that the reader may take is late.
    Overdue,
    /// A stage is late, and the reader was added to those who may decide in it.
    Escalated,
    /// A review of the reader's words has its outcome by a decision. Detail: `outcome`.
    Decided,
    /// A stage can no longer be passed by those who may decide in it.
    Stuck,
    /// The window of the reader's words closed before their review had an outcome.
    Lapsed,
    /// A review ended because its revision was edited, recalled, retired or redacted.
    Withdrawn,
    /// The reader's words were recalled.
    Recalled,
    /// The reader's words may not be shared, because of a rule or of something that they rely on.
    Blocked,
    /// Somebody wrote a comment in a review that concerns the reader.
    Commented,
    /// Somebody proposed other words for the reader's.
    Suggested,
    /// The reader's proposal was taken, which makes them an author.
    SuggestionTaken,
    /// Something was published without the reviews that it needs, and somebody must look at it now.
    UrgentPublished,
    /// What was published without its reviews has been looked at since.
    UrgentReviewed,
    /// A stage was given to other reviewers.
    Reassigned,
    /// Somebody handed their work to the reader for a while. It is about no item.
    Delegated,
    /// An employee proposed a post, which waits for an author as a draft. Detail: `proposal_id`.
    PostProposed,
    /// The reader's proposal of a post will not be taken. Detail: `proposal_id`.
    ProposalDeclined,
    /// Whoever proposed the post that the reader is an author of took that back. Detail: `proposal_id`.
    ProposalWithdrawn,
    /// What was made of the reader's proposal of a post is under review. Detail: `proposal_id`.
    ProposalSubmitted,
    /// A new revision of a disclaimer, rule or guideline touches posts, and somebody decided what is to be done. An
    /// author is told of each post of theirs, a reviewer of each whose review waits for them, a publisher of what was
    /// rechecked. Detail: `recheck_id`, `action`,
    /// `kind`, `item_id`, `name` and `revision` of what was rechecked, and how many `posts` it touches.
    Recheck,
    /// A recheck was withdrawn: it asks for nothing any more. For the same readers, with the same detail.
    RecheckWithdrawn,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Topic; 23] = [
        Topic::AskedToReview,
        Topic::DueSoon,
        Topic::Overdue,
        Topic::Escalated,
        Topic::Decided,
        Topic::Stuck,
        Topic::Lapsed,
        Topic::Withdrawn,
        Topic::Recalled,
        Topic::Blocked,
        Topic::Commented,
        Topic::Suggested,
        Topic::SuggestionTaken,
        Topic::UrgentPublished,
        Topic::UrgentReviewed,
        Topic::Reassigned,
        Topic::Delegated,
        Topic::PostProposed,
        Topic::ProposalDeclined,
        Topic::ProposalWithdrawn,
        Topic::ProposalSubmitted,
        Topic::Recheck,
        Topic::RecheckWithdrawn,
    ];

    /// The topic's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Topic::AskedToReview => "asked_to_review",
            Topic::DueSoon => "due_soon",
            Topic::Overdue => "overdue",
            Topic::Escalated => "escalated",
            Topic::Decided => "decided",
            Topic::Stuck => "stuck",
            Topic::Lapsed => "lapsed",
            Topic::Withdrawn => "withdrawn",
            Topic::Recalled => "recalled",
            Topic::Blocked => "blocked",
            Topic::Commented => "commented",
            Topic::Suggested => "suggested",
            Topic::SuggestionTaken => "suggestion_taken",
            Topic::UrgentPublished => "urgent_published",
            Topic::UrgentReviewed => "urgent_reviewed",
            Topic::Reassigned => "reassigned",
            Topic::Delegated => "delegated",
            Topic::PostProposed => "post_proposed",
            Topic::ProposalDeclined => "proposal_declined",
            Topic::ProposalWithdrawn => "proposal_withdrawn",
            Topic::ProposalSubmitted => "proposal_submitted",
            Topic::Recheck => "recheck",
            Topic::RecheckWithdrawn => "recheck_withdrawn",
        }
    }
}

impl FromStr for Topic {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == text).ok_or(UnknownName)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The revision that an announcement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The item.
    pub item: ItemId,
    /// What the item is.
    pub kind: Kind,
    /// The revision.
    pub revision: i64,
}

/// Somebody, or everybody of some sort, who is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// This person.
    Person(PersonId),
    /// The authors of the revision.
    Authors,
    /// The authors of each post that this recheck touches, and whom its review waits for, by an announcement about
    /// that post.
    AuthorsTouched(RecheckId),
    /// Everybody in the pool who may decide, but for the authors of the revision (R3).
    Reviewers(Reviewers),
    /// Everybody who holds the role.
    Role(Role),
}

/// Who is to be told. Whoever is meant twice is told once, and whoever is not active is not told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipients {
    /// These.
    pub to: Vec<Recipient>,
    /// But for these persons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<PersonId>,
}

impl Recipients {
    /// One sort of recipients, and nobody excepted.
    pub fn only(recipient: Recipient) -> Self {
        Self { to: vec![recipient], except: Vec::new() }
    }
}

/// The id of the announcement about one item that is made of an announcement about many. It is always the same for
/// the same two, so that whoever goes on where another one was interrupted makes none twice, and it sorts behind the
/// id of the one about many.
pub fn id_of_part(whole: AnnouncementId, item: ItemId) -> AnnouncementId {
    let uuid = whole.uuid();
    let digest = Sha256::new().chain_update(uuid.as_bytes()).chain_update(item.uuid().as_bytes()).finalize();
    let mut random = [0; 10];
    random.iter_mut().zip(digest).for_each(|(byte, digested)| *byte = digested);
    // The first 48 bits of a UUIDv7 are its time in milliseconds.
    let (high, _) = uuid.as_u64_pair();
    AnnouncementId::from_uuid(Builder::from_unix_timestamp_millis((high >> 16) + 1, &random).into_uuid())
}

/// A fact of an announcement: a number, or a word or name of the organisation's. Never anything personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// A number, such as of hours.
    Number(i64),
    /// A word or name.
    Text(String),
}

impl From<i64> for Fact {
    fn from(number: i64) -> Self {
        Fact::Number(number)
    }
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Fact::Text(text.to_owned())
    }
}

/// What else an announcement says, by name.
pub type Detail = BTreeMap<String, Fact>;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_topic_has_its_own_name_in_both_ways_of_writing_it() {
        for topic in Topic::ALL {
            assert_eq!(topic.as_str().parse(), Ok(topic));
            assert_eq!(serde_json::to_string(&topic).unwrap(), format!("\"{topic}\""));
        }
    }

    #[test]
    fn a_part_has_one_id_behind_that_of_the_whole() {
        let (whole, one, other) = (AnnouncementId::generate(), ItemId::generate(), ItemId::generate());
        assert_eq!(id_of_part(whole, one), id_of_part(whole, one));
        assert_ne!(id_of_part(whole, one), id_of_part(whole, other));
        assert_ne!(id_of_part(whole, one), id_of_part(AnnouncementId::generate(), one));
        assert!(id_of_part(whole, one) > whole && id_of_part(whole, one).uuid().get_version_num() == 7);
    }

    #[test]
    fn recipients_are_read_as_they_were_written() {
        let person = PersonId::from_uuid(uuid::uuid!("019a0000-0000-7000-8000-00000000000a"));
        let recipients = Recipients {
            to: vec![
                Recipient::Person(person),
                Recipient::Authors,
                Recipient::Reviewers(Reviewers::Role(Role::Reviewer)),
                Recipient::Role(Role::Publisher),
            ],
            except: vec![person],
        };
        let json = serde_json::to_string(&recipients).unwrap();
        assert_eq!(
            json,
            r#"{"to":[{"person":"019a0000-0000-7000-8000-00000000000a"},"authors",{"reviewers":{"role":"reviewer"}},{"role":"publisher"}],"except":["019a0000-0000-7000-8000-00000000000a"]}"#
        );
        assert_eq!(serde_json::from_str::<Recipients>(&json).unwrap(), recipients);
    }
}
