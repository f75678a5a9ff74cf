//! What is announced when something happens to a review or an item: one row in its transaction, whoever is
//! told. Who that is is found when it is spread ([`super::notifications`]).

use super::review_runs::{ReviewRun, StagePool};
use crate::domain::announcement::{Detail, Recipient, Recipients, Subject, Topic};
use crate::domain::delegation::Delegation;
use crate::domain::ids::{DelegationId, PersonId, ProposalId, RecheckId};
use crate::domain::lifecycle::Blocker;
use crate::domain::recheck::RecheckAction;
use crate::domain::review::ReviewState;
use crate::domain::roles::Role;
use crate::domain::workflow::Reviewers;
use crate::error::Result;
use crate::store::announcements::{NewAnnouncement, announce};
use crate::store::write::WriteTx;

/// The revision that a review is about.
fn subject_of(run: &ReviewRun) -> Subject {
    Subject { item: run.row.item_id, kind: run.row.kind, revision: run.row.revision }
}

/// Something about a stage of a review, for these.
fn of_stage(
    tx: &mut WriteTx<'_>,
    topic: Topic,
    run: &ReviewRun,
    at: usize,
    recipients: Recipients,
    detail: Detail,
) -> Result<()> {
    let mut detail = detail;
    if let Some(stage) = run.stages.get(at) {
        detail.insert("stage_name".to_owned(), stage.name.as_str().into());
    }
    announce(
        tx,
        &NewAnnouncement {
            topic,
            subject: Some(subject_of(run)),
            review: Some(run.row.id),
            stage: Some(at),
            recipients,
            detail,
        },
    )
}

/// Something about all of a review, for these.
fn of_review(
    tx: &mut WriteTx<'_>,
    topic: Topic,
    run: &ReviewRun,
    recipients: Recipients,
    detail: Detail,
) -> Result<()> {
    announce(
        tx,
        &NewAnnouncement {
            topic,
            subject: Some(subject_of(run)),
            review: Some(run.row.id),
            stage: None,
            recipients,
            detail,
        },
    )
}

/// Those whom a review waits for; nobody once it has ended.
pub(super) fn reviewers_asked(run: &ReviewRun) -> Vec<Recipient> {
    run.open_stage().map(|open| waited_for(run, open).to).unwrap_or_default()
}

/// Whoever a stage waits for.
fn waited_for(run: &ReviewRun, at: usize) -> Recipients {
    let invited = run.pools.get(at).map(StagePool::invited).unwrap_or_default();
    let to = invited.into_iter().map(Recipient::Reviewers).collect();
    Recipients { to, except: run.excluded(at) }
}

/// Those who look after reviews: the authors, and who administers workflows.
fn keepers() -> Recipients {
    Recipients { to: vec![Recipient::Authors, Recipient::Role(Role::Admin)], except: Vec::new() }
}

/// A stage opened: its reviewers are asked.
pub(super) fn stage_opened(tx: &mut WriteTx<'_>, run: &ReviewRun, at: usize) -> Result<()> {
    of_stage(tx, Topic::AskedToReview, run, at, waited_for(run, at), Detail::new())
}

/// A stage is due soon: those who are waited for are reminded.
pub(super) fn stage_due_soon(tx: &mut WriteTx<'_>, run: &ReviewRun, at: usize) -> Result<()> {
    of_stage(tx, Topic::DueSoon, run, at, waited_for(run, at), Detail::new())
}

/// A stage is overdue: those who are waited for are told, and the authors.
pub(super) fn stage_overdue(tx: &mut WriteTx<'_>, run: &ReviewRun, at: usize) -> Result<()> {
    let mut recipients = waited_for(run, at);
    // An author is excluded from deciding, and told of it all the same.
    let except = recipients.except.clone();
    recipients.except.clear();
    recipients.to.push(Recipient::Authors);
    let authors: Vec<PersonId> = run.bars.iter().map(|(person, _)| *person).collect();
    recipients.except.extend(except.into_iter().filter(|person| !authors.contains(person)));
    of_stage(tx, Topic::Overdue, run, at, recipients, Detail::new())
}

/// Others were added to a stage that is overdue.
pub(super) fn stage_escalated(
    tx: &mut WriteTx<'_>,
    run: &ReviewRun,
    at: usize,
    to: &Reviewers,
) -> Result<()> {
    let recipients = Recipients { to: vec![Recipient::Reviewers(to.clone())], except: run.excluded(at) };
    of_stage(tx, Topic::Escalated, run, at, recipients, Detail::new())
}

/// A stage was given to others, who are asked now.
pub(super) fn stage_reassigned(tx: &mut WriteTx<'_>, run: &ReviewRun, at: usize) -> Result<()> {
    of_stage(tx, Topic::Reassigned, run, at, waited_for(run, at), Detail::new())
}

/// A stage cannot end as things stand.
pub(super) fn stage_stuck(tx: &mut WriteTx<'_>, run: &ReviewRun, at: usize, reason: &str) -> Result<()> {
    let detail = Detail::from([("reason".to_owned(), reason.into())]);
    of_stage(tx, Topic::Stuck, run, at, keepers(), detail)
}

/// A review got its outcome: the authors are told; of a withdrawal, those who were asked.
pub(super) fn review_closed(tx: &mut WriteTx<'_>, run: &ReviewRun) -> Result<()> {
    let outcome = run.row.state;
    let topic = match outcome {
        ReviewState::Open => return Ok(()),
        ReviewState::Withdrawn => Topic::Withdrawn,
        ReviewState::Lapsed => Topic::Lapsed,
        ReviewState::Approved | ReviewState::ChangesRequested | ReviewState::Rejected => Topic::Decided,
    };
    let detail = Detail::from([("outcome".to_owned(), outcome.as_str().into())]);
    of_review(tx, topic, run, Recipients::only(Recipient::Authors), detail)
}

/// A review is about to end because it was edited, recalled, retired or redacted: authors and those who were
/// asked are told, while it still knows whom it asks.
pub(super) fn review_withdrawn(tx: &mut WriteTx<'_>, run: &ReviewRun, why: &str) -> Result<()> {
    let detail = Detail::from([("reason".to_owned(), why.into())]);
    of_review(tx, Topic::Withdrawn, run, everybody_concerned(run), detail)
}

/// A review is about to lapse: authors and those who were asked are told.
pub(super) fn review_lapsed(tx: &mut WriteTx<'_>, run: &ReviewRun) -> Result<()> {
    of_review(tx, Topic::Lapsed, run, everybody_concerned(run), Detail::new())
}

/// The authors, and those whom the open stage waits for.
fn everybody_concerned(run: &ReviewRun) -> Recipients {
    let mut to = vec![Recipient::Authors];
    if let Some(open) = run.open_stage() {
        to.extend(waited_for(run, open).to);
    }
    Recipients { to, except: Vec::new() }
}

/// An item was recalled: the authors of the revision that was present are told.
pub(super) fn item_recalled(tx: &mut WriteTx<'_>, subject: Subject) -> Result<()> {
    of_item(tx, Topic::Recalled, subject, Recipients::only(Recipient::Authors), Detail::new())
}

/// Something that was to go live, or was, is blocked: its authors and publishers are told by what.
pub(super) fn item_blocked(tx: &mut WriteTx<'_>, subject: Subject, by: &[Blocker]) -> Result<()> {
    let to = vec![Recipient::Authors, Recipient::Role(Role::Publisher)];
    let detail = by.first().map(|blocker| ("code".to_owned(), blocker.code.into()));
    let recipients = Recipients { to, except: Vec::new() };
    of_item(tx, Topic::Blocked, subject, recipients, detail.into_iter().collect())
}

fn of_item(
    tx: &mut WriteTx<'_>,
    topic: Topic,
    subject: Subject,
    recipients: Recipients,
    detail: Detail,
) -> Result<()> {
    let subject = Some(subject);
    announce(tx, &NewAnnouncement { topic, subject, review: None, stage: None, recipients, detail })
}

/// Somebody decided what to do about the posts that a revision touches: publishers are told of it, the authors of
/// each post, and whom its review waits for.
pub(super) fn rechecked(
    tx: &mut WriteTx<'_>,
    id: RecheckId,
    subject: Subject,
    name: &str,
    did: (RecheckAction, i64),
) -> Result<()> {
    of_recheck(tx, Topic::Recheck, id, subject, name, did)
}

/// A recheck was withdrawn: the same persons are told as of the recheck.
pub(super) fn recheck_withdrawn(
    tx: &mut WriteTx<'_>,
    id: RecheckId,
    subject: Subject,
    name: &str,
    did: (RecheckAction, i64),
) -> Result<()> {
    of_recheck(tx, Topic::RecheckWithdrawn, id, subject, name, did)
}

fn of_recheck(
    tx: &mut WriteTx<'_>,
    topic: Topic,
    id: RecheckId,
    subject: Subject,
    name: &str,
    (action, posts): (RecheckAction, i64),
) -> Result<()> {
    let detail = Detail::from([
        ("recheck_id".to_owned(), id.to_string().as_str().into()),
        ("action".to_owned(), action.as_str().into()),
        ("kind".to_owned(), subject.kind.as_str().into()),
        ("item_id".to_owned(), subject.item.to_string().as_str().into()),
        ("name".to_owned(), name.into()),
        ("revision".to_owned(), subject.revision.into()),
        ("posts".to_owned(), posts.into()),
    ]);
    let to = vec![Recipient::Role(Role::Publisher), Recipient::AuthorsTouched(id)];
    of_item(tx, topic, subject, Recipients { to, except: Vec::new() }, detail)
}

/// Somebody handed their work to a deputy, who is told from when until when.
pub(super) fn delegated(tx: &mut WriteTx<'_>, id: DelegationId, delegation: &Delegation) -> Result<()> {
    let detail = Detail::from([
        ("delegation_id".to_owned(), id.to_string().as_str().into()),
        ("from".to_owned(), delegation.from_at.to_string().as_str().into()),
        ("until".to_owned(), delegation.until_at.to_string().as_str().into()),
    ]);
    announce(
        tx,
        &NewAnnouncement {
            topic: Topic::Delegated,
            subject: None,
            review: None,
            stage: None,
            recipients: Recipients::only(Recipient::Person(delegation.to)),
            detail,
        },
    )
}

/// A post was published before its review: its authors and administrators are told; whoever must review it now
/// is asked, once more where they were asked before.
pub(super) fn urgent_published(tx: &mut WriteTx<'_>, run: &ReviewRun) -> Result<()> {
    let mut recipients = keepers();
    if let Some(open) = run.open_stage() {
        recipients.to.extend(waited_for(run, open).to);
    }
    of_review(tx, Topic::UrgentPublished, run, recipients, Detail::new())
}

/// The review of what was published urgently has its outcome: authors and publishers are told.
pub(super) fn urgent_closed(tx: &mut WriteTx<'_>, run: &ReviewRun) -> Result<()> {
    let to = vec![Recipient::Authors, Recipient::Role(Role::Publisher)];
    of_review(tx, Topic::UrgentReviewed, run, Recipients { to, except: Vec::new() }, Detail::new())
}

/// Somebody said something in a review: its authors are told, who has decided in it, and whom it answers.
pub(super) fn commented(
    tx: &mut WriteTx<'_>,
    run: &ReviewRun,
    by: PersonId,
    answered: Option<PersonId>,
) -> Result<()> {
    let decided = run.decisions.iter().filter_map(|cast| cast.person_id);
    let persons = decided.chain(answered).map(Recipient::Person);
    let to = std::iter::once(Recipient::Authors).chain(persons).collect();
    of_review(tx, Topic::Commented, run, Recipients { to, except: vec![by] }, Detail::new())
}

/// Somebody suggested other words: their authors are told.
pub(super) fn suggested(tx: &mut WriteTx<'_>, run: &ReviewRun) -> Result<()> {
    of_review(tx, Topic::Suggested, run, Recipients::only(Recipient::Authors), Detail::new())
}

/// A suggestion was taken: whoever made it is told, and is an author by it.
pub(super) fn suggestion_taken(tx: &mut WriteTx<'_>, subject: Subject, proposer: PersonId) -> Result<()> {
    let recipients = Recipients::only(Recipient::Person(proposer));
    of_item(tx, Topic::SuggestionTaken, subject, recipients, Detail::new())
}

/// An employee proposed a post: the authors are told, who find it among the drafts.
pub(super) fn post_proposed(
    tx: &mut WriteTx<'_>,
    subject: Subject,
    id: ProposalId,
    proposer: PersonId,
) -> Result<()> {
    let recipients = Recipients { to: vec![Recipient::Role(Role::Author)], except: vec![proposer] };
    of_item(tx, Topic::PostProposed, subject, recipients, about_proposal(id))
}

/// A proposal of a post will not be taken: whoever made it is told.
pub(super) fn proposal_declined(
    tx: &mut WriteTx<'_>,
    subject: Subject,
    id: ProposalId,
    proposer: PersonId,
) -> Result<()> {
    let recipients = Recipients::only(Recipient::Person(proposer));
    of_item(tx, Topic::ProposalDeclined, subject, recipients, about_proposal(id))
}

/// Whoever proposed a post took that back: the other authors of its draft are told.
pub(super) fn proposal_withdrawn(
    tx: &mut WriteTx<'_>,
    subject: Subject,
    id: ProposalId,
    proposer: PersonId,
) -> Result<()> {
    let recipients = Recipients { to: vec![Recipient::Authors], except: vec![proposer] };
    of_item(tx, Topic::ProposalWithdrawn, subject, recipients, about_proposal(id))
}

/// The draft that was made of a proposal was submitted: whoever proposed it is told.
pub(super) fn proposal_submitted(
    tx: &mut WriteTx<'_>,
    subject: Subject,
    id: ProposalId,
    proposer: PersonId,
) -> Result<()> {
    let recipients = Recipients::only(Recipient::Person(proposer));
    of_item(tx, Topic::ProposalSubmitted, subject, recipients, about_proposal(id))
}

fn about_proposal(id: ProposalId) -> Detail {
    Detail::from([("proposal_id".to_owned(), id.to_string().as_str().into())])
}
