//! The house's rules, made ready to look at texts.
//!
//! A [`Policy`] is made once from all rules in force and then looks at any number of texts. The same
//! policy advises on drafts, decides at submission and decides on comments.

use super::content::rule::{Condition, Rule, Scope, Severity};
use super::revision::Source;
use super::span::{Span, Spans};
use super::time::Time;

/// All rules in force, ready to look at texts.
#[derive(Debug, Default)]
pub struct Policy {
    rules: Vec<(Source, Rule)>,
}

/// The text that is looked at, and what rules may ask of it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What kind of text it is.
    pub scope: Scope,
    /// The text.
    pub text: &'a str,
    /// Its language.
    pub language: &'a str,
    /// The topics of its post.
    pub topics: &'a [String],
    /// The present time: some rules end.
    pub now: Time,
}

/// Something that a rule found, or missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Source,
    /// What it is, as a stable slug: `phrase`, `pattern`, `iban`, `code_name`, ...
    pub code: &'static str,
    /// What the rule does with it.
    pub severity: Severity,
    /// What the rule tells the writer.
    pub reason: String,
    /// Where in the text; absent where something is missing.
    pub span: Option<Span>,
}

/// A rule that cannot be evaluated (R9): nothing may be approved or shared until it is mended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rule {} cannot be evaluated: {reason}", rule.item)]
pub struct Broken {
    /// The rule.
    pub rule: Source,
    /// Why not.
    pub reason: String,
}

impl Policy {
    /// Makes the rules ready. Fails if one cannot be evaluated, which checking its content excludes.
    pub fn new(rules: Vec<(Source, Rule)>) -> Result<Self, Broken> {
        Ok(Self { rules })
    }

    /// Everything that the rules find in a text, in order of place.
    pub fn check(&self, subject: &Subject<'_>) -> Vec<Violation> {
        let mut found = Vec::new();
        for (source, rule) in &self.rules {
            let covered = |tag: &String| super::language::covers(tag, subject.language);
            let languages = rule.languages.is_empty() || rule.languages.iter().any(covered);
            if !rule.scope.contains(&subject.scope) || !languages {
                continue;
            }
            let (code, phrases) = match &rule.condition {
                Condition::Phrases { any_of, .. } => ("phrase", any_of),
                Condition::CodeNames { any_of, until } if subject.now < *until => ("code_name", any_of),
                _ => continue,
            };
            let text = subject.text.to_ascii_lowercase();
            for phrase in phrases {
                let mut spans = Spans::new(subject.text);
                for (at, _) in text.match_indices(&phrase.to_ascii_lowercase()) {
                    let span = Some(spans.of(&(at..at + phrase.len())));
                    let (reason, severity) = (rule.reason.clone(), rule.severity);
                    found.push(Violation { rule: source.clone(), code, severity, reason, span });
                }
            }
        }
        found
    }
}
