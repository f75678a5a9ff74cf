//! Passwords: what is taken for one, and the slow hash they are kept as.
//!
//! Argon2id with 19 MiB, two passes, one lane: what OWASP's ASVS 5.0 (appendix C) asks at least. Each
//! hash takes tens of milliseconds of one core and 19 MiB, so there are never more at a time than cores,
//! and only some may wait. A password is taken as it is: never cut, never changed.

use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::error::{Error, Fault, Result};

/// Memory in KiB.
const MEMORY: u32 = 19 * 1024;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes: threads that one hash could use.
const LANES: u32 = 1;

/// Hashes that may wait for a core before a further one is told to come back.
const WAITING: usize = 64;

/// The shortest password, in characters.
const MIN_LENGTH: usize = 12;

/// The longest password, in characters.
const MAX_LENGTH: usize = 128;

/// Passwords of 12 and more characters that everybody tries first, in lower case.
const COMMON: &str = include_str!("common_passwords.txt");

/// Hashes and checks passwords, a few at a time. Cloning shares the limits.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    /// Checked when there is no password to check, so that it takes the same time.
    dummy: Arc<str>,
}

/// What a check of a password found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verified {
    /// It is not the password.
    Wrong,
    /// It is the password.
    Right {
        /// Its hash with present parameters, when the stored one has weaker ones.
        rehashed: Option<String>,
    },
}

impl Passwords {
    /// With one hash at a time for each core.
    pub fn new() -> Result<Self> {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            running: Arc::new(Semaphore::new(cores)),
            admitted: Arc::new(Semaphore::new(cores + WAITING)),
            dummy: hash_now("nobody has this password")?.into(),
        })
    }

    /// The PHC string of a new password; 422 when it may not be one.
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String> {
        check(&password)?;
        self.run(move || hash_now(&password)).await
    }

    /// Whether this is the password with that PHC string. Without one the answer is `Wrong`, and takes as
    /// long.
    pub async fn verify(&self, password: Zeroizing<String>, stored: Option<String>) -> Result<Verified> {
        let dummy = self.dummy.clone();
        self.run(move || {
            let found = verify_now(&password, stored.as_deref().unwrap_or(&dummy))?;
            Ok(if stored.is_some() { found } else { Verified::Wrong })
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let _admitted = self
            .admitted
            .try_acquire()
            .map_err(|_| Error::unavailable("Too many passwords wait to be checked.").retry_after(2))?;
        // The permit goes with the work: a caller who leaves does not stop the hash that runs for them.
        let permit = self.running.clone().acquire_owned().await.map_err(Error::internal)?;
        let work = move || {
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}

/// The PHC string of a new password, on this thread: for the command line.
pub fn hash_new(password: &str) -> Result<String> {
    check(password)?;
    hash_now(password)
}

/// 12 to 128 characters of any kind, and not one of those that everybody tries first.
fn check(password: &str) -> Result<()> {
    let length = password.chars().count();
    let fault = if length < MIN_LENGTH {
        Fault::body("/password", "password_too_short", "A password has at least 12 characters.")
    } else if length > MAX_LENGTH {
        Fault::body("/password", "password_too_long", "A password has at most 128 characters.")
    } else if is_common(password) {
        Fault::body("/password", "password_too_common", "This password is among the first to be tried.")
    } else {
        return Ok(());
    };
    Err(Error::invalid_content(vec![fault]))
}

fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    COMMON.lines().any(|common| common == lower) || (1..=4).any(|unit| is_repetition(&lower, unit))
}

/// Whether a text is its first `unit` characters over and over.
fn is_repetition(text: &str, unit: usize) -> bool {
    text.chars().skip(unit).eq(text.chars().take(text.chars().count().saturating_sub(unit)))
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String> {
    let hash: PasswordHash = hasher()?.hash_password(password.as_bytes()).map_err(Error::internal)?;
    Ok(hash.to_string())
}

fn verify_now(password: &str, stored: &str) -> Result<Verified> {
    let hash = PasswordHash::new(stored).map_err(Error::internal)?;
    if hasher()?.verify_password(password.as_bytes(), &hash).is_err() {
        return Ok(Verified::Wrong);
    }
    let rehashed = if is_weak(&hash) { Some(hash_now(password)?) } else { None };
    Ok(Verified::Right { rehashed })
}

fn is_weak(hash: &PasswordHash) -> bool {
    let strong = Params::try_from(hash).is_ok_and(|params| {
        params.m_cost() >= MEMORY && params.t_cost() >= PASSES && params.p_cost() >= LANES
    });
    hash.algorithm != Algorithm::Argon2id.ident() || !strong
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::error::Code;

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn long_and_unicode_passwords_work_to_their_last_character() {
        let passwords = Passwords::new().unwrap();
        for text in ["a".repeat(63) + "b", "\u{1f511}".repeat(127) + "x", "Zwölf Zeichen!".to_owned()] {
            let hash = passwords.hash(secret(&text)).await.unwrap();
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
            let right = Verified::Right { rehashed: None };
            assert_eq!(passwords.verify(secret(&text), Some(hash.clone())).await.unwrap(), right);
            let mut shorter = text.clone();
            shorter.pop();
            assert_eq!(passwords.verify(secret(&shorter), Some(hash)).await.unwrap(), Verified::Wrong);
        }
    }

    #[tokio::test]
    async fn nobodys_password_is_always_wrong() {
        let passwords = Passwords::new().unwrap();
        let guess = secret("nobody has this password");
        assert_eq!(passwords.verify(guess, None).await.unwrap(), Verified::Wrong);
    }

    #[test]
    fn a_weaker_hash_is_made_anew_when_the_password_is_right() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let stored: PasswordHash = weak.hash_password(b"correct horse").unwrap();
        let stored = stored.to_string();
        assert_eq!(verify_now("correct house", &stored).unwrap(), Verified::Wrong);
        let Verified::Right { rehashed: Some(strong) } = verify_now("correct horse", &stored).unwrap() else {
            panic!("the password is right and its hash weak");
        };
        assert_eq!(verify_now("correct horse", &strong).unwrap(), Verified::Right { rehashed: None });
    }

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        for (text, code) in [
            ("elevenchars".to_owned(), "password_too_short"),
            ("é".repeat(129), "password_too_long"),
            ("Password1234".to_owned(), "password_too_common"),
            ("aaaaaaaaaaaaaaa".to_owned(), "password_too_common"),
            ("xyz1xyz1xyz1x".to_owned(), "password_too_common"),
        ] {
            let error = hash_new(&text).unwrap_err();
            assert_eq!((error.code, error.errors[0].code), (Code::InvalidContent, code), "{text}");
        }
        assert!(check("a quiet harbour").is_ok());
        for common in COMMON.lines() {
            assert!(common.chars().count() >= MIN_LENGTH && common == common.to_lowercase(), "{common}");
        }
    }

    #[tokio::test]
    async fn only_some_may_wait() {
        let passwords = Passwords::new().unwrap();
        let _all =
            passwords.admitted.acquire_many(passwords.admitted.available_permits() as u32).await.unwrap();
        let refused = passwords.hash(secret("a quiet harbour")).await.unwrap_err();
        assert_eq!((refused.code, refused.retry_after), (Code::Unavailable, Some(2)));
    }
}
