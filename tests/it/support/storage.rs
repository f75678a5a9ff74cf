//! Object storage for the stories on PostgreSQL: what `GREENLIGHT_TEST_S3` names, or else a server in this
//! process, for each app one of its own. The stories on SQLite have a folder.

#[allow(dead_code, reason = "the suite of the store itself uses all of it")]
#[path = "../../blobs/support/server.rs"]
mod server;

use std::env;
use std::sync::OnceLock;

use greenlight::store::blobs::S3Config;
use tokio::runtime::{Builder, Runtime};

use self::server::Server;

/// Where the pictures of one app are. What is in a server of this process goes with it.
pub struct Storage {
    /// How it is reached.
    pub config: S3Config,
    _server: Option<Server>,
}

impl Storage {
    pub fn new() -> Self {
        match env::var("GREENLIGHT_TEST_S3") {
            Ok(url) => Self { config: server::named(&url), _server: None },
            Err(_) => {
                let server = runtime().block_on(Server::start());
                Self { config: server.config(), _server: Some(server) }
            }
        }
    }

    /// The settings as a server process reads them from its environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let S3Config { endpoint, bucket, region, access_key_id, secret_access_key, prefix, .. } =
            &self.config;
        let secret = secret_access_key.as_ref().map(|secret| secret.expose().to_owned());
        [
            ("GREENLIGHT_S3__ENDPOINT", endpoint.clone()),
            ("GREENLIGHT_S3__BUCKET", Some(bucket.clone())),
            ("GREENLIGHT_S3__REGION", Some(region.clone())),
            ("GREENLIGHT_S3__ACCESS_KEY_ID", access_key_id.clone()),
            ("GREENLIGHT_S3__SECRET_ACCESS_KEY", secret),
            ("GREENLIGHT_S3__PREFIX", prefix.clone()),
            ("GREENLIGHT_S3__PATH_STYLE", Some("true".to_owned())),
            ("GREENLIGHT_S3__ALLOW_HTTP", Some("true".to_owned())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// One thread for all these servers.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap())
}
