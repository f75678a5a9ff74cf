//! The register of topics: what posts can be about.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{cursor_at, cut, done, not_blank, once, one_more, page};
use crate::app::actor::Permission;
use crate::app::topics::{self as register, TopicContent};
use crate::domain::ids::Key;
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::etag;
use crate::http::extract::{Body, Caller, IfMatch, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;
use crate::store::topics::TopicRow;

const CREATE: &str = "topic_create";
const LIST: &str = "topic_list";

/// The routes of this file. Apps show employees what a post is about by the topic's name.
pub fn routes() -> Vec<Route> {
    let read = Permission::SignedIn;
    let write = Permission::Holds(Scope::Publish);
    let one = "/v1/topics/{key}";
    vec![
        Route::post("/v1/topics", write, describe_create(), topic_create),
        Route::get("/v1/topics", read, describe_list(), topic_list),
        Route::get(one, read, describe_get(), topic_get),
        Route::put(one, write, describe_update(), topic_update),
        Route::delete(one, write, describe_end(), topic_end),
    ]
}

/// An operation on the topic that the address names.
fn of_one(id: &str, summary: &str, description: &str) -> Operation {
    Operation::new(id, "campaigns", summary, description).path("key", "The key of the topic.", key_schema())
}

/// The key of a topic or campaign in an address.
pub(super) fn key_schema() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-z0-9][a-z0-9-]*$" })
}

fn describe_create() -> Operation {
    Operation::new(
        CREATE,
        "campaigns",
        "Register a topic",
        "From now on posts can be about it. Disclaimers, rules, hashtags and workflows name topics by their keys, \
         and a post about one that is not registered would silently escape them, as what names one that is not \
         registered would demand nothing: both are refused with `unknown_key`. A key never changes, and is not used again when the topic has ended.",
    )
    .body::<TopicCreate>(json!({
        "key": "wind",
        "name": "Windenergie",
        "audience_note": "Ook voor collega's die niet in de energie werken: leg afkortingen uit.",
    }))
    .idempotency_key()
    .answer::<ContentTopic>(201, "The topic was registered.", example_topic())
    .location()
    .etag()
    .errors(&[Code::AlreadyExists, Code::InvalidContent])
    .event(Event::TopicCreated.as_str())
}

fn describe_list() -> Operation {
    Operation::new(
        LIST,
        "campaigns",
        "List topics",
        "What posts can be about, the newest topic first; those that have ended are left out.",
    )
    .query::<TopicFilter>()
    .paged()
    .answer::<TopicPage>(200, "A page of topics.", json!({ "items": [example_topic()] }))
    .event(NO_EVENT)
}

fn describe_get() -> Operation {
    of_one(
        "topic_get",
        "Read a topic",
        "One topic, also when it has ended: posts that name it may still be live.",
    )
    .answer::<ContentTopic>(200, "The topic.", example_topic())
    .etag()
    .event(NO_EVENT)
}

fn describe_update() -> Operation {
    of_one(
        "topic_update",
        "Replace a topic",
        "Replaces its name and its note; what is absent is taken away. The same again changes nothing.",
    )
    .body::<TopicUpdate>(json!({ "name": "Wind" }))
    .if_match()
    .answer::<ContentTopic>(200, "The topic as changed.", example_topic())
    .etag()
    .errors(&[Code::Conflict, Code::InvalidContent])
    .event(Event::TopicChanged.as_str())
}

fn describe_end() -> Operation {
    of_one(
        "topic_end",
        "End a topic",
        "What is saved or submitted from now on cannot name it any more, unless the newest approved revision of the \
         same item, or the version of the workflow that is in force, does already. Posts that name it stay as they \
         are: they are shared for as long as they are live, with every disclaimer that is required for the topic, \
         and can be approved again as they are.",
    )
    .if_match()
    .empty(204, "It has ended.")
    .errors(&[Code::Conflict])
    .event(Event::TopicEnded.as_str())
}

fn example_topic() -> Value {
    json!({
        "key": "wind",
        "name": "Windenergie",
        "audience_note": "Ook voor collega's die niet in de energie werken: leg afkortingen uit.",
        "version": 1,
        "created_at": "2026-11-20T08:00:00Z",
    })
}

/// A topic to be registered.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct TopicCreate {
    /// Its unique, immutable short name: what content refers to it by.
    key: Key,
    /// Its name.
    #[validate(length(min = 1, max = 200), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// For whom posts about it are, in a note to authors.
    #[validate(length(min = 1, max = 2000), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    audience_note: Option<String>,
}

/// What a topic is to say from now on; what is absent is taken away.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct TopicUpdate {
    /// Its name.
    #[validate(length(min = 1, max = 200), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// For whom posts about it are, in a note to authors.
    #[validate(length(min = 1, max = 2000), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    audience_note: Option<String>,
}

/// The topics of a list.
#[derive(Deserialize, Serialize, IntoParams)]
struct TopicFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of topics.
#[derive(Serialize, ToSchema)]
struct TopicPage {
    /// The topics, newest first.
    #[schema(max_items = 200)]
    items: Vec<ContentTopic>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// What posts can be about.
#[derive(Serialize, ToSchema)]
struct ContentTopic {
    /// Its unique, immutable short name: what content refers to it by.
    key: Key,
    /// Its name.
    #[schema(max_length = 200)]
    name: String,
    /// For whom posts about it are, in a note to authors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    audience_note: Option<String>,
    /// Counts its changes: the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
    /// When it was registered.
    created_at: Time,
    /// When it was ended, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ended_at: Option<Time>,
}

impl From<TopicUpdate> for TopicContent {
    fn from(body: TopicUpdate) -> Self {
        Self { name: body.name, audience_note: body.audience_note }
    }
}

impl From<TopicRow> for ContentTopic {
    fn from(row: TopicRow) -> Self {
        let TopicRow { key, name, audience_note, version, created_at, ended_at, .. } = row;
        Self { key, name, audience_note, version, created_at, ended_at }
    }
}

async fn topic_create(
    app: Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<TopicCreate>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &(), &body)?;
    let TopicCreate { key, name, audience_note } = body;
    let content = TopicContent { name, audience_note };
    let (row, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let keys = &context.keys;
            let done =
                once.run(tx, keys, &actor, |tx| register::topic_create(tx, keys, &actor, &key, &content))?;
            Ok((register::topic_get(tx.conn(), &done.resource)?, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed)
        .insert_header((header::LOCATION, format!("/v1/topics/{}", row.key)))
        .insert_header(etag::of_version(row.version))
        .json(ContentTopic::from(row)))
}

async fn topic_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<TopicFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &filter)?;
    let below = filter.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?;
    let (below, rows) = (below.map(|position| position.sort), one_more(filter.limit));
    let mut rows = app.read(move |conn, _| register::topic_list(conn, below, rows)).await?;
    let last = cut(&mut rows, filter.limit).and_then(|row| row.created_idx);
    let next_cursor = cursor_at(&walk, last, None)?;
    let items = rows.into_iter().map(ContentTopic::from).collect();
    let found = TopicPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &found))
}

async fn topic_get(app: Data<App>, Path(key): Path<Key>) -> Result<HttpResponse> {
    let row = app.read(move |conn, _| register::topic_get(conn, &key)).await?;
    Ok(answer(row))
}

async fn topic_update(
    app: Data<App>,
    Caller(actor): Caller,
    Path(key): Path<Key>,
    IfMatch(version): IfMatch,
    Body(body): Body<TopicUpdate>,
) -> Result<HttpResponse> {
    let content = TopicContent::from(body);
    let row = app
        .write(Lane::Ordinary, move |tx, context| {
            register::topic_update(tx, &context.keys, &actor, &key, version, &content)?;
            register::topic_get(tx.conn(), &key)
        })
        .await?;
    Ok(answer(row))
}

async fn topic_end(
    app: Data<App>,
    Caller(actor): Caller,
    Path(key): Path<Key>,
    IfMatch(version): IfMatch,
) -> Result<HttpResponse> {
    app.write(Lane::Ordinary, move |tx, context| {
        register::topic_end(tx, &context.keys, &actor, &key, version)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn answer(row: TopicRow) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag::of_version(row.version)).json(ContentTopic::from(row))
}
