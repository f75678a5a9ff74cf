//! Requests that arrive at the same moment: one order is taken, and nothing is half done.

use std::sync::Barrier;
use std::thread;

use greenlight::domain::roles::Role;
use serde_json::json;

use crate::support::{Answer, both};

/// A request that waits for its moment.
type Pending<'a> = Box<dyn Fn() -> Answer + Send + 'a>;

/// Sends all of them at once, each from its own thread, and gives their answers in the same order.
fn at_once(requests: Vec<Pending<'_>>) -> Vec<Answer> {
    let barrier = &Barrier::new(requests.len());
    thread::scope(|scope| {
        let send = |request| {
            barrier.wait();
            let request: Pending<'_> = request;
            request()
        };
        let threads: Vec<_> =
            requests.into_iter().map(|request| scope.spawn(move || send(request))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

/// Times that each race is run: one may go well by chance.
const ROUNDS: usize = 5;

both! {
    fn r05_of_two_decisions_at_once_one_counts(app) {
        let (ruth, rob) = (app.person("ruth", &[Role::Reviewer]), app.person("rob", &[Role::Reviewer]));
        for _ in 0..ROUNDS {
            let post = app.submitted_post(|_| ());
            let (approve, reject) = (post.decision("approve", None), post.decision("reject", Some("No.")));
            let path = post.path("/decisions");
            let answers = at_once(vec![
                Box::new(|| ruth.post(&path).json(&approve).send()),
                Box::new(|| rob.post(&path).json(&reject).send()),
            ]);
            assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 1), "{answers:?}");
            let state = if answers[0].status == 201 { "approved" } else { "rejected" };
            let post = app.author().get(&post.path("")).send().expect(200);
            assert_eq!(post["working_revision"]["state"], state);
            assert_eq!(post["review"]["state"], state);
        }
    }

    fn r06_an_edit_that_races_an_approval_withdraws_or_follows_it(app) {
        let (author, reviewer) = (app.author(), app.reviewer());
        for _ in 0..ROUNDS {
            let post = app.submitted_post(|_| ());
            let read = author.get(&post.path("")).send().expect(200);
            let mut content = read["working_revision"]["content"].clone();
            content["title"] = json!("Changed meanwhile");
            let edit = json!({ "content": content });
            let approve = post.decision("approve", None);
            let answers = at_once(vec![
                Box::new(|| author.put(&post.path("/draft")).json(&edit).if_match(&read["version"]).send()),
                Box::new(|| reviewer.post(&post.path("/decisions")).json(&approve).send()),
            ]);
            let first = reviewer.get(&post.path("/revisions/1")).send().expect(200);
            let now = author.get(&post.path("")).send().expect(200);
            match (answers[0].status, answers[1].status) {
                // The edit came first, and ended the review.
                (200, 409) => {
                    assert_eq!(first["state"], "withdrawn");
                    assert_eq!(now["availability"], "unapproved");
                }
                // The approval came first: the edit had read an older version.
                (412, 201) => {
                    assert_eq!(first["state"], "approved");
                    assert_eq!(now["live_revision"], 1);
                }
                _ => panic!("{answers:?}"),
            }
            assert_eq!(first["digest"], post.digest, "what was under review is what it was");
        }
    }

    fn r02_a_submission_that_races_an_edit_freezes_what_it_names(app) {
        let author = app.author();
        app.reviewer();
        for _ in 0..ROUNDS {
            let draft = app.draft(|_| ());
            let read = author.get(&draft.path("")).send().expect(200);
            let mut content = read["working_revision"]["content"].clone();
            content["title"] = json!("Changed meanwhile");
            let (edit, submit) = (json!({ "content": content }), json!({ "digest": draft.digest }));
            let answers = at_once(vec![
                Box::new(|| author.put(&draft.path("/draft")).json(&edit).if_match(&read["version"]).send()),
                Box::new(|| author.post(&draft.path("/submission")).json(&submit).send()),
            ]);
            let first = author.get(&draft.path("/revisions/1")).send().expect(200);
            match (answers[0].status, answers[1].status) {
                // The edit came first: the digest is of another draft.
                (200, 409) => assert_eq!(first["state"], "draft"),
                // The submission came first: the edit had read an older version.
                (412, 201) => {
                    assert_eq!(first["state"], "in_review");
                    assert_eq!(first["content"]["title"], "We are hiring");
                }
                _ => panic!("{answers:?}"),
            }
        }
    }

    fn r16_fifty_requests_with_one_key_make_one_share(app) {
        let post = app.live_post();
        let employee = app.employee();
        let share = || employee.post("/v1/shares").json(&post.share()).idempotency_key("one").send();
        let answers = at_once((0..50).map(|_| Box::new(share) as Pending<'_>).collect());
        for answer in &answers {
            assert_eq!(answer.status, 201, "{answer:?}");
            assert_eq!(answer["id"], answers[0]["id"]);
            assert_eq!(answer["receipt"], answers[0]["receipt"]);
        }
        assert_eq!(employee.get("/v1/me/shares").send().expect(200).list("/items").len(), 1);
    }

    fn a_bad_share_in_a_group_fails_alone(app) {
        let (good, bad) = (app.live_post(), app.live_post());
        let recall = json!({ "reason": "Wrong." });
        let (employee, publisher) = (app.employee(), app.publisher());
        let mut requests: Vec<Pending<'_>> = Vec::new();
        for _ in 0..20 {
            requests.push(Box::new(|| app.share_as(&employee, &good)));
            requests.push(Box::new(|| app.share_as(&employee, &bad)));
        }
        requests.push(Box::new(|| publisher.post(&bad.path("/recall")).json(&recall).send()));
        let answers = at_once(requests);
        assert_eq!(answers[40].status, 200, "{:?}", answers[40]);
        for (at, answer) in answers[..40].iter().enumerate() {
            let is_of_good = at % 2 == 0;
            assert!(answer.status == 201 || (!is_of_good && answer.status == 410), "{answer:?}");
        }
        app.share_as(&employee, &bad).problem("recalled");
    }
}
