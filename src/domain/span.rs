//! Places in a text, in each unit that apps count in.
//!
//! Bluesky's facets want bytes of UTF-8, JavaScript and Telegram UTF-16 units, most other languages code
//! points. A place is told in all three, so that no app has to count again.

use std::ops::Range;

use serde::Serialize;

/// How far from the start of a text a place is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Offset {
    /// In code points.
    pub code_points: usize,
    /// In UTF-16 units.
    pub utf16: usize,
    /// In bytes of UTF-8.
    pub utf8: usize,
}

impl Offset {
    /// The place after `text`, when the text begins at this one.
    pub fn after(self, text: &str) -> Self {
        let (code_points, utf16) =
            text.chars().fold((0, 0), |(points, units), c| (points + 1, units + c.len_utf16()));
        Self {
            code_points: self.code_points + code_points,
            utf16: self.utf16 + utf16,
            utf8: self.utf8 + text.len(),
        }
    }

    /// The place this far after another.
    #[must_use]
    pub const fn from(self, other: Self) -> Self {
        Self {
            code_points: self.code_points + other.code_points,
            utf16: self.utf16 + other.utf16,
            utf8: self.utf8 + other.utf8,
        }
    }
}

/// A stretch of a text: from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Where it begins.
    pub start: Offset,
    /// Where it ends.
    pub end: Offset,
}

/// Tells the spans of byte ranges that come in order of their start, walking the text once.
pub struct Spans<'a> {
    text: &'a str,
    at: Offset,
}

impl<'a> Spans<'a> {
    /// The spans of ranges within `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: Offset::default() }
    }

    /// The span of a range of bytes on character boundaries, which begins no earlier than the one before.
    pub fn of(&mut self, range: &Range<usize>) -> Span {
        self.at = self.at.after(self.text.get(self.at.utf8..range.start).unwrap_or_default());
        let start = self.at;
        Span { start, end: start.after(self.text.get(range.clone()).unwrap_or_default()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_in_each_unit() {
        let mut spans = Spans::new("é👍 #a b");
        let offset = |code_points, utf16, utf8| Offset { code_points, utf16, utf8 };
        assert_eq!(spans.of(&(2..6)), Span { start: offset(1, 1, 2), end: offset(2, 3, 6) });
        assert_eq!(spans.of(&(7..9)), Span { start: offset(3, 4, 7), end: offset(5, 6, 9) });
        assert_eq!(spans.of(&(7..11)).end, offset(7, 8, 11));
    }
}
