//! `serve`: the server for real use.

use futures_util::future::{Either, select};
use tokio::signal::unix::{SignalKind, signal};

use super::failure::Failure;
use super::{lock, logging, migrate, output, server};
use crate::clock::Clock;
use crate::config::Config;
use crate::state::App;
use crate::store::connection::DatabaseUrl;

/// Serves until SIGINT or SIGTERM.
pub(super) fn serve(mut config: Config) -> Result<(), Failure> {
    logging::start(config.log_format, &config.log_filter)?;
    let listener = server::listen(config.listen)?;
    // With port 0 only the listener knows the port, and access tokens name it.
    config.listen = listener.local_addr().map_err(|error| Failure::new(error.to_string()))?;
    // What cannot be opened is told in the operator's words here, before the server tries.
    let url = migrate::open(&config, Clock::system())?.url().clone();
    let _lock = match &url {
        DatabaseUrl::Sqlite(path) => Some(lock::take(path)?),
        DatabaseUrl::Postgres(_) => None,
    };
    tracing::info!(database = url.redacted(), data_dir = %config.data_dir.display(), "starting");
    let public_url = config.public_url();
    let app = App::start(config, Clock::system())?;
    let ready = |address| {
        tracing::info!(%address, public_url, "ready");
        output::line(format_args!("greenlight {} is ready on http://{address}", env!("CARGO_PKG_VERSION")))
    };
    server::run(app, listener, ready, stopped())?;
    tracing::info!("stopped");
    Ok(())
}

/// Done when the process is asked to stop. Where signals cannot be heard, it never is.
pub(super) async fn stopped() {
    let heard = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => _ = signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    let name = match select(
        Box::pin(heard(SignalKind::interrupt())),
        Box::pin(heard(SignalKind::terminate())),
    )
    .await
    {
        Either::Left(_) => "SIGINT",
        Either::Right(_) => "SIGTERM",
    };
    tracing::info!(signal = name, "stopping");
}
