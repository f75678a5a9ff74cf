//! The register of official accounts: where the organisation itself speaks. Everybody may look up whether an
//! account is one of them. Who may post there is read from the register of responsibilities each time, so that
//! nobody keeps a second list.

use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::holder_names::{NamedHolder, named_holders_of_all};
use super::journal::{By, Facts, enter};
use crate::domain::account::Account;
use crate::domain::ids::{AccountId, ResponsibilityId};
use crate::domain::roles::Scope;
use crate::error::{Code, Error, Fault, Result};
use crate::keys::Keys;
use crate::record::Event;
use crate::store::accounts::{self as rows, AccountFilter, AccountRow};
use crate::store::connection::Conn;
use crate::store::responsibilities;
use crate::store::write::WriteTx;

/// An official account as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// The account.
    pub row: AccountRow,
    /// Who holds the responsibility for it now, deputies too; nobody, when that has ended.
    pub holders: Vec<NamedHolder>,
}

/// Enters an account in the register; 409 `already_exists` when it is there, in whatever case it is written, or
/// one that looks the same.
pub fn account_create(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    account: &Account,
) -> Result<AccountId> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    let owner = checked_owner(tx.conn(), context, account, None)?;
    let id = AccountId::generate();
    rows::insert(tx, id, account, owner)?;
    enter(tx, &context.keys, By::Actor(actor), Event::AccountCreated, words(id, account))?;
    Ok(id)
}

/// Replaces what the register says of an account that is still at `version`; 412 when it is not. The same
/// again changes nothing.
pub fn account_update(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: AccountId,
    version: i64,
    account: &Account,
) -> Result<()> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    let row = find_at(tx.conn(), id, version)?;
    let owner = checked_owner(tx.conn(), context, account, Some(&row))?;
    if row.account() == *account {
        return Ok(());
    }
    rows::update(tx, id, version, account, owner)?;
    enter(tx, &context.keys, By::Actor(actor), Event::AccountChanged, words(id, account))?;
    Ok(())
}

/// Takes an account that is still at `version` out of the register; 412 when it is not. What it said stays
/// on record, and its handle may be entered again.
pub fn account_end(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: AccountId,
    version: i64,
) -> Result<()> {
    authentication::authorise(tx, actor, Scope::Publish)?;
    let row = find_at(tx.conn(), id, version)?;
    rows::end(tx, id)?;
    enter(tx, &context.keys, By::Actor(actor), Event::AccountEnded, facts(id, &row.account()))?;
    Ok(())
}

/// One account.
pub fn account_get(conn: &mut Conn, keys: &Keys, id: AccountId) -> Result<AccountView> {
    let row = find(conn, id)?;
    views(conn, keys, vec![row])?.pop().ok_or_else(|| Error::not_found("account"))
}

/// Accounts, newest first, after `after`.
pub fn account_list(
    conn: &mut Conn,
    keys: &Keys,
    filter: &AccountFilter,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<AccountView>> {
    let found = rows::list(conn, filter, after, limit)?;
    views(conn, keys, found)
}

fn views(conn: &mut Conn, keys: &Keys, found: Vec<AccountRow>) -> Result<Vec<AccountView>> {
    let mut owners: Vec<ResponsibilityId> = found.iter().map(|row| row.owner_id).collect();
    owners.sort_unstable();
    owners.dedup();
    let holders = named_holders_of_all(conn, keys, &owners)?;
    let view = |row: AccountRow| {
        let holders = holders.get(&row.owner_id).cloned().unwrap_or_default();
        AccountView { row, holders }
    };
    Ok(found.into_iter().map(view).collect())
}

fn find(conn: &mut Conn, id: AccountId) -> Result<AccountRow> {
    rows::find(conn, id)?.ok_or_else(|| Error::not_found("account"))
}

fn find_at(conn: &mut Conn, id: AccountId, version: i64) -> Result<AccountRow> {
    let row = find(conn, id)?;
    if row.version == version {
        return Ok(row);
    }
    let detail = "The account has changed since it was read: read it again.";
    Err(Error::new(Code::PreconditionFailed, detail))
}

/// The responsibility that is to answer for an account, if nothing is wrong with what is said of it. The one that
/// answered for it `before` may stay when it has ended: to mend another word, nobody has to find a new owner.
fn checked_owner(
    conn: &mut Conn,
    context: &Context,
    account: &Account,
    before: Option<&AccountRow>,
) -> Result<ResponsibilityId> {
    let mut faults = account.faults(&context.channels);
    let stays = before.is_some_and(|before| before.owner == account.owner);
    let owner = responsibilities::find_ever(conn, &account.owner)?;
    let owner = owner.filter(|owner| stays || owner.ended_at.is_none());
    if owner.is_none() {
        let detail = format!("There is no responsibility with the key {}, or it has ended.", account.owner);
        faults.push(Fault::body("/owner", "unknown_responsibility", detail));
    }
    match owner.filter(|_| faults.is_empty()) {
        Some(owner) => Ok(owner.id),
        None => Err(Error::invalid_content(faults)),
    }
}

fn facts(id: AccountId, account: &Account) -> Facts {
    Facts::new()
        .with("account_id", id.to_string())
        .with("channel", account.channel.as_str())
        .with("handle", account.handle.as_str())
}

fn words(id: AccountId, account: &Account) -> Facts {
    facts(id, account)
        .with("url", account.url.as_str())
        .with("owner", account.owner.as_str())
        .with("purpose", account.purpose.as_str())
}
