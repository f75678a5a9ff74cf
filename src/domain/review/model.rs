//! The life of one item from draft to approval, played by persons of every role, once with the pure machines
//! and once with a small model that shares nothing with them: it keeps sets and counts, and tries every
//! assignment.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::lifecycle::{Edit, RevisionState, Submission, edit, submission};
use crate::domain::roles::{Role, Scope, Scopes};
use crate::domain::staffing::{self, Demand};

/// Who takes part: by their place, with what they are.
const ROLES: [&[Role]; 8] = [
    &[Role::Author],
    &[Role::Author, Role::Reviewer],
    &[Role::Reviewer],
    &[Role::Reviewer],
    &[Role::Reviewer, Role::Employee],
    &[Role::Publisher, Role::Reviewer],
    &[Role::Admin],
    &[Role::Auditor, Role::Employee],
];

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

#[derive(Debug, Clone)]
struct Setting {
    stages: Vec<(Quorum, BTreeSet<usize>)>,
    same_person_twice: bool,
}

fn may(who: usize, scope: Scope) -> bool {
    Scopes::of_roles(ROLES[who].iter().copied()).contains(scope)
}

/// What both know alike: who is there, and whose deputy is who.
#[derive(Debug, Clone)]
struct Present {
    active: BTreeSet<usize>,
    deputy: Option<(usize, usize)>,
}

impl Present {
    fn can_decide(&self, who: usize) -> bool {
        self.active.contains(&who) && ROLES[who].contains(&Role::Reviewer)
    }

    /// On whose seat of a pool somebody sits.
    fn has_seat(&self, pool: &BTreeSet<usize>, who: usize, owner: usize) -> bool {
        let is_deputy = self.deputy == Some((owner, who)) && ROLES[owner].contains(&Role::Reviewer);
        self.can_decide(who) && pool.contains(&owner) && (owner == who || is_deputy)
    }

    /// Who sits on the seats of a pool: whoever is there, and the deputy of who is not.
    fn seated(&self, pool: &BTreeSet<usize>, excluded: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut seated: BTreeSet<usize> = pool.iter().copied().filter(|who| self.can_decide(*who)).collect();
        if let Some((owner, deputy)) = self.deputy
            && pool.contains(&owner)
            && ROLES[owner].contains(&Role::Reviewer)
            && !self.can_decide(owner)
            && !excluded.contains(&owner)
            && self.can_decide(deputy)
        {
            seated.insert(deputy);
        }
        seated.difference(excluded).copied().collect()
    }
}

/// What happened to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Forbidden,
    Refused,
    /// A later stage needs the person.
    Needed,
}

/// The item as the machines see it.
struct Machines {
    state: RevisionState,
    recalled: bool,
    authors: BTreeSet<usize>,
    review: Option<Review>,
}

/// The item as the model sees it.
struct Model {
    phase: &'static str,
    recalled: bool,
    authors: BTreeSet<usize>,
    /// Who has approved in each stage, and for whom.
    votes: Vec<Vec<(usize, usize)>>,
    /// Of each stage that asks everybody and has opened: who was asked.
    asked: Vec<Option<BTreeSet<usize>>>,
}

fn ids() -> Vec<PersonId> {
    (0..ROLES.len()).map(|_| PersonId::generate()).collect()
}

impl Machines {
    fn pool<'a>(setting: &'a Setting, model: &'a Model, stage: usize) -> &'a BTreeSet<usize> {
        model.asked[stage].as_ref().unwrap_or(&setting.stages[stage].1)
    }

    fn demands(&self, setting: &Setting, model: &Model, present: &Present, ids: &[PersonId]) -> Vec<Demand> {
        let review = self.review.as_ref().unwrap();
        let Some(open) = review.open_stage() else { return Vec::new() };
        let demand = |stage: usize| {
            let mut excluded = self.authors.clone();
            let decided = review.decided_for(stage);
            excluded.extend(decided.map(|id| ids.iter().position(|known| *known == id).unwrap()));
            let pool = present.seated(Self::pool(setting, model, stage), &excluded);
            let quorum = review.lacks(stage).unwrap_or(u32::try_from(pool.len()).unwrap().max(1));
            Demand { quorum, pool: pool.into_iter().map(|who| ids[who]).collect() }
        };
        (open..setting.stages.len()).map(demand).collect()
    }

    fn submit(&mut self, setting: &Setting, model: &Model, present: &Present, ids: &[PersonId]) -> Outcome {
        match submission(self.state, self.recalled) {
            Submission::RefusedInReview | Submission::RefusedNothingNew => return Outcome::Refused,
            Submission::FreezesDraft | Submission::RepeatsAsNext => {}
        }
        let run =
            |(quorum, _): &(Quorum, BTreeSet<usize>)| StageRun { quorum: *quorum, asked: 0, carried: false };
        let review = Review {
            state: ReviewState::Open,
            stages: setting.stages.iter().map(run).collect(),
            decisions: Vec::new(),
            same_person_twice: setting.same_person_twice,
        };
        let before = self.review.replace(review);
        // At submission nobody was asked yet, so a stage that asks everybody wants its whole pool.
        let mut demands = self.demands(setting, model, present, ids);
        for (demand, (quorum, _)) in demands.iter_mut().zip(&setting.stages) {
            if *quorum == Quorum::All {
                demand.quorum = u32::try_from(demand.pool.len()).unwrap().max(1);
            }
        }
        if staffing::short(&demands, setting.same_person_twice).is_some() {
            self.review = before;
            return Outcome::Refused;
        }
        self.state = RevisionState::InReview;
        self.recalled = false;
        Outcome::Done
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

impl Model {
    /// The stage that is open: the first without enough votes.
    fn open(&self, setting: &Setting) -> usize {
        (0..setting.stages.len()).find(|stage| self.missing(setting, *stage) > 0).unwrap()
    }

    fn missing(&self, setting: &Setting, stage: usize) -> usize {
        let wanted = match setting.stages[stage].0 {
            Quorum::Any => 1,
            Quorum::Count(count) => count as usize,
            Quorum::All => self.asked[stage].as_ref().map_or(usize::MAX, |asked| asked.len().max(1)),
        };
        wanted.saturating_sub(self.votes[stage].len())
    }

    fn out(&self, setting: &Setting, stage: usize) -> BTreeSet<usize> {
        let counts = |at: usize| at == stage || !setting.same_person_twice;
        let votes = self.votes.iter().enumerate().filter(|(at, _)| counts(*at)).flat_map(|(_, votes)| votes);
        self.authors.iter().copied().chain(votes.flat_map(|(who, owner)| [*who, *owner])).collect()
    }

    /// The seats that are still to be filled, and who could.
    fn seats(&self, setting: &Setting, present: &Present) -> Vec<BTreeSet<usize>> {
        let open = self.open(setting);
        let mut seats = Vec::new();
        for stage in open..setting.stages.len() {
            let pool = self.asked[stage].as_ref().unwrap_or(&setting.stages[stage].1);
            let able = present.seated(pool, &self.out(setting, stage));
            let has_opened = stage == open && self.asked[stage].is_some();
            let wanted = match setting.stages[stage].0 {
                Quorum::All if !has_opened => able.len().max(1),
                _ => self.missing(setting, stage),
            };
            seats.extend(std::iter::repeat_n((stage, able), wanted));
        }
        if setting.same_person_twice {
            // Each stage by itself: who sits in one is kept apart from who sits in another.
            return seats
                .into_iter()
                .map(|(stage, able)| able.iter().map(|who| stage * 100 + who).collect())
                .collect();
        }
        seats.into_iter().map(|(_, able)| able).collect()
    }

    fn can_end(&self, setting: &Setting, present: &Present) -> bool {
        fill(&self.seats(setting, present), &mut BTreeSet::new())
    }
}

/// Whether everybody finds a seat, by trying all ways; the seats with the fewest candidates first.
fn fill(seats: &[BTreeSet<usize>], taken: &mut BTreeSet<usize>) -> bool {
    let mut seats: Vec<&BTreeSet<usize>> = seats.iter().collect();
    seats.sort_by_key(|able| able.len());
    fill_sorted(&seats, taken)
}

fn fill_sorted(seats: &[&BTreeSet<usize>], taken: &mut BTreeSet<usize>) -> bool {
    let Some((first, rest)) = seats.split_first() else { return true };
    first.iter().any(|who| {
        taken.insert(*who) && {
            let filled = fill_sorted(rest, taken);
            taken.remove(who);
            filled
        }
    })
}

fn play(setting: &Setting, commands: &[Command]) {
    let ids = ids();
    let mut present = Present { active: (0..ROLES.len()).collect(), deputy: None };
    let mut machines =
        Machines { state: RevisionState::Draft, recalled: false, authors: BTreeSet::from([0]), review: None };
    let none = || vec![None; setting.stages.len()];
    let mut model = Model {
        phase: "draft",
        recalled: false,
        authors: BTreeSet::from([0]),
        votes: Vec::new(),
        asked: none(),
    };
    for command in commands {
        let (said, expected) = match command {
            Command::Leave { who } => {
                present.active.remove(who);
                continue;
            }
            Command::Return { who } => {
                present.active.insert(*who);
                continue;
            }
            Command::Delegate { from, to } => {
                if from != to && present.can_decide(*to) && present.can_decide(*from) {
                    present.deputy = Some((*from, *to));
                }
                continue;
            }
            Command::EndDelegation => {
                present.deputy = None;
                continue;
            }
            Command::Edit { who } => (edit_both(&mut machines, &mut model, &present, *who), Outcome::Done),
            Command::Submit { who } => {
                if !(present.active.contains(who) && may(*who, Scope::ContentWrite)) {
                    continue;
                }
                let asked = std::mem::replace(&mut model.asked, none());
                let said = machines.submit(setting, &model, &present, &ids);
                let may_submit = match model.phase {
                    "draft" | "changes_requested" | "withdrawn" | "lapsed" => true,
                    "approved" => model.recalled,
                    _ => false,
                };
                let before = std::mem::replace(&mut model.votes, vec![Vec::new(); setting.stages.len()]);
                let expected = if may_submit && model.can_end(setting, &present) {
                    (model.phase, model.recalled) = ("in_review", false);
                    open_stage(&mut machines, &mut model, setting, &present, 0);
                    Outcome::Done
                } else {
                    (model.votes, model.asked) = (before, asked);
                    Outcome::Refused
                };
                (said, expected)
            }
            Command::Decide { who, for_other, decision, reason } => decide_both(
                &mut machines,
                &mut model,
                setting,
                &present,
                &ids,
                (*who, *for_other),
                *decision,
                *reason,
            ),
            Command::Recall { who } => {
                if !(present.active.contains(who) && may(*who, Scope::Publish)) {
                    continue;
                }
                let said = machines.act(&Action::Withdraw).is_ok();
                machines.recalled = true;
                let expected = model.phase == "in_review";
                if expected {
                    model.phase = "withdrawn";
                }
                model.recalled = true;
                (outcome(said), outcome(expected))
            }
            Command::WindowCloses => {
                let said = machines.act(&Action::Lapse).is_ok();
                let expected = model.phase == "in_review";
                if expected {
                    model.phase = "lapsed";
                }
                (outcome(said), outcome(expected))
            }
        };
        assert_eq!(said, expected, "{command:?}");
        assert_eq!(machines.state.as_str(), model.phase, "{command:?}");
        assert_eq!(machines.authors, model.authors, "{command:?}");
        if model.phase == "in_review" {
            let review = machines.review.as_ref().unwrap();
            assert_eq!(review.open_stage(), Some(model.open(setting)), "{command:?}");
            let demands = machines.demands(setting, &model, &present, &ids);
            let is_stuck = staffing::short(&demands, setting.same_person_twice).is_some();
            assert_eq!(is_stuck, !model.can_end(setting, &present), "{command:?}");
        }
        if model.phase == "approved" {
            let votes = model.votes.iter().flatten();
            assert!(
                votes
                    .clone()
                    .all(|(who, owner)| !model.authors.contains(who) && !model.authors.contains(owner))
            );
            assert!((0..setting.stages.len()).all(|stage| model.missing(setting, stage) == 0));
        }
    }
}

fn outcome(done: bool) -> Outcome {
    if done { Outcome::Done } else { Outcome::Refused }
}

/// An edit by whoever may write: both sides change alike, or it did not happen.
fn edit_both(machines: &mut Machines, model: &mut Model, present: &Present, who: usize) -> Outcome {
    if !(present.active.contains(&who) && may(who, Scope::ContentWrite)) {
        return Outcome::Done;
    }
    let mut keeps = true;
    match edit(machines.state) {
        Edit::ChangesDraft | Edit::OpensNext => {}
        Edit::OpensNextAndWithdraws => keeps = machines.act(&Action::Withdraw).is_ok(),
        Edit::OpensNextAfresh => machines.authors.clear(),
    }
    machines.authors.insert(who);
    machines.state = RevisionState::Draft;
    if model.phase == "approved" {
        model.authors.clear();
    }
    model.authors.insert(who);
    model.phase = "draft";
    outcome(keeps)
}

/// A stage opens: where it asks everybody, that is who can decide now.
fn open_stage(
    machines: &mut Machines,
    model: &mut Model,
    setting: &Setting,
    present: &Present,
    stage: usize,
) {
    if setting.stages[stage].0 == Quorum::All {
        let asked = present.seated(&setting.stages[stage].1, &model.out(setting, stage));
        let count = u32::try_from(asked.len()).unwrap();
        machines.review.as_mut().unwrap().stages[stage].asked = count;
        model.asked[stage] = Some(asked);
    }
}

#[expect(clippy::too_many_arguments, reason = "everything that both sides look at")]
fn decide_both(
    machines: &mut Machines,
    model: &mut Model,
    setting: &Setting,
    present: &Present,
    ids: &[PersonId],
    (who, for_other): (usize, Option<usize>),
    decision: DecisionKind,
    reason: bool,
) -> (Outcome, Outcome) {
    let for_other = for_other.filter(|other| *other != who);
    let owner = for_other.unwrap_or(who);
    if !(present.active.contains(&who) && may(who, Scope::Review)) {
        return (Outcome::Forbidden, Outcome::Forbidden);
    }
    let said = {
        let voter = Voter { person: ids[who], on_behalf_of: for_other.map(|other| ids[other]) };
        let open = machines.review.as_ref().and_then(Review::open_stage);
        let demands = match open {
            Some(_) => machines.demands(setting, model, present, ids),
            None => Vec::new(),
        };
        let voters: Vec<PersonId> = std::iter::once(voter.person).chain(voter.on_behalf_of).collect();
        let in_pool =
            open.is_some_and(|stage| present.has_seat(Machines::pool(setting, model, stage), who, owner));
        let is_author = machines.authors.contains(&who) || machines.authors.contains(&owner);
        let action = Action::Decide {
            voter,
            decision,
            has_reason: reason,
            in_pool,
            bar: is_author.then_some(Bar::Author),
            needed_in: staffing::needed_in(&demands, setting.same_person_twice, &voters),
        };
        machines.act(&action)
    };
    let expected = expect(model, setting, present, (who, owner), decision, reason);
    if let Ok(Step { opens: Some(next), .. }) = said {
        open_stage(machines, model, setting, present, next);
    }
    let said = match said {
        Ok(_) => Outcome::Done,
        Err(Refusal::NeededIn(_)) => Outcome::Needed,
        Err(_) => Outcome::Refused,
    };
    (said, expected)
}

/// What the model makes of a decision.
fn expect(
    model: &mut Model,
    setting: &Setting,
    present: &Present,
    (who, owner): (usize, usize),
    decision: DecisionKind,
    reason: bool,
) -> Outcome {
    if model.phase != "in_review" {
        return Outcome::Refused;
    }
    let stage = model.open(setting);
    let out = model.out(setting, stage);
    let pool = model.asked[stage].clone().unwrap_or_else(|| setting.stages[stage].1.clone());
    let is_out = out.contains(&who) || out.contains(&owner);
    if is_out || !present.has_seat(&pool, who, owner) {
        return Outcome::Refused;
    }
    match decision {
        DecisionKind::Approve => {}
        _ if !reason => return Outcome::Refused,
        DecisionKind::RequestChanges => {
            model.phase = "changes_requested";
            return Outcome::Done;
        }
        DecisionKind::Reject => {
            model.phase = "rejected";
            return Outcome::Done;
        }
    }
    // What is asked of later stages does not become less by this: whoever is one of `all` there is needed.
    let mut seats = model.seats(setting, present);
    let could_end = fill(&seats, &mut BTreeSet::new());
    seats.remove(0);
    for seat in &mut seats {
        let gone =
            if setting.same_person_twice { [stage * 100 + who, stage * 100 + owner] } else { [who, owner] };
        seat.retain(|able| !gone.contains(able));
    }
    if could_end && !fill(&seats, &mut BTreeSet::new()) {
        return Outcome::Needed;
    }
    model.votes[stage].push((who, owner));
    if (0..setting.stages.len()).all(|stage| model.missing(setting, stage) == 0) {
        model.phase = "approved";
    }
    Outcome::Done
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
