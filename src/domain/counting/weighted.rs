//! X's weights: <https://docs.x.com/fundamentals/counting-characters>, and twitter-text 3's `parseTweet`.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::emoji;

/// What an emoji costs, however many code points it has.
const EMOJI: usize = 2;

/// Characters that make a post invalid.
pub(super) const fn is_invalid(c: char) -> bool {
    matches!(c, '\u{FFFE}' | '\u{FEFF}' | '\u{FFFF}')
}

/// A text in normal form C, in which X counts.
pub(super) fn normalised(text: &str) -> Cow<'_, str> {
    // No character of ASCII or Latin-1 is composed or decomposed.
    let is_simple = text.is_ascii() || text.chars().all(|c| c < '\u{100}');
    if is_simple || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfc().collect())
}

/// The weight of a normalised text whose links cost `url_cost` each, or as much as they are long.
pub(super) fn weigh(text: &str, links: &[Range<usize>], url_cost: Option<usize>) -> usize {
    let Some(cost) = url_cost else { return weigh_stretch(text) };
    let mut at = 0;
    let mut total = 0;
    for link in links {
        total += weigh_stretch(text.get(at..link.start).unwrap_or_default()) + cost;
        at = link.end;
    }
    total + weigh_stretch(text.get(at..).unwrap_or_default())
}

fn weigh_stretch(text: &str) -> usize {
    let mut rest = text;
    let mut total = 0;
    loop {
        let plain = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let (ascii, other) = rest.split_at_checked(plain).unwrap_or_default();
        total += ascii.len();
        let Some(first) = other.chars().next() else { return total };
        let on_keycap = ascii.bytes().next_back().is_some_and(emoji::is_keycap_base);
        let (length, cost) = match emoji::keycap(other).filter(|_| on_keycap) {
            // The sign itself was counted already.
            Some(length) => (length, EMOJI - 1),
            None => character(other, first),
        };
        total += cost;
        rest = other.get(length..).unwrap_or_default();
    }
}

/// The bytes of what a text begins with, be it an emoji of many, and what it costs. An emoji of a single
/// character costs what the character does, so only what something goes on from is looked at closely.
fn character(text: &str, first: char) -> (usize, usize) {
    let alone = (first.len_utf8(), weight(first));
    match text.get(alone.0..).and_then(|rest| rest.chars().next()) {
        Some(next) if !next.is_ascii() && emoji::goes_on(next) => {
            emoji::leading(text).map_or(alone, |length| (length, EMOJI))
        }
        _ => alone,
    }
}

/// What one code point costs.
const fn weight(c: char) -> usize {
    match c {
        '\0'..='\u{10FF}' | '\u{2000}'..='\u{200D}' | '\u{2010}'..='\u{201F}' | '\u{2032}'..='\u{2037}' => 1,
        _ => 2,
    }
}
