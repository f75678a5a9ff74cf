//! What the endpoints of several resources share: retries, pages, and limits of short texts.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use uuid::Uuid;
use validator::ValidationError;

use crate::app::idempotency::Once;
use crate::domain::ids::Id;
use crate::error::{Error, Result};
use crate::http::extract::OptionalIdempotencyKey;
use crate::http::paging::{Limit, Position, Walk, link_next};

/// The longest reason, in code points.
pub const REASON_MAX: u64 = 2000;

/// The header of an answer to a request that was done before.
const REPLAYED: &str = "Idempotency-Replayed";

/// A request that is done once for its key. `target` is what the address names, so that a key which was
/// used for one item is not answered with it when it comes for another.
pub fn once(
    operation: &'static str,
    key: OptionalIdempotencyKey,
    target: &impl Serialize,
    body: &impl Serialize,
) -> Result<Once> {
    let body = serde_json_canonicalizer::to_vec(&(target, body)).map_err(Error::internal)?;
    Ok(Once { operation, key: key.0, body })
}

/// Begins the answer to a POST; a replay has the status of the first answer and says what it is.
pub fn done(status: StatusCode, replayed: bool) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    if replayed {
        response.insert_header((REPLAYED, "true"));
    }
    response
}

/// A page, with the `Link` to the next one while there is one.
pub fn page(request: &HttpRequest, next: Option<&str>, page: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(cursor) = next {
        response.insert_header(link_next(request, cursor));
    }
    response.json(page)
}

/// The id after which a page of a list in the order of ids begins.
pub fn after<T>(walk: &Walk, cursor: Option<&str>) -> Result<Option<Id<T>>> {
    let position = cursor.map(|cursor| walk.open(cursor)).transpose()?;
    Ok(position.map(|position| Id::from_uuid(position.id)))
}

/// The cursor for the page after this id.
pub fn cursor_after<T>(walk: &Walk, last: Option<Id<T>>) -> Result<Option<String>> {
    last.map(|id| walk.seal(&Position { sort: 0, id: id.uuid(), record_index: None })).transpose()
}

/// The cursor for the page after this place in the order of a number.
pub fn cursor_at(walk: &Walk, sort: Option<i64>, record_index: Option<i64>) -> Result<Option<String>> {
    sort.map(|sort| walk.seal(&Position { sort, id: Uuid::nil(), record_index })).transpose()
}

/// How many rows to ask for: one more than the page takes tells whether there is a next page.
pub fn one_more(limit: Limit) -> usize {
    usize::from(limit.get()) + 1
}

/// Cuts what [`one_more`] brought down to the page, and answers the last row of it while more follow.
pub fn cut<T>(rows: &mut Vec<T>, limit: Limit) -> Option<&T> {
    let limit = usize::from(limit.get());
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more)
}

/// Whether a mark is left out of an answer.
pub const fn is_false(mark: &bool) -> bool {
    !*mark
}

/// A text with something in it, for `validator`.
pub fn not_blank(text: &str) -> Result<(), ValidationError> {
    if text.trim().is_empty() {
        return Err(ValidationError::new("empty").with_message("This cannot be empty.".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn once_for(target: &str, body: &str) -> Vec<u8> {
        let key = OptionalIdempotencyKey(None);
        once("item_recall", key, &target, &body).map(|once| once.body).unwrap_or_default()
    }

    #[test]
    fn the_same_words_about_another_item_are_another_request() {
        assert_eq!(once_for("a", "reason"), once_for("a", "reason"));
        assert_ne!(once_for("a", "reason"), once_for("b", "reason"));
        assert_ne!(once_for("a", "reason"), once_for("a", "another"));
    }

    #[test]
    fn a_next_page_is_told_by_one_row_more() {
        let limit = Limit::default();
        let mut rows: Vec<usize> = (0..one_more(limit)).collect();
        assert_eq!(cut(&mut rows, limit), Some(&49));
        assert_eq!(rows.len(), 50);
        assert_eq!(cut(&mut rows, limit), None);
    }
}
