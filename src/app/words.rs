//! The words of revisions as rules look at them: their content, with the hashtags that it pins.

use std::collections::HashMap;

use super::content_snapshot::hashtag_content;
use crate::domain::content::{Content, Hashtag};
use crate::domain::ids::{ItemId, Kind};
use crate::domain::revision::{Pin, Resolved};
use crate::error::Result;
use crate::store::connection::Conn;
use crate::store::revisions::{self, RevisionRow};

/// The words of a revision.
#[derive(Debug)]
pub struct Words {
    /// The item.
    pub id: ItemId,
    /// The revision.
    pub revision: i64,
    /// Its content.
    pub content: Content,
    /// The hashtags that it pins.
    pub hashtags: Vec<Resolved<Hashtag>>,
}

/// The words of frozen revisions. One that was redacted has none.
pub fn of_rows(conn: &mut Conn, rows: Vec<(Kind, RevisionRow)>) -> Result<Vec<Words>> {
    let mut read = Vec::with_capacity(rows.len());
    for (kind, row) in rows {
        let Some(json) = &row.content else { continue };
        read.push((row.item_id, row.revision, Content::from_json(kind, json)?, row.pins()?));
    }
    let of_kind = |pin: &&Pin| pin.kind == Kind::Hashtag;
    let pins: Vec<&Pin> = read.iter().flat_map(|(.., pins)| pins).filter(of_kind).collect();
    let hashtags = pinned_hashtags(conn, &pins)?;
    let of_pin = |pin: &Pin| hashtags.get(&(pin.id, pin.revision)).cloned();
    Ok(read
        .into_iter()
        .map(|(id, revision, content, pins)| Words {
            id,
            revision,
            content,
            hashtags: pins.iter().filter_map(of_pin).collect(),
        })
        .collect())
}

fn pinned_hashtags(conn: &mut Conn, pins: &[&Pin]) -> Result<HashMap<(ItemId, i64), Resolved<Hashtag>>> {
    let mut ids: Vec<ItemId> = pins.iter().map(|pin| pin.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::new();
    for row in revisions::approved_of(conn, &ids)? {
        let pin = pins.iter().find(|pin| (pin.id, pin.revision) == (row.item_id, row.revision));
        let (Some(pin), Some(json)) = (pin, &row.content) else { continue };
        let (Some(key), Some(content)) =
            (pin.key.clone(), hashtag_content(&Content::from_json(Kind::Hashtag, json)?))
        else {
            continue;
        };
        let (id, revision, digest) = (row.item_id, row.revision, row.digest);
        found.insert((id, revision), Resolved { id, key, revision, digest, content });
    }
    Ok(found)
}
