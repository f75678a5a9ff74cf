//! The life of posts over HTTP, played by persons of every role, against a small model that shares nothing with
//! the program: it keeps sets and counts, and tries every assignment.

mod model;

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use self::model::{Given, Model, ROLES, Stage, WORKFLOWS};
use crate::support::{Answer, Client, Post, TestApp, both};

/// Sequences that are played on each database.
const SEQUENCES: u32 = 500;

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
    app.register_what_is_named(&content);
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
            prop_assert_eq!(stuck, !model.short().is_empty(), "{:?}", command);
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
            app.topic(topic);
            app.admin().post("/v1/workflows").json(&body).send().expect(201);
        }
        let house = House { app, people: RefCell::new(people), groups: groups.into_inner() };
        let config = Config { cases: SEQUENCES, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new(config);
        let sequences = (0..WORKFLOWS.len(), commands());
        runner.run(&sequences, |(workflow, commands)| play(&house, workflow, &commands)).unwrap();
    }
}
