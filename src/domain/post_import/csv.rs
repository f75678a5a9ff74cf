//! CSV (RFC 4180) with a header: cells, and the JSON object that they stand for.

use std::collections::HashSet;

use csv_core::{ReadRecordResult, Reader};
use serde_json::{Map, Value, json};

use super::{Columns, ROW_BYTES_MAX, Take, row_too_long, text};
use crate::error::{Code, Error, Fault, Result};

/// The most columns of a file.
const COLUMNS_MAX: usize = 200;

/// Members of the content that are a text.
const TEXTS: [&str; 8] =
    ["title", "headline", "campaign", "credit", "publish_at", "expires_at", "personalisation", "tips"];
/// Members of the content that are a list.
const LISTS: [&str; 5] = ["channels", "hashtags", "images", "disclaimers", "topics"];
/// Members of the content's audience; each is a list.
const AUDIENCE: [&str; 2] = ["countries", "groups"];

/// The records of a file that comes in pieces; the first is the header.
pub(super) struct Records {
    reader: Reader,
    header: Option<Header>,
    /// The cells so far without their quotes, one after the other.
    cells: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// How much of `cells` is in use.
    filled: usize,
    /// How many of `ends` are.
    ended: usize,
    /// The line that the present record begins at, once it has begun.
    begins: Option<i64>,
    /// Lines that have ended.
    lines: i64,
}

impl Default for Records {
    fn default() -> Self {
        Self {
            reader: Reader::new(),
            header: None,
            cells: vec![0; 4096],
            // One more than may be, so that a full buffer means too many.
            ends: vec![0; COLUMNS_MAX + 1],
            filled: 0,
            ended: 0,
            begins: None,
            lines: 0,
        }
    }
}

impl Records {
    pub(super) fn read(&mut self, mut piece: &[u8], take: &mut Take<'_>) -> Result<()> {
        while !piece.is_empty() {
            if self.begins.is_none() {
                self.begins = begins(piece).map(|ends_before| self.lines + ends_before + 1);
            }
            let (_, cells) = self.cells.split_at_mut(self.filled);
            let (_, ends) = self.ends.split_at_mut(self.ended);
            let (result, read, filled, ended) = self.reader.read_record(piece, cells, ends);
            let (consumed, rest) = piece.split_at(read.min(piece.len()));
            self.lines += line_ends(consumed);
            self.filled += filled;
            self.ended += ended;
            piece = rest;
            match result {
                ReadRecordResult::OutputFull => self.make_room()?,
                ReadRecordResult::OutputEndsFull => return Err(self.too_many_columns()),
                ReadRecordResult::Record => self.end(take)?,
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            }
        }
        Ok(())
    }

    /// An end of line ends the last record, unless it stands within quotes: then the file was cut off.
    pub(super) fn finish(&mut self, take: &mut Take<'_>) -> Result<()> {
        if let Some(line) = self.begins {
            self.read(b"\n", take)?;
            if self.begins.is_some() {
                let detail =
                    format!("The file ends within quotes that were opened in the row at line {line}.");
                return Err(Error::new(Code::InvalidRequest, detail).with("line", line));
            }
        }
        if self.header.is_some() {
            return Ok(());
        }
        Err(bad_header("missing_header", "The file is empty: its first line names the columns.", None))
    }

    fn line(&self) -> i64 {
        self.begins.unwrap_or(self.lines + 1)
    }

    fn make_room(&mut self) -> Result<()> {
        if self.cells.len() > ROW_BYTES_MAX {
            return Err(row_too_long(self.line()));
        }
        self.cells.resize((self.cells.len() * 2).min(ROW_BYTES_MAX + 1), 0);
        Ok(())
    }

    fn too_many_columns(&self) -> Error {
        let line = self.line();
        let detail = format!("The row at line {line} has more than {COLUMNS_MAX} cells.");
        Error::new(Code::InvalidRequest, detail).with("line", line)
    }

    /// The present record is complete.
    fn end(&mut self, take: &mut Take<'_>) -> Result<()> {
        let line = self.line();
        let mut cells = Vec::with_capacity(self.ended);
        let mut begin = 0;
        for end in self.ends.iter().take(self.ended) {
            cells.push(text(self.cells.get(begin..*end).unwrap_or_default().to_vec(), line)?);
            begin = *end;
        }
        (self.filled, self.ended, self.begins) = (0, 0, None);
        let Some(header) = &self.header else {
            self.header = Some(Header::parse(&cells)?);
            return Ok(());
        };
        if cells.len() == header.columns.len() {
            let (value, columns) = header.row(&cells);
            return take(line, Ok(value.to_string()), columns);
        }
        let (has, expected) = (cells.len(), header.columns.len());
        let detail = format!("The row has {has} cells, and the header names {expected} columns.");
        take(line, Err(Fault::body("", "wrong_columns", detail)), Columns::default())
    }
}

/// How many lines end before a record begins in these bytes; none when it does not begin yet.
fn begins(piece: &[u8]) -> Option<i64> {
    let before = piece.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    Some(line_ends(piece.get(..before).unwrap_or_default()))
}

fn line_ends(bytes: &[u8]) -> i64 {
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
    i64::try_from(ends).unwrap_or(i64::MAX)
}

/// What the columns of a file are.
struct Header {
    columns: Vec<Column>,
}

struct Column {
    name: String,
    member: Member,
}

/// What a column's cells become.
enum Member {
    ExternalId,
    Text(&'static str),
    List(&'static str),
    Audience(&'static str),
    Link,
    Copy { id: String, language: String },
}

impl Header {
    fn parse(cells: &[String]) -> Result<Self> {
        let mut columns = Vec::with_capacity(cells.len());
        let mut seen = HashSet::new();
        for name in cells.iter().map(|cell| cell.trim()) {
            let member =
                member(name).ok_or_else(|| bad_header("unknown_column", unknown(name), Some(name)))?;
            let means = match &member {
                Member::Copy { id, .. } => format!("text.{id}"),
                _ => name.to_owned(),
            };
            if !seen.insert(means) {
                return Err(bad_header("duplicate_column", "This column stands twice.", Some(name)));
            }
            columns.push(Column { name: name.to_owned(), member });
        }
        if !seen.contains("external_id") {
            let detail = "This column is required: it is what tells posts apart when a file comes again.";
            return Err(bad_header("missing_column", detail, Some("external_id")));
        }
        Ok(Self { columns })
    }

    /// The row as JSON, and where its members came from. Empty cells are absent.
    fn row(&self, cells: &[String]) -> (Value, Columns) {
        let (mut row, mut content, mut audience) = (Map::new(), Map::new(), Map::new());
        let mut copies = Vec::new();
        let mut places = vec![("/content/copies".to_owned(), "text.<language>".to_owned())];
        places
            .extend(TEXTS.iter().chain(&LISTS).map(|name| (format!("/content/{name}"), (*name).to_owned())));
        for (Column { name, member }, cell) in self.columns.iter().zip(cells) {
            let word = cell.trim();
            let place = member.pointer(copies.len());
            if !word.is_empty() {
                match member {
                    Member::ExternalId => _ = row.insert("external_id".to_owned(), word.into()),
                    Member::Text("tips") => _ = content.insert("tips".to_owned(), cell.as_str().into()),
                    Member::Text(name) => _ = content.insert((*name).to_owned(), word.into()),
                    Member::List(name) => _ = content.insert((*name).to_owned(), list(word)),
                    Member::Audience(name) => _ = audience.insert((*name).to_owned(), list(word)),
                    Member::Link => _ = content.insert("link".to_owned(), json!({ "url": word })),
                    Member::Copy { id, language } => {
                        copies.push(json!({ "id": id, "language": language, "text": cell }));
                    }
                }
            }
            places.push((place, name.clone()));
        }
        if !audience.is_empty() {
            content.insert("audience".to_owned(), audience.into());
        }
        if !copies.is_empty() {
            content.insert("copies".to_owned(), copies.into());
        }
        row.insert("content".to_owned(), content.into());
        (row.into(), Columns(places))
    }
}

impl Member {
    /// Where a cell of it stands in the row's JSON, when so many copies stand before it.
    fn pointer(&self, copies: usize) -> String {
        match self {
            Self::ExternalId => "/external_id".to_owned(),
            Self::Text(name) | Self::List(name) => format!("/content/{name}"),
            Self::Audience(name) => format!("/content/audience/{name}"),
            Self::Link => "/content/link".to_owned(),
            Self::Copy { .. } => format!("/content/copies/{copies}"),
        }
    }
}

/// What a column of this name is.
fn member(name: &str) -> Option<Member> {
    let known = |names: &'static [&'static str]| names.iter().copied().find(|known| *known == name);
    match name {
        "external_id" => return Some(Member::ExternalId),
        "link" => return Some(Member::Link),
        _ => {}
    }
    known(&TEXTS)
        .map(Member::Text)
        .or_else(|| known(&LISTS).map(Member::List))
        .or_else(|| known(&AUDIENCE).map(Member::Audience))
        .or_else(|| copy(name.strip_prefix("text.")?))
}

/// A copy: `nl` for its language, `nl.2` for an alternative.
fn copy(rest: &str) -> Option<Member> {
    let (language, nth) = rest.split_once('.').unwrap_or((rest, ""));
    let is_tag = (2..=35).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_number = (1..=2).contains(&nth.len()) && nth.bytes().all(|byte| byte.is_ascii_digit());
    let lower = language.to_ascii_lowercase();
    let id = match nth {
        "" if !rest.contains('.') => lower,
        nth if is_number => format!("{lower}-{nth}"),
        _ => return None,
    };
    is_tag.then(|| Member::Copy { id, language: language.to_owned() })
}

/// The parts of a list in a cell.
fn list(cell: &str) -> Value {
    cell.split(';').map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Why a column is not known: in many places a spreadsheet separates columns by semicolons.
fn unknown(name: &str) -> &'static str {
    match name.contains([';', '\t']) {
        true => "This column is not known here: columns are separated by commas.",
        false => "This column is not known here.",
    }
}

fn bad_header(code: &'static str, detail: &str, column: Option<&str>) -> Error {
    let fault = Fault::body("", code, detail);
    let fault = match column {
        Some(column) => fault.with("column", column),
        None => fault,
    };
    Error::new(Code::InvalidRequest, "The header of the file is not what is expected here; errors says why.")
        .fault(fault)
        .with("line", 1)
}
