//! Images: pictures that were made safe, what they show, and what they may be used for.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::answers::{REASON_MAX, done, not_blank, once};
use super::items::{self, Item, ItemDraft, ItemKind, Operations, advise, reread, with_item};
use super::posts::Audience;
use crate::app::actor::Permission;
use crate::app::images::removal::image_redact;
use crate::app::images::{self, ImageSave};
use crate::domain::content;
use crate::domain::content::image::{AboutImage, Consent, Fraction, MediaType};
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{At, Code, Error, Result};
use crate::http::extract::{
    Body, Caller, IdempotencyKey, IfMatch, OptionalIdempotencyKey, Path, UPLOADED, Upload, checked,
};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::schema::{CountryCode, LanguageTag, ShortText};
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let write = Permission::PersonHolds(Scope::ContentWrite);
    let publish = Permission::PersonHolds(Scope::Publish);
    let mut routes = vec![
        Route::post("/v1/images", write, describe_create(), image_create),
        Route::put("/v1/images/{id}/draft", write, items::draft_put::<ImageKind>(), image_draft_put),
        Route::post("/v1/images/{id}/redactions", publish, describe_redact(), image_redaction_create),
    ];
    routes.extend(items::shared_routes::<ImageKind>());
    routes
}

fn describe_create() -> Operation {
    Operation::new(
        ImageKind::OPERATIONS.create,
        "images",
        "Upload a picture",
        "Makes an image of a picture: a JPEG, PNG, WebP or still GIF of up to 20 MB (as configured) and 12,000 \
         pixels a side, sent as the body itself or in a form, there with what is said of it. What it is, its \
         bytes tell. Nothing of the file is kept as it came: it is turned upright, converted to sRGB and encoded \
         anew, so that no position, camera, name or comment is left, and cut for each size that channels \
         recommend. A file that is no such picture is 422 `unusable_picture`; `errors` says why. The image is a \
         draft, and the caller its author. `Idempotency-Key` is required, so that a retry makes no second one.",
    )
    .file_body::<ImageContent>(UPLOADED, json!({ "alt": { "nl": EXAMPLE_ALT } }))
    .idempotency_key_required()
    .answer::<Item>(201, "The image with its draft.", items::draft_item::<ImageKind>())
    .etag()
    .location()
    .errors(&[Code::UnusablePicture, Code::InvalidContent])
    .event(NO_EVENT)
    .of_kind::<ImageContent>(ImageKind::SCHEMA)
}

fn describe_redact() -> Operation {
    Operation::new(
        "image_redact",
        "images",
        "Take an image away for good",
        "For somebody who withdraws their consent, or rights that never were: the content of the revision goes, \
         with its texts, and its files, in every size. Since all revisions of an image show the same picture, the \
         others go with it, each with an entry of the record. Digests, pins, decisions and shares stay, with \
         nothing of the picture in them; posts that pin the image are blocked, as after a recall, and an open \
         review of it is withdrawn. Addresses of the files that were given out lead nowhere from then on. It \
         cannot be undone. The same again changes nothing.",
    )
    .body::<Redaction>(json!({ "revision": 1, "reason": "De collega heeft haar toestemming ingetrokken." }))
    .idempotency_key()
    .answer::<Item>(200, "The image, without its content.", items::ended_item::<ImageKind>("recalled"))
    .etag()
    .errors(&[Code::InvalidContent])
    .event(Event::RevisionRedacted.as_str())
    .of_kind::<ImageContent>(ImageKind::SCHEMA)
}

/// See [`ItemKind`].
pub(super) struct ImageKind;

const EXAMPLE_ALT: &str = "Een windturbine op zee in de ochtendzon, gezien vanaf een schip.";

impl ItemKind for ImageKind {
    const KIND: Kind = Kind::Image;
    const PLURAL: &'static str = "images";
    const SCHEMA: &'static str = "Image";
    const OPERATIONS: Operations = Operations {
        create: "image_create",
        list: "image_list",
        get: "image_get",
        revision_get: "image_revision_get",
        revision_difference: "image_revision_difference",
        draft_put: "image_draft_put",
        submit: "image_submit",
        decide: "image_decide",
        recall: "image_recall",
        retire: "image_retire",
    };
    const CONTENT_CODES: &'static [Code] = &[Code::InvalidContent];
    type Content = ImageContent;

    fn example_content() -> Value {
        let file = |hex: &str, width: u32, height: u32, bytes: u32| {
            let digest = format!("sha256:{}", hex.repeat(32));
            let media_type = "image/jpeg";
            json!({ "digest": digest, "media_type": media_type, "width": width, "height": height, "bytes": bytes })
        };
        json!({
            "picture": file("0a", 2400, 1600, 912_004),
            "renditions": [file("1b", 1200, 627, 184_230), file("2c", 1080, 1080, 231_790)],
            "alt": { "nl": EXAMPLE_ALT, "en": "A wind turbine at sea in the morning sun, seen from a ship." },
            "credit": "Foto: Example Company",
            "licence": "Eigen werk",
            "source_url": "https://beeldbank.example.org/windpark/17",
            "rights": {
                "from": "2026-11-01T00:00:00Z",
                "until": "2027-11-01T00:00:00Z",
                "territories": ["EU", "GB"],
            },
            "people": [{ "consent": "given", "until": "2027-06-30T22:00:00Z" }],
            "ai_generated": false,
            "focal_point": { "x": 0.62, "y": 0.4 },
            "audience": { "groups": [], "countries": [] },
        })
    }

    fn example_key() -> Option<&'static str> {
        None
    }
}

/// The content of an image.
#[derive(Debug, Default, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct ImageContent {
    /// The picture in its full size. The server makes it: in a request it is left out, or sent back as it was
    /// read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    picture: Option<ImageFile>,
    /// The picture in the sizes that channels recommend, cut around the focal point, and a small one for
    /// lists. The server makes them too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100, nullable = false)]
    renditions: Option<Vec<ImageFile>>,
    /// What the picture shows, by language, for those who do not see it: at most 500 characters each, without
    /// file names, hashtags and links. A post that uses the image needs it in each of its languages.
    #[serde(default)]
    #[schema(value_type = BTreeMap<LanguageTag, ShortText>)]
    alt: BTreeMap<String, String>,
    /// Who made it, as it is named with it. At most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 800, nullable = false)]
    credit: Option<String>,
    /// Under which terms it may be used. At most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 800, nullable = false)]
    licence: Option<String>,
    /// Where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri", min_length = 1, max_length = 2000, nullable = false)]
    source_url: Option<String>,
    /// From when until when and where it may be used. At the end, posts with it are blocked.
    #[serde(default)]
    rights: ImageRights,
    /// Who can be recognised on it; their names are not kept.
    #[serde(default)]
    #[schema(max_items = 100)]
    people: Vec<ImagePerson>,
    /// Whether it was made or changed by AI, in whole or in part.
    #[serde(default)]
    ai_generated: bool,
    /// What stays in sight when it is cut; the middle when left out.
    #[serde(default)]
    focal_point: ImagePoint,
    /// For whom it is meant when it is shared by itself; everybody when left out.
    #[serde(default)]
    audience: Audience,
}

/// A stored file of a picture.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct ImageFile {
    /// The SHA-256 of its bytes.
    digest: Digest,
    /// Its type.
    media_type: MediaType,
    /// Its width in pixels.
    #[schema(minimum = 1)]
    width: u32,
    /// Its height in pixels.
    #[schema(minimum = 1)]
    height: u32,
    /// Its size in bytes.
    #[schema(minimum = 1)]
    bytes: u64,
}

/// What an image may be used for.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
struct ImageRights {
    /// From when; absent = at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    from: Option<Time>,
    /// Until when; absent = without an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    until: Option<Time>,
    /// In which countries, `EU` meaning its member states; empty = everywhere. Whoever is elsewhere cannot share
    /// it.
    #[serde(default)]
    #[schema(value_type = Vec<CountryCode>, max_items = 250)]
    territories: Vec<String>,
}

/// Somebody who can be recognised.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct ImagePerson {
    /// Whether they consented.
    consent: Consent,
    /// Until when their consent holds; absent = until they withdraw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    until: Option<Time>,
}

/// A place in a picture, from its left upper corner.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct ImagePoint {
    /// How far to the right.
    x: Fraction,
    /// How far down.
    y: Fraction,
}

impl Default for ImagePoint {
    fn default() -> Self {
        Self { x: Fraction::HALF, y: Fraction::HALF }
    }
}

/// Which revision is taken away, and why.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct Redaction {
    /// The revision.
    #[validate(range(min = 1))]
    #[schema(minimum = 1)]
    revision: i64,
    /// Why, without naming anybody; it is kept in the record.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

impl From<ImageContent> for AboutImage {
    fn from(content: ImageContent) -> Self {
        let ImageRights { from, until, territories } = content.rights;
        let person = |ImagePerson { consent, until }| content::image::Pictured { consent, until };
        let ImagePoint { x, y } = content.focal_point;
        Self {
            alt: content.alt,
            credit: content.credit,
            licence: content.licence,
            source_url: content.source_url,
            rights: content::image::Rights { from, until, territories },
            people: content.people.into_iter().map(person).collect(),
            ai_generated: content.ai_generated,
            focal_point: content::image::FocalPoint { x, y },
            audience: content.audience.into(),
        }
    }
}

impl From<ImageFile> for content::image::PictureFile {
    fn from(file: ImageFile) -> Self {
        let ImageFile { digest, media_type, width, height, bytes } = file;
        Self { digest, media_type, width, height, bytes }
    }
}

async fn image_create(
    app: Data<App>,
    Caller(actor): Caller,
    IdempotencyKey(key): IdempotencyKey,
    upload: Upload,
) -> Result<HttpResponse> {
    let content = upload.content.as_deref().map(checked).transpose();
    let content: ImageContent = content.map_err(in_content)?.unwrap_or_default();
    refuse_files(&content)?;
    let key = OptionalIdempotencyKey(Some(key));
    let once = once(ImageKind::OPERATIONS.create, key, &(), &(&upload.digest, &content))?;
    let upload = images::Upload { file: upload.file, about: content.into() };
    let made = app.studio.image_create(actor, once, upload).await?;
    let mut response = done(StatusCode::CREATED, made.replayed);
    response.insert_header((header::LOCATION, format!("/v1/images/{}", made.resource)));
    let item = saved(&app, made.resource).await?;
    Ok(with_item(response, item))
}

/// The faults of a form's part as those of what it stands for: the member `content` of a body.
fn in_content(mut error: Error) -> Error {
    for fault in &mut error.errors {
        if let At::Pointer(pointer) = &mut fault.at {
            *pointer = pointer.replacen('#', "#/content", 1);
        }
    }
    error
}

/// Refuses the files of another picture: they are made of the one that is uploaded.
fn refuse_files(content: &ImageContent) -> Result<()> {
    let members = [("picture", content.picture.is_some()), ("renditions", content.renditions.is_some())];
    let sent = members.into_iter().filter(|(_, is_sent)| *is_sent);
    let faults: Vec<_> = sent.map(|(member, _)| images::made_by_server(member)).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid_content(faults)) }
}

async fn image_draft_put(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    IfMatch(version): IfMatch,
    Body(draft): Body<ItemDraft<ImageContent>>,
) -> Result<HttpResponse> {
    let mut content = draft.content;
    let picture = content.picture.take().map(content::image::PictureFile::from);
    let renditions = content.renditions.take();
    let renditions =
        renditions.map(|files| files.into_iter().map(content::image::PictureFile::from).collect());
    let save = ImageSave { id, version, about: content.into(), picture, renditions };
    let done = app.studio.image_draft_put(actor, save).await?;
    let item = saved(&app, id).await?;
    Ok(with_item(HttpResponse::Ok(), item.withdrew(done.withdrew)))
}

/// An image after it was saved, with what rules find in its words.
async fn saved(app: &App, id: ItemId) -> Result<Item> {
    let (rules, now) = (app.rules(), app.clock.now());
    let read =
        move |conn: &mut _, _: &_| crate::app::item_views::item_get(conn, Kind::Image, id, &rules, now);
    let view = app.read(read).await?;
    let advice = advise(app, &view).await?;
    Ok(Item::from(view).addressed(&app.context.media, now).advised(advice))
}

async fn image_redaction_create(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<Redaction>,
) -> Result<HttpResponse> {
    let once = once("image_redact", key, &id, &body)?;
    let rules = app.rules();
    let (view, replayed) = app
        .write(Lane::Urgent, move |tx, context| {
            let done = once.run(tx, &context.keys, &actor, |tx| {
                image_redact(tx, context, &actor, id, body.revision, &body.reason)?;
                Ok(id)
            })?;
            Ok((reread(tx, Kind::Image, done.resource, &rules)?, done.replayed))
        })
        .await?;
    if let Err(error) = app.studio.remove_bytes(Some(id)).await {
        // Nothing names them any more, and they are not given out; housekeeping tries again.
        tracing::warn!(%error, "the bytes of a redacted image are still to be removed");
    }
    Ok(with_item(done(StatusCode::OK, replayed), Item::from(view)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::domain::content::Content;
    use crate::http::extract::parse;

    /// What a request says and what is stored are two types; nothing may be lost between them.
    #[test]
    fn what_is_said_of_an_image_is_stored_as_it_was_sent() {
        let example = ImageKind::example_content();
        let sent: ImageContent = parse(example.to_string().as_bytes()).unwrap();
        let content = Content::parse(Kind::Image, &example).unwrap();
        let stored = content.as_image().unwrap();
        let files = (sent.picture.is_some(), sent.renditions.as_ref().map(Vec::len));
        assert_eq!(files, (true, Some(2)));
        assert_eq!(AboutImage::from(sent), stored.about);
        assert_eq!(stored.about.faults(), []);
        let again: Value = serde_json::from_str(&content.to_json().unwrap()).unwrap();
        assert_eq!(again, example);
    }
}
