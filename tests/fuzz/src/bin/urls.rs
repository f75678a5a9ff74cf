//! The URL finder by each network's rules: what it finds is in order, whole, and found again by itself.

use std::process::ExitCode;

use greenlight::domain::channels::{Channels, Convention};
use greenlight::domain::entities;

fn main() -> ExitCode {
    let channels = Channels::defaults().expect("the embedded channels are read");
    greenlight_fuzz::run(greenlight_fuzz::Input::text, |text| {
        for channel in channels.iter() {
            let links = entities::links(text, channel);
            assert!(links.windows(2).all(|pair| pair[0].end <= pair[1].start), "{}", channel.id);
            for link in links {
                let link = &text[link];
                let has_scheme = link.to_ascii_lowercase().starts_with("http");
                assert!(!link.is_empty() && !link.contains([' ', '\n']), "{link:?}");
                assert!(link.contains('.') || channel.convention == Convention::Bluesky, "{link:?}");
                // Bluesky takes off one punctuation mark, and would take off the next by itself.
                let is_whole = channel.convention != Convention::Bluesky;
                if link.contains("://") && has_scheme && is_whole {
                    assert_eq!(entities::links(link, channel), [0..link.len()], "{link:?} on {}", channel.id);
                }
                assert!(has_scheme || !channel.url_needs_scheme || channel.convention == Convention::Bluesky);
            }
        }
    })
}
