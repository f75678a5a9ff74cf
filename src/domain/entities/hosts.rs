//! Where links lead.

use url::Url;

use super::classes::is_letter_mark_or_digit;
use super::spelling::{IDEOGRAPHIC_STOP, Spelling};
use super::tlds::top_end;

/// The longest host that is looked at, in bytes: a name of 253 characters (RFC 1035) in UTF-8, and its port.
const HOST_MAX: usize = 253 * 4 + 6;

/// The host that a browser asks when it follows a link, in lower case and in punycode (URL standard, which
/// maps names as UTS 46 has it). `None` if no browser can tell, or another program is asked: it may lead anywhere.
pub(super) fn host(link: &str) -> Option<String> {
    let authority = authority(link)?;
    let name = authority.rsplit_once('@').map_or(authority, |(_, name)| name);
    (name.len() <= HOST_MAX).then_some(())?;
    let url = Url::parse(&format!("https://{}", without_rest(name))).ok()?;
    Some(url.host_str()?.trim_end_matches('.').to_owned())
}

/// What stands in front of the path: the host, with the user's name and the port.
fn authority(link: &str) -> Option<&str> {
    let rest = match split_scheme(link) {
        Some((scheme, rest)) => is_web(scheme).then_some(rest)?,
        // What only looks like a scheme, with something invisible in it, cannot be read.
        None if split_scheme(Spelling::new(link).text()).is_some() => return None,
        None => link,
    };
    rest.trim_start_matches(is_slash).split(['/', '\\', '?', '#']).next()
}

/// A scheme, and what follows it from the slashes on.
fn split_scheme(link: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = link.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let has_slashes = rest.strip_prefix(is_slash).is_some_and(|rest| rest.starts_with(is_slash));
    (is_scheme && has_slashes).then_some((scheme, rest))
}

/// Whether a scheme's addresses name a host that a browser looks up (URL standard, "special" schemes).
pub(super) fn is_web(scheme: &str) -> bool {
    ["https", "http", "ftp", "wss", "ws"].iter().any(|web| scheme.eq_ignore_ascii_case(web))
}

const fn is_slash(c: char) -> bool {
    matches!(c, '/' | '\\')
}

/// A host without what cannot belong to it, though some network's link goes on: behind the top-level domain, a
/// bracket, a quotation mark or the next word of a text that has no blanks. As no top-level domain goes on like
/// that, nobody could be led astray. A port is left out too.
fn without_rest(name: &str) -> &str {
    let spelling = Spelling::new(name);
    let plain = spelling.text();
    // What is encoded could be a dot.
    if plain.contains('%') {
        return name;
    }
    let mut end = plain.trim_end_matches(|c| !is_letter_mark_or_digit(c)).len();
    while let Some((at, dot)) = plain.get(..end).and_then(last_dot) {
        let top = top_end(plain, at + dot.len_utf8());
        if top.is_some() || dot != IDEOGRAPHIC_STOP {
            end = top.unwrap_or(end);
            break;
        }
        // The next sentence.
        end = at;
    }
    spelling.place(&(0..end)).and_then(|place| name.get(..place.end)).unwrap_or(name)
}

fn last_dot(text: &str) -> Option<(usize, char)> {
    let at = text.rfind(['.', IDEOGRAPHIC_STOP])?;
    Some((at, text.get(at..)?.chars().next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_that_browsers_ask() {
        for (link, expected) in [
            ("https://zuiver.nl/a", Some("zuiver.nl")),
            ("WWW.Zuiver.NL.", Some("www.zuiver.nl")),
            ("//zuiver.nl/x", Some("zuiver.nl")),
            ("https:\\\\zuiver.nl\\x", Some("zuiver.nl")),
            ("https:///zuiver.nl", Some("zuiver.nl")),
            ("ftp://zuiver.nl:21/", Some("zuiver.nl")),
            ("MÜNCHEN.de", Some("xn--mnchen-3ya.de")),
            ("ｚｕｉｖｅｒ。ｎｌ", Some("zuiver.nl")),
            ("zui\u{AD}ver.\u{2060}nl", Some("zuiver.nl")),
            ("zuiver.nl/?u=https://example.com", Some("zuiver.nl")),
            ("https://zuiver.nl:x@example.com/@zuiver.nl", Some("example.com")),
            ("https://a@b@zuiver.nl", Some("zuiver.nl")),
            ("https://zuiver.nl%2Eexample%2Ecom", Some("zuiver.nl.example.com")),
            ("https://zuiver.nl％2Ecom", None),
            ("https://0x7f.1/", Some("127.0.0.1")),
            ("http://localhost:80", Some("localhost")),
            ("zui\u{200D}ver.nl", None),
            ("https:\u{200B}//zuiver.nl", None),
            ("app://zuiver.nl", None),
            ("https://", None),
            ("", None),
        ] {
            assert_eq!(host(link).as_deref(), expected, "{link}");
        }
        assert_eq!(host(&format!("https://{}.nl", "a".repeat(2_000))), None);
    }

    #[test]
    fn what_no_top_level_domain_ends_with_is_left_out() {
        for (link, expected) in [
            ("https://zuiver.nl”", "zuiver.nl"),
            ("https://zuiver.nl。詳しくは", "zuiver.nl"),
            ("https://zuiver.nlです", "zuiver.nl"),
            ("https://zuiver.nl,https:", "zuiver.nl"),
            ("zuiver.nl-pagina", "zuiver.nl"),
            ("zuiver.nl👍", "zuiver.nl"),
            // These are other hosts.
            ("https://zuiver.nl”x.com", "zuiver.xn--nlx-8o0a.com"),
            ("https://zuiver.nl。ｃｏｍ", "zuiver.nl.com"),
            ("https://zuiver.nl,x.com", "zuiver.nl,x.com"),
            ("https://zuiver.co\u{AD}m", "zuiver.com"),
            ("https://zuiver.nlé", "zuiver.xn--nl-cja"),
        ] {
            assert_eq!(host(link).as_deref(), Some(expected), "{link}");
        }
    }
}
