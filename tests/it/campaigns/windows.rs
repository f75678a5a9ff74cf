//! Who sees and shares the posts of a campaign, from when until when.

use std::time::Duration;

use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use super::{change, end, faults, group, join, leave, register};
use crate::support::{Client, Post, TestApp, both};

fn of(campaign: &str) -> impl FnOnce(&mut Value) {
    let campaign = json!(campaign);
    move |content| content["campaign"] = campaign
}

/// The posts in somebody's feed.
fn feed(who: &Client) -> Vec<Value> {
    who.get("/v1/feed").send().expect(200).list("/items").to_vec()
}

/// Whether somebody has no way to a post: neither a share nor a kit of it, and not in the feed.
#[track_caller]
fn is_hidden(app: &TestApp, who: &Client, post: &Post) {
    app.share_as(who, post).problem("post_not_found");
    who.post("/v1/kits").json(&post.share()).send().problem("post_not_found");
    assert!(feed(who).iter().all(|item| item["post_id"] != post.id.as_str()));
}

#[track_caller]
fn is_shown(app: &TestApp, who: &Client, post: &Post) {
    app.share_as(who, post).expect(201);
    who.post("/v1/kits").json(&post.share()).send().expect(200);
    assert!(feed(who).iter().any(|item| item["post_id"] == post.id.as_str()));
}

/// Whether the campaign of a post is over for those who could share it.
#[track_caller]
fn is_over(app: &TestApp, who: &Client, post: &Post, name: &str) {
    let refused = app.share_as(who, post).problem("not_live");
    assert!(refused.text("/detail").contains(name), "{}", refused.text);
    assert!(refused["campaign"].is_string());
    who.post("/v1/kits").json(&post.share()).send().problem("not_live");
    assert!(feed(who).iter().all(|item| item["post_id"] != post.id.as_str()));
}

both! {
    fn a_pilot_is_a_campaign_for_a_small_group(app) {
        let pilots = group(app, "Pilots");
        let (pilot, other) = (app.person("pilot", &[Role::Employee]), app.employee());
        register(app, "pilot", &json!({ "groups": [pilots] }));
        let post = app.approved_post(of("pilot"));
        let everybodys = app.live_post();
        is_hidden(app, &pilot, &post);
        join(app, &pilots, &pilot);
        is_shown(app, &pilot, &post);
        is_hidden(app, &other, &post);
        is_shown(app, &other, &everybodys);
        // The pilot is over, and went well: everybody may.
        change(app, "pilot", &json!({}));
        is_shown(app, &other, &post);
        change(app, "pilot", &json!({ "groups": [pilots] }));
        is_hidden(app, &other, &post);
        leave(app, &pilots, &pilot);
        is_hidden(app, &pilot, &post);
        let item = app.author().get(&post.path("")).send().expect(200);
        assert_eq!(item["availability"], "live", "a campaign does not change what a post is");
    }

    fn staff_see_where_the_campaign_of_a_post_is(app) {
        let (from, until) = ("2026-11-21T11:00:00Z", "2026-11-21T13:00:00Z");
        register(app, "spring", &json!({ "window": { "from": from, "until": until } }));
        register(app, "autumn", &json!({}));
        let (post, without) = (app.approved_post(of("spring")), app.live_post());
        let phase = |path: &str| app.author().get(path).send().expect(200)["campaign_phase"].clone();
        assert_eq!((phase(&post.path("")), phase(&without.path(""))), (json!("before"), Value::Null));
        let listed = app.author().get("/v1/posts").send().expect(200);
        let listed: Vec<&Value> = listed.list("/items").iter().map(|item| &item["campaign_phase"]).collect();
        assert_eq!(listed, [&Value::Null, &json!("before")]);
        app.advance(Duration::from_hours(2));
        assert_eq!(phase(&post.path("")), "open");
        app.advance(Duration::from_hours(2));
        assert_eq!(phase(&post.path("")), "over");
        let mut next = app.content();
        next["campaign"] = json!("autumn");
        let item = app.author().get(&post.path("")).send().expect(200);
        let saved = app.author().put(&post.path("/draft")).if_match(&item["version"])
            .json(&json!({ "content": next })).send().expect(200);
        assert_eq!(saved["campaign_phase"], "over", "the draft says something else, and counts for nothing yet");
        let draft = app.author().post("/v1/posts").json(&json!({ "content": next })).send().expect(201);
        assert_eq!(draft["campaign_phase"], "open");
        end(app, "autumn");
        assert_eq!(phase(&format!("/v1/posts/{}", draft.text("/id"))), "over");
    }

    fn the_posts_of_a_campaign_are_shared_within_its_window(app) {
        let (from, until) = ("2026-11-21T11:00:00Z", "2026-11-21T13:00:00Z");
        register(app, "spring", &json!({ "window": { "from": from, "until": until } }));
        let post = app.approved_post(of("spring"));
        let later = app.live_post();
        let who = app.employee();
        is_hidden(app, &who, &post);
        app.advance(Duration::from_hours(2) - Duration::from_millis(1));
        is_hidden(app, &who, &post);
        app.advance(Duration::from_millis(1));
        is_shown(app, &who, &post);
        let shown = feed(&who);
        let ids: Vec<&Value> = shown.iter().map(|item| &item["post_id"]).collect();
        assert_eq!(ids, [post.id.as_str(), later.id.as_str()], "it is new when its campaign begins");
        assert_eq!((&shown[0]["live_since"], &shown[0]["expires_at"]), (&json!(from), &json!(until)));
        app.advance(Duration::from_hours(2) - Duration::from_millis(1));
        is_shown(app, &who, &post);
        app.advance(Duration::from_millis(1));
        is_over(app, &who, &post, "The spring");
        change(app, "spring", &json!({ "window": { "from": from } }));
        is_shown(app, &who, &post);
        change(app, "spring", &json!({ "window": { "from": "2026-11-22T09:00:00Z" } }));
        is_hidden(app, &who, &post);
    }

    fn the_posts_of_a_campaign_that_has_ended_are_not_live(app) {
        register(app, "spring", &json!({}));
        let (post, recalled) = (app.approved_post(of("spring")), app.approved_post(of("spring")));
        let who = app.employee();
        let shared = app.share(&post);
        end(app, "spring");
        is_over(app, &who, &post, "The spring");
        let body = json!({ "reason": "Wrong." });
        app.publisher().post(&recalled.path("/recall")).json(&body).send().expect(200);
        app.share_as(&who, &recalled).problem("recalled");
        // What was handed over before can be confirmed.
        let path = format!("/v1/shares/{}/outcome", shared.text("/id"));
        who.post(&path).json(&json!({ "result": "confirmed" })).send().expect(200);
    }

    fn a_campaign_that_is_ended_before_it_begins_is_never_told_of(app) {
        let from = json!({ "window": { "from": "2026-11-21T11:00:00Z" } });
        register(app, "secret", &from);
        register(app, "begun", &from);
        let posts = ["secret", "begun"].map(|key| app.approved_post(of(key)));
        let who = app.employee();
        let read = |who: &Client, key: &str| who.get(&format!("/v1/campaigns/{key}")).send().status;
        end(app, "secret");
        assert_eq!((read(&who, "secret"), read(&app.author(), "secret")), (404, 200));
        is_hidden(app, &who, &posts[0]);
        app.advance(Duration::from_hours(2));
        end(app, "begun");
        assert_eq!(["secret", "begun"].map(|key| read(&who, key)), [404, 200]);
        is_hidden(app, &who, &posts[0]);
        is_over(app, &who, &posts[1], "The begun");
    }

    fn r10_a_post_whose_campaign_is_over_by_its_review_is_not_approved(app) {
        app.reviewer();
        let now = app.clock().now();
        let window = |hours: u64| json!({ "window": { "until": now.after(Duration::from_hours(hours)).to_string() } });
        register(app, "spring", &window(1));
        register(app, "autumn", &json!({}));
        let decide = |post: &Post, decision: &str| {
            let body = post.decision(decision, Some("As it is."));
            app.reviewer().post(&post.path("/decisions")).json(&body).send()
        };
        let refused = |post: &Post| faults(&decide(post, "approve").problem("invalid_content"));
        let [closed, moved] = ["spring", "spring"].map(|key| app.submitted_post(of(key)));
        let [ended, rejected] = ["autumn", "autumn"].map(|key| app.submitted_post(of(key)));
        app.advance(Duration::from_hours(1));
        end(app, "autumn");
        let entries = app.record_entries().len();
        assert_eq!(refused(&closed), ["#/content/campaign outside_campaign"]);
        assert_eq!(refused(&ended), ["#/content/campaign unknown_key"]);
        let batch = json!({ "decisions": [{
            "item": ended.id, "revision": 1, "digest": ended.digest, "decision": "approve",
        }] });
        let told = app.reviewer().post("/v1/decision-batches").json(&batch).send().expect(207);
        assert_eq!(told["results"][0]["problem"]["errors"][0]["code"], "unknown_key");
        assert_eq!(app.record_entries().len(), entries, "a refused approval leaves nothing");
        let item = app.author().get(&ended.path("")).send().expect(200);
        assert_eq!((item.text("/review/state"), item.text("/availability")), ("open", "unapproved"));
        decide(&ended, "request_changes").expect(201);
        decide(&rejected, "reject").expect(201);
        change(app, "spring", &window(2));
        app.approve(&moved);
        is_shown(app, &app.employee(), &moved);
    }

    fn what_was_published_urgently_is_approved_though_its_campaign_is_over(app) {
        register(app, "spring", &json!({}));
        app.reviewer();
        let draft = app.draft(of("spring"));
        let body = json!({ "digest": draft.digest, "reason": "It is on the news." });
        let published = app.publisher().post(&draft.path("/urgent-publication")).json(&body).send().expect(201);
        let digest = published.text("/working_revision/digest").to_owned();
        end(app, "spring");
        app.approve(&Post { digest, ..draft });
    }

    fn a_share_names_its_campaign_on_record(app) {
        register(app, "spring", &json!({}));
        let post = app.approved_post(of("spring"));
        app.share(&post);
        app.share(&app.live_post());
        let entries = app.record_entries();
        let issued = entries.iter().filter(|entry| entry.typ == "share.issued");
        let campaigns: Vec<Value> =
            issued.map(|entry| serde_json::from_str::<Value>(&entry.fields).unwrap()["campaign"].clone()).collect();
        assert_eq!(campaigns, [json!("spring"), Value::Null]);
    }

    fn the_feed_is_narrowed_to_a_campaign(app) {
        register(app, "spring", &json!({}));
        let post = app.approved_post(of("spring"));
        app.live_post();
        let found = app.employee().get("/v1/feed?campaign=spring").send().expect(200);
        assert_eq!((found.list("/items").len(), found.text("/items/0/post_id")), (1, post.id.as_str()));
        assert!(app.employee().get("/v1/feed?campaign=none").send().expect(200).list("/items").is_empty());
    }

    fn r10_what_could_not_be_shared_within_its_campaign_is_not_submitted(app) {
        app.reviewer();
        let window = |from: Value, until: Value| {
            let mut window = json!({});
            window["from"] = from;
            window["until"] = until;
            window.as_object_mut().unwrap().retain(|_, moment| !moment.is_null());
            json!({ "window": window })
        };
        register(app, "spring", &window(json!("2026-12-01T00:00:00Z"), json!("2026-12-08T00:00:00Z")));
        let draft = |publish_at: Value, expires_at: Value| {
            app.draft(|content| {
                content["campaign"] = json!("spring");
                content["publish_at"] = publish_at;
                content["expires_at"] = expires_at;
                content.as_object_mut().unwrap().retain(|_, member| !member.is_null());
            })
        };
        let submit = |draft: &Post| {
            app.author().post(&draft.path("/submission")).json(&json!({ "digest": draft.digest })).send()
        };
        let early = draft(Value::Null, json!("2026-12-01T00:00:00Z"));
        let late = draft(json!("2026-12-08T00:00:00Z"), Value::Null);
        for outside in [&early, &late] {
            let told = app.author().post(&outside.path("/checks")).json(&json!({})).send().expect(200);
            assert_eq!((&told["passes"], told.text("/faults/0/code")), (&json!(false), "outside_campaign"));
            let refused = submit(outside).problem("invalid_content");
            assert_eq!(faults(&refused), ["#/content/campaign outside_campaign"]);
        }
        submit(&draft(json!("2026-11-25T00:00:00Z"), json!("2026-12-01T00:00:01Z"))).expect(201);
        submit(&draft(Value::Null, Value::Null)).expect(201);
        change(app, "spring", &window(json!("2026-11-20T00:00:00Z"), Value::Null));
        submit(&early).expect(201);
        change(app, "spring", &window(Value::Null, json!("2026-11-21T08:00:00Z")));
        let over = draft(Value::Null, Value::Null);
        assert_eq!(faults(&submit(&over).problem("invalid_content")), ["#/content/campaign outside_campaign"]);
        change(app, "spring", &json!({}));
        end(app, "spring");
        let told = app.author().post(&over.path("/checks")).json(&json!({})).send().expect(200);
        assert_eq!((&told["passes"], told.text("/faults/0/code")), (&json!(false), "unknown_key"));
        assert_eq!(faults(&submit(&over).problem("invalid_content")), ["#/content/campaign unknown_key"]);
    }
}
