//! Phone numbers: international ones by ITU-T E.164, national ones by a pattern of the house.

use std::ops::Range;

use regex::Regex;

use super::numbers::Groups;
use crate::domain::policy::plain::{Plain, is_word};

/// The digits of an international number, its country's included.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// Numbers that start with `+` or `00`, with blanks, dots, hyphens, slashes and brackets between digits.
pub(super) fn find(plain: &Plain<'_>, groups: &Groups) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for group in groups.iter() {
        if found.last().is_none_or(|last| last.end <= group.start)
            && let Some(number) = at(plain, group)
        {
            found.push(number);
        }
    }
    found
}

/// The number whose first digits are a group.
fn at(plain: &Plain<'_>, group: &Range<usize>) -> Option<Range<usize>> {
    let before = plain.before(group.start);
    let (start, first) = match before {
        b'+' => (group.start - 1, group.start),
        // `+(31)`
        b'(' if plain.before(group.start - 1) == b'+' => (group.start - 2, group.start),
        _ if plain.text().get(group.clone())?.starts_with("00") => (group.start, group.start + 2),
        _ => return None,
    };
    let outside = plain.before(start);
    let is_joined =
        matches!(outside, b'.' | b',' | b'-' | b'/' | b':') && plain.before(start - 1).is_ascii_digit();
    let end = end(plain, first)?;
    let is_free = !is_word(outside) && outside != b'+' && !is_joined;
    (is_free && !is_thousands(plain.text().get(first..end)?)).then_some(start..end)
}

/// Where the longest number ends whose digits start at `first`, possibly after a separator.
fn end(plain: &Plain<'_>, first: usize) -> Option<usize> {
    let (mut count, mut gap, mut best) = (0, 0, None);
    let mut at = first;
    loop {
        let byte = plain.at(at);
        if byte.is_ascii_digit() {
            // No country's code starts with a zero.
            if count == 0 && byte == b'0' {
                return None;
            }
            count += 1;
            gap = 0;
            if DIGITS.contains(&count) && !is_word(plain.at(at + 1)) {
                best = Some(at + 1);
            }
        } else if matches!(byte, b' ' | b'.' | b'-' | b'/' | b'(' | b')') && gap < 3 {
            gap += 1;
        } else {
            return best;
        }
        if count > *DIGITS.end() || at >= plain.text().len() {
            return best;
        }
        at += 1;
    }
}

/// Whether digits are written as an amount: `10.000.000`.
fn is_thousands(text: &str) -> bool {
    let mut groups = text.split('.');
    let is_number = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    groups.next().is_some_and(|first| first.len() <= 3 && is_number(first))
        && groups.all(|group| group.len() == 3 && is_number(group))
}

/// Numbers as they are written within the country, which do not lie within longer numbers or words.
pub(super) fn national(plain: &Plain<'_>, pattern: &Regex) -> Vec<Range<usize>> {
    let free = |range: &Range<usize>| !is_word(plain.before(range.start)) && !is_word(plain.at(range.end));
    pattern.find_iter(plain.text()).map(|found| found.range()).filter(free).collect()
}
