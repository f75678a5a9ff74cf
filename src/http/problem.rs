//! Every error as a problem document (RFC 9457).
//!
//! Handlers and extractors answer [`Error`]; the framework answers bare statuses. [`render`] turns both
//! into `application/problem+json`, in the one place that knows the request id. It is given the cause
//! for the log only: nothing of it has a way into the document.

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    self, HeaderMap, HeaderName, HeaderValue, TryIntoHeaderValue, WWW_AUTHENTICATE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::extract::{JSON, MERGE_PATCH};
use super::middleware::RequestId;
use crate::error::{Code, Error};

/// The media type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What a problem's `type` starts with. It is a name and not an address: it must be the same for every
/// installation.
pub const TYPE_PREFIX: &str = "urn:greenlight:problem:";

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// The status only: [`render`] writes the document, since it knows the request.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        status(self.code)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// The problem document of an error.
pub fn document(error: &Error, request_id: Uuid) -> Value {
    let mut problem: Map<String, Value> = error.extra.clone();
    let code = error.code;
    problem.insert("type".into(), format!("{TYPE_PREFIX}{}", code.slug()).into());
    problem.insert("title".into(), code.title().into());
    problem.insert("status".into(), code.status().into());
    problem.insert("detail".into(), error.detail.as_str().into());
    problem.insert("instance".into(), format!("urn:uuid:{request_id}").into());
    problem.insert("code".into(), code.slug().into());
    problem.insert("request_id".into(), request_id.to_string().into());
    if !error.errors.is_empty() {
        problem.insert("errors".into(), json!(error.errors));
    }
    Value::Object(problem)
}

/// Gives every error of a response the form of a problem, and its cause to the log.
pub fn render<B: MessageBody + 'static>(response: ServiceResponse<B>) -> ServiceResponse {
    let response = response.map_into_boxed_body();
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    let (request, response) = response.into_parts();
    let known = response.error().and_then(|error| error.as_error::<Error>());
    if let Some(source) = known.and_then(|error| error.source.as_ref()) {
        tracing::error!(request_id = %RequestId::of(&request), cause = %source, "request failed inside");
    }
    let framework;
    let error = match known {
        Some(error) => error,
        None => {
            framework = of_status(response.status());
            &framework
        }
    };
    let mut problem = HttpResponse::build(status(error.code))
        .content_type(PROBLEM_JSON)
        .body(document(error, RequestId::of(&request)).to_string());
    if response.status() == problem.status() {
        keep_headers(response.headers(), problem.headers_mut());
    }
    add_headers(&request, error, problem.headers_mut());
    ServiceResponse::new(request, problem)
}

/// The error that stands for a bare status of the framework.
fn of_status(status: StatusCode) -> Error {
    let (code, detail) = match status.as_u16() {
        401 => (Code::Unauthenticated, "Send credentials in the header Authorization."),
        403 => (Code::Forbidden, "These credentials may not do this."),
        404 => (Code::NotFound, "There is nothing at this address."),
        405 => (Code::MethodNotAllowed, "The header Allow lists the methods of this address."),
        406 => (Code::NotAcceptable, "The header Accept asks for what does not exist."),
        408 => (Code::RequestTimeout, "The request did not arrive in time."),
        413 => (Code::PayloadTooLarge, "The request body is larger than what is taken."),
        414 => (Code::UriTooLong, "The address is longer than what is taken."),
        415 => (Code::UnsupportedMediaType, "The request body has another media type."),
        417 => (Code::ExpectationFailed, "The header Expect cannot be met."),
        429 => (Code::TooManyRequests, "Slow down, and try again later."),
        431 => (Code::HeadersTooLarge, "The headers are larger than what is taken."),
        503 => (Code::Unavailable, "Try again later."),
        400..=499 => (Code::InvalidRequest, "The request could not be read."),
        _ => (Code::Internal, "The request could not be finished; the log has the cause."),
    };
    Error::new(code, detail)
}

fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// What another part of the frame said already, such as `Allow`, stays.
fn keep_headers(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [header::ALLOW, header::RETRY_AFTER, WWW_AUTHENTICATE] {
        if let Some(value) = from.get(&name) {
            to.insert(name, value.clone());
        }
    }
}

/// The headers that a status demands: RFC 9110 sections 11.6.1, 15.5.16 and 15.5.17, RFC 6750 section 3,
/// RFC 5789 section 2.2.
fn add_headers(request: &HttpRequest, error: &Error, headers: &mut HeaderMap) {
    match error.code.status() {
        401 => {
            let tried = request.headers().contains_key(header::AUTHORIZATION);
            let challenge = if tried {
                "Bearer realm=\"greenlight\", error=\"invalid_token\""
            } else {
                "Bearer realm=\"greenlight\""
            };
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        415 if request.method() == Method::PATCH => {
            headers.insert(ACCEPT_PATCH, HeaderValue::from_static(MERGE_PATCH));
        }
        415 => {
            let accepted = error.extra.get("accept_post").and_then(Value::as_str).unwrap_or(JSON);
            if let Ok(value) = HeaderValue::from_str(accepted) {
                headers.insert(ACCEPT_POST, value);
            }
        }
        416 => {
            let size = error.extra.get("size").and_then(Value::as_u64).unwrap_or_default();
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
                headers.insert(header::CONTENT_RANGE, value);
            }
        }
        _ => {}
    }
    let default = matches!(error.code.status(), 429 | 503).then_some(1);
    if let Some(value) = error.retry_after.or(default).and_then(|seconds| seconds.try_into_value().ok()) {
        headers.insert(header::RETRY_AFTER, value);
    }
}
