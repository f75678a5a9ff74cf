//! What frees a post that is to be approved anew, and what does not.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Source, approve_anew, assert_blocked, assert_live, guideline, item};
use crate::support::{Post, TestApp, both};

/// The disclaimer that every post needs, in its next revision.
fn revised(app: &TestApp, employee: &Source, text: &str) -> Source {
    employee.revised(app, |content| content["text"]["en"]["full"] = json!(text))
}

/// Saves the post with another title and submits it.
fn submit_edited(app: &TestApp, post: &Post, change: impl FnOnce(&mut Value)) -> Post {
    let found = item(app, post);
    let mut content = found["working_revision"]["content"].clone();
    content["title"] = json!("Changed");
    change(&mut content);
    let body = json!({ "content": content });
    let author = app.author();
    let save = author.put(&post.path("/draft")).if_match(&found["version"]).json(&body);
    let digest = save.send().expect(200).text("/working_revision/digest").to_owned();
    app.submit(&Post { digest, ..post.clone() })
}

fn states(source: &Source, app: &TestApp, recheck: &crate::support::Answer) -> Vec<Value> {
    source.posts(app, recheck).list("/items").iter().map(|post| post["state"].clone()).collect()
}

both! {
    fn r12_a_revision_that_pins_the_present_one_frees_the_post_whenever_it_was_submitted(app) {
        let (employee, post) = (Source::employee(app), app.live_post());
        let second = revised(app, &employee, "I work at {company}.");
        let before = submit_edited(app, &post, |_| ());
        let recheck = second.recheck(app, "reapprove");
        let by = [second.blocker(&recheck)];
        assert_blocked(app, &post, &by);
        assert_eq!(states(&second, app, &recheck), ["blocked"]);
        // It pins the present revision, so it is not touched itself.
        app.approve(&before);
        assert_live(app, &before);
        assert_eq!(states(&second, app, &recheck), ["approved_anew"]);
    }

    fn r12_without_a_pin_what_was_submitted_before_frees_nothing_however_late_it_is_approved(app) {
        let post = app.live_post();
        let before = submit_edited(app, &post, |content| content["audience"] = json!({ "countries": ["BE"] }));
        let policy = Source::made(app, "guidelines", Some("do"), &guideline(&json!({ "countries": ["NL"] })));
        let recheck = policy.recheck(app, "reapprove");
        let by = [policy.blocker(&recheck)];
        assert_blocked(app, &post, &by);
        // Nobody for whom the guideline is may share it, so it is not touched itself.
        app.approve(&before);
        assert_eq!(item(app, &before)["blocked_by"], json!(by));
        assert_eq!(states(&policy, app, &recheck), ["blocked"]);
        approve_anew(app, &before);
        assert_eq!(item(app, &before).text("/availability"), "live");
        assert_eq!(states(&policy, app, &recheck), ["approved_anew"]);
    }

    fn r12_edited_words_free_a_post_as_well_once_they_are_approved(app) {
        let (employee, post) = (Source::employee(app), app.live_post());
        let second = revised(app, &employee, "I work at {company}.");
        let recheck = second.recheck(app, "reapprove");
        let edited = submit_edited(app, &post, |_| ());
        assert_blocked(app, &post, &[second.blocker(&recheck)]);
        app.approve(&edited);
        assert_live(app, &edited);
    }

    fn r12_a_scheduled_revision_that_was_submitted_before_is_blocked_in_its_time_too(app) {
        let (employee, post) = (Source::employee(app), app.live_post());
        let at = app.clock().now().after(Duration::from_hours(1)).to_string();
        let next = submit_edited(app, &post, |content| content["publish_at"] = json!(at));
        app.approve(&next);
        assert_live(app, &post);
        let second = revised(app, &employee, "I work at {company}.");
        let recheck = second.recheck(app, "reapprove");
        let by = [second.blocker(&recheck)];
        assert_blocked(app, &post, &by);
        app.advance(Duration::from_hours(2));
        assert_blocked(app, &next, &by);
        assert_live(app, &approve_anew(app, &next));
    }

    fn r12_only_a_scheduled_revision_is_touched_and_the_present_one_stays_live_until_then(app) {
        let post = app.approved_post(|content| content["audience"] = json!({ "countries": ["NL"] }));
        let at = app.clock().now().after(Duration::from_hours(1)).to_string();
        let next = submit_edited(app, &post, |content| {
            content["publish_at"] = json!(at);
            content["audience"] = json!({ "countries": ["NL", "BE"] });
        });
        app.approve(&next);
        let audience = json!({ "countries": ["BE"] });
        let policy = Source::made(app, "guidelines", Some("do"), &guideline(&audience));
        let touched = policy.touched(app);
        assert_eq!((&touched["items"][0]["revision"], &touched["items"][0]["title"]), (&json!(2), &json!("Changed")));
        let recheck = policy.recheck(app, "reapprove");
        assert_live(app, &post);
        app.advance(Duration::from_hours(2));
        assert_blocked(app, &next, &[policy.blocker(&recheck)]);
    }

    fn r12_a_scheduled_post_is_blocked_before_its_time(app) {
        let employee = Source::employee(app);
        let at = app.clock().now().after(Duration::from_hours(1)).to_string();
        let post = app.approved_post(|content| content["publish_at"] = json!(at));
        let second = revised(app, &employee, "I work at {company}.");
        assert_eq!(second.touched(app)["items"][0]["availability"], "scheduled");
        let recheck = second.recheck(app, "reapprove");
        let found = item(app, &post);
        assert_eq!((found.text("/availability"), &found["blocked_by"]), ("blocked", &json!([second.blocker(&recheck)])));
        let again = approve_anew(app, &post);
        assert_eq!(item(app, &again).text("/availability"), "scheduled");
        app.advance(Duration::from_hours(2));
        assert_live(app, &again);
    }

    fn r12_a_later_recheck_blocks_again_and_one_approval_meets_those_before_it(app) {
        let (employee, post) = (Source::employee(app), app.live_post());
        let second = revised(app, &employee, "I work at {company}.");
        let first_time = second.recheck(app, "reapprove");
        let third = revised(app, &second, "I am employed by {company}.");
        app.advance(Duration::from_secs(60));
        let second_time = third.recheck(app, "reapprove");
        // The post is blocked since the first of them.
        assert_blocked(app, &post, &[second.blocker(&first_time)]);
        let again = approve_anew(app, &post);
        assert_live(app, &again);
        assert_eq!(states(&third, app, &first_time), ["approved_anew"]);
        app.advance(Duration::from_secs(60));
        assert_eq!(third.recheck(app, "reapprove")["posts"], 0, "it pins the present revision");
        assert_live(app, &again);
        let fourth = revised(app, &third, "My employer is {company}.");
        let third_time = fourth.recheck(app, "reapprove");
        assert_blocked(app, &again, &[fourth.blocker(&third_time)]);
        assert_eq!(states(&fourth, app, &second_time), ["approved_anew"]);
    }

    fn r12_a_recheck_that_was_a_slip_is_withdrawn_and_frees_what_it_blocked(app) {
        let (employee, post) = (Source::employee(app), app.live_post());
        let second = revised(app, &employee, "I work at {company}.");
        let slip = second.recheck(app, "reapprove");
        let node = app.another_node();
        assert_blocked(app, &post, &[second.blocker(&slip)]);
        let path = second.path(&format!("/rechecks/{}/withdrawal", slip.text("/id")));
        let body = json!({ "reason": "The wrong disclaimer." });
        app.author().post(&path).json(&body).send().problem("forbidden");
        app.publisher().post(&path).json(&json!({ "reason": " " })).send().problem("invalid_content");
        let withdrawn = app.publisher().post(&path).json(&body).send().expect(200);
        assert_eq!(withdrawn["withdrawn_at"], "2026-11-21T09:00:00Z");
        assert_live(app, &post);
        assert_eq!(states(&second, app, &slip), ["unchanged"]);
        node.snapshots.refresh_now().unwrap();
        let content = node.snapshots.content();
        let known = content.item(post.id.parse().unwrap()).unwrap();
        assert!(known.history.rechecks.is_empty(), "the other node follows");
        assert!(app.record_entries().iter().any(|entry| entry.typ == "item.recheck_withdrawn"));
        let entries = app.record_size();
        app.publisher().post(&path).json(&body).send().problem("conflict");
        assert_eq!(app.record_size(), entries, "once");
        let none = second.recheck(app, "none");
        let path = second.path(&format!("/rechecks/{}/withdrawal", none.text("/id")));
        app.publisher().post(&path).json(&body).send().problem("conflict");
        let elsewhere = format!("/v1/rules/{}/rechecks/{}/withdrawal", second.id, slip.text("/id"));
        app.publisher().post(&elsewhere).json(&body).send().problem("not_found");
        // A later one blocks it.
        let again = second.recheck(app, "reapprove");
        assert_blocked(app, &post, &[second.blocker(&again)]);
    }

    fn r12_a_guideline_is_rechecked_twice_at_one_revision(app) {
        let post = app.live_post();
        let policy = Source::made(app, "guidelines", Some("do"), &guideline(&json!({})));
        policy.recheck(app, "reapprove");
        let again = approve_anew(app, &post);
        assert_live(app, &again);
        let recheck = policy.recheck(app, "reapprove");
        assert_blocked(app, &again, &[policy.blocker(&recheck)]);
    }

    fn c18_words_that_are_to_be_approved_anew_are_not_published_urgently(app) {
        let (employee, post) = (Source::employee(app), app.live_post());
        let second = revised(app, &employee, "I work at {company}.");
        second.recheck(app, "reapprove");
        let body = json!({ "digest": post.digest, "reason": "now" });
        let urgent = app.publisher().post(&post.path("/urgent-publication")).json(&body).send();
        assert_eq!(urgent.problem("words_stopped")["stopped_revision"], 1);
        assert_eq!(item(app, &post).text("/availability"), "blocked");
    }

    fn r07_a_recalled_post_is_told_as_ended_and_the_recall_is_what_counts(app) {
        let (employee, post) = (Source::employee(app), app.live_post());
        let second = revised(app, &employee, "I work at {company}.");
        let recheck = second.recheck(app, "reapprove");
        app.publisher().post(&post.path("/recall")).json(&json!({ "reason": "wrong" })).send().expect(200);
        assert_eq!(item(app, &post).text("/availability"), "recalled");
        assert_eq!(states(&second, app, &recheck), ["ended"]);
    }

    fn r12_rows_say_what_the_snapshot_says(app) {
        let (employee, post) = (Source::employee(app), app.live_post());
        let second = revised(app, &employee, "I work at {company}.");
        let recheck = second.recheck(app, "reapprove");
        // The list is read from rows, uses and the feed from the snapshot.
        let list = app.author().get("/v1/posts?availability=blocked").send().expect(200);
        assert_eq!(list["items"][0]["blocked_by"], json!([second.blocker(&recheck)]));
        let uses = app.author().get(&second.path("/uses")).send().expect(200);
        assert_eq!((&uses["items"][0]["item_id"], &uses["items"][0]["availability"]), (&json!(post.id), &json!("blocked")));
        // A node that starts now knows it as well.
        let node = app.another_node();
        let content = node.snapshots.content();
        let found = content.item(post.id.parse().unwrap()).unwrap();
        let (availability, blockers) = content.availability(found, app.clock().now());
        assert_eq!((availability.as_str(), blockers[0].code), ("blocked", "recheck"));
    }
}
