//! Small jobs that keep a node honest and its tables small. Each is safe on several nodes at once.

use std::error::Error as _;
use std::time::{Duration, Instant};

use super::notifications;
use crate::error::Result;
use crate::state::App;
use crate::store::{Lane, idempotency, rechecks, sessions};

/// How often the database is asked for its time.
const CLOCK_INTERVAL: Duration = Duration::from_secs(10);
/// How often the last use of API keys is written down.
const LAST_USE_INTERVAL: Duration = Duration::from_secs(60);
/// How often old idempotency keys and sessions are forgotten, and how old they are then.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);
const KEYS_KEPT: Duration = Duration::from_secs(72 * 3600);
const SESSIONS_KEPT: Duration = Duration::from_hours(30 * 24);
/// How old rechecks are that are swept because they never took effect: none takes longer than minutes for that.
const RECHECKS_KEPT: Duration = Duration::from_hours(24);
/// How often bytes are removed that a redaction could not remove at once.
const REMOVAL_INTERVAL: Duration = Duration::from_secs(60);
/// How old bytes are that are swept because nothing names them: no upload and no save takes a day from its
/// first byte in the store to its commit, however slow the store and the database are.
const BYTES_KEPT: Duration = Duration::from_hours(24);

/// Keeps house until it is dropped or aborted.
pub async fn keep(app: App) {
    let (mut clock, mut uses, mut sweep) = (Due::now(), Due::now(), Due::now());
    loop {
        if clock.is_due(CLOCK_INTERVAL) {
            report("compare clocks", compare_clocks(&app).await);
        }
        if uses.is_due(LAST_USE_INTERVAL) {
            report("note last uses", app.last_uses.flush(&app.db).await);
        }
        if sweep.is_due(SWEEP_INTERVAL) {
            report("forget idempotency keys", forget_keys(&app).await);
            report("forget sessions", forget_sessions(&app).await);
            report("forget rechecks", forget_rechecks(&app).await);
            report("forget notifications", notifications::forget(&app).await);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Keeps the store of images until it is dropped or aborted. A job of its own: a store that is slow, or large,
/// holds up nothing else.
pub async fn keep_images(app: App) {
    check_store(&app).await;
    let (mut removal, mut sweep) = (Due::now(), Due::now());
    loop {
        if removal.is_due(REMOVAL_INTERVAL) {
            report("remove bytes of images", app.studio.remove_bytes(None).await);
        }
        if sweep.is_due(SWEEP_INTERVAL) {
            report("sweep images", sweep_images(&app).await);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Warns when the store of images cannot be written to: everything but uploads works without it.
async fn check_store(app: &App) {
    let blobs = &app.studio.blobs;
    if let Err(error) = blobs.check().await {
        let (place, cause) = (blobs.place(), error.source());
        tracing::warn!(%error, cause, place, "the store of images cannot be written to");
    }
}

/// Removes the bytes that nothing has named for a day.
pub async fn sweep_images(app: &App) -> Result<()> {
    let removed = app.studio.sweep(app.clock.now().before(BYTES_KEPT)).await?;
    if removed > 0 {
        tracing::info!(removed, "files of images that nothing names were removed");
    }
    Ok(())
}

/// Compares this node's clock with the database's; too far apart, writes are refused.
pub async fn compare_clocks(app: &App) -> Result<()> {
    app.db.compare_clocks().await?;
    if let Some(skew) = app.clock.excessive_skew() {
        tracing::error!(?skew, "this node's clock and the database's are apart: writes are refused");
    }
    Ok(())
}

/// Forgets the idempotency keys of everything but shares after 72 hours.
pub async fn forget_keys(app: &App) -> Result<()> {
    let before = app.clock.now().before(KEYS_KEPT);
    // A transaction for each part, so that other writes come between.
    while app.db.write(Lane::Ordinary, move |tx| idempotency::sweep(tx, before)).await?.value > 0 {}
    Ok(())
}

/// Forgets sessions 30 days after they were ended or expired.
pub async fn forget_sessions(app: &App) -> Result<()> {
    let before = app.clock.now().before(SESSIONS_KEPT);
    while app.db.write_unlocked(move |conn| sessions::sweep(conn, before)).await? > 0 {}
    Ok(())
}

/// Forgets what was written for rechecks that never took effect, a day after they were begun.
pub async fn forget_rechecks(app: &App) -> Result<()> {
    let before = app.clock.now().before(RECHECKS_KEPT);
    while app.db.write(Lane::Ordinary, move |tx| rechecks::sweep(tx, before)).await?.value > 0 {}
    Ok(())
}

/// When a job last ran.
struct Due(Option<Instant>);

impl Due {
    const fn now() -> Self {
        Self(None)
    }

    fn is_due(&mut self, interval: Duration) -> bool {
        let due = self.0.is_none_or(|ran| ran.elapsed() >= interval);
        if due {
            self.0 = Some(Instant::now());
        }
        due
    }
}

pub(super) fn report(job: &str, result: Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, cause = ?error.source, job, "a job failed; it runs again");
    }
}
