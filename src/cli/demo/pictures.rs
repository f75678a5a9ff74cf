//! The pictures of the demonstration, as they came from a camera: one has a position, a name and a comment in
//! it, the other lies on its side.
//!
//! `coffee.jpg` is by Rachel Michetti, `rocket.jpg` by SpaceX; both are given to the public (CC0).

use std::fs::File;
use std::io::Write as _;

use crate::cli::failure::Failure;

const PICTURES: [(&str, &[u8]); 2] = [
    ("coffee.jpg", include_bytes!("pictures/coffee.jpg")),
    ("rocket.jpg", include_bytes!("pictures/rocket.jpg")),
];

/// The picture of this name.
pub(super) fn find(name: &str) -> Result<&'static [u8], Failure> {
    let found = PICTURES.iter().find(|(known, _)| *known == name);
    found.map(|(_, bytes)| *bytes).ok_or_else(|| Failure::new(format!("there is no picture {name}")))
}

/// The same as a file without a name.
pub(super) fn file(name: &str) -> Result<File, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("no room for a picture: {error}"));
    let mut file = tempfile::tempfile().map_err(failed)?;
    file.write_all(find(name)?).map_err(failed)?;
    Ok(file)
}
