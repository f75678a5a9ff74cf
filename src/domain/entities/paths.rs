//! The parts of a URL behind its host.

use super::classes::{is_cyrillic, is_latin_accented};

/// Whose URLs are looked for. They differ behind the host only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grammar {
    /// twitter-text's own.
    X,
    /// As Mastodon widens it (`config/initializers/twitter_regex.rb`): other scripts, and `^` in a query.
    Mastodon,
}

impl Grammar {
    /// What may stand in a path, outside and inside brackets.
    fn in_path(self, c: char) -> bool {
        match self {
            Grammar::X => {
                c.is_ascii_alphanumeric()
                    || matches!(c, '!' | '*' | '\'' | ';' | ':' | '=' | '+' | ',' | '.' | '$' | '/' | '%')
                    || matches!(c, '#' | '[' | ']' | '-' | '_' | '~' | '@' | '|' | '&' | '\u{2013}')
                    || is_cyrillic(c)
                    || is_latin_accented(c)
            }
            Grammar::Mastodon => !c.is_whitespace() && !matches!(c, '<' | '>' | '(' | ')' | '?'),
        }
    }

    /// What may end a path.
    fn ends_path(self, c: char) -> bool {
        match self {
            Grammar::X => {
                c.is_ascii_alphanumeric()
                    || matches!(c, '+' | '-' | '=' | '_' | '#' | '/')
                    || is_cyrillic(c)
                    || is_latin_accented(c)
            }
            Grammar::Mastodon => !matches!(
                c,
                '!' | '*'
                    | '"'
                    | '\''
                    | '「'
                    | '」'
                    | ';'
                    | ':'
                    | '='
                    | ','
                    | '.'
                    | '$'
                    | '%'
                    | '['
                    | ']'
                    | '~'
                    | '&'
                    | '|'
                    | '@'
            ),
        }
    }

    fn in_query(self, c: char) -> bool {
        c.is_ascii_alphanumeric()
            || matches!(c, '!' | '?' | '*' | '\'' | '(' | ')' | ';' | ':' | '&' | '=' | '+' | '$' | '/')
            || matches!(c, '%' | '#' | '[' | ']' | '-' | '_' | '.' | ',' | '~' | '|' | '@')
            || (self == Grammar::Mastodon && (c == '^' || c >= '\u{A0}'))
    }

    fn ends_query(self, c: char) -> bool {
        c.is_ascii_alphanumeric()
            || matches!(c, '-' | '_' | '&' | '=' | '#' | '/')
            || (self == Grammar::Mastodon && c >= '\u{A0}')
    }

    /// Where the path that begins at `at` ends; `at` itself when there is none. Closing brackets belong to
    /// it when they were opened in it; one pair may stand within another.
    pub(super) fn path_end(self, text: &str, at: usize) -> usize {
        if !text.get(at..).is_some_and(|rest| rest.starts_with('/')) {
            return at;
        }
        let mut here = at + 1;
        let mut end = here;
        while let Some(c) = text.get(here..).and_then(|rest| rest.chars().next()) {
            if c == '(' {
                let Some(closed) = self.bracket_end(text, here) else { break };
                (here, end) = (closed, closed);
            } else if self.in_path(c) {
                here += c.len_utf8();
                end = if self.ends_path(c) { here } else { end };
            } else {
                break;
            }
        }
        end
    }

    /// Where the bracket that opens at `open` has closed.
    fn bracket_end(self, text: &str, open: usize) -> Option<usize> {
        let run = |from: usize| -> Option<(usize, char)> {
            let rest = text.get(from..)?;
            let stop = rest.find(|c| !self.in_path(c))?;
            Some((from + stop, rest.get(stop..)?.chars().next()?))
        };
        let (mut end, mut stop) = run(open + 1)?;
        if stop == ')' && end > open + 1 {
            return Some(end + 1);
        }
        if stop != '(' {
            return None;
        }
        let inner = end + 1;
        (end, stop) = run(inner)?;
        if stop != ')' || end == inner {
            return None;
        }
        (end, stop) = run(end + 1)?;
        (stop == ')').then_some(end + 1)
    }

    /// Where the query that begins at `at` ends; `at` itself when there is none.
    pub(super) fn query_end(self, text: &str, at: usize) -> usize {
        let Some(query) = text.get(at..).and_then(|rest| rest.strip_prefix('?')) else { return at };
        let mut here = at + 1;
        let mut end = at;
        for c in query.chars().take_while(|&c| self.in_query(c)) {
            here += c.len_utf8();
            end = if self.ends_query(c) { here } else { end };
        }
        end
    }
}

/// Where the port that begins at `at` ends; `at` itself when there is none.
pub(super) fn port_end(text: &str, at: usize) -> usize {
    let digits = |port: &str| port.bytes().take_while(u8::is_ascii_digit).count();
    match text.get(at..).and_then(|rest| rest.strip_prefix(':')).map(digits) {
        None | Some(0) => at,
        Some(digits) => at + 1 + digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_ends_before_the_punctuation_of_its_sentence() {
        for (text, expected) in [
            ("", ""),
            ("x", ""),
            ("/", "/"),
            ("/a/b.html, c", "/a/b.html"),
            ("/a...", "/a"),
            ("/a_(b)", "/a_(b)"),
            ("/a_(b)).", "/a_(b)"),
            ("/a(b(c)d)e!", "/a(b(c)d)e"),
            ("/a(b(c)(d))", "/a"),
            ("/a()", "/a"),
            ("/a(", "/a"),
            ("/(((", "/"),
            ("/é/Русские–x", "/é/Русские–x"),
            ("/日本", "/"),
            ("/$TSLA,", "/$TSLA"),
            ("/@a/b@", "/@a/b"),
            ("/a-", "/a-"),
            ("/a\"b", "/a"),
        ] {
            assert_eq!(text.get(..Grammar::X.path_end(text, 0)), Some(expected), "{text}");
        }
        let mastodon = |text| Grammar::Mastodon.path_end(text, 0);
        assert_eq!((mastodon("/日本、x"), mastodon("/a「b」"), mastodon("/a<b")), (11, 6, 2));
    }

    #[test]
    fn ports_and_queries_end_where_they_must() {
        assert_eq!(
            (port_end(":80/", 0), port_end(":", 0), port_end(":x", 0), port_end("a:8x", 1)),
            (3, 0, 0, 3)
        );
        for (text, expected) in [("?a=b&c", 6), ("?a=b.", 4), ("?", 0), ("?!?", 0), ("?a é", 2), ("?日", 0)]
        {
            assert_eq!(Grammar::X.query_end(text, 0), expected, "{text}");
        }
        assert_eq!(Grammar::Mastodon.query_end("?日^b", 0), 6);
    }
}
