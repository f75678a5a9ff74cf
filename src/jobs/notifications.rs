//! Notifications: telling people soon after something happened, and forgetting what is long past. Each is safe
//! on several nodes at once.

use std::time::Duration;

use super::housekeeping::report;
use crate::app::notifications;
use crate::error::Result;
use crate::state::App;
use crate::store::{announcements, notifications as rows};

/// How often it is looked whether something waits to be told.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long what was read is kept.
const READ_KEPT: Duration = Duration::from_hours(90 * 24);
/// How long everything else is kept.
const KEPT: Duration = Duration::from_hours(400 * 24);

/// Tells people of what was announced, until it is dropped or aborted.
pub async fn tell(app: App) {
    loop {
        let (db, clock) = (app.db.clone(), app.clock.clone());
        let told = app.think(move || notifications::spread(&db, &clock)).await;
        report("tell people", told.map(|_| ()));
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Forgets what was read of what happened more than 90 days ago, and everything from more than 400 days ago,
/// read or not; what is announced and not told yet stays.
pub async fn forget(app: &App) -> Result<()> {
    let now = app.clock.now();
    let (before, read_before) = (now.before(KEPT), now.before(READ_KEPT));
    // A transaction for each part, so that other writes come between.
    while app.db.write_unlocked(move |conn| rows::sweep(conn, read_before, true)).await? > 0 {}
    while app.db.write_unlocked(move |conn| rows::sweep(conn, before, false)).await? > 0 {}
    while app.db.write_unlocked(move |conn| announcements::sweep(conn, before)).await? > 0 {}
    Ok(())
}
