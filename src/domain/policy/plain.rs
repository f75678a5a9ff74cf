//! A text in a plain alphabet, in which numbers, addresses and tokens are looked for.

use std::ops::Range;

use super::folding;
use super::glyphs;

/// What stands for a letter or mark beyond ASCII: a part of a word, which an underscore is not.
pub(super) const LETTER: u8 = 2;

/// What stands for any other character beyond ASCII.
pub(super) const OTHER: u8 = 1;

/// A text in ASCII, with the way back to the original: digits of all scripts by their value, full-width and
/// other compatible forms as what they stand for, every currency sign as `$`, white space as blanks, dashes
/// as hyphens, and what has no shape left out.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    original: &'a str,
    text: String,
    /// For each byte of the plain text, where its character begins in the original.
    starts: Vec<usize>,
}

impl<'a> Plain<'a> {
    pub(super) fn new(original: &'a str) -> Self {
        let mut text = String::with_capacity(original.len());
        let mut starts = Vec::with_capacity(original.len());
        for (at, c) in original.char_indices() {
            let glyph = glyphs::block(c).and_then(|block| block.glyph(c));
            if let Some(plain) = glyph.map(|glyph| glyph.plain).filter(|plain| *plain != 0) {
                text.push(char::from(plain));
                starts.push(at);
            }
        }
        Self { original, text, starts }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The byte at a place, or a blank beyond the ends.
    pub(super) fn at(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(b' ')
    }

    /// The byte before a place, or a blank.
    pub(super) fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(b' ', |before| self.at(before))
    }

    /// The place in the original of a range of the plain text that is not empty.
    pub(super) fn place(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let start = *self.starts.get(range.start)?;
        let last = *self.starts.get(range.end.checked_sub(1)?)?;
        let length = self.original.get(last..)?.chars().next()?.len_utf8();
        Some(folding::whole_graphemes(self.original, start..last + length))
    }
}

/// Whether a byte of a plain text is part of a word.
pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == LETTER
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn characters_beyond_ascii_have_a_plain_stand_in() {
        for (original, plain) in [
            ("ＮＬ９１ ＡＢＮＡ", "NL91 ABNA"),
            ("٠٦–१२\u{A0}𝟛", "06-12 3"),
            ("€ 5, £6", "$ 5, $6"),
            ("é\u{301}日 👍", "\u{2}\u{2}\u{2} \u{1}"),
            ("1\u{FE0F}\u{20E3}2\u{AD}3\u{200B}4", "1234"),
            ("a\n\tb", "a  b"),
            ("_a_", "_a_"),
        ] {
            assert_eq!(Plain::new(original).text(), plain);
        }
    }

    #[test]
    fn places_lead_back_to_whole_characters() {
        let plain = Plain::new("x １２3\u{FE0F}\u{20E3}!");
        assert_eq!(plain.text(), "x 123!");
        assert_eq!(plain.place(&(2..5)).unwrap(), 2..15);
    }
}
