//! Hashtags: where one begins and ends in a text, and the words that they are made of.

use std::ops::Range;

use super::folding::{has_no_blanks, is_word};
use super::glyphs;

/// Whether a range that begins with a number sign is a hashtag, and all of it.
///
/// Networks differ in what they make a tag of, and it is one here if it could be on any of them: a tag goes on
/// over letters, marks, digits and the underscores between them, as on all networks, so that `#Foo-bar` and
/// `#Foo_` show the tag `Foo`, which `#FooBar` and `#Foo_bar` do not. No network begins a tag within a word, but
/// characters without shape stand in the way of neither.
pub(super) fn is_tag(text: &str, range: &Range<usize>) -> bool {
    let goes_on = |c: char| is_word(c) && !glyphs::is_ignorable(c);
    let before = text.get(..range.start).unwrap_or_default().chars().next_back();
    let after = text.get(range.end..).unwrap_or_default().trim_start_matches('_').chars().next();
    !before.is_some_and(|c| goes_on(c) && !has_no_blanks(c)) && !after.is_some_and(goes_on)
}

/// A hashtag with blanks between its words, and the way back to the text it stands in.
#[derive(Debug)]
pub(super) struct Words {
    /// Its words.
    pub(super) text: String,
    /// For each byte of them, where the character begins in the original that it comes from.
    starts: Vec<usize>,
}

impl Words {
    /// The place in the `original` of a range of the words.
    pub(super) fn place(&self, original: &str, range: &Range<usize>) -> Option<Range<usize>> {
        let start = *self.starts.get(range.start)?;
        let last = *self.starts.get(range.end.checked_sub(1)?)?;
        Some(start..last + original.get(last..)?.chars().next()?.len_utf8())
    }
}

/// The hashtags of a text that are made of several words, which capitals, digits and underscores tell apart:
/// `Project Zwaan 2027` for `#ProjectZwaan2027`.
pub(super) fn words(original: &str) -> Vec<Words> {
    let mut found = Vec::new();
    let mut rest = original.char_indices().peekable();
    while let Some((_, c)) = rest.next() {
        if !matches!(c, '#' | '\u{FF03}') {
            continue;
        }
        let mut tag: Vec<(usize, char)> = Vec::new();
        while let Some(next) = rest.next_if(|(_, c)| is_word(*c) || *c == '_' || glyphs::is_ignorable(*c)) {
            tag.push(next);
        }
        found.extend(of_tag(&tag));
    }
    found
}

fn of_tag(tag: &[(usize, char)]) -> Option<Words> {
    let mut words = Words { text: String::new(), starts: Vec::new() };
    let mut several = false;
    let visible: Vec<(usize, char)> =
        tag.iter().copied().filter(|(_, c)| !glyphs::is_ignorable(*c)).collect();
    for (nth, (at, c)) in visible.iter().copied().enumerate() {
        let before = nth.checked_sub(1).and_then(|before| visible.get(before));
        let next = visible.get(nth + 1);
        if c == '_' || before.is_some_and(|(_, before)| begins_word(*before, c, next.map(|(_, next)| *next)))
        {
            several = true;
            words.push(at, ' ');
        }
        if c != '_' {
            words.push(at, c);
        }
    }
    several.then_some(words)
}

impl Words {
    fn push(&mut self, at: usize, c: char) {
        self.text.push(c);
        self.starts.resize(self.text.len(), at);
    }
}

/// Whether a word begins at `c`: with its capital, after the capitals of an abbreviation, or between letters
/// and digits.
fn begins_word(before: char, c: char, next: Option<char>) -> bool {
    let begins_name = c.is_uppercase() && !before.is_uppercase();
    let ends_capitals = c.is_uppercase() && next.is_some_and(char::is_lowercase);
    begins_name || ends_capitals || before.is_numeric() != c.is_numeric()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

    use super::*;

    #[test]
    fn tags_fall_into_their_words() {
        for (text, expected) in [
            ("zie #ProjectZwaan2027 en ＃werken_bij", vec!["Project Zwaan 2027", "werken bij"]),
            ("#AFMRegels #zwaan #Zwaan", vec!["AFM Regels"]),
            ("#G\u{AD}roeneÉnergie", vec!["Groene Énergie"]),
            ("ProjectZwaan # Zwaan ##aB", vec!["a B"]),
        ] {
            let found: Vec<String> = words(text).into_iter().map(|words| words.text).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_tag_is_all_of_what_a_network_makes_one_of() {
        let is_tag = |text: &str| {
            let at = text.rfind('#').unwrap();
            is_tag(text, &(at..at + "#foo".len()))
        };
        for whole in ["#foo", "(#foo)", "a #foo, b", "#foo-bar", "#foo_", "#foo·bar", "今日は#foo", "##foo"]
        {
            assert!(is_tag(whole), "{whole}");
        }
        for hidden in ["#foo\u{200B}bar", "a\u{200B}#foo", "#foo\u{FE0F}", "❤\u{FE0F}#foo"] {
            assert!(is_tag(hidden), "{hidden:?}");
        }
        for part in ["#foobar", "#foo2", "#foo_bar", "#foo__b", "#foo日", "#foo\u{301}", "a#foo", "1#foo"] {
            assert!(!is_tag(part), "{part}");
        }
    }

    #[test]
    fn places_lead_back_to_the_tag() {
        let text = "zie #ProjectZwaan2027!";
        let words = words(text).remove(0);
        let at = words.text.find("Zwaan").unwrap();
        assert_eq!(&text[words.place(text, &(at..at + 5)).unwrap()], "Zwaan");
        assert_eq!(&text[words.place(text, &(0..words.text.len())).unwrap()], "ProjectZwaan2027");
    }
}
