//! Notifications: what the person who asks was told.

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::answers::{after, cursor_after, cut, page};
use crate::app::actor::Permission;
use crate::app::notifications;
use crate::domain::announcement::{Detail, Fact, Topic};
use crate::domain::ids::{ItemId, Kind, NotificationId, ReviewId};
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::http::Frame;
use crate::http::extract::{Caller, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::table::Route;
use crate::state::App;
use crate::store::notifications::NotificationRow;

const LIST: &str = "notification_list";

/// The routes of this file. They ask for a person and no scope: everybody may read what they were told.
pub fn routes() -> Vec<Route> {
    let read = "/v1/me/notifications/{id}/read";
    vec![
        Route::get("/v1/me/notifications", Permission::Person, describe_list(), notification_list),
        Route::post(read, Permission::Person, describe_read(), notification_read),
    ]
}

fn describe_list() -> Operation {
    Operation::new(
        LIST,
        "notifications",
        "List one's notifications",
        "What the person was told, the newest first: that they are asked to review, that something of theirs \
         was decided or recalled, and so on. It comes within seconds of what it tells of. What was read is \
         kept for 90 days, anything else for 400.",
    )
    .query::<NotificationFilter>()
    .paged()
    .answer::<NotificationPage>(200, "A page of notifications.", json!({ "items": [example_notification()] }))
    .event(NO_EVENT)
}

fn describe_read() -> Operation {
    let mut read = example_notification();
    crate::http::schema::set(&mut read, "read_at", json!("2026-11-21T09:05:00Z"));
    Operation::new(
        "notification_read",
        "notifications",
        "Mark a notification as read",
        "The person has read it; one that was read before stays as it was. Other people's are 404.",
    )
    .answer::<Notification>(200, "The notification.", read)
    .event(NO_EVENT)
}

fn example_notification() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fe1",
        "topic": "asked_to_review",
        "item_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f01",
        "kind": "post",
        "revision": 2,
        "review_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f11",
        "stage": 0,
        "detail": { "stage_name": "Redactie" },
        "created_at": "2026-11-21T09:00:00Z",
    })
}

/// What a list of notifications is narrowed to.
#[derive(Deserialize, Serialize, IntoParams)]
struct NotificationFilter {
    /// Only those that were not read.
    unread: Option<bool>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of notifications.
#[derive(Serialize, ToSchema)]
struct NotificationPage {
    /// The notifications, newest first.
    #[schema(max_items = 200)]
    items: Vec<Notification>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// Something that a person was told.
#[derive(Serialize, ToSchema)]
struct Notification {
    /// Its id.
    id: NotificationId,
    /// What it is about.
    topic: Topic,
    /// The item that it is about; absent where it is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    item_id: Option<ItemId>,
    /// What the item is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    kind: Option<Kind>,
    /// The revision that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    revision: Option<i64>,
    /// The review that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    review_id: Option<ReviewId>,
    /// The stage of the review, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    stage: Option<i64>,
    /// What else it says: for `asked_to_review` the `stage_name`, for `decided` the `outcome`, for `post_proposed` and
    /// `proposal_declined` the `proposal_id`; for `recheck` the
    /// `recheck_id`, its `action`, the `kind`, `item_id`, `name` and `revision` of what was rechecked, and how many
    /// `posts` it touches.
    #[serde(skip_serializing_if = "Detail::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, Fact>)]
    detail: Detail,
    /// When it happened.
    created_at: Time,
    /// When the person read it; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    read_at: Option<Time>,
}

impl TryFrom<NotificationRow> for Notification {
    type Error = Error;

    fn try_from(row: NotificationRow) -> Result<Self> {
        Ok(Self {
            detail: row.detail()?,
            id: row.id,
            topic: row.topic,
            item_id: row.item_id,
            kind: row.kind,
            revision: row.revision,
            review_id: row.review_id,
            stage: row.stage,
            created_at: row.created_at,
            read_at: row.read_at,
        })
    }
}

async fn notification_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<NotificationFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &filter)?;
    let after = after(&walk, filter.cursor.as_deref())?;
    let (limit, unread) = (filter.limit, filter.unread == Some(true));
    let rows = i64::from(limit.get()) + 1;
    let read = app.read(move |conn, _| notifications::notification_list(conn, &actor, unread, after, rows));
    let mut rows = read.await?;
    let next_cursor = cursor_after(&walk, cut(&mut rows, limit).map(|row| row.id))?;
    let items = rows.into_iter().map(Notification::try_from).collect::<Result<_>>()?;
    let found = NotificationPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &found))
}

async fn notification_read(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<NotificationId>,
) -> Result<Json<Notification>> {
    let now = app.clock.now();
    let read = move |conn: &mut _| notifications::notification_read(conn, &actor, id, now);
    let row = app.db.write_unlocked(read).await?;
    Ok(Json(row.try_into()?))
}
