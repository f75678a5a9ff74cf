//! WebP, chunk by chunk (RFC 9649).

use image::metadata::Orientation;

use super::bytes::{array, le16, le24, le32};
use super::{Anatomy, Colour, Format, Limits, Recognised, exif};
use crate::imaging::refusal::Unusable;

/// Lossless data are decoded by way of RGBA, whether or not they have transparency.
const PIXEL_BYTES: u32 = 4;

/// The flag of an animation in `VP8X` (RFC 9649, 2.7.1).
const ANIMATION: u8 = 0x02;

/// Walks a file that begins as WebP does.
pub fn walk(bytes: &[u8], limits: &Limits) -> Result<Anatomy, Unusable> {
    let size = le32(bytes, 4).and_then(|size| usize::try_from(size).ok()).ok_or(Unusable::Truncated)?;
    let end = size.checked_add(8).ok_or(Unusable::Broken)?;
    let mut found = Found::default();
    let mut at = 12;
    while at < end {
        let (kind, body, next) = chunk(bytes, at, end)?;
        found.chunk(kind, body, limits)?;
        at = next;
    }
    if end > bytes.len() {
        return Err(Unusable::Truncated);
    }
    let (width, height) = found.pixels.ok_or(Unusable::Broken)?;
    if found.canvas.is_some_and(|canvas| canvas != (width, height)) {
        return Err(Unusable::Broken);
    }
    Ok(Anatomy {
        seen: Recognised { format: Format::WebP, width, height },
        parts: std::iter::once(0..end).collect(),
        orientation: found.orientation,
        colour: found.profile.map_or(Colour::Srgb, Colour::Profile),
        end,
    })
}

/// The chunk at a place: its kind, its body and the place of the next one. An odd body is padded by a byte.
fn chunk(bytes: &[u8], at: usize, end: usize) -> Result<([u8; 4], &[u8], usize), Unusable> {
    let head = array::<4>(bytes, at).zip(le32(bytes, at + 4));
    let (kind, length) = head.ok_or(Unusable::Truncated)?;
    let start = at + 8;
    let length = usize::try_from(length).map_err(|_| Unusable::Broken)?;
    let stop = start.checked_add(length).filter(|stop| *stop <= end).ok_or(Unusable::Broken)?;
    // The size stands in a chunk's first bytes: a bomb need not be whole to be one.
    let body = bytes.get(start..stop.min(bytes.len())).ok_or(Unusable::Truncated)?;
    Ok((kind, body, stop + length % 2))
}

struct Found {
    canvas: Option<(u32, u32)>,
    pixels: Option<(u32, u32)>,
    orientation: Orientation,
    profile: Option<Vec<u8>>,
}

impl Default for Found {
    fn default() -> Self {
        Self { canvas: None, pixels: None, orientation: Orientation::NoTransforms, profile: None }
    }
}

impl Found {
    fn chunk(&mut self, kind: [u8; 4], body: &[u8], limits: &Limits) -> Result<(), Unusable> {
        match &kind {
            b"VP8X" => {
                let [flags] = array(body, 0).ok_or(Unusable::Truncated)?;
                if flags & ANIMATION != 0 {
                    return Err(Unusable::Animated);
                }
                let sides = le24(body, 4).zip(le24(body, 7)).ok_or(Unusable::Truncated)?;
                self.canvas = Some((sides.0 + 1, sides.1 + 1));
                limits.check(sides.0 + 1, sides.1 + 1, PIXEL_BYTES)?;
            }
            b"ANIM" | b"ANMF" => return Err(Unusable::Animated),
            b"VP8 " => self.pixels(lossy(body)?, limits)?,
            b"VP8L" => self.pixels(lossless(body)?, limits)?,
            b"EXIF" => self.orientation = exif::orientation(body),
            b"ICCP" => self.profile = Some(body.to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn pixels(&mut self, (width, height): (u32, u32), limits: &Limits) -> Result<(), Unusable> {
        limits.check(width, height, PIXEL_BYTES)?;
        match self.pixels.replace((width, height)) {
            Some(_) => Err(Unusable::Broken),
            None => Ok(()),
        }
    }
}

/// The size of lossy data (RFC 6386, 9.1): behind the frame's tag and start code, two bits each of scaling.
fn lossy(body: &[u8]) -> Result<(u32, u32), Unusable> {
    let start = array::<3>(body, 3).ok_or(Unusable::Truncated)?;
    if start != [0x9D, 0x01, 0x2A] {
        return Err(Unusable::Broken);
    }
    let (width, height) = le16(body, 6).zip(le16(body, 8)).ok_or(Unusable::Truncated)?;
    Ok((u32::from(width & 0x3FFF), u32::from(height & 0x3FFF)))
}

/// The size of lossless data (RFC 9649, 3.4): behind a signature, 14 bits for each side less one.
fn lossless(body: &[u8]) -> Result<(u32, u32), Unusable> {
    if array(body, 0).ok_or(Unusable::Truncated)? != [0x2F] {
        return Err(Unusable::Broken);
    }
    let bits = le32(body, 1).ok_or(Unusable::Truncated)?;
    Ok(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
}
