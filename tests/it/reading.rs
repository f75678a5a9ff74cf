//! Reading the feed, kits and shares: what is one's own, and what leaves an entry.

use greenlight::domain::roles::Role;
use greenlight::store::write::WriteTx;
use greenlight::store::{Lane, record};
use serde_json::{Value, json};

use crate::support::both;

both! {
    fn the_feed_has_its_own_tag_and_pages(app) {
        let posts = [app.live_post(), app.live_post(), app.live_post()];
        let employee = app.employee();
        let first = employee.get("/v1/feed?limit=2").send().expect(200);
        assert_eq!(first.list("/items").len(), 2);
        let tag = first.header("ETag").to_owned();
        let same = employee.get("/v1/feed?limit=2").header("If-None-Match", tag.clone()).send().expect(304);
        assert_eq!((same.header("ETag"), same.text.as_str()), (tag.as_str(), ""));
        let rest = format!("/v1/feed?limit=2&cursor={}", first.text("/next_cursor"));
        assert_eq!(employee.get(&rest).send().expect(200).list("/items").len(), 1);
        app.publisher().post(&posts[0].path("/recall")).json(&json!({ "reason": "wrong" })).send().expect(200);
        let after = employee.get("/v1/feed?limit=2").header("If-None-Match", tag).send().expect(200);
        assert_eq!(after.list("/items").len(), 2);
        assert_eq!(after["next_cursor"], Value::Null);
        employee.get("/v1/feed?channel=nowhere").send().problem("invalid_request");
        employee.get("/v1/feed?x=1").send().problem("invalid_request");
    }

    fn a_kit_is_only_looked_at(app) {
        let post = app.live_post();
        let kit = app.employee().post("/v1/kits").json(&post.share()).send().expect(200);
        assert_eq!((&kit["preview"], &kit["intent_url"]), (&json!(true), &Value::Null));
        assert_eq!(kit["revision"], 1);
        let parts: String = kit.list("/parts").iter().map(|part| part["text"].as_str().unwrap()).collect();
        assert_eq!(kit["text"], parts);
        assert!(kit["count"]["units"].as_u64().unwrap() > 0);
        assert!(app.employee().get("/v1/me/shares").send().list("/items").is_empty());
    }

    fn ones_own_shares_need_no_purpose_and_nobody_elses_are_seen(app) {
        let post = app.live_post();
        let shared = app.share(&post);
        let path = shared.header("Location").to_owned();
        assert_eq!(path, format!("/v1/me/shares/{}", shared.text("/id")));
        assert!(shared["intent_url"].is_string() || shared["delivery"] == "share_sheet");
        assert_eq!(shared["images"], json!([]));
        assert_eq!(app.employee().get(&path).send().expect(200).json, shared.json);
        let listed = app.employee().get("/v1/me/shares?state=issued").send().expect(200);
        assert_eq!(listed["items"], json!([shared.json]));
        let other = app.person("other", &[Role::Employee]);
        other.get(&path).send().problem("not_found");
        assert!(other.get("/v1/me/shares").send().list("/items").is_empty());
        let outcome = format!("/v1/shares/{}/outcome", shared.text("/id"));
        other.post(&outcome).json(&json!({ "result": "failed" })).send().problem("not_found");
        let http = json!({ "result": "confirmed", "permalink": "http://example.org/" });
        app.employee().post(&outcome).json(&http).send().problem("invalid_content");
        app.employee().get("/v1/shares").send().problem("forbidden");
        app.employee().post("/v1/shares").json(&post.share()).send().problem("idempotency_key_required");
    }

    fn r24_a_walk_through_shares_is_one_entry_before_its_first_page(app) {
        let post = app.live_post();
        let shares: Vec<_> = (0..3).map(|_| app.share(&post)).collect();
        let size = || app.state().db.read_now(|conn| Ok(record::state(conn)?.size)).unwrap();
        let auditor = app.auditor();
        auditor.get("/v1/shares").send().problem("purpose_required");
        let before = size();
        let path = format!("/v1/shares?limit=2&channel={}", shares[0].text("/channel"));
        let first = auditor.get(&path).purpose("yearly").send().expect(200);
        assert_eq!(size(), before + 1);
        let newest: Vec<_> = first.list("/items").iter().map(|share| share["id"].clone()).collect();
        assert_eq!(newest, [shares[2]["id"].clone(), shares[1]["id"].clone()]);
        assert_eq!(first["items"][0]["intent_url"], Value::Null);
        let rest = format!("{path}&cursor={}", first.text("/next_cursor"));
        assert_eq!(auditor.get(&rest).purpose("yearly").send().expect(200).list("/items").len(), 1);
        assert_eq!(size(), before + 1);
        let one = format!("/v1/shares/{}", shares[0].text("/id"));
        auditor.get(&one).purpose("yearly").send().expect(200);
        assert_eq!(size(), before + 2);
        auditor.get("/v1/shares?channel=Some%20text").purpose("yearly").send().problem("invalid_request");
        auditor.get("/v1/shares?state=posted").purpose("yearly").send().problem("invalid_request");
    }

    fn a_node_without_the_configuration_in_force_is_not_ready_and_issues_nothing(app) {
        let post = app.live_post();
        let share = |key| app.employee().post("/v1/shares").idempotency_key(key).json(&post.share()).send();
        let before = share("before").expect(201);
        let other = |tx: &mut WriteTx<'_>| { tx.set_config_digest("sha256:other".to_owned()); Ok(()) };
        app.state().db.write_now(Lane::Ordinary, other).unwrap();
        assert_eq!(share("after").problem("not_ready")["reason"], "other_configuration");
        assert_eq!(share("before").expect(201)["id"], before["id"]);
        let ready = app.anonymous().get("/readyz").send().problem("not_ready");
        assert_eq!(ready["reason"], "other_configuration");
    }
}
