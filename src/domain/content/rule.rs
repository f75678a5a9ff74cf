//! A rule: what may not stand in texts, or must, and what is told to whoever writes it.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::slice;

use serde::{Deserialize, Serialize};

use super::check::Checker;
use crate::domain::policy::{RULE_PATTERNS, Weight};
use crate::domain::text::Lines;
use crate::domain::time::Time;
use crate::domain::{policy, text};

/// The most words and phrases of a rule, as far as they fit in the body of a request. More go into more rules,
/// which costs a text no time.
const MAX_PHRASES: usize = 2000;

/// The longest word, phrase or name, in characters as a reader counts them.
const MAX_PHRASE: usize = 200;

/// The most exceptions of a rule.
const MAX_EXCEPTIONS: usize = 500;

/// The most patterns of a rule.
const MAX_PATTERNS: usize = 100;

/// The longest pattern, in characters.
const MAX_PATTERN: usize = 1000;

/// The most domains of a rule.
const MAX_DOMAINS: usize = 1000;

/// The longest reason that a writer is told, in characters.
const MAX_REASON: usize = 1000;

/// The content of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What the rule is called here.
    pub name: String,
    /// What it looks for.
    pub condition: Condition,
    /// What it does with what it finds.
    pub severity: Severity,
    /// In which texts it looks; at least one.
    pub scope: Vec<Scope>,
    /// In copies of these languages; empty = all. Comments are looked at whatever these are, as nobody knows
    /// their language.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Told to whoever writes such a text: what is wrong, and what to write instead.
    pub reason: String,
    /// Words and phrases that are fine: what is found within one of them does not count. They are found as
    /// the rule's own phrases are, and as whole words where the rule has none.
    #[serde(default)]
    pub exceptions: Vec<String>,
    /// What becomes of posts that are live already when the rule comes into force.
    #[serde(default)]
    pub on_existing: OnExisting,
}

/// What a rule looks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// Words and phrases, in any spelling: compatibility forms, case, look-alike characters, line breaks.
    Phrases {
        /// Any of these.
        any_of: Vec<String>,
        /// Whether they count within longer words too.
        #[serde(default)]
        within_words: bool,
    },
    /// Patterns, as regular expressions without look-around and back-references, whose time is linear. They
    /// look at the text as it is written: case counts, unless a pattern says `(?i)`.
    Patterns {
        /// Any of these.
        any_of: Vec<String>,
    },
    /// Personal data and secrets.
    PersonalData {
        /// Any of these.
        kinds: Vec<PersonalData>,
        /// How phone numbers of the country look when they are written without a plus sign, as a pattern. It
        /// sees digits of all scripts as 0 to 9, white space as blanks and dashes as hyphens.
        #[serde(skip_serializing_if = "Option::is_none")]
        national_phone: Option<String>,
    },
    /// Names that are confidential until a date.
    CodeNames {
        /// Any of these, in any spelling.
        any_of: Vec<String>,
        /// Until when; the rule finds nothing from then on.
        until: Time,
    },
    /// Wording that a copy about some topic must hold; the rule's only scope is then the copy.
    RequiredWording {
        /// The topics.
        topics: Vec<String>,
        /// One of these must be there, in any spelling.
        any_of: Vec<String>,
    },
    /// Links, and the post's own link, lead to these domains only: whatever some network or client would make a
    /// link of, by the host that a browser would ask.
    LinkDomains {
        /// The domains; what lies below one is allowed too. Look-alikes of a domain are other domains.
        allowed: Vec<String>,
    },
    /// A tag that is blocked, as a whole tag and in any spelling. It is the condition of a blocked hashtag and
    /// never that of a rule that somebody wrote, so it is neither stored nor read.
    #[serde(skip)]
    Hashtag {
        /// The tag with a number sign before it.
        signed: String,
    },
}

/// Where a phrase that is looked for may begin and end in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edges {
    /// Anywhere: it counts within longer words too.
    Anywhere,
    /// Where words do.
    Words,
    /// Where hashtags do: it begins with a number sign, and is all of the tag.
    Tag,
}

/// What a rule does with what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The writer is told.
    Warn,
    /// The text cannot be submitted or shared.
    Block,
}

/// A text that rules look at. The wording of disclaimers is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// An approved copy, and the post's headline, credit and link.
    Copy,
    /// What an employee adds.
    Comment,
    /// The text that stands for an image.
    Alt,
}

/// Personal data, or a secret, that is recognised by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalData {
    /// A bank account: ISO 13616, with its check digits.
    Iban,
    /// A Dutch citizen service number, with its check (elfproef).
    Bsn,
    /// A payment card: ISO/IEC 7812, with its check digit (Luhn).
    PaymentCard,
    /// A phone number: E.164, or the configured national pattern.
    Phone,
    /// An e-mail address.
    Email,
    /// A private key, or a token of known form.
    Secret,
}

/// What becomes of posts that are live already when a rule comes into force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExisting {
    /// Those that break it are listed.
    #[default]
    List,
    /// Those that break it are blocked too.
    Block,
}

impl Condition {
    /// The words and phrases that are looked for, and where they may begin and end.
    pub fn phrases(&self) -> (&[String], Edges) {
        match self {
            Self::Phrases { any_of, within_words: true } => (any_of, Edges::Anywhere),
            Self::Phrases { any_of, .. }
            | Self::CodeNames { any_of, .. }
            | Self::RequiredWording { any_of, .. } => (any_of, Edges::Words),
            Self::Hashtag { signed } => (slice::from_ref(signed), Edges::Tag),
            Self::Patterns { .. } | Self::PersonalData { .. } | Self::LinkDomains { .. } => {
                (&[], Edges::Words)
            }
        }
    }

    fn check(&self, check: &mut Checker) {
        match self {
            Self::Phrases { any_of, .. } => {
                check_phrases(check, "/condition/phrases/any_of", any_of, 1..=MAX_PHRASES);
            }
            Self::CodeNames { any_of, .. } => {
                check_phrases(check, "/condition/code_names/any_of", any_of, 1..=MAX_PHRASES);
            }
            Self::RequiredWording { topics, any_of } => {
                check_phrases(check, "/condition/required_wording/any_of", any_of, 1..=MAX_PHRASES);
                let pointer = "/condition/required_wording/topics";
                check_any(check, pointer, topics);
                check.list(pointer, topics, 250);
                for (at, topic) in topics.iter().enumerate() {
                    check.slug(format_args!("{pointer}/{at}"), topic);
                }
            }
            Self::Patterns { any_of } => {
                let pointer = "/condition/patterns/any_of";
                check_any(check, pointer, any_of);
                check.list(pointer, any_of, MAX_PATTERNS);
                for (at, pattern) in any_of.iter().enumerate().take(MAX_PATTERNS) {
                    check_pattern(check, &format!("{pointer}/{at}"), pattern);
                }
            }
            Self::PersonalData { kinds, national_phone } => {
                check_personal_data(check, kinds, national_phone.as_deref());
            }
            Self::LinkDomains { allowed } => check_domains(check, allowed),
            // The tag is checked as the hashtag's.
            Self::Hashtag { .. } => {}
        }
    }
}

impl Rule {
    /// Everything that is wrong with a rule. What passes here can be made ready as a policy.
    pub(super) fn check(&self, check: &mut Checker) {
        check.text("/name", &self.name, 200, Lines::One);
        let faults = check.faults.len();
        self.condition.check(check);
        // What is no pattern has no weight.
        if check.faults.len() == faults && Weight::of(self).patterns > RULE_PATTERNS {
            let most = RULE_PATTERNS / (1024 * 1024);
            let detail =
                format!("The patterns take more than {most} MiB when they are compiled: use smaller ones.");
            check.refuse("/condition/patterns/any_of", "too_large", detail);
        }
        check_any(check, "/scope", &self.scope);
        check.list("/scope", &self.scope, 3);
        if matches!(self.condition, Condition::RequiredWording { .. }) {
            for (at, _) in self.scope.iter().enumerate().filter(|(_, scope)| **scope != Scope::Copy) {
                let detail = "Wording can be required of copies only.";
                check.refuse(format_args!("/scope/{at}"), "not_for_wording", detail);
            }
        }
        check.list("/languages", &self.languages, 50);
        for (at, tag) in self.languages.iter().enumerate() {
            check.language(format_args!("/languages/{at}"), tag);
        }
        check.text("/reason", &self.reason, MAX_REASON, Lines::Many);
        check_phrases(check, "/exceptions", &self.exceptions, 0..=MAX_EXCEPTIONS);
    }
}

fn check_any<T>(check: &mut Checker, pointer: &str, list: &[T]) {
    if list.is_empty() {
        check.refuse(pointer, "empty", "Name at least one.");
    }
}

/// Phrases that something is left of to look for, each in one spelling only.
fn check_phrases(check: &mut Checker, pointer: &str, phrases: &[String], number: RangeInclusive<usize>) {
    if !number.contains(&phrases.len()) {
        let detail = format!("{} to {} words or phrases.", number.start(), number.end());
        check.refuse(pointer, if phrases.is_empty() { "empty" } else { "count" }, detail);
    }
    let mut known = HashSet::new();
    for (at, phrase) in phrases.iter().enumerate().take(*number.end()) {
        let pointer = format!("{pointer}/{at}");
        check.text(&pointer, phrase, MAX_PHRASE, Lines::One);
        let folded = policy::folded_phrase(phrase);
        if folded.is_empty() && !text::is_blank(phrase) {
            check.refuse(&pointer, "empty", "A reader sees nothing of this.");
        }
        if !folded.is_empty() && !known.insert((folded, policy::has_letter(phrase))) {
            check.refuse(&pointer, "duplicate", "This is listed already, perhaps in another spelling.");
        }
    }
}

fn check_pattern(check: &mut Checker, pointer: &str, pattern: &str) {
    if pattern.chars().count() > MAX_PATTERN {
        check.refuse(pointer, "too_long", format!("At most {MAX_PATTERN} characters."));
    } else if let Err(reason) = policy::pattern(pattern) {
        check.refuse(pointer, "not_a_pattern", format!("Not a usable pattern: {reason}."));
    }
}

fn check_personal_data(check: &mut Checker, kinds: &[PersonalData], national_phone: Option<&str>) {
    check_any(check, "/condition/personal_data/kinds", kinds);
    check.list("/condition/personal_data/kinds", kinds, 6);
    if let Some(pattern) = national_phone {
        let pointer = "/condition/personal_data/national_phone";
        check_pattern(check, pointer, pattern);
        if !kinds.contains(&PersonalData::Phone) {
            check.refuse(pointer, "not_asked_for", "This is for the kind phone, which is not listed.");
        }
    }
}

fn check_domains(check: &mut Checker, allowed: &[String]) {
    let pointer = "/condition/link_domains/allowed";
    check_any(check, pointer, allowed);
    if allowed.len() > MAX_DOMAINS {
        check.refuse(pointer, "count", format!("At most {MAX_DOMAINS} members."));
    }
    let mut known = HashSet::new();
    for (at, text) in allowed.iter().enumerate().take(MAX_DOMAINS) {
        let Some(domain) = policy::domain(text) else {
            let detail = "The name of a host such as example.nl: no scheme, port, path or asterisk.";
            check.refuse(format_args!("{pointer}/{at}"), "not_a_domain", detail);
            continue;
        };
        if !known.insert(domain) {
            check.refuse(format_args!("{pointer}/{at}"), "duplicate", "This is listed already.");
        }
    }
}
