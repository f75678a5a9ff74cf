//! What a server does to its database before it serves: keys, first content, configuration in force.

use super::campaigns;
use super::context::Context;
use super::journal::{self, By, Facts};
use super::topics;
use super::workflows::seed_workflows;
use crate::domain::content::Content;
use crate::domain::disclaimers;
use crate::domain::ids::{ItemId, Key, Kind};
use crate::domain::revision::document;
use crate::error::{Code, Error, Result};
use crate::keys::{Keys, Purpose};
use crate::record::Event;
use crate::store::revisions::{self, DraftText, Frozen};
use crate::store::write::WriteTx;
use crate::store::{fingerprints, items};

/// Makes the database ready for this server: the same call on every start.
///
/// Refuses what [`check_keys`] refuses. The default disclaimers are imported once, when there are none;
/// later changes to them go through review, and an upgrade never alters them. The topics for which they are
/// required are registered with them; topics and campaigns that an upgrade found in content get their entries.
pub fn set_up(tx: &mut WriteTx<'_>, context: &Context) -> Result<()> {
    check_keys(tx, &context.keys)?;
    if items::of_kind(tx.conn(), Kind::Disclaimer)?.is_empty() {
        import_disclaimers(tx, context)?;
    }
    seed_workflows(tx, context)?;
    topics::enter_found(tx, &context.keys)?;
    campaigns::enter_found(tx, &context.keys)?;
    if tx.config_digest() != Some(context.config_digest.as_str()) {
        let facts = Facts::new().with("config_digest", context.config_digest.as_str());
        journal::enter(tx, &context.keys, By::System, Event::ConfigChanged, facts)?;
        tx.set_config_digest(context.config_digest.to_string());
        tx.move_content();
    }
    Ok(())
}

/// Refuses keys other than those that the database's values were made with; the first ones are noted.
pub fn check_keys(tx: &mut WriteTx<'_>, keys: &Keys) -> Result<()> {
    for purpose in Purpose::ALL {
        let ours = keys.fingerprint(purpose);
        match fingerprints::find(tx.conn(), purpose.as_str())? {
            None => fingerprints::insert(tx, purpose.as_str(), &ours)?,
            Some(theirs) if theirs == ours => {}
            Some(theirs) => {
                let detail = format!(
                    "The key {} is not the one that this database was made with (fingerprint {ours}, not \
                     {theirs}): put the right keys folder in place.",
                    purpose.as_str()
                );
                return Err(Error::new(Code::NotReady, detail));
            }
        }
    }
    Ok(())
}

/// Imports the default disclaimers as approved first revisions, without authors and without a review.
fn import_disclaimers(tx: &mut WriteTx<'_>, context: &Context) -> Result<()> {
    for (key, disclaimer) in disclaimers::defaults()? {
        let required_for = disclaimer.required_when.iter().flat_map(|demand| &demand.topics);
        let required_for: Vec<Key> = required_for.filter_map(|topic| topic.parse().ok()).collect();
        topics::register(tx, &context.keys, &required_for)?;
        let content = Content::Disclaimer(disclaimer);
        let id = ItemId::generate();
        let (_, digest) = document(id, Some(&key), 1, &content, &[])?;
        items::insert(tx, id, Kind::Disclaimer, Some(&key), None)?;
        let facts = Facts::new()
            .with("item_id", id.to_string())
            .with("key", Key::as_str(&key))
            .with("revision", 1)
            .with("digest", digest.as_str());
        let receipt = journal::enter(tx, &context.keys, By::System, Event::DisclaimerImported, facts)?;
        let json = content.to_json()?;
        let text =
            DraftText { content: &json, digest: &digest, publish_at: None, expires_at: None, campaign: None };
        let frozen = Frozen { pins: "[]", digest: &digest, idx: receipt.index };
        revisions::insert_imported(tx, id, &text, &frozen)?;
        items::mark_changed(tx, id)?;
    }
    Ok(())
}
