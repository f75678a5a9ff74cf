//! Urgent publications: posts that went live before their reviews, and what came of those.
//!
//! Somebody else reviews such a post by a certain time. What that makes of it follows from the time and the
//! outcome alone:
//!
//! | outcome \ time | before `review_by` | from `review_by` on |
//! | --- | --- | --- |
//! | none yet | may be used | blocked since `review_by`: `urgent_unreviewed` |
//! | confirmed | may be used | may be used |
//! | refused | blocked since the answer: `urgent_refused` | the same |

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::roles::UnknownName;
use super::time::Time;

/// What blocks a post whose review afterwards did not end in time.
pub const URGENT_UNREVIEWED: &str = "urgent_unreviewed";
/// What blocks a post whose review afterwards did not approve it.
pub const URGENT_REFUSED: &str = "urgent_refused";

/// What a review afterwards led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UrgentOutcome {
    /// It approved.
    Confirmed,
    /// It rejected, or asked for changes.
    Refused,
}

/// An urgent publication, as far as availability depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Urgent {
    /// When the review must have ended.
    pub review_by: Time,
    /// What it led to, and when.
    pub outcome: Option<(UrgentOutcome, Time)>,
}

/// What an urgent publication waits for, or came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UrgentState {
    /// Its review is awaited.
    Awaiting,
    /// Its review is awaited, and its time has passed.
    Overdue,
    /// Its review approved.
    Confirmed,
    /// Its review rejected, or asked for changes.
    Refused,
    /// Its review ended without an outcome: the post was recalled or retired, or its window closed.
    Ended,
}

impl UrgentOutcome {
    /// Every outcome.
    pub const ALL: [UrgentOutcome; 2] = [UrgentOutcome::Confirmed, UrgentOutcome::Refused];

    /// The outcome's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            UrgentOutcome::Confirmed => "confirmed",
            UrgentOutcome::Refused => "refused",
        }
    }
}

impl UrgentState {
    /// Every state.
    pub const ALL: [UrgentState; 5] = [
        UrgentState::Awaiting,
        UrgentState::Overdue,
        UrgentState::Confirmed,
        UrgentState::Refused,
        UrgentState::Ended,
    ];

    /// The state's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            UrgentState::Awaiting => "awaiting",
            UrgentState::Overdue => "overdue",
            UrgentState::Confirmed => "confirmed",
            UrgentState::Refused => "refused",
            UrgentState::Ended => "ended",
        }
    }
}

impl FromStr for UrgentOutcome {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or(UnknownName)
    }
}

impl fmt::Display for UrgentOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Urgent {
    /// Whether its review approved.
    pub fn is_confirmed(&self) -> bool {
        self.outcome.is_some_and(|(outcome, _)| outcome == UrgentOutcome::Confirmed)
    }

    /// What keeps the post from being used, and since when.
    pub fn blocked(&self, now: Time) -> Option<(&'static str, Time)> {
        match self.outcome {
            Some((UrgentOutcome::Confirmed, _)) => None,
            Some((UrgentOutcome::Refused, since)) => Some((URGENT_REFUSED, since)),
            None => (self.review_by <= now).then_some((URGENT_UNREVIEWED, self.review_by)),
        }
    }

    /// The moment after `now` at which time alone blocks the post.
    pub fn next_change(&self, now: Time) -> Option<Time> {
        Some(self.review_by).filter(|at| self.outcome.is_none() && *at > now)
    }

    /// What it waits for, or came to; `is_reviewed` tells whether its review is still open.
    pub fn state(&self, is_reviewed: bool, now: Time) -> UrgentState {
        match self.outcome {
            Some((UrgentOutcome::Confirmed, _)) => UrgentState::Confirmed,
            Some((UrgentOutcome::Refused, _)) => UrgentState::Refused,
            None if !is_reviewed => UrgentState::Ended,
            None if self.review_by <= now => UrgentState::Overdue,
            None => UrgentState::Awaiting,
        }
    }
}

/// How many urgent publications came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UrgentCounts {
    /// All of them.
    pub published: u32,
    /// Those whose review approved in time.
    pub confirmed_in_time: u32,
    /// Those whose review approved when they were blocked already.
    pub confirmed_late: u32,
    /// Those whose review rejected, or asked for changes.
    pub refused: u32,
    /// Those whose review is awaited.
    pub awaiting: u32,
    /// Those whose review is awaited though its time has passed.
    pub overdue: u32,
    /// Those whose review ended without an outcome.
    pub ended: u32,
}

impl UrgentCounts {
    /// Counts one more.
    pub fn add(&mut self, urgent: &Urgent, is_reviewed: bool, now: Time) {
        let in_time = urgent.outcome.is_some_and(|(_, at)| at < urgent.review_by);
        let count = match urgent.state(is_reviewed, now) {
            UrgentState::Awaiting => &mut self.awaiting,
            UrgentState::Overdue => &mut self.overdue,
            UrgentState::Confirmed if in_time => &mut self.confirmed_in_time,
            UrgentState::Confirmed => &mut self.confirmed_late,
            UrgentState::Refused => &mut self.refused,
            UrgentState::Ended => &mut self.ended,
        };
        *count += 1;
        self.published += 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    fn urgent(outcome: Option<(UrgentOutcome, i64)>) -> Urgent {
        Urgent { review_by: at(100), outcome: outcome.map(|(outcome, seconds)| (outcome, at(seconds))) }
    }

    #[test]
    fn c16_silence_blocks_from_the_very_moment_on_and_a_late_approval_ends_that() {
        let silent = urgent(None);
        assert_eq!(silent.blocked(at(99)), None);
        assert_eq!(silent.blocked(at(100)), Some((URGENT_UNREVIEWED, at(100))));
        assert_eq!(silent.blocked(at(5000)), Some((URGENT_UNREVIEWED, at(100))));
        assert_eq!((silent.next_change(at(99)), silent.next_change(at(100))), (Some(at(100)), None));
        for confirmed in [50, 200].map(|when| urgent(Some((UrgentOutcome::Confirmed, when)))) {
            assert_eq!((confirmed.blocked(at(300)), confirmed.next_change(at(60))), (None, None));
            assert!(confirmed.is_confirmed() && !silent.is_confirmed());
        }
    }

    #[test]
    fn c16_a_refusal_blocks_from_its_answer_on() {
        let refused = urgent(Some((UrgentOutcome::Refused, 50)));
        assert_eq!(refused.blocked(at(50)), Some((URGENT_REFUSED, at(50))));
        assert_eq!(refused.blocked(at(500)), Some((URGENT_REFUSED, at(50))));
        assert_eq!(refused.next_change(at(60)), None);
        assert!(!refused.is_confirmed());
    }

    #[test]
    fn each_state_is_counted_once() {
        let mut counts = UrgentCounts::default();
        let confirmed = |when| urgent(Some((UrgentOutcome::Confirmed, when)));
        for (urgent, is_reviewed, now) in [
            (urgent(None), true, 99),
            (urgent(None), true, 100),
            (urgent(None), false, 100),
            (confirmed(99), false, 200),
            (confirmed(100), false, 200),
            (urgent(Some((UrgentOutcome::Refused, 99))), false, 200),
        ] {
            counts.add(&urgent, is_reviewed, at(now));
        }
        let one = UrgentCounts {
            published: 6,
            confirmed_in_time: 1,
            confirmed_late: 1,
            refused: 1,
            awaiting: 1,
            overdue: 1,
            ended: 1,
        };
        assert_eq!(counts, one);
    }

    #[test]
    fn outcomes_are_found_by_their_names() {
        for outcome in UrgentOutcome::ALL {
            assert_eq!(outcome.as_str().parse::<UrgentOutcome>().unwrap(), outcome);
        }
        assert_eq!("kept".parse::<UrgentOutcome>(), Err(UnknownName));
    }
}
