//! What every use case may rely on, built once when the server starts.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::media::MediaLinks;
use crate::domain::channels::Channels;
use crate::domain::disclaimers::Organisation;
use crate::domain::ids::Digest;
use crate::domain::links::LinkPolicy;
use crate::error::{Error, Result};
use crate::keys::Keys;

/// The values that use cases share.
#[derive(Debug)]
pub struct Context {
    /// The channels in force.
    pub channels: Channels,
    /// The organisation that content speaks for.
    pub organisation: Organisation,
    /// Where links may lead to.
    pub links: LinkPolicy,
    /// The server's keys.
    pub keys: Arc<Keys>,
    /// Where pictures are fetched.
    pub media: MediaLinks,
    /// How long a share awaits its outcome.
    pub share_lapses_after: Duration,
    /// How long the review of a post that was published urgently may take.
    pub urgent_review: Duration,
    /// The fingerprint of channels, organisation and links: nodes must agree on it. With the rules in force
    /// it makes a share's `rules_digest`.
    pub config_digest: Digest,
}

impl Context {
    /// The context of a server with these values.
    pub fn new(
        channels: Channels,
        organisation: Organisation,
        links: LinkPolicy,
        keys: Arc<Keys>,
        share_lapses_after: Duration,
        urgent_review: Duration,
        public_url: &str,
    ) -> Result<Self> {
        let config = json!({ "channels": channels.digest()?, "organisation": organisation, "links": links });
        let config_digest = digest(&config)?;
        let media = MediaLinks::new(Arc::clone(&keys), public_url);
        Ok(Self {
            channels,
            organisation,
            links,
            keys,
            media,
            share_lapses_after,
            urgent_review,
            config_digest,
        })
    }
}

fn digest(value: &serde_json::Value) -> Result<Digest> {
    let bytes = serde_json_canonicalizer::to_vec(value).map_err(Error::internal)?;
    Ok(Digest::of(&bytes))
}
