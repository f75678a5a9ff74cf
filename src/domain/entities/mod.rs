//! Finds links, hashtags and mentions in a text, as the networks themselves do.
//!
//! The rules are those of three networks; the channel table names one for each channel. X's stand in for
//! networks that publish none. What is found are ranges of bytes, in the order of the text; every search walks
//! the text a fixed number of times, whatever is in it.
//!
//! | convention | source |
//! | --- | --- |
//! | X | twitter-text 3.1 (`extractUrlsWithIndices` and its kin) |
//! | Mastodon | `Tag::HASHTAG_RE`, `Account::MENTION_RE` and the wider paths of its twitter-text |
//! | Bluesky | `detectFacets` of the AT protocol's API library, tags as its newer `TAG_REGEX` |

mod anywhere;
mod bluesky_links;
mod classes;
mod hashtags;
mod hosts;
mod mentions;
mod paths;
mod spelling;
#[cfg(test)]
pub(super) mod tests;
mod tlds;
mod urls;

use std::ops::Range;

use self::paths::Grammar;
use super::channels::{Channel, Convention};

pub use self::mentions::Mention;

/// What was found in a text, each kind in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Links, with or without a scheme.
    pub links: Vec<Range<usize>>,
    /// Hashtags, with their number sign.
    pub hashtags: Vec<Range<usize>>,
    /// Mentions of accounts, with their at sign.
    pub mentions: Vec<Range<usize>>,
}

/// Everything that a channel takes for a link, hashtag or mention. None of them begins within a link.
pub fn find(text: &str, channel: &Channel) -> Found {
    let links = links(text, channel);
    let hashtags = outside(hashtags(text, channel), &links);
    let mentions = outside(mentions(text, channel), &links);
    Found { links, hashtags, mentions }
}

/// The links of a text, as byte ranges.
pub fn links(text: &str, channel: &Channel) -> Vec<Range<usize>> {
    match channel.convention {
        Convention::X => urls::find(text, Grammar::X, channel.url_needs_scheme),
        Convention::Mastodon => urls::find(text, Grammar::Mastodon, channel.url_needs_scheme),
        Convention::Bluesky => bluesky_links::find(text),
    }
}

/// What some network or client takes for a link, as byte ranges that do not overlap. For texts that may be
/// shared anywhere. The module `anywhere` tells what is one, and why it is a wide notion.
pub fn links_anywhere(text: &str) -> Vec<Range<usize>> {
    united(every_link(text))
}

/// The links of [`links_anywhere`] of which some reading leads to no host that `is_ours` knows, which is asked
/// in lower case and in punycode. A link whose host cannot be read is one of them.
pub fn links_elsewhere(text: &str, is_ours: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut links = every_link(text);
    links.retain(|link| !text.get(link.clone()).and_then(hosts::host).is_some_and(|host| is_ours(&host)));
    united(links)
}

/// The links of all finders, each as that finder reads it, in order and each once.
fn every_link(text: &str) -> Vec<Range<usize>> {
    let mut links = urls::find(text, Grammar::X, false);
    links.extend(urls::find(text, Grammar::Mastodon, true));
    links.extend(bluesky_links::find(text));
    links.extend(anywhere::find(text));
    links.sort_unstable_by_key(|range| (range.start, range.end));
    links.dedup();
    links
}

/// The ranges, which come in order, with those that overlap as one.
fn united(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut united: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match united.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => united.push(range),
        }
    }
    united
}

/// Whether some network finds a hashtag in a text.
pub fn has_hashtag(text: &str) -> bool {
    !hashtags::x(text).is_empty()
        || !hashtags::mastodon(text).is_empty()
        || !hashtags::bluesky(text).is_empty()
}

/// Whether some network finds a mention in a text.
pub fn has_mention(text: &str) -> bool {
    !mentions::x(text).is_empty()
        || !mentions::mastodon(text).is_empty()
        || !mentions::bluesky(text).is_empty()
}

/// The number of different links of a text, as they are written: what [`Channel::url_max`] limits.
pub fn distinct_links(text: &str, links: &[Range<usize>]) -> usize {
    let mut texts: Vec<&str> = links.iter().filter_map(|link| text.get(link.clone())).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.len()
}

/// The hashtags of a text, as byte ranges that begin with the number sign. What stands within a link is not
/// left out: [`find`] does.
pub fn hashtags(text: &str, channel: &Channel) -> Vec<Range<usize>> {
    match channel.convention {
        Convention::X => hashtags::x(text),
        Convention::Mastodon => hashtags::mastodon(text),
        Convention::Bluesky => hashtags::bluesky(text),
    }
}

/// The mentions of a text, as byte ranges that begin with the at sign. What stands within a link is not left
/// out: [`find`] does.
pub fn mentions(text: &str, channel: &Channel) -> Vec<Range<usize>> {
    match channel.convention {
        Convention::X => mentions::x(text),
        Convention::Mastodon => mentions::mastodon(text).into_iter().map(|found| found.range).collect(),
        Convention::Bluesky => mentions::bluesky(text),
    }
}

/// The mentions of a text as Mastodon counts them, without those that begin within a link.
pub fn remote_mentions(text: &str, links: &[Range<usize>]) -> Vec<Mention> {
    let mut within = Within { links, next: 0 };
    let mut found = mentions::mastodon(text);
    found.retain(|mention| !within.covers(mention.range.start));
    found
}

/// The ranges that begin in none of the links; both come in order.
fn outside(mut ranges: Vec<Range<usize>>, links: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut within = Within { links, next: 0 };
    ranges.retain(|range| !within.covers(range.start));
    ranges
}

/// Tells of places that come in order whether they lie in one of some links, which come in order too.
struct Within<'a> {
    links: &'a [Range<usize>],
    next: usize,
}

impl Within<'_> {
    fn covers(&mut self, place: usize) -> bool {
        while self.links.get(self.next).is_some_and(|link| link.end <= place) {
            self.next += 1;
        }
        self.links.get(self.next).is_some_and(|link| link.contains(&place))
    }
}
