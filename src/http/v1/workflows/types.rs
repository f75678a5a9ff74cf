//! What requests and answers say of a workflow.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::workflows::{StageSave, WorkflowSave};
use crate::domain::channels::ChannelId;
use crate::domain::content::post::Personalisation;
use crate::domain::ids::{Kind, WorkflowId};
use crate::domain::time::Time;
use crate::domain::workflow::{self, Quorum, Resume, Stage};
use crate::error::Error;
use crate::http::paging::Limit;
use crate::http::schema::{CountryCode, LanguageTag, Slug};
use crate::http::v1::answers::not_blank;
use crate::http::v1::pools::{NewPool, Pool};
use crate::store::workflows::WorkflowRow;

/// What a workflow is to say.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct WorkflowDraft {
    /// The kind whose revisions pass it; it never changes.
    kind: Kind,
    /// What it is called.
    #[validate(length(min = 1, max = 100), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// For which content: of what is named, all must hold. `{}` or nothing = for all of the kind.
    #[serde(default)]
    #[validate(nested)]
    when: Conditions,
    /// The stages, in their order.
    #[validate(length(min = 1, max = 10), nested)]
    #[schema(min_items = 1, max_items = 10)]
    stages: Vec<StageDraft>,
    /// Where the review of a resubmission begins.
    #[serde(default)]
    resume: Resume,
    /// Whether one person may decide in several stages of a review; in one stage they count once in any case.
    #[serde(default)]
    same_person_twice: bool,
}

/// For which content a workflow is meant. A list holds where the content has any of its values; content that
/// is meant for all countries or channels is meant for each.
#[derive(Debug, Default, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct Conditions {
    /// About any of these topics, by their keys: those of `GET /v1/topics`, or 422 `unknown_key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[validate(length(max = 100))]
    #[schema(value_type = Vec<Slug>, max_items = 100)]
    topics: Vec<String>,
    /// With words in any of these languages; `nl` takes `nl-BE` too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[validate(length(max = 100))]
    #[schema(value_type = Vec<LanguageTag>, max_items = 100)]
    languages: Vec<String>,
    /// Of any of these campaigns, by their keys: those of `GET /v1/campaigns`, or 422 `unknown_key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[validate(length(max = 100))]
    #[schema(value_type = Vec<Slug>, max_items = 100)]
    campaigns: Vec<String>,
    /// Meant for any of these countries, perhaps among others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[validate(length(max = 250))]
    #[schema(value_type = Vec<CountryCode>, max_items = 250)]
    countries: Vec<String>,
    /// For any of these channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    channels: Vec<ChannelId>,
    /// With images, or without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    has_images: Option<bool>,
    /// Where employees may add this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    personalisation: Option<Personalisation>,
}

/// A stage of a workflow.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct StageDraft {
    /// What it is called; unique within the workflow.
    #[validate(length(min = 1, max = 100), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Who may decide.
    reviewers: NewPool,
    /// How many approvals pass it.
    quorum: Quorum,
    /// Hours after which it is overdue, from when it opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(range(min = 1, max = 8760))]
    #[schema(minimum = 1, maximum = 8760, nullable = false)]
    due_in_hours: Option<u32>,
    /// Hours after which those who are waited for are reminded; less than `due_in_hours`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(range(min = 1, max = 8760))]
    #[schema(minimum = 1, maximum = 8760, nullable = false)]
    remind_after_hours: Option<u32>,
    /// Who may decide as well once it is overdue. Somebody of them must be active and able to decide when it is saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    escalate_to: Option<NewPool>,
}

impl From<WorkflowDraft> for WorkflowSave {
    fn from(body: WorkflowDraft) -> Self {
        let WorkflowDraft { kind, name, when, stages, resume, same_person_twice } = body;
        let stage = |stage: StageDraft| StageSave {
            name: stage.name,
            reviewers: stage.reviewers.into(),
            quorum: stage.quorum,
            due_in_hours: stage.due_in_hours,
            remind_after_hours: stage.remind_after_hours,
            escalate_to: stage.escalate_to.map(Into::into),
        };
        let stages = stages.into_iter().map(stage).collect();
        Self { kind, name, when: when.into(), stages, resume, same_person_twice }
    }
}

impl From<Conditions> for workflow::When {
    fn from(conditions: Conditions) -> Self {
        let Conditions { topics, languages, campaigns, countries, channels, has_images, personalisation } =
            conditions;
        let channels = channels.iter().map(|channel| channel.as_str().to_owned()).collect();
        Self { topics, languages, campaigns, countries, channels, has_images, personalisation }
    }
}

impl From<workflow::When> for Conditions {
    fn from(when: workflow::When) -> Self {
        let channels = when.channels.iter().map(|name| ChannelId::from(name.as_str())).collect();
        let workflow::When { topics, languages, campaigns, countries, has_images, personalisation, .. } =
            when;
        Self { topics, languages, campaigns, countries, channels, has_images, personalisation }
    }
}

/// What a list of workflows is narrowed to.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
pub(super) struct WorkflowFilter {
    /// Only those for this kind.
    pub(super) kind: Option<Kind>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    pub(super) limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    pub(super) cursor: Option<String>,
}

/// One page of the workflows in force.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkflowPage {
    /// The workflows, by kind, then the oldest first.
    #[schema(max_items = 200)]
    pub(super) items: Vec<Workflow>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    pub(super) next_cursor: Option<String>,
}

/// One version of a workflow.
#[derive(Serialize, ToSchema)]
pub(super) struct Workflow {
    /// Its id.
    id: WorkflowId,
    /// The version's number; the `ETag`.
    #[schema(minimum = 1)]
    pub(super) version: i64,
    /// The kind whose revisions pass it.
    kind: Kind,
    /// What it is called.
    #[schema(max_length = 100)]
    name: String,
    /// For which content.
    when: Conditions,
    /// The stages, in their order.
    #[schema(max_items = 10)]
    stages: Vec<WorkflowStage>,
    /// Where the review of a resubmission begins.
    resume: Resume,
    /// Whether one person may decide in several stages of a review.
    same_person_twice: bool,
    /// Since when the version is in force.
    from: Time,
    /// Until when it was in force; absent while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    until: Option<Time>,
}

/// A stage of a version of a workflow.
#[derive(Serialize, ToSchema)]
struct WorkflowStage {
    /// What it is called.
    #[schema(max_length = 100)]
    name: String,
    /// Who may decide.
    reviewers: Pool,
    /// How many approvals pass it.
    quorum: Quorum,
    /// Hours after which it is overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    due_in_hours: Option<u32>,
    /// Hours after which those who are waited for are reminded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    remind_after_hours: Option<u32>,
    /// Who may decide as well once it is overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    escalate_to: Option<Pool>,
}

impl TryFrom<WorkflowRow> for Workflow {
    type Error = Error;

    fn try_from(row: WorkflowRow) -> Result<Self, Error> {
        let stage = |stage: Stage| WorkflowStage {
            name: stage.name,
            reviewers: stage.reviewers.into(),
            quorum: stage.quorum,
            due_in_hours: stage.due_in_hours,
            remind_after_hours: stage.remind_after_hours,
            escalate_to: stage.escalate_to.map(Pool::from),
        };
        Ok(Self {
            stages: row.stages()?.into_iter().map(stage).collect(),
            when: row.when()?.into(),
            id: row.workflow_id,
            version: row.version,
            kind: row.kind,
            name: row.name,
            resume: row.resume,
            same_person_twice: row.same_person_twice,
            from: row.from_at,
            until: row.until_at,
        })
    }
}
