//! The sweeper: forgets idempotency keys whose retries have long ended. Those of shares stay (R16).

use std::time::Duration;

use crate::store::idempotency;
use crate::store::{Db, Lane};

/// How long a key answers retries.
const KEPT: Duration = Duration::from_secs(72 * 3600);

/// How often old keys are looked for.
const INTERVAL: Duration = Duration::from_secs(600);

/// Sweeps until it is dropped or aborted.
pub async fn sweep(db: Db) {
    loop {
        match db.write(Lane::Ordinary, |tx| idempotency::sweep(tx, tx.now().before(KEPT))).await {
            Ok(swept) => tracing::debug!(keys = swept.value, "old idempotency keys are forgotten"),
            Err(error) => tracing::warn!(%error, cause = ?error.source, "old idempotency keys stay"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
