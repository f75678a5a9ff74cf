//! Where the review of a resubmission begins.
//!
//! It begins with the first stage, unless the workflow says `asking_stage`. Then it begins with the stage that
//! asked for changes, and the approvals of the stages before stand, but only while they still are what they
//! were given for: the same version of the workflow applies, nothing is pinned anew, only what comments of those
//! who decided in that stage point at was changed, and nobody who approved has become an author (R3). What
//! anybody else says widens nothing, nor what an author says, of the old words or the new.

use serde_json::Value;

use super::review_runs::{self, ReviewRun};
use crate::domain::content::Content;
use crate::domain::difference::{self, is_within};
use crate::domain::ids::{PersonId, ReviewId};
use crate::domain::lifecycle::RevisionState;
use crate::domain::review::{DecisionKind, ReviewState};
use crate::domain::revision::Pin;
use crate::domain::workflow::Resume;
use crate::error::{Error, Result};
use crate::store::connection::Conn;
use crate::store::items::ItemRow;
use crate::store::revisions::RevisionRow;
use crate::store::workflows::WorkflowRow;
use crate::store::{review_comments, reviews, revisions};

/// The revision that came back from a review, where what is submitted follows one.
#[derive(Debug, Clone)]
pub(super) struct Returned {
    revision: i64,
    content: String,
    pins: Vec<Pin>,
}

impl Returned {
    /// The revision before the one that is submitted, if reviewers asked for changes of it. `working` is the
    /// newest one: a draft, or what came back itself, whose words are submitted again.
    pub(super) fn read(conn: &mut Conn, working: &RevisionRow) -> Result<Option<Self>> {
        let came_back = match working.state {
            RevisionState::Draft => revisions::find(conn, working.item_id, working.revision - 1)?,
            _ => Some(working.clone()),
        };
        let came_back = came_back.filter(|row| row.state == RevisionState::ChangesRequested);
        let Some(row) = came_back else { return Ok(None) };
        let pins = row.pins()?;
        Ok(row.content.map(|content| Self { revision: row.revision, content, pins }))
    }

    /// What was changed since. Comparing takes its time: call it without the lock.
    pub(super) fn changed(self, content: &Content, pins: &[Pin]) -> Result<Changed> {
        let old: Value = serde_json::from_str(&self.content).map_err(Error::internal)?;
        let new = serde_json::to_value(content).map_err(Error::internal)?;
        let changes = difference::difference(&old, &new);
        let places = difference::touches(&changes).into_iter().map(str::to_owned).collect();
        Ok(Changed { since: self.revision, places, pins_are_same: self.pins == pins })
    }
}

/// What was changed since a revision came back.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    since: i64,
    places: Vec<String>,
    pins_are_same: bool,
}

/// That a review begins behind the stages that passed before.
#[derive(Debug, Clone)]
pub(super) struct Resumed {
    /// The stage it begins with, from 0.
    pub(super) stage: usize,
    /// The review whose approvals stand for those before.
    pub(super) from: ReviewId,
    /// Who approved in them.
    carried: Vec<PersonId>,
    same_person_twice: bool,
}

impl Resumed {
    /// Who cannot decide in the stages that are left: authors, and whose approvals are carried, unless a
    /// person may decide in several stages.
    pub(super) fn excluded(&self, authors: &[PersonId]) -> Vec<PersonId> {
        let carried = self.carried.iter().filter(|_| !self.same_person_twice);
        authors.iter().chain(carried).copied().collect()
    }
}

/// Whether the review of what is submitted begins behind the first stage, and with which.
pub(super) fn resumed(
    conn: &mut Conn,
    item: &ItemRow,
    changed: Option<&Changed>,
    workflow: &WorkflowRow,
    authors: &[PersonId],
) -> Result<Option<Resumed>> {
    let changed = changed.filter(|changed| changed.pins_are_same && workflow.resume == Resume::AskingStage);
    let Some(changed) = changed else { return Ok(None) };
    let Some(before) = reviews::find_of(conn, item.id, changed.since)? else { return Ok(None) };
    if before.state != ReviewState::ChangesRequested || before.workflow_id != workflow.id {
        return Ok(None);
    }
    let from = before.id;
    let Some(run) = review_runs::load_one(conn, before)? else { return Ok(None) };
    let asked = run.decisions.iter().rev().find(|cast| cast.decision == DecisionKind::RequestChanges);
    let Some(stage) = asked.map(|cast| cast.stage()).filter(|stage| *stage > 0) else { return Ok(None) };
    let approved = run.machine.decisions.iter().filter(|cast| cast.stage < stage);
    let carried: Vec<PersonId> =
        approved.flat_map(|cast| [cast.person, cast.on_behalf_of].into_iter().flatten()).collect();
    if carried.iter().any(|person| authors.contains(person)) {
        return Ok(None);
    }
    let resumed = Resumed { stage, from, carried, same_person_twice: workflow.same_person_twice };
    let pointed = pointed_at(conn, &run, stage, &resumed.excluded(authors))?;
    let is_pointed_at = |place: &String| pointed.iter().any(|pointed| is_within(place, pointed));
    Ok(changed.places.iter().all(is_pointed_at).then_some(resumed))
}

/// The places that comments of those who decided in a stage point at; who is `excluded` is none of them.
fn pointed_at(conn: &mut Conn, run: &ReviewRun, stage: usize, excluded: &[PersonId]) -> Result<Vec<String>> {
    let decided = |person: PersonId| {
        let mut of_stage = run.decisions.iter().filter(|cast| cast.stage() == stage);
        of_stage.any(|cast| [cast.person_id, cast.on_behalf_of].contains(&Some(person)))
    };
    let counts = |person: &PersonId| {
        decided(*person) && !excluded.contains(person) && run.bar_of(&[*person]).is_none()
    };
    let said = review_comments::pointers(conn, run.row.id, stage)?;
    Ok(said
        .into_iter()
        .filter(|(_, person)| person.as_ref().is_some_and(counts))
        .map(|(place, _)| place)
        .collect())
}
