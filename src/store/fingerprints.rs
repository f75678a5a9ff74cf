//! The fingerprints of the keys that this database's values were made with.

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::key_fingerprints;
use super::write::WriteTx;
use crate::error::Result;

/// The fingerprint of the key with this name, if one was used.
pub fn find(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    Ok(key_fingerprints::table.find(name).select(key_fingerprints::fingerprint).first(conn).optional()?)
}

/// Remembers the fingerprint of a key.
pub fn insert(tx: &mut WriteTx<'_>, name: &str, fingerprint: &str) -> Result<()> {
    let row = (
        key_fingerprints::name.eq(name),
        key_fingerprints::fingerprint.eq(fingerprint),
        key_fingerprints::created_at.eq(tx.now().micros()),
    );
    diesel::insert_into(key_fingerprints::table).values(row).execute(tx.conn())?;
    Ok(())
}
