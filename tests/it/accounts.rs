//! The register of official accounts: what is entered, who may post there, and what it said before.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use greenlight::domain::ids::AccountId;
use greenlight::domain::roles::Scope;
use greenlight::store::accounts::{self, AccountFilter};
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp, both};

/// A responsibility that this client holds, and that the auditor is a deputy for.
fn responsibility(app: &TestApp, key: &str, holder: &Client) {
    let body = json!({
        "key": key,
        "name": "Webcare",
        "holders": [{ "person": holder.id() }],
        "deputies": [{ "person": app.auditor().id() }],
    });
    app.admin().post("/v1/responsibilities").json(&body).send().expect(201);
}

fn body(handle: &str) -> Value {
    json!({
        "channel": "x",
        "handle": handle,
        "url": "https://x.com/NoordzeeEnergie",
        "owner": "webcare",
        "purpose": "News.\nQuestions of customers.",
    })
}

fn post(app: &TestApp, wanted: &Value) -> Answer {
    app.publisher().post("/v1/accounts").json(wanted).send()
}

/// The faults of an answer, as place and code.
fn faults(answer: &Answer) -> Vec<String> {
    let told =
        |fault: &Value| format!("{} {}", fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap());
    answer.list("/errors").iter().map(told).collect()
}

/// The handles of a list, with the cursor of its next page.
fn handles(who: &Client, query: &str) -> (Vec<String>, Option<String>) {
    let found = who.get(&format!("/v1/accounts{query}")).send().expect(200);
    let handles = found.list("/items").iter().map(|item| item["handle"].as_str().unwrap().to_owned());
    (handles.collect(), found["next_cursor"].as_str().map(str::to_owned))
}

/// What the record says of accounts: the event and its fields.
fn told(app: &TestApp) -> Vec<(String, Value)> {
    let entries = app.record_entries();
    let of_these = entries.iter().filter(|entry| entry.typ.starts_with("account."));
    of_these.map(|entry| (entry.typ.clone(), serde_json::from_str(&entry.fields).unwrap())).collect()
}

#[derive(QueryableByName, Debug, PartialEq)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    handle: String,
    #[diesel(sql_type = BigInt)]
    from_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    until_at: Option<i64>,
}

both! {
    fn every_employee_looks_up_whether_an_account_is_really_ours(app) {
        responsibility(app, "webcare", &app.reviewer());
        let wanted = body("@NoordzeeEnergie");
        let made = post(app, &wanted).expect(201);
        let path = format!("/v1/accounts/{}", made.text("/id"));
        assert_eq!((made.header("Location"), made.header("ETag")), (path.as_str(), "\"1\""));
        let mut expected = wanted.clone();
        expected["id"] = made["id"].clone();
        expected["may_post"] = json!({
            "holders": [{ "person": app.reviewer().id(), "name": "reviewer" }],
            "deputies": [{ "person": app.auditor().id(), "name": "auditor" }],
        });
        expected["version"] = json!(1);
        expected["created_at"] = json!("2026-11-21T09:00:00Z");
        assert_eq!(made.json, expected);
        let read = app.employee().get(&path).send().expect(200);
        assert_eq!((read.json.clone(), read.header("ETag")), (expected.clone(), "\"1\""));
        app.key([Scope::Share]).get(&path).send().expect(200);

        let mut other = body("noordzee-energie");
        other["channel"] = json!("linkedin");
        post(app, &other).expect(201);
        other["channel"] = json!("threads");
        other["handle"] = json!("@noordzeeenergie");
        post(app, &other).expect(201);
        let (employee, all) = (app.employee(), ["@noordzeeenergie", "noordzee-energie", "@NoordzeeEnergie"]);
        assert_eq!(handles(&employee, "").0, all);
        assert_eq!(handles(&employee, "?channel=linkedin").0, ["noordzee-energie"]);
        for handle in ["NOORDZEEENERGIE", "%40noordzeeEnergie", "%20@NoordzeeEnergie%0A", "%EF%BC%A0NoordzeeEnergie"] {
            assert_eq!(handles(&employee, &format!("?handle={handle}")).0, ["@noordzeeenergie", "@NoordzeeEnergie"]);
            assert_eq!(handles(&employee, &format!("?handle={handle}&channel=x")).0, ["@NoordzeeEnergie"]);
        }
        assert_eq!(handles(&employee, "?handle=n00rdzee").0, Vec::<String>::new());
        for odd in ["@", "@@NoordzeeEnergie", "Noordzee%20Energie", "https://x.com/NoordzeeEnergie"] {
            let refused = employee.get(&format!("/v1/accounts?handle={odd}")).send().problem("invalid_request");
            assert_eq!(refused["errors"][0]["code"], "not_a_handle", "{odd}: a typing error does not say that it is not ours");
        }
        let unknown = employee.get("/v1/accounts?channel=twitter").send().problem("invalid_request");
        assert_eq!(unknown["errors"][0]["code"], "unknown_channel", "a typing error does not say that it is not ours");
        let (first, next) = handles(&employee, "?limit=2");
        assert_eq!(first, all[..2]);
        let (rest, none) = handles(&employee, &format!("?limit=2&cursor={}", next.unwrap()));
        assert_eq!((rest, none), (vec![all[2].to_owned()], None));
        employee.get(&format!("/v1/accounts/{}", AccountId::generate())).send().problem("not_found");
        employee.post("/v1/accounts").json(&wanted).send().problem("forbidden");
    }

    fn what_is_wrong_with_an_account_is_told_and_nothing_is_stored(app) {
        responsibility(app, "ended", &app.reviewer());
        app.admin().delete("/v1/responsibilities/ended").if_match(&json!(1)).send().expect(200);
        let mut odd = body("two words");
        odd["channel"] = json!("myspace");
        odd["url"] = json!("http://x.com/a");
        let answer = post(app, &odd).problem("invalid_content");
        assert_eq!(
            faults(&answer),
            ["#/channel unknown_channel", "#/handle not_a_handle", "#/url not_a_link", "#/owner unknown_responsibility"]
        );
        let mut ended = body("@a");
        ended["owner"] = json!("ended");
        assert_eq!(faults(&post(app, &ended).problem("invalid_content")), ["#/owner unknown_responsibility"]);
        let mut blank = body("@a");
        blank["purpose"] = json!(" ");
        post(app, &blank).problem("invalid_content");
        post(app, &body(&"a".repeat(201))).problem("invalid_request");
        let mut short = body("@a");
        short.as_object_mut().unwrap().remove("purpose");
        post(app, &short).problem("invalid_request");
        assert!(told(app).is_empty());
        assert!(handles(&app.employee(), "").0.is_empty());
    }

    fn a_handle_is_in_the_register_once_on_each_channel(app) {
        responsibility(app, "webcare", &app.reviewer());
        let first = post(app, &body("@Noordzee")).expect(201);
        for same in ["@Noordzee", "noordzee", "@NOORDZEE"] {
            assert_eq!(faults(&post(app, &body(same)).problem("already_exists")), ["#/handle taken"]);
        }
        for alike in ["@Noordz\u{435}e", "@N\u{43E}ordzee", "\u{39D}OORDZEE", "@n0ordzee"] {
            let refused = post(app, &body(alike)).problem("already_exists");
            assert_eq!(faults(&refused), ["#/handle taken"], "{alike}");
            assert!(refused.text("/detail").contains("looks the same"));
        }
        assert!(handles(&app.employee(), "?handle=n0ordzee").0.is_empty(), "a look-alike is not ours");
        let mut elsewhere = body("@Noordzee");
        elsewhere["channel"] = json!("threads");
        post(app, &elsewhere).expect(201);
        let second = post(app, &body("@noordzee_help")).expect(201);
        let path = |account: &Answer| format!("/v1/accounts/{}", account.text("/id"));
        let put = |account: &Answer, handle: &str| {
            app.publisher().put(&path(account)).if_match(&json!(1)).json(&body(handle)).send()
        };
        put(&second, "NOORDZEE").problem("already_exists");
        put(&first, "@noordzee").expect(200);
        app.publisher().delete(&path(&second)).if_match(&json!(1)).send().expect(204);
        let again = post(app, &body("@Noordzee_Help")).expect(201);
        assert_ne!(again["id"], second["id"], "what has ended does not come back");
    }

    fn a_change_is_made_to_the_version_that_was_read(app) {
        responsibility(app, "webcare", &app.reviewer());
        let made = post(app, &body("@Noordzee")).expect(201);
        let path = format!("/v1/accounts/{}", made.text("/id"));
        let publisher = app.publisher();
        let mut next = body("@Noordzee");
        next["purpose"] = json!("News only.");
        publisher.put(&path).json(&next).send().problem("precondition_required");
        publisher.put(&path).if_match(&json!(2)).json(&next).send().problem("precondition_failed");
        let changed = publisher.put(&path).if_match(&json!(1)).json(&next).send().expect(200);
        assert_eq!((changed.header("ETag"), changed.text("/purpose")), ("\"2\"", "News only."));
        assert_eq!(changed["created_at"], made["created_at"]);
        let entries = told(app).len();
        let same = publisher.put(&path).if_match(&json!(2)).json(&next).send().expect(200);
        assert_eq!((same["version"].clone(), told(app).len()), (json!(2), entries), "the same changes nothing");
        next["owner"] = json!("nobody");
        publisher.put(&path).if_match(&json!(2)).json(&next).send().problem("invalid_content");
        app.employee().put(&path).if_match(&json!(2)).json(&next).send().problem("forbidden");
        app.employee().delete(&path).if_match(&json!(2)).send().problem("forbidden");
        publisher.delete(&path).send().problem("precondition_required");
        publisher.delete(&path).if_match(&json!(1)).send().problem("precondition_failed");
        publisher.delete(&path).if_match(&json!(2)).send().expect(204);
        publisher.delete(&path).if_match(&json!(2)).send().problem("not_found");
        publisher.put(&path).if_match(&json!(2)).json(&body("@Noordzee")).send().problem("not_found");
        app.employee().get(&path).send().problem("not_found");
        let events: Vec<String> = told(app).into_iter().map(|(event, _)| event).collect();
        assert_eq!(events, ["account.created", "account.changed", "account.ended"]);
    }

    fn who_may_post_is_who_holds_the_responsibility_now(app) {
        responsibility(app, "webcare", &app.reviewer());
        let path = format!("/v1/accounts/{}", post(app, &body("@Noordzee")).expect(201).text("/id"));
        let read = || app.employee().get(&path).send().expect(200);
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Webcare" })).send().expect(201);
        let next = json!({ "name": "Webcare", "holders": [{ "group": group["id"] }] });
        let responsibility_path = "/v1/responsibilities/webcare";
        app.admin().put(responsibility_path).if_match(&json!(1)).json(&next).send().expect(200);
        let handed_over = read();
        assert_eq!(
            (&handed_over["may_post"], &handed_over["version"]),
            (&json!({ "holders": [{ "group": group["id"], "name": "Webcare" }], "deputies": [] }), &json!(1)),
            "nobody keeps a second list"
        );
        assert_eq!(handed_over["unowned_since"], Value::Null);

        app.admin().delete(responsibility_path).if_match(&json!(2)).send().expect(200);
        let unowned = read();
        assert_eq!(unowned["may_post"], Value::Null, "nobody may post there");
        assert_eq!((unowned.text("/owner"), unowned.text("/unowned_since")), ("webcare", "2026-11-21T09:00:00Z"));
        let listed = app.employee().get("/v1/accounts").send().expect(200);
        assert_eq!(listed["items"], json!([unowned.json]));
        let put = |owner: &str| {
            let mut next = body("@Noordzee");
            next["owner"] = json!(owner);
            app.publisher().put(&path).if_match(&json!(1)).json(&next).send()
        };
        assert_eq!(put("webcare").expect(200)["version"], json!(1), "the same changes nothing");
        let mut mended = body("@Noordzee");
        mended["purpose"] = json!("News only.");
        let mended = app.publisher().put(&path).if_match(&json!(1)).json(&mended).send().expect(200);
        assert_eq!((mended.text("/owner"), &mended["may_post"]), ("webcare", &Value::Null), "who owned it may stay");
        responsibility(app, "press", &app.author());
        let mut next = body("@Noordzee");
        next["owner"] = json!("press");
        let owned = app.publisher().put(&path).if_match(&json!(2)).json(&next).send().expect(200);
        assert_eq!(owned["may_post"]["holders"], json!([{ "person": app.author().id(), "name": "author" }]));
        assert_eq!(owned["unowned_since"], Value::Null);
        next["owner"] = json!("webcare");
        let back = app.publisher().put(&path).if_match(&json!(3)).json(&next).send().problem("invalid_content");
        assert_eq!(faults(&back), ["#/owner unknown_responsibility"]);
    }

    fn a_request_with_one_key_enters_one_account(app) {
        responsibility(app, "webcare", &app.reviewer());
        let wanted = body("@Noordzee");
        let post = |body: &Value| app.publisher().post("/v1/accounts").idempotency_key("once").json(body).send();
        let (first, again) = (post(&wanted).expect(201), post(&wanted).expect(201));
        assert_eq!((first.json.clone(), again.header("Idempotency-Replayed")), (again.json.clone(), "true"));
        post(&body("@other")).problem("idempotency_key_reused");
        assert_eq!(handles(&app.employee(), "").0, ["@Noordzee"]);
    }

    fn r08_what_the_register_said_from_when_until_when_stays_on_record(app) {
        responsibility(app, "webcare", &app.reviewer());
        let made = post(app, &body("@Noordzee")).expect(201);
        let path = format!("/v1/accounts/{}", made.text("/id"));
        let began = app.clock().now().micros();
        app.advance(std::time::Duration::from_secs(60));
        app.publisher().put(&path).if_match(&json!(1)).json(&body("@NoordzeeNL")).send().expect(200);
        app.advance(std::time::Duration::from_secs(60));
        app.publisher().delete(&path).if_match(&json!(2)).send().expect(204);
        let sql = "SELECT version, handle, from_at, until_at FROM account_versions ORDER BY version";
        let rows: Vec<Version> =
            app.state().db.read_now(|conn| Ok(diesel::sql_query(sql).load(conn).unwrap())).unwrap();
        let version = |version: i64, handle: &str| Version {
            version,
            handle: handle.to_owned(),
            from_at: began + (version - 1) * 60_000_000,
            until_at: Some(began + version * 60_000_000),
        };
        assert_eq!(rows, [version(1, "@Noordzee"), version(2, "@NoordzeeNL")]);

        let told = told(app);
        let created = json!({
            "account_id": made["id"],
            "channel": "x",
            "handle": "@Noordzee",
            "url": "https://x.com/NoordzeeEnergie",
            "owner": "webcare",
            "purpose": "News.\nQuestions of customers.",
        });
        for (name, value) in created.as_object().unwrap() {
            assert_eq!(told[0].1[name], *value, "{name}");
        }
        assert_eq!(told[1].1["handle"], "@NoordzeeNL");
        assert_eq!((&told[2].1["account_id"], &told[2].1["url"]), (&made["id"], &Value::Null));
    }

    fn looking_accounts_up_is_served_by_indexes(app) {
        let after = Some(AccountId::generate());
        let plan = |channel: Option<&str>, handle: Option<&str>, after| {
            let filter =
                AccountFilter { channel: channel.map(Into::into), folded_handle: handle.map(str::to_owned) };
            let (_, plan) = app.plan(|conn| accounts::list(conn, &filter, after, 51));
            plan
        };
        for after in [None, after] {
            let all = plan(None, None, after);
            assert!(all.contains("account_versions_open"), "{all}");
            assert!(!all.contains("TEMP B-TREE") && !all.contains("Sort"), "{all}");
            let on_channel = plan(Some("x"), None, after);
            assert!(on_channel.contains("account_versions_open"), "{on_channel}");
            let named = plan(None, Some("noordzee"), after);
            assert!(named.contains("account_versions_open"), "{named}");
        }
        let (_, one) = app.plan(|conn| accounts::find(conn, AccountId::generate()));
        assert!(one.contains("account_versions_open") || one.contains("autoindex_account_versions"), "{one}");
    }
}
