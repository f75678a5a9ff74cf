//! Posts that employees propose, and what becomes of them.

mod closing;
mod told;

use std::time::Duration;

use diesel::connection::SimpleConnection;
use greenlight::app::notifications::spread;
use greenlight::domain::ids::ProposalId;
use greenlight::domain::roles::{Role, Scope};
use greenlight::record::disclosure;
use greenlight::store::Lane;
use greenlight::store::post_proposals::{self, ProposalFilter};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

const PATH: &str = "/v1/suggestions";

fn body() -> Value {
    json!({
        "title": "Open day",
        "language": "en",
        "text": "Come and see our new workshop on Saturday.",
        "channels": ["linkedin"],
        "note": "My-neighbours-ask-for-it",
    })
}

fn propose(who: &Client, body: &Value) -> Answer {
    who.post(PATH).json(body).send()
}

fn path(proposal: &Answer) -> String {
    format!("{PATH}/{}", proposal.text("/id"))
}

/// The proposal as this client reads it.
fn read(who: &Client, proposal: &Answer) -> Answer {
    who.get(&path(proposal)).send().expect(200)
}

/// The ids of a list, with the cursor of its next page.
fn ids(who: &Client, query: &str) -> (Vec<Value>, Option<String>) {
    let found = who.get(&format!("{PATH}{query}")).send().expect(200);
    let ids = found.list("/items").iter().map(|item| item["id"].clone()).collect();
    (ids, found["next_cursor"].as_str().map(str::to_owned))
}

/// The post of a proposal as its authors read it.
fn item(app: &TestApp, proposal: &Answer) -> Answer {
    app.author().get(&format!("/v1/posts/{}", proposal.text("/post_id"))).send().expect(200)
}

/// The newest revision of the post of a proposal.
fn newest(app: &TestApp, proposal: &Answer) -> Post {
    let item = item(app, proposal);
    Post {
        id: item.text("/id").to_owned(),
        revision: item["working_revision"]["revision"].as_i64().unwrap(),
        digest: item.text("/working_revision/digest").to_owned(),
    }
}

/// The author submits the post of a proposal.
fn submit(app: &TestApp, proposal: &Answer) -> Post {
    app.reviewer();
    app.submit(&newest(app, proposal))
}

/// The author saves the post of a proposal as `change` leaves it.
fn edit(app: &TestApp, proposal: &Answer, change: impl FnOnce(&mut Value)) {
    let item = item(app, proposal);
    let mut content = item["working_revision"]["content"].clone();
    change(&mut content);
    let path = format!("/v1/posts/{}/draft", item.text("/id"));
    app.author()
        .put(&path)
        .if_match(&item["version"])
        .json(&json!({ "content": content }))
        .send()
        .expect(200);
}

/// What a reviewer says of a post.
fn decide(app: &TestApp, post: &Post, decision: &str) {
    let body = post.decision(decision, Some("Not in our style."));
    app.reviewer().post(&post.path("/decisions")).json(&body).send().expect(201);
}

/// How often somebody was told of each topic, once everybody was told what there is.
fn told(app: &TestApp, who: &Client) -> Vec<(String, Value)> {
    spread(&app.state().db, app.clock()).unwrap();
    let found = who.get("/v1/me/notifications").send().expect(200);
    let told = |item: &Value| (item["topic"].as_str().unwrap().to_owned(), item["detail"].clone());
    found.list("/items").iter().map(told).collect()
}

fn withdraw(who: &Client, proposal: &Answer, body: &Value) -> Answer {
    who.post(&format!("{}/withdrawal", path(proposal))).json(body).send()
}

fn decline(who: &Client, proposal: &Answer) -> Answer {
    who.post(&format!("{}/decline", path(proposal))).json(&json!({ "reason": "We said so before." })).send()
}

both! {
    fn an_employee_proposes_a_post_which_becomes_a_draft_of_theirs(app) {
        let employee = app.employee();
        let made = propose(&employee, &body()).expect(201);
        assert_eq!(made.header("Location"), path(&made));
        let expected = json!({
            "id": made["id"],
            "post_id": made["post_id"],
            "person_id": employee.id(),
            "title": "Open day",
            "language": "en",
            "text": "Come and see our new workshop on Saturday.",
            "channels": ["linkedin"],
            "state": "received",
            "words_changed": false,
            "note": "My-neighbours-ask-for-it",
            "created_at": "2026-11-21T09:00:00Z",
        });
        assert_eq!(made.json, expected);
        assert_eq!(read(&employee, &made).json, expected);
        let drafts = app.author().get("/v1/posts?state=draft").send().expect(200);
        assert_eq!(drafts.list("/items")[0]["id"], made["post_id"], "authors find it among the posts");
        let item = item(app, &made);
        let working = &item["working_revision"];
        assert_eq!(working["authors"], json!([employee.id()]));
        assert_eq!(working["content"]["copies"][0]["text"], body()["text"]);
        assert_eq!(working["content"]["channels"], json!(["linkedin"]));
        employee.get(&format!("/v1/posts/{}", made.text("/post_id"))).send().problem("forbidden");
    }

    fn without_channels_it_is_for_those_that_take_a_text_alone(app) {
        let mut wanted = body();
        wanted.as_object_mut().unwrap().remove("channels");
        wanted.as_object_mut().unwrap().remove("note");
        wanted["link"] = json!({ "url": "https://www.example.nl/open-day" });
        let made = propose(&app.employee(), &wanted).expect(201);
        assert_eq!(made["note"], Value::Null);
        assert_eq!((&made["link"], &made["channels"]), (&wanted["link"], &json!([])));
        let content = item(app, &made)["working_revision"]["content"].clone();
        assert_eq!(content["link"], wanted["link"]);
        let channels = content["channels"].as_array().unwrap();
        assert!(channels.contains(&json!("mastodon")) && !channels.contains(&json!("instagram_feed")));
    }

    fn a_proposal_is_checked_as_a_draft_is(app) {
        let employee = app.employee();
        let faults = |change: &dyn Fn(&mut Value)| {
            let mut wanted = body();
            change(&mut wanted);
            let answer = propose(&employee, &wanted).problem("invalid_content");
            let told = |fault: &Value| {
                format!("{} {}", fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap())
            };
            answer.list("/errors").iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(faults(&|it| it["title"] = json!(" ")), ["#/title empty"]);
        assert_eq!(faults(&|it| it["text"] = json!("a\u{202E}b")), ["#/text control_character"]);
        assert_eq!(faults(&|it| it["language"] = json!("dutch")), ["#/language not_a_language"]);
        assert_eq!(faults(&|it| it["channels"] = json!(["x", "myspace"])), ["#/channels/1 unknown_channel"]);
        assert_eq!(faults(&|it| it["link"] = json!({ "url": "http://a.nl" })), ["#/link/url not_a_link"]);
        assert_eq!(faults(&|it| it["note"] = json!("a\u{202E}b")), ["#/note control_character"]);
        let mut odd = body();
        odd["images"] = json!([]);
        propose(&employee, &odd).problem("invalid_request");
        assert!(ids(&employee, "").0.is_empty());
        assert!(app.record_entries().iter().all(|entry| entry.typ != "post.proposed"));
        propose(&app.author(), &body()).problem("forbidden");
        propose(&app.key([Scope::Share]), &body()).problem("person_required");
    }

    fn r03_whoever_proposed_a_post_never_decides_on_it(app) {
        let both = app.person("both", &[Role::Employee, Role::Reviewer]);
        let made = propose(&both, &body()).expect(201);
        let post = submit(app, &made);
        let approval = post.decision("approve", None);
        both.post(&post.path("/decisions")).json(&approval).send().problem("author_cannot_decide");
        app.reviewer().post(&post.path("/decisions")).json(&approval).send().expect(201);
    }

    fn the_employee_sees_each_state_that_it_passes(app) {
        let employee = app.employee();
        let made = propose(&employee, &body()).expect(201);
        let state = || read(&employee, &made).text("/state").to_owned();
        let post = submit(app, &made);
        assert_eq!(state(), "in_review");
        decide(app, &post, "request_changes");
        let returned = read(&employee, &made);
        assert_eq!((returned.text("/state"), returned.text("/reason")), ("changes_requested", "Not in our style."));
        let later = app.clock().now().after(Duration::from_secs(3600)).to_string();
        edit(app, &made, |content| content["publish_at"] = json!(later));
        let again = read(&employee, &made);
        assert_eq!((again.text("/state"), &again["reason"]), ("received", &Value::Null), "the authors have it again");
        decide(app, &submit(app, &made), "approve");
        let approved = read(&employee, &made);
        assert_eq!((approved.text("/state"), &approved["live_revision"]), ("approved", &Value::Null));
        app.advance(Duration::from_secs(3600));
        let live = read(&employee, &made);
        assert_eq!((live.text("/state"), &live["live_revision"]), ("live", &json!(2)));
        assert_eq!(live["words_changed"], false);
        edit(app, &made, |content| content["title"] = json!("Not yet known to employees"));
        let live = read(&employee, &made);
        assert_eq!((live.text("/state"), live.text("/title")), ("live", "Open day"));
        let recall = format!("/v1/posts/{}/recall", made.text("/post_id"));
        app.publisher().post(&recall).json(&json!({ "reason": "wrong" })).send().expect(200);
        assert_eq!(state(), "ended");
        assert_eq!(read(&employee, &made)["live_revision"], Value::Null);
    }

    fn nobody_reads_in_a_proposal_what_authors_made_of_it(app) {
        let employee = app.employee();
        let mut wanted = body();
        wanted["link"] = json!({ "url": "https://www.example.nl/open-day" });
        let made = propose(&employee, &wanted).expect(201);
        edit(app, &made, |content| {
            content["title"] = json!("The merger");
            content["copies"][0]["text"] = json!("We merge.");
            content["copies"][0]["language"] = json!("nl");
            content["channels"] = json!(["x"]);
            content["link"] = json!({ "url": "https://www.example.nl/merger" });
        });
        let expect_as_sent = || {
            for who in [&employee, &app.author()] {
                let read = read(who, &made);
                for member in ["title", "language", "text", "channels", "link", "note"] {
                    assert_eq!(read[member], wanted[member], "{member}");
                }
            }
        };
        expect_as_sent();
        assert_eq!(read(&employee, &made)["words_changed"], true);
        decide(app, &submit(app, &made), "approve");
        assert_eq!(read(&employee, &made).text("/state"), "live");
        expect_as_sent();
    }

    fn whether_the_words_were_changed_is_told(app) {
        let employee = app.employee();
        let made = propose(&employee, &body()).expect(201);
        let changed = || read(&employee, &made)["words_changed"].clone();
        edit(app, &made, |content| content["tips"] = json!("Add a picture of yourself."));
        assert_eq!(changed(), false, "what stands beside them does not matter");
        edit(app, &made, |content| content["copies"][0]["text"] = json!("Come and see us."));
        assert_eq!(changed(), true);
        decide(app, &submit(app, &made), "approve");
        edit(app, &made, |content| content["copies"][0]["text"] = body()["text"].clone());
        assert_eq!(changed(), true, "those of the live revision are told");
    }

    fn a_rejection_is_told_with_its_reason(app) {
        let employee = app.employee();
        let made = propose(&employee, &body()).expect(201);
        decide(app, &submit(app, &made), "reject");
        let rejected = read(&employee, &made);
        assert_eq!((rejected.text("/state"), rejected.text("/reason")), ("not_taken", "Not in our style."));
        assert_eq!(rejected["declined_at"], Value::Null);
        assert_eq!(decline(&app.author(), &made).problem("conflict").text("/state"), "not_taken");
    }

    fn one_sees_ones_own_and_whoever_reads_content_sees_everybodys(app) {
        let (employee, other, author) = (app.employee(), app.person("other", &[Role::Employee]), app.author());
        let one = propose(&employee, &body()).expect(201);
        let two = propose(&other, &body()).expect(201);
        let three = propose(&employee, &body()).expect(201);
        let id = |proposal: &Answer| proposal["id"].clone();
        other.get(&path(&one)).send().problem("not_found");
        employee.get(&format!("{PATH}/{}", ProposalId::generate())).send().problem("not_found");
        assert_eq!(read(&author, &one).text("/note"), "My-neighbours-ask-for-it");
        assert_eq!(ids(&employee, "").0, [id(&three), id(&one)]);
        assert_eq!(ids(&other, "?whose=mine").0, [id(&two)]);
        assert!(ids(&author, "").0.is_empty());
        assert_eq!(ids(&author, "?whose=all").0, [id(&three), id(&two), id(&one)]);
        let (first, next) = ids(&author, "?whose=all&limit=2");
        assert_eq!(first, [id(&three), id(&two)]);
        let rest = format!("?whose=all&limit=2&cursor={}", next.unwrap());
        assert_eq!(ids(&author, &rest), (vec![id(&one)], None));
        let refused = employee.get(&format!("{PATH}?whose=all")).send().problem("forbidden");
        assert_eq!(refused["scope"], "content_read");
        for who in [app.auditor(), app.reviewer(), app.publisher()] {
            assert_eq!(ids(&who, "?whose=all").0, [id(&three), id(&two), id(&one)]);
            assert_eq!(read(&who, &one).json, read(&employee, &one).json);
            assert_eq!(decline(&who, &one).problem("forbidden")["scope"], "content_write");
        }
        decline(&author, &two).expect(200);
        decide(app, &submit(app, &three), "approve");
        assert_eq!(ids(&author, "?whose=all&state=open").0, [id(&one)]);
        assert_eq!(ids(&author, "?whose=all&state=closed").0, [id(&three), id(&two)]);
        assert_eq!(ids(&employee, "?state=open").0, [id(&one)]);
        edit(app, &three, |content| content["title"] = json!("Once more"));
        assert_eq!(ids(&employee, "?state=closed").0, [id(&three)], "a next draft does not open it again");
        let key = app.key([Scope::Share, Scope::OnBehalf]);
        let found = key.get(PATH).on_behalf_of(&other.id()).send().expect(200);
        assert_eq!(found["items"][0]["id"], two["id"]);
        author.get(&format!("{PATH}?whose=ours")).send().problem("invalid_request");
    }

    fn nobody_floods_the_authors(app) {
        let employee = app.employee();
        let made: Vec<Answer> = (0..20).map(|_| propose(&employee, &body()).expect(201)).collect();
        let refused = propose(&employee, &body()).problem("too_many_proposals");
        assert_eq!((&refused["most"], &refused["limit"]), (&json!(20), &Value::Null));
        assert!(refused.text("/detail").contains("20"));
        propose(&app.person("other", &[Role::Employee]), &body()).expect(201);
        decline(&app.author(), &made[7]).expect(200);
        propose(&employee, &body()).expect(201);
        propose(&employee, &body()).problem("too_many_proposals");
        decide(app, &submit(app, &made[3]), "reject");
        propose(&employee, &body()).expect(201);
        propose(&employee, &body()).problem("too_many_proposals");
        withdraw(&employee, &made[5], &json!({})).expect(200);
        propose(&employee, &body()).expect(201);
        withdraw(&employee, &made[6], &json!({})).expect(200);
        submit(app, &made[5]);
        propose(&employee, &body()).problem("too_many_proposals");
    }

    fn a_request_with_one_key_proposes_one_post(app) {
        let employee = app.employee();
        let post = |body: &Value| employee.post(PATH).idempotency_key("once").json(body).send();
        let (first, again) = (post(&body()).expect(201), post(&body()).expect(201));
        assert_eq!((first.json.clone(), again.header("Idempotency-Replayed")), (again.json.clone(), "true"));
        let mut other = body();
        other["title"] = json!("Another");
        post(&other).problem("idempotency_key_reused");
        assert_eq!(ids(&employee, "").0, [first["id"].clone()]);
    }

    fn authors_are_told_once_and_the_employee_of_what_comes_of_it(app) {
        let (author, employee) = (app.author(), app.employee());
        let writes = app.person("writes", &[Role::Author, Role::Employee]);
        let made = propose(&employee, &body()).expect(201);
        let about = |proposal: &Answer| json!({ "proposal_id": proposal["id"] });
        let new = vec![("post_proposed".to_owned(), about(&made))];
        assert_eq!(told(app, &author), new);
        assert_eq!(told(app, &author), new, "once");
        assert_eq!(told(app, &writes), new);
        assert!(told(app, &employee).is_empty());
        propose(&writes, &body()).expect(201);
        assert_eq!(told(app, &writes), new, "nobody is told of their own");
        decide(app, &submit(app, &made), "approve");
        assert_eq!(told(app, &employee)[0], ("decided".to_owned(), json!({ "outcome": "approved" })));
        let second = propose(&employee, &body()).expect(201);
        decline(&author, &second).expect(200);
        assert_eq!(told(app, &employee)[0], ("proposal_declined".to_owned(), about(&second)));
    }

    fn r22_what_is_personal_stands_sealed_and_goes_with_the_key(app) {
        let employee = app.employee();
        let made = propose(&employee, &body()).expect(201);
        decline(&app.author(), &made).expect(200);
        let withdrawn = propose(&employee, &body()).expect(201);
        withdraw(&employee, &withdrawn, &json!({ "reason": "My-daughter-is-ill" })).expect(200);
        for words in ["My-neighbours-ask-for-it", "My-daughter-is-ill"] {
            assert_eq!(app.places_of(words), Vec::<String>::new());
        }
        let entries = app.record_entries();
        let find = |typ: &str| entries.iter().find(|entry| entry.typ == typ).unwrap().clone();
        let (proposed, declined) = (find("post.proposed"), find("proposal.declined"));
        let fields: Value = serde_json::from_str(&proposed.fields).unwrap();
        assert_eq!((&fields["proposal_id"], &fields["item_id"]), (&made["id"], &made["post_id"]));
        assert_eq!((&fields["kind"], &fields["revision"]), (&json!("post"), &json!(1)));
        assert!(!proposed.fields.contains("Open day") && !proposed.fields.contains(&employee.id()));
        let fields: Value = serde_json::from_str(&declined.fields).unwrap();
        assert_eq!((&fields["proposal_id"], &fields["reason"]), (&made["id"], &json!("We said so before.")));
        assert!(!declined.fields.contains(&employee.id()));
        let personal = app.record_personal(declined.idx);
        let (field, person, sealed) = personal.into_iter().find(|(field, ..)| field == "proposer_id").unwrap();
        let value = disclosure::open(&app.subject_key(person), declined.event_id, &field, &sealed).unwrap();
        assert_eq!(value, employee.id());

        // An erasure destroys the key, and takes away who it was.
        let sql = format!("UPDATE subject_keys SET wrapped = NULL, destroyed_at = 1 WHERE person_id = '{}'", employee.id());
        app.state().db.write_now(Lane::Ordinary, |tx| Ok(tx.conn().batch_execute(&sql)?)).unwrap();
        let erased = read(&app.author(), &made);
        for member in ["title", "language", "text", "channels", "link", "note", "words_changed"] {
            assert_eq!(erased[member], Value::Null, "{member}");
        }
        assert_eq!(erased.text("/reason"), "We said so before.", "the organisation's words stay");
        assert_eq!(read(&app.author(), &withdrawn)["reason"], Value::Null);
    }

    fn looking_for_proposals_is_served_by_indexes(app) {
        let person = Some(app.employee().id().parse().unwrap());
        for open in [None, Some(true), Some(false)] {
            for after in [None, Some(ProposalId::generate())] {
                let filter = ProposalFilter { person, open };
                let (_, plan) = app.plan(|conn| post_proposals::list(conn, filter, after, 51));
                assert!(plan.contains("post_proposals_person"), "{plan}");
                assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{plan}");
                let filter = ProposalFilter { person: None, open };
                let (_, plan) = app.plan(|conn| post_proposals::list(conn, filter, after, 51));
                assert!(plan.contains("post_proposals_pkey") || plan.contains("autoindex_post_proposals_1"), "{plan}");
                assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{plan}");
            }
        }
    }
}
