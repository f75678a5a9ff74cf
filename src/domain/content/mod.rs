//! What content is: the type of each kind, its faults, what it refers to, and its stored form.

mod check;
pub mod disclaimer;
pub mod guideline;
pub mod hashtag;
pub mod image;
pub mod post;
pub mod register_keys;
pub mod rule;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::image::Image;
pub use disclaimer::Disclaimer;
pub use guideline::Guideline;
pub use hashtag::Hashtag;
pub use post::{Audience, Post};
pub use rule::Rule;

use self::check::Checker;
pub(super) use self::check::escape;
use super::channels::Channels;
use super::ids::{ItemId, Key, Kind};
use super::links::LinkPolicy;
use super::shape::{self, Misshape};
use super::time::Time;
use crate::error::{Error, Fault, Result};

/// The content of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// Of a post.
    Post(Box<Post>),
    /// Of a hashtag.
    Hashtag(Hashtag),
    /// Of an image.
    Image(Box<Image>),
    /// Of a disclaimer.
    Disclaimer(Disclaimer),
    /// Of a guideline.
    Guideline(Guideline),
    /// Of a rule.
    Rule(Rule),
}

/// What content refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Hashtags by key.
    pub hashtags: Vec<Key>,
    /// Disclaimers by key: listed by a post, or included by a disclaimer.
    pub disclaimers: Vec<Key>,
    /// Images by id.
    pub images: Vec<ItemId>,
}

impl Content {
    /// The image, if it is one.
    pub fn as_image(&self) -> Option<&Image> {
        match self {
            Self::Image(image) => Some(image),
            Self::Post(_) | Self::Hashtag(_) | Self::Disclaimer(_) | Self::Guideline(_) | Self::Rule(_) => {
                None
            }
        }
    }

    /// The disclaimer, if it is one.
    pub const fn as_disclaimer(&self) -> Option<&Disclaimer> {
        match self {
            Self::Disclaimer(disclaimer) => Some(disclaimer),
            Self::Post(_) | Self::Hashtag(_) | Self::Image(_) | Self::Guideline(_) | Self::Rule(_) => None,
        }
    }

    /// The hashtag, if it is one.
    pub const fn as_hashtag(&self) -> Option<&Hashtag> {
        match self {
            Self::Hashtag(hashtag) => Some(hashtag),
            Self::Post(_) | Self::Image(_) | Self::Disclaimer(_) | Self::Guideline(_) | Self::Rule(_) => None,
        }
    }

    /// Reads the content of a request. The fault names the place of what has the wrong shape: an
    /// unknown or missing member, another type, an id or key of no valid form.
    pub fn parse(kind: Kind, content: &Value) -> Result<Self, Fault> {
        match kind {
            Kind::Post => shaped(content).map(|post| Self::Post(Box::new(post))),
            Kind::Hashtag => shaped(content).map(Self::Hashtag),
            Kind::Image => shaped(content).map(|image| Self::Image(Box::new(image))),
            Kind::Disclaimer => shaped(content).map(Self::Disclaimer),
            Kind::Guideline => shaped(content).map(Self::Guideline),
            Kind::Rule => shaped(content).map(Self::Rule),
        }
    }

    /// Reads content back from its stored form.
    pub fn from_json(kind: Kind, json: &str) -> Result<Self> {
        let content = match kind {
            Kind::Post => serde_json::from_str(json).map(|post| Self::Post(Box::new(post))),
            Kind::Hashtag => serde_json::from_str(json).map(Self::Hashtag),
            Kind::Image => serde_json::from_str(json).map(|image| Self::Image(Box::new(image))),
            Kind::Disclaimer => serde_json::from_str(json).map(Self::Disclaimer),
            Kind::Guideline => serde_json::from_str(json).map(Self::Guideline),
            Kind::Rule => serde_json::from_str(json).map(Self::Rule),
        };
        content.map_err(Error::internal)
    }

    /// The stored normal form: RFC 8785, the same bytes for the same content.
    pub fn to_json(&self) -> Result<String> {
        serde_json_canonicalizer::to_string(self).map_err(Error::internal)
    }

    /// The content's kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Post(_) => Kind::Post,
            Self::Hashtag(_) => Kind::Hashtag,
            Self::Image(_) => Kind::Image,
            Self::Disclaimer(_) => Kind::Disclaimer,
            Self::Guideline(_) => Kind::Guideline,
            Self::Rule(_) => Kind::Rule,
        }
    }

    /// Everything that is wrong with the content by itself, with pointers from `/content`.
    pub fn faults(&self, channels: &Channels, links: &LinkPolicy) -> Vec<Fault> {
        let mut checker = Checker::default();
        match self {
            Self::Post(post) => post.check(channels, links, &mut checker),
            Self::Hashtag(hashtag) => hashtag.check(channels, &mut checker),
            Self::Image(image) => image.about.check(&mut checker),
            Self::Disclaimer(disclaimer) => disclaimer.check(channels, &mut checker),
            Self::Guideline(guideline) => guideline.check(&mut checker),
            Self::Rule(rule) => rule.check(&mut checker),
        }
        checker.faults
    }

    /// What the content refers to.
    pub fn references(&self) -> References {
        match self {
            Self::Post(post) => References {
                hashtags: post.hashtags.clone(),
                disclaimers: post.disclaimers.clone(),
                images: post.images.clone(),
            },
            Self::Hashtag(_) | Self::Image(_) | Self::Guideline(_) | Self::Rule(_) => References::default(),
            Self::Disclaimer(disclaimer) => {
                References { disclaimers: disclaimer.includes.clone(), ..References::default() }
            }
        }
    }

    /// The campaign that the content belongs to.
    pub fn campaign(&self) -> Option<&str> {
        match self {
            Self::Post(post) => post.campaign.as_deref(),
            Self::Hashtag(_) | Self::Image(_) | Self::Disclaimer(_) | Self::Guideline(_) | Self::Rule(_) => {
                None
            }
        }
    }

    /// For whom the content is meant, of kinds that say so.
    pub fn audience(&self) -> Option<&Audience> {
        match self {
            Self::Post(post) => Some(&post.audience),
            Self::Hashtag(hashtag) => Some(&hashtag.audience),
            Self::Image(image) => Some(&image.about.audience),
            Self::Guideline(guideline) => Some(&guideline.audience),
            Self::Disclaimer(_) | Self::Rule(_) => None,
        }
    }

    /// The member that lists disclaimers by key.
    pub const fn disclaimers_member(&self) -> &'static str {
        match self {
            Self::Disclaimer(_) => "includes",
            Self::Post(_) | Self::Hashtag(_) | Self::Image(_) | Self::Guideline(_) | Self::Rule(_) => {
                "disclaimers"
            }
        }
    }

    /// From when and until when the content may be used, where it says so.
    pub fn window(&self) -> (Option<Time>, Option<Time>) {
        match self {
            Self::Post(post) => (post.publish_at, post.expires_at),
            // Rights and consent are clocks (R12).
            Self::Image(image) => (image.about.rights.from, image.about.until()),
            Self::Guideline(guideline) => (guideline.in_force_from, None),
            Self::Hashtag(_) | Self::Disclaimer(_) | Self::Rule(_) => (None, None),
        }
    }
}

/// Reads a value, or says where and why its shape is wrong.
fn shaped<'de, T: Deserialize<'de>>(content: &'de Value) -> Result<T, Fault> {
    use serde_path_to_error::Segment;
    serde_path_to_error::deserialize(content).map_err(|error| {
        let mut pointer = "/content".to_owned();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
                Segment::Map { key } => pointer.push_str(&format!("/{}", escape(key))),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        let Misshape { code, detail, missing } = shape::explain(&error.into_inner().to_string());
        if let Some(name) = missing {
            pointer.push_str(&format!("/{}", escape(&name)));
        }
        Fault::body(pointer, code, detail)
    })
}
