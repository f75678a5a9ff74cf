//! How channels count a text.

mod urls;

use std::ops::Range;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use self::urls::{Piece, pieces};
use super::channels::{Channel, Counting};
use super::text::graphemes;

/// The links in a text, with or without a scheme, in bytes of the text and in order.
pub(super) fn links(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let place = |piece: Piece<'_>| match piece {
        Piece::Text(text) => {
            at += text.len();
            None
        }
        Piece::Url(url) => {
            let start = at;
            at += url.len();
            Some(start..at)
        }
    };
    pieces(text, false).into_iter().filter_map(place).collect()
}

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
        Self {
            unit: channel.counting,
            units: units(text, channel),
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
fn limit(figure: u32) -> Option<usize> {
    usize::try_from(figure).ok().filter(|&figure| figure > 0)
}

/// The length of a text in the units of a channel.
pub fn units(text: &str, channel: &Channel) -> usize {
    match channel.counting {
        Counting::WeightedTwitter => weighted(text, channel),
        Counting::Graphemes => graphemes(text),
        Counting::Mastodon => mastodon(text, channel),
        Counting::Threads => text.graphemes(true).map(threads_cluster).sum(),
        Counting::Utf16 => text.encode_utf16().count(),
        Counting::CodePoints => text.chars().count(),
        Counting::Utf8Bytes => text.len(),
    }
}

/// X: <https://docs.x.com/fundamentals/counting-characters>.
fn weighted(text: &str, channel: &Channel) -> usize {
    let text: String = text.nfc().collect();
    let url_cost = limit(channel.url_length);
    let cost = |piece: Piece<'_>| match (piece, url_cost) {
        (Piece::Url(_), Some(cost)) => cost,
        (Piece::Url(text) | Piece::Text(text), _) => text.graphemes(true).map(weighted_cluster).sum(),
    };
    pieces(&text, channel.url_needs_scheme).into_iter().map(cost).sum()
}

fn weighted_cluster(cluster: &str) -> usize {
    if cluster.chars().nth(1).is_some() && is_emoji(cluster) {
        return 2;
    }
    cluster.chars().map(weight).sum()
}

/// What one code point costs on X.
fn weight(c: char) -> usize {
    match u32::from(c) {
        0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247 => 1,
        _ => 2,
    }
}

/// Mastodon: clusters, after URLs are replaced by a fixed number of characters and `@user@host` by
/// `@user`.
fn mastodon(text: &str, channel: &Channel) -> usize {
    let mut counted = String::with_capacity(text.len());
    for piece in pieces(text, channel.url_needs_scheme) {
        match (piece, limit(channel.url_length)) {
            (Piece::Url(_), Some(cost)) => counted.extend(std::iter::repeat_n('x', cost)),
            (Piece::Url(text) | Piece::Text(text), _) => counted.push_str(&local_mentions(text)),
        }
    }
    graphemes(&counted)
}

/// The text with each `@user@host` as `@user`.
fn local_mentions(text: &str) -> String {
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let mut local = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('@') {
        local.push_str(before);
        local.push('@');
        rest = after;
        let starts = !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '_'));
        let user = rest.trim_start_matches(name);
        if let Some(host) = user.strip_prefix('@').filter(|_| starts && user.len() < rest.len()) {
            let (user, _) = rest.split_at_checked(rest.len() - user.len()).unwrap_or_default();
            let end = host.find(|c| !name(c)).unwrap_or(host.len());
            let length = host.get(..end).map_or(0, |host| host.trim_end_matches(['.', '-']).len());
            if length > 0 {
                local.push_str(user);
                rest = host.get(length..).unwrap_or_default();
            }
        }
    }
    local.push_str(rest);
    local
}

/// Threads: <https://developers.facebook.com/documentation/threads/posts>. What is an emoji is not
/// defined there, so whatever may be one costs its bytes.
fn threads_cluster(cluster: &str) -> usize {
    if is_emoji(cluster) { cluster.len() } else { cluster.chars().count() }
}

/// Whether a cluster is an emoji, or may be shown as one.
fn is_emoji(cluster: &str) -> bool {
    let keycap = cluster.ends_with('\u{20E3}');
    let starts = cluster.starts_with(is_pictograph);
    let joined = |c: char| {
        is_pictograph(c) || matches!(c, '\u{200D}' | '\u{20E3}' | '\u{FE0F}' | '\u{E0020}'..='\u{E007F}')
    };
    keycap || (starts && cluster.chars().all(joined))
}

/// The blocks of Unicode that hold the emoji.
fn is_pictograph(c: char) -> bool {
    matches!(c,
        '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{24C2}'
        | '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{25A0}'..='\u{27BF}'
        | '\u{2900}'..='\u{297F}' | '\u{2B00}'..='\u{2BFF}' | '\u{3030}' | '\u{303D}' | '\u{3297}'
        | '\u{3299}' | '\u{1F000}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::channels::Channels;

    static CHANNELS: LazyLock<Channels> = LazyLock::new(|| Channels::defaults().unwrap());

    fn count(channel: &str, text: &str) -> usize {
        units(text, CHANNELS.get(&channel.into()).unwrap())
    }

    #[test]
    fn x_counts_by_weight() {
        for (text, expected) in [
            ("", 0),
            ("Hallo wereld", 12),
            ("cafe\u{301}", 4),
            ("“a” – b’s", 9),
            ("€…", 4),
            ("日本", 4),
            ("👨‍👩‍👧‍👦", 2),
            ("👍🏽 🇳🇱 1️⃣ ❤️", 11),
            ("https://example.com/a/very/long/path/that/goes/on", 23),
            ("Kijk op example.nl.", 8 + 23 + 1),
            ("jan@example.nl", 14),
        ] {
            assert_eq!(count("x", text), expected, "{text}");
        }
    }

    #[test]
    fn mastodon_replaces_urls_with_a_scheme_and_remote_mentions() {
        for (text, expected) in [
            ("https://example.com/a/very/long/path/that/goes/on", 23),
            ("example.com/a", 13),
            ("hoi @jan@mastodon.example.org!", 9),
            ("jan@example.nl @piet", 20),
            ("👨‍👩‍👧‍👦", 1),
        ] {
            assert_eq!(count("mastodon", text), expected, "{text}");
        }
    }

    #[test]
    fn the_other_units() {
        assert_eq!(count("threads", "a👍❤️é"), 1 + 4 + 6 + 1);
        assert_eq!(count("linkedin", "a👍é"), 4);
        assert_eq!(count("slack", "a👍é"), 3);
        assert_eq!(count("youtube", "a👍é"), 7);
        assert_eq!(count("bluesky", "नमस्ते"), 3);
        let family = Count::of(&"👨‍👩‍👧‍👦".repeat(121), CHANNELS.get(&"bluesky".into()).unwrap());
        assert_eq!((family.units, family.excess_units(), family.excess_bytes()), (121, 0, 25));
    }

    proptest! {
        #[test]
        fn no_unit_that_is_not_published_is_underestimated(text in "\\PC{0,40}") {
            let utf16 = count("linkedin", &text);
            prop_assert!(utf16 >= count("slack", &text) && utf16 >= graphemes(&text));
        }

        #[test]
        fn words_add_up_on_every_channel(a in "[a-zé]{0,12}", b in "[a-zé]{0,12}") {
            for channel in CHANNELS.iter() {
                let both = units(&format!("{a}\n\n{b}"), channel);
                prop_assert_eq!(both, units(&a, channel) + 2 + units(&b, channel));
            }
        }
    }
}
