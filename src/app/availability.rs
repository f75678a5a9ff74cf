//! What may be used now: histories of items together with those of what they pin.

use std::collections::HashMap;

use super::rules::Rules;
use crate::domain::content::Content;
use crate::domain::ids::{ItemId, Kind};
use crate::domain::lifecycle::{Availability, Blocker, History};
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::connection::Conn;
use crate::store::revisions;

/// The histories of some items and of everything that their approved revisions pin.
#[derive(Debug, Default)]
pub struct Histories {
    histories: HashMap<ItemId, History>,
    /// What rules in force say to the present revisions of posts.
    by_rules: HashMap<ItemId, Vec<Blocker>>,
}

impl Histories {
    /// Reads the histories of `ids`, and of their pins.
    pub fn read(conn: &mut Conn, ids: &[ItemId]) -> Result<Self> {
        let mut histories = revisions::histories(conn, ids)?;
        let mut pinned: Vec<ItemId> = histories
            .values()
            .flat_map(|history| &history.approved)
            .flat_map(|approved| &approved.pins)
            .map(|(item, _)| *item)
            .filter(|item| !histories.contains_key(item))
            .collect();
        pinned.sort_unstable();
        pinned.dedup();
        histories.extend(revisions::histories(conn, &pinned)?);
        Ok(Self { histories, by_rules: HashMap::new() })
    }

    /// Takes in what rules in force say to these posts. Texts are read only of those that no node looked at
    /// under these rules.
    pub fn obey(&mut self, conn: &mut Conn, posts: &[ItemId], rules: &Rules, now: Time) -> Result<()> {
        if !rules.may_block() {
            return Ok(());
        }
        let present = |id: &ItemId| Some((*id, self.histories.get(id)?.present(now)?.clone()));
        let present: Vec<_> = posts.iter().filter_map(present).collect();
        let unknown = present.iter().filter(|(id, approved)| !rules.knows(*id, approved.revision));
        let unknown: Vec<ItemId> = unknown.map(|(id, _)| *id).collect();
        let rows = revisions::approved_of(conn, &unknown)?;
        for (id, approved) in present {
            let row = rows.iter().find(|row| row.item_id == id && row.revision == approved.revision);
            let json = row.and_then(|row| row.content.as_deref());
            let post = match json.map(|json| Content::from_json(Kind::Post, json)).transpose()? {
                Some(Content::Post(post)) => Some(post),
                _ => None,
            };
            self.by_rules.insert(id, rules.blockers(id, &approved, post.as_deref(), now));
        }
        Ok(())
    }

    /// The history of one item.
    pub fn get(&self, id: ItemId) -> Option<&History> {
        self.histories.get(&id)
    }

    /// The availability of an item, and what blocks it.
    pub fn availability(&self, id: ItemId, now: Time) -> (Availability, Vec<Blocker>) {
        match self.get(id) {
            Some(history) => {
                let by_rules = || self.by_rules.get(&id).cloned().unwrap_or_default();
                availability(history, now, |pinned| self.get(pinned), by_rules)
            }
            None => (Availability::Unapproved, Vec::new()),
        }
    }
}

/// The availability of an item with this history, and what blocks it (R12): what it pins, and what the
/// rules in force say, who are asked only where it matters.
pub fn availability<'a>(
    history: &History,
    now: Time,
    history_of: impl Fn(ItemId) -> Option<&'a History>,
    by_rules: impl FnOnce() -> Vec<Blocker>,
) -> (Availability, Vec<Blocker>) {
    let pins = history.present(now).map(|present| present.pins.as_slice()).unwrap_or_default();
    let blocks = |(item, revision): &(ItemId, i64)| match history_of(*item) {
        Some(history) => history.blocks(*item, *revision, now),
        // What is not known cannot be relied on (R9).
        None => History::default().blocks(*item, *revision, now),
    };
    let mut blockers: Vec<Blocker> = pins.iter().filter_map(blocks).collect();
    if history.availability(now, true) == Availability::Blocked {
        blockers.extend(by_rules());
    }
    let availability = history.availability(now, !blockers.is_empty());
    let shown = if availability == Availability::Blocked { blockers } else { Vec::new() };
    (availability, shown)
}
