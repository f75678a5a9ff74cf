//! Reporting what became of a share.

use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::journal::{self, By, Facts};
use super::share_views::{OutcomeView, ShareView, share_get};
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

impl OutcomeCommand {
    /// What the person tells of it in their own words, by name.
    fn told(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values =
            [("permalink", &self.permalink), ("posted_text", &self.posted_text), ("reason", &self.reason)];
        values.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

/// Reports what became of a share of one's own. The truth is always accepted. The same again changes
/// nothing; what it tells beyond the first report, a permalink for one, is entered beside it.
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
    let late = match outcome_step(view.row.state, view.overtaken, command.result) {
        OutcomeStep::Becomes { late } => late,
        OutcomeStep::Same => match untold(&view, command) {
            Some(first) => first.row.late,
            None => return Ok(id),
        },
        OutcomeStep::Refused => {
            let detail = format!("{} cannot follow {}.", command.result.as_str(), view.state);
            return Err(Error::new(Code::OutcomeConflict, detail).with("state", view.state.as_str()));
        }
    };
    let is_confirmation = command.result == Outcome::Confirmed;
    let was_told =
        |outcome: &OutcomeView| outcome.row.result == command.result && outcome.posted_text.is_some();
    let posted_text_is_known = command.posted_text.is_some() || view.outcomes.iter().any(was_told);
    let unverified = is_confirmation && view.row.must_paste && !posted_text_is_known;
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
    for (name, value) in command.told() {
        facts = facts.about(person, name, value);
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

/// The first report of this result, when the command tells something that no report of it has told.
fn untold<'a>(view: &'a ShareView, command: &OutcomeCommand) -> Option<&'a OutcomeView> {
    let mut reports = view.outcomes.iter().filter(|outcome| outcome.row.result == command.result);
    let known = |name, value| {
        reports.clone().any(|outcome| {
            let told = match name {
                "permalink" => &outcome.permalink,
                "posted_text" => &outcome.posted_text,
                _ => &outcome.reason,
            };
            told.as_deref() == Some(value)
        })
    };
    let tells_more = command.told().any(|(name, value)| !known(name, value));
    reports.next().filter(|_| tells_more)
}
