//! Rules: how they come into force, what they find and where, and what becomes of posts that are live.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

/// A rule that refuses a phrase in copies and comments.
fn against(phrase: &str) -> Value {
    json!({
        "name": "No promises",
        "condition": { "phrases": { "any_of": [phrase] } },
        "severity": "block",
        "scope": ["copy", "comment"],
        "reason": "Promise nothing: say what we do.",
    })
}

fn with(mut content: Value, change: impl FnOnce(&mut Value)) -> Value {
    change(&mut content);
    content
}

/// A revision of a rule, as a decision names it.
struct Rule {
    id: String,
    revision: i64,
    digest: String,
}

impl Rule {
    fn draft(app: &TestApp, content: &Value) -> Self {
        app.register_what_is_named(content);
        let made = app.author().post("/v1/rules").json(&json!({ "content": content })).send().expect(201);
        Self {
            id: made.text("/id").into(),
            revision: 1,
            digest: made.text("/working_revision/digest").into(),
        }
    }

    /// A rule in force.
    fn in_force(app: &TestApp, content: &Value) -> Self {
        let draft = Self::draft(app, content);
        draft.approve(app)
    }

    fn approve(&self, app: &TestApp) -> Self {
        let reviewer = app.reviewer();
        let body = json!({ "digest": self.digest });
        let review = app.author().post(&self.path("/submission")).json(&body).send().expect(201);
        let digest = review.text("/digest").to_owned();
        let revision = review["revision"].as_i64().unwrap();
        let decision = json!({ "revision": revision, "digest": digest, "decision": "approve" });
        reviewer.post(&self.path("/decisions")).json(&decision).send().expect(201);
        Self { id: self.id.clone(), revision, digest }
    }

    fn path(&self, under: &str) -> String {
        format!("/v1/rules/{}{under}", self.id)
    }

    fn end(&self, app: &TestApp, how: &str) {
        let reason = json!({ "reason": "The campaign is over." });
        app.publisher().post(&self.path(how)).json(&reason).send().expect(200);
    }
}

fn submit(app: &TestApp, draft: &Post) -> Answer {
    app.reviewer();
    app.author().post(&draft.path("/submission")).json(&json!({ "digest": draft.digest })).send()
}

fn with_copy(text: &str) -> impl FnOnce(&mut Value) + '_ {
    move |content| content["copies"][0]["text"] = json!(text)
}

fn share(client: &Client, key: &str, body: &Value) -> Answer {
    client.post("/v1/shares").idempotency_key(key).json(body).send()
}

fn availability(app: &TestApp, post: &Post) -> String {
    app.author().get(&post.path("")).send().expect(200).text("/availability").to_owned()
}

fn in_feed(app: &TestApp) -> usize {
    app.employee().get("/v1/feed").send().expect(200).list("/items").len()
}

both! {
    fn a_rule_is_an_item_like_any_other(app) {
        let draft = Rule::draft(app, &against("guaranteed"));
        let list = app.author().get("/v1/rules").send().expect(200);
        assert_eq!(list.text("/items/0/working_revision/content/condition/phrases/any_of/0"), "guaranteed");
        assert!(list["items"][0]["advice"].is_null(), "rules do not look at rules");
        let live = draft.approve(app);
        let item = app.author().get(&live.path("")).send().expect(200);
        assert_eq!((item.text("/availability"), &item["live_revision"]), ("live", &json!(1)));
        let next = json!({ "content": with(against("sure"), |rule| rule["severity"] = json!("warn")) });
        let saved =
            app.author().put(&live.path("/draft")).if_match(&item["version"]).json(&next).send().expect(200);
        assert_eq!((&saved["working_revision"]["revision"], &saved["live_revision"]), (&json!(2), &json!(1)));
        let frozen = app.author().get(&live.path("/revisions/1")).send().expect(200);
        assert_eq!((frozen.text("/digest"), frozen.text("/state")), (live.digest.as_str(), "approved"));
        live.end(app, "/retirement");
        assert_eq!(app.author().get(&live.path("")).send().expect(200)["availability"], "retired");
        let odd = with(against("a"), |rule| rule["condition"] = json!({ "wishes": {} }));
        app.author().post("/v1/rules").json(&json!({ "content": odd })).send().problem("invalid_request");
        let none = with(against("a"), |rule| rule["scope"] = json!([]));
        app.author().post("/v1/rules").json(&json!({ "content": none })).send().problem("invalid_content");
    }

    fn r10_a_draft_is_told_what_rules_find_and_saved_all_the_same(app) {
        let rule = Rule::in_force(app, &against("guaranteed"));
        let content = with(app.content(), with_copy("Jobs 🚲 guaranteed."));
        let made = app.author().post("/v1/posts").json(&json!({ "content": content })).send().expect(201);
        let found = &made.list("/advice")[0];
        assert_eq!((&found["pointer"], &found["code"]), (&json!("#/content/copies/0/text"), &json!("phrase")));
        assert_eq!(found["rule"], json!({ "id": rule.id, "revision": 1 }));
        assert_eq!(found["start"], json!({ "code_points": 7, "utf16": 8, "utf8": 10 }));
        assert_eq!(found["end"], json!({ "code_points": 17, "utf16": 18, "utf8": 20 }));
        let path = format!("/v1/posts/{}", made.text("/id"));
        let save = |content: Value, version: &Value| {
            let body = json!({ "content": content });
            app.author().put(&format!("{path}/draft")).if_match(version).json(&body).send().expect(200)
        };
        let saved = save(with(app.content(), |post| post["credit"] = json!("Guaranteed by us")), &made["version"]);
        assert_eq!(saved.text("/advice/0/pointer"), "#/content/credit");
        let saved = save(app.content(), &saved["version"]);
        assert_eq!(saved["advice"], json!([]));
        assert!(app.author().get(&path).send().expect(200)["advice"].is_null());
    }

    fn r10_what_breaks_a_rule_is_not_submitted_and_each_violation_has_its_place(app) {
        let rule = Rule::in_force(app, &against("guaranteed"));
        let draft = app.draft(|content| {
            content["copies"] = json!([
                { "id": "a", "language": "en", "text": "Come and see." },
                { "id": "b", "language": "nl", "text": "Één baan, Guaranteed!" },
            ]);
            content["headline"] = json!("Work, guaranteed");
        });
        let refused = submit(app, &draft).problem("rule_violated");
        let places: Vec<&Value> = refused.list("/errors").iter().map(|fault| &fault["pointer"]).collect();
        assert_eq!(places, ["#/content/copies/1/text", "#/content/headline"]);
        let fault = &refused.list("/errors")[0];
        assert_eq!(fault["reason"], "Promise nothing: say what we do.");
        assert_eq!((&fault["severity"], &fault["rule"]["id"]), (&json!("block"), &json!(rule.id)));
        assert_eq!(fault["start"], json!({ "code_points": 10, "utf16": 10, "utf8": 12 }));
        // Beside what does not fit, all of it is told at once.
        let long = app.draft(|content| {
            content["channels"] = json!(["x"]);
            content["copies"][0]["text"] = json!(format!("Guaranteed {}", "a".repeat(300)));
        });
        let refused = submit(app, &long).problem("invalid_content");
        let codes: Vec<&Value> = refused.list("/errors").iter().map(|fault| &fault["code"]).collect();
        assert_eq!(codes, ["too_long", "phrase"]);
        rule.end(app, "/recall");
        submit(app, &draft).expect(201);
    }

    fn r10_a_rule_that_warns_refuses_nothing_and_is_told(app) {
        Rule::in_force(app, &with(against("cheap"), |rule| rule["severity"] = json!("warn")));
        let draft = app.draft(with_copy("Cheap bicycles."));
        let body = json!({ "digest": draft.digest });
        let path = draft.path("/submission");
        app.reviewer();
        let submit = || app.author().post(&path).idempotency_key("once").json(&body).send().expect(201);
        let review = submit();
        assert_eq!(review.text("/warnings/0/pointer"), "#/content/copies/0/text");
        assert_eq!(review.text("/warnings/0/severity"), "warn");
        assert_eq!(submit().json, review.json, "a retry is told the same");
        let read = app.author().get(&format!("/v1/reviews/{}", review.text("/id"))).send().expect(200);
        assert!(read["warnings"].is_null());
    }

    fn r18_rules_look_at_the_comment_of_a_kit_and_of_a_share(app) {
        let rule = Rule::in_force(app, &against("guaranteed"));
        let warning = Rule::in_force(app, &with(against("cheap"), |rule| {
            rule["severity"] = json!("warn");
            rule["scope"] = json!(["comment"]);
        }));
        let post = app.approved_post(|content| content["personalisation"] = json!("free"));
        let body = |comment: &str| with(post.share(), |body| body["comment"] = json!(comment));
        let kit = |comment: &str| app.employee().post("/v1/kits").json(&body(comment)).send();
        for refused in [
            kit("Cheap, and a job guaranteed").problem("rule_violated"),
            share(&app.employee(), "no", &body("Cheap, and a job guaranteed")).problem("rule_violated"),
        ] {
            let of_rule = |fault: &&Value| fault["rule"]["id"] == rule.id.as_str();
            let fault = refused.list("/errors").iter().find(of_rule).unwrap();
            assert_eq!((&fault["pointer"], &fault["start"]["utf16"]), (&json!("#/comment"), &json!(17)));
            assert_eq!(fault["reason"], "Promise nothing: say what we do.");
        }
        assert_eq!(kit("Cheap!").expect(200).text("/warnings/0/pointer"), "#/comment");
        assert_eq!(kit("Come!").expect(200)["warnings"], json!([]));
        let shared = share(&app.employee(), "yes", &body("Cheap!")).expect(201);
        assert_eq!((shared.text("/warnings/0/severity"), shared.text("/comment")), ("warn", "Cheap!"));
        warning.end(app, "/retirement");
        app.advance(Duration::from_secs(5 * 3600));
        assert_eq!(share(&app.employee(), "yes", &body("Cheap!")).expect(201).json, shared.json, "hours later");
        let sealed = app.record_personal(shared["receipt"]["index"].as_i64().unwrap());
        assert!(sealed.iter().any(|(field, ..)| field == "warnings"), "they are about the employee's words");
        // The words of disclaimers are not the employee's.
        Rule::in_force(app, &against("own"));
        share(&app.employee(), "own", &body("Hello!")).expect(201);
    }

    fn r10_a_check_tells_the_whole_matrix(app) {
        let rule = Rule::in_force(app, &against("guaranteed"));
        let draft = app.draft(|content| {
            content["channels"] = json!(["x", "linkedin"]);
            content["personalisation"] = json!("free");
            content["audience"] = json!({ "countries": ["NL", "US"] });
            content["copies"] = json!([
                { "id": "short", "language": "en", "text": "Come and build." },
                { "id": "long", "language": "nl", "text": format!("Guaranteed {}", "a".repeat(300)) },
            ]);
        });
        let employee = app.employee();
        let size = app.record_size();
        let check = |body: Value| app.author().post(&draft.path("/checks")).json(&body).send();
        let told = check(json!({})).expect(200);
        assert_eq!((&told["passes"], &told["digest"]), (&json!(false), &json!(draft.digest)));
        let combinations = told.list("/combinations");
        assert_eq!(combinations.len(), 2 * 2 * 2);
        let find = |channel: &str, copy: &str, country: &str| {
            let wanted = |row: &&Value| {
                row["channel"] == channel && row["copy_id"] == copy && row["country"] == country
            };
            combinations.iter().find(wanted).unwrap()
        };
        let short = find("x", "short", "NL");
        assert_eq!((&short["fits"], &short["limit"], &short["excess"]), (&json!(true), &json!(280), &Value::Null));
        assert!(short["count"].as_u64().unwrap() > 15 && short["comment_room"].as_u64().unwrap() > 0);
        assert_eq!(short["disclaimers"][0]["key"], "employee");
        let long = find("x", "long", "US");
        assert_eq!((&long["fits"], &long["faults"][0]["code"]), (&json!(false), &json!("too_long")));
        assert_eq!(long["count"].as_u64().unwrap() - long["excess"].as_u64().unwrap(), 280);
        assert_eq!(find("linkedin", "long", "NL")["fits"], true);
        let violations = told.list("/violations");
        assert_eq!(violations.len(), 1, "each once, whatever the channel and country");
        assert_eq!(violations[0]["pointer"], "#/content/copies/1/text");
        assert_eq!(violations[0]["rule"]["id"], rule.id.as_str());
        check(json!({ "revision": 2 })).problem("not_found");
        employee.post(&draft.path("/checks")).json(&json!({})).send().problem("forbidden");
        assert_eq!(app.record_size(), size, "a check leaves nothing");
        // What is frozen is checked with what it pins, and passes as it did.
        let live = app.live_post();
        let passed = app.author().post(&live.path("/checks")).json(&json!({ "revision": 1 })).send().expect(200);
        assert_eq!((&passed["passes"], &passed["digest"]), (&json!(true), &json!(live.digest)));
        let many: Vec<Value> = (0..60)
            .map(|nth| json!({ "id": format!("c{nth}"), "language": "en", "text": "Come!" }))
            .collect();
        let countries = ["NL", "BE", "DE", "FR", "ES", "IT", "PT", "SE", "FI", "DK"];
        let big = app.draft(|content| {
            content["copies"] = json!(many);
            content["channels"] = json!(["x", "linkedin", "bluesky", "mastodon", "threads", "facebook", "xing",
                "whatsapp", "telegram"]);
            content["audience"] = json!({ "countries": countries });
        });
        let refused = app.author().post(&big.path("/checks")).json(&json!({})).send().problem("invalid_content");
        assert_eq!(refused.text("/errors/0/code"), "too_many_combinations");
    }

    fn r12_a_rule_that_is_approved_later_lists_what_breaks_it_and_blocks_it(app) {
        let fine = app.live_post();
        let post = app.approved_post(with_copy("A job, guaranteed."));
        let listed = Rule::draft(app, &against("guaranteed"));
        let findings = |rule: &Rule, query: &str| {
            app.reviewer().get(&rule.path(&format!("/findings{query}"))).send()
        };
        let before = findings(&listed, "").expect(200);
        assert_eq!(before["rule"], json!({ "id": listed.id, "revision": 1, "digest": listed.digest }));
        assert_eq!(before.list("/items").len(), 1, "a reviewer sees the effect before approving");
        assert_eq!((before.text("/items/0/post_id"), before.text("/items/0/availability")), (&*post.id, "live"));
        assert_eq!(before.text("/items/0/violations/0/pointer"), "#/content/copies/0/text");
        // It lists, and what is live stays live.
        listed.approve(app);
        assert_eq!((availability(app, &post).as_str(), in_feed(app)), ("live", 2));
        app.share_as(&app.employee(), &post).expect(201);
        // Another one blocks.
        let blocking = with(against("a job"), |rule| rule["on_existing"] = json!("block"));
        let blocking = Rule::in_force(app, &blocking);
        let item = app.author().get(&post.path("")).send().expect(200);
        assert_eq!((item.text("/availability"), &item["live_revision"]), ("blocked", &Value::Null));
        let since = app.clock().now().to_string();
        let by = json!([{ "code": "rule_violated", "item": blocking.id, "since": since }]);
        assert_eq!(item["blocked_by"], by);
        let blocked = app.author().get("/v1/posts?availability=blocked").send().expect(200);
        assert_eq!((blocked.list("/items").len(), blocked.text("/items/0/id")), (1, &*post.id));
        assert_eq!((availability(app, &fine).as_str(), in_feed(app)), ("live", 1));
        let refused = app.share_as(&app.employee(), &post).problem("blocked");
        assert_eq!(refused["blocked_by"], by);
        app.employee().post("/v1/kits").json(&post.share()).send().problem("blocked");
        let after = findings(&blocking, "").expect(200);
        assert_eq!(after.text("/items/0/availability"), "blocked");
        findings(&blocking, "?revision=9").problem("not_found");
        // Its end lifts it.
        blocking.end(app, "/retirement");
        assert_eq!((availability(app, &post).as_str(), in_feed(app)), ("live", 2));
        app.share_as(&app.employee(), &post).expect(201);
    }

    fn r12_a_recall_of_the_rule_lifts_it_and_a_changed_rule_looks_anew(app) {
        let post = app.approved_post(with_copy("A job, guaranteed."));
        let rule = with(against("a job"), |rule| rule["on_existing"] = json!("block"));
        let rule = Rule::in_force(app, &rule);
        assert_eq!(availability(app, &post), "blocked");
        let version = app.author().get(&rule.path("")).send().expect(200)["version"].clone();
        let body = json!({ "content": with(against("a bicycle"), |rule| rule["on_existing"] = json!("block")) });
        let saved = app.author().put(&rule.path("/draft")).if_match(&version).json(&body).send().expect(200);
        assert_eq!(availability(app, &post), "blocked", "the approved revision holds until the next is approved");
        let digest = saved.text("/working_revision/digest").to_owned();
        let next = Rule { id: rule.id.clone(), revision: 2, digest }.approve(app);
        assert_eq!((next.revision, availability(app, &post).as_str()), (2, "live"));
        // A warning blocks nothing, whatever the rule says of existing posts.
        let warns = with(against("job"), |rule| {
            rule["on_existing"] = json!("block");
            rule["severity"] = json!("warn");
        });
        Rule::in_force(app, &warns);
        assert_eq!(availability(app, &post), "live");
        let again = Rule::in_force(app, &with(against("job"), |rule| rule["on_existing"] = json!("block")));
        assert_eq!(availability(app, &post), "blocked");
        again.end(app, "/recall");
        assert_eq!(availability(app, &post), "live");
    }

    fn r10_what_a_rule_came_to_forbid_during_its_review_is_not_approved(app) {
        let post = app.submitted_post(with_copy("A job, guaranteed."));
        let other = app.submitted_post(with_copy("A job!"));
        let rule = Rule::in_force(app, &against("a job"));
        let decide = |decision: &str, reason| {
            let body = post.decision(decision, reason);
            app.reviewer().post(&post.path("/decisions")).json(&body).send()
        };
        let size = app.record_size();
        let refused = decide("approve", None).problem("rule_violated");
        assert_eq!(refused.text("/errors/0/pointer"), "#/content/copies/0/text");
        assert_eq!(refused.text("/errors/0/rule/id"), rule.id);
        assert_eq!((availability(app, &post).as_str(), app.record_size()), ("unapproved", size));
        // Who may not decide hears of that first, and the words can go back to their author.
        let by_author = app.author().post(&post.path("/decisions")).json(&post.decision("approve", None)).send();
        assert_eq!(by_author.status, 403);
        decide("request_changes", Some("See the rule.")).expect(201);
        // Without the rule it is approved.
        rule.end(app, "/retirement");
        app.approve(&other);
        assert_eq!(availability(app, &other), "live");
    }

    fn r10_rules_look_at_hashtags_campaigns_and_what_links_are_tracked_by(app) {
        let hashtag = |key: &str, tag: &str| {
            let body = json!({ "key": key, "content": { "tag": tag } });
            app.author().post("/v1/hashtags").json(&body).send().expect(201)
        };
        let approve = |made: &Answer| {
            app.reviewer();
            let path = format!("/v1/hashtags/{}", made.text("/id"));
            let body = json!({ "digest": made.text("/working_revision/digest") });
            let review = app.author().post(&format!("{path}/submission")).json(&body).send().expect(201);
            let body = json!({ "revision": 1, "digest": review.text("/digest"), "decision": "approve" });
            app.reviewer().post(&format!("{path}/decisions")).json(&body).send().expect(201);
            path
        };
        let swan = hashtag("swan", "LaunchOfProjectSwan");
        let path = approve(&swan);
        let post = app.approved_post(|content| content["hashtags"] = json!(["swan"]));
        let rule = Rule::in_force(app, &with(against("project swan"), |rule| rule["on_existing"] = json!("block")));
        // What is live and breaks it is blocked: the tag, and the post that carries it.
        assert_eq!(availability(app, &post), "blocked");
        assert_eq!(app.author().get(&path).send().expect(200)["availability"], "blocked");
        let found = app.reviewer().get(&rule.path("/findings")).send().expect(200);
        assert_eq!(found.text("/items/0/violations/0/pointer"), "#/content/hashtags/0");
        assert!(found["items"][0]["violations"][0]["start"].is_null(), "the tag is not written there");
        // A new tag is advised on as it is saved, and not submitted.
        let made = hashtag("swan-2", "ProjectSwan2027");
        assert_eq!(made.text("/advice/0/pointer"), "#/content/tag");
        assert_eq!(made["advice"][0]["end"]["utf8"], 11);
        let path = format!("/v1/hashtags/{}/submission", made.text("/id"));
        let body = json!({ "digest": made.text("/working_revision/digest") });
        app.author().post(&path).json(&body).send().problem("rule_violated");
        // Nor is a post that names the swan in its campaign, its link or its tags.
        let draft = app.draft(|content| {
            content["campaign"] = json!("project-swan");
            content["link"] = json!({
                "url": "https://www.example.com/project-swan",
                "utm": { "term": "project-swan" },
            });
        });
        let refused = submit(app, &draft).problem("rule_violated");
        let places: Vec<&Value> = refused.list("/errors").iter().map(|fault| &fault["pointer"]).collect();
        assert_eq!(places, ["#/content/campaign", "#/content/link/utm/term", "#/content/link/url"]);
    }

    fn a_rule_that_would_be_one_too_many_is_not_submitted(app) {
        let large = |rule: &mut Value| {
            let pattern = |nth: usize| format!("\\p{{L}}{{1,20}}x{nth}");
            rule["condition"] = json!({ "patterns": { "any_of": (0..6).map(pattern).collect::<Vec<_>>() } });
        };
        let mut refused = None;
        for _ in 0..6 {
            let draft = Rule::draft(app, &with(against(""), large));
            app.reviewer();
            let body = json!({ "digest": draft.digest });
            let answer = app.author().post(&draft.path("/submission")).json(&body).send();
            if answer.status == 422 {
                refused = Some(answer);
                break;
            }
            let body = json!({ "revision": 1, "digest": answer.text("/digest"), "decision": "approve" });
            app.reviewer().post(&draft.path("/decisions")).json(&body).send().expect(201);
        }
        let refused = refused.expect("six times this are too much").problem("invalid_content");
        assert_eq!(refused.text("/errors/0/code"), "too_many_rules");
        let huge = |rule: &mut Value| {
            let pattern = |nth: usize| format!("\\p{{L}}{{1,20}}x{nth}");
            rule["condition"] = json!({ "patterns": { "any_of": (0..9).map(pattern).collect::<Vec<_>>() } });
        };
        let body = json!({ "content": with(against(""), huge) });
        let refused = app.author().post("/v1/rules").json(&body).send().problem("invalid_content");
        assert_eq!(refused.text("/errors/0/code"), "too_large");
    }

    fn r15_the_rules_in_force_are_part_of_a_shares_fingerprint(app) {
        let post = app.live_post();
        let digest = || app.share(&post).text("/rules_digest").to_owned();
        let (none, again) = (digest(), digest());
        assert_eq!(none, again);
        let rule = Rule::in_force(app, &against("guaranteed"));
        let one = digest();
        assert_ne!(none, one);
        let other = Rule::in_force(app, &against("cheap"));
        assert!(![&none, &one].contains(&&digest()));
        other.end(app, "/retirement");
        assert_eq!(digest(), one, "the same rules have the same fingerprint");
        rule.end(app, "/recall");
        assert_eq!(digest(), none);
    }

    fn r09_a_code_name_is_free_from_its_date(app) {
        let hour = Duration::from_secs(3600);
        let post = app.approved_post(|content| {
            content["copies"][0]["text"] = json!("Meet the Zephyr.");
            content["personalisation"] = json!("free");
        });
        let until = app.clock().now().after(hour).to_string();
        let rule = with(against(""), |rule| {
            rule["condition"] = json!({ "code_names": { "any_of": ["Zephyr"], "until": until } });
            rule["on_existing"] = json!("block");
        });
        let rule = Rule::in_force(app, &rule);
        let draft = app.draft(with_copy("Zephyr is here."));
        submit(app, &draft).problem("rule_violated");
        app.share_as(&app.employee(), &post).problem("blocked");
        let other = app.approved_post(|content| content["personalisation"] = json!("free"));
        let comment = with(other.share(), |body| body["comment"] = json!("Zephyr!"));
        share(&app.employee(), "early", &comment).problem("rule_violated");
        let broken = || app.author().get(&rule.path("/findings")).send().expect(200).list("/items").len();
        assert_eq!((broken(), in_feed(app)), (1, 1));
        app.advance(hour);
        assert_eq!((availability(app, &post).as_str(), broken(), in_feed(app)), ("live", 0, 2));
        app.share_as(&app.employee(), &post).expect(201);
        share(&app.employee(), "late", &comment).expect(201);
        submit(app, &draft).expect(201);
    }

    fn findings_come_in_pages(app) {
        let posts: Vec<Post> = (0..3).map(|_| app.approved_post(with_copy("A job, guaranteed."))).collect();
        app.live_post();
        let rule = Rule::draft(app, &against("guaranteed"));
        let page = |query: &str| app.author().get(&rule.path(&format!("/findings?{query}"))).send().expect(200);
        let first = page("limit=2");
        let ids = |page: &Answer| {
            let ids = page.list("/items").iter().filter_map(|post| post["post_id"].as_str());
            ids.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(ids(&first), [posts[2].id.clone(), posts[1].id.clone()]);
        let second = page(&format!("limit=2&cursor={}", first.text("/next_cursor")));
        assert_eq!((ids(&second), &second["next_cursor"]), (vec![posts[0].id.clone()], &Value::Null));
    }
}
