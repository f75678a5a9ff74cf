//! Limits hold whoever asks at the same moment, and on whichever node.

use std::sync::Barrier;

use greenlight::domain::roles::Role;
use serde_json::json;

use super::register;
use crate::support::{Answer, Backend, Client, Post, TestApp, both, postgres_is_there};

/// Everybody asks at the same moment; answers what each was told.
fn at_once(app: &TestApp, everybody: &[Client], post: &Post) -> Vec<Answer> {
    let start = Barrier::new(everybody.len());
    std::thread::scope(|scope| {
        let asking: Vec<_> = everybody
            .iter()
            .map(|who| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    app.share_as(who, post)
                })
            })
            .collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[track_caller]
fn issued(answers: &[Answer]) -> usize {
    let issued = answers.iter().filter(|answer| answer.status == 201).count();
    let refused =
        answers.iter().filter(|answer| answer.status == 409 && answer["code"] == "limit_reached").count();
    assert_eq!(
        issued + refused,
        answers.len(),
        "{:?}",
        answers.iter().map(|it| &it.text).collect::<Vec<_>>()
    );
    issued
}

both! {
    fn however_many_ask_at_once_no_more_than_the_limit_are_issued(app) {
        register(app, "spring", &json!({ "limits": { "shares_per_day": 7, "shares_per_person": 2 } }));
        let post = app.approved_post(|content| content["campaign"] = json!("spring"));
        let free = app.live_post();
        let persons: Vec<Client> = (0..6).map(|nth| app.person(&format!("p{nth}"), &[Role::Employee])).collect();
        let everybody: Vec<Client> = persons.iter().cycle().take(30).cloned().collect();
        assert_eq!(issued(&at_once(app, &everybody, &post)), 7);
        for person in &persons {
            let own = person.get("/v1/me/shares").send().expect(200).list("/items").len();
            assert!(own <= 2, "{own}");
        }
        let entries = app.record_entries();
        assert_eq!(entries.iter().filter(|entry| entry.typ == "share.issued").count(), 7);
        assert_eq!(issued(&at_once(app, &everybody, &free)), 30, "others are not held up");
    }

    fn one_person_who_asks_at_once_gets_no_more_than_the_limit(app) {
        register(app, "spring", &json!({ "limits": { "shares_per_person": 3 } }));
        let post = app.approved_post(|content| content["campaign"] = json!("spring"));
        let everybody = vec![app.employee(); 20];
        assert_eq!(issued(&at_once(app, &everybody, &post)), 3);
    }
}

#[test]
fn two_nodes_together_issue_no_more_than_the_limit() {
    if !postgres_is_there() {
        return;
    }
    let app = TestApp::on_system_time(Backend::Postgres);
    register(&app, "spring", &json!({ "limits": { "shares_per_day": 11 } }));
    let post = app.approved_post(|content| content["campaign"] = json!("spring"));
    let node = app.server_process();
    let here = app.employee();
    let there = here.at_process(&node);
    let everybody: Vec<Client> = [here, there].into_iter().cycle().take(40).collect();
    assert_eq!(issued(&at_once(&app, &everybody, &post)), 11);
    let list = app.auditor().get("/v1/shares").purpose("count").send().expect(200);
    assert_eq!(list.list("/items").len(), 11);
}
