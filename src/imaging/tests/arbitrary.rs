//! Whatever comes in, there is an answer.

use proptest::prelude::*;

use super::*;

/// Small enough that a wrong size is refused, so no case is slow.
const SMALL: Limits = Limits { max_side: 300, max_bytes: 400_000 };

/// Decodes, and makes a file of what is taken.
fn answered(bytes: &[u8]) {
    let recognised = recognise(bytes, &SMALL);
    let Ok(picture) = decode(bytes, &SMALL) else {
        return;
    };
    let recognised = recognised.unwrap();
    let (width, height) = (picture.width(), picture.height());
    assert!([(width, height), (height, width)].contains(&(recognised.width, recognised.height)));
    assert!(u64::from(width) * u64::from(height) * 3 <= SMALL.max_bytes);
    let wanted = Wanted {
        shape: Shape::Cut(Size::new(30, 17).unwrap()),
        formats: Formats::Either,
        max_bytes: 2_000_000,
        channels: Vec::new(),
    };
    let encoded = picture.rendition(&wanted, Focal::CENTRE).unwrap();
    assert!(encoded.width <= 30 && encoded.height <= 17);
}

/// Files of every kind, with inks and a profile too.
fn whole() -> Vec<Vec<u8>> {
    let mut files = one_of_each().to_vec();
    let ycck = jpeg(&decoded::inks(), (40, 24), ColorType::CmykAsYcck, |_| {});
    files.push(decoded::with_profile(&ycck, &decoded::swapped(), 60_000));
    files.push(decoded::with_profile(&plain_jpeg(16, 8), &decoded::swapped(), 60_000));
    let profile = [b"x\0\0".as_slice(), &stored(&decoded::swapped())].concat();
    files.push(with_chunk(&file(half_transparent(16, 8), ImageFormat::Png), b"iCCP", &profile));
    files
}

/// A file with some bytes changed, some left out and some put in.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let changes = prop::collection::vec(change, 0..12);
    let cut = prop::option::of((any::<prop::sample::Index>(), 0..40_usize));
    let insert = prop::option::of((any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..20)));
    (prop::sample::select(whole()), changes, cut, insert).prop_map(|(mut bytes, changes, cut, insert)| {
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some((at, length)) = cut {
            let at = at.index(bytes.len());
            bytes.drain(at..(at + length).min(bytes.len()));
        }
        if let Some((at, more)) = insert {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, more);
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        answered(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_signature_are_answered(
        start in prop::sample::select(vec![
            b"\xFF\xD8\xFF".to_vec(),
            png_start(20, 14, 8, 2),
            b"GIF89a\x14\0\x0E\0\x80\0\0".to_vec(),
            b"RIFF\x80\0\0\0WEBPVP8X".to_vec(),
            b"RIFF\x80\0\0\0WEBPVP8 ".to_vec(),
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        answered(&[start, rest].concat());
    }

    #[test]
    fn any_damage_is_answered(bytes in mutated()) {
        answered(&bytes);
    }

    #[test]
    fn a_cut_lies_within_the_picture_and_has_the_shape(
        (width, height) in (1..5000_u32, 1..5000_u32),
        (across, down) in (1..3000_u32, 1..3000_u32),
        (x, y) in (0.0..=1.0, 0.0..=1.0),
    ) {
        let picture = Size::new(width, height).unwrap();
        let wanted = Size::new(across, down).unwrap();
        let crop = super::super::crop::Crop::around(Focal::new(x, y).unwrap(), picture, wanted);
        prop_assert!(crop.left + crop.size.width() <= width);
        prop_assert!(crop.top + crop.size.height() <= height);
        prop_assert!(crop.size.width() == width || crop.size.height() == height);
        // The shape is met to half a pixel, where there is one.
        let exact = f64::from(crop.size.height()) * f64::from(across) / f64::from(down);
        let other = f64::from(crop.size.width()) * f64::from(down) / f64::from(across);
        let near = (exact - f64::from(crop.size.width())).abs() <= 0.51
            || (other - f64::from(crop.size.height())).abs() <= 0.51
            || crop.size.width() == 1
            || crop.size.height() == 1;
        prop_assert!(near);
    }
}
