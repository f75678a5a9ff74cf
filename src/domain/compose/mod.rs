//! Composes what an employee posts: parts in their order, made to fit without cutting any (R14, R18).
//!
//! The order is: lead disclaimers, comment, copy, other disclaimers, credit, hashtags, link. Those
//! that must show stand after the copy if they then end before the channel's fold, else after the
//! lead. When the text does not fit, hashtags are dropped from the last, the credit and then the
//! disclaimers are shortened, the least important first. If that is not enough, it is refused.

mod refusal;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::channels::{Channel, HashtagMode};
use super::counting::{Count, units};
use super::disclaimers::{Form, Placement, Statement};
use super::revision::Source;

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
    /// The item that it comes from, other than the post.
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
}

/// What is to be composed.
#[derive(Debug, Clone, Copy)]
pub struct Ingredients<'a> {
    /// Where the text must fit.
    pub channel: &'a Channel,
    /// The approved copy.
    pub copy: &'a str,
    /// The employee's own words.
    pub comment: Option<&'a str>,
    /// The disclaimers that apply, by rank.
    pub statements: &'a [Statement],
    /// A credit that no disclaimer names.
    pub credit: Option<&'a str>,
    /// Hashtags, the most wanted first; each may be dropped.
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
    /// Its length.
    pub count: Count,
}

/// How far the text has been shortened.
struct Concessions {
    /// The number of hashtags that are still wanted.
    hashtags: usize,
    /// For each statement the steps from its longest form.
    steps: Vec<usize>,
}

/// A part and whether it must end before the fold.
struct Block<'a> {
    role: Role,
    text: String,
    source: Option<&'a Source>,
    before_fold: bool,
}

/// Composes the text, or says why it cannot be.
pub fn compose(ingredients: &Ingredients<'_>) -> Result<Composed, Refusal> {
    if !ingredients.channel.text_field {
        return ingredients.without_text();
    }
    let tags = ingredients.tags();
    let mut concessions = Concessions { hashtags: tags.len(), steps: vec![0; ingredients.statements.len()] };
    loop {
        let parts = ingredients.lay_out(&tags, &concessions);
        let Err(refusal) = ingredients.fits(&parts) else {
            return ingredients.composed(parts, &concessions);
        };
        if !ingredients.concede(&mut concessions, &refusal) {
            return Err(refusal);
        }
    }
}

/// How many units of one byte a comment may have at most, when everything that may give way does;
/// `None` = any number. The ingredients hold a comment of one such unit, which fits.
pub fn comment_room(ingredients: &Ingredients<'_>) -> Option<usize> {
    let steps = ingredients.statements.iter().map(|statement| statement.shorter.len()).collect();
    let parts = ingredients.lay_out(&[], &Concessions { hashtags: 0, steps });
    let text: String = parts.iter().map(|(part, _)| part.text.as_str()).collect();
    Count::of(&text, ingredients.channel).room().map(|room| room + 1)
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
        Ok(Composed { text: String::new(), parts: Vec::new(), forms: Vec::new(), count })
    }

    /// The hashtags worth adding: each once, and none that the copy or the comment holds.
    fn tags(&self) -> Vec<&'a Tag> {
        if self.channel.hashtag_mode == HashtagMode::None {
            return Vec::new();
        }
        let mut present = self.inline_tags();
        let mut tags = Vec::new();
        for tag in self.hashtags {
            let folded = fold_case(&tag.tag);
            if !present.contains(&folded) {
                present.push(folded);
                tags.push(tag);
            }
        }
        tags
    }

    fn inline_tags(&self) -> Vec<String> {
        [Some(self.copy), self.comment].into_iter().flatten().flat_map(inline_tags).collect()
    }

    /// How many of the wanted hashtags the channel takes beside those that must stand.
    fn hashtag_count(&self, concessions: &Concessions) -> usize {
        let Some(max) = usize::try_from(self.channel.hashtag_max).ok().filter(|&max| max > 0) else {
            return concessions.hashtags;
        };
        let steps = self.statements.iter().zip(&concessions.steps);
        let as_tag = steps.filter(|(statement, steps)| statement.form(**steps).0 == Form::Tag).count();
        concessions.hashtags.min(max.saturating_sub(self.inline_tags().len() + as_tag))
    }

    /// All parts in order; each with whether it must end before the fold.
    fn lay_out(&self, tags: &[&'a Tag], concessions: &Concessions) -> Vec<(Part, bool)> {
        let after_copy = weave(self.blocks(tags, concessions, false));
        if self.beyond_fold(&after_copy) == 0 {
            return after_copy;
        }
        weave(self.blocks(tags, concessions, true))
    }

    fn blocks(&self, tags: &[&'a Tag], concessions: &Concessions, early: bool) -> Vec<Block<'a>> {
        let own = |role, text: &str| Block { role, text: text.to_owned(), source: None, before_fold: false };
        let statements = |wanted: fn(&Statement) -> bool| {
            let steps = self.statements.iter().zip(&concessions.steps);
            steps.filter(move |(statement, _)| wanted(statement)).map(|(statement, steps)| Block {
                role: if statement.credits { Role::Credit } else { Role::Disclaimer },
                text: statement.form(*steps).1.clone(),
                source: Some(&statement.source),
                before_fold: statement.before_fold(),
            })
        };
        let mut blocks: Vec<Block<'a>> = statements(|found| found.placement == Placement::Lead).collect();
        let shown = statements(|found| matches!(found.placement, Placement::Visible | Placement::Attached));
        let texts = self.comment.map(|text| own(Role::Comment, text)).into_iter();
        let texts = texts.chain([own(Role::Copy, self.copy)]);
        if early {
            blocks.extend(shown.chain(texts));
        } else {
            blocks.extend(texts.chain(shown));
        }
        blocks.extend(statements(|found| found.placement == Placement::End && !found.credits));
        blocks.extend(statements(|found| found.placement == Placement::End && found.credits));
        blocks.extend(self.credit.map(|text| own(Role::Credit, text)));
        let tags = tags.iter().take(self.hashtag_count(concessions));
        blocks.extend(
            tags.map(|tag| Block {
                source: Some(&tag.source),
                ..own(Role::Hashtag, &format!("#{}", tag.tag))
            }),
        );
        blocks.extend(self.link.map(|text| own(Role::Link, text)));
        blocks
    }

    /// By how much the last part that must show ends behind the fold. Folds are observations of
    /// others, so a fifth of each is not relied on.
    fn beyond_fold(&self, parts: &[(Part, bool)]) -> usize {
        let last = parts.iter().rposition(|(_, before_fold)| *before_fold);
        let Some((last, fold)) = last.zip(usize::try_from(self.channel.fold).ok().filter(|&fold| fold > 0))
        else {
            return 0;
        };
        let shown: String = parts.iter().take(last + 1).map(|(part, _)| part.text.as_str()).collect();
        units(&shown, self.channel).saturating_sub(fold * 4 / 5)
    }

    fn fits(&self, parts: &[(Part, bool)]) -> Result<(), Refusal> {
        let text: String = parts.iter().map(|(part, _)| part.text.as_str()).collect();
        let count = Count::of(&text, self.channel);
        let over = [
            (Limit::Fold, self.beyond_fold(parts)),
            (Limit::Text, count.excess_units()),
            (Limit::Bytes, count.excess_bytes()),
        ];
        let Some((limit, excess)) = over.into_iter().find(|(_, excess)| *excess > 0) else {
            return Ok(());
        };
        let length =
            |(part, _): &(Part, bool)| PartLength { role: part.role, units: units(&part.text, self.channel) };
        let parts = parts.iter().map(length).collect();
        Err(Refusal::TooLong { limit, excess, unit: self.channel.counting, parts })
    }

    /// Makes the next concession that helps against the refusal; false when there is none.
    fn concede(&self, concessions: &mut Concessions, refusal: &Refusal) -> bool {
        let at_fold = matches!(refusal, Refusal::TooLong { limit: Limit::Fold, .. });
        let hashtags = self.hashtag_count(concessions);
        if !at_fold && hashtags > 0 {
            concessions.hashtags = hashtags - 1;
            return true;
        }
        let candidates = self.statements.iter().zip(&mut concessions.steps).enumerate();
        // The credit first, then whichever is told at greatest length, the least important first.
        let next = candidates
            .filter(|(_, (statement, steps))| **steps < statement.shorter.len())
            .filter(|(_, (statement, _))| !at_fold || statement.before_fold())
            .min_by_key(|(at, (statement, steps))| {
                (!statement.credits, statement.form(**steps).0, std::cmp::Reverse(*at))
            });
        next.map(|(_, (_, steps))| *steps += 1).is_some()
    }

    fn composed(&self, parts: Vec<(Part, bool)>, concessions: &Concessions) -> Result<Composed, Refusal> {
        let parts: Vec<Part> = parts.into_iter().map(|(part, _)| part).collect();
        let forbidden = |c: char| self.channel.forbidden_characters.contains(c);
        let found =
            parts.iter().find_map(|part| Some((part.role, part.text.chars().find(|&c| forbidden(c))?)));
        if let Some((role, character)) = found {
            return Err(Refusal::ForbiddenCharacter(role, character));
        }
        let text: String = parts.iter().map(|part| part.text.as_str()).collect();
        let steps = self.statements.iter().zip(&concessions.steps);
        let forms = steps.map(|(statement, steps)| statement.form(*steps).0).collect();
        let count = Count::of(&text, self.channel);
        Ok(Composed { text, parts, forms, count })
    }
}

/// Puts separators between blocks: a blank line, but one blank between two hashtags.
fn weave(blocks: Vec<Block<'_>>) -> Vec<(Part, bool)> {
    let mut parts: Vec<(Part, bool)> = Vec::with_capacity(2 * blocks.len());
    for block in blocks {
        if let Some((last, _)) = parts.last() {
            let tags = last.role == Role::Hashtag && block.role == Role::Hashtag;
            let text = if tags { " " } else { "\n\n" }.to_owned();
            parts.push((Part { role: Role::Separator, text, source: None }, false));
        }
        let part = Part { role: block.role, text: block.text, source: block.source.cloned() };
        parts.push((part, block.before_fold));
    }
    parts
}

/// A tag without what networks ignore when they compare tags.
fn fold_case(tag: &str) -> String {
    tag.nfkc().flat_map(char::to_lowercase).collect()
}

/// The hashtags within a text, folded.
fn inline_tags(text: &str) -> Vec<String> {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || is_combining_mark(c);
    let tags = text.split(['#', '＃']).skip(1).map(|rest| rest.chars().take_while(|&c| inside(c)));
    tags.map(|tag| fold_case(&tag.collect::<String>())).filter(|tag| !tag.is_empty()).collect()
}
