//! What the database refuses of urgent publications.

use serde_json::json;

use super::targets::Targets;
use crate::support::TestApp;

/// Publishes two posts before their reviews, one of which is reviewed afterwards.
pub fn publish(app: &TestApp) {
    for is_reviewed in [false, true] {
        let draft = app.draft(|content| content["title"] = "Urgent".into());
        let body = json!({ "digest": draft.digest, "reason": "now" });
        let item = app.publisher().post(&draft.path("/urgent-publication")).json(&body).send().expect(201);
        if is_reviewed {
            let decision =
                json!({ "revision": 1, "digest": item["working_revision"]["digest"], "decision": "approve" });
            app.reviewer().post(&draft.path("/decisions")).json(&decision).send().expect(201);
        }
    }
}

/// Each trigger with statements that it must refuse.
pub fn attempts(targets: &Targets) -> Vec<(&'static str, Vec<String>)> {
    let change = |set: &str| format!("UPDATE urgent_publications SET {set}");
    let begin = |item: &str, outcome: &str| {
        format!(
            "INSERT INTO urgent_publications (item_id, revision, digest, reason, idx, published_at, review_by, \
             review_id, outcome, outcome_at, outcome_idx) SELECT item_id, revision, digest, 'now', 0, 0, 1, id, \
             {outcome} FROM reviews WHERE item_id = '{item}'"
        )
    };
    let decide = |person: &str, on_behalf_of: &str| {
        format!(
            "INSERT INTO decisions (idx, review_id, stage, item_id, revision, digest, person_id, on_behalf_of, \
             decision, decided_at) SELECT 0, review_id, 0, item_id, revision, digest, {person}, {on_behalf_of}, \
             'approve', 0 FROM urgent_publications WHERE outcome IS NULL"
        )
    };
    let other = format!("'{}'", targets.other_person);
    let awaited = |set: &str| change(&format!("{set} WHERE outcome IS NULL"));
    let confirmed = |set: &str| change(&format!("{set} WHERE outcome IS NOT NULL"));
    vec![
        (
            "c16_urgent_publications_begin_under_review",
            vec![
                // Its review has ended; and with an outcome already.
                begin(&targets.shared.id, "NULL, NULL, NULL"),
                begin(&targets.open.id, "'confirmed', 1, 1"),
            ],
        ),
        ("c16_urgent_publications_stay", vec!["DELETE FROM urgent_publications".to_owned()]),
        (
            "c16_urgent_publications_only_get_their_outcome",
            vec![
                change("reason = 'other'"),
                change("review_by = review_by + 1"),
                change("published_at = published_at - 1"),
                change("idx = 0"),
                change("digest = 'other'"),
                change("review_id = 'other'"),
                change(&format!("person_id = {other}")),
                awaited("outcome = 'confirmed', outcome_at = 1, outcome_idx = idx + 1"),
                awaited("outcome = 'refused', outcome_at = 1, outcome_idx = idx + 1"),
                confirmed("outcome = 'refused'"),
                confirmed("outcome_at = outcome_at + 1"),
                confirmed("outcome_idx = outcome_idx + 1"),
                confirmed("outcome = NULL, outcome_at = NULL, outcome_idx = NULL"),
            ],
        ),
        ("c16_publishers_do_not_review", vec![decide("person_id", "NULL"), decide(&other, "person_id")]),
    ]
}
