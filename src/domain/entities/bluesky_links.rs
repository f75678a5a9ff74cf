//! Finds links as Bluesky's app does (`detectFacets` of its API library).

use std::ops::Range;

use super::classes::char_before;
use super::tlds::{is_ascii_tld, strip_prefix_ignoring_case};

/// The links in a text: a word at the start, behind white space or behind `(`, that begins with `http(s)://`
/// or with a host under a known top-level domain; without one punctuation mark at its end, and without a
/// bracket that was not opened in it.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut from, mut end) = (0, 0);
    while let Some(start) = next_start(text, from) {
        // Many a bracket may stand in one word, whose end is looked for once.
        if end <= start {
            let rest = text.get(start..).unwrap_or_default();
            end = start + rest.find(char::is_whitespace).unwrap_or(rest.len());
        }
        let word = text.get(start..end).unwrap_or_default();
        if is_link(word) {
            found.push(start..start + without_punctuation(word).len());
            from = end;
        } else {
            from = start + 1;
        }
    }
    found
}

/// The next place, from `from` on, where a word may begin.
fn next_start(text: &str, from: usize) -> Option<usize> {
    let places = text.get(from..)?.char_indices().map(|(at, c)| (from + at, c));
    let opens = |at: usize| char_before(text, at).is_none_or(|c| c.is_whitespace() || c == '(');
    places.filter(|&(at, c)| c.is_ascii_alphabetic() && opens(at)).map(|(at, _)| at).next()
}

fn is_link(word: &str) -> bool {
    let with_scheme = ["https://", "http://"]
        .into_iter()
        .any(|scheme| strip_prefix_ignoring_case(word, scheme).is_some_and(|rest| !rest.is_empty()));
    with_scheme
        || host(word).and_then(|host| host.rsplit_once('.')).is_some_and(|(_, name)| is_ascii_tld(name))
}

/// The host that a word begins with: letters and digits, with full stops between them.
fn host(word: &str) -> Option<&str> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
    let run = word.get(..word.bytes().take_while(is_part).count())?;
    let host = run.split_once("..").map_or(run, |(host, _)| host);
    Some(host.strip_suffix('.').unwrap_or(host))
}

fn without_punctuation(word: &str) -> &str {
    let word = word.strip_suffix(['.', ',', ';', ':', '!', '?']).unwrap_or(word);
    word.strip_suffix(')').filter(|inner| !inner.contains('(')).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_words_of_a_scheme_or_a_known_domain() {
        for (text, expected) in [
            (
                "https://example.nl/a_(b), http://localhost",
                vec!["https://example.nl/a_(b)", "http://localhost"],
            ),
            ("Zie example.nl/x. (www.x.co.uk)", vec!["example.nl/x", "www.x.co.uk"]),
            ("rapport.pdf v1.2.3 jan@example.nl x-y.nl -a.nl", vec![]),
            ("“example.nl” /a.nl", vec![]),
            ("https:// HTTP://A", vec!["HTTP://A"]),
            ("example.nl.. a.nl-b", vec!["example.nl.", "a.nl-b"]),
            ("https://é.nl/日本", vec!["https://é.nl/日本"]),
        ] {
            let found: Vec<_> = find(text).into_iter().filter_map(|link| text.get(link)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
