#![allow(clippy::unwrap_used)]

use super::*;
use crate::app::fixture::{Fixture, actor};
use crate::app::passwords::hash_new;
use crate::app::people::{PersonCreate, PersonUpdate, person_create, person_update};
use crate::domain::roles::Role;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
const PASSWORD: &str = "a quiet harbour";

struct Scene {
    fixture: Fixture,
    tokens: Arc<Tokens>,
    sessions: Sessions,
    person: PersonId,
}

impl Scene {
    fn new() -> Self {
        let fixture = Fixture::new();
        let tokens = Arc::new(Tokens::new(fixture.keys.token_seed(), "https://greenlight.example").unwrap());
        let command = PersonCreate {
            email: "ada@example.org".to_owned(),
            display_name: "Ada".to_owned(),
            password_hash: Some(hash_new(PASSWORD).unwrap()),
            ..PersonCreate::default()
        };
        let person = fixture.write(|tx| person_create(tx, &fixture.keys, &fixture.admin, &command)).unwrap();
        let sessions = Sessions::new(
            fixture.db.clone(),
            fixture.keys.clone(),
            tokens.clone(),
            Passwords::new().unwrap(),
        );
        Self { fixture, tokens, sessions, person }
    }

    async fn sign_in(&self, email: &str, password: &str, address: IpAddr) -> Result<SessionTokens> {
        let now = self.fixture.clock.now();
        self.sessions.session_create(email, Zeroizing::new(password.to_owned()), address, now).await
    }

    async fn refresh(&self, token: &str) -> Result<SessionTokens> {
        self.sessions.token_refresh(token, self.fixture.clock.now()).await
    }

    fn update(&self, version: i64, command: &PersonUpdate) {
        let Fixture { keys, admin, .. } = &self.fixture;
        self.fixture.write(|tx| person_update(tx, keys, admin, self.person, version, command)).unwrap();
    }

    fn refused(result: Result<SessionTokens>) -> (Code, String) {
        let error = result.err().unwrap();
        (error.code, error.detail)
    }
}

#[tokio::test]
async fn the_right_password_signs_in_whatever_the_case_of_the_address() {
    let scene = Scene::new();
    let entries = scene.fixture.entries();
    let signed_in = scene.sign_in(" ADA@example.org", PASSWORD, HERE).await.unwrap();
    let claims = scene.tokens.verify(&signed_in.access_token, scene.fixture.clock.now()).unwrap();
    assert_eq!((claims.sub, signed_in.expires_in), (scene.person, 600));
    assert_eq!(scene.fixture.entries(), entries);

    let bytes = scene.fixture.database_bytes();
    let holds = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(holds(&hash(&signed_in.refresh_token)));
    for secret in [PASSWORD, &signed_in.access_token, &signed_in.refresh_token] {
        assert!(!holds(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_answer_does_not_tell_why_somebody_cannot_sign_in() {
    let scene = Scene::new();
    scene.fixture.person("bob", [Role::Employee]);
    let unknown = Scene::refused(scene.sign_in("eve@example.org", PASSWORD, HERE).await);
    assert_eq!(unknown.0, Code::Unauthenticated);
    let nonsense = Scene::refused(scene.sign_in("", "", HERE).await);
    let without = Scene::refused(scene.sign_in("bob@example.org", PASSWORD, HERE).await);
    let wrong = Scene::refused(scene.sign_in("ada@example.org", "a quiet harbou", HERE).await);
    scene.update(1, &PersonUpdate { active: Some(false), ..PersonUpdate::default() });
    let inactive = Scene::refused(scene.sign_in("ada@example.org", PASSWORD, HERE).await);
    for answer in [nonsense, without, wrong, inactive] {
        assert_eq!(answer, unknown);
    }
}

#[tokio::test]
async fn the_eleventh_failure_is_refused_and_the_right_password_from_elsewhere_works() {
    let scene = Scene::new();
    for _ in 0..10 {
        let wrong = scene.sign_in("ada@example.org", "not the password", HERE).await;
        assert_eq!(Scene::refused(wrong).0, Code::Unauthenticated);
    }
    for password in ["not the password", PASSWORD] {
        let refused = scene.sign_in("ada@example.org", password, HERE).await;
        assert_eq!(Scene::refused(refused).0, Code::TooManyRequests);
    }
    assert!(scene.sign_in("ada@example.org", PASSWORD, ELSEWHERE).await.is_ok());
    scene.fixture.clock.set(scene.fixture.clock.now().after(Duration::from_mins(5)));
    assert!(scene.sign_in("ada@example.org", PASSWORD, HERE).await.is_ok());
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_session() {
    let scene = Scene::new();
    let first = scene.sign_in("ada@example.org", PASSWORD, HERE).await.unwrap();
    let other = scene.sign_in("ada@example.org", PASSWORD, HERE).await.unwrap();
    let second = scene.refresh(&first.refresh_token).await.unwrap();
    let now = scene.fixture.clock.now();
    let session = |tokens: &SessionTokens| scene.tokens.verify(&tokens.access_token, now).unwrap().sid;
    assert_eq!(session(&second), session(&first));

    assert_eq!(Scene::refused(scene.refresh(&first.refresh_token).await).0, Code::Unauthenticated);
    assert_eq!(Scene::refused(scene.refresh(&second.refresh_token).await).0, Code::Unauthenticated);
    assert!(scene.fixture.access().is_revoked(session(&first)));
    assert!(scene.refresh(&other.refresh_token).await.is_ok(), "another session goes on");
    for odd in ["", "glr_", first.access_token.as_str()] {
        assert_eq!(Scene::refused(scene.refresh(odd).await).0, Code::Unauthenticated);
    }
}

#[tokio::test]
async fn of_many_refreshes_at_once_with_one_token_only_one_succeeds() {
    let scene = Scene::new();
    let first = scene.sign_in("ada@example.org", PASSWORD, HERE).await.unwrap();
    let refresh = || scene.refresh(&first.refresh_token);
    let (one, two, three) = tokio::join!(refresh(), refresh(), refresh());
    let good: Vec<SessionTokens> = [one, two, three].into_iter().filter_map(Result::ok).collect();
    assert_eq!(good.len(), 1);
    for tokens in good {
        assert!(scene.refresh(&tokens.refresh_token).await.is_err(), "the reuse ended the session");
    }
}

#[tokio::test]
async fn a_session_ends_after_thirty_days_however_often_it_is_refreshed() {
    let scene = Scene::new();
    let began = scene.fixture.clock.now();
    let first = scene.sign_in("ada@example.org", PASSWORD, HERE).await.unwrap();
    scene.fixture.clock.set(began.after(MAX_SESSION).before(Duration::from_secs(1)));
    let last = scene.refresh(&first.refresh_token).await.unwrap();
    scene.fixture.clock.set(began.after(MAX_SESSION));
    assert_eq!(Scene::refused(scene.refresh(&last.refresh_token).await).0, Code::Unauthenticated);
}

#[tokio::test]
async fn signing_out_a_new_password_or_a_deactivation_ends_the_refreshing() {
    let scene = Scene::new();
    let sign_in = || scene.sign_in("ada@example.org", PASSWORD, HERE);
    let signed_in = sign_in().await.unwrap();
    let now = scene.fixture.clock.now();
    let mut me = actor(scene.person, [Role::Employee]);
    assert_eq!(scene.sessions.session_delete(&me, now).await.unwrap_err().code, Code::NotFound);
    me.session = Some(scene.tokens.verify(&signed_in.access_token, now).unwrap().sid);
    scene.sessions.session_delete(&me, now).await.unwrap();
    assert_eq!(Scene::refused(scene.refresh(&signed_in.refresh_token).await).0, Code::Unauthenticated);

    let signed_in = sign_in().await.unwrap();
    let password_hash = Some(Some(hash_new("another harbour").unwrap()));
    scene.update(1, &PersonUpdate { password_hash, ..PersonUpdate::default() });
    assert_eq!(Scene::refused(scene.refresh(&signed_in.refresh_token).await).0, Code::Unauthenticated);
    assert_eq!(Scene::refused(sign_in().await).0, Code::Unauthenticated);

    let signed_in = scene.sign_in("ada@example.org", "another harbour", HERE).await.unwrap();
    scene.update(2, &PersonUpdate { active: Some(false), ..PersonUpdate::default() });
    assert_eq!(Scene::refused(scene.refresh(&signed_in.refresh_token).await).0, Code::Unauthenticated);
}

#[tokio::test]
async fn signing_in_replaces_a_hash_that_became_weak() {
    use argon2::password_hash::phc::PasswordHash;
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};

    let scene = Scene::new();
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
    let weak: PasswordHash = weak.hash_password(PASSWORD.as_bytes()).unwrap();
    let password_hash = Some(Some(weak.to_string()));
    scene.update(1, &PersonUpdate { password_hash, ..PersonUpdate::default() });
    let account = scene.fixture.keys.identity_hmac(Identifier::Email, "ada@example.org");
    let stored = || scene.fixture.read(|conn| people::password_of(conn, &account)).unwrap().1;
    assert_eq!(stored(), weak.to_string());
    for _ in 0..2 {
        scene.sign_in("ada@example.org", PASSWORD, HERE).await.unwrap();
        assert!(stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }
}
