//! Two servers on one database: what one hears of, the other goes by; and what a share was evaluated on is held to
//! what stands when it is written.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::rt::System;
use greenlight::app::actor::Actor;
use greenlight::app::content_snapshot::ContentSnapshot;
use greenlight::app::idempotency::Once;
use greenlight::app::issuer::Request;
use greenlight::app::shares::SHARE_CREATE;
use greenlight::app::sharing::{ShareCommand, Subject, evaluate, share_tag};
use greenlight::domain::roles::{Role, Scopes};
use greenlight::domain::time::Day;
use greenlight::state::App;
use serde_json::json;

use super::{Guideline, complete, training};
use crate::support::{Backend, Client, Post, TestApp, both, postgres_is_there};

both! {
    fn r13_a_node_that_has_not_heard_of_an_acceptance_asks_before_it_refuses(app) {
        let post = app.live_post();
        let guideline = Guideline::approved(app, "sharing", |_| ());
        let id = training(app, |_| ());
        let employee = app.employee();
        // It follows nothing by itself: what it knows is as of now.
        let node = app.another_node();
        guideline.accept(&employee).expect(201);
        complete(&app.admin(), &id, &employee.id(), "2026-11-20").expect(200);
        assert!(node.snapshots.access().version() < app.state().snapshots.access().version());
        share_at(&node, &employee, &post).unwrap();
    }

    fn r13_a_node_that_has_not_heard_of_a_guideline_issues_nothing_against_it(app) {
        let post = app.live_post();
        let employee = app.employee();
        let node = app.another_node();
        share_at(&node, &employee, &post).unwrap();
        Guideline::approved(app, "sharing", |_| ());
        let refused = share_at(&node, &employee, &post).unwrap_err();
        assert_eq!(refused, "obligations_open");
        training(app, |_| ());
        let refused = share_at(&node, &employee, &post).unwrap_err();
        assert_eq!(refused, "obligations_open");
    }
}

/// What an employee asks for, past HTTP.
fn asked(client: &Client, post: &Post) -> (Actor, ShareCommand, Once) {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let key = format!("there-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let once = Once { operation: SHARE_CREATE, key: Some(key), body: Vec::new() };
    let scopes = Scopes::of_roles([Role::Employee]);
    let actor = Actor { person: Some(client.id().parse().unwrap()), client: None, session: None, scopes };
    let command = ShareCommand {
        subject: Subject::Post(post.id.parse().unwrap()),
        digest: post.digest.parse().unwrap(),
        channel: serde_json::from_value(json!("linkedin")).unwrap(),
        language: None,
        copy_id: None,
        comment: None,
    };
    (actor, command, once)
}

/// Asks another node for a share; answers the code of a refusal.
fn share_at(node: &App, client: &Client, post: &Post) -> Result<(), String> {
    let (actor, command, once) = asked(client, post);
    let shared = System::new().block_on(node.desk().share_create(&actor, command, &once));
    shared.map(drop).map_err(|error| error.code.slug().to_owned())
}

both! {
    fn r13_a_share_is_held_to_the_obligations_at_the_time_it_is_written(app) {
        let (post, employee) = (app.live_post(), app.employee());
        let begins = app.clock().now().after(Duration::from_hours(1));
        Guideline::approved(app, "sharing", |content| content["in_force_from"] = json!(begins.to_string()));
        let node = app.state();
        let (content, access) = (node.snapshots.content(), node.snapshots.access());
        let (actor, command, once) = asked(&employee, &post);
        let person = access.person(employee.id().parse().unwrap()).unwrap();
        let now = app.clock().now();
        let evaluated = evaluate(&content, person, &node.context, &command, &share_tag().unwrap(), now).unwrap();
        assert_eq!(evaluated.holds_until, Some(begins));
        app.clock().set(begins);
        let scope = once.scope(&actor).unwrap();
        let request = Request { person: person.id, actor, command, scope, body_hmac: "00".to_owned() };
        let issued = System::new().block_on(node.issuer.issue(&node.context, person, request, evaluated));
        assert_eq!(issued.unwrap_err().code.slug(), "obligations_open");
    }

    fn r13_an_evaluation_from_rows_knows_every_obligation(app) {
        let post = app.live_post();
        Guideline::approved(app, "sharing", |_| ());
        training(app, |_| ());
        let node = app.state();
        let (present, now) = (node.snapshots.content(), app.clock().now());
        let some = node.db.read_now(|conn| {
            ContentSnapshot::load_some(conn, &[post.id.parse().unwrap()], &present, present.version, now)
        });
        assert_eq!(some.unwrap().asked().obligations(), present.asked().obligations());
        assert_eq!(present.asked().obligations().len(), 2);
    }
}

#[test]
fn r13_two_servers_on_one_postgres_agree_at_once() {
    if !postgres_is_there() {
        return;
    }
    let app = TestApp::on_system_time(Backend::Postgres);
    let post = app.live_post();
    let server = app.server_process();
    let (here, there) = (app.employee(), app.employee().at_process(&server));
    let share = |key: &str| there.post("/v1/shares").json(&post.share()).idempotency_key(key).send();
    share("before").expect(201);
    let guideline = Guideline::approved(&app, "sharing", |_| ());
    share("blocked").problem("obligations_open");
    guideline.accept(&here).expect(201);
    share("accepted").expect(201);
    let id = training(&app, |_| ());
    share("untrained").problem("obligations_open");
    let today = Day::of(app.clock().now()).to_string();
    complete(&app.admin(), &id, &here.id(), &today).expect(200);
    share("trained").expect(201);
    let body = json!({ "person": here.id(), "reason": "The wrong person." });
    app.admin().post(&format!("/v1/trainings/{id}/withdrawals")).json(&body).send().expect(204);
    share("withdrawn").problem("obligations_open");
}
