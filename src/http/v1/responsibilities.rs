//! The register of responsibilities: who answers for what.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{after, cursor_after, cut, done, not_blank, once, page};
use super::holders::{Holders, ResponsibilityBearer, ResponsibilityHolder};
use super::stuck::StuckBefore;
use crate::app::actor::Permission;
use crate::app::responsibilities::{self as register, Orphans, ResponsibilityContent, ResponsibilityView};
use crate::domain::ids::{AccountId, Key, ResponsibilityId, ReviewId, TrainingId};
use crate::domain::responsibility::Bearer;
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::etag;
use crate::http::extract::{Body, Caller, IfMatch, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::table::Route;
use crate::state::App;
use crate::store::Lane;

const CREATE: &str = "responsibility_create";
const LIST: &str = "responsibility_list";

/// The routes of this file. Every employee may look up who answers for what.
pub fn routes() -> Vec<Route> {
    let read = Permission::SignedIn;
    let write = Permission::Holds(Scope::People);
    let one = "/v1/responsibilities/{key}";
    vec![
        Route::post("/v1/responsibilities", write, describe_create(), responsibility_create),
        Route::get("/v1/responsibilities", read, describe_list(), responsibility_list),
        Route::get(one, read, describe_get(), responsibility_get),
        Route::put(one, write, describe_update(), responsibility_update),
        Route::delete(one, write, describe_end(), responsibility_end),
    ]
}

/// An operation on the responsibility that the address names.
fn of_one(id: &str, summary: &str, description: &str) -> Operation {
    let key = json!({
        "type": "string",
        "minLength": 1,
        "maxLength": 64,
        "pattern": "^[a-z0-9][a-z0-9-]*$",
    });
    Operation::new(id, "people", summary, description).path("key", "The key of the responsibility.", key)
}

fn describe_create() -> Operation {
    Operation::new(
        CREATE,
        "people",
        "Make a responsibility",
        "Says who answers for something, and who stands in for them: persons, groups, or both. Its key is \
         what others refer to it by; it never changes, and is not used again when the responsibility has \
         ended.",
    )
    .body::<ResponsibilityCreate>(json!({
        "key": "brand-legal",
        "name": "Merkrecht",
        "description": "Vragen over namen, logo's en beelden van anderen.",
        "holders": [{ "person": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2" }],
        "deputies": [{ "group": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1" }],
    }))
    .idempotency_key()
    .answer::<Responsibility>(201, "The responsibility was made.", example_responsibility())
    .location()
    .etag()
    .errors(&[Code::AlreadyExists, Code::InvalidContent])
    .event("responsibility.created, responsibility.held")
}

fn describe_list() -> Operation {
    Operation::new(
        LIST,
        "people",
        "List responsibilities",
        "Who answers for what, the newest responsibility first; those that have ended are left out.",
    )
    .query::<ResponsibilityFilter>()
    .paged()
    .answer::<ResponsibilityPage>(
        200,
        "A page of responsibilities.",
        json!({ "items": [example_responsibility()] }),
    )
    .event(NO_EVENT)
}

fn describe_get() -> Operation {
    of_one(
        "responsibility_get",
        "Read a responsibility",
        "Who answers for one thing, and who stands in. One that has ended is read too, since accounts, trainings \
         and workflows may name it still: nobody holds it.",
    )
        .answer::<Responsibility>(200, "The responsibility.", example_responsibility())
        .etag()
        .event(NO_EVENT)
}

fn describe_update() -> Operation {
    of_one(
        "responsibility_update",
        "Replace a responsibility",
        "Replaces name, description, holders and deputies. Who is named no more holds it until now, who is \
         named for the first time from now on; both stay on record. The same again changes nothing.",
    )
    .body::<ResponsibilityUpdate>(json!({
        "name": "Merkrecht",
        "holders": [{ "person": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa4" }],
    }))
    .if_match()
    .answer::<Responsibility>(200, "The responsibility as changed.", example_responsibility())
    .etag()
    .errors(&[Code::Conflict, Code::InvalidContent])
    .event("responsibility.changed, responsibility.held, responsibility.released")
}

fn describe_end() -> Operation {
    of_one(
        "responsibility_end",
        "End a responsibility",
        "Nobody answers for it from now on, and it is not listed any more. Who held it stays on record. The answer \
         names what is left without anybody: reviews that cannot end any more, which can be reassigned; official \
         accounts on which nobody may post until they get another owner; and trainings whose completions only \
         keys with the scope `completions` can record until they name another responsibility.",
    )
    .if_match()
    .answer::<ResponsibilityEnd>(
        200,
        "It has ended.",
        json!({
            "stuck_reviews": [],
            "unowned_accounts": ["019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fb1"],
            "unrecorded_trainings": [],
        }),
    )
    .errors(&[Code::Conflict])
    .event("responsibility.ended, responsibility.released")
}

fn example_responsibility() -> Value {
    json!({
        "key": "brand-legal",
        "name": "Merkrecht",
        "description": "Vragen over namen, logo's en beelden van anderen.",
        "holders": [{ "person": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2", "name": "Sanne de Vries" }],
        "deputies": [{ "group": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1", "name": "Juridische zaken" }],
        "version": 1,
        "created_at": "2026-11-20T08:00:00Z",
    })
}

/// A responsibility to be made.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct ResponsibilityCreate {
    /// Its unique, immutable short name.
    key: Key,
    /// Its name.
    #[validate(length(min = 1, max = 200), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it is about.
    #[validate(length(min = 1, max = 2000), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    description: Option<String>,
    /// Who holds it.
    #[validate(length(min = 1, max = 50))]
    #[schema(min_items = 1, max_items = 50)]
    holders: Vec<ResponsibilityBearer>,
    /// Who stands in for them; nobody stands among the holders and here.
    #[serde(default)]
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    deputies: Vec<ResponsibilityBearer>,
}

/// What a responsibility is to say from now on; what is absent is taken away.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct ResponsibilityUpdate {
    /// Its name.
    #[validate(length(min = 1, max = 200), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it is about.
    #[validate(length(min = 1, max = 2000), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    description: Option<String>,
    /// Who holds it.
    #[validate(length(min = 1, max = 50))]
    #[schema(min_items = 1, max_items = 50)]
    holders: Vec<ResponsibilityBearer>,
    /// Who stands in for them; nobody stands among the holders and here.
    #[serde(default)]
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    deputies: Vec<ResponsibilityBearer>,
}

/// The responsibilities of a list.
#[derive(Deserialize, Serialize, IntoParams)]
struct ResponsibilityFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of responsibilities.
#[derive(Serialize, ToSchema)]
struct ResponsibilityPage {
    /// The responsibilities, newest first.
    #[schema(max_items = 200)]
    items: Vec<Responsibility>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// Who answers for something.
#[derive(Serialize, ToSchema)]
struct Responsibility {
    /// Its unique, immutable short name.
    key: Key,
    /// Its name.
    #[schema(max_length = 200)]
    name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    description: Option<String>,
    /// Who holds it, in the order in which they began to.
    #[schema(max_items = 50)]
    holders: Vec<ResponsibilityHolder>,
    /// Who stands in for them.
    #[schema(max_items = 50)]
    deputies: Vec<ResponsibilityHolder>,
    /// Counts its changes: the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
    /// When it was made.
    created_at: Time,
    /// When it was ended, if it was. Nobody holds it since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ended_at: Option<Time>,
    /// Open reviews that cannot end any more; only in the answer to a change. Each can be reassigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10_000, nullable = false)]
    stuck_reviews: Option<Vec<ReviewId>>,
}

/// What the end of a responsibility leaves without anybody.
#[derive(Serialize, ToSchema)]
struct ResponsibilityEnd {
    /// Open reviews that cannot end any more: each can be reassigned.
    #[schema(max_items = 10_000)]
    stuck_reviews: Vec<ReviewId>,
    /// Official accounts on which nobody may post until they get another owner.
    #[schema(max_items = 10_000)]
    unowned_accounts: Vec<AccountId>,
    /// Trainings whose completions no person can record until they name another responsibility.
    #[schema(max_items = 10_000)]
    unrecorded_trainings: Vec<TrainingId>,
}

impl From<ResponsibilityCreate> for (Key, ResponsibilityContent) {
    fn from(body: ResponsibilityCreate) -> Self {
        let ResponsibilityCreate { key, name, description, holders, deputies } = body;
        (key, ResponsibilityUpdate { name, description, holders, deputies }.into())
    }
}

impl From<ResponsibilityUpdate> for ResponsibilityContent {
    fn from(body: ResponsibilityUpdate) -> Self {
        let bearers = |named: Vec<ResponsibilityBearer>| named.into_iter().map(Bearer::from).collect();
        Self {
            name: body.name,
            description: body.description,
            holders: bearers(body.holders),
            deputies: bearers(body.deputies),
        }
    }
}

impl From<ResponsibilityView> for Responsibility {
    fn from(view: ResponsibilityView) -> Self {
        let ResponsibilityView { row, holders } = view;
        let Holders { holders, deputies } = holders.into();
        Self {
            key: row.key,
            name: row.name,
            description: row.description,
            holders,
            deputies,
            version: row.version,
            created_at: row.created_at,
            ended_at: row.ended_at,
            stuck_reviews: None,
        }
    }
}

async fn responsibility_create(
    app: Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<ResponsibilityCreate>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &(), &body)?;
    let (key, content): (Key, ResponsibilityContent) = body.into();
    let (view, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let keys = &context.keys;
            let done = once.run(tx, keys, &actor, |tx| {
                register::responsibility_create(tx, keys, &actor, &key, &content)
            })?;
            Ok((register::responsibility_made(tx.conn(), keys, done.resource)?, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed)
        .insert_header((header::LOCATION, format!("/v1/responsibilities/{}", view.row.key)))
        .insert_header(etag::of_version(view.row.version))
        .json(Responsibility::from(view)))
}

async fn responsibility_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<ResponsibilityFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &filter)?;
    let after: Option<ResponsibilityId> = after(&walk, filter.cursor.as_deref())?;
    let rows = i64::from(filter.limit.get()) + 1;
    let mut views = app
        .read(move |conn, context| register::responsibility_list(conn, &context.keys, after, rows))
        .await?;
    let next_cursor = cursor_after(&walk, cut(&mut views, filter.limit).map(|view| view.row.id))?;
    let items = views.into_iter().map(Responsibility::from).collect();
    let found = ResponsibilityPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &found))
}

async fn responsibility_get(app: Data<App>, Path(key): Path<Key>) -> Result<HttpResponse> {
    let view = app.read(move |conn, context| register::responsibility_get(conn, &context.keys, &key)).await?;
    Ok(answer(view))
}

async fn responsibility_update(
    app: Data<App>,
    Caller(actor): Caller,
    Path(key): Path<Key>,
    IfMatch(version): IfMatch,
    Body(body): Body<ResponsibilityUpdate>,
) -> Result<HttpResponse> {
    let content = ResponsibilityContent::from(body);
    let stuck_before = StuckBefore::read(&app).await?;
    let view = app
        .write(Lane::Ordinary, move |tx, context| {
            register::responsibility_update(tx, &context.keys, &actor, &key, version, &content)?;
            register::responsibility_get(tx.conn(), &context.keys, &key)
        })
        .await?;
    let stuck = stuck_before.after_change(&app).await?;
    let mut changed = Responsibility::from(view);
    changed.stuck_reviews = Some(stuck.stuck_reviews);
    Ok(HttpResponse::Ok().insert_header(etag::of_version(changed.version)).json(changed))
}

async fn responsibility_end(
    app: Data<App>,
    Caller(actor): Caller,
    Path(key): Path<Key>,
    IfMatch(version): IfMatch,
) -> Result<HttpResponse> {
    let stuck_before = StuckBefore::read(&app).await?;
    let Orphans { unowned_accounts, unrecorded_trainings } = app
        .write(Lane::Ordinary, move |tx, context| {
            register::responsibility_end(tx, &context.keys, &actor, &key, version)
        })
        .await?;
    let stuck_reviews = stuck_before.after_change(&app).await?.stuck_reviews;
    let ended = ResponsibilityEnd { stuck_reviews, unowned_accounts, unrecorded_trainings };
    Ok(HttpResponse::Ok().json(ended))
}

fn answer(view: ResponsibilityView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag::of_version(view.row.version)).json(Responsibility::from(view))
}
