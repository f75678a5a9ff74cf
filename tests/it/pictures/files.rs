//! Small files of each kind, made here, and what a plain picture may consist of.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// What every piece of metadata in these files says.
pub const SECRET: &[u8] = b"51.0504N 3.7304E, somebody's camera";

/// Smooth, with another colour in each corner: dark, red, green, yellow from the upper left.
pub fn gradient(width: u32, height: u32) -> RgbImage {
    let part = |at: u32, side: u32| (at * 255 / (side - 1).max(1)) as u8;
    RgbImage::from_fn(width, height, |x, y| Rgb([part(x, width), part(y, height), 40]))
}

/// The same with a transparent left half.
fn half_transparent(width: u32, height: u32) -> RgbaImage {
    let gradient = gradient(width, height);
    RgbaImage::from_fn(width, height, |x, y| {
        let [red, green, blue] = gradient.get_pixel(x, y).0;
        Rgba([red, green, blue, if x < width / 2 { 0 } else { 255 }])
    })
}

fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    file(gradient(width, height), ImageFormat::Jpeg)
}

/// A PNG that must stay one.
pub fn transparent_png(width: u32, height: u32) -> Vec<u8> {
    file(half_transparent(width, height), ImageFormat::Png)
}

/// A file of 320 x 240 pixels of each type, with its type.
pub fn one_of_each() -> [(&'static str, Vec<u8>); 4] {
    [
        ("image/jpeg", jpeg(320, 240)),
        ("image/png", transparent_png(320, 240)),
        ("image/webp", file(gradient(320, 240), ImageFormat::WebP)),
        ("image/gif", file(gradient(320, 240), ImageFormat::Gif)),
    ]
}

/// A GIF of so many frames of 2 x 2 pixels.
pub fn gif(frames: usize) -> Vec<u8> {
    let mut bytes = b"GIF89a\x02\0\x02\0\x80\0\0\xFF\0\0\0\0\xFF".to_vec();
    for _ in 0..frames {
        bytes.extend(b"\x2C\0\0\0\0\x02\0\x02\0\0\x02\x03\x44\x12\x05\0");
    }
    bytes.push(b';');
    bytes
}

/// A JPEG with a segment put in behind its start.
fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8, 0xFF, marker];
    bytes.extend((body.len() as u16 + 2).to_be_bytes());
    bytes.extend(body);
    bytes.extend(&jpeg[2..]);
    bytes
}

/// EXIF data with an orientation, the camera's maker, and a directory with a position.
fn exif(orientation: u8) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: usize, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &(count as u32).to_be_bytes(), &value].concat()
    };
    // Three entries after 8 bytes of header; then the words, then the directory of the position.
    let words_at = 8 + 2 + 3 * 12 + 4;
    let gps_at = words_at + SECRET.len();
    let at = |place: usize| (place as u32).to_be_bytes();
    [
        b"Exif\0\0MM\0*\0\0\0\x08\0\x03".to_vec(),
        entry(0x010F, 2, SECRET.len(), at(words_at)),
        entry(0x0112, 3, 1, [0, orientation, 0, 0]),
        entry(0x8825, 4, 1, at(gps_at)),
        vec![0; 4],
        SECRET.to_vec(),
        b"\0\x01".to_vec(),
        entry(0x001D, 2, SECRET.len(), at(words_at)),
        vec![0; 4],
    ]
    .concat()
}

/// A JPEG that is to be turned.
pub fn turned_jpeg(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    with_segment(&jpeg(width, height), 0xE1, &exif(orientation))
}

/// A JPEG with a position, a camera, XMP, IPTC, a comment and more behind its end.
pub fn telling_jpeg() -> Vec<u8> {
    let mut bytes = jpeg(320, 240);
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>".as_slice(), SECRET, b"</x:xmpmeta>"].concat();
    let iptc = [
        b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0".as_slice(),
        &(SECRET.len() as u32 + 5).to_be_bytes(),
        b"\x1C\x02\x78\0",
        &[SECRET.len() as u8],
        SECRET,
    ]
    .concat();
    for (marker, body) in [(0xFE, SECRET), (0xED, &iptc), (0xE1, &xmp), (0xE1, &exif(1)), (0xEF, SECRET)] {
        bytes = with_segment(&bytes, marker, body);
    }
    bytes.extend([0xFF, 0xFF, 0x01]);
    bytes.extend(SECRET);
    bytes
}

/// A PNG chunk.
fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32).to_be_bytes().to_vec();
    bytes.extend(kind);
    bytes.extend(body);
    let crc = bytes[4..].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    });
    bytes.extend((!crc).to_be_bytes());
    bytes
}

/// A transparent PNG with words, XMP, EXIF and a time, and more behind its end.
pub fn telling_png() -> Vec<u8> {
    let png = transparent_png(320, 240);
    let text = [b"Comment\0".as_slice(), SECRET].concat();
    let xmp = [b"XML:com.adobe.xmp\0\0\0\0\0".as_slice(), SECRET].concat();
    [
        &png[..33],
        &chunk(b"tEXt", &text),
        &chunk(b"iTXt", &xmp),
        &chunk(b"eXIf", &exif(1)[6..]),
        &chunk(b"tIME", b"\x07\xEA\x0B\x15\x09\0\0"),
        &png[33..],
        &[0xFF, 0xFF, 0x01],
        SECRET,
    ]
    .concat()
}

/// The start of a PNG that says to be of this size.
pub fn png_header(width: u32, height: u32) -> Vec<u8> {
    let body = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1A\n".as_slice(), &chunk(b"IHDR", &body), &chunk(b"IDAT", &[]), &chunk(b"IEND", &[])]
        .concat()
}

/// Whether the bytes have this somewhere.
pub fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

/// Walks a picture, which must consist of what it needs to be one, and of nothing else.
#[track_caller]
pub fn assert_plain(bytes: &[u8], media_type: &str) {
    match media_type {
        "image/jpeg" => assert_plain_jpeg(bytes),
        "image/png" => assert_plain_png(bytes),
        _ => panic!("{media_type}"),
    }
}

#[track_caller]
fn assert_plain_jpeg(bytes: &[u8]) {
    assert_eq!(bytes[..2], [0xFF, 0xD8]);
    let mut at = 2;
    loop {
        assert_eq!(bytes[at], 0xFF, "a marker at {at}");
        let marker = bytes[at + 1];
        if marker == 0xD9 {
            assert_eq!(at + 2, bytes.len(), "nothing stands behind the end");
            return;
        }
        let length = usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        let body = &bytes[at + 4..at + 2 + length];
        match marker {
            // JFIF without a thumbnail; tables, frames and intervals.
            0xE0 => assert!(length == 16 && body.starts_with(b"JFIF\0") && body.ends_with(&[0, 0])),
            0xDB | 0xC0..=0xC2 | 0xC4 | 0xDD | 0xDA => {}
            other => panic!("a segment {other:02x}: {:?}", String::from_utf8_lossy(body)),
        }
        at += 2 + length;
        if marker == 0xDA {
            at += scan_length(&bytes[at..]);
        }
    }
}

/// How far the data of a scan go: to the next marker that is neither a stuffed byte nor a restart.
fn scan_length(bytes: &[u8]) -> usize {
    let ends = |pair: &[u8]| pair[0] == 0xFF && pair[1] != 0 && !(0xD0..=0xD7).contains(&pair[1]);
    bytes.windows(2).position(ends).expect("the scan ends")
}

#[track_caller]
fn assert_plain_png(bytes: &[u8]) {
    assert_eq!(bytes[..8], *b"\x89PNG\r\n\x1A\n");
    let mut at = 8;
    loop {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let kind = &bytes[at + 4..at + 8];
        let needed: [&[u8]; 5] = [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"];
        assert!(needed.contains(&kind), "a chunk {}", String::from_utf8_lossy(kind));
        at += 12 + length;
        if kind == b"IEND" {
            assert_eq!(at, bytes.len(), "nothing stands behind the end");
            return;
        }
    }
}
