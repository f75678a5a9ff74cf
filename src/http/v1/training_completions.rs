//! Who completed which training: recorded one by one, from a list or from a file.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use validator::Validate;

use super::answers::{REASON_MAX, not_blank, once};
use crate::app::actor::Permission;
use crate::app::training_completions::{Outcome, Told, training_complete, training_completion_withdraw};
use crate::domain::completion_file;
use crate::domain::ids::{PersonId, TrainingId};
use crate::domain::time::Day;
use crate::error::{Code, Error, Result};
use crate::http::extract::{Body, Caller, JSON, OptionalIdempotencyKey, Path, Streamed, checked};
use crate::http::operation::Operation;
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;

/// The largest body, in bytes: some 200,000 rows.
const BODY_MAX: u64 = 6_000_000;

/// The media type of files.
const CSV: &str = "text/csv";

/// Refused rows that an answer tells at most.
const TOLD: usize = 1000;

const WITHDRAW: &str = "training_completion_withdraw";

/// The routes of this file. Whether a person may is decided by the responsibility that the training names.
pub fn routes() -> Vec<Route> {
    let path = "/v1/trainings/{id}/completions";
    let withdrawals = "/v1/trainings/{id}/withdrawals";
    vec![
        Route::post(path, Permission::SignedIn, describe_complete(), complete),
        Route::post(withdrawals, Permission::SignedIn, describe_withdraw(), withdraw),
    ]
}

fn describe_complete() -> Operation {
    Operation::new(
        "training_complete",
        "trainings",
        "Record completions",
        "By a person who holds the responsibility that the training names or is a deputy for it (403 \
         `not_responsible` otherwise), or an API key with the scope `completions`. As JSON up to 1000; or as CSV \
         (RFC 4180, UTF-8, up to 6 MB) whose first line names the columns `person` and `completed_on`, in any \
         case, between commas or semicolons; other columns are skipped. Nobody records their own, nor does a key \
         that of who made it (`own_completion`). What was withdrawn is not recorded again for the same day \
         (`withdrawn`), unless a person does so as JSON with a `reason`. A person is named by id, external id or \
         e-mail address. Each completion is an entry of the record, and opens sharing to the person at once on \
         every node. What is recorded already is `known` and changes nothing, so that the same can be sent again, \
         and no `Idempotency-Key` is taken. A row that cannot be recorded is refused and the others are not; \
         `refusals` tells the first 1000 of those.",
    )
    .body::<CompletionsCreate>(json!({
        "completions": [{ "person": "E-1042", "completed_on": "2026-11-20" }],
    }))
    .streamed_body(&[(CSV, "person,completed_on\nE-1042,2026-11-20\n")])
    .answer::<CompletionsDone>(
        200,
        "What became of them.",
        json!({
            "recorded": 2,
            "known": 0,
            "refused": 1,
            "refusals": [{
                "row": 3,
                "line": 4,
                "person": "E-9999",
                "code": "unknown_person",
                "detail": "This is no id, external id or e-mail address of anybody, or it is one of two people.",
            }],
        }),
    )
    .errors(&[Code::NotResponsible, Code::RequestTimeout])
    .event(Event::TrainingCompleted.as_str())
}

fn describe_withdraw() -> Operation {
    Operation::new(
        WITHDRAW,
        "trainings",
        "Withdraw a person's completions",
        "Takes back the completion of the training by one person on `completed_on`, or without it all of theirs, \
         as where the wrong one was recorded: they count no more, and stay on record. By whoever may record them. \
         Where there is none it is 404. A person may record it again with a `reason`.",
    )
    .body::<Withdrawal>(json!({
        "person": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2",
        "completed_on": "2026-11-20",
        "reason": "Verwisseld.",
    }))
    .idempotency_key()
    .empty(204, "They count no more.")
    .errors(&[Code::NotResponsible])
    .event(Event::CompletionWithdrawn.as_str())
}

/// Completions to be recorded.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct CompletionsCreate {
    /// The completions.
    #[validate(length(min = 1, max = 1000), nested)]
    #[schema(min_items = 1, max_items = 1000)]
    completions: Vec<CompletionCreate>,
}

/// That somebody completed the training.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct CompletionCreate {
    /// Who: their id, external id or e-mail address.
    #[validate(length(min = 1, max = 254))]
    #[schema(min_length = 1, max_length = 254)]
    person: String,
    /// On which day.
    #[schema(format = "date", pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", value_type = String)]
    completed_on: Day,
    /// Why it is recorded; it is kept in the record, sealed under the person's key. With one, a person records again
    /// what was withdrawn; an API key does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    reason: Option<String>,
}

/// Whose completions are withdrawn.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct Withdrawal {
    /// Who.
    person: PersonId,
    /// The day of the one that is; absent = all of theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "date",
        pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        value_type = String,
        required = false,
        nullable = false
    )]
    completed_on: Option<Day>,
    /// Why; it is kept in the record, sealed under the person's key.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// What became of completions.
#[derive(Serialize, ToSchema)]
struct CompletionsDone {
    /// How many were recorded.
    #[schema(minimum = 0)]
    recorded: usize,
    /// How many were recorded before.
    #[schema(minimum = 0)]
    known: usize,
    /// How many could not be.
    #[schema(minimum = 0)]
    refused: usize,
    /// Those, the first 1000.
    #[schema(max_items = 1000)]
    refusals: Vec<Refusal>,
}

/// Why a completion could not be recorded.
#[derive(Serialize, ToSchema)]
struct Refusal {
    /// Which, from 1.
    #[schema(minimum = 1)]
    row: usize,
    /// The line of the file that it begins at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 2, nullable = false)]
    line: Option<usize>,
    /// Who, as it was told.
    #[schema(max_length = 16384)]
    person: String,
    /// What is wrong: `unknown_person`, `not_a_day`, `in_the_future`, `own_completion` or `withdrawn`.
    #[schema(max_length = 100)]
    code: &'static str,
    /// The same to read.
    #[schema(max_length = 1000)]
    detail: &'static str,
}

/// A completion that was told, and the line where a file told it.
type Row = (Told, Option<usize>);

async fn complete(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<TrainingId>,
    body: Streamed,
) -> Result<HttpResponse> {
    let rows = rows(body).await?;
    let (db, context) = (app.db.clone(), Arc::clone(&app.context));
    let record = move || {
        let (told, lines): (Vec<Told>, Vec<Option<usize>>) = rows.into_iter().unzip();
        let outcomes = training_complete(&db, &context, &actor, id, &told)?;
        Ok(CompletionsDone::new(told, &lines, &outcomes))
    };
    let done = app.think(record).await?;
    app.snapshots.refresh().await?;
    Ok(HttpResponse::Ok().json(done))
}

async fn rows(mut body: Streamed) -> Result<Vec<Row>> {
    let is_file = body.media_type == CSV;
    if !(is_file || body.media_type == JSON) || !body.is_utf8 {
        let detail = "Send application/json or text/csv, in UTF-8.";
        let error = Error::new(Code::UnsupportedMediaType, detail);
        return Err(error.with("accept_post", format!("{JSON}, {CSV}")));
    }
    body.check_declared(BODY_MAX)?;
    let mut bytes = Vec::new();
    while let Some(piece) = body.next(BODY_MAX).await? {
        bytes.extend_from_slice(&piece);
    }
    if is_file { of_file(&bytes) } else { Ok(of_list(checked(&bytes)?)) }
}

fn of_list(list: CompletionsCreate) -> Vec<Row> {
    let told = |told: CompletionCreate| {
        let CompletionCreate { person, completed_on, reason } = told;
        (Told { person, completed_on: Ok(completed_on), reason }, None)
    };
    list.completions.into_iter().map(told).collect()
}

fn of_file(bytes: &[u8]) -> Result<Vec<Row>> {
    let told = |row: completion_file::FileRow| {
        let day = Day::parse(&row.completed_on);
        let completed_on = day.map_err(|_| "Not a day that exists, such as 2026-11-30.");
        (Told { person: row.person, completed_on, reason: None }, Some(row.line))
    };
    Ok(completion_file::rows(bytes)?.into_iter().map(told).collect())
}

impl CompletionsDone {
    fn new(told: Vec<Told>, lines: &[Option<usize>], outcomes: &[Outcome]) -> Self {
        let mut done = Self { recorded: 0, known: 0, refused: 0, refusals: Vec::new() };
        for (at, ((told, line), outcome)) in told.into_iter().zip(lines).zip(outcomes).enumerate() {
            match *outcome {
                Outcome::Recorded => done.recorded += 1,
                Outcome::Known => done.known += 1,
                Outcome::Refused(code, detail) => {
                    done.refused += 1;
                    if done.refusals.len() < TOLD {
                        let person = told.person;
                        done.refusals.push(Refusal { row: at + 1, line: *line, person, code, detail });
                    }
                }
            }
        }
        done
    }
}

async fn withdraw(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<TrainingId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<Withdrawal>,
) -> Result<HttpResponse> {
    let once = once(WITHDRAW, key, &id, &body)?;
    app.write(Lane::Ordinary, move |tx, context| {
        once.run(tx, &context.keys, &actor, |tx| {
            let Withdrawal { person, completed_on, reason } = &body;
            training_completion_withdraw(tx, &context.keys, &actor, id, *person, *completed_on, reason)?;
            Ok(id)
        })
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
