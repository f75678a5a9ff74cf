//! What is approved, in memory: from here the feed is served and shares are evaluated.
//!
//! A [`ContentSnapshot`] is immutable and carries the `content_version` it was read at. Moving on reads
//! only the items whose approvals or endings changed since, and shares the rest. What time makes of an
//! item is derived when it is asked for, so a snapshot does not age by itself.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::availability::availability;
use super::campaign_conditions::Campaigns;
use super::obligations::Asked;
use super::rules::{RuleInForce, Rules, RulesRead, are_looked_at, as_rule, may_rule};
use crate::domain::content::{Content, Disclaimer, Hashtag, Image, Post, Rule};
use crate::domain::findings::Named;
use crate::domain::ids::{Digest, ItemId, Key, Kind};
use crate::domain::images::Shown;
use crate::domain::lifecycle::{Approved, Availability, Blocker, History};
use crate::domain::revision::{Pin, Resolved, Source};
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::store::campaigns;
use crate::store::connection::Conn;
use crate::store::freezes::{self, FreezeRow};
use crate::store::items::{self, ItemRow};
use crate::store::revisions;

/// Everything approved, the freezes in force and the campaigns, at one version.
#[derive(Debug, Clone)]
pub struct ContentSnapshot {
    /// The `content_version` that this is.
    pub version: i64,
    items: HashMap<ItemId, Arc<ApprovedItem>>,
    freezes: Vec<FreezeRow>,
    campaigns: Campaigns,
    rules: Arc<Rules>,
    asked: Asked,
}

/// An item that was ever approved.
#[derive(Debug)]
pub struct ApprovedItem {
    /// Its id.
    pub id: ItemId,
    /// What it is.
    pub kind: Kind,
    /// Its key, for the kinds that have one.
    pub key: Option<Key>,
    /// Its approved revisions and endings.
    pub history: History,
    revisions: HashMap<i64, ApprovedRevision>,
}

/// The frozen content of an approved revision.
#[derive(Debug)]
pub struct ApprovedRevision {
    /// Its number.
    pub revision: i64,
    /// Its digest.
    pub digest: Digest,
    /// Its content.
    pub content: Content,
    /// Its pins.
    pub pins: Vec<Pin>,
}

/// A post as somebody may share it at a moment.
#[derive(Debug, Clone, Copy)]
pub struct LivePost<'a> {
    /// The item.
    pub item: &'a ApprovedItem,
    /// The revision that counts.
    pub revision: &'a ApprovedRevision,
    /// Its content.
    pub post: &'a Post,
}

/// An image as somebody may share it by itself at a moment.
#[derive(Debug, Clone, Copy)]
pub struct LiveImage<'a> {
    /// The item.
    pub item: &'a ApprovedItem,
    /// The revision that counts.
    pub revision: &'a ApprovedRevision,
    /// Its content.
    pub image: &'a Image,
}

impl ContentSnapshot {
    /// Nothing yet, under a configuration.
    pub fn empty(config_digest: &Digest) -> Result<Self> {
        Ok(Self::before_all(Rules::none(config_digest)?))
    }

    fn before_all(rules: Arc<Rules>) -> Self {
        Self {
            version: 0,
            items: HashMap::new(),
            freezes: Vec::new(),
            campaigns: Campaigns::default(),
            rules,
            asked: Asked::default(),
        }
    }

    /// This snapshot with what changed up to `version`; its rules follow with [`Self::with_rules`], which
    /// needs no database.
    pub fn advance(&self, conn: &mut Conn, version: i64, now: Time) -> Result<Self> {
        let changed = items::changed_since(conn, self.version)?;
        let campaigns = self.campaigns.followed_by(&campaigns::changed_since(conn, self.version)?)?;
        Ok(Self { campaigns, ..self.with_items(conn, changed, version, now)? })
    }

    /// Makes the rules those that are live now, and has those that block look at the posts they have not
    /// seen, so that no request does. It takes its time where rules changed.
    pub fn with_rules(mut self, now: Time) -> Result<Self> {
        let in_force = self.items.values().filter(|item| may_rule(item.kind)).filter_map(|item| {
            let rule = |revision| item.revisions.get(&revision).filter(|it| as_rule(&it.content).is_some());
            RuleInForce::of(
                item.id,
                &item.history,
                |revision| rule(revision).map(|it| it.digest.clone()),
                now,
            )
        });
        self.rules = self.rules.followed_by(in_force.collect(), |source| self.rule_text(source))?;
        if self.rules.may_block() {
            self.items.values().for_each(|item| drop(self.availability(item, now)));
        }
        Ok(self)
    }

    /// The text of an approved revision that is in force as a rule.
    pub fn rule_text(&self, source: &Source) -> Result<Rule> {
        let revision = self.item(source.item).and_then(|item| item.revisions.get(&source.revision));
        let rule = revision.and_then(|revision| as_rule(&revision.content));
        rule.map(Cow::into_owned).ok_or_else(|| Error::internal("a live rule without its text"))
    }

    /// Only these items, what they pin, their campaigns, every disclaimer and guideline and the rules in force: for
    /// an evaluation inside a transaction, which is refused where other rules are in force than those that `present` has ready.
    pub fn load_some(
        conn: &mut Conn,
        ids: &[ItemId],
        present: &Self,
        version: i64,
        now: Time,
    ) -> Result<Self> {
        let rules = RulesRead::read(conn, present, now)?.known()?;
        let mut rows = items::find_all(conn, ids)?;
        rows.extend(items::of_kind(conn, Kind::Disclaimer)?);
        rows.extend(items::of_kind(conn, Kind::Guideline)?);
        let some = Self::before_all(rules).with_items(conn, rows, version, now)?;
        let pinned: Vec<ItemId> = some
            .items
            .values()
            .flat_map(|item| item.revisions.values())
            .flat_map(|revision| &revision.pins)
            .map(|pin| pin.id)
            .filter(|id| !some.items.contains_key(id))
            .collect();
        let named: Vec<String> = some.items().flat_map(ApprovedItem::campaigns).map(str::to_owned).collect();
        let campaigns = some.campaigns.followed_by(&campaigns::find_all(conn, &named)?)?;
        let rows = items::find_all(conn, &pinned)?;
        Ok(Self { campaigns, ..some.with_items(conn, rows, version, now)? })
    }

    fn with_items(&self, conn: &mut Conn, rows: Vec<ItemRow>, version: i64, now: Time) -> Result<Self> {
        let ids: Vec<ItemId> = rows.iter().map(|row| row.id).collect();
        let mut histories = revisions::histories(conn, &ids)?;
        let mut approved: HashMap<ItemId, HashMap<i64, ApprovedRevision>> = HashMap::new();
        let kinds: HashMap<ItemId, Kind> = rows.iter().map(|row| (row.id, row.kind)).collect();
        for row in revisions::approved_of(conn, &ids)? {
            // A redacted revision has nothing to share; its history says that it counts as recalled.
            let (Some(json), Some(kind)) = (&row.content, kinds.get(&row.item_id)) else { continue };
            let revision = ApprovedRevision {
                revision: row.revision,
                content: Content::from_json(*kind, json)?,
                pins: row.pins()?,
                digest: row.digest,
            };
            approved.entry(row.item_id).or_default().insert(revision.revision, revision);
        }
        let mut items = self.items.clone();
        for row in rows {
            let item = ApprovedItem {
                id: row.id,
                kind: row.kind,
                key: row.key,
                history: histories.remove(&row.id).unwrap_or_default(),
                revisions: approved.remove(&row.id).unwrap_or_default(),
            };
            items.insert(item.id, Arc::new(item));
        }
        let (campaigns, rules) = (self.campaigns.clone(), Arc::clone(&self.rules));
        let asked = Asked::read(conn, items.values().map(Arc::as_ref))?;
        Ok(Self { version, items, freezes: freezes::open(conn, now)?, campaigns, rules, asked })
    }

    /// One item that was ever approved.
    pub fn item(&self, id: ItemId) -> Option<&ApprovedItem> {
        self.items.get(&id).map(Arc::as_ref)
    }

    /// Every item that was ever approved.
    pub fn items(&self) -> impl Iterator<Item = &ApprovedItem> {
        self.items.values().map(Arc::as_ref)
    }

    /// Every item of a kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &ApprovedItem> {
        self.items().filter(move |item| item.kind == kind)
    }

    /// What may be made of an item now, and what blocks it.
    pub fn availability(&self, item: &ApprovedItem, now: Time) -> (Availability, Vec<Blocker>) {
        let by_rules = || self.blockers_by_rules(item, now).unwrap_or_default();
        availability(&item.history, now, |pinned| self.item(pinned).map(|item| &item.history), by_rules)
    }

    /// What would be made of an item without any rules.
    pub fn availability_without_rules(&self, item: &ApprovedItem, now: Time) -> Availability {
        availability(&item.history, now, |pinned| self.item(pinned).map(|item| &item.history), Vec::new).0
    }

    fn blockers_by_rules(&self, item: &ApprovedItem, now: Time) -> Option<Vec<Blocker>> {
        let approved = item.history.present(now).filter(|_| are_looked_at(item.kind))?;
        if !self.rules.knows(item.id, approved) {
            let present = item.revisions.get(&approved.revision)?;
            let (hashtags, images) = (self.pinned_hashtags(present), self.pinned_images(present));
            let named = Named { hashtags: &hashtags, images: &images };
            self.rules.look_at(item.id, approved, &present.content, named, now);
        }
        Some(self.rules.blockers(item.kind, item.id, approved, now))
    }

    /// The rules in force.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// What people must have accepted or finished before they share.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The campaigns.
    pub const fn campaigns(&self) -> &Campaigns {
        &self.campaigns
    }

    /// The freeze that stops sharing on a channel now, if one does.
    pub fn freeze_on(&self, channel: &str, now: Time) -> Option<&FreezeRow> {
        self.freezes.iter().find(|freeze| freeze.stops(channel, now))
    }

    /// The hashtags that are live now: their `required_for` decides what a submission demands.
    pub fn live_hashtags(&self, now: Time) -> Vec<Resolved<Hashtag>> {
        self.of_kind(Kind::Hashtag)
            .filter(|item| self.availability(item, now).0 == Availability::Live)
            .filter_map(|item| {
                item.resolve(item.present(now)?.revision, |content| content.as_hashtag().cloned())
            })
            .collect()
    }

    /// The disclaimers that are live now: their `required_when` decides what is required.
    pub fn live_disclaimers(&self, now: Time) -> Vec<Resolved<Disclaimer>> {
        self.disclaimers(Availability::Live, now)
    }

    /// The disclaimers that are recalled now: what they demand cannot be met.
    pub fn recalled_disclaimers(&self, now: Time) -> Vec<Resolved<Disclaimer>> {
        self.disclaimers(Availability::Recalled, now)
    }

    fn disclaimers(&self, wanted: Availability, now: Time) -> Vec<Resolved<Disclaimer>> {
        let mut found: Vec<Resolved<Disclaimer>> = self
            .of_kind(Kind::Disclaimer)
            .filter(|item| self.availability(item, now).0 == wanted)
            .filter_map(|item| {
                item.resolve(item.present(now)?.revision, |content| content.as_disclaimer().cloned())
            })
            .collect();
        found.sort_by_key(|disclaimer| disclaimer.id);
        found
    }

    /// The disclaimers that a revision pins, with the pinned texts.
    pub fn pinned_disclaimers(&self, revision: &ApprovedRevision) -> Vec<Resolved<Disclaimer>> {
        self.pinned(revision, Kind::Disclaimer, |content| content.as_disclaimer().cloned())
    }

    /// The hashtags that a revision pins, in the order in which its post names them.
    pub fn pinned_hashtags(&self, revision: &ApprovedRevision) -> Vec<Resolved<Hashtag>> {
        let mut pinned = self.pinned(revision, Kind::Hashtag, |content| content.as_hashtag().cloned());
        let named = revision.content.references().hashtags;
        pinned.sort_by_key(|hashtag| named.iter().position(|key| *key == hashtag.key));
        pinned
    }

    /// The images that a revision pins, in the order in which its post names them.
    pub fn pinned_images<'a>(&'a self, revision: &'a ApprovedRevision) -> Vec<Shown<'a>> {
        let Content::Post(post) = &revision.content else { return Vec::new() };
        let shown = |id: &ItemId| {
            let pin = revision.pins.iter().find(|pin| pin.id == *id)?;
            self.item(pin.id)?.revisions.get(&pin.revision)?.shown(pin.id)
        };
        post.images.iter().filter_map(shown).collect()
    }

    /// The images of these ids that a post which begins at `publish_at` can rely on, in their order
    /// ([`is_usable`]).
    pub fn usable_images(&self, ids: &[ItemId], publish_at: Option<Time>, now: Time) -> Vec<Shown<'_>> {
        let usable = |id: &ItemId| {
            let item = self.item(*id)?;
            let LiveImage { revision, .. } = item.image(now)?;
            is_usable(self.availability(item, now).0, item.history.present(now)?, publish_at)
                .then(|| revision.shown(*id))?
        };
        ids.iter().filter_map(usable).collect()
    }

    fn pinned<T>(
        &self,
        revision: &ApprovedRevision,
        kind: Kind,
        content: impl Fn(&Content) -> Option<T>,
    ) -> Vec<Resolved<T>> {
        let of_kind = revision.pins.iter().filter(|pin| pin.kind == kind);
        of_kind.filter_map(|pin| self.item(pin.id)?.resolve(pin.revision, &content)).collect()
    }

    /// The first moment after `now` at which time changes what may be made of a post: its own window,
    /// those of its pins, of its campaign and of every disclaimer, and the ends of freezes and of rules.
    pub fn next_change(&self, item: &ApprovedItem, now: Time) -> Option<Time> {
        let pins = item.revisions.values().flat_map(|revision| &revision.pins);
        let pinned = pins.filter_map(|pin| self.item(pin.id));
        let windows = std::iter::once(item)
            .chain(pinned)
            .chain(self.of_kind(Kind::Disclaimer))
            .filter_map(|item| item.history.next_change(now));
        let freezes = self.freezes.iter().map(FreezeRow::end).filter(|end| *end > now);
        let campaigns = item.campaigns().filter_map(|key| self.campaigns.find(key));
        let campaigns = campaigns.filter_map(|campaign| campaign.content.window.next_change(now));
        windows.chain(freezes).chain(campaigns).chain(self.rules.next_change(now)).min()
    }
}

impl ApprovedItem {
    /// The revision that counts now.
    pub fn present(&self, now: Time) -> Option<&ApprovedRevision> {
        self.revisions.get(&self.history.present(now)?.revision)
    }

    /// The campaigns of its revisions.
    fn campaigns(&self) -> impl Iterator<Item = &str> {
        self.revisions.values().filter_map(|revision| revision.content.campaign())
    }

    /// The approved revision with this number, unless it was redacted.
    pub fn revision(&self, revision: i64) -> Option<&ApprovedRevision> {
        self.revisions.get(&revision)
    }

    /// The post that counts now, if this is one.
    pub fn post(&self, now: Time) -> Option<LivePost<'_>> {
        let revision = self.present(now)?;
        match &revision.content {
            Content::Post(post) => Some(LivePost { item: self, revision, post }),
            Content::Hashtag(_)
            | Content::Image(_)
            | Content::Disclaimer(_)
            | Content::Guideline(_)
            | Content::Rule(_) => None,
        }
    }

    /// The image that counts now, if this is one.
    pub fn image(&self, now: Time) -> Option<LiveImage<'_>> {
        let revision = self.present(now)?;
        let shown = revision.shown(self.id)?;
        Some(LiveImage { item: self, revision, image: shown.image })
    }

    /// Whether a revision was published urgently and no review has approved it yet.
    pub fn is_urgent(&self, revision: i64) -> bool {
        let urgent = self.history.revision(revision).and_then(|approved| approved.urgent);
        urgent.is_some_and(|urgent| !urgent.is_confirmed())
    }

    /// One approved revision with its content as `T`, for items that have a key.
    pub fn resolve<T>(&self, revision: i64, content: impl Fn(&Content) -> Option<T>) -> Option<Resolved<T>> {
        let revision = self.revisions.get(&revision)?;
        Some(Resolved {
            id: self.id,
            key: self.key.clone()?,
            revision: revision.revision,
            digest: revision.digest.clone(),
            content: content(&revision.content)?,
        })
    }
}

/// Whether a post which begins at `publish_at` can rely on an image: it is live, or will be by then, and has
/// not ended before the post begins.
pub fn is_usable(availability: Availability, image: &Approved, publish_at: Option<Time>) -> bool {
    let has_begun = |begins: Time| image.publish_at.is_none_or(|from| from <= begins);
    let lasts = |begins: Time| image.expires_at.is_none_or(|until| begins < until);
    match (availability, publish_at) {
        (Availability::Live, _) => publish_at.is_none_or(lasts),
        (Availability::Scheduled, Some(begins)) => has_begun(begins) && lasts(begins),
        _ => false,
    }
}

impl ApprovedRevision {
    /// The revision of the item `id`, without its content.
    pub fn source(&self, id: ItemId) -> Source {
        Source { item: id, revision: self.revision, digest: self.digest.clone() }
    }

    /// The revision as an image, if it is one of the item `id`.
    fn shown(&self, id: ItemId) -> Option<Shown<'_>> {
        self.content.as_image().map(|image| Shown { source: self.source(id), image })
    }
}
