//! Whether the topics and campaigns that content or a workflow names are registered.
//!
//! A post about a topic that nobody registered would escape what is demanded for the topic; a demand for a key
//! that nobody registered, perhaps because it was misspelt, would never apply. Both are refused (R9). One that has
//! ended cannot be named anew. What named it before goes on: a post that is live with all that its topic demands
//! can be approved again as it is, and so can what demands it.

use super::campaigns::unknown_campaign;
use crate::domain::content::Content;
use crate::domain::content::register_keys::RegisterKeys;
use crate::domain::ids::{ItemId, Kind, is_slug};
use crate::error::{Fault, Result};
use crate::store::connection::Conn;
use crate::store::{campaigns, revisions, topics};

/// The topics and campaigns that the content of an item cannot name; `item` is absent while it is being made.
pub(super) fn unknown_in_content(
    conn: &mut Conn,
    item: Option<ItemId>,
    content: &Content,
) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    if let Content::Post(post) = content {
        faults.extend(unknown_campaign(conn, post.campaign.as_deref())?);
    }
    let (place, keys) = content.register_keys();
    if keys == RegisterKeys::default() {
        return Ok(faults);
    }
    let approved = match item {
        Some(item) => newest_approved(conn, content.kind(), item)?,
        None => None,
    };
    let before = approved.as_ref().map(|approved| approved.register_keys().1).unwrap_or_default();
    faults.extend(unknown_keys(conn, place, keys, before)?);
    Ok(faults)
}

/// Those of these keys, in lists at this place, that cannot be named by what named those `before`.
pub(super) fn unknown_keys(
    conn: &mut Conn,
    place: &str,
    keys: RegisterKeys<'_>,
    before: RegisterKeys<'_>,
) -> Result<Vec<Fault>> {
    let registered = topics::known(conn, keys.topics)?;
    let mut faults = unregistered("topic", place, keys.topics, &registered, before.topics);
    let rows = campaigns::find_all(conn, keys.campaigns)?;
    let registered: Vec<String> =
        rows.into_iter().filter(|row| !row.ended).map(|row| row.key.to_string()).collect();
    faults.extend(unregistered("campaign", place, keys.campaigns, &registered, before.campaigns));
    Ok(faults)
}

/// Those of the keys, in a list below this place, that are neither registered nor were named before. Of what is no key at
/// all something else is said.
fn unregistered(
    what: &str,
    place: &str,
    keys: &[String],
    registered: &[String],
    before: &[String],
) -> Vec<Fault> {
    let can_be_named = |key: &String| registered.contains(key) || before.contains(key);
    let fault = |(at, key): (usize, &String)| {
        let detail = format!(
            "There is no {what} {key}, or it has ended. Name one that GET /v1/{what}s lists, or have a publisher \
             register it: what is demanded for a {what} goes by its key."
        );
        Fault::body(format!("{place}/{what}s/{at}"), "unknown_key", detail)
    };
    let unknown = keys.iter().enumerate().filter(|(_, key)| is_slug(key, 64) && !can_be_named(key));
    unknown.map(fault).collect()
}

/// What the newest approved revision of an item says, unless there is none or it was redacted.
fn newest_approved(conn: &mut Conn, kind: Kind, item: ItemId) -> Result<Option<Content>> {
    let json = revisions::newest_approved_content(conn, item)?;
    json.map(|json| Content::from_json(kind, &json)).transpose()
}
