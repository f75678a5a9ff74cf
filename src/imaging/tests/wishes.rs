//! Which files the channels want.

use super::facts::FACTS;
use super::*;

fn channels() -> Vec<ImageFacts> {
    let channel = |(name, formats, max_bytes, sizes, bounds): &super::facts::Facts| ImageFacts {
        channel: (*name).to_owned(),
        recommended: sizes.iter().map(|(width, height)| size(*width, *height)).collect(),
        formats: formats.split_whitespace().map(str::to_owned).collect(),
        max_bytes: *max_bytes,
        max_pixels: bounds.0,
        max_dimension: bounds.1,
        max_width: bounds.2,
        aspect_min: bounds.3,
        aspect_max: bounds.4,
    };
    FACTS.iter().map(channel).collect()
}

fn size(width: u32, height: u32) -> Size {
    Size::new(width, height).unwrap()
}

fn cuts(wanted: &[Wanted]) -> Vec<(u32, u32)> {
    let cuts = wanted.iter().filter_map(|wanted| match wanted.shape {
        Shape::Cut(size) => Some((size.width(), size.height())),
        Shape::Whole { .. } => None,
    });
    cuts.collect()
}

#[test]
fn eighteen_channels_want_nine_files_of_a_photograph() {
    let wanted = wanted(&channels(), false);
    assert_eq!(
        cuts(&wanted),
        [
            (1080, 1080),
            (1080, 1350),
            (1200, 627),
            (1080, 1920),
            (1600, 900),
            (1000, 1500),
            (1080, 608),
            (1080, 566)
        ]
    );
    assert_eq!(wanted.len(), 9);
    assert_eq!(wanted[8].shape, Shape::Whole { max_side: 2048 });
    assert!(wanted.iter().all(|wanted| wanted.formats == Formats::Jpeg));
    // Those of nearly the same shape share a file, with the fewest bytes.
    let wide = &wanted[2];
    assert_eq!(wide.max_bytes, 2_000_000);
    for channel in ["linkedin", "facebook", "reddit", "email"] {
        assert!(wide.channels.iter().any(|name| name == channel), "{channel}");
    }
    assert_eq!(
        (wanted[5].max_bytes, wanted[5].channels.as_slice()),
        (20_000_000, ["pinterest".to_owned()].as_slice())
    );
}

#[test]
fn every_channel_gets_what_it_recommends_within_its_limits() {
    for keeps_png in [false, true] {
        let wanted = wanted(&channels(), keeps_png);
        for channel in channels() {
            let own: Vec<_> =
                wanted.iter().filter(|wanted| wanted.channels.contains(&channel.channel)).collect();
            for size in &channel.recommended {
                let near = own.iter().filter_map(|wanted| match wanted.shape {
                    Shape::Cut(made) => Some(made),
                    Shape::Whole { .. } => None,
                });
                let aspect = |size: Size| f64::from(size.width()) / f64::from(size.height());
                let mut near = near.filter(|made| (aspect(*made) / aspect(*size) - 1.0).abs() < 0.011);
                assert!(
                    near.any(|made| made.width() * 100 >= size.width() * 99),
                    "{} {size:?}",
                    channel.channel
                );
            }
            for wanted in own {
                assert!(channel.max_bytes == 0 || wanted.max_bytes <= channel.max_bytes);
                assert!(channel.channel != "instagram" || wanted.formats == Formats::Jpeg);
                if let Shape::Cut(made) = wanted.shape {
                    assert!(channel.max_width == 0 || made.width() <= channel.max_width);
                    let aspect = f64::from(made.width()) / f64::from(made.height());
                    assert!(channel.aspect_max == 0.0 || aspect <= channel.aspect_max);
                }
            }
        }
    }
}

#[test]
fn only_a_picture_that_keeps_png_needs_files_of_both_types() {
    let wanted = wanted(&channels(), true);
    let of = |formats| wanted.iter().filter(|wanted| wanted.formats == formats).count();
    assert_eq!((of(Formats::Either), of(Formats::Jpeg), of(Formats::Png)), (7, 5, 0));
}

#[test]
fn an_operators_channels_are_served_too() {
    let channel = |formats: &str, max_dimension| ImageFacts {
        channel: "intranet".to_owned(),
        formats: formats.split_whitespace().map(str::to_owned).collect(),
        max_dimension,
        ..ImageFacts::default()
    };
    assert_eq!(wanted(&[channel("webp gif", 0)], false), []);
    assert_eq!(wanted(&[channel("png", 0)], false)[0].formats, Formats::Png);
    let small = &wanted(&[channel("", 600)], false)[0];
    assert_eq!((small.shape, small.max_bytes), (Shape::Whole { max_side: 600 }, PORTABLE_MAX_BYTES));
    assert_eq!(wanted(&[], true), []);
}

#[test]
fn the_order_of_channels_changes_no_file() {
    let mut turned = channels();
    turned.reverse();
    let shapes = |channels: &[ImageFacts]| -> Vec<_> {
        wanted(channels, true).iter().map(|wanted| (wanted.shape, wanted.max_bytes)).collect()
    };
    let (mut first, mut second) = (shapes(&channels()), shapes(&turned));
    first.sort_by_key(|wanted| format!("{wanted:?}"));
    second.sort_by_key(|wanted| format!("{wanted:?}"));
    assert_eq!(first, second);
}
