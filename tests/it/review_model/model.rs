//! The model: sets and counts, and every assignment tried.

use std::collections::BTreeSet;

use greenlight::domain::roles::Role;

/// Who takes part, by their place.
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

/// How many must approve a stage; `None` = all who can.
pub type Stage = (Option<usize>, &'static [usize]);

/// The workflows, one for each topic: stages, and whether one person may decide in several.
pub const WORKFLOWS: [(&str, &[Stage], bool); 7] = [
    ("simple", &[(Some(1), &[1, 2, 3])], false),
    ("overlapping", &[(Some(1), &[2, 3]), (Some(1), &[2, 4])], false),
    ("two", &[(Some(2), &[1, 2, 3, 4])], false),
    ("everybody", &[(Some(1), &[1, 5]), (None, &[2, 3])], false),
    ("overlapping-everybody", &[(Some(1), &[2, 3]), (None, &[2, 3, 4])], false),
    ("everybody-first", &[(None, &[3, 4]), (Some(1), &[2, 3, 5])], false),
    ("twice", &[(Some(1), &[2, 5]), (Some(1), &[2, 5])], true),
];

/// Whom a stage is given to.
#[derive(Debug, Clone, Copy)]
pub enum Given {
    Person(usize),
    /// The group that a stage of the workflow began with.
    GroupOf(usize),
}

/// What the model knows of the post and of who is there.
pub struct Model {
    pub stages: &'static [Stage],
    pub twice: bool,
    pub phase: &'static str,
    pub recalled: bool,
    pub has_been_submitted: bool,
    pub was_approved: bool,
    pub authors: BTreeSet<usize>,
    pub votes: Vec<Vec<(usize, usize)>>,
    pub asked: Vec<Option<BTreeSet<usize>>>,
    /// Who belongs to the group of each stage.
    pub members: Vec<BTreeSet<usize>>,
    /// To whom stages were given since the review opened.
    pub given: Vec<Option<Given>>,
    pub away: BTreeSet<usize>,
    pub deputy: Option<(usize, usize)>,
}

impl Model {
    pub fn new((_, stages, twice): (&str, &'static [Stage], bool)) -> Self {
        Self {
            stages,
            twice,
            phase: "draft",
            recalled: false,
            has_been_submitted: false,
            was_approved: false,
            authors: BTreeSet::from([0]),
            votes: vec![Vec::new(); stages.len()],
            asked: vec![None; stages.len()],
            members: stages.iter().map(|(_, pool)| pool.iter().copied().collect()).collect(),
            given: vec![None; stages.len()],
            away: BTreeSet::new(),
            deputy: None,
        }
    }

    pub fn decides(who: usize) -> bool {
        ROLES[who].contains(&Role::Reviewer)
    }

    pub fn can_decide(&self, who: usize) -> bool {
        Self::decides(who) && !self.away.contains(&who)
    }

    /// The pool that a stage has now, asked or not.
    pub fn whole(&self, stage: usize) -> BTreeSet<usize> {
        match self.given[stage].unwrap_or(Given::GroupOf(stage)) {
            Given::Person(person) => BTreeSet::from([person]),
            Given::GroupOf(stage) => self.members[stage].clone(),
        }
    }

    pub fn pool(&self, stage: usize) -> BTreeSet<usize> {
        let whole = self.whole(stage);
        match &self.asked[stage] {
            Some(asked) => whole.intersection(asked).copied().collect(),
            None => whole,
        }
    }

    /// Whose seats are asked where everybody is: whoever is there, and who is away while a deputy sits for them who
    /// has no seat of their own.
    fn everybody(&self, pool: &BTreeSet<usize>, out: &BTreeSet<usize>) -> BTreeSet<usize> {
        let is_there = |who: &usize| self.can_decide(*who) && !out.contains(who);
        let mut asked: BTreeSet<usize> = pool.iter().copied().filter(is_there).collect();
        if let Some((owner, deputy)) = self.deputy
            && !asked.contains(&deputy)
            && self.seated(pool, out).contains(&deputy)
        {
            asked.insert(owner);
        }
        asked
    }

    /// The stages that cannot end, each once those before it that can have whom they need.
    pub fn short(&self) -> Vec<usize> {
        let seats = self.seats();
        let (mut filled, mut short) = (Vec::new(), Vec::new());
        for at in 0..self.stages.len() {
            let of_stage = seats.iter().filter(|(stage, _)| *stage == at).cloned();
            let with_it: Vec<_> = filled.iter().cloned().chain(of_stage).collect();
            match self.can_fill(&with_it) {
                true => filled = with_it,
                false => short.push(at),
            }
        }
        short
    }

    /// An administrator gives a stage to others.
    pub fn reassign(&mut self, stage: usize, to: Given) -> &'static str {
        if stage >= self.stages.len() {
            return "invalid_content";
        }
        if self.phase != "in_review" || stage < self.open() {
            return "stage_closed";
        }
        let (before, given, asked) = (self.short(), self.given.clone(), self.asked.clone());
        self.given[stage] = Some(to);
        let mut is_refused = false;
        if stage == self.open() && self.stages[stage].0.is_none() {
            let anew = self.everybody(&self.whole(stage), &self.out(stage));
            is_refused = anew.is_empty();
            self.asked[stage] = Some(self.votes[stage].iter().map(|(_, owner)| *owner).chain(anew).collect());
        }
        if !is_refused {
            let after = self.short();
            is_refused = after.iter().any(|short| *short == stage || !before.contains(short));
        }
        if is_refused {
            (self.given, self.asked) = (given, asked);
            return "not_enough_reviewers";
        }
        "ok"
    }

    /// Who sits on the seats of a pool: whoever is there, and the deputy of who is not.
    fn seated(&self, pool: &BTreeSet<usize>, out: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut seated: BTreeSet<usize> = pool.iter().copied().filter(|who| self.can_decide(*who)).collect();
        if let Some((owner, deputy)) = self.deputy
            && pool.contains(&owner)
            && !self.can_decide(owner)
            && Self::decides(owner)
            && !out.contains(&owner)
            && self.can_decide(deputy)
        {
            seated.insert(deputy);
        }
        seated.difference(out).copied().collect()
    }

    pub fn missing(&self, stage: usize) -> usize {
        let wanted = match (self.stages[stage].0, &self.asked[stage]) {
            (Some(count), _) => count,
            (None, Some(asked)) => asked.len().max(1),
            (None, None) => usize::MAX,
        };
        wanted.saturating_sub(self.votes[stage].len())
    }

    pub fn open(&self) -> usize {
        (0..self.stages.len()).find(|stage| self.missing(*stage) > 0).unwrap()
    }

    /// Who is out of a stage: authors, and who has decided.
    pub fn out(&self, stage: usize) -> BTreeSet<usize> {
        let votes = self.votes.iter().enumerate().filter(|(at, _)| *at == stage || !self.twice);
        let voted = votes.flat_map(|(_, votes)| votes).flat_map(|(who, owner)| [*who, *owner]);
        self.authors.iter().copied().chain(voted).collect()
    }

    pub fn seats(&self) -> Vec<(usize, BTreeSet<usize>)> {
        let open = self.open();
        let mut seats = Vec::new();
        let mut will_have_decided = BTreeSet::new();
        for stage in open..self.stages.len() {
            let mut out = self.out(stage);
            out.extend(&will_have_decided);
            let pool = self.pool(stage);
            let able = self.seated(&pool, &out);
            let wanted = match (self.stages[stage].0, &self.asked[stage]) {
                // Whoever is left when it opens; all of them have decided when it has passed.
                (None, None) => {
                    if !self.twice {
                        will_have_decided.extend(able.iter().copied().chain(self.everybody(&pool, &out)));
                    }
                    1
                }
                _ => self.missing(stage),
            };
            seats.extend(std::iter::repeat_n((stage, able), wanted));
        }
        seats
    }

    pub fn can_fill(&self, seats: &[(usize, BTreeSet<usize>)]) -> bool {
        fn fill(seats: &[BTreeSet<usize>], taken: &mut BTreeSet<usize>) -> bool {
            let Some((first, rest)) = seats.split_first() else { return true };
            first.iter().any(|who| {
                taken.insert(*who) && {
                    let filled = fill(rest, taken);
                    taken.remove(who);
                    filled
                }
            })
        }
        let apart = |stage: usize| if self.twice { stage * 100 } else { 0 };
        let mut seats: Vec<BTreeSet<usize>> =
            seats.iter().map(|(stage, able)| able.iter().map(|who| who + apart(*stage)).collect()).collect();
        seats.sort_by_key(BTreeSet::len);
        fill(&seats, &mut BTreeSet::new())
    }

    pub fn open_stage(&mut self, stage: usize) {
        if self.stages[stage].0.is_none() {
            self.asked[stage] = Some(self.everybody(&self.whole(stage), &self.out(stage)));
        }
    }

    /// What somebody who asks is told first, whatever they ask for.
    pub fn refused(&self, who: usize, role: Role) -> Option<&'static str> {
        if self.away.contains(&who) {
            return Some("unauthenticated");
        }
        (!ROLES[who].contains(&role)).then_some("forbidden")
    }

    pub fn edit(&mut self, who: usize) -> &'static str {
        if let Some(code) = self.refused(who, Role::Author) {
            return code;
        }
        if self.phase == "approved" {
            self.authors.clear();
        }
        self.authors.insert(who);
        self.phase = "draft";
        "ok"
    }

    pub fn submit(&mut self, who: usize) -> &'static str {
        if let Some(code) = self.refused(who, Role::Author) {
            return code;
        }
        match self.phase {
            "in_review" => return "review_open",
            "rejected" => return "nothing_to_submit",
            "approved" if !self.recalled => return "nothing_to_submit",
            _ => {}
        }
        let before = (self.votes.clone(), self.asked.clone(), self.given.clone());
        let count = self.stages.len();
        (self.votes, self.asked, self.given) =
            (vec![Vec::new(); count], vec![None; count], vec![None; count]);
        if !self.short().is_empty() {
            (self.votes, self.asked, self.given) = before;
            return "not_enough_reviewers";
        }
        (self.phase, self.recalled, self.has_been_submitted) = ("in_review", false, true);
        self.open_stage(0);
        "ok"
    }

    /// For whom somebody decides who does not say so.
    pub fn owner(&self, who: usize, for_other: Option<usize>) -> usize {
        if let Some(other) = for_other {
            return other;
        }
        if self.phase != "in_review" || self.pool(self.open()).contains(&who) {
            return who;
        }
        match self.deputy {
            Some((owner, deputy)) if deputy == who && self.pool(self.open()).contains(&owner) => owner,
            _ => who,
        }
    }

    pub fn decide(
        &mut self,
        who: usize,
        for_other: Option<usize>,
        decision: &str,
        reason: bool,
    ) -> &'static str {
        if let Some(code) = self.refused(who, Role::Reviewer) {
            return code;
        }
        if self.phase != "in_review" {
            return if self.has_been_submitted { "stage_closed" } else { "not_in_review" };
        }
        let owner = self.owner(who, for_other);
        let stage = self.open();
        let pool = self.pool(stage);
        if self.authors.contains(&who) || self.authors.contains(&owner) {
            return "author_cannot_decide";
        }
        let out = self.out(stage);
        if out.contains(&who) || out.contains(&owner) {
            return "already_decided";
        }
        let has_seat = pool.contains(&owner) && (owner == who || self.deputy == Some((owner, who)));
        if !has_seat {
            return "not_a_reviewer";
        }
        match decision {
            "approve" => {}
            _ if !reason => return "invalid_content",
            "request_changes" => self.phase = "changes_requested",
            _ => self.phase = "rejected",
        }
        if self.phase != "in_review" {
            return "ok";
        }
        let mut seats = self.seats();
        let could_end = self.can_fill(&seats);
        seats.remove(0);
        for (at, able) in &mut seats {
            if *at == stage || !self.twice {
                able.retain(|seated| *seated != who && *seated != owner);
            }
        }
        if could_end && !self.can_fill(&seats) {
            return "needed_later";
        }
        self.votes[stage].push((who, owner));
        match (0..self.stages.len()).find(|at| self.missing(*at) > 0) {
            None => (self.phase, self.was_approved) = ("approved", true),
            Some(next) if next != stage => self.open_stage(next),
            Some(_) => {}
        }
        "ok"
    }

    pub fn recall(&mut self, who: usize) -> &'static str {
        if let Some(code) = self.refused(who, Role::Publisher) {
            return code;
        }
        if self.phase != "in_review" && !self.was_approved && !self.recalled {
            return "not_approved";
        }
        if self.phase == "in_review" {
            self.phase = "withdrawn";
        }
        self.recalled = true;
        "ok"
    }
}
