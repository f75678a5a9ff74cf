//! Trainings: what people finish elsewhere before they share.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{after, cursor_after, cut, done, not_blank, once, page};
use super::posts::Audience;
use crate::app::actor::Permission;
use crate::app::trainings::{self as register, TrainingTerms};
use crate::domain::ids::{Key, TrainingId};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::domain::training::MAX_VALID_MONTHS;
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
use crate::store::trainings::TrainingRow;

const CREATE: &str = "training_create";
const LIST: &str = "training_list";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let read = Permission::SignedIn;
    let write = Permission::Holds(Scope::People);
    let one = "/v1/trainings/{id}";
    vec![
        Route::post("/v1/trainings", write, describe_create(), training_create),
        Route::get("/v1/trainings", read, describe_list(), training_list),
        Route::get(one, read, describe_get(), training_get),
        Route::put(one, write, describe_update(), training_update),
        Route::delete(one, write, describe_end(), training_end),
    ]
}

fn describe_create() -> Operation {
    Operation::new(
        CREATE,
        "trainings",
        "Make a training",
        "Something that people finish elsewhere, where `url` leads. Whoever `required_for` names must have \
         completed it before they share, from `required_from` on; an audience without groups and countries is \
         everybody, and without `required_for` it is asked of nobody. A completion counts through the same day \
         `valid_months` later, or for ever. Completions are recorded by whoever holds the responsibility that is \
         named (`training` where none is), by their deputies, and by API keys with the scope `completions`. That \
         responsibility is there first where the training is required (`unknown_responsibility` otherwise): \
         somebody has to be able to release whom it binds.",
    )
    .body::<TrainingContent>(example_content())
    .idempotency_key()
    .answer::<Training>(201, "The training was made.", example_training())
    .location()
    .etag()
    .errors(&[Code::InvalidContent])
    .event(Event::TrainingCreated.as_str())
}

fn describe_list() -> Operation {
    Operation::new(
        LIST,
        "trainings",
        "List trainings",
        "Trainings, newest first; those that have ended are left out.",
    )
    .query::<TrainingFilter>()
    .paged()
    .answer::<TrainingPage>(200, "A page of trainings.", json!({ "items": [example_training()] }))
    .event(NO_EVENT)
}

fn describe_get() -> Operation {
    Operation::new("training_get", "trainings", "Read a training", "One training that has not ended.")
        .answer::<Training>(200, "The training.", example_training())
        .etag()
        .event(NO_EVENT)
}

fn describe_update() -> Operation {
    Operation::new(
        "training_update",
        "trainings",
        "Replace a training",
        "Replaces what it says; what is absent is taken away. Without `required_from`, what is required already \
         stays so from when it was, and what begins to be required is from now on. What was completed stays \
         completed, and counts for as long as `valid_months` now says. The same again changes nothing, and what it \
         said before stays on record.",
    )
    .body::<TrainingContent>(example_content())
    .if_match()
    .answer::<Training>(200, "The training as changed.", example_training())
    .etag()
    .errors(&[Code::InvalidContent])
    .event(Event::TrainingChanged.as_str())
}

fn describe_end() -> Operation {
    Operation::new(
        "training_end",
        "trainings",
        "End a training",
        "It is asked of nobody from now on, and not found again. Who completed it stays on record.",
    )
    .if_match()
    .empty(204, "It has ended.")
    .event(Event::TrainingEnded.as_str())
}

fn example_content() -> Value {
    json!({
        "title": "Veilig delen",
        "url": "https://leren.example.org/veilig-delen",
        "valid_months": 12,
        "required_for": { "groups": ["019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1"] },
        "required_from": "2026-12-01T08:00:00Z",
    })
}

fn example_training() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f91",
        "title": "Veilig delen",
        "url": "https://leren.example.org/veilig-delen",
        "valid_months": 12,
        "required_for": { "groups": ["019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1"], "countries": [] },
        "required_from": "2026-12-01T08:00:00Z",
        "responsibility": "training",
        "version": 1,
    })
}

/// What a training says.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct TrainingContent {
    /// What it is called.
    #[validate(length(min = 1, max = 200), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// Where it is taken: an https address.
    #[validate(length(min = 1, max = 2000))]
    #[schema(format = "uri", min_length = 1, max_length = 2000)]
    url: String,
    /// For how many months a completion counts; absent = for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(range(min = 1, max = MAX_VALID_MONTHS))]
    #[schema(minimum = 1, maximum = 120, nullable = false)]
    valid_months: Option<u32>,
    /// Who must have completed it before they share; absent = nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    required_for: Option<Audience>,
    /// From when on they must. Absent: from now on; in a change of what is required of somebody already, as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    required_from: Option<Time>,
    /// The key of the responsibility whose holders and deputies record completions; absent = `training`. There is
    /// one with this key where the training is required of somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    responsibility: Option<Key>,
}

/// The trainings of a list.
#[derive(Deserialize, Serialize, IntoParams)]
struct TrainingFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of trainings.
#[derive(Serialize, ToSchema)]
struct TrainingPage {
    /// The trainings, newest first.
    #[schema(max_items = 200)]
    items: Vec<Training>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A training.
#[derive(Serialize, ToSchema)]
struct Training {
    /// Its id.
    id: TrainingId,
    /// What it is called.
    #[schema(max_length = 200)]
    title: String,
    /// Where it is taken.
    #[schema(format = "uri", max_length = 2000)]
    url: String,
    /// For how many months a completion counts; absent = for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 120, nullable = false)]
    valid_months: Option<u32>,
    /// Who must have completed it before they share; absent = nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    required_for: Option<Audience>,
    /// From when on they must.
    required_from: Time,
    /// The key of the responsibility whose holders and deputies record completions.
    responsibility: Key,
    /// Counts its changes: the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
}

impl Training {
    fn new(row: &TrainingRow) -> Result<Self> {
        let training = row.training()?;
        Ok(Self {
            id: row.training_id,
            title: training.title,
            url: training.url,
            valid_months: training.valid_months,
            required_for: training.required_for.map(Audience::from),
            required_from: training.required_from,
            responsibility: training.responsibility,
            version: row.version,
        })
    }
}

impl From<TrainingContent> for TrainingTerms {
    fn from(content: TrainingContent) -> Self {
        let TrainingContent { title, url, valid_months, required_for, required_from, responsibility } =
            content;
        let required_for = required_for.map(Into::into);
        Self { title, url, valid_months, required_for, required_from, responsibility }
    }
}

async fn training_create(
    app: Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<TrainingContent>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &(), &body)?;
    let terms = TrainingTerms::from(body);
    let (row, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let keys = &context.keys;
            let done =
                once.run(tx, keys, &actor, |tx| register::training_create(tx, keys, &actor, &terms))?;
            Ok((register::training_get(tx.conn(), done.resource)?, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed)
        .insert_header((header::LOCATION, format!("/v1/trainings/{}", row.training_id)))
        .insert_header(etag::of_version(row.version))
        .json(Training::new(&row)?))
}

async fn training_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<TrainingFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &filter)?;
    let after: Option<TrainingId> = after(&walk, filter.cursor.as_deref())?;
    let limit = i64::from(filter.limit.get()) + 1;
    let mut rows = app.read(move |conn, _| register::training_list(conn, after, limit)).await?;
    let next_cursor = cursor_after(&walk, cut(&mut rows, filter.limit).map(|row| row.training_id))?;
    let items = rows.iter().map(Training::new).collect::<Result<_>>()?;
    Ok(page(&request, next_cursor.as_deref(), &TrainingPage { items, next_cursor: next_cursor.clone() }))
}

async fn training_get(app: Data<App>, Path(id): Path<TrainingId>) -> Result<HttpResponse> {
    answer(&app.read(move |conn, _| register::training_get(conn, id)).await?)
}

async fn training_update(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<TrainingId>,
    IfMatch(version): IfMatch,
    Body(body): Body<TrainingContent>,
) -> Result<HttpResponse> {
    let terms = TrainingTerms::from(body);
    let row = app
        .write(Lane::Ordinary, move |tx, context| {
            register::training_update(tx, &context.keys, &actor, id, version, &terms)?;
            register::training_get(tx.conn(), id)
        })
        .await?;
    answer(&row)
}

async fn training_end(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<TrainingId>,
    IfMatch(version): IfMatch,
) -> Result<HttpResponse> {
    app.write(Lane::Ordinary, move |tx, context| {
        register::training_end(tx, &context.keys, &actor, id, version)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn answer(row: &TrainingRow) -> Result<HttpResponse> {
    Ok(HttpResponse::Ok().insert_header(etag::of_version(row.version)).json(Training::new(row)?))
}
