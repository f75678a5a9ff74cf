#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use serde_json::json;

use super::*;
use crate::app::fixture::{Fixture, actor};
use crate::domain::content::rule;
use crate::domain::ids::{Digest, ItemId};
use crate::domain::policy::{Policy, Subject};
use crate::domain::revision::Source;
use crate::domain::roles::Role;

fn app(fixture: &Fixture) -> ApiKeyCreate {
    let expires_at = fixture.clock.now().after(MAX_LIFETIME);
    ApiKeyCreate { name: "App".to_owned(), scopes: [Scope::Share].into_iter().collect(), expires_at }
}

fn create(fixture: &Fixture, key: &ApiKey, command: &ApiKeyCreate) -> Result<ApiKeyView> {
    let Fixture { keys, admin, .. } = fixture;
    fixture.write(|tx| api_key_create(tx, keys, admin, key, command))
}

#[test]
fn only_the_hash_of_a_key_is_stored_and_a_revoked_one_stays_revoked() {
    let fixture = Fixture::new();
    let Fixture { keys, admin, clock, .. } = &fixture;
    let key = ApiKey::generate().unwrap();
    let made = create(&fixture, &key, &app(&fixture)).unwrap();
    let bytes = fixture.database_bytes();
    let holds = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
    let secret = key.text().rsplit('_').next().unwrap();
    assert!(holds(&hash(key.text())) && holds(&key.prefix) && !holds(secret));

    let entries = fixture.entries();
    for _ in 0..2 {
        fixture.write(|tx| api_key_revoke(tx, keys, admin, made.id)).unwrap();
        assert_eq!(fixture.entries(), entries + 1);
    }
    let listed = fixture.read(|conn| api_key_list(conn, admin, None, 10));
    assert_eq!(listed, [ApiKeyView { revoked_at: Some(clock.now()), ..made }]);
    let unknown = fixture.write(|tx| api_key_revoke(tx, keys, admin, ClientId::generate()));
    assert_eq!(unknown.unwrap_err().code, Code::NotFound);
}

#[test]
fn a_key_needs_a_name_a_scope_and_an_end_within_two_years() {
    let fixture = Fixture::new();
    let key = ApiKey::generate().unwrap();
    let now = fixture.clock.now();
    let long = now.after(MAX_LIFETIME + Duration::from_millis(1));
    for expires_at in [now, long] {
        let command = ApiKeyCreate { name: " ".to_owned(), scopes: Scopes::default(), expires_at };
        let faults = create(&fixture, &key, &command).unwrap_err().errors;
        let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
        assert_eq!(codes, ["invalid_name", "no_scope", "invalid_expiry"]);
    }
}

#[test]
fn a_key_has_no_power_of_its_own_that_its_maker_does_not_hold() {
    let fixture = Fixture::new();
    let keyring = fixture.person("keyring", [Role::Admin, Role::Auditor]);
    let auditing_admin = actor(keyring, [Role::Admin, Role::Auditor]);
    let make = |maker: &Actor, scopes: &[Scope]| {
        let command = ApiKeyCreate { scopes: scopes.iter().copied().collect(), ..app(&fixture) };
        let key = ApiKey::generate().unwrap();
        fixture.write(|tx| api_key_create(tx, &fixture.keys, maker, &key, &command))
    };
    let refused = |maker: &Actor, scope: Scope| {
        let error = make(maker, &[Scope::Share, scope]).unwrap_err();
        assert_eq!(error.code, Code::Forbidden);
        assert!(error.detail.contains(scope.as_str()), "{}", error.detail);
    };
    refused(&fixture.admin, Scope::Audit);
    let free: Vec<Scope> = Scope::ALL.into_iter().filter(|scope| *scope != Scope::Audit).collect();
    make(&fixture.admin, &free).unwrap();
    make(&auditing_admin, &Scope::ALL).unwrap();

    let made = make(&fixture.admin, &[Scope::ApiKeys, Scope::OnBehalf]).unwrap();
    let key = Actor { person: None, client: Some(made.id), session: None, scopes: made.scopes };
    for scope in ALONE.into_iter().filter(|scope| *scope != Scope::ApiKeys) {
        refused(&key, scope);
    }
    let grandchild = make(&key, &[Scope::Review]).unwrap();
    let row = fixture.read(|conn| api_keys::find(conn, grandchild.id)).unwrap();
    assert_eq!(row.created_by, fixture.admin.person);
}

#[tokio::test]
async fn the_last_use_is_known_to_the_minute() {
    let fixture = Fixture::new();
    let made = create(&fixture, &ApiKey::generate().unwrap(), &app(&fixture)).unwrap();
    let uses = LastUses::default();
    let minute = fixture.clock.now();
    uses.note(made.id, minute.after(Duration::from_secs(59)));
    uses.flush(&fixture.db).await.unwrap();
    let listed = fixture.read(|conn| api_key_list(conn, &fixture.admin, None, 10));
    assert_eq!(listed, [ApiKeyView { last_used_at: Some(minute), ..made }]);
}

#[test]
fn a_key_reads_back_and_every_typing_error_is_turned_away() {
    let key = ApiKey::generate().unwrap();
    let text = key.text();
    assert_eq!(text.len(), 51);
    let presented = ApiKey::parse(text).unwrap();
    assert_eq!(presented.prefix, key.prefix);
    assert_eq!(presented.hash, hash(text));
    for at in 0..text.len() {
        let mut typo = text.as_bytes().to_vec();
        typo[at] = if typo[at] == b'x' { b'y' } else { b'x' };
        assert_eq!(ApiKey::parse(std::str::from_utf8(&typo).unwrap()), None, "{at}");
    }
    for odd in ["", "glk_", "glk__", text.trim_start_matches("glk_"), &text.replace("glk_", "glk_é")] {
        assert_eq!(ApiKey::parse(odd), None, "{odd}");
    }
    assert_ne!(ApiKey::generate().unwrap().text(), text);
}

#[test]
fn the_checksum_has_six_digits() {
    assert_eq!(checksum(""), "000000");
    // CRC-32 of "123456789" is 0xCBF43926, its published check value.
    let value = 0xCBF4_3926_u32;
    let read = checksum("123456789")
        .bytes()
        .try_fold(0_u64, |sum, byte| Some(sum * 62 + BASE62.iter().position(|digit| *digit == byte)? as u64));
    assert_eq!(read, Some(u64::from(value)));
}

#[test]
fn a_key_that_stands_in_a_text_is_found_as_a_secret() {
    let rule = json!({
        "name": "Secrets", "condition": { "personal_data": { "kinds": ["secret"] } }, "severity": "block",
        "scope": ["comment"], "reason": "No secrets.",
    });
    let source = Source { item: ItemId::generate(), revision: 1, digest: Digest::of(b"") };
    let policy = Policy::new(vec![(source, serde_json::from_value(rule).unwrap())]).unwrap();
    let key = ApiKey::generate().unwrap();
    let text = format!("Zie {} voor toegang.", key.text());
    let now = Time::from_micros(0);
    let found =
        policy.check(&Subject { scope: rule::Scope::Comment, text: &text, language: None, topics: &[], now });
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].span.unwrap().end.utf8, 4 + key.text().len());
}
