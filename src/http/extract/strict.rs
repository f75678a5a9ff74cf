//! A deserializer around another one that closes what serde leaves open.
//!
//! serde takes a JSON array for a struct, the last of two equal keys in a map, unknown fields unless
//! each type denies them, and every control character. [`Strict`] wraps a self-describing deserializer
//! and refuses these at every level: structs are asked for as maps, keys are counted, unknown ones and
//! deep nesting refused, texts checked.
//!
//! Editors of different systems end lines with CR LF, CR or LF, and none of it is what an author means to
//! say: every text is taken with line feeds, so that what is counted, compared, stored, hashed and answered
//! is the same whoever wrote it. Only [`as_sent`] gives a text as it came.
//!
//! What serde buffers by itself escapes it: `untagged`, internally tagged and `flatten`. Input types use
//! none of them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::value::CowStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::has_control;
use crate::domain::text::line_feeds;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 32;

/// How messages of this module begin, by which the fault's code is found.
pub const DUPLICATE_KEY: &str = "duplicate field";
/// See [`DUPLICATE_KEY`].
pub const UNKNOWN_FIELD: &str = "unknown field";
/// See [`DUPLICATE_KEY`].
pub const TOO_DEEP: &str = "nested deeper than";
/// See [`DUPLICATE_KEY`].
pub const CONTROL: &str = "a text has a control character";

/// The name by which [`Strict`] knows [`AsSent`].
const AS_SENT: &str = "AsSent";

/// A text with the line ends that it was sent with.
#[derive(Debug, Deserialize)]
struct AsSent(String);

/// For a text whose places are told to the client: takes it with the line ends that it was sent with. To be
/// used with `#[serde(deserialize_with = "as_sent")]` on a `String`.
pub fn as_sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    AsSent::deserialize(deserializer).map(|AsSent(text)| text)
}

/// The wrapped deserializer, how deep it stands, and whether a text keeps its line ends.
pub struct Strict<D> {
    inner: D,
    depth: usize,
    as_sent: bool,
}

impl<D> Strict<D> {
    /// Wraps a document's deserializer.
    pub fn new(inner: D) -> Self {
        Self::at(inner, 0)
    }

    const fn at(inner: D, depth: usize) -> Self {
        Self { inner, depth, as_sent: false }
    }
}

/// Methods that only wrap the visitor.
macro_rules! forward {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            let Self { inner, depth, as_sent } = self;
            inner.$method($($argument,)* Watch { visitor, depth, fields: None, as_sent })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    forward! {
        deserialize_any() deserialize_bool()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char()
        deserialize_str() deserialize_string() deserialize_bytes() deserialize_byte_buf()
        deserialize_option() deserialize_unit() deserialize_seq() deserialize_map()
        deserialize_identifier() deserialize_ignored_any()
        deserialize_unit_struct(name: &'static str)
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let watch = Watch { visitor, depth: self.depth, fields: None, as_sent: name == AS_SENT };
        self.inner.deserialize_newtype_struct(name, watch)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let watch = Watch { visitor, depth: self.depth, fields: Some(fields), as_sent: false };
        self.inner.deserialize_map(watch)
    }
}

/// The wrapped visitor; `fields` are the known ones when a struct is expected, `as_sent` is whether a text
/// keeps its line ends.
struct Watch<V> {
    visitor: V,
    depth: usize,
    fields: Option<&'static [&'static str]>,
    as_sent: bool,
}

impl<V> Watch<V> {
    /// One level further down.
    fn descend<E: Error>(&self) -> Result<usize, E> {
        let depth = self.depth + 1;
        if depth > MAX_DEPTH { Err(E::custom(format!("{TOO_DEEP} {MAX_DEPTH} levels"))) } else { Ok(depth) }
    }

    /// A text as it is taken.
    fn text<'t, E: Error>(&self, text: &'t str) -> Result<Cow<'t, str>, E> {
        let read = line_feeds(text);
        check(&read)?;
        Ok(if self.as_sent { Cow::Borrowed(text) } else { read })
    }
}

fn check<E: Error>(text: &str) -> Result<(), E> {
    if has_control(text) { Err(E::custom(CONTROL)) } else { Ok(()) }
}

macro_rules! visit {
    ($($method:ident($type:ty))*) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watch<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // serde would say the name of our Rust type.
        if self.fields.is_some() { f.write_str("an object") } else { self.visitor.expecting(f) }
    }

    visit! {
        visit_bool(bool) visit_i64(i64) visit_i128(i128) visit_u64(u64) visit_u128(u128) visit_f64(f64)
        visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        let text = self.text(text)?;
        self.visitor.visit_str(&text)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        match self.text(text)? {
            Cow::Borrowed(text) => self.visitor.visit_borrowed_str(text),
            Cow::Owned(text) => self.visitor.visit_string(text),
        }
    }

    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
        let text = self.text(&text)?.into_owned();
        self.visitor.visit_string(text)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Strict::at(inner, self.depth))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Strict { inner, depth: self.depth, as_sent: self.as_sent })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let depth = self.descend()?;
        self.visitor.visit_seq(Inside { inner, depth, fields: None, seen: HashSet::new() })
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let depth = self.descend()?;
        self.visitor.visit_map(Inside { inner, depth, fields: self.fields, seen: HashSet::new() })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let depth = self.descend()?;
        self.visitor.visit_enum(Inside { inner, depth, fields: None, seen: HashSet::new() })
    }
}

/// What is inside an array, an object or an enum.
struct Inside<A> {
    inner: A,
    depth: usize,
    fields: Option<&'static [&'static str]>,
    seen: HashSet<String>,
}

/// A seed whose value is read through [`Strict`].
struct Seed<S> {
    seed: S,
    depth: usize,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.seed.deserialize(Strict::at(inner, self.depth))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_element_seed(Seed { seed, depth: self.depth })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let Some(key) = self.inner.next_key::<Cow<'de, str>>()? else { return Ok(None) };
        let key = key.into_owned();
        // The seed sees the key before it is refused, so that whoever tracks the path knows it.
        let value = seed.deserialize(CowStrDeserializer::<A::Error>::new(Cow::Borrowed(&key)))?;
        check(&key)?;
        if self.fields.is_some_and(|known| !known.contains(&key.as_str())) {
            return Err(A::Error::custom(UNKNOWN_FIELD));
        }
        if !self.seen.insert(key) {
            return Err(A::Error::custom(DUPLICATE_KEY));
        }
        Ok(Some(value))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(Seed { seed, depth: self.depth })
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Inside<A> {
    type Error = A::Error;
    type Variant = Inside<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, inner) = self.inner.variant_seed(seed)?;
        Ok((value, Inside { inner, depth: self.depth, fields: None, seen: self.seen }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Seed { seed, depth: self.depth })
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, Watch { visitor, depth: self.depth, fields: None, as_sent: false })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        // Asked for as a newtype, so that an array is refused here too.
        self.inner.newtype_variant_seed(StructVariant { fields, visitor, depth: self.depth })
    }
}

struct StructVariant<V> {
    fields: &'static [&'static str],
    visitor: V,
    depth: usize,
}

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for StructVariant<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        Strict::at(inner, self.depth).deserialize_struct("", self.fields, self.visitor)
    }
}
