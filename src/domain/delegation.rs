//! Delegations: a person's own work, handed to a deputy for some days.
//!
//! A delegation is dated, may be narrowed to kinds, and is not transitive: what somebody got from another
//! they cannot hand on. It holds until its last day is over or somebody ends it, also while its giver is
//! deactivated, because a person who is away is what it is made for; an administrator who deactivates
//! somebody is told which of their delegations go on, and can end them.

use super::ids::{Kind, PersonId};
use super::time::{Day, Time};

/// The most days that a delegation can have.
pub const DAYS_MAX: i64 = 366;

/// What makes one person act for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Whose work it is.
    pub from: PersonId,
    /// Who does it.
    pub to: PersonId,
    /// Of which kinds; empty = of all.
    pub kinds: Vec<Kind>,
    /// From when on.
    pub from_at: Time,
    /// Until when: the first moment at which it no longer holds.
    pub until_at: Time,
}

impl Delegation {
    /// Whether it holds at `now` for items of a kind.
    pub fn holds(&self, kind: Kind, now: Time) -> bool {
        self.from_at <= now && now < self.until_at && self.is_for(kind)
    }

    /// Whether it is for items of a kind, whenever.
    pub fn is_for(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Whether at some moment both hand the same work of one person to somebody: then nobody could tell
    /// whose it is.
    pub fn overlaps(&self, other: &Self) -> bool {
        let same_kind = self.kinds.is_empty()
            || other.kinds.is_empty()
            || self.kinds.iter().any(|kind| other.kinds.contains(kind));
        self.from == other.from && same_kind && self.from_at < other.until_at && other.from_at < self.until_at
    }
}

/// The moments between which these days lie, in UTC: from the first moment of the first day to the first
/// moment after the last. Nothing where the last is before the first.
pub fn between(first: Day, last: Day) -> Option<(Time, Time)> {
    (first <= last).then(|| (first.begins(), last.ends()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn delegation(from: PersonId, first: &str, last: &str, kinds: &[Kind]) -> Delegation {
        let (from_at, until_at) = between(Day::parse(first).unwrap(), Day::parse(last).unwrap()).unwrap();
        Delegation { from, to: PersonId::generate(), kinds: kinds.to_vec(), from_at, until_at }
    }

    #[test]
    fn the_last_day_is_part_of_it() {
        let it = delegation(PersonId::generate(), "2026-12-24", "2026-12-25", &[Kind::Post]);
        let at = |text: &str| Time::parse(text).unwrap();
        assert!(!it.holds(Kind::Post, at("2026-12-23T23:59:59.999Z")));
        assert!(it.holds(Kind::Post, at("2026-12-24T00:00:00Z")));
        assert!(it.holds(Kind::Post, at("2026-12-25T23:59:59.999Z")));
        assert!(!it.holds(Kind::Post, at("2026-12-26T00:00:00Z")));
        assert!(!it.holds(Kind::Image, at("2026-12-24T12:00:00Z")));
        assert_eq!(between(Day::parse("2026-12-25").unwrap(), Day::parse("2026-12-24").unwrap()), None);
    }

    #[test]
    fn only_the_same_work_at_the_same_time_overlaps() {
        let anna = PersonId::generate();
        let posts = delegation(anna, "2026-12-01", "2026-12-10", &[Kind::Post]);
        assert!(posts.overlaps(&delegation(anna, "2026-12-10", "2026-12-12", &[])));
        assert!(!posts.overlaps(&delegation(anna, "2026-12-11", "2026-12-12", &[])));
        assert!(!posts.overlaps(&delegation(anna, "2026-12-05", "2026-12-06", &[Kind::Image])));
        assert!(!posts.overlaps(&delegation(PersonId::generate(), "2026-12-05", "2026-12-06", &[])));
    }
}
