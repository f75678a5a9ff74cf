#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use super::*;
use crate::app::api_keys::{ApiKey, ApiKeyCreate, api_key_create};
use crate::app::fixture::{Fixture, actor};
use crate::domain::ids::SessionId;
use crate::domain::mastodon::MastodonPatch;

fn update(fixture: &Fixture, id: PersonId, command: PersonUpdate) -> Result<PersonView> {
    fixture.write(|tx| {
        let version = person_view(tx.conn(), &fixture.keys, id)?.version;
        person_update(tx, &fixture.keys, &fixture.admin, id, version, &command)?;
        person_view(tx.conn(), &fixture.keys, id)
    })
}

fn view(fixture: &Fixture, id: PersonId) -> PersonView {
    fixture.read(|conn| person_view(conn, &fixture.keys, id))
}

fn ada() -> PersonCreate {
    PersonCreate {
        email: " Ada@Example.ORG".to_owned(),
        external_id: Some("E-1".to_owned()),
        display_name: "Ada Lovelace".to_owned(),
        language: Some("nl-BE".to_owned()),
        country: Some("BE".to_owned()),
        ..PersonCreate::default()
    }
}

fn on_mastodon(server: &str, text_limit: Option<Option<u32>>) -> MastodonPatch {
    MastodonPatch { server: Some(server.to_owned()), text_limit }
}

fn create(fixture: &Fixture, command: &PersonCreate) -> Result<PersonId> {
    fixture.write(|tx| person_create(tx, &fixture.keys, &fixture.admin, command))
}

#[test]
fn a_person_is_made_with_the_role_employee_and_shown_as_they_were_named() {
    let fixture = Fixture::new();
    let id = create(&fixture, &ada()).unwrap();
    let shown = view(&fixture, id);
    assert_eq!(shown.email.as_deref(), Some("ada@example.org"));
    assert_eq!(shown.external_id.as_deref(), Some("E-1"));
    assert_eq!(shown.display_name.as_deref(), Some("Ada Lovelace"));
    assert_eq!((shown.language.as_deref(), shown.country.as_deref()), (Some("nl-BE"), Some("BE")));
    assert_eq!((shown.roles, shown.active, shown.version), (vec![Role::Employee], true, 1));

    let listed = fixture.read(|conn| person_list(conn, &fixture.keys, &fixture.admin, None, 10));
    assert_eq!(listed.iter().map(|person| person.id).collect::<Vec<_>>()[0], id);
    assert_eq!(listed.len(), 2);
    let rest = fixture.read(|conn| person_list(conn, &fixture.keys, &fixture.admin, Some(id), 10));
    assert_eq!(rest.len(), 1);
}

#[test]
fn r22_no_personal_value_stands_in_the_open_in_the_database() {
    let fixture = Fixture::new();
    let id = create(&fixture, &ada()).unwrap();
    let country = Some(Some("NL".to_owned()));
    let mastodon = Some(Some(on_mastodon("mastodon.example", Some(Some(1000)))));
    let shown = update(&fixture, id, PersonUpdate { country, mastodon, ..PersonUpdate::default() }).unwrap();
    assert_eq!(shown.mastodon.unwrap().server, "mastodon.example", "it is there");

    let bytes = fixture.database_bytes();
    let holds = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(holds(&id.to_string()), "what is looked for can be found");
    for needle in ["Ada", "ada@example", "Lovelace", "E-1", "mastodon.ex"] {
        assert!(!holds(needle), "{needle}");
    }
}

#[test]
fn every_fault_of_a_new_person_is_named_at_once_and_nothing_is_stored() {
    let fixture = Fixture::new();
    let command = PersonCreate {
        email: "nobody".to_owned(),
        external_id: Some("019a0000-0000-7000-8000-00000000000a".to_owned()),
        display_name: " ".to_owned(),
        language: Some("Dutch".to_owned()),
        country: Some("nl".to_owned()),
        ..PersonCreate::default()
    };
    let before = fixture.entries();
    let error = create(&fixture, &command).unwrap_err();
    assert_eq!(error.code, Code::InvalidContent);
    let codes: Vec<_> = error.errors.iter().map(|fault| fault.code).collect();
    assert_eq!(
        codes,
        [
            "invalid_email",
            "invalid_display_name",
            "external_id_is_uuid",
            "invalid_language",
            "invalid_country"
        ]
    );
    assert_eq!(fixture.entries(), before);
}

#[test]
fn one_address_and_one_external_id_belong_to_one_person() {
    let fixture = Fixture::new();
    create(&fixture, &ada()).unwrap();
    let again = PersonCreate { email: "ADA@example.org".to_owned(), ..ada() };
    let error = create(&fixture, &again).unwrap_err();
    assert_eq!((error.code, error.errors.len()), (Code::AlreadyExists, 2));

    let other = fixture.person("bob", [Role::Employee]);
    let email = Some("ada@example.org".to_owned());
    let error = update(&fixture, other, PersonUpdate { email, ..PersonUpdate::default() }).unwrap_err();
    assert_eq!(error.code, Code::AlreadyExists);
}

#[test]
fn a_patch_changes_what_it_names_and_enters_each_change_once() {
    let fixture = Fixture::new();
    let id = create(&fixture, &ada()).unwrap();
    let (entries, before) = (fixture.entries(), fixture.versions().access);
    let command = PersonUpdate {
        external_id: Some(None),
        display_name: Some("Ada King".to_owned()),
        country: Some(None),
        roles: Some([Role::Author, Role::Employee].into()),
        ..PersonUpdate::default()
    };
    let shown = update(&fixture, id, command.clone()).unwrap();
    assert_eq!((shown.external_id, shown.country), (None, None));
    assert_eq!(shown.display_name.as_deref(), Some("Ada King"));
    assert_eq!(shown.email.as_deref(), Some("ada@example.org"));
    assert_eq!((shown.roles, shown.version), (vec![Role::Author, Role::Employee], 2));
    assert_eq!(fixture.entries(), entries + 3, "profile, country, roles");
    assert_eq!(fixture.versions().access, before + 1);

    let same = update(&fixture, id, command).unwrap();
    assert_eq!((same.version, fixture.entries()), (2, entries + 3));
    let stale = |tx: &mut WriteTx<'_>| {
        person_update(tx, &fixture.keys, &fixture.admin, id, 1, &PersonUpdate::default())
    };
    assert_eq!(fixture.write(stale).unwrap_err().code, Code::PreconditionFailed);
}

#[test]
fn what_is_ones_own_is_an_account_and_a_language_and_each_change_is_one_entry() {
    let fixture = Fixture::new();
    let id = fixture.person("ada", []);
    let ada = actor(id, []);
    let change = |version, command: &MeUpdate| {
        fixture.write(|tx| me_update(tx, &fixture.keys, &ada, version, command))?;
        Ok::<_, Error>(view(&fixture, id))
    };
    let mastodon = |patch| MeUpdate { mastodon: Some(patch), language: None };
    let (entries, before) = (fixture.entries(), fixture.versions().access);
    let first = mastodon(Some(on_mastodon("one.example", Some(Some(1000)))));
    let shown = change(1, &first).unwrap();
    let account = shown.mastodon.unwrap();
    assert_eq!((account.server.as_str(), account.text_limit, shown.version), ("one.example", Some(1000), 2));
    assert_eq!((fixture.entries(), fixture.versions().access), (entries + 1, before + 1));
    assert_eq!(change(2, &first).unwrap().version, 2, "the same again is no change");
    assert_eq!(change(1, &first).unwrap_err().code, Code::PreconditionFailed);

    let language = Some(Some("nl".to_owned()));
    let moved = MeUpdate { language, ..mastodon(Some(on_mastodon("two.example", None))) };
    let shown = change(2, &moved).unwrap();
    let account = shown.mastodon.unwrap();
    assert_eq!((account.server.as_str(), account.text_limit), ("two.example", Some(1000)));
    assert_eq!((shown.language.as_deref(), fixture.entries()), (Some("nl"), entries + 2));

    let refused = change(3, &mastodon(Some(on_mastodon("Two.example", Some(Some(0)))))).unwrap_err();
    let codes: Vec<_> = refused.errors.iter().map(|fault| fault.code).collect();
    assert_eq!((refused.code, codes), (Code::InvalidContent, vec!["not_a_host", "out_of_range"]));
    let shown = change(3, &mastodon(None)).unwrap();
    assert_eq!((shown.mastodon, shown.version), (None, 4));
    assert_eq!(change(4, &mastodon(Some(MastodonPatch::default()))).unwrap_err().code, Code::InvalidContent);

    update(&fixture, id, PersonUpdate { active: Some(false), ..PersonUpdate::default() }).unwrap();
    assert_eq!(change(5, &first).unwrap_err().code, Code::Unauthenticated);
}

#[test]
fn nobody_gives_themselves_a_role() {
    let fixture = Fixture::new();
    let me = fixture.admin.person.unwrap();
    let roles = Some([Role::Admin, Role::Reviewer].into());
    let error = update(&fixture, me, PersonUpdate { roles, ..PersonUpdate::default() }).unwrap_err();
    assert_eq!(error.code, Code::Forbidden);
    let display_name = Some("The Root".to_owned());
    let shown = update(&fixture, me, PersonUpdate { display_name, ..PersonUpdate::default() }).unwrap();
    assert_eq!(shown.roles, [Role::Admin]);

    let employee = actor(fixture.person("eve", [Role::Employee]), [Role::Employee]);
    let refused = fixture.write(|tx| person_create(tx, &fixture.keys, &employee, &ada()));
    assert_eq!(refused.unwrap_err().code, Code::Forbidden);
}

#[test]
fn the_last_active_administrator_stays() {
    let fixture = Fixture::new();
    let me = fixture.admin.person.unwrap();
    let inactive = || PersonUpdate { active: Some(false), ..PersonUpdate::default() };
    let no_role = || PersonUpdate { roles: Some(BTreeSet::new()), ..PersonUpdate::default() };
    assert_eq!(update(&fixture, me, inactive()).unwrap_err().code, Code::LastAdministrator);
    assert_eq!(update(&fixture, me, no_role()).unwrap_err().code, Code::LastAdministrator);

    let other = fixture.person("other", [Role::Admin]);
    update(&fixture, other, inactive()).unwrap();
    assert_eq!(update(&fixture, me, inactive()).unwrap_err().code, Code::LastAdministrator);
    update(&fixture, other, PersonUpdate { active: Some(true), ..PersonUpdate::default() }).unwrap();
    assert!(!update(&fixture, me, inactive()).unwrap().active);
    // From that moment they write nothing more.
    assert_eq!(update(&fixture, other, no_role()).unwrap_err().code, Code::Unauthenticated);
    let (last, version) = (actor(other, [Role::Admin]), view(&fixture, other).version);
    let refused = fixture.write(|tx| person_update(tx, &fixture.keys, &last, other, version, &no_role()));
    assert_eq!(refused.unwrap_err().code, Code::LastAdministrator);
}

#[test]
fn a_new_password_or_a_deactivation_ends_sessions() {
    use crate::store::sessions;

    let fixture = Fixture::new();
    let id = fixture.person("ada", [Role::Employee]);
    let now = fixture.clock.now();
    let open = || {
        let session = SessionId::generate();
        fixture
            .write(|tx| sessions::insert(tx.conn(), session, id, now, Time::from_micros(i64::MAX)))
            .unwrap();
        session
    };
    let holds = |session| fixture.read(|conn| sessions::find(conn, session)).unwrap().holds(now);

    let session = open();
    let password_hash = Some(Some("$argon2id$..".to_owned()));
    update(&fixture, id, PersonUpdate { password_hash, ..PersonUpdate::default() }).unwrap();
    assert!(!holds(session));

    let session = open();
    assert!(holds(session));
    update(&fixture, id, PersonUpdate { active: Some(false), ..PersonUpdate::default() }).unwrap();
    assert!(!holds(session));
}

#[test]
fn a_key_does_not_change_the_roles_of_whoever_made_it() {
    let fixture = Fixture::new();
    let Fixture { keys, admin, clock, .. } = &fixture;
    let command = ApiKeyCreate {
        name: "Directory".to_owned(),
        scopes: [Scope::People, Scope::ApiKeys].into_iter().collect(),
        expires_at: clock.now().after(Duration::from_hours(1)),
    };
    let make = |maker: &Actor| {
        let key = ApiKey::generate().unwrap();
        let made = fixture.write(|tx| api_key_create(tx, keys, maker, &key, &command)).unwrap();
        Actor { person: None, client: Some(made.id), session: None, scopes: made.scopes }
    };
    let change = |key: &Actor, id: PersonId, roles: &[Role]| {
        let roles = Some(roles.iter().copied().collect());
        let command = PersonUpdate { roles, ..PersonUpdate::default() };
        let version = view(&fixture, id).version;
        fixture.write(|tx| person_update(tx, keys, key, id, version, &command))
    };
    let other = create(&fixture, &ada()).unwrap();
    let key = make(admin);
    for key in [&key, &make(&key)] {
        let refused = change(key, admin.person.unwrap(), &[Role::Admin, Role::Auditor]);
        assert_eq!(refused.unwrap_err().code, Code::Forbidden);
        let fewer = change(key, admin.person.unwrap(), &[]);
        assert_eq!(fewer.unwrap_err().code, Code::Forbidden);
    }
    change(&key, other, &[Role::Author]).unwrap();
    assert_eq!(view(&fixture, other).roles, [Role::Author]);
}
