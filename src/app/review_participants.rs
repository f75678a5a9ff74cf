//! Who takes part in a review, and so may say something in it.

use crate::domain::ids::PersonId;
use crate::error::{Code, Error, Result};
use crate::store::connection::Conn;
use crate::store::reviews::{self, ReviewRow};
use crate::store::{reviewers, revisions};

/// Somebody who takes part in a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participant {
    /// Whether they wrote the revision under review.
    pub is_author: bool,
}

/// How a person takes part in a review: they wrote its revision, are in the pool of any of its stages right
/// now, or decided in it. Anybody else is refused.
pub fn check(conn: &mut Conn, review: &ReviewRow, person: PersonId) -> Result<Participant> {
    if revisions::authors(conn, review.item_id, review.revision)?.contains(&person) {
        return Ok(Participant { is_author: true });
    }
    let decisions = reviews::decisions_of(conn, &[review.id])?;
    if decisions.iter().any(|cast| cast.person_id == Some(person)) {
        return Ok(Participant { is_author: false });
    }
    for stage in review.machine(&decisions)?.stages {
        if reviewers::is_in(conn, &stage.reviewers, person)? {
            return Ok(Participant { is_author: false });
        }
    }
    let detail = "This is between the authors of the revision and the reviewers of its stages.";
    Err(Error::new(Code::NotAParticipant, detail))
}
