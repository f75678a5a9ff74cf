//! What is forgotten in time, in small parts, and what is kept.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use greenlight::domain::ids::{PersonId, SessionId};
use greenlight::jobs::housekeeping::{forget_keys, forget_sessions};
use greenlight::store::idempotency::{self, Scope, Use};
use greenlight::store::{Lane, sessions};

use crate::support::{TestApp, both};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(app: &TestApp, of: &str) -> i64 {
    let sql = diesel::sql_query(format!("SELECT count(*) AS count FROM {of}"));
    app.state().db.read_now(|conn| Ok(sql.get_result::<Count>(conn).unwrap())).unwrap().count
}

fn run<T>(job: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(job)
}

/// Uses these many keys of one operation, each of another person.
fn use_keys(app: &TestApp, operation: &'static str, number: usize) {
    let used = |_| Use {
        scope: Scope { client: None, person: Some(PersonId::generate()), operation, key: "one".to_owned() },
        status: 201,
        resource_id: "any".to_owned(),
        body_hmac: "any".to_owned(),
    };
    let uses: Vec<Use> = (0..number).map(used).collect();
    app.state().db.write_now(Lane::Ordinary, |tx| idempotency::insert_all(tx, &uses)).unwrap();
}

both! {
    fn old_idempotency_keys_are_forgotten_in_parts_but_not_those_of_shares(app) {
        use_keys(app, "person_create", 501);
        use_keys(app, "share_create", 2);
        app.advance(Duration::from_hours(72));
        use_keys(app, "item_create", 1);
        run(forget_keys(app.state())).unwrap();
        assert_eq!(count(app, "idempotency_keys"), 504, "none is older than 72 hours");
        app.advance(Duration::from_secs(1));
        let before = app.clock().now().before(Duration::from_hours(72));
        let sweep = || app.state().db.write_now(Lane::Ordinary, |tx| idempotency::sweep(tx, before)).unwrap();
        assert_eq!(sweep().value, 500);
        run(forget_keys(app.state())).unwrap();
        assert_eq!(count(app, "idempotency_keys"), 3);
        assert_eq!(count(app, "idempotency_keys WHERE operation = 'share_create'"), 2);
    }

    fn sessions_are_forgotten_a_month_after_they_ended(app) {
        let person: PersonId = app.employee().id().parse().unwrap();
        let begin = |hours| {
            let (id, now) = (SessionId::generate(), app.clock().now());
            let until = now.after(Duration::from_hours(hours));
            app.state().db.write_now(Lane::Ordinary, |tx| {
                sessions::insert(tx.conn(), id, person, now, until)?;
                sessions::insert_refresh(tx.conn(), &id.to_string(), id, now)
            }).unwrap();
            id
        };
        let month = 30 * 24;
        let (expired, ended, open) = (begin(1), begin(2 * month), begin(2 * month));
        let now = app.clock().now();
        app.state().db.write_now(Lane::Ordinary, |tx| sessions::revoke(tx.conn(), ended, now)).unwrap();
        let there = |id| {
            let is_open = app.state().db.read_now(|conn| sessions::find(conn, id)).unwrap().is_some();
            let tokens = count(app, &format!("refresh_tokens WHERE session_id = '{id}'"));
            assert_eq!(tokens == 1, is_open);
            is_open
        };
        app.advance(Duration::from_hours(month));
        run(forget_sessions(app.state())).unwrap();
        assert!(there(expired) && there(ended));
        app.advance(Duration::from_secs(1));
        run(forget_sessions(app.state())).unwrap();
        assert!(there(expired) && !there(ended) && there(open));
        app.advance(Duration::from_hours(1));
        run(forget_sessions(app.state())).unwrap();
        assert!(!there(expired) && there(open));
    }
}
