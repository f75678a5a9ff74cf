//! People, groups, sessions and keys, as clients meet them.

use std::time::Duration;

use greenlight::domain::roles::{Role, Scope};
use serde_json::{Value, json};

use crate::support::both;

const PASSWORD: &str = "a quiet harbour";

fn sanne() -> Value {
    json!({
        "email": "Sanne@Example.org", "external_id": "E-1", "display_name": "Sanne", "password": PASSWORD,
        "roles": ["employee", "author"], "language": "nl", "country": "NL",
    })
}

both! {
    fn a_person_is_made_read_changed_and_deactivated(app) {
        let admin = app.admin();
        let made = admin.post("/v1/people").idempotency_key("one").json(&sanne()).send().expect(201);
        assert_eq!(made.header("ETag"), "\"1\"");
        assert_eq!(made["email"], "sanne@example.org");
        let path = made.header("Location").to_owned();
        let again = admin.post("/v1/people").idempotency_key("one").json(&sanne()).send().expect(201);
        assert_eq!((again.header("Idempotency-Replayed"), &again.json), ("true", &made.json));
        let mut other = sanne();
        other["password"] = json!("another harbour");
        admin.post("/v1/people").idempotency_key("one").json(&other).send().problem("idempotency_key_reused");
        let taken = admin.post("/v1/people").json(&sanne()).send().problem("already_exists");
        assert_eq!(taken["errors"][0]["pointer"], "#/email");
        assert_eq!(admin.get(&path).send().expect(200).json, made.json);

        let change = json!({ "country": null, "display_name": "Sanne de Vries" });
        admin.patch(&path).json(&change).send().problem("precondition_required");
        let changed = admin.patch(&path).if_match(&json!(1)).json(&change).send().expect(200);
        assert_eq!((changed.header("ETag"), &changed["country"]), ("\"2\"", &Value::Null));
        assert_eq!(changed["display_name"], "Sanne de Vries");
        admin.patch(&path).if_match(&json!(1)).json(&json!({})).send().problem("precondition_failed");
        for odd in [json!({ "email": null }), json!({ "roles": null }), json!({ "active": null }), json!({ "x": 1 })] {
            admin.patch(&path).if_match(&json!(2)).json(&odd).send().problem("invalid_request");
        }
        let short = json!({ "password": "short" });
        admin.patch(&path).if_match(&json!(2)).json(&short).send().problem("invalid_content");

        let body = json!({ "email": "sanne@example.org", "password": PASSWORD });
        let session = app.anonymous().post("/v1/sessions").json(&body).send().expect(201);
        let sanne = app.anonymous().with_bearer(session.text("/access_token"));
        let me = sanne.get("/v1/me").send().expect(200);
        assert_eq!(me["scopes"], json!(["content_read", "content_write", "share"]));
        admin.patch(&path).if_match(&json!(2)).json(&json!({ "active": false })).send().expect(200);
        sanne.get("/v1/me").send().problem("unauthenticated");
        app.anonymous().post("/v1/sessions").json(&body).send().problem("unauthenticated");
    }

    fn lists_of_people_walk_through_everybody_once(app) {
        let admin = app.admin();
        for at in 0..5 {
            app.person(&format!("p{at}"), &[Role::Employee]);
        }
        let mut path = "/v1/people?limit=2".to_owned();
        let mut seen = Vec::new();
        loop {
            let page = admin.get(&path).send().expect(200);
            seen.extend(page.list("/items").iter().map(|person| person["id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            assert!(page.header("Link").contains("rel=\"next\""));
            path = format!("/v1/people?limit=2&cursor={cursor}");
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        sorted.reverse();
        assert_eq!((seen.len(), &seen), (7, &sorted));
        let cursor = admin.get("/v1/people?limit=2").send().text("/next_cursor").to_owned();
        admin.get(&format!("/v1/groups?cursor={cursor}")).send().problem("invalid_request");
    }

    fn groups_have_members_and_a_membership_is_no_post(app) {
        let admin = app.admin();
        let group = admin.post("/v1/groups").json(&json!({ "name": "Sales" })).send().expect(201);
        let path = group.header("Location").to_owned();
        assert_eq!(admin.get(&path).send().expect(200).json, group.json);
        admin.post("/v1/groups").json(&json!({ "name": "Sales" })).send().problem("already_exists");
        let member = format!("{path}/members/{}", app.employee().id());
        admin.put(&member).send().expect(204);
        admin.put(&member).send().expect(204);
        let members = admin.get(&format!("{path}/members")).send().expect(200);
        assert_eq!(members.list("/items").len(), 1);
        assert_eq!(app.employee().get("/v1/me").send()["groups"], json!([group["id"]]));
        assert_eq!(admin.get("/v1/groups").send().list("/items").len(), 1);
        admin.delete(&member).send().expect(200);
        assert!(admin.get(&format!("{path}/members")).send().list("/items").is_empty());
        admin.post(&member).send().problem("method_not_allowed");
        let nobody = format!("{path}/members/019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2");
        admin.put(&nobody).send().problem("not_found");
        admin.get("/v1/groups/019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2/members").send().problem("not_found");
    }

    fn sessions_begin_are_refreshed_once_and_end(app) {
        app.admin().post("/v1/people").json(&sanne()).send().expect(201);
        let nobody = app.anonymous();
        let body = json!({ "email": "SANNE@example.org ", "password": PASSWORD });
        let session = nobody.post("/v1/sessions").json(&body).send().expect(201);
        assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(600)));
        let first = json!({ "refresh_token": session["refresh_token"] });
        let next = nobody.post("/v1/token-refreshes").json(&first).send().expect(201);
        let sanne = nobody.with_bearer(next.text("/access_token"));
        sanne.get("/v1/me").send().expect(200);
        sanne.delete("/v1/sessions/current").send().expect(204);
        sanne.get("/v1/me").send().problem("unauthenticated");
        nobody.post("/v1/token-refreshes").json(&json!({ "refresh_token": next["refresh_token"] })).send()
            .problem("unauthenticated");
        let wrong = json!({ "email": "sanne@example.org", "password": "wrong" });
        let refused = nobody.post("/v1/sessions").json(&wrong).send().problem("unauthenticated");
        assert!(refused.header("WWW-Authenticate").starts_with("Bearer"));
        app.key([Scope::ContentRead]).delete("/v1/sessions/current").send().problem("not_found");
        let keys = nobody.get("/.well-known/jwks.json").send().expect(200);
        assert_eq!(keys["keys"][0]["crv"], "Ed25519");
        assert_eq!(nobody.get("/readyz").send().expect(200)["status"], "ready");
        app.clock().set_database_offset(3_000_000);
        let now = app.clock().now();
        app.clock().observe_database(now, now, now);
        assert_eq!(nobody.get("/readyz").send().problem("not_ready")["reason"], "clock_skew");
        app.admin().post("/v1/groups").json(&json!({ "name": "Late" })).send().problem("not_ready");
    }

    fn an_api_key_is_shown_once_and_revoked_at_once(app) {
        let admin = app.admin();
        let expires_at = app.clock().now().after(Duration::from_hours(24)).to_string();
        let body = json!({ "name": "App", "scopes": ["share", "on_behalf"], "expires_at": expires_at });
        let made = admin.post("/v1/api-keys").json(&body).send().expect(201);
        let client = app.anonymous().with_bearer(made.text("/key"));
        let person = app.employee().id();
        let me = client.get("/v1/me").on_behalf_of(&person).send().expect(200);
        assert_eq!((&me["id"], &me["scopes"]), (&json!(person), &json!(["share"])));
        client.get("/v1/me").send().problem("person_header");
        let listed = admin.get("/v1/api-keys").send().expect(200);
        assert_eq!(listed["items"][0]["key"], Value::Null);
        assert_eq!(listed["items"][0]["prefix"], made["prefix"]);
        let path = format!("/v1/api-keys/{}", made.text("/id"));
        admin.delete(&path).send().expect(204);
        admin.delete(&path).send().expect(204);
        client.get("/v1/me").on_behalf_of(&person).send().problem("unauthenticated");
        for odd in [json!([]), json!(["everything"])] {
            let mut body = body.clone();
            body["scopes"] = odd;
            admin.post("/v1/api-keys").json(&body).send().problem("invalid_request");
        }
        let mut body = body;
        body["expires_at"] = json!("2020-01-01T00:00:00Z");
        admin.post("/v1/api-keys").json(&body).send().problem("invalid_content");
    }
}
