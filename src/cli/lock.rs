//! The lock that keeps a second server off an SQLite database.
//!
//! Commands other than `serve` do without it: each makes short writes that SQLite itself keeps apart from the
//! server's.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// Holds the lock until it is dropped, or until the process ends in whatever way.
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock of the database at `database`: a file beside it.
pub(super) fn take(database: &Path) -> Result<Lock, Failure> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let cannot = |error: std::io::Error| {
        let path = path.display();
        Failure::new(format!(
            "the lock {path} cannot be taken: {error}; check that its folder exists and belongs to the user \
             who runs greenlight"
        ))
    };
    let file = File::create(&path).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(Failure::new(format!(
            "another greenlight serves {}: stop it first, or run on PostgreSQL, which several may share",
            database.display()
        ))),
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_one_holds_the_lock_and_then_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("greenlight.db");
        let first = take(&database).unwrap();
        assert!(take(&database).is_err_and(|failure| failure.to_string().contains("stop it first")));
        drop(first);
        take(&database).unwrap();
    }
}
