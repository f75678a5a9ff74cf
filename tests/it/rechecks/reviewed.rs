//! Posts that are under review when something that they rest on is rechecked.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::time::Duration;

use greenlight::app::notifications::spread;
use greenlight::domain::ids::{Digest, RecheckId};
use greenlight::domain::recheck::RecheckAction;
use greenlight::domain::roles::Role;
use greenlight::store::rechecks::{self, Effect, NewRecheck};
use greenlight::store::{Lane, reviews, revisions};
use serde_json::{Value, json};

use super::{Source, assert_blocked, assert_live, disclaimer, guideline, item, rule_against, saying};
use crate::support::{Answer, Client, Post, TestApp, both};

fn decide(client: &Client, post: &Post, decision: &str) -> Answer {
    let body = post.decision(decision, Some("What it says is old."));
    client.post(&post.path("/decisions")).json(&body).send()
}

/// The approval is refused, and says what was rechecked.
#[track_caller]
fn refused(app: &TestApp, post: &Post, source: &Source, recheck: &Answer, because: &str) -> Answer {
    let refused = decide(&app.reviewer(), post, "approve").problem("rechecked");
    let told = &refused["recheck"];
    let said = (&told["id"], &told["item_id"], &told["revision"], &told["because"], &told["reason"]);
    let expected = (&json!(source.id), &json!(source.revision), &json!(because), &json!("It says more."));
    assert_eq!(said, (&recheck["id"], expected.0, expected.1, expected.2, expected.3));
    assert_eq!((refused.status, refused.text("/state")), (409, "open"));
    assert_eq!(item(app, post).text("/working_revision/state"), "in_review");
    refused
}

/// What became of each post that a recheck touched.
fn states(app: &TestApp, source: &Source, recheck: &Answer) -> Vec<(Value, Value)> {
    let state = |post: &Value| (post["post_id"].clone(), post["state"].clone());
    source.posts(app, recheck).list("/items").iter().map(state).collect()
}

fn state_of(app: &TestApp, source: &Source, recheck: &Answer, post: &Post) -> String {
    let found = states(app, source, recheck).into_iter().find(|(id, _)| *id == post.id.as_str());
    found.map(|(_, state)| state.as_str().unwrap().to_owned()).unwrap_or_default()
}

fn revised_employee(app: &TestApp) -> Source {
    Source::employee(app)
        .revised(app, |content| content["text"]["en"]["full"] = json!("I work at {company}."))
}

/// Another title, which withdraws the review, submitted.
fn edited(app: &TestApp, post: &Post) -> Post {
    let found = item(app, post);
    let mut content = found["working_revision"]["content"].clone();
    content["title"] = json!("Changed");
    let author = app.author();
    let save =
        author.put(&post.path("/draft")).if_match(&found["version"]).json(&json!({ "content": content }));
    let digest = save.send().expect(200).text("/working_revision/digest").to_owned();
    app.submit(&Post { digest, ..post.clone() })
}

fn withdraw(app: &TestApp, source: &Source, recheck: &Answer) -> Answer {
    let path = source.path(&format!("/rechecks/{}/withdrawal", recheck.text("/id")));
    app.publisher().post(&path).json(&json!({ "reason": "The wrong one." })).send()
}

/// How often somebody was told of each topic about a post or item, once everybody was told what there is.
fn told(app: &TestApp, who: &Client, about: &str) -> BTreeMap<String, usize> {
    for _ in 0..2 {
        spread(&app.state().db, app.clock()).unwrap();
    }
    let mut told = BTreeMap::new();
    for item in who.get("/v1/me/notifications?limit=200").send().expect(200).list("/items") {
        if item["item_id"] == about && item["topic"].as_str().unwrap().starts_with("recheck") {
            *told.entry(item["topic"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    told
}

/// What an auditor computes from the list of posts.
fn digest_of(page: &Answer) -> String {
    let mut posts: Vec<String> = page
        .list("/items")
        .iter()
        .map(|post| {
            let (because, id, revision) = (&post["because"], &post["post_id"], &post["revision"]);
            format!("{{\"because\":{because},\"post_id\":{id},\"revision\":{revision}}}")
        })
        .collect();
    posts.sort_by_key(|post| post.split("\"post_id\":").nth(1).unwrap().to_owned());
    Digest::of(format!("[{}]", posts.join(",")).as_bytes()).to_string()
}

both! {
    fn r12_what_was_submitted_before_a_recheck_is_not_approved_but_submitted_anew(app) {
        let (returned, changed) = (app.submitted_post(|_| ()), app.submitted_post(|_| ()));
        let second = revised_employee(app);
        let recheck = second.recheck(app, "reapprove");
        assert_eq!((&recheck["posts"], &recheck["posts_in_review"]), (&json!(2), &json!(2)));
        for post in [&returned, &changed] {
            let problem = refused(app, post, &second, &recheck, "pins_older");
            assert!(problem.text("/detail").contains("employee"), "{}", problem.text);
            assert_eq!(state_of(app, &second, &recheck, post), "in_review");
        }
        let listed = second.posts(app, &recheck);
        let entry = listed.list("/items").iter().find(|post| post["post_id"] == returned.id.as_str()).unwrap();
        let expected = json!({
            "post_id": returned.id, "revision": 1, "because": "pins_older", "title": "We are hiring",
            "state": "in_review", "availability": "unapproved",
        });
        assert_eq!(*entry, expected);
        decide(&app.reviewer(), &returned, "request_changes").expect(201);
        assert_eq!(state_of(app, &second, &recheck, &returned), "ended");
        let again = app.submit(&returned);
        assert_eq!(state_of(app, &second, &recheck, &returned), "in_review");
        let edited = edited(app, &changed);
        for post in [&again, &edited] {
            app.approve(post);
            assert_live(app, post);
            assert_eq!(state_of(app, &second, &recheck, post), "approved_anew");
        }
    }

    fn r12_a_rejection_needs_no_new_submission(app) {
        let post = app.submitted_post(|_| ());
        let second = revised_employee(app);
        let recheck = second.recheck(app, "reapprove");
        decide(&app.reviewer(), &post, "reject").expect(201);
        assert_eq!(state_of(app, &second, &recheck, &post), "ended");
    }

    fn r12_each_way_to_be_touched_keeps_from_approval_and_nothing_else_does(app) {
        let belgian = |content: &mut Value| content["audience"] = json!({ "countries": ["BE"] });
        let saying_so = app.submitted_post(saying("A guaranteed place."));
        let (post, other) = (app.submitted_post(|_| ()), app.submitted_post(belgian));
        let required = json!({ "countries": ["NL"] });
        let source = Source::made(app, "disclaimers", Some("today"), &disclaimer(Some(required)));
        let recheck = source.recheck(app, "reapprove");
        refused(app, &post, &source, &recheck, "required");
        withdraw(app, &source, &recheck).expect(200);
        let source = Source::made(app, "rules", None, &rule_against("guaranteed", "warn"));
        let recheck = source.recheck(app, "reapprove");
        assert_eq!(states(app, &source, &recheck), [(json!(saying_so.id), json!("in_review"))]);
        refused(app, &saying_so, &source, &recheck, "rule_finds");
        let dutch = json!({ "countries": ["NL"] });
        let source = Source::made(app, "guidelines", Some("do"), &guideline(&dutch));
        let recheck = source.recheck(app, "reapprove");
        refused(app, &post, &source, &recheck, "shared_audience");
        app.approve(&other);
        assert_eq!(item(app, &other).text("/availability"), "live");
    }

    fn r12_none_and_notify_keep_nothing_from_approval(app) {
        let post = app.submitted_post(|_| ());
        let second = revised_employee(app);
        let (none, notify) = (second.recheck(app, "none"), second.recheck(app, "notify"));
        assert_eq!(state_of(app, &second, &notify, &post), "in_review");
        app.approve(&post);
        assert_live(app, &post);
        for recheck in [&none, &notify] {
            assert_eq!(state_of(app, &second, recheck, &post), "unchanged");
        }
    }

    fn r12_after_a_recheck_is_withdrawn_the_approval_goes_through(app) {
        let post = app.submitted_post(|_| ());
        let second = revised_employee(app);
        let (first, last) = (second.recheck(app, "reapprove"), second.recheck(app, "reapprove"));
        withdraw(app, &second, &first).expect(200);
        refused(app, &post, &second, &last, "pins_older");
        let withdrawn = withdraw(app, &second, &last).expect(200);
        assert_eq!(withdrawn["withdrawn_by"], app.publisher().id());
        assert_eq!(withdrawn["withdrawal_reason"], "The wrong one.");
        let again = withdraw(app, &second, &last).problem("conflict");
        assert_eq!(again["withdrawn_at"], withdrawn["withdrawn_at"]);
        assert_eq!(again["withdrawn_by"], app.publisher().id());
        for word in [withdrawn.text("/withdrawn_at"), &app.publisher().id()] {
            assert!(again.text("/detail").contains(word), "{}", again.text);
        }
        app.approve(&post);
        assert_live(app, &post);
        assert_eq!(state_of(app, &second, &last, &post), "unchanged");
    }

    fn r12_no_other_way_to_an_approval_gets_round_a_recheck(app) {
        let post = app.submitted_post(|_| ());
        let second = revised_employee(app);
        let recheck = second.recheck(app, "reapprove");
        let mut decision = post.decision("approve", None);
        decision["item"] = json!(post.id);
        let batch = json!({ "decisions": [decision] });
        let answer = app.reviewer().post("/v1/decision-batches").json(&batch).send().expect(207);
        let result = answer.text.clone();
        assert!(result.contains("\"rechecked\"") && result.contains(recheck.text("/id")), "{result}");
        let urgent = json!({ "digest": post.digest, "reason": "now" });
        let publish = || app.publisher().post(&post.path("/urgent-publication")).json(&urgent).send();
        assert_eq!(publish().problem("rechecked")["recheck"]["id"], recheck["id"]);
        // A deputy takes the place of somebody, and no more.
        let (anna, ben) = (app.person("anna", &[Role::Reviewer]), app.person("ben", &[Role::Reviewer]));
        let days = json!({ "to": ben.id(), "from_date": "2026-11-21", "until_date": "2026-11-23" });
        anna.post("/v1/delegations").json(&days).send().expect(201);
        let mut deputy = post.decision("approve", None);
        deputy["on_behalf_of"] = json!(anna.id());
        ben.post(&post.path("/decisions")).json(&deputy).send().problem("rechecked");
        assert_eq!(item(app, &post).text("/availability"), "unapproved");
        // Words that are withdrawn are not brought back alone (C18).
        decide(&app.reviewer(), &post, "request_changes").expect(201);
        publish().problem("words_stopped");
    }

    fn c18_words_that_were_withdrawn_after_a_recheck_are_not_published_urgently(app) {
        let post = app.submitted_post(|_| ());
        let second = revised_employee(app);
        second.recheck(app, "reapprove");
        let found = item(app, &post);
        let mut content = found["working_revision"]["content"].clone();
        content["title"] = json!("Changed");
        let body = json!({ "content": content });
        let author = app.author();
        let saved = author.put(&post.path("/draft")).if_match(&found["version"]).json(&body).send().expect(200);
        let urgent = json!({ "digest": saved["working_revision"]["digest"], "reason": "now" });
        let publish = app.publisher().post(&post.path("/urgent-publication")).json(&urgent).send();
        assert_eq!(publish.problem("words_stopped")["stopped_revision"], 1);
    }

    fn r12_only_the_approval_that_ends_a_review_is_refused(app) {
        let (anna, ben) = (app.person("anna", &[Role::Reviewer]), app.person("ben", &[Role::Reviewer]));
        let stage = |name: &str, who: &Client| {
            json!({ "name": name, "reviewers": { "person": who.id() }, "quorum": "any" })
        };
        let stages = json!([stage("first", &anna), stage("last", &ben)]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submitted_post(|_| ());
        let source = Source::made(app, "guidelines", Some("do"), &guideline(&json!({})));
        let recheck = source.recheck(app, "reapprove");
        decide(&anna, &post, "approve").expect(201);
        decide(&ben, &post, "approve").problem("rechecked");
        withdraw(app, &source, &recheck).expect(200);
        decide(&ben, &post, "approve").expect(201);
        assert_live(app, &post);
    }

    fn r12_what_was_submitted_while_the_posts_were_looked_for_is_not_approved_either(app) {
        let post = app.submitted_post(|_| ());
        let source = Source::made(app, "guidelines", Some("do"), &guideline(&json!({})));
        let id = RecheckId::generate();
        let new = NewRecheck {
            id,
            item: source.id.parse().unwrap(),
            revision: 1,
            digest: &source.digest.parse().unwrap(),
            action: RecheckAction::Reapprove,
            reason: Some("It says more."),
            person: app.publisher().id().parse().unwrap(),
        };
        // As if it had been submitted after the look and before the recheck: it is not among its posts.
        let idx = app.record_size() - 1;
        let digest = Digest::of(b"[]");
        let effect = Effect { idx, posts: 0, posts_in_review: 0, posts_digest: &digest, blocks: true };
        let written = app.state().db.write_now(Lane::Ordinary, |tx| {
            rechecks::begin(tx, &new)?;
            rechecks::take_effect(tx, id, &effect)
        });
        written.unwrap();
        let problem = decide(&app.reviewer(), &post, "approve").problem("rechecked");
        assert_eq!(problem["recheck"]["id"], id.to_string());
        let later = app.submitted_post(|_| ());
        app.approve(&later);
        assert_live(app, &later);
    }

    fn r12_no_approval_slips_in_after_a_recheck_that_comes_at_the_same_moment(app) {
        let source = Source::made(app, "guidelines", Some("do"), &guideline(&json!({})));
        let (reviewer, publisher) = (app.reviewer(), app.publisher());
        for round in 0..12 {
            let posts: Vec<Post> = (0..4).map(|_| app.submitted_post(|_| ())).collect();
            let start = Barrier::new(posts.len() + 1);
            // One after the other, so that some of them are decided while the recheck takes effect.
            let decide_one = |nth: u64, post: &Post| {
                start.wait();
                std::thread::sleep(Duration::from_millis(nth * 8 + round));
                decide(&reviewer, post, "approve")
            };
            let (recheck, decided) = std::thread::scope(|scope| {
                let decide_one = &decide_one;
                let decide_all = (0..).zip(&posts);
                let deciding: Vec<_> =
                    decide_all.map(|(nth, post)| scope.spawn(move || decide_one(nth, post))).collect();
                start.wait();
                let recheck = source.recheck_as(&publisher, "reapprove").expect(201);
                (recheck, deciding.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>())
            });
            for (post, answer) in posts.iter().zip(decided) {
                let approved = answer["stages"][0]["decisions"][0]["index"].as_i64();
                assert_eq!((approved.is_some(), answer.status == 409), (answer.status == 201, approved.is_none()));
                assert!(approved.is_none_or(|idx| idx < recheck["index"].as_i64().unwrap()), "{}", answer.text);
                assert_ne!(item(app, post).text("/availability"), "live");
                let expected = if approved.is_some() { "blocked" } else { "in_review" };
                assert_eq!(state_of(app, &source, &recheck, post), expected);
            }
        }
    }

    fn r12_a_later_revision_under_review_waits_as_its_live_post_does(app) {
        let live = app.live_post();
        let next = edited(app, &live);
        let second = revised_employee(app);
        let recheck = second.recheck(app, "reapprove");
        assert_eq!((&recheck["posts"], &recheck["posts_in_review"]), (&json!(1), &json!(0)));
        assert_blocked(app, &live, &[second.blocker(&recheck)]);
        refused(app, &next, &second, &recheck, "pins_older");
        assert_eq!(state_of(app, &second, &recheck, &live), "blocked");
    }

    fn those_who_are_concerned_by_what_is_under_review_are_told_and_told_of_the_withdrawal(app) {
        let (live, post) = (app.live_post(), app.submitted_post(|_| ()));
        let second = revised_employee(app);
        let (author, reviewer, publisher) = (app.author(), app.reviewer(), app.publisher());
        let recheck = second.recheck(app, "reapprove");
        let once = BTreeMap::from([("recheck".to_owned(), 1)]);
        let all = |expected: &BTreeMap<String, usize>| {
            assert_eq!(told(app, &author, &live.id), *expected);
            assert_eq!(told(app, &author, &post.id), *expected);
            assert_eq!(told(app, &reviewer, &post.id), *expected);
            assert_eq!(told(app, &publisher, &second.id), *expected);
            assert_eq!(told(app, &reviewer, &live.id), BTreeMap::new(), "nobody waits for them there");
        };
        all(&once);
        withdraw(app, &second, &recheck).expect(200);
        all(&BTreeMap::from([("recheck".to_owned(), 1), ("recheck_withdrawn".to_owned(), 1)]));
    }

    fn the_entry_of_a_recheck_commits_to_its_posts(app) {
        for _ in 0..2 {
            app.live_post();
        }
        app.submitted_post(|_| ());
        let source = Source::made(app, "guidelines", Some("do"), &guideline(&json!({})));
        let recheck = source.recheck(app, "reapprove");
        let list = source.posts(app, &recheck);
        assert_eq!(list.list("/items").len(), 3);
        assert_eq!((&recheck["posts"], &recheck["posts_in_review"]), (&json!(3), &json!(1)));
        assert_eq!(recheck.text("/posts_digest"), digest_of(&list));
        let entries = app.record_entries();
        let entry = entries.iter().find(|entry| json!(entry.idx) == recheck["index"]).unwrap();
        let fields: Value = serde_json::from_str(&entry.fields).unwrap();
        assert_eq!(fields["posts_digest"], recheck["posts_digest"], "{fields}");
        assert_eq!((&fields["posts"], &fields["posts_in_review"]), (&json!(3), &json!(1)));
        let nothing = Source::made(app, "rules", None, &rule_against("surely", "warn")).recheck(app, "none");
        assert_eq!(nothing.text("/posts_digest"), Digest::of(b"[]").to_string());
    }

    fn each_query_about_what_is_under_review_has_its_index(app) {
        app.submitted_post(|_| ());
        let second = revised_employee(app);
        let recheck = second.recheck(app, "reapprove");
        let reads_a_table = |plan: &str| plan.contains("SCAN") || plan.contains("Seq Scan");
        let (found, plan) = app.plan(|conn| rechecks::in_force_after(conn, 0));
        assert_eq!(found.len(), 1);
        assert!(plan.contains("rechecks_in_force") || plan.contains("rechecks_idx"), "{plan}");
        assert!(!reads_a_table(&plan), "{plan}");
        let idx = recheck["index"].as_i64().unwrap();
        let post = greenlight::domain::ids::Kind::Post;
        let (found, plan) = app.plan(|conn| revisions::is_submitted_since(conn, post, idx));
        assert!(!found && !reads_a_table(&plan), "{plan}");
        let (found, plan) = app.plan(|conn| reviews::under_review(conn, post, None, 9));
        assert!(found.len() == 1 && plan.contains("reviews_kind") && !reads_a_table(&plan), "{plan}");
    }
}
