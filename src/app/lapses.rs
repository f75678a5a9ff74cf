//! Reviews that outlived the window of their revision: they lapse (R11).
//!
//! Nothing is decided about words whose time is over. The job closes such reviews, and so does whoever comes
//! to decide first.

use super::announcements;
use super::context::Context;
use super::items::{find, revision_facts};
use super::journal::{self, By};
use super::review_runs::ReviewRun;
use super::stages;
use crate::domain::ids::{ItemId, ReviewId};
use crate::domain::lifecycle::RevisionState;
use crate::domain::review::{Action, ReviewState, step};
use crate::error::Result;
use crate::record::Event;
use crate::store::write::WriteTx;
use crate::store::{items as item_rows, reviews, revisions};

/// Lapses the open review of a revision whose window has closed, and answers it.
pub(super) fn lapse_if_outlived(
    tx: &mut WriteTx<'_>,
    context: &Context,
    item: ItemId,
    revision: i64,
) -> Result<Option<ReviewId>> {
    let Some(row) = reviews::find_of(tx.conn(), item, revision)? else { return Ok(None) };
    let ends = revisions::find(tx.conn(), item, revision)?.and_then(|revision| revision.expires_at);
    if row.state != ReviewState::Open || ends.is_none_or(|ends| ends > tx.now()) {
        return Ok(None);
    }
    let run = stages::reread(tx.conn(), row.id)?;
    if step(&run.machine, &Action::Lapse).is_err() {
        return Ok(None);
    }
    lapse(tx, context, &run)?;
    Ok(Some(row.id))
}

/// Lapses an open review, and tells authors and those who were asked.
fn lapse(tx: &mut WriteTx<'_>, context: &Context, run: &ReviewRun) -> Result<()> {
    let row = &run.row;
    let item = find(tx.conn(), row.kind, row.item_id)?;
    let facts = revision_facts(&item, row.revision, &row.digest).with("review_id", row.id.to_string());
    journal::enter(tx, &context.keys, By::System, Event::RevisionLapsed, facts)?;
    announcements::review_lapsed(tx, run)?;
    reviews::close(tx, row.id, ReviewState::Lapsed)?;
    revisions::set_state(tx, row.item_id, row.revision, RevisionState::Lapsed)?;
    item_rows::claim(tx, item.id, item.version)
}
