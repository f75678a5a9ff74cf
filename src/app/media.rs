//! Where pictures are fetched: addresses that are signed and that end.
//!
//! Whoever has such an address gets the picture, since networks and phones fetch it without credentials. The
//! signature covers the item, the file and the end. All addresses of a file that are made within an hour are
//! the same, so that caches and lists with a tag of their own can keep them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::domain::content::image::{MediaType, PictureFile};
use crate::domain::ids::{Digest, ItemId};
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::keys::Keys;

/// Addresses made within this many seconds end at the same moment.
const STEP: i64 = 3600;

/// Bytes of a signature: nobody guesses 128 bits.
const SIGNATURE: usize = 16;

/// Makes and checks the addresses of pictures.
#[derive(Debug, Clone)]
pub struct MediaLinks {
    keys: Arc<Keys>,
    public_url: String,
}

impl MediaLinks {
    /// Addresses that begin with `public_url`, which has no slash at its end.
    pub fn new(keys: Arc<Keys>, public_url: &str) -> Self {
        Self { keys, public_url: public_url.to_owned() }
    }

    /// Where a file of an item is fetched for the next one to two hours.
    pub fn address(&self, item: ItemId, file: &PictureFile, now: Time) -> String {
        let name = name(&file.digest, file.media_type);
        let expires = (now.seconds().div_euclid(STEP) + 2) * STEP;
        let signature = self.signature(item, &name, expires);
        let Self { public_url, .. } = self;
        format!("{public_url}/v1/media/{item}/{name}?expires={expires}&signature={signature}")
    }

    /// An address as long as any other at this time.
    pub fn sample(&self, now: Time) -> String {
        let (digest, media_type) = (Digest::of(b""), MediaType::Jpeg);
        let file = PictureFile { digest, media_type, width: 1, height: 1, bytes: 1 };
        self.address(ItemId::from_uuid(uuid::Uuid::nil()), &file, now)
    }

    /// The digest of the file that an address names, if it was made here: else 404. One that has ended is 403
    /// `address_expired`.
    pub fn open(&self, item: ItemId, name: &str, expires: i64, signature: &str, now: Time) -> Result<Digest> {
        let expected = self.signature(item, name, expires);
        if !bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
            return Err(Error::not_found("picture"));
        }
        if expires <= now.seconds() {
            let detail = "This address has ended: read the image or the share again for a fresh one.";
            return Err(Error::new(Code::AddressExpired, detail));
        }
        let hex = name.split_once('.').map_or(name, |(hex, _)| hex);
        format!("sha256:{hex}").parse().map_err(|_| Error::not_found("picture"))
    }

    fn signature(&self, item: ItemId, name: &str, expires: i64) -> String {
        let mac = self.keys.media_hmac(format!("{item}/{name}?{expires}").as_bytes());
        let (short, _) = mac.split_at(SIGNATURE);
        URL_SAFE_NO_PAD.encode(short)
    }
}

/// The name of a file, which is also a good one to save it under.
fn name(digest: &Digest, media_type: MediaType) -> String {
    let ending = match media_type {
        MediaType::Jpeg => "jpg",
        MediaType::Png => "png",
    };
    format!("{}.{ending}", digest.hex())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn links() -> (tempfile::TempDir, MediaLinks) {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::load_or_create(folder.path()).unwrap();
        (folder, MediaLinks::new(Arc::new(keys), "https://greenlight.example"))
    }

    fn parts(address: &str) -> (ItemId, &str, i64, &str) {
        let rest = address.strip_prefix("https://greenlight.example/v1/media/").unwrap();
        let (item, rest) = rest.split_once('/').unwrap();
        let (name, rest) = rest.split_once("?expires=").unwrap();
        let (expires, signature) = rest.split_once("&signature=").unwrap();
        (item.parse().unwrap(), name, expires.parse().unwrap(), signature)
    }

    #[test]
    fn an_address_leads_to_its_file_until_it_ends_and_to_no_other() {
        let (_folder, links) = links();
        let now = Time::parse("2026-11-21T09:10:00Z").unwrap();
        let file = PictureFile {
            digest: Digest::of(b"picture"),
            media_type: MediaType::Png,
            width: 4,
            height: 3,
            bytes: 7,
        };
        let item = ItemId::generate();
        let address = links.address(item, &file, now);
        assert_eq!(address, links.address(item, &file, Time::parse("2026-11-21T09:59:59Z").unwrap()));
        assert_eq!(links.sample(now).len(), address.len());
        let (_, name, expires, signature) = parts(&address);
        assert!(std::path::Path::new(name).extension().is_some_and(|ending| ending == "png"));
        assert_eq!(links.open(item, name, expires, signature, now).unwrap(), file.digest);

        let later = Time::parse("2026-11-21T11:00:00Z").unwrap();
        let code = |refused: Result<Digest>| refused.unwrap_err().code;
        assert_eq!(code(links.open(item, name, expires, signature, later)), Code::AddressExpired);
        assert_eq!(code(links.open(item, name, expires + 1, signature, now)), Code::NotFound);
        assert_eq!(code(links.open(ItemId::generate(), name, expires, signature, now)), Code::NotFound);
        assert_eq!(code(links.open(item, "other.png", expires, signature, now)), Code::NotFound);
        assert_eq!(code(links.open(item, name, expires, "", now)), Code::NotFound);
    }
}
