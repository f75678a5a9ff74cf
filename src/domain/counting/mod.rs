//! How channels count a text.
//!
//! Each unit is exact where the platform says what it counts; where it does not, the unit is one that never
//! counts less. Counting walks a text a fixed number of times and allocates only where it must rewrite it:
//! for X a text that is not in normal form, for Mastodon one with links or remote mentions.

mod emoji;
#[cfg(test)]
pub(super) mod oracle;
#[cfg(test)]
mod tests;
mod weighted;

use std::ops::Range;

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation as _;

use super::channels::{Channel, Counting};
use super::entities;
use super::text::graphemes;

/// How long a text is on a channel, and how long it may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The unit of the channel.
    pub unit: Counting,
    /// The text's length in that unit.
    pub units: usize,
    /// The most units; absent = no limit is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The text's length in bytes of UTF-8.
    pub bytes: usize,
    /// The most bytes; absent = no limit is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte_limit: Option<usize>,
}

impl Count {
    /// Counts a text as the channel does.
    pub fn of(text: &str, channel: &Channel) -> Self {
        Self::with_warning("", text, channel)
    }

    /// Counts a text and the content warning before it as the channel does.
    pub fn with_warning(warning: &str, text: &str, channel: &Channel) -> Self {
        Self {
            unit: channel.counting,
            units: units_with_warning(warning, text, channel),
            limit: limit(channel.text_limit),
            bytes: text.len(),
            byte_limit: limit(channel.byte_limit),
        }
    }

    /// The units that are too many.
    pub fn excess_units(&self) -> usize {
        self.limit.map_or(0, |limit| self.units.saturating_sub(limit))
    }

    /// The bytes that are too many.
    pub fn excess_bytes(&self) -> usize {
        self.byte_limit.map_or(0, |limit| self.bytes.saturating_sub(limit))
    }

    /// How many more units of one byte fit; `None` = any number.
    pub fn room(&self) -> Option<usize> {
        let units = self.limit.map(|limit| limit.saturating_sub(self.units));
        let bytes = self.byte_limit.map(|limit| limit.saturating_sub(self.bytes));
        units.into_iter().chain(bytes).min()
    }
}

/// A limit of the channel table, where 0 means that none is known.
pub fn limit(figure: u32) -> Option<usize> {
    usize::try_from(figure).ok().filter(|&figure| figure > 0)
}

/// The length of a text in the units of a channel.
pub fn units(text: &str, channel: &Channel) -> usize {
    match channel.counting {
        Counting::WeightedTwitter => {
            let text = weighted::normalised(text);
            let url_cost = limit(channel.url_length);
            let links = url_cost.map_or_else(Vec::new, |_| entities::links(&text, channel));
            weighted::weigh(&text, &links, url_cost)
        }
        Counting::Graphemes => graphemes(text),
        Counting::Mastodon => mastodon("", text, channel),
        Counting::Threads => threads(text),
        Counting::Utf16 => utf16(text),
        Counting::CodePoints => text.chars().count(),
        Counting::Utf8Bytes => text.len(),
    }
}

/// The length of a text and of the content warning before it: Mastodon counts both, other channels have
/// none.
pub fn units_with_warning(warning: &str, text: &str, channel: &Channel) -> usize {
    match channel.counting {
        Counting::Mastodon => mastodon(warning, text, channel),
        _ => units(text, channel),
    }
}

fn mastodon(warning: &str, text: &str, channel: &Channel) -> usize {
    let counted = countable(text, &entities::links(text, channel), limit(channel.url_length));
    match (warning, counted.as_deref().unwrap_or(text)) {
        ("", text) => graphemes(text),
        (warning, text) => graphemes(&format!("{warning}{text}")),
    }
}

/// The first character with which the platform refuses a text: X has some, and the channel table names more.
pub fn invalid_character(text: &str, channel: &Channel) -> Option<char> {
    let on_x = channel.counting == Counting::WeightedTwitter;
    // A text without them is the rule, and this is asked while people type.
    if text.is_ascii() && channel.forbidden_characters.is_empty() {
        return None;
    }
    text.chars().find(|&c| (on_x && weighted::is_invalid(c)) || channel.forbidden_characters.contains(c))
}

/// What Mastodon counts in the place of a text: links at their fixed cost, `@user@host` as `@user`. `None` =
/// the text as it is. (`StatusLengthValidator` of Mastodon.)
fn countable(text: &str, links: &[Range<usize>], url_cost: Option<usize>) -> Option<String> {
    let hosts = entities::remote_mentions(text, links).into_iter();
    let hosts =
        hosts.map(|mention| (mention.local_end..mention.range.end, 0)).filter(|(host, _)| !host.is_empty());
    let links = url_cost.into_iter().flat_map(|cost| links.iter().map(move |link| (link.clone(), cost)));
    let mut replaced: Vec<(Range<usize>, usize)> = hosts.chain(links).collect();
    if replaced.is_empty() {
        return None;
    }
    replaced.sort_unstable_by_key(|(range, _)| range.start);
    let mut counted = String::with_capacity(text.len());
    let mut at = 0;
    for (range, cost) in replaced {
        counted.push_str(text.get(at..range.start).unwrap_or_default());
        counted.extend(std::iter::repeat_n('x', cost));
        at = range.end;
    }
    counted.push_str(text.get(at..).unwrap_or_default());
    Some(counted)
}

/// Threads: <https://developers.facebook.com/documentation/threads/posts>. What is an emoji is not defined
/// there, so whatever may be shown as one costs its bytes, with all that is joined to it.
fn threads(text: &str) -> usize {
    let costs_bytes = |c: char| emoji::is_emoji(c) || c == emoji::KEYCAP;
    if text.is_ascii() || !text.contains(costs_bytes) {
        return text.chars().count();
    }
    let cost =
        |cluster: &str| if cluster.contains(costs_bytes) { cluster.len() } else { cluster.chars().count() };
    text.graphemes(true).map(cost).sum()
}

/// UTF-16 units: one for each character, and one more for each outside the basic plane.
fn utf16(text: &str) -> usize {
    let units = |byte: u8| usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0);
    text.bytes().map(units).sum()
}
