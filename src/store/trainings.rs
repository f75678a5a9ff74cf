//! Trainings, version by version, and who completed them.

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::connection::Conn;
use super::schema::{training_completions, trainings};
use super::write::WriteTx;
use crate::domain::ids::{Key, PersonId, TrainingId};
use crate::domain::time::{Day, Time};
use crate::domain::training::{Completion, Training};
use crate::error::{Error, Result};

/// One version of a training. `required_for` is JSON.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = trainings)]
pub struct TrainingRow {
    /// The training.
    pub training_id: TrainingId,
    /// The version's number, from 1.
    pub version: i64,
    /// What it is called.
    pub title: String,
    /// Where it is taken.
    pub url: String,
    /// For how many months a completion counts; for ever when absent.
    pub valid_months: Option<i64>,
    /// Who must have completed it.
    pub required_for: Option<String>,
    /// From when on they must.
    pub required_from: Time,
    /// The key of the responsibility whose holders and deputies record completions.
    pub responsibility: Key,
    /// Since when the version is in force.
    pub from_at: Time,
}

impl TrainingRow {
    /// What the version says.
    pub fn training(&self) -> Result<Training> {
        let audience = self.required_for.as_deref().map(serde_json::from_str).transpose();
        Ok(Training {
            title: self.title.clone(),
            url: self.url.clone(),
            valid_months: self.valid_months.map(u32::try_from).transpose().map_err(Error::internal)?,
            required_for: audience.map_err(Error::internal)?,
            required_from: self.required_from,
            responsibility: self.responsibility.clone(),
        })
    }
}

/// Writes a version that is in force from now on.
pub fn insert(tx: &mut WriteTx<'_>, id: TrainingId, version: i64, training: &Training) -> Result<()> {
    let required_for = training.required_for.as_ref().map(serde_json_canonicalizer::to_string).transpose();
    let row = (
        trainings::id.eq(Uuid::now_v7().to_string()),
        trainings::training_id.eq(id.to_string()),
        trainings::version.eq(version),
        trainings::title.eq(&training.title),
        trainings::url.eq(&training.url),
        trainings::valid_months.eq(training.valid_months.map(i64::from)),
        trainings::required_for.eq(required_for.map_err(Error::internal)?),
        trainings::required_from.eq(training.required_from.micros()),
        trainings::responsibility.eq(training.responsibility.as_str()),
        trainings::from_at.eq(tx.now().micros()),
    );
    diesel::insert_into(trainings::table).values(row).execute(tx.conn())?;
    tx.move_content();
    Ok(())
}

/// Ends the version that is in force.
pub fn end(tx: &mut WriteTx<'_>, id: TrainingId) -> Result<()> {
    let now = tx.now().micros();
    let in_force = trainings::table
        .filter(trainings::training_id.eq(id.to_string()))
        .filter(trainings::until_at.is_null());
    diesel::update(in_force).set(trainings::until_at.eq(now)).execute(tx.conn())?;
    tx.move_content();
    Ok(())
}

/// The version of a training that is in force; none, when it has ended.
pub fn find(conn: &mut Conn, id: TrainingId) -> Result<Option<TrainingRow>> {
    Ok(trainings::table
        .filter(trainings::training_id.eq(id.to_string()))
        .filter(trainings::until_at.is_null())
        .select(TrainingRow::as_select())
        .first(conn)
        .optional()?)
}

/// The trainings in force, newest first, after `after`.
pub fn list(conn: &mut Conn, after: Option<TrainingId>, limit: i64) -> Result<Vec<TrainingRow>> {
    let mut query = trainings::table
        .filter(trainings::until_at.is_null())
        .select(TrainingRow::as_select())
        .order(trainings::training_id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(trainings::training_id.lt(after.to_string()));
    }
    Ok(query.load(conn)?)
}

/// All trainings in force.
pub fn in_force(conn: &mut Conn) -> Result<Vec<TrainingRow>> {
    Ok(trainings::table
        .filter(trainings::until_at.is_null())
        .order(trainings::training_id.asc())
        .select(TrainingRow::as_select())
        .load(conn)?)
}

/// The trainings in force of which the holders of this responsibility record completions.
pub fn of(conn: &mut Conn, responsibility: &Key) -> Result<Vec<TrainingId>> {
    Ok(trainings::table
        .filter(trainings::until_at.is_null())
        .filter(trainings::responsibility.eq(responsibility.as_str()))
        .order(trainings::training_id.asc())
        .select(trainings::training_id)
        .load(conn)?)
}

/// Writes that a person completed a version of a training on a day; it stands at `idx` in the record.
pub fn insert_completion(
    tx: &mut WriteTx<'_>,
    person: PersonId,
    completion: Completion,
    version: i64,
    idx: i64,
) -> Result<()> {
    let row = (
        training_completions::idx.eq(idx),
        training_completions::training_id.eq(completion.training.to_string()),
        training_completions::version.eq(version),
        training_completions::person_id.eq(person.to_string()),
        training_completions::completed_on.eq(completion.on.begins().micros()),
    );
    diesel::insert_into(training_completions::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Takes back the completion of a training by a person on a day, or without a day all of them, by the entry at `idx`;
/// answers how many.
pub fn withdraw_completions(
    tx: &mut WriteTx<'_>,
    person: PersonId,
    training: TrainingId,
    on: Option<Day>,
    idx: i64,
) -> Result<usize> {
    let only = |day: Day| (day.begins().micros(), day.begins().micros());
    let (first, last) = on.map_or((i64::MIN, i64::MAX), only);
    let counting = training_completions::table
        .filter(training_completions::person_id.eq(person.to_string()))
        .filter(training_completions::training_id.eq(training.to_string()))
        .filter(training_completions::completed_on.between(first, last))
        .filter(training_completions::withdrawn_idx.is_null());
    Ok(diesel::update(counting).set(training_completions::withdrawn_idx.eq(idx)).execute(tx.conn())?)
}

/// The days on which these persons completed a training, by what was recorded, with whether that was withdrawn and
/// counts no more. Of one that was recorded again after that the last counts.
pub fn recorded(
    conn: &mut Conn,
    training: TrainingId,
    persons: &[String],
) -> Result<HashMap<(PersonId, Day), bool>> {
    let rows: Vec<(Option<PersonId>, Time, Option<i64>)> = training_completions::table
        .filter(training_completions::person_id.eq_any(persons))
        .filter(training_completions::training_id.eq(training.to_string()))
        .select((
            training_completions::person_id,
            training_completions::completed_on,
            training_completions::withdrawn_idx,
        ))
        .load(conn)?;
    let mut found = HashMap::new();
    for (person, on, withdrawn) in rows {
        let Some(person) = person else { continue };
        let is_withdrawn = found.entry((person, Day::of(on))).or_insert(true);
        *is_withdrawn = *is_withdrawn && withdrawn.is_some();
    }
    Ok(found)
}

/// The completions of these persons that were not withdrawn.
pub fn completions_of_all(conn: &mut Conn, persons: &[String]) -> Result<HashMap<PersonId, Vec<Completion>>> {
    let rows: Vec<(Option<PersonId>, TrainingId, Time)> = training_completions::table
        .filter(training_completions::person_id.eq_any(persons))
        .filter(training_completions::withdrawn_idx.is_null())
        .select((
            training_completions::person_id,
            training_completions::training_id,
            training_completions::completed_on,
        ))
        .load(conn)?;
    let mut found: HashMap<PersonId, Vec<Completion>> = HashMap::new();
    for (person, training, on) in rows {
        let Some(person) = person else { continue };
        found.entry(person).or_default().push(Completion { training, on: Day::of(on) });
    }
    Ok(found)
}
