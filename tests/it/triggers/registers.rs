//! What the database keeps of official accounts and of proposals of posts.

use serde_json::json;

use super::targets::Targets;
use crate::support::TestApp;

/// An official account that was changed, and one that has ended; a proposal of a post that was declined.
pub fn enter_and_propose(app: &TestApp) {
    let publisher = app.publisher();
    let body = |handle: &str| {
        json!({
            "channel": "x",
            "handle": handle,
            "url": "https://x.com/noordzee",
            "owner": "handed-over",
            "purpose": "News",
        })
    };
    let enter = |handle: &str| {
        let made = publisher.post("/v1/accounts").json(&body(handle)).send().expect(201);
        format!("/v1/accounts/{}", made.text("/id"))
    };
    publisher.put(&enter("@changed")).if_match(&json!(1)).json(&body("@again")).send().expect(200);
    publisher.delete(&enter("@ended")).if_match(&json!(1)).send().expect(204);
    let proposal =
        json!({ "title": "Proposed", "language": "en", "text": "Come and see.", "note": "Please." });
    let made = app.employee().post("/v1/suggestions").json(&proposal).send().expect(201);
    let decline = format!("/v1/suggestions/{}/decline", made.text("/id"));
    app.author().post(&decline).json(&json!({ "reason": "Later" })).send().expect(200);
}

/// The statements that each trigger must refuse.
pub fn attempts(targets: &Targets) -> Vec<(&'static str, Vec<String>)> {
    [on_accounts(), on_proposals(targets)].concat()
}

/// The register of official accounts: versions that are only ever closed.
fn on_accounts() -> Vec<(&'static str, Vec<String>)> {
    let end = [
        "account_id = 'other'",
        "version = version + 10",
        "channel = 'other'",
        "handle = 'other'",
        "folded_handle = 'other'",
        "handle_look = 'other'",
        "url = 'other'",
        "owner_id = 'other'",
        "purpose = 'other'",
        "from_at = from_at - 1",
        "until_at = until_at + 1 WHERE until_at IS NOT NULL",
        "until_at = NULL WHERE until_at IS NOT NULL",
    ];
    vec![
        ("r08_accounts_stay", vec!["DELETE FROM accounts".to_owned()]),
        ("r08_accounts_do_not_change", vec!["UPDATE accounts SET created_at = created_at - 1".to_owned()]),
        ("r08_account_versions_stay", vec!["DELETE FROM account_versions".to_owned()]),
        (
            "r08_account_versions_only_end",
            end.map(|set| format!("UPDATE account_versions SET {set}")).to_vec(),
        ),
    ]
}

/// Proposals: closed once, and once more only when their post was submitted since.
fn on_proposals(targets: &Targets) -> Vec<(&'static str, Vec<String>)> {
    let person = format!("person_id = '{}'", targets.other_person);
    let declined_by = format!("declined_by = '{}'", targets.other_person);
    let item = format!("item_id = '{}'", targets.draft.id);
    let change = [
        "id = 'other'",
        &item,
        &person,
        "words = (SELECT leaf_hash FROM record_entries WHERE idx = 0)",
        "created_at = created_at + 1",
        "idx = 0",
        &declined_by,
        "declined_reason = 'other'",
        "withdrawn_reason = (SELECT leaf_hash FROM record_entries WHERE idx = 0)",
        "closed_as = 'withdrawn', declined_reason = NULL, declined_by = NULL",
        "closed_at = closed_at + 1",
        "closed_idx = 0",
        "closed_idx = closed_idx + 1, closed_at = closed_at + 1, declined_reason = 'other'",
        "closed_as = NULL, closed_at = NULL, closed_idx = NULL, declined_reason = NULL, declined_by = NULL",
    ];
    let attempts = change.map(|set| format!("UPDATE post_proposals SET {set}")).to_vec();
    vec![
        ("r08_proposals_stay", vec!["DELETE FROM post_proposals".to_owned()]),
        ("r08_proposals_are_only_closed", attempts),
    ]
}
