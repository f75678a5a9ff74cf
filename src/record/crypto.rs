//! The primitives: HMAC-SHA256, AES-256-GCM, and the randomness that is passed in.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of an AES-GCM nonce (NIST SP 800-38D: 96 bits).
const NONCE: usize = 12;

/// Bytes of the block of SHA-256, to which HMAC pads its key.
const BLOCK: usize = 64;

/// 32 fresh random bytes, from which one operation derives each random value that it needs.
///
/// It is used up by the operation and cannot be copied, so no nonce is ever used twice; and what was
/// derived from it cannot be derived again once it is gone.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The seed of these bytes, which must come from the system's random source (or from a test).
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The random bytes for one purpose: others for each purpose.
    pub(crate) fn derive(&self, purpose: &[&[u8]]) -> [u8; 32] {
        hmac(&self.0, purpose)
    }
}

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// The plaintext is longer than AES-GCM takes (64 GiB).
    #[error("too long to be sealed")]
    TooLong,
    /// It was not sealed with this key in this context, or was altered since.
    #[error("not sealed with this key in this context, or altered since")]
    NotAuthentic,
}

/// SHA-256 of the parts, one after another.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HMAC-SHA256 of the parts, one after another.
pub(crate) fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // RFC 2104 pads a key shorter than the block with zeros; padded here, its length cannot be wrong.
    let mut padded = [0; BLOCK];
    for (to, from) in padded.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&padded.into());
    padded.zeroize();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The first `N` bytes of a hash; `N` is at most 32.
pub(crate) fn truncate<const N: usize>(hash: [u8; 32]) -> [u8; N] {
    const { assert!(N <= 32) };
    let mut first = [0; N];
    for (to, from) in first.iter_mut().zip(hash) {
        *to = from;
    }
    first
}

/// AES-256-GCM: nonce, ciphertext, tag. `context` is authenticated and not stored.
///
/// `random` is hashed output of a [`Seed`], of which the nonce takes the first 96 bits.
pub(crate) fn seal(
    key: &[u8; 32],
    random: [u8; 32],
    context: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, CipherError> {
    let nonce: [u8; NONCE] = truncate(random);
    let payload = Payload { msg: plaintext, aad: context };
    let ciphertext =
        Aes256Gcm::new(key.into()).encrypt(&Nonce::from(nonce), payload).map_err(|_| CipherError::TooLong)?;
    Ok([nonce.as_slice(), &ciphertext].concat())
}

/// Opens what [`seal`] made with the same key and context.
pub(crate) fn open(key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>().ok_or(CipherError::NotAuthentic)?;
    let payload = Payload { msg: ciphertext, aad: context };
    Aes256Gcm::new(key.into()).decrypt(&Nonce::from(*nonce), payload).map_err(|_| CipherError::NotAuthentic)
}

/// Base64url without padding (RFC 4648, section 5).
pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a base64url text, if it is one in the only spelling that [`base64url`] gives.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The bytes in hexadecimal: two lower-case digits for each, the higher half first.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn hmac_gives_the_answer_of_rfc_4231() {
        // Test case 2 has the key "Jefe", which zeros pad to 32 bytes without changing the HMAC.
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(b"Jefe") {
            *to = *from;
        }
        assert_eq!(
            hex(&hmac(&key, &[b"what do ya want ", b"for nothing?"])),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_sealed_value_carries_its_nonce_and_tag() {
        let sealed = seal(&[1; 32], [2; 32], b"context", b"value").unwrap();
        assert_eq!(sealed.len(), NONCE + 5 + 16);
        assert!(sealed.starts_with(&[2; NONCE]));
        assert_eq!(open(&[1; 32], b"context", &sealed).unwrap(), b"value");
        assert_eq!(open(&[1; 32], b"", &[]), Err(CipherError::NotAuthentic));
    }
}
