//! An independent counter: slow and plain, on characters and with the rules as their sources state them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

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

static SCHEME: LazyLock<Regex> = LazyLock::new(|| regex("^(?i)https?://"));

static HOST: LazyLock<Regex> = LazyLock::new(|| {
    let c = format!(r"[^{PUNCTUATION}\\{SPACES}{STEERING}\x{{FEFF}}\x{{FFFE}}\x{{FFFF}}]");
    regex(&format!(r"^(?:(?:{c}(?:[_-]|{c})*)?{c}\.)*(?:(?:{c}(?:-|{c})*)?{c}\.){TLD}$"))
});

static BARE_HOST: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"^(?i)(?:[-a-z0-9{LATIN}]+\.)+{TLD}$")));

const QUERY: &str = r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?";

static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    let g = format!(r"[a-z\x{{400}}-\x{{4FF}}0-9!*';:=+,.$/%#\[\]\-\x{{2013}}_~@|&{LATIN}]");
    let b = format!(r"\((?:{g}+|(?:{g}*\({g}+\){g}*))\)");
    let e = format!(r"(?:[+\-a-z\x{{400}}-\x{{4FF}}0-9=_#/{LATIN}]|{b})");
    regex(&format!(r"^(?i)(?::[0-9]+)?(/(?:{g}*(?:{b}{g}*)*{e}|@{g}+/)*)?{QUERY}"))
});

static OWN: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"^(?i)https?://t\.co/([a-z0-9]+){QUERY}")));

/// The places in a stretch of a text.
fn places(text: &str, within: Range<usize>) -> impl DoubleEndedIterator<Item = usize> {
    within.filter(|&at| text.is_char_boundary(at))
}

/// The end of the longest host of this form that begins at `from` and is not part of a longer word.
fn host_end(text: &str, form: &Regex, from: usize) -> Option<usize> {
    let is_cut = |end: usize| {
        let encoded =
            text[from..end].rsplit('.').next().is_some_and(|name| name.to_lowercase().starts_with("xn--"));
        let follows = |c: char| c.is_ascii_alphanumeric() || "@+-".contains(c);
        !encoded && text[end..].starts_with(follows)
    };
    let mut ends = places(text, from + 1..text.len() + 1).rev();
    ends.find(|&end| form.is_match(&text[from..end]) && !is_cut(end))
}

/// The first URL behind `free`: where it begins, its host, and what is before it.
fn next_url(text: &str, free: usize) -> Option<(usize, Range<usize>, Option<char>)> {
    let begins = |(at, before)| {
        let scheme = SCHEME.find(&text[at..]).map_or(at, |scheme| at + scheme.end());
        [scheme, at].into_iter().find_map(|host| Some((at, host..host_end(text, &HOST, host)?, before)))
    };
    places(text, free..text.len() + 1).find_map(|place| {
        let before = text[place..].chars().next();
        let may = |c: &char| !(c.is_ascii_alphanumeric() || "@＠$#＃\u{FEFF}\u{FFFE}\u{FFFF}".contains(*c));
        let behind = before.filter(may).map(|c| (place + c.len_utf8(), before));
        [behind, (place == 0).then_some((0, None))].into_iter().flatten().find_map(begins)
    })
}

/// The Latin hosts within a host.
fn bare_hosts(text: &str, host: Range<usize>) -> Vec<Range<usize>> {
    let text = &text[..host.end];
    let mut found = Vec::new();
    let mut last = host.start;
    while let Some(bare) =
        places(text, last..text.len()).find_map(|from| Some(from..host_end(text, &BARE_HOST, from)?))
    {
        last = bare.end;
        found.push(bare);
    }
    found
}

/// URLs as twitter-text's one expression has them: at each place in turn, with the longest host.
fn urls(text: &str) -> Vec<Range<usize>> {
    let mut urls = Vec::new();
    let mut free = 0;
    while let Some((at, host, before)) = next_url(text, free) {
        let behind = BEHIND.captures(&text[host.end..]).unwrap();
        free = host.end + behind[0].len();
        if !text[host.clone()].split('.').all(|label| encoded(label) <= 63) {
            continue;
        }
        if at < host.start {
            match OWN.captures(&text[at..free]) {
                Some(own) if own[1].len() > 40 => {}
                Some(own) => urls.push(at..at + own[0].len()),
                None => urls.push(at..free),
            }
        } else if !matches!(before, Some('-' | '_' | '.' | '/')) {
            let mut bare = bare_hosts(text, host);
            if let (Some(url), Some(_)) = (bare.last_mut(), behind.get(1)) {
                url.end = free;
            }
            urls.extend(bare);
        }
    }
    urls
}
