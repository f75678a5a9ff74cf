//! The one way to write: lock first, do what must be in order, append to the record, commit.
//!
//! A transaction locks the row of `record_state` before anything else, so that two writers never
//! interleave, and takes its time under that lock: the clock's, but never before the last entry's
//! (R21). Entries are gathered with [`WriteTx::append`] and written as the last act, together with the
//! versions that tell snapshots what moved. A transaction that lost a race for the lock is tried again.
//!
//! No write may hold the lock over 50 ms: [`Held`] measures each, from the lock to the end of the commit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::{Connection, TransactionManager};
use diesel::prelude::*;

use super::backend::{self, EntryRow, PersonalRow};
use super::connection::Conn;
use super::schema::record_state;
use super::types::is_retryable;
use crate::clock::Clock;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::record::statement::Prepared;

/// How often a transaction that lost a race is tried in all.
const TRIES: u32 = 5;

/// How long a write may hold the lock.
const HELD_MAX: Duration = Duration::from_millis(50);

type Manager = <Conn as Connection>::TransactionManager;

/// A transaction that holds the lock of the record.
pub struct WriteTx<'a> {
    conn: &'a mut Conn,
    now: Time,
    before: Versions,
    versions: Versions,
    size: i64,
    config_digest: Option<String>,
    entries: Vec<EntryRow>,
    personal: Vec<PersonalRow>,
}

/// The versions that tell a snapshot whether it is still the present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Versions {
    /// Moves with content, endings, freezes and rules.
    pub content: i64,
    /// Moves with who is active, their roles, country and groups, and with API keys.
    pub access: i64,
}

/// Where an entry stands in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its index.
    pub index: i64,
    /// The hash of its leaf.
    pub leaf_hash: [u8; 32],
}

/// What a committed transaction answers.
#[derive(Debug)]
pub struct Committed<T> {
    /// What the work answered.
    pub value: T,
    /// Whether content or access moved, so that snapshots must follow.
    pub moved: bool,
}

impl WriteTx<'_> {
    /// The connection, inside the transaction.
    pub fn conn(&mut self) -> &mut Conn {
        self.conn
    }

    /// The time of this transaction.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The versions as they stand in this transaction.
    pub fn versions(&self) -> Versions {
        self.versions
    }

    /// The digest of the configuration in force.
    pub fn config_digest(&self) -> Option<&str> {
        self.config_digest.as_deref()
    }

    /// Says that the content changed, and answers the version to write on what was touched.
    pub fn move_content(&mut self) -> i64 {
        self.versions.content = self.before.content + 1;
        self.versions.content
    }

    /// Says that access changed, and answers the version to write on the persons touched.
    pub fn move_access(&mut self) -> i64 {
        self.versions.access = self.before.access + 1;
        self.versions.access
    }

    /// Puts another configuration in force.
    pub fn set_config_digest(&mut self, digest: String) {
        self.config_digest = Some(digest);
    }

    /// Appends an entry to the record. Its index is final once the transaction commits.
    pub fn append(&mut self, prepared: &Prepared) -> Result<Receipt> {
        let sealed = prepared.finish(self.now.millis(), self.now.month()).map_err(Error::internal)?;
        let index = self.next_index();
        self.entries.push(EntryRow {
            idx: index,
            event_id: prepared.event_id().to_string(),
            typ: prepared.event().as_str(),
            occurred_at: self.now.micros(),
            statement: sealed.statement,
            fields: sealed.fields,
            leaf_hash: sealed.leaf_hash.to_vec(),
            record_key: sealed.record_key.to_vec(),
        });
        self.personal.extend(sealed.personal.into_iter().map(|field| PersonalRow {
            idx: index,
            field: field.name,
            person_id: field.person_id.to_string(),
            ciphertext: field.ciphertext,
        }));
        Ok(Receipt { index, leaf_hash: sealed.leaf_hash })
    }

    /// The index that the next entry will get.
    pub fn next_index(&self) -> i64 {
        self.size + i64::try_from(self.entries.len()).unwrap_or(i64::MAX)
    }

    /// The last act: entries, and the row that was locked.
    fn finish(&mut self) -> Result<()> {
        backend::insert_entries(self.conn, &self.entries, &self.personal)?;
        let size = self.next_index();
        let updated_at = if self.entries.is_empty() { None } else { Some(self.now.micros()) };
        let changes = RecordStateChange {
            size,
            content_version: self.versions.content,
            access_version: self.versions.access,
            config_digest: self.config_digest.as_deref(),
            updated_at,
        };
        let hit = diesel::update(record_state::table.find(1).filter(record_state::size.eq(self.size)))
            .set(changes)
            .execute(self.conn)?;
        if hit == 1 { Ok(()) } else { Err(Error::internal("the locked row of the record moved")) }
    }
}

#[derive(AsChangeset)]
#[diesel(table_name = record_state)]
struct RecordStateChange<'a> {
    size: i64,
    content_version: i64,
    access_version: i64,
    config_digest: Option<&'a str>,
    updated_at: Option<i64>,
}

/// Runs `work` in a transaction that holds the lock, and tries again when it lost a race.
pub(super) fn write<T>(
    conn: &mut Conn,
    clock: &Clock,
    held: &Held,
    mut work: impl FnMut(&mut WriteTx<'_>) -> Result<T>,
) -> Result<Committed<T>> {
    if let Some(skew) = clock.excessive_skew() {
        let detail = format!("This node's clock and the database's are {:.1} s apart.", skew.as_secs_f64());
        return Err(Error::new(Code::NotReady, detail).retry_after(10));
    }
    let mut tries = 1;
    loop {
        let mut since = None;
        let done = write_once(conn, clock, &mut since, &mut work);
        if let Some(since) = since {
            held.note(since.elapsed());
        }
        match done {
            Err(error) if tries < TRIES && is_retryable(&error) => {
                std::thread::sleep(Duration::from_millis(5 << tries));
                tries += 1;
            }
            result => return result,
        }
    }
}

/// Answers in `since` when it got the lock.
fn write_once<T>(
    conn: &mut Conn,
    clock: &Clock,
    since: &mut Option<Instant>,
    work: &mut impl FnMut(&mut WriteTx<'_>) -> Result<T>,
) -> Result<Committed<T>> {
    backend::begin_write(conn)?;
    match locked(conn, clock, since, work) {
        Ok(committed) => {
            Manager::commit_transaction(conn)?;
            Ok(committed)
        }
        Err(error) => {
            // A broken connection cannot roll back; the pool drops it, and the cause is what matters.
            let _ = Manager::rollback_transaction(conn);
            Err(error)
        }
    }
}

fn locked<T>(
    conn: &mut Conn,
    clock: &Clock,
    since: &mut Option<Instant>,
    work: &mut impl FnMut(&mut WriteTx<'_>) -> Result<T>,
) -> Result<Committed<T>> {
    let (size, content, access, config_digest, updated_at) = backend::lock_state(conn)?;
    *since = Some(Instant::now());
    let before = Versions { content, access };
    let mut tx = WriteTx {
        conn,
        now: clock.now().max(Time::from_micros(updated_at)),
        before,
        versions: before,
        size,
        config_digest,
        entries: Vec::new(),
        personal: Vec::new(),
    };
    let value = work(&mut tx)?;
    tx.finish()?;
    Ok(Committed { value, moved: tx.versions != tx.before })
}

/// Runs `work` in a transaction that sees one moment and writes nothing.
pub(super) fn read<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    backend::begin_read(conn)?;
    let result = work(conn);
    // Nothing was written, so how it ends does not matter; a broken connection is dropped by the pool.
    let _ = Manager::rollback_transaction(conn);
    result
}

/// Runs `work` in a transaction without the lock: for sessions, refreshes, last use and notifications only.
pub(super) fn write_unlocked<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    backend::begin_write(conn)?;
    match work(conn) {
        Ok(value) => {
            Manager::commit_transaction(conn)?;
            Ok(value)
        }
        Err(error) => {
            let _ = Manager::rollback_transaction(conn);
            Err(error)
        }
    }
}

/// How long writes of this process held the lock at most.
///
/// One that held it too long is warned of. Each that held it longer than all before is told at the level
/// debug, so that the longest is the last one that the log tells of.
#[derive(Debug, Default)]
pub(super) struct Held {
    longest_micros: AtomicU64,
}

impl Held {
    fn note(&self, held: Duration) {
        let held_micros = u64::try_from(held.as_micros()).unwrap_or(u64::MAX);
        let longest = self.longest_micros.fetch_max(held_micros, Ordering::Relaxed);
        if held > HELD_MAX {
            tracing::warn!(held_micros, "a write held the lock longer than 50 ms");
        } else if held_micros > longest {
            tracing::debug!(held_micros, "the longest write under the lock so far");
        }
    }
}

/// Lets one write of this process run at a time, and the urgent ones first.
///
/// The database's lock would order them as well, but it knows no lane that goes first (R17).
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    busy: bool,
    urgent_waiting: usize,
}

/// The right to write, until it is dropped.
pub(super) struct Turn<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Waits for a turn; an urgent one goes before all that are not.
    pub(super) fn wait(&self, urgent: bool) -> Turn<'_> {
        let mut state = self.lock();
        if urgent {
            state.urgent_waiting += 1;
        }
        while state.busy || (!urgent && state.urgent_waiting > 0) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if urgent {
            state.urgent_waiting -= 1;
        }
        state.busy = true;
        Turn { gate: self }
    }

    fn lock(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.gate.lock().busy = false;
        self.gate.changed.notify_all();
    }
}
