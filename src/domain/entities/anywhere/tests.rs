//! What is a link somewhere and what is none nowhere, and what holds for any text.
#![allow(clippy::string_slice)]

use std::ops::Range;

use proptest::prelude::*;

use crate::domain::entities::tests::{CHANNELS, grows_linearly, tricky};
use crate::domain::entities::{links, links_anywhere, links_elsewhere};

#[track_caller]
fn found(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        let links: Vec<&str> = links_anywhere(text).into_iter().map(|link| &text[link]).collect();
        assert_eq!(links, *expected, "{text}");
    }
}

#[test]
fn schemes_and_slashes_make_links() {
    found(&[
        ("zie //evil.com/x, of (//evil.test)", &["//evil.com/x", "//evil.test"]),
        ("//localhost:80/ ///evil.com //a:b@evil.com", &["//localhost:80/", "//evil.com", "//a:b@evil.com"]),
        ("ftp://evil.com! HTTP://evil.com rtsp://a", &["ftp://evil.com", "HTTP://evil.com", "rtsp://a"]),
        ("ietshttps://evil.test (app+x://y) éftp://z", &["https://evil.test", "x://y", "ftp://z"]),
        ("https:\\\\evil.com ftp:\\/evil.com/x", &["https:\\\\evil.com", "ftp:\\/evil.com/x"]),
        ("http://1.2.3.4, https://0x7f.1/", &["http://1.2.3.4", "https://0x7f.1/"]),
        ("http://[::1]/x. http://[::1]:80", &["http://[::1]/x", "http://[::1]:80"]),
        ("https://zuiver.nl@evil.com/", &["https://zuiver.nl@evil.com/"]),
        ("[x](ftp://evil.com/a_(b)?c#d)…", &["ftp://evil.com/a_(b)?c#d"]),
        ("https:\u{200B}//ev\u{AD}il.com", &["https:\u{200B}//ev\u{AD}il.com"]),
    ]);
}

#[test]
fn hosts_make_links_in_any_script_and_spelling() {
    found(&[
        (
            "münchen.de, зло.рф! “例え.jp” 例え.みんな/あ",
            &["münchen.de", "зло.рф", "例え.jp", "例え.みんな/あ"],
        ),
        ("ЗЛО.РФ, EVIL.COM. xn--a.xn--p1ai", &["ЗЛО.РФ", "EVIL.COM", "xn--a.xn--p1ai"]),
        ("_evil.com evil_x.com _.evil.com", &["evil.com", "evil_x.com", "_.evil.com"]),
        ("/evil.com x/evil.com #evil.com ..evil.com", &["evil.com"; 4]),
        (
            "ｅｖｉｌ．ｃｏｍ evil。com evil．com evil｡com",
            &["ｅｖｉｌ．ｃｏｍ", "evil。com", "evil．com", "evil｡com"],
        ),
        ("例え。jp 例え。jp/x 例え。世界:80", &["例え。jp", "例え。jp/x", "例え。世界:80"]),
        ("evil.\u{1112}\u{1161}\u{11AB}국 evil.℡", &["evil.\u{1112}\u{1161}\u{11AB}국", "evil.℡"]),
        ("ev\u{200D}il\u{200C}.\u{FE0F}c\u{2060}om", &["ev\u{200D}il\u{200C}.\u{FE0F}c\u{2060}om"]),
        (
            "👉evil.com 1\u{FE0F}\u{20E3}evil.com ❤\u{FE0F}.ws i❤.ws",
            &["evil.com", "evil.com", "❤\u{FE0F}.ws", "i❤.ws"],
        ),
        ("evil.com:8443, evil.com./x evil.com:x", &["evil.com:8443", "evil.com./x", "evil.com:x"]),
        ("WWW.evil, www.зло", &["WWW.evil", "www.зло"]),
        ("зло.рф.pdf зло.рф-x", &["зло.рф", "зло.рф"]),
        // Some take all of it, others only what is Latin.
        ("詳細はevil.comへ。", &["詳細はevil.com"]),
    ]);
}

#[test]
fn numbers_and_users_need_a_port_or_path() {
    found(&[
        ("1.2.3.4/x 1.2.3.4:80.", &["1.2.3.4/x", "1.2.3.4:80"]),
        ("versie 1.2.3.4, 1.2.3.4. 1.2.3/4 1.2.3.4.5/6 (1.2.3.4?)", &[]),
        ("jan@example.com/path jan@зло.рф:80", &["jan@example.com/path", "jan@зло.рф:80"]),
        ("zuiver.nl@evil.com/ a:b@evil.com/", &["zuiver.nl@evil.com/", "a:b@evil.com/"]),
        ("jan@example.com, “Jan.de+Vries@зло.рф”. mailto:jan@example.com", &[]),
        ("(jan@example.com) @evil.com @jan@evil.social", &[]),
        ("зло.рф@ ons", &["зло.рф"]),
    ]);
}

#[test]
fn ordinary_text_makes_no_links() {
    found(&[
        ("rapport.pdf v1.2.3 versie 1.2.3.4 e.g. jan@example.com 3.5 a.b 12:30 C:\\x C:\\\\x en/of", &[]),
        ("// noot, //noot https:// x … a…b wacht... a..com .com 1://2", &[]),
        ("これは例です。日本", &[]),
        ("これは例です。世界の人。世界、世界。", &[]),
        ("конец.Русский 😀. .", &[]),
        ("نعم. شبكة", &[]),
    ]);
}

#[test]
fn the_search_grows_with_the_text_and_no_faster() {
    grows_linearly(|text| {
        std::hint::black_box(super::find(text));
    });
}

/// Texts with pieces of links in many spellings.
fn spelled() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        tricky(),
        ".{0,6}",
        "[/:.@。．｡_\\\\\u{200D}\u{AD}a-c\\[\\]()%]{0,8}",
        "(evil|зло|例え|1\\.2|ｅ)(\\.|。|．)(com|рф|jp|みんな|3\\.4)(/|:80|@|、)?",
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn are_valid(text: &str, ranges: &[Range<usize>]) -> bool {
    let good = |range: &Range<usize>| text.get(range.clone()).is_some_and(|link| !link.is_empty());
    ranges.iter().all(good) && ranges.is_sorted_by(|a, b| a.end <= b.start)
}

fn covers(ranges: &[Range<usize>], inner: &Range<usize>) -> bool {
    ranges.iter().any(|range| range.start <= inner.start && inner.end <= range.end)
}

proptest! {
    #[test]
    fn ranges_are_in_order_apart_and_on_boundaries(text in prop_oneof![spelled(), any::<String>()]) {
        let all = links_anywhere(&text);
        prop_assert!(are_valid(&text, &all));
        prop_assert_eq!(&links_elsewhere(&text, |_| false), &all);
        let some = links_elsewhere(&text, |host| host.len() % 2 == 0);
        prop_assert!(are_valid(&text, &some) && some.iter().all(|link| covers(&all, link)));
    }

    #[test]
    fn what_any_channel_counts_is_found(text in spelled()) {
        let all = links_anywhere(&text);
        for channel in CHANNELS.iter() {
            for link in links(&text, channel) {
                prop_assert!(covers(&all, &link), "{} on {}", &text[link], channel.id);
            }
        }
    }

    #[test]
    fn what_has_no_shape_hides_no_link(
        scheme in "(https?://)?",
        name in "[a-z][a-z0-9]{0,8}(-[a-z])?\\.([a-z]{1,6}\\.)?(com|nl|social|xn--p1ai)",
        at in any::<prop::sample::Index>(),
        hidden in "[\u{AD}\u{34F}\u{200B}-\u{200F}\u{202A}-\u{202E}\u{2060}-\u{2064}\u{FE00}-\u{FE0F}\u{E0100}]{1,3}",
    ) {
        let link = format!("{scheme}{name}");
        let (before, after) = link.split_at(at.index(link.len()));
        let text = format!("Zie {before}{hidden}{after} nu");
        let start = if before.is_empty() { "Zie ".len() + hidden.len() } else { "Zie ".len() };
        let place = start..text.len() - " nu".len();
        prop_assert!(covers(&links_anywhere(&text), &place), "{text:?}");
    }
}
