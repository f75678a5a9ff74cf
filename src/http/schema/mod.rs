//! The schemas that operations use, and their variants for each kind of item.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::channels::ChannelId;
use crate::domain::ids;
use crate::domain::lifecycle::{Availability, RevisionState};
use crate::domain::review::ReviewState;
use crate::domain::roles::{Role, Scope};
use crate::domain::share::ShownState;
use crate::domain::time::Time;
use crate::domain::urgent::{UrgentOutcome, UrgentState};

mod of_domain;

pub use of_domain::{CountryCode, LanguageTag, ShortText, Slug};

const SCHEMAS: &str = "#/components/schemas/";

/// A `$ref` to a component.
pub fn reference(section: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{section}/{name}") })
}

/// Sets a member of a JSON object; any other value is left as it is.
pub fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// Stands in the common types of items (`#[schema(value_type = Content)]`) for the content of whichever
/// kind it is; [`Schemas::specialise`] puts the kind's own schema in its place.
#[derive(Debug, Serialize)]
pub struct Content;

impl PartialSchema for Content {
    fn schema() -> RefOr<Schema> {
        let description = "The content of an item, in the form of its kind.";
        Schema::Object(Object::builder().schema_type(Type::Object).description(Some(description)).build())
            .into()
    }
}

impl ToSchema for Content {}

/// Named schemas, as JSON.
#[derive(Default)]
pub struct Schemas {
    named: BTreeMap<String, Value>,
    /// Those that a request body uses directly.
    inputs: BTreeSet<String>,
    /// New names, by the names that types have.
    renamed: BTreeMap<String, String>,
}

impl Schemas {
    /// The schemas of the domain's types, which parameters can refer to.
    pub fn of_domain() -> Self {
        let mut schemas = Self::default();
        schemas.add::<ids::ItemId>(false);
        schemas.add::<ids::Digest>(false);
        schemas.add::<ids::Key>(false);
        schemas.add::<ids::Kind>(false);
        schemas.add::<Time>(false);
        schemas.add::<Role>(false);
        schemas.add::<Scope>(false);
        schemas.add::<ChannelId>(false);
        schemas.add::<RevisionState>(false);
        schemas.add::<Availability>(false);
        schemas.add::<ReviewState>(false);
        schemas.add::<UrgentOutcome>(false);
        schemas.add::<UrgentState>(false);
        schemas.add::<ShownState>(false);
        schemas
    }

    /// Adds a type's schema with all that it refers to, and answers its name.
    pub fn add<T: ToSchema>(&mut self, input: bool) -> String {
        let mut schemas = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut schemas);
        for (name, schema) in schemas {
            self.named.insert(name, json!(schema));
        }
        let name = T::name().into_owned();
        if input {
            self.inputs.insert(name.clone());
        }
        name
    }

    /// Makes the schemas those of one kind, such as `Post`.
    ///
    /// `Content` becomes `C`. Each schema that holds it, at any depth, is renamed: `Item` to `Post`,
    /// `ItemPage` to `PostPage`, another `Draft` to `PostDraft`.
    pub fn specialise<C: ToSchema>(&mut self, kind: &str) {
        let content = Content::name().into_owned();
        let generic = reaching(&self.named, &content);
        self.named.remove(&content);
        let own = self.add::<C>(false);
        for name in generic {
            let new = format!("{kind}{}", name.strip_prefix("Item").unwrap_or(&name));
            if let Some(schema) = self.named.remove(&name) {
                self.named.insert(new.clone(), schema);
            }
            self.renamed.insert(name, new);
        }
        self.renamed.insert(content, own);
        for schema in self.named.values_mut() {
            rename(schema, &self.renamed);
        }
        let inputs = std::mem::take(&mut self.inputs);
        self.inputs =
            inputs.into_iter().map(|name| self.renamed.get(&name).cloned().unwrap_or(name)).collect();
    }

    /// The `$ref` to a schema that [`Schemas::add`] named.
    pub fn reference(&self, name: &str) -> Value {
        reference("schemas", self.renamed.get(name).map_or(name, String::as_str))
    }

    /// Takes over another operation's schemas.
    pub fn merge(&mut self, other: &Schemas) {
        self.named.extend(other.named.iter().map(|(name, schema)| (name.clone(), schema.clone())));
        self.inputs.extend(other.inputs.iter().cloned());
    }

    /// The schemas by name.
    #[cfg(test)]
    pub fn named(&self) -> &BTreeMap<String, Value> {
        &self.named
    }

    /// The components: objects that requests use are closed, since unknown fields are refused, and
    /// every string and integer has its limits.
    pub fn components(mut self) -> Map<String, Value> {
        for name in reachable(&self.named, &self.inputs) {
            if let Some(schema) = self.named.get_mut(&name) {
                close(schema);
            }
        }
        for schema in self.named.values_mut() {
            complete(schema);
        }
        self.named.into_iter().collect()
    }
}

/// The names of schemas that a schema refers to.
fn references(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(name) = target(members) {
                found.insert(name.to_owned());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn target(members: &Map<String, Value>) -> Option<&str> {
    members.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix(SCHEMAS))
}

/// The names from which `goal` is reached, without itself.
fn reaching(named: &BTreeMap<String, Value>, goal: &str) -> Vec<String> {
    let reaches = |name: &String| {
        let start = BTreeSet::from([name.clone()]);
        name != goal && reachable(named, &start).contains(goal)
    };
    named.keys().filter(|name| reaches(name)).cloned().collect()
}

/// The names that are reached from `start`, with itself.
fn reachable(named: &BTreeMap<String, Value>, start: &BTreeSet<String>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<String> = start.iter().cloned().collect();
    while let Some(name) = open.pop() {
        if let Some(schema) = named.get(&name)
            && !seen.contains(&name)
        {
            let mut found = BTreeSet::new();
            references(schema, &mut found);
            open.extend(found);
        }
        seen.insert(name);
    }
    seen
}

fn rename(schema: &mut Value, renamed: &BTreeMap<String, String>) {
    match schema {
        Value::Object(members) => {
            if let Some(new) = target(members).and_then(|name| renamed.get(name)) {
                members.insert("$ref".to_owned(), format!("{SCHEMAS}{new}").into());
            }
            members.values_mut().for_each(|member| rename(member, renamed));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, renamed)),
        _ => {}
    }
}

/// Closes every object of the schema that lists its properties.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) {
                members.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Gives well-known formats their length, and integers a format and a range that JSON can carry.
pub fn complete(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let length = match members.get("format").and_then(Value::as_str) {
                Some("uuid") => Some(36),
                Some("date-time") => Some(64),
                _ => None,
            };
            if let (Some(length), true) = (length, members.contains_key("type")) {
                members.entry("maxLength").or_insert(length.into());
            }
            if members.get("type").is_some_and(|kind| kind == "integer") {
                members.entry("format").or_insert("int64".into());
                members.entry("minimum").or_insert((-MAX_INTEGER).into());
                members.entry("maximum").or_insert(MAX_INTEGER.into());
            }
            members.values_mut().for_each(complete);
        }
        Value::Array(items) => items.iter_mut().for_each(complete),
        _ => {}
    }
}

/// The largest integer that every JSON reader keeps exactly: 2^53 - 1 (RFC 8259 section 6).
const MAX_INTEGER: i64 = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    #[derive(ToSchema)]
    #[allow(dead_code)]
    struct PostContent {
        title: String,
    }

    #[derive(ToSchema)]
    #[allow(dead_code)]
    struct ItemRevision {
        #[schema(value_type = Content)]
        content: Value,
    }

    #[derive(ToSchema)]
    #[allow(dead_code)]
    struct Stage {
        quorum: u16,
    }

    #[derive(ToSchema)]
    #[allow(dead_code)]
    struct Item {
        working_revision: Option<ItemRevision>,
        stages: Vec<Stage>,
    }

    #[test]
    fn what_holds_content_becomes_the_kinds_own() {
        let mut schemas = Schemas::default();
        let name = schemas.add::<Item>(true);
        schemas.specialise::<PostContent>("Post");
        assert_eq!(schemas.reference(&name)["$ref"], "#/components/schemas/Post");
        let components = schemas.components();
        let names: Vec<_> = components.keys().map(String::as_str).collect();
        assert_eq!(names, ["Post", "PostContent", "PostRevision", "Stage"]);
        let content = &components["PostRevision"]["properties"]["content"]["$ref"];
        assert_eq!(content, "#/components/schemas/PostContent");
        assert!(components["Post"].to_string().contains("#/components/schemas/PostRevision"));
        assert_eq!(components["Stage"]["additionalProperties"], false);
    }
}
