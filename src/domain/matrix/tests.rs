#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::disclaimers::tests::{live, organisation, resolved};
use crate::domain::disclaimers::{InForce, Organisation};
use crate::domain::ids::PersonId;
use crate::domain::kit::{KitInput, Reader, make_kit};
use crate::domain::revision::Source;
use crate::error::At;

static CHANNELS: LazyLock<Channels> = LazyLock::new(|| Channels::defaults().unwrap());
static POST: LazyLock<Source> = LazyLock::new(|| resolved("post", 1, ()).source());
static LIVE: LazyLock<Vec<Resolved<Disclaimer>>> = LazyLock::new(live);
static ORGANISATION: LazyLock<Organisation> = LazyLock::new(organisation);

fn post(change: Value) -> Post {
    let mut post = json!({
        "title": "Open dag",
        "copies": [{"id": "a", "language": "nl", "text": "Kom naar de open dag!"}],
        "channels": ["x"],
    });
    post.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    serde_json::from_value(post).unwrap()
}

fn material<'a>(post: &'a Post, live: &'a [Resolved<Disclaimer>]) -> Material<'a> {
    let disclaimers = InForce { pinned: &[], live, recalled: &[] };
    Material { post, source: &POST, hashtags: &[], disclaimers, images: &[], organisation: &ORGANISATION }
}

fn check(post: &Post) -> Result<Vec<CommentRoom>, Vec<Fault>> {
    check_submission(&material(post, &LIVE), &CHANNELS)
}

fn places(post: &Post) -> Vec<(String, &'static str)> {
    let place = |fault: Fault| match fault.at {
        At::Pointer(pointer) | At::Parameter(pointer) | At::Header(pointer) => (pointer, fault.code),
    };
    check(post).unwrap_err().into_iter().map(place).collect()
}

#[test]
fn r10_each_combination_tells_its_room() {
    let copies = json!([
        {"id": "a", "language": "nl", "text": "Kom!"},
        {"id": "b", "language": "en", "channels": ["email"], "text": "Come!"},
    ]);
    let room = |rooms: Vec<CommentRoom>| {
        let room = |room: CommentRoom| (room.channel.to_string(), room.copy_id, room.country, room.room);
        rooms.into_iter().map(room).collect::<Vec<_>>()
    };
    let of = |change: Value| {
        let mut base = json!({"copies": copies, "channels": ["x", "email"]});
        base.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        room(check(&post(base)).unwrap())
    };
    let one = |channel: &str, copy: &str, room| (channel.to_owned(), copy.to_owned(), None, room);
    // On X a comment stands beside the copy (4), #ZuiverWatermedewerker (22), #eigenmening (12) and
    // three separators (6).
    let free = [one("x", "a", Some(236)), one("email", "a", None), one("email", "b", None)];
    assert_eq!(of(json!({"personalisation": "free"})), free);
    let intro = [one("x", "a", Some(200)), one("email", "a", Some(200)), one("email", "b", Some(200))];
    assert_eq!(of(json!({"personalisation": "intro"})), intro);
    assert!(of(json!({})).iter().all(|(.., room)| *room == Some(0)));
    let named = of(json!({"audience": {"countries": ["NL", "US"]}}));
    assert_eq!(named.len(), 6);
    assert_eq!(named[1].2.as_deref(), Some("US"));
}

#[test]
fn r10_every_refusal_points_to_its_copy() {
    let long = "a".repeat(281);
    let copies = json!([
        {"id": "a", "language": "nl", "text": long},
        {"id": "b", "language": "es", "text": "¡Ven!"},
        {"id": "c", "language": "nl", "text": "Kom!"},
    ]);
    let found = places(&post(json!({"copies": copies, "channels": ["x", "instagram_story"]})));
    let expected = [
        ("#/content/channels/1", "image_required"),
        ("#/content/copies/0/text", "too_long"),
        ("#/content/copies/1/language", "disclaimer_lacks_language"),
        ("#/content/channels/1", "channel_cannot_carry_disclaimer"),
        ("#/content/copies/1/language", "disclaimer_lacks_language"),
        ("#/content/channels/1", "channel_cannot_carry_disclaimer"),
    ];
    assert_eq!(found, expected.map(|(place, code)| (place.to_owned(), code)));
    let fault =
        &check(&post(json!({"copies": [{"id": "a", "language": "nl", "text": long}]}))).unwrap_err()[0];
    let told = ["channel", "language", "copy_id", "excess"].map(|name| fault.extra[name].clone());
    assert_eq!(told, [json!("x"), json!("nl"), json!("a"), json!(281 + 2 + 22 - 280)]);
    assert!(!fault.extra.contains_key("country"));
}

#[test]
fn r10_a_comment_that_cannot_fit_is_found_before_approval() {
    // 256 and the shortest disclaimer fill 280; a comment adds a disclaimer and separators.
    let full = |personalisation: &str| {
        let copies = json!([{"id": "a", "language": "nl", "text": "a".repeat(256)}]);
        post(json!({"copies": copies, "personalisation": personalisation}))
    };
    assert!(check(&full("none")).is_ok());
    assert_eq!(places(&full("free")), [("#/content/copies/0/text".to_owned(), "too_long")]);
}

#[test]
fn r10_a_country_in_which_a_disclaimer_does_not_fit_is_found() {
    let mut live = live();
    live[2].content.required_when = serde_json::from_value(json!({"countries": ["EU"]})).unwrap();
    let long = json!([{"id": "a", "language": "nl", "text": "a".repeat(256)}]);
    let found = |countries: Value| {
        let post = post(json!({"copies": long, "audience": {"countries": countries}}));
        check_submission(&material(&post, &live), &CHANNELS)
            .map_err(|faults| faults[0].extra.get("country").cloned())
    };
    assert!(found(json!(["US"])).is_ok());
    // In the Union the reward must be told too, which leaves no room.
    assert_eq!(found(json!(["US", "NL"])).unwrap_err(), Some(json!("NL")));
    assert_eq!(found(json!([])).unwrap_err(), None);
}

#[test]
fn unknown_channels_and_long_headlines_are_refused() {
    let found = places(&post(json!({"channels": ["reddit", "myspace"], "headline": "a".repeat(301)})));
    let expected = [("#/content/headline", "too_long"), ("#/content/channels/1", "unknown_channel")];
    assert_eq!(found, expected.map(|(place, code)| (place.to_owned(), code)));
}

#[test]
fn a_link_that_a_channel_would_cut_is_refused() {
    let with = |url: &str, utm: Value| {
        post(json!({ "channels": ["x", "bluesky"], "link": { "url": url, "utm": utm } }))
    };
    for fine in [
        "https://example.com/a",
        "https://example.com/a_(b)",
        "https://example.com/a%29",
        "https://example.com",
    ] {
        assert!(check(&with(fine, json!({}))).is_ok(), "{fine}");
    }
    let cut = ("#/content/link/url".to_owned(), "link_cut");
    assert!(places(&with("https://example.com/(x", json!({ "term": "a" }))).contains(&cut));
}

#[test]
fn what_can_be_required_is_pinned() {
    let keys = |change: Value| {
        let found = can_be_required(&post(change), false, &LIVE);
        found.into_iter().map(|found| found.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(keys(json!({})), ["employee"]);
    assert_eq!(keys(json!({"personalisation": "intro"})), ["employee", "own-opinion"]);
    assert_eq!(keys(json!({"disclaimers": ["employer-ad"]})), ["employee", "employer-ad"]);
    assert_eq!(keys(json!({"topics": ["finance"]})), ["employee", "investment-risk"]);
    let with_image = can_be_required(&post(json!({})), true, &LIVE);
    assert_eq!(with_image.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn r10_what_passes_can_be_shared(
        text in "[a-z€😀 ]{1,260}",
        channel in proptest::sample::select(vec!["x", "linkedin", "bluesky", "mastodon", "threads", "youtube"]),
        country in proptest::option::of(proptest::sample::select(vec!["NL", "US", "GB"])),
        listed in proptest::sample::subsequence(vec!["employer-ad", "rewarded", "referral-bonus"], 0..3),
        length in 0..300_usize,
    ) {
        let post = post(json!({
            "copies": [{"id": "a", "language": "nl", "text": text}], "channels": [channel],
            "disclaimers": listed, "personalisation": "free",
        }));
        let material = material(&post, &LIVE);
        let Ok(rooms) = check_submission(&material, &CHANNELS) else { return Ok(()) };
        let comment = "a".repeat(length);
        let kit = make_kit(&KitInput {
            tag: PREVIEW_TAG, material, channels: &CHANNELS, channel: &channel.into(),
            language: None, copy_id: None, comment: Some(comment.as_str()).filter(|text| !text.is_empty()),
            reader: Reader { person: PersonId::generate(), country, language: None, mastodon: None },
            image_address: "",
        });
        if length <= rooms[0].room.unwrap() {
            prop_assert!(kit.is_ok(), "{:?}", kit);
        }
    }
}
