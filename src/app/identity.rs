//! How people are named: e-mail addresses, external ids, names, countries and languages.
//!
//! What identifies somebody is normalised before its HMAC is made, so that one address has one HMAC.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;
use uuid::Uuid;

use crate::domain::{countries, language};
use crate::error::Fault;

/// The longest e-mail address in bytes (RFC 5321, section 4.5.3.1.3: a path of 256 with its brackets).
const MAX_EMAIL: usize = 254;

/// The longest external id, in characters.
const MAX_EXTERNAL_ID: usize = 200;

/// The longest name, in graphemes.
const MAX_NAME: usize = 200;

/// The longest name, in bytes: graphemes have no longest form.
const MAX_NAME_BYTES: usize = 4000;

/// An e-mail address in the form that it is found by: trimmed, in lower case, composed.
pub fn normal_email(text: &str) -> String {
    text.trim().to_lowercase().nfc().collect()
}

/// An external id in the form that it is found by: trimmed and composed. Its case is the other system's.
pub fn normal_external_id(text: &str) -> String {
    text.trim().nfc().collect()
}

/// An e-mail address, normalised. What a mail server would take is not guessed: one `@` with something
/// on both sides, no white space or control character, and a domain of dotted labels.
pub fn email(text: &str) -> Result<String, Fault> {
    let email = normal_email(text);
    let shape = email.split_once('@').is_some_and(|(local, domain)| {
        let labels = || domain.split('.').all(|label| !label.is_empty());
        !local.is_empty() && !domain.contains('@') && labels()
    });
    let clean = email.len() <= MAX_EMAIL && email.chars().all(is_visible);
    if shape && clean {
        return Ok(email);
    }
    Err(Fault::body("/email", "invalid_email", "This is not an e-mail address, such as ada@example.org."))
}

/// An external id, normalised: never one that could be taken for a person's id.
pub fn external_id(text: &str) -> Result<String, Fault> {
    let id = normal_external_id(text);
    let fault = |code, detail| Err(Fault::body("/external_id", code, detail));
    if Uuid::try_parse(&id).is_ok() {
        return fault("external_id_is_uuid", "An external id may not have the form of a UUID.");
    }
    if !(1..=MAX_EXTERNAL_ID).contains(&id.chars().count()) || !id.chars().all(is_visible) {
        return fault(
            "invalid_external_id",
            "An external id has 1 to 200 visible characters, and no spaces.",
        );
    }
    Ok(id)
}

/// A person's name, trimmed and composed.
pub fn display_name(text: &str) -> Result<String, Fault> {
    let name: String = text.trim().nfc().collect();
    let fits = (1..=MAX_NAME).contains(&name.graphemes(true).count()) && name.len() <= MAX_NAME_BYTES;
    if fits && !name.chars().any(is_hidden) {
        return Ok(name);
    }
    Err(Fault::body(
        "/display_name",
        "invalid_display_name",
        "A name has 1 to 200 characters, and no control characters.",
    ))
}

/// A group's name, trimmed and composed.
pub fn group_name(text: &str) -> Result<String, Fault> {
    display_name(text).map_err(|fault| Fault::body("/name", "invalid_name", fault.detail))
}

/// A name as it is compared: `Sales`, `sales` and `ＳＡＬＥＳ` would be taken for each other.
pub fn folded_name(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).collect()
}

/// A country of ISO 3166-1: an unknown code would be in no list, and so escape what a country demands.
pub fn country(text: &str) -> Result<String, Fault> {
    if countries::is_country(text) {
        return Ok(text.to_owned());
    }
    Err(Fault::body("/country", "invalid_country", "A country is a code of ISO 3166-1, such as NL."))
}

/// A language, as content names it: `nl`, `nl-BE`, `zh-Hant`.
pub fn language(text: &str) -> Result<String, Fault> {
    if language::is_canonical(text) {
        return Ok(text.to_owned());
    }
    Err(Fault::body("/language", "invalid_language", "A language is written like nl, nl-BE or zh-Hant."))
}

fn is_visible(letter: char) -> bool {
    !letter.is_whitespace() && !is_hidden(letter)
}

/// Control characters, and those that change the direction of or hide in a text (Unicode, Bidi_Control
/// and zero-width spaces), which could make one name look like another.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || ('\u{2028}'..='\u{202e}').contains(&letter)
        || ('\u{2066}'..='\u{2069}').contains(&letter)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_address_has_one_form() {
        assert_eq!(email(" Zoe\u{308}@Example.ORG "), Ok("zo\u{eb}@example.org".to_owned()));
        assert_eq!(email("a@localhost"), Ok("a@localhost".to_owned()));
        let long = format!("{}@example.org", "a".repeat(243));
        for odd in ["", "a", "@b.c", "a@", "a@b@c", "a@b..c", "a b@c.d", "a@b.c\n d", "a\u{0}@b.c", &long] {
            assert!(email(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn an_external_id_is_never_an_id() {
        assert_eq!(external_id(" E-0042 "), Ok("E-0042".to_owned()));
        let id = Uuid::now_v7();
        let spellings =
            [id.to_string(), id.to_string().to_uppercase(), id.simple().to_string(), id.urn().to_string()];
        for odd in spellings {
            assert_eq!(external_id(&odd).unwrap_err().code, "external_id_is_uuid", "{odd}");
        }
        for odd in ["", " ", "a b", "a\u{200b}b", &"a".repeat(201)] {
            assert!(external_id(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn names_countries_and_languages_have_their_form() {
        assert_eq!(
            display_name(" Zoe\u{308} \u{1f468}\u{200d}\u{1f469} "),
            Ok("Zo\u{eb} \u{1f468}\u{200d}\u{1f469}".to_owned())
        );
        for odd in ["", "  ", "a\nb", "\u{202e}eva", &"a".repeat(201)] {
            assert!(display_name(odd).is_err(), "{odd:?}");
        }
        assert!(country("NL").is_ok() && language("nl").is_ok() && language("nl-BE").is_ok());
        for odd in ["", "nl", "N", "NLD", "N1", "\u{e9}"] {
            assert!(country(odd).is_err(), "{odd}");
        }
        for odd in ["", "NL", "nl-be", "nl-", "nl-BEL", "nl-BE-x", "n", "abcd"] {
            assert!(language(odd).is_err(), "{odd}");
        }
    }
}
