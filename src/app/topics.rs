//! The register of topics: what posts can be about.
//!
//! Disclaimers, rules, hashtags and workflows are demanded for topics. A post about a topic that nobody
//! registered would silently escape them, so it is refused (R9), and so is what is demanded for one. A topic that
//! has ended stays what it was for the posts that name it: they go on being shared, with all that their topic
//! demands, and it can still be read. What is saved or submitted from then on cannot name it, unless the newest
//! approved revision of the same item does already: after a recall or a recheck such a post is approved again as it
//! is, and its author need not drop the topic and with it what it demands.

use super::actor::Actor;
use super::authentication;
use super::journal::{By, Facts, enter};
use crate::domain::ids::Key;
use crate::domain::roles::Scope;
use crate::domain::text::{self, Lines};
use crate::error::{Code, Error, Fault, Result};
use crate::keys::Keys;
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::topics::{self as rows, TopicRow};
use crate::store::write::WriteTx;

/// What a topic says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicContent {
    /// Its name.
    pub name: String,
    /// For whom posts about it are, in a note to authors.
    pub audience_note: Option<String>,
}

/// Registers a topic; 409 `already_exists` when one has this key, or had it before.
pub fn topic_create(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    key: &Key,
    content: &TopicContent,
) -> Result<Key> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    check(content)?;
    let idx = tx.next_index();
    rows::insert(tx, key, &content.name, content.audience_note.as_deref(), idx)?;
    enter(tx, keys, By::Actor(actor), Event::TopicCreated, facts(key, 1, content))?;
    Ok(key.clone())
}

/// Replaces what a topic that is still at `version` says; 412 when it is not. The same again changes nothing.
pub fn topic_update(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    key: &Key,
    version: i64,
    content: &TopicContent,
) -> Result<()> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    let row = find_at(tx.conn(), key, version)?;
    if row.name == content.name && row.audience_note == content.audience_note {
        return Ok(());
    }
    check(content)?;
    rows::update(tx, key, &content.name, content.audience_note.as_deref())?;
    enter(tx, keys, By::Actor(actor), Event::TopicChanged, facts(key, version + 1, content))?;
    Ok(())
}

/// Ends a topic that is still at `version`; 412 when it is not. Its key is not used again.
pub fn topic_end(tx: &mut WriteTx<'_>, keys: &Keys, actor: &Actor, key: &Key, version: i64) -> Result<()> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    find_at(tx.conn(), key, version)?;
    rows::end(tx, key)?;
    let facts = Facts::new().with("key", key.as_str()).with("version", version + 1);
    enter(tx, keys, By::Actor(actor), Event::TopicEnded, facts)?;
    // A submission that is being planned rests on the topics that there are. Names rest on nothing, and no post
    // could name what is registered only now: neither moves anything.
    tx.move_content();
    Ok(())
}

/// The topic that has this key, ended or not: posts that name it are shared for as long as they are live.
pub fn topic_get(conn: &mut Conn, key: &Key) -> Result<TopicRow> {
    rows::find(conn, key)?.ok_or_else(|| Error::not_found("topic"))
}

/// Topics that have not ended, newest first, below an index of the record.
pub fn topic_list(conn: &mut Conn, below: Option<i64>, limit: usize) -> Result<Vec<TopicRow>> {
    rows::list(conn, below, i64::try_from(limit).unwrap_or(i64::MAX))
}

/// Registers those topics that nobody has registered yet, with their keys as their names.
pub(super) fn register(tx: &mut WriteTx<'_>, keys: &Keys, topics: &[Key]) -> Result<()> {
    for key in topics {
        if rows::find(tx.conn(), key)?.is_none() {
            let content = TopicContent { name: key.to_string(), audience_note: None };
            let idx = tx.next_index();
            rows::insert(tx, key, &content.name, None, idx)?;
            enter(tx, keys, By::System, Event::TopicCreated, facts(key, 1, &content))?;
        }
    }
    Ok(())
}

/// Enters the topics that an upgrade found in content.
pub(super) fn enter_found(tx: &mut WriteTx<'_>, keys: &Keys) -> Result<()> {
    for row in rows::without_entry(tx.conn())? {
        let TopicRow { key, name, audience_note, version, .. } = row;
        let facts = facts(&key, version, &TopicContent { name, audience_note });
        let receipt = enter(tx, keys, By::System, Event::TopicCreated, facts)?;
        rows::set_entry(tx, &key, receipt.index)?;
    }
    Ok(())
}

fn find_at(conn: &mut Conn, key: &Key, version: i64) -> Result<TopicRow> {
    let row = topic_get(conn, key)?;
    if row.ended_at.is_some() {
        let detail = "The topic has ended: it changes no more, and its key is not used again.";
        return Err(Error::new(Code::Conflict, detail));
    }
    if row.version == version {
        return Ok(row);
    }
    let detail = "The topic has changed since it was read: read it again.";
    Err(Error::new(Code::PreconditionFailed, detail))
}

fn check(content: &TopicContent) -> Result<()> {
    let TopicContent { name, audience_note } = content;
    let name = text::character_fault("/name", name, Lines::One);
    let note = audience_note.as_deref();
    let note = note.and_then(|note| text::character_fault("/audience_note", note, Lines::Many));
    let faults: Vec<Fault> = name.into_iter().chain(note).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid_content(faults)) }
}

fn facts(key: &Key, version: i64, content: &TopicContent) -> Facts {
    Facts::new()
        .with("key", key.as_str())
        .with("version", version)
        .with("name", content.name.as_str())
        .with_some("audience_note", content.audience_note.as_deref())
}
