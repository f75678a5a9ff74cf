//! Two servers on one database: what one hears of, the other goes by.

use serde_json::json;

use super::{Guideline, complete, training};
use crate::support::{Backend, TestApp, both, postgres_is_there};

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

/// Asks another node for a share, past HTTP; answers the code of a refusal.
fn share_at(
    node: &greenlight::state::App,
    client: &crate::support::Client,
    post: &crate::support::Post,
) -> Result<(), String> {
    use std::sync::atomic::{AtomicU32, Ordering};

    use greenlight::app::actor::Actor;
    use greenlight::app::idempotency::Once;
    use greenlight::app::sharing::{ShareCommand, Subject};
    use greenlight::domain::roles::{Role, Scopes};
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let key = format!("there-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let once = Once { operation: greenlight::app::shares::SHARE_CREATE, key: Some(key), body: Vec::new() };
    let actor = Actor {
        person: Some(client.id().parse().unwrap()),
        client: None,
        session: None,
        scopes: Scopes::of_roles([Role::Employee]),
    };
    let command = ShareCommand {
        subject: Subject::Post(post.id.parse().unwrap()),
        digest: post.digest.parse().unwrap(),
        channel: serde_json::from_value(json!("linkedin")).unwrap(),
        language: None,
        copy_id: None,
        comment: None,
    };
    let shared = actix_web::rt::System::new().block_on(node.desk().share_create(&actor, command, &once));
    shared.map(drop).map_err(|error| error.code.slug().to_owned())
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
    let today = greenlight::domain::time::Day::of(app.clock().now()).to_string();
    complete(&app.admin(), &id, &here.id(), &today).expect(200);
    share("trained").expect(201);
    let body = json!({ "person": here.id(), "reason": "The wrong person." });
    app.admin().post(&format!("/v1/trainings/{id}/withdrawals")).json(&body).send().expect(204);
    share("withdrawn").problem("obligations_open");
}
