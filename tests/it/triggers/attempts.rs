//! The statements that each trigger must refuse.

use super::targets::Targets;
use super::{campaigns, obligations, rechecks, registers, urgent};
use crate::support::Post;

impl Targets {
    /// Each trigger with statements that it must refuse.
    pub fn attempts(&self) -> Vec<(&'static str, Vec<String>)> {
        [
            self.on_the_record(),
            self.on_revisions(),
            self.on_approvals(),
            self.on_decisions(),
            self.on_talk(),
            self.on_shares(),
            self.on_endings(),
            on_histories(),
            registers::attempts(self),
            self.on_waiting(),
            campaigns::attempts(),
            urgent::attempts(self),
            obligations::attempts(self),
            rechecks::attempts(),
        ]
        .concat()
    }

    fn on_the_record(&self) -> Vec<(&'static str, Vec<String>)> {
        let entry = "statement, fields, leaf_hash, record_key FROM record_entries WHERE idx = 0";
        let into = "INSERT INTO record_entries \
            (idx, event_id, typ, occurred_at, statement, fields, leaf_hash, record_key)";
        let change_entry = |set: &str| format!("UPDATE record_entries SET {set} WHERE idx = 0");
        let change_personal = |set: &str| format!("UPDATE record_personal SET {set}");
        let change_state = |set: &str| format!("UPDATE record_state SET {set}");
        let nothing = "statement = NULL, fields = NULL, record_key = NULL";
        vec![
            ("r20_entries_stay", vec!["DELETE FROM record_entries WHERE idx = 0".to_owned()]),
            (
                "r20_entries_are_contiguous",
                vec![format!("{into} SELECT 1000000, 'gap', typ, occurred_at, {entry}")],
            ),
            (
                "r20_entries_do_not_change",
                vec![
                    change_entry("statement = 'other'"),
                    change_entry("fields = '{}'"),
                    change_entry("typ = 'other'"),
                    change_entry("occurred_at = occurred_at + 1"),
                    change_entry("event_id = 'other'"),
                    change_entry(nothing),
                    change_entry(&format!("redaction_idx = 1, {nothing}, leaf_hash = record_key")),
                ],
            ),
            ("r20_personal_stays", vec!["DELETE FROM record_personal".to_owned()]),
            (
                "r20_personal_does_not_change",
                vec![
                    change_personal("field = 'other'"),
                    change_personal(&format!("person_id = '{}'", self.other_person)),
                    change_personal("person_id = NULL"),
                ],
            ),
            ("r20_state_stays", vec!["DELETE FROM record_state".to_owned()]),
            (
                "r21_state_moves_forward",
                vec![
                    change_state("size = size - 1"),
                    change_state("updated_at = updated_at - 1"),
                    change_state("content_version = content_version - 1"),
                    change_state("access_version = access_version - 1"),
                ],
            ),
        ]
    }

    fn on_revisions(&self) -> Vec<(&'static str, Vec<String>)> {
        let (shared, draft) = (&self.shared.id, &self.draft.id);
        let change = |id: &str, set: &str| format!("UPDATE revisions SET {set} WHERE item_id = '{id}'");
        let add_pin = |item: &str, revision: &str, pinned: &str, pinned_revision: &str| {
            format!(
                "INSERT INTO revision_pins (item_id, revision, pinned_id, pinned_revision) \
                 SELECT '{item}', {revision}, {pinned}, {pinned_revision} FROM revision_pins \
                 WHERE item_id = '{shared}'"
            )
        };
        let add_author = "INSERT INTO revision_authors (item_id, revision, person_id)";
        vec![
            ("r02_items_stay", vec![format!("DELETE FROM items WHERE id = '{draft}'")]),
            (
                "r02_items_keep_their_names",
                vec![
                    "UPDATE items SET key = 'other' WHERE key = 'employee'".to_owned(),
                    "UPDATE items SET kind = 'hashtag' WHERE key = 'employee'".to_owned(),
                    format!("UPDATE items SET created_at = created_at + 1 WHERE id = '{draft}'"),
                    format!("UPDATE items SET version = version - 1 WHERE id = '{draft}'"),
                    format!("UPDATE items SET created_by = '{}' WHERE id = '{draft}'", self.other_person),
                ],
            ),
            ("r02_revisions_stay", vec![format!("DELETE FROM revisions WHERE item_id = '{draft}'")]),
            (
                "r02_revisions_are_frozen",
                vec![
                    change(shared, "content = '{}'"),
                    change(shared, "content = NULL"),
                    change(shared, "digest = 'other'"),
                    change(shared, "pins = '[]'"),
                    change(shared, "submitted_idx = 0"),
                    change(shared, "publish_at = 1"),
                    change(shared, "expires_at = 1"),
                    change(shared, "state = 'draft'"),
                    change(shared, "state = 'rejected'"),
                    change(shared, "imported = NOT imported"),
                    change(shared, "campaign = 'other'"),
                    change(shared, "submitted_at = 0"),
                    change(shared, "approved_idx = approved_idx + 1"),
                    change(shared, "approved_at = approved_at + 1"),
                    change(shared, "created_at = 0"),
                    change(&self.open.id, "content = '{}'"),
                    change(draft, "revision = 9"),
                ],
            ),
            (
                "r02_redactions_stay",
                vec![
                    change(&self.redacted, "content = '{}'"),
                    change(&self.redacted, "redacted_idx = NULL"),
                    change(&self.redacted, "redacted_idx = redacted_idx + 1"),
                    change(&self.redacted, "redacted_at = redacted_at + 1"),
                ],
            ),
            (
                "r02_pins_are_of_the_document",
                vec![
                    // Not in the document; in another one; and of a draft.
                    add_pin(shared, "revision", "item_id", "revision"),
                    add_pin(&self.open.id, "revision", "pinned_id", "pinned_revision + 1"),
                    add_pin(draft, "1", "pinned_id", "pinned_revision"),
                ],
            ),
            ("r02_pins_stay", vec!["DELETE FROM revision_pins".to_owned()]),
            (
                "r02_pins_do_not_change",
                vec![
                    "UPDATE revision_pins SET pinned_revision = pinned_revision + 1".to_owned(),
                    "UPDATE revision_pins SET item_id = item_id".to_owned(),
                ],
            ),
            (
                "r02_authors_are_frozen",
                vec![format!("{add_author} VALUES ('{shared}', 1, '{}')", self.other_person)],
            ),
            ("r03_authors_stay", vec!["DELETE FROM revision_authors".to_owned()]),
            (
                "r03_authors_do_not_change",
                vec![
                    format!("UPDATE revision_authors SET person_id = '{}'", self.other_person),
                    format!("UPDATE revision_authors SET item_id = '{draft}' WHERE item_id = '{shared}'"),
                    "UPDATE revision_authors SET revision = revision + 1".to_owned(),
                ],
            ),
        ]
    }

    fn on_approvals(&self) -> Vec<(&'static str, Vec<String>)> {
        let (shared, open) = (&self.shared.id, &self.open.id);
        let insert = |imported: &str| {
            format!(
                "INSERT INTO revisions (item_id, revision, state, content, pins, digest, imported, created_at, \
                 submitted_idx, approved_idx) SELECT item_id, 2, state, content, pins, 'other', {imported}, \
                 created_at, submitted_idx, approved_idx FROM revisions WHERE item_id = '{shared}'"
            )
        };
        let approve = "UPDATE revisions SET state = 'approved', approved_idx = submitted_idx";
        vec![
            (
                "r01_approved_by_review",
                vec![
                    format!("{approve} WHERE item_id = '{open}'"),
                    format!("UPDATE revisions SET state = 'approved' WHERE item_id = '{}'", self.draft.id),
                ],
            ),
            ("r01_not_born_approved", vec![insert("imported"), insert("NOT imported")]),
        ]
    }

    fn on_decisions(&self) -> Vec<(&'static str, Vec<String>)> {
        let change = |set: &str| format!("UPDATE decisions SET {set}");
        let change_review = |set: &str| format!("UPDATE reviews SET {set}");
        let other = &self.other_person;
        vec![
            ("r03_authors_do_not_decide", vec![insert_decision(&self.open, "opened_by", "'approve', NULL")]),
            (
                "r05_decisions_need_an_open_review",
                vec![insert_decision(&self.shared, &format!("'{other}'"), "'approve', NULL")],
            ),
            ("r08_decisions_stay", vec!["DELETE FROM decisions".to_owned()]),
            (
                "r08_decisions_do_not_change",
                vec![
                    change("decision = 'reject', reason = 'no'"),
                    change("reason = 'added later'"),
                    change("decided_at = decided_at + 1"),
                    change("stage = stage + 1"),
                    change("client_id = 'other'"),
                    change("digest = 'other'"),
                    change(&format!("person_id = '{other}'")),
                    change(&format!("on_behalf_of = '{other}'")),
                ],
            ),
            ("r08_reviews_stay", vec!["DELETE FROM reviews".to_owned()]),
            (
                "r08_reviews_keep_their_stages",
                vec![
                    change_review("stages = '[]'"),
                    change_review("digest = 'other'"),
                    change_review("opened_at = opened_at + 1"),
                    change_review("comment_room = 'other'"),
                    change_review("first_stage = 1"),
                    change_review("resumed_from = id"),
                    change_review(&format!("opened_by = '{other}'")),
                    format!("{} WHERE state = 'approved'", change_review("state = 'rejected'")),
                ],
            ),
        ]
    }

    fn on_endings(&self) -> Vec<(&'static str, Vec<String>)> {
        let change_ending = |set: &str| format!("UPDATE endings SET {set}");
        let change_freeze = |set: &str| format!("UPDATE freezes SET {set}");
        let person = format!("person_id = '{}'", self.other_person);
        vec![
            ("r07_endings_stay", vec!["DELETE FROM endings".to_owned()]),
            (
                "r07_endings_do_not_change",
                vec![
                    change_ending("reason = 'other'"),
                    change_ending("ending = 'retirement'"),
                    change_ending("ended_at = ended_at + 1"),
                    change_ending("idx = idx - 1"),
                    change_ending(&person),
                ],
            ),
            ("r17_freezes_stay", vec!["DELETE FROM freezes".to_owned()]),
            (
                "r17_freezes_only_end",
                vec![
                    change_freeze("reason = 'other'"),
                    change_freeze("channel = 'other'"),
                    change_freeze("until_at = until_at + 1"),
                    change_freeze("from_at = from_at - 1"),
                    change_freeze("ended_at = ended_at + 1"),
                    change_freeze(&person),
                ],
            ),
        ]
    }

    fn on_shares(&self) -> Vec<(&'static str, Vec<String>)> {
        let change = |set: &str| format!("UPDATE shares SET {set}");
        let copy = |idx: i64, post: &Post| {
            format!(
                "INSERT INTO shares (id, idx, item_id, kind, revision, digest, channel, language, copy_id, \
                 state, parts, disclaimers, delivery, must_paste, rules_digest, issued_at, lapses_at) \
                 SELECT 'other', {idx}, '{}', kind, {}, '{}', channel, language, copy_id, \
                 state, parts, disclaimers, delivery, must_paste, rules_digest, issued_at, lapses_at FROM shares",
                post.id, post.revision, post.digest
            )
        };
        vec![
            ("r15_shares_stay", vec!["DELETE FROM shares".to_owned()]),
            (
                "r15_shares_do_not_change",
                vec![
                    change("parts = '[]'"),
                    change("disclaimers = 'other'"),
                    change("campaign = 'other'"),
                    change("images = 'other'"),
                    change("channel = 'other'"),
                    change("digest = 'other'"),
                    change("rules_digest = 'other'"),
                    change("issued_at = issued_at + 1"),
                    change("lapses_at = lapses_at + 1"),
                    change("item_id = 'other'"),
                    change("client_id = 'other'"),
                    change("language = 'other'"),
                    change("copy_id = 'other'"),
                    change("headline = 'other'"),
                    change("link = 'other'"),
                    change("intent_template = 'other'"),
                    change("delivery = 'prefilled'"),
                    change("must_paste = NOT must_paste"),
                    change(&format!("person_id = '{}'", self.other_person)),
                ],
            ),
            ("r15_outcomes_stay", vec!["DELETE FROM share_outcomes".to_owned()]),
            ("r15_outcomes_do_not_change", vec!["UPDATE share_outcomes SET late = NOT late".to_owned()]),
            // Not approved; and approved, but with a lower index than the approval.
            ("r21_shares_follow_an_approval", vec![copy(1_000_000, &self.open), copy(0, &self.shared)]),
        ]
    }
}

/// What held when: rows that are only ever closed.
fn on_histories() -> Vec<(&'static str, Vec<String>)> {
    let stay = |table: &str| vec![format!("DELETE FROM {table}")];
    let end = |table: &str, set: &str| {
        vec![
            format!("UPDATE {table} SET {set}"),
            format!("UPDATE {table} SET from_at = from_at - 1"),
            format!("UPDATE {table} SET until_at = until_at + 1 WHERE until_at IS NOT NULL"),
        ]
    };
    vec![
        ("r08_person_activities_stay", stay("person_activities")),
        ("r08_person_activities_only_end", end("person_activities", "person_id = 'other'")),
        ("r08_person_roles_stay", stay("person_roles")),
        ("r08_person_roles_only_end", end("person_roles", "role = 'admin'")),
        ("r08_person_countries_stay", stay("person_countries")),
        ("r08_person_countries_only_end", end("person_countries", "country = 'XX'")),
        ("r08_group_members_stay", stay("group_members")),
        ("r08_group_members_only_end", end("group_members", "person_id = 'other'")),
        ("r08_workflows_stay", stay("workflows")),
        (
            "r08_workflows_only_end",
            [
                end("workflows", "stages = '[]'"),
                end("workflows", "conditions = '[]'"),
                end("workflows", "name = 'other'"),
                end("workflows", "version = version + 1"),
                end("workflows", "workflow_id = 'other'"),
                end("workflows", "same_person_twice = NOT same_person_twice"),
            ]
            .concat(),
        ),
        ("r08_responsibilities_stay", stay("responsibilities")),
        (
            "r08_responsibilities_keep_their_keys",
            [
                "key = 'other' WHERE key = 'handed-over'",
                "created_at = created_at + 1 WHERE key = 'handed-over'",
                "version = version - 1 WHERE key = 'handed-over'",
                "ended_at = NULL WHERE key = 'ended'",
                "name = 'other' WHERE key = 'ended'",
            ]
            .map(|set| format!("UPDATE responsibilities SET {set}"))
            .to_vec(),
        ),
        ("r08_responsibility_holders_stay", stay("responsibility_holders")),
        (
            "r08_responsibility_holders_only_end",
            [
                end("responsibility_holders", "person_id = 'other'"),
                end("responsibility_holders", "deputy = NOT deputy"),
                end("responsibility_holders", "responsibility_id = 'other'"),
            ]
            .concat(),
        ),
    ]
}

/// A decision in the newest review of a post; `decision` is the decision and its reason.
pub fn insert_decision(post: &Post, person: &str, decision: &str) -> String {
    format!(
        "INSERT INTO decisions (idx, review_id, stage, item_id, revision, digest, person_id, decision, reason, \
         decided_at) SELECT 0, id, 0, item_id, revision, digest, {person}, {decision}, 0 FROM reviews \
         WHERE item_id = '{}'",
        post.id
    )
}
