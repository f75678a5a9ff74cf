//! What requests and answers about shares look like.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use url::Url;
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use crate::app::outcomes::OutcomeCommand;
use crate::app::share_views::{OutcomeView, ShareQuery, ShareView};
use crate::domain::channels::ChannelId;
use crate::domain::ids::{ClientId, Digest, ItemId, Kind, PersonId, ShareId};
use crate::domain::share::{Outcome, ShownState};
use crate::domain::time::Time;
use crate::http::paging::Limit;
use crate::http::v1::answers::is_false;
use crate::http::v1::findings::RuleFinding;
use crate::http::v1::sharing::{DisclaimerUsed, SharedImage, TextPart};
use crate::store::shares;

/// What a list of everybody's shares is narrowed to.
#[derive(Deserialize, Serialize, IntoParams)]
pub(super) struct ShareFilter {
    /// Only this person's.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonId>,
    /// Only those of this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<ItemId>,
    /// Only those on this channel.
    #[serde(default, deserialize_with = "channel", skip_serializing_if = "Option::is_none")]
    channel: Option<ChannelId>,
    /// Only those in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<ShownState>,
    /// Only those issued then or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Time>,
    /// Only those issued before.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Time>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    pub(super) limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    pub(super) cursor: Option<String>,
}

/// What a list of one's own shares is narrowed to.
#[derive(Deserialize, Serialize, IntoParams)]
pub(super) struct MyShareFilter {
    /// Only those of this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<ItemId>,
    /// Only those in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<ShownState>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    pub(super) limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    pub(super) cursor: Option<String>,
}

/// Filters stand in the record, so nothing but the form of a channel's name is taken for one.
fn channel<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ChannelId>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=32).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(Some(name.as_str().into()));
    }
    Err(de::Error::custom("invalid value, expected the name of a channel"))
}

impl From<ShareFilter> for ShareQuery {
    fn from(filter: ShareFilter) -> Self {
        let ShareFilter { person, item, channel, state, from, to, .. } = filter;
        let channel = channel.map(|channel| channel.to_string());
        Self { filter: shares::ShareFilter { person, item, channel, state: None, from, to }, state }
    }
}

impl MyShareFilter {
    /// The same for this person.
    pub(super) fn of(self, person: PersonId) -> ShareQuery {
        let filter =
            shares::ShareFilter { person: Some(person), item: self.item, ..shares::ShareFilter::default() };
        ShareQuery { filter, state: self.state }
    }
}

/// A page of shares.
#[derive(Serialize, ToSchema)]
pub(super) struct SharePage {
    /// The shares, newest first.
    #[schema(max_items = 200)]
    pub(super) items: Vec<Share>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    pub(super) next_cursor: Option<String>,
}

/// One kit issued to one employee.
#[derive(Serialize, ToSchema)]
pub(super) struct Share {
    /// Its id.
    id: ShareId,
    /// Its state.
    state: ShownState,
    /// What the item is.
    kind: Kind,
    /// The item shared.
    item_id: ItemId,
    /// The revision shared.
    #[schema(minimum = 1)]
    revision: i64,
    /// Its digest.
    digest: Digest,
    /// Who shares; absent once the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person_id: Option<PersonId>,
    /// The client through which it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_id: Option<ClientId>,
    /// Where.
    #[schema(max_length = 32)]
    channel: String,
    /// The language of the copy, or of the image's text.
    #[schema(max_length = 35)]
    language: String,
    /// The copy of a post.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32, nullable = false)]
    copy_id: Option<String>,
    /// The text handed over; absent once the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 400_000, nullable = false)]
    text: Option<String>,
    /// The parts of the text, in order; together they are the text.
    #[schema(max_items = 1000)]
    parts: Vec<TextPart>,
    /// The disclaimers in the text, by rank.
    #[schema(value_type = Vec<DisclaimerUsed>, max_items = 100)]
    disclaimers: Value,
    /// Its images, each with the file and the text that suit channel and language.
    #[schema(max_items = 35)]
    images: Vec<SharedImage>,
    /// The link, with its tracking parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096, nullable = false)]
    link: Option<String>,
    /// The headline, for channels that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, nullable = false)]
    headline: Option<String>,
    /// The address that opens the channel's composer, while the share is `issued`; an auditor gets none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 400_000, nullable = false)]
    intent_url: Option<String>,
    /// What stands in the composer beside the link, for the channels that put the link there themselves: then
    /// this, and not `text`, is what the employee sees to be posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 400_000, nullable = false)]
    intent_text: Option<String>,
    /// The employee's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10_000, nullable = false)]
    comment: Option<String>,
    /// How the text gets into the composer: `prefilled`, `paste_then_open` or `share_sheet`.
    #[schema(max_length = 32)]
    delivery: String,
    /// Whether the employee must paste the text.
    must_paste: bool,
    /// Whether the employee, or the phone's share sheet, must add the images: no address that opens a composer
    /// brings them along.
    must_attach: bool,
    /// What rules that only warn said to the comment when the share was issued; absent once the person was
    /// erased.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10_000, required = false)]
    warnings: Vec<RuleFinding>,
    /// Whether it was issued on an urgent publication that no review had approved by then; absent otherwise.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    urgent: bool,
    /// The fingerprint of channels, organisation, rules and blocked hashtags that were in force.
    rules_digest: Digest,
    /// When it was issued.
    issued_at: Time,
    /// When it lapses without an outcome.
    lapses_at: Time,
    /// Where its entry stands in the record.
    receipt: ShareReceipt,
    /// What was reported of it, in order.
    #[schema(max_items = 1000)]
    outcomes: Vec<ShareOutcome>,
}

/// Where an entry stands in the record.
#[derive(Serialize, ToSchema)]
struct ShareReceipt {
    /// Its index.
    #[schema(minimum = 0)]
    index: i64,
    /// The hash of its leaf, in hexadecimal.
    #[schema(min_length = 64, max_length = 64)]
    leaf_hash: String,
}

impl From<ShareView> for Share {
    fn from(view: ShareView) -> Self {
        let ShareView {
            row,
            state,
            overtaken: _,
            text,
            parts,
            disclaimers,
            intent_url,
            intent_text,
            comment,
            receipt,
            outcomes,
            warnings,
            images,
            urgent,
            must_attach,
        } = view;
        let (index, leaf_hash) = receipt;
        Self {
            id: row.id,
            state,
            kind: row.kind,
            item_id: row.item_id,
            revision: row.revision,
            digest: row.digest,
            person_id: row.person_id,
            client_id: row.client_id,
            channel: row.channel,
            language: row.language,
            copy_id: Some(row.copy_id).filter(|_| row.kind == Kind::Post),
            text,
            parts: parts.into_iter().map(TextPart::from).collect(),
            disclaimers,
            images: images.into_iter().map(SharedImage::from).collect(),
            link: row.link,
            headline: row.headline,
            intent_url,
            intent_text,
            comment,
            delivery: row.delivery,
            must_paste: row.must_paste,
            must_attach,
            warnings: warnings.into_iter().map(RuleFinding::from).collect(),
            urgent,
            rules_digest: row.rules_digest,
            issued_at: row.issued_at,
            lapses_at: row.lapses_at,
            receipt: ShareReceipt { index, leaf_hash },
            outcomes: outcomes.into_iter().map(ShareOutcome::from).collect(),
        }
    }
}

impl Share {
    /// The share as an auditor reads it: only the employee gets the means to post.
    pub(super) fn audited(view: ShareView) -> Self {
        let share = Self::from(view);
        let images = share.images.into_iter().map(SharedImage::without_address).collect();
        Self { intent_url: None, images, ..share }
    }

    /// Where its employee reads it.
    pub(super) fn address(&self) -> String {
        format!("/v1/me/shares/{}", self.id)
    }
}

/// What was reported of a share.
#[derive(Serialize, ToSchema)]
struct ShareOutcome {
    /// What became of it.
    result: Outcome,
    /// Whether a confirmation came after the share had lapsed or was void.
    late: bool,
    /// Whether the text was to be pasted and nobody said what was posted.
    unverified: bool,
    /// Where the post is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048, nullable = false)]
    permalink: Option<String>,
    /// What was posted, where the employee said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100_000, nullable = false)]
    posted_text: Option<String>,
    /// Why it failed or was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    reason: Option<String>,
    /// When it was reported.
    reported_at: Time,
}

impl From<OutcomeView> for ShareOutcome {
    fn from(view: OutcomeView) -> Self {
        let OutcomeView { row, permalink, posted_text, reason } = view;
        Self {
            result: row.result,
            late: row.late,
            unverified: row.unverified,
            permalink,
            posted_text,
            reason,
            reported_at: row.reported_at,
        }
    }
}

/// What became of a share.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct OutcomeCreate {
    /// What became of it.
    result: Outcome,
    /// Where the post is: an `https` address.
    #[validate(length(min = 1, max = 2048), custom(function = "https"))]
    #[schema(format = "uri", min_length = 1, max_length = 2048)]
    permalink: Option<String>,
    /// What was posted, if it is not what was handed over.
    #[validate(length(min = 1, max = 250_000))]
    #[schema(min_length = 1, max_length = 250_000)]
    posted_text: Option<String>,
    /// Why it failed or was removed.
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: Option<String>,
}

impl From<OutcomeCreate> for OutcomeCommand {
    fn from(body: OutcomeCreate) -> Self {
        let OutcomeCreate { result, permalink, posted_text, reason } = body;
        Self { result, permalink, posted_text, reason }
    }
}

/// An `https` address with a host and without credentials.
fn https(text: &str) -> Result<(), ValidationError> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.has_host());
    if url.is_some_and(|url| url.username().is_empty() && url.password().is_none()) {
        return Ok(());
    }
    let detail = Cow::Borrowed("Expected the https address of the post.");
    Err(ValidationError::new("not_https").with_message(detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permalink_is_an_https_address() {
        assert!(https("https://www.linkedin.com/feed/update/1").is_ok());
        for odd in
            ["http://a.example/", "javascript:alert(1)", "https://u:p@a.example/", "a.example", "https:"]
        {
            assert!(https(odd).is_err(), "{odd}");
        }
    }
}
