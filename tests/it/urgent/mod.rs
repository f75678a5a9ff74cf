//! C16: posts that go live before their reviews, and what becomes of them afterwards.

mod listed;
mod outcomes;
mod published;
mod refused;

use std::time::Duration;

use greenlight::domain::time::Time;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp};

const HOUR: Duration = Duration::from_hours(1);
/// How long the review of what is urgent may take where nothing is configured.
const IN_TIME: Duration = Duration::from_hours(24);

/// Somebody publishes a post before its review.
fn publish_as(client: &Client, post: &Post) -> Answer {
    let body = json!({ "digest": post.digest, "reason": "People are being asked about it now." });
    client.post(&post.path("/urgent-publication")).json(&body).send()
}

/// The publisher does, and answers the revision that is live.
#[track_caller]
fn publish(app: &TestApp, post: &Post) -> Post {
    let item = publish_as(&app.publisher(), post).expect(201);
    let revision = item["working_revision"]["revision"].as_i64().unwrap();
    Post { id: post.id.clone(), revision, digest: item.text("/working_revision/digest").to_owned() }
}

/// A draft that is published before its review, which a reviewer can do.
#[track_caller]
fn published_draft(app: &TestApp) -> Post {
    app.reviewer();
    publish(app, &app.draft(|_| ()))
}

fn decide(client: &Client, post: &Post, decision: &str) -> Answer {
    let reason = (decision != "approve").then_some("The figure is wrong.");
    client.post(&post.path("/decisions")).json(&post.decision(decision, reason)).send()
}

fn item(app: &TestApp, post: &Post) -> Answer {
    app.author().get(&post.path("")).send().expect(200)
}

/// Saves the draft of a post with another text, and answers it.
#[track_caller]
fn edit(client: &Client, post: &Post, text: &str) -> Post {
    let item = client.get(&post.path("")).send().expect(200);
    let mut content = item["working_revision"]["content"].clone();
    content["copies"][0]["text"] = json!(text);
    let save =
        client.put(&post.path("/draft")).if_match(&item["version"]).json(&json!({ "content": content }));
    let saved = save.send().expect(200);
    assert_eq!(saved["withdrew_review"], Value::Null);
    let revision = saved["working_revision"]["revision"].as_i64().unwrap();
    Post { id: post.id.clone(), revision, digest: saved.text("/working_revision/digest").to_owned() }
}

fn submit(app: &TestApp, draft: &Post) -> Answer {
    app.author().post(&draft.path("/submission")).json(&json!({ "digest": draft.digest })).send()
}

/// The feed of the employee.
fn feed(app: &TestApp) -> Vec<Value> {
    app.employee().get("/v1/feed").send().expect(200).list("/items").to_vec()
}

/// The time some time from now.
fn after(app: &TestApp, duration: Duration) -> Time {
    app.clock().now().after(duration)
}

/// A post is blocked by the lack of its review since a moment: nobody finds it or shares it, and everybody is
/// told why.
#[track_caller]
fn assert_blocked(app: &TestApp, post: &Post, code: &str, since: Time) {
    let by = json!([{ "code": code, "since": since.to_string() }]);
    let item = item(app, post);
    assert_eq!((item.text("/availability"), &item["blocked_by"]), ("blocked", &by));
    assert_eq!(item["live_revision"], Value::Null);
    assert_eq!(feed(app), [] as [Value; 0]);
    let refused = app.share_as(&app.employee(), post).problem("blocked");
    assert_eq!(refused["blocked_by"], by);
    assert!(refused.text("/detail").contains("published urgently"), "{}", refused.text);
    let kit = app.employee().post("/v1/kits").json(&post.share()).send();
    assert_eq!(kit.problem("blocked")["blocked_by"], by);
}
