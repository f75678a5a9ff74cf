//! Measures pictures coming in, over HTTP against the release binary: `cargo bench --bench images`.
//!
//! - what is refused: a picture of 50,000 x 50,000 pixels and one of 10,000 frames;
//! - how long an upload of a photograph of 2,400 x 1,600 pixels takes until all its renditions are stored;
//! - a hundred such uploads at once, while `/healthz` is asked all the time, and the server's memory.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and ends by panicking"
)]

#[allow(dead_code, reason = "the bench of requests uses more of it")]
#[path = "../http/client.rs"]
mod client;
mod files;
#[allow(dead_code, reason = "the bench of requests uses more of it")]
#[path = "../http/server.rs"]
mod server;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use client::Client;
use server::{Database, Organisation, Server};

/// A photograph with everything in it that cameras write.
const PHOTOGRAPH: &[u8] = include_bytes!("../../src/cli/demo/pictures/coffee.jpg");

/// Uploads one after the other.
const ONE_BY_ONE: usize = 40;
/// Uploads at once.
const AT_ONCE: usize = 100;

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let database = Database::all().into_iter().next().expect("SQLite");
    let server = Server::start(&database, 0);
    let organisation = Organisation::found(&server, &database, 0);
    // First, while the server has little in memory that could hide what these take.
    refused(&server, &organisation, "50,000 x 50,000 pixels (PNG)", "image/png", &files::wide_png());
    refused(&server, &organisation, "10,000 frames (GIF)", "image/gif", &files::long_gif());
    one_by_one(&server, &organisation);
    at_once(&server, &organisation);
}

fn one_by_one(server: &Server, organisation: &Organisation) {
    let mut author = organisation.author(server);
    let mut upload = |key: &str| {
        let began = Instant::now();
        author.upload("/v1/images", key, "image/jpeg", PHOTOGRAPH).expect(201);
        began.elapsed()
    };
    // The first ones warm caches.
    (0..3).for_each(|nth| _ = upload(&format!("warm-{nth}")));
    let mut took: Vec<Duration> = (0..ONE_BY_ONE).map(|nth| upload(&format!("one-{nth}"))).collect();
    println!("upload of 2,400 x 1,600 to renditions stored, {ONE_BY_ONE} times: {}", told(&mut took));
}

fn at_once(server: &Server, organisation: &Organisation) {
    let before = server.memory();
    let done = AtomicBool::new(false);
    let began = Instant::now();
    let (mut health, mut uploads) = thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut client = Client::connect(server.address, None);
            let mut took = Vec::new();
            while !done.load(Ordering::Relaxed) {
                let began = Instant::now();
                assert!(client.get("/healthz").is(200));
                took.push(began.elapsed());
                thread::sleep(Duration::from_millis(5));
            }
            took
        });
        let uploads: Vec<_> = (0..AT_ONCE)
            .map(|nth| {
                scope.spawn(move || {
                    let mut author = organisation.author(server);
                    let began = Instant::now();
                    author.upload("/v1/images", &format!("many-{nth}"), "image/jpeg", PHOTOGRAPH).expect(201);
                    began.elapsed()
                })
            })
            .collect();
        let uploads: Vec<Duration> = uploads.into_iter().map(|it| it.join().expect("it uploads")).collect();
        done.store(true, Ordering::Relaxed);
        (watcher.join().expect("it watches"), uploads)
    });
    println!(
        "{AT_ONCE} at once, all stored in {:.1} s: each {}",
        began.elapsed().as_secs_f32(),
        told(&mut uploads)
    );
    println!("  /healthz meanwhile, {} times: {}", health.len(), told(&mut health));
    println!("  memory: {} MiB before, at most {} MiB", before.now, server.memory().most);
}

fn refused(server: &Server, organisation: &Organisation, what: &str, media_type: &str, file: &[u8]) {
    let mut author = organisation.author(server);
    let before = server.memory();
    server.forget_peak();
    let began = Instant::now();
    let answer = author.upload("/v1/images", what.replace(' ', "").as_str(), media_type, file);
    let took = began.elapsed();
    let problem = answer.expect(422);
    let grown = server.memory().most.saturating_sub(before.now);
    println!(
        "{what}, {} bytes: {} in {:.0} ms, memory grew by {grown} MiB",
        file.len(),
        problem["errors"][0]["code"],
        took.as_secs_f64() * 1000.0
    );
}

/// Median, 99th percentile and longest.
fn told(took: &mut [Duration]) -> String {
    took.sort_unstable();
    let at = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1000.0;
    format!("median {:.1} ms, p99 {:.1} ms, longest {:.1} ms", at(50), at(99), at(100))
}
