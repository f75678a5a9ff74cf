//! A review with all that its machine needs: stages, decisions, who was asked, to whom stages were given,
//! authors. Every use case that looks into reviews reads them here, many at once.

use std::collections::HashMap;

use super::pools::Pools;
use crate::domain::ids::{ItemId, Kind, PersonId, ReviewId};
use crate::domain::review::{Bar, Review, StageRun};
use crate::domain::staffing::{self, Demand};
use crate::domain::time::Time;
use crate::domain::workflow::{QUORUM_MAX, Quorum, Reviewers, Stage};
use crate::error::{Code, Error, Result};
use crate::store::connection::Conn;
use crate::store::review_stages::{self, Asked, PoolRow, StageRow};
use crate::store::reviews::{self, DecisionRow, ReviewRow};
use crate::store::revisions;
use crate::store::urgent_publications::{self, UrgentRow};

/// How many reviews back approvals can be carried from.
const RESUMED_MOST: usize = 50;

/// A review as its use cases see it.
#[derive(Debug, Clone)]
pub struct ReviewRun {
    /// Its row.
    pub row: ReviewRow,
    /// Its stages as they stood when it opened.
    pub stages: Vec<Stage>,
    /// The review as the machine sees it.
    pub machine: Review,
    /// The decisions, those that are carried from an earlier review first.
    pub decisions: Vec<DecisionRow>,
    /// When each stage opened and is due; `None` of those that did not open, and of old reviews.
    pub times: Vec<Option<StageRow>>,
    /// Whom each stage is given to.
    pub pools: Vec<StagePool>,
    /// The urgent publication that it follows, if it is a review afterwards.
    pub urgent: Option<UrgentRow>,
    /// What bars persons from deciding, whatever pool they are in.
    pub bars: Vec<(PersonId, Bar)>,
}

/// Whom a stage is given to.
#[derive(Debug, Clone)]
pub struct StagePool {
    /// The pool that it began with, or was given to since.
    given: Reviewers,
    /// Of it who is asked, where everybody is, once the stage has opened.
    asked: Option<Vec<PersonId>>,
    /// Whom it was escalated to since.
    escalated: Vec<Reviewers>,
    /// When it was given to others, if it was.
    pub given_at: Option<Time>,
}

impl StagePool {
    /// All of it, asked or not.
    pub fn whole(&self) -> Vec<Reviewers> {
        std::iter::once(&self.given).chain(&self.escalated).cloned().collect()
    }

    /// Who is invited to decide, whether or not they still may.
    pub fn invited(&self) -> Vec<Reviewers> {
        let given = match &self.asked {
            Some(asked) => asked.iter().copied().map(Reviewers::Person).collect(),
            None => vec![self.given.clone()],
        };
        given.into_iter().chain(self.escalated.iter().cloned()).collect()
    }
}

impl ReviewRun {
    /// The stage that is open.
    pub fn open_stage(&self) -> Option<usize> {
        self.machine.open_stage()
    }

    /// Who may decide in a stage as its pool stands right now (R8). Whoever was asked by a stage that asks
    /// everybody and has left its pool since may not any more.
    pub fn pools_of(&self, conn: &mut Conn, pools: &mut Pools, stage: usize) -> Result<Vec<Reviewers>> {
        let Some(pool) = self.pools.get(stage) else { return Ok(Vec::new()) };
        let Some(asked) = &pool.asked else { return Ok(pool.invited()) };
        let members = pools.members(conn, std::slice::from_ref(&pool.given), asked)?;
        let members = members.into_iter().map(Reviewers::Person);
        Ok(members.chain(pool.escalated.iter().cloned()).collect())
    }

    /// What bars one of these persons.
    pub fn bar_of(&self, persons: &[PersonId]) -> Option<Bar> {
        self.bars.iter().find(|(barred, _)| persons.contains(barred)).map(|(_, bar)| *bar)
    }

    /// Who cannot decide in a stage, though perhaps in its pool: who is barred, and who has decided.
    pub fn excluded(&self, stage: usize) -> Vec<PersonId> {
        let barred = self.bars.iter().map(|(person, _)| *person);
        barred.chain(self.machine.decided_for(stage)).collect()
    }

    /// Who is waited for in the open stage, at most `limit` of them.
    pub fn waited_for(&self, conn: &mut Conn, pools: &mut Pools, limit: usize) -> Result<Vec<PersonId>> {
        let Some(stage) = self.open_stage() else { return Ok(Vec::new()) };
        let of = self.pools_of(conn, pools, stage)?;
        let mut able = pools.able(conn, &of, self.row.kind, &self.excluded(stage), limit)?;
        able.truncate(limit);
        Ok(able)
    }

    /// What the stages from the open one on still ask for.
    pub fn demands(&self, conn: &mut Conn, pools: &mut Pools) -> Result<Vec<Demand>> {
        let Some(open) = self.open_stage() else { return Ok(Vec::new()) };
        let mut stages = Vec::with_capacity(self.stages.len());
        for stage in open..self.stages.len() {
            stages.push(Wanted {
                pools: self.pools_of(conn, pools, stage)?,
                lacks: self.machine.lacks(stage),
                excluded: self.excluded(stage),
            });
        }
        demands(conn, pools, self.row.kind, stages, self.machine.same_person_twice)
    }

    /// The first stage that cannot end as things stand, from 0.
    pub fn stuck_stage(&self, conn: &mut Conn, pools: &mut Pools) -> Result<Option<usize>> {
        Ok(self.stuck_stages(conn, pools)?.first().copied())
    }

    /// Every stage that cannot end as things stand, from 0.
    pub fn stuck_stages(&self, conn: &mut Conn, pools: &mut Pools) -> Result<Vec<usize>> {
        let Some(open) = self.open_stage() else { return Ok(Vec::new()) };
        let demands = self.demands(conn, pools)?;
        let short = staffing::all_short(&demands, self.machine.same_person_twice);
        Ok(short.into_iter().map(|at| open + at).collect())
    }
}

/// What one stage asks for.
struct Wanted {
    pools: Vec<Reviewers>,
    /// Approvals that are missing; `None` = those of all who have not decided when it opens.
    lacks: Option<u32>,
    excluded: Vec<PersonId>,
}

/// The seats of stages and who may take one. Of each pool as many are read as a matching can need.
///
/// A stage that will ask everybody needs one person who is left when it opens. Once it has passed, all of its
/// pool have decided, so nobody of them does in a later stage, where a person counts once.
fn demands(
    conn: &mut Conn,
    pools: &mut Pools,
    kind: Kind,
    stages: Vec<Wanted>,
    same_person_twice: bool,
) -> Result<Vec<Demand>> {
    let enough = staffing::enough(stages.iter().map(|stage| stage.lacks.unwrap_or(1)));
    let mut demands = Vec::with_capacity(stages.len());
    let mut decided: Vec<PersonId> = Vec::new();
    for Wanted { pools: of, lacks, mut excluded } in stages {
        excluded.extend(&decided);
        let pool = match lacks {
            Some(_) => pools.able(conn, &of, kind, &excluded, enough)?,
            None => {
                let asked = pools.asked(conn, &of, kind, &excluded)?;
                if !same_person_twice {
                    decided.extend(asked.iter().flat_map(|seat| [seat.of, seat.taken_by]));
                }
                // Nobody waits for more approvals than a quorum can ask for. Of a responsibility the deputies are
                // asked where its holders have decided by then.
                match asked.len() <= QUORUM_MAX as usize {
                    true => pools.able(conn, &of, kind, &excluded, enough)?,
                    false => Vec::new(),
                }
            }
        };
        demands.push(Demand { quorum: lacks.unwrap_or(1), pool });
    }
    Ok(demands)
}

/// The first stage of a workflow whose quorum no assignment of distinct persons who may decide, none of them
/// `excluded`, fills (R9). Stages before `first_stage` need nobody any more.
pub fn short_stage(
    conn: &mut Conn,
    pools: &mut Pools,
    kind: Kind,
    (stages, same_person_twice): (&[Stage], bool),
    first_stage: usize,
    excluded: &[PersonId],
) -> Result<Option<usize>> {
    let wants = |stage: &Stage| Wanted {
        pools: vec![stage.reviewers.clone()],
        lacks: stage.quorum.count(),
        excluded: excluded.to_vec(),
    };
    let wanted = stages.iter().skip(first_stage).map(wants).collect();
    let demands = demands(conn, pools, kind, wanted, same_person_twice)?;
    Ok(staffing::short(&demands, same_person_twice).map(|at| first_stage + at))
}

/// That a stage cannot reach its quorum.
pub fn not_enough_reviewers(stages: &[Stage], short: usize) -> Error {
    let stage = stages.get(short);
    let name = stage.map(|stage| stage.name.as_str()).unwrap_or_default();
    let limit = match stage.map(|stage| stage.quorum) {
        Some(Quorum::All) => " Everybody of it can be asked while that is 50 persons or fewer.",
        _ => "",
    };
    let detail = format!(
        "Stage {name} cannot reach its quorum: too few active reviewers are left who are no authors and are not \
         needed in another stage.{limit} Name more of them for it, or ask for fewer."
    );
    Error::new(Code::NotEnoughReviewers, detail).with("stage", name)
}

/// One review.
pub fn load_one(conn: &mut Conn, row: ReviewRow) -> Result<Option<ReviewRun>> {
    Ok(load(conn, vec![row])?.pop())
}

/// These reviews, in their order.
pub fn load(conn: &mut Conn, rows: Vec<ReviewRow>) -> Result<Vec<ReviewRun>> {
    let before = resumed_from(conn, &rows)?;
    let ids: Vec<ReviewId> = rows.iter().map(|row| row.id).collect();
    let all: Vec<ReviewId> = ids.iter().copied().chain(before.keys().copied()).collect();
    let versions: Vec<_> = rows.iter().map(|row| row.workflow_id).collect();
    let revisions: Vec<(ItemId, i64)> = rows.iter().map(|row| (row.item_id, row.revision)).collect();
    let read = Read {
        twice: crate::store::workflows::find_all(conn, &versions)?
            .into_iter()
            .map(|row| (row.id.uuid(), row.same_person_twice))
            .collect(),
        decisions: reviews::decisions_of(conn, &all)?,
        times: review_stages::of(conn, &ids)?,
        asked: review_stages::asked(conn, &ids)?,
        given: review_stages::pools(conn, &ids)?,
        authors: revisions::authors_of(conn, &revisions)?,
        urgent: urgent_publications::of_reviews(conn, &ids)?,
        before,
    };
    rows.into_iter().map(|row| read.run(row)).collect()
}

/// What was read of some reviews.
struct Read {
    twice: HashMap<uuid::Uuid, bool>,
    decisions: Vec<DecisionRow>,
    times: Vec<StageRow>,
    asked: Asked,
    given: Vec<PoolRow>,
    authors: HashMap<(ItemId, i64), Vec<PersonId>>,
    urgent: Vec<UrgentRow>,
    before: HashMap<ReviewId, ReviewRow>,
}

impl Read {
    fn run(&self, row: ReviewRow) -> Result<ReviewRun> {
        let stages = row.stages()?;
        let decisions = self.decisions_of(&row);
        let time_of = |stage: usize| {
            let is_it = |time: &&StageRow| time.review_id == row.id && is_stage(time.stage, stage);
            self.times.iter().find(is_it).cloned()
        };
        let times: Vec<Option<StageRow>> = (0..stages.len()).map(time_of).collect();
        let mut pools = Vec::with_capacity(stages.len());
        let mut runs = Vec::with_capacity(stages.len());
        for (at, stage) in stages.iter().enumerate() {
            let asked = self.asked.get(&(row.id, i64::try_from(at).unwrap_or(i64::MAX)));
            let asked = asked.map(Vec::as_slice).unwrap_or_default();
            let asks_all = stage.quorum == Quorum::All && times.get(at).is_some_and(Option::is_some);
            pools.push(self.pool_of(&row, at, stage, Some(asked).filter(|_| asks_all))?);
            runs.push(StageRun {
                quorum: stage.quorum,
                asked: asks_all.then(|| u32::try_from(asked.len()).unwrap_or(u32::MAX)),
                carried: at < row.first_stage(),
            });
        }
        let authors = self.authors.get(&(row.item_id, row.revision));
        let urgent = self.urgent.iter().find(|urgent| urgent.review_id == row.id).cloned();
        let publisher = urgent.as_ref().and_then(|urgent| urgent.person_id);
        let authors = authors.into_iter().flatten().map(|author| (*author, Bar::Author));
        let bars = authors.chain(publisher.map(|person| (person, Bar::Publisher))).collect();
        let machine = Review {
            state: row.state,
            stages: runs,
            decisions: decisions.iter().map(DecisionRow::decision).collect(),
            same_person_twice: self.twice.get(&row.workflow_id.uuid()).copied().unwrap_or_default(),
        };
        Ok(ReviewRun { row, stages, machine, decisions, times, pools, urgent, bars })
    }

    /// Its own decisions after the approvals that it carries.
    fn decisions_of(&self, row: &ReviewRow) -> Vec<DecisionRow> {
        let mut decisions = Vec::new();
        let (mut from, mut until) = (row.resumed_from, row.first_stage());
        while let Some(before) = from.and_then(|id| self.before.get(&id)) {
            let is_carried = |cast: &&DecisionRow| {
                cast.review_id == before.id && (before.first_stage()..until).contains(&cast.stage())
            };
            decisions.extend(self.decisions.iter().filter(is_carried).cloned());
            (from, until) = (before.resumed_from, until.min(before.first_stage()));
        }
        decisions.sort_by_key(|cast| cast.idx);
        decisions.extend(self.decisions.iter().filter(|cast| cast.review_id == row.id).cloned());
        decisions
    }

    /// Whom a stage is given to; `asked` where it asks everybody and has opened.
    fn pool_of(
        &self,
        row: &ReviewRow,
        at: usize,
        stage: &Stage,
        asked: Option<&[Option<PersonId>]>,
    ) -> Result<StagePool> {
        let later = self.given.iter().filter(|pool| pool.review_id == row.id && is_stage(pool.stage, at));
        let (mut given, mut escalated, mut given_at) = (stage.reviewers.clone(), Vec::new(), None);
        for pool in later {
            if pool.replaces() {
                (given, escalated, given_at) = (pool.reviewers()?, Vec::new(), Some(pool.from_at));
            } else {
                escalated.push(pool.reviewers()?);
            }
        }
        let asked = asked.map(|asked| asked.iter().flatten().copied().collect());
        Ok(StagePool { given, asked, escalated, given_at })
    }
}

fn is_stage(stored: i64, stage: usize) -> bool {
    usize::try_from(stored).is_ok_and(|stored| stored == stage)
}

/// The reviews on whose approvals these stand.
fn resumed_from(conn: &mut Conn, rows: &[ReviewRow]) -> Result<HashMap<ReviewId, ReviewRow>> {
    let mut before: HashMap<ReviewId, ReviewRow> = HashMap::new();
    let mut wanted: Vec<ReviewId> = rows.iter().filter_map(|row| row.resumed_from).collect();
    for _ in 0..RESUMED_MOST {
        wanted.retain(|id| !before.contains_key(id));
        if wanted.is_empty() {
            break;
        }
        let found = reviews::find_all(conn, &wanted)?;
        wanted = found.iter().filter_map(|row| row.resumed_from).collect();
        before.extend(found.into_iter().map(|row| (row.id, row)));
    }
    Ok(before)
}
