//! The register of topics: what posts can be about, so that nothing that is demanded for a topic is escaped.

use greenlight::domain::roles::{Role, Scope};
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, both};

fn post_about(app: &TestApp, topics: &[&str]) -> Answer {
    let mut content = app.content();
    content["topics"] = json!(topics);
    app.author().post("/v1/posts").json(&json!({ "content": content })).send()
}

fn faults(answer: &Answer) -> Vec<String> {
    let faults = answer.list("/errors").iter();
    faults
        .map(|fault| format!("{} {}", fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()))
        .collect()
}

/// What the record says of topics that somebody registered, changed or ended.
fn told(app: &TestApp) -> Vec<(String, Value)> {
    let entries = app.record_entries();
    let of_these = entries.iter().filter(|entry| entry.typ.starts_with("topic."));
    let told = of_these.map(|entry| (entry.typ.clone(), serde_json::from_str(&entry.fields).unwrap()));
    told.filter(|(_, fields): &(String, Value)| fields["actor"] != "system").collect()
}

both! {
    fn everybody_who_is_signed_in_reads_what_publishers_register(app) {
        let wanted = json!({ "key": "wind", "name": "Wind energy", "audience_note": "Explain the terms." });
        let made = app.publisher().post("/v1/topics").json(&wanted).send().expect(201);
        assert_eq!((made.header("Location"), made.header("ETag")), ("/v1/topics/wind", "\"1\""));
        let mut expected = wanted.clone();
        expected["version"] = json!(1);
        expected["created_at"] = json!("2026-11-21T09:00:00Z");
        assert_eq!(made.json, expected);
        let read = app.employee().get("/v1/topics/wind").send().expect(200);
        assert_eq!((&read.json, read.header("ETag")), (&expected, "\"1\""));
        app.key([Scope::Share]).get("/v1/topics/wind").send().expect(200);
        app.anonymous().get("/v1/topics/wind").send().problem("unauthenticated");
        app.employee().get("/v1/topics/none").send().problem("not_found");
        for key in ["sun", "grid"] {
            app.topic(key);
        }
        let page = |path: &str| {
            let found = app.employee().get(path).send().expect(200);
            let keys: Vec<Value> = found.list("/items").iter().map(|item| item["key"].clone()).collect();
            (keys, found["next_cursor"].as_str().map(str::to_owned))
        };
        let (first, next) = page("/v1/topics?limit=3");
        assert_eq!(first, ["grid", "sun", "wind"], "the newest first");
        let (rest, none) = page(&format!("/v1/topics?limit=3&cursor={}", next.unwrap()));
        assert_eq!((rest, none), (vec![json!("medicine"), json!("finance")], None));
    }

    fn a_fresh_installation_has_the_topics_of_its_disclaimers(app) {
        let disclaimers = app.author().get("/v1/disclaimers").send().expect(200);
        let demanded: Vec<&Value> = disclaimers
            .list("/items")
            .iter()
            .filter_map(|item| item.pointer("/working_revision/content/required_when/topics"))
            .flat_map(|topics| topics.as_array().unwrap())
            .collect();
        assert!(!demanded.is_empty());
        for topic in demanded {
            let found = app.employee().get(&format!("/v1/topics/{}", topic.as_str().unwrap())).send();
            assert_eq!(found.expect(200)["name"], *topic);
        }
        let entries = app.record_entries();
        let by_system = entries.iter().filter(|entry| entry.typ == "topic.created");
        assert!(by_system.clone().all(|entry| entry.fields.contains("\"actor\":\"system\"")));
        assert_eq!(by_system.count(), 2);
        let again = app.another_node();
        assert_eq!(app.record_entries().len(), entries.len(), "a second start registers nothing");
        drop(again);
    }

    fn only_publishers_write_topics_and_only_what_is_right(app) {
        let good = json!({ "key": "wind", "name": "Wind" });
        for who in [Role::Employee, Role::Author, Role::Reviewer, Role::Admin, Role::Auditor] {
            let client = app.of_role(who);
            client.post("/v1/topics").json(&good).send().problem("forbidden");
            client.put("/v1/topics/finance").if_match(&json!(1)).json(&json!({ "name": "F" })).send()
                .problem("forbidden");
            client.delete("/v1/topics/finance").if_match(&json!(1)).send().problem("forbidden");
        }
        app.anonymous().post("/v1/topics").json(&good).send().problem("unauthenticated");
        let post = |body: Value| app.publisher().post("/v1/topics").json(&body).send();
        post(json!({ "key": "Not A Key", "name": "Wind" })).problem("invalid_request");
        post(json!({ "name": "Wind" })).problem("invalid_request");
        post(json!({ "key": "wind", "name": "Wind", "colour": "blue" })).problem("invalid_request");
        post(json!({ "key": "wind", "name": "" })).problem("invalid_request");
        post(json!({ "key": "wind", "name": " " })).problem("invalid_content");
        let odd = json!({ "key": "wind", "name": "Wind\nenergy", "audience_note": "a\u{202E}b" });
        assert_eq!(faults(&post(odd).problem("invalid_content")), [
            "#/name control_character", "#/audience_note control_character",
        ]);
        post(json!({ "key": "wind", "name": "Wind", "audience_note": "x".repeat(2001) })).problem("invalid_request");
        app.employee().get("/v1/topics?limit=0").send().problem("invalid_request");
        assert!(told(app).is_empty(), "nothing was stored");
    }

    fn a_topic_changes_from_the_version_that_was_read(app) {
        app.topic("wind");
        let (path, publisher) = ("/v1/topics/wind", app.publisher());
        let next = json!({ "name": "Wind energy", "audience_note": "Explain the terms." });
        publisher.put(path).json(&next).send().problem("precondition_required");
        publisher.put(path).if_match(&json!(2)).json(&next).send().problem("precondition_failed");
        let changed = publisher.put(path).if_match(&json!(1)).json(&next).send().expect(200);
        assert_eq!((changed.header("ETag"), changed.text("/audience_note")), ("\"2\"", "Explain the terms."));
        publisher.put(path).if_match(&json!(1)).json(&next).send().problem("precondition_failed");
        let entries = told(app).len();
        let same = publisher.put(path).if_match(&json!(2)).json(&next).send().expect(200);
        assert_eq!((same["version"].clone(), told(app).len()), (json!(2), entries), "the same changes nothing");
        let shorter = json!({ "name": "Wind energy" });
        let shorter = publisher.put(path).if_match(&json!(2)).json(&shorter).send().expect(200);
        assert!(shorter["audience_note"].is_null(), "what is absent is taken away");
        publisher.put("/v1/topics/none").if_match(&json!(1)).json(&next).send().problem("not_found");
        publisher.delete(path).send().problem("precondition_required");
        publisher.delete(path).if_match(&json!(1)).send().problem("precondition_failed");
        publisher.delete("/v1/topics/none").if_match(&json!(1)).send().problem("not_found");
        publisher.delete(path).if_match(&json!(3)).send().expect(204);

        let told = told(app);
        let words = |nth: usize| {
            let (event, fields) = &told[nth];
            (event.as_str(), fields["key"].clone(), fields["name"].clone(), fields["audience_note"].clone())
        };
        let key = || json!("wind");
        assert_eq!(words(0), ("topic.created", key(), key(), Value::Null));
        assert_eq!(words(1), ("topic.changed", key(), json!("Wind energy"), json!("Explain the terms.")));
        assert_eq!(words(2), ("topic.changed", key(), json!("Wind energy"), Value::Null));
        let versions: Vec<&Value> = told.iter().map(|(_, fields)| &fields["version"]).collect();
        assert_eq!(versions, [1, 2, 3, 4]);
        assert_eq!((words(3), told.len()), (("topic.ended", key(), Value::Null, Value::Null), 4));
    }

    fn a_request_with_one_key_registers_one_topic(app) {
        let body = json!({ "key": "wind", "name": "Wind" });
        let post = |body: &Value| app.publisher().post("/v1/topics").idempotency_key("once").json(body).send();
        let (first, again) = (post(&body).expect(201), post(&body).expect(201));
        assert_eq!((&first.json, again.header("Idempotency-Replayed")), (&again.json, "true"));
        post(&json!({ "key": "sun", "name": "Sun" })).problem("idempotency_key_reused");
        app.publisher().post("/v1/topics").json(&body).send().problem("already_exists");
    }

    fn r09_a_post_about_a_topic_that_nobody_registered_is_not_saved(app) {
        app.topic("wind");
        post_about(app, &["wind"]).expect(201);
        let refused = post_about(app, &["wind", "wnd"]).problem("invalid_content");
        assert_eq!(faults(&refused), ["#/content/topics/1 unknown_key"]);
        assert!(refused.text("/errors/0/detail").contains("GET /v1/topics"));
        let odd = post_about(app, &["Not A Key"]).problem("invalid_content");
        assert_eq!(faults(&odd), ["#/content/topics/0 not_a_slug"], "said once, and of what it is");
        let draft = app.draft(|_| ());
        let mut content = app.content();
        content["topics"] = json!(["wnd"]);
        let body = json!({ "content": content });
        let saved = app.author().put(&draft.path("/draft")).if_match(&json!(1)).json(&body).send();
        assert_eq!(faults(&saved.problem("invalid_content")), ["#/content/topics/0 unknown_key"]);
    }

    fn a_topic_that_has_ended_stays_with_the_posts_that_name_it_and_with_no_others(app) {
        let live = app.approved_post(|content| content["topics"] = json!(["wind", "finance"]));
        let draft = app.draft(|content| content["topics"] = json!(["wind", "finance"]));
        let submission = json!({ "digest": draft.digest });
        let check = || app.author().post(&draft.path("/checks")).json(&json!({})).send().expect(200);
        assert_eq!(check()["passes"], true);
        for key in ["wind", "finance"] {
            let path = format!("/v1/topics/{key}");
            app.publisher().delete(&path).if_match(&json!(1)).send().expect(204);
            let ended = app.employee().get(&path).send().expect(200);
            assert_eq!((ended.text("/ended_at"), ended.header("ETag")), ("2026-11-21T09:00:00Z", "\"2\""));
            let put = app.publisher().put(&path).if_match(&json!(2)).json(&json!({ "name": "W" })).send();
            put.problem("conflict");
            app.publisher().delete(&path).if_match(&json!(2)).send().problem("conflict");
            let again = app.publisher().post("/v1/topics").json(&json!({ "key": key, "name": key })).send();
            assert!(again.problem("already_exists").text("/detail").contains("never used again"));
        }
        let listed = app.employee().get("/v1/topics").send().expect(200);
        assert_eq!(listed.list("/items").len(), 1, "only medicine is left");

        let shared = app.share(&live);
        let disclaimers: Vec<&str> =
            shared.list("/disclaimers").iter().filter_map(|used| used["key"].as_str()).collect();
        assert_eq!(disclaimers, ["investment-risk", "employee"], "what the topic demands is still there");
        let told = check();
        assert_eq!((&told["passes"], told.text("/faults/0/code")), (&json!(false), "unknown_key"));
        let refused = app.author().post(&draft.path("/submission")).json(&submission).send();
        let places = faults(&refused.problem("invalid_content"));
        assert_eq!(places, ["#/content/topics/0 unknown_key", "#/content/topics/1 unknown_key"]);
    }
}
