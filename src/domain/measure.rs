//! Measures a text for an editor: how long it is on each channel, whether it may be posted there, and what
//! the channel makes links of.

use std::ops::Range;

use serde::Serialize;

use super::channels::{Channel, Convention};
use super::counting::{Count, invalid_character, limit};
use super::entities::{self, Found};
use super::span::{LineEnds, Span, Spans};
use super::text::is_blank;

/// The most things of a kind that a measurement tells. All of them count.
pub const TOLD_MAX: usize = 100;

/// Why a text cannot be posted on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A post there has no text.
    NoTextField,
    /// A reader would see nothing.
    Empty,
    /// The platform refuses a character.
    InvalidCharacter,
    /// It has too many units.
    TooLong,
    /// It has too many bytes.
    TooManyBytes,
    /// It has too many different links.
    TooManyLinks,
    /// It has too many hashtags.
    TooManyHashtags,
}

/// A link, hashtag or mention in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Entity<'a> {
    /// It, as it is written.
    pub text: &'a str,
    /// Where it stands.
    #[serde(flatten)]
    pub span: Span,
}

/// What a text is on a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement<'a> {
    /// The channel.
    pub channel: &'a Channel,
    /// How long the text is, and how long it may be.
    pub count: Count,
    /// Why it cannot be posted; none = it can.
    pub reasons: Vec<Reason>,
    /// Its links, at most [`TOLD_MAX`].
    pub links: Vec<Entity<'a>>,
    /// Its hashtags, at most [`TOLD_MAX`].
    pub hashtags: Vec<Entity<'a>>,
    /// Its mentions, at most [`TOLD_MAX`].
    pub mentions: Vec<Entity<'a>>,
}

impl Measurement<'_> {
    /// The units that are left; less than nothing when there are too many, `None` without a limit.
    pub fn remaining(&self) -> Option<i64> {
        let limit = i64::try_from(self.count.limit?).ok()?;
        Some(limit - i64::try_from(self.count.units).ok()?)
    }

    /// The same, with the places in the text as it was sent.
    pub fn in_sent(mut self, ends: &LineEnds) -> Self {
        for found in [&mut self.links, &mut self.hashtags, &mut self.mentions].into_iter().flatten() {
            found.span = ends.sent(found.span);
        }
        self
    }

    /// Whether the text can be posted.
    pub fn is_valid(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// Measures a text, and the content warning before it, on some channels, in their order. Channels of the same
/// rules are searched for once.
pub fn measure<'a>(
    warning: &str,
    text: &'a str,
    channels: impl IntoIterator<Item = &'a Channel>,
) -> Vec<Measurement<'a>> {
    let mut searched: Vec<Searched<'a>> = Vec::new();
    let measured = |channel| {
        let count = Count::with_warning(warning, text, channel);
        searched_by(&mut searched, text, channel).measurement(text, channel, count)
    };
    channels.into_iter().map(measured).collect()
}

/// What was found in the text by some rules.
#[derive(Clone)]
struct Searched<'a> {
    rules: (Convention, bool),
    distinct_links: usize,
    hashtag_count: usize,
    links: Vec<Entity<'a>>,
    hashtags: Vec<Entity<'a>>,
    mentions: Vec<Entity<'a>>,
}

fn searched_by<'a>(known: &mut Vec<Searched<'a>>, text: &'a str, channel: &Channel) -> Searched<'a> {
    let rules = (channel.convention, channel.url_needs_scheme);
    if let Some(searched) = known.iter().find(|searched| searched.rules == rules) {
        return searched.clone();
    }
    let Found { links, hashtags, mentions } = entities::find(text, channel);
    let searched = Searched {
        rules,
        distinct_links: entities::distinct_links(text, &links),
        hashtag_count: hashtags.len(),
        links: told(text, &links),
        hashtags: told(text, &hashtags),
        mentions: told(text, &mentions),
    };
    known.push(searched.clone());
    searched
}

fn told<'a>(text: &'a str, ranges: &[Range<usize>]) -> Vec<Entity<'a>> {
    let mut spans = Spans::new(text);
    let entity = |range: &Range<usize>| Entity {
        text: text.get(range.clone()).unwrap_or_default(),
        span: spans.of(range),
    };
    ranges.iter().take(TOLD_MAX).map(entity).collect()
}

impl<'a> Searched<'a> {
    fn measurement(self, text: &str, channel: &'a Channel, count: Count) -> Measurement<'a> {
        let over = |count: usize, max: u32| limit(max).is_some_and(|max| count > max);
        let reasons = [
            (Reason::NoTextField, !channel.text_field),
            (Reason::Empty, channel.text_field && is_blank(text)),
            (Reason::InvalidCharacter, invalid_character(text, channel).is_some()),
            (Reason::TooLong, count.excess_units() > 0),
            (Reason::TooManyBytes, count.excess_bytes() > 0),
            (Reason::TooManyLinks, over(self.distinct_links, channel.url_max)),
            (Reason::TooManyHashtags, over(self.hashtag_count, channel.hashtag_max)),
        ];
        let reasons = reasons.into_iter().filter(|(_, holds)| *holds).map(|(reason, _)| reason).collect();
        let Self { links, hashtags, mentions, .. } = self;
        Measurement { channel, count, reasons, links, hashtags, mentions }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::sync::LazyLock;

    use super::*;
    use crate::domain::channels::Channels;

    static CHANNELS: LazyLock<Channels> = LazyLock::new(|| Channels::defaults().unwrap());

    fn on<'a>(name: &str, text: &'a str) -> Measurement<'a> {
        measure("", text, CHANNELS.get(&name.into())).remove(0)
    }

    #[test]
    fn a_text_is_measured_on_each_channel() {
        let text = "Kom werken! 👍🏽 #WerkenBij example.nl/x @jan";
        let all = measure("", text, CHANNELS.iter());
        assert_eq!(all.len(), CHANNELS.iter().count());
        let x = on("x", text);
        assert_eq!(
            (x.count.units, x.remaining(), x.is_valid()),
            (12 + 3 + 11 + 24 + 4, Some(280 - 54), true)
        );
        assert_eq!(
            (x.links[0].text, x.hashtags[0].text, x.mentions[0].text),
            ("example.nl/x", "#WerkenBij", "@jan")
        );
        let start = x.hashtags[0].span.start;
        assert_eq!((start.code_points, start.utf16, start.utf8), (15, 17, 21));
        let mastodon = on("mastodon", text);
        assert!(mastodon.links.is_empty() && mastodon.remaining() == Some(500 - 42));
        assert_eq!(on("xing", text).remaining(), None);
        for measured in all {
            assert_eq!(measured.is_valid(), measured.channel.text_field, "{}", measured.channel.id);
        }
    }

    #[test]
    fn a_content_warning_counts_where_there_is_one() {
        let count = |name: &str| measure("wind", "molens", CHANNELS.get(&name.into())).remove(0).count.units;
        assert_eq!((count("mastodon"), count("x"), count("bluesky")), (10, 6, 6));
    }

    #[test]
    fn what_cannot_be_posted_says_why() {
        let links: String = (0..6).map(|at| format!("https://a.nl/{at} ")).collect();
        for (channel, text, expected) in [
            ("x", "a".repeat(281), vec![Reason::TooLong]),
            ("x", "a\u{FEFF}".to_owned(), vec![Reason::InvalidCharacter]),
            ("x", " \n".to_owned(), vec![Reason::Empty]),
            (
                "youtube",
                "é<".repeat(2000),
                vec![Reason::InvalidCharacter, Reason::TooLong, Reason::TooManyBytes],
            ),
            ("bluesky", "👨‍👩‍👧‍👦".repeat(121), vec![Reason::TooManyBytes]),
            ("threads", links.clone(), vec![Reason::TooManyLinks]),
            ("threads", "https://a.nl ".repeat(6), vec![]),
            ("threads", "#a #b".to_owned(), vec![Reason::TooManyHashtags]),
            ("linkedin", "#a #b".to_owned(), vec![]),
            ("instagram_story", "a".to_owned(), vec![Reason::NoTextField]),
            ("instagram_story", String::new(), vec![Reason::NoTextField]),
        ] {
            assert_eq!(on(channel, &text).reasons, expected, "{channel}: {text}");
        }
        assert_eq!(on("x", &"a".repeat(300)).remaining(), Some(-20));
        assert_eq!(on("linkedin", &"#a ".repeat(200)).hashtags.len(), TOLD_MAX);
    }
}
