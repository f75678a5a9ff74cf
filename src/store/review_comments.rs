//! stub
use super::connection::Conn;
use crate::domain::ids::ReviewId;
use crate::error::Result;
pub fn pointers(_: &mut Conn, _: ReviewId, _: usize) -> Result<Vec<String>> {
    Ok(Vec::new())
}
