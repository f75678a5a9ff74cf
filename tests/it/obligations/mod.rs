//! Obligations: guidelines that are accepted and trainings that are finished before somebody shares (R13).

mod acceptances;
mod completions;
mod guidelines;
mod nodes;
mod plans;
mod reports;
mod trainings;

use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp};

/// A revision of a guideline, as an acceptance names it.
#[derive(Debug, Clone)]
struct Guideline {
    id: String,
    revision: i64,
    digest: String,
}

/// A guideline for everybody, to be accepted.
fn content() -> Value {
    json!({
        "family": "employees",
        "title": "How we share",
        "body": { "en": "Say that you **work** here." },
        "requires": "acceptance",
    })
}

impl Guideline {
    /// A draft under a key, with the content of [`content`] as `change` leaves it.
    #[track_caller]
    fn draft(app: &TestApp, key: &str, change: impl FnOnce(&mut Value)) -> Self {
        let mut content = content();
        change(&mut content);
        let body = json!({ "key": key, "content": content });
        let made = app.author().post("/v1/guidelines").json(&body).send().expect(201);
        let digest = made.text("/working_revision/digest").to_owned();
        Self { id: made.text("/id").to_owned(), revision: 1, digest }
    }

    /// One that is approved, and so in force unless it names a moment.
    #[track_caller]
    fn approved(app: &TestApp, key: &str, change: impl FnOnce(&mut Value)) -> Self {
        Self::draft(app, key, change).approve(app)
    }

    #[track_caller]
    fn approve(&self, app: &TestApp) -> Self {
        let reviewer = app.reviewer();
        let body = json!({ "digest": self.digest });
        let review = app.author().post(&self.path("/submission")).json(&body).send().expect(201);
        let digest = review.text("/digest").to_owned();
        let revision = review["revision"].as_i64().unwrap();
        let decision = json!({ "revision": revision, "digest": digest, "decision": "approve" });
        reviewer.post(&self.path("/decisions")).json(&decision).send().expect(201);
        Self { id: self.id.clone(), revision, digest }
    }

    /// The next revision of it, approved.
    #[track_caller]
    fn next(&self, app: &TestApp, change: impl FnOnce(&mut Value)) -> Self {
        let item = app.author().get(&self.path("")).send().expect(200);
        let mut content = item["working_revision"]["content"].clone();
        change(&mut content);
        let body = json!({ "content": content });
        let saved = app.author().put(&self.path("/draft")).if_match(&item["version"]).json(&body).send();
        let digest = saved.expect(200).text("/working_revision/digest").to_owned();
        Self { digest, ..self.clone() }.approve(app)
    }

    fn path(&self, under: &str) -> String {
        format!("/v1/guidelines/{}{under}", self.id)
    }

    fn body(&self) -> Value {
        json!({ "revision": self.revision, "digest": self.digest })
    }

    fn accept(&self, client: &Client) -> Answer {
        client.post(&self.path("/acceptances")).json(&self.body()).send()
    }
}

/// There is a responsibility `training`, which the administrator holds unless it was there before.
#[track_caller]
fn responsible(app: &TestApp) {
    let admin = app.admin();
    let body = json!({ "key": "training", "name": "Academy", "holders": [{ "person": admin.id() }] });
    let made = admin.post("/v1/responsibilities").json(&body).send();
    assert!(made.status == 201 || made["code"] == "already_exists", "{}", made.text);
}

/// A training that everybody must have completed, as `change` leaves it; answers its id.
#[track_caller]
fn training(app: &TestApp, change: impl FnOnce(&mut Value)) -> String {
    responsible(app);
    let mut body = json!({ "title": "Sharing safely", "url": "https://learn.example/1", "required_for": {} });
    change(&mut body);
    app.admin().post("/v1/trainings").json(&body).send().expect(201).text("/id").to_owned()
}

/// Somebody records that a person completed a training.
fn complete(client: &Client, training: &str, person: &str, on: &str) -> Answer {
    let body = json!({ "completions": [{ "person": person, "completed_on": on }] });
    client.post(&format!("/v1/trainings/{training}/completions")).json(&body).send()
}

/// What a person who may share has to do, by its title, and whether it is open.
#[track_caller]
fn to_do(client: &Client) -> Vec<(String, bool)> {
    let mine = client.get("/v1/me/obligations").send().expect(200);
    let item = |item: &Value| {
        let what = if item["accept"].is_null() { &item["finish"] } else { &item["accept"] };
        (what["title"].as_str().unwrap().to_owned(), item["open"].as_bool().unwrap())
    };
    let items: Vec<_> = mine.list("/to_do").iter().map(item).collect();
    assert_eq!(mine["may_share"], !items.iter().any(|(_, open)| *open), "{}", mine.text);
    items
}
