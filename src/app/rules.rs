//! The rules in force: made ready once for each set of them, and what they find in words that are approved.
//!
//! Rules are items, so those in force are the live ones, and which they are moves only with the
//! `content_version`: a rule has no window, and a code name that time sets free is told by its own date.
//! A hashtag that is live and blocked is in force as a rule like any other: it refuses its tag.
//! [`Rules`] are made ready outside every lock and shared by all snapshots of the same rules. What a rule
//! that blocks finds in approved words never changes, since both are frozen, so it is looked for once and
//! kept beside the rule for as long as it is in force; nothing of it is stored.
//!
//! A rule that cannot be evaluated blocks every post (R9): nothing that rules look at is submitted, approved
//! or shared until it is mended, recalled or retired. Other kinds can still be, so that it can be mended.

mod lone;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;

pub use self::lone::LoneRule;
use super::content_snapshot::ContentSnapshot;
use crate::domain::content::Content;
use crate::domain::content::rule::{Rule, Severity};
use crate::domain::findings::{self, Named};
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::domain::lifecycle::{Approved, Availability, Blocker, History};
use crate::domain::policy::{Broken, Policy};
use crate::domain::revision::Source;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::store::connection::Conn;
use crate::store::{items, revisions};

/// What keeps an item from being used when a rule finds something in it.
pub const RULE_VIOLATED: &str = "rule_violated";
/// What keeps every post from being used when a rule cannot be evaluated.
pub const RULE_BROKEN: &str = "rule_broken";

/// A revision that is in force as a rule, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInForce {
    /// The revision.
    pub source: Source,
    /// When it was approved.
    pub approved_at: Time,
}

impl RuleInForce {
    /// The revision of an item that is in force as a rule, if there is one; `digest` is that of a revision
    /// whose content is one ([`as_rule`]).
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

/// All rules that are in force at one version of the content.
#[derive(Debug)]
pub struct Rules {
    config_digest: Digest,
    in_force: Vec<RuleInForce>,
    policy: Result<Policy, Broken>,
    /// The moments at which rules end by themselves.
    ends: Vec<Time>,
    /// Those that can block what is approved already, each shared with the rules before.
    blocking: Vec<Arc<LoneRule>>,
    digest: Digest,
}

impl Rules {
    /// No rules, under a configuration.
    pub fn none(config_digest: &Digest) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            config_digest: config_digest.clone(),
            in_force: Vec::new(),
            policy: Ok(Policy::default()),
            ends: Vec::new(),
            blocking: Vec::new(),
            digest: digest(config_digest, &[])?,
        }))
    }

    /// These rules, or those that come after them, made ready when they are others.
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
        let blocking = rules.iter().filter(|(_, text)| text.severity == Severity::Block);
        Ok(Arc::new(Self {
            config_digest: self.config_digest.clone(),
            digest: digest(&self.config_digest, &in_force)?,
            blocking: blocking.map(|(rule, text)| self.lone(rule, text)).collect(),
            ends: rules.iter().filter_map(|(_, text)| findings::ends(text)).collect(),
            policy: lone::ready(rules.into_iter().map(|(rule, text)| (rule.source, text)).collect()),
            in_force,
        }))
    }

    /// A rule by itself: the one that is known, with what it found, if it is.
    fn lone(&self, rule: &RuleInForce, text: &Rule) -> Arc<LoneRule> {
        let known = self.blocking.iter().find(|known| known.rule() == rule);
        known.cloned().unwrap_or_else(|| Arc::new(LoneRule::new(rule.clone(), text.clone())))
    }

    /// The fingerprint of channels, organisation values and these rules (R15).
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What looks at texts; refused while a rule cannot be evaluated.
    pub fn policy(&self) -> Result<&Policy> {
        self.policy.as_ref().map_err(|broken| {
            let detail =
                "A rule cannot be evaluated: nothing is submitted, approved or shared until it is mended.";
            Error::new(Code::Blocked, detail).with("blocked_by", json!(self.broken(broken)))
        })
    }

    fn broken(&self, broken: &Broken) -> Vec<Blocker> {
        let of_rule = self.in_force.iter().filter(|rule| rule.source == broken.rule);
        let blocker = |rule: &RuleInForce| Blocker {
            code: RULE_BROKEN,
            item: Some(rule.source.item),
            since: rule.approved_at,
        };
        of_rule.map(blocker).collect()
    }

    /// The first moment after `now` at which a rule ends by itself.
    pub fn next_change(&self, now: Time) -> Option<Time> {
        self.ends.iter().copied().filter(|end| *end > now).min()
    }

    /// Whether anything can be blocked by these rules.
    pub fn may_block(&self) -> bool {
        self.policy.is_err() || !self.blocking.is_empty()
    }

    /// Whether what blocks this revision is known without its words.
    pub fn knows(&self, id: ItemId, approved: &Approved) -> bool {
        self.policy.is_err() || self.concerned(approved).all(|rule| rule.knows(id, approved.revision))
    }

    /// Those that can block this revision.
    fn concerned(&self, approved: &Approved) -> impl Iterator<Item = &Arc<LoneRule>> {
        self.blocking.iter().filter(move |rule| rule.concerns(approved))
    }

    /// Has the rules that block look at approved words, as far as they have not.
    pub fn look_at(&self, id: ItemId, approved: &Approved, content: &Content, named: Named<'_>, now: Time) {
        for rule in self.concerned(approved) {
            rule.look_at(id, approved.revision, content, named, now);
        }
    }

    /// What blocks an approved revision of an item of this kind, of which [`Self::knows`] is true.
    pub fn blockers(&self, kind: Kind, id: ItemId, approved: &Approved, now: Time) -> Vec<Blocker> {
        if let Err(broken) = &self.policy {
            // What employees share is stopped; nobody shares a hashtag by itself.
            let is_shared = matches!(kind, Kind::Post | Kind::Image);
            return if is_shared { self.broken(broken) } else { Vec::new() };
        }
        let finds = self.concerned(approved).filter(|rule| rule.finds(id, approved.revision, now));
        let blocker = |rule: &Arc<LoneRule>| Blocker {
            code: RULE_VIOLATED,
            item: Some(rule.rule().source.item),
            since: rule.rule().approved_at.max(approved.approved_at),
        };
        finds.map(blocker).collect()
    }
}

/// Whether items of this kind may be in force as rules.
pub const fn may_rule(kind: Kind) -> bool {
    match kind {
        Kind::Rule | Kind::Hashtag => true,
        Kind::Post | Kind::Image | Kind::Disclaimer | Kind::Guideline => false,
    }
}

/// What content is to the texts of others, where that is a rule.
pub fn as_rule(content: &Content) -> Option<Cow<'_, Rule>> {
    match content {
        Content::Rule(rule) => Some(Cow::Borrowed(rule)),
        Content::Hashtag(hashtag) => hashtag.ban().map(Cow::Owned),
        Content::Post(_) | Content::Image(_) | Content::Disclaimer(_) | Content::Guideline(_) => None,
    }
}

/// Whether rules look at the words of items of this kind.
pub const fn are_looked_at(kind: Kind) -> bool {
    match kind {
        Kind::Post | Kind::Hashtag | Kind::Image => true,
        Kind::Disclaimer | Kind::Guideline | Kind::Rule => false,
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
    /// Others.
    Moved {
        /// All that are in force.
        in_force: Vec<RuleInForce>,
        /// The texts of those that the snapshot does not have.
        texts: Vec<(Source, Rule)>,
    },
}

impl RulesRead {
    /// Reads which rules are in force: those of the snapshot, but for what moved since.
    pub fn read(conn: &mut Conn, snapshot: &ContentSnapshot, now: Time) -> Result<Self> {
        let moved = items::changed_since(conn, snapshot.version)?.into_iter();
        let kinds: HashMap<ItemId, Kind> =
            moved.filter(|item| may_rule(item.kind)).map(|item| (item.id, item.kind)).collect();
        let known = snapshot.rules();
        if kinds.is_empty() {
            return Ok(Self::Known(Arc::clone(known)));
        }
        let mut in_force = known.in_force.clone();
        in_force.retain(|rule| !kinds.contains_key(&rule.source.item));
        let mut texts = Vec::new();
        for (rule, text) in in_force_of(conn, &kinds, now)? {
            texts.push((rule.source.clone(), text));
            in_force.push(rule);
        }
        in_force.sort_by_key(|rule| rule.source.item);
        // Most hashtags come and go without a rule to it.
        if in_force == known.in_force {
            return Ok(Self::Known(Arc::clone(known)));
        }
        Ok(Self::Moved { in_force, texts })
    }

    /// The rules of the snapshot; refused where others are in force now: making them ready takes too long for
    /// a transaction.
    pub fn known(self) -> Result<Arc<Rules>> {
        match self {
            Self::Known(rules) => Ok(rules),
            Self::Moved { .. } => Err(Error::unavailable("The rules are changing: try again.")),
        }
    }

    /// The rules, made ready if they are others than those of the snapshot that they were read beside.
    pub fn ready(self, snapshot: &ContentSnapshot) -> Result<Arc<Rules>> {
        let (in_force, texts) = match self {
            Self::Known(rules) => return Ok(rules),
            Self::Moved { in_force, texts } => (in_force, texts),
        };
        snapshot.rules().followed_by(in_force, |source| {
            let moved = texts.iter().find(|(moved, _)| moved == source).map(|(_, text)| text.clone());
            moved.map_or_else(|| snapshot.rule_text(source), Ok)
        })
    }
}

/// Those of some items that are in force as rules, with their texts.
fn in_force_of(
    conn: &mut Conn,
    kinds: &HashMap<ItemId, Kind>,
    now: Time,
) -> Result<Vec<(RuleInForce, Rule)>> {
    let ids: Vec<ItemId> = kinds.keys().copied().collect();
    let histories = revisions::histories(conn, &ids)?;
    let mut texts = HashMap::new();
    for row in revisions::approved_of(conn, &ids)? {
        let (Some(kind), Some(json)) = (kinds.get(&row.item_id), &row.content) else { continue };
        if let Some(text) = as_rule(&Content::from_json(*kind, json)?) {
            texts.insert((row.item_id, row.revision), (row.digest, text.into_owned()));
        }
    }
    let rule = |(id, history): (&ItemId, &History)| {
        let digest = |revision| texts.get(&(*id, revision)).map(|(digest, _)| digest.clone());
        let rule = RuleInForce::of(*id, history, digest, now)?;
        let (_, text) = texts.get(&(*id, rule.source.revision))?;
        Some((rule, text.clone()))
    };
    Ok(histories.iter().filter_map(rule).collect())
}

/// The content of a rule.
pub fn rule_content(content: Content) -> Result<Rule> {
    match content {
        Content::Rule(rule) => Ok(rule),
        Content::Post(_)
        | Content::Hashtag(_)
        | Content::Image(_)
        | Content::Disclaimer(_)
        | Content::Guideline(_) => Err(Error::internal("the content of a rule is that of another kind")),
    }
}
