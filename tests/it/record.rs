//! The record: R20 to R22 and R24, as an auditor meets them.

use std::time::Duration;

use greenlight::domain::ids::PersonId;
use greenlight::record::{Event, disclosure, verify};
use serde_json::{Value, json};

use crate::support::{Entry, TestApp, both};

fn entries_of(app: &TestApp, event: Event) -> Vec<Entry> {
    app.record_entries().into_iter().filter(|entry| entry.typ == event.as_str()).collect()
}

/// Every disclosure of an entry, made again from what is stored.
fn disclosures(app: &TestApp, entry: &Entry) -> Vec<String> {
    let mut all = disclosure::record_disclosures(&entry.record_key, &entry.fields).unwrap();
    for (field, person, ciphertext) in app.record_personal(entry.idx) {
        let key = app.subject_key(person);
        let value = disclosure::open(&key, entry.event_id, &field, &ciphertext).unwrap();
        let made =
            disclosure::personal_disclosure(&entry.record_key, entry.event_id, &key, &field, &value).unwrap();
        all.push(made);
    }
    all
}

both! {
    fn r20_what_was_answered_is_in_the_record(app) {
        let post = app.live_post();
        let shared = app.share(&post);
        let index = shared["receipt"]["index"].as_i64().unwrap();
        let entry = app.record_entries().into_iter().find(|entry| entry.idx == index).unwrap();
        assert_eq!(entry.typ, "share.issued");
        let hex: String = entry.leaf_hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(shared["receipt"]["leaf_hash"], hex);
        let fields: Value = serde_json::from_str(&entry.fields).unwrap();
        assert_eq!((&fields["share_id"], &fields["digest"]), (&shared["id"], &json!(post.digest)));
        for expected in [Event::RevisionSubmitted, Event::DecisionMade, Event::PersonCreated, Event::ConfigChanged] {
            assert!(!entries_of(app, expected).is_empty(), "{}", expected.as_str());
        }
    }

    fn every_entry_verifies_from_what_is_stored(app) {
        app.share(&app.approved_post(|content| content["personalisation"] = json!("free")));
        for entry in app.record_entries() {
            let disclosures = disclosures(app, &entry);
            let verified = verify::verify(&entry.statement, &entry.leaf_hash, &disclosures).unwrap();
            assert_eq!(verified.typ, entry.typ);
            assert_eq!(verified.hidden, 0, "{}: every field is disclosed", entry.typ);
        }
    }

    fn r21_an_approval_stands_before_the_shares_that_rely_on_it(app) {
        app.share(&app.live_post());
        let share: Value = serde_json::from_str(&entries_of(app, Event::ShareIssued)[0].fields).unwrap();
        let approval = &entries_of(app, Event::DecisionMade)[0];
        assert_eq!(share["approval_index"], approval.idx);
        assert!(approval.idx < entries_of(app, Event::ShareIssued)[0].idx);
    }

    fn r21_times_never_run_backwards_along_the_index(app) {
        let post = app.live_post();
        app.share(&post);
        let now = app.clock().now();
        app.clock().set(now.before(Duration::from_secs(60)));
        app.share(&post);
        app.clock().set(now.after(Duration::from_secs(60)));
        app.share(&post);
        let times: Vec<i64> = app.record_entries().iter().map(|entry| entry.occurred_at).collect();
        assert!(times.is_sorted(), "{times:?}");
    }

    fn r22_without_a_persons_key_their_values_are_unreadable_and_the_rest_verifies(app) {
        let post = app.approved_post(|content| content["personalisation"] = json!("free"));
        let mut body = post.share();
        body["comment"] = json!("Words of my own");
        app.employee().post("/v1/shares").idempotency_key("own").json(&body).send().expect(201);
        let entry = &entries_of(app, Event::ShareIssued)[0];
        assert!(!entry.statement.contains("Words of my own") && !entry.fields.contains("Words of my own"));
        let personal = app.record_personal(entry.idx);
        let names: Vec<&str> = personal.iter().map(|(field, ..)| field.as_str()).collect();
        assert_eq!(names, ["actor_display", "actor_id", "comment", "final_text"]);
        let employee: PersonId = app.employee().id().parse().unwrap();
        assert!(personal.iter().all(|(_, person, _)| *person == employee));
        let business = disclosure::record_disclosures(&entry.record_key, &entry.fields).unwrap();
        let verified = verify::verify(&entry.statement, &entry.leaf_hash, &business).unwrap();
        assert_eq!(verified.hidden, 4);
    }

    fn r24_reading_audit_data_names_a_purpose_and_is_itself_an_entry(app) {
        let post = app.live_post();
        for _ in 0..3 {
            app.share(&post);
        }
        let auditor = app.auditor();
        for path in ["/v1/shares", "/v1/decisions"] {
            auditor.get(path).send().problem("purpose_required");
            app.employee().get(path).purpose("curious").send().problem("forbidden");
        }
        let reads = || entries_of(app, Event::AuditRead).len();
        let before = reads();
        let first = auditor.get("/v1/shares?limit=1").purpose("yearly audit").send().expect(200);
        assert_eq!(reads(), before + 1);
        let next = |answer: &crate::support::Answer| {
            let path = format!("/v1/shares?limit=1&cursor={}", answer.text("/next_cursor"));
            auditor.get(&path).purpose("yearly audit").send().expect(200)
        };
        let third = next(&next(&first));
        assert_eq!(third.list("/items").len(), 1);
        assert_eq!(reads(), before + 1, "one entry for a walk");
        auditor.get("/v1/decisions").purpose("yearly audit").send().expect(200);
        assert_eq!(reads(), before + 2);
        let entry = entries_of(app, Event::AuditRead).pop().unwrap();
        let fields: Value = serde_json::from_str(&entry.fields).unwrap();
        assert_eq!(fields["purpose"], "yearly audit");
    }

    fn r22_the_person_an_auditor_asks_about_is_sealed_and_an_unknown_one_is_not_kept(app) {
        app.share(&app.live_post());
        let employee: PersonId = app.employee().id().parse().unwrap();
        for path in ["/v1/shares", "/v1/decisions"] {
            let path = format!("{path}?person={employee}");
            app.auditor().get(&path).purpose("a complaint").send().expect(200);
            let entry = entries_of(app, Event::AuditRead).pop().unwrap();
            let id = employee.to_string();
            assert!(!entry.fields.contains(&id) && !entry.statement.contains(&id));
            let personal = app.record_personal(entry.idx);
            assert!(personal.iter().any(|(field, person, _)| field == "person_id" && *person == employee));
        }
        let nobody = "/v1/shares?person=019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2";
        app.auditor().get(nobody).purpose("a complaint").send().expect(200);
        let entry = entries_of(app, Event::AuditRead).pop().unwrap();
        assert!(entry.fields.contains("person_unknown") && !entry.fields.contains("019a9a3c-7d2e"));
    }
}
