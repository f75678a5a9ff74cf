//! Sharing: R10 and R13 to R18, as an employee's app meets them.

use std::time::Duration;

use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::{Client, Post, TestApp, both};

fn with(post: &Post, change: impl FnOnce(&mut Value)) -> Value {
    let mut body = post.share();
    change(&mut body);
    body
}

fn share(client: &Client, key: &str, body: &Value) -> crate::support::Answer {
    client.post("/v1/shares").idempotency_key(key).json(body).send()
}

fn freeze(app: &TestApp, scope: Value) -> String {
    let until = app.clock().now().after(Duration::from_secs(3600)).to_string();
    let body = json!({ "scope": scope, "reason": "a crisis", "until": until });
    app.publisher().post("/v1/freezes").json(&body).send().expect(201).text("/id").to_owned()
}

both! {
    fn the_main_job_from_a_draft_to_the_auditors_list(app) {
        let post = app.live_post();
        let feed = app.employee().get("/v1/feed").send().expect(200);
        let item = &feed.list("/items")[0];
        assert_eq!((&item["post_id"], &item["digest"]), (&json!(post.id), &json!(post.digest)));
        assert_eq!(item["disclaimers"][0]["key"], "employee");
        let shared = app.share(&post);
        assert_eq!(shared["state"], "issued");
        assert!(shared.text("/text").contains("Come and build bicycles with us."));
        let confirmed = json!({ "result": "confirmed", "permalink": "https://example.com/1" });
        let path = format!("/v1/shares/{}/outcome", shared.text("/id"));
        let outcome = app.employee().post(&path).json(&confirmed).send().expect(200);
        assert_eq!(outcome["state"], "confirmed");
        let seen = app.auditor().get("/v1/shares").purpose("yearly audit").send().expect(200);
        assert_eq!(seen["items"][0]["text"], shared["text"]);
        assert_eq!(seen["items"][0]["state"], "confirmed");
    }

    fn r10_what_cannot_be_shared_everywhere_is_not_approved(app) {
        app.reviewer();
        let draft = app.draft(|content| {
            content["channels"] = json!(["x", "linkedin"]);
            content["copies"][0]["text"] = json!("a".repeat(300));
        });
        let body = json!({ "digest": draft.digest });
        let refused = app.author().post(&draft.path("/submission")).json(&body).send().problem("invalid_content");
        let fault = &refused.list("/errors")[0];
        assert_eq!(fault["code"], "too_long");
        assert!(fault["excess"].as_i64().unwrap() > 0, "{fault}");
        assert!(fault["pointer"].as_str().unwrap().starts_with("#/content/copies/0"), "{fault}");
    }

    fn r10_the_submission_tells_the_room_for_a_comment(app) {
        app.reviewer();
        let draft = app.draft(|content| content["personalisation"] = json!("free"));
        let body = json!({ "digest": draft.digest });
        let review = app.author().post(&draft.path("/submission")).json(&body).send().expect(201);
        let room = &review.list("/comment_room")[0];
        assert_eq!((&room["channel"], &room["language"]), (&json!("linkedin"), &json!("en")));
        let units = usize::try_from(room["room"].as_u64().unwrap()).unwrap();
        app.approve(&Post { digest: review.text("/digest").into(), revision: 1, ..draft.clone() });
        let post = Post { digest: review.text("/digest").into(), ..draft };
        let comment = |length: usize| with(&post, |body| body["comment"] = json!("a".repeat(length)));
        share(&app.employee(), "fits", &comment(units)).expect(201);
        let refused = share(&app.employee(), "over", &comment(units + 1)).problem("too_long");
        assert_eq!(refused["excess"], 1);
    }

    fn r13_a_share_is_for_whom_the_post_is_meant(app) {
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Sales" })).send().expect(201);
        let group = group.text("/id").to_owned();
        let post = app.approved_post(|content| {
            content["audience"] = json!({ "groups": [group], "countries": ["NL"] });
        });
        app.share_as(&app.employee(), &post).problem("post_not_found");
        let member = |person: &Client| format!("/v1/groups/{group}/members/{}", person.id());
        app.admin().put(&member(&app.employee())).send().expect(204);
        app.share_as(&app.employee(), &post).expect(201);
        let abroad = app.person_with("abroad", &[Role::Employee], |person| person.country = Some("BE".into()));
        app.admin().put(&member(&abroad)).send().expect(204);
        app.share_as(&abroad, &post).problem("post_not_found");
        assert_eq!(abroad.get("/v1/feed").send().expect(200).list("/items").len(), 0);
        app.admin().delete(&member(&app.employee())).send().expect(200);
        app.share_as(&app.employee(), &post).problem("post_not_found");
    }

    fn r13_a_share_needs_a_live_post(app) {
        let hour = Duration::from_secs(3600);
        let (from, until) = (app.clock().now().after(hour), app.clock().now().after(hour * 2));
        let post = app.approved_post(|content| {
            content["publish_at"] = json!(from.to_string());
            content["expires_at"] = json!(until.to_string());
        });
        app.share_as(&app.employee(), &post).problem("post_not_found");
        app.advance(hour);
        app.share_as(&app.employee(), &post).expect(201);
        app.advance(hour);
        assert_eq!(app.share_as(&app.employee(), &post).problem("not_live")["availability"], "expired");
        let unknown = Post { id: "01890000-0000-7000-8000-000000000000".into(), ..post };
        app.share_as(&app.employee(), &unknown).problem("post_not_found");
    }

    fn r13_what_was_never_live_stays_unknown(app) {
        let later = app.clock().now().after(Duration::from_secs(3600)).to_string();
        let post = app.approved_post(|content| content["publish_at"] = json!(later));
        let body = json!({ "reason": "wrong" });
        app.publisher().post(&post.path("/recall")).json(&body).send().expect(200);
        app.share_as(&app.employee(), &post).problem("post_not_found");
        app.advance(Duration::from_secs(7200));
        app.share_as(&app.employee(), &post).problem("post_not_found");
    }

    fn r13_a_deactivated_person_shares_nothing_more(app) {
        let post = app.live_post();
        let leaver = app.person("leaver", &[Role::Employee]);
        app.share_as(&leaver, &post).expect(201);
        let path = format!("/v1/people/{}", leaver.id());
        let version = app.admin().get(&path).send().expect(200)["version"].clone();
        app.admin().patch(&path).if_match(&version).json(&json!({ "active": false })).send().expect(200);
        app.share_as(&leaver, &post).problem("unauthenticated");
        leaver.get("/v1/feed").send().problem("unauthenticated");
    }

    fn r13_a_freeze_stops_sharing_and_its_end_opens_it_again(app) {
        let post = app.live_post();
        freeze(app, json!({ "channel": "bluesky" }));
        app.share_as(&app.employee(), &post).expect(201);
        let freeze = freeze(app, json!({ "channel": "linkedin" }));
        let refused = app.share_as(&app.employee(), &post).problem("frozen");
        assert_eq!(refused["reason"], "a crisis");
        let in_feed = || app.employee().get("/v1/feed").send().expect(200).list("/items").len();
        assert_eq!(in_feed(), 0, "the feed follows a freeze");
        assert_eq!(app.author().get(&post.path("")).send().expect(200)["availability"], "live");
        app.publisher().delete(&format!("/v1/freezes/{freeze}")).send().expect(204);
        app.share_as(&app.employee(), &post).expect(201);
        assert_eq!(in_feed(), 1);
        self::freeze(app, json!({}));
        app.share_as(&app.employee(), &post).problem("frozen");
        app.advance(Duration::from_secs(3600));
        app.share_as(&app.employee(), &post).expect(201);
    }

    fn r14_a_required_disclaimer_is_in_every_share(app) {
        let post = app.approved_post(|content| content["topics"] = json!(["finance"]));
        let shared = app.share(&post);
        let keys: Vec<&str> =
            shared.list("/disclaimers").iter().filter_map(|found| found["key"].as_str()).collect();
        assert_eq!(keys, ["investment-risk", "employee"]);
        assert!(shared.text("/text").contains("Investing carries risk"));
        app.reviewer();
        let draft = app.draft(|content| content["channels"] = json!(["instagram_story"]));
        let body = json!({ "digest": draft.digest });
        let refused = app.author().post(&draft.path("/submission")).json(&body).send().problem("invalid_content");
        let codes: Vec<&str> =
            refused.list("/errors").iter().filter_map(|fault| fault["code"].as_str()).collect();
        assert_eq!(codes, ["image_required", "channel_cannot_carry_disclaimer"]);
    }

    fn r15_the_text_logged_is_the_text_handed_over(app) {
        let post = app.approved_post(|content| {
            content["copies"][0]["text"] = json!("Zon ☀️ op het dak — già fatto, “werkelijk”.");
            content["link"] = json!({ "url": "https://www.example.com/zon", "utm": { "source": "linkedin" } });
        });
        let shared = app.share(&post);
        let path = format!("/v1/shares/{}", shared.text("/id"));
        let logged = app.auditor().get(&path).purpose("check").send().expect(200);
        assert_eq!(logged["text"], shared["text"]);
        assert_eq!((&logged["digest"], &logged["parts"]), (&json!(post.digest), &shared["parts"]));
        let joined: String =
            shared.list("/parts").iter().filter_map(|part| part["text"].as_str()).collect();
        assert_eq!(joined, shared.text("/text"));
        assert!(shared.text("/disclaimers/0/digest").starts_with("sha256:"));
    }

    fn r16_a_retry_is_answered_with_the_same_share(app) {
        let link = json!({ "url": "https://www.example.com/jobs" });
        let post = app.approved_post(|content| content["link"] = link);
        let first = share(&app.employee(), "one", &post.share()).expect(201);
        let again = share(&app.employee(), "\"one\"", &post.share()).expect(201);
        assert_eq!((&first["id"], again.header("Idempotency-Replayed")), (&again["id"], "true"));
        let other = with(&post, |body| body["language"] = json!("en"));
        share(&app.employee(), "one", &other).problem("idempotency_key_reused");
        app.employee().post("/v1/shares").json(&post.share()).send().problem("idempotency_key_required");
        // Also after a recall, and then without the means to post.
        let body = json!({ "reason": "wrong" });
        app.publisher().post(&post.path("/recall")).json(&body).send().expect(200);
        let after = share(&app.employee(), "one", &post.share()).expect(201);
        assert_eq!((&after["id"], &after["state"]), (&first["id"], &json!("void")));
        assert!(after["intent_url"].is_null() && first["intent_url"].is_string());
        // Somebody else's key is another key.
        let other = app.person("other", &[Role::Employee]);
        share(&other, "one", &post.share()).problem("recalled");
    }

    fn r17_no_share_follows_an_answered_recall(app) {
        let post = app.live_post();
        let body = json!({ "reason": "wrong" });
        app.publisher().post(&post.path("/recall")).json(&body).send().expect(200);
        let refused = app.share_as(&app.employee(), &post).problem("recalled");
        assert!(refused["recalled_at"].is_string());
        let hidden = app.approved_post(|content| content["audience"] = json!({ "countries": ["DE"] }));
        app.publisher().post(&hidden.path("/recall")).json(&body).send().expect(200);
        app.share_as(&app.employee(), &hidden).problem("post_not_found");
    }

    fn r18_the_copy_is_never_altered_and_a_comment_is_a_part_of_its_own(app) {
        let none = app.live_post();
        let commented = |post: &Post, comment: &str| with(post, |body| body["comment"] = json!(comment));
        share(&app.employee(), "none", &commented(&none, "Great!")).problem("rule_violated");
        let intro = app.approved_post(|content| content["personalisation"] = json!("intro"));
        for odd in ["see www.example.com", "@anna look", "#proud", "http://x.example", &"a".repeat(201)] {
            let refused = share(&app.employee(), "odd", &commented(&intro, odd)).problem("rule_violated");
            assert_eq!(refused.text("/errors/0/pointer"), "#/comment");
        }
        let shared = share(&app.employee(), "intro", &commented(&intro, "My team did this.")).expect(201);
        let again = share(&app.employee(), "intro", &commented(&intro, "My team did this.")).expect(201);
        assert_eq!(shared.json, again.json, "a retry is answered with the same share, comment and all");
        let role = |role: &str| {
            let parts = shared.list("/parts").iter().filter(move |part| part["role"] == role);
            parts.filter_map(|part| part["text"].as_str()).collect::<Vec<_>>()
        };
        assert_eq!(role("comment"), ["My team did this."]);
        assert_eq!(role("copy"), ["Come and build bicycles with us."]);
        let keys: Vec<&str> =
            shared.list("/disclaimers").iter().filter_map(|found| found["key"].as_str()).collect();
        assert!(keys.contains(&"own-opinion"), "a comment brings its disclaimer: {keys:?}");
    }

    fn r19_a_kit_is_a_preview_and_only_a_share_gives_the_means_to_post(app) {
        let (post, employee) = (app.live_post(), app.employee());
        let size = app.record_size();
        let kit = employee.post("/v1/kits").json(&post.share()).send().expect(200);
        assert_eq!(kit["preview"], true);
        assert!(kit["intent_url"].is_null() && kit["text"].is_string());
        assert_eq!(app.record_size(), size);
    }

    fn r12_a_recall_of_what_the_post_pins_voids_its_open_shares(app) {
        let shared = app.share(&app.live_post());
        let own = format!("/v1/me/shares/{}", shared.text("/id"));
        let pinned = shared.text("/disclaimers/0/id").to_owned();
        let reason = json!({ "reason": "The wording is wrong." });
        let recall = format!("/v1/disclaimers/{pinned}/recall");
        app.publisher().post(&recall).json(&reason).send().expect(200);
        let share = app.employee().get(&own).send().expect(200);
        assert_eq!(share["state"], "void");
        assert!(share["intent_url"].is_null());
        let path = format!("/v1/shares/{}/outcome", shared.text("/id"));
        let late = app.employee().post(&path).json(&json!({ "result": "confirmed" })).send().expect(200);
        assert_eq!(late["outcomes"][0]["late"], true);
    }

    fn outcomes_follow_the_state_and_the_truth_is_always_accepted(app) {
        let post = app.live_post();
        let shared = app.share(&post);
        let path = format!("/v1/shares/{}/outcome", shared.text("/id"));
        let report = |result: &str| app.employee().post(&path).json(&json!({ "result": result })).send();
        let refused = report("removed").problem("outcome_conflict");
        assert_eq!(refused["state"], "issued");
        app.advance(Duration::from_secs(25 * 3600));
        report("failed").expect(200);
        assert_eq!(report("failed").expect(200)["state"], "failed");
        let confirmed = report("confirmed").expect(200);
        assert_eq!(confirmed["state"], "confirmed");
        assert_eq!(confirmed["outcomes"][1]["late"], true, "a failure in between hides no lateness");
        assert_eq!(report("removed").expect(200)["state"], "removed");
        report("confirmed").problem("outcome_conflict");
        let other = app.person("other", &[Role::Employee]);
        other.post(&path).json(&json!({ "result": "failed" })).send().problem("not_found");
    }

    fn a_confirmation_after_the_share_lapsed_is_late(app) {
        let shared = app.share(&app.live_post());
        app.advance(Duration::from_secs(25 * 3600));
        let own = format!("/v1/me/shares/{}", shared.text("/id"));
        assert_eq!(app.employee().get(&own).send().expect(200)["state"], "lapsed");
        let path = format!("/v1/shares/{}/outcome", shared.text("/id"));
        let late = app.employee().post(&path).json(&json!({ "result": "confirmed" })).send().expect(200);
        assert_eq!(late["outcomes"][0]["late"], true);
    }

    fn an_outcome_that_tells_more_is_kept_and_the_same_again_is_not(app) {
        let shared = app.share(&app.live_post());
        let path = format!("/v1/shares/{}/outcome", shared.text("/id"));
        let size = app.record_size();
        let report = |told: serde_json::Value| app.employee().post(&path).json(&told).send().expect(200);
        report(json!({ "result": "confirmed" }));
        app.advance(Duration::from_secs(25 * 3600));
        let permalink = json!({ "result": "confirmed", "permalink": "https://x.com/jan/1" });
        let pasted = json!({ "result": "confirmed", "posted_text": "Kom je ook?" });
        report(permalink.clone());
        report(pasted.clone());
        for again in [json!({ "result": "confirmed" }), permalink, pasted] {
            let share = report(again);
            let outcomes = share.list("/outcomes");
            assert_eq!(outcomes.len(), 3);
            assert_eq!(outcomes[1]["permalink"], "https://x.com/jan/1");
            assert_eq!(outcomes[2]["posted_text"], "Kom je ook?");
            assert!(outcomes.iter().all(|outcome| outcome["late"] == false), "it was confirmed in time");
        }
        assert_eq!(app.record_size(), size + 3);
    }

    fn the_feed_tells_of_each_disclaimer_when_it_applies(app) {
        app.reviewer();
        let approve = |key: &str, required_when: Value| {
            let text = json!({ "en": { "full": format!("About {key}.") }, "nl": { "full": format!("Over {key}.") } });
            let content = json!({ "purpose": "p", "placement": "end", "smallest": "full", "rank": 70,
                "required_when": required_when, "text": text });
            let body = json!({ "key": key, "content": content });
            let made = app.author().post("/v1/disclaimers").json(&body).send().expect(201);
            let path = format!("/v1/disclaimers/{}", made.text("/id"));
            let frozen = json!({ "digest": made.text("/working_revision/digest") });
            let review = app.author().post(&format!("{path}/submission")).json(&frozen).send().expect(201);
            let decision = json!({ "revision": 1, "digest": review.text("/digest"), "decision": "approve" });
            app.reviewer().post(&format!("{path}/decisions")).json(&decision).send().expect(201);
        };
        approve("listed", json!({ "countries": ["US"] }));
        approve("by-country", json!({ "countries": ["EU"] }));
        approve("dutch", json!({ "languages": ["nl"] }));
        approve("professional", json!({ "channels": ["linkedin"] }));
        app.approved_post(|content| {
            content["channels"] = json!(["linkedin", "mastodon"]);
            content["disclaimers"] = json!(["listed"]);
            content["copies"] = json!([
                { "id": "en", "language": "en", "text": "Come." }, { "id": "nl", "language": "nl", "text": "Kom." },
            ]);
        });
        let nowhere = app.person_with("nowhere", &[Role::Employee], |person| person.country = None);
        let told = |query: &str| {
            let feed = nowhere.get(&format!("/v1/feed{query}")).send().expect(200);
            let mut told: Vec<String> = feed.list("/items")[0]["disclaimers"].as_array().unwrap().iter()
                .filter(|found| found["key"] != "employee")
                .map(|found| format!("{} {}", found["key"].as_str().unwrap(), found["when"].as_str().unwrap()))
                .collect();
            told.sort_unstable();
            told
        };
        let all = ["by-country by_country", "dutch always", "listed always", "professional always"];
        assert_eq!(told(""), all);
        assert_eq!(told("?language=en"), [all[0], all[2], all[3]]);
        assert_eq!(told("?channel=mastodon"), [all[0], all[1], all[2]]);
        for odd in ["?language=not_a_language", "?campaign=NO%20SUCH", "?topic=-a"] {
            nowhere.get(&format!("/v1/feed{odd}")).send().problem("invalid_request");
        }
    }

    fn a_free_comment_may_be_as_long_as_its_room(app) {
        let post = app.approved_post(|content| {
            content["channels"] = json!(["facebook"]);
            content["personalisation"] = json!("free");
        });
        let body = with(&post, |body| {
            body["channel"] = json!("facebook");
            body["comment"] = json!("a".repeat(60_000));
        });
        let shared = share(&app.employee(), "long", &body).expect(201);
        assert!(shared.text("/text").len() > 60_000);
    }

    fn the_feed_speaks_the_readers_language_and_pages(app) {
        for nth in 0..5 {
            app.advance(Duration::from_secs(1));
            app.approved_post(|content| {
                content["title"] = json!(format!("Post {nth}"));
                content["copies"] = json!([
                    { "id": "nl", "language": "nl", "text": "Kom je ook?" },
                    { "id": "en", "language": "en", "text": "Will you come?" },
                ]);
            });
        }
        let feed = app.employee().get("/v1/feed?language=nl-BE&limit=2").send().expect(200);
        let titles = |feed: &crate::support::Answer| {
            let items = feed.list("/items").iter();
            items.filter_map(|item| item["title"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(titles(&feed), ["Post 4", "Post 3"]);
        assert_eq!(feed["items"][0]["copies"][0]["id"], "nl");
        assert_eq!(feed["items"][0]["copies"].as_array().unwrap().len(), 1);
        let next = format!("/v1/feed?language=nl-BE&limit=2&cursor={}", feed.text("/next_cursor"));
        assert_eq!(titles(&app.employee().get(&next).send().expect(200)), ["Post 2", "Post 1"]);
        let shown = |query: &str| app.employee().get(&format!("/v1/feed?{query}")).send();
        assert_eq!(shown("language=fr").expect(200).list("/items").len(), 0);
        assert_eq!(shown("language=NL-be").expect(200).list("/items").len(), 5);
        for odd in ["channel=myspace", "campaign=", "topic=", "language="] {
            let refused = shown(odd).problem("invalid_request");
            let name = odd.split('=').next().unwrap();
            assert_eq!(refused["errors"][0]["parameter"], name);
        }
    }
}
