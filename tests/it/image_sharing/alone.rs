//! An image that is shared by itself: what goes with it, and what is refused.

use std::time::Duration;

use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use super::{HOUR, after, disclaimers, end, freeze, hashtag, kit, read, share, with};
use crate::support::{Image, TestApp, both};

const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

/// An image with texts in two languages and a credit.
fn bridge(app: &TestApp) -> Image {
    app.approved_image(|content| {
        content["alt"] = json!({ "en": "A bridge.", "nl": "Een brug." });
        content["credit"] = json!("Photo: Jan");
    })
}

fn on(image: &Image, channel: &str) -> Value {
    with(image.share(), |body| body["channel"] = json!(channel))
}

both! {
    fn an_image_goes_with_a_comment_hashtags_and_what_is_required(app) {
        let image = bridge(app);
        hashtag(app, "water", &json!({ "tag": "Water" }));
        hashtag(app, "dutch", &json!({ "tag": "Nederland", "languages": ["nl"] }));
        let employee = app.employee();
        let plain = kit(&employee, &image.share()).expect(200);
        assert_eq!((&plain["image_id"], &plain["language"]), (&json!(image.id), &json!("en")));
        assert!(plain["post_id"].is_null() && plain["copy_id"].is_null(), "{}", plain.text);
        assert_eq!(disclaimers(&plain.json), ["employee"]);
        assert_eq!(plain["images"][0]["alt"], "A bridge.");
        let long = format!("We built this. {}", "It took long. ".repeat(20));
        let body = with(image.share(), |body| {
            body["comment"] = json!(format!("{long}See www.example.com with @anna #proud"));
            body["hashtags"] = json!(["water"]);
        });
        let shared = share(&employee, "one", &body).expect(201);
        let text = shared.text("/text");
        assert!(text.contains(&long), "more than an introduction: {text}");
        assert!(text.contains("Photo: Jan") && text.contains("#Water") && !text.contains("Nederland"), "{text}");
        assert!(disclaimers(&shared.json).contains(&"own-opinion"));
        let joined: String = shared.list("/parts").iter().filter_map(|part| part["text"].as_str()).collect();
        assert_eq!(joined, text);
        assert_eq!((&shared["kind"], &shared["item_id"]), (&json!("image"), &json!(image.id)));
        assert_eq!((&shared["digest"], &shared["copy_id"]), (&json!(image.digest), &Value::Null));
        let both = with(body.clone(), |body| body["hashtags"] = json!(["water", "dutch"]));
        let refused = share(&employee, "both", &both).problem("invalid_content");
        assert_eq!(refused.text("/errors/0/pointer"), "#/hashtags/1", "it goes with Dutch only");
        let dutch = with(body.clone(), |body| {
            body["language"] = json!("nl-BE");
            body["hashtags"] = json!(["dutch", "water"]);
        });
        let dutch = share(&employee, "two", &dutch).expect(201);
        assert!(dutch.text("/text").contains("#Nederland #Water"), "{}", dutch.text);
        assert_eq!(dutch["images"][0]["alt_language"], "nl");
        // A retry is the same share, also when the body says the same with less.
        let again = share(&employee, "one", &body).expect(201);
        assert_eq!((&again.json, again.header("Idempotency-Replayed")), (&shared.json, "true"));
        let other = with(body, |body| body["hashtags"] = json!([]));
        share(&employee, "one", &other).problem("idempotency_key_reused");
        // Nothing of the text of the image is handed over as words of the post.
        assert!(!text.contains("A bridge."));
        let entry = app.record_entries().into_iter().find(|entry| entry.typ == "share.issued").unwrap();
        let fields: Value = serde_json::from_str(&entry.fields).unwrap();
        assert_eq!((&fields["kind"], &fields["item_id"]), (&json!("image"), &json!(image.id)));
    }

    fn a_share_of_an_image_is_listed_like_any_other(app) {
        let (image, post) = (bridge(app), app.live_post());
        let employee = app.employee();
        let shared = share(&employee, "one", &image.share()).expect(201);
        app.share(&post);
        let own = employee.get(&format!("/v1/me/shares?item={}", image.id)).send().expect(200);
        assert_eq!((own.list("/items").len(), &own["items"][0]["id"]), (1, &shared["id"]));
        assert_eq!((&own["items"][0]["kind"], &own["items"][0]["copy_id"]), (&json!("image"), &Value::Null));
        assert_eq!(employee.get("/v1/me/shares").send().expect(200).list("/items").len(), 2);
        let audit = format!("/v1/shares?item={}", image.id);
        let audited = app.auditor().get(&audit).purpose("check").send().expect(200);
        assert_eq!((audited.list("/items").len(), &audited["items"][0]["id"]), (1, &shared["id"]));
        assert_eq!(audited["items"][0]["images"][0]["alt"], "A bridge.");
        let path = format!("/v1/shares/{}/outcome", shared.text("/id"));
        let told = json!({ "result": "confirmed", "permalink": "https://example.com/1" });
        let outcome = employee.post(&path).json(&told).send().expect(200);
        assert_eq!((outcome.text("/state"), outcome.text("/kind")), ("confirmed", "image"));
        app.advance(Duration::from_secs(1));
        let open = share(&employee, "two", &image.share()).expect(201);
        app.advance(Duration::from_secs(25 * 3600));
        assert_eq!(read(&employee, &open)["state"], "lapsed");
    }

    fn r13_what_cannot_be_shared_is_refused_with_its_reason(app) {
        let image = bridge(app);
        let employee = app.employee();
        let refused = |body: &Value, code: &str| {
            let kit = kit(&employee, body).problem(code);
            let share = share(&employee, "refused", body).problem(code);
            assert_eq!(kit["errors"], share["errors"]);
            share
        };
        let draft = app.image_draft(|_| ());
        let foreign = app.approved_image(|content| content["audience"] = json!({ "countries": ["DE"] }));
        let unknown = Image { id: UNKNOWN.into(), ..image.clone() };
        let post = app.live_post();
        let of_post = Image { id: post.id.clone(), ..image.clone() };
        let later = after(app, HOUR);
        let scheduled = app.approved_image(|content| content["rights"]["from"] = json!(later));
        for hidden in [&unknown, &draft, &foreign, &of_post, &scheduled] {
            refused(&hidden.share(), "image_not_found");
        }
        refused(&json!({ "post_id": image.id, "digest": image.digest, "channel": "linkedin" }), "post_not_found");
        let changed = app.revised_image(&image, |content| content["alt"]["en"] = json!("The bridge."));
        let stale = refused(&image.share(), "revision_changed");
        assert_eq!((&stale["digest"], &stale["revision"]), (&json!(changed.digest), &json!(2)));
        let image = changed;
        refused(&on(&image, "email"), "invalid_content");
        refused(&on(&image, "myspace"), "invalid_content");
        let story = refused(&on(&image, "instagram_story"), "channel_cannot_carry_disclaimer");
        assert_eq!(story.status, 422);
        let french = refused(&with(image.share(), |body| body["language"] = json!("fr")), "invalid_content");
        assert_eq!(french.text("/errors/0/pointer"), "#/language");
        hashtag(app, "water", &json!({ "tag": "Water" }));
        app.author().post("/v1/hashtags").json(&json!({ "key": "new", "content": { "tag": "New" } })).send().expect(201);
        for (hashtags, place) in [(json!(["none"]), 0), (json!(["water", "new"]), 1)] {
            let odd = refused(&with(image.share(), |body| body["hashtags"] = hashtags), "invalid_content");
            assert_eq!((odd.status, odd.text("/errors/0/pointer")), (422, format!("#/hashtags/{place}").as_str()));
        }
        let both = with(image.share(), |body| body["post_id"] = json!(post.id));
        assert_eq!(refused(&both, "invalid_request").text("/errors/0/pointer"), "#/image_id");
        let neither = json!({ "digest": image.digest, "channel": "linkedin" });
        assert_eq!(refused(&neither, "invalid_request").text("/errors/0/pointer"), "#/post_id");
        let tagged = with(post.share(), |body| body["hashtags"] = json!(["water"]));
        assert_eq!(refused(&tagged, "invalid_request").text("/errors/0/pointer"), "#/hashtags");
        let copied = with(image.share(), |body| body["copy_id"] = json!("en"));
        assert_eq!(refused(&copied, "invalid_request").text("/errors/0/pointer"), "#/copy_id");
        end(app, &image, "/recall");
        assert_eq!(refused(&image.share(), "recalled").status, 410);
        end(app, &foreign, "/recall");
        refused(&foreign.share(), "image_not_found");
    }

    fn r18_a_comment_on_an_image_keeps_to_the_rules(app) {
        let image = bridge(app);
        let rule = json!({ "content": {
            "name": "No promises",
            "condition": { "phrases": { "any_of": ["guaranteed"] } },
            "severity": "block",
            "scope": ["comment"],
            "reason": "Promise nothing.",
        } });
        let made = app.author().post("/v1/rules").json(&rule).send().expect(201);
        let path = format!("/v1/rules/{}", made.text("/id"));
        app.approve_draft(&path, made.text("/working_revision/digest"));
        let says = |comment: &str| with(image.share(), |body| body["comment"] = json!(comment));
        let refused = share(&app.employee(), "one", &says("Jobs guaranteed!")).problem("rule_violated");
        assert_eq!(refused["errors"][0]["rule"]["id"], made["id"]);
        for odd in ["  ", "a\n\n\n\nb", "a\u{202e}b"] {
            let refused = share(&app.employee(), "odd", &says(odd)).problem("rule_violated");
            assert_eq!(refused.text("/errors/0/pointer"), "#/comment", "{odd:?}");
        }
        share(&app.employee(), "one", &says("Jobs for all!")).expect(201);
        let over = with(says(&"a".repeat(300)), |body| body["channel"] = json!("x"));
        assert!(share(&app.employee(), "long", &over).problem("too_long")["excess"].as_u64().unwrap() > 0);
    }

    fn r17_a_freeze_stops_images_too(app) {
        let image = bridge(app);
        let employee = app.employee();
        let open = share(&employee, "open", &image.share()).expect(201);
        app.advance(Duration::from_secs(1));
        let freeze = freeze(app, &json!({ "channel": "linkedin" }));
        assert_eq!(share(&employee, "one", &image.share()).problem("frozen")["reason"], "a crisis");
        assert_eq!(read(&employee, &open)["state"], "void");
        share(&employee, "two", &on(&image, "mastodon")).expect(201);
        app.publisher().delete(&format!("/v1/freezes/{freeze}")).send().expect(204);
        share(&employee, "one", &image.share()).expect(201);
        let leaver = app.person("leaver", &[Role::Author]);
        share(&leaver, "none", &image.share()).problem("forbidden");
    }
}
