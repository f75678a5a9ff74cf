#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

fn review(quorums: &[u32]) -> Review {
    let stage = |quorum: &u32| Stage {
        name: "stage".into(),
        reviewers: Reviewers::Role(Role::Reviewer),
        quorum: *quorum,
    };
    Review { state: ReviewState::Open, stages: quorums.iter().map(stage).collect(), decisions: Vec::new() }
}

fn decide(person: PersonId, decision: DecisionKind) -> Action {
    Action::Decide { person, decision, has_reason: true, in_pool: true, is_author: false }
}

fn apply(review: &mut Review, action: &Action) -> Result<Step, Refusal> {
    let step = step(review, action)?;
    if let Action::Decide { person, decision, .. } = action {
        let decision = Decision { stage: step.stage, person: Some(*person), decision: *decision };
        review.decisions.push(decision);
    }
    review.state = step.state;
    Ok(step)
}

/// Every state with every action, as the table in the module's documentation says.
#[test]
fn every_state_with_every_action() {
    let person = PersonId::generate();
    let actions = [
        (decide(person, DecisionKind::Approve), ReviewState::Approved),
        (decide(person, DecisionKind::RequestChanges), ReviewState::ChangesRequested),
        (decide(person, DecisionKind::Reject), ReviewState::Rejected),
        (Action::Withdraw, ReviewState::Withdrawn),
        (Action::Lapse, ReviewState::Lapsed),
    ];
    for state in ReviewState::ALL {
        for (action, outcome) in &actions {
            let review = Review { state, ..review(&[1]) };
            let expected = match state {
                ReviewState::Open => Ok(Step { stage: 0, state: *outcome }),
                _ => Err(Refusal::Closed),
            };
            assert_eq!(step(&review, action), expected, "{state} with {action:?}");
        }
    }
}

#[test]
fn r03_an_author_cannot_decide_whatever_else_holds() {
    for decision in DecisionKind::ALL {
        let action = Action::Decide {
            person: PersonId::generate(),
            decision,
            has_reason: true,
            in_pool: true,
            is_author: true,
        };
        assert_eq!(step(&review(&[1]), &action), Err(Refusal::Author));
    }
}

#[test]
fn r04_a_person_counts_once_in_a_review() {
    let (anna, ben) = (PersonId::generate(), PersonId::generate());
    let mut review = review(&[2, 1]);
    apply(&mut review, &decide(anna, DecisionKind::Approve)).unwrap();
    assert_eq!(review.stage_state(0), StageState::Open);
    let again = apply(&mut review, &decide(anna, DecisionKind::Approve));
    assert_eq!(again, Err(Refusal::DecidedBefore));
    apply(&mut review, &decide(ben, DecisionKind::Approve)).unwrap();
    assert_eq!((review.stage_state(0), review.stage_state(1)), (StageState::Passed, StageState::Open));
    let next_stage = apply(&mut review, &decide(ben, DecisionKind::Approve));
    assert_eq!(next_stage, Err(Refusal::DecidedBefore));
}

#[test]
fn r05_no_is_said_with_a_reason() {
    for decision in [DecisionKind::RequestChanges, DecisionKind::Reject] {
        let action = Action::Decide {
            person: PersonId::generate(),
            decision,
            has_reason: false,
            in_pool: true,
            is_author: false,
        };
        assert_eq!(step(&review(&[1]), &action), Err(Refusal::ReasonMissing));
    }
}

proptest! {
    /// Approved means that each stage has its quorum of distinct persons, in order.
    #[test]
    fn approved_only_with_every_quorum(
        quorums in proptest::collection::vec(1u32..4, 1..4),
        votes in proptest::collection::vec((0usize..8, 0u8..10), 0..30),
    ) {
        let people: Vec<PersonId> = (0..8).map(|_| PersonId::generate()).collect();
        let mut review = review(&quorums);
        for (who, vote) in votes {
            let decision = if vote == 0 { DecisionKind::Reject } else { DecisionKind::Approve };
            let _ = apply(&mut review, &decide(people[who], decision));
        }
        let mut persons: Vec<_> = review.decisions.iter().map(|cast| cast.person).collect();
        persons.sort_unstable();
        let cast = persons.len();
        persons.dedup();
        prop_assert_eq!(persons.len(), cast);
        let full = quorums.iter().enumerate().all(|(stage, quorum)| {
            review.approvals(stage) == *quorum as usize
        });
        let rejected = review.decisions.iter().any(|cast| cast.decision == DecisionKind::Reject);
        prop_assert_eq!(review.state == ReviewState::Approved, full && !rejected);
        prop_assert_eq!(review.state == ReviewState::Rejected, rejected);
    }
}
