//! Places in texts, as answers tell them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::span::Offset;

/// How far from the start of the text a place is, in each unit that apps count in.
#[derive(Serialize, ToSchema)]
pub(super) struct TextOffset {
    /// In code points.
    #[schema(minimum = 0)]
    code_points: usize,
    /// In UTF-16 units, as JavaScript and Telegram count.
    #[schema(minimum = 0)]
    utf16: usize,
    /// In bytes of UTF-8, as Bluesky's facets count.
    #[schema(minimum = 0)]
    utf8: usize,
}

impl From<Offset> for TextOffset {
    fn from(offset: Offset) -> Self {
        let Offset { code_points, utf16, utf8 } = offset;
        Self { code_points, utf16, utf8 }
    }
}
