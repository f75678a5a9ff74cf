//! `demo`: the main job, shown on data of its own.
//!
//! It makes an organisation with a past ([`past`]), serves it on this machine only, walks the main job
//! over HTTP as any app would ([`walk`]), checks each answer, and stays up for whoever wants to go on.

mod client;
mod farewell;
mod folder;
mod organisation;
mod past;
mod pictures;
mod steps;
mod walk;

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use futures_util::future::select;
use tokio::sync::oneshot;

use self::folder::Folder;
use self::organisation::Organisation;
use super::failure::Failure;
use super::{logging, output, serve, server};
use crate::clock::Clock;
use crate::config::{Config, LogFormat};
use crate::state::App;

/// Runs the demonstration; with `exit` it ends after the walk.
pub(super) fn demo(listen: SocketAddr, exit: bool) -> Result<(), Failure> {
    if !listen.ip().is_loopback() {
        return Err(Failure::new(format!(
            "the demonstration has passwords that everybody knows, so it is for this machine only: name a \
             loopback address such as 127.0.0.1:8080 instead of {listen}"
        )));
    }
    let listener = server::listen(listen)?;
    let address = listener.local_addr().map_err(|error| Failure::new(error.to_string()))?;
    logging::start(LogFormat::Text, "warn")?;
    let folder = Folder::create(!exit)?;
    let organisation = Organisation::read()?;
    let config = Config {
        listen: address,
        data_dir: folder.path().to_owned(),
        organisation: Organisation::values(),
        ..Config::default()
    };
    make_past(&config, &organisation, &folder)?;

    let app = App::start(config, Clock::system())?;
    let (stop, stopped) = oneshot::channel::<()>();
    let (ready, is_ready) = mpsc::channel();
    let server = thread::spawn(move || {
        // Nobody waits for the address any more only when the demonstration has failed already.
        let ready = |_| ready.send(()).map_err(|_| Failure::new("the demonstration has ended"));
        let end = async move { _ = select(stopped, Box::pin(serve::stopped())).await };
        server::run(app, listener, ready, end)
    });
    if is_ready.recv().is_err() {
        return end(server);
    }
    let walked = walk::walk(address);
    if exit {
        // The server may have ended by itself; then its failure is told below.
        let _ = stop.send(());
    } else {
        farewell::say(address, &organisation)?;
    }
    end(server)?;
    walked
}

fn make_past(config: &Config, organisation: &Organisation, folder: &Folder) -> Result<(), Failure> {
    output::line(format_args!(
        "Noordzee Energie is not a real company. Its data is in {}.\n\
         What lies in its past is made through the same use cases that the API calls, with an earlier clock;\n\
         everything after that happens now, over HTTP.",
        folder.path().display()
    ))?;
    let began = Instant::now();
    past::make(config.clone(), organisation)?;
    output::line(format_args!(
        "Made of 60 days: people {}, groups {}, hashtags {}, images {}, rules {}, posts {}; in {:.1} seconds.\n",
        organisation.people.len(),
        organisation.groups.len(),
        organisation.hashtags.len(),
        organisation.images.len(),
        organisation.rules.len(),
        organisation.posts.len(),
        began.elapsed().as_secs_f32()
    ))
}

fn end(server: JoinHandle<Result<(), Failure>>) -> Result<(), Failure> {
    server.join().map_err(|_| Failure::new("the server ended unexpectedly; its log says why"))?
}
