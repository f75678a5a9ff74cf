//! Numbers of people and of payment cards, by their check digits.

use std::ops::Range;

use crate::domain::policy::plain::{Plain, is_word};

/// The runs of digits of a text, in order.
#[derive(Debug)]
pub(super) struct Groups(Vec<Range<usize>>);

impl Groups {
    pub(super) fn of(plain: &Plain<'_>) -> Self {
        let mut groups: Vec<Range<usize>> = Vec::new();
        for (at, _) in plain.text().bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
            match groups.last_mut() {
                Some(group) if group.end == at => group.end += 1,
                _ => groups.push(at..at + 1),
            }
        }
        Self(groups)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Range<usize>> {
        self.0.iter()
    }

    /// The groups from one on, as far as the same one of the `separators` joins each to the next; no more
    /// than are needed to see that they are too many for any number.
    fn joined(&self, plain: &Plain<'_>, from: usize, separators: &[u8]) -> &[Range<usize>] {
        let groups = self.0.get(from..).unwrap_or_default();
        let mut used = None;
        let joins = |pair: &&[Range<usize>]| match pair {
            [one, next] => {
                let separator = plain.at(one.end);
                next.start == one.end + 1
                    && separators.contains(&separator)
                    && *used.get_or_insert(separator) == separator
            }
            _ => false,
        };
        let more = groups.windows(2).take(8).take_while(joins).count();
        groups.get(..(more + 1).min(groups.len())).unwrap_or_default()
    }
}

/// Whether a number may start here: it is not the end of a word, of a longer number, or a part of a date.
fn starts_number(plain: &Plain<'_>, start: usize) -> bool {
    let before = plain.before(start);
    let joined = matches!(before, b'.' | b',' | b'-' | b'/' | b':')
        && plain.before(start.saturating_sub(1)).is_ascii_digit();
    !is_word(before) && before != b'+' && !joined
}

/// Whether a number may end here.
fn ends_number(plain: &Plain<'_>, end: usize) -> bool {
    let joined =
        matches!(plain.at(end), b'.' | b',' | b'-' | b'/' | b':') && plain.at(end + 1).is_ascii_digit();
    !is_word(plain.at(end)) && !joined
}

fn digits<'a>(plain: &'a Plain<'_>, range: &Range<usize>) -> impl DoubleEndedIterator<Item = u32> + 'a {
    let bytes = plain.text().get(range.clone()).unwrap_or_default().bytes();
    bytes.filter(u8::is_ascii_digit).map(|byte| u32::from(byte - b'0'))
}

/// Dutch citizen service numbers of 8 or 9 digits that pass the elfproef: in one run, or in groups with
/// blanks or dots between them as people write them.
///
/// One number in eleven passes by chance. So what is written as an amount of money, a date, a phone number or
/// a part of a longer number is left alone.
pub(super) fn bsns(plain: &Plain<'_>, groups: &Groups) -> Vec<Range<usize>> {
    (0..groups.0.len()).filter_map(|from| bsn(plain, groups, from)).collect()
}

fn bsn(plain: &Plain<'_>, groups: &Groups, from: usize) -> Option<Range<usize>> {
    let first = groups.0.get(from)?;
    let before = from.checked_sub(1).and_then(|at| groups.0.get(at));
    let is_after_prefix = before.is_some_and(|group| {
        let is_prefix = plain.at(group.start) == b'0' || plain.before(group.start) == b'+';
        // `06 12345678`, `(020) 12345678`
        first.start <= group.end + 2 && is_prefix
    });
    let is_alone = matches!(first.len(), 8 | 9);
    let chain = if is_alone { std::slice::from_ref(first) } else { groups.joined(plain, from, b" ._") };
    let lengths: Vec<usize> = chain.iter().take(4).map(Range::len).collect();
    let is_dotted = plain.at(first.end) == b'.';
    let is_usual = match lengths.as_slice() {
        [_] => is_alone,
        [3, 3, 3] | [4, 2, 3] | [4, 3, 2] | [3, 2, 3] | [3, 3, 2] => true,
        // With dots, that is how tens of millions are written.
        [2, 3, 3] => !is_dotted,
        _ => false,
    };
    let range = first.start..chain.last()?.end;
    let follows_digits = !is_alone && before.is_some_and(|group| first.start == group.end + 1);
    let stands_free = starts_number(plain, range.start) && ends_number(plain, range.end);
    let good = is_usual
        && stands_free
        && !is_after_prefix
        && !follows_digits
        && !is_amount(plain, range.start)
        && passes_elfproef(plain, &range);
    good.then_some(range)
}

fn is_amount(plain: &Plain<'_>, start: usize) -> bool {
    let before = plain.text().get(..start).unwrap_or_default();
    before.strip_suffix(' ').unwrap_or(before).ends_with('$')
}

/// The sum of nine digits by the weights 9 to 2 and -1 is a multiple of eleven (Logisch Ontwerp BSN; 10 is as
/// good as -1 there). With eight digits, a zero is
/// missing in front, and not a second one.
fn passes_elfproef(plain: &Plain<'_>, range: &Range<usize>) -> bool {
    let number: Vec<u32> = digits(plain, range).collect();
    let (first, second) = (number.first(), number.get(1));
    let has_room =
        if number.len() == 8 { first != Some(&0) } else { first != Some(&0) || second != Some(&0) };
    let weighted =
        number.iter().rev().zip([10, 2, 3, 4, 5, 6, 7, 8, 9]).map(|(digit, weight)| digit * weight);
    has_room && weighted.sum::<u32>().is_multiple_of(11)
}

/// Payment cards of 13 to 19 digits with the prefix and length of a known network and a right check digit,
/// in one run or in groups with blanks or hyphens between them.
pub(super) fn cards(plain: &Plain<'_>, groups: &Groups) -> Vec<Range<usize>> {
    (0..groups.0.len()).filter_map(|from| card(plain, groups, from)).collect()
}

fn card(plain: &Plain<'_>, groups: &Groups, from: usize) -> Option<Range<usize>> {
    let chain = groups.joined(plain, from, b" -_");
    let start = chain.first()?.start;
    // Cards are printed in groups of four to six; a year or an expiry date may follow.
    let whole = chain.iter().take(6).enumerate().take_while(|(at, _)| {
        at.checked_sub(1).and_then(|at| chain.get(at)).is_none_or(|earlier| matches!(earlier.len(), 4..=6))
    });
    let candidates = whole.map(|(_, group)| start..group.end);
    let is_card = |range: &Range<usize>| {
        let number: Vec<u32> = digits(plain, range).collect();
        is_issued(&number) && passes_luhn(&number) && !is_word(plain.at(range.end))
    };
    candidates.filter(is_card).last().filter(|_| starts_number(plain, start))
}

/// The prefixes and lengths of the networks (ISO/IEC 7812). No register of them is public: these are what
/// checkouts and scanners go by in 2026 (<https://github.com/braintree/credit-card-type>,
/// <https://docs.trellix.com/data-and-email/docs/debit-card-number-maestro>, and for Diners Club
/// <https://docs.oracle.com/cd/F14820_01/doc.191/f15052/r_payments_sample_cc_preambles.htm>).
fn is_issued(number: &[u32]) -> bool {
    let prefix = number.iter().take(6).fold(0, |prefix, digit| prefix * 10 + digit);
    let (two, three, four) = (prefix / 10_000, prefix / 1000, prefix / 100);
    let lengths = match (two, three, four) {
        // American Express
        (34 | 37, ..) => 15..=15,
        // Mastercard
        (51..=55, ..) | (_, _, 2221..=2720) => 16..=16,
        // Mir
        (_, _, 2200..=2204) => 16..=19,
        // Diners Club
        (36 | 38 | 39, ..) | (_, 300..=305, _) | (_, _, 3095) => 14..=19,
        // JCB
        (_, _, 3528..=3589) => 16..=19,
        // Maestro of lengths that few others have
        (_, _, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763) => 13..=19,
        // Discover, UnionPay, RuPay
        (62 | 65 | 81, ..) | (_, 606..=608 | 644..=649 | 820, _) | (_, _, 6011) => 16..=19,
        // Maestro, with Bancontact, Elo and Verve among its numbers
        (50 | 56..=58 | 63 | 67, ..) => 16..=19,
        // Visa
        (40..=49, ..) => return matches!(number.len(), 13 | 16 | 18 | 19),
        _ => return false,
    };
    lengths.contains(&number.len())
}

fn passes_luhn(number: &[u32]) -> bool {
    let sum: u32 = number
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    sum.is_multiple_of(10)
}
