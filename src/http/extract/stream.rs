//! A body that is taken piece by piece as it arrives, and never held whole.

use std::future::{Ready, ready};
use std::time::Duration;

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
    payload: Payload,
    /// How long the next piece may take to arrive.
    patience: Duration,
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
    let (media_type, patience) = (essence(request), frame.settings.body_timeout);
    Ok(Streamed { media_type, payload, patience, declared, read: 0 })
}

impl Streamed {
    /// Refuses a body that says at once that it is larger than `limit`.
    pub fn check_declared(&self, limit: u64) -> Result<()> {
        if self.declared.is_some_and(|declared| declared > limit) { Err(too_large(limit)) } else { Ok(()) }
    }

    /// The next piece, of a body of at most `limit` bytes; none at its end.
    pub async fn next(&mut self, limit: u64) -> Result<Option<Bytes>> {
        let piece = tokio::time::timeout(self.patience, self.payload.next()).await;
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
