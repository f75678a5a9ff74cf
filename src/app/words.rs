//! The words of revisions as rules look at them: their content, with the hashtags and images that it pins.

use std::collections::HashMap;

use crate::domain::content::{Content, Hashtag, Image};
use crate::domain::ids::{ItemId, Kind};
use crate::domain::images::Shown;
use crate::domain::revision::{Pin, Resolved, Source};
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
    /// The images that it pins.
    pub images: Vec<(Source, Image)>,
}

/// Images as they are shown.
pub fn shown(images: &[(Source, Image)]) -> Vec<Shown<'_>> {
    images.iter().map(|(source, image)| Shown { source: source.clone(), image }).collect()
}

/// The words of frozen revisions. One that was redacted has none.
pub fn of_rows(conn: &mut Conn, rows: Vec<(Kind, RevisionRow)>) -> Result<Vec<Words>> {
    let mut read = Vec::with_capacity(rows.len());
    for (kind, row) in rows {
        let Some(json) = &row.content else { continue };
        read.push((row.item_id, row.revision, Content::from_json(kind, json)?, row.pins()?));
    }
    let all = |kind| read.iter().flat_map(|(.., pins)| pins).filter(move |pin: &&Pin| pin.kind == kind);
    let hashtags = pinned_hashtags(conn, &all(Kind::Hashtag).collect::<Vec<_>>())?;
    let images = pinned_images(conn, &all(Kind::Image).collect::<Vec<_>>())?;
    let hashtag = |pin: &Pin| hashtags.get(&(pin.id, pin.revision)).cloned();
    let image = |pin: &Pin| images.get(&(pin.id, pin.revision)).cloned();
    Ok(read
        .into_iter()
        .map(|(id, revision, content, pins)| Words {
            id,
            revision,
            content,
            hashtags: pins.iter().filter_map(hashtag).collect(),
            images: pins.iter().filter_map(image).collect(),
        })
        .collect())
}

/// What revisions of one kind are named by, and what they hold.
type Pinned<T> = HashMap<(ItemId, i64), T>;

fn pinned_images(conn: &mut Conn, pins: &[&Pin]) -> Result<Pinned<(Source, Image)>> {
    let mut found = HashMap::new();
    for row in pinned_rows(conn, pins)? {
        let Some(json) = &row.content else { continue };
        let Content::Image(image) = Content::from_json(Kind::Image, json)? else { continue };
        let source = Source { item: row.item_id, revision: row.revision, digest: row.digest };
        found.insert((row.item_id, row.revision), (source, *image));
    }
    Ok(found)
}

/// The approved revisions that are pinned.
fn pinned_rows(conn: &mut Conn, pins: &[&Pin]) -> Result<Vec<RevisionRow>> {
    let mut ids: Vec<ItemId> = pins.iter().map(|pin| pin.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut rows = revisions::approved_of(conn, &ids)?;
    rows.retain(|row| pins.iter().any(|pin| (pin.id, pin.revision) == (row.item_id, row.revision)));
    Ok(rows)
}

fn pinned_hashtags(conn: &mut Conn, pins: &[&Pin]) -> Result<Pinned<Resolved<Hashtag>>> {
    let mut found = HashMap::new();
    for row in pinned_rows(conn, pins)? {
        let pin = pins.iter().find(|pin| (pin.id, pin.revision) == (row.item_id, row.revision));
        let (Some(pin), Some(json)) = (pin, &row.content) else { continue };
        let (Some(key), Some(content)) =
            (pin.key.clone(), Content::from_json(Kind::Hashtag, json)?.as_hashtag().cloned())
        else {
            continue;
        };
        let (id, revision, digest) = (row.item_id, row.revision, row.digest);
        found.insert((id, revision), Resolved { id, key, revision, digest, content });
    }
    Ok(found)
}
