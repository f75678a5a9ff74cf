//! What happens to a revision, and what time, recalls and dependencies make of its item.
//!
//! One lifecycle serves every kind. A revision is a draft until it is submitted; then it is frozen and
//! only its state moves. Editing what is frozen opens the next revision:
//!
//! | state \ action | edit | submit |
//! | --- | --- | --- |
//! | draft | the draft changes | in_review |
//! | in_review | next draft; the review is withdrawn | refused |
//! | approved | next draft; it stays live | refused, but when a recall, a retirement, a recheck or a pin keeps it from being live: the same words as the next revision |
//! | changes_requested, withdrawn, lapsed | next draft | the same words as the next revision |
//! | rejected | next draft | refused |
//!
//! Submitting the same words once more is our addition to the design: saving identical content makes no
//! revision (R6), so without it an item whose review was withdrawn could not go on unless somebody
//! changed a word for the sake of changing it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::ItemId;
use super::recheck::Recheck;
use super::roles::UnknownName;
use super::time::Time;
use super::urgent::Urgent;

#[cfg(test)]
mod tests;

/// The stored state of a revision. `superseded` is derived, see [`is_superseded`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevisionState {
    /// Being written.
    Draft,
    /// Frozen, and under review.
    InReview,
    /// Every stage of its review passed.
    Approved,
    /// A reviewer asked for changes.
    ChangesRequested,
    /// A reviewer rejected it.
    Rejected,
    /// Edited, recalled or retired while under review.
    Withdrawn,
    /// Its window closed while under review.
    Lapsed,
}

impl RevisionState {
    /// Every state.
    pub const ALL: [RevisionState; 7] = [
        RevisionState::Draft,
        RevisionState::InReview,
        RevisionState::Approved,
        RevisionState::ChangesRequested,
        RevisionState::Rejected,
        RevisionState::Withdrawn,
        RevisionState::Lapsed,
    ];

    /// The state's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            RevisionState::Draft => "draft",
            RevisionState::InReview => "in_review",
            RevisionState::Approved => "approved",
            RevisionState::ChangesRequested => "changes_requested",
            RevisionState::Rejected => "rejected",
            RevisionState::Withdrawn => "withdrawn",
            RevisionState::Lapsed => "lapsed",
        }
    }
}

impl FromStr for RevisionState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownName)
    }
}

impl fmt::Display for RevisionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an edit does to the working revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edit {
    /// The draft changes in place.
    ChangesDraft,
    /// A next revision opens; the authors so far stay authors.
    OpensNext,
    /// A next revision opens and the open review is withdrawn.
    OpensNextAndWithdraws,
    /// A next revision opens with a fresh set of authors: its base is approved (R3).
    OpensNextAfresh,
}

/// What editing a working revision in this state does.
pub const fn edit(state: RevisionState) -> Edit {
    match state {
        RevisionState::Draft => Edit::ChangesDraft,
        RevisionState::InReview => Edit::OpensNextAndWithdraws,
        RevisionState::Approved => Edit::OpensNextAfresh,
        RevisionState::ChangesRequested
        | RevisionState::Rejected
        | RevisionState::Withdrawn
        | RevisionState::Lapsed => Edit::OpensNext,
    }
}

/// What submitting the working revision does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Submission {
    /// The draft is frozen.
    FreezesDraft,
    /// The same words are frozen as the next revision.
    RepeatsAsNext,
    /// There is an open review already (R4).
    RefusedInReview,
    /// It is approved and nothing stopped it, or it was rejected: only an edit goes on from here.
    RefusedNothingNew,
}

/// What submitting a working revision in this state does; `stopped` tells whether a recall, retirement
/// or recheck holds for it, or something that it pins blocks it.
pub const fn submission(state: RevisionState, stopped: bool) -> Submission {
    match state {
        RevisionState::Draft => Submission::FreezesDraft,
        RevisionState::InReview => Submission::RefusedInReview,
        RevisionState::Approved if stopped => Submission::RepeatsAsNext,
        RevisionState::Approved | RevisionState::Rejected => Submission::RefusedNothingNew,
        RevisionState::ChangesRequested | RevisionState::Withdrawn | RevisionState::Lapsed => {
            Submission::RepeatsAsNext
        }
    }
}

/// What time, recalls and dependencies make of an item, in the order in which the later one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// No revision is approved.
    Unapproved,
    /// Approved, and its time to be published has not come.
    Scheduled,
    /// It may be used.
    Live,
    /// Something that it pins may not be used.
    Blocked,
    /// Its window has closed.
    Expired,
    /// Taken out of use without haste.
    Retired,
    /// Stopped at once.
    Recalled,
}

impl Availability {
    /// Every availability, in its order.
    pub const ALL: [Availability; 7] = [
        Availability::Unapproved,
        Availability::Scheduled,
        Availability::Live,
        Availability::Blocked,
        Availability::Expired,
        Availability::Retired,
        Availability::Recalled,
    ];

    /// The availability's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Availability::Unapproved => "unapproved",
            Availability::Scheduled => "scheduled",
            Availability::Live => "live",
            Availability::Blocked => "blocked",
            Availability::Expired => "expired",
            Availability::Retired => "retired",
            Availability::Recalled => "recalled",
        }
    }
}

impl FromStr for Availability {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownName)
    }
}

impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An approved revision, as far as availability depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// Its number.
    pub revision: i64,
    /// The index of its submission in the record.
    pub submitted_idx: i64,
    /// The index of its approval in the record.
    pub approved_idx: i64,
    /// When its review, or an urgent publication, approved it.
    pub approved_at: Time,
    /// That it was approved by an urgent publication, and what came of that.
    pub urgent: Option<Urgent>,
    /// When it may first be used; at once when absent.
    pub publish_at: Option<Time>,
    /// When it may no longer be used; never when absent.
    pub expires_at: Option<Time>,
    /// When its content was redacted: from then on it counts as recalled (R2).
    pub redacted: Option<Time>,
    /// The items and revisions it pins.
    pub pins: Vec<(ItemId, i64)>,
}

impl Approved {
    /// From when on it may be used: when its time has come, and not before it was approved.
    pub fn starts(&self) -> Time {
        self.publish_at.map_or(self.approved_at, |at| at.max(self.approved_at))
    }
}

/// A recall or a retirement, as far as availability depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Which of the two.
    pub ending: EndingKind,
    /// Its index in the record: it holds for revisions submitted before it.
    pub idx: i64,
    /// When it happened.
    pub at: Time,
}

/// A recall or a retirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndingKind {
    /// Stopped at once, with a reason.
    Recall,
    /// Taken out of use without haste.
    Retirement,
}

impl EndingKind {
    /// The name of the ending.
    pub const fn as_str(self) -> &'static str {
        match self {
            EndingKind::Recall => "recall",
            EndingKind::Retirement => "retirement",
        }
    }
}

impl FromStr for EndingKind {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        [Self::Recall, Self::Retirement].into_iter().find(|ending| ending.as_str() == text).ok_or(UnknownName)
    }
}

/// What availability is derived from: the approved revisions of an item, oldest first, its endings, and what
/// asks for another approval.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// The approved revisions, by number.
    pub approved: Vec<Approved>,
    /// The recalls and retirements, by index.
    pub endings: Vec<Ending>,
    /// The rechecks that ask for an approval anew, by index.
    pub rechecks: Vec<Recheck>,
}

/// Something that keeps an approved item from being used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// `pin_expired`, `pin_recalled`, `pin_not_approved`, `rule_violated`, `rule_broken`, `urgent_unreviewed`,
    /// `urgent_refused` or `recheck`.
    pub code: &'static str,
    /// The pinned item, the rule, or what was rechecked; none where it is the lack of its own review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// Since when.
    pub since: Time,
}

impl History {
    /// The one revision that decides: the newest approved one whose time has come, else the newest.
    pub fn present(&self, now: Time) -> Option<&Approved> {
        let has_come = |approved: &&Approved| approved.publish_at.is_none_or(|at| at <= now);
        self.approved.iter().rev().find(has_come).or(self.approved.last())
    }

    /// The revision with this number, if it is approved.
    pub fn revision(&self, revision: i64) -> Option<&Approved> {
        self.approved.iter().find(|approved| approved.revision == revision)
    }

    /// The newest ending of this kind that holds for a revision.
    pub fn ended(&self, revision: &Approved, ending: EndingKind) -> Option<&Ending> {
        self.endings.iter().rev().find(|end| end.ending == ending && end.idx > revision.submitted_idx)
    }

    /// Whether some revision was, or would have been, live by `now`: approved, and its time had come before
    /// the item was first ended.
    pub fn was_live(&self, now: Time) -> bool {
        self.approved.iter().any(|approved| {
            let from = approved.starts();
            let first_ending = self.endings.iter().find(|end| end.idx > approved.submitted_idx);
            from <= first_ending.map_or(now, |end| end.at.min(now))
        })
    }

    /// Since when the item has been live without an ending in between; a new revision keeps it.
    pub fn live_since(&self, now: Time) -> Option<Time> {
        let present = self.present(now)?;
        let since_last_ending = self.endings.iter().map(|ending| ending.idx).max().unwrap_or(-1);
        self.approved
            .iter()
            .filter(|approved| approved.submitted_idx > since_last_ending || approved == &present)
            .map(Approved::starts)
            .min()
    }

    /// Why a revision that somebody pins keeps them from being live, if it does (R12): it expired or
    /// was recalled. Superseded or retired does not matter.
    pub fn blocks(&self, item: ItemId, revision: i64, now: Time) -> Option<Blocker> {
        let item = Some(item);
        let Some(approved) = self.revision(revision) else {
            return Some(Blocker { code: "pin_not_approved", item, since: now });
        };
        if let Some(recall) = self.ended(approved, EndingKind::Recall) {
            return Some(Blocker { code: "pin_recalled", item, since: recall.at });
        }
        if let Some(since) = approved.redacted {
            return Some(Blocker { code: "pin_recalled", item, since });
        }
        let expired = approved.expires_at.filter(|at| *at <= now);
        expired.map(|since| Blocker { code: "pin_expired", item, since })
    }

    /// What an urgent publication without a review that approved it makes of the revision that decides.
    pub fn unreviewed(&self, now: Time) -> Option<Blocker> {
        let (code, since) = self.present(now)?.urgent?.blocked(now)?;
        Some(Blocker { code, item: None, since })
    }

    /// The availability at `now`, given what blocks the present revision.
    pub fn availability(&self, now: Time, blocked: bool) -> Availability {
        let Some(present) = self.present(now) else { return Availability::Unapproved };
        if present.redacted.is_some() || self.ended(present, EndingKind::Recall).is_some() {
            return Availability::Recalled;
        }
        if self.ended(present, EndingKind::Retirement).is_some() {
            return Availability::Retired;
        }
        if present.expires_at.is_some_and(|at| at <= now) {
            return Availability::Expired;
        }
        if blocked {
            return Availability::Blocked;
        }
        if present.publish_at.is_some_and(|at| at > now) {
            return Availability::Scheduled;
        }
        Availability::Live
    }

    /// The first moment after `now` at which a window of an approved revision opens or closes, or the time for
    /// the review of an urgent publication ends.
    pub fn next_change(&self, now: Time) -> Option<Time> {
        let windows =
            self.approved.iter().flat_map(|approved| [approved.publish_at, approved.expires_at]).flatten();
        let reviews = self.approved.iter().filter_map(|approved| approved.urgent?.next_change(now));
        windows.filter(|at| *at > now).chain(reviews).min()
    }
}

/// From when until when something is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Its first moment.
    pub from: Time,
    /// The first moment at which it is over; never when absent.
    pub until: Option<Time>,
}

impl Term {
    /// Whether it is over.
    pub fn is_over(self, now: Time) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

impl History {
    /// The approved revisions that are or will be the one that is live, and when, by what is known now: what
    /// [`History::present`] and [`History::availability`] say of each moment, for all moments at once. It is for
    /// items that pin nothing and are never published urgently.
    pub fn terms(&self) -> impl Iterator<Item = (&Approved, Term)> {
        self.approved.iter().enumerate().filter_map(move |(at, approved)| {
            let is_ended = approved.redacted.is_some()
                || self.ended(approved, EndingKind::Recall).is_some()
                || self.ended(approved, EndingKind::Retirement).is_some();
            let newer = self.approved.iter().skip(at + 1).map(Approved::starts);
            let until = newer.chain(approved.expires_at).min();
            let term = Term { from: approved.starts(), until };
            (!is_ended && until.is_none_or(|until| term.from < until)).then_some((approved, term))
        })
    }
}

/// Whether an approved revision was overtaken: a newer approved one's time has come (R7).
pub fn is_superseded(history: &History, revision: i64, now: Time) -> bool {
    let has_come = |newer: &Approved| newer.publish_at.is_none_or(|at| at <= now);
    history.revision(revision).is_some()
        && history.approved.iter().any(|newer| newer.revision > revision && has_come(newer))
}
