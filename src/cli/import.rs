//! `import`: makes drafts of the rows of a file, as `POST /v1/post-imports` does, from the machine itself.
//!
//! It opens the database itself and writes in small transactions, each of which lets others come between, so
//! a server may run on the same database.

mod progress;

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use self::progress::Progress;
use super::failure::Failure;
use super::{migrate, output};
use crate::app::actor::Actor;
use crate::app::identity::normal_email;
use crate::app::post_imports::post_import_rows;
use crate::app::setup::check_keys;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::ids::PostImportId;
use crate::domain::post_import::{Format, RowResult};
use crate::domain::roles::{Role, Scopes};
use crate::error::{self, Code, Error};
use crate::http::v1::post_imports::Intake;
use crate::keys::{Identifier, Keys};
use crate::state::{context_of, load_keys};
use crate::store::connection::Conn;
use crate::store::post_imports::{Counts, ResultRow};
use crate::store::{Db, Lane, people};

/// How much of a file is read at once.
const BLOCK: usize = 64 * 1024;
/// How many refused rows are told.
const REFUSED_TOLD: usize = 20;

/// Imports the file at `path`, or standard input for `-`.
pub(super) fn import(
    config: &Config,
    path: &Path,
    author: Option<&str>,
    format: Option<Format>,
) -> Result<(), Failure> {
    let format = format.or_else(|| of_name(path)).ok_or_else(|| {
        Failure::new(
            "the name of the file does not tell its format: name it with --format ndjson or --format csv",
        )
    })?;
    let (mut file, length) = open(path)?;
    let db = migrate::open(config, Clock::system())?;
    let keys = Arc::new(load_keys(config, db.url())?);
    let context = Arc::new(context_of(config, Arc::clone(&keys))?);
    db.prepare(config.migrate_on_start)?;
    // A wrong clock must not date the drafts.
    db.compare_clocks_now()?;
    db.write_now(Lane::Ordinary, |tx| check_keys(tx, &keys))?;
    let actor = db.read_now(|conn| find_author(conn, &keys, author))?;
    let mut intake = Intake::begin(db.clone(), context, actor, format)?;
    let ran = run(&mut intake, &mut file, length);
    let counts = intake.counts();
    tell_refused(&db, intake.id(), counts)?;
    let [created, existing, refused] = [counts.created, counts.existing, counts.refused].map(thousands);
    output::line(format_args!("created {created}, existing {existing}, refused {refused}"))?;
    ran?;
    if counts.refused == 0 {
        return Ok(());
    }
    Err(Failure::new(format!("rows were refused: {refused}; correct them and import the file again")))
}

/// The format that a file's name tells.
fn of_name(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        "csv" => Some(Format::Csv),
        _ => None,
    }
}

/// The file, and how many bytes it has where that is known.
fn open(path: &Path) -> Result<(Box<dyn Read>, Option<u64>), Failure> {
    if path == Path::new("-") {
        return Ok((Box::new(std::io::stdin()), None));
    }
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (length, file) =
        opened.map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
    Ok((Box::new(file), Some(length)))
}

/// Who the author of the drafts is: the active person with this e-mail address, or the only author.
fn find_author(conn: &mut Conn, keys: &Keys, email: Option<&str>) -> error::Result<Actor> {
    let authors = people::active_with_role(conn, Role::Author)?;
    let person = match (email, authors.as_slice()) {
        (Some(email), authors) => {
            let hmac = keys.identity_hmac(Identifier::Email, &normal_email(email));
            let found = people::find_by_email(conn, &hmac)?.filter(|person| authors.contains(person));
            found
                .ok_or_else(|| nobody(format!("Nobody who is active and has the role author is {email}.")))?
        }
        (None, [only]) => *only,
        (None, []) => return Err(nobody("Nobody who is active has the role author.".to_owned())),
        (None, _) => {
            let detail = "Several people have the role author: name whose drafts these are with --author.";
            return Err(nobody(detail.to_owned()));
        }
    };
    let scopes = Scopes::of_roles(people::standing(conn, person)?.roles);
    Ok(Actor { person: Some(person), client: None, session: None, scopes })
}

fn nobody(detail: String) -> Error {
    Error::new(Code::PersonNotFound, detail)
}

/// Imports the file to its end, or until it goes wrong.
fn run(intake: &mut Intake, file: &mut dyn Read, length: Option<u64>) -> Result<(), Failure> {
    let mut progress = Progress::new(length);
    let read = read(intake, file, &mut progress).map_err(|error| intake.interrupt(error));
    progress.finish();
    read.map_err(|error| {
        let row = error.extra.get("row").and_then(Value::as_i64).unwrap_or_default();
        let failure = Failure::from(naming_columns(error));
        Failure::new(format!(
            "the import was interrupted at row {row}: {failure} What was made before stays."
        ))
    })
}

/// The same error, each fault of which says in which column it lies.
fn naming_columns(mut error: Error) -> Error {
    for fault in &mut error.errors {
        if let Some(column) = fault.extra.get("column").and_then(Value::as_str) {
            fault.detail = format!("column {column:?}: {}", fault.detail);
        }
    }
    error
}

fn read(intake: &mut Intake, file: &mut dyn Read, progress: &mut Progress) -> error::Result<()> {
    let mut block = vec![0; BLOCK];
    loop {
        let length = file.read(&mut block).map_err(|error| {
            Error::new(Code::InvalidRequest, format!("The file cannot be read any further: {error}."))
        })?;
        if length == 0 {
            break;
        }
        // In parts, so that the progress of many small rows shows.
        for piece in block.get(..length).unwrap_or_default().chunks(BLOCK / 8) {
            intake.read(piece)?;
            progress.moved(piece.len(), intake.counts());
        }
    }
    intake.finish()
}

/// Writes the first refused rows on standard error, and how many more there are.
fn tell_refused(db: &Db, id: PostImportId, counts: Counts) -> Result<(), Failure> {
    let rows = db.read_now(|conn| post_import_rows(conn, id, Some(RowResult::Refused), 0, REFUSED_TOLD))?;
    let mut out = std::io::stderr().lock();
    let told = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    // When they cannot be written, the import still has them.
    rows.iter().for_each(|row| _ = writeln!(out, "{}", refusal(row)));
    if counts.refused > told {
        let more = thousands(counts.refused - told);
        let _ = writeln!(out, "and {more} more: GET /v1/post-imports/{id}?result=refused lists them");
    }
    Ok(())
}

/// A refused row in a line.
fn refusal(row: &ResultRow) -> String {
    let problem = row.problem.as_deref().and_then(|problem| serde_json::from_str::<Value>(problem).ok());
    let problem = problem.unwrap_or_default();
    let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).map(str::to_owned);
    let fault = |fault: &Value| {
        let place = text(fault, "column").or_else(|| text(fault, "pointer")).unwrap_or_default();
        format!("{place}: {}", text(fault, "detail").unwrap_or_default())
    };
    let faults = problem.get("errors").and_then(Value::as_array);
    let faults: Vec<String> = faults.into_iter().flatten().map(fault).collect();
    let why = if faults.is_empty() { text(&problem, "detail").unwrap_or_default() } else { faults.join(" ") };
    let name = row.external_id.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    format!("row {} (line {}{name}) refused: {why}", row.row, row.line)
}

/// A number with commas between its thousands.
fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn thousands_have_commas() {
        assert_eq!(
            [0, 999, 1000, 10_000, 1_234_567].map(thousands).join(" "),
            "0 999 1,000 10,000 1,234,567"
        );
    }

    #[test]
    fn a_name_tells_the_format() {
        assert_eq!(of_name(Path::new("posts.NDJSON")), Some(Format::Ndjson));
        assert_eq!(of_name(Path::new("a.b/posts.csv")), Some(Format::Csv));
        assert_eq!(of_name(Path::new("posts.txt")), None);
        assert_eq!(of_name(Path::new("-")), None);
    }
}
