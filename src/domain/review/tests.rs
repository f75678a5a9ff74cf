#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

fn review(quorums: &[u32]) -> Review {
    let quorums: Vec<Quorum> = quorums.iter().map(|count| Quorum::Count(*count)).collect();
    of(&quorums)
}

fn of(quorums: &[Quorum]) -> Review {
    let stages =
        quorums.iter().map(|quorum| StageRun { quorum: *quorum, asked: None, carried: false }).collect();
    Review { state: ReviewState::Open, stages, decisions: Vec::new(), same_person_twice: false }
}

fn decide(person: PersonId, decision: DecisionKind) -> Action {
    by(Voter { person, on_behalf_of: None }, decision)
}

fn by(voter: Voter, decision: DecisionKind) -> Action {
    Action::Decide {
        voter,
        decision,
        has_reason: true,
        in_pool: true,
        bar: None,
        needed_in: None,
        stage: None,
    }
}

fn apply(review: &mut Review, action: &Action) -> Result<Step, Refusal> {
    let step = step(review, action)?;
    if let Action::Decide { voter, decision, .. } = action {
        let Voter { person, on_behalf_of } = *voter;
        let decision =
            Decision { stage: step.stage, person: Some(person), on_behalf_of, decision: *decision };
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
                ReviewState::Open => Ok(Step { stage: 0, state: *outcome, opens: None }),
                _ => Err(Refusal::Closed),
            };
            assert_eq!(step(&review, action), expected, "{state} with {action:?}");
        }
    }
}

#[test]
fn r03_what_bars_somebody_bars_them_whatever_else_holds() {
    let voter = Voter { person: PersonId::generate(), on_behalf_of: None };
    for bar in [Bar::Author, Bar::Publisher] {
        for decision in DecisionKind::ALL {
            let (has_reason, in_pool, needed_in) = (true, true, None);
            let action = Action::Decide {
                voter,
                decision,
                has_reason,
                in_pool,
                bar: Some(bar),
                needed_in,
                stage: None,
            };
            assert_eq!(step(&review(&[1]), &action), Err(Refusal::Barred(bar)));
        }
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
    let step = apply(&mut review, &decide(ben, DecisionKind::Approve)).unwrap();
    assert_eq!(step.opens, Some(1));
    assert_eq!((review.stage_state(0), review.stage_state(1)), (StageState::Passed, StageState::Open));
    let next_stage = apply(&mut review, &decide(ben, DecisionKind::Approve));
    assert_eq!(next_stage, Err(Refusal::DecidedBefore));
}

#[test]
fn r04_where_the_workflow_says_so_a_person_counts_once_in_each_stage() {
    let (anna, ben) = (PersonId::generate(), PersonId::generate());
    let mut review = Review { same_person_twice: true, ..review(&[2, 1]) };
    apply(&mut review, &decide(anna, DecisionKind::Approve)).unwrap();
    assert_eq!(apply(&mut review, &decide(anna, DecisionKind::Approve)), Err(Refusal::DecidedBefore));
    apply(&mut review, &decide(ben, DecisionKind::Approve)).unwrap();
    let step = apply(&mut review, &decide(anna, DecisionKind::Approve)).unwrap();
    assert_eq!(step.state, ReviewState::Approved);
}

#[test]
fn c10_a_deputy_and_whom_they_decide_for_have_both_decided() {
    let (anna, ben, carl) = (PersonId::generate(), PersonId::generate(), PersonId::generate());
    let mut review = review(&[3]);
    let for_anna = Voter { person: ben, on_behalf_of: Some(anna) };
    apply(&mut review, &by(for_anna, DecisionKind::Approve)).unwrap();
    for again in [
        Voter { person: anna, on_behalf_of: None },
        Voter { person: ben, on_behalf_of: None },
        Voter { person: carl, on_behalf_of: Some(anna) },
        Voter { person: ben, on_behalf_of: Some(carl) },
    ] {
        assert_eq!(apply(&mut review, &by(again, DecisionKind::Approve)), Err(Refusal::DecidedBefore));
    }
}

#[test]
fn r05_no_is_said_with_a_reason() {
    for decision in [DecisionKind::RequestChanges, DecisionKind::Reject] {
        let action = Action::Decide {
            voter: Voter { person: PersonId::generate(), on_behalf_of: None },
            decision,
            has_reason: false,
            in_pool: true,
            bar: None,
            needed_in: None,
            stage: None,
        };
        assert_eq!(step(&review(&[1]), &action), Err(Refusal::ReasonMissing));
    }
}

#[test]
fn r09_who_is_needed_later_may_say_no_but_not_yes() {
    let needed = |decision| Action::Decide {
        voter: Voter { person: PersonId::generate(), on_behalf_of: None },
        decision,
        has_reason: true,
        in_pool: true,
        bar: None,
        needed_in: Some(1),
        stage: None,
    };
    let review = review(&[1, 1]);
    assert_eq!(step(&review, &needed(DecisionKind::Approve)), Err(Refusal::NeededIn(1)));
    assert!(step(&review, &needed(DecisionKind::Reject)).is_ok());
}

#[test]
fn c09_all_are_those_who_were_asked_and_nobody_is_never_enough() {
    let mut review = of(&[Quorum::Any, Quorum::All]);
    assert_eq!((review.lacks(0), review.lacks(1)), (Some(1), None), "who is asked is known when it opens");
    apply(&mut review, &decide(PersonId::generate(), DecisionKind::Approve)).unwrap();
    assert_eq!((review.lacks(1), review.open_stage()), (None, Some(1)), "nobody was asked yet");
    review.stages[1].asked = Some(2);
    let step = apply(&mut review, &decide(PersonId::generate(), DecisionKind::Approve)).unwrap();
    assert_eq!((step.state, review.lacks(1)), (ReviewState::Open, Some(1)));
    let step = apply(&mut review, &decide(PersonId::generate(), DecisionKind::Approve)).unwrap();
    assert_eq!(step.state, ReviewState::Approved);
}

#[test]
fn c08_a_review_resumes_behind_the_stages_that_are_carried() {
    let (anna, ben) = (PersonId::generate(), PersonId::generate());
    let mut review = review(&[1, 1]);
    review.stages[0].carried = true;
    let carried =
        Decision { stage: 0, person: Some(anna), on_behalf_of: None, decision: DecisionKind::Approve };
    review.decisions.push(carried);
    assert_eq!((review.open_stage(), review.stage_state(0)), (Some(1), StageState::Passed));
    assert_eq!(apply(&mut review, &decide(anna, DecisionKind::Approve)), Err(Refusal::DecidedBefore));
    assert_eq!(apply(&mut review, &decide(ben, DecisionKind::Approve)).unwrap().state, ReviewState::Approved);
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
        let full = quorums.iter().enumerate().all(|(stage, quorum)| review.approvals(stage) == *quorum);
        let rejected = review.decisions.iter().any(|cast| cast.decision == DecisionKind::Reject);
        prop_assert_eq!(review.state == ReviewState::Approved, full && !rejected);
        prop_assert_eq!(review.state == ReviewState::Rejected, rejected);
    }
}

#[test]
fn r11_an_edit_and_the_time_end_a_review_whatever_its_stages_are() {
    let stage = StageRun { quorum: Quorum::Any, asked: None, carried: true };
    let review = Review {
        state: ReviewState::Open,
        stages: vec![stage],
        decisions: Vec::new(),
        same_person_twice: false,
    };
    assert_eq!(review.open_stage(), None);
    assert_eq!(step(&review, &Action::Lapse).map(|step| step.state), Ok(ReviewState::Lapsed));
    assert_eq!(step(&review, &Action::Withdraw).map(|step| step.state), Ok(ReviewState::Withdrawn));
    let person = PersonId::generate();
    assert_eq!(step(&review, &decide(person, DecisionKind::Approve)), Err(Refusal::Closed));
}

#[test]
fn c06_a_decision_says_which_stage_it_means() {
    let means = |stage| {
        let voter = Voter { person: PersonId::generate(), on_behalf_of: None };
        let (decision, has_reason, in_pool) = (DecisionKind::Approve, true, true);
        Action::Decide { voter, decision, stage, has_reason, in_pool, bar: None, needed_in: None }
    };
    assert_eq!(step(&review(&[1, 1]), &means(Some(1))), Err(Refusal::Closed));
    assert!(step(&review(&[1, 1]), &means(Some(0))).is_ok() && step(&review(&[1, 1]), &means(None)).is_ok());
}

#[test]
fn r09_a_stage_that_asks_everybody_never_passes_with_nobody() {
    let everybody = StageRun { quorum: Quorum::All, asked: None, carried: false };
    let mut review = Review { stages: vec![everybody], ..review(&[]) };
    let person = Some(PersonId::generate());
    let cast = Decision { stage: 0, person, on_behalf_of: None, decision: DecisionKind::Approve };
    review.decisions.push(cast);
    assert_eq!((review.open_stage(), review.lacks(0)), (Some(0), None), "it has not opened");
    review.decisions.clear();
    review.stages[0].asked = Some(0);
    assert_eq!((review.open_stage(), review.lacks(0)), (Some(0), Some(1)));
    let approve = decide(PersonId::generate(), DecisionKind::Approve);
    let step = apply(&mut review, &approve).unwrap();
    assert_eq!((step.state, review.stage_state(0)), (ReviewState::Approved, StageState::Passed));
}
