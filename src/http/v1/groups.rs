//! Groups of people, and who is in them.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{after, cursor_after, cut, done, once, page};
use super::people::{Person, PersonFilter, PersonPage, example_person};
use super::stuck::{StuckBefore, StuckReviews, look_after_change_of};
use crate::app::actor::Permission;
use crate::app::groups;
use crate::app::people::group_member_list;
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::extract::{Body, Caller, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::table::Route;
use crate::state::App;
use crate::store::Lane;
use crate::store::groups::GroupRow;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let people = Permission::Holds(Scope::People);
    // Whoever writes or reads content finds the groups that it names.
    let content = Permission::Holds(Scope::ContentRead);
    let member = "/v1/groups/{id}/members/{person_id}";
    vec![
        Route::post("/v1/groups", people, describe_create(), group_create),
        Route::get("/v1/groups", content, describe_list(), group_list),
        Route::get("/v1/groups/{id}", content, describe_get(), group_get),
        Route::get("/v1/groups/{id}/members", people, describe_members(), members),
        Route::put(member, people, describe_add(), group_member_add),
        Route::delete(member, people, describe_remove(), group_member_remove),
    ]
}

fn describe_create() -> Operation {
    Operation::new(
        "group_create",
        "people",
        "Make a group",
        "A group is an audience of posts, a pool of reviewers, or both. Its name is unique.",
    )
    .body::<GroupCreate>(json!({ "name": "Wind op zee" }))
    .answer::<Group>(201, "The group was made.", example_group())
    .location()
    .idempotency_key()
    .errors(&[Code::AlreadyExists, Code::InvalidContent])
    .event("group.created")
}

fn describe_list() -> Operation {
    Operation::new("group_list", "people", "List groups", "Every group, the newest first.")
        .query::<GroupFilter>()
        .paged()
        .answer::<GroupPage>(200, "A page of groups.", json!({ "items": [example_group()] }))
        .event(NO_EVENT)
}

fn describe_get() -> Operation {
    Operation::new("group_get", "people", "Read a group", "One group, without its members.")
        .answer::<Group>(200, "The group.", example_group())
        .event(NO_EVENT)
}

fn describe_members() -> Operation {
    Operation::new(
        "group_member_list",
        "people",
        "List the members of a group",
        "Whoever is a member now, the newest person first, active or not.",
    )
    .query::<PersonFilter>()
    .paged()
    .answer::<PersonPage>(200, "A page of members.", json!({ "items": [example_person()] }))
    .event(NO_EVENT)
}

fn describe_add() -> Operation {
    Operation::new(
        "group_member_add",
        "people",
        "Add a member to a group",
        "The membership begins now; whoever is a member stays one. It has no version: no `If-Match`.",
    )
    .empty(204, "The person is a member.")
    .event("membership.began")
}

fn describe_remove() -> Operation {
    Operation::new(
        "group_member_remove",
        "people",
        "Remove a member from a group",
        "The membership ends now; whoever is no member stays none. It has no version: no `If-Match`. The answer \
         names the reviews that cannot end any more without them, which can be reassigned.",
    )
    .answer::<StuckReviews>(200, "The person is no member.", json!({ "stuck_reviews": [] }))
    .event("membership.ended")
}

fn example_group() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1",
        "name": "Wind op zee",
        "created_at": "2026-11-20T08:00:00Z",
    })
}

/// A group to be made.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
struct GroupCreate {
    /// Its name.
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    name: String,
}

/// The groups of a list.
#[derive(Deserialize, Serialize, IntoParams)]
struct GroupFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of groups.
#[derive(Serialize, ToSchema)]
struct GroupPage {
    /// The groups, newest first.
    #[schema(max_items = 200)]
    items: Vec<Group>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A group of people.
#[derive(Serialize, ToSchema)]
struct Group {
    /// Its id.
    id: GroupId,
    /// Its name.
    #[schema(max_length = 1000)]
    name: String,
    /// When it was made.
    created_at: Time,
}

impl From<GroupRow> for Group {
    fn from(row: GroupRow) -> Self {
        let GroupRow { id, name, created_at } = row;
        Self { id, name, created_at }
    }
}

/// A person's membership in a group.
#[derive(Deserialize)]
struct MemberPath {
    id: GroupId,
    person_id: PersonId,
}

async fn group_create(
    app: Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<GroupCreate>,
) -> Result<HttpResponse> {
    let once = once("group_create", key, &(), &body)?;
    let (group, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let keys = &context.keys;
            let done =
                once.run(tx, keys, &actor, |tx| Ok(groups::group_create(tx, keys, &actor, &body.name)?.id))?;
            Ok((groups::group_get(tx.conn(), &actor, done.resource)?, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed)
        .insert_header((header::LOCATION, format!("/v1/groups/{}", group.id)))
        .json(Group::from(group)))
}

async fn group_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<GroupFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk("group_list", &actor, &filter)?;
    let (after, limit) = (after(&walk, filter.cursor.as_deref())?, filter.limit);
    let rows = i64::from(limit.get()) + 1;
    let mut groups = app.read(move |conn, _| groups::group_list(conn, &actor, after, rows)).await?;
    let next_cursor = cursor_after(&walk, cut(&mut groups, limit).map(|row| row.id))?;
    let items = groups.into_iter().map(Group::from).collect();
    Ok(page(&request, next_cursor.as_deref(), &GroupPage { items, next_cursor: next_cursor.clone() }))
}

async fn group_get(app: Data<App>, Caller(actor): Caller, Path(id): Path<GroupId>) -> Result<Json<Group>> {
    let row = app.read(move |conn, _| groups::group_get(conn, &actor, id)).await?;
    Ok(Json(row.into()))
}

async fn members(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Path(group): Path<GroupId>,
    Query(filter): Query<PersonFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk("group_member_list", &actor, &(group, &filter))?;
    let (after, limit) = (after(&walk, filter.cursor.as_deref())?, filter.limit);
    let rows = i64::from(limit.get()) + 1;
    let read =
        app.read(move |conn, context| group_member_list(conn, &context.keys, &actor, group, after, rows));
    let mut views = read.await?;
    let next_cursor = cursor_after(&walk, cut(&mut views, limit).map(|view| view.id))?;
    let items = views.into_iter().map(Person::from).collect();
    Ok(page(&request, next_cursor.as_deref(), &PersonPage { items, next_cursor: next_cursor.clone() }))
}

async fn group_member_add(
    app: Data<App>,
    Caller(actor): Caller,
    Path(MemberPath { id, person_id }): Path<MemberPath>,
) -> Result<HttpResponse> {
    app.write(Lane::Ordinary, move |tx, context| {
        groups::group_member_add(tx, &context.keys, &actor, id, person_id)
    })
    .await?;
    look_after_change_of(&app, person_id).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn group_member_remove(
    app: Data<App>,
    Caller(actor): Caller,
    Path(MemberPath { id, person_id }): Path<MemberPath>,
) -> Result<HttpResponse> {
    let stuck_before = StuckBefore::read(&app).await?;
    app.write(Lane::Ordinary, move |tx, context| {
        groups::group_member_remove(tx, &context.keys, &actor, id, person_id)
    })
    .await?;
    Ok(HttpResponse::Ok().json(stuck_before.after_change_of(&app, person_id).await?))
}
