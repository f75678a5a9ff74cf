//! Evaluating a share: whether this person may share this post or image here and now, and with which words.
//!
//! An evaluation rests on a snapshot and touches no database. What it rests on travels with it: the
//! versions of the snapshot and the first moment at which time alone would change the answer.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::json;

use super::access::PersonAccess;
use super::campaign_conditions::{self, Standing};
use super::checks;
use super::content_snapshot::{ApprovedItem, ApprovedRevision, ContentSnapshot, LiveImage, LivePost};
use super::context::Context;
use super::obligations;
use super::rules::{RULE_BROKEN, RULE_VIOLATED};
use crate::domain::campaign::Campaign;
use crate::domain::channels::ChannelId;
use crate::domain::content::post::Audience;
use crate::domain::content::{Hashtag, Post};
use crate::domain::countries;
use crate::domain::disclaimers::InForce;
use crate::domain::findings::{self, Finding};
use crate::domain::ids::{Digest, ItemId, Key, Kind};
use crate::domain::images::{Shown, alone, outside};
use crate::domain::kit::{Kit, KitInput, Reader, make_kit, offered};
use crate::domain::lifecycle::{Availability, Blocker, EndingKind};
use crate::domain::links::TAG_LENGTH;
use crate::domain::material::Material;
use crate::domain::recheck::RECHECK;
use crate::domain::revision::{Resolved, Source};
use crate::domain::time::Time;
use crate::domain::urgent::{URGENT_REFUSED, URGENT_UNREVIEWED};
use crate::error::{Code, Error, Fault, Result};

/// What keeps somebody from sharing an image in their country.
pub const OUTSIDE_TERRITORIES: &str = "outside_territories";

/// What is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A post.
    Post(ItemId),
    /// An image by itself, with hashtags by key.
    Image(ItemId, Vec<Key>),
}

impl Subject {
    /// The item.
    pub const fn id(&self) -> ItemId {
        match self {
            Self::Post(id) | Self::Image(id, _) => *id,
        }
    }

    /// What the item is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Post(_) => Kind::Post,
            Self::Image(..) => Kind::Image,
        }
    }

    /// The hashtags that are named for this share.
    pub fn hashtags(&self) -> &[Key] {
        match self {
            Self::Post(_) => &[],
            Self::Image(_, hashtags) => hashtags,
        }
    }
}

/// What somebody wants to share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareCommand {
    /// What.
    pub subject: Subject,
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
    /// Whether that was an urgent publication and no review has approved it yet.
    pub urgent: bool,
    /// The campaign that the post belongs to.
    pub campaign: Option<Arc<Campaign>>,
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
    let live = find_live(content, person, context, &command.subject, now)?;
    offered(&context.channels, &live.post, &command.channel)?;
    if let Some(freeze) = content.freeze_on(command.channel.as_str(), now) {
        return Err(Error::new(Code::Frozen, "Sharing is frozen for now.")
            .with("reason", freeze.reason.as_str())
            .with("until", freeze.end().to_string()));
    }
    let obliged_until = obligations::check(content, person, now)?;
    check_digest(&live, &command.digest)?;
    check_territories(&live.images, person)?;
    let hashtags = hashtags(content, person, &live, command.subject.hashtags(), now)?;
    let pinned = content.pinned_disclaimers(live.revision);
    let (in_force, recalled) = (content.live_disclaimers(now), content.recalled_disclaimers(now));
    let kit = make_kit(&KitInput {
        material: Material {
            post: &live.post,
            source: &live.source(),
            hashtags: &hashtags,
            images: &live.images,
            disclaimers: InForce { pinned: &pinned, live: &in_force, recalled: &recalled },
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
        image_address: &context.media.sample(now),
    })?;
    check_fit(&hashtags, command, &kit.language)?;
    let warnings = check_comment(content, context, command.comment.as_deref(), now)?;
    let approved = live.item.history.revision(live.revision.revision);
    Ok(Evaluated {
        revision: live.revision.revision,
        approved_idx: approved.map(|approved| approved.approved_idx).unwrap_or_default(),
        urgent: live.item.is_urgent(live.revision.revision),
        campaign: content.campaigns().of(&live.post).cloned(),
        kit,
        content_version: content.version,
        access_version: person.access_version,
        holds_until: content.next_change(live.item, now).into_iter().chain(obliged_until).min(),
        warnings,
        rules_digest: content.rules().digest().clone(),
    })
}

/// Refuses a digest that is not of the revision that is live: what was shown is not what would be shared.
fn check_digest(live: &Shareable<'_>, digest: &Digest) -> Result<()> {
    if live.revision.digest == *digest {
        return Ok(());
    }
    let detail = "This is not the digest of the revision that is live: show that one, then share it.";
    Err(Error::new(Code::RevisionChanged, detail)
        .with("revision", live.revision.revision)
        .with("digest", live.revision.digest.as_str()))
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

/// What somebody may share now: a post, or the one that an image makes by itself.
#[derive(Debug)]
pub struct Shareable<'a> {
    item: &'a ApprovedItem,
    revision: &'a ApprovedRevision,
    post: Cow<'a, Post>,
    images: Vec<Shown<'a>>,
}

impl Shareable<'_> {
    /// The revision, without its content.
    fn source(&self) -> Source {
        self.revision.source(self.item.id)
    }
}

fn shareable<'a>(
    content: &'a ContentSnapshot,
    context: &Context,
    subject: &Subject,
    now: Time,
) -> Option<Shareable<'a>> {
    let item = content.item(subject.id())?;
    match subject {
        Subject::Post(_) => {
            let LivePost { item, revision, post } = item.post(now)?;
            let images = content.pinned_images(revision);
            Some(Shareable { item, revision, post: Cow::Borrowed(post), images })
        }
        Subject::Image(_, hashtags) => {
            let LiveImage { item, revision, image } = item.image(now)?;
            let post = Cow::Owned(alone(image, &context.channels, hashtags));
            let images = vec![Shown { source: revision.source(item.id), image }];
            Some(Shareable { item, revision, post, images })
        }
    }
}

/// Refuses to share images in a country where they may not be used, or by somebody whose country is not
/// known where that matters (R9).
fn check_territories(images: &[Shown<'_>], person: &PersonAccess) -> Result<()> {
    let country = person.country.as_deref();
    let outside: Vec<_> = outside(images, country)
        .map(|(_, shown)| {
            let territories = &shown.image.about.rights.territories;
            json!({ "code": OUTSIDE_TERRITORIES, "item": shown.source.item, "territories": territories })
        })
        .collect();
    if outside.is_empty() {
        return Ok(());
    }
    let detail = match country {
        Some(country) => format!("An image may not be used in {country}; blocked_by says where it may."),
        None => "An image may be used in some countries only, and this person's country is not known.".into(),
    };
    Err(Error::new(Code::Blocked, detail).with("blocked_by", json!(outside)))
}

/// The hashtags that a post pins, or that are named for an image and live.
fn hashtags(
    content: &ContentSnapshot,
    person: &PersonAccess,
    live: &Shareable<'_>,
    named: &[Key],
    now: Time,
) -> Result<Vec<Resolved<Hashtag>>> {
    if live.item.kind == Kind::Post {
        return Ok(content.pinned_hashtags(live.revision));
    }
    let found: Vec<_> = checks::named(&content.live_hashtags(now), named);
    let may_use = |tag: &Hashtag| !tag.blocked && is_for(&tag.audience, person);
    let is_usable = |key: &&Key| found.iter().any(|tag| tag.key == **key && may_use(&tag.content));
    let fault = |(at, key): (usize, &Key)| {
        let detail = format!("{key} is not a hashtag that is live and meant for this person.");
        Fault::body(format!("/hashtags/{at}"), "not_live", detail)
    };
    let unusable = named.iter().enumerate().filter(|(_, key)| !is_usable(key));
    let faults: Vec<Fault> = unusable.map(fault).collect();
    if faults.is_empty() { Ok(found) } else { Err(Error::invalid_content(faults)) }
}

/// Refuses hashtags that were named for an image and do not go with the channel or the language: a post leaves out
/// those of its own that do not, but what somebody asked for is not dropped silently.
fn check_fit(hashtags: &[Resolved<Hashtag>], command: &ShareCommand, language: &str) -> Result<()> {
    let fault = |(at, key): (usize, &Key)| {
        let found = hashtags.iter().find(|tag| tag.key == *key)?;
        let detail = format!("The hashtag {key} does not go with {} in {language}.", command.channel);
        let fits = found.content.is_for(&command.channel, language);
        (!fits).then(|| Fault::body(format!("/hashtags/{at}"), "not_for_channel", detail))
    };
    let faults: Vec<Fault> = command.subject.hashtags().iter().enumerate().filter_map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid_content(faults)) }
}

/// The post or image as this person may share it now, or the reason why not.
pub fn find_live<'a>(
    content: &'a ContentSnapshot,
    person: &PersonAccess,
    context: &Context,
    subject: &Subject,
    now: Time,
) -> Result<Shareable<'a>> {
    let kind = subject.kind();
    let not_found = || {
        let detail = format!(
            "There is no such {kind}, it was never live or was taken away, or it is not meant for this person."
        );
        let code = if kind == Kind::Image { Code::ImageNotFound } else { Code::PostNotFound };
        Error::new(code, detail)
    };
    let live = shareable(content, context, subject, now).ok_or_else(not_found)?;
    if !is_for(&live.post.audience, person) || !live.item.history.was_live(now) {
        return Err(not_found());
    }
    let standing = content.campaigns().standing(&live.post, person, now);
    if matches!(standing, Standing::Hidden) {
        return Err(not_found());
    }
    let (availability, blocked_by) = content.availability(live.item, now);
    match availability {
        Availability::Live | Availability::Blocked if let Standing::Over(campaign) = &standing => {
            Err(campaign_conditions::over(campaign))
        }
        Availability::Live => Ok(live),
        Availability::Unapproved | Availability::Scheduled => Err(not_found()),
        Availability::Recalled => {
            let present = live.item.history.present(now);
            let recall = present.and_then(|present| live.item.history.ended(present, EndingKind::Recall));
            let detail = format!("The {kind} was recalled: do not share it any more.");
            let error = Error::new(Code::Recalled, detail).with("recall_type", "recalled");
            Err(match recall {
                Some(recall) => error.with("recalled_at", recall.at.to_string()),
                None => error,
            })
        }
        Availability::Blocked => {
            Err(Error::new(Code::Blocked, why_blocked(kind, &blocked_by))
                .with("blocked_by", json!(blocked_by)))
        }
        Availability::Expired | Availability::Retired => {
            Err(Error::new(Code::NotLive, format!("The {kind} is {availability}."))
                .with("availability", availability.as_str()))
        }
    }
}

/// What blocks a post or image, in a sentence.
fn why_blocked(kind: Kind, blocked_by: &[Blocker]) -> String {
    let is_by = |codes: &[&str]| blocked_by.iter().any(|blocker| codes.contains(&blocker.code));
    if is_by(&[RULE_VIOLATED, RULE_BROKEN]) {
        format!("A rule in force keeps the {kind} from being shared.")
    } else if is_by(&[URGENT_REFUSED]) {
        format!("The {kind} was published urgently, and the review afterwards did not approve it.")
    } else if is_by(&[URGENT_UNREVIEWED]) {
        format!("The {kind} was published urgently, and was not reviewed in time.")
    } else if is_by(&[RECHECK]) {
        format!("What the {kind} must go by has changed, so it is to be approved anew before it is shared.")
    } else {
        format!("Something that the {kind} relies on may not be used any more.")
    }
}

/// Whether what has this audience is meant for a person. A person whose country is unknown is in no country.
pub fn is_for(audience: &Audience, person: &PersonAccess) -> bool {
    let in_group =
        audience.groups.is_empty() || audience.groups.iter().any(|group| person.groups.contains(group));
    let in_country = audience.countries.is_empty()
        || person.country.as_deref().is_some_and(|country| countries::covers(&audience.countries, country));
    in_group && in_country
}
