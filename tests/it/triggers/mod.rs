//! What the database itself refuses, whatever the program asks: each trigger is tried with plain SQL.

mod attempts;
mod campaigns;
mod obligations;
mod rechecks;
mod registers;
mod reviews;
mod targets;
mod urgent;

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::Text;
use greenlight::error::Error;
use greenlight::store::Lane;

use crate::support::{Backend, TestApp, both};
use attempts::insert_decision;
use targets::Targets;

/// Runs a statement in a transaction that is taken back.
fn attempt(app: &TestApp, sql: &str) -> QueryResult<()> {
    let mut result = Ok(());
    let undone = app.state().db.write_now(Lane::Ordinary, |tx| -> Result<(), Error> {
        result = tx.conn().batch_execute(sql);
        Err(Error::unavailable("taken back"))
    });
    assert!(undone.is_err());
    result
}

/// Everything that the triggers of one rule must refuse is refused by them.
#[track_caller]
fn refused(app: &TestApp, rule: &str) {
    let targets = Targets::make(app);
    let attempts = targets.attempts();
    let of_rule: Vec<_> = attempts.iter().filter(|(trigger, _)| trigger.starts_with(rule)).collect();
    assert!(!of_rule.is_empty(), "{rule}");
    for (trigger, statements) in of_rule {
        for sql in statements {
            let error = attempt(app, sql).expect_err(&format!("{trigger}: {sql}")).to_string();
            assert!(error.contains(&format!("{rule}: ")), "{trigger}: {sql}: {error}");
        }
    }
}

both! {
    fn r01_the_database_takes_no_approval_but_a_reviews(app) {
        refused(app, "r01");
    }

    fn r02_the_database_keeps_frozen_revisions(app) {
        refused(app, "r02");
    }

    fn r03_the_database_takes_no_decision_of_an_author(app) {
        refused(app, "r03");
    }

    fn r05_the_database_takes_no_decision_in_a_closed_review(app) {
        refused(app, "r05");
    }

    fn r07_the_database_keeps_recalls(app) {
        refused(app, "r07");
    }

    fn r08_the_database_keeps_decisions_reviews_and_what_held(app) {
        refused(app, "r08");
    }

    fn r13_the_database_keeps_what_people_were_asked_and_have_done(app) {
        refused(app, "r13");
    }

    fn r12_the_database_keeps_rechecks_and_what_they_touch(app) {
        refused(app, "r12");
    }

    fn r15_the_database_keeps_shares(app) {
        refused(app, "r15");
    }

    fn r17_the_database_keeps_freezes(app) {
        refused(app, "r17");
    }

    fn c16_the_database_keeps_urgent_publications(app) {
        refused(app, "c16");
    }

    fn r20_the_database_keeps_the_record(app) {
        refused(app, "r20");
    }

    fn r21_the_database_orders_shares_after_approvals(app) {
        refused(app, "r21");
    }

    fn r04_r05_r16_constraints_hold_what_triggers_do_not(app) {
        let targets = Targets::make(app);
        let other = format!("'{}'", targets.other_person);
        let second_review = format!(
            "INSERT INTO reviews (id, item_id, kind, revision, digest, state, workflow_id, stages, comment_room, \
             opened_at) SELECT 'other', '{}', kind, 1, '{}', 'open', workflow_id, stages, comment_room, opened_at \
             FROM reviews WHERE item_id = '{}'",
            targets.open.id, targets.open.digest, targets.shared.id
        );
        let second_key = "INSERT INTO idempotency_keys SELECT * FROM idempotency_keys".to_owned();
        let without_reason = insert_decision(&targets.open, &other, "'reject', NULL");
        let kind = |sql: &str| match attempt(app, sql) {
            Err(DieselError::DatabaseError(kind, _)) => format!("{kind:?}"),
            other => panic!("{sql}: {other:?}"),
        };
        assert_eq!(kind(&second_review), format!("{:?}", DatabaseErrorKind::UniqueViolation));
        assert_eq!(kind(&second_key), format!("{:?}", DatabaseErrorKind::UniqueViolation));
        assert_eq!(kind(&without_reason), format!("{:?}", DatabaseErrorKind::CheckViolation));
    }

    fn r02_r22_a_redaction_and_an_erasure_are_let_through(app) {
        let targets = Targets::make(app);
        let shared = &targets.shared.id;
        for sql in [
            format!("UPDATE revisions SET content = NULL, redacted_idx = 0 WHERE item_id = '{shared}'"),
            "UPDATE record_entries SET statement = NULL, fields = NULL, record_key = NULL, redaction_idx = 1 \
             WHERE idx = 0".to_owned(),
            "UPDATE record_personal SET person_id = NULL, ciphertext = NULL".to_owned(),
            "UPDATE revision_authors SET person_id = NULL".to_owned(),
            "UPDATE decisions SET person_id = NULL".to_owned(),
            "UPDATE review_comments SET person_id = NULL".to_owned(),
            "UPDATE review_suggestions SET person_id = NULL, accepted_by = NULL".to_owned(),
            "UPDATE post_proposals SET person_id = NULL, words = NULL, withdrawn_reason = NULL, declined_by = NULL".to_owned(),
            "UPDATE shares SET person_id = NULL, state = 'failed'".to_owned(),
            "UPDATE rechecks SET person_id = NULL, withdrawn_by = NULL".to_owned(),
        ] {
            attempt(app, &sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
    }
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[test]
fn every_trigger_is_tried() {
    let app = TestApp::new(Backend::Sqlite);
    let sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
    let names: Vec<Name> =
        app.state().db.read_now(|conn| Ok(diesel::sql_query(sql).load(conn).unwrap())).unwrap();
    let there: BTreeSet<String> = names.into_iter().map(|name| name.name).collect();
    let attempts = Targets::make(&app).attempts();
    let tried: BTreeSet<String> = attempts.iter().map(|(trigger, _)| (*trigger).to_owned()).collect();
    assert_eq!(tried, there);
}
