//! Content and review: R1 to R9 and R12, as marketing meets them.

use std::time::Duration;

use greenlight::domain::ids::{GroupId, PersonId};
use greenlight::domain::roles::Role;
use greenlight::domain::workflow::Reviewers;
use greenlight::store::connection::Conn;
use greenlight::store::reviewers;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

/// Approves a new hashtag and answers its id.
fn approved_hashtag(app: &TestApp, key: &str, tag: &str) -> String {
    let body = json!({ "key": key, "content": { "tag": tag } });
    let made = app.author().post("/v1/hashtags").json(&body).send().expect(201);
    let path = format!("/v1/hashtags/{}", made.text("/id"));
    approve_working(app, &path);
    made.text("/id").to_owned()
}

/// Submits and approves what is drafted at `path`; answers the frozen digest.
fn approve_working(app: &TestApp, path: &str) -> String {
    app.reviewer();
    let item = app.author().get(path).send().expect(200);
    let body = json!({ "digest": item.text("/working_revision/digest") });
    let review = app.author().post(&format!("{path}/submission")).json(&body).send().expect(201);
    let body = json!({ "revision": review["revision"], "digest": review["digest"], "decision": "approve" });
    app.reviewer().post(&format!("{path}/decisions")).json(&body).send().expect(201);
    review.text("/digest").to_owned()
}

/// Saves the post's draft with another text.
fn save(client: &Client, post: &Post, text: &str) -> Answer {
    let item = client.get(&post.path("")).send().expect(200);
    let mut content = item["working_revision"]["content"].clone();
    content["copies"][0]["text"] = json!(text);
    client.put(&post.path("/draft")).if_match(&item["version"]).json(&json!({ "content": content })).send()
}

fn decide(client: &Client, post: &Post, decision: &str, reason: Option<&str>) -> Answer {
    client.post(&post.path("/decisions")).json(&post.decision(decision, reason)).send()
}

fn item(app: &TestApp, post: &Post) -> Answer {
    app.author().get(&post.path("")).send().expect(200)
}

fn working(app: &TestApp, post: &Post) -> Value {
    item(app, post)["working_revision"].clone()
}

fn recall(app: &TestApp, path: &str) -> Answer {
    app.publisher().post(&format!("{path}/recall")).json(&json!({ "reason": "a wrong figure" })).send()
}

both! {
    fn r01_a_decision_names_the_revision_and_its_digest(app) {
        let post = app.submitted_post(|_| ());
        let draft_digest = format!("sha256:{}", "0".repeat(64));
        let other = Post { digest: draft_digest, ..post.clone() };
        let refused = decide(&app.reviewer(), &other, "approve", None).problem("revision_changed");
        assert_eq!(refused["digest"], post.digest);
        decide(&app.reviewer(), &post, "approve", None).expect(201);
        let live = item(app, &post);
        assert_eq!((&live["availability"], &live["live_revision"]), (&json!("live"), &json!(1)));
    }

    fn r01_the_digest_is_that_of_the_document_as_it_is_returned(app) {
        approved_hashtag(app, "zon", "Zon");
        let post = app.approved_post(|content| content["hashtags"] = json!(["zon"]));
        let revision = app.author().get(&post.path("/revisions/1")).send().expect(200);
        let mut document = serde_json::Map::new();
        for member in ["kind", "id", "revision", "content", "pins"] {
            document.insert(member.to_owned(), revision[member].clone());
        }
        let canonical = serde_json_canonicalizer::to_string(&Value::Object(document)).unwrap();
        let digest = greenlight::domain::ids::Digest::of(canonical.as_bytes());
        assert_eq!(revision["digest"], digest.as_str());
        let kinds: Vec<&Value> = revision.list("/pins").iter().map(|pin| &pin["kind"]).collect();
        assert_eq!(kinds, ["disclaimer", "hashtag"], "what it chose, and what is always required");
    }

    fn r01_a_newer_revision_of_a_pin_does_not_flow_into_an_approved_post(app) {
        let hashtag = approved_hashtag(app, "zon", "Zon");
        let post = app.approved_post(|content| content["hashtags"] = json!(["zon"]));
        let path = format!("/v1/hashtags/{hashtag}");
        let now = app.author().get(&path).send().expect(200);
        let body = json!({ "content": { "tag": "Zonnig" } });
        app.author().put(&format!("{path}/draft")).if_match(&now["version"]).json(&body).send().expect(200);
        approve_working(app, &path);
        let shared = app.share(&post);
        assert!(shared.text("/text").contains("#Zon") && !shared.text("/text").contains("#Zonnig"));
    }

    fn r03_nobody_decides_on_words_they_wrote(app) {
        app.reviewer();
        let both = app.person("both", &[Role::Author, Role::Reviewer]);
        let post = app.draft(|_| ());
        save(&both, &post, "Edited by a reviewer.").expect(200);
        let draft = working(app, &post);
        let post = app.submit(&Post { digest: draft["digest"].as_str().unwrap().into(), ..post });
        decide(&both, &post, "approve", None).problem("author_cannot_decide");
        decide(&app.reviewer(), &post, "approve", None).expect(201);
        // The first edit after an approval starts a fresh set.
        save(&app.author(), &post, "A fresh start.").expect(200);
        assert_eq!(working(app, &post)["authors"], json!([app.author().id()]));
    }

    fn r03_the_authors_of_a_returned_revision_stay_authors(app) {
        let post = app.submitted_post(|_| ());
        decide(&app.reviewer(), &post, "request_changes", Some("say it shorter")).expect(201);
        let second = app.person("second", &[Role::Author]);
        save(&second, &post, "Shorter.").expect(200);
        let mut authors = vec![app.author().id(), second.id()];
        authors.sort();
        assert_eq!(working(app, &post)["authors"], json!(authors));
        assert_eq!(working(app, &post)["revision"], 2);
    }

    fn r04_one_open_review_for_an_item(app) {
        let post = app.submitted_post(|_| ());
        let body = json!({ "digest": post.digest });
        let refused = app.author().post(&post.path("/submission")).json(&body).send().problem("review_open");
        assert_eq!(refused["revision"], 1);
    }

    fn r04_a_person_counts_once_in_a_review(app) {
        let (one, two) = (app.person("one", &[Role::Reviewer]), app.person("two", &[Role::Reviewer]));
        let stages = json!([{ "name": "twice", "reviewers": { "role": "reviewer" }, "quorum": 2 }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submitted_post(|_| ());
        decide(&one, &post, "approve", None).expect(201);
        decide(&one, &post, "approve", None).problem("already_decided");
        assert_eq!(item(app, &post)["availability"], "unapproved");
        decide(&two, &post, "approve", None).expect(201);
        assert_eq!(item(app, &post)["availability"], "live");
    }

    fn r05_no_needs_a_reason_and_a_closed_stage_takes_no_decision(app) {
        let post = app.submitted_post(|_| ());
        for decision in ["request_changes", "reject"] {
            let refused = decide(&app.reviewer(), &post, decision, None).problem("invalid_content");
            assert_eq!(refused.text("/errors/0/pointer"), "#/reason");
        }
        decide(&app.reviewer(), &post, "reject", Some("not ours to tell")).expect(201);
        let late = app.person("late", &[Role::Reviewer]);
        let refused = decide(&late, &post, "approve", None).problem("stage_closed");
        assert_eq!(refused["state"], "rejected");
    }

    fn r06_saving_identical_content_makes_no_revision(app) {
        let post = app.submitted_post(|_| ());
        let before = item(app, &post);
        let content = json!({ "content": before["working_revision"]["content"] });
        let saved = app.author().put(&post.path("/draft")).if_match(&before["version"]).json(&content).send();
        let saved = saved.expect(200);
        assert_eq!((&saved["version"], &saved["working_revision"]), (&before["version"], &before["working_revision"]));
        assert_eq!(saved["review"]["state"], "open");
    }

    fn r06_editing_under_review_withdraws_the_review_and_says_so(app) {
        let post = app.submitted_post(|_| ());
        let review = item(app, &post)["review"]["id"].clone();
        let saved = save(&app.author(), &post, "Better words.").expect(200);
        assert_eq!(saved["withdrew_review"], review);
        decide(&app.reviewer(), &post, "approve", None).problem("stage_closed");
        let first = app.author().get(&post.path("/revisions/1")).send().expect(200);
        assert_eq!(first["state"], "withdrawn");
    }

    fn a_withdrawn_revision_goes_on_without_changing_a_word(app) {
        let post = app.submitted_post(|_| ());
        recall(app, &post.path("")).expect(200);
        let again = app.submit(&post);
        assert_eq!(again.revision, 2);
        decide(&app.reviewer(), &again, "approve", None).expect(201);
        assert_eq!(item(app, &post)["availability"], "live");
    }

    fn r07_the_approved_revision_stays_live_until_the_next_ones_time_has_come(app) {
        let post = app.live_post();
        let later = app.clock().now().after(Duration::from_secs(3600)).to_string();
        let before = item(app, &post);
        let mut content = before["working_revision"]["content"].clone();
        content["publish_at"] = json!(later);
        let body = json!({ "content": content });
        app.author().put(&post.path("/draft")).if_match(&before["version"]).json(&body).send().expect(200);
        assert_eq!(item(app, &post)["live_revision"], 1);
        approve_working(app, &post.path(""));
        assert_eq!(item(app, &post)["live_revision"], 1);
        let first = || app.author().get(&post.path("/revisions/1")).send().expect(200)["state"].clone();
        assert_eq!(first(), "approved");
        app.advance(Duration::from_secs(3600));
        assert_eq!((item(app, &post)["live_revision"].clone(), first()), (json!(2), json!("superseded")));
    }

    fn r07_a_recall_withdraws_an_open_review_and_only_a_later_submission_revives(app) {
        let post = app.live_post();
        save(&app.author(), &post, "The next words.").expect(200);
        let draft = working(app, &post);
        let next = app.submit(&Post { digest: draft["digest"].as_str().unwrap().into(), ..post.clone() });
        let recalled = recall(app, &post.path("")).expect(200);
        assert_eq!((&recalled["availability"], &recalled["review"]["state"]), (&json!("recalled"), &json!("withdrawn")));
        decide(&app.reviewer(), &next, "approve", None).problem("stage_closed");
        let again = app.submit(&next);
        decide(&app.reviewer(), &again, "approve", None).expect(201);
        assert_eq!(item(app, &post)["availability"], "live");
    }

    fn a_recall_is_answered_the_same_when_repeated(app) {
        let post = app.live_post();
        let first = recall(app, &post.path("")).expect(200);
        let size = app.record_size();
        assert_eq!(recall(app, &post.path("")).expect(200).json, first.json);
        assert_eq!(app.record_size(), size, "the second recall is no entry");
        recall(app, &app.draft(|_| ()).path("")).problem("not_approved");
    }

    fn a_recall_before_any_approval_is_answered_the_same_when_repeated(app) {
        let post = app.submitted_post(|_| ());
        let first = recall(app, &post.path("")).expect(200);
        assert_eq!(first["review"]["state"], "withdrawn");
        assert_eq!(recall(app, &post.path("")).expect(200).json, first.json);
    }

    fn a_retirement_withdraws_an_open_review(app) {
        let post = app.live_post();
        save(&app.author(), &post, "The next words.").expect(200);
        let draft = working(app, &post);
        app.submit(&Post { digest: draft["digest"].as_str().unwrap().into(), ..post.clone() });
        let body = json!({ "reason": "the campaign is over" });
        let retired = app.publisher().post(&post.path("/retirement")).json(&body).send().expect(200);
        assert_eq!((&retired["availability"], &retired["review"]["state"]), (&json!("retired"), &json!("withdrawn")));
    }

    fn r14_one_person_does_not_retire_what_is_required(app) {
        let list = app.author().get("/v1/disclaimers?limit=100").send().expect(200);
        let retire = |key: &str| {
            let item = list.list("/items").iter().find(|item| item["key"] == key).unwrap();
            let path = format!("/v1/disclaimers/{}/retirement", item["id"].as_str().unwrap());
            app.publisher().post(&path).json(&json!({ "reason": "not wanted" })).send()
        };
        retire("employee").problem("conflict");
        retire("referral-bonus").expect(200);
        assert_eq!(app.share(&app.live_post())["disclaimers"][0]["key"], "employee");
    }

    fn r09_a_submission_without_enough_reviewers_is_refused(app) {
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Legal" })).send().expect(201);
        let legal = app.person("legal", &[Role::Author, Role::Reviewer]);
        let member = format!("/v1/groups/{}/members/{}", group.text("/id"), legal.id());
        app.admin().put(&member).send().expect(204);
        let stages = json!([{ "name": "legal", "reviewers": { "group": group["id"] }, "quorum": 1 }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        // The only one in the pool wrote it.
        let made = legal.post("/v1/posts").json(&json!({ "content": app.content() })).send().expect(201);
        let path = format!("/v1/posts/{}/submission", made.text("/id"));
        let body = json!({ "digest": made.text("/working_revision/digest") });
        let refused = legal.post(&path).json(&body).send().problem("not_enough_reviewers");
        assert_eq!(refused["stage"], "legal");
        // And a workflow that nobody can finish is not put in force.
        let stages = json!([{ "name": "many", "reviewers": { "group": group["id"] }, "quorum": 2 }]);
        app.change_workflow(&json!({ "stages": stages })).problem("not_enough_reviewers");
    }

    fn a_stage_has_a_name_of_its_own(app) {
        let stage = json!({ "name": "review", "reviewers": { "role": "reviewer" }, "quorum": 1 });
        app.person("second", &[Role::Reviewer]);
        app.reviewer();
        let refused = app.change_workflow(&json!({ "stages": [stage, stage] })).problem("invalid_content");
        assert_eq!(refused["errors"][0]["pointer"], "#/stages/1/name");
    }

    fn r09_nothing_that_needs_a_recalled_disclaimer_can_be_submitted(app) {
        app.reviewer();
        let disclaimers = app.author().get("/v1/disclaimers?limit=200").send().expect(200);
        let employee = disclaimers.list("/items").iter().find(|found| found["key"] == "employee").unwrap();
        let path = format!("/v1/disclaimers/{}", employee["id"].as_str().unwrap());
        let reason = json!({ "reason": "The wording is wrong." });
        app.publisher().post(&format!("{path}/recall")).json(&reason).send().expect(200);
        let draft = app.draft(|_| {});
        let item = app.author().get(&draft.path("")).send().expect(200);
        let body = json!({ "digest": item.text("/working_revision/digest") });
        let submit = || app.author().post(&draft.path("/submission")).json(&body).send();
        let refused = submit().problem("invalid_content");
        assert_eq!(refused["errors"][0]["code"], "recalled_disclaimer");
        assert_eq!(refused["errors"][0]["disclaimer"], "employee");
        let item = app.author().get(&path).send().expect(200);
        let again = json!({ "digest": item.text("/working_revision/digest") });
        let review =
            app.author().post(&format!("{path}/submission")).json(&again).send().expect(201);
        let decision =
            json!({ "revision": review["revision"], "digest": review["digest"], "decision": "approve" });
        app.reviewer().post(&format!("{path}/decisions")).json(&decision).send().expect(201);
        submit().expect(201);
    }

    fn r09_what_refers_to_nothing_is_refused_at_its_place(app) {
        let mut content = app.content();
        content["hashtags"] = json!(["nope"]);
        content["audience"] = json!({ "groups": ["01890000-0000-7000-8000-000000000000"] });
        content["channels"] = json!(["linkedin", "myspace"]);
        let body = json!({ "content": content });
        let refused = app.author().post("/v1/posts").json(&body).send().problem("invalid_content");
        let places: Vec<&str> =
            refused.list("/errors").iter().filter_map(|fault| fault["pointer"].as_str()).collect();
        for place in ["#/content/channels/1", "#/content/hashtags/0", "#/content/audience/groups/0"] {
            assert!(places.contains(&place), "{places:?}");
        }
        let mut content = app.content();
        content["images"] = json!(["01890000-0000-7000-8000-000000000000"]);
        app.author().post("/v1/posts").json(&json!({ "content": content })).send().problem("unknown_image");
    }

    fn r12_a_post_is_blocked_by_a_recalled_pin_and_says_by_what(app) {
        let hashtag = approved_hashtag(app, "zon", "Zon");
        let post = app.approved_post(|content| content["hashtags"] = json!(["zon"]));
        let path = format!("/v1/hashtags/{hashtag}");
        app.publisher().post(&format!("{path}/retirement")).json(&json!({ "reason": "old" })).send().expect(200);
        assert_eq!(item(app, &post)["availability"], "live", "a retired pin does not matter");
        recall(app, &path).expect(200);
        let blocked = item(app, &post);
        assert_eq!(blocked["availability"], "blocked");
        assert_eq!(blocked["blocked_by"][0]["item"], hashtag);
        assert_eq!(blocked["blocked_by"][0]["code"], "pin_recalled");
        let refused = app.share_as(&app.employee(), &post).problem("blocked");
        assert_eq!(refused["blocked_by"][0]["item"], hashtag);
        assert_eq!(app.employee().get("/v1/feed").send().expect(200).list("/items").len(), 0);
    }

    fn r12_a_blocked_post_is_submitted_again_as_it_is_and_pins_anew(app) {
        let hashtag = approved_hashtag(app, "zon", "Zon");
        let post = app.approved_post(|content| content["hashtags"] = json!(["zon"]));
        let submission = json!({ "digest": post.digest });
        let again = || app.author().post(&post.path("/submission")).json(&submission).send();
        again().problem("nothing_to_submit");
        let path = format!("/v1/hashtags/{hashtag}");
        recall(app, &path).expect(200);
        again().problem("invalid_content");
        // The same tag, approved once more: the post need not change a word for it.
        let item = app.author().get(&path).send().expect(200);
        let frozen = json!({ "digest": item.text("/working_revision/digest") });
        let review = app.author().post(&format!("{path}/submission")).json(&frozen).send().expect(201);
        let decision = json!({ "revision": 2, "digest": review.text("/digest"), "decision": "approve" });
        app.reviewer().post(&format!("{path}/decisions")).json(&decision).send().expect(201);
        let review = again().expect(201);
        let next = Post { revision: 2, digest: review.text("/digest").to_owned(), ..post.clone() };
        app.approve(&next);
        app.share_as(&app.employee(), &next).expect(201);
    }

    fn an_imported_disclaimer_is_approved_without_review_and_changes_only_by_one(app) {
        let list = app.author().get("/v1/disclaimers?limit=100").send().expect(200);
        let employee = list.list("/items").iter().find(|item| item["key"] == "employee").unwrap().clone();
        assert_eq!(employee["availability"], "live");
        assert!(employee["review"].is_null() && employee["working_revision"]["authors"] == json!([]));
        let path = format!("/v1/disclaimers/{}", employee["id"].as_str().unwrap());
        let mut content = employee["working_revision"]["content"].clone();
        content["text"]["en"]["full"] = json!("I am proud to work at {company}.");
        let body = json!({ "content": content });
        app.author().put(&format!("{path}/draft")).if_match(&employee["version"]).json(&body).send().expect(200);
        let before = app.share(&app.live_post());
        assert!(before.text("/text").contains("For transparency: I work at"));
        approve_working(app, &path);
        let after = app.share(&app.live_post());
        assert!(after.text("/text").contains("I am proud to work at"));
    }

    fn r09_a_pool_is_asked_about_one_person_or_a_few_and_never_read_whole(app) {
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Everybody" })).send().expect(201);
        let id: GroupId = group.text("/id").parse().unwrap();
        let pool = Reviewers::Group { id, name: "Everybody".to_owned() };
        let reviewers: Vec<_> =
            (0..4).map(|nth| app.person(&format!("reviewer-{nth}"), &[Role::Reviewer])).collect();
        let colleague = app.person("colleague", &[Role::Author]);
        for member in reviewers.iter().chain([&colleague]) {
            let path = format!("/v1/groups/{id}/members/{}", member.id());
            app.admin().put(&path).send().expect(204);
        }
        let person = |client: &Client| -> PersonId { client.id().parse().unwrap() };
        let db = &app.state().db;
        let some = |excluded: &[PersonId], limit| {
            let pools = std::slice::from_ref(&pool);
            let read = |conn: &mut Conn| {
                let parts = reviewers::parts(conn, pools)?;
                reviewers::some_of(conn, &parts, excluded, limit)
            };
            let mut some = db.read_now(read).unwrap();
            some.sort_unstable();
            some
        };
        let is_in = |pool: &Reviewers, client: &Client| {
            let read = |conn: &mut Conn| {
                let parts = reviewers::parts(conn, std::slice::from_ref(pool))?;
                Ok(reviewers::is_in(conn, &parts, person(client))? && reviewers::may_decide(conn, person(client))?)
            };
            db.read_now(read).unwrap()
        };
        let mut all: Vec<PersonId> = reviewers.iter().map(person).collect();
        all.sort_unstable();
        assert_eq!(some(&[], 2).len(), 2);
        assert_eq!(some(&[], 100), all, "who cannot decide is not in the pool");
        assert_eq!(some(&all[1..], 100), all[..1]);
        assert!(is_in(&pool, &reviewers[0]) && !is_in(&pool, &colleague));
        let path = format!("/v1/people/{}", reviewers[0].id());
        let version = app.admin().get(&path).send().expect(200)["version"].clone();
        let gone = json!({ "active": false });
        app.admin().patch(&path).if_match(&version).json(&gone).send().expect(200);
        assert!(!is_in(&pool, &reviewers[0]));
        assert_eq!(some(&[], 100).len(), 3);
        let role = Reviewers::Role(Role::Reviewer);
        assert!(is_in(&role, &reviewers[1]) && !is_in(&role, &reviewers[0]) && !is_in(&role, &colleague));
        let outsider = app.person("outsider", &[Role::Reviewer]);
        assert!(is_in(&role, &outsider) && !is_in(&pool, &outsider));
    }
}
