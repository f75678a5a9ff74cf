//! Examples of bodies and answers, made from a kind's example content.

use serde_json::{Value, json};

use super::ItemKind;
use crate::http::schema::set;
use crate::http::v1::reviews::example_review;

const ID: &str = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81";
const AUTHOR: &str = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa1";
const DRAFT_DIGEST: &str = "sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";
const DIGEST: &str = "sha256:5f2b8c1d0e9a47365c4b3a2918f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5";

/// The body that makes an item.
pub(super) fn create<K: ItemKind>() -> Value {
    with_key::<K>(draft::<K>())
}

/// The body that saves a draft.
pub(super) fn draft<K: ItemKind>() -> Value {
    json!({ "content": K::example_content() })
}

/// The body that submits a draft.
pub(super) fn submission() -> Value {
    json!({ "digest": DRAFT_DIGEST })
}

/// The body that decides on a revision.
pub(super) fn decision() -> Value {
    json!({
        "revision": 1,
        "digest": DIGEST,
        "decision": "approve",
        "reason": "Cijfers gecontroleerd met de afdeling Wind op zee.",
    })
}

/// The body that ends an item.
pub(super) fn ending() -> Value {
    json!({ "reason": "De genoemde opbrengst klopt niet." })
}

/// A frozen revision.
pub(super) fn revision<K: ItemKind>() -> Value {
    let mut revision = draft_revision::<K>();
    set(&mut revision, "digest", json!(DIGEST));
    set(&mut revision, "state", json!("approved"));
    set(&mut revision, "submitted_at", json!("2026-11-20T14:02:11.482Z"));
    set(&mut revision, "approved_at", json!("2026-11-20T15:30:00.120Z"));
    revision
}

/// An item that was just made.
pub fn draft_item<K: ItemKind>() -> Value {
    item::<K>("unapproved", draft_revision::<K>(), 1)
}

/// An item that is live.
pub fn live_item<K: ItemKind>() -> Value {
    let mut item = item::<K>("live", revision::<K>(), 3);
    set(&mut item, "live_revision", json!(1));
    reviewed::<K>(item)
}

/// An item that was ended.
pub fn ended_item<K: ItemKind>(availability: &str) -> Value {
    reviewed::<K>(item::<K>(availability, revision::<K>(), 4))
}

/// An item with the review of its working revision.
fn reviewed<K: ItemKind>(mut item: Value) -> Value {
    set(&mut item, "review", review::<K>(false));
    item
}

/// The review of an item.
pub(super) fn review<K: ItemKind>(whole: bool) -> Value {
    let mut review = example_review(whole);
    set(&mut review, "kind", json!(K::KIND));
    review
}

fn item<K: ItemKind>(availability: &str, working_revision: Value, version: i64) -> Value {
    with_key::<K>(json!({
        "id": ID,
        "kind": K::KIND,
        "availability": availability,
        "working_revision": working_revision,
        "version": version,
        "created_at": "2026-11-20T10:15:00.007Z",
    }))
}

fn draft_revision<K: ItemKind>() -> Value {
    with_key::<K>(json!({
        "kind": K::KIND,
        "id": ID,
        "revision": 1,
        "content": K::example_content(),
        "pins": [],
        "digest": DRAFT_DIGEST,
        "state": "draft",
        "authors": [AUTHOR],
        "created_at": "2026-11-20T10:15:00.007Z",
    }))
}

fn with_key<K: ItemKind>(mut object: Value) -> Value {
    if let Some(key) = K::example_key() {
        set(&mut object, "key", json!(key));
    }
    object
}
