//! What changed between two revisions of an item: one endpoint for each kind.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::ItemKind;
use super::types::{Pin, RevisionPath};
use crate::app::actor::Permission;
use crate::app::differences::{RevisionDifference, Sides};
use crate::domain::difference::{self, ChangeKind, PieceOp};
use crate::domain::ids::{Digest, ItemId, Key, Kind};
use crate::domain::roles::Scope;
use crate::error::{Code, Result};
use crate::http::extract::{Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;
use crate::state::App;

/// The route of one kind.
pub(super) fn route<K: ItemKind>() -> Route {
    let path = format!("/v1/{}/{{id}}/revisions/{{n}}/difference", K::PLURAL);
    Route::get(path, Permission::Holds(Scope::ContentRead), describe::<K>(), difference_get::<K>)
}

fn describe<K: ItemKind>() -> Operation {
    let description = "What is different in revision `to` (the newest when left out) from revision `n`; either \
                       may be the older one. Places are JSON pointers into the content of `to`, and into that of \
                       `n` for what was removed. A list whose members have ids is aligned by them, any other as \
                       a sequence. Where one text took the place of another, `words` tells it word by word: \
                       what was kept and removed is the old text byte for byte, what was kept and added the new \
                       one. Long texts that have little in common are told by the sentence, or as one piece \
                       removed and one added, and long lists member by member: comparing has a bound. `pins` is \
                       left out where either revision was not submitted, since a draft pins nothing yet. A \
                       revision whose content was redacted is 409 `conflict`.";
    let number = json!({ "type": "integer", "minimum": 1 });
    let summary = format!("Compare two revisions of a {}", K::KIND);
    Operation::new(K::OPERATIONS.revision_difference, K::PLURAL, summary, description)
        .path("n", "The number of the revision to compare, from 1.", number)
        .query::<DifferenceQuery>()
        .answer::<Difference>(200, "What changed.", example())
        .errors(&[Code::Conflict])
        .event(NO_EVENT)
}

/// With which revision.
#[derive(Debug, Deserialize, IntoParams)]
struct DifferenceQuery {
    /// The revision to compare with; the newest when left out.
    #[param(minimum = 1)]
    to: Option<i64>,
}

/// What changed between two revisions.
#[derive(Serialize, ToSchema)]
struct Difference {
    /// The revision that was compared.
    #[schema(minimum = 1)]
    revision: i64,
    /// The revision that it was compared with.
    #[schema(minimum = 1)]
    to: i64,
    /// What is different in the content of `to`, in the order of the document; empty where nothing is.
    #[schema(max_items = 100_000)]
    changes: Vec<Change>,
    /// What `to` pins differently; absent where either revision was not submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pins: Option<PinDifference>,
}

/// One change of the content.
#[derive(Serialize, ToSchema)]
struct Change {
    /// The place, as a JSON pointer into the content of `to`; of what was removed, into that of `revision`.
    #[schema(max_length = 2000)]
    pointer: String,
    /// The place in `revision`, where it was another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    from_pointer: Option<String>,
    /// What became of the place; `moved` is a member of a list with ids that stands elsewhere among the
    /// others.
    change: ChangeKind,
    /// What stood there; absent of what was added or moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    /// What stands there; absent of what was removed or moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
    /// The same word by word, where a text took the place of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100_000, nullable = false)]
    words: Option<Vec<Piece>>,
}

/// A piece of a text.
#[derive(Serialize, ToSchema)]
struct Piece {
    /// What became of it.
    op: PieceOp,
    /// Its text.
    #[schema(min_length = 1, max_length = 160_000)]
    text: String,
}

/// What two revisions pin differently, by kind and id.
#[derive(Serialize, ToSchema)]
struct PinDifference {
    /// Pinned by `to` alone.
    #[schema(max_items = 200)]
    added: Vec<Pin>,
    /// Pinned by `revision` alone.
    #[schema(max_items = 200)]
    removed: Vec<Pin>,
    /// Pinned by both, at another revision of the item.
    #[schema(max_items = 200)]
    replaced: Vec<PinReplaced>,
}

/// An item that is pinned at another revision.
#[derive(Serialize, ToSchema)]
struct PinReplaced {
    /// The kind of the item.
    kind: Kind,
    /// The item.
    id: ItemId,
    /// The item's short name, for kinds that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<Key>,
    /// What `revision` pins.
    before: PinnedRevision,
    /// What `to` pins.
    after: PinnedRevision,
}

/// The revision of an item that is pinned.
#[derive(Serialize, ToSchema)]
struct PinnedRevision {
    /// Its number.
    #[schema(minimum = 1)]
    revision: i64,
    /// Its digest.
    digest: Digest,
}

impl From<RevisionDifference> for Difference {
    fn from(found: RevisionDifference) -> Self {
        let RevisionDifference { from, to, changes, pins } = found;
        let changes = changes.into_iter().map(Change::from).collect();
        Self { revision: from, to, changes, pins: pins.map(PinDifference::from) }
    }
}

impl From<difference::Change> for Change {
    fn from(change: difference::Change) -> Self {
        let piece = |piece: difference::Piece| Piece { op: piece.op, text: piece.text };
        Self {
            pointer: change.pointer,
            from_pointer: change.from_pointer,
            change: change.kind,
            before: change.before,
            after: change.after,
            words: change.words.map(|words| words.into_iter().map(piece).collect()),
        }
    }
}

impl From<difference::PinChanges> for PinDifference {
    fn from(changes: difference::PinChanges) -> Self {
        Self {
            added: changes.added.into_iter().map(Pin::from).collect(),
            removed: changes.removed.into_iter().map(Pin::from).collect(),
            replaced: changes
                .replaced
                .into_iter()
                .map(|(before, after)| PinReplaced {
                    kind: after.kind,
                    id: after.id,
                    key: after.key,
                    before: PinnedRevision { revision: before.revision, digest: before.digest },
                    after: PinnedRevision { revision: after.revision, digest: after.digest },
                })
                .collect(),
        }
    }
}

async fn difference_get<K: ItemKind>(
    app: web::Data<App>,
    Path(RevisionPath { id, n }): Path<RevisionPath>,
    Query(query): Query<DifferenceQuery>,
) -> Result<HttpResponse> {
    let sides = app.read(move |conn, _| Sides::read(conn, K::KIND, id, n, query.to)).await?;
    let found = app.think(move || Ok(sides.compare())).await?;
    Ok(HttpResponse::Ok().json(Difference::from(found)))
}

fn example() -> Value {
    let digest = |hex: &str| format!("sha256:{}", hex.repeat(32));
    json!({
        "revision": 1,
        "to": 2,
        "changes": [
            {
                "pointer": "/content/copies/1/text",
                "from_pointer": "/content/copies/0/text",
                "change": "replaced",
                "before": "Vandaag leverde ons windpark stroom.",
                "after": "Vandaag leverde Windpark Noordzee stroom.",
                "words": [
                    { "op": "kept", "text": "Vandaag leverde " },
                    { "op": "removed", "text": "ons windpark" },
                    { "op": "added", "text": "Windpark Noordzee" },
                    { "op": "kept", "text": " stroom." },
                ],
            },
            { "pointer": "/content/hashtags/1", "change": "added", "after": "zee" },
        ],
        "pins": {
            "added": [],
            "removed": [],
            "replaced": [{
                "kind": "hashtag",
                "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f82",
                "key": "zuiver",
                "before": { "revision": 1, "digest": digest("0a") },
                "after": { "revision": 2, "digest": digest("1b") },
            }],
        },
    })
}
