//! Each kind that is rechecked, with each thing that can be done about what it touches.

use greenlight::app::notifications::spread;
use serde_json::{Value, json};

use super::{
    Source, approve_anew, assert_blocked, assert_live, disclaimer, guideline, item, rule_against, saying,
};
use crate::support::{Client, Post, TestApp, both};

/// What somebody was told about rechecks, newest first.
fn told(app: &TestApp, who: &Client) -> Vec<Value> {
    spread(&app.state().db, app.clock()).unwrap();
    // Those about posts were made by the first.
    spread(&app.state().db, app.clock()).unwrap();
    let told = who.get("/v1/me/notifications?limit=200").send().expect(200);
    told.list("/items").iter().filter(|item| item["topic"] == "recheck").cloned().collect()
}

/// A revision touches one post and not the other, and each of the three things is done about that in turn.
fn each_action(app: &TestApp, source: &Source, touched: &Post, other: &Post, because: &str) {
    let page = source.touched(app);
    let of = json!({ "id": source.id, "revision": source.revision, "digest": source.digest });
    assert_eq!(page["of"], of);
    let told_of = json!([{
        "post_id": touched.id, "revision": 1, "digest": touched.digest, "title": "We are hiring",
        "availability": "live", "because": because,
    }]);
    assert_eq!(page["items"], told_of);

    let (employee, publisher) = (app.employee(), app.publisher());
    let open = app.share(touched);
    let before = app.record_size();
    let none = source.recheck(app, "none");
    let expected = json!({
        "id": none["id"], "index": before, "revision": source.revision, "digest": source.digest,
        "action": "none", "reason": "It says more.", "person_id": publisher.id(),
        "rechecked_at": app.clock().now().to_string(), "posts": 1, "posts_in_review": 0,
        "posts_digest": none["posts_digest"],
    });
    assert_eq!(none.json, expected);
    let posts = source.path(&format!("/rechecks/{}/posts", none.text("/id")));
    assert_eq!(none.header("Location"), posts);
    assert_live(app, touched);
    assert!(told(app, &app.author()).is_empty() && told(app, &app.publisher()).is_empty());

    let notify = source.recheck(app, "notify");
    assert_live(app, touched);
    let of_post = told(app, &app.author());
    let of_item = told(app, &app.publisher());
    assert_eq!((of_post.len(), of_item.len()), (1, 1));
    assert_eq!((&of_post[0]["item_id"], &of_post[0]["revision"]), (&json!(touched.id), &json!(1)));
    assert_eq!(
        (&of_item[0]["item_id"], &of_item[0]["revision"]),
        (&json!(source.id), &json!(source.revision))
    );
    for detail in [&of_post[0]["detail"], &of_item[0]["detail"]] {
        assert_eq!(detail["recheck_id"], notify["id"]);
        assert_eq!((&detail["action"], &detail["posts"]), (&json!("notify"), &json!(1)));
        assert_eq!((&detail["item_id"], &detail["revision"]), (&json!(source.id), &json!(source.revision)));
        assert!(detail["name"].as_str().is_some_and(|name| !name.is_empty()));
    }

    let reapprove = source.recheck(app, "reapprove");
    assert_blocked(app, touched, &[source.blocker(&reapprove)]);
    assert_live(app, other);
    assert_eq!((told(app, &app.author()).len(), told(app, &app.publisher()).len()), (2, 2));
    // What was issued before is no recall's business.
    let outcome = format!("/v1/shares/{}/outcome", open.text("/id"));
    employee.post(&outcome).json(&json!({ "result": "confirmed" })).send().expect(200);
    let entries = app.record_entries();
    let entry = entries.iter().find(|entry| json!(entry.idx) == reapprove["index"]).unwrap();
    assert_eq!(entry.typ, "item.rechecked");
    for fact in [source.id.as_str(), "reapprove", "It says more.", reapprove.text("/id")] {
        assert!(entry.fields.contains(fact) || entry.statement.contains(fact), "{fact}: {}", entry.fields);
    }

    let state = |recheck| source.posts(app, recheck)["items"][0].clone();
    let became = |state: &str| {
        json!({
            "post_id": touched.id, "revision": 1, "because": because, "title": "We are hiring",
            "state": state, "availability": "blocked",
        })
    };
    assert_eq!(state(&reapprove), became("blocked"));
    assert_eq!(state(&none), became("unchanged"));
    assert_eq!(state(&notify), became("unchanged"));

    let again = approve_anew(app, touched);
    assert_live(app, &again);
    for recheck in [&none, &notify, &reapprove] {
        let state = state(recheck);
        assert_eq!((&state["state"], &state["approved_revision"]), (&json!("approved_anew"), &json!(2)));
        assert_eq!(state["availability"], "live");
    }
}

both! {
    fn r12_a_disclaimer_touches_what_pins_an_older_revision(app) {
        let listed = |content: &mut Value| content["disclaimers"] = json!(["today"]);
        let first = Source::made(app, "disclaimers", Some("today"), &disclaimer(None));
        let (post, other) = (app.approved_post(listed), app.live_post());
        assert_eq!(first.touched_ids(app), [] as [&str; 0]);
        let second = first.revised(app, |content| content["text"]["en"]["full"] = json!("As of this morning."));
        each_action(app, &second, &post, &other, "pins_older");
        let pins = item(app, &post)["working_revision"]["pins"].clone();
        let pinned = pins.as_array().unwrap().iter().find(|pin| pin["id"] == second.id.as_str()).unwrap();
        assert_eq!(pinned["revision"], 2);
    }

    fn r12_a_disclaimer_touches_what_needs_it_and_does_not_pin_it(app) {
        let campaign = |content: &mut Value| content["campaign"] = json!("spring");
        let (post, other) = (app.approved_post(campaign), app.live_post());
        let first = Source::made(app, "disclaimers", Some("today"), &disclaimer(None));
        assert_eq!(first.touched_ids(app), [] as [&str; 0]);
        let required = json!({ "campaigns": ["spring"] });
        let second = first.revised(app, |content| content["required_when"] = required);
        each_action(app, &second, &post, &other, "required");
    }

    fn r12_a_rule_touches_what_it_finds_something_in(app) {
        let (post, other) = (app.approved_post(saying("A guaranteed place.")), app.live_post());
        let rule = Source::made(app, "rules", None, &rule_against("surely", "warn"));
        assert_eq!(rule.touched_ids(app), [] as [&str; 0]);
        let rule = rule.revised(app, |content| {
            content["condition"]["phrases"]["any_of"] = json!(["guaranteed"]);
        });
        each_action(app, &rule, &post, &other, "rule_finds");
    }

    fn r12_a_guideline_touches_what_those_may_share_for_whom_it_is(app) {
        let post = app.approved_post(|content| content["audience"] = json!({ "countries": ["NL", "BE"] }));
        let belgian = app.approved_post(|content| content["audience"] = json!({ "countries": ["BE"] }));
        let nobody = app.admin().post("/v1/groups").json(&json!({ "name": "Nobody" })).send().expect(201);
        let another = app.admin().post("/v1/groups").json(&json!({ "name": "Another" })).send().expect(201);
        app.approved_post(|content| content["audience"] = json!({ "groups": [nobody["id"]] }));
        let audience = json!({ "countries": ["NL"], "groups": [another["id"]] });
        let first = Source::made(app, "guidelines", Some("do"), &guideline(&audience));
        let second = first.revised(app, |content| content["body"]["en"] = json!("Say where you work."));
        // The other one must be shareable by the employee, who is in the Netherlands.
        assert_eq!(second.touched_ids(app), [post.id.as_str()]);
        app.person_with("belgian", &[greenlight::domain::roles::Role::Employee], |person| {
            person.country = Some("BE".to_owned());
        });
        assert_eq!(item(app, &belgian).text("/availability"), "live");
        let reapprove = second.recheck(app, "reapprove");
        assert_blocked(app, &post, &[second.blocker(&reapprove)]);
        assert_eq!(item(app, &belgian).text("/availability"), "live");
        assert_live(app, &approve_anew(app, &post));
    }

    fn r12_a_guideline_for_everybody_touches_every_post(app) {
        let (post, other) = (app.live_post(), app.live_post());
        let first = Source::made(app, "guidelines", Some("do"), &guideline(&json!({})));
        assert_eq!(first.touched_ids(app), [other.id.as_str(), post.id.as_str()]);
        recalled(app, &other);
        let second = first.revised(app, |content| content["body"]["en"] = json!("Say where you work."));
        let kept = app.approved_post(|content| content["audience"] = json!({ "countries": ["NL"] }));
        let second = second.revised(app, |content| content["audience"] = json!({ "countries": ["DE"] }));
        assert_eq!(second.touched_ids(app), [post.id.as_str()], "neither what is recalled nor what is for others");
        each_action(app, &second, &post, &kept, "shared_audience");
    }
}

fn recalled(app: &TestApp, post: &Post) {
    app.publisher().post(&post.path("/recall")).json(&json!({ "reason": "wrong" })).send().expect(200);
}
