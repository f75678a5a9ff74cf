//! What waits: the queue, dates of stages, stages that cannot end, and windows that close.

use std::time::Duration;

use greenlight::app::deadlines::{Ran, run};
use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

const HOUR: Duration = Duration::from_hours(1);

fn decide(client: &Client, post: &Post, decision: &str, reason: Option<&str>) -> Answer {
    client.post(&post.path("/decisions")).json(&post.decision(decision, reason)).send()
}

fn review_of(app: &TestApp, post: &Post) -> Value {
    app.author().get(&post.path("")).send().expect(200)["review"].clone()
}

fn queue(app: &TestApp, query: &str) -> Vec<Value> {
    app.author().get(&format!("/v1/reviews?{query}")).send().expect(200).list("/items").to_vec()
}

/// Does what is due, as the job and as the command do.
fn run_jobs(app: &TestApp) -> Ran {
    let state = app.state();
    run(&state.db, &state.context, &state.rules(), state.clock.now()).unwrap()
}

fn deactivate(app: &TestApp, client: &Client) -> Answer {
    let path = format!("/v1/people/{}", client.id());
    let version = app.admin().get(&path).send().expect(200)["version"].clone();
    app.admin().patch(&path).if_match(&version).json(&json!({ "active": false })).send().expect(200)
}

/// Anna decides within two days; then the boss may as well.
fn with_dates(app: &TestApp) -> (Client, Client) {
    let (anna, boss) = (app.person("anna", &[Role::Reviewer]), app.person("boss", &[Role::Reviewer]));
    let stages = json!([{
        "name": "anna", "reviewers": { "person": anna.id() }, "quorum": "any",
        "due_in_hours": 48, "remind_after_hours": 24, "escalate_to": { "person": boss.id() },
    }]);
    app.change_workflow(&json!({ "stages": stages })).expect(200);
    (anna, boss)
}

/// A post that ends in two hours, under review.
fn ending_soon(app: &TestApp) -> Post {
    let ends = app.clock().now().after(HOUR * 2).to_string();
    app.submitted_post(|content| content["expires_at"] = json!(ends))
}

both! {
    fn the_queue_tells_who_is_waited_for_and_since_when(app) {
        let (anna, _) = with_dates(app);
        let post = app.submit(&app.draft(|_| ()));
        let stage = review_of(app, &post)["stages"][0].clone();
        assert_eq!(stage["waits_for"], json!([anna.id()]));
        assert_eq!((&stage["since"], &stage["due_at"]), (&json!("2026-11-21T09:00:00Z"), &json!("2026-11-23T09:00:00Z")));
        assert!(queue(app, "overdue=true").is_empty());
        app.advance(HOUR * 48);
        assert_eq!(queue(app, "overdue=true").len(), 1, "overdue is told without any job");
        assert_eq!((queue(app, "kind=image").len(), queue(app, "kind=post&state=open").len()), (0, 1));
        app.author().get("/v1/reviews?overdue=true&state=approved").send().problem("invalid_request");
        decide(&anna, &post, "approve", None).expect(201);
        assert!(queue(app, "overdue=true").is_empty());
    }

    fn an_overdue_stage_is_escalated_once_and_never_approved_by_silence(app) {
        let (_, boss) = with_dates(app);
        let post = app.submit(&app.draft(|_| ()));
        assert_eq!(run_jobs(app), Ran::default());
        decide(&boss, &post, "approve", None).problem("not_a_reviewer");
        app.advance(HOUR * 24);
        assert_eq!(run_jobs(app), Ran { reminded: 1, ..Ran::default() });
        assert_eq!(run_jobs(app), Ran::default());
        app.advance(HOUR * 24);
        assert_eq!(run_jobs(app), Ran { overdue: 1, ..Ran::default() });
        app.advance(HOUR * 24 * 365);
        assert_eq!(run_jobs(app), Ran::default());
        let stage = review_of(app, &post)["stages"][0].clone();
        assert_eq!((&stage["state"], &stage["given_to"][0]["person"]), (&json!("open"), &json!(boss.id())));
        decide(&boss, &post, "approve", None).expect(201);
    }

    fn two_nodes_that_run_the_job_do_each_thing_once(app) {
        with_dates(app);
        let posts = 6;
        for _ in 0..posts {
            app.submit(&app.draft(|_| ()));
            ending_soon(app);
        }
        let node = app.another_node();
        app.advance(HOUR * 72);
        let before = app.record_size();
        let now = app.clock().now();
        let ran: Vec<Ran> = std::thread::scope(|scope| {
            let nodes: Vec<_> = [app.state(), &node, app.state(), &node]
                .into_iter()
                .map(|node| scope.spawn(move || run(&node.db, &node.context, &node.rules(), now).unwrap()))
                .collect();
            nodes.into_iter().map(|node| node.join().unwrap()).collect()
        });
        let sum = |of: fn(&Ran) -> usize| ran.iter().map(of).sum::<usize>();
        assert_eq!(sum(|ran| ran.lapsed), posts);
        assert_eq!((sum(|ran| ran.reminded), sum(|ran| ran.overdue)), (posts, posts));
        // An entry for each lapse and each escalation, and no other.
        assert_eq!(app.record_size() - before, 2 * i64::try_from(posts).unwrap());
        assert_eq!(run_jobs(app), Ran::default());
    }

    fn r08_a_stage_that_lost_its_reviewers_is_stuck_named_and_reassigned(app) {
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Legal" })).send().expect(201);
        let legal = app.person("legal", &[Role::Reviewer]);
        let member = format!("/v1/groups/{}/members/{}", group.text("/id"), legal.id());
        app.admin().put(&member).send().expect(204);
        let stages = json!([
            { "name": "first", "reviewers": { "role": "reviewer" }, "quorum": "any" },
            { "name": "legal", "reviewers": { "group": group["id"] }, "quorum": "any" },
        ]);
        app.reviewer();
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        let id = review_of(app, &post)["id"].clone();
        assert_eq!(app.admin().delete(&member).send().expect(200)["stuck_reviews"], json!([id]));
        // The first stage can go on; that the second cannot is known already.
        let review = review_of(app, &post);
        assert_eq!((&review["stages"][0]["state"], &review["stages"][1]["state"]), (&json!("open"), &json!("stuck")));
        decide(&app.reviewer(), &post, "approve", None).expect(201);
        assert_eq!(queue(app, "stuck=true").len(), 1);
        // Whoever comes back mends it.
        app.admin().put(&member).send().expect(204);
        assert!(queue(app, "stuck=true").is_empty());
        assert_eq!(deactivate(app, &legal)["stuck_reviews"], json!([id]));
        let path = format!("/v1/reviews/{}/reassignment", id.as_str().unwrap());
        let give = |who: &Client| {
            let body = json!({ "stage": 1, "reviewers": { "person": who.id() }, "reason": "Legal is away." });
            app.admin().post(&path).json(&body).send()
        };
        give(&app.reviewer()).problem("not_enough_reviewers");
        give(&app.employee()).problem("not_enough_reviewers");
        let other = app.person("other", &[Role::Reviewer]);
        let given = give(&other).expect(201);
        assert_eq!(given["stages"][1]["given_to"][0]["person"], other.id());
        assert!(queue(app, "stuck=true").is_empty());
        decide(&other, &post, "approve", None).expect(201);
        let review = review_of(app, &post);
        assert_eq!(review["state"], "approved");
        assert_eq!(review["stages"][1]["reviewers"]["group_name"], "Legal", "what it began with stays");
        give(&other).problem("stage_closed");
    }

    fn c11_past_decisions_stay_when_who_cast_them_leaves(app) {
        let (one, two) = (app.person("one", &[Role::Reviewer]), app.person("two", &[Role::Reviewer]));
        let stages = json!([{ "name": "both", "reviewers": { "role": "reviewer" }, "quorum": "all" }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        decide(&one, &post, "approve", None).expect(201);
        deactivate(app, &one);
        assert_eq!(review_of(app, &post)["stages"][0]["decisions"][0]["person_id"], one.id());
        let left = deactivate(app, &two);
        assert_eq!(left.list("/stuck_reviews").len(), 1);
        assert_eq!(review_of(app, &post)["stages"][0]["reason"], "asked_reviewer_left");
        let three = app.person("three", &[Role::Reviewer]);
        let body = json!({ "stage": 0, "reviewers": { "role": "reviewer" }, "reason": "Two left." });
        let path = format!("/v1/reviews/{}/reassignment", review_of(app, &post)["id"].as_str().unwrap());
        app.admin().post(&path).json(&body).send().expect(201);
        decide(&three, &post, "approve", None).expect(201);
        assert_eq!(review_of(app, &post)["state"], "approved");
    }

    fn only_who_administers_workflows_reassigns_and_says_why(app) {
        let post = app.submitted_post(|_| ());
        let path = format!("/v1/reviews/{}/reassignment", review_of(app, &post)["id"].as_str().unwrap());
        let body = json!({ "stage": 0, "reviewers": { "role": "reviewer" }, "reason": "To see." });
        app.reviewer().post(&path).json(&body).send().problem("forbidden");
        let without = json!({ "stage": 0, "reviewers": { "role": "reviewer" }, "reason": " " });
        assert_eq!(app.admin().post(&path).json(&without).send().problem("invalid_content").text("/errors/0/pointer"), "#/reason");
        let beyond = json!({ "stage": 3, "reviewers": { "role": "reviewer" }, "reason": "To see." });
        app.admin().post(&path).json(&beyond).send().problem("invalid_content");
        let entries = app.record_size();
        app.admin().post(&path).json(&body).send().expect(201);
        assert_eq!(app.record_size(), entries + 1);
    }

    fn r11_a_review_that_outlives_its_window_lapses_and_one_call_extends_it(app) {
        let post = ending_soon(app);
        app.advance(HOUR * 2);
        assert_eq!(run_jobs(app).lapsed, 1);
        let item = app.author().get(&post.path("")).send().expect(200);
        assert_eq!((&item["review"]["state"], &item["working_revision"]["state"]), (&json!("lapsed"), &json!("lapsed")));
        assert_eq!(decide(&app.reviewer(), &post, "approve", None).problem("stage_closed")["state"], "lapsed");
        let path = format!("/v1/reviews/{}/extension", item["review"]["id"].as_str().unwrap());
        let extend = |until: String| app.author().post(&path).json(&json!({ "expires_at": until })).idempotency_key(&until).send();
        extend(app.clock().now().to_string()).problem("invalid_content");
        let later = app.clock().now().after(HOUR * 24).to_string();
        let review = extend(later.clone()).expect(201);
        assert_eq!((&review["state"], &review["revision"]), (&json!("open"), &json!(2)));
        let again = extend(later.clone()).expect(201);
        assert_eq!((again.header("Idempotency-Replayed"), &again["id"]), ("true", &review["id"]));
        let next = app.author().get(&post.path("/revisions/2")).send().expect(200);
        assert_eq!(next["content"]["expires_at"], later);
        app.approve(&Post { revision: 2, digest: review.text("/digest").to_owned(), ..post.clone() });
        assert_eq!(app.author().get(&post.path("")).send().expect(200)["availability"], "live");
        app.author().post(&path).json(&json!({ "expires_at": later })).send().problem("revision_changed");
    }

    fn r11_a_decision_after_the_window_closed_finds_the_review_lapsed_without_any_job(app) {
        let post = ending_soon(app);
        app.advance(HOUR * 2);
        let refused = decide(&app.reviewer(), &post, "approve", None).problem("stage_closed");
        assert_eq!(refused["state"], "lapsed");
        assert_eq!(review_of(app, &post)["state"], "lapsed");
        assert_eq!(run_jobs(app).lapsed, 0);
    }

    fn c12_what_could_not_be_decided_in_time_is_not_submitted(app) {
        app.reviewer();
        let ends = app.clock().now().after(Duration::from_mins(4)).to_string();
        let draft = app.draft(|content| content["expires_at"] = json!(ends));
        let body = json!({ "digest": draft.digest });
        let refused = app.author().post(&draft.path("/submission")).json(&body).send().problem("invalid_content");
        assert_eq!(refused["errors"][0]["code"], "window_closed");
    }

    fn r11_only_what_lapsed_is_extended(app) {
        let post = app.submitted_post(|_| ());
        let path = format!("/v1/reviews/{}/extension", review_of(app, &post)["id"].as_str().unwrap());
        let later = json!({ "expires_at": "2027-01-01T00:00:00Z" });
        assert_eq!(app.author().post(&path).json(&later).send().problem("conflict")["state"], "open");
        app.reviewer().post(&path).json(&later).send().problem("forbidden");
    }
}
