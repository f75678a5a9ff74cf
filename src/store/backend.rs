//! The few statements that differ between SQLite and PostgreSQL: everything else is written once.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::migration::MigrationVersion;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::Conn;
use super::schema::{
    announcements, idempotency_keys, imported_posts, notifications, post_import_rows, recheck_posts,
    record_entries, record_personal, record_state, responsibility_holders, revision_pins, shares,
};
use crate::clock::Clock;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// An advisory lock that processes take while they migrate one PostgreSQL database.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(7236914)";
const MIGRATION_UNLOCK: &str = "SELECT pg_advisory_unlock(7236914)";

/// Runs the migrations that have not run yet, and answers their versions.
pub fn migrate(conn: &mut Conn) -> Result<Vec<String>> {
    let versions = |versions: Vec<MigrationVersion<'_>>| versions.iter().map(ToString::to_string).collect();
    match conn {
        Conn::Sqlite(inner) => inner.run_pending_migrations(SQLITE).map(versions).map_err(Error::internal),
        Conn::Postgres(inner) => {
            inner.batch_execute(MIGRATION_LOCK)?;
            let ran = inner.run_pending_migrations(POSTGRES).map(versions).map_err(Error::internal);
            inner.batch_execute(MIGRATION_UNLOCK)?;
            ran
        }
    }
}

/// Whether migrations wait to be run.
pub fn has_pending_migrations(conn: &mut Conn) -> Result<bool> {
    match conn {
        Conn::Sqlite(inner) => inner.has_pending_migration(SQLITE).map_err(Error::internal),
        // diesel first makes sure of its own table, which a connection for reading would refuse.
        Conn::Postgres(inner) => inner
            .build_transaction()
            .read_write()
            .run(|conn| conn.has_pending_migration(POSTGRES).map_err(Error::internal)),
    }
}

/// Begins a transaction that writes: SQLite's own lock is taken at once, since a transaction that
/// begins by reading fails when it comes to write.
pub(super) fn begin_write(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Sqlite(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE")?,
        Conn::Postgres(inner) => AnsiTransactionManager::begin_transaction(inner)?,
    }
    Ok(())
}

/// Begins a transaction that only reads: every query in it sees the same moment.
pub(super) fn begin_read(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Sqlite(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN DEFERRED")?,
        Conn::Postgres(inner) => {
            let sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            AnsiTransactionManager::begin_transaction_sql(inner, sql)?;
        }
    }
    Ok(())
}

/// The row of `record_state`, held until the transaction ends.
pub(super) fn lock_state(conn: &mut Conn) -> Result<(i64, i64, i64, Option<String>, i64)> {
    let columns = (
        record_state::size,
        record_state::content_version,
        record_state::access_version,
        record_state::config_digest,
        record_state::updated_at,
    );
    let row = match conn {
        Conn::Sqlite(inner) => record_state::table.select(columns).first(inner)?,
        Conn::Postgres(inner) => record_state::table.select(columns).for_update().first(inner)?,
    };
    Ok(row)
}

/// One row of `record_entries` to be written.
#[derive(Insertable)]
#[diesel(table_name = record_entries)]
pub(super) struct EntryRow {
    pub idx: i64,
    pub event_id: String,
    pub typ: &'static str,
    pub occurred_at: i64,
    pub statement: String,
    pub fields: String,
    pub leaf_hash: Vec<u8>,
    pub record_key: Vec<u8>,
}

/// One row of `record_personal` to be written.
#[derive(Insertable)]
#[diesel(table_name = record_personal)]
pub(super) struct PersonalRow {
    pub idx: i64,
    pub field: &'static str,
    pub person_id: String,
    pub ciphertext: Vec<u8>,
}

/// Rows written by one statement: well below both databases' limits on bound values.
const ROWS_A_STATEMENT: usize = 500;

/// Writes entries and their personal values, many rows to a statement.
pub(super) fn insert_entries(conn: &mut Conn, entries: &[EntryRow], personal: &[PersonalRow]) -> Result<()> {
    for rows in entries.chunks(ROWS_A_STATEMENT) {
        match conn {
            Conn::Sqlite(inner) => diesel::insert_into(record_entries::table).values(rows).execute(inner)?,
            Conn::Postgres(inner) => {
                diesel::insert_into(record_entries::table).values(rows).execute(inner)?
            }
        };
    }
    for rows in personal.chunks(ROWS_A_STATEMENT) {
        match conn {
            Conn::Sqlite(inner) => diesel::insert_into(record_personal::table).values(rows).execute(inner)?,
            Conn::Postgres(inner) => {
                diesel::insert_into(record_personal::table).values(rows).execute(inner)?
            }
        };
    }
    Ok(())
}

/// One row of `shares` to be written.
#[derive(Insertable)]
#[diesel(table_name = shares)]
pub(super) struct NewShare<'a> {
    pub id: String,
    pub idx: i64,
    pub item_id: String,
    pub kind: &'a str,
    pub revision: i64,
    pub digest: &'a str,
    pub person_id: Option<String>,
    pub client_id: Option<String>,
    pub channel: &'a str,
    pub language: &'a str,
    pub copy_id: &'a str,
    pub state: &'a str,
    pub parts: &'a str,
    pub disclaimers: &'a str,
    pub link: Option<&'a str>,
    pub headline: Option<&'a str>,
    pub intent_template: Option<&'a str>,
    pub delivery: &'a str,
    pub must_paste: bool,
    pub rules_digest: &'a str,
    pub issued_at: i64,
    pub lapses_at: i64,
    pub images: &'a str,
    pub campaign: Option<&'a str>,
}

/// Writes shares, many rows to a statement.
pub(super) fn insert_shares(conn: &mut Conn, new: &[NewShare<'_>]) -> Result<()> {
    for rows in new.chunks(ROWS_A_STATEMENT) {
        match conn {
            Conn::Sqlite(inner) => diesel::insert_into(shares::table).values(rows).execute(inner)?,
            Conn::Postgres(inner) => diesel::insert_into(shares::table).values(rows).execute(inner)?,
        };
    }
    Ok(())
}

/// One row of `idempotency_keys` to be written.
#[derive(Insertable)]
#[diesel(table_name = idempotency_keys)]
pub(super) struct NewKey<'a> {
    pub client_id: String,
    pub person_id: String,
    pub operation: &'a str,
    pub key: &'a str,
    pub status: i64,
    pub resource_id: String,
    pub body_hmac: &'a str,
    pub created_at: i64,
}

/// Writes idempotency keys, many rows to a statement.
pub(super) fn insert_keys(conn: &mut Conn, new: &[NewKey<'_>]) -> Result<()> {
    for rows in new.chunks(ROWS_A_STATEMENT) {
        match conn {
            Conn::Sqlite(inner) => {
                diesel::insert_into(idempotency_keys::table).values(rows).execute(inner)?
            }
            Conn::Postgres(inner) => {
                diesel::insert_into(idempotency_keys::table).values(rows).execute(inner)?
            }
        };
    }
    Ok(())
}

/// One row of `revision_pins` to be written.
#[derive(Insertable)]
#[diesel(table_name = revision_pins)]
pub(super) struct NewPin {
    pub item_id: String,
    pub revision: i64,
    pub pinned_id: String,
    pub pinned_revision: i64,
}

/// Writes what revisions pin, many rows to a statement.
pub(super) fn insert_pins(conn: &mut Conn, new: &[NewPin]) -> Result<()> {
    for rows in new.chunks(ROWS_A_STATEMENT) {
        match conn {
            Conn::Sqlite(inner) => diesel::insert_into(revision_pins::table).values(rows).execute(inner)?,
            Conn::Postgres(inner) => diesel::insert_into(revision_pins::table).values(rows).execute(inner)?,
        };
    }
    Ok(())
}

/// One row of `recheck_posts` to be written.
#[derive(Insertable)]
#[diesel(table_name = recheck_posts)]
pub(super) struct NewRecheckPost {
    pub recheck_id: String,
    pub post_id: String,
    pub revision: i64,
    pub because: &'static str,
}

/// Writes which posts a recheck touches, many rows to a statement.
pub(super) fn insert_recheck_posts(conn: &mut Conn, new: &[NewRecheckPost]) -> Result<()> {
    for rows in new.chunks(ROWS_A_STATEMENT) {
        match conn {
            Conn::Sqlite(inner) => diesel::insert_into(recheck_posts::table).values(rows).execute(inner)?,
            Conn::Postgres(inner) => diesel::insert_into(recheck_posts::table).values(rows).execute(inner)?,
        };
    }
    Ok(())
}

/// One row of `responsibility_holders` to be written: it has either a person or a group.
#[derive(Insertable)]
#[diesel(table_name = responsibility_holders)]
pub(super) struct NewHolder {
    pub id: String,
    pub responsibility_id: String,
    pub person_id: Option<String>,
    pub group_id: Option<String>,
    pub deputy: bool,
    pub from_at: i64,
}

/// Writes who holds a responsibility, many rows to a statement.
pub(super) fn insert_holders(conn: &mut Conn, new: &[NewHolder]) -> Result<()> {
    for rows in new.chunks(ROWS_A_STATEMENT) {
        match conn {
            Conn::Sqlite(inner) => {
                diesel::insert_into(responsibility_holders::table).values(rows).execute(inner)?
            }
            Conn::Postgres(inner) => {
                diesel::insert_into(responsibility_holders::table).values(rows).execute(inner)?
            }
        };
    }
    Ok(())
}

/// One row of `post_import_rows` to be written.
#[derive(Insertable)]
#[diesel(table_name = post_import_rows)]
pub(super) struct NewImportRow<'a> {
    pub import_id: String,
    pub row: i64,
    pub line: i64,
    pub external_id: Option<&'a str>,
    pub result: &'a str,
    pub differs: bool,
    pub item_id: Option<String>,
    pub problem: Option<&'a str>,
}

/// One row of `imported_posts` to be written.
#[derive(Insertable)]
#[diesel(table_name = imported_posts)]
pub(super) struct NewImportedPost<'a> {
    pub external_id: &'a str,
    pub item_id: String,
    pub digest: &'a str,
    pub import_id: String,
}

/// Writes what became of rows of an import and which posts they made, many rows to a statement.
pub(super) fn insert_imported(
    conn: &mut Conn,
    new: &[NewImportRow<'_>],
    posts: &[NewImportedPost<'_>],
) -> Result<()> {
    for rows in new.chunks(ROWS_A_STATEMENT) {
        match conn {
            Conn::Sqlite(inner) => {
                diesel::insert_into(post_import_rows::table).values(rows).execute(inner)?
            }
            Conn::Postgres(inner) => {
                diesel::insert_into(post_import_rows::table).values(rows).execute(inner)?
            }
        };
    }
    for rows in posts.chunks(ROWS_A_STATEMENT) {
        match conn {
            Conn::Sqlite(inner) => diesel::insert_into(imported_posts::table).values(rows).execute(inner)?,
            Conn::Postgres(inner) => {
                diesel::insert_into(imported_posts::table).values(rows).execute(inner)?
            }
        };
    }
    Ok(())
}

/// One row of `notifications` to be written.
#[derive(Insertable)]
#[diesel(table_name = notifications, treat_none_as_default_value = false)]
pub(super) struct NewNotification<'a> {
    pub id: String,
    pub person_id: String,
    pub announcement_id: &'a str,
    pub topic: &'a str,
    pub item_id: Option<&'a str>,
    pub kind: Option<&'a str>,
    pub revision: Option<i64>,
    pub review_id: Option<&'a str>,
    pub stage: Option<i64>,
    pub detail: Option<&'a str>,
    pub created_at: i64,
}

/// Writes notifications, many rows to a statement; those that are there already stay as they are.
pub(super) fn insert_notifications(conn: &mut Conn, new: &[NewNotification<'_>]) -> Result<()> {
    for rows in new.chunks(ROWS_A_STATEMENT) {
        match conn {
            Conn::Sqlite(inner) => {
                let insert = diesel::insert_into(notifications::table).values(rows);
                insert.on_conflict_do_nothing().execute(inner)?
            }
            Conn::Postgres(inner) => {
                let insert = diesel::insert_into(notifications::table).values(rows);
                insert.on_conflict_do_nothing().execute(inner)?
            }
        };
    }
    Ok(())
}

/// One row of `announcements` to be written.
#[derive(Insertable)]
#[diesel(table_name = announcements, treat_none_as_default_value = false)]
pub(super) struct NewAnnouncementRow<'a> {
    pub id: String,
    pub topic: &'a str,
    pub item_id: String,
    pub kind: &'a str,
    pub revision: i64,
    pub recipients: String,
    pub detail: Option<&'a str>,
    pub created_at: i64,
}

/// Writes announcements, many rows to a statement; those that are there already stay as they are.
pub(super) fn insert_announcements(conn: &mut Conn, new: &[NewAnnouncementRow<'_>]) -> Result<()> {
    for rows in new.chunks(ROWS_A_STATEMENT) {
        match conn {
            Conn::Sqlite(inner) => {
                let insert = diesel::insert_into(announcements::table).values(rows);
                insert.on_conflict_do_nothing().execute(inner)?
            }
            Conn::Postgres(inner) => {
                let insert = diesel::insert_into(announcements::table).values(rows);
                insert.on_conflict_do_nothing().execute(inner)?
            }
        };
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The database's own time. SQLite runs on this machine's clock, so it has none to compare with.
///
/// This is the one `now` in SQL; it is asked outside any transaction.
fn database_time(conn: &mut Conn) -> Result<Option<Time>> {
    match conn {
        Conn::Sqlite(_) => Ok(None),
        Conn::Postgres(inner) => {
            let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS value";
            let number: Number = diesel::sql_query(sql).get_result(inner)?;
            Ok(Some(Time::from_micros(number.value)))
        }
    }
}

/// Compares the clock with the database's, if that has one of its own.
pub(super) fn compare_clocks(conn: &mut Conn, clock: &Clock) -> Result<()> {
    let asked = clock.now();
    if let Some(database) = database_time(conn)? {
        clock.observe_database(asked, database, clock.now());
    }
    Ok(())
}

/// Refuses a PostgreSQL that may lose what it has acknowledged (R20).
pub fn check_durability(conn: &mut Conn) -> Result<()> {
    let Conn::Postgres(inner) = conn else { return Ok(()) };
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let sql = format!("SELECT current_setting('{setting}') AS value");
        let word: Word = diesel::sql_query(sql).get_result(inner)?;
        if word.value == "off" {
            return Err(Error::new(
                Code::NotReady,
                format!("PostgreSQL runs with {setting} = off and could lose what was answered: turn it on."),
            ));
        }
    }
    Ok(())
}
