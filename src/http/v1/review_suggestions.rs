//! Suggestions in a review: changes that a reviewer proposes and an author takes with one call.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{REASON_MAX, cursor_at, cut, done, not_blank, once, one_more, page};
use super::items::{self, Item, advise, reread, with_item};
use super::posts::PostKind;
use super::review_comments::POINTER_MAX;
use crate::app::actor::Permission;
use crate::app::review_suggestions::{
    SuggestionCreate, review_suggestion_accept, review_suggestion_create, review_suggestion_get,
    review_suggestion_item, review_suggestion_list,
};
use crate::domain::ids::{PersonId, ReviewId, SuggestionId};
use crate::domain::roles::Scope;
use crate::domain::suggestion::Edit;
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
use crate::store::review_suggestions::SuggestionRow;

const CREATE: &str = "review_suggestion_create";
const LIST: &str = "review_suggestion_list";
const ACCEPT: &str = "review_suggestion_accept";
const ADDRESS: &str = "/v1/reviews/{id}/suggestions";

/// The most changes of one suggestion.
const CHANGES_MAX: u64 = 100;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let review = Permission::PersonHolds(Scope::Review);
    let read = Permission::PersonHolds(Scope::ContentRead);
    let write = Permission::PersonHolds(Scope::ContentWrite);
    let acceptance = format!("{ADDRESS}/{{suggestion}}/acceptance");
    vec![
        Route::post(ADDRESS, review, create_operation(), suggestion_create),
        Route::get(ADDRESS, read, list_operation(), suggestions_list),
        Route::post(acceptance, write, accept_operation(), suggestion_accept),
    ]
}

fn create_operation() -> Operation {
    Operation::new(
        CREATE,
        "reviews",
        "Suggest a change in a review",
        "Proposes other words to the authors, by a reviewer who stays one: whoever edits a draft is an author, \
         and cannot decide on it. Each change names a place of the content under review by a JSON pointer below \
         `/content`. With `value`, that stands there afterwards: a member of an object may be new, and `-` as \
         the last segment appends to a list. Without, the place is removed. Every pointer means the content \
         before all changes, so no place may lie within another one; a few may append to one list. What comes \
         of it must be what a draft could be; each fault is told at the change that brings it, with its place \
         in the content. The files of an image and its focal point cannot be suggested. It is for participants, as \
         comments are, while the review is open or ended with `changes_requested`. An author of the revision is \
         409 `author_cannot_suggest`: they just edit.",
    )
    .body::<NewSuggestion>(json!({
        "changes": [example_change()],
        "reason": "In het persbericht staat zes jaar.",
    }))
    .idempotency_key()
    .answer::<Suggestion>(201, "The suggestion.", example_suggestion())
    .errors(&[
        Code::NotAParticipant,
        Code::AuthorCannotSuggest,
        Code::StageClosed,
        Code::Conflict,
        Code::InvalidContent,
        Code::UnknownImage,
    ])
    .event(Event::SuggestionMade.as_str())
}

fn list_operation() -> Operation {
    Operation::new(
        LIST,
        "reviews",
        "List the suggestions in a review",
        "What reviewers suggested, the oldest first, and who took it; for the authors of the revision and the \
         reviewers of the review's stages only.",
    )
    .query::<SuggestionFilter>()
    .paged()
    .answer::<SuggestionPage>(200, "A page of suggestions.", json!({ "items": [example_suggestion()] }))
    .errors(&[Code::NotAParticipant])
    .event(NO_EVENT)
}

fn accept_operation() -> Operation {
    Operation::new(
        ACCEPT,
        "reviews",
        "Take a suggestion",
        "Saves the suggested words in the item's working revision, by an author of that or of the revision under \
         review, as saving a draft does: what is frozen stays, and the next revision opens; a review that is open is withdrawn, \
         and the answer says so in `withdrew_review`. The caller and the proposer are both authors of these words \
         from then on, so that neither decides on them. Where somebody has edited a place of the suggestion since, \
         it is 409 `revision_changed` with the working revision. A suggestion is taken once. The answer is the \
         item as a save of its draft answers it, its content of its own kind.",
    )
    .idempotency_key()
    .answer::<Item>(200, "The item with its draft.", items::draft_item::<PostKind>())
    .etag()
    .errors(&[
        Code::NotAnAuthor,
        Code::RevisionChanged,
        Code::Conflict,
        Code::InvalidContent,
        Code::UnknownImage,
    ])
    .event(Event::SuggestionAccepted.as_str())
}

/// A suggestion to make.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct NewSuggestion {
    /// What is to change.
    #[validate(length(min = 1, max = CHANGES_MAX), nested)]
    #[schema(min_items = 1, max_items = 100)]
    changes: Vec<SuggestedChange>,
    /// Why; the authors read it.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// One change of a suggestion.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct SuggestedChange {
    /// The place, as a JSON pointer below `/content`; `-` as the last segment appends to a list.
    #[validate(length(min = 1, max = POINTER_MAX))]
    #[schema(min_length = 1, max_length = 500)]
    pointer: String,
    /// What is to stand there; absent = nothing, and the place is removed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    value: Option<Value>,
}

/// Reads `null` as a value, and not as none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// The pages of a list of suggestions.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct SuggestionFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// One page of suggestions, the oldest first.
#[derive(Serialize, ToSchema)]
struct SuggestionPage {
    /// The suggestions.
    #[schema(max_items = 200)]
    items: Vec<Suggestion>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A suggestion in a review.
#[derive(Serialize, ToSchema)]
struct Suggestion {
    /// Its id.
    id: SuggestionId,
    /// The review.
    review_id: ReviewId,
    /// What is to change in the content under review.
    #[schema(max_items = 100)]
    changes: Vec<SuggestedChange>,
    /// Why.
    #[schema(max_length = 2000)]
    reason: String,
    /// Who suggests it; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person_id: Option<PersonId>,
    /// When.
    created_at: Time,
    /// How it was taken; absent while it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    acceptance: Option<Acceptance>,
}

/// How a suggestion was taken.
#[derive(Serialize, ToSchema)]
struct Acceptance {
    /// Who took it; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person_id: Option<PersonId>,
    /// When.
    accepted_at: Time,
    /// The revision that it went into.
    #[schema(minimum = 1)]
    revision: i64,
}

impl From<Edit> for SuggestedChange {
    fn from(edit: Edit) -> Self {
        let Edit { pointer, value } = edit;
        Self { pointer, value }
    }
}

impl From<SuggestedChange> for Edit {
    fn from(change: SuggestedChange) -> Self {
        let SuggestedChange { pointer, value } = change;
        Self { pointer, value }
    }
}

impl Suggestion {
    fn new(row: SuggestionRow) -> Result<Self> {
        let taken = row.accepted_at.zip(row.accepted_revision);
        let person_id = row.accepted_by;
        Ok(Self {
            changes: row.edits()?.into_iter().map(SuggestedChange::from).collect(),
            id: row.id,
            review_id: row.review_id,
            reason: row.reason,
            person_id: row.person_id,
            created_at: row.created_at,
            acceptance: taken.map(|(accepted_at, revision)| Acceptance { person_id, accepted_at, revision }),
        })
    }
}

/// The address of a suggestion.
#[derive(Debug, Deserialize)]
struct SuggestionPath {
    /// The review.
    id: ReviewId,
    /// The suggestion.
    suggestion: SuggestionId,
}

async fn suggestion_create(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(review): Path<ReviewId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<NewSuggestion>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &review, &body)?;
    let edits = body.changes.into_iter().map(Edit::from).collect();
    let command = SuggestionCreate { review, edits, reason: body.reason };
    let (suggestion, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let made = once.run(tx, &context.keys, &actor, |tx| {
                review_suggestion_create(tx, context, &actor, &command)
            })?;
            Ok((review_suggestion_get(tx.conn(), made.resource)?, made.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed).json(Suggestion::new(suggestion)?))
}

async fn suggestions_list(
    request: HttpRequest,
    app: web::Data<App>,
    frame: web::Data<Frame>,
    Caller(actor): Caller,
    Path(review): Path<ReviewId>,
    Query(query): Query<SuggestionFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &(&review, &query))?;
    let above = query.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?.map(|at| at.sort);
    let limit = query.limit;
    let now = app.clock.now();
    let read =
        move |conn: &mut _, _: &_| review_suggestion_list(conn, &actor, review, above, one_more(limit), now);
    let mut rows = app.read(read).await?;
    let next_cursor = cursor_at(&walk, cut(&mut rows, limit).map(|row| row.idx), None)?;
    let items = rows.into_iter().map(Suggestion::new).collect::<Result<_>>()?;
    let answer = SuggestionPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &answer))
}

async fn suggestion_accept(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(SuggestionPath { id, suggestion }): Path<SuggestionPath>,
    key: OptionalIdempotencyKey,
) -> Result<HttpResponse> {
    let once = once(ACCEPT, key, &(&id, &suggestion), &())?;
    let rules = app.rules();
    let (view, withdrew, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let mut withdrew = None;
            let taken = once.run(tx, &context.keys, &actor, |tx| {
                withdrew = review_suggestion_accept(tx, context, &actor, id, suggestion)?.withdrew;
                Ok(suggestion)
            })?;
            let (kind, item) = review_suggestion_item(tx.conn(), taken.resource)?;
            Ok((reread(tx, kind, item, &rules)?, withdrew, taken.replayed))
        })
        .await?;
    let advice = advise(&app, &view).await?;
    let item = Item::from(view).addressed(&app.context.media, app.clock.now());
    Ok(with_item(done(StatusCode::OK, replayed), item.withdrew(withdrew).advised(advice)))
}

fn example_change() -> Value {
    json!({
        "pointer": "/content/copies/0/text",
        "value": "Vandaag leverde Windpark Noordzee zijn eerste stroom. Daar werkten we zes jaar aan.",
    })
}

fn example_suggestion() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fd1",
        "review_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f90",
        "changes": [example_change()],
        "reason": "In het persbericht staat zes jaar.",
        "person_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2",
        "created_at": "2026-11-20T14:41:55.018Z",
    })
}
