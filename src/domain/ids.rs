//! Identities and short names: newtypes that are right once they exist.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The identity of one `T`: a UUID (version 7 when made here, so that ids sort by their making).
pub struct Id<T> {
    uuid: Uuid,
    of: PhantomData<fn() -> T>,
}

/// Marks the id of an item.
pub enum Item {}
/// Marks the id of a review.
pub enum Review {}
/// Marks the id of a share.
pub enum Share {}
/// Marks the id of a person.
pub enum Person {}
/// Marks the id of a group.
pub enum Group {}
/// Marks the id of a freeze.
pub enum Freeze {}
/// Marks the id of a session.
pub enum Session {}
/// Marks the id of a client: an app or system with an API key.
pub enum Client {}
/// Marks the id of a workflow, whatever its version.
pub enum Workflow {}
/// Marks the id of one version of a workflow.
pub enum WorkflowVersion {}
/// Marks the id of a delegation.
pub enum Delegation {}
/// Marks the id of a responsibility.
pub enum Responsibility {}
/// Marks the id of an official account.
pub enum Account {}
/// Marks the id of a proposal of a post.
pub enum Proposal {}
/// Marks the id of a comment in a review.
pub enum Comment {}
/// Marks the id of a suggestion in a review.
pub enum Suggestion {}
/// Marks the id of a training.
pub enum Training {}
/// Marks the id of an import of posts.
pub enum PostImport {}
/// Marks the id of an announcement.
pub enum Announcement {}
/// Marks the id of a notification.
pub enum Notification {}
/// Marks the id of a recheck.
pub enum Recheck {}

/// An item's id.
pub type ItemId = Id<Item>;
/// A review's id.
pub type ReviewId = Id<Review>;
/// A share's id.
pub type ShareId = Id<Share>;
/// A person's id.
pub type PersonId = Id<Person>;
/// A group's id.
pub type GroupId = Id<Group>;
/// A freeze's id.
pub type FreezeId = Id<Freeze>;
/// A session's id.
pub type SessionId = Id<Session>;
/// A client's id.
pub type ClientId = Id<Client>;
/// A workflow's id.
pub type WorkflowId = Id<Workflow>;
/// A workflow version's id.
pub type WorkflowVersionId = Id<WorkflowVersion>;
/// A delegation's id.
pub type DelegationId = Id<Delegation>;
/// A responsibility's id.
pub type ResponsibilityId = Id<Responsibility>;
/// An official account's id.
pub type AccountId = Id<Account>;
/// The id of a proposal of a post.
pub type ProposalId = Id<Proposal>;
/// The id of a comment in a review.
pub type CommentId = Id<Comment>;
/// The id of a suggestion in a review.
pub type SuggestionId = Id<Suggestion>;
/// A training's id.
pub type TrainingId = Id<Training>;
/// The id of an import of posts.
pub type PostImportId = Id<PostImport>;
/// An announcement's id.
pub type AnnouncementId = Id<Announcement>;
/// A notification's id.
pub type NotificationId = Id<Notification>;
/// A recheck's id.
pub type RecheckId = Id<Recheck>;

impl<T> Id<T> {
    /// A fresh id.
    pub fn generate() -> Self {
        Self::from_uuid(Uuid::now_v7())
    }

    /// The id with this UUID.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, of: PhantomData }
    }

    /// The id's UUID.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}
impl<T> FromStr for Id<T> {
    type Err = InvalidId;

    /// Takes only the hyphenated form in lower case, so that one id has one spelling.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let uuid = Uuid::try_parse(text).map_err(|_| InvalidId)?;
        if uuid.to_string() == text { Ok(Self::from_uuid(uuid)) } else { Err(InvalidId) }
    }
}
impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: a UUID in lower case with hyphens")]
pub struct InvalidId;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A disclosure text.
    Disclaimer,
    /// A part of the social media policy.
    Guideline,
    /// A hashtag.
    Hashtag,
    /// A picture.
    Image,
    /// A post.
    Post,
    /// A rule for texts.
    Rule,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] =
        [Kind::Disclaimer, Kind::Guideline, Kind::Hashtag, Kind::Image, Kind::Post, Kind::Rule];

    /// The kind's name, in the singular.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Disclaimer => "disclaimer",
            Kind::Guideline => "guideline",
            Kind::Hashtag => "hashtag",
            Kind::Image => "image",
            Kind::Post => "post",
            Kind::Rule => "rule",
        }
    }

    /// Whether content refers to items of this kind by key.
    pub const fn has_key(self) -> bool {
        matches!(self, Kind::Disclaimer | Kind::Guideline | Kind::Hashtag)
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no kind of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no kind of this name")]
pub struct UnknownKind;

/// `sha256:` and lower-case hexadecimal digits: the fingerprint of a frozen document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The SHA-256 of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_hash(Sha256::digest(bytes).into())
    }

    /// The digest whose hash this is.
    pub fn from_hash(hash: [u8; 32]) -> Self {
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        for byte in hash {
            text.push_str(&format!("{byte:02x}"));
        }
        Self(text)
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its hexadecimal digits alone.
    pub fn hex(&self) -> &str {
        self.0.strip_prefix("sha256:").unwrap_or(&self.0)
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let hex = text.strip_prefix("sha256:").ok_or(InvalidDigest)?;
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if hex.len() == 64 && hex.bytes().all(lower_hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidDigest)
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The text is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a digest: sha256: and 64 lower-case hexadecimal digits")]
pub struct InvalidDigest;

/// The unique, immutable short name of a hashtag, disclaimer or responsibility: `[a-z0-9][a-z0-9-]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        if is_slug(text, 64) { Ok(Self(text.to_owned())) } else { Err(InvalidKey) }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key: 1 to 64 of a-z, 0-9 and hyphens, starting with a letter or digit")]
pub struct InvalidKey;

/// Whether a text is 1 to `max` of `a-z`, `0-9` and `-`, and does not start with a hyphen.
pub fn is_slug(text: &str, max: usize) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=max).contains(&text.len()) && text.bytes().all(inside) && !text.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = ItemId::generate();
        assert_eq!(id.to_string().parse::<ItemId>(), Ok(id));
        assert_eq!(id.to_string().to_uppercase().parse::<ItemId>(), Err(InvalidId));
        assert_eq!(id.uuid().simple().to_string().parse::<ItemId>(), Err(InvalidId));
    }

    #[test]
    fn digests_and_keys_are_read_strictly() {
        let digest = Digest::of(b"");
        assert_eq!(
            digest.as_str(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert!(digest.as_str().parse::<Digest>().is_ok());
        assert!(digest.as_str().to_uppercase().parse::<Digest>().is_err());
        assert!("werken-bij".parse::<Key>().is_ok());
        for odd in ["", "-a", "A", "a_b", "a b"] {
            assert!(odd.parse::<Key>().is_err(), "{odd}");
        }
    }
}
