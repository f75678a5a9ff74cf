//! The register of campaigns: what posts belong to, for whom and when they can be shared, and how often.

mod types;

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use self::types::{Campaign, CampaignCreate, CampaignFilter, CampaignPage, CampaignUpdate, example_campaign};
use super::answers::{cursor_at, cut, done, once, one_more, page};
use super::topics::key_schema;
use crate::app::actor::Permission;
use crate::app::campaigns::{self as register, CampaignView};
use crate::domain::campaign::CampaignContent;
use crate::domain::ids::Key;
use crate::domain::roles::Scope;
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::etag;
use crate::http::extract::{Body, Caller, IfMatch, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;

const CREATE: &str = "campaign_create";
const LIST: &str = "campaign_list";

/// The routes of this file. Apps show employees what a post belongs to by the campaign's name.
pub fn routes() -> Vec<Route> {
    let read = Permission::SignedIn;
    let write = Permission::Holds(Scope::Publish);
    let one = "/v1/campaigns/{key}";
    vec![
        Route::post("/v1/campaigns", write, describe_create(), campaign_create),
        Route::get("/v1/campaigns", read, describe_list(), campaign_list),
        Route::get(one, read, describe_get(), campaign_get),
        Route::put(one, write, describe_update(), campaign_update),
        Route::delete(one, write, describe_end(), campaign_end),
    ]
}

/// An operation on the campaign that the address names.
fn of_one(id: &str, summary: &str, description: &str) -> Operation {
    Operation::new(id, "campaigns", summary, description).path(
        "key",
        "The key of the campaign.",
        key_schema(),
    )
}

fn describe_create() -> Operation {
    Operation::new(
        CREATE,
        "campaigns",
        "Register a campaign",
        "From now on posts can belong to it. It is a further condition on them: only members of its groups see and \
         share them, only within its window, and only as often as its limits allow within any 24 hours, by the \
         outcomes that employees report. A pilot is a campaign for a small group: others do not learn of it or of \
         its posts. The key never changes, and is not used again when the campaign has ended.",
    )
    .body::<CampaignCreate>(json!({
        "key": "eerste-stroom",
        "name": "Eerste stroom van Windpark Noordzee",
        "goal": "Laten zien wie eraan bouwden.",
        "window": { "from": "2026-11-24T08:00:00Z", "until": "2026-12-24T08:00:00Z" },
        "groups": ["019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1"],
        "limits": { "shares_per_day": 200, "shares_per_person": 2 },
    }))
    .idempotency_key()
    .answer::<Campaign>(201, "The campaign was registered.", example_campaign())
    .location()
    .etag()
    .errors(&[Code::AlreadyExists, Code::InvalidContent])
    .event(Event::CampaignCreated.as_str())
}

fn describe_list() -> Operation {
    Operation::new(
        LIST,
        "campaigns",
        "List campaigns",
        "What posts can belong to, the newest campaign first; those that have ended are left out. Without the scope \
         `content_read`, only those that have begun and are for the person who asks are listed; a key that holds \
         `on_behalf` sees all, since it may act for anybody.",
    )
    .query::<CampaignFilter>()
    .paged()
    .answer::<CampaignPage>(200, "A page of campaigns.", json!({ "items": [example_campaign()] }))
    .event(NO_EVENT)
}

fn describe_get() -> Operation {
    of_one(
        "campaign_get",
        "Read a campaign",
        "One campaign, also when it has ended; 404 for one that the list would not show because it is for others, has \
         not begun, or was ended before it did.",
    )
    .answer::<Campaign>(200, "The campaign.", example_campaign())
    .etag()
    .event(NO_EVENT)
}

fn describe_update() -> Operation {
    of_one(
        "campaign_update",
        "Replace a campaign",
        "Replaces all that it says; what is absent is taken away. It holds from this answer on, on every node, for \
         posts that are live too: a higher limit lets further shares through at once. What it said before stays on \
         record. The same again changes nothing.",
    )
    .body::<CampaignUpdate>(json!({
        "name": "Eerste stroom van Windpark Noordzee",
        "limits": { "shares_per_day": 500 },
    }))
    .if_match()
    .answer::<Campaign>(200, "The campaign as changed.", example_campaign())
    .etag()
    .errors(&[Code::Conflict, Code::InvalidContent])
    .event(Event::CampaignChanged.as_str())
}

fn describe_end() -> Operation {
    of_one(
        "campaign_end",
        "End a campaign",
        "From this answer on its posts are shared no more, on any node (409 `not_live`), and posts that are saved or \
         submitted cannot name it, also those that were approved with it before. One that is ended before it began \
         is never told of: employees learn neither of it nor of its posts (404). Disclaimers, hashtags and \
         workflows that name it already go on naming it.",
    )
    .if_match()
    .empty(204, "It has ended.")
    .errors(&[Code::Conflict])
    .event(Event::CampaignEnded.as_str())
}

async fn campaign_create(
    app: Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<CampaignCreate>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &(), &body)?;
    let (key, content) = (body.key.clone(), CampaignContent::from(body));
    let (view, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let keys = &context.keys;
            let done =
                once.run(tx, keys, &actor, |tx| register::campaign_create(tx, keys, &actor, &key, &content))?;
            Ok((register::campaign_made(tx.conn(), &done.resource)?, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed)
        .insert_header((header::LOCATION, format!("/v1/campaigns/{}", view.row.key)))
        .insert_header(etag::of_version(view.row.version))
        .json(Campaign::from(view)))
}

async fn campaign_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<CampaignFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &filter)?;
    let below = filter.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?;
    let (below, rows) = (below.map(|position| position.sort), one_more(filter.limit));
    let now = app.snapshots.now();
    let mut views = app.read(move |conn, _| register::campaign_list(conn, &actor, below, rows, now)).await?;
    let last = cut(&mut views, filter.limit).and_then(|view| view.row.created_idx);
    let next_cursor = cursor_at(&walk, last, None)?;
    let items = views.into_iter().map(Campaign::from).collect();
    let found = CampaignPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &found))
}

async fn campaign_get(app: Data<App>, Caller(actor): Caller, Path(key): Path<Key>) -> Result<HttpResponse> {
    let now = app.snapshots.now();
    let view = app.read(move |conn, _| register::campaign_get(conn, &actor, &key, now)).await?;
    Ok(answer(view))
}

async fn campaign_update(
    app: Data<App>,
    Caller(actor): Caller,
    Path(key): Path<Key>,
    IfMatch(version): IfMatch,
    Body(body): Body<CampaignUpdate>,
) -> Result<HttpResponse> {
    let content = CampaignContent::from(body);
    let view = app
        .write(Lane::Ordinary, move |tx, context| {
            register::campaign_update(tx, &context.keys, &actor, &key, version, &content)?;
            register::campaign_made(tx.conn(), &key)
        })
        .await?;
    Ok(answer(view))
}

async fn campaign_end(
    app: Data<App>,
    Caller(actor): Caller,
    Path(key): Path<Key>,
    IfMatch(version): IfMatch,
) -> Result<HttpResponse> {
    app.write(Lane::Urgent, move |tx, context| {
        register::campaign_end(tx, &context.keys, &actor, &key, version)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn answer(view: CampaignView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag::of_version(view.row.version)).json(Campaign::from(view))
}
