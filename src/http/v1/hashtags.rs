//! Hashtags: tags that the organisation uses, what they mean, and where.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::items::{self, ItemCreate, ItemKind, Operations, WrittenKind};
use crate::domain::channels::ChannelId;
use crate::domain::content::{Content, Hashtag};
use crate::domain::ids::Kind;
use crate::error::Code;
use crate::http::schema::{LanguageTag, ShortText};
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
}

impl From<HashtagContent> for Content {
    fn from(content: HashtagContent) -> Self {
        let HashtagContent { tag, meaning, languages, channels } = content;
        Self::Hashtag(Hashtag { tag, meaning, languages, channels })
    }
}
