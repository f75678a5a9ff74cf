//! Which disclaimers a share carries, and what they say in each form.

#[cfg(test)]
pub(super) mod tests;

use serde::{Deserialize, Serialize};

use super::content::disclaimer::{Forms, Occasion};
use super::content::{Disclaimer, Post, disclaimer};
use super::ids::Key;
use super::revision::{Resolved, Source};
use crate::error::{Error, Result};

pub use disclaimer::{Form, Placement};

const DEFAULTS: &str = include_str!("disclaimers.toml");

/// The key of the disclaimer that says that one works for the organisation.
pub const EMPLOYEE: &str = "employee";

/// The most code points of a tag that every channel links.
const TAG_MAX: usize = 50;

/// The values that disclaimers speak of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// The trading name: `{company}`.
    #[serde(default = "example_company")]
    pub name: String,
    /// The name as a hashtag without the number sign: `{tag}`; empty = there is none.
    #[serde(default)]
    pub hashtag: String,
    /// Where side effects are reported: `{report_url}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_url: Option<String>,
    /// The country that company news is meant for: `{country}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Organisation {
    /// Whether the operator has said what it is called: the example's name says of nobody where they work.
    pub fn is_named(&self) -> bool {
        !self.name.trim().is_empty() && self.name != example_company()
    }
}

fn example_company() -> String {
    Organisation::default().name
}

impl Default for Organisation {
    fn default() -> Self {
        Self { name: "Example Company".to_owned(), hashtag: String::new(), report_url: None, country: None }
    }
}

/// The layout of `disclaimers.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    disclaimer: Vec<Entry>,
}

/// A default disclaimer: its key beside its content.
#[derive(Deserialize)]
struct Entry {
    key: Key,
    #[serde(flatten)]
    content: toml::Table,
}

/// The disclaimers that a fresh installation imports. Fails only if the embedded file is broken,
/// which a test excludes.
pub fn defaults() -> Result<Vec<(Key, Disclaimer)>> {
    let file: File = toml::from_str(DEFAULTS).map_err(Error::internal)?;
    let content = |entry: Entry| Ok((entry.key, entry.content.try_into().map_err(Error::internal)?));
    file.disclaimer.into_iter().map(content).collect()
}

/// The disclaimers in force for a post: those that its revision pins, and those that are live.
#[derive(Debug, Clone, Copy)]
pub struct InForce<'a> {
    /// Pinned by the post's revision: they give the text of what they pin.
    pub pinned: &'a [Resolved<Disclaimer>],
    /// Live: they decide what is required, and give the text of what is not pinned.
    pub live: &'a [Resolved<Disclaimer>],
    /// Recalled: their words may not be used, but what they demand is not met without them (R9).
    pub recalled: &'a [Resolved<Disclaimer>],
}

/// A disclaimer that a share needs and that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The post lists it, and it is neither pinned nor live.
    Unknown(Key),
    /// It is required, and was recalled.
    Recalled(Key),
}

impl<'a> InForce<'a> {
    /// The disclaimers that apply to a share, by rank: those that the post lists and those whose live
    /// `required_when` holds, without those that another one fulfils. What is pinned and was retired since
    /// is judged by what is pinned: a retirement takes no required words out of an approved post (R14).
    /// What was recalled is required until a later revision says otherwise.
    pub fn applying(
        self,
        post: &Post,
        occasion: &Occasion<'_>,
    ) -> Result<Vec<&'a Resolved<Disclaimer>>, Missing> {
        let mut applying: Vec<&Resolved<Disclaimer>> = Vec::new();
        for key in &post.disclaimers {
            let all = self.pinned.iter().chain(self.live);
            applying.push(
                all.into_iter()
                    .find(|found| found.key == *key)
                    .ok_or_else(|| Missing::Unknown(key.clone()))?,
            );
        }
        let demands = |found: &&Resolved<Disclaimer>| {
            found.content.required_when.as_ref().is_some_and(|demand| demand.holds(occasion))
        };
        if let Some(recalled) = self.recalled.iter().find(demands) {
            return Err(Missing::Recalled(recalled.key.clone()));
        }
        let is_live = |pinned: &Resolved<Disclaimer>| self.live.iter().any(|live| live.id == pinned.id);
        let no_longer_live = self.pinned.iter().filter(|pinned| !is_live(pinned));
        for judge in self.live.iter().chain(no_longer_live) {
            if demands(&judge) && !applying.iter().any(|listed| listed.id == judge.id) {
                applying.push(self.pinned.iter().find(|pinned| pinned.id == judge.id).unwrap_or(judge));
            }
        }
        applying.sort_by(|a, b| (a.content.rank, &a.key).cmp(&(b.content.rank, &b.key)));
        Ok(without_fulfilled(applying))
    }
}

/// Drops what a disclaimer that stands includes. What is included only by something that is itself dropped
/// stands: no words in the text fulfil it (R14). Of disclaimers that include each other, the first stands.
fn without_fulfilled(applying: Vec<&Resolved<Disclaimer>>) -> Vec<&Resolved<Disclaimer>> {
    let includes = |one: &Resolved<Disclaimer>, other: &Resolved<Disclaimer>| {
        one.id != other.id && one.content.includes.contains(&other.key)
    };
    let mut standing: Vec<&Resolved<Disclaimer>> = Vec::new();
    let mut open = applying.clone();
    while !open.is_empty() {
        let is_free =
            |at: &usize| open.get(*at).is_some_and(|this| !open.iter().any(|one| includes(one, this)));
        let stands = open.remove((0..open.len()).find(is_free).unwrap_or_default());
        open.retain(|other| !includes(stands, other));
        standing.push(stands);
    }
    applying.into_iter().filter(|one| standing.iter().any(|stands| stands.id == one.id)).collect()
}

/// A disclaimer ready to be written: its allowed forms in one language, the longest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The disclaimer's key.
    pub key: Key,
    /// The revision that the text comes from.
    pub source: Source,
    /// Where it stands.
    pub placement: Placement,
    /// Whether it names the source that the post credits.
    pub credits: bool,
    /// The longest form.
    pub longest: (Form, String),
    /// The shorter forms that may be used, the longest first.
    pub shorter: Vec<(Form, String)>,
}

/// Why a disclaimer cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsayable {
    /// It has no text in the copy's language.
    Language,
    /// Nothing is known to fill this placeholder.
    Placeholder(&'static str),
}

impl Statement {
    /// Writes a disclaimer in the language of a copy. Each placeholder must be known.
    pub fn new(
        disclaimer: &Resolved<Disclaimer>,
        language: &str,
        organisation: &Organisation,
        credit: Option<&str>,
    ) -> Result<Self, Unsayable> {
        let content = &disclaimer.content;
        let forms = content.forms(language).ok_or(Unsayable::Language)?;
        let mut shorter = Vec::new();
        if content.smallest >= Form::Short
            && let Some(short) = &forms.short
        {
            shorter.push((Form::Short, fill(short, organisation, credit)?));
        }
        if content.smallest >= Form::Tag
            && let Some(tag) = tag(forms, organisation)
        {
            shorter.push((Form::Tag, format!("#{tag}")));
        }
        Ok(Self {
            key: disclaimer.key.clone(),
            source: disclaimer.source(),
            placement: content.placement,
            credits: forms.full.contains("{source}"),
            longest: (Form::Full, fill(&forms.full, organisation, credit)?),
            shorter,
        })
    }

    /// The form that is `steps` shorter than the longest, or the shortest.
    pub fn form(&self, steps: usize) -> &(Form, String) {
        let shorter = self.shorter.get(..steps.min(self.shorter.len())).unwrap_or_default();
        shorter.last().unwrap_or(&self.longest)
    }

    /// Every allowed form, the longest first.
    pub fn forms(&self) -> impl Iterator<Item = &(Form, String)> {
        std::iter::once(&self.longest).chain(&self.shorter)
    }

    /// Whether the reader must see it before asking for more.
    pub const fn before_fold(&self) -> bool {
        !matches!(self.placement, Placement::End)
    }
}

/// The tag with the organisation's own in it, else the generic one.
fn tag(forms: &Forms, organisation: &Organisation) -> Option<String> {
    let own = forms.tag.as_ref().filter(|tag| !organisation.hashtag.is_empty() || !tag.contains("{tag}"));
    let own = own.map(|tag| tag.replace("{tag}", &organisation.hashtag));
    own.filter(|tag| tag.chars().count() <= TAG_MAX).or_else(|| forms.tag_generic.clone())
}

/// Fills the placeholders of a text, each once, so that no value is taken for a placeholder.
fn fill(text: &str, organisation: &Organisation, credit: Option<&str>) -> Result<String, Unsayable> {
    let hashtag = Some(organisation.hashtag.as_str()).filter(|tag| !tag.is_empty());
    let values = [
        ("{company}", Some(organisation.name.as_str())),
        ("{tag}", hashtag),
        ("{source}", credit),
        ("{country}", organisation.country.as_deref()),
        ("{report_url}", organisation.report_url.as_deref()),
    ];
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at_checked(open).unwrap_or((rest, ""));
        filled.push_str(before);
        let known =
            values.into_iter().find_map(|(name, value)| Some((name, value, from.strip_prefix(name)?)));
        let (name, value, after) = known.ok_or(Unsayable::Placeholder("{"))?;
        filled.push_str(value.ok_or(Unsayable::Placeholder(name))?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}
