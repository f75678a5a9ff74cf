//! The person who asks.

use actix_web::web::{Data, Json};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::app::actor::Permission;
use crate::app::people;
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::roles::{Role, Scope};
use crate::error::Result;
use crate::http::extract::Caller;
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let get = Operation::new(
        "me_get",
        "people",
        "Read who one is",
        "The person who asks, or for whom a key asks, and what they may do here: `scopes` are the person's, \
         and with an API key those that both have.",
    )
    .answer::<Me>(
        200,
        "The person.",
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
        }),
    )
    .event(NO_EVENT);
    vec![Route::get("/v1/me", Permission::Person, get, me_get)]
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
    #[schema(max_items = 10)]
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
}

async fn me_get(app: Data<App>, Caller(actor): Caller) -> Result<Json<Me>> {
    let scopes = actor.scopes.iter().collect();
    let view = app.read(move |conn, context| people::me_get(conn, &context.keys, &actor)).await?;
    Ok(Json(Me {
        id: view.id,
        email: view.email,
        external_id: view.external_id,
        display_name: view.display_name,
        roles: view.roles,
        scopes,
        groups: view.groups,
        language: view.language,
        country: view.country,
    }))
}
