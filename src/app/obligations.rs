//! What people must have accepted or finished before they share (R13): gathered from guidelines and trainings
//! in force, judged for each share, and told to those whom it concerns.
//!
//! Guidelines are content and trainings move `content_version` too, so that what is asked is part of the
//! [`ContentSnapshot`]; what a person has done moves their `access_version` and is part of the access snapshot.
//! A verdict is therefore held to what the database says under the lock as every other part of a share is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::access::PersonAccess;
use super::content_snapshot::{ApprovedItem, ApprovedRevision, ContentSnapshot};
use crate::domain::content::guideline::Requirement;
use crate::domain::content::{Content, Guideline};
use crate::domain::ids::{ItemId, Key, Kind, TrainingId};
use crate::domain::lifecycle::Term;
use crate::domain::obligations::{Duty, Obligation, judge};
use crate::domain::time::Time;
use crate::domain::training::Training;
use crate::error::{Code, Error, Result};
use crate::store::connection::Conn;
use crate::store::trainings;

/// Obligations that a refusal names at most; `GET /v1/me/obligations` has them all.
const NAMED: usize = 50;

/// What is asked of people, by the guidelines and trainings in force or to come.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    obligations: Vec<Obligation>,
    trainings: BTreeMap<TrainingId, Training>,
}

impl Asked {
    /// What these guidelines, and the trainings in the database, ask.
    pub(super) fn read<'a>(conn: &mut Conn, items: impl Iterator<Item = &'a ApprovedItem>) -> Result<Self> {
        let mut asked = Self::default();
        for item in items.filter(|item| item.kind == Kind::Guideline) {
            asked.obligations.extend(of_guideline(item));
        }
        for row in trainings::in_force(conn)? {
            let training = row.training()?;
            asked.obligations.extend(of_training(row.training_id, &training));
            asked.trainings.insert(row.training_id, training);
        }
        asked.obligations.sort_unstable_by_key(|obligation| obligation.term.from);
        Ok(asked)
    }

    /// Every obligation, by when it begins.
    pub fn obligations(&self) -> &[Obligation] {
        &self.obligations
    }

    /// The keys of the responsibilities whose holders record completions of trainings that are required.
    pub fn responsibilities(&self) -> BTreeSet<&Key> {
        let required = self.trainings.values().filter(|training| training.required_for.is_some());
        required.map(|training| &training.responsibility).collect()
    }

    /// A training in force.
    pub fn training(&self, id: TrainingId) -> Option<&Training> {
        self.trainings.get(&id)
    }
}

fn of_guideline(item: &ApprovedItem) -> impl Iterator<Item = Obligation> {
    item.history.terms().filter_map(|(approved, term)| {
        let guideline = as_guideline(item.revision(approved.revision)?)?;
        let duty = Duty::Accept {
            guideline: item.id,
            revision: approved.revision,
            approved_idx: approved.approved_idx,
        };
        let asks = guideline.requires == Requirement::Acceptance;
        asks.then(|| Obligation { duty, audience: guideline.audience.clone(), term })
    })
}

fn of_training(id: TrainingId, training: &Training) -> Option<Obligation> {
    let audience = training.required_for.clone()?;
    let duty = Duty::Finish { training: id, valid_months: training.valid_months };
    Some(Obligation { duty, audience, term: Term { from: training.required_from, until: None } })
}

/// The guideline, if the revision is one of a guideline.
pub fn as_guideline(revision: &ApprovedRevision) -> Option<&Guideline> {
    match &revision.content {
        Content::Guideline(guideline) => Some(guideline),
        _ => None,
    }
}

/// What an obligation asks, with its words.
#[derive(Debug, Clone, Copy)]
pub enum Ask<'a> {
    /// To accept this.
    Guideline(&'a ApprovedItem, &'a ApprovedRevision, &'a Guideline),
    /// To finish this.
    Training(TrainingId, &'a Training),
}

impl<'a> Ask<'a> {
    /// What an obligation of this snapshot asks.
    pub fn of(content: &'a ContentSnapshot, obligation: &Obligation) -> Option<Self> {
        match obligation.duty {
            Duty::Accept { guideline, revision, .. } => Self::guideline(content, guideline, revision),
            Duty::Finish { training, .. } => {
                Some(Self::Training(training, content.asked().training(training)?))
            }
        }
    }

    fn guideline(content: &'a ContentSnapshot, item: ItemId, revision: i64) -> Option<Self> {
        let item = content.item(item)?;
        let revision = item.revision(revision)?;
        Some(Self::Guideline(item, revision, as_guideline(revision)?))
    }
}

/// Refuses a person who has obligations open: 409 `obligations_open` with what they are. Answers the first
/// moment at which time may change that none are.
pub fn check(content: &ContentSnapshot, person: &PersonAccess, now: Time) -> Result<Option<Time>> {
    let verdict = judge(content.asked().obligations(), person.obliged(), now);
    if verdict.open.is_empty() {
        return Ok(verdict.holds_until);
    }
    let named = verdict.open.iter().take(NAMED);
    let told = named.filter_map(|open| Some(told(Ask::of(content, open)?, open.due_at(&person.done))));
    let told: Vec<Value> = told.collect();
    let detail = "Before they share, this person has to accept or finish what obligations lists; \
                  GET /v1/me/obligations has the texts.";
    Err(Error::new(Code::ObligationsOpen, detail).with("obligations", told))
}

fn told(ask: Ask<'_>, due_at: Time) -> Value {
    let due_at = due_at.to_string();
    match ask {
        Ask::Guideline(item, revision, guideline) => json!({
            "asks": "acceptance",
            "guideline_id": item.id,
            "key": item.key,
            "title": guideline.title,
            "revision": revision.revision,
            "digest": revision.digest,
            "due_at": due_at,
        }),
        Ask::Training(id, training) => json!({
            "asks": "training",
            "training_id": id,
            "title": training.title,
            "url": training.url,
            "due_at": due_at,
        }),
    }
}
