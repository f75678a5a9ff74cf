//! Rules: what may not stand in texts, or must, and what is told to whoever writes it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::items::{self, ItemDraft, ItemKind, Operations, WrittenKind};
use crate::domain::content::rule::{self, OnExisting, PersonalData, Scope, Severity};
use crate::domain::content::{Content, Rule};
use crate::domain::ids::Kind;
use crate::domain::time::Time;
use crate::error::Code;
use crate::http::schema::{LanguageTag, ShortText, Slug};
use crate::http::table::Route;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    items::routes::<RuleKind>()
}

/// See [`ItemKind`].
pub(super) struct RuleKind;

impl ItemKind for RuleKind {
    const KIND: Kind = Kind::Rule;
    const PLURAL: &'static str = "rules";
    const SCHEMA: &'static str = "Rule";
    const OPERATIONS: Operations = Operations {
        create: "rule_create",
        list: "rule_list",
        get: "rule_get",
        revision_get: "rule_revision_get",
        revision_difference: "rule_revision_difference",
        draft_put: "rule_draft_put",
        submit: "rule_submit",
        decide: "rule_decide",
        recall: "rule_recall",
        retire: "rule_retire",
    };
    const CONTENT_CODES: &'static [Code] = &[Code::InvalidContent];
    type Content = RuleContent;

    fn example_content() -> Value {
        json!({
            "name": "Geen beloften over rendement",
            "condition": {
                "phrases": { "any_of": ["gegarandeerd rendement", "zonder risico"], "within_words": false },
            },
            "severity": "block",
            "scope": ["copy", "comment"],
            "languages": ["nl"],
            "reason": "Beloof geen rendement: schrijf wat het product doet en verwijs naar de risico's.",
            "exceptions": ["niet zonder risico"],
            "on_existing": "block",
        })
    }

    fn example_key() -> Option<&'static str> {
        None
    }
}

impl WrittenKind for RuleKind {
    type Create = ItemDraft<RuleContent>;
}

/// The content of a rule.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct RuleContent {
    /// What the rule is called here. At most 200 characters.
    #[schema(min_length = 1, max_length = 800)]
    name: String,
    /// What it looks for: exactly one of these.
    condition: RuleCondition,
    /// What it does with what it finds.
    severity: Severity,
    /// In which texts it looks.
    #[schema(min_items = 1, max_items = 3)]
    scope: Vec<Scope>,
    /// In texts of these languages (`nl` covers `nl-BE`); empty = all.
    #[serde(default)]
    #[schema(value_type = Vec<LanguageTag>, max_items = 50)]
    languages: Vec<String>,
    /// Told to whoever writes such a text: what is wrong, and what to write instead.
    #[schema(min_length = 1, max_length = 4000)]
    reason: String,
    /// Words and phrases that are fine: what is found within one of them does not count.
    #[serde(default)]
    #[schema(value_type = Vec<ShortText>, max_items = 500)]
    exceptions: Vec<String>,
    /// What becomes of posts that are live when the rule comes into force: those that break it are listed
    /// by `GET /v1/rules/{id}/findings`, and with `block` they are blocked too, where the rule itself blocks.
    #[serde(default)]
    on_existing: OnExisting,
}

/// What a rule looks for.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RuleCondition {
    /// Words and phrases, in any spelling: compatibility forms, case, look-alike characters, line breaks.
    Phrases {
        /// Any of these.
        #[schema(value_type = Vec<ShortText>, min_items = 1, max_items = 2000)]
        any_of: Vec<String>,
        /// Whether they count within longer words too.
        #[serde(default)]
        within_words: bool,
    },
    /// Regular expressions without look-around and back-references, whose time is linear.
    Patterns {
        /// Any of these.
        #[schema(value_type = Vec<ShortText>, min_items = 1, max_items = 100)]
        any_of: Vec<String>,
    },
    /// Personal data and secrets, recognised by their form.
    PersonalData {
        /// Any of these.
        #[schema(min_items = 1, max_items = 6)]
        kinds: Vec<PersonalData>,
        /// How phone numbers of the country look when they are written without a plus sign, as a regular
        /// expression.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(min_length = 1, max_length = 2000, nullable = false)]
        national_phone: Option<String>,
    },
    /// Names that are confidential until a date.
    CodeNames {
        /// Any of these, in any spelling.
        #[schema(value_type = Vec<ShortText>, min_items = 1, max_items = 2000)]
        any_of: Vec<String>,
        /// Until when; the rule finds nothing from then on.
        until: Time,
    },
    /// Wording that a copy about some topic must hold.
    RequiredWording {
        /// The topics, by their keys: those of `GET /v1/topics`, or 422 `unknown_key`.
        #[schema(value_type = Vec<Slug>, min_items = 1, max_items = 250)]
        topics: Vec<String>,
        /// One of these must be there, in any spelling.
        #[schema(value_type = Vec<ShortText>, min_items = 1, max_items = 2000)]
        any_of: Vec<String>,
    },
    /// Links, and the post's own link, lead to these domains only.
    LinkDomains {
        /// The domains; what lies below one is allowed too.
        #[schema(value_type = Vec<ShortText>, min_items = 1, max_items = 1000)]
        allowed: Vec<String>,
    },
}

impl From<RuleContent> for Content {
    fn from(content: RuleContent) -> Self {
        Self::Rule(Rule {
            name: content.name,
            condition: content.condition.into(),
            severity: content.severity,
            scope: content.scope,
            languages: content.languages,
            reason: content.reason,
            exceptions: content.exceptions,
            on_existing: content.on_existing,
        })
    }
}

impl From<RuleCondition> for rule::Condition {
    fn from(condition: RuleCondition) -> Self {
        match condition {
            RuleCondition::Phrases { any_of, within_words } => Self::Phrases { any_of, within_words },
            RuleCondition::Patterns { any_of } => Self::Patterns { any_of },
            RuleCondition::PersonalData { kinds, national_phone } => {
                Self::PersonalData { kinds, national_phone }
            }
            RuleCondition::CodeNames { any_of, until } => Self::CodeNames { any_of, until },
            RuleCondition::RequiredWording { topics, any_of } => Self::RequiredWording { topics, any_of },
            RuleCondition::LinkDomains { allowed } => Self::LinkDomains { allowed },
        }
    }
}
