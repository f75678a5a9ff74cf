//! The register of official accounts: what it said of each, from when until when.

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::{account_versions, accounts, responsibilities};
use super::types::unique_violation;
use super::write::WriteTx;
use crate::domain::account::{Account, folded_handle, look_of_handle};
use crate::domain::channels::ChannelId;
use crate::domain::ids::{AccountId, Key, ResponsibilityId};
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};

/// One account that has not ended, as the register says it now.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct AccountRow {
    /// Its id.
    pub id: AccountId,
    /// Counts its changes; the `ETag`.
    pub version: i64,
    /// The channel that it is on.
    pub channel: String,
    /// Its name there.
    pub handle: String,
    /// Where it is found.
    pub url: String,
    /// What it is for.
    pub purpose: String,
    /// The responsibility whose holders answer for it.
    pub owner_id: ResponsibilityId,
    /// The key of that responsibility.
    pub owner: Key,
    /// When that responsibility ended, if it has.
    pub owner_ended_at: Option<Time>,
    /// When the account was entered in the register.
    pub created_at: Time,
}

impl AccountRow {
    /// What the register says of it.
    pub fn account(&self) -> Account {
        Account {
            channel: ChannelId::from(self.channel.as_str()),
            handle: self.handle.clone(),
            url: self.url.clone(),
            owner: self.owner.clone(),
            purpose: self.purpose.clone(),
        }
    }
}

/// What a list of accounts is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// The channel.
    pub channel: Option<ChannelId>,
    /// The handle, folded.
    pub folded_handle: Option<String>,
}

/// Enters a new account, of a responsibility that is there.
pub fn insert(tx: &mut WriteTx<'_>, id: AccountId, account: &Account, owner: ResponsibilityId) -> Result<()> {
    let row = (accounts::id.eq(id.to_string()), accounts::created_at.eq(tx.now().micros()));
    diesel::insert_into(accounts::table).values(row).execute(tx.conn())?;
    insert_version(tx, id, 1, account, owner)
}

/// Closes what an account said at `version`, and says this from now on. The caller compared the version,
/// under the lock that this transaction holds.
pub fn update(
    tx: &mut WriteTx<'_>,
    id: AccountId,
    version: i64,
    account: &Account,
    owner: ResponsibilityId,
) -> Result<()> {
    end(tx, id)?;
    insert_version(tx, id, version + 1, account, owner)
}

/// Ends an account now.
pub fn end(tx: &mut WriteTx<'_>, id: AccountId) -> Result<()> {
    let now = tx.now().micros();
    let open = account_versions::table
        .filter(account_versions::account_id.eq(id.to_string()))
        .filter(account_versions::until_at.is_null());
    diesel::update(open).set(account_versions::until_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

fn insert_version(
    tx: &mut WriteTx<'_>,
    id: AccountId,
    version: i64,
    account: &Account,
    owner: ResponsibilityId,
) -> Result<()> {
    let row = (
        account_versions::account_id.eq(id.to_string()),
        account_versions::version.eq(version),
        account_versions::channel.eq(account.channel.as_str()),
        account_versions::handle.eq(&account.handle),
        account_versions::folded_handle.eq(folded_handle(&account.handle)),
        account_versions::handle_look.eq(look_of_handle(&account.handle)),
        account_versions::url.eq(&account.url),
        account_versions::owner_id.eq(owner.to_string()),
        account_versions::purpose.eq(&account.purpose),
        account_versions::from_at.eq(tx.now().micros()),
    );
    diesel::insert_into(account_versions::table).values(row).execute(tx.conn()).map_err(|error| {
        unique_violation(error, || {
            let detail =
                "An official account on this channel has this handle already, or one that looks the same.";
            let fault = Fault::body("/handle", "taken", detail);
            Error::new(Code::AlreadyExists, detail).fault(fault)
        })
    })?;
    Ok(())
}

/// An account that has not ended.
pub fn find(conn: &mut Conn, id: AccountId) -> Result<Option<AccountRow>> {
    let found = select(conn, &AccountFilter::default(), Some(id), None, 1)?;
    Ok(found.into_iter().next())
}

/// The accounts that have not ended, newest first, after `after`.
pub fn list(
    conn: &mut Conn,
    filter: &AccountFilter,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<AccountRow>> {
    select(conn, filter, None, after, limit)
}

/// The accounts that have not ended for which this responsibility answers.
pub fn owned_by(conn: &mut Conn, owner: ResponsibilityId) -> Result<Vec<AccountId>> {
    Ok(account_versions::table
        .filter(account_versions::owner_id.eq(owner.to_string()))
        .filter(account_versions::until_at.is_null())
        .order(account_versions::account_id.asc())
        .select(account_versions::account_id)
        .load(conn)?)
}

fn select(
    conn: &mut Conn,
    filter: &AccountFilter,
    only: Option<AccountId>,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<AccountRow>> {
    let mut query = account_versions::table
        .inner_join(accounts::table.on(accounts::id.eq(account_versions::account_id)))
        .inner_join(responsibilities::table.on(responsibilities::id.eq(account_versions::owner_id)))
        .filter(account_versions::until_at.is_null())
        .order(account_versions::account_id.desc())
        .limit(limit)
        .select((
            account_versions::account_id,
            account_versions::version,
            account_versions::channel,
            account_versions::handle,
            account_versions::url,
            account_versions::purpose,
            account_versions::owner_id,
            responsibilities::key,
            responsibilities::ended_at,
            accounts::created_at,
        ))
        .into_boxed();
    if let Some(id) = only {
        query = query.filter(account_versions::account_id.eq(id.to_string()));
    }
    if let Some(channel) = &filter.channel {
        query = query.filter(account_versions::channel.eq(channel.as_str().to_owned()));
    }
    if let Some(handle) = &filter.folded_handle {
        query = query.filter(account_versions::folded_handle.eq(handle.clone()));
    }
    if let Some(after) = after {
        query = query.filter(account_versions::account_id.lt(after.to_string()));
    }
    Ok(query.load(conn)?)
}
