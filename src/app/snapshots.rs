//! The two snapshots that a node serves from, and how they follow the database.
//!
//! A refresh reads the versions first and what moved after them, so what it holds may be newer than the
//! version it carries, never older: the issuer compares versions under the lock, and an evaluation on
//! such a snapshot is simply done again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::access::Access;
use super::content_snapshot::ContentSnapshot;
use crate::clock::Clock;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::store::{Db, record};

/// How long a node may serve without having confirmed its snapshots (R17).
const MAX_UNCONFIRMED: Duration = Duration::from_secs(1);

/// What a node knows in memory.
pub struct Snapshots {
    db: Db,
    clock: Clock,
    content: ArcSwap<ContentSnapshot>,
    access: ArcSwap<Access>,
    /// When the versions were last seen to be these; held while refreshing.
    confirmed: Mutex<Instant>,
    /// The same for readers, who do not wait for a refresh.
    confirmed_at: ArcSwap<Instant>,
}

impl Snapshots {
    /// Reads both.
    pub fn load(db: Db, clock: Clock) -> Result<Self> {
        let started = Instant::now();
        let now = clock.now();
        let (content, access) = db.read_now(|conn| {
            let state = record::state(conn)?;
            let content = ContentSnapshot::load(conn, state.versions.content, now)?;
            Ok((content, Access::load(conn, now)?))
        })?;
        Ok(Self {
            db,
            clock,
            content: ArcSwap::from_pointee(content),
            access: ArcSwap::from_pointee(access),
            confirmed: Mutex::new(started),
            confirmed_at: ArcSwap::from_pointee(started),
        })
    }

    /// What is approved.
    pub fn content(&self) -> Arc<ContentSnapshot> {
        self.content.load_full()
    }

    /// The present time.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Who may do what.
    pub fn access(&self) -> Arc<Access> {
        self.access.load_full()
    }

    /// What is approved, if this node confirmed it within the last second; else 503 `stale`.
    pub fn confirmed_content(&self) -> Result<Arc<ContentSnapshot>> {
        if self.confirmed_at.load().elapsed() <= MAX_UNCONFIRMED {
            return Ok(self.content());
        }
        let detail = "This node has not heard from the database for a second: try again.";
        Err(Error::new(Code::Stale, detail).retry_after(1))
    }

    /// Brings both up to the database.
    pub fn refresh_now(&self) -> Result<()> {
        let mut confirmed = self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        let now = self.clock.now();
        let (content, access) = (self.content(), self.access());
        let (new_content, new_access) = self.db.read_now(|conn| {
            let versions = record::state(conn)?.versions;
            let new_content = match versions.content == content.version {
                true => None,
                false => Some(content.advance(conn, versions.content, now)?),
            };
            Ok((new_content, access.advance(conn, now)?))
        })?;
        if let Some(content) = new_content {
            self.content.store(Arc::new(content));
        }
        self.access.store(Arc::new(new_access));
        *confirmed = started;
        self.confirmed_at.store(Arc::new(started));
        Ok(())
    }

    /// Brings both up to the database in the background, unless that was done within `age`.
    pub async fn refresh_older_than(self: &Arc<Self>, age: Duration) -> Result<()> {
        if self.confirmed_at.load().elapsed() <= age {
            return Ok(());
        }
        self.refresh().await
    }

    /// The same in the background.
    pub async fn refresh(self: &Arc<Self>) -> Result<()> {
        let snapshots = Arc::clone(self);
        tokio::task::spawn_blocking(move || snapshots.refresh_now()).await.map_err(Error::internal)?
    }
}
