//! The person who asks.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::mastodon::{MastodonAccount, MastodonUpdate};
use crate::app::actor::Permission;
use crate::app::people::{self, PersonView};
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::roles::{Role, Scope, Scopes};
use crate::error::{Code, Result};
use crate::http::etag;
use crate::http::extract::{Body, Caller, IfMatch, present};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;
use crate::state::App;
use crate::store::Lane;

/// The routes of this file. They ask for a person and no scope: everybody may know who they are here, and
/// say in which language they read and where they share. An app may for them, if its key holds `on_behalf`.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/me", Permission::Person, describe_get(), me_get),
        Route::patch("/v1/me", Permission::Person, describe_update(), me_update),
    ]
}

fn describe_get() -> Operation {
    Operation::new(
        "me_get",
        "people",
        "Read who one is",
        "The person who asks, or for whom a key asks, and what they may do here: `scopes` are the person's, \
         and with an API key those that both have.",
    )
    .answer::<Me>(200, "The person.", example_me())
    .etag()
    .event(NO_EVENT)
}

fn describe_update() -> Operation {
    Operation::new(
        "me_update",
        "people",
        "Change what is one's own",
        "A merge patch (RFC 7396) by the person, or by an app for them: what is absent stays, `null` removes. \
         With an account on Mastodon, shares there open on its server and may be as long as it takes. All \
         else of a person is changed by whoever administers people.",
    )
    .body::<MeUpdate>(json!({ "mastodon": { "server": "mastodon.example", "text_limit": 5000 } }))
    .answer::<Me>(200, "The person as changed.", example_me())
    .etag()
    .if_match()
    .errors(&[Code::InvalidContent])
    .event("person.changed")
}

fn example_me() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2",
        "email": "sanne@example.org",
        "external_id": "E-1042",
        "display_name": "Sanne de Vries",
        "roles": ["author", "employee"],
        "scopes": ["content_read", "content_write", "share"],
        "groups": ["019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1"],
        "language": "nl",
        "country": "NL",
        "mastodon": { "server": "mastodon.example", "text_limit": 5000 },
        "version": 2,
    })
}

/// What changes of oneself: what is absent stays, `null` removes.
#[derive(Deserialize, Validate, ToSchema)]
struct MeUpdate {
    /// The account on Mastodon, where one's shares open.
    #[serde(default, deserialize_with = "present")]
    #[validate(nested)]
    mastodon: Option<Option<MastodonUpdate>>,
    /// The language that one reads.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 2, max = 35))]
    #[schema(min_length = 2, max_length = 35)]
    language: Option<Option<String>>,
}

impl From<MeUpdate> for people::MeUpdate {
    fn from(update: MeUpdate) -> Self {
        let mastodon = update.mastodon.map(|update| update.map(Into::into));
        Self { mastodon, language: update.language }
    }
}

/// The person who asks.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The id.
    id: PersonId,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 254, nullable = false)]
    email: Option<String>,
    /// The id in another system.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    external_id: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000, nullable = false)]
    display_name: Option<String>,
    /// The roles, sorted.
    #[schema(max_items = 6)]
    roles: Vec<Role>,
    /// What these credentials may do for the person.
    #[schema(max_items = 11)]
    scopes: Vec<Scope>,
    /// The groups that the person is in.
    #[schema(max_items = 1000)]
    groups: Vec<GroupId>,
    /// The language that they read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 35, nullable = false)]
    language: Option<String>,
    /// The country they are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2, nullable = false)]
    country: Option<String>,
    /// The account on Mastodon, if the person told of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mastodon: Option<MastodonAccount>,
    /// Counts the person's changes: the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
}

async fn me_get(app: Data<App>, Caller(actor): Caller) -> Result<HttpResponse> {
    let scopes = actor.scopes;
    let view = app.read(move |conn, context| people::me_get(conn, &context.keys, &actor)).await?;
    Ok(answer(view, scopes))
}

async fn me_update(
    app: Data<App>,
    Caller(actor): Caller,
    IfMatch(version): IfMatch,
    Body(body): Body<MeUpdate>,
) -> Result<HttpResponse> {
    let (scopes, command) = (actor.scopes, body.into());
    let view = app
        .write(Lane::Ordinary, move |tx, context| {
            people::me_update(tx, &context.keys, &actor, version, &command)?;
            people::me_get(tx.conn(), &context.keys, &actor)
        })
        .await?;
    Ok(answer(view, scopes))
}

fn answer(view: PersonView, scopes: Scopes) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag::of_version(view.version)).json(Me {
        id: view.id,
        email: view.email,
        external_id: view.external_id,
        display_name: view.display_name,
        roles: view.roles,
        scopes: scopes.iter().collect(),
        groups: view.groups,
        language: view.language,
        country: view.country,
        mastodon: view.mastodon.map(MastodonAccount::from),
        version: view.version,
    })
}
