//! Which files of pictures there are. Their bytes are in the store of images ([`super::blobs`]).
//!
//! Bytes are put before the transaction that names them, and removed after the one that says so. A file
//! whose bytes are being removed is named by nothing: whoever would name it again is refused until it is gone.

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

/// The files of an item that no revision names, by the SHA-256 of their bytes: the ones that may be removed
/// while somebody puts them again.
pub fn unnamed(conn: &mut Conn, item: ItemId) -> Result<Vec<String>> {
    let waits = |state: &State| state.dropped_at.is_some() || state.removing_at.is_some();
    Ok(states(conn, item)?.into_iter().filter(waits).map(|state| state.sha256).collect())
}

/// Names the files of an item; those that it names already stay. `unnamed` are those that nothing named
/// before the bytes were put ([`unnamed`]). Refused while the bytes of one are being removed, and where they
/// were removed since then: what was put may have gone with them.
pub fn name(tx: &mut WriteTx<'_>, item: ItemId, files: &[&PictureFile], unnamed: &[String]) -> Result<()> {
    let refused = || Error::unavailable("A file of this picture is being removed: try again in a moment.");
    let known = states(tx.conn(), item)?;
    for (at, file) in files.iter().enumerate() {
        let hex = file.digest.hex();
        // Two renditions may be the same file.
        if files.iter().take(at).any(|earlier| earlier.digest == file.digest) {
            continue;
        }
        match known.iter().find(|state| state.sha256 == hex) {
            Some(state) if state.removing_at.is_some() => return Err(refused()),
            Some(state) if state.dropped_at.is_none() => {}
            Some(_) => {
                diesel::update(image_files::table.find((item.to_string(), hex)))
                    .set(image_files::dropped_at.eq(None::<i64>))
                    .execute(tx.conn())?;
            }
            None if unnamed.iter().any(|sha256| sha256 == hex) => return Err(refused()),
            None => insert(tx, item, file)?,
        }
    }
    Ok(())
}

fn insert(tx: &mut WriteTx<'_>, item: ItemId, file: &PictureFile) -> Result<()> {
    let row = (
        image_files::item_id.eq(item.to_string()),
        image_files::sha256.eq(file.digest.hex()),
        image_files::media_type.eq(file.media_type.as_str()),
        image_files::bytes.eq(i64::try_from(file.bytes).unwrap_or(i64::MAX)),
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

/// The files whose bytes are being removed, at most `limit`.
pub fn removing(conn: &mut Conn, limit: i64) -> Result<Vec<(ItemId, String)>> {
    Ok(image_files::table
        .filter(image_files::removing_at.is_not_null())
        .select((image_files::item_id, image_files::sha256))
        .limit(limit)
        .load(conn)?)
}

/// Whether the bytes of a file are still to be removed.
pub fn is_removing(conn: &mut Conn, item: ItemId, sha256: &str) -> Result<bool> {
    let found = image_files::table.find((item.to_string(), sha256)).select(image_files::removing_at);
    Ok(found.first::<Option<i64>>(conn).optional()?.flatten().is_some())
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

/// Whether an item may name a file, or does: where not, bytes that nobody named can be removed.
pub fn is_known(conn: &mut Conn, item: ItemId, sha256: &str) -> Result<bool> {
    let found = image_files::table.find((item.to_string(), sha256)).select(image_files::bytes);
    Ok(found.first::<i64>(conn).optional()?.is_some())
}

/// Says that bytes which nothing names are being removed; nothing where they are named by now.
pub fn remove_unnamed(tx: &mut WriteTx<'_>, item: ItemId, sha256: &str, bytes: u64) -> Result<bool> {
    if is_known(tx.conn(), item, sha256)? {
        return Ok(false);
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
