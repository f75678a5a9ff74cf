//! Puts the parts of a text in their order.
//!
//! What must show stands after comment and copy where it then ends before the fold. The table's folds are in
//! units, but networks fold by lines too: Instagram shows the first three lines of a caption
//! (<https://help.instagram.com/1643471055915254>), by which the FTC measured disclosures in its letters of
//! April 2017; LinkedIn shows a preview of three (J. Espirian, "See more breakpoints", 2024). A text of two
//! short paragraphs is what most posts are; one of many lines would push a disclaimer out of sight with few
//! units, by mistake or on purpose, so behind more than [`LINE_BREAKS`] what must show stands before it.
//!
//! A disclaimer in its tag form is never one of a string of hashtags, where nobody reads it for what it is
//! (FTC, "Disclosures 101 for Social Media Influencers", 2019: not mixed into a group of hashtags or
//! links). It stands before the hashtags that are added, apart from them. Behind a copy that ends in
//! hashtags a blank line is not enough: it would be the last of them wherever line ends are shown as blanks,
//! as previews do. So there it stands before comment and copy.

use std::ops::Range;

use super::{Ingredients, Role, Tag};
use crate::domain::counting::units;
use crate::domain::disclaimers::{Form, Placement, Statement};
use crate::domain::entities;
use crate::domain::revision::Source;

/// The most line breaks of comment and copy behind which a disclaimer is taken to show.
pub(super) const LINE_BREAKS: usize = 4;

/// How much of what may give way is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// How many of the wanted hashtags.
    pub hashtags: usize,
    /// For each statement the steps from its longest form.
    pub steps: Vec<usize>,
}

/// A text with its parts.
pub(super) struct Layout<'a> {
    /// The whole text.
    pub text: String,
    /// Its parts, in order.
    pub pieces: Vec<Piece<'a>>,
    /// Where the last part ends that must show before the fold.
    shown: usize,
}

/// A part of a text, by its place.
pub(super) struct Piece<'a> {
    /// What it is.
    pub role: Role,
    /// Its bytes.
    pub range: Range<usize>,
    /// The revision it comes from.
    pub source: Option<&'a Source>,
}

impl<'a> Layout<'a> {
    /// Lays out what is chosen. What must show stands after the copy if it then shows there.
    pub fn new(ingredients: &Ingredients<'a>, tags: &[&'a Tag], choice: &Choice) -> Self {
        if ingredients.channel.fold == 0 || line_breaks(ingredients) <= LINE_BREAKS {
            let late = Self::with(ingredients, tags, choice, false);
            if late.beyond_fold(ingredients) == 0 {
                return late;
            }
        }
        Self::with(ingredients, tags, choice, true)
    }

    /// By how many units the last part that must show ends behind the fold. Folds are observations of
    /// others, so a fifth of each is not relied on.
    pub fn beyond_fold(&self, ingredients: &Ingredients<'_>) -> usize {
        let channel = ingredients.channel;
        let Some(fold) = usize::try_from(channel.fold).ok().filter(|&fold| fold > 0 && self.shown > 0) else {
            return 0;
        };
        let shown = self.text.get(..self.shown).unwrap_or_default();
        units(shown, channel).saturating_sub(fold * 4 / 5)
    }

    /// Lays out what is chosen, what must show before comment and copy where it is `early`.
    fn with(ingredients: &Ingredients<'a>, tags: &[&'a Tag], choice: &Choice, early: bool) -> Self {
        let own = Some(ingredients.source);
        let as_tag = |(statement, steps): (&Statement, &usize)| statement.form(*steps).0 == Form::Tag;
        let has_tags = ingredients.statements.iter().zip(&choice.steps).any(as_tag);
        let no_tags = has_tags && ends_in_hashtag(ingredients.copy);
        let is_early =
            |said: &Statement, form: Form| (early && is_shown(said)) || (no_tags && form == Form::Tag);
        let mut layout = Layout { text: String::new(), pieces: Vec::new(), shown: 0 };
        layout.state(ingredients, choice, |said, _| said.placement == Placement::Lead);
        layout.state(ingredients, choice, |said, form| is_shown(said) && is_early(said, form));
        layout.state(ingredients, choice, |said, form| is_last(said) && is_early(said, form));
        if let Some(comment) = ingredients.comment {
            layout.add(Role::Comment, "", comment, None);
        }
        // An image that is shared by itself has no words.
        if !ingredients.copy.is_empty() {
            layout.add(Role::Copy, "", ingredients.copy, own);
        }
        layout.state(ingredients, choice, |said, form| is_shown(said) && !is_early(said, form));
        layout.state(ingredients, choice, |said, form| is_last(said) && !is_early(said, form));
        layout.state(ingredients, choice, |said, _| said.placement == Placement::End && said.credits);
        if let Some(credit) = ingredients.credit {
            layout.add(Role::Credit, "", credit, own);
        }
        for tag in tags.iter().take(choice.hashtags) {
            layout.add(Role::Hashtag, "#", &tag.tag, Some(&tag.source));
        }
        if let Some(link) = ingredients.link {
            layout.add(Role::Link, "", link, own);
        }
        layout
    }

    /// Adds the statements that are wanted here in their form, by rank.
    fn state(
        &mut self,
        ingredients: &Ingredients<'a>,
        choice: &Choice,
        wanted: impl Fn(&Statement, Form) -> bool,
    ) {
        for (statement, steps) in ingredients.statements.iter().zip(&choice.steps) {
            let (form, text) = statement.form(*steps);
            if wanted(statement, *form) {
                let role = if statement.credits { Role::Credit } else { Role::Disclaimer };
                self.add(role, "", text, Some(&statement.source));
                if statement.before_fold() {
                    self.shown = self.text.len();
                }
            }
        }
    }

    /// Adds a part after a separator: a blank line, but one blank between two hashtags.
    fn add(&mut self, role: Role, mark: &str, text: &str, source: Option<&'a Source>) {
        if let Some(last) = self.pieces.last() {
            let both_tags = last.role == Role::Hashtag && role == Role::Hashtag;
            let separator = if both_tags { " " } else { "\n\n" };
            self.push(Role::Separator, "", separator, None);
        }
        self.push(role, mark, text, source);
    }

    fn push(&mut self, role: Role, mark: &str, text: &str, source: Option<&'a Source>) {
        let start = self.text.len();
        self.text.push_str(mark);
        self.text.push_str(text);
        self.pieces.push(Piece { role, range: start..self.text.len(), source });
    }
}

/// How many line breaks comment and copy have. The blank lines between parts are in every text.
fn line_breaks(ingredients: &Ingredients<'_>) -> usize {
    let texts = [Some(ingredients.copy), ingredients.comment];
    texts.into_iter().flatten().map(|text| text.matches('\n').count()).sum()
}

/// Whether the last word of a text is a hashtag, as readers see it: on any network, with or without a link.
/// Marks, emoji and links may follow.
fn ends_in_hashtag(text: &str) -> bool {
    let mut words = String::with_capacity(text.len());
    let mut at = 0;
    for link in entities::links_anywhere(text) {
        words.push_str(text.get(at..link.start).unwrap_or_default());
        at = link.end;
    }
    words.push_str(text.get(at..).unwrap_or_default());
    let last = words.split_whitespace().rfind(|word| word.contains(char::is_alphabetic));
    let begins_tag = |(_, rest): (&str, &str)| rest.starts_with(char::is_alphanumeric);
    last.and_then(|word| word.rsplit_once(['#', '＃'])).is_some_and(begins_tag)
}

/// Whether a disclaimer stands after the copy.
fn is_last(statement: &Statement) -> bool {
    statement.placement == Placement::End && !statement.credits
}

/// Whether a statement stands where it shows, but not first of all.
const fn is_shown(statement: &Statement) -> bool {
    matches!(statement.placement, Placement::Visible | Placement::Attached)
}
