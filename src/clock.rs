//! The only reader of the time.
//!
//! Everything else takes the time as an argument. A [`Clock`] is either the system's or one that
//! stands still until it is set, which is what tests and the demonstration's past use.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::time::Time;

/// How far this node's clock and the database's may be apart before the node refuses writes.
pub const MAX_SKEW: Duration = Duration::from_secs(2);

/// A comparison that took longer than this says too little about the database's clock.
const LONGEST_COMPARISON: Duration = Duration::from_millis(500);

/// Where the time comes from, and how far the database's time was from it when last compared.
#[derive(Debug, Clone)]
pub struct Clock {
    source: Source,
    /// Database time minus ours, in microseconds, as last observed; `None` before the first time.
    skew: Arc<Mutex<Option<i64>>>,
}

#[derive(Debug, Clone)]
enum Source {
    System,
    /// A settable time, and a settable offset of the database's time from it.
    Manual {
        now: Arc<AtomicI64>,
        database_offset: Arc<AtomicI64>,
    },
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self { source: Source::System, skew: Arc::default() }
    }

    /// A clock that stands at `now` until it is set.
    pub fn manual(now: Time) -> Self {
        let source =
            Source::Manual { now: Arc::new(AtomicI64::new(now.micros())), database_offset: Arc::default() };
        Self { source, skew: Arc::default() }
    }

    /// The present time, in whole milliseconds: what is stored and what is shown are then the same.
    pub fn now(&self) -> Time {
        match &self.source {
            Source::System => Time::from_micros(chrono::Utc::now().timestamp_micros()).to_millis(),
            Source::Manual { now, .. } => Time::from_micros(now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock to `time`; the system's clock is not ours to move, so nothing happens.
    pub fn set(&self, time: Time) {
        if let Source::Manual { now, .. } = &self.source {
            now.store(time.micros(), Ordering::SeqCst);
        }
    }

    /// Lets a manual clock's database run `micros` ahead of it (behind, when negative).
    pub fn set_database_offset(&self, micros: i64) {
        if let Source::Manual { database_offset, .. } = &self.source {
            database_offset.store(micros, Ordering::SeqCst);
        }
    }

    /// Takes note of what the database said the time was, between `asked` and `answered` of this clock:
    /// it is compared with the middle of the two. A comparison that took more than 500 ms counts only
    /// when there was none before. A manual clock has its own database time.
    pub fn observe_database(&self, asked: Time, database: Time, answered: Time) {
        let took = answered.micros() - asked.micros();
        let skew = match &self.source {
            Source::System => database.micros() - (asked.micros() + took / 2),
            Source::Manual { database_offset, .. } => database_offset.load(Ordering::SeqCst),
        };
        let mut known = self.skew.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() || Duration::from_micros(took.unsigned_abs()) <= LONGEST_COMPARISON {
            *known = Some(skew);
        }
    }

    /// The skew, when it is larger than [`MAX_SKEW`].
    pub fn excessive_skew(&self) -> Option<Duration> {
        let skew = (*self.skew.lock().unwrap_or_else(PoisonError::into_inner))?;
        let skew = Duration::from_micros(skew.unsigned_abs());
        (skew > MAX_SKEW).then_some(skew)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_databases_time_is_compared_with_the_middle_of_a_short_question() {
        let clock = Clock::system();
        let at = |millis: i64| Time::from_micros(millis * 1000);
        clock.observe_database(at(0), at(5_000), at(5_000));
        assert_eq!(clock.excessive_skew(), Some(Duration::from_millis(2_500)), "the first one counts");
        clock.observe_database(at(0), at(2_200), at(400));
        assert_eq!(clock.excessive_skew(), None, "2,000 ms from the middle");
        clock.observe_database(at(0), at(2_201), at(400));
        assert_eq!(clock.excessive_skew(), Some(Duration::from_millis(2_001)));
        clock.observe_database(at(0), at(250), at(501));
        assert!(clock.excessive_skew().is_some(), "too long to say anything");
        clock.observe_database(at(0), at(250), at(500));
        assert_eq!(clock.excessive_skew(), None);
    }
}
