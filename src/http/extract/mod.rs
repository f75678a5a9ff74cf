//! What handlers take from a request, each parsed strictly at the edge.
//!
//! Every extractor answers a problem that names the place of the fault: a JSON pointer, a parameter or a
//! header.

mod body;
pub mod headers;
pub mod params;
mod stream;
mod strict;
mod upload;

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

pub use body::{Body, JSON, MERGE_PATCH, checked, parse, present};
pub use headers::{IdempotencyKey, IfMatch, OptionalIdempotencyKey, Purpose};
pub use params::{Path, Query};
pub use stream::Streamed;
pub use strict::as_sent;
pub use upload::{UPLOADED, Upload};

use crate::app::actor::Actor;
use crate::error::{Code, Error};

/// Who is asking. Only for routes that are not public: the gate has put it there.
pub struct Caller(pub Actor);

impl FromRequest for Caller {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let actor = request.extensions().get::<Actor>().cloned();
        ready(actor.map(Caller).ok_or_else(|| Error::new(Code::Unauthenticated, "Credentials are needed.")))
    }
}

/// Whether a text has a control character that no text of ours may have: all of C0 but line feed and
/// tab, DEL, and C1. U+0000 is among them: PostgreSQL cannot store it.
pub(crate) fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}
