//! The types of events: the one list of what the record can say happened.
//!
//! Each variant names its fields beside `event_id` and `occurred_at`, which every entry has. What a
//! person did also carries the personal fields `actor_id` and `actor_display` (their name at that time);
//! what a client did, for a person or for nobody, carries `client_id`; what the program did carries
//! `actor`: `system`. An approval is named by its index, which is never used twice. Fields after "personal:" are sealed under the key of the person they are
//! about; the others are the organisation's. A field that does not apply is left out.
//!
//! The reasons of decisions, recalls and freezes and the purpose of a reading are the organisation's: they
//! say why something was done, and stay when the one who wrote them is erased. Where one names a person
//! against the house's advice, taking the entry's key and statement away (a redaction) is what reaches it.

use std::fmt;
use std::str::FromStr;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A disclaimer of the embedded list became revision 1, approved. `item_id`, `key`, `revision`, `digest`.
    DisclaimerImported,
    /// A revision was frozen and its review opened. `kind`, `item_id`, `key`, `revision`, `digest`,
    /// `draft_digest` (what the author saw), `review_id`, `workflow_id`, `workflow_version`, `first_stage` and
    /// `resumed_from` (a review) where approvals stand for the stages before.
    RevisionSubmitted,
    /// A review ended because its revision was edited, recalled, retired or redacted. `kind`, `item_id`, `key`,
    /// `revision`, `digest`, `review_id`, `reason` (which of these).
    RevisionWithdrawn,
    /// A review ended because the window of its revision closed. `kind`, `item_id`, `key`, `revision`, `digest`,
    /// `review_id`.
    RevisionLapsed,
    /// A recheck that asked for approvals anew was withdrawn. `kind`, `item_id`, `key`, `revision`, `digest`, `recheck_id`,
    /// `reason`.
    RecheckWithdrawn,
    /// The content of a revision was taken away for good. `kind`, `item_id`, `key`, `revision`, `digest`,
    /// `named_revision` (the one that was asked for, where several show the same picture), `reason`.
    RevisionRedacted,
    /// Somebody decided in a review. `kind`, `item_id`, `key`, `revision`, `digest`, `review_id`, `stage`,
    /// `decision`, `reason`, `review_state` (afterwards); personal, of whose deputy decided: `on_behalf_of`.
    DecisionMade,
    /// A post was published before its review: this entry is its approval. `kind`, `item_id`, `revision`, `digest`,
    /// `review_id` (the review afterwards, whose last decision is the outcome), `reason`, `review_by`.
    PostPublishedUrgently,
    /// A stage of a review was given to others. `review_id`, `stage`, `reviewers`, `reason`.
    StageReassigned,
    /// A stage was overdue, so others may decide in it too. `review_id`, `stage`, `reviewers`.
    StageEscalated,
    /// A person's own work was handed to a deputy. `delegation_id`, `kinds`, `from`, `until`; personal:
    /// `from_person`, `to_person`.
    DelegationBegun,
    /// A delegation was ended before its time. `delegation_id`.
    DelegationEnded,
    /// Somebody said something in a review. `review_id`, `comment_id`, `stage`, `pointer` (into the content),
    /// `text_digest`.
    CommentMade,
    /// A reviewer suggested a change of the words under review. `review_id`, `suggestion_id`, `changes_digest`.
    SuggestionMade,
    /// An author took a suggestion, whose proposer is an author by that. `kind`, `item_id`, `key`, `revision`
    /// (the draft that it went into), `digest`, `review_id`, `suggestion_id`, `changes_digest`; personal, of the
    /// proposer: `proposer_id`.
    SuggestionAccepted,
    /// An employee proposed a post, which is a draft by that. `proposal_id`, `kind`, `item_id`, `revision`,
    /// `digest` (of the draft, which is the organisation's and keeps the words when the person is erased). The words as
    /// they were sent, and the note, are no part of the record: they are kept sealed under the person's key, and no
    /// digest of them is kept.
    PostProposed,
    /// An author said that a proposed post will not be taken. `proposal_id`, `item_id`, `reason` (the organisation's
    /// word on what was proposed, as that of a decision is); personal, of the proposer: `proposer_id`.
    ProposalDeclined,
    /// Whoever proposed a post took that back. `proposal_id`, `item_id`; personal, of the proposer: `reason`, if
    /// there was one.
    ProposalWithdrawn,
    /// An item was stopped at once. `kind`, `item_id`, `key`, `reason`.
    ItemRecalled,
    /// An item was taken out of use. `kind`, `item_id`, `key`, `reason`.
    ItemRetired,
    /// A campaign was registered. `key`, `version`, `name`, `goal`, `from`, `until`, `groups` (empty = everybody),
    /// `limits` (`shares_per_day`, `shares_per_person`).
    CampaignCreated,
    /// A campaign says something else from now on. The same fields, as they are now.
    CampaignChanged,
    /// A campaign was ended: its posts are shared no more. `key`, `version`.
    CampaignEnded,
    /// A topic was registered. `key`, `version`, `name`, `audience_note`.
    TopicCreated,
    /// A topic's name or note changed. The same fields, as they are now.
    TopicChanged,
    /// A topic was ended: new content cannot name it. `key`, `version`.
    TopicEnded,
    /// Somebody looked at the posts that a revision touches, and decided what to do about them. `recheck_id`, `kind`,
    /// `item_id`, `key`, `revision`, `digest`, `action` (`none`, `notify` or `reapprove`), `reason`, `posts` (how
    /// many), `posts_in_review` (how many of them under review only), `posts_digest` (`sha256:` and the SHA-256 in hex
    /// of the canonical JSON, RFC 8785, of a list with `because`, `post_id` and `revision` of each of the posts, in the
    /// order of `post_id`). From a `reapprove` on each of them is blocked until a revision that pins this one, or
    /// with a later submission, is approved, and what was under review and is touched is not approved.
    ItemRechecked,
    /// Sharing was stopped for a while. `freeze_id`, `channel` (absent = all), `reason`, `until`.
    FreezeBegun,
    /// A freeze was ended before its time. `freeze_id`.
    FreezeEnded,
    /// A kit was issued to an employee. `share_id`, `kind`, `item_id`, `revision`, `digest`,
    /// `approval_index` (of the last decision of its review, or of the urgent publication), `channel`, `language`, `copy_id`, `disclaimers`, `campaign` (of its post), `images` (`item`, `revision`, `digest`,
    /// the `file` handed over, the language of its text), `rules_digest`; personal:
    /// `final_text`, `comment`, `intent_text` (what the intent carries beside the link, where that is not the
    /// whole text), `server` (the person's own, where the intent opens on it), `warnings` (what rules that only
    /// warn said to the comment: `rule`, `revision`, `code`, `reason`, `span`).
    ShareIssued,
    /// The employee said that the share was posted. `share_id`, `issued_index`, `late`, `unverified`;
    /// personal: `permalink`, `posted_text`, `reason`.
    ShareConfirmed,
    /// The employee said that the share was not posted. The same fields.
    ShareFailed,
    /// The employee said that the post was taken down. The same fields.
    ShareRemoved,
    /// A person was made. `roles`; personal, of the person made: `person_id`, `display_name`.
    PersonCreated,
    /// A person's name, addresses, language, password or account on Mastodon changed. `changed` (the names
    /// of what changed, never the values); personal: `person_id`.
    PersonChanged,
    /// A person may do nothing more. Personal: `person_id`.
    PersonDeactivated,
    /// A deactivated person may act again. Personal: `person_id`.
    PersonReactivated,
    /// A person's country changed. Personal: `person_id`, `country`.
    PersonCountryChanged,
    /// A person's roles changed. `roles`; personal: `person_id`.
    PersonRolesChanged,
    /// A group was made. `group_id`, `name`.
    GroupCreated,
    /// A person became a member. `group_id`; personal: `person_id`.
    MembershipBegan,
    /// A person ceased to be a member. `group_id`; personal: `person_id`.
    MembershipEnded,
    /// A responsibility was made. `responsibility_id`, `key`, `name`, `description`.
    ResponsibilityCreated,
    /// A responsibility's name or description changed. The same fields, as they are now.
    ResponsibilityChanged,
    /// A responsibility was ended. `responsibility_id`, `key`.
    ResponsibilityEnded,
    /// A person or group began to hold a responsibility. `responsibility_id`, `key`, `deputy` (whether to stand
    /// in for those who hold it), `group_id` (of a group); personal, of a person: `person_id`.
    ResponsibilityHeld,
    /// A person or group ceased to hold a responsibility. The same fields.
    ResponsibilityReleased,
    /// An employee accepted a revision of a guideline. `kind`, `item_id`, `key`, `revision`, `digest`,
    /// `approval_index`, `language` (of the text that was shown, where the app said); who accepted is the actor.
    GuidelineAccepted,
    /// A training was made. `training_id`, `version`, `title`, `url`, `valid_months` (absent = for ever),
    /// `required_for` (an audience; absent = nobody), `required_from`, `responsibility`.
    TrainingCreated,
    /// A version of a training came into force. The same fields.
    TrainingChanged,
    /// A training was ended. `training_id`, `version` (the last).
    TrainingEnded,
    /// Somebody completed a training. `training_id`, `version`, `completed_on`; personal: `person_id`, `reason` (of
    /// one that is recorded again after it was withdrawn, and wherever else one was given).
    TrainingCompleted,
    /// Completions of a training by a person count no more. `training_id`, `completed_on` (the day of the one that
    /// does not; absent = all there were); personal: `person_id`, `reason`.
    CompletionWithdrawn,
    /// An official account was entered in the register. `account_id`, `channel`, `handle`, `url`, `owner` (the
    /// key of a responsibility), `purpose`.
    AccountCreated,
    /// What the register says of an official account changed. The same fields, as they are now.
    AccountChanged,
    /// An official account is one no more. `account_id`, `channel`, `handle`.
    AccountEnded,
    /// An API key was made. `key_id`, `name`, `scopes`, `expires_at`.
    ApiKeyCreated,
    /// An API key was revoked. `key_id`.
    ApiKeyRevoked,
    /// A version of a workflow came into force. `kind`, `workflow_id`, `version`, `digest` (of what it says).
    WorkflowChanged,
    /// A workflow is in force no more. `kind`, `workflow_id`, `version` (the last).
    WorkflowEnded,
    /// Channels, organisation or links changed. `config_digest`.
    ConfigChanged,
    /// A walk through audit data began. `operation`, `purpose`, `filters`, `person_unknown` (it was narrowed
    /// to an id that is nobody's); personal, of the person it was narrowed to: `person_id`.
    AuditRead,
}

impl Event {
    /// Every type.
    pub const ALL: [Event; 62] = [
        Event::DisclaimerImported,
        Event::RevisionSubmitted,
        Event::RevisionWithdrawn,
        Event::RevisionLapsed,
        Event::RevisionRedacted,
        Event::DecisionMade,
        Event::PostPublishedUrgently,
        Event::StageReassigned,
        Event::StageEscalated,
        Event::DelegationBegun,
        Event::DelegationEnded,
        Event::CommentMade,
        Event::SuggestionMade,
        Event::SuggestionAccepted,
        Event::PostProposed,
        Event::ProposalDeclined,
        Event::ProposalWithdrawn,
        Event::ItemRecalled,
        Event::ItemRetired,
        Event::CampaignCreated,
        Event::CampaignChanged,
        Event::CampaignEnded,
        Event::TopicCreated,
        Event::TopicChanged,
        Event::TopicEnded,
        Event::ItemRechecked,
        Event::RecheckWithdrawn,
        Event::FreezeBegun,
        Event::FreezeEnded,
        Event::ShareIssued,
        Event::ShareConfirmed,
        Event::ShareFailed,
        Event::ShareRemoved,
        Event::PersonCreated,
        Event::PersonChanged,
        Event::PersonDeactivated,
        Event::PersonReactivated,
        Event::PersonCountryChanged,
        Event::PersonRolesChanged,
        Event::GroupCreated,
        Event::MembershipBegan,
        Event::MembershipEnded,
        Event::ResponsibilityCreated,
        Event::ResponsibilityChanged,
        Event::ResponsibilityEnded,
        Event::ResponsibilityHeld,
        Event::ResponsibilityReleased,
        Event::GuidelineAccepted,
        Event::TrainingCreated,
        Event::TrainingChanged,
        Event::TrainingEnded,
        Event::TrainingCompleted,
        Event::CompletionWithdrawn,
        Event::AccountCreated,
        Event::AccountChanged,
        Event::AccountEnded,
        Event::ApiKeyCreated,
        Event::ApiKeyRevoked,
        Event::WorkflowChanged,
        Event::WorkflowEnded,
        Event::ConfigChanged,
        Event::AuditRead,
    ];

    /// The type as the statement's `typ`: a noun and what was done to it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Event::DisclaimerImported => "disclaimer.imported",
            Event::RevisionSubmitted => "revision.submitted",
            Event::RevisionWithdrawn => "revision.withdrawn",
            Event::RevisionLapsed => "revision.lapsed",
            Event::RevisionRedacted => "revision.redacted",
            Event::DecisionMade => "decision.made",
            Event::PostPublishedUrgently => "post.published_urgently",
            Event::StageReassigned => "stage.reassigned",
            Event::StageEscalated => "stage.escalated",
            Event::DelegationBegun => "delegation.begun",
            Event::DelegationEnded => "delegation.ended",
            Event::CommentMade => "comment.made",
            Event::SuggestionMade => "suggestion.made",
            Event::SuggestionAccepted => "suggestion.accepted",
            Event::PostProposed => "post.proposed",
            Event::ProposalDeclined => "proposal.declined",
            Event::ProposalWithdrawn => "proposal.withdrawn",
            Event::ItemRecalled => "item.recalled",
            Event::ItemRetired => "item.retired",
            Event::CampaignCreated => "campaign.created",
            Event::CampaignChanged => "campaign.changed",
            Event::CampaignEnded => "campaign.ended",
            Event::TopicCreated => "topic.created",
            Event::TopicChanged => "topic.changed",
            Event::TopicEnded => "topic.ended",
            Event::ItemRechecked => "item.rechecked",
            Event::RecheckWithdrawn => "item.recheck_withdrawn",
            Event::FreezeBegun => "freeze.begun",
            Event::FreezeEnded => "freeze.ended",
            Event::ShareIssued => "share.issued",
            Event::ShareConfirmed => "share.confirmed",
            Event::ShareFailed => "share.failed",
            Event::ShareRemoved => "share.removed",
            Event::PersonCreated => "person.created",
            Event::PersonChanged => "person.changed",
            Event::PersonDeactivated => "person.deactivated",
            Event::PersonReactivated => "person.reactivated",
            Event::PersonCountryChanged => "person.country_changed",
            Event::PersonRolesChanged => "person.roles_changed",
            Event::GroupCreated => "group.created",
            Event::MembershipBegan => "membership.began",
            Event::MembershipEnded => "membership.ended",
            Event::ResponsibilityCreated => "responsibility.created",
            Event::ResponsibilityChanged => "responsibility.changed",
            Event::ResponsibilityEnded => "responsibility.ended",
            Event::ResponsibilityHeld => "responsibility.held",
            Event::ResponsibilityReleased => "responsibility.released",
            Event::GuidelineAccepted => "guideline.accepted",
            Event::TrainingCreated => "training.created",
            Event::TrainingChanged => "training.changed",
            Event::TrainingEnded => "training.ended",
            Event::TrainingCompleted => "training.completed",
            Event::CompletionWithdrawn => "training.completion_withdrawn",
            Event::AccountCreated => "account.created",
            Event::AccountChanged => "account.changed",
            Event::AccountEnded => "account.ended",
            Event::ApiKeyCreated => "api_key.created",
            Event::ApiKeyRevoked => "api_key.revoked",
            Event::WorkflowChanged => "workflow.changed",
            Event::WorkflowEnded => "workflow.ended",
            Event::ConfigChanged => "config.changed",
            Event::AuditRead => "audit.read",
        }
    }
}

impl FromStr for Event {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, UnknownEvent> {
        Self::ALL.into_iter().find(|event| event.as_str() == text).ok_or(UnknownEvent)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no such type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such type of event")]
pub struct UnknownEvent;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_own_text_and_is_found_by_it() {
        for event in Event::ALL {
            // The first that has the text is the event itself, so no two share one.
            assert_eq!(event.as_str().parse(), Ok(event));
            assert_eq!(event.as_str().split('.').count(), 2, "{event}");
        }
        assert_eq!("share".parse::<Event>(), Err(UnknownEvent));
    }
}
