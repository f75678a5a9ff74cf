//! `migrate`: brings the database's schema up to this program, and the database as commands open it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;

use super::failure::Failure;
use super::output;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::Db;
use crate::store::connection::DatabaseUrl;

/// Runs the migrations that wait.
pub(super) fn migrate(config: &Config) -> Result<(), Failure> {
    let db = open(config, Clock::system())?;
    let done = db.prepare(true)?;
    if done.is_empty() {
        return output::line(format_args!("{} is up to date.", db.url().redacted()));
    }
    for name in done {
        output::line(format_args!("ran {name}"))?;
    }
    Ok(())
}

/// Opens the database of the configuration, and its folder first.
pub(super) fn open(config: &Config, clock: Clock) -> Result<Db, Failure> {
    let url = config.database().map_err(|error| Failure::new(format!("database_url: {error}")))?;
    if let DatabaseUrl::Sqlite(_) = url {
        // What is in it is nobody else's to read.
        DirBuilder::new().recursive(true).mode(0o700).create(&config.data_dir).map_err(|error| {
            let folder = config.data_dir.display();
            Failure::new(format!("the data folder {folder} cannot be made: {error}"))
        })?;
    }
    Db::open(&url, config.database_connections, clock).map_err(|error| not_opened(&url, error.into()))
}

/// What a failure to open means to whoever runs the program.
fn not_opened(url: &DatabaseUrl, failure: Failure) -> Failure {
    let check = match url {
        DatabaseUrl::Sqlite(_) => "check that its folder exists and belongs to the user who runs greenlight",
        DatabaseUrl::Postgres(_) => "check that the address is right and the database accepts this user",
    };
    Failure::new(format!("the database {} cannot be opened: {failure}; {check}", url.redacted()))
}
