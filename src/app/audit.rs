//! Reading audit data leaves its own entry in the record (R24).

use serde_json::Value;

use super::actor::Actor;
use super::authentication;
use super::journal::{self, By, Facts};
use crate::domain::ids::PersonId;
use crate::domain::roles::Scope;
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::record::Event;
use crate::store::subject_keys;
use crate::store::write::{Receipt, WriteTx};

/// Enters that a walk through audit data begins: who, which list, why, narrowed to what.
///
/// To be called once for each walk, before its first page; the receipt's index travels in the cursor.
/// `filters` hold ids, names of states and times only, since the entry keeps them in the open; but for the
/// `person` asked about, whose id is sealed under that person's key, so that an erasure reaches it here too.
pub fn audit_read(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    operation: &'static str,
    purpose: &str,
    mut filters: Value,
) -> Result<Receipt> {
    authentication::authorise(tx, actor, Scope::Audit)?;
    let person = filters.as_object_mut().and_then(|filters| filters.remove("person"));
    let person: Option<PersonId> = person.map(serde_json::from_value).transpose().map_err(Error::internal)?;
    let mut facts =
        Facts::new().with("operation", operation).with("purpose", purpose).with("filters", filters);
    if let Some(person) = person {
        // An id without a key is nobody's, or that of somebody who was erased: it is not kept at all.
        let is_known = !subject_keys::find_all(tx.conn(), &[person])?.is_empty();
        facts = if is_known {
            facts.about(person, "person_id", person.to_string())
        } else {
            facts.with("person_unknown", true)
        };
    }
    journal::enter(tx, keys, By::Actor(actor), Event::AuditRead, facts)
}
