//! Reviews: the queue of what waits for decisions, and each run of a workflow.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{REASON_MAX, after, cursor_after, done, is_false, not_blank, once, page};
use super::decisions::{Decision, example_decision};
use super::findings::{RuleFinding, told};
use super::pools::{NewPool, Pool};
use crate::app::actor::Permission;
use crate::app::extension::review_extend;
use crate::app::reassignment::{Reassign, review_reassign};
use crate::app::reviews::{ReviewQuery, ReviewView, StageView, WorkflowNamed, review_get, review_list};
use crate::domain::channels::ChannelId;
use crate::domain::findings::Finding;
use crate::domain::ids::{Digest, ItemId, Kind, PersonId, ReviewId, WorkflowId};
use crate::domain::review::{ReviewState, StageState};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::domain::workflow::Quorum;
use crate::error::{Code, Error, Result};
use crate::http::Frame;
use crate::http::extract::{Body, Caller, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::schema::{CountryCode, LanguageTag};
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;

const REASSIGN: &str = "review_reassign";
const EXTEND: &str = "review_extend";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let read = Permission::Holds(Scope::ContentRead);
    let reassign = Permission::Holds(Scope::Workflows);
    let extend = Permission::PersonHolds(Scope::ContentWrite);
    let queue = Permission::HoldsPerhapsFor(Scope::ContentRead);
    vec![
        Route::get("/v1/reviews", queue, list_operation(), reviews_list),
        Route::get("/v1/reviews/{id}", read, get_operation(), review_read),
        Route::post("/v1/reviews/{id}/reassignment", reassign, reassign_operation(), review_give),
        Route::post("/v1/reviews/{id}/extension", extend, extend_operation(), review_prolong),
    ]
}

fn list_operation() -> Operation {
    Operation::new(
        "review_list",
        "reviews",
        "List reviews",
        "Reviews in the order in which they were asked for, the longest waiting first; the stage that is open \
         tells who is waited for, since when and until when. With `mine=true` only the open ones that wait for \
         the caller: in the pool of the open stage as it stands now, or the deputy of somebody in it, not an \
         author, and not decided yet; that needs a person. With `overdue=true` or `stuck=true` only the open \
         ones whose stage is overdue, or which cannot end as things stand. A page may be short, or empty, and \
         still have a next one.",
    )
    .query::<ReviewFilter>()
    .paged()
    .answer::<ReviewPage>(200, "A page of reviews.", json!({ "items": [example_review(false)] }))
    .errors(&[Code::PersonRequired])
    .event(NO_EVENT)
}

fn get_operation() -> Operation {
    Operation::new(
        "review_get",
        "reviews",
        "Read a review",
        "One run of a workflow over one revision: its stages as they stood when it opened, the decisions \
         in each, who is waited for, and the room that each way to share leaves for a comment.",
    )
    .answer::<Review>(200, "The review.", example_review(true))
    .event(NO_EVENT)
}

fn reassign_operation() -> Operation {
    Operation::new(
        REASSIGN,
        "reviews",
        "Give a stage of a review to others",
        "From now on the named pool decides in a stage that has not passed, instead of all who could before; \
         decisions that were cast stay. For reviews that are stuck, and for any other reason that is said. A \
         pool that could not end the stage is refused.",
    )
    .body::<Reassignment>(json!({
        "stage": 1,
        "reviewers": { "person": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2" },
        "reason": "Juridische zaken is deze week onderbezet.",
    }))
    .idempotency_key()
    .answer::<Review>(201, "The review.", example_review(true))
    .errors(&[Code::StageClosed, Code::InvalidContent, Code::NotEnoughReviewers])
    .event(Event::StageReassigned.as_str())
}

fn extend_operation() -> Operation {
    Operation::new(
        EXTEND,
        "reviews",
        "Extend a lapsed revision and submit it again",
        "The window of the revision closed while it was under review. In one call the same words with a later \
         `expires_at` become the next revision and are submitted; whoever extends becomes one of its authors. \
         Everything that a submission checks is checked. Only posts have such a window: the rights and \
         consents of an image end by agreements, which are saved in its draft.",
    )
    .body::<Extension>(json!({ "expires_at": "2027-01-31T23:00:00Z" }))
    .idempotency_key()
    .answer::<Review>(201, "The review that opened.", example_review(true))
    .location()
    .errors(&[
        Code::Conflict,
        Code::RevisionChanged,
        Code::NoWorkflow,
        Code::WorkflowTie,
        Code::NotEnoughReviewers,
        Code::InvalidContent,
        Code::UnknownImage,
        Code::RuleViolated,
        Code::Blocked,
    ])
    .event(Event::RevisionSubmitted.as_str())
}

/// A stage that is given to others.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct Reassignment {
    /// The stage, from 0.
    #[validate(range(max = 9))]
    #[schema(minimum = 0, maximum = 9)]
    stage: u8,
    /// Who may decide in it from now on.
    reviewers: NewPool,
    /// Why.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// A later end of a window.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct Extension {
    /// When sharing ends.
    expires_at: Time,
}

/// The address of a review.
pub fn review_address(id: ReviewId) -> String {
    format!("/v1/reviews/{id}")
}

/// What a list of reviews is narrowed to.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct ReviewFilter {
    /// Only those that wait for the caller.
    mine: Option<bool>,
    /// Only those with a stage that is overdue.
    overdue: Option<bool>,
    /// Only those that cannot end as things stand.
    stuck: Option<bool>,
    /// Only those of items of this kind.
    kind: Option<Kind>,
    /// Only those in this state; with any of the first three they are open.
    state: Option<ReviewState>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// One page of reviews, the longest waiting first.
#[derive(Serialize, ToSchema)]
struct ReviewPage {
    /// The reviews, without their `comment_room`.
    #[schema(max_items = 200)]
    items: Vec<Review>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// One run of a workflow over one revision.
#[derive(Serialize, ToSchema)]
pub struct Review {
    /// Its id.
    id: ReviewId,
    /// What the item is.
    kind: Kind,
    /// The item under review.
    item_id: ItemId,
    /// The revision under review.
    #[schema(minimum = 1)]
    revision: i64,
    /// The frozen digest, which decisions name.
    digest: Digest,
    /// Open, or its outcome.
    state: ReviewState,
    /// The version of the workflow that governs it.
    workflow: ReviewWorkflow,
    /// The review whose approvals stand for the first stages, where this one resumed behind them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resumed_from: Option<ReviewId>,
    /// Whether the words were published urgently, so that this review comes after; absent otherwise.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    urgent: bool,
    /// The stages in their order, as they stood when the review opened.
    #[schema(max_items = 10)]
    stages: Vec<ReviewStage>,
    /// The room that each way to share leaves for a comment; only where one review is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100_000, nullable = false)]
    comment_room: Option<Vec<CommentRoom>>,
    /// What rules in force warn of in the words; only in the answer to their submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100_000, nullable = false)]
    warnings: Option<Vec<RuleFinding>>,
    /// When it opened.
    opened_at: Time,
    /// Who submitted; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opened_by: Option<PersonId>,
    /// When it got its outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closed_at: Option<Time>,
}

/// The version of a workflow that governs a review.
#[derive(Serialize, ToSchema)]
struct ReviewWorkflow {
    /// The workflow.
    id: WorkflowId,
    /// The version.
    #[schema(minimum = 1)]
    version: i64,
    /// What that version is called.
    #[schema(max_length = 100)]
    name: String,
}

/// One stage of a review.
#[derive(Serialize, ToSchema)]
struct ReviewStage {
    /// What it is called.
    #[schema(max_length = 100)]
    name: String,
    /// Who may decide, as the review opened.
    reviewers: Pool,
    /// Who may decide instead or as well, since it was given to others or escalated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    given_to: Vec<Pool>,
    /// How many approvals pass it.
    quorum: Quorum,
    /// Its state.
    state: StageState,
    /// Why it cannot end, while its state is `stuck`: `not_enough_reviewers`, or `asked_reviewer_left` where
    /// all who were asked must approve. It can be reassigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, nullable = false)]
    reason: Option<String>,
    /// When it opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    since: Option<Time>,
    /// When it is overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    due_at: Option<Time>,
    /// Approvals that are missing, while it is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    missing: Option<u32>,
    /// Who can give one, while it is waited for: at most twenty of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    waits_for: Vec<PersonId>,
    /// What was decided in it, in the order of the record; of an earlier review and revision, where the review
    /// resumed behind it.
    #[schema(max_items = 1000)]
    decisions: Vec<Decision>,
}

/// How much room one way to share leaves for a comment.
#[derive(Deserialize, Serialize, ToSchema)]
struct CommentRoom {
    /// The copy's language.
    #[schema(value_type = LanguageTag)]
    language: String,
    /// The channel.
    channel: ChannelId,
    /// The copy.
    #[schema(max_length = 32)]
    copy_id: String,
    /// The country, where the audience names countries; absent = the least of all countries.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CountryCode>, nullable = false)]
    country: Option<String>,
    /// Units of the channel that a comment may have; absent = any number. 0 where none is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    room: Option<u64>,
}

impl Review {
    /// The review as other resources show it, without its comment room.
    pub fn summary(view: ReviewView) -> Self {
        let ReviewView { row, workflow, urgent, stages } = view;
        let WorkflowNamed { id, version, name } = workflow;
        Self {
            workflow: ReviewWorkflow { id, version, name },
            resumed_from: row.resumed_from,
            urgent,
            id: row.id,
            kind: row.kind,
            item_id: row.item_id,
            revision: row.revision,
            digest: row.digest,
            state: row.state,
            stages: stages.into_iter().map(ReviewStage::from).collect(),
            comment_room: None,
            warnings: None,
            opened_at: row.opened_at,
            opened_by: row.opened_by,
            closed_at: row.closed_at,
        }
    }

    /// All of the review.
    pub fn whole(view: ReviewView) -> Result<Self> {
        let comment_room = serde_json::from_str(&view.row.comment_room).map_err(Error::internal)?;
        Ok(Self { comment_room: Some(comment_room), ..Self::summary(view) })
    }

    /// The same review as the answer to a submission, with what rules warn of.
    pub fn warned(self, warnings: Option<Vec<Finding>>) -> Self {
        Self { warnings: warnings.map(told), ..self }
    }
}

impl From<StageView> for ReviewStage {
    fn from(stage: StageView) -> Self {
        Self {
            name: stage.name,
            reviewers: stage.reviewers.into(),
            given_to: stage.given_to.into_iter().map(Pool::from).collect(),
            quorum: stage.quorum,
            state: stage.state,
            reason: stage.stuck,
            since: stage.since,
            due_at: stage.due_at,
            missing: stage.lacks,
            waits_for: stage.waits_for,
            decisions: stage.decisions.into_iter().map(Decision::from).collect(),
        }
    }
}

async fn reviews_list(
    request: HttpRequest,
    app: web::Data<App>,
    frame: web::Data<Frame>,
    Caller(actor): Caller,
    Query(query): Query<ReviewFilter>,
) -> Result<HttpResponse> {
    let mine = query.mine.unwrap_or_default().then(|| actor.person()).transpose()?;
    let walk = frame.cursor_key.walk("review_list", &actor, &query)?;
    let after = after(&walk, query.cursor.as_deref())?;
    let (limit, now) = (usize::from(query.limit.get()), app.clock.now());
    let asked = ReviewQuery {
        mine,
        state: query.state,
        kind: query.kind,
        overdue: query.overdue.unwrap_or_default(),
        stuck: query.stuck.unwrap_or_default(),
    };
    let (views, last) = app.read(move |conn, _| review_list(conn, &asked, after, limit, now)).await?;
    let next_cursor = cursor_after(&walk, last)?;
    let items = views.into_iter().map(Review::summary).collect();
    Ok(page(&request, next_cursor.as_deref(), &ReviewPage { items, next_cursor: next_cursor.clone() }))
}

async fn review_read(app: web::Data<App>, Path(id): Path<ReviewId>) -> Result<HttpResponse> {
    let now = app.clock.now();
    let view = app.read(move |conn, _| review_get(conn, id, now)).await?;
    Ok(HttpResponse::Ok().json(Review::whole(view)?))
}

async fn review_give(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ReviewId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<Reassignment>,
) -> Result<HttpResponse> {
    let once = once(REASSIGN, key, &id, &body)?;
    let Reassignment { stage, reviewers, reason } = body;
    let command = Reassign { review: id, stage: stage.into(), reviewers: reviewers.into(), reason };
    let (view, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let done =
                once.run(tx, &context.keys, &actor, |tx| review_reassign(tx, context, &actor, &command))?;
            let now = tx.now();
            Ok((review_get(tx.conn(), done.resource, now)?, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed).json(Review::whole(view)?))
}

async fn review_prolong(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ReviewId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<Extension>,
) -> Result<HttpResponse> {
    let once = once(EXTEND, key, &id, &body)?;
    let (desk, now) = (app.clone(), app.clock.now());
    let work = move || {
        review_extend(&desk.db, &desk.context, &desk.snapshots, &actor, &once, id, body.expires_at, now)
    };
    let submitted = app.think(work).await?;
    let view = app.read(move |conn, _| review_get(conn, submitted.resource, now)).await?;
    Ok(done(StatusCode::CREATED, submitted.replayed)
        .insert_header((header::LOCATION, review_address(view.row.id)))
        .json(Review::whole(view)?))
}

/// An example of a review that was approved; `whole` with its comment room.
pub fn example_review(whole: bool) -> Value {
    let mut review = json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f90",
        "kind": "post",
        "item_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
        "revision": 1,
        "digest": "sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5",
        "state": "approved",
        "workflow": { "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fd1", "version": 1, "name": "Review" },
        "stages": [{
            "name": "review",
            "reviewers": { "role": "reviewer" },
            "quorum": "any",
            "state": "passed",
            "since": "2026-11-20T14:02:11.482Z",
            "decisions": [example_decision()],
        }],
        "opened_at": "2026-11-20T14:02:11.482Z",
        "opened_by": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa1",
        "closed_at": "2026-11-20T15:30:00.120Z",
    });
    if whole && let Some(members) = review.as_object_mut() {
        let room = json!([
            { "language": "nl", "channel": "linkedin", "copy_id": "nl-1", "room": 200 },
            { "language": "en", "channel": "x", "copy_id": "en-1", "room": 61 },
        ]);
        members.insert("comment_room".to_owned(), room);
    }
    review
}
