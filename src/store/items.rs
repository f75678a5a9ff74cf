//! Items: the identity that outlives its revisions, and what ended it.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::connection::Conn;
use super::rechecks;
use super::schema::{endings, items, revision_authors, revisions};
use super::types::unique_violation;
use super::write::WriteTx;
use crate::domain::ids::{ItemId, Key, Kind, PersonId};
use crate::domain::lifecycle::{Ending, EndingKind, RevisionState};
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};

/// Ids that one query names at most: well below both databases' limits on bound values.
pub(super) const IDS_A_QUERY: usize = 500;

/// One item.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = items)]
pub struct ItemRow {
    /// Its id.
    pub id: ItemId,
    /// What it is.
    pub kind: Kind,
    /// Its key, for the kinds that have one.
    pub key: Option<Key>,
    /// Counts its changes; the `ETag`.
    pub version: i64,
    /// Its newest revision.
    pub working_revision: i64,
    /// When it was made.
    pub created_at: Time,
}

/// What a list of items is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct ItemFilter {
    /// The state of the working revision.
    pub state: Option<RevisionState>,
    /// The campaign of the working revision.
    pub campaign: Option<String>,
    /// An author of the working revision.
    pub author: Option<PersonId>,
    /// Between which moments an approved revision ends.
    pub ends: Option<(Time, Time)>,
}

/// Writes a new item; an item of the kind with this key is refused as `already_exists`.
pub fn insert(
    tx: &mut WriteTx<'_>,
    id: ItemId,
    kind: Kind,
    key: Option<&Key>,
    author: Option<PersonId>,
) -> Result<()> {
    let row = (
        items::id.eq(id.to_string()),
        items::kind.eq(kind.as_str()),
        items::key.eq(key.map(Key::as_str)),
        items::version.eq(1),
        items::content_version.eq(0),
        items::working_revision.eq(1),
        items::created_at.eq(tx.now().micros()),
        items::created_by.eq(author.map(|person| person.to_string())),
    );
    diesel::insert_into(items::table).values(row).execute(tx.conn()).map_err(|error| {
        unique_violation(error, || {
            let key = key.map(Key::as_str).unwrap_or_default();
            Error::new(Code::AlreadyExists, format!("There is a {kind} with the key {key} already."))
        })
    })?;
    Ok(())
}

/// The item of this kind and id.
pub fn find(conn: &mut Conn, kind: Kind, id: ItemId) -> Result<Option<ItemRow>> {
    Ok(items::table
        .filter(items::id.eq(id.to_string()))
        .filter(items::kind.eq(kind.as_str()))
        .select(ItemRow::as_select())
        .first(conn)
        .optional()?)
}

/// The items with these ids, whatever their kind.
pub fn find_all(conn: &mut Conn, ids: &[ItemId]) -> Result<Vec<ItemRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = ids.iter().map(ToString::to_string);
    Ok(items::table.filter(items::id.eq_any(ids)).select(ItemRow::as_select()).load(conn)?)
}

/// Every item of a kind.
pub fn of_kind(conn: &mut Conn, kind: Kind) -> Result<Vec<ItemRow>> {
    Ok(items::table.filter(items::kind.eq(kind.as_str())).select(ItemRow::as_select()).load(conn)?)
}

/// The ids of the items of a kind with these keys; keys that do not exist are missing from the answer.
pub fn find_keys(conn: &mut Conn, kind: Kind, keys: &[Key]) -> Result<HashMap<Key, ItemId>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Option<Key>, ItemId)> = items::table
        .filter(items::kind.eq(kind.as_str()))
        .filter(items::key.eq_any(keys.iter().map(Key::as_str)))
        .select((items::key, items::id))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(key, id)| Some((key?, id))).collect())
}

/// The items whose approvals or endings changed after `version`, or which a recheck blocked since.
pub fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<ItemRow>> {
    let query = items::table.filter(items::content_version.gt(version)).select(ItemRow::as_select());
    let mut changed: Vec<ItemRow> = query.load(conn)?;
    let mut known = HashSet::new();
    changed.extend(rechecks::blocked_since(conn, version)?.into_iter().filter(|item| known.insert(item.id)));
    Ok(changed)
}

/// Items of a kind, newest first, after `after`.
pub fn list(
    conn: &mut Conn,
    kind: Kind,
    filter: &ItemFilter,
    after: Option<ItemId>,
    limit: i64,
) -> Result<Vec<ItemRow>> {
    let mut query = items::table
        .inner_join(
            revisions::table
                .on(revisions::item_id.eq(items::id).and(revisions::revision.eq(items::working_revision))),
        )
        .filter(items::kind.eq(kind.as_str()))
        .select(ItemRow::as_select())
        .order(items::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(items::id.lt(after.to_string()));
    }
    if let Some(state) = filter.state {
        query = query.filter(revisions::state.eq(state.as_str()));
    }
    if let Some(campaign) = &filter.campaign {
        query = query.filter(revisions::campaign.eq(campaign.clone()));
    }
    if let Some(author) = filter.author {
        query = query.filter(diesel::dsl::exists(
            revision_authors::table
                .filter(revision_authors::item_id.eq(items::id))
                .filter(revision_authors::revision.eq(items::working_revision))
                .filter(revision_authors::person_id.eq(author.to_string())),
        ));
    }
    if let Some((after, until)) = filter.ends {
        let approved = diesel::alias!(revisions as approved);
        query = query.filter(diesel::dsl::exists(
            approved
                .filter(approved.field(revisions::item_id).eq(items::id))
                .filter(approved.field(revisions::approved_idx).is_not_null())
                .filter(approved.field(revisions::expires_at).gt(after.micros()))
                .filter(approved.field(revisions::expires_at).le(until.micros())),
        ));
    }
    Ok(query.load(conn)?)
}

/// Counts one more change of the item, if it is still at `version`: the guard of every command.
pub fn claim(tx: &mut WriteTx<'_>, id: ItemId, version: i64) -> Result<()> {
    let hit = diesel::update(items::table.find(id.to_string()).filter(items::version.eq(version)))
        .set(items::version.eq(items::version + 1))
        .execute(tx.conn())?;
    if hit == 1 {
        return Ok(());
    }
    Err(Error::new(Code::PreconditionFailed, "The item has changed since it was read: read it again."))
}

/// Makes `revision` the newest of the item.
pub fn set_working_revision(tx: &mut WriteTx<'_>, id: ItemId, revision: i64) -> Result<()> {
    diesel::update(items::table.find(id.to_string()))
        .set(items::working_revision.eq(revision))
        .execute(tx.conn())?;
    Ok(())
}

/// Says that approvals or endings of the item changed, so that every node loads it anew.
pub fn mark_changed(tx: &mut WriteTx<'_>, id: ItemId) -> Result<()> {
    let version = tx.move_content();
    diesel::update(items::table.find(id.to_string()))
        .set(items::content_version.eq(version))
        .execute(tx.conn())?;
    Ok(())
}

/// A recall or retirement, with what was said.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = endings)]
pub struct EndingRow {
    /// The item.
    pub item_id: ItemId,
    /// Which of the two.
    pub ending: EndingKind,
    /// Why.
    pub reason: String,
    /// When.
    pub ended_at: Time,
    /// Its index in the record.
    pub idx: i64,
}

impl EndingRow {
    /// What availability needs of it.
    pub fn ending(&self) -> Ending {
        Ending { ending: self.ending, idx: self.idx, at: self.ended_at }
    }
}

/// Writes a recall or retirement that stands at `idx` in the record.
pub fn insert_ending(
    tx: &mut WriteTx<'_>,
    id: ItemId,
    ending: EndingKind,
    reason: &str,
    person: PersonId,
    idx: i64,
) -> Result<()> {
    let row = (
        endings::id.eq(uuid::Uuid::now_v7().to_string()),
        endings::item_id.eq(id.to_string()),
        endings::ending.eq(ending.as_str()),
        endings::reason.eq(reason),
        endings::person_id.eq(person.to_string()),
        endings::ended_at.eq(tx.now().micros()),
        endings::idx.eq(idx),
    );
    diesel::insert_into(endings::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// The endings of these items, oldest first.
pub fn endings_of(conn: &mut Conn, ids: &[ItemId]) -> Result<Vec<EndingRow>> {
    let mut rows = Vec::new();
    for part in ids.chunks(IDS_A_QUERY) {
        rows.extend(
            endings::table
                .filter(endings::item_id.eq_any(part.iter().map(ToString::to_string)))
                .order(endings::idx.asc())
                .select(EndingRow::as_select())
                .load::<EndingRow>(conn)?,
        );
    }
    Ok(rows)
}
