//! What a kit consists of, as an employee's app meets it: parts and their places, links, intents.

use serde_json::{Value, json};

use crate::support::{Post, TestApp, both};

/// A post on these channels with a tracked link.
fn linked(app: &TestApp, channels: &[&str]) -> Post {
    app.approved_post(|content| {
        content["channels"] = json!(channels);
        content["link"] = json!({ "url": "https://www.example.com/jobs?team=1#top", "utm": {} });
        content["campaign"] = json!("hiring");
        content["headline"] = json!("We are hiring");
    })
}

fn on(post: &Post, channel: &str) -> Value {
    let mut body = post.share();
    body["channel"] = json!(channel);
    body
}

/// The `utm_content` of a text's link.
fn tag(text: &str) -> &str {
    let (_, after) = text.split_once("utm_content=").expect("a tag");
    after.split(['&', '#']).next().unwrap()
}

both! {
    fn r15_parts_tile_the_text_by_each_offset_and_name_the_revision_of_their_words(app) {
        let post = app.approved_post(|content| {
            content["copies"][0]["text"] = json!("Zon ☀️ op het dak 👨‍👩‍👧‍👦 — già fatto.");
            content["personalisation"] = json!("free");
        });
        let mut body = post.share();
        body["comment"] = json!("😀 Mijn werk!");
        let shared = app.employee().post("/v1/shares").idempotency_key("one").json(&body).send().expect(201);
        let text = shared.text("/text");
        let utf16: Vec<u16> = text.encode_utf16().collect();
        let mut end = json!({ "code_points": 0, "utf16": 0, "utf8": 0 });
        for part in shared.list("/parts") {
            assert_eq!(part["start"], end, "{part}");
            end = part["end"].clone();
            let place = |end: &str, unit: &str| part[end][unit].as_u64().unwrap() as usize;
            let own = part["text"].as_str().unwrap();
            assert_eq!(&text[place("start", "utf8")..place("end", "utf8")], own);
            let units = &utf16[place("start", "utf16")..place("end", "utf16")];
            assert_eq!(String::from_utf16(units).unwrap(), own);
            let points = text.chars().skip(place("start", "code_points"));
            let points: String =
                points.take(place("end", "code_points") - place("start", "code_points")).collect();
            assert_eq!(points, own);
            let source = &part["source"];
            match part["role"].as_str().unwrap() {
                "comment" | "separator" => assert!(source.is_null()),
                "copy" => assert_eq!((&source["item"], &source["digest"]), (&json!(post.id), &json!(post.digest))),
                _ => assert_ne!(source["item"], json!(post.id)),
            }
        }
        assert_eq!(end["utf8"], json!(text.len()));
        // Read again, the parts are the same.
        let again = app.employee().get(&format!("/v1/me/shares/{}", shared.text("/id"))).send().expect(200);
        assert_eq!(again["parts"], shared["parts"]);
    }

    fn line_ends_of_any_editor_are_read_as_line_feeds(app) {
        let (windows, plain) = ("Een.\r\n\r\nTwee.", "Een.\n\nTwee.");
        let post = app.approved_post(|content| {
            content["copies"][0]["text"] = json!(windows);
            content["personalisation"] = json!("free");
        });
        let item = app.author().get(&post.path("")).send().expect(200);
        let mut content = item["working_revision"]["content"].clone();
        assert_eq!(content["copies"][0]["text"], plain);
        // The same words are the same content, whoever wrote the line ends.
        content["copies"][0]["text"] = json!(windows);
        let draft = json!({ "content": content });
        let saved = app.author().put(&post.path("/draft")).if_match(&item["version"]).json(&draft).send().expect(200);
        assert_eq!(saved["working_revision"]["digest"], json!(post.digest));
        let share = |comment: &str| {
            let mut body = post.share();
            body["comment"] = json!(comment);
            app.employee().post("/v1/shares").idempotency_key("one").json(&body).send().expect(201)
        };
        let shared = share("Mooi\rwerk!\r\n");
        assert_eq!((&shared["comment"], share("Mooi\nwerk!\n").text("/id")), (&json!("Mooi\nwerk!\n"), shared.text("/id")));
        assert!(shared.text("/text").contains(plain) && !shared.text("/text").contains('\r'));
        let report = |text: &str| {
            let body = json!({ "result": "confirmed", "posted_text": text });
            let path = format!("/v1/shares/{}/outcome", shared.text("/id"));
            app.employee().post(&path).json(&body).send().expect(200)
        };
        let posted = shared.text("/text");
        report(&posted.replace('\n', "\r\n"));
        let told = report(posted);
        assert_eq!((told.list("/outcomes").len(), told.text("/outcomes/0/posted_text")), (1, posted));
    }

    fn r22_a_links_tag_is_random_for_each_share_and_fixed_in_previews(app) {
        let post = linked(app, &["x"]);
        let kit = app.employee().post("/v1/kits").json(&on(&post, "x")).send().expect(200);
        assert_eq!(tag(kit.text("/text")), "preview0preview0");
        let expected = "https://www.example.com/jobs?team=1&utm_source=x&utm_medium=social\
                        &utm_campaign=hiring&utm_content=preview0preview0#top";
        assert!(kit.text("/text").ends_with(expected), "{}", kit.text("/text"));
        let share = |key: &str| {
            app.employee().post("/v1/shares").idempotency_key(key).json(&on(&post, "x")).send().expect(201)
        };
        let (one, two, again) = (share("one"), share("two"), share("one"));
        let tags = [tag(one.text("/text")), tag(two.text("/text"))];
        assert_ne!(tags[0], tags[1]);
        assert!(tags.iter().all(|tag| tag.len() == 16 && tag.bytes().all(|byte| byte.is_ascii_alphanumeric())));
        assert_eq!(again.json, one.json, "a retry has the tag of its share");
        assert_eq!(one.text("/text").len(), kit.text("/text").len(), "what was previewed fits");
        // The feed shows where the post leads, without a tag.
        let feed = app.employee().get("/v1/feed").send().expect(200);
        assert_eq!(feed["items"][0]["link"], "https://www.example.com/jobs?team=1#top");
    }

    fn a_link_without_utm_stays_as_it_is_and_its_tag_is_not_the_authors_to_set(app) {
        let post = app.approved_post(|content| {
            content["link"] = json!({ "url": "https://www.example.com/jobs?utm_source=poster" });
        });
        let kit = app.employee().post("/v1/kits").json(&post.share()).send().expect(200);
        assert_eq!(kit["link"], "https://www.example.com/jobs?utm_source=poster");
        let mut content = app.content();
        content["link"] = json!({ "url": "https://www.example.com/", "utm": { "content": "sanne" } });
        let odd = app.author().post("/v1/posts").json(&json!({ "content": content })).send();
        assert_eq!(odd.problem("invalid_request").text("/errors/0/pointer"), "#/content/link/utm/content");
    }

    fn r15_what_stands_in_an_intent_beside_the_link_is_logged_too(app) {
        let post = linked(app, &["telegram", "x", "email"]);
        let share = |channel: &str| {
            let body = on(&post, channel);
            app.employee().post("/v1/shares").idempotency_key(channel).json(&body).send().expect(201)
        };
        let (telegram, x, email) = (share("telegram"), share("x"), share("email"));
        for shared in [&telegram, &x, &email] {
            assert_eq!((&shared["delivery"], &shared["must_paste"]), (&json!("prefilled"), &json!(false)));
        }
        assert!(x.text("/intent_url").ends_with("%23top&url="), "the whole text, and an empty link");
        assert!(telegram.text("/intent_url").starts_with("https://t.me/share/url?url=https%3A%2F%2Fwww.example"));
        assert!(!telegram.text("/intent_url").contains("%23top%0A"));
        assert!(email.text("/intent_url").starts_with("mailto:?subject=We%20are%20hiring&body=Come%20and"));
        assert!(email.text("/intent_url").contains("%0D%0A%0D%0Ahttps"));
        let logged = |shared: &Value| {
            let index = shared["receipt"]["index"].as_i64().unwrap();
            let fields = app.record_personal(index).into_iter().map(|(field, ..)| field);
            fields.collect::<Vec<_>>()
        };
        assert!(logged(&telegram.json).contains(&"intent_text".to_owned()));
        assert!(!logged(&x.json).contains(&"intent_text".to_owned()), "it is the text itself");
    }

    fn an_intent_that_is_too_long_falls_back_to_pasting(app) {
        let post = app.approved_post(|content| {
            content["channels"] = json!(["whatsapp"]);
            content["copies"][0]["text"] = json!("é".repeat(2000));
        });
        let kit = app.employee().post("/v1/kits").json(&on(&post, "whatsapp")).send().expect(200);
        assert_eq!(kit["delivery"], "paste_then_open");
        assert_eq!((&kit["must_paste"], &kit["intent_too_long"]), (&json!(true), &json!(true)));
        let body = on(&post, "whatsapp");
        let shared = app.employee().post("/v1/shares").idempotency_key("one").json(&body).send().expect(201);
        assert_eq!(shared["intent_url"], "https://wa.me/?text=");
        let path = format!("/v1/shares/{}/outcome", shared.text("/id"));
        let confirmed = json!({ "result": "confirmed" });
        let outcome = app.employee().post(&path).json(&confirmed).send().expect(200);
        assert_eq!(outcome["outcomes"][0]["unverified"], true, "nobody saw what was pasted");
    }

    fn hashtags_give_way_one_by_one_and_the_kit_tells_which(app) {
        app.reviewer();
        for (key, tag) in [("first", "WeAreHiring"), ("second", "BuildBicycles")] {
            let body = json!({ "key": key, "content": { "tag": tag } });
            let made = app.author().post("/v1/hashtags").json(&body).send().expect(201);
            let path = format!("/v1/hashtags/{}", made.text("/id"));
            let submission = json!({ "digest": made.text("/working_revision/digest") });
            let review =
                app.author().post(&format!("{path}/submission")).json(&submission).send().expect(201);
            let decision = json!({ "revision": 1, "digest": review.text("/digest"), "decision": "approve" });
            app.reviewer().post(&format!("{path}/decisions")).json(&decision).send().expect(201);
        }
        let post = app.approved_post(|content| {
            content["channels"] = json!(["x"]);
            content["hashtags"] = json!(["first", "second"]);
            content["copies"][0]["text"] = json!("a".repeat(215));
        });
        let kit = app.employee().post("/v1/kits").json(&on(&post, "x")).send().expect(200);
        assert!(kit.text("/text").ends_with("#WeAreHiring"), "{}", kit.text("/text"));
        assert_eq!(kit["dropped_hashtags"], json!(["BuildBicycles"]));
        assert_eq!(kit["disclaimers"][0]["form"], "full", "a hashtag gives way before a disclaimer");
    }
}
