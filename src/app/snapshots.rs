//! The two snapshots that a node serves from, and how they follow the database.
//!
//! A refresh reads the versions first and what moved after them, so what it holds may be newer than the
//! version it carries, never older: the issuer compares versions under the lock, and an evaluation on
//! such a snapshot is simply done again.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::access::Access;
use super::content_snapshot::ContentSnapshot;
use super::context::Context;
use super::rule_findings::RecentRules;
use crate::clock::Clock;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::keys::Keys;
use crate::store::{Db, record};

/// How long a node may serve without having confirmed its snapshots (R17).
const MAX_UNCONFIRMED: Duration = Duration::from_secs(1);

/// What a node knows in memory.
pub struct Snapshots {
    db: Db,
    clock: Clock,
    /// What the sealed values in the access snapshot are opened with.
    keys: Arc<Keys>,
    content: ArcSwap<ContentSnapshot>,
    access: ArcSwap<Access>,
    /// Rules that somebody asked about, in force or not.
    pub recent_rules: RecentRules,
    /// Held while refreshing.
    refreshing: Mutex<()>,
    /// When the versions were last seen to be these.
    confirmed_at: ArcSwap<Instant>,
    /// The time of the last entry, in microseconds.
    last_entry: AtomicI64,
}

impl Snapshots {
    /// Reads both.
    pub fn load(db: Db, clock: Clock, context: &Context) -> Result<Self> {
        let started = Instant::now();
        let now = clock.now();
        let empty = ContentSnapshot::empty(&context.config_digest)?;
        let (state, content, access) = db.read_now(|conn| {
            let state = record::state(conn)?;
            let content = empty.advance(conn, state.versions.content, now)?;
            let access = Access::load(conn, &context.keys, now)?;
            Ok((state, content, access))
        })?;
        Ok(Self {
            db,
            clock,
            keys: Arc::clone(&context.keys),
            content: ArcSwap::from_pointee(content.with_rules(now)?),
            access: ArcSwap::from_pointee(access),
            recent_rules: RecentRules::default(),
            refreshing: Mutex::new(()),
            confirmed_at: ArcSwap::from_pointee(started),
            last_entry: AtomicI64::new(state.updated_at.micros()),
        })
    }

    /// What is approved.
    pub fn content(&self) -> Arc<ContentSnapshot> {
        self.content.load_full()
    }

    /// The present time, as a transaction would take it: never before the last entry's.
    pub fn now(&self) -> Time {
        self.clock.now().max(Time::from_micros(self.last_entry.load(Ordering::Acquire)))
    }

    /// Who may do what.
    pub fn access(&self) -> Arc<Access> {
        self.access.load_full()
    }

    /// Whether this node heard from the database within the last second.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed_at.load().elapsed() <= MAX_UNCONFIRMED
    }

    /// What is approved, confirmed within the last second; a node whose watcher fell behind asks the
    /// database itself, and only one that cannot reach it answers 503 `stale`.
    pub async fn confirmed_content(self: &Arc<Self>) -> Result<Arc<ContentSnapshot>> {
        self.refresh_older_than(MAX_UNCONFIRMED).await.map_err(|error| {
            let detail = "This node has not heard from the database for a second: try again.";
            Error { source: error.source, ..Error::new(Code::Stale, detail).retry_after(1) }
        })?;
        Ok(self.content())
    }

    /// Brings both up to the database.
    pub fn refresh_now(&self) -> Result<()> {
        let _one_at_a_time = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        self.refresh_locked()
    }

    /// Brings both up to the database after a write, so that whoever wrote can read what they wrote. What was
    /// written stands where that fails: the watcher tries again.
    pub fn follow(&self) {
        if let Err(error) = self.refresh_now() {
            tracing::warn!(%error, "the snapshots could not follow a write");
        }
    }

    /// Brings both up to what the database held at `since`. Whoever waits while others refresh may find that
    /// done, so that however many ask, few queries are made.
    fn refresh_since(&self, since: Instant) -> Result<()> {
        let _one_at_a_time = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        if **self.confirmed_at.load() >= since { Ok(()) } else { self.refresh_locked() }
    }

    /// Whoever calls this holds `refreshing`.
    fn refresh_locked(&self) -> Result<()> {
        let started = Instant::now();
        let now = self.now();
        let (content, access) = (self.content(), self.access());
        let (state, new_content, new_access) = self.db.read_now(|conn| {
            let state = record::state(conn)?;
            let versions = state.versions;
            let new_content = match versions.content == content.version {
                true => None,
                false => Some(content.advance(conn, versions.content, now)?),
            };
            let new_access = access.advance(conn, &self.keys, now)?;
            Ok((state, new_content, new_access))
        })?;
        if let Some(content) = new_content {
            // Compiling rules takes its time, so it holds no connection.
            self.content.store(Arc::new(content.with_rules(now)?));
        }
        self.access.store(Arc::new(new_access));
        self.last_entry.fetch_max(state.updated_at.micros(), Ordering::AcqRel);
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

    /// Brings both up to what the database held when `since` was, in the background.
    pub async fn confirm_since(self: &Arc<Self>, since: Instant) -> Result<()> {
        let snapshots = Arc::clone(self);
        tokio::task::spawn_blocking(move || snapshots.refresh_since(since)).await.map_err(Error::internal)?
    }

    /// Brings both up to the database in the background.
    pub async fn refresh(self: &Arc<Self>) -> Result<()> {
        let snapshots = Arc::clone(self);
        tokio::task::spawn_blocking(move || snapshots.refresh_now()).await.map_err(Error::internal)?
    }
}
