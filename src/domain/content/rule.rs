//! A rule: what may not stand in texts, or must, and what is told to whoever writes it.

use serde::{Deserialize, Serialize};

use super::check::Checker;
use crate::domain::text::Lines;
use crate::domain::time::Time;

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
    /// In texts of these languages; empty = all.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Told to whoever writes such a text: what is wrong, and what to write instead.
    pub reason: String,
    /// Words and phrases that are fine: what is found within one of them does not count.
    #[serde(default)]
    pub exceptions: Vec<String>,
    /// What becomes of posts that are live already when the rule comes into force.
    #[serde(default)]
    pub on_existing: OnExisting,
}

impl Rule {
    pub(super) fn check(&self, check: &mut Checker) {
        check.text("/name", &self.name, 200, Lines::One);
        check.text("/reason", &self.reason, 1000, Lines::Many);
        if self.scope.is_empty() {
            check.refuse("/scope", "empty", "Name at least one kind of text.");
        }
        check.list("/scope", &self.scope, 3);
        check.list("/languages", &self.languages, 50);
        for (at, tag) in self.languages.iter().enumerate() {
            check.language(format_args!("/languages/{at}"), tag);
        }
    }
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
    /// Patterns, as regular expressions without look-around and back-references, whose time is linear.
    Patterns {
        /// Any of these.
        any_of: Vec<String>,
    },
    /// Personal data and secrets.
    PersonalData {
        /// Any of these.
        kinds: Vec<PersonalData>,
        /// How phone numbers of the country look when they are written without a plus sign, as a pattern.
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
    /// Wording that a copy about some topic must hold.
    RequiredWording {
        /// The topics.
        topics: Vec<String>,
        /// One of these must be there, in any spelling.
        any_of: Vec<String>,
    },
    /// Links, and the post's own link, lead to these domains only.
    LinkDomains {
        /// The domains; what lies below one is allowed too.
        allowed: Vec<String>,
    },
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
