//! Pictures: recognised from their bytes, decoded under limits, re-encoded, and cut for the channels.
//!
//! Nothing of an uploaded file is stored as it came. [`decode`] makes plain pixels of it, upright and in
//! sRGB; what is kept is encoded anew from those, so no EXIF, GPS, XMP, IPTC, comment, profile, thumbnail or
//! trailing byte can be left. The modules know no files and no network:
//!
//! ```text
//! bytes -> recognise -> decode -> Picture -> original, renditions
//! ```
//!
//! | taken | as |
//! | --- | --- |
//! | JPEG | baseline or progressive, 8 bits: grey, RGB, YCbCr, CMYK, YCCK |
//! | PNG | every colour type and depth, interlaced or not |
//! | WebP | lossy or lossless, one frame |
//! | GIF | one frame |
//!
//! The same bytes always give the same results on one machine. Between processors with other vector units a
//! channel value may differ by one step; stored bytes are never computed again, so nothing relies on more.

mod crop;
mod decode;
mod encode;
mod picture;
mod recognise;
mod refusal;
mod render;
#[cfg(test)]
mod tests;
mod wanted;

pub use self::crop::{Focal, Size};
pub use self::decode::decode;
pub use self::encode::{Encoded, MediaType};
pub use self::picture::Picture;
pub use self::recognise::{Format, Limits, Recognised, recognise};
pub use self::refusal::Unusable;
pub use self::render::{Rendered, render};
pub use self::wanted::{Formats, ImageFacts, PORTABLE_MAX_BYTES, Shape, Wanted, wanted};
