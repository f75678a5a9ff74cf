//! The one thing in EXIF that pixels depend on.

use image::metadata::Orientation;

/// How EXIF data say that the picture is to be turned; not at all if they say nothing.
///
/// Some writers put JPEG's `Exif` marker before the data in other formats too.
pub fn orientation(exif: &[u8]) -> Orientation {
    let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    Orientation::from_exif_chunk(tiff).unwrap_or(Orientation::NoTransforms)
}
