//! One rule by itself, with what it found in approved words.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::RuleInForce;
use crate::domain::content::Content;
use crate::domain::content::rule::Rule;
use crate::domain::findings::{self, Finding, Named};
use crate::domain::ids::ItemId;
use crate::domain::lifecycle::Approved;
use crate::domain::policy::{Broken, Policy};
use crate::domain::revision::Source;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};

/// What a rule found, by item and revision.
type Found = HashMap<(ItemId, i64), Arc<[Finding]>>;

/// One rule, ready to look at words.
#[derive(Debug)]
pub struct LoneRule {
    rule: RuleInForce,
    /// When it ends by itself.
    ends: Option<Time>,
    /// Whether it blocks what was live before it.
    blocks_existing: bool,
    policy: Result<Policy, Broken>,
    /// What it found in approved revisions.
    found: Mutex<Found>,
}

impl LoneRule {
    /// Makes a rule ready.
    pub fn new(rule: RuleInForce, text: Rule) -> Self {
        let ends = findings::ends(&text);
        let blocks_existing = findings::blocks_existing(&text);
        let policy = ready(vec![(rule.source.clone(), text)]);
        Self { rule, ends, blocks_existing, policy, found: Mutex::default() }
    }

    /// Which rule it is.
    pub fn rule(&self) -> &RuleInForce {
        &self.rule
    }

    /// Whether it can block an approved revision: one that was live before it only where it says so, and one
    /// that was scheduled when it came into force in any case, since that goes live under it.
    pub fn concerns(&self, approved: &Approved) -> bool {
        let came_at = self.rule.approved_at;
        let was_scheduled = approved.publish_at.is_some_and(|at| at > came_at);
        self.blocks_existing || (approved.approved_at <= came_at && was_scheduled)
    }

    /// Refused where the rule cannot be evaluated.
    pub fn is_usable(&self) -> Result<()> {
        let broken = || Error::new(Code::Blocked, "This rule cannot be evaluated: mend it.");
        self.policy.as_ref().map(drop).map_err(|_| broken())
    }

    /// Whether it has looked at an approved revision.
    pub fn knows(&self, id: ItemId, revision: i64) -> bool {
        self.memory().contains_key(&(id, revision))
    }

    /// What it finds in an approved revision: looked for once, then remembered.
    pub fn look_at(
        &self,
        id: ItemId,
        revision: i64,
        content: &Content,
        named: Named<'_>,
        now: Time,
    ) -> Vec<Finding> {
        if !self.knows(id, revision) {
            // Two that look at the same time find the same.
            let policy = self.policy.as_ref().ok();
            let found = policy.map(|policy| findings::in_content(policy, id, content, named, now));
            self.memory().insert((id, revision), found.unwrap_or_default().into());
        }
        self.known(id, revision, now).to_vec()
    }

    /// Whether it found something in an approved revision.
    pub fn finds(&self, id: ItemId, revision: i64, now: Time) -> bool {
        !self.known(id, revision, now).is_empty()
    }

    /// What it found in a revision; nothing once it has ended.
    fn known(&self, id: ItemId, revision: i64, now: Time) -> Arc<[Finding]> {
        let found = self.memory().get(&(id, revision)).cloned();
        found.filter(|_| self.ends.is_none_or(|end| now < end)).unwrap_or_default()
    }

    fn memory(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes rules ready; one that cannot be evaluated is logged.
pub(super) fn ready(rules: Vec<(Source, Rule)>) -> std::result::Result<Policy, Broken> {
    Policy::new(rules).inspect_err(|Broken { rule, reason }| {
        tracing::error!(rule = %rule.item, revision = rule.revision, reason, "a rule cannot be evaluated");
    })
}
