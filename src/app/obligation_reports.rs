//! How many people have something open, by group: a report on an organisation, and not on anybody.
//!
//! A number below five would tell of persons, so none is told. What can be reckoned from several numbers, as where
//! groups do not overlap, is not kept from whoever reads them: it is staff who do. The report is made from what the node holds in
//! memory, by looking at each person once for each obligation of a page.

use std::collections::HashMap;

use uuid::Uuid;

use super::access::Access;
use super::content_snapshot::ContentSnapshot;
use super::obligations::Ask;
use crate::domain::ids::GroupId;
use crate::domain::obligations::{Duty, Obligation};
use crate::domain::roles::Scope;
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::store::connection::Conn;
use crate::store::groups;

/// From how many persons on a number is told.
pub const FEWEST: usize = 5;

/// How many of those who are asked have it open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Active persons who may share, and of whom it is asked.
    pub asked: usize,
    /// Those of them who have not done it, or not in a way that counts.
    pub open: usize,
}

impl Count {
    /// How many have it open, where the number tells of nobody: neither of those who have, nor of those who have
    /// not.
    pub fn told(self) -> Option<usize> {
        let tells_of_nobody = |number: usize| number == 0 || number >= FEWEST;
        (tells_of_nobody(self.open) && tells_of_nobody(self.asked - self.open)).then_some(self.open)
    }

    /// Whether so few are asked that nothing is told.
    pub const fn is_small(self) -> bool {
        self.asked < FEWEST
    }

    fn add(&mut self, open: bool) {
        self.asked += 1;
        self.open += usize::from(open);
    }
}

/// How one obligation stands.
#[derive(Debug)]
pub struct Report<'a> {
    /// What is asked.
    pub ask: Ask<'a>,
    /// From when on.
    pub due_at: Time,
    /// Of everybody; none where so few are asked that nothing is told.
    pub everybody: Option<Count>,
    /// By group, those that are large enough, by id.
    pub groups: Vec<(GroupId, Count)>,
}

/// Refuses to narrow a report to a group that does not exist.
pub fn check_group(conn: &mut Conn, group: GroupId) -> Result<()> {
    if groups::find(conn, group)?.is_some() {
        return Ok(());
    }
    let detail = format!("There is no group {group}.");
    let fault = Fault::parameter("group", "unknown_group", detail.as_str());
    Err(Error::new(Code::InvalidRequest, detail).fault(fault))
}

/// A place in the list: after the obligation that begins then, of this guideline or training.
pub type Place = (Time, Uuid);

/// A page of the obligations in force or to come, by when they are due, and the place to go on after while there
/// are more.
pub fn obligation_reports<'a>(
    content: &'a ContentSnapshot,
    access: &Access,
    group: Option<GroupId>,
    after: Option<Place>,
    limit: usize,
    now: Time,
) -> (Vec<Report<'a>>, Option<Place>) {
    let mut page: Vec<&Obligation> = content.asked().obligations().iter().collect();
    page.retain(|it| !it.term.is_over(now) && after.is_none_or(|after| place(it) > after));
    page.sort_unstable_by_key(|it| place(it));
    let more = page.len() > limit;
    page.truncate(limit);
    let next = page.last().map(|it| place(it)).filter(|_| more);
    let reports =
        page.into_iter().filter_map(|it| Some(report(Ask::of(content, it)?, it, access, group, now)));
    (reports.collect(), next)
}

fn place(obligation: &Obligation) -> Place {
    let id = match obligation.duty {
        Duty::Accept { guideline, .. } => guideline.uuid(),
        Duty::Finish { training, .. } => training.uuid(),
    };
    (obligation.term.from, id)
}

fn report<'a>(
    ask: Ask<'a>,
    obligation: &Obligation,
    access: &Access,
    wanted: Option<GroupId>,
    now: Time,
) -> Report<'a> {
    let due_at = obligation.term.from;
    let (mut everybody, mut groups) = (Count::default(), HashMap::<GroupId, Count>::new());
    for person in access.persons().filter(|person| person.active && person.scopes.contains(Scope::Share)) {
        let obliged = person.obliged();
        if !obligation.binds(obliged) {
            continue;
        }
        let open = !obligation.met(obliged.done).counts_at(now.max(due_at));
        everybody.add(open);
        for group in person.groups.iter().filter(|group| wanted.is_none_or(|wanted| wanted == **group)) {
            groups.entry(*group).or_default().add(open);
        }
    }
    let mut groups: Vec<(GroupId, Count)> =
        groups.into_iter().filter(|(_, count)| !count.is_small()).collect();
    groups.sort_unstable_by_key(|(group, _)| *group);
    Report { ask, due_at, everybody: Some(everybody).filter(|count| !count.is_small()), groups }
}
