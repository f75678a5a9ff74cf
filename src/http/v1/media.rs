//! Pictures as they are fetched: at signed addresses that end, by whoever has one.

use std::ops::Range;

use actix_web::body::SizedStream;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::IntoParams;

use crate::app::actor::Permission;
use crate::domain::ids::ItemId;
use crate::error::{Code, Error, Result};
use crate::http::extract::{Path, Query};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;
use crate::http::{etag, range};
use crate::state::App;

/// The types of stored pictures.
const FILES: &[&str] = &["image/jpeg", "image/png"];

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let get = Operation::new(
        "media_get",
        "images",
        "Fetch a file of a picture",
        "Addresses stand in images, libraries and shares; whoever has one gets the file, without credentials, \
         for the next one to two hours. A file never changes: it has a strong `ETag` (the SHA-256 of its bytes) \
         and may be kept until the address ends. One range of bytes is answered with 206, with `If-Range` only \
         if the tag is the same. An address that has ended is 403 `address_expired`: read the image or share \
         again for a fresh one. 404 when it was not made here, or the picture was taken away.",
    )
    .path("file", "The name of the file.", json!({ "type": "string", "maxLength": 80 }))
    .query::<MediaQuery>()
    .file_answer(200, "The file.", FILES)
    .file_answer(206, "A range of it.", FILES)
    .empty(304, "The reader has the file already.")
    .etag()
    .errors(&[Code::NotFound, Code::AddressExpired, Code::RangeNotSatisfiable])
    .event(NO_EVENT);
    vec![Route::get("/v1/media/{id}/{file}", Permission::Public, get, media_get)]
}

/// What an address ends with.
#[derive(Deserialize, Serialize, IntoParams)]
struct MediaQuery {
    /// When the address ends, in seconds since 1970.
    #[param(minimum = 0)]
    expires: i64,
    /// What nobody else can make.
    #[param(max_length = 64)]
    signature: String,
}

/// The address of a file.
#[derive(Deserialize)]
struct MediaPath {
    id: ItemId,
    file: String,
}

async fn media_get(
    request: HttpRequest,
    app: Data<App>,
    Path(MediaPath { id, file }): Path<MediaPath>,
    Query(MediaQuery { expires, signature }): Query<MediaQuery>,
) -> Result<HttpResponse> {
    let now = app.clock.now();
    let digest = app.context.media.open(id, &file, expires, &signature, now)?;
    let row = app.studio.media_find(id, digest.clone()).await?;
    let tag = format!("\"{digest}\"");
    let lifetime = expires.saturating_sub(now.seconds());
    if etag::not_modified(&request, &tag) {
        return Ok(kept(HttpResponse::NotModified(), &tag, lifetime).finish());
    }
    let asked = range::asked(&request, &tag);
    let wanted = asked.map(|asked| asked.within(row.bytes).ok_or_else(|| nothing(row.bytes))).transpose()?;
    let part = app.studio.media_read(id, &digest, wanted).await?;
    let status = if asked.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = kept(HttpResponse::build(status), &tag, lifetime);
    if asked.is_some() {
        let Range { start, end } = part.range;
        let range = format!("bytes {start}-{}/{}", end.saturating_sub(1), part.size);
        response.insert_header((header::CONTENT_RANGE, range));
    }
    let length = part.range.end.saturating_sub(part.range.start);
    response.content_type(row.media_type.as_str());
    Ok(response.body(SizedStream::new(length, part.bytes)))
}

/// An answer that a reader may keep until the address ends.
fn kept(mut response: HttpResponseBuilder, tag: &str, lifetime: i64) -> HttpResponseBuilder {
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CACHE_CONTROL, format!("private, max-age={lifetime}, immutable")));
    response
}

fn nothing(size: u64) -> Error {
    let detail = format!("The range holds nothing of the file, which has {size} bytes.");
    Error::new(Code::RangeNotSatisfiable, detail).with("size", size)
}
