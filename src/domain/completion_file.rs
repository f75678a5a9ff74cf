//! A file of completions, as learning systems export them: CSV (RFC 4180) with the columns `person` and
//! `completed_on`, in any order and case, between commas or semicolons. Other columns are skipped.

use csv_core::{ReadRecordResult, ReaderBuilder};

use crate::error::{Code, Error, Fault, Result};

/// The longest cells of a row together, in bytes.
const ROW_BYTES_MAX: usize = 16_384;

/// The most columns of a file.
const COLUMNS_MAX: usize = 100;

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// The line that it begins at, from 1.
    pub line: usize,
    /// Who, as the file says it.
    pub person: String,
    /// On which day, as the file says it.
    pub completed_on: String,
}

/// Where the two columns stand, and how many there are.
struct Columns {
    person: usize,
    completed_on: usize,
    all: usize,
}

/// The rows of a file. A fault of the file itself is 400 with its line, and empty lines are nothing.
pub fn rows(file: &[u8]) -> Result<Vec<FileRow>> {
    let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
    let mut reader = ReaderBuilder::new().delimiter(delimiter(file)).build();
    let (mut rest, mut line) = (file, 1_usize);
    let (mut cells, mut ends) = ([0_u8; ROW_BYTES_MAX], [0_usize; COLUMNS_MAX]);
    let (mut filled, mut ended) = (0, 0);
    let mut columns: Option<Columns> = None;
    let mut rows = Vec::new();
    loop {
        let (_, free_cells) = cells.split_at_mut(filled);
        let (_, free_ends) = ends.split_at_mut(ended);
        let (result, read, wrote, found) = reader.read_record(rest, free_cells, free_ends);
        let (consumed, left) = rest.split_at(read.min(rest.len()));
        (rest, filled, ended) = (left, filled + wrote, ended + found);
        match result {
            // What is left is empty: asking once more ends the last record.
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull => return Err(at_line(line, "This row is too long.")),
            ReadRecordResult::OutputEndsFull => {
                return Err(at_line(line, "This row has too many columns."));
            }
            ReadRecordResult::Record => {
                let begins = line + leading_ends(consumed);
                let record = texts(&cells, ends.get(..ended).unwrap_or_default(), begins)?;
                match &columns {
                    None => columns = Some(header(&record)?),
                    Some(columns) => rows.push(row(columns, &record, begins)?),
                }
                (filled, ended) = (0, 0);
            }
            ReadRecordResult::End => break,
        }
        line += consumed.iter().filter(|byte| **byte == b'\n').count();
    }
    if columns.is_none() {
        return Err(at_line(
            1,
            "The file is empty: its first line names the columns person and completed_on.",
        ));
    }
    Ok(rows)
}

/// What stands between cells: spreadsheets write semicolons where the comma is a decimal mark.
fn delimiter(file: &[u8]) -> u8 {
    let header = file.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| header.iter().filter(|byte| **byte == wanted).count();
    if count(b';') > count(b',') { b';' } else { b',' }
}

/// Empty lines before a record.
fn leading_ends(consumed: &[u8]) -> usize {
    let before = consumed.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    before.filter(|byte| **byte == b'\n').count()
}

fn texts<'a>(cells: &'a [u8], ends: &[usize], line: usize) -> Result<Vec<&'a str>> {
    let mut begin = 0;
    let mut texts = Vec::with_capacity(ends.len());
    for end in ends {
        let text = std::str::from_utf8(cells.get(begin..*end).unwrap_or_default());
        texts.push(text.map_err(|_| at_line(line, "The file is not in UTF-8."))?.trim());
        begin = *end;
    }
    Ok(texts)
}

fn header(names: &[&str]) -> Result<Columns> {
    match (place(names, "person"), place(names, "completed_on")) {
        (Some(person), Some(completed_on)) => Ok(Columns { person, completed_on, all: names.len() }),
        _ => {
            let detail = "The first line names the columns person and completed_on, each once, separated by a comma or \
                          semicolon.";
            Err(at_line(1, detail).fault(Fault::body("", "wrong_columns", detail)))
        }
    }
}

/// Where the one column stands that has this name, in whatever case.
fn place(names: &[&str], wanted: &str) -> Option<usize> {
    let mut named = names.iter().enumerate().filter(|(_, name)| name.eq_ignore_ascii_case(wanted));
    let (at, _) = named.next()?;
    named.next().is_none().then_some(at)
}

fn row(columns: &Columns, cells: &[&str], line: usize) -> Result<FileRow> {
    match (cells.get(columns.person), cells.get(columns.completed_on)) {
        (Some(person), Some(completed_on)) if cells.len() == columns.all => {
            Ok(FileRow { line, person: (*person).to_owned(), completed_on: (*completed_on).to_owned() })
        }
        _ => {
            let (cells, all) = (cells.len(), columns.all);
            Err(at_line(line, &format!("The row has {cells} cells, and the header names {all} columns.")))
        }
    }
}

fn at_line(line: usize, detail: &str) -> Error {
    Error::new(Code::InvalidRequest, format!("Line {line}: {detail}")).with("line", line)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(file: &str) -> Vec<(usize, String, String)> {
        let rows = rows(file.as_bytes()).unwrap();
        rows.into_iter().map(|row| (row.line, row.person, row.completed_on)).collect()
    }

    #[test]
    fn a_file_is_read_as_spreadsheets_write_it() {
        let row = |line, person: &str| (line, person.to_owned(), "2026-11-20".to_owned());
        let file = "person,completed_on\r\nE-1,2026-11-20\r\n\r\n\"E-2\", 2026-11-20 \r\n";
        assert_eq!(told(file), [row(2, "E-1"), row(4, "E-2")]);
        assert_eq!(
            told("\u{feff}completed_on,person\n2026-11-20,\"E\n3\"\n2026-11-20,E-4"),
            [row(2, "E\n3"), row(4, "E-4")]
        );
        assert_eq!(told("person;completed_on\r\nE-1;2026-11-20\r\n"), [row(2, "E-1")]);
        assert_eq!(told("person,completed_on"), []);
    }

    #[test]
    fn other_columns_are_skipped_and_the_case_of_names_is_too() {
        let row = |line, person: &str| (line, person.to_owned(), "2026-11-20".to_owned());
        let file = "Course,Completed_On,Name,PERSON,,\nSafe,2026-11-20,\"Jansen, E.\",E-1,,\n";
        assert_eq!(told(file), [row(2, "E-1")]);
        let file = "Person;\"Name, first\";Completed_on;Name;Name\nE-1;E.;2026-11-20;;\n";
        assert_eq!(told(file), [row(2, "E-1")]);
    }

    #[test]
    fn a_file_that_is_none_is_refused_with_the_line() {
        let line = |file: &[u8]| rows(file).unwrap_err().extra.get("line").unwrap().clone();
        let twice = "person,completed_on,Person";
        for header in ["", "person", "person\tcompleted_on", twice, "person,name", "E-1,2026-11-20"] {
            assert_eq!(line(header.as_bytes()), 1, "{header}");
        }
        assert_eq!(line(b"person,completed_on\nE-1,2026-11-20\nE-2"), 3);
        assert_eq!(line(b"person,completed_on\nE-1,2026-11-20\nE-2,a,b\n"), 3);
        assert_eq!(line(b"person,completed_on,name\nE-1,2026-11-20,E.\nE-2,2026-11-20\n"), 3);
        assert_eq!(line(b"person,completed_on\n\xff,2026-11-20\n"), 2);
        let long = format!("person,completed_on\n{},2026-11-20\n", "a".repeat(17_000));
        assert_eq!(line(long.as_bytes()), 2);
        let wide = format!("person,completed_on\n{}\n", "a,".repeat(150));
        assert_eq!(line(wide.as_bytes()), 2);
    }
}
