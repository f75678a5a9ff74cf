//! What a command says: results on standard output, and why it failed on standard error.

use std::fmt::Display;
use std::io::{self, Write};

use super::failure::Failure;

/// Writes text as it is.
pub(super) fn text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::new(format!("standard output cannot be written: {error}")))
}

/// Writes a line.
pub(super) fn line(line: impl Display) -> Result<(), Failure> {
    text(&format!("{line}\n"))
}

/// Writes why the command failed. When that cannot be written either, the exit code still tells.
pub(super) fn error(failure: &Failure) {
    let _ = writeln!(io::stderr(), "greenlight: {failure}");
}
