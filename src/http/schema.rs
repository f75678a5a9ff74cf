//! The schemas that operations use, and their variants for each kind of item.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::app::feed::When;
use crate::domain::announcement::{Fact, Topic};
use crate::domain::channels::{ChannelId, Counting};
use crate::domain::compose::Role as PartRole;
use crate::domain::content::disclaimer::{Form, Placement};
use crate::domain::content::image as picture;
use crate::domain::content::post::Personalisation;
use crate::domain::content::rule;
use crate::domain::delivery::Delivery;
use crate::domain::difference;
use crate::domain::ids;
use crate::domain::lifecycle::{Availability, RevisionState};
use crate::domain::measure::Reason;
use crate::domain::post_import;
use crate::domain::review::{DecisionKind, ReviewState, StageState};
use crate::domain::roles::{Role, Scope};
use crate::domain::share::{Outcome, ShownState};
use crate::domain::time::Time;
use crate::domain::urgent::{UrgentOutcome, UrgentState};
use crate::domain::workflow::{QUORUM_MAX, Quorum, Resume};

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

/// Stands in schemas for a text that is a language tag.
pub struct LanguageTag;
/// Stands in schemas for a text that is a country's code.
pub struct CountryCode;
/// Stands in schemas for a text that is a short name.
pub struct Slug;
/// Stands in schemas for a text of a few sentences at most, where a list or map holds it.
pub struct ShortText;

/// A text with a description.
fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description))
}

/// A text in a well-known format.
fn formatted(description: &str, format: &str) -> ObjectBuilder {
    text(description).format(Some(SchemaFormat::Custom(format.into())))
}

impl<T> PartialSchema for ids::Id<T> {
    fn schema() -> RefOr<Schema> {
        formatted("An id: a UUID in lower case.", "uuid").into()
    }
}

impl<T> ToSchema for ids::Id<T> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Id")
    }
}

/// Gives types of the domain their schemas here, since the domain knows nothing of HTTP.
macro_rules! schemas {
    ($($type:ty, $name:literal, $schema:expr;)*) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )*};
}

schemas! {
    ids::Digest, "Digest", text("The SHA-256 of a frozen document.")
        .min_length(Some(71)).max_length(Some(71)).pattern(Some("^sha256:[0-9a-f]{64}$"));
    ids::Key, "Key", text("The unique, immutable short name of a hashtag, disclaimer or responsibility.")
        .min_length(Some(1)).max_length(Some(64)).pattern(Some("^[a-z0-9][a-z0-9-]*$"));
    ids::Kind, "Kind", text("A kind of item.").enum_values(Some(ids::Kind::ALL.map(ids::Kind::as_str)));
    Role, "Role", text("A named set of scopes.").enum_values(Some(Role::ALL.map(Role::as_str)));
    Scope, "Scope", text("One right.").enum_values(Some(Scope::ALL.map(Scope::as_str)));
    picture::MediaType, "FileType", text("The type of a picture's file.")
        .enum_values(Some(picture::MediaType::ALL.map(picture::MediaType::as_str)));
    picture::Consent, "Consent", text("Why somebody may be shown: they said so, or nobody had to ask them.")
        .enum_values(Some(["given", "not_needed"]));
    picture::Fraction, "Fraction", ObjectBuilder::new().schema_type(Type::Number)
        .description(Some("A number from 0 to 1; kept in steps of a ten-thousandth."))
        .minimum(Some(0.0)).maximum(Some(1.0));
    post_import::Format, "ImportFormat", text("How a file of posts is written.")
        .enum_values(Some(post_import::Format::ALL.map(post_import::Format::as_str)));
    post_import::ImportState, "ImportState", text("Where an import stands.")
        .enum_values(Some(post_import::ImportState::ALL.map(post_import::ImportState::as_str)));
    post_import::RowResult, "ImportRowResult", text("What became of a row of an import.")
        .enum_values(Some(post_import::RowResult::ALL.map(post_import::RowResult::as_str)));
    Time, "Time", formatted("A time in UTC (RFC 3339).", "date-time");
    ChannelId, "ChannelId", text("The name of a channel; `GET /v1/channels` lists them.")
        .min_length(Some(1)).max_length(Some(32)).pattern(Some("^[a-z0-9_]+$"));
    LanguageTag, "LanguageTag", text("A language tag (BCP 47), such as `nl` or `nl-BE`.")
        .min_length(Some(2)).max_length(Some(35)).pattern(Some("^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"));
    CountryCode, "CountryCode", text("A country's code in capitals (ISO 3166), such as `NL`; `EU` where it says so.")
        .min_length(Some(2)).max_length(Some(2)).pattern(Some("^[A-Z]{2}$"));
    Slug, "Slug", text("A short name.")
        .min_length(Some(1)).max_length(Some(64)).pattern(Some("^[a-z0-9][a-z0-9-]*$"));
    ShortText, "ShortText", text("A short text.").min_length(Some(1)).max_length(Some(2000));
    Personalisation, "Personalisation", text("What of their own employees may add before the copy.")
        .enum_values(Some(["none", "intro", "free"]));
    Placement, "Placement", text("Where in a post a disclaimer stands.")
        .enum_values(Some(["lead", "visible", "end", "attached"]));
    Form, "Form", text("How long a disclaimer is told.").enum_values(Some(["full", "short", "tag"]));
    rule::Severity, "RuleSeverity", text("What a rule does with what it finds: the writer is told, or the text is refused.")
        .enum_values(Some(["warn", "block"]));
    rule::Scope, "RuleScope", text("A text that rules look at; `copy` is also a post's headline, credit and link and an image's credit, `alt` the texts of images.")
        .enum_values(Some(["copy", "comment", "alt"]));
    rule::PersonalData, "PersonalData", text("Personal data, or a secret, that is recognised by its form.")
        .enum_values(Some(["iban", "bsn", "payment_card", "phone", "email", "secret"]));
    rule::OnExisting, "OnExisting", text("What becomes of live posts that break a rule when it comes into force.")
        .enum_values(Some(["list", "block"]));
    RevisionState, "RevisionState", text("The stored state of a revision.")
        .enum_values(Some(RevisionState::ALL.map(RevisionState::as_str)));
    Availability, "Availability", text("What time, recalls and dependencies make of an item.")
        .enum_values(Some(Availability::ALL.map(Availability::as_str)));
    ReviewState, "ReviewState", text("The state of a review: open, or its outcome.")
        .enum_values(Some(ReviewState::ALL.map(ReviewState::as_str)));
    StageState, "StageState", text("The state of a stage.")
        .enum_values(Some(["waiting", "open", "passed", "failed", "stuck"]));
    Resume, "Resume", text("Where the review of a resubmission begins: with the first stage, or with the one that asked for changes.")
        .enum_values(Some(Resume::ALL.map(Resume::as_str)));
    difference::ChangeKind, "ChangeKind", text("What became of a place.")
        .enum_values(Some(["added", "removed", "replaced", "moved"]));
    difference::PieceOp, "PieceOp", text("What became of a piece of a text.")
        .enum_values(Some(["kept", "removed", "added"]));
    DecisionKind, "DecisionKind", text("What a reviewer says.")
        .enum_values(Some(DecisionKind::ALL.map(DecisionKind::as_str)));
    PartRole, "PartRole", text("What a part of a text is.").enum_values(Some([
        "disclaimer", "comment", "copy", "credit", "hashtag", "link", "separator",
    ]));
    Counting, "Counting", text("In which unit a channel counts a text.").enum_values(Some([
        "weighted-twitter", "graphemes", "mastodon", "threads", "utf16", "code-points", "utf8-bytes",
    ]));
    Reason, "MeasurementReason", text("Why a text cannot be posted on a channel.").enum_values(Some([
        "no_text_field", "empty", "invalid_character", "too_long", "too_many_bytes", "too_many_links",
        "too_many_hashtags",
    ]));
    Delivery, "Delivery", text("How the text gets into the channel's composer.")
        .enum_values(Some(["prefilled", "paste_then_open", "share_sheet"]));
    When, "When", text("When a disclaimer is added.")
        .enum_values(Some(["always", "with_comment", "by_country"]));
    ShownState, "ShareState", text("The state of a share.")
        .enum_values(Some(ShownState::ALL.map(ShownState::as_str)));
    Topic, "Topic", text("What a notification is about.").enum_values(Some(Topic::ALL.map(Topic::as_str)));
    Fact, "Fact", ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Integer, Type::String]))
        .description(Some("A number, or a word or name of the organisation's.")).max_length(Some(200));
    UrgentOutcome, "UrgentOutcome", text("What the review of an urgent publication led to.")
        .enum_values(Some(UrgentOutcome::ALL.map(UrgentOutcome::as_str)));
    UrgentState, "UrgentState", text("What an urgent publication waits for, or came to.")
        .enum_values(Some(UrgentState::ALL.map(UrgentState::as_str)));
    Outcome, "Outcome", text("What became of a share.").enum_values(Some(Outcome::ALL.map(Outcome::as_str)));
}

impl PartialSchema for Quorum {
    fn schema() -> RefOr<Schema> {
        let word = text("A word.").enum_values(Some(["any", "all"])).build();
        let count = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .description(Some("A number of approvals."))
            .minimum(Some(1))
            .maximum(Some(QUORUM_MAX))
            .build();
        let description = "How many approvals pass a stage: `any` one, those of `all` who can decide when it opens, or \
                           so many.";
        OneOfBuilder::new().item(word).item(count).description(Some(description)).into()
    }
}

impl ToSchema for Quorum {
    fn name() -> Cow<'static, str> {
        "Quorum".into()
    }
}

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
