//! Files that would take much memory or time if somebody believed them.

use std::io::Write as _;

/// A PNG that says it is 50,000 x 50,000 pixels.
pub fn wide_png() -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend(50_000_u32.to_be_bytes());
    header.extend(50_000_u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &header);
    // A stream of zeros, as far as it goes, packed by repetition.
    chunk(&mut file, b"IDAT", &[0x78, 0x9c, 0x63, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01]);
    chunk(&mut file, b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    file.extend(u32::try_from(data.len()).expect("a length").to_be_bytes());
    let start = file.len();
    file.extend(name);
    file.extend(data);
    let sum = crc32fast::hash(&file[start..]);
    file.extend(sum.to_be_bytes());
}

/// A GIF of 10,000 frames, each of 16 x 16 pixels.
pub fn long_gif() -> Vec<u8> {
    let mut file = b"GIF89a".to_vec();
    file.extend([16, 0, 16, 0, 0x80, 0, 0]);
    file.extend([0, 0, 0, 255, 255, 255]);
    let pixels = [0_u8; 16 * 16];
    let mut packed = vec![2];
    for block in lzw(&pixels).chunks(255) {
        packed.push(u8::try_from(block.len()).expect("a block"));
        packed.write_all(block).expect("memory takes it");
    }
    packed.push(0);
    for _ in 0..10_000 {
        file.extend([0x21, 0xf9, 4, 0, 1, 0, 0, 0]);
        file.extend([0x2c, 0, 0, 0, 0, 16, 0, 16, 0, 0]);
        file.extend(&packed);
    }
    file.push(0x3b);
    file
}

/// Pixels of two colours as a GIF packs them, without ever repeating: a clear code before each pair.
fn lzw(pixels: &[u8]) -> Vec<u8> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::new());
    let mut put = |code: u32| {
        bits |= code << held;
        held += 3;
        while held >= 8 {
            bytes.push(u8::try_from(bits & 255).expect("a byte"));
            bits >>= 8;
            held -= 8;
        }
    };
    for pair in pixels.chunks(2) {
        put(4);
        pair.iter().for_each(|pixel| put(u32::from(*pixel)));
    }
    put(5);
    (0..3).for_each(|_| put(0));
    bytes
}
