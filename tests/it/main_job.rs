//! The main job, from a draft to a logged share that an auditor reads.

use serde_json::json;

use crate::support::{TestApp, both};

both! {
    fn a_node_that_serves_says_that_it_is_ready(app) {
        assert_eq!(app.anonymous().get("/readyz").send().expect(200)["status"], "ready");
    }

    fn a_draft_becomes_a_logged_share(app) {
        let (author, reviewer) = (app.author(), app.reviewer());
        let (employee, auditor) = (app.employee(), app.auditor());

        let content = json!({
            "title": "We are hiring",
            "copies": [{ "id": "short", "language": "en", "text": "Come and build bicycles with us." }],
            "channels": ["linkedin", "mastodon"],
            "link": { "url": "https://example.org/jobs" },
        });
        let post = author.post("/v1/posts").json(&json!({ "content": content })).send().expect(201);
        assert_eq!(post["availability"], "unapproved");
        let path = format!("/v1/posts/{}", post.text("/id"));
        assert_eq!(post.header("Location"), path);

        let submission = json!({ "digest": post["working_revision"]["digest"] });
        let review = author.post(&format!("{path}/submission")).json(&submission).send().expect(201);
        assert_ne!(review["digest"], post["working_revision"]["digest"], "the frozen digest covers the pins");

        let decision = json!({ "revision": 1, "digest": review["digest"], "decision": "approve" });
        let decisions = format!("{path}/decisions");
        author.post(&decisions).json(&decision).send().problem("forbidden");
        reviewer.post(&decisions).json(&decision).send().expect(201);

        let feed = employee.get("/v1/feed").send().expect(200);
        let item = &feed.list("/items")[0];
        assert_eq!((&item["post_id"], &item["digest"]), (&post["id"], &review["digest"]));

        let wanted = json!({ "post_id": item["post_id"], "digest": item["digest"], "channel": "mastodon" });
        let kit = employee.post("/v1/kits").json(&wanted).send().expect(200);
        assert_eq!(kit["preview"], true);
        let share = employee.post("/v1/shares").json(&wanted).idempotency_key("one").send().expect(201);
        assert_eq!(share["state"], "issued");
        assert_eq!(share["text"], kit["text"]);
        let text = share.text("/text");
        assert!(text.contains("Come and build bicycles with us.") && text.contains("https://example.org/jobs"));
        assert!(!share.list("/disclaimers").is_empty(), "an employee says that they are one: {text}");

        let again = employee.post("/v1/shares").json(&wanted).idempotency_key("one").send().expect(201);
        assert_eq!((&again["id"], &again["receipt"]), (&share["id"], &share["receipt"]));

        let audited = format!("/v1/shares/{}", share.text("/id"));
        auditor.get(&audited).send().problem("purpose_required");
        let seen = auditor.get(&audited).purpose("spring campaign").send().expect(200);
        assert_eq!((&seen["text"], &seen["digest"]), (&share["text"], &review["digest"]));
    }

    fn r01_a_share_names_the_digest_that_was_seen(app) {
        let post = app.live_post();
        let mut share = post.share();
        share["digest"] = json!(format!("sha256:{}", "0".repeat(64)));
        let answer = app.employee().post("/v1/shares").json(&share).idempotency_key("k").send();
        let answer = answer.problem("revision_changed");
        assert_eq!(answer["digest"], post.digest);
        assert_eq!(shares_of(app), 0);
    }

    fn r03_an_author_who_reviews_does_not_decide_on_their_words(app) {
        let both_roles = [greenlight::domain::roles::Role::Author, greenlight::domain::roles::Role::Reviewer];
        let anna = app.person("anna", &both_roles);
        let post = app.draft(|_| ());
        let read = anna.get(&post.path("")).send().expect(200);
        let content = json!({ "content": { "title": "Ours", "copies": read["working_revision"]["content"]["copies"],
            "channels": ["linkedin"] } });
        let edited =
            anna.put(&post.path("/draft")).json(&content).if_match(&read["version"]).send().expect(200);
        app.reviewer();
        let digest = edited.text("/working_revision/digest").to_owned();
        let post = app.submit(&crate::support::Post { digest, ..post });
        let decision = post.decision("approve", None);
        anna.post(&post.path("/decisions")).json(&decision).send().problem("author_cannot_decide");
        app.approve(&post);
    }

    fn r17_no_share_after_a_recall(app) {
        let post = app.live_post();
        app.share(&post);
        let recall = json!({ "reason": "The vacancy is filled." });
        app.publisher().post(&post.path("/recall")).json(&recall).send().expect(200);
        app.share_as(&app.employee(), &post).problem("recalled");
        assert!(app.employee().get("/v1/feed").send().expect(200).list("/items").is_empty());
    }
}

/// How many shares the auditor finds.
fn shares_of(app: &TestApp) -> usize {
    app.auditor().get("/v1/shares").purpose("a count").send().expect(200).list("/items").len()
}

#[test]
fn r17_no_share_after_a_recall_on_another_node() {
    use crate::support::{Backend, postgres_is_there};

    if !postgres_is_there() {
        return;
    }
    let app = TestApp::new(Backend::Postgres);
    let post = app.live_post();
    let employee = app.employee();
    let second = app.second_node();
    app.share_as(&employee.at(&second), &post).expect(201);
    let recall = json!({ "reason": "The vacancy is filled." });
    app.publisher().post(&post.path("/recall")).json(&recall).send().expect(200);
    app.share_as(&employee.at(&second), &post).problem("recalled");
}
