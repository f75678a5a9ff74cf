//! E-mail addresses.

use std::ops::Range;

use crate::domain::policy::plain::{LETTER, Plain, is_word};

/// Addresses with a dotted host, as mail programs make links of them. Handles of networks
/// (`@name@example.org`) are none.
pub(super) fn find(plain: &Plain<'_>) -> Vec<Range<usize>> {
    plain.text().match_indices('@').filter_map(|(at, _)| address(plain, at)).collect()
}

fn address(plain: &Plain<'_>, at: usize) -> Option<Range<usize>> {
    let (before, rest) = plain.text().split_at_checked(at)?;
    let after = rest.get(1..)?;
    let name = before.bytes().rev().take_while(|byte| is_name(*byte)).count();
    let name = before.get(at - name..)?.trim_start_matches(['.', '\'', '-', '*', '/', '=']);
    let host = after.bytes().take_while(|byte| is_word(*byte) || matches!(byte, b'.' | b'-')).count();
    let host = after.get(..host)?.trim_end_matches(['.', '-']);
    let start = at - name.len();
    let good = !name.is_empty()
        && name.len() <= 64
        && !name.ends_with('.')
        && plain.before(start) != b'@'
        && plain.at(at + 1 + host.len()) != b'@'
        && is_host(host);
    good.then_some(start..at + 1 + host.len())
}

/// The characters of names that are in use (RFC 5321 allows more).
const fn is_name(byte: u8) -> bool {
    is_word(byte)
        || matches!(byte, b'_' | b'.' | b'%' | b'+' | b'-' | b'\'' | b'&' | b'*' | b'/' | b'=' | b'~')
}

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    host.len() <= 253
        && host.split('.').all(is_label)
        && host.rsplit_once('.').is_some_and(|(_, top)| {
            let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == LETTER;
            (top.len() >= 2 || top.as_bytes() == [LETTER]) && top.bytes().all(is_letter)
                || top.starts_with("xn--")
        })
}
