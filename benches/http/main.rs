//! Measures the running server over HTTP: `cargo bench`.
//!
//! For each database it starts the release binary and prints requests a second for the feed and for
//! shares, beside those of `/healthz` in the same run: machines differ, so the ratio is what to compare.
//! On PostgreSQL two server processes then issue shares while 1,000 posts are recalled; the run fails when
//! the recalls' p99 is not below 100 ms, or when one share was issued after an answered recall. At last, on
//! each database, 10,000 posts are imported while shares run; the run fails when that makes the shares' p99
//! twice as long, or when a write held the lock for 50 ms.
//!
//! `GREENLIGHT_BENCH_SECONDS` sets how long each load runs (5).

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and ends by panicking"
)]

#[allow(dead_code, reason = "the bench of pictures uses more of it")]
mod client;
mod imports;
mod load;
mod recalls;
#[allow(dead_code, reason = "the bench of pictures uses more of it")]
mod server;

use std::time::Duration;

use serde_json::Value;

use client::Client;
use load::{Load, Report};
use server::{Database, Organisation, Server};

/// Posts that the feed shows.
const POSTS: usize = 50;
/// Employees who share.
const EMPLOYEES: usize = 32;

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let duration = Duration::from_secs(seconds());
    println!(
        "{:<10} {:>8} {:>5} {:>9} {:>9} {:>9} {:>9}",
        "load", "clients", "", "req/s", "of health", "p50", "p99"
    );
    for database in Database::all() {
        println!("# {}", database.name());
        let server = Server::start(&database, 0);
        let organisation = Organisation::found(&server, &database, EMPLOYEES);
        let posts = organisation.publish(&server, POSTS);
        measure(&server, &organisation, &posts, duration);
        if database.is_shared() {
            let second = Server::start(&database, 1);
            recalls::race(&[&server, &second], &organisation);
        }
        // SQLite has one server, and a fresh one tells of its own writes only.
        drop(server);
        let server = Server::start(&database, 2);
        imports::measure(&server, &organisation, &posts, duration);
    }
}

fn measure(server: &Server, organisation: &Organisation, posts: &[Value], duration: Duration) {
    let health = Load::new(8, duration).run(|_| {
        let mut client = Client::connect(server.address, None);
        move |_| client.get("/healthz").is(200)
    });
    health.print("healthz", 8, &health);
    for clients in [8, 32] {
        let feed = Load::new(clients, duration).run(|at| {
            let mut client = organisation.employee(server, at);
            move |_| client.get("/v1/feed?limit=20").is(200)
        });
        feed.print("feed", clients, &health);
        let shares = share_load(server, organisation, posts, clients, duration);
        shares.print("share", clients, &health);
    }
}

fn share_load(
    server: &Server,
    organisation: &Organisation,
    posts: &[Value],
    clients: usize,
    duration: Duration,
) -> Report {
    Load::new(clients, duration).run(|at| {
        let mut client = organisation.employee(server, at);
        let posts = posts.to_vec();
        move |nth| {
            let post = &posts[(at + nth) % posts.len()];
            let key = format!("bench-{clients}-{at}-{nth}");
            client.post("/v1/shares", &[("Idempotency-Key", &key)], &server::share_of(post)).is(201)
        }
    })
}

fn seconds() -> u64 {
    std::env::var("GREENLIGHT_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5)
}
