//! The images of shares as they are read: the file that was handed over, for as long as it may be seen.

use std::collections::HashMap;

use super::super::media::MediaLinks;
use super::super::shares::StoredImage;
use crate::domain::content::image::PictureFile;
use crate::domain::content::{Content, Image};
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::domain::images::KitImage;
use crate::domain::revision::Source;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::store::connection::Conn;
use crate::store::revisions;
use crate::store::shares::ShareRow;

/// An image that went with a share.
#[derive(Debug, Clone)]
pub struct ImageView {
    /// The revision.
    pub source: Source,
    /// The SHA-256 of the file that was handed over.
    pub digest: Digest,
    /// The language of its text.
    pub alt_language: String,
    /// The file, its text and who made it; absent once the image was redacted.
    pub shown: Option<ShownImage>,
}

/// What of an image is as long as it was not redacted.
#[derive(Debug, Clone)]
pub struct ShownImage {
    /// The file.
    pub file: PictureFile,
    /// The text that stands for the image.
    pub alt: String,
    /// Who made it.
    pub credit: Option<String>,
    /// Where the file is fetched, while the share is issued.
    pub address: Option<String>,
}

impl From<KitImage> for ImageView {
    fn from(image: KitImage) -> Self {
        let KitImage { source, file, alt_language, alt, credit } = image;
        let digest = file.digest.clone();
        Self { source, digest, alt_language, shown: Some(ShownImage { file, alt, credit, address: None }) }
    }
}

impl ImageView {
    /// An image of a share, with what its revision still says of it.
    fn stored(stored: StoredImage, contents: &HashMap<(ItemId, i64), Image>) -> Self {
        let StoredImage { source, file: digest, alt_language } = stored;
        let shown = contents.get(&(source.item, source.revision)).and_then(|image| {
            let file = image.files.all().find(|file| file.digest == digest)?.clone();
            let alt = image.about.alt.get(&alt_language)?.clone();
            Some(ShownImage { file, alt, credit: image.about.credit.clone(), address: None })
        });
        Self { source, digest, alt_language, shown }
    }

    pub(super) fn give_address(&mut self, media: &MediaLinks, now: Time) {
        if let Some(shown) = &mut self.shown {
            shown.address = Some(media.address(self.source.item, &shown.file, now));
        }
    }
}

/// The images of each of these shares, in their order.
pub(super) fn images_of(conn: &mut Conn, rows: &[ShareRow]) -> Result<Vec<Vec<ImageView>>> {
    let parse = |row: &ShareRow| serde_json::from_str(&row.images).map_err(Error::internal);
    let stored: Vec<Vec<StoredImage>> = rows.iter().map(parse).collect::<Result<_>>()?;
    let named = stored.iter().flatten().map(|image| (image.source.item, image.source.revision));
    let mut contents = HashMap::new();
    for (key, json) in revisions::contents(conn, &named.collect::<Vec<_>>())? {
        if let Content::Image(image) = Content::from_json(Kind::Image, &json)? {
            contents.insert(key, *image);
        }
    }
    let views = |images: Vec<StoredImage>| {
        images.into_iter().map(|image| ImageView::stored(image, &contents)).collect()
    };
    Ok(stored.into_iter().map(views).collect())
}
