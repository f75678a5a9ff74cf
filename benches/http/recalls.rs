//! Recalls while shares run: they must be quick, and nothing may be shared after an answered recall.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::load::Report;
use crate::server::{Organisation, Server, share_of};

/// Posts that are recalled.
const RECALLS: usize = 1000;
/// Clients that share on each node meanwhile.
const SHARERS: usize = 16;
/// What a recall may take at the 99th percentile.
const LIMIT: Duration = Duration::from_millis(100);

/// Recalls posts one after the other, on the nodes in turn, while both nodes issue shares of them.
pub fn race(nodes: &[&Server], organisation: &Organisation) {
    let posts = organisation.publish(nodes[0], RECALLS);
    let recalled: Mutex<HashMap<String, Instant>> = Mutex::default();
    let (done, issued) = (AtomicBool::new(false), AtomicU64::new(0));
    let latencies = std::thread::scope(|scope| {
        for (at, node) in (0..SHARERS * nodes.len()).map(|at| (at, nodes[at % nodes.len()])) {
            let (posts, recalled, done, issued) = (&posts, &recalled, &done, &issued);
            scope.spawn(move || share_until(done, at, node, organisation, posts, recalled, issued));
        }
        let latencies = recall_all(nodes, organisation, &posts, &recalled);
        done.store(true, Ordering::SeqCst);
        latencies
    });
    let report = Report::new(latencies, Duration::from_secs(1));
    let (p50, p99) = (report.percentile(0.5), report.percentile(0.99));
    println!(
        "recalls    {RECALLS} on {} nodes while {} shares were issued: p50 {p50:.2?}, p99 {p99:.2?}, longest {:.2?}; \
         no share after an answered recall",
        nodes.len(),
        issued.load(Ordering::SeqCst),
        report.percentile(1.0),
    );
    assert!(p99 < LIMIT, "the recalls' p99 is {p99:?}, not below {LIMIT:?}");
}

fn recall_all(
    nodes: &[&Server],
    organisation: &Organisation,
    posts: &[Value],
    recalled: &Mutex<HashMap<String, Instant>>,
) -> Vec<Duration> {
    let mut publishers: Vec<_> = nodes.iter().map(|node| organisation.publisher(node)).collect();
    let mut latencies = Vec::with_capacity(posts.len());
    for (nth, post) in posts.iter().enumerate() {
        let id = text(post, "id");
        let publisher = &mut publishers[nth % nodes.len()];
        let sent = Instant::now();
        publisher.post(&format!("/v1/posts/{id}/recall"), &[], &json!({ "reason": "bench" })).expect(200);
        latencies.push(sent.elapsed());
        recalled.lock().expect("no client panicked").insert(id, Instant::now());
    }
    latencies
}

fn share_until(
    done: &AtomicBool,
    at: usize,
    node: &Server,
    organisation: &Organisation,
    posts: &[Value],
    recalled: &Mutex<HashMap<String, Instant>>,
    issued: &AtomicU64,
) {
    let mut client = organisation.employee(node, at);
    for nth in 0.. {
        if done.load(Ordering::SeqCst) {
            return;
        }
        // Every post in turn, each client from another place, and so many that were not recalled yet.
        let post = &posts[(at * 31 + nth * 7) % posts.len()];
        let sent = Instant::now();
        let key = format!("recall-{at}-{nth}");
        let answer = client.post("/v1/shares", &[("Idempotency-Key", &key)], &share_of(post));
        match answer.status {
            201 => {
                issued.fetch_add(1, Ordering::SeqCst);
                let stopped = recalled.lock().expect("no client panicked").get(&text(post, "id")).copied();
                assert!(stopped.is_none_or(|stopped| sent < stopped), "a share was issued after its recall");
            }
            410 => {}
            other => panic!("a share was refused with {other}: {}", answer.json()),
        }
    }
}

fn text(post: &Value, member: &str) -> String {
    post[member].as_str().expect("a text").to_owned()
}
