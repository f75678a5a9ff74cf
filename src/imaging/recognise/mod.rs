//! What a file is, from its bytes and their structure, before anything is decoded.
//!
//! Each format's blocks are walked from first to last without unpacking them: a walk costs time by the
//! number of bytes and no memory by the number of pixels. It finds the size, whether there is a second frame,
//! whether the end is reached, what stands behind it, and which parts the pixels are made of.

mod bytes;
mod exif;
mod foreign;
mod gif;
mod jpeg;
mod png;
mod trailer;
mod webp;

use std::ops::Range;

use image::metadata::Orientation;

use super::refusal::Unusable;

pub(super) use self::jpeg::{Jpeg, Model};
pub(super) use self::png::Said;

/// A type of picture that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `image/jpeg`
    Jpeg,
    /// `image/png`
    Png,
    /// `image/webp`
    WebP,
    /// `image/gif`
    Gif,
}

impl Format {
    /// The type's name in HTTP.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

/// How large a picture may be.
///
/// `max_bytes` bounds the largest single buffer: the decoded pixels, or a JPEG's coefficients where they must
/// all be kept. While a picture is decoded, converted or turned at most two such buffers exist, and a copy of
/// the file. With the default of 256 MiB these fit, if no side is over 12,000:
///
/// | picture | bytes a pixel | million pixels |
/// | --- | --- | --- |
/// | JPEG, baseline or progressive 4:2:0, grey or colour; PNG without transparency | 3 | 89.4 |
/// | CMYK; PNG with transparency; WebP; GIF; progressive JPEG 4:2:2 | 4 | 67.1 |
/// | progressive JPEG 4:4:4; PNG of 16 bits | 6 | 44.7 |
/// | PNG of 16 bits with transparency; progressive CMYK | 8 | 33.5 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest side, in pixels.
    pub max_side: u32,
    /// The largest buffer, in bytes.
    pub max_bytes: u64,
}

impl Default for Limits {
    /// 12,000 pixels and 256 MiB.
    fn default() -> Self {
        Self { max_side: 12_000, max_bytes: 256 * 1024 * 1024 }
    }
}

impl Limits {
    /// Refuses a size that is over the limits, or nothing at all. `pixel_bytes` is never 0.
    fn check(&self, width: u32, height: u32, pixel_bytes: u32) -> Result<(), Unusable> {
        if width == 0 || height == 0 {
            return Err(Unusable::Broken);
        }
        let max_pixels = self.max_bytes / u64::from(pixel_bytes.max(1));
        let pixels = u64::from(width) * u64::from(height);
        if width.max(height) > self.max_side || pixels > max_pixels {
            return Err(Unusable::TooManyPixels { width, height, max_side: self.max_side, max_pixels });
        }
        Ok(())
    }
}

/// What a file was recognised as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recognised {
    /// Its type.
    pub format: Format,
    /// Its width as stored, before it is turned upright; pixels.
    pub width: u32,
    /// Its height as stored, before it is turned upright; pixels.
    pub height: u32,
}

/// What a walk through a file found.
pub(super) struct Anatomy {
    pub seen: Recognised,
    /// The parts of the file that the pixels are made of, in order. A decoder is given no others.
    pub parts: Vec<Range<usize>>,
    /// How the stored pixels are to be turned.
    pub orientation: Orientation,
    /// What the file says of its colours.
    pub colour: Colour,
    /// Where the picture ends.
    end: usize,
}

/// What a file says of its colours.
pub(super) enum Colour {
    /// Nothing that differs from sRGB.
    Srgb,
    /// An ICC profile.
    Profile(Vec<u8>),
    /// An ICC profile, packed within the parts.
    Packed,
    /// PNG's own words.
    Said(Said),
    /// A JPEG's components, and perhaps a profile.
    Jpeg(Jpeg),
}

/// Finds out what a file is.
///
/// # Errors
/// Every [`Unusable`] but `CannotFit`. A type that is taken is refused as soon as its size is over `limits`
/// or a second frame is found; then if it is broken or ends early; then for what stands behind its end (see
/// [`Unusable::Polyglot`]). That the pixels can really be unpacked only [`decode`](super::decode) finds.
pub fn recognise(bytes: &[u8], limits: &Limits) -> Result<Recognised, Unusable> {
    anatomy(bytes, limits).map(|anatomy| anatomy.seen)
}

/// Finds out what a file is, and where everything in it stands.
pub(super) fn anatomy(bytes: &[u8], limits: &Limits) -> Result<Anatomy, Unusable> {
    let anatomy = if bytes.starts_with(b"\xFF\xD8\xFF") {
        jpeg::walk(bytes, limits)?
    } else if bytes.starts_with(png::SIGNATURE) {
        png::walk(bytes, limits)?
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        gif::walk(bytes, limits)?
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        webp::walk(bytes, limits)?
    } else {
        return Err(Unusable::Unsupported { found: foreign::name(bytes) });
    };
    trailer::check(bytes.get(anatomy.end..).unwrap_or_default())?;
    trailer::check_whole(bytes)?;
    Ok(anatomy)
}
