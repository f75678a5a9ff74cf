//! The register of official accounts: where the organisation itself speaks, and who may post there.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{after, cursor_after, cut, done, not_blank, once, page};
use super::feed::known_channel;
use super::holders::{Holders, ResponsibilityHolder};
use crate::app::accounts::{self as register, AccountView};
use crate::app::actor::Permission;
use crate::domain::account::{Account, sought_handle};
use crate::domain::channels::ChannelId;
use crate::domain::ids::{AccountId, Key};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::http::Frame;
use crate::http::etag;
use crate::http::extract::{Body, Caller, IfMatch, OptionalIdempotencyKey, Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::table::Route;
use crate::state::App;
use crate::store::Lane;
use crate::store::accounts::AccountFilter;

const CREATE: &str = "account_create";
const LIST: &str = "account_list";

/// The routes of this file. Every employee may look up whether an account that contacts them is ours.
pub fn routes() -> Vec<Route> {
    let read = Permission::SignedIn;
    let write = Permission::Holds(Scope::Publish);
    let one = "/v1/accounts/{id}";
    vec![
        Route::post("/v1/accounts", write, describe_create(), account_create),
        Route::get("/v1/accounts", read, describe_list(), account_list),
        Route::get(one, read, describe_get(), account_get),
        Route::put(one, write, describe_update(), account_update),
        Route::delete(one, write, describe_end(), account_end),
    ]
}

fn describe_create() -> Operation {
    Operation::new(
        CREATE,
        "people",
        "Enter an official account",
        "Says that an account on a channel is the organisation's own, what it is for, and which responsibility \
         answers for it. A handle is in the register once on each channel, in whatever case it is written and \
         with or without an @ before it, and neither is one that looks the same, such as with a Cyrillic letter: \
         409 `already_exists`. Nothing is looked up by its looks. The address may lead to any domain, over https.",
    )
    .body::<AccountContent>(example_content())
    .idempotency_key()
    .answer::<OfficialAccount>(201, "The account is in the register.", example_account())
    .location()
    .etag()
    .errors(&[Code::AlreadyExists, Code::InvalidContent])
    .event("account.created")
}

fn describe_list() -> Operation {
    Operation::new(
        LIST,
        "people",
        "List official accounts",
        "The organisation's own accounts, the newest in the register first; those that have ended are left out. \
         With `handle` an employee looks up whether an account that contacts them is really ours: none found \
         means that it is not in the register.",
    )
    .query::<AccountQuery>()
    .paged()
    .answer::<AccountPage>(200, "A page of accounts.", json!({ "items": [example_account()] }))
    .event(NO_EVENT)
}

fn describe_get() -> Operation {
    Operation::new(
        "account_get",
        "people",
        "Read an official account",
        "What the register says of one account. `may_post` is read from the register of responsibilities as it \
         stands now: the holders of `owner`, and those who stand in for them. When that responsibility has \
         ended, nobody may post: `may_post` is left out, and `unowned_since` says since when nobody answers \
         for the account, until a publisher names another owner or ends it.",
    )
    .answer::<OfficialAccount>(200, "The account.", example_account())
    .etag()
    .event(NO_EVENT)
}

fn describe_update() -> Operation {
    Operation::new(
        "account_update",
        "people",
        "Replace an official account",
        "Replaces all that the register says of an account; what it said before stays on record. Another owner \
         must be a responsibility that has not ended. The same again changes nothing.",
    )
    .body::<AccountContent>(example_content())
    .if_match()
    .answer::<OfficialAccount>(200, "The account as changed.", example_account())
    .etag()
    .errors(&[Code::AlreadyExists, Code::InvalidContent])
    .event("account.changed")
}

fn describe_end() -> Operation {
    Operation::new(
        "account_end",
        "people",
        "End an official account",
        "The account is no longer the organisation's, and is not found again; what the register said of it stays \
         on record. Its handle may be entered anew.",
    )
    .if_match()
    .empty(204, "It has ended.")
    .event("account.ended")
}

fn example_content() -> Value {
    json!({
        "channel": "x",
        "handle": "@NoordzeeEnergie",
        "url": "https://x.com/NoordzeeEnergie",
        "owner": "webcare",
        "purpose": "Nieuws, storingen en vragen van klanten.",
    })
}

fn example_account() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fb1",
        "channel": "x",
        "handle": "@NoordzeeEnergie",
        "url": "https://x.com/NoordzeeEnergie",
        "owner": "webcare",
        "purpose": "Nieuws, storingen en vragen van klanten.",
        "may_post": {
            "holders": [{ "group": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1", "name": "Webcare" }],
            "deputies": [{ "person": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2", "name": "Sanne de Vries" }],
        },
        "version": 1,
        "created_at": "2026-11-20T08:00:00Z",
    })
}

/// What the register is to say of an account.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct AccountContent {
    /// The channel that it is on.
    channel: ChannelId,
    /// Its name there, with or without an @ before it: visible characters without spaces.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    handle: String,
    /// Where it is found: an `https` address.
    #[validate(length(min = 1, max = 2000))]
    #[schema(format = "uri", min_length = 1, max_length = 2000)]
    url: String,
    /// The key of the responsibility whose holders answer for it, and may post there.
    owner: Key,
    /// What it is for.
    #[validate(length(min = 1, max = 2000), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    purpose: String,
}

/// What a list of accounts is narrowed to.
#[derive(Deserialize, Serialize, IntoParams)]
struct AccountQuery {
    /// Only those on this channel.
    channel: Option<ChannelId>,
    /// Only those with this handle, in whatever case, with or without an @ before it. 400 `not_a_handle` for what
    /// no account can be called, such as the address of a page.
    #[param(min_length = 1, max_length = 200)]
    handle: Option<String>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of official accounts.
#[derive(Serialize, ToSchema)]
struct AccountPage {
    /// The accounts, newest first.
    #[schema(max_items = 200)]
    items: Vec<OfficialAccount>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

/// An account of the organisation itself.
#[derive(Serialize, ToSchema)]
struct OfficialAccount {
    /// Its id.
    id: AccountId,
    /// The channel that it is on.
    channel: ChannelId,
    /// Its name there.
    #[schema(max_length = 200)]
    handle: String,
    /// Where it is found.
    #[schema(format = "uri", max_length = 2000)]
    url: String,
    /// The key of the responsibility whose holders answer for it. Keys are never used again, so it means the same
    /// one when that has ended.
    owner: Key,
    /// What it is for.
    #[schema(max_length = 2000)]
    purpose: String,
    /// Who may post there now; absent when its owner has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    may_post: Option<MayPost>,
    /// Since when nobody answers for it, because its owner ended; absent while somebody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unowned_since: Option<Time>,
    /// Counts its changes: the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
    /// When it was entered in the register.
    created_at: Time,
}

/// Who may post on an official account: those who hold the responsibility for it.
#[derive(Serialize, ToSchema)]
struct MayPost {
    /// Who holds it, in the order in which they began to.
    #[schema(max_items = 50)]
    holders: Vec<ResponsibilityHolder>,
    /// Who stands in for them.
    #[schema(max_items = 50)]
    deputies: Vec<ResponsibilityHolder>,
}

impl From<Holders> for MayPost {
    fn from(Holders { holders, deputies }: Holders) -> Self {
        Self { holders, deputies }
    }
}

impl From<AccountContent> for Account {
    fn from(content: AccountContent) -> Self {
        let AccountContent { channel, handle, url, owner, purpose } = content;
        Self { channel, handle, url, owner, purpose }
    }
}

impl From<AccountView> for OfficialAccount {
    fn from(AccountView { row, holders }: AccountView) -> Self {
        Self {
            id: row.id,
            channel: ChannelId::from(row.channel.as_str()),
            handle: row.handle,
            url: row.url,
            owner: row.owner,
            purpose: row.purpose,
            may_post: row.owner_ended_at.is_none().then(|| Holders::from(holders).into()),
            unowned_since: row.owner_ended_at,
            version: row.version,
            created_at: row.created_at,
        }
    }
}

async fn account_create(
    app: Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<AccountContent>,
) -> Result<HttpResponse> {
    let once = once(CREATE, key, &(), &body)?;
    let account = Account::from(body);
    let (view, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let done = once.run(tx, &context.keys, &actor, |tx| {
                register::account_create(tx, context, &actor, &account)
            })?;
            Ok((register::account_get(tx.conn(), &context.keys, done.resource)?, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed)
        .insert_header((header::LOCATION, format!("/v1/accounts/{}", view.row.id)))
        .insert_header(etag::of_version(view.row.version))
        .json(OfficialAccount::from(view)))
}

async fn account_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(query): Query<AccountQuery>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &query)?;
    known_channel(&app, query.channel.as_ref())?;
    let after: Option<AccountId> = after(&walk, query.cursor.as_deref())?;
    let AccountQuery { channel, handle, limit, .. } = query;
    let folded_handle = handle.as_deref().map(sought).transpose()?;
    let filter = AccountFilter { channel, folded_handle };
    let rows = i64::from(limit.get()) + 1;
    let mut views = app
        .read(move |conn, context| register::account_list(conn, &context.keys, &filter, after, rows))
        .await?;
    let next_cursor = cursor_after(&walk, cut(&mut views, limit).map(|view| view.row.id))?;
    let items = views.into_iter().map(OfficialAccount::from).collect();
    let found = AccountPage { items, next_cursor: next_cursor.clone() };
    Ok(page(&request, next_cursor.as_deref(), &found))
}

/// The handle that is sought; 400 when no account can have it.
fn sought(handle: &str) -> Result<String> {
    sought_handle(handle).ok_or_else(|| {
        let detail = "This is no handle: ask for the name of the account, such as @NoordzeeEnergie.";
        Error::new(Code::InvalidRequest, detail).fault(Fault::parameter("handle", "not_a_handle", detail))
    })
}

async fn account_get(app: Data<App>, Path(id): Path<AccountId>) -> Result<HttpResponse> {
    let view = app.read(move |conn, context| register::account_get(conn, &context.keys, id)).await?;
    Ok(answer(view))
}

async fn account_update(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<AccountId>,
    IfMatch(version): IfMatch,
    Body(body): Body<AccountContent>,
) -> Result<HttpResponse> {
    let account = Account::from(body);
    let view = app
        .write(Lane::Ordinary, move |tx, context| {
            register::account_update(tx, context, &actor, id, version, &account)?;
            register::account_get(tx.conn(), &context.keys, id)
        })
        .await?;
    Ok(answer(view))
}

async fn account_end(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<AccountId>,
    IfMatch(version): IfMatch,
) -> Result<HttpResponse> {
    app.write(Lane::Ordinary, move |tx, context| register::account_end(tx, context, &actor, id, version))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn answer(view: AccountView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag::of_version(view.row.version)).json(OfficialAccount::from(view))
}
