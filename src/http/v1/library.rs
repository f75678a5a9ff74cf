//! The library: images and hashtags that one employee may use, served from memory like the feed.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::feed::{FeedImage, conditional, example_image, known_channel};
use super::sharing::EXAMPLE_DIGEST;
use crate::app::actor::{Actor, Permission};
use crate::app::library::{self, LibraryPosition, LibraryQuery, Reading};
use crate::domain::channels::ChannelId;
use crate::domain::content::Hashtag;
use crate::domain::ids::{Digest, ItemId, Key};
use crate::domain::revision::Resolved;
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::extract::{Caller, Query, params};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::{Limit, Position, Walk};
use crate::http::schema::{LanguageTag, ShortText, set};
use crate::http::table::Route;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let own = Permission::PersonHolds(Scope::Share);
    vec![
        Route::get("/v1/library/images", own, describe_images(), image_library_get),
        Route::get("/v1/library/hashtags", own, describe_hashtags(), hashtag_library_get),
    ]
}

fn describe_images() -> Operation {
    Operation::new(
        "library_image_list",
        "library",
        "Read which images one may share",
        "The live images that are meant for the employee and may be used in their country, the newest \
         `live_since` first: each can be shared by itself, by its id and digest. `nl-BE` falls back to `nl`. The \
         page has its own `ETag`, as the feed has; 503 `stale` when this node could not confirm for a second \
         what is live.",
    )
    .query::<LibraryFilter>()
    .paged()
    .answer::<LibraryImagePage>(200, "A page of images.", json!({ "items": [example_library_image()] }))
    .empty(304, "The reader has this page already.")
    .etag()
    .errors(&[Code::Stale])
    .event(NO_EVENT)
}

fn describe_hashtags() -> Operation {
    let example = json!({
        "hashtag_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f31",
        "key": "zuiver",
        "revision": 1,
        "digest": EXAMPLE_DIGEST,
        "tag": "ZuivereStroom",
        "meaning": { "nl": "Stroom uit wind en zon, zonder bijmenging." },
        "languages": ["nl"],
        "channels": [],
        "live_since": "2026-11-20T15:30:00.120Z",
    });
    Operation::new(
        "library_hashtag_list",
        "library",
        "Read which hashtags one may use",
        "The live hashtags that are meant for the employee, the newest `live_since` first: an image that is \
         shared by itself takes them by key. The page has its own `ETag`, as the feed has.",
    )
    .query::<LibraryFilter>()
    .paged()
    .answer::<LibraryHashtagPage>(200, "A page of hashtags.", json!({ "items": [example] }))
    .empty(304, "The reader has this page already.")
    .etag()
    .errors(&[Code::Stale])
    .event(NO_EVENT)
}

fn example_library_image() -> Value {
    let mut image = example_image();
    set(&mut image, "licence", json!("Eigen werk"));
    set(&mut image, "ai_generated", json!(false));
    set(&mut image, "channels", json!(["linkedin", "x"]));
    set(&mut image, "live_since", json!("2026-11-20T15:30:00.120Z"));
    set(&mut image, "ends_at", json!("2027-06-30T22:00:00Z"));
    image
}

/// What a library is narrowed to.
#[derive(Deserialize, Serialize, IntoParams)]
struct LibraryFilter {
    /// Only what has a text, or goes with copies, in this language.
    #[serde(default, deserialize_with = "params::language")]
    #[param(value_type = Option<LanguageTag>)]
    language: Option<String>,
    /// Only what can be used on this channel.
    channel: Option<ChannelId>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of images.
#[derive(Serialize, ToSchema)]
struct LibraryImagePage {
    /// The images, newest first.
    #[schema(max_items = 200)]
    items: Vec<LibraryImage>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// An image that the employee may share by itself.
#[derive(Serialize, ToSchema)]
struct LibraryImage {
    /// The image: `image_id` and `digest` are what a share names.
    #[serde(flatten)]
    image: FeedImage,
    /// Under which terms it may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 800, nullable = false)]
    licence: Option<String>,
    /// Whether it was made or changed by AI.
    ai_generated: bool,
    /// Where it may be shared.
    #[schema(max_items = 100)]
    channels: Vec<ChannelId>,
    /// Since when it is live.
    live_since: Time,
    /// Until when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ends_at: Option<Time>,
}

impl From<library::LibraryImage> for LibraryImage {
    fn from(found: library::LibraryImage) -> Self {
        let library::LibraryImage { image, licence, ai_generated, channels, live_since, ends_at } = found;
        Self { image: image.into(), licence, ai_generated, channels, live_since, ends_at }
    }
}

/// A page of hashtags.
#[derive(Serialize, ToSchema)]
struct LibraryHashtagPage {
    /// The hashtags, newest first.
    #[schema(max_items = 200)]
    items: Vec<LibraryHashtag>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A hashtag that the employee may use.
#[derive(Serialize, ToSchema)]
struct LibraryHashtag {
    /// The hashtag.
    hashtag_id: ItemId,
    /// Its key: what a share names.
    key: Key,
    /// Its revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// The revision's digest.
    digest: Digest,
    /// The tag as it is written, without the number sign.
    #[schema(max_length = 50)]
    tag: String,
    /// What the tag stands for, by language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<LanguageTag, ShortText>>, nullable = false)]
    meaning: Option<BTreeMap<String, String>>,
    /// Languages of the texts that it goes with; empty = all.
    #[schema(value_type = Vec<LanguageTag>, max_items = 50)]
    languages: Vec<String>,
    /// Channels that it goes with; empty = all.
    #[schema(max_items = 100)]
    channels: Vec<ChannelId>,
    /// Since when it is live.
    live_since: Time,
}

impl From<library::LibraryHashtag> for LibraryHashtag {
    fn from(found: library::LibraryHashtag) -> Self {
        let library::LibraryHashtag { hashtag, live_since } = found;
        let Resolved { id, key, revision, digest, content } = hashtag;
        let Hashtag { tag, meaning, languages, channels, .. } = content;
        Self { hashtag_id: id, key, revision, digest, tag, meaning, languages, channels, live_since }
    }
}

async fn image_library_get(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<LibraryFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk("library_image_list", &actor, &filter)?;
    let page = |found: Vec<library::LibraryImage>, next_cursor| LibraryImagePage {
        items: found.into_iter().map(LibraryImage::from).collect(),
        next_cursor,
    };
    let read = |reading: &Reading<'_>, after, limit| reading.images(after, limit);
    answer(&request, &app, &walk, &actor, filter, read, page).await
}

async fn hashtag_library_get(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<LibraryFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk("library_hashtag_list", &actor, &filter)?;
    let page = |found: Vec<library::LibraryHashtag>, next_cursor| LibraryHashtagPage {
        items: found.into_iter().map(LibraryHashtag::from).collect(),
        next_cursor,
    };
    let read = |reading: &Reading<'_>, after, limit| reading.hashtags(after, limit);
    answer(&request, &app, &walk, &actor, filter, read, page).await
}

/// A page of the library, or that the client has it already.
async fn answer<T, P: Serialize>(
    request: &HttpRequest,
    app: &App,
    walk: &Walk,
    actor: &Actor,
    filter: LibraryFilter,
    read: impl FnOnce(&Reading<'_>, Option<LibraryPosition>, usize) -> (Vec<T>, Option<LibraryPosition>),
    page: impl FnOnce(Vec<T>, Option<String>) -> P,
) -> Result<HttpResponse> {
    known_channel(app, filter.channel.as_ref())?;
    let after = filter.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?.map(place);
    let content = app.snapshots.confirmed_content().await?;
    let access = app.snapshots.access();
    let person = access.person_who(actor, Scope::Share)?;
    let (limit, query, now) = (usize::from(filter.limit.get()), query(filter), app.clock.now());
    let reading = Reading { content: &content, person, context: &app.context, query: &query, now };
    let (found, next) = read(&reading, after, limit);
    let next_cursor = next.map(|next| walk.seal(&position(next))).transpose()?;
    let page = page(found, next_cursor.clone());
    conditional(request, &page, next_cursor.as_deref(), content.version, person.access_version)
}

fn query(filter: LibraryFilter) -> LibraryQuery {
    let LibraryFilter { language, channel, .. } = filter;
    LibraryQuery { language, channel }
}

fn place(position: Position) -> LibraryPosition {
    LibraryPosition { live_since: Time::from_micros(position.sort), id: ItemId::from_uuid(position.id) }
}

fn position(place: LibraryPosition) -> Position {
    Position { sort: place.live_since.micros(), id: place.id.uuid(), record_index: None }
}
