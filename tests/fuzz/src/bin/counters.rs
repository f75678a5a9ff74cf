//! Every counter on every channel: nothing panics, and each count keeps to what is known of it.

use std::process::ExitCode;

use greenlight::domain::channels::{Channels, Counting};
use greenlight::domain::counting::{Count, invalid_character, units_with_warning};
use greenlight::domain::measure::{Reason, measure};
use unicode_segmentation::UnicodeSegmentation as _;

fn main() -> ExitCode {
    let channels = Channels::defaults().expect("the embedded channels are read");
    greenlight_fuzz::run(greenlight_fuzz::Input::text, |text| {
        let characters = text.chars().count();
        for measured in measure("", text, channels.iter()) {
            let count = &measured.count;
            match count.unit {
                Counting::WeightedTwitter => assert!(count.units <= 23 * characters),
                Counting::Graphemes => assert_eq!(count.units, text.graphemes(true).count()),
                Counting::Mastodon => {
                    assert!(count.units <= 23 * characters);
                    let warned = units_with_warning("let op", text, measured.channel);
                    assert!(warned == count.units + 6 || warned == count.units + 5, "{warned}");
                }
                Counting::Threads => assert!((characters..=text.len()).contains(&count.units)),
                Counting::Utf16 => assert_eq!(count.units, text.encode_utf16().count()),
                Counting::CodePoints => assert_eq!(count.units, characters),
                Counting::Utf8Bytes => assert_eq!(count.units, text.len()),
            }
            assert_eq!(count.units == 0, text.is_empty());
            assert_eq!(*count, Count::of(text, measured.channel));
            let room = count.room().is_none_or(|room| room > 0);
            assert!(!room || count.excess_units() + count.excess_bytes() == 0);
            let refused = invalid_character(text, measured.channel).is_some();
            assert_eq!(measured.reasons.contains(&Reason::InvalidCharacter), refused);
            assert_eq!(
                measured.reasons.contains(&Reason::TooLong),
                measured.remaining().is_some_and(|left| left < 0)
            );
        }
    })
}
