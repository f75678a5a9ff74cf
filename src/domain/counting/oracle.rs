//! An independent counter: slow and plain, on characters and with the rules as their sources state them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::emoji::SEQUENCES;
use crate::domain::channels::Counting;

/// The units of a text, but for Mastodon's.
pub fn count(text: &str, counting: Counting) -> Option<usize> {
    Some(match counting {
        Counting::WeightedTwitter => weighted(&text.nfc().collect::<String>()),
        Counting::Graphemes => text.graphemes(true).count(),
        Counting::Mastodon => return None,
        Counting::Threads => text.graphemes(true).map(threads).sum(),
        Counting::Utf16 => text.encode_utf16().count(),
        Counting::CodePoints => text.chars().count(),
        Counting::Utf8Bytes => text.len(),
    })
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

fn threads(cluster: &str) -> usize {
    static EMOJI: LazyLock<Regex> = LazyLock::new(|| regex(r"[\p{Emoji}--[0-9#*]]|\x{20E3}"));
    if EMOJI.is_match(cluster) { cluster.len() } else { cluster.chars().count() }
}

/// A single emoji with its selector and skin tone, and keycaps.
static SINGLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"^(?:[0-9#*]\x{FE0F}?\x{20E3}",
        r"|[\p{Emoji_Modifier_Base}&&\p{Emoji_Presentation}]\p{Emoji_Modifier}",
        r"|[\p{Emoji_Modifier_Base}--\p{Emoji_Presentation}]\x{FE0F}?\p{Emoji_Modifier}",
        r"|[[\p{Emoji}--\p{Emoji_Presentation}]--[0-9#*]]\x{FE0F}",
        r"|[\p{Emoji}--[0-9#*©®]])",
    ))
});

fn emoji(text: &str) -> Option<usize> {
    let listed =
        SEQUENCES.iter().filter(|sequence| text.starts_with(*sequence)).map(|sequence| sequence.len());
    listed.max().or_else(|| SINGLE.find(text).map(|found| found.end()))
}

fn weighted(text: &str) -> usize {
    let urls = urls(text);
    let mut total = 0;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if let Some(url) = urls.iter().find(|url| url.start == at) {
            total += 23;
            at = url.end;
        } else if let Some(length) = emoji(&text[at..]) {
            total += 2;
            at += length;
        } else {
            let light = [0..=4351, 8192..=8205, 8208..=8223, 8242..=8247]
                .iter()
                .any(|range| range.contains(&u32::from(c)));
            total += if light { 1 } else { 2 };
            at += c.len_utf8();
        }
    }
    total
}

const PUNCTUATION: &str = r"!'#%&()*+,\-./:;<=>?@\[\]^_{|}~$";
const SPACES: &str =
    r"\x{9}-\x{D}\x{20}\x{85}\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}";
const STEERING: &str = r"\x{202A}-\x{202E}\x{61C}\x{200E}\x{200F}\x{2066}-\x{2069}";
const LATIN: &str = r"\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{24F}\x{253}\x{254}\x{256}\x{257}\x{259}\x{25B}\x{263}\x{268}\x{26F}\x{272}\x{289}\x{28B}\x{2BB}\x{300}-\x{36F}\x{1E00}-\x{1EFF}";

/// A top-level domain that some tests use.
const TLD: &str = r"(?i:nl|com|co|uk|みんな|рф|xn--[-0-9a-z]+)";

/// The length of a label in the form that is asked of the network.
fn encoded(label: &str) -> usize {
    if label.is_ascii() { label.len() } else { 4 + idna::punycode::encode_str(label).unwrap().len() }
}

/// URLs as twitter-text's one expression has them: at each place in turn, with the longest host.
fn urls(text: &str) -> Vec<Range<usize>> {
    static HOST: LazyLock<Regex> = LazyLock::new(|| {
        let c = format!(
            r"[^{}\\{SPACES}{STEERING}\x{{FEFF}}\x{{FFFE}}\x{{FFFF}}]",
            PUNCTUATION.replace(r"\-", r"\-")
        );
        regex(&format!(r"^(?:(?:{c}(?:[_-]|{c})*)?{c}\.)*(?:(?:{c}(?:-|{c})*)?{c}\.){TLD}$"))
    });
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        let g = format!(r"[a-z\x{{400}}-\x{{4FF}}0-9!*';:=+,.$/%#\[\]\-\x{{2013}}_~@|&{LATIN}]");
        let b = format!(r"\((?:{g}+|(?:{g}*\({g}+\){g}*))\)");
        let e = format!(r"(?:[+\-a-z\x{{400}}-\x{{4FF}}0-9=_#/{LATIN}]|{b})");
        let q = r"(\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?";
        regex(&format!(r"^(?i)(?::[0-9]+)?(/(?:{g}*(?:{b}{g}*)*{e}|@{g}+/)*)?{q}"))
    });
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let host_end = |from: usize| {
        let ends = places.iter().rev().filter(|&&end| end > from).copied();
        let follows =
            |end: usize| text[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || "@+-".contains(c));
        let coded = |end: usize| {
            text[from..end]
                .rsplit('.')
                .next()
                .is_some_and(|name| name.to_ascii_lowercase().starts_with("xn--"))
        };
        ends.filter(|&end| HOST.is_match(&text[from..end])).find(|&end| coded(end) || !follows(end))
    };
    let mut urls = Vec::new();
    let mut free = 0;
    while let Some((at, host, end, before)) =
        places.iter().filter(|&&place| place >= free).find_map(|&place| {
            let before = text[place..].chars().next();
            let may = before
                .filter(|&c| !(c.is_ascii_alphanumeric() || "@＠$#＃\u{FEFF}\u{FFFE}\u{FFFF}".contains(c)));
            let behind = may.map(|c| (place + c.len_utf8(), Some(c)));
            [behind, (place == 0).then_some((0, None))].into_iter().flatten().find_map(|(at, before)| {
                let scheme = regex("^(?i)https?://").find(&text[at..]).map_or(at, |scheme| at + scheme.end());
                [scheme, at].into_iter().find_map(|host| Some((at, host, host_end(host)?, before)))
            })
        })
    {
        let behind = BEHIND.captures(&text[end..]).unwrap();
        let whole = end + behind[0].len();
        free = whole;
        if !text[host..end].split('.').all(|label| encoded(label) <= 63) {
            continue;
        }
        if at < host {
            let own = regex(
                r"^(?i)https?://t\.co/([a-z0-9]+)(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?",
            );
            match own.captures(&text[at..whole]) {
                Some(own) if own[1].len() > 40 => {}
                Some(own) => urls.push(at..at + own[0].len()),
                None => urls.push(at..whole),
            }
        } else if !matches!(before, Some('-' | '_' | '.' | '/')) {
            let bare = regex(&format!(r"^(?i)(?:[-a-z0-9{LATIN}]+\.)+{TLD}$"));
            let mut last = host;
            let known = urls.len();
            while let Some(found) =
                places.iter().filter(|&&from| from >= last && from < end).find_map(|&from| {
                    let ends = places.iter().rev().filter(|&&to| to > from && to <= end).copied();
                    let cut = |to: usize| {
                        text[to..end].starts_with(|c: char| c.is_ascii_alphanumeric() || "@+-".contains(c))
                    };
                    ends.filter(|&to| bare.is_match(&text[from..to])).find(|&to| !cut(to)).map(|to| from..to)
                })
            {
                last = found.end;
                urls.push(found);
            }
            if let (Some(url), Some(_)) = (urls[known..].last_mut(), behind.get(1)) {
                url.end = whole;
            }
        }
    }
    urls
}
