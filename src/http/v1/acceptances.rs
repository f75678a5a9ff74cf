//! Accepting a guideline.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use validator::Validate;

use super::answers::{done, once};
use crate::app::acceptances::{Accept, acceptance_made, guideline_accept};
use crate::app::actor::Permission;
use crate::domain::ids::{Digest, ItemId};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Result};
use crate::http::extract::{Body, Caller, OptionalIdempotencyKey, Path};
use crate::http::operation::Operation;
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;
use crate::store::acceptances::AcceptanceRow;

const ACCEPT: &str = "guideline_accept";

/// An example of a digest.
const DIGEST: &str = "sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5";

/// The routes of this file. Who may share may accept: obligations are a condition for sharing, and a key that
/// accepts for somebody is one that shares for them.
pub fn routes() -> Vec<Route> {
    vec![Route::post(
        "/v1/guidelines/{id}/acceptances",
        Permission::PersonHolds(Scope::Share),
        describe(),
        accept,
    )]
}

fn describe() -> Operation {
    Operation::new(
        ACCEPT,
        "guidelines",
        "Accept a guideline",
        "The person who asks, or for whom an app asks, accepts the revision that they were shown: the one in \
         force, or one that will be, which `GET /v1/me/obligations` names with its digest. From the answer on it \
         keeps them from sharing nowhere any more. Accepting it again answers the first acceptance. A guideline \
         that is not for the person is 404; a revision or digest that is not one to accept now is 409 \
         `revision_changed` with the first that is. A guideline that asks for no acceptance, or was taken out of \
         use, is 409 `conflict`, and a language that the guideline is not in 422.",
    )
    .body::<GuidelineAcceptanceCreate>(json!({ "revision": 2, "digest": DIGEST, "language": "nl" }))
    .idempotency_key()
    .answer::<GuidelineAcceptance>(
        201,
        "It is accepted.",
        json!({
            "guideline_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
            "revision": 2,
            "digest": DIGEST,
            "accepted_at": "2026-11-27T08:30:00.120Z",
            "index": 4711,
        }),
    )
    .errors(&[Code::RevisionChanged, Code::Conflict, Code::InvalidContent])
    .event(Event::GuidelineAccepted.as_str())
}

/// The revision that was shown.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct GuidelineAcceptanceCreate {
    /// Its number.
    #[validate(range(min = 1))]
    #[schema(minimum = 1)]
    revision: i64,
    /// Its digest.
    digest: Digest,
    /// The language of the text that was shown, for the record, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 2, max = 35))]
    #[schema(min_length = 2, max_length = 35, nullable = false)]
    language: Option<String>,
}

/// That somebody accepted a revision of a guideline.
#[derive(Serialize, ToSchema)]
pub(super) struct GuidelineAcceptance {
    /// The guideline.
    guideline_id: ItemId,
    /// The revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// The revision's digest.
    digest: Digest,
    /// When.
    accepted_at: Time,
    /// Where its entry stands in the record.
    #[schema(minimum = 0)]
    index: i64,
}

impl From<AcceptanceRow> for GuidelineAcceptance {
    fn from(row: AcceptanceRow) -> Self {
        let AcceptanceRow { idx, item_id, revision, digest, accepted_at, .. } = row;
        Self { guideline_id: item_id, revision, digest, accepted_at, index: idx }
    }
}

async fn accept(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<GuidelineAcceptanceCreate>,
) -> Result<HttpResponse> {
    let once = once(ACCEPT, key, &id, &body)?;
    let GuidelineAcceptanceCreate { revision, digest, language } = body;
    let command = Accept { id, revision, digest, language };
    let (row, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let done = once.run(tx, &context.keys, &actor, |tx| {
                Ok(guideline_accept(tx, context, &actor, &command)?.idx)
            })?;
            Ok((acceptance_made(tx.conn(), done.resource)?, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed).json(GuidelineAcceptance::from(row)))
}
