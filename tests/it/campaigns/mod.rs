//! Campaigns: a register, and a condition on the posts that belong to them.

mod limits;
mod races;
mod windows;

use greenlight::domain::ids::Key;
use greenlight::domain::roles::{Role, Scope};
use greenlight::store::{Lane, campaigns, groups};
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp, both};

/// Registers a campaign that says this.
fn register(app: &TestApp, key: &str, terms: &Value) -> Value {
    app.publisher().post("/v1/campaigns").json(&body(key, terms)).send().expect(201).json
}

fn body(key: &str, terms: &Value) -> Value {
    let mut body = json!({ "key": key, "name": format!("The {key}") });
    body.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
    body
}

/// Replaces what a campaign says, whatever it said.
fn change(app: &TestApp, key: &str, terms: &Value) -> Value {
    let path = format!("/v1/campaigns/{key}");
    let publisher = app.publisher();
    let version = publisher.get(&path).send().expect(200)["version"].clone();
    let mut next = body(key, terms);
    next.as_object_mut().unwrap().remove("key");
    publisher.put(&path).if_match(&version).json(&next).send().expect(200).json
}

fn end(app: &TestApp, key: &str) {
    let path = format!("/v1/campaigns/{key}");
    let version = app.publisher().get(&path).send().expect(200)["version"].clone();
    app.publisher().delete(&path).if_match(&version).send().expect(204);
}

fn group(app: &TestApp, name: &str) -> String {
    let made = app.admin().post("/v1/groups").json(&json!({ "name": name })).send().expect(201);
    made.text("/id").to_owned()
}

fn join(app: &TestApp, group: &str, who: &Client) {
    app.admin().put(&format!("/v1/groups/{group}/members/{}", who.id())).send().expect(204);
}

fn leave(app: &TestApp, group: &str, who: &Client) {
    app.admin().delete(&format!("/v1/groups/{group}/members/{}", who.id())).send().expect(200);
}

fn faults(answer: &Answer) -> Vec<String> {
    let faults = answer.list("/errors").iter();
    faults
        .map(|fault| format!("{} {}", fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()))
        .collect()
}

/// The keys of the campaigns that somebody is shown.
fn listed(client: &Client) -> Vec<String> {
    let found = client.get("/v1/campaigns").send().expect(200);
    found.list("/items").iter().map(|item| item["key"].as_str().unwrap().to_owned()).collect()
}

/// What the record says of campaigns.
fn told(app: &TestApp) -> Vec<(String, Value)> {
    let entries = app.record_entries();
    let of_these = entries.iter().filter(|entry| entry.typ.starts_with("campaign."));
    of_these.map(|entry| (entry.typ.clone(), serde_json::from_str(&entry.fields).unwrap())).collect()
}

both! {
    fn what_a_campaign_says_is_registered_read_and_on_record(app) {
        let pilots = group(app, "Pilots");
        let terms = json!({
            "goal": "To show who builds it.",
            "window": { "from": "2026-11-20T08:00:00Z", "until": "2026-12-24T08:00:00Z" },
            "groups": [pilots],
            "limits": { "shares_per_day": 200, "shares_per_person": 2 },
        });
        let made = app.publisher().post("/v1/campaigns").json(&body("spring", &terms)).send().expect(201);
        assert_eq!((made.header("Location"), made.header("ETag")), ("/v1/campaigns/spring", "\"1\""));
        let mut expected = body("spring", &terms);
        expected["version"] = json!(1);
        expected["created_at"] = json!("2026-11-21T09:00:00Z");
        assert_eq!(made.json, expected);
        let read = app.author().get("/v1/campaigns/spring").send().expect(200);
        assert_eq!((&read.json, read.header("ETag")), (&expected, "\"1\""));
        let short = register(app, "open", &json!({}));
        assert_eq!(short, json!({
            "key": "open", "name": "The open", "window": {}, "groups": [], "limits": {}, "version": 1,
            "created_at": "2026-11-21T09:00:00Z",
        }));
        let told = told(app);
        let (event, fields) = &told[0];
        assert_eq!(event, "campaign.created");
        assert_eq!((&fields["key"], &fields["name"], &fields["version"]), (&json!("spring"), &json!("The spring"), &json!(1)));
        assert_eq!((&fields["goal"], &fields["groups"]), (&terms["goal"], &json!([pilots])));
        assert_eq!((&fields["from"], &fields["until"]), (&terms["window"]["from"], &terms["window"]["until"]));
        assert_eq!((&fields["limits"], told[1].1["limits"].clone()), (&terms["limits"], json!({})));
    }

    fn only_publishers_write_campaigns_and_only_what_is_right(app) {
        let good = body("spring", &json!({}));
        for who in [Role::Employee, Role::Author, Role::Reviewer, Role::Admin, Role::Auditor] {
            let client = app.of_role(who);
            client.post("/v1/campaigns").json(&good).send().problem("forbidden");
            client.put("/v1/campaigns/spring").if_match(&json!(1)).json(&json!({ "name": "S" })).send()
                .problem("forbidden");
            client.delete("/v1/campaigns/spring").if_match(&json!(1)).send().problem("forbidden");
        }
        app.anonymous().get("/v1/campaigns").send().problem("unauthenticated");
        let post = |terms: Value| app.publisher().post("/v1/campaigns").json(&body("spring", &terms)).send();
        for odd in [
            json!({ "key": "Not A Key" }), json!({ "colour": "blue" }), json!({ "window": { "form": "2026-11-20T08:00:00Z" } }),
            json!({ "window": { "from": "tomorrow" } }), json!({ "groups": ["pilots"] }), json!({ "limits": { "shares_per_day": "many" } }),
        ] {
            post(odd).problem("invalid_request");
        }
        for odd in [
            json!({ "goal": "" }), json!({ "limits": { "shares_per_day": 0 } }),
            json!({ "limits": { "shares_per_day": 5001 } }), json!({ "limits": { "shares_per_person": 51 } }),
        ] {
            post(odd).problem("invalid_request");
        }
        post(json!({ "name": " " })).problem("invalid_content");
        let window = |from: &str, until: &str| json!({ "window": { "from": from, "until": until } });
        let refused = |terms: Value| faults(&post(terms).problem("invalid_content"));
        let (day, next) = ("2026-12-01T08:00:00Z", "2026-12-02T08:00:00Z");
        assert_eq!(refused(window(next, day)), ["#/window/until before_from"]);
        assert_eq!(refused(window(day, day)), ["#/window/until before_from"]);
        assert_eq!(refused(json!({ "window": { "until": "2026-11-21T09:00:00Z" } })), ["#/window/until past"]);
        let there = group(app, "There");
        let nobody = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1";
        assert_eq!(
            refused(json!({ "groups": [there, nobody, there] })),
            ["#/groups/1 unknown_group", "#/groups/2 duplicate"],
        );
        assert!(told(app).is_empty(), "nothing was stored");
    }

    fn a_change_is_made_to_the_version_that_was_read(app) {
        register(app, "spring", &json!({ "goal": "Old" }));
        let (path, publisher) = ("/v1/campaigns/spring", app.publisher());
        let next = json!({ "name": "Spring", "limits": { "shares_per_day": 5 } });
        publisher.put(path).json(&next).send().problem("precondition_required");
        publisher.put(path).if_match(&json!(2)).json(&next).send().problem("precondition_failed");
        let changed = publisher.put(path).if_match(&json!(1)).json(&next).send().expect(200);
        assert_eq!((changed.header("ETag"), &changed["limits"]), ("\"2\"", &json!({ "shares_per_day": 5 })));
        assert!(changed["goal"].is_null(), "what is absent is taken away");
        publisher.put(path).if_match(&json!(1)).json(&next).send().problem("precondition_failed");
        let same = publisher.put(path).if_match(&json!(2)).json(&next).send().expect(200);
        assert_eq!((same["version"].clone(), told(app).len()), (json!(2), 2), "the same changes nothing");
        let wrong = json!({ "name": "Spring", "groups": ["019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1"] });
        publisher.put(path).if_match(&json!(2)).json(&wrong).send().problem("invalid_content");
        publisher.put("/v1/campaigns/none").if_match(&json!(1)).json(&next).send().problem("not_found");
        publisher.delete(path).send().problem("precondition_required");
        publisher.delete(path).if_match(&json!(1)).send().problem("precondition_failed");
        publisher.delete("/v1/campaigns/none").if_match(&json!(1)).send().problem("not_found");
        publisher.delete(path).if_match(&json!(2)).send().expect(204);
        publisher.put(path).if_match(&json!(3)).json(&next).send().problem("conflict");
        publisher.delete(path).if_match(&json!(3)).send().problem("conflict");
        let again = publisher.post("/v1/campaigns").json(&body("spring", &json!({}))).send();
        assert!(again.problem("already_exists").text("/detail").contains("never used again"));
        let ended = app.author().get(path).send().expect(200);
        assert_eq!((ended.text("/ended_at"), &ended["version"]), ("2026-11-21T09:00:00Z", &json!(3)));
        assert!(listed(&app.author()).is_empty(), "what has ended is not listed");
        let events: Vec<String> = told(app).into_iter().map(|(event, _)| event).collect();
        assert_eq!(events, ["campaign.created", "campaign.changed", "campaign.ended"]);
    }

    fn r08_what_a_campaign_said_from_when_until_when_stays_on_record(app) {
        register(app, "spring", &json!({ "limits": { "shares_per_day": 5 } }));
        let moments = [0, 1, 2].map(|_| {
            app.advance(std::time::Duration::from_hours(1));
            app.clock().now()
        });
        app.clock().set(moments[1]);
        change(app, "spring", &json!({ "limits": { "shares_per_day": 9 } }));
        app.clock().set(moments[2]);
        end(app, "spring");
        let key: Key = "spring".parse().unwrap();
        let versions = app.state().db.read_now(|conn| campaigns::versions(conn, &key)).unwrap();
        let held: Vec<_> = versions.iter().map(|row| (row.shares_per_day, row.from_at, row.until_at, row.ended)).collect();
        let began = versions[0].created_at;
        assert_eq!(held, [
            (Some(5), began, Some(moments[1]), false),
            (Some(9), moments[1], Some(moments[2]), false),
            (Some(9), moments[2], None, true),
        ]);
        assert!(versions.iter().all(|row| row.created_at == began));
        assert_eq!((told(app)[1].1["limits"].clone(), told(app)[1].1["version"].clone()), (json!({ "shares_per_day": 9 }), json!(2)));
    }

    fn a_request_with_one_key_registers_one_campaign(app) {
        let post = |key: &str| {
            app.publisher().post("/v1/campaigns").idempotency_key("once").json(&body(key, &json!({}))).send()
        };
        let (first, again) = (post("spring").expect(201), post("spring").expect(201));
        assert_eq!((&first.json, again.header("Idempotency-Replayed")), (&again.json, "true"));
        post("autumn").problem("idempotency_key_reused");
        app.publisher().post("/v1/campaigns").json(&body("spring", &json!({}))).send().problem("already_exists");
    }

    fn an_employee_learns_of_what_is_for_them_and_has_begun(app) {
        let pilots = group(app, "Pilots");
        let (in_it, outside) = (app.person("in-it", &[Role::Employee]), app.employee());
        join(app, &pilots, &in_it);
        register(app, "open", &json!({}));
        register(app, "pilot", &json!({ "groups": [pilots] }));
        register(app, "secret", &json!({ "window": { "from": "2026-12-01T08:00:00Z" } }));
        register(app, "over", &json!({ "window": { "until": "2026-11-21T10:00:00Z" } }));
        app.advance(std::time::Duration::from_hours(2));
        let staff = app.author();
        assert_eq!(listed(&staff), ["over", "secret", "pilot", "open"]);
        assert_eq!(listed(&in_it), ["over", "pilot", "open"]);
        assert_eq!(listed(&outside), ["over", "open"]);
        // A client that may act for anybody sees all, another what everybody does.
        assert_eq!(listed(&app.key([Scope::Share, Scope::OnBehalf])), ["over", "secret", "pilot", "open"]);
        assert_eq!(listed(&app.key([Scope::Share])), ["over", "open"]);
        let read = |who: &Client, key: &str| who.get(&format!("/v1/campaigns/{key}")).send().status;
        assert_eq!(["open", "pilot", "secret", "over"].map(|key| read(&outside, key)), [200, 404, 404, 200]);
        assert_eq!(["open", "pilot", "secret", "over"].map(|key| read(&in_it, key)), [200, 200, 404, 200]);
        leave(app, &pilots, &in_it);
        assert_eq!(read(&in_it, "pilot"), 404);

        let mut walked = Vec::new();
        let mut path = "/v1/campaigns?limit=1".to_owned();
        loop {
            let page = outside.get(&path).send().expect(200);
            walked.extend(page.list("/items").iter().map(|item| item["key"].clone()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            path = format!("/v1/campaigns?limit=1&cursor={next}");
        }
        assert_eq!(walked, ["over", "open"], "pages have what one may see, and nothing between");
    }

    fn nobody_is_told_that_there_is_no_campaign_because_a_node_has_not_heard_of_them(app) {
        let (pilots, who) = (group(app, "Pilots"), app.employee());
        register(app, "pilot", &json!({ "groups": [pilots] }));
        let (pilots, person) = (pilots.parse().unwrap(), who.id().parse().unwrap());
        // What another node wrote: this one hears of it with the next change of access.
        app.state().db.write_now(Lane::Ordinary, |tx| groups::begin_membership(tx, pilots, person)).unwrap();
        who.get("/v1/campaigns/pilot").send().expect(200);
        assert_eq!(listed(&who), ["pilot"]);
    }

    fn r09_a_post_of_a_campaign_that_nobody_registered_is_not_saved(app) {
        let post = |campaign: &str| {
            let mut content = app.content();
            content["campaign"] = json!(campaign);
            app.author().post("/v1/posts").json(&json!({ "content": content })).send()
        };
        let unknown = post("spring").problem("invalid_content");
        assert_eq!(faults(&unknown), ["#/content/campaign unknown_key"]);
        assert!(unknown.text("/errors/0/detail").contains("GET /v1/campaigns"));
        register(app, "spring", &json!({}));
        post("spring").expect(201);
        assert_eq!(faults(&post("Not A Key").problem("invalid_content")), ["#/content/campaign not_a_slug"]);
        end(app, "spring");
        let ended = post("spring").problem("invalid_content");
        assert!(ended.text("/errors/0/detail").contains("has ended"), "{}", ended.text);
    }
}
