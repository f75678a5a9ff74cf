//! Rechecks: what a new revision of a disclaimer, rule or guideline touches, and what is done about it.

mod freed;
mod kinds;
mod listed;
mod many;
mod refused;
mod reviewed;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp};

/// A revision of a disclaimer, rule or guideline.
struct Source {
    plural: &'static str,
    id: String,
    revision: i64,
    digest: String,
}

impl Source {
    /// The disclaimer that every post needs.
    fn employee(app: &TestApp) -> Self {
        let list = app.author().get("/v1/disclaimers?limit=200").send().expect(200);
        let found = list.list("/items").iter().find(|found| found["key"] == "employee").unwrap();
        let text = |at: &str| found.pointer(at).unwrap().as_str().unwrap().to_owned();
        let digest = text("/working_revision/digest");
        Self { plural: "disclaimers", id: text("/id"), revision: 1, digest }
    }

    /// A new one, approved.
    fn made(app: &TestApp, plural: &'static str, key: Option<&str>, content: &Value) -> Self {
        let mut body = json!({ "content": content });
        if let Some(key) = key {
            body["key"] = json!(key);
        }
        let made = app.author().post(&format!("/v1/{plural}")).json(&body).send().expect(201);
        let digest = made.text("/working_revision/digest").to_owned();
        let draft = Self { plural, id: made.text("/id").to_owned(), revision: 1, digest };
        draft.approved(app)
    }

    /// Its next revision, approved.
    fn revised(&self, app: &TestApp, change: impl FnOnce(&mut Value)) -> Self {
        let item = app.author().get(&self.path("")).send().expect(200);
        let mut content = item["working_revision"]["content"].clone();
        change(&mut content);
        let body = json!({ "content": content });
        let author = app.author();
        let save = author.put(&self.path("/draft")).if_match(&item["version"]).json(&body);
        let saved = save.send().expect(200);
        let digest = saved.text("/working_revision/digest").to_owned();
        Self { digest, id: self.id.clone(), ..*self }.approved(app)
    }

    fn approved(self, app: &TestApp) -> Self {
        app.reviewer();
        let body = json!({ "digest": self.digest });
        let review = app.author().post(&self.path("/submission")).json(&body).send().expect(201);
        let (revision, digest) = (review["revision"].as_i64().unwrap(), review.text("/digest").to_owned());
        let decision = json!({ "revision": revision, "digest": digest, "decision": "approve" });
        app.reviewer().post(&self.path("/decisions")).json(&decision).send().expect(201);
        Self { revision, digest, ..self }
    }

    fn path(&self, under: &str) -> String {
        format!("/v1/{}/{}{under}", self.plural, self.id)
    }

    fn body(&self, action: &str) -> Value {
        json!({ "revision": self.revision, "digest": self.digest, "action": action, "reason": "It says more." })
    }

    fn recheck_as(&self, client: &Client, action: &str) -> Answer {
        client.post(&self.path("/rechecks")).json(&self.body(action)).send()
    }

    /// The publisher decides.
    #[track_caller]
    fn recheck(&self, app: &TestApp, action: &str) -> Answer {
        self.recheck_as(&app.publisher(), action).expect(201)
    }

    /// The posts that this revision touches, as they are told before anything is decided.
    fn touched(&self, app: &TestApp) -> Answer {
        let path = self.path(&format!("/touched-posts?revision={}", self.revision));
        app.author().get(&path).send().expect(200)
    }

    fn touched_ids(&self, app: &TestApp) -> Vec<String> {
        ids(&self.touched(app))
    }

    /// What became of the posts that a recheck touched.
    fn posts(&self, app: &TestApp, recheck: &Answer) -> Answer {
        let path = self.path(&format!("/rechecks/{}/posts", recheck.text("/id")));
        app.author().get(&path).send().expect(200)
    }

    /// What a post is blocked with.
    fn blocker(&self, recheck: &Answer) -> Value {
        json!({ "code": "recheck", "item": self.id, "since": recheck["rechecked_at"] })
    }
}

fn ids(page: &Answer) -> Vec<String> {
    page.list("/items").iter().map(|post| post["post_id"].as_str().unwrap().to_owned()).collect()
}

fn guideline(audience: &Value) -> Value {
    json!({
        "family": "employees", "title": "What we do", "body": { "en": "Say that you work here." },
        "audience": audience, "requires": "none",
    })
}

fn rule_against(phrase: &str, severity: &str) -> Value {
    json!({
        "name": "No promises", "condition": { "phrases": { "any_of": [phrase] } }, "severity": severity,
        "scope": ["copy"], "reason": "Promise nothing: say what we do.",
    })
}

/// A disclaimer as a post lists it.
fn disclaimer(required_when: Option<Value>) -> Value {
    let mut content = json!({
        "purpose": "Says what it is.", "placement": "end", "smallest": "full", "rank": 500,
        "text": { "en": { "full": "As of today." } },
    });
    if let Some(required_when) = required_when {
        content["required_when"] = required_when;
    }
    content
}

fn saying(text: &str) -> impl FnOnce(&mut Value) {
    let text = json!(text);
    move |content| content["copies"][0]["text"] = text
}

fn item(app: &TestApp, post: &Post) -> Answer {
    app.author().get(&post.path("")).send().expect(200)
}

fn feed(app: &TestApp) -> Vec<String> {
    let feed = app.employee().get("/v1/feed").send().expect(200);
    let id = |found: &Value| found["post_id"].as_str().unwrap().to_owned();
    feed.list("/items").iter().map(id).collect()
}

/// The post is blocked by these, nobody finds it, and a share is refused with the reason.
#[track_caller]
fn assert_blocked(app: &TestApp, post: &Post, by: &[Value]) {
    let found = item(app, post);
    assert_eq!((found.text("/availability"), &found["blocked_by"]), ("blocked", &json!(by)));
    assert!(!feed(app).contains(&post.id));
    let refused = app.share_as(&app.employee(), post).problem("blocked");
    assert_eq!(refused["blocked_by"], json!(by));
    assert!(refused.text("/detail").contains("approved anew"), "{}", refused.text);
}

#[track_caller]
fn assert_live(app: &TestApp, post: &Post) {
    let found = item(app, post);
    assert_eq!((found.text("/availability"), &found["blocked_by"]), ("live", &Value::Null), "{}", found.text);
    assert!(feed(app).contains(&post.id));
    app.share(post);
}

/// The same words once more, approved.
#[track_caller]
fn approve_anew(app: &TestApp, post: &Post) -> Post {
    let again = app.submit(post);
    assert_eq!(again.revision, post.revision + 1);
    app.approve(&again);
    again
}
