//! Which characters are emoji.
//!
//! Unicode decides: the properties are asked of `icu_properties`, which carries Unicode's own data, and the
//! sequences stand in `emoji_sequences.txt`.

use std::sync::LazyLock;

use icu_properties::CodePointSetData;
use icu_properties::props::{
    BinaryProperty, Emoji, EmojiModifier, EmojiModifierBase, EmojiPresentation, RegionalIndicator,
};

pub(super) static SEQUENCES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    include_str!("emoji_sequences.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

/// The properties of each character up to the last emoji, one bit each, so that counting asks once a character.
static PROPERTIES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut table = Vec::new();
    add::<Emoji>(&mut table, EMOJI);
    add::<EmojiPresentation>(&mut table, EMOJI_STYLED);
    add::<EmojiModifier>(&mut table, TONE);
    add::<EmojiModifierBase>(&mut table, TAKES_TONE);
    add::<RegionalIndicator>(&mut table, REGIONAL);
    table
});

const EMOJI: u8 = 1;
const EMOJI_STYLED: u8 = 2;
const TONE: u8 = 4;
const TAKES_TONE: u8 = 8;
const REGIONAL: u8 = 16;

fn add<P: BinaryProperty>(table: &mut Vec<u8>, property: u8) {
    for range in CodePointSetData::new::<P>().iter_ranges() {
        for at in range.filter_map(|at| usize::try_from(at).ok()) {
            table.resize(table.len().max(at + 1), 0);
            if let Some(properties) = table.get_mut(at) {
                *properties |= property;
            }
        }
    }
}

fn has(c: char, property: u8) -> bool {
    let properties = usize::try_from(u32::from(c)).ok().and_then(|at| PROPERTIES.get(at));
    properties.is_some_and(|properties| properties & property != 0)
}

const JOINER: char = '\u{200D}';
const EMOJI_STYLE: char = '\u{FE0F}';
pub(super) const KEYCAP: char = '\u{20E3}';
const LAST_TAG: char = '\u{E007F}';

/// No sequence joins more emoji than this; a test holds it.
const JOINED_MAX: usize = 4;

fn is_listed(sequence: &str) -> bool {
    SEQUENCES.binary_search(&sequence).is_ok()
}

/// Whether a character may be shown as an emoji, by itself or with what follows it.
pub(super) fn is_emoji(c: char) -> bool {
    !c.is_ascii() && has(c, EMOJI)
}

/// Whether a character can make one emoji of what is before it and what is behind it.
pub(super) fn goes_on(c: char) -> bool {
    matches!(c, JOINER | EMOJI_STYLE | '\u{E0020}'..=LAST_TAG) || has(c, TONE | REGIONAL)
}

/// Whether a digit or sign of ASCII may stand on a keycap.
pub(super) const fn is_keycap_base(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'#' | b'*')
}

/// The bytes of what makes a keycap of the character before it.
pub(super) fn keycap(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(EMOJI_STYLE).unwrap_or(text);
    rest.starts_with(KEYCAP).then(|| text.len() - rest.len() + KEYCAP.len_utf8())
}

/// The bytes of the emoji that a text begins with, as X has them: a listed sequence, else a single emoji with
/// its selector and skin tone. Keycaps are not looked for, and a few signs are emoji only with U+FE0F.
pub(super) fn leading(text: &str) -> Option<usize> {
    let first = text.chars().next().filter(|&c| is_emoji(c))?;
    if let Some(length) = flag(text, first) {
        return Some(length);
    }
    let (_, single) = element(text, first);
    let sequence = longest_sequence(text, single, JOINED_MAX);
    sequence.or_else(|| (single > first.len_utf8() || !is_plain_sign(first)).then_some(single))
}

/// Where the longest listed sequence ends that goes on at `at`, with fewer than `most` more emoji.
fn longest_sequence(text: &str, at: usize, most: usize) -> Option<usize> {
    let most = most.checked_sub(1).filter(|&most| most > 0)?;
    let (toneless, end) = joined(text, at)?;
    let listed = |end: &usize| text.get(..*end).is_some_and(is_listed);
    longest_sequence(text, end, most).or_else(|| [end, toneless].into_iter().find(listed))
}

/// Signs of Latin-1 that are letters to X unless they are told to be emoji.
const fn is_plain_sign(c: char) -> bool {
    matches!(c, '\u{A9}' | '\u{AE}')
}

/// The bytes of a flag: two letters of a region, or a black flag with the tags of one.
fn flag(text: &str, first: char) -> Option<usize> {
    if first == '\u{1F3F4}' {
        let mut tags =
            text.char_indices().skip(1).take_while(|(_, c)| matches!(c, '\u{E0020}'..='\u{E007F}'));
        let end = tags.find(|(_, c)| *c == LAST_TAG).map(|(at, c)| at + c.len_utf8())?;
        return text.get(..end).is_some_and(is_listed).then_some(end);
    }
    has(first, REGIONAL).then_some(())?;
    let pair = 2 * first.len_utf8();
    text.get(..pair).is_some_and(is_listed).then_some(pair)
}

/// The bytes of one emoji with its selector, without and with its skin tone.
fn element(text: &str, first: char) -> (usize, usize) {
    let mut end = first.len_utf8();
    let next = |end: usize| text.get(end..).and_then(|rest| rest.chars().next());
    if next(end) == Some(EMOJI_STYLE) {
        let styled = end + EMOJI_STYLE.len_utf8();
        let in_text_style = !has(first, EMOJI_STYLED);
        if in_text_style || text.get(..styled).is_some_and(is_listed) {
            end = styled;
        }
    }
    match next(end).filter(|&tone| has(tone, TONE) && has(first, TAKES_TONE)) {
        Some(tone) => (end, end + tone.len_utf8()),
        None => (end, end),
    }
}

/// Where the emoji ends that is joined to the one that ends at `at`, without and with its skin tone.
fn joined(text: &str, at: usize) -> Option<(usize, usize)> {
    let rest = text.get(at..)?.strip_prefix(JOINER)?;
    let first = rest.chars().next().filter(|&c| is_emoji(c))?;
    let (toneless, end) = element(rest, first);
    let from = at + JOINER.len_utf8();
    Some((from + toneless, from + end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequences_are_dated_sorted_and_short() {
        assert!(
            include_str!("emoji_sequences.txt").lines().next().unwrap_or_default().contains("2025-09-09")
        );
        assert!(SEQUENCES.is_sorted_by(|a, b| a < b));
        assert!(SEQUENCES.len() > 1_900);
        assert_eq!(SEQUENCES.iter().map(|sequence| sequence.split(JOINER).count()).max(), Some(JOINED_MAX));
    }

    #[test]
    fn each_listed_sequence_is_one_emoji() {
        for sequence in SEQUENCES.iter() {
            assert_eq!(leading(sequence), Some(sequence.len()), "{sequence}");
            assert_eq!(leading(&format!("{sequence}a")), Some(sequence.len()), "{sequence}");
        }
    }

    #[test]
    fn what_is_not_listed_is_taken_apart() {
        for (text, expected) in [
            ("😀", Some(4)),
            ("😀\u{200D}😀", Some(4)),
            ("😀\u{FE0F}", Some(4)),
            ("❤\u{FE0F}", Some(6)),
            ("❤", Some(3)),
            ("👍🏽", Some(8)),
            ("👨‍👩‍👧‍👦🏽", Some(25)),
            ("😀🏽", Some(4)),
            ("☝\u{FE0F}🏽", Some(10)),
            ("🇦🇦", Some(4)),
            ("🏴\u{E0061}\u{E007F}", Some(4)),
            ("👩\u{200D}❤\u{200D}👨", Some(4)),
            ("©", None),
            ("©\u{FE0F}", Some(5)),
            ("é", None),
            ("1", None),
            ("", None),
        ] {
            assert_eq!(leading(text), expected, "{text}");
        }
        assert_eq!(
            (keycap("\u{20E3}"), keycap("\u{FE0F}\u{20E3}"), keycap("\u{FE0F}")),
            (Some(3), Some(6), None)
        );
    }
}
