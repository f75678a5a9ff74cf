//! Counting held to examples, to an independent counter, and to growth.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::domain::channels::Channels;
use crate::domain::entities::tests::{grows_linearly, tricky};

static CHANNELS: LazyLock<Channels> = LazyLock::new(|| Channels::defaults().unwrap());

fn channel(name: &str) -> &'static Channel {
    CHANNELS.get(&name.into()).unwrap()
}

fn count(name: &str, text: &str) -> usize {
    units(text, channel(name))
}

const FAMILY: &str = "👨‍👩‍👧‍👦";

#[test]
fn x_weighs_characters() {
    for (text, expected) in [
        ("", 0),
        ("Hallo wereld", 12),
        ("\n\n", 2),
        ("cafe\u{301}", 4),
        ("A\u{30A}\u{323}", 3),
        ("שּׁ", 3),
        ("“a” – b’s", 9),
        ("€…™•→", 10),
        ("\u{2000}\u{200A}\u{200B}\u{200C}\u{200D}\u{2010}\u{2015}\u{201F}\u{2032}\u{2037}", 10),
        ("\u{200E}\u{200F}\u{202A}\u{2066}", 8),
        ("日本", 4),
        ("저찀쯿쿿", 8),
        ("\u{10FF}\u{1100}", 3),
        ("\u{10000}\u{10FFFF}", 4),
        ("नमस्ते", 6),
        ("سلام", 4),
    ] {
        assert_eq!(count("x", text), expected, "{text}");
    }
}

#[test]
fn x_takes_an_emoji_for_two() {
    for (text, expected) in [
        ("😷👾😡🔥💩", 10),
        ("H🐱☺", 5),
        (FAMILY, 2),
        ("👍🏽 🇳🇱 1️⃣ ❤️", 11),
        ("🏴󠁧󠁢󠁷󠁬󠁳󠁿🏳️‍🌈👩🏽‍🚒", 6),
        ("☎ ☎\u{FE0F} ☎\u{FE0E}", 2 + 1 + 2 + 1 + 4),
        ("© ©\u{FE0F} ® ™ ™\u{FE0F}", 1 + 1 + 2 + 1 + 1 + 1 + 2 + 1 + 2),
        ("#\u{20E3} 12\u{FE0F}\u{20E3} 1\u{FE0F} a\u{20E3}", 2 + 1 + 3 + 1 + 3 + 1 + 3),
        ("👨👩", 4),
        ("😀\u{200D}😀", 5),
        ("🇳🇱🇳 🇦🇦", 2 + 2 + 1 + 4),
        ("😀🏽", 4),
        ("⚡\u{FE0F} 😀\u{FE0F}", 2 + 1 + 4),
        ("☝\u{FE0F}🏽", 2),
        ("🫠", 2),
    ] {
        assert_eq!(count("x", text), expected, "{text}");
    }
}

#[test]
fn x_takes_a_url_for_twenty_three() {
    let long = format!("https://example.com/{}", "a".repeat(300));
    for (text, expected) in [
        ("https://a.nl", 23),
        ("a.nl", 23),
        (&long, 23),
        ("Kijk op example.nl.", 8 + 23 + 1),
        ("https://a.nl b.nl/x https://c.nl/?d", 23 * 3 + 2),
        ("jan@example.nl", 14),
        ("rapport.pdf v1.2.3", 18),
        ("https://t.co/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 54),
        ("日本a.nl日本", 4 + 23 + 4),
        ("http://e\u{301}.nl/", 23),
        ("a.nl?x=1", 23 + 4),
        ("a.nl1\u{20E3}", 4 + 2),
    ] {
        assert_eq!(count("x", text), expected, "{text}");
    }
}

#[test]
fn x_ends_at_two_hundred_and_eighty() {
    let over = |text: &str| Count::of(text, channel("x")).excess_units();
    assert_eq!((over(&"a".repeat(280)), over(&"a".repeat(281))), (0, 1));
    assert_eq!((over(&"日".repeat(140)), over(&"日".repeat(141))), (0, 2));
    assert_eq!((over(&FAMILY.repeat(140)), over(&format!("{}a", FAMILY.repeat(140)))), (0, 1));
    let link = |letters: usize| format!("{} https://example.nl/{}", "a".repeat(letters), "b".repeat(100));
    assert_eq!((over(&link(256)), over(&link(257))), (0, 1));
    assert_eq!(Count::of(&"a".repeat(270), channel("x")).room(), Some(10));
}

#[test]
fn characters_that_a_platform_refuses_are_found() {
    for odd in ['\u{FEFF}', '\u{FFFE}', '\u{FFFF}'] {
        let text = format!("é{odd}");
        assert_eq!(invalid_character(&text, channel("x")), Some(odd));
        assert_eq!(invalid_character(&text, channel("bluesky")), None);
    }
    assert_eq!(invalid_character("a\u{202A}b\u{202E}", channel("x")), None);
    assert_eq!(invalid_character("a < b", channel("youtube")), Some('<'));
    assert_eq!(invalid_character("a < b", channel("x")), None);
}

#[test]
fn mastodon_replaces_urls_with_a_scheme_and_remote_mentions() {
    let long = format!("http://example.com/{}", "b".repeat(400));
    for (text, expected) in [
        ("https://example.com/a/very/long/path/that/goes/on", 23),
        ("example.com/a", 13),
        ("hoi @jan@mastodon.example.org!", 9),
        ("jan@example.nl @piet", 20),
        (FAMILY, 1),
        (&format!("{} {long}", "a".repeat(476)), 500),
        (&format!("{} @alice@{}.com", "a".repeat(475), "b".repeat(30)), 482),
        ("https://a.nl/@jan@b.nl", 23),
        ("https://a.nl\u{301}", 23),
        ("@jan@ @jan@b.nl@c", 17),
    ] {
        assert_eq!(count("mastodon", text), expected, "{text}");
    }
    let warned = |text: usize, warning: usize| {
        units_with_warning(&"w".repeat(warning), &"a".repeat(text), channel("mastodon"))
    };
    assert_eq!((warned(250, 250), warned(250, 251), warned(0, 1)), (500, 501, 1));
    assert_eq!(units_with_warning("w", "a", channel("bluesky")), 1);
}

#[test]
fn bluesky_bounds_graphemes_and_bytes() {
    let counted = |text: &str| {
        let count = Count::of(text, channel("bluesky"));
        (count.bytes, count.units)
    };
    assert_eq!(counted("Hello!"), (6, 6));
    assert_eq!(counted(FAMILY), (25, 1));
    assert_eq!(counted("👨‍👩‍👧‍👧🔥 good!✅"), (38, 9));
    assert_eq!(counted("नमस्ते"), (18, 3));
    let families = |number: usize| {
        let count = Count::of(&FAMILY.repeat(number), channel("bluesky"));
        (count.units, count.excess_units(), count.excess_bytes(), count.room())
    };
    assert_eq!(families(120), (120, 0, 0, Some(0)));
    assert_eq!(families(121), (121, 0, 25, Some(0)));
}

#[test]
fn the_other_units() {
    assert_eq!(count("threads", "a👍❤️é"), 1 + 4 + 6 + 1);
    assert_eq!(count("threads", &format!("{FAMILY} 🇳🇱 1️⃣ © 1")), 25 + 1 + 8 + 1 + 7 + 1 + 2 + 2);
    assert_eq!(count("linkedin", "a👍é"), 4);
    assert_eq!(count("slack", "a👍é"), 3);
    assert_eq!(count("youtube", "a👍é"), 7);
}

/// Each text with its length on X, Bluesky (and its bytes), Mastodon, Threads, LinkedIn, Slack.
#[test]
fn texts_of_many_languages_are_counted_right() {
    for (text, expected) in [
        ("Wij zoeken coördinatoren: example.nl/werk", [49, 41, 42, 41, 41, 41, 41]),
        ("We’re hiring – join us!", [23, 23, 27, 23, 23, 23, 23]),
        ("Größe zählt 💚", [14, 13, 19, 13, 16, 14, 13]),
        ("Rejoignez l’équipe à Zoé", [24, 24, 29, 24, 24, 24, 24]),
        ("انضموا إلينا الآن", [17, 17, 32, 17, 17, 17, 17]),
        ("हम भर्ती कर रहे हैं", [19, 13, 49, 13, 19, 19, 19]),
        ("私たちは採用中です。", [20, 10, 30, 10, 10, 10, 10]),
        ("👨‍👩‍👧‍👦 samen", [8, 7, 31, 7, 31, 17, 13]),
    ] {
        let [x, bluesky, bytes, mastodon, threads, linkedin, slack] = expected;
        assert_eq!(Count::of(text, channel("bluesky")).bytes, bytes, "{text}");
        for (name, units) in [
            ("x", x),
            ("bluesky", bluesky),
            ("mastodon", mastodon),
            ("threads", threads),
            ("linkedin", linkedin),
            ("slack", slack),
            ("youtube", bytes),
        ] {
            assert_eq!(count(name, text), units, "{text} on {name}");
        }
    }
}

proptest! {
    #[test]
    fn an_independent_counter_agrees(text in prop_oneof![tricky(), "\\PC{0,40}"]) {
        for channel in CHANNELS.iter() {
            // The plain counter knows few top-level domains and reads no UTF-16.
            let beyond = channel.counting == Counting::WeightedTwitter && text.chars().any(|c| c > '\u{FFFF}') && text.contains('.');
            if let Some(expected) = oracle::count(&text, channel.counting).filter(|_| !beyond) {
                prop_assert_eq!(units(&text, channel), expected, "{}", channel.id);
            }
        }
    }

    #[test]
    fn any_text_is_counted(text in any::<String>()) {
        for channel in CHANNELS.iter() {
            let count = Count::of(&text, channel);
            prop_assert!(count.units <= 3 * text.len().max(1) * 23);
            prop_assert_eq!(count.units == 0, text.is_empty());
            prop_assert_eq!(count.excess_units() > 0, count.limit.is_some_and(|limit| count.units > limit));
        }
    }

    #[test]
    fn no_unit_that_is_not_published_is_underestimated(text in "\\PC{0,40}") {
        let utf16 = count("linkedin", &text);
        prop_assert!(utf16 >= count("slack", &text) && utf16 >= graphemes(&text));
    }

    #[test]
    fn words_add_up_on_every_channel(a in "[a-zé]{0,12}", b in "[a-zé]{0,12}") {
        for channel in CHANNELS.iter() {
            let both = units(&format!("{a}\n\n{b}"), channel);
            prop_assert_eq!(both, units(&a, channel) + 2 + units(&b, channel));
        }
    }
}

#[test]
fn counting_grows_with_the_text_and_no_faster() {
    for name in ["x", "mastodon", "bluesky", "threads", "linkedin"] {
        grows_linearly(|text| {
            std::hint::black_box(units(text, channel(name)));
        });
    }
}
