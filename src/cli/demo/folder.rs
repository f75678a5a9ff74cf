//! The data folder of one demonstration.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::cli::failure::Failure;

/// A fresh folder among the system's temporary files.
pub(super) struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    /// Makes the folder; unless it is to be kept, it is removed at the end.
    pub(super) fn create(keep: bool) -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("greenlight-demo-{}", Uuid::now_v7().simple()));
        DirBuilder::new().mode(0o700).create(&path).map_err(|error| {
            Failure::new(format!("the folder {} cannot be made: {error}", path.display()))
        })?;
        Ok(Self { path, keep })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // A folder that cannot be removed does no harm among temporary files.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
