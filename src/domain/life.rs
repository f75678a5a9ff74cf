//! The life of a revision as one table: what the README draws, and what the machines do.

use super::lifecycle::RevisionState;

/// The name of what time makes of an approved revision; it is derived and never stored.
pub const SUPERSEDED: &str = "superseded";

/// From one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrow {
    /// The state before; `[*]` where a revision begins.
    pub from: &'static str,
    /// The state after.
    pub to: &'static str,
    /// By what.
    pub by: &'static str,
}

const fn arrow(from: RevisionState, to: RevisionState, by: &'static str) -> Arrow {
    Arrow { from: from.as_str(), to: to.as_str(), by }
}

/// Every arrow. Whatever is not here does not happen: a frozen revision is not edited, and one that has its
/// outcome keeps it.
pub const LIFE: [Arrow; 11] = [
    Arrow { from: "[*]", to: RevisionState::Draft.as_str(), by: "write" },
    arrow(RevisionState::Draft, RevisionState::Draft, "edit"),
    arrow(RevisionState::Draft, RevisionState::InReview, "submit (frozen from here on)"),
    arrow(RevisionState::InReview, RevisionState::InReview, "a stage passed, the next opens"),
    arrow(RevisionState::InReview, RevisionState::Approved, "every stage passed"),
    arrow(RevisionState::InReview, RevisionState::Approved, "published urgently, its review goes on"),
    arrow(RevisionState::InReview, RevisionState::ChangesRequested, "a reviewer asks for changes"),
    arrow(RevisionState::InReview, RevisionState::Rejected, "a reviewer rejects"),
    arrow(
        RevisionState::InReview,
        RevisionState::Withdrawn,
        "edited, recalled, retired or redacted meanwhile",
    ),
    arrow(RevisionState::InReview, RevisionState::Lapsed, "its window closed first"),
    Arrow { from: RevisionState::Approved.as_str(), to: SUPERSEDED, by: "a newer approved one is published" },
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::ids::PersonId;
    use crate::domain::lifecycle::{Edit, Submission, edit, submission};
    use crate::domain::review::{Action, DecisionKind, Review, ReviewState, StageRun, Voter, step};
    use crate::domain::workflow::Quorum;

    #[test]
    fn the_readme_draws_this_table() {
        let readme = include_str!("../../README.md");
        let (_, picture) = readme.split_once("stateDiagram-v2\n").unwrap();
        let (picture, _) = picture.split_once("```").unwrap();
        let drawn: Vec<&str> = picture.lines().map(str::trim).collect();
        let table: Vec<String> =
            LIFE.iter().map(|arrow| format!("{} --> {} : {}", arrow.from, arrow.to, arrow.by)).collect();
        assert_eq!(drawn, table);
    }

    /// The state of a revision that a review in this state leaves it in.
    fn left_in(state: ReviewState) -> RevisionState {
        match state {
            ReviewState::Open => RevisionState::InReview,
            ReviewState::Approved => RevisionState::Approved,
            ReviewState::ChangesRequested => RevisionState::ChangesRequested,
            ReviewState::Rejected => RevisionState::Rejected,
            ReviewState::Withdrawn => RevisionState::Withdrawn,
            ReviewState::Lapsed => RevisionState::Lapsed,
        }
    }

    #[test]
    fn the_machines_take_these_arrows_and_no_others() {
        let mut taken = BTreeSet::from([("[*]", "draft"), ("approved", SUPERSEDED)]);
        for state in RevisionState::ALL {
            match edit(state) {
                Edit::ChangesDraft => taken.insert((state.as_str(), state.as_str())),
                Edit::OpensNextAndWithdraws => taken.insert((state.as_str(), "withdrawn")),
                // The revision stays as it is; the next one begins its own life.
                Edit::OpensNext | Edit::OpensNextAfresh => false,
            };
            if submission(state, false) == Submission::FreezesDraft {
                taken.insert((state.as_str(), "in_review"));
            }
        }
        let run = StageRun { quorum: Quorum::Any, asked: None, carried: false };
        for stages in [1, 2] {
            let review = Review {
                state: ReviewState::Open,
                stages: vec![run.clone(); stages],
                decisions: Vec::new(),
                same_person_twice: false,
            };
            let decide = |decision| Action::Decide {
                voter: Voter { person: PersonId::generate(), on_behalf_of: None },
                decision,
                has_reason: true,
                in_pool: true,
                bar: None,
                needed_in: None,
                stage: None,
            };
            let actions = DecisionKind::ALL.map(decide).into_iter().chain([Action::Withdraw, Action::Lapse]);
            for action in actions {
                let step = step(&review, &action).unwrap();
                taken.insert(("in_review", left_in(step.state).as_str()));
            }
            for state in ReviewState::ALL.into_iter().filter(|state| *state != ReviewState::Open) {
                let closed = Review { state, ..review.clone() };
                assert!(step(&closed, &Action::Withdraw).is_err(), "{state} is an outcome");
            }
        }
        let table: BTreeSet<(&str, &str)> = LIFE.iter().map(|arrow| (arrow.from, arrow.to)).collect();
        assert_eq!(taken, table);
    }
}
