//! Where the review of a resubmission begins.
//!
//! It begins with the first stage, unless the workflow says `asking_stage`. Then it begins with the stage that
//! asked for changes, and the approvals of the stages before stand, but only while they still are what they
//! were given for: the same version of the workflow applies, nothing is pinned anew, only what that stage's
//! comments point at was changed, and nobody who approved has become an author (R3).

use serde_json::Value;

use super::review_runs;
use crate::domain::content::Content;
use crate::domain::difference::{self, is_within};
use crate::domain::ids::{PersonId, ReviewId};
use crate::domain::review::{DecisionKind, ReviewState};
use crate::domain::revision::Pin;
use crate::domain::workflow::Resume;
use crate::error::{Error, Result};
use crate::store::connection::Conn;
use crate::store::items::ItemRow;
use crate::store::workflows::WorkflowRow;
use crate::store::{review_comments, reviews, revisions};

/// What is resubmitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resumable<'a> {
    pub(super) content: &'a Content,
    pub(super) pins: &'a [Pin],
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

/// Whether the review of `revision` begins behind the first stage, and with which.
pub(super) fn resumed(
    conn: &mut Conn,
    item: &ItemRow,
    revision: i64,
    next: Resumable<'_>,
    workflow: &WorkflowRow,
    authors: &[PersonId],
) -> Result<Option<Resumed>> {
    if workflow.resume != Resume::AskingStage {
        return Ok(None);
    }
    let Some(before) = reviews::find_of(conn, item.id, revision - 1)? else { return Ok(None) };
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
    let Some(old) = revisions::find(conn, item.id, revision - 1)? else { return Ok(None) };
    if old.pins()? != next.pins {
        return Ok(None);
    }
    let Some(old) = old.content else { return Ok(None) };
    let pointed = review_comments::pointers(conn, from, stage)?;
    if !is_only_where_pointed(&old, next.content, &pointed)? {
        return Ok(None);
    }
    Ok(Some(Resumed { stage, from, carried, same_person_twice: workflow.same_person_twice }))
}

/// Whether only places at or below those that were pointed at differ.
fn is_only_where_pointed(old: &str, next: &Content, pointed: &[String]) -> Result<bool> {
    let old: Value = serde_json::from_str(old).map_err(Error::internal)?;
    let next = serde_json::to_value(next).map_err(Error::internal)?;
    let changes = difference::difference(&old, &next);
    let touched = difference::touches(&changes);
    Ok(touched.iter().all(|place| pointed.iter().any(|pointed| is_within(place, pointed))))
}
