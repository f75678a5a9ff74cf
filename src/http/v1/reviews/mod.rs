//! Reviews: the queue of what waits for decisions, and each run of a workflow.

mod types;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

pub use self::types::Review;
use self::types::{Extension, Reassignment, ReviewFilter, ReviewPage};
use super::answers::{after, cursor_after, done, once, page};
use super::decisions::example_decision;
use crate::app::actor::Permission;
use crate::app::extension::review_extend;
use crate::app::reassignment::{Reassign, review_reassign};
use crate::app::reviews::{ReviewQuery, review_get, review_list};
use crate::domain::ids::ReviewId;
use crate::domain::roles::Scope;
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::extract::{Body, Caller, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
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
         decisions that were cast stay, and while it is open its time begins anew. For reviews that are stuck, \
         and for any other reason that is said. A pool that could not end the stage is refused, and so is one \
         that would keep another stage from ending. It passes no stage: somebody is left to decide.",
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

/// The address of a review.
pub fn review_address(id: ReviewId) -> String {
    format!("/v1/reviews/{id}")
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
