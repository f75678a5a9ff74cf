//! The places to share to, as data: counting rules, fold, hashtags, intents.
//!
//! The defaults are embedded (`channels.toml`); an operator overrides single fields or adds channels.

use std::fmt;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::ids::Digest;
use crate::error::{Error, Result};

const DEFAULTS: &str = include_str!("channels.toml");

/// The name of a channel, such as `linkedin`. That there is such a channel, only [`Channels`] knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(String);

impl ChannelId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ChannelId {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// In which unit a channel counts a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counting {
    /// X: NFC, then weights: URLs at their fixed cost, emoji 2, some ranges 1, everything else 2.
    WeightedTwitter,
    /// Extended grapheme clusters.
    Graphemes,
    /// Extended grapheme clusters, with URLs at their fixed cost and `@user@host` as `@user`.
    Mastodon,
    /// Code points, but emoji by their UTF-8 bytes.
    Threads,
    /// UTF-16 code units; also where the unit is not published, because no other one counts more.
    Utf16,
    /// Unicode scalar values.
    CodePoints,
    /// Bytes of UTF-8.
    Utf8Bytes,
}

/// By whose rules a channel finds links, hashtags and mentions in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Convention {
    /// X's, which stand in where a platform publishes none.
    #[default]
    X,
    /// Mastodon's.
    Mastodon,
    /// Bluesky's.
    Bluesky,
}

/// What a channel makes of hashtags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashtagMode {
    /// Each becomes a link.
    Linked,
    /// One names the post's topic.
    Topic,
    /// They are plain text.
    Plain,
    /// They are not wanted; none is added.
    None,
}

/// What the platform can put before the employee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placeholder {
    /// The composed text.
    Text,
    /// The link.
    Url,
    /// The headline.
    Title,
    /// The headline, as a subject.
    Subject,
    /// An image's public address.
    Image,
}

/// How well the figures of a channel are founded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The platform's own text or code.
    High,
    /// Several others agree, or an older text of the platform.
    Medium,
    /// One source, or common knowledge only.
    Low,
    /// Set by the operator.
    Operator,
}

/// A channel's facts. In the figures, 0 means that no limit is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// The channel's name in content and requests.
    pub id: ChannelId,
    /// The channel's name for people.
    pub name: String,
    /// Whether a post on it has a text.
    pub text_field: bool,
    /// The longest text, in units of `counting`.
    #[serde(default)]
    pub text_limit: u32,
    /// The longest headline, in UTF-16 units.
    #[serde(default)]
    pub title_limit: u32,
    /// The unit of `text_limit` and `fold`.
    pub counting: Counting,
    /// What a URL costs; 0 = its own characters.
    #[serde(default)]
    pub url_length: u32,
    /// Whether only what has `http(s)://` is taken for a URL.
    #[serde(default)]
    pub url_needs_scheme: bool,
    /// The most different links in a post.
    #[serde(default)]
    pub url_max: u32,
    /// By whose rules links, hashtags and mentions are found.
    #[serde(default)]
    pub convention: Convention,
    /// The longest text in bytes, beside `text_limit`.
    #[serde(default)]
    pub byte_limit: u32,
    /// About how many units show before the reader must ask for more; 0 = all, or unknown.
    #[serde(default)]
    pub fold: u32,
    /// Characters that the platform refuses.
    #[serde(default)]
    pub forbidden_characters: String,
    /// What the channel makes of hashtags.
    pub hashtag_mode: HashtagMode,
    /// The most hashtags in a post.
    #[serde(default)]
    pub hashtag_max: u32,
    /// Whether a post on it must have an image.
    #[serde(default)]
    pub image_required: bool,
    /// The most images in a post; 0 = a share hands over none.
    #[serde(default)]
    pub images_max: u32,
    /// The types of images that it takes, as `jpg`, `png` and others; empty = it says nothing, and both of
    /// these will do.
    #[serde(default)]
    pub image_formats: Vec<String>,
    /// The recommended sizes of images, as width and height in pixels.
    #[serde(default)]
    pub image_recommended: Vec<[u32; 2]>,
    /// The most bytes of an image.
    #[serde(default)]
    pub image_max_bytes: u64,
    /// The most pixels of an image.
    #[serde(default)]
    pub image_max_pixels: u64,
    /// The longest side of an image, in pixels.
    #[serde(default)]
    pub image_max_dimension: u32,
    /// The greatest width of an image, in pixels.
    #[serde(default)]
    pub image_max_width: u32,
    /// The least width of an image for its height.
    #[serde(default)]
    pub image_aspect_min: f64,
    /// The greatest width of an image for its height.
    #[serde(default)]
    pub image_aspect_max: f64,
    /// The longest text that stands for an image, in UTF-16 units; 0 also where it has none.
    #[serde(default)]
    pub alt_text_limit: u32,
    /// Whether people have a profile of their own there, with a line about themselves for all to read.
    #[serde(default)]
    pub profile: bool,
    /// The longest text about oneself in such a profile, in UTF-16 units.
    #[serde(default)]
    pub bio_limit: u32,
    /// The address that opens the platform's composer; empty = there is none.
    #[serde(default)]
    pub share_intent: String,
    /// Whether the intent works only with a link in the place of its own.
    #[serde(default)]
    pub intent_needs_url: bool,
    /// The most characters of a text within the intent; 0 = no limit is known.
    #[serde(default)]
    pub intent_text_limit: u32,
    /// The bytes that an intent may have.
    #[serde(default = "default_intent_limit")]
    pub intent_limit: u32,
    /// What of the intent the platform really puts before the employee.
    #[serde(default)]
    pub prefills: Vec<Placeholder>,
    /// Where the figures come from.
    #[serde(default)]
    pub source: String,
    /// How well the figures are founded.
    #[serde(default = "set_by_operator")]
    pub confidence: Confidence,
}

/// What an intent is filled with.
const PLACEHOLDERS: [&str; 6] = ["{text}", "{url}", "{title}", "{subject}", "{image}", "{instance}"];

/// Common servers and browsers take addresses up to about 8 KB.
const fn default_intent_limit() -> u32 {
    8000
}

const fn set_by_operator() -> Confidence {
    Confidence::Operator
}

/// The channels in force, and the form of a hashtag that all of them link.
#[derive(Debug, Clone)]
pub struct Channels {
    list: Vec<Channel>,
    portable_hashtag: Regex,
}

/// The layout of `channels.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    portable_hashtag: String,
    channel: Vec<Channel>,
}

/// The operator's channels cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("channel {channel}: {reason}")]
pub struct ChannelError {
    /// The channel at fault.
    pub channel: String,
    /// What is wrong, for the operator to read.
    pub reason: String,
}

impl Channels {
    /// The embedded channels. Fails only if the embedded file is broken, which a test excludes.
    pub fn defaults() -> Result<Self> {
        let file: File = toml::from_str(DEFAULTS).map_err(Error::internal)?;
        let portable_hashtag = Regex::new(&file.portable_hashtag).map_err(Error::internal)?;
        Ok(Self { list: file.channel, portable_hashtag })
    }

    /// The same channels with an operator's table over them: for each channel's name the fields to
    /// replace, or all that a new channel needs.
    pub fn with_overrides(mut self, overrides: &toml::Table) -> Result<Self, ChannelError> {
        for (name, fields) in overrides {
            let refuse = |reason: String| ChannelError { channel: name.clone(), reason };
            let fields = fields.as_table().ok_or_else(|| refuse("must be a table".to_owned()))?;
            let at = self.list.iter().position(|channel| channel.id.as_str() == name);
            let known = at.and_then(|at| self.list.get(at));
            let channel = overridden(name, known, fields).map_err(refuse)?;
            match at.and_then(|at| self.list.get_mut(at)) {
                Some(known) => *known = channel,
                None => self.list.push(channel),
            }
        }
        Ok(self)
    }

    /// The channel of this name.
    pub fn get(&self, id: &ChannelId) -> Option<&Channel> {
        self.list.iter().find(|channel| channel.id == *id)
    }

    /// Every channel, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = &Channel> {
        self.list.iter()
    }

    /// Whether every channel makes a link of `#` and this tag.
    pub fn is_portable_hashtag(&self, tag: &str) -> bool {
        self.portable_hashtag.is_match(tag) && tag.chars().any(char::is_alphabetic)
    }

    /// The fingerprint of all facts in force, over their RFC 8785 form.
    pub fn digest(&self) -> Result<Digest> {
        let json = serde_json_canonicalizer::to_vec(&self.list).map_err(Error::internal)?;
        Ok(Digest::of(&json))
    }
}

/// The channel `name` with these fields over the known ones.
fn overridden(name: &str, known: Option<&Channel>, fields: &toml::Table) -> Result<Channel, String> {
    let form = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !(1..=32).contains(&name.len()) || !name.bytes().all(form) {
        return Err("its name must be 1 to 32 of a-z, 0-9 and underscores".to_owned());
    }
    if fields.contains_key("id") {
        return Err("id is the table's name and cannot be set".to_owned());
    }
    let mut table = match known {
        Some(channel) => toml::Table::try_from(channel).map_err(|error| error.to_string())?,
        None => toml::Table::new(),
    };
    table.extend(fields.clone());
    table.insert("id".to_owned(), name.into());
    let channel: Channel = table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let intent = &channel.share_intent;
    if channel.image_recommended.iter().flatten().any(|side| !(1..=12_000).contains(side)) {
        return Err("image_recommended must be pairs of 1 to 12000 pixels".to_owned());
    }
    if !(intent.is_empty() || intent.starts_with("https://") || intent.starts_with("mailto:")) {
        return Err("share_intent must begin with https:// or mailto:".to_owned());
    }
    let rest = PLACEHOLDERS.iter().fold(intent.clone(), |rest, known| rest.replace(known, ""));
    if rest.contains(['{', '}']) {
        return Err(format!("share_intent may hold {} only", PLACEHOLDERS.join(", ")));
    }
    Ok(channel)
}

impl Serialize for Channels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn overrides(toml: &str) -> Result<Channels, ChannelError> {
        Channels::defaults().unwrap().with_overrides(&toml.parse().unwrap())
    }

    #[test]
    fn the_embedded_channels_are_read() {
        let channels = Channels::defaults().unwrap();
        assert_eq!(channels.iter().count(), 18);
        let x = channels.get(&"x".into()).unwrap();
        assert_eq!((x.text_limit, x.url_length, x.counting), (280, 23, Counting::WeightedTwitter));
        assert!(channels.get(&"myspace".into()).is_none());
    }

    #[test]
    fn an_operator_overrides_one_field_or_adds_a_channel() {
        let defaults = Channels::defaults().unwrap();
        let channels = overrides("[mastodon]\ntext_limit = 1000").unwrap();
        let mastodon = channels.get(&"mastodon".into()).unwrap();
        assert_eq!((mastodon.text_limit, mastodon.url_length), (1000, 23));
        assert_ne!(channels.digest().unwrap(), defaults.digest().unwrap());

        let added = "[intranet]\nname = 'Intranet'\ntext_field = true\ncounting = 'graphemes'\nhashtag_mode = 'plain'";
        let channels = overrides(added).unwrap();
        assert_eq!(channels.get(&"intranet".into()).unwrap().confidence, Confidence::Operator);
        assert_eq!(channels.iter().count(), defaults.iter().count() + 1);
    }

    #[test]
    fn what_an_operator_gets_wrong_is_named() {
        for (toml, word) in [
            ("[x]\ntextlimit = 1", "textlimit"),
            ("[x]\ntext_limit = -1", "-1"),
            ("[x]\nid = 'y'", "id"),
            ("x = 1", "table"),
            ("[intranet]\nname = 'Intranet'", "text_field"),
            ("['In tranet']\nname = 'Intranet'", "name"),
            ("[x]\nimage_recommended = [[0, 9]]", "pixels"),
            ("[x]\nshare_intent = 'javascript:alert(1)'", "https"),
            ("[x]\nshare_intent = 'https://x.com/?text={txt}'", "{text}"),
        ] {
            let error = overrides(toml).unwrap_err().to_string();
            assert!(error.contains(word), "{toml}: {error}");
        }
    }

    #[test]
    fn portable_hashtags_are_told_apart() {
        let channels = Channels::defaults().unwrap();
        for good in ["WerkenBij", "a", "salarié", "a_b", "2026plan"] {
            assert!(channels.is_portable_hashtag(good), "{good}");
        }
        for odd in ["", "#a", "2026", "_a", "a_", "a-b", "a b", &"a".repeat(51)] {
            assert!(!channels.is_portable_hashtag(odd), "{odd}");
        }
    }
}
