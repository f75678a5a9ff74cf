//! What conditions of workflows look at in content of each kind.

use super::when::Condition;
use crate::domain::content::Content;
use crate::domain::content::post::Personalisation;
use crate::domain::ids::Kind;

/// What content offers to the conditions of workflows. Where a kind knows nothing of a facet, no
/// workflow of the kind can name it ([`conditions_of`]).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    /// What it is about.
    pub topics: Offered,
    /// The languages of its words, as language tags.
    pub languages: Offered,
    /// The campaign that it belongs to.
    pub campaigns: Offered,
    /// The countries that it is meant for.
    pub countries: Offered,
    /// Where it may be shared.
    pub channels: Offered,
    /// Whether images go with it.
    pub has_images: bool,
    /// What employees may add.
    pub personalisation: Personalisation,
}

/// The values of one facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// The content does not narrow it: every condition on it holds, since it is meant for that too.
    Everything,
    /// These.
    Only(Vec<String>),
}

impl Default for Offered {
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

impl Offered {
    /// The values of a list that means everything when it is empty.
    fn open(values: impl IntoIterator<Item = impl ToString>) -> Self {
        match Self::these(values) {
            Self::Only(values) if values.is_empty() => Self::Everything,
            offered => offered,
        }
    }

    fn these(values: impl IntoIterator<Item = impl ToString>) -> Self {
        Self::Only(values.into_iter().map(|value| value.to_string()).collect())
    }
}

impl Facets {
    /// Those of this content.
    pub fn of(content: &Content) -> Self {
        match content {
            Content::Post(post) => Self {
                topics: Offered::these(&post.topics),
                languages: Offered::these(post.copies.iter().map(|copy| &copy.language)),
                campaigns: Offered::these(&post.campaign),
                countries: Offered::open(&post.audience.countries),
                channels: Offered::these(post.channels.iter().map(|channel| channel.as_str())),
                has_images: !post.images.is_empty(),
                personalisation: post.personalisation,
            },
            Content::Hashtag(hashtag) => Self {
                languages: Offered::open(&hashtag.languages),
                countries: Offered::open(&hashtag.audience.countries),
                channels: Offered::open(hashtag.channels.iter().map(|channel| channel.as_str())),
                ..Self::default()
            },
            Content::Image(image) => Self {
                languages: Offered::these(image.about.alt.keys()),
                countries: Offered::open(&image.about.audience.countries),
                ..Self::default()
            },
            Content::Disclaimer(disclaimer) => {
                Self { languages: Offered::these(disclaimer.text.keys()), ..Self::default() }
            }
            Content::Guideline(guideline) => Self {
                languages: Offered::these(guideline.body.keys()),
                countries: Offered::open(&guideline.audience.countries),
                ..Self::default()
            },
            Content::Rule(_) => Self::default(),
        }
    }
}

/// The conditions that a workflow of this kind can name: what content of the kind says nothing of would
/// never hold.
pub const fn conditions_of(kind: Kind) -> &'static [Condition] {
    match kind {
        Kind::Post => &Condition::ALL,
        Kind::Hashtag => &[Condition::Languages, Condition::Countries, Condition::Channels],
        Kind::Guideline | Kind::Image => &[Condition::Languages, Condition::Countries],
        Kind::Disclaimer => &[Condition::Languages],
        Kind::Rule => &[],
    }
}
