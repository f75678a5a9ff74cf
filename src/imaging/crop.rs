//! Which part of a picture is shown at a size.

/// A size in pixels; neither side is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    width: u32,
    height: u32,
}

impl Size {
    /// A size, unless a side is 0.
    pub const fn new(width: u32, height: u32) -> Option<Self> {
        if width == 0 || height == 0 { None } else { Some(Self { width, height }) }
    }

    /// The width, in pixels.
    pub const fn width(self) -> u32 {
        self.width
    }

    /// The height, in pixels.
    pub const fn height(self) -> u32 {
        self.height
    }

    /// The number of pixels.
    pub const fn pixels(self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// The same shape at `numerator / denominator` of the sides, rounded, and at least one pixel.
    pub(super) fn scaled(self, numerator: u64, denominator: u64) -> Self {
        let side = |side| rounded(u64::from(side) * numerator, denominator);
        Self { width: side(self.width), height: side(self.height) }
    }
}

/// The point of a picture that must stay in view, as parts of its width and height from the upper left
/// corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Focal {
    x: f64,
    y: f64,
}

impl Focal {
    /// The middle, where an author names no other point.
    pub const CENTRE: Self = Self { x: 0.5, y: 0.5 };

    /// A point, if both parts are within 0 to 1.
    pub fn new(x: f64, y: f64) -> Option<Self> {
        let part = |part| (0.0..=1.0).contains(&part);
        (part(x) && part(y)).then_some(Self { x, y })
    }
}

/// A part of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crop {
    pub left: u32,
    pub top: u32,
    pub size: Size,
}

impl Crop {
    /// The largest part of a picture that has the shape of `wanted`, with the focal point as near to its
    /// middle as the picture's edges allow. Its sides are rounded to whole pixels.
    pub fn around(focal: Focal, picture: Size, wanted: Size) -> Self {
        let (width, height) = (u64::from(picture.width), u64::from(picture.height));
        let (across, down) = (u64::from(wanted.width), u64::from(wanted.height));
        let size = if width * down >= height * across {
            Size { width: rounded(height * across, down).min(picture.width), ..picture }
        } else {
            Size { height: rounded(width * down, across).min(picture.height), ..picture }
        };
        Self {
            left: start(focal.x, picture.width, size.width),
            top: start(focal.y, picture.height, size.height),
            size,
        }
    }

    /// All of a picture.
    pub const fn whole(picture: Size) -> Self {
        Self { left: 0, top: 0, size: picture }
    }
}

/// Where a part of a side begins so that the focal point is in its middle, if it can be.
fn start(focal: f64, side: u32, part: u32) -> u32 {
    let room = side.saturating_sub(part);
    let middle = focal * f64::from(side) - f64::from(part) / 2.0;
    // Within 0 and `room`, a whole number, so the conversion is exact.
    middle.round().clamp(0.0, f64::from(room)) as u32
}

/// A quotient, rounded, and at least 1.
fn rounded(dividend: u64, divisor: u64) -> u32 {
    let quotient = (dividend + divisor / 2).checked_div(divisor).unwrap_or(1);
    u32::try_from(quotient).unwrap_or(u32::MAX).max(1)
}
