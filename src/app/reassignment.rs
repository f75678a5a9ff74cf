//! Giving a stage of a review to others, so that no review stays stuck.

use super::actor::Actor;
use super::announcements;
use super::authentication;
use super::context::Context;
use super::journal::{self, By, Facts};
use super::pool_names::PoolNamed;
use super::pools::Pools;
use super::review_runs::not_enough_reviewers;
use super::stages;
use crate::domain::ids::ReviewId;
use crate::domain::review::{ReviewState, StageState};
use crate::domain::roles::Scope;
use crate::domain::workflow::Reviewers;
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::write::WriteTx;
use crate::store::{items as item_rows, review_stages, reviews};

/// A stage that somebody gives to others.
#[derive(Debug, Clone)]
pub struct Reassign {
    /// The review.
    pub review: ReviewId,
    /// The stage, from 0.
    pub stage: usize,
    /// Who may decide in it from now on, instead of all who could before.
    pub reviewers: PoolNamed,
    /// Why.
    pub reason: String,
}

/// Gives a stage that has not passed to others. Decisions that were cast in it stay, and its time begins anew;
/// somebody is left to decide in it. A pool that could not end it, or that would make another stage stuck, is
/// refused (R9).
pub fn review_reassign(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &Reassign,
) -> Result<ReviewId> {
    authentication::authorise(tx, actor, Scope::Workflows)?;
    let row = reviews::find(tx.conn(), command.review)?.ok_or_else(|| Error::not_found("review"))?;
    let run = stages::reread(tx.conn(), row.id)?;
    let at = command.stage;
    let stage = run.stages.get(at).cloned().ok_or_else(no_such_stage)?;
    let is_over = matches!(run.machine.stage_state(at), StageState::Passed | StageState::Failed);
    if run.row.state != ReviewState::Open || is_over {
        let error = Error::new(Code::StageClosed, "The stage is over, and cannot be given to others.");
        return Err(error.with("review_id", row.id.to_string()).with("state", run.row.state.as_str()));
    }
    let mut faults = Vec::new();
    let named = command.reviewers.named(tx.conn(), "/reviewers", &mut faults)?;
    let reviewers = named.ok_or_else(|| Error::invalid_content(faults))?;

    let facts = Facts::new()
        .with("review_id", row.id.to_string())
        .with("stage", stage.name.as_str())
        .with("reviewers", pool_fact(&reviewers))
        .with("reason", command.reason.as_str());
    let facts = match reviewers {
        Reviewers::Person(person) => facts.about(person, "reviewer", person.to_string()),
        _ => facts,
    };
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::StageReassigned, facts)?;
    let because = Some((command.reason.as_str(), actor.person));
    review_stages::insert_pool(tx, (row.id, at), &reviewers, because, receipt.index)?;
    if run.open_stage() == Some(at) {
        let given = stages::reread(tx.conn(), row.id)?;
        stages::reopen(tx, &given, at, receipt.index)?;
    }
    let mut pools = Pools::of(tx)?;
    let were_stuck = run.stuck_stages(tx.conn(), &mut pools)?;
    let run = stages::reread(tx.conn(), row.id)?;
    let are_stuck = run.stuck_stages(tx.conn(), &mut pools)?;
    if let Some(stuck) = are_stuck.into_iter().find(|stuck| *stuck == at || !were_stuck.contains(stuck)) {
        return Err(not_enough_reviewers(&run.stages, stuck));
    }
    stages::keep_stuck(tx, &run, &mut pools)?;
    announcements::stage_reassigned(tx, &run, at)?;
    let item = item_rows::find(tx.conn(), row.kind, row.item_id)?.ok_or_else(|| Error::not_found("item"))?;
    item_rows::claim(tx, item.id, item.version)?;
    Ok(row.id)
}

/// A pool as the record names it; one person is named under their key instead.
pub(super) fn pool_fact(reviewers: &Reviewers) -> serde_json::Value {
    match reviewers {
        Reviewers::Person(_) => serde_json::json!("person"),
        other => serde_json::json!(other),
    }
}

fn no_such_stage() -> Error {
    let detail = "The review has no stage of this number: the first is 0.";
    Error::invalid_content(vec![Fault::body("/stage", "unknown_stage", detail)])
}
