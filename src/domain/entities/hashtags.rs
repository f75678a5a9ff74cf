//! Finds hashtags, by the rules of each network.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use super::classes::{
    char_at, char_before, is_hash, is_letter_or_mark, is_punctuation, is_word, is_x_hashtag,
};

/// The longest tag of Bluesky, in grapheme clusters.
const BLUESKY_MAX: usize = 64;

/// The places of number signs, which are all in a text that may begin a hashtag.
fn signs(text: &str) -> impl Iterator<Item = (usize, usize)> {
    text.match_indices(is_hash).map(|(at, sign)| (at, at + sign.len()))
}

/// How far a run of characters goes from `at`.
fn run_end(text: &str, at: usize, inside: impl Fn(char) -> bool) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find(|c| !inside(c)).unwrap_or(rest.len())
}

/// X, as twitter-text's `extractHashtagsWithIndices`: letters, marks, digits, underscores and a few joiners
/// with at least one letter or mark, not right behind one of them or `&`, and with neither another number
/// sign nor `://` behind. A sign that begins a keycap begins no hashtag.
pub(super) fn x(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut taken = 0;
    for (sign, from) in signs(text) {
        let before = text.get(taken..sign).and_then(|before| before.chars().next_back());
        let bounded = match before {
            // A selector of a variation is a mark, yet an emoji ends with it.
            Some('\u{FE0E}' | '\u{FE0F}') => true,
            Some(c) => !is_x_hashtag(c) && c != '&',
            None => sign == 0,
        };
        if !bounded || matches!(char_at(text, from), Some('\u{FE0F}' | '\u{20E3}')) {
            continue;
        }
        let end = run_end(text, from, is_x_hashtag);
        if !text.get(from..end).is_some_and(|tag| tag.contains(is_letter_or_mark)) {
            continue;
        }
        taken = end;
        let after = text.get(end..).unwrap_or_default();
        if !after.starts_with(is_hash) && !after.starts_with("://") {
            found.push(sign..end);
        }
    }
    found
}

/// Mastodon, as its `Tag::HASHTAG_RE` of 2025: at the start of a line or behind white space; characters of
/// words, with separators within (one of which, or a letter, there must be) or else with a letter.
pub(super) fn mastodon(text: &str) -> Vec<Range<usize>> {
    let starts = |&(sign, _): &(usize, usize)| char_before(text, sign).is_none_or(char::is_whitespace);
    let found = signs(text).filter(starts).filter_map(|(sign, from)| {
        let end = mastodon_joined(text, from).or_else(|| {
            let end = run_end(text, from, is_word);
            text.get(from..end)?.contains(char::is_alphabetic).then_some(end)
        })?;
        Some(sign..end)
    });
    found.collect()
}

/// The end of a tag that has a letter or separator neither first nor last.
fn mastodon_joined(text: &str, from: usize) -> Option<usize> {
    let separates = |c: char| matches!(c, '_' | '\u{B7}' | '\u{30FB}' | '\u{200C}');
    let end = run_end(text, from, |c| is_word(c) || separates(c));
    let run = text.get(from..end)?;
    let tag = run.trim_end_matches(|c| !is_word(c));
    let mut within = tag.chars();
    within.next().filter(|&c| is_word(c))?;
    within.next_back()?;
    within.any(|c| c.is_alphabetic() || separates(c)).then_some(from + tag.len())
}

/// Bluesky, as its `TAG_REGEX`: at the start or behind white space; anything up to white space or a character
/// without width, with something in it that is neither digit nor punctuation; without the punctuation at its
/// end, underscores included; at most 64 grapheme clusters.
pub(super) fn bluesky(text: &str) -> Vec<Range<usize>> {
    let starts = |&(sign, _): &(usize, usize)| char_before(text, sign).is_none_or(char::is_whitespace);
    let found = signs(text).filter(starts).filter_map(|(sign, from)| {
        let hidden = |c| matches!(c, '\u{AD}' | '\u{2060}' | '\u{200A}'..='\u{200D}' | '\u{20E2}');
        let end = run_end(text, from, |c| !c.is_whitespace() && !hidden(c));
        let run = text.get(from..end).filter(|run| !run.starts_with('\u{FE0F}'))?;
        let tag = run.trim_end_matches(is_punctuation);
        let counts = tag.contains(|c: char| !c.is_ascii_digit() && !is_punctuation(c));
        let fits = tag.graphemes(true).nth(BLUESKY_MAX).is_none();
        (counts && fits).then(|| sign..from + tag.len())
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'a>(text: &'a str, found: &[Range<usize>]) -> Vec<&'a str> {
        found.iter().filter_map(|tag| text.get(tag.clone())).collect()
    }

    #[test]
    fn x_takes_what_twitter_text_takes() {
        for (text, expected) in [
            ("#Werken bij #Zuiver", vec!["#Werken", "#Zuiver"]),
            ("#2026 #2026plan #plan2026", vec!["#2026plan", "#plan2026"]),
            ("(#a) “#b” .#c,#d", vec!["#a", "#b", "#c", "#d"]),
            ("a#b 1#b é#b 日#b &#b _#b", vec![]),
            ("#goed-zo", vec!["#goed"]),
            ("#a#b #c##d", vec!["#d"]),
            ("##a", vec!["#a"]),
            ("＃日本語 ＃ｈａｓｈ", vec!["＃日本語", "＃ｈａｓｈ"]),
            ("#️⃣ #⃣ #\u{FE0F}a", vec![]),
            ("❤️#a", vec!["#a"]),
            ("#http://a.nl #https://b.nl", vec![]),
            (
                "#سلام_دنیا #می\u{200C}خواهم #नमस्ते #ශ්\u{200D}රී",
                vec!["#سلام_دنیا", "#می\u{200C}خواهم", "#नमस्ते", "#ශ්\u{200D}රී"],
            ),
            ("#_ #·", vec![]),
            ("#_a", vec!["#_a"]),
            ("#a🎉 #🎉", vec!["#a"]),
            ("a\n#b\n#c", vec!["#b", "#c"]),
        ] {
            assert_eq!(texts(text, &x(text)), expected, "{text}");
        }
    }

    #[test]
    fn mastodon_wants_white_space_before_and_a_letter_or_separator_within() {
        for (text, expected) in [
            ("#Werken bij #Zuiver,", vec!["#Werken", "#Zuiver"]),
            ("(#a) /#b x#c", vec![]),
            ("#2026 #2026plan", vec!["#2026plan"]),
            ("#a·b #カタ・カナ #می\u{200C}خواهم", vec!["#a·b", "#カタ・カナ", "#می\u{200C}خواهم"]),
            ("#a· #·a", vec!["#a"]),
            ("#12_34 #_", vec!["#12_34"]),
            ("#a", vec!["#a"]),
            ("#नमस्ते\n＃日本語", vec!["#नमस्ते", "＃日本語"]),
            ("#goed-zo", vec!["#goed"]),
        ] {
            assert_eq!(texts(text, &mastodon(text)), expected, "{text}");
        }
    }

    #[test]
    fn bluesky_takes_nearly_everything_up_to_white_space() {
        let long = format!("#{}", "é".repeat(64));
        let longer = format!("#{}", "é".repeat(65));
        for (text, expected) in [
            ("#Werken, bij #Zuiver_", vec!["#Werken", "#Zuiver"]),
            ("#🎉 #👨‍👩‍👧", vec!["#🎉", "#👨"]),
            ("#a#b,c@d! (#e)", vec!["#a#b,c@d"]),
            ("#2026 #2026! #2026plan", vec!["#2026plan"]),
            ("#!? # #", vec![]),
            ("＃日本語 #a\u{200B}b", vec!["＃日本語", "#a"]),
            (&long, vec![long.as_str()]),
            (&longer, vec![]),
            ("#\u{FE0F}\u{20E3}", vec![]),
        ] {
            assert_eq!(texts(text, &bluesky(text)), expected, "{text}");
        }
    }
}
