//! Where the links of a text lead.

use std::ops::Range;

use url::Url;

use crate::domain::entities;
use crate::domain::links::is_within;

/// The links in a text that lead neither to one of the `allowed` domains nor below one, as some network or
/// client reads them. A link whose host cannot be read leads elsewhere.
pub(super) fn elsewhere(text: &str, allowed: &[String]) -> Vec<Range<usize>> {
    entities::links_elsewhere(text, |host| allowed.iter().any(|domain| is_within(host, domain)))
}

/// A domain as hosts are compared with it: in lower case and in punycode. `None` if it is no name of a host
/// with a dot in it.
pub(crate) fn domain(text: &str) -> Option<String> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-') || !c.is_ascii();
    let url = Url::parse(&format!("https://{text}/")).ok().filter(|_| text.chars().all(is_name))?;
    let host = url.domain()?;
    let is_label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    let good = host.contains('.') && host.len() <= 253 && host.split('.').all(is_label);
    (good && url.path() == "/").then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

    use super::*;

    #[test]
    fn links_lead_to_a_domain_or_below_it() {
        let allowed = ["zuiver.nl".to_owned(), domain("münchen.de").unwrap()];
        for (text, found) in [
            ("https://zuiver.nl/a en www.ZUIVER.nl, zuiver.nl", vec![]),
            (
                "https://nietzuiver.nl/ zuiver.nl.example.com",
                vec!["https://nietzuiver.nl/", "zuiver.nl.example.com"],
            ),
            ("https://MÜNCHEN.de https://xn--mnchen-3ya.de/x", vec![]),
            // A Cyrillic a, and a letter more.
            (
                "https://zuiver.nl.eu https://xn--80ak6aa92e.com",
                vec!["https://zuiver.nl.eu", "https://xn--80ak6aa92e.com"],
            ),
            ("https://zuiver.nl@example.com/", vec!["https://zuiver.nl@example.com/"]),
            ("https://zuiver.nl:8443/ https://127.0.0.1/", vec!["https://127.0.0.1/"]),
            ("jan@example.com", vec![]),
        ] {
            let links: Vec<&str> = elsewhere(text, &allowed).into_iter().map(|range| &text[range]).collect();
            assert_eq!(links, found);
        }
    }

    #[test]
    fn hosts_count_however_they_are_spelled() {
        let allowed = ["zuiver.nl".to_owned(), domain("münchen.de").unwrap()];
        let ours = [
            "//zuiver.nl/x ftp://zuiver.nl HTTP://ZUIVER.NL https:\\\\zuiver.nl zuiver.nl:8443 zuiver.nl./x",
            "ｚｕｉｖｅｒ．ｎｌ zuiver。nl Zui\u{AD}ver.\u{200B}nl 👉zuiver.nl _zuiver.nl_ “https://zuiver.nl”",
            "mu\u{308}nchen.de MÜNCHEN。DE www.münchen.de https://münchen.de。次の文 zuiver.nlへ",
            "zuiver.nl/?u=https://example.com https://jan:x@zuiver.nl/ zuiver.nl, zuiver.nl-pagina",
        ];
        for text in ours {
            assert_eq!(elsewhere(text, &allowed), [] as [Range<usize>; 0], "{text}");
        }
        for text in [
            "//evil.com/x",
            "ftp://evil.com",
            "evil_zuiver.nl",
            "зло.рф",
            "ｅｖｉｌ．ｃｏｍ",
            "zuiver.nl。ｃｏｍ",
            "zuiver.nl@evil.com/",
            "https:\\\\evil.com\\@zuiver.nl",
            "https://zuiver.nl,x.evil.com",
            "1.2.3.4/x",
            "http://[::1]",
            // No browser tells where these lead.
            "zui\u{200D}ver.nl",
            "https:\u{200B}//zuiver.nl",
            "intent://zuiver.nl",
            // Some take all of it, others only what is Latin.
            "詳細はzuiver.nl",
        ] {
            let links: Vec<&str> = elsewhere(text, &allowed).into_iter().map(|range| &text[range]).collect();
            assert_eq!(links, [text]);
        }
    }

    #[test]
    fn domains_are_names_of_hosts() {
        assert_eq!(domain("Zuiver.NL").as_deref(), Some("zuiver.nl"));
        assert_eq!(domain("münchen.de").as_deref(), Some("xn--mnchen-3ya.de"));
        for odd in [
            "",
            "nl",
            "*.zuiver.nl",
            "https://zuiver.nl",
            "zuiver.nl/a",
            "a b.nl",
            "10.0.0.1",
            "zuiver..nl",
            "-a.nl",
            "zuiver.nl:80",
            "jan@zuiver.nl",
            "[::1]",
            "zuiver.nl.",
        ] {
            assert_eq!(domain(odd), None, "{odd}");
        }
    }
}
