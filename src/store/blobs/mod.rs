//! The bytes of pictures: in a folder, or in S3-compatible object storage.
//!
//! A blob is named by its item and by the SHA-256 of its bytes, and lies under
//! `images/<item>/<sha256>`. Two items with the same picture hold it twice: so the redaction of one
//! surely takes its bytes, and never those of the other.
//!
//! Every call ends within ten seconds ([`Blobs::with_deadline`]); the transfer of a large blob, and the
//! walk of a long list, may take longer as a whole, as long as they move.

mod error;
mod folder;
mod name;
mod part;
mod s3;
mod settings;

pub use error::{BlobError, Cause};
pub use part::{Chunks, Part};
pub use settings::{S3Config, Secret};

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt, try_unfold};
use object_store::path::Path as Location;
use object_store::{
    GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt,
};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use uuid::Uuid;

use error::present;
use folder::Folder;

/// How long a store may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// What [`Blobs::check`] writes, beside the folder of images.
const CHECK: &str = "check";

/// The folder of images, in the store's root.
const IMAGES: &str = "images";

/// How often a folder is asked to store a blob: a deletion beside it may take the item's folder away.
const TRIES: usize = 3;

/// The store of blobs. Clones are of one store.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// What stands before every name: the prefix in a bucket.
    root: Location,
    folder: Option<Folder>,
    /// Where it is, fit for a log.
    place: Arc<str>,
    deadline: Duration,
}

/// A blob of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The item that it belongs to.
    pub item: Uuid,
    /// The SHA-256 of its bytes, as 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was put last, by the store's clock; object storage may round it to a second.
    pub modified_at: DateTime<Utc>,
}

impl Blobs {
    /// A store in a folder, which is made if it is not there. Each blob is on disk, with its name, before
    /// [`Blobs::put`] answers.
    ///
    /// # Errors
    /// [`BlobError::Failed`] if the folder cannot be made or read.
    pub fn folder(path: &Path) -> Result<Self, BlobError> {
        let (store, folder) = folder::open(path)?;
        let place = format!("folder {}", path.display()).into();
        let root = Location::default();
        Ok(Self { store: Arc::new(store), root, folder: Some(folder), place, deadline: DEADLINE })
    }

    /// A store in a bucket, which must exist. Nothing is asked of it yet: [`Blobs::check`] does.
    ///
    /// # Errors
    /// [`BlobError::Settings`] if the settings cannot be used.
    pub fn s3(config: &S3Config) -> Result<Self, BlobError> {
        let (store, root) = s3::open(config)?;
        let place = match &config.endpoint {
            Some(endpoint) => format!("bucket {} at {endpoint}", config.bucket),
            None => format!("bucket {} in {}", config.bucket, config.region),
        };
        Ok(Self { store: Arc::new(store), root, folder: None, place: place.into(), deadline: DEADLINE })
    }

    /// The same store with another time, instead of ten seconds, in which it must answer. A put has a
    /// second more for each MiB.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Where the store is, fit for a log.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Stores the bytes of an item: all of them or, after an error, perhaps none, but never a part under
    /// the blob's name. Putting the same again is no error and makes the blob new to whoever clears away
    /// old ones, as [`Listed::modified_at`] tells.
    ///
    /// # Errors
    /// [`BlobError::Name`] and [`BlobError::Mismatch`] if `sha256` is not that of the bytes; then nothing
    /// was asked of the store. [`BlobError::Timeout`] after ten seconds and one more for each MiB: the
    /// blob may still appear. [`BlobError::Refused`], [`BlobError::Failed`].
    pub async fn put(&self, item: Uuid, sha256: &str, bytes: Bytes) -> Result<(), BlobError> {
        let location = name::location(&self.root, item, sha256)?;
        let mebibytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX) >> 20;
        let limit = self.deadline.saturating_add(Duration::from_secs(mebibytes));
        within(limit, async {
            let bytes = verified(sha256, bytes).await?;
            match self.folder.clone() {
                Some(folder) => self.put_in_folder(folder, item, &location, bytes).await,
                None => Ok(self.store.put(&location, bytes.into()).await.map(drop)?),
            }
        })
        .await
    }

    async fn put_in_folder(
        &self,
        folder: Folder,
        item: Uuid,
        location: &Location,
        bytes: Bytes,
    ) -> Result<(), BlobError> {
        let mut outcome = self.store.put(location, bytes.clone().into()).await;
        for _ in 1..TRIES {
            if outcome.is_err() {
                outcome = self.store.put(location, bytes.clone().into()).await;
            }
        }
        outcome?;
        in_background(move || folder.settle(item)).await
    }

    /// Opens a blob, or a range of its bytes, to be read as it comes; `None` if there is none. A range
    /// that ends past the end is cut there.
    ///
    /// # Errors
    /// [`BlobError::Name`]; [`BlobError::Range`] if the range holds nothing of the blob;
    /// [`BlobError::Timeout`], [`BlobError::Refused`], [`BlobError::Failed`].
    pub async fn read(
        &self,
        item: Uuid,
        sha256: &str,
        range: Option<Range<u64>>,
    ) -> Result<Option<Part>, BlobError> {
        let location = name::location(&self.root, item, sha256)?;
        within(self.deadline, async {
            let options = GetOptions { range: range.clone().map(asked), ..GetOptions::default() };
            match (present(self.store.get_opts(&location, options).await), range) {
                (Ok(found), _) => Ok(found.map(|found| self.part(found))),
                // The store names this fault in words of its own, so the size tells it from others.
                (Err(BlobError::Failed(cause)), Some(range)) => {
                    match present(self.store.head(&location).await)? {
                        None => Ok(None),
                        Some(ObjectMeta { size, .. }) if range.is_empty() || range.start >= size => {
                            Err(BlobError::Range { size })
                        }
                        Some(_) => Err(BlobError::Failed(cause)),
                    }
                }
                (Err(error), _) => Err(error),
            }
        })
        .await
    }

    fn part(&self, found: GetResult) -> Part {
        let (size, range) = (found.meta.size, found.range);
        let expected = range.end.saturating_sub(range.start);
        let bytes = match found.payload {
            GetResultPayload::File(file, _) => {
                part::guarded(folder::chunks(file, range.clone()), expected, self.deadline)
            }
            GetResultPayload::Stream(stream) => part::guarded(stream, expected, self.deadline),
        };
        Part { size, range, bytes }
    }

    /// Removes a blob, with what a put that was cut off left of it. That there is none is no error.
    /// A bucket that keeps versions keeps this one too, until its own rules take it.
    ///
    /// # Errors
    /// [`BlobError::Name`]; [`BlobError::Timeout`]: the blob may be gone or not; [`BlobError::Refused`],
    /// [`BlobError::Failed`].
    pub async fn delete_item_blob(&self, item: Uuid, sha256: &str) -> Result<(), BlobError> {
        let location = name::location(&self.root, item, sha256)?;
        within(self.deadline, async {
            if let Some(folder) = self.folder.clone() {
                let sha256 = sha256.to_owned();
                in_background(move || folder.remove_staged(item, &sha256)).await?;
            }
            present(self.store.delete(&location).await)?;
            match self.folder.clone() {
                Some(folder) => in_background(move || folder.settle(item)).await,
                None => Ok(()),
            }
        })
        .await
    }

    /// Walks all blobs, in no order. What is not a blob's name is passed over, and so is what a put has
    /// not finished. After an error the walk ends.
    ///
    /// # Errors
    /// In the stream: [`BlobError::Timeout`], [`BlobError::Refused`], [`BlobError::Failed`].
    pub fn list(&self) -> BoxStream<'static, Result<Listed, BlobError>> {
        let root = self.root.clone();
        let found = self.store.list(Some(&name::images(&root)));
        let deadline = self.deadline;
        try_unfold(found, move |mut found| async move {
            let next = within(deadline, async { Ok(found.next().await.transpose()?) }).await?;
            Ok::<_, BlobError>(next.map(|meta| (meta, found)))
        })
        .try_filter_map(move |meta| {
            let listed = name::parse(&root, &meta.location).map(|(item, sha256)| Listed {
                item,
                sha256,
                size: meta.size,
                modified_at: meta.last_modified,
            });
            std::future::ready(Ok(listed))
        })
        .boxed()
    }

    /// Whether the store can be reached and written to: writes a few bytes under a name of their own.
    ///
    /// # Errors
    /// [`BlobError::Timeout`], [`BlobError::Refused`], [`BlobError::Failed`].
    pub async fn check(&self) -> Result<(), BlobError> {
        let location = self.root.clone().join(CHECK);
        within(self.deadline, async {
            self.store.put(&location, Bytes::from_static(b"greenlight\n").into()).await?;
            Ok(())
        })
        .await
    }

    /// Clears away what puts that were cut off left in a folder and that is older than `before`, and
    /// tells how many files that were. [`Blobs::list`] does not show them. Object storage holds nothing
    /// of the kind.
    ///
    /// # Errors
    /// [`BlobError::Timeout`]; it goes on all the same. [`BlobError::Failed`].
    pub async fn remove_leftovers(&self, before: DateTime<Utc>) -> Result<usize, BlobError> {
        match self.folder.clone() {
            Some(folder) => {
                within(self.deadline, in_background(move || folder.remove_leftovers(before))).await
            }
            None => Ok(0),
        }
    }
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blobs").field("place", &self.place).finish_non_exhaustive()
    }
}

/// The range as the store is asked for it: not every store takes an end beyond what it counts in.
fn asked(range: Range<u64>) -> GetRange {
    if i64::try_from(range.end).is_ok() { GetRange::Bounded(range) } else { GetRange::Offset(range.start) }
}

/// Bounds the work of a call.
async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, BlobError>>,
) -> Result<T, BlobError> {
    timeout(limit, work).await.unwrap_or(Err(BlobError::Timeout(limit)))
}

/// Does in the background what takes long or waits for a disk.
async fn in_background<T, F>(work: F) -> Result<T, BlobError>
where
    T: Send + 'static,
    F: FnOnce() -> std::io::Result<T> + Send + 'static,
{
    Ok(spawn_blocking(work).await.map_err(std::io::Error::from)??)
}

/// The bytes, if this is their SHA-256; hashed in the background, since pictures are large.
async fn verified(sha256: &str, bytes: Bytes) -> Result<Bytes, BlobError> {
    let (found, bytes) = in_background(move || Ok((name::hex(&Sha256::digest(&bytes)), bytes))).await?;
    if found == sha256 { Ok(bytes) } else { Err(BlobError::Mismatch) }
}
