//! The kind itself: its life, its words and their languages.

use greenlight::domain::roles::Role;
use serde_json::json;

use super::{Guideline, content};
use crate::support::{TestApp, both};

/// The guidelines that the employee reads, by key and revision.
fn mine(app: &TestApp) -> Vec<(String, i64)> {
    let answer = app.employee().get("/v1/me/guidelines").send().expect(200);
    let item = |item: &serde_json::Value| {
        (item["key"].as_str().unwrap().to_owned(), item["revision"].as_i64().unwrap())
    };
    answer.list("/items").iter().map(item).collect()
}

both! {
    fn a_guideline_lives_as_every_item_does(app) {
        let draft = Guideline::draft(app, "sharing", |content| content["requires"] = json!("none"));
        assert_eq!(mine(app), []);
        let first = draft.approve(app);
        assert_eq!(mine(app), [("sharing".to_owned(), 1)]);
        let second = first.next(app, |content| content["title"] = json!("How we share, anew"));
        assert_eq!(mine(app), [("sharing".to_owned(), 2)]);
        assert_eq!(app.author().get(&second.path("")).send().expect(200)["availability"], "live");
        let reason = json!({ "reason": "No longer so." });
        app.publisher().post(&second.path("/retirement")).json(&reason).send().expect(200);
        assert_eq!(mine(app), []);
        let taken = json!({ "key": "sharing", "content": content() });
        app.author().post("/v1/guidelines").json(&taken).send().problem("already_exists");
    }

    fn markdown_is_shown_as_safe_html_beside_what_was_approved(app) {
        let body = "Say *so*. <img src=x onerror=alert(1)>\n\n[ask](https://a.example/b)";
        Guideline::approved(app, "sharing", |content| content["body"] = json!({ "en": body }));
        let answer = app.employee().get("/v1/me/guidelines").send().expect(200);
        assert_eq!(answer.text("/items/0/markdown"), body);
        assert_eq!(
            answer.text("/items/0/html"),
            "<p>Say <em>so</em>. &lt;img src=x onerror=alert(1)&gt;</p>\n<p><a href=\"https://a.example/b\" rel=\"noopener noreferrer\">ask</a></p>\n"
        );
    }

    fn a_reader_gets_their_language_or_a_more_general_one(app) {
        let bodies = json!({ "de": "Sag es.", "en": "Say so.", "nl": "Zeg het.", "nl-BE": "Zeg het eens." });
        Guideline::approved(app, "sharing", |content| content["body"] = bodies);
        let read = |language: &str| {
            let path = format!("/v1/me/guidelines?language={language}");
            app.employee().get(&path).send().expect(200).text("/items/0/language").to_owned()
        };
        let found = ["nl-BE", "nl-SR", "nl", "de-AT", "fr", "en"].map(read);
        assert_eq!(found, ["nl-BE", "nl", "nl", "de", "en", "en"]);
        let reader = app.person_with("flemish", &[Role::Employee], |person| person.language = Some("nl-BE".to_owned()));
        let mine = reader.get("/v1/me/obligations").send().expect(200);
        assert_eq!(mine.text("/to_do/0/accept/language"), "nl-BE");
        app.employee().get("/v1/me/guidelines?language=").send().problem("invalid_request");
    }

    fn faults_of_a_guideline_are_told_at_their_place(app) {
        let faults = |change: fn(&mut serde_json::Value)| {
            let mut content = content();
            change(&mut content);
            let body = json!({ "key": "odd", "content": content });
            let answer = app.author().post("/v1/guidelines").json(&body).send();
            let faults = answer.problem("invalid_content");
            let fault = |fault: &serde_json::Value| {
                (fault["pointer"].as_str().unwrap().to_owned(), fault["code"].as_str().unwrap().to_owned())
            };
            faults.list("/errors").iter().map(fault).collect::<Vec<_>>()
        };
        let told = |pointer: &str, code: &str| vec![(format!("#/content{pointer}"), code.to_owned())];
        assert_eq!(faults(|content| content["body"] = json!({})), told("/body", "empty"));
        assert_eq!(faults(|content| content["body"] = json!({ "Dutch": "Zeg het." })), told("/body/Dutch", "not_a_language"));
        assert_eq!(faults(|content| content["body"] = json!({ "en": ">".repeat(30) + "deep" })), told("/body/en", "too_deep"));
        assert_eq!(faults(|content| content["title"] = json!(" ")), told("/title", "empty"));
        let left_out = |code: &str| told("/body/en", code).remove(0);
        assert_eq!(faults(|content| content["body"] = json!({ "en": "[a](javascript:alert(1)) ![b](https://a.example/b.png)" })), [left_out("not_a_link"), left_out("image")]);
        assert_eq!(faults(|content| content["body"] = json!({ "en": "&".repeat(6000) })), told("/body/en", "too_heavy"));
        assert_eq!(faults(|content| content["audience"] = json!({ "countries": ["XX"] })), told("/audience/countries/0", "not_a_country"));
        let group = uuid::Uuid::now_v7();
        let body = json!({ "key": "odd", "content": { "family": "employees", "title": "t", "body": { "en": "b" },
            "requires": "none", "audience": { "groups": [group] } } });
        let answer = app.author().post("/v1/guidelines").json(&body).send().problem("invalid_content");
        assert_eq!(answer["errors"][0]["code"], "unknown_group");
    }

    fn a_guideline_is_for_its_audience(app) {
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Sales" })).send().expect(201);
        let group = group.text("/id").to_owned();
        Guideline::approved(app, "dutch", |content| content["audience"] = json!({ "countries": ["NL"] }));
        Guideline::approved(app, "belgian", |content| content["audience"] = json!({ "countries": ["BE"] }));
        Guideline::approved(app, "sales", |content| content["audience"] = json!({ "groups": [group] }));
        let keys = |client: &crate::support::Client| {
            let answer = client.get("/v1/me/guidelines").send().expect(200);
            answer.list("/items").iter().map(|item| item["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(keys(&app.employee()), ["dutch"]);
        let nowhere = app.person_with("nowhere", &[], |person| person.country = None);
        assert_eq!(keys(&nowhere), ["belgian", "dutch"], "who might be there is bound");
        let member = format!("/v1/groups/{group}/members/{}", app.employee().id());
        app.admin().put(&member).send().expect(204);
        assert_eq!(keys(&app.employee()), ["dutch", "sales"]);
        app.admin().delete(&member).send().expect(200);
        assert_eq!(keys(&app.employee()), ["dutch"]);
    }
}

both! {
    fn staff_read_any_revision_as_employees_will(app) {
        let bodies = json!({ "en": "Say **so**.", "nl": "Zeg het." });
        let draft = Guideline::draft(app, "sharing", |content| content["body"] = bodies);
        let read = |query: &str| app.reviewer().get(&draft.path(&format!("/revisions/1/text{query}"))).send();
        let english = read("").expect(200);
        let expected = json!({
            "title": "How we share", "language": "en", "markdown": "Say **so**.",
            "html": "<p>Say <strong>so</strong>.</p>\n",
        });
        assert_eq!(english.json, expected);
        assert_eq!(read("?language=nl-BE").expect(200)["markdown"], "Zeg het.");
        app.employee().get(&draft.path("/revisions/1/text")).send().problem("forbidden");
        app.reviewer().get(&draft.path("/revisions/2/text")).send().problem("not_found");
    }
}
