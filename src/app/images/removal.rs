//! Taking pictures away: redactions, and what nothing names.

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;

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
use crate::store::blobs::Listed;
use crate::store::write::WriteTx;
use crate::store::{Lane, image_files, items as item_rows, revisions};

/// Files whose bytes are removed by one round.
const ROUND: i64 = 100;

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
    /// Removes the bytes of files of which a transaction said so. What fails is tried again by the next call.
    pub async fn remove_bytes(&self) -> Result<()> {
        loop {
            let files = self.db.read(|conn| image_files::removing(conn, ROUND)).await?;
            if files.is_empty() {
                return Ok(());
            }
            for (item, sha256) in &files {
                // Another node may have removed it meanwhile, and a save put and named it again.
                let (of, name) = (*item, sha256.clone());
                if !self.db.read(move |conn| image_files::is_removing(conn, of, &name)).await? {
                    continue;
                }
                self.blobs.delete_item_blob(item.uuid(), sha256).await.map_err(store_failed)?;
            }
            self.db.write(Lane::Ordinary, move |tx| image_files::forget(tx, &files)).await?;
        }
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
        let mut listed = self.blobs.list();
        while let Some(blob) = listed.next().await {
            let blob = blob.map_err(store_failed)?;
            if blob.modified_at < limit && self.is_swept(blob).await? {
                removed += 1;
            }
        }
        self.remove_bytes().await?;
        removed += self.blobs.remove_leftovers(limit).await.map_err(store_failed)?;
        Ok(removed)
    }

    /// Whether nothing names a blob, which is then removed or said to be.
    async fn is_swept(&self, blob: Listed) -> Result<bool> {
        let (item, sha256, size) = (ItemId::from_uuid(blob.item), blob.sha256, blob.size);
        let name = sha256.clone();
        let is_known = self.db.read(move |conn| image_files::is_known(conn, item, &name)).await?;
        if is_known {
            return Ok(false);
        }
        let exists = self.db.read(move |conn| item_rows::find(conn, Kind::Image, item)).await?.is_some();
        if !exists {
            self.blobs.delete_item_blob(item.uuid(), &sha256).await.map_err(store_failed)?;
            return Ok(true);
        }
        let write = move |tx: &mut WriteTx<'_>| image_files::remove_unnamed(tx, item, &sha256, size);
        Ok(self.db.write(Lane::Ordinary, write).await?.value)
    }

    /// Removes the bytes of an upload that came to nothing, as far as that can be done now.
    pub(super) async fn remove_unnamed(&self, id: ItemId, files: &ImageFiles) {
        for file in files.all() {
            if let Err(error) = self.blobs.delete_item_blob(id.uuid(), file.digest.hex()).await {
                tracing::warn!(%error, "bytes of an upload that came to nothing are left to the sweep");
            }
        }
    }
}
