//! The frame itself, on small sample routes: every odd request is answered by a problem document.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::needless_pass_by_value
)]

mod requests;
mod routing;
mod service;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::extract::{Body, Caller, IdempotencyKey, IfMatch, OptionalIdempotencyKey, Path, Purpose, Query};
use super::middleware::ClientAddress;
use super::openapi::Document;
use super::operation::{NO_EVENT, Operation};
use super::paging::{CursorKey, Limit, Position, link_next};
use super::problem::PROBLEM_JSON;
use super::table::Route;
use super::{AuthRequest, Frame, Settings, create_app, etag};
use crate::app::actor::{Actor, Permission};
use crate::domain::ids::{ClientId, ItemId, PersonId};
use crate::domain::roles::{Role, Scope, Scopes};
use crate::error::{Error, Result};

#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct Sample {
    #[validate(length(min = 1, max = 20), custom(function = "decent"))]
    #[schema(min_length = 1, max_length = 20)]
    title: String,
    #[validate(nested)]
    #[schema(max_items = 10)]
    #[serde(default)]
    parts: Vec<Part>,
    #[validate(nested)]
    inner: Option<Part>,
}

fn decent(title: &str) -> std::result::Result<(), ValidationError> {
    if title == "darn" { Err(ValidationError::new("indecent")) } else { Ok(()) }
}

#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct Part {
    #[validate(range(min = 1, max = 9))]
    #[schema(minimum = 1, maximum = 9)]
    number: u32,
    #[schema(max_length = 20)]
    style: Option<Style>,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Style {
    Plain,
    Bold(Weight),
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct Weight {
    #[schema(minimum = 1, maximum = 9)]
    weight: u32,
}

#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct SampleFilter {
    /// Only those of this campaign.
    #[param(max_length = 64)]
    campaign: Option<String>,
    /// Only that one.
    item: Option<ItemId>,
    /// Only those with these roles.
    #[param(max_items = 6)]
    roles: Option<Vec<Role>>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

async fn sample_create(
    _: Caller,
    key: OptionalIdempotencyKey,
    Body(sample): Body<Sample>,
) -> Result<HttpResponse> {
    Ok(HttpResponse::Created()
        .insert_header(etag::of_version(1))
        .json(json!({ "key": key.0, "sample": sample })))
}

async fn sample_list(
    request: HttpRequest,
    Caller(actor): Caller,
    Query(filter): Query<SampleFilter>,
    frame: web::Data<Frame>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk("sample_list", &actor, &filter)?;
    let after = filter.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?;
    let sort = after.map_or(1, |after| after.sort + 1);
    let next = walk.seal(&Position { sort, id: Uuid::nil(), record_index: None })?;
    let page = json!({ "items": [sort], "limit": filter.limit.get(), "next_cursor": next });
    Ok(HttpResponse::Ok().insert_header(link_next(&request, &next)).json(page))
}

async fn sample_get(Path(id): Path<ItemId>) -> String {
    id.to_string()
}

async fn sample_replace(if_match: IfMatch, Body(_): Body<Sample>) -> String {
    if_match.0.to_string()
}

async fn sample_share(key: IdempotencyKey, purpose: Purpose) -> String {
    format!("{} {}", key.0, purpose.0)
}

async fn sample_address(request: HttpRequest) -> String {
    ClientAddress::of(&request).to_string()
}

async fn sample_panic() -> String {
    panic!("as asked")
}

async fn sample_break() -> Result<String> {
    Err(Error::internal("SELECT secret FROM cellar"))
}

fn described(id: &str) -> Operation {
    Operation::new(id, "posts", format!("Try {id}"), "Tries the frame.").event(NO_EVENT)
}

fn sample_routes() -> Vec<Route> {
    let example = || json!({ "title": "a" });
    let write = Permission::Holds(Scope::ContentWrite);
    let create = described("sample_create").body::<Sample>(example()).idempotency_key();
    let list = described("sample_list").query::<SampleFilter>().paged();
    let replace = described("sample_replace").body::<Sample>(example()).if_match();
    let share = described("sample_share").idempotency_key_required().purpose();
    let answer = |operation: Operation| operation.answer::<Sample>(200, "A sample.", example());
    let read = Permission::SignedIn;
    vec![
        Route::get("/v1/samples/{id}", read, answer(described("sample_get")), sample_get),
        Route::put("/v1/samples/{id}", write, answer(replace), sample_replace),
        Route::patch(
            "/v1/samples/{id}",
            write,
            answer(described("sample_patch").body::<Sample>(example())),
            sample_replace,
        ),
        Route::post("/v1/samples", write, answer(create), sample_create),
        Route::get("/v1/samples", read, answer(list), sample_list),
        Route::post("/v1/samples/shares", Permission::PersonHolds(Scope::Share), answer(share), sample_share),
        Route::get(
            "/v1/samples/address",
            Permission::Public,
            answer(described("sample_address")),
            sample_address,
        ),
        Route::get("/v1/samples/panic", Permission::Public, answer(described("sample_panic")), sample_panic),
        Route::get("/v1/samples/break", Permission::Public, answer(described("sample_break")), sample_break),
    ]
}

/// Tokens of the tests: what stands behind each is fixed.
fn actor_of(auth: &AuthRequest) -> Option<Actor> {
    let id = |text: &str| PersonId::from_uuid(Uuid::parse_str(text).unwrap());
    let ada = id("019a9a3c-7d2e-7a10-8f3b-000000000001");
    let bob = id("019a9a3c-7d2e-7a10-8f3b-000000000002");
    let session = |person, scopes: &[Scope]| Actor {
        person: Some(person),
        client: None,
        session: None,
        scopes: scopes.iter().copied().collect(),
    };
    let key = |scopes: &[Scope]| {
        let named = auth.person.as_ref().map(|_| ada);
        let person = named.filter(|_| scopes.contains(&Scope::OnBehalf));
        let client = Some(ClientId::from_uuid(Uuid::nil()));
        Actor { person, client, session: None, scopes: scopes.iter().copied().collect::<Scopes>() }
    };
    match auth.bearer.as_str() {
        "ada" => Some(session(ada, &[Scope::ContentWrite, Scope::Share])),
        "bob" => Some(session(bob, &[])),
        "app" => Some(key(&[Scope::Share, Scope::OnBehalf])),
        "machine" => Some(key(&[Scope::Share])),
        _ => None,
    }
}

fn frame() -> web::Data<Frame> {
    web::Data::new(Frame {
        settings: Settings {
            body_bytes: 4096,
            body_timeout: Duration::from_millis(300),
            hsts_seconds: Some(600),
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..Settings::default()
        },
        authenticate: Arc::new(|auth| Box::pin(async move { Ok(actor_of(&auth)) })),
        cursor_key: CursorKey::new([7; 32]),
        document: LazyLock::new(|| Document::new(&sample_routes())),
    })
}

/// An answer, read.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code, and the place and code of the first fault.
    fn problem(&self) -> (u16, String, String) {
        let problem = self.json();
        let fault = &problem["errors"][0];
        let place = ["pointer", "parameter", "header"].iter().find_map(|name| fault[*name].as_str());
        let fault = place.map(|place| format!("{place} {}", fault["code"].as_str().unwrap()));
        (self.status, problem["code"].as_str().unwrap().to_owned(), fault.unwrap_or_default())
    }
}

/// Sends a request, and checks what holds for every answer.
async fn send(request: TestRequest) -> Answer {
    let mut routes = sample_routes();
    routes.extend(super::openapi::routes());
    let app = init_service(create_app(frame(), web::Data::new(()), &routes)).await;
    let response: ServiceResponse = call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body()).await.unwrap();
    let answer =
        Answer { status: status.as_u16(), headers, body: String::from_utf8_lossy(&body).into_owned() };
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(
        !answer.header("cache-control").is_empty() && !answer.header("content-security-policy").is_empty()
    );
    assert_eq!(answer.header("strict-transport-security"), "max-age=600; includeSubDomains");
    let id: Uuid = answer.header("x-request-id").parse().expect("a request id");
    if status.is_client_error() || status.is_server_error() {
        let problem = answer.json();
        assert_eq!(answer.header("content-type"), PROBLEM_JSON);
        assert_eq!(problem["status"], status.as_u16());
        assert_eq!(problem["request_id"], id.to_string());
        assert_eq!(problem["instance"], format!("urn:uuid:{id}"));
        assert_eq!(problem["type"], format!("urn:greenlight:problem:{}", problem["code"].as_str().unwrap()));
        assert!(
            !problem["title"].as_str().unwrap().is_empty() && !problem["detail"].as_str().unwrap().is_empty()
        );
    }
    answer
}

fn request(method: Method, uri: &str) -> TestRequest {
    TestRequest::with_uri(uri).method(method).insert_header(("authorization", "Bearer ada"))
}

fn get(uri: &str) -> TestRequest {
    request(Method::GET, uri)
}

fn post(body: impl Into<web::Bytes>) -> TestRequest {
    request(Method::POST, "/v1/samples").insert_header(("content-type", "application/json")).set_payload(body)
}

const ITEM: &str = "/v1/samples/019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f80";
