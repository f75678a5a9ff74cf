//! Trainings: the register, and whom one keeps from sharing until when.

use std::time::Duration;

use serde_json::json;

use super::{complete, responsible, to_do, training};
use crate::support::{TestApp, both};

/// The 28th of a month, an hour before the day is over, with the clock set to it.
fn on(app: &TestApp, day: &str) -> String {
    app.clock().set(greenlight::domain::time::Time::parse(&format!("{day}T23:00:00Z")).unwrap());
    day.to_owned()
}

both! {
    fn a_training_is_made_read_changed_and_ended(app) {
        let admin = app.admin();
        responsible(app);
        let body = json!({
            "title": "Sharing safely", "url": "https://learn.example/1", "valid_months": 12,
            "required_for": { "countries": ["BE"] }, "required_from": "2026-12-01T08:00:00Z",
        });
        let made = admin.post("/v1/trainings").json(&body).send().expect(201);
        assert_eq!(made.header("ETag"), "\"1\"");
        let path = made.header("Location").to_owned();
        let mut expected = body.clone();
        expected["required_for"]["groups"] = json!([]);
        expected["responsibility"] = json!("training");
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&made[name.as_str()], value, "{name}");
        }
        let read = app.employee().get(&path).send().expect(200);
        assert_eq!(read.json, made.json);
        let mut change = body.clone();
        change["title"] = json!("Sharing safely 2");
        change.as_object_mut().unwrap().remove("required_from");
        admin.put(&path).json(&change).send().problem("precondition_required");
        let changed = admin.put(&path).if_match(&json!(1)).json(&change).send().expect(200);
        assert_eq!((&changed["version"], &changed["title"]), (&json!(2), &json!("Sharing safely 2")));
        assert_eq!(changed["required_from"], "2026-12-01T08:00:00Z", "it stays");
        let entries = app.record_size();
        let same = admin.put(&path).if_match(&json!(2)).json(&change).send().expect(200);
        assert_eq!((&same["version"], app.record_size()), (&json!(2), entries));
        admin.put(&path).if_match(&json!(1)).json(&body).send().problem("precondition_failed");
        let other = training(app, |_| ());
        let list = app.employee().get("/v1/trainings?limit=1").send().expect(200);
        assert_eq!(list["items"][0]["id"], other);
        let next = list.text("/next_cursor").to_owned();
        let rest = app.employee().get(&format!("/v1/trainings?limit=1&cursor={next}")).send().expect(200);
        assert_eq!((&rest["items"][0]["id"], &rest["next_cursor"]), (&made["id"], &json!(null)));
        admin.delete(&path).if_match(&json!(2)).send().expect(204);
        app.employee().get(&path).send().problem("not_found");
        admin.put(&path).if_match(&json!(2)).json(&body).send().problem("not_found");
        let types: Vec<String> = app.record_entries().into_iter().map(|entry| entry.typ).collect();
        let trainings: Vec<&str> =
            types.iter().map(String::as_str).filter(|typ| typ.starts_with("training.")).collect();
        assert_eq!(trainings, ["training.created", "training.changed", "training.created", "training.ended"]);
    }

    fn a_training_is_made_once_for_its_key_and_by_who_may(app) {
        let body = json!({ "title": "Sharing safely", "url": "https://learn.example/1" });
        let make = || app.admin().post("/v1/trainings").idempotency_key("mine").json(&body).send().expect(201);
        assert_eq!(make()["id"], make()["id"]);
        app.publisher().post("/v1/trainings").json(&body).send().problem("forbidden");
        app.anonymous().get("/v1/trainings").send().problem("unauthenticated");
    }

    fn faults_of_a_training_are_told_at_their_place(app) {
        let fault = |change: serde_json::Value| {
            let mut body = json!({ "title": "Sharing safely", "url": "https://learn.example/1" });
            for (name, value) in change.as_object().unwrap() {
                body[name.as_str()] = value.clone();
            }
            let answer = app.admin().post("/v1/trainings").json(&body).send();
            assert!([400, 422].contains(&answer.status), "{}", answer.text);
            let fault = &answer["errors"][0];
            (fault["pointer"].as_str().unwrap().to_owned(), fault["code"].as_str().unwrap().to_owned())
        };
        let told = |pointer: &str, code: &str| (format!("#{pointer}"), code.to_owned());
        assert_eq!(fault(json!({ "url": "http://learn.example/1" })), told("/url", "not_a_link"));
        assert_eq!(fault(json!({ "required_for": { "countries": ["XX"] } })), told("/required_for/countries/0", "not_a_country"));
        let group = uuid::Uuid::now_v7();
        assert_eq!(fault(json!({ "required_for": { "groups": [group] } })), told("/required_for/groups/0", "unknown_group"));
        assert_eq!(fault(json!({ "responsibility": "nobody" })), told("/responsibility", "unknown_responsibility"));
        assert_eq!(fault(json!({ "responsibility": "nobody", "required_for": {} })), told("/responsibility", "unknown_responsibility"));
        assert_eq!(fault(json!({ "title": " " })).0, "#/title");
        for title in ["a\nb", "a\u{202e}b"] {
            assert_eq!(fault(json!({ "title": title })), told("/title", "control_character"));
        }
        assert_eq!(fault(json!({ "valid_months": 0 })).0, "#/valid_months");
        assert_eq!(fault(json!({ "valid_months": 121 })).0, "#/valid_months");
    }

    fn r13_who_has_not_completed_a_training_shares_nothing_until_they_have(app) {
        let post = app.live_post();
        let id = training(app, |_| ());
        let refused = app.share_as(&app.employee(), &post).problem("obligations_open");
        let due_at = refused["obligations"][0]["due_at"].clone();
        assert_eq!(refused["obligations"], json!([{
            "asks": "training", "training_id": id, "title": "Sharing safely",
            "url": "https://learn.example/1", "due_at": due_at,
        }]));
        assert_eq!(to_do(&app.employee()), [("Sharing safely".to_owned(), true)]);
        complete(&app.admin(), &id, &app.employee().id(), "2026-11-20").expect(200);
        app.share(&post);
        let mine = app.employee().get("/v1/me/obligations").send().expect(200);
        assert_eq!(mine["to_do"], json!([]));
        let done = json!([{ "training_id": id, "title": "Sharing safely", "completed_on": "2026-11-20" }]);
        assert_eq!(mine["done"]["completed"], done);
    }

    fn r13_a_completion_counts_through_its_last_day(app) {
        let post = app.live_post();
        let id = training(app, |body| body["valid_months"] = json!(3));
        let employee = app.employee();
        complete(&app.admin(), &id, &employee.id(), "2026-11-20").expect(200);
        on(app, "2027-01-20");
        assert_eq!(to_do(&employee), [], "that it ends is told for a third of the time that it counts");
        on(app, "2027-01-22");
        assert_eq!(to_do(&employee), [("Sharing safely".to_owned(), false)]);
        let mine = employee.get("/v1/me/obligations").send().expect(200);
        assert_eq!(mine["to_do"][0]["due_at"], "2027-02-21T00:00:00Z");
        assert_eq!(mine["done"]["completed"][0]["valid_until"], "2027-02-21T00:00:00Z");
        on(app, "2027-02-20");
        app.advance(Duration::from_secs(3599));
        app.share(&post);
        app.advance(Duration::from_secs(1));
        app.share_as(&employee, &post).problem("obligations_open");
        let mine = employee.get("/v1/me/obligations").send().expect(200);
        assert_eq!((&mine["may_share"], &mine["to_do"][0]["due_at"]), (&json!(false), &json!("2027-02-21T00:00:00Z")));
        let refused = app.share_as(&employee, &post).problem("obligations_open");
        assert_eq!(refused["obligations"][0]["due_at"], "2027-02-21T00:00:00Z", "the same");
        complete(&app.admin(), &id, &employee.id(), "2027-02-21").expect(200);
        app.share(&post);
    }

    fn r13_what_a_training_asks_changes_with_it(app) {
        let post = app.live_post();
        let begins = app.clock().now().after(Duration::from_hours(1));
        let id = training(app, |body| body["required_from"] = json!(begins.to_string()));
        assert_eq!(to_do(&app.employee()), [("Sharing safely".to_owned(), false)]);
        app.share(&post);
        app.clock().set(begins);
        app.share_as(&app.employee(), &post).problem("obligations_open");
        let path = format!("/v1/trainings/{id}");
        let change = |version: i64, required_for: serde_json::Value| {
            let body = json!({
                "title": "Sharing safely", "url": "https://learn.example/1", "required_for": required_for,
            });
            app.admin().put(&path).if_match(&json!(version)).json(&body).send().expect(200);
        };
        change(1, json!({ "countries": ["BE"] }));
        app.share(&post);
        change(2, json!({ "countries": ["NL"] }));
        app.share_as(&app.employee(), &post).problem("obligations_open");
        let body = json!({ "title": "Sharing safely", "url": "https://learn.example/1" });
        app.admin().put(&path).if_match(&json!(3)).json(&body).send().expect(200);
        app.share(&post);
        change(4, json!({}));
        app.share_as(&app.employee(), &post).problem("obligations_open");
        app.admin().delete(&path).if_match(&json!(5)).send().expect(204);
        app.share(&post);
        assert_eq!(to_do(&app.employee()), []);
    }

    fn a_completion_that_counts_for_a_month_is_told_of_only_before_it_ends(app) {
        let id = training(app, |body| body["valid_months"] = json!(1));
        let employee = app.employee();
        complete(&app.admin(), &id, &employee.id(), "2026-11-20").expect(200);
        assert_eq!(to_do(&employee), []);
        on(app, "2026-12-10");
        assert_eq!(to_do(&employee), []);
        on(app, "2026-12-11");
        assert_eq!(to_do(&employee), [("Sharing safely".to_owned(), false)]);
    }

    fn what_begins_to_be_required_is_from_now_on_and_what_was_stays_as_it_was(app) {
        responsible(app);
        let begins = app.clock().now().to_string();
        let mut body = json!({ "title": "Sharing safely", "url": "https://learn.example/1" });
        let made = app.admin().post("/v1/trainings").json(&body).send().expect(201);
        assert_eq!(made["required_from"], begins);
        let path = made.header("Location").to_owned();
        let change = |version: i64, body: &serde_json::Value| {
            app.admin().put(&path).if_match(&json!(version)).json(body).send().expect(200)
        };
        app.advance(Duration::from_hours(24));
        let same = change(1, &body);
        assert_eq!((&same["version"], &same["required_from"]), (&json!(1), &json!(begins)));
        body["required_for"] = json!({ "countries": ["NL"] });
        let now = app.clock().now().to_string();
        assert_eq!(change(1, &body)["required_from"], now);
        let mine = app.employee().get("/v1/me/obligations").send().expect(200);
        assert_eq!(mine["to_do"][0]["due_at"], now);
        app.advance(Duration::from_hours(24));
        body["required_for"] = json!({});
        assert_eq!(change(2, &body)["required_from"], now);
        body["required_from"] = json!(begins);
        assert_eq!(change(3, &body)["required_from"], begins, "where it is said");
    }

    fn a_training_is_required_only_where_somebody_can_say_who_completed_it(app) {
        let mut body = json!({ "title": "Sharing safely", "url": "https://learn.example/1" });
        let made = app.admin().post("/v1/trainings").json(&body).send().expect(201);
        let path = made.header("Location").to_owned();
        body["required_for"] = json!({});
        let make = || app.admin().post("/v1/trainings").json(&body).send();
        let change = || app.admin().put(&path).if_match(&json!(1)).json(&body).send();
        for refused in [make(), change()] {
            let refused = refused.problem("invalid_content");
            let fault = &refused["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/responsibility"), &json!("unknown_responsibility")));
            assert!(fault["detail"].as_str().unwrap().contains("make it first, or name another"), "{}", refused.text);
        }
        responsible(app);
        make().expect(201);
        change().expect(200);
    }

    fn who_has_to_finish_a_training_is_told_whom_to_ask(app) {
        training(app, |_| ());
        let asked = || {
            let mine = app.employee().get("/v1/me/obligations").send().expect(200);
            mine["to_do"][0]["finish"].as_object().unwrap().get("responsibility").cloned()
        };
        assert_eq!(asked(), Some(json!({ "key": "training", "name": "Academy" })));
        app.admin().delete("/v1/responsibilities/training").if_match(&json!(1)).send().expect(200);
        assert_eq!(asked(), Some(json!(null)));
    }

    fn a_completion_counts_for_as_long_as_the_training_now_says(app) {
        let post = app.live_post();
        let id = training(app, |_| ());
        complete(&app.admin(), &id, &app.employee().id(), "2026-08-20").expect(200);
        app.share(&post);
        let body = json!({
            "title": "Sharing safely", "url": "https://learn.example/1", "required_for": {}, "valid_months": 3,
        });
        app.admin().put(&format!("/v1/trainings/{id}")).if_match(&json!(1)).json(&body).send().expect(200);
        app.share_as(&app.employee(), &post).problem("obligations_open");
    }
}
