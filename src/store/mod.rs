//! All SQL: connection, schema, types, and one file for each resource.
//!
//! A function here does one query or one small group of queries, takes the connection (to read) or the
//! [`write::WriteTx`] (to write), and knows no rule but those that the database itself holds. What
//! differs between SQLite and PostgreSQL is in [`backend`] and nowhere else.

pub mod acceptances;
pub mod accounts;
pub mod announcements;
pub mod api_keys;
pub mod backend;
pub mod blobs;
pub mod campaign_shares;
pub mod campaigns;
pub mod connection;
pub mod delegations;
pub mod fingerprints;
pub mod freezes;
pub mod go_live_checks;
pub mod groups;
pub mod idempotency;
pub mod image_files;
pub mod items;
pub mod notifications;
pub mod people;
pub mod post_imports;
pub mod post_proposals;
pub mod rechecks;
pub mod recipients;
pub mod record;
pub mod responsibilities;
pub mod review_comments;
pub mod review_stages;
pub mod review_suggestions;
pub mod reviewers;
pub mod reviews;
pub mod revisions;
pub mod schema;
pub mod sessions;
pub mod shares;
pub mod subject_keys;
pub mod topics;
pub mod trainings;
pub mod types;
pub mod urgent_publications;
pub mod uses;
pub mod workflows;
pub mod write;

use std::sync::Arc;
use std::thread::available_parallelism;

use diesel::r2d2::Pool;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::error::{Code, Error, Result};
use connection::{Access, Conn, DatabaseUrl, Manager, Pooled};
use write::{Committed, Gate, Held, WriteTx};

/// Writes that may wait in a process before a further one is told to come back.
const WRITES_WAITING: usize = 256;

/// The database: pools of connections, and the ways to read and to write.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    gate: Gate,
    held: Held,
    waiting: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    clock: Clock,
}

/// Whether a write may overtake the others of its process: recalls and freezes do (R17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// In turn.
    Ordinary,
    /// Before all that is not urgent.
    Urgent,
}

impl Db {
    /// Opens both pools. `connections` bounds those to PostgreSQL; SQLite has one writer and a reader
    /// for each core, twice.
    pub fn open(url: &DatabaseUrl, connections: u32, clock: Clock) -> Result<Self> {
        let cores = available_parallelism().map_or(2, |cores| u32::try_from(cores.get()).unwrap_or(2));
        let (reading, writing) = match url {
            DatabaseUrl::Sqlite(_) => (cores * 2, 1),
            DatabaseUrl::Postgres(_) => (connections.saturating_sub(2).max(1), 2),
        };
        let writers = connection::open_pool(url, Access::ReadWrite, writing)?;
        let readers = connection::open_pool(url, Access::ReadOnly, reading)?;
        Ok(Self {
            inner: Arc::new(Inner {
                url: url.clone(),
                readers,
                writers,
                gate: Gate::default(),
                held: Held::default(),
                waiting: Arc::new(Semaphore::new(WRITES_WAITING)),
                reading: Arc::new(Semaphore::new(reading as usize * 2)),
                clock,
            }),
        })
    }

    /// The address that was opened.
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// Refuses a database that may lose what was answered, and runs the migrations that wait; or
    /// refuses while any do, where the operator runs them apart.
    pub fn prepare(&self, migrate: bool) -> Result<Vec<String>> {
        let mut conn = self.writer()?;
        backend::check_durability(&mut conn)?;
        if migrate {
            return backend::migrate(&mut conn);
        }
        if backend::has_pending_migrations(&mut conn)? {
            let detail = "Migrations wait to be run: run `greenlight migrate` first.";
            return Err(Error::new(Code::NotReady, detail));
        }
        Ok(Vec::new())
    }

    /// Reads in the background.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let permit = self.inner.reading.clone().acquire_owned().await.map_err(Error::internal)?;
        let db = self.clone();
        blocking(move || {
            let _permit = permit;
            db.read_now(work)
        })
        .await
    }

    /// Reads on this thread. All that `work` reads is of one moment.
    pub fn read_now<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = self.inner.readers.get().map_err(busy)?;
        write::read(&mut conn, work)
    }

    /// Compares this node's clock with the database's, outside any transaction.
    pub async fn compare_clocks(&self) -> Result<()> {
        let db = self.clone();
        blocking(move || db.compare_clocks_now()).await
    }

    /// The same on this thread.
    pub fn compare_clocks_now(&self) -> Result<()> {
        let mut conn = self.inner.readers.get().map_err(busy)?;
        backend::compare_clocks(&mut conn, &self.inner.clock)
    }

    /// Writes in the background: see [`write`].
    pub async fn write<T, F>(&self, lane: Lane, work: F) -> Result<Committed<T>>
    where
        T: Send + 'static,
        F: FnMut(&mut WriteTx<'_>) -> Result<T> + Send + 'static,
    {
        let permit = match lane {
            Lane::Urgent => None,
            Lane::Ordinary => Some(self.inner.waiting.clone().try_acquire_owned().map_err(busy)?),
        };
        let db = self.clone();
        blocking(move || {
            let _permit = permit;
            db.write_now(lane, work)
        })
        .await
    }

    /// Writes on this thread.
    pub fn write_now<T>(
        &self,
        lane: Lane,
        work: impl FnMut(&mut WriteTx<'_>) -> Result<T>,
    ) -> Result<Committed<T>> {
        let _turn = self.inner.gate.wait(lane == Lane::Urgent);
        let mut conn = self.writer()?;
        write::write(&mut conn, &self.inner.clock, &self.inner.held, work)
    }

    /// Writes without the record's lock: sessions, refreshes, last use and notifications only.
    pub async fn write_unlocked<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let permit = self.inner.waiting.clone().try_acquire_owned().map_err(busy)?;
        let db = self.clone();
        blocking(move || {
            let _permit = permit;
            db.write_unlocked_now(work)
        })
        .await
    }

    /// The same on this thread.
    pub fn write_unlocked_now<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let _turn = self.inner.gate.wait(false);
        let mut conn = self.writer()?;
        write::write_unlocked(&mut conn, work)
    }

    fn writer(&self) -> Result<Pooled> {
        self.inner.writers.get().map_err(busy)
    }
}

fn busy(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error { source: Some(Box::new(error)), ..Error::unavailable("Too many requests wait for the database.") }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
