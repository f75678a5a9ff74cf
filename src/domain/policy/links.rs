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
