//! What pins an item: read from the rows beside the documents of frozen revisions.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::{items, revision_pins, revisions};
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::domain::lifecycle::RevisionState;
use crate::error::Result;

/// What is pinned: an item, in any of its revisions or in one.
#[derive(Debug, Clone, Copy)]
pub struct Pinned {
    /// The item.
    pub id: ItemId,
    /// Its revision; any when absent.
    pub revision: Option<i64>,
}

/// A frozen revision that pins an item.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct UseRow {
    /// The item that pins.
    pub item_id: ItemId,
    /// What it is.
    pub kind: Kind,
    /// Its revision that pins.
    pub revision: i64,
    /// The revision's state as stored.
    pub state: RevisionState,
    /// The revision's digest.
    pub digest: Digest,
    /// The revision that it pins.
    pub pinned_revision: i64,
}

/// The items that pin in any of their revisions, newest first, after `after`.
pub fn items_that_pin(
    conn: &mut Conn,
    pinned: Pinned,
    after: Option<ItemId>,
    limit: i64,
) -> Result<Vec<ItemId>> {
    let mut query = revision_pins::table
        .filter(revision_pins::pinned_id.eq(pinned.id.to_string()))
        .select(revision_pins::item_id)
        .distinct()
        .order(revision_pins::item_id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(revision_pins::item_id.lt(after.to_string()));
    }
    if let Some(revision) = pinned.revision {
        query = query.filter(revision_pins::pinned_revision.eq(revision));
    }
    Ok(query.load(conn)?)
}

/// Every revision of these items that pins, by item and number. `ids` are those of one page.
pub fn of_items(conn: &mut Conn, pinned: Pinned, ids: &[ItemId]) -> Result<Vec<UseRow>> {
    let mut query = revision_pins::table
        .inner_join(
            revisions::table.on(revisions::item_id
                .eq(revision_pins::item_id)
                .and(revisions::revision.eq(revision_pins::revision))),
        )
        .inner_join(items::table.on(items::id.eq(revision_pins::item_id)))
        .filter(revision_pins::pinned_id.eq(pinned.id.to_string()))
        .filter(revision_pins::item_id.eq_any(ids.iter().map(ToString::to_string)))
        .order((revision_pins::item_id.asc(), revision_pins::revision.asc()))
        .select((
            revision_pins::item_id,
            items::kind,
            revision_pins::revision,
            revisions::state,
            revisions::digest,
            revision_pins::pinned_revision,
        ))
        .into_boxed();
    if let Some(revision) = pinned.revision {
        query = query.filter(revision_pins::pinned_revision.eq(revision));
    }
    Ok(query.load(conn)?)
}

/// The content of one revision of each of these items, without those that were redacted: a query for each
/// number that occurs, of which there are few.
pub fn contents(conn: &mut Conn, chosen: &[(ItemId, i64)]) -> Result<HashMap<ItemId, String>> {
    let mut by_number: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (item, revision) in chosen {
        by_number.entry(*revision).or_default().push(item.to_string());
    }
    let mut contents = HashMap::new();
    for (revision, ids) in by_number {
        let rows: Vec<(ItemId, Option<String>)> = revisions::table
            .filter(revisions::item_id.eq_any(ids))
            .filter(revisions::revision.eq(revision))
            .select((revisions::item_id, revisions::content))
            .load(conn)?;
        contents.extend(rows.into_iter().filter_map(|(item, content)| Some((item, content?))));
    }
    Ok(contents)
}
