//! Which disclaimers a share carries, and what they say in each form.

use serde::{Deserialize, Serialize};

use super::content::disclaimer::{Forms, Occasion};
use super::content::{Disclaimer, Post, disclaimer};
use super::ids::Key;
use super::revision::{Resolved, Source};
use crate::error::{Error, Result};

pub use disclaimer::{Form, Placement};

const DEFAULTS: &str = include_str!("disclaimers.toml");

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

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;
    use crate::domain::channels::{ChannelId, Channels};
    use crate::domain::content::Content;
    use crate::domain::ids::{Digest, ItemId, Kind};
    use crate::domain::links::LinkPolicy;

    pub(in crate::domain) fn organisation() -> Organisation {
        Organisation {
            name: "Zuiver Water".to_owned(),
            hashtag: "ZuiverWater".to_owned(),
            report_url: Some("https://zuiver.example/melden".to_owned()),
            country: Some("Nederland".to_owned()),
        }
    }

    pub(in crate::domain) fn resolved<T>(key: &str, revision: i64, content: T) -> Resolved<T> {
        let digest = Digest::of(format!("{key}{revision}").as_bytes());
        Resolved { id: ItemId::generate(), key: key.parse().unwrap(), revision, digest, content }
    }

    pub(in crate::domain) fn live() -> Vec<Resolved<Disclaimer>> {
        let defaults = defaults().unwrap().into_iter();
        defaults.map(|(key, content)| resolved(key.as_str(), 1, content)).collect()
    }

    fn post(disclaimers: &[&str]) -> Post {
        let content = json!({"title": "a", "disclaimers": disclaimers});
        serde_json::from_value(content).unwrap()
    }

    fn occasion(channel: &ChannelId) -> Occasion<'_> {
        Occasion {
            channel,
            topics: &[],
            campaign: None,
            country: None,
            language: "nl",
            comment: false,
            ai_image: false,
        }
    }

    fn keys(found: Vec<&Resolved<Disclaimer>>) -> Vec<&str> {
        found.into_iter().map(|disclaimer| disclaimer.key.as_str()).collect()
    }

    #[test]
    fn the_defaults_have_no_faults_and_the_demands_of_the_design() {
        let channels = Channels::defaults().unwrap();
        let demands: Vec<_> = defaults()
            .unwrap()
            .into_iter()
            .map(|(key, content)| {
                let demand = content.required_when.as_ref().map(|demand| json!(demand).to_string());
                let content = Content::Disclaimer(content);
                assert_eq!(content.faults(&channels, &LinkPolicy::default()), [], "{key}");
                let json = content.to_json().unwrap();
                assert_eq!(Content::from_json(Kind::Disclaimer, &json).unwrap(), content);
                (key.to_string(), demand)
            })
            .collect();
        let expected = [
            ("employee", Some("{}")),
            ("employer-ad", None),
            ("rewarded", None),
            ("own-opinion", Some(r#"{"comment":true}"#)),
            ("referral-bonus", None),
            ("investment-risk", Some(r#"{"topics":["finance"]}"#)),
            ("medicine-corporate", Some(r#"{"topics":["medicine"]}"#)),
            ("ai-image", Some(r#"{"ai_image":true}"#)),
            ("source-credit", None),
        ];
        let expected = expected.map(|(key, demand)| (key.to_owned(), demand.map(str::to_owned)));
        assert_eq!(demands, expected);
    }

    #[test]
    fn what_applies_is_what_is_listed_and_what_is_required_by_rank() {
        let live = live();
        let in_force = InForce { pinned: &[], live: &live, recalled: &[] };
        let channel = ChannelId::from("x");
        let here = occasion(&channel);
        let found = |post: &Post, occasion| keys(in_force.applying(post, &occasion).unwrap());
        assert_eq!(found(&post(&[]), here), ["employee"]);
        assert_eq!(found(&post(&[]), Occasion { comment: true, ..here }), ["employee", "own-opinion"]);
        assert_eq!(found(&post(&["employer-ad"]), here), ["employer-ad"]);
        let finance = ["finance".to_owned()];
        let money = Occasion { topics: &finance, ai_image: true, ..here };
        assert_eq!(found(&post(&[]), money), ["investment-risk", "employee", "ai-image"]);
        let gone = in_force.applying(&post(&["gone"]), &here).unwrap_err();
        assert_eq!(gone, Missing::Unknown("gone".parse().unwrap()));
    }

    #[test]
    fn r01_the_pinned_text_is_used_and_the_live_demand_decides() {
        let mut live = live();
        let mut pinned = vec![live[0].clone()];
        live[0].revision = 2;
        live[0].content.text.get_mut("nl").unwrap().full = "Nieuw".to_owned();
        let channel = ChannelId::from("x");
        let found = InForce { pinned: &pinned, live: &live, recalled: &[] };
        assert_eq!(found.applying(&post(&[]), &occasion(&channel)).unwrap()[0].revision, 1);
        pinned[0].content.required_when = None;
        let found = InForce { pinned: &pinned, live: &live, recalled: &[] };
        assert_eq!(found.applying(&post(&[]), &occasion(&channel)).unwrap()[0].revision, 1);
        live[0].content.required_when = None;
        let found = InForce { pinned: &pinned, live: &live, recalled: &[] };
        assert!(found.applying(&post(&[]), &occasion(&channel)).unwrap().is_empty());
    }

    #[test]
    fn r09_what_a_recalled_disclaimer_demands_is_not_met() {
        let mut live = live();
        let recalled = vec![live.remove(0)];
        let channel = ChannelId::from("x");
        let found = InForce { pinned: &[], live: &live, recalled: &recalled };
        let missing = found.applying(&post(&[]), &occasion(&channel)).unwrap_err();
        assert_eq!(missing, Missing::Recalled("employee".parse().unwrap()));
        let mut optional = recalled.clone();
        optional[0].content.required_when = None;
        let found = InForce { pinned: &[], live: &live, recalled: &optional };
        assert!(found.applying(&post(&[]), &occasion(&channel)).is_ok());
    }

    #[test]
    fn r14_only_what_stands_in_the_text_fulfils_another() {
        // By rank: a includes b, b includes c. What b would say does not stand, so c does.
        for ranks in [[1, 2, 3], [3, 2, 1], [2, 1, 3], [2, 3, 1], [1, 3, 2], [3, 1, 2]] {
            let base = live().remove(0);
            let made = |key: &str, includes: &[&str], rank| {
                let mut content = base.content.clone();
                content.includes = includes.iter().map(|key| key.parse().unwrap()).collect();
                content.rank = rank;
                resolved(key, 1, content)
            };
            let all =
                vec![made("a", &["b"], ranks[0]), made("b", &["c"], ranks[1]), made("c", &[], ranks[2])];
            let channel = ChannelId::from("x");
            let found = InForce { pinned: &[], live: &all, recalled: &[] };
            let mut standing = keys(found.applying(&post(&[]), &occasion(&channel)).unwrap());
            standing.sort_unstable();
            assert_eq!(standing, ["a", "c"], "{ranks:?}");
        }
    }

    #[test]
    fn disclaimers_that_include_each_other_do_not_both_vanish() {
        let mut live = live();
        live[0].content.includes = vec!["employer-ad".parse().unwrap()];
        let channel = ChannelId::from("x");
        let found = InForce { pinned: &[], live: &live, recalled: &[] };
        assert_eq!(
            keys(found.applying(&post(&["employer-ad"]), &occasion(&channel)).unwrap()),
            ["employer-ad"]
        );
    }

    #[test]
    fn every_condition_of_a_demand_counts() {
        let channel = ChannelId::from("x");
        let here = occasion(&channel);
        let topics = ["jobs".to_owned()];
        let full = Occasion { topics: &topics, campaign: Some("spring"), country: Some("NL"), ..here };
        for (demand, holds) in [
            (json!({}), true),
            (json!({"channels": ["x", "linkedin"]}), true),
            (json!({"channels": ["linkedin"]}), false),
            (json!({"topics": ["finance", "jobs"]}), true),
            (json!({"topics": ["finance"]}), false),
            (json!({"campaigns": ["spring"]}), true),
            (json!({"campaigns": ["summer"]}), false),
            (json!({"countries": ["EU"]}), true),
            (json!({"countries": ["US"]}), false),
            (json!({"languages": ["nl"]}), true),
            (json!({"languages": ["nl-BE"]}), false),
            (json!({"comment": false}), true),
            (json!({"comment": true}), false),
            (json!({"ai_image": true}), false),
            (json!({"topics": ["jobs"], "countries": ["US"]}), false),
        ] {
            let demand: disclaimer::RequiredWhen = serde_json::from_value(demand).unwrap();
            assert_eq!(demand.holds(&full), holds, "{demand:?}");
        }
        let american: disclaimer::RequiredWhen =
            serde_json::from_value(json!({"countries": ["US"]})).unwrap();
        assert!(american.holds(&here), "an unknown country meets every country's demand");
    }

    #[test]
    fn forms_are_filled_or_refused() {
        let live = live();
        let by_key = |key: &str| live.iter().find(|found| found.key.as_str() == key).unwrap();
        let statement = Statement::new(by_key("employee"), "nl-BE", &organisation(), None).unwrap();
        let forms = [0, 1, 2, 3].map(|steps| statement.form(steps).1.as_str());
        let tag = "#ZuiverWatermedewerker";
        assert_eq!(
            forms,
            ["Voor de duidelijkheid: ik werk bij Zuiver Water.", "Ik werk bij Zuiver Water.", tag, tag]
        );
        let nameless = Organisation { hashtag: String::new(), report_url: None, ..organisation() };
        let statement = Statement::new(by_key("employee"), "nl", &nameless, None).unwrap();
        assert_eq!(statement.form(2), &(Form::Tag, "#werknemer".to_owned()));
        let refused = |key, language| Statement::new(by_key(key), language, &nameless, None).unwrap_err();
        assert_eq!(refused("employee", "es"), Unsayable::Language);
        assert_eq!(refused("medicine-corporate", "nl"), Unsayable::Placeholder("{report_url}"));
        assert_eq!(refused("source-credit", "nl"), Unsayable::Placeholder("{source}"));
        let credit = Statement::new(by_key("source-credit"), "nl", &nameless, Some("{tag} {x}")).unwrap();
        assert_eq!((credit.longest.1.as_str(), credit.shorter.len()), ("Bron: {tag} {x}", 1));
    }
}
