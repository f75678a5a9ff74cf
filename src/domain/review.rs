//! The review machine: one run of a workflow over one revision, as a pure function.
//!
//! A review is `open` until its outcome. Its stages open one after the other; what state a stage is in
//! follows from the decisions alone, so it is derived and never stored. [`step`] is the only place
//! where a decision, a withdrawal or a lapse changes a review.
//!
//! | state \ action | approve | request_changes | reject | withdraw | lapse |
//! | --- | --- | --- | --- | --- | --- |
//! | open | next stage, or approved | changes_requested | rejected | withdrawn | lapsed |
//! | any outcome | refused | refused | refused | refused | refused |
//!
//! # Lessons
//! What other systems of this kind learnt (C1 to C22) is held by stories of that name: C1 to C8, C14, C17 to C19
//! and C22 in `tests/it/lessons.rs`; C9, C11, C15, C20 and C21 in `workflows.rs`, C9 also in `reassigning.rs`; C10
//! in `deputies.rs`; C11 and C12 in `waiting.rs`; C4 also in `review_talk.rs`; C16, and C18 once more, in `urgent`.
//! C13 does not apply: publishing is no step that could fail after an approval. Whether something is live is derived
//! from its approval, the time and what it relies on, so there is one way of going live, and nothing to try again.
//!
//! # Deputies, and who is needed
//! A deputy decides on behalf of somebody: both have then decided, and what bars either bars the decision
//! (R3, R4). An approval of somebody without whom a later stage could not end is refused, so that a review
//! that can end stays one (R9).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::PersonId;
use super::roles::UnknownName;
use super::workflow::Quorum;

#[cfg(test)]
mod model;
#[cfg(test)]
mod sequences;
#[cfg(test)]
mod tests;

/// A stage as the machine sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRun {
    /// How many approvals pass it.
    pub quorum: Quorum,
    /// Of a stage that asks everybody, once it has opened: how many are asked. Where that is nobody, it waits for
    /// one approval all the same, of whom it is given or escalated to.
    pub asked: Option<u32>,
    /// Whether the approvals of an earlier review stand for it, where the review resumed behind it.
    pub carried: bool,
}

/// What a reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// This exact revision may be published.
    Approve,
    /// Not yet; the reason says what to change.
    RequestChanges,
    /// Not at all; the reason says why.
    Reject,
}

/// Who decides: themselves, or for somebody whose deputy they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Voter {
    /// Who acts.
    pub person: PersonId,
    /// For whom, where it is somebody else's work.
    pub on_behalf_of: Option<PersonId>,
}

/// A decision that was cast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The stage it counts in, from 0.
    pub stage: usize,
    /// Who decided; `None` once the person is erased.
    pub person: Option<PersonId>,
    /// On whose behalf, if it was on somebody's.
    pub on_behalf_of: Option<PersonId>,
    /// What was decided.
    pub decision: DecisionKind,
}

/// The state of a review: open, or its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Decisions are awaited.
    Open,
    /// Every stage passed.
    Approved,
    /// A reviewer asked for changes.
    ChangesRequested,
    /// A reviewer rejected it.
    Rejected,
    /// It was edited or recalled meanwhile.
    Withdrawn,
    /// Its window closed first.
    Lapsed,
}

/// The state of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    /// An earlier stage is open, or the review ended before this one opened.
    Waiting,
    /// Decisions are awaited here.
    Open,
    /// The quorum approved.
    Passed,
    /// A reviewer of this stage ended the review.
    Failed,
    /// It cannot end: too few are left who may decide.
    Stuck,
}

/// A review as the machine sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Open, or the outcome.
    pub state: ReviewState,
    /// The stages as they stood when the review opened.
    pub stages: Vec<StageRun>,
    /// The decisions in the order in which they were cast; those that are carried among them.
    pub decisions: Vec<Decision>,
    /// Whether one person may decide in several stages.
    pub same_person_twice: bool,
}

/// What bars somebody from a decision, whatever pool they are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bar {
    /// They, or whom they decide for, wrote some of the words (R3).
    Author,
    /// They, or whom they decide for, published the words urgently: somebody else reviews that.
    Publisher,
}

/// What can happen to a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Somebody decides.
    Decide {
        /// Who.
        voter: Voter,
        /// What.
        decision: DecisionKind,
        /// The stage that they mean to decide; `None` = the one that is open (C6).
        stage: Option<usize>,
        /// Whether a reason was given.
        has_reason: bool,
        /// Whether the voter, or whom they decide for, is in the open stage's pool right now.
        in_pool: bool,
        /// What bars the voter, or whom they decide for.
        bar: Option<Bar>,
        /// The later stage that could not end any more without them, while it still can with them.
        needed_in: Option<usize>,
    },
    /// The revision was edited, or its item recalled.
    Withdraw,
    /// The revision's window closed.
    Lapse,
}

/// Why an action is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The review has its outcome already, or another stage than the one that is meant is open (R5).
    Closed,
    /// Something bars the voter.
    Barred(Bar),
    /// The person is not in the open stage's pool.
    NotInPool,
    /// The person has decided before, in this review or, where it says so, in this stage (R4).
    DecidedBefore,
    /// `request_changes` and `reject` need a reason (R5).
    ReasonMissing,
    /// This later stage needs the person.
    NeededIn(usize),
}

/// What an action led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    /// The stage that the action concerned.
    pub stage: usize,
    /// The review's state after it.
    pub state: ReviewState,
    /// The stage that opens by it.
    pub opens: Option<usize>,
}

impl StageRun {
    /// How many approvals pass it; `None` while that is not known, as it asks everybody and has not opened.
    fn needed(&self) -> Option<u32> {
        self.quorum.count().or(self.asked.map(|asked| asked.max(1)))
    }
}

impl Review {
    /// The stage that is open, from 0: the first that has not reached its quorum.
    pub fn open_stage(&self) -> Option<usize> {
        if self.state != ReviewState::Open {
            return None;
        }
        (0..self.stages.len()).find(|stage| !self.has_quorum(*stage))
    }

    /// The state of a stage, derived from the decisions. Whether it is stuck depends on who is there, and
    /// is known elsewhere.
    pub fn stage_state(&self, stage: usize) -> StageState {
        let failed =
            |decision: &Decision| decision.stage == stage && decision.decision != DecisionKind::Approve;
        if self.decisions.iter().any(failed) {
            StageState::Failed
        } else if self.has_quorum(stage) {
            StageState::Passed
        } else if self.open_stage() == Some(stage) {
            StageState::Open
        } else {
            StageState::Waiting
        }
    }

    /// How many approvals a stage still lacks; of one that asks everybody and has not opened, `None`.
    pub fn lacks(&self, stage: usize) -> Option<u32> {
        let run = self.stages.get(stage)?;
        if run.carried {
            return Some(0);
        }
        Some(run.needed()?.saturating_sub(self.approvals(stage)))
    }

    /// Who has decided: nobody of them does so again in this stage, nor in the review where a person counts
    /// once in it (R4).
    pub fn decided_for(&self, stage: usize) -> impl Iterator<Item = PersonId> {
        let counts = move |cast: &&Decision| !self.same_person_twice || cast.stage == stage;
        self.decisions
            .iter()
            .filter(counts)
            .flat_map(|cast| [cast.person, cast.on_behalf_of].into_iter().flatten())
    }

    fn has_quorum(&self, stage: usize) -> bool {
        let Some(run) = self.stages.get(stage) else { return false };
        run.carried || run.needed().is_some_and(|needed| self.approvals(stage) >= needed)
    }

    fn approvals(&self, stage: usize) -> u32 {
        let approves =
            |decision: &&Decision| decision.stage == stage && decision.decision == DecisionKind::Approve;
        u32::try_from(self.decisions.iter().filter(approves).count()).unwrap_or(u32::MAX)
    }
}

/// What `action` does to `review`, or why it is refused. Nothing is changed here.
pub fn step(review: &Review, action: &Action) -> Result<Step, Refusal> {
    if review.state != ReviewState::Open {
        return Err(Refusal::Closed);
    }
    let open = review.open_stage();
    // An edit and the time end a review whatever its stages are.
    let stage = open.unwrap_or_default();
    let ended = |state| Ok(Step { stage, state, opens: None });
    match action {
        Action::Withdraw => ended(ReviewState::Withdrawn),
        Action::Lapse => ended(ReviewState::Lapsed),
        Action::Decide { voter, decision, has_reason, in_pool, bar, needed_in, stage: meant } => {
            if open.is_none() || meant.is_some_and(|meant| Some(meant) != open) {
                return Err(Refusal::Closed);
            }
            if let Some(bar) = bar {
                return Err(Refusal::Barred(*bar));
            }
            let is_voter = |person: PersonId| person == voter.person || voter.on_behalf_of == Some(person);
            if review.decided_for(stage).any(is_voter) {
                return Err(Refusal::DecidedBefore);
            }
            if !in_pool {
                return Err(Refusal::NotInPool);
            }
            if *decision != DecisionKind::Approve && !has_reason {
                return Err(Refusal::ReasonMissing);
            }
            match decision {
                DecisionKind::RequestChanges => ended(ReviewState::ChangesRequested),
                DecisionKind::Reject => ended(ReviewState::Rejected),
                DecisionKind::Approve => match needed_in {
                    Some(later) => Err(Refusal::NeededIn(*later)),
                    None => Ok(approved(review, stage)),
                },
            }
        }
    }
}

/// What one more approval leads to.
fn approved(review: &Review, stage: usize) -> Step {
    let open = Step { stage, state: ReviewState::Open, opens: None };
    if review.lacks(stage).is_none_or(|lacks| lacks > 1) {
        return open;
    }
    match stage + 1 {
        next if next < review.stages.len() => Step { opens: Some(next), ..open },
        _ => Step { state: ReviewState::Approved, ..open },
    }
}

impl ReviewState {
    /// Every state.
    pub const ALL: [ReviewState; 6] = [
        ReviewState::Open,
        ReviewState::Approved,
        ReviewState::ChangesRequested,
        ReviewState::Rejected,
        ReviewState::Withdrawn,
        ReviewState::Lapsed,
    ];

    /// The state's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            ReviewState::Open => "open",
            ReviewState::Approved => "approved",
            ReviewState::ChangesRequested => "changes_requested",
            ReviewState::Rejected => "rejected",
            ReviewState::Withdrawn => "withdrawn",
            ReviewState::Lapsed => "lapsed",
        }
    }
}

impl DecisionKind {
    /// Every decision.
    pub const ALL: [DecisionKind; 3] =
        [DecisionKind::Approve, DecisionKind::RequestChanges, DecisionKind::Reject];

    /// The decision's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            DecisionKind::Approve => "approve",
            DecisionKind::RequestChanges => "request_changes",
            DecisionKind::Reject => "reject",
        }
    }
}

impl FromStr for ReviewState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownName)
    }
}

impl FromStr for DecisionKind {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|decision| decision.as_str() == text).ok_or(UnknownName)
    }
}

impl fmt::Display for ReviewState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for StageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StageState::Waiting => "waiting",
            StageState::Open => "open",
            StageState::Passed => "passed",
            StageState::Failed => "failed",
            StageState::Stuck => "stuck",
        })
    }
}
