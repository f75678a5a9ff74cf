//! Personal data and secrets, recognised by their form and their check digits.

mod email;
mod iban;
mod numbers;
mod phone;
mod secrets;

use std::ops::Range;

use regex::Regex;

use self::numbers::Groups;
use super::plain::Plain;
use crate::domain::content::rule::PersonalData;

/// All personal data and secrets in a text, whoever looks for them.
#[derive(Debug)]
pub(super) struct Detected<'a> {
    plain: Plain<'a>,
    ibans: Vec<Range<usize>>,
    cards: Vec<Range<usize>>,
    phones: Vec<Range<usize>>,
    bsns: Vec<Range<usize>>,
    emails: Vec<Range<usize>>,
    secrets: Vec<Range<usize>>,
}

impl<'a> Detected<'a> {
    pub(super) fn in_text(text: &'a str) -> Self {
        let plain = Plain::new(text);
        let groups = Groups::of(&plain);
        let ibans = iban::find(&plain, &groups);
        let mut cards = numbers::cards(&plain, &groups);
        cards.retain(|card| !meets(card, &ibans));
        let mut phones = phone::find(&plain, &groups);
        phones.retain(|phone| !meets(phone, &ibans));
        let mut bsns = numbers::bsns(&plain, &groups);
        bsns.retain(|bsn| ![&ibans, &cards, &phones].into_iter().any(|others| meets(bsn, others)));
        let emails = email::find(&plain);
        let secrets = secrets::find(&plain);
        Self { plain, ibans, cards, phones, bsns, emails, secrets }
    }

    /// The places of one kind in the text. `national` tells how phone numbers of the country look, which are
    /// then no citizen service numbers either.
    pub(super) fn of(&self, kind: PersonalData, national: Option<&Regex>) -> Vec<Range<usize>> {
        let national = || national.map(|pattern| phone::national(&self.plain, pattern)).unwrap_or_default();
        let mut found = match kind {
            PersonalData::Iban => self.ibans.clone(),
            PersonalData::Bsn => self.bsns.clone(),
            PersonalData::PaymentCard => self.cards.clone(),
            PersonalData::Phone => self.phones.clone(),
            PersonalData::Email => self.emails.clone(),
            PersonalData::Secret => self.secrets.clone(),
        };
        if kind == PersonalData::Phone {
            found.extend(national().into_iter().filter(|phone| !meets(phone, &self.ibans)));
        } else if kind == PersonalData::Bsn && !found.is_empty() {
            let phones = national();
            found.retain(|bsn| !meets(bsn, &phones));
        }
        found.iter().filter_map(|range| self.plain.place(range)).collect()
    }
}

/// The code of a violation by a kind.
pub(super) const fn code(kind: PersonalData) -> &'static str {
    match kind {
        PersonalData::Iban => "iban",
        PersonalData::Bsn => "bsn",
        PersonalData::PaymentCard => "payment_card",
        PersonalData::Phone => "phone",
        PersonalData::Email => "email",
        PersonalData::Secret => "secret",
    }
}

fn meets(range: &Range<usize>, others: &[Range<usize>]) -> bool {
    others.iter().any(|other| range.start < other.end && other.start < range.end)
}
