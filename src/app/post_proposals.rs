//! Proposals: an employee proposes a post, which becomes a draft with them as its first author, and sees what
//! becomes of it.
//!
//! They need no right to write content for that, and can never decide on their own words (R3). Authors go on
//! with the draft as with any other, or decline the proposal with a reason; whoever made it may take it back.
//!
//! The draft is the organisation's from the moment on in which it is made, as any other: it keeps its words when the
//! person is erased. What the proposal keeps of them, the words as they were sent and the note, goes with the person's
//! key.
//!
//! They read what they proposed, as they sent it, and what became of it, but never what authors made of it before
//! it is live: unpublished words are for those who read content.

use std::collections::HashMap;

use super::actor::Actor;
use super::announcements;
use super::authentication;
use super::context::Context;
use super::item_views::{self, ItemView};
use super::items::{self, revision_facts, working_revision};
use super::journal::{self, By, Facts, subject_keys_of};
use super::people::{OfProposal, open_of_proposal, seal_of_proposal};
use super::rules::Rules;
use crate::domain::announcement::Subject;
use crate::domain::content::Post;
use crate::domain::ids::{ItemId, Kind, PersonId, ProposalId};
use crate::domain::lifecycle::RevisionState;
use crate::domain::proposal::{Closing, Proposal, ProposalState, in_proposal};
use crate::domain::review::DecisionKind;
use crate::domain::roles::Scope;
use crate::domain::text::{Lines, character_fault};
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::keys::Keys;
use crate::record::{Event, SubjectKey};
use crate::store::connection::Conn;
use crate::store::post_proposals::{self as rows, NewProposal, ProposalFilter, ProposalRow};
use crate::store::write::WriteTx;
use crate::store::{items as item_rows, revisions};

/// Proposals of one person that may be open at once, so that nobody floods the authors.
pub const OPEN_MAX: usize = 20;

/// A proposal as it is read.
#[derive(Debug, Clone)]
pub struct ProposalView {
    /// The proposal.
    pub row: ProposalRow,
    /// What became of it.
    pub state: ProposalState,
    /// When it was declined or taken back, while that holds.
    pub closing: Option<(Closing, Time)>,
    /// What was proposed, as it was sent; none once they are erased.
    pub proposed: Option<Proposal>,
    /// The live revision, if the post is live.
    pub live_revision: Option<i64>,
    /// Whether that revision, else the newest, has other words than were proposed; none once redacted, or once
    /// the proposed words are erased.
    pub words_changed: Option<bool>,
    /// Why it was not taken or was taken back, or what the reviewer who asked for changes said.
    pub reason: Option<String>,
}

/// Whose proposals are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of the person who asks.
    Mine,
    /// Everybody's, for those who read content.
    All,
}

/// The page of a list that is read.
#[derive(Debug, Clone, Copy)]
pub struct ProposalQuery {
    /// Whose proposals.
    pub whose: Whose,
    /// Only those of which it is, or is not, open what becomes of them.
    pub open: Option<bool>,
    /// After which one.
    pub after: Option<ProposalId>,
    /// How many.
    pub limit: i64,
}

/// Proposes a post: it is a draft from now on.
pub fn post_propose(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    proposal: &Proposal,
) -> Result<ProposalId> {
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::Share)?;
    if rows::has_open(tx.conn(), person, OPEN_MAX)? {
        let detail = format!(
            "You have {OPEN_MAX} proposals that nobody has decided on yet: wait until some of them are answered."
        );
        return Err(Error::new(Code::TooManyProposals, detail).with("most", OPEN_MAX));
    }
    check_note(proposal.note.as_deref())?;
    let (id, item) = (ProposalId::generate(), ItemId::generate());
    let draft = proposal.draft(&context.channels);
    items::insert_authorised(tx, context, person, item, None, &draft).map_err(|mut error| {
        error.errors = error.errors.into_iter().map(in_proposal).collect();
        error
    })?;
    let row = items::find(tx.conn(), Kind::Post, item)?;
    let draft = working_revision(tx.conn(), &row)?;
    let facts = revision_facts(&row, draft.revision, &draft.digest).with("proposal_id", id.to_string());
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::PostProposed, facts)?;
    let words = serde_json::to_string(proposal).map_err(Error::internal)?;
    let key = key_of(tx.conn(), &context.keys, person)?;
    let words = seal_of_proposal(&key, OfProposal::Words, id, &words)?;
    rows::insert(tx, NewProposal { id, item, person, words, idx: receipt.index })?;
    let subject = Subject { item, kind: Kind::Post, revision: draft.revision };
    announcements::post_proposed(tx, subject, id, person)?;
    Ok(id)
}

/// Says that a proposal will not be taken, and why. Only while an author could go on with it: of what is under
/// review its reviewers decide, and what was approved is recalled.
pub fn post_proposal_decline(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    rules: &Rules,
    id: ProposalId,
    reason: &str,
) -> Result<ProposalId> {
    let person = actor.person()?;
    authentication::authorise(tx, actor, Scope::ContentWrite)?;
    let row = find(tx.conn(), id)?;
    check_closable(tx, context, rules, &row, "Authors cannot decline it")?;
    let item = items::find(tx.conn(), Kind::Post, row.item_id)?;
    let facts = Facts::new()
        .with("proposal_id", id.to_string())
        .with("item_id", item.id.to_string())
        .with("reason", reason);
    let facts = match row.person_id {
        Some(proposer) => facts.about(proposer, "proposer_id", proposer.to_string()),
        None => facts,
    };
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::ProposalDeclined, facts)?;
    rows::decline(tx, id, person, reason, receipt.index)?;
    if let Some(proposer) = row.person_id {
        let subject = Subject { item: item.id, kind: item.kind, revision: item.working_revision };
        announcements::proposal_declined(tx, subject, id, proposer)?;
    }
    Ok(id)
}

/// Tells whoever proposed a post that somebody else submitted it, as long as they are among the authors of what is
/// submitted: after an approval it goes on without them (R3).
pub(super) fn tell_submitted(
    tx: &mut WriteTx<'_>,
    subject: Subject,
    submitter: PersonId,
    authors: &[PersonId],
) -> Result<()> {
    let Some(row) = rows::find_of(tx.conn(), subject.item)? else { return Ok(()) };
    match row.person_id.filter(|proposer| *proposer != submitter && authors.contains(proposer)) {
        Some(proposer) => announcements::proposal_submitted(tx, subject, row.id, proposer),
        None => Ok(()),
    }
}

/// Takes back what one proposed. Only while an author could go on with it; the draft stays theirs, and those who are its
/// authors by now are told.
pub fn post_proposal_withdraw(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    rules: &Rules,
    id: ProposalId,
    reason: Option<&str>,
) -> Result<ProposalId> {
    let person = actor.person()?;
    authentication::confirm(tx, actor)?;
    let row = find(tx.conn(), id)?;
    if row.person_id != Some(person) {
        return Err(not_found());
    }
    check_closable(tx, context, rules, &row, "You cannot take it back")?;
    let facts = Facts::new().with("proposal_id", id.to_string()).with("item_id", row.item_id.to_string());
    let facts = match reason {
        Some(reason) => facts.about(person, "reason", reason),
        None => facts,
    };
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::ProposalWithdrawn, facts)?;
    let key = key_of(tx.conn(), &context.keys, person)?;
    let seal = |reason| seal_of_proposal(&key, OfProposal::WithdrawnReason, id, reason);
    rows::withdraw(tx, id, reason.map(seal).transpose()?, receipt.index)?;
    let item = items::find(tx.conn(), Kind::Post, row.item_id)?;
    let subject = Subject { item: item.id, kind: item.kind, revision: item.working_revision };
    announcements::proposal_withdrawn(tx, subject, id, person)?;
    Ok(id)
}

/// One proposal: one's own, or anybody's for those who read content; another one is 404.
pub fn post_proposal_get(
    conn: &mut Conn,
    keys: &Keys,
    actor: &Actor,
    id: ProposalId,
    rules: &Rules,
    now: Time,
) -> Result<ProposalView> {
    let person = actor.person()?;
    let row = find(conn, id)?;
    if row.person_id != Some(person) && !actor.scopes.contains(Scope::ContentRead) {
        return Err(not_found());
    }
    views(conn, keys, vec![row], rules, now)?.pop().ok_or_else(not_found)
}

/// A page of proposals, newest first. Only those who read content read other people's.
pub fn post_proposal_list(
    conn: &mut Conn,
    keys: &Keys,
    actor: &Actor,
    query: ProposalQuery,
    rules: &Rules,
    now: Time,
) -> Result<Vec<ProposalView>> {
    let person = match query.whose {
        Whose::Mine => Some(actor.person()?),
        Whose::All => {
            actor.require(Scope::ContentRead)?;
            None
        }
    };
    let filter = ProposalFilter { person, open: query.open };
    let found = rows::list(conn, filter, query.after, query.limit)?;
    views(conn, keys, found, rules, now)
}

fn not_found() -> Error {
    Error::not_found("suggestion")
}

fn find(conn: &mut Conn, id: ProposalId) -> Result<ProposalRow> {
    rows::find(conn, id)?.ok_or_else(not_found)
}

fn check_note(note: Option<&str>) -> Result<()> {
    let fault = note.and_then(|note| character_fault("/note", note, Lines::Many));
    fault.map_or(Ok(()), |fault| Err(Error::invalid_content(vec![fault])))
}

fn key_of(conn: &mut Conn, keys: &Keys, person: PersonId) -> Result<SubjectKey> {
    let mut keys = subject_keys_of(conn, keys, &[person])?;
    keys.remove(&person).ok_or_else(|| Error::internal("an active person without a key"))
}

/// Refuses to close a proposal that no author could go on with.
fn check_closable(
    tx: &mut WriteTx<'_>,
    context: &Context,
    rules: &Rules,
    row: &ProposalRow,
    refusal: &str,
) -> Result<()> {
    let now = tx.now();
    let view = views(tx.conn(), &context.keys, vec![row.clone()], rules, now)?.pop();
    let ProposalView { state, closing, .. } = view.ok_or_else(not_found)?;
    if matches!(state, ProposalState::Received | ProposalState::ChangesRequested) {
        return Ok(());
    }
    let since = closing.map(|(_, at)| format!(" since {at}")).unwrap_or_default();
    let detail = format!("{refusal} any more: it is {state}{since}.");
    Err(Error::new(Code::Conflict, detail).with("state", state.as_str()))
}

/// These proposals with what became of them, in their order.
fn views(
    conn: &mut Conn,
    keys: &Keys,
    found: Vec<ProposalRow>,
    rules: &Rules,
    now: Time,
) -> Result<Vec<ProposalView>> {
    let ids: Vec<ItemId> = found.iter().map(|row| row.item_id).collect();
    let persons: Vec<PersonId> = found.iter().filter_map(|row| row.person_id).collect();
    let rows = item_rows::find_all(conn, &ids)?;
    let items = item_views::views(conn, rows, rules, now)?;
    let items: HashMap<ItemId, ItemView> = items.into_iter().map(|view| (view.item.id, view)).collect();
    let live = |view: &ItemView| Some((view.item.id, view.live_revision?));
    let live: Vec<(ItemId, i64)> = items.values().filter_map(live).collect();
    let live = revisions::contents(conn, &live)?;
    let submissions = revisions::last_submissions(conn, &ids)?;
    let subject_keys = subject_keys_of(conn, keys, &persons)?;
    let view = |row: ProposalRow| {
        let item = items.get(&row.item_id).ok_or_else(|| Error::internal("a proposal without its item"))?;
        let key = row.person_id.and_then(|person| subject_keys.get(&person));
        let content = match item.live_revision {
            Some(revision) => live.get(&(item.item.id, revision)).map(|json| serde_json::from_str(json)),
            None => item.working.content.clone().map(serde_json::from_value::<Post>),
        };
        let post: Option<Post> = content.transpose().map_err(Error::internal)?;
        let closing = closing_of(&row, submissions.get(&row.item_id).copied());
        let state = state_of(item, closing.map(|(closing, _)| closing));
        let reason = reason_of(item, &row, state, closing.is_some(), key)?;
        let proposed = proposed_of(&row, key)?;
        let words_changed = proposed.as_ref().zip(post.as_ref());
        let words_changed = words_changed.map(|(proposed, post)| proposed.are_words_changed(post));
        Ok(ProposalView {
            row,
            state,
            closing,
            proposed,
            live_revision: item.live_revision,
            words_changed,
            reason,
        })
    };
    found.into_iter().map(view).collect()
}

/// How a proposal was closed, unless its post was submitted after that.
fn closing_of(row: &ProposalRow, submitted: Option<i64>) -> Option<(Closing, Time)> {
    let closed = row.closed_idx.filter(|closed| Closing::holds(*closed, submitted));
    closed.and(row.closed_as.zip(row.closed_at))
}

fn state_of(item: &ItemView, closing: Option<Closing>) -> ProposalState {
    // The only other name, `superseded`, is derived of what was approved.
    let working = item.working.state.parse().unwrap_or(RevisionState::Approved);
    ProposalState::of(item.availability, working, closing)
}

/// What was proposed, as far as it can be opened still.
fn proposed_of(row: &ProposalRow, key: Option<&SubjectKey>) -> Result<Option<Proposal>> {
    let Some((key, sealed)) = key.zip(row.words.as_deref()) else { return Ok(None) };
    let words = open_of_proposal(key, OfProposal::Words, row.id, sealed)?;
    // What serde says may quote the words, and errors are logged.
    serde_json::from_str(&words).map(Some).map_err(|_| Error::internal("sealed words that are no proposal"))
}

/// Why a proposal is in its state: what the author said who declined it, or whoever took it back, else the
/// reviewer who rejected it or asked for changes.
fn reason_of(
    item: &ItemView,
    row: &ProposalRow,
    state: ProposalState,
    is_closed: bool,
    key: Option<&SubjectKey>,
) -> Result<Option<String>> {
    let mut decisions =
        item.review.iter().flat_map(|review| &review.stages).flat_map(|stage| &stage.decisions);
    let mut said = |kind: DecisionKind| decisions.rfind(|cast| cast.decision == kind)?.reason.clone();
    match state {
        ProposalState::NotTaken if is_closed => Ok(row.declined_reason.clone()),
        ProposalState::NotTaken => Ok(said(DecisionKind::Reject)),
        ProposalState::ChangesRequested => Ok(said(DecisionKind::RequestChanges)),
        ProposalState::Withdrawn => {
            let sealed = key.zip(row.withdrawn_reason.as_deref());
            let open = |(key, sealed)| open_of_proposal(key, OfProposal::WithdrawnReason, row.id, sealed);
            sealed.map(open).transpose()
        }
        _ => Ok(None),
    }
}
