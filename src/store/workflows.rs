//! Workflows, version by version: what was in force when is kept.

use diesel::prelude::*;

use super::connection::Conn;
use super::schema::workflows;
use super::write::WriteTx;
use crate::domain::ids::{Kind, PersonId, WorkflowId, WorkflowVersionId};
use crate::domain::time::Time;
use crate::domain::workflow::{Resume, Stage, Terms, When};
use crate::error::{Error, Result};

/// One version of a workflow. `conditions` and `stages` are JSON.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = workflows)]
pub struct WorkflowRow {
    /// The version's id.
    pub id: WorkflowVersionId,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The version's number, from 1.
    pub version: i64,
    /// The kind whose revisions pass it.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// For which content.
    pub conditions: String,
    /// Its stages, in order.
    pub stages: String,
    /// Where the review of what comes back begins.
    pub resume: Resume,
    /// Whether one person may decide in several stages.
    pub same_person_twice: bool,
    /// Since when it is in force.
    pub from_at: Time,
    /// Until when it was in force.
    pub until_at: Option<Time>,
}

impl WorkflowRow {
    /// The stages, parsed.
    pub fn stages(&self) -> Result<Vec<Stage>> {
        serde_json::from_str(&self.stages).map_err(Error::internal)
    }

    /// The conditions, parsed.
    pub fn when(&self) -> Result<When> {
        serde_json::from_str(&self.conditions).map_err(Error::internal)
    }
}

/// Writes a version that is in force from now on. `stages` and `conditions` are JSON.
pub fn insert(
    tx: &mut WriteTx<'_>,
    (workflow, version): (WorkflowId, i64),
    kind: Kind,
    terms: &Terms,
    created_by: Option<PersonId>,
) -> Result<()> {
    let row = (
        workflows::id.eq(WorkflowVersionId::generate().to_string()),
        workflows::workflow_id.eq(workflow.to_string()),
        workflows::version.eq(version),
        workflows::kind.eq(kind.as_str()),
        workflows::name.eq(&terms.name),
        workflows::conditions.eq(serde_json::to_string(&terms.when).map_err(Error::internal)?),
        workflows::stages.eq(serde_json_canonicalizer::to_string(&terms.stages).map_err(Error::internal)?),
        workflows::resume.eq(terms.resume.as_str()),
        workflows::same_person_twice.eq(terms.same_person_twice),
        workflows::from_at.eq(tx.now().micros()),
        workflows::created_by.eq(created_by.map(|person| person.to_string())),
    );
    diesel::insert_into(workflows::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Ends the version that is in force.
pub fn end(tx: &mut WriteTx<'_>, workflow: WorkflowId) -> Result<()> {
    let now = tx.now().micros();
    let in_force = workflows::table
        .filter(workflows::workflow_id.eq(workflow.to_string()))
        .filter(workflows::until_at.is_null());
    diesel::update(in_force).set(workflows::until_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

/// The newest version of a workflow, in force or not.
pub fn newest(conn: &mut Conn, workflow: WorkflowId) -> Result<Option<WorkflowRow>> {
    Ok(workflows::table
        .filter(workflows::workflow_id.eq(workflow.to_string()))
        .order(workflows::version.desc())
        .select(WorkflowRow::as_select())
        .first(conn)
        .optional()?)
}

/// One version of a workflow.
pub fn version(conn: &mut Conn, workflow: WorkflowId, version: i64) -> Result<Option<WorkflowRow>> {
    Ok(workflows::table
        .filter(workflows::workflow_id.eq(workflow.to_string()))
        .filter(workflows::version.eq(version))
        .select(WorkflowRow::as_select())
        .first(conn)
        .optional()?)
}

/// The versions with these ids.
pub fn find_all(conn: &mut Conn, ids: &[WorkflowVersionId]) -> Result<Vec<WorkflowRow>> {
    Ok(workflows::table
        .filter(workflows::id.eq_any(ids.iter().map(ToString::to_string)))
        .select(WorkflowRow::as_select())
        .load(conn)?)
}

/// The workflows in force, of one kind or of all, by kind and then by age.
pub fn in_force(conn: &mut Conn, kind: Option<Kind>) -> Result<Vec<WorkflowRow>> {
    let mut query = workflows::table
        .filter(workflows::until_at.is_null())
        .order((workflows::kind.asc(), workflows::workflow_id.asc()))
        .select(WorkflowRow::as_select())
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(workflows::kind.eq(kind.as_str()));
    }
    Ok(query.load(conn)?)
}

/// Whether a kind ever had a workflow.
pub fn had_any(conn: &mut Conn, kind: Kind) -> Result<bool> {
    let of_kind = workflows::table.filter(workflows::kind.eq(kind.as_str()));
    Ok(diesel::select(diesel::dsl::exists(of_kind)).get_result(conn)?)
}
