//! What a draft refers to, as it is live now: what a submission pins and checks with.

use std::collections::HashMap;

use super::availability::Histories;
use super::content_snapshot::is_usable;
use super::words::shown;
use crate::domain::content::{Content, Disclaimer, Hashtag, Image, Post};
use crate::domain::ids::{ItemId, Key, Kind};
use crate::domain::images::Shown;
use crate::domain::lifecycle::Availability;
use crate::domain::revision::{Resolved, Source};
use crate::domain::time::Time;
use crate::error::{Error, Fault, Result};
use crate::store::connection::Conn;
use crate::store::items::{self as item_rows, ItemRow};
use crate::store::revisions::{self, RevisionRow};

/// What a post or image refers to, as it is live now.
#[derive(Default)]
pub(super) struct References {
    /// The hashtags that a post names, in its order.
    pub(super) hashtags: Vec<Resolved<Hashtag>>,
    /// Every live hashtag: some are required of posts.
    pub(super) live_hashtags: Vec<Resolved<Hashtag>>,
    /// The images that a post names and can rely on, in its order.
    pub(super) images: Vec<(Source, Image)>,
    /// Every live disclaimer: some are required.
    pub(super) live_disclaimers: Vec<Resolved<Disclaimer>>,
    /// Those that are recalled: what they demand cannot be met.
    pub(super) recalled_disclaimers: Vec<Resolved<Disclaimer>>,
}

impl References {
    /// Resolves the post's hashtags, and every live hashtag and disclaimer; what the post names and is not live
    /// is a fault at its place.
    pub(super) fn read(conn: &mut Conn, post: &Post, now: Time) -> Result<Self> {
        let hashtag_rows = item_rows::of_kind(conn, Kind::Hashtag)?;
        let live_hashtags =
            that_are(Availability::Live, conn, &hashtag_rows, now, |content| content.as_hashtag().cloned())?;
        let named = |key: &Key| live_hashtags.iter().find(|found| found.key == *key).cloned();
        let hashtags: Vec<Resolved<Hashtag>> = post.hashtags.iter().filter_map(named).collect();
        let images = usable_images(conn, post, now)?;
        let Self { live_disclaimers, recalled_disclaimers, .. } = Self::of_image(conn, now)?;
        let mut faults = not_live("hashtags", &post.hashtags, &hashtags);
        faults.extend(not_live("disclaimers", &post.disclaimers, &live_disclaimers));
        faults.extend(not_usable(&post.images, &shown(&images)));
        if faults.is_empty() {
            Ok(Self { hashtags, live_hashtags, images, live_disclaimers, recalled_disclaimers })
        } else {
            Err(Error::invalid_content(faults))
        }
    }

    /// What an image by itself refers to: the disclaimers that can be required of it.
    pub(super) fn of_image(conn: &mut Conn, now: Time) -> Result<Self> {
        let rows = item_rows::of_kind(conn, Kind::Disclaimer)?;
        let mut disclaimers =
            |wanted| that_are(wanted, conn, &rows, now, |content| content.as_disclaimer().cloned());
        let (mut live_disclaimers, mut recalled_disclaimers) =
            (disclaimers(Availability::Live)?, disclaimers(Availability::Recalled)?);
        live_disclaimers.sort_by_key(|found| found.id);
        recalled_disclaimers.sort_by_key(|found| found.id);
        Ok(Self { live_disclaimers, recalled_disclaimers, ..Self::default() })
    }
}

/// The images that a post names and can rely on, in its order.
fn usable_images(conn: &mut Conn, post: &Post, now: Time) -> Result<Vec<(Source, Image)>> {
    let histories = Histories::read(conn, &post.images)?;
    let mut rows = revisions::approved_of(conn, &post.images)?;
    rows.sort_by_key(|row| post.images.iter().position(|id| *id == row.item_id));
    let mut usable = Vec::new();
    for row in rows {
        let present = histories.get(row.item_id).and_then(|history| history.present(now));
        let Some(present) = present.filter(|present| present.revision == row.revision) else { continue };
        let availability = histories.availability(row.item_id, now).0;
        let Some(json) = row.content.filter(|_| is_usable(availability, present, post.publish_at)) else {
            continue;
        };
        if let Content::Image(image) = Content::from_json(Kind::Image, &json)? {
            usable.push((Source { item: row.item_id, revision: row.revision, digest: row.digest }, *image));
        }
    }
    Ok(usable)
}

/// The images that a post names and cannot rely on, each at its place.
pub(super) fn not_usable(ids: &[ItemId], usable: &[Shown<'_>]) -> Vec<Fault> {
    let missing = |(_, id): &(usize, &ItemId)| !usable.iter().any(|shown| shown.source.item == **id);
    let fault = |(at, id): (usize, &ItemId)| {
        let detail = format!(
            "The image {id} is not approved and live when the post is: a post can rely only on what is."
        );
        Fault::body(format!("/content/images/{at}"), "not_live", detail)
    };
    ids.iter().enumerate().filter(missing).map(fault).collect()
}

/// What a post names and is not live, each at its place.
pub(super) fn not_live<T>(member: &str, keys: &[Key], live: &[Resolved<T>]) -> Vec<Fault> {
    let missing = |(_, key): &(usize, &Key)| !live.iter().any(|found| found.key == **key);
    keys.iter()
        .enumerate()
        .filter(missing)
        .map(|(at, key)| {
            let detail = format!("{key} is not approved and live: a post can rely only on what is.");
            Fault::body(format!("/content/{member}/{at}"), "not_live", detail)
        })
        .collect()
}

/// The present revisions of those items that have the wanted availability.
fn that_are<T>(
    wanted: Availability,
    conn: &mut Conn,
    rows: &[ItemRow],
    now: Time,
    content: impl Fn(&Content) -> Option<T>,
) -> Result<Vec<Resolved<T>>> {
    let ids: Vec<ItemId> = rows.iter().map(|row| row.id).collect();
    let histories = Histories::read(conn, &ids)?;
    let approved: HashMap<(ItemId, i64), RevisionRow> = revisions::approved_of(conn, &ids)?
        .into_iter()
        .map(|row| ((row.item_id, row.revision), row))
        .collect();
    let mut found = Vec::new();
    for row in rows {
        if histories.availability(row.id, now).0 != wanted {
            continue;
        }
        let present = histories.get(row.id).and_then(|history| history.present(now));
        let revision = present.and_then(|present| approved.get(&(row.id, present.revision)));
        let (Some(revision), Some(key)) = (revision, &row.key) else { continue };
        let Some(json) = &revision.content else { continue };
        if let Some(content) = content(&Content::from_json(row.kind, json)?) {
            found.push(Resolved {
                id: row.id,
                key: key.clone(),
                revision: revision.revision,
                digest: revision.digest.clone(),
                content,
            });
        }
    }
    Ok(found)
}
