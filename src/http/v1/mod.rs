//! The endpoints: request and response types, and handlers of about ten lines, a file for each resource.

mod health;

use super::table::Route;

/// Every route, resource by resource.
pub fn routes() -> Vec<Route> {
    [health::routes()].into_iter().flatten().collect()
}
