//! A post: copies in several languages for several channels, and what goes with them.

use serde::{Deserialize, Serialize};

use super::check::Checker;
use crate::domain::channels::{ChannelId, Channels};
use crate::domain::countries;
use crate::domain::ids::{GroupId, ItemId, Key};
use crate::domain::links::LinkPolicy;
use crate::domain::text::Lines;
use crate::domain::time::Time;

/// The content of a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// What the post is called here; employees see it, networks do not.
    pub title: String,
    /// The headline for channels that have one beside the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// The texts to choose from.
    #[serde(default)]
    pub copies: Vec<PostCopy>,
    /// Where the post may be shared.
    #[serde(default)]
    pub channels: Vec<ChannelId>,
    /// Hashtags by key, the most wanted first.
    #[serde(default)]
    pub hashtags: Vec<Key>,
    /// Images by id.
    #[serde(default)]
    pub images: Vec<ItemId>,
    /// What the post links to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// Disclaimers that the post carries in any case, beside those required of it.
    #[serde(default)]
    pub disclaimers: Vec<Key>,
    /// Where the copy or an image comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
    /// For whom the post is meant.
    #[serde(default)]
    pub audience: Audience,
    /// When sharing begins; absent = with the approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish_at: Option<Time>,
    /// When sharing ends; absent = never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// What of their own employees may add.
    #[serde(default)]
    pub personalisation: Personalisation,
    /// The campaign that the post belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// What the post is about.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Advice to employees who share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tips: Option<String>,
}

/// One text that an employee may share, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostCopy {
    /// The copy's name within the post.
    pub id: String,
    /// The language of the text.
    pub language: String,
    /// For which of the post's channels; empty = all of them.
    #[serde(default)]
    pub channels: Vec<ChannelId>,
    /// The text.
    pub text: String,
}

impl PostCopy {
    /// Whether the copy is meant for the channel (which must be one of the post's).
    pub fn is_for(&self, channel: &ChannelId) -> bool {
        self.channels.is_empty() || self.channels.contains(channel)
    }
}

/// What a post links to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Where it leads to: an address that the operator's links policy takes.
    pub url: String,
    /// Tracking parameters that are merged into the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utm: Option<Utm>,
}

/// Tracking parameters; each is a slug. `utm_content` is none of them: it is the tag of each share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Utm {
    /// `utm_source`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `utm_medium`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// `utm_campaign`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// `utm_term`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
    /// `utm_id`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Utm {
    /// The parameters that are set, by their short names, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("source", &self.source),
            ("medium", &self.medium),
            ("campaign", &self.campaign),
            ("term", &self.term),
            ("id", &self.id),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

/// For whom something is meant. Empty lists leave it open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// Members of any of these groups.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// People in any of these countries.
    #[serde(default)]
    pub countries: Vec<String>,
}

impl Audience {
    /// Whether it is for everybody.
    pub fn is_open(&self) -> bool {
        self.groups.is_empty() && self.countries.is_empty()
    }

    /// Whether everybody of another audience, whoever they are, belongs to this one.
    pub fn covers(&self, other: &Self) -> bool {
        let is_group = |group: &GroupId| self.groups.contains(group);
        let is_country = |country: &String| countries::covers(&self.countries, country);
        let groups = !other.groups.is_empty() && other.groups.iter().all(is_group);
        let countries = !other.countries.is_empty() && other.countries.iter().all(is_country);
        (self.groups.is_empty() || groups) && (self.countries.is_empty() || countries)
    }

    /// Whether somebody can belong to this audience and to another one. Who is in which group is not looked at:
    /// two different groups may have members in common, but are taken to have none.
    pub fn meets(&self, other: &Self) -> bool {
        let groups = self.groups.is_empty()
            || other.groups.is_empty()
            || self.groups.iter().any(|group| other.groups.contains(group));
        let is_covered = |country: &String| countries::covers(&other.countries, country);
        let covers = |country: &String| countries::covers(&self.countries, country);
        let countries = self.countries.is_empty()
            || other.countries.is_empty()
            || self.countries.iter().any(is_covered)
            || other.countries.iter().any(covers);
        groups && countries
    }

    pub(super) fn check(&self, check: &mut Checker) {
        check.list("/audience/groups", &self.groups, 100);
        check.list("/audience/countries", &self.countries, 250);
        for (at, country) in self.countries.iter().enumerate() {
            check.country(format_args!("/audience/countries/{at}"), country);
        }
    }
}

/// What of their own employees may add before the copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Personalisation {
    /// Nothing.
    #[default]
    None,
    /// A short introduction without link, tag or mention.
    Intro,
    /// What fits.
    Free,
}

impl Personalisation {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Personalisation::None => "none",
            Personalisation::Intro => "intro",
            Personalisation::Free => "free",
        }
    }
}

impl Post {
    pub(super) fn check(&self, channels: &Channels, links: &LinkPolicy, check: &mut Checker) {
        check.text("/title", &self.title, 200, Lines::One);
        check.optional_text("/headline", self.headline.as_deref(), 300, Lines::One);
        check.optional_text("/credit", self.credit.as_deref(), 200, Lines::One);
        check.optional_text("/tips", self.tips.as_deref(), 2000, Lines::Many);
        if self.channels.is_empty() {
            check.refuse("/channels", "empty", "Name at least one channel.");
        }
        check.channels("/channels", &self.channels, channels);
        self.check_copies(channels, check);
        self.check_links_in_texts(links, check);
        check.list("/hashtags", &self.hashtags, 30);
        check.list("/images", &self.images, 35);
        check.list("/disclaimers", &self.disclaimers, 20);
        self.audience.check(check);
        check.list("/topics", &self.topics, 20);
        for (at, topic) in self.topics.iter().enumerate() {
            check.slug(format_args!("/topics/{at}"), topic);
        }
        if let Some(campaign) = &self.campaign {
            check.slug("/campaign", campaign);
        }
        if let Some(link) = &self.link {
            check.faults.extend(links.fault("/content/link/url", &link.url));
            for (name, value) in link.utm.iter().flat_map(Utm::iter) {
                check.slug(format_args!("/link/utm/{name}"), value);
            }
        }
        if let (Some(publish_at), Some(expires_at)) = (self.publish_at, self.expires_at)
            && publish_at >= expires_at
        {
            check.refuse("/expires_at", "empty_window", "expires_at must be later than publish_at.");
        }
    }

    /// What stands in a text is a link too, wherever a network finds it.
    fn check_links_in_texts(&self, links: &LinkPolicy, check: &mut Checker) {
        for (at, copy) in self.copies.iter().enumerate().take(100) {
            check.faults.extend(links.faults_in(&format!("/content/copies/{at}/text"), &copy.text));
        }
        for (name, text) in [("headline", &self.headline), ("credit", &self.credit)] {
            let faults = text.iter().flat_map(|text| links.faults_in(&format!("/content/{name}"), text));
            check.faults.extend(faults);
        }
    }

    fn check_copies(&self, channels: &Channels, check: &mut Checker) {
        if !(1..=100).contains(&self.copies.len()) {
            check.refuse("/copies", "count", "A post has 1 to 100 copies.");
        }
        for (at, copy) in self.copies.iter().enumerate() {
            check.copy_id(format_args!("/copies/{at}/id"), &copy.id);
            if self.copies.iter().take(at).any(|earlier| earlier.id == copy.id) {
                check.refuse(format_args!("/copies/{at}/id"), "duplicate", "Another copy has this id.");
            }
            check.language(format_args!("/copies/{at}/language"), &copy.language);
            check.channels(&format!("/copies/{at}/channels"), &copy.channels, channels);
            for (nth, channel) in copy.channels.iter().enumerate() {
                if channels.get(channel).is_some() && !self.channels.contains(channel) {
                    let detail = format!("The post is not for the channel {channel}.");
                    check.refuse(
                        format_args!("/copies/{at}/channels/{nth}"),
                        "not_a_channel_of_the_post",
                        detail,
                    );
                }
            }
            check.text(format_args!("/copies/{at}/text"), &copy.text, 40_000, Lines::Many);
        }
        for (at, channel) in self.channels.iter().enumerate() {
            if !self.copies.iter().any(|copy| copy.is_for(channel)) {
                let detail = format!("No copy is for the channel {channel}.");
                check.refuse(format_args!("/channels/{at}"), "no_copy", detail);
            }
        }
    }
}
