//! Posts that employees proposed, as they were sent, and how they were closed. What authors make of them is the
//! content of their items.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::connection::Conn;
use super::schema::{items, post_proposals, revisions};
use super::write::WriteTx;
use crate::domain::ids::{ItemId, PersonId, ProposalId};
use crate::domain::lifecycle::RevisionState;
use crate::domain::proposal::{Closing, OPEN};
use crate::domain::time::Time;
use crate::error::Result;

/// One proposal.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = post_proposals)]
pub struct ProposalRow {
    /// Its id.
    pub id: ProposalId,
    /// The post that it became.
    pub item_id: ItemId,
    /// Who proposed it; `None` once erased.
    pub person_id: Option<PersonId>,
    /// All that they proposed, sealed under their key; `None` once erased.
    pub words: Option<Vec<u8>>,
    /// When.
    pub created_at: Time,
    /// How it was closed last, if it was.
    pub closed_as: Option<Closing>,
    /// When that was.
    pub closed_at: Option<Time>,
    /// The index of that in the record.
    pub closed_idx: Option<i64>,
    /// Why an author declined it, if that is how it was closed.
    pub declined_reason: Option<String>,
    /// Why they took it back, if that is how it was closed and they said so, sealed under their key.
    pub withdrawn_reason: Option<Vec<u8>>,
}

/// A proposal that nobody has answered yet.
#[derive(Debug)]
pub struct NewProposal {
    /// Its id.
    pub id: ProposalId,
    /// The post that it became.
    pub item: ItemId,
    /// Who proposes it.
    pub person: PersonId,
    /// All that they propose, sealed under their key.
    pub words: Vec<u8>,
    /// Its index in the record.
    pub idx: i64,
}

/// What a list of proposals is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProposalFilter {
    /// Who proposed them.
    pub person: Option<PersonId>,
    /// Whether it is still open what becomes of them.
    pub open: Option<bool>,
}

/// Writes a proposal that stands at its index in the record.
pub fn insert(tx: &mut WriteTx<'_>, proposal: NewProposal) -> Result<()> {
    let values = (
        post_proposals::id.eq(proposal.id.to_string()),
        post_proposals::item_id.eq(proposal.item.to_string()),
        post_proposals::person_id.eq(proposal.person.to_string()),
        post_proposals::words.eq(proposal.words),
        post_proposals::created_at.eq(tx.now().micros()),
        post_proposals::idx.eq(proposal.idx),
    );
    diesel::insert_into(post_proposals::table).values(values).execute(tx.conn())?;
    Ok(())
}

/// Says that an author declined a proposal, by the entry at `idx`.
pub fn decline(tx: &mut WriteTx<'_>, id: ProposalId, person: PersonId, reason: &str, idx: i64) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(post_proposals::table.find(id.to_string()))
        .set((
            post_proposals::closed_as.eq(Closing::Declined.as_str()),
            post_proposals::closed_at.eq(now),
            post_proposals::closed_idx.eq(idx),
            post_proposals::declined_by.eq(person.to_string()),
            post_proposals::declined_reason.eq(reason),
            post_proposals::withdrawn_reason.eq(None::<Vec<u8>>),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Says that whoever made a proposal took it back, by the entry at `idx`. Their reason is sealed.
pub fn withdraw(tx: &mut WriteTx<'_>, id: ProposalId, reason: Option<Vec<u8>>, idx: i64) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(post_proposals::table.find(id.to_string()))
        .set((
            post_proposals::closed_as.eq(Closing::Withdrawn.as_str()),
            post_proposals::closed_at.eq(now),
            post_proposals::closed_idx.eq(idx),
            post_proposals::declined_by.eq(None::<String>),
            post_proposals::declined_reason.eq(None::<String>),
            post_proposals::withdrawn_reason.eq(reason),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// One proposal.
pub fn find(conn: &mut Conn, id: ProposalId) -> Result<Option<ProposalRow>> {
    Ok(post_proposals::table.find(id.to_string()).select(ProposalRow::as_select()).first(conn).optional()?)
}

/// The proposal that a post was made of, if it was.
pub fn find_of(conn: &mut Conn, item: ItemId) -> Result<Option<ProposalRow>> {
    Ok(post_proposals::table
        .filter(post_proposals::item_id.eq(item.to_string()))
        .select(ProposalRow::as_select())
        .first(conn)
        .optional()?)
}

/// Proposals, newest first, after `after`.
pub fn list(
    conn: &mut Conn,
    filter: ProposalFilter,
    after: Option<ProposalId>,
    limit: i64,
) -> Result<Vec<ProposalRow>> {
    let mut query = post_proposals::table
        .select(ProposalRow::as_select())
        .order(post_proposals::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(person) = filter.person {
        query = query.filter(post_proposals::person_id.eq(person.to_string()));
    }
    if let Some(after) = after {
        query = query.filter(post_proposals::id.lt(after.to_string()));
    }
    if let Some(open) = filter.open {
        let newest =
            items::table
                .inner_join(revisions::table.on(
                    revisions::item_id.eq(items::id).and(revisions::revision.eq(items::working_revision)),
                ))
                .filter(items::id.eq(post_proposals::item_id))
                .filter(revisions::state.eq_any(OPEN.map(RevisionState::as_str)));
        let approved = diesel::alias!(revisions as approved);
        let approved = approved
            .filter(approved.field(revisions::item_id).eq(post_proposals::item_id))
            .filter(approved.field(revisions::approved_idx).is_not_null());
        // The same as `Closing::holds`: a later submission opens it again.
        let later = diesel::alias!(revisions as later);
        let later = later
            .filter(later.field(revisions::item_id).eq(post_proposals::item_id))
            .filter(later.field(revisions::submitted_idx).gt(post_proposals::closed_idx));
        let is_closed = post_proposals::closed_at.is_not_null().and(not(exists(later)));
        let is_open = not(is_closed).and(exists(newest)).and(not(exists(approved)));
        // Compared as one value, so that proposals are read in their order, and each looked at by itself.
        query = query.filter(is_open.eq(open));
    }
    Ok(query.load(conn)?)
}

/// Whether a person has `many` proposals of which it is open what becomes of them.
pub fn has_open(conn: &mut Conn, person: PersonId, many: usize) -> Result<bool> {
    let filter = ProposalFilter { person: Some(person), open: Some(true) };
    Ok(list(conn, filter, None, i64::try_from(many).unwrap_or(i64::MAX))?.len() >= many)
}
