//! Trainings: what people finish elsewhere, and who says that they have.

use super::content::Audience;
use super::ids::{Key, TrainingId};
use super::time::{Day, Time};

/// The responsibility whose holders and deputies record completions, where a training names no other.
pub const RESPONSIBILITY: &str = "training";

/// The longest that a completion can count, in months.
pub const MAX_VALID_MONTHS: u32 = 120;

/// What a training says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Training {
    /// What it is called.
    pub title: String,
    /// Where it is taken.
    pub url: String,
    /// For how many months a completion counts; for ever when absent.
    pub valid_months: Option<u32>,
    /// Who must have completed it before they share; nobody when absent.
    pub required_for: Option<Audience>,
    /// From when on they must.
    pub required_from: Time,
    /// The key of the responsibility whose holders and deputies record completions.
    pub responsibility: Key,
}

/// That somebody completed a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Completion {
    /// Which.
    pub training: TrainingId,
    /// On which day.
    pub on: Day,
}

impl Completion {
    /// Until when it counts: through the day that many months later; for ever without a limit.
    pub fn valid_until(self, valid_months: Option<u32>) -> Option<Time> {
        valid_months.map(|months| self.on.months_later(months).ends())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_completion_counts_through_the_same_day_of_a_later_month() {
        let until = |on: &str, months| {
            let completion = Completion { training: TrainingId::generate(), on: Day::parse(on).unwrap() };
            completion.valid_until(months).map(|until| until.to_string())
        };
        assert_eq!(until("2025-11-30", Some(12)).unwrap(), "2026-12-01T00:00:00Z");
        assert_eq!(until("2026-01-31", Some(1)).unwrap(), "2026-03-01T00:00:00Z");
        assert_eq!(until("2024-02-29", Some(12)).unwrap(), "2025-03-01T00:00:00Z");
        assert_eq!(until("2026-01-31", None), None);
    }
}
