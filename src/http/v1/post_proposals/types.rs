//! What requests and answers about proposed posts look like.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::post_proposals::{ProposalView, Whose};
use crate::domain::channels::ChannelId;
use crate::domain::ids::{ItemId, PersonId, ProposalId};
use crate::domain::proposal::{Closing, Proposal, ProposalState};
use crate::domain::time::Time;
use crate::http::paging::Limit;
use crate::http::schema::LanguageTag;
use crate::http::v1::answers::{REASON_MAX, not_blank};

/// A post to propose.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct PostProposalCreate {
    /// What the post is to be called here. At most 200 characters.
    #[schema(min_length = 1, max_length = 800)]
    title: String,
    /// The language of the text.
    #[schema(value_type = LanguageTag)]
    language: String,
    /// The text.
    #[schema(min_length = 1, max_length = 160_000)]
    text: String,
    /// Where it could be shared; wherever a text alone can be when left out.
    #[serde(default)]
    #[schema(max_items = 100)]
    channels: Vec<ChannelId>,
    /// What it links to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    link: Option<PostProposalLink>,
    /// Why, or what else the authors should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 2000), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    note: Option<String>,
}

/// What a proposed post links to.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct PostProposalLink {
    /// An `https` address in ASCII, of a domain that the operator allows.
    #[schema(format = "uri", min_length = 1, max_length = 2000)]
    url: String,
}

/// Why a proposal is not taken.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct DeclineCreate {
    /// Why; whoever proposed it reads this.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// Why a proposal is taken back.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct WithdrawalCreate {
    /// Why, for whoever reads the proposal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    pub(super) reason: Option<String>,
}

/// Whose proposals are listed.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ProposalsOf {
    /// Those of the person who asks.
    #[default]
    Mine,
    /// Everybody's, for those who hold `content_read`.
    All,
}

/// Whether it is open what becomes of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ProposalStanding {
    /// `received`, `in_review` or `changes_requested`.
    Open,
    /// Any other state.
    Closed,
}

/// What a list of proposals is narrowed to.
#[derive(Deserialize, Serialize, IntoParams)]
pub(super) struct ProposalFilter {
    /// Whose; one's own when left out.
    #[serde(default)]
    #[param(inline, required = false)]
    pub(super) whose: ProposalsOf,
    /// Only the open ones (`received`, `in_review`, `changes_requested`), or only the others.
    #[param(inline)]
    pub(super) state: Option<ProposalStanding>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    pub(super) limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    pub(super) cursor: Option<String>,
}

/// A page of proposals.
#[derive(Serialize, ToSchema)]
pub(super) struct PostProposalPage {
    /// The proposals, newest first.
    #[schema(max_items = 200)]
    pub(super) items: Vec<PostProposal>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    pub(super) next_cursor: Option<String>,
}

/// A post that an employee proposed: what they sent, and what became of it.
#[derive(Serialize, ToSchema)]
pub(super) struct PostProposal {
    /// Its id.
    id: ProposalId,
    /// The post that it became.
    post_id: ItemId,
    /// Who proposed it; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person_id: Option<PersonId>,
    /// What the post was to be called; absent once its proposer is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 800, nullable = false)]
    title: Option<String>,
    /// The language of the proposed text; absent once its proposer is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LanguageTag>, nullable = false)]
    language: Option<String>,
    /// The proposed text; absent once its proposer is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 160_000, nullable = false)]
    text: Option<String>,
    /// Where it was to be shared, empty = wherever a text alone can be; absent once its proposer is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100, nullable = false)]
    channels: Option<Vec<ChannelId>>,
    /// What it was to link to; absent when there was nothing, and once its proposer is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    link: Option<PostProposalLink>,
    /// What became of it.
    state: ProposalState,
    /// The revision that employees get now; absent while it is not live.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    live_revision: Option<i64>,
    /// Whether the live post is for whoever proposed it, by its audience, its campaign and where its images may be used;
    /// they find it in their feed then. Only told to themselves, while it is `live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) for_me: Option<bool>,
    /// Whether the live revision, else the newest, has no copy with exactly the proposed words in their language;
    /// absent when that revision was redacted, and once its proposer is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    words_changed: Option<bool>,
    /// Why it is `not_taken` (what the author who declined it said, or the reviewer who rejected it),
    /// `changes_requested` (what the reviewer said) or `withdrawn` (what its proposer said, if anything).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    reason: Option<String>,
    /// What the employee said to the authors; absent once they are erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    note: Option<String>,
    /// When it was proposed.
    created_at: Time,
    /// When an author declined it; absent when none did, and once its post was submitted after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    declined_at: Option<Time>,
    /// When its proposer took it back; absent when they did not, and once its post was submitted after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    withdrawn_at: Option<Time>,
}

impl From<PostProposalCreate> for Proposal {
    fn from(body: PostProposalCreate) -> Self {
        let PostProposalCreate { title, language, text, channels, link, note } = body;
        Self { title, language, text, channels, link: link.map(|link| link.url), note }
    }
}

impl From<ProposalsOf> for Whose {
    fn from(of: ProposalsOf) -> Self {
        match of {
            ProposalsOf::Mine => Whose::Mine,
            ProposalsOf::All => Whose::All,
        }
    }
}

/// What was proposed, as far as it can be read still.
#[derive(Default)]
struct ProposedWords {
    title: Option<String>,
    language: Option<String>,
    text: Option<String>,
    channels: Option<Vec<ChannelId>>,
    link: Option<PostProposalLink>,
    note: Option<String>,
}

impl From<Proposal> for ProposedWords {
    fn from(proposal: Proposal) -> Self {
        let Proposal { title, language, text, channels, link, note } = proposal;
        Self {
            title: Some(title),
            language: Some(language),
            text: Some(text),
            channels: Some(channels),
            link: link.map(|url| PostProposalLink { url }),
            note,
        }
    }
}

impl From<ProposalView> for PostProposal {
    fn from(view: ProposalView) -> Self {
        let closed_at = |wanted| view.closing.filter(|(closing, _)| *closing == wanted).map(|(_, at)| at);
        let (declined_at, withdrawn_at) = (closed_at(Closing::Declined), closed_at(Closing::Withdrawn));
        let proposed = view.proposed.map(ProposedWords::from).unwrap_or_default();
        let ProposedWords { title, language, text, channels, link, note } = proposed;
        Self {
            id: view.row.id,
            post_id: view.row.item_id,
            person_id: view.row.person_id,
            title,
            language,
            text,
            channels,
            link,
            state: view.state,
            live_revision: view.live_revision,
            for_me: None,
            words_changed: view.words_changed,
            reason: view.reason,
            note,
            created_at: view.row.created_at,
            declined_at,
            withdrawn_at,
        }
    }
}
