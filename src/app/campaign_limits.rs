//! How often the posts of a campaign are shared: counted under the lock, so that no two nodes exceed a limit.
//!
//! What counts, within the last 24 hours: each share that was posted, also when it was taken down since, and each
//! open one until it lapses. One that failed does not, so that an honest failure can be tried again. What became
//! of a share is what the employee reports. Consequences that may surprise:
//!
//! - An open share that a recall or freeze made void counts until it lapses. It cannot be told from the share's
//!   row alone, and the employee may have posted it before they heard: such a confirmation is late, and accepted.
//! - A confirmation is never refused, so one that comes after the share lapsed, or after it was reported as failed,
//!   counts again, and can bring the count above the limit. No further share is issued until it is below.
//! - A kit to look at is no share: it counts for nothing, and no limit refuses it.
//!
//! Only campaigns with limits are counted at all, each once for a group of shares, however many it has.

use std::collections::{HashMap, HashSet};

use crate::domain::campaign::{Campaign, Limit, counts_until, full_until};
use crate::domain::ids::{Key, PersonId};
use crate::domain::share::ShareState;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::store::campaign_shares::{counted, counted_of};
use crate::store::write::WriteTx;

/// What counts for the limits of the campaigns in a group of shares, those of the group included.
#[derive(Debug, Default)]
pub struct Counts {
    persons: Vec<PersonId>,
    campaigns: HashMap<Key, Counted>,
}

/// What counts for one campaign.
#[derive(Debug, Default)]
struct Counted {
    of_all: Tally,
    by_person: HashMap<PersonId, Tally>,
}

/// Until when each share counts. Once one does not fit, none of the group does: that is found once.
#[derive(Debug, Default)]
struct Tally {
    counted: Vec<Time>,
    full_until: Option<Time>,
}

impl Tally {
    /// When one more fits, if none does now.
    fn full_until(&mut self, limit: Option<u32>) -> Option<Time> {
        self.full_until = self.full_until.or_else(|| full_until(&self.counted, limit?));
        self.full_until
    }
}

impl Counts {
    /// Nothing is counted yet; shares of these persons will be.
    pub fn new(persons: impl IntoIterator<Item = PersonId>) -> Self {
        let persons: HashSet<PersonId> = persons.into_iter().collect();
        Self { persons: persons.into_iter().collect(), campaigns: HashMap::new() }
    }

    /// Counts one more share of a campaign, which lapses at `lapses_at`; or refuses it as `limit_reached`, with
    /// the moment at which one more would fit by what is known now.
    pub fn add(
        &mut self,
        tx: &mut WriteTx<'_>,
        campaign: &Campaign,
        person: PersonId,
        lapses_at: Time,
    ) -> Result<()> {
        let limits = campaign.content.limits;
        if limits.shares_per_day.is_none() && limits.shares_per_person.is_none() {
            return Ok(());
        }
        if !self.campaigns.contains_key(&campaign.key) {
            let counted = Counted::read(tx, campaign, &self.persons)?;
            self.campaigns.insert(campaign.key.clone(), counted);
        }
        let counted = self.campaigns.entry(campaign.key.clone()).or_default();
        let of_person = counted.by_person.entry(person).or_default();
        let reached = [
            (counted.of_all.full_until(limits.shares_per_day), Limit::SharesPerDay),
            (of_person.full_until(limits.shares_per_person), Limit::SharesPerPerson),
        ];
        // Where both are reached, the one that holds longer says when.
        let reached = reached.into_iter().filter_map(|(until, limit)| Some((until?, limit)));
        if let Some((retry_at, limit)) = reached.max_by_key(|(until, _)| *until) {
            return Err(limit_reached(campaign, limit, retry_at));
        }
        let until = counts_until(ShareState::Issued, tx.now(), lapses_at);
        counted.of_all.counted.extend(until);
        of_person.counted.extend(until);
        Ok(())
    }
}

impl Counted {
    fn read(tx: &mut WriteTx<'_>, campaign: &Campaign, persons: &[PersonId]) -> Result<Self> {
        let (limits, now) = (campaign.content.limits, tx.now());
        let of_all = match limits.shares_per_day {
            Some(most) => counted(tx.conn(), &campaign.key, None, now, i64::from(most))?,
            None => Vec::new(),
        };
        let mut by_person: HashMap<PersonId, Tally> = HashMap::new();
        if let Some(most) = limits.shares_per_person {
            for (person, until) in of_persons(tx, &campaign.key, persons, i64::from(most))? {
                by_person.entry(person).or_default().counted.push(until);
            }
        }
        Ok(Self { of_all: Tally { counted: of_all, full_until: None }, by_person })
    }
}

/// Whose shares count until when: of each person and state at least the `most` that count longest, or all.
///
/// While a limit holds, nobody has more than it, and one look finds all. Where the limit was lowered somebody may
/// have, and could hide the shares of others: then each person is looked at, which is still bounded.
fn of_persons(
    tx: &mut WriteTx<'_>,
    campaign: &Key,
    persons: &[PersonId],
    most: i64,
) -> Result<Vec<(PersonId, Time)>> {
    let now = tx.now();
    let together = most.saturating_mul(i64::try_from(persons.len()).unwrap_or(i64::MAX));
    let found = counted_of(tx.conn(), campaign, persons, now, together)?;
    // Each state may have been cut at so many.
    if i64::try_from(found.len()).unwrap_or(i64::MAX) < together {
        return Ok(found);
    }
    let mut found = Vec::new();
    for person in persons {
        let of_one = counted(tx.conn(), campaign, Some(*person), now, most)?;
        found.extend(of_one.into_iter().map(|until| (*person, until)));
    }
    Ok(found)
}

fn limit_reached(campaign: &Campaign, limit: Limit, retry_at: Time) -> Error {
    let name = &campaign.content.name;
    let detail = match limit {
        Limit::SharesPerDay => {
            format!("The campaign {name} was shared as often as it may be within 24 hours.")
        }
        Limit::SharesPerPerson => {
            format!("You have shared the campaign {name} as often as one person may within 24 hours.")
        }
    };
    Error::new(Code::LimitReached, detail)
        .with("limit", limit.as_str())
        .with("campaign", campaign.key.as_str())
        .with("retry_at", retry_at.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::time::Duration;

    use super::*;
    use crate::app::fixture::Fixture;
    use crate::domain::campaign::{CampaignContent, Limits, Window};
    use crate::domain::ids::GroupId;

    fn campaign(shares_per_day: Option<u32>, shares_per_person: Option<u32>) -> Campaign {
        let content = CampaignContent {
            name: "Spring".to_owned(),
            goal: None,
            window: Window::default(),
            groups: Vec::<GroupId>::new(),
            limits: Limits { shares_per_day, shares_per_person },
        };
        Campaign { key: "spring".parse().unwrap(), content, ended_at: None }
    }

    #[test]
    fn shares_of_one_group_count_for_each_other_until_they_lapse() {
        let fixture = Fixture::new();
        let [one, two] = [PersonId::generate(), PersonId::generate()];
        let told = |campaign: &Campaign, persons: &[PersonId], lapse: Duration| {
            let asked = |tx: &mut WriteTx<'_>| {
                let mut counts = Counts::new(persons.iter().copied());
                let lapses_at = tx.now().after(lapse);
                let add = |person: &PersonId| match counts.add(tx, campaign, *person, lapses_at) {
                    Ok(()) => "fits".to_owned(),
                    Err(error) => {
                        format!("{} {}", error.extra["limit"], error.extra["retry_at"]).replace('"', "")
                    }
                };
                Ok(persons.iter().map(add).collect::<Vec<String>>())
            };
            fixture.write(asked).unwrap()
        };
        let now = fixture.clock.now();
        let (hour, week) = (Duration::from_hours(1), Duration::from_hours(24 * 7));
        let at = |hours: u64| now.after(Duration::from_hours(hours));
        let full = |limit: &str, until: Time| format!("{limit} {until}");
        assert_eq!(told(&campaign(None, None), &[one, one, one], hour), ["fits"; 3]);
        let day = told(&campaign(Some(2), None), &[one, two, two], hour);
        assert_eq!(day, ["fits".to_owned(), "fits".to_owned(), full("shares_per_day", at(1))]);
        let person = told(&campaign(None, Some(1)), &[one, one, two], week);
        assert_eq!(person, ["fits".to_owned(), full("shares_per_person", at(24)), "fits".to_owned()]);
    }
}
