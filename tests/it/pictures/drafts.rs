//! Saving what is said of an image: its files stay or are made anew, and what is approved covers them.

use std::time::Duration;

use greenlight::jobs::housekeeping::sweep_images;

use super::*;
use crate::support::both;

fn move_to(x: f64) -> impl FnOnce(&mut Value) {
    move |content| content["focal_point"] = json!({ "x": x, "y": 0.5 })
}

/// The names of all but the picture itself.
fn renditions(picture: &Picture) -> BTreeSet<String> {
    let whole = hex(&picture.content()["picture"]);
    picture.names().into_iter().filter(|name| *name != whole).collect()
}

both! {
    fn what_was_read_can_be_sent_back_changed_in_words_alone(app) {
        let picture = uploaded(app);
        let same = picture.save(&app.author(), |_| ()).expect(200);
        assert_eq!(same["version"], picture.answer["version"], "nothing changed");
        let worded = picture.saved(app, |content| {
            content["alt"] = json!({ "nl": "Een verloop van kleuren." });
            content["credit"] = json!("Foto: Example Company");
        });
        assert_eq!(worded.files(), picture.files());
        assert_eq!(worded.working()["revision"], 1);
        assert_ne!(worded.working()["digest"], picture.working()["digest"]);
        // Without the files it says the same.
        let left_out = worded.save(&app.author(), |content| {
            let members = content.as_object_mut().unwrap();
            members.retain(|member, _| member != "picture" && member != "renditions");
        });
        assert_eq!(left_out.expect(200)["version"], worded.answer["version"]);
        assert_eq!(worded.now(app).content(), worded.content());
    }

    fn files_that_are_sent_back_changed_are_refused(app) {
        let picture = uploaded(app);
        let other = Picture::of(send(&app.author(), "image/jpeg", &files::jpeg(200, 200)).expect(201));
        let refused = |pointer: &str, change: &dyn Fn(&mut Value)| {
            let refused = picture.save(&app.author(), change).problem("invalid_content");
            let fault = &refused.list("/errors")[0];
            assert_eq!(json!([fault["pointer"], fault["code"]]), json!([pointer, "made_by_server"]));
        };
        refused("#/content/picture", &|content| content["picture"] = other.content()["picture"].clone());
        refused("#/content/picture", &|content| content["picture"]["width"] = json!(10_000));
        refused("#/content/renditions", &|content| content["renditions"] = json!([]));
        refused("#/content/renditions", &|content| {
            content["renditions"] = other.content()["renditions"].clone();
        });
        refused("#/content/renditions", &|content| {
            move_to(0.1)(content);
            content["renditions"][0]["bytes"] = json!(1);
        });
        assert_eq!(picture.now(app).answer["version"], picture.answer["version"]);
        assert_eq!(stored_of(app, &picture), picture.names());
    }

    fn a_draft_that_somebody_else_saved_is_not_overwritten(app) {
        let picture = uploaded(app);
        let saved = picture.saved(app, |content| content["credit"] = json!("Foto: first"));
        let second = picture.save(&app.author(), |content| content["credit"] = json!("Foto: second"));
        second.problem("precondition_failed");
        picture.save(&app.author(), move_to(0.1)).problem("precondition_failed");
        assert_eq!(picture.now(app).content(), saved.content());
        assert_eq!(stored_of(app, &picture), picture.names(), "no rendition was made for nothing");
        let body = json!({ "content": saved.content() });
        app.author().put(&picture.path("/draft")).json(&body).send().problem("precondition_required");
        saved.save(&app.employee(), |_| ()).problem("forbidden");
        saved.save(&app.author(), |content| content["alt"] = json!({ "nl": "" })).problem("invalid_content");
        saved.save(&app.author(), |content| {
            move_to(0.1)(content);
            content["alt"] = json!({ "nl": "" });
        }).problem("invalid_content");
        assert_eq!(stored_of(app, &picture), picture.names(), "no rendition was made for nothing");
    }

    fn a_focal_point_that_moves_makes_renditions_anew_and_the_picture_stays(app) {
        let middle = uploaded(app);
        app.advance(Duration::from_secs(1));
        let left = middle.saved(app, move_to(0.1));
        assert_eq!(left.content()["picture"], middle.content()["picture"]);
        let replaced: BTreeSet<_> = renditions(&middle).difference(&renditions(&left)).cloned().collect();
        assert!(!replaced.is_empty());
        assert_ne!(left.working()["digest"], middle.working()["digest"]);
        let shape = |file: &Value| json!([file["width"], file["height"], file["media_type"]]);
        let shapes = |picture: &Picture| picture.files().iter().map(shape).collect::<Vec<_>>();
        assert_eq!(shapes(&left), shapes(&middle));
        let all: BTreeSet<_> = middle.names().union(&left.names()).cloned().collect();
        assert_eq!(stored_of(app, &middle), all, "the old ones wait");
        for address in middle.addresses().iter().chain(&left.addresses()) {
            app.anonymous().get(address).send().expect(200);
        }

        app.advance(Duration::from_hours(24));
        run(sweep_images(app.state())).unwrap();
        assert_eq!(stored_of(app, &middle), all, "for a day");
        app.advance(Duration::from_secs(1));
        run(sweep_images(app.state())).unwrap();
        assert_eq!(stored_of(app, &middle), left.names());
        let now = left.now(app);
        for address in now.addresses() {
            app.anonymous().get(&address).send().expect(200);
        }
        // Then it can move back, too.
        let back = now.saved(app, move_to(0.5));
        assert_eq!(back.content()["picture"], middle.content()["picture"]);
        assert!(back.names().is_subset(&stored_of(app, &middle)));
    }

    fn a_focal_point_that_moves_back_takes_the_old_renditions_again(app) {
        let left = uploaded(app).saved(app, move_to(0.1));
        let right = left.saved(app, move_to(0.9));
        app.advance(Duration::from_hours(23));
        let back = right.saved(app, move_to(0.1));
        assert_eq!(back.files(), left.files());
        app.advance(Duration::from_hours(24));
        run(sweep_images(app.state())).unwrap();
        let waiting = right.names().union(&left.names()).cloned().collect();
        assert_eq!(stored_of(app, &left), waiting, "those on the right have waited for a day, not longer");
        app.advance(Duration::from_secs(1));
        run(sweep_images(app.state())).unwrap();
        assert_eq!(stored_of(app, &left), left.names());
        for address in back.now(app).addresses() {
            app.anonymous().get(&address).send().expect(200);
        }
    }

    fn r01_a_reviewer_decides_on_a_digest_that_covers_the_files(app) {
        let middle = uploaded(app).saved(app, |content| {
            content["alt"] = json!({ "en": "A run of colours." });
        });
        let seen = middle.submit(app);
        let left = middle.now(app).saved(app, move_to(0.1));
        assert!(left.answer["withdrew_review"].is_string());
        assert_ne!(left.names(), middle.names());
        left.decide(app, &seen).problem("stage_closed");
        let again = left.submit(app);
        assert_ne!(again["digest"], seen["digest"]);
        let mut old_digest = again.clone();
        old_digest["digest"] = seen["digest"].clone();
        left.decide(app, &old_digest).problem("revision_changed");
        app.author().post(&left.path("/decisions")).json(&again).send().problem("forbidden");
        left.decide(app, &again).expect(201);
        assert_eq!(left.now(app).answer["availability"], "live");
        // The digest is that of the document, which names the SHA-256 of each file.
        let revision = app.author().get(&left.path("/revisions/2")).send().expect(200);
        let mut document = serde_json::Map::new();
        for member in ["kind", "id", "revision", "content", "pins"] {
            document.insert(member.to_owned(), revision[member].clone());
        }
        let canonical = serde_json_canonicalizer::to_string(&Value::Object(document)).unwrap();
        let digest = greenlight::domain::ids::Digest::of(canonical.as_bytes());
        assert_eq!(revision["digest"], digest.as_str());
        assert!(left.names().iter().all(|name| canonical.contains(name)));
    }

    fn files_of_a_frozen_revision_stay_while_the_draft_moves_on(app) {
        let approved = uploaded(app).saved(app, |content| {
            content["alt"] = json!({ "en": "A run of colours." });
        });
        let decision = approved.submit(app);
        approved.decide(app, &decision).expect(201);
        let left = approved.now(app).saved(app, move_to(0.1));
        let right = left.saved(app, move_to(0.9));
        assert_eq!(right.working()["revision"], 2);
        app.advance(Duration::from_hours(25));
        run(sweep_images(app.state())).unwrap();
        let expected: BTreeSet<_> = approved.names().union(&right.names()).cloned().collect();
        assert_eq!(stored_of(app, &approved), expected);
        let revision = app.author().get(&approved.path("/revisions/1")).send().expect(200);
        assert_eq!(revision.list("/media").len(), approved.files().len());
        for address in approved.now(app).addresses().iter().chain(&addresses_of(&revision["media"])) {
            app.anonymous().get(address).send().expect(200);
        }
    }
}
