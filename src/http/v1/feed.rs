//! The feed: what one employee may share, served from memory.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, http::header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::answers::is_false;
use super::sharing::{EXAMPLE_DIGEST, EXAMPLE_POST};
use crate::app::actor::Permission;
use crate::app::feed::{self, FeedPosition, When, feed_list};
use crate::domain::channels::ChannelId;
use crate::domain::content::disclaimer::Placement;
use crate::domain::content::post::{Personalisation, PostCopy};
use crate::domain::ids::{Digest, ItemId, Key};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::http::extract::{Caller, Query, params};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::{Limit, Position, link_next};
use crate::http::schema::{LanguageTag, ShortText, Slug};
use crate::http::table::Route;
use crate::http::{Frame, etag};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let list = Operation::new(
        "feed_list",
        "feed",
        "Read what one may share",
        "The live posts that are meant for the employee, the newest `live_since` first; a new revision of a \
         post keeps its place. A post of a campaign is here for members of the campaign's groups, within its window. `nl-BE` falls back to `nl`. The page has its own `ETag`: with \
         `If-None-Match` it is 304 while nothing changed. 503 `stale` when this node could not confirm for \
         a second what is live.",
    )
    .query::<FeedFilter>()
    .paged()
    .answer::<FeedPage>(200, "A page of the feed.", json!({ "items": [example_item()] }))
    .empty(304, "The reader has this page already.")
    .etag()
    .errors(&[Code::Stale])
    .event(NO_EVENT);
    vec![Route::get("/v1/feed", Permission::PersonHolds(Scope::Share), list, feed_get)]
}

fn example_item() -> Value {
    json!({
        "post_id": EXAMPLE_POST,
        "revision": 1,
        "digest": EXAMPLE_DIGEST,
        "title": "Eerste stroom van het windpark",
        "copies": [{
            "id": "nl-1",
            "language": "nl",
            "channels": [],
            "text": "Ons windpark levert vandaag de eerste stroom.",
        }],
        "channels": ["linkedin", "x"],
        "hashtags": ["WindOpZee"],
        "images": [example_image()],
        "link": "https://example.org/windpark?utm_source=employee",
        "disclaimers": [{
            "key": "employee",
            "revision": 1,
            "placement": "end",
            "when": "always",
            "text": "Ik werk bij Example Company.",
        }],
        "personalisation": "intro",
        "campaign": "windpark",
        "topics": ["energy"],
        "live_since": "2026-11-20T15:30:00.120Z",
        "expires_at": "2026-12-31T22:00:00Z",
    })
}

/// What the feed is narrowed to.
#[derive(Deserialize, Serialize, IntoParams)]
struct FeedFilter {
    /// Only posts with a copy in this language, and only those copies.
    #[serde(default, deserialize_with = "params::language")]
    #[param(value_type = Option<LanguageTag>)]
    language: Option<String>,
    /// Only posts for this channel, and only their copies for it.
    channel: Option<ChannelId>,
    /// Only posts of this campaign.
    #[serde(default, deserialize_with = "params::slug")]
    #[param(value_type = Option<Slug>)]
    campaign: Option<String>,
    /// Only posts about this topic.
    #[serde(default, deserialize_with = "params::slug")]
    #[param(value_type = Option<Slug>)]
    topic: Option<String>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of the feed.
#[derive(Serialize, ToSchema)]
struct FeedPage {
    /// The posts, newest first.
    #[schema(max_items = 200)]
    items: Vec<FeedItem>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A post that the employee may share.
#[derive(Serialize, ToSchema)]
struct FeedItem {
    /// The post.
    post_id: ItemId,
    /// The live revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// Its digest: what a share names.
    digest: Digest,
    /// What the post is called.
    #[schema(max_length = 500)]
    title: String,
    /// The copies to choose from.
    #[schema(max_items = 200)]
    copies: Vec<FeedCopy>,
    /// Where it may be shared.
    #[schema(max_items = 100)]
    channels: Vec<ChannelId>,
    /// Its hashtags as they are shown, without the number sign.
    #[schema(max_items = 100)]
    hashtags: Vec<String>,
    /// Its images.
    #[schema(max_items = 35)]
    images: Vec<FeedImage>,
    /// What the post links to, with its tracking parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096, nullable = false)]
    link: Option<String>,
    /// The disclaimers that a share may carry for this employee.
    #[schema(max_items = 100)]
    disclaimers: Vec<FeedDisclaimer>,
    /// What of their own the employee may add.
    personalisation: Personalisation,
    /// The post's campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, nullable = false)]
    campaign: Option<String>,
    /// What the post is about.
    #[schema(max_items = 100)]
    topics: Vec<String>,
    /// Advice for sharing it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10_000, nullable = false)]
    tips: Option<String>,
    /// Since when it is live, and its campaign has begun.
    live_since: Time,
    /// Until when it is; the end of its campaign, where that comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<Time>,
    /// Whether it was published urgently and no review has approved it yet; absent otherwise.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    urgent: bool,
}

impl From<feed::FeedItem> for FeedItem {
    fn from(item: feed::FeedItem) -> Self {
        Self {
            post_id: item.post_id,
            revision: item.revision,
            digest: item.digest,
            title: item.title,
            copies: item.copies.into_iter().map(FeedCopy::from).collect(),
            channels: item.channels,
            hashtags: item.hashtags,
            images: item.images.into_iter().map(FeedImage::from).collect(),
            link: item.link,
            disclaimers: item.disclaimers.into_iter().map(FeedDisclaimer::from).collect(),
            personalisation: item.personalisation,
            campaign: item.campaign,
            topics: item.topics,
            tips: item.tips,
            live_since: item.live_since,
            expires_at: item.expires_at,
            urgent: item.urgent,
        }
    }
}

/// An image as lists show it: a share hands over the file that suits its channel.
#[derive(Serialize, ToSchema)]
pub(super) struct FeedImage {
    /// The image.
    pub(super) image_id: ItemId,
    /// Its revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// The revision's digest.
    digest: Digest,
    /// The texts that stand for it, by language, for those who do not see it.
    #[schema(value_type = BTreeMap<LanguageTag, ShortText>)]
    alt: BTreeMap<String, String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 800, nullable = false)]
    credit: Option<String>,
    /// The width of the whole picture, in pixels.
    #[schema(minimum = 1)]
    width: u32,
    /// Its height, in pixels.
    #[schema(minimum = 1)]
    height: u32,
    /// Where a small rendition, at most 480 pixels a side, is fetched for the next hour.
    #[schema(format = "uri", max_length = 2000)]
    small_url: String,
}

impl From<feed::FeedImage> for FeedImage {
    fn from(image: feed::FeedImage) -> Self {
        let feed::FeedImage { source, alt, credit, width, height, small_address } = image;
        let (image_id, revision, digest) = (source.item, source.revision, source.digest);
        Self { image_id, revision, digest, alt, credit, width, height, small_url: small_address }
    }
}

/// An image as examples show it.
pub(super) fn example_image() -> Value {
    json!({
        "image_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f21",
        "revision": 1,
        "digest": EXAMPLE_DIGEST,
        "alt": { "nl": "Een windturbine op zee in de ochtendzon, gezien vanaf een schip." },
        "credit": "Foto: Example Company",
        "width": 2400,
        "height": 1600,
        "small_url": "https://greenlight.example.org/v1/media/019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f21/9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab.jpg?expires=1764072000&signature=x8m0Cq1vJ2hZkq3T5yqfOA",
    })
}

/// A text that the employee may share, word for word.
#[derive(Serialize, ToSchema)]
struct FeedCopy {
    /// The copy's name within the post.
    #[schema(max_length = 32)]
    id: String,
    /// The language of the text.
    #[schema(max_length = 35)]
    language: String,
    /// For which of the post's channels; empty = all of them.
    #[schema(max_items = 100)]
    channels: Vec<ChannelId>,
    /// The text.
    #[schema(max_length = 100_000)]
    text: String,
}

impl From<PostCopy> for FeedCopy {
    fn from(copy: PostCopy) -> Self {
        let PostCopy { id, language, channels, text } = copy;
        Self { id, language, channels, text }
    }
}

/// A disclaimer that a share of the post may carry.
#[derive(Serialize, ToSchema)]
struct FeedDisclaimer {
    /// Its key.
    key: Key,
    /// The revision whose text is used.
    #[schema(minimum = 1)]
    revision: i64,
    /// Where in the post it stands.
    placement: Placement,
    /// When it is added: `by_country` because the employee's country is not known, so that every
    /// country's demand applies.
    when: When,
    /// Its longest form, in the language of the first copy.
    #[schema(max_length = 2000)]
    text: String,
}

impl From<feed::FeedDisclaimer> for FeedDisclaimer {
    fn from(disclaimer: feed::FeedDisclaimer) -> Self {
        let feed::FeedDisclaimer { key, revision, placement, when, text } = disclaimer;
        Self { key, revision, placement, when, text }
    }
}

impl From<FeedFilter> for feed::FeedQuery {
    fn from(filter: FeedFilter) -> Self {
        let FeedFilter { language, channel, campaign, topic, .. } = filter;
        Self { language, channel, campaign, topic }
    }
}

async fn feed_get(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<FeedFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk("feed_list", &actor, &filter)?;
    known_channel(&app, filter.channel.as_ref())?;
    let after = filter.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?.map(place);
    let content = app.snapshots.confirmed_content().await?;
    let access = app.snapshots.access();
    let person = access.person_who(&actor, Scope::Share)?;
    let (limit, now) = (usize::from(filter.limit.get()), app.clock.now());
    let (items, next) = feed_list(&content, person, &app.context, &filter.into(), after, limit, now);
    let next_cursor = next.map(|next| walk.seal(&position(next))).transpose()?;
    let page = FeedPage { items: items.into_iter().map(FeedItem::from).collect(), next_cursor };
    conditional(&request, &page, page.next_cursor.as_deref(), content.version, person.access_version)
}

/// Refuses a channel that nothing can be shared on, which would otherwise be an empty feed.
pub(super) fn known_channel(app: &App, channel: Option<&ChannelId>) -> Result<()> {
    if channel.is_none_or(|channel| app.context.channels.get(channel).is_some()) {
        return Ok(());
    }
    let detail = "There is no channel of this name; GET /v1/channels lists them.";
    Err(Error::new(Code::InvalidRequest, detail).fault(Fault::parameter(
        "channel",
        "unknown_channel",
        detail,
    )))
}

fn place(position: Position) -> FeedPosition {
    FeedPosition { live_since: Time::from_micros(position.sort), post_id: ItemId::from_uuid(position.id) }
}

fn position(place: FeedPosition) -> Position {
    Position { sort: place.live_since.micros(), id: place.post_id.uuid(), record_index: None }
}

/// The page with its own tag, or 304 when the reader has it: whether it is the same is decided by what
/// would be sent, since time changes a feed too.
pub(super) fn conditional(
    request: &HttpRequest,
    page: &impl Serialize,
    next_cursor: Option<&str>,
    content: i64,
    access: i64,
) -> Result<HttpResponse> {
    let body = serde_json::to_vec(page).map_err(Error::internal)?;
    let tagged = [format!("{content} {access} ").as_bytes(), &body].concat();
    let tag = format!("\"{}\"", Digest::of(&tagged));
    let unchanged = etag::not_modified(request, &tag);
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::VARY, "Authorization, Greenlight-Person"))
        .insert_header((header::ETAG, tag));
    if let Some(cursor) = next_cursor {
        response.insert_header(link_next(request, cursor));
    }
    if unchanged {
        return Ok(response.finish());
    }
    Ok(response.content_type(header::ContentType::json()).body(body))
}
