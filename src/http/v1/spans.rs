//! Places in a text, as answers tell them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::span;

/// How far from the start of a text a place is, in each unit that apps count in.
#[derive(Serialize, ToSchema)]
pub(super) struct TextOffset {
    /// In code points.
    #[schema(minimum = 0)]
    code_points: usize,
    /// In UTF-16 units.
    #[schema(minimum = 0)]
    utf16: usize,
    /// In bytes of UTF-8.
    #[schema(minimum = 0)]
    utf8: usize,
}

impl From<span::Offset> for TextOffset {
    fn from(offset: span::Offset) -> Self {
        let span::Offset { code_points, utf16, utf8 } = offset;
        Self { code_points, utf16, utf8 }
    }
}
