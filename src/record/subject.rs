//! A person's key: without it, what was sealed under it is unreadable and its digests unguessable.
//!
//! Each person has 32 random bytes, kept wrapped in `subject_keys`. Deleting that one row erases the
//! person from every table, entry and backup (R22): values are encrypted under a key derived from it,
//! and the salts of their digests in statements are derived from it too.

use std::fmt;

use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::crypto::{self, CipherError, Seed, hmac};

/// The key of one person. It is wiped from memory when dropped and never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SubjectKey([u8; 32]);

impl SubjectKey {
    /// A fresh key.
    pub fn generate(seed: Seed) -> Self {
        Self(seed.derive(&[b"subject key"]))
    }

    /// The key of these bytes, as they were unwrapped.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key's bytes, to be wrapped.
    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals a value of the person for one place outside the record.
    ///
    /// `context` names that place in ASCII (`people.display_name`); the value opens in no other. An
    /// entry's fields are bound to the entry's id and cannot be confused with it: the ninth byte of a
    /// UUID is never ASCII (RFC 9562, section 4.1).
    pub fn seal(&self, seed: Seed, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, CipherError> {
        self.seal_with(seed.derive(&[b"nonce"]), context, plaintext)
    }

    /// Opens what [`SubjectKey::seal`] made for this context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        crypto::open(&self.expand(b"enc"), context, sealed)
    }

    /// The HMAC of a request's canonical body: tells a retry from another request without keeping it.
    pub fn request_hmac(&self, body: &[u8]) -> [u8; 32] {
        hmac(&self.expand(b"request"), &[body])
    }

    /// Seals with a nonce from `random`, which must be fresh.
    pub(super) fn seal_with(
        &self,
        random: [u8; 32],
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError> {
        crypto::seal(&self.expand(b"enc"), random, context, plaintext)
    }

    /// The key of the salts of the person's fields in one entry.
    pub(super) fn salt_key(&self, event_id: Uuid, record_key: &[u8; 32]) -> Zeroizing<[u8; 32]> {
        hmac(&self.0, &[b"gl1/personal", event_id.as_bytes(), record_key]).into()
    }

    /// HKDF-Expand of RFC 5869 for 32 bytes: its first block. Extraction is for keys that are not
    /// uniformly random; this one is.
    fn expand(&self, info: &[u8]) -> Zeroizing<[u8; 32]> {
        hmac(&self.0, &[info, &[1]]).into()
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey(..)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn r22_what_is_sealed_opens_only_with_its_key_and_context(
            key: [u8; 32], other: [u8; 32], seed: [u8; 32],
            context in "[a-z_.]{0,20}", elsewhere in "[a-z_.]{0,20}", plaintext: Vec<u8>, bit: usize,
        ) {
            prop_assume!(key != other && context != elsewhere);
            let subject = SubjectKey::from_bytes(key);
            let mut sealed = subject.seal(Seed::from_bytes(seed), context.as_bytes(), &plaintext).unwrap();
            prop_assert_eq!(subject.open(context.as_bytes(), &sealed).unwrap(), plaintext);

            let refused = Err(CipherError::NotAuthentic);
            prop_assert_eq!(subject.open(elsewhere.as_bytes(), &sealed), refused.clone());
            prop_assert_eq!(SubjectKey::from_bytes(other).open(context.as_bytes(), &sealed), refused.clone());
            let bit = bit % (sealed.len() * 8);
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(subject.open(context.as_bytes(), &sealed), refused);
        }
    }

    #[test]
    fn a_key_is_not_printed_and_seals_each_value_anew() {
        let key = SubjectKey::from_bytes([7; 32]);
        assert_eq!(format!("{key:?}"), "SubjectKey(..)");
        let seal = |seed| key.seal(Seed::from_bytes([seed; 32]), b"people.email", b"a@b.example").unwrap();
        assert_eq!(seal(1), seal(1));
        assert_ne!(seal(1), seal(2));
        assert_ne!(
            SubjectKey::generate(Seed::from_bytes([1; 32])).as_bytes(),
            SubjectKey::generate(Seed::from_bytes([2; 32])).as_bytes()
        );
        assert_ne!(key.request_hmac(b"{}"), SubjectKey::from_bytes([8; 32]).request_hmac(b"{}"));
    }
}
