//! What is not taken, and by which name.

use std::time::{Duration, Instant};

use super::*;

fn code(bytes: &[u8]) -> &'static str {
    refusal(bytes).code()
}

#[test]
fn each_type_is_recognised() {
    use Format::*;
    for (bytes, format) in one_of_each().iter().zip([Jpeg, Jpeg, Png, Png, WebP, WebP, Gif]) {
        let size = if format == Gif { (2, 2) } else { (20, 14) };
        let found = recognise(bytes, &limits()).unwrap();
        assert_eq!(found, Recognised { format, width: size.0, height: size.1 });
        assert!(decode(bytes, &limits()).is_ok(), "{format:?}");
    }
    assert_eq!(Gif.media_type(), "image/gif");
}

#[test]
fn what_is_no_picture_is_named() {
    for (bytes, name) in [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice(), "svg"),
        (b"\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- a -->\n<svg onload='x()'/>", "svg"),
        (b"<!DOCTYPE html><title>x</title>", "html"),
        (b"\n <HTML>", "html"),
        (b"<script>alert(1)</script>\xFF\xD8\xFF", "html"),
        (b"<?php system('id');", "php"),
        (b"<?xml version='1.0'?><note/>", "xml"),
        (b"\0\0\0\x1CftypheicABCD", "heic"),
        (b"\0\0\0\x1CftypavifABCD", "avif"),
        (b"\0\0\0\x1CftypisomABCD", "mp4"),
        (b"BM\0\0\0\0", "bmp"),
        (b"II*\0\x08\0\0\0", "tiff"),
        (b"%PDF-1.7", "pdf"),
        (b"PK\x03\x04", "zip"),
        (b"\xFF\x0A\0\0", "jxl"),
        (b"RIFF\x04\0\0\0WAVE", "riff"),
        (b"\0\0\x01\0\x01\0", "ico"),
        (b"#!/bin/sh", "script"),
    ] {
        let refusal = refusal(bytes);
        assert_eq!(refusal, Unusable::Unsupported { found: Some(name) });
        assert!(refusal.to_string().contains(name), "{refusal}");
    }
    for bytes in [b"".as_slice(), b"\0", b"hello", b"RIF", b"GIF88a", b"<", b"\x89PNG"] {
        assert_eq!(refusal(bytes), Unusable::Unsupported { found: None }, "{bytes:?}");
    }
}

#[test]
fn every_place_to_end_too_early_is_refused() {
    for whole in one_of_each() {
        // Of a GIF the last byte says nothing but that this is the end; a few writers leave it out.
        let needed = if whole.starts_with(b"GIF") { whole.len() - 1 } else { whole.len() };
        assert_eq!(taken(&whole[..needed]), taken(&whole));
        for end in 12..needed {
            assert_eq!(refusal(&whole[..end]), Unusable::Truncated, "{end} of {}", whole.len());
        }
    }
}

#[test]
fn a_scan_without_its_data_is_refused_though_the_end_is_there() {
    for (progressive, factor) in
        [(false, SamplingFactor::F_1_1), (false, SamplingFactor::F_2_2), (true, SamplingFactor::F_2_2)]
    {
        let whole = jpeg(&noise(64, 64), (64, 64), ColorType::Rgb, |encoder| {
            encoder.set_progressive(progressive);
            encoder.set_sampling_factor(factor);
        });
        let scan = whole.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
        let data = whole.len() - scan - 20;
        for missing in [4, 10, data / 4, data / 2, data - 10] {
            let mut cut = whole[..whole.len() - 2 - missing].to_vec();
            cut.extend(b"\xFF\xD9");
            assert_eq!(code(&cut), "broken", "{progressive} {missing}");
        }
    }
}

#[test]
fn animations_are_refused() {
    assert_eq!(code(&gif(2)), "animated");
    let still = file(gradient(4, 4), ImageFormat::Png);
    assert_eq!(code(&with_chunk(&still, b"acTL", b"\0\0\0\x02\0\0\0\0")), "animated");
    assert_eq!(code(&with_chunk(&still, b"fdAT", b"\0\0\0\x02")), "animated");
    // One frame is a still picture.
    assert!(decode(&with_chunk(&still, b"acTL", b"\0\0\0\x01\0\0\0\0"), &limits()).is_ok());
    assert_eq!(code(&webp(&[(b"VP8X", &extended(2, 4, 4)), (b"ANIM", &[0; 6])])), "animated");
    assert_eq!(code(&webp(&[(b"VP8X", &extended(0, 4, 4)), (b"ANMF", &[0; 24])])), "animated");
}

#[test]
fn many_frames_cost_no_time() {
    let long = gif(200_000);
    let start = Instant::now();
    assert_eq!(code(&long), "animated");
    assert!(start.elapsed() < Duration::from_millis(50));
}

#[test]
fn bombs_are_refused_by_their_size_alone() {
    let start = Instant::now();
    let png = png_start(50_000, 50_000, 8, 6);
    let mut jpeg = plain_jpeg(8, 8);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
    let gif = b"GIF89a\xFF\xFF\xFF\xFF\0\0\0".to_vec();
    let webp = webp(&[(b"VP8X", &extended(0, 1 << 24, 1 << 24))]);
    for (bytes, side) in [(&png, 50_000), (&jpeg, 65_535), (&gif, 65_535), (&webp, 1 << 24)] {
        let Unusable::TooManyPixels { width, height, max_side, .. } = refusal(bytes) else {
            panic!("{side}");
        };
        assert_eq!((width, height, max_side), (side, side, 12_000));
    }
    assert!(start.elapsed() < Duration::from_millis(50));
}

#[test]
fn the_bytes_of_a_pixel_count() {
    let limits = Limits { max_side: 100, max_bytes: 3 * 100 * 100 };
    let opaque = file(gradient(100, 100), ImageFormat::Png);
    assert!(decode(&opaque, &limits).is_ok());
    let transparent = file(half_transparent(100, 100), ImageFormat::Png);
    let refusal = decode(&transparent, &limits).unwrap_err();
    assert_eq!(refusal, Unusable::TooManyPixels { width: 100, height: 100, max_side: 100, max_pixels: 7500 });
    assert!(decode(&file(gradient(101, 1), ImageFormat::Png), &limits).is_err());
    // All of a progressive picture's coefficients are kept, two bytes each.
    let progressive = jpeg(&gradient(100, 100), (100, 100), ColorType::Rgb, |encoder| {
        encoder.set_progressive(true);
    });
    assert_eq!(decode(&progressive, &limits).unwrap_err().code(), "too_many_pixels");
    assert!(decode(&plain_jpeg(100, 100), &limits).is_ok());
}

#[test]
fn a_second_nature_behind_the_end_is_refused() {
    for picture in one_of_each() {
        for (trailer, name) in [
            (b"PK\x03\x04rest".as_slice(), "zip"),
            (b"\xAB\xCDsomething PK\x05\x06 end", "zip"),
            (b"\n\n%PDF-1.4 x", "pdf"),
            (b"\xAB\xCD\xEF  <ScRiPt>alert(1)", "html"),
            (b"<html>", "html"),
            (b"\xAB<?php x", "php"),
            (b"*/=1;alert(document.cookie)//", "text"),
            (b"#!/bin/sh\n", "script"),
            (b"MZ\x90\0", "program"),
            (b"\x7FELF\x02", "program"),
            (b"Rar!\x1A\x07\x01\0", "rar"),
        ] {
            let bytes = [picture.as_slice(), trailer].concat();
            assert_eq!(refusal(&bytes), Unusable::Polyglot { found: name }, "{trailer:?}");
        }
    }
}

#[test]
fn an_archive_or_a_document_within_the_structure_is_refused() {
    let archive = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let png = file(gradient(4, 4), ImageFormat::Png);
    let end = png.len() - 12;
    for (bytes, name) in [
        (with_segment(&plain_jpeg(8, 8), 0xFE, archive), "zip"),
        (with_segment(&plain_jpeg(8, 8), 0xFE, b"%PDF-1.4"), "pdf"),
        ([&png[..end], &png_chunk(b"zzZz", archive), &png[end..]].concat(), "zip"),
        ([&png[..end], &png_chunk(b"tEXt", b"a\0%PDF-1.4"), &png[end..]].concat(), "pdf"),
    ] {
        assert_eq!(refusal(&bytes), Unusable::Polyglot { found: name });
    }
    let told = with_segment(&plain_jpeg(8, 8), 0xFE, b"<b>PK</b> said 50% of PDF");
    assert_eq!(taken(&told), taken(&plain_jpeg(8, 8)));
}

#[test]
fn what_cameras_leave_behind_the_end_is_dropped() {
    let preview = plain_jpeg(8, 8);
    for picture in one_of_each() {
        for trailer in [
            b"".as_slice(),
            b"\0\0\0\0",
            b"\r\n",
            b";",
            &preview,
            b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
            b"\0\0\x01\x0A\x0E\0\0\0Image_UTC_Data1582\0\0\0\0SEFHk\0\0\0SEFT",
            b"CANON OPTIONAL DATA\0\0\x01\0",
        ] {
            let bytes = [picture.as_slice(), trailer].concat();
            assert_eq!(taken(&bytes), taken(&picture), "{trailer:?}");
        }
    }
}

#[test]
fn contradictions_are_broken() {
    let png = file(gradient(4, 4), ImageFormat::Png);
    let mut wrong_sum = png.clone();
    let last = wrong_sum.len() - 20;
    wrong_sum[last] ^= 1;
    let no_data = [png_start(4, 4, 8, 2), png_chunk(b"IEND", b"")].concat();
    let short = self::png(png_start(4, 4, 8, 0), &[], &[0; 5]);
    let pixels = &file(half_transparent(4, 4), ImageFormat::WebP)[20..];
    let two_sizes = webp(&[(b"VP8X", &extended(0, 5, 4)), (b"VP8L", pixels)]);
    let nothing = webp(&[(b"VP8X", &extended(0, 5, 4))]);
    let second_start = with_segment(&plain_jpeg(8, 8), 0xD8, b"");
    let no_scan = b"\xFF\xD8\xFF\xD9".to_vec();
    let empty_gif = b"GIF89a\x02\0\x02\0\0\0\0;".to_vec();
    let zero = b"GIF89a\0\0\x02\0\0\0\0;".to_vec();
    // Its codes end before its pixels do.
    let mut short_gif = gif(1);
    let data = short_gif.len() - 5;
    short_gif.splice(data - 1..data + 3, [1, 0x44]);
    for bytes in
        [short_gif, wrong_sum, no_data, short, two_sizes, nothing, second_start, no_scan, empty_gif, zero]
    {
        assert_eq!(code(&bytes), "broken", "{bytes:?}");
    }
}

#[test]
fn uncommon_jpegs_are_refused_not_misread() {
    let common = plain_jpeg(8, 8);
    let frame = common.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let edited = |at: usize, byte: u8| {
        let mut bytes = common.clone();
        bytes[frame + at] = byte;
        bytes
    };
    // Lossless, arithmetic, 12 bits, two components, and a difference finer than brightness.
    for bytes in [edited(1, 0xC3), edited(1, 0xC9), edited(4, 12), edited(9, 2), edited(14, 0x22)] {
        assert_eq!(refusal(&bytes), Unusable::Unsupported { found: Some("uncommon_jpeg") });
    }
}
