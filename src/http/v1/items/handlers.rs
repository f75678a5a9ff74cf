//! The handlers of items, each for every kind.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};

use super::types::{
    DecisionCreate, Ending, Item, ItemDraft, ItemFilter, ItemPage, ItemRevision, NewItem, RevisionPath,
    Submission,
};
use super::{ItemKind, WrittenKind};
use crate::app::actor::Actor;
use crate::app::checks::{advice, review_with_words, warnings};
use crate::app::context::Context;
use crate::app::decisions::item_decide;
use crate::app::endings::item_end;
use crate::app::idempotency::Once;
use crate::app::item_views::{self, ItemQuery, ItemView};
use crate::app::items;
use crate::app::reviews::review_get;
use crate::app::rules::Rules;
use crate::app::submission::{Submit, item_submit};
use crate::domain::content::Content;
use crate::domain::findings::Finding;
use crate::domain::ids::{ItemId, Kind};
use crate::domain::lifecycle::EndingKind;
use crate::error::Result;
use crate::http::extract::{Body, Caller, IfMatch, OptionalIdempotencyKey, Path, Query};
use crate::http::v1::answers::{after, cursor_after, done, once, page};
use crate::http::v1::reviews::{Review, review_address};
use crate::http::{Frame, etag};
use crate::state::App;
use crate::store::Lane;
use crate::store::connection::Conn;
use crate::store::items::ItemFilter as Filter;
use crate::store::write::WriteTx;

/// A day.
const DAY: Duration = Duration::from_hours(24);

pub(super) async fn create<K: WrittenKind>(
    app: web::Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<K::Create>,
) -> Result<HttpResponse> {
    let once = once(K::OPERATIONS.create, key, &(), &body)?;
    let NewItem { key, content } = body.into();
    let rules = app.rules();
    let (view, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let done = once.run(tx, &context.keys, &actor, |tx| {
                items::item_create(tx, context, &actor, key.as_ref(), &content)
            })?;
            Ok((reread(tx, K::KIND, done.resource, &rules)?, done.replayed))
        })
        .await?;
    let address = format!("/v1/{}/{}", K::PLURAL, view.item.id);
    let mut response = done(StatusCode::CREATED, replayed);
    response.insert_header((header::LOCATION, address));
    let advice = advise(&app, &view).await?;
    Ok(with_item(response, Item::from(view).advised(advice)))
}

pub(super) async fn list<K: ItemKind>(
    request: HttpRequest,
    app: web::Data<App>,
    frame: web::Data<Frame>,
    Caller(actor): Caller,
    Query(query): Query<ItemFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(K::OPERATIONS.list, &actor, &query)?;
    let after = after(&walk, query.cursor.as_deref())?;
    let (limit, now) = (usize::from(query.limit.get()), app.clock.now());
    let ends = query.ends_within_days.map(|days| (now, now.after(DAY * u32::from(days))));
    let filter = Filter { state: query.state, campaign: query.campaign, author: query.author, ends };
    let query = ItemQuery { filter, availability: query.availability };
    let rules = app.rules();
    let read = move |conn: &mut Conn, _: &Context| {
        item_views::item_list(conn, K::KIND, &query, &rules, after, limit, now)
    };
    let (views, last) = app.read(read).await?;
    let next_cursor = cursor_after(&walk, last)?;
    let items = views.into_iter().map(|view| Item::from(view).addressed(&app.context.media, now)).collect();
    Ok(page(&request, next_cursor.as_deref(), &ItemPage { items, next_cursor: next_cursor.clone() }))
}

pub(super) async fn get<K: ItemKind>(app: web::Data<App>, Path(id): Path<ItemId>) -> Result<HttpResponse> {
    let (rules, now) = (app.rules(), app.clock.now());
    let view = app.read(move |conn, _| item_views::item_get(conn, K::KIND, id, &rules, now)).await?;
    Ok(with_item(HttpResponse::Ok(), Item::from(view).addressed(&app.context.media, now)))
}

pub(super) async fn revision_get<K: ItemKind>(
    app: web::Data<App>,
    Path(RevisionPath { id, n }): Path<RevisionPath>,
) -> Result<HttpResponse> {
    let now = app.clock.now();
    let view = app.read(move |conn, _| item_views::revision_get(conn, K::KIND, id, n, now)).await?;
    Ok(HttpResponse::Ok().json(ItemRevision::from(view).addressed(&app.context.media, now)))
}

pub(super) async fn draft_put<K: WrittenKind>(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    IfMatch(version): IfMatch,
    Body(draft): Body<ItemDraft<K::Content>>,
) -> Result<HttpResponse> {
    let content: Content = draft.content.into();
    let rules = app.rules();
    let (view, saved) = app
        .write(Lane::Ordinary, move |tx, context| {
            let saved = items::draft_put(tx, context, &actor, id, version, &content)?;
            Ok((reread(tx, K::KIND, id, &rules)?, saved))
        })
        .await?;
    let advice = advise(&app, &view).await?;
    Ok(with_item(HttpResponse::Ok(), Item::from(view).withdrew(saved.withdrew).advised(advice)))
}

pub(super) async fn submit<K: ItemKind>(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<Submission>,
) -> Result<HttpResponse> {
    let once = once(K::OPERATIONS.submit, key, &id, &body)?;
    let command = Submit { kind: K::KIND, id, digest: body.digest, extended_to: None, urgent: None };
    let (desk, now) = (app.clone(), app.clock.now());
    // Trying every way to share is slow, and it reads and writes in turns.
    let work = move || item_submit(&desk.db, &desk.context, &desk.snapshots, &actor, &once, &command, now);
    let submitted = app.think(work).await?;
    let (view, words) = app.read(move |conn, _| review_with_words(conn, submitted.resource, now)).await?;
    let present = app.snapshots.content();
    let warnings = app.think(move || Ok(words.map(|words| warnings(&present, id, &words, now)))).await?;
    Ok(done(StatusCode::CREATED, submitted.replayed)
        .insert_header((header::LOCATION, review_address(view.row.id)))
        .json(Review::whole(view)?.warned(warnings)))
}

pub(super) async fn decide<K: ItemKind>(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<DecisionCreate>,
) -> Result<HttpResponse> {
    let once = once(K::OPERATIONS.decide, key, &id, &body)?;
    let command = body.into_command(K::KIND, id);
    let desk = app.clone();
    // Asking the rules is slow, and it reads and writes in turns.
    let work = move || item_decide(&desk.db, &desk.context, &desk.snapshots, &actor, &once, &command);
    let decided = app.think(work).await?;
    let now = app.clock.now();
    let view = app.read(move |conn, _| review_get(conn, decided.resource, now)).await?;
    Ok(done(StatusCode::CREATED, decided.replayed).json(Review::whole(view)?))
}

pub(super) async fn recall<K: ItemKind>(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<Ending>,
) -> Result<HttpResponse> {
    let once = once(K::OPERATIONS.recall, key, &id, &body)?;
    end(&app, actor, once, K::KIND, id, EndingKind::Recall, body.reason).await
}

pub(super) async fn retire<K: ItemKind>(
    app: web::Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<Ending>,
) -> Result<HttpResponse> {
    let once = once(K::OPERATIONS.retire, key, &id, &body)?;
    end(&app, actor, once, K::KIND, id, EndingKind::Retirement, body.reason).await
}

/// Ends an item, and answers it. A recall overtakes what waits (R17).
async fn end(
    app: &App,
    actor: Actor,
    once: Once,
    kind: Kind,
    id: ItemId,
    ending: EndingKind,
    reason: String,
) -> Result<HttpResponse> {
    let lane = match ending {
        EndingKind::Recall => Lane::Urgent,
        EndingKind::Retirement => Lane::Ordinary,
    };
    let rules = app.rules();
    let (view, replayed) = app
        .write(lane, move |tx, context| {
            let done = once.run(tx, &context.keys, &actor, |tx| {
                item_end(tx, context, &actor, kind, id, ending, &reason)?;
                Ok(id)
            })?;
            Ok((reread(tx, kind, done.resource, &rules)?, done.replayed))
        })
        .await?;
    let item = Item::from(view).addressed(&app.context.media, app.clock.now());
    Ok(with_item(done(StatusCode::OK, replayed), item))
}

/// The item as the transaction leaves it.
pub fn reread(tx: &mut WriteTx<'_>, kind: Kind, id: ItemId, rules: &Rules) -> Result<ItemView> {
    let now = tx.now();
    item_views::item_get(tx.conn(), kind, id, rules, now)
}

/// What rules say to the words that were saved.
pub async fn advise(app: &App, view: &ItemView) -> Result<Option<Vec<Finding>>> {
    let (kind, id, words) = (view.item.kind, view.item.id, view.working.content.clone());
    let (present, now) = (app.snapshots.content(), app.clock.now());
    app.think(move || {
        let content = words.and_then(|words| Content::parse(kind, &words).ok());
        Ok(content.and_then(|content| advice(&present, id, &content, now)))
    })
    .await
}

/// Ends an answer with an item and its version.
pub fn with_item(mut response: HttpResponseBuilder, item: Item) -> HttpResponse {
    response.insert_header(etag::of_version(item.version)).json(item)
}
