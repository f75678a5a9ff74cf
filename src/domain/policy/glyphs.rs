//! What each character stands for when texts are compared.
//!
//! A character is compared by its compatibility decomposition (NFKD, UAX 15), its full case folding
//! (`CaseFolding.txt`, entries C and F) and the character that it looks like (`confusables.txt`, UTS 39),
//! applied until nothing changes any more. The tables are those of `unicode-normalization`, `unicode-security`
//! (both Unicode 18.0) and `unicase`. Working that out takes a microsecond for a character, so that it is
//! done once for each block of 256 characters that a text uses, and then looked up.
//!
//! Two things differ from the skeletons of UTS 39, which would take words for others that no reader mixes up:
//! letters a to z look like themselves only (`m` is not `rn`, so that `stem` is not `stern`), and a letter is
//! taken for a look-alike but never the other way round, as [`Reading`] tells.

use std::sync::{LazyLock, OnceLock};

use regex_syntax::hir::{Class, HirKind};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;
use unicode_security::confusable_detection::skeleton;

/// In which order a text's letters are folded and taken for what they look like. A capital I is an `i`, and
/// looks like an `l`; a capital Greek nu is a small one, which looks like a `v`, and looks like an `N` itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Folded first: `WIJN` is `wijn`. This is how phrases are read.
    Folded,
    /// What it looks like first, a capital I like an `l`: `paypaI` is `paypal`.
    Looks,
    /// What it looks like first, but a capital I is an `i`: `MAIL` with a Cyrillic M is `mail`.
    LooksButI,
}

/// What a character stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glyph {
    folded: Form,
    looks: Form,
    looks_but_i: Form,
    /// The character in the plain alphabet of [`super::plain`]; 0 for one that counts as nothing.
    pub(super) plain: u8,
}

impl Glyph {
    /// Whether it reads differently when its look comes first.
    pub(super) fn has_other_look(&self) -> bool {
        self.folded != self.looks_but_i
    }

    /// Whether it holds a capital I.
    pub(super) fn has_capital_i(&self) -> bool {
        self.looks != self.looks_but_i
    }
}

/// A form of a character: its place in its block's text, and whether it begins with a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    start: u16,
    end: u16,
    mark: bool,
}

/// 256 characters.
#[derive(Debug)]
pub(super) struct Block {
    text: String,
    glyphs: Vec<Glyph>,
}

const BLOCK: u32 = 256;
const BLOCKS: usize = 0x11_0000 / 256;

static TABLE: [OnceLock<Box<Block>>; BLOCKS] = [const { OnceLock::new() }; BLOCKS];

/// The block that a character belongs to. `None` never happens: every character has one.
pub(super) fn block(c: char) -> Option<&'static Block> {
    let number = u32::from(c) / BLOCK;
    let place = TABLE.get(usize::try_from(number).ok()?)?;
    Some(place.get_or_init(|| Box::new(Block::new(number))))
}

impl Block {
    fn new(number: u32) -> Self {
        let mut block = Self { text: String::new(), glyphs: Vec::new() };
        for code in number * BLOCK..(number + 1) * BLOCK {
            // Surrogates are no characters, and no text asks for them.
            let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            let folded = block.add(&read(c, Reading::Folded), None);
            let looks_but_i = block.add(&read(c, Reading::LooksButI), Some(folded));
            let looks = block.add(&read(c, Reading::Looks), Some(looks_but_i));
            let plain = plain(c, block.text(folded));
            block.glyphs.push(Glyph { folded, looks, looks_but_i, plain });
        }
        block
    }

    /// Adds a form, unless it is the same as another one.
    fn add(&mut self, text: &str, like: Option<Form>) -> Form {
        if let Some(form) = like.filter(|form| self.text(*form) == text) {
            return form;
        }
        // A block's forms are a few kilobytes at most.
        let place = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
        let start = place(self.text.len());
        self.text.push_str(text);
        let mark = text.chars().next().is_some_and(|c| canonical_combining_class(c) != 0);
        Form { start, end: place(self.text.len()), mark }
    }

    fn text(&self, form: Form) -> &str {
        self.text.get(usize::from(form.start)..usize::from(form.end)).unwrap_or_default()
    }

    /// What a character of this block stands for.
    pub(super) fn glyph(&self, c: char) -> Option<Glyph> {
        self.glyphs.get(usize::try_from(u32::from(c) % BLOCK).ok()?).copied()
    }

    /// The form of a character of this block, and whether it begins with a mark.
    pub(super) fn form(&self, glyph: &Glyph, reading: Reading) -> (&str, bool) {
        let form = match reading {
            Reading::Folded => glyph.folded,
            Reading::Looks => glyph.looks,
            Reading::LooksButI => glyph.looks_but_i,
        };
        (self.text(form), form.mark)
    }
}

/// Whether a character has no shape and no width of its own: soft hyphens, joiners, variation selectors
/// (`Default_Ignorable_Code_Point`, which skeletons leave out).
pub(super) fn is_ignorable(c: char) -> bool {
    !c.is_ascii() && skeleton(c.encode_utf8(&mut [0; 4])).next().is_none()
}

fn read(c: char, reading: Reading) -> String {
    if c.is_whitespace() {
        return " ".to_owned();
    }
    let mut text: String = match reading {
        Reading::Folded => c.to_string(),
        Reading::Looks => c.nfkd().map(|c| if c == 'I' { 'l' } else { c }).flat_map(look).collect(),
        Reading::LooksButI => c.nfkd().flat_map(look).collect(),
    };
    // Three rounds suffice for all of Unicode, which a test holds; the bound is for tables to come.
    for _ in 0..8 {
        let next = step(&text);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

fn step(text: &str) -> String {
    let seen: String = text.nfkd().filter(|c| !is_ignorable(*c)).collect();
    let folded: String = UniCase::unicode(seen).to_folded_case().nfkd().flat_map(look).nfkd().collect();
    // Dotted or not, an i with a dot above looks like one: so do the Turkish pair of them.
    folded.replace("i\u{307}", "i")
}

/// What a character looks like.
fn look(c: char) -> Vec<char> {
    match c {
        '0' => vec!['O'],
        '1' | '|' => vec!['l'],
        '`' => vec!['\''],
        _ if c.is_ascii() => vec![c],
        _ if c.is_whitespace() => vec![' '],
        _ => {
            // An m is drawn as r and n in the table, and what looks like one is an m here.
            let look: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
            look.replace("rn", "m").chars().collect()
        }
    }
}

/// Decimal digits of all scripts (`Nd`), each run of them starting with a zero.
static DIGITS: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
    let class = regex_syntax::parse(r"\p{Nd}").map(|hir| hir.into_kind());
    match class {
        Ok(HirKind::Class(Class::Unicode(class))) => {
            class.iter().map(|range| (range.start().into(), range.end().into())).collect()
        }
        _ => Vec::new(),
    }
});

/// The value of a decimal digit in any script.
pub(super) fn digit(c: char) -> Option<u8> {
    let code = u32::from(c);
    let run = DIGITS.iter().find(|(start, end)| (*start..=*end).contains(&code))?;
    u8::try_from((code - run.0) % 10).ok()
}

fn plain(c: char, folded: &str) -> u8 {
    const KEYCAP: char = '\u{20E3}';
    let mut compatible = c.nfkd();
    let single = compatible.next().filter(|c| c.is_ascii_graphic() && compatible.next().is_none());
    match (digit(c), single, folded.as_bytes()) {
        _ if c == KEYCAP || folded.is_empty() => 0,
        _ if c.is_whitespace() => b' ',
        (Some(value), _, _) => b'0' + value,
        (_, Some(same), _) => u8::try_from(same).unwrap_or(super::plain::OTHER),
        _ if matches!(c, '¢' | '£' | '¤' | '¥' | '\u{20A0}'..='\u{20CF}') => b'$',
        _ if c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c) => super::plain::LETTER,
        (_, _, [look]) if look.is_ascii_punctuation() => *look,
        _ => super::plain::OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_settles_and_stays() {
        // Elsewhere there are only Han characters and syllables of Hangul, which stand for themselves and
        // their letters, characters for private use, and none at all.
        let blocks = [
            '\0'..='\u{33FF}',
            '\u{A000}'..='\u{ABFF}',
            '\u{F900}'..='\u{11FFF}',
            '\u{16000}'..='\u{16FFF}',
            '\u{1B000}'..='\u{1FBFF}',
            '\u{E0000}'..='\u{E01FF}',
        ];
        for c in blocks.into_iter().flatten() {
            let folded = read(c, Reading::Folded);
            for form in [&folded, &read(c, Reading::Looks), &read(c, Reading::LooksButI)] {
                assert_eq!(&step(form), form, "{c:?}");
            }
            // Nearly always the one character that was just seen to stay.
            if folded.chars().ne([c]) {
                let again: String = folded.chars().map(|c| read(c, Reading::Looks)).collect();
                assert_eq!(again, folded, "{c:?}");
            }
        }
    }

    #[test]
    fn characters_stand_for_what_they_are_and_look_like() {
        let table = [
            ('I', ["i", "l", "i"]),
            ('l', ["l"; 3]),
            ('1', ["l"; 3]),
            ('0', ["o"; 3]),
            ('m', ["m"; 3]),
            ('ｍ', ["m"; 3]),
            ('ß', ["ss"; 3]),
            ('İ', ["i", "l\u{307}", "i"]),
            ('ı', ["i"; 3]),
            ('ﬁ', ["fi"; 3]),
            ('а', ["a"; 3]),
            ('Ν', ["v", "n", "n"]),
            ('ς', ["o", "o", "o"]),
            ('\u{AD}', [""; 3]),
            ('\u{A0}', [" "; 3]),
            ('–', ["-"; 3]),
        ];
        for (c, forms) in table {
            let read = [Reading::Folded, Reading::Looks, Reading::LooksButI].map(|reading| read(c, reading));
            assert_eq!(read, forms, "{c:?}");
        }
    }

    #[test]
    fn digits_count_by_their_value() {
        assert!(DIGITS.iter().all(|(start, end)| (end - start + 1) % 10 == 0));
        for (c, value) in [('7', 7), ('٣', 3), ('۹', 9), ('५', 5), ('４', 4), ('𝟘', 0), ('𝟿', 9)] {
            assert_eq!(digit(c), Some(value), "{c}");
        }
        assert_eq!(digit('²'), None);
    }
}
