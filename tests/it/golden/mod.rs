//! Golden kits: what employees would post of three realistic posts, in four languages on every channel, as
//! files to be read and reviewed (`tests/it/golden/kits`).
//!
//! After a change that is meant, write them anew and read the difference:
//! `GREENLIGHT_WRITE_GOLDEN=1 cargo test --test it golden`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use greenlight::domain::channels::{Channel, Channels};
use greenlight::domain::content::{Disclaimer, Hashtag, Post};
use greenlight::domain::delivery::{Values, intent_url};
use greenlight::domain::disclaimers::{InForce, Organisation, defaults};
use greenlight::domain::ids::{Digest, ItemId, Key, PersonId};
use greenlight::domain::kit::{Kit, KitInput, Reader, make_kit};
use greenlight::domain::links::PREVIEW_TAG;
use greenlight::domain::mastodon::MastodonAccount;
use greenlight::domain::material::Material;
use greenlight::domain::revision::{Resolved, Source};
use serde::Deserialize;
use uuid::Uuid;

const LANGUAGES: [&str; 4] = ["nl", "en", "de", "fr"];

#[derive(Deserialize)]
struct Posts {
    post: Vec<GoldenPost>,
    hashtag: Vec<GoldenHashtag>,
}

#[derive(Deserialize)]
struct GoldenPost {
    name: String,
    country: String,
    #[serde(default)]
    comments: BTreeMap<String, String>,
    content: Post,
}

#[derive(Deserialize)]
struct GoldenHashtag {
    key: Key,
    content: Hashtag,
}

fn resolved<T>(key: Key, content: T) -> Resolved<T> {
    let digest = Digest::of(key.as_str().as_bytes());
    Resolved { id: ItemId::from_uuid(Uuid::from_u128(1)), key, revision: 1, digest, content }
}

/// Everything that the kits are made of.
struct Desk {
    channels: Channels,
    organisation: Organisation,
    hashtags: Vec<Resolved<Hashtag>>,
    disclaimers: Vec<Resolved<Disclaimer>>,
    mastodon: MastodonAccount,
}

impl Desk {
    fn new(hashtags: Vec<GoldenHashtag>) -> Self {
        let disclaimers = defaults().unwrap().into_iter().enumerate().map(|(at, (key, content))| {
            let id = ItemId::from_uuid(Uuid::from_u128(100 + at as u128));
            Resolved { id, ..resolved(key, content) }
        });
        Self {
            channels: Channels::defaults().unwrap(),
            organisation: Organisation {
                name: "Noordzee Energie".to_owned(),
                hashtag: "NoordzeeEnergie".to_owned(),
                report_url: None,
                country: Some("Nederland".to_owned()),
            },
            hashtags: hashtags.into_iter().map(|hashtag| resolved(hashtag.key, hashtag.content)).collect(),
            disclaimers: disclaimers.collect(),
            mastodon: MastodonAccount { server: "mastodon.example".to_owned(), text_limit: None },
        }
    }

    fn kit(&self, post: &GoldenPost, channel: &Channel, language: &str) -> Result<Kit, String> {
        let source = Source {
            item: ItemId::from_uuid(Uuid::from_u128(2)),
            revision: 1,
            digest: Digest::of(post.name.as_bytes()),
        };
        let kit = make_kit(&KitInput {
            material: Material {
                post: &post.content,
                source: &source,
                hashtags: &self.hashtags,
                disclaimers: InForce { pinned: &self.disclaimers, live: &self.disclaimers, recalled: &[] },
                images: &[],
                organisation: &self.organisation,
            },
            channels: &self.channels,
            channel: &channel.id,
            language: Some(language),
            copy_id: None,
            comment: post.comments.get(language).map(String::as_str),
            tag: PREVIEW_TAG,
            reader: Reader {
                person: PersonId::from_uuid(Uuid::from_u128(3)),
                country: Some(&post.country),
                language: None,
                mastodon: Some(&self.mastodon),
            },
            image_address: "",
        });
        kit.map_err(|error| {
            let faults = error.errors.iter().map(|fault| {
                let extra = serde_json::to_string(&fault.extra).unwrap();
                format!("{}: {} {extra}", fault.code, fault.detail)
            });
            format!("{}\n{}", error.code.slug(), faults.collect::<Vec<_>>().join("\n"))
        })
    }
}

/// A kit as a reviewer reads it: how long, how it is handed over, what it says, and where it opens.
fn told(kit: &Kit) -> String {
    let count = &kit.count;
    let of = |limit: Option<usize>| limit.map_or(String::new(), |limit| format!(" of {limit}"));
    let unit = serde_json::to_string(&count.unit).unwrap();
    let mut told = format!("{}{} {}", count.units, of(count.limit), unit.trim_matches('"'));
    if count.byte_limit.is_some() {
        write!(told, ", {}{} bytes", count.bytes, of(count.byte_limit)).unwrap();
    }
    let paste = if kit.must_paste { ", must be pasted" } else { "" };
    writeln!(told, "; {}{paste}", kit.delivery.as_str()).unwrap();
    let forms = kit.disclaimers.iter().map(|used| format!("{} {:?}", used.key, used.form).to_lowercase());
    writeln!(told, "disclaimers: {}", forms.collect::<Vec<_>>().join(", ")).unwrap();
    if !kit.dropped_hashtags.is_empty() {
        writeln!(told, "gave way: #{}", kit.dropped_hashtags.join(" #")).unwrap();
    }
    if let Some(template) = &kit.intent_template {
        let (link, headline) = (kit.link.as_deref(), kit.headline.as_deref());
        let values = Values { text: &kit.text, link, headline, server: kit.server.as_deref(), image: None };
        writeln!(told, "opens: {}", intent_url(template, &values)).unwrap();
    }
    for line in kit.text.lines() {
        writeln!(told, "{}", format!("| {line}").trim_end()).unwrap();
    }
    told
}

#[test]
fn golden_kits_read_as_they_were_reviewed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    let posts: Posts = toml::from_str(&std::fs::read_to_string(folder.join("posts.toml")).unwrap()).unwrap();
    let desk = Desk::new(posts.hashtag);
    let write = std::env::var_os("GREENLIGHT_WRITE_GOLDEN").is_some();
    for post in &posts.post {
        for language in LANGUAGES {
            let mut told_all = format!("{} in {language}, shared in {}\n", post.name, post.country);
            for channel in desk.channels.iter() {
                let kit = desk.kit(post, channel, language);
                let kit = kit.as_ref().map_or_else(|refusal| format!("refused: {refusal}\n"), told);
                write!(told_all, "\n== {} ==\n{kit}", channel.id).unwrap();
            }
            let file = folder.join(format!("kits/{}.{language}.txt", post.name));
            if write {
                std::fs::write(&file, &told_all).unwrap();
            }
            let known = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(known, told_all, "{} differs", file.display());
        }
    }
}
