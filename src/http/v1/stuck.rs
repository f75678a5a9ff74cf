//! The reviews that cannot end any more after a change of who may decide.

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::deadlines::{mark_stuck, mark_stuck_without};
use crate::domain::ids::{PersonId, ReviewId};
use crate::error::Result;
use crate::state::App;

/// The reviews that became stuck by a change.
#[derive(Serialize, ToSchema)]
pub struct StuckReviews {
    /// Open reviews with a stage that cannot end any more: it can be reassigned.
    #[schema(max_items = 10_000)]
    pub stuck_reviews: Vec<ReviewId>,
}

/// The same after a change of what this person belongs to: of who never decides, no review is waited for.
pub async fn after_change_of(app: &App, person: PersonId) -> Result<StuckReviews> {
    let (db, now) = (app.db.clone(), app.clock.now());
    let stuck_reviews = app.think(move || mark_stuck_without(&db, person, now)).await?;
    Ok(StuckReviews { stuck_reviews })
}

/// Looks, after a change of who may decide, which reviews became stuck by it; the change stands already.
pub async fn after_change(app: &App) -> Result<StuckReviews> {
    let (db, now) = (app.db.clone(), app.clock.now());
    let stuck_reviews = app.think(move || mark_stuck(&db, now)).await?;
    Ok(StuckReviews { stuck_reviews })
}
