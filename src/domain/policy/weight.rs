//! What rules cost while they are made ready, and how much all of them may cost together.
//!
//! A node makes all rules ready anew when one of them changes, and shares wait for that. What is allowed here
//! takes well under a second on one core (`cargo bench --bench policy` tells), so that nobody notices.

use super::patterns;
use crate::domain::content::rule::{Condition, Rule};

/// The most bytes that the compiled patterns of one rule take.
pub const RULE_PATTERNS: usize = 2 * MIB;

/// The most bytes that the compiled patterns of all rules in force take.
pub const ALL_PATTERNS: usize = 8 * MIB;

/// The most words and phrases of all rules in force, with their exceptions.
pub const ALL_PHRASES: usize = 100_000;

const MIB: usize = 1024 * 1024;

/// What a rule costs while it is made ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    /// Its words and phrases, with its exceptions.
    pub phrases: usize,
    /// The bytes of its compiled patterns.
    pub patterns: usize,
}

impl Weight {
    /// That of a rule.
    pub fn of(rule: &Rule) -> Self {
        let patterns = match &rule.condition {
            Condition::Patterns { any_of } => any_of.as_slice(),
            Condition::PersonalData { national_phone, .. } => national_phone.as_slice(),
            _ => &[],
        };
        Self {
            phrases: rule.condition.phrases().0.len() + rule.exceptions.len(),
            patterns: patterns.iter().map(|pattern| patterns::size(pattern)).sum(),
        }
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { phrases: self.phrases + other.phrases, patterns: self.patterns + other.patterns }
    }

    /// Why this is too much for all rules in force, in words for whoever wrote the last of them.
    pub fn too_much(self) -> Option<String> {
        let Self { phrases, patterns } = self;
        if phrases > ALL_PHRASES {
            let excess = phrases - ALL_PHRASES;
            return Some(format!(
                "The rules in force would have {excess} words and phrases more than {ALL_PHRASES}."
            ));
        }
        (patterns > ALL_PATTERNS).then(|| {
            let most = ALL_PATTERNS / MIB;
            format!(
                "The patterns of the rules in force would take more than {most} MiB when they are compiled."
            )
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;

    fn weight(condition: Value) -> Weight {
        let rule = json!({
            "name": "a", "condition": condition, "severity": "warn", "scope": ["copy"], "reason": "b",
            "exceptions": ["c", "d"],
        });
        Weight::of(&serde_json::from_value(rule).unwrap())
    }

    #[test]
    fn phrases_are_counted_and_patterns_weighed() {
        assert_eq!(
            weight(json!({"phrases": {"any_of": ["x", "y", "z"]}})),
            Weight { phrases: 5, patterns: 0 }
        );
        let small = weight(json!({"patterns": {"any_of": ["[a-z]{3}"]}}));
        let large = weight(json!({"patterns": {"any_of": ["[a-z]{3}", r"\p{L}{1,20}"]}}));
        assert!(small.patterns > 100 && small.patterns < 10_000, "{small:?}");
        assert!(large.patterns > MIB / 8 && large.patterns < MIB, "{large:?}");
        let phone = json!({"personal_data": {"kinds": ["phone"], "national_phone": "[a-z]{3}"}});
        assert_eq!(weight(phone).patterns, small.patterns);
    }

    #[test]
    fn all_rules_together_have_their_limits() {
        let most = Weight { phrases: ALL_PHRASES, patterns: ALL_PATTERNS };
        assert_eq!(most.too_much(), None);
        let words = |phrases, patterns| most.and(Weight { phrases, patterns }).too_much().unwrap();
        assert!(words(3, 0).contains("3 words and phrases more than 100000"));
        assert!(words(0, 1).contains("more than 8 MiB"));
    }
}
