//! What requests and answers say of a review.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::reviews::{ReviewView, StageView, WorkflowNamed};
use crate::domain::channels::ChannelId;
use crate::domain::findings::Finding;
use crate::domain::ids::{Digest, ItemId, Kind, PersonId, ReviewId, WorkflowId};
use crate::domain::review::{ReviewState, StageState};
use crate::domain::time::Time;
use crate::domain::workflow::Quorum;
use crate::error::{Error, Result};
use crate::http::paging::Limit;
use crate::http::schema::{CountryCode, LanguageTag};
use crate::http::v1::answers::{REASON_MAX, is_false, not_blank};
use crate::http::v1::decisions::Decision;
use crate::http::v1::findings::{RuleFinding, told};
use crate::http::v1::pools::{NewPool, Pool};

/// A stage that is given to others.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct Reassignment {
    /// The stage, from 0.
    #[validate(range(max = 9))]
    #[schema(minimum = 0, maximum = 9)]
    pub(super) stage: u8,
    /// Who may decide in it from now on.
    pub(super) reviewers: NewPool,
    /// Why.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// A later end of a window.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct Extension {
    /// When sharing ends.
    pub(super) expires_at: Time,
}

/// What a list of reviews is narrowed to.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
pub(super) struct ReviewFilter {
    /// Only those that wait for the caller.
    pub(super) mine: Option<bool>,
    /// Only those with a stage that is overdue.
    pub(super) overdue: Option<bool>,
    /// Only those that cannot end as things stand.
    pub(super) stuck: Option<bool>,
    /// Only those of items of this kind.
    pub(super) kind: Option<Kind>,
    /// Only those in this state; with any of the first three they are open.
    pub(super) state: Option<ReviewState>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    pub(super) limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    pub(super) cursor: Option<String>,
}

/// One page of reviews, the longest waiting first.
#[derive(Serialize, ToSchema)]
pub(super) struct ReviewPage {
    /// The reviews, without their `comment_room`.
    #[schema(max_items = 200)]
    pub(super) items: Vec<Review>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    pub(super) next_cursor: Option<String>,
}

/// One run of a workflow over one revision.
#[derive(Serialize, ToSchema)]
pub struct Review {
    /// Its id.
    id: ReviewId,
    /// What the item is.
    kind: Kind,
    /// The item under review.
    item_id: ItemId,
    /// The revision under review.
    #[schema(minimum = 1)]
    revision: i64,
    /// The frozen digest, which decisions name.
    digest: Digest,
    /// Open, or its outcome.
    state: ReviewState,
    /// The version of the workflow that governs it.
    workflow: ReviewWorkflow,
    /// The review whose approvals stand for the first stages, where this one resumed behind them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resumed_from: Option<ReviewId>,
    /// Whether the words were published urgently, so that this review comes after; absent otherwise.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    urgent: bool,
    /// The stages in their order, as they stood when the review opened.
    #[schema(max_items = 10)]
    stages: Vec<ReviewStage>,
    /// The room that each way to share leaves for a comment; only where one review is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100_000, nullable = false)]
    comment_room: Option<Vec<CommentRoom>>,
    /// What rules in force warn of in the words; only in the answer to their submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100_000, nullable = false)]
    warnings: Option<Vec<RuleFinding>>,
    /// When it opened.
    opened_at: Time,
    /// Who submitted; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opened_by: Option<PersonId>,
    /// When it got its outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closed_at: Option<Time>,
}

/// The version of a workflow that governs a review.
#[derive(Serialize, ToSchema)]
struct ReviewWorkflow {
    /// The workflow.
    id: WorkflowId,
    /// The version.
    #[schema(minimum = 1)]
    version: i64,
    /// What that version is called.
    #[schema(max_length = 100)]
    name: String,
}

/// One stage of a review.
#[derive(Serialize, ToSchema)]
struct ReviewStage {
    /// What it is called.
    #[schema(max_length = 100)]
    name: String,
    /// Who may decide, as the review opened.
    reviewers: Pool,
    /// Who may decide instead or as well, since it was given to others or escalated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    given_to: Vec<Pool>,
    /// How many approvals pass it.
    quorum: Quorum,
    /// Its state.
    state: StageState,
    /// Why it cannot end, while its state is `stuck`: `not_enough_reviewers`, or `asked_reviewer_left` where
    /// all who were asked must approve. It can be reassigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, nullable = false)]
    reason: Option<String>,
    /// Since when it is waited for: when it opened, or was given to others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    since: Option<Time>,
    /// When it is overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    due_at: Option<Time>,
    /// Approvals that are missing, while it is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    missing: Option<u32>,
    /// Who can give one, while it is waited for: at most twenty of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    waits_for: Vec<PersonId>,
    /// What was decided in it, in the order of the record; of an earlier review and revision, where the review
    /// resumed behind it.
    #[schema(max_items = 1000)]
    decisions: Vec<Decision>,
}

/// How much room one way to share leaves for a comment.
#[derive(Deserialize, Serialize, ToSchema)]
struct CommentRoom {
    /// The copy's language.
    #[schema(value_type = LanguageTag)]
    language: String,
    /// The channel.
    channel: ChannelId,
    /// The copy.
    #[schema(max_length = 32)]
    copy_id: String,
    /// The country, where the audience names countries; absent = the least of all countries.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CountryCode>, nullable = false)]
    country: Option<String>,
    /// Units of the channel that a comment may have; absent = any number. 0 where none is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    room: Option<u64>,
}

impl Review {
    /// The review as other resources show it, without its comment room.
    pub fn summary(view: ReviewView) -> Self {
        let ReviewView { row, workflow, urgent, stages } = view;
        let WorkflowNamed { id, version, name } = workflow;
        Self {
            workflow: ReviewWorkflow { id, version, name },
            resumed_from: row.resumed_from,
            urgent,
            id: row.id,
            kind: row.kind,
            item_id: row.item_id,
            revision: row.revision,
            digest: row.digest,
            state: row.state,
            stages: stages.into_iter().map(ReviewStage::from).collect(),
            comment_room: None,
            warnings: None,
            opened_at: row.opened_at,
            opened_by: row.opened_by,
            closed_at: row.closed_at,
        }
    }

    /// All of the review.
    pub fn whole(view: ReviewView) -> Result<Self> {
        let comment_room = serde_json::from_str(&view.row.comment_room).map_err(Error::internal)?;
        Ok(Self { comment_room: Some(comment_room), ..Self::summary(view) })
    }

    /// The same review as the answer to a submission, with what rules warn of.
    pub fn warned(self, warnings: Option<Vec<Finding>>) -> Self {
        Self { warnings: warnings.map(told), ..self }
    }
}

impl From<StageView> for ReviewStage {
    fn from(stage: StageView) -> Self {
        Self {
            name: stage.name,
            reviewers: stage.reviewers.into(),
            given_to: stage.given_to.into_iter().map(Pool::from).collect(),
            quorum: stage.quorum,
            state: stage.state,
            reason: stage.stuck,
            since: stage.since,
            due_at: stage.due_at,
            missing: stage.lacks,
            waits_for: stage.waits_for,
            decisions: stage.decisions.into_iter().map(Decision::from).collect(),
        }
    }
}
