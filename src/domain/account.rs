//! Official accounts: where the organisation itself speaks, and who answers for that.

use super::channels::{ChannelId, Channels};
use super::ids::Key;
use super::links::LinkPolicy;
use super::policy;
use super::text::{self, Lines};
use crate::error::Fault;

/// The longest handle, in characters.
pub const HANDLE_MAX: usize = 200;

/// What the register says of an official account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The channel that it is on.
    pub channel: ChannelId,
    /// Its name there, as it is shown.
    pub handle: String,
    /// Where it is found.
    pub url: String,
    /// The responsibility whose holders answer for it, and may post on it.
    pub owner: Key,
    /// What it is for.
    pub purpose: String,
}

/// A handle as it is looked up: in lower case, and without the sign that some channels write before it.
pub fn folded_handle(handle: &str) -> String {
    name(handle).to_lowercase()
}

/// A handle as it looks: those that a reader mixes up have the same look, in whatever script they are written.
/// Nothing is looked up by it, since a look-alike of an official account is none.
pub fn look_of_handle(handle: &str) -> String {
    policy::look(name(handle))
}

/// What is looked up where somebody asks for this handle, as they typed or pasted it; nothing, when no account can
/// have it: to answer that there is none would tell them that an account of ours is not ours.
pub fn sought_handle(typed: &str) -> Option<String> {
    let handle = typed.trim();
    is_handle(handle).then(|| folded_handle(handle))
}

/// Signs that are written before a handle: the second is what some keyboards of East Asia give.
const SIGNS: [char; 2] = ['@', '\u{FF20}'];

fn name(handle: &str) -> &str {
    handle.strip_prefix(SIGNS).unwrap_or(handle)
}

impl Account {
    /// What is wrong with it by itself. That there is such a responsibility, only the register knows.
    pub fn faults(&self, channels: &Channels) -> Vec<Fault> {
        let mut faults = Vec::new();
        if channels.get(&self.channel).is_none() {
            let detail = "There is no channel of this name; GET /v1/channels lists them.";
            faults.push(Fault::body("/channel", "unknown_channel", detail));
        }
        if !is_handle(&self.handle) {
            let detail = format!(
                "A handle has 1 to {HANDLE_MAX} visible characters without spaces, and is no address of a page."
            );
            faults.push(Fault::body("/handle", "not_a_handle", detail));
        }
        // Where posts may lead to is another matter: these lead to the channels themselves, and over https only.
        faults.extend(LinkPolicy::default().fault("/url", &self.url));
        faults.extend(text::character_fault("/purpose", &self.purpose, Lines::Many));
        faults
    }
}

fn is_handle(handle: &str) -> bool {
    let name = name(handle);
    handle.chars().count() <= HANDLE_MAX
        && !text::is_blank(name)
        && !name.starts_with(SIGNS)
        // An address belongs in `url`, and is looked up by the handle in it.
        && !name.contains("://")
        && !name.chars().any(char::is_whitespace)
        && text::forbidden_character(name, Lines::One).is_none()
        && text::bidi_control(name).is_none()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn codes(change: impl FnOnce(&mut Account)) -> Vec<&'static str> {
        let mut account = Account {
            channel: "x".into(),
            handle: "@NoordzeeEnergie".to_owned(),
            url: "https://x.com/NoordzeeEnergie".to_owned(),
            owner: "press".parse().unwrap(),
            purpose: "Nieuws en storingen".to_owned(),
        };
        change(&mut account);
        let channels = Channels::defaults().unwrap();
        account.faults(&channels).into_iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn handles_are_compared_without_case_and_sign() {
        assert_eq!(folded_handle("@Noordzee"), folded_handle("noordzee"));
        assert_eq!(folded_handle("@a@B.example"), "a@b.example");
        assert_eq!(folded_handle("\u{FF20}Noordzee"), "noordzee");
        assert_ne!(folded_handle("noordzee_energie"), folded_handle("noordzee"));
    }

    #[test]
    fn a_handle_is_sought_as_somebody_pastes_it() {
        for typed in ["noordzee", " @Noordzee\n", "\u{FF20}NOORDZEE"] {
            assert_eq!(sought_handle(typed).as_deref(), Some("noordzee"), "{typed:?}");
        }
        for odd in ["", " ", "@", "@@noordzee", "two words", "https://x.com/noordzee"] {
            assert_eq!(sought_handle(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn handles_that_look_the_same_have_one_look() {
        let look = look_of_handle("@Noordzee");
        for same in [
            "noordzee",
            "@NOORDZEE",
            "@Noordz\u{435}e",
            "@\u{39D}oordzee",
            "n\u{3BF}\u{43E}rdzee",
            "n0ordzee",
        ] {
            assert_eq!(look_of_handle(same), look, "{same}");
        }
        for other in ["@noordzee_energie", "@noordzée", "@noordze"] {
            assert_ne!(look_of_handle(other), look, "{other}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_account_is_named() {
        assert!(codes(|_| ()).is_empty());
        assert!(codes(|account| account.handle = "r/noordzee".to_owned()).is_empty());
        assert_eq!(codes(|account| account.channel = "myspace".into()), ["unknown_channel"]);
        let long = "a".repeat(HANDLE_MAX + 1);
        for odd in ["", "@", "@@noordzee", "two words", "a\u{202E}b", "\u{200D}", "https://x.com/a", &long] {
            assert_eq!(codes(|account| account.handle = odd.to_owned()), ["not_a_handle"], "{odd:?}");
        }
        for odd in ["http://x.com/a", "https://localhost/", "javascript:alert(1)"] {
            assert_eq!(codes(|account| account.url = odd.to_owned()), ["not_a_link"], "{odd}");
        }
        assert_eq!(codes(|account| account.purpose = "a\0".to_owned()), ["control_character"]);
    }
}
