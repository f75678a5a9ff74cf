//! Why a text cannot be composed for a channel, as a fault that an app can act on.

use serde::Serialize;
use serde_json::json;

use super::Role;
use crate::domain::channels::Counting;
use crate::domain::disclaimers::{Missing, Unsayable};
use crate::domain::ids::Key;
use crate::error::{Code, Error, Fault};

/// How long one part of a text is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartLength {
    /// What the part is.
    pub role: Role,
    /// Its length, counted by itself.
    pub units: usize,
}

/// What a text that is too long does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The channel's longest text.
    Text,
    /// The channel's most bytes.
    Bytes,
    /// What shows before the reader asks for more, for the disclaimers that must show.
    Fold,
    /// The most hashtags of a post.
    Hashtags,
    /// The most different links of a post.
    Links,
}

/// Why there is no text for a channel. Nothing is ever cut to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// With every concession made, the text is too long.
    TooLong {
        /// What it does not fit.
        limit: Limit,
        /// By how much: units for [`Limit::Text`] and [`Limit::Fold`], else what the limit counts.
        excess: usize,
        /// The unit of the parts' lengths.
        unit: Counting,
        /// Each part's length.
        parts: Vec<PartLength>,
    },
    /// The channel has no text to carry these required disclaimers.
    CannotCarry(Vec<Key>),
    /// The channel has no text to carry a comment.
    NoTextForComment,
    /// The channel refuses a character of this part.
    ForbiddenCharacter(Role, char),
    /// A required disclaimer cannot be written.
    Unsayable(Key, Unsayable),
    /// The post lists a disclaimer that is neither pinned nor live.
    UnknownDisclaimer(Key),
    /// A required disclaimer was recalled.
    RecalledDisclaimer(Key),
}

impl Refusal {
    /// The code of a share that is refused for this.
    pub const fn code(&self) -> Code {
        match self {
            Self::TooLong { .. } => Code::TooLong,
            Self::CannotCarry(_) => Code::ChannelCannotCarryDisclaimer,
            Self::NoTextForComment
            | Self::ForbiddenCharacter(..)
            | Self::Unsayable(..)
            | Self::UnknownDisclaimer(_) => Code::RuleViolated,
            Self::RecalledDisclaimer(_) => Code::Blocked,
        }
    }

    /// The refusal as a fault at a place of the request.
    pub fn fault(&self, pointer: &str) -> Fault {
        let fault = |code, detail: String| Fault::body(pointer, code, detail);
        match self {
            Self::TooLong { limit, excess, unit, parts } => {
                let (code, what) = match limit {
                    Limit::Text => ("too_long", "The text is too long"),
                    Limit::Bytes => ("too_long", "The text has too many bytes"),
                    Limit::Fold => ("behind_fold", "A disclaimer would be hidden behind the channel's fold"),
                    Limit::Hashtags => ("too_many_hashtags", "The text has too many hashtags"),
                    Limit::Links => ("too_many_links", "The text has too many links"),
                };
                fault(code, format!("{what}, by {excess}."))
                    .with("excess", *excess)
                    .with("unit", json!(unit))
                    .with("parts", json!(parts))
            }
            Self::CannotCarry(keys) => {
                let detail = "The channel has no text that could carry the required disclaimers.";
                fault("channel_cannot_carry_disclaimer", detail.to_owned()).with("disclaimers", json!(keys))
            }
            Self::NoTextForComment => {
                fault("no_text_field", "The channel has no text that could carry a comment.".to_owned())
            }
            Self::ForbiddenCharacter(role, found) => {
                let detail = format!("The channel does not take the character U+{:04X}.", u32::from(*found));
                fault("forbidden_character", detail).with("part", json!(role))
            }
            Self::Unsayable(key, Unsayable::Language) => {
                let detail = format!("The required disclaimer {key} has no text in this language.");
                fault("disclaimer_lacks_language", detail).with("disclaimer", key.as_str())
            }
            Self::Unsayable(key, Unsayable::Placeholder(name)) => {
                let detail = format!("Nothing is known to fill {name} in the required disclaimer {key}.");
                fault("placeholder_unfilled", detail).with("disclaimer", key.as_str())
            }
            Self::RecalledDisclaimer(key) => {
                let detail = format!(
                    "The required disclaimer {key} was recalled: nothing that needs it can be shared until a new \
                     revision of it is approved."
                );
                fault("recalled_disclaimer", detail).with("disclaimer", key.as_str())
            }
            Self::UnknownDisclaimer(key) => {
                let detail = format!("The disclaimer {key} is not in force.");
                fault("unknown_disclaimer", detail).with("disclaimer", key.as_str())
            }
        }
    }

    /// The refusal of a request, with its fault at a place of the body.
    pub fn into_error(self, pointer: &str) -> Error {
        let fault = self.fault(pointer);
        let mut error = Error::new(self.code(), fault.detail.clone());
        error.extra = fault.extra.clone();
        error.fault(fault)
    }
}

impl From<Missing> for Refusal {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Unknown(key) => Self::UnknownDisclaimer(key),
            Missing::Recalled(key) => Self::RecalledDisclaimer(key),
        }
    }
}
