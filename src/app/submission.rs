//! Submitting a draft: everything it refers to is pinned, every way to share it is tried, and its review
//! opens.
//!
//! The trying is slow and happens before the lock is taken, as a [`Plan`]. Under the lock the plan is
//! only compared with what it rests on; when that moved, a new plan is made.

use std::sync::Arc;
use std::time::Duration;

use super::actor::Actor;
use super::authentication;
use super::availability::Histories;
use super::context::Context;
use super::idempotency::{Done, Once};
use super::items::{check_content, find, open_next, revision_facts, working_revision};
use super::journal::{self, By};
use super::pools::Pools;
use super::references::References;
use super::resumption::{self, Changed, Returned};
use super::review_runs::short_stage;
use super::rules::{Rules, RulesRead};
use super::snapshots::Snapshots;
use super::stages;
use super::urgent;
use super::verdict::Verdict;
use super::words::{Words, shown};
use super::workflows::{not_enough_reviewers, workflow_for};
use crate::domain::content::Content;
use crate::domain::disclaimers::InForce;
use crate::domain::ids::{Digest, ItemId, Kind, PersonId, ReviewId};
use crate::domain::images::{self, Shown};
use crate::domain::lifecycle::{EndingKind, Submission, submission};
use crate::domain::material::Material;
use crate::domain::matrix::{CommentRoom, can_be_required, check_image, check_submission};
use crate::domain::required_hashtags;
use crate::domain::revision::{Pin, Resolved, Source, document, sort_pins};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::items::{self as item_rows, ItemRow};
use crate::store::reviews::{self, NewReview, ReviewRow};
use crate::store::revisions::{self, Frozen, RevisionRow};
use crate::store::write::WriteTx;
use crate::store::{Db, Lane, record};

/// How often a plan is made anew before the submission gives way.
const ROUNDS: u32 = 5;

/// How long before its window closes words can still be submitted.
const LEAD: Duration = Duration::from_mins(5);

/// A draft that somebody wants to submit.
#[derive(Debug, Clone)]
pub struct Submit {
    /// The kind of item.
    pub kind: Kind,
    /// The item.
    pub id: ItemId,
    /// The digest of the draft that was seen.
    pub digest: Digest,
    /// A later end of the window of a post that lapsed, which goes with the submission.
    pub extended_to: Option<Time>,
    /// Why it is published at once, before its review.
    pub urgent: Option<String>,
}

/// What a submission will freeze, and what that rests on.
#[derive(Debug)]
struct Plan {
    content_version: i64,
    content: Content,
    pins: Vec<Pin>,
    comment_room: Vec<CommentRoom>,
    changed: Option<Changed>,
}

/// Submits a draft, and answers its review. It blocks: call it off the event loop.
pub fn item_submit(
    db: &Db,
    context: &Context,
    snapshots: &Snapshots,
    actor: &Actor,
    once: &Once,
    command: &Submit,
    now: Time,
) -> Result<Done<ReviewId>> {
    let known = || db.read_now(|conn| once.known(conn, &context.keys, actor));
    for _ in 0..ROUNDS {
        if let Some(review) = known()? {
            return Ok(Done { resource: review, replayed: true });
        }
        match submit_once(db, context, snapshots, actor, once, command, now) {
            Ok(Some(done)) => return Ok(done),
            Ok(None) => {}
            // A request with the same key may have been quicker: then its answer is the answer.
            Err(refusal) => {
                let done = known()?.map(|review| Done { resource: review, replayed: true });
                return done.ok_or(refusal);
            }
        }
    }
    Err(Error::unavailable("Approvals keep moving what this submission rests on: try again."))
}

/// Plans and submits; answers nothing when what the plan rests on moved meanwhile.
fn submit_once(
    db: &Db,
    context: &Context,
    snapshots: &Snapshots,
    actor: &Actor,
    once: &Once,
    command: &Submit,
    now: Time,
) -> Result<Option<Done<ReviewId>>> {
    let present = snapshots.content();
    let (draft, rules) = db.read_now(|conn| {
        let draft = read_draft(conn, context, command, now)?;
        Ok((draft, RulesRead::read(conn, &present, now)?))
    })?;
    // Compiling rules and composing take their time, so they hold neither a connection nor the lock.
    let plan = draft.plan(context, rules.ready(&present)?, now)?;
    let lane = if command.urgent.is_some() { Lane::Urgent } else { Lane::Ordinary };
    let submitted = db.write_now(lane, |tx| {
        if tx.versions().content != plan.content_version {
            return Ok(None);
        }
        once.run(tx, &context.keys, actor, |tx| submit(tx, context, actor, command, &plan)).map(Some)
    })?;
    if submitted.moved {
        snapshots.follow();
    }
    Ok(submitted.value)
}

/// A draft with what it refers to, as they stood at one moment.
struct Draft {
    content_version: i64,
    source: Source,
    content: Content,
    references: References,
    returned: Option<Returned>,
}

/// Reads the draft and what it refers to; refuses what cannot be submitted.
fn read_draft(conn: &mut Conn, context: &Context, command: &Submit, now: Time) -> Result<Draft> {
    let content_version = record::state(conn)?.versions.content;
    let item = find(conn, command.kind, command.id)?;
    let working = working_revision(conn, &item)?;
    check_submittable(conn, &item, &working, &command.digest, now)?;
    let json = working.content.as_deref().ok_or_else(|| nothing_to_submit("Its content was redacted."))?;
    let mut content = Content::from_json(item.kind, json)?;
    if let (Content::Post(post), Some(extended_to)) = (&mut content, command.extended_to) {
        post.expires_at = Some(extended_to);
    }
    check_content(conn, context, &content)?;
    if content.window().1.is_some_and(|expires_at| expires_at <= now.after(LEAD)) {
        let (member, detail) = match item.kind {
            Kind::Image => {
                ("rights", "The rights, or somebody's consent, have ended, or do within five minutes.")
            }
            _ => (
                "expires_at",
                "The window has closed, or does within five minutes: nobody could decide by then.",
            ),
        };
        let fault = Fault::body(format!("/content/{member}"), "window_closed", detail);
        return Err(Error::invalid_content(vec![fault]));
    }
    let references = match &content {
        Content::Post(post) => References::read(conn, post, now)?,
        Content::Image(_) => References::of_image(conn, now)?,
        Content::Hashtag(_) | Content::Disclaimer(_) | Content::Rule(_) => References::default(),
    };
    let returned = Returned::read(conn, &working)?;
    let source = Source { item: item.id, revision: working.revision, digest: working.digest };
    Ok(Draft { content_version, source, content, references, returned })
}

impl Draft {
    /// Pins what the draft refers to and tries every way to share it (R10); the rules look at each text.
    fn plan(self, context: &Context, rules: Arc<Rules>, now: Time) -> Result<Plan> {
        let Self { content_version, source, content, references, returned } = self;
        let changed = |content: &Content, pins: &[Pin]| {
            returned.map(|returned| returned.changed(content, pins)).transpose()
        };
        let References { hashtags, live_hashtags, images, live_disclaimers, recalled_disclaimers } =
            references;
        let missing = match (&content, rules.policy()) {
            (Content::Post(post), Ok(policy)) => {
                required_hashtags::missing(post, &live_hashtags, policy, now)
            }
            _ => Vec::new(),
        };
        let words = Words { id: source.item, revision: source.revision, content, hashtags, images };
        let verdict = Verdict::new(rules, &words, now);
        let Words { content, hashtags, images, .. } = words;
        let alone;
        let (post, images) = match &content {
            Content::Post(post) => (post.as_ref(), shown(&images)),
            Content::Image(image) => {
                alone = images::alone(image, &context.channels, &[]);
                (&alone, vec![Shown { source: source.clone(), image }])
            }
            Content::Hashtag(_) | Content::Disclaimer(_) | Content::Rule(_) => {
                verdict.check()?;
                let changed = changed(&content, &[])?;
                return Ok(Plan {
                    content_version,
                    content,
                    pins: Vec::new(),
                    comment_room: Vec::new(),
                    changed,
                });
            }
        };
        let material = Material {
            post,
            source: &source,
            hashtags: &hashtags,
            images: &images,
            disclaimers: InForce { pinned: &[], live: &live_disclaimers, recalled: &recalled_disclaimers },
            organisation: &context.organisation,
        };
        let tried = match content.kind() {
            Kind::Image => check_image(&material, &context.channels),
            _ => check_submission(&material, &context.channels),
        };
        let comment_room = passed(missing, tried, &verdict)?;
        let required = can_be_required(post, material.has_ai_image(), &live_disclaimers);
        let mut pins: Vec<Pin> = hashtags.iter().map(|found| pin(Kind::Hashtag, found)).collect();
        pins.extend(required.into_iter().map(|found| pin(Kind::Disclaimer, found)));
        pins.extend(images.iter().filter(|shown| shown.source.item != source.item).map(image_pin));
        sort_pins(&mut pins);
        let changed = changed(&content, &pins)?;
        Ok(Plan { content_version, content, pins, comment_room, changed })
    }
}

fn image_pin(shown: &Shown<'_>) -> Pin {
    let Source { item, revision, digest } = shown.source.clone();
    Pin { kind: Kind::Image, id: item, key: None, revision, digest }
}

/// The room for comments, if nothing that is demanded is missing, every way to share was found to work and no
/// rule blocks a text. What only warns refuses nothing, and is told beside what does.
fn passed(
    missing: Vec<Fault>,
    tried: Result<Vec<CommentRoom>, Vec<Fault>>,
    verdict: &Verdict,
) -> Result<Vec<CommentRoom>> {
    let mut faults = missing;
    match tried {
        Ok(room) if faults.is_empty() => return verdict.check().map(|()| room),
        Ok(_) => {}
        Err(tried) => faults.extend(tried),
    }
    faults.extend(verdict.faults());
    let detail = "It lacks what is required of it, or could not be shared everywhere it is meant for; each place is \
                  in errors.";
    Err(Error::new(Code::InvalidContent, detail).faults(faults))
}

/// Refuses what cannot be submitted, or is not what was seen.
fn check_submittable(
    conn: &mut Conn,
    item: &ItemRow,
    working: &RevisionRow,
    digest: &Digest,
    now: Time,
) -> Result<Submission> {
    let step = submission(working.state, is_stopped(conn, item, working, now)?);
    if step == Submission::RefusedInReview {
        let review = reviews::find_of(conn, item.id, working.revision)?;
        return Err(review_open("This item is under review already.", review));
    }
    if working.digest != *digest {
        return Err(Error::new(Code::RevisionChanged, "The draft has changed since you read it.")
            .with("revision", working.revision)
            .with("digest", working.digest.as_str())
            .with("state", working.state.as_str()));
    }
    if step == Submission::RefusedNothingNew {
        let detail = format!("Revision {} is {}: edit it first.", working.revision, working.state);
        return Err(nothing_to_submit(&detail));
    }
    if let Some(review) = reviews::open_of(conn, item.id)? {
        let detail = format!(
            "Revision {} of this post was published urgently, and its review comes first.",
            review.revision
        );
        return Err(review_open(&detail, Some(review)));
    }
    Ok(step)
}

fn review_open(detail: &str, review: Option<ReviewRow>) -> Error {
    let error = Error::new(Code::ReviewOpen, detail);
    match review {
        Some(review) => error
            .with("review_id", review.id.to_string())
            .with("revision", review.revision)
            .with("digest", review.digest.as_str()),
        None => error,
    }
}

/// Whether a recall or retirement holds for the working revision, or something that it pins blocks it.
fn is_stopped(conn: &mut Conn, item: &ItemRow, working: &RevisionRow, now: Time) -> Result<bool> {
    let Some(approved) = working.approved()? else { return Ok(false) };
    let histories = Histories::read(conn, &[item.id])?;
    let ended = |ending| histories.get(item.id).is_some_and(|found| found.ended(&approved, ending).is_some());
    let blocks = |(pinned, revision): &(ItemId, i64)| match histories.get(*pinned) {
        Some(history) => history.blocks(*pinned, *revision, now).is_some(),
        None => true,
    };
    let blocked = approved.pins.iter().any(blocks);
    Ok(blocked || ended(EndingKind::Recall) || ended(EndingKind::Retirement))
}

fn nothing_to_submit(detail: &str) -> Error {
    Error::new(Code::NothingToSubmit, detail)
}

/// Freezes what was planned and opens its review, under the lock.
fn submit(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &Submit,
    plan: &Plan,
) -> Result<ReviewId> {
    let submitter = actor.person()?;
    let scope = if command.urgent.is_some() { Scope::Publish } else { Scope::ContentWrite };
    authentication::authorise(tx, actor, scope)?;
    let item = find(tx.conn(), command.kind, command.id)?;
    let working = working_revision(tx.conn(), &item)?;
    let now = tx.now();
    let revision = match check_submittable(tx.conn(), &item, &working, &command.digest, now)? {
        Submission::RepeatsAsNext => {
            // Whoever extends a window edits the post (R3).
            let editors: &[PersonId] = if command.extended_to.is_some() { &[submitter] } else { &[] };
            open_next(tx, &item, &working, &plan.content, editors)?;
            working.revision + 1
        }
        _ => working.revision,
    };
    let workflow = workflow_for(tx.conn(), &plan.content)?;
    let authors = revisions::authors(tx.conn(), item.id, revision)?;
    let of_workflow = workflow.stages()?;
    let resumed = resumption::resumed(tx.conn(), &item, plan.changed.as_ref(), &workflow, &authors)?;
    let mut pools = Pools::of(tx)?;
    let staffed = (of_workflow.as_slice(), workflow.same_person_twice);
    let excluded = resumed.as_ref().map_or(authors.clone(), |resumed| resumed.excluded(&authors));
    let first_stage = resumed.as_ref().map_or(0, |resumed| resumed.stage);
    // Where it is urgent, the review opens all the same, and says that it is stuck.
    if command.urgent.is_none()
        && let Some(short) = short_stage(tx.conn(), &mut pools, item.kind, staffed, first_stage, &excluded)?
    {
        return Err(not_enough_reviewers(&of_workflow, short));
    }

    let (_, digest) = document(item.id, item.key.as_ref(), revision, &plan.content, &plan.pins)?;
    let id = ReviewId::generate();
    let facts = revision_facts(&item, revision, &digest)
        .with("draft_digest", command.digest.as_str())
        .with("review_id", id.to_string())
        .with("workflow_id", workflow.workflow_id.to_string())
        .with("workflow_version", workflow.version)
        .with_some("first_stage", resumed.as_ref().map(|resumed| resumed.stage))
        .with_some("resumed_from", resumed.as_ref().map(|resumed| resumed.from.to_string()));
    let receipt = journal::enter(tx, &context.keys, By::Actor(actor), Event::RevisionSubmitted, facts)?;
    let pins = json(&plan.pins)?;
    revisions::freeze(tx, item.id, revision, &Frozen { pins: &pins, digest: &digest, idx: receipt.index })?;
    reviews::insert(
        tx,
        &NewReview {
            id,
            item: item.id,
            kind: item.kind,
            revision,
            digest: &digest,
            workflow: workflow.id,
            first_stage,
            resumed_from: resumed.map(|resumed| resumed.from),
            stages: &workflow.stages,
            comment_room: &json(&plan.comment_room)?,
            opened_by: submitter,
        },
    )?;
    if let Some(reason) = &command.urgent {
        urgent::publish(tx, context, actor, &item, (revision, &digest, id), reason)?;
    }
    let run = stages::reread(tx.conn(), id)?;
    stages::open(tx, &run, first_stage)?;
    if command.urgent.is_some() {
        urgent::see_to_review(tx, id)?;
    }
    item_rows::claim(tx, item.id, item.version)?;
    Ok(id)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json_canonicalizer::to_string(value).map_err(Error::internal)
}

fn pin<T>(kind: Kind, found: &Resolved<T>) -> Pin {
    Pin {
        kind,
        id: found.id,
        key: Some(found.key.clone()),
        revision: found.revision,
        digest: found.digest.clone(),
    }
}
