//! Reporting what became of a share.

use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::journal::{self, By, Facts};
use super::share_views::share_get;
use crate::domain::ids::ShareId;
use crate::domain::roles::Scope;
use crate::domain::share::{Outcome, OutcomeStep, outcome_step};
use crate::error::{Code, Error, Result};
use crate::record::Event;
use crate::store::shares::{self, OutcomeRow};
use crate::store::write::WriteTx;

/// What somebody reports of a share.
#[derive(Debug, Clone)]
pub struct OutcomeCommand {
    /// What became of it.
    pub result: Outcome,
    /// Where the post is.
    pub permalink: Option<String>,
    /// What was posted.
    pub posted_text: Option<String>,
    /// Why it failed or was removed.
    pub reason: Option<String>,
}

/// Reports what became of a share of one's own. The truth is always accepted; the same again changes
/// nothing.
pub fn share_outcome(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: ShareId,
    command: &OutcomeCommand,
) -> Result<ShareId> {
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::Share)?;
    let now = tx.now();
    let view = share_get(tx.conn(), context, id, now)?;
    if view.row.person_id != Some(person) {
        return Err(Error::not_found("share"));
    }
    let late = match outcome_step(view.state, command.result) {
        OutcomeStep::Same => return Ok(id),
        OutcomeStep::Becomes { late } => late,
        OutcomeStep::Refused => {
            let detail = format!("{} cannot follow {}.", command.result.as_str(), view.state);
            return Err(Error::new(Code::OutcomeConflict, detail).with("state", view.state.as_str()));
        }
    };
    let is_confirmation = command.result == Outcome::Confirmed;
    let unverified = is_confirmation && view.row.must_paste && command.posted_text.is_none();
    let event = match command.result {
        Outcome::Confirmed => Event::ShareConfirmed,
        Outcome::Failed => Event::ShareFailed,
        Outcome::Removed => Event::ShareRemoved,
    };
    let mut facts = Facts::new()
        .with("share_id", id.to_string())
        .with("issued_index", view.row.idx)
        .with("late", late)
        .with("unverified", unverified);
    let values = [
        ("permalink", &command.permalink),
        ("posted_text", &command.posted_text),
        ("reason", &command.reason),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            facts = facts.about(person, name, value.as_str());
        }
    }
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), event, facts)?;
    let row = OutcomeRow {
        idx: receipt.index,
        share_id: id,
        result: command.result,
        late,
        unverified,
        reported_at: now,
    };
    shares::insert_outcome(tx, &row, actor.client)?;
    Ok(id)
}
