//! A hashtag: a tag that the organisation uses, what it means, and where.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::check::{Checker, escape};
use crate::domain::channels::{ChannelId, Channels};
use crate::domain::language;
use crate::domain::text::Lines;

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
}

impl Hashtag {
    /// Whether the tag goes with a copy of this language on this channel.
    pub fn is_for(&self, channel: &ChannelId, language: &str) -> bool {
        let languages = &self.languages;
        (self.channels.is_empty() || self.channels.contains(channel))
            && (languages.is_empty() || languages.iter().any(|tag| language::covers(tag, language)))
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
    }
}
