//! What rules find in the texts of a post and in comments, each at its place.
//!
//! Rules look at a post's copies, headline, credit and the address of its link; not at its hashtags, nor at
//! the parameters that its link is tracked by. The title and the tips stay in the house. Headline, credit and link go with copies of every
//! language, so they are looked at in each of them. Wording that is required belongs in the copy: a
//! headline or a comment without it misses nothing.

use serde_json::json;

use super::content::Post;
use super::content::rule::{Condition, OnExisting, Rule, Scope, Severity};
use super::policy::{Policy, Subject, Violation};
use super::time::Time;
use crate::error::Fault;

/// Something that a rule found, or missed, and in which text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The text, as a JSON pointer into the request: `/content/copies/0/text`, `/comment`.
    pub pointer: String,
    /// What was found.
    pub violation: Violation,
}

impl Finding {
    /// Whether the text is refused for it.
    pub fn blocks(&self) -> bool {
        self.violation.severity == Severity::Block
    }

    /// The finding as a fault of the request.
    pub fn fault(&self) -> Fault {
        let Violation { rule, code, severity, reason, span } = &self.violation;
        let fault = Fault::body(&self.pointer, code, reason.as_str())
            .with("rule", json!({ "id": rule.item, "revision": rule.revision }))
            .with("severity", json!(severity))
            .with("reason", reason.as_str());
        match span {
            Some(span) => fault.with("start", json!(span.start)).with("end", json!(span.end)),
            None => fault,
        }
    }
}

/// Everything that rules find in a post.
pub fn in_post(policy: &Policy, post: &Post, now: Time) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, copy) in post.copies.iter().enumerate() {
        let subject = Subject {
            scope: Scope::Copy,
            text: &copy.text,
            language: &copy.language,
            topics: &post.topics,
            now,
        };
        let pointer = || format!("/content/copies/{at}/text");
        found.extend(
            policy.check(&subject).into_iter().map(|it| Finding { pointer: pointer(), violation: it }),
        );
    }
    let link = post.link.as_ref().map(|link| link.url.as_str());
    let beside = [
        ("/content/headline", post.headline.as_deref()),
        ("/content/credit", post.credit.as_deref()),
        ("/content/link/url", link),
    ];
    for (pointer, text) in beside {
        let Some(text) = text else { continue };
        found.extend(beside_copies(policy, post, pointer, text, now));
    }
    found
}

/// What rules find in a text that goes with copies of every language, each once. It has no topics of its
/// own, since no wording is required of it.
fn beside_copies(policy: &Policy, post: &Post, pointer: &str, text: &str, now: Time) -> Vec<Finding> {
    let mut languages: Vec<&str> = post.copies.iter().map(|copy| copy.language.as_str()).collect();
    languages.sort_unstable();
    languages.dedup();
    let mut found: Vec<Finding> = Vec::new();
    for language in languages {
        let subject = Subject { scope: Scope::Copy, text, language, topics: &[], now };
        for violation in policy.check(&subject).into_iter().filter(|violation| violation.span.is_some()) {
            let finding = Finding { pointer: pointer.to_owned(), violation };
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
    }
    found
}

/// Everything that rules find in a comment on a post about these topics, beside a copy of this language.
pub fn in_comment(
    policy: &Policy,
    comment: &str,
    language: &str,
    topics: &[String],
    now: Time,
) -> Vec<Finding> {
    let subject = Subject { scope: Scope::Comment, text: comment, language, topics, now };
    let found = policy.check(&subject).into_iter().filter(|violation| violation.span.is_some());
    found.map(|violation| Finding { pointer: "/comment".to_owned(), violation }).collect()
}

/// When a rule ends by itself.
pub fn ends(rule: &Rule) -> Option<Time> {
    match rule.condition {
        Condition::CodeNames { until, .. } => Some(until),
        _ => None,
    }
}

/// Whether posts that are live when the rule comes into force are blocked where they break it. A rule that
/// only warns blocks nothing.
pub fn blocks_existing(rule: &Rule) -> bool {
    rule.severity == Severity::Block && rule.on_existing == OnExisting::Block
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::{Digest, ItemId};
    use crate::domain::revision::Source;
    use crate::error::At;

    fn policy(change: Value) -> Policy {
        let mut rule = json!({
            "name": "No promises",
            "condition": { "phrases": { "any_of": ["guaranteed"] } },
            "severity": "block",
            "scope": ["copy", "comment"],
            "reason": "Promise nothing.",
        });
        rule.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let item = ItemId::from_uuid(Uuid::from_u128(7));
        let source = Source { item, revision: 3, digest: Digest::of(b"rule") };
        Policy::new(vec![(source, serde_json::from_value(rule).unwrap())]).unwrap()
    }

    fn post() -> Post {
        serde_json::from_value(json!({
            "title": "guaranteed",
            "tips": "guaranteed",
            "headline": "Guaranteed",
            "credit": "guaranteed by us",
            "link": { "url": "https://www.example.com/guaranteed" },
            "copies": [
                { "id": "a", "language": "en", "text": "guaranteed" },
                { "id": "b", "language": "nl", "text": "guaranteed" },
            ],
            "channels": ["x"],
            "topics": ["finance"],
        }))
        .unwrap()
    }

    fn places(policy: &Policy) -> Vec<String> {
        let found = in_post(policy, &post(), Time::from_micros(0));
        found.into_iter().map(|finding| finding.pointer).collect()
    }

    #[test]
    fn r10_every_text_that_a_network_sees_is_looked_at_once() {
        let beside = ["/content/headline", "/content/credit", "/content/link/url"];
        let copies = ["/content/copies/0/text", "/content/copies/1/text"];
        assert_eq!(places(&policy(json!({}))), [copies.as_slice(), &beside].concat());
        let dutch = policy(json!({ "languages": ["nl"] }));
        assert_eq!(places(&dutch), ["/content/copies/1/text", beside[0], beside[1], beside[2]]);
        assert!(places(&policy(json!({ "scope": ["comment"] }))).is_empty());
    }

    #[test]
    fn links_lead_to_allowed_domains_in_copies_and_of_posts() {
        let allowed = policy(json!({ "condition": { "link_domains": { "allowed": ["example.com"] } } }));
        let places = |link: &str, copy: &str| {
            let mut post = post();
            post.link.as_mut().unwrap().url = link.to_owned();
            post.copies[0].text = copy.to_owned();
            let found = in_post(&allowed, &post, Time::from_micros(0));
            found.into_iter().map(|finding| finding.pointer).collect::<Vec<_>>()
        };
        for ours in ["https://www.example.com/a", "https://EXAMPLE.com:8443/?u=https://evil.example"] {
            assert!(places(ours, ours).is_empty(), "{ours}");
        }
        for other in
            ["https://example.com.evil.example", "https://example.com@evil.example/", "https://1.2.3.4"]
        {
            assert_eq!(places(other, other), ["/content/copies/0/text", "/content/link/url"], "{other}");
        }
    }

    #[test]
    fn r18_a_finding_is_a_fault_at_its_place() {
        let found = in_comment(&policy(json!({})), "A job, guaranteed!", "en", &[], Time::from_micros(0));
        let fault = found.first().unwrap().fault();
        assert_eq!(fault.at, At::Pointer("#/comment".to_owned()));
        assert_eq!(
            (fault.detail.as_str(), fault.extra.get("severity")),
            ("Promise nothing.", Some(&json!("block")))
        );
        assert_eq!(fault.extra.get("rule").unwrap()["revision"], 3);
        assert_eq!(fault.extra.get("start").unwrap()["code_points"], 7);
        assert_eq!(fault.extra.get("end").unwrap()["utf8"], 17);
    }
}
