//! The life of one item, played by persons of every role: once with the pure machines, once with the model.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::model::{Model, Outcome, Present, ROLES, Setting, may};
use super::*;
use crate::domain::lifecycle::{Edit, RevisionState, Submission, edit, submission};
use crate::domain::roles::Scope;
use crate::domain::staffing::{self, Demand};

#[derive(Debug, Clone)]
enum Command {
    Edit { who: usize },
    Submit { who: usize },
    Decide { who: usize, for_other: Option<usize>, decision: DecisionKind, reason: bool },
    Recall { who: usize },
    WindowCloses,
    Leave { who: usize },
    Return { who: usize },
    Delegate { from: usize, to: usize },
    EndDelegation,
}

/// The item as the machines see it.
struct Machines<'a> {
    setting: &'a Setting,
    ids: Vec<PersonId>,
    state: RevisionState,
    recalled: bool,
    authors: BTreeSet<usize>,
    review: Option<Review>,
    /// Who was asked in each stage that asks everybody and has opened.
    asked: Vec<Option<BTreeSet<usize>>>,
}

impl<'a> Machines<'a> {
    fn new(setting: &'a Setting) -> Self {
        Self {
            setting,
            ids: (0..ROLES.len()).map(|_| PersonId::generate()).collect(),
            state: RevisionState::Draft,
            recalled: false,
            authors: BTreeSet::from([0]),
            review: None,
            asked: vec![None; setting.stages.len()],
        }
    }

    fn pool(&self, stage: usize) -> &BTreeSet<usize> {
        self.asked[stage].as_ref().unwrap_or(&self.setting.stages[stage].1)
    }

    /// Who may not decide in a stage any more.
    fn excluded(&self, review: &Review, stage: usize) -> BTreeSet<usize> {
        let place = |id: PersonId| self.ids.iter().position(|known| *known == id).unwrap();
        self.authors.iter().copied().chain(review.decided_for(stage).map(place)).collect()
    }

    /// What is still demanded, from the open stage on; a stage that will ask everybody wants one of them, and takes
    /// all of them from the stages after it.
    fn demands(&self, present: &Present) -> Vec<Demand> {
        let Some(review) = &self.review else { return Vec::new() };
        let Some(open) = review.open_stage() else { return Vec::new() };
        let mut decided = BTreeSet::new();
        let demand = |stage: usize| {
            let mut excluded = self.excluded(review, stage);
            excluded.extend(&decided);
            let seated = present.seated(self.pool(stage), &excluded);
            let lacks = review.lacks(stage);
            if lacks.is_none() && !self.setting.same_person_twice {
                decided.extend(seated.iter().copied().chain(present.asked(self.pool(stage), &excluded)));
            }
            let pool = seated.into_iter().map(|who| self.ids[who]).collect();
            Demand { quorum: lacks.unwrap_or(1), pool }
        };
        (open..self.setting.stages.len()).map(demand).collect()
    }

    fn can_end(&self, present: &Present) -> bool {
        staffing::short(&self.demands(present), self.setting.same_person_twice).is_none()
    }

    fn edit(&mut self, who: usize) -> Outcome {
        let mut withdraws = true;
        match edit(self.state) {
            Edit::ChangesDraft | Edit::OpensNext => {}
            Edit::OpensNextAndWithdraws => withdraws = self.act(&Action::Withdraw).is_ok(),
            Edit::OpensNextAfresh => self.authors.clear(),
        }
        self.authors.insert(who);
        self.state = RevisionState::Draft;
        if withdraws { Outcome::Done } else { Outcome::Refused }
    }

    fn submit(&mut self, present: &Present) -> Outcome {
        match submission(self.state, self.recalled) {
            Submission::RefusedInReview | Submission::RefusedNothingNew => return Outcome::Refused,
            Submission::FreezesDraft | Submission::RepeatsAsNext => {}
        }
        let run = |(quorum, _): &(Quorum, BTreeSet<usize>)| StageRun {
            quorum: *quorum,
            asked: None,
            carried: false,
        };
        let review = Review {
            state: ReviewState::Open,
            stages: self.setting.stages.iter().map(run).collect(),
            decisions: Vec::new(),
            same_person_twice: self.setting.same_person_twice,
        };
        let before = self.review.replace(review);
        let asked = std::mem::replace(&mut self.asked, vec![None; self.setting.stages.len()]);
        if !self.can_end(present) {
            (self.review, self.asked) = (before, asked);
            return Outcome::Refused;
        }
        (self.state, self.recalled) = (RevisionState::InReview, false);
        self.open_stage(present, 0);
        Outcome::Done
    }

    /// A stage opens: where it asks everybody, that is who can decide now.
    fn open_stage(&mut self, present: &Present, stage: usize) {
        let Some(review) = &mut self.review else { return };
        if review.stages[stage].quorum != Quorum::All {
            return;
        }
        let asked = present.asked(self.pool(stage), &self.excluded(self.review.as_ref().unwrap(), stage));
        self.review.as_mut().unwrap().stages[stage].asked = Some(u32::try_from(asked.len()).unwrap());
        self.asked[stage] = Some(asked);
    }

    fn decide(
        &mut self,
        present: &Present,
        (who, owner): (usize, usize),
        decision: DecisionKind,
        has_reason: bool,
    ) -> Outcome {
        let voter = Voter { person: self.ids[who], on_behalf_of: (owner != who).then(|| self.ids[owner]) };
        let voters: Vec<PersonId> = std::iter::once(voter.person).chain(voter.on_behalf_of).collect();
        let open = self.review.as_ref().and_then(Review::open_stage);
        let is_author = self.authors.contains(&who) || self.authors.contains(&owner);
        let action = Action::Decide {
            voter,
            decision,
            stage: None,
            has_reason,
            in_pool: open.is_some_and(|stage| present.has_seat(self.pool(stage), who, owner)),
            bar: is_author.then_some(Bar::Author),
            needed_in: staffing::needed_in(&self.demands(present), self.setting.same_person_twice, &voters),
        };
        match self.act(&action) {
            Ok(step) => {
                if let Some(next) = step.opens {
                    self.open_stage(present, next);
                }
                Outcome::Done
            }
            Err(Refusal::NeededIn(_)) => Outcome::Needed,
            Err(_) => Outcome::Refused,
        }
    }

    /// The review ends though nobody decided.
    fn end(&mut self, action: &Action) -> Outcome {
        if self.act(action).is_ok() { Outcome::Done } else { Outcome::Refused }
    }

    fn act(&mut self, action: &Action) -> Result<Step, Refusal> {
        let review = self.review.as_mut().ok_or(Refusal::Closed)?;
        let step = step(review, action)?;
        if let Action::Decide { voter, decision, .. } = action {
            let (person, on_behalf_of) = (Some(voter.person), voter.on_behalf_of);
            review.decisions.push(Decision { stage: step.stage, person, on_behalf_of, decision: *decision });
        }
        review.state = step.state;
        self.state = match step.state {
            ReviewState::Open => RevisionState::InReview,
            ReviewState::Approved => RevisionState::Approved,
            ReviewState::ChangesRequested => RevisionState::ChangesRequested,
            ReviewState::Rejected => RevisionState::Rejected,
            ReviewState::Withdrawn => RevisionState::Withdrawn,
            ReviewState::Lapsed => RevisionState::Lapsed,
        };
        Ok(step)
    }
}

/// What a command does to who is there; it says nothing of the item.
fn come_and_go(present: &mut Present, command: &Command) {
    match command {
        Command::Leave { who } => {
            present.active.remove(who);
        }
        Command::Return { who } => {
            present.active.insert(*who);
        }
        Command::Delegate { from, to }
            if from != to && present.can_decide(*to) && present.can_decide(*from) =>
        {
            present.deputy = Some((*from, *to));
        }
        Command::EndDelegation => present.deputy = None,
        _ => {}
    }
}

/// What both sides make of a command.
fn obey(
    machines: &mut Machines<'_>,
    model: &mut Model,
    present: &Present,
    command: &Command,
) -> (Outcome, Outcome) {
    let setting = machines.setting;
    let may = |who: usize, scope: Scope| present.active.contains(&who) && may(who, scope);
    match command {
        Command::Edit { who } if may(*who, Scope::ContentWrite) => (machines.edit(*who), model.edit(*who)),
        Command::Submit { who } if may(*who, Scope::ContentWrite) => {
            (machines.submit(present), model.submit(setting, present))
        }
        Command::Decide { who, for_other, decision, reason } if may(*who, Scope::Review) => {
            let voter = (*who, for_other.unwrap_or(*who));
            let said = machines.decide(present, voter, *decision, *reason);
            (said, model.decide(setting, present, voter, *decision, *reason))
        }
        Command::Recall { who } if may(*who, Scope::Publish) => {
            (machines.recalled, model.recalled) = (true, true);
            (machines.end(&Action::Withdraw), model.end("withdrawn"))
        }
        Command::WindowCloses => (machines.end(&Action::Lapse), model.end("lapsed")),
        // Who may not is turned away before either side is asked.
        _ => (Outcome::Forbidden, Outcome::Forbidden),
    }
}

fn play(setting: &Setting, commands: &[Command]) {
    let mut present = Present { active: (0..ROLES.len()).collect(), deputy: None };
    let (mut machines, mut model) = (Machines::new(setting), Model::new());
    for command in commands {
        come_and_go(&mut present, command);
        let (said, expected) = obey(&mut machines, &mut model, &present, command);
        assert_eq!(said, expected, "{command:?}");
        assert_eq!(machines.state.as_str(), model.phase, "{command:?}");
        assert_eq!(machines.authors, model.authors, "{command:?}");
        if model.phase == "in_review" {
            let open = machines.review.as_ref().unwrap().open_stage();
            assert_eq!(open, Some(model.open(setting)), "{command:?}");
            assert_eq!(machines.can_end(&present), model.can_end(setting, &present), "{command:?}");
        }
        if model.phase == "approved" {
            assert!(model.is_approved_by_others(setting), "{command:?}");
        }
    }
}

fn settings() -> impl Strategy<Value = Setting> {
    let quorum = prop_oneof![
        3 => Just(Quorum::Any),
        2 => Just(Quorum::All),
        2 => (1u32..3).prop_map(Quorum::Count),
    ];
    let pool = proptest::collection::btree_set(0usize..ROLES.len(), 1..6);
    (proptest::collection::vec((quorum, pool), 1..4), proptest::bool::weighted(0.3))
        .prop_map(|(stages, same_person_twice)| Setting { stages, same_person_twice })
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let who = || 0usize..ROLES.len();
    let decision = prop_oneof![
        8 => Just(DecisionKind::Approve),
        1 => Just(DecisionKind::RequestChanges),
        1 => Just(DecisionKind::Reject),
    ];
    let command = prop_oneof![
        2 => who().prop_map(|who| Command::Edit { who }),
        4 => who().prop_map(|who| Command::Submit { who }),
        12 => (who(), proptest::option::weighted(0.3, who()), decision, any::<bool>()).prop_map(
            |(who, for_other, decision, reason)| Command::Decide { who, for_other, decision, reason }
        ),
        1 => who().prop_map(|who| Command::Recall { who }),
        1 => Just(Command::WindowCloses),
        2 => who().prop_map(|who| Command::Leave { who }),
        2 => who().prop_map(|who| Command::Return { who }),
        2 => (who(), who()).prop_map(|(from, to)| Command::Delegate { from, to }),
        1 => Just(Command::EndDelegation),
    ];
    proptest::collection::vec(command, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn the_machines_do_what_the_model_says(setting in settings(), commands in commands()) {
        play(&setting, &commands);
    }
}
