#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::channels::ChannelId;
use crate::domain::compose::Role;
use crate::domain::disclaimers::InForce;
use crate::domain::disclaimers::tests::{live, organisation, resolved};
use crate::domain::ids::{Digest, PersonId};
use crate::domain::kit::{Kit, KitInput, Reader, make_kit};
use crate::domain::links::PREVIEW_TAG;
use crate::domain::material::Material;
use crate::error::{At, Code, Error};

static CHANNELS: LazyLock<Channels> = LazyLock::new(|| Channels::defaults().unwrap());

fn file(media_type: MediaType, width: u32, height: u32, bytes: u64) -> PictureFile {
    let digest = Digest::of(format!("{}{width}x{height}", media_type.as_str()).as_bytes());
    PictureFile { digest, media_type, width, height, bytes }
}

/// What is made of a picture: one file for each size that channels recommend and that it has the pixels for.
fn files(media_type: MediaType, width: u32, height: u32) -> ImageFiles {
    let mut sizes: Vec<[u32; 2]> =
        CHANNELS.iter().flat_map(|channel| channel.image_recommended.iter().copied()).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes.retain(|[across, down]| *across <= width && *down <= height);
    let mut renditions: Vec<PictureFile> =
        sizes.iter().map(|[across, down]| file(media_type, *across, *down, 300_000)).collect();
    if media_type == MediaType::Png {
        renditions.extend(sizes.iter().map(|[across, down]| file(MediaType::Jpeg, *across, *down, 200_000)));
    }
    ImageFiles { picture: file(media_type, width, height, 900_000), renditions }
}

fn image(files: ImageFiles, about: Value) -> Image {
    Image { files, about: serde_json::from_value(about).unwrap() }
}

/// An image with a text in these languages.
fn told(languages: &[&str]) -> Image {
    let alt: BTreeMap<&str, String> =
        languages.iter().map(|tag| (*tag, format!("Een brug over het water, in {tag}."))).collect();
    image(files(MediaType::Jpeg, 2400, 1600), json!({ "alt": alt }))
}

fn shown(image: &Image) -> Shown<'_> {
    Shown { source: resolved("image", 1, ()).source(), image }
}

fn channel(id: &str) -> &'static Channel {
    CHANNELS.get(&id.into()).unwrap()
}

fn size(file: &PictureFile) -> (u32, u32) {
    (file.width, file.height)
}

#[test]
fn each_channel_gets_the_shape_that_shows_most() {
    // Among shapes that show about as much, the size that the channel itself recommends is taken, also where the
    // whole picture has that shape.
    let of = |width, height| {
        let files = files(MediaType::Jpeg, width, height);
        let named = |channel: &Channel| (channel.id.to_string(), suitable(&files, channel).map(size));
        CHANNELS.iter().filter(|channel| channel.images_max > 0).map(named).collect::<BTreeMap<_, _>>()
    };
    let (landscape, square, portrait) = (of(2400, 1600), of(2000, 2000), of(1600, 2400));
    for (id, wide, even, tall) in [
        ("linkedin", (1200, 630), (1080, 1080), (1080, 1350)),
        ("x", (1600, 900), (1080, 1080), (1080, 1350)),
        ("facebook", (1200, 630), (1080, 1080), (1080, 1350)),
        ("instagram_feed", (1080, 566), (1080, 1080), (1080, 1350)),
        ("threads", (1080, 608), (1080, 1080), (1080, 1350)),
        ("bluesky", (1200, 630), (1080, 1080), (1080, 1350)),
        ("mastodon", (1600, 900), (1080, 1080), (1080, 1080)),
        ("tiktok", (1080, 1350), (1080, 1350), (1080, 1920)),
        ("youtube", (1280, 720), (1280, 720), (1280, 720)),
        ("reddit", (1200, 630), (1080, 1080), (1080, 1080)),
        ("pinterest", (1000, 1000), (1000, 1000), (1000, 1500)),
        ("xing", (1200, 630), (1200, 630), (1200, 630)),
        ("telegram", (1280, 720), (1080, 1080), (1080, 1080)),
        ("slack", (1200, 630), (1200, 630), (1200, 630)),
    ] {
        assert_eq!((landscape[id], square[id], portrait[id]), (Some(wide), Some(even), Some(tall)), "{id}");
    }
    // Nothing of a story's shape can be cut of a picture that is not as high: it gets what shows most.
    assert_eq!(landscape["instagram_story"], Some((2400, 1600)));
    assert_eq!(portrait["instagram_story"], Some((1080, 1920)));
}

#[test]
fn a_png_goes_to_whoever_takes_it_and_a_jpeg_to_the_others() {
    let files = files(MediaType::Png, 2400, 1600);
    let form = |id: &str| suitable(&files, channel(id)).unwrap().media_type;
    assert_eq!((form("linkedin"), form("instagram_feed")), (MediaType::Png, MediaType::Jpeg));
    let only = ImageFiles { renditions: Vec::new(), ..files };
    assert_eq!(suitable(&only, channel("instagram_feed")), None);
    assert_eq!(suitable(&only, channel("linkedin")), Some(&only.picture));
}

#[test]
fn lists_show_the_smallest_file_that_is_not_cut() {
    let picture = file(MediaType::Jpeg, 640, 427, 90_000);
    let cut = file(MediaType::Jpeg, 240, 427, 20_000);
    let whole = file(MediaType::Jpeg, 480, 320, 30_000);
    let files = |renditions: &[&PictureFile]| ImageFiles {
        picture: picture.clone(),
        renditions: renditions.iter().copied().cloned().collect(),
    };
    assert_eq!(smallest(&files(&[&cut, &whole])), &whole);
    assert_eq!(smallest(&files(&[&cut])), &picture);
}

#[test]
fn what_is_beyond_a_limit_is_not_handed_over() {
    let picture = |width, height, bytes| ImageFiles {
        picture: file(MediaType::Jpeg, width, height, bytes),
        renditions: Vec::new(),
    };
    let fits = |id: &str, files: &ImageFiles| suitable(files, channel(id)).is_some();
    for (id, good, bad) in [
        ("bluesky", picture(1000, 1000, 2_000_000), picture(1000, 1000, 2_000_001)),
        ("bluesky", picture(4000, 1000, 1), picture(4001, 1000, 1)),
        ("threads", picture(1440, 4000, 1), picture(1441, 1000, 1)),
        ("linkedin", picture(6000, 6000, 1), picture(6013, 6013, 1)),
        ("instagram_feed", picture(1910, 1000, 1), picture(2000, 1000, 1)),
        ("instagram_feed", picture(800, 1000, 1), picture(700, 1000, 1)),
    ] {
        assert!(fits(id, &good) && !fits(id, &bad), "{id}");
    }
}

#[test]
fn the_text_is_in_the_copys_language_or_a_more_general_one() {
    let image = told(&["nl", "nl-BE", "en"]);
    let tag = |wanted: &str| {
        let images = images_for(&[shown(&image)], channel("linkedin"), wanted);
        images.map(|images| images[0].alt_language.clone())
    };
    assert_eq!(tag("nl-BE").unwrap(), "nl-BE");
    assert_eq!(tag("nl-NL").unwrap(), "nl");
    assert_eq!(tag("en-GB").unwrap(), "en");
    assert_eq!(tag("de").unwrap_err(), [Unshowable::NoAlt(0)]);
    let specific = told(&["nl-BE"]);
    let refused = images_for(&[shown(&specific)], channel("linkedin"), "nl").unwrap_err();
    assert_eq!(refused, [Unshowable::NoAlt(0)], "the text of a region is not one of the whole language");
}

#[test]
fn every_reason_against_images_is_told_at_its_place() {
    let (good, silent) = (told(&["nl"]), told(&["en"]));
    let many: Vec<Shown<'_>> = [&good, &good, &good, &good, &silent].map(shown).into_iter().collect();
    let refused = images_for(&many, channel("x"), "nl").unwrap_err();
    assert_eq!(refused, [Unshowable::TooMany(1), Unshowable::NoAlt(4)]);
    let faults: Vec<_> = refused
        .iter()
        .map(|refusal| refusal.fault("/content/images", true, channel("x"), "nl"))
        .map(|fault| (fault.at.clone(), fault.code, fault.extra.get("excess").cloned()))
        .collect();
    let at = |pointer: &str| At::Pointer(format!("#/content/images{pointer}"));
    assert_eq!(faults, [(at(""), "too_many_images", Some(json!(1))), (at("/4"), "alt_missing", None)]);
    let alone = Unshowable::NoAlt(0).fault("/content/alt", false, channel("x"), "nl");
    assert_eq!((alone.at, &alone.extra["channel"]), (At::Pointer("#/content/alt".to_owned()), &json!("x")));
    assert_eq!(images_for(&many, channel("email"), "nl"), Ok(Vec::new()), "it takes none, so none is wrong");
}

#[test]
fn an_operator_may_limit_the_text_in_utf16() {
    let short = Channel { alt_text_limit: 10, ..channel("mastodon").clone() };
    for (text, excess) in [("0123456789", 0), ("01234567é9", 0), ("0123456789a", 1), ("😀😀😀😀😀😀", 2)]
    {
        let image = image(files(MediaType::Jpeg, 1200, 1200), json!({ "alt": { "nl": text } }));
        let refused = images_for(&[shown(&image)], &short, "nl").err().unwrap_or_default();
        let expected = if excess == 0 { vec![] } else { vec![Unshowable::AltTooLong(0, excess)] };
        assert_eq!(refused, expected, "{text}");
    }
}

#[test]
fn territories_cover_countries_and_unions_and_nobody_unknown() {
    let within = |territories: Value, country: Option<&str>| {
        let about = json!({ "alt": { "nl": "Een brug." }, "rights": { "territories": territories } });
        let image = image(files(MediaType::Jpeg, 100, 100), about);
        outside(&[shown(&image)], country).next().is_none()
    };
    assert!(within(json!([]), None) && within(json!([]), Some("US")));
    assert!(within(json!(["EU"]), Some("NL")) && within(json!(["US", "GB"]), Some("GB")));
    assert!(!within(json!(["EU"]), Some("GB")) && !within(json!(["NL"]), Some("BE")));
    assert!(!within(json!(["EU"]), None));
}

#[test]
fn credits_are_told_once_each() {
    let by = |credit: Option<&str>| {
        let mut image = told(&["nl"]);
        image.about.credit = credit.map(str::to_owned);
        image
    };
    let images = [by(Some("Foto: Jan")), by(None), by(Some("Foto: Ida")), by(Some("Foto: Jan"))];
    let all: Vec<Shown<'_>> = images.iter().map(shown).collect();
    assert_eq!(credits(&all).as_deref(), Some("Foto: Jan, Foto: Ida"));
    assert_eq!(credits(&all[1..2]), None);
    assert_eq!(credits(&[]), None);
}

/// The kit of an image by itself, with all the defaults in force.
fn kit_of(image: &Image, channel: &ChannelId, comment: Option<&str>) -> Result<Kit, Error> {
    let (live, organisation) = (live(), organisation());
    let (post, shown) = (alone(image, &CHANNELS, &[]), [shown(image)]);
    make_kit(&KitInput {
        material: Material {
            post: &post,
            source: &shown[0].source,
            hashtags: &[],
            images: &shown,
            disclaimers: InForce { pinned: &live, live: &live, recalled: &[] },
            organisation: &organisation,
        },
        channels: &CHANNELS,
        channel,
        language: None,
        copy_id: None,
        comment,
        tag: PREVIEW_TAG,
        reader: Reader {
            person: PersonId::generate(),
            country: Some("NL"),
            language: Some("nl-BE"),
            mastodon: None,
        },
        image_address: "https://greenlight.example/media/a",
    })
}

#[test]
fn an_image_by_itself_composes_on_every_channel_that_takes_images() {
    let mut image = told(&["en", "nl"]);
    image.about.credit = Some("Foto: Jan".to_owned());
    let long = "Zo mooi! ".repeat(30).trim_end().to_owned();
    for channel in alone(&image, &CHANNELS, &[]).channels {
        let facts = CHANNELS.get(&channel).unwrap();
        for comment in [None, Some("Hier werk ik aan mee.")] {
            let kit = kit_of(&image, &channel, comment);
            if !facts.text_field {
                assert_eq!(kit.unwrap_err().code, Code::ChannelCannotCarryDisclaimer, "{channel}");
                continue;
            }
            let kit = kit.unwrap();
            assert_eq!((kit.language.as_str(), kit.images.len()), ("nl", 1), "{channel}");
            assert!(kit.text.contains("Foto: Jan") && kit.text.contains("Zuiver"), "{}", kit.text);
            let parts: String = kit.parts.iter().map(|part| part.text.as_str()).collect();
            assert_eq!(parts, kit.text);
            assert!(kit.parts.iter().all(|part| !part.text.is_empty()), "{:?}", kit.parts);
            let said =
                kit.parts.iter().find(|part| part.role == Role::Comment).map(|part| part.text.as_str());
            assert_eq!(said, comment);
            // Pinterest's intent would bring it along, and needs a link, which an image has not.
            assert!(kit.must_attach(), "{channel}");
        }
        if facts.text_field && (facts.text_limit == 0 || facts.text_limit > 400) {
            let kit = kit_of(&image, &channel, Some(&long)).unwrap();
            assert!(kit.text.contains(&long), "longer than an introduction may be: {channel}");
        }
    }
    assert!(alone(&told(&[]), &CHANNELS, &[]).copies.is_empty());
}

fn any_file() -> impl Strategy<Value = PictureFile> {
    let form = prop_oneof![Just(MediaType::Jpeg), Just(MediaType::Png)];
    (form, 1..13_000u32, 1..13_000u32, 1..30_000_000u64)
        .prop_map(|(form, width, height, bytes)| file(form, width, height, bytes))
}

fn any_files() -> impl Strategy<Value = ImageFiles> {
    (any_file(), prop::collection::vec(any_file(), 0..12))
        .prop_map(|(picture, renditions)| ImageFiles { picture, renditions })
}

proptest! {
    #[test]
    fn what_is_chosen_is_of_the_image_and_within_the_limits(files in any_files()) {
        for channel in CHANNELS.iter() {
            let chosen = suitable(&files, channel);
            prop_assert_eq!(chosen.is_none(), files.all().all(|file| !takes(channel, file)));
            let Some(chosen) = chosen else { continue };
            prop_assert!(files.all().any(|file| file == chosen));
            let within = |value: u64, limit: u64| limit == 0 || value <= limit;
            prop_assert!(within(chosen.bytes, channel.image_max_bytes));
            prop_assert!(within(chosen.width.into(), channel.image_max_width.into()));
            prop_assert!(within(chosen.width.max(chosen.height).into(), channel.image_max_dimension.into()));
            let name = if chosen.media_type == MediaType::Png { "png" } else { "jpg" };
            let formats = &channel.image_formats;
            prop_assert!(formats.is_empty() || formats.iter().any(|format| format == name));
        }
    }

    #[test]
    fn images_go_whole_or_not_at_all(
        files in prop::collection::vec(any_files(), 0..6),
        alt in ".{0,40}",
        language in "[a-z]{2}(-[A-Z]{2})?",
    ) {
        let about = json!({ "alt": { "nl": alt } });
        let images: Vec<Image> = files.into_iter().map(|files| image(files, about.clone())).collect();
        let shown: Vec<Shown<'_>> = images.iter().map(shown).collect();
        for channel in CHANNELS.iter() {
            match images_for(&shown, channel, &language) {
                Ok(found) if channel.images_max == 0 => prop_assert!(found.is_empty()),
                Ok(found) => {
                    prop_assert_eq!(found.len(), shown.len());
                    prop_assert!(found.len() <= channel.images_max as usize);
                    for (found, shown) in found.iter().zip(&shown) {
                        prop_assert_eq!(&found.source, &shown.source);
                        prop_assert_eq!(&found.alt, &alt);
                    }
                }
                Err(reasons) => prop_assert!(!reasons.is_empty() && channel.images_max > 0),
            }
        }
    }
}
