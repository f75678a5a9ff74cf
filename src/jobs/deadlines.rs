//! The job of what time does to reviews: see [`crate::app::deadlines`].

use std::time::Duration;

use crate::app::deadlines::{Ran, Unfinished, run};
use crate::error::Result;
use crate::state::App;

/// How often it looks what is due.
const INTERVAL: Duration = Duration::from_secs(10);

/// Does what is due until it is dropped or aborted.
pub async fn keep(app: App) {
    loop {
        match run_once(&app).await {
            Ok(Ok(ran)) if ran == Ran::default() => {}
            Ok(Ok(ran)) => tracing::info!(?ran, "what was due in reviews is done"),
            Ok(Err(Unfinished { ran, failed })) => {
                tracing::warn!(
                    ?ran,
                    failed,
                    "not all that was due in reviews could be done; it is tried again"
                );
            }
            Err(error) => tracing::warn!(%error, cause = ?error.source, "reviews could not be looked after"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Does what is due now, as far as it can be done.
pub async fn run_once(app: &App) -> Result<Result<Ran, Unfinished>> {
    let desk = app.clone();
    app.think(move || Ok(run(&desk.db, &desk.context, &desk.rules(), desk.clock.now()))).await
}
