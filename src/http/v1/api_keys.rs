//! API keys: how apps and systems identify themselves.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{after, cursor_after, cut, page};
use crate::app::actor::Permission;
use crate::app::api_keys::{self, ApiKeyView};
use crate::domain::ids::ClientId;
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::extract::{Body, Caller, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::schema::set;
use crate::http::table::Route;
use crate::state::App;
use crate::store::Lane;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let api_keys = Permission::Holds(Scope::ApiKeys);
    vec![
        Route::post("/v1/api-keys", api_keys, describe_create(), api_key_create),
        Route::get("/v1/api-keys", api_keys, describe_list(), api_key_list),
        Route::delete("/v1/api-keys/{id}", api_keys, describe_revoke(), api_key_revoke),
    ]
}

fn describe_create() -> Operation {
    let mut made = example_key();
    set(&mut made, "key", json!("glk_7Qm2xVbT_0123456789abcdefghijklmnopqrstuv0aBcDe"));
    Operation::new(
        "api_key_create",
        "access",
        "Make an API key",
        "The key is shown in this answer and never again. It ends within two years. With the scope \
         `on_behalf` it acts for the person that `Greenlight-Person` names. The scopes `content_read`, \
         `audit`, `people`, `api_keys`, `workflows` and `completions` work without a person, so whoever makes the key must \
         hold them. Any key may have the others: with them it does what the key and the person both may. No \
         answer is kept for `Idempotency-Key`: each request makes a key of its own.",
    )
    .body::<ApiKeyCreate>(json!({
        "name": "Employee app",
        "scopes": ["share", "on_behalf"],
        "expires_at": "2027-11-20T00:00:00Z",
    }))
    .answer::<ApiKeyMade>(201, "The key was made.", made)
    .errors(&[Code::InvalidContent])
    .event("api_key.created")
}

fn describe_list() -> Operation {
    Operation::new(
        "api_key_list",
        "access",
        "List API keys",
        "Every key, the newest first, revoked and ended ones too. The keys themselves are not known here.",
    )
    .query::<ApiKeyFilter>()
    .paged()
    .answer::<ApiKeyPage>(200, "A page of keys.", json!({ "items": [example_key()] }))
    .event(NO_EVENT)
}

fn describe_revoke() -> Operation {
    Operation::new(
        "api_key_revoke",
        "access",
        "Revoke an API key",
        "The key is good for nothing from now on; revoking it again changes nothing. A key has no version: \
         no `If-Match`.",
    )
    .empty(204, "The key is revoked.")
    .event("api_key.revoked")
}

fn example_key() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fd1",
        "prefix": "7Qm2xVbT",
        "name": "Employee app",
        "scopes": ["share", "on_behalf"],
        "created_at": "2026-11-20T08:00:00Z",
        "expires_at": "2027-11-20T00:00:00Z",
    })
}

/// An API key to be made.
#[derive(Deserialize, Validate, ToSchema)]
struct ApiKeyCreate {
    /// What it is called.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it may do.
    #[validate(length(min = 1, max = 11))]
    #[schema(min_items = 1, max_items = 11)]
    scopes: Vec<Scope>,
    /// When it ends by itself, within two years.
    expires_at: Time,
}

/// The API keys of a list.
#[derive(Deserialize, Serialize, IntoParams)]
struct ApiKeyFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of API keys.
#[derive(Serialize, ToSchema)]
struct ApiKeyPage {
    /// The keys, newest first.
    #[schema(max_items = 200)]
    items: Vec<ApiKey>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// What is known of an API key.
#[derive(Serialize, ToSchema)]
struct ApiKey {
    /// The id of the client that it stands for.
    id: ClientId,
    /// The part of the key by which it is recognised.
    #[schema(max_length = 8)]
    prefix: String,
    /// What it is called.
    #[schema(max_length = 200)]
    name: String,
    /// What it may do.
    #[schema(max_items = 11)]
    scopes: Vec<Scope>,
    /// When it was made.
    created_at: Time,
    /// When it ends by itself.
    expires_at: Time,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    revoked_at: Option<Time>,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_used_at: Option<Time>,
}

/// An API key that was just made.
#[derive(Serialize, ToSchema)]
struct ApiKeyMade {
    /// The id of the client that it stands for.
    id: ClientId,
    /// The whole key, for `Authorization: Bearer`; it is shown this once.
    #[schema(max_length = 64)]
    key: String,
    /// The part of the key by which it is recognised.
    #[schema(max_length = 8)]
    prefix: String,
    /// What it is called.
    #[schema(max_length = 200)]
    name: String,
    /// What it may do.
    #[schema(max_items = 11)]
    scopes: Vec<Scope>,
    /// When it was made.
    created_at: Time,
    /// When it ends by itself.
    expires_at: Time,
}

impl From<ApiKeyView> for ApiKey {
    fn from(view: ApiKeyView) -> Self {
        Self {
            id: view.id,
            prefix: view.prefix,
            name: view.name,
            scopes: view.scopes.iter().collect(),
            created_at: view.created_at,
            expires_at: view.expires_at,
            revoked_at: view.revoked_at,
            last_used_at: view.last_used_at,
        }
    }
}

impl ApiKeyMade {
    fn new(key: &str, view: ApiKeyView) -> Self {
        Self {
            id: view.id,
            key: key.to_owned(),
            prefix: view.prefix,
            name: view.name,
            scopes: view.scopes.iter().collect(),
            created_at: view.created_at,
            expires_at: view.expires_at,
        }
    }
}

async fn api_key_create(
    app: Data<App>,
    Caller(actor): Caller,
    Body(body): Body<ApiKeyCreate>,
) -> Result<HttpResponse> {
    let ApiKeyCreate { name, scopes, expires_at } = body;
    let command = api_keys::ApiKeyCreate { name, scopes: scopes.into_iter().collect(), expires_at };
    // Once, and not in the transaction, which may run again.
    let key = api_keys::ApiKey::generate()?;
    let made = app
        .write(Lane::Ordinary, move |tx, context| {
            let view = api_keys::api_key_create(tx, &context.keys, &actor, &key, &command)?;
            Ok(ApiKeyMade::new(key.text(), view))
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

async fn api_key_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<ApiKeyFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk("api_key_list", &actor, &filter)?;
    let (after, limit) = (after(&walk, filter.cursor.as_deref())?, filter.limit);
    let rows = i64::from(limit.get()) + 1;
    let read = app.read(move |conn, _| api_keys::api_key_list(conn, &actor, after, rows));
    let mut views = read.await?;
    let next_cursor = cursor_after(&walk, cut(&mut views, limit).map(|view| view.id))?;
    let items = views.into_iter().map(ApiKey::from).collect();
    Ok(page(&request, next_cursor.as_deref(), &ApiKeyPage { items, next_cursor: next_cursor.clone() }))
}

async fn api_key_revoke(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ClientId>,
) -> Result<HttpResponse> {
    app.write(Lane::Ordinary, move |tx, context| api_keys::api_key_revoke(tx, &context.keys, &actor, id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
