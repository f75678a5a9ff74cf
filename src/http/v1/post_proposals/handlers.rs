//! The handlers of proposed posts.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};

use super::types::{
    DeclineCreate, PostProposal, PostProposalCreate, PostProposalPage, ProposalFilter, ProposalStanding,
    WithdrawalCreate,
};
use super::{CREATE, DECLINE, LIST, WITHDRAW};
use crate::app::actor::Actor;
use crate::app::context::Context;
use crate::app::feed::is_for_person;
use crate::app::idempotency::Once;
use crate::app::post_proposals::{self as proposals, ProposalQuery, ProposalView};
use crate::app::rules::Rules;
use crate::domain::ids::ProposalId;
use crate::domain::proposal::{Proposal, ProposalState};
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::http::Frame;
use crate::http::extract::{Body, Caller, OptionalIdempotencyKey, Path, Query};
use crate::http::v1::answers::{after, cursor_after, cut, done, once, page};
use crate::state::App;
use crate::store::Lane;
use crate::store::write::WriteTx;

pub(super) async fn proposal_create(
    app: Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<PostProposalCreate>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &(), &body)?;
    let proposal = Proposal::from(body);
    let rules = app.rules();
    let (view, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            changed(tx, context, &actor, &rules, &once, |tx| {
                proposals::post_propose(tx, context, &actor, &proposal)
            })
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed)
        .insert_header((header::LOCATION, format!("/v1/suggestions/{}", view.row.id)))
        .json(PostProposal::from(view)))
}

pub(super) async fn proposal_list(
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
    let asker = actor.clone();
    let read = app.read(move |conn, context| {
        proposals::post_proposal_list(conn, &context.keys, &asker, query, &rules, now)
    });
    let mut views = read.await?;
    let next_cursor = cursor_after(&walk, cut(&mut views, filter.limit).map(|view| view.row.id))?;
    let items = answers(&app, &actor, views, now).await?;
    let found = PostProposalPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &found))
}

pub(super) async fn proposal_get(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ProposalId>,
) -> Result<Json<PostProposal>> {
    let (rules, now) = (app.rules(), app.clock.now());
    let asker = actor.clone();
    let read = app.read(move |conn, context| {
        proposals::post_proposal_get(conn, &context.keys, &asker, id, &rules, now)
    });
    let view = read.await?;
    let answer = answers(&app, &actor, vec![view], now).await?.pop();
    answer.map(Json).ok_or_else(|| Error::internal("a proposal without its answer"))
}

pub(super) async fn proposal_decline(
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
            changed(tx, context, &actor, &rules, &once, |tx| {
                proposals::post_proposal_decline(tx, context, &actor, &rules, id, &body.reason)
            })
        })
        .await?;
    Ok(done(StatusCode::OK, replayed).json(PostProposal::from(view)))
}

pub(super) async fn proposal_withdraw(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ProposalId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<WithdrawalCreate>,
) -> Result<HttpResponse> {
    let once = once(WITHDRAW, key, &id, &body)?;
    let rules = app.rules();
    let (view, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            changed(tx, context, &actor, &rules, &once, |tx| {
                proposals::post_proposal_withdraw(tx, context, &actor, &rules, id, body.reason.as_deref())
            })
        })
        .await?;
    Ok(done(StatusCode::OK, replayed).json(PostProposal::from(view)))
}

/// Proposals as they are answered, with whether one that is live is for the person who asks, if it is theirs.
async fn answers(app: &App, actor: &Actor, views: Vec<ProposalView>, now: Time) -> Result<Vec<PostProposal>> {
    let person = actor.person()?;
    let content = app.snapshots.confirmed_content().await?;
    let access = app.snapshots.access();
    let for_me = |view: &ProposalView| {
        let is_mine = view.state == ProposalState::Live && view.row.person_id == Some(person);
        let live = content.item(view.row.item_id).filter(|_| is_mine)?.post(now)?;
        Some(is_for_person(&content, live, access.person(person)?, now))
    };
    let answer = |view: ProposalView| {
        let for_me = for_me(&view);
        let mut answer = PostProposal::from(view);
        answer.for_me = for_me;
        answer
    };
    Ok(views.into_iter().map(answer).collect())
}

/// Makes or changes a proposal once, and reads it as it is then; with whether it was done before.
fn changed(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    rules: &Rules,
    once: &Once,
    work: impl FnOnce(&mut WriteTx<'_>) -> Result<ProposalId>,
) -> Result<(ProposalView, bool)> {
    let done = once.run(tx, &context.keys, actor, work)?;
    let now = tx.now();
    let view = proposals::post_proposal_get(tx.conn(), &context.keys, actor, done.resource, rules, now)?;
    Ok((view, done.replayed))
}
