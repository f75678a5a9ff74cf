//! What a campaign demands of the posts that name it: they are for its groups, and within its window.
//!
//! It is a condition beside a post's own, and like a freeze it does not change the post's availability: what is
//! approved stays so, and is shared again when the window is moved. Evaluated from the content snapshot, it
//! travels with a share as everything that a share rests on.

use std::collections::HashMap;
use std::sync::Arc;

use super::access::PersonAccess;
use crate::domain::campaign::{Campaign, Phase};
use crate::domain::content::Post;
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::store::campaigns::CampaignRow;

/// The campaigns that a snapshot knows, ended ones too.
#[derive(Debug, Clone, Default)]
pub struct Campaigns {
    by_key: Arc<HashMap<String, Arc<Campaign>>>,
}

/// What a campaign makes of a post for one person.
#[derive(Debug, Clone)]
pub enum Standing {
    /// The post belongs to no campaign, or to one that is open to the person.
    Open(Option<Arc<Campaign>>),
    /// The person is not to know of the post: the campaign is not for them, or has not begun.
    Hidden,
    /// The campaign is over.
    Over(Arc<Campaign>),
}

impl Campaigns {
    /// These with what changed since.
    pub fn followed_by(&self, rows: &[CampaignRow]) -> Result<Self> {
        if rows.is_empty() {
            return Ok(self.clone());
        }
        let mut by_key = HashMap::clone(&self.by_key);
        for row in rows {
            by_key.insert(row.key.to_string(), Arc::new(row.campaign()?));
        }
        Ok(Self { by_key: Arc::new(by_key) })
    }

    /// The campaign that has this key.
    pub fn find(&self, key: &str) -> Option<&Arc<Campaign>> {
        self.by_key.get(key)
    }

    /// The campaign that a post names.
    pub fn of(&self, post: &Post) -> Option<&Arc<Campaign>> {
        self.find(post.campaign.as_deref()?)
    }

    /// What the campaign of a post makes of it for a person. One that is not known hides it (R9).
    pub fn standing(&self, post: &Post, person: &PersonAccess, now: Time) -> Standing {
        if post.campaign.is_none() {
            return Standing::Open(None);
        }
        let Some(campaign) = self.of(post).filter(|campaign| campaign.is_for(&person.groups)) else {
            return Standing::Hidden;
        };
        match campaign.phase(now) {
            Phase::Before => Standing::Hidden,
            Phase::Open => Standing::Open(Some(Arc::clone(campaign))),
            Phase::Over => Standing::Over(Arc::clone(campaign)),
        }
    }

    /// Whether a person may share a post, as far as its campaign goes.
    pub fn is_open(&self, post: &Post, person: &PersonAccess, now: Time) -> bool {
        matches!(self.standing(post, person, now), Standing::Open(_))
    }

    /// Why a post cannot be submitted: its window and that of its campaign have no moment in common, so that
    /// nobody could ever share what is approved (R10).
    pub fn window_fault(&self, post: &Post, now: Time) -> Option<Fault> {
        self.of(post).and_then(|campaign| window_fault(campaign, (post.publish_at, post.expires_at), now))
    }
}

/// The same of one campaign and the window of a post.
pub(super) fn window_fault(
    campaign: &Campaign,
    (publish_at, expires_at): (Option<Time>, Option<Time>),
    now: Time,
) -> Option<Fault> {
    if campaign.content.window.overlaps(publish_at, expires_at, now) {
        return None;
    }
    let key = &campaign.key;
    let detail = format!(
        "The post could never be shared: the campaign {key} is over, or ends before the post begins, or begins when \
         the post has ended. Change the post's window, or have a publisher change that of the campaign."
    );
    Some(Fault::body("/content/campaign", "outside_campaign", detail))
}

/// Why a post of a campaign that is over is not shared.
pub(super) fn over(campaign: &Campaign) -> Error {
    let (key, name) = (&campaign.key, &campaign.content.name);
    let detail = format!("The campaign {name} is over: its posts are not shared any more.");
    Error::new(Code::NotLive, detail).with("campaign", key.as_str())
}
