//! Lists page by page: keyset cursors that only we can make, and only their reader can use.
//!
//! A cursor is base64url of a small JSON object and an HMAC-SHA256. The HMAC also covers what the cursor
//! belongs to (list, filters, reader), so one that was forged, or carried to another list, other
//! filters or another reader, is refused as a whole.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize, de};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::app::actor::Actor;
use crate::error::{Code, Error, Fault, Result};

/// The form of cursors; another one is refused, so that it can change.
const VERSION: u8 = 1;
/// The length of the HMAC, in bytes.
const MAC: usize = 32;
/// The longest cursor that we make, in characters.
pub const CURSOR_MAX: usize = 512;

/// How many items a page has at most: 1 to 200, 50 when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The largest page.
    pub const MAX: u16 = 200;

    /// The number of items.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limit = u64::deserialize(deserializer)?;
        match u16::try_from(limit) {
            Ok(limit @ 1..=Self::MAX) => Ok(Self(limit)),
            _ => Err(de::Error::custom("invalid value, expected 1 to 200")),
        }
    }
}

/// Where a page ended: the last item's place in the order, and what the walk carries along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The sort key: a time in microseconds, an index, or another number that orders the list.
    #[serde(rename = "s")]
    pub sort: i64,
    /// The item's id, which decides between equal sort keys.
    #[serde(rename = "i")]
    pub id: Uuid,
    /// The index of the record's entry that tells of this walk, for lists of audit data.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub record_index: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "p")]
    position: Position,
}

/// The key under which cursors are made. Nodes of one installation share it.
#[derive(Clone)]
pub struct CursorKey(Zeroizing<[u8; 32]>);

impl CursorKey {
    /// The key with these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The walk of one reader through one list with its filters. `filters` are the query's parameters
    /// without `limit` and `cursor`; `list` is the operation's name.
    pub fn walk(&self, list: &str, reader: &Actor, filters: &impl Serialize) -> Result<Walk> {
        let reader = (reader.person.map(|id| id.uuid()), reader.client.map(|id| id.uuid()));
        let binding = serde_json::to_vec(&(list, reader, filters)).map_err(Error::internal)?;
        Ok(Walk { key: self.clone(), binding })
    }
}

/// One reader's walk through one list.
pub struct Walk {
    key: CursorKey,
    binding: Vec<u8>,
}

impl Walk {
    /// The cursor for the page after this position.
    pub fn seal(&self, position: &Position) -> Result<String> {
        let sealed = Sealed { version: VERSION, position: position.clone() };
        let mut bytes = serde_json::to_vec(&sealed).map_err(Error::internal)?;
        let mac = self.mac(&bytes)?.finalize().into_bytes();
        bytes.extend_from_slice(&mac);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The position in a cursor; 400 with the parameter `cursor` when it is not one of this walk.
    pub fn open(&self, cursor: &str) -> Result<Position> {
        self.try_open(cursor)?.ok_or_else(|| {
            Error::new(Code::InvalidRequest, "The cursor does not belong to this list, its filters or you.")
                .fault(Fault::parameter("cursor", "invalid_cursor", "Start again without a cursor."))
        })
    }

    fn try_open(&self, cursor: &str) -> Result<Option<Position>> {
        if cursor.len() > CURSOR_MAX {
            return Ok(None);
        }
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(cursor) else { return Ok(None) };
        let Some((body, mac)) = bytes.split_last_chunk::<MAC>() else { return Ok(None) };
        if self.mac(body)?.verify_slice(mac).is_err() {
            return Ok(None);
        }
        let sealed = serde_json::from_slice::<Sealed>(body).ok();
        Ok(sealed.filter(|sealed| sealed.version == VERSION).map(|sealed| sealed.position))
    }

    /// The length comes first, so that no binding can pass for the beginning of a body.
    fn mac(&self, body: &[u8]) -> Result<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.0.as_slice()).map_err(Error::internal)?;
        mac.update(&u64::try_from(self.binding.len()).map_err(Error::internal)?.to_be_bytes());
        mac.update(&self.binding);
        mac.update(body);
        Ok(mac)
    }
}

/// `Link: <..>; rel="next"` (RFC 8288) to the same list at the next cursor.
pub fn link_next(request: &HttpRequest, cursor: &str) -> (HeaderName, String) {
    let mut target = format!("{}?", request.path());
    for part in request.query_string().split('&').filter(|part| !part.is_empty()) {
        if part != "cursor" && !part.starts_with("cursor=") {
            // What came in a query may hold what ends a URI reference in this header.
            target.push_str(&part.replace('<', "%3C").replace('>', "%3E"));
            target.push('&');
        }
    }
    target.push_str("cursor=");
    target.extend(utf8_percent_encode(cursor, NON_ALPHANUMERIC));
    (header::LINK, format!("<{target}>; rel=\"next\""))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::string_slice)]
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ids::{ClientId, PersonId};
    use crate::domain::roles::Scopes;

    fn reader() -> Actor {
        Actor { person: Some(PersonId::generate()), client: None, session: None, scopes: Scopes::default() }
    }

    fn position() -> Position {
        Position { sort: 1_700_000_000_000_000, id: Uuid::now_v7(), record_index: Some(7) }
    }

    #[test]
    fn a_cursor_leads_back_to_its_position() {
        let walk = CursorKey::new([1; 32]).walk("post_list", &reader(), &["state=live"]).unwrap();
        let position = position();
        let cursor = walk.seal(&position).unwrap();
        assert_eq!(walk.open(&cursor).unwrap(), position);
        assert!(cursor.len() <= CURSOR_MAX);
    }

    #[test]
    fn a_cursor_of_another_key_list_filter_or_reader_is_refused() {
        let (key, reader) = (CursorKey::new([1; 32]), reader());
        let cursor = key.walk("post_list", &reader, &["a"]).unwrap().seal(&position()).unwrap();
        let client = Actor { client: Some(ClientId::generate()), ..reader.clone() };
        let others = [
            CursorKey::new([2; 32]).walk("post_list", &reader, &["a"]),
            key.walk("share_list", &reader, &["a"]),
            key.walk("post_list", &reader, &["b"]),
            key.walk("post_list", &client, &["a"]),
        ];
        for walk in others {
            let error = walk.unwrap().open(&cursor).unwrap_err();
            assert_eq!(error.code, Code::InvalidRequest);
        }
    }

    proptest! {
        #[test]
        fn no_other_text_is_a_cursor(text in "[A-Za-z0-9_-]{0,200}", cut in 0usize..40) {
            let walk = CursorKey::new([1; 32]).walk("post_list", &reader(), &()).unwrap();
            prop_assert!(walk.open(&text).is_err());
            let cursor = walk.seal(&position()).unwrap();
            prop_assert!(walk.open(&cursor[..cursor.len() - cut - 1]).is_err());
        }
    }

    #[test]
    fn the_link_keeps_the_filters() {
        let request = TestRequest::with_uri("/v1/posts?state=live&cursor=old&limit=2").to_http_request();
        let (_, link) = link_next(&request, "new");
        assert_eq!(link, "</v1/posts?state=live&limit=2&cursor=new>; rel=\"next\"");
    }
}
