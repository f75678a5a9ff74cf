//! Proposals that authors decline, that are taken back, and that somebody goes on with after that.

use greenlight::domain::ids::ProposalId;
use greenlight::domain::roles::{Role, Scope};
use serde_json::{Value, json};

use super::{PATH, body, decide, decline, edit, ids, path, propose, read, submit, told, withdraw};
use crate::support::both;

both! {
    fn an_author_declines_with_a_reason_that_the_employee_reads(app) {
        let employee = app.employee();
        let made = propose(&employee, &body()).expect(201);
        decline(&employee, &made).problem("forbidden");
        let blank = json!({ "reason": "  " });
        let address = format!("{}/decline", path(&made));
        app.author().post(&address).json(&blank).send().problem("invalid_content");
        let answer = || {
            let body = json!({ "reason": "We said so before." });
            app.author().post(&address).idempotency_key("once").json(&body).send()
        };
        let declined = answer().expect(200);
        assert_eq!((declined.text("/state"), declined.text("/reason")), ("not_taken", "We said so before."));
        assert_eq!(declined.text("/declined_at"), "2026-11-21T09:00:00Z");
        assert_eq!(read(&employee, &made).json, declined.json);
        assert_eq!(answer().expect(200).header("Idempotency-Replayed"), "true");
        assert_eq!(decline(&app.author(), &made).problem("conflict").text("/state"), "not_taken");
        let unknown = format!("{PATH}/{}/decline", ProposalId::generate());
        app.author().post(&unknown).json(&json!({ "reason": "a" })).send().problem("not_found");
        decide(app, &submit(app, &made), "approve");
        let live = read(&employee, &made);
        assert_eq!((live.text("/state"), &live["reason"]), ("live", &Value::Null), "somebody went on with it");
    }

    fn what_is_under_review_or_live_is_not_declined(app) {
        let made = propose(&app.employee(), &body()).expect(201);
        let post = submit(app, &made);
        assert_eq!(decline(&app.author(), &made).problem("conflict").text("/state"), "in_review");
        decide(app, &post, "approve");
        assert_eq!(decline(&app.author(), &made).problem("conflict").text("/state"), "live");
        let other = propose(&app.employee(), &body()).expect(201);
        decide(app, &submit(app, &other), "request_changes");
        decline(&app.author(), &other).expect(200);
    }

    fn whoever_proposed_a_post_takes_it_back(app) {
        let (author, employee) = (app.author(), app.employee());
        let made = propose(&employee, &body()).expect(201);
        withdraw(&app.person("other", &[Role::Employee]), &made, &json!({})).problem("not_found");
        withdraw(&author, &made, &json!({})).problem("not_found");
        withdraw(&app.key([Scope::Share]), &made, &json!({})).problem("person_required");
        withdraw(&employee, &made, &json!({ "reason": " " })).problem("invalid_content");
        let before = told(app, &author);
        let once = || {
            let body = json!({ "reason": "It is cancelled." });
            employee.post(&format!("{}/withdrawal", path(&made))).idempotency_key("once").json(&body).send()
        };
        let withdrawn = once().expect(200);
        assert_eq!((withdrawn.text("/state"), withdrawn.text("/reason")), ("withdrawn", "It is cancelled."));
        assert_eq!(withdrawn.text("/withdrawn_at"), "2026-11-21T09:00:00Z");
        assert_eq!(withdrawn["declined_at"], Value::Null);
        assert_eq!(once().expect(200).header("Idempotency-Replayed"), "true");
        assert_eq!(read(&author, &made).json, withdrawn.json);
        assert_eq!(told(app, &author), before, "authors are not told");
        assert_eq!(withdraw(&employee, &made, &json!({})).problem("conflict").text("/state"), "withdrawn");
        assert_eq!(decline(&author, &made).problem("conflict").text("/state"), "withdrawn");
        let entries = app.record_entries();
        let entry = entries.iter().find(|entry| entry.typ == "proposal.withdrawn").unwrap();
        let fields: Value = serde_json::from_str(&entry.fields).unwrap();
        assert_eq!((&fields["proposal_id"], &fields["item_id"]), (&made["id"], &made["post_id"]));
        assert!(app.record_personal(entry.idx).iter().any(|(field, ..)| field == "reason"));
        let without = propose(&employee, &body()).expect(201);
        assert_eq!(withdraw(&employee, &without, &json!({})).expect(200)["reason"], Value::Null);
    }

    fn what_is_decided_on_is_not_taken_back(app) {
        let employee = app.employee();
        let made = propose(&employee, &body()).expect(201);
        let refused = |state: &str| {
            assert_eq!(withdraw(&employee, &made, &json!({})).problem("conflict").text("/state"), state);
        };
        let post = submit(app, &made);
        refused("in_review");
        decide(app, &post, "request_changes");
        edit(app, &made, |content| content["tips"] = json!("Add a picture of yourself."));
        decide(app, &submit(app, &made), "approve");
        refused("live");
        let other = propose(&employee, &body()).expect(201);
        decline(&app.author(), &other).expect(200);
        assert_eq!(withdraw(&employee, &other, &json!({})).problem("conflict").text("/state"), "not_taken");
        let returned = propose(&employee, &body()).expect(201);
        decide(app, &submit(app, &returned), "request_changes");
        withdraw(&employee, &returned, &json!({})).expect(200);
    }

    fn a_submission_opens_a_closed_proposal_again(app) {
        let (author, employee) = (app.author(), app.employee());
        let declined = propose(&employee, &body()).expect(201);
        decline(&author, &declined).expect(200);
        let withdrawn = propose(&employee, &body()).expect(201);
        withdraw(&employee, &withdrawn, &json!({ "reason": "It is cancelled." })).expect(200);
        edit(app, &declined, |content| content["tips"] = json!("A draft alone changes nothing."));
        assert_eq!(read(&employee, &declined).text("/state"), "not_taken");
        assert!(ids(&employee, "?state=open").0.is_empty());
        for made in [&declined, &withdrawn] {
            let expect_open = |state: &str| {
                let found = read(&employee, made);
                assert_eq!(found.text("/state"), state);
                assert_eq!((&found["declined_at"], &found["withdrawn_at"]), (&Value::Null, &Value::Null));
                assert_eq!(ids(&employee, "?state=open").0, [made["id"].clone()]);
                found
            };
            let post = submit(app, made);
            assert_eq!(expect_open("in_review")["reason"], Value::Null);
            decide(app, &post, "request_changes");
            assert_eq!(expect_open("changes_requested").text("/reason"), "Not in our style.");
            edit(app, made, |content| content["tips"] = json!("Add a picture of yourself."));
            expect_open("received");
            let again = decline(&author, made).expect(200);
            assert_eq!((again.text("/state"), again.text("/reason")), ("not_taken", "We said so before."));
            assert_eq!(again["withdrawn_at"], Value::Null);
            assert!(ids(&employee, "?state=open").0.is_empty());
        }
        submit(app, &declined);
        assert_eq!(read(&employee, &declined).text("/state"), "in_review");
        let declines = app.record_entries().iter().filter(|entry| entry.typ == "proposal.declined").count();
        assert_eq!(declines, 3, "the record keeps each");
    }
}
