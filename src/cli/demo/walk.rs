//! The walk: each step in turn, what it asked, what came back, and whether that is what it says.

use std::net::SocketAddr;

use super::steps::{STEPS, Story};
use crate::cli::failure::Failure;
use crate::cli::output;

/// Walks the main job against the server at this address. A step rests on those before it, so the first
/// one that does not hold ends the walk.
pub(super) fn walk(address: SocketAddr) -> Result<(), Failure> {
    let mut story = Story::new(address);
    let all = STEPS.len();
    for (held, (title, step)) in STEPS.iter().enumerate() {
        let number = held + 1;
        output::line(format_args!("{number:>2}. {title}"))?;
        let result = step(&mut story);
        for request in story.api.take_log() {
            output::line(format_args!("    {request}"))?;
        }
        match result {
            Ok(note) => note.lines().try_for_each(|line| output::line(format_args!("    {line}")))?,
            Err(failure) => {
                output::line(format_args!("    NOT AS IT SAYS: {failure}"))?;
                output::line(format_args!("\n{held} of {all} steps held; step {number} did not."))?;
                return Err(Failure::new(format!(
                    "step {number} of the walk did not do what it says: {failure}"
                )));
            }
        }
    }
    output::line(format_args!("\n{all} of {all} steps held."))
}
