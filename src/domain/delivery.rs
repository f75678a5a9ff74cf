//! How a composed text gets into the platform's composer: intents, pasting, the share sheet.

use serde::{Deserialize, Serialize};

use super::channels::{Channel, Placeholder};
use super::links::encode;

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

/// The values that an intent is filled with.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// The whole text: `{text}`.
    pub text: &'a str,
    /// The link: `{url}`.
    pub link: Option<&'a str>,
    /// The headline: `{title}` and `{subject}`.
    pub headline: Option<&'a str>,
    /// The person's own server: `{instance}`.
    pub server: Option<&'a str>,
    /// The public address of the first image: `{image}`.
    pub image: Option<&'a str>,
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
    /// The text within the intent, where the platform puts the link beside it: the whole text but for
    /// its link.
    pub intent_text: Option<String>,
    /// Whether an intent that could carry the text is too long for it: the text is pasted instead.
    pub intent_too_long: bool,
}

/// Chooses the way for a text. An intent that lacks a value (a link, an image's address, the person's
/// server) is none; one that is too long for the channel does not carry the text.
pub fn handover(channel: &Channel, values: &Values<'_>) -> Handover {
    let Some(template) = usable_template(channel, values) else {
        return Handover {
            delivery: Delivery::ShareSheet,
            must_paste: !values.text.is_empty(),
            intent_template: None,
            intent_text: None,
            intent_too_long: false,
        };
    };
    let carries_text = template.contains("{text}") && channel.prefills.contains(&Placeholder::Text);
    let intent_too_long = carries_text && !fits(channel, &template, values);
    if carries_text && !intent_too_long {
        let beside = template.contains("{url}");
        return Handover {
            delivery: Delivery::Prefilled,
            must_paste: false,
            intent_text: beside.then(|| text_within(&template, values).to_owned()),
            intent_template: Some(template),
            intent_too_long,
        };
    }
    Handover {
        delivery: Delivery::PasteThenOpen,
        must_paste: !values.text.is_empty(),
        intent_template: Some(template.replace("{text}", "")),
        intent_text: None,
        intent_too_long,
    }
}

/// The channel's intent, if there is a value for all that it needs. The link stands in the text and its
/// own place stays empty, but where the platform demands one there.
fn usable_template(channel: &Channel, values: &Values<'_>) -> Option<String> {
    let template = channel.share_intent.as_str();
    let needs_link = template.contains("{url}") && (channel.intent_needs_url || !template.contains("{text}"));
    let lacks_value = template.is_empty()
        || (template.contains("{image}") && values.image.is_none())
        || (template.contains("{instance}") && values.server.is_none())
        || (needs_link && values.link.is_none());
    let usable = || if needs_link { template.to_owned() } else { template.replace("{url}", "") };
    (!lacks_value).then(usable)
}

/// Whether an intent may be as long as these values make it.
fn fits(channel: &Channel, template: &str, values: &Values<'_>) -> bool {
    let within = |length: usize, limit: u32| usize::try_from(limit).is_ok_and(|limit| length <= limit);
    let text = text_within(template, values);
    let text_fits = channel.intent_text_limit == 0 || within(text.chars().count(), channel.intent_text_limit);
    text_fits && within(intent_url(template, values).len(), channel.intent_limit)
}

/// Fills an intent's template. Where the link has a place of its own, it is left out of the text.
pub fn intent_url(template: &str, values: &Values<'_>) -> String {
    let text = text_within(template, values);
    let headline = encode(values.headline.unwrap_or_default());
    // RFC 6068 asks for CRLF between the lines of a mail.
    let text =
        if template.starts_with("mailto:") { encode(&text.replace('\n', "\r\n")) } else { encode(text) };
    // What is encoded holds no brace, so no value is taken for a placeholder.
    template
        .replace("{instance}", values.server.unwrap_or_default())
        .replace("{text}", &text)
        .replace("{url}", &encode(values.link.unwrap_or_default()))
        .replace("{image}", &encode(values.image.unwrap_or_default()))
        .replace("{title}", &headline)
        .replace("{subject}", &headline)
}

/// The text that stands within an intent: without the link that ends it, where that stands beside it.
fn text_within<'a>(template: &str, values: &Values<'a>) -> &'a str {
    let link = values.link.filter(|link| template.contains("{url}") && !link.is_empty());
    let before = link.and_then(|link| values.text.strip_suffix(link));
    before.map_or(values.text, str::trim_end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::channels::Channels;

    fn values<'a>(text: &'a str, link: Option<&'a str>) -> Values<'a> {
        Values { text, link, headline: Some("Kop & staart"), server: None, image: None }
    }

    fn way(channel: &str, values: &Values<'_>) -> Handover {
        handover(Channels::defaults().unwrap().get(&channel.into()).unwrap(), values)
    }

    #[test]
    fn each_channel_has_its_way() {
        use Delivery::{PasteThenOpen, Prefilled, ShareSheet};
        let link = Some("https://example.nl/");
        for (channel, link, delivery, must_paste) in [
            ("x", link, Prefilled, false),
            ("x", None, Prefilled, false),
            ("threads", link, Prefilled, false),
            ("bluesky", link, Prefilled, false),
            ("whatsapp", link, Prefilled, false),
            ("linkedin", link, PasteThenOpen, true),
            ("linkedin", None, ShareSheet, true),
            ("facebook", link, PasteThenOpen, true),
            ("xing", link, PasteThenOpen, true),
            ("mastodon", link, ShareSheet, true),
            ("instagram_feed", link, ShareSheet, true),
            ("email", link, Prefilled, false),
            ("telegram", link, Prefilled, false),
            ("telegram", None, ShareSheet, true),
            ("teams", link, Prefilled, false),
            ("reddit", link, PasteThenOpen, true),
        ] {
            let found = way(channel, &values("Hallo\n\nhttps://example.nl/", link));
            assert_eq!((found.delivery, found.must_paste), (delivery, must_paste), "{channel}");
            assert_eq!(found.intent_template.is_some(), delivery != ShareSheet);
        }
        assert!(!way("instagram_story", &values("", None)).must_paste);
    }

    #[test]
    fn the_link_stands_in_the_text_but_where_it_must_stand_beside_it() {
        let link = Some("https://a.nl/?b");
        let with_link = values("Één & ander+\n\nhttps://a.nl/?b", link);
        for (channel, expected, beside) in [
            (
                "x",
                "https://x.com/intent/post?text=%C3%89%C3%A9n%20%26%20ander%2B%0A%0Ahttps%3A%2F%2Fa.nl%2F%3Fb&url=",
                None,
            ),
            (
                "telegram",
                "https://t.me/share/url?url=https%3A%2F%2Fa.nl%2F%3Fb&text=%C3%89%C3%A9n%20%26%20ander%2B",
                Some("Één & ander+"),
            ),
            (
                "teams",
                "https://teams.microsoft.com/share?href=https%3A%2F%2Fa.nl%2F%3Fb&msgText=%C3%89%C3%A9n%20%26%20ander%2B",
                Some("Één & ander+"),
            ),
            (
                "reddit",
                "https://www.reddit.com/submit?url=https%3A%2F%2Fa.nl%2F%3Fb&title=Kop%20%26%20staart",
                None,
            ),
            (
                "email",
                "mailto:?subject=Kop%20%26%20staart&body=%C3%89%C3%A9n%20%26%20ander%2B%0D%0A%0D%0Ahttps%3A%2F%2Fa.nl%2F%3Fb",
                None,
            ),
        ] {
            let found = way(channel, &with_link);
            assert_eq!(intent_url(found.intent_template.as_deref().unwrap(), &with_link), expected);
            assert_eq!(found.intent_text.as_deref(), beside, "{channel}");
        }
    }

    #[test]
    fn a_long_intent_falls_back_to_pasting() {
        let long = "é".repeat(1500);
        let found = way("bluesky", &values(&long, None));
        assert_eq!((found.delivery, found.must_paste), (Delivery::PasteThenOpen, true));
        assert_eq!(found.intent_template.as_deref(), Some("https://bsky.app/intent/compose?text="));
        assert!(found.intent_too_long);
        let teams = way("teams", &values(&"a".repeat(201), Some("https://a.nl/")));
        assert_eq!(teams.delivery, Delivery::PasteThenOpen);
        assert_eq!(
            teams.intent_template.as_deref(),
            Some("https://teams.microsoft.com/share?href={url}&msgText=")
        );
        assert!(!way("linkedin", &values("a", Some("https://a.nl/"))).intent_too_long);
    }

    #[test]
    fn mastodon_opens_on_the_persons_own_server() {
        let at_home = Values { server: Some("mastodon.example"), ..values("Hallo {url}", None) };
        let found = way("mastodon", &at_home);
        assert_eq!(found.delivery, Delivery::Prefilled);
        let url = intent_url(found.intent_template.as_deref().unwrap(), &at_home);
        assert_eq!(url, "https://mastodon.example/share?text=Hallo%20%7Burl%7D");
    }
}
