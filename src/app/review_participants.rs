//! Who takes part in a review, and so may say something in it.

use super::pools::Pools;
use super::review_runs::{self, ReviewRun};
use crate::domain::ids::{PersonId, ReviewId};
use crate::domain::review::Bar;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::store::connection::Conn;
use crate::store::reviews::{self, DecisionRow};

/// Somebody who takes part in a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participant {
    /// Whether they wrote the revision under review.
    pub is_author: bool,
}

/// A review and how a person takes part in it: they wrote its revision, are in the pool of any of its stages
/// right now or the deputy of somebody there, or decided in it. Anybody else is refused.
pub fn check(conn: &mut Conn, id: ReviewId, person: PersonId, now: Time) -> Result<(ReviewRun, Participant)> {
    let row = reviews::find(conn, id)?.ok_or_else(|| Error::not_found("review"))?;
    let run = review_runs::load_one(conn, row)?.ok_or_else(|| Error::not_found("review"))?;
    if run.bar_of(&[person]) == Some(Bar::Author) {
        return Ok((run, Participant { is_author: true }));
    }
    let is_theirs = |cast: &DecisionRow| [cast.person_id, cast.on_behalf_of].contains(&Some(person));
    if run.decisions.iter().any(is_theirs) || has_seat(conn, &run, person, now)? {
        return Ok((run, Participant { is_author: false }));
    }
    let detail = "This is between the authors of the revision and the reviewers of its stages.";
    Err(Error::new(Code::NotAParticipant, detail))
}

fn has_seat(conn: &mut Conn, run: &ReviewRun, person: PersonId, now: Time) -> Result<bool> {
    let mut pools = Pools::read(conn, now)?;
    for of_stage in &run.pools {
        if !pools.seats_of(conn, &of_stage.whole(), run.row.kind, person)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
