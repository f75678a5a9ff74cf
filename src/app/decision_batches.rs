//! Many decisions in one request: each is cast by itself, as if it had come alone, and has its own result.

use super::actor::Actor;
use super::context::Context;
use super::decisions::{Decide, item_decide};
use super::idempotency::{Done, Once};
use super::snapshots::Snapshots;
use crate::domain::ids::{Digest, ItemId, PersonId, ReviewId};
use crate::domain::review::DecisionKind;
use crate::error::{Error, Result};
use crate::store::{Db, items};

/// One decision of a batch.
#[derive(Debug, Clone)]
pub struct BatchDecision {
    /// The item, of whatever kind.
    pub item: ItemId,
    /// The revision decided on.
    pub revision: i64,
    /// Its frozen digest.
    pub digest: Digest,
    /// What is decided.
    pub decision: DecisionKind,
    /// Why.
    pub reason: Option<String>,
    /// For whom a deputy decides.
    pub on_behalf_of: Option<PersonId>,
    /// The stage that is meant.
    pub stage: Option<usize>,
}

/// Casts each decision in its own transaction, in the order in which they came, and answers each. One that
/// fails, fails alone. With a key, each has that key and its place, so that a retry of the whole casts only
/// what was not cast. It blocks: call it off the event loop.
pub fn decide_all(
    db: &Db,
    context: &Context,
    snapshots: &Snapshots,
    actor: &Actor,
    batch: Vec<(Once, BatchDecision)>,
) -> Result<Vec<Result<Done<ReviewId>>>> {
    let ids: Vec<ItemId> = batch.iter().map(|(_, decision)| decision.item).collect();
    let items = db.read_now(|conn| items::find_all(conn, &ids))?;
    let decide = |(once, decision): (Once, BatchDecision)| {
        let BatchDecision { item: id, revision, digest, decision, reason, on_behalf_of, stage } = decision;
        let item = items.iter().find(|item| item.id == id).ok_or_else(|| Error::not_found("item"))?;
        let command = Decide { kind: item.kind, id, revision, digest, decision, reason, on_behalf_of, stage };
        item_decide(db, context, snapshots, actor, &once, &command)
    };
    Ok(batch.into_iter().map(decide).collect())
}
