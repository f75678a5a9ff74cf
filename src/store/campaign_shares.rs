//! The shares that count for the limits of a campaign.
//!
//! Each query reads one range of an index and none of the table, and answers no more rows than asked for: that keeps
//! the lock short however many shares a campaign has had. The range of open shares also holds those of the last 24
//! hours that lapsed without an outcome; they are read and left out. Where shares lapse after 24 hours, as they do
//! unless configured otherwise, or later, there are none. Where they lapse after `n` hours there are at most `24 / n`
//! times as many as a limit that held all day let through, or as were shared in a day while there was none.

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::shares;
use crate::domain::campaign::{COUNTED_FOR, counts_until};
use crate::domain::ids::{Key, PersonId};
use crate::domain::share::ShareState;
use crate::domain::time::Time;
use crate::error::Result;

/// The states of which shares count, each of which is a range of its own.
const COUNTED: [ShareState; 3] = [ShareState::Confirmed, ShareState::Removed, ShareState::Issued];

/// Until when each share of a campaign counts that does so now, of one person or of everybody: of each state the
/// `most` that count longest.
pub fn counted(
    conn: &mut Conn,
    campaign: &Key,
    person: Option<PersonId>,
    now: Time,
    most: i64,
) -> Result<Vec<Time>> {
    let mut found = Vec::new();
    for state in COUNTED {
        found.extend(counted_in(conn, campaign, person, state, now, most)?);
    }
    Ok(found)
}

/// The same of one state.
pub fn counted_in(
    conn: &mut Conn,
    campaign: &Key,
    person: Option<PersonId>,
    state: ShareState,
    now: Time,
    most: i64,
) -> Result<Vec<Time>> {
    let mut query = shares::table
        .filter(shares::campaign.eq(campaign.as_str()))
        .filter(shares::state.eq(state.as_str()))
        .filter(shares::issued_at.gt(now.before(COUNTED_FOR).micros()))
        .order(shares::issued_at.desc())
        .limit(most)
        .select((shares::issued_at, shares::lapses_at))
        .into_boxed();
    if let Some(person) = person {
        query = query.filter(shares::person_id.eq(person.to_string()));
    }
    if state == ShareState::Issued {
        query = query.filter(shares::lapses_at.gt(now.micros()));
    }
    let rows: Vec<(Time, Time)> = query.load(conn)?;
    let until = |(issued_at, lapses_at): (Time, Time)| counts_until(state, issued_at, lapses_at);
    Ok(rows.into_iter().filter_map(until).collect())
}

/// Whose shares of a campaign count until when: those of these persons, of each state any `most`.
pub fn counted_of(
    conn: &mut Conn,
    campaign: &Key,
    persons: &[PersonId],
    now: Time,
    most: i64,
) -> Result<Vec<(PersonId, Time)>> {
    let mut found = Vec::new();
    for state in COUNTED {
        found.extend(counted_of_in(conn, campaign, persons, state, now, most)?);
    }
    Ok(found)
}

/// The same of one state. Without an order, which would lead a database to read what everybody shared.
pub fn counted_of_in(
    conn: &mut Conn,
    campaign: &Key,
    persons: &[PersonId],
    state: ShareState,
    now: Time,
    most: i64,
) -> Result<Vec<(PersonId, Time)>> {
    let mut query = shares::table
        .filter(shares::campaign.eq(campaign.as_str()))
        .filter(shares::person_id.eq_any(persons.iter().map(ToString::to_string)))
        .filter(shares::state.eq(state.as_str()))
        .filter(shares::issued_at.gt(now.before(COUNTED_FOR).micros()))
        .limit(most)
        .select((shares::person_id, shares::issued_at, shares::lapses_at))
        .into_boxed();
    if state == ShareState::Issued {
        query = query.filter(shares::lapses_at.gt(now.micros()));
    }
    let rows: Vec<(Option<PersonId>, Time, Time)> = query.load(conn)?;
    let until = |(person, issued_at, lapses_at): (Option<PersonId>, Time, Time)| {
        Some((person?, counts_until(state, issued_at, lapses_at)?))
    };
    Ok(rows.into_iter().filter_map(until).collect())
}
