//! Which files of pictures there are. Their bytes are in the store of images ([`super::blobs`]).
//!
//! Bytes are put before the transaction that names them, and removed after the one that says so. Whoever puts
//! bytes for an item that there is announces them first, so that a removal that is under way refuses them and
//! one that comes later is seen.

use std::collections::HashSet;

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::image_files;
use super::write::WriteTx;
use crate::domain::content::image::{MediaType, PictureFile};
use crate::domain::ids::{Digest, ItemId};
use crate::domain::time::Time;
use crate::error::{Error, Result};

/// A file that can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRow {
    /// Its type.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Names the files of an item that is being made; nothing else can name them.
pub fn insert(tx: &mut WriteTx<'_>, item: ItemId, files: &[&PictureFile]) -> Result<()> {
    for file in files {
        insert_one(tx, item, file, None)?;
    }
    Ok(())
}

/// Says that files are about to be put for an item that may name them soon: until then they count as dropped
/// just now. Refused while the bytes of one are being removed, which would take what is put.
pub fn announce(tx: &mut WriteTx<'_>, item: ItemId, files: &[&PictureFile]) -> Result<()> {
    let now = tx.now().micros();
    let known = states(tx.conn(), item)?;
    for file in files {
        match known.iter().find(|state| state.sha256 == file.digest.hex()) {
            Some(state) if state.removing_at.is_some() => return Err(being_removed()),
            Some(state) if state.dropped_at.is_some() => set_dropped(tx, item, file, Some(now))?,
            Some(_) => {}
            None => insert_one(tx, item, file, Some(now))?,
        }
    }
    Ok(())
}

/// Names files of an item that it names already, or that were announced before their bytes were put. Refused
/// where they were taken away since.
pub fn name(tx: &mut WriteTx<'_>, item: ItemId, files: &[&PictureFile]) -> Result<()> {
    let known = states(tx.conn(), item)?;
    for file in files {
        match known.iter().find(|state| state.sha256 == file.digest.hex()) {
            Some(state) if state.removing_at.is_none() => {
                if state.dropped_at.is_some() {
                    set_dropped(tx, item, file, None)?;
                }
            }
            _ => return Err(being_removed()),
        }
    }
    Ok(())
}

fn being_removed() -> Error {
    Error::unavailable("A file of this picture is being removed: try again in a moment.")
}

fn set_dropped(tx: &mut WriteTx<'_>, item: ItemId, file: &PictureFile, at: Option<i64>) -> Result<()> {
    diesel::update(image_files::table.find((item.to_string(), file.digest.hex())))
        .set(image_files::dropped_at.eq(at))
        .execute(tx.conn())?;
    Ok(())
}

fn insert_one(tx: &mut WriteTx<'_>, item: ItemId, file: &PictureFile, dropped_at: Option<i64>) -> Result<()> {
    let row = (
        image_files::item_id.eq(item.to_string()),
        image_files::sha256.eq(file.digest.hex()),
        image_files::media_type.eq(file.media_type.as_str()),
        image_files::bytes.eq(i64::try_from(file.bytes).unwrap_or(i64::MAX)),
        image_files::dropped_at.eq(dropped_at),
    );
    diesel::insert_into(image_files::table).values(row).execute(tx.conn())?;
    Ok(())
}

#[derive(Queryable)]
struct State {
    sha256: String,
    dropped_at: Option<i64>,
    removing_at: Option<i64>,
}

fn states(conn: &mut Conn, item: ItemId) -> Result<Vec<State>> {
    Ok(image_files::table
        .filter(image_files::item_id.eq(item.to_string()))
        .select((image_files::sha256, image_files::dropped_at, image_files::removing_at))
        .load(conn)?)
}

/// Says that no revision names the files of an item any more, but for these.
pub fn drop_others(tx: &mut WriteTx<'_>, item: ItemId, named: &[Digest]) -> Result<()> {
    let now = tx.now().micros();
    let is_named = |state: &State| named.iter().any(|digest| digest.hex() == state.sha256);
    for state in states(tx.conn(), item)? {
        if state.dropped_at.is_none() && state.removing_at.is_none() && !is_named(&state) {
            diesel::update(image_files::table.find((item.to_string(), state.sha256)))
                .set(image_files::dropped_at.eq(now))
                .execute(tx.conn())?;
        }
    }
    Ok(())
}

/// Says that the bytes of all files of an item are being removed, and answers how many.
pub fn remove_all(tx: &mut WriteTx<'_>, item: ItemId) -> Result<usize> {
    let now = tx.now().micros();
    Ok(diesel::update(
        image_files::table
            .filter(image_files::item_id.eq(item.to_string()))
            .filter(image_files::removing_at.is_null()),
    )
    .set(image_files::removing_at.eq(now))
    .execute(tx.conn())?)
}

/// Says that the bytes of files that were dropped before `before` are being removed, at most `limit`.
pub fn remove_dropped(tx: &mut WriteTx<'_>, before: Time, limit: i64) -> Result<usize> {
    let now = tx.now().micros();
    let old: Vec<(String, String)> = image_files::table
        .filter(image_files::dropped_at.lt(before.micros()))
        .filter(image_files::removing_at.is_null())
        .select((image_files::item_id, image_files::sha256))
        .limit(limit)
        .load(tx.conn())?;
    for (item, sha256) in &old {
        diesel::update(image_files::table.find((item, sha256)))
            .set(image_files::removing_at.eq(now))
            .execute(tx.conn())?;
    }
    Ok(old.len())
}

/// The files whose bytes are being removed, in their order after one of them, at most `limit`; of one item, or
/// of all.
pub fn removing(
    conn: &mut Conn,
    of: Option<ItemId>,
    after: Option<&(ItemId, String)>,
    limit: i64,
) -> Result<Vec<(ItemId, String)>> {
    let mut query = image_files::table
        .filter(image_files::removing_at.is_not_null())
        .select((image_files::item_id, image_files::sha256))
        .order((image_files::item_id, image_files::sha256))
        .limit(limit)
        .into_boxed();
    if let Some(item) = of {
        query = query.filter(image_files::item_id.eq(item.to_string()));
    }
    if let Some((item, sha256)) = after {
        let item = item.to_string();
        let is_later = image_files::item_id
            .gt(item.clone())
            .or(image_files::item_id.eq(item).and(image_files::sha256.gt(sha256)));
        query = query.filter(is_later);
    }
    Ok(query.load(conn)?)
}

/// Forgets files whose bytes are gone.
pub fn forget(tx: &mut WriteTx<'_>, gone: &[(ItemId, String)]) -> Result<()> {
    for (item, sha256) in gone {
        diesel::delete(
            image_files::table
                .find((item.to_string(), sha256))
                .filter(image_files::removing_at.is_not_null()),
        )
        .execute(tx.conn())?;
    }
    Ok(())
}

/// The files of these items that they name, may name, or that are being removed.
pub fn known(conn: &mut Conn, items: &[ItemId]) -> Result<HashSet<(ItemId, String)>> {
    let ids = items.iter().map(ToString::to_string);
    let found = image_files::table
        .filter(image_files::item_id.eq_any(ids))
        .select((image_files::item_id, image_files::sha256));
    Ok(found.load(conn)?.into_iter().collect())
}

/// Says that bytes which an item does not name are being removed; nothing where it names them, or may.
/// Answers whether they are being removed.
pub fn remove_unnamed(tx: &mut WriteTx<'_>, item: ItemId, sha256: &str, bytes: u64) -> Result<bool> {
    let found = image_files::table.find((item.to_string(), sha256)).select(image_files::removing_at);
    if let Some(removing_at) = found.first::<Option<i64>>(tx.conn()).optional()? {
        return Ok(removing_at.is_some());
    }
    let row = (
        image_files::item_id.eq(item.to_string()),
        image_files::sha256.eq(sha256),
        image_files::media_type.eq(MediaType::Jpeg.as_str()),
        image_files::bytes.eq(i64::try_from(bytes).unwrap_or(i64::MAX).max(1)),
        image_files::removing_at.eq(tx.now().micros()),
    );
    diesel::insert_into(image_files::table).values(row).execute(tx.conn())?;
    Ok(true)
}

/// A file of an item that can be fetched: not one whose bytes are being removed.
pub fn find(conn: &mut Conn, item: ItemId, digest: &Digest) -> Result<Option<FileRow>> {
    let found: Option<(String, i64)> = image_files::table
        .find((item.to_string(), digest.hex()))
        .filter(image_files::removing_at.is_null())
        .select((image_files::media_type, image_files::bytes))
        .first(conn)
        .optional()?;
    Ok(found.and_then(|(name, bytes)| {
        let media_type = MediaType::ALL.into_iter().find(|known| known.as_str() == name)?;
        Some(FileRow { media_type, bytes: u64::try_from(bytes).ok()? })
    }))
}
