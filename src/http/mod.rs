//! Everything that knows HTTP, and the frame around every endpoint.
//!
//! A request passes, from the outside in: [`middleware::frame`] (request id, headers, log line, problem
//! documents), the routing [`table`], the [`gate`] (credentials, permission, person), the [`extract`]ors,
//! the handler. Reading order: `table`, `operation`, `gate`, `extract`, `problem`, then the rest.
//!
//! # Which status means what
//! One rule for every endpoint; the first that holds is the answer.
//!
//! | status | when |
//! | --- | --- |
//! | 404 | no route at this address |
//! | 405 | a route, but not with this method; `Allow` lists them |
//! | 401 | no credentials, or not valid ones |
//! | 429 | too many requests; `Retry-After` |
//! | 403 | the credentials lack the permission |
//! | 428 | `If-Match` is missing where a version is changed |
//! | 415, 413, 400 | the body's media type, its size, then its syntax, shape and limits; parameters, headers |
//! | 404 | no such object, or none that the caller may know of |
//! | 410 | it was recalled, and the caller could see it |
//! | 412 | `If-Match` names another version |
//! | 409 | the request does not fit the present state |
//! | 422 | a rule of meaning that no schema can state |
//! | 500, 503 | our fault; not now, with `Retry-After` |
//!
//! # Asking twice
//! The same request with the same `Idempotency-Key` gets the first answer once more, whatever has happened since. Without
//! one, two things are told apart:
//!
//! - A request that says how something is to be (PUT, DELETE, a recall, a retirement, an acceptance) finds that it is so
//!   already, and changes nothing.
//! - A withdrawal takes back what somebody did, and the record keeps who did that and why (`POST .../withdrawal`), as it
//!   does of a decision, or of a proposal that is declined. What was taken back is not taken back again: 409 `conflict`,
//!   which says what holds and since when. A completion that was withdrawn is none any more, so there it is 404.
//!
//! Requests that are not HTTP at all (a broken request line, two lengths, no Host or two, more than 96 headers, an address
//! over 64 KiB, a head over 128 KiB or without end) are refused by the framework before there is a request,
//! with a bare 400, 408 or 431: its HTTP/1 dispatcher (actix-http 3, `h1::dispatcher`) writes these without
//! a body and asks no service of ours, so no problem document can be given short of a parser of our own.

pub mod address;
pub mod docs;
pub mod etag;
pub mod extract;
pub mod gate;
pub mod middleware;
pub mod openapi;
pub mod operation;
pub mod paging;
pub mod problem;
pub mod range;
pub mod schema;
pub mod table;
pub mod v1;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Server, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, HttpServer, web};
use futures_util::future::BoxFuture;

use self::address::Network;
use self::openapi::Document;
use self::paging::CursorKey;
use self::table::Route;
use crate::app::actor::{Actor, Permission};
use crate::error::Result;
use crate::state;

/// How long a body that is taken piece by piece may take to arrive in all: a file of 64 MB takes as long on a line
/// of one megabit a second, and whoever is slower holds a connection and an import open.
pub const STREAM_TIMEOUT: Duration = Duration::from_secs(600);

/// What the frame reads of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// How long a body may take to arrive, and a piece of one that is taken piece by piece.
    pub body_timeout: Duration,
    /// How long all pieces of such a body may take together.
    pub stream_timeout: Duration,
    /// The largest file that is uploaded, in bytes.
    pub file_bytes: u64,
    /// How long such a file may take to arrive.
    pub file_timeout: Duration,
    /// Seconds for `Strict-Transport-Security`; none when the installation may be reached without TLS.
    pub hsts_seconds: Option<u32>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether `/docs` is served.
    pub docs: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            body_timeout: Duration::from_secs(30),
            stream_timeout: STREAM_TIMEOUT,
            file_bytes: 20_000_000,
            file_timeout: Duration::from_secs(120),
            hsts_seconds: None,
            trusted_proxies: Vec::new(),
            docs: true,
        }
    }
}

/// Credentials to look at. Not `Debug`: they are secret.
pub struct AuthRequest {
    /// The token or API key from `Authorization: Bearer`.
    pub bearer: String,
    /// The header `Greenlight-Person`, on routes that act as a person.
    pub person: Option<String>,
    /// What the route asks for.
    pub permission: Permission,
}

/// Finds out who is asking; `None` and an error both refuse.
pub type Authenticate = Arc<dyn Fn(AuthRequest) -> BoxFuture<'static, Result<Option<Actor>>> + Send + Sync>;

/// What the frame needs at hand for each request.
pub struct Frame {
    /// Limits and switches.
    pub settings: Settings,
    /// Who is asking.
    pub authenticate: Authenticate,
    /// The key of cursors.
    pub cursor_key: CursorKey,
    /// The OpenAPI document of the routes that are served, written when it is first asked for.
    pub document: LazyLock<Document>,
}

/// The frame of a server.
pub fn frame_for(app: &state::App) -> Frame {
    let config = &app.config;
    let settings = Settings {
        hsts_seconds: Some(config.hsts_seconds).filter(|seconds| *seconds > 0),
        trusted_proxies: app.trusted_proxies.clone(),
        docs: config.docs,
        file_bytes: config.image_bytes,
        ..Settings::default()
    };
    let cursor_key = CursorKey::new(*app.context.keys.cursor_key());
    let app = app.clone();
    let authenticate: Authenticate = Arc::new(move |request| {
        let app = app.clone();
        Box::pin(async move { app.authenticate(&request).await })
    });
    Frame { settings, authenticate, cursor_key, document: LazyLock::new(|| Document::new(routes())) }
}

/// Every route of the API, made once: its description is large, and each worker serves the same.
pub fn routes() -> &'static [Route] {
    static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
        let mut routes = v1::routes();
        routes.extend(openapi::routes());
        routes
    });
    &ROUTES
}

/// The application, the same for the server and for tests: the frame around `routes`, whose handlers
/// find `state` as `web::Data<S>`.
pub fn create_app<S: 'static>(
    frame: web::Data<Frame>,
    state: web::Data<S>,
    routes: &[Route],
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    > + use<S>,
> {
    let docs = frame.settings.docs;
    App::new()
        .app_data(frame)
        .app_data(state)
        .configure(|config| {
            table::register(routes, config);
            if docs {
                docs::register(config);
            }
        })
        .wrap(actix_web::middleware::from_fn(middleware::frame))
}

/// How the server treats connections.
#[derive(Debug, Clone)]
pub struct Connections {
    /// Worker threads.
    pub workers: usize,
    /// Open connections for each worker; more wait to be accepted.
    pub max_connections: usize,
    /// How long a request's head may take, and how long the next one on a connection.
    pub head_timeout: Duration,
    /// How long a connection may stay idle between requests.
    pub keep_alive: Duration,
    /// How long running requests may take to end when the server stops.
    pub shutdown_timeout: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            max_connections: 10_000,
            head_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(60),
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

/// A server that listens.
pub struct Serving {
    /// Where: with port 0 asked for, the port that was found.
    pub address: SocketAddr,
    /// Stops it.
    pub handle: ServerHandle,
    /// Runs it, when awaited or spawned.
    pub server: Server,
}

/// Serves `routes` ([`routes()`], each worker its own) on a listener. Signals are left to the caller, who stops the server by its handle.
pub fn serve<S: Send + Sync + 'static>(
    listener: TcpListener,
    connections: &Connections,
    frame: web::Data<Frame>,
    state: web::Data<S>,
    routes: &'static [Route],
) -> io::Result<Serving> {
    let address = listener.local_addr()?;
    let server = HttpServer::new(move || create_app(frame.clone(), state.clone(), routes))
        .workers(connections.workers)
        .max_connections(connections.max_connections)
        .client_request_timeout(connections.head_timeout)
        .client_disconnect_timeout(Duration::from_secs(2))
        .keep_alive(connections.keep_alive)
        .shutdown_timeout(connections.shutdown_timeout.as_secs())
        .disable_signals()
        .listen(listener)?
        .run();
    Ok(Serving { address, handle: server.handle(), server })
}
