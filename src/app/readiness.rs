//! Whether this node should get requests, and why not.

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::snapshots::Snapshots;
use crate::clock::Clock;
use crate::error::{Code, Error, Result};
use crate::store::{Db, backend, record};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why a node is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unready {
    /// The database does not answer, or not in time.
    DatabaseUnreachable,
    /// What is live and who may act was not confirmed for a second.
    SnapshotUnconfirmed,
    /// This node's clock and the database's are too far apart: writes are refused.
    ClockSkew,
    /// Another node put other channels or another organisation in force.
    OtherConfiguration,
    /// The database lacks migrations that this version needs.
    PendingMigrations,
}

impl Unready {
    /// The reason's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unready::DatabaseUnreachable => "database_unreachable",
            Unready::SnapshotUnconfirmed => "snapshot_unconfirmed",
            Unready::ClockSkew => "clock_skew",
            Unready::OtherConfiguration => "other_configuration",
            Unready::PendingMigrations => "pending_migrations",
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Unready::DatabaseUnreachable => "The database does not answer.",
            Unready::SnapshotUnconfirmed => "This node has not heard from the database for a second.",
            Unready::ClockSkew => "This node's clock and the database's are more than two seconds apart.",
            Unready::OtherConfiguration => {
                "Another node runs with other channels or another organisation: give all the same \
                 configuration and restart them. This node issues no shares."
            }
            Unready::PendingMigrations => "Migrations wait to be run: run `greenlight migrate`.",
        }
    }
}

impl From<Unready> for Error {
    fn from(reason: Unready) -> Self {
        Error::new(Code::NotReady, reason.detail()).with("reason", reason.as_str()).retry_after(1)
    }
}

/// Refuses with 503 `not_ready` and the reason while this node should get no requests.
pub async fn check(
    db: &Db,
    context: &Arc<Context>,
    snapshots: &Snapshots,
    clock: &Clock,
) -> Result<(), Unready> {
    if clock.excessive_skew().is_some() {
        return Err(Unready::ClockSkew);
    }
    let context = Arc::clone(context);
    let look = db.read(move |conn| {
        if backend::has_pending_migrations(conn)? {
            return Ok(Err(Unready::PendingMigrations));
        }
        let config_digest = record::state(conn)?.config_digest;
        Ok(check_config(config_digest.as_deref(), &context))
    });
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(Ok(found)) => found?,
        Ok(Err(_)) | Err(_) => return Err(Unready::DatabaseUnreachable),
    }
    snapshots.confirmed_content().map(|_| ()).map_err(|_| Unready::SnapshotUnconfirmed)
}

/// Refuses a node whose configuration is not the one in force, as the record states it.
pub fn check_config(in_force: Option<&str>, context: &Context) -> Result<(), Unready> {
    if in_force == Some(context.config_digest.as_str()) {
        return Ok(());
    }
    Err(Unready::OtherConfiguration)
}
