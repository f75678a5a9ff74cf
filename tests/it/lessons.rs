//! What other systems learnt the hard way, case by case (C1 to C22; `domain::review` says where the others are
//! held, and which do not apply).

use std::time::Duration;

use greenlight::app::deadlines::run;
use greenlight::app::notifications::spread;
use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

const HOUR: Duration = Duration::from_hours(1);

fn decide(client: &Client, post: &Post, decision: &str, reason: Option<&str>) -> Answer {
    client.post(&post.path("/decisions")).json(&post.decision(decision, reason)).send()
}

fn item(app: &TestApp, post: &Post) -> Answer {
    app.author().get(&post.path("")).send().expect(200)
}

/// Saves the draft as `change` leaves it.
fn save(app: &TestApp, client: &Client, post: &Post, change: impl FnOnce(&mut Value)) -> Answer {
    let before = item(app, post);
    let mut content = before["working_revision"]["content"].clone();
    change(&mut content);
    let put = client.put(&post.path("/draft")).if_match(&before["version"]);
    put.json(&json!({ "content": content })).send().expect(200)
}

/// Submits what is drafted now.
fn submit(app: &TestApp, post: &Post) -> Post {
    let digest = item(app, post).text("/working_revision/digest").to_owned();
    app.submit(&Post { digest, ..post.clone() })
}

/// Approves what is drafted at a path.
fn approve_draft(app: &TestApp, path: &str) {
    let digest = app.author().get(path).send().expect(200).text("/working_revision/digest").to_owned();
    let body = json!({ "digest": digest });
    let review = app.author().post(&format!("{path}/submission")).json(&body).send().expect(201);
    let body = json!({ "revision": review["revision"], "digest": review["digest"], "decision": "approve" });
    app.reviewer().post(&format!("{path}/decisions")).json(&body).send().expect(201);
}

/// Editors first, then a lawyer; what comes back begins where it was sent back.
fn editors_and_a_lawyer(app: &TestApp) -> (Client, Client) {
    let (editor, lawyer) =
        (app.person("editor", &[Role::Reviewer, Role::Author]), app.person("lawyer", &[Role::Reviewer]));
    let stages = json!([
        { "name": "editors", "reviewers": { "person": editor.id() }, "quorum": "any" },
        { "name": "legal", "reviewers": { "person": lawyer.id() }, "quorum": "any" },
    ]);
    app.change_workflow(&json!({ "stages": stages, "resume": "asking_stage" })).expect(200);
    (editor, lawyer)
}

/// A post that the editor approved and the lawyer sent back, with a comment at its text.
fn sent_back(app: &TestApp, editor: &Client, lawyer: &Client) -> Post {
    let post = app.submit(&app.draft(|_| ()));
    decide(editor, &post, "approve", None).expect(201);
    let review = item(app, &post).text("/review/id").to_owned();
    let comment = json!({ "pointer": "/content/copies/0/text", "text": "Promise nothing." });
    lawyer.post(&format!("/v1/reviews/{review}/comments")).json(&comment).send().expect(201);
    decide(lawyer, &post, "request_changes", Some("See the comment.")).expect(201);
    post
}

fn open_stage(review: &Value) -> usize {
    let stages = review["stages"].as_array().unwrap();
    stages.iter().position(|stage| stage["state"] == "open").unwrap()
}

both! {
    fn c01_what_is_published_is_the_revision_that_was_approved_with_what_it_pinned(app) {
        app.reviewer();
        let body = json!({ "key": "zon", "content": { "tag": "Zon" } });
        let made = app.author().post("/v1/hashtags").json(&body).send().expect(201);
        let path = format!("/v1/hashtags/{}", made.text("/id"));
        approve_draft(app, &path);
        let post = app.approved_post(|content| content["hashtags"] = json!(["zon"]));
        let version = app.author().get(&path).send().expect(200)["version"].clone();
        let body = json!({ "content": { "tag": "Zonneschijn" } });
        app.author().put(&format!("{path}/draft")).if_match(&version).json(&body).send().expect(200);
        approve_draft(app, &path);
        save(app, &app.author(), &post, |content| content["copies"][0]["text"] = json!("Unseen."));
        let text = app.share(&post).text("/text").to_owned();
        assert!(text.contains("#Zon") && !text.contains("Zonneschijn") && !text.contains("Unseen"), "{text}");
    }

    fn c02_an_edit_under_review_begins_again_and_an_unchanged_save_resets_nothing(app) {
        let (editor, _) = editors_and_a_lawyer(app);
        let post = app.submit(&app.draft(|_| ()));
        decide(&editor, &post, "approve", None).expect(201);
        let same = save(app, &app.author(), &post, |_| ());
        assert_eq!(open_stage(&same["review"]), 1);
        assert!(same["withdrew_review"].is_null());
        let other = save(app, &app.author(), &post, |content| content["copies"][0]["text"] = json!("Other."));
        assert!(other["withdrew_review"].is_string());
        submit(app, &post);
        assert_eq!(open_stage(&item(app, &post)["review"]), 0);
    }

    fn c03_what_is_live_stays_live_while_the_next_revision_is_written_and_reviewed(app) {
        let post = app.live_post();
        save(app, &app.author(), &post, |content| content["copies"][0]["text"] = json!("Next."));
        assert_eq!(item(app, &post)["live_revision"], 1);
        let next = submit(app, &post);
        app.share(&post);
        app.approve(&next);
        assert_eq!(item(app, &post)["live_revision"], 2);
        app.share_as(&app.employee(), &post).problem("revision_changed");
    }

    fn c04_a_reviewer_who_edits_is_an_author_and_decides_no_more(app) {
        let (editor, _) = editors_and_a_lawyer(app);
        let post = app.submit(&app.draft(|_| ()));
        save(app, &editor, &post, |content| content["copies"][0]["text"] = json!("Edited."));
        // The only editor is an author now: nobody could decide in the first stage.
        let digest = item(app, &post).text("/working_revision/digest").to_owned();
        let body = json!({ "digest": digest });
        let refused = app.author().post(&post.path("/submission")).json(&body).send();
        assert_eq!(refused.problem("not_enough_reviewers")["stage"], "editors");
    }

    fn c05_everybody_who_wrote_a_word_is_an_author_whoever_submitted(app) {
        app.reviewer();
        let both = app.person("both", &[Role::Author, Role::Reviewer]);
        let post = app.draft(|_| ());
        save(app, &both, &post, |content| content["title"] = json!("A better title"));
        let post = submit(app, &post);
        decide(&both, &post, "approve", None).problem("author_cannot_decide");
        app.approve(&post);
    }

    fn c06_a_decision_on_what_is_decided_is_a_conflict_with_the_present_state(app) {
        let post = app.submitted_post(|_| ());
        app.approve(&post);
        let late = app.person("late", &[Role::Reviewer]);
        assert_eq!(decide(&late, &post, "reject", Some("No.")).problem("stage_closed")["state"], "approved");
    }

    fn c06_a_decision_that_means_another_stage_than_the_open_one_is_a_conflict(app) {
        let late = app.person("late", &[Role::Reviewer]);
        let stage = |name: &str| json!({ "name": name, "reviewers": { "role": "reviewer" }, "quorum": "any" });
        app.reviewer();
        app.change_workflow(&json!({ "stages": [stage("facts"), stage("law")] })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        let approve = |client: &Client, stage: u8| {
            let mut body = post.decision("approve", None);
            body["stage"] = json!(stage);
            client.post(&post.path("/decisions")).json(&body).send()
        };
        approve(&late, 1).problem("stage_closed");
        approve(&app.reviewer(), 0).expect(201);
        // Meant for the first stage, which has just passed.
        let refused = approve(&late, 0).problem("stage_closed");
        assert_eq!((&refused["state"], &refused["open_stage"]), (&json!("open"), &json!(1)));
        let many = json!({ "decisions": [{
            "item": post.id, "revision": post.revision, "digest": post.digest, "decision": "approve", "stage": 0,
        }] });
        let results = late.post("/v1/decision-batches").json(&many).send().expect(207);
        assert_eq!(results.text("/results/0/problem/code"), "stage_closed");
        approve(&late, 1).expect(201);
        assert_eq!(item(app, &post)["review"]["state"], "approved");
    }

    fn c07_a_second_submission_names_the_review_that_is_open(app) {
        let post = app.submitted_post(|_| ());
        let review = item(app, &post)["review"]["id"].clone();
        let body = json!({ "digest": post.digest });
        let refused = app.author().post(&post.path("/submission")).json(&body).send().problem("review_open");
        assert_eq!(refused["review_id"], review);
    }

    fn c08_a_resubmission_begins_with_the_stage_that_asked_when_only_that_was_changed(app) {
        let (editor, lawyer) = editors_and_a_lawyer(app);
        let post = sent_back(app, &editor, &lawyer);
        let before = item(app, &post)["review"]["id"].clone();
        save(app, &app.author(), &post, |content| content["copies"][0]["text"] = json!("We promise nothing."));
        let next = submit(app, &post);
        let review = item(app, &post)["review"].clone();
        assert_eq!((open_stage(&review), &review["resumed_from"]), (1, &before));
        let carried = &review["stages"][0]["decisions"][0];
        assert_eq!((&carried["person_id"], &carried["revision"]), (&json!(editor.id()), &json!(1)));
        decide(&editor, &next, "approve", None).problem("already_decided");
        decide(&lawyer, &next, "approve", None).expect(201);
        assert_eq!(item(app, &post)["availability"], "live");
    }

    fn c08_it_begins_again_when_something_else_was_changed_too(app) {
        let (editor, lawyer) = editors_and_a_lawyer(app);
        let post = sent_back(app, &editor, &lawyer);
        // What an author says widens nothing.
        let review = item(app, &post).text("/review/id").to_owned();
        let comment = json!({ "pointer": "/content/title", "text": "And I change this." });
        app.author().post(&format!("/v1/reviews/{review}/comments")).json(&comment).send().expect(201);
        save(app, &app.author(), &post, |content| {
            content["copies"][0]["text"] = json!("We promise nothing.");
            content["title"] = json!("Something else");
        });
        submit(app, &post);
        let review = item(app, &post)["review"].clone();
        assert_eq!((open_stage(&review), review["resumed_from"].is_null()), (0, true));
    }

    fn c08_what_others_than_that_stages_reviewers_say_spares_no_stage(app) {
        let (editor, lawyer) = editors_and_a_lawyer(app);
        // Reviewers of the editors' stage: who approved, who comes to write, and who only says something.
        let other = app.person("other", &[Role::Reviewer, Role::Author]);
        let third = app.person("third", &[Role::Reviewer]);
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Editors" })).send().expect(201);
        for person in [&editor, &other, &third] {
            let path = format!("/v1/groups/{}/members/{}", group.text("/id"), person.id());
            app.admin().put(&path).send().expect(204);
        }
        let stages = json!([
            { "name": "editors", "reviewers": { "group": group["id"] }, "quorum": "any" },
            { "name": "legal", "reviewers": { "person": lawyer.id() }, "quorum": "any" },
        ]);
        app.change_workflow(&json!({ "stages": stages, "resume": "asking_stage" })).expect(200);
        for who in [&editor, &other, &third] {
            let post = sent_back(app, &editor, &lawyer);
            let review = item(app, &post).text("/review/id").to_owned();
            let comment = json!({ "pointer": "/content", "text": "All of this." });
            who.post(&format!("/v1/reviews/{review}/comments")).json(&comment).send().expect(201);
            let writer = if who.id() == other.id() { other.clone() } else { app.author() };
            save(app, &writer, &post, |content| content["title"] = json!("Something else"));
            submit(app, &post);
            let review = item(app, &post)["review"].clone();
            assert_eq!((open_stage(&review), review["resumed_from"].is_null()), (0, true));
        }
    }

    fn c08_it_begins_again_under_a_changed_workflow(app) {
        let (editor, lawyer) = editors_and_a_lawyer(app);
        let post = sent_back(app, &editor, &lawyer);
        let stages = json!([
            { "name": "first", "reviewers": { "person": editor.id() }, "quorum": "any" },
            { "name": "then", "reviewers": { "person": lawyer.id() }, "quorum": "any" },
        ]);
        app.change_workflow(&json!({ "stages": stages, "resume": "asking_stage" })).expect(200);
        save(app, &app.author(), &post, |content| content["copies"][0]["text"] = json!("We promise nothing."));
        submit(app, &post);
        assert_eq!(open_stage(&item(app, &post)["review"]), 0);
    }

    fn c14_nothing_goes_live_past_a_review(app) {
        app.reviewer();
        let both = app.person("both", &[Role::Author, Role::Reviewer, Role::Publisher]);
        let begun = app.clock().now().to_string();
        let row = |external_id: &str, change: fn(&mut Value)| {
            let mut row = json!({ "external_id": external_id, "content": app.content() });
            row["content"]["publish_at"] = json!(begun);
            change(&mut row);
            format!("{row}\n")
        };
        let import = |file: String| {
            let made = both.post("/v1/post-imports").body("application/x-ndjson", file).send().expect(201);
            app.author().get(&format!("/v1/post-imports/{}", made.text("/id"))).send().expect(200)
        };
        let batch = |client: &Client, post: &Post| {
            let mut decision = post.decision("approve", None);
            decision["item"] = json!(post.id);
            client.post("/v1/decision-batches").json(&json!({ "decisions": [decision] })).send()
        };
        let refused = |client: &Client, post: &Post| {
            batch(client, post).expect(207).text("/results/0/problem/code").to_owned()
        };

        // An import makes drafts, whatever its rows say and whoever sends them.
        let rows = import(
            row("one", |_| ())
                + &row("two", |_| ())
                + &row("bold", |row| row["state"] = json!("approved"))
                + &row("bolder", |row| row["content"]["state"] = json!("approved")),
        );
        let results: Vec<&Value> = rows.list("/items").iter().map(|row| &row["result"]).collect();
        assert_eq!(results, ["created", "created", "refused", "refused"]);
        let drafts = [0, 1].map(|nth| {
            let id = rows.text(&format!("/items/{nth}/item_id")).to_owned();
            let post = app.author().get(&format!("/v1/posts/{id}")).send().expect(200);
            assert_eq!((&post["availability"], &post["working_revision"]["state"]), (&json!("unapproved"), &json!("draft")));
            Post { id, revision: 1, digest: post.text("/working_revision/digest").to_owned() }
        });
        app.share_as(&app.employee(), &drafts[0]).problem("post_not_found");
        assert_eq!(refused(&app.reviewer(), &drafts[0]), "not_in_review", "nobody decides on a draft");

        // A batch is so many decisions: its author, and an administrator, decide no more in it than one by one.
        let [post, second] = drafts.map(|draft| submit(app, &draft));
        assert_eq!(refused(&both, &post), "author_cannot_decide");
        batch(&app.admin(), &post).problem("forbidden");
        decide(&app.admin(), &post, "approve", None).problem("forbidden");

        // Neither time nor what runs by itself approves.
        app.advance(HOUR * 24 * 365);
        let state = app.state();
        run(&state.db, &state.context, &state.rules(), state.clock.now()).unwrap();
        assert_eq!(item(app, &post)["availability"], "unapproved");

        // A batch asks the rules in force, as a decision does.
        assert_eq!(batch(&app.reviewer(), &post).expect(207)["results"][0]["status"], 201);
        let rule = json!({
            "name": "No bicycles", "condition": { "phrases": { "any_of": ["bicycles"] } },
            "severity": "block", "scope": ["copy"], "reason": "Say e-bikes.", "on_existing": "list",
        });
        let made = app.author().post("/v1/rules").json(&json!({ "content": rule })).send().expect(201);
        approve_draft(app, &format!("/v1/rules/{}", made.text("/id")));
        assert_eq!(refused(&app.reviewer(), &second), "rule_violated");
        assert_eq!(item(app, &second)["availability"], "unapproved");

        // And what is live is not replaced by the same row with other words.
        let again = import(row("one", |row| row["content"]["copies"][0]["text"] = json!("Unseen.")));
        assert_eq!((&again["items"][0]["result"], &again["items"][0]["differs"]), (&json!("exists"), &json!(true)));
        let kept = item(app, &post);
        assert_eq!((&kept["availability"], &kept["working_revision"]["digest"]), (&json!("live"), &json!(post.digest)));
    }

    fn c17_what_is_scheduled_is_looked_at_again_when_its_time_comes_and_people_are_told(app) {
        let later = app.clock().now().after(HOUR).to_string();
        let post = app.approved_post(|content| content["publish_at"] = json!(later));
        let live = app.live_post();
        // A rule that leaves alone what was live before it.
        let rule = json!({
            "name": "No bicycles", "condition": { "phrases": { "any_of": ["bicycles"] } },
            "severity": "block", "scope": ["copy"], "reason": "Say e-bikes.", "on_existing": "list",
        });
        let made = app.author().post("/v1/rules").json(&json!({ "content": rule })).send().expect(201);
        approve_draft(app, &format!("/v1/rules/{}", made.text("/id")));
        app.advance(HOUR);
        let state = app.state();
        let now = app.clock().now();
        let ran = run(&state.db, &state.context, &state.rules(), now).unwrap();
        assert_eq!(ran.blocked, 1);
        assert_eq!(run(&state.db, &state.context, &state.rules(), now).unwrap().blocked, 0);
        let blocked = item(app, &post);
        assert_eq!((&blocked["availability"], &blocked["blocked_by"][0]["code"]), (&json!("blocked"), &json!("rule_violated")));
        assert_eq!(item(app, &live)["availability"], "live");
        app.share_as(&app.employee(), &post).problem("blocked");
        spread(&state.db, &state.clock).unwrap();
        let told = app.author().get("/v1/me/notifications").send().expect(200);
        let told: Vec<&Value> = told.list("/items").iter().filter(|it| it["topic"] == "blocked").collect();
        assert_eq!((told.len(), &told[0]["item_id"]), (1, &json!(post.id)));
    }

    fn c18_one_person_recalls_at_any_time_and_undoing_it_takes_a_whole_review(app) {
        let post = app.live_post();
        app.publisher().post(&post.path("/recall")).json(&json!({ "reason": "Wrong." })).send().expect(200);
        app.share_as(&app.employee(), &post).problem("recalled");
        let again = submit(app, &post);
        assert_eq!(item(app, &post)["availability"], "recalled", "submitting alone revives nothing");
        app.approve(&again);
        app.share(&again);
    }

    fn c19_one_decision_on_one_revision_is_for_all_its_channels(app) {
        let post = app.approved_post(|content| content["channels"] = json!(["linkedin", "x"]));
        for channel in ["linkedin", "x"] {
            let mut share = post.share();
            share["channel"] = json!(channel);
            app.employee().post("/v1/shares").json(&share).idempotency_key(channel).send().expect(201);
        }
    }

    fn c22_no_revision_that_was_decided_on_is_ever_gone(app) {
        let post = app.live_post();
        for nth in 0..3 {
            save(app, &app.author(), &post, |content| content["copies"][0]["text"] = json!(format!("Edit {nth}.")));
            let next = submit(app, &post);
            app.approve(&next);
        }
        for revision in 1..=4 {
            let path = post.path(&format!("/revisions/{revision}"));
            let kept = app.author().get(&path).send().expect(200);
            assert!(kept["content"].is_object());
            app.author().delete(&path).send().problem("method_not_allowed");
        }
    }
}
