//! Rechecks: which posts a revision of a disclaimer, rule or guideline touches, and what is done about them.

mod types;

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use self::types::{
    Recheck, RecheckCreate, RecheckFilter, RecheckPage, RecheckPath, RecheckWithdrawal, Rechecked,
    RecheckedPage, Touched, TouchedFilter, TouchedPage, TouchingRevision,
};
use super::answers::{after, cursor_after, cursor_at, cut, done, once, one_more, page};
use super::disclaimers::DisclaimerKind;
use super::guidelines::GuidelineKind;
use super::items::ItemKind;
use super::rules::RuleKind;
use crate::app::actor::Permission;
use crate::app::rechecks::{
    Changed, RecheckCommand, recheck, recheck_end, recheck_get, recheck_list, recheck_posts,
};
use crate::domain::ids::{ItemId, Kind};
use crate::domain::roles::Scope;
use crate::error::{Code, Result};
use crate::http::Frame;
use crate::http::extract::{Body, Caller, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::schema::set;
use crate::http::table::Route;
use crate::record::Event;
use crate::state::App;
use crate::store::Lane;

const DIGEST: &str = "sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let disclaimers = Names {
        touched: "disclaimer_touched_posts",
        create: "disclaimer_recheck",
        list: "disclaimer_recheck_list",
        posts: "disclaimer_recheck_posts",
        withdraw: "disclaimer_recheck_withdraw",
    };
    let rules = Names {
        touched: "rule_touched_posts",
        create: "rule_recheck",
        list: "rule_recheck_list",
        posts: "rule_recheck_posts",
        withdraw: "rule_recheck_withdraw",
    };
    let guidelines = Names {
        touched: "guideline_touched_posts",
        create: "guideline_recheck",
        list: "guideline_recheck_list",
        posts: "guideline_recheck_posts",
        withdraw: "guideline_recheck_withdraw",
    };
    let routes = [
        of_kind::<DisclaimerKind>(&disclaimers),
        of_kind::<RuleKind>(&rules),
        of_kind::<GuidelineKind>(&guidelines),
    ];
    routes.into_iter().flatten().collect()
}

/// The ids of one kind's operations.
struct Names {
    touched: &'static str,
    create: &'static str,
    list: &'static str,
    posts: &'static str,
    withdraw: &'static str,
}

fn of_kind<K: ItemKind>(names: &Names) -> Vec<Route> {
    let read = Permission::Holds(Scope::ContentRead);
    let publish = Permission::PersonHolds(Scope::Publish);
    let one = format!("/v1/{}/{{id}}", K::PLURAL);
    let rechecks = format!("{one}/rechecks");
    let posts = format!("{rechecks}/{{recheck_id}}/posts");
    let withdrawal = format!("{rechecks}/{{recheck_id}}/withdrawal");
    let (operation, list_operation) = (names.create, names.list);
    vec![
        Route::get(format!("{one}/touched-posts"), read, describe_touched::<K>(names.touched), touched::<K>),
        Route::post(rechecks.as_str(), publish, describe_create::<K>(operation), create::<K>),
        Route::get(rechecks.as_str(), read, describe_list::<K>(list_operation), list::<K>),
        Route::get(posts, read, describe_posts::<K>(names.posts), posts_of::<K>),
        Route::post(withdrawal, publish, describe_withdraw::<K>(names.withdraw), withdraw::<K>),
    ]
}

/// Which posts a revision of this kind touches.
fn touched_by(kind: Kind) -> &'static str {
    match kind {
        Kind::Disclaimer => {
            "that pin an older revision of the disclaimer, or of which it can be required, on one of their channels and \
             in one of their languages and countries, and which do not pin it"
        }
        Kind::Rule => "in which the rule finds something",
        _ => {
            "that somebody for whom the guideline is may share, going by the groups and countries that both name"
        }
    }
}

fn describe_touched<K: ItemKind>(operation: &'static str) -> Operation {
    let description = format!(
        "The posts {}; newest first. They are those that are live, blocked, or whose time has not come, each with the \
         first of its revisions that is touched, of the one that counts now and those that will. Without `revision` it \
         is the newest approved one of the {kind}, else the working one, so that a reviewer sees the effect before \
         approving. Nothing is stored: posts are looked at as they are now. `of` is what a recheck names. A page may \
         be short, or empty, and still have a next one. Posts that are touched under review only are not among them; a \
         recheck finds those too.",
        touched_by(K::KIND),
        kind = K::KIND,
    );
    let summary = format!("List the posts that a {} touches", K::KIND);
    let example = json!({
        "of": { "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f71", "revision": 2, "digest": DIGEST },
        "items": [{
            "post_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
            "revision": 1,
            "digest": DIGEST,
            "title": "Windpark Noordzee levert",
            "availability": "live",
            "because": because::<K>(),
        }],
    });
    let list = Operation::new(operation, K::PLURAL, summary, description)
        .query::<TouchedFilter>()
        .paged()
        .answer::<TouchedPage>(200, "A page of posts.", example)
        .event(NO_EVENT);
    list.errors(by_broken_rule::<K>())
}

fn describe_create<K: ItemKind>(operation: &'static str) -> Operation {
    let description = format!(
        "Says what is done about the posts {} (`touched-posts` lists them before). `none` changes nothing and keeps \
         that somebody looked. `notify` tells the authors of each post, and the publishers once. `reapprove` does too, \
         and blocks each post (`blocked_by` names `recheck`) from this answer on, on every node, until a revision of \
         it that pins this one, or was submitted afterwards, is approved; the same words may be submitted again for that. What is under \
         review is looked at too, and told to whom its review waits for: after `reapprove` the approval that would end \
         the review is 409 `rechecked`, until it is submitted anew or the recheck is withdrawn. It is no recall: shares \
         that were issued before stay as they are. Named is the \
         present revision of the {kind}, or an approved one whose time is to come; another one is 409 \
         `revision_changed` with the present one, and one that was recalled or retired 409 `conflict`. A later \
         recheck asks again; a slip is withdrawn with `POST .../rechecks/{{recheck_id}}/withdrawal`.",
        touched_by(K::KIND),
        kind = K::KIND,
    );
    let summary = format!("Recheck the posts that a {} touches", K::KIND);
    let body = json!({
        "revision": 2,
        "digest": DIGEST,
        "action": "reapprove",
        "reason": "De nieuwe tekst noemt de toezichthouder.",
    });
    Operation::new(operation, K::PLURAL, summary, description)
        .body::<RecheckCreate>(body)
        .idempotency_key()
        .answer::<Recheck>(201, "The recheck.", example_recheck())
        .location()
        .errors(&[Code::NotApproved, Code::RevisionChanged, Code::Conflict, Code::InvalidContent])
        .errors(by_broken_rule::<K>())
        .event(Event::ItemRechecked.as_str())
}

fn describe_list<K: ItemKind>(operation: &'static str) -> Operation {
    let summary = format!("List the rechecks of a {}", K::KIND);
    let description = "What was decided about the posts that its revisions touched, newest first.";
    Operation::new(operation, K::PLURAL, summary, description)
        .query::<RecheckFilter>()
        .paged()
        .answer::<RecheckPage>(200, "A page of rechecks.", json!({ "items": [example_recheck()] }))
        .event(NO_EVENT)
}

fn describe_posts<K: ItemKind>(operation: &'static str) -> Operation {
    let summary = format!("List the posts that a recheck of a {} touched", K::KIND);
    let description = "The posts that were touched when it was decided, newest first, with what became of each \
         since. `in_review` are those of which none that was touched is approved and one is under review.";
    let example = json!({ "items": [{
        "post_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
        "revision": 1,
        "because": because::<K>(),
        "title": "Windpark Noordzee levert",
        "state": "approved_anew",
        "approved_revision": 2,
        "availability": "live",
    }] });
    Operation::new(operation, K::PLURAL, summary, description)
        .path("recheck_id", "The recheck.", json!({ "type": "string", "format": "uuid" }))
        .query::<RecheckFilter>()
        .paged()
        .answer::<RecheckedPage>(200, "A page of posts.", example)
        .event(NO_EVENT)
}

fn describe_withdraw<K: ItemKind>(operation: &'static str) -> Operation {
    let summary = format!("Withdraw a recheck of a {}", K::KIND);
    let description = "Takes back a recheck with `reapprove`, such as one that was a slip: posts are blocked by it no \
                       more, on every node, and what is under review can be approved. Whoever was told of the recheck \
                       is told of this. What it was stays on record. Any other one is 409 `conflict`, and so is one that \
                       was withdrawn before, with `withdrawn_at` and `withdrawn_by`.";
    let mut withdrawn = example_recheck();
    set(&mut withdrawn, "withdrawn_at", json!("2026-11-21T09:05:00Z"));
    set(&mut withdrawn, "withdrawn_by", json!("019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa3"));
    set(&mut withdrawn, "withdrawal_reason", json!("De verkeerde regel."));
    Operation::new(operation, K::PLURAL, summary, description)
        .path("recheck_id", "The recheck.", json!({ "type": "string", "format": "uuid" }))
        .body::<RecheckWithdrawal>(json!({ "reason": "De verkeerde regel." }))
        .idempotency_key()
        .answer::<Recheck>(200, "The recheck, withdrawn.", withdrawn)
        .errors(&[Code::Conflict])
        .event(Event::RecheckWithdrawn.as_str())
}

/// A rule that cannot be evaluated finds nothing, and is told.
fn by_broken_rule<K: ItemKind>() -> &'static [Code] {
    if K::KIND == Kind::Rule { &[Code::Blocked] } else { &[] }
}

fn because<K: ItemKind>() -> &'static str {
    match K::KIND {
        Kind::Disclaimer => "pins_older",
        Kind::Rule => "rule_finds",
        _ => "shared_audience",
    }
}

fn example_recheck() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fb1",
        "index": 4712,
        "revision": 2,
        "digest": DIGEST,
        "action": "reapprove",
        "reason": "De nieuwe tekst noemt de toezichthouder.",
        "person_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa3",
        "rechecked_at": "2026-11-21T09:00:00Z",
        "posts": 12,
        "posts_in_review": 1,
        "posts_digest": DIGEST,
    })
}

async fn touched<K: ItemKind>(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    Query(filter): Query<TouchedFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk("touched_posts", &actor, &(K::KIND, id, &filter))?;
    let after = after(&walk, filter.cursor.as_deref())?;
    let (limit, now) = (usize::from(filter.limit.get()), app.clock.now());
    let changed = app.read(move |conn, _| Changed::read(conn, K::KIND, id, filter.revision, now)).await?;
    let source = changed.source.clone();
    let of = TouchingRevision { id: source.item, revision: source.revision, digest: source.digest };
    let content = app.snapshots.confirmed_content().await?;
    let snapshots = app.snapshots.clone();
    let look = move || Ok(changed.ready(&snapshots.recent_rules)?.page(&content, after, limit, now));
    let (posts, last) = app.think(look).await?;
    let next_cursor = cursor_after(&walk, last)?;
    let items = posts.into_iter().map(Touched::from).collect();
    let answer = TouchedPage { of, items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &answer))
}

async fn create<K: ItemKind>(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    key: OptionalIdempotencyKey,
    Body(body): Body<RecheckCreate>,
) -> Result<HttpResponse> {
    let once = once("recheck", key, &(K::KIND, id), &body)?;
    let RecheckCreate { revision, digest, action, reason } = body;
    let command = RecheckCommand { kind: K::KIND, id, revision, digest, action, reason };
    let desk = app.clone();
    // Looking at posts is slow, and it reads and writes in turns.
    let work = move || recheck(&desk.db, &desk.context, &desk.snapshots, &actor, &once, &command);
    let decided = app.think(work).await?;
    let row = app.read(move |conn, _| recheck_get(conn, decided.resource)).await?;
    let address = format!("/v1/{}/{id}/rechecks/{}/posts", K::PLURAL, row.id);
    Ok(done(StatusCode::CREATED, decided.replayed)
        .insert_header((header::LOCATION, address))
        .json(Recheck::from(row)))
}

async fn withdraw<K: ItemKind>(
    app: Data<App>,
    Caller(actor): Caller,
    Path(RecheckPath { id, recheck_id }): Path<RecheckPath>,
    key: OptionalIdempotencyKey,
    Body(body): Body<RecheckWithdrawal>,
) -> Result<HttpResponse> {
    let once = once("recheck_withdraw", key, &(K::KIND, id, recheck_id), &body)?;
    let (row, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let of = (K::KIND, id, recheck_id);
            let done =
                once.run(tx, &context.keys, &actor, |tx| recheck_end(tx, context, &actor, of, &body.reason))?;
            Ok((recheck_get(tx.conn(), done.resource)?, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::OK, replayed).json(Recheck::from(row)))
}

async fn list<K: ItemKind>(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    Query(filter): Query<RecheckFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk("rechecks", &actor, &(K::KIND, id))?;
    let below = filter.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?;
    let (limit, below) = (filter.limit, below.map(|position| position.sort));
    let read = app.read(move |conn, _| recheck_list(conn, K::KIND, id, below, one_more(limit)));
    let mut rows = read.await?;
    let next_cursor = cursor_at(&walk, cut(&mut rows, limit).map(|row| row.idx), None)?;
    let items = rows.into_iter().map(Recheck::from).collect();
    let answer = RecheckPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &answer))
}

async fn posts_of<K: ItemKind>(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Path(RecheckPath { id, recheck_id }): Path<RecheckPath>,
    Query(filter): Query<RecheckFilter>,
) -> Result<HttpResponse> {
    let of = (K::KIND, id, recheck_id);
    let walk = frame.cursor_key.walk("recheck_posts", &actor, &of)?;
    let after = after(&walk, filter.cursor.as_deref())?;
    let (limit, now) = (filter.limit, app.clock.now());
    let content = app.snapshots.confirmed_content().await?;
    let read = app.read(move |conn, _| recheck_posts(conn, &content, of, after, one_more(limit), now));
    let mut found = read.await?;
    let next_cursor = cursor_after(&walk, cut(&mut found, limit).map(|post| post.row.post_id))?;
    let items = found.into_iter().map(Rechecked::from).collect();
    let answer = RecheckedPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &answer))
}
