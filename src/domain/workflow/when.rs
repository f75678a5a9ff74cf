//! For which content a workflow is meant, and the choice among workflows.

use serde::{Deserialize, Serialize};

use super::facets::{Facets, Offered};
use crate::domain::content::post::Personalisation;
use crate::domain::language;

/// The conditions of a workflow. What is not named narrows nothing; of what is named, all must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// About any of these topics.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// With words in any of these languages; `nl` takes `nl-BE` too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Of any of these campaigns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<String>,
    /// Meant for any of these countries, perhaps among others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// For any of these channels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// With images, or without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_images: Option<bool>,
    /// Where employees may add this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalisation: Option<Personalisation>,
}

/// The name of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// `topics`
    Topics,
    /// `languages`
    Languages,
    /// `campaigns`
    Campaigns,
    /// `countries`
    Countries,
    /// `channels`
    Channels,
    /// `has_images`
    HasImages,
    /// `personalisation`
    Personalisation,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Condition; 7] = [
        Condition::Topics,
        Condition::Languages,
        Condition::Campaigns,
        Condition::Countries,
        Condition::Channels,
        Condition::HasImages,
        Condition::Personalisation,
    ];

    /// The condition's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Condition::Topics => "topics",
            Condition::Languages => "languages",
            Condition::Campaigns => "campaigns",
            Condition::Countries => "countries",
            Condition::Channels => "channels",
            Condition::HasImages => "has_images",
            Condition::Personalisation => "personalisation",
        }
    }
}

impl When {
    /// The conditions that are named, each with its values as text.
    pub fn named(&self) -> Vec<(Condition, Vec<String>)> {
        let lists = [
            (Condition::Topics, &self.topics),
            (Condition::Languages, &self.languages),
            (Condition::Campaigns, &self.campaigns),
            (Condition::Countries, &self.countries),
            (Condition::Channels, &self.channels),
        ];
        let mut named: Vec<(Condition, Vec<String>)> = lists
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(condition, values)| (condition, values.clone()))
            .collect();
        named.extend(self.has_images.map(|value| (Condition::HasImages, vec![value.to_string()])));
        named.extend(
            self.personalisation.map(|value| (Condition::Personalisation, vec![value.as_str().to_owned()])),
        );
        named
    }

    /// Whether every condition that is named holds for the content.
    pub fn holds(&self, facets: &Facets) -> bool {
        holds_any(&self.topics, &facets.topics, |wanted, is| wanted == is)
            && holds_any(&self.languages, &facets.languages, language::covers)
            && holds_any(&self.campaigns, &facets.campaigns, |wanted, is| wanted == is)
            && holds_any(&self.countries, &facets.countries, |wanted, is| wanted == is)
            && holds_any(&self.channels, &facets.channels, |wanted, is| wanted == is)
            && self.has_images.is_none_or(|wanted| wanted == facets.has_images)
            && self.personalisation.is_none_or(|wanted| wanted == facets.personalisation)
    }
}

fn holds_any(wanted: &[String], offered: &Offered, is: impl Fn(&str, &str) -> bool) -> bool {
    match offered {
        _ if wanted.is_empty() => true,
        Offered::Everything => true,
        Offered::Only(values) => wanted.iter().any(|wanted| values.iter().any(|value| is(wanted, value))),
    }
}

/// Which of several workflows applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// None of them holds for the content: it cannot be submitted (R9).
    None,
    /// The one at this place.
    One(usize),
    /// These two hold and name as many conditions: it cannot be submitted before somebody says which (R9).
    Tie(usize, usize),
}

/// The workflow with the most conditions of those that hold for the content.
pub fn select<'a>(workflows: impl IntoIterator<Item = &'a When>, facets: &Facets) -> Selection {
    let mut best: Option<(usize, usize)> = None;
    let mut tied: Option<(usize, usize)> = None;
    for (at, when) in workflows.into_iter().enumerate().filter(|(_, when)| when.holds(facets)) {
        let count = when.named().len();
        match best {
            Some((_, most)) if most > count => {}
            Some((other, most)) if most == count => tied = tied.or(Some((other, at))),
            _ => (best, tied) = (Some((at, count)), None),
        }
    }
    match (best, tied) {
        (_, Some((one, other))) => Selection::Tie(one, other),
        (Some((at, _)), None) => Selection::One(at),
        (None, None) => Selection::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(names: &[&str]) -> When {
        When { topics: names.iter().map(ToString::to_string).collect(), ..When::default() }
    }

    fn about(names: &[&str]) -> Facets {
        Facets { topics: Offered::Only(names.iter().map(ToString::to_string).collect()), ..Facets::default() }
    }

    #[test]
    fn the_most_specific_workflow_wins() {
        let open = When::default();
        let legal = topics(&["legal"]);
        let pictured = When { has_images: Some(true), ..legal.clone() };
        let all = [open, legal, pictured];
        assert_eq!(select(&all, &about(&["wind"])), Selection::One(0));
        assert_eq!(select(&all, &about(&["wind", "legal"])), Selection::One(1));
        let with_images = Facets { has_images: true, ..about(&["legal"]) };
        assert_eq!(select(&all, &with_images), Selection::One(2));
        assert_eq!(select(all.get(1..).unwrap_or_default(), &about(&["wind"])), Selection::None);
    }

    #[test]
    fn what_no_save_could_foresee_is_a_tie() {
        let both = [topics(&["legal"]), topics(&["wind"])];
        assert_eq!(select(&both, &about(&["wind", "legal"])), Selection::Tie(0, 1));
        assert_eq!(select(&both, &about(&["wind"])), Selection::One(1));
    }

    #[test]
    fn what_is_meant_for_every_country_is_meant_for_each() {
        let germany = When { countries: vec!["DE".to_owned()], ..When::default() };
        assert!(germany.holds(&Facets { countries: Offered::Everything, ..Facets::default() }));
        assert!(
            !germany.holds(&Facets { countries: Offered::Only(vec!["NL".to_owned()]), ..Facets::default() })
        );
        let dutch = When { languages: vec!["nl".to_owned()], ..When::default() };
        assert!(
            dutch.holds(&Facets { languages: Offered::Only(vec!["nl-BE".to_owned()]), ..Facets::default() })
        );
    }
}
