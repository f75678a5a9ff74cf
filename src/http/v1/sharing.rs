//! What kits and shares have in common: what is asked for, and the text that comes of it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use crate::app::share_views::{ImageView, PartView, ShownImage};
use crate::app::sharing::{ShareCommand, Subject};
use crate::domain::channels::ChannelId;
use crate::domain::compose::{Part, Role};
use crate::domain::content::disclaimer::Form;
use crate::domain::content::image::MediaType;
use crate::domain::ids::{Digest, ItemId, Key};
use crate::domain::kit;
use crate::domain::revision::Source;
use crate::domain::span::{Offset, Span};
use crate::error::{Code, Error, Fault, Result};
use crate::http::schema::set;
use crate::http::v1::places::TextOffset;

/// Why a share is refused, beside what every request can be refused for.
pub(super) const REFUSALS: &[Code] = &[
    Code::PostNotFound,
    Code::ImageNotFound,
    Code::NotLive,
    Code::Blocked,
    Code::Frozen,
    Code::ObligationsOpen,
    Code::RevisionChanged,
    Code::Recalled,
    Code::TooLong,
    Code::RuleViolated,
    Code::ChannelCannotCarryDisclaimer,
    Code::InvalidContent,
];

/// What an employee wants to share: a post, or an image by itself.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct ShareCreate {
    /// The post; either this or `image_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    post_id: Option<ItemId>,
    /// The image, to be shared by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    image_id: Option<ItemId>,
    /// Hashtags by key to go with an image; a post has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = 30))]
    #[schema(max_items = 30, nullable = false)]
    hashtags: Option<Vec<Key>>,
    /// The digest of the revision that the employee saw.
    digest: Digest,
    /// Where to share.
    channel: ChannelId,
    /// In which language; the employee's, else the post's first (an image's in the order of the tags), when
    /// absent.
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    language: Option<String>,
    /// Which copy of a post; one that fits, always the same for the same employee, when absent. An image has
    /// none.
    #[validate(length(min = 1, max = 32))]
    #[schema(min_length = 1, max_length = 32)]
    copy_id: Option<String>,
    /// The employee's own words.
    #[validate(length(min = 1, max = 100_000))]
    #[schema(min_length = 1, max_length = 100_000)]
    comment: Option<String>,
}

impl TryFrom<ShareCreate> for ShareCommand {
    type Error = Error;

    fn try_from(body: ShareCreate) -> Result<Self> {
        let ShareCreate { post_id, image_id, hashtags, digest, channel, language, copy_id, comment } = body;
        let refuse = |pointer: &str, code, detail: &str| {
            Err(Error::new(Code::InvalidRequest, detail).fault(Fault::body(pointer, code, detail)))
        };
        let subject = match (post_id, image_id) {
            (Some(post), None) if hashtags.is_none() => Subject::Post(post),
            (Some(_), None) => {
                return refuse("/hashtags", "not_for_posts", "A post has its own hashtags: leave these out.");
            }
            (None, Some(_)) if copy_id.is_some() => {
                return refuse("/copy_id", "not_for_images", "An image has no copies: leave this out.");
            }
            (None, Some(image)) => Subject::Image(image, hashtags.unwrap_or_default()),
            (Some(_), Some(_)) => {
                return refuse("/image_id", "ambiguous", "Name a post or an image, not both.");
            }
            (None, None) => return refuse("/post_id", "missing_field", "Name a post_id or an image_id."),
        };
        Ok(Self { subject, digest, channel, language, copy_id, comment })
    }
}

/// An image as it goes with a share.
#[derive(Serialize, ToSchema)]
pub(super) struct SharedImage {
    /// The image.
    image_id: ItemId,
    /// Its revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// The revision's digest.
    digest: Digest,
    /// The SHA-256 of the file that suits the channel.
    file: Digest,
    /// The language of the text.
    #[schema(max_length = 35)]
    alt_language: String,
    /// The text that stands for the image, to be set where the channel has a place for it. This and what
    /// follows is absent once the image was redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    alt: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 800, nullable = false)]
    credit: Option<String>,
    /// The type of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    media_type: Option<MediaType>,
    /// Its width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    width: Option<u32>,
    /// Its height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    height: Option<u32>,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    bytes: Option<u64>,
    /// Where it is fetched for the next hour, while the share is `issued`; a kit and an auditor get none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri", max_length = 2000, nullable = false)]
    url: Option<String>,
}

impl From<ImageView> for SharedImage {
    fn from(view: ImageView) -> Self {
        let ImageView { source, digest, alt_language, shown } = view;
        let shown = shown.map(|ShownImage { file, alt, credit, address }| (file, alt, credit, address));
        let (file, alt, credit, url) = match shown {
            Some((file, alt, credit, address)) => (Some(file), Some(alt), credit, address),
            None => (None, None, None, None),
        };
        Self {
            image_id: source.item,
            revision: source.revision,
            digest: source.digest,
            file: digest,
            alt_language,
            alt,
            credit,
            media_type: file.as_ref().map(|file| file.media_type),
            width: file.as_ref().map(|file| file.width),
            height: file.as_ref().map(|file| file.height),
            bytes: file.as_ref().map(|file| file.bytes),
            url,
        }
    }
}

impl SharedImage {
    /// The same without the address of the file.
    pub(super) fn without_address(self) -> Self {
        Self { url: None, ..self }
    }
}

/// A stretch of the text. All parts together, in their order, are the text.
#[derive(Serialize, ToSchema)]
pub(super) struct TextPart {
    /// What it is.
    role: Role,
    /// Its text.
    #[schema(max_length = 400_000)]
    text: String,
    /// Where in the whole text it begins.
    start: TextOffset,
    /// Where it ends.
    end: TextOffset,
    /// The revision that its words come from; the employee's own words and separators come from none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    source: Option<TextSource>,
}

/// The revision that a part of a text comes from.
#[derive(Serialize, ToSchema)]
struct TextSource {
    /// The item.
    item: ItemId,
    /// The revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// The revision's digest.
    digest: Digest,
}

impl From<Source> for TextSource {
    fn from(source: Source) -> Self {
        let Source { item, revision, digest } = source;
        Self { item, revision, digest }
    }
}

impl From<Part> for TextPart {
    fn from(part: Part) -> Self {
        let Part { role, text, span, source } = part;
        let (start, end) = (span.start.into(), span.end.into());
        Self { role, text, start, end, source: source.map(TextSource::from) }
    }
}

impl From<PartView> for TextPart {
    fn from(part: PartView) -> Self {
        let PartView { role, text, span, source } = part;
        Self::from(Part { role, text, span, source })
    }
}

/// A disclaimer as it stands in a text.
#[derive(Serialize, ToSchema)]
pub(super) struct DisclaimerUsed {
    /// Its key.
    key: Key,
    /// The item.
    id: ItemId,
    /// The revision that the text comes from.
    #[schema(minimum = 1)]
    revision: i64,
    /// The revision's digest.
    digest: Digest,
    /// The form used.
    form: Form,
    /// The text.
    #[schema(max_length = 2000)]
    text: String,
}

impl From<kit::DisclaimerUsed> for DisclaimerUsed {
    fn from(used: kit::DisclaimerUsed) -> Self {
        let kit::DisclaimerUsed { key, id, revision, digest, form, text } = used;
        Self { key, id, revision, digest, form, text }
    }
}

/// An example of what is asked for.
pub(super) fn example_request() -> Value {
    json!({
        "post_id": EXAMPLE_POST,
        "digest": EXAMPLE_DIGEST,
        "channel": "linkedin",
        "language": "nl",
        "comment": EXAMPLE_COMMENT,
    })
}

/// The post in examples.
pub(super) const EXAMPLE_POST: &str = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81";

/// The comment in examples.
pub(super) const EXAMPLE_COMMENT: &str = "Trots op mijn collega's!";

/// The digest in examples.
pub(super) const EXAMPLE_DIGEST: &str =
    "sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5";

/// What the example's text consists of.
pub(super) fn example_text() -> Value {
    let item = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f01";
    let digest = "sha256:9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab";
    let disclaimer = json!({ "item": item, "revision": 1, "digest": digest });
    let post = json!({ "item": EXAMPLE_POST, "revision": 1, "digest": EXAMPLE_DIGEST });
    let employed = "Ik werk bij Example Company.";
    let parts = [
        ("comment", EXAMPLE_COMMENT, None),
        ("separator", "\n\n", None),
        ("copy", "Ons windpark levert vandaag de eerste stroom.", Some(post)),
        ("separator", "\n\n", None),
        ("disclaimer", employed, Some(disclaimer)),
    ];
    let mut start = Offset::default();
    let mut text = String::new();
    let mut told = Vec::new();
    for (role, part, source) in parts {
        let span = Span { start, end: start.after(part) };
        start = span.end;
        text.push_str(part);
        let mut part = json!({ "role": role, "text": part, "start": span.start, "end": span.end });
        if let Some(source) = source {
            set(&mut part, "source", source);
        }
        told.push(part);
    }
    json!({
        "text": text,
        "parts": told,
        "disclaimers": [{
            "key": "employee",
            "id": item,
            "revision": 1,
            "digest": digest,
            "form": "full",
            "text": employed,
        }],
        "channel": "linkedin",
        "language": "nl",
        "copy_id": "nl-1",
        "delivery": "paste_then_open",
        "must_paste": true,
        "must_attach": true,
        "images": [example_image()],
    })
}

/// An image of a share in examples, without the address of the file.
fn example_image() -> Value {
    json!({
        "image_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f21",
        "revision": 1,
        "digest": EXAMPLE_DIGEST,
        "file": "sha256:9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab",
        "alt_language": "nl",
        "alt": "Een windturbine op zee in de ochtendzon, gezien vanaf een schip.",
        "credit": "Foto: Example Company",
        "media_type": "image/jpeg",
        "width": 1200,
        "height": 627,
        "bytes": 184_230,
    })
}
