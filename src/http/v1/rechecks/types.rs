//! What is sent and answered about rechecks.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::rechecks::{RecheckedPost, TouchedPost};
use crate::domain::ids::{Digest, ItemId, PersonId, RecheckId};
use crate::domain::lifecycle::Availability;
use crate::domain::recheck::{Because, RecheckAction, TouchedState};
use crate::domain::time::Time;
use crate::http::paging::Limit;
use crate::http::v1::answers::{REASON_MAX, not_blank};
use crate::store::rechecks::RecheckRow;

/// What is done about the posts that a revision touches.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct RecheckCreate {
    /// The revision that was seen.
    #[schema(minimum = 1)]
    pub(super) revision: i64,
    /// Its digest.
    pub(super) digest: Digest,
    /// What is done.
    pub(super) action: RecheckAction,
    /// Why; it is kept in the record. Required with `reapprove`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    pub(super) reason: Option<String>,
}

/// Why a recheck is withdrawn.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct RecheckWithdrawal {
    /// Why; it is kept in the record.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// Which revision's posts.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
pub(super) struct TouchedFilter {
    /// The revision: the newest approved one, else the working one, when absent.
    #[param(minimum = 1)]
    pub(super) revision: Option<i64>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    pub(super) limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    pub(super) cursor: Option<String>,
}

/// How a list is paged.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
pub(super) struct RecheckFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    pub(super) limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    pub(super) cursor: Option<String>,
}

/// A recheck in an address.
#[derive(Debug, Deserialize)]
pub(super) struct RecheckPath {
    pub(super) id: ItemId,
    pub(super) recheck_id: RecheckId,
}

/// One page of the posts that a revision touches, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct TouchedPage {
    /// The revision that touches them.
    pub(super) of: TouchingRevision,
    /// The posts.
    #[schema(max_items = 200)]
    pub(super) items: Vec<Touched>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    pub(super) next_cursor: Option<String>,
}

/// A revision of a disclaimer, rule or guideline.
#[derive(Serialize, ToSchema)]
pub(super) struct TouchingRevision {
    /// The item.
    pub(super) id: ItemId,
    /// The revision.
    #[schema(minimum = 1)]
    pub(super) revision: i64,
    /// Its digest.
    pub(super) digest: Digest,
}

/// A post that is touched.
#[derive(Serialize, ToSchema)]
pub(super) struct Touched {
    /// The post.
    pub(super) post_id: ItemId,
    /// The first of its revisions that is touched, of the one that counts now and those that will.
    #[schema(minimum = 1)]
    pub(super) revision: i64,
    /// The revision's digest.
    pub(super) digest: Digest,
    /// What the post is called.
    #[schema(max_length = 800)]
    pub(super) title: String,
    /// What time, recalls, dependencies and the rules in force make of the post.
    pub(super) availability: Availability,
    /// Why it is touched.
    pub(super) because: Because,
}

impl From<TouchedPost> for Touched {
    fn from(found: TouchedPost) -> Self {
        let TouchedPost { post_id, revision, digest, title, availability, because } = found;
        Self { post_id, revision, digest, title, availability, because }
    }
}

/// What somebody decided about the posts that a revision touched.
#[derive(Serialize, ToSchema)]
pub(super) struct Recheck {
    /// Its id.
    pub(super) id: RecheckId,
    /// The index of its entry in the record.
    #[schema(minimum = 0)]
    pub(super) index: i64,
    /// The revision that was rechecked.
    #[schema(minimum = 1)]
    pub(super) revision: i64,
    /// Its digest.
    pub(super) digest: Digest,
    /// What was done.
    pub(super) action: RecheckAction,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    pub(super) reason: Option<String>,
    /// Who decided it; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) person_id: Option<PersonId>,
    /// When.
    pub(super) rechecked_at: Time,
    /// How many posts it touches, in an approved revision or under review.
    #[schema(minimum = 0)]
    pub(super) posts: i64,
    /// How many of them are touched in a revision under review only: they are not blocked, but what is under review
    /// cannot be approved after `reapprove`.
    #[schema(minimum = 0)]
    pub(super) posts_in_review: i64,
    /// The digest of the list of its posts, which its entry in the record has too: `sha256:` and the SHA-256 in hex of
    /// a JSON array without spaces, in the order of `post_id`, of `{"because":"…","post_id":"…","revision":1}` for
    /// each post, in UTF-8 (RFC 8785), as `GET .../rechecks/{recheck_id}/posts` lists them. Absent of rechecks from
    /// before there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) posts_digest: Option<Digest>,
    /// When it was withdrawn; absent while it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) withdrawn_at: Option<Time>,
    /// Who withdrew it; absent while it holds, and once they are erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) withdrawn_by: Option<PersonId>,
    /// Why it was withdrawn; absent while it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    pub(super) withdrawal_reason: Option<String>,
}

impl From<RecheckRow> for Recheck {
    fn from(row: RecheckRow) -> Self {
        let RecheckRow {
            id,
            revision,
            digest,
            action,
            reason,
            person_id,
            idx,
            rechecked_at,
            posts,
            posts_in_review,
            posts_digest,
            ended_at: withdrawn_at,
            withdrawn_by,
            withdrawal_reason,
            ..
        } = row;
        Self {
            id,
            index: idx,
            revision,
            digest,
            action,
            reason,
            person_id,
            rechecked_at,
            posts,
            posts_in_review,
            posts_digest,
            withdrawn_at,
            withdrawn_by,
            withdrawal_reason,
        }
    }
}

/// One page of rechecks, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct RecheckPage {
    /// The rechecks.
    #[schema(max_items = 200)]
    pub(super) items: Vec<Recheck>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    pub(super) next_cursor: Option<String>,
}

/// One page of the posts that a recheck touched, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct RecheckedPage {
    /// The posts.
    #[schema(max_items = 200)]
    pub(super) items: Vec<Rechecked>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    pub(super) next_cursor: Option<String>,
}

/// A post that a recheck touched, as it is now.
#[derive(Serialize, ToSchema)]
pub(super) struct Rechecked {
    /// The post.
    pub(super) post_id: ItemId,
    /// The first of its revisions that was touched.
    #[schema(minimum = 1)]
    pub(super) revision: i64,
    /// Why it was touched.
    pub(super) because: Because,
    /// What the post is called; absent once it was redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 800, nullable = false)]
    pub(super) title: Option<String>,
    /// What became of it.
    pub(super) state: TouchedState,
    /// Its first revision that was submitted since and is approved; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    pub(super) approved_revision: Option<i64>,
    /// What time, recalls, dependencies and the rules in force make of the post.
    pub(super) availability: Availability,
}

impl From<RecheckedPost> for Rechecked {
    fn from(found: RecheckedPost) -> Self {
        let RecheckedPost { row, title, state, approved_revision, availability } = found;
        let (post_id, revision, because) = (row.post_id, row.revision, row.because);
        Self { post_id, revision, because, title, state, approved_revision, availability }
    }
}
