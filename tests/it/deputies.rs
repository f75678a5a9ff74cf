//! Deputies: one's own work in another's hands, for some days.

use std::time::Duration;

use greenlight::app::deadlines::run;
use greenlight::app::notifications::spread;
use greenlight::domain::roles::{Role, Scope};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

const DAY: Duration = Duration::from_hours(24);

fn delegate(from: &Client, to: &Client, first: &str, last: &str) -> Answer {
    let body = json!({ "to": to.id(), "from_date": first, "until_date": last });
    from.post("/v1/delegations").json(&body).send()
}

fn approve(client: &Client, post: &Post) -> Answer {
    client.post(&post.path("/decisions")).json(&post.decision("approve", None)).send()
}

/// Anna alone decides on posts; Ben can decide, but not there.
fn anna_decides(app: &TestApp) -> (Client, Client) {
    let (anna, ben) = (app.person("anna", &[Role::Reviewer]), app.person("ben", &[Role::Reviewer]));
    let stages = json!([{ "name": "anna", "reviewers": { "person": anna.id() }, "quorum": "any" }]);
    app.change_workflow(&json!({ "stages": stages })).expect(200);
    (anna, ben)
}

fn set_active(app: &TestApp, client: &Client, active: bool) -> Answer {
    let path = format!("/v1/people/{}", client.id());
    let version = app.admin().get(&path).send().expect(200)["version"].clone();
    app.admin().patch(&path).if_match(&version).json(&json!({ "active": active })).send().expect(200)
}

fn deactivate(app: &TestApp, client: &Client) -> Answer {
    set_active(app, client, false)
}

fn wait(app: &TestApp) {
    let state = app.state();
    run(&state.db, &state.context, &state.rules(), state.clock.now()).unwrap();
}

/// How often somebody was told of this topic, once everybody was told what there is.
fn told(app: &TestApp, who: &Client, topic: &str) -> usize {
    spread(&app.state().db, app.clock()).unwrap();
    let told = who.get("/v1/me/notifications").send().expect(200);
    told.list("/items").iter().filter(|item| item["topic"] == topic).count()
}

fn mine(client: &Client) -> usize {
    client.get("/v1/reviews?mine=true").send().expect(200).list("/items").len()
}

both! {
    fn a_deputy_is_asked_only_for_those_who_could_decide_themselves(app) {
        let (anna, carl) = (
            app.person("anna", &[Role::Reviewer, Role::Author]),
            app.person("carl", &[Role::Reviewer]),
        );
        let idle = app.person("idle", &[Role::Reviewer]);
        let [for_anna, for_carl, for_idle] =
            ["for-anna", "for-carl", "for-idle"].map(|name| app.person(name, &[Role::Reviewer]));
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Pool" })).send().expect(201);
        for member in [&anna, &carl, &idle] {
            let path = format!("/v1/groups/{}/members/{}", group.text("/id"), member.id());
            app.admin().put(&path).send().expect(204);
        }
        let stages = json!([{ "name": "pool", "reviewers": { "group": group["id"] }, "quorum": 2 }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        for (giver, deputy) in [(&anna, &for_anna), (&carl, &for_carl), (&idle, &for_idle)] {
            delegate(giver, deputy, "2026-11-21", "2026-11-30").expect(201);
        }
        let path = format!("/v1/people/{}", idle.id());
        let version = app.admin().get(&path).send().expect(200)["version"].clone();
        let roles = json!({ "roles": ["employee"] });
        app.admin().patch(&path).if_match(&version).json(&roles).send().expect(200);
        let dan = app.person("dan", &[Role::Reviewer]);
        let path = format!("/v1/groups/{}/members/{}", group.text("/id"), dan.id());
        app.admin().put(&path).send().expect(204);

        let made = anna.post("/v1/posts").json(&json!({ "content": app.content() })).send().expect(201);
        let body = json!({ "digest": made.text("/working_revision/digest") });
        let path = format!("/v1/posts/{}/submission", made.text("/id"));
        let review = anna.post(&path).json(&body).send().expect(201);
        let post = Post { id: made.text("/id").to_owned(), revision: 1, digest: review.text("/digest").to_owned() };
        // Whoever is told finds it among their own, and nobody else does.
        for (deputy, times) in [(&for_anna, 0), (&for_carl, 1), (&for_idle, 0)] {
            assert_eq!((told(app, deputy, "asked_to_review"), mine(deputy)), (times, times));
        }
        approve(&for_anna, &post).problem("author_cannot_decide");
        // Whom somebody else decided for is not reminded through their deputy either.
        approve(&carl, &post).expect(201);
        let body = json!({ "stage": 0, "reviewers": { "group": group["id"] }, "reason": "To see." });
        let path = format!("/v1/reviews/{}/reassignment", review.text("/id"));
        app.admin().post(&path).json(&body).send().expect(201);
        assert_eq!((told(app, &dan, "reassigned"), told(app, &for_carl, "reassigned")), (1, 0));
    }

    fn c10_a_deputy_decides_within_their_days_and_both_persons_are_kept(app) {
        let (anna, ben) = anna_decides(app);
        let post = app.submit(&app.draft(|_| ()));
        approve(&ben, &post).problem("not_a_reviewer");
        // The story begins on 21 November.
        let made = delegate(&anna, &ben, "2026-11-22", "2026-11-23").expect(201);
        assert_eq!((&made["until"], &made["in_force"]), (&json!("2026-11-24T00:00:00Z"), &json!(false)));
        approve(&ben, &post).problem("not_a_reviewer");
        app.advance(DAY);
        assert_eq!(ben.get("/v1/reviews?mine=true").send().expect(200).list("/items").len(), 1);
        let decided = approve(&ben, &post).expect(201);
        let cast = &decided["stages"][0]["decisions"][0];
        assert_eq!((&cast["person_id"], &cast["on_behalf_of"]), (&json!(ben.id()), &json!(anna.id())));
        let next = app.submit(&app.draft(|_| ()));
        app.advance(DAY * 2);
        approve(&ben, &next).problem("not_a_reviewer");
        approve(&anna, &next).expect(201);
    }

    fn c10_what_bars_either_bars_the_deputy(app) {
        let (anna, ben) = (
            app.person("anna", &[Role::Reviewer, Role::Author]),
            app.person("ben", &[Role::Reviewer, Role::Author]),
        );
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Pool" })).send().expect(201);
        let member = |who: &Client| format!("/v1/groups/{}/members/{}", group.text("/id"), who.id());
        app.admin().put(&member(&anna)).send().expect(204);
        app.admin().put(&member(&app.reviewer())).send().expect(204);
        let stages = json!([{ "name": "pool", "reviewers": { "group": group["id"] }, "quorum": "any" }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        delegate(&anna, &ben, "2026-11-21", "2026-11-30").expect(201);
        let by = |author: &Client| {
            let made = author.post("/v1/posts").json(&json!({ "content": app.content() })).send().expect(201);
            let body = json!({ "digest": made.text("/working_revision/digest") });
            let path = format!("/v1/posts/{}/submission", made.text("/id"));
            let review = author.post(&path).json(&body).send().expect(201);
            Post { id: made.text("/id").to_owned(), revision: 1, digest: review.text("/digest").to_owned() }
        };
        approve(&ben, &by(&anna)).problem("author_cannot_decide");
        approve(&ben, &by(&ben)).problem("author_cannot_decide");
        approve(&ben, &by(&app.author())).expect(201);
    }

    fn c10_a_person_and_their_deputy_count_once(app) {
        let (anna, ben) = (app.person("anna", &[Role::Reviewer]), app.person("ben", &[Role::Reviewer]));
        app.person("carl", &[Role::Reviewer]);
        let stages = json!([{ "name": "two", "reviewers": { "role": "reviewer" }, "quorum": 2 }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        delegate(&anna, &ben, "2026-11-21", "2026-11-30").expect(201);
        let post = app.submit(&app.draft(|_| ()));
        let mut for_anna = post.decision("approve", None);
        for_anna["on_behalf_of"] = json!(anna.id());
        ben.post(&post.path("/decisions")).json(&for_anna).send().expect(201);
        approve(&anna, &post).problem("already_decided");
        approve(&ben, &post).problem("already_decided");
        // Nobody is a deputy by saying so.
        let mut for_ben = post.decision("approve", None);
        for_ben["on_behalf_of"] = json!(ben.id());
        app.reviewer().post(&post.path("/decisions")).json(&for_ben).send().problem("already_decided");
        let mut for_carl = post.decision("approve", None);
        for_carl["on_behalf_of"] = json!(app.employee().id());
        app.reviewer().post(&post.path("/decisions")).json(&for_carl).send().problem("not_a_reviewer");
    }

    fn c10_a_delegation_is_not_handed_on_and_says_of_which_kinds(app) {
        let (anna, ben) = anna_decides(app);
        let carl = app.person("carl", &[Role::Reviewer]);
        delegate(&ben, &carl, "2026-11-21", "2026-11-30").expect(201);
        let body = json!({ "to": ben.id(), "from_date": "2026-11-21", "until_date": "2026-11-30", "kinds": ["image"] });
        anna.post("/v1/delegations").json(&body).send().expect(201);
        let post = app.submit(&app.draft(|_| ()));
        approve(&ben, &post).problem("not_a_reviewer");
        let body = json!({ "to": ben.id(), "from_date": "2026-11-21", "until_date": "2026-11-30", "kinds": ["post"] });
        anna.post("/v1/delegations").json(&body).send().expect(201);
        approve(&carl, &post).problem("not_a_reviewer");
        approve(&ben, &post).expect(201);
    }

    fn a_delegation_that_cannot_be_is_refused_with_the_reason(app) {
        let (anna, ben) = anna_decides(app);
        let refused = |to: &Client, first: &str, last: &str| {
            delegate(&anna, to, first, last).problem("invalid_content").text("/errors/0/code").to_owned()
        };
        assert_eq!(refused(&anna, "2026-11-21", "2026-11-22"), "oneself");
        assert_eq!(refused(&app.employee(), "2026-11-21", "2026-11-22"), "cannot_decide");
        assert_eq!(refused(&ben, "2026-11-23", "2026-11-22"), "before_the_first");
        assert_eq!(refused(&ben, "2026-11-01", "2026-11-20"), "past");
        assert_eq!(refused(&ben, "2026-11-21", "2027-12-31"), "too_long");
        let first = delegate(&anna, &ben, "2026-11-21", "2026-11-25").expect(201);
        let second = delegate(&anna, &app.reviewer(), "2026-11-25", "2026-11-26").problem("conflict");
        assert_eq!(second["delegation_id"], first["id"]);
        app.employee().post("/v1/delegations").json(&json!({})).send().problem("forbidden");
    }

    fn a_day_that_is_none_is_refused_in_words(app) {
        let (anna, ben) = anna_decides(app);
        for odd in [
            "2027-02-30", "2027-01-01T00:00:00Z", "+262142-01-01", "-0001-01-01", "99999-01-01", "0000-01-01",
            "9999-12-31", "2027-1-1", "01-01-2027", "tomorrow", "",
        ] {
            for (first, last, place) in [(odd, "2027-01-05", "#/from_date"), ("2026-12-21", odd, "#/until_date")] {
                let refused = delegate(&anna, &ben, first, last).problem("invalid_request");
                let fault = &refused["errors"][0];
                assert_eq!((&fault["pointer"], &fault["code"]), (&json!(place), &json!("invalid_value")), "{odd}");
                let detail = "The value is not a day that exists in the years 1970 to 9998, such as 2026-11-30, \
                              without a time.";
                assert_eq!(fault["detail"], detail, "{odd}");
            }
        }
        delegate(&anna, &ben, "2026-12-21", "2026-12-21").expect(201);
        let far = delegate(&anna, &ben, "9998-12-31", "9998-12-31").expect(201);
        assert_eq!(far["until"], "9999-01-01T00:00:00Z");
    }

    fn a_delegation_is_ended_by_its_giver_or_an_administrator(app) {
        let (anna, ben) = anna_decides(app);
        let made = delegate(&anna, &ben, "2026-11-21", "2026-11-30").expect(201);
        let path = format!("/v1/delegations/{}", made.text("/id"));
        app.reviewer().delete(&path).send().problem("not_found");
        ben.delete(&path).send().problem("forbidden");
        anna.delete(&path).send().expect(200);
        anna.delete(&path).send().expect(200);
        let post = app.submit(&app.draft(|_| ()));
        approve(&ben, &post).problem("not_a_reviewer");
        let list = |client: &Client, query: &str| client.get(&format!("/v1/delegations{query}")).send();
        assert!(list(&ben, "").expect(200)["items"][0]["ended_at"].is_string());
        assert!(list(&app.reviewer(), "").expect(200).list("/items").is_empty());
        list(&ben, "?everybody=true").problem("forbidden");
        assert_eq!(list(&app.admin(), "?everybody=true").expect(200).list("/items").len(), 1);
        let again = delegate(&anna, &ben, "2026-11-21", "2026-11-30").expect(201);
        let path = format!("/v1/delegations/{}", again.text("/id"));
        app.admin().delete(&path).send().expect(200);
        let key = app.key([Scope::ContentRead]);
        key.delete(&path).send().problem("not_found");
    }

    fn r08_a_deputy_goes_on_for_somebody_who_left_until_the_last_day(app) {
        let (anna, ben) = anna_decides(app);
        let made = delegate(&anna, &ben, "2026-11-21", "2026-11-22").expect(201);
        let post = app.submit(&app.draft(|_| ()));
        let left = deactivate(app, &anna);
        assert_eq!((&left["stuck_reviews"], &left["delegations"]), (&json!([]), &json!([made["id"]])));
        app.advance(DAY * 2);
        wait(app);
        let stuck = app.author().get("/v1/reviews?stuck=true").send().expect(200);
        let stage: &Value = &stuck["items"][0]["stages"][0];
        assert_eq!((&stage["state"], &stage["reason"]), (&json!("stuck"), &json!("not_enough_reviewers")));
        assert_eq!(stuck["items"][0]["item_id"], post.id);
        approve(&ben, &post).problem("not_a_reviewer");
    }

    fn c10_a_stage_that_asks_everybody_asks_who_is_away_and_the_deputy_decides_for_them(app) {
        let (anna, ben) = (app.person("anna", &[Role::Reviewer]), app.person("ben", &[Role::Reviewer]));
        let (deputy, carl) = (app.person("deputy", &[Role::Reviewer]), app.person("carl", &[Role::Reviewer]));
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Legal" })).send().expect(201);
        for person in [&anna, &ben] {
            let path = format!("/v1/groups/{}/members/{}", group.text("/id"), person.id());
            app.admin().put(&path).send().expect(204);
        }
        let stages = json!([
            { "name": "legal", "reviewers": { "group": group["id"] }, "quorum": "all" },
            { "name": "then", "reviewers": { "role": "reviewer" }, "quorum": "any" },
        ]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let made = delegate(&anna, &deputy, "2026-11-21", "2026-11-30").expect(201);
        deactivate(app, &anna);
        let post = app.submit(&app.draft(|_| ()));
        let review = || app.author().get(&post.path("")).send().expect(200)["review"].clone();
        assert_eq!(review()["stages"][0]["missing"], 2);
        // Without the delegation nobody is left who could decide for her.
        let ended = app.admin().delete(&format!("/v1/delegations/{}", made.text("/id"))).send().expect(200);
        assert_eq!(ended["stuck_reviews"], json!([review()["id"]]));
        assert_eq!(review()["stages"][0]["reason"], "asked_reviewer_left");
        approve(&deputy, &post).problem("not_a_reviewer");
        set_active(app, &anna, true);
        delegate(&app.client(anna.id().parse().unwrap()), &deputy, "2026-11-21", "2026-11-30").expect(201);
        deactivate(app, &anna);
        let decided = approve(&deputy, &post).expect(201);
        let cast = &decided["stages"][0]["decisions"][0];
        assert_eq!((&cast["person_id"], &cast["on_behalf_of"]), (&json!(deputy.id()), &json!(anna.id())));
        approve(&ben, &post).expect(201);
        // She counts as having decided, though she was away.
        set_active(app, &anna, true);
        approve(&app.client(anna.id().parse().unwrap()), &post).problem("already_decided");
        approve(&carl, &post).expect(201);
        assert_eq!(review()["state"], "approved");
    }

    fn c10_whoever_is_asked_themselves_decides_for_themselves(app) {
        let (anna, ben) = (app.person("anna", &[Role::Reviewer]), app.person("ben", &[Role::Reviewer]));
        let stages = json!([{ "name": "all", "reviewers": { "role": "reviewer" }, "quorum": "all" }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        delegate(&anna, &ben, "2026-11-21", "2026-11-30").expect(201);
        let post = app.submit(&app.draft(|_| ()));
        let mut body = post.decision("approve", None);
        body["on_behalf_of"] = json!(anna.id());
        let refused = ben.post(&post.path("/decisions")).json(&body).send().problem("needed_later");
        assert_eq!(refused["stage"], 0);
        assert!(refused.text("/detail").contains("waited for in this stage as well"));
        approve(&ben, &post).expect(201);
        approve(&anna, &post).expect(201);
    }

    fn ending_a_delegation_names_what_becomes_stuck(app) {
        let (anna, ben) = anna_decides(app);
        let made = delegate(&anna, &ben, "2026-11-21", "2026-11-30").expect(201);
        let post = app.submit(&app.draft(|_| ()));
        deactivate(app, &anna);
        let ended = app.admin().delete(&format!("/v1/delegations/{}", made.text("/id"))).send().expect(200);
        let review = app.author().get(&post.path("")).send().expect(200)["review"]["id"].clone();
        assert_eq!(ended["stuck_reviews"], json!([review]));
    }
}
