//! Names of blobs: the only texts that become paths.

use std::fmt::Write;

use object_store::path::Path as Location;
use uuid::Uuid;

use super::{BlobError, IMAGES};

/// The folder of all items.
pub(super) fn images(root: &Location) -> Location {
    root.clone().join(IMAGES)
}

/// Where a blob lies: `images/<item>/<sha256>` below the root.
pub(super) fn location(root: &Location, item: Uuid, sha256: &str) -> Result<Location, BlobError> {
    if !is_sha256(sha256) {
        return Err(BlobError::Name);
    }
    Ok(images(root).join(item.hyphenated().to_string()).join(sha256))
}

/// The item and SHA-256 that a path names, if it is one that [`location`] writes.
pub(super) fn parse(root: &Location, location: &Location) -> Option<(Uuid, String)> {
    let images = images(root);
    let mut parts = location.prefix_match(&images)?;
    let (item, sha256) = (parts.next()?, parts.next()?);
    let (item, sha256) = (item.as_ref(), sha256.as_ref());
    let id = Uuid::try_parse(item).ok().filter(|id| id.hyphenated().to_string() == item)?;
    (parts.next().is_none() && is_sha256(sha256)).then(|| (id, sha256.to_owned()))
}

/// Whether a text is 64 lower-case hexadecimal digits.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const ITEM: &str = "01981e3c-7d5a-7c11-9f0e-2b8c6d1a4e57";

    #[test]
    fn a_name_goes_to_a_path_and_back() {
        let (item, sha256) = (Uuid::try_parse(ITEM).unwrap(), "0a".repeat(32));
        for prefix in ["", "a/b"] {
            let root = Location::parse(prefix).unwrap();
            let path = location(&root, item, &sha256).unwrap();
            assert!(path.as_ref().ends_with(&format!("images/{ITEM}/{sha256}")), "{path}");
            assert_eq!(parse(&root, &path), Some((item, sha256.clone())));
        }
    }

    #[test]
    fn only_64_lower_case_digits_become_a_path() {
        let (root, item) = (Location::default(), Uuid::nil());
        let (digits, wide) = ("a".repeat(64), "é".repeat(32));
        let odd = ["", "..", "../../../etc/passwd", &digits.to_uppercase(), &wide];
        let near = [format!("{digits}a"), format!("{}/", "a".repeat(63)), format!("{}#1", "a".repeat(62))];
        for text in odd.into_iter().chain(near.iter().map(String::as_str)) {
            assert!(matches!(location(&root, item, text), Err(BlobError::Name)), "{text}");
        }
    }

    #[test]
    fn what_is_not_ours_is_no_name() {
        let (root, sha256) = (Location::parse("p").unwrap(), "0a".repeat(32));
        let simple = ITEM.replace('-', "");
        for path in [
            format!("images/{ITEM}/{sha256}"),
            format!("p/other/{ITEM}/{sha256}"),
            format!("p/images/{ITEM}"),
            format!("p/images/{ITEM}/{sha256}/more"),
            format!("p/images/{ITEM}/{sha256}#1"),
            format!("p/images/{ITEM}/{}", sha256.to_uppercase()),
            format!("p/images/{}/{sha256}", ITEM.to_uppercase()),
            format!("p/images/{simple}/{sha256}"),
        ] {
            assert_eq!(parse(&root, &Location::parse(&path).unwrap()), None, "{path}");
        }
    }
}
