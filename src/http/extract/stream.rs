//! A body that is taken piece by piece as it arrives, and never held whole.

use std::future::{Ready, ready};
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;

use super::body::broken;
use super::upload::essence;
use crate::error::{Code, Error, Result};
use crate::http::Frame;

/// A body that is still arriving.
pub struct Streamed {
    /// Its media type, without parameters and in lower case.
    pub media_type: String,
    /// Whether it is UTF-8 by its media type, which says nothing else of a charset.
    pub is_utf8: bool,
    payload: Payload,
    /// How long the next piece may take to arrive.
    patience: Duration,
    /// How long all that is still to come may take. Only waiting for it counts: how long it takes to work on a
    /// piece is not the sender's fault.
    left: Duration,
    declared: Option<u64>,
    read: u64,
}

impl FromRequest for Streamed {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = payload.take();
        ready(streamed(request, payload))
    }
}

fn streamed(request: &HttpRequest, payload: Payload) -> Result<Streamed> {
    let frame = request
        .app_data::<web::Data<Frame>>()
        .ok_or_else(|| Error::internal("the frame is not in the application's data"))?;
    if request.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        let detail = "The body must come without a Content-Encoding.";
        return Err(Error::new(Code::UnsupportedMediaType, detail));
    }
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let declared = declared.and_then(|value| value.parse().ok());
    let (patience, left) = (frame.settings.body_timeout, frame.settings.stream_timeout);
    let (media_type, is_utf8) = (essence(request), is_utf8(request));
    Ok(Streamed { media_type, is_utf8, payload, patience, left, declared, read: 0 })
}

/// Whether the media type names no charset, or UTF-8, in any case and quoted or not.
fn is_utf8(request: &HttpRequest) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut parameters = value.unwrap_or_default().split(';').skip(1);
    parameters.all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        !is_charset || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    })
}

impl Streamed {
    /// Refuses a body that says at once that it is larger than `limit`.
    pub fn check_declared(&self, limit: u64) -> Result<()> {
        if self.declared.is_some_and(|declared| declared > limit) { Err(too_large(limit)) } else { Ok(()) }
    }

    /// The next piece, of a body of at most `limit` bytes; none at its end.
    pub async fn next(&mut self, limit: u64) -> Result<Option<Bytes>> {
        let began = Instant::now();
        let piece = tokio::time::timeout(self.patience.min(self.left), self.payload.next()).await;
        self.left = self.left.saturating_sub(began.elapsed());
        let piece =
            piece.map_err(|_| Error::new(Code::RequestTimeout, "The body did not arrive in time."))?;
        let piece = piece.transpose().map_err(broken)?;
        self.read += piece.as_ref().map_or(0, |piece| u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if self.read > limit { Err(too_large(limit)) } else { Ok(piece) }
    }
}

fn too_large(limit: u64) -> Error {
    Error::new(Code::PayloadTooLarge, format!("At most {limit} bytes are taken here."))
}
