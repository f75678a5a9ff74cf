//! Names for what is not taken, so that a refusal can say what it found.
//!
//! The signatures are those of the types' own specifications, as <https://mimesniff.spec.whatwg.org/> and the
//! `file` program's magic list them.

use super::bytes::{array, contains_in_any_case};

/// Types by their first bytes.
const SIGNATURES: [(&[u8], &str); 26] = [
    (b"%PDF-", "pdf"),
    (b"%!PS", "postscript"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"Rar!\x1A\x07", "rar"),
    (b"7z\xBC\xAF\x27\x1C", "7z"),
    (b"\x1F\x8B", "gzip"),
    (b"\x7FELF", "program"),
    (b"MZ", "program"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"\0\0\x01\0", "ico"),
    (b"8BPS", "psd"),
    (b"\xFF\x0A", "jxl"),
    (b"\0\0\0\x0CJXL \r\n\x87\n", "jxl"),
    (b"\0\0\0\x0CjP  \r\n\x87\n", "jp2"),
    (b"\x1A\x45\xDF\xA3", "webm"),
    (b"RIFF", "riff"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "office"),
    (b"#!", "script"),
    (b"<?php", "php"),
];

/// The tags by which a page is known.
const HTML: [&[u8]; 6] = [b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<iframe"];

/// How far into a text its kind is looked for: prologues and comments may come first.
const PROLOGUE: usize = 4096;

/// What these bytes are, if they are something known that is not taken.
pub fn name(bytes: &[u8]) -> Option<&'static str> {
    let known = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature));
    known.map(|(_, name)| *name).or_else(|| boxed(bytes)).or_else(|| text(bytes))
}

/// The ISO base media types, whose first box names the brand (ISO/IEC 14496-12, 4.3; 23008-12 for pictures).
fn boxed(bytes: &[u8]) -> Option<&'static str> {
    if array(bytes, 4) != Some(*b"ftyp") {
        return None;
    }
    match &array(bytes, 8)? {
        b"avif" | b"avis" => Some("avif"),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => Some("heic"),
        _ => Some("mp4"),
    }
}

/// Markup, behind a byte order mark and white space.
fn text(bytes: &[u8]) -> Option<&'static str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let start = bytes.get(start..)?;
    if !start.starts_with(b"<") {
        return None;
    }
    let start = start.get(..PROLOGUE).unwrap_or(start);
    let begins = |tag: &[u8]| start.get(..tag.len()).is_some_and(|first| first.eq_ignore_ascii_case(tag));
    if HTML.iter().any(|tag| begins(tag)) {
        return Some("html");
    }
    if contains_in_any_case(start, b"<svg") {
        return Some("svg");
    }
    if HTML.iter().any(|tag| contains_in_any_case(start, tag)) {
        return Some("html");
    }
    begins(b"<?xml").then_some("xml")
}
