//! Language tags: the simple form of BCP 47 that content uses, and the choice among them.

/// Whether a tag is well formed and written canonically: a language of two or three letters, then
/// perhaps a script, then perhaps a region, such as `nl`, `nl-BE`, `zh-Hant-TW`, `es-419`.
pub fn is_canonical(tag: &str) -> bool {
    let mut subtags = tag.split('-').peekable();
    subtags.next_if(|text| matches!(text.len(), 2 | 3) && all(text, |b| b.is_ascii_lowercase())).is_some()
        && {
            subtags.next_if(|text| is_script(text));
            subtags.next_if(|text| is_region(text));
            subtags.next().is_none()
        }
}

/// The best of the `available` tags for a wanted one, by lookup (RFC 4647 section 3.4): the tag
/// itself, else without its last subtag, and so on.
pub fn lookup<'a>(wanted: &str, available: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    available.into_iter().filter(|tag| covers(tag, wanted)).max_by_key(|tag| tag.len())
}

/// Whether a `tag` is meant for a `wanted` language: the same, or a more general one, in whatever case
/// they are written (RFC 4647 section 2).
pub fn covers(tag: &str, wanted: &str) -> bool {
    wanted.split_at_checked(tag.len()).is_some_and(|(start, rest)| {
        start.eq_ignore_ascii_case(tag) && (rest.is_empty() || rest.starts_with('-'))
    })
}

fn is_script(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() == 4
        && bytes.next().is_some_and(|first| first.is_ascii_uppercase())
        && bytes.all(|b| b.is_ascii_lowercase())
}

fn is_region(text: &str) -> bool {
    (text.len() == 2 && all(text, |b| b.is_ascii_uppercase()))
        || (text.len() == 3 && all(text, |b| b.is_ascii_digit()))
}

fn all(text: &str, holds: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_tags_are_taken() {
        for good in ["nl", "nl-BE", "zh-Hant", "zh-Hant-TW", "es-419", "gsw"] {
            assert!(is_canonical(good), "{good}");
        }
        for odd in ["", "n", "NL", "nl_BE", "nl-be", "nl-", "-nl", "nl-BE-x", "dutch", "nl-BE-Latn", "é"] {
            assert!(!is_canonical(odd), "{odd}");
        }
    }

    #[test]
    fn lookup_falls_back_to_the_more_general_tag() {
        assert_eq!(lookup("nl-BE", ["en", "nl", "nl-BE"]), Some("nl-BE"));
        assert_eq!(lookup("nl-BE", ["en", "nl"]), Some("nl"));
        assert_eq!(lookup("zh-Hant-TW", ["zh", "zh-Hant"]), Some("zh-Hant"));
        assert_eq!(lookup("NL-be", ["en", "nl", "nl-BE"]), Some("nl-BE"));
        assert_eq!(lookup("nl", ["nl-BE", "en"]), None);
        assert_eq!(lookup("nld", ["nl"]), None);
    }
}
