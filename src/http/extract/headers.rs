//! Request headers with a meaning of their own.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use super::has_control;
use crate::error::{Code, Error, Fault, Result};
use crate::http::etag::{self, Tag};

/// The header that makes a retry safe.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The header that says why audit data is read.
pub const PURPOSE: &str = "Greenlight-Purpose";

/// The longest purpose, in characters.
const PURPOSE_MAX: usize = 200;
/// The longest idempotency key, in bytes.
const KEY_MAX: usize = 255;

fn refuse(name: &str, detail: &str) -> Error {
    Error::new(Code::InvalidRequest, "A header is not what is expected here; errors says which.")
        .fault(Fault::header(name, "invalid_value", detail))
}

/// The one value of a header as text, without spaces around it; none when the header is absent.
pub fn text<'a>(request: &'a HttpRequest, name: &str) -> Result<Option<&'a str>> {
    let mut values = request.headers().get_all(name);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refuse(name, "This header stands twice."));
    }
    let text =
        std::str::from_utf8(value.as_bytes()).map_err(|_| refuse(name, "This header is not UTF-8."))?;
    if has_control(text) {
        return Err(refuse(name, "This header has a control character."));
    }
    Ok(Some(text.trim_matches([' ', '\t'])))
}

/// The version that `If-Match` names: the change is made only to that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub i64);

/// A version that no resource has. A tag that we never gave stands for it, so that the 412 comes where
/// versions are compared: after it is known that the resource is there.
pub const NO_VERSION: i64 = -1;

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(if_match(request))
    }
}

/// RFC 9110 section 13.1.1 with strong comparison. A list and `*` are refused, since a change is made to
/// one version.
fn if_match(request: &HttpRequest) -> Result<IfMatch> {
    let name = header::IF_MATCH.as_str();
    let Some(value) = text(request, name)? else {
        let detail = "Send If-Match with the ETag of the version that was read.";
        return Err(Error::new(Code::PreconditionRequired, detail));
    };
    match etag::parse(value) {
        Some(Tag::Version(version)) => Ok(IfMatch(version)),
        Some(Tag::Other) => Ok(IfMatch(NO_VERSION)),
        None => Err(refuse("If-Match", "Expected one strong entity tag, such as \"3\".")),
    }
}

/// The key of a request that must have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl FromRequest for IdempotencyKey {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(idempotency_key(request).and_then(|key| {
            key.map(IdempotencyKey).ok_or_else(|| {
                let detail = "Send a fresh Idempotency-Key, and the same again with a retry.";
                Error::new(Code::IdempotencyKeyRequired, detail).fault(Fault::header(
                    IDEMPOTENCY_KEY,
                    "missing_header",
                    "This header is required.",
                ))
            })
        }))
    }
}

/// The key of a request that may have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalIdempotencyKey(pub Option<String>);

impl FromRequest for OptionalIdempotencyKey {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(idempotency_key(request).map(OptionalIdempotencyKey))
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>> {
    let Some(value) = text(request, IDEMPOTENCY_KEY)? else { return Ok(None) };
    let detail = "Expected 1 to 255 visible ASCII characters, bare or in quotes.";
    parse_key(value).map(Some).ok_or_else(|| refuse(IDEMPOTENCY_KEY, detail))
}

/// `"abc"` (a string of RFC 9651 section 3.3.3) and bare `abc` are the same key.
fn parse_key(value: &str) -> Option<String> {
    let key = match value.strip_prefix('"') {
        Some(rest) => unquote(rest)?,
        None if value.contains('"') => return None,
        None => value.to_owned(),
    };
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    (visible && (1..=KEY_MAX).contains(&key.len())).then_some(key)
}

/// The text before the closing quote, which must be the end.
fn unquote(rest: &str) -> Option<String> {
    let mut key = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(key),
            '\\' => match chars.next()? {
                c @ ('"' | '\\') => key.push(c),
                _ => return None,
            },
            c => key.push(c),
        }
    }
}

/// Why audit data is read: 1 to 200 characters, in any language (UTF-8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose(pub String);

impl FromRequest for Purpose {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(purpose(request))
    }
}

fn purpose(request: &HttpRequest) -> Result<Purpose> {
    // A purpose that cannot be read is no purpose: the same code as for a missing one.
    let value = text(request, PURPOSE).ok().flatten().unwrap_or_default();
    if (1..=PURPOSE_MAX).contains(&value.chars().count()) {
        return Ok(Purpose(value.to_owned()));
    }
    let detail = "Say why in Greenlight-Purpose, in 1 to 200 visible characters.";
    Err(Error::new(Code::PurposeRequired, detail).fault(Fault::header(PURPOSE, "purpose_required", detail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_bare_and_quoted() {
        assert_eq!(parse_key("abc"), Some("abc".to_owned()));
        assert_eq!(parse_key("\"abc\""), Some("abc".to_owned()));
        assert_eq!(parse_key("\"a\\\"b\\\\\""), Some("a\"b\\".to_owned()));
        assert_eq!(parse_key(&"k".repeat(255)), Some("k".repeat(255)));
    }

    #[test]
    fn odd_keys_are_refused() {
        let long = "k".repeat(256);
        for odd in ["", "\"\"", "\"abc", "abc\"", "\"abc\";x", "a b", "\"a b\"", "é", "\"a\\n\"", &long] {
            assert_eq!(parse_key(odd), None, "{odd}");
        }
    }
}
