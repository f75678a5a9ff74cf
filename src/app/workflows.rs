//! Workflows: the ordered stages that a revision of a kind must pass.

use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::journal::{self, By, Facts};
use crate::domain::ids::{Digest, GroupId, Kind, PersonId, WorkflowId};
use crate::domain::review::{Reviewers, Stage};
use crate::domain::roles::{Role, Scope};
use crate::domain::staffing::{self, Demand, assign};
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::reviews::{self, WorkflowRow};
use crate::store::write::WriteTx;
use crate::store::{groups, reviewers};

/// A workflow that somebody wants to put in force.
#[derive(Debug, Clone)]
pub struct WorkflowCreate {
    /// The kind whose revisions must pass it.
    pub kind: Kind,
    /// Its stages, in order.
    pub stages: Vec<StageCreate>,
}

/// A stage of a workflow that somebody wants to put in force.
#[derive(Debug, Clone)]
pub struct StageCreate {
    /// What the stage is called.
    pub name: String,
    /// Who may decide.
    pub reviewers: StageReviewers,
    /// How many approvals pass it.
    pub quorum: u32,
}

/// A pool of reviewers, as it is asked for: a group's name is read when the workflow is saved.
#[derive(Debug, Clone, Copy)]
pub enum StageReviewers {
    /// Everybody who holds the role.
    Role(Role),
    /// Everybody in the group.
    Group(GroupId),
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
    let stages = named_stages(tx.conn(), &command.stages)?;
    if let Some(short) = short_stage(tx.conn(), &stages, &[])? {
        let error = not_enough_reviewers(&stages, short);
        let pointer = format!("/stages/{short}/reviewers");
        let fault = Fault::body(pointer, "not_enough_reviewers", error.detail.clone());
        return Err(error.fault(fault));
    }
    put_in_force(tx, context, By::Actor(actor), command.kind, &stages, actor.person)
}

/// The stages with the names that their groups have now; a group that does not exist is a fault.
fn named_stages(conn: &mut Conn, stages: &[StageCreate]) -> Result<Vec<Stage>> {
    let ids = stages.iter().filter_map(|stage| match stage.reviewers {
        StageReviewers::Group(id) => Some(id),
        StageReviewers::Role(_) => None,
    });
    let groups = groups::find_all(conn, &ids.collect::<Vec<_>>())?;
    let mut faults = Vec::new();
    let mut named: Vec<Stage> = Vec::with_capacity(stages.len());
    for (at, stage) in stages.iter().enumerate() {
        // Decisions and the record speak of a stage by its name.
        if named.iter().any(|earlier| earlier.name == stage.name) {
            let pointer = format!("/stages/{at}/name");
            faults.push(Fault::body(pointer, "duplicate", "Another stage has this name."));
        }
        let reviewers = match stage.reviewers {
            StageReviewers::Role(role) => Reviewers::Role(role),
            StageReviewers::Group(id) => match groups.iter().find(|group| group.id == id) {
                Some(group) => Reviewers::Group { id, name: group.name.clone() },
                None => {
                    let pointer = format!("/stages/{at}/reviewers/group");
                    faults.push(Fault::body(pointer, "unknown_group", format!("There is no group {id}.")));
                    continue;
                }
            },
        };
        named.push(Stage { name: stage.name.clone(), reviewers, quorum: stage.quorum });
    }
    if faults.is_empty() { Ok(named) } else { Err(Error::invalid_content(faults)) }
}

/// The workflow of a fresh installation: one stage for each kind, in which any reviewer decides.
pub fn seed_workflows(tx: &mut WriteTx<'_>, context: &Context) -> Result<()> {
    for kind in Kind::ALL {
        if reviews::workflow_of(tx.conn(), kind)?.is_none() {
            let reviewers = Reviewers::Role(Role::Reviewer);
            let stage = Stage { name: "review".to_owned(), reviewers, quorum: 1 };
            put_in_force(tx, context, By::System, kind, &[stage], None)?;
        }
    }
    Ok(())
}

fn put_in_force(
    tx: &mut WriteTx<'_>,
    context: &Context,
    by: By<'_>,
    kind: Kind,
    stages: &[Stage],
    created_by: Option<PersonId>,
) -> Result<WorkflowId> {
    let id = WorkflowId::generate();
    let stages = serde_json_canonicalizer::to_string(&stages).map_err(Error::internal)?;
    let facts = Facts::new()
        .with("workflow_id", id.to_string())
        .with("kind", kind.as_str())
        .with("digest", Digest::of(stages.as_bytes()).as_str());
    journal::enter(tx, &context.keys, by, Event::WorkflowChanged, facts)?;
    reviews::replace_workflow(tx, id, kind, &stages, created_by)?;
    Ok(id)
}

/// The first stage whose quorum no assignment of distinct, active persons other than `authors` fills.
pub(super) fn short_stage(conn: &mut Conn, stages: &[Stage], authors: &[PersonId]) -> Result<Option<usize>> {
    let enough = staffing::enough(stages.iter().map(|stage| stage.quorum));
    let mut demands = Vec::with_capacity(stages.len());
    for stage in stages {
        let pool = reviewers::some_of(conn, &stage.reviewers, authors, enough)?;
        demands.push(Demand { quorum: stage.quorum, pool });
    }
    Ok(assign(&demands).err())
}

/// Says that a stage cannot reach its quorum.
pub(super) fn not_enough_reviewers(stages: &[Stage], short: usize) -> Error {
    let name = stages.get(short).map(|stage| stage.name.as_str()).unwrap_or_default();
    let detail = format!(
        "Stage {name} cannot reach its quorum: there are not enough active reviewers who are not authors and \
         are not needed in another stage."
    );
    Error::new(Code::NotEnoughReviewers, detail).with("stage", name)
}

/// One version of a workflow.
pub fn workflow_get(conn: &mut Conn, id: WorkflowId) -> Result<WorkflowRow> {
    reviews::find_workflow(conn, id)?.ok_or_else(|| Error::not_found("workflow"))
}

/// The workflows in force.
pub fn workflow_list(conn: &mut Conn) -> Result<Vec<WorkflowRow>> {
    reviews::workflows_in_force(conn)
}
