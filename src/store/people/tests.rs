#![allow(clippy::unwrap_used)]
use super::*;
use crate::clock::Clock;
use crate::store::connection::DatabaseUrl;
use crate::store::{Db, Lane};

fn made(tx: &mut WriteTx<'_>) -> Result<PersonId> {
    let id = PersonId::generate();
    insert(
        tx,
        NewPerson {
            id,
            email: Identity { hmac: id.to_string(), sealed: Vec::new() },
            external_id: None,
            display_name: Vec::new(),
            password_hash: None,
            language: None,
        },
    )?;
    begin_activity(tx, id)?;
    Ok(id)
}

#[test]
fn what_held_when_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Time::from_micros(1_000));
    let db = Db::open(&DatabaseUrl::Sqlite(home.path().join("test.db")), 4, clock.clone()).unwrap();
    db.prepare(true).unwrap();
    let person = db
        .write_now(Lane::Ordinary, |tx| {
            let person = made(tx)?;
            set_country(tx, person, Some("BE"))?;
            begin_role(tx, person, Role::Author)?;
            Ok(person)
        })
        .unwrap()
        .value;
    clock.set(Time::from_micros(2_000));
    db.write_now(Lane::Ordinary, |tx| {
        set_country(tx, person, Some("NL"))?;
        end_role(tx, person, Role::Author)?;
        end_activity(tx, person)
    })
    .unwrap();
    clock.set(Time::from_micros(3_000));
    db.write_now(Lane::Ordinary, |tx| {
        begin_role(tx, person, Role::Author)?;
        begin_activity(tx, person)
    })
    .unwrap();

    let (countries, roles, activities) = db
        .read_now(|conn| {
            use super::{person_activities as activities, person_countries as countries};
            let countries: Vec<(String, i64, Option<i64>)> = countries::table
                .order(countries::from_at)
                .select((countries::country, countries::from_at, countries::until_at))
                .load(conn)?;
            let roles: Vec<(i64, Option<i64>)> = person_roles::table
                .order(person_roles::from_at)
                .select((person_roles::from_at, person_roles::until_at))
                .load(conn)?;
            let activities: Vec<(i64, Option<i64>)> = activities::table
                .order(activities::from_at)
                .select((activities::from_at, activities::until_at))
                .load(conn)?;
            Ok((countries, roles, activities))
        })
        .unwrap();
    assert_eq!(countries, [("BE".to_owned(), 1_000, Some(2_000)), ("NL".to_owned(), 2_000, None)]);
    assert_eq!(roles, [(1_000, Some(2_000)), (3_000, None)]);
    assert_eq!(activities, roles);
}

#[test]
fn only_the_active_count() {
    let home = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Time::from_micros(1_000));
    let db = Db::open(&DatabaseUrl::Sqlite(home.path().join("test.db")), 4, clock).unwrap();
    db.prepare(true).unwrap();
    let reviewers = db
        .write_now(Lane::Ordinary, |tx| {
            let (one, two) = (made(tx)?, made(tx)?);
            begin_role(tx, one, Role::Reviewer)?;
            begin_role(tx, two, Role::Reviewer)?;
            end_activity(tx, one)?;
            Ok((active_with_role(tx.conn(), Role::Reviewer)?, two))
        })
        .unwrap()
        .value;
    assert_eq!(reviewers.0, [reviewers.1]);
}
