//! What was approved and scheduled is looked at once more when its time comes (R12, rules), and people are told
//! where it cannot go live.
//!
//! Availability is derived, so nothing has to happen for a post to be `blocked`: what it pins and the rules in
//! force are asked whenever somebody wants it. A rule that came into force while the post was scheduled counts
//! for it whatever the rule says of posts that were live before, as this one was not (`app::rules`). This is
//! only the telling.

use std::time::Duration;

use super::announcements;
use super::availability::Histories;
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
/// Revisions that are looked at together.
const AT_ONCE: i64 = 10;

/// Looks at every scheduled revision whose time has come, and answers how many were blocked. It blocks: call
/// it off the event loop.
pub(super) fn check(db: &Db, rules: &Rules, now: Time) -> Result<usize> {
    let mut blocked = 0;
    loop {
        let begun = db.read_now(|conn| go_live_checks::waiting(conn, now.before(LATE), now, AT_ONCE))?;
        if begun.is_empty() {
            return Ok(blocked);
        }
        let blockers = blockers_of(db, &begun, rules, now)?;
        let told = db.write_now(Lane::Ordinary, |tx| tell(tx, &begun, &blockers))?;
        blocked += told.value;
    }
}

/// What blocks each of these. Asking the rules takes its time, so it is done without the lock.
fn blockers_of(db: &Db, begun: &[Begun], rules: &Rules, now: Time) -> Result<Vec<Vec<Blocker>>> {
    db.read_now(|conn| {
        let ids: Vec<_> = begun.iter().map(|begun| begun.item).collect();
        let rows = items::find_all(conn, &ids)?;
        let mut histories = Histories::read(conn, &ids)?;
        histories.obey(conn, &rows, rules, now)?;
        let blockers = |begun: &Begun| {
            let present = histories.get(begun.item).and_then(|history| history.present(now));
            let counts = present.is_some_and(|present| present.revision == begun.revision);
            match histories.availability(begun.item, now) {
                (Availability::Blocked, blockers) if counts => blockers,
                _ => Vec::new(),
            }
        };
        Ok(begun.iter().map(blockers).collect())
    })
}

/// Keeps that these were looked at, unless somebody was quicker, and tells of those that are blocked.
fn tell(tx: &mut WriteTx<'_>, begun: &[Begun], blockers: &[Vec<Blocker>]) -> Result<usize> {
    let mut blocked = 0;
    for (Begun { item, kind, revision }, by) in begun.iter().zip(blockers) {
        if go_live_checks::is_checked(tx.conn(), *item, *revision)? {
            continue;
        }
        go_live_checks::insert(tx, *item, *revision, by.first().map(|blocker| blocker.code))?;
        if !by.is_empty() {
            let subject = Subject { item: *item, kind: *kind, revision: *revision };
            announcements::item_blocked(tx, subject, by)?;
            blocked += 1;
        }
    }
    Ok(blocked)
}
