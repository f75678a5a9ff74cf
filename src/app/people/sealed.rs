//! The sealed values of a person: each opens only with the person's key, and only in its own place (R22).

use crate::domain::ids::ProposalId;
use crate::domain::mastodon::MastodonAccount;
use crate::error::{Error, Result};
use crate::keys::{self, Identifier, Keys};
use crate::record::SubjectKey;
use crate::store::people::Identity;

/// Where a sealed name stands.
pub(super) const DISPLAY_NAME: &str = "people.display_name";

/// Where a sealed account on Mastodon stands.
const MASTODON: &str = "people.mastodon";

/// Where a sealed e-mail address or external id stands.
pub(super) const fn context_of(identifier: Identifier) -> &'static str {
    match identifier {
        Identifier::Email => "people.email",
        Identifier::ExternalId => "people.external_id",
    }
}

/// Seals values of one person.
pub(super) struct Sealer<'a> {
    /// The server's keys.
    pub(super) keys: &'a Keys,
    /// The person's key.
    pub(super) key: &'a SubjectKey,
}

impl Sealer<'_> {
    pub(super) fn seal(&self, context: &str, value: &str) -> Result<Vec<u8>> {
        seal_text(self.key, context, value)
    }

    pub(super) fn identity(&self, identifier: Identifier, value: &str) -> Result<Identity> {
        let hmac = self.keys.identity_hmac(identifier, value);
        Ok(Identity { hmac, sealed: self.seal(context_of(identifier), value)? })
    }

    pub(super) fn mastodon(&self, account: &MastodonAccount) -> Result<Vec<u8>> {
        self.seal(MASTODON, &serde_json::to_string(account).map_err(Error::internal)?)
    }
}

fn seal_text(key: &SubjectKey, context: &str, text: &str) -> Result<Vec<u8>> {
    let seed = keys::seed().map_err(Error::internal)?;
    key.seal(seed, context.as_bytes(), text.as_bytes()).map_err(Error::internal)
}

/// What of a proposal is sealed.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) enum OfProposal {
    /// All that was proposed.
    Words,
    /// Why it was taken back.
    WithdrawnReason,
}

/// Where a sealed value of a proposal stands: a person has many, and none stands for another.
fn of_proposal(what: OfProposal, proposal: ProposalId) -> String {
    let column = match what {
        OfProposal::Words => "words",
        OfProposal::WithdrawnReason => "withdrawn_reason",
    };
    format!("post_proposals.{column}:{proposal}")
}

/// Seals what somebody says in or of a post that they propose.
pub(in crate::app) fn seal_of_proposal(
    key: &SubjectKey,
    what: OfProposal,
    proposal: ProposalId,
    text: &str,
) -> Result<Vec<u8>> {
    seal_text(key, &of_proposal(what, proposal), text)
}

/// Opens such a value.
pub(in crate::app) fn open_of_proposal(
    key: &SubjectKey,
    what: OfProposal,
    proposal: ProposalId,
    sealed: &[u8],
) -> Result<String> {
    open_text(key, &of_proposal(what, proposal), sealed)
}

/// Opens a sealed text.
pub(super) fn open_text(key: &SubjectKey, context: &str, sealed: &[u8]) -> Result<String> {
    let bytes = key.open(context.as_bytes(), sealed).map_err(Error::internal)?;
    String::from_utf8(bytes).map_err(Error::internal)
}

/// Opens a sealed name.
pub(in crate::app) fn open_display_name(key: &SubjectKey, sealed: &[u8]) -> Result<String> {
    open_text(key, DISPLAY_NAME, sealed)
}

/// Opens a sealed account on Mastodon.
pub(in crate::app) fn open_mastodon(key: &SubjectKey, sealed: &[u8]) -> Result<MastodonAccount> {
    let text = open_text(key, MASTODON, sealed)?;
    // What serde says may quote the value, and errors are logged.
    serde_json::from_str(&text).map_err(|_| Error::internal("a sealed account on Mastodon is not one"))
}
