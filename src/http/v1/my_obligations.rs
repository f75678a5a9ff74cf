//! What the person who asks has to accept or finish, and the guidelines that are for them.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::app::access::{PersonAccess, person_from_rows};
use crate::app::actor::{Actor, Permission};
use crate::app::my_obligations::{
    self as mine, MyObligations, What, my_guidelines, my_obligations, responsible_for_trainings,
};
use crate::domain::content::guideline::{Family, Requirement};
use crate::domain::ids::{Digest, ItemId, Key, TrainingId};
use crate::domain::time::{Day, Time};
use crate::domain::training::Training;
use crate::error::Result;
use crate::http::extract::params;
use crate::http::extract::{Caller, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::schema::LanguageTag;
use crate::http::table::Route;
use crate::state::App;
use crate::store::acceptances::{self, AcceptanceRow};

/// The routes of this file. Everybody may know what is asked of them, whatever else they may do.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/me/obligations", Permission::Person, describe_obligations(), me_obligations),
        Route::get("/v1/me/guidelines", Permission::Person, describe_guidelines(), me_guidelines),
    ]
}

fn describe_obligations() -> Operation {
    Operation::new(
        "me_obligations",
        "guidelines",
        "Read what one has to accept or finish",
        "What keeps the person from sharing (`open`), and what will from `due_at` on unless they do something \
         before: guidelines to accept with their texts, and trainings to finish. A completion that ends is told \
         60 days before, or ten for each month that it counts where that is less. `done` is what they have done. \
         A guideline is accepted with `POST /v1/guidelines/{id}/acceptances`; a training is finished where its \
         `url` leads, and recorded by the learning system or by who holds its `responsibility`, whom \
         `GET /v1/responsibilities/{key}` names. Who may not share is asked nothing. Texts are in `language`, or the \
         person's, or a more general one (RFC 4647), else in English, else in the first there is.",
    )
    .query::<LanguageQuery>()
    .answer::<Obligations>(200, "What there is to do, and what was done.", example_obligations())
    .event(NO_EVENT)
}

fn describe_guidelines() -> Operation {
    Operation::new(
        "me_guidelines",
        "guidelines",
        "Read the guidelines that are for one",
        "Every guideline in force for the person, and those that will be, whether they ask to be accepted or \
         not, with their texts as for `GET /v1/me/obligations`.",
    )
    .query::<LanguageQuery>()
    .answer::<Guidelines>(200, "The guidelines.", json!({ "items": [example_text()] }))
    .event(NO_EVENT)
}

fn example_text() -> Value {
    json!({
        "guideline_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
        "key": "employees",
        "revision": 2,
        "digest": "sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5",
        "family": "employees",
        "requires": "acceptance",
        "title": "Sociale media: zo doen we dat",
        "language": "nl",
        "markdown": "Zeg dat je hier **werkt**.",
        "html": "<p>Zeg dat je hier <strong>werkt</strong>.</p>\n",
        "in_force_from": "2026-12-01T08:00:00Z",
    })
}

fn example_obligations() -> Value {
    json!({
        "may_share": false,
        "to_do": [
            { "open": true, "due_at": "2026-12-01T08:00:00Z", "accept": example_text() },
            {
                "open": false,
                "due_at": "2027-01-01T00:00:00Z",
                "finish": {
                    "training_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f91",
                    "title": "Veilig delen",
                    "url": "https://leren.example.org/veilig-delen",
                    "responsibility": { "key": "training", "name": "Opleidingen" },
                },
            },
        ],
        "done": {
            "accepted": [{
                "guideline_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
                "title": "Sociale media: zo doen we dat",
                "revision": 1,
                "digest": "sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
                "accepted_at": "2026-03-02T09:12:44.210Z",
            }],
            "completed": [{
                "training_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f91",
                "title": "Veilig delen",
                "completed_on": "2025-12-31",
                "valid_until": "2027-01-01T00:00:00Z",
            }],
        },
    })
}

/// In which language.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct LanguageQuery {
    /// The language of texts; the person's when left out.
    #[serde(default, deserialize_with = "params::language")]
    #[param(value_type = Option<LanguageTag>)]
    language: Option<String>,
}

/// What a person is asked, and what they have done.
#[derive(Serialize, ToSchema)]
struct Obligations {
    /// Whether they hold the scope `share`, and nothing that they are asked keeps them from sharing now.
    may_share: bool,
    /// What there is to do: what is open first, then by when it is due.
    #[schema(max_items = 10_000)]
    to_do: Vec<ToDo>,
    /// What they have done.
    done: DoneSoFar,
}

/// Something that there is to do: `accept` a guideline, or `finish` a training.
#[derive(Serialize, ToSchema)]
struct ToDo {
    /// Whether it keeps the person from sharing now.
    open: bool,
    /// From when on it does, or will.
    due_at: Time,
    /// The guideline to accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    accept: Option<GuidelineText>,
    /// The training to finish.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    finish: Option<TrainingToFinish>,
}

/// A training to finish.
#[derive(Serialize, ToSchema)]
struct TrainingToFinish {
    /// The training.
    training_id: TrainingId,
    /// What it is called.
    #[schema(max_length = 200)]
    title: String,
    /// Where it is taken.
    #[schema(format = "uri", max_length = 2000)]
    url: String,
    /// Whom to ask: the responsibility whose holders and deputies record that it was finished; null once that has
    /// ended.
    #[schema(required)]
    responsibility: Option<ResponsibleForTraining>,
}

/// The responsibility whose holders and deputies record completions of a training.
#[derive(Serialize, ToSchema)]
struct ResponsibleForTraining {
    /// Its key.
    key: Key,
    /// Its name.
    #[schema(max_length = 200)]
    name: String,
}

/// A revision of a guideline, in one language.
#[derive(Serialize, ToSchema)]
struct GuidelineText {
    /// The guideline.
    guideline_id: ItemId,
    /// Its short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<Key>,
    /// The revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// Its digest: what is accepted.
    digest: Digest,
    /// For which accounts it is.
    family: Family,
    /// What it asks.
    requires: Requirement,
    /// What it is called.
    #[schema(max_length = 800)]
    title: String,
    /// The language of the text.
    #[schema(max_length = 35)]
    language: String,
    /// The text as it was approved, in Markdown.
    #[schema(max_length = 200_000)]
    markdown: String,
    /// The text as HTML that is safe to show.
    #[schema(max_length = 4_000_000)]
    html: String,
    /// Since when it is in force, or from when on.
    in_force_from: Time,
    /// Until when, where a later revision takes its place then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    in_force_until: Option<Time>,
}

/// What a person has done.
#[derive(Serialize, ToSchema)]
struct DoneSoFar {
    /// What they accepted, the last first.
    #[schema(max_items = 100_000)]
    accepted: Vec<AcceptedRevision>,
    /// The trainings that they completed, the last first.
    #[schema(max_items = 100_000)]
    completed: Vec<CompletedTraining>,
}

/// A revision of a guideline that was accepted.
#[derive(Serialize, ToSchema)]
struct AcceptedRevision {
    /// The guideline.
    guideline_id: ItemId,
    /// What it was called; absent where its text is not there any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 800, nullable = false)]
    title: Option<String>,
    /// The revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// Its digest.
    digest: Digest,
    /// When.
    accepted_at: Time,
}

/// A training that was completed.
#[derive(Serialize, ToSchema)]
struct CompletedTraining {
    /// The training.
    training_id: TrainingId,
    /// What it is called; absent once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    title: Option<String>,
    /// On which day.
    #[schema(format = "date", pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", value_type = String)]
    completed_on: Day,
    /// Until when it counts; absent = for ever, or the training has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    valid_until: Option<Time>,
}

/// The guidelines that are for a person.
#[derive(Serialize, ToSchema)]
struct Guidelines {
    /// The guidelines, by key.
    #[schema(max_items = 10_000)]
    items: Vec<GuidelineText>,
}

impl From<MyObligations> for Obligations {
    fn from(mine: MyObligations) -> Self {
        let MyObligations { may_share, to_do, accepted, completed } = mine;
        let done = DoneSoFar {
            accepted: accepted.into_iter().map(AcceptedRevision::from).collect(),
            completed: completed.into_iter().map(CompletedTraining::from).collect(),
        };
        Self { may_share, to_do: to_do.into_iter().map(ToDo::from).collect(), done }
    }
}

impl From<mine::ToDo> for ToDo {
    fn from(to_do: mine::ToDo) -> Self {
        let mine::ToDo { open, due_at, what } = to_do;
        let (accept, finish) = match what {
            What::Accept(text) => (Some(text.into()), None),
            What::Finish(training_id, training, name) => {
                let Training { title, url, responsibility, .. } = training;
                let responsibility = name.map(|name| ResponsibleForTraining { key: responsibility, name });
                (None, Some(TrainingToFinish { training_id, title, url, responsibility }))
            }
        };
        Self { open, due_at, accept, finish }
    }
}

impl From<mine::GuidelineText> for GuidelineText {
    fn from(text: mine::GuidelineText) -> Self {
        Self {
            guideline_id: text.id,
            key: text.key,
            revision: text.revision,
            digest: text.digest,
            family: text.family,
            requires: text.requires,
            title: text.title,
            language: text.language,
            markdown: text.markdown,
            html: text.html,
            in_force_from: text.term.from,
            in_force_until: text.term.until,
        }
    }
}

impl From<mine::Accepted> for AcceptedRevision {
    fn from(accepted: mine::Accepted) -> Self {
        let mine::Accepted { row, title } = accepted;
        let AcceptanceRow { item_id, revision, digest, accepted_at, .. } = row;
        Self { guideline_id: item_id, title, revision, digest, accepted_at }
    }
}

impl From<mine::Completed> for CompletedTraining {
    fn from(completed: mine::Completed) -> Self {
        let mine::Completed { training, title, on, valid_until } = completed;
        Self { training_id: training, title, completed_on: on, valid_until }
    }
}

async fn me_obligations(
    app: web::Data<App>,
    Caller(actor): Caller,
    Query(query): Query<LanguageQuery>,
) -> Result<HttpResponse> {
    let content = app.snapshots.confirmed_content().await?;
    let (person, accepted) = done_by(&app, actor).await?;
    let asked = Arc::clone(&content);
    let responsible = app.read(move |conn, _| responsible_for_trainings(conn, &asked)).await?;
    let now = app.snapshots.now();
    let mine =
        move || Ok(my_obligations(&content, &person, accepted, &responsible, query.language.as_deref(), now));
    Ok(HttpResponse::Ok().json(Obligations::from(app.think(mine).await?)))
}

async fn me_guidelines(
    app: web::Data<App>,
    Caller(actor): Caller,
    Query(query): Query<LanguageQuery>,
) -> Result<HttpResponse> {
    let content = app.snapshots.confirmed_content().await?;
    let (person, _) = done_by(&app, actor).await?;
    let now = app.snapshots.now();
    let mine = move || Ok(my_guidelines(&content, &person, query.language.as_deref(), now));
    let items = app.think(mine).await?.into_iter().map(GuidelineText::from).collect();
    Ok(HttpResponse::Ok().json(Guidelines { items }))
}

/// The person who asks, as the rows say, and what they accepted.
async fn done_by(app: &App, actor: Actor) -> Result<(PersonAccess, Vec<AcceptanceRow>)> {
    let person = actor.person()?;
    app.read(move |conn, context| {
        Ok((person_from_rows(conn, &context.keys, person)?, acceptances::of_person(conn, person)?))
    })
    .await
}
