//! JPEG into pixels.

use image::{DynamicImage, GrayImage, RgbImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::colour;
use crate::imaging::recognise::{Jpeg, Model};
use crate::imaging::refusal::Unusable;

/// Adobe's segment that says the three components are red, green and blue (T.872, 6.5.3).
const ADOBE_RGB: &[u8] = b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0";

/// As many bytes of ones as a decoder reads ahead, and more. No picture's code is of ones only (T.81, annex
/// C), so a decoder that needs more data than there are comes upon a wrong code, instead of filling up with
/// zeros and calling it a picture. One that has all its data does not look at them.
const READ_AHEAD: usize = 32;

/// Decodes what the walk has kept of a JPEG.
///
/// The decoder sees a file of frame, tables and scans only, so it neither reads nor keeps anything else. Of
/// four components it is told nothing and leaves them as they are: what they mean is settled here, since
/// it takes YCCK for something else (zune-image issue 442).
pub fn pixels<'a>(parts: impl Iterator<Item = &'a [u8]>, said: &Jpeg) -> Result<DynamicImage, Unusable> {
    let model = said.model;
    let mut file = b"\xFF\xD8".to_vec();
    if model == Model::Rgb {
        file.extend_from_slice(ADOBE_RGB);
    }
    parts.for_each(|part| file.extend_from_slice(part));
    if said.sentinel {
        file.extend_from_slice(&b"\xFF\0".repeat(READ_AHEAD));
    }
    file.extend_from_slice(b"\xFF\xD9");

    let space = match model {
        Model::Grey => ColorSpace::Luma,
        Model::YCbCr | Model::Rgb => ColorSpace::RGB,
        Model::Cmyk { .. } | Model::Ycck { .. } => ColorSpace::CMYK,
    };
    // Strict: data that end early or contradict themselves are refused, not painted grey.
    let options = DecoderOptions::default().jpeg_set_out_colorspace(space).set_strict_mode(true);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file.as_slice()), options);
    let pixels = decoder.decode().map_err(|_| Unusable::Broken)?;
    let (width, height) = decoder.dimensions().ok_or(Unusable::Broken)?;
    let sides = u32::try_from(width).ok().zip(u32::try_from(height).ok());
    let (width, height) = sides.ok_or(Unusable::Broken)?;

    let profile = said.profile.as_deref().and_then(colour::parsed);
    let image: Option<DynamicImage> = match model {
        Model::Grey => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        Model::YCbCr | Model::Rgb => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
        Model::Cmyk { .. } | Model::Ycck { .. } => {
            let inks = inks(pixels, model);
            let by_profile = profile.as_ref().and_then(|profile| colour::inks_to_srgb(&inks, profile));
            let rgb = by_profile.unwrap_or_else(|| multiplied(&inks));
            return RgbImage::from_raw(width, height, rgb).map(DynamicImage::from).ok_or(Unusable::Broken);
        }
    };
    let image = image.ok_or(Unusable::Broken)?;
    Ok(match profile {
        Some(profile) => colour::to_srgb(image, &profile),
        None => image,
    })
}

/// Four components as inks, of which 255 is full.
///
/// As libjpeg has it, YCCK becomes CMYK by making RGB of the three (T.871, 7) and inverting it; black stays.
/// Only then comes Adobe's inversion of all four.
fn inks(mut pixels: Vec<u8>, model: Model) -> Vec<u8> {
    let inverted = match model {
        Model::Cmyk { inverted } | Model::Ycck { inverted } => inverted,
        _ => false,
    };
    for pixel in pixels.as_chunks_mut::<4>().0 {
        let [a, b, c, black] = *pixel;
        let [cyan, magenta, yellow] = match model {
            Model::Ycck { .. } => rgb(a, b, c).map(|channel| 255 - channel),
            _ => [a, b, c],
        };
        *pixel = [cyan, magenta, yellow, black];
        if inverted {
            *pixel = pixel.map(|ink| 255 - ink);
        }
    }
    pixels
}

/// YCbCr as RGB (T.871, 7), in 16 binary places.
fn rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << 16, i32::from(cb) - 128, i32::from(cr) - 128);
    let whole = |sum: i32| u8::try_from(((sum + 0x8000) >> 16).clamp(0, 255)).unwrap_or_default();
    [whole(y + 91_881 * cr), whole(y - 22_554 * cb - 46_802 * cr), whole(y + 116_130 * cb)]
}

/// Inks as browsers show them without a profile: each takes its part of the light.
fn multiplied(inks: &[u8]) -> Vec<u8> {
    let pixels = inks.as_chunks::<4>().0.iter();
    let lights = pixels.map(|inks| inks.map(|ink| u32::from(255 - ink)));
    let channels = lights.map(|[red, green, blue, black]| {
        [red, green, blue].map(|light| u8::try_from((light * black + 127) / 255).unwrap_or(255))
    });
    channels.flatten().collect()
}
