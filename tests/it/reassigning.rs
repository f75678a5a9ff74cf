//! Stages that are given to others: they pass nobody's review by themselves.

use std::time::Duration;

use greenlight::app::deadlines::{Ran, run};
use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

const HOUR: Duration = Duration::from_hours(1);

fn approve(client: &Client, post: &Post) -> Answer {
    client.post(&post.path("/decisions")).json(&post.decision("approve", None)).send()
}

fn review_of(app: &TestApp, post: &Post) -> Value {
    app.author().get(&post.path("")).send().expect(200)["review"].clone()
}

/// Gives a stage of a post's review to others.
fn give(app: &TestApp, post: &Post, stage: u8, reviewers: &Value) -> Answer {
    let path = format!("/v1/reviews/{}/reassignment", review_of(app, post)["id"].as_str().unwrap());
    let body = json!({ "stage": stage, "reviewers": reviewers, "reason": "Somebody is away." });
    app.admin().post(&path).json(&body).send()
}

fn person(client: &Client) -> Value {
    json!({ "person": client.id() })
}

/// A group of these persons, as a pool.
fn group(app: &TestApp, name: &str, members: &[&Client]) -> Value {
    let group = app.admin().post("/v1/groups").json(&json!({ "name": name })).send().expect(201);
    for member in members {
        let path = format!("/v1/groups/{}/members/{}", group.text("/id"), member.id());
        app.admin().put(&path).send().expect(204);
    }
    json!({ "group": group["id"] })
}

fn run_jobs(app: &TestApp) -> Ran {
    let state = app.state();
    run(&state.db, &state.context, &state.rules(), state.clock.now()).unwrap()
}

both! {
    fn r09_giving_a_stage_that_asks_everybody_to_who_approved_passes_it_not(app) {
        let [anna, ben, carl, dora] =
            ["anna", "ben", "carl", "dora"].map(|name| app.person(name, &[Role::Reviewer]));
        let stages = json!([
            { "name": "editors", "reviewers": group(app, "Editors", &[&anna, &ben]), "quorum": "all" },
            { "name": "legal", "reviewers": group(app, "Legal", &[&carl, &dora]), "quorum": "all" },
        ]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        approve(&anna, &post).expect(201);
        give(app, &post, 0, &person(&anna)).problem("not_enough_reviewers");
        let eve = app.person("eve", &[Role::Reviewer]);
        assert_eq!(give(app, &post, 0, &person(&eve)).expect(201)["stages"][0]["missing"], 1);
        approve(&ben, &post).problem("not_a_reviewer");
        approve(&eve, &post).expect(201);
        // The next stage opened as it always does, for all of its pool.
        assert_eq!(review_of(app, &post)["stages"][1]["missing"], 2);
        approve(&carl, &post).expect(201);
        assert_eq!(review_of(app, &post)["state"], "open");
        approve(&dora, &post).expect(201);
        assert_eq!(review_of(app, &post)["state"], "approved");
    }

    fn r09_giving_a_stage_to_others_makes_no_other_stage_stuck(app) {
        let lawyer = app.person("lawyer", &[Role::Reviewer]);
        app.reviewer();
        let stages = json!([
            { "name": "first", "reviewers": { "role": "reviewer" }, "quorum": "any" },
            { "name": "legal", "reviewers": person(&lawyer), "quorum": "any" },
        ]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        give(app, &post, 0, &person(&lawyer)).problem("not_enough_reviewers");
        assert_eq!(review_of(app, &post)["stages"][1]["state"], "waiting");
        give(app, &post, 0, &person(&app.reviewer())).expect(201);
    }

    fn r08_who_leaves_the_pool_of_a_stage_that_asks_everybody_decides_no_more(app) {
        let (anna, ben) = (app.person("anna", &[Role::Reviewer]), app.person("ben", &[Role::Reviewer]));
        let legal = group(app, "Legal", &[&anna, &ben]);
        let stages = json!([{ "name": "legal", "reviewers": legal, "quorum": "all" }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        approve(&anna, &post).expect(201);
        let member = |who: &Client| format!("/v1/groups/{}/members/{}", legal["group"].as_str().unwrap(), who.id());
        // What was decided stays decided.
        assert_eq!(app.admin().delete(&member(&anna)).send().expect(200)["stuck_reviews"], json!([]));
        let left = app.admin().delete(&member(&ben)).send().expect(200);
        assert_eq!(left["stuck_reviews"], json!([review_of(app, &post)["id"]]));
        assert_eq!(review_of(app, &post)["stages"][0]["reason"], "asked_reviewer_left");
        approve(&ben, &post).problem("not_a_reviewer");
        app.admin().put(&member(&ben)).send().expect(204);
        approve(&ben, &post).expect(201);
        assert_eq!(review_of(app, &post)["state"], "approved");
    }

    fn r09_a_stage_whose_pool_outgrew_what_can_be_asked_is_stuck_and_given_to_others(app) {
        let [first, second] = ["first", "second"].map(|name| app.person(name, &[Role::Reviewer]));
        let stages = json!([
            { "name": "first", "reviewers": person(&first), "quorum": "any" },
            { "name": "everybody", "reviewers": { "role": "reviewer" }, "quorum": "all" },
        ]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        for nth in 0..50 {
            app.person(&format!("new-{nth}"), &[Role::Reviewer]);
        }
        approve(&first, &post).expect(201);
        let stage = review_of(app, &post)["stages"][1].clone();
        assert_eq!((&stage["state"], &stage["reason"]), (&json!("stuck"), &json!("not_enough_reviewers")));
        approve(&second, &post).problem("not_a_reviewer");
        assert_eq!(give(app, &post, 1, &person(&second)).expect(201)["stages"][1]["missing"], 1);
        approve(&second, &post).expect(201);
        assert_eq!(review_of(app, &post)["state"], "approved");
    }

    fn r09_giving_one_stuck_stage_to_others_leaves_no_other_one_worse(app) {
        let [first, second, third] = ["first", "second", "third"].map(|name| app.person(name, &[Role::Reviewer]));
        let stages = json!([
            { "name": "one", "reviewers": person(&first), "quorum": "any" },
            { "name": "two", "reviewers": person(&second), "quorum": "any" },
        ]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        let path = format!("/v1/people/{}", first.id());
        let version = app.admin().get(&path).send().expect(200)["version"].clone();
        app.admin().patch(&path).if_match(&version).json(&json!({ "active": false })).send().expect(200);
        give(app, &post, 1, &person(&app.employee())).problem("not_enough_reviewers");
        give(app, &post, 0, &person(&second)).problem("not_enough_reviewers");
        give(app, &post, 1, &person(&third)).expect(201);
        give(app, &post, 0, &person(&second)).expect(201);
        approve(&second, &post).expect(201);
        approve(&third, &post).expect(201);
    }

    fn r09_whom_it_is_escalated_to_decides_where_nobody_could_be_asked(app) {
        let [first, member, boss, last] =
            ["first", "member", "boss", "last"].map(|name| app.person(name, &[Role::Reviewer]));
        let legal = group(app, "Legal", &[&member]);
        let stages = json!([
            { "name": "first", "reviewers": person(&first), "quorum": "any" },
            {
                "name": "legal", "reviewers": legal, "quorum": "all",
                "due_in_hours": 24, "escalate_to": person(&boss),
            },
            { "name": "last", "reviewers": person(&last), "quorum": "any" },
        ]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        let path = format!("/v1/groups/{}/members/{}", legal["group"].as_str().unwrap(), member.id());
        app.admin().delete(&path).send().expect(200);
        approve(&first, &post).expect(201);
        assert_eq!(review_of(app, &post)["stages"][1]["state"], "stuck");
        app.advance(HOUR * 24);
        run_jobs(app);
        let stage = review_of(app, &post)["stages"][1].clone();
        assert_eq!((&stage["state"], &stage["missing"]), (&json!("open"), &json!(1)));
        approve(&boss, &post).expect(201);
        let review = review_of(app, &post);
        assert_eq!((&review["stages"][1]["state"], &review["stages"][2]["state"]), (&json!("passed"), &json!("open")));
        approve(&last, &post).expect(201);
        assert_eq!(review_of(app, &post)["state"], "approved");
    }

    fn c09_everybody_is_who_has_not_decided_when_the_stage_opens(app) {
        let [anna, ben, carl] = ["anna", "ben", "carl"].map(|name| app.person(name, &[Role::Reviewer]));
        let stages = json!([
            { "name": "one", "reviewers": { "role": "reviewer" }, "quorum": "any" },
            { "name": "everybody", "reviewers": { "role": "reviewer" }, "quorum": "all" },
        ]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        approve(&anna, &post).expect(201);
        assert_eq!(review_of(app, &post)["stages"][1]["missing"], 2);
        approve(&anna, &post).problem("already_decided");
        approve(&ben, &post).expect(201);
        approve(&carl, &post).expect(201);
        assert_eq!(review_of(app, &post)["state"], "approved");
    }

    fn c09_of_a_responsibility_its_deputies_are_asked_where_its_holders_have_decided(app) {
        let [holder, deputy] = ["holder", "deputy"].map(|name| app.person(name, &[Role::Reviewer]));
        let legal = json!({
            "key": "legal", "name": "Legal", "description": "Contracts and claims.",
            "holders": [{ "person": holder.id() }], "deputies": [{ "person": deputy.id() }],
        });
        app.admin().post("/v1/responsibilities").json(&legal).send().expect(201);
        let stages = json!([
            { "name": "first", "reviewers": person(&holder), "quorum": "any" },
            { "name": "legal", "reviewers": { "responsibility": "legal" }, "quorum": "all" },
        ]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        approve(&holder, &post).expect(201);
        assert_eq!(review_of(app, &post)["stages"][1]["waits_for"], json!([deputy.id()]));
        approve(&deputy, &post).expect(201);
        assert_eq!(review_of(app, &post)["state"], "approved");
    }

    fn the_time_of_a_stage_begins_anew_for_whom_it_is_given_to(app) {
        let [anna, boss, other] = ["anna", "boss", "other"].map(|name| app.person(name, &[Role::Reviewer]));
        let stages = json!([{
            "name": "anna", "reviewers": person(&anna), "quorum": "any",
            "due_in_hours": 48, "remind_after_hours": 24, "escalate_to": person(&boss),
        }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        app.advance(HOUR * 48);
        assert_eq!(run_jobs(app), Ran { reminded: 1, overdue: 1, ..Ran::default() });
        let given = give(app, &post, 0, &person(&other)).expect(201);
        let stage = &given["stages"][0];
        assert_eq!((&stage["since"], &stage["due_at"]), (&json!("2026-11-23T09:00:00Z"), &json!("2026-11-25T09:00:00Z")));
        approve(&boss, &post).problem("not_a_reviewer");
        assert_eq!(run_jobs(app), Ran::default());
        app.advance(HOUR * 48);
        assert_eq!(run_jobs(app), Ran { reminded: 1, overdue: 1, ..Ran::default() });
        approve(&boss, &post).expect(201);
    }
}
