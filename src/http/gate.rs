//! The gate before each handler: who is asking, and may they.
//!
//! It stands on the route, so that an unknown address (404) and an unknown method (405) are answered
//! before credentials are looked at (401), and these before the request's own faults (400, 415, 413).

use std::panic::AssertUnwindSafe;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::FutureExt;

use super::extract::{headers, params};
use super::{AuthRequest, Frame};
use crate::app::actor::{Actor, Permission};
use crate::domain::roles::Scope;
use crate::error::{Code, Error, Fault, Result};

/// The header by which a key names the person it acts for.
pub const PERSON_HEADER: &str = "Greenlight-Person";

/// What a route asks for before its handler runs.
#[derive(Debug, Clone, Copy)]
pub struct Gate {
    /// Who may call.
    pub permission: Permission,
    /// Whether the route has query parameters; if not, any query is refused.
    pub takes_query: bool,
}

impl Gate {
    /// Lets the request through to its handler, or answers the refusal. A panic of the handler ends in
    /// a 500 for this request and leaves the server running.
    pub async fn pass(
        self,
        request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse, actix_web::Error> {
        let http_request = request.request().clone();
        if let Err(error) = self.admit(&http_request).await {
            return Ok(refusal(http_request, error));
        }
        match AssertUnwindSafe(next.call(request)).catch_unwind().await {
            Ok(response) => response,
            Err(_) => Ok(refusal(http_request, Error::internal("the handler panicked"))),
        }
    }

    async fn admit(self, request: &HttpRequest) -> Result<()> {
        let actor = self.authenticate(request).await?;
        if let Some(actor) = &actor {
            // Before what may refuse the request, so that the log tells whom.
            request.extensions_mut().insert(actor.clone());
            if self.permission.acts_as_person() {
                check_person(actor)?;
            }
            if let Some(scope) = self.permission.scope() {
                actor.require(scope)?;
            }
        }
        self.check_person_header(request, actor.as_ref())?;
        if self.takes_query { Ok(()) } else { params::refuse_query(request.query_string()) }
    }

    /// Who is asking; nobody on a public route, whose credentials are not read.
    async fn authenticate(self, request: &HttpRequest) -> Result<Option<Actor>> {
        if self.permission == Permission::Public {
            return Ok(None);
        }
        let bearer = bearer(request)?;
        // The person is looked up only where the header is expected; elsewhere it is refused below,
        // after the credentials.
        let person = match self.permission.takes_person() {
            true => headers::text(request, PERSON_HEADER).map_err(person_header)?,
            false => None,
        };
        // An empty header names nobody.
        let person = person.filter(|name| !name.is_empty()).map(str::to_owned);
        let frame = request
            .app_data::<web::Data<Frame>>()
            .ok_or_else(|| Error::internal("the frame is not in the application's data"))?;
        let auth = AuthRequest { bearer, person, permission: self.permission };
        let actor = (frame.authenticate)(auth).await?;
        actor.map(Some).ok_or_else(|| unauthenticated("The credentials are not valid."))
    }

    /// The header belongs to keys, and to what acts as a person.
    fn check_person_header(self, request: &HttpRequest, actor: Option<&Actor>) -> Result<()> {
        let expected = self.permission.takes_person() && actor.is_some_and(|actor| actor.client.is_some());
        if expected || !request.headers().contains_key(PERSON_HEADER) {
            return Ok(());
        }
        Err(person_header(Error::new(
            Code::PersonHeader,
            "Only an API key names a person, and only where the request acts as one.",
        )))
    }
}

/// The response that carries the error to `problem::render`. `ServiceRequest::into_response` would lose
/// the error on its way.
fn refusal(request: HttpRequest, error: Error) -> ServiceResponse {
    ServiceResponse::new(request, HttpResponse::from_error(error))
}

/// A key must act for somebody: it names the person if it may, and is refused if it may not.
fn check_person(actor: &Actor) -> Result<()> {
    if actor.person.is_none() && actor.scopes.contains(Scope::OnBehalf) {
        return Err(person_header(Error::new(
            Code::PersonHeader,
            "This acts as a person: name one by id or external id in Greenlight-Person.",
        )));
    }
    actor.person().map(|_| ())
}

fn person_header(error: Error) -> Error {
    let detail = error.detail.clone();
    Error { code: Code::PersonHeader, errors: Vec::new(), ..error }.fault(Fault::header(
        PERSON_HEADER,
        "person_header",
        detail,
    ))
}

fn unauthenticated(detail: &str) -> Error {
    Error::new(Code::Unauthenticated, detail)
}

/// The token of `Authorization: Bearer <token>` (RFC 6750 section 2.1); no other way is taken.
fn bearer(request: &HttpRequest) -> Result<String> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(unauthenticated("Send one header Authorization: Bearer, with a token or an API key."));
    };
    let token = value.to_str().ok().and_then(|value| value.split_once(' ')).and_then(|(scheme, token)| {
        let token = token.trim_matches(' ');
        let right = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ');
        right.then(|| token.to_owned())
    });
    token.ok_or_else(|| unauthenticated("The header Authorization must be: Bearer, a space, and the token."))
}
