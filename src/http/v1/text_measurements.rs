//! Measuring a text while it is written.

use std::collections::BTreeSet;

use actix_web::web::{Data, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::places::TextOffset;
use crate::app::actor::Permission;
use crate::domain::channels::{Channel, ChannelId, Channels, Counting};
use crate::domain::measure::{self, Entity, Measurement, Reason};
use crate::domain::span::LineEnds;
use crate::domain::text::line_feeds;
use crate::error::{Code, Error, Fault, Result};
use crate::http::extract::{Body, as_sent};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let create = Operation::new(
        "text_measurement_create",
        "channels",
        "Measure a text",
        "Counts a text as channels do, says whether it could be posted there as it is, and tells the links, \
         hashtags and mentions that each channel would find in it, with their places in code points, UTF-16 \
         units and bytes of UTF-8. A line end counts as one line feed, however it is sent; the places are those \
         in the text as it is sent. It is meant to be asked while people type: it is quick, reads nothing and \
         stores nothing. What a share would add (disclaimers, hashtags, the link) is not in the count: a kit \
         tells that.",
    )
    .body::<TextMeasure>(
        json!({ "text": "We zoeken engineers! #WerkenBij example.nl/werk", "channels": ["x"] }),
    )
    .answer::<TextMeasurements>(200, "The text on each channel.", example())
    .errors(&[Code::InvalidContent])
    .event(NO_EVENT);
    vec![Route::post("/v1/text-measurements", Permission::SignedIn, create, text_measurement_create)]
}

fn example() -> Value {
    let place = |at: usize| json!({ "code_points": at, "utf16": at, "utf8": at });
    json!({ "channels": [{
        "channel": "x",
        "unit": "weighted-twitter",
        "count": 55,
        "limit": 280,
        "remaining": 225,
        "valid": true,
        "reasons": [],
        "links": [{ "text": "example.nl/werk", "start": place(32), "end": place(47) }],
        "hashtags": [{ "text": "#WerkenBij", "start": place(21), "end": place(31) }],
        "mentions": [],
    }] })
}

/// A text to measure.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
struct TextMeasure {
    /// The text.
    #[serde(deserialize_with = "as_sent")]
    #[validate(length(max = 100_000))]
    #[schema(max_length = 100_000)]
    text: String,
    /// The content warning before it: Mastodon counts it too, other channels have none.
    #[validate(length(max = 5000))]
    #[schema(max_length = 5000)]
    content_warning: Option<String>,
    /// Where it would be posted, each once; every channel when absent.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_items = 1, max_items = 100)]
    channels: Option<Vec<ChannelId>>,
}

/// A text on each channel.
#[derive(Serialize, ToSchema)]
struct TextMeasurements {
    /// The channels, in the order in which they were asked for, or that of the table.
    #[schema(max_items = 1000)]
    channels: Vec<TextMeasurement>,
}

/// What a text is on a channel.
#[derive(Serialize, ToSchema)]
struct TextMeasurement {
    /// The channel.
    channel: ChannelId,
    /// The unit that it counts in.
    unit: Counting,
    /// The text's length in that unit.
    #[schema(minimum = 0)]
    count: usize,
    /// The most units; absent = no limit is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    limit: Option<usize>,
    /// The units that are left, less than nothing when there are too many; absent = no limit is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    remaining: Option<i64>,
    /// The text's length in bytes of UTF-8; absent where bytes have no limit of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    bytes: Option<usize>,
    /// The most bytes; absent = no limit is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    byte_limit: Option<usize>,
    /// Whether the text could be posted as it is.
    valid: bool,
    /// Why it could not.
    #[schema(max_items = 7)]
    reasons: Vec<Reason>,
    /// The links that the channel would find; the first 100.
    #[schema(max_items = 100)]
    links: Vec<TextEntity>,
    /// The hashtags that the channel would find; the first 100.
    #[schema(max_items = 100)]
    hashtags: Vec<TextEntity>,
    /// The mentions that the channel would find; the first 100.
    #[schema(max_items = 100)]
    mentions: Vec<TextEntity>,
}

/// A link, hashtag or mention in a text.
#[derive(Serialize, ToSchema)]
struct TextEntity {
    /// It, as it is written.
    #[schema(max_length = 100_000)]
    text: String,
    /// Where it begins.
    start: TextOffset,
    /// Where it ends: behind its last character.
    end: TextOffset,
}

impl From<Entity<'_>> for TextEntity {
    fn from(entity: Entity<'_>) -> Self {
        let Entity { text, span } = entity;
        Self { text: text.to_owned(), start: span.start.into(), end: span.end.into() }
    }
}

impl From<Measurement<'_>> for TextMeasurement {
    fn from(measured: Measurement<'_>) -> Self {
        let all = |found: Vec<Entity<'_>>| found.into_iter().map(TextEntity::from).collect();
        Self {
            channel: measured.channel.id.clone(),
            unit: measured.count.unit,
            count: measured.count.units,
            limit: measured.count.limit,
            remaining: measured.remaining(),
            bytes: measured.count.byte_limit.map(|_| measured.count.bytes),
            byte_limit: measured.count.byte_limit,
            valid: measured.is_valid(),
            reasons: measured.reasons,
            links: all(measured.links),
            hashtags: all(measured.hashtags),
            mentions: all(measured.mentions),
        }
    }
}

async fn text_measurement_create(
    app: Data<App>,
    Body(body): Body<TextMeasure>,
) -> Result<Json<TextMeasurements>> {
    let channels = chosen(&app.context.channels, body.channels.as_deref())?;
    let (text, ends) = (line_feeds(&body.text), LineEnds::of(&body.text));
    let warning = body.content_warning.as_deref().unwrap_or_default();
    let measured =
        measure::measure(warning, &text, channels).into_iter().map(|measured| measured.in_sent(&ends));
    Ok(Json(TextMeasurements { channels: measured.map(TextMeasurement::from).collect() }))
}

/// The channels of these names, or all of them.
fn chosen<'a>(channels: &'a Channels, names: Option<&[ChannelId]>) -> Result<Vec<&'a Channel>> {
    let Some(names) = names else { return Ok(channels.iter().collect()) };
    let mut chosen = Vec::with_capacity(names.len());
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (at, name) in names.iter().enumerate() {
        let pointer = format!("/channels/{at}");
        match channels.get(name) {
            _ if !seen.insert(name) => {
                faults.push(Fault::body(pointer, "duplicate", "This is listed already."))
            }
            Some(channel) => chosen.push(channel),
            None => {
                let detail = format!("There is no channel {name}.");
                faults.push(Fault::body(pointer, "unknown_channel", detail));
            }
        }
    }
    if faults.is_empty() { Ok(chosen) } else { Err(Error::invalid_content(faults)) }
}
