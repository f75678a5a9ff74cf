//! A text as it is compared, with the way back to the original.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_segmentation::GraphemeCursor;

use super::glyphs::{self, Reading};

/// A text in one reading: white space of any kind and length is one blank, what has no shape is left out,
/// and all else stands in the form of [`super::glyphs`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Folded {
    /// What is compared.
    pub(super) text: String,
    /// For each byte of it, where the character begins in the original that it comes from. A flag counts as
    /// one character: regional indicators pair from the left (UAX 29, GB12 and GB13), so that four in a row
    /// can show other flags than the two in their midst.
    starts: Vec<usize>,
}

/// A phrase as it is looked for: read as it is written, without blanks around it.
pub(crate) fn phrase(text: &str) -> String {
    fold(text, Reading::Folded).text.trim_matches(' ').to_owned()
}

/// A text as it looks: two that a reader mixes up are the same.
pub(crate) fn look(text: &str) -> String {
    fold(text, Reading::LooksButI).text
}

/// A text in each reading in which it differs: one for most texts.
pub(super) fn readings(text: &str) -> Vec<Folded> {
    let first = Folding::of(text, Reading::Folded);
    let mut readings = vec![first.folded];
    if first.capital_i {
        readings.push(fold(text, Reading::Looks));
    }
    if first.other_look {
        readings.push(fold(text, Reading::LooksButI));
    }
    readings
}

/// A text in one reading.
pub(super) fn fold(text: &str, reading: Reading) -> Folded {
    Folding::of(text, reading).folded
}

impl Folded {
    /// The place in the `original` of a range of this text; absent where it covers a character of the
    /// original in part, or an accent that follows does not belong to it.
    pub(super) fn place(&self, original: &str, range: &Range<usize>) -> Option<Range<usize>> {
        let start = *self.starts.get(range.start)?;
        let last = *self.starts.get(range.end.checked_sub(1)?)?;
        let begins_within = range.start.checked_sub(1).and_then(|at| self.starts.get(at)) == Some(&start);
        let next = self.text.get(range.end..)?.chars().next();
        let ends_within = self.starts.get(range.end) == Some(&last)
            || next.is_some_and(|c| canonical_combining_class(c) != 0);
        if begins_within || ends_within {
            return None;
        }
        // Marks belong to the letter before them, in whatever order they were written.
        let is_mark = |c: &char| canonical_combining_class(*c) != 0;
        let rest = original.get(last..)?;
        let halves = rest.chars().take(2).take_while(|c| is_half_of_flag(*c)).count();
        let (base, after) = rest.split_at_checked(length_of(rest.chars().take(halves.max(1))))?;
        Some(start..last + base.len() + length_of(after.chars().take_while(is_mark)))
    }
}

struct Folding {
    folded: Folded,
    /// Where marks began that are not in order yet.
    marks: Option<usize>,
    /// Whether a character reads differently when its look comes first.
    other_look: bool,
    /// Whether there is a capital I.
    capital_i: bool,
}

impl Folding {
    fn of(text: &str, reading: Reading) -> Self {
        let folded =
            Folded { text: String::with_capacity(text.len()), starts: Vec::with_capacity(text.len()) };
        let mut folding = Self { folded, marks: None, other_look: false, capital_i: false };
        let mut half = None;
        for (at, c) in text.char_indices() {
            // The second half of a flag stands where the first one does.
            let first = half.take().filter(|_| is_half_of_flag(c));
            half = (is_half_of_flag(c) && first.is_none()).then_some(at);
            let at = first.unwrap_or(at);
            if let Some((block, glyph)) = glyphs::block(c).and_then(|block| Some((block, block.glyph(c)?))) {
                let (form, mark) = block.form(&glyph, reading);
                folding.push(at, form, mark);
                folding.other_look |= glyph.has_other_look();
                folding.capital_i |= glyph.has_capital_i();
            }
        }
        folding.settle();
        folding
    }

    fn push(&mut self, at: usize, form: &str, mark: bool) {
        if mark {
            self.marks.get_or_insert_with(|| end_of_starters(&self.folded.text));
        } else if !form.is_empty() {
            self.settle();
        }
        let form = if self.folded.text.ends_with(' ') { form.trim_start_matches(' ') } else { form };
        self.folded.text.push_str(form);
        self.folded.starts.resize(self.folded.text.len(), at);
    }

    /// Puts the marks at the end in canonical order (UAX 15), once for all that follow one another.
    fn settle(&mut self) {
        let Some(from) = self.marks.take() else { return };
        let Folded { text, starts } = &mut self.folded;
        let tail = text.split_off(from);
        let places = starts.split_off(from);
        let mut marks: Vec<(u8, char, usize)> = tail
            .char_indices()
            .filter_map(|(at, c)| Some((canonical_combining_class(c), c, *places.get(at)?)))
            .collect();
        for run in marks.split_mut(|(class, ..)| *class == 0) {
            run.sort_by_key(|(class, ..)| *class);
        }
        // A dot above an i shows nothing.
        let dots =
            if text.ends_with('i') { marks.iter().take_while(|mark| mark.1 == '\u{307}').count() } else { 0 };
        for (_, c, at) in marks.into_iter().skip(dots) {
            text.push(c);
            starts.resize(text.len(), at);
        }
    }
}

/// Whether a character is a regional indicator.
const fn is_half_of_flag(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

/// The bytes of these characters.
fn length_of(characters: impl Iterator<Item = char>) -> usize {
    characters.map(char::len_utf8).sum()
}

/// Where the marks begin that a text ends with.
fn end_of_starters(text: &str) -> usize {
    text.trim_end_matches(|c| canonical_combining_class(c) != 0).len()
}

/// The range with all of what a reader sees as one character at its ends: accents, skin tones. It splits no
/// flag: to see that again, the cursor would walk back through all flags in a row, for each find.
pub(super) fn whole_graphemes(text: &str, range: Range<usize>) -> Range<usize> {
    let mut start = GraphemeCursor::new(range.start, text.len(), true);
    let mut end = GraphemeCursor::new(range.end, text.len(), true);
    let mut from = range.start;
    if !is_between_flags(text, from) && start.is_boundary(text, 0) == Ok(false) {
        from = start.prev_boundary(text, 0).ok().flatten().unwrap_or(from);
    }
    let mut until = range.end;
    if !is_between_flags(text, until) && end.is_boundary(text, 0) == Ok(false) {
        until = end.next_boundary(text, 0).ok().flatten().unwrap_or(until);
    }
    from..until
}

fn is_between_flags(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default().chars().next_back();
    let after = text.get(at..).unwrap_or_default().chars().next();
    before.is_some_and(is_half_of_flag) && after.is_some_and(is_half_of_flag)
}

/// Whether a range is a word, or several: no letter, mark, digit or underscore outside touches one within.
///
/// In scripts that put no blanks between words (Chinese, Japanese, Thai, ...) or attach particles to them
/// (Korean), whole words cannot be told from parts without a dictionary: there, any place is taken for the
/// edge of a word, so that a phrase is found rather than missed.
pub(super) fn is_whole(text: &str, range: &Range<usize>) -> bool {
    let visible = |c: &char| !glyphs::is_ignorable(*c);
    let within = text.get(range.clone()).unwrap_or_default();
    let before = text.get(..range.start).unwrap_or_default().chars().rev().find(visible);
    let after = text.get(range.end..).unwrap_or_default().chars().find(visible);
    let first = within.chars().find(visible);
    // A mark belongs to the letter before it, which tells the script.
    let last = within.chars().rev().filter(visible).find(|c| !is_combining_mark(*c));
    !touch(before, first) && !touch(after, last) && !after.is_some_and(is_combining_mark)
}

fn touch(outer: Option<char>, inner: Option<char>) -> bool {
    let (Some(outer), Some(inner)) = (outer, inner) else { return false };
    is_word(outer) && is_word(inner) && !has_no_blanks(outer) && !has_no_blanks(inner)
}

/// Whether a character is part of a word: a letter, a mark or a decimal digit. An underscore is none: people
/// and messengers set words between two of them.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    c.is_alphabetic() || is_combining_mark(c) || glyphs::digit(c).is_some()
}

/// Scripts whose words are not told apart by blanks, by their blocks in Unicode 18.0 (`Blocks.txt`).
pub(super) const fn has_no_blanks(c: char) -> bool {
    matches!(c,
        '\u{E00}'..='\u{FFF}' // Thai, Lao, Tibetan
        | '\u{1000}'..='\u{109F}' // Myanmar
        | '\u{1100}'..='\u{11FF}' // Hangul Jamo
        | '\u{1780}'..='\u{17FF}' // Khmer
        | '\u{1950}'..='\u{19FF}' // Tai Le, New Tai Lue, Khmer symbols
        | '\u{1A20}'..='\u{1AAF}' // Tai Tham
        | '\u{1B00}'..='\u{1B7F}' // Balinese
        | '\u{2E80}'..='\u{A4CF}' // Han, Hiragana, Katakana, Bopomofo, Yi
        | '\u{A960}'..='\u{A97F}' | '\u{A980}'..='\u{A9FF}' // Hangul, Javanese, Myanmar
        | '\u{AA60}'..='\u{AADF}' // Myanmar, Tai Viet
        | '\u{AC00}'..='\u{D7FF}' // Hangul
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FFDC}' // compatibility and half-width forms
        | '\u{1AFF0}'..='\u{1B16F}' | '\u{20000}'..='\u{3FFFF}') // kana and Han of other planes
}

/// Whether a text has a letter in it, or a sign that stands for letters, such as `№`.
pub(crate) fn has_letter(text: &str) -> bool {
    text.chars()
        .any(|c| c.is_alphabetic() || (!c.is_ascii() && std::iter::once(c).nfkc().any(char::is_alphabetic)))
}
