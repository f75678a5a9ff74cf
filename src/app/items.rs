//! Items of every kind: making them and writing drafts.
//!
//! One lifecycle serves all kinds; what differs between them is in `domain::content`.

use super::actor::Actor;
use super::announcements;
use super::authentication;
use super::context::Context;
use super::groups::unknown_groups;
use super::journal::{self, By, Facts};
use super::register_keys::unknown_in_content;
use super::stages;
use super::urgent::is_unreviewed;
use crate::domain::content::{Content, Guideline};
use crate::domain::ids::{Digest, ItemId, Key, Kind, PersonId, ReviewId};
use crate::domain::lifecycle::{Edit, RevisionState, edit};
use crate::domain::review::ReviewState;
use crate::domain::revision::document;
use crate::domain::roles::Scope;
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::items::{self as item_rows, ItemRow};
use crate::store::reviews as review_rows;
use crate::store::revisions::{self, DraftText, RevisionRow};
use crate::store::write::WriteTx;

/// Rows that a list with a derived filter reads at once.
pub(super) const BATCH: usize = 100;

/// Makes an item with its first draft.
pub fn item_create(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    key: Option<&Key>,
    content: &Content,
) -> Result<ItemId> {
    let id = ItemId::generate();
    insert(tx, context, actor, id, key, content)?;
    Ok(id)
}

/// The same with an id that was chosen before.
pub(super) fn insert(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: ItemId,
    key: Option<&Key>,
    content: &Content,
) -> Result<()> {
    let author = actor.person()?;
    authentication::authorise(tx, actor, Scope::ContentWrite)?;
    insert_authorised(tx, context, author, id, key, content)
}

/// The same by an author who was authorised in this transaction.
pub(super) fn insert_authorised(
    tx: &mut WriteTx<'_>,
    context: &Context,
    author: PersonId,
    id: ItemId,
    key: Option<&Key>,
    content: &Content,
) -> Result<()> {
    check_content(tx.conn(), context, None, content)?;
    item_rows::insert(tx, id, content.kind(), key, Some(author))?;
    begin_draft(tx, id, key, 1, content, &[author])
}

/// Refuses a save of what somebody else saved meanwhile.
pub(super) fn saved_since(item: &ItemRow) -> Error {
    Error::new(Code::PreconditionFailed, "Somebody saved this item since you read it.")
        .with("version", item.version)
}

/// What saving a draft did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The review that the save withdrew (R6).
    pub withdrew: Option<ReviewId>,
}

/// Saves a draft. Identical content changes nothing; editing what is frozen opens the next revision.
pub fn draft_put(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: ItemId,
    version: i64,
    content: &Content,
) -> Result<Saved> {
    let editor = actor.person()?;
    authentication::authorise(tx, actor, Scope::ContentWrite)?;
    let item = find(tx.conn(), content.kind(), id)?;
    if item.version != version {
        return Err(saved_since(&item));
    }
    save(tx, context, actor, &item, content, &[editor])
}

/// Saves what `editors` made of an item that was just read; all of them become authors.
pub(super) fn save(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    item: &ItemRow,
    content: &Content,
    editors: &[PersonId],
) -> Result<Saved> {
    let working = working_revision(tx.conn(), item)?;
    if working.content.as_deref() == Some(content.to_json()?.as_str()) {
        return Ok(Saved { withdrew: None });
    }
    check_content(tx.conn(), context, Some(item.id), content)?;
    item_rows::claim(tx, item.id, item.version)?;
    let key = item.key.as_ref();
    let mut withdrew = None;
    let effect = match edit(working.state) {
        // Nobody but its authors has looked at it yet, so they stay authors (R3).
        Edit::OpensNextAfresh if is_unreviewed(tx.conn(), item.id, working.revision)? => Edit::OpensNext,
        effect => effect,
    };
    match effect {
        Edit::ChangesDraft => {
            let (json, digest) = stored(item.id, key, working.revision, content)?;
            revisions::update_draft(tx, item.id, working.revision, &draft_text(content, &json, &digest))?;
            revisions::add_authors(tx, item.id, working.revision, editors)?;
        }
        Edit::OpensNextAfresh => {
            begin_draft(tx, item.id, key, working.revision + 1, content, editors)?;
        }
        Edit::OpensNext => open_next(tx, item, &working, content, editors)?,
        Edit::OpensNextAndWithdraws => {
            withdrew = withdraw_review(tx, context, actor, item, working.revision, "edited")?;
            open_next(tx, item, &working, content, editors)?;
        }
    }
    Ok(Saved { withdrew })
}

/// Opens the next revision with the authors so far and `editors`.
pub(super) fn open_next(
    tx: &mut WriteTx<'_>,
    item: &ItemRow,
    working: &RevisionRow,
    content: &Content,
    editors: &[PersonId],
) -> Result<()> {
    let mut authors = revisions::authors(tx.conn(), item.id, working.revision)?;
    authors.extend(editors);
    authors.sort_unstable();
    authors.dedup();
    begin_draft(tx, item.id, item.key.as_ref(), working.revision + 1, content, &authors)
}

/// Withdraws the open review of a revision, and answers it.
pub(super) fn withdraw_review(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    item: &ItemRow,
    revision: i64,
    why: &'static str,
) -> Result<Option<ReviewId>> {
    let Some(review) = review_rows::find_of(tx.conn(), item.id, revision)? else { return Ok(None) };
    if review.state != ReviewState::Open {
        return Ok(None);
    }
    let run = stages::reread(tx.conn(), review.id)?;
    announcements::review_withdrawn(tx, &run, why)?;
    review_rows::close(tx, review.id, ReviewState::Withdrawn)?;
    revisions::set_state(tx, item.id, revision, RevisionState::Withdrawn)?;
    let facts = revision_facts(item, revision, &review.digest)
        .with("review_id", review.id.to_string())
        .with("reason", why);
    journal::enter(tx, &context.keys, By::Actor(actor), Event::RevisionWithdrawn, facts)?;
    Ok(Some(review.id))
}

/// The facts that name a revision in an entry.
pub(super) fn revision_facts(item: &ItemRow, revision: i64, digest: &Digest) -> Facts {
    Facts::new()
        .with("kind", item.kind.as_str())
        .with("item_id", item.id.to_string())
        .with_some("key", item.key.as_ref().map(Key::as_str))
        .with("revision", revision)
        .with("digest", digest.as_str())
}

fn begin_draft(
    tx: &mut WriteTx<'_>,
    id: ItemId,
    key: Option<&Key>,
    revision: i64,
    content: &Content,
    authors: &[PersonId],
) -> Result<()> {
    let (json, digest) = stored(id, key, revision, content)?;
    revisions::insert_draft(tx, id, revision, &draft_text(content, &json, &digest))?;
    revisions::add_authors(tx, id, revision, authors)?;
    item_rows::set_working_revision(tx, id, revision)
}

/// A draft's stored content and digest: it has no pins.
fn stored(id: ItemId, key: Option<&Key>, revision: i64, content: &Content) -> Result<(String, Digest)> {
    let (_, digest) = document(id, key, revision, content, &[])?;
    Ok((content.to_json()?, digest))
}

fn draft_text<'a>(content: &'a Content, json: &'a str, digest: &'a Digest) -> DraftText<'a> {
    let (publish_at, expires_at) = content.window();
    DraftText { content: json, digest, publish_at, expires_at, campaign: content.campaign() }
}

/// Refuses content of an item that is wrong by itself, or refers to what does not exist; `item` is absent while it
/// is being made.
pub(super) fn check_content(
    conn: &mut Conn,
    context: &Context,
    item: Option<ItemId>,
    content: &Content,
) -> Result<()> {
    let mut faults = content.faults(&context.channels, &context.links);
    let references = content.references();
    for (kind, member, keys) in [
        (Kind::Hashtag, "hashtags", &references.hashtags),
        (Kind::Disclaimer, content.disclaimers_member(), &references.disclaimers),
    ] {
        let known = item_rows::find_keys(conn, kind, keys)?;
        for (at, key) in keys.iter().enumerate().filter(|(_, key)| !known.contains_key(key)) {
            let detail = format!("There is no {kind} with the key {key}.");
            faults.push(Fault::body(format!("/content/{member}/{at}"), "unknown_key", detail));
        }
    }
    if let Some(audience) = content.audience() {
        faults.extend(unknown_groups(conn, "/content/audience/groups", &audience.groups)?);
    }
    faults.extend(unknown_in_content(conn, item, content)?);
    let unknown_image = |(at, id): (usize, &ItemId)| {
        let detail = format!("There is no image {id}.");
        Fault::body(format!("/content/images/{at}"), "unknown_image", detail)
    };
    let known: Vec<ItemId> = item_rows::find_all(conn, &references.images)?
        .into_iter()
        .filter_map(|item| (item.kind == Kind::Image).then_some(item.id))
        .collect();
    let named = references.images.iter().enumerate().filter(|(_, id)| !known.contains(id));
    let images: Vec<Fault> = named.map(unknown_image).collect();
    if faults.is_empty() && images.is_empty() {
        return Ok(());
    }
    if faults.is_empty() {
        return Err(
            Error::new(Code::UnknownImage, "The content names images that do not exist.").faults(images)
        );
    }
    faults.extend(images);
    Err(Error::invalid_content(faults))
}

/// The item of this kind and id, or 404.
pub(super) fn find(conn: &mut Conn, kind: Kind, id: ItemId) -> Result<ItemRow> {
    item_rows::find(conn, kind, id)?.ok_or_else(|| Error::not_found(kind.as_str()))
}

/// What a revision of a guideline says, whatever its state.
pub fn guideline_of(conn: &mut Conn, id: ItemId, revision: i64) -> Result<Guideline> {
    find(conn, Kind::Guideline, id)?;
    let row = revisions::find(conn, id, revision)?.ok_or_else(|| Error::not_found("revision"))?;
    let json = row.content.ok_or_else(|| Error::new(Code::Conflict, "Its content was redacted."))?;
    match Content::from_json(Kind::Guideline, &json)? {
        Content::Guideline(guideline) => Ok(guideline),
        _ => Err(Error::internal("the content of a guideline is that of another kind")),
    }
}

/// The newest revision of an item.
pub(super) fn working_revision(conn: &mut Conn, item: &ItemRow) -> Result<RevisionRow> {
    revisions::find(conn, item.id, item.working_revision)?
        .ok_or_else(|| Error::internal("an item without its working revision"))
}
