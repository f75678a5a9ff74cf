//! An import while shares run: it must not make sharing slow, and no write may hold the lock for long.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::load::Report;
use crate::server::{Organisation, Server, content, share_of};

/// Rows of the file.
const ROWS: usize = 10_000;
/// Clients that share.
const SHARERS: usize = 16;
/// How much slower shares may be meanwhile, at the 99th percentile.
const RATIO_MAX: f64 = 2.0;
/// How long a write may hold the lock.
const HELD_MAX: Duration = Duration::from_millis(50);

/// Shares alone, then while a file is imported, then alone again with all that it made, on a server that has
/// only just started.
pub fn measure(server: &Server, organisation: &Organisation, posts: &[Value], duration: Duration) {
    let alone = |name| share_while(server, organisation, posts, name, || std::thread::sleep(duration));
    let before = alone("before");
    let held_alone = server.longest_write();
    let mut author = organisation.author(server);
    let mut import = Value::Null;
    let file = file();
    let began = Instant::now();
    let during = share_while(server, organisation, posts, "import", || {
        import = author.send_file("/v1/post-imports", "application/x-ndjson", &file).expect(201);
    });
    let took = began.elapsed();
    assert_eq!(import["created"], ROWS, "{import}");
    let held = server.longest_write();
    let alone = Report::new([before.latencies, alone("after").latencies].concat(), duration * 2);
    let (p99_alone, p99_during) = (alone.percentile(0.99), during.percentile(0.99));
    let ratio = p99_during.as_secs_f64() / p99_alone.as_secs_f64();
    println!(
        "import     shares alone p99 {p99_alone:.2?}, during an import of {ROWS} rows p99 {p99_during:.2?} \
         (ratio {ratio:.2}), longest write under the lock {held:.2?} \
         ({held_alone:.2?} before the import); {:.0} shares/s alone, {:.0} during the {took:.1?} of the import",
        alone.rate, during.rate,
    );
    assert!(ratio < RATIO_MAX, "an import makes the shares' p99 {ratio:.2} times as long");
    assert!(held < HELD_MAX, "a write held the lock for {held:?}");
}

/// Shares from several clients for as long as `work` takes.
fn share_while(
    server: &Server,
    organisation: &Organisation,
    posts: &[Value],
    name: &str,
    work: impl FnOnce(),
) -> Report {
    let done = AtomicBool::new(false);
    let began = Instant::now();
    let latencies: Vec<Vec<Duration>> = std::thread::scope(|scope| {
        let sharers: Vec<_> = (0..SHARERS)
            .map(|at| {
                let done = &done;
                scope.spawn(move || share_until(done, server, organisation, posts, name, at))
            })
            .collect();
        work();
        done.store(true, Ordering::SeqCst);
        sharers.into_iter().map(|sharer| sharer.join().expect("a client ran to its end")).collect()
    });
    Report::new(latencies.into_iter().flatten().collect(), began.elapsed())
}

fn share_until(
    done: &AtomicBool,
    server: &Server,
    organisation: &Organisation,
    posts: &[Value],
    name: &str,
    at: usize,
) -> Vec<Duration> {
    let mut client = organisation.employee(server, at);
    let mut latencies = Vec::new();
    while !done.load(Ordering::SeqCst) {
        let post = &posts[(at + latencies.len()) % posts.len()];
        let key = format!("{name}-{at}-{}", latencies.len());
        let sent = Instant::now();
        client.post("/v1/shares", &[("Idempotency-Key", &key)], &share_of(post)).expect(201);
        latencies.push(sent.elapsed());
    }
    latencies
}

/// A file of so many posts.
fn file() -> Vec<u8> {
    let row = |nth: usize| json!({ "external_id": format!("bench-{nth}"), "content": content(nth) });
    (0..ROWS).map(|nth| format!("{}\n", row(nth))).collect::<String>().into_bytes()
}
