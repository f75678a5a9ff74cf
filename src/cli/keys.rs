//! `keys create`: the keys of an installation on PostgreSQL, where no node may make its own.

use std::path::Path;

use super::failure::Failure;
use super::output;
use crate::keys::{KeyError, Keys, Purpose};

/// Makes the four keys in a folder that has none.
pub(super) fn create(folder: &Path) -> Result<(), Failure> {
    match Keys::load(folder) {
        Err(KeyError::None(_)) => {}
        Err(error) => return Err(error.into()),
        Ok(_) => {
            let folder = folder.display();
            return Err(Failure::new(format!(
                "there are keys in {folder} already, and they were left alone: use them, or name another folder"
            )));
        }
    }
    let keys = Keys::load_or_create(folder)?;
    output::line(format_args!("Made in {}, with their fingerprints:", folder.display()))?;
    for purpose in Purpose::ALL {
        output::line(format_args!("  {purpose}.key  {}", keys.fingerprint(purpose)))?;
    }
    output::line(
        "Give every node the same four files, and keep a copy apart from the backups of the database: \
         without wrapping.key no personal value can be read again.",
    )
}
