#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::json;

use super::image::{AboutImage, FocalPoint};
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

#[test]
fn a_hashtag_says_only_what_it_was_given() {
    let plain = Content::parse(Kind::Hashtag, &json!({"tag": "Zuiver"})).unwrap();
    assert_eq!(plain.to_json().unwrap(), r#"{"channels":[],"languages":[],"tag":"Zuiver"}"#);
    let open = json!({"tag": "Zuiver", "audience": {}, "blocked": false});
    assert_eq!(Content::parse(Kind::Hashtag, &open).unwrap(), plain);
    for full in [
        json!({"tag": "a", "audience": {"countries": ["NL"]}, "required_for": {"topics": ["b"], "campaigns": ["c"]}}),
        json!({"tag": "a", "blocked": true, "reason": "b"}),
    ] {
        let content = Content::parse(Kind::Hashtag, &full).unwrap();
        assert_eq!(places(&content), []);
        assert_eq!(Content::from_json(Kind::Hashtag, &content.to_json().unwrap()).unwrap(), content);
    }
}

#[test]
fn a_demand_names_something_and_a_block_its_reason() {
    let faults = |more: Value| {
        let mut hashtag = json!({"tag": "Zuiver"});
        hashtag.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        places(&Content::parse(Kind::Hashtag, &hashtag).unwrap())
    };
    for (more, expected) in [
        (json!({"blocked": true}), vec![("reason", "required")]),
        (json!({"blocked": true, "reason": " "}), vec![("reason", "empty")]),
        (json!({"blocked": true, "reason": "é".repeat(1001)}), vec![("reason", "too_long")]),
        (json!({"reason": "a"}), vec![("reason", "not_asked_for")]),
        (json!({"required_for": {}}), vec![("required_for", "empty")]),
        (
            json!({"blocked": true, "reason": "a", "required_for": {"topics": ["b"]}}),
            vec![("required_for", "blocked")],
        ),
        (
            json!({"required_for": {"topics": ["B"], "campaigns": ["c", "c"]}}),
            vec![("required_for/topics/0", "not_a_slug"), ("required_for/campaigns/1", "duplicate")],
        ),
        (json!({"audience": {"countries": ["UK"]}}), vec![("audience/countries/0", "not_a_country")]),
        (json!({"tag": "\u{3164}", "blocked": true, "reason": "a"}), vec![("tag", "empty")]),
    ] {
        let expected: Vec<_> =
            expected.into_iter().map(|(at, code)| (format!("#/content/{at}"), code)).collect();
        assert_eq!(faults(more), expected);
    }
    let none = json!({"tag": "a", "required_for": {"topics": [], "campaigns": ["b"]}});
    let fault = Content::parse(Kind::Hashtag, &none).unwrap_err();
    assert_eq!(fault.at, At::Pointer("#/content/required_for/topics".to_owned()));
    assert_eq!(fault.detail, "Expected at least one; leave the member out for none.");
}

#[test]
fn a_rule_cannot_look_for_a_blocked_tag() {
    let rule = json!({
        "name": "a", "condition": {"hashtag": {"signed": "#a"}}, "severity": "warn", "scope": ["copy"], "reason": "b",
    });
    assert_eq!(Content::parse(Kind::Rule, &rule).unwrap_err().code, "invalid_value");
}

fn rule_faults(condition: Value, change: impl Fn(&mut Value)) -> Vec<(String, &'static str)> {
    let mut rule = json!({
        "name": "a", "condition": condition, "severity": "block", "scope": ["copy"], "reason": "b",
    });
    change(&mut rule);
    let rule: Rule = serde_json::from_value(rule).unwrap();
    let mut checker = Checker::default();
    rule.check(&mut checker);
    let place = |fault: Fault| match fault.at {
        At::Pointer(pointer) => (pointer.replace("#/content/", ""), fault.code),
        At::Parameter(name) | At::Header(name) => (name, fault.code),
    };
    checker.faults.into_iter().map(place).collect()
}

#[test]
fn every_fault_of_a_rule_is_told() {
    let phrases = json!({"phrases": {"any_of": ["wijn"]}});
    assert_eq!(rule_faults(phrases.clone(), |_| {}), []);
    let faults = rule_faults(phrases, |rule| {
        rule["name"] = json!(" ");
        rule["scope"] = json!(["copy", "copy"]);
        rule["languages"] = json!(["Dutch"]);
        rule["reason"] = json!("");
        rule["exceptions"] = json!(["glas", "GLAS"]);
    });
    let expected = [
        ("name", "empty"),
        ("scope/1", "duplicate"),
        ("languages/0", "not_a_language"),
        ("reason", "empty"),
        ("exceptions/1", "duplicate"),
    ];
    assert_eq!(faults, expected.map(|(place, code)| (place.to_owned(), code)));
}

#[test]
fn every_fault_of_a_condition_is_told() {
    let many: Vec<String> = (0..2001).map(|number| format!("woord {number}")).collect();
    let long = "a".repeat(201);
    for (condition, expected) in [
        (json!({"phrases": {"any_of": []}}), vec![("phrases/any_of", "empty")]),
        (json!({"phrases": {"any_of": many}}), vec![("phrases/any_of", "count")]),
        (
            json!({"phrases": {"any_of": ["a", "\u{AD}", "Ａ", "\u{1D173}", long, "a\nb", "1", "l", "I"]}}),
            vec![
                ("phrases/any_of/1", "empty"),
                ("phrases/any_of/2", "duplicate"),
                ("phrases/any_of/3", "empty"),
                ("phrases/any_of/4", "too_long"),
                ("phrases/any_of/5", "control_character"),
            ],
        ),
        (json!({"patterns": {"any_of": []}}), vec![("patterns/any_of", "empty")]),
        (
            json!({"patterns": {"any_of": ["a", "a", "(", "a?", r"\w{999}", "a".repeat(1001)]}}),
            vec![
                ("patterns/any_of/1", "duplicate"),
                ("patterns/any_of/2", "not_a_pattern"),
                ("patterns/any_of/3", "not_a_pattern"),
                ("patterns/any_of/4", "not_a_pattern"),
                ("patterns/any_of/5", "too_long"),
            ],
        ),
        (json!({"personal_data": {"kinds": []}}), vec![("personal_data/kinds", "empty")]),
        (
            json!({"personal_data": {"kinds": ["iban", "iban"], "national_phone": "0*"}}),
            vec![
                ("personal_data/kinds/1", "duplicate"),
                ("personal_data/national_phone", "not_a_pattern"),
                ("personal_data/national_phone", "not_asked_for"),
            ],
        ),
        (
            json!({"code_names": {"any_of": [""], "until": "2026-01-01T00:00:00Z"}}),
            vec![("code_names/any_of/0", "empty")],
        ),
        (
            json!({"required_wording": {"topics": ["A b"], "any_of": []}}),
            vec![("required_wording/any_of", "empty"), ("required_wording/topics/0", "not_a_slug")],
        ),
        (
            json!({"link_domains": {"allowed": ["zuiver.nl", "Zuiver.NL", "https://a.nl", "nl"]}}),
            vec![
                ("link_domains/allowed/1", "duplicate"),
                ("link_domains/allowed/2", "not_a_domain"),
                ("link_domains/allowed/3", "not_a_domain"),
            ],
        ),
    ] {
        let expected: Vec<_> =
            expected.into_iter().map(|(place, code)| (format!("condition/{place}"), code)).collect();
        assert_eq!(rule_faults(condition, |_| {}), expected);
    }
}

#[test]
fn wording_is_required_of_copies_only_and_a_rule_has_a_scope() {
    let wording = json!({"required_wording": {"topics": ["a"], "any_of": ["b"]}});
    let faults = rule_faults(wording.clone(), |rule| rule["scope"] = json!(["comment", "copy", "alt"]));
    let expected = [("scope/0", "not_for_wording"), ("scope/2", "not_for_wording")];
    assert_eq!(faults, expected.map(|(place, code)| (place.to_owned(), code)));
    assert_eq!(rule_faults(wording, |rule| rule["scope"] = json!([])), [("scope".to_owned(), "empty")]);
}

#[test]
fn a_rule_whose_patterns_are_none_says_why() {
    let rule = json!({
        "name": "a", "condition": {"patterns": {"any_of": ["ab(c"]}}, "severity": "warn", "scope": ["alt"], "reason": "b",
    });
    let mut checker = Checker::default();
    serde_json::from_value::<Rule>(rule).unwrap().check(&mut checker);
    assert_eq!(checker.faults[0].detail, "Not a usable pattern: unclosed group (at character 3).");
}

fn about(change: Value) -> AboutImage {
    let mut about = json!({ "alt": { "nl": "Een brug over het water." } });
    about.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    serde_json::from_value(about).unwrap()
}

fn image_faults(change: Value) -> Vec<(String, &'static str)> {
    let place = |fault: Fault| match fault.at {
        At::Pointer(pointer) => (pointer.replace("#/content/", ""), fault.code),
        At::Parameter(name) | At::Header(name) => (name, fault.code),
    };
    about(change).faults().into_iter().map(place).collect()
}

#[test]
fn what_stands_for_a_picture_is_read_aloud() {
    let codes = |text: &str| {
        let found = image_faults(json!({ "alt": { "nl": text } })).into_iter();
        found.inspect(|(place, _)| assert_eq!(place, "alt/nl")).map(|(_, code)| code).collect::<Vec<_>>()
    };
    for good in [
        "Een brug over het water.",
        "Twee collega's vieren 10.000 klanten",
        "Camera IMG op een statief",
        "Een png-logo, versie 2.0",
        "Nummer 1 van de 100",
        "C# op een scherm",
    ] {
        assert_eq!(codes(good), [] as [&str; 0], "{good}");
    }
    for named in
        ["brug.jpg", "Foto (brug_2.JPEG)", "IMG_1234", "DSC00017", "een pxl_20260101", "logo.SVG.", "a.heif"]
    {
        assert_eq!(codes(named), ["alt_file_name"], "{named}");
    }
    assert_eq!(codes("Een brug #water"), ["alt_hashtag"]);
    for link in
        ["Zie www.example.com", "Meer op https://example.org/brug", "Op example.com", "Mail ann@example.nl."]
    {
        assert_eq!(codes(link), ["alt_link"], "{link}");
    }
    assert_eq!((codes(" \u{a0}"), codes("")), (vec!["empty"], vec!["empty"]));
    assert_eq!(codes("a\nb"), ["control_character"]);
    // Graphemes: a family is one, whatever it is made of.
    let family = "👨‍👩‍👧‍👦";
    assert_eq!(codes(&format!("{family}{}", "a".repeat(499))), [] as [&str; 0]);
    assert_eq!(codes(&"é".repeat(500)), [] as [&str; 0]);
    assert_eq!(codes(&"a".repeat(501)), ["too_long"]);
    assert_eq!(
        image_faults(json!({ "alt": { "Dutch": "Een brug." } })),
        [("alt/Dutch".to_owned(), "not_a_language")]
    );
}

#[test]
fn rights_and_consents_are_windows() {
    let time = |day: u32| format!("2026-12-{day:02}T00:00:00Z");
    let faults = |rights: Value, people: Value| image_faults(json!({ "rights": rights, "people": people }));
    let place = |at: &str, code| vec![(at.to_owned(), code)];
    assert_eq!(faults(json!({ "from": time(1), "until": time(2) }), json!([])), []);
    for until in [1, 2] {
        let empty = json!({ "from": time(2), "until": time(until) });
        assert_eq!(faults(empty, json!([])), place("rights/until", "empty_window"));
    }
    let given = |day| json!([{ "consent": "given", "until": time(day) }]);
    assert_eq!(faults(json!({ "from": time(2) }), given(3)), []);
    assert_eq!(faults(json!({ "from": time(2) }), given(2)), place("people/0/until", "empty_window"));
    let needless = json!([{ "consent": "given" }, { "consent": "not_needed", "until": time(9) }]);
    assert_eq!(faults(json!({}), needless), place("people/1/until", "without_consent"));
    let odd = json!({ "territories": ["EU", "NL", "UK", "NL"] });
    let mut found = faults(odd, json!([]));
    found.sort();
    let expected = [("rights/territories/2", "not_a_country"), ("rights/territories/3", "duplicate")];
    assert_eq!(found, expected.map(|(at, code)| (at.to_owned(), code)));
    for odd in ["ftp://example.org/a", "/a/b", "example.org"] {
        assert_eq!(
            image_faults(json!({ "source_url": odd })),
            place("source_url", "not_an_address"),
            "{odd}"
        );
    }
}

#[test]
fn r12_an_image_ends_with_its_rights_or_the_first_consent() {
    let until = |rights: Option<&str>, people: &[Option<&str>]| {
        let consent = |until: &Option<&str>| match until {
            Some(until) => json!({ "consent": "given", "until": until }),
            None => json!({ "consent": "given" }),
        };
        let people: Vec<Value> = people.iter().map(consent).collect();
        let rights = rights.map_or(json!({}), |until| json!({ "until": until }));
        about(json!({ "rights": rights, "people": people })).until().map(|time| time.to_string())
    };
    let (early, late) = ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z");
    let same = |found: Option<String>, expected: &str| {
        assert_eq!(Time::parse(&found.unwrap()).unwrap(), Time::parse(expected).unwrap());
    };
    assert_eq!(until(None, &[None]), None);
    same(until(Some(early), &[]), early);
    same(until(Some(late), &[None, Some(early)]), early);
    same(until(Some(early), &[Some(late)]), early);
    same(until(None, &[Some(late), Some(early)]), early);
}

#[test]
fn a_focal_point_is_written_in_one_way() {
    let written = |x: Value| {
        let point: Result<FocalPoint, _> = serde_json::from_value(json!({ "x": x, "y": 0.5 }));
        point.map(|point| serde_json_canonicalizer::to_string(&point).unwrap()).ok()
    };
    for (given, kept) in [
        (json!(0.33333), "0.3333"),
        (json!(0.66666), "0.6667"),
        (json!(1), "1"),
        (json!(1.0), "1"),
        (json!(0), "0"),
        (json!(-0.0), "0"),
        (json!(0.00001), "0"),
        (json!(0.7), "0.7"),
    ] {
        assert_eq!(written(given.clone()), Some(format!(r#"{{"x":{kept},"y":0.5}}"#)), "{given}");
    }
    for odd in [json!(1.0001), json!(-0.1), json!("0.5"), json!(null), json!(1e300)] {
        assert_eq!(written(odd.clone()), None, "{odd}");
    }
}
