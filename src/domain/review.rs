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

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::{GroupId, PersonId};
use super::roles::{Role, UnknownName};

#[cfg(test)]
mod tests;

/// One step of a workflow: who may decide, and how many of them must approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What the stage is called.
    pub name: String,
    /// The pool of those who may decide.
    pub reviewers: Reviewers,
    /// How many approvals pass the stage; at least one.
    pub quorum: u32,
}

/// A pool of reviewers, by reference: who is in it is read when somebody decides (R8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reviewers {
    /// Everybody who holds the role.
    Role(Role),
    /// Everybody in the group, with the name it had when the review opened.
    Group {
        /// The group.
        id: GroupId,
        /// Its name at that time.
        name: String,
    },
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

/// A decision that was cast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The stage it counts in, from 0.
    pub stage: usize,
    /// Who decided; `None` once the person is erased.
    pub person: Option<PersonId>,
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
}

/// A review as the machine sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Open, or the outcome.
    pub state: ReviewState,
    /// The stages as they stood when the review opened.
    pub stages: Vec<Stage>,
    /// The decisions in the order in which they were cast.
    pub decisions: Vec<Decision>,
}

/// What can happen to a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Somebody decides.
    Decide {
        /// Who.
        person: PersonId,
        /// What.
        decision: DecisionKind,
        /// Whether a reason was given.
        has_reason: bool,
        /// Whether the person is in the open stage's pool right now.
        in_pool: bool,
        /// Whether the person wrote any of the words (R3).
        is_author: bool,
    },
    /// The revision was edited, or its item recalled.
    Withdraw,
    /// The revision's window closed.
    Lapse,
}

/// Why an action is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The review has its outcome already (R5).
    Closed,
    /// The person is an author of this revision (R3).
    Author,
    /// The person is not in the open stage's pool.
    NotInPool,
    /// The person has decided in this review before (R4).
    DecidedBefore,
    /// `request_changes` and `reject` need a reason (R5).
    ReasonMissing,
}

/// What an action led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    /// The stage that the action concerned.
    pub stage: usize,
    /// The review's state after it.
    pub state: ReviewState,
}

impl Review {
    /// The stage that is open, from 0: the first that has not reached its quorum.
    pub fn open_stage(&self) -> Option<usize> {
        if self.state != ReviewState::Open {
            return None;
        }
        (0..self.stages.len()).find(|stage| !self.has_quorum(*stage))
    }

    /// The state of a stage, derived from the decisions.
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

    fn has_quorum(&self, stage: usize) -> bool {
        let quorum = self.stages.get(stage).map_or(u32::MAX, |stage| stage.quorum);
        self.approvals(stage) >= quorum as usize
    }

    fn approvals(&self, stage: usize) -> usize {
        let approves =
            |decision: &&Decision| decision.stage == stage && decision.decision == DecisionKind::Approve;
        self.decisions.iter().filter(approves).count()
    }
}

/// What `action` does to `review`, or why it is refused. Nothing is changed here.
pub fn step(review: &Review, action: &Action) -> Result<Step, Refusal> {
    let stage = review.open_stage().ok_or(Refusal::Closed)?;
    let state = match action {
        Action::Withdraw => ReviewState::Withdrawn,
        Action::Lapse => ReviewState::Lapsed,
        Action::Decide { person, decision, has_reason, in_pool, is_author } => {
            if *is_author {
                return Err(Refusal::Author);
            }
            if review.decisions.iter().any(|cast| cast.person == Some(*person)) {
                return Err(Refusal::DecidedBefore);
            }
            if !in_pool {
                return Err(Refusal::NotInPool);
            }
            decide(review, stage, *decision, *has_reason)?
        }
    };
    Ok(Step { stage, state })
}

fn decide(
    review: &Review,
    stage: usize,
    decision: DecisionKind,
    has_reason: bool,
) -> Result<ReviewState, Refusal> {
    if decision != DecisionKind::Approve && !has_reason {
        return Err(Refusal::ReasonMissing);
    }
    Ok(match decision {
        DecisionKind::RequestChanges => ReviewState::ChangesRequested,
        DecisionKind::Reject => ReviewState::Rejected,
        DecisionKind::Approve => {
            let quorum = review.stages.get(stage).map_or(u32::MAX, |stage| stage.quorum);
            let passes = review.approvals(stage) + 1 >= quorum as usize;
            let is_last = stage + 1 == review.stages.len();
            if passes && is_last { ReviewState::Approved } else { ReviewState::Open }
        }
    })
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
        })
    }
}
