//! Rechecks of many posts, which are written in parts; and what other servers make of them.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use greenlight::app::notifications::spread;
use greenlight::domain::content::Content;
use greenlight::domain::ids::{ItemId, Kind, PersonId, RecheckId};
use greenlight::domain::recheck::{Because, RecheckAction};
use greenlight::domain::revision::document;
use greenlight::domain::roles::Role;
use greenlight::jobs::housekeeping::forget_rechecks;
use greenlight::store::rechecks::{NewRecheck, TouchedRow};
use greenlight::store::revisions::{DraftText, Frozen};
use greenlight::store::{Lane, items, rechecks, revisions};
use serde_json::json;

use super::{Source, approve_anew, assert_blocked, assert_live, feed, guideline, item};
use crate::support::{Backend, Post, TestApp, both, postgres_is_there};

/// More than two transactions write.
const MANY: usize = 700;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(app: &TestApp, of: &str) -> i64 {
    let sql = diesel::sql_query(format!("SELECT count(*) AS count FROM {of}"));
    app.state().db.read_now(|conn| Ok(sql.get_result::<Count>(conn).unwrap())).unwrap().count
}

/// Posts that are approved, by the author. A review of each would take its time, so the database is kept from asking
/// for one.
fn many_posts(app: &TestApp) -> Vec<ItemId> {
    let author: PersonId = app.author().id().parse().unwrap();
    let content = Content::parse(Kind::Post, &app.content()).unwrap();
    let json = content.to_json().unwrap();
    let ids: Vec<ItemId> = (0..MANY).map(|_| ItemId::generate()).collect();
    let is_sqlite = app.state().config.database_url.starts_with("sqlite:");
    let drop = |trigger: &str, table: &str| match is_sqlite {
        true => format!("DROP TRIGGER {trigger}"),
        false => format!("DROP TRIGGER {trigger} ON {table}"),
    };
    let unasked =
        [drop("r01_not_born_approved", "revisions"), drop("r02_authors_are_frozen", "revision_authors")];
    let made = app.state().db.write_now(Lane::Ordinary, |tx| {
        for sql in &unasked {
            diesel::sql_query(sql).execute(tx.conn())?;
        }
        for id in &ids {
            let (_, digest) = document(*id, None, 1, &content, &[])?;
            let text = DraftText {
                content: &json,
                digest: &digest,
                publish_at: None,
                expires_at: None,
                campaign: None,
            };
            items::insert(tx, *id, Kind::Post, None, Some(author))?;
            revisions::insert_imported(tx, *id, &text, &Frozen { pins: "[]", digest: &digest, idx: 0 })?;
            revisions::add_authors(tx, *id, 1, &[author])?;
            items::mark_changed(tx, *id)?;
        }
        Ok(())
    });
    made.unwrap();
    app.state().snapshots.refresh_now().unwrap();
    ids
}

fn post(app: &TestApp, id: ItemId) -> Post {
    let found = app.author().get(&format!("/v1/posts/{id}")).send().expect(200);
    Post { id: id.to_string(), revision: 1, digest: found.text("/working_revision/digest").to_owned() }
}

both! {
    fn r12_many_posts_are_blocked_by_one_entry_and_each_is_told_once(app) {
        let (posts, source) = (many_posts(app), Source::made(app, "guidelines", Some("do"), &guideline(&json!({}))));
        app.publisher();
        let before = app.record_size();
        let recheck = source.recheck(app, "reapprove");
        assert_eq!((&recheck["posts"], app.record_size()), (&json!(MANY), before + 1));
        let blocked = format!("recheck_posts WHERE recheck_id = '{}'", recheck.text("/id"));
        assert_eq!(count(app, &blocked), i64::try_from(MANY).unwrap());
        for id in [posts[0], posts[MANY / 2], posts[MANY - 1]] {
            assert_blocked(app, &post(app, id), &[source.blocker(&recheck)]);
        }
        assert!(feed(app).is_empty());
        // Whoever falls behind learns the same from the version of the recheck.
        let node = app.another_node();
        let content = node.snapshots.content();
        let now = app.clock().now();
        let is_blocked = |id: &ItemId| content.availability(content.item(*id).unwrap(), now).0.as_str() == "blocked";
        assert!(posts.iter().all(is_blocked));

        assert_eq!(count(app, "announcements WHERE topic = 'recheck'"), 1);
        for _ in 0..2 {
            spread(&app.state().db, app.clock()).unwrap();
        }
        let told = |person: &str| count(app, &format!("notifications WHERE topic = 'recheck' AND person_id = '{person}'"));
        assert_eq!((told(&app.author().id()), told(&app.publisher().id())), (i64::try_from(MANY).unwrap(), 1));
        // Where it was interrupted before it said that it was done, it tells nobody twice.
        let undone = "UPDATE announcements SET spread_at = NULL";
        app.state().db.write_now(Lane::Ordinary, |tx| Ok(diesel::sql_query(undone).execute(tx.conn())?)).unwrap();
        for _ in 0..2 {
            spread(&app.state().db, app.clock()).unwrap();
        }
        assert_eq!(told(&app.author().id()), i64::try_from(MANY).unwrap());
        assert_eq!(count(app, "announcements WHERE topic = 'recheck'"), i64::try_from(MANY).unwrap() + 1);
    }

    fn what_was_written_for_a_recheck_that_never_took_effect_is_nothing_and_is_forgotten(app) {
        let (posts, source) = (many_posts(app), Source::made(app, "guidelines", Some("do"), &guideline(&json!({}))));
        let id = RecheckId::generate();
        let begun = NewRecheck {
            id,
            item: source.id.parse().unwrap(),
            revision: 1,
            digest: &source.digest.parse().unwrap(),
            action: RecheckAction::Reapprove,
            reason: None,
            person: app.publisher().id().parse().unwrap(),
        };
        let row = |post: &ItemId| TouchedRow { post_id: *post, revision: 1, because: Because::SharedAudience };
        let rows: Vec<TouchedRow> = posts.iter().map(row).collect();
        let interrupted = app.state().db.write_now(Lane::Ordinary, |tx| {
            rechecks::begin(tx, &begun)?;
            rechecks::add_posts(tx, id, &rows)
        });
        interrupted.unwrap();
        app.state().snapshots.refresh_now().unwrap();
        assert_live(app, &post(app, posts[MANY - 1]));
        assert_eq!(app.author().get(&source.path("/rechecks")).send().expect(200)["items"], json!([]));
        let under = source.path(&format!("/rechecks/{id}/posts"));
        app.author().get(&under).send().problem("not_found");
        let node = app.another_node();
        let content = node.snapshots.content();
        assert!(content.item(posts[0]).unwrap().history.rechecks.is_empty());

        // Another one takes effect, and is not swept with it.
        let recheck = source.recheck(app, "reapprove");
        let sweep = || actix_web::rt::System::new().block_on(forget_rechecks(app.state())).unwrap();
        app.advance(Duration::from_hours(24));
        sweep();
        assert_eq!(count(app, "rechecks"), 2);
        app.advance(Duration::from_secs(1));
        sweep();
        assert_eq!((count(app, "rechecks"), count(app, "recheck_posts")), (1, i64::try_from(MANY).unwrap()));
        assert_eq!(item(app, &post(app, posts[0]))["blocked_by"], json!([source.blocker(&recheck)]));
    }
}

/// R17 for rechecks: from its answer on no other server issues a share of what is to be approved anew, and from the
/// approval on it does again.
#[test]
fn r12_r17_another_process_refuses_at_once_what_is_to_be_approved_anew() {
    if !postgres_is_there() {
        return;
    }
    let app = TestApp::on_system_time(Backend::Postgres);
    let server = app.server_process();
    let there = app.person("elsewhere", &[Role::Employee]).at_process(&server);
    let source = Source::made(&app, "guidelines", Some("do"), &guideline(&json!({})));
    for _ in 0..10 {
        let post = app.live_post();
        app.share_as(&there, &post).expect(201);
        source.recheck(&app, "reapprove");
        let refused = app.share_as(&there, &post).problem("blocked");
        assert_eq!(refused["blocked_by"][0]["code"], "recheck");
        let again = approve_anew(&app, &post);
        app.share_as(&there, &again).expect(201);
    }
}
