//! From a file to plain pixels: 8 bits, sRGB, upright.

mod colour;
mod jpeg;

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{DynamicImage, ImageDecoder};

use super::picture::Picture;
use super::recognise::{Anatomy, Colour, Format, Limits, anatomy};
use super::refusal::Unusable;

/// What the PNG decoder may allocate beside the pixels: a packed profile unpacks into this at most.
const MAX_UNPACKED_PROFILE: u64 = 16 * 1024 * 1024;

/// Decodes a file into a picture: upright, in sRGB, with 8 bits to a channel.
///
/// - EXIF's orientation is applied, in whichever format it stands.
/// - Grey, palettes, 16 bits, CMYK and YCCK become RGB, with a fourth channel only if some pixel really is
///   not opaque. An ICC profile is applied; one that cannot be read or does not fit the pixels is ignored, as
///   browsers do. CMYK without a profile is multiplied out. In a PNG without a profile `cICP`, `gAMA` and
///   `cHRM` count.
/// - Data that are damaged are refused: no decoder fills in what is missing.
///
/// At its height, memory is twice `limits.max_bytes`, and a copy of the file (see [`Limits`]).
///
/// # Errors
/// Every [`Unusable`] but `CannotFit`; those of [`recognise`](super::recognise) before anything is allocated.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture, Unusable> {
    let anatomy = anatomy(bytes, limits)?;
    // The decoders are others' code, and a panic in one is that file's fault and no reason to fail.
    let result = catch_unwind(AssertUnwindSafe(|| upright(bytes, &anatomy)));
    let (image, lossless) = result.unwrap_or(Err(Unusable::Broken))?;
    Picture::new(image, lossless)
}

/// The finished pixels, and whether they were stored without loss.
fn upright(bytes: &[u8], anatomy: &Anatomy) -> Result<(DynamicImage, bool), Unusable> {
    let parts = anatomy.parts.iter().filter_map(|part| bytes.get(part.clone()));
    let (mut image, lossless) = match (&anatomy.colour, anatomy.seen.format) {
        (Colour::Jpeg(said), _) => (jpeg::pixels(parts, said)?, false),
        (colour, Format::Png) => {
            let file: Vec<u8> = parts.flatten().copied().collect();
            (png(&file, colour)?, true)
        }
        (_, Format::Gif) => {
            let decoder = GifDecoder::new(Cursor::new(whole(bytes, anatomy))).map_err(refusal)?;
            (pixels(decoder)?, true)
        }
        (colour, _) => {
            let file = whole(bytes, anatomy);
            let decoder = WebPDecoder::new(Cursor::new(file)).map_err(refusal)?;
            // The first chunk of a file without extensions is its pixels.
            let lossless = file.get(12..16) == Some(b"VP8L");
            (coloured(pixels(decoder)?, colour, None), lossless)
        }
    };
    image.apply_orientation(anatomy.orientation);
    Ok((image, lossless))
}

/// The file up to the picture's end.
fn whole<'a>(bytes: &'a [u8], anatomy: &Anatomy) -> &'a [u8] {
    anatomy.parts.first().and_then(|part| bytes.get(part.clone())).unwrap_or_default()
}

fn png(file: &[u8], colour: &Colour) -> Result<DynamicImage, Unusable> {
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(MAX_UNPACKED_PROFILE);
    let mut decoder = PngDecoder::with_limits(Cursor::new(file), limits).map_err(refusal)?;
    let packed = decoder.icc_profile().map_err(refusal)?;
    Ok(coloured(pixels(decoder)?, colour, packed))
}

fn pixels(decoder: impl ImageDecoder) -> Result<DynamicImage, Unusable> {
    let image = DynamicImage::from_decoder(decoder).map_err(refusal)?;
    Ok(eight_bits(image))
}

/// The same pixels with 8 bits to a channel.
fn eight_bits(image: DynamicImage) -> DynamicImage {
    match image {
        DynamicImage::ImageLuma16(_) => image.into_luma8().into(),
        DynamicImage::ImageLumaA16(_) => image.into_luma_alpha8().into(),
        DynamicImage::ImageRgb16(_) => image.into_rgb8().into(),
        DynamicImage::ImageRgba16(_) => image.into_rgba8().into(),
        image => image,
    }
}

/// The same pixels in sRGB. `packed` is the profile that stands for [`Colour::Packed`].
fn coloured(image: DynamicImage, colour: &Colour, packed: Option<Vec<u8>>) -> DynamicImage {
    let profile = match (colour, packed) {
        (Colour::Profile(bytes), _) => colour::parsed(bytes),
        (Colour::Packed, Some(bytes)) => colour::parsed(&bytes),
        (Colour::Said(said), _) => colour::said(*said),
        _ => None,
    };
    match profile {
        Some(profile) => colour::to_srgb(image, &profile),
        None => image,
    }
}

fn refusal(error: image::ImageError) -> Unusable {
    match error {
        image::ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Unusable::Truncated
        }
        _ => Unusable::Broken,
    }
}
