//! R12 for images: rights and consents that end, recalls and redactions stop what shows the image.

use std::time::Duration;

use greenlight::domain::roles::Role;
use greenlight::domain::time::Time;
use serde_json::{Value, json};

use super::{DAY, HOUR, after, end, feed, ids, kit, library, post_with, read, redact, share};
use crate::support::{Image, Post, TestApp, both};

/// A post is blocked by an image since a moment: nobody finds it or shares it, and everybody is told why.
#[track_caller]
fn assert_blocked(app: &TestApp, post: &Post, image: &Image, code: &str, since: &str) {
    let employee = app.employee();
    assert_eq!(feed(&employee), [] as [String; 0]);
    let by = json!([{ "code": code, "item": image.id, "since": since }]);
    let item = app.author().get(&post.path("")).send().expect(200);
    assert_eq!((item.text("/availability"), &item["blocked_by"]), ("blocked", &by));
    assert_eq!(app.share_as(&employee, post).problem("blocked")["blocked_by"], by);
    assert_eq!(kit(&employee, &post.share()).problem("blocked")["blocked_by"], by);
    assert_eq!(library(&employee, ""), [] as [String; 0]);
}

/// An image that ends in an hour takes its post out of use at that very moment.
#[track_caller]
fn assert_ends(app: &TestApp, change: impl FnOnce(&mut Value, &str)) {
    let until = after(app, HOUR);
    let image = app.approved_image(|content| change(content, &until));
    let post = post_with(app, &[&image]);
    let shared = app.share(&post);
    let moment = Time::parse(&until).unwrap();
    app.clock().set(Time::from_micros(moment.micros() - 1));
    assert_eq!(
        (feed(&app.employee()), library(&app.employee(), "")),
        (vec![post.id.clone()], vec![image.id.clone()])
    );
    share(&app.employee(), "last", &image.share()).expect(201);
    app.share_as(&app.employee(), &post).expect(201);
    app.clock().set(moment);
    assert_blocked(app, &post, &image, "pin_expired", &until);
    let ended = app.author().get(&image.path("")).send().expect(200);
    assert_eq!((&ended["availability"], &ended["ends_at"]), (&json!("expired"), &json!(until)));
    let refused = share(&app.employee(), "late", &image.share()).problem("not_live");
    assert_eq!(refused["availability"], "expired");
    assert_eq!(read(&app.employee(), &shared)["state"], "issued", "what was handed over in time is");
}

both! {
    fn r12_rights_that_end_stop_the_post_at_that_moment(app) {
        assert_ends(app, |content, until| content["rights"]["until"] = json!(until));
    }

    fn r12_a_consent_that_ends_stops_the_post_at_that_moment(app) {
        let later = after(app, DAY);
        assert_ends(app, |content, until| {
            content["rights"]["until"] = json!(later);
            content["people"] = json!([
                { "consent": "not_needed" }, { "consent": "given" }, { "consent": "given", "until": until },
            ]);
        });
    }

    fn r12_a_recalled_image_stops_its_post_and_voids_open_shares(app) {
        let image = app.approved_image(|_| ());
        let post = post_with(app, &[&image]);
        let (of_post, alone) = (app.share(&post), share(&app.employee(), "alone", &image.share()).expect(201));
        assert!(of_post["images"][0]["url"].is_string() && alone["images"][0]["url"].is_string());
        app.advance(Duration::from_secs(1));
        end(app, &image, "/recall");
        let recalled = share(&app.employee(), "late", &image.share()).problem("recalled");
        assert_blocked(app, &post, &image, "pin_recalled", recalled.text("/recalled_at"));
        for shared in [&of_post, &alone] {
            let now = read(&app.employee(), shared);
            assert_eq!(now["state"], "void");
            assert!(now["images"][0]["url"].is_null() && now["intent_url"].is_null(), "{}", now.text);
        }
    }

    fn r02_a_redacted_image_counts_as_recalled_and_leaves_no_text_in_shares(app) {
        let image = app.approved_image(|content| {
            content["alt"]["en"] = json!("Sanne waves from thebridge.");
            content["credit"] = json!("Photo: Jan");
        });
        let post = post_with(app, &[&image]);
        let of_post = app.share(&post);
        let alone = share(&app.employee(), "alone", &image.share()).expect(201);
        let lapsed = app.share(&post);
        let outcome = format!("/v1/shares/{}/outcome", lapsed.text("/id"));
        app.employee().post(&outcome).json(&json!({ "result": "confirmed" })).send().expect(200);
        let places = app.places_of("thebridge");
        assert!(places.iter().any(|place| place == "revisions.content"), "{places:?}");
        let copied = |place: &String| place.starts_with("shares.") || place.starts_with("record_");
        assert!(!places.iter().any(copied), "a text stands in the revision only: {places:?}");
        app.advance(Duration::from_secs(1));
        let since = app.clock().now().to_string();
        redact(app, &image);
        assert_blocked(app, &post, &image, "pin_recalled", &since);
        for (shared, state) in [(&of_post, "void"), (&alone, "void"), (&lapsed, "confirmed")] {
            let own = read(&app.employee(), shared);
            let path = format!("/v1/shares/{}", shared.text("/id"));
            let audited = app.auditor().get(&path).purpose("check").send().expect(200);
            for told in [own, audited] {
                assert_eq!(told["state"], state);
                let left = &told.list("/images")[0];
                assert_eq!((&left["image_id"], &left["file"]), (&json!(image.id), &shared["images"][0]["file"]));
                for gone in ["alt", "credit", "url", "width", "media_type"] {
                    assert!(left[gone].is_null(), "{gone}: {left}");
                }
                assert_eq!(told["must_attach"], true, "what was handed over had an image");
            }
        }
        let path = format!("/v1/shares/{}/outcome", of_post.text("/id"));
        let late = app.employee().post(&path).json(&json!({ "result": "confirmed" })).send().expect(200);
        assert_eq!(late["outcomes"][0]["late"], true);
        share(&app.employee(), "again", &image.share()).problem("image_not_found");
    }

    fn r12_an_image_that_is_superseded_or_retired_blocks_nothing(app) {
        let (old, retired) = (app.approved_image(|_| ()), app.approved_image(|_| ()));
        let post = post_with(app, &[&old, &retired]);
        let newer = app.revised_image(&old, |content| content["alt"]["en"] = json!("The bridge by night."));
        end(app, &retired, "/retirement");
        assert_eq!(feed(&app.employee()), std::slice::from_ref(&post.id));
        let shared = app.share(&post);
        assert_eq!(shared["images"][0]["digest"], json!(old.digest));
        assert_eq!(read(&app.employee(), &shared)["state"], "issued");
        assert_eq!(library(&app.employee(), ""), [newer.id]);
        assert_eq!(share(&app.employee(), "one", &retired.share()).problem("not_live")["availability"], "retired");
        let draft = app.draft(|content| content["images"] = json!([retired.id]));
        let body = json!({ "digest": draft.digest });
        let refused = app.author().post(&draft.path("/submission")).json(&body).send().problem("invalid_content");
        assert_eq!(refused.text("/errors/0/pointer"), "#/content/images/0", "a new post finds another");
    }

    fn what_ends_soon_is_listed(app) {
        let image = |days: u32| {
            let until = after(app, DAY * days);
            (app.approved_image(|content| content["rights"]["until"] = json!(until)), until)
        };
        let (ended, _) = image(1);
        app.advance(DAY);
        let (soon, until) = image(10);
        let (edge, _) = image(30);
        image(31);
        app.approved_image(|_| ());
        let until_draft = after(app, DAY * 5);
        app.image_draft(|content| content["rights"]["until"] = json!(until_draft));
        let consent = app.approved_image(|content| {
            content["rights"]["until"] = json!(after(app, DAY * 40));
            content["people"] = json!([{ "consent": "given", "until": after(app, DAY * 20) }]);
        });
        let list = |days: &str| app.author().get(&format!("/v1/images?ends_within_days={days}")).send();
        let listed = list("30").expect(200);
        assert_eq!(ids(&listed, "id"), [&consent, &edge, &soon].map(|image| image.id.clone()));
        assert_eq!(listed["items"][2]["ends_at"], json!(until));
        assert_eq!(ids(&list("10").expect(200), "id"), [soon.id]);
        assert!(!listed.text.contains(&ended.id));
        end(app, &edge, "/recall");
        assert_eq!(ids(&list("30").expect(200), "id").len(), 2, "what was recalled has ended");
        for odd in ["0", "3661", "soon"] {
            list(odd).problem("invalid_request");
        }
    }

    fn r09_who_is_outside_the_territories_or_nowhere_neither_sees_nor_shares(app) {
        let image = app.approved_image(|content| content["rights"]["territories"] = json!(["EU", "GB"]));
        let (post, open) = (post_with(app, &[&image]), app.live_post());
        for (name, country, may) in
            [("be", Some("BE"), true), ("gb", Some("GB"), true), ("us", Some("US"), false), ("nowhere", None, false)]
        {
            let person = app.person_with(name, &[Role::Employee], |person| {
                person.country = country.map(str::to_owned);
            });
            let mut seen = feed(&person);
            seen.sort_unstable();
            let mut expected = vec![open.id.clone()];
            expected.extend(may.then(|| post.id.clone()));
            expected.sort_unstable();
            assert_eq!(seen, expected, "{name}");
            assert_eq!(library(&person, "").len(), usize::from(may), "{name}");
            for body in [post.share(), image.share()] {
                if may {
                    kit(&person, &body).expect(200);
                    continue;
                }
                let why =
                    json!([{ "code": "outside_territories", "item": image.id, "territories": ["EU", "GB"] }]);
                assert_eq!(kit(&person, &body).problem("blocked")["blocked_by"], why, "{name}");
                let key = format!("{name}-{}", body["image_id"].is_string());
                assert_eq!(share(&person, &key, &body).problem("blocked")["blocked_by"], why, "{name}");
            }
        }
    }
}
