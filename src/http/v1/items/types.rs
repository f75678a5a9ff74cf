//! Request and response bodies of items. `Content` in a schema stands for the kind's own content.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::decisions::Decide;
use crate::app::item_views::{ItemView, RevisionView};
use crate::app::media::MediaLinks;
use crate::domain::campaign::Phase;
use crate::domain::content;
use crate::domain::content::image::{ImageFiles, PictureFile};
use crate::domain::findings::Finding;
use crate::domain::ids::{Digest, ItemId, Key, Kind, PersonId, ReviewId};
use crate::domain::lifecycle::{self, Availability, RevisionState};
use crate::domain::review::DecisionKind;
use crate::domain::revision;
use crate::domain::time::Time;
use crate::http::extract::params;
use crate::http::paging::Limit;
use crate::http::schema::{Content, Slug};
use crate::http::v1::answers::{REASON_MAX, not_blank};
use crate::http::v1::findings::{RuleFinding, told};
use crate::http::v1::reviews::Review;
use crate::http::v1::urgent_publications::Urgent;

/// The whole content of a draft.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub struct ItemDraft<C: Validate> {
    /// The content; what is left out takes its default.
    #[validate(nested)]
    #[schema(value_type = Content)]
    pub content: C,
}

/// A new item of a kind that has keys.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub struct ItemCreate<C: Validate> {
    /// The short name by which content refers to it; it never changes.
    pub key: Key,
    /// The content of its first draft.
    #[validate(nested)]
    #[schema(value_type = Content)]
    pub content: C,
}

/// A new item of any kind.
#[derive(Debug)]
pub struct NewItem {
    /// Its key, for kinds that have one.
    pub key: Option<Key>,
    /// The content of its first draft.
    pub content: content::Content,
}

impl<C: Validate + Into<content::Content>> From<ItemDraft<C>> for NewItem {
    fn from(draft: ItemDraft<C>) -> Self {
        Self { key: None, content: draft.content.into() }
    }
}

impl<C: Validate + Into<content::Content>> From<ItemCreate<C>> for NewItem {
    fn from(create: ItemCreate<C>) -> Self {
        Self { key: Some(create.key), content: create.content.into() }
    }
}

/// The draft that is submitted.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub struct Submission {
    /// The digest of the draft that was seen.
    pub digest: Digest,
}

/// A decision on one exact revision.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub struct DecisionCreate {
    /// The revision under review.
    #[validate(range(min = 1))]
    #[schema(minimum = 1)]
    pub revision: i64,
    /// Its frozen digest.
    pub digest: Digest,
    /// What is decided.
    pub decision: DecisionKind,
    /// Why; required with `request_changes` and `reject`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = REASON_MAX))]
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    pub reason: Option<String>,
    /// For whom a deputy decides. Left out, whoever is in the pool decides for themselves, and a deputy for the
    /// one whose deputy they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub on_behalf_of: Option<PersonId>,
    /// The stage that is meant, from 0: 409 if another one is open by now. Left out, it is the open one,
    /// whichever that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(range(max = 9))]
    #[schema(maximum = 9, nullable = false)]
    pub stage: Option<u8>,
}

impl DecisionCreate {
    /// The decision that is asked for.
    pub fn into_command(self, kind: Kind, id: ItemId) -> Decide {
        let Self { revision, digest, decision, reason, on_behalf_of, stage } = self;
        let stage = stage.map(usize::from);
        Decide { kind, id, revision, digest, decision, reason, on_behalf_of, stage }
    }
}

/// Why an item ends.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub struct Ending {
    /// Why; it is kept in the record and shown to nobody outside.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// What a list of items is narrowed to.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
pub struct ItemFilter {
    /// Only those whose working revision is in this state.
    pub state: Option<RevisionState>,
    /// Only those of this availability.
    pub availability: Option<Availability>,
    /// Only those whose working revision belongs to this campaign.
    #[serde(default, deserialize_with = "params::slug")]
    #[param(value_type = Option<Slug>)]
    pub campaign: Option<String>,
    /// Only those whose working revision this person wrote at.
    pub author: Option<PersonId>,
    /// Only those whose approved revision ends within so many days: a post's window, an image's rights or
    /// somebody's consent.
    #[serde(default, deserialize_with = "params::days")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 3660)]
    pub ends_within_days: Option<u16>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    pub limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    pub cursor: Option<String>,
}

/// The address of a revision.
#[derive(Debug, Deserialize)]
pub struct RevisionPath {
    /// The item.
    pub id: ItemId,
    /// The revision's number.
    pub n: i64,
}

/// One page of items, newest first.
#[derive(Serialize, ToSchema)]
pub struct ItemPage {
    /// The items.
    #[schema(max_items = 200)]
    pub items: Vec<Item>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    pub next_cursor: Option<String>,
}

/// An item with its newest revision.
#[derive(Serialize, ToSchema)]
pub struct Item {
    /// Its id.
    id: ItemId,
    /// What it is.
    kind: Kind,
    /// Its short name, for kinds that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<Key>,
    /// What time, recalls and dependencies make of it.
    availability: Availability,
    /// What blocks it, while `availability` is `blocked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100, nullable = false)]
    blocked_by: Option<Vec<Blocker>>,
    /// When the approved revision that counts ends by itself: a post's window, an image's rights or somebody's
    /// consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ends_at: Option<Time>,
    /// The revision that employees get, while `availability` is `live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    live_revision: Option<i64>,
    /// Where the campaign of the post is in its life: of the approved revision that counts, or of the newest one
    /// where none does. Nobody shares the post while it is not `open`, whatever its `availability`. Absent where
    /// no campaign is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    campaign_phase: Option<Phase>,
    /// The newest revision, whatever its state.
    working_revision: ItemRevision,
    /// The review of the newest revision, once it was submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    review: Option<Review>,
    /// The review that this save withdrew; only in the answer to that save.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    withdrew_review: Option<ReviewId>,
    /// What rules in force, and hashtags that are blocked, find in the words that were saved: advice, which
    /// refuses nothing. Only in the answers to saves of posts, images and hashtags, and not while a rule cannot
    /// be evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100_000, nullable = false)]
    advice: Option<Vec<RuleFinding>>,
    /// Counts the item's changes; the `ETag`.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was made.
    created_at: Time,
}

impl From<ItemView> for Item {
    fn from(view: ItemView) -> Self {
        let ItemView {
            item,
            availability,
            blocked_by,
            ends_at,
            live_revision,
            campaign_phase,
            working,
            review,
        } = view;
        let blocked_by: Vec<Blocker> = blocked_by.into_iter().map(Blocker::from).collect();
        Self {
            id: item.id,
            kind: item.kind,
            key: item.key,
            availability,
            blocked_by: (!blocked_by.is_empty()).then_some(blocked_by),
            ends_at,
            live_revision,
            campaign_phase,
            working_revision: working.into(),
            review: review.map(Review::summary),
            withdrew_review: None,
            advice: None,
            version: item.version,
            created_at: item.created_at,
        }
    }
}

impl Item {
    /// The same item with the addresses of its files, if it is an image.
    pub fn addressed(mut self, media: &MediaLinks, now: Time) -> Self {
        self.working_revision = self.working_revision.addressed(media, now);
        self
    }

    /// The same item as the answer to a save that withdrew a review, if it withdrew one.
    pub fn withdrew(mut self, review: Option<ReviewId>) -> Self {
        self.withdrew_review = review;
        self
    }

    /// The same item as the answer to a save, with what rules find in it.
    pub fn advised(mut self, advice: Option<Vec<Finding>>) -> Self {
        self.advice = advice.map(told);
        self
    }
}

/// What keeps an approved item from being used.
#[derive(Serialize, ToSchema)]
struct Blocker {
    /// How: `pin_expired`, `pin_recalled` or `pin_not_approved` by what it pins; `rule_violated` by a rule in
    /// force that it breaks, `rule_broken` by one that cannot be evaluated; `urgent_unreviewed` or
    /// `urgent_refused` where it was published urgently and its review did not end in time, or did not approve it;
    /// `recheck` where it is to be approved anew because of what a disclaimer, rule or guideline says by now.
    #[schema(max_length = 64)]
    code: &'static str,
    /// The pinned item, the rule, the hashtag that is blocked and works like one, or what was rechecked; absent
    /// where it is the lack of its own review.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    item: Option<ItemId>,
    /// Since when.
    since: Time,
}

impl From<lifecycle::Blocker> for Blocker {
    fn from(blocker: lifecycle::Blocker) -> Self {
        let lifecycle::Blocker { code, item, since } = blocker;
        Self { code, item, since }
    }
}

/// One revision of an item. `digest` is over the RFC 8785 form of `{kind, id, key?, revision, content,
/// pins}`, exactly as they stand here.
#[derive(Serialize, ToSchema)]
pub struct ItemRevision {
    /// What the item is.
    kind: Kind,
    /// The item.
    id: ItemId,
    /// The item's short name, for kinds that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<Key>,
    /// The revision's number.
    #[schema(minimum = 1)]
    revision: i64,
    /// The content in its stored form; absent once it was redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Content>, nullable = false)]
    content: Option<Value>,
    /// What its references resolved to when it was submitted, sorted by kind, then id; empty before.
    #[schema(max_items = 200)]
    pins: Vec<Pin>,
    /// `sha256:` and the SHA-256 of the document.
    digest: Digest,
    /// Its state; `superseded` where time has overtaken an approved one.
    #[schema(schema_with = shown_state)]
    state: &'static str,
    /// Who wrote these words; none of them decides on it.
    #[schema(max_items = 1000)]
    authors: Vec<PersonId>,
    /// When it was begun.
    created_at: Time,
    /// When it was frozen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    submitted_at: Option<Time>,
    /// When it was approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    approved_at: Option<Time>,
    /// That it was published before its review, and what came of that; only where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    urgent: Option<Urgent>,
    /// The entry that redacted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    redacted: Option<Redacted>,
    /// Where the files of an image are fetched for the next hour: the picture, then its renditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100, nullable = false)]
    media: Option<Vec<MediaAddress>>,
}

/// Where a file is fetched.
#[derive(Serialize, ToSchema)]
struct MediaAddress {
    /// The SHA-256 of its bytes.
    digest: Digest,
    /// The address; whoever has it gets the file until it ends.
    #[schema(format = "uri", max_length = 2000)]
    url: String,
}

impl ItemRevision {
    /// The same with the addresses of its files, if it is an image's.
    pub fn addressed(mut self, media: &MediaLinks, now: Time) -> Self {
        let content = self.content.as_ref().filter(|_| self.kind == Kind::Image);
        let files = content.and_then(|content| ImageFiles::deserialize(content).ok());
        let address = |file: &PictureFile| MediaAddress {
            digest: file.digest.clone(),
            url: media.address(self.id, file, now),
        };
        self.media = files.map(|files| files.all().map(address).collect());
        self
    }
}

/// Every state that a revision can show.
pub fn shown_state() -> Object {
    let states = RevisionState::ALL.map(RevisionState::as_str).into_iter().chain(["superseded"]);
    let description = "Its state; `superseded` where time has overtaken an approved one.";
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(states))
        .build()
}

/// The redaction of a revision.
#[derive(Serialize, ToSchema)]
struct Redacted {
    /// The index of its entry in the record.
    #[schema(minimum = 0)]
    index: i64,
}

/// What a reference resolved to.
#[derive(Serialize, ToSchema)]
pub struct Pin {
    /// The kind of the item.
    kind: Kind,
    /// The item.
    id: ItemId,
    /// The item's short name, for kinds that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<Key>,
    /// The pinned revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// The pinned revision's digest.
    digest: Digest,
}

impl From<revision::Pin> for Pin {
    fn from(pin: revision::Pin) -> Self {
        let revision::Pin { kind, id, key, revision, digest } = pin;
        Self { kind, id, key, revision, digest }
    }
}

impl From<RevisionView> for ItemRevision {
    fn from(view: RevisionView) -> Self {
        Self {
            kind: view.kind,
            id: view.id,
            key: view.key,
            revision: view.revision,
            content: view.content,
            pins: view.pins.into_iter().map(Pin::from).collect(),
            digest: view.digest,
            state: view.state,
            authors: view.authors,
            created_at: view.created_at,
            submitted_at: view.submitted_at,
            approved_at: view.approved_at,
            urgent: view.urgent.map(Urgent::from),
            redacted: view.redacted_idx.map(|index| Redacted { index }),
            media: None,
        }
    }
}
