//! Which characters a text may hold. Texts are never altered: what does not belong is refused.

use unicode_segmentation::UnicodeSegmentation as _;

/// Whether a text may have several lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// A single line: no control characters at all.
    One,
    /// Line feeds and tabs are taken too.
    Many,
}

/// The first character that no text may hold: U+0000 and the other control characters (but line
/// feeds and tabs in texts of many lines), the byte order mark and the noncharacters that X refuses.
pub fn forbidden_character(text: &str, lines: Lines) -> Option<char> {
    let allowed = |c: char| lines == Lines::Many && matches!(c, '\n' | '\t');
    text.chars()
        .find(|&c| (c.is_control() && !allowed(c)) || matches!(c, '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'))
}

/// The first character that embeds, overrides or isolates the direction of writing, with which a
/// text can make what follows it unreadable.
pub fn bidi_control(text: &str) -> Option<char> {
    text.chars().find(|c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
}

/// The number of extended grapheme clusters: what a reader calls characters.
pub fn graphemes(text: &str) -> usize {
    text.graphemes(true).count()
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
        assert_eq!(bidi_control("a\u{202E}b"), Some('\u{202E}'));
        assert_eq!(bidi_control("שלום \u{200F}!"), None);
        assert_eq!(graphemes("e\u{301}👨‍👩‍👧"), 2);
    }
}
