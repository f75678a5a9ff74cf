//! Imports of posts: many drafts from one file, each made as if it were written by hand.
//!
//! An [`Import`] takes rows that were parsed already and writes them in small transactions, so that no write
//! holds the lock for long and other writers come between. Each row is made and checked by what
//! [`item_create`](super::items::item_create) does, and each transaction asks anew for the permission: an import
//! bypasses nothing, and one whose person was deactivated meanwhile ends. A post is known by its external id, whoever imported
//! it: a file that comes again, after a break or with rows corrected, makes no post twice and overwrites none.
//!
//! An import makes drafts only, and so leaves no entry in the record, as no draft does: the submission of a
//! draft is the first entry about it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::actor::Actor;
use super::authentication;
use super::context::Context;
use super::items::insert_authorised;
use crate::domain::content::Content;
use crate::domain::ids::{Digest, ItemId, PersonId, PostImportId};
use crate::domain::post_import::{Columns, ExternalId, Format, ImportState, RowResult};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::store::connection::Conn;
use crate::store::post_imports::{self, Counts, ImportRow, ImportedPost, ResultRow};
use crate::store::write::WriteTx;
use crate::store::{Db, Lane};

/// How many rows one transaction writes at most.
const BATCH_ROWS: usize = 25;
/// After how long a transaction takes no further row: the row then in work and the commit come on top, and no
/// write may hold the lock over 50 ms.
const BATCH_TIME: Duration = Duration::from_millis(10);
/// After how long without a move an import was cut short.
const CUT_SHORT_AFTER: Duration = Duration::from_secs(600);

/// A row as it was parsed.
#[derive(Debug)]
pub struct Row {
    /// Its number in the file.
    pub row: i64,
    /// The line that it begins at.
    pub line: i64,
    /// Where its members came from.
    pub columns: Columns,
    /// What it says.
    pub parsed: Parsed,
}

/// What a row says.
#[derive(Debug)]
pub enum Parsed {
    /// A draft that may be made.
    Draft {
        /// The name of the post where it comes from.
        external_id: ExternalId,
        /// Its content.
        content: Content,
        /// The digest of the content's stored form.
        digest: Digest,
    },
    /// Nothing that a draft can be made of.
    Faulty {
        /// The row's external id, where it could be read.
        external_id: Option<ExternalId>,
        /// Why.
        error: Error,
    },
}

/// An import that runs.
pub struct Import {
    db: Db,
    context: Arc<Context>,
    actor: Actor,
    id: PostImportId,
    counts: Counts,
    /// Rows that are not written yet, in their order.
    waiting: VecDeque<Row>,
}

impl Import {
    /// Begins an import by a person who may write content. It blocks, as all of its functions do.
    pub fn begin(db: Db, context: Arc<Context>, actor: Actor, format: Format) -> Result<Self> {
        let id = PostImportId::generate();
        let person = actor.person()?;
        db.write_now(Lane::Ordinary, |tx| {
            authentication::authorise(tx, &actor, Scope::ContentWrite)?;
            post_imports::insert(tx, id, person, format)
        })?;
        Ok(Self { db, context, actor, id, counts: Counts::default(), waiting: VecDeque::new() })
    }

    /// How many rows have their result.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Its id.
    pub fn id(&self) -> PostImportId {
        self.id
    }

    /// Takes the next rows of the file. Those that do not fill a transaction wait for more.
    pub fn take(&mut self, rows: Vec<Row>) -> Result<()> {
        self.waiting.extend(rows);
        while self.waiting.len() >= BATCH_ROWS {
            self.write()?;
        }
        Ok(())
    }

    /// Ends the import at the end of the file.
    pub fn finish(&mut self) -> Result<()> {
        self.flush()?;
        self.db.write_now(Lane::Ordinary, |tx| post_imports::end(tx, self.id, None))?;
        Ok(())
    }

    /// Ends the import before the end of the file, and answers the reason with the import and the row. The rows
    /// that came before stay, or are still written.
    pub fn interrupt(&mut self, reason: Error) -> Error {
        let reason = self.flush().err().unwrap_or(reason);
        let detail = reason.detail.clone();
        let ended =
            self.db.write_now(Lane::Ordinary, |tx| post_imports::end(tx, self.id, Some(detail.as_str())));
        if let Err(error) = ended {
            // It shows as interrupted once it has not moved for a while.
            tracing::warn!(%error, import = %self.id, "an interrupted import could not be ended");
        }
        reason.with("import_id", self.id.to_string()).with("row", self.counts.rows + 1)
    }

    fn flush(&mut self) -> Result<()> {
        while !self.waiting.is_empty() {
            self.write()?;
        }
        Ok(())
    }

    /// Writes the first rows that wait, then lets others write for as long as that took.
    fn write(&mut self) -> Result<()> {
        let began = Instant::now();
        let Self { db, context, actor, id, waiting, .. } = self;
        let all = waiting.make_contiguous();
        let batch = all.get(..BATCH_ROWS).unwrap_or(all);
        match db.write_now(Lane::Ordinary, |tx| import_rows(tx, context, actor, *id, batch)) {
            Ok(done) => {
                waiting.drain(..done.value.len());
                done.value.into_iter().for_each(|result| self.counts.add(result));
            }
            Err(error) => {
                // What cannot be written now is not tried again.
                waiting.clear();
                return Err(error);
            }
        }
        std::thread::sleep(began.elapsed());
        Ok(())
    }
}

/// What becomes of a row.
enum Outcome {
    Created(ItemId),
    Exists {
        item_id: ItemId,
        differs: bool,
    },
    /// With the problem as JSON.
    Refused(String),
}

/// Writes the first of these rows, as many as time allows, and answers what became of each.
fn import_rows(
    tx: &mut WriteTx<'_>,
    context: &Context,
    actor: &Actor,
    id: PostImportId,
    rows: &[Row],
) -> Result<Vec<RowResult>> {
    let began = Instant::now();
    let author = actor.person()?;
    authentication::authorise(tx, actor, Scope::ContentWrite)?;
    let external_ids: Vec<&str> = rows.iter().filter_map(Row::external_id).map(ExternalId::as_str).collect();
    let mut known = post_imports::find_posts(tx.conn(), &external_ids)?;
    let (mut results, mut made) = (Vec::new(), Vec::new());
    for row in rows {
        let outcome = match &row.parsed {
            Parsed::Faulty { error, .. } => Outcome::Refused(row.problem(error)?),
            Parsed::Draft { external_id, content, digest } => match known.get(external_id.as_str()) {
                Some(post) => Outcome::Exists { item_id: post.item_id, differs: post.digest != *digest },
                None => {
                    let outcome = make(tx, context, author, row, content)?;
                    if let Outcome::Created(item_id) = outcome {
                        let post = ImportedPost { item_id, digest: digest.clone() };
                        known.insert(external_id.to_string(), post.clone());
                        made.push((external_id, post));
                    }
                    outcome
                }
            },
        };
        results.push(row.result(outcome));
        if began.elapsed() >= BATCH_TIME {
            break;
        }
    }
    post_imports::add(tx, id, &results, &made)?;
    Ok(results.into_iter().map(|row| row.result).collect())
}

/// Makes the draft of a row. What is wrong with the row is its own; any other error ends the import.
fn make(
    tx: &mut WriteTx<'_>,
    context: &Context,
    author: PersonId,
    row: &Row,
    content: &Content,
) -> Result<Outcome> {
    let item_id = ItemId::generate();
    match insert_authorised(tx, context, author, item_id, None, content) {
        Ok(()) => Ok(Outcome::Created(item_id)),
        // Found before anything is written, so that the transaction goes on.
        Err(error) if matches!(error.code, Code::InvalidContent | Code::UnknownImage) => {
            Ok(Outcome::Refused(row.problem(&error)?))
        }
        Err(error) => Err(error),
    }
}

impl Row {
    fn external_id(&self) -> Option<&ExternalId> {
        match &self.parsed {
            Parsed::Draft { external_id, .. } => Some(external_id),
            Parsed::Faulty { external_id, .. } => external_id.as_ref(),
        }
    }

    /// An error as the problem of this row, with the columns of its faults.
    fn problem(&self, error: &Error) -> Result<String> {
        let mut errors: Vec<Fault> = error.errors.clone();
        self.columns.name(&mut errors);
        let problem = json!({ "code": error.code.slug(), "detail": error.detail, "errors": errors });
        serde_json::to_string(&problem).map_err(Error::internal)
    }

    fn result(&self, outcome: Outcome) -> ResultRow {
        let (result, item_id, differs, problem) = match outcome {
            Outcome::Created(item_id) => (RowResult::Created, Some(item_id), false, None),
            Outcome::Exists { item_id, differs } => (RowResult::Exists, Some(item_id), differs, None),
            Outcome::Refused(problem) => (RowResult::Refused, None, false, Some(problem)),
        };
        let external_id = self.external_id().map(ToString::to_string);
        ResultRow { row: self.row, line: self.line, external_id, result, differs, item_id, problem }
    }
}

/// The import with this id, as it stands now, or 404. One that has not moved for ten minutes was cut short, by
/// the end of its process or a database that was lost, and is interrupted.
pub fn post_import_get(conn: &mut Conn, id: PostImportId, now: Time) -> Result<ImportRow> {
    let mut import = post_imports::find(conn, id)?.ok_or_else(|| Error::not_found("import"))?;
    if import.state == ImportState::Running && import.updated_at.after(CUT_SHORT_AFTER) < now {
        import.state = ImportState::Interrupted;
        import.reason = Some("It was cut short: nothing of it has moved for ten minutes.".to_owned());
        import.finished_at = Some(import.updated_at);
    }
    Ok(import)
}

/// What became of the rows of an import, in their order, after the row `after`.
pub fn post_import_rows(
    conn: &mut Conn,
    id: PostImportId,
    result: Option<RowResult>,
    after: i64,
    limit: usize,
) -> Result<Vec<ResultRow>> {
    let limit = i64::try_from(limit).map_err(Error::internal)?;
    post_imports::list_rows(conn, id, result, after, limit)
}
