//! Campaigns: a condition on the posts that name them beside the posts' own, and limits of sharing those.
//!
//! A pilot is a campaign for a small group: nobody else sees or shares its posts.

use std::cmp::Reverse;
use std::time::Duration;

use serde::Serialize;

use super::ids::{GroupId, Key};
use super::share::ShareState;
use super::time::Time;

/// How long a share counts for the limits of its campaign, at most.
pub const COUNTED_FOR: Duration = Duration::from_hours(24);

/// When the posts of a campaign can be shared. It is open to the side that is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// From when.
    pub from: Option<Time>,
    /// Until when, which is not in it.
    pub until: Option<Time>,
}

impl Window {
    /// Whether the window leaves a moment to something that can be shared from `publish_at` until
    /// `expires_at`, and not before `now`.
    pub fn overlaps(&self, publish_at: Option<Time>, expires_at: Option<Time>, now: Time) -> bool {
        let begins = [Some(now), publish_at, self.from].into_iter().flatten().max();
        let ends = [expires_at, self.until].into_iter().flatten().min();
        ends.is_none_or(|ends| begins.is_some_and(|begins| begins < ends))
    }

    /// The first moment after `now` at which it begins or ends.
    pub fn next_change(&self, now: Time) -> Option<Time> {
        [self.from, self.until].into_iter().flatten().filter(|at| *at > now).min()
    }
}

/// How many shares there may be within any 24 hours; as many as one likes where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Of everybody together.
    pub shares_per_day: Option<u32>,
    /// Of each person.
    pub shares_per_person: Option<u32>,
}

/// The most that [`Limits::shares_per_day`] can say: three times as many shares count at most in what is read
/// under the lock, which keeps it short. A campaign that may be shared oftener needs no limit.
pub const SHARES_PER_DAY_MAX: u32 = 5000;
/// The most that [`Limits::shares_per_person`] can say.
pub const SHARES_PER_PERSON_MAX: u32 = 50;

/// Which limit of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Of everybody together.
    SharesPerDay,
    /// Of each person.
    SharesPerPerson,
}

impl Limit {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Limit::SharesPerDay => "shares_per_day",
            Limit::SharesPerPerson => "shares_per_person",
        }
    }
}

/// What a campaign says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignContent {
    /// Its name.
    pub name: String,
    /// What it is to bring about.
    pub goal: Option<String>,
    /// When its posts can be shared.
    pub window: Window,
    /// For whom; everybody when empty.
    pub groups: Vec<GroupId>,
    /// How often they can be shared.
    pub limits: Limits,
}

/// A campaign as its posts meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// What posts refer to it by.
    pub key: Key,
    /// What it says.
    pub content: CampaignContent,
    /// When somebody ended it. That holds from its entry on and not by a clock.
    pub ended_at: Option<Time>,
}

/// Where a campaign is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Its window has not begun, or it was ended before that: then it never does.
    Before,
    /// Its posts can be shared.
    Open,
    /// Its window has closed, or somebody has ended it.
    Over,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Phase; 3] = [Phase::Before, Phase::Open, Phase::Over];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Phase::Before => "before",
            Phase::Open => "open",
            Phase::Over => "over",
        }
    }
}

impl Campaign {
    /// Where it is at `now`.
    pub fn phase(&self, now: Time) -> Phase {
        let Window { from, until } = self.content.window;
        // What nobody had heard of when it was ended is not told of by its end.
        if from.is_some_and(|from| self.ended_at.unwrap_or(now) < from) {
            Phase::Before
        } else if self.ended_at.is_some() || until.is_some_and(|until| until <= now) {
            Phase::Over
        } else {
            Phase::Open
        }
    }

    /// Whether it is for somebody who is in these groups.
    pub fn is_for(&self, groups: &[GroupId]) -> bool {
        let its = &self.content.groups;
        its.is_empty() || its.iter().any(|group| groups.contains(group))
    }
}

/// Until when a share counts for the limits of its campaign: one that was posted for 24 hours, also when it was
/// taken down since; an open one until it lapses, if that is earlier. One that was not posted does not count.
pub fn counts_until(state: ShareState, issued_at: Time, lapses_at: Time) -> Option<Time> {
    let day_later = issued_at.after(COUNTED_FOR);
    match state {
        ShareState::Confirmed | ShareState::Removed => Some(day_later),
        ShareState::Issued => Some(day_later.min(lapses_at)),
        ShareState::Failed => None,
    }
}

/// When one more share fits below a limit, if none fits now. `counted` has, for each share that counts now, until
/// when it does; the latest of them are enough, as many as the limit.
pub fn full_until(counted: &[Time], limit: u32) -> Option<Time> {
    let last = usize::try_from(limit).ok()?.checked_sub(1)?;
    if counted.len() <= last {
        return None;
    }
    let mut latest = counted.to_vec();
    let (_, until, _) = latest.select_nth_unstable_by_key(last, |until| Reverse(*until));
    Some(*until)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(hours: u64) -> Time {
        Time::parse("2026-11-21T09:00:00Z").unwrap().after(Duration::from_hours(hours))
    }

    fn campaign(from: Option<u64>, until: Option<u64>) -> Campaign {
        let window = Window { from: from.map(at), until: until.map(at) };
        Campaign {
            key: "pilot".parse().unwrap(),
            content: CampaignContent {
                name: "Pilot".to_owned(),
                goal: None,
                window,
                groups: Vec::new(),
                limits: Limits::default(),
            },
            ended_at: None,
        }
    }

    #[test]
    fn a_campaign_is_open_from_its_beginning_until_just_before_its_end() {
        let both = campaign(Some(1), Some(3));
        let phases = [0, 1, 2, 3].map(|hours| both.phase(at(hours)));
        assert_eq!(phases, [Phase::Before, Phase::Open, Phase::Open, Phase::Over]);
        let changes = [0, 1, 3].map(|hours| both.content.window.next_change(at(hours)));
        assert_eq!(changes, [Some(at(1)), Some(at(3)), None]);
        assert_eq!(campaign(None, None).phase(at(0)), Phase::Open);
    }

    #[test]
    fn a_campaign_that_was_ended_before_it_began_never_begins() {
        let ended = |from, ended_at, now| {
            Campaign { ended_at: Some(at(ended_at)), ..campaign(from, Some(9)) }.phase(at(now))
        };
        assert_eq!([3, 5, 9].map(|now| ended(Some(5), 3, now)), [Phase::Before; 3]);
        assert_eq!(ended(Some(5), 5, 5), Phase::Over, "it had begun in that moment");
        assert_eq!((ended(Some(1), 3, 3), ended(None, 0, 0)), (Phase::Over, Phase::Over));
    }

    #[test]
    fn a_campaign_is_for_its_groups_or_for_everybody() {
        let (one, other) = (GroupId::generate(), GroupId::generate());
        let mut pilot = campaign(None, None);
        assert!(pilot.is_for(&[]));
        pilot.content.groups = vec![one];
        assert!(pilot.is_for(&[other, one]) && !pilot.is_for(&[other]) && !pilot.is_for(&[]));
    }

    #[test]
    fn r10_a_window_that_leaves_no_moment_is_found() {
        let overlaps = |window: (Option<u64>, Option<u64>), post: (Option<u64>, Option<u64>)| {
            let window = Window { from: window.0.map(at), until: window.1.map(at) };
            window.overlaps(post.0.map(at), post.1.map(at), at(1))
        };
        assert!(overlaps((None, None), (None, None)));
        assert!(overlaps((Some(5), Some(6)), (None, None)));
        assert!(overlaps((None, Some(2)), (None, Some(9))));
        assert!(!overlaps((None, Some(1)), (None, None)), "it is over");
        assert!(!overlaps((Some(5), None), (None, Some(5))), "it begins when the post ends");
        assert!(!overlaps((None, Some(5)), (Some(5), None)), "it ends when the post begins");
        assert!(overlaps((Some(4), Some(6)), (Some(5), Some(9))));
    }

    #[test]
    fn open_shares_count_until_they_lapse_and_posted_ones_for_a_day() {
        let until = |state, lapses| counts_until(state, at(0), at(lapses));
        assert_eq!(until(ShareState::Issued, 2), Some(at(2)));
        assert_eq!(until(ShareState::Issued, 48), Some(at(24)));
        assert_eq!(until(ShareState::Confirmed, 2), Some(at(24)));
        assert_eq!(until(ShareState::Removed, 2), Some(at(24)), "it was public");
        assert_eq!(until(ShareState::Failed, 2), None);
    }

    #[test]
    fn a_limit_is_full_until_fewer_than_it_count() {
        let counted = [at(3), at(1), at(2)];
        assert_eq!(full_until(&counted, 4), None);
        assert_eq!(full_until(&counted, 3), Some(at(1)));
        assert_eq!(full_until(&counted, 1), Some(at(3)), "two have to go, after the limit was lowered");
        assert_eq!(full_until(&[], 1), None);
    }
}
