//! Links: where a post may lead to, and the parameters by which a visit can be told from another.

use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::{Url, form_urlencoded};

use super::channels::ChannelId;
use super::content::post::{Link, Utm};
use super::entities;
use super::span::{Span, Spans};
use crate::error::Fault;

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The letters and digits of a share's tag, `utm_content`.
pub const TAG_LENGTH: usize = 16;

/// The tag of a link that is only looked at. It is as long as a share's.
pub const PREVIEW_TAG: &str = "preview0preview0";

/// Where links may lead to, as the operator sets it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkPolicy {
    /// The domains, in lower case, that posts may link to, and what lies below them; empty = any.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Whether `http` is taken beside `https`.
    #[serde(default)]
    pub allow_http: bool,
}

impl LinkPolicy {
    /// What is wrong with an address, if anything is: it must be of a named host, in ASCII, written as
    /// every reader of addresses would write it (but for the slash of an empty path), so that what is
    /// shown, counted and opened is the same, and of a domain that is allowed.
    pub fn fault(&self, pointer: &str, address: &str) -> Option<Fault> {
        let schemes = if self.allow_http { "https or http" } else { "https" };
        let Some(host) = plain_host(address, self.allow_http) else {
            let detail = format!(
                "An {schemes} address in its plain form: a named host in lower case, no user or password, at \
                 most 2000 ASCII characters (percent-encode others)."
            );
            return Some(Fault::body(pointer, "not_a_link", detail));
        };
        if self.allows(&host) {
            return None;
        }
        let detail = format!("Links lead to {} only.", self.domains.join(", "));
        Some(Fault::body(pointer, "domain_not_allowed", detail))
    }

    /// The links of a text that the policy does not take, each at its place. A link without a scheme is opened
    /// as `https`, or as `http` where the host offers nothing else.
    pub fn faults_in(&self, pointer: &str, text: &str) -> Vec<Fault> {
        let elsewhere = match self.domains.is_empty() {
            true => Vec::new(),
            false => entities::links_elsewhere(text, |host| self.allows(host)),
        };
        let links = if self.allow_http { Vec::new() } else { entities::links_anywhere(text) };
        let is_plain = |link: &Range<usize>| {
            let scheme = text.get(link.clone()).and_then(|link| link.get(..5));
            scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"))
        };
        let plain: Vec<Range<usize>> = links.into_iter().filter(is_plain).collect();
        let lead_to = format!("Links lead to {} only.", self.domains.join(", "));
        let mut faults = faults_at(pointer, text, &elsewhere, "domain_not_allowed", &lead_to);
        faults.extend(faults_at(
            pointer,
            text,
            &plain,
            "not_https",
            "A link begins with https://, not http://.",
        ));
        faults
    }

    fn allows(&self, host: &str) -> bool {
        self.domains.is_empty() || self.domains.iter().any(|domain| is_within(host, domain))
    }
}

fn faults_at(
    pointer: &str,
    text: &str,
    links: &[Range<usize>],
    code: &'static str,
    detail: &str,
) -> Vec<Fault> {
    /// Who has so many links to mend looks at the text anew.
    const TOLD: usize = 20;
    let mut spans = Spans::new(text);
    let fault = |link: &Range<usize>| {
        let Span { start, end } = spans.of(link);
        Fault::body(pointer, code, detail).with("start", json!(start)).with("end", json!(end))
    };
    links.iter().take(TOLD).map(fault).collect()
}

/// Whether a text is the name of a domain in its plain form.
pub fn is_domain(text: &str) -> bool {
    plain_host(&format!("https://{text}/"), false).as_deref() == Some(text) && !text.ends_with('.')
}

/// Whether a host is a domain or lies below it; both in lower case.
pub fn is_within(host: &str, domain: &str) -> bool {
    let host = host.trim_end_matches('.');
    host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// The named host of an address in its plain form.
fn plain_host(address: &str, allow_http: bool) -> Option<String> {
    let plain = address.len() <= 2000 && address.bytes().all(|byte| byte.is_ascii_graphic());
    let url = Url::parse(address).ok().filter(|_| plain)?;
    let as_written = url.as_str() == address || url.as_str().strip_suffix('/') == Some(address);
    let scheme = url.scheme() == "https" || (allow_http && url.scheme() == "http");
    let anonymous = url.username().is_empty() && url.password().is_none();
    let host = url.domain().filter(|_| as_written && scheme && anonymous)?;
    let named = host.contains('.') && host.trim_end_matches('.').split('.').all(|label| !label.is_empty());
    named.then(|| host.to_owned())
}

/// What tells the visits of one share from others.
#[derive(Debug, Clone, Copy)]
pub struct Tracking<'a> {
    /// Where it is shared.
    pub channel: &'a ChannelId,
    /// The post's campaign.
    pub campaign: Option<&'a str>,
    /// The share's tag: random, so that it tells nothing about the person.
    pub tag: &'a str,
}

/// The address as it is posted. A link with `utm` gets its tracking parameters: before the fragment, after
/// what is there, and none that is there already. What the post leaves out is the channel as the source,
/// `social` as the medium and the post's campaign; the content is always the share's tag.
pub fn tracked(link: &Link, tracking: &Tracking<'_>) -> String {
    let Some(utm) = &link.utm else { return link.url.clone() };
    let (address, fragment) = match link.url.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (link.url.as_str(), None),
    };
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let present = |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == name);
    let mut tracked = address.to_owned();
    for (name, value) in parameters(utm, tracking) {
        if !present(name) {
            let separator = match tracked.split_once('?') {
                None => "?",
                Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
                Some(_) => "&",
            };
            tracked.push_str(&format!("{separator}{name}={}", encode(&value)));
        }
    }
    if let Some(fragment) = fragment {
        tracked.push('#');
        tracked.push_str(fragment);
    }
    tracked
}

fn parameters(utm: &Utm, tracking: &Tracking<'_>) -> impl Iterator<Item = (&'static str, String)> {
    let own = |value: &Option<String>| value.clone();
    [
        ("utm_source", own(&utm.source).or_else(|| Some(tracking.channel.as_str().replace('_', "-")))),
        ("utm_medium", own(&utm.medium).or_else(|| Some("social".to_owned()))),
        ("utm_campaign", own(&utm.campaign).or_else(|| tracking.campaign.map(str::to_owned))),
        ("utm_content", Some(tracking.tag.to_owned())),
        ("utm_term", own(&utm.term)),
        ("utm_id", own(&utm.id)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

/// A value as it stands in an address: UTF-8, with all but unreserved characters percent-encoded.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(domains: &[&str], allow_http: bool) -> LinkPolicy {
        LinkPolicy { domains: domains.iter().map(|&domain| domain.to_owned()).collect(), allow_http }
    }

    #[test]
    fn links_are_https_with_a_plain_named_host() {
        let any = LinkPolicy::default();
        for good in ["https://example.nl/a?b=c#d", "https://example.nl", "https://xn--caf-dma.nl/"] {
            assert_eq!(any.fault("/url", good), None, "{good}");
        }
        for odd in [
            "http://example.nl/",
            "https://localhost/",
            "https://10.0.0.1/",
            "https://user@example.nl/",
            "https://example.nl/ruim te",
            "https://example.nl/café",
            "https://Example.nl/",
            "javascript:alert(1)",
            "//example.nl",
        ] {
            assert_eq!(any.fault("/url", odd).map(|fault| fault.code), Some("not_a_link"), "{odd}");
        }
        assert_eq!(policy(&[], true).fault("/url", "http://example.nl/"), None);
    }

    #[test]
    fn what_is_written_in_a_text_keeps_to_the_policy_too() {
        let codes = |policy: &LinkPolicy, text| {
            policy.faults_in("/text", text).into_iter().map(|fault| fault.code).collect::<Vec<_>>()
        };
        let open = LinkPolicy::default();
        assert!(codes(&open, "Zie https://a.nl, b.nl en http: dat is oud").is_empty());
        assert_eq!(codes(&open, "Zie HTTP://a.nl/x en http://b.nl"), ["not_https", "not_https"]);
        assert!(codes(&policy(&[], true), "http://a.nl").is_empty());
        let ours = policy(&["example.nl"], false);
        assert!(codes(&ours, "Zie www.example.nl en https://example.nl/").is_empty());
        assert_eq!(codes(&ours, "evil.nl of http://example.nl"), ["domain_not_allowed", "not_https"]);
    }

    #[test]
    fn links_lead_to_allowed_domains_only() {
        let ours = policy(&["example.nl", "zuiver.example"], false);
        for good in ["https://example.nl/a", "https://www.example.nl/", "https://a.b.zuiver.example/"] {
            assert_eq!(ours.fault("/url", good), None, "{good}");
        }
        for other in ["https://example.nl.evil.example/", "https://myexample.nl/", "https://example.com/"] {
            assert_eq!(ours.fault("/url", other).map(|fault| fault.code), Some("domain_not_allowed"));
        }
    }

    #[test]
    fn tracking_is_merged_and_overwrites_nothing() {
        let utm = Utm {
            source: Some("x".to_owned()),
            medium: None,
            campaign: None,
            term: Some("a b".to_owned()),
            id: None,
        };
        let channel = ChannelId::from("instagram_feed");
        let tracking = Tracking { channel: &channel, campaign: None, tag: "0123456789abcdef" };
        let all = "utm_source=x&utm_medium=social&utm_content=0123456789abcdef&utm_term=a%20b";
        for (url, expected) in [
            ("https://a.nl", format!("https://a.nl?{all}")),
            ("https://a.nl/?b=c#d", format!("https://a.nl/?b=c&{all}#d")),
            ("https://a.nl/?", format!("https://a.nl/?{all}")),
            ("https://a.nl/#a?b", format!("https://a.nl/?{all}#a?b")),
            (
                "https://a.nl/?utm_content=y&utm_source=z&b",
                "https://a.nl/?utm_content=y&utm_source=z&b&utm_medium=social&utm_term=a%20b".to_owned(),
            ),
        ] {
            let link = Link { url: url.to_owned(), utm: Some(utm.clone()) };
            assert_eq!(tracked(&link, &tracking), expected);
        }
        let bare = Link { url: "https://a.nl/#".to_owned(), utm: None };
        assert_eq!(tracked(&bare, &tracking), "https://a.nl/#", "a link without utm stays as it is");
        let defaults = Link { url: "https://a.nl/".to_owned(), utm: Some(Utm::default()) };
        assert_eq!(
            tracked(&defaults, &Tracking { campaign: Some("open-dag"), ..tracking }),
            "https://a.nl/?utm_source=instagram-feed&utm_medium=social&utm_campaign=open-dag&\
             utm_content=0123456789abcdef"
        );
        assert_eq!(PREVIEW_TAG.len(), TAG_LENGTH);
    }
}
