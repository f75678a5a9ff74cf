//! Recording who completed a training: by a person who holds the responsibility for it or stands in for who does, by
//! the API key of a learning system, one by one or from a file.
//!
//! Nobody says so of themselves, nor by a key that they made: a completion opens sharing, and so is somebody else's
//! word. One that was withdrawn is recorded again for the same day only by a person who says why, or the next file of
//! a learning system would bring it back.
//!
//! Each completion is an entry of its own, since it opens sharing to somebody. Many are written in small
//! transactions, so that no write holds the lock for long; each asks anew whether the caller may. A completion
//! that is known already changes nothing, so that a file can be sent again, and no `Idempotency-Key` is needed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use super::actor::Actor;
use super::api_keys::behind;
use super::authentication;
use super::context::Context;
use super::identity::{normal_email, normal_external_id};
use super::journal::{By, Facts, enter, enter_all};
use super::trainings::training_get;
use crate::domain::ids::{PersonId, TrainingId};
use crate::domain::obligations::can_be_completed;
use crate::domain::roles::Scope;
use crate::domain::time::{Day, Time};
use crate::domain::training::Completion;
use crate::error::{Code, Error, Result};
use crate::keys::{Identifier, Keys};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::reviewers::{Part, is_in};
use crate::store::trainings::{self as rows, TrainingRow};
use crate::store::write::WriteTx;
use crate::store::{Db, Lane, people, responsibilities, subject_keys};

/// How many completions one transaction writes at most.
const BATCH: usize = 50;

/// How many are looked at by one query before.
const LOOKED_AT: usize = 500;

/// That somebody completed a training, as it is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// Who: their id, external id or e-mail address.
    pub person: String,
    /// On which day.
    pub completed_on: Result<Day, &'static str>,
    /// Why it is recorded; needed for one that was withdrawn.
    pub reason: Option<String>,
}

/// What became of what was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was recorded.
    Recorded,
    /// It was recorded before.
    Known,
    /// It was not, for this reason.
    Refused(&'static str, &'static str),
}

/// Records completions, and answers what became of each. It blocks: call it off the event loop. When it fails on the
/// way, what came before stays, and telling all of it again goes on from there.
pub fn training_complete(
    db: &Db,
    context: &Arc<Context>,
    actor: &Actor,
    training: TrainingId,
    told: &[Told],
) -> Result<Vec<Outcome>> {
    let authorised_at = |tx: &mut WriteTx<'_>| authorised(tx, actor, training).map(|_| tx.now());
    let now = db.write_now(Lane::Ordinary, authorised_at)?.value;
    let all: Vec<&Told> = told.iter().collect();
    let mut outcomes = Vec::with_capacity(all.len());
    // What is known or refused takes no lock: a learning system sends all that it has each time.
    for part in all.chunks(LOOKED_AT) {
        let judged = db.read_now(|conn| judge(conn, &context.keys, actor, training, part, now))?;
        outcomes.extend(judged.outcomes);
    }
    let is_fresh = |at: &usize| outcomes.get(*at) == Some(&Outcome::Recorded);
    let fresh: Vec<usize> = (0..all.len()).filter(is_fresh).collect();
    let mut batches = fresh.chunks(BATCH).peekable();
    while let Some(batch) = batches.next() {
        let began = Instant::now();
        let part: Vec<&Told> = batch.iter().filter_map(|at| all.get(*at)).copied().collect();
        let done = db.write_now(Lane::Ordinary, |tx| record(tx, context, actor, training, &part))?;
        for (at, outcome) in batch.iter().zip(done.value) {
            outcomes.get_mut(*at).into_iter().for_each(|before| *before = outcome);
        }
        if batches.peek().is_some() {
            // Others write for as long as that took.
            std::thread::sleep(began.elapsed());
        }
    }
    Ok(outcomes)
}

/// Takes back the completion of a training by a person on a day, or without a day all of them, with a reason; 404 when
/// there is none.
pub fn training_completion_withdraw(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    training: TrainingId,
    person: PersonId,
    on: Option<Day>,
    reason: &str,
) -> Result<()> {
    authorised(tx, actor, training)?;
    let idx = tx.next_index();
    if rows::withdraw_completions(tx, person, training, on, idx)? == 0 {
        return Err(Error::not_found("completion"));
    }
    let facts = Facts::new()
        .with("training_id", training.to_string())
        .with_some("completed_on", on.map(|day| day.to_string()))
        .about(person, "person_id", person.to_string())
        .about(person, "reason", reason);
    enter(tx, keys, By::Actor(actor), Event::CompletionWithdrawn, facts)?;
    people::mark_access(tx, &[person])
}

/// The training, if the caller may say who completed it.
fn authorised(tx: &mut WriteTx<'_>, actor: &Actor, id: TrainingId) -> Result<TrainingRow> {
    let actor = authentication::confirm(tx, actor)?;
    let training = training_get(tx.conn(), id)?;
    if actor.scopes.contains(Scope::Completions) || is_responsible(tx.conn(), &actor, &training)? {
        return Ok(training);
    }
    let detail = format!(
        "Completions are recorded by who holds the responsibility {} or is a deputy for it, or with the scope {}.",
        training.responsibility,
        Scope::Completions
    );
    let responsibility = training.responsibility.as_str();
    Err(Error::new(Code::NotResponsible, detail).with("responsibility", responsibility))
}

fn is_responsible(conn: &mut Conn, actor: &Actor, training: &TrainingRow) -> Result<bool> {
    let Some(person) = actor.person else { return Ok(false) };
    let Some(held) = responsibilities::find_by_key(conn, &training.responsibility)? else { return Ok(false) };
    let holders = responsibilities::holders_of(conn, held.id)?;
    let parts: Vec<Part> = holders.into_iter().map(|holder| Part::from(holder.bearer)).collect();
    is_in(conn, &parts, person)
}

/// What can be said of completions before anything is written.
struct Judged<'a> {
    outcomes: Vec<Outcome>,
    /// Those that are to be recorded.
    fresh: Vec<Fresh<'a>>,
}

/// A completion that is to be recorded.
struct Fresh<'a> {
    person: PersonId,
    completion: Completion,
    reason: Option<&'a str>,
}

fn judge<'a>(
    conn: &mut Conn,
    keys: &Keys,
    actor: &Actor,
    training: TrainingId,
    told: &[&'a Told],
    now: Time,
) -> Result<Judged<'a>> {
    let behind = behind(conn, actor)?;
    let persons = persons(conn, keys, told)?;
    let names: Vec<String> = persons.values().map(ToString::to_string).collect();
    let mut known = rows::recorded(conn, training, &names)?;
    let mut fresh = Vec::new();
    let outcome = |told: &&'a Told| {
        let Some(person) = persons.get(told.person.trim()) else {
            return Outcome::Refused(
                "unknown_person",
                "This is no id, external id or e-mail address of anybody, or it is one of two people.",
            );
        };
        let on = match told.completed_on {
            Ok(on) if can_be_completed(on, now) => on,
            Ok(_) => return Outcome::Refused("in_the_future", "This day has not begun anywhere."),
            Err(detail) => return Outcome::Refused("not_a_day", detail),
        };
        let reason = told.reason.as_deref();
        match known.get(&(*person, on)) {
            Some(false) => return Outcome::Known,
            Some(true) if actor.person.is_none() || reason.is_none() => return WITHDRAWN,
            Some(true) | None if behind == Some(*person) => return own_completion(actor),
            Some(true) | None => {}
        }
        known.insert((*person, on), false);
        fresh.push(Fresh { person: *person, completion: Completion { training, on }, reason });
        Outcome::Recorded
    };
    let outcomes = told.iter().map(outcome).collect();
    Ok(Judged { outcomes, fresh })
}

/// A learning system tells all that it has each time: what was taken back comes again only where a person says why.
const WITHDRAWN: Outcome = Outcome::Refused(
    "withdrawn",
    "This completion was recorded and withdrawn. A person records it again, with a reason; a key or file does not.",
);

fn own_completion(actor: &Actor) -> Outcome {
    let detail = match actor.person {
        Some(_) => "Somebody else has to say so of you.",
        None => {
            "This is who made the API key: a person, or a key that somebody else made, has to say so of them."
        }
    };
    Outcome::Refused("own_completion", detail)
}

fn record(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: TrainingId,
    told: &[&Told],
) -> Result<Vec<Outcome>> {
    let training = authorised(tx, actor, id)?;
    let now = tx.now();
    let Judged { outcomes, fresh } = judge(tx.conn(), &context.keys, actor, id, told, now)?;
    write(tx, context, actor, &training, &fresh)?;
    Ok(outcomes)
}

fn write(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    training: &TrainingRow,
    fresh: &[Fresh<'_>],
) -> Result<()> {
    if fresh.is_empty() {
        return Ok(());
    }
    for (idx, fresh) in (tx.next_index()..).zip(fresh) {
        rows::insert_completion(tx, fresh.person, fresh.completion, training.version, idx)?;
    }
    let facts = |fresh: &Fresh<'_>| {
        let facts = Facts::new()
            .with("training_id", training.training_id.to_string())
            .with("version", training.version)
            .with("completed_on", fresh.completion.on.to_string())
            .about(fresh.person, "person_id", fresh.person.to_string());
        let facts = match fresh.reason {
            Some(reason) => facts.about(fresh.person, "reason", reason),
            None => facts,
        };
        (Event::TrainingCompleted, facts)
    };
    enter_all(tx, &context.keys, By::Actor(actor), fresh.iter().map(facts).collect())?;
    let persons: Vec<PersonId> = fresh.iter().map(|fresh| fresh.person).collect();
    people::mark_access(tx, &persons)
}

/// Whom the told names are of: ids, external ids or e-mail addresses. A name that is the external id of one person
/// and the address of another is nobody's, and so is that of whoever was erased.
fn persons<'a>(conn: &mut Conn, keys: &Keys, told: &[&'a Told]) -> Result<HashMap<&'a str, PersonId>> {
    let names: HashSet<&str> = told.iter().map(|told| told.person.trim()).collect();
    let mut found: HashMap<&str, PersonId> = HashMap::new();
    // Two spellings may be of one person.
    let mut spelled: Vec<(&str, String, String)> = Vec::new();
    for name in names {
        match name.to_ascii_lowercase().parse() {
            Ok(id) => _ = found.insert(name, id),
            Err(_) => {
                let external_id = keys.identity_hmac(Identifier::ExternalId, &normal_external_id(name));
                let email = keys.identity_hmac(Identifier::Email, &normal_email(name));
                spelled.push((name, external_id, email));
            }
        }
    }
    let external_ids: Vec<&str> = spelled.iter().map(|(_, external_id, _)| external_id.as_str()).collect();
    let by_external_id = people::find_by_external_ids(conn, &external_ids)?;
    let emails: Vec<&str> = spelled.iter().map(|(_, _, email)| email.as_str()).collect();
    let by_email = people::find_by_emails(conn, &emails)?;
    found.extend(spelled.iter().filter_map(|(name, external_id, email)| {
        match (by_external_id.get(external_id), by_email.get(email)) {
            (Some(one), Some(other)) if one != other => None,
            (Some(person), _) | (None, Some(person)) => Some((*name, *person)),
            (None, None) => None,
        }
    }));
    let ids: Vec<PersonId> = found.values().copied().collect();
    let sealable = subject_keys::find_all(conn, &ids)?;
    found.retain(|_, person| sealable.contains_key(person));
    Ok(found)
}
