//! What may be used now: histories of items together with those of what they pin.

use std::collections::HashMap;

use crate::domain::ids::ItemId;
use crate::domain::lifecycle::{Availability, Blocker, History};
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::connection::Conn;
use crate::store::revisions;

/// The histories of some items and of everything that their approved revisions pin.
#[derive(Debug, Default)]
pub struct Histories {
    histories: HashMap<ItemId, History>,
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
        Ok(Self { histories })
    }

    /// The history of one item.
    pub fn get(&self, id: ItemId) -> Option<&History> {
        self.histories.get(&id)
    }

    /// The availability of an item, and what blocks it.
    pub fn availability(&self, id: ItemId, now: Time) -> (Availability, Vec<Blocker>) {
        match self.get(id) {
            Some(history) => availability(history, now, |pinned| self.get(pinned)),
            None => (Availability::Unapproved, Vec::new()),
        }
    }
}

/// The availability of an item with this history, and what blocks it (R12).
pub fn availability<'a>(
    history: &History,
    now: Time,
    history_of: impl Fn(ItemId) -> Option<&'a History>,
) -> (Availability, Vec<Blocker>) {
    let pins = history.present(now).map(|present| present.pins.as_slice()).unwrap_or_default();
    let blocks = |(item, revision): &(ItemId, i64)| match history_of(*item) {
        Some(history) => history.blocks(*item, *revision, now),
        // What is not known cannot be relied on (R9).
        None => History::default().blocks(*item, *revision, now),
    };
    let blockers: Vec<Blocker> = pins.iter().filter_map(blocks).collect();
    let availability = history.availability(now, !blockers.is_empty());
    let shown = if availability == Availability::Blocked { blockers } else { Vec::new() };
    (availability, shown)
}
