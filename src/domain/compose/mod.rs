//! Composes what an employee posts: parts in their order, made to fit without cutting any (R14, R18).
//!
//! The order is: lead disclaimers, comment, copy, other disclaimers, credit, hashtags, link. Those
//! that must show stand after the copy if they then end before the channel's fold, not behind many lines,
//! else after the lead. There stand disclaimers as tags too where the copy ends in hashtags. When the text does
//! not fit, hashtags that are not required are dropped from the last, the credit and then the disclaimers are
//! shortened, the least important first. If that is not enough, it is refused.
//!
//! `layout` puts parts in their order, `fitting` finds how much of them fits, `refusal` says why
//! nothing does. The same ingredients give the same bytes.

mod fitting;
mod layout;
#[cfg(test)]
mod properties;
mod refusal;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use self::fitting::Fitting;
use self::layout::Layout;
use super::channels::{Channel, HashtagMode};
use super::counting::Count;
use super::disclaimers::{Form, Statement};
use super::entities;
use super::revision::Source;
use super::span::{Offset, Span};

pub use refusal::{Limit, PartLength, Refusal};

/// What a part of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A disclaimer.
    Disclaimer,
    /// The employee's own words.
    Comment,
    /// The approved copy.
    Copy,
    /// Where the copy or an image comes from.
    Credit,
    /// A hashtag.
    Hashtag,
    /// The link.
    Link,
    /// What stands between two parts.
    Separator,
}

/// A stretch of the text. All parts together, in their order, are the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What it is.
    pub role: Role,
    /// Its text.
    pub text: String,
    /// Where in the text it stands.
    pub span: Span,
    /// The revision that its words come from; what an employee writes and what separates come from none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A hashtag to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The tag without the number sign.
    pub tag: String,
    /// The revision it comes from.
    pub source: Source,
    /// Whether it never gives way.
    pub is_required: bool,
}

/// What is to be composed.
#[derive(Debug, Clone, Copy)]
pub struct Ingredients<'a> {
    /// Where the text must fit.
    pub channel: &'a Channel,
    /// The revision that copy, credit and link come from.
    pub source: &'a Source,
    /// The approved copy.
    pub copy: &'a str,
    /// The employee's own words.
    pub comment: Option<&'a str>,
    /// The disclaimers that apply, by rank.
    pub statements: &'a [Statement],
    /// A credit that no disclaimer names.
    pub credit: Option<&'a str>,
    /// Hashtags, the most wanted first; those that are not required may be dropped.
    pub hashtags: &'a [Tag],
    /// The link as it is to be posted.
    pub link: Option<&'a str>,
}

/// A text that fits its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The whole text.
    pub text: String,
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// The form used of each disclaimer, in the order of the statements.
    pub forms: Vec<Form>,
    /// Wanted hashtags that gave way, in their order.
    pub dropped: Vec<String>,
    /// Its length.
    pub count: Count,
}

/// Composes the text, or says why it cannot be.
pub fn compose(ingredients: &Ingredients<'_>) -> Result<Composed, Refusal> {
    if !ingredients.channel.text_field {
        return ingredients.without_text();
    }
    let tags = ingredients.tags();
    let fitting = Fitting { ingredients, tags: &tags };
    let (layout, choice) = fitting.find()?;
    let forbidden = |c: char| ingredients.channel.forbidden_characters.contains(c);
    let parts = parts(&layout);
    let found = parts.iter().find_map(|part| Some((part.role, part.text.chars().find(|&c| forbidden(c))?)));
    if let Some((role, character)) = found {
        return Err(Refusal::ForbiddenCharacter(role, character));
    }
    let statements = ingredients.statements.iter().zip(&choice.steps);
    Ok(Composed {
        parts,
        forms: statements.map(|(statement, steps)| statement.form(*steps).0).collect(),
        dropped: ingredients.missing_in(&layout.text),
        count: Count::of(&layout.text, ingredients.channel),
        text: layout.text,
    })
}

/// How many units of one byte a comment may have at most, when everything that may give way does;
/// `None` = any number. The ingredients hold a comment of one such unit, which fits.
pub fn comment_room(ingredients: &Ingredients<'_>) -> Option<usize> {
    let tags = ingredients.tags();
    let layout = Fitting { ingredients, tags: &tags }.least();
    Count::of(&layout.text, ingredients.channel).room().map(|room| room + 1)
}

/// The parts of a laid out text, each with its place.
fn parts(layout: &Layout<'_>) -> Vec<Part> {
    let mut start = Offset::default();
    let part = |piece: &layout::Piece<'_>| {
        let text = layout.text.get(piece.range.clone()).unwrap_or_default();
        let span = Span { start, end: start.after(text) };
        start = span.end;
        Part { role: piece.role, text: text.to_owned(), span, source: piece.source.cloned() }
    };
    layout.pieces.iter().map(part).collect()
}

impl<'a> Ingredients<'a> {
    /// A channel without text carries neither disclaimers nor a comment.
    fn without_text(&self) -> Result<Composed, Refusal> {
        if !self.statements.is_empty() {
            return Err(Refusal::CannotCarry(
                self.statements.iter().map(|found| found.key.clone()).collect(),
            ));
        }
        if self.comment.is_some() {
            return Err(Refusal::NoTextForComment);
        }
        let count = Count::of("", self.channel);
        Ok(Composed { text: String::new(), parts: Vec::new(), forms: Vec::new(), dropped: Vec::new(), count })
    }

    /// The wanted hashtags that do not stand in a text, in their order.
    fn missing_in(&self, text: &str) -> Vec<String> {
        if self.channel.hashtag_mode == HashtagMode::None || self.hashtags.is_empty() {
            return Vec::new();
        }
        let present = tags_in(text, self.channel);
        let wanted = self.hashtags.iter().map(|tag| &tag.tag);
        wanted.filter(|tag| !present.contains(&fold_case(tag))).cloned().collect()
    }

    /// The hashtags worth adding, the required ones first: each once, and none that stands in another part, or
    /// may.
    fn tags(&self) -> Vec<&'a Tag> {
        if self.channel.hashtag_mode == HashtagMode::None || self.hashtags.is_empty() {
            return Vec::new();
        }
        let forms = self.statements.iter().flat_map(Statement::forms).map(|(_, text)| text.as_str());
        let texts = [Some(self.copy), self.comment, self.credit].into_iter().flatten().chain(forms);
        let mut present: Vec<String> = texts.flat_map(|text| tags_in(text, self.channel)).collect();
        let mut tags = Vec::new();
        for tag in self.hashtags {
            let folded = fold_case(&tag.tag);
            if !present.contains(&folded) {
                present.push(folded);
                tags.push(tag);
            }
        }
        tags.sort_by_key(|tag| !tag.is_required);
        tags
    }
}

/// A tag without what networks ignore when they compare tags.
fn fold_case(tag: &str) -> String {
    tag.nfkc().flat_map(char::to_lowercase).collect()
}

/// The hashtags that a channel finds in a text, folded.
fn tags_in(text: &str, channel: &Channel) -> Vec<String> {
    let found = entities::find(text, channel).hashtags.into_iter();
    let tags = found.filter_map(|range| text.get(range)).map(|tag| tag.trim_start_matches(['#', '＃']));
    tags.map(fold_case).collect()
}

/// The number of different links that a channel finds in a text.
fn links_in(text: &str, channel: &Channel) -> usize {
    entities::distinct_links(text, &entities::links(text, channel))
}
