//! What happens around every request: its id, the client's address, security headers, one log line.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, web};
use uuid::Uuid;

use super::address::client_address;
use super::{Frame, problem};
use crate::app::actor::Actor;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request's id: a UUIDv7 that we make. One that a client sends is never taken over, since it would
/// let a client write into our log and into other requests' traces.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

impl RequestId {
    /// The id of this request; nil outside of [`frame`].
    pub fn of(request: &HttpRequest) -> Uuid {
        request.extensions().get::<RequestId>().map_or(Uuid::nil(), |id| id.0)
    }
}

/// The client's address, as far as it can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The client's address; the unspecified one where no peer is known (in-process tests).
    pub fn of(request: &HttpRequest) -> IpAddr {
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        request.extensions().get::<ClientAddress>().map_or(unknown, |client| client.0)
    }
}

/// The outermost middleware.
pub async fn frame<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, actix_web::Error> {
    let started = Instant::now();
    let id = Uuid::now_v7();
    request.extensions_mut().insert(RequestId(id));
    let frame = request.app_data::<web::Data<Frame>>().cloned();
    if let (Some(frame), Some(peer)) = (&frame, request.peer_addr()) {
        let client = client_address(peer.ip(), request.headers(), &frame.settings.trusted_proxies);
        request.extensions_mut().insert(ClientAddress(client));
    }
    let mut response = problem::render(next.call(request).await?);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    let hsts = frame.as_ref().and_then(|frame| frame.settings.hsts_seconds);
    secure(headers, hsts);
    log(&response, id, started);
    Ok(response)
}

/// Headers that make a browser careful with what we answer. A handler that sets `Cache-Control` or a
/// content policy itself keeps it.
fn secure(headers: &mut HeaderMap, hsts_seconds: Option<u32>) {
    let mut default = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::CACHE_CONTROL, "no-store");
    default(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    default(header::REFERRER_POLICY, "no-referrer");
    if let Some(seconds) = hsts_seconds
        && let Ok(value) = HeaderValue::from_str(&format!("max-age={seconds}; includeSubDomains"))
    {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
}

/// One line for each request: the route's pattern instead of the address, and never a query, a header
/// or a body, so that no secret and no personal value can enter the log.
fn log(response: &ServiceResponse, id: Uuid, started: Instant) {
    let request = response.request();
    let route = request.match_pattern();
    let extensions = request.extensions();
    let actor = extensions.get::<Actor>();
    let person = actor.and_then(|actor| actor.person).map(|id| id.to_string());
    let client = actor.and_then(|actor| actor.client).map(|id| id.to_string());
    tracing::info!(
        request_id = %id,
        method = %request.method(),
        route = route.as_deref().unwrap_or("none"),
        status = response.status().as_u16(),
        milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        person,
        client,
        "request"
    );
}
