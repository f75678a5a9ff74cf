//! What the statements attack of campaigns and topics, and what must be refused.

use serde_json::json;

use crate::support::TestApp;

/// A campaign that says something else by now, and one that has ended, as a topic has.
pub fn register(app: &TestApp) {
    app.campaign("changed");
    let body = json!({ "name": "Another", "limits": { "shares_per_day": 5 } });
    app.publisher().put("/v1/campaigns/changed").if_match(&json!(1)).json(&body).send().expect(200);
    app.campaign("over");
    app.topic("over");
    app.topic("open");
    for path in ["/v1/campaigns/over", "/v1/topics/over"] {
        app.publisher().delete(path).if_match(&json!(1)).send().expect(204);
    }
}

/// Each trigger with statements that it must refuse.
pub fn attempts() -> Vec<(&'static str, Vec<String>)> {
    let campaign = |set: &str, version: i64| {
        format!("UPDATE campaigns SET {set} WHERE key = 'changed' AND version = {version}")
    };
    let topic = |set: &str, key: &str| format!("UPDATE topics SET {set} WHERE key = '{key}'");
    let columns = "name, group_ids, ended, created_at, from_at, content_version";
    vec![
        ("r08_campaigns_stay", vec!["DELETE FROM campaigns WHERE key = 'over'".to_owned()]),
        (
            "r08_campaigns_only_end",
            vec![
                campaign("key = 'other'", 2),
                campaign("version = 9", 2),
                campaign("name = 'other'", 2),
                campaign("goal = 'other'", 2),
                campaign("starts_at = 1", 2),
                campaign("ends_at = 1", 2),
                campaign("group_ids = '[1]'", 2),
                campaign("shares_per_day = 9", 2),
                campaign("shares_per_day = NULL", 2),
                campaign("shares_per_person = 9", 2),
                campaign("ended = NOT ended", 2),
                campaign("created_at = 0", 2),
                campaign("from_at = 0", 2),
                campaign("content_version = 0", 2),
                campaign("created_idx = 0", 2),
                campaign("until_at = NULL", 1),
                campaign("until_at = until_at + 1", 1),
            ],
        ),
        (
            "r08_campaigns_end_once",
            vec![format!(
                "INSERT INTO campaigns (key, version, {columns}) SELECT key, 9, {columns} FROM campaigns \
                 WHERE key = 'over' AND version = 1"
            )],
        ),
        ("r08_topics_stay", vec!["DELETE FROM topics WHERE key = 'over'".to_owned()]),
        (
            "r08_topics_end_once",
            vec![
                topic("key = 'other'", "open"),
                topic("created_at = 0", "open"),
                topic("created_idx = 0", "open"),
                topic("ended_at = NULL", "over"),
                topic("name = 'other'", "over"),
            ],
        ),
    ]
}
