//! Finds URLs in a text as networks do, well enough for ordinary text.

/// A stretch of text, or a URL in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Url(&'a str),
}

/// Endings that make a host out of a word without a scheme.
const TOP_LEVEL: &[&str] = &[
    "ai",
    "amsterdam",
    "app",
    "at",
    "au",
    "be",
    "biz",
    "blog",
    "br",
    "ca",
    "ch",
    "cloud",
    "cn",
    "co",
    "com",
    "cz",
    "de",
    "dev",
    "dk",
    "edu",
    "es",
    "eu",
    "fi",
    "fr",
    "gov",
    "gr",
    "ie",
    "in",
    "info",
    "io",
    "it",
    "jobs",
    "jp",
    "lu",
    "ly",
    "me",
    "net",
    "news",
    "nl",
    "no",
    "nu",
    "online",
    "org",
    "pl",
    "pt",
    "se",
    "shop",
    "site",
    "tech",
    "to",
    "tv",
    "uk",
    "us",
];

/// Cuts a text into URLs and what is between them. Unless `needs_scheme`, hosts with a well-known
/// ending are URLs too; e-mail addresses are not.
pub(super) fn pieces(text: &str, needs_scheme: bool) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let mut rest = word;
        while let Some((before, url, after)) = split_url(rest, needs_scheme) {
            pieces.extend([Piece::Text(before), Piece::Url(url)]);
            rest = after;
        }
        pieces.push(Piece::Text(rest));
    }
    pieces
}

fn split_url(word: &str, needs_scheme: bool) -> Option<(&str, &str, &str)> {
    let (start, host) = match scheme(word) {
        Some(found) => found,
        None if needs_scheme => return None,
        None => bare_host(word)?,
    };
    let (before, from) = word.split_at_checked(start)?;
    let path = word.get(host..)?;
    let length = host - start + host_length(path) + path_length(path.get(host_length(path)..)?);
    let (url, after) = from.split_at_checked(length)?;
    Some((before, url, after))
}

/// Where `http(s)://` starts in a word, and where the host after it does.
fn scheme(word: &str) -> Option<(usize, usize)> {
    let lower = word.to_ascii_lowercase();
    let found = ["https://", "http://"].into_iter().filter_map(|scheme| {
        let start = lower.find(scheme)?;
        let host = start + scheme.len();
        (host_length(word.get(host..)?) > 0).then_some((start, host))
    });
    found.min()
}

/// Where a host without a scheme starts, given twice, as there is nothing before it.
fn bare_host(word: &str) -> Option<(usize, usize)> {
    let mut start = 0;
    while let Some(rest) = word.get(start..) {
        let skipped: usize = rest.chars().take_while(|&c| !is_host(c)).map(char::len_utf8).sum();
        start += skipped;
        let rest = word.get(start..).filter(|rest| !rest.is_empty())?;
        let length = host_length(rest);
        let before = word.get(..start).and_then(|before| before.chars().next_back());
        let after = rest.get(length..).and_then(|after| after.chars().next());
        let attached = |c: char| matches!(c, '@' | '#' | '$' | '_' | '/');
        if rest.get(..length).is_some_and(has_known_ending)
            && !before.is_some_and(attached)
            && !after.is_some_and(|c| matches!(c, '@' | '_'))
        {
            return Some((start, start));
        }
        start += rest.chars().take_while(|&c| is_host(c)).map(char::len_utf8).sum::<usize>();
    }
    None
}

fn has_known_ending(host: &str) -> bool {
    host.rsplit_once('.').is_some_and(|(name, ending)| {
        !name.is_empty()
            && name.split('.').all(|label| !label.is_empty())
            && TOP_LEVEL.contains(&ending.to_ascii_lowercase().as_str())
    })
}

fn is_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-')
}

/// The bytes of the host that a text starts with.
fn host_length(text: &str) -> usize {
    let length: usize = text.chars().take_while(|&c| is_host(c)).map(char::len_utf8).sum();
    text.get(..length).map_or(0, |host| host.trim_end_matches(['.', '-']).len())
}

/// The bytes of port, path, query and fragment that a text starts with, without the punctuation
/// that ends a sentence. What is not ASCII ends a URL here: it is then counted as text, which
/// never costs less.
fn path_length(text: &str) -> usize {
    if !text.starts_with(['/', '?', '#', ':']) {
        return 0;
    }
    let length = text.find(|c: char| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"'));
    let path = text.get(..length.unwrap_or(text.len())).unwrap_or_default();
    let mut path = path.trim_end_matches(SENTENCE_END);
    // A closing bracket belongs to the URL only if it was opened there.
    while let Some(shorter) =
        path.strip_suffix(')').filter(|_| path.matches(')').count() > path.matches('(').count())
    {
        path = shorter.trim_end_matches(SENTENCE_END);
    }
    path.len()
}

const SENTENCE_END: [char; 7] = ['.', ',', ';', ':', '!', '?', '\''];

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(text: &str, needs_scheme: bool) -> Vec<&str> {
        let url = |piece| match piece {
            Piece::Url(url) => Some(url),
            Piece::Text(_) => None,
        };
        pieces(text, needs_scheme).into_iter().filter_map(url).collect()
    }

    #[test]
    fn urls_with_a_scheme_are_found_without_the_punctuation_around_them() {
        let text = "Zie (https://example.nl/a_(b)?c=d#e), of HTTP://Example.org. http:// niet";
        assert_eq!(urls(text, true), ["https://example.nl/a_(b)?c=d#e", "HTTP://Example.org"]);
        assert_eq!(urls("https://a.nl/x,https://b.nl", true), ["https://a.nl/x,https://b.nl"]);
    }

    #[test]
    fn hosts_without_a_scheme_are_found_and_addresses_are_not() {
        let text = "example.nl/x, www.x.co.uk! “Werkenbij.zuiver.nl”";
        assert_eq!(urls(text, false), ["example.nl/x", "www.x.co.uk", "Werkenbij.zuiver.nl"]);
        assert_eq!(urls(text, true), [] as [&str; 0]);
        assert_eq!(urls("jan@example.nl e.g. hallo.daar v1.2 a..nl @x.nl #a.nl", false), [] as [&str; 0]);
    }

    #[test]
    fn pieces_tile_the_text() {
        for text in ["", "a https://é.nl/é b", "x.nl y.de/ z", "https://", "…a.nl…"] {
            for needs_scheme in [true, false] {
                let whole: String = pieces(text, needs_scheme)
                    .into_iter()
                    .map(|piece| match piece {
                        Piece::Text(text) | Piece::Url(text) => text,
                    })
                    .collect();
                assert_eq!(whole, text);
            }
        }
    }
}
