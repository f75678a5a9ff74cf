//! A disclaimer: a disclosure in several forms and languages, and when it is required.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::check::{Checker, escape, not_empty};
use crate::domain::channels::{ChannelId, Channels};
use crate::domain::ids::Key;
use crate::domain::text::Lines;
use crate::domain::{countries, language};

/// The content of a disclaimer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclaimer {
    /// What the text tells the reader.
    pub purpose: String,
    /// The condition in words, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Where the law or code behind it holds: information only.
    #[serde(default)]
    pub jurisdictions: Vec<String>,
    /// Where in the post it stands.
    pub placement: Placement,
    /// The shortest form that may be used.
    pub smallest: Form,
    /// Its place among disclaimers: the lowest first, and the lowest is shortened last.
    pub rank: u32,
    /// Disclaimers that are fulfilled where this one stands.
    #[serde(default)]
    pub includes: Vec<Key>,
    /// When it is required: absent = only where a post lists it, `{}` = always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_when: Option<RequiredWhen>,
    /// The forms, by language.
    pub text: BTreeMap<String, Forms>,
}

/// Where in a post a disclaimer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// First, before comment and copy.
    Lead,
    /// Before the channel's fold.
    Visible,
    /// After the copy.
    End,
    /// Next to what it describes, before the channel's fold.
    Attached,
}

/// How long a disclaimer is told, the longest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A sentence.
    Full,
    /// A few words.
    Short,
    /// A hashtag.
    Tag,
}

/// A disclaimer's forms in one language. `{company}`, `{tag}`, `{source}`, `{country}` and
/// `{report_url}` are filled in; tags are written without the number sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forms {
    /// A sentence.
    pub full: String,
    /// A few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// A hashtag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// A hashtag for organisations without one of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_generic: Option<String>,
}

/// The conditions of a demand. All that are named must hold; a list means any of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredWhen {
    /// The channel is one of these.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelId>,
    /// The post has one of these topics.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// The post belongs to one of these campaigns.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<String>,
    /// The person is in one of these countries, `EU` meaning its member states.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// The copy is in one of these languages.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Whether there is a comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<bool>,
    /// Whether an image was made or changed by AI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ai_image: Option<bool>,
}

/// A list that is named holds for any of its members, so one of none would hold never. It is refused: whoever
/// wrote it hardly meant that, and stored it could not be told from a list that is not named.
pub fn at_least_one<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    not_empty(deserializer, "at least one; leave the member out for all")
}

/// What a demand is judged by: one post, one channel, one person.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// Where it is shared.
    pub channel: &'a ChannelId,
    /// The post's topics.
    pub topics: &'a [String],
    /// The post's campaign.
    pub campaign: Option<&'a str>,
    /// The person's country; unknown = every country's demand applies.
    pub country: Option<&'a str>,
    /// The copy's language.
    pub language: &'a str,
    /// Whether there is a comment.
    pub comment: bool,
    /// Whether an image was made or changed by AI.
    pub ai_image: bool,
}

impl RequiredWhen {
    /// Whether all named conditions hold.
    pub fn holds(&self, occasion: &Occasion<'_>) -> bool {
        let channel = self.channels.is_empty() || self.channels.contains(occasion.channel);
        let topic = self.topics.is_empty() || self.topics.iter().any(|topic| occasion.topics.contains(topic));
        let campaign = self.campaigns.is_empty()
            || occasion.campaign.is_some_and(|campaign| self.campaigns.iter().any(|named| named == campaign));
        let country = self.countries.is_empty()
            || occasion.country.is_none_or(|country| countries::covers(&self.countries, country));
        let language = self.languages.is_empty()
            || self.languages.iter().any(|named| language::covers(named, occasion.language));
        let comment = self.comment.is_none_or(|wanted| wanted == occasion.comment);
        let ai_image = self.ai_image.is_none_or(|wanted| wanted == occasion.ai_image);
        channel && topic && campaign && country && language && comment && ai_image
    }

    fn check(&self, channels: &Channels, check: &mut Checker) {
        check.channels("/required_when/channels", &self.channels, channels);
        let lists =
            [("topics", &self.topics), ("campaigns", &self.campaigns), ("languages", &self.languages)];
        for (name, list) in lists {
            check.list(&format!("/required_when/{name}"), list, 250);
        }
        for (at, topic) in self.topics.iter().enumerate() {
            check.slug(format_args!("/required_when/topics/{at}"), topic);
        }
        for (at, campaign) in self.campaigns.iter().enumerate() {
            check.slug(format_args!("/required_when/campaigns/{at}"), campaign);
        }
        check.territories("/required_when/countries", &self.countries);
        for (at, tag) in self.languages.iter().enumerate() {
            check.language(format_args!("/required_when/languages/{at}"), tag);
        }
    }
}

impl Disclaimer {
    /// The text in the language of a copy, or a more general one (`nl` for `nl-BE`).
    pub fn forms(&self, wanted: &str) -> Option<&Forms> {
        let tag = language::lookup(wanted, self.text.keys().map(String::as_str))?;
        self.text.get(tag)
    }

    pub(super) fn check(&self, channels: &Channels, check: &mut Checker) {
        check.text("/purpose", &self.purpose, 500, Lines::One);
        check.optional_text("/when", self.when.as_deref(), 500, Lines::One);
        check.list("/jurisdictions", &self.jurisdictions, 100);
        for (at, name) in self.jurisdictions.iter().enumerate() {
            check.text(format_args!("/jurisdictions/{at}"), name, 40, Lines::One);
        }
        if self.rank > 1000 {
            check.refuse("/rank", "out_of_range", "A rank is 0 to 1000.");
        }
        check.list("/includes", &self.includes, 20);
        if let Some(required_when) = &self.required_when {
            required_when.check(channels, check);
        }
        if self.text.is_empty() {
            check.refuse("/text", "empty", "Give the text in at least one language.");
        }
        for (tag, forms) in &self.text {
            let pointer = format!("/text/{}", escape(tag));
            check.language(&pointer, tag);
            forms.check(&pointer, channels, check);
        }
    }
}

/// The placeholders that a text may hold.
pub const PLACEHOLDERS: [&str; 5] = ["{company}", "{tag}", "{source}", "{country}", "{report_url}"];

impl Forms {
    fn check(&self, pointer: &str, channels: &Channels, check: &mut Checker) {
        let sentences = [("full", Some(&self.full)), ("short", self.short.as_ref())];
        for (name, text) in sentences.into_iter().filter_map(|(name, text)| Some((name, text?))) {
            let pointer = format!("{pointer}/{name}");
            check.text(&pointer, text, 500, Lines::One);
            check.single_direction(&pointer, text);
            let rest = PLACEHOLDERS.iter().fold(text.clone(), |text, known| text.replace(known, ""));
            if rest.contains(['{', '}']) {
                let detail = format!("Only {} are filled in.", PLACEHOLDERS.join(", "));
                check.refuse(&pointer, "unknown_placeholder", detail);
            }
        }
        let tags = [("tag", &self.tag), ("tag_generic", &self.tag_generic)];
        for (name, tag) in tags.into_iter().filter_map(|(name, tag)| Some((name, tag.as_ref()?))) {
            // One letter stands for the organisation's hashtag, whose length is not known here.
            if !channels.is_portable_hashtag(&tag.replace("{tag}", "a")) {
                let detail = "A tag is letters, marks, digits and inner underscores, with {tag} at most, and \
                              without the number sign.";
                check.refuse(format_args!("{pointer}/{name}"), "not_a_hashtag", detail);
            }
        }
        if self.tag_generic.as_ref().is_some_and(|tag| tag.contains("{tag}")) {
            check.refuse(
                format_args!("{pointer}/tag_generic"),
                "unknown_placeholder",
                "This takes no {tag}.",
            );
        }
    }
}
