//! What the triggers of reviews must refuse: stages as they ran, deputies, comments and suggestions.

use greenlight::domain::roles::Role;
use serde_json::json;

use super::targets::Targets;
use crate::support::{Post, TestApp};

/// A review whose stage asks everybody, was reminded of, overdue and given to others; and a delegation that
/// was ended.
pub fn wait_for_a_review(app: &TestApp) {
    let reviewer = app.reviewer();
    let stages = json!([{ "name": "everybody", "reviewers": { "role": "reviewer" }, "quorum": "all" }]);
    app.change_workflow(&json!({ "stages": stages })).expect(200);
    let post = app.submitted_post(|content| content["title"] = "Waited for".into());
    let review = app.author().get(&post.path("")).send().expect(200)["review"]["id"].clone();
    let given = json!({ "stage": 0, "reviewers": { "role": "reviewer" }, "reason": "again" });
    let path = format!("/v1/reviews/{}/reassignment", review.as_str().unwrap());
    app.admin().post(&path).json(&given).send().expect(201);
    let deputy = app.person("deputy", &[Role::Reviewer]);
    let days = json!({ "to": deputy.id(), "from_date": "2026-11-20", "until_date": "2026-12-01" });
    let made = reviewer.post("/v1/delegations").json(&days).send().expect(201);
    reviewer.delete(&format!("/v1/delegations/{}", made.text("/id"))).send().expect(200);
    let stages = json!([{ "name": "review", "reviewers": { "role": "reviewer" }, "quorum": "any" }]);
    app.change_workflow(&json!({ "stages": stages })).expect(200);
}

/// A comment and a suggestion in an open review, and a suggestion that was taken.
pub fn talk_about(app: &TestApp, open: &Post) {
    let taken = app.submitted_post(|content| content["title"] = "Suggested".into());
    let changes = json!([{ "pointer": "/content/title", "value": "Better" }]);
    let body = json!({ "changes": changes, "reason": "It reads better." });
    let suggest = |post: &Post| {
        let item = app.author().get(&post.path("")).send().expect(200);
        let review = format!("/v1/reviews/{}", item.text("/review/id"));
        let made = app.reviewer().post(&format!("{review}/suggestions")).json(&body).send().expect(201);
        (review, made.text("/id").to_owned())
    };
    let (review, _) = suggest(open);
    app.reviewer().post(&format!("{review}/comments")).json(&json!({ "text": "So." })).send().expect(201);
    let (review, suggestion) = suggest(&taken);
    app.author().post(&format!("{review}/suggestions/{suggestion}/acceptance")).send().expect(200);
}

impl Targets {
    pub fn on_waiting(&self) -> Vec<(&'static str, Vec<String>)> {
        let change = |table: &str, set: &str| format!("UPDATE {table} SET {set}");
        let person = format!("person_id = '{}'", self.other_person);
        let deputy = format!("deputy_id = '{}'", self.other_person);
        let of = |table: &str, sets: &[&str]| sets.iter().map(|set| change(table, set)).collect::<Vec<_>>();
        vec![
            ("r08_review_stages_stay", vec!["DELETE FROM review_stages".to_owned()]),
            (
                "r08_review_stages_keep_their_dates",
                of(
                    "review_stages",
                    &[
                        "stage = stage + 1",
                        "opened_at = opened_at + 1",
                        "due_at = 1",
                        "remind_at = 1",
                        "review_id = 'other'",
                        "restarted_idx = NULL, due_at = 1",
                        "restarted_idx = restarted_idx - 1",
                    ],
                ),
            ),
            ("r08_review_asked_stay", vec!["DELETE FROM review_asked".to_owned()]),
            (
                "r08_review_asked_only_end",
                of("review_asked", &["stage = stage + 1", "review_id = 'other'", &person]),
            ),
            ("r08_review_pools_stay", vec!["DELETE FROM review_pools".to_owned()]),
            (
                "r08_review_pools_do_not_change",
                of(
                    "review_pools",
                    &["reviewers = '{}'", "reason = 'other'", "stage = 1", "idx = 0", "from_at = 1", &person],
                ),
            ),
            ("r08_delegations_stay", vec!["DELETE FROM delegations".to_owned()]),
            (
                "r08_delegations_only_end",
                of(
                    "delegations",
                    &[
                        "kinds = '[1]'",
                        "from_at = from_at - 1",
                        "until_at = until_at + 1",
                        "created_at = 1",
                        "ended_at = ended_at + 1",
                        &person,
                        &deputy,
                    ],
                ),
            ),
        ]
    }

    pub fn on_talk(&self) -> Vec<(&'static str, Vec<String>)> {
        let comment = |set: &str| format!("UPDATE review_comments SET {set}");
        let suggestion = |set: &str| format!("UPDATE review_suggestions SET {set}");
        let person = format!("person_id = '{}'", self.other_person);
        let untaken = "accepted_by = NULL, accepted_at = NULL, accepted_idx = NULL, accepted_revision = NULL";
        vec![
            ("r08_comments_stay", vec!["DELETE FROM review_comments".to_owned()]),
            (
                "r08_comments_do_not_change",
                vec![
                    comment("text = 'other'"),
                    comment("pointer = '/content'"),
                    comment("stage = stage + 1"),
                    comment("reply_to = id"),
                    comment("created_at = created_at + 1"),
                    comment("idx = idx - 1"),
                    comment(&person),
                ],
            ),
            ("r08_suggestions_stay", vec!["DELETE FROM review_suggestions".to_owned()]),
            (
                "r08_suggestions_are_taken_once",
                vec![
                    suggestion("changes = '[]'"),
                    suggestion("reason = 'other'"),
                    suggestion("created_at = created_at + 1"),
                    suggestion("idx = idx - 1"),
                    suggestion(&person),
                    suggestion(untaken),
                    suggestion("accepted_at = accepted_at + 1"),
                    suggestion("accepted_idx = accepted_idx - 1"),
                    suggestion("accepted_revision = accepted_revision + 1"),
                    format!(
                        "UPDATE review_suggestions SET accepted_by = '{}' WHERE accepted_at IS NOT NULL",
                        self.other_person
                    ),
                ],
            ),
        ]
    }
}
