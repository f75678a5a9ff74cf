//! Requests that arrive at the same moment: one order is taken, and nothing is half done.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use greenlight::domain::roles::Role;
use serde_json::json;

use crate::support::{Answer, Backend, Client, Post, TestApp, both, postgres_is_there};

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

/// Posts that are recalled while they are shared, and requests for shares of them.
const RECALLS: usize = 50;
const SHARES: usize = 5_000;

/// One of the two nodes, as an employee and a publisher reach it.
struct Desk {
    employee: Client,
    publisher: Client,
}

/// What was answered at the desks.
#[derive(Default)]
struct Answered {
    /// Shares: the number of the post, and when the share was asked for.
    shares: Vec<(usize, Instant)>,
    /// Recalls: the number of the post, when the recall was answered, and how long that took.
    recalls: Vec<(usize, Instant, Duration)>,
}

/// Asks for shares of each post in turn and, spread over all that, for their recalls, until enough were
/// asked for at all desks; whatever is not shared must have been recalled.
fn work(app: &TestApp, desk: &Desk, posts: &[Post], asked: &AtomicUsize) -> Answered {
    let mut answered = Answered::default();
    loop {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        if number >= SHARES {
            return answered;
        }
        if number % (SHARES / RECALLS) == 0 {
            let post = number / (SHARES / RECALLS);
            let began = Instant::now();
            let reason = json!({ "reason": "Wrong." });
            desk.publisher.post(&posts[post].path("/recall")).json(&reason).send().expect(200);
            answered.recalls.push((post, Instant::now(), began.elapsed()));
        }
        let post = number % RECALLS;
        let began = Instant::now();
        let answer = app.share_as(&desk.employee, &posts[post]);
        if answer.status == 201 {
            answered.shares.push((post, began));
        } else {
            answer.problem("recalled");
        }
    }
}

#[test]
fn r17_fifty_recalls_race_five_thousand_shares_on_two_nodes() {
    if !postgres_is_there() {
        return;
    }
    let app = TestApp::new(Backend::Postgres);
    let posts: Vec<Post> = (0..RECALLS).map(|_| app.live_post()).collect();
    let second = app.second_node();
    let desk = Desk { employee: app.employee(), publisher: app.publisher() };
    let second_desk = Desk { employee: desk.employee.at(&second), publisher: desk.publisher.at(&second) };
    let asked = AtomicUsize::new(0);

    let answered: Vec<Answered> = thread::scope(|scope| {
        let at = |number| if number % 2 == 0 { &desk } else { &second_desk };
        let (app, posts, asked) = (&app, &posts, &asked);
        let desks = (0..16).map(at);
        let threads: Vec<_> = desks.map(|desk| scope.spawn(move || work(app, desk, posts, asked))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });

    let recalls: BTreeMap<usize, (Instant, Duration)> =
        answered.iter().flat_map(|all| &all.recalls).map(|(post, at, took)| (*post, (*at, *took))).collect();
    let shares: Vec<(usize, Instant)> = answered.iter().flat_map(|all| all.shares.clone()).collect();
    assert_eq!(recalls.len(), RECALLS);
    assert!(shares.len() > RECALLS, "only {} shares were issued", shares.len());
    for (post, asked) in &shares {
        assert!(*asked < recalls[post].0, "a share was issued that was asked for after the answered recall");
    }
    let mut latencies: Vec<Duration> = recalls.into_values().map(|(_, took)| took).collect();
    latencies.sort_unstable();
    let (median, worst) = (latencies[RECALLS / 2], latencies[RECALLS - 1]);
    let line = format!("{} shares, {RECALLS} recalls: median {median:?}, worst {worst:?}\n", shares.len());
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
