//! A database of an earlier release is brought up to this one with all that is in it.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::{PgConnection, SqliteConnection};
use greenlight::domain::ids::Kind;
use greenlight::store::workflows;
use serde_json::{Value, json};

use crate::support::{Backend, TestApp, postgres_is_there};

/// An entry of the record, an imported disclaimer that is required for a topic and in a campaign, a draft of a
/// post with a topic and a campaign, a post whose review was withdrawn and that pins the disclaimer, and a
/// workflow.
const ROWS: &str = "
INSERT INTO record_entries (idx, event_id, typ, occurred_at, statement, fields, leaf_hash, record_key)
  VALUES (0, 'e', 'disclaimer.imported', 1, '{}', '{}', BYTES, BYTES);
UPDATE record_state SET size = 1, updated_at = 1, content_version = 1;
INSERT INTO items (id, kind, key, version, content_version, working_revision, created_at) VALUES
  ('019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f01', 'disclaimer', 'employee', 1, 1, 1, 1),
  ('019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f00', 'post', NULL, 1, 0, 1, 1),
  ('019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f02', 'post', NULL, 1, 0, 1, 1);
INSERT INTO revisions (item_id, revision, state, content, pins, digest, imported, created_at, submitted_at,
    submitted_idx, approved_at, approved_idx) VALUES
  ('019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f01', 1, 'approved',
   '{\"purpose\":\"p\",\"placement\":\"end\",\"smallest\":\"full\",\"rank\":1,\"required_when\":{\"topics\":[\"finance\",\"wind\"],\"campaigns\":[\"autumn\"]},\"text\":{\"en\":{\"full\":\"I work there.\"}}}',
   '[]', 'sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9', TRUTH, 1, 1, 0, 1, 0);
INSERT INTO revisions (item_id, revision, state, content, pins, digest, imported, created_at, campaign) VALUES
  ('019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f02', 1, 'draft',
   '{\"title\":\"Before\",\"campaign\":\"spring\",\"topics\":[\"wind\",\"sun\",\"Not a key\"]}',
   '[]', 'sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5', FALSEHOOD, 1, 'spring');
INSERT INTO revisions (item_id, revision, state, content, pins, digest, imported, created_at, submitted_at,
    submitted_idx) VALUES
  ('019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f00', 1, 'withdrawn', '{\"title\":\"Withdrawn\"}',
   '[{\"digest\":\"sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9\",\"id\":\"019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f01\",\"key\":\"employee\",\"kind\":\"disclaimer\",\"revision\":1}]',
   'sha256:6f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5', FALSEHOOD, 1, 1, 0);
INSERT INTO workflows (id, kind, stages, from_at)
  VALUES ('019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f03', 'post',
    '[{\"name\":\"mine\",\"quorum\":1,\"reviewers\":{\"role\":\"reviewer\"}}]', 1);";

fn rows(bytes: &str, truth: &str, falsehood: &str) -> String {
    ROWS.replace("BYTES", bytes).replace("TRUTH", truth).replace("FALSEHOOD", falsehood)
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

/// Everything that SQLite stores of the schema, but for diesel's own.
const SQLITE_SCHEMA: &str =
    "SELECT name, coalesce(sql, '') AS sql FROM sqlite_schema WHERE tbl_name <> '__diesel_schema_migrations'";

fn by_name(stored: Vec<Stored>) -> BTreeMap<String, String> {
    stored.into_iter().map(|stored| (stored.name, stored.sql)).collect()
}

/// What was there is there, and what the earlier release refused is taken.
fn is_brought_up(app: &TestApp) {
    let list = |kind: &str| app.author().get(&format!("/v1/{kind}")).send().expect(200);
    assert_eq!(list("posts").text("/items/0/working_revision/content/title"), "Before");
    let disclaimers = list("disclaimers");
    assert_eq!((disclaimers.list("/items").len(), disclaimers.text("/items/0/availability")), (1, "live"));
    let path = "/v1/disclaimers/019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f01/uses";
    let uses = app.author().get(path).send().expect(200);
    assert_eq!(uses.list("/items").len(), 1, "what was frozen before pins as it did");
    assert_eq!((uses.text("/items/0/title"), uses.text("/items/0/state")), ("Withdrawn", "withdrawn"));
    let stages = |kind| {
        let in_force = app.state().db.read_now(|conn| workflows::in_force(conn, Some(kind))).unwrap();
        in_force.first().map(|workflow| workflow.stages.clone()).unwrap_or_default()
    };
    assert!(stages(Kind::Post).contains("mine"), "a workflow stays");
    assert!(stages(Kind::Rule).contains("reviewer"), "a new kind gets its first workflow");
    let rule = json!({
        "name": "No promises",
        "condition": { "phrases": { "any_of": ["guaranteed"] } },
        "severity": "block",
        "scope": ["copy"],
        "reason": "Promise nothing.",
    });
    app.author().post("/v1/rules").json(&json!({ "content": rule })).send().expect(201);
    has_what_was_named(app);
}

/// What posts and disclaimers named is registered, on record, and can be named, shared and ended like the rest.
fn has_what_was_named(app: &TestApp) {
    for (register, keys) in
        [("topics", ["wind", "sun", "finance"].as_slice()), ("campaigns", ["spring", "autumn"].as_slice())]
    {
        let found = app.author().get(&format!("/v1/{register}")).send().expect(200);
        let named = |item: &Value| (item["key"].clone(), item["name"].clone(), item["version"].clone());
        let mut found: Vec<_> = found.list("/items").iter().map(named).collect();
        let mut wanted: Vec<_> = keys.iter().map(|key| (json!(key), json!(key), json!(1))).collect();
        found.sort_by_key(|(key, ..)| key.to_string());
        wanted.sort_by_key(|(key, ..)| key.to_string());
        assert_eq!(found, wanted);
    }
    let sql = "SELECT typ AS name, fields AS sql FROM record_entries WHERE typ IN ('topic.created', 'campaign.created')";
    let entries: Vec<Stored> =
        app.state().db.read_now(|conn| Ok(diesel::sql_query(sql).load(conn).unwrap())).unwrap();
    let count = |typ: &str| entries.iter().filter(|entry| entry.name == typ).count();
    assert_eq!((count("topic.created"), count("campaign.created")), (3, 2));
    assert!(entries.iter().all(|entry| entry.sql.contains("\"actor\":\"system\"")));
    let post = app.approved_post(|content| {
        content["campaign"] = json!("spring");
        content["topics"] = json!(["sun"]);
    });
    app.share(&post);
    app.publisher().delete("/v1/campaigns/spring").if_match(&json!(1)).send().expect(204);
    app.share_as(&app.employee(), &post).problem("not_live");
    app.publisher().delete("/v1/topics/sun").if_match(&json!(1)).send().expect(204);
}

#[test]
fn a_sqlite_database_of_the_first_release_keeps_its_rows_triggers_and_indexes() {
    let mut before = BTreeMap::new();
    let app = TestApp::upgraded(Backend::Sqlite, |url| {
        let path = url.strip_prefix("sqlite:").unwrap();
        let mut conn = SqliteConnection::establish(path).unwrap();
        conn.batch_execute(&rows("x'00'", "1", "0")).unwrap();
        before = by_name(diesel::sql_query(SQLITE_SCHEMA).load(&mut conn).unwrap());
    });
    let query = |sql: &str| -> Vec<Stored> {
        app.state().db.read_now(|conn| Ok(diesel::sql_query(sql).load(conn).unwrap())).unwrap()
    };
    let after = by_name(query(SQLITE_SCHEMA));
    for (name, sql) in &before {
        let kept = after.get(name).unwrap_or_else(|| panic!("{name} is gone"));
        // These guard what came later as well: a share's images, versions, deputies, resumptions and urgent
        // publications.
        let guards_more = [
            "r01_approved_by_review",
            "r15_shares_do_not_change",
            "r08_workflows_only_end",
            "r08_reviews_keep_their_stages",
            "r08_decisions_do_not_change",
            "r03_authors_do_not_decide",
            // Of workflows there may be several for a kind, each with one version in force.
            "workflows_open",
        ];
        let is_same = kept == sql || sql.starts_with("CREATE TABLE");
        assert!(is_same || guards_more.contains(&name.as_str()), "{name} is another");
    }
    for table in ["items", "workflows"] {
        let kinds = "kind IN ('disclaimer', 'guideline', 'hashtag', 'image', 'post', 'rule')";
        assert!(after.get(table).is_some_and(|sql| sql.contains(kinds)), "{table}");
    }
    let integrity = query("SELECT integrity_check AS name, '' AS sql FROM pragma_integrity_check");
    assert_eq!(integrity.iter().map(|found| &*found.name).collect::<Vec<_>>(), ["ok"]);
    let broken = query("SELECT \"table\" AS name, '' AS sql FROM pragma_foreign_key_check");
    assert!(broken.is_empty());
    is_brought_up(&app);
}

#[test]
fn a_postgres_database_of_the_first_release_keeps_its_rows() {
    if !postgres_is_there() {
        return;
    }
    let app = TestApp::upgraded(Backend::Postgres, |url| {
        let mut conn = PgConnection::establish(url).unwrap();
        conn.batch_execute(&rows("'\\x00'", "true", "false")).unwrap();
    });
    is_brought_up(&app);
}
