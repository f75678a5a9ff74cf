//! Reading audit data leaves its own entry in the record (R24).

use serde_json::Value;

use super::actor::Actor;
use super::authentication;
use super::journal::{self, By, Facts};
use crate::domain::roles::Scope;
use crate::error::Result;
use crate::keys::Keys;
use crate::record::Event;
use crate::store::write::{Receipt, WriteTx};

/// Enters that a walk through audit data begins: who, which list, why, narrowed to what.
///
/// To be called once for each walk, before its first page; the receipt's index travels in the cursor.
/// `filters` hold ids, names of states and times only, since the entry keeps them in the open.
pub fn audit_read(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    operation: &'static str,
    purpose: &str,
    filters: Value,
) -> Result<Receipt> {
    authentication::authorise(tx, actor, Scope::Audit)?;
    let facts = Facts::new().with("operation", operation).with("purpose", purpose).with("filters", filters);
    journal::enter(tx, keys, By::Actor(actor), Event::AuditRead, facts)
}
