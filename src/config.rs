//! One typed configuration: defaults, then the file, then the environment, then flags.
//!
//! Each key stands in the file as written here; in the environment it is `GREENLIGHT_` and the key in
//! capitals, with `__` between a table and its key (`GREENLIGHT_ORGANISATION__NAME`).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::domain::channels::{ChannelError, Channels};
use crate::domain::disclaimers::Organisation;
use crate::error::Error;
use crate::store::connection::{DatabaseUrl, UnknownDatabaseUrl};

/// Everything that an operator can set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// `sqlite:PATH` or `postgres://..`; `greenlight.db` in the data folder when empty.
    pub database_url: String,
    /// Connections to PostgreSQL that this process may open.
    pub database_connections: u32,
    /// Where SQLite and the keys live.
    pub data_dir: PathBuf,
    /// The folder of the server's keys; `keys` in the data folder when empty.
    pub keys_dir: PathBuf,
    /// Whether `serve` runs the migrations that wait; else it refuses to start while any do.
    pub migrate_on_start: bool,
    /// How clients reach the server; it is the issuer of access tokens.
    pub public_url: String,
    /// Hours after which a share without an outcome lapses.
    pub share_lapses_after_hours: u32,
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
    /// Channels to change or add, by id.
    pub channels: toml::Table,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
            migrate_on_start: true,
            public_url: String::new(),
            share_lapses_after_hours: 24,
            poll_milliseconds: 100,
            workers: 0,
            docs: true,
            hsts_seconds: 0,
            trusted_proxies: Vec::new(),
            log_format: LogFormat::Json,
            log_filter: "info".to_owned(),
            organisation: Organisation {
                name: "Example Company".to_owned(),
                hashtag: "ExampleCompany".to_owned(),
                report_url: None,
                country: None,
            },
            channels: toml::Table::new(),
        }
    }
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
    /// The embedded defaults are broken.
    #[error("{0}")]
    Defaults(Error),
}

impl Config {
    /// Reads the file, if one is named, and the environment over it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut builder = config::Config::builder();
        if let Some(file) = file {
            builder = builder.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        let environment = config::Environment::with_prefix("GREENLIGHT")
            .prefix_separator("_")
            .separator("__")
            .list_separator(",")
            .with_list_parse_key("trusted_proxies")
            .try_parsing(true)
            .ignore_empty(true);
        let config: Self = builder.add_source(environment).build()?.try_deserialize()?;
        config.check()?;
        Ok(config)
    }

    /// Refuses what cannot work, before anything is opened.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.database()?;
        self.channels()?;
        let refuse = |key, reason: &str| Err(ConfigError::Value { key, reason: reason.to_owned() });
        if self.organisation.name.trim().is_empty() {
            return refuse("organisation.name", "must not be empty");
        }
        if !(1..=24 * 30).contains(&self.share_lapses_after_hours) {
            return refuse("share_lapses_after_hours", "must be from 1 to 720");
        }
        if !(10..=500).contains(&self.poll_milliseconds) {
            return refuse("poll_milliseconds", "must be from 10 to 500");
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
}
