//! A file that is sent: as the whole body, or as a part of a form.
//!
//! It goes to a file without a name, of which nothing is left when the connection breaks off or the process
//! ends, and is never held in memory.

use std::fs::File;
use std::future::Future;
use std::io::Write as _;
use std::pin::Pin;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpRequest};
use futures_util::{Stream, StreamExt, TryStreamExt};
use sha2::{Digest as _, Sha256};

use super::body::broken;
use crate::domain::ids::Digest;
use crate::error::{Code, Error, Fault, Result};
use crate::http::{Frame, Settings};

/// The media types that a file is sent as by itself. What it is, its bytes tell.
pub const UPLOADED: &[&str] = &["image/jpeg", "image/png", "image/webp", "image/gif"];

/// How much is gathered before it is written.
const BLOCK: usize = 256 * 1024;

/// The most bytes of the part `content` of a form.
const CONTENT: usize = 64 * 1024;

/// What a form may add to the file in it: its content, and what tells its parts apart.
const FORM: u64 = 128 * 1024;

/// A file that was sent.
#[derive(Debug)]
pub struct Upload {
    /// The file, which has no name.
    pub file: File,
    /// The SHA-256 of its bytes as they were sent.
    pub digest: Digest,
    /// The part `content` of a form, as it was sent.
    pub content: Option<Bytes>,
}

impl FromRequest for Upload {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let frame = request
                .app_data::<web::Data<Frame>>()
                .ok_or_else(|| Error::internal("the frame is not in the application's data"))?;
            let settings = &frame.settings;
            let read = read(&request, payload, settings);
            match tokio::time::timeout(settings.file_timeout, read).await {
                Ok(upload) => upload,
                Err(_) => Err(Error::new(Code::RequestTimeout, "The file did not arrive in time.")),
            }
        })
    }
}

async fn read(request: &HttpRequest, payload: Payload, settings: &Settings) -> Result<Upload> {
    let limit = settings.file_bytes;
    let essence = essence(request);
    let is_form = essence == "multipart/form-data";
    if !is_form && !essence.starts_with("image/") && essence != "application/octet-stream" {
        let detail = "Send the picture itself, as image/jpeg, image/png, image/webp or image/gif, or a form \
                      (multipart/form-data) with the parts file and content.";
        return Err(unsupported(detail));
    }
    if request.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        let detail = "The body must come without a Content-Encoding.";
        return Err(unsupported(detail));
    }
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let declared = declared.and_then(|value| value.parse::<u64>().ok()).unwrap_or(0);
    if declared > limit + if is_form { FORM } else { 0 } {
        return Err(too_large(limit));
    }
    if is_form {
        return read_form(request, payload, limit).await;
    }
    let (file, digest) = spool(payload.map_err(broken), limit).await?;
    Ok(Upload { file, digest, content: None })
}

/// The media type without its parameters, in lower case.
pub(super) fn essence(request: &HttpRequest) -> String {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let value = value.unwrap_or_default();
    value.split_once(';').map_or(value, |(essence, _)| essence).trim().to_ascii_lowercase()
}

fn unsupported(detail: &str) -> Error {
    let accepted = [UPLOADED, &["multipart/form-data"]].concat().join(", ");
    Error::new(Code::UnsupportedMediaType, detail).with("accept_post", accepted)
}

fn too_large(limit: u64) -> Error {
    Error::new(Code::PayloadTooLarge, format!("At most {limit} bytes are taken for a picture."))
}

async fn read_form(request: &HttpRequest, payload: Payload, limit: u64) -> Result<Upload> {
    let mut form = Multipart::new(request.headers(), payload);
    let (mut file, mut content) = (None, None);
    while let Some(part) = form.try_next().await.map_err(unreadable)? {
        match part.name() {
            Some("file") if file.is_none() => {
                file = Some(spool(part.map_err(unreadable), limit).await?);
            }
            Some("content") if content.is_none() => content = Some(gather(part).await?),
            Some(name @ ("file" | "content")) => {
                return Err(refuse(name, "duplicate", "This part stands twice."));
            }
            _ => {
                return Err(refuse(
                    "",
                    "unknown_part",
                    "A form has the parts file and content, and no others.",
                ));
            }
        }
    }
    let (file, digest) = file.ok_or_else(|| refuse("file", "missing_field", "The part file is missing."))?;
    Ok(Upload { file, digest, content })
}

fn refuse(part: &str, code: &'static str, detail: &str) -> Error {
    let pointer = if part.is_empty() { String::new() } else { format!("/{part}") };
    Error::new(Code::InvalidRequest, detail).fault(Fault::body(pointer, code, detail))
}

fn unreadable(error: MultipartError) -> Error {
    match error {
        MultipartError::Payload(error) => broken(error),
        _ => refuse(
            "",
            "invalid_form",
            "This is not a form (multipart/form-data) that can be read to its end.",
        ),
    }
}

/// A small part.
async fn gather(mut part: Field) -> Result<Bytes> {
    let mut bytes = web::BytesMut::new();
    while let Some(chunk) = part.try_next().await.map_err(unreadable)? {
        if bytes.len() + chunk.len() > CONTENT {
            let detail = format!("The part content has at most {CONTENT} bytes.");
            return Err(Error::new(Code::PayloadTooLarge, detail));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Writes what comes to a file without a name, up to the limit.
async fn spool(mut chunks: impl Stream<Item = Result<Bytes>> + Unpin, limit: u64) -> Result<(File, Digest)> {
    let mut spool = Spool::default();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        length += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if length > limit {
            return Err(too_large(limit));
        }
        spool.block.extend_from_slice(&chunk);
        if spool.block.len() >= BLOCK {
            spool = spool.written().await?;
        }
    }
    let Spool { file, hash, .. } = spool.written().await?;
    let file = file.ok_or_else(|| refuse("", "empty", "The file is empty."))?;
    Ok((file, Digest::from_hash(hash.finalize().into())))
}

/// A file that is being written.
#[derive(Default)]
struct Spool {
    file: Option<File>,
    hash: Sha256,
    block: Vec<u8>,
}

impl Spool {
    /// The same with what was gathered written down, in the background.
    async fn written(self) -> Result<Self> {
        if self.block.is_empty() {
            return Ok(self);
        }
        let write = move || {
            let Self { file, mut hash, mut block } = self;
            let mut file = match file {
                Some(file) => file,
                None => tempfile::tempfile()?,
            };
            file.write_all(&block)?;
            hash.update(&block);
            block.clear();
            Ok::<_, std::io::Error>(Self { file: Some(file), hash, block })
        };
        tokio::task::spawn_blocking(write).await.map_err(Error::internal)?.map_err(Error::internal)
    }
}
