//! The house's rules, made ready to look at texts.
//!
//! A [`Policy`] is made once from all rules in force and then looks at any number of texts. The same
//! policy advises on drafts, decides at submission and decides on comments.
//!
//! All rules look together: one automaton finds the phrases of all of them, one set says which patterns
//! match at all, personal data is detected once. A text costs time by its length, and hardly by the number
//! of rules.

mod folding;
mod glyphs;
mod links;
mod patterns;
mod personal;
mod phrases;
mod plain;
mod tags;
#[cfg(test)]
mod tests;
mod weight;

use std::cmp::Reverse;
use std::ops::Range;

use regex::Regex;

use self::patterns::Patterns;
use self::personal::Detected;
use self::phrases::{Found, Phrases, Role};
use super::content::rule::{Condition, PersonalData, Rule, Scope, Severity};
use super::ids::ItemId;
use super::language;
use super::revision::Source;
use super::span::{Span, Spans};
use super::time::Time;

pub(crate) use self::folding::{has_letter, look, phrase as folded_phrase};
pub(crate) use self::links::domain;
pub(crate) use self::patterns::compile as pattern;
pub use self::weight::{RULE_PATTERNS, Weight};

/// The most that one rule tells about one text: who has twenty places to mend looks at the text anew.
pub const MAX_FINDS: usize = 20;

/// The code of a link that leads elsewhere than the house allows.
pub const LINK_DOMAIN: &str = "link_domain";

/// The code of a tag that a hashtag blocks.
pub const BLOCKED_HASHTAG: &str = "blocked_hashtag";

/// All rules in force, ready to look at texts.
#[derive(Debug, Default)]
pub struct Policy {
    rules: Vec<Ready>,
    phrases: Phrases,
    patterns: Patterns,
}

/// A rule, and what it needs beyond the common automata.
#[derive(Debug)]
struct Ready {
    source: Source,
    severity: Severity,
    scope: Vec<Scope>,
    languages: Vec<String>,
    reason: String,
    task: Task,
    weight: Weight,
}

/// What a rule does with a text.
#[derive(Debug)]
enum Task {
    Phrases,
    Patterns,
    PersonalData { kinds: Vec<PersonalData>, national_phone: Option<Regex> },
    CodeNames { until: Time },
    RequiredWording { topics: Vec<String> },
    LinkDomains { allowed: Vec<String> },
    Hashtag,
}

/// The text that is looked at, and what rules may ask of it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What kind of text it is.
    pub scope: Scope,
    /// The text.
    pub text: &'a str,
    /// Its language; where it is not known, the rules for all languages apply (R9).
    pub language: Option<&'a str>,
    /// The topics of its post, for a copy; empty for what stands beside it, of which no wording is required.
    pub topics: &'a [String],
    /// The present time: some rules end.
    pub now: Time,
}

/// Something that a rule found, or missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule, or the blocked hashtag that works like one.
    pub rule: Source,
    /// What it is, as a stable slug: `phrase`, `pattern`, `iban`, `bsn`, `payment_card`, `phone`, `email`,
    /// `secret`, `code_name`, `required_wording`, `link_domain`, `blocked_hashtag`.
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

/// What a rule finds in a text.
#[derive(Debug, PartialEq, Eq)]
struct Find {
    rule: usize,
    range: Range<usize>,
    code: &'static str,
}

impl Policy {
    /// Makes the rules ready. Fails if one cannot be evaluated, which checking its content excludes.
    pub fn new(rules: Vec<(Source, Rule)>) -> Result<Self, Broken> {
        let mut collection = phrases::Collection::default();
        let mut all_patterns = Vec::new();
        for (number, (source, rule)) in rules.iter().enumerate() {
            let broken = |reason: &str| Broken { rule: source.clone(), reason: reason.to_owned() };
            let (wanted, edges) = rule.condition.phrases();
            let wanted = wanted.iter().map(|phrase| (Role::Wanted, phrase));
            let exceptions = rule.exceptions.iter().map(|phrase| (Role::Exception, phrase));
            for (role, phrase) in wanted.chain(exceptions) {
                if !collection.add(number, role, phrase, edges) {
                    return Err(broken("nothing is left of a phrase to look for"));
                }
            }
            if let Condition::Patterns { any_of } = &rule.condition {
                all_patterns.extend(any_of.iter().map(|pattern| (number, pattern.as_str())));
            }
        }
        let broken = |(number, reason): (usize, String)| match rules.get(number).or(rules.first()) {
            Some((source, _)) => Err(Broken { rule: source.clone(), reason }),
            None => Ok(Self::default()),
        };
        let patterns = match Patterns::new(all_patterns) {
            Ok(patterns) => patterns,
            Err(fault) => return broken(fault),
        };
        let phrases = match collection.build() {
            Ok(phrases) => phrases,
            Err(fault) => return broken((0, fault.to_string())),
        };
        let rules =
            rules.into_iter().map(|(source, rule)| Ready::new(source, rule)).collect::<Result<_, _>>()?;
        Ok(Self { rules, phrases, patterns })
    }

    /// What the rules cost, with this one in the place of its present revision.
    pub fn weight_with(&self, item: ItemId, rule: &Rule) -> Weight {
        let others = self.rules.iter().filter(|ready| ready.source.item != item);
        others.fold(Weight::of(rule), |sum, ready| sum.and(ready.weight))
    }

    /// Everything that the rules find in a text, in order of place; what is missing comes last. Of one rule,
    /// no two places overlap (of
    /// phrases that end together the longest counts, then the leftmost place), and no more than [`MAX_FINDS`] are
    /// told.
    pub fn check(&self, subject: &Subject<'_>) -> Vec<Violation> {
        let active: Vec<bool> = self.rules.iter().map(|rule| rule.looks_at(subject)).collect();
        if !active.contains(&true) {
            return Vec::new();
        }
        let (mut finds, exceptions) = self.find_phrases(subject.text, &active);
        let mut add = |rule, range, code| finds.push(Find { rule, range, code });
        self.patterns.find(subject.text, &active, |rule, range| add(rule, range, "pattern"));
        self.find_data(subject.text, &active, &mut add);
        finds.retain(|find| {
            !exceptions.iter().any(|(rule, range)| *rule == find.rule && covers(range, &find.range))
        });
        let finds = without_overlaps(finds);
        let missing = self.missing(&active, &finds);
        let mut violations = self.violations(subject.text, finds);
        violations.extend(missing.into_iter().map(|rule| rule.violation("required_wording", None)));
        violations
    }

    /// The phrases in a text, and the places that rules make exceptions for.
    fn find_phrases(&self, text: &str, active: &[bool]) -> (Vec<Find>, Vec<(usize, Range<usize>)>) {
        let (mut finds, mut exceptions) = (Vec::new(), Vec::new());
        for Found { rule, role, range } in self.phrases.find(text, active) {
            let task = self.rules.get(rule).map(|ready| &ready.task);
            match role {
                Role::Exception => exceptions.push((rule, range)),
                Role::Wanted => finds.push(Find { rule, range, code: task.map_or("phrase", Task::code) }),
            }
        }
        (finds, exceptions)
    }

    /// Personal data, secrets and links in a text.
    fn find_data(
        &self,
        text: &str,
        active: &[bool],
        add: &mut impl FnMut(usize, Range<usize>, &'static str),
    ) {
        let mut detected = None;
        for (number, (rule, _)) in
            self.rules.iter().zip(active).enumerate().filter(|(_, (_, active))| **active)
        {
            match &rule.task {
                Task::PersonalData { kinds, national_phone } => {
                    let detected = detected.get_or_insert_with(|| Detected::in_text(text));
                    for kind in kinds {
                        for range in detected.of(*kind, national_phone.as_ref()) {
                            add(number, range, personal::code(*kind));
                        }
                    }
                }
                Task::LinkDomains { allowed } => {
                    for range in links::elsewhere(text, allowed) {
                        add(number, range, rule.task.code());
                    }
                }
                Task::Phrases
                | Task::Patterns
                | Task::CodeNames { .. }
                | Task::RequiredWording { .. }
                | Task::Hashtag => {}
            }
        }
    }

    /// The rules whose wording is nowhere in the text.
    fn missing(&self, active: &[bool], finds: &[Find]) -> Vec<&Ready> {
        let is_missing = |number: &usize, rule: &Ready| {
            active.get(*number) == Some(&true)
                && rule.task.is_required()
                && !finds.iter().any(|find| find.rule == *number)
        };
        let numbered = self.rules.iter().enumerate();
        numbered.filter(|(number, rule)| is_missing(number, rule)).map(|(_, rule)| rule).collect()
    }

    fn violations(&self, text: &str, mut finds: Vec<Find>) -> Vec<Violation> {
        finds.sort_by_key(|find| (find.range.start, find.range.end, find.rule));
        let mut spans = Spans::new(text);
        let violation = |find: Find| {
            let rule = self.rules.get(find.rule).filter(|rule| !rule.task.is_required())?;
            Some(rule.violation(find.code, Some(spans.of(&find.range))))
        };
        finds.into_iter().filter_map(violation).collect()
    }
}

impl Ready {
    fn new(source: Source, rule: Rule) -> Result<Self, Broken> {
        let weight = Weight::of(&rule);
        let task = match Task::new(rule.condition) {
            Ok(task) => task,
            Err(reason) => return Err(Broken { rule: source, reason }),
        };
        let Rule { severity, scope, languages, reason, .. } = rule;
        Ok(Self { source, severity, scope, languages, reason, task, weight })
    }

    fn looks_at(&self, subject: &Subject<'_>) -> bool {
        let languages = &self.languages;
        let of_language = |wanted| languages.iter().any(|tag| language::covers(tag, wanted));
        self.scope.contains(&subject.scope)
            && (languages.is_empty() || subject.language.is_none_or(of_language))
            && match &self.task {
                Task::CodeNames { until } => subject.now < *until,
                Task::RequiredWording { topics } => {
                    subject.scope == Scope::Copy && topics.iter().any(|topic| subject.topics.contains(topic))
                }
                _ => true,
            }
    }

    fn violation(&self, code: &'static str, span: Option<Span>) -> Violation {
        Violation {
            rule: self.source.clone(),
            code,
            severity: self.severity,
            reason: self.reason.clone(),
            span,
        }
    }
}

impl Task {
    fn new(condition: Condition) -> Result<Self, String> {
        Ok(match condition {
            Condition::Phrases { .. } => Self::Phrases,
            Condition::Patterns { .. } => Self::Patterns,
            Condition::PersonalData { kinds, national_phone } => {
                let compile = |text: String| {
                    patterns::compile(&text)
                        .map_err(|reason| format!("the pattern of national phone numbers: {reason}"))
                };
                Self::PersonalData { kinds, national_phone: national_phone.map(compile).transpose()? }
            }
            Condition::CodeNames { until, .. } => Self::CodeNames { until },
            Condition::RequiredWording { topics, .. } => Self::RequiredWording { topics },
            Condition::Hashtag { .. } => Self::Hashtag,
            Condition::LinkDomains { allowed } => {
                let known =
                    |text: &String| domain(text).ok_or_else(|| format!("{text} is no name of a host"));
                Self::LinkDomains { allowed: allowed.iter().map(known).collect::<Result<_, _>>()? }
            }
        })
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Phrases => "phrase",
            Self::Patterns => "pattern",
            // Each kind has its own.
            Self::PersonalData { .. } => "personal_data",
            Self::CodeNames { .. } => "code_name",
            Self::RequiredWording { .. } => "required_wording",
            Self::LinkDomains { .. } => LINK_DOMAIN,
            Self::Hashtag => BLOCKED_HASHTAG,
        }
    }

    const fn is_required(&self) -> bool {
        matches!(self, Self::RequiredWording { .. })
    }
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Of each rule the leftmost places, of those at one place the longest, and so many as are told.
fn without_overlaps(mut finds: Vec<Find>) -> Vec<Find> {
    finds.sort_by_key(|find| (find.rule, find.range.start, Reverse(find.range.end)));
    // The rule that is looked at, where its last place ended, and how many there were.
    let (mut rule, mut end, mut count) = (usize::MAX, 0, 0);
    finds.retain(|find| {
        if find.rule != rule {
            (rule, end, count) = (find.rule, 0, 0);
        }
        let counts = find.range.start >= end && count < MAX_FINDS;
        if counts {
            (end, count) = (find.range.end, count + 1);
        }
        counts
    });
    finds
}
