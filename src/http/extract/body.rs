//! The JSON body: media type, size, syntax, shape, limits, in this order.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::{Method, header};
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_path_to_error::{Segment, Track};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::strict::{self, Strict};
use crate::domain::shape::{self, Misshape};
use crate::error::{Code, Error, Fault, Result};
use crate::http::Frame;

/// The media type of bodies.
pub const JSON: &str = "application/json";
/// The media type of PATCH bodies (RFC 7396).
pub const MERGE_PATCH: &str = "application/merge-patch+json";

/// What a JSON pointer must escape to stand in a URI fragment (RFC 6901 section 6, RFC 3986 section 3.5).
const FRAGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The rules of `validator` that the OpenAPI schema states too: breaking them is 400. Anything else is
/// about meaning, which no schema can say, and is 422.
const SCHEMA_RULES: [&str; 5] = ["length", "range", "regex", "required", "url"];

/// A parsed and checked body. On PATCH it is a merge patch, elsewhere plain JSON.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Body<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            check_media_type(&request)?;
            let bytes = read(&request, payload).await?;
            checked(&bytes).map(Body)
        })
    }
}

/// Reads strict JSON into a type and holds it to its limits.
pub fn checked<T: DeserializeOwned + Validate>(bytes: &[u8]) -> Result<T> {
    let value: T = parse(bytes)?;
    value.validate().map_err(|errors| invalid(&errors))?;
    Ok(value)
}

fn check_media_type(request: &HttpRequest) -> Result<()> {
    let expected = if request.method() == Method::PATCH { MERGE_PATCH } else { JSON };
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let (essence, parameters) =
        value.unwrap_or_default().split_once(';').unwrap_or((value.unwrap_or_default(), ""));
    // JSON is UTF-8 (RFC 8259 section 8.1); a charset that says so is harmless, any other is not.
    let parameters = parameters.trim().to_ascii_lowercase();
    let is_utf8 = matches!(parameters.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"");
    let plain = request.headers().get(header::CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
    if essence.trim().eq_ignore_ascii_case(expected) && is_utf8 && plain {
        return Ok(());
    }
    let detail = match value {
        Some(_) => format!("The body must be {expected} in UTF-8, without a Content-Encoding."),
        None => {
            format!("Send a body of the Content-Type {expected}: at least {{}}, where nothing need be said.")
        }
    };
    Err(Error::new(Code::UnsupportedMediaType, detail))
}

/// Reads the body up to the limit of size and time, without buffering more.
async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Bytes> {
    let frame = request
        .app_data::<web::Data<Frame>>()
        .ok_or_else(|| Error::internal("the frame is not in the application's data"))?;
    let limit = frame.settings.body_bytes;
    let too_large = || Error::new(Code::PayloadTooLarge, format!("At most {limit} bytes are taken here."));
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if declared.and_then(|value| value.parse::<usize>().ok()).is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let collect = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(broken)?;
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    match tokio::time::timeout(frame.settings.body_timeout, collect).await {
        Ok(body) => body,
        Err(_) => Err(Error::new(Code::RequestTimeout, "The body did not arrive in time.")),
    }
}

pub(super) fn broken(error: PayloadError) -> Error {
    match error {
        PayloadError::Overflow => Error::new(Code::PayloadTooLarge, "The body is larger than what is taken."),
        _ => Error::new(Code::InvalidRequest, "The body ended too early or could not be read."),
    }
}

/// Reads strict JSON into a type: see [`strict`]. A fault is a 400 with its JSON pointer.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(Strict::new(&mut json), &mut track);
    match T::deserialize(tracked).and_then(|value| json.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(error) => {
            // serde_json calls some wrong shapes a fault of syntax, such as a second key in a choice.
            let is_json = serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
            Err(unreadable(&error, &track.path(), is_json))
        }
    }
}

/// For a member of a merge patch that can be removed: absent is `None`, `null` is `Some(None)`. To be
/// used with `#[serde(default, deserialize_with = "present")]` on an `Option<Option<T>>`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn unreadable(error: &serde_json::Error, path: &serde_path_to_error::Path, is_json: bool) -> Error {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            Segment::Map { key } => push(&mut pointer, key),
            Segment::Enum { variant } => push(&mut pointer, variant),
            Segment::Unknown => {}
        }
    }
    let message = error.to_string();
    let (code, detail) = explain(error, &message, is_json, &mut pointer);
    Error::new(Code::InvalidRequest, "The body is not what is expected here; errors says where.")
        .fault(Fault::body(pointer, code, detail))
}

/// A stable code and a sentence for what serde says, without the value that it may quote.
fn explain(
    error: &serde_json::Error,
    message: &str,
    is_json: bool,
    pointer: &mut String,
) -> (&'static str, String) {
    if message.starts_with(strict::TOO_DEEP) || message.starts_with("recursion limit") {
        return ("too_deep", format!("Arrays and objects may nest {} levels.", strict::MAX_DEPTH));
    }
    if message.starts_with(strict::CONTROL) {
        let detail = "Control characters other than line ends and tabs are not taken.";
        return ("control_character", detail.into());
    }
    if !error.is_data() && is_json {
        return ("invalid_value", "The value has another shape than the document says.".into());
    }
    if !error.is_data() {
        pointer.clear();
        let detail = format!("Not JSON, at line {}, column {}.", error.line(), error.column());
        return ("invalid_json", detail);
    }
    let Misshape { code, detail, missing } = shape::explain(message);
    if let Some(name) = missing {
        push(pointer, &name);
    }
    (code, detail)
}

fn push(pointer: &mut String, token: &str) {
    let token = token.replace('~', "~0").replace('/', "~1");
    pointer.push('/');
    pointer.extend(utf8_percent_encode(&token, FRAGMENT));
}

/// The error for broken rules of `validator`: 400 when the schema states one of them, else 422.
fn invalid(errors: &ValidationErrors) -> Error {
    let mut faults = Vec::new();
    collect(errors, "", &mut faults);
    faults.sort_by(|(a, _), (b, _)| a.cmp(b));
    let of_schema = faults.iter().any(|(_, fault)| SCHEMA_RULES.contains(&fault.code));
    let faults = faults.into_iter().map(|(_, fault)| fault).collect();
    if of_schema {
        Error::new(Code::InvalidRequest, "The body breaks limits of its fields; each is listed in errors.")
            .faults(faults)
    } else {
        Error::invalid_content(faults)
    }
}

fn collect(errors: &ValidationErrors, at: &str, faults: &mut Vec<(String, Fault)>) {
    for (field, kind) in errors.errors() {
        let mut pointer = at.to_owned();
        // What is wrong with the whole object carries this made-up field.
        if field != "__all__" {
            push(&mut pointer, field);
        }
        match kind {
            ValidationErrorsKind::Struct(inner) => collect(inner, &pointer, faults),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    collect(inner, &format!("{pointer}/{index}"), faults);
                }
            }
            ValidationErrorsKind::Field(broken) => {
                for error in broken {
                    faults.push((pointer.clone(), fault(&pointer, error)));
                }
            }
        }
    }
}

fn fault(pointer: &str, error: &validator::ValidationError) -> Fault {
    let code = match error.code {
        Cow::Borrowed(code) => code,
        Cow::Owned(_) => "invalid_value",
    };
    let detail = match &error.message {
        Some(message) => message.to_string(),
        None => limits(error),
    };
    Fault::body(pointer, code, detail)
}

/// The limits that a value breaks, in a sentence.
fn limits(error: &validator::ValidationError) -> String {
    let limit = |name| error.params.get(name).map(ToString::to_string);
    let unit = match error.code.as_ref() {
        "length" if error.params.get("value").is_some_and(serde_json::Value::is_array) => " members",
        "length" => " characters",
        _ => "",
    };
    match (limit("equal"), limit("min"), limit("max")) {
        (Some(equal), _, _) => format!("Expected {equal}{unit}."),
        (None, Some(min), Some(max)) => format!("Expected {min} to {max}{unit}."),
        (None, Some(min), None) => format!("Expected at least {min}{unit}."),
        (None, None, Some(max)) => format!("Expected at most {max}{unit}."),
        (None, None, None) => "The value is not of the documented form.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn code_of<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> &'static str {
        parse::<T>(text.as_bytes()).unwrap_err().errors[0].code
    }

    #[test]
    fn depth_is_limited_for_arrays_and_objects_together() {
        let nested = |pairs: usize| format!("{}1{}", "{\"a\":[".repeat(pairs), "]}".repeat(pairs));
        assert!(parse::<Value>(nested(16).as_bytes()).is_ok());
        assert_eq!(code_of::<Value>(&format!("[{}]", nested(16))), "too_deep");
        assert_eq!(code_of::<Value>(&"[".repeat(100_000)), "too_deep");
    }

    #[test]
    fn equal_keys_are_refused_where_serde_would_take_the_last() {
        assert_eq!(code_of::<BTreeMap<String, u8>>("{\"a\":1,\"a\":2}"), "duplicate_key");
        assert_eq!(code_of::<Value>("{\"b\":{\"a\":1,\"\\u0061\":2}}"), "duplicate_key");
        assert_eq!(code_of::<Value>("{\"a\\u0000\":1}"), "control_character");
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Patch {
        #[serde(default, deserialize_with = "present")]
        country: Option<Option<String>>,
    }

    #[test]
    fn a_patch_tells_absent_from_null() {
        let country = |text: &str| parse::<Patch>(text.as_bytes()).unwrap().country;
        assert_eq!(country("{}"), None);
        assert_eq!(country("{\"country\":null}"), Some(None));
        assert_eq!(country("{\"country\":\"nl\"}"), Some(Some("nl".to_owned())));
        assert_eq!(code_of::<Patch>("{\"country\":\"\\u0007\"}"), "control_character");
    }

    #[derive(Debug, Deserialize)]
    struct Measured {
        #[serde(deserialize_with = "strict::as_sent")]
        text: String,
    }

    #[test]
    fn every_text_has_line_feeds_but_one_that_is_wanted_as_it_was_sent() {
        let sent = "[\"a\\r\\nb\\rc\\r\\r\\nd\\n\\re\"]";
        assert_eq!(parse::<[String; 1]>(sent.as_bytes()).unwrap(), ["a\nb\nc\n\nd\n\ne"]);
        assert_eq!(parse::<Value>(sent.as_bytes()).unwrap()[0], "a\nb\nc\n\nd\n\ne");
        let measured = |text: &str| parse::<Measured>(format!("{{\"text\":{text}}}").as_bytes());
        assert_eq!(measured(sent.trim_matches(['[', ']'])).unwrap().text, "a\r\nb\rc\r\r\nd\n\re");
        assert_eq!(measured("\"a\\r\\u0007\"").unwrap_err().errors[0].code, "control_character");
        assert_eq!(code_of::<Value>("{\"a\\r\":1}"), "control_character");
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[^\\p{Cc}]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[^\\p{Cc}]{0,4}", inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_fine_arrives_as_it_was_sent(value in json()) {
            prop_assert_eq!(parse::<Value>(value.to_string().as_bytes()).unwrap(), value);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse::<Value>(&bytes);
        }
    }
}
