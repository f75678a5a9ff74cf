//! How often the posts of a campaign are shared within any 24 hours.

use std::time::Duration;

use greenlight::domain::ids::{Key, PersonId};
use greenlight::domain::roles::Role;
use greenlight::domain::share::ShareState;
use greenlight::domain::time::Time;
use greenlight::store::campaign_shares::{counted_in, counted_of_in};
use greenlight::store::connection::DatabaseUrl;
use serde_json::{Value, json};

use super::{change, register};
use crate::support::{Answer, Client, Post, TestApp, both};

fn limited(app: &TestApp, limits: &Value) -> Post {
    register(app, "spring", &json!({ "limits": limits }));
    app.approved_post(|content| content["campaign"] = json!("spring"))
}

/// The limit that refused, and when one more fits.
#[track_caller]
fn reached(answer: Answer) -> (String, Time) {
    let refused = answer.problem("limit_reached");
    assert_eq!(refused["campaign"], "spring");
    (refused.text("/limit").to_owned(), Time::parse(refused.text("/retry_at")).unwrap())
}

fn outcome(who: &Client, share: &Answer, result: &str) {
    let path = format!("/v1/shares/{}/outcome", share.text("/id"));
    who.post(&path).json(&json!({ "result": result })).send().expect(200);
}

fn shares(app: &TestApp) -> usize {
    app.auditor().get("/v1/shares?limit=200").purpose("count").send().expect(200).list("/items").len()
}

both! {
    fn a_person_shares_a_campaign_as_often_as_it_allows(app) {
        let post = limited(app, &json!({ "shares_per_person": 2 }));
        let (one, other) = (app.employee(), app.person("other", &[Role::Employee]));
        let began = app.clock().now();
        app.share_as(&one, &post).expect(201);
        app.advance(Duration::from_hours(1));
        app.share_as(&one, &post).expect(201);
        let entries = app.record_entries().len();
        let (limit, retry_at) = reached(app.share_as(&one, &post));
        assert_eq!((limit.as_str(), retry_at), ("shares_per_person", began.after(Duration::from_hours(24))));
        assert_eq!((app.record_entries().len(), shares(app)), (entries, 2), "a refused share leaves nothing");
        app.share_as(&other, &post).expect(201);
        app.share_as(&one, &app.live_post()).expect(201);
        one.post("/v1/kits").json(&post.share()).send().expect(200);
        app.clock().set(retry_at.before(Duration::from_millis(1)));
        reached(app.share_as(&one, &post));
        app.clock().set(retry_at);
        app.share_as(&one, &post).expect(201);
        assert_eq!(reached(app.share_as(&one, &post)).1, began.after(Duration::from_hours(25)));
    }

    fn everybody_together_shares_a_campaign_as_often_as_it_allows(app) {
        let post = limited(app, &json!({ "shares_per_day": 2 }));
        let second = app.approved_post(|content| content["campaign"] = json!("spring"));
        let (one, other) = (app.employee(), app.person("other", &[Role::Employee]));
        let began = app.clock().now();
        app.share_as(&one, &post).expect(201);
        app.share_as(&other, &second).expect(201);
        let (limit, retry_at) = reached(app.share_as(&other, &post));
        assert_eq!((limit.as_str(), retry_at), ("shares_per_day", began.after(Duration::from_hours(24))));
        reached(app.share_as(&one, &second));
        app.clock().set(retry_at);
        app.share_as(&one, &second).expect(201);
        app.share_as(&one, &second).expect(201);
        reached(app.share_as(&one, &second));
    }

    fn of_two_limits_the_one_that_holds_longer_says_when(app) {
        let post = limited(app, &json!({ "shares_per_day": 2, "shares_per_person": 1 }));
        let (one, other) = (app.employee(), app.person("other", &[Role::Employee]));
        let began = app.clock().now();
        app.share_as(&other, &post).expect(201);
        app.advance(Duration::from_hours(1));
        app.share_as(&one, &post).expect(201);
        let (limit, retry_at) = reached(app.share_as(&one, &post));
        assert_eq!((limit.as_str(), retry_at), ("shares_per_person", began.after(Duration::from_hours(25))));
        let third = app.person("third", &[Role::Employee]);
        let (limit, retry_at) = reached(app.share_as(&third, &post));
        assert_eq!((limit.as_str(), retry_at), ("shares_per_day", began.after(Duration::from_hours(24))));
    }

    fn what_was_not_posted_does_not_count_and_what_was_does_for_a_day(app) {
        let post = limited(app, &json!({ "shares_per_person": 1 }));
        let who = app.employee();
        let share = app.share_as(&who, &post).expect(201);
        reached(app.share_as(&who, &post));
        outcome(&who, &share, "failed");
        let share = app.share_as(&who, &post).expect(201);
        outcome(&who, &share, "confirmed");
        let (_, retry_at) = reached(app.share_as(&who, &post));
        app.clock().set(retry_at);
        let share = app.share_as(&who, &post).expect(201);
        let issued_at = app.clock().now();
        app.advance(Duration::from_hours(23));
        outcome(&who, &share, "confirmed");
        let (_, retry_at) = reached(app.share_as(&who, &post));
        assert_eq!(retry_at, issued_at.after(Duration::from_hours(24)));
    }

    fn what_was_posted_and_taken_down_counts_as_long_as_if_it_still_stood(app) {
        let post = limited(app, &json!({ "shares_per_day": 2, "shares_per_person": 1 }));
        let (one, other) = (app.employee(), app.person("other", &[Role::Employee]));
        let day_later = app.clock().now().after(Duration::from_hours(24));
        for who in [&one, &other] {
            let share = app.share_as(who, &post).expect(201);
            app.advance(Duration::from_hours(1));
            outcome(who, &share, "confirmed");
            outcome(who, &share, "removed");
            reached(app.share_as(who, &post));
        }
        let third = app.person("third", &[Role::Employee]);
        assert_eq!(reached(app.share_as(&third, &post)), ("shares_per_day".to_owned(), day_later));
        change(app, "spring", &json!({ "limits": { "shares_per_person": 1 } }));
        assert_eq!(reached(app.share_as(&one, &post)), ("shares_per_person".to_owned(), day_later));
        app.clock().set(day_later);
        app.share_as(&one, &post).expect(201);
        reached(app.share_as(&other, &post));
    }

    fn a_failure_that_is_confirmed_after_all_counts_above_the_limit(app) {
        let post = limited(app, &json!({ "shares_per_person": 1 }));
        let who = app.employee();
        let began = app.clock().now();
        let failed = app.share_as(&who, &post).expect(201);
        outcome(&who, &failed, "failed");
        app.advance(Duration::from_hours(1));
        let again = app.share_as(&who, &post).expect(201);
        outcome(&who, &again, "confirmed");
        outcome(&who, &failed, "confirmed");
        assert_eq!(reached(app.share_as(&who, &post)).1, began.after(Duration::from_hours(25)));
        change(app, "spring", &json!({ "limits": { "shares_per_person": 2 } }));
        assert_eq!(reached(app.share_as(&who, &post)).1, began.after(Duration::from_hours(24)), "there are two");
    }

    fn a_share_that_is_void_counts_until_it_lapses(app) {
        let post = limited(app, &json!({ "shares_per_person": 1 }));
        let second = app.approved_post(|content| content["campaign"] = json!("spring"));
        let who = app.employee();
        app.share_as(&who, &post).expect(201);
        app.publisher().post(&post.path("/recall")).json(&json!({ "reason": "Wrong." })).send().expect(200);
        let (_, retry_at) = reached(app.share_as(&who, &second));
        app.clock().set(retry_at);
        app.share_as(&who, &second).expect(201);
    }

    fn a_higher_limit_lets_the_next_share_through_and_a_lower_one_waits_for_several(app) {
        let post = limited(app, &json!({ "shares_per_day": 1 }));
        let who = app.employee();
        let began = app.clock().now();
        app.share_as(&who, &post).expect(201);
        reached(app.share_as(&who, &post));
        change(app, "spring", &json!({ "limits": { "shares_per_day": 3 } }));
        for hours in [1, 2] {
            app.clock().set(began.after(Duration::from_hours(hours)));
            app.share_as(&who, &post).expect(201);
        }
        assert_eq!(reached(app.share_as(&who, &post)).1, began.after(Duration::from_hours(24)));
        change(app, "spring", &json!({ "limits": { "shares_per_day": 2, "shares_per_person": 2 } }));
        let (_, retry_at) = reached(app.share_as(&who, &post));
        assert_eq!(retry_at, began.after(Duration::from_hours(25)), "two of them have to go");
        change(app, "spring", &json!({}));
        app.share_as(&who, &post).expect(201);
    }

    fn r16_a_retry_after_the_limit_was_reached_is_answered_with_its_share(app) {
        let post = limited(app, &json!({ "shares_per_person": 1 }));
        let ask = |key: &str| app.employee().post("/v1/shares").idempotency_key(key).json(&post.share()).send();
        let first = ask("one").expect(201);
        reached(ask("two"));
        let again = ask("one").expect(201);
        assert_eq!((&again["id"], again.header("Idempotency-Replayed")), (&first["id"], "true"));
        app.advance(Duration::from_hours(24));
        let second = ask("two").expect(201);
        assert_ne!(second["id"], first["id"], "a refused share left no key");
        assert!(!second.headers.contains_key("idempotency-replayed"));
    }

    fn one_who_shared_more_than_a_new_limit_does_not_hide_what_others_shared(app) {
        let post = limited(app, &json!({}));
        let (busy, other) = (app.person("busy", &[Role::Employee]), app.person("other", &[Role::Employee]));
        let began = app.clock().now();
        app.share_as(&other, &post).expect(201);
        for _ in 0..5 {
            app.advance(Duration::from_mins(1));
            app.share_as(&busy, &post).expect(201);
        }
        change(app, "spring", &json!({ "limits": { "shares_per_person": 1 } }));
        // Asked for at once they may be one group, in which five shares of one are newer than that of the other.
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let asking = [&busy, &other, &busy, &other].map(|who| {
                let post = &post;
                scope.spawn(move || app.share_as(who, post))
            });
            asking.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let moments: Vec<Time> = answers.into_iter().map(|answer| reached(answer).1).collect();
        let day = |minutes: u64| began.after(Duration::from_hours(24) + Duration::from_mins(minutes));
        assert_eq!(moments, [day(5), day(0), day(5), day(0)]);
    }

    fn counting_reads_one_range_of_an_index_and_no_table(app) {
        let post = limited(app, &json!({ "shares_per_day": 9, "shares_per_person": 9 }));
        app.share(&post);
        let (key, now): (Key, Time) = ("spring".parse().unwrap(), app.clock().now());
        let persons: [PersonId; 2] = [app.employee().id().parse().unwrap(), PersonId::generate()];
        let sqlite = matches!(app.state().db.url(), DatabaseUrl::Sqlite(_));
        for (state, found) in [(ShareState::Issued, 1), (ShareState::Confirmed, 0), (ShareState::Removed, 0)] {
            let (rows, plan) = app.plan(|conn| counted_in(conn, &key, None, state, now, 9));
            assert_eq!(rows.len(), found);
            is_covered(&plan, "shares_campaign", sqlite);
            assert!(!plan.contains("Sort") && !plan.contains("B-TREE"), "the newest come first: {plan}");
            let (rows, plan) = app.plan(|conn| counted_in(conn, &key, Some(persons[0]), state, now, 9));
            assert_eq!(rows.len(), found);
            is_covered(&plan, "shares_campaign_person", sqlite);
            let (rows, plan) = app.plan(|conn| counted_of_in(conn, &key, &persons, state, now, 9));
            assert_eq!(rows.len(), found);
            is_covered(&plan, "shares_campaign_person", sqlite);
        }
    }
}

#[track_caller]
fn is_covered(plan: &str, index: &str, sqlite: bool) {
    let wanted = if sqlite {
        format!("SEARCH shares USING COVERING INDEX {index} (")
    } else {
        format!("Index Only Scan Backward using {index} on shares")
    };
    let other = format!("Index Only Scan using {index} on shares");
    assert!(plan.contains(&wanted) || (!sqlite && plan.contains(&other)), "{plan}");
}
