//! What an employee may add of their own (R18). A comment is taken as it is or refused, never cut.

use unicode_normalization::UnicodeNormalization as _;

use super::content::post::Personalisation;
use super::entities;
use super::text::{Lines, bidi_control, forbidden_character, graphemes, is_blank};
use crate::error::Fault;

/// The most graphemes of an introduction.
pub const INTRO_MAX: usize = 200;

const POINTER: &str = "/comment";

/// Everything that forbids this comment on a post of this personalisation.
pub fn faults(personalisation: Personalisation, comment: &str) -> Vec<Fault> {
    if personalisation == Personalisation::None {
        return vec![Fault::body(POINTER, "comment_not_allowed", "This post is shared without a comment.")];
    }
    let mut faults = Vec::new();
    if is_blank(comment) {
        faults.push(Fault::body(POINTER, "empty", "Leave the comment out, or write something."));
    }
    // A comment that turns the direction of writing could make the disclaimers unreadable.
    if let Some(found) = forbidden_character(comment, Lines::Many).or_else(|| bidi_control(comment)) {
        let detail = format!("The character U+{:04X} is not taken here.", u32::from(found));
        faults.push(Fault::body(POINTER, "control_character", detail));
    }
    // Networks show few lines: empty ones would push the rest out of sight.
    if comment.contains("\n\n\n\n") {
        let detail = "At most two empty lines stand together.";
        faults.push(Fault::body(POINTER, "empty_lines", detail));
    }
    if personalisation == Personalisation::Intro {
        faults.extend(intro_faults(comment));
    }
    faults
}

fn intro_faults(comment: &str) -> impl Iterator<Item = Fault> {
    let excess = graphemes(comment).saturating_sub(INTRO_MAX);
    let too_long = (excess > 0).then(|| {
        let detail =
            format!("An introduction has at most {INTRO_MAX} characters; these are {excess} too many.");
        Fault::body(POINTER, "comment_too_long", detail).with("excess", excess)
    });
    // Compatibility forms such as a full-width number sign work like the plain ones on networks.
    let plain: String = comment.nfkc().collect();
    let holds = |finds: fn(&str) -> bool| finds(comment) || finds(&plain);
    let found = [
        ("comment_link", holds(has_link), "An introduction holds no link."),
        ("comment_hashtag", holds(entities::has_hashtag), "An introduction holds no hashtag."),
        ("comment_mention", holds(entities::has_mention), "An introduction holds no mention."),
    ];
    let marks = found.into_iter().filter(|(_, found, _)| *found);
    too_long.into_iter().chain(marks.map(|(code, _, detail)| Fault::body(POINTER, code, detail)))
}

/// Whether some network or client finds a link, or a reader would see one.
fn has_link(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let seen = ["://", "www."].iter().any(|mark| lower.contains(mark));
    seen || !entities::links_anywhere(text).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(personalisation: Personalisation, comment: &str) -> Vec<&'static str> {
        faults(personalisation, comment).into_iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn r18_a_comment_is_taken_whole_or_refused() {
        use Personalisation::{Free, Intro, None};
        assert_eq!(codes(None, "Mooi!"), ["comment_not_allowed"]);
        assert_eq!(codes(Intro, "Trots op dit team!\nEcht waar. 😀"), [] as [&str; 0]);
        assert_eq!(codes(Intro, &"é".repeat(200)), [] as [&str; 0]);
        assert_eq!(codes(Intro, &"é".repeat(201)), ["comment_too_long"]);
        for link in ["WWW.x.nl", "zie zuiver.nl", "ftp://x", "https://x.nl"] {
            assert_eq!(codes(Intro, link), ["comment_link"], "{link}");
        }
        for link in ["//x.nl/a", "зло.рф", "x。nl", "x\u{200D}.nl", "x_y.nl", "1.2.3.4/x", "jan@zuiver.nl/x"]
        {
            assert_eq!(codes(Intro, link), ["comment_link"], "{link}");
        }
        for fine in ["versie 1.2.3.4, 12:30", "en/of // wacht...", "これは例です。日本"] {
            assert_eq!(codes(Intro, fine), [""; 0], "{fine}");
        }
        for fine in ["Nummer # 1 @ ons", "rapport.pdf en v1.2.3", "5 @ 10 euro", "C# is een taal"] {
            assert_eq!(codes(Intro, fine), [""; 0], "{fine}");
        }
        assert_eq!(codes(Intro, "Mail jan@zuiver.nl"), [""; 0]);
        assert_eq!(codes(Intro, "＃trots"), ["comment_hashtag"]);
        assert_eq!(codes(Intro, "http://x ＃a @b"), ["comment_link", "comment_hashtag", "comment_mention"]);
        assert_eq!(codes(Free, "Zie https://x.nl #a @b"), [] as [&str; 0]);
        assert_eq!(codes(Free, " \n"), ["empty"]);
        assert_eq!(codes(Free, "a\n\n\nb"), [""; 0]);
        assert_eq!(codes(Free, "a\n\n\n\nb"), ["empty_lines"]);
        assert_eq!(codes(Free, "\u{200D}\u{FE0F}"), ["empty"]);
        for odd in ["a\u{0}", "a\rb", "a\u{202E}b"] {
            assert_eq!(codes(Free, odd), ["control_character"]);
        }
    }
}
