//! Extending what lapsed, in one call (R11).

use super::actor::Actor;
use super::context::Context;
use super::idempotency::{Done, Once};
use super::snapshots::Snapshots;
use super::submission::{Submit, item_submit};
use crate::domain::ids::{Kind, ReviewId};
use crate::domain::review::ReviewState;
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::store::{Db, reviews};

/// Submits the words of a lapsed review once more, with a later end of their window, and answers the review
/// that opened. It blocks: call it off the event loop.
#[expect(clippy::too_many_arguments, reason = "what a submission takes, and the two that are its own")]
pub fn review_extend(
    db: &Db,
    context: &Context,
    snapshots: &Snapshots,
    actor: &Actor,
    once: &Once,
    id: ReviewId,
    expires_at: Time,
    now: Time,
) -> Result<Done<ReviewId>> {
    let row = db.read_now(|conn| reviews::find(conn, id))?.ok_or_else(|| Error::not_found("review"))?;
    if row.state != ReviewState::Lapsed {
        let detail = "Only a review that has lapsed is extended.";
        return Err(Error::new(Code::Conflict, detail).with("state", row.state.as_str()));
    }
    if row.kind != Kind::Post {
        let detail = "Rights and consents end by agreements: save them in the draft of the image.";
        return Err(Error::invalid_content(vec![Fault::body("/expires_at", "not_of_this_kind", detail)]));
    }
    if expires_at <= now {
        let detail = "The window would be closed already.";
        return Err(Error::invalid_content(vec![Fault::body("/expires_at", "window_closed", detail)]));
    }
    let command = Submit {
        kind: row.kind,
        id: row.item_id,
        digest: row.digest,
        extended_to: Some(expires_at),
        urgent: None,
    };
    item_submit(db, context, snapshots, actor, once, &command, now)
}
