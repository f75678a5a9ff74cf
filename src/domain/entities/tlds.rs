//! Which words end the name of a host: the top-level domains.
//!
//! The list is data of a date (`tlds.txt`: IANA's root zone). A domain that is younger is text, which
//! costs no less than a link would on the channels that count links apart, but for very long ones.

use std::sync::LazyLock;

use super::classes::{is_latin_accented, is_letter_mark_or_digit, is_mark};

static LIST: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("tlds.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// A name that IANA keeps out of the root (RFC 7686), but that networks link.
const ONION: &str = "onion";

/// No name in ASCII is longer than a label of a host.
const LABEL_MAX: usize = 63;

/// Whether a name in ASCII is a top-level domain, in letters of either case.
pub(super) fn is_ascii_tld(name: &str) -> bool {
    let name = || name.bytes().map(|byte| byte.to_ascii_lowercase());
    let listed = LIST.binary_search_by(|entry| entry.bytes().cmp(name())).is_ok();
    listed || ONION.bytes().eq(name())
}

/// Where the top-level domain that begins at `at` ends, as X looks for one: in ASCII it is the whole run
/// of letters and digits, in other scripts the longest that is listed; no letter or digit of ASCII, `@`,
/// `+` or `-` follows. Whatever begins with `xn--` is taken for one.
pub(super) fn tld_end(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let run = rest.bytes().take(LABEL_MAX + 1).take_while(u8::is_ascii_alphanumeric).count();
    let (name, after) = rest.split_at_checked(run)?;
    if run == 0 {
        return unicode_tld(rest).map(|length| at + length);
    }
    if run <= LABEL_MAX && !is_followed(after) && is_ascii_tld(name) {
        return Some(at + run);
    }
    let encoded = strip_prefix_ignoring_case(rest, "xn--")?;
    let length = encoded.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    (length > 0).then_some(at + "xn--".len() + length)
}

/// Where the top-level domain that begins at `at` ends, as wider finders look for one: in ASCII it is the whole
/// run of letters and digits, whatever follows but a letter of Latin or a mark; in other scripts the whole word.
pub(super) fn top_end(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    if !rest.starts_with(|c: char| c.is_ascii()) {
        let end = rest.find(|c| !is_letter_mark_or_digit(c)).unwrap_or(rest.len());
        let word = rest.get(..end)?;
        let is_top = unicode_names(word).any(|name| name.chars().map(Some).eq(word.chars().map(lower)));
        return is_top.then_some(at + end);
    }
    let run = |inside: fn(&u8) -> bool| rest.bytes().take(LABEL_MAX + 1).take_while(inside).count();
    let mut end = run(u8::is_ascii_alphanumeric);
    let mut is_top = rest.get(..end).is_some_and(is_ascii_tld);
    if strip_prefix_ignoring_case(rest, "xn--").is_some() {
        let label = rest.get(..run(|byte| byte.is_ascii_alphanumeric() || *byte == b'-'))?;
        end = label.trim_end_matches('-').len();
        is_top = end > "xn--".len();
    }
    let goes_on = rest.get(end..)?.starts_with(|c| is_latin_accented(c) || is_mark(c));
    (is_top && end <= LABEL_MAX && !goes_on).then_some(at + end)
}

/// What follows a prefix in ASCII, whatever its case.
pub(super) fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn is_followed(after: &str) -> bool {
    after.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"@+-".contains(&byte))
}

/// The listed names of other scripts that begin as a text does.
fn unicode_names(text: &str) -> impl Iterator<Item = &'static str> {
    let first = text.chars().next().and_then(lower).filter(|c| !c.is_ascii());
    let from = LIST.partition_point(|entry| entry.chars().next() < first);
    LIST.iter().copied().skip(from).take_while(move |entry| entry.chars().next() == first)
}

/// The bytes of the longest listed name of another script that `text` begins with.
fn unicode_tld(text: &str) -> Option<usize> {
    let lengths = unicode_names(text).filter_map(|name| {
        let mut rest = text.chars();
        let matches = name.chars().all(|c| rest.next().and_then(lower) == Some(c));
        (matches && !is_followed(rest.as_str())).then(|| text.len() - rest.as_str().len())
    });
    lengths.max()
}

/// The lower case of a character that has one of a single character.
fn lower(c: char) -> Option<char> {
    let mut lower = c.to_lowercase();
    lower.next().filter(|_| lower.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_dated_sorted_and_in_lower_case() {
        assert!(include_str!("tlds.txt").lines().next().unwrap_or_default().contains("2026-09-30"));
        assert!(LIST.is_sorted_by(|a, b| a < b));
        assert!(LIST.len() > 1_400);
        assert!(LIST.iter().all(|name| name.chars().all(|c| lower(c) == Some(c) && c != '.')));
    }

    #[test]
    fn names_are_found_in_either_case_and_not_within_words() {
        for (text, expected) in [
            ("nl", Some(2)),
            ("CoM/x", Some(3)),
            ("com日本", Some(3)),
            ("com_x", Some(3)),
            ("comm", None),
            ("com-", None),
            ("com@", None),
            ("com+", None),
            ("pdf", None),
            ("2", None),
            ("xn--p1ai/", Some(8)),
            ("XN--a-b.", Some(7)),
            ("xn--", None),
            ("рф", Some(4)),
            ("РФ ", Some(4)),
            ("рфx", None),
            ("भारतम्", Some(18)),
            ("भारत।", Some(12)),
            ("みんな", Some(9)),
            ("本", None),
            ("onion", Some(5)),
            ("\u{212A}im", None),
            ("", None),
        ] {
            assert_eq!(tld_end(text, 0), expected, "{text}");
        }
    }
}
