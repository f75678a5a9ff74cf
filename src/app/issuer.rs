//! Issuing shares: one writer task a process, many shares to a transaction.
//!
//! Shares arrive one by one and are written in groups: one lock, one append and one commit for all that
//! wait. Each was evaluated on a snapshot before; under the lock it is only compared with what it rests
//! on (R13). When something moved, the group is evaluated again outside the lock, and after two rounds
//! from the rows, inside the transaction. There the limits of campaigns are counted as well, which nothing but
//! the lock settles. A share that fails, fails alone.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::access::{self, PersonAccess};
use super::actor::Actor;
use super::campaign_limits::Counts;
use super::content_snapshot::ContentSnapshot;
use super::context::Context;
use super::idempotency::check_same_body;
use super::readiness;
use super::shares::{NewShare, StoredKit, prepare};
use super::sharing::{Evaluated, ShareCommand, evaluate, share_tag};
use super::snapshots::Snapshots;
use crate::domain::ids::{ClientId, Kind, PersonId, SessionId, ShareId};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::record::Prepared;
use crate::store::connection::Conn;
use crate::store::idempotency::{self, Use};
use crate::store::shares::{self, ShareRow};
use crate::store::write::{Receipt, WriteTx};
use crate::store::{Db, Lane, api_keys, items, people, sessions};

/// Shares written by one transaction at most: it keeps the lock well under 50 ms.
const GROUP: usize = 128;
/// Shares that may wait before a further one is told to come back.
const WAITING: usize = 4096;
/// How often a group is evaluated outside the lock before it is evaluated inside.
const ROUNDS: u32 = 3;
/// Shares that one transaction evaluates inside the lock at most.
const WITHIN_LOCK: usize = 8;

/// A share that was asked for and evaluated.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who asks.
    pub actor: Actor,
    /// For whom.
    pub person: PersonId,
    /// What is asked.
    pub command: ShareCommand,
    /// The key it came with.
    pub scope: idempotency::Scope,
    /// The keyed hash of its body.
    pub body_hmac: String,
}

/// What a request led to.
#[derive(Debug)]
pub enum Issued {
    /// A new share.
    New(Box<NewShare>),
    /// A share that an earlier request with the same key made.
    Known(ShareId),
}

/// The way to the writer task.
#[derive(Clone)]
pub struct Issuer {
    waiting: mpsc::Sender<Waiting>,
}

struct Waiting {
    request: Request,
    draft: Draft,
    answer: oneshot::Sender<Result<Issued>>,
}

/// An evaluated share, sealed for the record: ready to be written.
struct Draft {
    id: ShareId,
    evaluated: Evaluated,
    stored: StoredKit,
    prepared: Prepared,
}

/// What the writer needs.
struct Writer {
    db: Db,
    context: Arc<Context>,
    snapshots: Arc<Snapshots>,
}

impl Issuer {
    /// Starts the writer task. It ends when the last `Issuer` is gone.
    pub fn start(db: Db, context: Arc<Context>, snapshots: Arc<Snapshots>) -> Result<Self> {
        let (waiting, mut arriving) = mpsc::channel::<Waiting>(WAITING);
        let writer = Writer { db, context, snapshots };
        let run = move || {
            let mut group = Vec::with_capacity(GROUP);
            while arriving.blocking_recv_many(&mut group, GROUP) > 0 {
                let group = std::mem::take(&mut group);
                // A panic fails this group, whose callers hear of it, and not all shares from here on.
                if catch_unwind(AssertUnwindSafe(|| writer.issue(group))).is_err() {
                    tracing::error!("a group of shares panicked");
                }
            }
        };
        std::thread::Builder::new().name("issuer".to_owned()).spawn(run).map_err(Error::internal)?;
        Ok(Self { waiting })
    }

    /// Issues a share that was evaluated on a snapshot.
    pub async fn issue(
        &self,
        context: &Context,
        access: &PersonAccess,
        request: Request,
        evaluated: Evaluated,
    ) -> Result<Issued> {
        let draft = Draft::new(context, access, &request, evaluated)?;
        let (answer, answered) = oneshot::channel();
        self.waiting
            .try_send(Waiting { request, draft, answer })
            .map_err(|_| Error::unavailable("Too many shares wait to be written."))?;
        answered.await.map_err(Error::internal)?
    }
}

impl Draft {
    fn new(
        context: &Context,
        access: &PersonAccess,
        request: &Request,
        evaluated: Evaluated,
    ) -> Result<Self> {
        let id = ShareId::generate();
        let prepared = prepare(context, access, &request.actor, id, &request.command, &evaluated)?;
        let stored = StoredKit::new(&evaluated.kit, request.command.subject.id())?;
        Ok(Self { id, evaluated, stored, prepared })
    }
}

/// What one transaction did with a group.
enum Written {
    /// An answer for each.
    Answers(Vec<Result<Issued>>),
    /// What some rest on has moved; nothing was written.
    Moved,
}

impl Writer {
    fn issue(&self, mut group: Vec<Waiting>) {
        for _ in 0..ROUNDS {
            if group.is_empty() {
                return;
            }
            match self.attempt(&group, false) {
                Ok(Written::Answers(answers)) => return reply(group, answers),
                Ok(Written::Moved) => group = self.evaluate_again(group),
                Err(error) => return self.fail(group, error),
            }
        }
        while !group.is_empty() {
            let rest = group.split_off(group.len().min(WITHIN_LOCK));
            match self.attempt(&group, true) {
                Ok(Written::Answers(answers)) => reply(group, answers),
                Ok(Written::Moved) => self.fail(group, Error::internal("evaluated from rows, it moved")),
                Err(error) => self.fail(group, error),
            }
            group = rest;
        }
    }

    fn attempt(&self, group: &[Waiting], within: bool) -> Result<Written> {
        Ok(self.db.write_now(Lane::Ordinary, |tx| self.write(tx, group, within))?.value)
    }

    /// Answers a group whose transaction failed: each is written alone, unless the database is not there.
    fn fail(&self, group: Vec<Waiting>, error: Error) {
        let is_down = matches!(error.code, Code::Unavailable | Code::NotReady);
        if group.len() == 1 || is_down {
            let again = || Err(Error { code: error.code, ..Error::unavailable(error.detail.clone()) });
            let answers = group.iter().map(|_| again()).collect();
            tracing::warn!(%error, cause = ?error.source, shares = group.len(), "shares could not be written");
            return reply(group, answers);
        }
        tracing::warn!(%error, cause = ?error.source, shares = group.len(), "a group failed; each is written alone");
        group.into_iter().for_each(|waiting| self.issue(vec![waiting]));
    }

    /// Brings the snapshots up to date and evaluates each anew; what fails is answered.
    fn evaluate_again(&self, group: Vec<Waiting>) -> Vec<Waiting> {
        let refreshed = self.snapshots.refresh_now();
        let (content, access) = (self.snapshots.content(), self.snapshots.access());
        let now = self.snapshots.now();
        let mut left = Vec::with_capacity(group.len());
        for mut waiting in group {
            let draft = match &refreshed {
                Err(error) => Err(Error::unavailable(error.detail.clone())),
                Ok(_) => access
                    .person_who(&waiting.request.actor, Scope::Share)
                    .and_then(|person| self.draft(&content, person, &waiting.request, now)),
            };
            match draft {
                Ok(draft) => {
                    waiting.draft = draft;
                    left.push(waiting);
                }
                // A retry whose share exists must still get it: the key decides under the lock.
                Err(error) => self.refuse(waiting, error),
            }
        }
        left
    }

    fn refuse(&self, waiting: Waiting, error: Error) {
        let known = self.db.read_now(|conn| known_share(conn, &waiting.request)).unwrap_or(None);
        let answer = match known {
            Some(answer) => answer,
            None => Err(error),
        };
        // The caller may have gone; then nobody waits for the answer.
        let _ = waiting.answer.send(answer);
    }

    fn draft(
        &self,
        content: &ContentSnapshot,
        person: &PersonAccess,
        request: &Request,
        now: Time,
    ) -> Result<Draft> {
        let tag = share_tag()?;
        let evaluated = evaluate(content, person, &self.context, &request.command, &tag, now)?;
        Draft::new(&self.context, person, request, evaluated)
    }

    /// Writes a group under the lock.
    fn write(&self, tx: &mut WriteTx<'_>, group: &[Waiting], within: bool) -> Result<Written> {
        let mut answers = known_shares(tx, group)?;
        if let Err(reason) = readiness::check_config(tx.config_digest(), &self.context) {
            let refused = |answer: Option<_>| answer.unwrap_or_else(|| Err(reason.into()));
            return Ok(Written::Answers(answers.into_iter().map(refused).collect()));
        }
        let stands = self.what_stands(tx, group)?;
        let moved = |(at, stands): (usize, &bool)| !stands && answers.get(at).is_some_and(Option::is_none);
        if !within && stands.iter().enumerate().any(moved) {
            return Ok(Written::Moved);
        }
        let ended = Ended::read(tx, group)?;
        let counts = Counts::new(group.iter().map(|waiting| waiting.request.person));
        let mut fresh = Fresh { counts, ..Fresh::default() };
        for ((waiting, answer), stands) in group.iter().zip(&mut answers).zip(stands) {
            if answer.is_some() {
                continue;
            }
            if ended.is_caller(&waiting.request.actor) {
                *answer = Some(Err(caller_ended()));
                continue;
            }
            if let Some(first) = fresh.by_scope.get(&waiting.request.scope) {
                *answer = Some(same_key(waiting, first));
                continue;
            }
            let written = if stands {
                fresh.add(tx, &self.context, &waiting.request, &waiting.draft)
            } else {
                self.draft_from_rows(tx, &waiting.request)
                    .and_then(|draft| fresh.add(tx, &self.context, &waiting.request, &draft))
            };
            *answer = Some(written);
        }
        shares::insert_all(tx, &fresh.rows)?;
        idempotency::insert_all(tx, &fresh.keys)?;
        let unanswered = || Err(Error::internal("a share of the group was not answered"));
        Ok(Written::Answers(answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()))
    }

    /// For each, whether what it rests on still stands.
    fn what_stands(&self, tx: &mut WriteTx<'_>, group: &[Waiting]) -> Result<Vec<bool>> {
        let content = tx.versions().content;
        let persons: Vec<PersonId> = group.iter().map(|waiting| waiting.request.person).collect();
        let access = people::access_versions(tx.conn(), &persons)?;
        let now = tx.now();
        Ok(group
            .iter()
            .map(|waiting| {
                let evaluated = &waiting.draft.evaluated;
                evaluated.content_version == content
                    && access.get(&waiting.request.person) == Some(&evaluated.access_version)
                    && evaluated.holds_until.is_none_or(|until| now < until)
            })
            .collect())
    }

    /// Evaluates one share from the rows themselves.
    fn draft_from_rows(&self, tx: &mut WriteTx<'_>, request: &Request) -> Result<Draft> {
        let (version, now) = (tx.versions().content, tx.now());
        let person = access::person_from_rows(tx.conn(), &self.context.keys, request.person)?;
        person.require(Scope::Share)?;
        let present = self.snapshots.content();
        let subject = &request.command.subject;
        let mut ids = vec![subject.id()];
        ids.extend(items::find_keys(tx.conn(), Kind::Hashtag, subject.hashtags())?.into_values());
        let content = ContentSnapshot::load_some(tx.conn(), &ids, &present, version, now)?;
        self.draft(&content, &person, request, now)
    }
}

/// Sessions and API keys of a group that have ended meanwhile: who is out writes nothing more.
struct Ended {
    sessions: HashSet<SessionId>,
    clients: HashSet<ClientId>,
}

impl Ended {
    fn read(tx: &mut WriteTx<'_>, group: &[Waiting]) -> Result<Self> {
        let now = tx.now();
        let actors = || group.iter().map(|waiting| &waiting.request.actor);
        let sessions: HashSet<SessionId> = actors().filter_map(|actor| actor.session).collect();
        let clients: HashSet<ClientId> = actors().filter_map(|actor| actor.client).collect();
        Ok(Self {
            sessions: sessions::ended_of(tx.conn(), sessions, now)?,
            clients: api_keys::ended_of(tx.conn(), clients, now)?,
        })
    }

    fn is_caller(&self, actor: &Actor) -> bool {
        actor.session.is_some_and(|session| self.sessions.contains(&session))
            || actor.client.is_some_and(|client| self.clients.contains(&client))
    }
}

fn caller_ended() -> Error {
    Error::new(Code::Unauthenticated, "The session has ended, or the API key was revoked.")
}

/// What a group adds.
#[derive(Default)]
struct Fresh {
    rows: Vec<ShareRow>,
    keys: Vec<Use>,
    by_scope: HashMap<idempotency::Scope, (ShareId, String)>,
    counts: Counts,
}

impl Fresh {
    fn add(
        &mut self,
        tx: &mut WriteTx<'_>,
        context: &Context,
        request: &Request,
        draft: &Draft,
    ) -> Result<Issued> {
        if let Some(campaign) = &draft.evaluated.campaign {
            let lapses_at = tx.now().after(context.share_lapses_after);
            self.counts.add(tx, campaign, request.person, lapses_at)?;
        }
        let receipt: Receipt = tx.append(&draft.prepared)?;
        let share =
            NewShare::new(context, request, draft.id, &draft.evaluated, &draft.stored, receipt, tx.now());
        self.rows.push(share.row.clone());
        self.keys.push(Use {
            scope: request.scope.clone(),
            status: 201,
            resource_id: draft.id.to_string(),
            body_hmac: request.body_hmac.clone(),
        });
        self.by_scope.insert(request.scope.clone(), (draft.id, request.body_hmac.clone()));
        Ok(Issued::New(Box::new(share)))
    }
}

/// The answers to those whose key was used before (R16).
fn known_shares(tx: &mut WriteTx<'_>, group: &[Waiting]) -> Result<Vec<Option<Result<Issued>>>> {
    let scopes: Vec<idempotency::Scope> = group.iter().map(|waiting| waiting.request.scope.clone()).collect();
    let used = idempotency::find_all(tx.conn(), &scopes)?;
    Ok(group
        .iter()
        .map(|waiting| used.get(&waiting.request.scope).map(|used| known(used, &waiting.request)))
        .collect())
}

/// The answer to a request whose key was used before, if it was.
pub fn known_share(conn: &mut Conn, request: &Request) -> Result<Option<Result<Issued>>> {
    let used = idempotency::find_all(conn, std::slice::from_ref(&request.scope))?;
    Ok(used.get(&request.scope).map(|used| known(used, request)))
}

fn known(used: &idempotency::Used, request: &Request) -> Result<Issued> {
    check_same_body(used, &request.body_hmac)?;
    used.resource_id.parse().map(Issued::Known).map_err(Error::internal)
}

fn same_key(waiting: &Waiting, (id, body_hmac): &(ShareId, String)) -> Result<Issued> {
    if *body_hmac == waiting.request.body_hmac {
        return Ok(Issued::Known(*id));
    }
    Err(Error::new(Code::IdempotencyKeyReused, "This Idempotency-Key came with another body just now."))
}

fn reply(group: Vec<Waiting>, answers: Vec<Result<Issued>>) {
    for (waiting, answer) in group.into_iter().zip(answers) {
        // The caller may have gone; the share stands, and a retry with its key finds it.
        let _ = waiting.answer.send(answer);
    }
}
