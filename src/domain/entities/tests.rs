//! The finders as a whole: the ground that twitter-text's conformance suite covers in cases of our own, the
//! other networks, arbitrary text, and growth.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::domain::channels::Channels;

pub(crate) static CHANNELS: LazyLock<Channels> = LazyLock::new(|| Channels::defaults().unwrap());

fn channel(name: &str) -> &'static Channel {
    CHANNELS.get(&name.into()).unwrap()
}

fn texts<'a>(text: &'a str, ranges: &[Range<usize>]) -> Vec<&'a str> {
    ranges.iter().map(|range| &text[range.clone()]).collect()
}

fn links<'a>(name: &str, text: &'a str) -> Vec<&'a str> {
    texts(text, &super::links(text, channel(name)))
}

#[track_caller]
fn on_x(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(links("x", text), *expected, "{text}");
    }
}

#[test]
fn x_finds_urls_with_a_scheme() {
    on_x(&[
        (
            "Zie (https://example.nl/a_(b)?c=d#e), of HTTP://Example.org.",
            &["https://example.nl/a_(b)?c=d#e", "HTTP://Example.org"],
        ),
        (
            "http://a.nl:8080/x http://a.nl: http://a.nl:x",
            &["http://a.nl:8080/x", "http://a.nl", "http://a.nl"],
        ),
        (
            "http://a_b.c-d.nl http://a-b.c.nl http://1.nl",
            &["http://a_b.c-d.nl", "http://a-b.c.nl", "http://1.nl"],
        ),
        (
            "http://☃.net/ http://é.nl http://voorbeeld.みんな/x http://пример.рф",
            &["http://☃.net/", "http://é.nl", "http://voorbeeld.みんな/x", "http://пример.рф"],
        ),
        (
            "http://xn--p1ai.xn--p1ai/ http://XN--LS8H.la",
            &["http://xn--p1ai.xn--p1ai/", "http://XN--LS8H.la"],
        ),
        ("http:// ftp://a.nl http://localhost http://192.168.0.1 http://no-tld http://a.x", &[]),
        ("http://-a.nl http://a-.nl http://_a.nl http://a_.nl http://a_b.nl", &[]),
        ("http://user:pw@a.nl xhttp://a.nl @http://a.nl #http://a.nl $http://a.nl", &[]),
        (
            "http://a.nl, http://b.nl/! http://c.nl/x... http://d.nl/;",
            &["http://a.nl", "http://b.nl/", "http://c.nl/x", "http://d.nl/"],
        ),
        ("http://a.nl/x,https://b.nl", &["http://a.nl/x,https://b.nl"]),
        ("日本http://a.nl/x日本http://b.nl", &["http://a.nl/x", "http://b.nl"]),
        (
            "http://a.nl?x=1&y=2. http://a.nl?#top http://a.nl/?x=é",
            &["http://a.nl?x=1&y=2", "http://a.nl?#top", "http://a.nl/?x="],
        ),
        (
            "http://a.nl/#!/x http://a.nl/$TSLA http://a.nl/@jan/1",
            &["http://a.nl/#!/x", "http://a.nl/$TSLA", "http://a.nl/@jan/1"],
        ),
        (
            "http://a.nl/Русские_слова http://a.nl/straße",
            &["http://a.nl/Русские_слова", "http://a.nl/straße"],
        ),
        ("\u{202A}http://a.nl\u{202C} \u{200E}http://b.nl/x\u{200F}", &["http://a.nl", "http://b.nl/x"]),
        (
            "http://a.nl\nhttp://b.nl\thttp://c.nl\u{3000}http://d.nl",
            &["http://a.nl", "http://b.nl", "http://c.nl", "http://d.nl"],
        ),
        (
            "http://a.nl/x(y z http://a.nl/x(y(z))w http://a.nl/()",
            &["http://a.nl/x", "http://a.nl/x(y(z))w", "http://a.nl/"],
        ),
    ]);
}

#[test]
fn x_finds_hosts_without_a_scheme() {
    on_x(&[
        (
            "example.nl/x, www.x.co.uk! “Werkenbij.zuiver.nl” t.co/abc",
            &["example.nl/x", "www.x.co.uk", "Werkenbij.zuiver.nl", "t.co/abc"],
        ),
        ("rapport.pdf v1.2.3 hallo.daar e.g. a..nl .nl 3.14 x.tar.bz2", &[]),
        ("jan@example.nl jan.nl@example.nl @x.nl #a.nl $a.nl", &[]),
        ("-a.nl _a.nl .a.nl /a.nl x/a.nl ..a.nl", &[]),
        (
            "(a.nl) [b.nl] \"c.nl\" 'd.nl' e.nl: f.nl; ,g.nl",
            &["a.nl", "b.nl", "c.nl", "d.nl", "e.nl", "f.nl", "g.nl"],
        ),
        ("a.nl-b a.nl+ a.nl@ a.nlx a.nl_b", &["a.nl"]),
        ("a.nl:80 b.nl:80/x c.nl?x=1 d.nl/?x=1", &["a.nl", "b.nl:80/x", "c.nl", "d.nl/?x=1"]),
        ("これはexample.com中国語b.comテストc.com/x한국", &["example.com", "b.com", "c.com/x"]),
        ("ELPAÍS.com münchen.de a.みんな みんな.jp", &["ELPAÍS.com", "münchen.de", "a.みんな"]),
        ("https:// example.nl", &["example.nl"]),
        ("a.b.c.d.e.nl x.nl.y.com", &["a.b.c.d.e.nl", "x.nl.y.com"]),
        ("a_b.c.nl", &["b.c.nl"]),
        ("EXAMPLE.NL Example.Com/X", &["EXAMPLE.NL", "Example.Com/X"]),
    ]);
}

#[test]
fn x_bounds_hosts_urls_and_slugs() {
    let label = |length: usize| format!("http://{}.nl", "a".repeat(length));
    let whole = |length: usize| format!("https://a.nl/{}", "x".repeat(length - "https://a.nl/".len()));
    let slug = |length: usize| format!("https://t.co/{}", "a".repeat(length));
    for (fits, text) in [
        (true, label(63)),
        (false, label(64)),
        (true, format!("http://{}.nl", "é".repeat(20))),
        (false, format!("http://{}.nl", "é".repeat(64))),
        (false, format!("http://{}.jp", "日本".repeat(30))),
        (true, whole(4096 - "https://".len())),
        (false, whole(4096 - "https://".len() + 1)),
        (true, slug(40)),
        (false, slug(41)),
        (true, "http://xn--a.nl".to_owned()),
        (false, "http://xn--日本.jp".to_owned()),
    ] {
        let found = links("x", &text);
        assert_eq!(found, if fits { vec![text.as_str()] } else { vec![] }, "{text}");
    }
    let shortened = "https://t.co/abc's http://t.co/x+y http://t.co/z?a=b. http://t.co";
    assert_eq!(
        links("x", shortened),
        ["https://t.co/abc", "http://t.co/x", "http://t.co/z?a=b", "http://t.co"]
    );
    // What is refused as a whole is not searched for shorter ones.
    assert_eq!(links("x", &format!("{}/http://b.nl", slug(41))), [] as [&str; 0]);
}

#[test]
fn mastodon_finds_urls_with_a_scheme_only_and_in_more_scripts() {
    for (text, expected) in [
        ("example.nl www.x.co.uk/a http://a.nl", vec!["http://a.nl"]),
        (
            "http://a.nl/日本、x http://a.nl/wiki/(x)?q=日本",
            vec!["http://a.nl/日本、x", "http://a.nl/wiki/(x)?q=日本"],
        ),
        ("http://a.nl/x<b> http://a.nl/x\"", vec!["http://a.nl/x", "http://a.nl/x"]),
    ] {
        assert_eq!(links("mastodon", text), expected, "{text}");
    }
}

#[test]
fn nothing_is_found_within_a_link() {
    for name in ["x", "mastodon", "bluesky", "linkedin"] {
        let text = "https://example.nl/@jan/#top @jan #tag";
        let found = find(text, channel(name));
        assert_eq!(texts(text, &found.links), ["https://example.nl/@jan/#top"], "{name}");
        assert_eq!(texts(text, &found.hashtags), ["#tag"], "{name}");
        let mentions: &[&str] = if name == "bluesky" { &[] } else { &["@jan"] };
        assert_eq!(texts(text, &found.mentions), mentions, "{name}");
    }
    let text = "a.nl b.nl/x a.nl";
    assert_eq!(distinct_links(text, &super::links(text, channel("threads"))), 2);
}

/// Characters and pieces that the rules speak of, in any order.
pub(crate) fn tricky() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        ".",
        ".",
        ".",
        "/",
        "//",
        ":",
        "http://",
        "https://",
        "HTTP://t.co/",
        "a",
        "b1",
        "-",
        "_",
        "nl",
        "com",
        "co.uk",
        "みんな",
        "рф",
        "xn--",
        "日本",
        "é",
        "#",
        "＃",
        "@",
        "＠",
        "$",
        "&",
        "(",
        ")",
        "[",
        "]",
        "?",
        "=",
        "!",
        ",",
        "…",
        " ",
        "\n",
        "\u{3000}",
        "\u{200D}",
        "\u{FE0F}",
        "\u{FE0E}",
        "\u{20E3}",
        "1",
        "RT",
        "😀",
        "👍🏽",
        "👨‍👩‍👧",
        "🇳🇱",
        "🇳",
        "❤",
        "©",
        "e\u{301}",
        "\u{202A}",
        "\u{FEFF}",
        "नमस्ते",
        "سلام",
        "\"",
        "'",
        "·",
    ]);
    prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_found_is_in_order_apart_and_on_boundaries(text in prop_oneof![tricky(), any::<String>()]) {
        for channel in CHANNELS.iter() {
            let found = find(&text, channel);
            for ranges in [&found.links, &found.hashtags, &found.mentions] {
                prop_assert!(ranges.iter().all(|range| text.get(range.clone()).is_some_and(|found| !found.is_empty())));
                prop_assert!(ranges.iter().zip(ranges.iter().skip(1)).all(|(a, b)| a.end <= b.start));
            }
        }
    }
}

/// Texts that make careless searches look at everything from everywhere.
pub(crate) fn hostile(length: usize) -> Vec<String> {
    let pieces = [
        ".",
        "a.",
        "http://",
        "http://a.",
        "(",
        "/(",
        "a.nl/(",
        "a.nl?",
        "a.nl?.",
        "-a",
        "a_b.",
        "日.",
        "日",
        "@",
        "@a",
        "a@b.",
        "#",
        "#a",
        "# ",
        "https://t.co/",
        "a.com",
        "a.com.",
        "a.comx.",
        "xn--.",
        "(a",
        "(a.",
        "@a.",
        "é.",
        "e\u{301}",
        "👨\u{200D}",
        "🏴\u{E0067}",
        "🇳",
        "1\u{FE0F}",
        "क\u{94D}",
        "\u{301}",
        "RT",
        "a-",
        "a.nl/",
        "'",
        "a.nl:",
        "x.みんな",
        "☝\u{FE0F}",
        "\u{FEFF}",
        "\r\n",
        "a日",
        "\u{600}",
        "/",
        "//a.",
        "x://",
        "https:\\\\",
        "。",
        "é。nl。",
        "a@a.nl:",
        "a.nl+",
        "1.2.3.4/",
        "\u{AD}",
        "ㅎㅏ",
    ];
    pieces.iter().map(|piece| piece.repeat(length / piece.len())).collect()
}

/// Holds that eight times the text takes no more than some three times as long as it should, where a search
/// that looks at everything from everywhere takes eight times as long as it should. The least times of some
/// tries are compared, and of many when the machine is busy.
pub(crate) fn grows_linearly(task: impl Fn(&str)) {
    let time = |text: &str| {
        let began = Instant::now();
        task(text);
        began.elapsed()
    };
    for (short, long) in hostile(2_000).into_iter().zip(hostile(16_000)) {
        let mut least = (Duration::MAX, Duration::MAX);
        let is_linear = (0..50).any(|_| {
            least = (least.0.min(time(&short)), least.1.min(time(&long)));
            least.1 <= 24 * least.0.max(Duration::from_micros(100))
        });
        let start: String = short.chars().take(12).collect();
        assert!(is_linear, "{start:?}: {least:?} for a text and for eight times as much");
    }
}

#[test]
fn searches_grow_with_the_text_and_no_faster() {
    for name in ["x", "mastodon", "bluesky"] {
        grows_linearly(|text| {
            std::hint::black_box(find(text, channel(name)));
        });
    }
}
