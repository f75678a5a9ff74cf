//! A share after it was issued: its states and which outcome may follow which.
//!
//! The truth is always accepted: `confirmed` follows every state but `removed`, and is `late` when the
//! share had lapsed or was void by then. `failed` follows whatever was not confirmed, and `removed` only
//! what was. The same outcome once more is the same answer.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::roles::UnknownName;
use super::time::Time;

/// What is stored of a share's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareState {
    /// Handed over.
    Issued,
    /// The employee says that it was posted.
    Confirmed,
    /// The employee says that it was not posted.
    Failed,
    /// The employee says that the post was taken down.
    Removed,
}

/// A share's state as it is shown: the stored one, or what time and recalls made of an issued one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownState {
    /// Handed over; an outcome is awaited.
    Issued,
    /// Posted.
    Confirmed,
    /// Not posted.
    Failed,
    /// Taken down.
    Removed,
    /// Its time ended without an outcome.
    Lapsed,
    /// A recall or freeze began before an outcome.
    Void,
}

/// What is reported of a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was posted.
    Confirmed,
    /// It was not posted.
    Failed,
    /// It was taken down.
    Removed,
}

/// What a reported outcome does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutcomeStep {
    /// Nothing: it was reported before.
    Same,
    /// The share takes the outcome's state; `late` when it had lapsed or was void.
    Becomes {
        /// Whether the confirmation came after the share had lapsed or was void.
        late: bool,
    },
    /// The outcome does not follow from this state.
    Refused,
}

/// The state to show: `stopped_at` is when the first recall or freeze that concerns the share began.
pub fn shown_state(stored: ShareState, lapses_at: Time, stopped_at: Option<Time>, now: Time) -> ShownState {
    match stored {
        ShareState::Confirmed => ShownState::Confirmed,
        ShareState::Failed => ShownState::Failed,
        ShareState::Removed => ShownState::Removed,
        ShareState::Issued if stopped_at.is_some_and(|at| at < lapses_at) => ShownState::Void,
        ShareState::Issued if lapses_at <= now => ShownState::Lapsed,
        ShareState::Issued => ShownState::Issued,
    }
}

/// What `outcome` does to a share in this state.
pub const fn outcome_step(state: ShownState, outcome: Outcome) -> OutcomeStep {
    match (outcome, state) {
        (Outcome::Confirmed, ShownState::Confirmed)
        | (Outcome::Failed, ShownState::Failed)
        | (Outcome::Removed, ShownState::Removed) => OutcomeStep::Same,
        (Outcome::Confirmed, ShownState::Issued | ShownState::Failed) => OutcomeStep::Becomes { late: false },
        (Outcome::Confirmed, ShownState::Lapsed | ShownState::Void) => OutcomeStep::Becomes { late: true },
        (Outcome::Failed, ShownState::Issued | ShownState::Lapsed | ShownState::Void) => {
            OutcomeStep::Becomes { late: false }
        }
        (Outcome::Removed, ShownState::Confirmed) => OutcomeStep::Becomes { late: false },
        (Outcome::Confirmed, ShownState::Removed)
        | (Outcome::Failed, ShownState::Confirmed | ShownState::Removed)
        | (
            Outcome::Removed,
            ShownState::Issued | ShownState::Failed | ShownState::Lapsed | ShownState::Void,
        ) => OutcomeStep::Refused,
    }
}

impl ShareState {
    /// Every stored state.
    pub const ALL: [ShareState; 4] =
        [ShareState::Issued, ShareState::Confirmed, ShareState::Failed, ShareState::Removed];

    /// The state's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            ShareState::Issued => "issued",
            ShareState::Confirmed => "confirmed",
            ShareState::Failed => "failed",
            ShareState::Removed => "removed",
        }
    }
}

impl ShownState {
    /// Every shown state.
    pub const ALL: [ShownState; 6] = [
        ShownState::Issued,
        ShownState::Confirmed,
        ShownState::Failed,
        ShownState::Removed,
        ShownState::Lapsed,
        ShownState::Void,
    ];

    /// The state's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            ShownState::Issued => "issued",
            ShownState::Confirmed => "confirmed",
            ShownState::Failed => "failed",
            ShownState::Removed => "removed",
            ShownState::Lapsed => "lapsed",
            ShownState::Void => "void",
        }
    }
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 3] = [Outcome::Confirmed, Outcome::Failed, Outcome::Removed];

    /// The outcome's name, which is that of the state it leads to.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Confirmed => "confirmed",
            Outcome::Failed => "failed",
            Outcome::Removed => "removed",
        }
    }
}

impl FromStr for ShareState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownName)
    }
}

impl FromStr for ShownState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownName)
    }
}

impl FromStr for Outcome {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or(UnknownName)
    }
}

impl fmt::Display for ShownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every state with every outcome.
    #[test]
    fn the_truth_is_always_accepted() {
        use OutcomeStep::*;
        use ShownState::*;
        let (now, late) = (Becomes { late: false }, Becomes { late: true });
        let table = [
            // state, confirmed, failed, removed
            (Issued, now, now, Refused),
            (Confirmed, Same, Refused, now),
            (Failed, now, Same, Refused),
            (Removed, Refused, Refused, Same),
            (Lapsed, late, now, Refused),
            (Void, late, now, Refused),
        ];
        assert_eq!(table.map(|row| row.0), ShownState::ALL);
        for (state, confirmed, failed, removed) in table {
            assert_eq!(outcome_step(state, Outcome::Confirmed), confirmed, "{state}");
            assert_eq!(outcome_step(state, Outcome::Failed), failed, "{state}");
            assert_eq!(outcome_step(state, Outcome::Removed), removed, "{state}");
        }
    }

    #[test]
    fn a_stop_before_the_end_voids_and_a_stop_after_it_does_not() {
        let at = Time::from_micros;
        let shown = |stopped, now| shown_state(ShareState::Issued, at(100), stopped, at(now));
        assert_eq!(shown(None, 99), ShownState::Issued);
        assert_eq!(shown(None, 100), ShownState::Lapsed);
        assert_eq!(shown(Some(at(99)), 99), ShownState::Void);
        assert_eq!(shown(Some(at(99)), 500), ShownState::Void);
        assert_eq!(shown(Some(at(100)), 500), ShownState::Lapsed);
        let confirmed = shown_state(ShareState::Confirmed, at(100), Some(at(50)), at(60));
        assert_eq!(confirmed, ShownState::Confirmed);
    }
}
