//! Classes of characters that the networks' rules speak of.
//!
//! What Unicode decides (letters, marks, digits, punctuation) is asked of `icu_properties`, which carries
//! Unicode's own data; the short lists are those of the rules' sources.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};

fn is_of(c: char, group: GeneralCategoryGroup) -> bool {
    group.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

/// A letter or a mark.
pub(super) fn is_letter_or_mark(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    is_of(c, GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Mark))
}

/// A mark that goes with the letter before it.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii() && is_of(c, GeneralCategoryGroup::Mark)
}

/// A letter, a mark or a decimal digit.
pub(super) fn is_letter_mark_or_digit(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    let all = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Mark)
        .union(GeneralCategoryGroup::DecimalNumber);
    is_of(c, all)
}

/// A symbol beyond ASCII: an emoji, an arrow, a sign of a currency.
pub(super) fn is_symbol(c: char) -> bool {
    !c.is_ascii() && is_of(c, GeneralCategoryGroup::Symbol)
}

/// Whether a character has no shape and no width of its own: joiners, soft hyphens, variation selectors
/// (`Default_Ignorable_Code_Point`).
pub(super) fn is_ignorable(c: char) -> bool {
    !c.is_ascii() && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// A letter, mark, decimal digit or connector, as `[[:word:]]` has it.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    let word = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Mark)
        .union(GeneralCategoryGroup::DecimalNumber)
        .union(GeneralCategoryGroup::ConnectorPunctuation);
    is_of(c, word)
}

/// What may stand in a hashtag of X: letters, marks, decimal digits, and what joins them in some script.
pub(super) fn is_x_hashtag(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    is_letter_mark_or_digit(c) || is_x_joiner(c)
}

/// The characters beside letters, marks and digits that twitter-text allows within a hashtag.
const fn is_x_joiner(c: char) -> bool {
    matches!(
        c,
        '\u{B7}'
            | '\u{5BE}'
            | '\u{5F3}'
            | '\u{5F4}'
            | '\u{F0B}'
            | '\u{F0C}'
            | '\u{200C}'
            | '\u{200D}'
            | '\u{3003}'
            | '\u{301C}'
            | '\u{309B}'
            | '\u{309C}'
            | '\u{30A0}'
            | '\u{30FB}'
            | '\u{A67E}'
            | '\u{FF5E}'
    )
}

/// Punctuation of any kind.
pub(super) fn is_punctuation(c: char) -> bool {
    is_of(c, GeneralCategoryGroup::Punctuation)
}

/// White space as twitter-text has it.
const fn is_space(c: char) -> bool {
    matches!(c,
        '\u{9}'..='\u{D}' | ' ' | '\u{85}' | '\u{A0}' | '\u{1680}' | '\u{180E}' | '\u{2000}'..='\u{200A}'
        | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

/// Characters that make a post invalid on X.
pub(super) const fn is_invalid_on_x(c: char) -> bool {
    matches!(c, '\u{FFFE}' | '\u{FEFF}' | '\u{FFFF}')
}

/// Characters that steer the direction of writing.
const fn is_directional(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// What may begin and end a label of a host on X: all but punctuation of ASCII (quotation marks and
/// backticks do pass), white space and characters that steer or are invalid.
pub(super) const fn is_host(c: char) -> bool {
    if c.is_ascii() {
        let passes = matches!(c, '"' | '`') || (c.is_ascii_control() && !is_space(c));
        return c.is_ascii_alphanumeric() || passes;
    }
    !(is_space(c) || is_invalid_on_x(c) || is_directional(c))
}

/// The accented Latin letters, and the combining marks, that twitter-text lists.
pub(super) const fn is_latin_accented(c: char) -> bool {
    matches!(c,
        '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{24F}' | '\u{253}' | '\u{254}' | '\u{256}'
        | '\u{257}' | '\u{259}' | '\u{25B}' | '\u{263}' | '\u{268}' | '\u{26F}' | '\u{272}' | '\u{289}'
        | '\u{28B}' | '\u{2BB}' | '\u{300}'..='\u{36F}' | '\u{1E00}'..='\u{1EFF}')
}

/// What a label of a host may hold for X to take it without a scheme.
pub(super) const fn is_bare_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || is_latin_accented(c)
}

/// Cyrillic as twitter-text has it.
pub(super) const fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{4FF}')
}

/// The two forms of the number sign.
pub(super) const fn is_hash(c: char) -> bool {
    matches!(c, '#' | '＃')
}

/// The two forms of the at sign.
pub(super) const fn is_at(c: char) -> bool {
    matches!(c, '@' | '＠')
}

/// The character at a byte.
pub(super) fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

/// The character before a byte.
pub(super) fn char_before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}
