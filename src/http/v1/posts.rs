//! Posts: copies in several languages for several channels, and what goes with them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::items::{self, ItemDraft, ItemKind, Operations, WrittenKind};
use crate::domain::channels::ChannelId;
use crate::domain::content::post::{self, Personalisation};
use crate::domain::content::{Content, Post};
use crate::domain::ids::{GroupId, ItemId, Key, Kind};
use crate::domain::time::Time;
use crate::error::Code;
use crate::http::schema::{CountryCode, LanguageTag, Slug};
use crate::http::table::Route;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    items::routes::<PostKind>()
}

/// See [`ItemKind`].
pub(super) struct PostKind;

impl ItemKind for PostKind {
    const KIND: Kind = Kind::Post;
    const PLURAL: &'static str = "posts";
    const SCHEMA: &'static str = "Post";
    const OPERATIONS: Operations = Operations {
        create: "post_create",
        list: "post_list",
        get: "post_get",
        revision_get: "post_revision_get",
        revision_difference: "post_revision_difference",
        draft_put: "post_draft_put",
        submit: "post_submit",
        decide: "post_decide",
        recall: "post_recall",
        retire: "post_retire",
    };
    const CONTENT_CODES: &'static [Code] = &[Code::InvalidContent, Code::UnknownImage];
    type Content = PostContent;

    fn example_content() -> Value {
        json!({
            "title": "Windpark Noordzee levert",
            "copies": [
                {
                    "id": "nl-1",
                    "language": "nl",
                    "channels": [],
                    "text": "Vandaag leverde Windpark Noordzee zijn eerste stroom. Daar werkten we vijf jaar aan.",
                },
                {
                    "id": "en-1",
                    "language": "en",
                    "channels": ["x"],
                    "text": "First power from our North Sea wind farm today. Five years in the making.",
                },
            ],
            "channels": ["linkedin", "x"],
            "hashtags": ["zuiver"],
            "images": [],
            "link": {
                "url": "https://www.noordzee-energie.example/nieuws/eerste-stroom",
                "utm": { "source": "employee", "campaign": "eerste-stroom" },
            },
            "disclaimers": [],
            "audience": { "groups": [], "countries": ["NL", "BE"] },
            "publish_at": "2026-11-21T08:00:00Z",
            "expires_at": "2026-12-31T23:00:00Z",
            "personalisation": "intro",
            "campaign": "eerste-stroom",
            "topics": ["wind"],
            "tips": "Een persoonlijke zin vooraf doet veel.",
        })
    }

    fn example_key() -> Option<&'static str> {
        None
    }
}

impl WrittenKind for PostKind {
    type Create = ItemDraft<PostContent>;
}

/// The content of a post.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct PostContent {
    /// What the post is called here; employees see it, networks do not. At most 200 characters.
    #[schema(min_length = 1, max_length = 800)]
    title: String,
    /// The headline for channels that have one beside the text. At most 300 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 1200, nullable = false)]
    headline: Option<String>,
    /// The texts to choose from.
    #[schema(min_items = 1, max_items = 100)]
    copies: Vec<PostCopy>,
    /// Where the post may be shared.
    #[schema(min_items = 1, max_items = 100)]
    channels: Vec<ChannelId>,
    /// Hashtags by key, the most wanted first.
    #[serde(default)]
    #[schema(max_items = 30)]
    hashtags: Vec<Key>,
    /// Images by id.
    #[serde(default)]
    #[schema(max_items = 35)]
    images: Vec<ItemId>,
    /// What the post links to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    link: Option<PostLink>,
    /// Disclaimers that the post carries in any case, beside those required of it.
    #[serde(default)]
    #[schema(max_items = 20)]
    disclaimers: Vec<Key>,
    /// Where the copy or an image comes from. At most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 800, nullable = false)]
    credit: Option<String>,
    /// For whom the post is meant; everybody when left out.
    #[serde(default)]
    audience: Audience,
    /// When sharing begins; absent = with the approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    publish_at: Option<Time>,
    /// When sharing ends; absent = never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<Time>,
    /// What of their own employees may add; nothing when left out.
    #[serde(default)]
    personalisation: Personalisation,
    /// The campaign that the post belongs to, by its key: one of `GET /v1/campaigns`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Slug>, nullable = false)]
    campaign: Option<String>,
    /// What the post is about, by keys: those of `GET /v1/topics`.
    #[serde(default)]
    #[schema(value_type = Vec<Slug>, max_items = 20)]
    topics: Vec<String>,
    /// Advice to employees who share it. At most 2000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 8000, nullable = false)]
    tips: Option<String>,
}

/// One text that an employee may share, word for word.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct PostCopy {
    /// The copy's name within the post.
    #[schema(pattern = "^[a-z0-9-]+$", min_length = 1, max_length = 32)]
    id: String,
    /// The language of the text.
    #[schema(value_type = LanguageTag)]
    language: String,
    /// For which of the post's channels; empty = all of them.
    #[serde(default)]
    #[schema(max_items = 100)]
    channels: Vec<ChannelId>,
    /// The text.
    #[schema(min_length = 1, max_length = 160_000)]
    text: String,
}

/// What a post links to.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct PostLink {
    /// An `https` address in ASCII, of a domain that the operator allows.
    #[schema(format = "uri", min_length = 1, max_length = 2000)]
    url: String,
    /// Tracking parameters that are merged into the address; `{}` = those that every share has, absent = none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    utm: Option<PostUtm>,
}

/// Tracking parameters that are merged into the link, where it has none of the name; each is a short name of
/// a-z, 0-9 and hyphens. `utm_content` is a random tag of each share, and is not set here.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct PostUtm {
    /// `utm_source`; the channel where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Slug>, nullable = false)]
    source: Option<String>,
    /// `utm_medium`; `social` where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Slug>, nullable = false)]
    medium: Option<String>,
    /// `utm_campaign`; the post's campaign where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Slug>, nullable = false)]
    campaign: Option<String>,
    /// `utm_term`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Slug>, nullable = false)]
    term: Option<String>,
    /// `utm_id`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Slug>, nullable = false)]
    id: Option<String>,
}

/// For whom something is meant. Empty lists leave it open.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
pub(super) struct Audience {
    /// Members of any of these groups.
    #[serde(default)]
    #[schema(max_items = 100)]
    groups: Vec<GroupId>,
    /// People in any of these countries.
    #[serde(default)]
    #[schema(value_type = Vec<CountryCode>, max_items = 250)]
    countries: Vec<String>,
}

impl From<PostContent> for Content {
    fn from(content: PostContent) -> Self {
        Self::Post(Box::new(Post {
            title: content.title,
            headline: content.headline,
            copies: content.copies.into_iter().map(post::PostCopy::from).collect(),
            channels: content.channels,
            hashtags: content.hashtags,
            images: content.images,
            link: content.link.map(post::Link::from),
            disclaimers: content.disclaimers,
            credit: content.credit,
            audience: content.audience.into(),
            publish_at: content.publish_at,
            expires_at: content.expires_at,
            personalisation: content.personalisation,
            campaign: content.campaign,
            topics: content.topics,
            tips: content.tips,
        }))
    }
}

impl From<PostCopy> for post::PostCopy {
    fn from(copy: PostCopy) -> Self {
        let PostCopy { id, language, channels, text } = copy;
        Self { id, language, channels, text }
    }
}

impl From<PostLink> for post::Link {
    fn from(link: PostLink) -> Self {
        Self { url: link.url, utm: link.utm.map(post::Utm::from) }
    }
}

impl From<PostUtm> for post::Utm {
    fn from(utm: PostUtm) -> Self {
        let PostUtm { source, medium, campaign, term, id } = utm;
        Self { source, medium, campaign, term, id }
    }
}

impl From<post::Audience> for Audience {
    fn from(audience: post::Audience) -> Self {
        let post::Audience { groups, countries } = audience;
        Self { groups, countries }
    }
}

impl From<Audience> for post::Audience {
    fn from(audience: Audience) -> Self {
        let Audience { groups, countries } = audience;
        Self { groups, countries }
    }
}
