//! What pins an item: the posts that stop when it is recalled or redacted, and those under review that
//! would fail.
//!
//! Which of them are live is told by the snapshot in memory; everything else by rows.

use std::collections::{BTreeSet, HashMap};

use super::content_snapshot::{ApprovedItem, ContentSnapshot};
use super::items::find;
use crate::domain::content::Content;
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::domain::lifecycle::{Availability, RevisionState, is_superseded};
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::connection::Conn;
use crate::store::uses::{self, Pinned, UseRow};

/// Ids that are read at once.
const BATCH: usize = 500;

/// Ids that one page looks at: those that were told as live are skipped.
const LOOKED_AT: usize = 5000;

/// An item whose uses are asked for.
#[derive(Debug, Clone, Copy)]
pub struct UsesQuery {
    /// What it is.
    pub kind: Kind,
    /// The item.
    pub id: ItemId,
    /// Only uses of this revision.
    pub revision: Option<i64>,
}

impl UsesQuery {
    fn pinned(self) -> Pinned {
        Pinned { id: self.id, revision: self.revision }
    }
}

/// A place in the list: what is live comes first, then the rest, each newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whether it is among what is live.
    pub live: bool,
    /// The item.
    pub id: ItemId,
}

/// An item that pins the one that was asked for, by the revision that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemUse {
    /// What the item is.
    pub kind: Kind,
    /// The item.
    pub item_id: ItemId,
    /// What it is called; only posts are, and not once they were redacted.
    pub title: Option<String>,
    /// Its present revision if that pins, else the newest that does.
    pub revision: i64,
    /// The revision's digest.
    pub digest: Digest,
    /// The revision's state; `superseded` where time has overtaken an approved one.
    pub state: &'static str,
    /// Whether people may use this revision now.
    pub live: bool,
    /// What time, recalls and dependencies make of the item.
    pub availability: Availability,
    /// The revision that it pins.
    pub pinned_revision: i64,
    /// Another revision of the item that pins too and is under review.
    pub revision_in_review: Option<i64>,
}

/// One page of what pins an item. The place to go on after is answered while there may be more; a page
/// looks at a bounded number of items and may come back short.
pub fn item_uses(
    conn: &mut Conn,
    content: &ContentSnapshot,
    query: UsesQuery,
    after: Option<Place>,
    limit: usize,
    now: Time,
) -> Result<(Vec<ItemUse>, Option<Place>)> {
    find(conn, query.kind, query.id)?;
    let live = live_uses(content, query, now);
    let mut places = live_after(&live, after);
    let mut position = after.filter(|after| !after.live).map(|after| after.id);
    let mut looked_at = 0;
    let mut is_last = false;
    while places.len() <= limit && looked_at < LOOKED_AT && !is_last {
        let ids = uses::items_that_pin(conn, query.pinned(), position, i64::try_from(BATCH).unwrap_or(1))?;
        is_last = ids.len() < BATCH;
        looked_at += ids.len();
        position = ids.last().copied().or(position);
        let others = ids.into_iter().filter(|id| !live.contains(id));
        places.extend(others.map(|id| Place { live: false, id }));
    }
    let next = if places.len() > limit {
        places.truncate(limit);
        places.last().copied()
    } else {
        position.filter(|_| !is_last).map(|id| Place { live: false, id })
    };
    Ok((told(conn, content, query, &places, now)?, next))
}

/// What is live and pins, in the revision that is live.
fn live_uses(content: &ContentSnapshot, query: UsesQuery, now: Time) -> BTreeSet<ItemId> {
    let pins = |(id, revision): &(ItemId, i64)| {
        *id == query.id && query.revision.is_none_or(|wanted| wanted == *revision)
    };
    let present_pins =
        |item: &&ApprovedItem| item.history.present(now).is_some_and(|present| present.pins.iter().any(pins));
    let pinning = content.items().filter(present_pins);
    let live = pinning.filter(|item| content.availability(item, now).0 == Availability::Live);
    live.map(|item| item.id).collect()
}

/// The places of what is live, as far as they are still to come.
fn live_after(live: &BTreeSet<ItemId>, after: Option<Place>) -> Vec<Place> {
    let is_ahead = |id: &ItemId| after.is_none_or(|after| after.live && *id < after.id);
    live.iter().rev().copied().filter(is_ahead).map(|id| Place { live: true, id }).collect()
}

/// What is told of these places.
fn told(
    conn: &mut Conn,
    content: &ContentSnapshot,
    query: UsesQuery,
    places: &[Place],
    now: Time,
) -> Result<Vec<ItemUse>> {
    let ids: Vec<ItemId> = places.iter().map(|place| place.id).collect();
    let mut rows: HashMap<ItemId, Vec<UseRow>> = HashMap::new();
    for row in uses::of_items(conn, query.pinned(), &ids)? {
        rows.entry(row.item_id).or_default().push(row);
    }
    let mut found = Vec::new();
    for Place { live, id } in places {
        let item = content.item(*id);
        let present = item.and_then(|item| item.history.present(now)).map(|present| present.revision);
        let counting = rows.get(id).and_then(|rows| Some((rows, counting(rows, present)?)));
        let Some((rows, row)) = counting else { continue };
        let superseded = item.is_some_and(|item| is_superseded(&item.history, row.revision, now));
        found.push(ItemUse {
            kind: row.kind,
            item_id: row.item_id,
            title: None,
            revision: row.revision,
            digest: row.digest.clone(),
            state: if superseded { "superseded" } else { row.state.as_str() },
            live: *live,
            availability: item.map_or(Availability::Unapproved, |item| content.availability(item, now).0),
            pinned_revision: row.pinned_revision,
            revision_in_review: in_review_beside(rows, row),
        });
    }
    with_titles(conn, found)
}

/// The revision that counts: the present one if it is among those that pin, else the newest of them.
fn counting(rows: &[UseRow], present: Option<i64>) -> Option<&UseRow> {
    let is_present = |row: &&UseRow| Some(row.revision) == present;
    rows.iter().find(is_present).or_else(|| rows.iter().max_by_key(|row| row.revision))
}

/// The revision under review that pins, where that is another one than what is told.
fn in_review_beside(rows: &[UseRow], told: &UseRow) -> Option<i64> {
    let in_review = rows.iter().find(|row| row.state == RevisionState::InReview)?;
    Some(in_review.revision).filter(|revision| *revision != told.revision)
}

/// Reads what posts are called.
fn with_titles(conn: &mut Conn, mut found: Vec<ItemUse>) -> Result<Vec<ItemUse>> {
    let posts = found.iter().filter(|found| found.kind == Kind::Post);
    let posts: Vec<(ItemId, i64)> = posts.map(|found| (found.item_id, found.revision)).collect();
    let mut contents = uses::contents(conn, &posts)?;
    for post in &mut found {
        let Some(json) = contents.remove(&post.item_id) else { continue };
        if let Content::Post(content) = Content::from_json(Kind::Post, &json)? {
            post.title = Some(content.title);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> ItemId {
        ItemId::from_uuid(Uuid::from_u128(number))
    }

    fn row(revision: i64, state: RevisionState) -> UseRow {
        UseRow {
            item_id: id(1),
            kind: Kind::Post,
            revision,
            state,
            digest: Digest::of(b""),
            pinned_revision: 1,
        }
    }

    #[test]
    fn the_present_revision_counts_where_it_pins_and_else_the_newest() {
        let rows = [row(2, RevisionState::Approved), row(3, RevisionState::Rejected)];
        let counts = |present| counting(&rows, present).unwrap().revision;
        assert_eq!([counts(Some(2)), counts(Some(3)), counts(Some(1)), counts(None)], [2, 3, 3, 3]);
        assert_eq!(counting(&[], Some(2)), None);
    }

    #[test]
    fn a_review_is_told_beside_another_revision_only() {
        let rows = [row(2, RevisionState::Approved), row(3, RevisionState::InReview)];
        let [approved, in_review] = &rows;
        assert_eq!(in_review_beside(&rows, approved), Some(3));
        assert_eq!(in_review_beside(&rows, in_review), None);
        assert_eq!(in_review_beside(&[row(2, RevisionState::Approved)], approved), None);
    }

    #[test]
    fn what_is_live_comes_newest_first_and_only_before_the_rest() {
        let live = BTreeSet::from([id(1), id(2), id(3)]);
        let ids = |after| live_after(&live, after).into_iter().map(|place| place.id).collect::<Vec<_>>();
        assert_eq!(ids(None), [id(3), id(2), id(1)]);
        assert_eq!(ids(Some(Place { live: true, id: id(3) })), [id(2), id(1)]);
        assert_eq!(ids(Some(Place { live: true, id: id(1) })), []);
        assert_eq!(ids(Some(Place { live: false, id: id(9) })), []);
    }
}
