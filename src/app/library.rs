//! The library: the live images and hashtags that one employee may use, served from memory.
//!
//! The same rules as for the feed hold: what is live, meant for this person, in this language, for a channel on
//! which nothing is frozen. An image stands here to be shared by itself, a hashtag to go with it.

use std::cmp::Reverse;

use super::access::PersonAccess;
use super::content_snapshot::{ApprovedItem, ContentSnapshot, LiveImage};
use super::context::Context;
use super::feed::FeedImage;
use super::sharing::is_for;
use crate::domain::channels::{Channel, ChannelId};
use crate::domain::content::disclaimer::Occasion;
use crate::domain::content::{Disclaimer, Hashtag, Image};
use crate::domain::ids::{ItemId, Kind};
use crate::domain::images::{Shown, images_for};
use crate::domain::language;
use crate::domain::lifecycle::Availability;
use crate::domain::revision::Resolved;
use crate::domain::time::Time;

/// What a library is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct LibraryQuery {
    /// Images with a text, and hashtags that go with copies, in this language (`nl` serves `nl-BE`).
    pub language: Option<String>,
    /// What can be used on this channel.
    pub channel: Option<ChannelId>,
}

/// A place in a library: after what became live then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LibraryPosition {
    /// When it became live.
    pub live_since: Time,
    /// The item.
    pub id: ItemId,
}

/// An image that an employee may share by itself.
#[derive(Debug, Clone)]
pub struct LibraryImage {
    /// The revision, its texts and its small rendition.
    pub image: FeedImage,
    /// Under which terms it may be used.
    pub licence: Option<String>,
    /// Whether it was made or changed by AI.
    pub ai_generated: bool,
    /// Where it may be shared.
    pub channels: Vec<ChannelId>,
    /// Since when it is live.
    pub live_since: Time,
    /// Until when it is.
    pub ends_at: Option<Time>,
}

/// A hashtag that an employee may use.
#[derive(Debug, Clone)]
pub struct LibraryHashtag {
    /// The hashtag.
    pub hashtag: Resolved<Hashtag>,
    /// Since when it is live.
    pub live_since: Time,
}

/// Who asks, what for, and what is known.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// What is approved.
    pub content: &'a ContentSnapshot,
    /// Who asks.
    pub person: &'a PersonAccess,
    /// What use cases share.
    pub context: &'a Context,
    /// What for.
    pub query: &'a LibraryQuery,
    /// When.
    pub now: Time,
}

impl<'a> Reading<'a> {
    /// One page of images, newest first; the place to go on after is answered while there is more.
    pub fn images(
        &self,
        after: Option<LibraryPosition>,
        limit: usize,
    ) -> (Vec<LibraryImage>, Option<LibraryPosition>) {
        let disclaimers = self.content.live_disclaimers(self.now);
        let (page, next) = self.page(Kind::Image, after, limit, |item| {
            let live = item.image(self.now)?;
            let channels = self.channels_of(live, &disclaimers);
            let about = &live.image.about;
            let wanted = is_for(&about.audience, self.person)
                && about.rights.cover(self.person.country.as_deref())
                && self.query.language.as_ref().is_none_or(|wanted| about.alt_in(wanted).is_some())
                && !channels.is_empty();
            wanted.then_some((live, channels))
        });
        (page.into_iter().map(|(position, found)| self.image(position, found)).collect(), next)
    }

    /// One page of hashtags, newest first.
    pub fn hashtags(
        &self,
        after: Option<LibraryPosition>,
        limit: usize,
    ) -> (Vec<LibraryHashtag>, Option<LibraryPosition>) {
        let (page, next) = self.page(Kind::Hashtag, after, limit, |item| {
            let hashtag =
                item.resolve(item.present(self.now)?.revision, |content| content.as_hashtag().cloned())?;
            self.takes(&hashtag.content).then_some(hashtag)
        });
        let told = |(position, hashtag): (LibraryPosition, Resolved<Hashtag>)| LibraryHashtag {
            hashtag,
            live_since: position.live_since,
        };
        (page.into_iter().map(told).collect(), next)
    }

    /// The items of a kind that are live and wanted.
    fn page<T>(
        &self,
        kind: Kind,
        after: Option<LibraryPosition>,
        limit: usize,
        wanted: impl Fn(&'a ApprovedItem) -> Option<T>,
    ) -> (Vec<(LibraryPosition, T)>, Option<LibraryPosition>) {
        let place = |item: &'a ApprovedItem| {
            let position = LibraryPosition { live_since: item.history.live_since(self.now)?, id: item.id };
            let is_later = after.is_none_or(|after| position < after);
            let is_live = || self.content.availability(item, self.now).0 == Availability::Live;
            (is_later && is_live()).then_some((position, item))
        };
        let mut places: Vec<(LibraryPosition, &ApprovedItem)> =
            self.content.of_kind(kind).filter_map(place).collect();
        places.sort_unstable_by_key(|(position, _)| Reverse(*position));
        // Whether an item is wanted takes longest to tell: only as many are asked as the page needs.
        let wanted = places.into_iter().filter_map(|(position, item)| Some((position, wanted(item)?)));
        let mut found: Vec<(LibraryPosition, T)> = wanted.take(limit + 1).collect();
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().map(|(position, _)| *position).filter(|_| more);
        (found, next)
    }

    /// The channels that were asked for and that nothing is frozen on (R17).
    fn open_channels(&self) -> impl Iterator<Item = &'a Channel> {
        let Self { content, context, query, now, .. } = *self;
        context.channels.iter().filter(move |channel| {
            query.channel.as_ref().is_none_or(|asked| *asked == channel.id)
                && content.freeze_on(channel.id.as_str(), now).is_none()
        })
    }

    /// The channels on which an image can be shared by itself, in one of its languages at least.
    fn channels_of(&self, live: LiveImage<'_>, disclaimers: &[Resolved<Disclaimer>]) -> Vec<ChannelId> {
        let LiveImage { item, revision, image } = live;
        let shown = [Shown { source: revision.source(item.id), image }];
        let suits = |channel: &Channel, language: &str| {
            images_for(&shown, channel, language).is_ok()
                && (channel.text_field || !self.is_anything_required(image, channel, language, disclaimers))
        };
        let can_be_shared = |channel: &&Channel| {
            channel.images_max > 0 && image.about.alt.keys().any(|language| suits(channel, language))
        };
        self.open_channels().filter(can_be_shared).map(|channel| channel.id.clone()).collect()
    }

    /// Whether an image cannot go out without a disclaimer.
    fn is_anything_required(
        &self,
        image: &Image,
        channel: &Channel,
        language: &str,
        disclaimers: &[Resolved<Disclaimer>],
    ) -> bool {
        let occasion = Occasion {
            channel: &channel.id,
            topics: &[],
            campaign: None,
            country: self.person.country.as_deref(),
            language,
            comment: false,
            ai_image: image.about.ai_generated,
        };
        let mut demands = disclaimers.iter().filter_map(|found| found.content.required_when.as_ref());
        demands.any(|demand| demand.holds(&occasion))
    }

    fn takes(&self, hashtag: &Hashtag) -> bool {
        let languages = &hashtag.languages;
        let speaks = |wanted: &String| {
            languages.is_empty() || languages.iter().any(|tag| language::covers(tag, wanted))
        };
        let is_on = |channel: &Channel| hashtag.channels.is_empty() || hashtag.channels.contains(&channel.id);
        !hashtag.blocked
            && is_for(&hashtag.audience, self.person)
            && self.query.language.as_ref().is_none_or(speaks)
            && self.open_channels().any(is_on)
    }

    fn image(&self, position: LibraryPosition, found: (LiveImage<'_>, Vec<ChannelId>)) -> LibraryImage {
        let (LiveImage { item, revision, image }, channels) = found;
        let ends_at = item.history.revision(revision.revision).and_then(|approved| approved.expires_at);
        let language = self.query.language.as_deref();
        LibraryImage {
            image: FeedImage::new(
                self.context,
                revision.source(item.id),
                image,
                language.as_slice(),
                self.now,
            ),
            licence: image.about.licence.clone(),
            ai_generated: image.about.ai_generated,
            channels,
            live_since: position.live_since,
            ends_at,
        }
    }
}
