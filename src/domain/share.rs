//! A share after it was issued: its states and which outcome may follow which.
//!
//! The truth is always accepted: `confirmed` follows every state but `removed`, and is `late` when the
//! share had lapsed or was void by then, whatever was said of it in between. `failed` follows whatever was
//! not confirmed, and `removed` only what was. The same outcome once more is the same answer, and one that
//! tells more of it (where the post is, what was posted) is kept beside it.

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

/// What ended a share that nobody answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overtaken {
    /// A recall or freeze began while it was open.
    Void,
    /// Its time ended.
    Lapsed,
}

/// What a reported outcome does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutcomeStep {
    /// It was reported before; at most it tells more.
    Same,
    /// The share takes the outcome's state; `late` when it had lapsed or was void.
    Becomes {
        /// Whether the confirmation came after the share had lapsed or was void.
        late: bool,
    },
    /// The outcome does not follow from this state.
    Refused,
}

/// What ended a share without an answer by `now`, if anything did: `stopped_at` is when the first recall or
/// freeze that concerns the share began.
pub fn overtaken(lapses_at: Time, stopped_at: Option<Time>, now: Time) -> Option<Overtaken> {
    if stopped_at.is_some_and(|at| at < lapses_at) {
        return Some(Overtaken::Void);
    }
    (lapses_at <= now).then_some(Overtaken::Lapsed)
}

/// The state to show of a stored one.
pub const fn shown_state(stored: ShareState, overtaken: Option<Overtaken>) -> ShownState {
    match (stored, overtaken) {
        (ShareState::Confirmed, _) => ShownState::Confirmed,
        (ShareState::Failed, _) => ShownState::Failed,
        (ShareState::Removed, _) => ShownState::Removed,
        (ShareState::Issued, Some(Overtaken::Void)) => ShownState::Void,
        (ShareState::Issued, Some(Overtaken::Lapsed)) => ShownState::Lapsed,
        (ShareState::Issued, None) => ShownState::Issued,
    }
}

/// What `outcome` does to a share of this stored state. A confirmation is late when the share was
/// overtaken, also when somebody called it failed since.
pub const fn outcome_step(stored: ShareState, overtaken: Option<Overtaken>, outcome: Outcome) -> OutcomeStep {
    match (outcome, stored) {
        (Outcome::Confirmed, ShareState::Confirmed)
        | (Outcome::Failed, ShareState::Failed)
        | (Outcome::Removed, ShareState::Removed) => OutcomeStep::Same,
        (Outcome::Confirmed, ShareState::Issued | ShareState::Failed) => {
            OutcomeStep::Becomes { late: overtaken.is_some() }
        }
        (Outcome::Failed, ShareState::Issued) | (Outcome::Removed, ShareState::Confirmed) => {
            OutcomeStep::Becomes { late: false }
        }
        (Outcome::Confirmed, ShareState::Removed)
        | (Outcome::Failed, ShareState::Confirmed | ShareState::Removed)
        | (Outcome::Removed, ShareState::Issued | ShareState::Failed) => OutcomeStep::Refused,
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
        use ShareState::*;
        let (now, late) = (Becomes { late: false }, Becomes { late: true });
        let in_time = None;
        let table = [
            // state, overtaken, confirmed, failed, removed
            (Issued, in_time, now, now, Refused),
            (Confirmed, in_time, Same, Refused, now),
            (Failed, in_time, now, Same, Refused),
            (Removed, in_time, Refused, Refused, Same),
            (Issued, Some(Overtaken::Lapsed), late, now, Refused),
            (Confirmed, Some(Overtaken::Lapsed), Same, Refused, now),
            (Failed, Some(Overtaken::Lapsed), late, Same, Refused),
            (Removed, Some(Overtaken::Lapsed), Refused, Refused, Same),
            (Issued, Some(Overtaken::Void), late, now, Refused),
            (Confirmed, Some(Overtaken::Void), Same, Refused, now),
            (Failed, Some(Overtaken::Void), late, Same, Refused),
            (Removed, Some(Overtaken::Void), Refused, Refused, Same),
        ];
        for (state, by, confirmed, failed, removed) in table {
            assert_eq!(outcome_step(state, by, Outcome::Confirmed), confirmed, "{state:?} {by:?}");
            assert_eq!(outcome_step(state, by, Outcome::Failed), failed, "{state:?} {by:?}");
            assert_eq!(outcome_step(state, by, Outcome::Removed), removed, "{state:?} {by:?}");
        }
    }

    #[test]
    fn a_stop_before_the_end_voids_and_a_stop_after_it_does_not() {
        let at = Time::from_micros;
        let shown = |stopped, now| shown_state(ShareState::Issued, overtaken(at(100), stopped, at(now)));
        assert_eq!(shown(None, 99), ShownState::Issued);
        assert_eq!(shown(None, 100), ShownState::Lapsed);
        assert_eq!(shown(Some(at(99)), 99), ShownState::Void);
        assert_eq!(shown(Some(at(99)), 500), ShownState::Void);
        assert_eq!(shown(Some(at(100)), 500), ShownState::Lapsed);
        let confirmed = shown_state(ShareState::Confirmed, Some(Overtaken::Void));
        assert_eq!(confirmed, ShownState::Confirmed);
    }
}
