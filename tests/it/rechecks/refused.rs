//! Who may decide, about which revision, and that it is done once.

use std::time::Duration;

use greenlight::domain::roles::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Source, assert_blocked, assert_live, disclaimer, guideline};
use crate::support::both;

both! {
    fn a_revision_that_was_overtaken_or_another_digest_is_told_the_present_one(app) {
        let first = Source::employee(app);
        let post = app.live_post();
        let second = first.revised(app, |content| content["text"]["en"]["full"] = json!("I work at {company}."));
        let other_digest = Source { digest: first.digest.clone(), id: second.id.clone(), ..second };
        let unknown = Source { revision: 9, digest: second.digest.clone(), id: second.id.clone(), ..second };
        app.publisher();
        let before = app.record_size();
        for stale in [&first, &other_digest, &unknown] {
            let refused = stale.recheck_as(&app.publisher(), "reapprove").problem("revision_changed");
            assert_eq!((&refused["revision"], &refused["digest"]), (&json!(2), &json!(second.digest)));
        }
        assert_eq!(app.record_size(), before);
        assert_live(app, &post);
    }

    fn what_was_never_approved_or_taken_out_of_use_is_not_rechecked(app) {
        let body = json!({ "key": "today", "content": disclaimer(None) });
        let made = app.author().post("/v1/disclaimers").json(&body).send().expect(201);
        let digest = made.text("/working_revision/digest").to_owned();
        let draft = Source { plural: "disclaimers", id: made.text("/id").to_owned(), revision: 1, digest };
        draft.recheck_as(&app.publisher(), "none").problem("not_approved");
        let live = draft.approved(app);
        live.recheck(app, "none");
        let recall = app.publisher().post(&live.path("/recall")).json(&json!({ "reason": "wrong" })).send();
        recall.expect(200);
        live.recheck_as(&app.publisher(), "none").problem("conflict");
        let unknown = Source { id: Uuid::now_v7().to_string(), digest: live.digest.clone(), ..live };
        unknown.recheck_as(&app.publisher(), "none").problem("not_found");
        let elsewhere = Source { plural: "rules", id: live.id.clone(), digest: live.digest.clone(), ..live };
        elsewhere.recheck_as(&app.publisher(), "none").problem("not_found");
    }

    fn a_revision_whose_time_is_to_come_can_be_rechecked(app) {
        let post = app.live_post();
        let first = Source::made(app, "guidelines", Some("do"), &guideline(&json!({ "countries": ["BE"] })));
        let at = app.clock().now().after(Duration::from_hours(1)).to_string();
        let second = first.revised(app, |content| {
            content["in_force_from"] = json!(at);
            content["audience"] = json!({ "countries": ["NL"] });
        });
        assert_eq!(first.recheck(app, "none")["posts"], 1);
        let newest = app.author().get(&second.path("/touched-posts")).send().expect(200);
        assert_eq!(newest["of"]["revision"], 2);
        let recheck = second.recheck(app, "reapprove");
        assert_blocked(app, &post, &[second.blocker(&recheck)]);
        app.advance(Duration::from_hours(2));
        first.recheck_as(&app.publisher(), "none").problem("revision_changed");
    }

    fn nobody_but_a_publisher_decides(app) {
        let employee = Source::employee(app);
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Publisher) {
            employee.recheck_as(&app.of_role(role), "none").problem("forbidden");
        }
        employee.recheck_as(&app.anonymous(), "none").problem("unauthenticated");
        for under in ["/touched-posts", "/rechecks"] {
            app.employee().get(&employee.path(under)).send().problem("forbidden");
            app.auditor().get(&employee.path(under)).send().expect(200);
        }
    }

    fn a_body_that_says_something_else_is_refused(app) {
        let employee = Source::employee(app);
        let send = |change: &dyn Fn(&mut Value)| {
            let mut body = employee.body("none");
            change(&mut body);
            app.publisher().post(&employee.path("/rechecks")).json(&body).send()
        };
        assert_eq!(send(&|body| body["action"] = json!("recall")).status / 100, 4);
        assert_eq!(send(&|body| body["reason"] = json!(" ")).status / 100, 4);
        send(&|body| body["why"] = json!("x")).problem("invalid_request");
        send(&|body| drop(body.as_object_mut().unwrap().remove("reason"))).expect(201);
    }

    fn r16_a_retry_is_answered_with_the_same_recheck(app) {
        let employee = Source::employee(app);
        app.live_post();
        let second = employee.revised(app, |content| content["text"]["en"]["full"] = json!("I work at {company}."));
        let send = |action| {
            let publisher = app.publisher();
            let request = publisher.post(&second.path("/rechecks")).json(&second.body(action));
            request.idempotency_key("once").send()
        };
        let first = send("reapprove").expect(201);
        let before = app.record_size();
        let again = send("reapprove").expect(201);
        assert_eq!((&again.json, again.header("Idempotency-Replayed")), (&first.json, "true"));
        send("none").problem("idempotency_key_reused");
        assert_eq!(app.record_size(), before);
        let list = app.author().get(&second.path("/rechecks")).send().expect(200);
        assert_eq!(list["items"], json!([first.json]));
    }
}
