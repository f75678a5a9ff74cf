//! What the review afterwards, or the lack of one, makes of a post.

use greenlight::domain::roles::Role;
use greenlight::domain::time::Time;
use serde_json::{Value, json};

use super::{
    HOUR, IN_TIME, after, assert_blocked, decide, edit, feed, item, publish, publish_as, published_draft,
    submit,
};
use crate::support::{Post, both};

both! {
    fn c16_a_refusal_blocks_it_from_the_answer_on(app) {
        let post = published_draft(app);
        app.share(&post);
        app.advance(HOUR);
        let since = app.clock().now();
        let review = decide(&app.reviewer(), &post, "request_changes").expect(201);
        assert_eq!(review["state"], "changes_requested");
        assert_blocked(app, &post, "urgent_refused", since);
        let refused = item(app, &post);
        assert_eq!(refused["working_revision"]["state"], "approved", "it stands as the approval");
        let urgent = &refused["working_revision"]["urgent"];
        assert_eq!((&urgent["outcome"], &urgent["outcome_at"]), (&json!("refused"), &json!(since.to_string())));
        app.advance(IN_TIME);
        assert_blocked(app, &post, "urgent_refused", since);
        submit(app, &post).problem("nothing_to_submit");
        publish_as(&app.publisher(), &post).problem("nothing_to_submit");
        let next = app.submit(&edit(&app.author(), &post, "With the right figure."));
        assert_blocked(app, &post, "urgent_refused", since);
        decide(&app.reviewer(), &next, "approve").expect(201);
        app.share(&next);
    }

    fn c16_silence_blocks_it_at_that_very_moment_and_an_approval_makes_it_live_again(app) {
        let review_by = after(app, IN_TIME);
        let post = published_draft(app);
        app.employee();
        app.clock().set(Time::from_micros(review_by.micros() - 1));
        assert_eq!(feed(app).len(), 1);
        app.share(&post);
        app.clock().set(review_by);
        assert_blocked(app, &post, "urgent_unreviewed", review_by);
        app.advance(HOUR);
        assert_blocked(app, &post, "urgent_unreviewed", review_by);
        publish_as(&app.publisher(), &post).problem("nothing_to_submit");
        decide(&app.reviewer(), &post, "approve").expect(201);
        let now = item(app, &post);
        assert_eq!((now.text("/availability"), &now["blocked_by"]), ("live", &Value::Null));
        assert_eq!(now["working_revision"]["urgent"]["outcome"], "confirmed");
        assert_eq!((feed(app).len(), &app.share(&post)["urgent"]), (1, &Value::Null));
    }

    fn c16_a_newer_revision_waits_for_the_review_which_an_edit_keeps(app) {
        let post = published_draft(app);
        let second = app.person("second", &[Role::Author]);
        let next = edit(&second, &post, "Newer words.");
        let now = item(app, &post);
        assert_eq!((now.text("/availability"), &now["live_revision"]), ("live", &json!(1)));
        let mut authors = vec![app.author().id(), second.id()];
        authors.sort();
        assert_eq!(now["working_revision"]["authors"], json!(authors), "no review has approved the words yet");
        app.share(&post);
        let refused = submit(app, &next).problem("review_open");
        assert!(refused.text("/detail").contains("published urgently"), "{}", refused.text);
        assert_eq!((&refused["revision"], &refused["digest"]), (&json!(1), &json!(post.digest)));
        publish_as(&app.publisher(), &next).problem("review_open");
        decide(&app.reviewer(), &post, "approve").expect(201);
        app.share(&post);
        app.approve(&app.submit(&next));
        assert_eq!(item(app, &post)["live_revision"], 2);
        // A review has approved these, so an edit starts afresh.
        let afresh = edit(&app.author(), &post, "Newest words.");
        assert_eq!(item(app, &afresh)["working_revision"]["authors"], json!([app.author().id()]));
    }

    fn c16_a_recall_ends_the_review_without_an_outcome(app) {
        let post = published_draft(app);
        edit(&app.author(), &post, "Newer words.");
        let reason = json!({ "reason": "a wrong figure" });
        let recalled = app.publisher().post(&post.path("/recall")).json(&reason).send().expect(200);
        assert_eq!(recalled.text("/availability"), "recalled");
        let refused = decide(&app.reviewer(), &post, "approve").problem("stage_closed");
        assert_eq!(refused["state"], "withdrawn");
        let revision = app.author().get(&post.path("/revisions/1")).send().expect(200);
        assert_eq!((&revision["state"], &revision["urgent"]["outcome"]), (&json!("approved"), &Value::Null));
        app.share_as(&app.employee(), &post).problem("recalled");
        app.advance(IN_TIME);
        assert_eq!(item(app, &post).text("/availability"), "recalled");
        // What was edited can be submitted, as nothing is under review any more.
        let next = Post { revision: 2, digest: item(app, &post).text("/working_revision/digest").into(), ..post };
        app.approve(&app.submit(&next));
        assert_eq!(item(app, &next).text("/availability"), "live");
    }

    fn c16_a_window_that_closes_ends_the_review_without_an_outcome(app) {
        app.reviewer();
        let until = after(app, HOUR);
        let post = publish(app, &app.draft(|content| content["expires_at"] = json!(until.to_string())));
        app.share(&post);
        app.clock().set(until);
        let refused = decide(&app.reviewer(), &post, "approve").problem("stage_closed");
        assert_eq!(refused["state"], "lapsed");
        let now = item(app, &post);
        assert_eq!((now.text("/availability"), &now["working_revision"]["state"]), ("expired", &json!("approved")));
        assert_eq!(now["working_revision"]["urgent"]["outcome"], Value::Null);
        // One call extends it, for a review first.
        let path = format!("/v1/reviews/{}/extension", now.text("/review/id"));
        let later = json!({ "expires_at": after(app, HOUR).to_string() });
        let extended = app.author().post(&path).json(&later).send().expect(201);
        assert_eq!((&extended["revision"], &extended["state"]), (&json!(2), &json!("open")));
        assert_eq!(item(app, &post).text("/availability"), "expired");
        let under_review = app.submitted_post(|content| {
            content["expires_at"] = json!(after(app, HOUR).to_string());
        });
        app.advance(HOUR);
        publish_as(&app.publisher(), &under_review).problem("stage_closed");
        assert_eq!(item(app, &under_review)["working_revision"]["state"], "lapsed");
    }
}
