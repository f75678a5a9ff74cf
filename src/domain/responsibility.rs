//! Responsibilities: who answers for what, and who stands in.

use super::ids::{GroupId, PersonId};

/// Somebody who can hold a responsibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bearer {
    /// One person.
    Person(PersonId),
    /// Everybody in the group, whoever that is at the time.
    Group(GroupId),
}

impl Bearer {
    /// The person, if it is one.
    pub const fn person(self) -> Option<PersonId> {
        match self {
            Bearer::Person(id) => Some(id),
            Bearer::Group(_) => None,
        }
    }

    /// The group, if it is one.
    pub const fn group(self) -> Option<GroupId> {
        match self {
            Bearer::Person(_) => None,
            Bearer::Group(id) => Some(id),
        }
    }
}

/// Who holds a responsibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holder {
    /// Who it is.
    pub bearer: Bearer,
    /// Whether they stand in for those who hold it, and do not hold it themselves.
    pub deputy: bool,
}

/// What becomes of a responsibility's holders when others are named.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Succession {
    /// Those who hold it no more.
    pub released: Vec<Holder>,
    /// Those who hold it from now on.
    pub held: Vec<Holder>,
}

/// Compares the holders so far with those from now on; whoever becomes a deputy is released and held anew.
pub fn succession(before: &[Holder], after: &[Holder]) -> Succession {
    let missing_in = |there: &[Holder], those: &[Holder]| {
        those.iter().filter(|holder| !there.contains(holder)).copied().collect()
    };
    Succession { released: missing_in(after, before), held: missing_in(before, after) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stays_is_neither_released_nor_held_anew() {
        let person = |deputy| Holder { bearer: Bearer::Person(PersonId::generate()), deputy };
        let (stays, leaves, comes) = (person(false), person(true), person(true));
        let demoted = Holder { deputy: true, ..stays };
        assert_eq!(
            succession(&[stays, leaves], &[comes, stays]),
            Succession { released: vec![leaves], held: vec![comes] }
        );
        assert_eq!(
            succession(&[stays], &[demoted]),
            Succession { released: vec![stays], held: vec![demoted] }
        );
        assert_eq!(succession(&[stays], &[stays]), Succession::default());
    }
}
