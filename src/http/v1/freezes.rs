//! Freezes: stopping all sharing, or that of one channel, for a while.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{REASON_MAX, after, cursor_after, cut, done, not_blank, once, one_more, page};
use crate::app::actor::Permission;
use crate::app::freezes::{FreezeCreate, freeze_create, freeze_end, freeze_get, freeze_list};
use crate::domain::channels::ChannelId;
use crate::domain::ids::{FreezeId, PersonId};
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
use crate::store::freezes::FreezeRow;

const CREATE: &str = "freeze_create";
const LIST: &str = "freeze_list";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let read = Permission::Holds(Scope::ContentRead);
    let publish = Permission::PersonHolds(Scope::Publish);
    vec![
        Route::post("/v1/freezes", publish, create_operation(), freeze_begin),
        Route::get("/v1/freezes", read, list_operation(), freezes_list),
        Route::delete("/v1/freezes/{id}", publish, end_operation(), freeze_stop),
    ]
}

fn create_operation() -> Operation {
    Operation::new(
        CREATE,
        "freezes",
        "Begin a freeze",
        "Stops all sharing, or that of one channel, until the freeze ends. From the moment of this answer \
         no new share that it concerns is issued, on any node; what is live stays live. `until` must lie \
         in the future, and the channel must exist.",
    )
    .body::<NewFreeze>(json!({
        "scope": { "channel": "x" },
        "reason": "Storing op Windpark Noordzee: eerst de officiële lezing.",
        "until": "2026-11-22T09:00:00Z",
    }))
    .idempotency_key()
    .answer::<Freeze>(201, "The freeze.", example_freeze())
    .errors(&[Code::InvalidContent])
    .event(Event::FreezeBegun.as_str())
}

fn list_operation() -> Operation {
    Operation::new(
        LIST,
        "freezes",
        "List freezes",
        "Freezes, newest first: those in force and those that have ended.",
    )
    .query::<FreezeFilter>()
    .paged()
    .answer::<FreezePage>(200, "A page of freezes.", json!({ "items": [example_freeze()] }))
    .event(NO_EVENT)
}

fn end_operation() -> Operation {
    Operation::new(
        "freeze_end",
        "freezes",
        "End a freeze",
        "Ends a freeze before its time; one that has ended stays as it is. A freeze never changes but by \
         ending, so it has no version and this takes no `If-Match`: there is nothing that somebody else \
         could have written meanwhile.",
    )
    .empty(204, "It has ended.")
    .event(Event::FreezeEnded.as_str())
}

/// What a freeze stops.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct FreezeScope {
    /// Only this channel; absent = everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    channel: Option<ChannelId>,
}

/// A freeze to begin.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct NewFreeze {
    /// What it stops.
    #[validate(nested)]
    scope: FreezeScope,
    /// Why; an employee whose share is refused reads it.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// When it ends by itself.
    until: Time,
}

impl From<NewFreeze> for FreezeCreate {
    fn from(body: NewFreeze) -> Self {
        Self { channel: body.scope.channel, reason: body.reason, until: body.until }
    }
}

/// The pages of a list of freezes.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct FreezeFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// One page of freezes, newest first.
#[derive(Serialize, ToSchema)]
struct FreezePage {
    /// The freezes.
    #[schema(max_items = 200)]
    items: Vec<Freeze>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A freeze.
#[derive(Serialize, ToSchema)]
struct Freeze {
    /// Its id.
    id: FreezeId,
    /// What it stops.
    scope: FreezeScope,
    /// Why.
    #[schema(max_length = 2000)]
    reason: String,
    /// Whether it stops sharing now.
    in_force: bool,
    /// Who began it; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person_id: Option<PersonId>,
    /// When it began.
    from: Time,
    /// When it ends by itself.
    until: Time,
    /// When somebody ended it before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ended_at: Option<Time>,
}

impl Freeze {
    /// The freeze as it is at `now`.
    fn new(row: FreezeRow, now: Time) -> Self {
        Self {
            in_force: row.holds(now),
            id: row.id,
            scope: FreezeScope { channel: row.channel.as_deref().map(ChannelId::from) },
            reason: row.reason,
            person_id: row.person_id,
            from: row.from_at,
            until: row.until_at,
            ended_at: row.ended_at,
        }
    }
}

async fn freeze_begin(
    app: web::Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<NewFreeze>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &(), &body)?;
    let command = FreezeCreate::from(body);
    let (freeze, replayed) = app
        .write(Lane::Urgent, move |tx, context| {
            let done =
                once.run(tx, &context.keys, &actor, |tx| freeze_create(tx, context, &actor, &command))?;
            Ok((Freeze::new(freeze_get(tx.conn(), done.resource)?, tx.now()), done.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed).json(freeze))
}

async fn freezes_list(
    request: HttpRequest,
    app: web::Data<App>,
    frame: web::Data<Frame>,
    Caller(actor): Caller,
    Query(query): Query<FreezeFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &query)?;
    let after = after(&walk, query.cursor.as_deref())?;
    let (limit, now) = (query.limit, app.clock.now());
    let mut rows = app.read(move |conn, _| freeze_list(conn, after, one_more(limit))).await?;
    let next_cursor = cursor_after(&walk, cut(&mut rows, limit).map(|row| row.id))?;
    let items = rows.into_iter().map(|row| Freeze::new(row, now)).collect();
    Ok(page(&request, next_cursor.as_deref(), &FreezePage { items, next_cursor: next_cursor.clone() }))
}

async fn freeze_stop(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<FreezeId>,
) -> Result<HttpResponse> {
    app.write(Lane::Ordinary, move |tx, context| freeze_end(tx, context, &actor, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn example_freeze() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fb1",
        "scope": { "channel": "x" },
        "reason": "Storing op Windpark Noordzee: eerst de officiële lezing.",
        "in_force": true,
        "person_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa3",
        "from": "2026-11-21T09:00:00.004Z",
        "until": "2026-11-22T09:00:00Z",
    })
}
