//! Whether the topics and campaigns that content or a workflow names are registered.
//!
//! A post about a topic that nobody registered would escape what is demanded for the topic; a demand for a key
//! that nobody registered, perhaps because it was misspelt, would never apply. Both are refused (R9). One that has
//! ended cannot be named anew. What named it before goes on: a post that is live with all that its topic demands
//! can be approved again as it is, and so can what demands it.

use super::campaigns::{unknown_campaign, unknown_campaigns};
use super::topics::unknown_topics;
use crate::domain::content::Content;
use crate::domain::content::register_keys::RegisterKeys;
use crate::domain::ids::{ItemId, Kind};
use crate::error::{Fault, Result};
use crate::store::connection::Conn;
use crate::store::revisions;

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
    let mut faults = unknown_topics(conn, place, keys.topics, before.topics)?;
    faults.extend(unknown_campaigns(conn, place, keys.campaigns, before.campaigns)?);
    Ok(faults)
}

/// What the newest approved revision of an item says, unless there is none or it was redacted.
fn newest_approved(conn: &mut Conn, kind: Kind, item: ItemId) -> Result<Option<Content>> {
    let json = revisions::newest_approved_content(conn, item)?;
    json.map(|json| Content::from_json(kind, &json)).transpose()
}
