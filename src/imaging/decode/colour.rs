//! Into sRGB, by a profile.

use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};
use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace, Layout,
    MatrixCoefficients, ToneReprCurve, TransferCharacteristics, TransformOptions, XyY,
};

use crate::imaging::recognise::Said;

/// How many pixels are converted at a time.
const BATCH: usize = 4096;

/// The profile in these bytes, if it can be read.
pub fn parsed(bytes: &[u8]) -> Option<ColorProfile> {
    ColorProfile::new_from_slice(bytes).ok()
}

/// The profile that a PNG's own words amount to. HDR is left as it is: to show it in sRGB takes a choice of
/// what to lose, which is the author's.
pub fn said(said: Said) -> Option<ColorProfile> {
    match said {
        Said::Codes(primaries, transfer) => {
            let transfer_characteristics = TransferCharacteristics::try_from(transfer).ok()?;
            let hdr = [TransferCharacteristics::Smpte2084, TransferCharacteristics::Hlg];
            if hdr.contains(&transfer_characteristics) {
                return None;
            }
            let profile = ColorProfile::new_from_cicp(CicpProfile {
                color_primaries: CicpColorPrimaries::try_from(primaries).ok()?,
                transfer_characteristics,
                matrix_coefficients: MatrixCoefficients::Identity,
                full_range: true,
            });
            profile.red_trc.is_some().then_some(profile)
        }
        Said::Measures(exponent, measures) => {
            let mut profile = ColorProfile::new_srgb();
            if let Some([wx, wy, rx, ry, gx, gy, bx, by]) = measures {
                let at = |x, y| Chromaticity { x, y };
                let primaries = ColorPrimaries { red: at(rx, ry), green: at(gx, gy), blue: at(bx, by) };
                let white = XyY { x: f64::from(wx), y: f64::from(wy), yb: 1.0 };
                profile.update_rgb_colorimetry(white, primaries);
            }
            if let Some(exponent) = exponent {
                let curve = Some(ToneReprCurve::Parametric(vec![exponent]));
                (profile.red_trc, profile.green_trc, profile.blue_trc) =
                    (curve.clone(), curve.clone(), curve);
                profile.cicp = None;
            }
            Some(profile)
        }
    }
}

/// The same pixels in sRGB, as they are if the profile is not one for them.
pub fn to_srgb(image: DynamicImage, profile: &ColorProfile) -> DynamicImage {
    match (profile.color_space, image) {
        (DataColorSpace::Gray, DynamicImage::ImageLuma8(grey)) => grey_to_srgb(grey, profile),
        (DataColorSpace::Gray, DynamicImage::ImageLumaA8(grey)) => grey_alpha_to_srgb(grey, profile),
        (DataColorSpace::Rgb, DynamicImage::ImageRgba8(mut rgba)) => {
            convert(&mut rgba, profile, Layout::Rgba);
            rgba.into()
        }
        (DataColorSpace::Rgb, DynamicImage::ImageLumaA8(grey)) => {
            let mut rgba = DynamicImage::from(grey).into_rgba8();
            convert(&mut rgba, profile, Layout::Rgba);
            rgba.into()
        }
        (DataColorSpace::Rgb, image) => {
            let mut rgb = image.into_rgb8();
            convert(&mut rgb, profile, Layout::Rgb);
            rgb.into()
        }
        (_, image) => image,
    }
}

/// Inks become RGB by their profile; nothing if it is not one for inks. 255 is full ink.
pub fn inks_to_srgb(inks: &[u8], profile: &ColorProfile) -> Option<Vec<u8>> {
    if profile.color_space != DataColorSpace::Cmyk {
        return None;
    }
    widened(inks, profile, (Layout::Rgba, 4), (Layout::Rgb, 3))
}

fn grey_to_srgb(grey: GrayImage, profile: &ColorProfile) -> DynamicImage {
    let (width, height) = grey.dimensions();
    let rgb = widened(&grey, profile, (Layout::Gray, 1), (Layout::Rgb, 3));
    let rgb = rgb.and_then(|rgb| RgbImage::from_raw(width, height, rgb));
    rgb.map_or_else(|| grey.into(), DynamicImage::from)
}

fn grey_alpha_to_srgb(grey: GrayAlphaImage, profile: &ColorProfile) -> DynamicImage {
    let (width, height) = grey.dimensions();
    let rgba = widened(&grey, profile, (Layout::GrayAlpha, 2), (Layout::Rgba, 4));
    let rgba = rgba.and_then(|rgba| RgbaImage::from_raw(width, height, rgba));
    rgba.map_or_else(|| grey.into(), DynamicImage::from)
}

/// Pixels of one layout as pixels of another, in sRGB. A layout comes with the bytes of its pixels.
fn widened(
    source: &[u8],
    profile: &ColorProfile,
    from: (Layout, usize),
    to: (Layout, usize),
) -> Option<Vec<u8>> {
    let srgb = ColorProfile::new_srgb();
    let transform = profile.create_transform_8bit(from.0, &srgb, to.0, TransformOptions::default()).ok()?;
    let mut result = vec![0; source.len() / from.1 * to.1];
    let batches = source.chunks(BATCH * from.1).zip(result.chunks_mut(BATCH * to.1));
    for (source, result) in batches {
        transform.transform(source, result).ok()?;
    }
    Some(result)
}

/// Converts pixels where they are. Leaves them if the profile cannot be applied, or is sRGB in all but name.
fn convert(pixels: &mut [u8], profile: &ColorProfile, layout: Layout) {
    let srgb = ColorProfile::new_srgb();
    let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default())
    else {
        return;
    };
    let probe = probe(layout);
    let mut seen = vec![0; probe.len()];
    let tried = transform.transform(&probe, &mut seen);
    if tried.is_err() || probe.iter().zip(&seen).all(|(before, after)| before.abs_diff(*after) <= 1) {
        return;
    }
    let pixel_bytes = if layout == Layout::Rgba { 4 } else { 3 };
    let mut before = Vec::with_capacity(BATCH * pixel_bytes);
    for batch in pixels.chunks_mut(BATCH * pixel_bytes) {
        before.clear();
        before.extend_from_slice(batch);
        if transform.transform(&before, batch).is_err() {
            batch.copy_from_slice(&before);
        }
    }
}

/// Colours from all over the cube, opaque.
fn probe(layout: Layout) -> Vec<u8> {
    let steps = || (0..=255_u8).step_by(17);
    let mut colours = Vec::new();
    for red in steps() {
        for green in steps() {
            for blue in steps() {
                colours.extend_from_slice(&[red, green, blue]);
                if layout == Layout::Rgba {
                    colours.push(255);
                }
            }
        }
    }
    colours
}
