//! Disclaimers: disclosures in several forms and languages, and when they are required.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::items::{self, ItemCreate, ItemKind, Operations, WrittenKind};
use crate::domain::channels::ChannelId;
use crate::domain::content::disclaimer::{self, Form, Placement, at_least_one};
use crate::domain::content::{Content, Disclaimer};
use crate::domain::ids::{Key, Kind};
use crate::error::Code;
use crate::http::schema::{CountryCode, LanguageTag, ShortText, Slug};
use crate::http::table::Route;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    items::routes::<DisclaimerKind>()
}

/// See [`ItemKind`].
pub(super) struct DisclaimerKind;

impl ItemKind for DisclaimerKind {
    const KIND: Kind = Kind::Disclaimer;
    const PLURAL: &'static str = "disclaimers";
    const SCHEMA: &'static str = "Disclaimer";
    const OPERATIONS: Operations = Operations {
        create: "disclaimer_create",
        list: "disclaimer_list",
        get: "disclaimer_get",
        revision_get: "disclaimer_revision_get",
        revision_difference: "disclaimer_revision_difference",
        draft_put: "disclaimer_draft_put",
        submit: "disclaimer_submit",
        decide: "disclaimer_decide",
        recall: "disclaimer_recall",
        retire: "disclaimer_retire",
    };
    const CONTENT_CODES: &'static [Code] = &[Code::InvalidContent];
    type Content = DisclaimerContent;

    fn example_content() -> Value {
        json!({
            "purpose": "the reader knows that figures about the future can turn out differently",
            "when": "posts about targets and results",
            "jurisdictions": ["EU"],
            "placement": "end",
            "smallest": "short",
            "rank": 40,
            "includes": [],
            "required_when": { "topics": ["results"], "countries": ["EU"] },
            "text": {
                "nl": {
                    "full": "Dit bericht van {company} bevat verwachtingen; de werkelijkheid kan afwijken.",
                    "short": "Bevat verwachtingen.",
                },
                "en": {
                    "full": "This post of {company} contains expectations; reality may differ.",
                    "short": "Contains expectations.",
                },
            },
        })
    }

    fn example_key() -> Option<&'static str> {
        Some("expectations")
    }
}

impl WrittenKind for DisclaimerKind {
    type Create = ItemCreate<DisclaimerContent>;
}

/// The content of a disclaimer.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct DisclaimerContent {
    /// What the text tells the reader. At most 500 characters.
    #[schema(min_length = 1, max_length = 2000)]
    purpose: String,
    /// The condition in words, for people. At most 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    when: Option<String>,
    /// Where the law or code behind it holds: information only. At most 40 characters each.
    #[serde(default)]
    #[schema(value_type = Vec<ShortText>, max_items = 100)]
    jurisdictions: Vec<String>,
    /// Where in the post it stands.
    placement: Placement,
    /// The shortest form that may be used.
    smallest: Form,
    /// Its place among disclaimers: the lowest first, and the lowest is shortened last.
    #[schema(maximum = 1000)]
    rank: u32,
    /// Disclaimers, by key, that are fulfilled where this one stands.
    #[serde(default)]
    #[schema(max_items = 20)]
    includes: Vec<Key>,
    /// When it is required: absent = only where a post lists it, `{}` = always.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    required_when: Option<DisclaimerDemand>,
    /// The forms, by language.
    #[schema(value_type = BTreeMap<LanguageTag, DisclaimerForms>)]
    text: BTreeMap<String, DisclaimerForms>,
}

/// A disclaimer's forms in one language. `{company}`, `{tag}`, `{source}`, `{country}` and
/// `{report_url}` are filled in; tags are written without the number sign.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct DisclaimerForms {
    /// A sentence. At most 500 characters.
    #[schema(min_length = 1, max_length = 2000)]
    full: String,
    /// A few words. At most 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    short: Option<String>,
    /// A hashtag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    tag: Option<String>,
    /// A hashtag for organisations without one of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    tag_generic: Option<String>,
}

/// The conditions of a demand. All that are named must hold; a list means any of it.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct DisclaimerDemand {
    /// The channel is one of these.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    #[schema(min_items = 1, max_items = 100)]
    channels: Vec<ChannelId>,
    /// The post has one of these topics, by their keys: those of `GET /v1/topics`, or 422 `unknown_key`.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Slug>, min_items = 1, max_items = 250)]
    topics: Vec<String>,
    /// The post belongs to one of these campaigns, by their keys: those of `GET /v1/campaigns`, or 422 `unknown_key`.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Slug>, min_items = 1, max_items = 250)]
    campaigns: Vec<String>,
    /// The person is in one of these countries, `EU` meaning its member states.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<CountryCode>, min_items = 1, max_items = 250)]
    countries: Vec<String>,
    /// The copy is in one of these languages.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<LanguageTag>, min_items = 1, max_items = 250)]
    languages: Vec<String>,
    /// Whether there is a comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    comment: Option<bool>,
    /// Whether an image was made or changed by AI.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ai_image: Option<bool>,
}

impl From<DisclaimerContent> for Content {
    fn from(content: DisclaimerContent) -> Self {
        let text = content.text.into_iter().map(|(language, forms)| (language, forms.into())).collect();
        Self::Disclaimer(Disclaimer {
            purpose: content.purpose,
            when: content.when,
            jurisdictions: content.jurisdictions,
            placement: content.placement,
            smallest: content.smallest,
            rank: content.rank,
            includes: content.includes,
            required_when: content.required_when.map(disclaimer::RequiredWhen::from),
            text,
        })
    }
}

impl From<DisclaimerForms> for disclaimer::Forms {
    fn from(forms: DisclaimerForms) -> Self {
        let DisclaimerForms { full, short, tag, tag_generic } = forms;
        Self { full, short, tag, tag_generic }
    }
}

impl From<DisclaimerDemand> for disclaimer::RequiredWhen {
    fn from(demand: DisclaimerDemand) -> Self {
        let DisclaimerDemand { channels, topics, campaigns, countries, languages, comment, ai_image } =
            demand;
        Self { channels, topics, campaigns, countries, languages, comment, ai_image }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::http::extract::parse;

    #[test]
    fn a_list_of_a_demand_that_is_named_has_a_member() {
        let demand = |demand: Value| {
            let mut content = DisclaimerKind::example_content();
            content["required_when"] = demand;
            let body = json!({ "key": "a", "content": content }).to_string();
            parse::<ItemCreate<DisclaimerContent>>(body.as_bytes())
        };
        demand(json!({})).unwrap();
        demand(json!({ "topics": ["results"] })).unwrap();
        for list in ["channels", "topics", "campaigns", "countries", "languages"] {
            demand(json!({ list: [] })).unwrap_err();
        }
    }
}
