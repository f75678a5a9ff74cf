//! One typed configuration: defaults, then the file, then the environment, then flags.
//!
//! Each key stands in the file as written here; in the environment it is `GREENLIGHT_` and the key in
//! capitals, with `__` between a table and its key (`GREENLIGHT_ORGANISATION__NAME`). A list is written
//! with commas there. `channels` has no form for the environment: it stands in the file.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use crate::domain::channels::{ChannelError, Channels};
use crate::domain::disclaimers::Organisation;
use crate::domain::links::{LinkPolicy, is_domain};
use crate::error::Error;
use crate::store::blobs::{BlobError, Blobs, S3Config};
use crate::store::connection::{DatabaseUrl, UnknownDatabaseUrl};

/// The variable that names the configuration file; it is no key of the configuration itself.
pub const FILE_VARIABLE: &str = "GREENLIGHT_CONFIG";

/// Everything that an operator can set. What it prints and serialises has no secrets.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// `sqlite:PATH` or `postgres://..`; `greenlight.db` in the data folder when empty.
    #[serde(serialize_with = "without_password")]
    pub database_url: String,
    /// Connections to PostgreSQL that this process may open.
    pub database_connections: u32,
    /// Where SQLite and the keys live.
    pub data_dir: PathBuf,
    /// The folder of the server's keys; `keys` in the data folder when empty.
    pub keys_dir: PathBuf,
    /// The folder of pictures, where they are in no object storage; `images` in the data folder when empty.
    pub images_dir: PathBuf,
    /// The largest picture that is taken, in bytes.
    pub image_bytes: u64,
    /// Whether `serve` runs the migrations that wait; else it refuses to start while any do.
    pub migrate_on_start: bool,
    /// How clients reach the server; it is the issuer of access tokens.
    pub public_url: String,
    /// Hours after which a share without an outcome lapses.
    pub share_lapses_after_hours: u32,
    /// Hours within which somebody else reviews a post that was published urgently.
    pub urgent_review_hours: u32,
    /// How often a node asks whether anything moved, in milliseconds.
    pub poll_milliseconds: u64,
    /// Worker threads; one for each core when 0.
    pub workers: usize,
    /// Whether `/docs` is served.
    pub docs: bool,
    /// Seconds for `Strict-Transport-Security`; 0 = not sent.
    pub hsts_seconds: u32,
    /// Proxies, as addresses or networks, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// `json` or `text`.
    pub log_format: LogFormat,
    /// What is logged, as `tracing` filters say it.
    pub log_filter: String,
    /// The organisation that content speaks for.
    pub organisation: Organisation,
    /// Where links may lead to.
    pub links: LinkPolicy,
    /// Where pictures are kept instead of a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Config>,
    /// Channels to change or add, by id.
    pub channels: toml::Table,
}

/// The lists, which have commas in the environment.
const LISTS: [(&str, &str); 2] =
    [("GREENLIGHT_TRUSTED_PROXIES", "trusted_proxies"), ("GREENLIGHT_LINKS__DOMAINS", "links.domains")];

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database_url: String::new(),
            database_connections: 12,
            data_dir: PathBuf::from("data"),
            keys_dir: PathBuf::new(),
            images_dir: PathBuf::new(),
            image_bytes: 20_000_000,
            migrate_on_start: true,
            public_url: String::new(),
            share_lapses_after_hours: 24,
            urgent_review_hours: 24,
            poll_milliseconds: 100,
            workers: 0,
            docs: true,
            hsts_seconds: 0,
            trusted_proxies: Vec::new(),
            log_format: LogFormat::Json,
            log_filter: "info".to_owned(),
            organisation: Organisation::default(),
            links: LinkPolicy::default(),
            s3: None,
            channels: toml::Table::new(),
        }
    }
}

/// What the command line sets, over everything else.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// Over [`Config::listen`].
    pub listen: Option<SocketAddr>,
    /// Over [`Config::database_url`].
    pub database_url: Option<String>,
    /// Over [`Config::data_dir`].
    pub data_dir: Option<PathBuf>,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read, or a key is unknown or has another type.
    #[error("{0}")]
    Unreadable(#[from] config::ConfigError),
    /// `database_url` has no known form.
    #[error("database_url: {0}")]
    DatabaseUrl(#[from] UnknownDatabaseUrl),
    /// A channel cannot be used.
    #[error("channels: {0}")]
    Channel(#[from] ChannelError),
    /// Another value is out of its bounds.
    #[error("{key}: {reason}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The object storage of pictures cannot be used.
    #[error("s3.{0}")]
    S3(BlobError),
    /// The embedded defaults are broken.
    #[error("{0}")]
    Defaults(Error),
}

impl Config {
    /// Reads the file, if one is named, the environment over it, and the flags over both.
    pub fn load(file: Option<&Path>, flags: &Flags) -> Result<Self, ConfigError> {
        let of_greenlight = |name: &String| name.starts_with("GREENLIGHT_") && name != FILE_VARIABLE;
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| of_greenlight(name))
            .collect();
        Self::read(file, variables, flags)
    }

    fn read(
        file: Option<&Path>,
        mut variables: config::Map<String, String>,
        flags: &Flags,
    ) -> Result<Self, ConfigError> {
        let mut builder = config::Config::builder();
        if let Some(file) = file {
            builder = builder.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        for (variable, key) in LISTS {
            let list = variables.remove(variable).filter(|list| !list.is_empty());
            if let Some(list) = list {
                builder = builder.set_override(key, list.split(',').map(str::trim).collect::<Vec<_>>())?;
            }
        }
        // No guessing at types: a company may be called 007.
        let environment = config::Environment::with_prefix("GREENLIGHT")
            .prefix_separator("_")
            .separator("__")
            .ignore_empty(true)
            .source(Some(variables));
        let mut config: Self = builder.add_source(environment).build()?.try_deserialize()?;
        config.set(flags);
        config.check()?;
        Ok(config)
    }

    fn set(&mut self, flags: &Flags) {
        if let Some(listen) = flags.listen {
            self.listen = listen;
        }
        if let Some(url) = &flags.database_url {
            self.database_url.clone_from(url);
        }
        if let Some(folder) = &flags.data_dir {
            self.data_dir.clone_from(folder);
        }
    }

    /// The same with every key that follows from others filled in.
    pub fn resolved(&self) -> Result<Self, ConfigError> {
        let database_url = match self.database()? {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseUrl::Postgres(url) => url,
        };
        let (keys_dir, images_dir, public_url) = (self.keys_dir(), self.images_dir(), self.public_url());
        Ok(Self { database_url, keys_dir, images_dir, public_url, ..self.clone() })
    }

    /// Refuses what cannot work, before anything is opened.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.database()?;
        self.channels()?;
        let refuse = |key, reason: &str| Err(ConfigError::Value { key, reason: reason.to_owned() });
        if self.organisation.name.trim().is_empty() {
            return refuse("organisation.name", "must not be empty");
        }
        let hashtag = &self.organisation.hashtag;
        if !hashtag.is_empty() && !self.channels()?.is_portable_hashtag(hashtag) {
            return refuse(
                "organisation.hashtag",
                "must be letters, digits and inner underscores, without the number sign",
            );
        }
        if let Some(odd) = self.links.domains.iter().find(|domain| !is_domain(domain)) {
            let reason = format!("{odd} is not a domain in lower case, such as example.org");
            return Err(ConfigError::Value { key: "links.domains", reason });
        }
        if !(1..=24 * 30).contains(&self.share_lapses_after_hours) {
            return refuse("share_lapses_after_hours", "must be from 1 to 720");
        }
        if !(1..=24 * 30).contains(&self.urgent_review_hours) {
            return refuse("urgent_review_hours", "must be from 1 to 720");
        }
        if !(10..=500).contains(&self.poll_milliseconds) {
            return refuse("poll_milliseconds", "must be from 10 to 500");
        }
        if let Some(s3) = &self.s3 {
            s3.check().map_err(ConfigError::S3)?;
        }
        if !(1_000..=100_000_000).contains(&self.image_bytes) {
            return refuse("image_bytes", "must be from 1000 to 100000000");
        }
        if !(3..=1000).contains(&self.database_connections) {
            return refuse("database_connections", "must be from 3 to 1000");
        }
        Ok(())
    }

    /// Where the database is.
    pub fn database(&self) -> Result<DatabaseUrl, UnknownDatabaseUrl> {
        if self.database_url.is_empty() {
            return Ok(DatabaseUrl::Sqlite(self.data_dir.join("greenlight.db")));
        }
        self.database_url.parse()
    }

    /// The folder of the server's keys.
    pub fn keys_dir(&self) -> PathBuf {
        match self.keys_dir.as_os_str().is_empty() {
            true => self.data_dir.join("keys"),
            false => self.keys_dir.clone(),
        }
    }

    /// The folder of pictures.
    pub fn images_dir(&self) -> PathBuf {
        match self.images_dir.as_os_str().is_empty() {
            true => self.data_dir.join("images"),
            false => self.images_dir.clone(),
        }
    }

    /// The store of pictures: object storage where one is configured, else the folder, which is made.
    pub fn blobs(&self) -> Result<Blobs, BlobError> {
        match &self.s3 {
            Some(s3) => Blobs::s3(s3),
            None => Blobs::folder(&self.images_dir()),
        }
    }

    /// How clients reach the server.
    pub fn public_url(&self) -> String {
        match self.public_url.is_empty() {
            true => format!("http://{}", self.listen),
            false => self.public_url.trim_end_matches('/').to_owned(),
        }
    }

    /// The channels in force.
    pub fn channels(&self) -> Result<Channels, ConfigError> {
        let defaults = Channels::defaults().map_err(ConfigError::Defaults)?;
        Ok(defaults.with_overrides(&self.channels)?)
    }

    /// How long a share awaits its outcome.
    pub fn share_lapses_after(&self) -> Duration {
        Duration::from_secs(u64::from(self.share_lapses_after_hours) * 3600)
    }

    /// How long the review of a post that was published urgently may take.
    pub fn urgent_review(&self) -> Duration {
        Duration::from_secs(u64::from(self.urgent_review_hours) * 3600)
    }

    /// The configuration as a file would state it, without secrets.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_toml().map_err(|_| fmt::Error)?)
    }
}

fn without_password<S: Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match url.parse::<DatabaseUrl>() {
        Ok(url) => serializer.serialize_str(&url.redacted()),
        Err(_) if url.is_empty() => serializer.serialize_str(""),
        // It has no known form, so a password may stand anywhere in it.
        Err(_) => serializer.serialize_str("***"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(file: &str, variables: &[(&str, &str)], flags: &Flags) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("greenlight.toml");
        std::fs::write(&path, file).unwrap();
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::read(Some(&path), variables, flags)
    }

    #[test]
    fn flags_go_over_the_environment_over_the_file_over_defaults() {
        let file =
            "workers = 3\nlog_filter = \"warn\"\ndata_dir = \"/file\"\n[organisation]\nname = \"File\"";
        let variables = [
            ("GREENLIGHT_WORKERS", "5"),
            ("GREENLIGHT_ORGANISATION__NAME", "Environment"),
            ("GREENLIGHT_DATA_DIR", "/environment"),
            ("GREENLIGHT_TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.1"),
            ("GREENLIGHT_LINKS__DOMAINS", "example.org,zuiver.example"),
        ];
        let flags = Flags { data_dir: Some("/flag".into()), ..Flags::default() };
        let config = read(file, &variables, &flags).unwrap();
        assert_eq!((config.workers, config.log_filter.as_str()), (5, "warn"));
        assert_eq!(config.organisation.name, "Environment");
        assert_eq!(config.data_dir, Path::new("/flag"));
        assert_eq!(config.trusted_proxies, ["10.0.0.0/8", "192.0.2.1"]);
        assert_eq!(config.links.domains, ["example.org", "zuiver.example"]);
        assert_eq!(config.listen, Config::default().listen);
        let bond =
            read("", &[("GREENLIGHT_ORGANISATION__NAME", "007"), ("GREENLIGHT_DOCS", "false")], &flags);
        assert_eq!(bond.as_ref().unwrap().organisation.name, "007");
        assert!(!bond.unwrap().docs);
        let abroad = read("", &[("GREENLIGHT_ORGANISATION__COUNTRY", "België")], &flags).unwrap();
        assert_eq!(abroad.organisation.name, "Example Company");
    }

    #[test]
    fn unknown_keys_and_impossible_values_are_refused() {
        let refused =
            |file, variables: &[_]| read(file, variables, &Flags::default()).unwrap_err().to_string();
        assert!(refused("lisen = 1", &[]).contains("lisen"));
        assert!(refused("", &[("GREENLIGHT_LISEN", "a")]).contains("lisen"));
        assert!(refused("listen = \"somewhere\"", &[]).contains("socket address"));
        assert!(refused("database_url = \"mysql://h/d\"", &[]).contains("sqlite:PATH"));
        assert!(refused("share_lapses_after_hours = 0", &[]).contains("from 1 to 720"));
        assert!(
            refused("urgent_review_hours = 721", &[]).contains("urgent_review_hours: must be from 1 to 720")
        );
        assert!(refused("[organisation]\nhashtag = 'Zuiver Water'", &[]).contains("organisation.hashtag"));
        assert!(refused("[links]\ndomains = ['https://a.nl']", &[]).contains("links.domains"));
        assert!(refused("[channels.linkedin]\nlimits = 3", &[]).contains("channels"));
        assert!(refused("[s3]\nbucket = 'a/b'\nregion = 'eu'", &[]).contains("s3.bucket"));
        assert!(refused("image_bytes = 10", &[]).contains("image_bytes"));
    }

    #[test]
    fn the_readme_lists_every_key() {
        let readme = include_str!("../README.md");
        let mut config = Config::default();
        config.organisation.report_url = Some(String::new());
        config.organisation.country = Some(String::new());
        config.s3 = Some(S3Config {
            endpoint: Some(String::new()),
            bucket: String::new(),
            region: String::new(),
            access_key_id: Some(String::new()),
            secret_access_key: Some(String::new().into()),
            path_style: false,
            prefix: Some(String::new()),
            allow_http: false,
        });
        let table: toml::Table = config.to_toml().unwrap().parse().unwrap();
        for (key, value) in &table {
            let inner = value.as_table().filter(|_| key != "channels");
            let keys = match inner {
                Some(inner) => inner.keys().map(|inner| format!("{key}.{inner}")).collect(),
                None => vec![key.clone()],
            };
            for key in keys {
                let variable = format!("GREENLIGHT_{}", key.replace('.', "__").to_uppercase());
                let row = format!("| `{key}` | `{variable}` |");
                assert!(key == "channels" || readme.contains(&row), "{key}");
            }
        }
    }

    #[test]
    fn what_is_printed_is_a_configuration_without_secrets() {
        let flags = Flags { database_url: Some("postgres://u:secret@h/db".to_owned()), ..Flags::default() };
        let s3 =
            "[s3]\nbucket = 'pictures'\nregion = 'eu'\naccess_key_id = 'id'\nsecret_access_key = 'sesame'";
        let config = read(s3, &[], &flags).unwrap().resolved().unwrap();
        assert_eq!(config.database_url, "postgres://u:secret@h/db");
        let printed = config.to_toml().unwrap();
        assert!(printed.contains("postgres://u:***@h/db") && printed.contains("secret_access_key = \"***\""));
        assert!(!printed.contains("u:secret") && !printed.contains("sesame"), "{printed}");
        assert!(!format!("{config:?}").contains("sesame"));
        let again = read(&printed, &[], &Flags::default()).unwrap();
        assert_eq!(again.public_url, "http://127.0.0.1:8080");
    }
}
