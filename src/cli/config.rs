//! `config check`: the configuration in force, and what an operator should know about it.

use super::failure::Failure;
use super::{logging, output};
use crate::config::Config;
use crate::http::address::{InvalidNetwork, Network};
use crate::keys::Keys;
use crate::store::connection::DatabaseUrl;

/// Prints the configuration as a file would state it, and warnings as comments below.
pub(super) fn check(config: &Config) -> Result<(), Failure> {
    logging::parse(&config.log_filter)?;
    for network in &config.trusted_proxies {
        let parsed: Result<Network, InvalidNetwork> = network.parse();
        parsed.map_err(|error| Failure::new(format!("trusted_proxies: {network} is {error}")))?;
    }
    let toml = config.resolved()?.to_toml();
    output::text(&toml.map_err(|error| Failure::new(error.to_string()))?)?;
    for warning in warnings(config)? {
        output::line(format_args!("# warning: {warning}"))?;
    }
    Ok(())
}

fn warnings(config: &Config) -> Result<Vec<String>, Failure> {
    let mut warnings = Vec::new();
    let mut warn = |text: &str| warnings.push(text.to_owned());
    if !config.listen.ip().is_loopback() {
        if config.public_url.is_empty() {
            warn("public_url is not set: access tokens name the listening address as their issuer");
        }
        if config.hsts_seconds == 0 {
            warn(
                "hsts_seconds is 0: greenlight speaks plain HTTP, so put a proxy with TLS before it and set this",
            );
        }
        if config.trusted_proxies.is_empty() {
            warn("trusted_proxies is empty: behind a proxy, every client would have the proxy's address");
        }
    }
    let default = Config::default().organisation;
    if config.organisation.name == default.name {
        warn("organisation.name is not set: disclaimers would speak of Example Company");
    } else if config.organisation.hashtag.is_empty() {
        warn("organisation.hashtag is not set: the shortest disclaimers would not name the organisation");
    }
    if matches!(config.database(), Ok(DatabaseUrl::Postgres(_)))
        && let Err(error) = Keys::load(&config.keys_dir())
    {
        warn(&format!("{error}; `greenlight keys create` makes them"));
    }
    Ok(warnings)
}
