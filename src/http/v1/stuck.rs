//! The reviews that cannot end any more after a change of who may decide.

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::deadlines::{mark_stuck, mark_stuck_without};
use crate::app::reviews::stuck_reviews;
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

/// Looks, after a change of who may decide, which reviews can end, and which cannot any more.
pub async fn look_after_change(app: &App) -> Result<()> {
    let (db, now) = (app.db.clone(), app.clock.now());
    app.think(move || mark_stuck(&db, now)).await
}

/// The same after a change of what this person belongs to: of who never decides, no review is waited for.
pub async fn look_after_change_of(app: &App, person: PersonId) -> Result<()> {
    let (db, now) = (app.db.clone(), app.clock.now());
    app.think(move || mark_stuck_without(&db, person, now)).await
}

/// The reviews that were stuck before a change. Whatever is stuck after it and was not before is answered, also
/// where the job, or another node, was quicker to notice.
pub struct StuckBefore(Vec<ReviewId>);

impl StuckBefore {
    /// As it stands before the change.
    pub async fn read(app: &App) -> Result<Self> {
        Ok(Self(app.read(|conn, _| stuck_reviews(conn)).await?))
    }

    /// Looks which reviews became stuck by a change of who may decide; it stands already.
    pub async fn after_change(self, app: &App) -> Result<StuckReviews> {
        look_after_change(app).await?;
        self.since(app).await
    }

    /// The same after a change of what this person belongs to.
    pub async fn after_change_of(self, app: &App, person: PersonId) -> Result<StuckReviews> {
        look_after_change_of(app, person).await?;
        self.since(app).await
    }

    async fn since(self, app: &App) -> Result<StuckReviews> {
        let mut stuck_reviews = app.read(|conn, _| stuck_reviews(conn)).await?;
        stuck_reviews.retain(|review| !self.0.contains(review));
        Ok(StuckReviews { stuck_reviews })
    }
}
