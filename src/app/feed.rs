//! The feed: the live posts that one employee may share, served from memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::access::PersonAccess;
use super::content_snapshot::{ContentSnapshot, LivePost};
use super::context::Context;
use super::sharing::is_for;
use crate::domain::channels::ChannelId;
use crate::domain::content::disclaimer::{Occasion, Placement};
use crate::domain::content::post::{Personalisation, PostCopy};
use crate::domain::content::{Disclaimer, Image, Post};
use crate::domain::disclaimers::{InForce, Statement};
use crate::domain::ids::{Digest, ItemId, Key, Kind};
use crate::domain::images::{Shown, credits, outside, smallest};
use crate::domain::language;
use crate::domain::lifecycle::Availability;
use crate::domain::revision::{Resolved, Source};
use crate::domain::time::Time;

/// What a feed is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct FeedQuery {
    /// Posts with a copy in this language (`nl` serves `nl-BE`), and only those copies.
    pub language: Option<String>,
    /// Posts for this channel, and only their copies for it.
    pub channel: Option<ChannelId>,
    /// Posts of this campaign.
    pub campaign: Option<String>,
    /// Posts about this topic.
    pub topic: Option<String>,
}

/// A post in the feed.
#[derive(Debug, Clone)]
pub struct FeedItem {
    /// The post.
    pub post_id: ItemId,
    /// The live revision.
    pub revision: i64,
    /// Its digest: what a share names.
    pub digest: Digest,
    /// What the post is called.
    pub title: String,
    /// The copies to choose from.
    pub copies: Vec<PostCopy>,
    /// Where it may be shared.
    pub channels: Vec<ChannelId>,
    /// Its hashtags as they are shown, without the number sign.
    pub hashtags: Vec<String>,
    /// Its images.
    pub images: Vec<FeedImage>,
    /// What the post links to.
    pub link: Option<String>,
    /// The disclaimers that a share may carry for this person.
    pub disclaimers: Vec<FeedDisclaimer>,
    /// What the person may add.
    pub personalisation: Personalisation,
    /// The post's campaign.
    pub campaign: Option<String>,
    /// What the post is about.
    pub topics: Vec<String>,
    /// Advice for sharing it.
    pub tips: Option<String>,
    /// Since when it is live.
    pub live_since: Time,
    /// Until when it is.
    pub expires_at: Option<Time>,
    /// Whether it was published urgently and no review has approved it yet.
    pub urgent: bool,
}

/// An image as lists show it: without the file that a share hands over.
#[derive(Debug, Clone)]
pub struct FeedImage {
    /// The revision.
    pub source: Source,
    /// The texts that stand for it, by language: those that were asked for.
    pub alt: BTreeMap<String, String>,
    /// Who made it.
    pub credit: Option<String>,
    /// The width of the whole picture, in pixels.
    pub width: u32,
    /// Its height, in pixels.
    pub height: u32,
    /// Where a small rendition is fetched for the next hour.
    pub small_address: String,
}

impl FeedImage {
    /// The image with its texts in these languages; in all of them where none is named.
    pub fn new(context: &Context, source: Source, image: &Image, languages: &[&str], now: Time) -> Self {
        let about = &image.about;
        let alt = match languages {
            [] => about.alt.clone(),
            languages => {
                let told = languages.iter().filter_map(|language| about.alt_in(language));
                told.map(|(tag, text)| (tag.to_owned(), text.to_owned())).collect()
            }
        };
        Self {
            alt,
            credit: about.credit.clone(),
            width: image.files.picture.width,
            height: image.files.picture.height,
            small_address: context.media.address(source.item, smallest(&image.files), now),
            source,
        }
    }
}

/// A disclaimer that a share of the post may carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedDisclaimer {
    /// Its key.
    pub key: Key,
    /// The revision whose text is used.
    pub revision: i64,
    /// Where in the post it stands.
    pub placement: Placement,
    /// When it is added.
    pub when: When,
    /// Its longest form, in the language of the first copy that needs it.
    pub text: String,
}

/// When a disclaimer is added to a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Always.
    Always,
    /// With a comment.
    WithComment,
    /// Because the person's country is unknown, so that every country's demand applies.
    ByCountry,
}

/// A place in the feed: after the post that became live then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedPosition {
    /// When the post became live.
    pub live_since: Time,
    /// The post.
    pub post_id: ItemId,
}

/// One page of the feed, newest first; the place to go on after is answered while there is more.
pub fn feed_list(
    content: &ContentSnapshot,
    person: &PersonAccess,
    context: &Context,
    query: &FeedQuery,
    after: Option<FeedPosition>,
    limit: usize,
    now: Time,
) -> (Vec<FeedItem>, Option<FeedPosition>) {
    let mut posts: Vec<(FeedPosition, LivePost<'_>)> = content
        .of_kind(Kind::Post)
        .filter_map(|item| {
            let live = item.post(now)?;
            Some((position(content, live, now)?, live))
        })
        .filter(|(position, _)| after.is_none_or(|after| *position < after))
        .filter(|(_, live)| matches(live.post, query) && is_for_person(content, *live, person, now))
        .filter(|(_, live)| content.availability(live.item, now).0 == Availability::Live)
        .filter(|(_, live)| {
            let mut open = open_channels(content, live.post, now);
            open.any(|channel| query.channel.as_ref().is_none_or(|wanted| wanted == channel))
        })
        .collect();
    posts.sort_unstable_by_key(|(position, _)| Reverse(*position));
    let more = posts.len() > limit;
    posts.truncate(limit);
    let next = posts.last().map(|(position, _)| *position).filter(|_| more);
    let live_disclaimers = content.live_disclaimers(now);
    let page = Page { content, person, context, query, live_disclaimers: &live_disclaimers, now };
    (posts.into_iter().map(|(position, live)| page.item(position, live)).collect(), next)
}

/// Whether a live post is for a person, going by its audience, its campaign and where its images may be used.
pub fn is_for_person(
    content: &ContentSnapshot,
    live: LivePost<'_>,
    person: &PersonAccess,
    now: Time,
) -> bool {
    is_for(&live.post.audience, person)
        && content.campaigns().is_open(live.post, person, now)
        && may_show(content, live, person)
}

/// Whether the images of a post may be used where the person is.
fn may_show(content: &ContentSnapshot, live: LivePost<'_>, person: &PersonAccess) -> bool {
    let images = content.pinned_images(live.revision);
    outside(&images, person.country.as_deref()).next().is_none()
}

/// The channels on which a post can be shared now: those that no freeze stops (R17).
fn open_channels<'a>(
    content: &ContentSnapshot,
    post: &'a Post,
    now: Time,
) -> impl Iterator<Item = &'a ChannelId> {
    post.channels.iter().filter(move |channel| content.freeze_on(channel.as_str(), now).is_none())
}

/// A post is new when its campaign begins, however long it was approved before.
fn position(content: &ContentSnapshot, live: LivePost<'_>, now: Time) -> Option<FeedPosition> {
    let begins = content.campaigns().of(live.post).and_then(|campaign| campaign.content.window.from);
    let live_since = live.item.history.live_since(now)?;
    let live_since = begins.map_or(live_since, |begins| begins.max(live_since));
    Some(FeedPosition { live_since, post_id: live.item.id })
}

fn matches(post: &Post, query: &FeedQuery) -> bool {
    let campaign = query.campaign.is_none() || query.campaign == post.campaign;
    let topic = query.topic.as_ref().is_none_or(|topic| post.topics.contains(topic));
    let channel = query.channel.as_ref().is_none_or(|channel| post.channels.contains(channel));
    campaign && topic && channel && has_copy(post, query)
}

/// Whether a post has a copy that answers a query.
fn has_copy(post: &Post, query: &FeedQuery) -> bool {
    let mut here = post.copies.iter().filter(|copy| is_wanted(copy, query));
    match &query.language {
        Some(wanted) => language::lookup(wanted, here.map(|copy| copy.language.as_str())).is_some(),
        None => here.next().is_some(),
    }
}

fn is_wanted(copy: &PostCopy, query: &FeedQuery) -> bool {
    query.channel.as_ref().is_none_or(|channel| copy.is_for(channel))
}

/// The copies of a post that answer a query.
fn copies(post: &Post, query: &FeedQuery) -> Vec<PostCopy> {
    let all: Vec<&PostCopy> = post.copies.iter().filter(|copy| is_wanted(copy, query)).collect();
    let Some(wanted) = &query.language else { return all.into_iter().cloned().collect() };
    let found = language::lookup(wanted, all.iter().map(|copy| copy.language.as_str()));
    all.iter().filter(|copy| Some(copy.language.as_str()) == found).map(|copy| (*copy).clone()).collect()
}

/// What the items of one page have in common.
struct Page<'a> {
    content: &'a ContentSnapshot,
    person: &'a PersonAccess,
    context: &'a Context,
    query: &'a FeedQuery,
    live_disclaimers: &'a [Resolved<Disclaimer>],
    now: Time,
}

impl Page<'_> {
    fn item(&self, position: FeedPosition, live: LivePost<'_>) -> FeedItem {
        let LivePost { item, revision, post } = live;
        let copies = copies(post, self.query);
        let own = item.history.revision(revision.revision).and_then(|approved| approved.expires_at);
        let campaign = self.content.campaigns().of(post);
        let until = campaign.and_then(|campaign| campaign.content.window.until);
        let expires_at = own.into_iter().chain(until).min();
        let hashtags = self.content.pinned_hashtags(revision);
        let images = self.content.pinned_images(revision);
        let languages: Vec<&str> = copies.iter().map(|copy| copy.language.as_str()).collect();
        let told = |shown: &Shown<'_>| {
            FeedImage::new(self.context, shown.source.clone(), shown.image, &languages, self.now)
        };
        FeedItem {
            post_id: item.id,
            revision: revision.revision,
            digest: revision.digest.clone(),
            title: post.title.clone(),
            channels: open_channels(self.content, post, self.now).cloned().collect(),
            hashtags: hashtags.into_iter().map(|hashtag| hashtag.content.tag).collect(),
            link: post.link.as_ref().map(|link| link.url.clone()),
            disclaimers: self.disclaimers(live, &images, &copies),
            images: images.iter().map(told).collect(),
            personalisation: post.personalisation,
            campaign: post.campaign.clone(),
            topics: post.topics.clone(),
            tips: post.tips.clone(),
            live_since: position.live_since,
            expires_at,
            urgent: item.is_urgent(revision.revision),
            copies,
        }
    }

    /// What a share of the post may carry for this person: of these copies, on the channels that were asked for.
    fn disclaimers(
        &self,
        live: LivePost<'_>,
        images: &[Shown<'_>],
        copies: &[PostCopy],
    ) -> Vec<FeedDisclaimer> {
        let ai_image = images.iter().any(|shown| shown.image.about.ai_generated);
        let credit = live.post.credit.clone().or_else(|| credits(images));
        let pinned = self.content.pinned_disclaimers(live.revision);
        let in_force = InForce { pinned: &pinned, live: self.live_disclaimers, recalled: &[] };
        let mut found: Vec<FeedDisclaimer> = Vec::new();
        for comment in [false, true] {
            if comment && live.post.personalisation == Personalisation::None {
                continue;
            }
            for (channel, language) in self.ways(live.post, copies) {
                let occasion = Occasion {
                    channel,
                    topics: &live.post.topics,
                    campaign: live.post.campaign.as_deref(),
                    country: self.person.country.as_deref(),
                    language,
                    comment,
                    ai_image,
                };
                // A listed disclaimer that is missing would have blocked the post.
                for disclaimer in in_force.applying(live.post, &occasion).unwrap_or_default() {
                    if found.iter().any(|known| known.key == disclaimer.key) {
                        continue;
                    }
                    if let Some(text) = self.longest(disclaimer, credit.as_deref(), language) {
                        found.push(FeedDisclaimer {
                            key: disclaimer.key.clone(),
                            revision: disclaimer.revision,
                            placement: disclaimer.content.placement,
                            when: self.when(live.post, disclaimer, comment),
                            text,
                        });
                    }
                }
            }
        }
        found
    }

    /// Every channel that was asked for, with each language of its copies.
    fn ways<'p>(&self, post: &'p Post, copies: &'p [PostCopy]) -> Vec<(&'p ChannelId, &'p str)> {
        let mut ways = Vec::new();
        let asked_for =
            |channel: &&ChannelId| self.query.channel.as_ref().is_none_or(|asked| asked == *channel);
        for channel in post.channels.iter().filter(asked_for) {
            for copy in copies.iter().filter(|copy| copy.is_for(channel)) {
                let way = (channel, copy.language.as_str());
                if !ways.contains(&way) {
                    ways.push(way);
                }
            }
        }
        ways
    }

    /// When a disclaimer is added that was found to apply without a comment, or only with one.
    fn when(&self, post: &Post, disclaimer: &Resolved<Disclaimer>, comment: bool) -> When {
        let names_countries =
            || disclaimer.content.required_when.as_ref().is_some_and(|demand| !demand.countries.is_empty());
        let is_listed = post.disclaimers.contains(&disclaimer.key);
        match comment {
            _ if !is_listed && self.person.country.is_none() && names_countries() => When::ByCountry,
            true => When::WithComment,
            false => When::Always,
        }
    }

    fn longest(
        &self,
        disclaimer: &Resolved<Disclaimer>,
        credit: Option<&str>,
        language: &str,
    ) -> Option<String> {
        let statement = Statement::new(disclaimer, language, &self.context.organisation, credit).ok()?;
        Some(statement.form(0).1.clone())
    }
}
