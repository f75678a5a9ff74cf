//! Rechecks: what a revision of a disclaimer, rule or guideline touches is looked at, and somebody decides what is
//! done about it ([`crate::domain::recheck`]).
//!
//! Which posts are touched is found on the snapshot, without the lock, and holds if the content has not moved when
//! the lock is taken; else it is found anew. There may be thousands. So the posts are written first: in the
//! transaction of the recheck where they are few, in parts of their own where they are many. Nothing comes of them
//! until the recheck takes effect, which is one change of its one row, together with its entry in the record and its
//! `Idempotency-Key`: then all of its posts are blocked at once, and nodes learn which by the version in that row. A
//! server that dies in between has decided nothing; the same request begins anew, and what was written is swept.
//!
//! What is under review is found in the database ([`under_review`]), and holds if nothing was submitted since; from the
//! recheck on an approval of it is refused ([`approving`]), as often as it is asked, until it is submitted anew.
//!
//! A block that was a slip is withdrawn, with a reason: the posts are not blocked by that recheck any more, as one
//! change of its row again.
//!
//! A block is no recall: shares that were issued before stay as they are, may be confirmed, and get no takedown.
//! It ends with the approval of a revision that pins what was rechecked, or was submitted afterwards, for which the
//! same words may be submitted again. Publishing urgently does not get round it: the words count as stopped
//! ([`super::stopped_words`]).
//!
//! What `notify` and `reapprove` announce is one announcement, of which each post gets its own when it is spread
//! ([`super::notifications`]), so that this costs the lock nothing either.

mod approving;
mod posts;
mod touching;
mod under_review;

use std::collections::BTreeMap;

pub(super) use self::approving::RechecksSince;
pub use self::posts::{RecheckedPost, recheck_posts};
pub use self::touching::{Changed, TouchedPost, Touching};
use self::under_review::Found;
use super::actor::Actor;
use super::announcements;
use super::authentication;
use super::context::Context;
use super::idempotency::{Done, Once};
use super::items::{find, revision_facts};
use super::journal::{self, By};
use super::snapshots::Snapshots;
use crate::domain::announcement::Subject;
use crate::domain::ids::{Digest, ItemId, Kind, PersonId, RecheckId};
use crate::domain::lifecycle::EndingKind;
use crate::domain::recheck::{RecheckAction, posts_digest};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::rechecks::{self, Effect, NewRecheck, RecheckRow, TouchedRow};
use crate::store::revisions;
use crate::store::write::WriteTx;
use crate::store::{Db, Lane};

/// How often the posts are looked for anew before the recheck gives way.
const ROUNDS: u32 = 5;

/// Posts that one transaction writes.
const POSTS: usize = 200;

/// What somebody decides about the posts that a revision touches.
#[derive(Debug, Clone)]
pub struct RecheckCommand {
    /// What the item is.
    pub kind: Kind,
    /// The item.
    pub id: ItemId,
    /// The revision that was seen.
    pub revision: i64,
    /// Its digest.
    pub digest: Digest,
    /// What is done.
    pub action: RecheckAction,
    /// Why.
    pub reason: Option<String>,
}

/// Decides about the posts that a revision touches, and answers the recheck. It blocks: call it off the event loop.
pub fn recheck(
    db: &Db,
    context: &Context,
    snapshots: &Snapshots,
    actor: &Actor,
    once: &Once,
    command: &RecheckCommand,
) -> Result<Done<RecheckId>> {
    if command.action == RecheckAction::Reapprove && command.reason.is_none() {
        let detail = "Say why: this keeps each of the posts from being shared.";
        return Err(Error::invalid_content(vec![Fault::body("/reason", "required", detail)]));
    }
    let mut draft = Draft::new();
    for _ in 0..ROUNDS {
        if let Some(resource) = db.read_now(|conn| once.known(conn, &context.keys, actor))? {
            return Ok(Done { resource, replayed: true });
        }
        let (present, now) = (snapshots.content(), snapshots.now());
        let changed = db.read_now(|conn| named(conn, command, now))?;
        let name = changed.name();
        // Rules take their time to look at posts, so this holds neither a connection nor the lock.
        let touching = changed.ready(&snapshots.recent_rules)?;
        let found = Found::with_reviews(db, &touching, touching.all(&present, now), now)?;
        draft.write_most(db, actor, command, &found.rows)?;
        let lane = match command.action {
            RecheckAction::Reapprove => Lane::Urgent,
            RecheckAction::None | RecheckAction::Notify => Lane::Ordinary,
        };
        let done = db.write_now(lane, |tx| {
            let has_moved = tx.versions().content != present.version
                || revisions::is_submitted_since(tx.conn(), Kind::Post, found.until_idx)?;
            if has_moved {
                return Ok(None);
            }
            let decide = |tx: &mut WriteTx<'_>| decide(tx, context, actor, command, &draft, &found, &name);
            once.run(tx, &context.keys, actor, decide).map(Some)
        })?;
        if done.moved || done.value.is_none() {
            snapshots.follow();
        }
        if let Some(done) = done.value {
            return Ok(done);
        }
    }
    Err(Error::unavailable("Approvals and submissions keep moving what this recheck rests on: try again."))
}

/// The posts of a recheck that are written so far, by a process that may have to look for them several times.
struct Draft {
    id: RecheckId,
    is_begun: bool,
    written: BTreeMap<ItemId, TouchedRow>,
}

impl Draft {
    fn new() -> Self {
        Self { id: RecheckId::generate(), is_begun: false, written: BTreeMap::new() }
    }

    /// What is written and is not touched, or not in this way.
    fn surplus(&self, touched: &[TouchedRow]) -> Vec<ItemId> {
        let is_touched = |row: &TouchedRow| {
            let at = touched.binary_search_by_key(&row.post_id, |touched| touched.post_id);
            at.is_ok_and(|at| touched.get(at) == Some(row))
        };
        self.written.values().filter(|row| !is_touched(row)).map(|row| row.post_id).collect()
    }

    /// What is touched and not written.
    fn missing(&self, touched: &[TouchedRow]) -> Vec<TouchedRow> {
        touched.iter().filter(|row| self.written.get(&row.post_id) != Some(row)).copied().collect()
    }

    /// Writes so much that one more transaction can write the rest.
    fn write_most(
        &mut self,
        db: &Db,
        actor: &Actor,
        command: &RecheckCommand,
        touched: &[TouchedRow],
    ) -> Result<()> {
        for part in self.surplus(touched).chunks(POSTS) {
            db.write_now(Lane::Ordinary, |tx| rechecks::remove_posts(tx, self.id, part))?;
            self.written.retain(|post, _| !part.contains(post));
        }
        let missing = self.missing(touched);
        let many = missing.len().saturating_sub(POSTS);
        for part in missing.get(..many).unwrap_or_default().chunks(POSTS) {
            let (id, is_begun) = (self.id, self.is_begun);
            db.write_now(Lane::Ordinary, |tx| {
                authentication::authorise(tx, actor, Scope::Publish)?;
                if !is_begun {
                    begin(tx, id, actor, command)?;
                }
                rechecks::add_posts(tx, id, part)
            })?;
            self.is_begun = true;
            self.written.extend(part.iter().map(|row| (row.post_id, *row)));
        }
        Ok(())
    }
}

fn begin(tx: &mut WriteTx<'_>, id: RecheckId, actor: &Actor, command: &RecheckCommand) -> Result<()> {
    let new = NewRecheck {
        id,
        item: command.id,
        revision: command.revision,
        digest: &command.digest,
        action: command.action,
        reason: command.reason.as_deref(),
        person: actor.person()?,
    };
    rechecks::begin(tx, &new)
}

/// Writes what is missing, and lets the recheck take effect.
fn decide(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &RecheckCommand,
    draft: &Draft,
    found: &Found,
    name: &str,
) -> Result<RecheckId> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    let now = tx.now();
    let changed = named(tx.conn(), command, now)?;
    if !draft.is_begun {
        begin(tx, draft.id, actor, command)?;
    }
    rechecks::add_posts(tx, draft.id, &draft.missing(&found.rows))?;
    let posts = i64::try_from(found.rows.len()).map_err(Error::internal)?;
    let posts_in_review = i64::try_from(found.in_review).map_err(Error::internal)?;
    let posts_digest = &posts_digest(found.rows.iter().map(|row| (row.post_id, row.revision, row.because)))?;
    let facts = revision_facts(&changed.item, command.revision, &command.digest)
        .with("recheck_id", draft.id.to_string())
        .with("action", command.action.as_str())
        .with_some("reason", command.reason.as_deref())
        .with("posts", posts)
        .with("posts_in_review", posts_in_review)
        .with("posts_digest", posts_digest.as_str());
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::ItemRechecked, facts)?;
    // Even where it touches nothing that is approved, it may touch what was submitted before.
    let blocks = command.action == RecheckAction::Reapprove;
    let effect = Effect { idx: receipt.index, posts, posts_in_review, posts_digest, blocks };
    rechecks::take_effect(tx, draft.id, &effect)?;
    if command.action != RecheckAction::None && posts > 0 {
        let subject = Subject { item: command.id, kind: command.kind, revision: command.revision };
        announcements::rechecked(tx, draft.id, subject, name, (command.action, posts))?;
    }
    Ok(draft.id)
}

/// The revision that is named; refused unless it is the present one, or an approved one whose time is to come.
fn named(conn: &mut Conn, command: &RecheckCommand, now: Time) -> Result<Changed> {
    let item = find(conn, command.kind, command.id)?;
    let history = revisions::histories(conn, &[item.id])?.remove(&item.id).unwrap_or_default();
    let Some(present) = history.present(now) else {
        let detail = format!("Nothing of this {} was approved, so it touches nothing.", command.kind);
        return Err(Error::new(Code::NotApproved, detail));
    };
    let stands = history.standing(now).find(|approved| approved.revision == command.revision);
    let row = match stands {
        Some(_) => revisions::find(conn, item.id, command.revision)?,
        None => None,
    };
    let Some((approved, row)) = stands.zip(row.filter(|row| row.digest == command.digest)) else {
        let row = revisions::find(conn, item.id, present.revision)?;
        let detail = "This is neither the present revision nor an approved one whose time is to come.";
        return Err(Error::new(Code::RevisionChanged, detail)
            .with("revision", present.revision)
            .with("digest", row.map(|row| row.digest.to_string())));
    };
    let ended = [EndingKind::Recall, EndingKind::Retirement];
    if approved.redacted.is_some() || ended.iter().any(|it| history.ended(approved, *it).is_some()) {
        let detail = format!("This {} was taken out of use: nothing goes by it any more.", command.kind);
        return Err(Error::new(Code::Conflict, detail));
    }
    Changed::new(item, row, now)
}

/// Withdraws a recheck that asks for approvals anew, such as one that was a slip, and tells whom the recheck told. 409
/// `conflict` for one that asks for none, and for one that was withdrawn before.
pub fn recheck_end(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    (kind, item, id): (Kind, ItemId, RecheckId),
    reason: &str,
) -> Result<RecheckId> {
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::Publish)?;
    let recheck = of_item(tx.conn(), kind, item, id)?;
    if let Some(at) = recheck.ended_at {
        return Err(withdrawn_before(at, recheck.withdrawn_by));
    }
    if recheck.action != RecheckAction::Reapprove {
        let detail = "This recheck asks for no approval anew: there is nothing to withdraw.";
        return Err(Error::new(Code::Conflict, detail));
    }
    let found = find(tx.conn(), kind, item)?;
    let facts = revision_facts(&found, recheck.revision, &recheck.digest)
        .with("recheck_id", id.to_string())
        .with("reason", reason);
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::RecheckWithdrawn, facts)?;
    rechecks::end(tx, id, person, reason, receipt.index)?;
    if recheck.posts > 0 {
        let now = tx.now();
        // A revision that was redacted since has no name any more.
        let changed = Changed::of(tx.conn(), &recheck, now)?;
        let name = changed.map(|changed| changed.name()).unwrap_or_default();
        let subject = Subject { item, kind, revision: recheck.revision };
        announcements::recheck_withdrawn(tx, id, subject, &name, (recheck.action, recheck.posts))?;
    }
    Ok(id)
}

fn withdrawn_before(at: Time, by: Option<PersonId>) -> Error {
    let by_whom = by.map(|person| format!(" by {person}")).unwrap_or_default();
    let detail = format!("This recheck was withdrawn at {at}{by_whom}: that is done once.");
    Error::new(Code::Conflict, detail)
        .with("withdrawn_at", at.to_string())
        .with("withdrawn_by", by.map(|person| person.to_string()))
}

fn of_item(conn: &mut Conn, kind: Kind, item: ItemId, id: RecheckId) -> Result<RecheckRow> {
    find(conn, kind, item)?;
    let recheck = recheck_get(conn, id)?;
    if recheck.item_id == item { Ok(recheck) } else { Err(Error::not_found("recheck")) }
}

/// The rechecks of an item, newest first, below an index of the record.
pub fn recheck_list(
    conn: &mut Conn,
    kind: Kind,
    id: ItemId,
    below: Option<i64>,
    limit: usize,
) -> Result<Vec<RecheckRow>> {
    let item = find(conn, kind, id)?;
    rechecks::list(conn, item.id, below, i64::try_from(limit).unwrap_or(i64::MAX))
}

/// One recheck.
pub fn recheck_get(conn: &mut Conn, id: RecheckId) -> Result<RecheckRow> {
    rechecks::find(conn, id)?.ok_or_else(|| Error::not_found("recheck"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::recheck::Because;

    #[test]
    fn what_is_found_anew_is_compared_with_what_is_written() {
        let row = |revision| TouchedRow { post_id: ItemId::generate(), revision, because: Because::Required };
        let (kept, gone, added, changed) = (row(1), row(1), row(1), row(1));
        let mut draft = Draft::new();
        draft.written.extend([kept, gone, changed].map(|row| (row.post_id, row)));
        let anew = TouchedRow { revision: 2, ..changed };
        // By id, as they were made in this order.
        let touched = [kept, added, anew];
        assert_eq!(draft.surplus(&touched), [gone.post_id, changed.post_id]);
        draft.written.remove(&gone.post_id);
        assert_eq!(draft.missing(&touched), [added, anew]);
        assert_eq!(Draft::new().missing(&touched), touched);
    }
}
