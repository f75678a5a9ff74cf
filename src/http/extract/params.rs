//! Query and path parameters: texts, read into types.
//!
//! A query key that is unknown or stands twice is refused; an array is a comma list in one value. Path
//! parameters are ids, keys and numbers, so a percent-encoded character that survives the router is
//! never right.

use std::borrow::Cow;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode_str;
use serde::de::value::{Error as ValueError, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_path_to_error::Segment;

use super::has_control;
use crate::domain::{ids, shape};
use crate::error::{Code, Error, Fault, Result};

/// The query's parameters as a struct.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse_query(request.query_string()).map(Query))
    }
}

/// Reads a parameter that is a short name, as campaigns and topics have.
pub fn slug<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    match text.as_deref().is_none_or(|text| ids::is_slug(text, 64)) {
        true => Ok(text),
        false => {
            Err(D::Error::custom("not a short name: 1 to 64 of a-z, 0-9 and hyphens, not a hyphen first"))
        }
    }
}

/// Reads a parameter that names a language, in whatever case (RFC 4647).
pub fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let form = |text: &str| {
        (2..=35).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match text.as_deref().is_none_or(form) {
        true => Ok(text),
        false => Err(D::Error::custom("not a language tag such as nl or nl-BE")),
    }
}

/// Reads a parameter that is a number of days: 1 to 3660.
pub fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let days = Option::<u16>::deserialize(deserializer)?;
    match days.is_none_or(|days| (1..=3660).contains(&days)) {
        true => Ok(days),
        false => Err(D::Error::custom("not a number of days from 1 to 3660")),
    }
}

/// The path's parameters as a struct, or the one parameter as a plain value.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs =
            request.match_info().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        ready(read(pairs).map(Path))
    }
}

/// Refuses every parameter, for addresses that take none.
pub fn refuse_query(query: &str) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Nothing {}
    parse_query(query).map(|Nothing {}| ())
}

fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = decode(name).ok_or_else(|| refuse("query", "invalid_encoding", NOT_UTF8))?;
        let value = decode(value).ok_or_else(|| refuse(&name, "invalid_encoding", NOT_UTF8))?;
        if pairs.iter().any(|(known, _)| *known == name) {
            return Err(refuse(&name, "duplicate_parameter", "This parameter stands twice."));
        }
        pairs.push((name, value));
    }
    // An empty value filters by nothing there is; whoever sends it means something else.
    let empty = pairs.iter().find(|(_, value)| value.is_empty()).map(|(name, _)| name.clone());
    let value = read(pairs)?;
    match empty {
        Some(name) => Err(refuse(&name, "invalid_value", "Leave this parameter out, or give it a value.")),
        None => Ok(value),
    }
}

const NOT_UTF8: &str = "The percent-encoding is not UTF-8, or has a control character.";

/// Decodes one part of `application/x-www-form-urlencoded`.
fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let text = percent_decode_str(&text).decode_utf8().ok()?;
    (!has_control(&text)).then(|| text.into_owned())
}

fn refuse(name: &str, code: &'static str, detail: impl Into<String>) -> Error {
    Error::new(Code::InvalidRequest, "A parameter is not what is expected here; errors says which.")
        .fault(Fault::parameter(name, code, detail))
}

fn read<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T> {
    let only = match pairs.as_slice() {
        [(name, _)] => name.clone(),
        _ => "query".to_owned(),
    };
    serde_path_to_error::deserialize(Pairs(pairs)).map_err(|error| {
        let name = error.path().iter().find_map(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            _ => None,
        });
        let message = error.inner().to_string();
        let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        if let Some(name) = missing {
            return refuse(name, "missing_parameter", "This parameter is required.");
        }
        let name = name.unwrap_or(only);
        if message.starts_with(UNKNOWN) || message.starts_with("unknown field") {
            return refuse(&name, "unknown_parameter", "This parameter is not known here.");
        }
        refuse(&name, "invalid_value", shape::explain(&message).detail)
    })
}

const UNKNOWN: &str = "unknown parameter";

/// All parameters. One alone can also be read as a plain value.
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn visit<'de, V: Visitor<'de>>(
        self,
        known: Option<&'static [&'static str]>,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let pairs = self.0.into_iter().map(|(name, value)| {
            let known = known.is_none_or(|known| known.contains(&name.as_str()));
            (name, Text { text: Cow::Owned(value), known })
        });
        visitor.visit_map(MapDeserializer::new(pairs))
    }

    fn only(self) -> Result<Text<'static>, ValueError> {
        match <[_; 1]>::try_from(self.0) {
            Ok([(_, value)]) => Ok(Text { text: Cow::Owned(value), known: true }),
            Err(_) => Err(ValueError::custom("not one parameter")),
        }
    }
}

/// Methods that read the one parameter as a value.
macro_rules! only {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, ValueError> {
            self.only()?.$method($($argument,)* visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Pairs {
    type Error = ValueError;

    only! {
        deserialize_bool()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_newtype_struct(name: &'static str)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.visit(None, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.visit(Some(fields), visitor)
    }

    forward_to_deserialize_any! {
        map option unit unit_struct seq tuple tuple_struct bytes byte_buf identifier ignored_any
    }
}

/// One value; `known` is false when the struct has no such field.
struct Text<'a> {
    text: Cow<'a, str>,
    known: bool,
}

impl<'de> IntoDeserializer<'de, ValueError> for Text<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Methods that read a number or a truth value from its text.
macro_rules! scalar {
    ($($method:ident, $visit:ident, $type:ty, $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            // A sign or a leading zero would give one number two spellings; `parse` takes a plus.
            if self.text.starts_with('+') {
                return Err(ValueError::custom(concat!("invalid value, expected ", $expected)));
            }
            match self.text.parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(ValueError::custom(concat!("invalid value, expected ", $expected))),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = ValueError;

    scalar! {
        deserialize_bool, visit_bool, bool, "true or false";
        deserialize_i8, visit_i64, i64, "an integer";
        deserialize_i16, visit_i64, i64, "an integer";
        deserialize_i32, visit_i64, i64, "an integer";
        deserialize_i64, visit_i64, i64, "an integer";
        deserialize_u8, visit_u64, u64, "a whole number";
        deserialize_u16, visit_u64, u64, "a whole number";
        deserialize_u32, visit_u64, u64, "a whole number";
        deserialize_u64, visit_u64, u64, "a whole number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_string(self.text.into_owned())
    }

    /// What serde reads for a key that the struct does not have.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        if self.known { visitor.visit_unit() } else { Err(ValueError::custom(UNKNOWN)) }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let items = self.text.split(',').map(|text| Text { text: Cow::Borrowed(text), known: true });
        visitor.visit_seq(SeqDeserializer::new(items))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_enum(self.text.into_owned().into_deserializer())
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use serde::Deserialize;

    use super::*;
    use crate::error::At;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum State {
        Draft,
        InReview,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Filter {
        state: Option<State>,
        #[serde(default)]
        channels: Vec<String>,
        limit: Option<u16>,
        mine: Option<bool>,
    }

    fn fault(query: &str) -> (String, &'static str) {
        let fault = parse_query::<Filter>(query).unwrap_err().errors[0].clone();
        let At::Parameter(name) = fault.at else { return (String::new(), fault.code) };
        (name, fault.code)
    }

    #[test]
    fn values_are_read_into_their_types() {
        let filter: Filter = parse_query("state=in_review&channels=x,linked%2Bin&limit=3&mine=true").unwrap();
        assert_eq!(filter.state, Some(State::InReview));
        assert_eq!(filter.channels, ["x", "linked+in"]);
        assert_eq!((filter.limit, filter.mine), (Some(3), Some(true)));
        assert_eq!(parse_query::<Filter>("").unwrap().channels, Vec::<String>::new());
    }

    #[test]
    fn each_fault_names_its_parameter() {
        let cases = [
            ("sort=asc", "sort", "unknown_parameter"),
            ("limit=1&limit=2", "limit", "duplicate_parameter"),
            ("limit=-1", "limit", "invalid_value"),
            ("limit=%2B1", "limit", "invalid_value"),
            ("limit=70000", "limit", "invalid_value"),
            ("limit=", "limit", "invalid_value"),
            ("state=gone", "state", "invalid_value"),
            ("channels=%00", "channels", "invalid_encoding"),
            ("channels=%FF", "channels", "invalid_encoding"),
        ];
        for (query, name, code) in cases {
            assert_eq!(fault(query), (name.to_owned(), code), "{query}");
        }
    }
}
