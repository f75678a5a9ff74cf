//! Whether a workflow can end: an assignment of distinct persons to all stages' quorums (R9).
//!
//! Every approval that a quorum asks for is a seat. The seats are filled by augmenting paths, which finds
//! an assignment whenever one exists, also when pools overlap (König, Kuhn 1955).
//!
//! A pool may hold thousands. As many of it as there are seats in all are [`enough`], whoever they are: a
//! stage of which that many are known can be filled last, when the others have taken at most the rest of
//! the seats, and of every other stage the whole pool is known.

use std::collections::{HashMap, HashSet};

use super::ids::PersonId;

/// What one stage asks for: how many seats, and who may take one.
#[derive(Debug, Clone)]
pub struct Demand {
    /// Seats to fill.
    pub quorum: u32,
    /// Who may take one: distinct, active, not an author.
    pub pool: Vec<PersonId>,
}

/// How many members of each pool [`short`] needs to know: one for each seat of all stages.
pub fn enough(quorums: impl Iterator<Item = u32>) -> usize {
    quorums.map(|quorum| usize::try_from(quorum).unwrap_or(usize::MAX)).fold(0, usize::saturating_add)
}

/// The first stage whose seats cannot be filled: by distinct persons in all, or only within each stage
/// where one person may decide in several.
pub fn short(demands: &[Demand], same_person_twice: bool) -> Option<usize> {
    all_short(demands, same_person_twice).first().copied()
}

/// Every stage whose seats cannot be filled once those of the stages before are, as far as they can be.
pub fn all_short(demands: &[Demand], same_person_twice: bool) -> Vec<usize> {
    match same_person_twice {
        true => {
            let is_short = |demand: &Demand| demand.pool.len() < demand.quorum as usize;
            demands.iter().enumerate().filter(|(_, demand)| is_short(demand)).map(|(at, _)| at).collect()
        }
        false => unfilled(demands),
    }
}

/// The stage that could not end any more once `voters` have approved in the first one, while it still can
/// now.
pub fn needed_in(demands: &[Demand], same_person_twice: bool, voters: &[PersonId]) -> Option<usize> {
    if short(demands, same_person_twice).is_some() {
        return None;
    }
    let after = |(at, demand): (usize, &Demand)| {
        let has_voted = |person: &&PersonId| (at > 0 && same_person_twice) || !voters.contains(person);
        let quorum = if at == 0 { demand.quorum.saturating_sub(1) } else { demand.quorum };
        Demand { quorum, pool: demand.pool.iter().filter(has_voted).copied().collect() }
    };
    let after: Vec<Demand> = demands.iter().enumerate().map(after).collect();
    short(&after, same_person_twice)
}

/// The stages of which distinct persons cannot fill every seat. One that stays short takes nobody from those
/// after it.
fn unfilled(demands: &[Demand]) -> Vec<usize> {
    let mut seats = Seats { demands, taken: HashMap::new() };
    let mut short = Vec::new();
    for (stage, demand) in demands.iter().enumerate() {
        if !(0..demand.quorum).all(|_| seats.fill(stage, &mut HashSet::new())) {
            seats.taken.retain(|_, sits_in| *sits_in != stage);
            short.push(stage);
        }
    }
    short
}

struct Seats<'a> {
    demands: &'a [Demand],
    /// The stage in which each person sits.
    taken: HashMap<PersonId, usize>,
}

impl Seats<'_> {
    /// Finds somebody for one more seat of `stage`, moving others to another stage where that helps.
    fn fill(&mut self, stage: usize, asked: &mut HashSet<PersonId>) -> bool {
        let Some(demand) = self.demands.get(stage) else { return false };
        for person in &demand.pool {
            if !asked.insert(*person) {
                continue;
            }
            let free = match self.taken.get(person) {
                None => true,
                Some(other) if *other == stage => false,
                Some(other) => {
                    let other = *other;
                    self.fill(other, asked)
                }
            };
            if free {
                self.taken.insert(*person, stage);
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use proptest::prelude::*;

    use super::*;

    fn people(count: usize) -> Vec<PersonId> {
        (0..count).map(|_| PersonId::generate()).collect()
    }

    #[test]
    fn r09_overlapping_pools_are_matched() {
        let people = people(2);
        let both = Demand { quorum: 1, pool: people.clone() };
        let first_only = Demand { quorum: 1, pool: vec![people[0]] };
        assert!(unfilled(&[both.clone(), first_only.clone()]).is_empty());
        assert_eq!(unfilled(&[both.clone(), first_only.clone(), both]), [2]);
        let nobody = Demand { quorum: 1, pool: Vec::new() };
        assert_eq!(unfilled(&[nobody.clone(), first_only.clone(), nobody, first_only]), [0, 2, 3]);
    }

    /// Whether some assignment exists, by trying them all.
    fn brute_force(seats: &[&[PersonId]], used: &mut Vec<PersonId>) -> bool {
        let Some((first, rest)) = seats.split_first() else { return true };
        first.iter().any(|person| {
            if used.contains(person) {
                return false;
            }
            used.push(*person);
            let filled = brute_force(rest, used);
            used.pop();
            filled
        })
    }

    #[test]
    fn r09_who_is_needed_later_is_known() {
        let people = people(3);
        let demand =
            |quorum, who: &[usize]| Demand { quorum, pool: who.iter().map(|at| people[*at]).collect() };
        let demands = [demand(1, &[0, 1]), demand(1, &[0])];
        assert_eq!(needed_in(&demands, false, &[people[0]]), Some(1));
        assert_eq!(needed_in(&demands, false, &[people[1]]), None);
        assert_eq!(needed_in(&demands, true, &[people[0]]), None);
        // Where it cannot end anyhow, nobody's approval makes it worse.
        assert_eq!(needed_in(&[demand(1, &[0]), demand(1, &[0])], false, &[people[0]]), None);
        assert_eq!(short(&[demand(2, &[0, 1]), demand(2, &[0, 1])], true), None);
        assert_eq!(short(&[demand(2, &[0, 1]), demand(2, &[0, 1])], false), Some(1));
    }

    proptest! {
        #[test]
        fn r09_finds_an_assignment_exactly_when_one_exists(
            stages in proptest::collection::vec((1u32..3, proptest::collection::vec(0usize..5, 0..5)), 1..4),
        ) {
            let people = people(5);
            let demands: Vec<Demand> = stages
                .iter()
                .map(|(quorum, pool)| {
                    let mut pool: Vec<_> = pool.iter().map(|who| people[*who]).collect();
                    pool.sort_unstable();
                    pool.dedup();
                    Demand { quorum: *quorum, pool }
                })
                .collect();
            let seats: Vec<&[PersonId]> = demands
                .iter()
                .flat_map(|demand| std::iter::repeat_n(demand.pool.as_slice(), demand.quorum as usize))
                .collect();
            prop_assert_eq!(unfilled(&demands).is_empty(), brute_force(&seats, &mut Vec::new()));
        }

        #[test]
        fn r09_as_many_of_each_pool_as_there_are_seats_are_enough(
            stages in proptest::collection::vec((1u32..4, proptest::collection::vec(0usize..9, 0..12)), 1..4),
        ) {
            let people = people(9);
            let whole: Vec<Demand> = stages
                .iter()
                .map(|(quorum, pool)| {
                    let mut distinct: Vec<PersonId> = Vec::new();
                    for person in pool.iter().map(|who| people[*who]) {
                        if !distinct.contains(&person) {
                            distinct.push(person);
                        }
                    }
                    Demand { quorum: *quorum, pool: distinct }
                })
                .collect();
            let most = enough(whole.iter().map(|demand| demand.quorum));
            let mut some = whole.clone();
            some.iter_mut().for_each(|demand| demand.pool.truncate(most));
            prop_assert_eq!(unfilled(&some), unfilled(&whole));
        }
    }
}
