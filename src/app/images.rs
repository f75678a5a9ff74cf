//! Images: uploading a picture, saving what is said of it, and taking it away.
//!
//! Bytes are put into the store before the transaction that names them, and removed after the one that says
//! so: what a revision names is there, and what is not named can be swept. Those of an image that there is are
//! announced before they are put, so that a removal meanwhile is seen. An image has one picture for all its
//! revisions; another picture is another image.

pub mod removal;

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, TryStreamExt as _};

use super::actor::Actor;
use super::context::Context;
use super::idempotency::{Done, Once};
use super::items::{self, Saved, find, working_revision};
use super::pictures::{self, PicturePool, RenderedFiles};
use crate::domain::content::image::{AboutImage, FocalPoint, ImageFiles, PictureFile};
use crate::domain::content::{Content, Image};
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::error::{Code, Error, Fault, Result};
use crate::store::blobs::{BlobError, Blobs, Part};
use crate::store::connection::Conn;
use crate::store::image_files::{self, FileRow};
use crate::store::write::WriteTx;
use crate::store::{Db, Lane, revisions};

/// Files that are put into the store at once.
const PUTS: usize = 4;

/// Where images are made. Clones share it.
#[derive(Clone)]
pub struct Studio {
    /// The database.
    pub db: Db,
    /// What use cases share.
    pub context: Arc<Context>,
    /// The store of bytes.
    pub blobs: Blobs,
    /// Where pictures take their turn.
    pub pool: PicturePool,
}

/// A picture that somebody sent.
#[derive(Debug)]
pub struct Upload {
    /// The file, which nothing else names.
    pub file: File,
    /// What is said of it already.
    pub about: AboutImage,
}

/// What saving an image's draft asks for.
#[derive(Debug, Clone)]
pub struct ImageSave {
    /// The image.
    pub id: ItemId,
    /// The version that was read.
    pub version: i64,
    /// What is said of it.
    pub about: AboutImage,
    /// The files as they were sent back, if they were: they cannot be changed by hand.
    pub picture: Option<PictureFile>,
    /// The same for the renditions.
    pub renditions: Option<Vec<PictureFile>>,
}

impl Studio {
    /// Makes an image of a picture, with its first draft.
    ///
    /// It goes on when whoever asked has gone: a picture is stored as a whole or not at all.
    pub async fn image_create(&self, actor: Actor, once: Once, upload: Upload) -> Result<Done<ItemId>> {
        let studio = self.clone();
        let work = tokio::spawn(async move { studio.create(actor, once, upload).await });
        work.await.map_err(Error::internal)?
    }

    async fn create(&self, actor: Actor, once: Once, upload: Upload) -> Result<Done<ItemId>> {
        let Upload { file, about } = upload;
        let (context, asker, key) = (Arc::clone(&self.context), actor.clone(), once.clone());
        let known = move |conn: &mut Conn| key.known(conn, &context.keys, &asker);
        if let Some(resource) = self.db.read(known.clone()).await? {
            return Ok(Done { resource, replayed: true });
        }
        let faults = about.faults();
        if !faults.is_empty() {
            return Err(Error::invalid_content(faults));
        }
        let rendered = self.render(file, about.focal_point).await?;
        let id = ItemId::generate();
        let made = async {
            self.put_all(id, &rendered).await?;
            let content = Content::Image(Box::new(Image { files: rendered.files.clone(), about }));
            self.insert(actor, once, id, content).await
        };
        match made.await {
            Ok(done) if done.resource == id => Ok(done),
            // After a fault of the database nobody knows whether it was committed: left to the sweep.
            Err(error) if error.code.status() >= 500 => Err(error),
            // Another request with the same key was quicker, or the image was refused.
            other => {
                self.remove_of_none(id, &rendered.files).await;
                other
            }
        }
    }

    async fn insert(&self, actor: Actor, once: Once, id: ItemId, content: Content) -> Result<Done<ItemId>> {
        let context = Arc::clone(&self.context);
        let write = move |tx: &mut WriteTx<'_>| {
            once.run(tx, &context.keys, &actor, |tx| {
                items::insert(tx, &context, &actor, id, None, &content)?;
                if let Content::Image(image) = &content {
                    image_files::insert(tx, id, &image.files.all().collect::<Vec<_>>())?;
                }
                Ok(id)
            })
        };
        Ok(self.db.write(Lane::Ordinary, write).await?.value)
    }

    /// Saves what is said of an image. A focal point that moves makes its renditions anew.
    pub async fn image_draft_put(&self, actor: Actor, save: ImageSave) -> Result<Saved> {
        let (id, version) = (save.id, save.version);
        let present = self.db.read(move |conn| present(conn, id, version)).await?;
        check_files(&save, &present.files)?;
        if save.about.focal_point == present.about.focal_point {
            let content = Image { files: present.files, about: save.about };
            return self.save(actor, id, version, content).await;
        }
        let faults = save.about.faults();
        if !faults.is_empty() {
            return Err(Error::invalid_content(faults));
        }
        let rendered = self.cut_anew(id, present.files.picture, save.about.focal_point).await?;
        let saved = async {
            self.announce(id, version, rendered.files.renditions.clone()).await?;
            self.put_all(id, &rendered).await?;
            let content = Image { files: rendered.files.clone(), about: save.about };
            self.save(actor, id, version, content).await
        };
        let saved = saved.await;
        if saved.is_err() {
            self.remove_late(id, &rendered.files).await;
        }
        saved
    }

    async fn save(&self, actor: Actor, id: ItemId, version: i64, image: Image) -> Result<Saved> {
        let context = Arc::clone(&self.context);
        let content = Content::Image(Box::new(image));
        let write = move |tx: &mut WriteTx<'_>| {
            let saved = items::draft_put(tx, &context, &actor, id, version, &content)?;
            settle_files(tx, id, &content)?;
            Ok(saved)
        };
        Ok(self.db.write(Lane::Ordinary, write).await?.value)
    }

    /// Says which files are about to be put, unless somebody saved or redacted the image since `version`.
    async fn announce(&self, id: ItemId, version: i64, files: Vec<PictureFile>) -> Result<()> {
        let write = move |tx: &mut WriteTx<'_>| {
            present(tx.conn(), id, version)?;
            image_files::announce(tx, id, &files.iter().collect::<Vec<_>>())
        };
        self.db.write(Lane::Ordinary, write).await?;
        Ok(())
    }

    /// Renders a stored picture around another point; the picture itself stays.
    async fn cut_anew(&self, id: ItemId, picture: PictureFile, focal: FocalPoint) -> Result<RenderedFiles> {
        let part = self.blobs.read(id.uuid(), picture.digest.hex(), None).await.map_err(store_failed)?;
        let part = part.ok_or_else(|| Error::internal("the bytes of a picture are missing"))?;
        let bytes = part.collect().await.map_err(store_failed)?;
        let context = Arc::clone(&self.context);
        let work = move |threads| pictures::render(&bytes, &context.channels, focal, threads);
        let mut rendered = self.pool.run(work).await?;
        rendered.keep(picture);
        Ok(rendered)
    }

    async fn render(&self, mut file: File, focal: FocalPoint) -> Result<RenderedFiles> {
        let context = Arc::clone(&self.context);
        let work = move |threads| {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(0))
                .and_then(|_| file.read_to_end(&mut bytes))
                .map_err(Error::internal)?;
            pictures::render(&bytes, &context.channels, focal, threads)
        };
        self.pool.run(work).await
    }

    async fn put_all(&self, id: ItemId, rendered: &RenderedFiles) -> Result<()> {
        let put = |(digest, bytes): (Digest, Bytes)| {
            let blobs = self.blobs.clone();
            async move { blobs.put(id.uuid(), digest.hex(), bytes).await }
        };
        stream::iter(rendered.bytes.clone())
            .map(put)
            .buffer_unordered(PUTS)
            .try_collect::<()>()
            .await
            .map_err(store_failed)
    }

    /// What is known of a file of an image that can be fetched: not of one that is being removed.
    pub async fn media_find(&self, id: ItemId, digest: Digest) -> Result<FileRow> {
        let found = self.db.read(move |conn| image_files::find(conn, id, &digest)).await?;
        found.ok_or_else(|| Error::not_found("picture"))
    }

    /// The bytes of such a file, or a range of them.
    pub async fn media_read(&self, id: ItemId, digest: &Digest, range: Option<Range<u64>>) -> Result<Part> {
        let part = self.blobs.read(id.uuid(), digest.hex(), range).await.map_err(store_failed)?;
        // Removed since it was found.
        part.ok_or_else(|| Error::not_found("picture"))
    }
}

/// The store of images did not do what was asked of it.
fn store_failed(error: BlobError) -> Error {
    match error {
        BlobError::Timeout(_) | BlobError::Refused(_) | BlobError::Failed(_) | BlobError::Incomplete => {
            let unavailable = Error::unavailable("The store of images does not answer: try again.");
            Error { source: Some(Box::new(error)), ..unavailable }
        }
        other => Error::internal(other),
    }
}

/// The working revision's content, if nobody saved the image since `version`.
fn present(conn: &mut Conn, id: ItemId, version: i64) -> Result<Image> {
    let item = find(conn, Kind::Image, id)?;
    if item.version != version {
        return Err(items::saved_since(&item));
    }
    let working = working_revision(conn, &item)?;
    let json = working.content.ok_or_else(|| {
        Error::new(Code::Conflict, "The picture was taken away by a redaction: upload it as a new image.")
    })?;
    match Content::from_json(Kind::Image, &json)? {
        Content::Image(image) => Ok(*image),
        _ => Err(Error::internal("the content of an image is that of another kind")),
    }
}

/// The fault of a file in content that the server did not make.
pub fn made_by_server(member: &str) -> Fault {
    let detail = "The server makes this: leave it out, or send it back as it was read.";
    Fault::body(format!("/content/{member}"), "made_by_server", detail)
}

/// Refuses files that were sent back changed.
fn check_files(save: &ImageSave, present: &ImageFiles) -> Result<()> {
    let mut faults = Vec::new();
    if save.picture.as_ref().is_some_and(|picture| *picture != present.picture) {
        faults.push(made_by_server("picture"));
    }
    if save.renditions.as_ref().is_some_and(|renditions| *renditions != present.renditions) {
        faults.push(made_by_server("renditions"));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid_content(faults)) }
}

/// Names the files of content that was saved, and drops those that no revision of the item names any more.
fn settle_files(tx: &mut WriteTx<'_>, id: ItemId, content: &Content) -> Result<()> {
    let Content::Image(image) = content else { return Ok(()) };
    image_files::name(tx, id, &image.files.all().collect::<Vec<_>>())?;
    let mut named: Vec<Digest> = Vec::new();
    for json in revisions::all_of(tx.conn(), id)?.into_iter().filter_map(|row| row.content) {
        if let Content::Image(image) = Content::from_json(Kind::Image, &json)? {
            named.extend(image.files.all().map(|file| file.digest.clone()));
        }
    }
    image_files::drop_others(tx, id, &named)
}
