//! Reading items of every kind: what is stored of them, and what time and dependencies make of it.

use std::collections::HashMap;

use serde_json::Value;

use super::availability::Histories;
use super::campaigns;
use super::items::{BATCH, find};
use super::reviews::{self, ReviewView};
use super::rules::Rules;
use crate::domain::campaign::Phase;
use crate::domain::ids::{Digest, ItemId, Key, Kind, PersonId};
use crate::domain::lifecycle::{Availability, Blocker, is_superseded};
use crate::domain::revision::Pin;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::store::connection::Conn;
use crate::store::items::{self as item_rows, ItemFilter, ItemRow};
use crate::store::revisions::{self, RevisionRow};
use crate::store::urgent_publications::{self, UrgentRow};

/// An item as it is read.
#[derive(Debug, Clone)]
pub struct ItemView {
    /// The item.
    pub item: ItemRow,
    /// What time, recalls and dependencies make of it.
    pub availability: Availability,
    /// What blocks it.
    pub blocked_by: Vec<Blocker>,
    /// When the revision that counts ends by its own window.
    pub ends_at: Option<Time>,
    /// The revision that employees get now, if it is live.
    pub live_revision: Option<i64>,
    /// Where the campaign is that the revision which counts names, or the newest one where none counts; absent
    /// where it names none. It is a condition beside availability.
    pub campaign_phase: Option<Phase>,
    /// The newest revision.
    pub working: RevisionView,
    /// The review of the newest revision.
    pub review: Option<ReviewView>,
}

/// A revision as it is read.
#[derive(Debug, Clone)]
pub struct RevisionView {
    /// What the item is.
    pub kind: Kind,
    /// The item.
    pub id: ItemId,
    /// The item's key.
    pub key: Option<Key>,
    /// The revision's number.
    pub revision: i64,
    /// Its state; `superseded` where time has overtaken an approved one.
    pub state: &'static str,
    /// Its digest.
    pub digest: Digest,
    /// Its content; absent once redacted.
    pub content: Option<Value>,
    /// Its pins.
    pub pins: Vec<Pin>,
    /// Who wrote it.
    pub authors: Vec<PersonId>,
    /// When it was begun.
    pub created_at: Time,
    /// When it was frozen.
    pub submitted_at: Option<Time>,
    /// When it was approved.
    pub approved_at: Option<Time>,
    /// The entry that redacted it.
    pub redacted_idx: Option<i64>,
    /// That it was published urgently, and what came of that.
    pub urgent: Option<UrgentRow>,
}

/// One item.
pub fn item_get(conn: &mut Conn, kind: Kind, id: ItemId, rules: &Rules, now: Time) -> Result<ItemView> {
    let item = find(conn, kind, id)?;
    views(conn, vec![item], rules, now)?.pop().ok_or_else(|| Error::not_found(kind.as_str()))
}

/// What a list of items is narrowed to, beside what rows tell.
#[derive(Debug, Clone, Default)]
pub struct ItemQuery {
    /// What the database filters by.
    pub filter: ItemFilter,
    /// The availability, which is derived.
    pub availability: Option<Availability>,
}

impl ItemQuery {
    /// Whether what rows do not tell of an item is as asked.
    fn takes(&self, view: &ItemView) -> bool {
        let ends = self.filter.ends.is_none_or(|(after, until)| {
            view.ends_at.is_some_and(|at| after < at && at <= until)
                && matches!(
                    view.availability,
                    Availability::Live | Availability::Scheduled | Availability::Blocked
                )
        });
        ends && self.availability.is_none_or(|wanted| wanted == view.availability)
    }

    /// Whether rows tell only a part of what is asked.
    const fn is_derived(&self) -> bool {
        self.availability.is_some() || self.filter.ends.is_some()
    }
}

/// One page of items, newest first; the id to go on after is answered while there may be more.
///
/// Availability is derived, so a page with that filter looks at a bounded number of items and may come
/// back short with a place to go on.
pub fn item_list(
    conn: &mut Conn,
    kind: Kind,
    query: &ItemQuery,
    rules: &Rules,
    after: Option<ItemId>,
    limit: usize,
    now: Time,
) -> Result<(Vec<ItemView>, Option<ItemId>)> {
    /// Rows that one page may look at.
    const LOOKED_AT: usize = 1000;
    let batch = if query.is_derived() { limit.max(BATCH) } else { limit };
    let want = i64::try_from(batch).unwrap_or(i64::MAX);
    let mut found = Vec::new();
    let mut position = after;
    let mut looked_at = 0;
    while looked_at < LOOKED_AT {
        let rows = item_rows::list(conn, kind, &query.filter, position, want)?;
        let is_last = rows.len() < batch;
        looked_at += rows.len();
        for view in views(conn, rows, rules, now)? {
            position = Some(view.item.id);
            if query.takes(&view) {
                found.push(view);
            }
            if found.len() == limit {
                return Ok((found, position));
            }
        }
        if is_last {
            return Ok((found, None));
        }
    }
    Ok((found, position))
}

/// One revision of an item.
pub fn revision_get(
    conn: &mut Conn,
    kind: Kind,
    id: ItemId,
    revision: i64,
    now: Time,
) -> Result<RevisionView> {
    let item = find(conn, kind, id)?;
    let row = revisions::find(conn, id, revision)?.ok_or_else(|| Error::not_found("revision"))?;
    let authors = revisions::authors(conn, id, revision)?;
    let histories = Histories::read(conn, &[id])?;
    let mut urgent = urgent_publications::of_items(conn, &[id])?;
    let urgent = take_urgent(&mut urgent, id, revision);
    revision_view(&item, row, (authors, urgent), &histories, now)
}

/// These items, in their order.
pub(super) fn views(conn: &mut Conn, rows: Vec<ItemRow>, rules: &Rules, now: Time) -> Result<Vec<ItemView>> {
    let ids: Vec<ItemId> = rows.iter().map(|item| item.id).collect();
    let mut histories = Histories::read(conn, &ids)?;
    histories.obey(conn, &rows, rules, now)?;
    let mut working = revisions::working_of(conn, &ids)?;
    let mut authors = revisions::working_authors_of(conn, &ids)?;
    let mut reviews: HashMap<ItemId, ReviewView> = reviews::of_working_revisions(conn, &ids, now)?;
    let mut urgent = urgent_publications::of_items(conn, &ids)?;
    let posts = rows.iter().filter(|item| item.kind == Kind::Post);
    let phases = campaigns::phases_of(conn, &revisions_that_count(posts, &histories, &working, now), now)?;
    rows.into_iter()
        .map(|item| {
            let row = working
                .remove(&item.id)
                .ok_or_else(|| Error::internal("an item without its working revision"))?;
            let authors = authors.remove(&item.id).unwrap_or_default();
            let urgent = take_urgent(&mut urgent, item.id, row.revision);
            let (availability, blocked_by) = histories.availability(item.id, now);
            let present = histories.get(item.id).and_then(|history| history.present(now));
            let is_live = availability == Availability::Live;
            Ok(ItemView {
                availability,
                blocked_by,
                ends_at: present.and_then(|present| present.expires_at),
                live_revision: present.filter(|_| is_live).map(|present| present.revision),
                campaign_phase: phases.get(&item.id).copied(),
                working: revision_view(&item, row, (authors, urgent), &histories, now)?,
                review: reviews.remove(&item.id),
                item,
            })
        })
        .collect()
}

/// Of each of these items the revision that counts, or else the newest one.
fn revisions_that_count<'a>(
    items: impl Iterator<Item = &'a ItemRow>,
    histories: &Histories,
    working: &HashMap<ItemId, RevisionRow>,
    now: Time,
) -> HashMap<ItemId, i64> {
    let present = |id| Some(histories.get(id)?.present(now)?.revision);
    let newest = |id| Some(working.get(&id)?.revision);
    items.filter_map(|item| Some((item.id, present(item.id).or_else(|| newest(item.id))?))).collect()
}

fn take_urgent(rows: &mut Vec<UrgentRow>, item: ItemId, revision: i64) -> Option<UrgentRow> {
    let at = rows.iter().position(|row| (row.item_id, row.revision) == (item, revision))?;
    Some(rows.swap_remove(at))
}

fn revision_view(
    item: &ItemRow,
    row: RevisionRow,
    (authors, urgent): (Vec<PersonId>, Option<UrgentRow>),
    histories: &Histories,
    now: Time,
) -> Result<RevisionView> {
    let superseded = histories.get(item.id).is_some_and(|history| is_superseded(history, row.revision, now));
    let content = row.content.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
    Ok(RevisionView {
        kind: item.kind,
        id: item.id,
        key: item.key.clone(),
        revision: row.revision,
        state: if superseded { "superseded" } else { row.state.as_str() },
        pins: row.pins()?,
        digest: row.digest,
        content,
        authors,
        created_at: row.created_at,
        submitted_at: row.submitted_at,
        approved_at: row.approved_at,
        redacted_idx: row.redacted_idx,
        urgent,
    })
}
