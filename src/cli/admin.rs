//! `admin create`: the first administrator, and any further one when nobody can sign in.
//!
//! It opens the database itself and makes one short write that moves the version of access, so a server
//! that runs on the same database knows the administrator within a second.

use std::io::BufRead;

use zeroize::Zeroizing;

use super::failure::Failure;
use super::{migrate, output};
use crate::app::passwords::hash_new;
use crate::app::people::admin_create;
use crate::app::setup::check_keys;
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::Keys;
use crate::store::Lane;
use crate::store::connection::DatabaseUrl;

/// Makes an administrator with the password on standard input.
pub(super) fn create(config: &Config, email: &str, display_name: Option<&str>) -> Result<(), Failure> {
    let password = read_password(&mut std::io::stdin().lock())?;
    let hash = hash_new(&password)?;
    let clock = Clock::system();
    let db = migrate::open(config, clock.clone())?;
    let keys = match db.url() {
        DatabaseUrl::Sqlite(_) => Keys::load_or_create(&config.keys_dir())?,
        DatabaseUrl::Postgres(_) => Keys::load(&config.keys_dir())?,
    };
    db.prepare(config.migrate_on_start)?;
    // A wrong clock must not date the entry.
    db.compare_clocks_now()?;
    let name = display_name.unwrap_or(email);
    let made = db.write_now(Lane::Ordinary, |tx| {
        check_keys(tx, &keys)?;
        admin_create(tx, &keys, email, name, hash.clone())
    })?;
    output::line(format_args!("{email} is an administrator now, with the id {}.", made.value))
}

/// The first line, without its end.
fn read_password(input: &mut impl BufRead) -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::new());
    input
        .read_line(&mut line)
        .map_err(|error| Failure::new(format!("the password cannot be read from standard input: {error}")))?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Failure::new(
            "there is no password: write it on the first line of standard input, for example with \
             `greenlight admin create EMAIL < FILE`",
        ));
    }
    Ok(Zeroizing::new(password.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_password_is_the_first_line_as_it_is() {
        assert_eq!(*read_password(&mut " two words \r\nmore".as_bytes()).unwrap(), " two words ");
        assert_eq!(*read_password(&mut "no end".as_bytes()).unwrap(), "no end");
        assert!(read_password(&mut "\n".as_bytes()).is_err());
    }
}
