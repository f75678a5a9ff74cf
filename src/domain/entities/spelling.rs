//! A text in the spelling in which hosts are compared.

use std::ops::Range;

use unicode_normalization::char::{compose, decompose_compatible};

use super::classes::{is_ignorable, is_letter_mark_or_digit};

/// The full stop of Chinese and Japanese, which browsers take for a dot (UTS 46) and writers for the end of a
/// sentence. It is kept apart from other dots.
pub(super) const IDEOGRAPHIC_STOP: char = '\u{3002}';

/// A text as browsers spell the hosts in it (UTS 46, section 4: compatible forms as what they stand for, what
/// has no shape left out), with the way back to the original. Case stays, and so does punctuation but for what
/// stands in hosts: to browsers, a full-width colon or slash is none.
#[derive(Debug)]
pub(super) struct Spelling {
    text: String,
    /// For each byte of the text, the place of its character in the original.
    places: Vec<Range<usize>>,
}

impl Spelling {
    pub(super) fn new(original: &str) -> Self {
        let text = String::with_capacity(original.len());
        let mut spelling = Self { text, places: Vec::with_capacity(original.len()) };
        let mut parts = Vec::new();
        for (at, c) in original.char_indices() {
            let place = at..at + c.len_utf8();
            if c.is_ascii() {
                spelling.push(c, place);
            } else if !is_ignorable(c) {
                parts.clear();
                decompose_compatible(c, |part| parts.push(part));
                if !stand_in_hosts(&parts) {
                    parts.clear();
                    parts.push(c);
                }
                parts.iter().for_each(|&part| spelling.join(part, place.clone()));
            }
        }
        spelling
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The place in the original of a range of the text that is not empty.
    pub(super) fn place(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let start = self.places.get(range.start)?.start;
        let end = self.places.get(range.end.checked_sub(1)?)?.end;
        Some(start..end)
    }

    fn push(&mut self, c: char, place: Range<usize>) {
        self.text.push(c);
        self.places.resize(self.text.len(), place);
    }

    /// Adds a character, as one with the last if there is such a character.
    fn join(&mut self, c: char, place: Range<usize>) {
        let last = self.text.chars().next_back();
        let Some(both) = last.and_then(|last| compose(last, c)) else { return self.push(c, place) };
        let start = self.places.last().map_or(place.start, |last| last.start);
        self.text.pop();
        self.places.truncate(self.text.len());
        self.push(both, start..place.end);
    }
}

/// Whether what a character stands for may stand in a host: letters and digits, or one other character.
fn stand_in_hosts(parts: &[char]) -> bool {
    match parts {
        [part] => is_letter_mark_or_digit(*part) || matches!(part, '.' | '-' | '_' | '%' | &IDEOGRAPHIC_STOP),
        _ => parts.iter().copied().all(is_letter_mark_or_digit),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn hosts_are_spelled_as_browsers_do() {
        for (original, spelled) in [
            ("ｅｖｉｌ．ｃｏｍ", "evil.com"),
            ("a\u{AD}b\u{200B}c\u{200D}.\u{FE0F}n\u{2060}l", "abc.nl"),
            ("a。b｡c", "a。b。c"),
            ("mu\u{308}nchen", "münchen"),
            ("ｸﾞｰｸﾞﾙ ㍽", "グーグル 大正"),
            ("한국", "한국"),
            ("ﬁ ℡ ² ①", "fi TEL 2 1"),
            ("… ⒈ ： ／ ＠ 😀 \u{A0}", "… ⒈ ： ／ ＠ 😀 \u{A0}"),
        ] {
            let original = if spelled == "한국" { "\u{1112}\u{1161}\u{11AB}국" } else { original };
            assert_eq!(Spelling::new(original).text(), spelled);
        }
    }

    #[test]
    fn every_character_stands_for_what_browsers_take_it_for() {
        let host =
            |name: &str| url::Url::parse(&format!("https://{name}/")).ok()?.host_str().map(str::to_owned);
        let blocks = ['\u{80}'..='\u{33FF}', '\u{F900}'..='\u{FFFF}', '\u{1D400}'..='\u{1F2FF}'];
        // They are folded before they are taken for what they stand for, and are no part of a top-level domain.
        let is_odd = |spelled: &str| spelled.contains(['ς', 'ß']);
        for c in blocks.into_iter().flatten() {
            let name = format!("a{c}b.nl");
            let spelled = Spelling::new(&name).text().to_lowercase();
            let expected = host(&name);
            assert!(expected.is_none() || expected == host(&spelled) || is_odd(&spelled), "{c:?}: {spelled}");
            let dots = expected.map_or(0, |host| host.matches('.').count());
            assert!(dots <= spelled.matches(['.', IDEOGRAPHIC_STOP]).count(), "{c:?}");
        }
    }

    #[test]
    fn places_lead_back_to_whole_characters() {
        let spelling = Spelling::new("x \u{AD}u\u{308}℡\u{200D}!");
        assert_eq!(spelling.text(), "x üTEL!");
        assert_eq!(spelling.place(&(2..4)).unwrap(), 4..7);
        assert_eq!(spelling.place(&(2..7)).unwrap(), 4..10);
        assert_eq!(spelling.place(&(7..8)).unwrap(), 13..14);
        assert_eq!(spelling.place(&(0..0)), None);
        assert_eq!(spelling.place(&(0..99)), None);
    }
}
