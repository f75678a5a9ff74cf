//! The life of posts over HTTP, played by persons of every role, against a small model that shares nothing with
//! the program: it keeps sets and counts, and tries every assignment.

use std::cell::RefCell;
use std::collections::BTreeSet;

use greenlight::domain::roles::Role;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

/// Who takes part, by their place.
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

/// Sequences that are played on each database.
const SEQUENCES: u32 = 500;

/// How many must approve a stage; `None` = all who can.
type Stage = (Option<usize>, &'static [usize]);

/// The workflows, one for each topic: stages, and whether one person may decide in several.
const WORKFLOWS: [(&str, &[Stage], bool); 5] = [
    ("simple", &[(Some(1), &[1, 2, 3])], false),
    ("overlapping", &[(Some(1), &[2, 3]), (Some(1), &[2, 4])], false),
    ("two", &[(Some(2), &[1, 2, 3, 4])], false),
    ("everybody", &[(Some(1), &[1, 5]), (None, &[2, 3])], false),
    ("twice", &[(Some(1), &[2, 5]), (Some(1), &[2, 5])], true),
];

#[derive(Debug, Clone)]
enum Command {
    Edit { who: usize },
    Submit { who: usize },
    Decide { who: usize, for_other: Option<usize>, decision: &'static str, reason: bool },
    Recall { who: usize },
    Leave { who: usize },
    Return { who: usize },
    Delegate { from: usize, to: usize },
    EndDelegation,
    Belong { who: usize, stage: usize, belongs: bool },
    Reassign { stage: usize, to: Given },
}

/// Whom a stage is given to.
#[derive(Debug, Clone, Copy)]
enum Given {
    Person(usize),
    /// The group that a stage of the workflow began with.
    GroupOf(usize),
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let who = || 0usize..ROLES.len();
    // Who matters leaves and returns; the administrator does it, and stays.
    let decider = || 1usize..6;
    let decision = prop_oneof![8 => Just("approve"), 1 => Just("request_changes"), 1 => Just("reject")];
    let command = prop_oneof![
        2 => who().prop_map(|who| Command::Edit { who }),
        4 => who().prop_map(|who| Command::Submit { who }),
        12 => (who(), proptest::option::weighted(0.2, decider()), decision, proptest::bool::weighted(0.7))
            .prop_map(|(who, for_other, decision, reason)| Command::Decide { who, for_other, decision, reason }),
        1 => who().prop_map(|who| Command::Recall { who }),
        1 => decider().prop_map(|who| Command::Leave { who }),
        1 => decider().prop_map(|who| Command::Return { who }),
        1 => (decider(), decider()).prop_map(|(from, to)| Command::Delegate { from, to }),
        1 => Just(Command::EndDelegation),
        1 => (decider(), 0usize..2, any::<bool>())
            .prop_map(|(who, stage, belongs)| Command::Belong { who, stage, belongs }),
        2 => (0usize..3, prop_oneof![decider().prop_map(Given::Person), (0usize..2).prop_map(Given::GroupOf)])
            .prop_map(|(stage, to)| Command::Reassign { stage, to }),
    ];
    proptest::collection::vec(command, 1..14)
}

/// What the model knows of the post and of who is there.
struct Model {
    stages: &'static [Stage],
    twice: bool,
    phase: &'static str,
    recalled: bool,
    has_been_submitted: bool,
    was_approved: bool,
    authors: BTreeSet<usize>,
    votes: Vec<Vec<(usize, usize)>>,
    asked: Vec<Option<BTreeSet<usize>>>,
    /// Who belongs to the group of each stage.
    members: Vec<BTreeSet<usize>>,
    /// To whom stages were given since the review opened.
    given: Vec<Option<Given>>,
    away: BTreeSet<usize>,
    deputy: Option<(usize, usize)>,
}

impl Model {
    fn new((_, stages, twice): (&str, &'static [Stage], bool)) -> Self {
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

    fn decides(who: usize) -> bool {
        ROLES[who].contains(&Role::Reviewer)
    }

    fn can_decide(&self, who: usize) -> bool {
        Self::decides(who) && !self.away.contains(&who)
    }

    /// The pool that a stage has now, asked or not.
    fn whole(&self, stage: usize) -> BTreeSet<usize> {
        match self.given[stage].unwrap_or(Given::GroupOf(stage)) {
            Given::Person(person) => BTreeSet::from([person]),
            Given::GroupOf(stage) => self.members[stage].clone(),
        }
    }

    fn pool(&self, stage: usize) -> BTreeSet<usize> {
        let whole = self.whole(stage);
        match &self.asked[stage] {
            Some(asked) => whole.intersection(asked).copied().collect(),
            None => whole,
        }
    }

    /// Whose seats are asked where everybody is: whoever is there, and who is away while a deputy sits for them who
    /// has no seat of their own.
    fn everybody(&self, stage: usize) -> BTreeSet<usize> {
        let whole = self.whole(stage);
        let out = self.out(stage);
        let is_there = |who: &usize| self.can_decide(*who) && !out.contains(who);
        let mut asked: BTreeSet<usize> = whole.iter().copied().filter(is_there).collect();
        if let Some((owner, deputy)) = self.deputy
            && !asked.contains(&deputy)
            && self.seated(stage, &whole).contains(&deputy)
        {
            asked.insert(owner);
        }
        asked
    }

    /// The first stage that cannot end.
    fn short(&self) -> Option<usize> {
        let seats = self.seats();
        let until =
            |last: usize| seats.iter().filter(|(stage, _)| *stage <= last).cloned().collect::<Vec<_>>();
        (0..self.stages.len()).find(|last| !self.can_fill(&until(*last)))
    }

    /// An administrator gives a stage to others.
    fn reassign(&mut self, stage: usize, to: Given) -> &'static str {
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
            let anew = self.everybody(stage);
            is_refused = anew.is_empty();
            self.asked[stage] = Some(self.votes[stage].iter().map(|(_, owner)| *owner).chain(anew).collect());
        }
        if !is_refused {
            let after = self.short();
            is_refused = after == Some(stage) || (after.is_some() && before.is_none());
        }
        if is_refused {
            (self.given, self.asked) = (given, asked);
            return "not_enough_reviewers";
        }
        "ok"
    }

    fn seated(&self, stage: usize, pool: &BTreeSet<usize>) -> BTreeSet<usize> {
        let out = self.out(stage);
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
        seated.difference(&out).copied().collect()
    }

    fn missing(&self, stage: usize) -> usize {
        let wanted = match (self.stages[stage].0, &self.asked[stage]) {
            (Some(count), _) => count,
            (None, Some(asked)) => asked.len().max(1),
            (None, None) => usize::MAX,
        };
        wanted.saturating_sub(self.votes[stage].len())
    }

    fn open(&self) -> usize {
        (0..self.stages.len()).find(|stage| self.missing(*stage) > 0).unwrap()
    }

    /// Who is out of a stage: authors, and who has decided.
    fn out(&self, stage: usize) -> BTreeSet<usize> {
        let votes = self.votes.iter().enumerate().filter(|(at, _)| *at == stage || !self.twice);
        let voted = votes.flat_map(|(_, votes)| votes).flat_map(|(who, owner)| [*who, *owner]);
        self.authors.iter().copied().chain(voted).collect()
    }

    fn seats(&self) -> Vec<(usize, BTreeSet<usize>)> {
        let open = self.open();
        let mut seats = Vec::new();
        for stage in open..self.stages.len() {
            let able = self.seated(stage, &self.pool(stage));
            let wanted = match (self.stages[stage].0, &self.asked[stage]) {
                (None, None) => able.len().max(1),
                _ => self.missing(stage),
            };
            seats.extend(std::iter::repeat_n((stage, able), wanted));
        }
        seats
    }

    fn can_fill(&self, seats: &[(usize, BTreeSet<usize>)]) -> bool {
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

    fn open_stage(&mut self, stage: usize) {
        if self.stages[stage].0.is_none() {
            self.asked[stage] = Some(self.everybody(stage));
        }
    }

    /// What somebody who asks is told first, whatever they ask for.
    fn refused(&self, who: usize, role: Role) -> Option<&'static str> {
        if self.away.contains(&who) {
            return Some("unauthenticated");
        }
        (!ROLES[who].contains(&role)).then_some("forbidden")
    }

    fn edit(&mut self, who: usize) -> &'static str {
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

    fn submit(&mut self, who: usize) -> &'static str {
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
        if self.short().is_some() {
            (self.votes, self.asked, self.given) = before;
            return "not_enough_reviewers";
        }
        (self.phase, self.recalled, self.has_been_submitted) = ("in_review", false, true);
        self.open_stage(0);
        "ok"
    }

    /// For whom somebody decides who does not say so.
    fn owner(&self, who: usize, for_other: Option<usize>) -> usize {
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

    fn decide(&mut self, who: usize, for_other: Option<usize>, decision: &str, reason: bool) -> &'static str {
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

    fn recall(&mut self, who: usize) -> &'static str {
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

/// The organisation, and the post that is played with.
struct House<'a> {
    app: &'a TestApp,
    people: RefCell<Vec<Client>>,
    /// The groups of each workflow's stages.
    groups: Vec<Vec<String>>,
}

impl House<'_> {
    fn set_active(&self, who: usize, active: bool) {
        let path = format!("/v1/people/{}", self.person(who).id());
        let version = self.app.admin().get(&path).send().expect(200)["version"].clone();
        let body = json!({ "active": active });
        self.app.admin().patch(&path).if_match(&version).json(&body).send().expect(200);
    }

    fn set_member(&self, group: &str, who: usize, belongs: bool) {
        let path = format!("/v1/groups/{group}/members/{}", self.person(who).id());
        if belongs {
            self.app.admin().put(&path).send().expect(204);
        } else {
            self.app.admin().delete(&path).send().expect(200);
        }
    }

    fn person(&self, who: usize) -> Client {
        self.people.borrow()[who].clone()
    }

    /// Signs a person in anew, since who was away is signed out everywhere.
    fn sign_in(&self, who: usize) {
        let anew = self.app.client(self.person(who).id().parse().unwrap());
        self.people.borrow_mut()[who] = anew;
    }
}

/// The code of a refusal, or `ok`.
fn told(answer: &Answer) -> &str {
    if answer.status < 400 { "ok" } else { answer.json["code"].as_str().unwrap() }
}

fn play(house: &House<'_>, workflow: usize, commands: &[Command]) -> Result<(), TestCaseError> {
    let app = house.app;
    let mut model = Model::new(WORKFLOWS[workflow]);
    let mut content = app.content();
    content["topics"] = json!([WORKFLOWS[workflow].0]);
    let person = |who: usize| house.person(who);
    let made = person(0).post("/v1/posts").json(&json!({ "content": content })).send().expect(201);
    let mut post = Post {
        id: made.text("/id").to_owned(),
        revision: 1,
        digest: made.text("/working_revision/digest").to_owned(),
    };
    let mut delegation: Option<(usize, String)> = None;
    let item = |post: &Post| app.author().get(&post.path("")).send().expect(200);
    for (nth, command) in commands.iter().enumerate() {
        let (said, expected) = match command {
            Command::Edit { who } => {
                content["copies"][0]["text"] = json!(format!("Edit {nth}."));
                let version = item(&post)["version"].clone();
                let body = json!({ "content": content });
                let put = person(*who).put(&post.path("/draft")).if_match(&version).json(&body).send();
                (told(&put).to_owned(), model.edit(*who))
            }
            Command::Submit { who } => {
                let body = json!({ "digest": item(&post)["working_revision"]["digest"] });
                let answer = person(*who).post(&post.path("/submission")).json(&body).send();
                if answer.status == 201 {
                    post.revision = answer["revision"].as_i64().unwrap();
                    post.digest = answer.text("/digest").to_owned();
                }
                (told(&answer).to_owned(), model.submit(*who))
            }
            Command::Decide { who, for_other, decision, reason } => {
                let for_other = for_other.filter(|other| other != who);
                let mut body = post.decision(decision, reason.then_some("Because."));
                if let Some(other) = for_other {
                    body["on_behalf_of"] = json!(person(other).id());
                }
                let answer = person(*who).post(&post.path("/decisions")).json(&body).send();
                (told(&answer).to_owned(), model.decide(*who, for_other, decision, *reason))
            }
            Command::Recall { who } => {
                let body = json!({ "reason": "Wrong." });
                let answer = person(*who).post(&post.path("/recall")).json(&body).send();
                (told(&answer).to_owned(), model.recall(*who))
            }
            Command::Leave { who } => {
                house.set_active(*who, false);
                model.away.insert(*who);
                ("ok".to_owned(), "ok")
            }
            Command::Return { who } => {
                house.set_active(*who, true);
                if model.away.remove(who) {
                    house.sign_in(*who);
                }
                ("ok".to_owned(), "ok")
            }
            Command::Delegate { from, to } => {
                let can =
                    from != to && model.deputy.is_none() && model.can_decide(*from) && model.can_decide(*to);
                if can {
                    let body = json!({ "to": person(*to).id(), "from_date": "2026-11-20", "until_date": "2026-12-31" });
                    let made = person(*from).post("/v1/delegations").json(&body).send().expect(201);
                    delegation = Some((*from, made.text("/id").to_owned()));
                    model.deputy = Some((*from, *to));
                }
                ("ok".to_owned(), "ok")
            }
            Command::EndDelegation => {
                end(app, &mut delegation);
                model.deputy = None;
                ("ok".to_owned(), "ok")
            }
            Command::Belong { who, stage, belongs } => {
                if let Some(group) = house.groups[workflow].get(*stage)
                    && model.members[*stage].contains(who) != *belongs
                {
                    house.set_member(group, *who, *belongs);
                    if *belongs {
                        model.members[*stage].insert(*who);
                    } else {
                        model.members[*stage].remove(who);
                    }
                }
                ("ok".to_owned(), "ok")
            }
            Command::Reassign { stage, to } => {
                let Some(review) = item(&post)["review"]["id"].as_str().map(str::to_owned) else { continue };
                let (reviewers, to) = match to {
                    Given::Person(who) => (json!({ "person": person(*who).id() }), *to),
                    Given::GroupOf(of) => {
                        let of = (*of).min(house.groups[workflow].len() - 1);
                        (json!({ "group": house.groups[workflow][of] }), Given::GroupOf(of))
                    }
                };
                let body = json!({ "stage": stage, "reviewers": reviewers, "reason": "To play." });
                let path = format!("/v1/reviews/{review}/reassignment");
                let answer = app.admin().post(&path).json(&body).send();
                (told(&answer).to_owned(), model.reassign(*stage, to))
            }
        };
        prop_assert_eq!(&said, expected, "{:?}", command);
        let now = item(&post);
        prop_assert_eq!(&now["working_revision"]["state"], model.phase, "{:?}", command);
        let mut known: Vec<String> = model.authors.iter().map(|who| person(*who).id()).collect();
        known.sort();
        prop_assert_eq!(&now["working_revision"]["authors"], &json!(known), "{:?}", command);
        if model.phase == "in_review" {
            let stuck = now.list("/review/stages").iter().any(|stage| stage["state"] == "stuck");
            prop_assert_eq!(stuck, model.short().is_some(), "{:?}", command);
        }
    }
    // Nothing is left behind for the next.
    end(app, &mut delegation);
    for who in model.away {
        house.set_active(who, true);
        house.sign_in(who);
    }
    for (stage, group) in house.groups[workflow].iter().enumerate() {
        let began: BTreeSet<usize> = WORKFLOWS[workflow].1[stage].1.iter().copied().collect();
        for who in began.symmetric_difference(&model.members[stage]) {
            house.set_member(group, *who, began.contains(who));
        }
    }
    let last = house.person(5).post(&post.path("/recall")).json(&json!({ "reason": "Over." })).send();
    prop_assert!([200, 409].contains(&last.status));
    Ok(())
}

fn end(app: &TestApp, delegation: &mut Option<(usize, String)>) {
    if let Some((_, id)) = delegation.take() {
        app.admin().delete(&format!("/v1/delegations/{id}")).send().expect(200);
    }
}

both! {
    fn the_program_does_what_the_model_says(app) {
        let people: Vec<Client> =
            ROLES.iter().enumerate().map(|(at, roles)| app.person(&format!("person-{at}"), roles)).collect();
        let groups = RefCell::new(vec![Vec::new(); WORKFLOWS.len()]);
        for (nth, (topic, stages, twice)) in WORKFLOWS.into_iter().enumerate() {
            let stage = |(at, (quorum, pool)): (usize, &Stage)| {
                let group = app.admin().post("/v1/groups").json(&json!({ "name": format!("{topic} {at}") })).send().expect(201);
                for who in *pool {
                    let path = format!("/v1/groups/{}/members/{}", group.text("/id"), people[*who].id());
                    app.admin().put(&path).send().expect(204);
                }
                groups.borrow_mut()[nth].push(group.text("/id").to_owned());
                let quorum = quorum.map_or(json!("all"), |count| json!(count));
                json!({ "name": format!("stage {at}"), "reviewers": { "group": group["id"] }, "quorum": quorum })
            };
            let stages: Vec<Value> = stages.iter().enumerate().map(stage).collect();
            let body = json!({
                "kind": "post", "name": topic, "when": { "topics": [topic] }, "stages": stages,
                "same_person_twice": twice,
            });
            app.admin().post("/v1/workflows").json(&body).send().expect(201);
        }
        let house = House { app, people: RefCell::new(people), groups: groups.into_inner() };
        let config = Config { cases: SEQUENCES, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new(config);
        let sequences = (0..WORKFLOWS.len(), commands());
        runner.run(&sequences, |(workflow, commands)| play(&house, workflow, &commands)).unwrap();
    }
}
