//! A small model of the life of one item from draft to approval. It shares nothing with the machines: it keeps
//! sets and counts, and tries every assignment.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use super::DecisionKind;
use crate::domain::roles::{Role, Scope, Scopes};
use crate::domain::workflow::Quorum;

/// Who takes part: by their place, with what they are.
pub const ROLES: [&[Role]; 8] = [
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
pub struct Setting {
    pub stages: Vec<(Quorum, BTreeSet<usize>)>,
    pub same_person_twice: bool,
}

pub fn may(who: usize, scope: Scope) -> bool {
    Scopes::of_roles(ROLES[who].iter().copied()).contains(scope)
}

/// What both know alike: who is there, and whose deputy is who.
#[derive(Debug, Clone)]
pub struct Present {
    pub active: BTreeSet<usize>,
    pub deputy: Option<(usize, usize)>,
}

impl Present {
    pub fn can_decide(&self, who: usize) -> bool {
        self.active.contains(&who) && ROLES[who].contains(&Role::Reviewer)
    }

    /// On whose seat of a pool somebody sits.
    pub fn has_seat(&self, pool: &BTreeSet<usize>, who: usize, owner: usize) -> bool {
        let is_deputy = self.deputy == Some((owner, who)) && ROLES[owner].contains(&Role::Reviewer);
        self.can_decide(who) && pool.contains(&owner) && (owner == who || is_deputy)
    }

    /// Whose seats are asked of a pool that is asked as a whole: whoever is there, and who is away while a deputy
    /// sits for them, who has no seat of their own.
    pub fn asked(&self, pool: &BTreeSet<usize>, excluded: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut asked: BTreeSet<usize> =
            pool.iter().copied().filter(|who| self.can_decide(*who) && !excluded.contains(who)).collect();
        if let Some((owner, deputy)) = self.deputy
            && self.seated(pool, excluded).contains(&deputy)
            && !asked.contains(&deputy)
        {
            asked.insert(owner);
        }
        asked
    }

    /// Who sits on the seats of a pool: whoever is there, and the deputy of who is not.
    pub fn seated(&self, pool: &BTreeSet<usize>, excluded: &BTreeSet<usize>) -> BTreeSet<usize> {
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
pub enum Outcome {
    Done,
    Forbidden,
    Refused,
    /// A later stage needs the person.
    Needed,
}

/// The item as the model sees it.
pub struct Model {
    pub phase: &'static str,
    pub recalled: bool,
    pub authors: BTreeSet<usize>,
    /// Who has approved in each stage, and for whom.
    votes: Vec<Vec<(usize, usize)>>,
    /// Of each stage that asks everybody and has opened: who was asked.
    asked: Vec<Option<BTreeSet<usize>>>,
}

impl Model {
    /// A first draft of the first author.
    pub fn new() -> Self {
        Self {
            phase: "draft",
            recalled: false,
            authors: BTreeSet::from([0]),
            votes: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// Who is asked in a stage.
    fn pool<'a>(&'a self, setting: &'a Setting, stage: usize) -> &'a BTreeSet<usize> {
        self.asked[stage].as_ref().unwrap_or(&setting.stages[stage].1)
    }

    /// The stage that is open: the first without enough votes.
    pub fn open(&self, setting: &Setting) -> usize {
        (0..setting.stages.len()).find(|stage| self.missing(setting, *stage) > 0).unwrap()
    }

    pub fn missing(&self, setting: &Setting, stage: usize) -> usize {
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
        let mut will_have_decided = BTreeSet::new();
        for stage in open..setting.stages.len() {
            let mut out = self.out(setting, stage);
            out.extend(&will_have_decided);
            let able = present.seated(self.pool(setting, stage), &out);
            let wanted = match setting.stages[stage].0 {
                // Whoever is left when it opens; all of them have decided when it has passed.
                Quorum::All if self.asked[stage].is_none() => {
                    if !setting.same_person_twice {
                        will_have_decided.extend(able.iter().copied());
                        will_have_decided.extend(present.asked(self.pool(setting, stage), &out));
                    }
                    1
                }
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

    pub fn can_end(&self, setting: &Setting, present: &Present) -> bool {
        fill(&self.seats(setting, present), &mut BTreeSet::new())
    }

    /// Whether every stage has its votes, and none of them is of an author.
    pub fn is_approved_by_others(&self, setting: &Setting) -> bool {
        let mut votes = self.votes.iter().flatten();
        votes.all(|(who, owner)| !self.authors.contains(who) && !self.authors.contains(owner))
            && (0..setting.stages.len()).all(|stage| self.missing(setting, stage) == 0)
    }

    /// An edit of somebody who may write.
    pub fn edit(&mut self, who: usize) -> Outcome {
        if self.phase == "approved" {
            self.authors.clear();
        }
        self.authors.insert(who);
        self.phase = "draft";
        Outcome::Done
    }

    /// A submission of somebody who may write.
    pub fn submit(&mut self, setting: &Setting, present: &Present) -> Outcome {
        let may_submit = match self.phase {
            "draft" | "changes_requested" | "withdrawn" | "lapsed" => true,
            "approved" => self.recalled,
            _ => false,
        };
        let afresh = Model {
            votes: vec![Vec::new(); setting.stages.len()],
            asked: vec![None; setting.stages.len()],
            authors: self.authors.clone(),
            ..Model::new()
        };
        if !may_submit || !afresh.can_end(setting, present) {
            return Outcome::Refused;
        }
        *self = Model { phase: "in_review", ..afresh };
        self.open_stage(setting, present, 0);
        Outcome::Done
    }

    /// A stage opens: where it asks everybody, that is who can decide now.
    fn open_stage(&mut self, setting: &Setting, present: &Present, stage: usize) {
        if setting.stages[stage].0 == Quorum::All {
            self.asked[stage] = Some(present.asked(&setting.stages[stage].1, &self.out(setting, stage)));
        }
    }

    /// A decision of somebody who may review, on somebody's seat.
    pub fn decide(
        &mut self,
        setting: &Setting,
        present: &Present,
        (who, owner): (usize, usize),
        decision: DecisionKind,
        reason: bool,
    ) -> Outcome {
        if self.phase != "in_review" {
            return Outcome::Refused;
        }
        let stage = self.open(setting);
        let out = self.out(setting, stage);
        let is_out = out.contains(&who) || out.contains(&owner);
        if is_out || !present.has_seat(self.pool(setting, stage), who, owner) {
            return Outcome::Refused;
        }
        match decision {
            DecisionKind::Approve => {}
            _ if !reason => return Outcome::Refused,
            DecisionKind::RequestChanges => {
                self.phase = "changes_requested";
                return Outcome::Done;
            }
            DecisionKind::Reject => {
                self.phase = "rejected";
                return Outcome::Done;
            }
        }
        let mut seats = self.seats(setting, present);
        let could_end = fill(&seats, &mut BTreeSet::new());
        seats.remove(0);
        for seat in &mut seats {
            let gone = if setting.same_person_twice {
                [stage * 100 + who, stage * 100 + owner]
            } else {
                [who, owner]
            };
            seat.retain(|able| !gone.contains(able));
        }
        if could_end && !fill(&seats, &mut BTreeSet::new()) {
            return Outcome::Needed;
        }
        self.votes[stage].push((who, owner));
        match (0..setting.stages.len()).find(|at| self.missing(setting, *at) > 0) {
            None => self.phase = "approved",
            Some(next) if next != stage => self.open_stage(setting, present, next),
            Some(_) => {}
        }
        Outcome::Done
    }

    /// The review ends though nobody decided, where one is open.
    pub fn end(&mut self, phase: &'static str) -> Outcome {
        if self.phase != "in_review" {
            return Outcome::Refused;
        }
        self.phase = phase;
        Outcome::Done
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
