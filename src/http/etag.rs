//! Entity tags: a resource's version, strong (RFC 9110 section 8.8.3).
//!
//! A proxy that recompresses weakens tags, and a weakened one never matches: such proxies must be told
//! not to touch the API.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};

/// The tag of a version: the header to insert into the response.
pub fn of_version(version: i64) -> (HeaderName, String) {
    (header::ETAG, format!("\"{version}\""))
}

/// A well-formed entity tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// A strong tag that [`of_version`] writes.
    Version(i64),
    /// Any other: weak, or not of our making.
    Other,
}

/// Reads one entity tag; `None` when the text is not one.
pub fn parse(text: &str) -> Option<Tag> {
    let (weak, opaque) = match text.strip_prefix("W/") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let opaque = opaque.strip_prefix('"')?.strip_suffix('"')?;
    let allowed = |byte: u8| byte == 0x21 || (0x23..=0x7e).contains(&byte) || byte >= 0x80;
    if !opaque.bytes().all(allowed) {
        return None;
    }
    let version = opaque.parse::<i64>().ok().filter(|version| version.to_string() == opaque);
    Some(version.filter(|_| !weak).map_or(Tag::Other, Tag::Version))
}

/// Whether `If-None-Match` holds this tag (with its quotes), so that 304 is the answer. The comparison
/// is weak, as RFC 9110 section 13.1.2 demands for reading.
///
/// Only for representations that are the same for every reader and change only with their tag.
pub fn not_modified(request: &HttpRequest, tag: &str) -> bool {
    let values = request.headers().get_all(header::IF_NONE_MATCH);
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|candidate| {
        let candidate = candidate.trim();
        candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_spelling_is_a_version() {
        assert_eq!(parse("\"3\""), Some(Tag::Version(3)));
        for other in ["W/\"3\"", "\"03\"", "\"+3\"", "\"x\"", "\"\""] {
            assert_eq!(parse(other), Some(Tag::Other), "{other}");
        }
        for broken in ["3", "\"3", "*", "\"1\", \"2\"", "", "\"a b\""] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }
}
