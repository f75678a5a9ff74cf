//! What is answered about imports.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::domain::ids::{ItemId, PersonId, PostImportId};
use crate::domain::post_import::{Format, ImportState, RowResult};
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::http::paging::Limit;
use crate::store::post_imports::{ImportRow, ResultRow};

/// Which rows of an import.
#[derive(Deserialize, Serialize, IntoParams)]
pub struct RowFilter {
    /// Only those with this result.
    pub result: Option<RowResult>,
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    pub limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    pub cursor: Option<String>,
}

/// An import of posts.
#[derive(Serialize, ToSchema)]
pub struct PostImport {
    /// Its id.
    id: PostImportId,
    /// How the file is written.
    format: Format,
    /// Where it stands. One that has not moved for ten minutes is `interrupted`.
    state: ImportState,
    /// Why it was interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    reason: Option<String>,
    /// How many rows have their result so far.
    #[schema(minimum = 0)]
    rows: i64,
    /// How many of them made a draft.
    #[schema(minimum = 0)]
    created: i64,
    /// Of how many the external id had made a post before.
    #[schema(minimum = 0)]
    existing: i64,
    /// How many were refused.
    #[schema(minimum = 0)]
    refused: i64,
    /// Who imports: the author of each draft.
    person_id: PersonId,
    /// When it began.
    started_at: Time,
    /// When it ended; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    finished_at: Option<Time>,
    /// The rows of this page, in the order of the file; only where the import is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200, nullable = false)]
    items: Option<Vec<PostImportRow>>,
    /// Where the next page of rows begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    next_cursor: Option<String>,
}

impl From<ImportRow> for PostImport {
    fn from(import: ImportRow) -> Self {
        let ImportRow { id, person_id, format, state, counts, reason, started_at, finished_at, .. } = import;
        Self {
            id,
            format,
            state,
            reason,
            rows: counts.rows,
            created: counts.created,
            existing: counts.existing,
            refused: counts.refused,
            person_id,
            started_at,
            finished_at,
            items: None,
            next_cursor: None,
        }
    }
}

impl PostImport {
    /// The same with a page of its rows.
    pub fn with_rows(self, rows: Vec<ResultRow>, next_cursor: Option<String>) -> Result<Self> {
        let items = rows.into_iter().map(PostImportRow::new).collect::<Result<_>>()?;
        Ok(Self { items: Some(items), next_cursor, ..self })
    }
}

/// What became of a row.
#[derive(Serialize, ToSchema)]
struct PostImportRow {
    /// Its number in the file, from 1.
    #[schema(minimum = 1)]
    row: i64,
    /// The line of the file that it begins at.
    #[schema(minimum = 1)]
    line: i64,
    /// Its external id, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    external_id: Option<String>,
    /// What became of it.
    result: RowResult,
    /// Whether the row is not what its external id made a post of; only with `exists`. Nothing is overwritten.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    differs: Option<bool>,
    /// The post: the draft that was made, or the post that was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    item_id: Option<ItemId>,
    /// Where the post is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    address: Option<String>,
    /// Why the row was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PostImportProblem>, nullable = false)]
    problem: Option<Value>,
}

impl PostImportRow {
    fn new(row: ResultRow) -> Result<Self> {
        let problem = row.problem.as_deref().map(serde_json::from_str).transpose();
        Ok(Self {
            row: row.row,
            line: row.line,
            external_id: row.external_id,
            result: row.result,
            differs: (row.result == RowResult::Exists).then_some(row.differs),
            item_id: row.item_id,
            address: row.item_id.map(|item| format!("/v1/posts/{item}")),
            problem: problem.map_err(Error::internal)?,
        })
    }
}

/// Why a row was refused, as a problem document says why a request was.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used: the import stores the document")]
pub struct PostImportProblem {
    /// The kind of problem, to act on.
    #[schema(max_length = 64)]
    code: String,
    /// What is wrong.
    #[schema(max_length = 2000)]
    detail: String,
    /// Each fault, at its place in the row.
    #[schema(max_items = 1000)]
    errors: Vec<PostImportFault>,
}

/// One fault of a row.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used: see crate::error::Fault")]
pub struct PostImportFault {
    /// Where in the row: a JSON pointer as a URI fragment, `#/content/title`.
    #[schema(max_length = 2000)]
    pointer: String,
    /// The column that it lies in, in a file of CSV.
    #[schema(max_length = 200, nullable = false)]
    column: Option<String>,
    /// What is wrong, to act on.
    #[schema(max_length = 64)]
    code: String,
    /// What is wrong, in words.
    #[schema(max_length = 2000)]
    detail: String,
}

const ID: &str = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1";

/// An import that was finished.
pub fn example_import() -> Value {
    json!({
        "id": ID,
        "format": "csv",
        "state": "finished",
        "rows": 3,
        "created": 1,
        "existing": 1,
        "refused": 1,
        "person_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa1",
        "started_at": "2026-11-20T10:15:00.007Z",
        "finished_at": "2026-11-20T10:15:00.391Z",
    })
}

/// The same with its rows.
pub fn example_page() -> Value {
    let item = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81";
    let other = "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f82";
    let mut import = example_import();
    let fault = json!({
        "pointer": "#/content/channels/0",
        "column": "channels",
        "code": "unknown_channel",
        "detail": "There is no channel linkdin.",
    });
    let problem = json!({
        "code": "invalid_content",
        "detail": "The content has faults; each is listed in errors.",
        "errors": [fault],
    });
    let rows = json!([
        { "row": 1, "line": 2, "external_id": "spring-1", "result": "created", "item_id": item,
          "address": format!("/v1/posts/{item}") },
        { "row": 2, "line": 3, "external_id": "spring-2", "result": "exists", "differs": false,
          "item_id": other, "address": format!("/v1/posts/{other}") },
        { "row": 3, "line": 6, "external_id": "spring-3", "result": "refused", "problem": problem },
    ]);
    crate::http::schema::set(&mut import, "items", rows);
    import
}
