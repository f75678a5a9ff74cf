//! Shares: asking for one, reading them, and reporting what became of them.
//!
//! An employee reads their own shares under `/v1/me/shares`, without a purpose. `/v1/shares` is audit
//! data: reading it names a purpose and is itself an entry of the record (R24).

mod handlers;
mod types;

use serde_json::{Value, json};

use self::handlers::{my_share_get, my_share_list, share_create, share_get, share_list, share_outcome};
use self::types::{MyShareFilter, OutcomeCreate, Share, ShareFilter, SharePage};
use super::sharing::{
    EXAMPLE_COMMENT, EXAMPLE_DIGEST, EXAMPLE_POST, REFUSALS, ShareCreate, example_request, example_text,
};
use crate::app::actor::Permission;
use crate::app::shares::SHARE_CREATE;
use crate::domain::roles::Scope;
use crate::error::Code;
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::schema::set;
use crate::http::table::Route;

const EXAMPLE_ID: &str = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fb1";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let (own, audit) = (Permission::PersonHolds(Scope::Share), Permission::Holds(Scope::Audit));
    vec![
        Route::post("/v1/shares", own, describe_create(), share_create),
        Route::post("/v1/shares/{id}/outcome", own, describe_outcome(), share_outcome),
        Route::get("/v1/shares", audit, describe_list(), share_list),
        Route::get("/v1/shares/{id}", audit, describe_get(), share_get),
        Route::get("/v1/me/shares", Permission::Person, describe_my_list(), my_share_list),
        Route::get("/v1/me/shares/{id}", Permission::Person, describe_my_get(), my_share_get),
    ]
}

fn describe_create() -> Operation {
    Operation::new(
        SHARE_CREATE,
        "shares",
        "Share a post, or an image by itself",
        "Issues the kit with which the employee posts, and puts it on the record: the text answered is the \
         text logged, byte for byte. A retry with the same `Idempotency-Key` and body is answered with the \
         same share for as long as it exists, in its present state and with `Idempotency-Replayed: true`; \
         once it is no longer `issued`, it has no `intent_url`. Where the post's campaign was shared as often as it \
         may be within 24 hours, 409 `limit_reached` names the `limit` and the `campaign`, and says in `retry_at` \
         when one more fits by what is known now.",
    )
    .body::<ShareCreate>(example_request())
    .answer::<Share>(201, "The share was issued, or had been by an earlier request.", example_share())
    .location()
    .idempotency_key_required()
    .errors(REFUSALS)
    .errors(&[Code::LimitReached, Code::NotReady])
    .event("share.issued")
}

fn describe_outcome() -> Operation {
    let mut confirmed = example_share();
    set(&mut confirmed, "state", json!("confirmed"));
    set(
        &mut confirmed,
        "outcomes",
        json!([{
            "result": "confirmed",
            "late": false,
            "unverified": true,
            "permalink": "https://www.linkedin.com/feed/update/urn:li:activity:7265",
            "reported_at": "2026-11-21T09:07:40.201Z",
        }]),
    );
    Operation::new(
        "share_outcome",
        "shares",
        "Report what became of a share",
        "The truth is always accepted: `confirmed` follows every state but `removed`, and is `late` after \
         `lapsed` or `void`; `failed` follows what was not confirmed, `removed` only what was. The same \
         again changes nothing, and what it tells anew (a permalink, the posted text, a reason) is kept as \
         one more outcome; any other step is 409 `outcome_conflict`. Only for one's own shares.",
    )
    .body::<OutcomeCreate>(json!({
        "result": "confirmed",
        "permalink": "https://www.linkedin.com/feed/update/urn:li:activity:7265",
    }))
    .answer::<Share>(200, "The share as it is now.", confirmed)
    .idempotency_key()
    .errors(&[Code::NotFound, Code::OutcomeConflict, Code::InvalidContent])
    .event("share.confirmed, share.failed, share.removed")
}

fn describe_list() -> Operation {
    Operation::new(
        "share_list",
        "shares",
        "Read everybody's shares",
        "For auditors: the shares of everybody, the newest first. A walk through the list leaves one entry \
         in the record, with the reader, the purpose and the filters, before its first page.",
    )
    .query::<ShareFilter>()
    .paged()
    .purpose()
    .answer::<SharePage>(200, "A page of shares.", json!({ "items": [audited_share()] }))
    .event("audit.read")
}

fn describe_get() -> Operation {
    Operation::new(
        "share_get",
        "shares",
        "Read anybody's share",
        "For auditors: one share of whomever. Each reading leaves an entry in the record.",
    )
    .purpose()
    .answer::<Share>(200, "The share.", audited_share())
    .event("audit.read")
}

fn describe_my_list() -> Operation {
    Operation::new(
        "my_share_list",
        "shares",
        "Read one's own shares",
        "What the person who asks has shared, the newest first. It needs no purpose and leaves no entry.",
    )
    .query::<MyShareFilter>()
    .paged()
    .answer::<SharePage>(200, "A page of shares.", json!({ "items": [example_share()] }))
    .event(NO_EVENT)
}

fn describe_my_get() -> Operation {
    Operation::new(
        "my_share_get",
        "shares",
        "Read a share of one's own",
        "A share of the person who asks; 404 for anybody else's.",
    )
    .answer::<Share>(200, "The share.", example_share())
    .event(NO_EVENT)
}

fn example_share() -> Value {
    let mut share = example_text();
    let members = [
        ("id", json!(EXAMPLE_ID)),
        ("state", json!("issued")),
        ("kind", json!("post")),
        ("item_id", json!(EXAMPLE_POST)),
        ("revision", json!(1)),
        ("digest", json!(EXAMPLE_DIGEST)),
        ("person_id", json!("019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2")),
        (
            "intent_url",
            json!("https://www.linkedin.com/sharing/share-offsite/?url=https%3A%2F%2Fexample.org%2Fwindpark"),
        ),
        ("link", json!("https://example.org/windpark")),
        ("comment", json!(EXAMPLE_COMMENT)),
        ("rules_digest", json!("sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730")),
        ("issued_at", json!("2026-11-21T09:00:00Z")),
        ("lapses_at", json!("2026-11-22T09:00:00Z")),
        (
            "receipt",
            json!({
                "index": 4711,
                "leaf_hash": "fb1d0e2c3a4b5968778695a4b3c2d1e0f0e1d2c3b4a5968778695a4b3c2d1e0f",
            }),
        ),
        ("outcomes", json!([])),
    ];
    for (name, value) in members {
        set(&mut share, name, value);
    }
    share
}

/// As an auditor reads it: without the means to post.
fn audited_share() -> Value {
    let mut share = example_share();
    if let Some(members) = share.as_object_mut() {
        members.remove("intent_url");
    }
    share
}
