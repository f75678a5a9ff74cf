//! Signing in with a password, staying signed in, signing out.
//!
//! A session lasts at most 30 days. Each refresh token is good once; one that is used again was stolen
//! from whoever used it first or second, so the whole session ends. These writes do without the lock of
//! the record and touch no other table.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::actor::Actor;
use super::identity;
use super::passwords::{Passwords, Verified};
use super::throttle::Throttle;
use super::tokens::{self, Tokens};
use crate::domain::ids::{PersonId, SessionId};
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::keys::{Identifier, Keys};
use crate::record::crypto::{base64url, hex, sha256};
use crate::store::connection::Conn;
use crate::store::write::WriteTx;
use crate::store::{Db, Lane, people, sessions};

/// How long a session lasts at most, however often it is refreshed.
const MAX_SESSION: Duration = Duration::from_hours(30 * 24);

/// What every refresh token begins with, for scanners of leaked secrets.
const BEGINNING: &str = "glr_";

/// Signs people in and out.
pub struct Sessions {
    db: Db,
    keys: Arc<Keys>,
    tokens: Arc<Tokens>,
    passwords: Passwords,
    throttle: Throttle,
}

/// What somebody gets who signed in.
pub struct SessionTokens {
    /// The access token, for `Authorization: Bearer`.
    pub access_token: String,
    /// Seconds for which the access token is good.
    pub expires_in: u64,
    /// The refresh token, good once.
    pub refresh_token: Zeroizing<String>,
}

impl Sessions {
    /// On this database, with these keys.
    pub fn new(db: Db, keys: Arc<Keys>, tokens: Arc<Tokens>, passwords: Passwords) -> Self {
        Self { db, keys, tokens, passwords, throttle: Throttle::default() }
    }

    /// Signs somebody in who asks from `address`.
    ///
    /// 401 `unauthenticated`, the same and as fast, for an unknown address, a wrong password, and
    /// somebody inactive or without a password; 429 after too many failures (see [`super::throttle`]);
    /// 503 when too many passwords wait to be checked.
    pub async fn session_create(
        &self,
        email: &str,
        password: Zeroizing<String>,
        address: IpAddr,
        now: Time,
    ) -> Result<SessionTokens> {
        let account = self.keys.identity_hmac(Identifier::Email, &identity::normal_email(email));
        let attempt = self.throttle.begin(&account, address, now)?;
        let signed_in = self.password_checked(account.clone(), password).await;
        match &signed_in {
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => self.throttle.forgive(attempt),
        }
        let (person, hash) = signed_in?.ok_or_else(wrong_password)?;
        let begin = move |conn: &mut Conn| {
            // Read again in the transaction: the password may have changed while it was checked.
            if people::password_of(conn, &account)? != Some((person, hash)) {
                return Err(wrong_password());
            }
            begin_session(conn, person, now)
        };
        let (session, refresh) = self.db.write_unlocked(begin).await?;
        self.answer(person, session, refresh, now)
    }

    /// Who has this password, and its present hash.
    async fn password_checked(
        &self,
        account: String,
        password: Zeroizing<String>,
    ) -> Result<Option<(PersonId, String)>> {
        let found = self.db.read(move |conn| people::password_of(conn, &account)).await?;
        let stored = found.as_ref().map(|(_, hash)| hash.clone());
        let verified = self.passwords.verify(password, stored).await?;
        match (found, verified) {
            (Some((person, old)), Verified::Right { rehashed: Some(new) }) => {
                let hash = new.clone();
                let rehash = move |tx: &mut WriteTx<'_>| people::rehash_password(tx, person, &old, &new);
                self.db.write(Lane::Ordinary, rehash).await?;
                Ok(Some((person, hash)))
            }
            (Some(found), Verified::Right { rehashed: None }) => Ok(Some(found)),
            (None, _) | (_, Verified::Wrong) => Ok(None),
        }
    }

    /// New tokens for a refresh token that was not used yet; 401 otherwise. One that was used before
    /// ends its session.
    pub async fn token_refresh(&self, refresh_token: &str, now: Time) -> Result<SessionTokens> {
        let hash = hash(refresh_token);
        let known = {
            let hash = hash.clone();
            self.db.read(move |conn| sessions::find_refreshed(conn, &hash)).await?
        };
        // What is not known, or has ended, is refused without waiting for a turn to write.
        known.filter(|session| session.holds(now)).ok_or_else(session_ended)?;
        let refreshed = self.db.write_unlocked(move |conn| refresh(conn, &hash, now)).await?;
        let (person, session, refresh) = refreshed.ok_or_else(session_ended)?;
        self.answer(person, session, refresh, now)
    }

    /// Ends the caller's session; 404 when an API key was used, which has none.
    pub async fn session_delete(&self, actor: &Actor, now: Time) -> Result<()> {
        let session = actor.session.ok_or_else(|| Error::not_found("session"))?;
        self.db.write_unlocked(move |conn| sessions::revoke(conn, session, now)).await
    }

    fn answer(
        &self,
        person: PersonId,
        session: SessionId,
        refresh_token: Zeroizing<String>,
        now: Time,
    ) -> Result<SessionTokens> {
        let access_token = self.tokens.issue(person, session, now)?;
        Ok(SessionTokens { access_token, expires_in: tokens::LIFETIME.as_secs(), refresh_token })
    }
}

fn begin_session(conn: &mut Conn, person: PersonId, now: Time) -> Result<(SessionId, Zeroizing<String>)> {
    let session = SessionId::generate();
    sessions::insert(conn, session, person, now, now.after(MAX_SESSION))?;
    Ok((session, new_refresh(conn, session, now)?))
}

/// `None` when the token is not good any more; what that ends is written all the same.
fn refresh(
    conn: &mut Conn,
    hash: &str,
    now: Time,
) -> Result<Option<(PersonId, SessionId, Zeroizing<String>)>> {
    let found = sessions::find_refreshed(conn, hash)?;
    let Some(session) = found.filter(|session| session.holds(now)) else { return Ok(None) };
    let fresh = sessions::use_refresh(conn, hash, now)?;
    if !fresh || !people::standing(conn, session.person_id)?.active {
        sessions::revoke(conn, session.id, now)?;
        return Ok(None);
    }
    let refresh = new_refresh(conn, session.id, now)?;
    Ok(Some((session.person_id, session.id, refresh)))
}

fn new_refresh(conn: &mut Conn, session: SessionId, now: Time) -> Result<Zeroizing<String>> {
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(random.as_mut()).map_err(Error::internal)?;
    let token = Zeroizing::new(format!("{BEGINNING}{}", base64url(*random)));
    sessions::insert_refresh(conn, &hash(&token), session, now)?;
    Ok(token)
}

fn hash(refresh_token: &str) -> String {
    hex(&sha256(&[refresh_token.as_bytes()]))
}

fn wrong_password() -> Error {
    Error::new(Code::Unauthenticated, "The e-mail address or the password is not right.")
}

fn session_ended() -> Error {
    Error::new(Code::Unauthenticated, "The session has ended: sign in again.")
}

#[cfg(test)]
mod tests;
