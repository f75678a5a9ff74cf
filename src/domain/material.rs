//! A post with everything that its shares are made of, and what of it goes into one share.

use super::channels::Channel;
use super::compose::{Ingredients, Refusal, Tag};
use super::content::disclaimer::Occasion;
use super::content::post::PostCopy;
use super::content::{Hashtag, Post};
use super::disclaimers::{InForce, Organisation, Statement};
use super::images::{Shown, credits};
use super::links::{Tracking, tracked};
use super::revision::{Resolved, Source};

/// A post's content with what it pins and what is in force.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The content.
    pub post: &'a Post,
    /// The revision that this is the content of.
    pub source: &'a Source,
    /// The hashtags that the post's revision pins.
    pub hashtags: &'a [Resolved<Hashtag>],
    /// The disclaimers that it pins and those that are live.
    pub disclaimers: InForce<'a>,
    /// The images that the post's revision pins; one that is shared by itself.
    pub images: &'a [Shown<'a>],
    /// The values that disclaimers speak of.
    pub organisation: &'a Organisation,
}

/// One way to share a post: what decides which parts it has.
#[derive(Debug, Clone, Copy)]
pub struct Sharing<'a> {
    /// Where.
    pub channel: &'a Channel,
    /// Which copy.
    pub copy: &'a PostCopy,
    /// The employee's own words.
    pub comment: Option<&'a str>,
    /// The employee's country; unknown = every country's demand applies.
    pub country: Option<&'a str>,
    /// What tells the visits of this share from others.
    pub tag: &'a str,
}

/// The parts of one share, before they are made to fit.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The disclaimers that apply, by rank.
    pub statements: Vec<Statement>,
    /// The link as it is posted.
    pub link: Option<String>,
    tags: Vec<Tag>,
    credit: Option<String>,
}

impl Material<'_> {
    /// Whether one of the images was made or changed by AI.
    pub fn has_ai_image(&self) -> bool {
        self.images.iter().any(|shown| shown.image.about.ai_generated)
    }

    /// Where the copy or an image comes from: what the post says of it, else what its images do, so that no
    /// picture goes out without the name of who made it.
    pub fn credit(&self) -> Option<String> {
        self.post.credit.clone().or_else(|| credits(self.images))
    }

    /// What one share consists of; refused when a disclaimer that applies cannot be written.
    pub fn prepare(&self, sharing: &Sharing<'_>) -> Result<Prepared, Refusal> {
        let Material { post, organisation, .. } = *self;
        let language = sharing.copy.language.as_str();
        let occasion = Occasion {
            channel: &sharing.channel.id,
            topics: &post.topics,
            campaign: post.campaign.as_deref(),
            country: sharing.country,
            language,
            comment: sharing.comment.is_some(),
            ai_image: self.has_ai_image(),
        };
        let applying = self.disclaimers.applying(post, &occasion)?;
        let credit = self.credit();
        let statement = |disclaimer: &Resolved<_>| {
            Statement::new(disclaimer, language, organisation, credit.as_deref())
                .map_err(|reason| Refusal::Unsayable(disclaimer.key.clone(), reason))
        };
        let statements: Vec<Statement> = applying.into_iter().map(statement).collect::<Result<_, _>>()?;
        let credited = statements.iter().any(|statement| statement.credits);
        let tags =
            post.hashtags.iter().filter_map(|key| self.hashtags.iter().find(|found| found.key == *key));
        let tracking =
            Tracking { channel: &sharing.channel.id, campaign: post.campaign.as_deref(), tag: sharing.tag };
        let tags = tags.filter(|found| found.content.is_for(&sharing.channel.id, language));
        Ok(Prepared {
            statements,
            link: post.link.as_ref().map(|link| tracked(link, &tracking)),
            tags: tags
                .map(|found| Tag {
                    tag: found.content.tag.clone(),
                    source: found.source(),
                    is_required: found.content.is_required_for(post),
                })
                .collect(),
            credit: credit.filter(|_| !credited),
        })
    }
}

impl Prepared {
    /// The parts, ready to be composed for the same share.
    pub fn ingredients<'a>(&'a self, material: &Material<'a>, sharing: &Sharing<'a>) -> Ingredients<'a> {
        Ingredients {
            source: material.source,
            channel: sharing.channel,
            copy: &sharing.copy.text,
            comment: sharing.comment,
            statements: &self.statements,
            credit: self.credit.as_deref(),
            hashtags: &self.tags,
            link: self.link.as_deref(),
        }
    }
}
