//! Imports of posts: a file of rows, each of which becomes a draft.
//!
//! A file comes in pieces, of any size, and is never held whole: [`Rows`] takes the pieces and gives the rows
//! that are complete. A row of either format is told as the JSON object `{external_id, content}`, so that one
//! parser reads both; for CSV, [`Columns`] knows which column each member came from.

mod csv;
mod ndjson;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use self::csv::Records;
use self::ndjson::Lines;
use super::text::{self, forbidden_character, is_blank};
use crate::error::{At, Code, Error, Fault, Result};

/// The most rows of a file.
pub const ROWS_MAX: i64 = 10_000;
/// The longest row, in bytes.
pub const ROW_BYTES_MAX: usize = 200_000;
/// The largest file, in bytes.
pub const FILE_BYTES_MAX: u64 = 64_000_000;

/// The longest external id, in characters.
const EXTERNAL_ID_MAX: usize = 200;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A JSON object a line.
    Ndjson,
    /// RFC 4180, with a header.
    Csv,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Ndjson, Self::Csv];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv",
        }
    }
}

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Rows are still taken.
    Running,
    /// Every row of the file has its result.
    Finished,
    /// It ended before the file did; what was made stays.
    Interrupted,
}

impl ImportState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Running, Self::Finished, Self::Interrupted];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowResult {
    /// A draft was made of it.
    Created,
    /// A post was made under its external id before, and was left as it is.
    Exists,
    /// Nothing was made of it.
    Refused,
}

impl RowResult {
    /// Every result.
    pub const ALL: [Self; 3] = [Self::Created, Self::Exists, Self::Refused];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Exists => "exists",
            Self::Refused => "refused",
        }
    }
}

/// There is nothing of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no format, state or result of this name")]
pub struct UnknownName;

impl FromStr for Format {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or(UnknownName)
    }
}

impl FromStr for ImportState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownName)
    }
}

impl FromStr for RowResult {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|result| result.as_str() == text).ok_or(UnknownName)
    }
}

/// The name of a post in the system that it comes from: 1 to 200 visible characters in a line, without white
/// space around them. No two posts have the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct ExternalId(String);

impl ExternalId {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not an external id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an external id: 1 to 200 visible characters in one line, without spaces around them")]
pub struct InvalidExternalId;

impl FromStr for ExternalId {
    type Err = InvalidExternalId;

    fn from_str(text: &str) -> Result<Self, InvalidExternalId> {
        let fits = text.chars().count() <= EXTERNAL_ID_MAX && text.trim() == text;
        let seen = !is_blank(text) && forbidden_character(text, text::Lines::One).is_none();
        if fits && seen { Ok(Self(text.to_owned())) } else { Err(InvalidExternalId) }
    }
}

impl<'de> Deserialize<'de> for ExternalId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A complete row of a file, before it is parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct RawRow {
    /// Its number, from 1; the header of CSV is none.
    pub row: i64,
    /// The line of the file that it begins at, from 1.
    pub line: i64,
    /// The row as a JSON object, or why it has no such form.
    pub json: Result<String, Fault>,
    /// Where its members came from.
    pub columns: Columns,
}

/// The columns that a row's members came from; of NDJSON, none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns(Vec<(String, String)>);

impl Columns {
    /// Names the column of each fault that lies in one.
    pub fn name(&self, faults: &mut [Fault]) {
        for fault in faults {
            let At::Pointer(pointer) = &fault.at else { continue };
            let pointer = pointer.trim_start_matches('#');
            let is_inside = |place: &str| {
                pointer.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let inside = self.0.iter().filter(|(place, _)| is_inside(place));
            if let Some((_, column)) = inside.max_by_key(|(place, _)| place.len()) {
                fault.extra.insert("column".to_owned(), column.as_str().into());
            }
        }
    }
}

/// The rows of a file that comes in pieces.
pub struct Rows {
    beginning: Beginning,
    splitter: Splitter,
    count: i64,
    limit: i64,
}

enum Splitter {
    Ndjson(Lines),
    Csv(Box<Records>),
}

/// What takes the rows that a splitter finds: the line, the row as JSON, its columns.
type Take<'a> = dyn FnMut(i64, Result<String, Fault>, Columns) -> Result<()> + 'a;

impl Rows {
    /// Those of a file in this format, at most `limit`.
    pub fn new(format: Format, limit: i64) -> Self {
        let splitter = match format {
            Format::Ndjson => Splitter::Ndjson(Lines::default()),
            Format::Csv => Splitter::Csv(Box::default()),
        };
        Self { beginning: Beginning::default(), splitter, count: 0, limit }
    }

    /// Takes a piece of the file and adds the rows that are complete with it. On an error the file goes no
    /// further; the rows before it were added.
    pub fn read(&mut self, piece: &[u8], rows: &mut Vec<RawRow>) -> Result<()> {
        let Self { beginning, splitter, count, limit } = self;
        let mut take = numbered(count, *limit, rows);
        for piece in beginning.without_mark(piece) {
            splitter.read(piece, &mut take)?;
        }
        Ok(())
    }

    /// Ends the file: its last row may lack an end of line.
    pub fn finish(&mut self, rows: &mut Vec<RawRow>) -> Result<()> {
        let Self { beginning, splitter, count, limit } = self;
        let mut take = numbered(count, *limit, rows);
        splitter.read(beginning.rest(), &mut take)?;
        match splitter {
            Splitter::Ndjson(lines) => lines.finish(&mut take),
            Splitter::Csv(records) => records.finish(&mut take),
        }
    }
}

impl Splitter {
    fn read(&mut self, piece: &[u8], take: &mut Take<'_>) -> Result<()> {
        match self {
            Self::Ndjson(lines) => lines.read(piece, take),
            Self::Csv(records) => records.read(piece, take),
        }
    }
}

/// Adds rows with their numbers, up to the limit.
fn numbered<'a>(
    count: &'a mut i64,
    limit: i64,
    rows: &'a mut Vec<RawRow>,
) -> impl FnMut(i64, Result<String, Fault>, Columns) -> Result<()> + 'a {
    move |line, json, columns| {
        if *count >= limit {
            let detail = format!("A file has at most {limit} rows: import the rest in another one.");
            return Err(Error::new(Code::PayloadTooLarge, detail).with("line", line));
        }
        *count += 1;
        rows.push(RawRow { row: *count, line, json, columns });
        Ok(())
    }
}

/// The first bytes of a file, which may be a byte order mark.
#[derive(Default)]
struct Beginning {
    /// Those so far, while they could be one.
    held: Vec<u8>,
    over: bool,
}

impl Beginning {
    const MARK: &'static [u8] = b"\xEF\xBB\xBF";

    /// What is to be read now that this piece came: what was held and the piece, or nothing yet.
    fn without_mark<'a>(&'a mut self, piece: &'a [u8]) -> [&'a [u8]; 2] {
        if self.over {
            return [&[], piece];
        }
        let room = Self::MARK.len() - self.held.len();
        let (first, rest) = piece.split_at(room.min(piece.len()));
        self.held.extend_from_slice(first);
        if self.held == Self::MARK {
            self.over = true;
            return [&[], rest];
        }
        if Self::MARK.starts_with(&self.held) {
            return [&[], &[]];
        }
        self.over = true;
        [&self.held, rest]
    }

    /// What is held still, at the end of the file.
    fn rest(&mut self) -> &[u8] {
        if self.over {
            return &[];
        }
        self.over = true;
        &self.held
    }
}

/// The bytes of a row or cell as text; the file goes no further when they are none.
fn text(bytes: Vec<u8>, line: i64) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| {
        let detail = format!("The file is not UTF-8, in the row at line {line}.");
        Error::new(Code::InvalidRequest, detail).with("line", line)
    })
}

/// The error for a row that is longer than what is taken.
fn row_too_long(line: i64) -> Error {
    let detail = format!("The row at line {line} is longer than {ROW_BYTES_MAX} bytes.");
    Error::new(Code::PayloadTooLarge, detail).with("line", line)
}
