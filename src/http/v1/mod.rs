//! The endpoints: request and response types, and handlers of about ten lines, a file for each resource.

mod answers;
mod api_keys;
mod feed;
mod groups;
mod health;
mod kits;
mod me;
mod people;
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
        people::routes(),
        groups::routes(),
        me::routes(),
        api_keys::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
