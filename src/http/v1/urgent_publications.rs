//! Urgent publications: a post goes live before its review, which follows within a configured time.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{REASON_MAX, cursor_at, cut, done, not_blank, once, one_more, page};
use super::items::{Item, ItemKind, live_item, with_item};
use super::posts::PostKind;
use crate::app::actor::Permission;
use crate::app::item_views::item_get;
use crate::app::urgent::{
    PublishUrgently, UrgentReport, post_publish_urgently, urgent_publication_list, urgent_publication_report,
};
use crate::domain::ids::{Digest, ItemId, Kind, PersonId, ReviewId};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::domain::urgent::{UrgentCounts, UrgentOutcome, UrgentState};
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::extract::{Body, Caller, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::schema::set;
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::urgent_publications::{Reviewed, UrgentRow};

const PUBLISH: &str = "post_publish_urgently";
const LIST: &str = "urgent_publication_list";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let read = Permission::Holds(Scope::ContentRead);
    let publish = Permission::PersonHolds(Scope::Publish);
    let path = "/v1/posts/{id}/urgent-publication";
    vec![
        Route::post(path, publish, publish_operation(), post_publish),
        Route::get("/v1/urgent-publications", read, list_operation(), publications_list),
        Route::get("/v1/urgent-publication-reports", read, report_operation(), publications_report),
    ]
}

fn publish_operation() -> Operation {
    let mut published = live_item::<PostKind>();
    if let Some(revision) = published.get_mut("working_revision") {
        set(revision, "urgent", example_urgent());
    }
    if let Some(review) = published.get_mut("review") {
        set(review, "urgent", json!(true));
    }
    Operation::new(
        PUBLISH,
        PostKind::PLURAL,
        "Publish a post before its review",
        "For what cannot wait: the draft with this digest is submitted and approved at once, or what is under \
         review is approved while its review goes on. Everything but the review holds: what a submission checks, \
         the rules in force, and what the post relies on. The post is live with this answer, on every node, or \
         from its `publish_at` on. Somebody else than its authors and the caller reviews it by `review_by`; a \
         deputy of theirs does not either. A review that approves confirms it; one that does not, or none in \
         time, makes it `blocked`, and an approval after that makes it live again. Where too few reviewers are \
         left, the review opens and is `stuck` until it is reassigned. Until it has ended no newer revision is \
         submitted. Words of the same post that were recalled or retired, that a review sent back, or that were \
         published urgently and never reviewed, are refused (`words_stopped`) until a review approves them, also \
         with another title, window, channel or audience: nobody brings them back alone. It is marked as urgent wherever it is shown, listed and counted.",
    )
    .body::<UrgentPublicationCreate>(json!({
        "digest": "sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "reason": "Storing op Windpark Noordzee: collega's worden er nu naar gevraagd.",
    }))
    .idempotency_key()
    .answer::<Item>(201, "The post, approved.", published)
    .etag()
    .errors(&[
        Code::ReviewOpen,
        Code::RevisionChanged,
        Code::NothingToSubmit,
        Code::WordsStopped,
        Code::Rechecked,
        Code::StageClosed,
        Code::NoWorkflow,
        Code::WorkflowTie,
        Code::RuleViolated,
        Code::Blocked,
    ])
    .errors(PostKind::CONTENT_CODES)
    .event(Event::PostPublishedUrgently.as_str())
    .of_kind::<<PostKind as ItemKind>::Content>(PostKind::SCHEMA)
}

fn list_operation() -> Operation {
    Operation::new(
        LIST,
        PostKind::PLURAL,
        "List urgent publications",
        "Posts that were published before their reviews, newest first, with what came of that: `awaiting` its \
         review, `overdue` since `review_by`, `confirmed` or `refused` by it, or `ended` without an outcome, \
         because the post was recalled or retired or its window closed.",
    )
    .query::<UrgentFilter>()
    .paged()
    .answer::<UrgentPublicationPage>(200, "A page of them.", json!({ "items": [example_publication()] }))
    .event(NO_EVENT)
}

fn report_operation() -> Operation {
    let counts = json!({
        "published": 3,
        "confirmed_in_time": 1,
        "confirmed_late": 0,
        "refused": 1,
        "awaiting": 1,
        "overdue": 0,
        "ended": 0,
    });
    let mut month = counts.clone();
    set(&mut month, "month", json!("2026-11"));
    let mut report = counts;
    set(&mut report, "from", json!("2026-01-01T00:00:00Z"));
    set(&mut report, "to", json!("2027-01-01T00:00:00Z"));
    set(&mut report, "by_month", json!([month]));
    Operation::new(
        "urgent_publication_report",
        PostKind::PLURAL,
        "Count urgent publications",
        "How many posts were published before their reviews in a span of time, and what came of them as things \
         stand now; in all, and by the month, in UTC, in which they were published. Months without any are left \
         out. It names nobody.",
    )
    .query::<ReportSpan>()
    .answer::<UrgentPublicationReport>(200, "The counts.", report)
    .event(NO_EVENT)
}

/// A post to publish before its review.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct UrgentPublicationCreate {
    /// The digest that was seen: of the draft, or the frozen one of what is under review.
    digest: Digest,
    /// Why it cannot wait; it is kept in the record.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// What a list of urgent publications is narrowed to.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct UrgentFilter {
    /// Only those in this state.
    state: Option<UrgentState>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// The span of time that a report is about.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
struct ReportSpan {
    /// Only those published then or later.
    from: Time,
    /// Only those published before.
    to: Time,
}

/// That a revision was published before its review, and what came of that.
#[derive(Serialize, ToSchema)]
pub struct Urgent {
    /// When it was published.
    published_at: Time,
    /// Who published it; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    published_by: Option<PersonId>,
    /// Why it could not wait.
    #[schema(max_length = 2000)]
    reason: String,
    /// When its review must have ended: without an outcome it is blocked from then on.
    review_by: Time,
    /// What its review led to; absent while that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outcome: Option<UrgentOutcome>,
    /// When it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outcome_at: Option<Time>,
}

impl From<UrgentRow> for Urgent {
    fn from(row: UrgentRow) -> Self {
        Self {
            published_at: row.published_at,
            published_by: row.person_id,
            reason: row.reason,
            review_by: row.review_by,
            outcome: row.outcome,
            outcome_at: row.outcome_at,
        }
    }
}

/// One page of urgent publications, newest first.
#[derive(Serialize, ToSchema)]
struct UrgentPublicationPage {
    /// The publications.
    #[schema(max_items = 200)]
    items: Vec<UrgentPublication>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A post that was published before its review.
#[derive(Serialize, ToSchema)]
struct UrgentPublication {
    /// The index of its entry in the record.
    #[schema(minimum = 0)]
    index: i64,
    /// The post.
    post_id: ItemId,
    /// The revision that was published.
    #[schema(minimum = 1)]
    revision: i64,
    /// Its digest.
    digest: Digest,
    /// The review that follows.
    review_id: ReviewId,
    /// What it waits for, or came to.
    state: UrgentState,
    /// How it was published, and what the review led to.
    urgent: Urgent,
}

impl UrgentPublication {
    /// The publication as it is at `now`.
    fn new(found: Reviewed, now: Time) -> Self {
        let state = found.state(now);
        let row = found.row;
        Self {
            index: row.idx,
            post_id: row.item_id,
            revision: row.revision,
            digest: row.digest.clone(),
            review_id: row.review_id,
            state,
            urgent: row.into(),
        }
    }
}

/// How many posts were published urgently, and what came of them.
#[derive(Serialize, ToSchema)]
struct UrgentPublicationReport {
    /// When the span begins.
    from: Time,
    /// When it ends.
    to: Time,
    /// All of them.
    #[schema(minimum = 0)]
    published: u32,
    /// Those whose review approved in time.
    #[schema(minimum = 0)]
    confirmed_in_time: u32,
    /// Those whose review approved when they were blocked already.
    #[schema(minimum = 0)]
    confirmed_late: u32,
    /// Those whose review rejected, or asked for changes.
    #[schema(minimum = 0)]
    refused: u32,
    /// Those whose review is awaited.
    #[schema(minimum = 0)]
    awaiting: u32,
    /// Those whose review is awaited though its time has passed.
    #[schema(minimum = 0)]
    overdue: u32,
    /// Those whose review ended without an outcome.
    #[schema(minimum = 0)]
    ended: u32,
    /// The same by month, the oldest first.
    #[schema(max_items = 100_000)]
    by_month: Vec<UrgentMonth>,
}

/// The counts of one month.
#[derive(Serialize, ToSchema)]
struct UrgentMonth {
    /// The month, in UTC.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$", max_length = 7)]
    month: String,
    /// All of them.
    #[schema(minimum = 0)]
    published: u32,
    /// Those whose review approved in time.
    #[schema(minimum = 0)]
    confirmed_in_time: u32,
    /// Those whose review approved when they were blocked already.
    #[schema(minimum = 0)]
    confirmed_late: u32,
    /// Those whose review rejected, or asked for changes.
    #[schema(minimum = 0)]
    refused: u32,
    /// Those whose review is awaited.
    #[schema(minimum = 0)]
    awaiting: u32,
    /// Those whose review is awaited though its time has passed.
    #[schema(minimum = 0)]
    overdue: u32,
    /// Those whose review ended without an outcome.
    #[schema(minimum = 0)]
    ended: u32,
}

impl UrgentMonth {
    fn new(month: String, counts: UrgentCounts) -> Self {
        let UrgentCounts { published, confirmed_in_time, confirmed_late, refused, awaiting, overdue, ended } =
            counts;
        Self { month, published, confirmed_in_time, confirmed_late, refused, awaiting, overdue, ended }
    }
}

impl UrgentPublicationReport {
    fn new(ReportSpan { from, to }: ReportSpan, report: UrgentReport) -> Self {
        let UrgentCounts { published, confirmed_in_time, confirmed_late, refused, awaiting, overdue, ended } =
            report.whole;
        let by_month =
            report.by_month.into_iter().map(|(month, counts)| UrgentMonth::new(month, counts)).collect();
        Self {
            from,
            to,
            published,
            confirmed_in_time,
            confirmed_late,
            refused,
            awaiting,
            overdue,
            ended,
            by_month,
        }
    }
}

async fn post_publish(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<UrgentPublicationCreate>,
) -> Result<HttpResponse> {
    let once = once(PUBLISH, key, &id, &body)?;
    let command = PublishUrgently { id, digest: body.digest, reason: body.reason };
    let (desk, now) = (app.clone(), app.clock.now());
    // Trying every way to share is slow, and it reads and writes in turns.
    let work =
        move || post_publish_urgently(&desk.db, &desk.context, &desk.snapshots, &actor, &once, &command, now);
    let published = app.think(work).await?;
    let (rules, now) = (app.rules(), app.clock.now());
    let view = app.read(move |conn, _| item_get(conn, Kind::Post, id, &rules, now)).await?;
    Ok(with_item(done(StatusCode::CREATED, published.replayed), Item::from(view)))
}

async fn publications_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(query): Query<UrgentFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &query)?;
    let below = query.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?;
    let below = below.map(|position| position.sort);
    let (limit, state, now) = (query.limit, query.state, app.clock.now());
    let read = app.read(move |conn, _| urgent_publication_list(conn, state, below, one_more(limit), now));
    let mut found = read.await?;
    let next_cursor = cursor_at(&walk, cut(&mut found, limit).map(|found| found.row.idx), None)?;
    let items = found.into_iter().map(|found| UrgentPublication::new(found, now)).collect();
    let answer = UrgentPublicationPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &answer))
}

async fn publications_report(
    app: Data<App>,
    Query(span): Query<ReportSpan>,
) -> Result<Json<UrgentPublicationReport>> {
    let (desk, from, to, now) = (app.clone(), span.from, span.to, app.clock.now());
    let report = app.think(move || urgent_publication_report(&desk.db, from, to, now)).await?;
    Ok(Json(UrgentPublicationReport::new(span, report)))
}

fn example_urgent() -> Value {
    json!({
        "published_at": "2026-11-20T15:30:00.120Z",
        "published_by": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa3",
        "reason": "Storing op Windpark Noordzee: collega's worden er nu naar gevraagd.",
        "review_by": "2026-11-21T15:30:00.120Z",
    })
}

fn example_publication() -> Value {
    json!({
        "index": 4711,
        "post_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
        "revision": 1,
        "digest": "sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5",
        "review_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f90",
        "state": "awaiting",
        "urgent": example_urgent(),
    })
}
