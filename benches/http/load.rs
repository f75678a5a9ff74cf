//! Load from several threads at once, each in a closed loop.

use std::sync::Barrier;
use std::time::{Duration, Instant};

/// How much load, and for how long.
pub struct Load {
    clients: usize,
    duration: Duration,
}

/// What a load saw.
pub struct Report {
    /// Requests a second.
    pub rate: f64,
    /// How long each took, sorted.
    pub latencies: Vec<Duration>,
}

impl Load {
    /// So many clients for so long.
    pub fn new(clients: usize, duration: Duration) -> Self {
        Self { clients, duration }
    }

    /// Runs it. `client` makes the request of one client, which answers whether it went well; one that
    /// did not ends the run.
    pub fn run<R>(&self, client: impl Fn(usize) -> R + Sync) -> Report
    where
        R: FnMut(usize) -> bool,
    {
        let start = Barrier::new(self.clients);
        let latencies: Vec<Vec<Duration>> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.clients)
                .map(|at| {
                    let (client, start) = (&client, &start);
                    scope.spawn(move || {
                        let mut request = client(at);
                        start.wait();
                        let began = Instant::now();
                        let mut latencies = Vec::new();
                        while began.elapsed() < self.duration {
                            let sent = Instant::now();
                            assert!(request(latencies.len()), "a request of the load was refused");
                            latencies.push(sent.elapsed());
                        }
                        latencies
                    })
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().expect("a client ran to its end")).collect()
        });
        Report::new(latencies.into_iter().flatten().collect(), self.duration)
    }
}

impl Report {
    /// A report of these latencies.
    pub fn new(mut latencies: Vec<Duration>, duration: Duration) -> Self {
        latencies.sort_unstable();
        Self { rate: latencies.len() as f64 / duration.as_secs_f64(), latencies }
    }

    /// The latency that this share of the requests stayed within.
    pub fn percentile(&self, share: f64) -> Duration {
        let at = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(at.min(self.latencies.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    /// Prints a line of the table; `health` is what the rate is compared with.
    pub fn print(&self, name: &str, clients: usize, health: &Report) {
        let millis = |latency: Duration| latency.as_secs_f64() * 1000.0;
        println!(
            "{name:<10} {clients:>8} {:>5} {:>9.0} {:>9.3} {:>6.2} ms {:>6.2} ms",
            "",
            self.rate,
            self.rate / health.rate,
            millis(self.percentile(0.5)),
            millis(self.percentile(0.99)),
        );
    }
}
