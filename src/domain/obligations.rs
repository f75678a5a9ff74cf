//! Obligations: what people must have accepted or finished before they share (R13).
//!
//! An obligation holds for an audience from one moment until another. Whether it keeps somebody from sharing
//! depends on what they have done and on the time, so a verdict comes with the moment up to which it holds.
//!
//! A person whose country is not known is bound by what any country asks (R9): an audience lets nobody into
//! what is meant for a country that they are not known to be in, and for the same reason lets nobody out of
//! what is asked of it.

use std::time::Duration;

use super::content::Audience;
use super::countries;
use super::ids::{GroupId, ItemId, TrainingId};
use super::lifecycle::Term;
use super::time::{Day, Time};
use super::training::Completion;

/// What is asked of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// To accept a revision of a guideline.
    Accept {
        /// The guideline.
        guideline: ItemId,
        /// The revision.
        revision: i64,
        /// The index of its approval, which no other revision has.
        approved_idx: i64,
    },
    /// To finish a training.
    Finish {
        /// The training.
        training: TrainingId,
        /// For how many months a completion counts.
        valid_months: Option<u32>,
    },
}

/// Something that is asked of an audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// What is asked.
    pub duty: Duty,
    /// Of whom.
    pub audience: Audience,
    /// From when until when.
    pub term: Term,
}

/// What a person has done. Both lists are sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    accepted: Box<[i64]>,
    completed: Box<[Completion]>,
}

impl Done {
    /// The approvals of the revisions that were accepted, by index, and the completions that count, in any order.
    pub fn new(mut accepted: Vec<i64>, mut completed: Vec<Completion>) -> Self {
        accepted.sort_unstable();
        completed.sort_unstable();
        Self { accepted: accepted.into(), completed: completed.into() }
    }

    /// Whether the revision whose approval has this index was accepted.
    pub fn has_accepted(&self, approved_idx: i64) -> bool {
        self.accepted.binary_search(&approved_idx).is_ok()
    }

    /// Every completion that counts, by training and day.
    pub fn completions(&self) -> &[Completion] {
        &self.completed
    }

    /// The last completion of a training.
    pub fn completion(&self, training: TrainingId) -> Option<Completion> {
        let after = self.completed.partition_point(|completion| completion.training <= training);
        self.completed.get(after.checked_sub(1)?).copied().filter(|last| last.training == training)
    }
}

/// A person, as far as obligations depend on them.
#[derive(Debug, Clone, Copy)]
pub struct Obliged<'a> {
    /// Their groups.
    pub groups: &'a [GroupId],
    /// Their country, if it is known.
    pub country: Option<&'a str>,
    /// What they have done.
    pub done: &'a Done,
}

/// What of an obligation a person has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// Nothing that counts.
    No,
    /// What counts until then.
    Until(Time),
    /// All that will ever be asked.
    ForGood,
}

impl Met {
    /// Whether it counts at a moment.
    pub fn counts_at(self, now: Time) -> bool {
        match self {
            Met::No => false,
            Met::Until(until) => now < until,
            Met::ForGood => true,
        }
    }
}

/// Whether what is asked of this audience is asked of a person: of whoever belongs to it, or might.
pub fn binds(audience: &Audience, person: Obliged<'_>) -> bool {
    let Audience { groups, countries } = audience;
    let in_group = groups.is_empty() || groups.iter().any(|group| person.groups.contains(group));
    let in_country =
        countries.is_empty() || person.country.is_none_or(|country| countries::covers(countries, country));
    in_group && in_country
}

impl Obligation {
    /// Whether it is asked of a person.
    pub fn binds(&self, person: Obliged<'_>) -> bool {
        binds(&self.audience, person)
    }

    /// What of it was done, whether it was asked or not.
    pub fn met(&self, done: &Done) -> Met {
        match self.duty {
            Duty::Accept { approved_idx, .. } if done.has_accepted(approved_idx) => Met::ForGood,
            Duty::Accept { .. } => Met::No,
            Duty::Finish { training, valid_months } => match done.completion(training) {
                Some(completion) => completion.valid_until(valid_months).map_or(Met::ForGood, Met::Until),
                None => Met::No,
            },
        }
    }
}

/// What keeps a person from sharing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// The obligations that are open.
    pub open: Vec<&'a Obligation>,
    /// The first moment at which time may change this.
    pub holds_until: Option<Time>,
}

/// What of these obligations keeps a person from sharing now.
pub fn judge<'a>(obligations: &'a [Obligation], person: Obliged<'_>, now: Time) -> Verdict<'a> {
    let mut verdict = Verdict { open: Vec::new(), holds_until: None };
    let mut changes_at = |at: Time| {
        verdict.holds_until = Some(verdict.holds_until.map_or(at, |first| first.min(at)));
    };
    for obligation in obligations {
        let Term { from, until } = obligation.term;
        if obligation.term.is_over(now) || !obligation.binds(person) {
            continue;
        }
        let met = obligation.met(person.done);
        if now < from {
            changes_at(from);
            continue;
        }
        until.into_iter().for_each(&mut changes_at);
        if met.counts_at(now) {
            if let Met::Until(until) = met {
                changes_at(until);
            }
        } else {
            verdict.open.push(obligation);
        }
    }
    verdict
}

/// How an obligation stands for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It keeps them from sharing.
    Open,
    /// It will, unless they do something before.
    Upcoming,
    /// Nothing is to be done.
    Met,
}

/// How long before a completion ends it is told that it will, in days, at most.
const NOTICE_DAYS: u32 = 60;

/// The same for each month that it counts: a third of it, so that one that counts for a month is not told of always.
const NOTICE_DAYS_OF_A_MONTH: u32 = 10;

impl Obligation {
    /// When it is due for somebody who does no more: when it begins, or when what they did ends. From then on it
    /// keeps them from sharing.
    pub fn due_at(&self, done: &Done) -> Time {
        match self.met(done) {
            Met::Until(until) => until.max(self.term.from),
            Met::No | Met::ForGood => self.term.from,
        }
    }

    /// How it stands for a person whom it binds; what is over stands nowhere.
    pub fn standing(&self, done: &Done, now: Time) -> Option<Standing> {
        let Term { from, until } = self.term;
        if self.term.is_over(now) {
            return None;
        }
        let starts = from.max(now);
        let met = self.met(done);
        if !met.counts_at(starts) {
            return Some(if from <= now { Standing::Open } else { Standing::Upcoming });
        }
        match met {
            Met::Until(ends)
                if ends <= now.after(self.notice()) && until.is_none_or(|until| ends < until) =>
            {
                Some(Standing::Upcoming)
            }
            _ => Some(Standing::Met),
        }
    }

    /// How long before what was done ends it is told that it will.
    fn notice(&self) -> Duration {
        let days = match self.duty {
            Duty::Finish { valid_months: Some(months), .. } => {
                NOTICE_DAYS.min(months.saturating_mul(NOTICE_DAYS_OF_A_MONTH))
            }
            Duty::Finish { valid_months: None, .. } | Duty::Accept { .. } => NOTICE_DAYS,
        };
        Duration::from_hours(24 * u64::from(days))
    }
}

/// Whether a training can have been completed on a day, as seen now: not in the future, wherever on earth the day
/// began first (UTC+14).
pub fn can_be_completed(on: Day, now: Time) -> bool {
    on.begins() <= now.after(Duration::from_hours(14))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    fn day(days: i64) -> Day {
        Day::of(at(days * 24 * 3600))
    }

    fn accept(approved_idx: i64, from: i64, until: Option<i64>) -> Obligation {
        let duty = Duty::Accept { guideline: ItemId::generate(), revision: 1, approved_idx };
        let term = Term { from: at(from), until: until.map(at) };
        Obligation { duty, audience: Audience::default(), term }
    }

    fn finish(training: TrainingId, valid_months: Option<u32>, from: i64) -> Obligation {
        let term = Term { from: at(from), until: None };
        Obligation { duty: Duty::Finish { training, valid_months }, audience: Audience::default(), term }
    }

    fn open<'a>(obligations: &'a [Obligation], done: &Done, now: i64) -> (Vec<&'a Duty>, Option<Time>) {
        let verdict = judge(obligations, Obliged { groups: &[], country: None, done }, at(now));
        (verdict.open.iter().map(|open| &open.duty).collect(), verdict.holds_until)
    }

    #[test]
    fn r13_a_guideline_blocks_from_the_moment_it_is_in_force_and_the_next_revision_again() {
        let obligations = [accept(7, 100, Some(200)), accept(9, 200, None)];
        let [first, second] = &obligations;
        let nothing = Done::default();
        assert_eq!(open(&obligations, &nothing, 99), (vec![], Some(at(100))));
        assert_eq!(open(&obligations, &nothing, 100), (vec![&first.duty], Some(at(200))));
        let accepted = Done::new(vec![7], vec![]);
        assert_eq!(open(&obligations, &accepted, 199), (vec![], Some(at(200))));
        assert_eq!(open(&obligations, &accepted, 200), (vec![&second.duty], None));
        let both = Done::new(vec![9, 7], vec![]);
        assert_eq!(open(&obligations, &both, 200), (vec![], None));
    }

    #[test]
    fn r13_a_training_counts_until_its_last_completion_ends() {
        let (training, other) = (TrainingId::generate(), TrainingId::generate());
        let obligations = [finish(training, Some(1), 0)];
        let completed = |training, days| Completion { training, on: day(days) };
        let done =
            Done::new(vec![], vec![completed(training, 40), completed(training, 0), completed(other, 90)]);
        let ends = day(40).months_later(1).ends();
        let last = ends.seconds() - 1;
        assert_eq!(open(&obligations, &done, last), (vec![], Some(ends)));
        assert_eq!(open(&obligations, &done, last + 1).0.len(), 1);
        assert_eq!(open(&obligations, &Done::default(), 0).0.len(), 1);
        let for_good = [finish(training, None, 0)];
        assert_eq!(open(&for_good, &done, last + 1), (vec![], None));
    }

    #[test]
    fn r09_who_is_bound_is_whom_it_is_for_and_whoever_might_be() {
        let group = GroupId::generate();
        let audience = Audience { groups: vec![group], countries: vec!["NL".to_owned()] };
        let obligation = Obligation { audience, ..accept(1, 0, None) };
        let done = Done::default();
        let binds = |groups: &[GroupId], country| obligation.binds(Obliged { groups, country, done: &done });
        assert!(binds(&[GroupId::generate(), group], Some("NL")));
        assert!(binds(&[group], None));
        assert!(!binds(&[group], Some("BE")) && !binds(&[], Some("NL")) && !binds(&[], None));
    }

    #[test]
    fn what_is_to_be_done_is_told_before_it_is_due() {
        let training = TrainingId::generate();
        let standing = |obligation: &Obligation, done: &Done, now: Time| obligation.standing(done, now);
        let soon = accept(1, 100, Some(200));
        assert_eq!(standing(&soon, &Done::default(), at(50)), Some(Standing::Upcoming));
        assert_eq!(standing(&soon, &Done::default(), at(100)), Some(Standing::Open));
        assert_eq!(soon.due_at(&Done::default()), at(100));
        assert_eq!(standing(&soon, &Done::new(vec![1], vec![]), at(50)), Some(Standing::Met));
        assert_eq!(standing(&soon, &Done::default(), at(200)), None);
        let yearly = finish(training, Some(12), 0);
        let done = Done::new(vec![], vec![Completion { training, on: day(0) }]);
        let ends = day(0).months_later(12).ends();
        let days = |days: u64| Duration::from_hours(24 * days);
        let before = ends.before(days(60)).before(Duration::from_secs(1));
        assert_eq!(standing(&yearly, &done, before), Some(Standing::Met));
        assert_eq!(standing(&yearly, &done, ends.before(days(60))), Some(Standing::Upcoming));
        assert_eq!(standing(&yearly, &done, ends), Some(Standing::Open));
        assert_eq!(yearly.due_at(&done), ends);
        // It begins after the completion ends.
        let begins = ends.after(days(1));
        let later = Obligation { term: Term { from: begins, until: None }, ..yearly };
        assert_eq!(standing(&later, &done, at(0)), Some(Standing::Upcoming));
        assert_eq!(later.due_at(&done), begins);
    }

    #[test]
    fn what_counts_for_a_short_time_is_told_of_for_a_third_of_it() {
        let training = TrainingId::generate();
        for (months, notice) in [(1, 10), (3, 30), (6, 60), (12, 60), (u32::MAX, 60)] {
            assert_eq!(
                finish(training, Some(months), 0).notice(),
                Duration::from_hours(24 * notice),
                "{months}"
            );
        }
    }

    #[test]
    fn a_day_may_have_begun_elsewhere() {
        let noon = day(10).begins().after(std::time::Duration::from_hours(12));
        assert!(can_be_completed(day(10), noon) && can_be_completed(day(11), noon));
        assert!(!can_be_completed(day(12), noon));
        assert!(!can_be_completed(day(11), day(10).begins()));
    }

    proptest! {
        /// Nothing changes before the moment that a verdict names.
        #[test]
        fn r13_a_verdict_holds_until_the_moment_it_names(
            asked in prop::collection::vec((0..4_i64, 0..9000_i64, prop::option::of(0..9000_i64)), 0..6),
            trained in prop::collection::vec((0..3_u128, 1..3_u32, 0..9000_i64), 0..4),
            accepted in prop::collection::vec(0..4_i64, 0..3),
            completed in prop::collection::vec((0..3_u128, 0..90_i64), 0..5),
            now in 0..9000_i64,
            later in 0..9000_i64,
        ) {
            const SCALE: i64 = 1000;
            let training = |number| TrainingId::from_uuid(uuid::Uuid::from_u128(number));
            let accept = |(idx, from, until): (i64, i64, Option<i64>)| {
                accept(idx, from * SCALE, until.map(|until| until * SCALE))
            };
            let finish = |(number, months, from)| finish(training(number), Some(months), from * SCALE);
            let mut obligations: Vec<Obligation> = asked.into_iter().map(accept).collect();
            obligations.extend(trained.into_iter().map(finish));
            let completed = completed.into_iter().map(|(number, days)| Completion { training: training(number), on: day(days) });
            let done = Done::new(accepted, completed.collect());
            let (before, holds_until) = open(&obligations, &done, now * SCALE);
            let (after, _) = open(&obligations, &done, (now + later) * SCALE);
            let still_holds = holds_until.is_none_or(|until| at((now + later) * SCALE) < until);
            prop_assert!(!still_holds || before == after);
        }
    }
}
