//! What one person is asked, with its words in their language, and what they have done.

use std::collections::HashMap;

use super::access::PersonAccess;
use super::content_snapshot::{ApprovedItem, ApprovedRevision, ContentSnapshot};
use super::obligations::{Ask, as_guideline};
use crate::domain::content::Guideline;
use crate::domain::content::guideline::{Family, Requirement};
use crate::domain::ids::{Digest, ItemId, Key, Kind, TrainingId};
use crate::domain::lifecycle::Term;
use crate::domain::markdown;
use crate::domain::obligations::{Obligation, Standing, binds};
use crate::domain::roles::Scope;
use crate::domain::time::{Day, Time};
use crate::domain::training::{Completion, Training};
use crate::error::Result;
use crate::store::acceptances::AcceptanceRow;
use crate::store::connection::Conn;
use crate::store::responsibilities;

/// What a person is asked, and what they have done.
#[derive(Debug, Clone)]
pub struct MyObligations {
    /// Whether they may share, and nothing that they are asked keeps them from it now.
    pub may_share: bool,
    /// What there is to do: what is open first, then by when it is due.
    pub to_do: Vec<ToDo>,
    /// What they accepted, the last first.
    pub accepted: Vec<Accepted>,
    /// The trainings that they completed, the last first.
    pub completed: Vec<Completed>,
}

/// Something that there is to do.
#[derive(Debug, Clone)]
pub struct ToDo {
    /// Whether it keeps them from sharing now.
    pub open: bool,
    /// From when on it does, or will.
    pub due_at: Time,
    /// What.
    pub what: What,
}

/// What there is to do.
#[derive(Debug, Clone)]
pub enum What {
    /// To accept this text.
    Accept(GuidelineText),
    /// To finish this training, and the name of the responsibility whose holders record that, unless it has ended.
    Finish(TrainingId, Training, Option<String>),
}

/// A revision of a guideline, in one language.
#[derive(Debug, Clone)]
pub struct GuidelineText {
    /// The guideline.
    pub id: ItemId,
    /// Its key.
    pub key: Option<Key>,
    /// The revision.
    pub revision: i64,
    /// Its digest: what is accepted.
    pub digest: Digest,
    /// For which accounts it is.
    pub family: Family,
    /// Whether it asks to be accepted.
    pub requires: Requirement,
    /// What it is called.
    pub title: String,
    /// The language of the text.
    pub language: String,
    /// The text as it was approved.
    pub markdown: String,
    /// The text as HTML that is safe to show.
    pub html: String,
    /// From when until when it is in force, by what is known now.
    pub term: Term,
}

/// An acceptance.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What stands on record.
    pub row: AcceptanceRow,
    /// What the guideline was called; none where its text is not there any more.
    pub title: Option<String>,
}

/// A completion.
#[derive(Debug, Clone)]
pub struct Completed {
    /// The training.
    pub training: TrainingId,
    /// What it is called; none once it has ended.
    pub title: Option<String>,
    /// On which day.
    pub on: Day,
    /// Until when it counts; none where that is for ever, or the training has ended.
    pub valid_until: Option<Time>,
}

/// The names of responsibilities, by key.
pub type Responsible = HashMap<Key, String>;

/// Whom to ask about the trainings that are required: the responsibilities that they name, but for those that ended.
pub fn responsible_for_trainings(conn: &mut Conn, content: &ContentSnapshot) -> Result<Responsible> {
    responsibilities::names_of(conn, content.asked().responsibilities())
}

/// What a person is asked now or will be, in a language, theirs where none is named.
pub fn my_obligations(
    content: &ContentSnapshot,
    person: &PersonAccess,
    accepted: Vec<AcceptanceRow>,
    responsible: &Responsible,
    language: Option<&str>,
    now: Time,
) -> MyObligations {
    let language = language.or(person.language.as_deref());
    // Obligations are a condition for sharing: who may not share is asked nothing.
    let may_share = person.scopes.contains(Scope::Share);
    let asked = if may_share { content.asked().obligations() } else { &[] };
    let bound = asked.iter().filter(|it| it.binds(person.obliged()));
    let mut to_do: Vec<ToDo> =
        bound.filter_map(|it| to_do(content, person, responsible, it, language, now)).collect();
    to_do.sort_by_key(|to_do| (!to_do.open, to_do.due_at));
    let title = |row: &AcceptanceRow| {
        let revision = content.item(row.item_id)?.revision(row.revision)?;
        Some(as_guideline(revision)?.title.clone())
    };
    let accepted = accepted.into_iter().rev().map(|row| Accepted { title: title(&row), row });
    MyObligations {
        may_share: may_share && to_do.iter().all(|to_do| !to_do.open),
        to_do,
        accepted: accepted.collect(),
        completed: completed(content, person),
    }
}

fn to_do(
    content: &ContentSnapshot,
    person: &PersonAccess,
    responsible: &Responsible,
    obligation: &Obligation,
    language: Option<&str>,
    now: Time,
) -> Option<ToDo> {
    let open = match obligation.standing(&person.done, now)? {
        Standing::Open => true,
        Standing::Upcoming => false,
        Standing::Met => return None,
    };
    let what = match Ask::of(content, obligation)? {
        Ask::Guideline(item, revision, guideline) => {
            What::Accept(text(item, revision, guideline, obligation.term, language))
        }
        Ask::Training(id, training) => {
            let name = responsible.get(&training.responsibility).cloned();
            What::Finish(id, training.clone(), name)
        }
    };
    Some(ToDo { open, due_at: obligation.due_at(&person.done), what })
}

fn completed(content: &ContentSnapshot, person: &PersonAccess) -> Vec<Completed> {
    let completed = |completion: &Completion| {
        let training = content.asked().training(completion.training);
        Completed {
            training: completion.training,
            title: training.map(|training| training.title.clone()),
            on: completion.on,
            valid_until: training.and_then(|training| completion.valid_until(training.valid_months)),
        }
    };
    let mut all: Vec<Completed> = person.done.completions().iter().map(completed).collect();
    all.sort_by_key(|completed| std::cmp::Reverse(completed.on));
    all
}

/// The guidelines that are for a person, in force or to come, in a language, theirs where none is named.
pub fn my_guidelines(
    content: &ContentSnapshot,
    person: &PersonAccess,
    language: Option<&str>,
    now: Time,
) -> Vec<GuidelineText> {
    let language = language.or(person.language.as_deref());
    let mut found = Vec::new();
    for item in content.of_kind(Kind::Guideline) {
        for (approved, term) in item.history.terms() {
            let Some(revision) = item.revision(approved.revision).filter(|_| !term.is_over(now)) else {
                continue;
            };
            let Some(guideline) = as_guideline(revision) else { continue };
            if binds(&guideline.audience, person.obliged()) {
                found.push(text(item, revision, guideline, term, language));
            }
        }
    }
    found.sort_by_key(|text| (text.key.clone(), text.term.from));
    found
}

fn text(
    item: &ApprovedItem,
    revision: &ApprovedRevision,
    guideline: &Guideline,
    term: Term,
    language: Option<&str>,
) -> GuidelineText {
    let (language, body) = guideline.read_in(language);
    GuidelineText {
        id: item.id,
        key: item.key.clone(),
        revision: revision.revision,
        digest: revision.digest.clone(),
        family: guideline.family,
        requires: guideline.requires,
        title: guideline.title.clone(),
        language: language.to_owned(),
        markdown: body.to_owned(),
        html: markdown::to_html(body),
        term,
    }
}
