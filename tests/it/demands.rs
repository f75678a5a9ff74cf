//! Topics and campaigns that something is demanded for, or that a workflow is for: by the keys that are registered,
//! so that none is missed for an error of typing.

use serde_json::{Value, json};

use crate::support::{Answer, Post, TestApp, both};

/// An item of some kind that names topics and campaigns, and a draft of it as its author has it now.
struct Demand {
    path: String,
    version: Value,
    revision: i64,
    digest: String,
}

/// A kind, the content of one that names these keys, and the place of the lists.
type Kind = (&'static str, fn(&[&str], &[&str]) -> Value, &'static str);

const KINDS: [Kind; 3] = [
    ("disclaimers", disclaimer, "#/content/required_when"),
    ("hashtags", hashtag, "#/content/required_for"),
    ("rules", rule, "#/content/condition/required_wording"),
];

fn disclaimer(topics: &[&str], campaigns: &[&str]) -> Value {
    json!({
        "purpose": "Says what it is.", "placement": "end", "smallest": "full", "rank": 500,
        "required_when": lists(topics, campaigns), "text": { "en": { "full": "As of today." } },
    })
}

fn hashtag(topics: &[&str], campaigns: &[&str]) -> Value {
    json!({ "tag": "WindDay", "required_for": lists(topics, campaigns) })
}

/// Rules demand wording for topics only.
fn rule(topics: &[&str], _: &[&str]) -> Value {
    json!({
        "name": "Wording", "condition": { "required_wording": { "topics": topics, "any_of": ["bicycles"] } },
        "severity": "block", "scope": ["copy"], "reason": "Say what it is about.",
    })
}

fn lists(topics: &[&str], campaigns: &[&str]) -> Value {
    let mut lists = json!({ "topics": topics, "campaigns": campaigns });
    lists.as_object_mut().unwrap().retain(|_, list| list != &json!([]));
    lists
}

fn make(app: &TestApp, plural: &str, key: &str, content: &Value) -> Answer {
    let mut body = json!({ "content": content });
    if plural != "rules" {
        body["key"] = json!(key);
    }
    app.author().post(&format!("/v1/{plural}")).json(&body).send()
}

impl Demand {
    fn made(app: &TestApp, plural: &str, key: &str, content: &Value) -> Self {
        let made = make(app, plural, key, content).expect(201);
        Self {
            path: format!("/v1/{plural}/{}", made.text("/id")),
            version: made["version"].clone(),
            revision: 1,
            digest: made.text("/working_revision/digest").to_owned(),
        }
    }

    fn save(&self, app: &TestApp, content: &Value) -> Answer {
        let body = json!({ "content": content });
        app.author().put(&format!("{}/draft", self.path)).if_match(&self.version).json(&body).send()
    }

    /// The draft is this from now on.
    fn saved(&mut self, app: &TestApp, content: &Value) {
        self.version = app.author().get(&self.path).send().expect(200)["version"].clone();
        let saved = self.save(app, content).expect(200);
        self.version = saved["version"].clone();
        self.revision = saved["working_revision"]["revision"].as_i64().unwrap();
        self.digest = saved.text("/working_revision/digest").to_owned();
    }

    fn submit(&self, app: &TestApp) -> Answer {
        app.reviewer();
        let body = json!({ "digest": self.digest });
        app.author().post(&format!("{}/submission", self.path)).json(&body).send()
    }

    fn approve(&self, app: &TestApp) {
        let review = self.submit(app).expect(201);
        let body =
            json!({ "revision": self.revision, "digest": review.text("/digest"), "decision": "approve" });
        app.reviewer().post(&format!("{}/decisions", self.path)).json(&body).send().expect(201);
    }
}

fn end(app: &TestApp, path: &str) {
    app.publisher().delete(path).if_match(&json!(1)).send().expect(204);
}

/// The places of keys that are not registered, which is all that is wrong.
#[track_caller]
fn unknown(answer: Answer) -> Vec<String> {
    let refused = answer.problem("invalid_content");
    let faults = refused.list("/errors").iter();
    faults
        .map(|fault| {
            assert_eq!(fault["code"], "unknown_key");
            fault["pointer"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn submit(app: &TestApp, post: &Post) -> Answer {
    app.author().post(&post.path("/submission")).json(&json!({ "digest": post.digest })).send()
}

both! {
    fn r09_what_is_demanded_for_a_key_that_nobody_registered_is_not_saved(app) {
        for key in ["wind", "sun"] {
            app.topic(key);
            app.campaign(key);
        }
        for (plural, content, place) in KINDS {
            let campaigns: &[&str] = if plural == "rules" { &[] } else { &["sun", "sn"] };
            let mut expected = vec![format!("{place}/topics/1")];
            expected.extend(campaigns.first().map(|_| format!("{place}/campaigns/1")));
            assert_eq!(unknown(make(app, plural, "key", &content(&["wind", "wnd"], campaigns))), expected);
            let draft = Demand::made(app, plural, "key", &content(&["wind"], &["sun"]));
            assert_eq!(unknown(draft.save(app, &content(&["wind", "wnd"], campaigns))), expected);
            draft.save(app, &content(&["wind", "sun"], &["sun", "wind"])).expect(200);
        }
    }

    fn r09_what_is_demanded_for_a_key_that_has_ended_is_submitted_where_it_was_approved_before(app) {
        for key in ["wind", "sun"] {
            app.topic(key);
            app.campaign(key);
        }
        for (plural, content, place) in KINDS {
            let (topic, campaign) = (format!("{plural}-topic"), format!("{plural}-campaign"));
            app.topic(&topic);
            app.campaign(&campaign);
            let named: (&[&str], &[&str]) = (&[&topic], &[&campaign]);
            let mut live = Demand::made(app, plural, "live", &content(named.0, named.1));
            live.approve(app);
            let draft = Demand::made(app, plural, "draft", &content(named.0, named.1));
            end(app, &format!("/v1/topics/{topic}"));
            end(app, &format!("/v1/campaigns/{campaign}"));
            let mut expected = vec![format!("{place}/topics/0")];
            if plural != "rules" {
                expected.push(format!("{place}/campaigns/0"));
            }
            assert_eq!(unknown(draft.submit(app)), expected, "it was never approved with them");
            // Another one joins; those that have ended stay.
            live.saved(app, &content(&[&topic, "wind"], &[&campaign, "sun"]));
            live.approve(app);
            // Once it was approved without them, they are gone.
            live.saved(app, &content(&["wind"], &["sun"]));
            live.approve(app);
            live.version = app.author().get(&live.path).send().expect(200)["version"].clone();
            assert_eq!(unknown(live.save(app, &content(named.0, named.1))), expected);
        }
    }

    fn r09_a_post_about_a_topic_that_has_ended_is_approved_again_as_it_is(app) {
        let about = |content: &mut Value| content["topics"] = json!(["wind", "finance"]);
        let post = app.approved_post(about);
        let disclaimers = |post: &Post| {
            let shared = app.share(post);
            let used = shared.list("/disclaimers").iter().map(|used| used["key"].as_str().unwrap().to_owned());
            used.collect::<Vec<String>>()
        };
        let demanded = disclaimers(&post);
        assert!(demanded.contains(&"investment-risk".to_owned()));
        end(app, "/v1/topics/wind");
        end(app, "/v1/topics/finance");
        let reason = json!({ "reason": "A figure was wrong elsewhere." });
        app.publisher().post(&post.path("/recall")).json(&reason).send().expect(200);
        let again = app.submit(&post);
        app.approve(&again);
        assert_eq!((again.revision, disclaimers(&again)), (2, demanded), "with all that the topic demands");

        // Other words of the same post too; but no other post, and no other topic that has ended.
        app.topic("sun");
        let sunny = app.draft(|content| content["topics"] = json!(["sun"]));
        end(app, "/v1/topics/sun");
        let save = |post: &Post, topics: &[&str]| {
            let version = app.author().get(&post.path("")).send().expect(200)["version"].clone();
            let mut content = app.content();
            content["title"] = json!("We are still hiring");
            content["topics"] = json!(topics);
            let body = json!({ "content": content });
            app.author().put(&post.path("/draft")).if_match(&version).json(&body).send()
        };
        assert_eq!(unknown(save(&again, &["wind", "sun"])), ["#/content/topics/1"]);
        let saved = save(&again, &["finance"]).expect(200);
        let draft = Post { digest: saved.text("/working_revision/digest").to_owned(), revision: 3, ..again.clone() };
        let told = app.author().post(&draft.path("/checks")).json(&json!({})).send().expect(200);
        assert_eq!(told["passes"], true, "{}", told.text);
        app.approve(&app.submit(&draft));
        assert_eq!(unknown(save(&draft, &["wind"])), ["#/content/topics/0"], "it was approved without since");
        assert_eq!(unknown(submit(app, &sunny)), ["#/content/topics/0"]);
        assert_eq!(unknown(save(&sunny, &["wind"])), ["#/content/topics/0"]);
    }
}
