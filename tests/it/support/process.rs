//! The binary, run as an operator runs it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_greenlight");

/// The command line, in a folder and with nothing of this process's environment.
pub fn greenlight(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::piped());
    command.env("GREENLIGHT_LOG_FILTER", "warn");
    command
}

/// A server in a process of its own; it is killed when dropped.
pub struct ServerProcess {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl ServerProcess {
    /// Starts it and waits until it takes requests.
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = greenlight(folder, &["serve", "--listen", "127.0.0.1:0"]);
        command.envs(settings.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{line}");
        Self { child, url }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
