//! A person's account on Mastodon: who tells of it, what it does to their shares, and where it stands.

use greenlight::app::actor::Actor;
use greenlight::app::people::{self, MeUpdate};
use greenlight::domain::ids::PersonId;
use greenlight::domain::mastodon::MastodonPatch;
use greenlight::domain::roles::{Role, Scope, Scopes};
use greenlight::record::Event;
use greenlight::store::Lane;
use greenlight::store::write::WriteTx;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

const SERVER: &str = "mastodon.example";

/// A post for Mastodon to which employees may add what they like.
fn post(app: &TestApp) -> Post {
    app.approved_post(|content| {
        content["channels"] = json!(["mastodon"]);
        content["personalisation"] = json!("free");
    })
}

fn share(client: &Client, key: &str, post: &Post, comment: Option<&str>) -> Answer {
    let mut body = post.share();
    body["channel"] = json!("mastodon");
    if let Some(comment) = comment {
        body["comment"] = json!(comment);
    }
    client.post("/v1/shares").idempotency_key(key).json(&body).send()
}

/// Somebody changes what is their own, at the version that they read.
fn tell(client: &Client, change: &Value) -> Answer {
    let version = client.get("/v1/me").send().expect(200)["version"].clone();
    client.patch("/v1/me").if_match(&version).json(change).send()
}

both! {
    fn shares_open_on_the_persons_own_server_with_its_limit(app) {
        let (post, employee) = (post(app), app.employee());
        let before = share(&employee, "before", &post, None).expect(201);
        assert_eq!((&before["delivery"], &before["intent_url"]), (&json!("share_sheet"), &Value::Null));

        let account = json!({ "server": SERVER, "text_limit": 1000 });
        let told = tell(&employee, &json!({ "mastodon": account })).expect(200);
        assert_eq!((&told["mastodon"], &told["version"]), (&account, &json!(2)));
        let long = "a".repeat(700);
        let shared = share(&employee, "long", &post, Some(&long)).expect(201);
        assert_eq!(shared["delivery"], "prefilled");
        let address = shared.text("/intent_url");
        assert!(address.starts_with("https://mastodon.example/share?text="), "{address}");
        assert!(shared.text("/text").starts_with(&long));
        let other = app.person("other", &[Role::Employee]);
        share(&other, "other", &post, Some(&long)).problem("too_long");

        // The account may change; what was handed over does not.
        tell(&employee, &json!({ "mastodon": null })).expect(200);
        let own = employee.get(shared.header("Location")).send().expect(200);
        assert_eq!(own.json, shared.json);
        let listed = employee.get("/v1/me/shares").send().expect(200);
        assert_eq!(listed["items"][0], shared.json);
        assert_eq!(share(&employee, "long", &post, Some(&long)).expect(201).json, shared.json);
        share(&employee, "after", &post, Some(&long)).problem("too_long");
        let audited = app.auditor().get("/v1/shares").purpose("yearly").send().expect(200);
        let seen = &audited["items"][0];
        assert_eq!((&seen["text"], &seen["delivery"]), (&shared["text"], &json!("prefilled")));
        assert_eq!(seen["intent_url"], Value::Null, "an auditor gets no means to post");
        assert!(!audited.text.contains(SERVER), "nor hears where somebody is");
    }

    fn what_is_ones_own_is_changed_by_oneself_or_by_an_app_and_nothing_else_is(app) {
        let employee = app.employee();
        let me = employee.get("/v1/me").send().expect(200);
        assert_eq!((me.header("ETag"), &me["version"], &me["mastodon"]), ("\"1\"", &json!(1), &Value::Null));
        let change = json!({ "language": "nl", "mastodon": { "server": SERVER } });
        employee.patch("/v1/me").json(&change).send().problem("precondition_required");
        let told = employee.patch("/v1/me").if_match(&json!(1)).json(&change).send().expect(200);
        assert_eq!((told.header("ETag"), &told["language"]), ("\"2\"", &json!("nl")));
        assert_eq!((&told["mastodon"], &told["scopes"]), (&json!({ "server": SERVER }), &json!(["share"])));
        employee.patch("/v1/me").if_match(&json!(1)).json(&json!({})).send().problem("precondition_failed");
        let same = tell(&employee, &change).expect(200);
        assert_eq!(same.json, told.json, "the same again changes nothing");
        assert_eq!(employee.get("/v1/me").send().expect(200).json, told.json);

        let app_of_hers = app.key([Scope::OnBehalf, Scope::Share]);
        let limit = json!({ "mastodon": { "text_limit": 5000 } });
        app_of_hers.patch("/v1/me").if_match(&json!(2)).json(&limit).send().problem("person_header");
        let request = app_of_hers.patch("/v1/me").on_behalf_of(&employee.id()).if_match(&json!(2));
        let limited = request.json(&limit).send().expect(200);
        assert_eq!(limited["mastodon"], json!({ "server": SERVER, "text_limit": 5000 }));
        for odd in [
            json!({ "country": "BE" }),
            json!({ "display_name": "Somebody else" }),
            json!({ "roles": ["admin"] }),
            json!({ "password": "a quiet harbour" }),
            json!({ "mastodon": { "server": SERVER, "handle": "@me" } }),
            json!({ "mastodon": { "server": null } }),
            json!({ "mastodon": SERVER }),
        ] {
            tell(&employee, &odd).problem("invalid_request");
        }
        assert_eq!(employee.get("/v1/me").send().expect(200)["version"], 3);
    }

    fn wrong_hosts_and_limits_are_refused_where_they_stand(app) {
        let (employee, admin) = (app.employee(), app.admin());
        let person = format!("/v1/people/{}", employee.id());
        for odd in ["localhost", "Mastodon.example", "https://mastodon.example", "mastodon.example:8443", "{text}.example"] {
            let change = json!({ "mastodon": { "server": odd } });
            let by_admin = admin.patch(&person).if_match(&json!(1)).json(&change).send();
            for refused in [tell(&employee, &change), by_admin] {
                let refused = refused.problem("invalid_content");
                let fault = (refused.text("/errors/0/pointer"), refused.text("/errors/0/code"));
                assert_eq!(fault, ("#/mastodon/server", "not_a_host"), "{odd}");
            }
        }
        let change = json!({ "mastodon": { "server": SERVER, "text_limit": 0 }, "language": "Dutch" });
        let refused = tell(&employee, &change).problem("invalid_content");
        let pointers: Vec<&str> =
            refused.list("/errors").iter().filter_map(|fault| fault["pointer"].as_str()).collect();
        assert_eq!(pointers, ["#/language", "#/mastodon/text_limit"]);
        let nowhere = tell(&employee, &json!({ "mastodon": {} })).problem("invalid_content");
        assert_eq!(nowhere.text("/errors/0/pointer"), "#/mastodon/server");
    }

    fn whoever_administers_people_sees_and_changes_an_account(app) {
        let (employee, admin) = (app.employee(), app.admin());
        let path = format!("/v1/people/{}", employee.id());
        let account = json!({ "server": SERVER, "text_limit": 1000 });
        let change = json!({ "mastodon": account });
        let changed = admin.patch(&path).if_match(&json!(1)).json(&change).send().expect(200);
        assert_eq!((changed.header("ETag"), &changed["mastodon"]), ("\"2\"", &account));
        assert_eq!(admin.get(&path).send().expect(200).json, changed.json);
        assert_eq!(employee.get("/v1/me").send().expect(200)["mastodon"], account);
        let gone = admin.patch(&path).if_match(&json!(2)).json(&json!({ "mastodon": null })).send().expect(200);
        assert_eq!(gone["mastodon"], Value::Null);
        employee.patch(&path).if_match(&json!(3)).json(&change).send().problem("forbidden");
    }

    fn r22_which_server_somebody_uses_stands_nowhere_in_the_open(app) {
        let (post, employee) = (post(app), app.employee());
        tell(&employee, &json!({ "mastodon": { "server": SERVER, "text_limit": 1000 } })).expect(200);
        let entry = app.record_entries().pop().unwrap();
        assert_eq!(entry.typ, Event::PersonChanged.as_str());
        let fields: Value = serde_json::from_str(&entry.fields).unwrap();
        assert_eq!(fields["changed"], json!(["mastodon"]));
        let personal: Vec<String> =
            app.record_personal(entry.idx).into_iter().map(|(field, ..)| field).collect();
        assert_eq!(personal, ["actor_display", "actor_id", "person_id"]);

        let shared = share(&employee, "one", &post, None).expect(201);
        assert!(shared.text("/intent_url").contains(SERVER));
        tell(&employee, &json!({ "mastodon": { "server": "other.mastodon.example" } })).expect(200);
        let places = app.places_of(&employee.id());
        assert!(places.contains(&"people.id".to_owned()), "what is looked for can be found: {places:?}");
        assert_eq!(app.places_of(SERVER), Vec::<String>::new());
    }

    fn a_share_evaluated_on_an_older_account_is_evaluated_again(app) {
        let (post, employee) = (post(app), app.employee());
        let id: PersonId = employee.id().parse().unwrap();
        let scopes = Scopes::of_roles([Role::Employee]);
        let actor = Actor { person: Some(id), client: None, session: None, scopes };
        for nth in 1..=10 {
            // Past the server, as another node would: this one still knows the account before.
            let server = format!("server{nth}.example");
            let patch = MastodonPatch { server: Some(server.clone()), text_limit: None };
            let command = MeUpdate { mastodon: Some(Some(patch)), language: None };
            let keys = &app.state().context.keys;
            let change = |tx: &mut WriteTx<'_>| people::me_update(tx, keys, &actor, nth, &command);
            app.state().db.write_now(Lane::Ordinary, change).unwrap();
            let shared = share(&employee, &server, &post, None).expect(201);
            let address = shared.text("/intent_url");
            assert!(address.starts_with(&format!("https://{server}/share?text=")), "{address}");
        }
    }
}
