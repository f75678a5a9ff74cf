//! What stops a share after it was issued.

use std::collections::HashMap;

use crate::domain::ids::ItemId;
use crate::domain::lifecycle::EndingKind;
use crate::domain::revision::Pin;
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::connection::Conn;
use crate::store::shares::ShareRow;
use crate::store::{freezes, items, revisions};

/// What stopped shares after they were issued: a recall of the item or of what its revision pins, as that
/// blocks the item (R12), a redaction of the revision or of one that it pins, which counts as a recall (R2),
/// or a freeze.
pub(super) struct Stops {
    pins: HashMap<(ItemId, i64), Vec<Pin>>,
    endings: Vec<items::EndingRow>,
    redactions: Vec<revisions::Redaction>,
    freezes: Vec<freezes::FreezeRow>,
}

impl Stops {
    pub(super) fn read(conn: &mut Conn, rows: &[ShareRow]) -> Result<Self> {
        let mut ids: Vec<ItemId> = rows.iter().map(|row| row.item_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let pins = revisions::pins_of(conn, &ids)?;
        ids.extend(pins.values().flatten().map(|pin| pin.id));
        ids.sort_unstable();
        ids.dedup();
        let first = rows.iter().map(|row| row.issued_at).min();
        let last = rows.iter().map(|row| row.lapses_at).max();
        let freezes = match (first, last) {
            (Some(first), Some(last)) => freezes::between(conn, first, last)?,
            _ => Vec::new(),
        };
        let (endings, redactions) = (items::endings_of(conn, &ids)?, revisions::redactions_of(conn, &ids)?);
        Ok(Self { pins, endings, redactions, freezes })
    }

    /// When the first recall, redaction or freeze after the share's entry began.
    pub(super) fn first(&self, row: &ShareRow) -> Option<Time> {
        let pins = self.pins.get(&(row.item_id, row.revision)).map(Vec::as_slice).unwrap_or_default();
        let concerns = |item: ItemId| item == row.item_id || pins.iter().any(|pin| pin.id == item);
        let recalls = self
            .endings
            .iter()
            .filter(|end| end.ending == EndingKind::Recall && end.idx > row.idx && concerns(end.item_id))
            .map(|end| end.ended_at);
        let is_used = |item: ItemId, revision: i64| {
            (item, revision) == (row.item_id, row.revision)
                || pins.iter().any(|pin| (pin.id, pin.revision) == (item, revision))
        };
        let redactions = self
            .redactions
            .iter()
            .filter(|found| found.idx > row.idx && is_used(found.item_id, found.revision))
            .map(|found| found.at);
        let freezes = self
            .freezes
            .iter()
            .filter(|freeze| freeze.concerns(&row.channel) && freeze.idx > row.idx)
            .map(|freeze| freeze.from_at);
        recalls.chain(redactions).chain(freezes).min()
    }
}
