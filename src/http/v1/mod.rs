//! The endpoints: request and response types, and handlers of about ten lines, a file for each resource.

mod answers;
mod feed;
mod health;
mod kits;
mod readiness;
mod secret;
mod sessions;
mod shares;
mod sharing;

use super::table::Route;

/// Every route, resource by resource.
pub fn routes() -> Vec<Route> {
    [
        health::routes(),
        readiness::routes(),
        sessions::routes(),
        feed::routes(),
        kits::routes(),
        shares::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
