//! People: who there is, what they may do, and where they are.

use std::collections::BTreeSet;

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::{after, cursor_after, cut, done, once, page};
use super::mastodon::{MastodonAccount, MastodonUpdate};
use super::secret::Secret;
use super::stuck::StuckBefore;
use crate::app::actor::Permission;
use crate::app::delegations::delegations_given;
use crate::app::passwords::Passwords;
use crate::app::people::{self, PersonView};
use crate::domain::ids::{DelegationId, GroupId, PersonId, ReviewId};
use crate::domain::roles::{Role, Scope};
use crate::domain::time::Time;
use crate::error::{Code, Result};
use crate::http::extract::{Body, Caller, IfMatch, OptionalIdempotencyKey, Path, Query, present};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::paging::Limit;
use crate::http::table::Route;
use crate::http::{Frame, etag};
use crate::state::App;
use crate::store::Lane;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let people = Permission::Holds(Scope::People);
    vec![
        Route::post("/v1/people", people, describe_create(), person_create),
        Route::get("/v1/people", people, describe_list(), person_list),
        Route::get("/v1/people/{id}", people, describe_get(), person_get),
        Route::patch("/v1/people/{id}", people, describe_update(), person_update),
    ]
}

fn describe_create() -> Operation {
    Operation::new(
        "person_create",
        "people",
        "Make a person",
        "Makes somebody known, active at once. Without `roles` they are an `employee` and nothing else; \
         without a password they cannot sign in, and apps act for them. An external id may not have the \
         form of a UUID.",
    )
    .body::<PersonCreate>(json!({
        "email": "sanne@example.org",
        "external_id": "E-1042",
        "display_name": "Sanne de Vries",
        "password": "a quiet harbour",
        "roles": ["employee", "author"],
        "language": "nl",
        "country": "NL",
    }))
    .answer::<Person>(201, "The person was made.", example_person())
    .location()
    .etag()
    .idempotency_key()
    .errors(&[Code::AlreadyExists, Code::InvalidContent])
    .event("person.created, person.country_changed")
}

fn describe_list() -> Operation {
    Operation::new("person_list", "people", "List people", "Everybody, the newest first, active or not.")
        .query::<PersonFilter>()
        .paged()
        .answer::<PersonPage>(200, "A page of people.", json!({ "items": [example_person()] }))
        .event(NO_EVENT)
}

fn describe_get() -> Operation {
    Operation::new("person_get", "people", "Read a person", "One person, active or not.")
        .answer::<Person>(200, "The person.", example_person())
        .etag()
        .event(NO_EVENT)
}

fn describe_update() -> Operation {
    Operation::new(
        "person_update",
        "people",
        "Change a person",
        "A merge patch (RFC 7396): what is absent stays, `null` removes. With `active: false` the person \
         is signed out everywhere and writes nothing more from that moment; a new password signs out \
         everywhere else. Nobody gives themselves a role, and the last active administrator stays one. A change \
         of roles or activity names the open reviews that cannot end any more because of it.",
    )
    .body::<PersonUpdate>(json!({ "roles": ["employee", "reviewer"], "country": null }))
    .answer::<Person>(200, "The person as changed.", example_person())
    .etag()
    .if_match()
    .errors(&[Code::AlreadyExists, Code::Conflict, Code::InvalidContent, Code::LastAdministrator])
    .event(
        "person.changed, person.country_changed, person.roles_changed, person.deactivated, \
         person.reactivated",
    )
}

/// A person in examples.
pub(super) fn example_person() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2",
        "email": "sanne@example.org",
        "external_id": "E-1042",
        "display_name": "Sanne de Vries",
        "roles": ["author", "employee"],
        "language": "nl",
        "country": "NL",
        "mastodon": { "server": "mastodon.example", "text_limit": 5000 },
        "groups": ["019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1"],
        "active": true,
        "version": 2,
        "created_at": "2026-11-20T08:00:00Z",
    })
}

/// A person to be made.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
struct PersonCreate {
    /// The e-mail address.
    #[validate(length(min = 3, max = 254))]
    #[schema(min_length = 3, max_length = 254)]
    email: String,
    /// The id in another system.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    external_id: Option<String>,
    /// The name.
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    display_name: String,
    /// The password: 12 to 128 characters.
    #[validate(length(min = 1, max = 1024))]
    password: Option<Secret>,
    /// The roles; `employee` when absent.
    #[validate(length(max = 6))]
    #[schema(max_items = 6)]
    roles: Option<Vec<Role>>,
    /// The language that they read.
    #[validate(length(min = 2, max = 35))]
    #[schema(min_length = 2, max_length = 35)]
    language: Option<String>,
    /// The country they are in: the two letters of ISO 3166-1.
    #[validate(length(equal = 2))]
    #[schema(min_length = 2, max_length = 2)]
    country: Option<String>,
}

/// What changes of a person: what is absent stays, `null` removes.
#[derive(Deserialize, Validate, ToSchema)]
struct PersonUpdate {
    /// The e-mail address.
    #[serde(default, deserialize_with = "given")]
    #[validate(length(min = 3, max = 254))]
    #[schema(min_length = 3, max_length = 254, nullable = false)]
    email: Option<String>,
    /// The id in another system.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    external_id: Option<Option<String>>,
    /// The name.
    #[serde(default, deserialize_with = "given")]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000, nullable = false)]
    display_name: Option<String>,
    /// The password: 12 to 128 characters. Without one, nobody signs in as this person.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 1024))]
    password: Option<Option<Secret>>,
    /// All of the roles.
    #[serde(default, deserialize_with = "given")]
    #[validate(length(max = 6))]
    #[schema(max_items = 6, nullable = false)]
    roles: Option<Vec<Role>>,
    /// The language that they read.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 2, max = 35))]
    #[schema(min_length = 2, max_length = 35)]
    language: Option<Option<String>>,
    /// Their account on Mastodon, where their shares open.
    #[serde(default, deserialize_with = "present")]
    #[validate(nested)]
    mastodon: Option<Option<MastodonUpdate>>,
    /// The country they are in.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(equal = 2))]
    #[schema(min_length = 2, max_length = 2)]
    country: Option<Option<String>>,
    /// Whether they may act at all.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    active: Option<bool>,
}

/// For a member of a merge patch that cannot be removed: `null` is refused.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The people of a list.
#[derive(Deserialize, Serialize, IntoParams)]
pub(super) struct PersonFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    pub(super) limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    pub(super) cursor: Option<String>,
}

/// A page of people.
#[derive(Serialize, ToSchema)]
pub(super) struct PersonPage {
    /// The people, newest first.
    #[schema(max_items = 200)]
    pub(super) items: Vec<Person>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    pub(super) next_cursor: Option<String>,
}

/// An employee or a member of staff.
#[derive(Serialize, ToSchema)]
pub(super) struct Person {
    /// The id.
    id: PersonId,
    /// The e-mail address; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 254, nullable = false)]
    email: Option<String>,
    /// The id in another system.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    external_id: Option<String>,
    /// The name; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000, nullable = false)]
    display_name: Option<String>,
    /// The roles, sorted.
    #[schema(max_items = 6)]
    roles: Vec<Role>,
    /// The language that they read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 35, nullable = false)]
    language: Option<String>,
    /// The country they are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2, nullable = false)]
    country: Option<String>,
    /// Their account on Mastodon, if they told of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mastodon: Option<MastodonAccount>,
    /// The groups they are in, sorted by id.
    #[schema(max_items = 1000)]
    groups: Vec<GroupId>,
    /// Whether they may act at all.
    active: bool,
    /// Counts their changes: the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
    /// When they were made.
    created_at: Time,
    /// Open reviews that cannot end any more without them; only in the answer to a change of roles or activity.
    /// Each can be reassigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10_000, nullable = false)]
    stuck_reviews: Option<Vec<ReviewId>>,
    /// Delegations by which a deputy goes on deciding for them; only in the answer to a deactivation. Each can
    /// be ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1000, nullable = false)]
    delegations: Option<Vec<DelegationId>>,
}

impl From<PersonView> for Person {
    fn from(view: PersonView) -> Self {
        Self {
            id: view.id,
            email: view.email,
            external_id: view.external_id,
            display_name: view.display_name,
            roles: view.roles,
            language: view.language,
            country: view.country,
            mastodon: view.mastodon.map(MastodonAccount::from),
            groups: view.groups,
            active: view.active,
            version: view.version,
            created_at: view.created_at,
            stuck_reviews: None,
            delegations: None,
        }
    }
}

impl PersonCreate {
    async fn hashed(self, passwords: &Passwords) -> Result<people::PersonCreate> {
        let password_hash = match self.password {
            Some(Secret(password)) => Some(passwords.hash(password).await?),
            None => None,
        };
        Ok(people::PersonCreate {
            email: self.email,
            external_id: self.external_id,
            display_name: self.display_name,
            password_hash,
            roles: self.roles.map(BTreeSet::from_iter),
            language: self.language,
            country: self.country,
        })
    }
}

impl PersonUpdate {
    async fn hashed(self, passwords: &Passwords) -> Result<people::PersonUpdate> {
        let password_hash = match self.password {
            Some(Some(Secret(password))) => Some(Some(passwords.hash(password).await?)),
            Some(None) => Some(None),
            None => None,
        };
        Ok(people::PersonUpdate {
            email: self.email,
            external_id: self.external_id,
            display_name: self.display_name,
            password_hash,
            roles: self.roles.map(BTreeSet::from_iter),
            language: self.language,
            mastodon: self.mastodon.map(|update| update.map(Into::into)),
            country: self.country,
            active: self.active,
        })
    }
}

async fn person_create(
    app: Data<App>,
    Caller(actor): Caller,
    key: OptionalIdempotencyKey,
    Body(body): Body<PersonCreate>,
) -> Result<HttpResponse> {
    let once = once("person_create", key, &(), &body)?;
    let command = body.hashed(&app.passwords).await?;
    let (view, replayed) = app
        .write(Lane::Ordinary, move |tx, context| {
            let keys = &context.keys;
            let done = once.run(tx, keys, &actor, |tx| people::person_create(tx, keys, &actor, &command))?;
            Ok((people::person_get(tx.conn(), keys, &actor, done.resource)?, done.replayed))
        })
        .await?;
    Ok(done(StatusCode::CREATED, replayed)
        .insert_header((header::LOCATION, format!("/v1/people/{}", view.id)))
        .insert_header(etag::of_version(view.version))
        .json(Person::from(view)))
}

async fn person_list(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Query(filter): Query<PersonFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk("person_list", &actor, &filter)?;
    let (after, limit) = (after(&walk, filter.cursor.as_deref())?, filter.limit);
    let rows = i64::from(limit.get()) + 1;
    let read = app.read(move |conn, context| people::person_list(conn, &context.keys, &actor, after, rows));
    let mut views = read.await?;
    let next_cursor = cursor_after(&walk, cut(&mut views, limit).map(|view| view.id))?;
    let items = views.into_iter().map(Person::from).collect();
    Ok(page(&request, next_cursor.as_deref(), &PersonPage { items, next_cursor: next_cursor.clone() }))
}

async fn person_get(app: Data<App>, Caller(actor): Caller, Path(id): Path<PersonId>) -> Result<HttpResponse> {
    let read = app.read(move |conn, context| people::person_get(conn, &context.keys, &actor, id));
    Ok(answer(read.await?))
}

async fn person_update(
    app: Data<App>,
    Caller(actor): Caller,
    Path(id): Path<PersonId>,
    IfMatch(version): IfMatch,
    Body(body): Body<PersonUpdate>,
) -> Result<HttpResponse> {
    let command = body.hashed(&app.passwords).await?;
    let (roles, activity) = (command.roles.is_some(), command.active);
    let stuck_before = StuckBefore::read(&app).await?;
    let (view, given) = app
        .write(Lane::Ordinary, move |tx, context| {
            let keys = &context.keys;
            people::person_update(tx, keys, &actor, id, version, &command)?;
            let now = tx.now();
            Ok((people::person_get(tx.conn(), keys, &actor, id)?, delegations_given(tx.conn(), id, now)?))
        })
        .await?;
    let mut person = Person::from(view);
    person.delegations = (activity == Some(false)).then_some(given);
    person.stuck_reviews = match (roles, activity) {
        (true, _) => Some(stuck_before.after_change(&app).await?.stuck_reviews),
        (false, Some(_)) => Some(stuck_before.after_change_of(&app, id).await?.stuck_reviews),
        (false, None) => None,
    };
    Ok(HttpResponse::Ok().insert_header(etag::of_version(person.version)).json(person))
}

fn answer(view: PersonView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag::of_version(view.version)).json(Person::from(view))
}
