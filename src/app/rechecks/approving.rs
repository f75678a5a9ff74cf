//! Whether a post may be approved that was submitted before a recheck.
//!
//! Looking at it may take its time, so that is done before the lock is taken; under the lock only whether the same
//! rechecks hold. What a recheck and a frozen revision say does not change, so what was found holds as long.

use serde_json::json;

use super::touching::Changed;
use super::under_review::UnderReview;
use crate::app::snapshots::Snapshots;
use crate::domain::ids::{ItemId, Kind, RecheckId};
use crate::domain::recheck::Because;
use crate::error::{Code, Error, Result};
use crate::store::rechecks::{self, RecheckRow};
use crate::store::write::WriteTx;
use crate::store::{Db, revisions};

/// The rechecks since a revision was submitted that ask for another approval of what they touch.
#[derive(Debug, Default)]
pub(in crate::app) struct RechecksSince {
    submitted_idx: Option<i64>,
    looked_at: Vec<RecheckId>,
    touched: Option<Touched>,
}

/// The first of them that touches the revision.
#[derive(Debug)]
struct Touched {
    recheck: RecheckRow,
    kind: Kind,
    name: String,
    because: Because,
}

impl RechecksSince {
    /// Looks at a revision; only posts are rechecked. It takes its time: call it without the lock.
    pub(in crate::app) fn ask(
        db: &Db,
        snapshots: &Snapshots,
        (kind, item, revision): (Kind, ItemId, i64),
    ) -> Result<Self> {
        if kind != Kind::Post {
            return Ok(Self::default());
        }
        let now = snapshots.now();
        let (submitted_idx, changed, under_review) = db.read_now(|conn| {
            let row = revisions::find(conn, item, revision)?;
            let Some((idx, row)) = row.and_then(|row| Some((row.submitted_idx?, row))) else {
                return Ok((None, Vec::new(), None));
            };
            let mut changed = Vec::new();
            for recheck in rechecks::in_force_after(conn, idx)? {
                let of = Changed::of(conn, &recheck, now)?;
                changed.push((recheck, of));
            }
            let rows = if changed.is_empty() { Vec::new() } else { vec![row] };
            Ok((Some(idx), changed, UnderReview::of_rows(conn, rows)?.pop()))
        })?;
        let looked_at = changed.iter().map(|(recheck, _)| recheck.id).collect();
        let mut touched = None;
        for (recheck, changed) in changed {
            // What was redacted since cannot be held against anything.
            let Some((changed, under_review)) = changed.zip(under_review.as_ref()) else { continue };
            let (kind, name) = (changed.item.kind, changed.name());
            let touching = changed.ready(&snapshots.recent_rules)?;
            if let Some(because) = touching.touches_under_review(under_review, now) {
                touched = Some(Touched { recheck, kind, name, because });
                break;
            }
        }
        Ok(Self { submitted_idx, looked_at, touched })
    }

    /// Whether other rechecks hold by now than those that were looked at.
    pub(in crate::app) fn have_moved(&self, tx: &mut WriteTx<'_>) -> Result<bool> {
        let Some(idx) = self.submitted_idx else { return Ok(false) };
        let present = rechecks::in_force_after(tx.conn(), idx)?;
        Ok(!present.iter().map(|recheck| recheck.id).eq(self.looked_at.iter().copied()))
    }

    /// Refuses to approve what must be submitted anew first.
    pub(in crate::app) fn check(&self) -> Result<()> {
        let Some(Touched { recheck, kind, name, because }) = &self.touched else { return Ok(()) };
        let detail = format!(
            "After this was submitted, revision {} of the {kind} {name} was rechecked, and this is touched by it: it \
             must be submitted anew. Ask for changes, after which the same words can be submitted again, or have an \
             author edit it, which withdraws it.",
            recheck.revision
        );
        let recheck = json!({
            "id": recheck.id,
            "kind": kind,
            "item_id": recheck.item_id,
            "name": name,
            "revision": recheck.revision,
            "because": because,
            "reason": recheck.reason,
            "rechecked_at": recheck.rechecked_at,
        });
        Err(Error::new(Code::Rechecked, detail).with("recheck", recheck))
    }
}
