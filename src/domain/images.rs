//! The images of a share: which file of each suits the channel, the text that stands for it, and the post
//! that an image makes when it is shared by itself.

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::json;

use super::channels::{Channel, Channels};
use super::content::image::{ImageFiles, MediaType, PictureFile};
use super::content::post::{Personalisation, PostCopy};
use super::content::{Image, Post};
use super::ids::Key;
use super::revision::Source;
use crate::error::Fault;

/// An image that a post pins, or that is shared by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The revision.
    pub source: Source,
    /// Its content.
    pub image: &'a Image,
}

/// An image as it goes with one share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KitImage {
    /// The revision.
    pub source: Source,
    /// The file that suits the channel.
    pub file: PictureFile,
    /// The language that `alt` is written in.
    pub alt_language: String,
    /// The text that stands for the image.
    pub alt: String,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
}

/// Why images cannot go with a share on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unshowable {
    /// They are more than the channel takes.
    TooMany(usize),
    /// The image at this place has no text in the copy's language.
    NoAlt(usize),
    /// The text of the image at this place is longer than the channel takes.
    AltTooLong(usize, usize),
    /// No file of the image at this place is within the channel's limits.
    NoFile(usize),
}

impl Unshowable {
    /// The fault, at the image's place in the post's list at `pointer`, or at `pointer` itself where there is
    /// no list.
    pub fn fault(&self, pointer: &str, listed: bool, channel: &Channel, language: &str) -> Fault {
        let at = |at: &usize| if listed { format!("{pointer}/{at}") } else { pointer.to_owned() };
        let fault = match self {
            Self::TooMany(excess) => {
                let detail = format!("{} takes {} images in a post.", channel.name, channel.images_max);
                Fault::body(pointer, "too_many_images", detail).with("excess", *excess)
            }
            Self::NoAlt(nth) => {
                let detail =
                    format!("The image has no text (alt) in {language}, for those who do not see it.");
                Fault::body(at(nth), "alt_missing", detail).with("language", language)
            }
            Self::AltTooLong(nth, excess) => {
                let detail = format!("The image's text (alt) is too long for {}.", channel.name);
                let fault = Fault::body(at(nth), "alt_too_long", detail);
                fault.with("language", language).with("excess", *excess)
            }
            Self::NoFile(nth) => {
                let detail = format!("No file of the image is within the limits of {}.", channel.name);
                Fault::body(at(nth), "no_rendition", detail)
            }
        };
        fault.with("channel", channel.id.as_str())
    }
}

/// The images as they go with a copy of this language on this channel; none where the channel takes none.
pub fn images_for(
    shown: &[Shown<'_>],
    channel: &Channel,
    language: &str,
) -> Result<Vec<KitImage>, Vec<Unshowable>> {
    let most = usize::try_from(channel.images_max).unwrap_or(usize::MAX);
    if most == 0 {
        return Ok(Vec::new());
    }
    let (mut images, mut refused) = (Vec::with_capacity(shown.len()), Vec::new());
    if shown.len() > most {
        refused.push(Unshowable::TooMany(shown.len() - most));
    }
    for (at, Shown { source, image }) in shown.iter().enumerate() {
        let about = &image.about;
        let alt = about.alt_in(language);
        let file = suitable(&image.files, channel);
        if let (Some((alt_language, alt)), Some(file)) = (alt, file) {
            images.push(KitImage {
                source: source.clone(),
                file: file.clone(),
                alt_language: alt_language.to_owned(),
                alt: alt.to_owned(),
                credit: about.credit.clone(),
            });
        }
        let excess = alt.map_or(0, |(_, alt)| alt_excess(alt, channel));
        refused.extend(alt.is_none().then_some(Unshowable::NoAlt(at)));
        refused.extend((excess > 0).then_some(Unshowable::AltTooLong(at, excess)));
        refused.extend(file.is_none().then_some(Unshowable::NoFile(at)));
    }
    if refused.is_empty() { Ok(images) } else { Err(refused) }
}

/// By how much a text is longer than the channel takes. UTF-16 units are never fewer than what else is counted.
fn alt_excess(alt: &str, channel: &Channel) -> usize {
    let limit = usize::try_from(channel.alt_text_limit).ok().filter(|limit| *limit > 0);
    limit.map_or(0, |limit| alt.encode_utf16().count().saturating_sub(limit))
}

/// The smallest file that shows all of a picture: the one that lists show.
pub fn smallest(files: &ImageFiles) -> &PictureFile {
    let shows_all = |file: &&PictureFile| has_shape(file, [files.picture.width, files.picture.height]);
    let pixels = |file: &&PictureFile| u64::from(file.width) * u64::from(file.height);
    files.all().filter(shows_all).min_by_key(pixels).unwrap_or(&files.picture)
}

/// The file that a channel gets: of those within its limits, one of a shape that it recommends, the one that
/// shows most of the picture; of those that show about as much, one of the picture's own type, so that a PNG stays
/// one, then one of a size that the channel recommends, then the one with most pixels.
pub fn suitable<'i>(files: &'i ImageFiles, channel: &Channel) -> Option<&'i PictureFile> {
    let sizes = &channel.image_recommended;
    let rank = |file: &&PictureFile| {
        let has_shape = sizes.is_empty() || sizes.iter().any(|size| has_shape(file, *size));
        // In twentieths: shapes that differ by less are about the same.
        let kept = (kept(&files.picture, file) * 20.0).round() as u64;
        let is_of_its_type = file.media_type == files.picture.media_type;
        let has_size = sizes.iter().any(|size| has_size(file, *size));
        (has_shape, kept, is_of_its_type, has_size, u64::from(file.width) * u64::from(file.height))
    };
    files.all().filter(|file| takes(channel, file)).max_by_key(rank)
}

/// Whether a file is within a channel's limits.
fn takes(channel: &Channel, file: &PictureFile) -> bool {
    let within = |value: u64, limit: u64| limit == 0 || value <= limit;
    let (width, height) = (u64::from(file.width), u64::from(file.height));
    let names: &[&str] = match file.media_type {
        MediaType::Jpeg => &["jpg", "jpeg"],
        MediaType::Png => &["png"],
    };
    let formats = &channel.image_formats;
    let aspect = f64::from(file.width) / f64::from(file.height.max(1));
    (formats.is_empty() || formats.iter().any(|format| names.contains(&format.as_str())))
        && within(file.bytes, channel.image_max_bytes)
        && within(width * height, channel.image_max_pixels)
        && within(width, channel.image_max_width.into())
        && within(width.max(height), channel.image_max_dimension.into())
        && aspect >= channel.image_aspect_min * 0.99
        && (channel.image_aspect_max == 0.0 || aspect <= channel.image_aspect_max * 1.01)
}

/// Whether a file has about the shape of a size: within one part in a hundred.
fn has_shape(file: &PictureFile, [width, height]: [u32; 2]) -> bool {
    let (across, down) =
        (u64::from(file.width) * u64::from(height), u64::from(width) * u64::from(file.height));
    across.abs_diff(down) * 100 <= across.min(down)
}

/// Whether a file has about a size: within one part in a hundred.
fn has_size(file: &PictureFile, [width, height]: [u32; 2]) -> bool {
    let is_near = |one: u32, other: u32| u64::from(one.abs_diff(other)) * 100 <= u64::from(one.min(other));
    is_near(file.width, width) && is_near(file.height, height)
}

/// Which part of the picture a file shows: 1 = all of it.
fn kept(picture: &PictureFile, file: &PictureFile) -> f64 {
    let aspect = |file: &PictureFile| f64::from(file.width) / f64::from(file.height.max(1));
    let ratio = aspect(file) / aspect(picture);
    ratio.min(1.0 / ratio)
}

/// The credits of images, each once, as one text.
pub fn credits(shown: &[Shown<'_>]) -> Option<String> {
    let mut credits: Vec<&str> = Vec::new();
    for credit in shown.iter().filter_map(|shown| shown.image.about.credit.as_deref()) {
        if !credits.contains(&credit) {
            credits.push(credit);
        }
    }
    (!credits.is_empty()).then(|| credits.join(", "))
}

/// The name of the copy of an image that is shared by itself.
fn copy_id(language: &str) -> String {
    language.to_ascii_lowercase()
}

/// The post that an image makes when it is shared by itself: one without words of its own in each language
/// of its text, for every channel that takes images. An employee may say what they want with it, under the
/// rules, and name hashtags.
pub fn alone(image: &Image, channels: &Channels, hashtags: &[Key]) -> Post {
    let about = &image.about;
    let copy = |language: &String| PostCopy {
        id: copy_id(language),
        language: language.clone(),
        channels: Vec::new(),
        text: String::new(),
    };
    let takes_images = channels.iter().filter(|channel| channel.images_max > 0);
    Post {
        title: String::new(),
        headline: None,
        copies: about.alt.keys().map(copy).collect(),
        channels: takes_images.map(|channel| channel.id.clone()).collect(),
        hashtags: hashtags.to_vec(),
        images: Vec::new(),
        link: None,
        disclaimers: Vec::new(),
        credit: None,
        audience: about.audience.clone(),
        publish_at: None,
        expires_at: None,
        personalisation: Personalisation::Free,
        campaign: None,
        topics: Vec::new(),
        tips: None,
    }
}

/// The images of a post that may not be used in a country; `None` = the country is not known.
pub fn outside<'s, 'a>(
    shown: &'s [Shown<'a>],
    country: Option<&'s str>,
) -> impl Iterator<Item = (usize, &'s Shown<'a>)> {
    shown.iter().enumerate().filter(move |(_, shown)| !shown.image.about.rights.cover(country))
}

/// The fault of an image that may not be used in a country of a post's audience.
pub fn outside_fault(at: usize, shown: &Shown<'_>, country: &str) -> Fault {
    let territories = &shown.image.about.rights.territories;
    let detail = format!("The image may not be used in {country}, only in {}.", territories.join(", "));
    Fault::body(format!("/content/images/{at}"), "outside_territories", detail)
        .with("country", country)
        .with("territories", json!(territories))
}
