//! A picture: from a camera to what is approved of it, shared by itself, and taken away.

use serde_json::{Value, json};
use ureq::http::Method;

use super::super::client::{Extra, at, text_at};
use super::super::pictures;
use super::{CLAIRE, JORIS, PIETER, SANNE, Story, count_at, ensure, quoted};
use crate::cli::failure::Failure;

const ALT: &str = "Een kop koffie met melkschuim in de vorm van een blad, op een houten tafel.";

pub(super) fn author_uploads(story: &mut Story) -> Result<String, Failure> {
    let picture = pictures::find("coffee.jpg")?;
    ensure(tells_of_itself(picture), "a picture that tells who made it")?;
    let token = story.sign_in(SANNE)?;
    let headers = [("Idempotency-Key", "coffee"), ("Content-Type", "image/jpeg")];
    let extra = Extra { token: Some(&token), headers: &headers };
    let image = story.api.upload("/v1/images", &extra, picture)?.expect(201)?;
    story.image = text_at(&image, "/id")?;
    let stored = story.api.download(&text_at(&image, "/working_revision/media/0/url")?)?;
    ensure(!stored.is_empty() && !tells_of_itself(&stored), "a picture that tells nothing of itself")?;
    let stored = at(&image, "/working_revision/content/picture")?;
    let (width, height) = (at(stored, "/width")?, at(stored, "/height")?);
    let files = count_at(&image, "/working_revision/content/renditions")?;
    let note = format!(
        "{width} x {height}, encoded anew: its position, camera and author are gone\n{files} renditions are made: \
         what the channels recommend, and a small one for lists"
    );
    story.picture = image;
    Ok(note)
}

/// Whether a file has what cameras and programs write beside the picture.
fn tells_of_itself(file: &[u8]) -> bool {
    let has = |what: &[u8]| file.windows(what.len()).any(|window| window == what);
    has(b"Exif") || has(b"Photographer")
}

pub(super) fn author_describes(story: &mut Story) -> Result<String, Failure> {
    let mut content = at(&story.picture, "/working_revision/content")?.clone();
    let about = json!({
        "alt": { "nl": ALT, "en": "A cup of coffee with a leaf in its milk foam, on a wooden table." },
        "credit": "Foto: Rachel Michetti",
        "licence": "CC0",
        "rights": { "until": "2099-12-31T00:00:00Z", "territories": ["EU"] },
        "focal_point": { "x": 0.5, "y": 0.55 },
    });
    if let (Some(content), Some(about)) = (content.as_object_mut(), about.as_object()) {
        content.extend(about.clone());
    }
    let token = story.sign_in(SANNE)?;
    let headers = [("If-Match", "\"1\"")];
    let extra = Extra { token: Some(&token), headers: &headers };
    let path = format!("/v1/images/{}/draft", story.image);
    let body = json!({ "content": content });
    let image = story.api.send(Method::PUT, &path, &extra, Some(&body))?.expect(200)?;
    story.picture_digest = text_at(&image, "/working_revision/digest")?;
    Ok("in two languages for those who do not see it, with its rights; the renditions are cut around the cup"
        .to_owned())
}

pub(super) fn picture_is_approved(story: &mut Story) -> Result<String, Failure> {
    let path = format!("/v1/images/{}", story.image);
    let body = json!({ "digest": story.picture_digest });
    let review = story.post(SANNE, &format!("{path}/submission"), &body)?.expect(201)?;
    story.picture_digest = text_at(&review, "/digest")?;
    let body = json!({ "revision": 1, "digest": story.picture_digest, "decision": "approve" });
    story.post(PIETER, &format!("{path}/decisions"), &body)?.expect(201)?;
    Ok(format!("{}\nthe digest covers the bytes of the picture and of each rendition", story.picture_digest))
}

pub(super) fn employee_shares_the_picture(story: &mut Story) -> Result<String, Failure> {
    let library = story.get(JORIS, "/v1/library/images?language=nl&channel=linkedin")?.expect(200)?;
    let found = at(&library, "/items")?.as_array().cloned().unwrap_or_default();
    let ours = |image: &&Value| image.get("image_id") == Some(&json!(story.image));
    let image = found.iter().find(ours).ok_or_else(|| Failure::new("expected the image in the library"))?;
    let body = json!({
        "image_id": story.image, "digest": text_at(image, "/digest")?, "channel": "linkedin", "language": "nl",
        "hashtags": ["noordzee"], "comment": "Koffie? Vandaag staat de deur bij ons open.",
    });
    let headers = [("Idempotency-Key", "picture-alone")];
    let share = story.post_with(JORIS, "/v1/shares", &headers, &body)?.expect(201)?;
    ensure(text_at(&share, "/images/0/alt")? == ALT, "the text that was approved")?;
    ensure(text_at(&share, "/text")?.contains("Rachel Michetti"), "who made the picture")?;
    story.picture_url = text_at(&share, "/images/0/url")?;
    let (width, height) = (at(&share, "/images/0/width")?, at(&share, "/images/0/height")?);
    Ok(format!("a picture of {width} x {height}, its text, and:\n{}", quoted(&text_at(&share, "/text")?)))
}

pub(super) fn publisher_redacts(story: &mut Story) -> Result<String, Failure> {
    let path = format!("/v1/images/{}/redactions", story.image);
    let body = json!({ "revision": 1, "reason": "De maker heeft haar toestemming ingetrokken." });
    let image = story.post(CLAIRE, &path, &body)?.expect(200)?;
    ensure(image.pointer("/working_revision/content").is_none(), "an image without content")?;
    let entry = at(&image, "/working_revision/redacted/index")?.to_string();
    let address = story.picture_url.clone();
    story.api.fetch(&address)?.refused(404, "not_found")?;
    let post = story.get(SANNE, &format!("/v1/posts/{}", story.post))?.expect(200)?;
    ensure(text_at(&post, "/availability")? == "blocked", "the post to be blocked")?;
    let by = text_at(&post, "/blocked_by/0/code")?;
    Ok(format!(
        "entry {entry} of the record; the files are gone, their addresses lead nowhere, and the post is \
         blocked ({by})"
    ))
}
