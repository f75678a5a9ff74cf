//! What requests and answers about campaigns look like.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::campaigns::CampaignView;
use crate::domain::campaign::{self, CampaignContent};
use crate::domain::ids::{GroupId, Key};
use crate::domain::time::Time;
use crate::http::paging::Limit;
use crate::http::v1::answers::not_blank;

pub(super) fn example_campaign() -> Value {
    json!({
        "key": "eerste-stroom",
        "name": "Eerste stroom van Windpark Noordzee",
        "goal": "Laten zien wie eraan bouwden.",
        "window": { "from": "2026-11-24T08:00:00Z", "until": "2026-12-24T08:00:00Z" },
        "groups": ["019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fc1"],
        "limits": { "shares_per_day": 200, "shares_per_person": 2 },
        "version": 1,
        "created_at": "2026-11-20T08:00:00Z",
    })
}

/// When the posts of a campaign can be shared: always, to the side that is left out.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct CampaignWindow {
    /// From when. Before that nobody but its staff knows of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    from: Option<Time>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    until: Option<Time>,
}

/// How many shares of its posts there may be within any 24 hours: those that were posted, also when they were taken
/// down since, and open ones until they lapse. What became of a share is what its employee reports: one that failed
/// does not count, and when it is confirmed after all, as when it is confirmed after it lapsed, the count can be
/// above the limit. No further share is issued until it is below. A limit that is left out is none.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct CampaignLimits {
    /// Of everybody together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(range(min = 1, max = 5000))]
    #[schema(minimum = 1, maximum = 5000, nullable = false)]
    shares_per_day: Option<u32>,
    /// Of each person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(range(min = 1, max = 50))]
    #[schema(minimum = 1, maximum = 50, nullable = false)]
    shares_per_person: Option<u32>,
}

/// A campaign to be registered.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct CampaignCreate {
    /// Its unique, immutable short name: what posts refer to it by.
    pub(super) key: Key,
    /// Its name.
    #[validate(length(min = 1, max = 200), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it is to bring about.
    #[validate(length(min = 1, max = 2000), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    goal: Option<String>,
    /// When its posts can be shared.
    #[serde(default)]
    #[validate(nested)]
    window: CampaignWindow,
    /// For whom it is; everybody when empty. A pilot is a campaign for a small group.
    #[serde(default)]
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    groups: Vec<GroupId>,
    /// How often its posts can be shared.
    #[serde(default)]
    #[validate(nested)]
    limits: CampaignLimits,
}

/// What a campaign is to say from now on; what is absent is taken away.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(super) struct CampaignUpdate {
    /// Its name.
    #[validate(length(min = 1, max = 200), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it is to bring about.
    #[validate(length(min = 1, max = 2000), custom(function = not_blank))]
    #[schema(min_length = 1, max_length = 2000)]
    goal: Option<String>,
    /// When its posts can be shared.
    #[serde(default)]
    #[validate(nested)]
    window: CampaignWindow,
    /// For whom it is; everybody when empty.
    #[serde(default)]
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    groups: Vec<GroupId>,
    /// How often its posts can be shared.
    #[serde(default)]
    #[validate(nested)]
    limits: CampaignLimits,
}

/// The campaigns of a list.
#[derive(Deserialize, Serialize, IntoParams)]
pub(super) struct CampaignFilter {
    /// How many.
    #[serde(default, skip_serializing)]
    #[param(value_type = u16)]
    pub(super) limit: Limit,
    /// Where to begin.
    #[serde(skip_serializing)]
    pub(super) cursor: Option<String>,
}

/// A page of campaigns.
#[derive(Serialize, ToSchema)]
pub(super) struct CampaignPage {
    /// The campaigns, newest first.
    #[schema(max_items = 200)]
    pub(super) items: Vec<Campaign>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512, nullable = false)]
    pub(super) next_cursor: Option<String>,
}

/// What posts belong to, for whom and when they can be shared, and how often.
#[derive(Serialize, ToSchema)]
pub(super) struct Campaign {
    /// Its unique, immutable short name: what posts refer to it by.
    key: Key,
    /// Its name.
    #[schema(max_length = 200)]
    name: String,
    /// What it is to bring about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000, nullable = false)]
    goal: Option<String>,
    /// When its posts can be shared.
    window: CampaignWindow,
    /// For whom it is; everybody when empty.
    #[schema(max_items = 100)]
    groups: Vec<GroupId>,
    /// How often its posts can be shared.
    limits: CampaignLimits,
    /// Counts its changes: the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
    /// When it was registered.
    created_at: Time,
    /// When it was ended, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ended_at: Option<Time>,
}

impl From<CampaignCreate> for CampaignContent {
    fn from(body: CampaignCreate) -> Self {
        let CampaignCreate { key: _, name, goal, window, groups, limits } = body;
        CampaignUpdate { name, goal, window, groups, limits }.into()
    }
}

impl From<CampaignUpdate> for CampaignContent {
    fn from(body: CampaignUpdate) -> Self {
        let CampaignUpdate { name, goal, window, groups, limits } = body;
        let CampaignWindow { from, until } = window;
        let CampaignLimits { shares_per_day, shares_per_person } = limits;
        Self {
            name,
            goal,
            window: campaign::Window { from, until },
            groups,
            limits: campaign::Limits { shares_per_day, shares_per_person },
        }
    }
}

impl From<CampaignView> for Campaign {
    fn from(view: CampaignView) -> Self {
        let CampaignView { row, content } = view;
        let CampaignContent { name, goal, window, groups, limits } = content;
        Self {
            ended_at: row.ended_at(),
            key: row.key,
            name,
            goal,
            window: CampaignWindow { from: window.from, until: window.until },
            groups,
            limits: CampaignLimits {
                shares_per_day: limits.shares_per_day,
                shares_per_person: limits.shares_per_person,
            },
            version: row.version,
            created_at: row.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::campaign::{SHARES_PER_DAY_MAX, SHARES_PER_PERSON_MAX};

    #[test]
    fn a_limit_is_as_large_as_may_be_counted() {
        let limits = |day: u32, person: u32| CampaignLimits {
            shares_per_day: Some(day),
            shares_per_person: Some(person),
        };
        assert!(limits(SHARES_PER_DAY_MAX, SHARES_PER_PERSON_MAX).validate().is_ok());
        assert!(limits(SHARES_PER_DAY_MAX + 1, 1).validate().is_err());
        assert!(limits(1, SHARES_PER_PERSON_MAX + 1).validate().is_err());
        assert!(limits(0, 1).validate().is_err() && limits(1, 0).validate().is_err());
    }
}
