//! Who is told of what becomes of a proposal, and whether the one who made it finds it in their feed.

use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use super::{PATH, body, decide, edit, path, propose, read, submit, told, withdraw};
use crate::support::{Client, TestApp, both};

fn topics(app: &TestApp, who: &Client) -> Vec<String> {
    let mut topics: Vec<String> = told(app, who).into_iter().map(|(topic, _)| topic).collect();
    topics.retain(|topic| topic.starts_with("proposal_"));
    topics
}

both! {
    fn the_other_authors_are_told_that_a_proposal_is_taken_back(app) {
        let (author, employee) = (app.author(), app.employee());
        let other = app.person("other", &[Role::Author]);
        let made = propose(&employee, &body()).expect(201);
        edit(app, &made, |content| content["tips"] = json!("Add a picture of yourself."));
        withdraw(&employee, &made, &json!({})).expect(200);
        assert_eq!(topics(app, &author), ["proposal_withdrawn"]);
        let (_, detail) = told(app, &author).into_iter().find(|(topic, _)| topic == "proposal_withdrawn").unwrap();
        assert_eq!(detail, json!({ "proposal_id": made["id"] }));
        assert!(topics(app, &employee).is_empty() && topics(app, &other).is_empty());
    }

    fn whoever_proposed_a_post_is_told_that_it_is_submitted(app) {
        let employee = app.employee();
        let made = propose(&employee, &body()).expect(201);
        assert!(topics(app, &employee).is_empty());
        let post = submit(app, &made);
        assert_eq!(topics(app, &employee), ["proposal_submitted"]);
        decide(app, &post, "request_changes");
        edit(app, &made, |content| content["tips"] = json!("Add a picture of yourself."));
        decide(app, &submit(app, &made), "approve");
        assert_eq!(topics(app, &employee), ["proposal_submitted", "proposal_submitted"]);
        edit(app, &made, |content| content["tips"] = json!("Add two pictures."));
        submit(app, &made);
        assert_eq!(topics(app, &employee).len(), 2, "it is not theirs any more");
    }

    fn whoever_proposes_and_submits_is_not_told_of_it(app) {
        let author = app.person("both", &[Role::Employee, Role::Author]);
        app.reviewer();
        let made = propose(&author, &body()).expect(201);
        let item = author.get(&format!("/v1/posts/{}", made.text("/post_id"))).send().expect(200);
        let submission = json!({ "digest": item["working_revision"]["digest"] });
        author.post(&format!("/v1/posts/{}/submission", made.text("/post_id"))).json(&submission).send().expect(201);
        assert!(topics(app, &author).is_empty());
    }

    fn whether_a_live_post_is_for_whoever_proposed_it_is_told(app) {
        let (author, employee) = (app.author(), app.employee());
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Pilot" })).send().expect(201);
        let pilot = json!({ "key": "pilot", "name": "The pilot", "groups": [group["id"]] });
        app.publisher().post("/v1/campaigns").json(&pilot).send().expect(201);
        let everybodys = propose(&employee, &body()).expect(201);
        let mut others = body();
        others["text"] = json!("Come and see our old workshop on Sunday.");
        let others = propose(&employee, &others).expect(201);
        assert_eq!(read(&employee, &others)["for_me"], Value::Null, "it is not live");
        edit(app, &others, |content| content["campaign"] = json!("pilot"));
        for made in [&everybodys, &others] {
            decide(app, &submit(app, made), "approve");
        }
        let in_feed = |made: &Value| {
            let feed = employee.get("/v1/feed").send().expect(200);
            feed.list("/items").iter().any(|item| item["post_id"] == *made)
        };
        let expect = |own: bool| {
            for (made, for_me) in [(&everybodys, true), (&others, own)] {
                let found = read(&employee, made);
                assert_eq!((found.text("/state"), &found["for_me"]), ("live", &json!(for_me)));
                assert_eq!(in_feed(&made["post_id"]), for_me);
                assert_eq!(read(&author, made)["for_me"], Value::Null, "only to themselves");
            }
            let list = employee.get(PATH).send().expect(200);
            let told: Vec<&Value> = list.list("/items").iter().map(|found| &found["for_me"]).collect();
            assert_eq!(told, [&json!(own), &json!(true)]);
        };
        expect(false);
        let member = format!("/v1/groups/{}/members/{}", group.text("/id"), employee.id());
        app.admin().put(&member).send().expect(204);
        expect(true);
    }

    fn without_a_body_it_is_said_that_one_is_wanted(app) {
        let employee = app.employee();
        let made = propose(&employee, &body()).expect(201);
        let refused = employee.post(&format!("{}/withdrawal", path(&made))).send().problem("unsupported_media_type");
        assert!(refused.text("/detail").contains("at least {}"), "{}", refused.text);
        withdraw(&employee, &made, &json!({})).expect(200);
        let again = withdraw(&employee, &made, &json!({})).problem("conflict");
        assert!(again.text("/detail").contains("withdrawn since 2026-11-21T09:00:00Z"), "{}", again.text);
    }
}
