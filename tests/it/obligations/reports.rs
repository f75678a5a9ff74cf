//! How many people have something open: numbers, and never persons.

use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use super::{Guideline, complete, training};
use crate::support::{Client, TestApp, both};

fn group(app: &TestApp, name: &str, members: &[Client]) -> String {
    let made = app.admin().post("/v1/groups").json(&json!({ "name": name })).send().expect(201);
    let id = made.text("/id").to_owned();
    for member in members {
        app.admin().put(&format!("/v1/groups/{id}/members/{}", member.id())).send().expect(204);
    }
    id
}

fn reports(app: &TestApp, query: &str) -> Vec<Value> {
    let path = format!("/v1/obligation-reports{query}");
    app.publisher().get(&path).send().expect(200).list("/items").to_vec()
}

both! {
    fn what_is_open_is_counted_by_group_from_five_persons_on(app) {
        let people: Vec<Client> =
            (0..10).map(|number| app.person(&format!("p{number}"), &[Role::Employee])).collect();
        let audience = group(app, "All", &people);
        let (large, small) = (group(app, "Large", &people[..6]), group(app, "Small", &people[..4]));
        let guideline =
            Guideline::approved(app, "sharing", |content| content["audience"] = json!({ "groups": [audience] }));
        let of = |id: &str| {
            let found = reports(app, "").remove(0);
            let groups = found["groups"].as_array().unwrap();
            groups.iter().find(|it| it["group_id"] == id).cloned()
        };
        assert_eq!(of(&audience).unwrap(), json!({ "group_id": audience, "asked": 10, "open": 10 }));
        assert_eq!(of(&large).unwrap(), json!({ "group_id": large, "asked": 6, "open": 6 }));
        assert_eq!(of(&small), None, "fewer than five");
        let accept = |people: &[Client]| people.iter().for_each(|person| drop(guideline.accept(person).expect(201)));
        accept(&people[..2]);
        assert_eq!(of(&audience).unwrap(), json!({ "group_id": audience, "asked": 10 }), "two have done it");
        accept(&people[2..5]);
        assert_eq!(of(&audience).unwrap()["open"], 5);
        assert_eq!(of(&large).unwrap(), json!({ "group_id": large, "asked": 6 }), "one has it open");
        accept(&people[5..6]);
        assert_eq!(of(&large).unwrap()["open"], 0);
        let report = reports(app, &format!("?group={large}")).remove(0);
        assert_eq!(report["groups"].as_array().unwrap().len(), 1);
        assert_eq!(report["everybody"], json!({ "asked": 10 }), "four have it open");
        // Who is gone, or may not share, is not asked.
        let path = format!("/v1/people/{}", people[9].id());
        let change = |change: Value| {
            let version = app.admin().get(&path).send().expect(200)["version"].clone();
            app.admin().patch(&path).if_match(&version).json(&change).send().expect(200);
        };
        change(json!({ "active": false }));
        assert_eq!(of(&audience).unwrap()["asked"], 9);
        change(json!({ "active": true }));
        assert_eq!(of(&audience).unwrap()["asked"], 10);
        change(json!({ "roles": ["author"] }));
        assert_eq!(of(&audience).unwrap()["asked"], 9);
    }

    fn a_report_tells_of_what_is_to_come_and_comes_in_pages(app) {
        let people: Vec<Client> =
            (0..6).map(|number| app.person(&format!("p{number}"), &[Role::Employee])).collect();
        let audience = json!({ "groups": [group(app, "All", &people)] });
        training(app, |body| body["required_for"] = audience.clone());
        Guideline::approved(app, "later", |content| {
            content["audience"] = audience.clone();
            content["in_force_from"] = json!("2026-12-01T08:00:00Z");
        });
        let tiny = json!({ "groups": [group(app, "Tiny", &people[..2])] });
        training(app, |body| {
            body["required_for"] = tiny;
            body["required_from"] = json!("2027-01-01T00:00:00Z");
        });
        training(app, |body| drop(body.as_object_mut().unwrap().remove("required_for")));
        let all = reports(app, "");
        let told: Vec<(&Value, &Value)> = all.iter().map(|it| (&it["due_at"], &it["everybody"])).collect();
        assert_eq!(told[0].1, &json!({ "asked": 6, "open": 6 }));
        assert_eq!(told[1], (&json!("2026-12-01T08:00:00Z"), &json!({ "asked": 6, "open": 6 })));
        assert_eq!(told[2], (&json!("2027-01-01T00:00:00Z"), &json!(null)));
        assert_eq!(told.len(), 3);
        let (mut walked, mut query) = (Vec::new(), "?limit=1".to_owned());
        loop {
            let page = app.publisher().get(&format!("/v1/obligation-reports{query}")).send().expect(200);
            walked.extend(page.list("/items").to_vec());
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("?limit=1&cursor={cursor}");
        }
        assert_eq!(walked, all);
        app.employee().get("/v1/obligation-reports").send().problem("forbidden");
    }

    fn a_group_that_there_is_not_is_told_of(app) {
        let path = format!("/v1/obligation-reports?group={}", uuid::Uuid::now_v7());
        let refused = app.publisher().get(&path).send().problem("invalid_request");
        let fault = &refused["errors"][0];
        assert_eq!((&fault["parameter"], &fault["code"]), (&json!("group"), &json!("unknown_group")));
        let empty = group(app, "Empty", &[]);
        assert_eq!(reports(app, &format!("?group={empty}")), Vec::<Value>::new());
    }

    fn a_completion_that_ends_before_it_is_asked_for_is_open_in_a_report(app) {
        let people: Vec<Client> =
            (0..5).map(|number| app.person(&format!("p{number}"), &[Role::Employee])).collect();
        let audience = json!({ "groups": [group(app, "All", &people)] });
        for required_from in ["2027-02-20T23:59:59Z", "2027-02-21T00:00:00Z"] {
            let id = training(app, |body| {
                body["required_for"] = audience.clone();
                body["required_from"] = json!(required_from);
                body["valid_months"] = json!(3);
            });
            for person in &people {
                complete(&app.admin(), &id, &person.id(), "2026-11-20").expect(200);
            }
        }
        let open: Vec<Value> = reports(app, "").iter().map(|it| it["everybody"]["open"].clone()).collect();
        assert_eq!(open, [json!(0), json!(5)], "the completions end with the 20th of February");
    }
}
