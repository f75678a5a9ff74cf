//! An image: a picture that was made safe, what it shows, and what it may be used for.
//!
//! The content names the stored picture and each of its renditions by the SHA-256 of their bytes, so the
//! digest that is approved covers every byte that is handed out. These files are made by the server when a
//! picture is uploaded or its focal point moves; an author writes what is about it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::check::{Checker, escape};
use super::post::Audience;
use crate::domain::countries;
use crate::domain::entities;
use crate::domain::ids::Digest;
use crate::domain::language;
use crate::domain::text::Lines;
use crate::domain::time::Time;
use crate::error::Fault;

/// The longest text that stands for an image, in characters: what every channel with such a text takes.
pub const ALT_MAX: usize = 500;

/// The content of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its files.
    #[serde(flatten)]
    pub files: ImageFiles,
    /// What an author says of it.
    #[serde(flatten)]
    pub about: AboutImage,
}

/// The files of an image, made by the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFiles {
    /// The picture in its full size.
    pub picture: PictureFile,
    /// The picture in the sizes that channels recommend, cut around the focal point.
    pub renditions: Vec<PictureFile>,
}

impl ImageFiles {
    /// The picture and its renditions.
    pub fn all(&self) -> impl Iterator<Item = &PictureFile> {
        std::iter::once(&self.picture).chain(&self.renditions)
    }
}

/// A stored file of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureFile {
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// `image/jpeg` or `image/png`.
    pub media_type: MediaType,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The form of a stored picture: every channel takes one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MediaType {
    /// Photographs.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// What has transparency, or few colours.
    #[serde(rename = "image/png")]
    Png,
}

impl MediaType {
    /// Both.
    pub const ALL: [MediaType; 2] = [MediaType::Jpeg, MediaType::Png];

    /// Its name, as in a `Content-Type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// What an author says of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutImage {
    /// What the picture shows, by language, for those who do not see it.
    #[serde(default)]
    pub alt: BTreeMap<String, String>,
    /// Who made it, as it is named with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
    /// Under which terms it may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_url: Option<String>,
    /// From when until when and where it may be used.
    #[serde(default)]
    pub rights: Rights,
    /// Who can be recognised on it.
    #[serde(default)]
    pub people: Vec<Pictured>,
    /// Whether it was made or changed by AI.
    #[serde(default)]
    pub ai_generated: bool,
    /// What stays in sight when it is cut.
    #[serde(default)]
    pub focal_point: FocalPoint,
    /// For whom it is meant when it is shared by itself.
    #[serde(default)]
    pub audience: Audience,
}

/// What an image may be used for. Rights that end are a clock: with their end nobody shares it any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// From when; absent = at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// Until when; absent = without an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// In which countries, by ISO 3166-1 codes or `EU`; empty = everywhere.
    #[serde(default)]
    pub territories: Vec<String>,
}

impl Rights {
    /// Whether the image may be used in a country. Where that is not known and rights name countries, it may
    /// not (R9).
    pub fn cover(&self, country: Option<&str>) -> bool {
        self.territories.is_empty()
            || country.is_some_and(|country| countries::covers(&self.territories, country))
    }
}

/// Somebody who can be recognised. Their name is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictured {
    /// Whether they consented.
    pub consent: Consent,
    /// Until when their consent holds; absent = until they withdraw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// Why somebody may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// They said so.
    Given,
    /// The law asks for none: a crowd, a public event.
    NotNeeded,
}

/// A place in a picture, from its left upper corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FocalPoint {
    /// How far to the right.
    pub x: Fraction,
    /// How far down.
    pub y: Fraction,
}

impl Default for FocalPoint {
    fn default() -> Self {
        Self { x: Fraction::HALF, y: Fraction::HALF }
    }
}

/// A number from 0 to 1 in steps of a ten-thousandth, so that a place is written in one way only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fraction(u16);

impl Fraction {
    /// The middle.
    pub const HALF: Self = Self(5000);

    /// As a number.
    pub fn get(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }
}

impl Serialize for Fraction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.get())
    }
}

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if !(0.0..=1.0).contains(&number) {
            return Err(de::Error::invalid_value(de::Unexpected::Float(number), &"a number from 0 to 1"));
        }
        // Within 0 and 10,000, so that nothing is cut off.
        Ok(Self((number * 10_000.0).round() as u16))
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl AboutImage {
    /// The first end of the rights and of each consent.
    pub fn until(&self) -> Option<Time> {
        let consents = self.people.iter().filter_map(|person| person.until);
        consents.chain(self.rights.until).min()
    }

    /// The text that stands for the image in a language, or in a more general one (`nl` for `nl-BE`), with
    /// the language that it is written in.
    pub fn alt_in(&self, wanted: &str) -> Option<(&str, &str)> {
        let tag = language::lookup(wanted, self.alt.keys().map(String::as_str))?;
        Some((tag, self.alt.get(tag)?.as_str()))
    }

    /// Everything that is wrong with it by itself, with pointers from `/content`.
    pub fn faults(&self) -> Vec<Fault> {
        let mut check = Checker::default();
        self.check(&mut check);
        check.faults
    }

    pub(super) fn check(&self, check: &mut Checker) {
        if self.alt.len() > 50 {
            check.refuse("/alt", "count", "At most 50 languages.");
        }
        for (tag, text) in &self.alt {
            let pointer = format!("/alt/{}", escape(tag));
            check.language(&pointer, tag);
            check.text(&pointer, text, ALT_MAX, Lines::One);
            check_alt(check, &pointer, text);
        }
        check.optional_text("/credit", self.credit.as_deref(), 200, Lines::One);
        check.optional_text("/licence", self.licence.as_deref(), 200, Lines::One);
        self.check_source(check);
        self.check_rights(check);
        self.audience.check(check);
    }

    fn check_source(&self, check: &mut Checker) {
        let Some(source) = &self.source_url else { return };
        check.text("/source_url", source, 2000, Lines::One);
        let is_web = |url: url::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        if !url::Url::parse(source).is_ok_and(is_web) {
            check.refuse("/source_url", "not_an_address", "An address that begins with https:// or http://.");
        }
    }

    fn check_rights(&self, check: &mut Checker) {
        let Rights { from, until, territories } = &self.rights;
        check.territories("/rights/territories", territories);
        if let (Some(from), Some(until)) = (from, until)
            && from >= until
        {
            check.refuse("/rights/until", "empty_window", "until must be later than from.");
        }
        if self.people.len() > 100 {
            check.refuse("/people", "count", "At most 100 members.");
        }
        for (at, person) in self.people.iter().enumerate() {
            if person.consent == Consent::NotNeeded && person.until.is_some() {
                let detail = "A consent that is not needed has no end.";
                check.refuse(format_args!("/people/{at}/until"), "without_consent", detail);
            }
            if let (Some(from), Some(until)) = (self.rights.from, person.until)
                && from >= until
            {
                let detail = "This consent ends before the rights begin.";
                check.refuse(format_args!("/people/{at}/until"), "empty_window", detail);
            }
        }
    }
}

/// A text that stands for a picture is read aloud: no file name, hashtag or link (WCAG 2.2, success criterion
/// 1.1.1, asks for an equivalent of what is seen).
fn check_alt(check: &mut Checker, pointer: &str, text: &str) {
    if text.split_whitespace().any(is_file_name) {
        check.refuse(pointer, "alt_file_name", "Say what the picture shows, not what its file is called.");
    }
    if entities::has_hashtag(text) {
        check.refuse(pointer, "alt_hashtag", "A hashtag tells a listener nothing: leave it out.");
    }
    if !entities::links_anywhere(text).is_empty() || text.split_whitespace().any(is_mail_address) {
        check.refuse(pointer, "alt_link", "A link is not read aloud well: leave it out.");
    }
}

/// Whether a word is, or holds, an address of mail.
fn is_mail_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| {
        name.ends_with(char::is_alphanumeric) && host.starts_with(char::is_alphanumeric) && host.contains('.')
    })
}

/// Whether a word has the ending of a picture's file, or is a name that cameras give.
fn is_file_name(word: &str) -> bool {
    const ENDINGS: [&str; 16] = [
        ".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".heic", ".heif", ".avif", ".tif", ".tiff",
        ".bmp", ".svg", ".psd", ".raw", ".dng",
    ];
    const CAMERAS: [&str; 6] = ["img", "dsc", "dscn", "dscf", "pxl", "mvimg"];
    let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let has_ending = |ending: &&str| word.len() > ending.len() && word.ends_with(*ending);
    let is_numbered = |camera: &&str| {
        let rest = word.strip_prefix(*camera).unwrap_or_default();
        let digits = rest.trim_start_matches(['_', '-']);
        digits.len() >= 3 && digits.starts_with(|c: char| c.is_ascii_digit())
    };
    ENDINGS.iter().any(has_ending) || CAMERAS.iter().any(is_numbered)
}
