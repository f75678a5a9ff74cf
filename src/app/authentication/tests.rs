#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::app::api_keys::{ApiKeyCreate, api_key_create, api_key_revoke};
use crate::app::fixture::Fixture;
use crate::app::people::{PersonUpdate, person_update};
use crate::domain::ids::{ClientId, SessionId};
use crate::domain::roles::Role;

/// A scene with a reviewer who signed in, and a client that may review on behalf of others.
struct Scene {
    fixture: Fixture,
    tokens: Tokens,
    reviewer: PersonId,
    session: SessionId,
    token: String,
    client: ClientId,
    key: String,
}

const DECIDES: Permission = Permission::PersonHolds(Scope::Review);
const READS: Permission = Permission::Holds(Scope::Review);

impl Scene {
    fn new() -> Self {
        let fixture = Fixture::new();
        let tokens = Tokens::new(fixture.keys.token_seed(), "https://greenlight.example").unwrap();
        let reviewer = fixture.person("rob", [Role::Reviewer, Role::Employee]);
        let (session, now) = (SessionId::generate(), fixture.clock.now());
        let end = now.after(Duration::from_hours(1));
        fixture.write(|tx| sessions::insert(tx.conn(), session, reviewer, now, end)).unwrap();
        let token = tokens.issue(reviewer, session, now).unwrap();
        let (client, key) = client(&fixture, &[Scope::OnBehalf, Scope::Review, Scope::ContentWrite]);
        Self { fixture, tokens, reviewer, session, token, client, key }
    }

    fn ask(&self, bearer: &str, person: Option<&str>, permission: Permission) -> Result<Option<Actor>> {
        let credentials = Credentials { bearer: Some(bearer), person };
        let access = self.fixture.access();
        let now = self.fixture.clock.now();
        authenticate(&access, &self.fixture.keys, &self.tokens, credentials, permission, now)
    }

    fn refusal(&self, bearer: &str, person: Option<&str>, permission: Permission) -> Code {
        self.ask(bearer, person, permission).unwrap_err().code
    }

    fn deactivate(&self) {
        let Fixture { keys, admin, .. } = &self.fixture;
        let command = PersonUpdate { active: Some(false), ..PersonUpdate::default() };
        self.fixture.write(|tx| person_update(tx, keys, admin, self.reviewer, 1, &command)).unwrap();
    }

    fn confirmed(&self, actor: &Actor) -> Result<Actor> {
        self.fixture.write(|tx| confirm(tx, actor))
    }
}

fn client(fixture: &Fixture, scopes: &[Scope]) -> (ClientId, String) {
    let key = ApiKey::generate().unwrap();
    let command = ApiKeyCreate {
        name: "App".to_owned(),
        scopes: scopes.iter().copied().collect(),
        expires_at: fixture.clock.now().after(Duration::from_mins(5)),
    };
    let Fixture { keys, admin, .. } = fixture;
    let made = fixture.write(|tx| api_key_create(tx, keys, admin, &key, &command)).unwrap();
    (made.id, key.text().to_owned())
}

#[test]
fn a_session_acts_as_its_person_with_the_rights_of_their_roles() {
    let scene = Scene::new();
    let actor = scene.ask(&scene.token, None, DECIDES).unwrap().unwrap();
    assert_eq!(
        (actor.person, actor.session, actor.client),
        (Some(scene.reviewer), Some(scene.session), None)
    );
    assert_eq!(actor.scopes, Scopes::of_roles([Role::Reviewer, Role::Employee]));
    assert_eq!(scene.refusal(&scene.token, None, Permission::Holds(Scope::People)), Code::Forbidden);
    let id = scene.reviewer.to_string();
    assert_eq!(scene.refusal(&scene.token, Some(&id), DECIDES), Code::PersonHeader);
}

#[test]
fn nothing_but_good_credentials_is_taken() {
    let scene = Scene::new();
    let unknown = ApiKey::generate().unwrap();
    let typo = format!("{}x", &scene.key);
    for bearer in ["", "a.b.c", "glk_", typo.as_str(), unknown.text(), &scene.token.replace('.', "")] {
        assert_eq!(scene.refusal(bearer, None, Permission::SignedIn), Code::Unauthenticated, "{bearer}");
    }
    let ask = |permission, person| {
        let credentials = Credentials { bearer: None, person };
        let (access, now) = (scene.fixture.access(), scene.fixture.clock.now());
        authenticate(&access, &scene.fixture.keys, &scene.tokens, credentials, permission, now)
    };
    assert_eq!(ask(Permission::SignedIn, None).unwrap_err().code, Code::Unauthenticated);
    assert_eq!(ask(Permission::Public, None).unwrap(), None);
    assert_eq!(ask(Permission::Public, Some("E-rob")).unwrap_err().code, Code::PersonHeader);
}

#[test]
fn a_client_names_the_person_and_has_the_rights_of_both() {
    let scene = Scene::new();
    let id = scene.reviewer.to_string();
    for name in [id.as_str(), "E-rob", " E-rob"] {
        let actor = scene.ask(&scene.key, Some(name), DECIDES).unwrap().unwrap();
        assert_eq!((actor.person, actor.client), (Some(scene.reviewer), Some(scene.client)), "{name}");
        assert_eq!(actor.scopes.iter().collect::<Vec<_>>(), [Scope::Review]);
    }
    assert_eq!(scene.refusal(&scene.key, None, DECIDES), Code::PersonHeader);
    assert_eq!(scene.refusal(&scene.key, Some("E-nobody"), DECIDES), Code::PersonNotFound);
    assert_eq!(
        scene.refusal(&scene.key, Some(&PersonId::generate().to_string()), DECIDES),
        Code::PersonNotFound
    );
    // The key may write content and the person may not.
    let writes = Permission::PersonHolds(Scope::ContentWrite);
    assert_eq!(scene.refusal(&scene.key, Some(&id), writes), Code::Forbidden);
    // The person may share and the key may not: it learns nothing about who there is.
    let shares = Permission::PersonHolds(Scope::Share);
    assert_eq!(scene.refusal(&scene.key, Some("E-nobody"), shares), Code::Forbidden);
}

#[test]
fn the_header_is_taken_only_where_a_person_acts() {
    let scene = Scene::new();
    let actor = scene.ask(&scene.key, None, READS).unwrap().unwrap();
    assert_eq!((actor.person, actor.client), (None, Some(scene.client)));
    assert_eq!(scene.refusal(&scene.key, Some("E-rob"), READS), Code::PersonHeader);
    assert_eq!(scene.refusal(&scene.key, Some("E-rob"), Permission::SignedIn), Code::PersonHeader);

    let (_, plain) = client(&scene.fixture, &[Scope::Review]);
    assert!(scene.ask(&plain, None, READS).is_ok());
    for person in [None, Some("E-rob")] {
        assert_eq!(scene.refusal(&plain, person, DECIDES), Code::PersonRequired);
        assert_eq!(scene.refusal(&plain, person, Permission::Person), Code::PersonRequired);
    }
}

#[test]
fn whoever_is_deactivated_reads_and_writes_nothing_more() {
    let scene = Scene::new();
    let by_session = scene.ask(&scene.token, None, DECIDES).unwrap().unwrap();
    let by_client = scene.ask(&scene.key, Some("E-rob"), DECIDES).unwrap().unwrap();
    assert_eq!(scene.confirmed(&by_session).unwrap(), by_session);
    assert_eq!(scene.confirmed(&by_client).unwrap(), by_client);
    scene.deactivate();
    assert_eq!(scene.refusal(&scene.token, None, DECIDES), Code::Unauthenticated);
    assert_eq!(scene.refusal(&scene.key, Some("E-rob"), DECIDES), Code::PersonNotFound);
    // What was authenticated before is refused in its transaction.
    assert_eq!(scene.confirmed(&by_session).unwrap_err().code, Code::Unauthenticated);
    assert_eq!(scene.confirmed(&by_client).unwrap_err().code, Code::PersonNotFound);
}

#[test]
fn a_role_that_was_taken_grants_nothing_in_a_transaction() {
    let scene = Scene::new();
    let actor = scene.ask(&scene.token, None, DECIDES).unwrap().unwrap();
    let Fixture { keys, admin, .. } = &scene.fixture;
    let command = PersonUpdate { roles: Some([Role::Employee].into()), ..PersonUpdate::default() };
    scene.fixture.write(|tx| person_update(tx, keys, admin, scene.reviewer, 1, &command)).unwrap();
    let confirmed = scene.confirmed(&actor).unwrap();
    assert_eq!(confirmed.scopes, Scopes::of_roles([Role::Employee]));
    assert_eq!(confirmed.require(Scope::Review).unwrap_err().code, Code::Forbidden);
}

#[test]
fn ended_sessions_and_keys_are_refused_at_once() {
    let scene = Scene::new();
    let by_session = scene.ask(&scene.token, None, DECIDES).unwrap().unwrap();
    let by_client = scene.ask(&scene.key, None, READS).unwrap().unwrap();
    let Fixture { keys, admin, clock, .. } = &scene.fixture;
    let now = clock.now();

    let (_, short) = client(&scene.fixture, &[Scope::Review]);
    clock.set(now.after(Duration::from_mins(5)));
    assert_eq!(scene.refusal(&short, None, READS), Code::Unauthenticated);
    assert_eq!(scene.confirmed(&by_client).unwrap_err().code, Code::Unauthenticated);
    clock.set(now);
    assert!(scene.confirmed(&by_client).is_ok());
    scene.fixture.write(|tx| api_key_revoke(tx, keys, admin, scene.client)).unwrap();
    assert_eq!(scene.refusal(&scene.key, None, READS), Code::Unauthenticated);
    assert_eq!(scene.confirmed(&by_client).unwrap_err().code, Code::Unauthenticated);

    scene.fixture.write(|tx| sessions::revoke(tx.conn(), scene.session, now)).unwrap();
    assert_eq!(scene.refusal(&scene.token, None, DECIDES), Code::Unauthenticated);
    assert_eq!(scene.confirmed(&by_session).unwrap_err().code, Code::Unauthenticated);
}
