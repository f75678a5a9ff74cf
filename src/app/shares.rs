//! Shares: asking for one, reading them, and reporting what became of them.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::PersonAccess;
use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::idempotency::{Once, hex};
use super::issuer::{Issued, Issuer, Request, known_share};
use super::journal::{self, By, Facts, subject_keys_of};
use super::sharing::{Evaluated, ShareCommand, evaluate};
use super::snapshots::Snapshots;
use crate::domain::compose::{Part, Role};
use crate::domain::delivery::intent_url;
use crate::domain::ids::{ItemId, Kind, PersonId, ShareId};
use crate::domain::kit::Kit;
use crate::domain::lifecycle::EndingKind;
use crate::domain::revision::Source;
use crate::domain::roles::Scope;
use crate::domain::share::{Outcome, OutcomeStep, ShareState, ShownState, outcome_step, shown_state};
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::record::{Event, Prepared, disclosure};
use crate::store::connection::Conn;
use crate::store::shares::{OutcomeRow, ShareRow};
use crate::store::write::{Receipt, WriteTx};
use crate::store::{Db, freezes, items, record, shares};

/// The name of the operation that issues shares: its keys live as long as the share (R16).
pub const SHARE_CREATE: &str = "share_create";

/// A part of the logged text as it is stored: its text follows from its place.
#[derive(Debug, Serialize, Deserialize)]
struct StoredPart {
    role: Role,
    /// In bytes of UTF-8.
    length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
}

/// A share that was just issued, or one that is read.
#[derive(Debug, Clone)]
pub struct NewShare {
    /// What is stored.
    pub row: ShareRow,
    /// The text handed over.
    pub text: String,
    /// Where its entry stands.
    pub receipt: Receipt,
}

impl NewShare {
    /// The row of an evaluated share whose entry stands at `receipt`.
    pub fn new(
        context: &Context,
        request: &Request,
        id: ShareId,
        evaluated: &Evaluated,
        receipt: Receipt,
        now: Time,
    ) -> Result<Self> {
        let kit = &evaluated.kit;
        let row = ShareRow {
            id,
            idx: receipt.index,
            item_id: request.command.post_id,
            kind: Kind::Post,
            revision: evaluated.revision,
            digest: request.command.digest.clone(),
            person_id: Some(request.person),
            client_id: request.actor.client,
            channel: request.command.channel.to_string(),
            language: kit.language.clone(),
            copy_id: kit.copy_id.clone(),
            state: ShareState::Issued,
            parts: stored_parts(kit)?,
            disclaimers: to_json(&kit.disclaimers)?,
            link: kit.link.clone(),
            headline: kit.headline.clone(),
            intent_template: kit.intent_template.clone(),
            delivery: kit.delivery.as_str().to_owned(),
            must_paste: kit.must_paste,
            rules_digest: context.rules_digest.clone(),
            issued_at: now,
            lapses_at: now.after(context.share_lapses_after),
        };
        Ok(Self { row, text: kit.text.clone(), receipt })
    }
}

/// Seals the entry of a share; only its time is missing (R15).
pub fn prepare(
    context: &Context,
    person: &PersonAccess,
    actor: &Actor,
    id: ShareId,
    command: &ShareCommand,
    evaluated: &Evaluated,
) -> Result<Prepared> {
    let kit = &evaluated.kit;
    let mut facts = Facts::new()
        .with("share_id", id.to_string())
        .with("kind", Kind::Post.as_str())
        .with("item_id", command.post_id.to_string())
        .with("revision", evaluated.revision)
        .with("digest", command.digest.as_str())
        .with("approval_index", evaluated.approved_idx)
        .with("channel", command.channel.as_str())
        .with("language", kit.language.as_str())
        .with("copy_id", kit.copy_id.as_str())
        .with("disclaimers", json!(kit.disclaimers))
        .with("rules_digest", context.rules_digest.as_str())
        .about(person.id, "final_text", kit.text.as_str());
    if let Some(comment) = &command.comment {
        facts = facts.about(person.id, "comment", comment.as_str());
    }
    let wrapped = person.wrapped_key.as_deref().ok_or_else(|| Error::internal("a person without a key"))?;
    let key = context.keys.unwrap(wrapped, person.id.uuid()).map_err(Error::internal)?;
    let seed = crate::keys::seed().map_err(Error::internal)?;
    journal::entry(By::Actor(actor), Event::ShareIssued, facts)
        .prepare(|_| Some(&key), seed)
        .map_err(Error::internal)
}

fn stored_parts(kit: &Kit) -> Result<String> {
    let part =
        |part: &Part| StoredPart { role: part.role, length: part.text.len(), source: part.source.clone() };
    to_json(&kit.parts.iter().map(part).collect::<Vec<_>>())
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// What asking for a share needs.
pub struct Desk<'a> {
    /// The database.
    pub db: &'a Db,
    /// What use cases share.
    pub context: &'a Arc<Context>,
    /// What this node knows.
    pub snapshots: &'a Arc<Snapshots>,
    /// The writer task.
    pub issuer: &'a Issuer,
}

impl Desk<'_> {
    /// A kit to look at: composed as a share would be, stored nowhere, and without the means to post.
    pub async fn kit_create(&self, actor: &Actor, command: &ShareCommand) -> Result<Evaluated> {
        Ok(self.evaluated(actor, command).await?.1)
    }

    /// Issues a share, or answers the one that an earlier request with the key made (R16).
    pub async fn share_create(
        &self,
        actor: &Actor,
        command: ShareCommand,
        once: &Once,
    ) -> Result<(ShareView, bool)> {
        let person = actor.person()?;
        let scope = once.scope(actor).ok_or_else(|| {
            Error::new(
                Code::IdempotencyKeyRequired,
                "A share needs an Idempotency-Key, so that a retry makes no second one.",
            )
        })?;
        let access = self.snapshots.access();
        let key = self.subject_key(access.person_who(person, Scope::Share)?)?;
        let body_hmac = hex(&key.request_hmac(&once.body));
        let request = Request { actor: actor.clone(), person, command, scope, body_hmac };
        let issued = match self.evaluated(actor, &request.command).await {
            Ok((access, evaluated)) => self.issuer.issue(self.context, &access, request, evaluated).await?,
            Err(refusal) => {
                let known = self.db.read(move |conn| known_share(conn, &request)).await?;
                known.unwrap_or(Err(refusal))?
            }
        };
        match issued {
            Issued::New(new) => Ok((ShareView::fresh(*new)?, false)),
            Issued::Known(id) => {
                let (context, now) = (Arc::clone(self.context), self.snapshots.now());
                let view = self.db.read(move |conn| share_get(conn, &context, id, now)).await?;
                Ok((view, true))
            }
        }
    }

    /// Evaluates on the snapshot; a refusal is given only once the snapshot is confirmed to be current.
    async fn evaluated(
        &self,
        actor: &Actor,
        command: &ShareCommand,
    ) -> Result<(Arc<PersonAccess>, Evaluated)> {
        let first = self.evaluate(actor, command);
        if first.is_ok() || !self.snapshots.refresh().await? {
            return first;
        }
        self.evaluate(actor, command)
    }

    fn evaluate(&self, actor: &Actor, command: &ShareCommand) -> Result<(Arc<PersonAccess>, Evaluated)> {
        let (content, access) = (self.snapshots.content(), self.snapshots.access());
        let person = access.person_who(actor.person()?, Scope::Share)?;
        let evaluated = evaluate(&content, person, self.context, command, self.snapshots.now())?;
        Ok((Arc::clone(person), evaluated))
    }

    fn subject_key(&self, person: &PersonAccess) -> Result<crate::record::SubjectKey> {
        let wrapped =
            person.wrapped_key.as_deref().ok_or_else(|| Error::internal("a person without a key"))?;
        self.context.keys.unwrap(wrapped, person.id.uuid()).map_err(Error::internal)
    }
}

/// A share as it is read.
#[derive(Debug, Clone)]
pub struct ShareView {
    /// What is stored.
    pub row: ShareRow,
    /// Its state as it is shown.
    pub state: ShownState,
    /// The text handed over; absent once the person is erased.
    pub text: Option<String>,
    /// The parts of the text.
    pub parts: Vec<PartView>,
    /// The disclaimers in the text, as JSON.
    pub disclaimers: Value,
    /// The address that opens the channel's composer, while the share is issued.
    pub intent_url: Option<String>,
    /// The person's own words.
    pub comment: Option<String>,
    /// Where its entry stands, and its leaf in hexadecimal.
    pub receipt: (i64, String),
    /// What was reported of it.
    pub outcomes: Vec<OutcomeView>,
}

/// A part of the text handed over.
#[derive(Debug, Clone)]
pub struct PartView {
    /// What it is.
    pub role: Role,
    /// Its text.
    pub text: String,
    /// The revision it comes from.
    pub source: Option<Source>,
}

/// An outcome as it is read.
#[derive(Debug, Clone)]
pub struct OutcomeView {
    /// What is stored.
    pub row: OutcomeRow,
    /// Where the post is.
    pub permalink: Option<String>,
    /// What was posted, where the person said so.
    pub posted_text: Option<String>,
    /// Why it failed or was removed.
    pub reason: Option<String>,
}

impl ShareView {
    fn fresh(new: NewShare) -> Result<Self> {
        let values = Opened::from_text(new.text);
        let state = ShownState::Issued;
        Self::new(new.row, state, values, hex(&new.receipt.leaf_hash), Vec::new())
    }

    fn new(
        row: ShareRow,
        state: ShownState,
        values: Opened,
        leaf_hash: String,
        outcomes: Vec<OutcomeView>,
    ) -> Result<Self> {
        let intent_url = match (&row.intent_template, &values.final_text, state) {
            (Some(template), Some(text), ShownState::Issued) => {
                Some(intent_url(template, text, row.link.as_deref(), row.headline.as_deref()))
            }
            _ => None,
        };
        Ok(Self {
            state,
            parts: parts_of(&row.parts, values.final_text.as_deref())?,
            disclaimers: serde_json::from_str(&row.disclaimers).map_err(Error::internal)?,
            intent_url,
            text: values.final_text,
            comment: values.comment,
            receipt: (row.idx, leaf_hash),
            outcomes,
            row,
        })
    }
}

fn parts_of(stored: &str, text: Option<&str>) -> Result<Vec<PartView>> {
    let Some(mut rest) = text else { return Ok(Vec::new()) };
    let stored: Vec<StoredPart> = serde_json::from_str(stored).map_err(Error::internal)?;
    let mut parts = Vec::with_capacity(stored.len());
    for part in stored {
        let (text, after) = rest
            .split_at_checked(part.length)
            .ok_or_else(|| Error::internal("the parts of a share do not tile its text"))?;
        parts.push(PartView { role: part.role, text: text.to_owned(), source: part.source });
        rest = after;
    }
    Ok(parts)
}

/// The personal values of an entry, opened.
#[derive(Debug, Default)]
struct Opened {
    final_text: Option<String>,
    comment: Option<String>,
    permalink: Option<String>,
    posted_text: Option<String>,
    reason: Option<String>,
}

impl Opened {
    fn from_text(text: String) -> Self {
        Self { final_text: Some(text), ..Self::default() }
    }

    fn set(&mut self, field: &str, value: Value) {
        let Value::String(text) = value else { return };
        match field {
            "final_text" => self.final_text = Some(text),
            "comment" => self.comment = Some(text),
            "permalink" => self.permalink = Some(text),
            "posted_text" => self.posted_text = Some(text),
            "reason" => self.reason = Some(text),
            _ => {}
        }
    }
}

/// Opens the personal values of these entries that shares and outcomes show.
fn open_values(conn: &mut Conn, context: &Context, indexes: &[i64]) -> Result<HashMap<i64, Opened>> {
    let fields = ["final_text", "comment", "permalink", "posted_text", "reason"];
    let sealed = record::personal_of(conn, indexes, &fields)?;
    let mut persons: Vec<PersonId> = sealed.iter().map(|value| value.person).collect();
    persons.sort_unstable();
    persons.dedup();
    let keys = subject_keys_of(conn, &context.keys, &persons)?;
    let mut opened: HashMap<i64, Opened> = HashMap::new();
    for value in sealed {
        let Some(key) = keys.get(&value.person) else { continue };
        let event: Uuid = value.event_id.parse().map_err(Error::internal)?;
        let plain = disclosure::open(key, event, &value.field, &value.ciphertext).map_err(Error::internal)?;
        opened.entry(value.idx).or_default().set(&value.field, plain);
    }
    Ok(opened)
}

/// One share.
pub fn share_get(conn: &mut Conn, context: &Context, id: ShareId, now: Time) -> Result<ShareView> {
    let row = shares::find(conn, id)?.ok_or_else(|| Error::not_found("share"))?;
    views(conn, context, vec![row], now)?.pop().ok_or_else(|| Error::not_found("share"))
}

/// Which shares a list is about.
#[derive(Debug, Clone, Default)]
pub struct ShareQuery {
    /// What the database filters by.
    pub filter: shares::ShareFilter,
    /// The shown state, which is derived from the stored one.
    pub state: Option<ShownState>,
}

/// One page of shares, newest first, below an index of the record; the index to go on below is answered
/// while there may be more.
pub fn share_list(
    conn: &mut Conn,
    context: &Context,
    query: &ShareQuery,
    below: Option<i64>,
    limit: usize,
    now: Time,
) -> Result<(Vec<ShareView>, Option<i64>)> {
    /// Rows that one page may look at: a read transaction stays short.
    const LOOKED_AT: usize = 2000;
    let (mut found, mut position, mut looked_at) = (Vec::new(), below, 0);
    let mut filter = query.filter.clone();
    filter.state = query.state.map(stored_state);
    while looked_at < LOOKED_AT {
        let rows = shares::list(conn, &filter, position, i64::try_from(limit).unwrap_or(i64::MAX))?;
        let is_last = rows.len() < limit;
        looked_at += rows.len();
        for view in views(conn, context, rows, now)? {
            position = Some(view.row.idx);
            if query.state.is_none_or(|wanted| wanted == view.state) {
                found.push(view);
            }
            if found.len() == limit {
                return Ok((found, position));
            }
        }
        if is_last {
            return Ok((found, None));
        }
    }
    Ok((found, position))
}

/// The stored state behind a shown one.
const fn stored_state(shown: ShownState) -> ShareState {
    match shown {
        ShownState::Issued | ShownState::Lapsed | ShownState::Void => ShareState::Issued,
        ShownState::Confirmed => ShareState::Confirmed,
        ShownState::Failed => ShareState::Failed,
        ShownState::Removed => ShareState::Removed,
    }
}

fn views(conn: &mut Conn, context: &Context, rows: Vec<ShareRow>, now: Time) -> Result<Vec<ShareView>> {
    let ids: Vec<ShareId> = rows.iter().map(|row| row.id).collect();
    let outcomes = shares::outcomes_of(conn, &ids)?;
    let own: Vec<i64> = rows.iter().map(|row| row.idx).collect();
    let indexes: Vec<i64> = own.iter().copied().chain(outcomes.iter().map(|row| row.idx)).collect();
    let mut values = open_values(conn, context, &indexes)?;
    let leaves = record::leaf_hashes(conn, &own)?;
    let stops = Stops::read(conn, &rows)?;
    rows.into_iter()
        .map(|row| {
            let state = shown_state(row.state, row.lapses_at, stops.first(&row), now);
            let of_this = outcomes.iter().filter(|outcome| outcome.share_id == row.id);
            let outcomes = of_this
                .map(|outcome| {
                    let values = values.remove(&outcome.idx).unwrap_or_default();
                    OutcomeView {
                        row: outcome.clone(),
                        permalink: values.permalink,
                        posted_text: values.posted_text,
                        reason: values.reason,
                    }
                })
                .collect();
            let leaf_hash = leaves.get(&row.idx).map(|leaf| hex(leaf)).unwrap_or_default();
            let values = values.remove(&row.idx).unwrap_or_default();
            ShareView::new(row, state, values, leaf_hash, outcomes)
        })
        .collect()
}

/// What stopped shares after they were issued.
struct Stops {
    endings: Vec<items::EndingRow>,
    freezes: Vec<freezes::FreezeRow>,
}

impl Stops {
    fn read(conn: &mut Conn, rows: &[ShareRow]) -> Result<Self> {
        let mut ids: Vec<ItemId> = rows.iter().map(|row| row.item_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let first = rows.iter().map(|row| row.issued_at).min();
        let last = rows.iter().map(|row| row.lapses_at).max();
        let freezes = match (first, last) {
            (Some(first), Some(last)) => freezes::between(conn, first, last)?,
            _ => Vec::new(),
        };
        Ok(Self { endings: items::endings_of(conn, &ids)?, freezes })
    }

    /// When the first recall of the item or freeze of the channel after the share's entry began.
    fn first(&self, row: &ShareRow) -> Option<Time> {
        let recalls = self
            .endings
            .iter()
            .filter(|end| end.ending == EndingKind::Recall && end.item_id == row.item_id && end.idx > row.idx)
            .map(|end| end.ended_at);
        let freezes = self
            .freezes
            .iter()
            .filter(|freeze| freeze.concerns(&row.channel) && freeze.idx > row.idx)
            .map(|freeze| freeze.from_at);
        recalls.chain(freezes).min()
    }
}

/// What somebody reports of a share.
#[derive(Debug, Clone)]
pub struct OutcomeCommand {
    /// What became of it.
    pub result: Outcome,
    /// Where the post is.
    pub permalink: Option<String>,
    /// What was posted.
    pub posted_text: Option<String>,
    /// Why it failed or was removed.
    pub reason: Option<String>,
}

/// Reports what became of a share of one's own. The truth is always accepted; the same again changes
/// nothing.
pub fn share_outcome(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: ShareId,
    command: &OutcomeCommand,
) -> Result<ShareId> {
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::Share)?;
    let now = tx.now();
    let view = share_get(tx.conn(), context, id, now)?;
    if view.row.person_id != Some(person) {
        return Err(Error::not_found("share"));
    }
    let late = match outcome_step(view.state, command.result) {
        OutcomeStep::Same => return Ok(id),
        OutcomeStep::Becomes { late } => late,
        OutcomeStep::Refused => {
            let detail = format!("{} cannot follow {}.", command.result.as_str(), view.state);
            return Err(Error::new(Code::OutcomeConflict, detail).with("state", view.state.as_str()));
        }
    };
    let is_confirmation = command.result == Outcome::Confirmed;
    let unverified = is_confirmation && view.row.must_paste && command.posted_text.is_none();
    let event = match command.result {
        Outcome::Confirmed => Event::ShareConfirmed,
        Outcome::Failed => Event::ShareFailed,
        Outcome::Removed => Event::ShareRemoved,
    };
    let mut facts = Facts::new()
        .with("share_id", id.to_string())
        .with("issued_index", view.row.idx)
        .with("late", late)
        .with("unverified", unverified);
    let values = [
        ("permalink", &command.permalink),
        ("posted_text", &command.posted_text),
        ("reason", &command.reason),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            facts = facts.about(person, name, value.as_str());
        }
    }
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), event, facts)?;
    let row = OutcomeRow {
        idx: receipt.index,
        share_id: id,
        result: command.result,
        late,
        unverified,
        reported_at: now,
    };
    shares::insert_outcome(tx, &row, actor.client)?;
    Ok(id)
}
