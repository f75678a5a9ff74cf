//! A database of its own for each test, with keys, a clock that stands still, and an administrator.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use tempfile::TempDir;

use super::access::Access;
use super::actor::Actor;
use super::people::{PersonCreate, admin_create, person_create};
use crate::clock::Clock;
use crate::domain::ids::PersonId;
use crate::domain::roles::{Role, Scopes};
use crate::domain::time::Time;
use crate::error::Result;
use crate::keys::Keys;
use crate::store::connection::{Conn, DatabaseUrl};
use crate::store::write::{Versions, WriteTx};
use crate::store::{Db, Lane, record};

/// What a test of use cases needs.
pub(crate) struct Fixture {
    pub(crate) db: Db,
    pub(crate) keys: Arc<Keys>,
    pub(crate) clock: Clock,
    pub(crate) admin: Actor,
    home: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let keys = Arc::new(Keys::load_or_create(&home.path().join("keys")).unwrap());
        let clock = Clock::manual(Time::parse("2026-11-21T09:00:00Z").unwrap());
        let db = Db::open(&DatabaseUrl::Sqlite(home.path().join("test.db")), 4, clock.clone()).unwrap();
        db.prepare(true).unwrap();
        let make = |tx: &mut WriteTx<'_>| admin_create(tx, &keys, "root@example.org", "Root", String::new());
        let admin = actor(db.write_now(Lane::Ordinary, make).unwrap().value, [Role::Admin]);
        Self { db, keys, clock, admin, home }
    }

    pub(crate) fn write<T>(&self, work: impl FnMut(&mut WriteTx<'_>) -> Result<T>) -> Result<T> {
        Ok(self.db.write_now(Lane::Ordinary, work)?.value)
    }

    pub(crate) fn read<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> T {
        self.db.read_now(work).unwrap()
    }

    /// Makes an active person with these roles; the external id is `E-` and the name.
    pub(crate) fn person(&self, name: &str, roles: impl IntoIterator<Item = Role>) -> PersonId {
        let command = PersonCreate {
            email: format!("{name}@example.org"),
            external_id: Some(format!("E-{name}")),
            display_name: name.to_owned(),
            roles: Some(roles.into_iter().collect()),
            ..PersonCreate::default()
        };
        self.write(|tx| person_create(tx, &self.keys, &self.admin, &command)).unwrap()
    }

    pub(crate) fn access(&self) -> Access {
        self.read(|conn| Access::load(conn, &self.keys, self.clock.now()))
    }

    pub(crate) fn versions(&self) -> Versions {
        self.read(|conn| Ok(record::state(conn)?.versions))
    }

    /// The database's files as they stand on the disk.
    pub(crate) fn database_bytes(&self) -> Vec<u8> {
        let files = ["test.db", "test.db-wal"].map(|name| std::fs::read(self.home.path().join(name)));
        files.into_iter().flat_map(std::result::Result::unwrap).collect()
    }

    /// How many entries the record has.
    pub(crate) fn entries(&self) -> i64 {
        self.read(|conn| Ok(record::state(conn)?.size))
    }
}

/// Somebody who signed in with these roles.
pub(crate) fn actor(person: PersonId, roles: impl IntoIterator<Item = Role>) -> Actor {
    Actor { person: Some(person), client: None, session: None, scopes: Scopes::of_roles(roles) }
}
