//! What a submission makes of the images that a post names (R1, R7, R10).

use greenlight::domain::ids::Digest;
use serde_json::{Value, json};

use super::{HOUR, after, disclaimers, feed, kit, library, post_with};
use crate::support::{Image, TestApp, both};

/// The places and codes of faults.
fn places(faults: &[Value]) -> Vec<(&str, &str)> {
    let mut places: Vec<(&str, &str)> = faults
        .iter()
        .map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()))
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// What a submission refuses of a post with these images, which its checks tell too.
#[track_caller]
fn refused(app: &TestApp, images: &[&Image], change: impl FnOnce(&mut Value)) -> Vec<(String, String)> {
    let ids: Vec<&str> = images.iter().map(|image| image.id.as_str()).collect();
    let draft = app.draft(|content| {
        content["images"] = json!(ids);
        change(content);
    });
    let body = json!({ "digest": draft.digest });
    let answer = app.author().post(&draft.path("/submission")).json(&body).send().problem("invalid_content");
    let check = app.author().post(&draft.path("/checks")).json(&json!({})).send().expect(200);
    let told = check.list("/combinations").iter().flat_map(|found| found["faults"].as_array().unwrap());
    let told: Vec<Value> = check.list("/faults").iter().chain(told).cloned().collect();
    let of_submission = places(answer.list("/errors"));
    // What is not live is refused before anything is composed; a check goes on and tells the rest too.
    assert!(of_submission.iter().all(|place| places(&told).contains(place)), "{}", check.text);
    assert_eq!(check["passes"], false);
    of_submission.into_iter().map(|(pointer, code)| (pointer.to_owned(), code.to_owned())).collect()
}

fn at(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(format!("#/content/{pointer}"), code.to_owned())]
}

/// Whether a post with this image that begins then is taken.
fn is_taken(app: &TestApp, image: &Image, publish_at: &str) -> bool {
    let draft = app.draft(|content| {
        content["images"] = json!([image.id]);
        content["publish_at"] = json!(publish_at);
    });
    let body = json!({ "digest": draft.digest });
    let answer = app.author().post(&draft.path("/submission")).json(&body).send();
    if answer.status == 201 {
        return true;
    }
    assert_eq!(answer.problem("invalid_content").text("/errors/0/code"), "not_live");
    false
}

both! {
    fn r01_a_post_pins_the_images_it_names(app) {
        let (one, two) = (app.approved_image(|_| ()), app.approved_image(|_| ()));
        let post = post_with(app, &[&two, &one]);
        let revision = app.author().get(&post.path("/revisions/1")).send().expect(200);
        assert_eq!(revision["content"]["images"], json!([two.id, one.id]), "in the author's order");
        let pins = revision.list("/pins");
        for image in [&one, &two] {
            let pin = json!({ "kind": "image", "id": image.id, "revision": 1, "digest": image.digest });
            assert!(pins.contains(&pin), "{pins:?}");
        }
        let mut document = json!({ "pins": pins });
        for member in ["kind", "id", "revision", "content"] {
            document[member] = revision[member].clone();
        }
        let bytes = serde_json_canonicalizer::to_vec(&document).unwrap();
        assert_eq!(revision["digest"], Digest::of(&bytes).to_string());
        let uses = app.author().get(&one.path("/uses")).send().expect(200);
        let used = &uses.list("/items")[0];
        assert_eq!((&used["item_id"], &used["live"]), (&json!(post.id), &json!(true)));
        assert_eq!((&used["pinned_revision"], uses.list("/items").len()), (&json!(1), 1));
    }

    fn r10_a_post_is_refused_where_its_images_cannot_go(app) {
        let (good, draft) = (app.approved_image(|_| ()), app.image_draft(|_| ()));
        let mut unknown = app.content();
        unknown["images"] = json!([good.id, "01890000-0000-7000-8000-000000000000"]);
        let unknown = app.author().post("/v1/posts").json(&json!({ "content": unknown })).send();
        assert_eq!(unknown.problem("unknown_image").text("/errors/0/pointer"), "#/content/images/1");
        assert_eq!(refused(app, &[&good, &draft], |_| ()), at("images/1", "not_live"));
        let silent = refused(app, &[&good], |content| {
            let copies = content["copies"].as_array_mut().unwrap();
            copies.push(json!({ "id": "nl", "language": "nl", "text": "Kom fietsen bouwen." }));
        });
        assert_eq!(silent, at("images/0", "alt_missing"));
        let european = app.approved_image(|content| content["rights"]["territories"] = json!(["EU"]));
        let many = refused(app, &[&good, &european], |content| content["channels"] = json!(["xing"]));
        assert_eq!(many, at("images", "too_many_images"));
        let none = refused(app, &[], |content| content["channels"] = json!(["linkedin", "instagram_feed"]));
        assert_eq!(none, at("channels/1", "image_required"));
        let abroad = refused(app, &[&good, &european], |content| {
            content["audience"] = json!({ "countries": ["NL", "US"] });
        });
        assert_eq!(abroad, at("images/1", "outside_territories"));
        let at_home = app.approved_post(|content| {
            content["channels"] = json!(["linkedin", "instagram_feed"]);
            content["images"] = json!([good.id, european.id]);
            content["audience"] = json!({ "countries": ["NL", "BE"] });
        });
        assert_eq!(feed(&app.employee()), [at_home.id]);
    }

    fn r10_an_image_is_live_as_long_as_the_post_when_it_begins(app) {
        let (from, until) = (after(app, HOUR), after(app, HOUR * 2));
        let image = app.approved_image(|content| {
            content["rights"] = json!({ "from": from, "until": until, "territories": [] });
        });
        assert_eq!(refused(app, &[&image], |_| ()), at("images/0", "not_live"));
        assert!(!is_taken(app, &image, &after(app, HOUR - std::time::Duration::from_micros(1))));
        assert!(is_taken(app, &image, &from));
        assert!(!is_taken(app, &image, &until), "the image has ended when the post begins");
        app.advance(HOUR);
        let post = post_with(app, &[&image]);
        assert_eq!(feed(&app.employee()), [post.id]);
        assert!(!is_taken(app, &image, &until), "though it is live now");
    }

    fn r07_a_newer_revision_of_an_image_does_not_flow_into_an_approved_post(app) {
        let image = app.approved_image(|content| content["credit"] = json!("Photo: Jan"));
        let post = post_with(app, &[&image]);
        let newer = app.revised_image(&image, |content| {
            content["alt"]["en"] = json!("The bridge by night.");
            content["credit"] = json!("Photo: Ida");
            content["focal_point"] = json!({ "x": 0, "y": 1 });
        });
        assert_eq!(newer.revision, 2);
        let kit = kit(&app.employee(), &post.share()).expect(200);
        let shown = &kit.list("/images")[0];
        assert_eq!((&shown["digest"], &shown["revision"]), (&json!(image.digest), &json!(1)));
        assert_eq!((&shown["alt"], &shown["credit"]), (&json!("A bridge over the water."), &json!("Photo: Jan")));
        assert!(kit.text("/text").contains("Photo: Jan") && !kit.text("/text").contains("Ida"));
        let pinned = app.author().get(&image.path("/revisions/1")).send().expect(200);
        let newest = app.author().get(&image.path("/revisions/2")).send().expect(200);
        let files = |revision: &Value| {
            let content = &revision["content"];
            let mut files = content["renditions"].as_array().unwrap().clone();
            files.push(content["picture"].clone());
            files.into_iter().map(|file| file["digest"].clone()).collect::<Vec<_>>()
        };
        assert_ne!(files(&pinned.json), files(&newest.json), "another part is in sight");
        assert!(files(&pinned.json).contains(&shown["file"]));
        let told = app.employee().get("/v1/feed").send().expect(200);
        assert_eq!(told["items"][0]["images"][0]["alt"], json!({ "en": "A bridge over the water." }));
        let library = app.employee().get("/v1/library/images").send().expect(200);
        let listed = &library.list("/items")[0];
        assert_eq!((&listed["digest"], &listed["revision"]), (&json!(newer.digest), &json!(2)));
        assert_eq!(listed["alt"], json!({ "en": "The bridge by night." }));
    }

    fn an_image_by_ai_says_so_wherever_it_goes(app) {
        let (made, taken) =
            (app.approved_image(|content| content["ai_generated"] = json!(true)), app.approved_image(|_| ()));
        let (by_ai, by_hand) = (post_with(app, &[&taken, &made]), post_with(app, &[&taken]));
        let pinned = |post: &crate::support::Post| {
            let revision = app.author().get(&post.path("/revisions/1")).send().expect(200);
            let pins = revision.list("/pins").iter().filter_map(|pin| pin["key"].as_str());
            pins.map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(pinned(&by_ai).contains(&"ai-image".to_owned()), "{:?}", pinned(&by_ai));
        assert!(!pinned(&by_hand).contains(&"ai-image".to_owned()));
        let shared = app.share(&by_ai);
        assert_eq!(disclaimers(&shared.json), ["employee", "ai-image"]);
        assert!(shared.text("/text").contains("Image made or edited with AI."));
        assert_eq!(disclaimers(&app.share(&by_hand).json), ["employee"]);
        let feed = app.employee().get("/v1/feed").send().expect(200);
        for item in feed.list("/items") {
            let expected = item["post_id"] == json!(by_ai.id);
            assert_eq!(disclaimers(item).contains(&"ai-image"), expected, "{item}");
        }
        let revision = app.author().get(&made.path("/revisions/1")).send().expect(200);
        assert!(revision.list("/pins").iter().any(|pin| pin["key"] == "ai-image"), "it is one by itself too");
        assert_eq!(disclaimers(&kit(&app.employee(), &made.share()).expect(200).json), ["employee", "ai-image"]);
        assert_eq!(disclaimers(&kit(&app.employee(), &taken.share()).expect(200).json), ["employee"]);
        assert_eq!(library(&app.employee(), "").len(), 2);
    }
}
