//! Evaluating a share: whether this person may share this post here and now, and with which words.
//!
//! An evaluation rests on a snapshot and touches no database. What it rests on travels with it: the
//! versions of the snapshot and the first moment at which time alone would change the answer.

use serde_json::json;

use super::access::PersonAccess;
use super::content_snapshot::{ContentSnapshot, LivePost};
use super::context::Context;
use super::rules::{RULE_BROKEN, RULE_VIOLATED};
use crate::domain::channels::ChannelId;
use crate::domain::content::Post;
use crate::domain::countries;
use crate::domain::disclaimers::InForce;
use crate::domain::findings::{self, Finding};
use crate::domain::ids::{Digest, ItemId};
use crate::domain::kit::{Kit, KitInput, Reader, make_kit, offered};
use crate::domain::lifecycle::{Availability, EndingKind};
use crate::domain::links::TAG_LENGTH;
use crate::domain::material::Material;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};

/// What somebody wants to share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareCommand {
    /// The post.
    pub post_id: ItemId,
    /// The digest of the revision that the person saw (R1).
    pub digest: Digest,
    /// Where.
    pub channel: ChannelId,
    /// In which language; the person's, or the post's first, when absent.
    pub language: Option<String>,
    /// Which copy; one is chosen when absent.
    pub copy_id: Option<String>,
    /// The person's own words.
    pub comment: Option<String>,
}

/// A share that may be issued, as long as what it rests on stands.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// The revision that was evaluated.
    pub revision: i64,
    /// The index of its approval.
    pub approved_idx: i64,
    /// What to hand over.
    pub kit: Kit,
    /// The `content_version` it rests on.
    pub content_version: i64,
    /// The person's `access_version` it rests on.
    pub access_version: i64,
    /// The first moment at which time changes the answer.
    pub holds_until: Option<Time>,
    /// What rules that only warn say to the comment.
    pub warnings: Vec<Finding>,
    /// The fingerprint of configuration and rules that were in force.
    pub rules_digest: Digest,
}

/// A tag for a new share: random, so that it tells nothing about the person.
pub fn share_tag() -> Result<String> {
    /// 32 letters and digits that are hard to mistake for each other.
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0; TAG_LENGTH];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    let letter = |byte: u8| ALPHABET.get(usize::from(byte % 32)).copied().map(char::from);
    Ok(random.into_iter().filter_map(letter).collect())
}

/// Evaluates a share on a snapshot, for one person (R13 to R15, R18); `tag` tells its visits from others.
pub fn evaluate(
    content: &ContentSnapshot,
    person: &PersonAccess,
    context: &Context,
    command: &ShareCommand,
    tag: &str,
    now: Time,
) -> Result<Evaluated> {
    let live = find_live(content, person, command.post_id, now)?;
    offered(&context.channels, live.post, &command.channel)?;
    if let Some(freeze) = content.freeze_on(command.channel.as_str(), now) {
        return Err(Error::new(Code::Frozen, "Sharing is frozen for now.")
            .with("reason", freeze.reason.as_str())
            .with("until", freeze.end().to_string()));
    }
    if live.revision.digest != command.digest {
        let detail = "This is not the digest of the revision that is live: show that one, then share it.";
        return Err(Error::new(Code::RevisionChanged, detail)
            .with("revision", live.revision.revision)
            .with("digest", live.revision.digest.as_str()));
    }
    let hashtags = content.pinned_hashtags(live.revision);
    let pinned = content.pinned_disclaimers(live.revision);
    let (in_force, recalled) = (content.live_disclaimers(now), content.recalled_disclaimers(now));
    let kit = make_kit(&KitInput {
        material: Material {
            post: live.post,
            source: &live.source(),
            hashtags: &hashtags,
            disclaimers: InForce { pinned: &pinned, live: &in_force, recalled: &recalled },
            ai_image: false,
            organisation: &context.organisation,
        },
        channels: &context.channels,
        channel: &command.channel,
        language: command.language.as_deref(),
        copy_id: command.copy_id.as_deref(),
        comment: command.comment.as_deref(),
        tag,
        reader: Reader {
            person: person.id,
            country: person.country.as_deref(),
            language: person.language.as_deref(),
            mastodon: person.mastodon.as_ref(),
        },
    })?;
    let warnings = check_comment(content, context, command.comment.as_deref(), now)?;
    let approved = live.item.history.revision(live.revision.revision);
    Ok(Evaluated {
        revision: live.revision.revision,
        approved_idx: approved.map(|approved| approved.approved_idx).unwrap_or_default(),
        kit,
        content_version: content.version,
        access_version: person.access_version,
        holds_until: content.next_change(live.item, now),
        warnings,
        rules_digest: content.rules().digest().clone(),
    })
}

/// Holds a comment to the operator's policy of links, and lets the rules in force look at it (R18): refused
/// where one blocks, with what all of them found; else what they warn of.
fn check_comment(
    content: &ContentSnapshot,
    context: &Context,
    comment: Option<&str>,
    now: Time,
) -> Result<Vec<Finding>> {
    let links = comment.map(|comment| context.links.faults_in("/comment", comment)).unwrap_or_default();
    if !links.is_empty() {
        return Err(Error::new(Code::RuleViolated, "The comment cannot be shared.").faults(links));
    }
    let policy = content.rules().policy()?;
    let Some(comment) = comment else { return Ok(Vec::new()) };
    let found = findings::in_comment(policy, comment, now);
    if !found.iter().any(Finding::blocks) {
        return Ok(found);
    }
    let faults = found.iter().map(Finding::fault).collect();
    Err(Error::new(Code::RuleViolated, "The comment breaks a rule; errors says which, and where.")
        .faults(faults))
}

/// The post as this person may share it now, or the reason why not.
pub fn find_live<'a>(
    content: &'a ContentSnapshot,
    person: &PersonAccess,
    id: ItemId,
    now: Time,
) -> Result<LivePost<'a>> {
    let not_found = || {
        let detail = "There is no such post, it was never live, or it is not meant for this person.";
        Error::new(Code::PostNotFound, detail)
    };
    let live = content.item(id).and_then(|item| item.post(now)).ok_or_else(not_found)?;
    if !is_for(live.post, person) || !live.item.history.was_live(now) {
        return Err(not_found());
    }
    let (availability, blocked_by) = content.availability(live.item, now);
    match availability {
        Availability::Live => Ok(live),
        Availability::Unapproved | Availability::Scheduled => Err(not_found()),
        Availability::Recalled => {
            let present = live.item.history.present(now);
            let recall = present.and_then(|present| live.item.history.ended(present, EndingKind::Recall));
            let error = Error::new(Code::Recalled, "The post was recalled: do not share it any more.")
                .with("recall_type", "recalled");
            Err(match recall {
                Some(recall) => error.with("recalled_at", recall.at.to_string()),
                None => error,
            })
        }
        Availability::Blocked => {
            let by_rule =
                blocked_by.iter().any(|blocker| [RULE_VIOLATED, RULE_BROKEN].contains(&blocker.code));
            let detail = match by_rule {
                true => "A rule in force keeps the post from being shared.",
                false => "Something that the post relies on may not be used any more.",
            };
            Err(Error::new(Code::Blocked, detail).with("blocked_by", json!(blocked_by)))
        }
        Availability::Expired | Availability::Retired => {
            Err(Error::new(Code::NotLive, format!("The post is {availability}."))
                .with("availability", availability.as_str()))
        }
    }
}

/// Whether a post is meant for a person. A person whose country is unknown is in no country.
pub fn is_for(post: &Post, person: &PersonAccess) -> bool {
    let audience = &post.audience;
    let in_group =
        audience.groups.is_empty() || audience.groups.iter().any(|group| person.groups.contains(group));
    let in_country = audience.countries.is_empty()
        || person.country.as_deref().is_some_and(|country| countries::covers(&audience.countries, country));
    in_group && in_country
}
