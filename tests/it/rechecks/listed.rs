//! The lists of rechecks and of their posts, and how the database finds them.

use greenlight::domain::ids::{ItemId, RecheckId};
use greenlight::store::rechecks;
use serde_json::{Value, json};

use super::{Source, guideline, ids};
use crate::support::{Answer, TestApp, both};

/// Every entry of a list, in pages of one.
fn walk(app: &TestApp, path: &str) -> Vec<Value> {
    let (mut walked, mut query) = (Vec::new(), "?limit=1".to_owned());
    loop {
        let page: Answer = app.author().get(&format!("{path}{query}")).send().expect(200);
        assert!(page.list("/items").len() <= 1);
        walked.extend(page.list("/items").to_vec());
        let Some(cursor) = page["next_cursor"].as_str() else { return walked };
        query = format!("?limit=1&cursor={cursor}");
    }
}

both! {
    fn lists_are_newest_first_and_in_pages(app) {
        let mut posts: Vec<String> = (0..3).map(|_| app.live_post().id).collect();
        posts.reverse();
        let source = Source::made(app, "guidelines", Some("do"), &guideline(&json!({})));
        let rechecks: Vec<Value> =
            ["none", "notify", "reapprove"].map(|action| source.recheck(app, action).json).into();
        let newest_first: Vec<Value> = rechecks.iter().rev().cloned().collect();
        let list = app.author().get(&source.path("/rechecks")).send().expect(200);
        assert_eq!((&list["items"], &list["next_cursor"]), (&json!(newest_first), &Value::Null));
        assert_eq!(walk(app, &source.path("/rechecks")), newest_first);

        assert_eq!(source.touched_ids(app), posts);
        let walked = walk(app, &source.path("/touched-posts"));
        assert_eq!(json!(walked), source.touched(app)["items"]);

        let under = source.path(&format!("/rechecks/{}/posts", rechecks[2]["id"].as_str().unwrap()));
        let whole = app.author().get(&under).send().expect(200);
        assert_eq!(ids(&whole), posts);
        assert_eq!(json!(walk(app, &under)), whole["items"]);

        let other = Source::made(app, "guidelines", Some("other"), &guideline(&json!({})));
        assert_eq!(app.author().get(&other.path("/rechecks")).send().expect(200)["items"], json!([]));
        let elsewhere = other.path(&format!("/rechecks/{}/posts", rechecks[2]["id"].as_str().unwrap()));
        app.author().get(&elsewhere).send().problem("not_found");
        let unknown = source.path(&format!("/rechecks/{}/posts", RecheckId::generate()));
        app.author().get(&unknown).send().problem("not_found");
    }

    fn what_is_under_review_is_looked_at_before_it_is_approved(app) {
        let post = app.live_post();
        let employee = Source::employee(app);
        let found = app.author().get(&employee.path("")).send().expect(200);
        let mut content = found["working_revision"]["content"].clone();
        content["text"]["en"]["full"] = json!("I work at {company}.");
        let body = json!({ "content": content });
        app.author().put(&employee.path("/draft")).if_match(&found["version"]).json(&body).send().expect(200);
        let draft = app.author().get(&employee.path("/touched-posts?revision=2")).send().expect(200);
        assert_eq!((&draft["of"]["revision"], ids(&draft)), (&json!(2), vec![post.id.clone()]));
        let present = app.author().get(&employee.path("/touched-posts")).send().expect(200);
        assert_eq!((&present["of"]["revision"], ids(&present)), (&json!(1), vec![]));
        app.author().get(&employee.path("/touched-posts?revision=3")).send().problem("not_found");
    }

    fn each_query_for_rechecks_has_its_index(app) {
        let post: ItemId = app.live_post().id.parse().unwrap();
        let source = Source::made(app, "guidelines", Some("do"), &guideline(&json!({})));
        let recheck: RecheckId = source.recheck(app, "reapprove").text("/id").parse().unwrap();
        let id: ItemId = source.id.parse().unwrap();
        let reads_a_table = |plan: &str| plan.contains("SCAN") || plan.contains("Seq Scan");
        let sorts = |plan: &str| plan.contains("TEMP B-TREE") || plan.contains("Sort");
        let (found, plan) = app.plan(|conn| rechecks::list(conn, id, None, 9));
        assert!(found.len() == 1 && plan.contains("rechecks_item") && !sorts(&plan), "{plan}");
        let after = Some(ItemId::generate());
        let (found, plan) = app.plan(|conn| rechecks::posts(conn, recheck, after, 9));
        assert!(found.len() == 1 && !reads_a_table(&plan) && !sorts(&plan), "{plan}");
        let (found, plan) = app.plan(|conn| rechecks::of_posts(conn, &[post]));
        assert_eq!(found[&post].len(), 1);
        assert!(plan.contains("recheck_posts_post") && !reads_a_table(&plan), "{plan}");
        let (found, plan) = app.plan(|conn| rechecks::find(conn, recheck));
        assert!(found.is_some() && !reads_a_table(&plan), "{plan}");
        let (found, plan) = app.plan(|conn| rechecks::blocked_since(conn, i64::MAX));
        assert!(found.is_empty() && plan.contains("rechecks_version") && !reads_a_table(&plan), "{plan}");
    }
}
