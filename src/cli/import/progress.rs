//! How far an import is, on standard error: a bar on a terminal, and a line every few seconds elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::thousands;
use crate::store::post_imports::Counts;

/// How often a line is written.
const INTERVAL: Duration = Duration::from_secs(5);

/// What is shown of an import that runs.
pub(super) struct Progress {
    shown: Shown,
    counts: Counts,
}

enum Shown {
    Bar(ProgressBar),
    Lines { last: Instant },
}

impl Progress {
    /// Begins to show it; `length` is that of the file in bytes.
    pub(super) fn new(length: Option<u64>) -> Self {
        let shown = if std::io::stderr().is_terminal() {
            Shown::Bar(bar(length))
        } else {
            Shown::Lines { last: Instant::now() }
        };
        Self { shown, counts: Counts::default() }
    }

    /// So many bytes more were read, and the counts are these.
    pub(super) fn moved(&mut self, bytes: usize, counts: Counts) {
        self.counts = counts;
        let said = self.said();
        match &mut self.shown {
            Shown::Bar(bar) => {
                bar.set_message(said);
                bar.inc(u64::try_from(bytes).unwrap_or_default());
            }
            Shown::Lines { last } if last.elapsed() >= INTERVAL => {
                *last = Instant::now();
                // Whoever does not read the progress may still wait for the end.
                let _ = writeln!(std::io::stderr(), "{said}");
            }
            Shown::Lines { .. } => {}
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        if let Shown::Bar(bar) = self.shown {
            bar.finish_and_clear();
        }
    }

    fn said(&self) -> String {
        let Counts { rows, created, existing, refused } = self.counts;
        let [rows, created, existing, refused] = [rows, created, existing, refused].map(thousands);
        format!("{rows} rows: created {created}, existing {existing}, refused {refused}")
    }
}

/// A bar for a file of known length; else what moves and counts.
fn bar(length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{bar:30} {bytes}/{total_bytes}, {eta} left; {msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes}; {msg}"),
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style)
}
