//! What files come of a picture.

use std::num::NonZeroUsize;

use super::*;

fn cut(width: u32, height: u32) -> Wanted {
    let shape = Shape::Cut(Size::new(width, height).unwrap());
    Wanted { shape, formats: Formats::Either, max_bytes: 2_000_000, channels: Vec::new() }
}

fn photo(width: u16, height: u16) -> Picture {
    taken(&plain_jpeg(width, height))
}

fn rendition(picture: &Picture, wanted: &Wanted) -> Encoded {
    let encoded = picture.rendition(wanted, Focal::CENTRE).unwrap();
    let image = seen(&encoded);
    assert_eq!((image.width(), image.height()), (encoded.width, encoded.height));
    assert!(encoded.bytes.len() as u64 <= wanted.max_bytes);
    encoded
}

#[test]
fn sizes_are_met_but_nothing_is_enlarged() {
    let size = |picture: &Picture, wanted: Wanted| {
        let encoded = rendition(picture, &wanted);
        (encoded.width, encoded.height)
    };
    let picture = photo(240, 160);
    assert_eq!(size(&picture, cut(120, 63)), (120, 63));
    assert_eq!(size(&picture, cut(100, 100)), (100, 100));
    assert_eq!(size(&picture, cut(80, 100)), (80, 100));
    // Too small: the largest part of the shape.
    assert_eq!(size(&picture, cut(1080, 1080)), (160, 160));
    assert_eq!(size(&picture, cut(1080, 1350)), (128, 160));
    assert_eq!(size(&picture, cut(1200, 627)), (240, 125));
    assert_eq!(size(&photo(1, 200), cut(1200, 627)), (1, 1));
    // All of it.
    let whole = |max_side| Wanted { shape: Shape::Whole { max_side }, ..cut(1, 1) };
    assert_eq!(size(&picture, whole(120)), (120, 80));
    assert_eq!(size(&picture, whole(2048)), (240, 160));
    assert_eq!(size(&photo(400, 1), whole(100)), (100, 1));
}

#[test]
fn the_focal_point_stays_in_view() {
    let picture = photo(255, 255);
    let left_and_top = |x, y, wanted: &Wanted| {
        let encoded = picture.rendition(wanted, Focal::new(x, y).unwrap()).unwrap();
        corners(&seen(&encoded))[0]
    };
    // Red grows to the right and green downwards, by one each pixel.
    for (x, left) in [(0.0, 0), (0.1, 0), (0.5, 78), (0.55, 90), (1.0, 155)] {
        close(left_and_top(x, 0.0, &cut(100, 255)), [left, 0, 40], 8);
        close(left_and_top(0.0, x, &cut(255, 100)), [0, left, 40], 8);
    }
    for (x, y) in [(-0.1, 0.0), (0.0, 1.1), (f64::NAN, 0.5), (0.5, f64::INFINITY)] {
        assert!(Focal::new(x, y).is_none());
    }
}

#[test]
fn transparency_needs_png() {
    let picture = taken(&file(half_transparent(200, 100), ImageFormat::Png));
    assert!(picture.keeps_png());
    let either = rendition(&picture, &cut(50, 25));
    assert_eq!((either.media_type, either.media_type.as_str()), (MediaType::Png, "image/png"));
    let image = seen(&either).to_rgba8();
    assert_eq!(image.get_pixel(2, 12).0, [0; 4]);
    // The transparent half does not darken the edge.
    close(image.get_pixel(25, 12).0[..3].try_into().unwrap(), [130, 130, 40], 12);
    // Where only JPEG is taken it stands on white.
    let flat = rendition(&picture, &Wanted { formats: Formats::Jpeg, ..cut(50, 25) });
    assert_eq!(flat.media_type, MediaType::Jpeg);
    close(corners(&seen(&flat))[0], [255; 3], 3);
    close(corners(&seen(&flat))[1], [253, 4, 40], 12);
}

#[test]
fn drawings_are_kept_without_loss_and_photographs_are_not() {
    let drawing = RgbImage::from_fn(80, 80, |x, y| Rgb([if (x / 8 + y / 8) % 2 == 0 { 255 } else { 0 }; 3]));
    let png = taken(&file(drawing.clone(), ImageFormat::Png));
    let original = png.original().unwrap();
    assert!(png.keeps_png() && !png.has_transparency());
    assert_eq!(seen(&original).to_rgb8(), drawing);
    assert_eq!(rendition(&png, &cut(40, 40)).media_type, MediaType::Png);
    assert!(taken(&gif(1)).keeps_png());
    assert!(taken(&file(drawing.clone(), ImageFormat::WebP)).keeps_png());
    // The same from a JPEG is no longer a drawing, and many colours make a photograph.
    assert!(!taken(&jpeg(&drawing, (80, 80), ColorType::Rgb, |_| {})).keeps_png());
    let photograph = taken(&file(noise(80, 80), ImageFormat::Png));
    assert!(!photograph.keeps_png());
    assert_eq!(photograph.original().unwrap().media_type, MediaType::Jpeg);
    let forced = rendition(&photograph, &Wanted { formats: Formats::Png, ..cut(40, 40) });
    assert_eq!(forced.media_type, MediaType::Png);
}

#[test]
fn bytes_are_kept_by_quality_then_type_then_size() {
    let picture = taken(&file(noise(160, 160), ImageFormat::Png));
    let full = rendition(&picture, &cut(128, 128)).bytes.len() as u64;
    let within = |formats, max_bytes| rendition(&picture, &Wanted { formats, max_bytes, ..cut(128, 128) });
    let lower = within(Formats::Jpeg, full * 3 / 4);
    assert_eq!((lower.width, lower.height), (128, 128));
    let smaller = within(Formats::Jpeg, full / 4);
    assert!(smaller.width < 128 && smaller.width == smaller.height);
    let png = within(Formats::Png, 20_000);
    assert!(png.width < 128);
    // A drawing that has too many bytes as PNG becomes a JPEG of the same size.
    let mut drawing = picture.clone();
    drawing.drawing = true;
    let wanted = Wanted { max_bytes: full, ..cut(128, 128) };
    let jpeg = rendition(&drawing, &wanted);
    assert_eq!((jpeg.media_type, jpeg.width), (MediaType::Jpeg, 128));
    let refusal = picture.rendition(&Wanted { max_bytes: 100, ..cut(128, 128) }, Focal::CENTRE).unwrap_err();
    assert_eq!((refusal.code(), refusal), ("cannot_fit", Unusable::CannotFit { max_bytes: 100 }));
}

#[test]
fn the_same_bytes_give_the_same_files() {
    let wanted =
        [cut(60, 31), cut(50, 50), cut(40, 50), Wanted { shape: Shape::Whole { max_side: 64 }, ..cut(1, 1) }];
    for bytes in one_of_each() {
        let files = |threads| {
            render(&taken(&bytes), &wanted, Focal::CENTRE, NonZeroUsize::new(threads).unwrap()).unwrap()
        };
        let first = files(1);
        assert_eq!(first.renditions.len(), wanted.len());
        assert_eq!(files(2), first);
        assert_eq!(files(7), first);
        assert_eq!(first.original, taken(&bytes).original().unwrap());
        // A stored original can be taken in again: as PNG nothing is lost.
        let again = taken(&first.original.bytes);
        assert_eq!(again.width(), taken(&bytes).width());
        if first.original.media_type == MediaType::Png {
            assert_eq!(again, taken(&bytes));
        }
    }
}

#[test]
fn one_refusal_refuses_all() {
    let wanted = [cut(64, 64), Wanted { max_bytes: 10, ..cut(64, 64) }];
    let result = render(&photo(99, 99), &wanted, Focal::CENTRE, NonZeroUsize::MIN);
    assert_eq!(result, Err(Unusable::CannotFit { max_bytes: 10 }));
}
