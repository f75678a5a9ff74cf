//! Blobs in a folder: what the file system needs beside the object store's own work.
//!
//! A put writes `<sha256>#<number>` beside the blob, has it on disk, and renames it. A put that was cut
//! off leaves that file: nothing lists it, and it is removed with its blob or when it is old.

use std::fs::{self, DirBuilder, DirEntry, File};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::{BoxStream, StreamExt, try_unfold};
use object_store::local::LocalFileSystem;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::name::is_sha256;
use super::{BlobError, IMAGES};

/// How much of a file is read at once.
const PIECE: u64 = 64 * 1024;

/// The folder of the store.
#[derive(Clone)]
pub(super) struct Folder {
    root: Arc<Path>,
}

/// Opens the folder; one that must be made is for its owner only, and on disk before it is used.
pub(super) fn open(path: &Path) -> Result<(LocalFileSystem, Folder), BlobError> {
    make(path)?;
    let root = fs::canonicalize(path)?;
    let store = LocalFileSystem::new_with_prefix(&root)?.with_automatic_cleanup(true).with_fsync(true);
    Ok((store, Folder { root: root.into() }))
}

fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make(parent)?;
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync(parent),
    }
}

/// Has the names in a folder on disk.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The entries of a folder; none if it is gone.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Whether it was there to be removed.
fn remove(file: &Path) -> io::Result<bool> {
    match fs::remove_file(file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The SHA-256 that an unfinished file is of.
fn staged_of(entry: &DirEntry) -> Option<String> {
    let name = entry.file_name().into_string().ok()?;
    let (sha256, number) = name.split_once('#')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && is_sha256(sha256)).then(|| sha256.to_owned())
}

impl Folder {
    fn item(&self, item: Uuid) -> PathBuf {
        self.root.join(IMAGES).join(item.hyphenated().to_string())
    }

    /// Removes what is unfinished of a blob.
    pub(super) fn remove_staged(&self, item: Uuid, sha256: &str) -> io::Result<()> {
        for entry in entries(&self.item(item))? {
            if staged_of(&entry).is_some_and(|staged| staged == sha256) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Has the names down to an item on disk, whatever put or deletion beside this one made or removed
    /// its folder: so a power cut neither loses what was stored nor brings back what was redacted.
    pub(super) fn settle(&self, item: Uuid) -> io::Result<()> {
        let folder = self.item(item);
        // It fails where blobs are in it, as it should.
        let _ = fs::remove_dir(&folder);
        for folder in folder.ancestors().take_while(|folder| folder.starts_with(&self.root)) {
            match sync(folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                synced => synced?,
            }
        }
        Ok(())
    }

    /// Removes what is unfinished and older than `before`, and counts it.
    pub(super) fn remove_leftovers(&self, before: DateTime<Utc>) -> io::Result<usize> {
        let mut removed = 0;
        for item in entries(&self.root.join(IMAGES))? {
            if !item.file_type()?.is_dir() {
                continue;
            }
            for entry in entries(&item.path())? {
                if staged_of(&entry).is_some() && is_older(&entry, before)? && remove(&entry.path())? {
                    removed += 1;
                }
            }
            // It fails where blobs are in it, as it should.
            let _ = fs::remove_dir(item.path());
        }
        Ok(removed)
    }
}

/// What was renamed meanwhile is not old.
fn is_older(entry: &DirEntry, before: DateTime<Utc>) -> io::Result<bool> {
    match entry.metadata().and_then(|metadata| metadata.modified()) {
        Ok(modified) => Ok(DateTime::<Utc>::from(modified) < before),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The bytes of a range of a file, read in the background.
pub(super) fn chunks(file: File, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
    try_unfold((Arc::new(file), range), |(file, range)| async move {
        let length = PIECE.min(range.end.saturating_sub(range.start));
        if length == 0 {
            return Ok(None);
        }
        let (at, from) = (range.start, file.clone());
        let piece =
            spawn_blocking(move || read_piece(&from, at, length)).await.map_err(io::Error::other)??;
        // A file that became shorter has no more; whoever reads sees that bytes are missing.
        if piece.is_empty() {
            return Ok(None);
        }
        let next = range.start.saturating_add(u64::try_from(piece.len()).map_err(io::Error::other)?);
        Ok(Some((piece, (file, next..range.end))))
    })
    .boxed()
}

fn read_piece(file: &File, at: u64, length: u64) -> io::Result<Bytes> {
    let mut piece = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    let read = loop {
        match file.read_at(&mut piece, at) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    piece.truncate(read);
    Ok(piece.into())
}
