//! What a kit and a share of a post hand over of its images (R15, R19).

use greenlight::domain::ids::Digest;
use greenlight::domain::roles::Role;
use serde_json::{Value, json};

use super::{HOUR, disclaimers, kit, post_with, read, redact, share, with};
use crate::support::{Answer, Client, Post, TestApp, both, png};

fn on(post: &Post, channel: &str) -> Value {
    with(post.share(), |body| body["channel"] = json!(channel))
}

/// Somebody in Belgium who reads Dutch.
fn belgian(app: &TestApp) -> Client {
    app.person_with("belgian", &[Role::Employee], |person| {
        person.country = Some("BE".to_owned());
        person.language = Some("nl-BE".to_owned());
    })
}

/// Fetches a file as a network would: without credentials.
fn fetch(app: &TestApp, url: &str) -> Answer {
    app.anonymous().get(url.strip_prefix("https://greenlight.example").expect("our address")).send()
}

/// A post in two languages for every kind of intent.
fn bilingual(app: &TestApp, change: impl FnOnce(&mut Value)) -> Post {
    app.approved_post(|content| {
        content["copies"] = json!([
            { "id": "en", "language": "en", "text": "Look at our bridge." },
            { "id": "nl", "language": "nl", "text": "Kijk naar onze brug." },
        ]);
        change(content);
    })
}

both! {
    fn r15_a_share_hands_over_the_file_and_the_text_that_suit_channel_and_language(app) {
        let image = app.approved_image(|content| {
            content["alt"] = json!({ "en": "A bridge.", "nl": "Een brug.", "de": "Eine Brücke." });
            content["credit"] = json!("Foto: Jan");
        });
        let post = bilingual(app, |content| {
            content["images"] = json!([image.id]);
            content["channels"] = json!(["linkedin", "instagram_feed", "email"]);
        });
        let content = app.author().get(&image.path("/revisions/1")).send().expect(200)["content"].clone();
        let reader = belgian(app);
        let size = app.record_size();
        let preview = kit(&reader, &post.share()).expect(200);
        assert_eq!(app.record_size(), size, "a kit is stored nowhere");
        let shared = share(&reader, "one", &post.share()).expect(201);
        let again = share(&reader, "one", &post.share()).expect(201);
        assert_eq!(shared.json, again.json, "addresses included");
        for (told, has_address) in [(&preview, false), (&shared, true)] {
            let shown = &told.list("/images")[0];
            assert_eq!((told.list("/images").len(), &told["must_attach"]), (1, &json!(true)));
            assert_eq!((&shown["alt"], &shown["alt_language"]), (&json!("Een brug."), &json!("nl")));
            assert_eq!((&shown["image_id"], &shown["digest"]), (&json!(image.id), &json!(image.digest)));
            assert_eq!(shown["url"].is_string(), has_address, "{shown}");
            let mut files = content["renditions"].as_array().unwrap().clone();
            files.push(content["picture"].clone());
            let file = files.iter().find(|file| file["digest"] == shown["file"]).expect("a file of the image");
            for member in ["media_type", "width", "height", "bytes"] {
                assert_eq!(shown[member], file[member], "{member}");
            }
            assert_eq!(told.text("/text").matches("Foto: Jan").count(), 1, "{}", told.text);
        }
        let file = fetch(app, shared.text("/images/0/url")).expect(200);
        assert_eq!(file.header("Content-Type"), "image/jpeg");
        assert_eq!(json!(Digest::of(&file.bytes)), shared["images"][0]["file"]);
        assert_eq!(json!(file.bytes.len()), shared["images"][0]["bytes"]);
        let english = with(post.share(), |body| body["language"] = json!("en-GB"));
        assert_eq!(kit(&reader, &english).expect(200)["images"][0]["alt"], "A bridge.");
        let none = kit(&reader, &on(&post, "email")).expect(200);
        assert_eq!((none.list("/images").len(), &none["must_attach"]), (0, &json!(false)), "it takes none");
    }

    fn a_png_is_kept_but_where_a_channel_takes_none(app) {
        let made = app.uploaded("image/png", png(320, 240));
        let draft = crate::support::Image { id: made.text("/id").into(), revision: 1, digest: String::new() };
        let image = app.revised_image(&draft, |content| content["alt"] = json!({ "en": "A drawing." }));
        let post = app.approved_post(|content| {
            content["images"] = json!([image.id]);
            content["channels"] = json!(["linkedin", "instagram_feed"]);
        });
        for (channel, form) in [("linkedin", "image/png"), ("instagram_feed", "image/jpeg")] {
            let shared = share(&app.employee(), channel, &on(&post, channel)).expect(201);
            assert_eq!(shared["images"][0]["media_type"], form, "{channel}");
            assert_eq!(fetch(app, shared.text("/images/0/url")).expect(200).header("Content-Type"), form);
        }
    }

    fn a_credit_stands_once_in_the_posts_words_or_the_disclaimers(app) {
        let one = app.approved_image(|content| content["credit"] = json!("Photo: Jan"));
        let two = app.approved_image(|content| content["credit"] = json!("Photo: Ida"));
        let text = |change: &dyn Fn(&mut Value)| {
            let post = app.approved_post(|content| {
                content["images"] = json!([one.id, two.id]);
                change(content);
            });
            let kit = kit(&app.employee(), &post.share()).expect(200);
            let credits: Vec<Value> =
                kit.list("/parts").iter().filter(|part| part["role"] == "credit").cloned().collect();
            (kit.text("/text").to_owned(), credits, disclaimers(&kit.json).len())
        };
        let (plain, parts, _) = text(&|_| ());
        assert_eq!((parts.len(), plain.matches("Photo: Jan, Photo: Ida").count()), (1, 1), "{plain}");
        let (own, parts, _) = text(&|content| content["credit"] = json!("With thanks to all"));
        assert_eq!((parts.len(), own.contains("Photo")), (1, false), "{own}");
        let (listed, parts, said) = text(&|content| content["disclaimers"] = json!(["source-credit"]));
        assert_eq!((parts.len(), said), (1, 2));
        assert_eq!(listed.matches("Photo: Jan, Photo: Ida").count(), 1, "{listed}");
    }

    fn r22_the_record_names_files_and_no_texts_and_an_auditor_gets_no_address(app) {
        let image = app.approved_image(|content| content["credit"] = json!("Photo: Jan"));
        let post = post_with(app, &[&image]);
        let shared = app.share(&post);
        let entries = app.record_entries();
        let issued = entries.iter().find(|entry| entry.typ == "share.issued").unwrap();
        let fields: Value = serde_json::from_str(&issued.fields).unwrap();
        let entered = json!([{
            "item": image.id,
            "revision": 1,
            "digest": image.digest,
            "file": shared["images"][0]["file"],
            "alt_language": "en",
        }]);
        assert_eq!(fields["images"], entered, "{fields}");
        assert!(!issued.fields.contains("A bridge") && !issued.statement.contains("A bridge"));
        let id = shared.text("/id");
        let audit = app.auditor();
        let one = audit.get(&format!("/v1/shares/{id}")).purpose("check").send().expect(200);
        let listed = audit.get("/v1/shares").purpose("check").send().expect(200);
        for told in [&one.json, &listed.json["items"][0]] {
            let seen = &told["images"][0];
            assert_eq!(seen["alt"], shared["images"][0]["alt"]);
            assert!(seen["url"].is_null() && told["intent_url"].is_null(), "{told}");
        }
        assert!(read(&app.employee(), &shared)["images"][0]["url"].is_string());
        let path = format!("/v1/shares/{id}/outcome");
        let told = app.employee().post(&path).json(&json!({ "result": "confirmed" })).send().expect(200);
        assert!(told["images"][0]["url"].is_null() && told["images"][0]["alt"].is_string(), "{}", told.text);
        assert!(read(&app.employee(), &shared)["images"][0]["url"].is_null());
        let none = app.share(&app.live_post());
        assert_eq!(none["images"], json!([]));
        let entries = app.record_entries();
        let fields: Value = serde_json::from_str(&entries.last().unwrap().fields).unwrap();
        assert!(fields["images"].is_null(), "as it was before there were images: {fields}");
    }

    fn r15_pinterest_is_handed_the_address_and_so_nothing_is_attached(app) {
        let image = app.approved_image(|_| ());
        let post = app.approved_post(|content| {
            content["images"] = json!([image.id]);
            content["channels"] = json!(["pinterest"]);
            content["link"] = json!({ "url": "https://www.example.com/bridge" });
        });
        let preview = kit(&app.employee(), &on(&post, "pinterest")).expect(200);
        let shared = share(&app.employee(), "pin", &on(&post, "pinterest")).expect(201);
        assert_eq!((&preview["must_attach"], &shared["must_attach"]), (&json!(false), &json!(false)));
        let intent = url::Url::parse(shared.text("/intent_url")).unwrap();
        let media = intent.query_pairs().find(|(name, _)| name == "media").unwrap().1;
        assert_eq!(media, shared.text("/images/0/url"));
        fetch(app, &media).expect(200);
        // An hour later the address is another, and as good.
        app.advance(HOUR);
        let later = read(&app.employee(), &shared);
        assert_ne!(later["images"][0]["url"], shared["images"][0]["url"]);
        fetch(app, later.text("/images/0/url")).expect(200);
        redact(app, &image);
        let gone = read(&app.employee(), &shared);
        assert!(gone["intent_url"].is_null());
        assert!([404, 410].contains(&fetch(app, later.text("/images/0/url")).status));
    }
}
