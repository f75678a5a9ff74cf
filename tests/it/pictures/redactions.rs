//! R2 for images: what is taken away is gone for good, and that it was stays on record.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use greenlight::app::actor::Actor;
use greenlight::app::images::removal::image_redact;
use greenlight::domain::roles::{Role, Scope, Scopes};
use greenlight::store::Lane;
use greenlight::store::write::WriteTx;

use super::*;
use crate::support::both;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(app: &TestApp, of: &str) -> i64 {
    let sql = diesel::sql_query(format!("SELECT count(*) AS count FROM {of}"));
    app.state().db.read_now(|conn| Ok(sql.get_result::<Count>(conn).unwrap())).unwrap().count
}

/// An approved image with a further draft, whose files are others too.
fn approved_with_a_draft(app: &TestApp) -> (Picture, Picture) {
    let first = uploaded(app).saved(app, |content| {
        content["alt"] = json!({ "en": "A colleague beside a run of colours." });
    });
    let decision = first.submit(app);
    first.decide(app, &decision).expect(201);
    let first = first.now(app);
    let draft = first.saved(app, |content| {
        content["alt"] = json!({ "en": "A colleague at work." });
        content["focal_point"] = json!({ "x": 0.1, "y": 0.5 });
    });
    (first, draft)
}

/// The indexes and revisions of the record's redactions of an image.
fn redactions(app: &TestApp, picture: &Picture) -> Vec<(i64, Value)> {
    let of_it = |fields: &Value| fields["item_id"] == picture.id.as_str();
    app.record_entries()
        .into_iter()
        .filter(|entry| entry.typ == "revision.redacted")
        .map(|entry| (entry.idx, serde_json::from_str::<Value>(&entry.fields).unwrap()))
        .filter(|(_, fields)| of_it(fields))
        .collect()
}

both! {
    fn r02_a_redaction_takes_every_revision_and_every_file(app) {
        let (first, draft) = approved_with_a_draft(app);
        let revision = |number: i64| {
            app.author().get(&first.path(&format!("/revisions/{number}"))).send().expect(200)
        };
        let before = [1, 2].map(revision);
        let addresses: Vec<String> = first.addresses().into_iter().chain(draft.addresses()).collect();
        let (decisions, other) = (count(app, "decisions"), uploaded(app));

        let redacted = first.redact(app, 1).expect(200);
        assert_eq!(stored_of(app, &first), BTreeSet::new(), "the bytes are gone with the answer");
        for address in &addresses {
            app.anonymous().get(address).send().problem("not_found");
        }
        assert!(redacted["working_revision"]["content"].is_null());
        let entries = redactions(app, &first);
        assert_eq!(entries.len(), 2, "one for each revision");
        for ((number, before), (index, fields)) in (1..).zip(before).zip(&entries) {
            let now = revision(number);
            assert!(now["content"].is_null() && now["media"].is_null(), "{}", now.text);
            assert_eq!(now["redacted"]["index"], *index);
            for member in ["digest", "pins", "authors", "approved_at"] {
                assert_eq!(now[member], before[member], "{member}");
            }
            let facts = json!([fields["revision"], fields["digest"], fields["reason"]]);
            assert_eq!(facts, json!([number, before["digest"], "consent withdrawn"]));
        }
        assert_eq!(count(app, "decisions"), decisions);
        let text = app.author().get(&first.path("")).send().expect(200).text;
        assert!(!text.contains("colleague"), "{text}");
        let held = format!("revisions WHERE item_id = '{}' AND content IS NOT NULL", first.id);
        assert_eq!(count(app, &held), 0);
        // An image with the same bytes is another one.
        assert_eq!(stored_of(app, &other), other.names());
        app.anonymous().get(&other.addresses()[0]).send().expect(200);
    }

    fn r02_a_redaction_ends_what_was_under_way(app) {
        let draft = uploaded(app).saved(app, |content| content["alt"] = json!({ "en": "A colleague." }));
        let decision = draft.submit(app);
        let open = draft.now(app);
        open.redact(app, 1).expect(200);
        assert_eq!(count(app, &format!("reviews WHERE item_id = '{}' AND state = 'open'", draft.id)), 0);
        draft.decide(app, &decision).problem("stage_closed");
        let types: Vec<String> = app.record_entries().into_iter().map(|entry| entry.typ).collect();
        assert!(types.ends_with(&["revision.withdrawn".to_owned(), "revision.redacted".to_owned()]));

        let now = app.author().get(&draft.path("")).send().expect(200);
        let body = json!({ "content": open.content() });
        let put = |path: &str| app.author().put(path).if_match(&now["version"]).json(&body).send();
        put(&draft.path("/draft")).problem("conflict");
        let submission = json!({ "digest": now["working_revision"]["digest"] });
        let submit = app.author().post(&draft.path("/submission")).json(&submission).send();
        submit.problem("nothing_to_submit");
        assert_eq!(stored_of(app, &draft), BTreeSet::new());
    }

    fn r02_the_same_redaction_again_changes_nothing(app) {
        let (first, _) = approved_with_a_draft(app);
        let once = first.redact(app, 2).expect(200);
        let size = app.record_size();
        for revision in [2, 1] {
            let again = first.redact(app, revision).expect(200);
            assert_eq!(again["version"], once["version"]);
            assert_eq!(again["working_revision"], once["working_revision"]);
        }
        assert_eq!(app.record_size(), size);
        let named: Vec<Value> =
            redactions(app, &first).into_iter().map(|(_, fields)| fields["named_revision"].clone()).collect();
        assert_eq!(named, [json!(2), json!(2)]);
    }

    fn r02_a_redaction_needs_a_publisher_a_revision_and_a_reason(app) {
        let picture = uploaded(app);
        let body = json!({ "revision": 1, "reason": "consent withdrawn" });
        let ask = |client: &Client, body: &Value| client.post(&picture.path("/redactions")).json(body).send();
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Publisher) {
            ask(&app.of_role(role), &body).problem("forbidden");
        }
        ask(&app.key([Scope::Publish]), &body).problem("person_required");
        picture.redact(app, 2).problem("not_found");
        ask(&app.publisher(), &json!({ "revision": 0, "reason": "x" })).problem("invalid_request");
        ask(&app.publisher(), &json!({ "revision": 1, "reason": " " })).problem("invalid_content");
        ask(&app.publisher(), &json!({ "revision": 1 })).problem("invalid_request");
        let post = app.draft(|_| ());
        let path = format!("/v1/images/{}/redactions", post.id);
        app.publisher().post(&path).json(&body).send().problem("not_found");
        assert_eq!(stored_of(app, &picture), picture.names());
        assert_eq!(picture.now(app).content(), picture.content());
    }

    fn r02_bytes_that_a_redaction_could_not_remove_are_removed_later(app) {
        let picture = uploaded(app);
        let state = app.state();
        let publisher = app.publisher().id().parse().unwrap();
        let scopes = Scopes::of_roles([Role::Publisher]);
        let actor = Actor { person: Some(publisher), client: None, session: None, scopes };
        // The server ends between its commit and the removal.
        let item = picture.item();
        let redact = |tx: &mut WriteTx<'_>| image_redact(tx, &state.context, &actor, item, 1, "withdrawn");
        state.db.write_now(Lane::Urgent, redact).unwrap();
        assert_eq!(stored_of(app, &picture), picture.names());
        for address in picture.addresses() {
            app.anonymous().get(&address).send().problem("not_found");
        }
        run(state.studio.remove_bytes(None)).unwrap();
        assert_eq!(stored_of(app, &picture), BTreeSet::new());
        assert_eq!(count(app, "image_files"), 0);
    }

    fn r02_a_save_that_a_redaction_overtakes_leaves_nothing(app) {
        for round in 0..6 {
            let (picture, author) = (uploaded(app), app.author());
            std::thread::scope(|scope| {
                scope.spawn(|| picture.save(&author, |content| content["focal_point"] = json!({ "x": 0.1, "y": 0.5 })));
                // Each time the redaction comes at another step of the save.
                std::thread::sleep(Duration::from_millis(15 * round));
                picture.redact(app, 1).expect(200);
            });
            assert_eq!(stored_of(app, &picture), BTreeSet::new(), "round {round}");
        }
    }
}
