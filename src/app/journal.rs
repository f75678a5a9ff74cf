//! How a use case puts what happened on the record.
//!
//! Each entry says who acted: a person's id under that person's key, a client's id in the open, or
//! `system` when greenlight itself did it.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::actor::Actor;
use super::people::open_display_name;
use crate::domain::ids::PersonId;
use crate::error::{Error, Result};
use crate::keys::{self, Keys};
use crate::record::{Entry, Event, Personal, SubjectKey};
use crate::store::connection::Conn;
use crate::store::write::{Receipt, WriteTx};
use crate::store::{people, subject_keys};

/// Who did what is entered.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// greenlight itself: imports, configuration, the command line.
    System,
    /// Somebody who asked.
    Actor(&'a Actor),
}

/// Facts of an entry: those in the open, and those about a person.
#[derive(Debug, Default)]
pub struct Facts {
    fields: Vec<(&'static str, Value)>,
    personal: Vec<Personal>,
}

impl Facts {
    /// No facts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a fact of the organisation.
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// With a fact of the organisation, if there is one.
    pub fn with_some(self, name: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With a fact about a person, sealed under that person's key.
    pub fn about(mut self, person: PersonId, name: &'static str, value: impl Into<Value>) -> Self {
        self.personal.push(Personal { name, person_id: person.uuid(), value: value.into() });
        self
    }
}

/// Appends an entry, with the keys of everybody it is about.
pub fn enter(tx: &mut WriteTx<'_>, keys: &Keys, by: By<'_>, event: Event, facts: Facts) -> Result<Receipt> {
    let name = actor_name(tx.conn(), keys, by)?;
    let entry = entry(by, name, event, facts);
    let subject_keys = subject_keys_of(tx.conn(), keys, &persons_in(&entry))?;
    append(tx, entry, &subject_keys)
}

/// Appends many entries in their order. However many they are, names and keys are read once.
pub fn enter_all(tx: &mut WriteTx<'_>, keys: &Keys, by: By<'_>, events: Vec<(Event, Facts)>) -> Result<()> {
    let name = actor_name(tx.conn(), keys, by)?;
    let entries: Vec<Entry> =
        events.into_iter().map(|(event, facts)| entry(by, name.clone(), event, facts)).collect();
    let persons: HashSet<PersonId> = entries.iter().flat_map(persons_in).collect();
    let subject_keys = subject_keys_of(tx.conn(), keys, &persons.into_iter().collect::<Vec<_>>())?;
    for entry in entries {
        append(tx, entry, &subject_keys)?;
    }
    Ok(())
}

/// Everybody whom an entry is about.
fn persons_in(entry: &Entry) -> Vec<PersonId> {
    entry.personal.iter().map(|fact| PersonId::from_uuid(fact.person_id)).collect()
}

fn append(
    tx: &mut WriteTx<'_>,
    entry: Entry,
    subject_keys: &HashMap<PersonId, SubjectKey>,
) -> Result<Receipt> {
    let seed = keys::seed().map_err(Error::internal)?;
    let prepared = entry
        .prepare(|person| subject_keys.get(&PersonId::from_uuid(person)), seed)
        .map_err(Error::internal)?;
    tx.append(&prepared)
}

/// The name of the person who acts, as it is now: a later change of it does not alter what is on record (R8).
fn actor_name(conn: &mut Conn, keys: &Keys, by: By<'_>) -> Result<Option<String>> {
    let By::Actor(Actor { person: Some(person), .. }) = by else { return Ok(None) };
    let key = subject_keys_of(conn, keys, &[*person])?.remove(person);
    let Some((key, sealed)) = key.zip(people::display_name(conn, *person)?) else { return Ok(None) };
    open_display_name(&key, &sealed).map(Some)
}

/// The entry for an event, with who did it and the name they have.
pub fn entry(by: By<'_>, name: Option<String>, event: Event, facts: Facts) -> Entry {
    let Facts { mut fields, mut personal } = facts;
    match by {
        By::System => fields.push(("actor", json!("system"))),
        By::Actor(actor) => {
            if let Some(client) = actor.client {
                fields.push(("client_id", json!(client)));
            }
            if let Some(person) = actor.person {
                let about = |name, value| Personal { name, person_id: person.uuid(), value };
                personal.push(about("actor_id", json!(person)));
                personal.extend(name.map(|name| about("actor_display", json!(name))));
            }
        }
    }
    Entry { event_id: Uuid::now_v7(), event, fields, personal }
}

/// The keys of these persons; who was erased is missing from the answer.
pub fn subject_keys_of(
    conn: &mut Conn,
    keys: &Keys,
    persons: &[PersonId],
) -> Result<HashMap<PersonId, SubjectKey>> {
    let wrapped = subject_keys::find_all(conn, persons)?;
    wrapped
        .into_iter()
        .map(|(person, wrapped)| {
            let key = keys.unwrap(&wrapped, person.uuid()).map_err(Error::internal)?;
            Ok((person, key))
        })
        .collect()
}
