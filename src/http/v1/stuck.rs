//! The reviews that cannot end any more after a change of who may decide.

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::deadlines::mark_stuck;
use crate::domain::ids::ReviewId;
use crate::error::Result;
use crate::state::App;

/// The reviews that became stuck by a change.
#[derive(Serialize, ToSchema)]
pub struct StuckReviews {
    /// Open reviews with a stage that cannot end any more: it can be reassigned.
    #[schema(max_items = 10_000)]
    pub stuck_reviews: Vec<ReviewId>,
}

/// Looks, after a change of who may decide, which reviews became stuck by it; the change stands already.
pub async fn after_change(app: &App) -> Result<StuckReviews> {
    let (db, now) = (app.db.clone(), app.clock.now());
    let stuck_reviews = app.think(move || mark_stuck(&db, now)).await?;
    Ok(StuckReviews { stuck_reviews })
}
