//! Whether two workflows could claim the same content, as far as that can be foreseen.
//!
//! Two tie when they name as many conditions and some content meets both, unless a more specific workflow
//! meets all such content. A condition with values in common, or that only one of the two names, keeps
//! nothing apart. Content that has several values of a facet at once (two topics of which each workflow
//! names one) can still meet both: a save cannot foresee it without refusing to tell topics apart at all,
//! so a submission of such content is refused instead ([`super::select`]).

use super::when::{Condition, When};
use crate::domain::language;

/// The first two of these workflows that tie, by their places.
pub fn ties(workflows: &[&When]) -> Option<(usize, usize)> {
    let named: Vec<Named> = workflows.iter().map(|when| when.named()).collect();
    for (at, one) in named.iter().enumerate() {
        for (other_at, other) in named.iter().enumerate().skip(at + 1) {
            let Some(common) = (one.len() == other.len()).then(|| common(one, other)).flatten() else {
                continue;
            };
            let decides = |third: &Named| third.len() > one.len() && is_met_by_all(third, &common);
            if !named.iter().any(decides) {
                return Some((at, other_at));
            }
        }
    }
    None
}

type Named = Vec<(Condition, Vec<String>)>;

/// The conditions that content of both meets; nothing where no content does.
fn common(one: &Named, other: &Named) -> Option<Named> {
    let mut common = one.clone();
    for (condition, values) in other {
        match common.iter_mut().find(|(named, _)| named == condition) {
            None => common.push((*condition, values.clone())),
            Some((_, present)) => {
                let mut both = within(*condition, present, values);
                both.extend(within(*condition, values, present));
                if both.is_empty() {
                    return None;
                }
                both.sort_unstable();
                both.dedup();
                *present = both;
            }
        }
    }
    Some(common)
}

/// Those of the values that some of the `wider` ones take in.
fn within(condition: Condition, values: &[String], wider: &[String]) -> Vec<String> {
    let is_taken = |value: &&String| wider.iter().any(|wide| takes_in(condition, wide, value));
    values.iter().filter(is_taken).cloned().collect()
}

fn takes_in(condition: Condition, wide: &str, value: &str) -> bool {
    match condition {
        Condition::Languages => language::covers(wide, value),
        _ => wide == value,
    }
}

/// Whether content that meets `all` these conditions meets every one of the `third`.
fn is_met_by_all(third: &Named, all: &Named) -> bool {
    third.iter().all(|(condition, values)| {
        all.iter().any(|(named, met)| {
            named == condition
                && met.iter().all(|value| values.iter().any(|it| takes_in(*condition, it, value)))
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::workflow::facets::{Facets, Offered};
    use crate::domain::workflow::{Selection, select};

    fn when(topics: &[&str], countries: &[&str], has_images: Option<bool>) -> When {
        let texts = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        When { topics: texts(topics), countries: texts(countries), has_images, ..When::default() }
    }

    fn first_tie(workflows: &[When]) -> Option<(usize, usize)> {
        ties(&workflows.iter().collect::<Vec<_>>())
    }

    #[test]
    fn two_that_hold_for_the_same_content_tie() {
        assert_eq!(first_tie(&[when(&[], &[], None), when(&[], &[], None)]), Some((0, 1)));
        assert_eq!(first_tie(&[when(&["a", "b"], &[], None), when(&["b"], &[], None)]), Some((0, 1)));
        assert_eq!(first_tie(&[when(&["a"], &[], None), when(&[], &["DE"], None)]), Some((0, 1)));
        assert_eq!(first_tie(&[when(&["a"], &[], None), when(&[], &[], None)]), None);
        assert_eq!(first_tie(&[when(&["a"], &[], None), when(&["b"], &[], None)]), None);
        assert_eq!(first_tie(&[when(&[], &[], Some(true)), when(&[], &[], Some(false))]), None);
    }

    #[test]
    fn a_more_specific_one_decides_between_the_two() {
        let (topic, country) = (when(&["a"], &[], None), when(&[], &["DE"], None));
        let both = when(&["a"], &["DE", "AT"], None);
        assert_eq!(first_tie(&[topic.clone(), country.clone(), both]), None);
        let narrower = when(&["a"], &["DE"], Some(true));
        assert_eq!(first_tie(&[topic, country, narrower]), Some((0, 1)));
    }

    fn any_when() -> impl Strategy<Value = When> {
        let some = |names: &'static [&'static str]| {
            proptest::sample::subsequence(names, 0..=2)
                .prop_map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        (some(&["a", "b", "c"]), some(&["nl", "nl-BE", "en"]), proptest::option::of(any::<bool>())).prop_map(
            |(topics, languages, has_images)| When { topics, languages, has_images, ..When::default() },
        )
    }

    proptest! {
        /// Content with one value of each facet never meets a tie that a save let through.
        #[test]
        fn what_a_save_lets_through_is_no_tie(
            workflows in proptest::collection::vec(any_when(), 1..5),
            topic in proptest::sample::select(vec!["a", "b", "c"]),
            language in proptest::sample::select(vec!["nl", "nl-BE", "nl-NL", "en"]),
            has_images: bool,
        ) {
            prop_assume!(first_tie(&workflows).is_none());
            let facets = Facets {
                topics: Offered::Only(vec![topic.to_owned()]),
                languages: Offered::Only(vec![language.to_owned()]),
                has_images,
                ..Facets::default()
            };
            prop_assert!(!matches!(select(&workflows, &facets), Selection::Tie(..)));
        }
    }
}
