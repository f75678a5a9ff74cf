//! Finds URLs as twitter-text 3 does (`extractUrlsWithIndices`), in one walk over the text.
//!
//! twitter-text states its rules as one regular expression, which tries every place of the text in turn. Here
//! the full stops lead: no host is without one, so each label that a full stop ends is looked at once, and
//! what is known of the labels behind it is kept. That makes the work grow with the length of any text.
//!
//! Where the libraries of X differ from each other, the common ground is taken: a host found without a scheme
//! is told where it stands, and case is folded as Unicode has it, not as JavaScript's expressions do.

use std::ops::Range;

use super::classes::{char_at, char_before, is_bare_host, is_hash, is_host, is_invalid_on_x};
use super::paths::{Grammar, port_end};
use super::tlds::{strip_prefix_ignoring_case, tld_end};

/// The longest URL, in UTF-16 units, with its scheme counted twice as twitter-text does.
const URL_MAX: usize = 4096;

/// The longest label of a host, in its encoded form (RFC 1035).
const LABEL_MAX: usize = 63;

/// The longest slug of a link of X's own shortener.
const SLUG_MAX: usize = 40;

/// The URLs in a text, in their order. With `needs_scheme`, only those with `http(s)://`.
pub(super) fn find(text: &str, grammar: Grammar, needs_scheme: bool) -> Vec<Range<usize>> {
    let mut search = Search { text, grammar, needs_scheme, free: 0, dead: None, found: Vec::new() };
    let mut from = 0;
    while let Some(dot) = text.get(from..).and_then(|rest| rest.find('.')).map(|dot| from + dot) {
        from = match search.start_before(dot) {
            Some(start) => search.take(&start),
            None => dot + 1,
        };
    }
    search.found
}

struct Search<'a> {
    text: &'a str,
    grammar: Grammar,
    needs_scheme: bool,
    /// Where the last URL ended: neither a URL nor the character before it begins earlier.
    free: usize,
    /// No host begins with a label that begins up to here.
    dead: Option<usize>,
    found: Vec<Range<usize>>,
}

/// Where a URL begins.
struct Start {
    /// Its first byte.
    at: usize,
    /// Its host.
    host: Range<usize>,
    /// The character before it.
    before: Option<char>,
}

impl Start {
    fn has_scheme(&self) -> bool {
        self.at < self.host.start
    }
}

impl Search<'_> {
    /// The URL whose host begins in the label that a full stop ends.
    fn start_before(&mut self, dot: usize) -> Option<Start> {
        let free = self.text.get(self.free..dot)?;
        let label = free.trim_end_matches(|c| is_host(c) || matches!(c, '-' | '_'));
        let label = self.free + label.len()..dot;
        char_before(self.text.get(label.clone())?, label.len()).filter(|&c| is_host(c))?;
        let (end, earliest) = match self.chain_end(dot + 1) {
            Some(end) => (end, label.start),
            // The label is the domain's own, in which no underscore may stand.
            None => {
                let underscore = self.text.get(label.clone())?.rfind('_');
                (tld_end(self.text, dot + 1)?, underscore.map_or(label.start, |at| label.start + at + 1))
            }
        };
        if earliest == label.start
            && let Some(start) = self.with_scheme(label.start..end)
        {
            return Some(start);
        }
        self.without_scheme(label, earliest, end)
    }

    /// Where the host ends whose second label begins at `at`; `None` when no full stop behind `at` is followed
    /// by a top-level domain.
    fn chain_end(&mut self, at: usize) -> Option<usize> {
        if self.dead.is_some_and(|dead| at <= dead) {
            return None;
        }
        let mut here = at;
        let mut end = None;
        while let Some((dot, has_underscore)) = self.label_from(here) {
            here = dot + 1;
            if !has_underscore {
                end = tld_end(self.text, here).or(end);
            }
        }
        if end.is_none() {
            self.dead = Some(here);
        }
        end
    }

    /// The full stop that ends the label which begins at `at`, and whether an underscore stands in it.
    fn label_from(&self, at: usize) -> Option<(usize, bool)> {
        let rest = self.text.get(at..)?;
        let length = rest.find(|c| !(is_host(c) || matches!(c, '-' | '_')))?;
        let (label, after) = rest.split_at_checked(length)?;
        let sound = after.starts_with('.') && label.starts_with(is_host) && label.ends_with(is_host);
        sound.then(|| (at + length, label.contains('_')))
    }

    /// The URL of this host, when a scheme stands before it.
    fn with_scheme(&self, host: Range<usize>) -> Option<Start> {
        char_at(self.text, host.start).filter(|&c| is_host(c))?;
        let free = self.text.get(self.free..host.start)?;
        let scheme = ["http://", "https://"].into_iter().find(|scheme| {
            let at = free.len().checked_sub(scheme.len()).and_then(|at| free.get(at..));
            at.is_some_and(|end| end.eq_ignore_ascii_case(scheme))
        })?;
        let at = host.start - scheme.len();
        let before = char_before(free, free.len() - scheme.len());
        (at == 0 || before.is_some_and(may_precede)).then_some(Start { at, host, before })
    }

    /// The URL that begins in a label, at `earliest` or later: behind the first character that may precede one
    /// and is free. At the very start of a text none is needed, yet one is looked for first.
    ///
    /// To twitter-text, which reads UTF-16, a character outside the basic plane is two, the first of which may
    /// precede the second.
    fn without_scheme(&self, label: Range<usize>, earliest: usize, end: usize) -> Option<Start> {
        let begins =
            |at: &usize| (earliest..label.end).contains(at) && char_at(self.text, *at).is_some_and(is_host);
        let start = |(at, before)| Start { at, host: at..end, before };
        let ahead = char_before(self.text, label.start).filter(|_| label.start > self.free);
        if ahead.is_some_and(may_precede) && begins(&label.start) {
            return Some(start((label.start, ahead)));
        }
        let within = self.text.get(label.clone())?.char_indices();
        let places = within.filter(|&(_, c)| may_precede(c)).flat_map(|(at, c)| {
            let at = label.start + at;
            let itself = (c.len_utf16() == 2).then_some((at, None));
            itself.into_iter().chain([(at + c.len_utf8(), Some(c))])
        });
        let first = places.into_iter().find(|(at, _)| begins(at));
        let second = char_at(self.text, 0).map(char::len_utf8);
        if label.start == 0 && begins(&0) && first.map(|(at, _)| at) != second {
            return Some(start((0, None)));
        }
        first.map(start)
    }

    /// Takes a URL, if all of it is valid, and says where to look on.
    fn take(&mut self, start: &Start) -> usize {
        let port = port_end(self.text, start.host.end);
        let path = self.grammar.path_end(self.text, port);
        let end = self.grammar.query_end(self.text, path);
        self.free = end;
        if !self.is_valid(start, end) {
            return end;
        }
        if start.has_scheme() {
            self.found.extend(self.shortened(start.at..end));
        } else if !self.needs_scheme && !matches!(start.before, Some('-' | '_' | '.' | '/')) {
            self.take_bare(&start.host, (path > port).then_some(end));
        }
        end
    }

    fn is_valid(&self, start: &Start, end: usize) -> bool {
        let Some(host) = self.text.get(start.host.clone()) else { return false };
        let scheme = if start.has_scheme() { start.host.start - start.at } else { "https://".len() };
        let url = self.text.get(start.at..end).unwrap_or_default();
        // What is encoded already cannot hold other characters.
        let encoded = host.starts_with("xn--") && bare_hosts(host, 0).next().is_none();
        !encoded
            && host.split('.').all(|label| encoded_length(label).is_some())
            && scheme + url.encode_utf16().count() <= URL_MAX
    }

    /// Of X's own short links only the slug counts, and what has too long a one is none.
    fn shortened(&self, url: Range<usize>) -> Option<Range<usize>> {
        let text = self.text.get(url.clone())?;
        let prefixes = ["http://t.co/", "https://t.co/"].into_iter();
        let Some(slug) = prefixes.filter_map(|prefix| strip_prefix_ignoring_case(text, prefix)).next() else {
            return Some(url);
        };
        let length = slug.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if length == 0 {
            return Some(url);
        }
        let end = url.end - slug.len() + length;
        let query = Grammar::X.query_end(self.text.get(..url.end)?, end);
        (length <= SLUG_MAX).then_some(url.start..query)
    }

    /// Takes the Latin hosts within a host that stands without a scheme. `path_end` belongs to the last.
    fn take_bare(&mut self, host: &Range<usize>, path_end: Option<usize>) {
        let Some(within) = self.text.get(..host.end) else { return };
        let known = self.found.len();
        self.found.extend(bare_hosts(within, host.start));
        if let (Some(last), Some(end)) = (self.found.get_mut(known..).and_then(<[_]>::last_mut), path_end) {
            last.end = end;
        }
    }
}

/// What may stand before a URL.
fn may_precede(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || matches!(c, '@' | '＠' | '$') || is_hash(c) || is_invalid_on_x(c))
}

/// The hosts of Latin letters in a text from `at` on, each with its top-level domain.
fn bare_hosts(text: &str, at: usize) -> impl Iterator<Item = Range<usize>> {
    let label_end = |at: usize| {
        let rest = text.get(at..)?;
        let length = rest.find(|c| !is_bare_host(c))?;
        (length > 0 && rest.get(length..)?.starts_with('.')).then_some(at + length)
    };
    let mut at = at;
    std::iter::from_fn(move || {
        loop {
            at += text.get(at..)?.find(is_bare_host)?;
            let start = at;
            let mut end = None;
            while let Some(dot) = label_end(at) {
                at = dot + 1;
                end = tld_end(text, at).or(end);
            }
            if let Some(end) = end {
                at = end;
                return Some(start..end);
            }
            at += text.get(at..)?.find(|c| !is_bare_host(c))?;
        }
    })
}

/// The length of a label in its encoded form (RFC 3492), if it is a valid one. As in twitter-text, the full
/// stops of other scripts split it, and it is encoded as it stands.
fn encoded_length(label: &str) -> Option<usize> {
    if label.is_ascii() {
        return Some(label.len()).filter(|length| (1..=LABEL_MAX).contains(length));
    }
    // No encoding is shorter than its characters, so only short labels are encoded at all.
    label.char_indices().nth(LABEL_MAX).is_none().then_some(())?;
    let parts = label.split(['\u{3002}', '\u{FF0E}', '\u{FF61}']).map(|part| {
        let encoded = if part.is_ascii() { Some(part.len()) } else { punycode(part) };
        encoded.map(|length| length + 1)
    });
    let length = parts.sum::<Option<usize>>()?.saturating_sub(1);
    (1..=LABEL_MAX).contains(&length).then_some(length)
}

fn punycode(label: &str) -> Option<usize> {
    idna::punycode::encode_str(label).map(|encoded| "xn--".len() + encoded.len())
}
