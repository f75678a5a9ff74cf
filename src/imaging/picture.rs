//! A decoded picture, and the files that are made of it.

use std::borrow::Cow;
use std::fmt;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::DynamicImage;

use super::crop::{Crop, Focal, Size};
use super::encode::{self, Encoded, Pixels};
use super::refusal::Unusable;
use super::wanted::{Formats, Shape, Wanted};

/// The quality of a stored JPEG, and what is tried where that has too many bytes. Below the last, faults show
/// more than fewer pixels would.
const QUALITIES: [u8; 4] = [90, 82, 74, 66];

/// The last quality has somewhat under half the bytes of the first: from further off it is not even tried.
const OUT_OF_REACH: u64 = 3;

/// A drawing, screenshot or chart has no more colours than this; a photograph has several times as many.
const FEW_COLOURS: usize = 4096;

/// The shortest side that a rendition is brought down to, in pixels, to save bytes.
const MIN_SIDE: u32 = 32;

/// A decoded picture: upright, in sRGB, with 8 bits to a channel.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    size: Size,
    /// RGBA if `transparent`, else RGB.
    bytes: Vec<u8>,
    transparent: bool,
    pub(super) drawing: bool,
}

/// Without the pixels: they are of no use in a log.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, transparent, drawing, .. } = self;
        f.debug_struct("Picture")
            .field("size", size)
            .field("transparent", transparent)
            .field("drawing", drawing)
            .finish_non_exhaustive()
    }
}

impl Picture {
    /// Takes decoded pixels; `lossless` says whether they were stored so.
    pub(super) fn new(image: DynamicImage, lossless: bool) -> Result<Self, Unusable> {
        let size = Size::new(image.width(), image.height()).ok_or(Unusable::Broken)?;
        let alpha = image.color().has_alpha();
        let image = if alpha { DynamicImage::from(image.into_rgba8()) } else { image.into_rgb8().into() };
        let transparent = image.as_rgba8().is_some_and(|image| image.pixels().any(|pixel| pixel.0[3] != 255));
        let mut bytes = if transparent { image.into_bytes() } else { image.into_rgb8().into_raw() };
        if transparent {
            clear_hidden(&mut bytes);
        }
        let drawing = lossless && !transparent && has_few_colours(&bytes);
        Ok(Self { size, bytes, transparent, drawing })
    }

    /// The width in pixels.
    pub const fn width(&self) -> u32 {
        self.size.width()
    }

    /// The height in pixels.
    pub const fn height(&self) -> u32 {
        self.size.height()
    }

    /// Whether some pixel really is not opaque.
    pub const fn has_transparency(&self) -> bool {
        self.transparent
    }

    /// Whether it is kept as PNG where PNG is taken: it has transparency, or was stored without loss and has
    /// few colours (at most 4,096), as drawings, charts and screenshots have. All others are photographs to
    /// us.
    pub const fn keeps_png(&self) -> bool {
        self.transparent || self.drawing
    }

    /// The picture at its full size: PNG if [`Self::keeps_png`], else JPEG of quality 90.
    ///
    /// # Errors
    /// None for a picture that [`decode`](super::decode) made under limits of at most 65,535 pixels a side.
    pub fn original(&self) -> Result<Encoded, Unusable> {
        let pixels = self.pixels(&self.bytes, self.size);
        if self.keeps_png() { encode::png(pixels) } else { encode::jpeg(pixels, 90) }
    }

    /// The picture as a channel wants it.
    ///
    /// For a cut: the largest part with the wanted shape, with the focal point as near to its middle as the
    /// edges allow, at the wanted size. It is never enlarged: where the picture is too small, the result is
    /// that part as it is, with the wanted shape and fewer pixels. For the whole: scaled down to the longest
    /// side.
    ///
    /// Scaling is by Lanczos's filter with three lobes, on the stored values, transparency multiplied in. A
    /// JPEG of a transparent picture stands on white.
    ///
    /// The result has at most `wanted.max_bytes`: the quality of a JPEG is lowered from 90 to 66 at most, an
    /// opaque PNG becomes JPEG where that is taken, then the sides are shortened, by a fifth at a time.
    ///
    /// # Errors
    /// [`Unusable::CannotFit`] if 32 pixels on the shorter side have still too many bytes.
    pub fn rendition(&self, wanted: &Wanted, focal: Focal) -> Result<Encoded, Unusable> {
        let (crop, full) = self.framed(wanted.shape, focal);
        let mut size = full;
        loop {
            let bytes = self.resized(crop, size)?;
            if let Some(encoded) = self.fitting(self.pixels(&bytes, size), wanted)? {
                return Ok(encoded);
            }
            let smaller = size.scaled(4, 5);
            if smaller.width().min(smaller.height()) < MIN_SIDE {
                return Err(Unusable::CannotFit { max_bytes: wanted.max_bytes });
            }
            size = smaller;
        }
    }

    /// The part of the picture that is shown, and the size at which it is.
    fn framed(&self, shape: Shape, focal: Focal) -> (Crop, Size) {
        match shape {
            Shape::Cut(wanted) => {
                let crop = Crop::around(focal, self.size, wanted);
                let enough = crop.size.width() >= wanted.width() && crop.size.height() >= wanted.height();
                (crop, if enough { wanted } else { crop.size })
            }
            Shape::Whole { max_side } => {
                let longest = self.width().max(self.height());
                let size = self.size.scaled(longest.min(max_side.max(1)).into(), longest.into());
                (Crop::whole(self.size), size)
            }
        }
    }

    /// These pixels as a file that fits, if there is one without fewer pixels.
    fn fitting(&self, pixels: Pixels<'_>, wanted: &Wanted) -> Result<Option<Encoded>, Unusable> {
        let fits = |encoded: &Encoded| encoded.bytes.len() as u64 <= wanted.max_bytes;
        let png = match wanted.formats {
            Formats::Jpeg => false,
            Formats::Png => true,
            Formats::Either => self.keeps_png(),
        };
        if png {
            let encoded = encode::png(pixels)?;
            if fits(&encoded) {
                return Ok(Some(encoded));
            }
            if self.transparent || wanted.formats == Formats::Png {
                return Ok(None);
            }
        }
        let flat =
            if self.transparent { Cow::Owned(on_white(pixels.bytes)) } else { Cow::Borrowed(pixels.bytes) };
        let pixels = Pixels { bytes: &flat, transparent: false, ..pixels };
        for quality in QUALITIES {
            let encoded = encode::jpeg(pixels, quality)?;
            if fits(&encoded) {
                return Ok(Some(encoded));
            }
            if encoded.bytes.len() as u64 / OUT_OF_REACH > wanted.max_bytes {
                break;
            }
        }
        Ok(None)
    }

    /// A part of the picture at a size that is not larger.
    fn resized(&self, crop: Crop, size: Size) -> Result<Cow<'_, [u8]>, Unusable> {
        if crop.size == size {
            return Ok(self.part(crop));
        }
        let kind = if self.transparent { PixelType::U8x4 } else { PixelType::U8x3 };
        let source =
            ImageRef::new(self.width(), self.height(), &self.bytes, kind).map_err(|_| Unusable::Broken)?;
        let mut result = Image::new(size.width(), size.height(), kind);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
            .use_alpha(self.transparent)
            .crop(crop.left.into(), crop.top.into(), crop.size.width().into(), crop.size.height().into());
        Resizer::new().resize(&source, &mut result, &options).map_err(|_| Unusable::Broken)?;
        Ok(Cow::Owned(result.into_vec()))
    }

    /// A part of the picture as it is.
    fn part(&self, crop: Crop) -> Cow<'_, [u8]> {
        if crop.size == self.size {
            return Cow::Borrowed(&self.bytes);
        }
        let pixel = if self.transparent { 4 } else { 3 };
        let length = |pixels: u32| pixels as usize * pixel;
        let rows = self.bytes.chunks_exact(length(self.width()));
        let rows = rows.skip(crop.top as usize).take(crop.size.height() as usize);
        let start = length(crop.left);
        let parts = rows.filter_map(|row| row.get(start..start + length(crop.size.width())));
        Cow::Owned(parts.flatten().copied().collect())
    }

    const fn pixels<'a>(&self, bytes: &'a [u8], size: Size) -> Pixels<'a> {
        Pixels { bytes, width: size.width(), height: size.height(), transparent: self.transparent }
    }
}

/// Takes away the colours of pixels that cannot be seen: programs leave there what was erased.
fn clear_hidden(rgba: &mut [u8]) {
    for pixel in rgba.as_chunks_mut::<4>().0 {
        if let [_, _, _, 0] = pixel {
            *pixel = [0; 4];
        }
    }
}

/// Transparent pixels on white.
fn on_white(rgba: &[u8]) -> Vec<u8> {
    let blend = |channel: u8, alpha: u8| {
        let sum = u32::from(channel) * u32::from(alpha) + 255 * u32::from(255 - alpha);
        u8::try_from((sum + 127) / 255).unwrap_or(255)
    };
    let pixels = rgba.as_chunks::<4>().0.iter();
    pixels
        .flat_map(|[red, green, blue, alpha]| [red, green, blue].map(|channel| blend(*channel, *alpha)))
        .collect()
}

/// Whether there are at most [`FEW_COLOURS`]. A photograph is told after a few of its rows.
fn has_few_colours(rgb: &[u8]) -> bool {
    let mut seen = vec![0_u64; 1 << 18];
    let mut count = 0;
    let mut last = None;
    for pixel in rgb.as_chunks::<3>().0 {
        if last.replace(*pixel) == Some(*pixel) {
            continue;
        }
        let [red, green, blue] = pixel.map(usize::from);
        let colour = red << 16 | green << 8 | blue;
        let bit = 1 << (colour % 64);
        // There is a bit for each of the 2^24 colours.
        let Some(bits) = seen.get_mut(colour / 64).filter(|bits| **bits & bit == 0) else {
            continue;
        };
        *bits |= bit;
        count += 1;
        if count > FEW_COLOURS {
            return false;
        }
    }
    true
}
