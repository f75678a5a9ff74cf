//! Delegations: handing one's own work to a deputy for some days.

use super::actor::Actor;
use super::announcements;
use super::authentication;
use super::context::Context;
use super::journal::{self, By, Facts};
use crate::domain::delegation::{DAYS_MAX, Delegation, between};
use crate::domain::ids::{DelegationId, Kind, PersonId};
use crate::domain::roles::Scope;
use crate::domain::time::{Day, Time};
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::delegations::{self, DelegationRow};
use crate::store::reviewers;
use crate::store::write::WriteTx;

/// Work that somebody hands to a deputy.
#[derive(Debug, Clone)]
pub struct Delegate {
    /// The deputy.
    pub to: PersonId,
    /// The first day, in UTC.
    pub from_date: Day,
    /// The last day, in UTC.
    pub until_date: Day,
    /// Of which kinds; empty = of all.
    pub kinds: Vec<Kind>,
}

/// Hands the caller's own work to a deputy, who must be able to decide. For the same work there is one deputy
/// at a time.
pub fn delegation_create(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &Delegate,
) -> Result<DelegationId> {
    let from = actor.person()?;
    authentication::authorise(tx, actor, Scope::Review)?;
    let delegation = checked(tx, from, command)?;
    let now = tx.now();
    for (other, given) in delegations::given(tx.conn(), from, now)? {
        if given.overlaps(&delegation) {
            let detail = "You have handed this work to somebody for some of these days: end that first.";
            return Err(Error::new(Code::Conflict, detail).with("delegation_id", other.to_string()));
        }
    }
    let id = DelegationId::generate();
    let kinds: Vec<&str> = delegation.kinds.iter().map(|kind| kind.as_str()).collect();
    let facts = Facts::new()
        .with("delegation_id", id.to_string())
        .with("kinds", kinds)
        .with("from", delegation.from_at.to_string())
        .with("until", delegation.until_at.to_string())
        .about(from, "from_person", from.to_string())
        .about(delegation.to, "to_person", delegation.to.to_string());
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::DelegationBegun, facts)?;
    delegations::insert(tx, id, &delegation, receipt.index)?;
    announcements::delegated(tx, id, &delegation)?;
    Ok(id)
}

fn checked(tx: &mut WriteTx<'_>, from: PersonId, command: &Delegate) -> Result<Delegation> {
    let mut faults = Vec::new();
    let mut fault = |pointer: &str, code, detail: &str| faults.push(Fault::body(pointer, code, detail));
    let now = tx.now();
    let days = between(command.from_date, command.until_date);
    match days {
        None => fault("/until_date", "before_the_first", "The last day is before the first."),
        Some((_, until)) if until <= now => fault("/until_date", "past", "These days are over."),
        Some(_) if command.from_date.days_until(command.until_date) >= DAYS_MAX => {
            fault("/until_date", "too_long", "A delegation has at most 366 days.");
        }
        Some(_) => {}
    }
    if command.to == from {
        fault("/to", "oneself", "Nobody is their own deputy.");
    } else if !reviewers::may_decide(tx.conn(), command.to)? {
        fault("/to", "cannot_decide", "The deputy must be an active person who may decide in reviews.");
    }
    let (Some((from_at, until_at)), true) = (days, faults.is_empty()) else {
        return Err(Error::invalid_content(faults));
    };
    let mut kinds = command.kinds.clone();
    kinds.sort_unstable();
    kinds.dedup();
    Ok(Delegation { from, to: command.to, kinds, from_at, until_at })
}

/// Ends a delegation before its time: whoever gave it, or who administers workflows. One that is over stays
/// as it is.
pub fn delegation_end(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: DelegationId,
) -> Result<()> {
    let confirmed = authentication::confirm(tx, actor)?;
    let row = delegations::find(tx.conn(), id)?.filter(|row| may_see(&confirmed, row));
    let row = row.ok_or_else(|| Error::not_found("delegation"))?;
    if row.person_id != actor.person && !confirmed.scopes.contains(Scope::Workflows) {
        return Err(Error::new(
            Code::Forbidden,
            "Whoever handed the work over ends it, or an administrator.",
        ));
    }
    if row.ended_at.is_some() || row.until_at <= tx.now() {
        return Ok(());
    }
    let facts = Facts::new().with("delegation_id", id.to_string());
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::DelegationEnded, facts)?;
    delegations::end(tx, id, receipt.index)
}

/// Whether a delegation is one's own, given or got, or the caller administers workflows.
fn may_see(actor: &Actor, row: &DelegationRow) -> bool {
    let is_own = actor.person.is_some() && [row.person_id, row.deputy_id].contains(&actor.person);
    is_own || actor.scopes.contains(Scope::Workflows)
}

/// One delegation that the caller may see.
pub fn delegation_get(conn: &mut Conn, actor: &Actor, id: DelegationId) -> Result<DelegationRow> {
    let row = delegations::find(conn, id)?.filter(|row| may_see(actor, row));
    row.ok_or_else(|| Error::not_found("delegation"))
}

/// What a person gave and what is not over yet.
pub fn delegations_given(conn: &mut Conn, person: PersonId, now: Time) -> Result<Vec<DelegationId>> {
    Ok(delegations::given(conn, person, now)?.into_iter().map(|(id, _)| id).collect())
}

/// The caller's delegations, given and got; everybody's for who administers workflows.
pub fn delegation_list(
    conn: &mut Conn,
    actor: &Actor,
    everybody: bool,
    after: Option<DelegationId>,
    limit: i64,
) -> Result<Vec<DelegationRow>> {
    if everybody {
        actor.require(Scope::Workflows)?;
        return delegations::list(conn, None, after, limit);
    }
    delegations::list(conn, Some(actor.person()?), after, limit)
}
