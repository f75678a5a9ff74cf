//! What pixels come of a file.

use moxcms::ColorProfile;

use super::*;

const CORNERS: [[u8; 3]; 4] = [[0, 0, 40], [255, 0, 40], [0, 255, 40], [255, 255, 40]];

/// The picture as stored, without the loss of JPEG.
fn corners_of(bytes: &[u8]) -> [[u8; 3]; 4] {
    let mut picture = taken(bytes);
    picture.drawing = true;
    corners(&seen(&picture.original().unwrap()))
}

fn all_close(found: [[u8; 3]; 4], wanted: [[u8; 3]; 4], by: u8) {
    found.into_iter().zip(wanted).for_each(|(found, wanted)| close(found, wanted, by));
}

/// The corners, of which orientation `n` shows these at the upper left, upper right, lower left, lower right.
const TURNS: [[usize; 4]; 8] = [
    [0, 1, 2, 3],
    [1, 0, 3, 2],
    [3, 2, 1, 0],
    [2, 3, 0, 1],
    [0, 2, 1, 3],
    [2, 0, 3, 1],
    [3, 1, 2, 0],
    [1, 3, 0, 2],
];

#[test]
fn all_orientations_in_all_formats_are_baked_in() {
    let jpeg = plain_jpeg(16, 8);
    let png = file(gradient(16, 8), ImageFormat::Png);
    let pixels = file(gradient(16, 8), ImageFormat::WebP);
    for (orientation, turn) in (1..).zip(TURNS) {
        let exif = exif(orientation);
        let marked = [b"Exif\0\0".as_slice(), &exif].concat();
        let extended = extended(8, 16, 8);
        for bytes in [
            with_segment(&jpeg, 0xE1, &marked),
            with_chunk(&png, b"eXIf", &exif),
            webp(&[(b"VP8X", &extended), (b"VP8L", &pixels[20..]), (b"EXIF", &exif)]),
            webp(&[(b"VP8X", &extended), (b"VP8L", &pixels[20..]), (b"EXIF", &marked)]),
        ] {
            let picture = taken(&bytes);
            let size = if orientation < 5 { (16, 8) } else { (8, 16) };
            assert_eq!((picture.width(), picture.height()), size);
            all_close(corners_of(&bytes), turn.map(|corner| CORNERS[corner]), 8);
        }
    }
    // What is no orientation turns nothing.
    assert_eq!(taken(&with_chunk(&png, b"eXIf", &exif(9))), taken(&png));
}

#[test]
fn jpegs_of_all_usual_kinds_are_read() {
    let rgb = gradient(40, 24);
    let sampled = |factor, progressive, restart| {
        jpeg(&rgb, (40, 24), ColorType::Rgb, |encoder| {
            encoder.set_sampling_factor(factor);
            encoder.set_progressive(progressive);
            encoder.set_restart_interval(restart);
        })
    };
    for factor in [SamplingFactor::F_1_1, SamplingFactor::F_2_1, SamplingFactor::F_1_2, SamplingFactor::F_2_2]
    {
        for (progressive, restart) in [(false, 0), (false, 2), (true, 0)] {
            all_close(corners_of(&sampled(factor, progressive, restart)), CORNERS, 24);
        }
    }
    let grey: Vec<u8> = (0..40 * 24).map(|at| (at % 40 * 6) as u8).collect();
    let corners = corners_of(&jpeg(&grey, (40, 24), ColorType::Luma, |_| {}));
    all_close(corners, [[0; 3], [234; 3], [0; 3], [234; 3]], 4);
}

#[test]
fn stray_bytes_between_segments_do_no_harm() {
    let plain = plain_jpeg(16, 8);
    let stray = [&plain[..2], b"\xFF\xFF\xFE\0\x04ab\x01\x02\x03", &plain[2..]].concat();
    assert_eq!(taken(&stray), taken(&plain));
}

/// Inks of the corners' colours: what light they leave is the colour.
pub(super) fn inks() -> Vec<u8> {
    let colours = gradient(40, 24);
    colours.pixels().flat_map(|pixel| pixel.0.map(|channel| 255 - channel).into_iter().chain([0])).collect()
}

#[test]
fn cmyk_and_ycck_are_read_in_both_polarities() {
    let inverted: Vec<u8> = inks().iter().map(|ink| 255 - ink).collect();
    // The encoder writes Adobe's segment, and 255 for no ink.
    let ycck = jpeg(&inks(), (40, 24), ColorType::CmykAsYcck, |_| {});
    all_close(corners_of(&ycck), CORNERS, 8);
    let cmyk = jpeg(&inks(), (40, 24), ColorType::Cmyk, |_| {});
    all_close(corners_of(&cmyk), CORNERS, 8);
    // Without the segment 255 is full ink.
    let mut bare = jpeg(&inverted, (40, 24), ColorType::Cmyk, |_| {});
    let adobe = bare.windows(2).position(|pair| pair == [0xFF, 0xEE]).unwrap();
    bare.drain(adobe..adobe + 16);
    all_close(corners_of(&bare), CORNERS, 8);
}

#[test]
fn rgb_without_a_transform_is_read() {
    // The encoder knows no such files: grey in three equal components, under Adobe's segment.
    let rgb = jpeg(&[200; 16 * 16 * 3], (16, 16), ColorType::Ycbcr, |_| {});
    let jfif = rgb.windows(2).position(|pair| pair == [0xFF, 0xE0]).unwrap();
    let bare = [&rgb[..jfif], &rgb[jfif + 18..]].concat();
    let adobe = with_segment(&bare, 0xEE, b"Adobe\0\x64\0\0\0\0\0");
    all_close(corners_of(&adobe), [[200; 3]; 4], 2);
    // The same components are a colour where nothing says RGB.
    assert_ne!(corners_of(&bare), corners_of(&adobe));
}

/// A JPEG with a profile in parts of at most `part` bytes.
pub(super) fn with_profile(jpeg: &[u8], profile: &[u8], part: usize) -> Vec<u8> {
    let parts: Vec<_> = profile.chunks(part).collect();
    let mut bytes = jpeg.to_vec();
    for (index, part) in parts.iter().enumerate() {
        let body = [b"ICC_PROFILE\0".as_slice(), &[index as u8 + 1, parts.len() as u8], part].concat();
        bytes = with_segment(&bytes, 0xE2, &body);
    }
    bytes
}

/// sRGB with red and green changed over: nobody could miss it.
pub(super) fn swapped() -> Vec<u8> {
    let mut profile = ColorProfile::new_srgb();
    std::mem::swap(&mut profile.red_colorant, &mut profile.green_colorant);
    profile.cicp = None;
    profile.encode().unwrap()
}

/// The corners with red and green changed over.
fn swapped_corners() -> [[u8; 3]; 4] {
    CORNERS.map(|[red, green, blue]| [green, red, blue])
}

#[test]
fn profiles_are_applied_in_all_formats() {
    let profile = swapped();
    let packed = [b"x\0\0".as_slice(), &stored(&profile)].concat();
    let pixels = file(gradient(16, 8), ImageFormat::WebP);
    let alpha = file(half_transparent(16, 8), ImageFormat::Png);
    for bytes in [
        with_profile(&plain_jpeg(16, 8), &profile, 60_000),
        with_profile(&plain_jpeg(16, 8), &profile, 100),
        with_chunk(&file(gradient(16, 8), ImageFormat::Png), b"iCCP", &packed),
        webp(&[(b"VP8X", &extended(0x20, 16, 8)), (b"ICCP", &profile), (b"VP8L", &pixels[20..])]),
    ] {
        all_close(corners_of(&bytes), swapped_corners(), 8);
    }
    let turned = corners_of(&with_chunk(&alpha, b"iCCP", &packed));
    all_close(
        [turned[1], turned[1], turned[3], turned[3]],
        [[0, 255, 40], [0, 255, 40], [255, 255, 40], [255, 255, 40]],
        3,
    );
}

#[test]
fn a_wider_space_is_brought_to_srgb() {
    let p3 = ColorProfile::new_display_p3().encode().unwrap();
    let flat = RgbImage::from_pixel(16, 16, Rgb([200, 100, 60]));
    let bytes = with_profile(&jpeg(&flat, (16, 16), ColorType::Rgb, |_| {}), &p3, 60_000);
    // By the definitions of both spaces: linearised, through XYZ, and back.
    all_close(corners_of(&bytes), [[213, 96, 48]; 4], 4);
}

#[test]
fn profiles_that_do_not_fit_are_ignored() {
    let plain = plain_jpeg(16, 8);
    let grey = ColorProfile::new_gray_with_gamma(2.2).encode().unwrap();
    for profile in [b"nonsense".as_slice(), &[0; 300], &grey, &swapped()[..200]] {
        assert_eq!(taken(&with_profile(&plain, profile, 60_000)), taken(&plain));
    }
    // One whose first part is missing.
    let body = [b"ICC_PROFILE\0\x02\x02".as_slice(), &swapped()].concat();
    assert_eq!(taken(&with_segment(&plain, 0xE2, &body)), taken(&plain));
    // sRGB's own changes nothing at all.
    let srgb = ColorProfile::new_srgb().encode().unwrap();
    assert_eq!(taken(&with_profile(&plain, &srgb, 60_000)), taken(&plain));
}

#[test]
fn a_grey_profile_is_applied() {
    let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let grey = jpeg(&[128; 256], (16, 16), ColorType::Luma, |_| {});
    // Half the light is 188 in sRGB.
    all_close(corners_of(&with_profile(&grey, &linear, 60_000)), [[188; 3]; 4], 2);
}

#[test]
fn a_pngs_own_words_on_colour_count() {
    let grey = png(png_start(1, 1, 8, 2), &[], &[0, 128, 128, 128]);
    let plain = [[128; 3]; 4];
    let gamma = |gamma: u32| with_chunk(&grey, b"gAMA", &gamma.to_be_bytes());
    all_close(corners_of(&gamma(45_455)), plain, 0);
    all_close(corners_of(&gamma(100_000)), [[188; 3]; 4], 2);
    all_close(corners_of(&gamma(0)), plain, 0);
    // Another word, which counts more, says sRGB.
    all_close(corners_of(&with_chunk(&gamma(100_000), b"sRGB", b"\0")), plain, 0);
    // Code points: Display P3, whose red is brighter than sRGB's; and HDR, which is left alone.
    let red = png(png_start(1, 1, 8, 2), &[], &[0, 200, 100, 60]);
    all_close(corners_of(&with_chunk(&red, b"cICP", &[12, 13, 0, 1])), [[213, 96, 48]; 4], 3);
    all_close(corners_of(&with_chunk(&red, b"cICP", &[9, 16, 0, 1])), [[200, 100, 60]; 4], 0);
    let primaries: Vec<u8> = [31_270_u32, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000]
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect();
    let measured = with_chunk(&with_chunk(&red, b"gAMA", &45_455_u32.to_be_bytes()), b"cHRM", &primaries);
    all_close(corners_of(&measured), [[213, 96, 48]; 4], 3);
}

#[test]
fn pngs_of_every_kind_are_read() {
    let trns = |body: &[u8]| png_chunk(b"tRNS", body);
    let palette = png_chunk(b"PLTE", b"\xFF\0\0\0\0\xFF");
    for (bytes, colour, transparent) in [
        (png(png_start(1, 1, 1, 0), &[], &[0, 0x80]), [255; 3], false),
        (png(png_start(1, 1, 16, 0), &[], &[0, 0x80, 0x80]), [128; 3], false),
        (png(png_start(1, 1, 16, 2), &[], &[0, 0xC8, 0xC8, 0x64, 0x64, 0x32, 0x32]), [200, 100, 50], false),
        (png(png_start(1, 1, 8, 4), &[], &[0, 9, 255]), [9; 3], false),
        (png(png_start(1, 1, 8, 4), &[], &[0, 9, 128]), [9; 3], true),
        (png(png_start(1, 1, 16, 6), &[], &[0, 1, 1, 2, 2, 3, 3, 255, 255]), [1, 2, 3], false),
        (png(png_start(1, 1, 16, 6), &[], &[0, 1, 1, 2, 2, 3, 3, 254, 254]), [1, 2, 3], true),
        (png(png_start(1, 1, 2, 3), std::slice::from_ref(&palette), &[0, 0x40]), [0, 0, 255], false),
        (png(png_start(1, 1, 2, 3), &[palette.clone(), trns(&[255, 100])], &[0, 0x40]), [0, 0, 255], true),
        (png(png_start(1, 1, 2, 3), &[palette, trns(&[0])], &[0, 0x40]), [0, 0, 255], false),
        // A transparent colour that no pixel has makes nothing transparent.
        (png(png_start(1, 1, 8, 2), &[trns(&[0, 1, 0, 2, 0, 3])], &[0, 7, 8, 9]), [7, 8, 9], false),
    ] {
        let picture = taken(&bytes);
        assert_eq!(picture.has_transparency(), transparent, "{colour:?}");
        let image = seen(&picture.original().unwrap());
        assert_eq!(image.color().has_alpha(), transparent);
        assert_eq!(image.to_rgb8().get_pixel(0, 0).0, colour);
    }
}

#[test]
fn what_is_erased_cannot_be_seen_again() {
    let picture = taken(&file(half_transparent(20, 14), ImageFormat::Png));
    let image = seen(&picture.original().unwrap()).to_rgba8();
    assert_eq!(image.get_pixel(5, 13).0, [0; 4]);
    assert_eq!(image.get_pixel(19, 13).0, [255, 255, 40, 255]);
}

#[test]
fn a_gif_is_placed_on_its_screen() {
    let picture = taken(&gif(1));
    assert_eq!((picture.width(), picture.height(), picture.has_transparency()), (2, 2, false));
    let mut larger = gif(1);
    larger[6..10].copy_from_slice(&[4, 0, 3, 0]);
    larger[20] = 1;
    let picture = taken(&larger);
    assert_eq!((picture.width(), picture.height(), picture.has_transparency()), (4, 3, true));
    let image = seen(&picture.original().unwrap()).to_rgba8();
    assert_eq!(image.get_pixel(0, 0).0, [0; 4]);
    assert_eq!(image.get_pixel(1, 0).0[3], 255);
}

#[test]
fn only_pixels_are_left() {
    let secret = b"SECRET 51.9225 N 4.4792 E";
    let exif = [b"Exif\0\0".as_slice(), &exif(1), secret].concat();
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>".as_slice(), secret].concat();
    let mut jpeg = plain_jpeg(16, 8);
    for (marker, body) in
        [(0xE1, &exif), (0xE1, &xmp), (0xED, &exif), (0xFE, &xmp), (0xE2, &exif), (0xEF, &exif)]
    {
        jpeg = with_segment(&jpeg, marker, body);
    }
    jpeg.extend(b"\xAB\xCD");
    jpeg.extend(secret);
    let mut png = file(half_transparent(16, 8), ImageFormat::Png);
    for kind in [b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"prVt"] {
        png = with_chunk(&png, kind, &exif);
    }
    let plain = file(gradient(16, 8), ImageFormat::WebP);
    let webp = webp(&[
        (b"VP8X", &extended(0x0C, 16, 8)),
        (b"VP8L", &plain[20..]),
        (b"EXIF", &exif),
        (b"XMP ", &xmp),
    ]);
    for bytes in [jpeg, png, webp] {
        let original = taken(&bytes).original().unwrap();
        assert!(!original.bytes.windows(6).any(|window| window == b"SECRET"));
        assert_eq!(extras(&original.bytes), Vec::<String>::new());
    }
}

/// What an encoded file holds beside its pixels.
fn extras(bytes: &[u8]) -> Vec<String> {
    let mut extras = Vec::new();
    if bytes.starts_with(b"\x89PNG") {
        let mut at = 8;
        while at < bytes.len() {
            let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
            let kind = String::from_utf8_lossy(&bytes[at + 4..at + 8]).into_owned();
            if !["IHDR", "IDAT", "IEND"].contains(&kind.as_str()) {
                extras.push(kind);
            }
            at += 12 + length;
        }
        return extras;
    }
    let mut at = 2;
    while bytes[at + 1] != 0xDA {
        let length = usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        let marker = bytes[at + 1];
        // JFIF's own segment has 16 bytes; with a preview it would have more.
        if !matches!(marker, 0xC0 | 0xC4 | 0xDB) && (marker, length) != (0xE0, 16) {
            extras.push(format!("{marker:X}"));
        }
        at += 2 + length;
    }
    extras
}
