//! Rechecks: somebody looks at which posts a new revision of a disclaimer, a rule or a guideline touches, and
//! says what is to be done about them.
//!
//! What was approved stays as it was approved (R1), so a new revision changes no post by itself: an approved post
//! goes on with the disclaimer that it pins, and a rule need not block what was live before it. A recheck is the
//! decision about these posts. `none` says that nothing need be done, `notify` tells their authors, and `reapprove`
//! keeps each of them from being used until a revision that pins the new one, or, where nothing is pinned, one that
//! was submitted afterwards is approved.
//!
//! | of | touches a post |
//! | --- | --- |
//! | a disclaimer | that pins an older revision of it, or of which it is required and which does not pin it |
//! | a rule | in which it finds something |
//! | a guideline | that somebody for whom the guideline is may share |
//!
//! A recheck is about each revision of a post that counts now, will once its time has come, or is under review, from
//! the first of them that is touched on. What is under review at that time was submitted before, under what was in
//! force then. So after `reapprove` nobody approves what is touched while the recheck holds, which would let it go live
//! as if nobody had looked: it is submitted anew first, and pins what is in force by then. What pins that already is
//! not touched, and its approval frees the post.
//!
//! What is under review is looked at once more when it is approved, so that nothing slips through that was submitted
//! while the posts were looked for. A draft is not touched: it will be submitted after the recheck.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::content::{Disclaimer, Post};
use super::ids::{Digest, ItemId};
use super::lifecycle::{Approved, Availability, Blocker, History, is_superseded};
use super::matrix::can_be_required;
use super::revision::Resolved;
use super::roles::UnknownName;
use super::time::Time;
use crate::error::Error;

#[cfg(test)]
mod tests;

/// What keeps a post from being used that must be approved anew.
pub const RECHECK: &str = "recheck";

/// What is done about the posts that a recheck touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecheckAction {
    /// Nothing; somebody has looked and decided so.
    None,
    /// Their authors are told, and the publishers.
    Notify,
    /// They are blocked until they are approved anew, and the same persons are told.
    Reapprove,
}

/// Why a post is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// It pins an older revision of the disclaimer.
    PinsOlder,
    /// The disclaimer can be required of it, and it does not pin it.
    Required,
    /// The rule finds something in it.
    RuleFinds,
    /// Somebody for whom the guideline is may share it.
    SharedAudience,
}

/// What became of a post that a recheck touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchedState {
    /// It is blocked until it is approved anew.
    Blocked,
    /// None of its revisions that were touched is approved, and one of the post is under review. After `reapprove`
    /// one that was submitted before cannot be approved.
    InReview,
    /// Nothing: it was not blocked, and no revision that was submitted since is approved.
    Unchanged,
    /// A revision that was submitted since is approved.
    ApprovedAnew,
    /// It has expired, or was retired or recalled; or it was under review, and that ended without an approval.
    Ended,
}

impl RecheckAction {
    /// Every action.
    pub const ALL: [RecheckAction; 3] =
        [RecheckAction::None, RecheckAction::Notify, RecheckAction::Reapprove];

    /// The action's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            RecheckAction::None => "none",
            RecheckAction::Notify => "notify",
            RecheckAction::Reapprove => "reapprove",
        }
    }
}

impl Because {
    /// Every reason.
    pub const ALL: [Because; 4] =
        [Because::PinsOlder, Because::Required, Because::RuleFinds, Because::SharedAudience];

    /// The reason's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Because::PinsOlder => "pins_older",
            Because::Required => "required",
            Because::RuleFinds => "rule_finds",
            Because::SharedAudience => "shared_audience",
        }
    }
}

impl TouchedState {
    /// Every state.
    pub const ALL: [TouchedState; 5] = [
        TouchedState::Blocked,
        TouchedState::InReview,
        TouchedState::Unchanged,
        TouchedState::ApprovedAnew,
        TouchedState::Ended,
    ];

    /// The state's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            TouchedState::Blocked => "blocked",
            TouchedState::InReview => "in_review",
            TouchedState::Unchanged => "unchanged",
            TouchedState::ApprovedAnew => "approved_anew",
            TouchedState::Ended => "ended",
        }
    }
}

impl FromStr for RecheckAction {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|action| action.as_str() == text).ok_or(UnknownName)
    }
}

impl fmt::Display for RecheckAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Because {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|because| because.as_str() == text).ok_or(UnknownName)
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A recheck, as far as it is about one post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recheck {
    /// What was rechecked.
    pub item: ItemId,
    /// The revision of it.
    pub revision: i64,
    /// The first revision of the post that it is about.
    pub from_revision: i64,
    /// Its index in the record: it is about what was submitted before.
    pub idx: i64,
    /// When it was.
    pub at: Time,
}

impl Recheck {
    /// Whether an approved revision of the post does not meet it: it pins an older revision of what was rechecked, or
    /// pins none and was submitted before. One that pins the revision that was rechecked meets it whenever it was
    /// submitted.
    pub fn holds_for(&self, approved: &Approved) -> bool {
        let pinned = approved.pins.iter().find(|(item, _)| *item == self.item);
        approved.revision >= self.from_revision
            && match pinned {
                Some((_, revision)) => *revision < self.revision,
                None => approved.submitted_idx < self.idx,
            }
    }

    /// What became of the post, and the first revision of it that meets the recheck, if one does. `history` is
    /// that of the post; `in_review` is whether a revision of it is under review.
    pub fn state(
        &self,
        action: RecheckAction,
        history: &History,
        in_review: bool,
        now: Time,
    ) -> (TouchedState, Option<i64>) {
        let meets =
            |approved: &&Approved| approved.revision >= self.from_revision && !self.holds_for(approved);
        let anew = history.approved.iter().find(meets).map(|approved| approved.revision);
        if anew.is_none() && history.revision(self.from_revision).is_none() {
            return (if in_review { TouchedState::InReview } else { TouchedState::Ended }, None);
        }
        let state = match history.availability(now, false) {
            Availability::Unapproved
            | Availability::Expired
            | Availability::Retired
            | Availability::Recalled => TouchedState::Ended,
            Availability::Scheduled | Availability::Live | Availability::Blocked => match (anew, action) {
                (Some(_), _) => TouchedState::ApprovedAnew,
                (None, RecheckAction::Reapprove) => TouchedState::Blocked,
                (None, RecheckAction::None | RecheckAction::Notify) => TouchedState::Unchanged,
            },
        };
        (state, anew)
    }
}

/// What a recheck touches, as its entry in the record commits to it: the SHA-256 of the canonical JSON (RFC 8785) of
/// a list with `because`, `post_id` and `revision` of each post, sorted by `post_id`.
pub fn posts_digest(touched: impl Iterator<Item = (ItemId, i64, Because)>) -> Result<Digest, Error> {
    let mut touched: Vec<(ItemId, i64, Because)> = touched.collect();
    touched.sort_unstable_by_key(|(post, ..)| *post);
    let mut list: Vec<Value> = Vec::with_capacity(touched.len());
    for (post_id, revision, because) in touched {
        list.push(json!({ "because": because, "post_id": post_id, "revision": revision }));
    }
    let bytes = serde_json_canonicalizer::to_vec(&list).map_err(Error::internal)?;
    Ok(Digest::of(&bytes))
}

impl History {
    /// The approved revisions that count now or will once their time has come, oldest first.
    pub fn standing(&self, now: Time) -> impl Iterator<Item = &Approved> {
        self.approved.iter().filter(move |approved| !is_superseded(self, approved.revision, now))
    }

    /// Whether a recheck asks for another approval than that of this revision.
    pub fn is_rechecked(&self, approved: &Approved) -> bool {
        self.rechecks.iter().any(|recheck| recheck.holds_for(approved))
    }

    /// Whether a recheck is about a revision that was submitted at this index, and came after that.
    pub fn is_rechecked_since(&self, revision: i64, submitted_idx: i64) -> bool {
        let is_about = |it: &Recheck| revision >= it.from_revision && submitted_idx < it.idx;
        self.rechecks.iter().any(is_about)
    }

    /// The rechecks that keep the revision that decides from being used: of each item that was rechecked the
    /// first of them.
    pub fn blocked_by_rechecks(&self, now: Time) -> Vec<Blocker> {
        let Some(present) = self.present(now) else { return Vec::new() };
        let mut blockers: Vec<Blocker> = Vec::new();
        for recheck in self.rechecks.iter().filter(|recheck| recheck.holds_for(present)) {
            let item = Some(recheck.item);
            if !blockers.iter().any(|known| known.item == item) {
                blockers.push(Blocker { code: RECHECK, item, since: recheck.at });
            }
        }
        blockers
    }
}

/// Whether a revision of a disclaimer touches a post, which pins the disclaimer in the revision `pinned`, if at
/// all. Asked is what a submission asks: each channel, language and country of the audience.
pub fn disclaimer_touches(
    post: &Post,
    ai_image: bool,
    pinned: Option<i64>,
    disclaimer: &Resolved<Disclaimer>,
) -> Option<Because> {
    match pinned {
        Some(revision) => (revision < disclaimer.revision).then_some(Because::PinsOlder),
        None => {
            let required = can_be_required(post, ai_image, std::slice::from_ref(disclaimer));
            (!required.is_empty()).then_some(Because::Required)
        }
    }
}
