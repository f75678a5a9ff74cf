//! Finds mentions of accounts, by the rules of each network.

use std::ops::Range;

use super::classes::{char_before, is_at, is_latin_accented, is_word};
use super::tlds::is_ascii_tld;

/// The longest name on X that twitter-text looks for.
const X_NAME_MAX: usize = 20;

/// The longest name of a list on X, behind its first letter.
const X_LIST_MAX: usize = 24;

/// A mention on Mastodon, and the part of it that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// All of it.
    pub range: Range<usize>,
    /// Where its local part ends: `@user` of `@user@host`.
    pub local_end: usize,
}

fn signs(text: &str) -> impl Iterator<Item = (usize, usize)> {
    text.match_indices(is_at).map(|(at, sign)| (at, at + sign.len()))
}

/// The bytes at the start of a text that hold, at most `max`.
fn run(text: &str, max: usize, inside: impl Fn(u8) -> bool) -> usize {
    text.bytes().take(max).take_while(|&byte| inside(byte)).count()
}

/// What makes of a name in front of it something else: an address, a foreign word, a URL.
fn is_cut_off(after: &str) -> bool {
    after.starts_with(|c| is_at(c) || is_latin_accented(c)) || after.starts_with("://")
}

/// X, as twitter-text's `extractMentionsOrListsWithIndices`.
pub(super) fn x(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut taken = 0;
    for (sign, from) in signs(text) {
        let free = text.get(taken..sign).unwrap_or_default();
        if !x_may_precede(free, taken == 0) {
            continue;
        }
        let rest = text.get(from..).unwrap_or_default();
        let name = run(rest, X_NAME_MAX, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if name == 0 {
            continue;
        }
        let end = from + name + list(rest.get(name..).unwrap_or_default());
        taken = end;
        if !is_cut_off(text.get(end..).unwrap_or_default()) {
            found.push(sign..end);
        }
    }
    found
}

/// Whether what is free before an at sign lets a mention begin. `RT` and `RT:` do, though letters do not.
fn x_may_precede(free: &str, from_start: bool) -> bool {
    let Some(last) = free.chars().next_back() else { return from_start };
    if !(last.is_ascii_alphanumeric() || "_!#$%&*".contains(last) || is_at(last)) {
        return true;
    }
    let at = free.len().checked_sub("rt".len());
    let Some((before, retweet)) = at.and_then(|at| free.split_at_checked(at)) else { return false };
    let bounded = match before.chars().next_back() {
        None => from_start,
        Some(c) => !(c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '~' | '.' | '-')),
    };
    bounded && retweet.eq_ignore_ascii_case("rt")
}

/// The bytes of the name of a list, with its slash.
fn list(text: &str) -> usize {
    let Some(name) =
        text.strip_prefix('/').filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
    else {
        return 0;
    };
    let rest = name.get(1..).unwrap_or_default();
    2 + run(rest, X_LIST_MAX, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Mastodon, as its `Account::MENTION_RE`: `@user` or `@user@host`, not behind a word, `=` or `/`.
pub(super) fn mastodon(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut taken = 0;
    for (sign, from) in signs(text) {
        let barred = |c: char| is_word(c) || matches!(c, '=' | '/');
        if sign < taken || !text.get(sign..).is_some_and(|rest| rest.starts_with('@')) {
            continue;
        }
        let user =
            from + joined(text.get(from..).unwrap_or_default(), |c| c.is_ascii_alphanumeric() || c == '_');
        if user == from || char_before(text, sign).is_some_and(barred) {
            continue;
        }
        let host =
            text.get(user..).and_then(|rest| rest.strip_prefix('@')).map_or(0, |host| joined(host, is_word));
        let end = if host > 0 { user + 1 + host } else { user };
        taken = end;
        if !is_cut_off(text.get(end..).unwrap_or_default()) {
            found.push(Mention { range: sign..end, local_end: user });
        }
    }
    found
}

/// The bytes of characters that hold at the start of a text, with full stops and hyphens between them.
fn joined(text: &str, inside: impl Fn(char) -> bool) -> usize {
    let all = text.find(|c| !(inside(c) || matches!(c, '.' | '-'))).unwrap_or(text.len());
    let name = text.get(..all).unwrap_or_default().trim_end_matches(['.', '-']);
    if name.starts_with(inside) { name.len() } else { 0 }
}

/// Bluesky: a handle is the name of a host under a known top-level domain.
pub(super) fn bluesky(text: &str) -> Vec<Range<usize>> {
    let starts = |&(sign, _): &(usize, usize)| {
        let before = char_before(text, sign);
        before.is_none_or(|c| c.is_whitespace() || c == '(')
            && text.get(sign..).is_some_and(|rest| rest.starts_with('@'))
    };
    let found = signs(text).filter(starts).filter_map(|(sign, from)| {
        let rest = text.get(from..)?;
        let length =
            run(rest, rest.len(), |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        let (handle, after) = rest.split_at_checked(length)?;
        let handle = handle.trim_end_matches(['.', '-']);
        let ends = handle.len() < length || !after.starts_with('_');
        let (name, ending) = handle.rsplit_once('.')?;
        (ends && !name.is_empty() && (is_ascii_tld(ending) || ending == "test"))
            .then(|| sign..from + handle.len())
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, found: impl IntoIterator<Item = Range<usize>>) -> Vec<&str> {
        found.into_iter().filter_map(|range| text.get(range)).collect()
    }

    #[test]
    fn x_takes_names_and_lists() {
        for (text, expected) in [
            ("@a and @b_c, .@d (@e)", vec!["@a", "@b_c", "@d", "@e"]),
            ("jan@example.nl a@b !@c #@d $@e %@f &@g *@h @@i", vec![]),
            ("の@abcに", vec!["@abc"]),
            ("RT@a rt:@b Rt @c xrt@d .rt@e", vec!["@a", "@b", "@c"]),
            ("@aliceì @jan@example.nl @http://a.nl @a＠b", vec![]),
            ("＠ab", vec!["＠ab"]),
            ("@jan/team-1 @jan/1 @jan/", vec!["@jan/team-1", "@jan", "@jan"]),
            ("@abcdefghijklmnopqrstuvw", vec!["@abcdefghijklmnopqrst"]),
            ("@_@ @", vec![]),
            ("@a\n@b", vec!["@a", "@b"]),
        ] {
            assert_eq!(texts(text, x(text)), expected, "{text}");
        }
    }

    #[test]
    fn mastodon_takes_hosts_and_counts_the_local_part() {
        for (text, expected) in [
            ("hoi @jan@mastodon.example.org!", vec![("@jan@mastodon.example.org", "@jan")]),
            (
                "@jan. @piet.de.vries @a@b.c-d.",
                vec![("@jan", "@jan"), ("@piet.de.vries", "@piet.de.vries"), ("@a@b.c-d", "@a")],
            ),
            ("jan@example.nl /@a =@b é@c", vec![]),
            ("@jan@ @a@b@c ＠d", vec![]),
            ("@jan@日本.jp", vec![("@jan@日本.jp", "@jan")]),
        ] {
            let found = mastodon(text);
            let told = |mention: Mention| {
                Some((text.get(mention.range.clone())?, text.get(mention.range.start..mention.local_end)?))
            };
            let found: Vec<_> = found.into_iter().filter_map(told).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn bluesky_takes_handles_under_known_domains() {
        for (text, expected) in [
            ("@jan.bsky.social, (@zuiver.nl)", vec!["@jan.bsky.social", "@zuiver.nl"]),
            ("@jan @jan.pdf @jan.test @.nl", vec!["@jan.test"]),
            ("x@zuiver.nl ＠zuiver.nl @a.nl_", vec![]),
            ("@a.nl- @b.nl...", vec!["@a.nl", "@b.nl"]),
        ] {
            assert_eq!(texts(text, bluesky(text)), expected, "{text}");
        }
    }
}
