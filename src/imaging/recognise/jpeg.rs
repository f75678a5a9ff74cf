//! JPEG, segment by segment (ITU-T T.81, annex B; T.872 for the application's segments).

use std::ops::Range;

use image::metadata::Orientation;

use super::bytes::{array, be16};
use super::{Anatomy, Colour, Format, Limits, Recognised, exif};
use crate::imaging::refusal::Unusable;

/// As many scans as no encoder writes: each of them costs a walk over all pixels.
const MAX_SCANS: u32 = 64;

/// The parts of a profile are numbered in one byte (ICC.1:2022, annex B.4).
const PROFILE_MARK: &[u8] = b"ICC_PROFILE\0";

/// What the components of a pixel are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// One: brightness.
    Grey,
    /// Three: brightness and two differences.
    YCbCr,
    /// Three: red, green, blue.
    Rgb,
    /// Four inks; `inverted` if 255 means none, as Adobe's programs write them.
    Cmyk {
        /// Whether 255 means no ink.
        inverted: bool,
    },
    /// Four: three inks as [`Model::YCbCr`], and black.
    Ycck {
        /// Whether 255 means no ink.
        inverted: bool,
    },
}

/// What a decoder must be told of a JPEG.
pub struct Jpeg {
    /// What its components are.
    pub model: Model,
    /// Whether the decoder bears data behind the last scan.
    pub sentinel: bool,
    /// An ICC profile.
    pub profile: Option<Vec<u8>>,
}

/// The picture's size and kind, from its frame header.
struct Frame {
    width: u32,
    height: u32,
    components: u8,
    progressive: bool,
    subsampled: bool,
    /// The bytes of one pixel's coefficients, where all of them must be kept.
    coefficient_bytes: u32,
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    parts: Vec<Range<usize>>,
    frame: Option<Frame>,
    scans: u32,
    /// How many parts there were up to the last scan, with it.
    to_last_scan: usize,
    jfif: bool,
    adobe: Option<u8>,
    orientation: Orientation,
    profile: Vec<(u8, &'a [u8])>,
}

/// Walks a file that begins as JPEG does.
///
/// Only what the pixels are made of is kept as parts; the start and end of the image and stray bytes between
/// segments are not.
pub fn walk(bytes: &[u8], limits: &Limits) -> Result<Anatomy, Unusable> {
    let mut walk = Walk {
        bytes,
        at: 2,
        parts: Vec::new(),
        frame: None,
        scans: 0,
        to_last_scan: 0,
        jfif: false,
        adobe: None,
        orientation: Orientation::NoTransforms,
        profile: Vec::new(),
    };
    while walk.segment(limits)? {}
    let (model, profile) = (walk.model()?, walk.profile());
    let frame = walk.frame.filter(|_| walk.scans > 0).ok_or(Unusable::Broken)?;
    walk.parts.truncate(walk.to_last_scan);
    // Between the scans of other files the decoder looks for the next one; of these it reads none behind the
    // last.
    let sentinel = !frame.progressive || walk.scans > 1;
    Ok(Anatomy {
        seen: Recognised { format: Format::Jpeg, width: frame.width, height: frame.height },
        parts: walk.parts,
        orientation: walk.orientation,
        colour: Colour::Jpeg(Jpeg { model, sentinel, profile }),
        end: walk.at,
    })
}

impl<'a> Walk<'a> {
    /// Goes over one segment. False at the end of the image.
    fn segment(&mut self, limits: &Limits) -> Result<bool, Unusable> {
        let marker = self.marker()?;
        let start = self.at;
        match marker {
            0xD9 => return Ok(false),
            // A second start; only a broken or doctored file has it before the end.
            0xD8 => return Err(Unusable::Broken),
            // Stray restarts and the marker without meaning have no body.
            0x01 | 0xD0..=0xD7 => return Ok(true),
            _ => {}
        }
        let body = self.body()?;
        match marker {
            0xC0..=0xC2 => self.frame_header(marker, body, limits)?,
            // Lossless, hierarchical and arithmetically coded frames, which hardly a program reads.
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCF => return Err(uncommon()),
            // The height comes behind the first scan: nothing could be said of the size before.
            0xDC => return Err(uncommon()),
            0xC4 | 0xDB | 0xDD => {}
            0xDA => self.scan(body, limits)?,
            0xE0 => self.jfif |= body.starts_with(b"JFIF\0"),
            0xE1 if body.starts_with(b"Exif\0\0") => self.orientation = exif::orientation(body),
            0xE2 => self.profile_part(body),
            0xEE if body.starts_with(b"Adobe") => self.adobe = array(body, 11).map(|[transform]| transform),
            _ => {}
        }
        if matches!(marker, 0xC0..=0xC2 | 0xC4 | 0xDA | 0xDB | 0xDD) {
            self.parts.push(start.saturating_sub(2)..self.at);
        }
        if marker == 0xDA {
            self.to_last_scan = self.parts.len();
        }
        Ok(true)
    }

    /// The next marker's second byte. Bytes before it that belong to nothing are passed over, as every reader
    /// does.
    fn marker(&mut self) -> Result<u8, Unusable> {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let fill = rest.iter().position(|byte| *byte == 0xFF).ok_or(Unusable::Truncated)?;
            let next = *rest.get(fill + 1).ok_or(Unusable::Truncated)?;
            match next {
                0xFF => self.at += fill + 1,
                0x00 => self.at += fill + 2,
                marker => {
                    self.at += fill + 2;
                    return Ok(marker);
                }
            }
        }
    }

    /// The body of the segment whose length stands here.
    fn body(&mut self) -> Result<&'a [u8], Unusable> {
        let length = usize::from(be16(self.bytes, self.at).ok_or(Unusable::Truncated)?);
        if length < 2 {
            return Err(Unusable::Broken);
        }
        let body = self.bytes.get(self.at + 2..self.at + length).ok_or(Unusable::Truncated)?;
        self.at += length;
        Ok(body)
    }

    fn frame_header(&mut self, marker: u8, body: &[u8], limits: &Limits) -> Result<(), Unusable> {
        let read = || Some((array::<1>(body, 0)?, be16(body, 1)?, be16(body, 3)?, array::<1>(body, 5)?));
        let ([depth], height, width, [components]) = read().ok_or(Unusable::Broken)?;
        if depth != 8 || !matches!(components, 1 | 3 | 4) {
            return Err(uncommon());
        }
        let mut samplings = Vec::new();
        for index in 0..usize::from(components) {
            let [_, sampling, _] = array(body, 6 + index * 3).ok_or(Unusable::Broken)?;
            samplings.push((u32::from(sampling >> 4), u32::from(sampling & 15)));
        }
        if samplings.iter().any(|(across, down)| !(1..=4).contains(across) || !(1..=4).contains(down)) {
            return Err(Unusable::Broken);
        }
        let across = samplings.iter().map(|(across, _)| *across).max().unwrap_or(1);
        let down = samplings.iter().map(|(_, down)| *down).max().unwrap_or(1);
        let known = |(across, down): &(u32, u32)| across.is_power_of_two() && down.is_power_of_two();
        if samplings.first() != Some(&(across, down)) || !samplings.iter().all(known) {
            return Err(uncommon());
        }
        let samples: u32 = samplings.iter().map(|(across, down)| across * down).sum();
        let frame = Frame {
            width: width.into(),
            height: height.into(),
            components,
            progressive: marker == 0xC2,
            subsampled: samplings.iter().any(|sampling| *sampling != (1, 1)),
            coefficient_bytes: (samples * 2).div_ceil(across * down),
        };
        frame.check(limits, frame.progressive)?;
        match self.frame.replace(frame) {
            Some(_) => Err(Unusable::Broken),
            None => Ok(()),
        }
    }

    /// Goes over a scan's data, to the next marker that does not belong to it.
    fn scan(&mut self, header: &[u8], limits: &Limits) -> Result<(), Unusable> {
        let frame = self.frame.as_ref().ok_or(Unusable::Broken)?;
        let [components] = array(header, 0).ok_or(Unusable::Broken)?;
        let partial = components < frame.components;
        if partial && frame.subsampled && !frame.progressive {
            return Err(uncommon());
        }
        frame.check(limits, partial || frame.progressive)?;
        self.scans += 1;
        if self.scans > MAX_SCANS {
            return Err(Unusable::Broken);
        }
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let fill = rest.iter().position(|byte| *byte == 0xFF).ok_or(Unusable::Truncated)?;
            self.at += fill;
            match self.bytes.get(self.at + 1).ok_or(Unusable::Truncated)? {
                0x00 | 0xD0..=0xD7 => self.at += 2,
                0xFF => self.at += 1,
                _ => return Ok(()),
            }
        }
    }

    fn profile_part(&mut self, body: &'a [u8]) {
        let part = body.strip_prefix(PROFILE_MARK);
        if let Some((number, part)) = part.and_then(|part| Some((*part.first()?, part.get(2..)?))) {
            self.profile.push((number, part));
        }
    }

    /// The profile, put together. A profile with a part missing or double is not used, as no reader does.
    fn profile(&mut self) -> Option<Vec<u8>> {
        self.profile.sort_by_key(|(number, _)| *number);
        let whole = self.profile.iter().zip(1..).all(|((number, _), wanted)| *number == wanted);
        let bytes: Vec<u8> = self.profile.iter().flat_map(|(_, part)| *part).copied().collect();
        (whole && !bytes.is_empty()).then_some(bytes)
    }

    /// As libjpeg decides: JFIF means YCbCr whatever Adobe's segment says, unless there are four components.
    fn model(&self) -> Result<Model, Unusable> {
        let frame = self.frame.as_ref().ok_or(Unusable::Broken)?;
        let inverted = self.adobe.is_some();
        Ok(match (frame.components, self.adobe) {
            (1, _) => Model::Grey,
            (3, Some(0)) if !self.jfif => Model::Rgb,
            (3, _) => Model::YCbCr,
            (_, Some(2)) => Model::Ycck { inverted },
            _ => Model::Cmyk { inverted },
        })
    }
}

impl Frame {
    fn check(&self, limits: &Limits, keeps_coefficients: bool) -> Result<(), Unusable> {
        let decoded = if self.components == 4 { 4 } else { 3 };
        let kept = if keeps_coefficients { self.coefficient_bytes } else { 0 };
        limits.check(self.width, self.height, decoded.max(kept))
    }
}

/// Forms that the standard allows, hardly a program writes and the decoder gets wrong or refuses: brightness
/// stored coarser than a difference, or a subsampled picture in several scans without being progressive, come
/// out as wrong pixels without an error (zune-jpeg 0.5.15, compared with libjpeg). To refuse them is the only
/// safe answer.
const fn uncommon() -> Unusable {
    Unusable::Unsupported { found: Some("uncommon_jpeg") }
}
