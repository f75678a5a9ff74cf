//! What the database refuses of rechecks.

use greenlight::domain::ids::RecheckId;
use greenlight::domain::recheck::{Because, RecheckAction};
use greenlight::store::Lane;
use greenlight::store::rechecks::{NewRecheck, TouchedRow, add_posts, begin};
use serde_json::json;

use crate::support::{Post, TestApp};

/// A recheck that took effect, one that was withdrawn, and one that was begun.
pub fn recheck(app: &TestApp, post: &Post) {
    let rule = json!({
        "name": "No promises", "condition": { "phrases": { "any_of": ["bicycles"] } }, "severity": "warn",
        "scope": ["copy"], "reason": "Promise nothing.",
    });
    let made = app.author().post("/v1/rules").json(&json!({ "content": rule })).send().expect(201);
    let path = |under: &str| format!("/v1/rules/{}{under}", made.text("/id"));
    let body = json!({ "digest": made["working_revision"]["digest"] });
    let review = app.author().post(&path("/submission")).json(&body).send().expect(201);
    let digest = review.text("/digest").to_owned();
    let decision = json!({ "revision": 1, "digest": digest, "decision": "approve" });
    app.reviewer().post(&path("/decisions")).json(&decision).send().expect(201);
    let body = json!({ "revision": 1, "digest": digest, "action": "notify" });
    app.publisher().post(&path("/rechecks")).json(&body).send().expect(201);
    let body = json!({ "revision": 1, "digest": digest, "action": "reapprove", "reason": "slip" });
    let slip = app.publisher().post(&path("/rechecks")).json(&body).send().expect(201);
    let withdrawal = path(&format!("/rechecks/{}/withdrawal", slip.text("/id")));
    app.publisher().post(&withdrawal).json(&json!({ "reason": "slip" })).send().expect(200);
    let begun = NewRecheck {
        id: RecheckId::generate(),
        item: made.text("/id").parse().unwrap(),
        revision: 1,
        digest: &digest.parse().unwrap(),
        action: RecheckAction::Notify,
        reason: None,
        person: app.publisher().id().parse().unwrap(),
    };
    let touched = TouchedRow { post_id: post.id.parse().unwrap(), revision: 1, because: Because::RuleFinds };
    let write = app.state().db.write_now(Lane::Ordinary, |tx| {
        begin(tx, &begun)?;
        add_posts(tx, begun.id, &[touched])
    });
    write.unwrap();
}

/// Each trigger with statements that it must refuse.
pub fn attempts() -> Vec<(&'static str, Vec<String>)> {
    let decided = |set: &str| format!("UPDATE rechecks SET {set} WHERE idx IS NOT NULL");
    let withdrawn = |set: &str| format!("UPDATE rechecks SET {set} WHERE ended_idx IS NOT NULL");
    let begun = |set: &str| format!("UPDATE rechecks SET {set} WHERE idx IS NULL");
    let of = |which: &str| format!("recheck_id IN (SELECT id FROM rechecks WHERE idx IS {which})");
    vec![
        (
            "r12_rechecks_begin_without_effect",
            vec![
                "INSERT INTO rechecks (id, item_id, revision, digest, action, begun_at, idx, rechecked_at, posts) \
                 SELECT 'other', item_id, revision, digest, action, 0, 0, 0, 0 FROM rechecks WHERE idx IS NULL"
                    .to_owned(),
            ],
        ),
        (
            "r12_rechecks_take_effect_once",
            vec![
                decided("action = 'none'"),
                decided("reason = 'other'"),
                decided("revision = 2"),
                decided("digest = 'other'"),
                decided("item_id = 'other'"),
                decided("begun_at = 0"),
                decided("person_id = 'other'"),
                decided("idx = 0"),
                decided("rechecked_at = 0"),
                decided("posts = posts + 1"),
                decided("posts_in_review = posts_in_review + 1"),
                decided("posts_digest = 'other'"),
                decided("withdrawn_by = person_id"),
                decided("withdrawal_reason = 'other'"),
                withdrawn("withdrawn_by = 'other'"),
                withdrawn("withdrawal_reason = 'other'"),
                decided("idx = NULL, rechecked_at = NULL, posts = NULL"),
                withdrawn("ended_at = ended_at + 1"),
                withdrawn("ended_idx = ended_idx - 1"),
                withdrawn("ended_idx = NULL, ended_at = NULL"),
                withdrawn("content_version = content_version + 1"),
                begun("action = 'reapprove'"),
                // It has one.
                begun("idx = 0, rechecked_at = 0, posts = 0"),
                begun("idx = 0, rechecked_at = 0, posts = 2"),
            ],
        ),
        ("r12_rechecks_stay", vec!["DELETE FROM rechecks WHERE idx IS NOT NULL".to_owned()]),
        (
            "r12_recheck_posts_come_before",
            vec![
                "INSERT INTO recheck_posts (recheck_id, post_id, revision, because) SELECT id, 'other', 1, 'required' \
                 FROM rechecks WHERE idx IS NOT NULL"
                    .to_owned(),
            ],
        ),
        (
            "r12_recheck_posts_never_change",
            vec![
                format!("UPDATE recheck_posts SET revision = 2 WHERE {}", of("NULL")),
                format!("UPDATE recheck_posts SET because = 'required' WHERE {}", of("NOT NULL")),
            ],
        ),
        ("r12_recheck_posts_stay", vec![format!("DELETE FROM recheck_posts WHERE {}", of("NOT NULL"))]),
    ]
}
