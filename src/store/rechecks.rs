//! Rechecks, and which posts each of them touches.
//!
//! A recheck is begun, gets its posts, and takes effect by one change of its own row: so it can be about
//! thousands of posts and still hold the lock of the record for a moment only. Until then nobody reads it but
//! whoever makes it, and the sweep.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::backend::{self, NewRecheckPost};
use super::connection::Conn;
use super::items::{IDS_A_QUERY, ItemRow};
use super::schema::{items, recheck_posts, rechecks};
use super::write::WriteTx;
use crate::domain::ids::{Digest, ItemId, PersonId, RecheckId};
use crate::domain::recheck::{Because, Recheck, RecheckAction};
use crate::domain::time::Time;
use crate::error::Result;

/// Rows that one sweep takes, so that it holds the lock for a moment only.
const A_SWEEP: i64 = 300;

/// A recheck that is begun.
#[derive(Debug, Clone)]
pub struct NewRecheck<'a> {
    /// Its id.
    pub id: RecheckId,
    /// What is rechecked.
    pub item: ItemId,
    /// The revision of it.
    pub revision: i64,
    /// That revision's digest.
    pub digest: &'a Digest,
    /// What is done about the posts.
    pub action: RecheckAction,
    /// Why.
    pub reason: Option<&'a str>,
    /// Who decided it.
    pub person: PersonId,
}

/// A recheck that took effect.
#[derive(Debug, Clone, Queryable)]
pub struct RecheckRow {
    /// Its id.
    pub id: RecheckId,
    /// What was rechecked.
    pub item_id: ItemId,
    /// The revision of it.
    pub revision: i64,
    /// That revision's digest.
    pub digest: Digest,
    /// What was done about the posts.
    pub action: RecheckAction,
    /// Why.
    pub reason: Option<String>,
    /// Who decided it; `None` once erased.
    pub person_id: Option<PersonId>,
    /// Its index in the record.
    pub idx: i64,
    /// When.
    pub rechecked_at: Time,
    /// How many posts it touches.
    pub posts: i64,
    /// How many of them only in a revision that was under review.
    pub posts_in_review: i64,
    /// The digest of the list of its posts; `None` of a recheck from before there was one.
    pub posts_digest: Option<Digest>,
    /// When it was withdrawn; `None` while it holds.
    pub ended_at: Option<Time>,
    /// Who withdrew it; `None` once erased.
    pub withdrawn_by: Option<PersonId>,
    /// Why it was withdrawn; `None` of a withdrawal from before this was kept here.
    pub withdrawal_reason: Option<String>,
}

/// What a recheck comes to when it takes effect.
#[derive(Debug, Clone)]
pub struct Effect<'a> {
    /// Its index in the record.
    pub idx: i64,
    /// How many posts it touches.
    pub posts: i64,
    /// How many of them only in a revision that is under review.
    pub posts_in_review: i64,
    /// The digest of the list of its posts.
    pub posts_digest: &'a Digest,
    /// Whether its posts need another approval from now on.
    pub blocks: bool,
}

/// A post that a recheck touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct TouchedRow {
    /// The post.
    pub post_id: ItemId,
    /// The first revision of it that is touched.
    pub revision: i64,
    /// Why.
    pub because: Because,
}

impl RecheckRow {
    /// What availability needs of it, for a post whose first revision that it touches is this one.
    pub fn recheck(&self, from_revision: i64) -> Recheck {
        let Self { item_id: item, revision, idx, rechecked_at: at, .. } = *self;
        Recheck { item, revision, from_revision, idx, at }
    }
}

/// Begins a recheck, which is without effect so far.
pub fn begin(tx: &mut WriteTx<'_>, new: &NewRecheck<'_>) -> Result<()> {
    let row = (
        rechecks::id.eq(new.id.to_string()),
        rechecks::item_id.eq(new.item.to_string()),
        rechecks::revision.eq(new.revision),
        rechecks::digest.eq(new.digest.as_str()),
        rechecks::action.eq(new.action.as_str()),
        rechecks::reason.eq(new.reason),
        rechecks::person_id.eq(new.person.to_string()),
        rechecks::begun_at.eq(tx.now().micros()),
    );
    diesel::insert_into(rechecks::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Says that a recheck which was begun touches these posts.
pub fn add_posts(tx: &mut WriteTx<'_>, id: RecheckId, posts: &[TouchedRow]) -> Result<()> {
    let row = |touched: &TouchedRow| NewRecheckPost {
        recheck_id: id.to_string(),
        post_id: touched.post_id.to_string(),
        revision: touched.revision,
        because: touched.because.as_str(),
    };
    backend::insert_recheck_posts(tx.conn(), &posts.iter().map(row).collect::<Vec<_>>())
}

/// Says that a recheck which was begun does not touch these posts after all.
pub fn remove_posts(tx: &mut WriteTx<'_>, id: RecheckId, posts: &[ItemId]) -> Result<()> {
    for part in posts.chunks(IDS_A_QUERY) {
        let rows = recheck_posts::table
            .filter(recheck_posts::recheck_id.eq(id.to_string()))
            .filter(recheck_posts::post_id.eq_any(part.iter().map(ToString::to_string)));
        diesel::delete(rows).execute(tx.conn())?;
    }
    Ok(())
}

/// Lets a recheck take effect by its entry in the record; where it blocks, its posts are blocked from now on, and
/// every node follows.
pub fn take_effect(tx: &mut WriteTx<'_>, id: RecheckId, effect: &Effect<'_>) -> Result<()> {
    let now = tx.now().micros();
    let version = effect.blocks.then(|| tx.move_content());
    diesel::update(rechecks::table.find(id.to_string()).filter(rechecks::idx.is_null()))
        .set((
            rechecks::idx.eq(effect.idx),
            rechecks::rechecked_at.eq(now),
            rechecks::posts.eq(effect.posts),
            rechecks::posts_in_review.eq(effect.posts_in_review),
            rechecks::posts_digest.eq(effect.posts_digest.as_str()),
            rechecks::content_version.eq(version),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Says that a person withdrew a recheck, by the entry that stands at `idx` in the record: its posts are blocked by
/// it no more, and every node follows.
pub fn end(tx: &mut WriteTx<'_>, id: RecheckId, person: PersonId, reason: &str, idx: i64) -> Result<()> {
    let (now, version) = (tx.now().micros(), tx.move_content());
    diesel::update(rechecks::table.find(id.to_string()))
        .set((
            rechecks::ended_idx.eq(idx),
            rechecks::ended_at.eq(now),
            rechecks::withdrawn_by.eq(person.to_string()),
            rechecks::withdrawal_reason.eq(reason),
            rechecks::content_version.eq(version),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The columns of a [`RecheckRow`].
type Columns = (
    rechecks::id,
    rechecks::item_id,
    rechecks::revision,
    rechecks::digest,
    rechecks::action,
    rechecks::reason,
    rechecks::person_id,
    diesel::dsl::AssumeNotNull<rechecks::idx>,
    diesel::dsl::AssumeNotNull<rechecks::rechecked_at>,
    diesel::dsl::AssumeNotNull<rechecks::posts>,
    rechecks::posts_in_review,
    rechecks::posts_digest,
    rechecks::ended_at,
    rechecks::withdrawn_by,
    rechecks::withdrawal_reason,
);

fn columns() -> Columns {
    (
        rechecks::id,
        rechecks::item_id,
        rechecks::revision,
        rechecks::digest,
        rechecks::action,
        rechecks::reason,
        rechecks::person_id,
        rechecks::idx.assume_not_null(),
        rechecks::rechecked_at.assume_not_null(),
        rechecks::posts.assume_not_null(),
        rechecks::posts_in_review,
        rechecks::posts_digest,
        rechecks::ended_at,
        rechecks::withdrawn_by,
        rechecks::withdrawal_reason,
    )
}

/// The rechecks of an item, newest first, below an index of the record.
pub fn list(conn: &mut Conn, item: ItemId, below: Option<i64>, limit: i64) -> Result<Vec<RecheckRow>> {
    Ok(rechecks::table
        .filter(rechecks::item_id.eq(item.to_string()))
        .filter(rechecks::idx.lt(below.unwrap_or(i64::MAX)))
        .order(rechecks::idx.desc())
        .limit(limit)
        .select(columns())
        .load(conn)?)
}

/// One recheck that took effect.
pub fn find(conn: &mut Conn, id: RecheckId) -> Result<Option<RecheckRow>> {
    Ok(rechecks::table
        .find(id.to_string())
        .filter(rechecks::idx.is_not_null())
        .select(columns())
        .first(conn)
        .optional()?)
}

/// The posts that a recheck touches, newest first, after `after`.
pub fn posts(conn: &mut Conn, id: RecheckId, after: Option<ItemId>, limit: i64) -> Result<Vec<TouchedRow>> {
    let mut query = recheck_posts::table
        .filter(recheck_posts::recheck_id.eq(id.to_string()))
        .select((recheck_posts::post_id, recheck_posts::revision, recheck_posts::because))
        .order(recheck_posts::post_id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(recheck_posts::post_id.lt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// The rechecks that ask for another approval of these posts, by index.
pub fn of_posts(conn: &mut Conn, ids: &[ItemId]) -> Result<HashMap<ItemId, Vec<Recheck>>> {
    let mut found: HashMap<ItemId, Vec<Recheck>> = HashMap::new();
    for part in ids.chunks(IDS_A_QUERY) {
        let rows: Vec<(ItemId, i64, RecheckRow)> = recheck_posts::table
            .inner_join(rechecks::table.on(rechecks::id.eq(recheck_posts::recheck_id)))
            .filter(recheck_posts::post_id.eq_any(part.iter().map(ToString::to_string)))
            .filter(rechecks::content_version.is_not_null())
            .order(rechecks::idx.asc())
            .select((recheck_posts::post_id, recheck_posts::revision, columns()))
            .load(conn)?;
        // Told apart here, as few are withdrawn: as a condition it leads a database to read all rechecks.
        for (post, from_revision, row) in rows.into_iter().filter(|(.., row)| row.ended_at.is_none()) {
            found.entry(post).or_default().push(row.recheck(from_revision));
        }
    }
    Ok(found)
}

/// The rechecks after the index `idx` that ask for another approval of what was submitted before, by index.
pub fn in_force_after(conn: &mut Conn, idx: i64) -> Result<Vec<RecheckRow>> {
    Ok(rechecks::table
        .filter(rechecks::idx.gt(idx))
        .filter(rechecks::content_version.is_not_null())
        .filter(rechecks::ended_at.is_null())
        .order(rechecks::idx.asc())
        .select(columns())
        .load(conn)?)
}

/// The posts that rechecks have blocked, or freed when they were withdrawn, since `version` of the content, but for those that moved since by themselves.
pub fn blocked_since(conn: &mut Conn, version: i64) -> Result<Vec<ItemRow>> {
    let ids: Vec<String> =
        rechecks::table.filter(rechecks::content_version.gt(version)).select(rechecks::id).load(conn)?;
    let mut found = Vec::new();
    for id in ids {
        let rows = recheck_posts::table
            .inner_join(items::table.on(items::id.eq(recheck_posts::post_id)))
            .filter(recheck_posts::recheck_id.eq(id))
            .filter(items::content_version.le(version))
            .select(ItemRow::as_select())
            .load::<ItemRow>(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Forgets up to 300 posts of rechecks that were begun before `before` and never took effect, and those rechecks
/// that have none left; answers how many rows that were.
pub fn sweep(tx: &mut WriteTx<'_>, before: Time) -> Result<usize> {
    let begun =
        rechecks::table.filter(rechecks::idx.is_null()).filter(rechecks::begun_at.lt(before.micros()));
    let Some(id) = begun.select(rechecks::id).first::<String>(tx.conn()).optional()? else { return Ok(0) };
    let of_it = recheck_posts::table.filter(recheck_posts::recheck_id.eq(&id));
    let posts: Vec<String> = of_it.select(recheck_posts::post_id).limit(A_SWEEP).load(tx.conn())?;
    let mut swept = diesel::delete(of_it.filter(recheck_posts::post_id.eq_any(&posts))).execute(tx.conn())?;
    let empty =
        diesel::dsl::not(exists(recheck_posts::table.filter(recheck_posts::recheck_id.eq(rechecks::id))));
    swept += diesel::delete(rechecks::table.filter(rechecks::id.eq(&id)).filter(empty)).execute(tx.conn())?;
    Ok(swept)
}
