#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
//! Small files of every kind, made here.

mod arbitrary;
mod decoded;
mod facts;
mod refused;
mod rendered;
mod wishes;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::*;

/// Smooth, with another colour in each corner: black, red, green, yellow from the upper left.
fn gradient(width: u32, height: u32) -> RgbImage {
    let part = |at: u32, side: u32| (at * 255 / (side - 1).max(1)) as u8;
    RgbImage::from_fn(width, height, |x, y| Rgb([part(x, width), part(y, height), 40]))
}

/// The same with a transparent left half, whose pixels hide a colour.
fn half_transparent(width: u32, height: u32) -> RgbaImage {
    let gradient = gradient(width, height);
    RgbaImage::from_fn(width, height, |x, y| {
        let [red, green, blue] = gradient.get_pixel(x, y).0;
        Rgba([red, green, blue, if x < width / 2 { 0 } else { 255 }])
    })
}

/// Pixels that no compression helps with, always the same.
fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    RgbImage::from_fn(width, height, |_, _| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Rgb([state as u8, (state >> 8) as u8, (state >> 16) as u8])
    })
}

fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A JPEG that loses little; `edit` may change what the encoder does.
fn jpeg(
    pixels: &[u8],
    size: (u16, u16),
    colour: ColorType,
    edit: impl Fn(&mut Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 98);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    edit(&mut encoder);
    encoder.encode(pixels, size.0, size.1, colour).unwrap();
    bytes
}

fn plain_jpeg(width: u16, height: u16) -> Vec<u8> {
    jpeg(&gradient(width.into(), height.into()), (width, height), ColorType::Rgb, |_| {})
}

/// A JPEG with a segment put in behind its start.
fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8, 0xFF, marker];
    bytes.extend((body.len() as u16 + 2).to_be_bytes());
    bytes.extend(body);
    bytes.extend(&jpeg[2..]);
    bytes
}

/// EXIF data that say nothing but an orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut bytes = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    bytes.extend([0, orientation, 0, 0, 0, 0, 0, 0]);
    bytes
}

fn png_chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32).to_be_bytes().to_vec();
    bytes.extend(kind);
    bytes.extend(body);
    let crc = bytes[4..].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    });
    bytes.extend((!crc).to_be_bytes());
    bytes
}

/// A PNG with a chunk put in behind its header.
fn with_chunk(png: &[u8], kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&png[..33], &png_chunk(kind, body), &png[33..]].concat()
}

/// The first chunks of a PNG of this size.
fn png_start(width: u32, height: u32, depth: u8, kind: u8) -> Vec<u8> {
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let header = [sides.as_slice(), &[depth, kind, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1A\n".as_slice(), &png_chunk(b"IHDR", &header)].concat()
}

/// A zlib stream of stored blocks.
fn stored(data: &[u8]) -> Vec<u8> {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in data {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let length = data.len() as u16;
    let mut bytes = vec![0x78, 0x01, 0x01];
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(data);
    bytes.extend((high << 16 | low).to_be_bytes());
    bytes
}

/// A PNG of these rows, each with its filter byte before it.
fn png(start: Vec<u8>, chunks: &[Vec<u8>], rows: &[u8]) -> Vec<u8> {
    [start, chunks.concat(), png_chunk(b"IDAT", &stored(rows)), png_chunk(b"IEND", b"")].concat()
}

/// A GIF of 2 x 2 pixels, red and blue in turns, as often as there are to be frames.
fn gif(frames: usize) -> Vec<u8> {
    let mut bytes = b"GIF89a\x02\0\x02\0\x80\0\0\xFF\0\0\0\0\xFF".to_vec();
    for _ in 0..frames {
        bytes.extend(b"\x2C\0\0\0\0\x02\0\x02\0\0\x02\x03\x44\x12\x05\0");
    }
    bytes.push(b';');
    bytes
}

/// A WebP of its chunks.
fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (kind, data) in chunks {
        body.extend(*kind);
        body.extend((data.len() as u32).to_le_bytes());
        body.extend(*data);
        body.extend(vec![0; data.len() % 2]);
    }
    [b"RIFF".as_slice(), &(body.len() as u32).to_le_bytes(), &body].concat()
}

/// The header of an extended WebP.
fn extended(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let side = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    [vec![flags, 0, 0, 0], side(width), side(height)].concat()
}

fn one_of_each() -> [Vec<u8>; 7] {
    [
        plain_jpeg(20, 14),
        jpeg(&gradient(20, 14), (20, 14), ColorType::Rgb, |encoder| encoder.set_progressive(true)),
        file(gradient(20, 14), ImageFormat::Png),
        file(half_transparent(20, 14), ImageFormat::Png),
        file(half_transparent(20, 14), ImageFormat::WebP),
        include_bytes!("lossy.webp").to_vec(),
        gif(1),
    ]
}

fn limits() -> Limits {
    Limits::default()
}

fn taken(bytes: &[u8]) -> Picture {
    decode(bytes, &limits()).unwrap()
}

fn refusal(bytes: &[u8]) -> Unusable {
    decode(bytes, &limits()).unwrap_err()
}

/// What a reader sees of an encoded picture.
fn seen(encoded: &Encoded) -> DynamicImage {
    image::load_from_memory(&encoded.bytes).unwrap()
}

fn close(found: [u8; 3], wanted: [u8; 3], by: u8) {
    let near = found.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) <= by);
    assert!(near, "{found:?} is not about {wanted:?}");
}

/// The colours in the corners: upper left, upper right, lower left, lower right.
fn corners(image: &DynamicImage) -> [[u8; 3]; 4] {
    let image = image.to_rgb8();
    let (right, bottom) = (image.width() - 1, image.height() - 1);
    [(0, 0), (right, 0), (0, bottom), (right, bottom)].map(|(x, y)| image.get_pixel(x, y).0)
}
