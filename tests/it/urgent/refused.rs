//! Everything but the review holds: what cannot be shared is not published, however urgent.

use serde_json::json;

use super::{item, publish_as, submit};
use crate::support::{Post, TestApp, both};

/// Makes something of a kind that is approved, and answers its path.
fn approved(app: &TestApp, kind: &str, body: &serde_json::Value) -> String {
    app.reviewer();
    let made = app.author().post(&format!("/v1/{kind}")).json(body).send().expect(201);
    let path = format!("/v1/{kind}/{}", made.text("/id"));
    let draft = json!({ "digest": made.text("/working_revision/digest") });
    let review = app.author().post(&format!("{path}/submission")).json(&draft).send().expect(201);
    let body = json!({ "revision": 1, "digest": review["digest"], "decision": "approve" });
    app.reviewer().post(&format!("{path}/decisions")).json(&body).send().expect(201);
    path
}

fn recall(app: &TestApp, path: &str) {
    app.publisher().post(&format!("{path}/recall")).json(&json!({ "reason": "wrong" })).send().expect(200);
}

/// A rule against "guaranteed" comes into force.
fn forbid(app: &TestApp) {
    let content = json!({
        "name": "No promises",
        "severity": "block",
        "scope": ["copy"],
        "condition": { "phrases": { "any_of": ["guaranteed"] } },
        "reason": "Promise nothing.",
    });
    approved(app, "rules", &json!({ "content": content }));
}

fn is_not_live(app: &TestApp, post: &Post) {
    let item = item(app, post);
    assert_eq!(
        (item.text("/availability"), &item["working_revision"]["urgent"]),
        ("unapproved", &json!(null))
    );
}

both! {
    fn c16_r10_what_does_not_fit_is_not_published(app) {
        app.reviewer();
        let draft = app.draft(|content| {
            content["channels"] = json!(["x"]);
            content["copies"][0]["text"] = json!("long ".repeat(100));
        });
        let refused = publish_as(&app.publisher(), &draft).problem("invalid_content");
        assert!(refused.list("/errors").iter().any(|error| error["code"] == "too_long"), "{}", refused.text);
        is_not_live(app, &draft);
    }

    fn c16_r12_what_relies_on_something_recalled_is_not_published(app) {
        let hashtag = approved(app, "hashtags", &json!({ "key": "zon", "content": { "tag": "Zon" } }));
        let named = |content: &mut serde_json::Value| content["hashtags"] = json!(["zon"]);
        let (draft, post) = (app.draft(named), app.submitted_post(named));
        recall(app, &hashtag);
        publish_as(&app.publisher(), &draft).problem("invalid_content");
        let refused = publish_as(&app.publisher(), &post).problem("blocked");
        assert_eq!(refused["blocked_by"][0]["code"], "pin_recalled");
        is_not_live(app, &draft);
        is_not_live(app, &post);
        assert_eq!(item(app, &post)["review"]["state"], "open");
    }

    fn c16_what_breaks_a_rule_is_not_published(app) {
        let words = |content: &mut serde_json::Value| content["copies"][0]["text"] = json!("Jobs guaranteed.");
        let (draft, post) = (app.draft(words), app.submitted_post(words));
        forbid(app);
        publish_as(&app.publisher(), &draft).problem("rule_violated");
        publish_as(&app.publisher(), &post).problem("rule_violated");
        is_not_live(app, &draft);
        is_not_live(app, &post);
    }

    fn c16_r09_what_no_workflow_is_meant_for_is_not_published(app) {
        app.reviewer();
        let stages = json!([{ "name": "review", "reviewers": { "role": "reviewer" }, "quorum": "any" }]);
        app.change_workflow(&json!({ "when": { "topics": ["energy"] }, "stages": stages })).expect(200);
        let draft = app.draft(|_| ());
        submit(app, &draft).problem("no_workflow");
        publish_as(&app.publisher(), &draft).problem("no_workflow");
        is_not_live(app, &draft);
    }
}
