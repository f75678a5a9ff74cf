//! `jobs run`: what the server does by itself, by hand.
//!
//! It opens the database itself and puts no configuration in force, so it works beside any server on the same
//! database, whatever that one was started with.

use std::sync::Arc;

use super::failure::Failure;
use super::{logging, migrate, output};
use crate::app::setup::check_keys;
use crate::app::snapshots::Snapshots;
use crate::app::{deadlines, notifications};
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::Keys;
use crate::state::context_of;
use crate::store::Lane;

/// Does all that is due, once. What cannot be done is told on standard error as log lines, each with its cause;
/// the rest is done, and the command fails at its end.
pub(super) fn run(config: &Config) -> Result<(), Failure> {
    logging::start(config.log_format, &config.log_filter)?;
    let clock = Clock::system();
    let db = migrate::open(config, clock.clone())?;
    let keys = Arc::new(Keys::load(&config.keys_dir())?);
    db.prepare(config.migrate_on_start)?;
    // A wrong clock must not date an entry.
    db.compare_clocks_now()?;
    db.write_now(Lane::Ordinary, |tx| check_keys(tx, &keys))?;
    let context = context_of(config, keys)?;
    let snapshots = Snapshots::load(db.clone(), clock.clone(), &context)?;
    let mut failures = Vec::new();
    let ran = deadlines::run(&db, &context, snapshots.content().rules(), clock.now());
    let ran = ran.unwrap_or_else(|unfinished| {
        failures.push(unfinished.to_string());
        unfinished.ran
    });
    let told = notifications::spread(&db, &clock).map_or_else(
        |error| {
            failures.push(format!("not all could be told: {}", Failure::from(error)));
            "not all".to_owned()
        },
        |told| told.to_string(),
    );
    output::line(format_args!(
        "reminded {}, overdue {}, lapsed {}, found stuck {}, found blocked {}, told of {told}",
        ran.reminded, ran.overdue, ran.lapsed, ran.stuck, ran.blocked
    ))?;
    if failures.is_empty() { Ok(()) } else { Err(Failure::new(failures.join("; "))) }
}
