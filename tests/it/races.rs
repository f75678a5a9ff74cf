//! What happens when two things happen at once: on both databases, over HTTP, with real threads.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Client, Post, TestApp, both, postgres_is_there};

/// Runs each at the same moment and answers what each answered.
fn at_once(acts: Vec<Box<dyn Fn() -> Answer + Send + '_>>) -> Vec<Answer> {
    let start = Barrier::new(acts.len());
    std::thread::scope(|scope| {
        let running: Vec<_> = acts
            .into_iter()
            .map(|act| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    act()
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

fn edited(app: &TestApp, post: &Post) -> (Value, Value) {
    let item = app.author().get(&post.path("")).send().expect(200);
    let mut content = item["working_revision"]["content"].clone();
    content["copies"][0]["text"] = json!("Edited at the last moment.");
    (item["version"].clone(), json!({ "content": content }))
}

both! {
    fn two_decisions_at_once_have_one_outcome(app) {
        let reviewers = [app.person("one", &[Role::Reviewer]), app.person("two", &[Role::Reviewer])];
        for _ in 0..5 {
            let post = app.submitted_post(|_| ());
            let decide = |who: &Client, decision: &str| {
                let body = post.decision(decision, Some("because"));
                who.post(&post.path("/decisions")).json(&body).send()
            };
            let answers = at_once(vec![
                Box::new(|| decide(&reviewers[0], "approve")),
                Box::new(|| decide(&reviewers[1], "reject")),
            ]);
            assert_eq!(statuses(&answers), [201, 409]);
            let lost = answers.into_iter().find(|answer| answer.status == 409).unwrap();
            lost.problem("stage_closed");
        }
    }

    fn an_edit_races_an_approval_and_no_unseen_words_are_approved(app) {
        for _ in 0..5 {
            let post = app.submitted_post(|_| ());
            let (version, content) = edited(app, &post);
            let decision = post.decision("approve", None);
            let answers = at_once(vec![
                Box::new(|| app.reviewer().post(&post.path("/decisions")).json(&decision).send()),
                Box::new(|| app.author().put(&post.path("/draft")).if_match(&version).json(&content).send()),
            ]);
            let approved = answers[0].status == 201;
            let saved = answers[1].status == 200;
            assert!(approved != saved, "{:?}", statuses(&answers));
            let first = app.author().get(&post.path("/revisions/1")).send().expect(200);
            assert_eq!(first["state"], if approved { "approved" } else { "withdrawn" });
            assert_eq!(first["digest"], post.digest, "what was seen is what is frozen");
        }
    }

    fn a_submission_races_an_edit_and_what_is_frozen_was_seen(app) {
        for _ in 0..5 {
            let draft = app.draft(|_| ());
            app.reviewer();
            let (version, content) = edited(app, &draft);
            let body = json!({ "digest": draft.digest });
            let answers = at_once(vec![
                Box::new(|| app.author().post(&draft.path("/submission")).json(&body).send()),
                Box::new(|| app.author().put(&draft.path("/draft")).if_match(&version).json(&content).send()),
            ]);
            let first = app.author().get(&draft.path("/revisions/1")).send().expect(200);
            let text = &first["content"]["copies"][0]["text"];
            match (answers[0].status, answers[1].status) {
                (201, 412) => assert_eq!((&first["state"], text), (&json!("in_review"), &json!("Come and build bicycles with us."))),
                (409, 200) => assert_eq!((&first["state"], text), (&json!("draft"), &json!("Edited at the last moment."))),
                other => panic!("{other:?}: {} {}", answers[0].text, answers[1].text),
            }
        }
    }

    fn r16_fifty_parallel_posts_with_one_key_make_one_share(app) {
        let post = app.live_post();
        let employee = app.employee();
        let act = || employee.post("/v1/shares").idempotency_key("same").json(&post.share()).send();
        let answers = at_once((0..50).map(|_| Box::new(act) as Box<dyn Fn() -> Answer + Send>).collect());
        assert!(answers.iter().all(|answer| answer.status == 201));
        assert!(answers.iter().all(|answer| answer["id"] == answers[0]["id"]));
        let fresh = answers.iter().filter(|answer| !answer.headers.contains_key("idempotency-replayed"));
        assert_eq!(fresh.count(), 1);
        let list = app.auditor().get("/v1/shares").purpose("count").send().expect(200);
        assert_eq!(list.list("/items").len(), 1);
    }

    fn a_bad_share_in_a_group_fails_alone(app) {
        let (good, bad) = (app.live_post(), app.live_post());
        let employee = app.employee();
        let recall = json!({ "reason": "wrong" });
        app.publisher().post(&bad.path("/recall")).json(&recall).send().expect(200);
        let act = |nth: usize| {
            let post = if nth % 10 == 3 { &bad } else { &good };
            move || app.share_as(&app.employee(), post)
        };
        let answers =
            at_once((0..60).map(|nth| Box::new(act(nth)) as Box<dyn Fn() -> Answer + Send>).collect());
        let failed = answers.iter().filter(|answer| answer.status == 410).count();
        assert_eq!((failed, answers.iter().filter(|answer| answer.status == 201).count()), (6, 54));
        let own = employee.get("/v1/me/shares?limit=200").send().expect(200);
        assert_eq!(own.list("/items").len(), 54);
    }

    fn r20_indexes_have_no_gap_whatever_is_written_at_once(app) {
        let post = app.live_post();
        let (_auditor, _employee) = (app.auditor(), app.employee());
        let before = app.record_size();
        let act = |nth: usize| match nth % 3 {
            0 => app.author().post("/v1/posts").json(&json!({ "content": app.content() })).send(),
            1 => app.auditor().get("/v1/decisions").purpose("race").send(),
            _ => app.share_as(&app.employee(), &post),
        };
        let act = &act;
        let answers = at_once(
            (0..30).map(|nth| Box::new(move || act(nth)) as Box<dyn Fn() -> Answer + Send + '_>).collect(),
        );
        assert!(answers.iter().all(|answer| answer.status < 300), "{:?}", statuses(&answers));
        assert_eq!(app.record_size(), before + 20, "ten reads of audit data and ten shares");
        assert_eq!(app.record_indexes(), (0..app.record_size()).collect::<Vec<_>>());
    }
}

/// R17 on two servers: fifty recalls race five thousand shares, and not one share follows an answered
/// recall. The recalls' latencies are printed; the bench holds them to a bound.
#[test]
fn r17_fifty_recalls_race_five_thousand_shares_on_two_nodes() {
    if !postgres_is_there() {
        return;
    }
    let app = TestApp::new(Backend::Postgres);
    let second = app.second_node();
    let posts: Vec<Post> = (0..50).map(|_| app.live_post()).collect();
    let employees: Vec<Client> = (0..16)
        .map(|nth| app.person(&format!("employee-{nth}"), &[Role::Employee]))
        .enumerate()
        .map(|(nth, client)| if nth % 2 == 0 { client } else { client.at(&second) })
        .collect();
    let recalled: Vec<std::sync::OnceLock<Instant>> =
        posts.iter().map(|_| std::sync::OnceLock::new()).collect();
    let (attempts, issued, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let mut latencies = Vec::new();
    std::thread::scope(|scope| {
        for (at, employee) in employees.iter().enumerate() {
            let (posts, recalled, attempts, issued, done) = (&posts, &recalled, &attempts, &issued, &done);
            scope.spawn(move || {
                for nth in 0.. {
                    if attempts.fetch_add(1, Ordering::SeqCst) >= 5_000 && done.load(Ordering::SeqCst) {
                        return;
                    }
                    let which = (at + nth) % posts.len();
                    let sent = Instant::now();
                    let key = format!("{at}-{nth}");
                    let body = posts[which].share();
                    let answer = employee.post("/v1/shares").idempotency_key(&key).json(&body).send();
                    match answer.status {
                        201 => {
                            issued.fetch_add(1, Ordering::SeqCst);
                            let stopped = recalled[which].get();
                            assert!(
                                stopped.is_none_or(|stopped| sent < *stopped),
                                "issued after an answered recall"
                            );
                        }
                        410 => {}
                        other => panic!("{other}: {}", answer.text),
                    }
                }
            });
        }
        let publishers = [app.publisher(), app.publisher().at(&second)];
        for (which, post) in posts.iter().enumerate() {
            while attempts.load(Ordering::SeqCst) < which * 100 {
                std::thread::yield_now();
            }
            let sent = Instant::now();
            let body = json!({ "reason": "race" });
            publishers[which % 2].post(&post.path("/recall")).json(&body).send().expect(200);
            latencies.push(sent.elapsed());
            recalled[which].set(Instant::now()).unwrap();
        }
        done.store(true, Ordering::SeqCst);
    });
    latencies.sort_unstable();
    let (median, longest) = (latencies[25], *latencies.last().unwrap_or(&Duration::ZERO));
    println!(
        "50 recalls among {} shares: median {median:?}, longest {longest:?}",
        issued.load(Ordering::SeqCst)
    );
    assert_eq!(app.record_indexes(), (0..app.record_size()).collect::<Vec<_>>());
}
