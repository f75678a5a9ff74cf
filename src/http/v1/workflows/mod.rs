//! Workflows: the ordered stages that a revision must pass, and for which content.

mod types;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use self::types::{Workflow, WorkflowDraft, WorkflowFilter, WorkflowPage};
use super::answers::{cut, done, once, page};
use crate::app::actor::Permission;
use crate::app::workflows::{
    WorkflowSave, workflow_create, workflow_end, workflow_get, workflow_list, workflow_put,
    workflow_version_get,
};
use crate::domain::ids::WorkflowId;
use crate::domain::roles::Scope;
use crate::error::{Code, Result};
use crate::http::extract::{Body, Caller, IfMatch, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Position;
use crate::http::table::Route;
use crate::http::{Frame, etag};
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;
use crate::store::workflows::WorkflowRow;

const CREATE: &str = "workflow_create";
const LIST: &str = "workflow_list";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let read = Permission::Holds(Scope::ContentRead);
    let write = Permission::Holds(Scope::Workflows);
    let one = "/v1/workflows/{id}";
    vec![
        Route::post("/v1/workflows", write, create_operation(), workflow_make),
        Route::get("/v1/workflows", read, list_operation(), workflows_list),
        Route::get(one, read, get_operation(), workflow_read),
        Route::put(one, write, put_operation(), workflow_save),
        Route::delete(one, write, end_operation(), workflow_stop),
        Route::get("/v1/workflows/{id}/versions/{n}", read, version_operation(), workflow_version_read),
    ]
}

fn create_operation() -> Operation {
    Operation::new(
        CREATE,
        "reviews",
        "Put a workflow in force",
        "From now on, submissions of the kind for which `when` holds pass its stages, in their order. Of \
         several workflows the one that names most conditions applies. One that would name as many as \
         another for the same content is refused (`workflow_tie`), and so is one that nobody could finish, \
         because no assignment of distinct, active persons fills every stage: it names the stage. Deciding \
         needs the scope `review` and a place in the stage's pool, or being the deputy of somebody in it. \
         With `asking_stage` a resubmission begins with the stage that asked for changes, when only what \
         comments of those who decided in it point at was changed.",
    )
    .body::<WorkflowDraft>(example_draft())
    .idempotency_key()
    .answer::<Workflow>(201, "The workflow, in its first version.", example_workflow())
    .location()
    .etag()
    .errors(&[Code::InvalidContent, Code::NotEnoughReviewers, Code::WorkflowTie])
    .event(Event::WorkflowChanged.as_str())
}

fn put_operation() -> Operation {
    Operation::new(
        "workflow_put",
        "reviews",
        "Change a workflow",
        "Puts a new version in force; reviews that are open keep the stages they began with. The kind never \
         changes, and the same again makes no version. Refused as when it is made.",
    )
    .body::<WorkflowDraft>(example_draft())
    .if_match()
    .answer::<Workflow>(200, "The workflow, in its new version.", example_workflow())
    .etag()
    .errors(&[Code::Conflict, Code::InvalidContent, Code::NotEnoughReviewers, Code::WorkflowTie])
    .event(Event::WorkflowChanged.as_str())
}

fn end_operation() -> Operation {
    Operation::new(
        "workflow_end",
        "reviews",
        "Take a workflow out of force",
        "What it was for is then reviewed by the next best workflow; where there is none, it cannot be \
         submitted. Reviews that are open keep its stages, and its versions can still be read.",
    )
    .if_match()
    .empty(204, "It is in force no more.")
    .errors(&[Code::Conflict, Code::WorkflowTie])
    .event(Event::WorkflowEnded.as_str())
}

fn list_operation() -> Operation {
    Operation::new(
        LIST,
        "reviews",
        "List the workflows in force",
        "The workflows that submissions enter now, by kind, then the oldest first.",
    )
    .query::<WorkflowFilter>()
    .paged()
    .answer::<WorkflowPage>(200, "A page of workflows.", json!({ "items": [example_workflow()] }))
    .event(NO_EVENT)
}

fn get_operation() -> Operation {
    Operation::new(
        "workflow_get",
        "reviews",
        "Read a workflow",
        "The newest version of a workflow, in force or not any more.",
    )
    .answer::<Workflow>(200, "The workflow.", example_workflow())
    .etag()
    .event(NO_EVENT)
}

fn version_operation() -> Operation {
    let number = json!({ "type": "integer", "format": "int64", "minimum": 1 });
    Operation::new(
        "workflow_version_get",
        "reviews",
        "Read a version of a workflow",
        "What a workflow said while this version was in force: it never changes. A review names the version \
         that governs it.",
    )
    .path("n", "The version's number.", number)
    .answer::<Workflow>(200, "The version.", example_workflow())
    .event(NO_EVENT)
}

/// The address of a version.
#[derive(Debug, Deserialize)]
struct VersionPath {
    id: WorkflowId,
    n: i64,
}

async fn workflow_make(
    app: web::Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<WorkflowDraft>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &(), &body)?;
    let command = WorkflowSave::from(body);
    let (row, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let done =
                once.run(tx, &context.keys, &actor, |tx| workflow_create(tx, context, &actor, &command))?;
            Ok((workflow_get(tx.conn(), done.resource)?, done.replayed))
        })
        .await?;
    let address = format!("/v1/workflows/{}", row.workflow_id);
    Ok(done(StatusCode::CREATED, replayed)
        .insert_header((header::LOCATION, address))
        .insert_header(etag::of_version(row.version))
        .json(Workflow::try_from(row)?))
}

async fn workflow_save(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<WorkflowId>,
    IfMatch(version): IfMatch,
    Body(body): Body<WorkflowDraft>,
) -> Result<HttpResponse> {
    let command = WorkflowSave::from(body);
    let row = app
        .write(Lane::Ordinary, move |tx, context| {
            workflow_put(tx, context, &actor, id, version, &command)?;
            workflow_get(tx.conn(), id)
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header(etag::of_version(row.version)).json(Workflow::try_from(row)?))
}

async fn workflow_stop(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<WorkflowId>,
    IfMatch(version): IfMatch,
) -> Result<HttpResponse> {
    app.write(Lane::Ordinary, move |tx, context| workflow_end(tx, context, &actor, id, version)).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn workflows_list(
    request: HttpRequest,
    app: web::Data<App>,
    frame: web::Data<Frame>,
    Caller(actor): Caller,
    Query(query): Query<WorkflowFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &query)?;
    let after = query.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?;
    // There are a few: they are read whole, and cut here.
    let mut rows = app.read(move |conn, _| workflow_list(conn, query.kind)).await?;
    rows.retain(|row| after.as_ref().is_none_or(|after| place(row) > (after.sort, after.id)));
    let last = cut(&mut rows, query.limit).map(place);
    let last = last.map(|(sort, id)| Position { sort, id, record_index: None });
    let next_cursor = last.map(|last| walk.seal(&last)).transpose()?;
    let items = rows.into_iter().map(Workflow::try_from).collect::<Result<_>>()?;
    Ok(page(&request, next_cursor.as_deref(), &WorkflowPage { items, next_cursor: next_cursor.clone() }))
}

/// A workflow's place in the list: its kind, whose order is also that of the kinds' names, then its age.
fn place(row: &WorkflowRow) -> (i64, Uuid) {
    (row.kind as i64, row.workflow_id.uuid())
}

async fn workflow_read(app: web::Data<App>, Path(id): Path<WorkflowId>) -> Result<HttpResponse> {
    let row = app.read(move |conn, _| workflow_get(conn, id)).await?;
    Ok(HttpResponse::Ok().insert_header(etag::of_version(row.version)).json(Workflow::try_from(row)?))
}

async fn workflow_version_read(
    app: web::Data<App>,
    Path(VersionPath { id, n }): Path<VersionPath>,
) -> Result<HttpResponse> {
    let row = app.read(move |conn, _| workflow_version_get(conn, id, n)).await?;
    Ok(HttpResponse::Ok().json(Workflow::try_from(row)?))
}

fn example_draft() -> Value {
    json!({
        "kind": "post",
        "name": "Financieel nieuws",
        "when": { "topics": ["cijfers"], "countries": ["NL"] },
        "stages": [
            { "name": "Redactie", "reviewers": { "role": "reviewer" }, "quorum": "any" },
            {
                "name": "Juridische zaken",
                "reviewers": { "responsibility": "legal" },
                "quorum": 2,
                "due_in_hours": 48,
                "remind_after_hours": 24,
                "escalate_to": { "group": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1" },
            },
        ],
        "resume": "asking_stage",
    })
}

fn example_workflow() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fd1",
        "version": 1,
        "kind": "post",
        "name": "Financieel nieuws",
        "when": { "topics": ["cijfers"], "countries": ["NL"] },
        "stages": [
            { "name": "Redactie", "reviewers": { "role": "reviewer" }, "quorum": "any" },
            {
                "name": "Juridische zaken",
                "reviewers": { "responsibility": "legal", "responsibility_name": "Juridische zaken" },
                "quorum": 2,
                "due_in_hours": 48,
                "remind_after_hours": 24,
                "escalate_to": {
                    "group": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1",
                    "group_name": "Directie",
                },
            },
        ],
        "resume": "asking_stage",
        "same_person_twice": false,
        "from": "2026-11-01T08:00:00.310Z",
    })
}
