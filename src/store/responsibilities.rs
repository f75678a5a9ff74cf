//! stub
use super::connection::Conn;
use super::reviewers::Part;
use crate::domain::ids::{Key, ResponsibilityId};
use crate::error::Result;
pub struct Holder {
    pub part: Part,
}
pub struct Row {
    pub id: ResponsibilityId,
    pub name: String,
}
pub fn holders_of(_: &mut Conn, _: ResponsibilityId) -> Result<Vec<Holder>> {
    Ok(Vec::new())
}
pub fn find_by_key(_: &mut Conn, _: &Key) -> Result<Option<Row>> {
    Ok(None)
}
