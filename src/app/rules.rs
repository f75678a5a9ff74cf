//! The rules in force: compiled once for each set of them, and what they find in posts that are approved.
//!
//! Rules are items, so those in force are the live ones, and which they are moves only with the
//! `content_version`: a rule has no window, and a code name that time sets free is told by its own date.
//! A [`Rules`] is made outside every lock and shared by all snapshots of the same rules. What a rule that
//! blocks finds in an approved post never changes, since both are frozen, so it is looked for once and
//! kept beside the rules for as long as they are in force; nothing of it is stored.
//!
//! A rule that cannot be evaluated blocks every post (R9): nothing is submitted or shared until it is
//! mended, recalled or retired. Other kinds can still be submitted, so that the rule can be mended.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;

use super::content_snapshot::ContentSnapshot;
use crate::domain::content::rule::Rule;
use crate::domain::content::{Content, Post};
use crate::domain::findings::{self, Finding};
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::domain::lifecycle::{Approved, Availability, Blocker, History};
use crate::domain::policy::{Broken, Policy};
use crate::domain::revision::Source;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::store::connection::Conn;
use crate::store::{items, revisions};

/// What keeps a post from being used when a rule finds something in it.
pub const RULE_VIOLATED: &str = "rule_violated";
/// What keeps every post from being used when a rule cannot be evaluated.
pub const RULE_BROKEN: &str = "rule_broken";

/// A revision of a rule that is in force, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInForce {
    /// The revision.
    pub source: Source,
    /// When it was approved.
    pub approved_at: Time,
}

impl RuleInForce {
    /// The revision of a rule that is in force, if there is one.
    pub fn of(
        id: ItemId,
        history: &History,
        digest: impl Fn(i64) -> Option<Digest>,
        now: Time,
    ) -> Option<Self> {
        let present = history.present(now)?;
        if history.availability(now, false) != Availability::Live {
            return None;
        }
        let source = Source { item: id, revision: present.revision, digest: digest(present.revision)? };
        Some(Self { source, approved_at: present.approved_at })
    }
}

/// What rules found, by post and revision.
type Found = HashMap<(ItemId, i64), Arc<[Finding]>>;

/// Some rules, ready to look at texts.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Member>,
    policy: Result<Policy, Broken>,
    /// What they find in approved revisions of posts.
    found: Mutex<Found>,
}

/// One rule of a set.
#[derive(Debug)]
struct Member {
    rule: RuleInForce,
    /// When it ends by itself.
    ends: Option<Time>,
}

impl RuleSet {
    /// Compiles rules; one that cannot be evaluated is logged, and the set says so from then on.
    pub fn compile(rules: Vec<(RuleInForce, Rule)>) -> Self {
        let members = rules
            .iter()
            .map(|(rule, text)| Member { rule: rule.clone(), ends: findings::ends(text) })
            .collect();
        let policy = Policy::new(rules.into_iter().map(|(rule, text)| (rule.source, text)).collect());
        if let Err(broken) = &policy {
            let Broken { rule, reason } = broken;
            tracing::error!(rule = %rule.item, revision = rule.revision, reason, "a rule cannot be evaluated");
        }
        Self { rules: members, policy, found: Mutex::default() }
    }

    /// What looks at texts; refused while a rule cannot be evaluated.
    pub fn policy(&self) -> Result<&Policy> {
        self.policy.as_ref().map_err(|broken| {
            let detail = "A rule cannot be evaluated: nothing is submitted or shared until it is mended.";
            let blockers = self.blockers_of(broken);
            Error::new(Code::Blocked, detail).with("blocked_by", json!(blockers))
        })
    }

    /// Whether the set is this one rule.
    pub fn is_of(&self, rule: &Source) -> bool {
        self.rules.iter().map(|member| &member.rule.source).eq([rule])
    }

    fn blockers_of(&self, broken: &Broken) -> Vec<Blocker> {
        let of_rule = self.rules.iter().filter(|member| member.rule.source == broken.rule);
        let blocker = |member: &Member| Blocker {
            code: RULE_BROKEN,
            item: member.rule.source.item,
            since: member.rule.approved_at,
        };
        of_rule.map(blocker).collect()
    }

    /// What the rules find in an approved revision of a post: looked for once, then remembered. Rules that
    /// have ended since find nothing any more.
    pub fn in_approved(&self, id: ItemId, revision: i64, post: &Post, now: Time) -> Result<Vec<Finding>> {
        if self.known(id, revision).is_none() {
            // Two that look at the same time find the same.
            let found = findings::in_post(self.policy()?, post, now).into();
            self.memory().insert((id, revision), found);
        }
        Ok(self.still(&self.known(id, revision).unwrap_or_default(), now).cloned().collect())
    }

    fn known(&self, id: ItemId, revision: i64) -> Option<Arc<[Finding]>> {
        self.memory().get(&(id, revision)).cloned()
    }

    fn still<'a>(&'a self, found: &'a [Finding], now: Time) -> impl Iterator<Item = &'a Finding> {
        found.iter().filter(move |finding| {
            self.member(&finding.violation.rule).is_some_and(|member| member.ends.is_none_or(|end| now < end))
        })
    }

    fn member(&self, source: &Source) -> Option<&Member> {
        self.rules.iter().find(|member| member.rule.source == *source)
    }

    fn memory(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All rules that are in force at one version of the content.
#[derive(Debug)]
pub struct Rules {
    config_digest: Digest,
    in_force: Vec<RuleInForce>,
    all: RuleSet,
    /// Those that block what is live already; shared with the rules before, where they are the same.
    blocking: Arc<RuleSet>,
    digest: Digest,
}

impl Rules {
    /// No rules, under a configuration.
    pub fn none(config_digest: &Digest) -> Result<Arc<Self>> {
        let (all, blocking) = (RuleSet::compile(Vec::new()), Arc::new(RuleSet::compile(Vec::new())));
        let digest = digest(config_digest, &[])?;
        let config_digest = config_digest.clone();
        Ok(Arc::new(Self { config_digest, in_force: Vec::new(), all, blocking, digest }))
    }

    /// These rules, or those that come after them, compiled when they are others.
    pub fn followed_by(
        self: &Arc<Self>,
        mut in_force: Vec<RuleInForce>,
        text: impl Fn(&Source) -> Result<Rule>,
    ) -> Result<Arc<Self>> {
        in_force.sort_by_key(|rule| rule.source.item);
        if in_force == self.in_force {
            return Ok(Arc::clone(self));
        }
        let with_text = |rule: &RuleInForce| Ok((rule.clone(), text(&rule.source)?));
        let rules: Vec<(RuleInForce, Rule)> = in_force.iter().map(with_text).collect::<Result<_>>()?;
        let blocks = |(_, text): &&(RuleInForce, Rule)| findings::blocks_existing(text);
        let blocking: Vec<(RuleInForce, Rule)> = rules.iter().filter(blocks).cloned().collect();
        let is_same = blocking.iter().map(|(rule, _)| rule).eq(self.blocking.rules.iter().map(|it| &it.rule));
        Ok(Arc::new(Self {
            config_digest: self.config_digest.clone(),
            digest: digest(&self.config_digest, &in_force)?,
            blocking: if is_same { Arc::clone(&self.blocking) } else { Arc::new(RuleSet::compile(blocking)) },
            all: RuleSet::compile(rules),
            in_force,
        }))
    }

    /// The fingerprint of channels, organisation values and these rules (R15).
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What looks at texts; refused while a rule cannot be evaluated.
    pub fn policy(&self) -> Result<&Policy> {
        self.all.policy()
    }

    /// The first moment after `now` at which a rule ends by itself.
    pub fn next_change(&self, now: Time) -> Option<Time> {
        self.all.rules.iter().filter_map(|member| member.ends).filter(|end| *end > now).min()
    }

    /// Whether any post can be blocked by these rules.
    pub fn may_block(&self) -> bool {
        self.all.policy.is_err() || !self.blocking.rules.is_empty()
    }

    /// Whether what blocks this revision is known without its text.
    pub fn knows(&self, id: ItemId, revision: i64) -> bool {
        !self.may_block() || self.all.policy.is_err() || self.blocking.known(id, revision).is_some()
    }

    /// What blocks an approved revision of a post; its text is looked at where it was not before.
    pub fn blockers(&self, id: ItemId, approved: &Approved, post: Option<&Post>, now: Time) -> Vec<Blocker> {
        if let Err(broken) = &self.all.policy {
            return self.all.blockers_of(broken);
        }
        if self.blocking.rules.is_empty() {
            return Vec::new();
        }
        if let Some(post) = post.filter(|_| self.blocking.known(id, approved.revision).is_none()) {
            // Its one refusal is that of a rule that cannot be evaluated, and this set holds none.
            let _ = self.blocking.in_approved(id, approved.revision, post, now);
        }
        let found = self.blocking.known(id, approved.revision).unwrap_or_default();
        let mut blockers: Vec<Blocker> = Vec::new();
        for finding in self.blocking.still(&found, now) {
            let Some(member) = self.blocking.member(&finding.violation.rule) else { continue };
            let item = member.rule.source.item;
            if !blockers.iter().any(|known| known.item == item) {
                let since = member.rule.approved_at.max(approved.approved_at);
                blockers.push(Blocker { code: RULE_VIOLATED, item, since });
            }
        }
        blockers
    }
}

/// SHA-256 over the RFC 8785 form of the configuration's digest and each rule's id, revision and digest.
fn digest(config_digest: &Digest, rules: &[RuleInForce]) -> Result<Digest> {
    let rule = |rule: &RuleInForce| {
        let Source { item, revision, digest } = &rule.source;
        json!({ "id": item, "revision": revision, "digest": digest })
    };
    let rules: Vec<_> = rules.iter().map(rule).collect();
    let document = json!({ "config": config_digest, "rules": rules });
    Ok(Digest::of(&serde_json_canonicalizer::to_vec(&document).map_err(Error::internal)?))
}

/// The rules in force at the moment of a transaction.
pub enum RulesRead {
    /// Those of the snapshot.
    Known(Arc<Rules>),
    /// Rules moved since; their texts are as stored.
    Moved(Vec<(RuleInForce, String)>),
}

impl RulesRead {
    /// Reads which rules are in force, and their texts only if any moved since the snapshot.
    pub fn read(conn: &mut Conn, snapshot: &ContentSnapshot, now: Time) -> Result<Self> {
        let moved = items::changed_since(conn, snapshot.version)?;
        if moved.iter().all(|item| item.kind != Kind::Rule) {
            return Ok(Self::Known(Arc::clone(snapshot.rules())));
        }
        let ids: Vec<ItemId> = items::of_kind(conn, Kind::Rule)?.iter().map(|item| item.id).collect();
        let histories = revisions::histories(conn, &ids)?;
        let rows = revisions::approved_of(conn, &ids)?;
        let mut rules = Vec::new();
        for (id, history) in &histories {
            let row = |revision| rows.iter().find(|row| row.item_id == *id && row.revision == revision);
            let digest = |revision| row(revision).map(|row| row.digest.clone());
            let Some(rule) = RuleInForce::of(*id, history, digest, now) else { continue };
            let text = row(rule.source.revision).and_then(|row| row.content.clone());
            rules.push((rule, text.ok_or_else(|| Error::internal("a live rule without its text"))?));
        }
        Ok(Self::Moved(rules))
    }

    /// The rules, compiled if they are others than those known.
    pub fn ready(self, known: &Arc<Rules>) -> Result<Arc<Rules>> {
        let rules = match self {
            Self::Known(rules) => return Ok(rules),
            Self::Moved(rules) => rules,
        };
        let in_force = rules.iter().map(|(rule, _)| rule.clone()).collect();
        known.followed_by(in_force, |source| {
            let text = rules.iter().find(|(rule, _)| rule.source == *source).map(|(_, text)| text.as_str());
            rule_content(Content::from_json(Kind::Rule, text.unwrap_or_default())?)
        })
    }
}

/// The content of a rule.
pub fn rule_content(content: Content) -> Result<Rule> {
    match content {
        Content::Rule(rule) => Ok(rule),
        Content::Post(_) | Content::Hashtag(_) | Content::Disclaimer(_) => {
            Err(Error::internal("the content of a rule is that of another kind"))
        }
    }
}
