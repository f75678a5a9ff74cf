//! How often somebody may try to sign in.
//!
//! Failures count for five minutes, by account and by address, and ten are enough: an address that has
//! failed ten times is told to come back, whatever accounts it tried. An account with ten failures is
//! not closed, or anybody could lock anybody out: an address that has not failed on it still gets a try,
//! so the right password from elsewhere works; one that has failed on it gets none. An attempt counts
//! from its beginning, so that many at a time gain nothing, and is forgiven when it succeeds. Each
//! process counts for itself.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::time::Time;
use crate::error::{Code, Error, Result};

/// How long a failure counts.
const WINDOW: Duration = Duration::from_mins(5);

/// Failures that are enough.
const LIMIT: usize = 10;

/// Accounts, addresses and pairs of them that are remembered; beyond it the oldest are forgotten.
const MAX_KEYS: usize = 30_000;

/// Counts attempts to sign in.
#[derive(Debug, Default)]
pub struct Throttle {
    attempts: Mutex<HashMap<Key, Vec<Time>>>,
}

/// What attempts are counted by. Accounts are known by the HMAC of their e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Address(IpAddr),
    Pair(String, IpAddr),
}

/// An attempt that counts as a failure until it is forgiven.
#[derive(Debug)]
pub struct Attempt {
    keys: [Key; 3],
    at: Time,
}

impl Throttle {
    /// Counts an attempt, or refuses it: 429 with the seconds until another one counts less.
    pub fn begin(&self, account: &str, address: IpAddr, now: Time) -> Result<Attempt> {
        let address = network(address);
        let keys =
            [Key::Account(account.to_owned()), Key::Address(address), Key::Pair(account.to_owned(), address)];
        let mut attempts = self.lock();
        let [of_account, of_address, of_pair] = keys.each_ref().map(|key| recent(&attempts, key, now));
        let refused = if of_address.len() >= LIMIT {
            of_address.first()
        } else if of_account.len() >= LIMIT {
            of_pair.first()
        } else {
            None
        };
        if let Some(oldest) = refused {
            return Err(too_many(*oldest, now));
        }
        make_room(&mut attempts, now);
        for (key, mut times) in keys.iter().zip([of_account, of_address, of_pair]) {
            times.push(now);
            attempts.insert(key.clone(), times);
        }
        Ok(Attempt { keys, at: now })
    }

    /// Takes back an attempt that was no failure.
    pub fn forgive(&self, attempt: Attempt) {
        let mut attempts = self.lock();
        for key in attempt.keys {
            if let Some(times) = attempts.get_mut(&key)
                && let Some(index) = times.iter().rposition(|time| *time == attempt.at)
            {
                times.remove(index);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Vec<Time>>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A household or office has a whole /64 of IPv6 to itself, so that counts as one address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

/// The attempts that still count: the latest that are enough, oldest first.
fn recent(attempts: &HashMap<Key, Vec<Time>>, key: &Key, now: Time) -> Vec<Time> {
    let counts = |time: &&Time| time.after(WINDOW) > now;
    let mut latest: Vec<Time> =
        attempts.get(key).into_iter().flatten().rev().filter(counts).take(LIMIT).copied().collect();
    latest.reverse();
    latest
}

/// Forgets what counts no more; while there is too much, also what is older than half as long.
fn make_room(attempts: &mut HashMap<Key, Vec<Time>>, now: Time) {
    let mut horizon = WINDOW;
    while attempts.len() >= MAX_KEYS {
        attempts.retain(|_, times| times.last().is_some_and(|last| last.after(horizon) > now));
        horizon /= 2;
    }
}

fn too_many(oldest: Time, now: Time) -> Error {
    let wait = oldest.after(WINDOW).micros().saturating_sub(now.micros());
    let seconds = u32::try_from(wait.max(0) / 1_000_000).unwrap_or(u32::MAX).saturating_add(1);
    Error::new(Code::TooManyRequests, "Signing in failed too often: wait before the next try.")
        .retry_after(seconds)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn at(seconds: u64) -> Time {
        Time::from_micros(0).after(Duration::from_secs(seconds))
    }

    #[test]
    fn the_eleventh_failure_in_five_minutes_is_refused_for_the_address() {
        let throttle = Throttle::default();
        for second in 0..10 {
            throttle.begin(&format!("account {second}"), HERE, at(second)).unwrap();
        }
        let refused = throttle.begin("another", HERE, at(10)).unwrap_err();
        assert_eq!((refused.code, refused.retry_after), (Code::TooManyRequests, Some(291)));
        assert!(throttle.begin("another", ELSEWHERE, at(10)).is_ok());
        assert!(throttle.begin("another", HERE, at(299)).is_err());
        assert!(throttle.begin("another", HERE, at(300)).is_ok());
        assert!(throttle.begin("another", HERE, at(300)).is_err(), "one has ended, not all");
    }

    #[test]
    fn an_attacked_account_is_open_to_an_address_that_did_not_fail_on_it() {
        let throttle = Throttle::default();
        for last in 0..10 {
            throttle.begin("ada", IpAddr::from([198, 51, 100, last]), at(0)).unwrap();
        }
        assert!(throttle.begin("ada", IpAddr::from([198, 51, 100, 3]), at(1)).is_err());
        let right = throttle.begin("ada", HERE, at(1)).unwrap();
        throttle.forgive(right);
        throttle.begin("ada", HERE, at(2)).unwrap();
        assert!(throttle.begin("ada", HERE, at(3)).is_err(), "it failed once, and the account is attacked");
        assert!(throttle.begin("bob", HERE, at(3)).is_ok());
    }

    #[test]
    fn what_succeeds_does_not_count() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            let attempt = throttle.begin("ada", HERE, at(0)).unwrap();
            throttle.forgive(attempt);
        }
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let throttle = Throttle::default();
        let address = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        for last in 0..10 {
            throttle.begin(&format!("account {last}"), address(last), at(0)).unwrap();
        }
        assert!(throttle.begin("another", address(99), at(0)).is_err());
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), HERE);
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..20_000_u32 {
            let address = IpAddr::V4(std::net::Ipv4Addr::from_bits(number));
            throttle.begin(&number.to_string(), address, at(u64::from(number) / 1_000)).unwrap();
        }
        let kept = throttle.lock().len();
        assert!((3..=MAX_KEYS + 2).contains(&kept), "{kept}");
    }
}
