//! The register of responsibilities: who answers for what, and who stands in. Everybody may look it up.

use std::collections::HashSet;

use super::actor::Actor;
use super::authentication;
use super::holder_names::{NamedHolder, named_holders_of, named_holders_of_all};
use super::journal::{By, Facts, enter, enter_all};
use crate::domain::ids::{AccountId, GroupId, Key, PersonId, ResponsibilityId, TrainingId};
use crate::domain::responsibility::{Bearer, Holder, Succession, succession};
use crate::domain::roles::Scope;
use crate::domain::text::{self, Lines};
use crate::error::{Code, Error, Fault, Result};
use crate::keys::Keys;
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::responsibilities::{self as rows, ResponsibilityRow};
use crate::store::write::WriteTx;
use crate::store::{accounts, groups, subject_keys, trainings};

/// What a responsibility says, as it is asked for.
#[derive(Debug, Clone)]
pub struct ResponsibilityContent {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Who holds it.
    pub holders: Vec<Bearer>,
    /// Who stands in for them.
    pub deputies: Vec<Bearer>,
}

/// A responsibility as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponsibilityView {
    /// The responsibility.
    pub row: ResponsibilityRow,
    /// Who holds it now, deputies too, in the order in which they began to; nobody, when it has ended.
    pub holders: Vec<NamedHolder>,
}

/// What hangs on a responsibility, and is left without anybody when it ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orphans {
    /// Official accounts that it owns: nobody may post there.
    pub unowned_accounts: Vec<AccountId>,
    /// Trainings of which its holders record completions: only keys with the scope for it still can.
    pub unrecorded_trainings: Vec<TrainingId>,
}

/// Makes a responsibility; 409 `already_exists` when one has this key, or had it before.
pub fn responsibility_create(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    key: &Key,
    content: &ResponsibilityContent,
) -> Result<ResponsibilityId> {
    authentication::authorise(tx, actor, Scope::People)?;
    let held = checked_holders(tx.conn(), content, &[])?;
    let id = ResponsibilityId::generate();
    let description = content.description.as_deref();
    rows::insert(tx, id, key, &content.name, description)?;
    enter(tx, keys, By::Actor(actor), Event::ResponsibilityCreated, words(id, key, content))?;
    succeed(tx, keys, actor, id, key, &Succession { released: Vec::new(), held })?;
    Ok(id)
}

/// Replaces what a responsibility that is still at `version` says; 412 when it is not. Who stays a holder
/// has held it without a break, and what is the same already changes nothing.
pub fn responsibility_update(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    key: &Key,
    version: i64,
    content: &ResponsibilityContent,
) -> Result<()> {
    authentication::authorise(tx, actor, Scope::People)?;
    let (row, holders) = find_at(tx.conn(), key, version)?;
    let succession = succession(&holders, &checked_holders(tx.conn(), content, &holders)?);
    let has_new_words = row.name != content.name || row.description != content.description;
    if !has_new_words && succession == Succession::default() {
        return Ok(());
    }
    rows::update(tx, row.id, &content.name, content.description.as_deref())?;
    if has_new_words {
        enter(tx, keys, By::Actor(actor), Event::ResponsibilityChanged, words(row.id, key, content))?;
    }
    succeed(tx, keys, actor, row.id, key, &succession)
}

/// Ends a responsibility that is still at `version`; 412 when it is not. Its key is not used again. Answered is
/// what hangs on it: it can get another owner.
pub fn responsibility_end(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    key: &Key,
    version: i64,
) -> Result<Orphans> {
    authentication::authorise(tx, actor, Scope::People)?;
    let (row, holders) = find_at(tx.conn(), key, version)?;
    succeed(tx, keys, actor, row.id, key, &Succession { released: holders, held: Vec::new() })?;
    enter(tx, keys, By::Actor(actor), Event::ResponsibilityEnded, facts(row.id, key))?;
    rows::end(tx, row.id)?;
    Ok(Orphans {
        unowned_accounts: accounts::owned_by(tx.conn(), row.id)?,
        unrecorded_trainings: trainings::of(tx.conn(), key)?,
    })
}

/// The responsibility that has this key, ended or not: what refers to one that has ended still names it.
pub fn responsibility_get(conn: &mut Conn, keys: &Keys, key: &Key) -> Result<ResponsibilityView> {
    let row = rows::find_ever(conn, key)?.ok_or_else(not_found)?;
    let holders = named_holders_of(conn, keys, row.id)?;
    Ok(ResponsibilityView { row, holders })
}

/// The responsibility that a request made, as it is now.
pub fn responsibility_made(conn: &mut Conn, keys: &Keys, id: ResponsibilityId) -> Result<ResponsibilityView> {
    let row = rows::find(conn, id)?.ok_or_else(not_found)?;
    let holders = named_holders_of(conn, keys, id)?;
    Ok(ResponsibilityView { row, holders })
}

/// Responsibilities that have not ended, newest first, after `after`.
pub fn responsibility_list(
    conn: &mut Conn,
    keys: &Keys,
    after: Option<ResponsibilityId>,
    limit: i64,
) -> Result<Vec<ResponsibilityView>> {
    let found = rows::list(conn, after, limit)?;
    let ids: Vec<ResponsibilityId> = found.iter().map(|row| row.id).collect();
    let mut holders = named_holders_of_all(conn, keys, &ids)?;
    let view = |row: ResponsibilityRow| {
        let holders = holders.remove(&row.id).unwrap_or_default();
        ResponsibilityView { row, holders }
    };
    Ok(found.into_iter().map(view).collect())
}

fn not_found() -> Error {
    Error::not_found("responsibility")
}

/// The responsibility that is to be changed, and who holds it now.
fn find_at(conn: &mut Conn, key: &Key, version: i64) -> Result<(ResponsibilityRow, Vec<Holder>)> {
    let row = rows::find_ever(conn, key)?.ok_or_else(not_found)?;
    if row.ended_at.is_some() {
        let detail = "The responsibility has ended: it changes no more, and its key is not used again.";
        return Err(Error::new(Code::Conflict, detail));
    }
    if row.version == version {
        let holders = rows::holders_of(conn, row.id)?;
        return Ok((row, holders));
    }
    let detail = "The responsibility has changed since it was read: read it again.";
    Err(Error::new(Code::PreconditionFailed, detail))
}

/// Everybody who is to hold it, if each exists and stands there once, and nothing is wrong with its words. Whoever
/// held it `before` may go on when they were erased since: an entry is made only of what changes.
fn checked_holders(
    conn: &mut Conn,
    content: &ResponsibilityContent,
    before: &[Holder],
) -> Result<Vec<Holder>> {
    let all = || content.holders.iter().chain(&content.deputies);
    let persons: Vec<PersonId> = all().filter_map(|bearer| bearer.person()).collect();
    let groups: Vec<GroupId> = all().filter_map(|bearer| bearer.group()).collect();
    let persons = subject_keys::find_all(conn, &persons)?;
    let groups: HashSet<GroupId> = groups::find_all(conn, &groups)?.iter().map(|group| group.id).collect();
    let exists = |bearer: Bearer| match bearer {
        Bearer::Person(id) => persons.contains_key(&id),
        Bearer::Group(id) => groups.contains(&id),
    };
    let mut faults = word_faults(content);
    let mut holders: Vec<Holder> = Vec::new();
    for (place, bearers, deputy) in
        [("holders", &content.holders, false), ("deputies", &content.deputies, true)]
    {
        for (at, bearer) in bearers.iter().copied().enumerate() {
            let holder = Holder { bearer, deputy };
            if let Some((member, code, detail)) =
                fault_of(bearer, &holders, || exists(bearer) || before.contains(&holder))
            {
                faults.push(Fault::body(format!("/{place}/{at}/{member}"), code, detail));
            }
            holders.push(holder);
        }
    }
    if faults.is_empty() { Ok(holders) } else { Err(Error::invalid_content(faults)) }
}

fn word_faults(content: &ResponsibilityContent) -> Vec<Fault> {
    let name = text::character_fault("/name", &content.name, Lines::One);
    let description = content.description.as_deref();
    let description = description.and_then(|it| text::character_fault("/description", it, Lines::Many));
    name.into_iter().chain(description).collect()
}

/// What is wrong with naming this bearer after the `earlier` ones: the member, the code and the words.
fn fault_of(
    bearer: Bearer,
    earlier: &[Holder],
    is_known: impl FnOnce() -> bool,
) -> Option<(&'static str, &'static str, String)> {
    let (member, unknown, detail) = match bearer {
        Bearer::Person(id) => ("person", "unknown_person", format!("There is no person {id}.")),
        Bearer::Group(id) => ("group", "unknown_group", format!("There is no group {id}.")),
    };
    if !is_known() {
        return Some((member, unknown, detail));
    }
    let detail = "It is named before, as a holder or a deputy: name each once.";
    let is_named = earlier.iter().any(|holder| holder.bearer == bearer);
    is_named.then(|| (member, "duplicate", detail.to_owned()))
}

/// Writes who is released and who holds from now on, with an entry for each.
fn succeed(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    id: ResponsibilityId,
    key: &Key,
    succession: &Succession,
) -> Result<()> {
    let Succession { released, held } = succession;
    rows::end_holding(tx, id, released)?;
    rows::begin_holding(tx, id, held)?;
    let persons: Vec<PersonId> =
        released.iter().chain(held).filter_map(|holder| holder.bearer.person()).collect();
    let sealable = subject_keys::find_all(tx.conn(), &persons)?;
    let facts = |holder: &Holder| {
        let facts = facts(id, key)
            .with("deputy", holder.deputy)
            .with_some("group_id", holder.bearer.group().map(|group| group.to_string()));
        match holder.bearer.person().filter(|person| sealable.contains_key(person)) {
            Some(person) => facts.about(person, "person_id", person.to_string()),
            // Of somebody who was erased, the entry says only that it was somebody.
            None => facts,
        }
    };
    let released = released.iter().map(|holder| (Event::ResponsibilityReleased, facts(holder)));
    let held = held.iter().map(|holder| (Event::ResponsibilityHeld, facts(holder)));
    enter_all(tx, keys, By::Actor(actor), released.chain(held).collect())
}

fn facts(id: ResponsibilityId, key: &Key) -> Facts {
    Facts::new().with("responsibility_id", id.to_string()).with("key", key.as_str())
}

fn words(id: ResponsibilityId, key: &Key, content: &ResponsibilityContent) -> Facts {
    facts(id, key)
        .with("name", content.name.as_str())
        .with_some("description", content.description.as_deref())
}
