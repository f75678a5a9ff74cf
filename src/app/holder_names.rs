//! The names of those who hold responsibilities: an id alone tells nobody whom to ask.

use std::collections::HashMap;

use super::journal::subject_keys_of;
use super::people::open_display_name;
use crate::domain::ids::{GroupId, PersonId, ResponsibilityId};
use crate::domain::responsibility::{Bearer, Holder};
use crate::error::Result;
use crate::keys::Keys;
use crate::store::connection::Conn;
use crate::store::{groups, people, responsibilities};

/// Who holds a responsibility, as everybody reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedHolder {
    /// Who it is.
    pub holder: Holder,
    /// The name that the person or the group has now; none once the person was erased.
    pub name: Option<String>,
}

/// Who holds these responsibilities now, in the order in which they began to. Four queries, however many they are.
pub(super) fn named_holders_of_all(
    conn: &mut Conn,
    keys: &Keys,
    ids: &[ResponsibilityId],
) -> Result<HashMap<ResponsibilityId, Vec<NamedHolder>>> {
    let holders = responsibilities::holders_of_all(conn, ids)?;
    let bearers = || holders.values().flatten().map(|holder| holder.bearer);
    let mut names = person_names(conn, keys, &distinct(bearers().filter_map(Bearer::person)))?;
    names.extend(group_names(conn, &distinct(bearers().filter_map(Bearer::group)))?);
    let named = |holder: Holder| NamedHolder { name: names.get(&holder.bearer).cloned(), holder };
    Ok(holders.into_iter().map(|(id, holders)| (id, holders.into_iter().map(named).collect())).collect())
}

/// The same of one.
pub(super) fn named_holders_of(
    conn: &mut Conn,
    keys: &Keys,
    id: ResponsibilityId,
) -> Result<Vec<NamedHolder>> {
    Ok(named_holders_of_all(conn, keys, &[id])?.remove(&id).unwrap_or_default())
}

fn person_names(conn: &mut Conn, keys: &Keys, persons: &[PersonId]) -> Result<HashMap<Bearer, String>> {
    if persons.is_empty() {
        return Ok(HashMap::new());
    }
    let subject_keys = subject_keys_of(conn, keys, persons)?;
    let sealed = people::display_names(conn, persons)?;
    let name = |(person, sealed): (PersonId, Vec<u8>)| {
        let key = subject_keys.get(&person)?;
        Some(open_display_name(key, &sealed).map(|name| (Bearer::Person(person), name)))
    };
    sealed.into_iter().filter_map(name).collect()
}

fn group_names(conn: &mut Conn, ids: &[GroupId]) -> Result<Vec<(Bearer, String)>> {
    let found = groups::find_all(conn, ids)?;
    Ok(found.into_iter().map(|group| (Bearer::Group(group.id), group.name)).collect())
}

fn distinct<T: Ord>(ids: impl Iterator<Item = T>) -> Vec<T> {
    let mut ids: Vec<T> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
