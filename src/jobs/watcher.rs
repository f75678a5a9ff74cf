//! The watcher: asks the database, several times a second, whether anything moved, so that every node
//! follows a recall or a deactivation within a second (R17); and every ten seconds what time it is there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::app::snapshots::Snapshots;
use crate::clock::Clock;
use crate::error::Result;
use crate::store::{Db, backend};

/// How often the database is asked for its time.
const CLOCK_INTERVAL: Duration = Duration::from_secs(10);

/// Watches until it is dropped or aborted.
pub async fn watch(db: Db, snapshots: Arc<Snapshots>, clock: Clock, interval: Duration) {
    let mut clock_asked: Option<Instant> = None;
    loop {
        if let Err(error) = snapshots.refresh().await {
            tracing::warn!(%error, cause = ?error.source, "the snapshots could not be confirmed");
        }
        if clock_asked.is_none_or(|asked| asked.elapsed() >= CLOCK_INTERVAL) {
            clock_asked = Some(Instant::now());
            if let Err(error) = compare_clocks(&db, &clock).await {
                tracing::warn!(%error, "the database's time could not be read");
            }
        }
        tokio::time::sleep(interval).await;
    }
}

/// Compares this node's clock with the database's.
pub async fn compare_clocks(db: &Db, clock: &Clock) -> Result<()> {
    let time = db.read(backend::database_time).await?;
    if let Some(time) = time {
        clock.observe_database(time);
    }
    if let Some(skew) = clock.excessive_skew() {
        tracing::error!(?skew, "this node's clock and the database's are apart: writes are refused");
    }
    Ok(())
}
