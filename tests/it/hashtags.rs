//! Hashtags: which posts must name one, and what becomes of texts that hold one that is blocked.

use greenlight::domain::ids::Digest;
use serde_json::{Value, json};

use crate::support::{Answer, Post, TestApp, both};

/// A hashtag, with the revision that a decision names.
struct Hashtag {
    id: String,
    revision: i64,
    digest: String,
}

impl Hashtag {
    fn draft(app: &TestApp, key: &str, content: &Value) -> Self {
        app.register_what_is_named(content);
        let body = json!({ "key": key, "content": content });
        let made = app.author().post("/v1/hashtags").json(&body).send().expect(201);
        let digest = made.text("/working_revision/digest").to_owned();
        Self { id: made.text("/id").to_owned(), revision: 1, digest }
    }

    /// A hashtag that is approved.
    fn live(app: &TestApp, key: &str, content: &Value) -> Self {
        let draft = Self::draft(app, key, content);
        draft.approve(app);
        draft
    }

    /// The next revision of it, as a draft.
    fn next(&self, app: &TestApp, content: &Value) -> Self {
        let version = app.author().get(&self.path("")).send().expect(200)["version"].clone();
        let body = json!({ "content": content });
        let saved = app.author().put(&self.path("/draft")).if_match(&version).json(&body).send().expect(200);
        let digest = saved.text("/working_revision/digest").to_owned();
        Self { id: self.id.clone(), revision: self.revision + 1, digest }
    }

    fn submit(&self, app: &TestApp) -> Answer {
        app.reviewer();
        app.author().post(&self.path("/submission")).json(&json!({ "digest": self.digest })).send()
    }

    fn approve(&self, app: &TestApp) {
        let review = self.submit(app).expect(201);
        let body =
            json!({ "revision": self.revision, "digest": review.text("/digest"), "decision": "approve" });
        app.reviewer().post(&self.path("/decisions")).json(&body).send().expect(201);
    }

    fn end(&self, app: &TestApp, how: &str) {
        let reason = json!({ "reason": "The campaign is over." });
        app.publisher().post(&self.path(how)).json(&reason).send().expect(200);
    }

    fn path(&self, under: &str) -> String {
        format!("/v1/hashtags/{}{under}", self.id)
    }
}

fn blocked(tag: &str) -> Value {
    json!({ "tag": tag, "blocked": true, "reason": "Others use it for something else." })
}

fn submit(app: &TestApp, draft: &Post) -> Answer {
    app.reviewer();
    app.author().post(&draft.path("/submission")).json(&json!({ "digest": draft.digest })).send()
}

fn check(app: &TestApp, draft: &Post) -> Answer {
    app.author().post(&draft.path("/checks")).json(&json!({})).send().expect(200)
}

fn with_copy(text: &str) -> impl FnOnce(&mut Value) + '_ {
    move |content| content["copies"][0]["text"] = json!(text)
}

fn state(app: &TestApp, post: &Post) -> (String, Value) {
    let item = app.author().get(&post.path("")).send().expect(200);
    (item.text("/availability").to_owned(), item["blocked_by"][0]["item"].clone())
}

fn is_live(app: &TestApp, post: &Post) -> bool {
    state(app, post) == ("live".to_owned(), Value::Null)
}

/// Spellings that a reader takes for one and the same tag.
const SPELLINGS: [&str; 5] = ["#WindDay", "#WINDDAY", "＃ｗｉｎｄｄａｙ", "#Wіndⅾаy", "#Wind\u{AD}Day"];

both! {
    fn r10_a_post_names_the_hashtags_that_are_required_of_it(app) {
        let required = json!({
            "tag": "WindDay",
            "languages": ["en"],
            "required_for": { "topics": ["wind"], "campaigns": ["spring"] },
        });
        let hashtag = Hashtag::draft(app, "wind", &required);
        let before = app.submitted_post(|content| content["topics"] = json!(["wind"]));
        hashtag.approve(app);
        for member in [json!({ "topics": ["sun", "wind"] }), json!({ "campaign": "spring" })] {
            let about = |hashtags: Value| {
                app.draft(|content| {
                    content.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
                    content["hashtags"] = hashtags;
                })
            };
            let without = about(json!([]));
            let told = check(app, &without);
            assert_eq!((&told["passes"], told.list("/faults").len()), (&json!(false), 1));
            assert_eq!(told.text("/faults/0/code"), "hashtag_required");
            let refused = submit(app, &without).problem("invalid_content");
            assert_eq!(refused.list("/errors").len(), 1);
            assert_eq!(refused.text("/errors/0/pointer"), "#/content/hashtags");
            assert_eq!(refused.text("/errors/0/code"), "hashtag_required");
            assert_eq!((refused.text("/errors/0/key"), refused.text("/errors/0/tag")), ("wind", "WindDay"));
            let with = about(json!(["wind"]));
            assert_eq!(check(app, &with)["passes"], true);
            submit(app, &with).expect(201);
        }
        // It is demanded of no other post: of another topic, in another language, submitted before.
        let dutch = app.draft(|content| {
            content["topics"] = json!(["wind"]);
            content["copies"][0]["language"] = json!("nl");
        });
        assert_eq!(check(app, &dutch)["passes"], true);
        submit(app, &dutch).expect(201);
        app.live_post();
        app.approve(&before);
        assert!(is_live(app, &before));
        // Nor once it is no longer live.
        hashtag.end(app, "/retirement");
        app.approved_post(|content| content["topics"] = json!(["wind"]));
    }

    fn r10_required_hashtags_are_never_dropped_where_they_do_not_fit_the_post_is_refused(app) {
        for key in ["one", "two"] {
            Hashtag::live(app, key, &json!({ "tag": key, "required_for": { "topics": ["wind"] } }));
        }
        let on = |channel: &str| {
            app.draft(|content| {
                content["topics"] = json!(["wind"]);
                content["hashtags"] = json!(["one", "two"]);
                content["channels"] = json!([channel]);
            })
        };
        // Threads takes one.
        let refused = submit(app, &on("threads")).problem("invalid_content");
        assert_eq!(refused.text("/errors/0/code"), "too_many_hashtags");
        submit(app, &on("linkedin")).expect(201);
    }

    fn a_hashtag_for_some_is_demanded_of_posts_for_them_alone(app) {
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Sales" })).send().expect(201);
        let audience = json!({ "groups": [group["id"]], "countries": ["NL"] });
        let required = json!({ "tag": "WindDay", "audience": audience, "required_for": { "topics": ["wind"] } });
        let hashtag = Hashtag::live(app, "wind", &required);
        let item = app.author().get(&hashtag.path("")).send().expect(200);
        assert_eq!(item["working_revision"]["content"]["audience"], audience);
        let about = |audience: Value| {
            app.draft(|content| {
                content["topics"] = json!(["wind"]);
                content["audience"] = audience;
            })
        };
        submit(app, &about(audience.clone())).problem("invalid_content");
        submit(app, &about(json!({ "countries": ["NL"] }))).expect(201);
        // Whoever the post is for gets it with all its tags.
        let post = app.approved_post(|content| content["hashtags"] = json!(["wind"]));
        assert!(app.share(&post).text("/text").contains("#WindDay"));
        let unknown = json!({ "tag": "a", "audience": { "groups": ["019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2"] } });
        let body = json!({ "key": "a", "content": unknown });
        let refused = app.author().post("/v1/hashtags").json(&body).send().problem("invalid_content");
        assert_eq!(refused.text("/errors/0/pointer"), "#/content/audience/groups/0");
    }

    fn r18_a_blocked_tag_stands_in_no_copy_and_no_comment_in_any_spelling(app) {
        let post = app.approved_post(|content| content["personalisation"] = json!("free"));
        let comment = |text: &str| {
            let mut body = post.share();
            body["comment"] = json!(text);
            app.employee().post("/v1/kits").json(&body).send()
        };
        comment("#WindDay").expect(200);
        let hashtag = Hashtag::live(app, "wind", &blocked("WindDay"));
        for spelling in SPELLINGS {
            let text = format!("Come, {spelling}!");
            let draft = app.draft(with_copy(&text));
            let told = check(app, &draft);
            assert_eq!((&told["passes"], told.text("/violations/0/code")), (&json!(false), "blocked_hashtag"));
            let refused = submit(app, &draft).problem("rule_violated");
            assert_eq!(refused.text("/errors/0/pointer"), "#/content/copies/0/text");
            assert_eq!(refused.text("/errors/0/code"), "blocked_hashtag");
            assert_eq!(refused.text("/errors/0/rule/id"), hashtag.id);
            assert_eq!(refused.text("/errors/0/reason"), "Others use it for something else.");
            assert_eq!(refused["errors"][0]["start"]["utf16"], 6);
            let refused = comment(&text).problem("rule_violated");
            assert_eq!(refused.text("/errors/0/pointer"), "#/comment");
            assert_eq!(refused.text("/errors/0/code"), "blocked_hashtag");
        }
        let headline = app.draft(|content| content["headline"] = json!("#windday"));
        assert_eq!(submit(app, &headline).problem("rule_violated").text("/errors/0/pointer"), "#/content/headline");
        for other in ["WindDay", "#WindDays", "#Wind_Day", "#MyWindDay"] {
            submit(app, &app.draft(with_copy(other))).expect(201);
            comment(other).expect(200);
        }
    }

    fn r12_a_live_post_with_a_tag_that_is_blocked_later_is_blocked_while_it_is(app) {
        let plain = app.live_post();
        let post = app.approved_post(with_copy("Come to #WindDay"));
        let under_review = app.submitted_post(with_copy("More #WindDay"));
        let digest = || app.share(&plain).text("/rules_digest").to_owned();
        let none = digest();
        let hashtag = Hashtag::draft(app, "wind", &blocked("WindDay"));
        assert!(is_live(app, &post), "a draft blocks nothing");
        hashtag.approve(app);
        assert_eq!(state(app, &post), ("blocked".to_owned(), json!(hashtag.id)));
        assert!(is_live(app, &plain));
        assert_ne!(digest(), none);
        app.share_as(&app.employee(), &post).problem("blocked");
        let approve = under_review.decision("approve", None);
        app.reviewer().post(&under_review.path("/decisions")).json(&approve).send().problem("rule_violated");
        // A revision that lets it be used again does not break its own block, and is live with its approval.
        let next = hashtag.next(app, &json!({ "tag": "WindDay" }));
        assert_eq!(state(app, &post).0, "blocked");
        next.approve(app);
        assert!(is_live(app, &post));
        assert_eq!(digest(), none);
        next.next(app, &blocked("WindDay")).approve(app);
        assert_eq!(state(app, &post), ("blocked".to_owned(), json!(hashtag.id)));
        let item = app.author().get(&hashtag.path("")).send().expect(200);
        assert_eq!(item.text("/availability"), "live", "its own tag does not block it");
        hashtag.end(app, "/recall");
        assert!(is_live(app, &post));
        app.share(&post);
    }

    fn r12_a_post_that_pins_a_tag_is_blocked_with_it_and_no_other_can_name_it(app) {
        let hashtag = Hashtag::live(app, "wind", &json!({ "tag": "WindDay" }));
        let twin = Hashtag::live(app, "wind-2", &json!({ "tag": "WINDDAY" }));
        let naming = |key: &'static str| move |content: &mut Value| content["hashtags"] = json!([key]);
        let posts = [app.approved_post(naming("wind")), app.approved_post(naming("wind-2"))];
        let next = hashtag.next(app, &blocked("WindDay"));
        next.approve(app);
        for post in &posts {
            assert_eq!(state(app, post), ("blocked".to_owned(), json!(hashtag.id)));
        }
        let made = app.draft(naming("wind"));
        let told = check(app, &made);
        assert_eq!(told.text("/violations/0/pointer"), "#/content/hashtags/0");
        let refused = submit(app, &made).problem("rule_violated");
        assert_eq!(refused.text("/errors/0/pointer"), "#/content/hashtags/0");
        assert_eq!(refused.text("/errors/0/code"), "blocked_hashtag");
        let item = app.author().get(&twin.path("")).send().expect(200);
        assert_eq!(item.text("/blocked_by/0/item"), hashtag.id, "another hashtag of that tag is none to use");
        Hashtag::draft(app, "wind-3", &json!({ "tag": "windday" })).submit(app).problem("rule_violated");
        // What is retired blocks no longer, and leaves the posts that pin it as they are.
        next.end(app, "/retirement");
        assert!(posts.iter().all(|post| is_live(app, post)));
    }

    fn a_block_needs_its_reason_and_cannot_be_required(app) {
        let refused = |content: Value| {
            let body = json!({ "key": "wind", "content": content });
            app.author().post("/v1/hashtags").json(&body).send().problem("invalid_content")
        };
        let place = |answer: Answer| answer.text("/errors/0/pointer").to_owned();
        assert_eq!(place(refused(json!({ "tag": "a", "blocked": true }))), "#/content/reason");
        assert_eq!(place(refused(json!({ "tag": "a", "reason": "b" }))), "#/content/reason");
        assert_eq!(place(refused(json!({ "tag": "a", "required_for": {} }))), "#/content/required_for");
        let mut both = blocked("WindDay");
        both["required_for"] = json!({ "topics": ["wind"] });
        assert_eq!(place(refused(both)), "#/content/required_for");
        let body = json!({ "key": "wind", "content": { "tag": "a", "required_for": { "topics": [] } } });
        let none = app.author().post("/v1/hashtags").json(&body).send().problem("invalid_request");
        assert_eq!(place(none), "#/content/required_for/topics");
    }

    fn a_hashtag_without_demand_and_block_has_the_document_that_it_always_had(app) {
        let hashtag = Hashtag::live(app, "wind", &json!({ "tag": "WindDay", "audience": {}, "blocked": false }));
        let item = app.author().get(&hashtag.path("")).send().expect(200);
        let content = json!({ "tag": "WindDay", "languages": [], "channels": [] });
        assert_eq!(item["working_revision"]["content"], content);
        let document = format!(
            concat!(
                r#"{{"content":{{"channels":[],"languages":[],"tag":"WindDay"}},"id":"{}","key":"wind","#,
                r#""kind":"hashtag","pins":[],"revision":1}}"#,
            ),
            hashtag.id
        );
        assert_eq!(item.text("/working_revision/digest"), Digest::of(document.as_bytes()).as_str());
    }
}
