//! Workflows: the ordered stages that a revision of a kind must pass.

use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::journal::{self, By, Facts};
use super::reviews::pool;
use crate::domain::ids::{Digest, Kind, PersonId, WorkflowId};
use crate::domain::review::{Reviewers, Stage};
use crate::domain::roles::{Role, Scope};
use crate::domain::staffing::{Demand, assign};
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::reviews::{self, WorkflowRow};
use crate::store::write::WriteTx;

/// A workflow that somebody wants to put in force.
#[derive(Debug, Clone)]
pub struct WorkflowCreate {
    /// The kind whose revisions must pass it.
    pub kind: Kind,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
}

/// Puts a workflow in force for its kind. Open reviews keep the stages they began with (R8); a workflow
/// that nobody could finish is refused (R9).
pub fn workflow_create(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &WorkflowCreate,
) -> Result<WorkflowId> {
    authentication::authorise(tx, actor, Scope::Workflows)?;
    check_staffing(tx.conn(), &command.stages, &[])?;
    put_in_force(tx, context, By::Actor(actor), command, actor.person)
}

/// The workflow of a fresh installation: one stage for each kind, in which any reviewer decides.
pub fn seed_workflows(tx: &mut WriteTx<'_>, context: &Context) -> Result<()> {
    for kind in Kind::ALL {
        if reviews::workflow_of(tx.conn(), kind)?.is_none() {
            let reviewers = Reviewers::Role(Role::Reviewer);
            let stage = Stage { name: "review".to_owned(), reviewers, quorum: 1 };
            let command = WorkflowCreate { kind, stages: vec![stage] };
            put_in_force(tx, context, By::System, &command, None)?;
        }
    }
    Ok(())
}

fn put_in_force(
    tx: &mut WriteTx<'_>,
    context: &Context,
    by: By<'_>,
    command: &WorkflowCreate,
    created_by: Option<PersonId>,
) -> Result<WorkflowId> {
    let id = WorkflowId::generate();
    let stages = serde_json_canonicalizer::to_string(&command.stages).map_err(Error::internal)?;
    let facts = Facts::new()
        .with("workflow_id", id.to_string())
        .with("kind", command.kind.as_str())
        .with("digest", Digest::of(stages.as_bytes()).as_str());
    journal::enter(tx, &context.keys, by, Event::WorkflowChanged, facts)?;
    reviews::replace_workflow(tx, id, command.kind, &stages, created_by)?;
    Ok(id)
}

/// Refuses stages for which no assignment of distinct, active persons other than `authors` exists.
pub(super) fn check_staffing(conn: &mut Conn, stages: &[Stage], authors: &[PersonId]) -> Result<()> {
    let mut demands = Vec::with_capacity(stages.len());
    for stage in stages {
        let mut pool = pool(conn, &stage.reviewers)?;
        pool.retain(|person| !authors.contains(person));
        demands.push(Demand { quorum: stage.quorum, pool });
    }
    assign(&demands).map_err(|short| {
        let name = stages.get(short).map(|stage| stage.name.as_str()).unwrap_or_default();
        let detail = format!(
            "Stage {name} cannot reach its quorum: there are not enough active reviewers who are not \
             authors and are not needed in another stage."
        );
        let pointer = format!("/stages/{short}/reviewers");
        Error::new(Code::NotEnoughReviewers, detail.clone())
            .fault(Fault::body(pointer, "not_enough_reviewers", detail))
            .with("stage", name)
    })
}

/// One version of a workflow.
pub fn workflow_get(conn: &mut Conn, id: WorkflowId) -> Result<WorkflowRow> {
    reviews::find_workflow(conn, id)?.ok_or_else(|| Error::not_found("workflow"))
}

/// The workflows in force.
pub fn workflow_list(conn: &mut Conn) -> Result<Vec<WorkflowRow>> {
    reviews::workflows_in_force(conn)
}
