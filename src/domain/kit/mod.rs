//! The kit: everything an app needs to share one post on one channel, made without I/O.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cmp::Reverse;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::channels::{Channel, ChannelId, Channels, Counting};
use super::comment;
use super::compose::{Composed, Part, Refusal, compose};
use super::content::Post;
use super::content::disclaimer::Form;
use super::content::post::PostCopy;
use super::counting::Count;
use super::delivery::{Delivery, Values, handover};
use super::ids::{Digest, ItemId, Key, PersonId};
use super::images::{KitImage, images_for};
use super::language::lookup;
use super::mastodon::MastodonAccount;
use super::material::{Material, Prepared, Sharing};
use super::revision::Source;
use crate::error::{Code, Error, Fault, Result};

/// Who is going to share.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The person.
    pub person: PersonId,
    /// Their country, if known.
    pub country: Option<&'a str>,
    /// Their language, if known.
    pub language: Option<&'a str>,
    /// Their account on Mastodon, if they told of one.
    pub mastodon: Option<&'a MastodonAccount>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct KitInput<'a> {
    /// The revision's content and what is in force for it.
    pub material: Material<'a>,
    /// The channels in force.
    pub channels: &'a Channels,
    /// Where to share.
    pub channel: &'a ChannelId,
    /// In which language; absent = the reader's, else the post's first.
    pub language: Option<&'a str>,
    /// Which copy; absent = one of those that fit, always the same for the same person.
    pub copy_id: Option<&'a str>,
    /// The employee's own words.
    pub comment: Option<&'a str>,
    /// What tells the visits of this share from others.
    pub tag: &'a str,
    /// Who shares.
    pub reader: Reader<'a>,
    /// An address as long as those at which images are served.
    pub image_address: &'a str,
}

/// A disclaimer as it stands in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisclaimerUsed {
    /// Its key.
    pub key: Key,
    /// The item.
    pub id: ItemId,
    /// The revision that the text comes from.
    pub revision: i64,
    /// The revision's digest.
    pub digest: Digest,
    /// The form used.
    pub form: Form,
    /// The text.
    pub text: String,
}

/// What an app needs to share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kit {
    /// The whole text, link included.
    pub text: String,
    /// The parts of the text, in order; together they are the text.
    pub parts: Vec<Part>,
    /// The disclaimers in the text, by rank.
    pub disclaimers: Vec<DisclaimerUsed>,
    /// The images, each with the file and the text that suit channel and language.
    pub images: Vec<KitImage>,
    /// The link, with its tracking parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The headline, for channels that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// The language of the copy.
    pub language: String,
    /// The copy.
    pub copy_id: String,
    /// How long the text is, and how long it may be.
    pub count: Count,
    /// How to hand the text over.
    pub delivery: Delivery,
    /// Whether the employee must paste the text.
    pub must_paste: bool,
    /// The intent, to be filled by [`super::delivery::intent_url`]; absent = there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent_template: Option<String>,
    /// The text within the intent, where the platform puts the link beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent_text: Option<String>,
    /// Whether the intent would be too long to carry the text, which is why it is pasted.
    pub intent_too_long: bool,
    /// The person's own server, where the intent opens on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The post's hashtags for this copy that gave way for the text to fit.
    pub dropped_hashtags: Vec<String>,
}

impl Kit {
    /// Whether the employee must add images: of all intents only one brings an image along, its address.
    pub fn must_attach(&self) -> bool {
        must_attach(self.images.len(), self.intent_template.as_deref())
    }
}

/// Whether so many images are more than an intent brings along.
pub fn must_attach(images: usize, intent_template: Option<&str>) -> bool {
    let brought = intent_template.is_some_and(|template| template.contains("{image}"));
    images > usize::from(brought)
}

/// Makes the kit, or refuses with the code and the places in the request.
pub fn make_kit(input: &KitInput<'_>) -> Result<Kit> {
    let post = input.material.post;
    let channel = offered(input.channels, post, input.channel)?;
    if let Some(comment) = input.comment {
        let faults = comment::faults(post.personalisation, comment);
        if !faults.is_empty() {
            return Err(Error::new(Code::RuleViolated, "The comment cannot be shared.").faults(faults));
        }
    }
    let channel = at_home(channel, input.reader.mastodon);
    let mut refused: Option<Refusal> = None;
    for copy in candidates(input, &channel)? {
        let country = input.reader.country;
        let sharing = Sharing { channel: &channel, copy, comment: input.comment, country, tag: input.tag };
        match input.material.prepare(&sharing).and_then(|prepared| {
            let composed = compose(&prepared.ingredients(&input.material, &sharing))?;
            Ok((prepared, composed))
        }) {
            Ok((prepared, composed)) => {
                let images = images(input, &sharing)?;
                return Ok(kit(input, &sharing, prepared, composed, images));
            }
            Err(refusal) => refused = refused.or(Some(refusal)),
        }
    }
    let pointer = if input.comment.is_some() { "/comment" } else { "/channel" };
    let refusal = refused.map(|refusal| refusal.into_error(pointer));
    Err(refusal.unwrap_or_else(|| not_offered("/channel", "no_copy", "No copy is for this channel.")))
}

/// The channel as the person meets it: on Mastodon, with the limit of their own server.
fn at_home<'a>(channel: &'a Channel, account: Option<&MastodonAccount>) -> Cow<'a, Channel> {
    let limit = account.and_then(|account| account.text_limit);
    match limit.filter(|_| channel.counting == Counting::Mastodon) {
        Some(text_limit) => Cow::Owned(Channel { text_limit, ..channel.clone() }),
        None => Cow::Borrowed(channel),
    }
}

/// The channel, if the post is for it.
pub fn offered<'a>(channels: &'a Channels, post: &Post, channel: &ChannelId) -> Result<&'a Channel> {
    let channel = channels.get(channel).filter(|channel| post.channels.contains(&channel.id));
    channel.ok_or_else(|| not_offered("/channel", "not_for_channel", "It is not for this channel."))
}

/// The copies that answer the request, in the order in which they are tried. Each has a weight that a
/// person keeps for a revision and channel, and the heaviest that fits is taken (rendezvous hashing,
/// Thaler and Ravishankar 1996): stable for a person, spread over all, and when a copy comes or goes only
/// those who had it, or get it, see another one.
fn candidates<'a>(input: &KitInput<'a>, channel: &Channel) -> Result<Vec<&'a PostCopy>> {
    let all = input.material.post.copies.iter();
    let here: Vec<&PostCopy> = all.filter(|copy| copy.is_for(&channel.id)).collect();
    let languages = || here.iter().map(|copy| copy.language.as_str());
    if let Some(id) = input.copy_id {
        let named = here.iter().find(|copy| copy.id == id).copied();
        let named = named
            .ok_or_else(|| not_offered("/copy_id", "no_copy", "No copy of this id is for this channel."))?;
        if input.language.is_some_and(|wanted| lookup(wanted, languages()) != Some(named.language.as_str())) {
            return Err(not_offered("/language", "not_the_copys", "The copy is in another language."));
        }
        return Ok(vec![named]);
    }
    let language = match input.language {
        Some(wanted) => lookup(wanted, languages()).ok_or_else(|| {
            not_offered("/language", "no_copy", "Nothing for this channel is in this language.")
        })?,
        None => {
            let readers = input.reader.language.and_then(|wanted| lookup(wanted, languages()));
            readers.or_else(|| languages().next()).unwrap_or_default()
        }
    };
    let mut fitting: Vec<&PostCopy> = here.iter().filter(|copy| copy.language == language).copied().collect();
    fitting.sort_by_cached_key(|copy| Reverse(weight(input, &copy.id)));
    Ok(fitting)
}

/// The weight of a copy: the same for the same person, post, revision and channel.
fn weight(input: &KitInput<'_>, copy_id: &str) -> [u8; 32] {
    let Source { item, revision, .. } = input.material.source;
    let mut hash = Sha256::new();
    hash.update(input.reader.person.uuid().as_bytes());
    hash.update(item.uuid().as_bytes());
    hash.update(revision.to_be_bytes());
    // No channel's name and no copy's holds a blank, so that no two pairs run together.
    hash.update(input.channel.as_str().as_bytes());
    hash.update(b" ");
    hash.update(copy_id.as_bytes());
    hash.finalize().into()
}

/// The images for a share. What the submission found to suit may no longer, after a channel's limits changed.
fn images(input: &KitInput<'_>, sharing: &Sharing<'_>) -> Result<Vec<KitImage>> {
    let (channel, language) = (sharing.channel, sharing.copy.language.as_str());
    images_for(input.material.images, channel, language).map_err(|refused| {
        let faults = refused.iter().map(|it| it.fault("/channel", false, channel, language)).collect();
        Error::new(Code::InvalidContent, "The images cannot be shared on this channel.").faults(faults)
    })
}

fn kit(
    input: &KitInput<'_>,
    sharing: &Sharing<'_>,
    prepared: Prepared,
    composed: Composed,
    images: Vec<KitImage>,
) -> Kit {
    let headline = input.material.post.headline.clone();
    let link = prepared.link.clone();
    let server = input.reader.mastodon.map(|account| account.server.as_str());
    let values = Values {
        text: &composed.text,
        link: link.as_deref(),
        headline: headline.as_deref(),
        server,
        image: (!images.is_empty()).then_some(input.image_address),
    };
    let way = handover(sharing.channel, &values);
    let server = way.intent_template.as_ref().is_some_and(|template| template.contains("{instance}"));
    let used = prepared.statements.into_iter().zip(composed.forms).map(|(statement, form)| {
        let text = composed.parts.iter().find(|part| part.source.as_ref() == Some(&statement.source));
        DisclaimerUsed {
            key: statement.key,
            id: statement.source.item,
            revision: statement.source.revision,
            form,
            text: text.map(|part| part.text.clone()).unwrap_or_default(),
            digest: statement.source.digest,
        }
    });
    Kit {
        disclaimers: used.collect(),
        text: composed.text,
        parts: composed.parts,
        images,
        link,
        headline,
        language: sharing.copy.language.clone(),
        copy_id: sharing.copy.id.clone(),
        count: composed.count,
        dropped_hashtags: composed.dropped,
        delivery: way.delivery,
        must_paste: way.must_paste,
        server: input.reader.mastodon.filter(|_| server).map(|account| account.server.clone()),
        intent_template: way.intent_template,
        intent_text: way.intent_text,
        intent_too_long: way.intent_too_long,
    }
}

/// The post does not offer what was asked for.
fn not_offered(pointer: &str, code: &'static str, detail: &str) -> Error {
    Error::new(Code::InvalidContent, detail).fault(Fault::body(pointer, code, detail))
}
