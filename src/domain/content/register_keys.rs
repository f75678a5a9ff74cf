//! The topics and campaigns that content names: those that a post is about, and those whose posts demand
//! something. What is demanded for a key that nobody registered would never be.

use super::Content;
use super::rule::Condition;

/// Topics and campaigns that are named by their keys, in members of these names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RegisterKeys<'a> {
    /// The topics.
    pub topics: &'a [String],
    /// The campaigns.
    pub campaigns: &'a [String],
}

impl Content {
    /// The topics and campaigns that the content names in lists, and the member that holds the lists. The campaign
    /// that a post belongs to is not among them: it is one, and no list.
    pub fn register_keys(&self) -> (&'static str, RegisterKeys<'_>) {
        match self {
            Self::Post(post) => ("/content", RegisterKeys { topics: &post.topics, campaigns: &[] }),
            Self::Hashtag(hashtag) => {
                let required = hashtag.required_for.as_ref().map(|required| RegisterKeys {
                    topics: &required.topics,
                    campaigns: &required.campaigns,
                });
                ("/content/required_for", required.unwrap_or_default())
            }
            Self::Disclaimer(disclaimer) => {
                let required = disclaimer.required_when.as_ref().map(|required| RegisterKeys {
                    topics: &required.topics,
                    campaigns: &required.campaigns,
                });
                ("/content/required_when", required.unwrap_or_default())
            }
            Self::Rule(rule) => {
                let topics = match &rule.condition {
                    Condition::RequiredWording { topics, .. } => topics.as_slice(),
                    Condition::Phrases { .. }
                    | Condition::Patterns { .. }
                    | Condition::PersonalData { .. }
                    | Condition::CodeNames { .. }
                    | Condition::LinkDomains { .. }
                    | Condition::Hashtag { .. } => &[],
                };
                ("/content/condition/required_wording", RegisterKeys { topics, campaigns: &[] })
            }
            Self::Image(_) | Self::Guideline(_) => ("/content", RegisterKeys::default()),
        }
    }
}
