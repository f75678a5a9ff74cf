//! The watcher: asks the database, several times a second, whether anything moved, so that every node
//! follows a recall or a deactivation within a second (R17).

use std::time::Duration;

use crate::state::App;

/// Watches until it is dropped or aborted.
pub async fn watch(app: App) {
    let interval = Duration::from_millis(app.config.poll_milliseconds);
    loop {
        if let Err(error) = app.snapshots.refresh().await {
            tracing::warn!(%error, cause = ?error.source, "the snapshots could not be confirmed");
        }
        tokio::time::sleep(interval).await;
    }
}
