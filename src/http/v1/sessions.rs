//! Signing in and out: sessions, their refreshes, and the key that their tokens are checked with.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::secret::Secret;
use crate::app::actor::Permission;
use crate::app::sessions;
use crate::error::{Code, Result};
use crate::http::extract::{Body, Caller};
use crate::http::middleware::ClientAddress;
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/sessions", Permission::Public, describe_create(), session_create),
        Route::post("/v1/token-refreshes", Permission::Public, describe_refresh(), token_refresh),
        Route::delete("/v1/sessions/current", Permission::SignedIn, describe_delete(), session_delete),
        Route::get("/.well-known/jwks.json", Permission::Public, describe_jwks(), jwks_get),
    ]
}

fn describe_create() -> Operation {
    Operation::new(
        "session_create",
        "access",
        "Sign in",
        "Begins a session of at most 30 days. The answer is the same, and as slow, for an unknown address \
         and for a wrong password. Failures are counted by account and by address: 429 says when to try \
         again. No answer is kept for `Idempotency-Key`: each request begins a session of its own.",
    )
    .body::<SessionCreate>(json!({ "email": "sanne@example.org", "password": "a quiet harbour" }))
    .answer::<SessionTokens>(201, "The session has begun.", example_tokens())
    .errors(&[Code::Unauthenticated])
    .event(NO_EVENT)
}

fn describe_refresh() -> Operation {
    Operation::new(
        "token_refresh",
        "access",
        "Get new tokens",
        "A refresh token is good once. One that comes again was stolen, from whoever used it first or \
         second, so its whole session ends.",
    )
    .body::<TokenRefresh>(json!({ "refresh_token": EXAMPLE_REFRESH }))
    .answer::<SessionTokens>(201, "New tokens of the same session.", example_tokens())
    .errors(&[Code::Unauthenticated])
    .event(NO_EVENT)
}

fn describe_delete() -> Operation {
    Operation::new(
        "session_delete",
        "access",
        "Sign out",
        "Ends the session whose access token is used, and all its tokens. An API key has no session: 404.",
    )
    .empty(204, "The session has ended.")
    .errors(&[Code::NotFound])
    .event(NO_EVENT)
}

fn describe_jwks() -> Operation {
    Operation::new(
        "jwks_get",
        "access",
        "Read the public key of access tokens",
        "A JSON Web Key Set (RFC 7517) with the Ed25519 key (RFC 8037) that signs access tokens.",
    )
    .answer::<KeySet>(
        200,
        "The key set.",
        json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "alg": "EdDSA", "use": "sig", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        }] }),
    )
    .event(NO_EVENT)
}

const EXAMPLE_REFRESH: &str = "glr_Zm9ydHktdHdvIGlzIG5vdCBhIHNlY3JldCBhdCBhbGw";

fn example_tokens() -> Value {
    json!({
        "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMTlhIn0.c2lnbmF0dXJl",
        "token_type": "Bearer",
        "expires_in": 600,
        "refresh_token": EXAMPLE_REFRESH,
    })
}

/// Who signs in.
#[derive(Deserialize, Validate, ToSchema)]
struct SessionCreate {
    /// The e-mail address.
    #[validate(length(min = 1, max = 254))]
    #[schema(min_length = 1, max_length = 254)]
    email: String,
    /// The password.
    #[validate(length(min = 1, max = 1024))]
    password: Secret,
}

/// A refresh token to be used up.
#[derive(Deserialize, Validate, ToSchema)]
struct TokenRefresh {
    /// The refresh token.
    #[validate(length(min = 1, max = 1024))]
    refresh_token: Secret,
}

/// What a session acts with.
#[derive(Serialize, ToSchema)]
struct SessionTokens {
    /// For `Authorization: Bearer`.
    #[schema(max_length = 4096)]
    access_token: String,
    /// Always `Bearer`.
    #[schema(max_length = 16)]
    token_type: &'static str,
    /// Seconds for which the access token is good.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// For `POST /v1/token-refreshes`, good once.
    #[schema(max_length = 200)]
    refresh_token: String,
}

impl From<sessions::SessionTokens> for SessionTokens {
    fn from(tokens: sessions::SessionTokens) -> Self {
        Self {
            access_token: tokens.access_token,
            token_type: "Bearer",
            expires_in: tokens.expires_in,
            refresh_token: tokens.refresh_token.to_string(),
        }
    }
}

/// A JSON Web Key Set.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used: see crate::app::tokens")]
struct KeySet {
    /// The keys.
    #[schema(max_items = 11)]
    keys: Vec<PublicKey>,
}

/// The public half of the key that signs access tokens.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used: see crate::app::tokens")]
struct PublicKey {
    /// The type of the key: `OKP`.
    #[schema(max_length = 16)]
    kty: String,
    /// The curve: `Ed25519`.
    #[schema(max_length = 16)]
    crv: String,
    /// The key, in base64url.
    #[schema(max_length = 64)]
    x: String,
    /// The algorithm: `EdDSA`.
    #[schema(max_length = 16)]
    alg: String,
    /// What the key is for: `sig`.
    #[schema(max_length = 16)]
    r#use: String,
    /// The key's thumbprint (RFC 7638), by which a token names it.
    #[schema(max_length = 64)]
    kid: String,
}

async fn session_create(
    request: HttpRequest,
    app: Data<App>,
    Body(body): Body<SessionCreate>,
) -> Result<HttpResponse> {
    let (address, now) = (ClientAddress::of(&request), app.clock.now());
    let tokens = app.sessions.session_create(&body.email, body.password.0, address, now).await?;
    Ok(HttpResponse::Created().json(SessionTokens::from(tokens)))
}

async fn token_refresh(app: Data<App>, Body(body): Body<TokenRefresh>) -> Result<HttpResponse> {
    let tokens = app.sessions.token_refresh(&body.refresh_token.0, app.clock.now()).await?;
    Ok(HttpResponse::Created().json(SessionTokens::from(tokens)))
}

async fn session_delete(app: Data<App>, Caller(actor): Caller) -> Result<HttpResponse> {
    app.sessions.session_delete(&actor, app.clock.now()).await?;
    // An access token outlives its session only until the node has seen that it ended: at once, here.
    app.snapshots.refresh().await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn jwks_get(app: Data<App>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "max-age=300")).json(app.tokens.jwks())
}
