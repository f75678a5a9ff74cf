//! Whether this node should get requests, and why not.
//!
//! Migrations that wait are no reason here: while any do, a node does not start.

use std::time::Duration;

use super::context::Context;
use super::snapshots::Snapshots;
use crate::clock::Clock;
use crate::error::{Code, Error, Result};
use crate::store::{Db, record};

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
}

impl Unready {
    /// The reason's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unready::DatabaseUnreachable => "database_unreachable",
            Unready::SnapshotUnconfirmed => "snapshot_unconfirmed",
            Unready::ClockSkew => "clock_skew",
            Unready::OtherConfiguration => "other_configuration",
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
        }
    }
}

impl From<Unready> for Error {
    fn from(reason: Unready) -> Self {
        Error::new(Code::NotReady, reason.detail()).with("reason", reason.as_str()).retry_after(1)
    }
}

/// Refuses with 503 `not_ready` and the reason while this node should get no requests.
pub async fn check(db: &Db, context: &Context, snapshots: &Snapshots, clock: &Clock) -> Result<(), Unready> {
    if clock.excessive_skew().is_some() {
        return Err(Unready::ClockSkew);
    }
    let look = db.read(|conn| Ok(record::state(conn)?.config_digest));
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(Ok(in_force)) => check_config(in_force.as_deref(), context)?,
        Ok(Err(error)) => {
            tracing::warn!(%error, cause = ?error.source, "the database does not answer");
            return Err(Unready::DatabaseUnreachable);
        }
        Err(_) => return Err(Unready::DatabaseUnreachable),
    }
    if snapshots.is_confirmed() { Ok(()) } else { Err(Unready::SnapshotUnconfirmed) }
}

/// Refuses a node whose configuration is not the one in force, as the record states it.
pub fn check_config(in_force: Option<&str>, context: &Context) -> Result<(), Unready> {
    if in_force == Some(context.config_digest.as_str()) {
        return Ok(());
    }
    Err(Unready::OtherConfiguration)
}
