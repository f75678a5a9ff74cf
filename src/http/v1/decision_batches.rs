//! Many decisions in one request, each with its own result.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::answers::{REASON_MAX, once};
use crate::app::actor::Permission;
use crate::app::decision_batches::{BatchDecision, decide_all};
use crate::app::idempotency::{Done, Once};
use crate::domain::ids::{Digest, ItemId, PersonId, ReviewId};
use crate::domain::review::DecisionKind;
use crate::domain::roles::Scope;
use crate::error::{Code, Error, Result};
use crate::http::extract::{Body, Caller, OptionalIdempotencyKey};
use crate::http::middleware::RequestId;
use crate::http::openapi::Problem;
use crate::http::operation::Operation;
use crate::http::problem;
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;

const DECIDE: &str = "decision_batch";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let operation = Operation::new(
        DECIDE,
        "reviews",
        "Decide on many revisions",
        "Up to 200 decisions, on items of any kind. Each is cast by itself, in the order in which they stand, \
         exactly as if it had come alone, and has its own result: one that is refused keeps none of the others \
         from being cast. With an `Idempotency-Key` a retry of the same batch casts only what was not cast, and \
         answers the rest as before.",
    )
    .body::<DecisionBatch>(json!({ "decisions": [example_decision()] }))
    .idempotency_key()
    .answer::<DecisionResults>(207, "A result for each decision, in their order.", example_results())
    .errors(&[Code::InvalidContent])
    .event(Event::DecisionMade.as_str());
    vec![Route::post("/v1/decision-batches", Permission::PersonHolds(Scope::Review), operation, decide)]
}

/// Decisions on exact revisions.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct DecisionBatch {
    /// The decisions.
    #[validate(length(min = 1, max = 200), nested)]
    #[schema(min_items = 1, max_items = 200)]
    decisions: Vec<NewDecision>,
}

/// One decision of a batch.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct NewDecision {
    /// The item, of any kind.
    item: ItemId,
    /// The revision under review.
    #[validate(range(min = 1))]
    #[schema(minimum = 1)]
    revision: i64,
    /// Its frozen digest.
    digest: Digest,
    /// What is decided.
    decision: DecisionKind,
    /// Why; required with `request_changes` and `reject`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = REASON_MAX))]
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    reason: Option<String>,
    /// For whom a deputy decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    on_behalf_of: Option<PersonId>,
    /// The stage that is meant, from 0: refused if another one is open by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(range(max = 9))]
    #[schema(maximum = 9, nullable = false)]
    stage: Option<u8>,
}

impl From<NewDecision> for BatchDecision {
    fn from(new: NewDecision) -> Self {
        let NewDecision { item, revision, digest, decision, reason, on_behalf_of, stage } = new;
        let stage = stage.map(usize::from);
        Self { item, revision, digest, decision, reason, on_behalf_of, stage }
    }
}

/// What became of each decision.
#[derive(Serialize, ToSchema)]
struct DecisionResults {
    /// The results, in the order of the decisions.
    #[schema(max_items = 200)]
    results: Vec<DecisionResult>,
}

/// What became of one decision: it has either `review_id` or `problem`.
#[derive(Serialize, ToSchema)]
struct DecisionResult {
    /// The item.
    item: ItemId,
    /// The revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// The status that the decision alone would have had: 201 where it was cast.
    #[schema(minimum = 201, maximum = 599)]
    status: u16,
    /// Whether an earlier request with the same key had cast it.
    replayed: bool,
    /// The review in which it was cast.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    review_id: Option<ReviewId>,
    /// Why it was not cast.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Problem>, nullable = false)]
    problem: Option<Value>,
}

impl DecisionResult {
    fn new((item, revision): (ItemId, i64), result: Result<Done<ReviewId>>, request: &HttpRequest) -> Self {
        let (status, replayed, review_id, problem) = match result {
            Ok(done) => (201, done.replayed, Some(done.resource), None),
            Err(error) => {
                let id = RequestId::of(request);
                if let Some(source) = &error.source {
                    tracing::error!(request_id = %id, cause = %source, "a decision of a batch failed inside");
                }
                (error.code.status(), false, None, Some(problem::document(&error, id)))
            }
        };
        Self { item, revision, status, replayed, review_id, problem }
    }
}

async fn decide(
    request: HttpRequest,
    app: web::Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<DecisionBatch>,
) -> Result<HttpResponse> {
    let batch = body.decisions.into_iter().enumerate();
    let batch = batch.map(|(at, new)| Ok((once_of(&key, at, &new)?, BatchDecision::from(new))));
    let batch: Vec<(Once, BatchDecision)> = batch.collect::<Result<_>>()?;
    let named: Vec<(ItemId, i64)> = batch.iter().map(|(_, new)| (new.item, new.revision)).collect();
    let desk = app.clone();
    let work = move || decide_all(&desk.db, &desk.context, &desk.snapshots, &actor, batch);
    let decided = app.think(work).await?;
    let result = |(named, result)| DecisionResult::new(named, result, &request);
    let results = named.into_iter().zip(decided).map(result).collect();
    Ok(HttpResponse::build(StatusCode::MULTI_STATUS).json(DecisionResults { results }))
}

/// One decision under the key of its batch.
fn once_of(key: &OptionalIdempotencyKey, at: usize, new: &NewDecision) -> Result<Once, Error> {
    let key = key.0.as_ref().map(|key| format!("{key}.{at}"));
    once(DECIDE, OptionalIdempotencyKey(key), &at, new)
}

fn example_decision() -> Value {
    json!({
        "item": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
        "revision": 1,
        "digest": "sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5",
        "decision": "approve",
    })
}

fn example_results() -> Value {
    json!({
        "results": [{
            "item": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
            "revision": 1,
            "status": 201,
            "replayed": false,
            "review_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f90",
        }],
    })
}
