//! Decisions: what was decided, by whom, on which exact words. Reading them is audited.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::answers::{cursor_at, cut, one_more, page};
use crate::app::actor::Permission;
use crate::app::audit::audit_read;
use crate::app::decisions::decision_list;
use crate::domain::ids::{ClientId, Digest, ItemId, PersonId, ReviewId};
use crate::domain::review::DecisionKind;
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::http::Frame;
use crate::http::extract::{Caller, Purpose, Query};
use crate::http::operation::Operation;
use crate::http::paging::Limit;
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;
use crate::store::reviews::{DecisionFilter as Filter, DecisionRow};

const LIST: &str = "decision_list";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let list = Operation::new(
        LIST,
        "reviews",
        "List decisions",
        "Decisions on revisions of every kind, newest first. Reading them is itself on the record: the \
         first page appends one entry with the reader, the purpose and the filters, which stands for the \
         whole walk.",
    )
    .query::<DecisionFilter>()
    .paged()
    .purpose()
    .answer::<DecisionPage>(200, "A page of decisions.", json!({ "items": [example_decision()] }))
    .event(Event::AuditRead.as_str());
    vec![Route::get("/v1/decisions", Permission::Holds(Scope::Audit), list, decisions_list)]
}

/// What a list of decisions is narrowed to.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct DecisionFilter {
    /// Only those of this person.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonId>,
    /// Only those on this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<ItemId>,
    /// Only those from this time on.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Time>,
    /// Only those before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Time>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// One page of decisions, newest first.
#[derive(Serialize, ToSchema)]
struct DecisionPage {
    /// The decisions.
    #[schema(max_items = 200)]
    items: Vec<Decision>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// One decision on one exact revision.
#[derive(Serialize, ToSchema)]
pub struct Decision {
    /// The index of its entry in the record.
    #[schema(minimum = 0)]
    index: i64,
    /// The review.
    review_id: ReviewId,
    /// The stage that it counts in, from 0.
    #[schema(minimum = 0)]
    stage: i64,
    /// The item.
    item_id: ItemId,
    /// The revision decided on.
    #[schema(minimum = 1)]
    revision: i64,
    /// The digest decided on.
    digest: Digest,
    /// Who decided; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person_id: Option<PersonId>,
    /// On whose behalf, where a deputy decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    on_behalf_of: Option<PersonId>,
    /// The client through which it was decided, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_id: Option<ClientId>,
    /// What was decided.
    decision: DecisionKind,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    reason: Option<String>,
    /// When.
    decided_at: Time,
}

impl From<DecisionRow> for Decision {
    fn from(row: DecisionRow) -> Self {
        Self {
            index: row.idx,
            review_id: row.review_id,
            stage: row.stage,
            item_id: row.item_id,
            revision: row.revision,
            digest: row.digest,
            person_id: row.person_id,
            on_behalf_of: row.on_behalf_of,
            client_id: row.client_id,
            decision: row.decision,
            reason: row.reason,
            decided_at: row.decided_at,
        }
    }
}

async fn decisions_list(
    request: HttpRequest,
    app: web::Data<App>,
    frame: web::Data<Frame>,
    Caller(actor): Caller,
    Query(query): Query<DecisionFilter>,
    Purpose(purpose): Purpose,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &(&query, &purpose))?;
    let filters = serde_json::to_value(&query).map_err(Error::internal)?;
    let (below, index) = match query.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()? {
        Some(position) => (Some(position.sort), position.record_index),
        None => {
            let read = app.write(Lane::Ordinary, move |tx, context| {
                audit_read(tx, &context.keys, &actor, LIST, &purpose, filters.clone())
            });
            (None, Some(read.await?.index))
        }
    };
    let limit = query.limit;
    let filter = Filter { person: query.person, item: query.item, from: query.from, to: query.to };
    let mut rows = app.read(move |conn, _| decision_list(conn, &filter, below, one_more(limit))).await?;
    let next_cursor = cursor_at(&walk, cut(&mut rows, limit).map(|row| row.idx), index)?;
    let items = rows.into_iter().map(Decision::from).collect();
    Ok(page(&request, next_cursor.as_deref(), &DecisionPage { items, next_cursor: next_cursor.clone() }))
}

/// An example of a decision.
pub fn example_decision() -> Value {
    json!({
        "index": 412,
        "review_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f90",
        "stage": 0,
        "item_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
        "revision": 1,
        "digest": "sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5",
        "person_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2",
        "decision": "approve",
        "reason": "Cijfers gecontroleerd met de afdeling Wind op zee.",
        "decided_at": "2026-11-20T15:30:00.120Z",
    })
}
