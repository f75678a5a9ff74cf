//! Taking pictures away: redactions, and what nothing names.

use std::collections::HashSet;
use std::future::ready;
use std::pin::pin;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::super::actor::Actor;
use super::super::authentication;
use super::super::context::Context;
use super::super::items::{find, revision_facts, withdraw_review};
use super::super::journal::{self, By};
use super::{Studio, store_failed};
use crate::domain::content::image::ImageFiles;
use crate::domain::ids::{ItemId, Kind};
use crate::domain::lifecycle::RevisionState;
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::record::Event;
use crate::store::blobs::{BlobError, Listed};
use crate::store::connection::Conn;
use crate::store::write::WriteTx;
use crate::store::{Lane, image_files, items as item_rows, revisions};

/// Files whose bytes are removed by one round.
const ROUND: i64 = 100;

/// Blobs that are looked up at once.
const LISTED: usize = 500;

/// Takes away an image for good: the content of the revision, and of every other one of the item, since all of
/// them show the same picture, each with an entry (R2). The bytes follow once this is committed
/// ([`Studio::remove_bytes`]). The same again changes nothing.
///
/// Digests, pins, decisions and shares stay. What pins the image is blocked, as after a recall (R12).
pub fn image_redact(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: ItemId,
    revision: i64,
    reason: &str,
) -> Result<()> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    actor.person()?;
    let item = find(tx.conn(), Kind::Image, id)?;
    let rows = revisions::all_of(tx.conn(), id)?;
    if !rows.iter().any(|row| row.revision == revision) {
        return Err(Error::not_found("revision"));
    }
    let left: Vec<_> = rows.into_iter().filter(|row| row.content.is_some()).collect();
    if left.is_empty() {
        return Ok(());
    }
    for row in left {
        if row.state == RevisionState::InReview {
            withdraw_review(tx, context, actor, &item, row.revision, "redacted")?;
        }
        let facts = revision_facts(&item, row.revision, &row.digest)
            .with("named_revision", revision)
            .with("reason", reason);
        let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::RevisionRedacted, facts)?;
        revisions::redact(tx, id, row.revision, receipt.index)?;
    }
    image_files::remove_all(tx, id)?;
    item_rows::claim(tx, id, item.version)?;
    item_rows::mark_changed(tx, id)
}

impl Studio {
    /// Removes the bytes of files of which a transaction said so: of one image, or of all. What fails is passed
    /// over and tried again by the next call; a store that does not answer is asked no more.
    pub async fn remove_bytes(&self, of: Option<ItemId>) -> Result<()> {
        let (mut after, mut failed) = (None, Ok(()));
        loop {
            let from: Option<(ItemId, String)> = after.take();
            let read = move |conn: &mut Conn| image_files::removing(conn, of, from.as_ref(), ROUND);
            let files = self.db.read(read).await?;
            let Some(last) = files.last() else { return failed };
            after = Some(last.clone());
            let (gone, failure) = self.delete(files).await;
            self.db.write(Lane::Ordinary, move |tx| image_files::forget(tx, &gone)).await?;
            match failure {
                None => {}
                Some(error @ BlobError::Timeout(_)) => return Err(store_failed(error)),
                Some(error) => failed = Err(store_failed(error)),
            }
        }
    }

    /// Deletes bytes, as far as the store answers. Answers which are gone, and the last failure.
    async fn delete(&self, files: Vec<(ItemId, String)>) -> (Vec<(ItemId, String)>, Option<BlobError>) {
        let (mut gone, mut failure) = (Vec::new(), None);
        for (item, sha256) in files {
            match self.blobs.delete_item_blob(item.uuid(), &sha256).await {
                Ok(()) => gone.push((item, sha256)),
                Err(error) => failure = Some(error),
            }
            if matches!(failure, Some(BlobError::Timeout(_))) {
                break;
            }
        }
        (gone, failure)
    }

    /// Removes bytes that nothing has named since `before`: of uploads that broke off, of renditions that were
    /// made anew. Answers how many files that were.
    ///
    /// Safe beside uploads and saves, on several nodes: bytes of an item that exists are first said to be
    /// removed, under the lock, and whoever would name them is refused until they are gone; bytes of an item
    /// that does not exist are those of an upload that ended long ago.
    pub async fn sweep(&self, before: Time) -> Result<usize> {
        let mut removed = 0;
        while let dropped = self
            .db
            .write(Lane::Ordinary, move |tx| image_files::remove_dropped(tx, before, ROUND))
            .await?
            .value
            && dropped > 0
        {
            removed += dropped;
        }
        let limit = DateTime::<Utc>::from_timestamp_micros(before.micros()).unwrap_or_default();
        let old = self.blobs.list().try_filter(move |blob| ready(blob.modified_at < limit));
        let mut old = pin!(old.try_chunks(LISTED));
        while let Some(part) = old.next().await {
            removed += self.sweep_part(part.map_err(|error| store_failed(error.1))?).await?;
        }
        self.remove_bytes(None).await?;
        removed += self.blobs.remove_leftovers(limit).await.map_err(store_failed)?;
        Ok(removed)
    }

    /// Of these blobs, removes those that nothing names, or says that they are being removed.
    async fn sweep_part(&self, part: Vec<Listed>) -> Result<usize> {
        let mut ids: Vec<ItemId> = part.iter().map(|blob| ItemId::from_uuid(blob.item)).collect();
        ids.sort_unstable();
        ids.dedup();
        let (known, images) = self
            .db
            .read(move |conn| {
                let found = item_rows::find_all(conn, &ids)?.into_iter();
                let images = found.filter(|item| item.kind == Kind::Image).map(|item| item.id);
                Ok((image_files::known(conn, &ids)?, images.collect::<HashSet<_>>()))
            })
            .await?;
        let mut removed = 0;
        for blob in part {
            let (item, sha256, size) = (ItemId::from_uuid(blob.item), blob.sha256, blob.size);
            if known.contains(&(item, sha256.clone())) {
                continue;
            }
            if images.contains(&item) {
                let write = move |tx: &mut WriteTx<'_>| image_files::remove_unnamed(tx, item, &sha256, size);
                removed += usize::from(self.db.write(Lane::Ordinary, write).await?.value);
            } else {
                self.blobs.delete_item_blob(item.uuid(), &sha256).await.map_err(store_failed)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Removes the bytes of an upload that made no image, as far as that can be done now.
    pub(super) async fn remove_of_none(&self, id: ItemId, files: &ImageFiles) {
        for file in files.all() {
            if let Err(error) = self.blobs.delete_item_blob(id.uuid(), file.digest.hex()).await {
                tracing::warn!(%error, "bytes of an upload that made no image are left to the sweep");
                return;
            }
        }
    }

    /// Removes what a save put that failed, where a redaction has overtaken it: bytes that came after those of
    /// the image were removed. Others wait for the sweep; another save may name them.
    pub(super) async fn remove_late(&self, id: ItemId, files: &ImageFiles) {
        let late: Vec<(String, u64)> =
            files.all().map(|file| (file.digest.hex().to_owned(), file.bytes)).collect();
        let write = move |tx: &mut WriteTx<'_>| {
            for (sha256, bytes) in &late {
                image_files::remove_unnamed(tx, id, sha256, *bytes)?;
            }
            Ok(())
        };
        let removed = match self.db.write(Lane::Ordinary, write).await {
            Ok(_) => self.remove_bytes(Some(id)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::warn!(%error, "bytes of a save that came to nothing are left to housekeeping");
        }
    }
}
