//! A hashtag: a tag that the organisation uses or blocks, what it means, and where it goes.

use std::collections::BTreeMap;
use std::ops::Not;

use serde::{Deserialize, Deserializer, Serialize};

use super::check::{Checker, escape, not_empty};
use super::post::{Audience, Post};
use super::rule::{Condition, OnExisting, Rule, Scope, Severity};
use crate::domain::channels::{ChannelId, Channels};
use crate::domain::text::Lines;
use crate::domain::{language, policy};

/// The longest reason why a tag is blocked, in characters.
const MAX_REASON: usize = 1000;

/// The content of a hashtag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashtag {
    /// The tag as it is written, without the number sign.
    pub tag: String,
    /// What the tag stands for, by language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<BTreeMap<String, String>>,
    /// Languages of the copies that it goes with; empty = all.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Channels that it goes with; empty = all.
    #[serde(default)]
    pub channels: Vec<ChannelId>,
    /// Who gets the tag by itself, beside posts. It narrows no post: one that names the tag is approved as a
    /// whole, and whoever the post is for gets it with all its tags.
    #[serde(default, skip_serializing_if = "Audience::is_open")]
    pub audience: Audience,
    /// Which posts must name the tag; absent = none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_for: Option<RequiredFor>,
    /// Whether the tag may stand in no text, in any spelling. Its languages, channels and audience then narrow
    /// nothing: it is blocked in all texts.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub blocked: bool,
    /// Why it is blocked, as whoever writes it is told; present exactly where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Which posts must name a hashtag: those with any of these topics, and those of any of these campaigns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredFor {
    /// Topics.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Campaigns.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<String>,
}

/// Reads a list of topics or campaigns that is named: one of none would demand nothing.
pub fn at_least_one<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    not_empty(deserializer, "at least one; leave the member out for none")
}

impl RequiredFor {
    fn holds(&self, post: &Post) -> bool {
        self.topics.iter().any(|topic| post.topics.contains(topic))
            || post.campaign.as_ref().is_some_and(|campaign| self.campaigns.contains(campaign))
    }

    fn check(&self, check: &mut Checker) {
        if self.topics.is_empty() && self.campaigns.is_empty() {
            let detail = "Name a topic or a campaign; leave required_for out for none.";
            check.refuse("/required_for", "empty", detail);
        }
        for (name, list) in [("topics", &self.topics), ("campaigns", &self.campaigns)] {
            let pointer = format!("/required_for/{name}");
            check.list(&pointer, list, 250);
            for (at, slug) in list.iter().enumerate() {
                check.slug(format_args!("{pointer}/{at}"), slug);
            }
        }
    }
}

impl Hashtag {
    /// Whether the tag goes with a copy of this language on this channel.
    pub fn is_for(&self, channel: &ChannelId, language: &str) -> bool {
        let languages = &self.languages;
        (self.channels.is_empty() || self.channels.contains(channel))
            && (languages.is_empty() || languages.iter().any(|tag| language::covers(tag, language)))
    }

    /// Whether a post must name the tag: it is required for its topics or campaign, goes with one of its copies
    /// on one of its channels, and is meant for everybody whom the post is for.
    pub fn is_required_for(&self, post: &Post) -> bool {
        let goes_with_a_copy = || {
            let mut copies = post.copies.iter();
            copies.any(|copy| {
                let mut channels = post.channels.iter().filter(|channel| copy.is_for(channel));
                channels.any(|channel| self.is_for(channel, &copy.language))
            })
        };
        !self.blocked
            && self.required_for.as_ref().is_some_and(|required_for| required_for.holds(post))
            && self.audience.covers(&post.audience)
            && goes_with_a_copy()
    }

    /// What a blocked tag is to texts: a rule that refuses it everywhere, in what is live already too.
    pub fn ban(&self) -> Option<Rule> {
        let signed = format!("#{}", self.tag);
        self.blocked.then(|| Rule {
            name: signed.clone(),
            condition: Condition::Hashtag { signed },
            severity: Severity::Block,
            scope: vec![Scope::Copy, Scope::Comment, Scope::Alt],
            languages: Vec::new(),
            reason: self.reason.clone().unwrap_or_default(),
            exceptions: Vec::new(),
            on_existing: OnExisting::Block,
        })
    }

    pub(super) fn check(&self, channels: &Channels, check: &mut Checker) {
        check.single_direction("/tag", &self.tag);
        if !channels.is_portable_hashtag(&self.tag) {
            let detail = "A tag is 1 to 50 letters, marks, digits and inner underscores, with a letter in it, \
                          and is written without the number sign.";
            check.refuse("/tag", "not_a_hashtag", detail);
        }
        for (tag, text) in self.meaning.iter().flatten() {
            let pointer = format!("/meaning/{}", escape(tag));
            check.language(&pointer, tag);
            check.text(&pointer, text, 500, Lines::Many);
        }
        check.list("/languages", &self.languages, 50);
        for (at, tag) in self.languages.iter().enumerate() {
            check.language(format_args!("/languages/{at}"), tag);
        }
        check.channels("/channels", &self.channels, channels);
        self.audience.check(check);
        if let Some(required_for) = &self.required_for {
            required_for.check(check);
        }
        check.optional_text("/reason", self.reason.as_deref(), MAX_REASON, Lines::Many);
        self.check_block(check);
    }

    fn check_block(&self, check: &mut Checker) {
        if !self.blocked {
            if self.reason.is_some() {
                check.refuse("/reason", "not_asked_for", "This is for a tag that is blocked.");
            }
            return;
        }
        if self.reason.is_none() {
            check.refuse("/reason", "required", "Say why the tag is blocked: whoever writes it is told.");
        }
        if self.required_for.is_some() {
            check.refuse("/required_for", "blocked", "A tag that is blocked can be required of no post.");
        }
        // A sign with nothing behind it could not be looked for as this tag.
        if policy::folded_phrase(&self.tag).is_empty() {
            check.refuse("/tag", "empty", "A reader sees nothing of this.");
        }
    }
}
