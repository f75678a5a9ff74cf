//! The OpenAPI 3.1 document, written from the routing table, and its address.

use std::collections::BTreeSet;

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::operation::{NO_EVENT, Operation, shared_parameters};
use super::problem::{PROBLEM_JSON, TYPE_PREFIX};
use super::schema::{Schemas, complete, reference, set};
use super::table::Route;
use super::{Frame, etag};
use crate::app::actor::Permission;
use crate::domain::ids::Digest;
use crate::error::Code;

/// Every tag, in the order of the alphabet, with what it is about.
pub const TAGS: &[(&str, &str)] = &[
    ("access", "Signing in and out, and API keys."),
    (
        "campaigns",
        "What posts belong to, for whom, when and how often they are shared; and what they are about.",
    ),
    ("channels", "The places to share to, with their counting rules."),
    ("disclaimers", "Disclosure texts that sharing can demand."),
    ("feed", "What one employee may share, and how it would look."),
    ("freezes", "Stopping all sharing, or that of one channel, for a while."),
    ("guidelines", "The parts of the social media policy, and what they ask of people."),
    ("hashtags", "Hashtags that content may use."),
    ("images", "Pictures that were made safe, what they show, and what they may be used for."),
    ("library", "The images and hashtags that one employee may use."),
    ("notifications", "What a person was told."),
    ("people", "Employees, staff, the groups they are in, and what they answer for."),
    ("posts", "Posts: drafts, revisions, submission, recall."),
    ("reviews", "Reviews, decisions and the workflows they follow."),
    ("rules", "Rules for texts: what may not stand in them, or must, and the posts that break them."),
    ("service", "The service itself: health and this document."),
    ("shares", "Shares and what became of them."),
    ("trainings", "What people finish elsewhere before they share, and who has."),
];

const DESCRIPTION: &str = "\
Pre-approved social content, shared by employees, on the record. A communications team drafts posts, \
reviewers approve exact versions of them, employees share what is approved for them with the required \
disclaimers, and every hand-over is logged.\n\n\
Every error is a problem document (RFC 9457) with a stable `code`; `x-error-codes` lists those of each \
operation. Unknown fields and unknown query parameters are refused. Line ends in texts of a body, CR LF and \
CR among them, are read as line feeds: as such they are stored, hashed and answered, and places in a text are \
told of it with line feeds, but for those of measurements. `x-permission` is what a caller must \
hold, `x-event` the type of the entry that an operation leaves in the record.";

/// The document of these routes.
pub fn document(routes: &[Route]) -> Value {
    let mut schemas = Schemas::of_domain();
    schemas.add::<Problem>(false);
    let mut paths = Map::new();
    for route in routes {
        schemas.merge(&route.operation.schemas);
        let operation = route.operation.to_json(&route.method, &route.path, route.permission);
        let path = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        set(path, &route.method.as_str().to_lowercase(), operation);
    }
    let mut paths = Value::Object(paths);
    complete(&mut paths);
    let tags = used_tags(&paths);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "greenlight",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Pre-approved social content, shared by employees, on the record",
            "description": DESCRIPTION,
            "contact": { "name": "The operator of this installation" },
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/", "description": "This installation" }],
        "security": [{ "bearer": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas.components(),
            "parameters": shared_parameters(),
            "headers": shared_headers(),
            "responses": shared_responses(),
            "securitySchemes": { "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "An access token of a session (a JWT, verified as RFC 8725 demands), or an API key.",
            } },
        },
    });
    drop_unused(&mut document);
    document
}

/// The form of every error (RFC 9457).
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used: errors are written by http::problem")]
pub struct Problem {
    /// Names the kind of problem: the same for every installation.
    #[schema(format = "uri", max_length = 200)]
    r#type: String,
    /// The kind of problem in words.
    #[schema(max_length = 200)]
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened, and what to do.
    #[schema(max_length = 2000)]
    detail: String,
    /// Names this occurrence.
    #[schema(format = "uri", max_length = 200)]
    instance: String,
    /// The kind of problem, to act on.
    #[schema(max_length = 64)]
    code: String,
    /// The id of the request, which the service's log has too.
    #[schema(format = "uuid")]
    request_id: String,
    /// Each fault of the request, at its place.
    #[schema(max_items = 1000, nullable = false)]
    errors: Option<Vec<Fault>>,
}

/// One fault of a request. It has one of `pointer`, `parameter` and `header`.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used: see crate::error::Fault")]
struct Fault {
    /// Where in the body: a JSON pointer as a URI fragment.
    #[schema(max_length = 2000, nullable = false)]
    pointer: Option<String>,
    /// Which query or path parameter.
    #[schema(max_length = 2000, nullable = false)]
    parameter: Option<String>,
    /// Which request header.
    #[schema(max_length = 200, nullable = false)]
    header: Option<String>,
    /// What is wrong, to act on.
    #[schema(max_length = 64)]
    code: String,
    /// What is wrong, in words.
    #[schema(max_length = 2000)]
    detail: String,
}

fn used_tags(paths: &Value) -> Value {
    let mut used = BTreeSet::new();
    for operation in paths.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_object) {
        let tags = operation.values().filter_map(|operation| operation.pointer("/tags/0")?.as_str());
        used.extend(tags.map(str::to_owned));
    }
    let tags = TAGS.iter().filter(|(name, _)| used.contains(*name));
    tags.map(|(name, description)| json!({ "name": name, "description": description })).collect()
}

fn shared_headers() -> Value {
    let header = |description: &str, schema: Value| json!({ "description": description, "schema": schema });
    let text = |max: u16| json!({ "type": "string", "maxLength": max });
    json!({
        "ETag": header("The version, for If-Match and If-None-Match.", text(80)),
        "Link": header("The next page, as rel=\"next\"; absent on the last.", text(4000)),
        "Location": header("The address of what was made.", text(2000)),
        "RequestId": header("The id of the request.", json!({ "type": "string", "format": "uuid", "maxLength": 36 })),
        "RetryAfter": header(
            "Seconds after which another try makes sense.",
            json!({ "type": "integer", "format": "int32", "minimum": 0, "maximum": 86400 }),
        ),
        "WwwAuthenticate": header("How to authenticate (RFC 6750).", text(200)),
    })
}

/// What each status means, in one sentence: the same for every operation.
fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request is not well formed: a header, a parameter or the body.",
        401 => "Credentials are missing or not valid.",
        403 => "These credentials may not do this.",
        404 => "There is nothing here, or nothing that this caller may know of.",
        405 => "This address does not take this method; `Allow` lists those it takes.",
        406 => "None of the asked representations exists.",
        408 => "The request took too long to arrive.",
        409 => "The request does not fit the present state.",
        410 => "What was here was recalled.",
        412 => "The resource has changed since it was read.",
        413 => "The request body is too large.",
        414 => "The address is too long.",
        415 => "The media type is not taken here.",
        417 => "The expectation cannot be met.",
        422 => "The request is well formed, but its meaning is not acceptable.",
        428 => "The request needs `If-Match`.",
        429 => "Too many requests: slow down.",
        431 => "The request headers are too large.",
        503 => "The service is not available right now.",
        _ => "Something went wrong here; the log has the cause.",
    }
}

/// One response for each status that a code carries.
fn shared_responses() -> Value {
    let mut responses = Map::new();
    for code in Code::ALL {
        let status = code.status();
        let mut headers = json!({ "X-Request-Id": reference("headers", "RequestId") });
        match status {
            401 => set(&mut headers, "WWW-Authenticate", reference("headers", "WwwAuthenticate")),
            429 | 503 => set(&mut headers, "Retry-After", reference("headers", "RetryAfter")),
            _ => {}
        }
        // The first code of a status, in the order of the table, is the example.
        responses.entry(format!("Problem{status}")).or_insert_with(|| {
            json!({
                "description": meaning(status),
                "headers": headers,
                "content": { PROBLEM_JSON: {
                    "schema": reference("schemas", "Problem"),
                    "example": example(*code),
                } },
            })
        });
    }
    Value::Object(responses)
}

fn example(code: Code) -> Value {
    let id = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f80";
    json!({
        "type": format!("{TYPE_PREFIX}{}", code.slug()),
        "title": code.title(),
        "status": code.status(),
        "detail": meaning(code.status()),
        "instance": format!("urn:uuid:{id}"),
        "code": code.slug(),
        "request_id": id,
    })
}

/// Leaves out shared components that nothing refers to.
fn drop_unused(document: &mut Value) {
    loop {
        let mut used = BTreeSet::new();
        add_references(document, &mut used);
        let mut dropped = false;
        for section in ["parameters", "headers", "responses", "schemas"] {
            let components = document.pointer_mut(&format!("/components/{section}"));
            if let Some(components) = components.and_then(Value::as_object_mut) {
                let before = components.len();
                components.retain(|name, _| used.contains(&format!("#/components/{section}/{name}")));
                dropped |= components.len() != before;
            }
        }
        if !dropped {
            return;
        }
    }
}

/// Adds what is referred to, here and below: by `$ref`, and by the mapping of a discriminator.
fn add_references(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.starts_with("#/components/") => {
            used.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| add_references(item, used)),
        Value::Object(members) => members.values().for_each(|member| add_references(member, used)),
        _ => {}
    }
}

/// The document as it is served.
pub struct Document {
    /// The JSON text, indented.
    pub text: String,
    tag: String,
}

impl Document {
    /// The document of these routes.
    pub fn new(routes: &[Route]) -> Self {
        // A tree of JSON values always has a text; its alternate form is the indented one.
        let text = format!("{:#}\n", document(routes));
        let tag = format!("\"{}\"", Digest::of(text.as_bytes()));
        Self { text, tag }
    }
}

/// The route to the document.
pub fn routes() -> Vec<Route> {
    let operation = Operation::new(
        "openapi_get",
        "service",
        "Read this document",
        "The OpenAPI document of this installation. Its `ETag` moves with each release.",
    )
    .answer::<OpenApiDocument>(200, "The document.", json!({ "openapi": "3.1.0" }))
    .empty(304, "The reader has the document already.")
    .etag()
    .event(NO_EVENT);
    vec![Route::get("/openapi.json", Permission::Public, operation, openapi_get)]
}

/// An OpenAPI 3.1 document.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct OpenApiDocument {
    /// The version of the specification.
    #[schema(max_length = 16)]
    openapi: String,
}

async fn openapi_get(request: HttpRequest, frame: web::Data<Frame>) -> HttpResponse {
    let Document { text, tag } = &*frame.document;
    let unchanged = etag::not_modified(&request, tag);
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, tag.as_str())).insert_header((header::CACHE_CONTROL, "no-cache"));
    if unchanged { response.finish() } else { response.content_type(ContentType::json()).body(text.clone()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use actix_web::http::Method;

    use super::*;

    #[test]
    fn every_route_is_described() {
        let routes = super::super::routes();
        let mut ids = BTreeSet::new();
        for route in routes {
            let id = route.operation.id();
            assert!(ids.insert(id.to_owned()), "{id} stands twice");
            let stated = route.operation.stated_event();
            assert!(route.method == Method::GET || stated.is_some(), "{id} writes and states no event");
        }
        let document = document(routes);
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let place = format!("{method} {path}");
                let tag = operation["tags"][0].as_str().unwrap();
                assert!(TAGS.iter().any(|(name, _)| *name == tag), "{place}: unknown tag {tag}");
                assert!(!operation["summary"].as_str().unwrap().ends_with('.'), "{place}: summary");
                assert!(operation["description"].as_str().unwrap().ends_with('.'), "{place}: description");
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.keys().any(|status| status.starts_with('2')), "{place}: no success");
                assert!(responses.keys().any(|status| status.starts_with('4')), "{place}: no refusal");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document(super::super::routes());
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let (pointer, _) = part.split_once('"').unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn one_name_has_one_schema() {
        let mut known = std::collections::BTreeMap::new();
        for route in super::super::routes() {
            for (name, schema) in route.operation.schemas.named() {
                let known = known.entry(name.clone()).or_insert_with(|| schema.clone());
                assert_eq!(known, schema, "{name} in {}", route.operation.id());
            }
        }
    }

    #[test]
    fn tags_are_in_order() {
        assert!(TAGS.is_sorted());
    }
}
