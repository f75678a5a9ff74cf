//! Which characters a text may hold. Texts are never altered: what does not belong is refused. Only line ends
//! are read as line feeds, where a text comes in.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::error::Fault;

/// Whether a text may have several lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// A single line: no control characters at all.
    One,
    /// Line feeds and tabs are taken too.
    Many,
}

/// A text with its line ends, CR LF and CR among them, as line feeds.
pub fn line_feeds(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The first character that no text may hold: U+0000 and the other control characters (but line feeds and
/// tabs in texts of many lines), the byte order mark and the noncharacters that X refuses, and what shows a
/// reader something else than what is logged.
pub fn forbidden_character(text: &str, lines: Lines) -> Option<char> {
    let allowed = |c: char| lines == Lines::Many && matches!(c, '\n' | '\t');
    let mut in_flag = false;
    text.chars().find(|&c| {
        // The flags of regions are a black flag and tags that spell the region (UTS 51, section 3.4).
        let is_tag = matches!(c, '\u{E0020}'..='\u{E007F}');
        in_flag = c == '\u{1F3F4}' || (in_flag && is_tag);
        (c.is_control() && !allowed(c))
            || matches!(c, '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
            || is_deceptive(c)
            || (is_tag && !in_flag)
    })
}

/// Characters without a shape of their own that no script or emoji needs, other line ends, and overrides of
/// the direction of writing. Joiners, variation selectors and direction marks are needed, and are taken.
const fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}' | '\u{2028}' | '\u{2029}' | '\u{202D}' | '\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{206A}'..='\u{206F}' | '\u{3164}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0001}')
}

/// Whether a reader sees nothing of a text: white space and what only shapes its neighbours.
pub fn is_blank(text: &str) -> bool {
    let shapes = |c: char| {
        matches!(c,
            '\u{AD}' | '\u{2800}' | '\u{34F}' | '\u{61C}' | '\u{200C}'..='\u{200F}' | '\u{2066}'..='\u{2069}'
            | '\u{202A}'..='\u{202E}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0020}'..='\u{E007F}'
            | '\u{E0100}'..='\u{E01EF}')
    };
    text.chars().all(|c| c.is_whitespace() || shapes(c) || is_deceptive(c))
}

/// The first character that embeds, overrides or isolates the direction of writing, with which a
/// text can make what follows it unreadable.
pub fn bidi_control(text: &str) -> Option<char> {
    text.chars().find(|c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
}

/// What is wrong with the characters of a text at this place in a request, if anything is. A text of one line, such
/// as a name, stands in the middle of other text, so it may not turn the direction of writing either.
pub fn character_fault(pointer: &str, text: &str, lines: Lines) -> Option<Fault> {
    let turning = || (lines == Lines::One).then(|| bidi_control(text)).flatten();
    let found = forbidden_character(text, lines).or_else(turning)?;
    let detail = format!("The character U+{:04X} is not taken here.", u32::from(found));
    Some(Fault::body(pointer, "control_character", detail))
}

/// The number of extended grapheme clusters: what a reader calls characters.
pub fn graphemes(text: &str) -> usize {
    // Two characters of ASCII are never one cluster, but for CR LF, so only the surroundings of other
    // characters are looked at closely.
    let mut rest = text;
    let mut count = 0;
    loop {
        let plain = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let (ascii, _) = rest.split_at_checked(plain).unwrap_or_default();
        count += ascii.len() - ascii.matches("\r\n").count();
        if plain == rest.len() {
            return count;
        }
        let near = rest.get(plain.saturating_sub(1)..).unwrap_or_default();
        let (mixed, after) = near.split_at_checked(mixed_length(near)).unwrap_or((near, ""));
        count += mixed.graphemes(true).count() - usize::from(plain > 0);
        rest = after;
    }
}

/// The bytes up to where two characters of ASCII stand side by side behind others, or a control character
/// does, before which there is always a boundary.
fn mixed_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_plain = |at: usize| bytes.get(at).is_none_or(u8::is_ascii);
    let mut ends = (1..bytes.len()).filter(|&at| is_plain(at) && !is_plain(at - 1));
    let end = ends.find(|&at| is_plain(at + 1) || bytes.get(at).is_some_and(u8::is_ascii_control));
    let with_last = |end: usize| if bytes.get(end).is_some_and(u8::is_ascii_control) { end } else { end + 1 };
    end.map_or(bytes.len(), with_last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_found_and_ordinary_text_is_taken() {
        assert_eq!(forbidden_character("a\nb\tc", Lines::Many), None);
        assert_eq!(forbidden_character("a\nb", Lines::One), Some('\n'));
        for odd in ['\0', '\r', '\u{7F}', '\u{85}', '\u{FEFF}'] {
            assert_eq!(forbidden_character(&format!("a{odd}"), Lines::Many), Some(odd));
        }
        for odd in ['\u{200B}', '\u{2028}', '\u{202E}', '\u{2060}', '\u{3164}', '\u{E0061}'] {
            assert_eq!(forbidden_character(&format!("a{odd}b"), Lines::Many), Some(odd));
        }
        for fine in ["नमस्ते क्\u{200D}ष", "می\u{200C}خواهم", "👨‍👩‍👧‍👦 ❤️ 1️⃣", "🏴󠁧󠁢󠁷󠁬󠁳󠁿 Cymru", "שלום \u{200F}!", "日本"]
        {
            assert_eq!(forbidden_character(fine, Lines::Many), None, "{fine}");
            assert!(!is_blank(fine));
        }
        for blank in ["", " \n\u{A0}", "\u{200D}\u{FE0F}", "\u{AD}\u{200E}\u{3164}"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        assert_eq!(bidi_control("a\u{202E}b"), Some('\u{202E}'));
        assert_eq!(bidi_control("שלום \u{200F}!"), None);
        assert_eq!(graphemes("e\u{301}👨‍👩‍👧"), 2);
    }
}
