//! What the statements attack: rows of every kind, made over HTTP.

use std::time::Duration;

use greenlight::domain::roles::Role;
use serde_json::json;

use super::{campaigns, obligations, rechecks, registers, reviews, urgent};
use crate::support::{Post, TestApp};

/// What there is to attack: a shared post, a post under review, a draft, an image that was redacted.
pub struct Targets {
    pub shared: Post,
    pub open: Post,
    pub draft: Post,
    pub redacted: String,
    /// Somebody who wrote none of them.
    pub other_person: String,
}

/// A recall, and a freeze that was ended.
fn stop_something(app: &TestApp) {
    let recalled = app.live_post();
    let publisher = app.publisher();
    publisher.post(&recalled.path("/recall")).json(&json!({ "reason": "wrong" })).send().expect(200);
    let until = app.clock().now().after(Duration::from_secs(60)).to_string();
    let freeze = json!({ "scope": { "channel": "bluesky" }, "reason": "crisis", "until": until });
    let freeze = publisher.post("/v1/freezes").json(&freeze).send().expect(201);
    publisher.delete(&format!("/v1/freezes/{}", freeze.text("/id"))).send().expect(204);
}

/// Somebody who left, and whose role, country and group changed before; a workflow that was replaced.
fn end_what_held(app: &TestApp) {
    let leaver = app.person("leaver", &[Role::Employee, Role::Author]);
    let group = app.admin().post("/v1/groups").json(&json!({ "name": "Leavers" })).send().expect(201);
    let member = format!("/v1/groups/{}/members/{}", group.text("/id"), leaver.id());
    app.admin().put(&member).send().expect(204);
    app.admin().delete(&member).send().expect(200);
    let path = format!("/v1/people/{}", leaver.id());
    let version = app.admin().get(&path).send().expect(200)["version"].clone();
    let change = json!({ "roles": ["employee"], "country": "BE", "active": false });
    app.admin().patch(&path).if_match(&version).json(&change).send().expect(200);
    app.reviewer();
    let stages = json!([{ "name": "again", "reviewers": { "role": "reviewer" }, "quorum": 1 }]);
    app.change_workflow(&json!({ "stages": stages })).expect(200);
}

/// A responsibility that somebody else holds by now, and one that has ended.
fn hand_over(app: &TestApp) {
    let admin = app.admin();
    let holder = |person: String| json!([{ "person": person }]);
    for key in ["handed-over", "ended"] {
        let body = json!({ "key": key, "name": "Press", "holders": holder(app.auditor().id()) });
        admin.post("/v1/responsibilities").json(&body).send().expect(201);
    }
    let body = json!({ "name": "Press", "holders": holder(app.employee().id()) });
    admin.put("/v1/responsibilities/handed-over").if_match(&json!(1)).json(&body).send().expect(200);
    admin.delete("/v1/responsibilities/ended").if_match(&json!(1)).send().expect(200);
}

/// Uploads a picture and takes it away; answers the image's id.
fn redacted_image(app: &TestApp) -> String {
    let mut picture = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(16, 12).write_to(&mut picture, image::ImageFormat::Png).unwrap();
    let author = app.author();
    let upload = author.post("/v1/images").body("image/png", picture.into_inner());
    let made = upload.idempotency_key("redacted").send().expect(201);
    let path = format!("/v1/images/{}/redactions", made.text("/id"));
    let body = json!({ "revision": 1, "reason": "consent withdrawn" });
    app.publisher().post(&path).json(&body).send().expect(200);
    made.text("/id").to_owned()
}

impl Targets {
    pub fn make(app: &TestApp) -> Self {
        let shared = app.live_post();
        let share = app.share(&shared);
        let outcome = format!("/v1/shares/{}/outcome", share.text("/id"));
        app.employee().post(&outcome).json(&json!({ "result": "confirmed" })).send().expect(200);
        stop_something(app);
        end_what_held(app);
        reviews::wait_for_a_review(app);
        hand_over(app);
        registers::enter_and_propose(app);
        campaigns::register(app);
        let open = app.submitted_post(|content| content["title"] = "Under review".into());
        reviews::talk_about(app, &open);
        let draft = app.draft(|content| content["title"] = "A draft".into());
        let redacted = redacted_image(app);
        urgent::publish(app);
        // Nobody shares after this.
        obligations::ask(app);
        rechecks::recheck(app, &shared);
        Self { shared, open, draft, redacted, other_person: app.auditor().id() }
    }
}
