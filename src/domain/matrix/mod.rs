//! What a submission checks (R10): every language, channel, copy and country that the post is meant
//! for, without and with a comment. What passes can be shared.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::channels::{Channel, ChannelId, Channels};
use super::comment::INTRO_MAX;
use super::compose::{Refusal, comment_room, compose};
use super::content::disclaimer::Occasion;
use super::content::post::{Personalisation, PostCopy};
use super::content::{Disclaimer, Post};
use super::countries;
use super::disclaimers::Unsayable;
use super::links::PREVIEW_TAG;
use super::material::{Material, Sharing};
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

/// Composes every combination as sharing will. Answers the room for comments of each, or every fault,
/// with pointers from `/content`.
pub fn check_submission(
    material: &Material<'_>,
    channels: &Channels,
) -> Result<Vec<CommentRoom>, Vec<Fault>> {
    let post = material.post;
    let combinations = combinations(post);
    if combinations > COMBINATIONS {
        let detail = format!(
            "{combinations} combinations of copy, channel and country are more than the {COMBINATIONS} that a \
             submission tries: name fewer countries, or split the post."
        );
        return Err(vec![Fault::body("/content/copies", "too_many_combinations", detail)]);
    }
    let mut rooms = Vec::new();
    let mut faults: Vec<Fault> = Vec::new();
    for (nth, id) in post.channels.iter().enumerate() {
        let Some(channel) = channels.get(id) else {
            let pointer = format!("/content/channels/{nth}");
            faults.push(Fault::body(pointer, "unknown_channel", "There is no channel of this name."));
            continue;
        };
        faults.extend(headline_fault(post, channel));
        for (at, copy) in post.copies.iter().enumerate().filter(|(_, copy)| copy.is_for(id)) {
            let combination = Combination { material, channel, copy, at, nth };
            match combination.check() {
                Ok(found) => rooms.extend(found),
                Err(found) => faults.extend(found),
            }
        }
    }
    if faults.is_empty() { Ok(rooms) } else { Err(faults) }
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

impl Combination<'_> {
    fn check(&self) -> Result<Vec<CommentRoom>, Vec<Fault>> {
        let named = &self.material.post.audience.countries;
        let countries = if named.is_empty() {
            self.distinct_countries()
        } else {
            named.iter().map(|country| Some(country.as_str())).collect()
        };
        let (mut rooms, mut faults) = (Vec::new(), Vec::new());
        for country in countries {
            let told = country.filter(|_| !named.is_empty());
            match self.try_country(country) {
                Ok(room) => rooms.push(self.room(told, room)),
                Err(refusal) => {
                    let fault = self.fault(&refusal, told);
                    if !faults.contains(&fault) {
                        faults.push(fault);
                    }
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        if named.is_empty() {
            let least = rooms.into_iter().min_by_key(|found| found.room.unwrap_or(usize::MAX));
            return Ok(least.into_iter().collect());
        }
        Ok(rooms)
    }

    fn room(&self, country: Option<&str>, room: Option<usize>) -> CommentRoom {
        CommentRoom {
            language: self.copy.language.clone(),
            channel: self.channel.id.clone(),
            copy_id: self.copy.id.clone(),
            country: country.map(str::to_owned),
            room,
        }
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

    /// Composes without a comment, then with one where the post and the channel take it; answers the
    /// room for it.
    fn try_country(&self, country: Option<&str>) -> Result<Option<usize>, Refusal> {
        let mut room = Some(0);
        for comment in comments(self.material.post) {
            if comment.is_some() && !self.channel.text_field {
                continue;
            }
            let (channel, copy) = (self.channel, self.copy);
            let sharing = Sharing { channel, copy, comment, country, tag: PREVIEW_TAG };
            let prepared = self.material.prepare(&sharing)?;
            let ingredients = prepared.ingredients(self.material, &sharing);
            compose(&ingredients)?;
            if comment.is_some() {
                room = comment_room(&ingredients);
            }
        }
        let intro = self.material.post.personalisation == Personalisation::Intro;
        Ok(if intro { Some(room.map_or(INTRO_MAX, |room| room.min(INTRO_MAX))) } else { room })
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
