//! Which approved posts break a rule: those that a rule lists when it comes into force, and those that it
//! would, so that a reviewer sees the effect before approving it.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::content_snapshot::{ApprovedItem, ApprovedRevision, ContentSnapshot};
use super::items::{find, working_revision};
use super::rules::{LoneRule, RuleInForce, rule_content};
use crate::domain::content::Content;
use crate::domain::content::rule::Rule;
use crate::domain::findings::{Finding, Named};
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::domain::lifecycle::Availability;
use crate::domain::revision::Source;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::store::connection::Conn;
use crate::store::revisions;

/// Revisions of rules that a node remembers after somebody asked what they find.
const REMEMBERED: usize = 8;

/// Posts that one page looks at.
const LOOKED_AT: usize = 1000;

/// A revision of a rule whose findings are asked for.
#[derive(Debug)]
pub struct RuleRevision {
    pub(super) rule: RuleInForce,
    pub(super) text: Rule,
}

impl RuleRevision {
    /// The revision.
    pub fn source(&self) -> &Source {
        &self.rule.source
    }
}

/// A post that breaks a rule.
#[derive(Debug)]
pub struct BreakingPost {
    /// The post.
    pub post_id: ItemId,
    /// Its revision that is live, or will be.
    pub revision: i64,
    /// The revision's digest.
    pub digest: Digest,
    /// What the post is called.
    pub title: String,
    /// What time, recalls, dependencies and the rules in force make of it.
    pub availability: Availability,
    /// What the rule finds in it.
    pub findings: Vec<Finding>,
}

/// Revisions of rules, each ready to look at posts, with what it found.
#[derive(Debug, Default)]
pub struct RecentRules {
    recent: Mutex<VecDeque<Arc<LoneRule>>>,
}

impl RecentRules {
    /// The one rule, compiled unless it was asked for lately.
    pub(super) fn ready(&self, revision: RuleRevision) -> Arc<LoneRule> {
        let RuleRevision { rule, text } = revision;
        let known =
            self.with(|recent| recent.iter().find(|known| known.rule().source == rule.source).cloned());
        known.unwrap_or_else(|| {
            let rule = Arc::new(LoneRule::new(rule, text));
            self.with(|recent| {
                recent.push_front(Arc::clone(&rule));
                recent.truncate(REMEMBERED);
            });
            rule
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut VecDeque<Arc<LoneRule>>) -> T) -> T {
        work(&mut self.recent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads a revision of a rule: where none is named the one in force, else the working one.
pub fn rule_revision(conn: &mut Conn, id: ItemId, revision: Option<i64>, now: Time) -> Result<RuleRevision> {
    let item = find(conn, Kind::Rule, id)?;
    let row = match revision {
        Some(revision) => revisions::find(conn, id, revision)?,
        None => {
            let history = revisions::histories(conn, &[id])?.remove(&id).unwrap_or_default();
            let is_in_force = history.availability(now, false) == Availability::Live;
            match history.present(now).filter(|_| is_in_force) {
                Some(present) => revisions::find(conn, id, present.revision)?,
                None => Some(working_revision(conn, &item)?),
            }
        }
    };
    let row = row.ok_or_else(|| Error::not_found("revision"))?;
    let json = row.content.as_deref().ok_or_else(|| Error::not_found("revision"))?;
    let text = rule_content(Content::from_json(Kind::Rule, json)?)?;
    let source = Source { item: id, revision: row.revision, digest: row.digest };
    Ok(RuleRevision { rule: RuleInForce { source, approved_at: row.approved_at.unwrap_or(now) }, text })
}

/// One page of the posts that break a rule, newest first: those that are live, or would be without the
/// rules in force, and those whose time has not come. The post to go on after is answered while there may
/// be more; a page looks at a bounded number of posts and may come back short.
pub fn rule_findings(
    recent: &RecentRules,
    content: &ContentSnapshot,
    revision: RuleRevision,
    after: Option<ItemId>,
    limit: usize,
    now: Time,
) -> Result<(Vec<BreakingPost>, Option<ItemId>)> {
    let rule = recent.ready(revision);
    rule.is_usable()?;
    let mut posts: Vec<&ApprovedItem> = content.of_kind(Kind::Post).collect();
    posts.retain(|item| after.is_none_or(|after| item.id < after));
    posts.sort_unstable_by_key(|item| Reverse(item.id));
    let mut found = Vec::new();
    for (nth, item) in posts.iter().enumerate() {
        if nth == LOOKED_AT {
            return Ok((found, posts.get(nth - 1).map(|item| item.id)));
        }
        found.extend(breaking(&rule, content, item, now));
        if found.len() == limit {
            return Ok((found, Some(item.id).filter(|_| nth + 1 < posts.len())));
        }
    }
    Ok((found, None))
}

/// The post as it breaks the rule, if it does.
fn breaking(
    rule: &LoneRule,
    content: &ContentSnapshot,
    item: &ApprovedItem,
    now: Time,
) -> Option<BreakingPost> {
    let without = content.availability_without_rules(item, now);
    if !matches!(without, Availability::Live | Availability::Scheduled) {
        return None;
    }
    let live = item.post(now)?;
    let ApprovedRevision { revision, digest, content: words, .. } = live.revision;
    let (hashtags, images) = (content.pinned_hashtags(live.revision), content.pinned_images(live.revision));
    let named = Named { hashtags: &hashtags, images: &images };
    let findings = rule.look_at(item.id, *revision, words, named, now);
    (!findings.is_empty()).then(|| BreakingPost {
        post_id: item.id,
        revision: *revision,
        digest: digest.clone(),
        title: live.post.title.clone(),
        availability: content.availability(item, now).0,
        findings,
    })
}
