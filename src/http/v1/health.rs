//! Whether the process is alive.

use actix_web::web::Json;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::app::actor::Permission;
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let health = Operation::new(
        "health_get",
        "service",
        "Ask whether the process is alive",
        "Answers as long as the process can answer at all; it looks at nothing else.",
    )
    .answer::<Health>(200, "It is alive.", json!({ "status": "ok" }))
    .event(NO_EVENT);
    vec![Route::get("/healthz", Permission::Public, health, health_get)]
}

/// The state of the process.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`.
    status: HealthStatus,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthStatus {
    Ok,
}

async fn health_get() -> Json<Health> {
    Json(Health { status: HealthStatus::Ok })
}
