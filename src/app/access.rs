//! Who may act, kept in memory: people, API keys and ended sessions, as of one `access_version`.
//!
//! Every node keeps one [`Access`] and loads what is above its version. A request is authenticated from
//! it alone (see [`super::authentication`]); a write confirms its caller from rows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::actor::Actor;
use super::{people as profiles, tokens};
use crate::domain::ids::{ClientId, GroupId, PersonId, SessionId};
use crate::domain::mastodon::MastodonAccount;
use crate::domain::obligations::{Done, Obliged};
use crate::domain::roles::{Role, Scope, Scopes};
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::keys::Keys;
use crate::store::connection::Conn;
use crate::store::people::AccessRow;
use crate::store::{acceptances, api_keys, people, record, sessions, subject_keys, trainings};

/// People loaded by one query.
const PAGE: i64 = 500;

/// Ended sessions are kept a little longer than their access tokens live, for clocks that differ.
const REVOCATIONS_KEPT: Duration = tokens::LIFETIME.saturating_add(Duration::from_mins(1));

/// One person, as far as it matters for what they may do and see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonAccess {
    /// Their id.
    pub id: PersonId,
    /// The `access_version` at which this last changed.
    pub access_version: i64,
    /// Whether they may act at all.
    pub active: bool,
    /// Their roles, sorted.
    pub roles: Vec<Role>,
    /// What the roles grant.
    pub scopes: Scopes,
    /// Their country, if it is known.
    pub country: Option<String>,
    /// The language they read.
    pub language: Option<String>,
    /// Their name, sealed under their key; none once erased.
    pub display_name: Option<Vec<u8>>,
    /// Their account on Mastodon, if they told of one.
    pub mastodon: Option<MastodonAccount>,
    /// Their groups, sorted.
    pub groups: Vec<GroupId>,
    /// What they accepted and completed.
    pub done: Done,
    /// Their wrapped key; none once erased.
    pub wrapped_key: Option<Vec<u8>>,
    /// The HMAC of their external id.
    pub external_id_hmac: Option<String>,
}

/// One client, by its API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAccess {
    /// Its id.
    pub id: ClientId,
    /// The SHA-256 of the whole key, in hexadecimal.
    pub hash: String,
    /// What the key may do.
    pub scopes: Scopes,
    /// When the key ends.
    pub expires_at: Time,
}

/// Who may act, as of one `access_version`. Cloning shares what it holds.
#[derive(Debug, Clone, Default)]
pub struct Access {
    version: i64,
    persons: Arc<HashMap<PersonId, Arc<PersonAccess>>>,
    by_external_id: Arc<HashMap<String, PersonId>>,
    clients: Arc<HashMap<String, Arc<ClientAccess>>>,
    revoked_sessions: Arc<HashSet<SessionId>>,
}

impl Access {
    /// Everything there is.
    pub fn load(conn: &mut Conn, keys: &Keys, now: Time) -> Result<Self> {
        Self::default().advance(conn, keys, now)
    }

    /// The present state: people whose access changed since, and when anything did, all API keys. Ended
    /// sessions are read each time, because they move no version.
    ///
    /// The version is read first, so that a change which commits meanwhile is at worst loaded twice.
    pub fn advance(&self, conn: &mut Conn, keys: &Keys, now: Time) -> Result<Self> {
        let version = record::state(conn)?.versions.access;
        let revoked = sessions::revoked_since(conn, now.before(REVOCATIONS_KEPT))?;
        let mut next = self.clone();
        next.revoked_sessions = Arc::new(revoked.into_iter().collect());
        if version != self.version {
            next.take_in(persons_changed_since(conn, keys, self.version)?);
            next.clients = Arc::new(clients(conn)?);
            next.version = version;
        }
        Ok(next)
    }

    /// The `access_version` that this is the state of.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// Everybody, active or not, in no order.
    pub fn persons(&self) -> impl Iterator<Item = &PersonAccess> {
        self.persons.values().map(AsRef::as_ref)
    }

    /// One person.
    pub fn person(&self, id: PersonId) -> Option<&Arc<PersonAccess>> {
        self.persons.get(&id)
    }

    /// Who has the external id with this HMAC.
    pub fn person_by_external_id(&self, hmac: &str) -> Option<&Arc<PersonAccess>> {
        self.by_external_id.get(hmac).and_then(|id| self.person(*id))
    }

    /// The client whose key has this prefix, unless it was revoked.
    pub fn client(&self, prefix: &str) -> Option<&Arc<ClientAccess>> {
        self.clients.get(prefix)
    }

    /// Whether a session was ended while access tokens of it may still live.
    pub fn is_revoked(&self, session: SessionId) -> bool {
        self.revoked_sessions.contains(&session)
    }

    fn take_in(&mut self, changed: Vec<PersonAccess>) {
        let persons = Arc::make_mut(&mut self.persons);
        let by_external_id = Arc::make_mut(&mut self.by_external_id);
        // All old external ids go before any new one comes: two people may have swapped theirs.
        for person in &changed {
            let old = persons.get(&person.id).and_then(|old| old.external_id_hmac.as_ref());
            if let Some(hmac) = old {
                by_external_id.remove(hmac);
            }
        }
        for person in changed {
            if let Some(hmac) = &person.external_id_hmac {
                by_external_id.insert(hmac.clone(), person.id);
            }
            persons.insert(person.id, Arc::new(person));
        }
    }
}

fn persons_changed_since(conn: &mut Conn, keys: &Keys, version: i64) -> Result<Vec<PersonAccess>> {
    let mut changed = Vec::new();
    let mut after = None;
    loop {
        let rows = people::changed_since(conn, version, after, PAGE)?;
        let Some(last) = rows.last() else { return Ok(changed) };
        after = Some(last.id);
        changed.extend(persons(conn, keys, rows)?);
    }
}

fn persons(conn: &mut Conn, keys: &Keys, rows: Vec<AccessRow>) -> Result<Vec<PersonAccess>> {
    let ids: Vec<PersonId> = rows.iter().map(|row| row.id).collect();
    let mut standings = people::standings(conn, &ids)?;
    let mut wrapped = subject_keys::find_all(conn, &ids)?;
    let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut accepted = acceptances::approvals_of_all(conn, &names)?;
    let mut completed = trainings::completions_of_all(conn, &names)?;
    let person = |row: AccessRow| {
        let standing = standings.remove(&row.id).unwrap_or_default();
        let wrapped_key = wrapped.remove(&row.id);
        let sealed = row.mastodon.as_deref().zip(wrapped_key.as_deref());
        PersonAccess {
            id: row.id,
            access_version: row.access_version,
            active: standing.active,
            scopes: Scopes::of_roles(standing.roles.iter().copied()),
            roles: standing.roles,
            country: standing.country,
            language: row.language,
            display_name: row.display_name,
            mastodon: sealed.and_then(|(sealed, wrapped)| mastodon(keys, row.id, wrapped, sealed)),
            groups: standing.groups,
            done: Done::new(
                accepted.remove(&row.id).unwrap_or_default(),
                completed.remove(&row.id).unwrap_or_default(),
            ),
            wrapped_key,
            external_id_hmac: row.external_id_hmac,
        }
    };
    Ok(rows.into_iter().map(person).collect())
}

/// An account on Mastodon, opened. One that cannot be is none: the person shares as if they had not told
/// of it, and everybody else is served.
fn mastodon(keys: &Keys, id: PersonId, wrapped: &[u8], sealed: &[u8]) -> Option<MastodonAccount> {
    let key = keys.unwrap(wrapped, id.uuid()).map_err(Error::internal);
    match key.and_then(|key| profiles::open_mastodon(&key, sealed)) {
        Ok(account) => Some(account),
        Err(error) => {
            let cause = error.source;
            tracing::error!(person = %id, ?cause, "a sealed account on Mastodon does not open");
            None
        }
    }
}

fn clients(conn: &mut Conn) -> Result<HashMap<String, Arc<ClientAccess>>> {
    let client = |row: api_keys::ApiKeyRow| {
        let scopes = row.scopes()?;
        let access = ClientAccess { id: row.id, hash: row.hash, scopes, expires_at: row.expires_at };
        Ok((row.prefix, Arc::new(access)))
    };
    api_keys::all(conn)?.into_iter().map(client).collect()
}

/// One person as the rows say, whatever a snapshot says.
pub fn person_from_rows(conn: &mut Conn, keys: &Keys, id: PersonId) -> Result<PersonAccess> {
    let row = people::access_row(conn, id)?;
    let person = persons(conn, keys, row.into_iter().collect())?.pop();
    person.ok_or_else(|| Error::new(Code::PersonNotFound, "There is no such active person."))
}

impl PersonAccess {
    /// The person, as far as obligations depend on them.
    pub fn obliged(&self) -> Obliged<'_> {
        Obliged { groups: &self.groups, country: self.country.as_deref(), done: &self.done }
    }

    /// Refuses a person who is not active or lacks the scope.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if !self.active {
            return Err(Error::new(Code::PersonNotFound, "There is no such active person."));
        }
        if !self.scopes.contains(scope) {
            return Err(Error::new(Code::Forbidden, format!("This needs the scope {scope}.")));
        }
        Ok(())
    }
}

impl Access {
    /// The person that somebody acts as, who must hold the scope: 401 for a session of somebody inactive, 404
    /// `person_not_found` for a key that names one.
    pub fn person_who(&self, actor: &Actor, scope: Scope) -> Result<&Arc<PersonAccess>> {
        let person = self.person(actor.person()?).filter(|person| person.active);
        let person = person.ok_or_else(|| match actor.session {
            Some(_) => Error::new(Code::Unauthenticated, "The session has ended: sign in again."),
            None => Error::new(Code::PersonNotFound, "There is no such active person."),
        })?;
        person.require(scope)?;
        Ok(person)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::app::api_keys::{ApiKey, ApiKeyCreate, api_key_create, api_key_revoke};
    use crate::app::fixture::Fixture;
    use crate::app::people::{PersonUpdate, person_update};
    use crate::domain::mastodon::MastodonPatch;
    use crate::domain::roles::Scope;
    use crate::keys::Identifier;

    impl Fixture {
        fn advanced(&self, access: &Access) -> Access {
            self.read(|conn| access.advance(conn, &self.keys, self.clock.now()))
        }

        fn update(&self, id: PersonId, version: i64, command: &PersonUpdate) {
            self.write(|tx| person_update(tx, &self.keys, &self.admin, id, version, command)).unwrap();
        }
    }

    fn same(one: &Access, other: &Access) -> bool {
        one.version == other.version
            && one.persons == other.persons
            && one.by_external_id == other.by_external_id
            && one.clients == other.clients
            && one.revoked_sessions == other.revoked_sessions
    }

    #[test]
    fn advancing_leads_to_what_loading_gives_and_shares_what_did_not_move() {
        let fixture = Fixture::new();
        let (ada, bob) = (fixture.person("ada", [Role::Author]), fixture.person("bob", [Role::Employee]));
        let access = fixture.access();
        assert!(access.person(ada).unwrap().scopes.contains(Scope::ContentWrite));
        let hmac = |text| fixture.keys.identity_hmac(Identifier::ExternalId, text);
        assert_eq!(access.person_by_external_id(&hmac("E-ada")).unwrap().id, ada);

        fixture.update(bob, 1, &PersonUpdate { active: Some(false), ..PersonUpdate::default() });
        let next = fixture.advanced(&access);
        assert!(!next.person(bob).unwrap().active && access.person(bob).unwrap().active);
        assert_eq!(next.person(bob).unwrap().access_version, next.version());
        assert!(Arc::ptr_eq(next.person(ada).unwrap(), access.person(ada).unwrap()));
        assert!(same(&next, &fixture.access()));
        assert!(Arc::ptr_eq(&next.persons, &fixture.advanced(&next).persons));
    }

    #[test]
    fn an_account_on_mastodon_is_followed_and_one_that_does_not_open_stops_nobody() {
        let fixture = Fixture::new();
        let (ada, bob) = (fixture.person("ada", [Role::Employee]), fixture.person("bob", [Role::Employee]));
        let access = fixture.access();
        let account = MastodonAccount { server: "mastodon.example".to_owned(), text_limit: None };
        let patch = MastodonPatch { server: Some(account.server.clone()), text_limit: None };
        let told = PersonUpdate { mastodon: Some(Some(patch)), ..PersonUpdate::default() };
        fixture.update(ada, 1, &told);
        fixture.update(bob, 1, &told);
        let next = fixture.advanced(&access);
        assert_eq!(access.person(ada).unwrap().mastodon, None);
        assert_eq!(next.person(ada).unwrap().mastodon.as_ref(), Some(&account));
        assert_eq!(next.person(ada).unwrap().access_version + 1, next.version());
        assert!(same(&next, &fixture.access()));
        let person = fixture.read(|conn| person_from_rows(conn, &fixture.keys, ada));
        assert_eq!(person.mastodon.as_ref(), Some(&account));

        let mastodon = Some(Some(b"not sealed under their key".to_vec()));
        let change = people::ProfileChange { mastodon, ..people::ProfileChange::default() };
        fixture.write(|tx| people::update(tx, ada, &change)).unwrap();
        let next = fixture.advanced(&next);
        assert_eq!(next.person(ada).unwrap().mastodon, None);
        assert_eq!(next.person(bob).unwrap().mastodon, Some(account));
    }

    #[test]
    fn external_ids_that_were_swapped_lead_to_their_new_owners() {
        let fixture = Fixture::new();
        let (ada, bob) = (fixture.person("ada", []), fixture.person("bob", []));
        let access = fixture.access();
        let external_id = |text: Option<&str>| PersonUpdate {
            external_id: Some(text.map(str::to_owned)),
            ..PersonUpdate::default()
        };
        fixture.update(ada, 1, &external_id(None));
        fixture.update(bob, 1, &external_id(Some("E-ada")));
        fixture.update(ada, 2, &external_id(Some("E-bob")));
        let next = fixture.advanced(&access);
        assert!(same(&next, &fixture.access()));
        let hmac = fixture.keys.identity_hmac(Identifier::ExternalId, "E-ada");
        assert_eq!(next.person_by_external_id(&hmac).unwrap().id, bob);
    }

    #[test]
    fn keys_come_and_go_and_ended_sessions_are_forgotten_when_no_token_of_them_lives() {
        let fixture = Fixture::new();
        let Fixture { keys, admin, clock, .. } = &fixture;
        let access = fixture.access();
        let key = ApiKey::generate().unwrap();
        let command = ApiKeyCreate {
            name: "App".to_owned(),
            scopes: [Scope::Share].into_iter().collect(),
            expires_at: clock.now().after(Duration::from_hours(1)),
        };
        let made = fixture.write(|tx| api_key_create(tx, keys, admin, &key, &command)).unwrap();
        let access = fixture.advanced(&access);
        assert_eq!(access.client(&made.prefix).unwrap().id, made.id);
        fixture.write(|tx| api_key_revoke(tx, keys, admin, made.id)).unwrap();
        assert!(fixture.advanced(&access).client(&made.prefix).is_none());

        let (session, person) = (SessionId::generate(), admin.person.unwrap());
        let now = clock.now();
        let ended = |tx: &mut crate::store::write::WriteTx<'_>| {
            sessions::insert(tx.conn(), session, person, now, now.after(Duration::from_hours(1)))?;
            sessions::revoke(tx.conn(), session, now)
        };
        fixture.write(ended).unwrap();
        let access = fixture.advanced(&access);
        assert!(access.is_revoked(session));
        clock.set(now.after(tokens::LIFETIME));
        assert!(fixture.advanced(&access).is_revoked(session));
        clock.set(now.after(Duration::from_mins(12)));
        assert!(!fixture.advanced(&access).is_revoked(session));
    }
}
