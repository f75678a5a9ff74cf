//! What is due, while some of it cannot be done; and whom a late stage is escalated to.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use greenlight::app::deadlines::{Ran, Unfinished, run};
use greenlight::domain::ids::ReviewId;
use greenlight::domain::roles::Role;
use greenlight::domain::time::Time;
use greenlight::store::connection::{Conn, DatabaseUrl};
use greenlight::store::reviews::ReviewRow;
use greenlight::store::write::WriteTx;
use greenlight::store::{Lane, go_live_checks, review_stages, reviews, urgent_publications};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

const HOUR: Duration = Duration::from_hours(1);

fn run_jobs(app: &TestApp) -> Result<Ran, Unfinished> {
    let state = app.state();
    run(&state.db, &state.context, &state.rules(), state.clock.now())
}

fn review_of(app: &TestApp, post: &Post) -> Value {
    app.author().get(&post.path("")).send().expect(200)["review"].clone()
}

/// Changes the database past the program, on each of the two in its own words.
fn change(app: &TestApp, sqlite: &str, postgres: &str) {
    let is_postgres = matches!(app.state().db.url(), DatabaseUrl::Postgres(_));
    let sql = if is_postgres { postgres } else { sqlite };
    let change = |tx: &mut WriteTx<'_>| Ok(tx.conn().batch_execute(sql)?);
    app.state().db.write_now(Lane::Ordinary, change).unwrap();
}

/// Leaves a review that no use case can read.
fn spoil(app: &TestApp, review: &str) {
    let spoil = format!("UPDATE reviews SET stages = '?' WHERE id = '{review}';");
    let trigger = "DROP TRIGGER r08_reviews_keep_their_stages";
    change(app, &format!("{trigger}; {spoil}"), &format!("{trigger} ON reviews; {spoil}"));
}

/// Makes a table refuse every row of which this is true.
fn refuse(app: &TestApp, event: &str, table: &str, condition: &str) {
    let begin = format!("CREATE TRIGGER spoilt_{table} BEFORE {event} ON {table}");
    let function = format!("CREATE FUNCTION spoilt_{table}() RETURNS trigger LANGUAGE plpgsql");
    change(
        app,
        &format!("{begin} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'spoilt'); END;"),
        &format!(
            "{function} AS $$ BEGIN RAISE EXCEPTION 'spoilt'; END $$;
             {begin} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION spoilt_{table}();"
        ),
    );
}

/// Posts under review that close in this time, the first of which cannot be worked with.
fn spoilt_first(app: &TestApp, number: usize, open_for: Duration) -> Vec<Post> {
    let ends = app.clock().now().after(open_for).to_string();
    let posts: Vec<Post> =
        (0..number).map(|_| app.submit(&app.draft(|content| content["expires_at"] = json!(ends)))).collect();
    spoil(app, review_of(app, &posts[0])["id"].as_str().unwrap());
    posts
}

/// Anna decides within two days; then the boss may as well.
fn with_dates(app: &TestApp) -> Client {
    let (anna, boss) = (app.person("anna", &[Role::Reviewer]), app.person("boss", &[Role::Reviewer]));
    let stages = json!([{
        "name": "anna", "reviewers": { "person": anna.id() }, "quorum": "any",
        "due_in_hours": 48, "remind_after_hours": 24, "escalate_to": { "person": boss.id() },
    }]);
    app.change_workflow(&json!({ "stages": stages })).expect(200);
    anna
}

fn save_escalating(app: &TestApp, to: &Value) -> Answer {
    let stage = |name: &str| json!({ "name": name, "reviewers": { "role": "reviewer" }, "quorum": "any" });
    let mut late = stage("second");
    late["due_in_hours"] = json!(2);
    late["escalate_to"] = to.clone();
    app.change_workflow(&json!({ "stages": [stage("first"), late], "same_person_twice": true }))
}

/// Reads a list to its end, a row at a time, and checks that each row comes once.
#[track_caller]
fn paged<T>(
    app: &TestApp,
    number: usize,
    read: impl Fn(&mut Conn, Option<&T>) -> greenlight::error::Result<Vec<T>>,
    name: impl Fn(&T) -> String,
) {
    let mut found: Vec<T> = Vec::new();
    loop {
        let page = app.state().db.read_now(|conn| read(conn, found.last())).unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page);
        assert!(found.len() <= number, "more than there are");
    }
    let names: std::collections::BTreeSet<String> = found.iter().map(name).collect();
    assert_eq!((found.len(), names.len()), (number, number));
}

both! {
    fn a_review_that_cannot_be_worked_with_keeps_no_other_waiting(app) {
        let anna = with_dates(app);
        let posts = spoilt_first(app, 4, HOUR * 72);
        app.advance(HOUR * 24);
        // What cannot be reminded of cannot be looked at for whether it is stuck either.
        let ran = Ran { reminded: 3, ..Ran::default() };
        assert_eq!(run_jobs(app), Err(Unfinished { ran, failed: 2 }));
        assert_eq!(run_jobs(app), Err(Unfinished { ran: Ran::default(), failed: 2 }));
        app.advance(HOUR * 24);
        let ran = Ran { overdue: 3, ..Ran::default() };
        assert_eq!(run_jobs(app), Err(Unfinished { ran, failed: 3 }));
        let path = format!("/v1/people/{}", anna.id());
        let version = app.admin().get(&path).send().expect(200)["version"].clone();
        let left = app.admin().patch(&path).if_match(&version).json(&json!({ "active": false })).send();
        assert!(left.expect(200).list("/stuck_reviews").is_empty(), "the boss may decide, where it could be told");
        app.advance(HOUR * 24);
        let ran = Ran { lapsed: 3, ..Ran::default() };
        assert_eq!(run_jobs(app), Err(Unfinished { ran, failed: 4 }));
        for post in &posts[1..] {
            assert_eq!(review_of(app, post)["state"], "lapsed");
        }
    }

    fn stuck_reviews_are_found_beside_one_that_cannot_be_looked_at(app) {
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Legal" })).send().expect(201);
        let legal = app.person("legal", &[Role::Reviewer]);
        let member = format!("/v1/groups/{}/members/{}", group.text("/id"), legal.id());
        app.admin().put(&member).send().expect(204);
        let stages = json!([{ "name": "legal", "reviewers": { "group": group["id"] }, "quorum": "any" }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        let posts = spoilt_first(app, 3, HOUR * 72);
        let left = app.admin().delete(&member).send().expect(200);
        let stuck: Vec<Value> = posts[1..].iter().map(|post| review_of(app, post)["id"].clone()).collect();
        assert_eq!(left["stuck_reviews"], json!(stuck), "the change stands, and the others are named");
    }

    fn what_goes_live_and_what_is_unreviewed_do_not_wait_for_each_other(app) {
        let later = app.clock().now().after(HOUR).to_string();
        let post = || app.approved_post(|content| content["publish_at"] = json!(later));
        let scheduled: Vec<Post> = (0..3).map(|_| post()).collect();
        let urgent: Vec<Post> = (0..3).map(|_| app.draft(|_| ())).collect();
        for draft in &urgent {
            let body = json!({ "digest": draft.digest, "reason": "It cannot wait." });
            app.publisher().post(&draft.path("/urgent-publication")).json(&body).send().expect(201);
        }
        refuse(app, "INSERT", "go_live_checks", &format!("NEW.item_id = '{}'", scheduled[0].id));
        refuse(app, "UPDATE", "urgent_publications", &format!("NEW.item_id = '{}'", urgent[0].id));
        app.advance(HOUR);
        assert_eq!(run_jobs(app), Err(Unfinished { ran: Ran::default(), failed: 1 }));
        app.advance(HOUR * 24);
        let ran = Ran { blocked: 2, ..Ran::default() };
        assert_eq!(run_jobs(app), Err(Unfinished { ran, failed: 2 }));
        assert_eq!(run_jobs(app), Err(Unfinished { ran: Ran::default(), failed: 2 }));
    }

    fn the_command_does_the_rest_names_what_failed_and_ends_with_one(app) {
        app.reviewer();
        // The command goes by the machine's clock, for which no window may have closed.
        let posts = spoilt_first(app, 2, HOUR * 24 * 365 * 100);
        let find = |conn: &mut Conn| reviews::find_of(conn, posts[0].id.parse().unwrap(), 1);
        let spoilt = app.state().db.read_now(find);
        let spoilt: ReviewId = spoilt.unwrap().unwrap().id;
        let ran = app.command(&["jobs", "run"]);
        let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert_eq!(ran.status.code(), Some(1), "{out}{err}");
        assert!(out.starts_with("reminded 0, ") && !out.ends_with("told of 0\n"), "the rest is done: {out}");
        assert!(err.lines().any(|line| line.contains(&spoilt.to_string()) && line.contains("ERROR")), "{err}");
        assert!(err.lines().last().unwrap().starts_with("greenlight: 1 of what is due could not be done"), "{err}");
    }

    fn what_is_due_at_the_same_moment_is_read_page_after_page(app) {
        with_dates(app);
        let ends = app.clock().now().after(HOUR * 48).to_string();
        let begins = app.clock().now().after(HOUR * 47).to_string();
        for _ in 0..3 {
            app.submit(&app.draft(|content| content["expires_at"] = json!(ends)));
            let draft = app.draft(|_| ());
            let body = json!({ "digest": draft.digest, "reason": "It cannot wait." });
            app.publisher().post(&draft.path("/urgent-publication")).json(&body).send().expect(201);
        }
        let stages = json!([{ "name": "any", "reviewers": { "role": "reviewer" }, "quorum": "any" }]);
        app.change_workflow(&json!({ "stages": stages })).expect(200);
        for _ in 0..3 {
            app.approved_post(|content| content["publish_at"] = json!(begins));
        }
        app.advance(HOUR * 48);
        let now = app.clock().now();
        let span = (Time::from_micros(0), now);
        paged(app, 6, |conn, after| review_stages::to_remind(conn, now, after, 1), |row| row.review_id.to_string());
        paged(app, 6, |conn, after| review_stages::to_escalate(conn, now, after, 1), |row| row.review_id.to_string());
        paged(app, 3, |conn, after| go_live_checks::waiting(conn, span, after, 1), |row| row.item.to_string());
        paged(app, 3, |conn, after| urgent_publications::overdue(conn, now, after, 1), |row| row.item_id.to_string());
        let outlived = |conn: &mut Conn, after: Option<&ReviewRow>| reviews::outlived(conn, now, after.map(|row| row.id), 1);
        paged(app, 3, outlived, |row| row.id.to_string());
    }

    fn looking_for_what_is_due_is_served_by_indexes(app) {
        let now = Time::from_micros(0);
        let (_, plan) = app.plan(|conn| review_stages::to_remind(conn, now, None, 200));
        assert!(plan.contains("review_stages_remind"), "{plan}");
        let (_, plan) = app.plan(|conn| review_stages::to_escalate(conn, now, None, 200));
        assert!(plan.contains("review_stages_due"), "{plan}");
        let (_, plan) = app.plan(|conn| urgent_publications::overdue(conn, now, None, 200));
        assert!(plan.contains("urgent_publications_due"), "{plan}");
        let (_, plan) = app.plan(|conn| go_live_checks::waiting(conn, (now, now), None, 200));
        assert!(plan.contains("revisions_publish"), "{plan}");
    }

    fn a_stage_is_escalated_to_somebody_who_can_decide(app) {
        app.reviewer();
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Bosses" })).send().expect(201);
        let boss = app.person("boss", &[Role::Employee]);
        let bosses = json!({ "group": group["id"] });
        let refused = |to: &Value| {
            let refused = save_escalating(app, to).problem("invalid_content");
            assert_eq!(refused.list("/errors").len(), 1);
            let fault = &refused["errors"][0];
            assert_eq!(
                (&fault["pointer"], &fault["code"]),
                (&json!("#/stages/1/escalate_to"), &json!("nobody_can_decide"))
            );
        };
        refused(&bosses);
        refused(&json!({ "role": "employee" }));
        refused(&json!({ "person": boss.id() }));
        app.admin().put(&format!("/v1/groups/{}/members/{}", group.text("/id"), boss.id())).send().expect(204);
        refused(&bosses);
        let path = format!("/v1/people/{}", boss.id());
        let change = |body: Value| {
            let version = app.admin().get(&path).send().expect(200)["version"].clone();
            app.admin().patch(&path).if_match(&version).json(&body).send().expect(200);
        };
        change(json!({ "roles": ["employee", "reviewer"] }));
        save_escalating(app, &bosses).expect(200);
        save_escalating(app, &json!({ "role": "employee" })).expect(200);
        change(json!({ "active": false }));
        refused(&bosses);
        save_escalating(app, &json!({ "role": "reviewer" })).expect(200);
    }
}
