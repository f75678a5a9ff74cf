//! Rules that look at the texts of images (R10, R18).

use serde_json::{Value, json};

use super::{feed, library, post_with, share};
use crate::support::{TestApp, both};

/// A rule in force that refuses a word in the texts of images.
fn against(app: &TestApp, word: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut rule = json!({
        "name": "No gambling",
        "condition": { "phrases": { "any_of": [word] } },
        "severity": "block",
        "scope": ["alt"],
        "reason": "Show no gambling.",
    });
    change(&mut rule);
    let made = app.author().post("/v1/rules").json(&json!({ "content": rule })).send().expect(201);
    let path = format!("/v1/rules/{}", made.text("/id"));
    app.approve_draft(&path, made.text("/working_revision/digest"));
    path
}

fn says(text: &str) -> impl FnOnce(&mut Value) + '_ {
    move |content| content["alt"]["en"] = json!(text)
}

both! {
    fn r10_a_rule_for_texts_of_images_refuses_what_breaks_it(app) {
        let waiting = app.image_draft(says("A casino by the water."));
        let body = json!({ "digest": waiting.digest });
        app.reviewer();
        let review = app.author().post(&waiting.path("/submission")).json(&body).send().expect(201);
        let rule = against(app, "casino", |_| ());
        let decision = json!({ "revision": 1, "digest": review["digest"], "decision": "approve" });
        let decide = || app.reviewer().post(&waiting.path("/decisions")).json(&decision).send();
        let refused = decide().problem("rule_violated");
        assert_eq!(refused.text("/errors/0/pointer"), "#/content/alt/en");
        let draft = app.image_draft(says("The casino by night."));
        let item = app.author().get(&draft.path("")).send().expect(200);
        let draft = app.edited_image(&draft, says("A casino by night."));
        let body = json!({ "digest": draft.digest });
        let refused = app.author().post(&draft.path("/submission")).json(&body).send().problem("rule_violated");
        assert_eq!(refused.text("/errors/0/code"), "phrase");
        assert_eq!(refused["errors"][0]["start"]["utf8"], 2);
        assert_eq!(item["version"], 2);
        // A copy and a comment may say it: the rule is not for those.
        let other = app.approved_image(says("A bridge."));
        let post = app.approved_post(|content| {
            content["copies"][0]["text"] = json!("No casino here.");
            content["images"] = json!([other.id]);
        });
        app.share_as(&app.employee(), &post).expect(201);
        let reason = json!({ "reason": "It is over." });
        app.publisher().post(&format!("{rule}/retirement")).json(&reason).send().expect(200);
        decide().expect(201);
    }

    fn r10_a_rule_that_comes_into_force_blocks_images_and_the_posts_that_pin_them(app) {
        let (bad, good) = (app.approved_image(says("A casino.")), app.approved_image(says("A bridge.")));
        let (with_bad, with_good) = (post_with(app, &[&good, &bad]), post_with(app, &[&good]));
        // The post pins the first words; that they were changed since does not matter to it.
        let changed = app.revised_image(&bad, says("A house."));
        let rule = against(app, "casino", |rule| rule["on_existing"] = json!("block"));
        let employee = app.employee();
        assert_eq!(feed(&employee), [with_good.id]);
        let item = app.author().get(&with_bad.path("")).send().expect(200);
        assert_eq!((item.text("/availability"), item.text("/blocked_by/0/code")), ("blocked", "rule_violated"));
        let refused = app.share_as(&employee, &with_bad).problem("blocked");
        assert_eq!(refused["blocked_by"], item["blocked_by"]);
        assert_eq!(library(&employee, "").len(), 2, "by themselves both say nothing wrong now");
        let house = against(app, "house", |rule| rule["on_existing"] = json!("block"));
        assert_eq!(library(&employee, ""), [good.id]);
        let refused = share(&employee, "house", &changed.share()).problem("blocked");
        assert_eq!(refused.text("/blocked_by/0/code"), "rule_violated");
        let check = app.author().post(&with_bad.path("/checks")).json(&json!({})).send().expect(200);
        assert_eq!(check.text("/violations/0/pointer"), "#/content/images/1");
        assert_eq!(check["passes"], false);
        let reason = json!({ "reason": "It is over." });
        for path in [rule, house] {
            app.publisher().post(&format!("{path}/retirement")).json(&reason).send().expect(200);
        }
        app.share_as(&employee, &with_bad).expect(201);
        assert_eq!((feed(&employee).len(), library(&employee, "").len()), (2, 2));
    }
}
