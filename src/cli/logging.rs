//! Where log lines go: to standard error, as JSON or for people.

use tracing_subscriber::EnvFilter;

use super::failure::Failure;
use crate::config::LogFormat;

/// Starts logging, for the whole process.
pub(super) fn start(format: LogFormat, filter: &str) -> Result<(), Failure> {
    let lines = tracing_subscriber::fmt().with_env_filter(parse(filter)?).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => lines.with_ansi(false).try_init(),
    };
    started.map_err(|error| Failure::new(format!("logging cannot be started: {error}")))
}

/// Reads a filter, such as `info` or `warn,greenlight=debug`.
pub(super) fn parse(filter: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(filter).map_err(|error| {
        Failure::new(format!(
            "log_filter: {error}; a filter is written like `info` or `warn,greenlight=debug`"
        ))
    })
}
