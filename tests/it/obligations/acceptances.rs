//! Accepting guidelines, and what is open until then.

use std::time::Duration;

use greenlight::domain::roles::{Role, Scope};
use serde_json::json;

use super::{Guideline, to_do};
use crate::support::both;

both! {
    fn r13_who_has_not_accepted_shares_nothing_and_from_the_acceptance_on_everything(app) {
        let post = app.live_post();
        app.share(&post);
        let guideline = Guideline::approved(app, "sharing", |_| ());
        let refused = app.share_as(&app.employee(), &post).problem("obligations_open");
        let named = json!([{
            "asks": "acceptance", "guideline_id": guideline.id, "key": "sharing", "title": "How we share",
            "revision": 1, "digest": guideline.digest, "due_at": refused["obligations"][0]["due_at"],
        }]);
        assert_eq!(refused["obligations"], named);
        let kit = app.employee().post("/v1/kits").json(&post.share()).send();
        kit.problem("obligations_open");
        assert_eq!(to_do(&app.employee()), [("How we share".to_owned(), true)]);
        let accepted = guideline.accept(&app.employee()).expect(201);
        assert_eq!(to_do(&app.employee()), []);
        app.share(&post);
        let other = app.person("other", &[Role::Employee]);
        app.share_as(&other, &post).problem("obligations_open");

        let index = accepted["index"].as_i64().unwrap();
        let entries = app.record_entries();
        let entry = entries.iter().find(|entry| entry.idx == index).unwrap();
        assert_eq!(entry.typ, "guideline.accepted");
        for fact in [&guideline.id, &guideline.digest, "\"approval_index\""] {
            assert!(entry.fields.contains(fact), "{}", entry.fields);
        }
        let mine = app.employee().get("/v1/me/obligations").send().expect(200);
        assert_eq!(mine["done"]["accepted"][0]["accepted_at"], accepted["accepted_at"]);
        assert_eq!(mine["done"]["accepted"][0]["title"], "How we share");
    }

    fn r13_a_guideline_blocks_at_the_moment_it_comes_into_force(app) {
        let post = app.live_post();
        let hour = Duration::from_hours(1);
        let begins = app.clock().now().after(hour);
        let guideline =
            Guideline::approved(app, "sharing", |content| content["in_force_from"] = json!(begins.to_string()));
        assert_eq!(to_do(&app.employee()), [("How we share".to_owned(), false)]);
        let mine = app.employee().get("/v1/me/obligations").send().expect(200);
        assert_eq!(mine["to_do"][0]["due_at"], begins.to_string());
        let early = app.person("early", &[Role::Employee]);
        guideline.accept(&early).expect(201);
        app.clock().set(begins.before(Duration::from_millis(1)));
        app.share(&post);
        app.clock().set(begins);
        app.share_as(&app.employee(), &post).problem("obligations_open");
        app.share_as(&early, &post).expect(201);
        assert_eq!((to_do(&app.employee()), to_do(&early)), (vec![("How we share".to_owned(), true)], vec![]));
    }

    fn r13_a_new_revision_in_force_is_accepted_anew(app) {
        let post = app.live_post();
        let first = Guideline::approved(app, "sharing", |_| ());
        first.accept(&app.employee()).expect(201);
        let begins = app.clock().now().after(Duration::from_hours(1));
        let second = first.next(app, |content| {
            content["title"] = json!("How we share now");
            content["in_force_from"] = json!(begins.to_string());
        });
        app.share(&post);
        assert_eq!(to_do(&app.employee()), [("How we share now".to_owned(), false)]);
        // Until then the first is in force, and whoever is new accepts that, and may accept both.
        let other = app.person("other", &[Role::Employee]);
        let titles = [("How we share".to_owned(), true), ("How we share now".to_owned(), false)];
        assert_eq!(to_do(&other), titles);
        second.accept(&other).expect(201);
        app.share_as(&other, &post).problem("obligations_open");
        first.accept(&other).expect(201);
        app.share_as(&other, &post).expect(201);
        app.clock().set(begins);
        app.share_as(&other, &post).expect(201);
        app.share_as(&app.employee(), &post).problem("obligations_open");
        let stale = app.employee().post(&first.path("/acceptances")).json(&first.body()).send().expect(201);
        assert_eq!(stale["revision"], 1, "what was accepted is answered, and opens nothing");
        app.share_as(&app.employee(), &post).problem("obligations_open");
        second.accept(&app.employee()).expect(201);
        app.share(&post);
        // One that asks for nothing takes its place.
        let third = second.next(app, |content| content["requires"] = json!("none"));
        assert_eq!(to_do(&app.person("new", &[Role::Employee])), []);
        third.accept(&app.employee()).problem("conflict");
    }

    fn r13_a_guideline_that_is_recalled_or_retired_is_asked_no_more(app) {
        let post = app.live_post();
        for how in ["/recall", "/retirement"] {
            let guideline = Guideline::approved(app, &how[1..], |_| ());
            app.share_as(&app.employee(), &post).problem("obligations_open");
            app.publisher().post(&guideline.path(how)).json(&json!({ "reason": "Wrong." })).send().expect(200);
            app.share(&post);
            guideline.accept(&app.employee()).problem("conflict");
            assert_eq!(to_do(&app.employee()), []);
        }
    }

    fn r13_whom_a_guideline_is_for_changes_with_groups_and_country(app) {
        let post = app.live_post();
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Sales" })).send().expect(201);
        let group = group.text("/id").to_owned();
        let guideline =
            Guideline::approved(app, "sales", |content| content["audience"] = json!({ "groups": [group] }));
        app.share(&post);
        guideline.accept(&app.employee()).problem("not_found");
        let member = format!("/v1/groups/{group}/members/{}", app.employee().id());
        app.admin().put(&member).send().expect(204);
        app.share_as(&app.employee(), &post).problem("obligations_open");
        app.admin().delete(&member).send().expect(200);
        app.share(&post);
        Guideline::approved(app, "belgian", |content| content["audience"] = json!({ "countries": ["BE"] }));
        app.share(&post);
        let path = format!("/v1/people/{}", app.employee().id());
        let move_to = |country: serde_json::Value| {
            let version = app.admin().get(&path).send().expect(200)["version"].clone();
            let change = json!({ "country": country });
            app.admin().patch(&path).if_match(&version).json(&change).send().expect(200);
        };
        move_to(json!("BE"));
        app.share_as(&app.employee(), &post).problem("obligations_open");
        move_to(json!(null));
        app.share_as(&app.employee(), &post).problem("obligations_open");
        move_to(json!("NL"));
        app.share(&post);
    }

    fn r01_an_acceptance_names_the_revision_and_its_digest(app) {
        let guideline = Guideline::approved(app, "sharing", |_| ());
        let employee = app.employee();
        let accept = |body: serde_json::Value| employee.post(&guideline.path("/acceptances")).json(&body).send();
        let other = format!("sha256:{}", "0a".repeat(32));
        for body in [json!({ "revision": 1, "digest": other }), json!({ "revision": 2, "digest": guideline.digest })] {
            let refused = accept(body).problem("revision_changed");
            assert_eq!((&refused["revision"], refused.text("/digest")), (&json!(1), guideline.digest.as_str()));
        }
        accept(json!({ "revision": 1 })).problem("invalid_request");
        accept(json!({ "digest": guideline.digest, "revision": 0 })).problem("invalid_request");
        let draft = Guideline::draft(app, "draft", |_| ());
        draft.accept(&employee).problem("not_found");
        let nowhere = format!("/v1/guidelines/{}/acceptances", uuid::Uuid::now_v7());
        employee.post(&nowhere).json(&guideline.body()).send().problem("not_found");
        assert_eq!(to_do(&employee).len(), 1);
    }

    fn accepting_again_answers_the_first_acceptance(app) {
        let guideline = Guideline::approved(app, "sharing", |_| ());
        let first = guideline.accept(&app.employee()).expect(201);
        let entries = app.record_size();
        let again = guideline.accept(&app.employee()).expect(201);
        assert_eq!((again.json, app.record_size()), (first.json, entries));
        let other = app.person("other", &[Role::Employee]);
        let with_key = || {
            let request = other.post(&guideline.path("/acceptances")).idempotency_key("mine");
            request.json(&guideline.body()).send().expect(201)
        };
        let first = with_key();
        let again = with_key();
        assert_eq!((again.header("Idempotency-Replayed"), &again.json), ("true", &first.json));
        let version = |person: &str| app.admin().get(&format!("/v1/people/{person}")).send().expect(200)["version"].clone();
        assert_eq!(version(&other.id()), 1, "nothing that is shown of the person changed");
    }

    fn an_app_accepts_for_whom_it_names_and_nobody_for_nobody(app) {
        let guideline = Guideline::approved(app, "sharing", |_| ());
        let key = app.key([Scope::OnBehalf, Scope::Share]);
        let path = guideline.path("/acceptances");
        key.post(&path).json(&guideline.body()).send().problem("person_header");
        let employee = app.employee();
        key.post(&path).on_behalf_of(&employee.id()).json(&guideline.body()).send().expect(201);
        assert_eq!(to_do(&employee), []);
        app.key([Scope::Share]).post(&path).json(&guideline.body()).send().problem("person_required");
        app.anonymous().post(&path).json(&guideline.body()).send().problem("unauthenticated");
        let other = app.person("other", &[Role::Employee]);
        let powerless = app.key([Scope::OnBehalf]);
        let request = powerless.post(&path).on_behalf_of(&other.id()).json(&guideline.body());
        request.send().problem("forbidden");
        // Obligations are a condition for sharing: who may not share is asked nothing.
        guideline.accept(&app.author()).problem("forbidden");
        let nothing = app.author().get("/v1/me/obligations").send().expect(200);
        assert_eq!((&nothing["to_do"], &nothing["may_share"]), (&json!([]), &json!(false)));
    }

    fn a_stale_revision_is_answered_with_the_first_that_asks_to_be_accepted(app) {
        let first = Guideline::approved(app, "sharing", |_| ());
        let begins = app.clock().now().after(Duration::from_hours(1));
        let second = first.next(app, |content| content["requires"] = json!("none"));
        let employee = app.employee();
        let stale = first.accept(&employee).problem("conflict");
        assert_eq!((&stale["revision"], stale.text("/detail").contains("nothing to accept")), (&json!(null), true));
        second.accept(&employee).problem("conflict");
        let third = second.next(app, |content| {
            content["requires"] = json!("acceptance");
            content["in_force_from"] = json!(begins.to_string());
        });
        let stale = first.accept(&employee).problem("revision_changed");
        assert_eq!((&stale["revision"], stale.text("/digest")), (&json!(3), third.digest.as_str()));
        third.accept(&employee).expect(201);
    }

    fn r16_a_retry_gets_its_share_though_something_is_open_by_now(app) {
        let post = app.live_post();
        let share = || app.employee().post("/v1/shares").json(&post.share()).idempotency_key("mine").send();
        let first = share().expect(201);
        Guideline::approved(app, "sharing", |_| ());
        let again = share().expect(201);
        assert_eq!(again["id"], first["id"]);
    }

    fn an_acceptance_keeps_the_language_of_the_text_that_was_shown(app) {
        let guideline = Guideline::approved(app, "sharing", |_| ());
        let accept = |language: &str| {
            let mut body = guideline.body();
            body["language"] = json!(language);
            app.employee().post(&guideline.path("/acceptances")).json(&body).send()
        };
        let refused = accept("nl").problem("invalid_content");
        assert_eq!(refused["errors"][0]["pointer"], "#/language");
        accept("en").expect(201);
        let entry = app.record_entries().pop().unwrap();
        assert!(entry.fields.contains("\"language\""), "{}", entry.fields);
    }

    fn a_language_is_the_same_in_whatever_case_it_is_written(app) {
        let bodies = json!({ "en": "Say so.", "nl-BE": "Zeg het." });
        let guideline = Guideline::approved(app, "sharing", |content| content["body"] = bodies);
        let mut body = guideline.body();
        body["language"] = json!("NL-be");
        app.employee().post(&guideline.path("/acceptances")).json(&body).send().expect(201);
        let entry = app.record_entries().pop().unwrap();
        let fields: serde_json::Value = serde_json::from_str(&entry.fields).unwrap();
        assert_eq!(fields["language"], "nl-BE", "as the guideline writes it");
    }
}
