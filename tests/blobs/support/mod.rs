//! Stores to test, and pictures to put in them.

pub mod canned;
pub mod server;

use std::collections::BTreeSet;
use std::io::Write;

use bytes::Bytes;
use futures_util::TryStreamExt;
use greenlight::store::blobs::{Blobs, Listed, S3Config};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

use server::Server;

/// A store of its own for each test.
pub struct Store {
    pub blobs: Blobs,
    /// Its settings, where it is object storage.
    pub config: Option<S3Config>,
    /// Its folder, where it is one.
    pub folder: Option<TempDir>,
    _server: Option<Server>,
}

impl Store {
    pub fn in_folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::folder(folder.path()).unwrap();
        Self { blobs, config: None, folder: Some(folder), _server: None }
    }

    /// In the storage that `GREENLIGHT_TEST_S3` names, as `http://ID:SECRET@HOST:PORT/BUCKET`, below a
    /// prefix of its own; or else in a server in this process.
    pub async fn in_s3() -> Self {
        let (config, server) = match std::env::var("GREENLIGHT_TEST_S3") {
            Ok(url) => (server::named(&url), None),
            Err(_) => {
                let server = Server::start().await;
                (server.config(), Some(server))
            }
        };
        let blobs = Blobs::s3(&config).unwrap();
        Self { blobs, config: Some(config), folder: None, _server: server }
    }

    /// What the list shows.
    pub async fn listed(&self) -> Vec<Listed> {
        self.blobs.list().try_collect().await.unwrap()
    }

    /// The names that the list shows, each of which must be there once.
    pub async fn names(&self) -> BTreeSet<(Uuid, String)> {
        let listed = self.listed().await;
        let names: BTreeSet<_> = listed.iter().map(|blob| (blob.item, blob.sha256.clone())).collect();
        assert_eq!(names.len(), listed.len());
        names
    }

    /// All bytes of a blob.
    pub async fn bytes(&self, item: Uuid, sha256: &str) -> Option<Bytes> {
        match self.blobs.read(item, sha256, None).await.unwrap() {
            Some(part) => Some(part.collect().await.unwrap()),
            None => None,
        }
    }
}

/// Bytes that differ with the seed, and their SHA-256.
pub fn picture(seed: u8, length: usize) -> (String, Bytes) {
    let bytes: Bytes = (0..length).map(|at| (at % 251) as u8 ^ seed).collect();
    (sha256(&bytes), bytes)
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a line that is seen though the test passes, which a print macro's is not.
pub fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
