//! What is announced when something happens to a review or an item: one row in its transaction, whoever is
//! told.

use crate::domain::announcement::{Detail, Recipient, Recipients, Subject, Topic};
use crate::domain::ids::{PersonId, ReviewId};
use crate::domain::review::{Decision, Review, ReviewState, Stage, Step};
use crate::error::Result;
use crate::store::announcements::{NewAnnouncement, announce};
use crate::store::reviews::ReviewRow;
use crate::store::write::WriteTx;

/// The revision that a review is about.
pub fn subject_of(review: &ReviewRow) -> Subject {
    Subject { item: review.item_id, kind: review.kind, revision: review.revision }
}

/// A review was opened: the reviewers of its first stage are asked.
pub fn review_opened(
    tx: &mut WriteTx<'_>,
    review: ReviewId,
    subject: Subject,
    stages: &[Stage],
) -> Result<()> {
    stages.first().map_or(Ok(()), |stage| stage_opened(tx, review, subject, (0, stage), &[]))
}

/// A stage was opened, at its place among the stages: its reviewers are asked, but for those who `decided`
/// in this review before.
pub fn stage_opened(
    tx: &mut WriteTx<'_>,
    review: ReviewId,
    subject: Subject,
    (at, stage): (usize, &Stage),
    decided: &[PersonId],
) -> Result<()> {
    let to = vec![Recipient::Reviewers(stage.reviewers.clone())];
    announce(
        tx,
        &NewAnnouncement {
            topic: Topic::AskedToReview,
            subject: Some(subject),
            review: Some(review),
            stage: Some(at),
            recipients: Recipients { to, except: decided.to_vec() },
            detail: Detail::from([("stage_name".to_owned(), stage.name.as_str().into())]),
        },
    )
}

/// A review got its outcome: the authors are told. An open one is not told of.
pub fn review_closed(
    tx: &mut WriteTx<'_>,
    review: ReviewId,
    subject: Subject,
    outcome: ReviewState,
) -> Result<()> {
    let topic = match outcome {
        ReviewState::Open => return Ok(()),
        ReviewState::Approved | ReviewState::ChangesRequested | ReviewState::Rejected => Topic::Decided,
        ReviewState::Withdrawn => Topic::Withdrawn,
        ReviewState::Lapsed => Topic::Lapsed,
    };
    announce(
        tx,
        &NewAnnouncement {
            topic,
            subject: Some(subject),
            review: Some(review),
            stage: None,
            recipients: Recipients::only(Recipient::Authors),
            detail: Detail::from([("outcome".to_owned(), outcome.as_str().into())]),
        },
    )
}

/// Somebody decided: when that closed the review, its authors are told; when it passed the stage, the
/// reviewers of the next one are asked. `review` is as it was before.
pub fn decided(
    tx: &mut WriteTx<'_>,
    row: &ReviewRow,
    mut review: Review,
    decision: Decision,
    step: Step,
) -> Result<()> {
    review.decisions.push(decision);
    review.state = step.state;
    let open = review.open_stage().filter(|open| *open != step.stage);
    let next = open.and_then(|at| Some((at, review.stages.get(at)?)));
    if let Some(next) = next {
        let decided: Vec<PersonId> = review.decisions.iter().filter_map(|cast| cast.person).collect();
        stage_opened(tx, row.id, subject_of(row), next, &decided)?;
    }
    review_closed(tx, row.id, subject_of(row), step.state)
}

/// An item was recalled: the authors of the revision that was present are told.
pub fn item_recalled(tx: &mut WriteTx<'_>, subject: Subject) -> Result<()> {
    announce(
        tx,
        &NewAnnouncement {
            topic: Topic::Recalled,
            subject: Some(subject),
            review: None,
            stage: None,
            recipients: Recipients::only(Recipient::Authors),
            detail: Detail::new(),
        },
    )
}
