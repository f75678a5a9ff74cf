//! Posts that employees propose. Their address is `/v1/suggestions`; everywhere else they are proposals, since
//! reviewers suggest changes of words too.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{REASON_MAX, after, cursor_after, cut, done, not_blank, once, page};
use crate::app::actor::Permission;
use crate::app::post_proposals::{self as proposals, ProposalQuery, ProposalView, Whose};
use crate::domain::channels::ChannelId;
use crate::domain::ids::{ItemId, PersonId, ProposalId};
use crate::domain::proposal::{Proposal, ProposalState};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::extract::{Body, Caller, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::schema::LanguageTag;
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;

const CREATE: &str = "post_propose";
const LIST: &str = "post_proposal_list";
const DECLINE: &str = "post_proposal_decline";

/// The routes of this file. Reading asks for a person and no scope, since everybody may see what became of their
/// own; that of others is for those who write content.
pub fn routes() -> Vec<Route> {
    let read = Permission::Person;
    let propose = Permission::PersonHolds(Scope::Share);
    let decline = Permission::PersonHolds(Scope::ContentWrite);
    vec![
        Route::post("/v1/suggestions", propose, describe_create(), proposal_create),
        Route::get("/v1/suggestions", read, describe_list(), proposal_list),
        Route::get("/v1/suggestions/{id}", read, describe_get(), proposal_get),
        Route::post("/v1/suggestions/{id}/decline", decline, describe_decline(), proposal_decline),
    ]
}

fn describe_create() -> Operation {
    Operation::new(
        CREATE,
        "posts",
        "Propose a post",
        "An employee proposes a post. It becomes a draft with them as its first author, which the authors find \
         among the posts and go on with; they are told. It is checked as any draft is. Whoever proposes it can \
         never decide on it. A person may have 20 proposals at once of which it is open what becomes of them: \
         one more is 409 `limit_reached`.",
    )
    .body::<PostProposalCreate>(json!({
        "title": "Open dag in de haven",
        "language": "nl",
        "text": "Zaterdag laten we de nieuwe installatie zien. Loop gerust binnen!",
        "channels": ["linkedin", "x"],
        "link": { "url": "https://www.noordzee-energie.example/open-dag" },
        "note": "Veel collega's delen dit graag; foto's heb ik ook.",
    }))
    .idempotency_key()
    .answer::<PostProposal>(201, "The proposal was made.", example_proposal())
    .location()
    .errors(&[Code::InvalidContent, Code::LimitReached])
    .event(Event::PostProposed.as_str())
}

fn describe_list() -> Operation {
    Operation::new(
        LIST,
        "posts",
        "List proposed posts",
        "The person's own proposals, the newest first, and what became of each. `whose=all` lists everybody's, \
         for those who hold `content_write`; others get 403.",
    )
    .query::<ProposalFilter>()
    .paged()
    .answer::<PostProposalPage>(200, "A page of proposals.", json!({ "items": [example_proposal()] }))
    .errors(&[Code::Forbidden])
    .event(NO_EVENT)
}

fn describe_get() -> Operation {
    Operation::new(
        "post_proposal_get",
        "posts",
        "Read a proposed post",
        "One proposal and what became of it: one's own, or anybody's for those who hold `content_write`. Other \
         people's are 404.",
    )
    .answer::<PostProposal>(200, "The proposal.", example_proposal())
    .event(NO_EVENT)
}

fn describe_decline() -> Operation {
    let mut declined = example_proposal();
    crate::http::schema::set(&mut declined, "state", json!("not_taken"));
    crate::http::schema::set(&mut declined, "reason", json!("De open dag staat al in een andere post."));
    crate::http::schema::set(&mut declined, "declined_at", json!("2026-11-21T10:12:00Z"));
    Operation::new(
        DECLINE,
        "posts",
        "Decline a proposed post",
        "An author says that a proposal will not be taken, and why; whoever proposed it is told, and reads the \
         reason. Only while it is `received` or `changes_requested`, else 409 `conflict` with its `state`: of \
         what is under review its reviewers decide, and what was approved is recalled or retired. The draft stays \
         among the posts.",
    )
    .body::<DeclineCreate>(json!({ "reason": "De open dag staat al in een andere post." }))
    .idempotency_key()
    .answer::<PostProposal>(200, "The proposal, which is not taken.", declined)
    .errors(&[Code::Conflict])
    .event(Event::ProposalDeclined.as_str())
}

fn example_proposal() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fd4",
        "post_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f01",
        "person_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2",
        "title": "Open dag in de haven",
        "state": "received",
        "words_changed": false,
        "note": "Veel collega's delen dit graag; foto's heb ik ook.",
        "created_at": "2026-11-20T14:41:55.018Z",
    })
}

/// A post to propose.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct PostProposalCreate {
    /// What the post is to be called here. At most 200 characters.
    #[schema(min_length = 1, max_length = 800)]
    title: String,
    /// The language of the text.
    #[schema(value_type = LanguageTag)]
    language: String,
    /// The text.
    #[schema(min_length = 1, max_length = 160_000)]
    text: String,
    /// Where it could be shared; wherever a text alone can be when left out.
    #[serde(default)]
    #[schema(max_items = 100)]
    channels: Vec<ChannelId>,
    /// What it links to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    link: Option<PostProposalLink>,
    /// Why, or what else the authors should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 2000), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    note: Option<String>,
}

/// What a proposed post links to.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct PostProposalLink {
    /// An `https` address in ASCII, of a domain that the operator allows.
    #[schema(format = "uri", min_length = 1, max_length = 2000)]
    url: String,
}

/// Why a proposal is not taken.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct DeclineCreate {
    /// Why; whoever proposed it reads this.
    #[validate(length(min = 1, max = REASON_MAX), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Whose proposals are listed.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProposalsOf {
    /// Those of the person who asks.
    #[default]
    Mine,
    /// Everybody's, for those who hold `content_write`.
    All,
}

/// Whether it is open what becomes of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProposalStanding {
    /// `received`, `in_review` or `changes_requested`.
    Open,
    /// Any other state.
    Closed,
}

/// What a list of proposals is narrowed to.
#[derive(Deserialize, Serialize, IntoParams)]
struct ProposalFilter {
    /// Whose; one's own when left out.
    #[serde(default)]
    #[param(inline, required = false)]
    whose: ProposalsOf,
    /// Only the open ones (`received`, `in_review`, `changes_requested`), or only the others.
    #[param(inline)]
    state: Option<ProposalStanding>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of proposals.
#[derive(Serialize, ToSchema)]
struct PostProposalPage {
    /// The proposals, newest first.
    #[schema(max_items = 200)]
    items: Vec<PostProposal>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A post that an employee proposed.
#[derive(Serialize, ToSchema)]
struct PostProposal {
    /// Its id.
    id: ProposalId,
    /// The post that it became.
    post_id: ItemId,
    /// Who proposed it; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person_id: Option<PersonId>,
    /// What the post is called: in its live revision, else in its newest; absent when that was redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 800, nullable = false)]
    title: Option<String>,
    /// What became of it.
    state: ProposalState,
    /// The revision that employees get now; absent while it is not live.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    live_revision: Option<i64>,
    /// Whether the live revision, else the newest, has no copy with exactly the proposed words in their language;
    /// absent when that revision was redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    words_changed: Option<bool>,
    /// Why it was not taken: what the author who declined it said, or the reviewer who rejected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    reason: Option<String>,
    /// What the employee said to the authors; absent once they are erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    note: Option<String>,
    /// When it was proposed.
    created_at: Time,
    /// When an author declined it; absent when none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    declined_at: Option<Time>,
}

impl From<PostProposalCreate> for (Proposal, Option<String>) {
    fn from(body: PostProposalCreate) -> Self {
        let PostProposalCreate { title, language, text, channels, link, note } = body;
        let link = link.map(|link| link.url);
        (Proposal { title, language, text, channels, link }, note)
    }
}

impl From<ProposalsOf> for Whose {
    fn from(of: ProposalsOf) -> Self {
        match of {
            ProposalsOf::Mine => Whose::Mine,
            ProposalsOf::All => Whose::All,
        }
    }
}

impl From<ProposalView> for PostProposal {
    fn from(view: ProposalView) -> Self {
        Self {
            id: view.row.id,
            post_id: view.row.item_id,
            person_id: view.row.person_id,
            title: view.title,
            state: view.state,
            live_revision: view.live_revision,
            words_changed: view.words_changed,
            reason: view.reason,
            note: view.note,
            created_at: view.row.created_at,
            declined_at: view.row.declined_at,
        }
    }
}

async fn proposal_create(
    app: Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<PostProposalCreate>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &(), &body)?;
    let (proposal, note): (Proposal, Option<String>) = body.into();
    let rules = app.rules();
    let (view, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let keys = &context.keys;
            let done = once.run(tx, keys, &actor, |tx| {
                proposals::post_propose(tx, context, &actor, &proposal, note.as_deref())
            })?;
            let now = tx.now();
            let view = proposals::post_proposal_get(tx.conn(), keys, &actor, done.resource, &rules, now)?;
            Ok((view, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed)
        .insert_header((header::LOCATION, format!("/v1/suggestions/{}", view.row.id)))
        .json(PostProposal::from(view)))
}

async fn proposal_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<ProposalFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &filter)?;
    let query = ProposalQuery {
        whose: filter.whose.into(),
        open: filter.state.map(|state| state == ProposalStanding::Open),
        after: after(&walk, filter.cursor.as_deref())?,
        limit: i64::from(filter.limit.get()) + 1,
    };
    let (rules, now) = (app.rules(), app.clock.now());
    let read = app.read(move |conn, context| {
        proposals::post_proposal_list(conn, &context.keys, &actor, query, &rules, now)
    });
    let mut views = read.await?;
    let next_cursor = cursor_after(&walk, cut(&mut views, filter.limit).map(|view| view.row.id))?;
    let items = views.into_iter().map(PostProposal::from).collect();
    let found = PostProposalPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &found))
}

async fn proposal_get(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ProposalId>,
) -> Result<Json<PostProposal>> {
    let (rules, now) = (app.rules(), app.clock.now());
    let read = app.read(move |conn, context| {
        proposals::post_proposal_get(conn, &context.keys, &actor, id, &rules, now)
    });
    Ok(Json(read.await?.into()))
}

async fn proposal_decline(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ProposalId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<DeclineCreate>,
) -> Result<HttpResponse> {
    let once = once(DECLINE, key, &id, &body)?;
    let rules = app.rules();
    let (view, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let keys = &context.keys;
            let done = once.run(tx, keys, &actor, |tx| {
                proposals::post_proposal_decline(tx, context, &actor, &rules, id, &body.reason)
            })?;
            let now = tx.now();
            let view = proposals::post_proposal_get(tx.conn(), keys, &actor, done.resource, &rules, now)?;
            Ok((view, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::OK, replayed).json(PostProposal::from(view)))
}
