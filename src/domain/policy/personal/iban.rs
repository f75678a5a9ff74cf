//! Bank accounts: ISO 13616.

use std::ops::Range;

use super::numbers::Groups;
use crate::domain::policy::plain::{Plain, is_word};

/// The length of an IBAN by country: the IBAN registry of SWIFT, release 101 (<https://www.swift.com/node/11971>),
/// whole. What countries outside it call IBAN is none by ISO 13616.
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// Accounts whose length and check digits are right. One or two blanks, dots, hyphens or underscores may
/// stand between characters, and letters may be small.
pub(super) fn find(plain: &Plain<'_>, groups: &Groups) -> Vec<Range<usize>> {
    let starts =
        groups.iter().filter(|group| group.len() >= 2).filter_map(|group| group.start.checked_sub(2));
    starts.filter_map(|start| at(plain, start)).collect()
}

/// The account that starts at a place.
fn at(plain: &Plain<'_>, start: usize) -> Option<Range<usize>> {
    let country = plain.text().get(start..start + 2)?.to_ascii_uppercase();
    let (_, length) = LENGTHS.iter().find(|(known, _)| *known == country)?;
    if is_word(plain.before(start)) {
        return None;
    }
    let mut account = Vec::with_capacity(*length);
    let mut end = start;
    while account.len() < *length {
        let byte = plain.at(end);
        if byte.is_ascii_alphanumeric() {
            account.push(byte.to_ascii_uppercase());
        } else if !is_gap(byte) || (is_gap(plain.before(end)) && is_gap(plain.before(end - 1))) {
            return None;
        }
        end += 1;
    }
    (!is_word(plain.at(end)) && remainder(&account) == 1).then_some(start..end)
}

const fn is_gap(byte: u8) -> bool {
    matches!(byte, b' ' | b'.' | b'-' | b'_')
}

/// The remainder by 97 (ISO/IEC 7064) of an account, whose first four characters count last.
fn remainder(account: &[u8]) -> u32 {
    let (head, tail) = account.split_at_checked(4).unwrap_or_default();
    tail.iter().chain(head).fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.saturating_sub(b'A')) + 10) % 97,
    })
}
