//! Finds how much of what may give way fits.
//!
//! Concessions are made one by one in their order. That way almost always finds what fits; but a tag
//! counts as a hashtag, and a shorter form need not be shorter in every unit, so before a text is
//! refused every combination of forms is tried: what is refused really fits in no allowed form.

use std::cmp::Reverse;

use super::layout::{Choice, Layout};
use super::refusal::{Limit, PartLength, Refusal};
use super::{Ingredients, Tag, links_in, tags_in};
use crate::domain::channels::Counting;
use crate::domain::counting::{Count, limit, units};
use crate::domain::disclaimers::Statement;

/// Disclaimers whose forms are all tried before a refusal; further ones are told at their shortest.
const TRIED: usize = 7;

/// What is to fit.
pub(super) struct Fitting<'a, 'b> {
    /// The parts.
    pub ingredients: &'b Ingredients<'a>,
    /// The hashtags that are worth adding, the required ones first.
    pub tags: &'b [&'a Tag],
}

impl<'a> Fitting<'a, '_> {
    /// The text with the fewest concessions that fits, or why none does.
    pub fn find(&self) -> Result<(Layout<'a>, Choice), Refusal> {
        let mut choice = Choice { hashtags: self.tags.len(), steps: vec![0; self.statements().len()] };
        loop {
            let layout = self.lay_out(&choice);
            let Some((limit, excess)) = self.excess(&layout) else {
                // A shortened disclaimer may have made room for hashtags that went before it.
                let most = self.with_most_hashtags(&choice.steps, choice.hashtags + 1);
                return Ok(most.unwrap_or((layout, choice)));
            };
            if !self.concede(&mut choice, limit) {
                let found = if self.is_least(&choice, limit) { None } else { self.search() };
                return found.ok_or_else(|| {
                    let least = self.least();
                    let (limit, excess) = self.excess(&least).unwrap_or((limit, excess));
                    self.refusal(&least, limit, excess)
                });
            }
        }
    }

    /// The shortest text: every concession made, but for tags that would be more hashtags than the channel
    /// takes. Where there are too many however it is said, it has as few as can be.
    pub fn least(&self) -> Layout<'a> {
        let shortest = self.statements().iter().map(|statement| self.shortest(statement)).collect();
        let hashtags = self.required();
        let layout = self.lay_out(&Choice { hashtags, steps: shortest });
        if self.hashtag_excess(&layout) == 0 {
            return layout;
        }
        let layouts = self.combinations().into_iter().map(|steps| self.lay_out(&Choice { hashtags, steps }));
        let amount = |layout: &Layout<'_>| {
            (self.hashtag_excess(layout), units(&layout.text, self.ingredients.channel))
        };
        layouts.min_by_key(amount).unwrap_or(layout)
    }

    /// How many hashtags do not give way.
    fn required(&self) -> usize {
        self.tags.iter().take_while(|tag| tag.is_required).count()
    }

    const fn statements(&self) -> &'a [Statement] {
        self.ingredients.statements
    }

    fn lay_out(&self, choice: &Choice) -> Layout<'a> {
        Layout::new(self.ingredients, self.tags, choice)
    }

    /// The first limit that a text does not keep, and by how much.
    fn excess(&self, layout: &Layout<'_>) -> Option<(Limit, usize)> {
        let channel = self.ingredients.channel;
        let count = Count::of(&layout.text, channel);
        [
            (Limit::Fold, layout.beyond_fold(self.ingredients)),
            (Limit::Text, count.excess_units()),
            (Limit::Bytes, count.excess_bytes()),
            (Limit::Hashtags, self.hashtag_excess(layout)),
            (Limit::Links, self.link_excess(layout)),
        ]
        .into_iter()
        .find(|(_, excess)| *excess > 0)
    }

    fn hashtag_excess(&self, layout: &Layout<'_>) -> usize {
        let channel = self.ingredients.channel;
        limit(channel.hashtag_max).map_or(0, |most| tags_in(&layout.text, channel).len().saturating_sub(most))
    }

    fn link_excess(&self, layout: &Layout<'_>) -> usize {
        let channel = self.ingredients.channel;
        limit(channel.url_max).map_or(0, |most| links_in(&layout.text, channel).saturating_sub(most))
    }

    /// Makes the next concession that helps; false when there is none.
    fn concede(&self, choice: &mut Choice, limit: Limit) -> bool {
        let at_fold = limit == Limit::Fold;
        if !at_fold && choice.hashtags > self.required() {
            choice.hashtags -= 1;
            return true;
        }
        let candidates = self.statements().iter().zip(&mut choice.steps).enumerate();
        // The credit first, then whichever is told at greatest length, the least important first.
        let next = candidates
            .filter(|(_, (statement, steps))| **steps < statement.shorter.len())
            .filter(|(_, (statement, _))| !at_fold || statement.before_fold())
            .min_by_key(|(at, (statement, steps))| {
                (!statement.credits, statement.form(**steps).0, Reverse(*at))
            });
        next.map(|(_, (_, steps))| *steps += 1).is_some()
    }

    /// Whether no other combination of forms can be less of what the limit counts.
    fn is_least(&self, choice: &Choice, limit: Limit) -> bool {
        let channel = self.ingredients.channel;
        let amount = |text: &str| match limit {
            Limit::Text | Limit::Fold => units(text, channel),
            Limit::Bytes => text.len(),
            Limit::Hashtags => tags_in(text, channel).len(),
            Limit::Links => links_in(text, channel),
        };
        self.statements().iter().zip(&choice.steps).all(|(statement, steps)| {
            let chosen = amount(&statement.form(*steps).1);
            statement.forms().all(|(_, text)| amount(text) >= chosen)
        })
    }

    /// The steps to the form of the fewest units.
    fn shortest(&self, statement: &Statement) -> usize {
        let lengths = statement.forms().map(|(_, text)| units(text, self.ingredients.channel));
        lengths.enumerate().min_by_key(|(_, length)| *length).map_or(0, |(steps, _)| steps)
    }

    /// Tries every combination of forms, the least shortened first, each with as many hashtags as fit.
    fn search(&self) -> Option<(Layout<'a>, Choice)> {
        self.combinations().into_iter().find_map(|steps| {
            let bare = Choice { hashtags: self.required(), steps };
            self.excess(&self.lay_out(&bare)).is_none().then_some(())?;
            self.with_most_hashtags(&bare.steps, bare.hashtags)
        })
    }

    /// The text of these forms with as many hashtags as fit, if at least `least` do.
    fn with_most_hashtags(&self, steps: &[usize], least: usize) -> Option<(Layout<'a>, Choice)> {
        (least..=self.tags.len()).rev().find_map(|hashtags| {
            let choice = Choice { hashtags, steps: steps.to_vec() };
            let layout = self.lay_out(&choice);
            self.excess(&layout).is_none().then_some((layout, choice))
        })
    }

    fn combinations(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for (at, statement) in self.statements().iter().enumerate() {
            let shortest = self.shortest(statement);
            let steps = if at < TRIED { 0..=statement.shorter.len() } else { shortest..=shortest };
            let longer = |known: Vec<usize>| {
                steps.clone().map(move |step| known.iter().copied().chain([step]).collect::<Vec<usize>>())
            };
            all = all.into_iter().flat_map(longer).collect();
        }
        all.sort_by_key(|steps| steps.iter().sum::<usize>());
        all
    }

    fn refusal(&self, layout: &Layout<'_>, limit: Limit, excess: usize) -> Refusal {
        let channel = self.ingredients.channel;
        let unit = if limit == Limit::Bytes { Counting::Utf8Bytes } else { channel.counting };
        let length = |text: &str| if limit == Limit::Bytes { text.len() } else { units(text, channel) };
        let parts = layout.pieces.iter().map(|piece| {
            let text = layout.text.get(piece.range.clone()).unwrap_or_default();
            PartLength { role: piece.role, units: length(text) }
        });
        Refusal::TooLong { limit, excess, unit, parts: parts.collect() }
    }
}
