//! One range of bytes (RFC 9110, section 14).
//!
//! Several ranges, units other than bytes and what cannot be read are answered with the whole, as the section
//! allows: no client of pictures needs more.

use std::ops::Range;

use actix_web::HttpRequest;
use actix_web::http::header;

/// A range that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// From this byte to the last.
    From(u64),
    /// From this byte to that one, both included.
    To(u64, u64),
    /// So many bytes at the end.
    Last(u64),
}

/// The range that a request asks for of what has this tag; `None` = the whole. With `If-Range` it counts only
/// where that is the same strong tag.
pub fn asked(request: &HttpRequest, tag: &str) -> Option<Asked> {
    let headers = request.headers();
    let unchanged = headers.get(header::IF_RANGE).is_none_or(|value| value.as_bytes() == tag.as_bytes());
    let mut values = headers.get_all(header::RANGE);
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok().filter(|_| unchanged).and_then(parse)
}

fn parse(value: &str) -> Option<Asked> {
    let (first, last) = value.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More than any file has is as good as the largest number.
        is_number.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (first, last) {
        ("", last) => Some(Asked::Last(number(last)?)),
        (first, "") => Some(Asked::From(number(first)?)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Asked::To(first, last))
        }
    }
}

impl Asked {
    /// The bytes of what has so many, the end not included; `None` where the range holds nothing of it.
    pub fn within(self, size: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From(first) => first..size,
            Self::To(first, last) => first..last.saturating_add(1).min(size),
            Self::Last(length) => size.saturating_sub(length)..size,
        };
        (!range.is_empty()).then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_what_there_is() {
        for (text, size, expected) in [
            ("bytes=0-0", 10, Some(0..1)),
            ("bytes=2-", 10, Some(2..10)),
            ("bytes=2-99", 10, Some(2..10)),
            ("bytes=-3", 10, Some(7..10)),
            ("bytes=-99", 10, Some(0..10)),
            ("bytes=9-9", 10, Some(9..10)),
            ("bytes=10-", 10, None),
            ("bytes=-0", 10, None),
            ("bytes=0-", 0, None),
            ("bytes=0-18446744073709551616", 10, Some(0..10)),
        ] {
            assert_eq!(parse(text).and_then(|asked| asked.within(size)), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_one_range_of_bytes_is_the_whole() {
        for text in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=3-2",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=+1-2",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
