//! Who and what the demonstration begins with, read from the embedded `organisation.toml`.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::cli::failure::Failure;
use crate::domain::channels::ChannelId;
use crate::domain::disclaimers;
use crate::domain::ids::Key;
use crate::domain::roles::Role;

const TEXT: &str = include_str!("organisation.toml");

/// Everybody's password.
pub(super) const PASSWORD: &str = "noordzee-demo-2026";

/// The people, groups, campaigns, topics, hashtags, images, rules and posts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Organisation {
    pub(super) groups: Vec<String>,
    #[serde(rename = "person")]
    pub(super) people: Vec<Person>,
    #[serde(rename = "campaign")]
    pub(super) campaigns: Vec<Named>,
    #[serde(rename = "topic")]
    pub(super) topics: Vec<Named>,
    #[serde(rename = "hashtag")]
    pub(super) hashtags: Vec<Hashtag>,
    #[serde(rename = "image")]
    pub(super) images: Vec<Image>,
    #[serde(rename = "rule")]
    pub(super) rules: Vec<Rule>,
    #[serde(rename = "post")]
    pub(super) posts: Vec<Post>,
}

/// Somebody who works there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) roles: BTreeSet<Role>,
    pub(super) language: String,
    pub(super) country: String,
    pub(super) groups: Vec<String>,
}

/// A campaign or topic to be registered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    pub(super) key: Key,
    pub(super) name: String,
}

/// A hashtag to be approved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hashtag {
    pub(super) key: Key,
    pub(super) content: toml::Table,
}

/// An image to be approved, and who shared it by itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Image {
    pub(super) picture: String,
    pub(super) author: String,
    #[serde(default)]
    pub(super) shares: Vec<Share>,
    pub(super) content: toml::Table,
}

/// A rule to be approved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) content: toml::Table,
}

/// A post, and how far it came.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Post {
    pub(super) days_ago: u64,
    pub(super) state: State,
    pub(super) author: String,
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) groups: Vec<String>,
    pub(super) publish_in: Option<i64>,
    pub(super) expires_in: Option<i64>,
    #[serde(default)]
    pub(super) shares: Vec<Share>,
    pub(super) content: toml::Table,
}

/// How far a post came.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Draft,
    InReview,
    ChangesRequested,
    Approved,
    Recalled,
}

/// That somebody shared a post or an image.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Share {
    pub(super) person: String,
    pub(super) channel: ChannelId,
}

impl Organisation {
    /// Reads the embedded file.
    pub(super) fn read() -> Result<Self, Failure> {
        toml::from_str(TEXT).map_err(|error| Failure::new(format!("organisation.toml: {error}")))
    }

    /// What disclaimers say of it.
    pub(super) fn values() -> disclaimers::Organisation {
        disclaimers::Organisation {
            name: "Noordzee Energie".to_owned(),
            hashtag: "NoordzeeEnergie".to_owned(),
            report_url: None,
            country: Some("NL".to_owned()),
        }
    }
}

impl Person {
    /// The address they sign in with.
    pub(super) fn email(&self) -> String {
        email(&self.name)
    }
}

/// The address of whoever has this name: their first name at the organisation.
pub(super) fn email(name: &str) -> String {
    let first = name.split(' ').next().unwrap_or(name).to_lowercase();
    format!("{first}@noordzee-energie.example")
}
