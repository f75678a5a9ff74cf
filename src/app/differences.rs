//! What changed between two revisions of an item.

use serde_json::Value;

use super::items::find;
use crate::domain::difference::{Change, PinChanges, difference, pins_difference};
use crate::domain::ids::{ItemId, Kind};
use crate::domain::lifecycle::RevisionState;
use crate::domain::revision::Pin;
use crate::error::{Code, Error, Result};
use crate::store::connection::Conn;
use crate::store::revisions::{self, RevisionRow};

/// A revision that is compared.
#[derive(Debug, Clone)]
struct Side {
    revision: i64,
    content: Value,
    /// What it pins, once it was submitted.
    pins: Option<Vec<Pin>>,
}

/// Two revisions of an item, read at one moment.
#[derive(Debug, Clone)]
pub struct Sides {
    from: Side,
    to: Side,
}

/// What changed between two revisions.
#[derive(Debug, Clone)]
pub struct RevisionDifference {
    /// The revision that was compared.
    pub from: i64,
    /// The one that it was compared with.
    pub to: i64,
    /// What is different in the content of `to`.
    pub changes: Vec<Change>,
    /// What `to` pins differently; nothing where either was not submitted, and so pins nothing yet.
    pub pins: Option<PinChanges>,
}

impl Sides {
    /// Reads two revisions of an item; without `to`, the second one is the newest.
    pub fn read(conn: &mut Conn, kind: Kind, id: ItemId, from: i64, to: Option<i64>) -> Result<Self> {
        let item = find(conn, kind, id)?;
        let mut side = |revision| {
            let row = revisions::find(conn, id, revision)?;
            Side::new(row.ok_or_else(|| Error::not_found("revision"))?)
        };
        Ok(Self { from: side(from)?, to: side(to.unwrap_or(item.working_revision))? })
    }

    /// Compares them. It takes its time: call it off the event loop, and without a connection.
    pub fn compare(self) -> RevisionDifference {
        let Self { from, to } = self;
        RevisionDifference {
            from: from.revision,
            to: to.revision,
            changes: difference(&from.content, &to.content),
            pins: from.pins.zip(to.pins).map(|(from, to)| pins_difference(&from, &to)),
        }
    }
}

impl Side {
    fn new(row: RevisionRow) -> Result<Self> {
        let Some(json) = row.content.as_deref() else {
            let detail = format!("The content of revision {} was redacted.", row.revision);
            return Err(Error::new(Code::Conflict, detail).with("revision", row.revision));
        };
        let pins = match row.state {
            RevisionState::Draft => None,
            _ => Some(row.pins()?),
        };
        let content = serde_json::from_str(json).map_err(Error::internal)?;
        Ok(Self { revision: row.revision, content, pins })
    }
}
