//! What pins an item: one list for each kind that posts and images can pin.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::answers::page;
use super::disclaimers::DisclaimerKind;
use super::hashtags::HashtagKind;
use super::images::ImageKind;
use super::items::{ItemKind, shown_state};
use crate::app::actor::Permission;
use crate::app::uses::{self, Place, UsesQuery, item_uses};
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::domain::lifecycle::Availability;
use crate::domain::roles::Scope;
use crate::error::Result;
use crate::http::Frame;
use crate::http::extract::{Caller, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::{Limit, Position};
use crate::http::table::Route;
use crate::state::App;

/// What the cursors of these lists are bound to, beside the item.
const LIST: &str = "item_uses";

/// The sort keys of cursors: what is live comes before the rest.
const LIVE: i64 = 0;
const NOT_LIVE: i64 = 1;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        route::<HashtagKind>("hashtag_uses"),
        route::<DisclaimerKind>("disclaimer_uses"),
        route::<ImageKind>("image_uses"),
    ]
}

/// The route of one kind.
fn route<K: ItemKind>(operation: &'static str) -> Route {
    let list = Operation::new(
        operation,
        K::PLURAL,
        format!("List what pins a {}", K::KIND),
        "The posts and images that pin the item: what stops when it is recalled, and what is under review and \
         would fail. What is live comes first, then the rest (under review, scheduled, blocked, expired, and \
         what was rejected, withdrawn or overtaken); each part is newest first. Each post or image is told \
         once, by one revision: its present one if that pins the item, else the newest that does; another \
         one of it that is under review and pins the item too is `revision_in_review`. With `revision` only \
         what pins that revision is told. A draft pins nothing yet. A page may be short, or empty, and still \
         have a next one; what begins or ceases to be live during a walk may be told twice, or not at all.",
    )
    .query::<UsesFilter>()
    .paged()
    .answer::<UsePage>(200, "A page of what pins the item.", example_page())
    .event(NO_EVENT);
    let read = Permission::Holds(Scope::ContentRead);
    Route::get(format!("/v1/{}/{{id}}/uses", K::PLURAL), read, list, handler::<K>)
}

/// Which uses.
#[derive(Deserialize, Serialize, IntoParams)]
struct UsesFilter {
    /// Only what pins this revision of the item.
    #[param(minimum = 1)]
    revision: Option<i64>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// One page of what pins an item: what is live first, each part newest first.
#[derive(Serialize, ToSchema)]
struct UsePage {
    /// What pins it.
    #[schema(max_items = 200)]
    items: Vec<ItemUse>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// A post or an image that pins an item, by the revision that counts.
#[derive(Serialize, ToSchema)]
struct ItemUse {
    /// What pins it.
    kind: Kind,
    /// The post or image.
    item_id: ItemId,
    /// What a post is called; absent for what is no post, and once the revision was redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 800, nullable = false)]
    title: Option<String>,
    /// The present revision of the post or image if that pins the item, else the newest that does.
    #[schema(minimum = 1)]
    revision: i64,
    /// The revision's digest.
    digest: Digest,
    /// The revision's state; `superseded` where time has overtaken an approved one.
    #[schema(schema_with = shown_state)]
    state: &'static str,
    /// Whether this revision is what employees get now.
    live: bool,
    /// What time, recalls, dependencies and the rules in force make of the post or image.
    availability: Availability,
    /// The revision of the item that it pins.
    #[schema(minimum = 1)]
    pinned_revision: i64,
    /// Another revision of the post or image that is under review and pins the item too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    revision_in_review: Option<i64>,
}

impl From<uses::ItemUse> for ItemUse {
    fn from(found: uses::ItemUse) -> Self {
        let uses::ItemUse { kind, item_id, title, revision, digest, state, .. } = found;
        let uses::ItemUse { live, availability, pinned_revision, revision_in_review, .. } = found;
        Self {
            kind,
            item_id,
            title,
            revision,
            digest,
            state,
            live,
            availability,
            pinned_revision,
            revision_in_review,
        }
    }
}

fn example_page() -> Value {
    json!({ "items": [{
        "kind": "post",
        "item_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
        "title": "Windpark Noordzee levert",
        "revision": 1,
        "digest": "sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5",
        "state": "approved",
        "live": true,
        "availability": "live",
        "pinned_revision": 1,
        "revision_in_review": 2,
    }] })
}

async fn handler<K: ItemKind>(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Path(id): Path<ItemId>,
    Query(filter): Query<UsesFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &(K::KIND, id, &filter))?;
    let after = filter.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?.map(place);
    let (limit, now) = (usize::from(filter.limit.get()), app.clock.now());
    let query = UsesQuery { kind: K::KIND, id, revision: filter.revision };
    let content = app.snapshots.confirmed_content().await?;
    let read = move |conn: &mut _, _: &_| item_uses(conn, &content, query, after, limit, now);
    let (found, last) = app.read(read).await?;
    let next_cursor = last.map(|last| walk.seal(&position(last))).transpose()?;
    let items = found.into_iter().map(ItemUse::from).collect();
    Ok(page(&request, next_cursor.as_deref(), &UsePage { items, next_cursor: next_cursor.clone() }))
}

fn place(position: Position) -> Place {
    Place { live: position.sort == LIVE, id: ItemId::from_uuid(position.id) }
}

fn position(place: Place) -> Position {
    let sort = if place.live { LIVE } else { NOT_LIVE };
    Position { sort, id: place.id.uuid(), record_index: None }
}
