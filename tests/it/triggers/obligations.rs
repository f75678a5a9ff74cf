//! What people are asked before they share, and what they have done.

use serde_json::json;

use super::targets::Targets;
use crate::support::TestApp;

/// A guideline that somebody accepted, one under review, and a training that changed, with completions of which one
/// was withdrawn.
pub fn ask(app: &TestApp) {
    let (author, admin, employee) = (app.author(), app.admin(), app.employee());
    let submitted = |key: &str| {
        let content =
            json!({ "family": "employees", "title": key, "body": { "en": "b" }, "requires": "acceptance" });
        let made =
            author.post("/v1/guidelines").json(&json!({ "key": key, "content": content })).send().expect(201);
        let path = format!("/v1/guidelines/{}", made.text("/id"));
        let body = json!({ "digest": made.text("/working_revision/digest") });
        let review = author.post(&format!("{path}/submission")).json(&body).send().expect(201);
        (path, json!({ "revision": 1, "digest": review.text("/digest") }))
    };
    let (path, named) = submitted("accepted");
    let mut decision = named.clone();
    decision["decision"] = json!("approve");
    app.reviewer().post(&format!("{path}/decisions")).json(&decision).send().expect(201);
    employee.post(&format!("{path}/acceptances")).json(&named).send().expect(201);
    submitted("not-approved");

    let body = json!({ "title": "Training", "url": "https://learn.example/1" });
    let made = admin.post("/v1/trainings").json(&body).send().expect(201);
    let path = made.header("Location").to_owned();
    let body = json!({ "title": "Another", "url": "https://learn.example/1" });
    admin.put(&path).if_match(&json!(1)).json(&body).send().expect(200);
    for (person, withdrawn) in [(app.auditor().id(), true), (employee.id(), false)] {
        let body = json!({ "completions": [{ "person": person, "completed_on": "2026-11-20" }] });
        admin.post(&format!("{path}/completions")).json(&body).send().expect(200);
        if withdrawn {
            let body = json!({ "person": person, "reason": "wrong" });
            admin.post(&format!("{path}/withdrawals")).json(&body).send().expect(204);
        }
    }
}

pub fn attempts(targets: &Targets) -> Vec<(&'static str, Vec<String>)> {
    let set =
        |table: &str, sets: &[&str]| sets.iter().map(|set| format!("UPDATE {table} SET {set}")).collect();
    let person = format!("person_id = '{}'", targets.other_person);
    let accept = |digest: &str, approved_idx: &str, idx: &str, key: &str| {
        format!(
            "INSERT INTO acceptances (idx, person_id, item_id, revision, digest, approved_idx, accepted_at) \
             SELECT {idx}, '{}', r.item_id, r.revision, {digest}, {approved_idx}, 0 FROM revisions r \
             JOIN items i ON i.id = r.item_id WHERE i.key = '{key}'",
            targets.other_person
        )
    };
    vec![
        (
            "r13_acceptances_follow_an_approval",
            vec![
                accept("r.digest", "r.submitted_idx", "1000000", "not-approved"),
                accept("'other'", "r.approved_idx", "1000000", "accepted"),
                accept("r.digest", "r.submitted_idx", "1000000", "accepted"),
                accept("r.digest", "r.approved_idx", "0", "accepted"),
            ],
        ),
        ("r13_acceptances_stay", vec!["DELETE FROM acceptances".to_owned()]),
        (
            "r13_acceptances_do_not_change",
            set(
                "acceptances",
                &[
                    "idx = idx - 1",
                    "item_id = 'other'",
                    "revision = revision + 1",
                    "digest = 'other'",
                    "approved_idx = approved_idx - 1",
                    "accepted_at = accepted_at + 1",
                    &person,
                ],
            ),
        ),
        ("r13_completions_stay", vec!["DELETE FROM training_completions".to_owned()]),
        (
            "r13_completions_are_only_withdrawn",
            set(
                "training_completions",
                &[
                    "idx = idx - 1",
                    "training_id = 'other'",
                    "version = version - 1",
                    "completed_on = completed_on + 1",
                    "withdrawn_idx = NULL WHERE withdrawn_idx IS NOT NULL",
                    "withdrawn_idx = withdrawn_idx - 1 WHERE withdrawn_idx IS NOT NULL",
                    &format!("person_id = '{}' WHERE withdrawn_idx IS NULL", targets.other_person),
                ],
            ),
        ),
        ("r13_trainings_stay", vec!["DELETE FROM trainings".to_owned()]),
        (
            "r13_trainings_only_end",
            set(
                "trainings",
                &[
                    "id = 'other' WHERE version = 1",
                    "training_id = 'other' WHERE version = 1",
                    "version = version + 10",
                    "title = 'other'",
                    "url = 'other'",
                    "valid_months = 1",
                    "required_for = '{}'",
                    "required_from = required_from - 1",
                    "responsibility = 'other'",
                    "from_at = from_at - 1",
                    "until_at = NULL WHERE until_at IS NOT NULL",
                    "until_at = until_at + 1 WHERE until_at IS NOT NULL",
                ],
            ),
        ),
    ]
}
