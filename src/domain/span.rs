//! Places in a text, in each unit that apps count in.
//!
//! Bluesky's facets want bytes of UTF-8, JavaScript and Telegram UTF-16 units, most other languages code
//! points. A place is told in all three, so that no app has to count again.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How far from the start of a text a place is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// Leads from places in a text with line feeds to those in the text as it was sent. Where that had CR LF,
/// what follows stands one further, in each unit; a CR alone is as long as a line feed.
pub struct LineEnds {
    /// Where the line feeds stand that were CR LF, in bytes of the text with line feeds.
    longer: Vec<usize>,
}

impl LineEnds {
    /// The line ends of a text as it was sent.
    pub fn of(sent: &str) -> Self {
        let pairs = sent.match_indices("\r\n").enumerate();
        Self { longer: pairs.map(|(earlier, (at, _))| at - earlier).collect() }
    }

    /// Where a span of the text with line feeds stands in the text as it was sent.
    pub fn sent(&self, span: Span) -> Span {
        Span { start: self.place(span.start), end: self.place(span.end) }
    }

    fn place(&self, at: Offset) -> Offset {
        let further = self.longer.partition_point(|line_feed| *line_feed < at.utf8);
        Offset { code_points: at.code_points + further, utf16: at.utf16 + further, utf8: at.utf8 + further }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::domain::text::line_feeds;

    #[test]
    fn a_place_is_told_in_each_unit() {
        let mut spans = Spans::new("é👍 #a b");
        let offset = |code_points, utf16, utf8| Offset { code_points, utf16, utf8 };
        assert_eq!(spans.of(&(2..6)), Span { start: offset(1, 1, 2), end: offset(2, 3, 6) });
        assert_eq!(spans.of(&(7..9)), Span { start: offset(3, 4, 7), end: offset(5, 6, 9) });
        assert_eq!(spans.of(&(7..11)).end, offset(7, 8, 11));
    }

    proptest! {
        #[test]
        fn places_lead_back_to_the_text_as_it_was_sent(before in "[aé😀\r\n]{0,9}", marked in "[aé😀]{1,3}", after in "[a\r\n]{0,5}") {
            let sent = format!("{before}{marked}{after}");
            let read = line_feeds(&sent);
            let start = line_feeds(&before).len();
            let span = Spans::new(&read).of(&(start..start + marked.len()));
            let expected = Spans::new(&sent).of(&(before.len()..before.len() + marked.len()));
            prop_assert_eq!(LineEnds::of(&sent).sent(span), expected);
        }
    }
}
