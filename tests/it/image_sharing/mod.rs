//! Images on their way out: pinned by posts, shared by themselves, stopped when they may not be used.

mod alone;
mod blocked;
mod kits;
mod library;
mod posts;
mod rules;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Image, Post, TestApp};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A moment from now, as it stands in content.
fn after(app: &TestApp, duration: Duration) -> String {
    app.clock().now().after(duration).to_string()
}

/// A live post with these images.
#[track_caller]
fn post_with(app: &TestApp, images: &[&Image]) -> Post {
    let ids: Vec<&str> = images.iter().map(|image| image.id.as_str()).collect();
    app.approved_post(|content| content["images"] = json!(ids))
}

/// The ids of the posts in somebody's feed.
fn feed(client: &Client) -> Vec<String> {
    ids(&client.get("/v1/feed").send().expect(200), "post_id")
}

/// The ids of the images in somebody's library.
fn library(client: &Client, query: &str) -> Vec<String> {
    ids(&client.get(&format!("/v1/library/images{query}")).send().expect(200), "image_id")
}

fn ids(page: &Answer, member: &str) -> Vec<String> {
    page.list("/items").iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
}

/// The keys of the disclaimers that something tells of.
fn disclaimers(told: &Value) -> Vec<&str> {
    told["disclaimers"].as_array().unwrap().iter().filter_map(|found| found["key"].as_str()).collect()
}

fn with(mut body: Value, change: impl FnOnce(&mut Value)) -> Value {
    change(&mut body);
    body
}

fn kit(client: &Client, body: &Value) -> Answer {
    client.post("/v1/kits").json(body).send()
}

fn share(client: &Client, key: &str, body: &Value) -> Answer {
    client.post("/v1/shares").idempotency_key(key).json(body).send()
}

/// A share of one's own as it is read now.
fn read(client: &Client, share: &Answer) -> Answer {
    client.get(&format!("/v1/me/shares/{}", share.text("/id"))).send().expect(200)
}

/// Ends an image: `/recall`, `/retirement`.
fn end(app: &TestApp, image: &Image, how: &str) {
    let reason = json!({ "reason": "The wrong bridge." });
    app.publisher().post(&image.path(how)).json(&reason).send().expect(200);
}

fn redact(app: &TestApp, image: &Image) {
    let body = json!({ "revision": image.revision, "reason": "A colleague withdrew their consent." });
    app.publisher().post(&image.path("/redactions")).json(&body).send().expect(200);
}

/// A live hashtag.
fn hashtag(app: &TestApp, key: &str, content: &Value) -> String {
    let body = json!({ "key": key, "content": content });
    let made = app.author().post("/v1/hashtags").json(&body).send().expect(201);
    let path = format!("/v1/hashtags/{}", made.text("/id"));
    app.approve_draft(&path, made.text("/working_revision/digest"));
    path
}

fn freeze(app: &TestApp, scope: &Value) -> String {
    let body = json!({ "scope": scope, "reason": "a crisis", "until": after(app, HOUR) });
    app.publisher().post("/v1/freezes").json(&body).send().expect(201).text("/id").to_owned()
}
