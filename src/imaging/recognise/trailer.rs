//! What stands behind a picture's end.
//!
//! Cameras and programs leave much there: a second JPEG (MPF previews, gain maps), a film clip (motion
//! photos), makers' own blocks, the rest of an overwritten longer file. All of it is dropped in silence:
//! only the picture is encoded anew. Refused is what makes the same bytes a file of another type as well, an
//! archive, document, page, program or script: no camera writes it, so somebody meant it to be found.
//!
//! What hides within the picture's own structure, such as a script in a comment, is not looked for: it has no
//! chance to be kept, and descriptions hold words of any kind. Only the two types whose readers do not mind what
//! a file begins or ends with are: archives and documents.

use std::ops::Range;

use super::super::refusal::Unusable;
use super::bytes::contains;
use super::foreign;

/// Readers of archives look for their directory's end this far from the file's end (APPNOTE.TXT, 4.3.16: a
/// record of 22 bytes and a comment of at most 65,535).
const ZIP_DIRECTORY: usize = 22 + 65_535;

/// So many printable characters at the start make a text: fewer may be a block's name, or a doubled end.
const TEXT: Range<usize> = 4..32;

/// Refuses a trailer that is a file of another type.
pub fn check(trailer: &[u8]) -> Result<(), Unusable> {
    match found(trailer) {
        Some(found) => Err(Unusable::Polyglot { found }),
        None => Ok(()),
    }
}

/// How far readers of PDF look for its header (ISO 32000-1, annex H, note 13).
const PDF_HEADER: usize = 1024;

/// Refuses a picture that is an archive or a document as well, wherever in its structure that hides.
pub fn check_whole(bytes: &[u8]) -> Result<(), Unusable> {
    let tail = bytes.get(bytes.len().saturating_sub(ZIP_DIRECTORY)..).unwrap_or_default();
    // With the numbers of its disks, which are 0: four bytes alone stand in some photograph by chance.
    if contains(tail, b"PK\x05\x06\0\0\0\0") {
        return Err(Unusable::Polyglot { found: "zip" });
    }
    if contains(bytes.get(..PDF_HEADER).unwrap_or(bytes), b"%PDF-") {
        return Err(Unusable::Polyglot { found: "pdf" });
    }
    Ok(())
}

fn found(trailer: &[u8]) -> Option<&'static str> {
    let padding = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let start = trailer.iter().position(|byte| !padding(byte))?;
    let rest = trailer.get(start..)?;
    at_the_start(rest).or_else(|| anywhere(rest))
}

fn at_the_start(rest: &[u8]) -> Option<&'static str> {
    // A film clip is a motion photo's.
    if let Some(name) = foreign::name(rest).filter(|name| *name != "mp4") {
        return Some(name);
    }
    let start = rest.get(..TEXT.end).unwrap_or(rest);
    let printable = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    (start.len() >= TEXT.start && start.iter().all(printable)).then_some("text")
}

fn anywhere(rest: &[u8]) -> Option<&'static str> {
    let tail = rest.get(rest.len().saturating_sub(ZIP_DIRECTORY)..)?;
    if contains(tail, b"PK\x05\x06") {
        return Some("zip");
    }
    // One walk, which looks closer only where a signature can begin.
    let places = rest.iter().enumerate().filter(|(_, byte)| matches!(byte, b'%' | b'R' | b'7' | b'<'));
    places.filter_map(|(at, _)| rest.get(at..)).find_map(signature)
}

/// The signatures that readers look for anywhere in a file.
fn signature(rest: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 8] = [
        (b"%PDF-", "pdf"),
        (b"Rar!\x1A\x07", "rar"),
        (b"7z\xBC\xAF\x27\x1C", "7z"),
        (b"<!doctype html", "html"),
        (b"<html", "html"),
        (b"<script", "html"),
        (b"<svg", "svg"),
        (b"<?php", "php"),
    ];
    let begins = |tag: &[u8]| rest.get(..tag.len()).is_some_and(|first| first.eq_ignore_ascii_case(tag));
    known.iter().find(|(tag, _)| begins(tag)).map(|(_, name)| *name)
}
