//! A database of its own for each test, from a template that was migrated once.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use greenlight::store::backend::migrate;
use greenlight::store::connection::Conn;
use tempfile::TempDir;

use super::cluster::{Cluster, cluster};

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A fresh, migrated database, gone when dropped.
#[derive(Debug)]
pub struct Database {
    /// Its address, as the configuration takes it.
    pub url: String,
    postgres: Option<(&'static Cluster, String)>,
}

impl Database {
    /// A database in `folder`, or in the PostgreSQL server of this process.
    pub fn new(backend: Backend, folder: &Path) -> Self {
        match backend {
            Backend::Sqlite => {
                let path = folder.join("greenlight.db");
                std::fs::write(&path, sqlite_template()).unwrap();
                Self { url: format!("sqlite:{}", path.display()), postgres: None }
            }
            Backend::Postgres => Self::in_cluster(cluster().expect("asked for only where it is")),
        }
    }

    /// A database as the first release made it: only the first migration has run.
    pub fn of_first_release(backend: Backend, folder: &Path) -> Self {
        let migrations = |dialect: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(dialect);
            FileBasedMigrations::from_path(path).unwrap()
        };
        match backend {
            Backend::Sqlite => {
                let path = folder.join("greenlight.db");
                let mut conn = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
                conn.run_next_migration(migrations("sqlite")).unwrap();
                Self { url: format!("sqlite:{}", path.display()), postgres: None }
            }
            Backend::Postgres => {
                let database = Self::empty_in_cluster(cluster().expect("asked for only where it is"));
                let mut conn = PgConnection::establish(&database.url).unwrap();
                conn.run_next_migration(migrations("postgres")).unwrap();
                database
            }
        }
    }

    fn empty_in_cluster(cluster: &'static Cluster) -> Self {
        let name = next_name();
        administer(cluster, &format!("CREATE DATABASE {name}"));
        Self { url: cluster.url(&name), postgres: Some((cluster, name)) }
    }

    fn in_cluster(cluster: &'static Cluster) -> Self {
        let name = next_name();
        let url = cluster.url(&name);
        if cluster.is_throw_away {
            let template = postgres_template(cluster);
            administer(cluster, &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        } else {
            // A template would stay behind in a server that goes on after the tests.
            administer(cluster, &format!("CREATE DATABASE {name}"));
            migrate(&mut Conn::Postgres(PgConnection::establish(&url).unwrap())).unwrap();
        }
        Self { url, postgres: Some((cluster, name)) }
    }
}

fn next_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("greenlight_test_{}_{number}", std::process::id())
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((cluster, name)) = &self.postgres {
            administer(cluster, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn administer(cluster: &Cluster, sql: &str) {
    let mut conn = PgConnection::establish(cluster.admin_url()).expect("the PostgreSQL server answers");
    conn.batch_execute(sql).unwrap();
}

fn postgres_template(cluster: &Cluster) -> &'static str {
    static TEMPLATE: OnceLock<&str> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        administer(cluster, "CREATE DATABASE greenlight_template");
        let conn = PgConnection::establish(&cluster.url("greenlight_template")).unwrap();
        migrate(&mut Conn::Postgres(conn)).unwrap();
        "greenlight_template"
    })
}

fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = folder();
        let path = folder.path().join("template.db");
        let conn = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
        migrate(&mut Conn::Sqlite(conn)).unwrap();
        std::fs::read(path).unwrap()
    })
}

/// A folder for one test, in memory where that is possible: each commit waits for the disk.
pub fn folder() -> TempDir {
    let shm = Path::new("/dev/shm");
    let in_memory = tempfile::Builder::new().prefix("greenlight-").tempdir_in(shm);
    in_memory.or_else(|_| tempfile::tempdir()).unwrap()
}
