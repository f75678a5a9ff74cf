//! Which files are made of a picture, from what the channels say of images.

use super::crop::Size;

/// The most bytes of a picture that every channel takes; it stands in where a channel publishes no limit.
/// Source: the channel table's `portable_image_max_bytes`.
pub const PORTABLE_MAX_BYTES: u64 = 2_000_000;

/// The longest side of an uncut picture, in pixels: the feeds show none larger.
const WHOLE_SIDE: u32 = 2048;

/// What a channel says of images; the `image_` fields of the channel table. In the figures, 0 means that no
/// limit is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageFacts {
    /// The channel.
    pub channel: String,
    /// The recommended sizes.
    pub recommended: Vec<Size>,
    /// The types that it takes, as `jpg`, `png` and others. Empty: it says nothing, and both of these will
    /// do.
    pub formats: Vec<String>,
    /// The most bytes.
    pub max_bytes: u64,
    /// The most pixels.
    pub max_pixels: u64,
    /// The longest side, in pixels.
    pub max_dimension: u32,
    /// The greatest width, in pixels.
    pub max_width: u32,
    /// The least width for a height.
    pub aspect_min: f64,
    /// The greatest width for a height.
    pub aspect_max: f64,
}

/// The shape of a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Cut to a size.
    Cut(Size),
    /// All of it, no side longer than this; pixels.
    Whole {
        /// The longest side.
        max_side: u32,
    },
}

/// The types that a rendition may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formats {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// PNG for a picture that keeps it, unless it is opaque and has too many bytes; else JPEG.
    Either,
}

/// A file to be made of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its shape.
    pub shape: Shape,
    /// Its types.
    pub formats: Formats,
    /// The most bytes that it may have.
    pub max_bytes: u64,
    /// The channels that it is for, in the order of the table.
    pub channels: Vec<String>,
}

/// The files that serve all these channels; `keeps_png` is the picture's.
///
/// One file is made for channels that recommend sizes of about the same shape (within 1 %), if it has the
/// pixels that each of them recommends (within 1 %) and is within each one's limits. The size that most
/// channels recommend comes first, then the one with most pixels, so the common sizes are exact. Its bytes
/// are the least that one of its channels allows. Channels that do not take PNG get a file of their own only
/// of a picture that keeps PNG.
///
/// Besides, one file has the picture uncut, for channels without recommended sizes and for those that bound
/// neither shape nor width: not every picture bears cutting.
///
/// A channel that takes neither JPEG nor PNG gets none. The result depends on the order of the channels only
/// in the order of names.
pub fn wanted(channels: &[ImageFacts], keeps_png: bool) -> Vec<Wanted> {
    let mut sizes: Vec<Size> = channels.iter().flat_map(|channel| &channel.recommended).copied().collect();
    let asked = sizes.clone();
    let popularity = |size: &Size| asked.iter().filter(|asked| *asked == size).count();
    sizes.sort_unstable_by_key(|size| std::cmp::Reverse((popularity(size), size.pixels(), size.width())));
    sizes.dedup();

    let mut result = Vec::new();
    for size in sizes {
        for channel in channels.iter().filter(|channel| channel.recommended.contains(&size)) {
            join(&mut result, channel, Shape::Cut(size), keeps_png);
        }
    }
    for channel in channels.iter().filter(|channel| channel.takes_whole()) {
        join(&mut result, channel, channel.whole(), keeps_png);
    }
    result
}

/// Adds a channel to a file that serves it, or a file for it.
fn join(result: &mut Vec<Wanted>, channel: &ImageFacts, shape: Shape, keeps_png: bool) {
    let Some(formats) = channel.formats(keeps_png) else {
        return;
    };
    let serves = |wanted: &&mut Wanted| {
        wanted.formats == formats
            && match (wanted.shape, shape) {
                (Shape::Cut(made), Shape::Cut(size)) => serves(made, size) && channel.accepts(made),
                (made, shape) => made == shape,
            }
    };
    let max_bytes = if channel.max_bytes == 0 { PORTABLE_MAX_BYTES } else { channel.max_bytes };
    match result.iter_mut().find(serves) {
        Some(wanted) => {
            wanted.max_bytes = wanted.max_bytes.min(max_bytes);
            if !wanted.channels.contains(&channel.channel) {
                wanted.channels.push(channel.channel.clone());
            }
        }
        None => result.push(Wanted { shape, formats, max_bytes, channels: vec![channel.channel.clone()] }),
    }
}

/// Whether a file of the size `made` does for one that is to be `size`.
fn serves(made: Size, size: Size) -> bool {
    let enough = |made: u32, wanted: u32| u64::from(made) * 100 >= u64::from(wanted) * 99;
    let (across, down) = (
        u64::from(made.width()) * u64::from(size.height()),
        u64::from(size.width()) * u64::from(made.height()),
    );
    enough(made.width(), size.width())
        && enough(made.height(), size.height())
        && across.abs_diff(down) * 100 <= across.min(down)
}

impl ImageFacts {
    /// The types to make for it, if it takes one.
    fn formats(&self, keeps_png: bool) -> Option<Formats> {
        let takes = |names: &[&str]| {
            self.formats.is_empty() || self.formats.iter().any(|format| names.contains(&format.as_str()))
        };
        match (takes(&["jpg", "jpeg"]), takes(&["png"])) {
            (true, true) if keeps_png => Some(Formats::Either),
            (true, _) => Some(Formats::Jpeg),
            (false, true) => Some(Formats::Png),
            (false, false) => None,
        }
    }

    /// Whether a size is within its limits.
    fn accepts(&self, size: Size) -> bool {
        let within = |value: u64, limit: u64| limit == 0 || value <= limit;
        let aspect = f64::from(size.width()) / f64::from(size.height());
        within(size.pixels(), self.max_pixels)
            && within(size.width().into(), self.max_width.into())
            && within(size.width().max(size.height()).into(), self.max_dimension.into())
            && aspect >= self.aspect_min
            && (self.aspect_max == 0.0 || aspect <= self.aspect_max)
    }

    /// Whether an uncut picture is of use to it.
    fn takes_whole(&self) -> bool {
        let bounded = self.max_width > 0 || self.aspect_min > 0.0 || self.aspect_max > 0.0;
        self.recommended.is_empty() || !bounded
    }

    fn whole(&self) -> Shape {
        let least = |side: u32, limit: u32| if limit == 0 { side } else { side.min(limit) };
        let square = u32::try_from(self.max_pixels.isqrt()).unwrap_or(u32::MAX);
        let max_side = [self.max_dimension, self.max_width, square].into_iter().fold(WHOLE_SIDE, least);
        Shape::Whole { max_side }
    }
}
