//! What may be used now: histories of items together with those of what they pin.

use std::collections::HashMap;

use super::rules::{Rules, are_looked_at};
use super::words::{self, Words, shown};
use crate::domain::findings::Named;
use crate::domain::ids::{ItemId, Kind};
use crate::domain::lifecycle::{Approved, Availability, Blocker, History};
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::connection::Conn;
use crate::store::items::ItemRow;
use crate::store::revisions;

/// The histories of some items and of everything that their approved revisions pin.
#[derive(Debug, Default)]
pub struct Histories {
    histories: HashMap<ItemId, History>,
    /// What rules in force say to present revisions.
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

    /// Takes in what rules in force say to these items. Words are read only of those that no node looked at
    /// under these rules.
    pub fn obey(&mut self, conn: &mut Conn, rows: &[ItemRow], rules: &Rules, now: Time) -> Result<()> {
        if !rules.may_block() {
            return Ok(());
        }
        let kinds: HashMap<ItemId, Kind> = rows.iter().map(|row| (row.id, row.kind)).collect();
        let looked_at = rows.iter().filter(|row| are_looked_at(row.kind)).map(|row| row.id);
        let present = |id: ItemId| Some((id, self.histories.get(&id)?.present(now)?.clone()));
        let present: Vec<(ItemId, Approved)> = looked_at.filter_map(present).collect();
        let unknown = present.iter().filter(|(id, approved)| !rules.knows(*id, approved));
        let unknown: Vec<ItemId> = unknown.map(|(id, _)| *id).collect();
        let rows = revisions::approved_of(conn, &unknown)?.into_iter().filter(|row| {
            present.iter().any(|(id, approved)| (*id, approved.revision) == (row.item_id, row.revision))
        });
        let rows = rows.filter_map(|row| Some((*kinds.get(&row.item_id)?, row))).collect();
        for Words { id, revision, content, hashtags, images } in words::of_rows(conn, rows)? {
            let images = shown(&images);
            let named = Named { hashtags: &hashtags, images: &images };
            let approved = present.iter().find(|(it, approved)| (*it, approved.revision) == (id, revision));
            if let Some((_, approved)) = approved {
                rules.look_at(id, approved, &content, named, now);
            }
        }
        for (id, approved) in present {
            let kind = kinds.get(&id).copied().unwrap_or(Kind::Post);
            self.by_rules.insert(id, rules.blockers(kind, id, &approved, now));
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

/// The availability of an item with this history, and what blocks it (R12): what it pins, that it was published
/// urgently and nobody reviewed it since, the rechecks that no later approval has met, and what the rules in force
/// say, who are asked only where it matters.
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
    blockers.extend(history.unreviewed(now));
    blockers.extend(history.blocked_by_rechecks(now));
    if history.availability(now, true) == Availability::Blocked {
        blockers.extend(by_rules());
    }
    let availability = history.availability(now, !blockers.is_empty());
    let shown = if availability == Availability::Blocked { blockers } else { Vec::new() };
    (availability, shown)
}
