//! What rules find in the words of items and in comments, each at its place.
//!
//! Rules look at everything of a post that a network or its readers see: copies, headline, credit, the link
//! with what it is tracked by, and hashtags. The title and the tips stay in the house. What goes with copies
//! of every language is looked at in each of them. Of images rules look at the texts that stand for them and
//! at who made them, also where a post pins them. Wording that is required belongs in the copy: a headline
//! or a comment without it misses nothing. Of a hashtag rules look at the tag, as it stands in texts; the
//! wording of disclaimers, that of the rules and the tags that are blocked are none of theirs.

use serde_json::json;

use super::content::post::Utm;
use super::content::rule::{Condition, OnExisting, Rule, Scope, Severity};
use super::content::{Content, Hashtag, Image, Post, escape};
use super::ids::ItemId;
use super::images::Shown;
use super::policy::{BLOCKED_HASHTAG, LINK_DOMAIN, Policy, Subject, Violation};
use super::revision::Resolved;
use super::span::{Offset, Span};
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

/// What a post names, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'a> {
    /// Its hashtags.
    pub hashtags: &'a [Resolved<Hashtag>],
    /// Its images.
    pub images: &'a [Shown<'a>],
}

/// Everything that rules find in the words of an item, and of what it names. An item does not violate itself: a
/// hashtag that is blocked can be submitted unblocked.
pub fn in_content(
    policy: &Policy,
    id: ItemId,
    content: &Content,
    named: Named<'_>,
    now: Time,
) -> Vec<Finding> {
    let mut found = match content {
        Content::Post(post) => in_post(policy, post, named, now),
        Content::Hashtag(hashtag) => in_hashtag(policy, hashtag, now),
        Content::Image(image) => in_image(policy, image, now),
        Content::Disclaimer(_) | Content::Guideline(_) | Content::Rule(_) => Vec::new(),
    };
    found.retain(|finding| finding.violation.rule.item != id);
    found
}

fn in_post(policy: &Policy, post: &Post, named: Named<'_>, now: Time) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, copy) in post.copies.iter().enumerate() {
        let subject = Subject {
            scope: Scope::Copy,
            text: &copy.text,
            language: Some(&copy.language),
            topics: &post.topics,
            now,
        };
        let pointer = format!("/content/copies/{at}/text");
        found.extend(at_place(&pointer, policy.check(&subject)));
    }
    let languages: Vec<&str> = post.copies.iter().map(|copy| copy.language.as_str()).collect();
    for (pointer, text) in beside_copies(post) {
        found.extend(at_place(&pointer, in_languages(policy, &text, &languages, now)));
    }
    if let Some(link) = &post.link {
        found.extend(at_place("/content/link/url", in_address(policy, &link.url, &languages, now)));
    }
    for (at, key) in post.hashtags.iter().enumerate() {
        let Some(hashtag) = named.hashtags.iter().find(|hashtag| hashtag.key == *key) else { continue };
        let text = format!("#{}", hashtag.content.tag);
        let mut violations = in_languages(policy, &text, &languages, now);
        // What stands at the pointer is the tag's key, in which the place would mean nothing.
        violations.iter_mut().for_each(|violation| violation.span = None);
        found.extend(at_place(&format!("/content/hashtags/{at}"), violations));
    }
    for (at, id) in post.images.iter().enumerate() {
        let Some(shown) = named.images.iter().find(|shown| shown.source.item == *id) else { continue };
        let violations = in_image(policy, shown.image, now).into_iter().map(|finding| finding.violation);
        // What stands at the pointer is the image's id, in which the place would mean nothing.
        let violations = violations.map(|violation| Violation { span: None, ..violation }).collect();
        found.extend(at_place(&format!("/content/images/{at}"), violations));
    }
    found
}

/// What stands for a picture is looked at in its language; its credit in each of them.
fn in_image(policy: &Policy, image: &Image, now: Time) -> Vec<Finding> {
    let about = &image.about;
    let mut found = Vec::new();
    for (tag, text) in &about.alt {
        let subject = Subject { scope: Scope::Alt, text, language: Some(tag), topics: &[], now };
        found.extend(at_place(&format!("/content/alt/{}", escape(tag)), policy.check(&subject)));
    }
    let languages: Vec<&str> = about.alt.keys().map(String::as_str).collect();
    if let Some(credit) = &about.credit {
        found.extend(at_place("/content/credit", in_languages(policy, credit, &languages, now)));
    }
    found
}

/// A tag that is blocked goes with no text: like the words of a rule, it says what may not be written.
fn in_hashtag(policy: &Policy, hashtag: &Hashtag, now: Time) -> Vec<Finding> {
    if hashtag.blocked {
        return Vec::new();
    }
    let languages: Vec<&str> = hashtag.languages.iter().map(String::as_str).collect();
    let mut violations = in_languages(policy, &format!("#{}", hashtag.tag), &languages, now);
    for violation in &mut violations {
        violation.span =
            violation.span.map(|span| Span { start: within_tag(span.start), end: within_tag(span.end) });
    }
    at_place("/content/tag", violations).collect()
}

/// A place after a number sign, in the tag without it.
const fn within_tag(place: Offset) -> Offset {
    Offset {
        code_points: place.code_points.saturating_sub(1),
        utf16: place.utf16.saturating_sub(1),
        utf8: place.utf8.saturating_sub(1),
    }
}

/// The texts of a post that go with copies of every language, by their pointers. The hyphens of slugs are
/// read as blanks, which are as long, so that a name of two words is found in them.
fn beside_copies(post: &Post) -> Vec<(String, String)> {
    let slug = |text: &str| text.replace('-', " ");
    let text = |name: &str, text: Option<&str>| Some((format!("/content/{name}"), text?.to_owned()));
    let utm = post.link.iter().filter_map(|link| link.utm.as_ref()).flat_map(Utm::iter);
    [
        text("headline", post.headline.as_deref()),
        text("credit", post.credit.as_deref()),
        text("campaign", post.campaign.as_deref().map(slug).as_deref()),
    ]
    .into_iter()
    .flatten()
    .chain(utm.map(|(name, value)| (format!("/content/link/utm/{name}"), slug(value))))
    .collect()
}

/// What rules find in an address as it is, and in the words of its path, which hyphens tell apart. What stands
/// behind its number sign is no hashtag.
fn in_address(policy: &Policy, url: &str, languages: &[&str], now: Time) -> Vec<Violation> {
    let mut found = in_languages(policy, url, languages, now);
    let path = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
    let (host, path) = url.split_at_checked(path).unwrap_or((url, ""));
    let start = Offset::default().after(host);
    let words = path.replace(['-', '_', '+'], " ");
    let in_words = in_languages(policy, &words, languages, now).into_iter();
    // An address within an address is a parameter, and leads nowhere by itself.
    for mut violation in in_words.filter(|violation| violation.code != LINK_DOMAIN) {
        let moved = |span: Span| Span { start: span.start.from(start), end: span.end.from(start) };
        violation.span = violation.span.map(moved);
        if !found.contains(&violation) {
            found.push(violation);
        }
    }
    found.retain(|violation| violation.code != BLOCKED_HASHTAG);
    found
}

/// What rules find in a text in any of these languages, each once; none = the language is not known. It has
/// no topics of its own, since no wording is required of it.
fn in_languages(policy: &Policy, text: &str, languages: &[&str], now: Time) -> Vec<Violation> {
    let mut languages: Vec<Option<&str>> = languages.iter().copied().map(Some).collect();
    languages.sort_unstable();
    languages.dedup();
    if languages.is_empty() {
        languages.push(None);
    }
    let mut found: Vec<Violation> = Vec::new();
    for language in languages {
        let subject = Subject { scope: Scope::Copy, text, language, topics: &[], now };
        for violation in policy.check(&subject) {
            if !found.contains(&violation) {
                found.push(violation);
            }
        }
    }
    found
}

fn at_place(pointer: &str, violations: Vec<Violation>) -> impl Iterator<Item = Finding> {
    violations.into_iter().map(move |violation| Finding { pointer: pointer.to_owned(), violation })
}

/// Everything that rules find in a comment. Nobody knows in which language it is, so all apply (R9).
pub fn in_comment(policy: &Policy, comment: &str, now: Time) -> Vec<Finding> {
    let subject = Subject { scope: Scope::Comment, text: comment, language: None, topics: &[], now };
    at_place("/comment", policy.check(&subject)).collect()
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
    use crate::domain::ids::{Digest, ItemId, Key, Kind};
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

    /// No item of these tests.
    fn nobody() -> ItemId {
        ItemId::from_uuid(Uuid::from_u128(99))
    }

    fn post_json() -> Value {
        json!({
            "title": "guaranteed",
            "tips": "guaranteed",
            "headline": "Guaranteed",
            "credit": "guaranteed by us",
            "link": { "url": "https://www.example.com/guaranteed", "utm": { "term": "not-guaranteed-x" } },
            "campaign": "guaranteed-2026",
            "hashtags": ["unknown", "promise"],
            "copies": [
                { "id": "a", "language": "en", "text": "guaranteed" },
                { "id": "b", "language": "nl", "text": "guaranteed" },
            ],
            "channels": ["x"],
            "topics": ["finance"],
        })
    }

    fn post() -> Content {
        Content::parse(Kind::Post, &post_json()).unwrap()
    }

    /// The hashtag that the post names, as far as it is known.
    fn hashtags() -> Vec<Resolved<Hashtag>> {
        let content = serde_json::from_value(json!({ "tag": "WindGuaranteed2026" })).unwrap();
        let (id, key) = (ItemId::from_uuid(Uuid::from_u128(8)), "promise".parse::<Key>().unwrap());
        vec![Resolved { id, key, revision: 1, digest: Digest::of(b"tag"), content }]
    }

    fn places(policy: &Policy) -> Vec<String> {
        let named = Named { hashtags: &hashtags(), images: &[] };
        let found = in_content(policy, nobody(), &post(), named, Time::from_micros(0));
        found.into_iter().map(|finding| finding.pointer).collect()
    }

    #[test]
    fn r10_every_text_that_a_network_sees_is_looked_at_once() {
        let beside = [
            "/content/headline",
            "/content/credit",
            "/content/campaign",
            "/content/link/utm/term",
            "/content/link/url",
            "/content/hashtags/1",
        ];
        let copies = ["/content/copies/0/text", "/content/copies/1/text"];
        assert_eq!(places(&policy(json!({}))), [copies.as_slice(), &beside].concat());
        let dutch = policy(json!({ "languages": ["nl"] }));
        assert_eq!(places(&dutch), [["/content/copies/1/text"].as_slice(), &beside].concat());
        assert!(places(&policy(json!({ "scope": ["comment"] }))).is_empty());
    }

    #[test]
    fn r10_names_are_found_in_slugs_and_paths() {
        let swan = policy(json!({ "condition": { "phrases": { "any_of": ["Project Swan"] } } }));
        let url = "https://www.example.com/news/project-swan?id=1";
        let mut post = post_json();
        post["link"] = json!({ "url": url, "utm": { "id": "project-swan" } });
        post["campaign"] = json!("project-swan-2026");
        let post = Content::parse(Kind::Post, &post).unwrap();
        let found = in_content(&swan, nobody(), &post, Named::default(), Time::from_micros(0));
        let place = |it: &Finding| (it.pointer.clone(), it.violation.span.unwrap().start.utf16);
        let expected = [("/content/campaign", 0), ("/content/link/utm/id", 0), ("/content/link/url", 29)];
        assert_eq!(found.iter().map(place).collect::<Vec<_>>(), expected.map(|(at, n)| (at.to_owned(), n)));
    }

    #[test]
    fn r10_a_tag_is_looked_at_as_it_stands_in_texts() {
        let find = |policy: &Policy, tag: Value| {
            let hashtag = Content::parse(Kind::Hashtag, &tag).unwrap();
            let found = in_content(policy, nobody(), &hashtag, Named::default(), Time::from_micros(0));
            found.into_iter().map(|it| (it.pointer, it.violation.span.unwrap())).collect::<Vec<_>>()
        };
        let tag = json!({ "tag": "WindGuaranteed", "languages": ["en"] });
        let found = find(&policy(json!({})), tag.clone());
        let (pointer, Span { start, end }) = found.first().unwrap();
        assert_eq!((pointer.as_str(), start.utf8, end.utf8), ("/content/tag", 4, 14));
        let dutch = policy(json!({ "languages": ["nl"] }));
        assert!(find(&dutch, tag).is_empty());
        assert_eq!(find(&dutch, json!({ "tag": "Guaranteed" })).len(), 1, "it goes with every language");
        assert!(find(&policy(json!({})), json!({ "tag": "Guaranteedness" })).is_empty());
    }

    #[test]
    fn r18_a_blocked_tag_is_found_in_texts_and_tags_and_not_behind_addresses_or_by_itself() {
        let swan: Hashtag =
            serde_json::from_value(json!({ "tag": "Swan", "blocked": true, "reason": "Taken." })).unwrap();
        let item = ItemId::from_uuid(Uuid::from_u128(7));
        let policy = Policy::new(vec![(
            Source { item, revision: 3, digest: Digest::of(b"swan") },
            swan.ban().unwrap(),
        )]);
        let policy = policy.unwrap();
        let mut post = post_json();
        post["headline"] = json!("Go #swan");
        post["copies"][1]["text"] = json!("Swan and ＃ＳＷＡＮ");
        post["link"] = json!({ "url": "https://www.example.com/#swan" });
        let post = Content::parse(Kind::Post, &post).unwrap();
        let mut pinned = hashtags();
        pinned[0].content.tag = "SWAN".to_owned();
        let now = Time::from_micros(0);
        let found = in_content(&policy, nobody(), &post, Named { hashtags: &pinned, images: &[] }, now);
        let places: Vec<&str> = found.iter().map(|finding| finding.pointer.as_str()).collect();
        assert_eq!(places, ["/content/copies/1/text", "/content/headline", "/content/hashtags/1"]);
        assert!(found.iter().all(|it| it.blocks() && it.violation.code == "blocked_hashtag"));
        assert_eq!(found[0].violation.reason, "Taken.");
        assert_eq!(in_comment(&policy, "#Swan", now).len(), 1);
        // Another hashtag of the tag is refused, but not one that blocks it too, nor the next of its own.
        let places = |id: ItemId, blocked: bool| {
            let content = Content::Hashtag(Hashtag { blocked, ..swan.clone() });
            in_content(&policy, id, &content, Named::default(), now).len()
        };
        assert_eq!((places(nobody(), false), places(nobody(), true)), (1, 0));
        assert_eq!((places(item, false), places(item, true)), (0, 0));
    }

    #[test]
    fn links_lead_to_allowed_domains_in_copies_and_of_posts() {
        let allowed = policy(json!({ "condition": { "link_domains": { "allowed": ["example.com"] } } }));
        let places = |link: &str, copy: &str| {
            let mut post = post_json();
            post["link"]["url"] = json!(link);
            post["copies"][0]["text"] = json!(copy);
            let post = Content::parse(Kind::Post, &post).unwrap();
            let found = in_content(&allowed, nobody(), &post, Named::default(), Time::from_micros(0));
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
        let found = in_comment(&policy(json!({})), "A job, guaranteed!", Time::from_micros(0));
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
