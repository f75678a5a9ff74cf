//! Reviews: the queue of what waits for decisions, and each run of a workflow.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::answers::{after, cursor_after, page};
use super::decisions::{Decision, example_decision};
use super::findings::{RuleFinding, told};
use super::workflows::Pool;
use crate::app::actor::Permission;
use crate::app::reviews::{ReviewView, StageView, review_get, review_list};
use crate::domain::channels::ChannelId;
use crate::domain::findings::Finding;
use crate::domain::ids::{Digest, ItemId, Kind, PersonId, ReviewId};
use crate::domain::review::{ReviewState, StageState};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::http::Frame;
use crate::http::extract::{Caller, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::schema::{CountryCode, LanguageTag};
use crate::http::table::Route;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let read = Permission::Holds(Scope::ContentRead);
    let list = Operation::new(
        "review_list",
        "reviews",
        "List reviews",
        "Reviews in the order in which they were asked for, the longest waiting first. With `mine=true` \
         only the open ones that wait for the caller: in the pool of the open stage as it stands now, not \
         an author, and not decided yet; that needs a person. A page may be short, or empty, and still \
         have a next one.",
    )
    .query::<ReviewFilter>()
    .paged()
    .answer::<ReviewPage>(200, "A page of reviews.", json!({ "items": [example_review(false)] }))
    .errors(&[Code::PersonRequired])
    .event(NO_EVENT);
    let get = Operation::new(
        "review_get",
        "reviews",
        "Read a review",
        "One run of a workflow over one revision: its stages as they stood when it opened, the decisions \
         in each, and the room that each way to share leaves for a comment.",
    )
    .answer::<Review>(200, "The review.", example_review(true))
    .event(NO_EVENT);
    vec![
        Route::get("/v1/reviews", Permission::HoldsPerhapsFor(Scope::ContentRead), list, reviews_list),
        Route::get("/v1/reviews/{id}", read, get, review_read),
    ]
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
    /// Only those in this state; with `mine` they are open.
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

/// One stage of a review.
#[derive(Serialize, ToSchema)]
struct ReviewStage {
    /// What it is called.
    #[schema(max_length = 100)]
    name: String,
    /// Who may decide.
    reviewers: Pool,
    /// How many approvals pass it.
    #[schema(minimum = 1, maximum = 50)]
    quorum: u32,
    /// Its state.
    state: StageState,
    /// What was decided in it, in the order of the record.
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
        let ReviewView { row, stages } = view;
        Self {
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
            quorum: stage.quorum,
            state: stage.state,
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
    let limit = usize::from(query.limit.get());
    let (views, last) = app.read(move |conn, _| review_list(conn, query.state, mine, after, limit)).await?;
    let next_cursor = cursor_after(&walk, last)?;
    let items = views.into_iter().map(Review::summary).collect();
    Ok(page(&request, next_cursor.as_deref(), &ReviewPage { items, next_cursor: next_cursor.clone() }))
}

async fn review_read(app: web::Data<App>, Path(id): Path<ReviewId>) -> Result<HttpResponse> {
    let view = app.read(move |conn, _| review_get(conn, id)).await?;
    Ok(HttpResponse::Ok().json(Review::whole(view)?))
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
        "stages": [{
            "name": "review",
            "reviewers": { "role": "reviewer" },
            "quorum": 1,
            "state": "passed",
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
