//! Whether words may be approved under the rules in force.
//!
//! It is asked when they are submitted (R10), and again when they are approved: rules may have come into
//! force while the review was open, and nothing goes live that breaks one.

use std::sync::Arc;

use super::rules::{Rules, are_looked_at, as_rule};
use super::words::{Words, shown};
use crate::domain::content::Content;
use crate::domain::findings::{self, Finding, Named};
use crate::domain::ids::{ItemId, Kind};
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};

/// What the rules in force say to words that are to be approved.
#[derive(Debug)]
pub struct Verdict {
    rules: Arc<Rules>,
    /// Absent where a rule cannot be evaluated.
    found: Option<Vec<Finding>>,
    /// Why the rules in force would be too many, in words.
    too_much: Option<String>,
    /// The member that makes the content a rule.
    at: &'static str,
}

impl Verdict {
    /// What the rules say. It takes its time: call it without the lock.
    pub fn new(rules: Arc<Rules>, words: &Words, now: Time) -> Self {
        let Words { id, content, hashtags, images, .. } = words;
        let images = shown(images);
        let named = Named { hashtags, images: &images };
        let found = match are_looked_at(content.kind()) {
            true => rules.policy().ok().map(|policy| findings::in_content(policy, *id, content, named, now)),
            false => Some(Vec::new()),
        };
        let too_much = too_much(&rules, *id, content);
        let at = if content.kind() == Kind::Rule { "/content/condition" } else { "/content/blocked" };
        Self { rules, found, too_much, at }
    }

    /// Refuses words that break a rule, and a rule that would be one too many.
    pub fn check(&self) -> Result<()> {
        if let Some(detail) = &self.too_much {
            let fault = Fault::body(self.at, "too_many_rules", detail.as_str());
            return Err(Error::invalid_content(vec![fault]));
        }
        let Some(found) = &self.found else { return self.rules.policy().map(drop) };
        if !found.iter().any(Finding::blocks) {
            return Ok(());
        }
        let detail = "A text breaks a rule; errors says which, where and why.";
        Err(Error::new(Code::RuleViolated, detail).faults(self.faults()))
    }

    /// Everything that was found, whether it blocks or warns.
    pub fn faults(&self) -> Vec<Fault> {
        self.found.iter().flatten().map(Finding::fault).collect()
    }
}

/// Why the rules in force would be too many with this one. While one cannot be evaluated it must be possible
/// to mend it, whatever it weighs.
fn too_much(rules: &Rules, id: ItemId, content: &Content) -> Option<String> {
    rules.policy().ok()?.weight_with(id, as_rule(content)?.as_ref()).too_much()
}
