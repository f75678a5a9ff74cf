//! The library: what of the images and hashtags each employee may use now.

use std::time::Duration;

use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use super::{end, freeze, hashtag, ids, library};
use crate::support::{Client, Image, TestApp, both};

fn says(language: &str) -> impl FnOnce(&mut Value) + '_ {
    move |content| content["alt"] = json!({ language: "Een brug." })
}

fn hashtags(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/v1/library/hashtags{query}")).send().expect(200);
    page.list("/items").iter().map(|item| item["key"].as_str().unwrap().to_owned()).collect()
}

fn ids_of<const N: usize>(images: [&Image; N]) -> [String; N] {
    images.map(|image| image.id.clone())
}

/// A group with this member.
fn group(app: &TestApp, member: &Client) -> String {
    let group = app.admin().post("/v1/groups").json(&json!({ "name": "Sales" })).send().expect(201);
    let group = group.text("/id").to_owned();
    app.admin().put(&format!("/v1/groups/{group}/members/{}", member.id())).send().expect(204);
    group
}

both! {
    fn the_library_has_what_one_may_use_now(app) {
        let employee = app.employee();
        let group = group(app, &employee);
        let open = app.approved_image(says("nl"));
        app.image_draft(says("nl"));
        app.advance(Duration::from_secs(1));
        let ours = app.approved_image(|content| {
            content["audience"] = json!({ "groups": [group], "countries": ["NL"] });
            content["alt"] = json!({ "en": "A bridge.", "nl": "Een brug." });
            content["licence"] = json!("CC BY 4.0");
        });
        let foreign = app.approved_image(|content| content["audience"] = json!({ "countries": ["DE"] }));
        app.advance(Duration::from_secs(1));
        let german = app.approved_image(says("de"));
        assert_eq!(library(&employee, ""), ids_of([&german, &ours, &open]), "the newest first");
        let abroad = app.person_with("abroad", &[Role::Employee], |person| person.country = Some("DE".into()));
        assert_eq!(library(&abroad, ""), ids_of([&german, &foreign, &open]));
        assert_eq!(library(&employee, "?language=nl-BE"), ids_of([&ours, &open]));
        assert_eq!(library(&employee, "?language=EN"), ids_of([&ours]));
        assert_eq!(library(&employee, "?language=fr"), ids_of([]));
        let told = employee.get("/v1/library/images?language=nl-BE").send().expect(200);
        let first = &told.list("/items")[0];
        assert_eq!((&first["alt"], &first["digest"]), (&json!({ "nl": "Een brug." }), &json!(ours.digest)));
        assert_eq!((&first["licence"], &first["ai_generated"]), (&json!("CC BY 4.0"), &json!(false)));
        assert_eq!((&first["width"], &first["height"]), (&json!(320), &json!(240)));
        let small = first["small_url"].as_str().unwrap().replace("https://greenlight.example", "");
        app.anonymous().get(&small).send().expect(200);
        let channels = first["channels"].as_array().unwrap();
        assert!(channels.contains(&json!("pinterest")) && channels.contains(&json!("linkedin")));
        for without in ["email", "whatsapp", "instagram_story"] {
            assert!(!channels.contains(&json!(without)), "{without}: no images, or no text for what is required");
        }
        assert_eq!(library(&employee, "?channel=pinterest").len(), 3);
        assert_eq!(library(&employee, "?channel=email"), ids_of([]));
        end(app, &german, "/recall");
        end(app, &open, "/retirement");
        assert_eq!(library(&employee, ""), ids_of([&ours]));
        for odd in ["?channel=myspace", "?language=", "?limit=0", "?cursor=x"] {
            for what in ["images", "hashtags"] {
                employee.get(&format!("/v1/library/{what}{odd}")).send().problem("invalid_request");
            }
        }
    }

    fn the_library_follows_freezes_and_pages_and_tells_what_is_unchanged(app) {
        let employee = app.employee();
        let images: Vec<Image> = (0..3).map(|nth| {
            app.advance(Duration::from_secs(nth));
            app.approved_image(|_| ())
        }).collect();
        for (key, tag) in [("one", "One"), ("two", "Two"), ("three", "Three")] {
            app.advance(Duration::from_secs(1));
            hashtag(app, key, &json!({ "tag": tag }));
        }
        let newest_first: Vec<String> = images.iter().rev().map(|image| image.id.clone()).collect();
        for (what, member, all) in [
            ("images", "image_id", newest_first.clone()),
            ("hashtags", "key", ["three", "two", "one"].map(str::to_owned).to_vec()),
        ] {
            let path = format!("/v1/library/{what}?limit=2");
            let page = employee.get(&path).send().expect(200);
            assert_eq!(ids(&page, member), all[..2]);
            let next = format!("{path}&cursor={}", page.text("/next_cursor"));
            let rest = employee.get(&next).send().expect(200);
            assert_eq!((ids(&rest, member), &rest["next_cursor"]), (all[2..].to_vec(), &Value::Null));
            let tag = page.header("ETag").to_owned();
            let again = employee.get(&path).header("If-None-Match", tag.clone()).send().expect(304);
            assert!(again.text.is_empty());
            assert_eq!(page.header("Cache-Control"), "private, no-cache");
            app.admin().get(&path).send().problem("forbidden");
            app.anonymous().get(&path).send().problem("unauthenticated");
            let other = app.person(&format!("other-{what}"), &[Role::Employee]);
            other.get(&path).header("If-None-Match", tag).send().expect(200);
            other.get(&next).send().problem("invalid_request");
        }
        let tag = employee.get("/v1/library/images").send().expect(200).header("ETag").to_owned();
        let everywhere = freeze(app, &json!({}));
        assert_eq!((library(&employee, ""), hashtags(&employee, "")), (vec![], vec![]));
        app.publisher().delete(&format!("/v1/freezes/{everywhere}")).send().expect(204);
        freeze(app, &json!({ "channel": "linkedin" }));
        assert_eq!(library(&employee, ""), newest_first);
        assert_eq!(library(&employee, "?channel=linkedin"), [] as [String; 0]);
        let page = employee.get("/v1/library/images").header("If-None-Match", tag).send().expect(200);
        assert!(!page.text.contains("linkedin"));
        end(app, &images[2], "/recall");
        assert_eq!(library(&employee, ""), newest_first[1..]);
    }

    fn the_library_of_hashtags_has_those_for_language_and_channel(app) {
        let employee = app.employee();
        let path = hashtag(app, "water", &json!({ "tag": "Water", "meaning": { "nl": "Wat wij schoonmaken." } }));
        app.advance(Duration::from_secs(1));
        hashtag(app, "dutch", &json!({ "tag": "Nederland", "languages": ["nl"], "channels": ["x", "linkedin"] }));
        app.author().post("/v1/hashtags").json(&json!({ "key": "draft", "content": { "tag": "Draft" } })).send().expect(201);
        assert_eq!(hashtags(&employee, ""), ["dutch", "water"]);
        assert_eq!(hashtags(&employee, "?language=nl-BE"), ["dutch", "water"]);
        assert_eq!(hashtags(&employee, "?language=en"), ["water"]);
        assert_eq!(hashtags(&employee, "?channel=bluesky"), ["water"]);
        let told = employee.get("/v1/library/hashtags?channel=bluesky").send().expect(200);
        let first = &told.list("/items")[0];
        assert_eq!((&first["tag"], &first["meaning"]["nl"]), (&json!("Water"), &json!("Wat wij schoonmaken.")));
        freeze(app, &json!({ "channel": "x" }));
        assert_eq!(hashtags(&employee, ""), ["dutch", "water"]);
        freeze(app, &json!({ "channel": "linkedin" }));
        assert_eq!(hashtags(&employee, ""), ["water"], "nothing is open that it goes with");
        let reason = json!({ "reason": "wrong" });
        app.publisher().post(&format!("{path}/recall")).json(&reason).send().expect(200);
        assert_eq!(hashtags(&employee, ""), [] as [String; 0]);
    }
}
