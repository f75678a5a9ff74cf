//! Notifications: who is told what, once, and what becomes of it.

use std::sync::Barrier;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use greenlight::app::notifications::spread;
use greenlight::domain::announcement::{Detail, Recipient, Recipients, Topic};
use greenlight::domain::ids::{GroupId, NotificationId, PersonId};
use greenlight::domain::roles::{Role, Scope};
use greenlight::domain::workflow::Reviewers;
use greenlight::jobs::notifications::forget;
use greenlight::store::announcements::{self, NewAnnouncement, announce};
use greenlight::store::recipients::{Source, page};
use greenlight::store::{Db, Lane, notifications};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Post, TestApp, both};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(app: &TestApp, of: &str) -> i64 {
    let sql = diesel::sql_query(format!("SELECT count(*) AS count FROM {of}"));
    app.state().db.read_now(|conn| Ok(sql.get_result::<Count>(conn).unwrap())).unwrap().count
}

/// Tells everybody now, and answers how many announcements were spread.
fn tell(app: &TestApp) -> usize {
    spread(&app.state().db, app.clock()).unwrap()
}

fn told(who: &Client) -> Answer {
    who.get("/v1/me/notifications").send().expect(200)
}

/// The topics of what somebody was told, newest first.
fn topics(who: &Client) -> Vec<String> {
    told(who).list("/items").iter().map(|item| item["topic"].as_str().unwrap().to_owned()).collect()
}

/// Announces a delegation, which is about no item, to these.
fn announce_to(app: &TestApp, recipients: &Recipients) {
    let new = NewAnnouncement {
        topic: Topic::Delegated,
        subject: None,
        review: None,
        stage: None,
        recipients: recipients.clone(),
        detail: Detail::from([("days".to_owned(), 3.into())]),
    };
    app.state().db.write_now(Lane::Ordinary, |tx| announce(tx, &new)).unwrap();
}

fn id(client: &Client) -> PersonId {
    client.id().parse().unwrap()
}

/// Everybody in a group.
fn pool(group: &str) -> Reviewers {
    Reviewers::Group { id: group.parse().unwrap(), name: "Pool".to_owned() }
}

fn group_of(app: &TestApp, members: &[&Client]) -> String {
    let name = json!({ "name": GroupId::generate().to_string() });
    let group = app.admin().post("/v1/groups").json(&name).send().expect(201).text("/id").to_owned();
    for member in members {
        let path = format!("/v1/groups/{group}/members/{}", member.id());
        app.admin().put(&path).send().expect(204);
    }
    group
}

/// A workflow of two stages: any reviewer, then the group.
fn two_stages(app: &TestApp, group: &str) {
    let stages = json!([
        { "name": "editors", "reviewers": { "role": "reviewer" }, "quorum": 1 },
        { "name": "legal", "reviewers": { "group": group }, "quorum": 1 },
    ]);
    app.change_workflow(&json!({ "stages": stages })).expect(200);
}

fn decide(who: &Client, post: &Post, decision: &str) {
    let body = post.decision(decision, Some("because"));
    who.post(&post.path("/decisions")).json(&body).send().expect(201);
}

/// Makes a group of this many reviewers, past the server, since it is about their number.
fn crowd(app: &TestApp, number: usize) -> String {
    let group = group_of(app, &[]);
    let ids: Vec<String> = (0..number).map(|_| PersonId::generate().to_string()).collect();
    let rows = |row: &dyn Fn(&String) -> String| ids.iter().map(row).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "INSERT INTO people (id, version, access_version, created_at) VALUES {};
         INSERT INTO person_activities (id, person_id, from_at) VALUES {};
         INSERT INTO person_roles (id, person_id, role, from_at) VALUES {};
         INSERT INTO group_members (id, group_id, person_id, from_at) VALUES {};",
        rows(&|id| format!("('{id}', 1, 0, 0)")),
        rows(&|id| format!("('{id}', '{id}', 0)")),
        rows(&|id| format!("('{id}', '{id}', 'reviewer', 0)")),
        rows(&|id| format!("('{id}', '{group}', '{id}', 0)")),
    );
    let fill = |tx: &mut greenlight::store::write::WriteTx<'_>| Ok(tx.conn().batch_execute(&sql)?);
    app.state().db.write_now(Lane::Ordinary, fill).unwrap();
    group
}

/// A further node's own connections to the same database.
fn another_node(app: &TestApp) -> Db {
    Db::open(app.state().db.url(), 4, app.clock().clone()).unwrap()
}

both! {
    fn what_is_said_and_suggested_in_a_review_is_told_to_those_it_concerns(app) {
        let post = app.submitted_post(|_| ());
        let item = app.author().get(&post.path("")).send().expect(200);
        let review = format!("/v1/reviews/{}", item.text("/review/id"));
        let said = json!({ "text": "Is that so?" });
        let comment = app.reviewer().post(&format!("{review}/comments")).json(&said).send().expect(201);
        let answer = json!({ "text": "It is.", "reply_to": comment["id"] });
        app.author().post(&format!("{review}/comments")).json(&answer).send().expect(201);
        let changes = json!([{ "pointer": "/content/title", "value": "Better" }]);
        let body = json!({ "changes": changes, "reason": "It reads better." });
        let made = app.reviewer().post(&format!("{review}/suggestions")).json(&body).send().expect(201);
        let path = format!("{review}/suggestions/{}/acceptance", made.text("/id"));
        app.author().post(&path).send().expect(200);
        tell(app);
        let (author, reviewer) = (topics(&app.author()), topics(&app.reviewer()));
        let times = |topics: &[String], topic: &str| topics.iter().filter(|it| *it == topic).count();
        assert_eq!((times(&author, "commented"), times(&author, "suggested")), (1, 1), "{author:?}");
        assert_eq!((times(&reviewer, "commented"), times(&reviewer, "suggestion_taken")), (1, 1), "{reviewer:?}");
    }

    fn each_is_told_once_of_what_concerns_them(app) {
        let writer = app.person("writer", &[Role::Author, Role::Reviewer]);
        let (one, two) = (app.reviewer(), app.person("two", &[Role::Reviewer]));
        let legal = app.person("legal", &[Role::Reviewer]);
        let idle = app.person("idle", &[Role::Employee]);
        two_stages(app, &group_of(app, &[&legal, &one, &idle]));
        let made = writer.post("/v1/posts").json(&json!({ "content": app.content() })).send().expect(201);
        let draft = Post {
            id: made.text("/id").to_owned(),
            revision: 1,
            digest: made.text("/working_revision/digest").to_owned(),
        };
        assert_eq!(tell(app), 0, "a draft is nobody's business");
        let body = json!({ "digest": draft.digest });
        let review = writer.post(&draft.path("/submission")).json(&body).send().expect(201);
        let post = Post { digest: review.text("/digest").to_owned(), ..draft };
        assert!(topics(&one).is_empty(), "people are told after what happened has committed");
        assert_eq!(tell(app), 1);
        for reviewer in [&one, &two, &legal] {
            let item = &told(reviewer)["items"][0];
            assert_eq!(topics(reviewer), ["asked_to_review"]);
            let mut wanted = json!({
                "topic": "asked_to_review",
                "item_id": post.id,
                "kind": "post",
                "revision": 1,
                "review_id": review["id"],
                "stage": 0,
                "detail": { "stage_name": "editors" },
                "created_at": "2026-11-21T09:00:00Z",
            });
            wanted["id"] = item["id"].clone();
            assert_eq!(*item, wanted);
        }
        assert!(topics(&writer).is_empty(), "authors do not decide on their own words");

        decide(&one, &post, "approve");
        assert_eq!(tell(app), 1);
        assert_eq!(topics(&legal), ["asked_to_review", "asked_to_review"]);
        assert_eq!(told(&legal)["items"][0]["stage"], 1);
        assert_eq!((topics(&one).len(), topics(&two).len()), (1, 1), "who decided once is not asked again");
        assert!(topics(&idle).is_empty(), "who may not decide is not asked");

        decide(&legal, &post, "approve");
        assert_eq!(tell(app), 1);
        assert_eq!(topics(&writer), ["decided"]);
        assert_eq!(told(&writer)["items"][0]["detail"], json!({ "outcome": "approved" }));
        app.publisher().post(&post.path("/recall")).json(&json!({ "reason": "wrong" })).send().expect(200);
        assert_eq!(tell(app), 1);
        assert_eq!(topics(&writer), ["recalled", "decided"]);
        assert_eq!(told(&writer)["items"][0]["detail"], Value::Null);
        assert_eq!(tell(app), 0);
        assert_eq!((topics(&one).len(), topics(&legal).len(), topics(&writer).len()), (1, 2, 2));
    }

    fn a_review_that_did_not_approve_is_told_to_its_authors(app) {
        let post = app.submitted_post(|_| ());
        decide(&app.reviewer(), &post, "request_changes");
        tell(app);
        let item = &told(&app.author())["items"][0];
        assert_eq!((&item["topic"], &item["detail"]["outcome"]), (&json!("decided"), &json!("changes_requested")));
    }

    fn recipients_are_resolved_to_active_persons_and_each_counts_once(app) {
        let (one, two) = (app.person("one", &[Role::Publisher]), app.person("two", &[Role::Publisher]));
        let (gone, other) = (app.person("gone", &[Role::Publisher]), app.employee());
        let path = format!("/v1/people/{}", gone.id());
        let deactivate = json!({ "active": false });
        app.admin().patch(&path).if_match(&json!(1)).json(&deactivate).send().expect(200);
        announce_to(app, &Recipients {
            to: vec![
                Recipient::Person(id(&one)),
                Recipient::Person(id(&gone)),
                Recipient::Role(Role::Publisher),
                Recipient::Authors,
                Recipient::Person(id(&other)),
            ],
            except: vec![id(&two)],
        });
        assert_eq!(tell(app), 1);
        assert_eq!(count(app, "notifications"), 2);
        assert_eq!((topics(&one), topics(&other)), (vec!["delegated".to_owned()], vec!["delegated".to_owned()]));
        let item = told(&one)["items"][0].clone();
        assert_eq!((&item["item_id"], &item["detail"]), (&Value::Null, &json!({ "days": 3 })));
        let activate = json!({ "active": true });
        app.admin().patch(&path).if_match(&json!(2)).json(&activate).send().expect(200);
        assert_eq!((tell(app), topics(&app.client(id(&gone))).len()), (0, 0), "what was told is not told to who comes later");
    }

    fn two_nodes_at_once_tell_each_of_a_crowd_once(app) {
        let group = crowd(app, 1101);
        for _ in 0..3 {
            announce_to(app, &Recipients::only(Recipient::Reviewers(pool(&group))));
        }
        let (here, there, start) = (app.state().db.clone(), another_node(app), Barrier::new(2));
        let run = |db: &Db| {
            start.wait();
            spread(db, app.clock()).unwrap()
        };
        std::thread::scope(|scope| {
            let threads = [scope.spawn(|| run(&here)), scope.spawn(|| run(&there))];
            threads.map(|thread| thread.join().unwrap())
        });
        let pairs = "(SELECT DISTINCT announcement_id, person_id FROM notifications) pairs";
        assert_eq!((count(app, "notifications"), count(app, pairs)), (3303, 3303));
        assert_eq!(count(app, "announcements WHERE spread_at IS NULL"), 0);
        assert_eq!((tell(app), count(app, "notifications")), (0, 3303));
    }

    fn one_that_was_killed_half_way_goes_on_and_tells_nobody_twice(app) {
        let group = crowd(app, 600);
        announce_to(app, &Recipients::only(Recipient::Reviewers(pool(&group))));
        let waiting = app.state().db.read_now(|conn| announcements::waiting(conn, None, 10)).unwrap();
        let source = Source::Group(group.parse().unwrap());
        let half = app.state().db.read_now(|conn| page(conn, &source, true, None, 300)).unwrap();
        let db = &app.state().db;
        db.write_unlocked_now(|conn| notifications::insert_all(conn, &waiting[0], &half)).unwrap();
        assert_eq!(count(app, "notifications"), 300);
        assert_eq!((tell(app), count(app, "notifications")), (1, 600));
    }

    fn a_crowd_is_read_in_pages_of_those_who_may_decide(app) {
        let group = crowd(app, 12);
        let idle = app.employee();
        app.admin().put(&format!("/v1/groups/{group}/members/{}", idle.id())).send().expect(204);
        for source in [Source::Group(group.parse().unwrap()), Source::Role(Role::Reviewer)] {
            let mut found: Vec<PersonId> = Vec::new();
            loop {
                let after = found.last().copied();
                let next = app.state().db.read_now(|conn| page(conn, &source, true, after, 5)).unwrap();
                assert!(next.len() <= 5);
                if next.is_empty() {
                    break;
                }
                found.extend(next);
            }
            assert_eq!(found.len(), 12, "{source:?}");
            assert!(found.is_sorted() && !found.contains(&id(&idle)));
        }
        let all = Source::Persons(vec![id(&idle), PersonId::generate()]);
        let page = |may_decide| app.state().db.read_now(|conn| page(conn, &all, may_decide, None, 5)).unwrap();
        assert_eq!((page(false), page(true)), (vec![id(&idle)], vec![]));
    }

    fn one_that_cannot_be_read_keeps_no_other_waiting(app) {
        let employee = app.employee();
        announce_to(app, &Recipients::only(Recipient::Person(id(&employee))));
        let spoil = "UPDATE announcements SET recipients = '{}'";
        app.state().db.write_unlocked_now(|conn| Ok(conn.batch_execute(spoil)?)).unwrap();
        announce_to(app, &Recipients::only(Recipient::Person(id(&employee))));
        assert!(spread(&app.state().db, app.clock()).is_err());
        assert_eq!(topics(&employee).len(), 1);
        assert_eq!(count(app, "announcements WHERE spread_at IS NULL"), 1);
    }

    fn one_reads_ones_own_and_nobody_elses(app) {
        let (reader, other) = (app.employee(), app.person("other", &[Role::Employee]));
        for _ in 0..3 {
            announce_to(app, &Recipients::only(Recipient::Person(id(&reader))));
            tell(app);
            app.advance(Duration::from_secs(60));
        }
        let first = reader.get("/v1/me/notifications?limit=2").send().expect(200);
        let times: Vec<&str> =
            first.list("/items").iter().map(|item| item["created_at"].as_str().unwrap()).collect();
        assert_eq!(times, ["2026-11-21T09:02:00Z", "2026-11-21T09:01:00Z"], "newest first");
        let rest = format!("/v1/me/notifications?limit=2&cursor={}", first.text("/next_cursor"));
        let rest = reader.get(&rest).send().expect(200);
        assert_eq!((rest.list("/items").len(), &rest["next_cursor"]), (1, &Value::Null));

        let path = format!("/v1/me/notifications/{}/read", first.text("/items/0/id"));
        other.post(&path).send().problem("not_found");
        reader.post(&format!("/v1/me/notifications/{}/read", NotificationId::generate())).send()
            .problem("not_found");
        let unread = || {
            let found = reader.get("/v1/me/notifications?unread=true").send().expect(200);
            found.list("/items").iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(unread().len(), 3);
        let read = reader.post(&path).send().expect(200);
        assert_eq!(read.text("/read_at"), "2026-11-21T09:03:00Z");
        app.advance(Duration::from_secs(60));
        assert_eq!(reader.post(&path).send().expect(200).json, read.json, "read once is read");
        assert_eq!(unread(), [first["items"][1]["id"].clone(), rest["items"][0]["id"].clone()]);
        assert_eq!(told(&reader).list("/items").len(), 3);
        assert!(topics(&other).is_empty());

        let key = app.key([Scope::OnBehalf]);
        let for_reader = key.get("/v1/me/notifications?unread=true").on_behalf_of(&reader.id());
        assert_eq!(for_reader.send().expect(200).list("/items").len(), 2);
        app.anonymous().get("/v1/me/notifications").send().problem("unauthenticated");
    }

    fn what_is_long_past_is_forgotten(app) {
        let reader = app.employee();
        let run = || actix_web::rt::System::new().block_on(forget(app.state())).unwrap();
        let day = Duration::from_hours(24);
        for _ in 0..2 {
            announce_to(app, &Recipients::only(Recipient::Person(id(&reader))));
        }
        tell(app);
        let path = format!("/v1/me/notifications/{}/read", told(&reader).text("/items/0/id"));
        reader.post(&path).send().expect(200);
        app.advance(day * 90);
        run();
        assert_eq!(count(app, "notifications"), 2);
        app.advance(Duration::from_secs(1));
        run();
        assert_eq!(count(app, "notifications WHERE read_at IS NULL"), 1);
        assert_eq!((count(app, "notifications"), count(app, "announcements")), (1, 2));
        app.advance(day * 310 - Duration::from_secs(1));
        run();
        assert_eq!((count(app, "notifications"), count(app, "announcements")), (1, 2));
        // One that was never told waits on.
        announce_to(app, &Recipients::only(Recipient::Authors));
        let age = "UPDATE announcements SET created_at = 0 WHERE spread_at IS NULL";
        app.state().db.write_unlocked_now(|conn| Ok(conn.batch_execute(age)?)).unwrap();
        app.advance(Duration::from_secs(1));
        run();
        assert_eq!((count(app, "notifications"), count(app, "announcements")), (0, 1));
    }

    fn looking_for_what_waits_and_reading_ones_own_is_served_by_indexes(app) {
        let person = PersonId::generate();
        let (_, plan) = app.plan(|conn| announcements::waiting(conn, None, 100));
        assert!(plan.contains("announcements_waiting"), "{plan}");
        let (_, plan) = app.plan(|conn| notifications::list(conn, person, true, None, 51));
        assert!(plan.contains("notifications_unread") || plan.contains("notifications_person"), "{plan}");
        let (_, plan) = app.plan(|conn| notifications::list(conn, person, false, None, 51));
        assert!(plan.contains("notifications_person"), "{plan}");
        let group = Source::Group(GroupId::generate());
        let (_, plan) = app.plan(|conn| page(conn, &group, true, Some(person), 500));
        assert!(plan.contains("group_members_open"), "{plan}");
        let (_, plan) = app.plan(|conn| page(conn, &Source::Role(Role::Reviewer), true, Some(person), 500));
        assert!(plan.contains("person_roles_holders"), "{plan}");
    }
}
