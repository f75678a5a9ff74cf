//! Words and phrases of all rules, found in one pass.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, BuildError};

use super::{folding, tags};
use crate::domain::content::rule::Edges;

/// All phrases of all rules in one automaton: its time depends on the text, not on how many they are.
#[derive(Debug, Default)]
pub(super) struct Phrases {
    automaton: Option<AhoCorasick>,
    /// By the automaton's number of a phrase, who looks for it.
    uses: Vec<Vec<Use>>,
}

/// What a phrase is to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It is looked for.
    Wanted,
    /// What lies within it does not count.
    Exception,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Use {
    rule: usize,
    role: Role,
    edges: Edges,
    has_letter: bool,
}

/// A phrase that stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The number of the rule.
    pub(super) rule: usize,
    /// What the phrase is to it.
    pub(super) role: Role,
    /// Where, in bytes of the text.
    pub(super) range: Range<usize>,
}

/// Collects phrases for an automaton.
#[derive(Debug, Default)]
pub(super) struct Collection {
    numbers: HashMap<String, usize>,
    phrases: Vec<String>,
    uses: Vec<Vec<Use>>,
}

impl Collection {
    /// Adds a phrase of a rule; false if nothing is left of it to look for.
    pub(super) fn add(&mut self, rule: usize, role: Role, phrase: &str, edges: Edges) -> bool {
        let folded = folding::phrase(phrase);
        if folded.is_empty() {
            return false;
        }
        let number = *self.numbers.entry(folded).or_insert_with_key(|folded| {
            self.phrases.push(folded.clone());
            self.uses.push(Vec::new());
            self.phrases.len() - 1
        });
        let has_letter = folding::has_letter(phrase);
        if let Some(uses) = self.uses.get_mut(number) {
            uses.push(Use { rule, role, edges, has_letter });
        }
        true
    }

    /// The automaton. It fails only beyond 2 GiB of phrases.
    pub(super) fn build(self) -> Result<Phrases, BuildError> {
        let automaton = if self.phrases.is_empty() { None } else { Some(AhoCorasick::new(&self.phrases)?) };
        Ok(Phrases { automaton, uses: self.uses })
    }
}

impl Phrases {
    /// The occurrences of the phrases of the rules that are `active`, in no order, perhaps twice. Of those of
    /// one rule that end at one place the longest, however many phrases lie within one another. Hashtags are
    /// read as they are, and as the words that they are made of.
    pub(super) fn find(&self, text: &str, active: &[bool]) -> Vec<Found> {
        let mut found = self.scan(text, active);
        for words in tags::words(text) {
            let in_words = self.scan(&words.text, active).into_iter();
            let in_text = |it: Found| Some(Found { range: words.place(text, &it.range)?, ..it });
            found.extend(in_words.filter_map(in_text));
        }
        found
    }

    /// A phrase with letters is found only where a letter stands, and one without only where none does: the
    /// digits of `kamer 101` look like the letters of `lol`, and nobody reads them so.
    fn scan(&self, text: &str, active: &[bool]) -> Vec<Found> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let mut found = Vec::new();
        for reading in folding::readings(text) {
            let mut told = Told::default();
            // At each place the longest comes first.
            for hit in automaton.find_overlapping_iter(&reading.text) {
                let uses = self.uses.get(hit.pattern().as_usize()).map_or(&[][..], Vec::as_slice);
                let is_new =
                    |usage: &&Use| active.get(usage.rule) == Some(&true) && told.is_new(usage, hit.end());
                if !uses.iter().any(|usage| is_new(&usage)) {
                    continue;
                }
                let Some(range) = reading.place(text, &hit.range()) else { continue };
                let is_whole = folding::is_whole(text, &range);
                let fits = |edges| match edges {
                    Edges::Anywhere => true,
                    Edges::Words => is_whole,
                    Edges::Tag => tags::is_tag(text, &range),
                };
                let has_letter = folding::has_letter(text.get(range.clone()).unwrap_or_default());
                let suits = |usage: &&Use| fits(usage.edges) && usage.has_letter == has_letter;
                let counts: Vec<&Use> = uses.iter().filter(is_new).filter(suits).collect();
                if counts.is_empty() {
                    continue;
                }
                let range = folding::whole_graphemes(text, range);
                for usage in counts {
                    told.tell(usage, hit.end());
                    found.push(Found { rule: usage.rule, role: usage.role, range: range.clone() });
                }
            }
        }
        found
    }
}

/// For each rule and role, where the last occurrence ended that was told.
#[derive(Default)]
struct Told(Vec<[Option<usize>; 2]>);

impl Told {
    fn is_new(&self, usage: &Use, end: usize) -> bool {
        self.0.get(usage.rule).and_then(|ends| ends.get(usage.role as usize)) != Some(&Some(end))
    }

    fn tell(&mut self, usage: &Use, end: usize) {
        if self.0.len() <= usage.rule {
            self.0.resize(usage.rule + 1, [None; 2]);
        }
        let ends = self.0.get_mut(usage.rule).and_then(|ends| ends.get_mut(usage.role as usize));
        if let Some(told) = ends {
            *told = Some(end);
        }
    }
}
