//! Groups of people: audiences and pools of reviewers.

use std::collections::HashSet;

use super::actor::Actor;
use super::authentication;
use super::identity;
use super::journal::{By, Facts, enter};
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::roles::Scope;
use crate::error::{Error, Fault, Result};
use crate::keys::Keys;
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::groups::{self, GroupRow};
use crate::store::people;
use crate::store::write::WriteTx;

/// Makes a group; 409 `already_exists` when one has this name.
pub fn group_create(tx: &mut WriteTx<'_>, keys: &Keys, actor: &Actor, name: &str) -> Result<GroupRow> {
    authentication::authorise(tx, actor, Scope::People)?;
    let name = identity::group_name(name).map_err(|fault| Error::invalid_content(vec![fault]))?;
    let id = GroupId::generate();
    groups::insert(tx, id, &name, &identity::folded_name(&name))?;
    let facts = Facts::new().with("group_id", id.to_string()).with("name", name.as_str());
    enter(tx, keys, By::Actor(actor), Event::GroupCreated, facts)?;
    Ok(GroupRow { id, name, created_at: tx.now() })
}

/// One group.
pub fn group_get(conn: &mut Conn, actor: &Actor, id: GroupId) -> Result<GroupRow> {
    actor.require(Scope::ContentRead)?;
    groups::find(conn, id)?.ok_or_else(|| Error::not_found("group"))
}

/// Which of the groups that a list at this place names there are not.
pub(super) fn unknown_groups(conn: &mut Conn, place: &str, named: &[GroupId]) -> Result<Vec<Fault>> {
    let known: HashSet<GroupId> = groups::find_all(conn, named)?.into_iter().map(|group| group.id).collect();
    let unknown = named.iter().enumerate().filter(|(_, group)| !known.contains(group));
    let fault = |(at, group): (usize, &GroupId)| {
        let detail = format!("There is no group {group}.");
        Fault::body(format!("{place}/{at}"), "unknown_group", detail)
    };
    Ok(unknown.map(fault).collect())
}

/// Groups, newest first, after `after`.
pub fn group_list(
    conn: &mut Conn,
    actor: &Actor,
    after: Option<GroupId>,
    limit: i64,
) -> Result<Vec<GroupRow>> {
    actor.require(Scope::ContentRead)?;
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
    authentication::authorise(tx, actor, Scope::People)?;
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
    authentication::authorise(tx, actor, Scope::People)?;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::app::fixture::Fixture;
    use crate::app::people::person_view;
    use crate::domain::roles::Role;
    use crate::error::Code;

    #[test]
    fn a_membership_begins_and_ends_once_however_often_it_is_asked() {
        let fixture = Fixture::new();
        let Fixture { keys, admin, .. } = &fixture;
        let person = fixture.person("ada", [Role::Employee]);
        let group = fixture.write(|tx| group_create(tx, keys, admin, " Sales ")).unwrap();
        assert_eq!(group.name, "Sales");
        let groups_of = || fixture.read(|conn| person_view(conn, keys, person)).groups;

        let entries = fixture.entries();
        for _ in 0..2 {
            fixture.write(|tx| group_member_add(tx, keys, admin, group.id, person)).unwrap();
            assert_eq!((groups_of(), fixture.entries()), (vec![group.id], entries + 1));
        }
        let version = fixture.versions().access;
        for _ in 0..2 {
            fixture.write(|tx| group_member_remove(tx, keys, admin, group.id, person)).unwrap();
            assert_eq!((groups_of(), fixture.entries()), (vec![], entries + 2));
        }
        assert_eq!(fixture.versions().access, version + 1);
        fixture.write(|tx| group_member_add(tx, keys, admin, group.id, person)).unwrap();
        assert_eq!(groups_of(), [group.id]);
    }

    #[test]
    fn a_group_has_its_own_name_and_known_members() {
        let fixture = Fixture::new();
        let Fixture { keys, admin, .. } = &fixture;
        let group = fixture.write(|tx| group_create(tx, keys, admin, "Sales")).unwrap();
        for same in ["Sales", " sales", "ＳＡＬＥＳ"] {
            let again = fixture.write(|tx| group_create(tx, keys, admin, same));
            assert_eq!(again.unwrap_err().code, Code::AlreadyExists, "{same}");
        }
        let nameless = fixture.write(|tx| group_create(tx, keys, admin, "\n")).unwrap_err();
        assert_eq!(nameless.code, Code::InvalidContent);
        let unknown = fixture.write(|tx| group_member_add(tx, keys, admin, group.id, PersonId::generate()));
        assert_eq!(unknown.unwrap_err().code, Code::NotFound);
        assert_eq!(fixture.read(|conn| group_list(conn, admin, None, 10)), [group]);
    }
}
