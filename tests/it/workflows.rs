//! Workflows: for which content which stages must be passed, in versions.

use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

/// A workflow for posts with one stage in which any reviewer decides.
fn simple(name: &str, when: Value) -> Value {
    let stage = json!({ "name": "review", "reviewers": { "role": "reviewer" }, "quorum": "any" });
    json!({ "kind": "post", "name": name, "when": when, "stages": [stage] })
}

/// Saves a workflow, for topics and campaigns that are registered.
fn save(app: &TestApp, body: &Value) -> Answer {
    app.register_keys(&body["when"]);
    save_as_it_is(app, body)
}

fn save_as_it_is(app: &TestApp, body: &Value) -> Answer {
    app.admin().post("/v1/workflows").json(body).send()
}

fn review_of(app: &TestApp, post: &Post) -> Value {
    app.author().get(&post.path("")).send().expect(200)["review"].clone()
}

fn decide(client: &Client, post: &Post, decision: &str, reason: Option<&str>) -> Answer {
    client.post(&post.path("/decisions")).json(&post.decision(decision, reason)).send()
}

fn about(topics: &[&str]) -> impl FnOnce(&mut Value) {
    let topics = json!(topics);
    move |content| content["topics"] = topics
}

both! {
    fn the_workflow_with_most_conditions_applies(app) {
        app.reviewer();
        save(app, &simple("Legal", json!({ "topics": ["legal"] }))).expect(201);
        save(app, &simple("Legal pictures", json!({ "topics": ["legal"], "has_images": true }))).expect(201);
        let name = |post: &Post| review_of(app, post)["workflow"]["name"].clone();
        assert_eq!(name(&app.submitted_post(|_| ())), "Review");
        assert_eq!(name(&app.submitted_post(about(&["wind", "legal"]))), "Legal");
    }

    fn a_workflow_that_ties_with_another_is_refused_when_saved(app) {
        app.reviewer();
        let refused = save(app, &simple("Another", json!({}))).problem("workflow_tie");
        assert_eq!(refused.list("/workflows").len(), 1);
        save(app, &simple("Legal", json!({ "topics": ["legal"] }))).expect(201);
        let germany = simple("Germany", json!({ "countries": ["DE"] }));
        save(app, &germany).problem("workflow_tie");
        // What both are for gets one of its own first: then nothing is in doubt.
        let both = save(app, &simple("Both", json!({ "topics": ["legal"], "countries": ["DE"] }))).expect(201);
        save(app, &germany).expect(201);
        let path = format!("/v1/workflows/{}", both.text("/id"));
        app.admin().delete(&path).if_match(&both["version"]).send().problem("workflow_tie");
    }

    fn r09_content_that_two_workflows_claim_is_not_submitted(app) {
        app.reviewer();
        save(app, &simple("Legal", json!({ "topics": ["legal"] }))).expect(201);
        save(app, &simple("Wind", json!({ "topics": ["wind"] }))).expect(201);
        let draft = app.draft(about(&["legal", "wind"]));
        let body = json!({ "digest": draft.digest });
        let refused = app.author().post(&draft.path("/submission")).json(&body).send().problem("workflow_tie");
        assert!(refused.text("/detail").contains("Legal") && refused.text("/detail").contains("Wind"));
    }

    fn c15_what_no_workflow_is_for_is_not_submitted(app) {
        app.reviewer();
        let list = app.admin().get("/v1/workflows?kind=post").send().expect(200);
        let path = format!("/v1/workflows/{}", list.text("/items/0/id"));
        let version = &list["items"][0]["version"];
        app.admin().delete(&path).send().problem("precondition_required");
        app.admin().delete(&path).if_match(&json!(7)).send().problem("precondition_failed");
        app.admin().delete(&path).if_match(version).send().expect(204);
        app.admin().delete(&path).if_match(version).send().problem("conflict");
        let ended = app.admin().get(&path).send().expect(200);
        assert!(ended["until"].is_string(), "it can still be read");
        let draft = app.draft(|_| ());
        let body = json!({ "digest": draft.digest });
        app.author().post(&draft.path("/submission")).json(&body).send().problem("no_workflow");
        save(app, &simple("Only wind", json!({ "topics": ["wind"] }))).expect(201);
        app.author().post(&draft.path("/submission")).json(&body).send().problem("no_workflow");
        app.submitted_post(about(&["wind"]));
    }

    fn c11_a_changed_workflow_leaves_open_reviews_as_they_began(app) {
        let post = app.submitted_post(|_| ());
        app.person("second", &[Role::Reviewer]);
        let stages = json!([{ "name": "two", "reviewers": { "role": "reviewer" }, "quorum": 2 }]);
        let changed = app.change_workflow(&json!({ "stages": stages })).expect(200);
        assert_eq!((&changed["version"], changed.header("ETag")), (&json!(2), "\"2\""));
        app.approve(&post);
        let old = review_of(app, &post);
        assert_eq!((&old["state"], &old["workflow"]["version"]), (&json!("approved"), &json!(1)));
        let next = app.submitted_post(|_| ());
        app.approve(&next);
        let new = review_of(app, &next);
        assert_eq!((&new["state"], &new["workflow"]["version"]), (&json!("open"), &json!(2)));
    }

    fn c20_the_version_that_governed_a_review_can_be_read_for_ever(app) {
        let post = app.submitted_post(|_| ());
        let workflow = review_of(app, &post)["workflow"].clone();
        let path = format!("/v1/workflows/{}", workflow["id"].as_str().unwrap());
        let before = app.admin().get(&path).send().expect(200);
        let stages = json!([{ "name": "other", "reviewers": { "role": "reviewer" }, "quorum": "any" }]);
        app.change_workflow(&json!({ "name": "Other", "stages": stages })).expect(200);
        let first = app.auditor().get(&format!("{path}/versions/1")).send().expect(200);
        assert_eq!((&first["name"], &first["stages"]), (&before["name"], &before["stages"]));
        assert!(first["until"].is_string() && before["until"].is_null());
        app.auditor().get(&format!("{path}/versions/3")).send().problem("not_found");
        // The same again is no version.
        let same = app.change_workflow(&json!({ "name": "Other", "stages": stages })).expect(200);
        assert_eq!(same["version"], 2);
    }

    fn conditions_and_dates_that_could_never_hold_are_refused_at_their_places(app) {
        app.reviewer();
        let stage = json!({
            "name": "review", "reviewers": { "role": "reviewer" }, "quorum": "any",
            "due_in_hours": 2, "remind_after_hours": 2,
        });
        let late = json!({
            "name": "late", "reviewers": { "group": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1" }, "quorum": "any",
            "escalate_to": { "responsibility": "nobody" },
        });
        let when = json!({ "topics": ["Wind!"], "languages": ["NL"], "countries": ["XX"], "channels": ["myspace"] });
        let body = json!({ "kind": "post", "name": "Odd", "when": when, "stages": [stage, late] });
        let refused = save_as_it_is(app, &body).problem("invalid_content");
        let places: Vec<&str> = refused.list("/errors").iter().map(|it| it["pointer"].as_str().unwrap()).collect();
        for place in [
            "#/when/topics/0", "#/when/languages/0", "#/when/countries/0", "#/when/channels/0",
            "#/stages/0/remind_after_hours", "#/stages/1/reviewers/group", "#/stages/1/escalate_to",
            "#/stages/1/escalate_to/responsibility",
        ] {
            assert!(places.contains(&place), "{place}: {places:?}");
        }
        let mut rule = simple("Rules", json!({ "topics": ["wind"] }));
        rule["kind"] = json!("rule");
        assert_eq!(save(app, &rule).problem("invalid_content").text("/errors/0/pointer"), "#/when/topics");
        for quorum in [json!(0), json!(51), json!("most"), json!(null)] {
            let mut odd = simple("Odd", json!({ "topics": ["wind"] }));
            odd["stages"][0]["quorum"] = quorum;
            assert!([400, 422].contains(&save(app, &odd).status));
        }
    }

    fn r09_a_workflow_is_for_topics_and_campaigns_that_are_registered(app) {
        app.reviewer();
        app.campaign("spring");
        let when = json!({ "topics": ["finance", "finnance"], "campaigns": ["spring", "sprng"] });
        let refused = save_as_it_is(app, &simple("Legal", when)).problem("invalid_content");
        let told: Vec<(&str, &str)> = refused
            .list("/errors")
            .iter()
            .map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()))
            .collect();
        assert_eq!(told, [("#/when/topics/1", "unknown_key"), ("#/when/campaigns/1", "unknown_key")]);
        let mut body = simple("Legal", json!({ "topics": ["finance"], "campaigns": ["spring"] }));
        let saved = save_as_it_is(app, &body).expect(201);
        for path in ["/v1/topics/finance", "/v1/campaigns/spring"] {
            app.publisher().delete(path).if_match(&json!(1)).send().expect(204);
        }
        // What is in force can say something else for what it is for; another one cannot be for it anew.
        let path = format!("/v1/workflows/{}", saved.text("/id"));
        let put = |version: i64, body: &Value| app.admin().put(&path).if_match(&json!(version)).json(body).send();
        body["name"] = json!("Lawyers");
        put(1, &body).expect(200);
        save_as_it_is(app, &simple("Other", json!({ "topics": ["finance"] }))).problem("invalid_content");
        body["when"] = json!({ "campaigns": ["spring"] });
        put(2, &body).expect(200);
        body["when"] = json!({ "topics": ["finance"], "campaigns": ["spring"] });
        let refused = put(3, &body).problem("invalid_content");
        assert_eq!((refused.list("/errors").len(), refused.text("/errors/0/pointer")), (1, "#/when/topics/0"));
    }

    fn r09_who_is_needed_in_a_later_stage_does_not_approve_in_an_earlier_one(app) {
        let (anna, ben) = (app.person("anna", &[Role::Reviewer]), app.person("ben", &[Role::Reviewer]));
        let stages = json!([
            { "name": "first", "reviewers": { "role": "reviewer" }, "quorum": "any" },
            { "name": "second", "reviewers": { "person": anna.id() }, "quorum": "any" },
        ]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        let refused = decide(&anna, &post, "approve", None).problem("needed_later");
        assert_eq!(refused["stage"], 1);
        decide(&ben, &post, "approve", None).expect(201);
        decide(&ben, &post, "approve", None).problem("already_decided");
        decide(&anna, &post, "approve", None).expect(201);
        assert_eq!(review_of(app, &post)["state"], "approved");
    }

    fn r04_one_person_decides_in_two_stages_where_the_workflow_says_so(app) {
        let anna = app.person("anna", &[Role::Reviewer]);
        let stage = |name: &str| json!({ "name": name, "reviewers": { "person": anna.id() }, "quorum": "any" });
        let stages = json!([stage("first"), stage("second")]);
        app.change_workflow(&json!({ "stages": stages })).problem("not_enough_reviewers");
        app.change_workflow(&json!({ "stages": stages, "same_person_twice": true })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        decide(&anna, &post, "approve", None).expect(201);
        let half = review_of(app, &post);
        assert_eq!((&half["stages"][0]["state"], &half["stages"][1]["state"]), (&json!("passed"), &json!("open")));
        decide(&anna, &post, "approve", None).expect(201);
        assert_eq!(review_of(app, &post)["state"], "approved");
    }

    fn c09_all_are_those_who_were_there_when_the_stage_opened(app) {
        let (anna, ben) = (app.person("anna", &[Role::Reviewer]), app.person("ben", &[Role::Reviewer]));
        let stages = json!([{ "name": "all", "reviewers": { "role": "reviewer" }, "quorum": "all" }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        let late = app.person("late", &[Role::Reviewer]);
        decide(&late, &post, "approve", None).problem("not_a_reviewer");
        let open = review_of(app, &post)["stages"][0].clone();
        let mut waited = vec![json!(anna.id()), json!(ben.id())];
        waited.sort_by_key(|id| id.as_str().unwrap().to_owned());
        assert_eq!((&open["missing"], &open["waits_for"]), (&json!(2), &json!(waited)));
        decide(&anna, &post, "approve", None).expect(201);
        assert_eq!(review_of(app, &post)["stages"][0]["waits_for"], json!([ben.id()]));
        decide(&ben, &post, "approve", None).expect(201);
        assert_eq!(review_of(app, &post)["state"], "approved");
    }

    fn c09_a_person_in_two_pools_counts_once(app) {
        let (anna, ben) = (app.person("anna", &[Role::Reviewer]), app.person("ben", &[Role::Reviewer]));
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Legal" })).send().expect(201);
        app.admin().put(&format!("/v1/groups/{}/members/{}", group.text("/id"), anna.id())).send().expect(204);
        let stages = json!([
            { "name": "all", "reviewers": { "role": "reviewer" }, "quorum": 2 },
            { "name": "legal", "reviewers": { "group": group["id"] }, "quorum": "any" },
        ]);
        // Anna is wanted in both, and counts once.
        let refused = app.change_workflow(&json!({ "stages": stages })).problem("not_enough_reviewers");
        assert_eq!(refused.text("/errors/0/code"), "not_enough_reviewers");
        let carl = app.person("carl", &[Role::Reviewer]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let post = app.submit(&app.draft(|_| ()));
        decide(&ben, &post, "approve", None).expect(201);
        decide(&anna, &post, "approve", None).problem("needed_later");
        decide(&carl, &post, "approve", None).expect(201);
        decide(&anna, &post, "approve", None).expect(201);
    }

    fn c21_each_decision_of_a_batch_has_its_own_result(app) {
        let posts: Vec<Post> = (0..3).map(|_| app.submitted_post(|_| ())).collect();
        let decision = |post: &Post, decision: &str| {
            json!({ "item": post.id, "revision": 1, "digest": post.digest, "decision": decision })
        };
        let mut old = decision(&posts[1], "approve");
        old["digest"] = json!(format!("sha256:{}", "0".repeat(64)));
        let mut unknown = decision(&posts[0], "approve");
        unknown["item"] = json!("019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81");
        let body = json!({ "decisions": [
            decision(&posts[0], "approve"), old, decision(&posts[2], "reject"), unknown, decision(&posts[1], "approve"),
        ] });
        let send = || app.reviewer().post("/v1/decision-batches").json(&body).idempotency_key("batch").send();
        let first = send().expect(207);
        let statuses: Vec<&Value> = first.list("/results").iter().map(|result| &result["status"]).collect();
        assert_eq!(statuses, [201, 409, 422, 404, 201]);
        assert_eq!(first["results"][1]["problem"]["code"], "revision_changed");
        assert_eq!(first["results"][2]["problem"]["errors"][0]["pointer"], "#/reason");
        let again = send().expect(207);
        assert_eq!(again["results"][0]["replayed"], true);
        assert_eq!(again["results"][0]["review_id"], first["results"][0]["review_id"]);
        assert_eq!(again["results"][2]["status"], 422);
        // An author gains nothing by a batch (C14).
        let author = app.person("both", &[Role::Author, Role::Reviewer]);
        let own = author.post("/v1/posts").json(&json!({ "content": app.content() })).send().expect(201);
        let submit = json!({ "digest": own.text("/working_revision/digest") });
        let path = format!("/v1/posts/{}/submission", own.text("/id"));
        let review = author.post(&path).json(&submit).send().expect(201);
        let own = json!({ "item": own["id"], "revision": 1, "digest": review["digest"], "decision": "approve" });
        let body = json!({ "decisions": [own] });
        let refused = author.post("/v1/decision-batches").json(&body).send().expect(207);
        assert_eq!(refused["results"][0]["problem"]["code"], "author_cannot_decide");
        let many = json!({ "decisions": vec![decision(&posts[0], "approve"); 201] });
        app.reviewer().post("/v1/decision-batches").json(&many).send().problem("invalid_request");
    }
}
