//! Collects the faults of content: all of them, each at its place.

use std::fmt::Display;

use serde::{Deserialize, Deserializer, de};

use crate::domain::channels::{ChannelId, Channels};
use crate::domain::text::{self, Lines};
use crate::domain::{countries, ids, language};
use crate::error::Fault;

/// The faults found so far. Pointers are given within the content.
#[derive(Default)]
pub(super) struct Checker {
    pub(super) faults: Vec<Fault>,
}

/// A member's name as it stands in a JSON pointer (RFC 6901).
pub(in crate::domain) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Reads a list that has at least one member, as it would hold never without any; `expected` says what to do.
pub(super) fn not_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    expected: &'static str,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    if list.is_empty() {
        return Err(de::Error::invalid_length(0, &expected));
    }
    Ok(list)
}

impl Checker {
    pub(super) fn refuse(&mut self, pointer: impl Display, code: &'static str, detail: impl Into<String>) {
        self.faults.push(Fault::body(format_args!("/content{pointer}"), code, detail));
    }

    /// A text of 1 to `max` graphemes and no more than four times as many bytes, not only blanks.
    pub(super) fn text(&mut self, pointer: impl Display, text: &str, max: usize, lines: Lines) {
        if text::is_blank(text) {
            self.refuse(&pointer, "empty", "This cannot be empty.");
        }
        let graphemes = text::graphemes(text);
        if graphemes > max || text.len() > 4 * max {
            let excess = graphemes.saturating_sub(max);
            let detail = format!("At most {max} characters and {} bytes.", 4 * max);
            let fault = Fault::body(format_args!("/content{pointer}"), "too_long", detail);
            self.faults.push(fault.with("excess", excess).with("bytes", text.len()));
        }
        if let Some(found) = text::forbidden_character(text, lines) {
            let detail = format!("The character U+{:04X} is not taken here.", u32::from(found));
            self.refuse(&pointer, "control_character", detail);
        }
    }

    pub(super) fn optional_text(&mut self, pointer: &str, text: Option<&str>, max: usize, lines: Lines) {
        if let Some(text) = text {
            self.text(pointer, text, max, lines);
        }
    }

    /// No characters that turn the direction of writing.
    pub(super) fn single_direction(&mut self, pointer: impl Display, text: &str) {
        if let Some(found) = text::bidi_control(text) {
            let detail = format!("The character U+{:04X} is not taken here.", u32::from(found));
            self.refuse(pointer, "bidi_control", detail);
        }
    }

    pub(super) fn language(&mut self, pointer: impl Display, tag: &str) {
        if !language::is_canonical(tag) {
            self.refuse(pointer, "not_a_language", "Not a language tag such as nl or nl-BE.");
        }
    }

    pub(super) fn country(&mut self, pointer: impl Display, code: &str) {
        if !countries::is_country(code) {
            self.refuse(pointer, "not_a_country", "Not a country's code in capitals, such as NL.");
        }
    }

    /// Countries, or `EU` for its member states, each once.
    pub(super) fn territories(&mut self, pointer: &str, list: &[String]) {
        self.list(pointer, list, 250);
        for (at, country) in list.iter().enumerate() {
            if country != countries::EUROPEAN_UNION {
                self.country(format_args!("{pointer}/{at}"), country);
            }
        }
    }

    pub(super) fn slug(&mut self, pointer: impl Display, text: &str) {
        if !ids::is_slug(text, 64) {
            self.refuse(pointer, "not_a_slug", "1 to 64 of a-z, 0-9 and hyphens, not a hyphen first.");
        }
    }

    pub(super) fn copy_id(&mut self, pointer: impl Display, text: &str) {
        let form = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=32).contains(&text.len()) || !text.bytes().all(form) {
            self.refuse(pointer, "not_a_copy_id", "1 to 32 of a-z, 0-9 and hyphens.");
        }
    }

    /// A list of at most `max` members, each once.
    pub(super) fn list<T: PartialEq>(&mut self, pointer: &str, list: &[T], max: usize) {
        if list.len() > max {
            self.refuse(pointer, "count", format!("At most {max} members."));
        }
        for (at, member) in list.iter().enumerate().take(max) {
            if list.iter().take(at).any(|earlier| earlier == member) {
                self.refuse(format_args!("{pointer}/{at}"), "duplicate", "This is listed already.");
            }
        }
    }

    pub(super) fn channels(&mut self, pointer: &str, list: &[ChannelId], channels: &Channels) {
        self.list(pointer, list, 100);
        for (at, channel) in list.iter().enumerate() {
            if channels.get(channel).is_none() {
                let detail = "There is no channel of this name; GET /v1/channels lists them.";
                self.refuse(format_args!("{pointer}/{at}"), "unknown_channel", detail);
            }
        }
    }
}
