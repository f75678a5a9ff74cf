#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::{Value, json};

use super::*;
use crate::domain::compose::Role;
use crate::domain::content::{Disclaimer, Hashtag, Post};
use crate::domain::delivery::{Values, intent_url};
use crate::domain::disclaimers::tests::{live, organisation, resolved};
use crate::domain::disclaimers::{InForce, Organisation};
use crate::domain::images::Shown;
use crate::domain::links::PREVIEW_TAG;
use crate::domain::revision::Resolved;
use crate::error::At;

struct Desk {
    post: Post,
    hashtags: Vec<Resolved<Hashtag>>,
    pinned: Vec<Resolved<Disclaimer>>,
    live: Vec<Resolved<Disclaimer>>,
    organisation: Organisation,
    channels: Channels,
    person: PersonId,
    source: Source,
    mastodon: Option<MastodonAccount>,
    images: Vec<Shown<'static>>,
}

/// What a test asks for.
#[derive(Default)]
struct Ask<'a> {
    channel: &'a str,
    language: Option<&'a str>,
    copy_id: Option<&'a str>,
    comment: Option<&'a str>,
    readers: Option<&'a str>,
}

impl Desk {
    fn new(change: Value) -> Self {
        let mut post = json!({
            "title": "Open dag",
            "copies": [
                {"id": "nl-1", "language": "nl", "text": "Kom naar de open dag!"},
                {"id": "nl-2", "language": "nl", "text": "Zien we je op de open dag?"},
                {"id": "en", "language": "en", "channels": ["x", "linkedin"], "text": "Join our open day!"},
                {"id": "de", "language": "de", "channels": ["linkedin"], "text": "Tag der offenen Tür!"},
            ],
            "channels": ["linkedin", "x", "bluesky"],
            "hashtags": ["water", "uk-only"],
            "personalisation": "free",
            "link": {"url": "https://zuiver.example/open-dag", "utm": {"source": "social"}},
        });
        post.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let hashtag = |key, content| resolved(key, 1, serde_json::from_value(content).unwrap());
        let live = live();
        Self {
            post: serde_json::from_value(post).unwrap(),
            hashtags: vec![
                hashtag("water", json!({"tag": "Water"})),
                hashtag("uk-only", json!({"tag": "CleanWater", "languages": ["en-GB"]})),
            ],
            pinned: live[..4].to_vec(),
            live,
            organisation: organisation(),
            channels: Channels::defaults().unwrap(),
            person: PersonId::generate(),
            source: resolved("post", 1, ()).source(),
            mastodon: None,
            images: Vec::new(),
        }
    }

    fn ask(&self, ask: &Ask<'_>) -> Result<Kit> {
        make_kit(&KitInput {
            material: Material {
                post: &self.post,
                source: &self.source,
                hashtags: &self.hashtags,
                disclaimers: InForce { pinned: &self.pinned, live: &self.live, recalled: &[] },
                images: &self.images,
                organisation: &self.organisation,
            },
            channels: &self.channels,
            channel: &ask.channel.into(),
            language: ask.language,
            copy_id: ask.copy_id,
            comment: ask.comment,
            tag: PREVIEW_TAG,
            reader: Reader {
                person: self.person,
                country: Some("NL"),
                language: ask.readers,
                mastodon: self.mastodon.as_ref(),
            },
            image_address: "https://example.org/image.jpg",
        })
    }

    fn refused(&self, ask: &Ask<'_>) -> (Code, At, &'static str) {
        let error = self.ask(ask).unwrap_err();
        (error.code, error.errors[0].at.clone(), error.errors[0].code)
    }
}

fn at(pointer: &str) -> At {
    At::Pointer(format!("#{pointer}"))
}

#[test]
fn a_kit_holds_all_that_is_needed_to_share() {
    let desk = Desk::new(json!({}));
    let ask = Ask { channel: "x", copy_id: Some("nl-1"), comment: Some("Ik ben er ook."), ..Ask::default() };
    let kit = desk.ask(&ask).unwrap();
    assert_eq!(
        kit.text,
        "Ik ben er ook.\n\nKom naar de open dag!\n\nVoor de duidelijkheid: ik werk bij Zuiver Water.\n\n\
         Meningen zijn van mij en niet per se van mijn werkgever.\n\n#Water\n\n\
         https://zuiver.example/open-dag?utm_source=social&utm_medium=social&utm_content=preview0preview0"
    );
    let said: Vec<_> = kit.disclaimers.iter().map(|used| (used.key.as_str(), used.form)).collect();
    assert_eq!(said, [("employee", Form::Full), ("own-opinion", Form::Full)]);
    assert_eq!(kit.disclaimers[0].text, "Voor de duidelijkheid: ik werk bij Zuiver Water.");
    assert_eq!((kit.delivery, kit.must_paste), (Delivery::Prefilled, false));
    let values =
        Values { text: &kit.text, link: kit.link.as_deref(), headline: None, server: None, image: None };
    let url = intent_url(kit.intent_template.as_deref().unwrap(), &values);
    assert!(url.starts_with("https://x.com/intent/post?text=Ik%20ben%20er%20ook.%0A%0AKom"));
    assert!(url.ends_with("%26utm_content%3Dpreview0preview0&url="));
}

#[test]
fn the_copy_follows_channel_language_and_reader() {
    let desk = Desk::new(json!({}));
    for (channel, language, readers, expected) in [
        ("linkedin", Some("nl-BE"), None, "nl"),
        ("linkedin", Some("de"), Some("nl"), "de"),
        ("linkedin", None, Some("en-GB"), "en"),
        ("linkedin", None, Some("fr"), "nl"),
        ("linkedin", None, None, "nl"),
        ("bluesky", None, Some("en"), "nl"),
    ] {
        let kit = desk.ask(&Ask { channel, language, readers, ..Ask::default() }).unwrap();
        assert_eq!(kit.language, expected, "{channel} {language:?} {readers:?}");
    }
    let missing = Ask { channel: "bluesky", language: Some("en"), ..Ask::default() };
    assert_eq!(desk.refused(&missing), (Code::InvalidContent, at("/language"), "no_copy"));
    for (ask, place) in [
        (Ask { channel: "myspace", ..Ask::default() }, "/channel"),
        (Ask { channel: "facebook", ..Ask::default() }, "/channel"),
        (Ask { channel: "x", copy_id: Some("de"), ..Ask::default() }, "/copy_id"),
        (Ask { channel: "x", copy_id: Some("nl-1"), language: Some("en"), ..Ask::default() }, "/language"),
    ] {
        assert_eq!(desk.refused(&ask).1, at(place));
    }
}

#[test]
fn alternatives_are_spread_over_people_and_stay_with_each() {
    let mut desk = Desk::new(json!({}));
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..32 {
        desk.person = PersonId::generate();
        let ask = Ask { channel: "x", ..Ask::default() };
        let kit = desk.ask(&ask).unwrap();
        assert_eq!(desk.ask(&ask).unwrap(), kit);
        seen.insert(kit.copy_id);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["nl-1", "nl-2"]);
}

#[test]
fn only_those_who_had_a_copy_that_goes_see_another_one() {
    let copies = |ids: &[&str]| {
        let copy = |id: &&str| json!({"id": id, "language": "nl", "text": format!("Tekst {id}.")});
        json!({"copies": ids.iter().map(copy).collect::<Vec<_>>()})
    };
    let (mut all, mut fewer) = (Desk::new(copies(&["a", "b", "c"])), Desk::new(copies(&["a", "c"])));
    fewer.source = all.source.clone();
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..300 {
        all.person = PersonId::generate();
        fewer.person = all.person;
        let ask = Ask { channel: "x", ..Ask::default() };
        let had = all.ask(&ask).unwrap().copy_id;
        if had != "b" {
            assert_eq!(fewer.ask(&ask).unwrap().copy_id, had);
        }
        *counts.entry(had).or_insert(0) += 1;
    }
    // Of 300 each copy is 100 people's, give or take: seven standard deviations are 57.
    assert!(counts.len() == 3 && counts.values().all(|count| (43..=157).contains(count)), "{counts:?}");
}

#[test]
fn an_alternative_that_fits_is_taken_before_a_refusal() {
    let copies = json!([
        {"id": "long", "language": "nl", "text": "a".repeat(250)},
        {"id": "brief", "language": "nl", "text": "b"},
    ]);
    let mut desk = Desk::new(json!({"copies": copies}));
    for _ in 0..8 {
        desk.person = PersonId::generate();
        assert_eq!(desk.ask(&Ask { channel: "x", ..Ask::default() }).unwrap().copy_id, "brief");
    }
}

#[test]
fn r18_a_comment_that_does_not_fit_is_refused_with_its_excess() {
    let desk = Desk::new(json!({}));
    let long = "a".repeat(300);
    let ask = Ask { channel: "x", comment: Some(&long), ..Ask::default() };
    let error = desk.ask(&ask).unwrap_err();
    assert_eq!((error.code, error.errors[0].at.clone()), (Code::TooLong, at("/comment")));
    assert!(error.extra["excess"].as_u64().unwrap() > 20);
    assert!(error.extra["parts"].as_array().unwrap().contains(&json!({"role": "comment", "units": 300})));
    let closed = Desk::new(json!({"personalisation": "none"}));
    let ask = Ask { channel: "x", comment: Some("a"), ..Ask::default() };
    assert_eq!(closed.refused(&ask), (Code::RuleViolated, at("/comment"), "comment_not_allowed"));
}

#[test]
fn r01_a_newer_revision_of_a_pinned_disclaimer_does_not_flow_in() {
    let mut desk = Desk::new(json!({}));
    desk.live[0].revision = 2;
    desk.live[0].content.text.get_mut("nl").unwrap().full = "Nieuw.".to_owned();
    let kit = desk.ask(&Ask { channel: "linkedin", ..Ask::default() }).unwrap();
    assert_eq!((kit.disclaimers[0].revision, kit.text.contains("Nieuw.")), (1, false));
    desk.pinned.clear();
    let kit = desk.ask(&Ask { channel: "linkedin", ..Ask::default() }).unwrap();
    assert_eq!((kit.disclaimers[0].revision, kit.text.contains("Nieuw.")), (2, true));
}

#[test]
fn a_credit_stands_once_in_its_own_words_or_the_disclaimers() {
    for (listed, line) in [(json!([]), "Foto: ANP"), (json!(["source-credit"]), "Bron: Foto: ANP")] {
        let desk = Desk::new(json!({"credit": "Foto: ANP", "disclaimers": listed}));
        let kit = desk.ask(&Ask { channel: "linkedin", ..Ask::default() }).unwrap();
        let credits: Vec<_> = kit.parts.iter().filter(|part| part.role == Role::Credit).collect();
        assert_eq!((credits.len(), credits[0].text.as_str()), (1, line));
    }
}
