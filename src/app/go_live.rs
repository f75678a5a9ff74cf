//! What was approved and scheduled is looked at once more when its time comes (R12, rules), and people are told
//! where it cannot go live.
//!
//! Availability is derived, so nothing has to happen for a post to be `blocked`: what it pins and the rules in
//! force are asked whenever somebody wants it. A rule that came into force while the post was scheduled counts
//! for it whatever the rule says of posts that were live before, as this one was not (`app::rules`). This is
//! only the telling.

use std::cell::Cell;
use std::time::Duration;

use super::announcements;
use super::availability::Histories;
use super::due::{self, Tally};
use super::rules::Rules;
use crate::domain::announcement::Subject;
use crate::domain::lifecycle::{Availability, Blocker};
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::go_live_checks::{self, Begun};
use crate::store::write::WriteTx;
use crate::store::{Db, Lane, items};

/// How long after its time a revision is still looked at: a server that was down for longer tells nobody of
/// what was blocked meanwhile.
const LATE: Duration = Duration::from_hours(7 * 24);

/// Looks at every scheduled revision whose time has come, and counts those that were blocked. It blocks: call
/// it off the event loop.
pub(super) fn check(db: &Db, rules: &Rules, now: Time) -> Tally {
    let blocked = Cell::new(0);
    let looked_at = due::each(
        "go live",
        |begun: &Begun| format!("item {}, revision {}", begun.item, begun.revision),
        |last| db.read_now(|conn| go_live_checks::waiting(conn, (now.before(LATE), now), last, due::LIMIT)),
        |begun| {
            let blockers = blockers_of(db, begun, rules, now)?;
            let told = db.write_now(Lane::Ordinary, |tx| tell(tx, begun, &blockers))?.value;
            blocked.set(blocked.get() + usize::from(told == Some(true)));
            Ok(told.is_some())
        },
    );
    Tally { done: blocked.get(), ..looked_at }
}

/// What blocks this. Asking the rules takes its time, so it is done without the lock.
fn blockers_of(db: &Db, begun: &Begun, rules: &Rules, now: Time) -> Result<Vec<Blocker>> {
    db.read_now(|conn| {
        let ids = [begun.item];
        let rows = items::find_all(conn, &ids)?;
        let mut histories = Histories::read(conn, &ids)?;
        histories.obey(conn, &rows, rules, now)?;
        let present = histories.get(begun.item).and_then(|history| history.present(now));
        let counts = present.is_some_and(|present| present.revision == begun.revision);
        Ok(match histories.availability(begun.item, now) {
            (Availability::Blocked, blockers) if counts => blockers,
            _ => Vec::new(),
        })
    })
}

/// Keeps that it was looked at, tells of it where it is blocked, and answers whether it is; nothing where
/// somebody was quicker.
fn tell(tx: &mut WriteTx<'_>, begun: &Begun, blockers: &[Blocker]) -> Result<Option<bool>> {
    let Begun { item, kind, revision, .. } = *begun;
    if go_live_checks::is_checked(tx.conn(), item, revision)? {
        return Ok(None);
    }
    go_live_checks::insert(tx, item, revision, blockers.first().map(|blocker| blocker.code))?;
    if !blockers.is_empty() {
        announcements::item_blocked(tx, Subject { item, kind, revision }, blockers)?;
    }
    Ok(Some(!blockers.is_empty()))
}
