//! Trainings: what people finish elsewhere, and whom that is asked of before they share (R13).

use super::actor::Actor;
use super::authentication;
use super::groups::unknown_groups;
use super::journal::{By, Facts, enter};
use crate::domain::content::Audience;
use crate::domain::countries;
use crate::domain::ids::{Key, TrainingId};
use crate::domain::links::LinkPolicy;
use crate::domain::roles::Scope;
use crate::domain::text::{self, Lines};
use crate::domain::time::Time;
use crate::domain::training::{RESPONSIBILITY, Training};
use crate::error::{Code, Error, Fault, Result};
use crate::keys::Keys;
use crate::record::Event;
use crate::store::connection::Conn;
use crate::store::responsibilities;
use crate::store::trainings::{self as rows, TrainingRow};
use crate::store::write::WriteTx;

/// What a training is to say.
#[derive(Debug, Clone)]
pub struct TrainingTerms {
    /// What it is called.
    pub title: String,
    /// Where it is taken.
    pub url: String,
    /// For how many months a completion counts; for ever when absent.
    pub valid_months: Option<u32>,
    /// Who must have completed it before they share; nobody when absent.
    pub required_for: Option<Audience>,
    /// From when on they must. Absent: from now on; where it is required of somebody already, as it was.
    pub required_from: Option<Time>,
    /// The key of the responsibility whose holders and deputies record completions; absent = `training`.
    pub responsibility: Option<Key>,
}

/// Makes a training.
pub fn training_create(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    terms: &TrainingTerms,
) -> Result<TrainingId> {
    authentication::authorise(tx, actor, Scope::People)?;
    let now = tx.now();
    let training = checked(tx.conn(), terms, now)?;
    let id = TrainingId::generate();
    rows::insert(tx, id, 1, &training)?;
    enter(tx, keys, By::Actor(actor), Event::TrainingCreated, facts(id, 1, &training))?;
    Ok(id)
}

/// Replaces what a training that is still at `version` says; 412 when it is not. The same again changes nothing.
/// What was completed stays completed.
pub fn training_update(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    id: TrainingId,
    version: i64,
    terms: &TrainingTerms,
) -> Result<()> {
    authentication::authorise(tx, actor, Scope::People)?;
    let before = find_at(tx.conn(), id, version)?;
    let now = tx.now();
    // What begins to be required obliges nobody for the time before.
    let begins = before.required_for.is_none() && terms.required_for.is_some();
    let required_from = if begins { now } else { before.required_from };
    let training = checked(tx.conn(), terms, required_from)?;
    if before.training()? == training {
        return Ok(());
    }
    rows::end(tx, id)?;
    rows::insert(tx, id, version + 1, &training)?;
    enter(tx, keys, By::Actor(actor), Event::TrainingChanged, facts(id, version + 1, &training))?;
    Ok(())
}

/// Ends a training that is still at `version`; 412 when it is not. It is asked of nobody any more.
pub fn training_end(
    tx: &mut WriteTx<'_>,
    keys: &Keys,
    actor: &Actor,
    id: TrainingId,
    version: i64,
) -> Result<()> {
    authentication::authorise(tx, actor, Scope::People)?;
    find_at(tx.conn(), id, version)?;
    rows::end(tx, id)?;
    let facts = Facts::new().with("training_id", id.to_string()).with("version", version);
    enter(tx, keys, By::Actor(actor), Event::TrainingEnded, facts)?;
    Ok(())
}

/// One training that has not ended.
pub fn training_get(conn: &mut Conn, id: TrainingId) -> Result<TrainingRow> {
    rows::find(conn, id)?.ok_or_else(|| Error::not_found("training"))
}

/// Trainings that have not ended, newest first, after `after`.
pub fn training_list(conn: &mut Conn, after: Option<TrainingId>, limit: i64) -> Result<Vec<TrainingRow>> {
    rows::list(conn, after, limit)
}

fn find_at(conn: &mut Conn, id: TrainingId, version: i64) -> Result<TrainingRow> {
    let row = training_get(conn, id)?;
    if row.version == version {
        return Ok(row);
    }
    let detail = "The training has changed since it was read: read it again.";
    Err(Error::new(Code::PreconditionFailed, detail))
}

/// The training that these terms make, if nothing is wrong with them.
fn checked(conn: &mut Conn, terms: &TrainingTerms, required_from: Time) -> Result<Training> {
    let TrainingTerms { title, url, valid_months, required_for, .. } = terms.clone();
    // Wherever an organisation trains: the operator's list of domains is for what posts link to.
    let mut faults: Vec<Fault> = LinkPolicy::default().fault("/url", &url).into_iter().collect();
    faults.extend(text::character_fault("/title", &title, Lines::One));
    if let Some(audience) = &required_for {
        faults.extend(unknown_countries(audience));
        faults.extend(unknown_groups(conn, "/required_for/groups", &audience.groups)?);
    }
    let responsibility = match &terms.responsibility {
        Some(key) => key.clone(),
        None => RESPONSIBILITY.parse().map_err(Error::internal)?,
    };
    // What nobody is required to finish may wait for the default one. Else somebody has to be able to release whom
    // it binds.
    let is_needed = required_for.is_some() || terms.responsibility.is_some();
    if is_needed && responsibilities::find_by_key(conn, &responsibility)?.is_none() {
        let detail = format!(
            "There is no responsibility with the key {responsibility}: make it first, or name another. Its holders \
             record who completed the training."
        );
        faults.push(Fault::body("/responsibility", "unknown_responsibility", detail));
    }
    if !faults.is_empty() {
        return Err(Error::invalid_content(faults));
    }
    let required_from = terms.required_from.unwrap_or(required_from);
    Ok(Training { title, url, valid_months, required_for, required_from, responsibility })
}

fn unknown_countries(audience: &Audience) -> impl Iterator<Item = Fault> {
    let unknown = |(_, country): &(usize, &String)| !countries::is_country(country);
    audience.countries.iter().enumerate().filter(unknown).map(|(at, _)| {
        let detail = "Not a country's code in capitals, such as NL.";
        Fault::body(format!("/required_for/countries/{at}"), "not_a_country", detail)
    })
}

fn facts(id: TrainingId, version: i64, training: &Training) -> Facts {
    let required_for = training.required_for.as_ref().map(|audience| serde_json::json!(audience));
    Facts::new()
        .with("training_id", id.to_string())
        .with("version", version)
        .with("title", training.title.as_str())
        .with("url", training.url.as_str())
        .with_some("valid_months", training.valid_months)
        .with_some("required_for", required_for)
        .with("required_from", training.required_from.to_string())
        .with("responsibility", training.responsibility.as_str())
}
