//! What rules cost: the time that a policy needs for a text, by the text's length and the number of rules.
//!
//! `cargo bench --bench policy`; arguments that follow `--` choose sections by their names.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use greenlight::domain::content::Rule;
use greenlight::domain::content::rule::{Condition, OnExisting, PersonalData, Scope, Severity};
use greenlight::domain::ids::{Digest, ItemId};
use greenlight::domain::policy::{Policy, Subject};
use greenlight::domain::revision::Source;
use greenlight::domain::time::Time;

/// A part of the bench: what it is called, and what it does.
type Section = (&'static str, fn());

const SECTIONS: &[Section] = &[("policy", texts), ("length", lengths), ("phrases", phrases), ("hard", hard)];

fn main() {
    let chosen: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for (name, run) in SECTIONS {
        if chosen.is_empty() || chosen.iter().any(|wanted| wanted == name) {
            run();
            println!();
        }
    }
}

/// The house of the measurements: 1,000 phrases, 50 patterns, all personal data.
fn house() -> Policy {
    policy(1000)
}

fn texts() {
    println!("1,000 phrases, 50 patterns and personal data            median       p99");
    let policy = house();
    for (name, text) in [
        ("300 characters, Dutch", DUTCH.to_owned()),
        ("300 characters, Dutch without accents", DUTCH.replace('é', "e").replace('\u{2019}', "'")),
        ("300 characters, Dutch in capitals", DUTCH.to_uppercase()),
        ("300 characters, numbers and addresses", DATA.to_owned()),
        ("300 characters, Arabic", repeated(ARABIC, 300)),
        ("300 characters, Hindi", repeated(HINDI, 300)),
        ("300 characters, Japanese", repeated(JAPANESE, 300)),
    ] {
        row(name, &measure(&policy, &cut(&text, 300)));
    }
}

fn lengths() {
    println!("characters (same rules)                                 median       p99");
    let policy = house();
    for length in [300, 1000, 3000, 10_000] {
        row(&length.to_string(), &measure(&policy, &repeated(DUTCH, length)));
    }
}

fn phrases() {
    println!("phrases (50 patterns, personal data, 300 characters)    median       p99");
    for number in [10, 1000, 100_000] {
        let began = Instant::now();
        let policy = policy(number);
        let ready = began.elapsed();
        row(&format!("{number} (ready in {} ms)", ready.as_millis()), &measure(&policy, &cut(DUTCH, 300)));
    }
}

/// Texts that somebody writes to keep the server busy.
fn hard() {
    println!("10,000 characters of (same rules)                       median       p99");
    let policy = house();
    for text in [
        "1",
        "1 ",
        "12345 ",
        "00",
        "+1",
        "a@",
        "-eyJ",
        "-----BEGIN ",
        "a\u{301}",
        "\u{301}",
        "🇳",
        "I",
        "NL91 ",
    ] {
        row(&format!("{text:?}"), &measure(&policy, &repeated(text, 10_000)));
    }
}

/// The median and the 99th percentile.
fn row(name: &str, times: &[Duration]) {
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    println!("{name:<50}{:>9.1} µs{:>7.1} µs", micros(at(50)), micros(at(99)));
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The times of single checks of a text, sorted.
fn measure(policy: &Policy, text: &str) -> Vec<Duration> {
    let topics = ["wonen".to_owned()];
    let subject =
        Subject { scope: Scope::Copy, text, language: "nl", topics: &topics, now: Time::from_micros(0) };
    let once = || {
        let began = Instant::now();
        black_box(policy.check(black_box(&subject)));
        began.elapsed()
    };
    let rounds = if text.len() > 1000 { 200 } else { 2000 };
    (0..rounds / 10).for_each(|_| {
        once();
    });
    let mut times: Vec<Duration> = (0..rounds).map(|_| once()).collect();
    times.sort_unstable();
    times
}

/// Rules with so many phrases in all, none of which stands in the texts.
fn policy(phrases: usize) -> Policy {
    let words = [
        "gratis",
        "garantie",
        "rendement",
        "wijn",
        "korting",
        "zwaan",
        "winst",
        "lening",
        "kliniek",
        "casino",
    ];
    let phrase = |number: usize| format!("{} {} {number}", words[number % 10], words[number / 10 % 10]);
    let all: Vec<String> = (0..phrases).map(phrase).collect();
    let mut conditions: Vec<Condition> = all
        .chunks(200)
        .map(|chunk| Condition::Phrases { any_of: chunk.to_vec(), within_words: false })
        .collect();
    let patterns: Vec<String> = (0..50)
        .map(|number| match number % 5 {
            0 => format!(r"\bZB-{number}\d{{4}}\b"),
            1 => format!(r"(?i)\bproject\s+z{number}\w+"),
            2 => format!(r"\b[A-Z]{{3}}-{number}/\d+\b"),
            3 => format!(r"(?i)onder\s+ons\s+{number}"),
            _ => format!(r"€\s?{number}\.\d{{3}}(?:,\d\d)?"),
        })
        .collect();
    conditions.extend(patterns.chunks(10).map(|chunk| Condition::Patterns { any_of: chunk.to_vec() }));
    use PersonalData::{Bsn, Email, Iban, PaymentCard, Phone, Secret};
    conditions.push(Condition::PersonalData {
        kinds: vec![Iban, Bsn, PaymentCard, Phone, Email, Secret],
        national_phone: Some(r"\b0[1-9](?:[ -]?\d){8}\b".to_owned()),
    });
    let rules = conditions.into_iter().map(|condition| (source(), rule(condition))).collect();
    Policy::new(rules).expect("the rules can be evaluated")
}

fn rule(condition: Condition) -> Rule {
    Rule {
        name: "bench".to_owned(),
        condition,
        severity: Severity::Block,
        scope: vec![Scope::Copy, Scope::Comment],
        languages: Vec::new(),
        reason: "bench".to_owned(),
        exceptions: Vec::new(),
        on_existing: OnExisting::List,
    }
}

fn source() -> Source {
    Source { item: ItemId::generate(), revision: 1, digest: Digest::of(b"bench") }
}

/// The first characters of a text.
fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// A text, again and again, up to so many characters.
fn repeated(text: &str, characters: usize) -> String {
    text.chars().cycle().take(characters).collect()
}

const DUTCH: &str = "In onze nieuwe wijk aan de rivier wonen straks 240 gezinnen in huizen die zelf hun energie \
    opwekken. Ik ben trots op de collega\u{2019}s die dit mogelijk maakten 💚\n\nKom zaterdag kijken bij het café op \
    het plein, vanaf 10.30 uur! Lees er alles over op https://zuiver.nl/rivierwijk en stel je vragen. \
    #Zuiver #WonenAanDeRivier #Energie2030";

const DATA: &str = "Bel +31 6 12345678 of 06-12345678, mail jan.devries@example.nl of info@example.nl. IBAN NL91 ABNA \
    0417 1643 00, kaart 4111 1111 1111 1111 tot 12/27, BSN 123456782. Op 12-08-2026 om 10.30 uur, 1.000.000 keer \
    bekeken, kamer 101, order 20260812-778, € 12.345.678,00, versie 1.2.3, postcode 1234 AB. Tot dan! 2026 2027 \
    2028 2029";

const ARABIC: &str = "نحن فخورون بزملائنا الذين جعلوا هذا ممكناً. تفضلوا بزيارتنا يوم السبت في المقهى بالساحة";
const HINDI: &str = "हमें अपने सहयोगियों पर गर्व है जिन्होंने इसे संभव बनाया। शनिवार को चौक पर कैफे में आइए";
const JAPANESE: &str = "川沿いの新しい街では、240世帯がエネルギーを自給する家に暮らします。土曜日に広場のカフェへお越しください。";
