//! What a submission checks (R10): every language, channel, copy and country that the post is meant
//! for, without and with a comment. What passes can be shared.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::channels::{Channel, ChannelId, Channels};
use super::comment::INTRO_MAX;
use super::compose::{Refusal, comment_room, compose};
use super::content::disclaimer::{Form, Occasion};
use super::content::post::{Personalisation, PostCopy};
use super::content::{Disclaimer, Post};
use super::counting::Count;
use super::countries;
use super::disclaimers::Unsayable;
use super::entities;
use super::ids::Key;
use super::images::{images_for, outside, outside_fault};
use super::links::{PREVIEW_TAG, Tracking, tracked};
use super::material::{Material, Prepared, Sharing};
use super::revision::Resolved;
use crate::error::Fault;

/// The shortest comment: what it adds is what any comment adds at least.
const SHORTEST_COMMENT: &str = "a";

/// Combinations of copy, channel and country that one submission tries: it takes well under a second.
const COMBINATIONS: usize = 5_000;

/// How many combinations a post has.
fn combinations(post: &Post) -> usize {
    let on_channel = |channel| post.copies.iter().filter(|copy| copy.is_for(channel)).count();
    let copies: usize = post.channels.iter().map(on_channel).sum();
    copies * post.audience.countries.len().max(1)
}

/// How much room one combination leaves for a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentRoom {
    /// The copy's language.
    pub language: String,
    /// The channel.
    pub channel: ChannelId,
    /// The copy.
    pub copy_id: String,
    /// The country, where the audience names countries; absent = the least of all countries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Units of the channel that a comment may have; absent = any number. 0 where none is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<usize>,
}

/// One copy on one channel in one country, tried as sharing will do it.
#[derive(Debug, Clone)]
pub struct Tried<'a> {
    /// Where.
    pub channel: &'a Channel,
    /// Which copy.
    pub copy: &'a PostCopy,
    /// The country, where the audience names countries; absent = this holds for all countries.
    pub country: Option<&'a str>,
    /// The text that fits, or each reason against it, with pointers from `/content`.
    pub outcome: Result<Fitted, Vec<Fault>>,
}

impl Tried<'_> {
    /// The room for a comment, or each reason why there is none.
    fn room(self) -> Result<CommentRoom, Vec<Fault>> {
        let Self { channel, copy, country, outcome } = self;
        Ok(CommentRoom {
            language: copy.language.clone(),
            channel: channel.id.clone(),
            copy_id: copy.id.clone(),
            country: country.map(str::to_owned),
            room: outcome?.room,
        })
    }
}

/// A text that fits, as far as its writers need to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// Its length without a comment.
    pub count: Count,
    /// Hashtags that gave way.
    pub dropped: Vec<String>,
    /// The disclaimers, by rank, and the form used of each.
    pub disclaimers: Vec<(Key, Form)>,
    /// Units of the channel that a comment may have; `None` = any number. 0 where none is taken.
    pub room: Option<usize>,
}

/// Composes every combination as sharing will, and tells each. Refused as a whole when there are more
/// than a submission tries.
pub fn try_all<'a>(material: &'a Material<'a>, channels: &'a Channels) -> Result<Vec<Tried<'a>>, Fault> {
    let post = material.post;
    let combinations = combinations(post);
    if combinations > COMBINATIONS {
        let detail = format!(
            "{combinations} combinations of copy, channel and country are more than the {COMBINATIONS} that a \
             submission tries: name fewer countries, or split the post."
        );
        return Err(Fault::body("/content/copies", "too_many_combinations", detail));
    }
    let mut tried = Vec::with_capacity(combinations);
    for (nth, id) in post.channels.iter().enumerate() {
        let Some(channel) = channels.get(id) else { continue };
        for (at, copy) in post.copies.iter().enumerate().filter(|(_, copy)| copy.is_for(id)) {
            tried.extend(Combination { material, channel, copy, at, nth }.tried());
        }
    }
    Ok(tried)
}

/// What is wrong with a post on one of its channels whatever the copy.
pub fn channel_faults(post: &Post, channels: &Channels) -> Vec<Fault> {
    let fault = |(nth, id): (usize, &ChannelId)| match channels.get(id) {
        Some(channel) => headline_fault(post, channel)
            .or_else(|| link_fault(post, channel))
            .or_else(|| image_fault(post, channel, nth)),
        None => {
            let pointer = format!("/content/channels/{nth}");
            Some(Fault::body(pointer, "unknown_channel", "There is no channel of this name."))
        }
    };
    post.channels.iter().enumerate().filter_map(fault).collect()
}

/// Composes every combination as sharing will. Answers the room for comments of each, or every fault,
/// with pointers from `/content`.
pub fn check_submission(
    material: &Material<'_>,
    channels: &Channels,
) -> Result<Vec<CommentRoom>, Vec<Fault>> {
    let tried = try_all(material, channels).map_err(|fault| vec![fault])?;
    let mut rooms = Vec::with_capacity(tried.len());
    let mut faults = channel_faults(material.post, channels);
    for tried in tried {
        match tried.room() {
            Ok(room) => rooms.push(room),
            // What is wrong whatever the copy or the country is told once.
            Err(found) => take_in(&mut faults, found),
        }
    }
    if faults.is_empty() { Ok(rooms) } else { Err(faults) }
}

/// The same for an image that is shared by itself, which names no channels: those that cannot carry what is
/// required of it are left out. Refused where none can, and where the image has no text that stands for it.
pub fn check_image(material: &Material<'_>, channels: &Channels) -> Result<Vec<CommentRoom>, Vec<Fault>> {
    if material.post.copies.is_empty() {
        let detail = "Say in at least one language what the picture shows, for those who do not see it.";
        return Err(vec![Fault::body("/content/alt", "alt_missing", detail)]);
    }
    let tried = try_all(material, channels).map_err(|fault| vec![fault])?;
    let (mut rooms, mut faults) = (Vec::new(), Vec::new());
    for tried in tried {
        match tried.room() {
            Ok(room) => rooms.push(room),
            Err(found) => take_in(&mut faults, found),
        }
    }
    if rooms.is_empty() { Err(faults) } else { Ok(rooms) }
}

/// Takes in faults, each once.
fn take_in(faults: &mut Vec<Fault>, found: Vec<Fault>) {
    for fault in found {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
}

/// The disclaimers that a submission pins: those that the post lists, and those that can be required
/// of it on any of its channels, in any country of its audience, with or without a comment.
pub fn can_be_required<'a>(
    post: &Post,
    ai_image: bool,
    live: &'a [Resolved<Disclaimer>],
) -> Vec<&'a Resolved<Disclaimer>> {
    let mut occasions = Vec::new();
    for channel in &post.channels {
        for copy in post.copies.iter().filter(|copy| copy.is_for(channel)) {
            for country in audience_countries(post) {
                for comment in comments(post) {
                    let comment = comment.is_some();
                    let (topics, campaign) = (post.topics.as_slice(), post.campaign.as_deref());
                    let language = copy.language.as_str();
                    occasions.push(Occasion {
                        channel,
                        topics,
                        campaign,
                        country,
                        language,
                        comment,
                        ai_image,
                    });
                }
            }
        }
    }
    let required = |disclaimer: &Disclaimer| {
        let demand = disclaimer.required_when.as_ref();
        demand.is_some_and(|demand| occasions.iter().any(|occasion| demand.holds(occasion)))
    };
    live.iter().filter(|found| post.disclaimers.contains(&found.key) || required(&found.content)).collect()
}

/// The countries that the audience names. Where it names none, an unknown country stands for all,
/// because every country's demand applies to it.
fn audience_countries(post: &Post) -> Vec<Option<&str>> {
    match post.audience.countries.as_slice() {
        [] => vec![None],
        named => named.iter().map(|country| Some(country.as_str())).collect(),
    }
}

/// No comment, and one where the post takes them.
fn comments(post: &Post) -> Vec<Option<&'static str>> {
    match post.personalisation {
        Personalisation::None => vec![None],
        Personalisation::Intro | Personalisation::Free => vec![None, Some(SHORTEST_COMMENT)],
    }
}

fn headline_fault(post: &Post, channel: &Channel) -> Option<Fault> {
    let limit = usize::try_from(channel.title_limit).ok().filter(|&limit| limit > 0)?;
    let excess =
        post.headline.as_ref()?.encode_utf16().count().checked_sub(limit).filter(|&excess| excess > 0)?;
    let detail = format!("The headline is too long for {}, by {excess}.", channel.id);
    let fault = Fault::body("/content/headline", "too_long", detail);
    Some(fault.with("excess", excess).with("channel", channel.id.as_str()))
}

/// A channel that takes no post without an image.
fn image_fault(post: &Post, channel: &Channel, nth: usize) -> Option<Fault> {
    if !channel.image_required || !post.images.is_empty() {
        return None;
    }
    let detail = format!("{} takes no post without an image: name one in images.", channel.name);
    Some(Fault::body(format!("/content/channels/{nth}"), "image_required", detail))
}

/// A link of which the channel would make only a part a link: it would lead to another page.
fn link_fault(post: &Post, channel: &Channel) -> Option<Fault> {
    let tracking = Tracking { channel: &channel.id, campaign: post.campaign.as_deref(), tag: PREVIEW_TAG };
    let link = tracked(post.link.as_ref()?, &tracking);
    let found = entities::links(&link, channel).into_iter().next()?;
    if found == (0..link.len()) {
        return None;
    }
    let detail = format!(
        "{} would make a link of {} only: percent-encode the character that follows.",
        channel.name,
        link.get(found)?
    );
    let fault = Fault::body("/content/link/url", "link_cut", detail);
    Some(fault.with("channel", channel.id.as_str()))
}

/// One copy on one channel.
struct Combination<'a> {
    material: &'a Material<'a>,
    channel: &'a Channel,
    copy: &'a PostCopy,
    /// The copy's place in the post.
    at: usize,
    /// The channel's place in the post.
    nth: usize,
}

impl<'a> Combination<'a> {
    /// Tries the countries that the audience names, each for itself. Where it names none, all countries
    /// are told as one: with the least room, or with each reason that holds in some. Images may be used in
    /// each country that the audience names; where it names none, whoever is elsewhere is refused at sharing.
    fn tried(&self) -> Vec<Tried<'a>> {
        let mut tried = self.composed();
        let (channel, language) = (self.channel, self.copy.language.as_str());
        let refused = images_for(self.material.images, channel, language).err().unwrap_or_default();
        let listed = !self.material.post.images.is_empty();
        let pointer = if listed { "/content/images" } else { "/content/alt" };
        for Tried { country, outcome, .. } in &mut tried {
            let faults = refused.iter().map(|refusal| refusal.fault(pointer, listed, channel, language));
            let mut faults: Vec<Fault> = faults.collect();
            if let Some(country) = country {
                let images = outside(self.material.images, Some(country));
                faults.extend(images.map(|(at, shown)| outside_fault(at, shown, country)));
            }
            match outcome {
                Err(known) => known.extend(faults),
                Ok(_) if !faults.is_empty() => *outcome = Err(faults),
                Ok(_) => {}
            }
        }
        tried
    }

    fn composed(&self) -> Vec<Tried<'a>> {
        let (channel, copy) = (self.channel, self.copy);
        let named = &self.material.post.audience.countries;
        if !named.is_empty() {
            let tried = |country: &'a String| {
                let country = Some(country.as_str());
                let outcome = self.try_country(country);
                let outcome = outcome.map_err(|refusal| vec![self.fault(&refusal, country)]);
                Tried { channel, copy, country, outcome }
            };
            return named.iter().map(tried).collect();
        }
        let (mut fitted, mut faults) = (Vec::new(), Vec::new());
        for country in self.distinct_countries() {
            match self.try_country(country) {
                Ok(found) => fitted.push(found),
                Err(refusal) => {
                    let fault = self.fault(&refusal, None);
                    if !faults.contains(&fault) {
                        faults.push(fault);
                    }
                }
            }
        }
        let least = |found: &Fitted| (found.room.unwrap_or(usize::MAX), Reverse(found.count.units));
        let outcome = match fitted.into_iter().min_by_key(least) {
            Some(fitted) if faults.is_empty() => Ok(fitted),
            _ => Err(faults),
        };
        vec![Tried { channel, copy, country: None, outcome }]
    }

    /// An unknown country, and one of each set of countries between which no demand tells.
    fn distinct_countries(&self) -> Vec<Option<&str>> {
        let live = self.material.disclaimers.live.iter();
        let named = live.filter_map(|found| found.content.required_when.as_ref());
        let lists: Vec<_> = named.map(|demand| &demand.countries).filter(|list| !list.is_empty()).collect();
        let mut known: Vec<Vec<bool>> = Vec::new();
        let mut distinct = vec![None];
        for country in countries::all() {
            let covered = lists.iter().map(|list| countries::covers(list, country)).collect();
            if !known.contains(&covered) {
                known.push(covered);
                distinct.push(Some(country));
            }
        }
        distinct
    }

    /// Composes without a comment, then with one where the post and the channel take it, for the room that
    /// it has.
    fn try_country(&self, country: Option<&str>) -> Result<Fitted, Refusal> {
        let (prepared, sharing) = self.prepared(None, country)?;
        let composed = compose(&prepared.ingredients(self.material, &sharing))?;
        let statements = prepared.statements.iter().map(|statement| statement.key.clone());
        let disclaimers = statements.zip(composed.forms.iter().copied()).collect();
        let mut room = Some(0);
        let personalisation = self.material.post.personalisation;
        if personalisation != Personalisation::None && self.channel.text_field {
            let (prepared, sharing) = self.prepared(Some(SHORTEST_COMMENT), country)?;
            let ingredients = prepared.ingredients(self.material, &sharing);
            compose(&ingredients)?;
            room = comment_room(&ingredients);
        }
        if personalisation == Personalisation::Intro {
            room = Some(room.map_or(INTRO_MAX, |room| room.min(INTRO_MAX)));
        }
        Ok(Fitted { count: composed.count, dropped: composed.dropped, disclaimers, room })
    }

    fn prepared<'b>(
        &'b self,
        comment: Option<&'b str>,
        country: Option<&'b str>,
    ) -> Result<(Prepared, Sharing<'b>), Refusal> {
        let (channel, copy) = (self.channel, self.copy);
        let sharing = Sharing { channel, copy, comment, country, tag: PREVIEW_TAG };
        Ok((self.material.prepare(&sharing)?, sharing))
    }

    fn fault(&self, refusal: &Refusal, country: Option<&str>) -> Fault {
        let pointer = match refusal {
            Refusal::TooLong { .. } | Refusal::ForbiddenCharacter(..) => {
                format!("/content/copies/{}/text", self.at)
            }
            Refusal::Unsayable(_, Unsayable::Language) => format!("/content/copies/{}/language", self.at),
            Refusal::CannotCarry(_) | Refusal::NoTextForComment => format!("/content/channels/{}", self.nth),
            Refusal::Unsayable(_, Unsayable::Placeholder(_))
            | Refusal::UnknownDisclaimer(_)
            | Refusal::RecalledDisclaimer(_) => "/content/disclaimers".to_owned(),
        };
        let fault = refusal
            .fault(&pointer)
            .with("channel", self.channel.id.as_str())
            .with("language", self.copy.language.as_str())
            .with("copy_id", self.copy.id.as_str());
        match country {
            Some(country) => fault.with("country", country),
            None => fault,
        }
    }
}
