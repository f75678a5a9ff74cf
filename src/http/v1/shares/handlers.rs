//! The handlers of shares.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::types::{MyShareFilter, OutcomeCreate, Share, ShareFilter, SharePage};
use crate::app::actor::Actor;
use crate::app::audit::audit_read;
use crate::app::outcomes::{self, OutcomeCommand};
use crate::app::share_views::{self, ShareQuery};
use crate::app::shares::SHARE_CREATE;
use crate::domain::ids::ShareId;
use crate::error::{Error, Result};
use crate::http::Frame;
use crate::http::extract::{Body, Caller, IdempotencyKey, OptionalIdempotencyKey, Path, Purpose, Query};
use crate::http::v1::answers::{cursor_at, done, once, page};
use crate::http::v1::sharing::ShareCreate;
use crate::state::App;
use crate::store::Lane;

/// The list of everybody's shares, as cursors and the record name it.
const SHARE_LIST: &str = "share_list";

pub(super) async fn share_create(
    app: Data<App>,
    Caller(actor): Caller,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<ShareCreate>,
) -> Result<HttpResponse> {
    let once = once(SHARE_CREATE, OptionalIdempotencyKey(Some(key)), &(), &body)?;
    let (view, replayed) = app.desk().share_create(&actor, body.try_into()?, &once).await?;
    let share = Share::from(view);
    Ok(done(StatusCode::CREATED, replayed).insert_header((header::LOCATION, share.address())).json(share))
}

pub(super) async fn share_outcome(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ShareId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<OutcomeCreate>,
) -> Result<HttpResponse> {
    let once = once("share_outcome", key, &id, &body)?;
    let command = OutcomeCommand::from(body);
    let (view, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let done = once.run(tx, &context.keys, &actor, |tx| {
                outcomes::share_outcome(tx, context, &actor, id, &command)
            })?;
            let now = tx.now();
            Ok((share_views::share_get(tx.conn(), context, done.resource, now)?, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::OK, replayed).json(Share::from(view)))
}

pub(super) async fn share_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Purpose(purpose): Purpose,
    Query(filter): Query<ShareFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(SHARE_LIST, &actor, &(&filter, &purpose))?;
    let place = filter.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?;
    let (below, record_index) = match place {
        Some(place) => (Some(place.sort), place.record_index),
        None => (None, Some(begin_walk(&app, actor, purpose, &filter).await?)),
    };
    let (limit, now) = (usize::from(filter.limit.get()), app.clock.now());
    let query = ShareQuery::from(filter);
    let read =
        app.read(move |conn, context| share_views::share_list(conn, context, &query, below, limit, now));
    let (views, next) = read.await?;
    let next_cursor = cursor_at(&walk, next, record_index)?;
    let items = views.into_iter().map(Share::audited).collect();
    Ok(page(&request, next_cursor.as_deref(), &SharePage { items, next_cursor: next_cursor.clone() }))
}

/// Enters that a walk through everybody's shares begins, and answers the entry's index.
async fn begin_walk(app: &App, actor: Actor, purpose: String, filter: &ShareFilter) -> Result<i64> {
    let filters = serde_json::to_value(filter).map_err(Error::internal)?;
    let receipt = app
        .write(Lane::Ordinary, move |tx, context| {
            audit_read(tx, &context.keys, &actor, SHARE_LIST, &purpose, filters.clone())
        })
        .await?;
    Ok(receipt.index)
}

pub(super) async fn share_get(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ShareId>,
    Purpose(purpose): Purpose,
) -> Result<Json<Share>> {
    let view = app
        .write(Lane::Ordinary, move |tx, context| {
            let filters = json!({ "share_id": id });
            audit_read(tx, &context.keys, &actor, "share_get", &purpose, filters)?;
            let now = tx.now();
            share_views::share_get(tx.conn(), context, id, now)
        })
        .await?;
    Ok(Json(Share::audited(view)))
}

pub(super) async fn my_share_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<MyShareFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk("my_share_list", &actor, &filter)?;
    let below = filter.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?;
    let below = below.map(|position| position.sort);
    let (limit, now) = (usize::from(filter.limit.get()), app.clock.now());
    let query = filter.of(actor.person()?);
    let read =
        app.read(move |conn, context| share_views::share_list(conn, context, &query, below, limit, now));
    let (views, next) = read.await?;
    let next_cursor = cursor_at(&walk, next, None)?;
    let items = views.into_iter().map(Share::from).collect();
    Ok(page(&request, next_cursor.as_deref(), &SharePage { items, next_cursor: next_cursor.clone() }))
}

pub(super) async fn my_share_get(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ShareId>,
) -> Result<Json<Share>> {
    let (person, now) = (actor.person()?, app.clock.now());
    let view = app.read(move |conn, context| share_views::share_get(conn, context, id, now)).await?;
    if view.row.person_id != Some(person) {
        return Err(Error::not_found("share"));
    }
    Ok(Json(Share::from(view)))
}
