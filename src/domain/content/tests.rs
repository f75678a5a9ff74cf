#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::json;

use super::*;
use crate::error::At;

fn post() -> Value {
    json!({
        "title": "Open day",
        "copies": [{"id": "a", "language": "nl", "text": "Kom naar de open dag!"}],
        "channels": ["linkedin"],
    })
}

fn places(content: &Content) -> Vec<(String, &'static str)> {
    let channels = Channels::defaults().unwrap();
    let place = |fault: Fault| match fault.at {
        At::Pointer(pointer) => (pointer, fault.code),
        At::Parameter(name) | At::Header(name) => (name, fault.code),
    };
    content.faults(&channels, &LinkPolicy::default()).into_iter().map(place).collect()
}

#[test]
fn a_small_post_is_good_and_its_normal_form_is_stable() {
    let content = Content::parse(Kind::Post, &post()).unwrap();
    assert_eq!(places(&content), []);
    let json = content.to_json().unwrap();
    assert!(
        json.starts_with(r#"{"audience":{"countries":[],"groups":[]},"channels":["linkedin"],"copies":[{"#)
    );
    assert!(!json.contains("null"));
    let again = Content::from_json(Kind::Post, &json).unwrap();
    assert_eq!((again.to_json().unwrap(), again), (json, content));
}

#[test]
fn the_wrong_shape_is_refused_with_its_place() {
    for (pointer, value, place) in [
        ("/copies/0/text", json!(1), "#/content/copies/0/text"),
        ("/hashtags", json!(["Not A Key"]), "#/content/hashtags/0"),
        ("/link", json!({"url": "https://a.nl", "odd": 1}), "#/content/link/odd"),
        ("/odd", json!(true), "#/content/odd"),
        ("/personalisation", json!("much"), "#/content/personalisation"),
        ("/publish_at", json!("tomorrow"), "#/content/publish_at"),
    ] {
        let mut odd = post();
        match odd.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => odd[pointer.trim_start_matches('/')] = value,
        }
        let fault = Content::parse(Kind::Post, &odd).unwrap_err();
        assert_eq!(fault.at, At::Pointer(place.to_owned()));
    }
}

#[test]
fn every_fault_of_a_post_is_told() {
    let content = json!({
        "title": " ",
        "copies": [
            {"id": "a", "language": "nl_BE", "channels": ["x"], "text": "a\u{0}"},
            {"id": "a", "language": "nl", "channels": ["linkedin"], "text": "b"},
            {"id": "A", "language": "nl", "channels": ["linkedin"], "text": "b"},
        ],
        "channels": ["linkedin", "myspace", "linkedin"],
        "link": {"url": "http://example.nl", "utm": {"source": "Linked In"}},
        "audience": {"countries": ["NL", "UK"]},
        "publish_at": "2026-02-01T00:00:00Z",
        "expires_at": "2026-01-01T00:00:00Z",
        "topics": ["Finance"],
        "campaign": "a b",
    });
    let content = Content::parse(Kind::Post, &content).unwrap();
    let expected = [
        ("#/content/title", "empty"),
        ("#/content/channels/2", "duplicate"),
        ("#/content/channels/1", "unknown_channel"),
        ("#/content/copies/0/language", "not_a_language"),
        ("#/content/copies/0/channels/0", "not_a_channel_of_the_post"),
        ("#/content/copies/0/text", "control_character"),
        ("#/content/copies/1/id", "duplicate"),
        ("#/content/copies/2/id", "not_a_copy_id"),
        ("#/content/channels/1", "no_copy"),
        ("#/content/audience/countries/1", "not_a_country"),
        ("#/content/topics/0", "not_a_slug"),
        ("#/content/campaign", "not_a_slug"),
        ("#/content/link/url", "not_a_link"),
        ("#/content/link/utm/source", "not_a_slug"),
        ("#/content/expires_at", "empty_window"),
    ];
    assert_eq!(places(&content), expected.map(|(place, code)| (place.to_owned(), code)));
}

#[test]
fn hashtags_are_portable_and_disclaimers_have_known_placeholders() {
    let hashtag = Content::parse(Kind::Hashtag, &json!({"tag": "#a-b", "languages": ["Dutch"]})).unwrap();
    assert_eq!(places(&hashtag).len(), 2);
    let disclaimer = json!({
        "purpose": "p", "placement": "end", "smallest": "short", "rank": 1, "required_when": {},
        "text": {"nl": {"full": "Van {company} en {boss}", "tag": "{tag}medewerker"}, "x/y": {"full": "a"}},
    });
    let disclaimer = Content::parse(Kind::Disclaimer, &disclaimer).unwrap();
    let expected =
        [("#/content/text/nl/full", "unknown_placeholder"), ("#/content/text/x~1y", "not_a_language")];
    assert_eq!(places(&disclaimer), expected.map(|(place, code)| (place.to_owned(), code)));
    assert!(disclaimer.to_json().unwrap().contains(r#""required_when":{}"#));
}
