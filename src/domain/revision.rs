//! A revision's document: the bytes whose digest everybody decides on and shares by.

use serde::{Deserialize, Serialize};

use super::content::Content;
use super::ids::{Digest, ItemId, Key, Kind};
use crate::error::{Error, Result};

/// What a reference resolved to when the revision was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The kind of the item.
    pub kind: Kind,
    /// The item.
    pub id: ItemId,
    /// The item's key, for kinds that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// The pinned revision.
    pub revision: i64,
    /// The pinned revision's digest.
    pub digest: Digest,
}

/// Puts pins in their order in the document: by kind, then id.
pub fn sort_pins(pins: &mut [Pin]) {
    pins.sort_by(|a, b| (a.kind.as_str(), a.id).cmp(&(b.kind.as_str(), b.id)));
}

/// One item, pinned or live, with the content of the revision that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved<T> {
    /// The item.
    pub id: ItemId,
    /// The item's key.
    pub key: Key,
    /// The revision.
    pub revision: i64,
    /// The revision's digest.
    pub digest: Digest,
    /// The revision's content.
    pub content: T,
}

/// Which revision a part of a text comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The item.
    pub item: ItemId,
    /// The revision.
    pub revision: i64,
    /// The revision's digest.
    pub digest: Digest,
}

impl<T> Resolved<T> {
    /// The revision, without its content.
    pub fn source(&self) -> Source {
        Source { item: self.id, revision: self.revision, digest: self.digest.clone() }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    kind: Kind,
    id: ItemId,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a Key>,
    revision: i64,
    content: &'a Content,
    pins: &'a [Pin],
}

/// The document of a revision in its RFC 8785 form, and its digest. A draft has no pins; those of a
/// frozen revision are given in their order ([`sort_pins`]).
pub fn document(
    id: ItemId,
    key: Option<&Key>,
    revision: i64,
    content: &Content,
    pins: &[Pin],
) -> Result<(String, Digest)> {
    let document = Document { kind: content.kind(), id, key, revision, content, pins };
    let json = serde_json_canonicalizer::to_string(&document).map_err(Error::internal)?;
    let digest = Digest::of(json.as_bytes());
    Ok((json, digest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn pin(kind: Kind, id: u128) -> Pin {
        Pin {
            kind,
            id: ItemId::from_uuid(Uuid::from_u128(id)),
            key: None,
            revision: 1,
            digest: Digest::of(b""),
        }
    }

    #[test]
    fn pins_are_sorted_by_kind_then_id() {
        let mut pins = [pin(Kind::Hashtag, 1), pin(Kind::Disclaimer, 9), pin(Kind::Disclaimer, 2)];
        sort_pins(&mut pins);
        assert_eq!(pins, [pin(Kind::Disclaimer, 2), pin(Kind::Disclaimer, 9), pin(Kind::Hashtag, 1)]);
    }

    #[test]
    fn the_document_is_canonical_and_the_digest_is_over_its_bytes() {
        let content = Content::parse(Kind::Hashtag, &json!({"tag": "Zuiver"})).unwrap();
        let id = ItemId::from_uuid(Uuid::from_u128(7));
        let key: Key = "zuiver".parse().unwrap();
        let (json, digest) = document(id, Some(&key), 2, &content, &[]).unwrap();
        let expected = r#"{"content":{"channels":[],"languages":[],"tag":"Zuiver"},"id":"00000000-0000-0000-0000-000000000007","key":"zuiver","kind":"hashtag","pins":[],"revision":2}"#;
        assert_eq!(json, expected);
        assert_eq!(digest, Digest::of(expected.as_bytes()));
        let (_, other) = document(id, Some(&key), 2, &content, &[pin(Kind::Disclaimer, 1)]).unwrap();
        assert_ne!(digest, other);
    }
}
