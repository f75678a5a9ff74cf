//! Revisions: drafts while they are written, frozen from their submission on, and their authors.

use std::collections::HashMap;

use diesel::prelude::*;

use super::backend::{self, NewPin};
use super::connection::Conn;
use super::items;
use super::rechecks;
use super::schema::{items as items_table, revision_authors, revisions};
use super::urgent_publications;
use super::write::WriteTx;
use crate::domain::ids::{Digest, ItemId, Kind, PersonId};
use crate::domain::lifecycle::{Approved, History, RevisionState};
use crate::domain::revision::Pin;
use crate::domain::time::Time;
use crate::error::{Error, Result};

/// The campaign that a revision names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignNamed {
    /// Its key.
    pub campaign: String,
    /// From when until when the revision may be used.
    pub window: (Option<Time>, Option<Time>),
}

/// One revision. `content` and `pins` are JSON as they are digested.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = revisions)]
pub struct RevisionRow {
    /// The item.
    pub item_id: ItemId,
    /// Its number, from 1.
    pub revision: i64,
    /// Its state as stored.
    pub state: RevisionState,
    /// Its content; `None` once redacted.
    pub content: Option<String>,
    /// Its pins; `[]` while it is a draft.
    pub pins: String,
    /// Its digest.
    pub digest: Digest,
    /// Whether it was imported, and so approved without a review.
    pub imported: bool,
    /// When it was begun.
    pub created_at: Time,
    /// When it was frozen.
    pub submitted_at: Option<Time>,
    /// The index of its submission.
    pub submitted_idx: Option<i64>,
    /// When it was approved.
    pub approved_at: Option<Time>,
    /// The index of its approval.
    pub approved_idx: Option<i64>,
    /// When it may first be used.
    pub publish_at: Option<Time>,
    /// When it may no longer be used.
    pub expires_at: Option<Time>,
    /// The entry that redacted it.
    pub redacted_idx: Option<i64>,
    /// When it was redacted.
    pub redacted_at: Option<Time>,
}

impl RevisionRow {
    /// The pins, parsed.
    pub fn pins(&self) -> Result<Vec<Pin>> {
        parse_pins(&self.pins)
    }

    /// What availability needs of it, if it is approved. Whether it was published urgently stands elsewhere.
    pub fn approved(&self) -> Result<Option<Approved>> {
        let (Some(submitted_idx), Some(approved_idx), Some(approved_at)) =
            (self.submitted_idx, self.approved_idx, self.approved_at)
        else {
            return Ok(None);
        };
        Ok(Some(Approved {
            revision: self.revision,
            submitted_idx,
            approved_idx,
            approved_at,
            urgent: None,
            publish_at: self.publish_at,
            expires_at: self.expires_at,
            redacted: self.redacted_at,
            pins: self.pins()?.iter().map(|pin| (pin.id, pin.revision)).collect(),
        }))
    }
}

fn parse_pins(json: &str) -> Result<Vec<Pin>> {
    serde_json::from_str(json).map_err(Error::internal)
}

/// What a draft says.
#[derive(Debug, Clone)]
pub struct DraftText<'a> {
    /// Its content as JSON.
    pub content: &'a str,
    /// Its digest, without pins.
    pub digest: &'a Digest,
    /// When it may first be used.
    pub publish_at: Option<Time>,
    /// When it may no longer be used.
    pub expires_at: Option<Time>,
    /// Its campaign.
    pub campaign: Option<&'a str>,
}

/// What freezing adds to a draft.
#[derive(Debug, Clone)]
pub struct Frozen<'a> {
    /// Its pins as JSON.
    pub pins: &'a str,
    /// Its digest, with pins.
    pub digest: &'a Digest,
    /// The index of the submission.
    pub idx: i64,
}

/// Begins a draft.
pub fn insert_draft(tx: &mut WriteTx<'_>, item: ItemId, revision: i64, text: &DraftText<'_>) -> Result<()> {
    let row = (
        revisions::item_id.eq(item.to_string()),
        revisions::revision.eq(revision),
        revisions::state.eq(RevisionState::Draft.as_str()),
        revisions::content.eq(text.content),
        revisions::pins.eq("[]"),
        revisions::digest.eq(text.digest.as_str()),
        revisions::imported.eq(false),
        revisions::created_at.eq(tx.now().micros()),
        revisions::publish_at.eq(text.publish_at.map(Time::micros)),
        revisions::expires_at.eq(text.expires_at.map(Time::micros)),
        revisions::campaign.eq(text.campaign),
    );
    diesel::insert_into(revisions::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Writes a first revision that is approved as it is imported.
pub fn insert_imported(
    tx: &mut WriteTx<'_>,
    item: ItemId,
    text: &DraftText<'_>,
    frozen: &Frozen<'_>,
) -> Result<()> {
    let now = tx.now().micros();
    let row = (
        revisions::item_id.eq(item.to_string()),
        revisions::revision.eq(1),
        revisions::state.eq(RevisionState::Approved.as_str()),
        revisions::content.eq(text.content),
        revisions::pins.eq(frozen.pins),
        revisions::digest.eq(frozen.digest.as_str()),
        revisions::imported.eq(true),
        revisions::created_at.eq(now),
        revisions::submitted_at.eq(now),
        revisions::submitted_idx.eq(frozen.idx),
        revisions::approved_at.eq(now),
        revisions::approved_idx.eq(frozen.idx),
    );
    diesel::insert_into(revisions::table).values(row).execute(tx.conn())?;
    insert_pins(tx, item, 1, frozen)
}

/// Changes a draft in place.
pub fn update_draft(tx: &mut WriteTx<'_>, item: ItemId, revision: i64, text: &DraftText<'_>) -> Result<()> {
    diesel::update(revisions::table.find((item.to_string(), revision)))
        .set((
            revisions::content.eq(text.content),
            revisions::digest.eq(text.digest.as_str()),
            revisions::publish_at.eq(text.publish_at.map(Time::micros)),
            revisions::expires_at.eq(text.expires_at.map(Time::micros)),
            revisions::campaign.eq(text.campaign),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Freezes a draft: from here on only its state moves.
pub fn freeze(tx: &mut WriteTx<'_>, item: ItemId, revision: i64, frozen: &Frozen<'_>) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(revisions::table.find((item.to_string(), revision)))
        .set((
            revisions::state.eq(RevisionState::InReview.as_str()),
            revisions::pins.eq(frozen.pins),
            revisions::digest.eq(frozen.digest.as_str()),
            revisions::submitted_at.eq(now),
            revisions::submitted_idx.eq(frozen.idx),
        ))
        .execute(tx.conn())?;
    insert_pins(tx, item, revision, frozen)
}

/// Writes the pins once more as rows, from which [`super::uses`] reads: taken from the document itself, so
/// that no revision is frozen without them.
fn insert_pins(tx: &mut WriteTx<'_>, item: ItemId, revision: i64, frozen: &Frozen<'_>) -> Result<()> {
    let row = |pin: Pin| NewPin {
        item_id: item.to_string(),
        revision,
        pinned_id: pin.id.to_string(),
        pinned_revision: pin.revision,
    };
    let rows: Vec<NewPin> = parse_pins(frozen.pins)?.into_iter().map(row).collect();
    backend::insert_pins(tx.conn(), &rows)
}

/// Gives a revision the state that its review led to without an approval. One that was published urgently was
/// approved before its review, and stays so whatever that leads to.
pub fn set_state(tx: &mut WriteTx<'_>, item: ItemId, revision: i64, state: RevisionState) -> Result<()> {
    let under_review = revisions::table
        .find((item.to_string(), revision))
        .filter(revisions::state.eq(RevisionState::InReview.as_str()));
    diesel::update(under_review).set(revisions::state.eq(state.as_str())).execute(tx.conn())?;
    Ok(())
}

/// Approves a revision by the decision, or the urgent publication, that stands at `idx` in the record.
pub fn approve(tx: &mut WriteTx<'_>, item: ItemId, revision: i64, idx: i64) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(revisions::table.find((item.to_string(), revision)))
        .set((
            revisions::state.eq(RevisionState::Approved.as_str()),
            revisions::approved_at.eq(now),
            revisions::approved_idx.eq(idx),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Takes away the content of a revision, by the entry that stands at `idx` in the record (R2).
pub fn redact(tx: &mut WriteTx<'_>, item: ItemId, revision: i64, idx: i64) -> Result<()> {
    let now = tx.now().micros();
    diesel::update(revisions::table.find((item.to_string(), revision)))
        .set((
            revisions::content.eq(None::<String>),
            revisions::redacted_idx.eq(idx),
            revisions::redacted_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// A revision whose content was taken away.
#[derive(Debug, Clone, Queryable)]
pub struct Redaction {
    /// The item.
    pub item_id: ItemId,
    /// The revision.
    pub revision: i64,
    /// The entry that says so.
    pub idx: i64,
    /// When.
    pub at: Time,
}

/// The redacted revisions of these items.
pub fn redactions_of(conn: &mut Conn, ids: &[ItemId]) -> Result<Vec<Redaction>> {
    let mut found = Vec::new();
    for part in ids.chunks(items::IDS_A_QUERY) {
        let rows = revisions::table
            .filter(revisions::item_id.eq_any(part.iter().map(ToString::to_string)))
            .filter(revisions::redacted_idx.is_not_null())
            .select((
                revisions::item_id,
                revisions::revision,
                revisions::redacted_idx.assume_not_null(),
                revisions::redacted_at.assume_not_null(),
            ))
            .load::<Redaction>(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Every revision of an item, by number.
pub fn all_of(conn: &mut Conn, item: ItemId) -> Result<Vec<RevisionRow>> {
    Ok(revisions::table
        .filter(revisions::item_id.eq(item.to_string()))
        .order(revisions::revision.asc())
        .select(RevisionRow::as_select())
        .load(conn)?)
}

/// The contents of some revisions; those that were redacted are missing from the answer.
pub fn contents(conn: &mut Conn, wanted: &[(ItemId, i64)]) -> Result<HashMap<(ItemId, i64), String>> {
    let mut ids: Vec<ItemId> = wanted.iter().map(|(item, _)| *item).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::new();
    for part in ids.chunks(items::IDS_A_QUERY) {
        let rows: Vec<(ItemId, i64, Option<String>)> = revisions::table
            .filter(revisions::item_id.eq_any(part.iter().map(ToString::to_string)))
            .select((revisions::item_id, revisions::revision, revisions::content))
            .load(conn)?;
        let named = rows.into_iter().filter(|(item, revision, _)| wanted.contains(&(*item, *revision)));
        found.extend(named.filter_map(|(item, revision, content)| Some(((item, revision), content?))));
    }
    Ok(found)
}

/// The index of the last submission of each of these items; those that were never submitted are missing.
pub fn last_submissions(conn: &mut Conn, ids: &[ItemId]) -> Result<HashMap<ItemId, i64>> {
    let mut found = HashMap::new();
    for part in ids.chunks(items::IDS_A_QUERY) {
        let rows: Vec<(ItemId, i64)> = revisions::table
            .filter(revisions::item_id.eq_any(part.iter().map(ToString::to_string)))
            .filter(revisions::submitted_idx.is_not_null())
            .order(revisions::submitted_idx.asc())
            .select((revisions::item_id, revisions::submitted_idx.assume_not_null()))
            .load(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// One revision.
pub fn find(conn: &mut Conn, item: ItemId, revision: i64) -> Result<Option<RevisionRow>> {
    Ok(revisions::table
        .find((item.to_string(), revision))
        .select(RevisionRow::as_select())
        .first(conn)
        .optional()?)
}

/// The campaign that a revision names, with the revision's window; nothing where it names none.
pub fn campaign_of(conn: &mut Conn, item: ItemId, revision: i64) -> Result<Option<CampaignNamed>> {
    let found: Option<(Option<String>, Option<Time>, Option<Time>)> = revisions::table
        .find((item.to_string(), revision))
        .select((revisions::campaign, revisions::publish_at, revisions::expires_at))
        .first(conn)
        .optional()?;
    let named = |(campaign, publish_at, expires_at): (Option<String>, _, _)| {
        campaign.map(|campaign| CampaignNamed { campaign, window: (publish_at, expires_at) })
    };
    Ok(found.and_then(named))
}

/// The campaigns that revisions of these items name, of those that name one.
pub fn campaigns_of(conn: &mut Conn, items: &[ItemId]) -> Result<Vec<(ItemId, i64, String)>> {
    Ok(revisions::table
        .filter(revisions::item_id.eq_any(items.iter().map(ToString::to_string)))
        .select((revisions::item_id, revisions::revision, revisions::campaign.assume_not_null()))
        .filter(revisions::campaign.is_not_null())
        .load(conn)?)
}

/// Whether something of this kind is under review that was submitted at the index `idx` or after it.
pub fn is_submitted_since(conn: &mut Conn, kind: Kind, idx: i64) -> Result<bool> {
    // Read by itself, as a join leads a database to read all items of the kind.
    let submitted: Vec<ItemId> = revisions::table
        .filter(revisions::submitted_idx.ge(idx))
        .filter(revisions::state.eq(RevisionState::InReview.as_str()))
        .select(revisions::item_id)
        .load(conn)?;
    Ok(items::find_all(conn, &submitted)?.iter().any(|item| item.kind == kind))
}

/// The content of an item's newest approved revision; nothing where none was approved, or it was redacted.
pub fn newest_approved_content(conn: &mut Conn, item: ItemId) -> Result<Option<String>> {
    let content: Option<Option<String>> = revisions::table
        .filter(revisions::item_id.eq(item.to_string()))
        .filter(revisions::state.eq(RevisionState::Approved.as_str()))
        .order(revisions::revision.desc())
        .select(revisions::content)
        .first(conn)
        .optional()?;
    Ok(content.flatten())
}

/// The approved revisions of these items, by number.
pub fn approved_of(conn: &mut Conn, ids: &[ItemId]) -> Result<Vec<RevisionRow>> {
    let mut rows = Vec::new();
    for part in ids.chunks(items::IDS_A_QUERY) {
        rows.extend(
            revisions::table
                .filter(revisions::item_id.eq_any(part.iter().map(ToString::to_string)))
                .filter(revisions::state.eq(RevisionState::Approved.as_str()))
                .order((revisions::item_id.asc(), revisions::revision.asc()))
                .select(RevisionRow::as_select())
                .load::<RevisionRow>(conn)?,
        );
    }
    Ok(rows)
}

/// What availability is derived from, for each of these items.
pub fn histories(conn: &mut Conn, ids: &[ItemId]) -> Result<HashMap<ItemId, History>> {
    let mut histories: HashMap<ItemId, History> = ids.iter().map(|id| (*id, History::default())).collect();
    for row in approved_of(conn, ids)? {
        let approved = row.approved()?;
        histories.entry(row.item_id).or_default().approved.extend(approved);
    }
    for row in urgent_publications::of_items(conn, ids)? {
        let approved = histories.get_mut(&row.item_id).into_iter().flat_map(|history| &mut history.approved);
        approved.filter(|it| it.revision == row.revision).for_each(|it| it.urgent = Some(row.urgent()));
    }
    for row in items::endings_of(conn, ids)? {
        histories.entry(row.item_id).or_default().endings.push(row.ending());
    }
    for (post, rechecks) in rechecks::of_posts(conn, ids)? {
        histories.entry(post).or_default().rechecks = rechecks;
    }
    Ok(histories)
}

/// What each approved revision of these items pins.
pub fn pins_of(conn: &mut Conn, ids: &[ItemId]) -> Result<HashMap<(ItemId, i64), Vec<Pin>>> {
    let rows: Vec<(ItemId, i64, String)> = revisions::table
        .filter(revisions::item_id.eq_any(ids.iter().map(ToString::to_string)))
        .filter(revisions::approved_idx.is_not_null())
        .select((revisions::item_id, revisions::revision, revisions::pins))
        .load(conn)?;
    rows.into_iter().map(|(item, revision, json)| Ok(((item, revision), parse_pins(&json)?))).collect()
}

/// The newest revision of each of these items.
pub fn working_of(conn: &mut Conn, ids: &[ItemId]) -> Result<HashMap<ItemId, RevisionRow>> {
    let rows: Vec<RevisionRow> = revisions::table
        .inner_join(items_table::table.on(
            items_table::id.eq(revisions::item_id).and(items_table::working_revision.eq(revisions::revision)),
        ))
        .filter(revisions::item_id.eq_any(ids.iter().map(ToString::to_string)))
        .select(RevisionRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.item_id, row)).collect())
}

/// The authors of the newest revision of each of these items.
pub fn working_authors_of(conn: &mut Conn, ids: &[ItemId]) -> Result<HashMap<ItemId, Vec<PersonId>>> {
    let rows: Vec<(ItemId, Option<PersonId>)> = revision_authors::table
        .inner_join(
            items_table::table.on(items_table::id
                .eq(revision_authors::item_id)
                .and(items_table::working_revision.eq(revision_authors::revision))),
        )
        .filter(revision_authors::item_id.eq_any(ids.iter().map(ToString::to_string)))
        .order(revision_authors::person_id.asc())
        .select((revision_authors::item_id, revision_authors::person_id))
        .load(conn)?;
    let mut authors: HashMap<ItemId, Vec<PersonId>> = HashMap::new();
    for (item, person) in rows {
        authors.entry(item).or_default().extend(person);
    }
    Ok(authors)
}

/// The authors of these revisions.
pub fn authors_of(
    conn: &mut Conn,
    wanted: &[(ItemId, i64)],
) -> Result<HashMap<(ItemId, i64), Vec<PersonId>>> {
    let mut authors: HashMap<(ItemId, i64), Vec<PersonId>> = HashMap::new();
    for part in wanted.chunks(items::IDS_A_QUERY) {
        let rows: Vec<(ItemId, i64, Option<PersonId>)> = revision_authors::table
            .filter(revision_authors::item_id.eq_any(part.iter().map(|(item, _)| item.to_string())))
            .order(revision_authors::person_id.asc())
            .select((revision_authors::item_id, revision_authors::revision, revision_authors::person_id))
            .load(conn)?;
        let named = rows.into_iter().filter(|(item, revision, _)| part.contains(&(*item, *revision)));
        named
            .for_each(|(item, revision, person)| authors.entry((item, revision)).or_default().extend(person));
    }
    Ok(authors)
}

/// The authors of a revision.
pub fn authors(conn: &mut Conn, item: ItemId, revision: i64) -> Result<Vec<PersonId>> {
    let persons: Vec<Option<PersonId>> = revision_authors::table
        .filter(revision_authors::item_id.eq(item.to_string()))
        .filter(revision_authors::revision.eq(revision))
        .order(revision_authors::person_id.asc())
        .select(revision_authors::person_id)
        .load(conn)?;
    Ok(persons.into_iter().flatten().collect())
}

/// Makes these persons authors of a draft; who is one already stays one.
pub fn add_authors(tx: &mut WriteTx<'_>, item: ItemId, revision: i64, persons: &[PersonId]) -> Result<()> {
    let present = authors(tx.conn(), item, revision)?;
    for person in persons.iter().filter(|person| !present.contains(person)) {
        let row = (
            revision_authors::item_id.eq(item.to_string()),
            revision_authors::revision.eq(revision),
            revision_authors::person_id.eq(person.to_string()),
        );
        diesel::insert_into(revision_authors::table).values(row).execute(tx.conn())?;
    }
    Ok(())
}
