//! Why a file is not taken as a picture.

/// Why a file is not taken as a picture, or a picture not made as asked. Each is the client's to mend: a 422.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The bytes are not of a type that is taken.
    #[error("{}", unsupported(*found))]
    Unsupported {
        /// What they are, as a short name such as `svg`, `heic` or `pdf`; `uncommon_jpeg` for lossless,
        /// arithmetically coded and similar JPEGs; `None` if they look like nothing known.
        found: Option<&'static str>,
    },
    /// The file ends before the picture does.
    #[error("The file ends before the picture does: it was not saved or sent as a whole.")]
    Truncated,
    /// The file has more than one frame.
    #[error("The picture is animated. Only still pictures are taken.")]
    Animated,
    /// The picture has more pixels than may be decoded. Nothing was decoded to find this.
    #[error(
        "The picture is {width} x {height} pixels, which is too large: a side may have {max_side} pixels, \
         and a picture like this {max_pixels} in all."
    )]
    TooManyPixels {
        /// The width that the file states, in pixels.
        width: u32,
        /// The height that the file states, in pixels.
        height: u32,
        /// The longest side that is taken, in pixels.
        max_side: u32,
        /// The most pixels that are taken of a picture with this many bytes to a pixel.
        max_pixels: u64,
    },
    /// The file holds something else as well, which a reader of another type would find.
    #[error("Beside the picture the file holds something else ({found}). Save the picture by itself.")]
    Polyglot {
        /// What it is, as a short name such as `zip`, `html` or `pdf`.
        found: &'static str,
    },
    /// The file is of a type that is taken, but what it holds is damaged or contradicts itself.
    #[error("The picture is damaged and cannot be read. Save it anew from an image program.")]
    Broken,
    /// No version of the picture is small enough in bytes.
    #[error("The picture cannot be made to fit {max_bytes} bytes.")]
    CannotFit {
        /// The bytes that it may have.
        max_bytes: u64,
    },
}

impl Unusable {
    /// The refusal's stable slug.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "unsupported_type",
            Self::Truncated => "truncated",
            Self::Animated => "animated",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::Polyglot { .. } => "polyglot",
            Self::Broken => "broken",
            Self::CannotFit { .. } => "cannot_fit",
        }
    }
}

fn unsupported(found: Option<&str>) -> String {
    let taken = "Send a JPEG, PNG, WebP or still GIF.";
    match found {
        Some("uncommon_jpeg") => {
            "This JPEG is of a form that hardly a program writes. Save it anew as an ordinary JPEG."
                .to_owned()
        }
        Some(found) => format!("Files of the type {found} are not taken as pictures. {taken}"),
        None => format!("The file is not a picture of a known type. {taken}"),
    }
}
