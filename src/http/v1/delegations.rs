//! Delegations: one's own work, handed to a deputy for some days.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{after, cursor_after, cut, done, once, one_more, page};
use super::stuck::{StuckBefore, StuckReviews, look_after_change};
use crate::app::actor::Permission;
use crate::app::delegations::{Delegate, delegation_create, delegation_end, delegation_get, delegation_list};
use crate::domain::ids::{DelegationId, Kind, PersonId};
use crate::domain::roles::Scope;
use crate::domain::time::{Day, Time};
use crate::error::{Code, Error, Result};
use crate::http::Frame;
use crate::http::extract::{Body, Caller, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;
use crate::store::delegations::DelegationRow;

const CREATE: &str = "delegation_create";
const LIST: &str = "delegation_list";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let review = Permission::PersonHolds(Scope::Review);
    let read = Permission::PersonHolds(Scope::ContentRead);
    let end = Permission::HoldsPerhapsFor(Scope::ContentRead);
    vec![
        Route::post("/v1/delegations", review, create_operation(), delegation_begin),
        Route::get("/v1/delegations", read, list_operation(), delegations_list),
        Route::delete("/v1/delegations/{id}", end, end_operation(), delegation_stop),
    ]
}

fn create_operation() -> Operation {
    Operation::new(
        CREATE,
        "reviews",
        "Hand one's own work to a deputy",
        "From the first day to the last, both whole days in UTC, the deputy may decide where the caller may, \
         in reviews of every kind or of those named. What bars either bars the deputy: words that one of them \
         wrote, and decisions that one of them cast. The deputy must be an active person who may decide, for \
         the same work there is one at a time, and what somebody got they cannot hand on. A decision keeps \
         both persons. It holds until its last day also when the caller is deactivated meanwhile.",
    )
    .body::<NewDelegation>(json!({
        "to": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2",
        "from_date": "2026-12-21",
        "until_date": "2027-01-04",
        "kinds": ["post", "image"],
    }))
    .idempotency_key()
    .answer::<Delegation>(201, "The delegation.", example_delegation())
    .errors(&[Code::Conflict, Code::InvalidContent])
    .event(Event::DelegationBegun.as_str())
}

fn list_operation() -> Operation {
    Operation::new(
        LIST,
        "reviews",
        "List delegations",
        "What the caller gave and got, the newest first, past ones too. With \
         `everybody=true` all there are, for who administers workflows.",
    )
    .query::<DelegationFilter>()
    .paged()
    .answer::<DelegationPage>(200, "A page of delegations.", json!({ "items": [example_delegation()] }))
    .errors(&[Code::Forbidden])
    .event(NO_EVENT)
}

fn end_operation() -> Operation {
    Operation::new(
        "delegation_end",
        "reviews",
        "End a delegation",
        "Ends it now; one that is over stays as it is. Whoever gave it ends it, or who administers workflows. \
         A delegation never changes but by ending, so this takes no `If-Match`. The answer names the reviews \
         that cannot end any more without the deputy.",
    )
    .answer::<StuckReviews>(200, "It has ended.", json!({ "stuck_reviews": [] }))
    .errors(&[Code::Forbidden])
    .event(Event::DelegationEnded.as_str())
}

/// Work that is handed to a deputy.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct NewDelegation {
    /// The deputy.
    to: PersonId,
    /// The first day, in UTC.
    #[schema(format = "date", pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", value_type = String)]
    from_date: Day,
    /// The last day, in UTC.
    #[schema(format = "date", pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", value_type = String)]
    until_date: Day,
    /// Of which kinds; all where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[validate(length(max = 10))]
    #[schema(max_items = 10)]
    kinds: Vec<Kind>,
}

impl From<NewDelegation> for Delegate {
    fn from(body: NewDelegation) -> Self {
        let NewDelegation { to, from_date, until_date, kinds } = body;
        Self { to, from_date, until_date, kinds }
    }
}

/// What a list of delegations is narrowed to.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct DelegationFilter {
    /// Not only the caller's.
    everybody: Option<bool>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// One page of delegations, newest first.
#[derive(Serialize, ToSchema)]
struct DelegationPage {
    /// The delegations.
    #[schema(max_items = 200)]
    items: Vec<Delegation>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// Somebody's work in a deputy's hands.
#[derive(Serialize, ToSchema)]
struct Delegation {
    /// Its id.
    id: DelegationId,
    /// Whose work it is; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person_id: Option<PersonId>,
    /// Who does it; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    to: Option<PersonId>,
    /// Of which kinds; empty = of all.
    #[schema(max_items = 10)]
    kinds: Vec<Kind>,
    /// From when on.
    from: Time,
    /// Until when: the first moment at which it no longer holds.
    until: Time,
    /// When somebody ended it before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ended_at: Option<Time>,
    /// Whether it holds now.
    in_force: bool,
}

impl Delegation {
    fn new(row: DelegationRow, now: Time) -> Result<Self> {
        Ok(Self {
            kinds: row.kinds()?,
            in_force: row.from_at <= now && now < row.until_at && row.ended_at.is_none(),
            id: row.id,
            person_id: row.person_id,
            to: row.deputy_id,
            from: row.from_at,
            until: row.until_at,
            ended_at: row.ended_at,
        })
    }
}

async fn delegation_begin(
    app: web::Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<NewDelegation>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &(), &body)?;
    let command = Delegate::from(body);
    let (delegation, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let done =
                once.run(tx, &context.keys, &actor, |tx| delegation_create(tx, context, &actor, &command))?;
            let row = delegation_get(tx.conn(), &actor, done.resource)?;
            Ok((Delegation::new(row, tx.now())?, done.replayed))
        })
        .await?;
    look_after_change(&app).await?;
    Ok(done(StatusCode::CREATED, replayed).json(delegation))
}

async fn delegations_list(
    request: HttpRequest,
    app: web::Data<App>,
    frame: web::Data<Frame>,
    Caller(actor): Caller,
    Query(query): Query<DelegationFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &query)?;
    let after = after(&walk, query.cursor.as_deref())?;
    let (limit, now, everybody) = (query.limit, app.clock.now(), query.everybody.unwrap_or_default());
    let most = i64::try_from(one_more(limit)).map_err(Error::internal)?;
    let mut rows = app.read(move |conn, _| delegation_list(conn, &actor, everybody, after, most)).await?;
    let next_cursor = cursor_after(&walk, cut(&mut rows, limit).map(|row| row.id))?;
    let items = rows.into_iter().map(|row| Delegation::new(row, now)).collect::<Result<_>>()?;
    Ok(page(&request, next_cursor.as_deref(), &DelegationPage { items, next_cursor: next_cursor.clone() }))
}

async fn delegation_stop(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<DelegationId>,
) -> Result<HttpResponse> {
    let stuck_before = StuckBefore::read(&app).await?;
    app.write(Lane::Ordinary, move |tx, context| delegation_end(tx, context, &actor, id)).await?;
    Ok(HttpResponse::Ok().json(stuck_before.after_change(&app).await?))
}

fn example_delegation() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fe1",
        "person_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa3",
        "to": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2",
        "kinds": ["image", "post"],
        "from": "2026-12-21T00:00:00Z",
        "until": "2027-01-05T00:00:00Z",
        "in_force": false,
    })
}
