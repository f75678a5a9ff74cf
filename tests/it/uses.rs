//! What pins a hashtag or a disclaimer: which posts stop when it is recalled, and which would fail.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use greenlight::domain::ids::ItemId;
use greenlight::store::uses::{Pinned, contents, items_that_pin, of_items};
use greenlight::store::{Lane, items};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Post, TestApp, both};

/// A hashtag, by its path.
struct Hashtag {
    id: String,
}

impl Hashtag {
    /// One that is live.
    fn live(app: &TestApp, key: &str) -> Self {
        let body = json!({ "key": key, "content": { "tag": format!("Tag{key}") } });
        let made = app.author().post("/v1/hashtags").json(&body).send().expect(201);
        let hashtag = Self { id: made.text("/id").to_owned() };
        hashtag.approve(app, made.text("/working_revision/digest"));
        hashtag
    }

    fn path(&self, under: &str) -> String {
        format!("/v1/hashtags/{}{under}", self.id)
    }

    fn approve(&self, app: &TestApp, digest: &str) {
        app.reviewer();
        let submission = json!({ "digest": digest });
        let review = app.author().post(&self.path("/submission")).json(&submission).send().expect(201);
        let decision =
            json!({ "revision": review["revision"], "digest": review["digest"], "decision": "approve" });
        app.reviewer().post(&self.path("/decisions")).json(&decision).send().expect(201);
    }

    /// Its next revision, live.
    fn revise(&self, app: &TestApp, tag: &str) {
        let saved = save(app, &self.path(""), &json!({ "tag": tag }));
        self.approve(app, saved.text("/working_revision/digest"));
    }

    fn uses(&self, app: &TestApp, query: &str) -> Answer {
        app.author().get(&self.path(&format!("/uses{query}"))).send().expect(200)
    }
}

fn save(app: &TestApp, path: &str, content: &Value) -> Answer {
    let version = app.author().get(path).send().expect(200)["version"].clone();
    let body = json!({ "content": content });
    app.author().put(&format!("{path}/draft")).if_match(&version).json(&body).send().expect(200)
}

fn tagged(keys: &[&str]) -> impl FnOnce(&mut Value) {
    let keys = json!(keys);
    move |content| content["hashtags"] = keys
}

/// The next revision of a post, under review, with these hashtags.
fn resubmit(app: &TestApp, post: &Post, keys: &[&str]) -> Post {
    let mut content = app.content();
    content["title"] = json!("Changed");
    tagged(keys)(&mut content);
    let saved = save(app, &post.path(""), &content);
    let digest = saved.text("/working_revision/digest").to_owned();
    app.submit(&Post { digest, ..post.clone() })
}

/// What a page tells, in its order: the item, its revision, the revision's state, and the availability.
fn told(page: &Answer) -> Vec<(&str, i64, &str, &str)> {
    page.list("/items").iter().map(row_of).collect()
}

fn row_of(row: &Value) -> (&str, i64, &str, &str) {
    let text = |member: &str| row[member].as_str().unwrap();
    (text("item_id"), row["revision"].as_i64().unwrap(), text("state"), text("availability"))
}

fn ids(page: &Answer) -> Vec<&str> {
    told(page).into_iter().map(|(id, ..)| id).collect()
}

fn recall(app: &TestApp, path: &str) {
    app.publisher().post(path).json(&json!({ "reason": "wrong" })).send().expect(200);
}

both! {
    fn a_draft_pins_nothing_and_an_unknown_item_is_not_found(app) {
        let hashtag = Hashtag::live(app, "sun");
        app.draft(tagged(&["sun"]));
        let none = hashtag.uses(app, "");
        assert_eq!(none.json, json!({ "items": [] }));
        let get = |path: String| app.author().get(&path).send();
        get(format!("/v1/hashtags/{}/uses", Uuid::now_v7())).problem("not_found");
        get(format!("/v1/disclaimers/{}/uses", hashtag.id)).problem("not_found");
        app.employee().get(&hashtag.path("/uses")).send().problem("forbidden");
    }

    fn what_is_live_comes_first_and_each_part_newest_first(app) {
        let hashtag = Hashtag::live(app, "sun");
        let older = app.approved_post(tagged(&["sun"]));
        let in_review = app.submitted_post(tagged(&["sun"]));
        let newer = app.approved_post(tagged(&["sun"]));
        app.live_post();
        let publish_at = app.clock().now().after(Duration::from_secs(60)).to_string();
        let scheduled = app.approved_post(|content| {
            content["publish_at"] = json!(publish_at);
            tagged(&["sun"])(content);
        });
        let page = hashtag.uses(app, "");
        let first = json!({
            "kind": "post", "item_id": newer.id, "title": "We are hiring", "revision": 1,
            "digest": newer.digest, "state": "approved", "live": true, "availability": "live",
            "pinned_revision": 1,
        });
        assert_eq!(page["items"][0], first);
        let (newer, older) = (newer.id.as_str(), older.id.as_str());
        let waiting = [
            (scheduled.id.as_str(), 1, "approved", "scheduled"),
            (in_review.id.as_str(), 1, "in_review", "unapproved"),
        ];
        let live = |id| (id, 1, "approved", "live");
        assert_eq!(told(&page), [live(newer), live(older), waiting[0], waiting[1]]);

        recall(app, &format!("/v1/posts/{older}/recall"));
        let page = hashtag.uses(app, "");
        let recalled = (older, 1, "approved", "recalled");
        assert_eq!(told(&page), [live(newer), waiting[0], waiting[1], recalled]);

        app.advance(Duration::from_secs(61));
        let page = hashtag.uses(app, "");
        assert_eq!(ids(&page)[..2], [scheduled.id.as_str(), newer], "time made it live");

        recall(app, &hashtag.path("/recall"));
        let page = hashtag.uses(app, "");
        let blocked = |id| (id, 1, "approved", "blocked");
        assert_eq!(told(&page), [blocked(scheduled.id.as_str()), blocked(newer), waiting[1], recalled]);
        assert!(page.list("/items").iter().all(|row| row["live"] == false));
    }

    fn each_post_is_told_once_by_the_revision_that_counts(app) {
        let hashtag = Hashtag::live(app, "sun");
        let post = app.approved_post(tagged(&["sun"]));
        let without = resubmit(app, &post, &[]);
        assert_eq!(told(&hashtag.uses(app, "")), [(post.id.as_str(), 1, "approved", "live")]);
        assert!(hashtag.uses(app, "")["items"][0]["revision_in_review"].is_null(), "that one does not pin it");
        app.approve(&without);
        let page = hashtag.uses(app, "");
        assert_eq!(told(&page), [(post.id.as_str(), 1, "superseded", "live")]);
        assert_eq!((&page["items"][0]["live"], page.text("/items/0/title")), (&json!(false), "We are hiring"));
        let again = resubmit(app, &post, &["sun"]);
        let page = hashtag.uses(app, "");
        assert_eq!(told(&page), [(post.id.as_str(), 3, "in_review", "live")]);
        assert_eq!((page.text("/items/0/digest"), page.text("/items/0/title")), (&*again.digest, "Changed"));
        app.approve(&again);
        let page = hashtag.uses(app, "");
        assert_eq!(told(&page), [(post.id.as_str(), 3, "approved", "live")]);
        assert_eq!(page["items"][0]["live"], true);

        let other = app.approved_post(tagged(&["sun"]));
        resubmit(app, &other, &["sun"]);
        let page = hashtag.uses(app, "");
        assert_eq!(told(&page)[0], (other.id.as_str(), 1, "approved", "live"));
        assert_eq!(page["items"][0]["revision_in_review"], 2, "it would fail too");
    }

    fn only_what_pins_one_revision(app) {
        let hashtag = Hashtag::live(app, "sun");
        let first = app.approved_post(tagged(&["sun"]));
        hashtag.revise(app, "Sunshine");
        let second = app.approved_post(tagged(&["sun"]));
        let pinned = |query: &str| {
            let page = hashtag.uses(app, query);
            let pinned = page.list("/items").iter().map(|row| row["pinned_revision"].as_i64().unwrap());
            ids(&page).into_iter().map(str::to_owned).zip(pinned).collect::<Vec<_>>()
        };
        let (first, second) = ((first.id.clone(), 1), (second.id, 2));
        assert_eq!(pinned(""), [second.clone(), first.clone()]);
        assert_eq!(pinned("?revision=1"), std::slice::from_ref(&first));
        assert_eq!(pinned("?revision=2"), std::slice::from_ref(&second));
        assert_eq!(pinned("?revision=3"), []);

        // The live revision of the first post pins the old one; its next, under review, the new one.
        let post = Post { id: first.0.clone(), revision: 1, digest: String::new() };
        resubmit(app, &post, &["sun"]);
        assert_eq!(pinned("?revision=1"), std::slice::from_ref(&first));
        let page = hashtag.uses(app, "?revision=2");
        assert_eq!(told(&page)[1], (first.0.as_str(), 2, "in_review", "live"));
        assert_eq!((&page["items"][0]["live"], &page["items"][1]["live"]), (&json!(true), &json!(false)));
    }

    fn uses_come_in_pages_across_both_parts(app) {
        let hashtag = Hashtag::live(app, "sun");
        app.submitted_post(tagged(&["sun"]));
        app.approved_post(tagged(&["sun"]));
        app.submitted_post(tagged(&["sun"]));
        app.approved_post(tagged(&["sun"]));
        let whole = hashtag.uses(app, "");
        assert!(whole["next_cursor"].is_null());
        for limit in [1, 2, 3] {
            let mut walked = Vec::new();
            let mut query = format!("?limit={limit}");
            loop {
                let page = hashtag.uses(app, &query);
                assert!(page.list("/items").len() <= limit);
                walked.extend(page.list("/items").to_vec());
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                assert!(page.header("Link").ends_with("; rel=\"next\""));
                query = format!("?limit={limit}&cursor={cursor}");
            }
            assert_eq!(json!(walked), whole["items"], "{limit}");
        }
        let cursor = hashtag.uses(app, "?limit=1").text("/next_cursor").to_owned();
        let other = Hashtag::live(app, "moon");
        for path in [other.path("/uses?"), hashtag.path("/uses?revision=1&")] {
            app.author().get(&format!("{path}cursor={cursor}")).send().problem("invalid_request");
        }
    }

    fn a_disclaimer_that_is_always_required_is_pinned_by_every_post(app) {
        let post = app.live_post();
        let list = app.author().get("/v1/disclaimers?limit=200").send().expect(200);
        let employee = list.list("/items").iter().find(|found| found["key"] == "employee").unwrap();
        let path = format!("/v1/disclaimers/{}/uses", employee["id"].as_str().unwrap());
        assert_eq!(ids(&app.auditor().get(&path).send().expect(200)), [post.id.as_str()]);
    }

    fn r02_a_redacted_post_is_told_by_its_digest_without_a_title(app) {
        let hashtag = Hashtag::live(app, "sun");
        let post = app.approved_post(tagged(&["sun"]));
        let id: ItemId = post.id.parse().unwrap();
        let redact = format!(
            "UPDATE revisions SET content = NULL, redacted_idx = 0, redacted_at = 0 WHERE item_id = '{id}'"
        );
        let redacted = app.state().db.write_now(Lane::Ordinary, |tx| {
            tx.conn().batch_execute(&redact)?;
            items::mark_changed(tx, id)
        });
        redacted.unwrap();
        app.state().snapshots.refresh_now().unwrap();
        let page = hashtag.uses(app, "");
        assert_eq!(told(&page), [(post.id.as_str(), 1, "approved", "recalled")]);
        assert_eq!((&page["items"][0]["title"], page.text("/items/0/digest")), (&Value::Null, &*post.digest));
    }

    fn each_query_for_uses_has_its_index(app) {
        let (hashtag, post) = (Hashtag::live(app, "sun"), app.approved_post(tagged(&["sun"])));
        let hashtag: ItemId = hashtag.id.parse().unwrap();
        let post: ItemId = post.id.parse().unwrap();
        let reads_a_table = |plan: &str| plan.contains("SCAN") || plan.contains("Seq Scan");
        for revision in [None, Some(1)] {
            let pinned = Pinned { id: hashtag, revision };
            let after = Some(ItemId::generate());
            let (found, plan) = app.plan(|conn| items_that_pin(conn, pinned, after, 9));
            assert_eq!(found, [post]);
            assert!(plan.contains("revision_pins_pinned") && !reads_a_table(&plan), "{plan}");
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "in the index's order: {plan}");
            let (rows, plan) = app.plan(|conn| of_items(conn, pinned, &[post]));
            assert_eq!(rows.len(), 1);
            assert!(plan.contains("revision_pins_pinned") && !reads_a_table(&plan), "{plan}");
        }
        let (texts, plan) = app.plan(|conn| contents(conn, &[(post, 1)]));
        assert!(texts.len() == 1 && !reads_a_table(&plan), "{plan}");
    }
}
