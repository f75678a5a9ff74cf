//! Freezing: stopping all sharing, or that of one channel, for a while.

use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::journal::{self, By, Facts};
use crate::domain::channels::ChannelId;
use crate::domain::ids::FreezeId;
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::freezes::{self, FreezeRow};
use crate::store::write::WriteTx;

/// A freeze that somebody wants to begin.
#[derive(Debug, Clone)]
pub struct FreezeCreate {
    /// The channel to stop; everything when absent.
    pub channel: Option<ChannelId>,
    /// Why.
    pub reason: String,
    /// Until when at the latest.
    pub until: Time,
}

/// Begins a freeze.
pub fn freeze_create(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &FreezeCreate,
) -> Result<FreezeId> {
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::Publish)?;
    let mut faults = Vec::new();
    if command.until <= tx.now() {
        faults.push(Fault::body("/until", "past", "A freeze ends in the future."));
    }
    if let Some(channel) = command.channel.as_ref().filter(|id| context.channels.get(id).is_none()) {
        let detail = format!("There is no channel {channel}.");
        faults.push(Fault::body("/scope/channel", "unknown_channel", detail));
    }
    if !faults.is_empty() {
        return Err(Error::invalid_content(faults));
    }
    let id = FreezeId::generate();
    let channel = command.channel.as_ref().map(ChannelId::as_str);
    let facts = Facts::new()
        .with("freeze_id", id.to_string())
        .with_some("channel", channel)
        .with("reason", command.reason.as_str())
        .with("until", command.until.to_string());
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::FreezeBegun, facts)?;
    freezes::insert(tx, id, channel, &command.reason, command.until, person, receipt.index)?;
    tx.move_content();
    Ok(id)
}

/// Ends a freeze before its time. One that has ended stays as it is.
pub fn freeze_end(tx: &mut WriteTx<'_>, context: &Context, actor: &Actor, id: FreezeId) -> Result<()> {
    actor.person()?;
    authentication::authorise(tx, actor, Scope::Publish)?;
    let freeze = freeze_get(tx.conn(), id)?;
    if !freeze.holds(tx.now()) {
        return Ok(());
    }
    let facts = Facts::new().with("freeze_id", id.to_string());
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::FreezeEnded, facts)?;
    freezes::end(tx, id, receipt.index)?;
    tx.move_content();
    Ok(())
}

/// One freeze.
pub fn freeze_get(conn: &mut Conn, id: FreezeId) -> Result<FreezeRow> {
    freezes::find(conn, id)?.ok_or_else(|| Error::not_found("freeze"))
}

/// One page of freezes, newest first.
pub fn freeze_list(conn: &mut Conn, after: Option<FreezeId>, limit: usize) -> Result<Vec<FreezeRow>> {
    freezes::list(conn, after, i64::try_from(limit).unwrap_or(i64::MAX))
}
