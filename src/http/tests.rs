//! The frame itself, on small sample routes: every odd request is answered by a problem document.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::needless_pass_by_value
)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::extract::{Body, Caller, IdempotencyKey, IfMatch, OptionalIdempotencyKey, Path, Purpose, Query};
use super::openapi::Document;
use super::operation::{NO_EVENT, Operation};
use super::paging::{CursorKey, Limit, Position, link_next};
use super::problem::PROBLEM_JSON;
use super::table::Route;
use super::{AuthRequest, Connections, Frame, Settings, create_app, etag};
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
            ..Settings::default()
        },
        authenticate: Arc::new(|auth| Box::pin(async move { Ok(actor_of(&auth)) })),
        cursor_key: CursorKey::new([7; 32]),
        document: Document::new(&sample_routes()),
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
    let app = init_service(create_app(frame(), web::Data::new(()), routes)).await;
    let response: ServiceResponse = call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body()).await.unwrap();
    let answer =
        Answer { status: status.as_u16(), headers, body: String::from_utf8_lossy(&body).into_owned() };
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(
        !answer.header("cache-control").is_empty() && !answer.header("content-security-policy").is_empty()
    );
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

#[actix_web::test]
async fn unknown_addresses_are_404_and_unknown_methods_405_before_credentials() {
    for uri in ["/", "/v1", "/v1/samples/", "//v1/samples", "/v1/samples/a/b", "/V1/samples"] {
        assert_eq!(send(TestRequest::with_uri(uri)).await.status, 404, "{uri}");
    }
    for method in [Method::DELETE, Method::TRACE, Method::PUT, Method::from_bytes(b"BREW").unwrap()] {
        let answer = send(TestRequest::with_uri("/v1/samples").method(method.clone())).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS, POST");
    }
    let answer = send(TestRequest::with_uri("/docs/").method(Method::POST)).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, OPTIONS"));
}

#[actix_web::test]
async fn options_and_head_are_answered() {
    let answer = send(TestRequest::with_uri(ITEM).method(Method::OPTIONS)).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS, PATCH, PUT");
    assert_eq!(send(request(Method::HEAD, ITEM)).await.status, 200);
}

#[actix_web::test]
async fn static_addresses_come_before_parameters() {
    assert_eq!(send(get("/v1/samples/break")).await.status, 500);
}

#[actix_web::test]
async fn credentials_are_asked_for() {
    let answer = send(TestRequest::with_uri(ITEM)).await;
    assert_eq!(answer.problem().1, "unauthenticated");
    assert!(answer.json()["detail"].as_str().unwrap().starts_with("Send one header"), "{}", answer.body);
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"greenlight\"");
    for value in ["Bearer mallory", "Bearer", "Bearer ", "Basic YTpi", "ada", "Bearer a b", "Bearer \u{e9}"] {
        let answer = send(TestRequest::with_uri(ITEM).insert_header(("authorization", value))).await;
        assert_eq!(answer.status, 401, "{value}");
        let challenge = "Bearer realm=\"greenlight\", error=\"invalid_token\"";
        assert_eq!(answer.header("www-authenticate"), challenge);
    }
    let twice = get(ITEM).append_header(("authorization", "Bearer ada"));
    assert_eq!(send(twice).await.status, 401);
    assert_eq!(
        send(TestRequest::with_uri(ITEM).insert_header(("authorization", "bearer ada"))).await.status,
        200
    );
}

#[actix_web::test]
async fn a_missing_scope_is_403_before_the_body_is_looked_at() {
    let answer = send(post("not json").insert_header(("authorization", "Bearer bob"))).await;
    assert_eq!(
        (answer.problem().1.as_str(), answer.json()["scope"].as_str()),
        ("forbidden", Some("content_write"))
    );
}

#[actix_web::test]
async fn a_key_names_the_person_it_acts_for_and_nobody_else_does() {
    let share = |token: &str, person: Option<&str>| {
        let request = TestRequest::post().uri("/v1/samples/shares");
        let request = request.insert_header(("authorization", format!("Bearer {token}")));
        let request =
            request.insert_header(("idempotency-key", "k")).insert_header(("greenlight-purpose", "audit"));
        person
            .into_iter()
            .fold(request, |request, person| request.insert_header(("greenlight-person", person)))
    };
    assert_eq!(send(share("app", Some("E-1"))).await.status, 200);
    assert_eq!(send(share("ada", None)).await.status, 200);
    let header = "Greenlight-Person person_header".to_owned();
    for (token, person) in [("app", None), ("ada", Some("E-1"))] {
        let problem = send(share(token, person)).await.problem();
        assert_eq!(problem, (400, "person_header".to_owned(), header.clone()), "{token}");
    }
    for person in [None, Some("E-1")] {
        assert_eq!(send(share("machine", person)).await.problem().1, "person_required");
    }
    for uri in [ITEM, "/v1/samples/break"] {
        let answer = send(get(uri).insert_header(("greenlight-person", "E-1"))).await;
        assert_eq!(answer.problem().1, "person_header", "{uri}");
    }
}

#[actix_web::test]
async fn bodies_that_are_not_as_expected_say_where() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let cases = [
        ("", "# invalid_json"),
        ("{", "# invalid_json"),
        ("{\"title\":\"a\"} x", "# invalid_json"),
        ("\"a\"", "# invalid_value"),
        ("[\"a\",[],null]", "# invalid_value"),
        ("{\"title\":\"a\",\"inner\":[2,null]}", "#/inner invalid_value"),
        ("{\"title\":\"a\",\"parts\":[{\"number\":1},[3]]}", "#/parts/1 invalid_value"),
        (
            "{\"title\":\"a\",\"inner\":{\"number\":1,\"style\":{\"bold\":[2]}}}",
            "#/inner/style/bold invalid_value",
        ),
        ("{\"title\":\"a\",\"id\":\"x\"}", "#/id unknown_field"),
        ("{\"title\":\"a\",\"inner\":{\"number\":1,\"a/b ~\":1}}", "#/inner/a~1b%20~0 unknown_field"),
        ("{\"title\":\"a\",\"title\":\"b\"}", "#/title duplicate_key"),
        ("{}", "#/title missing_field"),
        ("{\"title\":\"a\",\"inner\":{}}", "#/inner/number missing_field"),
        ("{\"title\":7}", "#/title invalid_value"),
        ("{\"title\":\"a\",\"inner\":{\"number\":1.5}}", "#/inner/number invalid_value"),
        ("{\"title\":\"a\",\"inner\":{\"number\":99999999999}}", "#/inner/number invalid_value"),
        ("{\"title\":\"a\\u0000\"}", "#/title control_character"),
        ("{\"title\":\"a\\r\"}", "#/title control_character"),
        ("{\"title\":\"a\\u001b[0m\"}", "#/title control_character"),
        ("{\"title\":\"a\\u0085\"}", "#/title control_character"),
        ("{\"title\":\"\"}", "#/title length"),
        ("{\"title\":\"a\",\"parts\":[{\"number\":1},{\"number\":10}]}", "#/parts/1/number range"),
    ];
    for (body, fault) in cases {
        let expected = (400, "invalid_request".to_owned(), fault.to_owned());
        assert_eq!(send(post(body)).await.problem(), expected, "{body}");
    }
    for body in [
        format!("{{\"title\":{deep}}}"),
        deep,
        "{\"title\":\"\\ud800\"}".to_owned(),
        "{\"title\":\"\u{0}\"}".to_owned(),
    ] {
        assert_eq!(send(post(body.clone())).await.status, 400, "{body}");
    }
    assert_eq!(send(post(&b"{\"title\":\"\xff\"}"[..])).await.status, 400);
    let meaning = send(post("{\"title\":\"darn\"}")).await.problem();
    assert_eq!(meaning, (422, "invalid_content".to_owned(), "#/title indecent".to_owned()));
    let fine = send(post("{\"title\":\"a\\n\\tb\",\"parts\":[{\"number\":9,\"style\":\"plain\"}]}")).await;
    assert_eq!((fine.status, fine.header("etag")), (201, "\"1\""));
}

#[actix_web::test]
async fn nothing_of_a_value_is_echoed() {
    let answer = send(post("{\"title\":{\"secret\":1},\"inner\":\"hunter2\"}")).await;
    assert!(!answer.body.contains("secret"), "{}", answer.body);
    let answer = send(post("{\"title\":\"a\",\"inner\":\"hunter2\"}")).await;
    assert!(!answer.body.contains("hunter2"), "{}", answer.body);
}

#[actix_web::test]
async fn media_type_and_size_are_checked() {
    let fine = "{\"title\":\"a\"}";
    for media_type in ["text/plain", "application/merge-patch+json", "application/json; charset=latin1", ""] {
        let answer = send(post(fine).insert_header(("content-type", media_type))).await;
        assert_eq!((answer.status, answer.header("accept-post")), (415, "application/json"), "{media_type}");
    }
    assert_eq!(send(request(Method::POST, "/v1/samples").set_payload(fine)).await.status, 415);
    assert_eq!(send(post(fine).insert_header(("content-encoding", "gzip"))).await.status, 415);
    let utf8 = post(fine).insert_header(("content-type", "Application/JSON; charset=UTF-8"));
    assert_eq!(send(utf8).await.status, 201);

    let patch = |media_type| {
        let request = request(Method::PATCH, ITEM).insert_header(("if-match", "\"1\""));
        request.insert_header(("content-type", media_type)).set_payload(fine)
    };
    assert_eq!(send(patch("application/merge-patch+json")).await.status, 200);
    let answer = send(patch("application/json")).await;
    assert_eq!((answer.status, answer.header("accept-patch")), (415, "application/merge-patch+json"));

    let large = format!("{{\"title\":\"{}\"}}", "a".repeat(5000));
    assert_eq!(send(post(large)).await.problem().1, "payload_too_large");
}

#[actix_web::test]
async fn odd_path_parameters_are_400() {
    for id in
        ["x", "%00", "%FF", "%2F", "019A9A3C-7D2E-7A10-8F3B-2F1C5D6E7F80", "019a9a3c7d2e7a108f3b2f1c5d6e7f80"]
    {
        let answer = send(get(&format!("/v1/samples/{id}"))).await;
        assert_eq!(answer.problem().2, "id invalid_value", "{id}");
    }
    assert_eq!(send(get(ITEM)).await.status, 200);
}

#[actix_web::test]
async fn odd_query_parameters_are_400() {
    let cases = [
        ("limit=0", "limit invalid_value"),
        ("limit=201", "limit invalid_value"),
        ("limit=-1", "limit invalid_value"),
        ("limit=1000000000", "limit invalid_value"),
        ("limit=1e9", "limit invalid_value"),
        ("limit=", "limit invalid_value"),
        ("sort=asc", "sort unknown_parameter"),
        ("limit=1&limit=1", "limit duplicate_parameter"),
        ("campaign=%00", "campaign invalid_encoding"),
        ("campaign=%FF", "campaign invalid_encoding"),
        ("cursor=abc", "cursor invalid_cursor"),
        ("cursor=", "cursor invalid_cursor"),
    ];
    for (query, fault) in cases {
        let answer = send(get(&format!("/v1/samples?{query}"))).await;
        assert_eq!(answer.problem(), (400, "invalid_request".to_owned(), fault.to_owned()), "{query}");
    }
    let answer = send(get(&format!("{ITEM}?x=1"))).await;
    assert_eq!(answer.problem(), (400, "invalid_request".to_owned(), "x unknown_parameter".to_owned()));
    assert_eq!(send(get("/v1/samples?limit=200")).await.json()["limit"], 200);
}

#[actix_web::test]
async fn a_cursor_serves_its_own_list_filters_and_reader() {
    let first = send(get("/v1/samples?limit=2&campaign=spring")).await;
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let next = format!("/v1/samples?limit=2&campaign=spring&cursor={cursor}");
    assert_eq!(
        first.header("link").replace("%2D", "-").replace("%5F", "_"),
        format!("<{next}>; rel=\"next\"")
    );
    assert_eq!(send(get(&next)).await.json()["items"], json!([2]));
    let other_filter = format!("/v1/samples?campaign=autumn&cursor={cursor}");
    assert_eq!(send(get(&other_filter)).await.problem().2, "cursor invalid_cursor");
    let other_reader = get(&next).insert_header(("authorization", "Bearer bob"));
    assert_eq!(send(other_reader).await.problem().2, "cursor invalid_cursor");
}

#[actix_web::test]
async fn if_match_names_one_version() {
    let put = |tag: Option<&str>| {
        let request = request(Method::PUT, ITEM).insert_header(("content-type", "application/json"));
        let request = request.set_payload("{\"title\":\"a\"}");
        tag.into_iter().fold(request, |request, tag| request.insert_header(("if-match", tag)))
    };
    assert_eq!(send(put(Some("\"3\""))).await.body, "3");
    assert_eq!(send(put(None)).await.problem().1, "precondition_required");
    for tag in ["W/\"3\"", "\"abc\"", "\"03\""] {
        assert_eq!(send(put(Some(tag))).await.problem().1, "precondition_failed", "{tag}");
    }
    for tag in ["3", "*", "\"1\", \"2\"", ""] {
        assert_eq!(send(put(Some(tag))).await.problem().2, "If-Match invalid_value", "{tag}");
    }
}

#[actix_web::test]
async fn idempotency_keys_and_purposes_are_read_strictly() {
    let share = |key: Option<&str>, purpose: Option<&str>| {
        let request = request(Method::POST, "/v1/samples/shares");
        let headers = [("idempotency-key", key), ("greenlight-purpose", purpose)];
        headers.into_iter().fold(request, |request, (name, value)| match value {
            Some(value) => request.insert_header((name, value)),
            None => request,
        })
    };
    assert_eq!(send(share(Some("abc"), Some("audit"))).await.body, "abc audit");
    assert_eq!(
        send(share(Some("\"abc\""), Some("\u{dc}berpr\u{fc}fung"))).await.body,
        "abc \u{dc}berpr\u{fc}fung"
    );
    assert_eq!(send(share(None, Some("audit"))).await.problem().1, "idempotency_key_required");
    let long = "k".repeat(256);
    for key in ["", "\"\"", "a b", "\"abc", &long] {
        assert_eq!(send(share(Some(key), Some("audit"))).await.problem().2, "Idempotency-Key invalid_value");
    }
    let long = "p".repeat(201);
    for purpose in [None, Some(""), Some("  "), Some(long.as_str())] {
        assert_eq!(send(share(Some("abc"), purpose)).await.problem().1, "purpose_required");
    }
    let optional = send(post("{\"title\":\"a\"}").insert_header(("idempotency-key", "a b"))).await;
    assert_eq!(optional.problem().2, "Idempotency-Key invalid_value");
    let twice = share(Some("abc"), Some("audit")).append_header(("idempotency-key", "abd"));
    assert_eq!(send(twice).await.status, 400);
}

#[actix_web::test]
async fn a_failure_inside_shows_nothing_of_its_cause() {
    let answer = send(get("/v1/samples/break")).await;
    assert_eq!((answer.status, answer.body.contains("cellar")), (500, false));
}

#[actix_web::test]
async fn a_panic_is_a_500_and_the_server_lives_on() {
    let app = init_service(create_app(frame(), web::Data::new(()), sample_routes())).await;
    for _ in 0..3 {
        let response = call_service(&app, get("/v1/samples/panic").to_request()).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers().get("content-type").unwrap(), PROBLEM_JSON);
        let body = to_bytes(response.into_body()).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("as asked"));
    }
    assert_eq!(call_service(&app, get(ITEM).to_request()).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn the_request_id_is_ours() {
    let theirs = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f80";
    let answer = send(get("/v1/none").insert_header(("x-request-id", theirs))).await;
    assert_ne!(answer.header("x-request-id"), theirs);
}

#[actix_web::test]
async fn the_document_is_served_with_its_tag() {
    let first = send(TestRequest::with_uri("/openapi.json")).await;
    assert_eq!((first.status, first.json()["openapi"].as_str()), (200, Some("3.1.0")));
    let tag = first.header("etag").to_owned();
    let again =
        send(TestRequest::with_uri("/openapi.json").insert_header(("if-none-match", tag.as_str()))).await;
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", tag.as_str()));
    let other = send(TestRequest::with_uri("/openapi.json").insert_header(("if-none-match", "\"x\""))).await;
    assert_eq!(other.status, 200);
}

#[actix_web::test]
async fn the_interactive_docs_load_nothing_from_elsewhere() {
    let page = send(TestRequest::with_uri("/docs/")).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    assert!(!page.body.contains("http://") && !page.body.contains("https://"), "{}", page.body);
    let start = send(TestRequest::with_uri("/docs/swagger-initializer.js")).await;
    assert!(start.body.contains("/openapi.json") && !start.body.contains("https://"), "{}", start.body);
    assert_eq!(send(TestRequest::with_uri("/docs/none.js")).await.status, 404);
    assert_eq!(send(TestRequest::with_uri("/docs/%2e%2e/%2e%2e/etc/passwd")).await.status, 404);
}

/// Sends raw bytes to a real server, and reads until it closes the connection.
fn talk(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn a_real_server_finds_a_port_cuts_what_is_slow_and_stops() {
    let connections = Connections {
        workers: 1,
        // The framework reads a clock that moves twice a second: less would be over at once.
        head_timeout: Duration::from_secs(1),
        keep_alive: Duration::from_millis(200),
        ..Connections::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let serving = super::serve(listener, &connections, frame(), web::Data::new(()), served_routes).unwrap();
    assert_ne!(serving.address.port(), 0);
    let (address, running) = (serving.address, tokio::spawn(serving.server));
    let answers = web::block(move || {
        let post = "POST /v1/samples HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ada\r\n\
                    Content-Type: application/json\r\nConnection: close\r\n";
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
        [
            "HEAD /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(),
            "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow:".to_owned(),
            format!("{post}Content-Length: 20\r\n\r\n{{\"title\""),
            format!("{post}Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"),
            format!("{post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ]
        .map(|request| talk(address, request.as_bytes()))
    })
    .await
    .unwrap();
    for (answer, status) in answers.iter().zip([200, 408, 408, 413, 400]) {
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
    }
    assert!(answers[0].ends_with("\r\n\r\n") && !answers[0].to_lowercase().contains("\r\nserver:"));
    assert!(answers[2].contains("request_timeout") && answers[3].contains("payload_too_large"));
    serving.handle.stop(true).await;
    running.await.unwrap().unwrap();
}

fn served_routes() -> Vec<Route> {
    let mut routes = sample_routes();
    routes.extend(super::routes());
    routes
}

/// A log that a test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[actix_web::test]
async fn the_log_names_the_route_and_the_actor_and_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    send(get(&format!("{ITEM}?hunter2=hunter2"))).await;
    send(post("{\"title\":\"hunter2\"}").insert_header(("authorization", "Bearer hunter2"))).await;
    send(get("/hunter2")).await;
    send(get("/v1/samples/break")).await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!text.contains("hunter2"), "{text}");
    let fields = &lines.iter().find(|line| line["fields"]["route"] == "/v1/samples/{id}").unwrap()["fields"];
    assert_eq!(fields["person"], "019a9a3c-7d2e-7a10-8f3b-000000000001");
    assert_eq!((&fields["method"], &fields["status"]), (&json!("GET"), &json!(400)));
    assert!(text.contains("SELECT secret FROM cellar"), "the cause is in the log: {text}");
}

/// Writes the sample document for an OpenAPI linter to read: `GREENLIGHT_SAMPLE_OPENAPI` names the file.
#[test]
fn the_sample_document_refers_only_to_what_it_has() {
    let document = Document::new(&sample_routes()).text;
    let value: Value = serde_json::from_str(&document).unwrap();
    for part in document.split("\"$ref\": \"#").skip(1) {
        let pointer = &part[..part.find('"').unwrap()];
        assert!(value.pointer(pointer).is_some(), "{pointer}");
    }
    if let Some(file) = std::env::var_os("GREENLIGHT_SAMPLE_OPENAPI") {
        std::fs::write(file, document).unwrap();
    }
}
