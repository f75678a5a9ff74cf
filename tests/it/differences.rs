//! What changed between two revisions, as whoever reviews the next one reads it.

use serde_json::{Value, json};

use crate::support::{Answer, Post, TestApp, both};

/// Saves the post's draft as `change` leaves it.
#[track_caller]
fn edit(app: &TestApp, post: &Post, change: impl FnOnce(&mut Value)) -> Answer {
    let item = app.author().get(&post.path("")).send().expect(200);
    let mut content = item["working_revision"]["content"].clone();
    change(&mut content);
    let body = json!({ "content": content });
    app.author().put(&post.path("/draft")).if_match(&item["version"]).json(&body).send().expect(200)
}

/// Submits and approves the working revision at `path`.
#[track_caller]
fn approve_working(app: &TestApp, path: &str) {
    app.reviewer();
    let item = app.author().get(path).send().expect(200);
    let body = json!({ "digest": item.text("/working_revision/digest") });
    let review = app.author().post(&format!("{path}/submission")).json(&body).send().expect(201);
    let body = json!({ "revision": review["revision"], "digest": review["digest"], "decision": "approve" });
    app.reviewer().post(&format!("{path}/decisions")).json(&body).send().expect(201);
}

fn difference(app: &TestApp, path: &str, query: &str) -> Answer {
    app.reviewer().get(&format!("{path}/difference{query}")).send()
}

both! {
    fn a_reviewer_reads_what_changed_since_the_revision_they_know(app) {
        let post = app.live_post();
        edit(app, &post, |content| {
            content["copies"][0]["text"] = json!("Come and build bikes with us.");
            let first = json!({ "id": "first", "language": "en", "text": "We are hiring." });
            content["copies"].as_array_mut().unwrap().insert(0, first);
            app.topic("work");
            content["topics"] = json!(["work"]);
        });
        let found = difference(app, &post.path("/revisions/1"), "").expect(200);
        assert_eq!((&found["revision"], &found["to"]), (&json!(1), &json!(2)));
        assert!(found["pins"].is_null(), "a draft pins nothing yet");
        let changes = found.list("/changes");
        assert_eq!((&changes[0]["change"], &changes[0]["pointer"]), (&json!("added"), &json!("/content/copies/0")));
        assert_eq!(changes[1], json!({
            "pointer": "/content/copies/1/text",
            "from_pointer": "/content/copies/0/text",
            "change": "replaced",
            "before": "Come and build bicycles with us.",
            "after": "Come and build bikes with us.",
            "words": [
                { "op": "kept", "text": "Come and build " },
                { "op": "removed", "text": "bicycles" },
                { "op": "added", "text": "bikes" },
                { "op": "kept", "text": " with us." },
            ],
        }));
        assert_eq!(changes[2], json!({ "pointer": "/content/topics/0", "change": "added", "after": "work" }));
        assert_eq!(changes.len(), 3);
    }

    fn revisions_are_compared_in_either_order_and_unknown_ones_are_not_found(app) {
        let post = app.live_post();
        edit(app, &post, |content| content["headline"] = json!("News"));
        let back = difference(app, &post.path("/revisions/2"), "?to=1").expect(200);
        let gone = json!([{ "pointer": "/content/headline", "change": "removed", "before": "News" }]);
        assert_eq!((&back["to"], &back["changes"]), (&json!(1), &gone));
        let same = difference(app, &post.path("/revisions/1"), "?to=1").expect(200);
        assert_eq!(same["changes"], json!([]));
        assert_eq!(same["pins"], json!({ "added": [], "removed": [], "replaced": [] }));
        difference(app, &post.path("/revisions/3"), "").problem("not_found");
        difference(app, &post.path("/revisions/1"), "?to=3").problem("not_found");
        difference(app, &post.path("/revisions/1"), "?to=x").problem("invalid_request");
        let hashtag = format!("/v1/hashtags/{}/revisions/1", post.id);
        difference(app, &hashtag, "").problem("not_found");
        app.employee().get(&post.path("/revisions/1/difference")).send().problem("forbidden");
    }

    fn pins_that_moved_are_told_apart_from_the_content(app) {
        let body = json!({ "key": "zon", "content": { "tag": "Zon" } });
        let tag = app.author().post("/v1/hashtags").json(&body).send().expect(201);
        let path = format!("/v1/hashtags/{}", tag.text("/id"));
        approve_working(app, &path);
        let post = app.approved_post(|content| content["hashtags"] = json!(["zon"]));
        let version = app.author().get(&path).send().expect(200)["version"].clone();
        let body = json!({ "content": { "tag": "Zonnig" } });
        app.author().put(&format!("{path}/draft")).if_match(&version).json(&body).send().expect(200);
        approve_working(app, &path);
        edit(app, &post, |content| content["title"] = json!("Another title"));
        approve_working(app, &post.path(""));
        let found = difference(app, &post.path("/revisions/1"), "?to=2").expect(200);
        assert_eq!(found.list("/changes").len(), 1);
        let pins = &found["pins"];
        assert_eq!((&pins["added"], &pins["removed"]), (&json!([]), &json!([])));
        assert_eq!(pins["replaced"].as_array().unwrap().len(), 1);
        let moved = &pins["replaced"][0];
        assert_eq!((&moved["kind"], &moved["key"]), (&json!("hashtag"), &json!("zon")));
        assert_eq!((&moved["before"]["revision"], &moved["after"]["revision"]), (&json!(1), &json!(2)));
        // The hashtag itself is compared in the same way.
        let tag = difference(app, &format!("{path}/revisions/1"), "").expect(200);
        assert_eq!(tag["changes"][0]["pointer"], "/content/tag");
    }

    fn what_was_redacted_is_not_compared(app) {
        let image = app.image_draft(|_| ());
        app.edited_image(&image, |content| content["credit"] = json!("Somebody"));
        let body = json!({ "revision": 1, "reason": "consent withdrawn" });
        app.publisher().post(&image.path("/redactions")).json(&body).send().expect(200);
        let refused = difference(app, &image.path("/revisions/1"), "").problem("conflict");
        assert_eq!(refused["revision"], 1);
    }
}
