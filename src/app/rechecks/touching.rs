//! Which posts a revision of a disclaimer, rule or guideline touches, told from the snapshot.

use std::cmp::Reverse;
use std::sync::Arc;

use super::under_review::UnderReview;
use crate::app::content_snapshot::{ApprovedItem, ApprovedRevision, ContentSnapshot};
use crate::app::items::{find, working_revision};
use crate::app::rule_findings::{RecentRules, RuleRevision};
use crate::app::rules::{LoneRule, RuleInForce};
use crate::app::words::{Words, shown};
use crate::domain::content::{Audience, Content, Disclaimer, Post};
use crate::domain::findings::Named;
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::domain::lifecycle::Availability;
use crate::domain::recheck::{Because, disclaimer_touches};
use crate::domain::revision::{Pin, Resolved, Source};
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::store::connection::Conn;
use crate::store::items::{self, ItemRow};
use crate::store::rechecks::{RecheckRow, TouchedRow};
use crate::store::revisions::{self, RevisionRow};

/// Posts that one page looks at.
const LOOKED_AT: usize = 1000;

/// A revision whose posts are looked for.
#[derive(Debug)]
pub struct Changed {
    /// The item.
    pub item: ItemRow,
    /// The revision.
    pub source: Source,
    approved_at: Time,
    content: Content,
}

impl Changed {
    /// A revision as it is stored; one that was redacted is not found.
    pub(super) fn new(item: ItemRow, row: RevisionRow, now: Time) -> Result<Self> {
        let json = row.content.as_deref().ok_or_else(|| Error::not_found("revision"))?;
        let content = Content::from_json(item.kind, json)?;
        let source = Source { item: item.id, revision: row.revision, digest: row.digest };
        Ok(Self { item, source, approved_at: row.approved_at.unwrap_or(now), content })
    }

    /// Reads a revision of an item: where none is named the newest approved one, else the working one.
    pub fn read(conn: &mut Conn, kind: Kind, id: ItemId, revision: Option<i64>, now: Time) -> Result<Self> {
        let item = find(conn, kind, id)?;
        let approved = match revision {
            Some(_) => None,
            None => revisions::approved_of(conn, &[id])?.pop().map(|row| row.revision),
        };
        let row = match revision.or(approved) {
            Some(revision) => revisions::find(conn, id, revision)?,
            None => Some(working_revision(conn, &item)?),
        };
        Self::new(item, row.ok_or_else(|| Error::not_found("revision"))?, now)
    }

    /// The revision that a recheck is about; nothing once that was redacted.
    pub(super) fn of(conn: &mut Conn, recheck: &RecheckRow, now: Time) -> Result<Option<Self>> {
        let item = items::find_all(conn, &[recheck.item_id])?.pop();
        let row = revisions::find(conn, recheck.item_id, recheck.revision)?;
        let found = item.zip(row.filter(|row| row.content.is_some()));
        found.map(|(item, row)| Self::new(item, row, now)).transpose()
    }

    /// What people call the item: its key, else the name that its content gives it.
    pub(super) fn name(&self) -> String {
        match (&self.item.key, &self.content) {
            (Some(key), _) => key.to_string(),
            (None, Content::Rule(rule)) => rule.name.clone(),
            (None, _) => String::new(),
        }
    }

    /// Ready to look at posts; refused where it is a rule that cannot be evaluated. It may take its time.
    pub fn ready(self, recent: &RecentRules) -> Result<Touching> {
        let Self { item, source, approved_at, content } = self;
        Ok(match content {
            Content::Disclaimer(content) => {
                let key = item.key.ok_or_else(|| Error::internal("a disclaimer without its key"))?;
                let Source { item: id, revision, digest } = source;
                Touching::Disclaimer(Box::new(Resolved { id, key, revision, digest, content }))
            }
            Content::Rule(text) => {
                let rule = recent.ready(RuleRevision { rule: RuleInForce { source, approved_at }, text });
                rule.is_usable()?;
                Touching::Rule(rule)
            }
            Content::Guideline(guideline) => Touching::Guideline(guideline.audience),
            Content::Post(_) | Content::Hashtag(_) | Content::Image(_) => {
                return Err(Error::internal("nothing of this kind is rechecked"));
            }
        })
    }
}

/// A revision that is ready to look at posts.
#[derive(Debug)]
pub enum Touching {
    /// Of a disclaimer.
    Disclaimer(Box<Resolved<Disclaimer>>),
    /// Of a rule.
    Rule(Arc<LoneRule>),
    /// For whom a guideline is.
    Guideline(Audience),
}

/// A post that a revision touches.
#[derive(Debug, Clone)]
pub struct TouchedPost {
    /// The post.
    pub post_id: ItemId,
    /// Its first revision that is touched: the one that counts now, or one whose time has not come.
    pub revision: i64,
    /// The revision's digest.
    pub digest: Digest,
    /// What the post is called.
    pub title: String,
    /// What time, recalls, dependencies and the rules in force make of the post.
    pub availability: Availability,
    /// Why it is touched.
    pub because: Because,
}

impl Touching {
    /// Every post that is touched, by id.
    pub(super) fn all(&self, content: &ContentSnapshot, now: Time) -> Vec<TouchedRow> {
        let touched = |item: &ApprovedItem| {
            let (found, because) = self.first(content, item, now)?;
            Some(TouchedRow { post_id: item.id, revision: found.revision, because })
        };
        let mut rows: Vec<TouchedRow> = content.of_kind(Kind::Post).filter_map(touched).collect();
        rows.sort_unstable_by_key(|row| row.post_id);
        rows
    }

    /// One page of the posts that are touched, newest first. The post to go on after is answered while there may
    /// be more; a page looks at a bounded number of posts and may come back short.
    pub fn page(
        &self,
        content: &ContentSnapshot,
        after: Option<ItemId>,
        limit: usize,
        now: Time,
    ) -> (Vec<TouchedPost>, Option<ItemId>) {
        let mut posts: Vec<&ApprovedItem> = content.of_kind(Kind::Post).collect();
        posts.retain(|item| after.is_none_or(|after| item.id < after));
        posts.sort_unstable_by_key(|item| Reverse(item.id));
        let mut found = Vec::new();
        let mut last = None;
        for (nth, item) in posts.iter().enumerate() {
            if nth == LOOKED_AT || found.len() == limit {
                return (found, last);
            }
            found.extend(self.told(content, item, now));
            last = Some(item.id);
        }
        (found, None)
    }

    fn told(&self, content: &ContentSnapshot, item: &ApprovedItem, now: Time) -> Option<TouchedPost> {
        let (found, because) = self.first(content, item, now)?;
        let Content::Post(post) = &found.content else { return None };
        Some(TouchedPost {
            post_id: item.id,
            revision: found.revision,
            digest: found.digest.clone(),
            title: post.title.clone(),
            availability: content.availability(item, now).0,
            because,
        })
    }

    /// The first revision of a post that is touched, of those that count now or will; nothing of a post that
    /// nobody may share any more.
    fn first<'a>(
        &self,
        content: &ContentSnapshot,
        item: &'a ApprovedItem,
        now: Time,
    ) -> Option<(&'a ApprovedRevision, Because)> {
        let goes_on = [Availability::Scheduled, Availability::Live, Availability::Blocked];
        if !goes_on.contains(&content.availability_without_rules(item, now)) {
            return None;
        }
        item.history.standing(now).find_map(|approved| {
            let revision = item.revision(approved.revision)?;
            let Content::Post(post) = &revision.content else { return None };
            Some((revision, self.touches(content, item.id, revision, post, now)?))
        })
    }

    fn touches(
        &self,
        content: &ContentSnapshot,
        id: ItemId,
        revision: &ApprovedRevision,
        post: &Post,
        now: Time,
    ) -> Option<Because> {
        let (hashtags, images) = (content.pinned_hashtags(revision), content.pinned_images(revision));
        let named = Named { hashtags: &hashtags, images: &images };
        let seen = Seen { id, revision: revision.revision, content: &revision.content, post, named };
        self.touches_seen(&seen, &revision.pins, now)
    }

    /// Whether a frozen revision that is under review is touched, and why.
    pub(super) fn touches_under_review(&self, under_review: &UnderReview, now: Time) -> Option<Because> {
        let UnderReview { words, pins } = under_review;
        let Words { id, revision, content, hashtags, images } = words;
        let Content::Post(post) = content else { return None };
        let images = shown(images);
        let named = Named { hashtags, images: &images };
        let seen = Seen { id: *id, revision: *revision, content, post, named };
        self.touches_seen(&seen, pins, now)
    }

    fn touches_seen(&self, seen: &Seen<'_>, pins: &[Pin], now: Time) -> Option<Because> {
        match self {
            Touching::Disclaimer(disclaimer) => {
                let ai_image = seen.named.images.iter().any(|shown| shown.image.about.ai_generated);
                let pinned = pins.iter().find(|pin| pin.id == disclaimer.id).map(|pin| pin.revision);
                disclaimer_touches(seen.post, ai_image, pinned, disclaimer)
            }
            Touching::Rule(rule) => {
                let found = rule.look_at(seen.id, seen.revision, seen.content, seen.named, now);
                (!found.is_empty()).then_some(Because::RuleFinds)
            }
            Touching::Guideline(audience) => {
                audience.meets(&seen.post.audience).then_some(Because::SharedAudience)
            }
        }
    }
}

/// A frozen revision of a post as it is looked at.
struct Seen<'a> {
    id: ItemId,
    revision: i64,
    content: &'a Content,
    post: &'a Post,
    named: Named<'a>,
}
