//! How a composed text gets into the platform's composer: intents, pasting, the share sheet.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::channels::{Channel, Placeholder};
use super::content::post::{Link, Utm};

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How an app hands the text over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Opening the intent puts the text before the employee.
    Prefilled,
    /// The text is copied, the intent opened, the text pasted.
    PasteThenOpen,
    /// There is no intent: the phone's share sheet or the app itself, with the text copied.
    ShareSheet,
}

impl Delivery {
    /// The name of the way.
    pub const fn as_str(self) -> &'static str {
        match self {
            Delivery::Prefilled => "prefilled",
            Delivery::PasteThenOpen => "paste_then_open",
            Delivery::ShareSheet => "share_sheet",
        }
    }
}

/// The way of one text to one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// How the app hands the text over.
    pub delivery: Delivery,
    /// Whether the employee must paste the text for it to be in the post.
    pub must_paste: bool,
    /// The intent, to be filled by [`intent_url`].
    pub intent_template: Option<String>,
}

/// Chooses the way for a text. An intent that lacks a value (a link, an image's address, the person's
/// server) or is too long for the channel does not carry the text.
pub fn handover(channel: &Channel, text: &str, link: Option<&str>, headline: Option<&str>) -> Handover {
    let template = channel.share_intent.as_str();
    let lacks_value = template.is_empty()
        || template.contains("{instance}")
        || template.contains("{image}")
        || (template.contains("{url}") && link.is_none());
    if lacks_value {
        let must_paste = !text.is_empty();
        return Handover { delivery: Delivery::ShareSheet, must_paste, intent_template: None };
    }
    let fits = u32::try_from(intent_url(template, text, link, headline).len())
        .is_ok_and(|length| length <= channel.intent_limit);
    if fits && template.contains("{text}") && channel.prefills.contains(&Placeholder::Text) {
        let intent_template = Some(template.to_owned());
        return Handover { delivery: Delivery::Prefilled, must_paste: false, intent_template };
    }
    let intent_template = Some(template.replace("{text}", ""));
    Handover { delivery: Delivery::PasteThenOpen, must_paste: !text.is_empty(), intent_template }
}

/// Fills an intent's template. Where the link has a place of its own, it is left out of the text.
pub fn intent_url(template: &str, text: &str, link: Option<&str>, headline: Option<&str>) -> String {
    let link = link.unwrap_or_default();
    let text = if template.contains("{url}") { without_link(text, link) } else { text };
    let headline = encode(headline.unwrap_or_default());
    // RFC 6068 asks for CRLF between the lines of a mail.
    let text =
        if template.starts_with("mailto:") { encode(&text.replace('\n', "\r\n")) } else { encode(text) };
    // What is encoded holds no brace, so no value is taken for a placeholder.
    template
        .replace("{text}", &text)
        .replace("{url}", &encode(link))
        .replace("{title}", &headline)
        .replace("{subject}", &headline)
}

/// The text without the link that ends it.
fn without_link<'a>(text: &'a str, link: &str) -> &'a str {
    match text.strip_suffix(link) {
        Some(before) if !link.is_empty() => before.trim_end(),
        _ => text,
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The address with its tracking parameters: before the fragment, after what is there, and none that
/// is there already.
pub fn tracked(link: &Link) -> String {
    let (address, fragment) = match link.url.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (link.url.as_str(), None),
    };
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let present = |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == name);
    let mut tracked = address.to_owned();
    for (name, value) in link.utm.iter().flat_map(Utm::iter) {
        let name = format!("utm_{name}");
        if !present(&name) {
            let separator = match tracked.split_once('?') {
                None => "?",
                Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
                Some(_) => "&",
            };
            tracked.push_str(&format!("{separator}{name}={}", encode(value)));
        }
    }
    if let Some(fragment) = fragment {
        tracked.push('#');
        tracked.push_str(fragment);
    }
    tracked
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::channels::Channels;

    fn way(channel: &str, text: &str, link: Option<&str>) -> Handover {
        handover(Channels::defaults().unwrap().get(&channel.into()).unwrap(), text, link, Some("Kop"))
    }

    #[test]
    fn each_channel_has_its_way() {
        use Delivery::{PasteThenOpen, Prefilled, ShareSheet};
        let link = Some("https://example.nl/");
        for (channel, link, delivery, must_paste) in [
            ("x", link, Prefilled, false),
            ("x", None, Prefilled, false),
            ("linkedin", link, PasteThenOpen, true),
            ("linkedin", None, ShareSheet, true),
            ("mastodon", link, ShareSheet, true),
            ("instagram_feed", link, ShareSheet, true),
            ("email", link, Prefilled, false),
            ("telegram", link, Prefilled, false),
            ("reddit", link, PasteThenOpen, true),
        ] {
            let found = way(channel, "Hallo", link);
            assert_eq!((found.delivery, found.must_paste), (delivery, must_paste), "{channel}");
            assert_eq!(found.intent_template.is_some(), delivery != ShareSheet);
        }
        assert!(!way("instagram_story", "", None).must_paste);
    }

    #[test]
    fn a_long_intent_falls_back_to_pasting() {
        let found = way("bluesky", &"é".repeat(1500), None);
        assert_eq!((found.delivery, found.must_paste), (Delivery::PasteThenOpen, true));
        assert_eq!(found.intent_template.as_deref(), Some("https://bsky.app/intent/compose?text="));
    }

    #[test]
    fn values_are_encoded_once_and_taken_literally() {
        let template = "https://x.com/intent/post?text={text}";
        let url = intent_url(template, "Één & ander+\n{url} ~-._", None, None);
        assert_eq!(url, "https://x.com/intent/post?text=%C3%89%C3%A9n%20%26%20ander%2B%0A%7Burl%7D%20~-._");
        let mail = intent_url("mailto:?subject={subject}&body={text}", "a\nb", None, Some("Kop & staart"));
        assert_eq!(mail, "mailto:?subject=Kop%20%26%20staart&body=a%0D%0Ab");
        let link = Some("https://a.nl/?b");
        let telegram =
            intent_url("https://t.me/share/url?url={url}&text={text}", "a\n\nhttps://a.nl/?b", link, None);
        assert_eq!(telegram, "https://t.me/share/url?url=https%3A%2F%2Fa.nl%2F%3Fb&text=a");
    }

    #[test]
    fn tracking_is_merged_and_overwrites_nothing() {
        let utm = |source: &str| Utm {
            source: Some(source.to_owned()),
            medium: Some("social".to_owned()),
            campaign: None,
            content: None,
            term: None,
            id: None,
        };
        for (url, expected) in [
            ("https://a.nl", "https://a.nl?utm_source=x&utm_medium=social"),
            ("https://a.nl/?b=c#d", "https://a.nl/?b=c&utm_source=x&utm_medium=social#d"),
            ("https://a.nl/?utm_source=y&b", "https://a.nl/?utm_source=y&b&utm_medium=social"),
            ("https://a.nl/?", "https://a.nl/?utm_source=x&utm_medium=social"),
            ("https://a.nl/#a?b", "https://a.nl/?utm_source=x&utm_medium=social#a?b"),
        ] {
            assert_eq!(tracked(&Link { url: url.to_owned(), utm: Some(utm("x")) }), expected);
        }
        assert_eq!(tracked(&Link { url: "https://a.nl/#".to_owned(), utm: None }), "https://a.nl/#");
    }
}
