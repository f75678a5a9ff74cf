//! What an urgent publication does at once, and how it is marked.

use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use super::{HOUR, IN_TIME, after, decide, edit, feed, item, publish, publish_as, published_draft, submit};
use crate::support::{Client, Entry, Post, TestApp, both};

fn kit(app: &TestApp, post: &Post) -> Value {
    app.employee().post("/v1/kits").json(&post.share()).send().expect(200).json
}

both! {
    fn c16_a_draft_is_live_at_once_and_marked_wherever_it_is_shown(app) {
        app.reviewer();
        let draft = app.draft(|_| ());
        let review_by = after(app, IN_TIME);
        let answered = publish_as(&app.publisher(), &draft).expect(201);
        assert_eq!(answered.header("ETag"), format!("\"{}\"", answered["version"]));
        let post = Post { digest: answered.text("/working_revision/digest").into(), ..draft };
        let read = item(app, &post);
        assert_eq!(read.json, answered.json);
        assert_eq!((read.text("/availability"), &read["live_revision"]), ("live", &json!(1)));
        assert_eq!(read["working_revision"]["state"], "approved");
        let urgent = &read["working_revision"]["urgent"];
        assert_eq!(urgent["published_by"], app.publisher().id());
        assert_eq!(urgent["reason"], "People are being asked about it now.");
        assert_eq!(urgent["review_by"], review_by.to_string());
        assert_eq!((&urgent["outcome"], &urgent["outcome_at"]), (&Value::Null, &Value::Null));
        assert_eq!((&read["review"]["state"], &read["review"]["urgent"]), (&json!("open"), &json!(true)));
        let revision = app.author().get(&post.path("/revisions/1")).send().expect(200);
        assert_eq!(&revision["urgent"], urgent);
        assert_eq!(feed(app)[0]["urgent"], true);
        assert_eq!(kit(app, &post)["urgent"], true);

        let share = app.share(&post);
        assert_eq!(share["urgent"], true);
        let entries = app.record_entries();
        let entry = entries.iter().find(|entry| entry.typ == "post.published_urgently").unwrap();
        let fields: Value = serde_json::from_str(&entry.fields).unwrap();
        let issued = entries.iter().find(|entry| entry.typ == "share.issued").unwrap();
        let issued: Value = serde_json::from_str(&issued.fields).unwrap();
        assert!(fields.to_string().contains(&post.digest) && fields.to_string().contains("being asked"));
        assert!(!fields.to_string().contains(&app.publisher().id()), "who it was stands sealed");
        assert!(issued.to_string().contains(&entry.idx.to_string()), "{issued}");

        decide(&app.reviewer(), &post, "approve").expect(201);
        let confirmed = item(app, &post);
        assert_eq!(confirmed["working_revision"]["urgent"]["outcome"], "confirmed");
        assert_eq!(confirmed["working_revision"]["approved_at"], read["working_revision"]["approved_at"]);
        assert_eq!((confirmed.text("/availability"), &confirmed["review"]["state"]), ("live", &json!("approved")));
        assert_eq!((&feed(app)[0]["urgent"], &kit(app, &post)["urgent"]), (&Value::Null, &Value::Null));
        assert_eq!(app.share(&post)["urgent"], Value::Null);
        let old = app.employee().get(share.header("Location")).send().expect(200);
        assert_eq!(old["urgent"], true, "it was issued on an approval that nobody had confirmed");
    }

    fn c16_what_is_under_review_goes_live_and_its_review_goes_on(app) {
        let draft = app.draft(|_| ());
        app.reviewer();
        let post = app.submit(&draft);
        let before = item(app, &post)["review"].clone();
        let refused = publish_as(&app.publisher(), &draft).problem("revision_changed");
        assert_eq!((&refused["digest"], &refused["state"]), (&json!(post.digest), &json!("in_review")));
        let live = publish(app, &post);
        assert_eq!((live.revision, &live.digest), (1, &post.digest));
        let now = item(app, &post);
        assert_eq!((&now["review"]["id"], &now["review"]["state"]), (&before["id"], &json!("open")));
        assert_eq!((now.text("/availability"), &now["review"]["urgent"]), ("live", &json!(true)));
        app.share(&post);
        publish_as(&app.publisher(), &post).problem("nothing_to_submit");
        let review = decide(&app.reviewer(), &post, "approve").expect(201);
        assert_eq!((&review["id"], &review["state"], &review["urgent"]), (&before["id"], &json!("approved"), &json!(true)));
    }

    fn c16_the_same_request_publishes_once(app) {
        app.reviewer();
        let draft = app.draft(|_| ());
        let body = json!({ "digest": draft.digest, "reason": "now" });
        let path = draft.path("/urgent-publication");
        let publish = || app.publisher().post(&path).json(&body).idempotency_key("once").send();
        publish().expect(201);
        assert_eq!(publish().expect(201).header("Idempotency-Replayed"), "true");
        let published = |entry: &&Entry| entry.typ == "post.published_urgently";
        assert_eq!(app.record_entries().iter().filter(published).count(), 1);
    }

    fn c16_nobody_who_wrote_or_published_it_reviews_it_nor_anybody_for_them(app) {
        let both = [Role::Publisher, Role::Reviewer];
        let (anna, ben) = (app.person("anna", &both), app.person("ben", &both));
        let author = app.person("writer", &[Role::Author, Role::Reviewer]);
        let draft = app.draft(|_| ());
        let draft = edit(&author, &draft, "Written by a reviewer.");
        let answered = publish_as(&anna, &draft).expect(201);
        let post = Post { digest: answered.text("/working_revision/digest").into(), ..draft };
        decide(&anna, &post, "approve").problem("publisher_cannot_decide");
        decide(&anna, &post, "reject").problem("publisher_cannot_decide");
        decide(&author, &post, "approve").problem("author_cannot_decide");
        for (who, waits) in [(&anna, 0), (&author, 0), (&ben, 1)] {
            let mine = who.get("/v1/reviews?mine=true").send().expect(200);
            assert_eq!(mine.list("/items").len(), waits);
        }
        // Neither who published it for somebody else, nor somebody else for them.
        let stages = |who: &Client| {
            json!([{ "name": "one", "reviewers": { "person": who.id() }, "quorum": "any" }])
        };
        let delegate = |from: &Client, to: &Client| {
            let days = json!({ "to": to.id(), "from_date": "2026-11-21", "until_date": "2026-12-01" });
            from.post("/v1/delegations").json(&days).send().expect(201);
        };
        delegate(&ben, &anna);
        app.change_workflow(&json!({ "stages": stages(&ben) })).expect(200);
        let second = published_by(app, &anna);
        decide(&anna, &second, "approve").problem("publisher_cannot_decide");
        decide(&ben, &second, "approve").expect(201);
        let carl = app.person("carl", &[Role::Reviewer]);
        delegate(&anna, &carl);
        app.change_workflow(&json!({ "stages": stages(&anna) })).expect(200);
        let third = published_by(app, &anna);
        assert_eq!(item(app, &third)["review"]["stages"][0]["state"], "stuck");
        decide(&carl, &third, "approve").problem("publisher_cannot_decide");
    }

    fn c16_where_nobody_can_review_it_it_goes_live_and_says_so(app) {
        let draft = app.draft(|_| ());
        submit(app, &draft).problem("not_enough_reviewers");
        let post = publish(app, &draft);
        let now = item(app, &post);
        assert_eq!(now.text("/availability"), "live");
        let stage = &now["review"]["stages"][0];
        assert_eq!((&stage["state"], &stage["reason"]), (&json!("stuck"), &json!("not_enough_reviewers")));
        let stuck = app.author().get("/v1/reviews?stuck=true").send().expect(200);
        assert_eq!((stuck.list("/items").len(), &stuck["items"][0]["urgent"]), (1, &json!(true)));
    }

    fn c16_its_window_is_respected(app) {
        app.reviewer();
        let from = after(app, HOUR).to_string();
        let post = publish(app, &app.draft(|content| content["publish_at"] = json!(from)));
        assert_eq!(item(app, &post).text("/availability"), "scheduled");
        app.share_as(&app.employee(), &post).problem("post_not_found");
        app.advance(HOUR);
        app.share(&post);
        assert_eq!(item(app, &post).text("/availability"), "live");
    }

    fn c16_only_a_publisher_publishes_and_says_why(app) {
        app.reviewer();
        let draft = app.draft(|_| ());
        for client in [app.author(), app.reviewer(), app.employee(), app.admin(), app.auditor()] {
            publish_as(&client, &draft).problem("forbidden");
        }
        let path = draft.path("/urgent-publication");
        let send = |body: Value| app.publisher().post(&path).json(&body).send();
        for (reason, code) in [("", "invalid_request"), ("  ", "invalid_content")] {
            let refused = send(json!({ "digest": draft.digest, "reason": reason })).problem(code);
            assert_eq!(refused.text("/errors/0/pointer"), "#/reason");
        }
        send(json!({ "digest": draft.digest })).problem("invalid_request");
        let other = format!("sha256:{}", "0".repeat(64));
        send(json!({ "digest": other, "reason": "now" })).problem("revision_changed");
        assert_eq!(item(app, &draft)["working_revision"]["state"], "draft");
        // Whoever publishes may have written it: somebody else reviews it.
        let own = app.person("own", &[Role::Author, Role::Publisher]);
        publish_as(&own, &edit(&own, &draft, "My own words.")).expect(201);
    }

    fn c18_what_was_stopped_or_sent_back_is_not_published_urgently_by_the_same_words(app) {
        let refused = |post: &Post, code: &str| publish_as(&app.publisher(), post).problem(code);
        let end = |post: &Post, path: &str| {
            app.publisher().post(&post.path(path)).json(&json!({ "reason": "Wrong." })).send().expect(200);
        };
        for (decision, code) in [("request_changes", "words_stopped"), ("reject", "nothing_to_submit")] {
            let post = app.submitted_post(|_| ());
            decide(&app.reviewer(), &post, decision).expect(201);
            refused(&post, code);
            publish(app, &edit(&app.author(), &post, "Other words."));
        }
        let live = app.live_post();
        refused(&live, "nothing_to_submit");
        end(&live, "/recall");
        refused(&live, "words_stopped");
        let under_review = app.submitted_post(|_| ());
        end(&under_review, "/recall");
        refused(&under_review, "words_stopped");
        // Neither does who published them urgently, nor after the review said no.
        let urgent = published_draft(app);
        decide(&app.reviewer(), &urgent, "reject").expect(201);
        end(&urgent, "/recall");
        refused(&urgent, "nothing_to_submit");
        submit(app, &urgent).problem("nothing_to_submit");
        let unreviewed = published_draft(app);
        end(&unreviewed, "/retirement");
        refused(&unreviewed, "words_stopped");
        let again = app.submit(&unreviewed);
        // Not while they are under review either.
        refused(&again, "words_stopped");
        app.approve(&again);
    }

    fn c18_words_that_a_review_approved_since_can_be_published_urgently(app) {
        let post = app.submitted_post(|_| ());
        let words = item(app, &post)["working_revision"]["content"]["copies"][0]["text"].clone();
        decide(&app.reviewer(), &post, "request_changes").expect(201);
        app.approve(&app.submit(&post));
        let other = app.submit(&edit(&app.author(), &post, "Other words."));
        app.approve(&other);
        publish(app, &edit(&app.author(), &other, words.as_str().unwrap()));
        // What was withdrawn by an edit was stopped by nobody, though something else was recalled.
        let withdrawn = app.submitted_post(|_| ());
        let before = item(app, &withdrawn);
        let mut content = before["working_revision"]["content"].clone();
        content["copies"][0]["text"] = json!("Other words.");
        let author = app.author();
        let put = author.put(&withdrawn.path("/draft")).if_match(&before["version"]);
        let saved = put.json(&json!({ "content": content })).send().expect(200);
        app.advance(HOUR);
        let edited = Post { digest: saved.text("/working_revision/digest").into(), ..withdrawn.clone() };
        let next = app.submit(&edited);
        app.approve(&next);
        app.publisher().post(&next.path("/recall")).json(&json!({ "reason": "Wrong." })).send().expect(200);
        publish(app, &edit(&app.author(), &next, words.as_str().unwrap()));
    }

    fn c18_an_edit_there_and_back_brings_back_nothing_urgently(app) {
        let post = app.live_post();
        let words = item(app, &post)["working_revision"]["content"]["copies"][0]["text"].clone();
        app.publisher().post(&post.path("/recall")).json(&json!({ "reason": "Wrong." })).send().expect(200);
        let other = edit(&app.author(), &post, "Other words.");
        let same = edit(&app.author(), &other, words.as_str().unwrap());
        let refused = publish_as(&app.publisher(), &same).problem("words_stopped");
        assert_eq!(refused["stopped_revision"], 1);
        // Another window and title make no other words of them, nor do spaces.
        let before = item(app, &post);
        let mut content = before["working_revision"]["content"].clone();
        content["expires_at"] = json!(after(app, HOUR).to_string());
        content["title"] = json!("Another title");
        content["copies"][0]["text"] = json!(format!("{} ", words.as_str().unwrap()));
        let author = app.author();
        let put = author.put(&post.path("/draft")).if_match(&before["version"]);
        let saved = put.json(&json!({ "content": content })).send().expect(200);
        let later = Post { digest: saved.text("/working_revision/digest").into(), ..same };
        publish_as(&app.publisher(), &later).problem("words_stopped");
        publish(app, &edit(&app.author(), &later, "Other words."));
    }
}

/// A draft that this person publishes.
#[track_caller]
fn published_by(app: &TestApp, who: &Client) -> Post {
    let draft = app.draft(|_| ());
    let answered = publish_as(who, &draft).expect(201);
    Post { digest: answered.text("/working_revision/digest").into(), ..draft }
}

both! {
    fn c16_many_stages_go_on_after_it_is_live(app) {
        let first = app.reviewer();
        let second = app.person("second", &[Role::Reviewer]);
        let stage = |name: &str| json!({ "name": name, "reviewers": { "role": "reviewer" }, "quorum": "any" });
        app.change_workflow(&json!({ "stages": [stage("one"), stage("two")] })).expect(200);
        let post = published_draft(app);
        decide(&first, &post, "approve").expect(201);
        assert_eq!(item(app, &post)["working_revision"]["urgent"]["outcome"], Value::Null);
        decide(&first, &post, "approve").problem("already_decided");
        decide(&second, &post, "approve").expect(201);
        assert_eq!(item(app, &post)["working_revision"]["urgent"]["outcome"], "confirmed");
    }
}
