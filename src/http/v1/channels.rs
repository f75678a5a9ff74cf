//! The places to share to, with their counting rules.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, Object, ObjectBuilder, Type};

use crate::app::actor::Permission;
use crate::domain::channels::{self, ChannelId, Confidence, Convention, Counting, HashtagMode, Placeholder};
use crate::error::Result;
use crate::http::etag;
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let list = Operation::new(
        "channel_list",
        "channels",
        "List channels",
        "Every channel that content may be shared to, with the facts in force: the embedded table with the \
         operator's changes. It is small and the same for every reader, so it comes as a whole; its `ETag` \
         moves with any fact, and `If-None-Match` is answered with 304. In the figures, 0 means that no \
         limit is known.",
    )
    .answer::<ChannelList>(
        200,
        "The channels.",
        json!({ "items": [{
            "id": "x",
            "name": "X (Twitter)",
            "text_field": true,
            "text_limit": 280,
            "title_limit": 0,
            "counting": "weighted-twitter",
            "url_length": 23,
            "url_needs_scheme": false,
            "url_max": 0,
            "convention": "x",
            "byte_limit": 0,
            "fold": 0,
            "forbidden_characters": "",
            "hashtag_mode": "linked",
            "hashtag_max": 0,
            "image_required": false,
            "images_max": 4,
            "image_formats": ["jpg", "png", "webp", "gif"],
            "image_recommended": [[1600, 900], [1080, 1080], [1080, 1350]],
            "image_max_bytes": 5_242_880,
            "image_max_pixels": 0,
            "image_max_dimension": 0,
            "image_max_width": 0,
            "image_aspect_min": 0.0,
            "image_aspect_max": 0.0,
            "alt_text_limit": 1000,
            "profile": true,
            "bio_limit": 160,
            "prefills": ["text"],
            "source": "https://docs.x.com/fundamentals/counting-characters",
            "confidence": "high",
        }] }),
    )
    .empty(304, "The reader has the channels already.")
    .etag()
    .event(NO_EVENT);
    vec![Route::get("/v1/channels", Permission::SignedIn, list, channel_list)]
}

/// The channels in force.
#[derive(Serialize, ToSchema)]
struct ChannelList {
    /// The channels, in the order of the table.
    #[schema(max_items = 1000)]
    items: Vec<Channel>,
}

/// A place to share to. How its composer is opened is part of a share, not of this.
#[derive(Serialize, ToSchema)]
struct Channel {
    /// Its name in content and requests.
    id: ChannelId,
    /// Its name for people.
    #[schema(max_length = 200)]
    name: String,
    /// Whether a post on it has a text.
    text_field: bool,
    /// The longest text, in units of `counting`.
    text_limit: u32,
    /// The longest headline, in UTF-16 units.
    title_limit: u32,
    /// The unit of `text_limit` and `fold`.
    #[schema(schema_with = counting)]
    counting: Counting,
    /// What a URL costs; 0 = its own characters.
    url_length: u32,
    /// Whether only what has `http(s)://` is taken for a URL.
    url_needs_scheme: bool,
    /// The most different links in a post.
    url_max: u32,
    /// By whose rules links, hashtags and mentions are found.
    #[schema(schema_with = convention)]
    convention: Convention,
    /// The longest text in bytes, beside `text_limit`.
    byte_limit: u32,
    /// About how many units show before the reader must ask for more; 0 = all, or unknown.
    fold: u32,
    /// Characters that the platform refuses.
    #[schema(max_length = 200)]
    forbidden_characters: String,
    /// What the channel makes of hashtags.
    #[schema(schema_with = hashtag_mode)]
    hashtag_mode: HashtagMode,
    /// The most hashtags in a post.
    hashtag_max: u32,
    /// Whether a post on it must have an image.
    image_required: bool,
    /// The most images in a post; 0 = a share hands over none.
    images_max: u32,
    /// The types of images that it takes, as `jpg`, `png` and others; empty = it says nothing.
    #[schema(max_items = 20)]
    image_formats: Vec<String>,
    /// The recommended sizes of images, as width and height in pixels.
    #[schema(max_items = 20)]
    image_recommended: Vec<[u32; 2]>,
    /// The most bytes of an image.
    image_max_bytes: u64,
    /// The most pixels of an image.
    image_max_pixels: u64,
    /// The longest side of an image, in pixels.
    image_max_dimension: u32,
    /// The greatest width of an image, in pixels.
    image_max_width: u32,
    /// The least width of an image for its height.
    image_aspect_min: f64,
    /// The greatest width of an image for its height.
    image_aspect_max: f64,
    /// The longest text that stands for an image, in UTF-16 units; 0 also where it has none.
    alt_text_limit: u32,
    /// Whether people have a profile of their own there, with a line about themselves for all to read.
    profile: bool,
    /// The longest text about oneself in such a profile, in UTF-16 units; 0 = no limit is known.
    bio_limit: u32,
    /// What an intent really puts before the employee.
    #[schema(schema_with = prefills)]
    prefills: Vec<Placeholder>,
    /// Where the figures come from.
    #[schema(max_length = 2000)]
    source: String,
    /// How well the figures are founded.
    #[schema(schema_with = confidence)]
    confidence: Confidence,
}

/// One of these names. A field's own comment is lost where a function makes its schema.
fn one_of<const N: usize>(description: &str, names: [&str; N]) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(names))
        .build()
}

fn counting() -> Object {
    let names =
        ["weighted-twitter", "graphemes", "mastodon", "threads", "utf16", "code-points", "utf8-bytes"];
    one_of("The unit of `text_limit` and `fold`.", names)
}

fn convention() -> Object {
    one_of("By whose rules links, hashtags and mentions are found.", ["x", "mastodon", "bluesky"])
}

fn hashtag_mode() -> Object {
    one_of("What the channel makes of hashtags.", ["linked", "topic", "plain", "none"])
}

fn prefills() -> Array {
    let names = ["text", "url", "title", "subject", "image"];
    ArrayBuilder::new()
        .description(Some("What an intent really puts before the employee."))
        .items(one_of("One part of it.", names))
        .max_items(Some(names.len()))
        .build()
}

fn confidence() -> Object {
    one_of("How well the figures are founded.", ["high", "medium", "low", "operator"])
}

impl From<&channels::Channel> for Channel {
    fn from(channel: &channels::Channel) -> Self {
        let channel = channel.clone();
        Self {
            id: channel.id,
            name: channel.name,
            text_field: channel.text_field,
            text_limit: channel.text_limit,
            title_limit: channel.title_limit,
            counting: channel.counting,
            url_length: channel.url_length,
            url_needs_scheme: channel.url_needs_scheme,
            url_max: channel.url_max,
            convention: channel.convention,
            byte_limit: channel.byte_limit,
            fold: channel.fold,
            forbidden_characters: channel.forbidden_characters,
            hashtag_mode: channel.hashtag_mode,
            hashtag_max: channel.hashtag_max,
            image_required: channel.image_required,
            images_max: channel.images_max,
            image_formats: channel.image_formats,
            image_recommended: channel.image_recommended,
            image_max_bytes: channel.image_max_bytes,
            image_max_pixels: channel.image_max_pixels,
            image_max_dimension: channel.image_max_dimension,
            image_max_width: channel.image_max_width,
            image_aspect_min: channel.image_aspect_min,
            image_aspect_max: channel.image_aspect_max,
            alt_text_limit: channel.alt_text_limit,
            profile: channel.profile,
            bio_limit: channel.bio_limit,
            prefills: channel.prefills,
            source: channel.source,
            confidence: channel.confidence,
        }
    }
}

async fn channel_list(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse> {
    let channels = &app.context.channels;
    let tag = format!("\"{}\"", channels.digest()?);
    let unchanged = etag::not_modified(&request, &tag);
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if unchanged {
        return Ok(response.finish());
    }
    Ok(response.json(ChannelList { items: channels.iter().map(Channel::from).collect() }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use serde_json::Value;

    use super::*;

    /// The names in the schemas are written out; this holds them to what is really answered.
    #[test]
    fn the_schemas_know_every_name() {
        let known = |schema: Value, value: Value| {
            assert!(schema.as_array().unwrap().contains(&value), "{value}");
        };
        for channel in channels::Channels::defaults().unwrap().iter().map(Channel::from) {
            known(json!(counting())["enum"].clone(), json!(channel.counting));
            known(json!(convention())["enum"].clone(), json!(channel.convention));
            known(json!(hashtag_mode())["enum"].clone(), json!(channel.hashtag_mode));
            known(json!(confidence())["enum"].clone(), json!(channel.confidence));
            for placeholder in channel.prefills {
                known(json!(prefills())["items"]["enum"].clone(), json!(placeholder));
            }
        }
    }
}
