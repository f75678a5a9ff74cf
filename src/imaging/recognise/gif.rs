//! GIF, block by block (GIF89a specification, sections 17 to 27).

use image::metadata::Orientation;

use super::bytes::{array, le16};
use super::{Anatomy, Colour, Format, Limits, Recognised};
use crate::imaging::refusal::Unusable;

const EXTENSION: u8 = 0x21;
const FRAME: u8 = 0x2C;
const TRAILER: u8 = 0x3B;

/// GIF is decoded into RGBA.
const PIXEL_BYTES: u32 = 4;

/// Walks a file that begins as GIF does. Ends at the second frame: how many more there are makes no
/// difference.
pub fn walk(bytes: &[u8], limits: &Limits) -> Result<Anatomy, Unusable> {
    let (width, height, flags) = size_and_flags(bytes, 6)?;
    limits.check(width, height, PIXEL_BYTES)?;
    // The screen's size, flags, background and aspect are 7 bytes.
    let mut at = 13 + palette(flags);
    let mut frames = 0;
    loop {
        // A few writers leave out the trailer; behind a whole frame nothing is missing but that.
        let kind = match bytes.get(at) {
            Some(kind) => *kind,
            None if frames > 0 => break,
            None => return Err(Unusable::Truncated),
        };
        at += 1;
        match kind {
            EXTENSION => at = after_sub_blocks(bytes, at + 1)?,
            FRAME if frames > 0 => return Err(Unusable::Animated),
            FRAME => {
                frames += 1;
                let (width, height, flags) = size_and_flags(bytes, at + 4)?;
                limits.check(width, height, PIXEL_BYTES)?;
                // Place and size, flags, palette, and the codes' first width.
                at = after_sub_blocks(bytes, at + 9 + palette(flags) + 1)?;
            }
            TRAILER if frames > 0 => break,
            _ => return Err(Unusable::Broken),
        }
    }
    Ok(Anatomy {
        seen: Recognised { format: Format::Gif, width, height },
        parts: std::iter::once(0..at).collect(),
        orientation: Orientation::NoTransforms,
        // Browsers ignore a profile in a GIF, and hardly a file has one.
        colour: Colour::Srgb,
        end: at,
    })
}

fn size_and_flags(bytes: &[u8], at: usize) -> Result<(u32, u32, u8), Unusable> {
    let read = || Some((le16(bytes, at)?, le16(bytes, at + 2)?, array::<1>(bytes, at + 4)?));
    let (width, height, [flags]) = read().ok_or(Unusable::Truncated)?;
    Ok((width.into(), height.into(), flags))
}

/// The bytes of the palette that these flags announce.
fn palette(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// The place behind a row of sub-blocks, each with its length before it, the last one empty.
fn after_sub_blocks(bytes: &[u8], mut at: usize) -> Result<usize, Unusable> {
    loop {
        let length = usize::from(*bytes.get(at).ok_or(Unusable::Truncated)?);
        at += 1 + length;
        if length == 0 {
            return Ok(at);
        }
    }
}
