//! The server's own keys: files beside the configuration, outside the database and its backups.
//!
//! Four files in one folder, each with 32 bytes as 64 hexadecimal digits and a newline
//! (`openssl rand -hex 32` makes one). Every node of one installation has the same four; their
//! fingerprints, which tell nothing about them, are compared through the database. Whoever loses
//! `wrapping.key` has erased every person.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::record::crypto::{self, CipherError, Seed, hex, hmac, sha256, truncate};
use crate::record::subject::SubjectKey;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The Ed25519 seed that signs access tokens.
    Token,
    /// Authenticates the cursors of lists.
    Cursor,
    /// Looks persons up by e-mail or external id without storing either in the open.
    Identity,
    /// Encrypts the keys of persons.
    Wrapping,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Purpose; 4] = [Purpose::Token, Purpose::Cursor, Purpose::Identity, Purpose::Wrapping];

    /// The purpose's name, and that of its file without `.key`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Purpose::Token => "token",
            Purpose::Cursor => "cursor",
            Purpose::Identity => "identity",
            Purpose::Wrapping => "wrapping",
        }
    }

    fn file_name(self) -> String {
        format!("{}.key", self.as_str())
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// By what a person is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identifier {
    /// An e-mail address.
    Email,
    /// The id that another system gave.
    ExternalId,
}

impl Identifier {
    const fn as_str(self) -> &'static str {
        match self {
            Identifier::Email => "email",
            Identifier::ExternalId => "external_id",
        }
    }
}

/// Why the keys cannot be used. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no key at all.
    #[error(
        "there are no keys in {0}: put token.key, cursor.key, identity.key and wrapping.key there, \
         each with 64 hexadecimal digits (`openssl rand -hex 32`), the same on every node"
    )]
    None(PathBuf),
    /// Some keys are there and one is not.
    #[error(
        "the key {0} is missing while others are there: restore it from the backup of the keys; a new one \
         would not open what is stored"
    )]
    Missing(PathBuf),
    /// A file does not hold a key.
    #[error("the key {0} is not 64 hexadecimal digits and a newline: restore it from the backup of the keys")]
    Malformed(PathBuf),
    /// Everybody on this machine may read or write a key.
    #[error("the key {0} is open to every user of this machine: `chmod 600` it")]
    Exposed(PathBuf),
    /// A file or folder could not be read or written.
    #[error("cannot use {path}: {source}; check that it belongs to the user who runs greenlight")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// A person's key could not be wrapped.
    #[error("cannot wrap the key of person {0}: {1}")]
    Wrap(Uuid, CipherError),
    /// A person's key does not open.
    #[error(
        "the key of person {person_id} does not open with the wrapping key {kek_id}: this is not the \
         wrapping.key it was made with, or the row in subject_keys was altered"
    )]
    Unwrap {
        /// The person.
        person_id: Uuid,
        /// The fingerprint of the wrapping key that was tried.
        kek_id: String,
    },
}

/// Randomness for one operation, from the system.
pub fn seed() -> Result<Seed, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut())?;
    Ok(Seed::from_bytes(*bytes))
}

/// The server's keys. They are wiped from memory when dropped and never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Keys {
    token: [u8; 32],
    cursor: [u8; 32],
    identity: [u8; 32],
    wrapping: [u8; 32],
}

impl Keys {
    /// Reads the keys of a folder.
    pub fn load(folder: &Path) -> Result<Self, KeyError> {
        if !any_exists(folder)? {
            return Err(KeyError::None(folder.to_owned()));
        }
        let read = |purpose: Purpose| read_key(&folder.join(purpose.file_name()));
        Ok(Self {
            token: *read(Purpose::Token)?,
            cursor: *read(Purpose::Cursor)?,
            identity: *read(Purpose::Identity)?,
            wrapping: *read(Purpose::Wrapping)?,
        })
    }

    /// Reads the keys of a folder, and makes them first when it has none. It never replaces a key, and
    /// refuses a folder that has only some.
    pub fn load_or_create(folder: &Path) -> Result<Self, KeyError> {
        if !any_exists(folder)? {
            create(folder)?;
        }
        Self::load(folder)
    }

    /// The Ed25519 seed for access tokens.
    pub const fn token_seed(&self) -> &[u8; 32] {
        &self.token
    }

    /// The HMAC key for cursors.
    pub const fn cursor_key(&self) -> &[u8; 32] {
        &self.cursor
    }

    /// Authenticates the address of a picture. The cursors' key serves: what it authenticates begins with a
    /// name of its own here, and ends within hours as well.
    pub fn media_hmac(&self, address: &[u8]) -> [u8; 32] {
        hmac(&self.cursor, &[b"media\0", address])
    }

    /// Names a key without telling anything about it: 16 hexadecimal digits.
    pub fn fingerprint(&self, purpose: Purpose) -> String {
        let key = match purpose {
            Purpose::Token => &self.token,
            Purpose::Cursor => &self.cursor,
            Purpose::Identity => &self.identity,
            Purpose::Wrapping => &self.wrapping,
        };
        let hash = sha256(&[b"greenlight key ", purpose.as_str().as_bytes(), &[0], key]);
        hex(&truncate::<8>(hash))
    }

    /// The name of the wrapping key, kept beside each key that it wrapped.
    pub fn kek_id(&self) -> String {
        self.fingerprint(Purpose::Wrapping)
    }

    /// Encrypts a person's key, bound to that person.
    pub fn wrap(&self, key: &SubjectKey, person_id: Uuid) -> Result<Vec<u8>, KeyError> {
        let random = seed()?.derive(&[b"nonce"]);
        crypto::seal(&self.wrapping, random, person_id.as_bytes(), key.as_bytes())
            .map_err(|error| KeyError::Wrap(person_id, error))
    }

    /// Decrypts what [`Keys::wrap`] made for this person.
    pub fn unwrap(&self, wrapped: &[u8], person_id: Uuid) -> Result<SubjectKey, KeyError> {
        let refused = || KeyError::Unwrap { person_id, kek_id: self.kek_id() };
        let bytes = crypto::open(&self.wrapping, person_id.as_bytes(), wrapped).map_err(|_| refused())?;
        let bytes = Zeroizing::new(bytes);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| refused())?;
        Ok(SubjectKey::from_bytes(key))
    }

    /// By what a person is found: the HMAC, in hexadecimal, of an identifier that the caller normalised.
    pub fn identity_hmac(&self, identifier: Identifier, value: &str) -> String {
        // Ended by a zero byte, so that no name and value run into another pair.
        hex(&hmac(&self.identity, &[identifier.as_str().as_bytes(), &[0], value.as_bytes()]))
    }

    /// The HMAC of the canonical body of a request that no person made; persons have
    /// [`SubjectKey::request_hmac`].
    pub fn request_hmac(&self, body: &[u8]) -> [u8; 32] {
        hmac(&self.identity, &[b"request\0", body])
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

fn any_exists(folder: &Path) -> Result<bool, KeyError> {
    for purpose in Purpose::ALL {
        let path = folder.join(purpose.file_name());
        if path.try_exists().map_err(|source| KeyError::Io { path, source })? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
        io::ErrorKind::InvalidData => KeyError::Malformed(path.to_owned()),
        _ => KeyError::Io { path: path.to_owned(), source },
    };
    // The group may read: that is how containers hand secrets to a user who is not root.
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(KeyError::Exposed(path.to_owned()));
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
    decode(&text).ok_or_else(|| KeyError::Malformed(path.to_owned()))
}

/// 64 hexadecimal digits; the newline at their end may be missing, as secret stores drop it.
fn decode(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let digits = text.strip_suffix('\n').unwrap_or(text).as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    let mut key = Zeroizing::new([0; 32]);
    if pairs.len() != key.len() || !rest.is_empty() {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    for (byte, [high, low]) in key.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(key)
}

/// Makes all four keys. Each file is complete on the disk before it has its name.
fn create(folder: &Path) -> Result<(), KeyError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| KeyError::Io { path, source }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))?;
    for purpose in Purpose::ALL {
        let path = folder.join(purpose.file_name());
        let key = Zeroizing::new(seed()?.derive(&[purpose.as_str().as_bytes()]));
        let text = Zeroizing::new(hex(&*key) + "\n");
        write_new(&path, text.as_bytes()).map_err(failed(&path))?;
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}

/// Writes a file that must not exist yet: all of it, or nothing.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", Uuid::now_v7().simple()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        // A second name and not a renaming, which would replace a key that another process just made.
        .and_then(|()| fs::hard_link(&temporary, path));
    let removed = fs::remove_file(&temporary);
    written.and(removed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    const PERSON: Uuid = Uuid::from_u128(0x019a_0000_0000_7000_8000_0000_0000_000a);

    fn keys() -> Keys {
        Keys { token: [1; 32], cursor: [2; 32], identity: [3; 32], wrapping: [4; 32] }
    }

    fn fingerprints(keys: &Keys) -> Vec<String> {
        Purpose::ALL.map(|purpose| keys.fingerprint(purpose)).to_vec()
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn keys_are_made_once_and_closed_to_others() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/keys");
        assert!(matches!(Keys::load(&folder), Err(KeyError::None(_))));
        let made = Keys::load_or_create(&folder).unwrap();
        let again = Keys::load_or_create(&folder).unwrap();
        assert_eq!(fingerprints(&made), fingerprints(&again));
        assert_eq!(made.token_seed(), again.token_seed());

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["cursor.key", "identity.key", "token.key", "wrapping.key"]);
        for name in names {
            assert_eq!(mode(&folder.join(&name)), 0o600);
            assert_eq!(fs::read_to_string(folder.join(&name)).unwrap().len(), 65);
        }
        let other = Keys::load_or_create(&home.path().join("b")).unwrap();
        assert!(fingerprints(&made).iter().all(|fingerprint| !fingerprints(&other).contains(fingerprint)));
    }

    #[test]
    fn a_key_that_is_lost_broken_or_exposed_is_named_and_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path();
        Keys::load_or_create(folder).unwrap();
        let path = folder.join("wrapping.key");
        let good = fs::read(&path).unwrap();
        let message = || Keys::load_or_create(folder).unwrap_err().to_string();

        fs::remove_file(&path).unwrap();
        assert!(message().contains("wrapping.key is missing"));
        assert!(!path.exists());
        for bad in [&b""[..], &good[1..], &good[..63], b"\xff", &[&good[..], b"\n"].concat(), &[b'g'; 64]] {
            fs::write(&path, bad).unwrap();
            chmod(&path, 0o600);
            assert!(message().contains("wrapping.key is not 64 hexadecimal digits"), "{bad:?}");
        }
        fs::write(&path, &good[..64]).unwrap();
        Keys::load(folder).unwrap();
        chmod(&path, 0o604);
        assert!(message().contains("chmod 600"));
        chmod(&path, 0o640);
        Keys::load(folder).unwrap();
        assert!(write_new(&path, b"other").is_err());
        assert_eq!(fs::read(&path).unwrap(), good[..64]);
    }

    #[test]
    fn r22_a_persons_key_opens_only_for_that_person_and_unaltered() {
        let keys = keys();
        let mut wrapped = keys.wrap(&SubjectKey::from_bytes([7; 32]), PERSON).unwrap();
        assert_eq!(keys.unwrap(&wrapped, PERSON).unwrap().as_bytes(), &[7; 32]);
        assert!(keys.unwrap(&wrapped, Uuid::nil()).is_err());
        let other = Keys { token: [1; 32], cursor: [2; 32], identity: [3; 32], wrapping: [5; 32] };
        let refusal = other.unwrap(&wrapped, PERSON).unwrap_err().to_string();
        assert!(refusal.contains(&other.kek_id()), "{refusal}");
        for bit in 0..wrapped.len() * 8 {
            wrapped[bit / 8] ^= 1 << (bit % 8);
            assert!(keys.unwrap(&wrapped, PERSON).is_err());
            wrapped[bit / 8] ^= 1 << (bit % 8);
        }
        assert_ne!(keys.wrap(&SubjectKey::from_bytes([7; 32]), PERSON).unwrap(), wrapped);
    }

    #[test]
    fn identifiers_are_separated_and_keys_not_printed() {
        let keys = keys();
        let email = keys.identity_hmac(Identifier::Email, "a@b.example");
        assert_eq!(email.len(), 64);
        assert_eq!(email, keys.identity_hmac(Identifier::Email, "a@b.example"));
        assert_ne!(email, keys.identity_hmac(Identifier::ExternalId, "a@b.example"));
        assert_ne!(keys.request_hmac(b"{}"), keys.request_hmac(b"[]"));
        assert_eq!(format!("{keys:?}"), "Keys(..)");
        let same = Keys { token: [1; 32], cursor: [1; 32], identity: [1; 32], wrapping: [1; 32] };
        let mut distinct = fingerprints(&same);
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 4);
        assert!(distinct.iter().all(|fingerprint| fingerprint.len() == 16));
    }
}
