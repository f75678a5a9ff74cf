//! Whether this node should get requests.

use actix_web::web::{Data, Json};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::app::actor::Permission;
use crate::error::{Code, Result};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let readiness = Operation::new(
        "readiness_get",
        "service",
        "Ask whether this node should get requests",
        "503 `not_ready` names the `reason`: `database_unreachable`, `snapshot_unconfirmed` (what is live \
         was not confirmed for a second), `clock_skew` or `other_configuration` (another node put another one \
         in force; this node issues no shares).",
    )
    .answer::<Readiness>(200, "It is ready.", json!({ "status": "ready" }))
    .errors(&[Code::NotReady])
    .event(NO_EVENT);
    vec![Route::get("/readyz", Permission::Public, readiness, readiness_get)]
}

/// The state of a node that should get requests.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// Always `ready`.
    status: ReadinessStatus,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReadinessStatus {
    Ready,
}

async fn readiness_get(app: Data<App>) -> Result<Json<Readiness>> {
    app.readiness().await?;
    Ok(Json(Readiness { status: ReadinessStatus::Ready }))
}
