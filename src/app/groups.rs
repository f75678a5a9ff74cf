//! Groups of people: audiences and pools of reviewers.

use super::actor::Actor;
use super::identity;
use super::journal::{By, Facts, enter};
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::roles::Scope;
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::groups::{self, GroupRow};
use crate::store::people;
use crate::store::write::WriteTx;

/// Makes a group; 409 `already_exists` when one has this name.
pub fn group_create(tx: &mut WriteTx<'_>, keys: &Keys, actor: &Actor, name: &str) -> Result<GroupRow> {
    actor.require(Scope::People)?;
    let name = identity::group_name(name).map_err(|fault| Error::invalid_content(vec![fault]))?;
    let id = GroupId::generate();
    groups::insert(tx, id, &name)?;
    let facts = Facts::new().with("group_id", id.to_string()).with("name", name.as_str());
    enter(tx, keys, By::Actor(actor), Event::GroupCreated, facts)?;
    Ok(GroupRow { id, name, created_at: tx.now() })
}

/// Groups, newest first, after `after`.
pub fn group_list(
    conn: &mut Conn,
    actor: &Actor,
    after: Option<GroupId>,
    limit: i64,
) -> Result<Vec<GroupRow>> {
    actor.require(Scope::People)?;
    groups::list(conn, after, limit)
}

/// Makes a person a member; whoever is one stays one.
pub fn group_member_add(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    group: GroupId,
    person: PersonId,
) -> Result<()> {
    actor.require(Scope::People)?;
    if is_member(tx.conn(), group, person)? {
        return Ok(());
    }
    groups::begin_membership(tx, group, person)?;
    enter_membership(tx, keys, actor, Event::MembershipBegan, group, person)
}

/// Ends a membership; whoever is no member stays none.
pub fn group_member_remove(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    group: GroupId,
    person: PersonId,
) -> Result<()> {
    actor.require(Scope::People)?;
    if !is_member(tx.conn(), group, person)? {
        return Ok(());
    }
    groups::end_membership(tx, group, person)?;
    enter_membership(tx, keys, actor, Event::MembershipEnded, group, person)
}

/// 404 when there is no such group or person.
fn is_member(conn: &mut Conn, group: GroupId, person: PersonId) -> Result<bool> {
    groups::find(conn, group)?.ok_or_else(|| Error::not_found("group"))?;
    people::find(conn, person)?.ok_or_else(|| Error::not_found("person"))?;
    groups::is_member(conn, group, person)
}

fn enter_membership(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    event: Event,
    group: GroupId,
    person: PersonId,
) -> Result<()> {
    people::mark_changed(tx, person)?;
    let facts =
        Facts::new().with("group_id", group.to_string()).about(person, "person_id", person.to_string());
    enter(tx, keys, By::Actor(actor), event, facts)?;
    Ok(())
}
