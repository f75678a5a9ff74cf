//! Short ways to an image that can be used, over HTTP like everything else.

use std::io::Cursor;
use std::sync::atomic::{AtomicU32, Ordering};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::{Value, json};

use super::app::TestApp;
use super::client::Answer;

/// A revision of an image, as a decision or a share names it.
#[derive(Debug, Clone)]
pub struct Image {
    pub id: String,
    pub revision: i64,
    pub digest: String,
}

impl Image {
    /// The path of the image, and of what is under it: `image.path("/recall")`.
    pub fn path(&self, under: &str) -> String {
        format!("/v1/images/{}{under}", self.id)
    }

    /// The body of a share of the image by itself.
    pub fn share(&self) -> Value {
        json!({ "image_id": self.id, "digest": self.digest, "channel": "linkedin" })
    }
}

/// A photograph of this size, so small that a debug build is quick with it.
fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let shade = |part: u32, whole: u32| u8::try_from(part * 255 / whole.max(1)).unwrap();
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([shade(x, width), shade(y, height), 90]));
    encoded(&picture.into(), ImageFormat::Jpeg)
}

/// A drawing of this size that shows what is behind it.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let picture =
        RgbaImage::from_fn(width, height, |x, _| Rgba([200, 30, 30, if x % 2 == 0 { 255 } else { 90 }]));
    encoded(&picture.into(), ImageFormat::Png)
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

impl TestApp {
    /// The author uploads a picture; what comes back is the draft of an image that says nothing of it.
    #[track_caller]
    pub fn uploaded(&self, media_type: &str, picture: Vec<u8>) -> Answer {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let key = format!("upload-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.author().post("/v1/images").idempotency_key(&key).body(media_type, picture).send().expect(201)
    }

    /// The draft of an image with a text in English, as `change` leaves it.
    #[track_caller]
    pub fn image_draft(&self, change: impl FnOnce(&mut Value)) -> Image {
        let made = self.uploaded("image/jpeg", jpeg(320, 240));
        let image = Image { id: made.text("/id").to_owned(), revision: 1, digest: String::new() };
        self.edited_image(&image, |content| {
            content["alt"] = json!({ "en": "A bridge over the water." });
            change(content);
        })
    }

    /// The working revision of an image, as `change` leaves it.
    #[track_caller]
    pub fn edited_image(&self, image: &Image, change: impl FnOnce(&mut Value)) -> Image {
        let item = self.author().get(&image.path("")).send().expect(200);
        let mut content = item["working_revision"]["content"].clone();
        change(&mut content);
        let body = json!({ "content": content });
        let author = self.author();
        let put = author.put(&image.path("/draft")).if_match(&item["version"]).json(&body);
        let saved = put.send().expect(200);
        let revision = saved["working_revision"]["revision"].as_i64().unwrap();
        Image { id: image.id.clone(), revision, digest: saved.text("/working_revision/digest").to_owned() }
    }

    /// What is drafted at a path is submitted, and the reviewer approves it. Answers the revision and digest.
    #[track_caller]
    pub fn approve_draft(&self, path: &str, digest: &str) -> (i64, String) {
        let reviewer = self.reviewer();
        let body = json!({ "digest": digest });
        let review = self.author().post(&format!("{path}/submission")).json(&body).send().expect(201);
        let decision =
            json!({ "revision": review["revision"], "digest": review["digest"], "decision": "approve" });
        reviewer.post(&format!("{path}/decisions")).json(&decision).send().expect(201);
        (review["revision"].as_i64().unwrap(), review.text("/digest").to_owned())
    }

    #[track_caller]
    fn approve_image(&self, draft: &Image) -> Image {
        let (revision, digest) = self.approve_draft(&draft.path(""), &draft.digest);
        Image { id: draft.id.clone(), revision, digest }
    }

    /// An approved image, live when its rights allow.
    #[track_caller]
    pub fn approved_image(&self, change: impl FnOnce(&mut Value)) -> Image {
        let draft = self.image_draft(change);
        self.approve_image(&draft)
    }

    /// The next revision of an image, approved.
    #[track_caller]
    pub fn revised_image(&self, image: &Image, change: impl FnOnce(&mut Value)) -> Image {
        let draft = self.edited_image(image, change);
        self.approve_image(&draft)
    }
}
