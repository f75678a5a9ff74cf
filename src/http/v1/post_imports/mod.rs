//! Imports of posts: many drafts from one file.
//!
//! The file is the body itself, and is taken as it arrives. A retry needs no `Idempotency-Key`, and the
//! operation takes none: a key goes with one whole body, of which a break may have brought only a part, while
//! the external id of each row says what was made already.

mod intake;
mod types;

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, rt};

pub use self::intake::Intake;
use self::types::{PostImport, RowFilter, example_import, example_page};
use super::answers::{cursor_at, cut, one_more, page};
use crate::app::actor::{Actor, Permission};
use crate::app::post_imports::{post_import_get, post_import_rows};
use crate::domain::ids::PostImportId;
use crate::domain::post_import::{FILE_BYTES_MAX, Format};
use crate::domain::roles::Scope;
use crate::error::{Code, Error, Result};
use crate::http::Frame;
use crate::http::extract::{Caller, Path, Query, Streamed};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;
use crate::state::App;
use crate::store::post_imports::ImportRow;

const LIST: &str = "post_import_get";

/// How much of a file is gathered before it is read on.
const BLOCK: usize = 64 * 1024;

/// The files that are taken, with an example of each.
const FILES: &[(&str, &str)] = &[
    (
        "application/x-ndjson",
        "{\"external_id\":\"spring-1\",\"content\":{\"title\":\"Lente\",\"copies\":[{\"id\":\"nl\",\"language\":\"nl\",\
         \"text\":\"De lente begint.\"}],\"channels\":[\"linkedin\"]}}\n",
    ),
    (
        "text/csv",
        "external_id,title,text.nl,text.en,channels\r\nspring-1,Lente,De lente begint.,Spring begins.,linkedin;x\r\n",
    ),
];

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let write = Permission::PersonHolds(Scope::ContentWrite);
    let read = Permission::Holds(Scope::ContentRead);
    vec![
        Route::post("/v1/post-imports", write, describe_create(), post_import_create),
        Route::get("/v1/post-imports/{id}", read, describe_get(), get),
    ]
}

fn describe_create() -> Operation {
    Operation::new(
        "post_import_create",
        "posts",
        "Import posts from a file",
        "Makes drafts of the rows of a file, up to 10,000 of at most 200,000 bytes each, 64 MB in all. The file is \
         the body, in UTF-8: NDJSON (`application/x-ndjson`), each line `{\"external_id\", \"content\"}` with the content of \
         a post as `POST /v1/posts` takes it; or CSV (`text/csv`; RFC 4180, UTF-8) whose first line names its \
         columns, in any order: `external_id`, `title`, `headline`, `text.<language>` for a copy in that language \
         (`text.<language>.2` and so on for alternatives), `channels`, `hashtags`, `images`, `disclaimers`, \
         `topics`, `countries` and `groups` (lists, with `;` between their parts), `link`, `campaign`, `credit`, \
         `publish_at`, `expires_at`, `personalisation` and `tips`. An empty cell is absent; a column that is not \
         known refuses the file. Topics and campaigns are registered before (`unknown_key` otherwise). Each row goes the way of a post that is written by hand, with the caller as its \
         author, and has a result of its own, which `GET /v1/post-imports/{id}` tells: `created`, `exists` or \
         `refused`. `external_id` (1 to 200 visible characters) makes this idempotent, and no `Idempotency-Key` \
         is taken: a row whose `external_id` made a post before, in whichever import, `exists`, and nothing is \
         overwritten. The answer comes when the whole file is done. A file may take ten minutes to arrive in all, and \
         30 seconds for each piece of it; how long its rows take to be written does not count. A file that breaks \
         off or comes too slowly (`request_timeout`), or that goes wrong as a file, is answered with a problem that names the import (`import_id`) and the row (`row`); what was \
         made before stays, and the same file sent again goes on from there. An import leaves no entry in the \
         record, as no draft does.",
    )
    .streamed_body(FILES)
    .answer::<PostImport>(201, "The import, done.", example_import())
    .location()
    .errors(&[Code::RequestTimeout])
    .event(NO_EVENT)
}

fn describe_get() -> Operation {
    Operation::new(
        LIST,
        "posts",
        "Read an import of posts",
        "The import with its counts, which grow while it runs, and a page of its rows in the order of the file.",
    )
    .query::<RowFilter>()
    .paged()
    .answer::<PostImport>(200, "The import with a page of its rows.", example_page())
    .event(NO_EVENT)
}

async fn post_import_create(app: Data<App>, Caller(actor): Caller, file: Streamed) -> Result<HttpResponse> {
    let format = Format::ALL.into_iter().find(|format| format.media_type() == file.media_type);
    let format =
        format.ok_or_else(|| unsupported("Send the file itself, as application/x-ndjson or text/csv."))?;
    if !file.is_utf8 {
        let detail = "Send the file in UTF-8, with charset=utf-8 in its Content-Type or no charset.";
        return Err(unsupported(detail));
    }
    file.check_declared(FILE_BYTES_MAX)?;
    // A task of its own, so that an import whose client is gone still ends as one that was interrupted.
    let import = rt::spawn(import(app, actor, format, file)).await.map_err(Error::internal)??;
    let address = format!("/v1/post-imports/{}", import.id);
    Ok(HttpResponse::Created().insert_header((header::LOCATION, address)).json(PostImport::from(import)))
}

fn unsupported(detail: &str) -> Error {
    let accepted = Format::ALL.map(Format::media_type).join(", ");
    Error::new(Code::UnsupportedMediaType, detail).with("accept_post", accepted)
}

/// Takes the file as it arrives; while rows are written, the client waits.
async fn import(app: Data<App>, actor: Actor, format: Format, mut file: Streamed) -> Result<ImportRow> {
    let (db, context) = (app.db.clone(), Arc::clone(&app.context));
    let mut intake = app.think(move || Intake::begin(db, context, actor, format)).await?;
    let id = intake.id();
    let mut block = Vec::new();
    loop {
        let piece = file.next(FILE_BYTES_MAX).await;
        block.extend_from_slice(piece.as_ref().ok().and_then(Option::as_deref).unwrap_or_default());
        if matches!(piece, Ok(Some(_))) && block.len() < BLOCK {
            continue;
        }
        let bytes = std::mem::take(&mut block);
        let ended = !matches!(piece, Ok(Some(_)));
        intake = app
            .think(move || {
                let read = intake.read(&bytes).and(piece);
                let read = read.and_then(|piece| if piece.is_none() { intake.finish() } else { Ok(()) });
                read.map_err(|error| intake.interrupt(error)).map(|()| intake)
            })
            .await?;
        if ended {
            let now = app.clock.now();
            return app.read(move |conn, _| post_import_get(conn, id, now)).await;
        }
    }
}

async fn get(
    request: HttpRequest,
    app: Data<App>,
    frame: Data<Frame>,
    Caller(actor): Caller,
    Path(id): Path<PostImportId>,
    Query(filter): Query<RowFilter>,
) -> Result<HttpResponse> {
    let walk = frame.cursor_key.walk(LIST, &actor, &(id, &filter))?;
    let after = filter.cursor.as_deref().map(|cursor| walk.open(cursor)).transpose()?;
    let after = after.map_or(0, |position| position.sort);
    let (result, limit, now) = (filter.result, one_more(filter.limit), app.clock.now());
    let read = move |conn: &mut _, _: &_| {
        Ok((post_import_get(conn, id, now)?, post_import_rows(conn, id, result, after, limit)?))
    };
    let (import, mut rows) = app.read(read).await?;
    let next = cursor_at(&walk, cut(&mut rows, filter.limit).map(|row| row.row), None)?;
    let import = PostImport::from(import).with_rows(rows, next.clone())?;
    Ok(page(&request, next.as_deref(), &import))
}
