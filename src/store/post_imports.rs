//! Imports of posts, what became of their rows, and which post each external id made.

use std::collections::HashMap;

use diesel::prelude::*;

use super::backend::{self, NewImportRow, NewImportedPost};
use super::connection::Conn;
use super::schema::{imported_posts, post_import_rows, post_imports};
use super::write::WriteTx;
use crate::domain::ids::{Digest, ItemId, PersonId, PostImportId};
use crate::domain::post_import::{ExternalId, Format, ImportState, RowResult};
use crate::domain::time::Time;
use crate::error::Result;

/// One import.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = post_imports)]
pub struct ImportRow {
    /// Its id.
    pub id: PostImportId,
    /// Who imports, and so is the author of each draft.
    pub person_id: PersonId,
    /// How the file is written.
    pub format: Format,
    /// Where it stands, as stored.
    pub state: ImportState,
    /// The rows that have their result, and how many have which.
    #[diesel(embed)]
    pub counts: Counts,
    /// Why it was interrupted.
    pub reason: Option<String>,
    /// When it began.
    pub started_at: Time,
    /// When it last moved.
    pub updated_at: Time,
    /// When it ended.
    pub finished_at: Option<Time>,
}

/// How many rows have which result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = post_imports)]
pub struct Counts {
    /// All of them.
    pub rows: i64,
    /// Those that made a draft.
    pub created: i64,
    /// Those whose external id had made a post before.
    pub existing: i64,
    /// Those of which nothing was made.
    pub refused: i64,
}

impl Counts {
    /// Counts a row.
    pub fn add(&mut self, result: RowResult) {
        self.rows += 1;
        match result {
            RowResult::Created => self.created += 1,
            RowResult::Exists => self.existing += 1,
            RowResult::Refused => self.refused += 1,
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = post_import_rows)]
pub struct ResultRow {
    /// Its number in the file.
    pub row: i64,
    /// The line that it begins at.
    pub line: i64,
    /// Its external id, where it could be read.
    pub external_id: Option<String>,
    /// What became of it.
    pub result: RowResult,
    /// Whether it is not what its external id made a post of.
    pub differs: bool,
    /// The post.
    pub item_id: Option<ItemId>,
    /// Why it was refused, as JSON.
    pub problem: Option<String>,
}

/// The post that an external id made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedPost {
    /// The post.
    pub item_id: ItemId,
    /// The digest of the content that it was made of.
    pub digest: Digest,
}

/// Writes a new import, which runs.
pub fn insert(tx: &mut WriteTx<'_>, id: PostImportId, person: PersonId, format: Format) -> Result<()> {
    let now = tx.now().micros();
    let row = (
        post_imports::id.eq(id.to_string()),
        post_imports::person_id.eq(person.to_string()),
        post_imports::format.eq(format.as_str()),
        post_imports::state.eq(ImportState::Running.as_str()),
        (
            post_imports::rows.eq(0),
            post_imports::created.eq(0),
            post_imports::existing.eq(0),
            post_imports::refused.eq(0),
        ),
        post_imports::started_at.eq(now),
        post_imports::updated_at.eq(now),
    );
    diesel::insert_into(post_imports::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// The import with this id.
pub fn find(conn: &mut Conn, id: PostImportId) -> Result<Option<ImportRow>> {
    Ok(post_imports::table.find(id.to_string()).select(ImportRow::as_select()).first(conn).optional()?)
}

/// Writes what became of rows, with the posts that they made, and counts them.
pub fn add(
    tx: &mut WriteTx<'_>,
    id: PostImportId,
    results: &[ResultRow],
    made: &[(&ExternalId, ImportedPost)],
) -> Result<()> {
    let rows: Vec<NewImportRow<'_>> = results
        .iter()
        .map(|row| NewImportRow {
            import_id: id.to_string(),
            row: row.row,
            line: row.line,
            external_id: row.external_id.as_deref(),
            result: row.result.as_str(),
            differs: row.differs,
            item_id: row.item_id.map(|item| item.to_string()),
            problem: row.problem.as_deref(),
        })
        .collect();
    let posts: Vec<NewImportedPost<'_>> = made
        .iter()
        .map(|(external_id, post)| NewImportedPost {
            external_id: external_id.as_str(),
            item_id: post.item_id.to_string(),
            digest: post.digest.as_str(),
            import_id: id.to_string(),
        })
        .collect();
    backend::insert_imported(tx.conn(), &rows, &posts)?;
    let mut counts = Counts::default();
    results.iter().for_each(|row| counts.add(row.result));
    let now = tx.now().micros();
    diesel::update(post_imports::table.find(id.to_string()))
        .set((
            post_imports::rows.eq(post_imports::rows + counts.rows),
            post_imports::created.eq(post_imports::created + counts.created),
            post_imports::existing.eq(post_imports::existing + counts.existing),
            post_imports::refused.eq(post_imports::refused + counts.refused),
            post_imports::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Ends an import: for a reason, when it was interrupted.
pub fn end(tx: &mut WriteTx<'_>, id: PostImportId, reason: Option<&str>) -> Result<()> {
    let state = if reason.is_some() { ImportState::Interrupted } else { ImportState::Finished };
    let now = tx.now().micros();
    diesel::update(post_imports::table.find(id.to_string()))
        .set((
            post_imports::state.eq(state.as_str()),
            post_imports::reason.eq(reason),
            post_imports::updated_at.eq(now),
            post_imports::finished_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The posts that these external ids made; those that made none are missing from the answer.
pub fn find_posts(conn: &mut Conn, external_ids: &[&str]) -> Result<HashMap<String, ImportedPost>> {
    let rows: Vec<(String, ItemId, Digest)> = imported_posts::table
        .filter(imported_posts::external_id.eq_any(external_ids))
        .select((imported_posts::external_id, imported_posts::item_id, imported_posts::digest))
        .load(conn)?;
    let post = |(external_id, item_id, digest)| (external_id, ImportedPost { item_id, digest });
    Ok(rows.into_iter().map(post).collect())
}

/// What became of the rows of an import, in their order, after the row `after`.
pub fn list_rows(
    conn: &mut Conn,
    id: PostImportId,
    result: Option<RowResult>,
    after: i64,
    limit: i64,
) -> Result<Vec<ResultRow>> {
    let mut query = post_import_rows::table
        .filter(post_import_rows::import_id.eq(id.to_string()))
        .filter(post_import_rows::row.gt(after))
        .order(post_import_rows::row.asc())
        .limit(limit)
        .select(ResultRow::as_select())
        .into_boxed();
    if let Some(result) = result {
        query = query.filter(post_import_rows::result.eq(result.as_str()));
    }
    Ok(query.load(conn)?)
}
