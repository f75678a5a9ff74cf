//! What authors and reviewers say to each other in a review: comments, and suggestions that are taken.

use greenlight::domain::ids::Digest;
use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

const TEXT: &str = "/content/copies/0/text";

fn item(app: &TestApp, post: &Post) -> Answer {
    app.author().get(&post.path("")).send().expect(200)
}

/// The address under the review of a post's working revision.
fn review(app: &TestApp, post: &Post, under: &str) -> String {
    format!("/v1/reviews/{}{under}", item(app, post).text("/review/id"))
}

fn comment(client: &Client, review: &str, body: &Value) -> Answer {
    client.post(review).json(body).send()
}

/// Suggests changes, each a pointer and its value.
fn suggest(client: &Client, review: &str, changes: &Value) -> Answer {
    client.post(review).json(&json!({ "changes": changes, "reason": "It reads better." })).send()
}

/// Suggests another text for the post's copy, and answers the address under the suggestion.
#[track_caller]
fn suggested(app: &TestApp, post: &Post, text: &str) -> String {
    let suggestions = review(app, post, "/suggestions");
    let changes = json!([{ "pointer": TEXT, "value": text }]);
    let made = suggest(&app.reviewer(), &suggestions, &changes).expect(201);
    format!("{suggestions}/{}/acceptance", made.text("/id"))
}

/// Saves the post's draft as `change` leaves it.
#[track_caller]
fn edit(client: &Client, post: &Post, change: impl FnOnce(&mut Value)) -> Answer {
    let item = client.get(&post.path("")).send().expect(200);
    let mut content = item["working_revision"]["content"].clone();
    change(&mut content);
    let body = json!({ "content": content });
    client.put(&post.path("/draft")).if_match(&item["version"]).json(&body).send().expect(200)
}

fn decide(client: &Client, post: &Post, decision: &str, reason: Option<&str>) -> Answer {
    client.post(&post.path("/decisions")).json(&post.decision(decision, reason)).send()
}

/// The post's working revision, submitted.
#[track_caller]
fn resubmitted(app: &TestApp, post: &Post) -> Post {
    let digest = item(app, post).text("/working_revision/digest").to_owned();
    app.submit(&Post { digest, ..post.clone() })
}

/// The place and code of each fault.
fn faults(answer: &Answer) -> Vec<(&str, &str)> {
    let mut faults = Vec::new();
    for fault in answer.list("/errors") {
        faults.push((fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()));
    }
    faults
}

both! {
    fn a_comment_is_for_authors_and_reviewers_of_the_revision(app) {
        let post = app.submitted_post(|_| ());
        let comments = review(app, &post, "/comments");
        let asked = json!({ "pointer": TEXT, "text": "Bicycles, or bikes?" });
        let made = comment(&app.reviewer(), &comments, &asked).expect(201);
        assert_eq!((&made["pointer"], &made["stage"]), (&json!(TEXT), &json!(0)));
        assert_eq!(made["person_id"], app.reviewer().id());
        let answered = json!({ "text": "Bicycles.", "reply_to": made["id"] });
        let reply = comment(&app.author(), &comments, &answered).expect(201);
        let again = json!({ "text": "Thank you.", "reply_to": reply["id"] });
        comment(&app.reviewer(), &comments, &again).expect(201);
        for outsider in [app.publisher(), app.auditor(), app.person("other", &[Role::Author])] {
            comment(&outsider, &comments, &asked).problem("not_a_participant");
            outsider.get(&comments).send().problem("not_a_participant");
        }
        comment(&app.employee(), &comments, &asked).problem("forbidden");
        let read = app.author().get(&comments).send().expect(200);
        let texts: Vec<&str> = read.list("/items").iter().filter_map(|said| said["text"].as_str()).collect();
        assert_eq!(texts, ["Bicycles, or bikes?", "Bicycles.", "Thank you."]);
    }

    fn a_comment_names_a_place_and_a_comment_that_there_are(app) {
        let post = app.submitted_post(|_| ());
        let comments = review(app, &post, "/comments");
        for place in ["/content/copies/1/text", "/content/copies/00", "/contents", "/title", "content", "/"] {
            let refused = comment(&app.reviewer(), &comments, &json!({ "pointer": place, "text": "Here." }));
            assert_eq!(faults(&refused.problem("invalid_content")), [("#/pointer", "no_such_place")], "{place}");
        }
        comment(&app.reviewer(), &comments, &json!({ "pointer": "/content", "text": "All of it." })).expect(201);
        let other = app.submitted_post(|content| content["title"] = json!("Another"));
        let there = comment(&app.reviewer(), &review(app, &other, "/comments"), &json!({ "text": "There." }));
        let answer = json!({ "text": "Here.", "reply_to": there.expect(201)["id"] });
        let refused = comment(&app.reviewer(), &comments, &answer).problem("invalid_content");
        assert_eq!(faults(&refused), [("#/reply_to", "unknown_comment")]);
        comment(&app.reviewer(), &comments, &json!({ "text": " \n" })).problem("invalid_content");
        comment(&app.reviewer(), &comments, &json!({ "text": "x".repeat(2001) })).problem("invalid_request");
        let unknown = comments.replace(item(app, &post).text("/review/id"), &post.id);
        comment(&app.reviewer(), &unknown, &json!({ "text": "Here." })).problem("not_found");
        app.reviewer().get(&unknown).send().problem("not_found");
    }

    fn comments_go_on_after_the_outcome_and_belong_to_the_stage_that_was_last(app) {
        app.person("second", &[Role::Reviewer]);
        app.reviewer();
        let stage = |name: &str| json!({ "name": name, "reviewers": { "role": "reviewer" }, "quorum": 1 });
        app.change_workflow(&json!({ "stages": [stage("words"), stage("law")] })).expect(200);
        let both = app.person("both", &[Role::Reviewer, Role::Author]);
        let post = app.submitted_post(|_| ());
        let comments = review(app, &post, "/comments");
        let say = |client: &Client| comment(client, &comments, &json!({ "text": "So." })).expect(201)["stage"].clone();
        assert_eq!(say(&app.author()), 0);
        decide(&both, &post, "approve", None).expect(201);
        assert_eq!(say(&app.author()), 1);
        decide(&app.reviewer(), &post, "reject", Some("Not ours to tell.")).expect(201);
        assert_eq!(say(&app.author()), 1);
        // Who decided stays in the talk, whatever their roles are now.
        let path = format!("/v1/people/{}", both.id());
        let version = app.admin().get(&path).send().expect(200)["version"].clone();
        app.admin().patch(&path).if_match(&version).json(&json!({ "roles": ["author"] })).send().expect(200);
        assert_eq!(say(&both), 1);
    }

    fn comments_are_read_in_pages_in_their_order(app) {
        let post = app.submitted_post(|_| ());
        let comments = review(app, &post, "/comments");
        for nth in 0..5 {
            comment(&app.reviewer(), &comments, &json!({ "text": format!("{nth}") })).expect(201);
        }
        let mut read = Vec::new();
        let mut address = format!("{comments}?limit=2");
        loop {
            let page = app.author().get(&address).send().expect(200);
            read.extend(page.list("/items").iter().map(|said| said["text"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            assert_eq!(page.list("/items").len(), 2);
            address = format!("{comments}?limit=2&cursor={cursor}");
        }
        assert_eq!(read, ["0", "1", "2", "3", "4"]);
    }

    fn a_comment_is_made_once_for_its_key_and_its_entry_has_no_word_of_it(app) {
        let post = app.submitted_post(|_| ());
        let comments = review(app, &post, "/comments");
        let size = app.record_size();
        let say = |text: &str| {
            let body = json!({ "pointer": TEXT, "text": text });
            app.reviewer().post(&comments).idempotency_key("once").json(&body).send()
        };
        let made = say("Unmistakable.").expect(201);
        let again = say("Unmistakable.").expect(201);
        assert_eq!((again.header("Idempotency-Replayed"), &again.json), ("true", &made.json));
        say("Another.").problem("idempotency_key_reused");
        assert_eq!(app.record_size(), size + 1);
        let entry = app.record_entries().pop().unwrap();
        assert_eq!(entry.typ, "comment.made");
        let digest = Digest::of(b"Unmistakable.");
        for fact in [made.text("/id"), TEXT, "\"review\"", digest.as_str()] {
            assert!(entry.fields.contains(fact), "{fact} in {}", entry.fields);
        }
        assert!(!entry.fields.contains("Unmistakable") && !entry.statement.contains("Unmistakable"));
    }

    fn c04_a_suggestion_that_is_taken_makes_its_proposer_an_author(app) {
        let other = app.person("other", &[Role::Reviewer]);
        let post = app.submitted_post(|_| ());
        let acceptance = suggested(app, &post, "Come and build bikes with us.");
        assert_eq!(item(app, &post)["review"]["state"], "open", "a suggestion withdraws nothing");
        let open = item(app, &post)["review"]["id"].clone();
        let taken = app.author().post(&acceptance).send().expect(200);
        assert_eq!(taken["withdrew_review"], open);
        assert_eq!(taken.header("ETag"), format!("\"{}\"", taken["version"]));
        let draft = &taken["working_revision"];
        assert_eq!((&draft["revision"], &draft["state"]), (&json!(2), &json!("draft")));
        assert_eq!(draft["content"]["copies"][0]["text"], "Come and build bikes with us.");
        let mut authors = vec![app.author().id(), app.reviewer().id()];
        authors.sort();
        assert_eq!(draft["authors"], json!(authors));
        let next = resubmitted(app, &post);
        decide(&app.reviewer(), &next, "approve", None).problem("author_cannot_decide");
        decide(&other, &next, "approve", None).expect(201);
        assert_eq!(item(app, &post)["availability"], "live");
    }

    fn c04_whoever_only_suggests_still_decides(app) {
        let post = app.submitted_post(|_| ());
        suggested(app, &post, "Come and build bikes with us.");
        decide(&app.reviewer(), &post, "approve", None).expect(201);
    }

    fn a_suggestion_is_read_with_what_became_of_it(app) {
        let post = app.submitted_post(|_| ());
        let suggestions = review(app, &post, "/suggestions");
        let acceptance = suggested(app, &post, "Come and build bikes with us.");
        let read = || app.reviewer().get(&suggestions).send().expect(200)["items"][0].clone();
        assert_eq!(read()["changes"], json!([{ "pointer": TEXT, "value": "Come and build bikes with us." }]));
        assert_eq!((&read()["person_id"], &read()["acceptance"]), (&json!(app.reviewer().id()), &Value::Null));
        app.author().post(&acceptance).send().expect(200);
        assert_eq!(read()["acceptance"]["person_id"], app.author().id());
        assert_eq!(read()["acceptance"]["revision"], 2);
        let typs: Vec<String> = app.record_entries().into_iter().rev().take(3).map(|entry| entry.typ).collect();
        assert_eq!(typs, ["suggestion.accepted", "revision.withdrawn", "suggestion.made"]);
        let entry = app.record_entries().pop().unwrap();
        let proposer = app.record_personal(entry.idx).into_iter().find(|(field, ..)| field == "proposer_id");
        assert_eq!(proposer.map(|(_, person, _)| person.to_string()), Some(app.reviewer().id()));
        app.publisher().get(&suggestions).send().problem("not_a_participant");
    }

    fn only_what_could_be_a_draft_is_suggested(app) {
        let post = app.submitted_post(|_| ());
        let suggestions = review(app, &post, "/suggestions");
        let refused = |changes: Value| suggest(&app.reviewer(), &suggestions, &changes).problem("invalid_content");
        let unknown = refused(json!([
            { "pointer": "/content/hashtags/-", "value": "nope" },
            { "pointer": TEXT, "value": " " },
        ]));
        assert!(faults(&unknown).contains(&("#/changes/0/value", "unknown_key")), "{}", unknown.text);
        assert!(faults(&unknown).contains(&("#/changes/1/value", "empty")), "{}", unknown.text);
        assert!(unknown.list("/errors").iter().any(|fault| fault["place"] == "/content/hashtags/0"));
        let untitled = refused(json!([{ "pointer": "/content/title" }]));
        assert_eq!(faults(&untitled)[0].0, "#/changes/0/pointer");
        let odd = refused(json!([{ "pointer": "/content/copies/0", "value": { "id": "a", "words": "b" } }]));
        assert!(faults(&odd)[0].0.starts_with("#/changes/0/value/"), "{}", odd.text);
        assert_eq!(faults(&refused(json!([{ "pointer": "/content/copies/7", "value": {} }])))[0].1, "no_such_place");
        let same = json!([{ "pointer": "/content/title", "value": app.content()["title"] }]);
        assert_eq!(faults(&refused(same)), [("#/changes", "changes_nothing")]);
        suggest(&app.reviewer(), &suggestions, &json!([])).problem("invalid_request");
        let none: Vec<Value> = app.reviewer().get(&suggestions).send().expect(200).list("/items").to_vec();
        assert_eq!(none, Vec::<Value>::new());
    }

    fn authors_outsiders_and_those_who_come_late_suggest_nothing(app) {
        let post = app.submitted_post(|_| ());
        let suggestions = review(app, &post, "/suggestions");
        let changes = json!([{ "pointer": TEXT, "value": "Other words." }]);
        suggest(&app.author(), &suggestions, &changes).problem("forbidden");
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Legal" })).send().expect(201);
        let legal = app.person("legal", &[Role::Author, Role::Reviewer]);
        let path = format!("/v1/groups/{}/members/{}", group.text("/id"), legal.id());
        app.admin().put(&path).send().expect(204);
        let stages = json!([{ "name": "legal", "reviewers": { "group": group["id"] }, "quorum": 1 }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let other = app.submitted_post(|content| content["title"] = json!("Another"));
        let theirs = review(app, &other, "/suggestions");
        suggest(&app.reviewer(), &theirs, &changes).problem("not_a_participant");
        suggest(&legal, &theirs, &changes).expect(201);
        edit(&legal, &other, |content| content["title"] = json!("Edited"));
        let law = app.person("law", &[Role::Reviewer]);
        app.admin().put(&format!("/v1/groups/{}/members/{}", group.text("/id"), law.id())).send().expect(204);
        let again = resubmitted(app, &other);
        suggest(&legal, &review(app, &again, "/suggestions"), &changes).problem("author_cannot_suggest");
        decide(&app.reviewer(), &post, "approve", None).expect(201);
        let late = suggest(&app.reviewer(), &suggestions, &changes).problem("stage_closed");
        assert_eq!(late["state"], "approved");
    }

    fn a_suggestion_is_made_and_taken_after_changes_were_requested(app) {
        let post = app.submitted_post(|_| ());
        decide(&app.reviewer(), &post, "request_changes", Some("Say it shorter.")).expect(201);
        let acceptance = suggested(app, &post, "Build bikes.");
        let taken = app.author().post(&acceptance).send().expect(200);
        assert_eq!((&taken["working_revision"]["revision"], &taken["withdrew_review"]), (&json!(2), &Value::Null));
    }

    fn a_suggestion_taken_after_the_approval_starts_a_fresh_set_of_both_authors(app) {
        let post = app.submitted_post(|_| ());
        let acceptance = suggested(app, &post, "Build bikes.");
        app.approve(&post);
        let second = app.person("second", &[Role::Author]);
        second.post(&acceptance).send().problem("not_an_author");
        let taken = app.author().post(&acceptance).send().expect(200);
        let mut authors = vec![app.author().id(), app.reviewer().id()];
        authors.sort();
        assert_eq!(taken["working_revision"]["authors"], json!(authors));
        assert_eq!((&taken["availability"], &taken["live_revision"]), (&json!("live"), &json!(1)));
    }

    fn what_somebody_edited_since_is_not_overwritten(app) {
        let post = app.submitted_post(|_| ());
        let acceptance = suggested(app, &post, "Build bikes.");
        // Elsewhere it does not matter, and who edited is an author who may take it.
        let second = app.person("second", &[Role::Author]);
        edit(&second, &post, |content| content["title"] = json!("Still hiring"));
        let there = item(app, &post)["working_revision"]["content"]["copies"][0]["text"].clone();
        edit(&second, &post, |content| content["copies"][0]["text"] = json!("Mine."));
        let refused = second.post(&acceptance).send().problem("revision_changed");
        assert_eq!(refused["revision"], 2);
        edit(&second, &post, |content| content["copies"][0]["text"] = there.clone());
        let taken = second.post(&acceptance).send().expect(200);
        let content = &taken["working_revision"]["content"];
        assert_eq!((&content["title"], &content["copies"][0]["text"]), (&json!("Still hiring"), &json!("Build bikes.")));
        let mut authors = vec![app.author().id(), app.reviewer().id(), second.id()];
        authors.sort();
        assert_eq!(taken["working_revision"]["authors"], json!(authors));
    }

    fn a_suggestion_is_taken_once(app) {
        let post = app.submitted_post(|_| ());
        let acceptance = suggested(app, &post, "Build bikes.");
        let take = |key: &str| app.author().post(&acceptance).idempotency_key(key).send();
        let taken = take("one").expect(200);
        let size = app.record_size();
        let again = take("one").expect(200);
        assert_eq!(again.header("Idempotency-Replayed"), "true");
        assert_eq!(again["working_revision"], taken["working_revision"]);
        let refused = take("two").problem("conflict");
        assert_eq!(refused["revision"], 2);
        assert_eq!(app.record_size(), size);
        let other = app.submitted_post(|content| content["title"] = json!("Another"));
        let elsewhere = acceptance.replace(
            acceptance.split('/').nth(3).unwrap(),
            review(app, &other, "").rsplit('/').next().unwrap(),
        );
        app.author().post(&elsewhere).send().problem("not_found");
    }

    fn a_suggestion_is_made_once_for_its_key(app) {
        let post = app.submitted_post(|_| ());
        let suggestions = review(app, &post, "/suggestions");
        let body = json!({ "changes": [{ "pointer": TEXT, "value": "Build." }], "reason": "Shorter." });
        let send = || app.reviewer().post(&suggestions).idempotency_key("once").json(&body).send().expect(201);
        assert_eq!(send()["id"], send()["id"]);
        assert_eq!(app.author().get(&suggestions).send().expect(200).list("/items").len(), 1);
    }

    fn of_an_image_the_words_are_suggested_and_not_its_files(app) {
        app.reviewer();
        let image = app.image_draft(|_| ());
        let draft = app.author().get(&image.path("")).send().expect(200);
        let body = json!({ "digest": draft.text("/working_revision/digest") });
        let opened = app.author().post(&image.path("/submission")).json(&body).send().expect(201);
        let suggestions = format!("/v1/reviews/{}/suggestions", opened.text("/id"));
        let point = json!({ "x": 0.1, "y": 0.2 });
        let files = json!([
            { "pointer": "/content/picture/width", "value": 1 },
            { "pointer": "/content/renditions" },
            { "pointer": "/content/focal_point", "value": point },
        ]);
        let refused = suggest(&app.reviewer(), &suggestions, &files).problem("invalid_content");
        let all = [0, 1, 2].map(|nth| format!("#/changes/{nth}/pointer"));
        let expected: Vec<_> = all.iter().map(|place| (place.as_str(), "made_by_server")).collect();
        assert_eq!(faults(&refused), expected);
        let words = json!([{ "pointer": "/content/alt/en", "value": "A bridge over the river." }]);
        let made = suggest(&app.reviewer(), &suggestions, &words).expect(201);
        let acceptance = format!("{suggestions}/{}/acceptance", made.text("/id"));
        let taken = app.author().post(&acceptance).send().expect(200);
        let before = &draft["working_revision"]["content"];
        let content = &taken["working_revision"]["content"];
        assert_eq!(content["alt"]["en"], "A bridge over the river.");
        assert_eq!((&content["picture"], &content["renditions"]), (&before["picture"], &before["renditions"]));
        let files = taken.list("/working_revision/media").len();
        assert_eq!(files, 1 + content["renditions"].as_array().unwrap().len());
    }
}
