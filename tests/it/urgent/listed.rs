//! Urgent publications are listed and counted.

use serde_json::{Value, json};

use super::{HOUR, IN_TIME, decide, published_draft};
use crate::support::{Answer, Post, TestApp, both};

fn listed(app: &TestApp, query: &str) -> Answer {
    app.author().get(&format!("/v1/urgent-publications{query}")).send().expect(200)
}

fn ids(answer: &Answer) -> Vec<&str> {
    answer.list("/items").iter().map(|found| found["post_id"].as_str().unwrap()).collect()
}

fn report(app: &TestApp, from: &str, to: &str) -> Answer {
    app.author().get(&format!("/v1/urgent-publication-reports?from={from}&to={to}")).send()
}

/// One of each: confirmed in time, refused, recalled, confirmed late and overdue; and, after a day, awaited.
fn one_of_each(app: &TestApp) -> [Post; 6] {
    let posts: [Post; 5] = std::array::from_fn(|_| published_draft(app));
    decide(&app.reviewer(), &posts[0], "approve").expect(201);
    decide(&app.reviewer(), &posts[1], "reject").expect(201);
    let reason = json!({ "reason": "wrong" });
    app.publisher().post(&posts[2].path("/recall")).json(&reason).send().expect(200);
    app.advance(IN_TIME + HOUR);
    decide(&app.reviewer(), &posts[3], "approve").expect(201);
    let [confirmed, refused, recalled, late, overdue] = posts;
    [confirmed, refused, recalled, late, overdue, published_draft(app)]
}

both! {
    fn c16_they_are_listed_by_what_they_wait_for(app) {
        let posts = one_of_each(app);
        let [confirmed, refused, recalled, late, overdue, awaited] = posts.each_ref().map(|post| post.id.as_str());
        for (state, expected) in [
            ("awaiting", vec![awaited]),
            ("overdue", vec![overdue]),
            ("confirmed", vec![late, confirmed]),
            ("refused", vec![refused]),
            ("ended", vec![recalled]),
        ] {
            let found = listed(app, &format!("?state={state}"));
            assert_eq!(ids(&found), expected, "{state}");
            assert!(found.list("/items").iter().all(|found| found["state"] == state));
        }
        let first = listed(app, "?limit=4");
        assert_eq!(ids(&first), [awaited, overdue, late, recalled]);
        let rest = listed(app, &format!("?limit=4&cursor={}", first.text("/next_cursor")));
        assert_eq!((ids(&rest), &rest["next_cursor"]), (vec![refused, confirmed], &Value::Null));
        let one = &rest["items"][1];
        assert_eq!((&one["urgent"]["outcome"], &one["revision"]), (&json!("confirmed"), &json!(1)));
        assert_eq!((&one["digest"], &one["urgent"]["published_by"]), (&json!(posts[0].digest), &json!(app.publisher().id())));
    }

    fn c16_they_are_counted_in_a_report_that_names_nobody(app) {
        one_of_each(app);
        let counted = report(app, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z").expect(200);
        let mut counts = json!({
            "published": 6, "confirmed_in_time": 1, "confirmed_late": 1, "refused": 1, "awaiting": 1, "overdue": 1,
            "ended": 1,
        });
        for (name, value) in counts.as_object().unwrap() {
            assert_eq!(&counted[name.as_str()], value, "{name}");
        }
        counts["month"] = json!("2026-11");
        assert_eq!(counted["by_month"], json!([counts]));
        assert!(!counted.text.contains(&app.publisher().id()));
        let later = report(app, "2026-11-22T00:00:00Z", "2026-12-01T00:00:00Z").expect(200);
        assert_eq!((&later["published"], &later["awaiting"]), (&json!(1), &json!(1)));
        let none = report(app, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z").expect(200);
        assert_eq!((&none["published"], &none["by_month"]), (&json!(0), &json!([])));
        let odd = report(app, "2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z").problem("invalid_request");
        assert_eq!(odd.text("/errors/0/parameter"), "to");
        app.employee().get("/v1/urgent-publications").send().problem("forbidden");
    }
}
