//! A guideline: a part of the social media policy that employees read, and may have to accept before they share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Audience;
use super::check::{Checker, escape};
use crate::domain::markdown::LeftOut;
use crate::domain::text::Lines;
use crate::domain::time::Time;
use crate::domain::{language, markdown};

/// The language of those whose own there is no body in.
const DEFAULT_LANGUAGE: &str = "en";

/// The content of a guideline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guideline {
    /// For which accounts it is.
    pub family: Family,
    /// What it is called.
    pub title: String,
    /// What it says, in Markdown, by language.
    pub body: BTreeMap<String, String>,
    /// For whom it is.
    #[serde(default)]
    pub audience: Audience,
    /// What is asked of them.
    pub requires: Requirement,
    /// From when on it is in force; absent = with the approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_force_from: Option<Time>,
}

/// For which accounts a guideline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Those in the organisation's name.
    OfficialAccounts,
    /// Employees' own.
    Employees,
}

/// What a guideline asks of those for whom it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// That they accept this revision before they share.
    Acceptance,
    /// Nothing.
    None,
}

impl Guideline {
    /// The body in a language, or a more general one (RFC 4647, section 3.4); else, and where none is wanted, in
    /// English, else in the first there is. With the language that was found.
    pub fn read_in(&self, wanted: Option<&str>) -> (&str, &str) {
        let tags = || self.body.keys().map(String::as_str);
        let found = wanted.and_then(|wanted| language::lookup(wanted, tags()));
        let found = found.or_else(|| language::lookup(DEFAULT_LANGUAGE, tags()));
        let body = found.and_then(|tag| self.body.get_key_value(tag)).or_else(|| self.body.iter().next());
        // A guideline without a body in any language is not saved.
        body.map_or((DEFAULT_LANGUAGE, ""), |(tag, body)| (tag.as_str(), body.as_str()))
    }

    pub(super) fn check(&self, check: &mut Checker) {
        check.text("/title", &self.title, 200, Lines::One);
        if self.body.is_empty() {
            check.refuse("/body", "empty", "Give the text in at least one language.");
        }
        for (tag, body) in &self.body {
            let pointer = format!("/body/{}", escape(tag));
            check.language(&pointer, tag);
            check.text(&pointer, body, 50_000, Lines::Many);
            if markdown::depth(body) > markdown::MAX_DEPTH {
                let detail =
                    format!("Lists and quotes may stand {} levels within each other.", markdown::MAX_DEPTH);
                check.refuse(&pointer, "too_deep", detail);
            }
            if markdown::weight(body) > markdown::MAX_WEIGHT {
                let detail =
                    "Too many of the characters & < > \" and of cells of tables: at most 5000 together.";
                check.refuse(&pointer, "too_heavy", detail);
            }
            for left_out in markdown::left_out(body) {
                let (code, detail) = match left_out {
                    LeftOut::Link(to) => {
                        ("not_a_link", format!("Links lead to https and mailto addresses only, not to {to}."))
                    }
                    LeftOut::Image(of) => ("image", format!("Images are not shown: leave out {of}.")),
                };
                check.refuse(&pointer, code, detail);
            }
        }
        self.audience.check(check);
    }
}
