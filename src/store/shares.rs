//! Shares: kits that were issued, and the outcomes that were reported of them.

use diesel::prelude::*;

use super::backend;
use super::connection::Conn;
use super::schema::{share_outcomes, shares};
use super::write::WriteTx;
use crate::domain::ids::{ClientId, Digest, ItemId, Key, Kind, PersonId, ShareId};
use crate::domain::share::{Outcome, ShareState};
use crate::domain::time::Time;
use crate::error::Result;

/// One share. `parts` and `disclaimers` are JSON; the text itself is sealed in the record at `idx`.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = shares)]
pub struct ShareRow {
    /// Its id.
    pub id: ShareId,
    /// The index of its entry.
    pub idx: i64,
    /// The item shared.
    pub item_id: ItemId,
    /// What the item is.
    pub kind: Kind,
    /// The revision shared.
    pub revision: i64,
    /// Its digest.
    pub digest: Digest,
    /// Who shares; `None` once erased.
    pub person_id: Option<PersonId>,
    /// The client through which it was asked for.
    pub client_id: Option<ClientId>,
    /// Where.
    pub channel: String,
    /// In which language.
    pub language: String,
    /// Which copy.
    pub copy_id: String,
    /// Its state as stored.
    pub state: ShareState,
    /// The parts of the text: role, length in bytes, source.
    pub parts: String,
    /// The disclaimers in the text.
    pub disclaimers: String,
    /// The link in the text.
    pub link: Option<String>,
    /// The headline, for channels that have one.
    pub headline: Option<String>,
    /// The address that opens the channel's composer, before its values are filled in.
    pub intent_template: Option<String>,
    /// How the kit reaches the channel.
    pub delivery: String,
    /// Whether the text must be pasted.
    pub must_paste: bool,
    /// The fingerprint of channels, organisation and rules in force.
    pub rules_digest: Digest,
    /// When it was issued.
    pub issued_at: Time,
    /// When it lapses without an outcome.
    pub lapses_at: Time,
    /// The images that went with it, without their words.
    pub images: String,
    /// The campaign of its post.
    pub campaign: Option<Key>,
}

/// Writes shares, many to a statement.
pub fn insert_all(tx: &mut WriteTx<'_>, rows: &[ShareRow]) -> Result<()> {
    let new: Vec<backend::NewShare<'_>> = rows.iter().map(new_share).collect();
    backend::insert_shares(tx.conn(), &new)
}

fn new_share(row: &ShareRow) -> backend::NewShare<'_> {
    backend::NewShare {
        id: row.id.to_string(),
        idx: row.idx,
        item_id: row.item_id.to_string(),
        kind: row.kind.as_str(),
        revision: row.revision,
        digest: row.digest.as_str(),
        person_id: row.person_id.map(|id| id.to_string()),
        client_id: row.client_id.map(|id| id.to_string()),
        channel: &row.channel,
        language: &row.language,
        copy_id: &row.copy_id,
        state: row.state.as_str(),
        parts: &row.parts,
        disclaimers: &row.disclaimers,
        link: row.link.as_deref(),
        headline: row.headline.as_deref(),
        intent_template: row.intent_template.as_deref(),
        delivery: &row.delivery,
        must_paste: row.must_paste,
        rules_digest: row.rules_digest.as_str(),
        issued_at: row.issued_at.micros(),
        lapses_at: row.lapses_at.micros(),
        images: &row.images,
        campaign: row.campaign.as_ref().map(Key::as_str),
    }
}

/// One share.
pub fn find(conn: &mut Conn, id: ShareId) -> Result<Option<ShareRow>> {
    Ok(shares::table.find(id.to_string()).select(ShareRow::as_select()).first(conn).optional()?)
}

/// What a list of shares is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct ShareFilter {
    /// Whose.
    pub person: Option<PersonId>,
    /// Of which item.
    pub item: Option<ItemId>,
    /// On which channel.
    pub channel: Option<String>,
    /// In which stored state.
    pub state: Option<ShareState>,
    /// Issued not before.
    pub from: Option<Time>,
    /// Issued before.
    pub to: Option<Time>,
}

/// Shares, newest first, below index `below`.
pub fn list(conn: &mut Conn, filter: &ShareFilter, below: Option<i64>, limit: i64) -> Result<Vec<ShareRow>> {
    let mut query =
        shares::table.select(ShareRow::as_select()).order(shares::idx.desc()).limit(limit).into_boxed();
    if let Some(person) = filter.person {
        query = query.filter(shares::person_id.eq(person.to_string()));
    }
    if let Some(item) = filter.item {
        query = query.filter(shares::item_id.eq(item.to_string()));
    }
    if let Some(channel) = &filter.channel {
        query = query.filter(shares::channel.eq(channel.clone()));
    }
    if let Some(state) = filter.state {
        query = query.filter(shares::state.eq(state.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(shares::issued_at.ge(from.micros()));
    }
    if let Some(to) = filter.to {
        query = query.filter(shares::issued_at.lt(to.micros()));
    }
    if let Some(below) = below {
        query = query.filter(shares::idx.lt(below));
    }
    Ok(query.load(conn)?)
}

/// An outcome that was reported.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = share_outcomes)]
pub struct OutcomeRow {
    /// The index of its entry.
    pub idx: i64,
    /// The share.
    pub share_id: ShareId,
    /// What was reported.
    pub result: Outcome,
    /// Whether a confirmation came after the share had lapsed or was void.
    pub late: bool,
    /// Whether the text was to be pasted and nobody said what was posted.
    pub unverified: bool,
    /// When it was reported.
    pub reported_at: Time,
}

/// Writes an outcome that stands at its index in the record, and gives the share its state.
pub fn insert_outcome(tx: &mut WriteTx<'_>, row: &OutcomeRow, client: Option<ClientId>) -> Result<()> {
    let values = (
        share_outcomes::idx.eq(row.idx),
        share_outcomes::share_id.eq(row.share_id.to_string()),
        share_outcomes::result.eq(row.result.as_str()),
        share_outcomes::late.eq(row.late),
        share_outcomes::unverified.eq(row.unverified),
        share_outcomes::client_id.eq(client.map(|id| id.to_string())),
        share_outcomes::reported_at.eq(row.reported_at.micros()),
    );
    diesel::insert_into(share_outcomes::table).values(values).execute(tx.conn())?;
    diesel::update(shares::table.find(row.share_id.to_string()))
        .set(shares::state.eq(row.result.as_str()))
        .execute(tx.conn())?;
    Ok(())
}

/// The outcomes of these shares, in the order in which they were reported.
pub fn outcomes_of(conn: &mut Conn, ids: &[ShareId]) -> Result<Vec<OutcomeRow>> {
    Ok(share_outcomes::table
        .filter(share_outcomes::share_id.eq_any(ids.iter().map(ToString::to_string)))
        .order(share_outcomes::idx.asc())
        .select(OutcomeRow::as_select())
        .load(conn)?)
}
