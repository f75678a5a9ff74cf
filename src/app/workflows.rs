//! Workflows: for which content which stages must be passed. A change makes a new version; open reviews
//! keep theirs (R8).

use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::journal::{self, By, Facts};
use super::pool_names::PoolNamed;
use super::pools::Pools;
use super::register_keys::unknown_keys;
use super::review_runs::{not_enough_reviewers, short_stage};
use crate::domain::channels::ChannelId;
use crate::domain::content::Content;
use crate::domain::content::register_keys::RegisterKeys;
use crate::domain::ids::{Digest, Kind, PersonId, WorkflowId, is_slug};
use crate::domain::roles::{Role, Scope};
use crate::domain::workflow::facets::{Facets, conditions_of};
use crate::domain::workflow::when::Condition;
use crate::domain::workflow::{Quorum, Resume, Reviewers, Selection, Stage, Terms, When, select, ties};
use crate::domain::{countries, language};
use crate::error::{Code, Error, Fault, Result};
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::workflows::{self, WorkflowRow};
use crate::store::write::WriteTx;

/// What somebody wants a workflow to say: its pools are named, and their names read when it is saved.
#[derive(Debug, Clone)]
pub struct WorkflowSave {
    /// The kind whose revisions pass it; it never changes.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// For which content.
    pub when: When,
    /// Its stages, in order.
    pub stages: Vec<StageSave>,
    /// Where the review of what comes back begins.
    pub resume: Resume,
    /// Whether one person may decide in several stages.
    pub same_person_twice: bool,
}

/// A stage of a workflow that somebody saves.
#[derive(Debug, Clone)]
pub struct StageSave {
    /// What the stage is called.
    pub name: String,
    /// Who may decide.
    pub reviewers: PoolNamed,
    /// How many approvals pass it.
    pub quorum: Quorum,
    /// Hours until it is due.
    pub due_in_hours: Option<u32>,
    /// Hours until those who are waited for are reminded.
    pub remind_after_hours: Option<u32>,
    /// Who is added once it is overdue.
    pub escalate_to: Option<PoolNamed>,
}

/// Puts a new workflow in force. One that nobody could finish is refused (R9), and so is one that ties with
/// another.
pub fn workflow_create(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    command: &WorkflowSave,
) -> Result<WorkflowId> {
    authentication::authorise(tx, actor, Scope::Workflows)?;
    let id = WorkflowId::generate();
    let terms = named(tx, context, command, &When::default())?;
    check_in_force(tx, id, command.kind, &terms)?;
    put_in_force(tx, context, By::Actor(actor), (id, 1), command.kind, &terms, actor.person)?;
    Ok(id)
}

/// Replaces a workflow by a new version from now on. The same again changes nothing.
pub fn workflow_put(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: WorkflowId,
    version: i64,
    command: &WorkflowSave,
) -> Result<()> {
    authentication::authorise(tx, actor, Scope::Workflows)?;
    let present = at_version(tx.conn(), id, version)?;
    if present.kind != command.kind {
        let detail = format!("This workflow is for the kind {}, which never changes.", present.kind);
        return Err(Error::invalid_content(vec![Fault::body("/kind", "fixed", detail)]));
    }
    let in_force = terms_of(&present)?;
    let terms = named(tx, context, command, &in_force.when)?;
    if terms == in_force {
        return Ok(());
    }
    check_in_force(tx, id, command.kind, &terms)?;
    workflows::end(tx, id)?;
    let next = (id, present.version + 1);
    put_in_force(tx, context, By::Actor(actor), next, command.kind, &terms, actor.person)
}

/// Takes a workflow out of force. Content that it was for is then reviewed by the next best, or not at all.
pub fn workflow_end(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: WorkflowId,
    version: i64,
) -> Result<()> {
    authentication::authorise(tx, actor, Scope::Workflows)?;
    let present = at_version(tx.conn(), id, version)?;
    refuse_ties(tx.conn(), present.kind, id, None)?;
    workflows::end(tx, id)?;
    let facts = Facts::new()
        .with("kind", present.kind.as_str())
        .with("workflow_id", id.to_string())
        .with("version", present.version);
    journal::enter(tx, &context.keys, By::Actor(actor), Event::WorkflowEnded, facts)?;
    Ok(())
}

/// The workflow that is in force at this version; 404 once it ended, 412 when somebody saved it since.
fn at_version(conn: &mut Conn, id: WorkflowId, version: i64) -> Result<WorkflowRow> {
    let present = workflow_get(conn, id)?;
    if present.until_at.is_some() {
        return Err(Error::new(Code::Conflict, "This workflow is no longer in force: make a new one."));
    }
    if present.version != version {
        let error = Error::new(Code::PreconditionFailed, "Somebody saved this workflow since you read it.");
        return Err(error.with("version", present.version));
    }
    Ok(present)
}

/// What the workflow will say, with everything that it names. `before` is for what content it was so far.
fn named(tx: &mut WriteTx<'_>, context: &Context, command: &WorkflowSave, before: &When) -> Result<Terms> {
    let mut faults = condition_faults(context, command);
    if conditions_of(command.kind).contains(&Condition::Topics) {
        let (keys, before) = (register_keys(&command.when), register_keys(before));
        faults.extend(unknown_keys(tx.conn(), "/when", keys, before)?);
    }
    let mut stages: Vec<Stage> = Vec::with_capacity(command.stages.len());
    for (at, stage) in command.stages.iter().enumerate() {
        // Decisions and the record speak of a stage by its name.
        if stages.iter().any(|earlier| earlier.name == stage.name) {
            let pointer = format!("/stages/{at}/name");
            faults.push(Fault::body(pointer, "duplicate", "Another stage has this name."));
        }
        faults.extend(date_faults(at, stage));
        let mut named = |pool: &PoolNamed, member: &str| {
            pool.named(tx.conn(), &format!("/stages/{at}/{member}"), &mut faults)
        };
        let reviewers = named(&stage.reviewers, "reviewers")?;
        let escalate_to = match &stage.escalate_to {
            Some(pool) => named(pool, "escalate_to")?,
            None => None,
        };
        let Some(reviewers) = reviewers else { continue };
        stages.push(Stage {
            name: stage.name.clone(),
            reviewers,
            quorum: stage.quorum,
            due_in_hours: stage.due_in_hours,
            remind_after_hours: stage.remind_after_hours,
            escalate_to,
        });
    }
    if !faults.is_empty() {
        return Err(Error::invalid_content(faults));
    }
    let WorkflowSave { name, when, resume, same_person_twice, .. } = command.clone();
    Ok(Terms { name, when, stages, resume, same_person_twice })
}

/// Refuses a workflow that ties with another, that nobody could finish (R9), or that escalates to nobody.
fn check_in_force(tx: &mut WriteTx<'_>, id: WorkflowId, kind: Kind, terms: &Terms) -> Result<()> {
    refuse_ties(tx.conn(), kind, id, Some((&terms.name, &terms.when)))?;
    let mut pools = Pools::of(tx)?;
    let stages = terms.stages.as_slice();
    let staffed = (stages, terms.same_person_twice);
    if let Some(short) = short_stage(tx.conn(), &mut pools, kind, staffed, 0, &[])? {
        let error = not_enough_reviewers(stages, short);
        let pointer = format!("/stages/{short}/reviewers");
        let fault = Fault::body(pointer, "not_enough_reviewers", error.detail.clone());
        return Err(error.fault(fault));
    }
    let mut faults = Vec::new();
    for (at, stage) in stages.iter().enumerate() {
        faults.extend(escalation_fault(tx.conn(), &mut pools, kind, at, stage.escalate_to.as_ref())?);
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid_content(faults)) }
}

/// Conditions that content of the kind says nothing of, and values that no content can have: the workflow
/// would be for none, and what it was meant for would pass another.
fn condition_faults(context: &Context, command: &WorkflowSave) -> Vec<Fault> {
    let possible = conditions_of(command.kind);
    let mut faults = Vec::new();
    for (condition, values) in command.when.named() {
        let place = format!("/when/{}", condition.as_str());
        if !possible.contains(&condition) {
            let detail =
                format!("A {} says nothing of this, so the workflow would be for none.", command.kind);
            faults.push(Fault::body(place, "not_of_this_kind", detail));
            continue;
        }
        let is_value = |value: &str| match condition {
            Condition::Topics | Condition::Campaigns => is_slug(value, 64),
            Condition::Languages => language::is_canonical(value),
            Condition::Countries => countries::is_country(value),
            Condition::Channels => context.channels.get(&ChannelId::from(value)).is_some(),
            Condition::HasImages | Condition::Personalisation => true,
        };
        for (at, value) in values.iter().enumerate().filter(|(_, value)| !is_value(value)) {
            let detail = format!("No {} can have {value:?}.", command.kind);
            faults.push(Fault::body(format!("{place}/{at}"), "no_such_value", detail));
        }
    }
    faults
}

/// The topics and campaigns that it names.
fn register_keys(when: &When) -> RegisterKeys<'_> {
    RegisterKeys { topics: &when.topics, campaigns: &when.campaigns }
}

fn date_faults(at: usize, stage: &StageSave) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let (Some(remind), Some(due)) = (stage.remind_after_hours, stage.due_in_hours)
        && remind >= due
    {
        let detail = "A reminder comes before the stage is due.";
        faults.push(Fault::body(format!("/stages/{at}/remind_after_hours"), "not_before_due", detail));
    }
    if stage.escalate_to.is_some() && stage.due_in_hours.is_none() {
        let detail = "Without due_in_hours the stage is never overdue, and never escalated.";
        faults.push(Fault::body(format!("/stages/{at}/escalate_to"), "never_due", detail));
    }
    faults
}

/// That a stage would escalate to nobody: whoever is added must be able to decide now, as whoever reviews must.
fn escalation_fault(
    conn: &mut Conn,
    pools: &mut Pools,
    kind: Kind,
    at: usize,
    escalate_to: Option<&Reviewers>,
) -> Result<Option<Fault>> {
    let Some(pool) = escalate_to else { return Ok(None) };
    if !pools.able(conn, std::slice::from_ref(pool), kind, &[], 1)?.is_empty() {
        return Ok(None);
    }
    let detail = "Nobody of these is active and may decide, so the stage would be escalated to nobody.";
    Ok(Some(Fault::body(format!("/stages/{at}/escalate_to"), "nobody_can_decide", detail)))
}

/// Refuses a set of workflows in which two tie, once `id` says what it should, or is gone.
fn refuse_ties(conn: &mut Conn, kind: Kind, id: WorkflowId, saved: Option<(&str, &When)>) -> Result<()> {
    let others = workflows::in_force(conn, Some(kind))?.into_iter().filter(|row| row.workflow_id != id);
    let others: Vec<(WorkflowRow, When)> =
        others.map(|row| Ok((row.when()?, row)).map(|(when, row)| (row, when))).collect::<Result<_>>()?;
    let mut all: Vec<&When> = others.iter().map(|(_, when)| when).collect();
    all.extend(saved.map(|(_, when)| when));
    let Some((one, other)) = ties(&all) else { return Ok(()) };
    let told = |at: usize| match others.get(at) {
        Some((row, _)) => (format!("{} ({})", row.name, row.workflow_id), Some(row.workflow_id)),
        None => (saved.map(|(name, _)| name.to_owned()).unwrap_or_default(), None),
    };
    let ((one, one_id), (other, other_id)) = (told(one), told(other));
    let detail = format!(
        "{one} and {other} would be for the same content with as many conditions, and nothing decides between \
         them: change one of them, or first save one for what both are for, with more conditions."
    );
    let tied: Vec<String> = [one_id, other_id].into_iter().flatten().map(|id| id.to_string()).collect();
    Err(Error::new(Code::WorkflowTie, detail).with("workflows", tied))
}

fn terms_of(row: &WorkflowRow) -> Result<Terms> {
    Ok(Terms {
        name: row.name.clone(),
        when: row.when()?,
        stages: row.stages()?,
        resume: row.resume,
        same_person_twice: row.same_person_twice,
    })
}

/// The workflow of a fresh installation: one for each kind, in which any reviewer decides.
pub fn seed_workflows(tx: &mut WriteTx<'_>, context: &Context) -> Result<()> {
    for kind in Kind::ALL {
        if workflows::had_any(tx.conn(), kind)? {
            continue;
        }
        let stage = Stage {
            name: "review".to_owned(),
            reviewers: Reviewers::Role(Role::Reviewer),
            quorum: Quorum::Any,
            due_in_hours: None,
            remind_after_hours: None,
            escalate_to: None,
        };
        let terms = Terms {
            name: "Review".to_owned(),
            when: When::default(),
            stages: vec![stage],
            resume: Resume::Start,
            same_person_twice: false,
        };
        put_in_force(tx, context, By::System, (WorkflowId::generate(), 1), kind, &terms, None)?;
    }
    Ok(())
}

fn put_in_force(
    tx: &mut WriteTx<'_>,
    context: &Context,
    by: By<'_>,
    (id, version): (WorkflowId, i64),
    kind: Kind,
    terms: &Terms,
    created_by: Option<PersonId>,
) -> Result<()> {
    let said = serde_json_canonicalizer::to_vec(&serde_json::json!({
        "kind": kind,
        "name": terms.name,
        "when": terms.when,
        "stages": terms.stages,
        "resume": terms.resume,
        "same_person_twice": terms.same_person_twice,
    }))
    .map_err(Error::internal)?;
    let facts = Facts::new()
        .with("kind", kind.as_str())
        .with("workflow_id", id.to_string())
        .with("version", version)
        .with("digest", Digest::of(&said).as_str());
    journal::enter(tx, &context.keys, by, Event::WorkflowChanged, facts)?;
    workflows::insert(tx, (id, version), kind, terms, created_by)
}

/// The workflow that this content passes; refused where there is none, or two claim it (R9).
pub(super) fn workflow_for(conn: &mut Conn, content: &Content) -> Result<WorkflowRow> {
    let kind = content.kind();
    let rows = workflows::in_force(conn, Some(kind))?;
    let whens: Vec<When> = rows.iter().map(WorkflowRow::when).collect::<Result<_>>()?;
    let name = |at: usize| rows.get(at).map(|row| row.name.clone()).unwrap_or_default();
    match select(&whens, &Facets::of(content)) {
        Selection::One(at) => {
            rows.get(at).cloned().ok_or_else(|| Error::internal("a selected workflow that is not there"))
        }
        Selection::None => {
            let detail = format!("No workflow in force is for this {kind}: an administrator must save one.");
            Err(Error::new(Code::NoWorkflow, detail))
        }
        Selection::Tie(one, other) => {
            let detail = format!(
                "Two workflows are for this {kind} and nothing decides between them: {} and {}. An \
                 administrator must change one of them.",
                name(one),
                name(other)
            );
            let tied = [one, other].into_iter().filter_map(|at| rows.get(at));
            let tied: Vec<String> = tied.map(|row| row.workflow_id.to_string()).collect();
            Err(Error::new(Code::WorkflowTie, detail).with("workflows", tied))
        }
    }
}

/// The newest version of a workflow.
pub fn workflow_get(conn: &mut Conn, id: WorkflowId) -> Result<WorkflowRow> {
    workflows::newest(conn, id)?.ok_or_else(|| Error::not_found("workflow"))
}

/// One version of a workflow: it never changes.
pub fn workflow_version_get(conn: &mut Conn, id: WorkflowId, version: i64) -> Result<WorkflowRow> {
    workflows::version(conn, id, version)?.ok_or_else(|| Error::not_found("version of a workflow"))
}

/// The workflows in force, of one kind or of all.
pub fn workflow_list(conn: &mut Conn, kind: Option<Kind>) -> Result<Vec<WorkflowRow>> {
    workflows::in_force(conn, kind)
}
