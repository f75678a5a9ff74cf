//! The server as `serve` and `demo` run it: the API, what runs beside it, and a quiet end.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::{rt, web};

use super::failure::Failure;
use crate::http::{self, Connections};
use crate::jobs::{deadlines, housekeeping, notifications, watcher};
use crate::state::App;

/// Takes an address to listen on, before anything else is done, so that a port that is taken shows at
/// once.
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|error| {
        Failure::new(match error.kind() {
            std::io::ErrorKind::AddrInUse => format!(
                "{address} is taken by another program: stop that one, or name another port with --listen \
                 (port 0 takes any that is free)"
            ),
            _ => format!("cannot listen on {address}: {error}; name another address with --listen"),
        })
    })
}

/// Serves until `stop` is done, then lets running requests end. `ready` is called with the address once
/// requests are taken.
pub(super) fn run(
    app: App,
    listener: TcpListener,
    ready: impl FnOnce(SocketAddr) -> Result<(), Failure>,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    rt::System::new().block_on(async move {
        let mut connections = Connections::default();
        if app.config.workers > 0 {
            connections.workers = app.config.workers;
        }
        let frame = web::Data::new(http::frame_for(&app));
        let jobs = [
            rt::spawn(watcher::watch(app.clone())),
            rt::spawn(housekeeping::keep(app.clone())),
            rt::spawn(deadlines::keep(app.clone())),
            rt::spawn(housekeeping::keep_images(app.clone())),
            rt::spawn(notifications::tell(app.clone())),
        ];
        let (last_uses, db) = (Arc::clone(&app.last_uses), app.db.clone());
        let serving = http::serve(listener, &connections, frame, web::Data::new(app), http::routes())
            .map_err(|error| Failure::new(format!("the server cannot be started: {error}")))?;
        let server = rt::spawn(serving.server);
        ready(serving.address)?;
        stop.await;
        serving.handle.stop(true).await;
        for job in jobs {
            job.abort();
        }
        if let Err(error) = last_uses.flush(&db).await {
            tracing::warn!(%error, "the last uses of API keys could not be written down");
        }
        match server.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::new(format!("the server ended: {error}"))),
            Err(error) => Err(Failure::new(format!("the server ended: {error}"))),
        }
    })
}
