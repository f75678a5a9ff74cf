//! The register of responsibilities: who answers for what, looked up by everybody and kept on record.

use greenlight::domain::ids::{GroupId, Key, PersonId};
use greenlight::domain::responsibility::{Bearer, Holder};
use greenlight::domain::roles::{Role, Scope};
use greenlight::record::disclosure;
use greenlight::store::responsibilities;
use serde_json::{Value, json};

use crate::support::{Client, Entry, TestApp, both};

fn group(app: &TestApp, name: &str) -> String {
    let made = app.admin().post("/v1/groups").json(&json!({ "name": name })).send().expect(201);
    made.text("/id").to_owned()
}

fn person(client: &Client) -> Value {
    json!({ "person": client.id() })
}

/// A person as they are answered: with the name that they have.
fn named(client: &Client, name: &str) -> Value {
    json!({ "person": client.id(), "name": name })
}

fn body(key: &str, holders: &Value, deputies: &Value) -> Value {
    json!({ "key": key, "name": "Trade marks", "holders": holders, "deputies": deputies })
}

/// What the record says of responsibilities: the event, the fields, and whom it is about.
fn told(app: &TestApp) -> Vec<(String, Value, Option<String>)> {
    let about = |entry: &Entry| {
        let sealed = app.record_personal(entry.idx).into_iter().find(|(field, ..)| field == "person_id");
        sealed.map(|(field, person, sealed)| {
            let key = app.subject_key(person);
            let value = disclosure::open(&key, entry.event_id, &field, &sealed).unwrap();
            value.as_str().unwrap().to_owned()
        })
    };
    let entries = app.record_entries();
    let of_these = entries.iter().filter(|entry| entry.typ.starts_with("responsibility."));
    of_these
        .map(|entry| (entry.typ.clone(), serde_json::from_str(&entry.fields).unwrap(), about(entry)))
        .collect()
}

both! {
    fn every_employee_looks_up_who_answers_for_what(app) {
        let (legal, deputies) = (app.person("legal", &[Role::Reviewer]), group(app, "Deputies"));
        let mut wanted = body("brand-legal", &json!([person(&legal)]), &json!([{ "group": deputies }]));
        wanted["description"] = json!("Names and logos of others.");
        let made = app.admin().post("/v1/responsibilities").json(&wanted).send().expect(201);
        assert_eq!(made.header("Location"), "/v1/responsibilities/brand-legal");
        assert_eq!(made.header("ETag"), "\"1\"");
        let asked = wanted.clone();
        wanted["version"] = json!(1);
        wanted["created_at"] = json!("2026-11-21T09:00:00Z");
        wanted["holders"] = json!([named(&legal, "legal")]);
        wanted["deputies"] = json!([{ "group": deputies, "name": "Deputies" }]);
        assert_eq!(made.json, wanted, "an employee learns whom to ask, and not only an id");
        let read = app.employee().get("/v1/responsibilities/brand-legal").send().expect(200);
        assert_eq!((read.json.clone(), read.header("ETag")), (wanted.clone(), "\"1\""));
        app.key([Scope::Share]).get("/v1/responsibilities/brand-legal").send().expect(200);

        for key in ["press", "events"] {
            let wanted = body(key, &json!([person(&legal)]), &json!([]));
            app.admin().post("/v1/responsibilities").json(&wanted).send().expect(201);
        }
        let keys = |path: &str| {
            let found = app.employee().get(path).send().expect(200);
            let keys: Vec<Value> = found.list("/items").iter().map(|item| item["key"].clone()).collect();
            (keys, found["next_cursor"].as_str().map(str::to_owned))
        };
        let (first, next) = keys("/v1/responsibilities?limit=2");
        assert_eq!(first, ["events", "press"]);
        let (rest, none) = keys(&format!("/v1/responsibilities?limit=2&cursor={}", next.unwrap()));
        assert_eq!((rest, none), (vec![json!("brand-legal")], None));
        let item = &app.employee().get("/v1/responsibilities").send().expect(200)["items"][2];
        assert_eq!(*item, wanted);
        app.employee().get("/v1/responsibilities/nobody").send().problem("not_found");
        app.employee().post("/v1/responsibilities").json(&asked).send().problem("forbidden");
    }

    fn who_holds_it_exists_and_is_named_once(app) {
        let (one, nobody) = (app.employee(), PersonId::generate());
        let there = group(app, "There");
        let refused = |holders: Value, deputies: Value| {
            let wanted = body("press", &holders, &deputies);
            let answer = app.admin().post("/v1/responsibilities").json(&wanted).send();
            let answer = answer.problem("invalid_content");
            let faults = answer.list("/errors").iter();
            faults.map(|fault| format!("{} {}", fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            refused(
                json!([{ "person": nobody }, { "group": nobody }]),
                json!([{ "group": there }, { "group": nobody }]),
            ),
            ["#/holders/0/person unknown_person", "#/holders/1/group unknown_group", "#/deputies/1/group unknown_group"],
        );
        assert_eq!(
            refused(
                json!([person(&one), { "group": there }, person(&one)]),
                json!([{ "group": there }]),
            ),
            ["#/holders/2/person duplicate", "#/deputies/0/group duplicate"],
        );
        let post = |wanted: &Value| app.admin().post("/v1/responsibilities").json(wanted).send();
        post(&body("press", &json!([]), &json!([]))).problem("invalid_request");
        let many: Vec<Value> = (0..51).map(|_| json!({ "person": PersonId::generate() })).collect();
        post(&body("press", &json!([person(&one)]), &json!(many))).problem("invalid_request");
        let both = json!([{ "person": one.id(), "group": there }]);
        post(&body("press", &both, &json!([]))).problem("invalid_request");
        post(&body("Not A Key", &json!([person(&one)]), &json!([]))).problem("invalid_request");
        let mut blank = body("press", &json!([person(&one)]), &json!([]));
        blank["name"] = json!("  ");
        post(&blank).problem("invalid_content");
        let mut odd = body("press", &json!([person(&one)]), &json!([]));
        odd["name"] = json!("Press\u{202E}");
        odd["description"] = json!("a\u{202D}b");
        let odd = post(&odd).problem("invalid_content");
        let places: Vec<&Value> = odd.list("/errors").iter().map(|fault| &fault["pointer"]).collect();
        assert_eq!(places, ["#/name", "#/description"]);
        assert!(told(app).is_empty(), "nothing was stored");
    }

    fn a_change_is_made_to_the_version_that_was_read(app) {
        let (one, two) = (app.employee(), app.reviewer());
        let wanted = body("press", &json!([person(&one)]), &json!([]));
        app.admin().post("/v1/responsibilities").json(&wanted).send().expect(201);
        let put = || app.admin().clone();
        let path = "/v1/responsibilities/press";
        let next = json!({ "name": "Press", "holders": [person(&two), person(&one)] });
        put().put(path).json(&next).send().problem("precondition_required");
        put().put(path).if_match(&json!(2)).json(&next).send().problem("precondition_failed");
        let changed = put().put(path).if_match(&json!(1)).json(&next).send().expect(200);
        assert_eq!(changed.header("ETag"), "\"2\"");
        let names: Vec<&Value> = changed.list("/holders").iter().map(|holder| &holder["person"]).collect();
        assert_eq!(names, [one.id().as_str(), two.id().as_str()], "in the order in which they began");
        assert_eq!((&changed["name"], &changed["deputies"]), (&json!("Press"), &json!([])));
        let entries = told(app).len();
        let same = put().put(path).if_match(&json!(2)).json(&next).send().expect(200);
        assert_eq!((same["version"].clone(), told(app).len()), (json!(2), entries), "the same changes nothing");
        let unknown = json!({ "name": "Press", "holders": [{ "person": GroupId::generate() }] });
        put().put(path).if_match(&json!(2)).json(&unknown).send().problem("invalid_content");
        put().delete(path).send().problem("precondition_required");
        put().delete(path).if_match(&json!(1)).send().problem("precondition_failed");
        put().put("/v1/responsibilities/nobody").if_match(&json!(1)).json(&next).send().problem("not_found");
        put().delete("/v1/responsibilities/nobody").if_match(&json!(1)).send().problem("not_found");
    }

    fn one_that_ended_is_read_but_not_listed_and_its_key_is_not_used_again(app) {
        let wanted = body("press", &json!([person(&app.employee())]), &json!([]));
        let post = || app.admin().post("/v1/responsibilities").json(&wanted).send();
        let made = post().expect(201);
        post().problem("already_exists");
        let path = "/v1/responsibilities/press";
        app.admin().delete(path).if_match(&made["version"]).send().expect(200);
        let read = app.employee().get(path).send().expect(200);
        assert_eq!((read.text("/ended_at"), &read["holders"]), ("2026-11-21T09:00:00Z", &json!([])));
        assert!(app.employee().get("/v1/responsibilities").send().expect(200).list("/items").is_empty());
        app.admin().delete(path).if_match(&json!(2)).send().problem("conflict");
        let next = json!({ "name": "Press", "holders": [person(&app.employee())] });
        app.admin().put(path).if_match(&json!(2)).json(&next).send().problem("conflict");
        let detail = post().problem("already_exists").text("/detail").to_owned();
        assert!(detail.contains("never used again"), "{detail}");
    }

    fn who_ends_one_is_told_what_is_left_without_anybody(app) {
        for key in ["press", "webcare"] {
            let wanted = body(key, &json!([person(&app.employee())]), &json!([]));
            app.admin().post("/v1/responsibilities").json(&wanted).send().expect(201);
        }
        let account = |handle: &str, owner: &str| {
            let body = json!({
                "channel": "x", "handle": handle, "url": "https://x.com/a", "owner": owner, "purpose": "News.",
            });
            app.publisher().post("/v1/accounts").json(&body).send().expect(201)
        };
        let (ours, moved) = (account("@ours", "press"), account("@moved", "press"));
        account("@other", "webcare");
        let training = |responsibility: &str| {
            let body = json!({
                "title": "Training", "url": "https://learn.example.org/a", "responsibility": responsibility,
            });
            app.admin().post("/v1/trainings").json(&body).send().expect(201)
        };
        let (asked, _) = (training("press"), training("webcare"));
        let mut elsewhere = json!({ "channel": "x", "handle": "@moved", "url": "https://x.com/a", "purpose": "News." });
        elsewhere["owner"] = json!("webcare");
        let path = format!("/v1/accounts/{}", moved.text("/id"));
        app.publisher().put(&path).if_match(&json!(1)).json(&elsewhere).send().expect(200);
        let ended = app.admin().delete("/v1/responsibilities/press").if_match(&json!(1)).send().expect(200);
        assert_eq!(ended.json, json!({
            "stuck_reviews": [], "unowned_accounts": [ours["id"]], "unrecorded_trainings": [asked["id"]],
        }));
    }

    fn a_request_with_one_key_makes_one_responsibility(app) {
        let wanted = body("press", &json!([person(&app.employee())]), &json!([]));
        let post = || app.admin().post("/v1/responsibilities").idempotency_key("once").json(&wanted).send();
        let (first, again) = (post().expect(201), post().expect(201));
        assert_eq!((first.json.clone(), again.header("Idempotency-Replayed")), (again.json.clone(), "true"));
    }

    fn r08_who_held_it_from_when_until_when_stays_on_record(app) {
        let (one, two, three) = (app.employee(), app.reviewer(), group(app, "Three"));
        let wanted = body("press", &json!([person(&one)]), &json!([person(&two)]));
        app.admin().post("/v1/responsibilities").json(&wanted).send().expect(201);
        let path = "/v1/responsibilities/press";
        let next = json!({ "name": "Trade marks", "holders": [person(&two)], "deputies": [{ "group": three }] });
        app.admin().put(path).if_match(&json!(1)).json(&next).send().expect(200);
        app.admin().delete(path).if_match(&json!(2)).send().expect(200);

        let told = told(app);
        let id = told[0].1["responsibility_id"].clone();
        assert!(told.iter().all(|(_, fields, _)| fields["key"] == "press" && fields["responsibility_id"] == id));
        assert_eq!(told[0].1["name"], "Trade marks");
        let lines: Vec<String> = told.iter().map(|(event, fields, about)| {
            let who = if *about == Some(one.id()) { "one" } else if *about == Some(two.id()) { "two" }
                else if fields["group_id"] == three.as_str() { "three" } else { "-" };
            format!("{} {who} {}", event.trim_start_matches("responsibility."), fields["deputy"])
        }).collect();
        assert_eq!(lines, [
            "created - null", "held one false", "held two true",
            "released one false", "released two true", "held two false", "held three true",
            "released two false", "released three true", "ended - null",
        ]);
        let open: Vec<String> = told.iter().map(|(_, fields, _)| fields.to_string()).collect();
        assert!(!open.iter().any(|fields| fields.contains(&one.id())), "who it is stands only sealed");
    }

    fn the_store_tells_who_holds_it_now(app) {
        let (one, three) = (app.employee(), group(app, "Three"));
        let wanted = body("press", &json!([person(&one)]), &json!([{ "group": three }]));
        app.admin().post("/v1/responsibilities").json(&wanted).send().expect(201);
        let key: Key = "press".parse().unwrap();
        let find = || app.state().db.read_now(|conn| responsibilities::find_by_key(conn, &key)).unwrap();
        let id = find().unwrap().id;
        let holders = || app.state().db.read_now(|conn| responsibilities::holders_of(conn, id)).unwrap();
        assert_eq!(holders(), [
            Holder { bearer: Bearer::Person(one.id().parse().unwrap()), deputy: false },
            Holder { bearer: Bearer::Group(three.parse().unwrap()), deputy: true },
        ]);
        app.admin().delete("/v1/responsibilities/press").if_match(&json!(1)).send().expect(200);
        assert_eq!((find(), holders()), (None, vec![]));
    }
}
