//! What a writer is told before anything is decided: what rules say to a draft, and what would become of a
//! post in every combination of language, channel, copy and country.
//!
//! Nothing here refuses, and nothing is stored. It rests on the node's snapshot, and works without a
//! connection once the post's revision is read.

use serde_json::json;

use super::content_snapshot::{ApprovedRevision, ContentSnapshot};
use super::context::Context;
use super::items::{find, working_revision};
use super::references::{not_live, not_usable};
use super::register_keys::unknown_in_content;
use super::reviews::{ReviewView, review_get};
use super::rules::are_looked_at;
use crate::domain::content::{Content, Hashtag};
use crate::domain::counting::Count;
use crate::domain::disclaimers::InForce;
use crate::domain::findings::{self, Finding, Named};
use crate::domain::ids::{ItemId, Key, Kind, ReviewId};
use crate::domain::lifecycle::RevisionState;
use crate::domain::material::Material;
use crate::domain::matrix::{Fitted, Tried, channel_faults, try_all};
use crate::domain::required_hashtags;
use crate::domain::revision::{Resolved, Source};
use crate::domain::time::Time;
use crate::error::{Error, Fault, Result};
use crate::store::connection::Conn;
use crate::store::revisions;

/// What rules find in words that are saved; of a post's hashtags, in those that are live. Nothing for kinds
/// that rules do not look at, and nothing while a rule cannot be evaluated.
pub fn advice(present: &ContentSnapshot, id: ItemId, content: &Content, now: Time) -> Option<Vec<Finding>> {
    if !are_looked_at(content.kind()) {
        return None;
    }
    let policy = present.rules().policy().ok()?;
    let references = content.references();
    let hashtags = named(&present.live_hashtags(now), &references.hashtags);
    let images = present.usable_images(&references.images, content.window().0, now);
    let named = Named { hashtags: &hashtags, images: &images };
    Some(findings::in_content(policy, id, content, named, now))
}

/// What rules that only warn find in words.
pub fn warnings(present: &ContentSnapshot, id: ItemId, content: &Content, now: Time) -> Vec<Finding> {
    let mut found = advice(present, id, content, now).unwrap_or_default();
    found.retain(|finding| !finding.blocks());
    found
}

/// A review with the words that it is about.
pub fn review_with_words(conn: &mut Conn, id: ReviewId, now: Time) -> Result<(ReviewView, Option<Content>)> {
    let view = review_get(conn, id, now)?;
    let row = revisions::find(conn, view.row.item_id, view.row.revision)?;
    let json = row.and_then(|row| row.content);
    let content = json.map(|json| Content::from_json(view.row.kind, &json)).transpose()?;
    Ok((view, content))
}

/// A revision of a post that is to be checked.
#[derive(Debug)]
pub struct PostRevision {
    /// The revision; a draft has no pins.
    source: Source,
    content: ApprovedRevision,
    is_draft: bool,
    /// Campaign and topics that it cannot name.
    unknown: Vec<Fault>,
}

/// What would become of a post.
#[derive(Debug)]
pub struct PostCheck {
    /// The revision that was checked.
    pub post: Source,
    /// Each combination.
    pub combinations: Vec<Combination>,
    /// What is wrong whatever the combination.
    pub faults: Vec<Fault>,
    /// What rules find, each once: a text is the same on every channel and in every country.
    pub violations: Vec<Finding>,
}

/// One copy on one channel in one country.
#[derive(Debug)]
pub struct Combination {
    /// The copy's language.
    pub language: String,
    /// The channel.
    pub channel: String,
    /// The copy.
    pub copy_id: String,
    /// The country, where the audience names countries; absent = this holds for all countries.
    pub country: Option<String>,
    /// The most units of the channel, if a limit is known.
    pub limit: Option<usize>,
    /// By how much the shortest text is too long, in what the limit that it breaks counts.
    pub excess: Option<usize>,
    /// How long the text is in the channel's unit: the one that fits, or the shortest.
    pub count: Option<usize>,
    /// The text that fits, or each reason against it.
    pub outcome: Result<Fitted, Vec<Fault>>,
}

impl PostCheck {
    /// Whether the revision would pass its submission.
    pub fn passes(&self) -> bool {
        self.faults.is_empty()
            && self.combinations.iter().all(|combination| combination.outcome.is_ok())
            && !self.violations.iter().any(Finding::blocks)
    }
}

/// Reads a revision of a post: the working one where none is named.
pub fn post_revision(conn: &mut Conn, id: ItemId, revision: Option<i64>) -> Result<PostRevision> {
    let item = find(conn, Kind::Post, id)?;
    let row = match revision {
        Some(revision) => revisions::find(conn, id, revision)?,
        None => Some(working_revision(conn, &item)?),
    };
    let row = row.ok_or_else(|| Error::not_found("revision"))?;
    let json = row.content.as_deref().ok_or_else(|| Error::not_found("revision"))?;
    let content = Content::from_json(Kind::Post, json)?;
    Ok(PostRevision {
        unknown: unknown_in_content(conn, Some(id), &content)?,
        source: Source { item: id, revision: row.revision, digest: row.digest.clone() },
        is_draft: row.state == RevisionState::Draft,
        content: ApprovedRevision { revision: row.revision, content, pins: row.pins()?, digest: row.digest },
    })
}

/// Checks a revision as its submission does: a draft with what is live, a frozen one with what it pins.
pub fn post_check(
    context: &Context,
    content: &ContentSnapshot,
    revision: &PostRevision,
    now: Time,
) -> Result<PostCheck> {
    let Content::Post(post) = &revision.content.content else {
        return Err(Error::internal("the content of a post is that of another kind"));
    };
    let (live, recalled) = (content.live_disclaimers(now), content.recalled_disclaimers(now));
    let policy = content.rules().policy()?;
    let mut faults = channel_faults(post, &context.channels);
    let (hashtags, images, pinned) = if revision.is_draft {
        faults.extend(revision.unknown.iter().cloned());
        faults.extend(content.campaigns().window_fault(post, now));
        let live_hashtags = content.live_hashtags(now);
        let hashtags = named(&live_hashtags, &post.hashtags);
        let images = content.usable_images(&post.images, post.publish_at, now);
        faults.extend(not_live("hashtags", &post.hashtags, &hashtags));
        faults.extend(required_hashtags::missing(post, &live_hashtags, policy, now));
        faults.extend(not_live("disclaimers", &post.disclaimers, &live));
        faults.extend(not_usable(&post.images, &images));
        (hashtags, images, Vec::new())
    } else {
        let of_pins = &revision.content;
        let hashtags = content.pinned_hashtags(of_pins);
        (hashtags, content.pinned_images(of_pins), content.pinned_disclaimers(of_pins))
    };
    let source = &revision.source;
    let named = Named { hashtags: &hashtags, images: &images };
    let violations = findings::in_content(policy, source.item, &revision.content.content, named, now);
    let material = Material {
        post,
        source,
        hashtags: &hashtags,
        images: &images,
        disclaimers: InForce { pinned: &pinned, live: &live, recalled: &recalled },
        organisation: &context.organisation,
    };
    let tried = try_all(&material, &context.channels).map_err(|fault| Error::invalid_content(vec![fault]))?;
    let combinations = tried.into_iter().map(Combination::from).collect();
    Ok(PostCheck { post: revision.source.clone(), combinations, faults, violations })
}

impl From<Tried<'_>> for Combination {
    fn from(tried: Tried<'_>) -> Self {
        let Tried { channel, copy, country, outcome } = tried;
        let limit = Count::of("", channel).limit;
        let (count, excess) = match &outcome {
            Ok(fitted) => (Some(fitted.count.units), None),
            Err(faults) => {
                let too_long = faults.iter().filter(|fault| fault.code == "too_long");
                let in_units =
                    too_long.filter(|fault| fault.extra.get("unit") == Some(&json!(channel.counting)));
                let units = in_units.filter_map(excess).max();
                (
                    limit.zip(units).map(|(limit, excess)| limit + excess),
                    faults.iter().filter_map(excess).max(),
                )
            }
        };
        Self {
            limit,
            excess,
            count,
            language: copy.language.clone(),
            channel: channel.id.to_string(),
            copy_id: copy.id.clone(),
            country: country.map(str::to_owned),
            outcome,
        }
    }
}

/// By how much a text is too long.
fn excess(fault: &Fault) -> Option<usize> {
    usize::try_from(fault.extra.get("excess")?.as_u64()?).ok()
}

/// Those of the live hashtags that have these keys, in the order of the keys.
pub(super) fn named(live: &[Resolved<Hashtag>], keys: &[Key]) -> Vec<Resolved<Hashtag>> {
    keys.iter().filter_map(|key| live.iter().find(|found| found.key == *key).cloned()).collect()
}
