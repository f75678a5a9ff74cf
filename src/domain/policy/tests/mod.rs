#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

mod data;
mod phrases;
mod properties;
mod rules;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::domain::content::Hashtag;
use crate::domain::ids::{Digest, ItemId};

/// A rule with this condition, for all texts.
fn rule(condition: Value) -> Rule {
    let rule = json!({
        "name": "a", "condition": condition, "severity": "block", "scope": ["copy", "comment", "alt"], "reason": "b",
    });
    serde_json::from_value(rule).unwrap()
}

/// What a hashtag that is blocked is to texts.
fn blocked(tag: &str) -> Rule {
    let hashtag: Hashtag =
        serde_json::from_value(json!({ "tag": tag, "blocked": true, "reason": "It was taken." })).unwrap();
    hashtag.ban().unwrap()
}

fn source(number: u128) -> Source {
    Source { item: ItemId::from_uuid(Uuid::from_u128(number)), revision: 1, digest: Digest::of(b"") }
}

fn policy(rules: impl IntoIterator<Item = Rule>) -> Policy {
    Policy::new(rules.into_iter().enumerate().map(|(at, rule)| (source(at as u128), rule)).collect()).unwrap()
}

fn subject(text: &str) -> Subject<'_> {
    Subject { scope: Scope::Copy, text, language: Some("nl"), topics: &[], now: Time::from_micros(0) }
}

/// What a policy finds in a text: the code, and the place as text.
fn finds<'a>(policy: &Policy, text: &'a str) -> Vec<(&'static str, &'a str)> {
    let violations = policy.check(&subject(text));
    violations.into_iter().filter_map(|found| Some((found.code, place(text, &found.span?)))).collect()
}

fn place<'a>(text: &'a str, span: &Span) -> &'a str {
    &text[span.start.utf8..span.end.utf8]
}

/// The places of the phrases in a text, as whole words.
fn found<'a>(phrases: &[&str], text: &'a str) -> Vec<&'a str> {
    let policy = policy([rule(json!({"phrases": {"any_of": phrases}}))]);
    finds(&policy, text).into_iter().map(|(_, place)| place).collect()
}

/// The places of the phrases in a text, in longer words too.
fn found_within<'a>(phrases: &[&str], text: &'a str) -> Vec<&'a str> {
    let policy = policy([rule(json!({"phrases": {"any_of": phrases, "within_words": true}}))]);
    finds(&policy, text).into_iter().map(|(_, place)| place).collect()
}
