//! The finders of hashtags and mentions: what they find is in order, well-formed, and found again by itself.

use std::process::ExitCode;

use greenlight::domain::channels::Channels;
use greenlight::domain::entities;

fn main() -> ExitCode {
    let channels = Channels::defaults().expect("the embedded channels are read");
    greenlight_fuzz::run(greenlight_fuzz::Input::text, |text| {
        for channel in channels.iter() {
            let found = entities::find(text, channel);
            for ranges in [&found.hashtags, &found.mentions] {
                assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start), "{}", channel.id);
                let within = |at: usize| found.links.iter().any(|link| link.contains(&at));
                assert!(!ranges.iter().any(|range| within(range.start)));
            }
            for tag in found.hashtags {
                let tag = &text[tag];
                assert!(tag.starts_with(['#', '＃']) && tag.chars().nth(1).is_some(), "{tag:?}");
                assert_eq!(entities::hashtags(tag, channel), [0..tag.len()], "{tag:?} on {}", channel.id);
            }
            for mention in found.mentions {
                let mention = &text[mention];
                assert!(mention.starts_with(['@', '＠']) && mention.chars().nth(1).is_some(), "{mention:?}");
                assert_eq!(entities::mentions(mention, channel), [0..mention.len()], "{mention:?}");
            }
        }
    })
}
