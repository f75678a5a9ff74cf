//! Comments in a review: what authors and reviewers say about the revision, each at its place.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{REASON_MAX, cursor_at, cut, done, not_blank, once, one_more, page};
use crate::app::actor::Permission;
use crate::app::review_comments::{
    CommentCreate, review_comment_create, review_comment_get, review_comment_list,
};
use crate::domain::ids::{CommentId, PersonId, ReviewId};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::extract::{Body, Caller, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;
use crate::store::review_comments::CommentRow;

const CREATE: &str = "review_comment_create";
const LIST: &str = "review_comment_list";
const ADDRESS: &str = "/v1/reviews/{id}/comments";

/// The longest JSON pointer, in code points.
pub(super) const POINTER_MAX: u64 = 500;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let permission = Permission::PersonHolds(Scope::ContentRead);
    vec![
        Route::post(ADDRESS, permission, create_operation(), comment_create),
        Route::get(ADDRESS, permission, list_operation(), comments_list),
    ]
}

fn create_operation() -> Operation {
    Operation::new(
        CREATE,
        "reviews",
        "Comment in a review",
        "Says something about the revision under review, or about the place in it that `pointer` names: a JSON \
         pointer from `/content`, which must lead somewhere in that revision. It is between the authors of the \
         revision and the reviewers of any of the review's stages, those in a pool now and those who decided; \
         anybody else is 403 `not_a_participant`. A comment may be made at any time, also after the review \
         ended, and whatever its outcome: talk goes on. It belongs to the stage that is open, else to the last \
         one in which somebody decided. A comment never changes and is never deleted. The record has its entry \
         with the digest of the text.",
    )
    .body::<NewReviewComment>(json!({
        "pointer": "/content/copies/0/text",
        "text": "Vijf jaar, of zes? In het persbericht staat zes.",
    }))
    .idempotency_key()
    .answer::<ReviewComment>(201, "The comment.", example_comment())
    .errors(&[Code::NotAParticipant, Code::InvalidContent])
    .event(Event::CommentMade.as_str())
}

fn list_operation() -> Operation {
    Operation::new(
        LIST,
        "reviews",
        "List the comments in a review",
        "What the authors of the revision and the reviewers of the review's stages said, the oldest first; for \
         them only.",
    )
    .query::<ReviewCommentFilter>()
    .paged()
    .answer::<ReviewCommentPage>(200, "A page of comments.", json!({ "items": [example_comment()] }))
    .errors(&[Code::NotAParticipant])
    .event(NO_EVENT)
}

/// A comment to make.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct NewReviewComment {
    /// The place in the content under review, as a JSON pointer from `/content`; absent = all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = POINTER_MAX))]
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    pointer: Option<String>,
    /// What is said.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
    /// The comment of the same review that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reply_to: Option<CommentId>,
}

/// The pages of a list of comments.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct ReviewCommentFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// One page of comments, the oldest first.
#[derive(Serialize, ToSchema)]
struct ReviewCommentPage {
    /// The comments.
    #[schema(max_items = 200)]
    items: Vec<ReviewComment>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A comment in a review.
#[derive(Serialize, ToSchema)]
struct ReviewComment {
    /// Its id.
    id: CommentId,
    /// The review.
    review_id: ReviewId,
    /// The stage that it was made in, from 0.
    #[schema(minimum = 0)]
    stage: i64,
    /// The place in the content under review; absent = all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, nullable = false)]
    pointer: Option<String>,
    /// What was said.
    #[schema(max_length = 2000)]
    text: String,
    /// The comment that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reply_to: Option<CommentId>,
    /// Who said it; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person_id: Option<PersonId>,
    /// When.
    created_at: Time,
}

impl From<CommentRow> for ReviewComment {
    fn from(row: CommentRow) -> Self {
        let CommentRow { id, review_id, stage, pointer, text, reply_to, person_id, created_at, .. } = row;
        Self { id, review_id, stage, pointer, text, reply_to, person_id, created_at }
    }
}

async fn comment_create(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(review): Path<ReviewId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<NewReviewComment>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &review, &body)?;
    let NewReviewComment { pointer, text, reply_to } = body;
    let command = CommentCreate { review, pointer, text, reply_to };
    let (comment, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let made = once
                .run(tx, &context.keys, &actor, |tx| review_comment_create(tx, context, &actor, &command))?;
            Ok((review_comment_get(tx.conn(), made.resource)?, made.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed).json(ReviewComment::from(comment)))
}

async fn comments_list(
    request: HttpRequest,
    app: web::Data<App>,
    frame: web::Data<Frame>,
    Caller(actor): Caller,
    Path(review): Path<ReviewId>,
    Query(query): Query<ReviewCommentFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &(&review, &query))?;
    let above = query.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?.map(|at| at.sort);
    let limit = query.limit;
    let now = app.clock.now();
    let read =
        move |conn: &mut _, _: &_| review_comment_list(conn, &actor, review, above, one_more(limit), now);
    let mut rows = app.read(read).await?;
    let next_cursor = cursor_at(&walk, cut(&mut rows, limit).map(|row| row.idx), None)?;
    let items = rows.into_iter().map(ReviewComment::from).collect();
    let answer = ReviewCommentPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &answer))
}

fn example_comment() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1",
        "review_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f90",
        "stage": 0,
        "pointer": "/content/copies/0/text",
        "text": "Vijf jaar, of zes? In het persbericht staat zes.",
        "person_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2",
        "created_at": "2026-11-20T14:40:12.305Z",
    })
}
