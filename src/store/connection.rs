//! Connections to either database behind one type.
//!
//! The address is parsed here and the variant is built by its scheme, because a connection of the
//! derived enum would try one backend after the other, and SQLite opens any path.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, Pool, PooledConnection, R2D2Connection};

use crate::error::Error;

pub use conn::Conn;

mod conn {
    #![allow(missing_docs, reason = "the derive writes items without documentation")]

    use diesel::prelude::*;

    /// A connection to one of the two databases.
    #[derive(diesel::MultiConnection)]
    pub enum Conn {
        /// SQLite, bundled.
        Sqlite(SqliteConnection),
        /// PostgreSQL, by the bundled libpq.
        Postgres(PgConnection),
    }
}

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite:PATH`.
    Sqlite(PathBuf),
    /// `postgres://..` or `postgresql://..`, as libpq takes it.
    Postgres(String),
}

/// The text is not an address that greenlight knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a database address is sqlite:PATH or postgres://USER@HOST/NAME")]
pub struct UnknownDatabaseUrl;

impl FromStr for DatabaseUrl {
    type Err = UnknownDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, UnknownDatabaseUrl> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() && !path.starts_with("//") => {
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                Ok(Self::Postgres(text.to_owned()))
            }
            _ => Err(UnknownDatabaseUrl),
        }
    }
}

impl DatabaseUrl {
    /// The address without a password, fit for a log.
    pub fn redacted(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(text) => without_secrets(text).unwrap_or_else(|| "postgres://***".to_owned()),
        }
    }
}

/// The address without its password, which may stand before the host or, as libpq takes it too, in the
/// query. `None` when it cannot be told apart.
fn without_secrets(text: &str) -> Option<String> {
    let mut url = url::Url::parse(text).ok()?;
    if url.password().is_some() {
        url.set_password(Some("***")).ok()?;
    }
    if url.query_pairs().any(|(name, _)| name.contains("password")) {
        url.set_query(Some("***"));
    }
    Some(url.to_string())
}

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    ReadWrite,
    ReadOnly,
}

/// How long a request waits for a connection before it is told to come back.
const POOL_WAIT: Duration = Duration::from_secs(5);

const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;";

const POSTGRES_SETTINGS: &str = "SET statement_timeout = '15s';
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '15s';
    SET default_transaction_isolation = 'read committed';
    SET timezone = 'UTC';";

/// A pooled connection.
pub(super) type Pooled = PooledConnection<Manager>;

/// Opens connections for a pool.
#[derive(Debug)]
pub(super) struct Manager {
    url: DatabaseUrl,
    access: Access,
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        let read_only = self.access == Access::ReadOnly;
        let mut conn = match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let mut inner = SqliteConnection::establish(&path.to_string_lossy())
                    .map_err(diesel::r2d2::Error::ConnectionError)?;
                inner.batch_execute(SQLITE_SETTINGS).map_err(diesel::r2d2::Error::QueryError)?;
                Conn::Sqlite(inner)
            }
            DatabaseUrl::Postgres(url) => {
                let mut inner = PgConnection::establish(url).map_err(diesel::r2d2::Error::ConnectionError)?;
                inner.batch_execute(POSTGRES_SETTINGS).map_err(diesel::r2d2::Error::QueryError)?;
                Conn::Postgres(inner)
            }
        };
        if read_only {
            let statement = match &conn {
                Conn::Sqlite(_) => "PRAGMA query_only = ON;",
                Conn::Postgres(_) => "SET default_transaction_read_only = on;",
            };
            conn.batch_execute(statement).map_err(diesel::r2d2::Error::QueryError)?;
        }
        Ok(conn)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        conn.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    /// A connection that saw a panic may still be inside a transaction.
    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

/// Opens a pool of `size` connections; the first is opened at once, so that a wrong address shows.
pub(super) fn open_pool(url: &DatabaseUrl, access: Access, size: u32) -> Result<Pool<Manager>, Error> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .connection_timeout(POOL_WAIT)
        .test_on_check_out(matches!(url, DatabaseUrl::Postgres(_)))
        .build(Manager { url: url.clone(), access })
        .map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn unknown_addresses_are_refused() {
        assert_eq!("sqlite:a/b.db".parse(), Ok(DatabaseUrl::Sqlite("a/b.db".into())));
        assert!("postgres://u@h/db".parse::<DatabaseUrl>().is_ok());
        for odd in ["", "a.db", "sqlite:", "sqlite://a", "mysql://h/db", "postgres:h"] {
            assert_eq!(odd.parse::<DatabaseUrl>(), Err(UnknownDatabaseUrl), "{odd}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let url: DatabaseUrl = "postgres://u:secret@h/db".parse().unwrap();
        assert_eq!(url.redacted(), "postgres://u:***@h/db");
        let url: DatabaseUrl = "postgres://u@h/db?sslmode=require&password=secret".parse().unwrap();
        assert_eq!(url.redacted(), "postgres://u@h/db?***");
    }
}
