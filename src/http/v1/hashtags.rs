//! Hashtags: tags that the organisation uses or blocks, what they mean, and where they go.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::items::{self, ItemCreate, ItemKind, Operations, WrittenKind};
use super::posts::Audience;
use crate::domain::channels::ChannelId;
use crate::domain::content::hashtag::{RequiredFor, at_least_one};
use crate::domain::content::{Content, Hashtag};
use crate::domain::ids::Kind;
use crate::error::Code;
use crate::http::schema::{LanguageTag, ShortText, Slug};
use crate::http::table::Route;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    items::routes::<HashtagKind>()
}

/// See [`ItemKind`].
pub(super) struct HashtagKind;

impl ItemKind for HashtagKind {
    const KIND: Kind = Kind::Hashtag;
    const PLURAL: &'static str = "hashtags";
    const SCHEMA: &'static str = "Hashtag";
    const OPERATIONS: Operations = Operations {
        create: "hashtag_create",
        list: "hashtag_list",
        get: "hashtag_get",
        revision_get: "hashtag_revision_get",
        revision_difference: "hashtag_revision_difference",
        draft_put: "hashtag_draft_put",
        submit: "hashtag_submit",
        decide: "hashtag_decide",
        recall: "hashtag_recall",
        retire: "hashtag_retire",
    };
    const CONTENT_CODES: &'static [Code] = &[Code::InvalidContent];
    type Content = HashtagContent;

    fn example_content() -> Value {
        json!({
            "tag": "ZuivereStroom",
            "meaning": {
                "nl": "Stroom uit wind en zon, zonder bijmenging.",
                "en": "Power from wind and sun, nothing mixed in.",
            },
            "languages": ["nl"],
            "channels": [],
            "audience": { "groups": [], "countries": ["NL", "BE"] },
            "required_for": { "topics": ["wind"] },
        })
    }

    fn example_key() -> Option<&'static str> {
        Some("zuiver")
    }
}

impl WrittenKind for HashtagKind {
    type Create = ItemCreate<HashtagContent>;
}

/// The content of a hashtag.
///
/// One that is `blocked` works like a rule that blocks: while it is live, its tag may stand in no copy, headline,
/// credit, alternative text or comment, as a whole tag with its number sign and in any spelling (compatibility
/// forms, case, look-alike and invisible characters). A post cannot name it, and those that are live and hold it
/// are blocked. Where it is found, the `code` is `blocked_hashtag` and the `rule` is the hashtag.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct HashtagContent {
    /// The tag as it is written, without the number sign: letters, digits and inner underscores, with a
    /// letter in it.
    #[schema(min_length = 1, max_length = 50)]
    tag: String,
    /// What the tag stands for, by language. At most 500 characters each.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<LanguageTag, ShortText>>, nullable = false)]
    meaning: Option<BTreeMap<String, String>>,
    /// Languages of the copies that it goes with; empty = all.
    #[serde(default)]
    #[schema(value_type = Vec<LanguageTag>, max_items = 50)]
    languages: Vec<String>,
    /// Channels that it goes with; empty = all.
    #[serde(default)]
    #[schema(max_items = 100)]
    channels: Vec<ChannelId>,
    /// Who gets the tag by itself, beside posts; everybody when left out. It narrows no post: whoever a post is
    /// for gets it with all its tags.
    #[serde(default)]
    audience: Audience,
    /// Which posts must name the tag; none when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    required_for: Option<HashtagDemand>,
    /// Whether the tag may stand in no text; its languages, channels and audience then narrow nothing.
    #[serde(default)]
    blocked: bool,
    /// Why the tag is blocked: told to whoever writes it. Required where it is blocked, and refused elsewhere. At
    /// most 1000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 4000, nullable = false)]
    reason: Option<String>,
}

/// Which posts must name a hashtag: those with any of these topics, and those of any of these campaigns, where
/// the tag goes with one of their copies and is meant for everybody whom the post is for. At least one topic or
/// campaign is named. A submission without the tag is refused with `hashtag_required`, and nothing is added to
/// it. Posts that were submitted before are left as they are.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct HashtagDemand {
    /// Topics, by their keys: those of `GET /v1/topics`, or 422 `unknown_key`.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Slug>, min_items = 1, max_items = 250)]
    topics: Vec<String>,
    /// Campaigns, by their keys: those of `GET /v1/campaigns`, or 422 `unknown_key`.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Slug>, min_items = 1, max_items = 250)]
    campaigns: Vec<String>,
}

impl From<HashtagContent> for Content {
    fn from(content: HashtagContent) -> Self {
        Self::Hashtag(Hashtag {
            tag: content.tag,
            meaning: content.meaning,
            languages: content.languages,
            channels: content.channels,
            audience: content.audience.into(),
            required_for: content.required_for.map(RequiredFor::from),
            blocked: content.blocked,
            reason: content.reason,
        })
    }
}

impl From<HashtagDemand> for RequiredFor {
    fn from(demand: HashtagDemand) -> Self {
        let HashtagDemand { topics, campaigns } = demand;
        Self { topics, campaigns }
    }
}
