//! Finds what some client would make a link of, however it is spelled.
//!
//! The networks' own finders know what a network counts. A text is also read in apps, in mails and on sites
//! that copy it, each with a finder of its own, and a link that nobody saw is a risk for the company, where one
//! too many costs a writer a blank. So whatever could be a link is one: the ground is that of the widest finders
//! in use, read in the spelling of browsers (`Spelling`).
//!
//! | what | source |
//! | --- | --- |
//! | any `scheme://`, with backslashes too where browsers take them | RFC 3986; URL standard, "special" schemes |
//! | `//host.name` | linkify-it |
//! | `host.tld` in any script, behind anything but an at sign, with underscores too | Android's `AUTOLINK_WEB_URL` |
//! | `www.anything` | GitHub Flavored Markdown, extended autolinks |
//! | `1.2.3.4` with a port or path | Android's `AUTOLINK_WEB_URL`, without them too |
//!
//! Where words are written without blanks, all of a run of letters is the host: of `詳細はa.com` some clients
//! link all, which is another domain than `a.com`. Left out is what would be found in nearly every text: a
//! version number, an address of e-mail (but one with a path is a link with a user's name in it), and, after an
//! ideographic full stop, a word that only happens to be a top-level domain.

#[cfg(test)]
mod tests;

use std::ops::Range;

use super::classes::{char_before, is_letter_mark_or_digit, is_symbol};
use super::hosts::is_web;
use super::paths::port_end;
use super::spelling::{IDEOGRAPHIC_STOP, Spelling};
use super::tlds::top_end;

/// The longest name of a user in an address of e-mail (RFC 5321, section 4.5.3.1.1).
const USER_MAX: usize = 64;

/// The longest name of a host (RFC 1035).
const HOST_MAX: usize = 253;

/// The links in a text; they may overlap.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let spelling = Spelling::new(text);
    let plain = spelling.text();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(run) = next_run(plain, at) {
        let link = with_scheme(plain, &run).or_else(|| relative(plain, &run)).or_else(|| bare(plain, &run));
        at = link.as_ref().map_or(run.end, |link| link.end);
        found.extend(link.and_then(|link| spelling.place(&link)));
    }
    found
}

/// What a label of a host may hold: letters, marks and digits of all scripts, symbols such as emoji, hyphens and
/// underscores. The mark of keycaps ends a number in front of a host.
fn is_host(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    }
    c != '\u{20E3}' && (is_letter_mark_or_digit(c) || is_symbol(c))
}

const fn is_dot(c: char) -> bool {
    matches!(c, '.' | IDEOGRAPHIC_STOP)
}

/// The next labels, from `at` on, with a dot between each two of them.
fn next_run(plain: &str, at: usize) -> Option<Range<usize>> {
    let start = at + plain.get(at..)?.find(is_host)?;
    let mut end = start;
    for (offset, c) in plain.get(start..)?.char_indices() {
        if is_host(c) {
            end = start + offset + c.len_utf8();
        } else if !is_dot(c) || end < start + offset {
            break;
        }
    }
    Some(start..end)
}

/// The link whose scheme a run ends with.
fn with_scheme(plain: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let after = plain.get(run.end..)?.strip_prefix(':')?;
    let scheme = scheme(plain.get(run.clone())?)?;
    let is_slash = |c| c == '/' || (c == '\\' && is_web(scheme));
    let address = after.strip_prefix(is_slash)?.strip_prefix(is_slash)?;
    let from = plain.len() - address.len();
    let end = address_end(plain, from);
    (end > from).then(|| run.end - scheme.len()..end)
}

/// The scheme that a run ends with (RFC 3986, section 3.1); of the web, whatever stands before it.
fn scheme(run: &str) -> Option<&str> {
    let name = run.rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))).next()?;
    let name = name.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let web = ["https", "http"].into_iter().find_map(|web| {
        let end = name.get(name.len().checked_sub(web.len())?..)?;
        end.eq_ignore_ascii_case(web).then_some(end)
    });
    web.or(Some(name)).filter(|name| !name.is_empty())
}

/// The link that a run stands in behind two slashes alone. Its host has a dot in it, so that a comment in a
/// piece of code is none.
fn relative(plain: &str, run: &Range<usize>) -> Option<Range<usize>> {
    plain.get(..run.start)?.ends_with("//").then_some(())?;
    let authority = plain.get(run.start..authority_end(plain, run.start))?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split(|c| !(is_host(c) || is_dot(c))).next()?.trim_end_matches(is_dot);
    let has_dot = host.contains('.') && host.split('.').all(|label| !label.is_empty());
    let is_host = has_dot || host.eq_ignore_ascii_case("localhost");
    is_host.then(|| run.start - "//".len()..address_end(plain, run.start))
}

/// The link that begins with a host, and with a user's name where a port or path follows.
fn bare(plain: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let start = host_start(plain, run);
    let named = named_end(plain, run).or_else(|| www_end(plain, start..run.end));
    let host_end = named.or_else(|| numeric_end(plain, run))?;
    let end = tail_end(plain, host_end);
    let has_tail = end > host_end && !plain.get(host_end..)?.starts_with(['?', '#']);
    let user = plain.get(..run.start)?.strip_suffix('@');
    if is_user(plain.get(run.end..)?) || (!has_tail && (named.is_none() || user.is_some())) {
        return None;
    }
    let is_user_part = |c| is_user_name(c) || c == ':';
    let start = user.map_or(start, |before| before.trim_end_matches(is_user_part).len());
    Some(start..end)
}

/// Where the host begins in a run: behind the symbols, hyphens and underscores that a writer put in front, which
/// no registry has at the start of a domain; with them if there is nothing else before the first dot.
fn host_start(plain: &str, run: &Range<usize>) -> usize {
    let text = plain.get(run.clone()).unwrap_or_default();
    let host = text.trim_start_matches(|c| matches!(c, '-' | '_') || is_symbol(c));
    if host.is_empty() || host.starts_with(is_dot) { run.start } else { run.end - host.len() }
}

/// Where the last top-level domain of a run ends.
///
/// One behind an ideographic full stop counts only if nothing but a port or path follows: otherwise it is the
/// first word of the next sentence. In a host that is all ASCII, no sentence is mistaken for one.
fn named_end(plain: &str, run: &Range<usize>) -> Option<usize> {
    let text = plain.get(run.clone())?;
    let ascii = text.find(|c: char| !c.is_ascii() && !is_dot(c)).unwrap_or(text.len());
    let mut dots = text.char_indices().rev().filter(|(_, c)| is_dot(*c));
    dots.find_map(|(at, dot)| {
        let end = top_end(plain, run.start + at + dot.len_utf8())?;
        let after = plain.get(end..)?;
        let is_last = || after.is_empty() || after.starts_with(char::is_whitespace);
        let counts = dot == '.' || run.start + ascii >= end || is_last() || tail_end(plain, end) > end;
        counts.then_some(end)
    })
}

/// Where a run ends that begins with `www` and a dot.
fn www_end(plain: &str, run: Range<usize>) -> Option<usize> {
    let (first, _) = plain.get(run.clone())?.split_once(is_dot)?;
    first.eq_ignore_ascii_case("www").then_some(run.end)
}

/// Where a run ends that is four numbers.
fn numeric_end(plain: &str, run: &Range<usize>) -> Option<usize> {
    let text = plain.get(run.clone())?;
    let is_number = |label: &str| label.len() <= 3 && label.bytes().all(|byte| byte.is_ascii_digit());
    (text.split(is_dot).count() == 4 && text.split(is_dot).all(is_number)).then_some(run.end)
}

/// Whether what follows a run makes of it the name of a user in an address of e-mail.
fn is_user(after: &str) -> bool {
    let name =
        after.chars().take(USER_MAX).take_while(|c| is_user_name(*c)).map(char::len_utf8).sum::<usize>();
    let host = after.get(name..).and_then(|rest| rest.strip_prefix('@')).unwrap_or_default();
    let host: String = host.chars().take(HOST_MAX).take_while(|c| is_host(*c) || is_dot(*c)).collect();
    !host.starts_with(is_dot) && host.trim_end_matches(is_dot).contains(is_dot)
}

fn is_user_name(c: char) -> bool {
    is_host(c) || matches!(c, '.' | '+' | '%' | '\'' | '&' | '~')
}

/// Where the port and the path end that follow a host; a dot may end the host.
fn tail_end(plain: &str, host_end: usize) -> usize {
    let rest = plain.get(host_end..).unwrap_or_default();
    let at = if rest.starts_with("./") || rest.starts_with(".:") { host_end + 1 } else { host_end };
    let port = port_end(plain, at);
    let has_path = plain.get(port..).is_some_and(|rest| rest.starts_with(['/', '\\', '?', '#']));
    let end = if has_path { address_end(plain, port) } else { port };
    if end > at { end } else { host_end }
}

/// What may stand in front of a path: a host, its port, and the name and password of a user.
fn is_authority(c: char) -> bool {
    is_host(c) || is_dot(c) || "@:%~!$&'()*+,;=".contains(c)
}

/// What may stand in a path. It is what the narrowest of the wide finders takes, so that what follows is looked
/// at too.
fn is_path(c: char) -> bool {
    (is_authority(c) && c != IDEOGRAPHIC_STOP) || matches!(c, '/' | '\\' | '?' | '#')
}

/// Where the authority ends (RFC 3986, section 3.2) that begins at `from`.
fn authority_end(plain: &str, from: usize) -> usize {
    let rest = plain.get(from..).unwrap_or_default();
    let is_address = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.');
    let inner = rest.strip_prefix('[').map(|inner| inner.trim_start_matches(is_address));
    let rest = inner.and_then(|inner| inner.strip_prefix(']')).unwrap_or(rest);
    plain.len() - rest.trim_start_matches(is_authority).len()
}

/// Where an address ends that begins with its authority at `from`, without the punctuation of its sentence.
fn address_end(plain: &str, from: usize) -> usize {
    let authority = authority_end(plain, from);
    let rest = plain.get(authority..).unwrap_or_default();
    let has_path = rest.starts_with(['/', '\\', '?', '#']);
    let path = if has_path { rest.trim_start_matches(is_path) } else { rest };
    let address = plain.get(from..plain.len() - path.len()).unwrap_or_default();
    from + without_punctuation(address).len()
}

/// An address without the punctuation at its end, and without the brackets there that were not opened in it.
fn without_punctuation(address: &str) -> &str {
    let mut open = address.matches(')').count().saturating_sub(address.matches('(').count());
    let mut address = address;
    while let Some(last) = char_before(address, address.len()) {
        let is_end = match last {
            ')' => open > 0,
            _ => is_dot(last) || matches!(last, ',' | ';' | ':' | '!' | '?' | '\''),
        };
        if !is_end {
            break;
        }
        open -= usize::from(last == ')');
        address = address.strip_suffix(last).unwrap_or_default();
    }
    address
}
