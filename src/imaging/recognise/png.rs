//! PNG, chunk by chunk (PNG specification, third edition, sections 5 and 11).

use std::ops::Range;

use image::metadata::Orientation;

use super::bytes::{array, be32};
use super::{Anatomy, Colour, Format, Limits, Recognised, exif};
use crate::imaging::refusal::Unusable;

pub const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1A\n";

/// A profile that is packed larger than this is not used: those of displays and cameras have a few KiB.
const MAX_PACKED_PROFILE: usize = 1 << 20;

/// `gAMA` of sRGB as encoders write it, times 100,000. It stands for sRGB's own curve, not for a power.
const SRGB_GAMMA: u32 = 45_455;

/// What a PNG without a profile says of its colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said {
    /// `cICP`: the code points of the primaries and of the transfer (ITU-T H.273).
    Codes(u8, u8),
    /// `gAMA` and `cHRM`: the exponent of the stored values, if it is not sRGB's curve, and x and y of white,
    /// red, green and blue.
    Measures(Option<f32>, Option<[f32; 8]>),
}

/// Walks a file that begins as PNG does.
pub fn walk(bytes: &[u8], limits: &Limits) -> Result<Anatomy, Unusable> {
    let mut found = Found::new(bytes, limits)?;
    let mut at = SIGNATURE.len();
    let end = loop {
        let (kind, range) = chunk(bytes, at)?;
        let body = bytes.get(range.clone()).ok_or(Unusable::Truncated)?;
        // Behind a body stand the 4 bytes of its check sum.
        let next = range.end + 4;
        if found.chunk(kind, body)? {
            found.parts.push(at..next);
        }
        if kind == *b"IEND" {
            break next;
        }
        at = next;
    };
    if end > bytes.len() {
        return Err(Unusable::Truncated);
    }
    if !found.data {
        return Err(Unusable::Broken);
    }
    limits.check(found.width, found.height, found.pixel_bytes())?;
    Ok(found.into_anatomy(end))
}

/// The chunk at a place: its kind, and where its body is.
fn chunk(bytes: &[u8], at: usize) -> Result<([u8; 4], Range<usize>), Unusable> {
    let (length, kind) = be32(bytes, at).zip(array::<4>(bytes, at + 4)).ok_or(Unusable::Truncated)?;
    let length = usize::try_from(length).ok().filter(|length| *length < 1 << 31);
    let start = at + 8;
    let end = length.and_then(|length| start.checked_add(length)).ok_or(Unusable::Broken)?;
    if !kind.iter().all(u8::is_ascii_alphabetic) {
        return Err(Unusable::Broken);
    }
    Ok((kind, start..end))
}

struct Found {
    width: u32,
    height: u32,
    depth: u8,
    kind: u8,
    transparency: bool,
    data: bool,
    parts: Vec<Range<usize>>,
    orientation: Orientation,
    codes: Option<Said>,
    profile: bool,
    srgb: bool,
    gamma: Option<u32>,
    primaries: Option<[f32; 8]>,
}

impl Found {
    /// Reads the first chunk, `IHDR`.
    fn new(bytes: &[u8], limits: &Limits) -> Result<Self, Unusable> {
        let first = SIGNATURE.len();
        if array::<8>(bytes, first).ok_or(Unusable::Truncated)? != *b"\0\0\0\x0DIHDR" {
            return Err(Unusable::Broken);
        }
        let sides = be32(bytes, first + 8).zip(be32(bytes, first + 12));
        let (width, height) = sides.ok_or(Unusable::Truncated)?;
        let [depth, kind] = array(bytes, first + 16).ok_or(Unusable::Truncated)?;
        let found = Self {
            width,
            height,
            depth,
            kind,
            transparency: false,
            data: false,
            parts: std::iter::once(0..first).collect(),
            orientation: Orientation::NoTransforms,
            codes: None,
            profile: false,
            srgb: false,
            gamma: None,
            primaries: None,
        };
        // Before anything else: however short the rest is, a bomb is called a bomb.
        limits.check(width, height, found.pixel_bytes())?;
        Ok(found)
    }

    /// The bytes of a decoded pixel. What has fewer channels than RGB is converted to it.
    fn pixel_bytes(&self) -> u32 {
        let alpha = self.transparency || self.kind & 4 != 0;
        let bytes = if self.depth == 16 { 2 } else { 1 };
        (3 + u32::from(alpha)) * bytes
    }

    /// Takes note of a chunk, and says whether the decoder needs it.
    fn chunk(&mut self, kind: [u8; 4], body: &[u8]) -> Result<bool, Unusable> {
        match &kind {
            b"IHDR" | b"PLTE" | b"IEND" => return Ok(true),
            b"IDAT" => {
                self.data = true;
                return Ok(true);
            }
            b"tRNS" => {
                self.transparency = true;
                return Ok(true);
            }
            b"iCCP" => {
                self.profile = body.len() <= MAX_PACKED_PROFILE;
                return Ok(self.profile);
            }
            b"fdAT" => return Err(Unusable::Animated),
            // One frame is a still picture: the one in IDAT.
            b"acTL" if be32(body, 0).is_some_and(|frames| frames > 1) => return Err(Unusable::Animated),
            b"eXIf" => self.orientation = exif::orientation(body),
            b"sRGB" => self.srgb = true,
            b"cICP" => {
                self.codes = array(body, 0).map(|[primaries, transfer]| Said::Codes(primaries, transfer))
            }
            b"gAMA" => self.gamma = be32(body, 0),
            b"cHRM" => self.primaries = primaries(body),
            _ => {}
        }
        Ok(false)
    }

    /// The order is that of section 4.3 of the specification: `cICP`, `iCCP`, `sRGB`, then the rest.
    fn colour(&self) -> Colour {
        if let Some(codes) = self.codes {
            return Colour::Said(codes);
        }
        if self.profile {
            return Colour::Packed;
        }
        // A gamma of 0 means nothing, and others than 0.1 to 10 are faults.
        let gamma = self.gamma.filter(|gamma| (10_000..=1_000_000).contains(gamma));
        let (false, Some(gamma)) = (self.srgb, gamma) else {
            return Colour::Srgb;
        };
        let exponent = (gamma.abs_diff(SRGB_GAMMA) > 500).then(|| 100_000.0 / gamma as f32);
        Colour::Said(Said::Measures(exponent, self.primaries))
    }

    fn into_anatomy(self, end: usize) -> Anatomy {
        Anatomy {
            seen: Recognised { format: Format::Png, width: self.width, height: self.height },
            orientation: self.orientation,
            colour: self.colour(),
            parts: self.parts,
            end,
        }
    }
}

/// `cHRM`: eight numbers, times 100,000.
fn primaries(body: &[u8]) -> Option<[f32; 8]> {
    let mut numbers = [0.0; 8];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = be32(body, index * 4)? as f32 / 100_000.0;
    }
    // White's y is divided by; nothing real is near 0, or over 1 in y.
    let [_, white, ..] = numbers;
    (white > 0.01 && numbers.iter().all(|number| (0.0..=2.0).contains(number))).then_some(numbers)
}
