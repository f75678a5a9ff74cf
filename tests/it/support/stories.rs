//! Short ways through the main job, over HTTP like everything else.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::app::TestApp;
use super::client::{Answer, Client};

/// A revision of a post, as a decision or a share names it.
#[derive(Debug, Clone)]
pub struct Post {
    pub id: String,
    pub revision: i64,
    pub digest: String,
}

impl Post {
    /// The path of the post, and of what is under it: `post.path("/recall")`.
    pub fn path(&self, under: &str) -> String {
        format!("/v1/posts/{}{under}", self.id)
    }

    /// The body of a decision.
    pub fn decision(&self, decision: &str, reason: Option<&str>) -> Value {
        let mut body = json!({ "revision": self.revision, "digest": self.digest, "decision": decision });
        if let Some(reason) = reason {
            body["reason"] = json!(reason);
        }
        body
    }

    /// The body of a share.
    pub fn share(&self) -> Value {
        json!({ "post_id": self.id, "digest": self.digest, "channel": "linkedin" })
    }
}

/// A post that can be shared: one copy, one channel, nothing that it depends on.
pub fn content() -> Value {
    json!({
        "title": "We are hiring",
        "copies": [{ "id": "short", "language": "en", "text": "Come and build bicycles with us." }],
        "channels": ["linkedin"],
    })
}

impl TestApp {
    /// The content of a post that can be shared.
    pub fn content(&self) -> Value {
        content()
    }

    /// Changes the workflow that every post passes, which is the one of a fresh installation: its stages, and
    /// what else is named.
    pub fn change_workflow(&self, terms: &Value) -> Answer {
        self.register_keys(&terms["when"]);
        let list = self.admin().get("/v1/workflows?kind=post").send().expect(200);
        let open = list.list("/items").iter().find(|workflow| workflow["when"] == json!({})).unwrap().clone();
        let mut body = json!({ "kind": "post", "name": "Review" });
        for (name, value) in terms.as_object().unwrap() {
            body[name] = value.clone();
        }
        let path = format!("/v1/workflows/{}", open["id"].as_str().unwrap());
        self.admin().put(&path).if_match(&open["version"]).json(&body).send()
    }

    /// Registers a topic, where nobody has; posts name those that are registered.
    #[track_caller]
    pub fn topic(&self, key: &str) {
        self.register("topics", key);
    }

    /// Registers a campaign for everybody, always and without limits, where nobody has.
    #[track_caller]
    pub fn campaign(&self, key: &str) {
        self.register("campaigns", key);
    }

    fn register(&self, register: &str, key: &str) {
        let publisher = self.publisher();
        if publisher.get(&format!("/v1/{register}/{key}")).send().status == 404 {
            let body = json!({ "key": key, "name": key });
            publisher.post(&format!("/v1/{register}")).json(&body).send().expect(201);
        }
    }

    /// Registers the topics and campaigns that content of any kind names.
    pub fn register_what_is_named(&self, content: &Value) {
        let wording = &content["condition"]["required_wording"];
        for named in [content, &content["required_when"], &content["required_for"], wording] {
            self.register_keys(named);
        }
    }

    /// Registers the topics and campaigns of a post, a demand or the conditions of a workflow.
    pub fn register_keys(&self, named: &Value) {
        for topic in named["topics"].as_array().into_iter().flatten() {
            self.topic(topic.as_str().unwrap());
        }
        let campaigns = named["campaigns"].as_array().into_iter().flatten();
        for campaign in campaigns.chain([&named["campaign"]]).filter_map(Value::as_str) {
            self.campaign(campaign);
        }
    }

    /// A draft by the author, with the content of [`content`] as `change` leaves it.
    #[track_caller]
    pub fn draft(&self, change: impl FnOnce(&mut Value)) -> Post {
        let mut content = content();
        change(&mut content);
        self.register_what_is_named(&content);
        let made = self.author().post("/v1/posts").json(&json!({ "content": content })).send().expect(201);
        Post {
            id: made.text("/id").to_owned(),
            revision: 1,
            digest: made.text("/working_revision/digest").to_owned(),
        }
    }

    /// Submits a draft; what comes back is frozen and under review.
    #[track_caller]
    pub fn submit(&self, draft: &Post) -> Post {
        let body = json!({ "digest": draft.digest });
        let review = self.author().post(&draft.path("/submission")).json(&body).send().expect(201);
        let revision = review["revision"].as_i64().expect("a revision");
        Post { id: draft.id.clone(), revision, digest: review.text("/digest").to_owned() }
    }

    /// A post under review.
    #[track_caller]
    pub fn submitted_post(&self, change: impl FnOnce(&mut Value)) -> Post {
        self.reviewer();
        self.submit(&self.draft(change))
    }

    /// The reviewer approves.
    #[track_caller]
    pub fn approve(&self, post: &Post) {
        let decision = post.decision("approve", None);
        self.reviewer().post(&post.path("/decisions")).json(&decision).send().expect(201);
    }

    /// An approved post, live when its window allows.
    #[track_caller]
    pub fn approved_post(&self, change: impl FnOnce(&mut Value)) -> Post {
        let post = self.submitted_post(change);
        self.approve(&post);
        post
    }

    /// An approved post that everybody may share now.
    #[track_caller]
    pub fn live_post(&self) -> Post {
        self.approved_post(|_| ())
    }

    /// The employee shares the post.
    #[track_caller]
    pub fn share(&self, post: &Post) -> Answer {
        self.share_as(&self.employee(), post).expect(201)
    }

    /// Somebody asks for a share, each time anew.
    pub fn share_as(&self, client: &Client, post: &Post) -> Answer {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let key = format!("share-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        client.post("/v1/shares").json(&post.share()).idempotency_key(&key).send()
    }
}
