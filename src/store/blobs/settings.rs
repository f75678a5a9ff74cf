//! Settings of object storage.

use std::fmt;

use object_store::path::Path as Location;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};
use zeroize::Zeroizing;

use super::BlobError;

/// A text that is never printed, and wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// A bucket in S3-compatible object storage. What it prints and serialises has no secret.
///
/// Without keys, the environment and the machine are asked: `AWS_ACCESS_KEY_ID` with
/// `AWS_SECRET_ACCESS_KEY` (and `AWS_SESSION_TOKEN`), a web identity, a container's or an instance's
/// role. Files of profiles are not read. The credentials must be allowed to get, put, delete and list:
/// to whoever may not list, Amazon's store does not say that a blob is absent.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct S3Config {
    /// `https://HOST[:PORT]`, without the bucket; Amazon's of the region when absent.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The bucket's name.
    pub bucket: String,
    /// The region that requests are signed for; stores without regions mostly take `us-east-1`.
    pub region: String,
    /// The id of the access key.
    #[serde(default)]
    pub access_key_id: Option<String>,
    /// The key itself.
    #[serde(default)]
    pub secret_access_key: Option<Secret>,
    /// Whether the bucket stands in the path of requests, not before the host.
    #[serde(default)]
    pub path_style: bool,
    /// What stands before every name in the bucket, such as `greenlight/images`.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Whether requests may go unencrypted: for a store on the same machine.
    #[serde(default)]
    pub allow_http: bool,
}

impl S3Config {
    /// Refuses what cannot work, before anything is asked of the store.
    ///
    /// # Errors
    /// [`BlobError::Settings`] with the key.
    pub fn check(&self) -> Result<(), BlobError> {
        let is_bucket = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '_');
        if !(1..=63).contains(&self.bucket.len())
            || !self.bucket.chars().all(is_bucket)
            || self.bucket.starts_with('.')
        {
            return refuse("bucket", "must be 1 to 63 letters, digits, hyphens and dots");
        }
        let is_region = |char: char| char.is_ascii_alphanumeric() || char == '-';
        if self.region.is_empty() || !self.region.chars().all(is_region) {
            return refuse("region", "must be letters, digits and hyphens, such as us-east-1");
        }
        let is_given = |text: &str| !text.trim().is_empty();
        match (&self.access_key_id, &self.secret_access_key) {
            (None, None) => {}
            (Some(id), Some(secret)) if is_given(id) && is_given(secret.expose()) => {}
            _ => return refuse("secret_access_key", "must be given with access_key_id, or neither"),
        }
        self.root()?;
        self.address()?;
        Ok(())
    }

    /// The prefix as a path; that of the bucket itself when absent.
    pub(super) fn root(&self) -> Result<Location, BlobError> {
        Location::parse(self.prefix.as_deref().unwrap_or_default()).or_else(|_| {
            refuse("prefix", "must be names with slashes between them, such as greenlight/images")
        })
    }

    /// Whether requests go unencrypted.
    pub(super) fn is_plain(&self) -> bool {
        self.endpoint.as_deref().is_some_and(|endpoint| !endpoint.starts_with("https:"))
    }

    /// The address of the store, with the bucket before the host where it goes there; `None` for
    /// Amazon's own.
    pub(super) fn address(&self) -> Result<Option<String>, BlobError> {
        let Some(endpoint) = &self.endpoint else { return Ok(None) };
        let key = "endpoint";
        let Ok(mut url) = Url::parse(endpoint) else {
            return refuse(key, "must be https://HOST, with a port if need be");
        };
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            "http" => return refuse(key, "is not encrypted, and allow_http is not set"),
            _ => return refuse(key, "must begin with https://"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse(key, "must have no credentials in it: they have keys of their own");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse(key, "must end with the host, its port or a path");
        }
        if !self.path_style {
            let Some(Host::Domain(host)) = url.host().map(|host| host.to_owned()) else {
                return refuse("path_style", "must be set where the endpoint is an address, not a name");
            };
            if url.path() != "/" {
                return refuse("path_style", "must be set where the endpoint has a path");
            }
            if url.set_host(Some(&format!("{}.{host}", self.bucket))).is_err() {
                return refuse("path_style", "must be set, for the bucket cannot stand before the host");
            }
        }
        Ok(Some(url.as_str().trim_end_matches('/').to_owned()))
    }
}

fn refuse<T>(key: &'static str, reason: &str) -> Result<T, BlobError> {
    Err(BlobError::Settings { key, reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(more: &str) -> S3Config {
        toml::from_str(&format!("bucket = 'pictures'\nregion = 'eu-west-1'\n{more}")).unwrap()
    }

    #[test]
    fn the_bucket_stands_in_the_path_or_before_the_host() {
        let address = |more: &str| read(more).address().unwrap();
        assert_eq!(address(""), None);
        assert_eq!(
            address("endpoint = 'https://s3.example.org'").as_deref(),
            Some("https://pictures.s3.example.org")
        );
        let path_style = "path_style = true\nallow_http = true\nendpoint";
        assert_eq!(
            address(&format!("{path_style} = 'http://127.0.0.1:9000/'")).as_deref(),
            Some("http://127.0.0.1:9000")
        );
        assert_eq!(
            address(&format!("{path_style} = 'https://example.org/storage/s3'")).as_deref(),
            Some("https://example.org/storage/s3")
        );
    }

    #[test]
    fn what_cannot_work_is_refused_with_its_key() {
        for (more, expected) in [
            ("access_key_id = 'a'", "secret_access_key"),
            ("secret_access_key = 'a'", "secret_access_key"),
            ("access_key_id = ''\nsecret_access_key = ''", "secret_access_key"),
            ("endpoint = 'store'", "endpoint"),
            ("endpoint = 'http://store'", "endpoint"),
            ("endpoint = 'ftp://store'", "endpoint"),
            ("endpoint = 'https://u:p@store'", "endpoint"),
            ("endpoint = 'https://store/?a'", "endpoint"),
            ("endpoint = 'https://127.0.0.1'", "path_style"),
            ("endpoint = 'https://[::1]'", "path_style"),
            ("endpoint = 'https://store/path'", "path_style"),
            ("prefix = 'a/../b'", "prefix"),
            ("prefix = 'a//b'", "prefix"),
        ] {
            let refusal = read(more).check().unwrap_err();
            assert!(
                matches!(refusal, BlobError::Settings { key, .. } if key == expected),
                "{more}: {refusal}"
            );
        }
        for (bucket, region) in [("", "a"), ("a/b", "a"), ("..", "a"), ("a", ""), ("a", "a b")] {
            let config = S3Config { bucket: bucket.to_owned(), region: region.to_owned(), ..read("") };
            assert!(config.check().is_err(), "{bucket} {region}");
        }
        assert!(toml::from_str::<S3Config>("bucket = 'a'\nregion = 'b'\nbukket = 'c'").is_err());
    }

    #[test]
    fn the_secret_is_not_shown() {
        let config = read("access_key_id = 'id'\nsecret_access_key = 'open sesame'");
        config.check().unwrap();
        let shown = format!("{config:?} {}", toml::to_string(&config).unwrap());
        assert!(shown.contains("***") && !shown.contains("sesame"), "{shown}");
        assert_eq!(config.secret_access_key.unwrap().expose(), "open sesame");
    }
}
