//! Pictures: how they come in, what is kept of them, where they are fetched, and how they go.

mod cleaned;
mod drafts;
mod files;
mod media;
mod redactions;
mod refused;
mod swept;
mod uploads;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::TryStreamExt as _;
use greenlight::domain::ids::ItemId;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp};

/// An image, as it was answered last.
struct Picture {
    id: String,
    answer: Answer,
}

impl Picture {
    #[track_caller]
    fn of(answer: Answer) -> Self {
        Self { id: answer.text("/id").to_owned(), answer }
    }

    /// The path of the image, and of what is under it.
    fn path(&self, under: &str) -> String {
        format!("/v1/images/{}{under}", self.id)
    }

    fn item(&self) -> ItemId {
        self.id.parse().unwrap()
    }

    fn working(&self) -> &Value {
        &self.answer["working_revision"]
    }

    fn content(&self) -> &Value {
        &self.working()["content"]
    }

    /// The picture, then its renditions.
    fn files(&self) -> Vec<Value> {
        let content = self.content();
        [vec![content["picture"].clone()], content["renditions"].as_array().unwrap().clone()].concat()
    }

    /// The SHA-256 of each file, as hexadecimal digits.
    fn names(&self) -> BTreeSet<String> {
        self.files().iter().map(hex).collect()
    }

    /// Where each file is fetched, in the order of the files.
    fn addresses(&self) -> Vec<String> {
        let media = &self.working()["media"];
        let digests = |files: &[Value]| files.iter().map(|file| file["digest"].clone()).collect::<Vec<_>>();
        assert_eq!(digests(media.as_array().expect("addresses")), digests(&self.files()));
        addresses_of(media)
    }

    /// The image as it is now.
    #[track_caller]
    fn now(&self, app: &TestApp) -> Self {
        Self::of(app.author().get(&self.path("")).send().expect(200))
    }

    /// Saves the draft as `change` leaves the content that was read last.
    fn save(&self, client: &Client, change: impl FnOnce(&mut Value)) -> Answer {
        let mut content = self.content().clone();
        change(&mut content);
        let body = json!({ "content": content });
        client.put(&self.path("/draft")).if_match(&self.answer["version"]).json(&body).send()
    }

    /// The same, which is taken.
    #[track_caller]
    fn saved(&self, app: &TestApp, change: impl FnOnce(&mut Value)) -> Self {
        Self::of(self.save(&app.author(), change).expect(200))
    }

    /// The author submits what was read last; answers the body of an approval of it.
    #[track_caller]
    fn submit(&self, app: &TestApp) -> Value {
        app.reviewer();
        let body = json!({ "digest": self.working()["digest"] });
        let review = app.author().post(&self.path("/submission")).json(&body).send().expect(201);
        json!({ "revision": review["revision"], "digest": review["digest"], "decision": "approve" })
    }

    /// The reviewer decides.
    fn decide(&self, app: &TestApp, decision: &Value) -> Answer {
        app.reviewer().post(&self.path("/decisions")).json(decision).send()
    }

    /// The publisher takes it away.
    fn redact(&self, app: &TestApp, revision: i64) -> Answer {
        let body = json!({ "revision": revision, "reason": "consent withdrawn" });
        app.publisher().post(&self.path("/redactions")).json(&body).send()
    }
}

/// Addresses as paths: what stands before them leads to no test server.
fn addresses_of(media: &Value) -> Vec<String> {
    let address = |file: &Value| file["url"].as_str().unwrap().to_owned();
    let path = |address: String| address.strip_prefix("https://greenlight.example").unwrap().to_owned();
    media.as_array().unwrap().iter().map(address).map(path).collect()
}

/// The SHA-256 of a file, as hexadecimal digits.
fn hex(file: &Value) -> String {
    file["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned()
}

/// A key that was not used.
fn fresh_key() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    format!("picture-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Sends a file as it is.
fn send(client: &Client, media_type: &str, bytes: &[u8]) -> Answer {
    client.post("/v1/images").body(media_type, bytes).idempotency_key(&fresh_key()).send()
}

/// What tells the parts of a form apart.
const BOUNDARY: &str = "a-line-between";

/// A form of these parts.
fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, bytes) in parts {
        let file = if *name == "file" { "; filename=\"IMG_2041.JPG\"" } else { "" };
        body.extend(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes(),
        );
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    body
}

/// Sends a form of these parts.
fn send_form(client: &Client, parts: &[(&str, &[u8])]) -> Answer {
    send(client, &format!("multipart/form-data; boundary={BOUNDARY}"), &form(parts))
}

/// An image of a small JPEG, by the author.
#[track_caller]
fn uploaded(app: &TestApp) -> Picture {
    Picture::of(send(&app.author(), "image/jpeg", &files::jpeg(320, 240)).expect(201))
}

fn run<T>(job: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(job)
}

/// What is in the store: each item with the SHA-256 of a file.
fn stored(app: &TestApp) -> BTreeSet<(ItemId, String)> {
    let blobs = app.state().studio.blobs.clone();
    let listed: Vec<_> = run(async move { blobs.list().try_collect().await }).unwrap();
    listed.into_iter().map(|blob| (ItemId::from_uuid(blob.item), blob.sha256)).collect()
}

/// What is in the store of one image.
fn stored_of(app: &TestApp, picture: &Picture) -> BTreeSet<String> {
    let item = picture.item();
    stored(app).into_iter().filter(|(of, _)| *of == item).map(|(_, name)| name).collect()
}

/// Nothing was made: no image, and no file in the store.
#[track_caller]
fn assert_nothing_made(app: &TestApp) {
    assert_eq!(app.author().get("/v1/images").send().expect(200).list("/items").len(), 0);
    assert_eq!(stored(app), BTreeSet::new());
}
