//! NDJSON: a JSON object a line.

use super::{Columns, ROW_BYTES_MAX, Take, row_too_long, text};
use crate::error::Result;

/// The lines of a file that comes in pieces. Empty lines are no rows.
#[derive(Default)]
pub(super) struct Lines {
    /// The line so far.
    begun: Vec<u8>,
    /// Lines that have ended.
    ended: i64,
}

impl Lines {
    pub(super) fn read(&mut self, mut piece: &[u8], take: &mut Take<'_>) -> Result<()> {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = piece.split_at(end);
            self.add(line)?;
            self.end(take)?;
            piece = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        self.add(piece)
    }

    pub(super) fn finish(&mut self, take: &mut Take<'_>) -> Result<()> {
        self.end(take)
    }

    fn add(&mut self, bytes: &[u8]) -> Result<()> {
        if self.begun.len() + bytes.len() > ROW_BYTES_MAX {
            return Err(row_too_long(self.ended + 1));
        }
        self.begun.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self, take: &mut Take<'_>) -> Result<()> {
        self.ended += 1;
        let line = text(std::mem::take(&mut self.begun), self.ended)?;
        if line.trim().is_empty() {
            return Ok(());
        }
        take(self.ended, Ok(line), Columns::default())
    }
}
