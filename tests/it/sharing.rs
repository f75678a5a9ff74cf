//! When a share is issued, and when not.

use std::time::Duration;

use greenlight::domain::roles::Scope;
use serde_json::json;

use crate::support::both;

both! {
    fn r13_only_within_the_window(app) {
        let post = app.approved_post(|content| {
            content["publish_at"] = json!("2026-11-21T10:00:00Z");
            content["expires_at"] = json!("2026-11-21T11:00:00Z");
        });
        let employee = app.employee();
        assert_eq!(app.author().get(&post.path("")).send()["availability"], "scheduled");
        // Never live, so nothing that an employee may know of.
        app.share_as(&employee, &post).problem("post_not_found");
        app.advance(Duration::from_mins(60));
        app.share_as(&employee, &post).expect(201);
        app.advance(Duration::from_mins(60));
        app.share_as(&employee, &post).problem("not_live");
        assert_eq!(app.author().get(&post.path("")).send()["availability"], "expired");
    }

    fn r13_only_for_the_audience(app) {
        let post = app.approved_post(|content| content["audience"] = json!({ "countries": ["DE"] }));
        app.share_as(&app.employee(), &post).problem("post_not_found");
        let german = app.person_with("greta", &[greenlight::domain::roles::Role::Employee], |person| {
            person.country = Some("DE".to_owned());
        });
        app.share_as(&german, &post).expect(201);
    }

    fn r13_not_by_somebody_who_was_deactivated(app) {
        let post = app.live_post();
        let (admin, employee) = (app.admin(), app.employee());
        app.share(&post);
        let path = format!("/v1/people/{}", employee.id());
        let person = admin.get(&path).send().expect(200);
        let change = json!({ "active": false });
        admin.patch(&path).json(&change).send().problem("precondition_required");
        let etag = person.header("ETag").to_owned();
        admin.patch(&path).json(&change).header("If-Match", etag).send().expect(200);
        app.share_as(&employee, &post).problem("unauthenticated");
    }

    fn r17_not_during_a_freeze(app) {
        let post = app.live_post();
        let publisher = app.publisher();
        let freeze = json!({ "scope": {}, "reason": "An accident.", "until": "2026-11-22T09:00:00Z" });
        let freeze = publisher.post("/v1/freezes").json(&freeze).send().expect(201);
        app.share_as(&app.employee(), &post).problem("frozen");
        // A freeze changes nothing of what the post is.
        assert_eq!(app.author().get(&post.path("")).send()["availability"], "live");
        publisher.delete(&format!("/v1/freezes/{}", freeze.text("/id"))).send();
        app.share_as(&app.employee(), &post).expect(201);
    }

    fn a_key_shares_on_behalf_of_a_person(app) {
        let post = app.live_post();
        let employee = app.employee();
        let key = app.key([Scope::OnBehalf, Scope::Share]);
        let share = || key.post("/v1/shares").json(&post.share()).idempotency_key("one");
        share().send().problem("person_header");
        share().on_behalf_of("nobody-we-know").send().problem("person_not_found");
        let made = share().on_behalf_of(&employee.id()).send().expect(201);
        let mine = employee.get("/v1/me/shares").send().expect(200);
        assert_eq!(mine.list("/items")[0]["id"], made["id"]);
    }

    fn r18_no_comment_where_none_is_allowed(app) {
        let post = app.live_post();
        let mut share = post.share();
        share["comment"] = json!("Look at this!");
        let answer = app.employee().post("/v1/shares").json(&share).idempotency_key("one").send();
        assert_eq!(answer.problem("rule_violated")["errors"][0]["pointer"], "#/comment");
    }
}
