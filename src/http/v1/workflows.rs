//! Workflows: the ordered stages that a revision of a kind must pass.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{cursor_at, cut, done, not_blank, once, page};
use crate::app::actor::Permission;
use crate::app::workflows::{
    StageCreate, StageReviewers, WorkflowCreate, workflow_create, workflow_get, workflow_list,
};
use crate::domain::ids::{GroupId, Kind, WorkflowId};
use crate::domain::review::{Reviewers, Stage};
use crate::domain::roles::{Role, Scope};
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
use crate::store::reviews::WorkflowRow;

const CREATE: &str = "workflow_create";
const LIST: &str = "workflow_list";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let read = Permission::Holds(Scope::ContentRead);
    let write = Permission::Holds(Scope::Workflows);
    vec![
        Route::post("/v1/workflows", write, create_operation(), workflow_put_in_force),
        Route::get("/v1/workflows", read, list_operation(), workflows_list),
        Route::get("/v1/workflows/{id}", read, get_operation(), workflow_read),
    ]
}

fn create_operation() -> Operation {
    Operation::new(
        CREATE,
        "reviews",
        "Put a workflow in force",
        "Replaces the workflow of a kind from now on; reviews that are open keep the stages they began \
         with. Stages are passed in their order, each by the approvals of its quorum; deciding needs the \
         scope `review` and a place in the stage's pool. A workflow that nobody could finish, because no \
         assignment of distinct, active persons fills every stage, is refused with the stage.",
    )
    .body::<NewWorkflow>(json!({
        "kind": "post",
        "stages": [
            { "name": "Redactie", "reviewers": { "role": "reviewer" }, "quorum": 1 },
            {
                "name": "Juridische zaken",
                "reviewers": { "group": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1" },
                "quorum": 2,
            },
        ],
    }))
    .idempotency_key()
    .answer::<Workflow>(201, "The workflow.", example_workflow())
    .location()
    .errors(&[Code::InvalidContent, Code::NotEnoughReviewers])
    .event(Event::WorkflowChanged.as_str())
}

fn list_operation() -> Operation {
    Operation::new(
        LIST,
        "reviews",
        "List the workflows in force",
        "The workflow that submissions of each kind enter now, in the order of the kinds' names.",
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
        "One workflow, in force or replaced since: it never changes.",
    )
    .answer::<Workflow>(200, "The workflow.", example_workflow())
    .event(NO_EVENT)
}

/// A workflow to put in force.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct NewWorkflow {
    /// The kind whose revisions must pass it.
    kind: Kind,
    /// The stages, in their order.
    #[validate(length(min = 1, max = 10), nested)]
    #[schema(min_items = 1, max_items = 10)]
    stages: Vec<NewStage>,
}

/// A stage of a new workflow.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct NewStage {
    /// What it is called.
    #[validate(length(min = 1, max = 100), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Who may decide.
    reviewers: NewPool,
    /// How many approvals pass it.
    #[validate(range(min = 1, max = 50))]
    #[schema(minimum = 1, maximum = 50)]
    quorum: u32,
}

/// A pool of reviewers: a role or a group. Who is in it is read when somebody decides.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NewPool {
    /// Everybody who holds the role.
    Role(Role),
    /// Everybody in the group.
    Group(GroupId),
}

impl From<NewWorkflow> for WorkflowCreate {
    fn from(body: NewWorkflow) -> Self {
        let stage = |stage: NewStage| StageCreate {
            name: stage.name,
            reviewers: match stage.reviewers {
                NewPool::Role(role) => StageReviewers::Role(role),
                NewPool::Group(id) => StageReviewers::Group(id),
            },
            quorum: stage.quorum,
        };
        Self { kind: body.kind, stages: body.stages.into_iter().map(stage).collect() }
    }
}

/// The pages of the list of workflows.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct WorkflowFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// One page of the workflows in force.
#[derive(Serialize, ToSchema)]
struct WorkflowPage {
    /// The workflows, by kind.
    #[schema(max_items = 200)]
    items: Vec<Workflow>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A workflow.
#[derive(Serialize, ToSchema)]
struct Workflow {
    /// Its id.
    id: WorkflowId,
    /// The kind whose revisions must pass it.
    kind: Kind,
    /// The stages, in their order.
    #[schema(max_items = 10)]
    stages: Vec<WorkflowStage>,
    /// Since when it is in force.
    from: Time,
    /// Until when it was in force; absent while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    until: Option<Time>,
}

/// A stage of a workflow.
#[derive(Serialize, ToSchema)]
struct WorkflowStage {
    /// What it is called.
    #[schema(max_length = 100)]
    name: String,
    /// Who may decide.
    reviewers: Pool,
    /// How many approvals pass it.
    #[schema(minimum = 1, maximum = 50)]
    quorum: u32,
}

/// A pool of reviewers: it has either `role` or `group`.
#[derive(Serialize, ToSchema)]
pub struct Pool {
    /// Everybody who holds the role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<Role>,
    /// Everybody in the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    group: Option<GroupId>,
    /// The name that the group had when the workflow was saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    group_name: Option<String>,
}

impl From<Reviewers> for Pool {
    fn from(reviewers: Reviewers) -> Self {
        match reviewers {
            Reviewers::Role(role) => Self { role: Some(role), group: None, group_name: None },
            Reviewers::Group { id, name } => Self { role: None, group: Some(id), group_name: Some(name) },
        }
    }
}

impl TryFrom<WorkflowRow> for Workflow {
    type Error = crate::error::Error;

    fn try_from(row: WorkflowRow) -> Result<Self> {
        let stage = |stage: Stage| WorkflowStage {
            name: stage.name,
            reviewers: stage.reviewers.into(),
            quorum: stage.quorum,
        };
        let stages = row.stages()?.into_iter().map(stage).collect();
        Ok(Self { id: row.id, kind: row.kind, stages, from: row.from_at, until: row.until_at })
    }
}

async fn workflow_put_in_force(
    app: web::Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<NewWorkflow>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &(), &body)?;
    let command = WorkflowCreate::from(body);
    let (row, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let done =
                once.run(tx, &context.keys, &actor, |tx| workflow_create(tx, context, &actor, &command))?;
            Ok((workflow_get(tx.conn(), done.resource)?, done.replayed))
        })
        .await?;
    let address = format!("/v1/workflows/{}", row.id);
    Ok(done(StatusCode::CREATED, replayed)
        .insert_header((header::LOCATION, address))
        .json(Workflow::try_from(row)?))
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
    let mut rows = app.read(|conn, _| workflow_list(conn)).await?;
    rows.retain(|row| after.as_ref().is_none_or(|after| place(row.kind) > after.sort));
    let last = cut(&mut rows, query.limit).map(|row| place(row.kind));
    let next_cursor = cursor_at(&walk, last, None)?;
    let items = rows.into_iter().map(Workflow::try_from).collect::<Result<_>>()?;
    Ok(page(&request, next_cursor.as_deref(), &WorkflowPage { items, next_cursor: next_cursor.clone() }))
}

/// A kind's place in the order of kinds, which is also that of their names.
fn place(kind: Kind) -> i64 {
    kind as i64
}

async fn workflow_read(app: web::Data<App>, Path(id): Path<WorkflowId>) -> Result<HttpResponse> {
    let row = app.read(move |conn, _| workflow_get(conn, id)).await?;
    Ok(HttpResponse::Ok().json(Workflow::try_from(row)?))
}

fn example_workflow() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fd1",
        "kind": "post",
        "stages": [
            { "name": "Redactie", "reviewers": { "role": "reviewer" }, "quorum": 1 },
            {
                "name": "Juridische zaken",
                "reviewers": {
                    "group": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1",
                    "group_name": "Juridische zaken",
                },
                "quorum": 2,
            },
        ],
        "from": "2026-11-01T08:00:00.310Z",
    })
}
